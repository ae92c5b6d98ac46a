//! Users as they are: roles, locks, second factors, sessions.

use serde::Serialize;

use crate::config::Database;
use crate::context::Context;
use crate::error::Result;
use crate::format::{Id, Timestamp};
use crate::identity::find::{self, User};
use crate::store::generation::{Detection, Generation};
use crate::store::value::Value;
use crate::store::{OpenOptions, Store};

/// One user.
#[derive(Debug, Clone, Serialize)]
pub struct UserReport {
    /// Its id.
    pub id: Id,
    /// Its address.
    pub email: String,
    /// Its shown name.
    pub display_name: Option<String>,
    /// Whether it is a global administrator, as a brain reads it.
    pub is_admin: bool,
    /// Whether it may log in.
    pub is_active: bool,
    /// Whether a lock is in force.
    pub is_locked: bool,
    /// When the lock ends.
    pub locked_until: Option<Timestamp>,
    /// Failed logins on record.
    pub failed_logins: i64,
    /// Whether a second factor is enrolled; `None` before 1.6.
    pub has_mfa: Option<bool>,
    /// When the password was last set.
    pub password_changed_at: Option<Timestamp>,
    /// When it last logged in: the newest session, since z4j never fills `last_login_at`.
    pub last_login_at: Option<Timestamp>,
    /// Sessions that are neither revoked nor expired nor older than the password.
    pub live_sessions: u64,
    /// API keys that are not revoked.
    pub api_keys: u64,
    /// Projects and roles.
    pub memberships: Vec<Membership>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// What is wrong with the row.
    pub findings: Vec<String>,
}

/// A role in a project.
#[derive(Debug, Clone, Serialize)]
pub struct Membership {
    /// Slug of the project.
    pub project: String,
    /// The role.
    pub role: String,
}

/// `user list` and `user show`.
#[derive(Debug, Clone, Serialize)]
pub struct UserList {
    /// `z4jctl.user.list/1` or `z4jctl.user.show/1`.
    pub schema: &'static str,
    /// Exit code of the command: 1 when nobody is left to administrate, or a row is wrong.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// Number of active administrators of the installation.
    pub active_administrators: u64,
    /// Users, by address.
    pub users: Vec<UserReport>,
}

/// Lists users: all, or the one that is named by e-mail or id.
pub fn list(
    context: &Context,
    database: &Database,
    open: OpenOptions,
    user: Option<&str>,
) -> Result<UserList> {
    let (mut store, _) = Store::read_tables(database, open, &context.cancel)?;
    let all = find::users(&mut store)?;
    let administrators = all.iter().filter(|user| user.is_admin && user.is_active).count();
    let wanted = match user {
        Some(name) => vec![find::user_named(&mut store, name)?],
        None => all,
    };
    let now = context.now();
    let users: Vec<UserReport> =
        wanted.iter().map(|user| report(&mut store, user, now)).collect::<Result<_>>()?;
    let is_fine = administrators > 0 && users.iter().all(|user| user.findings.is_empty());
    Ok(UserList {
        schema: if user.is_some() { "z4jctl.user.show/1" } else { "z4jctl.user.list/1" },
        exit_code: u8::from(!is_fine),
        database: database.display(),
        active_administrators: u64::try_from(administrators).unwrap_or(u64::MAX),
        users,
    })
}

fn report(store: &mut Store, user: &User, now: Timestamp) -> Result<UserReport> {
    let row = &user.row;
    let key = [Value::Id(user.id)];
    let sessions = store.rows(
        "sessions",
        &["id", "issued_at", "expires_at", "revoked_at"],
        "WHERE user_id = ?",
        &key,
    )?;
    let mut live_sessions = 0;
    let mut last_login_at = None;
    for session in &sessions {
        last_login_at = last_login_at.max(session.time("issued_at")?);
        let is_open =
            session.time("revoked_at")?.is_none() && session.time("expires_at")?.is_some_and(|end| end > now);
        live_sessions += u64::from(is_open);
    }
    let sql = "SELECT count(*) AS count FROM api_keys WHERE user_id = ? AND revoked_at IS NULL";
    let api_keys = store.number(sql, &key)?;
    let projects = find::projects(store)?;
    let memberships = store.rows("memberships", &["project_id", "role"], "WHERE user_id = ?", &key)?;
    let memberships = memberships.iter().map(|row| {
        let id = row.required_id("project_id")?;
        let slug = projects.iter().find(|project| project.id == id).map(|project| project.slug.clone());
        let role = row.required_text("role")?.to_owned();
        Ok(Membership { project: slug.unwrap_or_else(|| id.to_string()), role })
    });
    let mut memberships = memberships.collect::<Result<Vec<_>>>()?;
    memberships.sort_by(|a, b| a.project.cmp(&b.project));
    let locked_until = row.time("locked_until")?;
    let findings =
        ["is_admin", "is_active"].into_iter().filter(|column| row.is_textual_truth(column)).map(|column| {
            format!("{column} holds the text {:?}, which a brain reads as true", row.shown(column))
        });
    Ok(UserReport {
        id: user.id,
        email: user.email.clone(),
        display_name: user.display_name.clone(),
        is_admin: user.is_admin,
        is_active: user.is_active,
        is_locked: locked_until.is_some_and(|until| until > now),
        locked_until,
        failed_logins: row.int("failed_login_count")?.unwrap_or_default(),
        has_mfa: row.has("mfa_enrolled_at").then(|| user.has_mfa()).transpose()?,
        password_changed_at: row.time("password_changed_at")?,
        last_login_at,
        live_sessions,
        api_keys,
        memberships,
        created_at: row.time("created_at")?,
        findings: findings.collect(),
    })
}

/// What has to be known before a password is asked for: the rules of the generation, and who it is for.
#[derive(Debug, Clone)]
pub struct Beforehand {
    /// The generation.
    pub generation: Generation,
    /// The user, when it exists.
    pub user: Option<(String, Option<String>)>,
}

impl Beforehand {
    /// Looks; fails when `must_exist` names nobody.
    pub fn look(
        context: &Context,
        database: &Database,
        open: OpenOptions,
        must_exist: Option<&str>,
    ) -> Result<Self> {
        let mut store = Store::open(database, open, &context.cancel)?;
        let detection: Detection = store.detect()?;
        let user = match must_exist {
            Some(name) => {
                let user = find::user_named(&mut store, name)?;
                Some((user.email, user.display_name))
            }
            None => None,
        };
        Ok(Self { generation: detection.generation, user })
    }
}
