//! A SQLite file, read without getting in a brain's way.
//!
//! z4j leaves files in rollback-journal mode, where a reader's lock makes a writer wait at its commit, and a
//! brain gives up after five seconds. So the log is not read in one long transaction: its bounds (state, head,
//! counts) are read in one short transaction, and then its rows in chunks of some ten milliseconds each, up to
//! that head. Rows are only ever appended behind it. If something else changed meanwhile and the walk finds
//! fault, the caller walks again ([`SqliteStore::hold_snapshot`]). Files in WAL mode are read in one
//! transaction: there readers and writers do not meet.

mod open;
mod scan;
mod write;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Params, Row, params};

use super::batch::{Layout, RowBatch};
use super::generation::{Detection, Family, PROBED_TABLES, Structure};
use super::guards::{FoundGuard, MARKER_CHECK_NAME, check_in_table};
use super::{LogFacts, OpenOptions, Snapshot};
use crate::context::Cancel;
use crate::error::Result;
use crate::format::state::{Preparation, StoredQuartet, StoredState};
use crate::format::{Id, Timestamp};
use open::{Mode, failed};

/// An open SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    path: PathBuf,
    mode: Mode,
    cancel: Cancel,
    /// Whether everything is read in one transaction.
    held: bool,
    /// Where the snapshot ends, and how its rows can be read.
    extent: scan::Extent,
    data_version: i64,
    changes: u64,
    fingerprint: Option<open::Fingerprint>,
    /// The columns of the tables that were asked for.
    columns: HashMap<String, Arc<BTreeSet<String>>>,
    armed: write::Armed,
}

impl SqliteStore {
    /// The file.
    pub(super) fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Opens a file read-only.
    pub fn open(path: &std::path::Path, options: OpenOptions, cancel: &Cancel) -> Result<Self> {
        let opened = open::open(path, options.lock_timeout)?;
        let watch = cancel.clone();
        opened
            .connection
            .progress_handler(100_000, Some(move || watch.signal().is_some()))
            .map_err(|error| failed(path, &error))?;
        let mut store = Self {
            connection: opened.connection,
            path: path.to_owned(),
            mode: opened.mode,
            cancel: cancel.clone(),
            held: false,
            extent: scan::Extent::default(),
            data_version: 0,
            changes: 0,
            fingerprint: opened.fingerprint,
            columns: HashMap::new(),
            armed: write::Armed::default(),
        };
        if store.mode != Mode::Rollback {
            store.hold_snapshot()?;
        }
        store.data_version = store.read_data_version()?;
        Ok(store)
    }

    /// See [`super::Store::hold_snapshot`].
    pub fn hold_snapshot(&mut self) -> Result<()> {
        if !self.held {
            self.batch("BEGIN")?;
            self.held = true;
        }
        Ok(())
    }

    /// See [`super::Store::release_snapshot`].
    pub fn release_snapshot(&mut self) -> Result<()> {
        if self.held && self.mode == Mode::Rollback {
            self.batch("COMMIT")?;
            self.held = false;
        }
        Ok(())
    }

    /// See [`super::Store::detect`].
    pub fn detect(&mut self) -> Result<Detection> {
        let structure = self.in_transaction(Self::structure)?;
        super::generation::detect(&structure)
    }

    /// See [`super::Store::facts`].
    pub fn facts(&mut self, detection: &Detection) -> Result<LogFacts> {
        let (facts, extent) = self.in_transaction(|store| store.read_facts(detection))?;
        self.extent = extent;
        self.data_version = self.read_data_version()?;
        self.changes = 0;
        Ok(facts)
    }

    /// See [`super::Store::rows_before`].
    pub fn rows_before(&mut self, time: Timestamp) -> Result<u64> {
        self.count("SELECT count(*) FROM audit_log WHERE occurred_at < ?1", params![time.sqlite()])
    }

    /// See [`super::Store::row_before`].
    pub fn row_before(&mut self, time: Timestamp, layout: Layout) -> Result<RowBatch> {
        let sql = format!(
            "SELECT {} FROM audit_log WHERE occurred_at < ?1 ORDER BY occurred_at DESC, id DESC LIMIT 1",
            layout.select_list()
        );
        let mut batch = self.rows(&sql, params![time.sqlite()], layout)?;
        batch.first_position = self.rows_before(time)?;
        Ok(batch)
    }

