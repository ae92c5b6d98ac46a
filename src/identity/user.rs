//! Users: creating them, their passwords, roles and locks (identity, sections 8 and 9).

use serde_json::json;

use crate::audit::transact::{Operation, Scope};
use crate::error::{Error, Result};
use crate::format::Id;
use crate::identity::find::{self, User};
use crate::plan::{Change, Entry, Plan};
use crate::store::generation::{Detection, Generation};
use crate::store::value::Value;

/// Creates a user.
#[derive(Debug)]
pub struct Create {
    /// The address, in stored form.
    pub email: String,
    /// Shown name.
    pub display_name: Option<String>,
    /// Its argon2id hash.
    pub password_hash: String,
    /// Whether it is a global administrator.
    pub is_admin: bool,
    /// Membership in an existing project: slug and role.
    pub membership: Option<(String, String)>,
    /// Ids of the new rows.
    pub ids: NewIds,
}

/// Ids for everything that a new account may need.
#[derive(Debug, Clone, Copy)]
pub struct NewIds {
    /// `users`.
    pub user: Id,
    /// `projects`.
    pub project: Id,
    /// `memberships`.
    pub membership: Id,
    /// `project_default_subscriptions`.
    pub project_subscription: Id,
    /// `user_subscriptions`.
    pub user_subscription: Id,
}

impl NewIds {
    /// Random ones.
    pub fn new(context: &crate::context::Context) -> Result<Self> {
        let id = || context.random.id();
        Ok(Self {
            user: id()?,
            project: id()?,
            membership: id()?,
            project_subscription: id()?,
            user_subscription: id()?,
        })
    }
}

impl Operation for Create {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        refuse_taken(scope, &self.email)?;
        let mut plan = Plan::default();
        plan.changes.push(new_user(
            scope,
            self.ids.user,
            &self.email,
            self.display_name.as_deref(),
            &self.password_hash,
            self.is_admin,
        ));
        plan.entries.push(created(self.ids.user, &self.email, self.is_admin));
        if let Some((slug, role)) = &self.membership {
            let project = find::project_named(scope.store, slug)?;
            check_role(scope.detection, role)?;
            join(&mut plan, scope, self.ids, self.ids.user, &self.email, project.id, &project.slug, role);
        } else if !self.is_admin {
            plan.notes.push(format!(
                "{} belongs to no project and sees none; --project and --role give it one",
                self.email
            ));
        }
        plan.summary = format!("user {} ({}) is created", self.email, self.ids.user);
        Ok(plan)
    }
}

/// Sets a password and ends what the old one opened.
#[derive(Debug)]
pub struct ChangePassword {
    /// E-mail or id.
    pub user: String,
    /// The argon2id hash of the new password.
    pub password_hash: String,
}

impl Operation for ChangePassword {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let user = find::user_named(scope.store, &self.user)?;
        let mut plan = Plan::default();
        change_password(&mut plan, scope, &user, &self.password_hash)?;
        plan.summary = format!("password updated for {}. All existing sessions are now invalid.", user.email);
        Ok(plan)
    }
}

