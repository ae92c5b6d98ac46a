//! Getting back in: an administrator on an empty installation, or beside users of whom none may administrate (identity,
//! section 9.1).

use serde_json::json;

use crate::audit::transact::{Operation, Scope};
use crate::error::{Error, Result};
use crate::format::Id;
use crate::identity::find::{self, User};
use crate::identity::user::{
    NewIds, change_password, created, is_locked, join, new_user, refuse_taken, role, unlocked,
};
use crate::plan::{Change, Entry, Plan};
use crate::store::value::Value;

/// Slug of the project that z4j makes for the first administrator.
pub const DEFAULT_PROJECT: &str = "default";

/// Creates an administrator together with what it needs, or raises an existing user: works on an empty installation
/// and on one whose last administrator is gone.
#[derive(Debug)]
pub struct CreateSuperuser {
    /// The address, in stored form.
    pub email: String,
    /// Shown name.
    pub display_name: Option<String>,
    /// The argon2id hash of its password; with `promote_existing` only when the password shall change too.
    pub password_hash: Option<String>,
    /// Raise the user with this address instead of making one.
    pub promote_existing: bool,
    /// Ids of the new rows.
    pub ids: NewIds,
}

impl Operation for CreateSuperuser {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        let user = if self.promote_existing {
            let user = find::user_named(scope.store, &self.email)?;
            self.raise(&mut plan, scope, &user)?;
            user.id
        } else {
            refuse_taken(scope, &self.email)?;
            let Some(hash) = &self.password_hash else {
                return Err(Error::bug("a new user has no password"));
            };
            let name = self.display_name.as_deref();
            plan.changes.push(new_user(scope, self.ids.user, &self.email, name, hash, true));
            plan.entries.push(created(self.ids.user, &self.email, true));
            self.ids.user
        };
        self.give_project(&mut plan, scope, user)?;
        plan.summary = if plan.is_empty() {
            format!("{} is an active administrator already", self.email)
        } else if self.promote_existing {
            format!("{} ({user}) is an active administrator", self.email)
        } else {
            format!("administrator {} ({user}) is created", self.email)
        };
        Ok(plan)
    }
}

impl CreateSuperuser {
    fn raise(&self, plan: &mut Plan, scope: &mut Scope<'_>, user: &User) -> Result<()> {
        let mut values = Vec::new();
        let mut changed = Vec::new();
        for (column, held) in [("is_admin", user.is_admin), ("is_active", user.is_active)] {
            // Text that reads as true is put right on the way.
            if !held || user.row.is_textual_truth(column) {
                values.push((column, Value::Bool(true)));
                changed.push(column);
            }
        }
        if is_locked(user)? {
            values.extend(unlocked(user));
            changed.push("locked_until");
        }
        if !values.is_empty() {
            values.push(("updated_at", Value::Time(scope.now)));
            plan.changes.push(Change::update("users", &user.email, &user.row, values)?);
            plan.entries.push(Entry::new(
                "user.updated",
                "user",
                Some(user.id),
                json!({ "changed": changed }),
            ));
        }
        if let Some(hash) = &self.password_hash {
            change_password(plan, scope, user, hash)?;
        }
        if user.has_mfa()? {
            plan.notes.push(format!(
                "{} has a second factor enrolled; `z4jctl reset-mfa {}` clears it if it is lost",
                user.email, user.email
            ));
        }
        Ok(())
    }

    /// The default project and membership, as z4j gives them to its first administrator (identity, section 9.1).
    fn give_project(&self, plan: &mut Plan, scope: &mut Scope<'_>, user: Id) -> Result<()> {
        let ids = self.ids;
        let (project, is_new) =
            match find::projects(scope.store)?.into_iter().find(|p| p.slug == DEFAULT_PROJECT) {
                Some(project) => {
                    if !project.is_active {
                        plan.notes.push(
                            "project default is archived; an administrator sees it all the same".into(),
                        );
                    }
                    (project.id, false)
                }
                None => (ids.project, true),
            };
        if is_new {
            plan.changes.push(new_default_project(scope, project));
            plan.entries.push(
                Entry::new("project.created", "project", Some(project), json!({ "slug": DEFAULT_PROJECT }))
                    .project(Some(project)),
            );
        }
        let key = [Value::Id(user), Value::Id(project)];
        let clause = "WHERE user_id = ? AND project_id = ?";
        let membership = scope.store.rows_locked("memberships", &["id", "role"], clause, &key)?;
        match membership.first() {
            None => join(plan, scope, ids, user, &self.email, project, DEFAULT_PROJECT, "admin"),
            Some(row) if row.text("role")? == Some("admin") => {}
            Some(row) => {
                let values = vec![("role", role("admin")), ("updated_at", Value::Time(scope.now))];
                let label = format!("{} in {DEFAULT_PROJECT}", self.email);
                plan.changes.push(Change::update("memberships", label, row, values)?);
                plan.entries.push(
                    Entry::new("membership.updated", "user", Some(user), json!({ "role": "admin" }))
                        .project(Some(project)),
                );
            }
        }
        let subscription = |id, extra: Vec<(&'static str, Value)>| {
            let mut values = vec![
                ("id", Value::Id(id)),
                ("project_id", Value::Id(project)),
                ("trigger", Value::Text("task.failed".into())),
                ("filters", Value::Json(json!({}))),
                ("in_app", Value::Bool(true)),
                ("project_channel_ids", Value::NoIds),
                ("cooldown_seconds", Value::Int(0)),
                ("created_at", Value::Time(scope.now)),
                ("updated_at", Value::Time(scope.now)),
            ];
            values.extend(extra);
            values
        };
        if is_new {
            let values = subscription(ids.project_subscription, Vec::new());
            plan.changes.push(Change::insert("project_default_subscriptions", DEFAULT_PROJECT, values));
        }
        if !self.promote_existing {
            let own = vec![
                ("user_id", Value::Id(user)),
                ("user_channel_ids", Value::NoIds),
                ("is_active", Value::Bool(true)),
            ];
            let values = subscription(ids.user_subscription, own);
            plan.changes.push(Change::insert("user_subscriptions", &self.email, values));
        }
        Ok(())
    }
}

fn new_default_project(scope: &Scope<'_>, id: Id) -> Change {
    Change::insert(
        "projects",
        DEFAULT_PROJECT,
        vec![
            ("id", Value::Id(id)),
            ("slug", Value::Text(DEFAULT_PROJECT.into())),
            ("name", Value::Text("Default".into())),
            ("environment", Value::Text("production".into())),
            ("timezone", Value::Text("UTC".into())),
            ("is_active", Value::Bool(true)),
            ("retention_days", Value::Int(30)),
            ("automation_enabled", Value::Bool(true)),
            ("automation_revision", Value::Int(1)),
            ("default_scheduler_owner", Value::Text("z4j-scheduler".into())),
            ("created_at", Value::Time(scope.now)),
            ("updated_at", Value::Time(scope.now)),
        ],
    )
}
