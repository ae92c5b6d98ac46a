//! A copy of a fixture whose audit log can be changed at will, by somebody with full rights on the database.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::sign;
use crate::support::fixtures::{Dump, Fixture, TempSqlite};
use crate::support::postgres::Database;
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, Secrets};

/// One row of a table: its columns as text, the same for both databases (SQLite's own form).
pub(crate) type Row = BTreeMap<String, Option<String>>;

/// The value of a column that is not NULL.
#[track_caller]
pub(crate) fn text(row: &Row, column: &str) -> String {
    row[column].clone().unwrap_or_else(|| panic!("{column} is NULL"))
}

/// Which database a log is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

enum Backend {
    Sqlite { connection: rusqlite::Connection, file: TempSqlite },
    Postgres { client: Box<RefCell<postgres::Client>>, database: Database },
}

/// A log without its guards, until it is closed.
pub(crate) struct Log {
    pub(crate) name: &'static str,
    pub(crate) secrets: Secrets,
    /// The rows as they were, in chain order.
    pub(crate) rows: Vec<Row>,
    /// Index of the first row that is not frozen.
    pub(crate) live: usize,
    backend: Backend,
    /// Statements that put the guards back.
    guards: Vec<String>,
    /// Whether all of them could be put back; a unique index cannot when its rows are doubled.
    pub(crate) is_guarded: bool,
}

impl Log {
    pub(crate) fn open(kind: Kind, name: &'static str) -> Self {
        let fixture = Fixture::by_name(name);
        match kind {
            Kind::Sqlite => Self::over_sqlite(name, fixture.sqlite(), fixture.meta().secrets.clone()),
            Kind::Postgres => {
                let database = fixture.postgres(Dump::Plain);
                let mut client = database.client();
                // The guards of z4j hold back its own sessions, not a superuser. Triggers that are enabled ALWAYS
                // (the row tally) still fire.
                client
                    .batch_execute("SET session_replication_role = replica; SET TIME ZONE 'UTC'")
                    .expect("become a superuser who ignores triggers");
                let backend = Backend::Postgres { client: Box::new(RefCell::new(client)), database };
                Self::new(name, backend, fixture.postgres_meta().secrets.clone())
            }
        }
    }

