//! A PostgreSQL database, read in one `REPEATABLE READ READ ONLY` transaction.
//!
//! No lock beyond `ACCESS SHARE` is taken, a role with SELECT alone is enough, and everything goes through
//! statements that a pooler in transaction mode can carry: ordinary reads use the simple protocol, the log itself
//! comes as binary COPY and is parsed here.

pub(super) mod connect;
mod copy;
mod tls;
mod write;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use ::postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use super::batch::{Column, Layout, RowBatch};
use super::generation::{Detection, Family, PROBED_TABLES, Structure};
use super::guards::FoundGuard;
use super::{Emit, LogFacts, OpenOptions, Scan, ScanEnd, Snapshot};
use crate::config::PostgresTarget;
use crate::context::Cancel;
use crate::error::{Error, Result};
use crate::format::state::{Preparation, StoredQuartet, StoredState};
use crate::format::{Id, Timestamp};
use connect::failed;

/// An open database.
pub struct PostgresStore {
    client: Client,
    shown: String,
    options: OpenOptions,
    cancel: Cancel,
    version: String,
    standby: bool,
    /// Whether this is a writing transaction.
    writing: bool,
    /// The columns of the tables that were asked for.
    columns: HashMap<String, Arc<BTreeSet<String>>>,
    /// Table and column of those among them whose type is not built in.
    custom_columns: BTreeSet<(String, String)>,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").field("database", &self.shown).finish_non_exhaustive()
    }
}

impl Drop for PostgresStore {
    /// Ends the transaction in order: a pooler closes the connection of whoever leaves in the middle of one. Not after a
    /// signal, when nothing may wait for a server any more.
    fn drop(&mut self) {
        if self.cancel.signal().is_none() && !self.client.is_closed() {
            let _ = self.client.batch_execute("ROLLBACK");
        }
    }
}

impl PostgresStore {
    /// Connects, and begins the one transaction in which everything is read.
    pub fn open(target: &PostgresTarget, options: OpenOptions, cancel: &Cancel) -> Result<Self> {
        Self::begin(target, options, cancel, "ISOLATION LEVEL REPEATABLE READ READ ONLY", false)
    }

    fn begin(
        target: &PostgresTarget,
        options: OpenOptions,
        cancel: &Cancel,
        transaction: &str,
        writing: bool,
    ) -> Result<Self> {
        let client = connect::connect(target, cancel)?;
        let mut store = Self {
            client,
            shown: target.display(),
            options,
            cancel: cancel.clone(),
            version: String::new(),
            standby: false,
            writing,
            columns: HashMap::new(),
            custom_columns: BTreeSet::new(),
        };
        store.execute(&format!(
            "BEGIN {transaction}; SET LOCAL lock_timeout = {}; \
             SET LOCAL statement_timeout = {}; SET LOCAL idle_in_transaction_session_timeout = 0; \
             SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL IntervalStyle = 'postgres'",
            milliseconds(Some(options.lock_timeout)),
            milliseconds(options.statement_timeout),
        ))?;
        let rows = store.query("SELECT current_setting('server_version'), pg_is_in_recovery()")?;
        if let Some(row) = rows.first() {
            row.get(0).unwrap_or_default().clone_into(&mut store.version);
            store.standby = row.get(1) == Some("t");
        }
        Ok(store)
    }

    /// See [`super::Store::detect`].
    pub fn detect(&mut self) -> Result<Detection> {
        let structure = self.structure()?;
        super::generation::detect(&structure)
    }

    /// See [`super::Store::facts`].
    pub fn facts(&mut self, detection: &Detection) -> Result<LogFacts> {
        self.refuse_row_security()?;
        self.check_types(detection)?;
        let rows_estimate = self
            .count("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'audit_log'::regclass")?;
        let last = self
            .query(&format!(
                "SELECT {}, id FROM audit_log ORDER BY occurred_at DESC, id DESC LIMIT 1",
                utc("occurred_at")
            ))?
            .first()
            .and_then(|row| Some((Timestamp::parse(row.get(0)?)?, Id::parse(row.get(1)?.as_bytes())?)));
        let mut facts = LogFacts {
            rows_estimate,
            last,
            watermark: self.meta("audit_prune_watermark")?,
            installed_at: self.meta("installed_at")?.and_then(|text| Timestamp::parse(&text)),
            guards: self.guards()?,
            ..LogFacts::default()
        };
        if self.exists("audit_log_legacy_forks")? {
            facts.quarantined_forks = self.count("SELECT count(*) FROM audit_log_legacy_forks")?;
        }
        if self.exists("audit_chain_preparation")? {
            facts.preparation = self.preparation()?;
        }
        if detection.generation.family() == Family::Active {
            facts.states = self.states(detection.has_tally)?;
        }
        Ok(facts)
    }