/// What z4j's own command does in this generation (identity, section 9.2), and an audit row in each.
pub(super) fn change_password(plan: &mut Plan, scope: &mut Scope<'_>, user: &User, hash: &str) -> Result<()> {
    plan.changes.push(Change::update(
        "users",
        &user.email,
        &user.row,
        vec![
            ("password_hash", Value::Hidden(hash.to_owned())),
            ("password_changed_at", Value::Time(scope.now)),
            ("failed_login_count", Value::Int(0)),
            ("locked_until", Value::Null),
            ("updated_at", Value::Time(scope.now)),
        ],
    )?);
    let mut revoked = 0;
    // Before 1.9 nothing is written: a brain refuses sessions that are older than the password.
    if matches!(scope.detection.generation, Generation::F | Generation::G | Generation::H) {
        revoked = end_sessions(plan, scope, user, "password_changed")?;
        forget_devices(plan, scope, user)?;
    }
    let uid = rustix::process::geteuid().as_raw();
    let metadata = json!({ "operator_uid": uid, "revoked_sessions": revoked });
    plan.entries.push(Entry::new("user.password.changed_by_cli", "user", Some(user.id), metadata));
    if matches!(
        scope.detection.generation,
        Generation::A | Generation::B | Generation::C | Generation::D | Generation::E
    ) {
        plan.notes.push(format!(
            "up to 1.8 a session that began in the very second of the change can outlive it; `z4jctl session revoke {}` \
             ends it too",
            user.email
        ));
    }
    if !user.is_active {
        plan.notes.push(format!(
            "{} is deactivated and cannot log in; `z4jctl user reactivate {}` changes that",
            user.email, user.email
        ));
    }
    if user.has_mfa()? {
        plan.notes.push(format!("{} still needs its second factor to log in", user.email));
    }
    let keys = scope.store.number(
        "SELECT count(*) AS count FROM api_keys WHERE user_id = ? AND revoked_at IS NULL",
        &[Value::Id(user.id)],
    )?;
    if keys > 0 {
        plan.notes.push(format!(
            "{keys} API key(s) of {} stay valid; `z4jctl apikey list --user {}`",
            user.email, user.email
        ));
    }
    Ok(())
}

/// What to change of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Make it a global administrator.
    Promote,
    /// Take that away.
    Demote,
    /// Let nobody log in with it, and end its sessions.
    Deactivate,
    /// Let it log in again.
    Reactivate,
    /// Forget failed logins and end a lock.
    Unlock,
}

/// Changes the role or the state of a user.
#[derive(Debug)]
pub struct ChangeRole {
    /// E-mail or id.
    pub user: String,
    /// What to change.
    pub role: Role,
}

impl Operation for ChangeRole {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let others = match self.role {
            Role::Demote | Role::Deactivate => administrators(scope)?,
            Role::Promote | Role::Reactivate | Role::Unlock => Vec::new(),
        };
        let user = find::user_named(scope.store, &self.user)?;
        let (column, value, done) = match self.role {
            Role::Promote => ("is_admin", true, "is an administrator"),
            Role::Demote => ("is_admin", false, "is no administrator"),
            Role::Deactivate => ("is_active", false, "is deactivated"),
            Role::Reactivate => ("is_active", true, "is active"),
            Role::Unlock => return unlock(scope, &user),
        };
        let held = if column == "is_admin" { user.is_admin } else { user.is_active };
        if held == value && !user.row.is_textual_truth(column) {
            return Ok(Plan::nothing(format!("{} {done} already", user.email)));
        }
        let is_other_admin = |other: &User| other.id != user.id && other.is_admin && other.is_active;
        if !value && user.is_admin && user.is_active && !others.iter().any(is_other_admin) {
            return Err(Error::refused(
                "user.last-administrator",
                format!("{} is the last active administrator; nothing was written", user.email),
            )
            .hint("make another one first: `z4jctl createsuperuser` or `z4jctl user promote`"));
        }
        let mut plan = Plan::default();
        let values = vec![(column, Value::Bool(value)), ("updated_at", Value::Time(scope.now))];
        plan.changes.push(Change::update("users", &user.email, &user.row, values)?);
        if self.role == Role::Deactivate {
            end_sessions(&mut plan, scope, &user, "deactivated")?;
            plan.notes
                .push("API keys of a deactivated user are refused; its agents are not concerned".into());
        }
        if user.row.is_textual_truth(column) {
            plan.notes.push(format!(
                "users.{column} held the text {:?}, which a brain reads as true; it holds a truth value now",
                user.row.shown(column)
            ));
        }
        plan.entries.push(Entry::new("user.updated", "user", Some(user.id), json!({ "changed": [column] })));
        plan.summary = format!("{} {done}", user.email);
        Ok(plan)
    }
}

/// The administrators, held: whether another one is left must still be true at the commit. In one order, so that two of
/// us do not wait for each other.
fn administrators(scope: &mut Scope<'_>) -> Result<Vec<User>> {
    let mut ids: Vec<Id> =
        find::users(scope.store)?.iter().filter(|user| user.is_admin).map(|user| user.id).collect();
    ids.sort();
    let mut held = Vec::new();
    for id in ids {
        held.extend(find::user_held(scope.store, id)?);
    }
    Ok(held)
}

