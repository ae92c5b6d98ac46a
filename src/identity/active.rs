//! Who was active in a window of time: users, sessions, agents, API keys and addresses, as far as anything recorded it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::assess::report::{AuditRow, Listed, Person, Window};
use super::gather::{AUDIT_COLUMNS, Condition, Gather, listed};
use super::redact::Redaction;
use crate::context::Cancel;
use crate::error::Result;
use crate::format::{Id, Timestamp};
use crate::store::Store;
use crate::store::value::Value;

/// Tables that tell who was active, and the columns of them that are asked for.
const TABLES: &[(&str, &[&str])] = &[
    ("users", &["id", "email"]),
    ("sessions", &["id", "user_id", "issued_at", "expires_at", "revoked_at"]),
    ("agents", &["id", "name", "created_at", "last_seen_at"]),
    ("api_keys", &["id", "user_id", "name", "prefix", "last_used_at"]),
];
/// Stands among the readable tables when the log names API keys, from 1.3 on.
const KEY_COLUMN: &str = "audit_log.api_key_id";

/// What was active in a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Active {
    /// From this time on.
    pub since: Timestamp,
    /// Before this time.
    pub until: Timestamp,
    /// Users who did something that the log records.
    pub users: Vec<ActiveUser>,
    /// Sessions that had begun and had not ended.
    pub sessions: Vec<ActiveSession>,
    /// Agents that were known and seen in the window or later: their tokens were valid.
    pub agents: Vec<ActiveAgent>,
    /// API keys that the log names in the window, or that were last used in it.
    pub api_keys: Vec<ActiveKey>,
    /// Addresses that the log names in the window.
    pub addresses: Vec<ActiveAddress>,
    /// Of each list, how many are not in it.
    pub not_listed: BTreeMap<&'static str, u64>,
    /// What this database does not hold, or does not show to this role.
    pub unknown: Vec<String>,
}

/// A user in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveUser {
    /// `users.id`.
    pub id: Id,
    /// The address, when the user still exists.
    pub email: Option<String>,
    /// Rows of the log in the window.
    pub rows: u64,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveSession {
    /// `sessions.id`.
    pub id: Option<Id>,
    /// The address of its user.
    pub user: Option<String>,
    /// When it began.
    pub issued_at: Option<Timestamp>,
    /// When it was last seen.
    pub last_seen_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Where it began.
    pub address: Option<String>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveAgent {
    /// `agents.id`.
    pub id: Option<Id>,
    /// Its name.
    pub name: String,
    /// When it last connected.
    pub last_connect_at: Option<Timestamp>,
    /// When it was last seen.
    pub last_seen_at: Option<Timestamp>,
}

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveKey {
    /// `api_keys.id`.
    pub id: Option<Id>,
    /// Its name, when it still exists.
    pub name: Option<String>,
    /// The beginning of the key, which identifies it.
    pub prefix: Option<String>,
    /// The address of its user.
    pub user: Option<String>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// An address in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveAddress {
    /// The address.
    pub address: String,
    /// Rows of the log in the window.
    pub rows: u64,
}

/// Who is asked about many windows, one after the other, with the same names for what is hidden.
pub(crate) struct Witness<'a> {
    gather: Gather<'a>,
    unknown: Vec<String>,
    /// Tables that can be read and have the columns that are asked for.
    readable: BTreeSet<&'static str>,
}

impl<'a> Witness<'a> {
    pub(crate) fn new(store: &'a mut Store, cancel: &'a Cancel, max_rows: u32, redact: bool) -> Result<Self> {
        let nowhen = Window { since: Timestamp::MIN, until: Timestamp::MIN, until_now: false };
        let mut gather = Gather::new(store, cancel, nowhen, max_rows, redact);
        let mut unknown = Vec::new();
        let mut readable = BTreeSet::new();
        for (table, columns) in TABLES {
            let reason = if !gather.has(table, columns)? {
                "this generation has no table for it"
            } else if !may_read(gather.store, table)? {
                "this role may not read it"
            } else {
                readable.insert(*table);
                continue;
            };
            unknown.push(format!("{table}: {reason}"));
        }
        if gather.has("audit_log", &["api_key_id"])? {
            readable.insert(KEY_COLUMN);
        } else {
            unknown.push("api_key_id: 1.0 to 1.2 do not record which API key did something".into());
        }
        Ok(Self { gather, unknown, readable })
    }