    /// See [`super::Store::rows_before`].
    pub fn rows_before(&mut self, time: Timestamp) -> Result<u64> {
        self.count(&format!("SELECT count(*) FROM audit_log WHERE occurred_at < {}", literal(time)))
    }

    /// See [`super::Store::scan`].
    pub fn scan(&mut self, scan: &Scan, emit: Emit<'_>) -> Result<ScanEnd> {
        let mut filter = String::new();
        if let Some(since) = scan.since {
            filter.push_str(" AND occurred_at >= ");
            filter.push_str(&literal(since));
        }
        if let Some(until) = scan.until {
            filter.push_str(" AND occurred_at < ");
            filter.push_str(&literal(until));
        }
        let query = format!(
            "SELECT {} FROM audit_log WHERE true{filter} ORDER BY occurred_at, id",
            scan.layout.select_list()
        );
        self.execute(&format!("SET LOCAL statement_timeout = {}", milliseconds(self.options.walk_timeout)))?;
        copy::copy(&mut self.client, &query, scan.layout, &self.cancel, &self.shown, emit)?;
        self.execute(&format!(
            "SET LOCAL statement_timeout = {}",
            milliseconds(self.options.statement_timeout)
        ))?;
        Ok(ScanEnd::Complete)
    }

    /// See [`super::Store::row_before`].
    pub fn row_before(&mut self, time: Timestamp, layout: Layout) -> Result<RowBatch> {
        let mut batch = self.rows(
            layout,
            &format!("WHERE occurred_at < {} ORDER BY occurred_at DESC, id DESC LIMIT 1", literal(time)),
        )?;
        batch.first_position = self.rows_before(time)?;
        Ok(batch)
    }

    /// See [`super::Store::row_by_id`].
    pub fn row_by_id(&mut self, id: Id, layout: Layout) -> Result<RowBatch> {
        let mut batch = self.rows(layout, &format!("WHERE id = '{id}'"))?;
        if !batch.is_empty() {
            batch.first_position = 1 + self.count(&format!(
                "SELECT count(*) FROM audit_log AS log, (SELECT occurred_at, id FROM audit_log WHERE id = '{id}') AS own \
                 WHERE (log.occurred_at, log.id) < (own.occurred_at, own.id)"
            ))?;
        }
        Ok(batch)
    }

    /// See [`super::Store::row_by_position`].
    pub fn row_by_position(&mut self, position: u64, layout: Layout) -> Result<RowBatch> {
        let offset = position.saturating_sub(1).min(i64::MAX.unsigned_abs());
        let mut batch = self.rows(layout, &format!("ORDER BY occurred_at, id LIMIT 1 OFFSET {offset}"))?;
        batch.first_position = position;
        Ok(batch)
    }

    /// See [`super::Store::time_at`].
    pub fn time_at(&mut self, position: u64) -> Result<Option<Timestamp>> {
        let offset = position.saturating_sub(1).min(i64::MAX.unsigned_abs());
        let ordered =
            format!("SELECT occurred_at FROM audit_log ORDER BY occurred_at LIMIT 1 OFFSET {offset}");
        let rows = self.query(&format!("SELECT {} FROM ({ordered}) AS ordered", utc("occurred_at")))?;
        Ok(rows.first().and_then(|row| Timestamp::parse(row.get(0)?)))
    }

    /// See [`super::Store::rows_without_time`].
    pub fn rows_without_time(&mut self) -> Result<u64> {
        self.count("SELECT count(*) FROM audit_log WHERE occurred_at IS NULL")
    }

    /// See [`super::Store::row_behind`].
    pub fn row_behind(&mut self, time: Timestamp, id: Id, layout: Layout) -> Result<RowBatch> {
        let place = format!("({}, '{id}'::uuid)", literal(time));
        self.rows(layout, &format!("WHERE (occurred_at, id) > {place} ORDER BY occurred_at, id LIMIT 1"))
    }

    /// See [`super::Store::newest_rows`].
    pub fn newest_rows(&mut self, layout: Layout, active: bool, limit: u32) -> Result<RowBatch> {
        let filter = if active { "WHERE NOT legacy_frozen" } else { "" };
        self.rows(layout, &format!("{filter} ORDER BY occurred_at DESC, id DESC LIMIT {limit}"))
    }