fn unlock(scope: &mut Scope<'_>, user: &User) -> Result<Plan> {
    if !is_locked(user)? {
        return Ok(Plan::nothing(format!("{} is not locked and has no failed logins", user.email)));
    }
    let mut plan = Plan::default();
    let mut values = unlocked(user);
    let changed: Vec<&str> = values.iter().map(|(column, _)| *column).collect();
    plan.entries.push(Entry::new("user.unlocked", "user", Some(user.id), json!({ "changed": changed })));
    values.push(("updated_at", Value::Time(scope.now)));
    plan.changes.push(Change::update("users", &user.email, &user.row, values)?);
    plan.summary = format!("{} is unlocked", user.email);
    Ok(plan)
}

/// Whether failed logins or codes are on record (identity, section 8.6).
pub(super) fn is_locked(user: &User) -> Result<bool> {
    let row = &user.row;
    let count =
        |column: &str| if row.has(column) { row.int(column).map(Option::unwrap_or_default) } else { Ok(0) };
    let time =
        |column: &str| if row.has(column) { row.time(column).map(|time| time.is_some()) } else { Ok(false) };
    Ok(count("failed_login_count")? > 0
        || count("failed_mfa_count")? > 0
        || time("locked_until")?
        || time("mfa_locked_until")?
        || time("last_failed_login_at")?)
}

pub(super) fn unlocked(user: &User) -> Vec<(&'static str, Value)> {
    let values = [
        ("failed_login_count", Value::Int(0)),
        ("locked_until", Value::Null),
        ("last_failed_login_at", Value::Null),
        ("last_failed_login_ip", Value::Null),
        ("failed_mfa_count", Value::Int(0)),
        ("mfa_locked_until", Value::Null),
    ];
    values.into_iter().filter(|(column, _)| user.row.has(column)).collect()
}

/// Deletes pending setup tokens of an installation that has no user yet (identity, section 9.4).
#[derive(Debug)]
pub struct ResetSetup;

impl Operation for ResetSetup {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let users = scope.store.number("SELECT count(*) AS count FROM users", &[])?;
        if users > 0 {
            return Err(Error::refused(
                "setup.done",
                format!("there are {users} user(s): the setup is over; nothing was written"),
            )
            .hint("to get back in: `z4jctl createsuperuser` or `z4jctl changepassword`"));
        }
        let tokens = scope.store.rows_locked("first_boot_tokens", &["id"], "", &[])?;
        if tokens.is_empty() {
            return Ok(Plan::nothing("there is no setup token; a brain mints one when it starts"));
        }
        let evidence =
            scope.store.number("SELECT count(*) AS count FROM audit_log WHERE action LIKE 'setup.%'", &[])?;
        let mut plan = Plan::default();
        for token in &tokens {
            plan.changes.push(Change::delete("first_boot_tokens", "setup token", token)?);
        }
        // Up to 1.7 z4j's own command deletes the audit rows of the setup too; they are kept here.
        let metadata = json!({ "tokens_deleted": tokens.len(), "prior_setup_evidence_preserved": evidence });
        plan.entries.push(Entry::new("setup.tokens_reset", "first_boot", None, metadata));
        plan.notes.push("the next start of a brain mints a new setup token and prints its URL".into());
        plan.summary = format!("{} setup token(s) deleted", tokens.len());
        Ok(plan)
    }
}

/// Plans the end of every live session of a user and gives their number.
pub(super) fn end_sessions(plan: &mut Plan, scope: &mut Scope<'_>, user: &User, reason: &str) -> Result<u64> {
    let live = scope.store.rows_locked(
        "sessions",
        &["id", "revoked_at", "revocation_reason"],
        "WHERE user_id = ? AND revoked_at IS NULL",
        &[Value::Id(user.id)],
    )?;
    for session in &live {
        let values =
            vec![("revoked_at", Value::Time(scope.now)), ("revocation_reason", Value::Text(reason.into()))];
        plan.changes.push(Change::update("sessions", &user.email, session, values)?);
    }
    Ok(u64::try_from(live.len()).unwrap_or(u64::MAX))
}