    pub(crate) fn over_sqlite(name: &'static str, file: TempSqlite, secrets: Secrets) -> Self {
        let connection = file.connection();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF",
            )
            .expect("a connection without scruples");
        Self::new(name, Backend::Sqlite { connection, file }, secrets)
    }

    fn new(name: &'static str, backend: Backend, secrets: Secrets) -> Self {
        let mut log =
            Self { name, secrets, rows: Vec::new(), live: 0, backend, guards: Vec::new(), is_guarded: true };
        log.rows = log.read_rows();
        log.live = log.rows.iter().take_while(|row| is_frozen(row)).count();
        log.drop_guards();
        log
    }

    /// Takes the guards away, as somebody with full rights on the database can.
    pub(crate) fn drop_guards(&mut self) {
        match &self.backend {
            Backend::Sqlite { connection, .. } => {
                let sql = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name IN ('audit_log', 'audit_chain_state') \
                           AND (type = 'trigger' OR name = 'ux_audit_log_prev_row_hmac')";
                let mut statement = connection.prepare(sql).expect("read the schema");
                let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
                let found: Vec<(String, String, String)> =
                    found.and_then(Iterator::collect).expect("read the schema");
                for (kind, name, sql) in found {
                    connection.execute_batch(&format!("DROP {kind} {name}")).expect("drop a guard");
                    self.guards.push(sql);
                }
            }
            Backend::Postgres { client, .. } => {
                let mut client = client.borrow_mut();
                let index = "SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid \
                             WHERE c.relname = 'ux_audit_log_prev_row_hmac'";
                for row in client.query(index, &[]).expect("read the indexes") {
                    self.guards.push(row.get(0));
                    client.batch_execute("DROP INDEX ux_audit_log_prev_row_hmac").expect("drop an index");
                }
                let check = "SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint \
                             WHERE conrelid = 'audit_log'::regclass AND conname LIKE '%boundary_f_markers'";
                for row in client.query(check, &[]).expect("read the constraints") {
                    let (name, definition): (String, String) = (row.get(0), row.get(1));
                    self.guards.push(format!("ALTER TABLE audit_log ADD CONSTRAINT {name} {definition}"));
                    let drop = format!("ALTER TABLE audit_log DROP CONSTRAINT {name}");
                    client.batch_execute(&drop).expect("drop a constraint");
                }
            }
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.backend {
            Backend::Sqlite { .. } => Kind::Sqlite,
            Backend::Postgres { .. } => Kind::Postgres,
        }
    }

    /// Whether rows name their key and the chain has a signed state: 1.8 and later.
    pub(crate) fn is_active(&self) -> bool {
        self.rows[0].contains_key("hmac_version")
            && self.secrets.contains_key("Z4J_AUDIT_CHAIN_SECRET")
            && !self.name.contains("parked")
    }

    /// Whether this is the line of 1.0 to 1.2.
    pub(crate) fn is_early(&self) -> bool {
        !self.rows[0].contains_key("api_key_id")
    }

    pub(crate) fn has_column(&self, column: &str) -> bool {
        self.rows[0].contains_key(column)
    }

    /// The secret that signs new rows.
    pub(crate) fn key(&self) -> &str {
        let name = if self.is_active() { "Z4J_AUDIT_CHAIN_SECRET" } else { "Z4J_SECRET" };
        &self.secrets[name]
    }

    /// The index of a row in the middle of what is not frozen.
    pub(crate) fn middle(&self) -> usize {
        usize::midpoint(self.live, self.rows.len())
    }

    /// A copy of the row at an index, to be changed.
    pub(crate) fn row(&self, index: usize) -> Row {
        self.rows[index].clone()
    }

    pub(crate) fn id(&self, index: usize) -> String {
        text(&self.rows[index], "id")
    }

    /// The rows that are there now.
    pub(crate) fn read_rows(&self) -> Vec<Row> {
        self.read("audit_log", "ORDER BY occurred_at, id")
    }

    /// The row of `audit_chain_state`.
    pub(crate) fn state(&self) -> Row {
        self.read("audit_chain_state", "").remove(0)
    }

    fn read(&self, table: &str, clause: &str) -> Vec<Row> {
        match &self.backend {
            Backend::Sqlite { connection, .. } => {
                let mut statement =
                    connection.prepare(&format!("SELECT * FROM {table} {clause}")).expect("read a table");
                let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
                let rows = statement.query_map([], |row| {
                    let columns = names.iter().enumerate();
                    columns.map(|(at, name)| Ok((name.clone(), loose(row.get_ref(at)?)))).collect()
                });
                rows.and_then(Iterator::collect).expect("read a table")
            }
            Backend::Postgres { client, .. } => {
                let mut client = client.borrow_mut();
                let sql = "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute \
                           WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped";
                let columns: Vec<(String, String)> = client
                    .query(sql, &[&table])
                    .expect("read the columns")
                    .iter()
                    .map(|row| (row.get(0), row.get(1)))
                    .collect();
                let list: Vec<String> = columns
                    .iter()
                    .map(|(name, kind)| match kind.as_str() {
                        "uuid" => format!("replace({name}::text, '-', '')"),
                        "timestamp with time zone" => format!("to_char({name}, 'YYYY-MM-DD HH24:MI:SS.US')"),
                        "inet" => format!("host({name})"),
                        "boolean" => format!("{name}::integer::text"),
                        _ => format!("{name}::text"),
                    })
                    .collect();
                let sql = format!("SELECT {} FROM {table} {clause}", list.join(", "));
                let rows = client.query(&sql, &[]).expect("read a table");
                let names = || columns.iter().map(|(name, _)| name.clone());
                rows.iter().map(|row| names().zip((0..).map(|at| row.get(at))).collect()).collect()
            }
        }
    }

    /// Runs statements that both databases understand.
    #[track_caller]
    pub(crate) fn run(&self, sql: &str) {
        match &self.backend {
            Backend::Sqlite { connection, .. } => {
                connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
            }
            Backend::Postgres { client, .. } => {
                client.borrow_mut().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
            }
        }
    }

    /// Gives a column of the row at an index another value.
    #[track_caller]
    pub(crate) fn set(&self, index: usize, column: &str, value: Option<&str>) {
        let sql =
            format!("UPDATE audit_log SET {column} = {} WHERE id = '{}'", literal(value), self.id(index));
        self.run(&sql);
    }

    #[track_caller]
    pub(crate) fn delete(&self, indexes: std::ops::Range<usize>) {
        let ids: Vec<String> = indexes.map(|index| format!("'{}'", self.id(index))).collect();
        self.run(&format!("DELETE FROM audit_log WHERE id IN ({})", ids.join(", ")));
    }

    #[track_caller]
    pub(crate) fn insert(&self, row: &Row) {
        self.insert_into("audit_log", row);
    }

    #[track_caller]
    pub(crate) fn insert_into(&self, table: &str, row: &Row) {
        let columns: Vec<&str> = row.keys().map(String::as_str).collect();
        let values: Vec<String> = row.values().map(|value| literal(value.as_deref())).collect();
        self.run(&format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", ")));
    }

    #[track_caller]
    pub(crate) fn set_state(&self, column: &str, value: Option<&str>) {
        self.run(&format!("UPDATE audit_chain_state SET {column} = {}", literal(value)));
    }

    /// Puts another state in the place of the one that is there.
    pub(crate) fn replace_state(&self, state: &Row) {
        for (column, value) in state {
            // z4j's triggers keep this one on PostgreSQL, and no superuser's setting stops them.
            if column != "observed_active_row_count" {
                self.set_state(column, value.as_deref());
            }
        }
    }

    /// Says when the brain was installed, which decides what retention can have removed.
    pub(crate) fn set_installed_at(&self, time: &str) {
        self.run(&format!("UPDATE z4j_meta SET value = '{time}' WHERE key = 'installed_at'"));
    }

    /// Puts the guards back, as an attacker would who does not want to be seen.
    pub(crate) fn close(&mut self) {
        for sql in std::mem::take(&mut self.guards) {
            self.is_guarded &= match &self.backend {
                Backend::Sqlite { connection, .. } => connection.execute_batch(&sql).is_ok(),
                Backend::Postgres { client, .. } => client.borrow_mut().batch_execute(&sql).is_ok(),
            };
        }
    }

    /// Takes the guards away once more, and looks at the rows anew.
    pub(crate) fn reopen(&mut self) {
        self.rows = self.read_rows();
        self.drop_guards();
    }

    /// `z4jctl` on this database.
    pub(crate) fn z4jctl(&self) -> Z4jctl {
        let call = Z4jctl::new().secrets(&self.secrets);
        match &self.backend {
            Backend::Sqlite { file, .. } => call.db(file),
            Backend::Postgres { database, .. } => call.db(database),
        }
    }

    /// What `z4jctl audit verify` says, with further arguments.
    pub(crate) fn verify(&self, arguments: &[&str]) -> Report {
        let output = self.z4jctl().args(["audit", "verify", "--output", "json"]).args(arguments).run();
        Report::read(output)
    }

    /// The database, for the real z4j.
    pub(crate) fn z4j_url(&self) -> String {
        match &self.backend {
            Backend::Sqlite { file, .. } => file.z4j_url(),
            Backend::Postgres { database, .. } => database.z4j_url(),
        }
    }
}