    /// See [`super::Store::row_by_id`].
    pub fn row_by_id(&mut self, id: Id, layout: Layout) -> Result<RowBatch> {
        let sql = format!("SELECT {} FROM audit_log WHERE id IN (?1, ?2)", layout.select_list());
        let mut batch = self.rows(&sql, params![id.simple(), id.to_string()], layout)?;
        if !batch.is_empty() {
            batch.first_position = 1 + self.count(
                "SELECT count(*) FROM audit_log, (SELECT occurred_at AS time, id AS own FROM audit_log WHERE id IN (?1, ?2)) \
                 WHERE (occurred_at, id) < (time, own)",
                params![id.simple(), id.to_string()],
            )?;
        }
        Ok(batch)
    }

    /// See [`super::Store::row_by_position`].
    pub fn row_by_position(&mut self, position: u64, layout: Layout) -> Result<RowBatch> {
        let sql = format!(
            "SELECT {} FROM audit_log ORDER BY occurred_at, id LIMIT 1 OFFSET ?1",
            layout.select_list()
        );
        let offset = i64::try_from(position.saturating_sub(1)).unwrap_or(i64::MAX);
        let mut batch = self.rows(&sql, params![offset], layout)?;
        batch.first_position = position;
        Ok(batch)
    }

    /// See [`super::Store::time_at`].
    pub fn time_at(&mut self, position: u64) -> Result<Option<Timestamp>> {
        let offset = i64::try_from(position.saturating_sub(1)).unwrap_or(i64::MAX);
        let sql = "SELECT occurred_at FROM audit_log ORDER BY occurred_at LIMIT 1 OFFSET ?1";
        self.connection
            .query_row(sql, params![offset], |row| Ok(loose_text(row.get_ref(0)?)))
            .optional()
            .map(|found| found.flatten().and_then(|text| Timestamp::parse_bytes(text.as_bytes())))
            .map_err(|error| self.interrupted_or(&error))
    }

    /// See [`super::Store::rows_without_time`].
    pub fn rows_without_time(&mut self) -> Result<u64> {
        self.count("SELECT count(*) FROM audit_log WHERE occurred_at IS NULL", params![])
    }

    /// See [`super::Store::row_behind`].
    pub fn row_behind(&mut self, time: Timestamp, id: Id, layout: Layout) -> Result<RowBatch> {
        let sql = format!(
            "SELECT {} FROM audit_log WHERE (occurred_at, id) > (?1, ?2) ORDER BY occurred_at, id LIMIT 1",
            layout.select_list()
        );
        self.rows(&sql, params![time.sqlite(), id.simple()], layout)
    }

    /// See [`super::Store::newest_rows`].
    pub fn newest_rows(&mut self, layout: Layout, active: bool, limit: u32) -> Result<RowBatch> {
        let filter = if active { "WHERE legacy_frozen = 0 " } else { "" };
        let sql = format!(
            "SELECT {} FROM audit_log {filter}ORDER BY occurred_at DESC, id DESC LIMIT {limit}",
            layout.select_list()
        );
        self.rows(&sql, params![], layout)
    }

    /// See [`super::Store::snapshot`].
    pub fn snapshot(&self) -> Snapshot {
        let isolation = match (self.mode, self.held) {
            (mode, _) if mode.is_unguarded() => "immutable",
            (_, true) => "read-transaction",
            (_, false) => "bounded-chunks",
        };
        Snapshot {
            backend: "sqlite",
            isolation,
            version: rusqlite::version().to_owned(),
            standby: false,
            changes_during_read: self.changes,
        }
    }

