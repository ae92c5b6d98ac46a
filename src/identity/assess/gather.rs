//! Reading what is on record about an agent: values, conditions, and the audit log. Everything is counted by the
//! database; lists are limited.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use serde_json::Value as Json;

use super::redact::Redaction;
use super::report::{ActionCount, AddressCount, Attempts, AuditRow, AuditRows, Listed, Person, Span, Window};
use crate::context::Cancel;
use crate::error::Result;
use crate::format::{Id, Timestamp};
use crate::store::Store;
use crate::store::value::{Row, Value};

/// Columns of `audit_log` that a report shows.
const AUDIT_COLUMNS: &[&str] = &[
    "id",
    "occurred_at",
    "action",
    "result",
    "outcome",
    "target_type",
    "target_id",
    "project_id",
    "user_id",
    "api_key_id",
    "source_ip",
    "user_agent",
    "metadata",
];

/// A condition with its values.
pub(super) struct Condition {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Condition {
    pub(super) fn new(sql: impl Into<String>, values: Vec<Value>) -> Self {
        Self { sql: sql.into(), values }
    }

    pub(super) fn and(self, other: Self) -> Self {
        self.joined("AND", other)
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.joined("OR", other)
    }

    fn joined(mut self, word: &str, other: Self) -> Self {
        self.values.extend(other.values);
        Self { sql: format!("({} {word} {})", self.sql, other.sql), values: self.values }
    }
}

/// Reads about one agent.
pub(super) struct Gather<'a> {
    pub(super) store: &'a mut Store,
    pub(super) cancel: &'a Cancel,
    pub(super) agent: Id,
    pub(super) project: Option<Id>,
    pub(super) window: Window,
    pub(super) max_rows: u32,
    pub(super) redaction: Redaction,
    /// Values that could not be read and were left out.
    pub(super) unreadable: u64,
    emails: HashMap<Id, Option<String>>,
    addresses: Option<Rc<BTreeSet<String>>>,
}

impl<'a> Gather<'a> {
    pub(super) fn new(
        store: &'a mut Store,
        cancel: &'a Cancel,
        agent: Id,
        window: Window,
        max_rows: u32,
        redact: bool,
    ) -> Self {
        Self {
            store,
            cancel,
            agent,
            project: None,
            window,
            max_rows,
            redaction: Redaction::new(redact),
            unreadable: 0,
            emails: HashMap::new(),
            addresses: None,
        }
    }

    // Values of rows. A row that somebody tampered with must not keep the rest of a report back.

    fn or_unreadable<T>(&mut self, read: Result<Option<T>>) -> Option<T> {
        read.unwrap_or_else(|_| {
            self.unreadable += 1;
            None
        })
    }

    pub(super) fn time(&mut self, row: &Row, column: &str) -> Option<Timestamp> {
        let read = if row.has(column) { row.time(column) } else { Ok(None) };
        self.or_unreadable(read)
    }

    pub(super) fn id(&mut self, row: &Row, column: &str) -> Option<Id> {
        let read = if row.has(column) { row.id(column) } else { Ok(None) };
        self.or_unreadable(read)
    }

    pub(super) fn text(&mut self, row: &Row, column: &str) -> Option<String> {
        let read =
            if row.has(column) { row.text(column).map(|text| text.map(str::to_owned)) } else { Ok(None) };
        let text = self.or_unreadable(read)?;
        Some(self.redaction.text(text))
    }

    pub(super) fn words(&mut self, row: &Row, column: &str) -> String {
        self.text(row, column).unwrap_or_default()
    }

    pub(super) fn address(&mut self, row: &Row, column: &str) -> Option<String> {
        let read =
            if row.has(column) { row.text(column).map(|text| text.map(str::to_owned)) } else { Ok(None) };
        let text = self.or_unreadable(read)?;
        Some(self.redaction.address(text))
    }

    pub(super) fn int(&mut self, row: &Row, column: &str) -> Option<i64> {
        let read = row.int(column);
        self.or_unreadable(read)
    }

    pub(super) fn count(&mut self, row: &Row, column: &str) -> u64 {
        self.int(row, column).and_then(|count| u64::try_from(count).ok()).unwrap_or_default()
    }

    pub(super) fn json(&mut self, row: &Row, column: &str) -> Json {
        let read = row.json(column).map(Some);
        let value = self.or_unreadable(read).unwrap_or_default();
        self.redaction.json(value)
    }

    pub(super) fn span(&mut self, row: &Row) -> Span {
        Span {
            count: self.count(row, "count"),
            first_at: self.time(row, "first_at"),
            last_at: self.time(row, "last_at"),
        }
    }

