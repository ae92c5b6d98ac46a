//! Sessions of browsers: listing and revoking (identity, section 10).
//!
//! The row is the authority; the cookie only proves its id. So a session ends with the next request once its row says
//! so. z4j has names for it only where users end their own: a revocation by an operator is recorded under the same
//! one, `auth.session_revoked`, with `via` in its metadata.

use serde::Serialize;
use serde_json::json;

use crate::audit::transact::{Operation, Scope};
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::{Id, Timestamp};
use crate::identity::find::{self, User, listed};
use crate::plan::{Change, Entry, Plan};
use crate::store::value::{Row, Value};
use crate::store::{OpenOptions, Store};

/// Columns of `sessions`, all but `csrf_token`; the generation may lack the last.
pub const SESSION_COLUMNS: &[&str] = &[
    "id",
    "user_id",
    "issued_at",
    "expires_at",
    "last_seen_at",
    "revoked_at",
    "revocation_reason",
    "ip_at_issue",
    "user_agent_at_issue",
    "mfa_verified_at",
];

/// What z4j writes to `revocation_reason` where a user ends one session.
const REASON: &str = "user_revoke";

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// How long a brain lets a session live; its settings.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// `Z4J_SESSION_IDLE_TIMEOUT_SECONDS`: seconds without a request after which a session ends.
    pub idle_seconds: u32,
    /// `Z4J_SESSION_REMEMBER_ME_LIFETIME_SECONDS`: a session of that life, in seconds, may be idle (from 1.6 on).
    pub remembered_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { idle_seconds: 1800, remembered_seconds: 2_592_000 }
    }
}

/// Whether the brain accepts a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is accepted.
    Live,
    /// It was revoked, or the user logged out.
    Revoked,
    /// Its time is over.
    Expired,
    /// Its user is deactivated or gone.
    UserInactive,
    /// The password was changed after it began.
    PasswordChanged,
    /// It was idle for too long.
    Idle,
}

impl State {
    /// Its name in reports: `password-changed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::UserInactive => "user-inactive",
            Self::PasswordChanged => "password-changed",
            Self::Idle => "idle",
        }
    }

    fn of(row: &Row, user: Option<&User>, limits: Limits, now: Timestamp) -> Result<Self> {
        if row.time("revoked_at")?.is_some() {
            return Ok(Self::Revoked);
        }
        let expires_at = row.time("expires_at")?;
        if expires_at.is_none_or(|end| end <= now) {
            return Ok(Self::Expired);
        }
        let Some(user) = user.filter(|user| user.is_active) else { return Ok(Self::UserInactive) };
        let issued_at = row.time("issued_at")?;
        if let (Some(issued), Some(changed)) = (issued_at, user.row.time("password_changed_at")?)
            // SQLite holds whole seconds, so z4j is lenient by one.
            && issued.plus_seconds(1) < changed
        {
            return Ok(Self::PasswordChanged);
        }
        let life =
            issued_at.zip(expires_at).map_or(0, |(from, to)| to.micros().saturating_sub(from.micros()));
        let is_remembered =
            row.has("mfa_verified_at") && life >= i64::from(limits.remembered_seconds) * SECOND;
        let idle_until = row.time("last_seen_at")?.map(|seen| seen.plus_seconds(limits.idle_seconds.into()));
        Ok(if !is_remembered && idle_until.is_some_and(|until| until < now) {
            Self::Idle
        } else {
            Self::Live
        })
    }
}

/// One session.
#[derive(Debug, Clone, Serialize)]
pub struct SessionReport {
    /// Its id.
    pub id: Id,
    /// The address of its user; `None` when there is no such user any more.
    pub user: Option<String>,
    /// The id of its user.
    pub user_id: Id,
    /// Whether it is accepted, and if not, why.
    pub state: State,
    /// When it began.
    pub issued_at: Option<Timestamp>,
    /// When it was last seen; the brain writes this at most once a minute, up to 1.6 at changes only.
    pub last_seen_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Where it began.
    pub address: Option<String>,
    /// What it began with.
    pub user_agent: Option<String>,
    /// When its second factor was last verified; `None` also before 1.6.
    pub mfa_verified_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Why: `logout`, `password_changed`, `user_revoke` …
    pub revocation_reason: Option<String>,
}

/// `session list`.
#[derive(Debug, Clone, Serialize)]
pub struct SessionList {
    /// `z4jctl.session.list/1`.
    pub schema: &'static str,
    /// Exit code of the command.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// Sessions, by user, the newest first.
    pub sessions: Vec<SessionReport>,
}

/// Which sessions to list.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Only those of a user: e-mail address or id.
    pub user: Option<String>,
    /// Those that are revoked or expired too.
    pub all: bool,
    /// The settings of the brain.
    pub limits: Limits,
}

