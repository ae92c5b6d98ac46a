//! Reading what is on record about a window of time: values, conditions, and the audit log. Everything is counted by the
//! database; lists are limited.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::assess::report::{AuditRow, Listed, Person, Span, Window};
use super::redact::Redaction;
use crate::context::Cancel;
use crate::error::Result;
use crate::format::{Id, Timestamp};
use crate::store::Store;
use crate::store::value::{Row, Value};

/// Columns of `audit_log` that a report shows.
pub(crate) const AUDIT_COLUMNS: &[&str] = &[
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
pub(crate) struct Condition {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Condition {
    pub(crate) fn new(sql: impl Into<String>, values: Vec<Value>) -> Self {
        Self { sql: sql.into(), values }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        self.joined("AND", other)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        self.joined("OR", other)
    }

    fn joined(mut self, word: &str, other: Self) -> Self {
        self.values.extend(other.values);
        Self { sql: format!("({} {word} {})", self.sql, other.sql), values: self.values }
    }
}

/// Reads about a window of time. What differs between releases and databases, and what somebody tampered with, must not
/// keep the rest of a report back.
pub(crate) struct Gather<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) cancel: &'a Cancel,
    pub(crate) window: Window,
    pub(crate) max_rows: u32,
    pub(crate) redaction: Redaction,
    /// Values that could not be read and were left out.
    pub(crate) unreadable: u64,
    emails: HashMap<Id, Option<String>>,
}

impl<'a> Gather<'a> {
    pub(crate) fn new(
        store: &'a mut Store,
        cancel: &'a Cancel,
        window: Window,
        max_rows: u32,
        redact: bool,
    ) -> Self {
        Self {
            store,
            cancel,
            window,
            max_rows,
            redaction: Redaction::new(redact),
            unreadable: 0,
            emails: HashMap::new(),
        }
    }

    // Values of rows. A row that somebody tampered with must not keep the rest of a report back.

    fn or_unreadable<T>(&mut self, read: Result<Option<T>>) -> Option<T> {
        read.unwrap_or_else(|_| {
            self.unreadable += 1;
            None
        })
    }

    pub(crate) fn time(&mut self, row: &Row, column: &str) -> Option<Timestamp> {
        let read = if row.has(column) { row.time(column) } else { Ok(None) };
        self.or_unreadable(read)
    }

    pub(crate) fn id(&mut self, row: &Row, column: &str) -> Option<Id> {
        let read = if row.has(column) { row.id(column) } else { Ok(None) };
        self.or_unreadable(read)
    }

    pub(crate) fn text(&mut self, row: &Row, column: &str) -> Option<String> {
        let read =
            if row.has(column) { row.text(column).map(|text| text.map(str::to_owned)) } else { Ok(None) };
        let text = self.or_unreadable(read)?;
        Some(self.redaction.text(text))
    }

    pub(crate) fn words(&mut self, row: &Row, column: &str) -> String {
        self.text(row, column).unwrap_or_default()
    }

    pub(crate) fn address(&mut self, row: &Row, column: &str) -> Option<String> {
        let read =
            if row.has(column) { row.text(column).map(|text| text.map(str::to_owned)) } else { Ok(None) };
        let text = self.or_unreadable(read)?;
        Some(self.redaction.address(text))
    }

    pub(crate) fn int(&mut self, row: &Row, column: &str) -> Option<i64> {
        let read = row.int(column);
        self.or_unreadable(read)
    }

    pub(crate) fn count(&mut self, row: &Row, column: &str) -> u64 {
        self.int(row, column).and_then(|count| u64::try_from(count).ok()).unwrap_or_default()
    }

    pub(crate) fn json(&mut self, row: &Row, column: &str) -> Json {
        let read = row.json(column).map(Some);
        let value = self.or_unreadable(read).unwrap_or_default();
        self.redaction.json(value)
    }

    pub(crate) fn span(&mut self, row: &Row) -> Span {
        Span {
            count: self.count(row, "count"),
            first_at: self.time(row, "first_at"),
            last_at: self.time(row, "last_at"),
        }
    }

    pub(crate) fn person(&mut self, row: &Row, column: &str) -> Result<Option<Person>> {
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
    pub(crate) fn inside(&self, column: &str) -> Condition {
        let (since, until) = (self.window.since, self.window.until);
        self.at_or_after(column, since).and(self.before(column, until))
    }

    pub(crate) fn before(&self, column: &str, time: Timestamp) -> Condition {
        if self.store.is_postgres() {
            return Condition::new(format!("{column} < ?"), vec![Value::Time(time)]);
        }
        let sql = format!("({column} < ? AND substr({column} || '.000000', 1, 26) < ?)");
        Condition::new(sql, vec![Value::Time(time), Value::Time(time)])
    }

    pub(crate) fn at_or_after(&self, column: &str, time: Timestamp) -> Condition {
        if self.store.is_postgres() {
            return Condition::new(format!("{column} >= ?"), vec![Value::Time(time)]);
        }
        let second = time.sqlite().chars().take(19).collect();
        let sql = format!("({column} >= ? AND substr({column} || '.000000', 1, 26) >= ?)");
        Condition::new(sql, vec![Value::Text(second), Value::Time(time)])
    }

    pub(crate) fn has(&mut self, table: &str, columns: &[&str]) -> Result<bool> {
        let known = self.store.columns(table)?;
        Ok(columns.iter().all(|column| known.contains(*column)))
    }

    pub(crate) fn number(&mut self, table: &str, condition: &Condition) -> Result<u64> {
        self.cancel.check()?;
        let sql = format!("SELECT count(*) AS count FROM {table} WHERE {}", condition.sql);
        self.store.number(&sql, &condition.values)
    }

    pub(crate) fn span_of(&mut self, table: &str, time: &str, condition: &Condition) -> Result<Span> {
        let sql = format!(
            "SELECT count(*) AS count, min({time}) AS first_at, max({time}) AS last_at FROM {table} WHERE {}",
            condition.sql
        );
        let rows = self.query(table, &sql, &condition.values)?;
        Ok(rows.first().map(|row| self.span(row)).unwrap_or_default())
    }

    pub(crate) fn query(&mut self, table: &str, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        self.cancel.check()?;
        self.store.query(table, sql, values)
    }

    // The audit log.

    pub(crate) fn audit_rows(&mut self, condition: &Condition) -> Result<Listed<AuditRow>> {
        let total = self.number("audit_log", condition)?;
        let clause = format!("WHERE {} ORDER BY occurred_at, id LIMIT {}", condition.sql, self.max_rows);
        let rows = self.store.rows("audit_log", AUDIT_COLUMNS, &clause, &condition.values)?;
        let rows = rows.iter().map(|row| self.audit_row(row)).collect::<Result<_>>()?;
        Ok(listed(total, rows))
    }

    pub(crate) fn audit_row(&mut self, row: &Row) -> Result<AuditRow> {
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
}

/// A list with the number of all its rows.
pub(crate) fn listed<T>(total: u64, rows: Vec<T>) -> Listed<T> {
    let listed = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    // A row may have come between counting and reading.
    let total = total.max(listed);
    Listed { total, not_listed: total - listed, rows }
}