    /// Who was active in a window.
    pub(crate) fn active(&mut self, since: Timestamp, until: Timestamp) -> Result<Active> {
        self.gather.window = Window { since, until, until_now: false };
        let (users, sessions, agents) = (self.users()?, self.sessions()?, self.agents()?);
        let (api_keys, addresses) = (self.api_keys()?, self.addresses()?);
        let mut not_listed = BTreeMap::new();
        for (name, more) in [
            ("users", users.not_listed),
            ("sessions", sessions.not_listed),
            ("agents", agents.not_listed),
            ("api_keys", api_keys.not_listed),
            ("addresses", addresses.not_listed),
        ] {
            if more > 0 {
                not_listed.insert(name, more);
            }
        }
        Ok(Active {
            since,
            until,
            users: users.rows,
            sessions: sessions.rows,
            agents: agents.rows,
            api_keys: api_keys.rows,
            addresses: addresses.rows,
            not_listed,
            unknown: self.unknown.clone(),
        })
    }

    /// A row of the log; `None` when it is not there, or when nobody may be named.
    pub(crate) fn row(&mut self, id: Id) -> Result<Option<AuditRow>> {
        if !self.readable.contains("users") {
            return Ok(None);
        }
        let rows = self.gather.store.rows("audit_log", AUDIT_COLUMNS, "WHERE id = ?", &[Value::Id(id)])?;
        rows.first().map(|row| self.gather.audit_row(row)).transpose()
    }

    /// The names that stand for what is hidden.
    pub(crate) fn redaction(&mut self) -> &mut Redaction {
        &mut self.gather.redaction
    }

    fn person(&mut self, row: &crate::store::value::Row, column: &str) -> Result<Option<Person>> {
        if self.readable.contains("users") {
            return self.gather.person(row, column);
        }
        Ok(self.gather.id(row, column).map(|id| Person { id, email: None }))
    }

    /// Rows of the log by a column, the most frequent first; how many values there are.
    fn rows_by(&mut self, column: &str) -> Result<(u64, Vec<crate::store::value::Row>)> {
        let inside = self.gather.inside("occurred_at");
        let distinct = format!(
            "SELECT count(*) AS count FROM (SELECT {column} FROM audit_log WHERE {column} IS NOT NULL AND {} GROUP BY {column}) \
             AS found",
            inside.sql
        );
        let total = self.gather.store.number(&distinct, &inside.values)?;
        let sql = format!(
            "SELECT {column}, count(*) AS count FROM audit_log WHERE {column} IS NOT NULL AND {} GROUP BY {column} \
             ORDER BY count(*) DESC, {column} LIMIT {}",
            inside.sql, self.gather.max_rows
        );
        Ok((total, self.gather.query("audit_log", &sql, &inside.values)?))
    }

    fn users(&mut self) -> Result<Listed<ActiveUser>> {
        let (total, rows) = self.rows_by("user_id")?;
        let mut users = Vec::new();
        for row in &rows {
            if let Some(person) = self.person(row, "user_id")? {
                let rows = self.gather.count(row, "count");
                users.push(ActiveUser { id: person.id, email: person.email, rows });
            }
        }
        Ok(listed(total, users))
    }

    fn addresses(&mut self) -> Result<Listed<ActiveAddress>> {
        let (total, rows) = self.rows_by("source_ip")?;
        let rows = rows.iter().filter_map(|row| {
            let address = self.gather.address(row, "source_ip")?;
            Some(ActiveAddress { address, rows: self.gather.count(row, "count") })
        });
        Ok(listed(total, rows.collect()))
    }