    fn structure(&mut self) -> Result<Structure> {
        let mut structure = Structure::default();
        for table in PROBED_TABLES {
            let columns = self.texts("SELECT name FROM pragma_table_info(?1)", params![table])?;
            if !columns.is_empty() {
                structure.tables.insert((*table).to_owned(), columns.into_iter().collect());
            }
        }
        if structure.tables.contains_key("alembic_version") {
            structure.revisions = self.texts("SELECT version_num FROM alembic_version LIMIT 3", params![])?;
        }
        for (table, count) in [
            ("audit_chain_state", &mut structure.state_rows),
            ("audit_chain_preparation", &mut structure.preparation_rows),
        ] {
            if structure.tables.contains_key(table) {
                *count = self.count(&format!("SELECT count(*) FROM {table}"), params![])?;
            }
        }
        structure.served_by = self.meta(&structure, "schema_version")?;
        Ok(structure)
    }

    fn meta(&self, structure: &Structure, key: &str) -> Result<Option<String>> {
        if !structure.tables.contains_key("z4j_meta") {
            return Ok(None);
        }
        self.optional("SELECT CAST(value AS TEXT) FROM z4j_meta WHERE key = ?1", params![key])
    }

    fn read_facts(&mut self, detection: &Detection) -> Result<(LogFacts, scan::Extent)> {
        let structure = self.structure()?;
        let extent = self.read_extent()?;
        let mut facts = LogFacts {
            rows_estimate: extent.rows_estimate(),
            // Columns that are declared NOT NULL, as z4j declares them, cost nothing to ask.
            unplaced_rows: self
                .count("SELECT count(*) FROM audit_log WHERE occurred_at IS NULL OR id IS NULL", params![])?,
            last: extent.newest(),
            watermark: self.meta(&structure, "audit_prune_watermark")?,
            installed_at: self.meta(&structure, "installed_at")?.and_then(|text| Timestamp::parse(&text)),
            guards: self.guards()?,
            ..LogFacts::default()
        };
        if structure.tables.contains_key("audit_log_legacy_forks") {
            facts.quarantined_forks = self.count("SELECT count(*) FROM audit_log_legacy_forks", params![])?;
        }
        if structure.preparation_rows > 0 {
            facts.preparation = self.preparation()?;
        }
        if detection.generation.family() == Family::Active {
            facts.states = self.states(detection.has_tally)?;
        }
        Ok((facts, extent))
    }