    /// See [`super::Store::snapshot`].
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            backend: "postgresql",
            isolation: "repeatable-read",
            version: self.version.clone(),
            standby: self.standby,
            changes_during_read: 0,
        }
    }

    fn rows(&mut self, layout: Layout, clause: &str) -> Result<RowBatch> {
        let query = format!("SELECT {} FROM audit_log {clause}", layout.select_list());
        let mut all = RowBatch::new(layout);
        copy::copy(&mut self.client, &query, layout, &self.cancel, &self.shown, &mut |batch| {
            all = batch;
            Ok(RowBatch::new(layout))
        })?;
        Ok(all)
    }

    fn structure(&mut self) -> Result<Structure> {
        let tables = PROBED_TABLES.iter().map(|table| format!("'{table}'")).collect::<Vec<_>>().join(", ");
        // The catalog, unlike information_schema, shows tables that the role may not read.
        let found = self.query(&format!(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
             WHERE c.relname IN ({tables}) AND c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) \
             AND a.attnum > 0 AND NOT a.attisdropped"
        ))?;
        let mut structure = Structure::default();
        for row in &found {
            if let (Some(table), Some(column)) = (row.get(0), row.get(1)) {
                structure.tables.entry(table.to_owned()).or_default().insert(column.to_owned());
            }
        }
        if structure.tables.contains_key("alembic_version") {
            let revisions = self.query("SELECT version_num FROM alembic_version LIMIT 3")?;
            structure.revisions = revisions.iter().filter_map(|row| row.get(0)).map(str::to_owned).collect();
        }
        for (table, count) in [
            ("audit_chain_state", &mut structure.state_rows),
            ("audit_chain_preparation", &mut structure.preparation_rows),
        ] {
            if structure.tables.contains_key(table) {
                *count = self.count(&format!("SELECT count(*) FROM {table}"))?;
            }
        }
        structure.served_by = self.meta("schema_version")?;
        Ok(structure)
    }

    /// A policy that hides rows from the role would look like rows that were removed.
    fn refuse_row_security(&mut self) -> Result<()> {
        let active = self.query("SELECT row_security_active('audit_log'::regclass)")?;
        if active.first().and_then(|row| row.get(0)) == Some("t") {
            return Err(Error::unreachable(
                "database.row-security",
                format!("row-level security hides rows of audit_log from this role of {}", self.shown),
            )
            .hint("use a role with BYPASSRLS, or the owner of the table; nothing was checked"));
        }
        Ok(())
    }

    /// The binary form can only be read when every column has the type that z4j gives it.
    fn check_types(&mut self, detection: &Detection) -> Result<()> {
        let found = self.query(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute \
             WHERE attrelid = 'audit_log'::regclass AND attnum > 0 AND NOT attisdropped",
        )?;
        for column in Layout::new(detection.has_api_key_id, detection.has_markers).columns() {
            let expected: &[&str] = match column {
                Column::Id
                | Column::EventId
                | Column::UserId
                | Column::ProjectId
                | Column::ApiKeyId
                | Column::ChainGeneration => &["uuid"],
                Column::OccurredAt => &["timestamp with time zone"],
                Column::Metadata => &["jsonb"],
                Column::SourceIp => &["inet"],
                Column::LegacyFrozen => &["boolean"],
                Column::HmacVersion => &["integer"],
                _ => &["character varying", "text"],
            };
            let name = column.name();
            let kind = found.iter().find(|row| row.get(0) == Some(name)).and_then(|row| row.get(1));
            if !kind.is_some_and(|kind| expected.contains(&kind)) {
                return Err(Error::refused(
                    "schema.audit-log",
                    format!("column audit_log.{name} is {}, not {}", kind.unwrap_or("missing"), expected[0]),
                )
                .hint("this schema is not understood; nothing was checked"));
            }
        }
        Ok(())
    }

    fn exists(&mut self, table: &str) -> Result<bool> {
        Ok(self
            .query(&format!("SELECT to_regclass('{table}') IS NOT NULL"))?
            .first()
            .and_then(|row| row.get(0))
            == Some("t"))
    }

    fn meta(&mut self, key: &str) -> Result<Option<String>> {
        if !self.exists("z4j_meta")? {
            return Ok(None);
        }
        let rows = self.query(&format!("SELECT value FROM z4j_meta WHERE key = '{key}'"))?;
        Ok(rows.first().and_then(|row| row.get(0)).map(str::to_owned))
    }

    fn states(&mut self, has_tally: bool) -> Result<Vec<StoredState>> {
        let tally = if has_tally { "observed_active_row_count" } else { "NULL" };
        let rows = self.query(&format!(
            "SELECT format_version, generation, installation_id, state_key_id, head_row_hmac, head_hmac_key_id, \
             {}, head_id, prune_row_hmac, prune_hmac_key_id, {}, prune_id, active_row_count, active_key_counts, \
             frozen_row_count, frozen_snapshot_digest, retired_recovery_binding, state_mac, {tally} \
             FROM audit_chain_state LIMIT 2",
            utc("head_occurred_at"),
            utc("prune_occurred_at"),
        ))?;
        Ok(rows
            .iter()
            .map(|row| {
                let text = |index| row.get(index).map(str::to_owned);
                let integer = |index| row.get(index).and_then(|text: &str| text.parse().ok());
                let quartet = |first| StoredQuartet {
                    row_hmac: text(first),
                    hmac_key_id: text(first + 1),
                    occurred_at: text(first + 2),
                    id: text(first + 3),
                };
                StoredState {
                    format_version: integer(0),
                    generation: text(1),
                    installation_id: text(2),
                    state_key_id: text(3),
                    head: quartet(4),
                    prune: quartet(8),
                    active_row_count: integer(12),
                    active_key_counts: text(13),
                    frozen_row_count: integer(14),
                    frozen_snapshot_digest: text(15),
                    retired_recovery_binding: text(16),
                    state_mac: text(17),
                    observed_active_row_count: integer(18),
                }
            })
            .collect())
    }

    fn preparation(&mut self) -> Result<Option<Preparation>> {
        let rows = self.query(
            "SELECT format_version, singleton_id, preparation_id, audit_key_id, preparation_revision, \
             target_activation_revision, preparation_mac FROM audit_chain_preparation LIMIT 1",
        )?;
        Ok(rows.first().map(|row| {
            let text = |index| row.get(index).unwrap_or_default().to_owned();
            Preparation {
                format_version: row.get(0).and_then(|text| text.parse().ok()),
                singleton_id: text(1),
                preparation_id: text(2),
                audit_key_id: text(3),
                preparation_revision: text(4),
                target_activation_revision: text(5),
                preparation_mac: text(6),
            }
        }))
    }

    fn guards(&mut self) -> Result<Vec<FoundGuard>> {
        let relations = "(to_regclass('audit_log'), to_regclass('audit_chain_state'))";
        let rows = self.query(&format!(
            "SELECT t.tgname::text, p.prosrc, t.tgenabled::text, \
             CASE WHEN t.tgqual IS NULL AND t.tgattr = ''::int2vector THEN t.tgtype::int ELSE -1 END FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid \
             WHERE t.tgrelid IN {relations} AND NOT t.tgisinternal \
             UNION ALL SELECT c.relname::text, substring(pg_get_indexdef(i.indexrelid) FROM 'USING .*'), 'O', 0 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
             WHERE i.indrelid IN {relations} AND i.indisunique AND i.indisvalid \
             UNION ALL SELECT conname::text, pg_get_constraintdef(oid), CASE WHEN convalidated THEN 'O' ELSE 'D' END, 0 FROM pg_constraint \
             WHERE conrelid IN {relations} AND contype = 'c'"
        ))?;
        Ok(rows
            .iter()
            .filter_map(|row| {
                Some(FoundGuard {
                    name: row.get(0)?.to_owned(),
                    body: row.get(1).map(str::to_owned),
                    enabled: row.get(2)?.chars().next()?,
                    kind: row.get(3)?.parse().ok()?,
                })
            })
            .collect())
    }

    fn count(&mut self, sql: &str) -> Result<u64> {
        let rows = self.query(sql)?;
        rows.first()
            .and_then(|row| row.get(0))
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Error::bug(format!("no count from {sql}")))
    }

    fn query(&mut self, sql: &str) -> Result<Vec<SimpleQueryRow>> {
        self.cancel.check()?;
        let messages = self.client.simple_query(sql).map_err(|error| failed(&self.shown, &error))?;
        Ok(messages
            .into_iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(row),
                _ => None,
            })
            .collect())
    }

    fn execute(&mut self, sql: &str) -> Result<()> {
        self.client.batch_execute(sql).map_err(|error| failed(&self.shown, &error))
    }
}

/// A `timestamptz` column as text in UTC, whatever the session's settings.
fn utc(column: &str) -> String {
    format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')")
}

fn literal(time: Timestamp) -> String {
    format!("timestamptz '{}'", time.canonical())
}

/// A timeout for `SET`, in milliseconds; 0 is none.
fn milliseconds(timeout: Option<Duration>) -> u128 {
    timeout.map_or(0, |timeout| timeout.as_millis().clamp(1, i32::MAX.unsigned_abs().into()))
}
