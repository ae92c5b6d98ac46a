//! Reading and counting what hangs on a secret.

use serde::Serialize;

use super::{Opens, field_opens, totp_opens};
use crate::config::KeyRing;
use crate::error::Result;
use crate::format::sealed::Table;
use crate::format::{Id, Timestamp};
use crate::identity::find;
use crate::store::Store;
use crate::store::value::{Row, Value};

/// An API key that works.
#[derive(Debug, Clone, Serialize)]
pub struct LiveApiKey {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Its first characters, as z4j shows it.
    pub prefix: String,
    /// E-mail of the user who owns it.
    pub owner: Option<String>,
    /// Slug of its project; `None` for all of them.
    pub project: Option<String>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// An agent whose token works.
#[derive(Debug, Clone, Serialize)]
pub struct LiveAgent {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Slug of its project.
    pub project: String,
    /// When it was last heard of.
    pub last_seen_at: Option<Timestamp>,
}

/// An invitation that can be accepted.
#[derive(Debug, Clone, Serialize)]
pub struct OpenInvitation {
    /// Its id.
    pub id: Id,
    /// Who is invited.
    pub email: String,
    /// Slug of the project.
    pub project: Option<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// A password reset that can be used.
#[derive(Debug, Clone, Serialize)]
pub struct OpenReset {
    /// Its id.
    pub id: Id,
    /// Whose password.
    pub user: Option<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// Encrypted values of one kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Sealed {
    /// How many open under each secret of the ring, by its place there.
    pub(super) under: Vec<u64>,
    /// Rows whose value opens under none.
    pub(super) never: Vec<Id>,
    /// Values that are not encrypted.
    pub(super) plain: u64,
}

impl Sealed {
    fn new(ring: &KeyRing) -> Self {
        Self { under: vec![0; ring.all().len()], ..Self::default() }
    }

    fn note(&mut self, opens: Opens, id: Id) {
        match opens {
            Opens::Under(place) => {
                if let Some(count) = self.under.get_mut(place) {
                    *count += 1;
                }
            }
            Opens::Never => self.never.push(id),
            Opens::Plain => self.plain += 1,
        }
    }