    fn states(&self, has_tally: bool) -> Result<Vec<StoredState>> {
        let tally = if has_tally { "observed_active_row_count" } else { "NULL" };
        let sql = format!(
            "SELECT format_version, generation, installation_id, state_key_id, head_row_hmac, head_hmac_key_id, \
             head_occurred_at, head_id, prune_row_hmac, prune_hmac_key_id, prune_occurred_at, prune_id, \
             active_row_count, active_key_counts, frozen_row_count, frozen_snapshot_digest, \
             retired_recovery_binding, state_mac, {tally} FROM audit_chain_state LIMIT 2"
        );
        let mut statement = self.connection.prepare(&sql).map_err(|error| self.interrupted_or(&error))?;
        let read = |row: &Row<'_>| {
            let text = |index| row.get_ref(index).map(loose_text);
            let integer = |index| row.get_ref(index).map(loose_integer);
            let quartet = |first| {
                Ok::<_, rusqlite::Error>(StoredQuartet {
                    row_hmac: text(first)?,
                    hmac_key_id: text(first + 1)?,
                    occurred_at: text(first + 2)?,
                    id: text(first + 3)?,
                })
            };
            Ok(StoredState {
                format_version: integer(0)?,
                generation: text(1)?,
                installation_id: text(2)?,
                state_key_id: text(3)?,
                head: quartet(4)?,
                prune: quartet(8)?,
                active_row_count: integer(12)?,
                active_key_counts: text(13)?,
                frozen_row_count: integer(14)?,
                frozen_snapshot_digest: text(15)?,
                retired_recovery_binding: text(16)?,
                state_mac: text(17)?,
                observed_active_row_count: integer(18)?,
            })
        };
        statement.query_map([], read).and_then(Iterator::collect).map_err(|error| self.interrupted_or(&error))
    }

    fn preparation(&self) -> Result<Option<Preparation>> {
        let read = |row: &Row<'_>| {
            let text = |index| row.get_ref(index).map(|value| loose_text(value).unwrap_or_default());
            Ok(Preparation {
                format_version: row.get_ref(0).map(loose_integer)?,
                singleton_id: text(1)?,
                preparation_id: text(2)?,
                audit_key_id: text(3)?,
                preparation_revision: text(4)?,
                target_activation_revision: text(5)?,
                preparation_mac: text(6)?,
            })
        };
        self.connection
            .query_row(
                "SELECT format_version, singleton_id, preparation_id, audit_key_id, preparation_revision, \
                 target_activation_revision, preparation_mac FROM audit_chain_preparation LIMIT 1",
                [],
                read,
            )
            .optional()
            .map_err(|error| self.interrupted_or(&error))
    }

    fn guards(&self) -> Result<Vec<FoundGuard>> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT type, name, sql FROM sqlite_master WHERE tbl_name IN ('audit_log', 'audit_chain_state') \
                 AND type IN ('trigger', 'index', 'table') AND sql IS NOT NULL",
            )
            .map_err(|error| self.interrupted_or(&error))?;
        let found: Vec<(String, String, String)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .and_then(Iterator::collect)
            .map_err(|error| self.interrupted_or(&error))?;
        Ok(found
            .into_iter()
            .filter_map(|(kind, name, sql)| {
                let (name, body) = match kind.as_str() {
                    "trigger" => (name, Some(sql)),
                    "index" if sql.starts_with("CREATE UNIQUE INDEX ") => {
                        (name, sql.find(" ON ").map(|at| sql[at..].to_owned()))
                    }
                    // The CHECK constraint of 1.8 stands in the text of the table itself.
                    "table" if name == "audit_log" => (
                        MARKER_CHECK_NAME.to_owned(),
                        Some(check_in_table(&sql, MARKER_CHECK_NAME)?.to_owned()),
                    ),
                    _ => return None,
                };
                Some(FoundGuard { name, body, enabled: 'O', kind: 0 })
            })
            .collect())
    }

    /// Runs a few statements against one state of the file.
    fn in_transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.held {
            return work(self);
        }
        self.batch("BEGIN")?;
        let result = work(self);
        self.batch("COMMIT")?;
        result
    }

    fn notice_changes(&mut self) -> Result<()> {
        if !self.held {
            let version = self.read_data_version()?;
            self.changes += u64::from(version != self.data_version);
            self.data_version = version;
        }
        Ok(())
    }

    fn read_data_version(&self) -> Result<i64> {
        self.connection
            .query_row("PRAGMA data_version", [], |row| row.get(0))
            .map_err(|error| self.interrupted_or(&error))
    }

    fn batch(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|error| self.interrupted_or(&error))
    }

    fn interrupted_or(&self, error: &rusqlite::Error) -> crate::error::Error {
        self.cancel.check().err().unwrap_or_else(|| failed(&self.path, error))
    }

    fn rows(&self, sql: &str, parameters: impl Params, layout: Layout) -> Result<RowBatch> {
        let mut batch = RowBatch::new(layout);
        let mut statement = self.connection.prepare(sql).map_err(|error| self.interrupted_or(&error))?;
        let mut rows = statement.query(parameters).map_err(|error| self.interrupted_or(&error))?;
        while let Some(row) = rows.next().map_err(|error| self.interrupted_or(&error))? {
            scan::push_row(row, layout.columns().len(), &mut batch);
        }
        Ok(batch)
    }

    fn texts(&self, sql: &str, parameters: impl Params) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare(sql).map_err(|error| self.interrupted_or(&error))?;
        statement
            .query_map(parameters, |row| row.get(0))
            .and_then(Iterator::collect)
            .map_err(|error| self.interrupted_or(&error))
    }

    fn optional(&self, sql: &str, parameters: impl Params) -> Result<Option<String>> {
        self.connection
            .query_row(sql, parameters, |row| row.get(0))
            .optional()
            .map_err(|error| self.interrupted_or(&error))
    }

    fn count(&self, sql: &str, parameters: impl Params) -> Result<u64> {
        let count: i64 = self
            .connection
            .query_row(sql, parameters, |row| row.get(0))
            .map_err(|error| self.interrupted_or(&error))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

/// A column of a singleton row as text; what is no text cannot be valid and becomes text that is not.
fn loose_text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value.to_string()),
        ValueRef::Real(value) => Some(value.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}

fn loose_integer(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(value) => Some(value),
        _ => None,
    }
}