    pub(super) fn person(&mut self, row: &Row, column: &str) -> Result<Option<Person>> {
        let Some(id) = self.id(row, column) else { return Ok(None) };
        if !self.emails.contains_key(&id) {
            let rows = self.store.rows("users", &["id", "email"], "WHERE id = ?", &[Value::Id(id)])?;
            let found = rows.first().map(|row| row.text("email").map(|text| text.map(str::to_owned)));
            let found = self.or_unreadable(found.unwrap_or(Ok(None)));
            self.emails.insert(id, found);
        }
        let email = self.emails.get(&id).cloned().flatten();
        Ok(Some(Person { id, email: email.map(|email| self.redaction.email(email)) }))
    }

    // Conditions and statements.

    /// Whether a time lies in the window. SQLite compares texts: what a server default wrote has no fraction, and sorts
    /// before the same time with one (schema, section 2). The first two comparisons are for its indexes.
    pub(super) fn inside(&self, column: &str) -> Condition {
        let (since, until) = (self.window.since, self.window.until);
        self.at_or_after(column, since).and(self.before(column, until))
    }

    pub(super) fn before(&self, column: &str, time: Timestamp) -> Condition {
        if self.store.is_postgres() {
            return Condition::new(format!("{column} < ?"), vec![Value::Time(time)]);
        }
        let sql = format!("({column} < ? AND substr({column} || '.000000', 1, 26) < ?)");
        Condition::new(sql, vec![Value::Time(time), Value::Time(time)])
    }

    pub(super) fn at_or_after(&self, column: &str, time: Timestamp) -> Condition {
        if self.store.is_postgres() {
            return Condition::new(format!("{column} >= ?"), vec![Value::Time(time)]);
        }
        let second = time.sqlite().chars().take(19).collect();
        let sql = format!("({column} >= ? AND substr({column} || '.000000', 1, 26) >= ?)");
        Condition::new(sql, vec![Value::Text(second), Value::Time(time)])
    }

    pub(super) fn is_agent(&self, column: &str) -> Condition {
        Condition::new(format!("{column} = ?"), vec![Value::Id(self.agent)])
    }

    /// Audit rows whose target is the agent, or whose metadata names it in whatever place.
    pub(super) fn about_agent(&self) -> Condition {
        let find = if self.store.is_postgres() { "strpos" } else { "instr" };
        let id = Value::Text(self.agent.to_string());
        Condition::new(
            format!("(target_id = ? OR {find}(CAST(metadata AS text), ?) > 0)"),
            vec![id.clone(), id],
        )
    }

    fn is_token_row(&self) -> Condition {
        let id = Value::Text(self.agent.to_string());
        Condition::new("(target_id = ? AND action LIKE 'agent.token.%')", vec![id])
    }

    pub(super) fn has(&mut self, table: &str, columns: &[&str]) -> Result<bool> {
        let known = self.store.columns(table)?;
        Ok(columns.iter().all(|column| known.contains(*column)))
    }

    pub(super) fn number(&mut self, table: &str, condition: &Condition) -> Result<u64> {
        self.cancel.check()?;
        let sql = format!("SELECT count(*) AS count FROM {table} WHERE {}", condition.sql);
        self.store.number(&sql, &condition.values)
    }

    pub(super) fn span_of(&mut self, table: &str, time: &str, condition: &Condition) -> Result<Span> {
        let sql = format!(
            "SELECT count(*) AS count, min({time}) AS first_at, max({time}) AS last_at FROM {table} WHERE {}",
            condition.sql
        );
        let rows = self.query(table, &sql, &condition.values)?;
        Ok(rows.first().map(|row| self.span(row)).unwrap_or_default())
    }

    pub(super) fn query(&mut self, table: &str, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        self.cancel.check()?;
        self.store.query(table, sql, values)
    }

    // The audit log.

    pub(super) fn audit_rows(&mut self, condition: &Condition) -> Result<Listed<AuditRow>> {
        let total = self.number("audit_log", condition)?;
        let clause = format!("WHERE {} ORDER BY occurred_at, id LIMIT {}", condition.sql, self.max_rows);
        let rows = self.store.rows("audit_log", AUDIT_COLUMNS, &clause, &condition.values)?;
        let rows = rows.iter().map(|row| self.audit_row(row)).collect::<Result<_>>()?;
        Ok(listed(total, rows))
    }