    fn sessions(&mut self) -> Result<Listed<ActiveSession>> {
        if !self.readable.contains("sessions") {
            return Ok(listed(0, Vec::new()));
        }
        let Window { since, until, .. } = self.gather.window;
        let condition = self
            .gather
            .before("issued_at", until)
            .and(self.gather.at_or_after("expires_at", since))
            .and(is_null("revoked_at").or(self.gather.at_or_after("revoked_at", since)));
        let total = self.gather.number("sessions", &condition)?;
        let columns = ["id", "user_id", "issued_at", "last_seen_at", "revoked_at", "ip_at_issue"];
        let clause = format!("WHERE {} ORDER BY issued_at, id LIMIT {}", condition.sql, self.gather.max_rows);
        let rows = self.gather.store.rows("sessions", &columns, &clause, &condition.values)?;
        let mut found = Vec::new();
        for row in &rows {
            found.push(ActiveSession {
                id: self.gather.id(row, "id"),
                user: self.person(row, "user_id")?.map(name),
                issued_at: self.gather.time(row, "issued_at"),
                last_seen_at: self.gather.time(row, "last_seen_at"),
                revoked_at: self.gather.time(row, "revoked_at"),
                address: self.gather.address(row, "ip_at_issue"),
            });
        }
        Ok(listed(total, found))
    }

    fn agents(&mut self) -> Result<Listed<ActiveAgent>> {
        if !self.readable.contains("agents") {
            return Ok(listed(0, Vec::new()));
        }
        let Window { since, until, .. } = self.gather.window;
        let condition =
            self.gather.before("created_at", until).and(self.gather.at_or_after("last_seen_at", since));
        let total = self.gather.number("agents", &condition)?;
        let columns = ["id", "name", "last_connect_at", "last_seen_at"];
        let clause =
            format!("WHERE {} ORDER BY last_seen_at, id LIMIT {}", condition.sql, self.gather.max_rows);
        let rows = self.gather.store.rows("agents", &columns, &clause, &condition.values)?;
        let agent = |row| ActiveAgent {
            id: self.gather.id(row, "id"),
            name: self.gather.words(row, "name"),
            last_connect_at: self.gather.time(row, "last_connect_at"),
            last_seen_at: self.gather.time(row, "last_seen_at"),
        };
        Ok(listed(total, rows.iter().map(agent).collect()))
    }

    fn api_keys(&mut self) -> Result<Listed<ActiveKey>> {
        if !self.readable.contains("api_keys") {
            return Ok(listed(0, Vec::new()));
        }
        let mut condition = self.gather.inside("last_used_at");
        if self.readable.contains(KEY_COLUMN) {
            let inside = self.gather.inside("occurred_at");
            let sql = format!(
                "id IN (SELECT api_key_id FROM audit_log WHERE api_key_id IS NOT NULL AND {})",
                inside.sql
            );
            condition = condition.or(Condition::new(sql, inside.values));
        }
        let total = self.gather.number("api_keys", &condition)?;
        let columns = ["id", "user_id", "name", "prefix", "last_used_at"];
        let clause =
            format!("WHERE {} ORDER BY last_used_at, id LIMIT {}", condition.sql, self.gather.max_rows);
        let rows = self.gather.store.rows("api_keys", &columns, &clause, &condition.values)?;
        let mut found = Vec::new();
        for row in &rows {
            found.push(ActiveKey {
                id: self.gather.id(row, "id"),
                name: self.gather.text(row, "name"),
                prefix: self.gather.text(row, "prefix"),
                user: self.person(row, "user_id")?.map(name),
                last_used_at: self.gather.time(row, "last_used_at"),
            });
        }
        Ok(listed(total, found))
    }
}

fn name(person: Person) -> String {
    person.email.unwrap_or_else(|| format!("user {}", person.id))
}

fn is_null(column: &str) -> Condition {
    Condition::new(format!("{column} IS NULL"), Vec::new())
}

/// Whether this role may read a table: in PostgreSQL a statement that fails would end the snapshot.
fn may_read(store: &mut Store, table: &str) -> Result<bool> {
    if !store.is_postgres() {
        return Ok(true);
    }
    let sql = "SELECT CASE WHEN has_table_privilege(?, 'SELECT') THEN 1 ELSE 0 END AS count";
    Ok(store.number(sql, &[Value::Text(table.to_owned())])? > 0)
}