/// Lists sessions.
pub fn list(
    context: &Context,
    database: &Database,
    open: OpenOptions,
    options: &ListOptions,
) -> Result<SessionList> {
    let (mut store, _) = Store::read_tables(database, open, &context.cancel)?;
    let users = match &options.user {
        Some(name) => vec![find::user_named(&mut store, name)?],
        None => find::users(&mut store)?,
    };
    let now = context.now();
    let mut sessions = Vec::new();
    for row in store.rows("sessions", SESSION_COLUMNS, "ORDER BY issued_at DESC, id", &[])? {
        let user_id = row.required_id("user_id")?;
        let user = users.iter().find(|user| user.id == user_id);
        if options.user.is_some() && user.is_none() {
            continue;
        }
        let state = State::of(&row, user, options.limits, now)?;
        if options.all || !matches!(state, State::Revoked | State::Expired) {
            sessions.push(report(&row, user, state)?);
        }
    }
    sessions.sort_by(|a, b| a.user.cmp(&b.user));
    Ok(SessionList { schema: "z4jctl.session.list/1", exit_code: 0, database: database.display(), sessions })
}

fn report(row: &Row, user: Option<&User>, state: State) -> Result<SessionReport> {
    let text = |column: &str| row.text(column).map(|text| text.map(str::to_owned));
    Ok(SessionReport {
        id: row.required_id("id")?,
        user: user.map(|user| user.email.clone()),
        user_id: row.required_id("user_id")?,
        state,
        issued_at: row.time("issued_at")?,
        last_seen_at: row.time("last_seen_at")?,
        expires_at: row.time("expires_at")?,
        address: text("ip_at_issue")?,
        user_agent: text("user_agent_at_issue")?,
        mfa_verified_at: if row.has("mfa_verified_at") { row.time("mfa_verified_at")? } else { None },
        revoked_at: row.time("revoked_at")?,
        revocation_reason: text("revocation_reason")?,
    })
}

/// Ends sessions of a user: their cookies are refused from the next request on.
#[derive(Debug)]
pub struct Revoke {
    /// E-mail address or id of the user.
    pub user: String,
    /// One session, by its id or the beginning of it; all that are not revoked or expired otherwise.
    pub session: Option<String>,
}

impl Operation for Revoke {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let user = find::user_named(scope.store, &self.user)?;
        let clause = "WHERE user_id = ? ORDER BY id";
        let rows = scope.store.rows_locked("sessions", SESSION_COLUMNS, clause, &[Value::Id(user.id)])?;
        let rows = if let Some(session) = &self.session {
            let row = one_session(rows, session, &user)?;
            if row.time("revoked_at")?.is_some() {
                let id = row.required_id("id")?;
                return Ok(Plan::nothing(format!("session {id} of {} is revoked already", user.email)));
            }
            vec![row]
        } else {
            let mut live = Vec::new();
            for row in rows {
                let is_over = row.time("expires_at")?.is_none_or(|end| end <= scope.now);
                if row.time("revoked_at")?.is_none() && !is_over {
                    live.push(row);
                }
            }
            if live.is_empty() {
                return Ok(Plan::nothing(format!("{} has no session to revoke", user.email)));
            }
            live
        };
        let mut plan = Plan::default();
        for row in &rows {
            let id = row.required_id("id")?;
            let begun = row.shown("ip_at_issue");
            plan.changes.push(Change::update(
                "sessions",
                format!("of {} from {begun}", user.email),
                row,
                vec![
                    ("revoked_at", Value::Time(scope.now)),
                    ("revocation_reason", Value::Text(REASON.into())),
                ],
            )?);
            let metadata = json!({ "revoked_session_id": id });
            plan.entries
                .push(Entry::new("auth.session_revoked", "session", Some(id), metadata).user(Some(user.id)));
        }
        plan.notes.push(
            "passwords, API keys and trusted devices are as they were: the user can log in again".into(),
        );
        plan.summary = match rows.len() {
            1 => format!("one session of {} is revoked", user.email),
            several => format!("{several} sessions of {} are revoked", user.email),
        };
        Ok(plan)
    }
}

/// The session that is meant by an id or the beginning of one that fits one alone.
fn one_session(rows: Vec<Row>, wanted: &str, user: &User) -> Result<Row> {
    let id = Id::parse(wanted.as_bytes());
    let mut matching = Vec::new();
    let mut others = Vec::new();
    for row in rows {
        let found = row.required_id("id")?;
        if Some(found) == id || !wanted.is_empty() && found.to_string().starts_with(wanted) {
            matching.push(row);
        } else {
            others.push(found.to_string());
        }
    }
    if matching.len() > 1 {
        let names = matching.iter().map(|row| row.shown("id"));
        return Err(Error::usage(
            "session.ambiguous",
            format!("{wanted:?} could be any of {} sessions of {}", matching.len(), user.email),
        )
        .hint(format!("give the id: {}", listed(names))));
    }
    matching.pop().ok_or_else(|| {
        Error::usage("session.unknown", format!("{} has no session {wanted:?}", user.email))
            .hint(format!("sessions: {}", listed(others.iter())))
    })
}
