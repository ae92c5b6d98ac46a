//! The second factor of a user (identity, sections 9.3 and 11).

use serde_json::json;

use crate::audit::transact::{Operation, Scope};
use crate::error::{Error, Result};
use crate::identity::find;
use crate::plan::{Change, Entry, Plan};
use crate::store::value::Value;

/// Clears the second factor of a user: secret, recovery codes, trusted devices, lock (identity, section 9.3).
#[derive(Debug)]
pub struct ResetMfa {
    /// E-mail or id.
    pub user: String,
    /// Name of the operating system's user, as z4j records it.
    pub operator: Option<String>,
}

impl Operation for ResetMfa {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let user = find::user_named(scope.store, &self.user)?;
        if !user.row.has("mfa_secret_encrypted") {
            return Err(Error::refused(
                "user.no-mfa",
                format!("releases {} have no second factor", scope.detection.generation.releases()),
            )
            .hint("what keeps the user out is its password or a lock: `z4jctl changepassword`, `z4jctl user unlock`"));
        }
        let key = [Value::Id(user.id)];
        let mut plan = Plan::default();
        for table in ["mfa_recovery_codes", "trusted_devices"] {
            for row in scope.store.rows_locked(table, &["id"], "WHERE user_id = ?", &key)? {
                plan.changes.push(Change::delete(table, &user.email, &row)?);
            }
        }
        let counts = |column: &str| user.row.has(column) && matches!(user.row.int(column), Ok(Some(1..)));
        let is_set = |column: &str| user.row.has(column) && user.row.shown(column) != "NULL";
        let has_traces = is_set("mfa_secret_encrypted")
            || is_set("mfa_enrolled_at")
            || is_set("mfa_locked_until")
            || counts("failed_mfa_count");
        if plan.changes.is_empty() && !has_traces {
            return Ok(Plan::nothing(format!("{} has no MFA enrolled; nothing to do", user.email)));
        }
        let values = [
            ("mfa_secret_encrypted", Value::Null),
            ("mfa_enrolled_at", Value::Null),
            ("failed_mfa_count", Value::Int(0)),
            ("mfa_locked_until", Value::Null),
            ("updated_at", Value::Time(scope.now)),
        ];
        let values: Vec<_> = values.into_iter().filter(|(column, _)| user.row.has(column)).collect();
        plan.changes.push(Change::update("users", &user.email, &user.row, values)?);
        let verified = scope.store.rows_locked(
            "sessions",
            &["id", "mfa_verified_at"],
            "WHERE user_id = ? AND mfa_verified_at IS NOT NULL",
            &key,
        )?;
        for session in verified {
            let values = vec![("mfa_verified_at", Value::Null)];
            plan.changes.push(Change::update("sessions", &user.email, &session, values)?);
        }
        let metadata = json!({ "reset_via": "cli", "operator": self.operator });
        plan.entries.push(
            Entry::new("user.mfa_reset_by_admin", "user", Some(user.id), metadata)
                .user(Some(user.id))
                .source_ip("127.0.0.1"),
        );
        plan.notes.push(format!("sessions of {} stay alive, as z4j leaves them", user.email));
        plan.summary = format!("the second factor of {} is cleared", user.email);
        Ok(plan)
    }
}