fn forget_devices(plan: &mut Plan, scope: &mut Scope<'_>, user: &User) -> Result<()> {
    let key = [Value::Id(user.id)];
    for device in scope.store.rows_locked("trusted_devices", &["id"], "WHERE user_id = ?", &key)? {
        plan.changes.push(Change::delete("trusted_devices", &user.email, &device)?);
    }
    Ok(())
}

/// SQLite would let the same address in another case stand beside it, and nobody could tell who logs in.
pub(super) fn refuse_taken(scope: &mut Scope<'_>, email: &str) -> Result<()> {
    let lower = email.to_lowercase();
    match find::users(scope.store)?.into_iter().find(|user| user.email.to_lowercase() == lower) {
        None => Ok(()),
        Some(user) => Err(Error::refused(
            "user.exists",
            format!("there is a user {} ({}) already; nothing was written", user.email, user.id),
        )
        .hint(format!(
            "`z4jctl changepassword {0}` sets its password, `z4jctl createsuperuser --email {0} --promote-existing` \
             makes it an administrator",
            user.email
        ))),
    }
}

pub(super) fn new_user(
    scope: &Scope<'_>,
    id: Id,
    email: &str,
    display_name: Option<&str>,
    hash: &str,
    is_admin: bool,
) -> Change {
    let name = display_name.map(str::trim).filter(|name| !name.is_empty());
    Change::insert(
        "users",
        email,
        vec![
            ("id", Value::Id(id)),
            ("email", Value::Text(email.to_owned())),
            ("password_hash", Value::Hidden(hash.to_owned())),
            ("display_name", Value::text(name)),
            ("is_admin", Value::Bool(is_admin)),
            ("is_active", Value::Bool(true)),
            ("force_password_change", Value::Bool(false)),
            ("timezone", Value::Text("UTC".into())),
            ("failed_login_count", Value::Int(0)),
            ("failed_mfa_count", Value::Int(0)),
            ("mfa_enabled", Value::Bool(false)),
            ("password_changed_at", Value::Time(scope.now)),
            ("created_at", Value::Time(scope.now)),
            ("updated_at", Value::Time(scope.now)),
        ],
    )
}

#[expect(clippy::too_many_arguments, reason = "a membership has a user, a project and a role")]
pub(super) fn join(
    plan: &mut Plan,
    scope: &Scope<'_>,
    ids: NewIds,
    user: Id,
    email: &str,
    project: Id,
    slug: &str,
    name: &str,
) {
    plan.changes.push(Change::insert(
        "memberships",
        format!("{email} in {slug}"),
        vec![
            ("id", Value::Id(ids.membership)),
            ("user_id", Value::Id(user)),
            ("project_id", Value::Id(project)),
            ("role", role(name)),
            ("created_at", Value::Time(scope.now)),
            ("updated_at", Value::Time(scope.now)),
        ],
    ));
    plan.entries.push(
        Entry::new("membership.granted", "user", Some(user), json!({ "role": name })).project(Some(project)),
    );
}

pub(super) fn role(name: &str) -> Value {
    Value::Label("project_role", name.to_owned())
}

fn check_role(detection: &Detection, name: &str) -> Result<()> {
    let mut known = vec!["viewer", "operator", "admin"];
    if detection.generation == Generation::H {
        known.insert(1, "auditor");
    }
    if known.contains(&name) {
        return Ok(());
    }
    Err(Error::usage(
        "membership.role",
        format!("releases {} know no role {name:?}", detection.generation.releases()),
    )
    .hint(format!("roles: {}", known.join(", "))))
}

pub(super) fn created(id: Id, email: &str, is_admin: bool) -> Entry {
    Entry::new("user.created", "user", Some(id), json!({ "email": email, "is_admin": is_admin }))
}