impl BrainDatabase for Log {
    fn z4j_url(&self) -> String {
        Self::z4j_url(self)
    }
}

/// What `z4jctl audit verify --output json` said.
pub(crate) struct Report {
    pub(crate) json: Value,
    pub(crate) output: Output,
}

impl Report {
    #[track_caller]
    pub(crate) fn read(output: Output) -> Self {
        let json = output.json();
        assert_eq!(json["exit_code"], output.code, "the report and the process agree: {output}");
        assert_eq!(json["ok"], output.code == 0, "ok means exit 0: {output}");
        Self { json, output }
    }

    pub(crate) fn exit(&self) -> i32 {
        self.output.code
    }

    pub(crate) fn findings(&self) -> &[Value] {
        self.json["findings"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Classes with positions, in order, without those to leave out.
    pub(crate) fn classes(&self, leave_out: &[&str]) -> Vec<(String, Option<u64>)> {
        let mut found: Vec<(String, Option<u64>)> = self
            .findings()
            .iter()
            .map(|finding| {
                (finding["class"].as_str().unwrap_or_default().to_owned(), finding["row"].as_u64())
            })
            .filter(|(class, _)| !leave_out.contains(&class.as_str()))
            .collect();
        found.sort();
        found
    }

    /// The first finding of a class.
    #[track_caller]
    pub(crate) fn finding(&self, class: &str) -> &Value {
        let found = self.findings().iter().find(|finding| finding["class"] == class);
        found.unwrap_or_else(|| panic!("no finding {class}: {}", self.summary()))
    }

    /// The findings and notes, for messages.
    pub(crate) fn summary(&self) -> String {
        let mut summary = format!("exit code {}\n", self.exit());
        for finding in self.findings() {
            let _ = writeln!(
                summary,
                "  {} row {} {}: {}",
                finding["class"], finding["row"], finding["certainty"], finding["message"]
            );
        }
        summary
    }
}

pub(crate) fn is_frozen(row: &Row) -> bool {
    row.get("legacy_frozen").is_some_and(|value| value.as_deref() == Some("1"))
}

/// A value as SQL.
pub(crate) fn literal(value: Option<&str>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| format!("'{}'", value.replace('\'', "''")))
}

/// A UUID that is in no fixture.
pub(crate) fn new_id(number: u32) -> String {
    format!("00000000000040008000{number:012x}")
}

/// A MAC that nobody signed.
pub(crate) fn made_up_mac(number: u32) -> String {
    sign::mac("nobody's key", b"", &number.to_be_bytes())
}

/// One microsecond later; no two rows of a fixture are that close.
pub(crate) fn a_moment_after(time: &str) -> String {
    let (seconds, micros) = time.split_once('.').expect("a time with microseconds");
    let micros: u32 = micros.parse().expect("microseconds");
    assert!(micros < 999_999, "{time} is the last moment of a second");
    format!("{seconds}.{:06}", micros + 1)
}

fn loose(value: rusqlite::types::ValueRef<'_>) -> Option<String> {
    use rusqlite::types::ValueRef;

    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}