    fn audit_row(&mut self, row: &Row) -> Result<AuditRow> {
        Ok(AuditRow {
            id: self.id(row, "id"),
            occurred_at: self.time(row, "occurred_at"),
            action: self.words(row, "action"),
            result: self.text(row, "result"),
            outcome: self.text(row, "outcome"),
            target_type: self.text(row, "target_type"),
            target_id: self.text(row, "target_id"),
            project_id: self.id(row, "project_id"),
            user: self.person(row, "user_id")?,
            api_key_id: self.id(row, "api_key_id"),
            source_ip: self.address(row, "source_ip"),
            user_agent: self.text(row, "user_agent"),
            metadata: self.json(row, "metadata"),
        })
    }

    /// Mints, rotations and revocations of the agent at any time.
    pub(super) fn token_rows(&mut self) -> Result<Listed<AuditRow>> {
        let condition = self.is_token_row();
        self.audit_rows(&condition)
    }

    /// The first mint and the last revocation of the agent, however many rows there are.
    pub(super) fn token_row(&mut self, action: &str, newest: bool) -> Result<Option<AuditRow>> {
        let order = if newest { "DESC" } else { "ASC" };
        let clause =
            format!("WHERE target_id = ? AND action = ? ORDER BY occurred_at {order}, id {order} LIMIT 1");
        let values = [Value::Text(self.agent.to_string()), Value::Text(action.to_owned())];
        let rows = self.store.rows("audit_log", AUDIT_COLUMNS, &clause, &values)?;
        rows.first().map(|row| self.audit_row(row)).transpose()
    }

    pub(super) fn audit(&mut self) -> Result<AuditRows> {
        let condition = self.about_agent().and(self.inside("occurred_at"));
        let sql = format!(
            "SELECT action, result, outcome, count(*) AS count, min(occurred_at) AS first_at, max(occurred_at) AS last_at \
             FROM audit_log WHERE {} GROUP BY action, result, outcome ORDER BY min(occurred_at), action",
            condition.sql
        );
        let rows = self.query("audit_log", &sql, &condition.values)?;
        let by_action = rows
            .iter()
            .map(|row| ActionCount {
                action: self.words(row, "action"),
                result: self.text(row, "result"),
                outcome: self.text(row, "outcome"),
                span: self.span(row),
            })
            .collect();
        Ok(AuditRows { by_action, rows: self.audit_rows(&condition)? })
    }

    /// Refused connections. Their rows name no agent, so that all of them are possible attempts with this token.
    pub(super) fn attempts(&mut self) -> Result<Attempts> {
        let refused = Condition::new("(action LIKE 'agent.auth.%' AND target_id IS NULL)", Vec::new());
        let condition = refused.and(self.inside("occurred_at"));
        let known = self.addresses_about_agent()?;
        let by_address = self.by_address(&condition, &known)?;
        Ok(Attempts { by_address, rows: self.audit_rows(&condition)? })
    }

    /// Addresses in audit rows about the agent, at any time.
    pub(super) fn addresses_about_agent(&mut self) -> Result<Rc<BTreeSet<String>>> {
        if let Some(known) = &self.addresses {
            return Ok(Rc::clone(known));
        }
        let condition = self.about_agent();
        let sql = format!(
            "SELECT source_ip FROM audit_log WHERE source_ip IS NOT NULL AND {} GROUP BY source_ip LIMIT {}",
            condition.sql, self.max_rows
        );
        let rows = self.query("audit_log", &sql, &condition.values)?;
        let found: BTreeSet<String> = rows.iter().filter_map(|row| self.address(row, "source_ip")).collect();
        let found = Rc::new(found);
        self.addresses = Some(Rc::clone(&found));
        Ok(found)
    }

    pub(super) fn by_address(
        &mut self,
        condition: &Condition,
        known: &BTreeSet<String>,
    ) -> Result<Vec<AddressCount>> {
        let sql = format!(
            "SELECT source_ip, count(*) AS count, min(occurred_at) AS first_at, max(occurred_at) AS last_at \
             FROM audit_log WHERE {} GROUP BY source_ip ORDER BY min(occurred_at) LIMIT {}",
            condition.sql, self.max_rows
        );
        let rows = self.query("audit_log", &sql, &condition.values)?;
        Ok(rows
            .iter()
            .map(|row| {
                let source_ip = self.address(row, "source_ip");
                AddressCount {
                    is_in_rows_about_agent: source_ip.as_ref().is_some_and(|address| known.contains(address)),
                    source_ip,
                    span: self.span(row),
                }
            })
            .collect())
    }
}

/// A list with the number of all its rows.
pub(super) fn listed<T>(total: u64, rows: Vec<T>) -> Listed<T> {
    let listed = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    // A row may have come between counting and reading.
    let total = total.max(listed);
    Listed { total, not_listed: total - listed, rows }
}