    /// Encrypted values.
    pub(super) fn values(&self) -> u64 {
        self.under.iter().sum::<u64>() + u64::try_from(self.never.len()).unwrap_or(u64::MAX)
    }
}

fn not_over(row: &Row, column: &str, now: Timestamp) -> Result<bool> {
    Ok(row.time(column)?.is_none_or(|end| end > now))
}

fn emails(store: &mut Store) -> Result<Vec<(Id, String)>> {
    let rows = store.rows("users", &["id", "email"], "", &[])?;
    rows.iter().map(|row| Ok((row.required_id("id")?, row.required_text("email")?.to_owned()))).collect()
}

fn of<T: Clone>(known: &[(Id, T)], id: Option<Id>) -> Option<T> {
    let id = id?;
    known.iter().find(|(other, _)| *other == id).map(|(_, found)| found.clone())
}

fn slugs(store: &mut Store) -> Result<Vec<(Id, String)>> {
    Ok(find::projects(store)?.into_iter().map(|project| (project.id, project.slug)).collect())
}

/// API keys that are neither revoked nor over, by name.
pub(super) fn api_keys(store: &mut Store, now: Timestamp) -> Result<Vec<LiveApiKey>> {
    let (owners, projects) = (emails(store)?, slugs(store)?);
    let columns = ["id", "name", "prefix", "user_id", "project_id", "last_used_at", "expires_at"];
    let mut live = Vec::new();
    for row in store.rows("api_keys", &columns, "WHERE revoked_at IS NULL ORDER BY name, id", &[])? {
        if not_over(&row, "expires_at", now)? {
            let project = if row.has("project_id") { row.id("project_id")? } else { None };
            live.push(LiveApiKey {
                id: row.required_id("id")?,
                name: row.required_text("name")?.to_owned(),
                prefix: row.required_text("prefix")?.to_owned(),
                owner: of(&owners, row.id("user_id")?),
                project: of(&projects, project),
                last_used_at: row.time("last_used_at")?,
                expires_at: row.time("expires_at")?,
            });
        }
    }
    Ok(live)
}

/// Agents whose token works, by project and name.
pub(super) fn agents(store: &mut Store) -> Result<Vec<LiveAgent>> {
    let all = find::agents(store, None)?;
    let live = all.into_iter().filter(|agent| !agent.is_revoked);
    live.map(|agent| {
        Ok(LiveAgent {
            id: agent.id,
            last_seen_at: agent.row.time("last_seen_at")?,
            name: agent.name,
            project: agent.project.slug,
        })
    })
    .collect()
}

/// Invitations that are neither accepted nor revoked nor over.
pub(super) fn invitations(store: &mut Store, now: Timestamp) -> Result<Vec<OpenInvitation>> {
    let projects = slugs(store)?;
    let known = store.columns("invitations")?;
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let revoked = if known.contains("revoked_at") { " AND revoked_at IS NULL" } else { "" };
    let clause = format!("WHERE accepted_at IS NULL{revoked} ORDER BY email, id");
    let mut open = Vec::new();
    for row in store.rows("invitations", &["id", "email", "project_id", "expires_at"], &clause, &[])? {
        if not_over(&row, "expires_at", now)? {
            open.push(OpenInvitation {
                id: row.required_id("id")?,
                email: row.required_text("email")?.to_owned(),
                project: of(&projects, row.id("project_id")?),
                expires_at: row.time("expires_at")?,
            });
        }
    }
    Ok(open)
}

/// Password resets that are neither used nor over.
pub(super) fn resets(store: &mut Store, now: Timestamp) -> Result<Vec<OpenReset>> {
    if !store.has_table("password_reset_tokens")? {
        return Ok(Vec::new());
    }
    let users = emails(store)?;
    let clause = "WHERE consumed_at IS NULL ORDER BY id";
    let mut open = Vec::new();
    for row in store.rows("password_reset_tokens", &["id", "user_id", "expires_at"], clause, &[])? {
        if not_over(&row, "expires_at", now)? {
            open.push(OpenReset {
                id: row.required_id("id")?,
                user: of(&users, row.id("user_id")?),
                expires_at: row.time("expires_at")?,
            });
        }
    }
    Ok(open)
}

/// How many rows of a table end after now.
fn unexpired(store: &mut Store, table: &str, clause: &str, now: Timestamp) -> Result<u64> {
    if !store.has_table(table)? {
        return Ok(0);
    }
    let mut count = 0;
    for row in store.rows(table, &["id", "expires_at"], clause, &[])? {
        count += u64::from(not_over(&row, "expires_at", now)?);
    }
    Ok(count)
}

/// Setup tokens that are not over.
pub(super) fn setup_tokens(store: &mut Store, now: Timestamp) -> Result<u64> {
    unexpired(store, "first_boot_tokens", "", now)
}

/// Sessions that are neither revoked nor over.
pub(super) fn sessions(store: &mut Store, now: Timestamp) -> Result<u64> {
    unexpired(store, "sessions", "WHERE revoked_at IS NULL", now)
}

/// TOTP secrets; none before 1.6.
pub(super) fn totp(store: &mut Store, ring: &KeyRing) -> Result<Sealed> {
    let mut sealed = Sealed::new(ring);
    if store.columns("users")?.contains("mfa_secret_encrypted") {
        let clause = "WHERE mfa_secret_encrypted IS NOT NULL ORDER BY id";
        for row in store.rows("users", &["id", "mfa_secret_encrypted"], clause, &[])? {
            let id = row.required_id("id")?;
            sealed.note(totp_opens(ring, id, row.bytes("mfa_secret_encrypted")?.unwrap_or_default()), id);
        }
    }
    Ok(sealed)
}

/// Channels of one table.
pub(super) fn channels(store: &mut Store, table: Table, ring: &KeyRing) -> Result<Sealed> {
    let mut sealed = Sealed::new(ring);
    if store.has_table(table.name())? {
        for row in store.rows(table.name(), &["id", "config"], "ORDER BY id", &[])? {
            let text = row.text("config")?.unwrap_or_default();
            sealed.note(field_opens(ring, table, text), row.required_id("id")?);
        }
    }
    Ok(sealed)
}

/// Audit rows of the log.
pub(super) fn audit_rows(store: &mut Store) -> Result<u64> {
    store.number("SELECT count(*) AS count FROM audit_log", &[])
}

/// Frozen audit rows that name a key.
pub(super) fn frozen_rows_under(store: &mut Store, key_id: &str) -> Result<u64> {
    let sql = "SELECT count(*) AS count FROM audit_log WHERE legacy_frozen = ? AND hmac_key_id = ?";
    store.number(sql, &[Value::Bool(true), Value::Text(key_id.to_owned())])
}
