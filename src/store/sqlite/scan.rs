//! Reading the rows of a log in chain order, in chunks.
//!
//! Chain order is the order of (`occurred_at`, `id`), and as long as nobody meddles it is also the order in which
//! the rows were written, which SQLite reads about twice as fast: no index, no look-up, no sorting. So rows are read
//! in storage order first, and the first one that does not follow its predecessor makes the caller start again in
//! chain order proper.

use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{OptionalExtension as _, Row};

use super::SqliteStore;
use crate::error::Result;
use crate::format::{Id, Timestamp};
use crate::store::batch::{RowBatch, Storage};
use crate::store::{BATCH_BYTES, BATCH_ROWS, Emit, Scan, ScanEnd};

/// Rows that are read under one shared lock in rollback-journal mode; some 20 ms.
const CHUNK_ROWS: i64 = 16_384;

/// Entries of an index that are read under one shared lock; about as long.
const CHUNK_ENTRIES: i64 = 8 * CHUNK_ROWS;

/// Whether rows are read as they are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Order {
    /// Yes, as long as each follows its predecessor.
    #[default]
    Stored,
    /// Yes: it is known that each does.
    Proved,
    /// No: a row was seen that does not, or nobody may find one.
    Chain,
}

/// Where a snapshot ends, and how its rows can be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Extent {
    /// Time and id, as stored, of the newest row.
    last: Option<(Stored, Stored)>,
    /// The last row that was written; `None` when the table has no row ids.
    last_row_id: Option<i64>,
    /// Whether an index leads to a place in chain order.
    indexed: bool,
    order: Order,
}

impl Extent {
    /// About how many rows there are: as many as were ever written, less what retention removed.
    pub(super) fn rows_estimate(&self) -> u64 {
        self.last_row_id.and_then(|row_id| u64::try_from(row_id).ok()).unwrap_or(0)
    }

    /// Time and id of the newest row.
    pub(super) fn newest(&self) -> Option<(Timestamp, Id)> {
        let (Stored::Text(time), Stored::Text(id)) = self.last.as_ref()? else { return None };
        Some((Timestamp::parse_bytes(time)?, Id::parse(id)?))
    }
}

/// A place in a scan: after this row.
#[derive(Debug, Clone)]
enum Place {
    /// In storage order.
    RowId(i64),
    /// In chain order: time and id as stored.
    Key(Stored, Stored),
}

/// A value to be compared with the column that it came from. Text is kept as its bytes: somebody may have stored what
/// is no text, and the log must be readable all the same.
#[derive(Debug, Clone)]
enum Stored {
    Text(Vec<u8>),
    Other(Value),
}

impl Stored {
    fn text(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }

    fn integer(value: i64) -> Self {
        Self::Other(Value::Integer(value))
    }
}

impl From<ValueRef<'_>> for Stored {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Text(bytes) => Self::Text(bytes.to_vec()),
            ValueRef::Null => Self::Other(Value::Null),
            ValueRef::Integer(value) => Self::integer(value),
            ValueRef::Real(value) => Self::Other(Value::Real(value)),
            ValueRef::Blob(bytes) => Self::Other(Value::Blob(bytes.to_vec())),
        }
    }
}

impl ToSql for Stored {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(bytes) => ValueRef::Text(bytes),
            Self::Other(value) => ValueRef::from(value),
        }))
    }
}

impl SqliteStore {
    /// See [`crate::store::Store::scan`].
    pub fn scan(&mut self, scan: &Scan, emit: Emit<'_>) -> Result<ScanEnd> {
        let by_row_id = self.reads_by_row_id(scan);
        // Without an index every chunk in chain order would sort the whole log.
        let limit = if self.held || !(by_row_id || self.extent.indexed) { i64::MAX } else { CHUNK_ROWS };
        let mut reader =
            Reader { batch: RowBatch::new(scan.layout), position: 1, previous: Vec::new(), emit };
        let mut after = None;
        loop {
            self.cancel.check()?;
            let (statement, values) = self.statement(scan, by_row_id, after.as_ref(), limit);
            let Some((read, last)) = self.chunk(&statement, values, by_row_id, scan, &mut reader)? else {
                self.extent.order = Order::Chain;
                return Ok(ScanEnd::OutOfOrder);
            };
            self.notice_changes()?;
            if read < limit {
                break;
            }
            after = last;
        }
        if !reader.batch.is_empty() {
            (reader.emit)(reader.batch)?;
        }
        if let Some(fingerprint) = &self.fingerprint {
            fingerprint.check(&self.path)?;
        }
        Ok(ScanEnd::Complete)
    }

    /// See [`crate::store::Store::read_in_order`].
    pub fn read_in_order(&mut self) {
        self.extent.order = Order::Chain;
    }

    /// See [`crate::store::Store::settle_order`].
    pub fn settle_order(&mut self, scan: &Scan) -> Result<()> {
        if self.extent.order == Order::Stored && self.reads_by_row_id(scan) {
            self.extent.order = if self.is_stored_in_order()? { Order::Proved } else { Order::Chain };
        }
        Ok(())
    }

    /// Whether the index on times meets the rows in the order in which they are stored, each at a time of its own. It
    /// holds nothing but times and row ids, so this takes a fraction of a scan. Two rows of one time are in the order of
    /// their ids, which the index does not know.
    fn is_stored_in_order(&self) -> Result<bool> {
        const SQL: &str = "SELECT occurred_at, rowid FROM audit_log INDEXED BY ix_audit_log_occurred_at \
                           WHERE rowid <= ? AND (occurred_at, rowid) > (?, ?) ORDER BY occurred_at, rowid LIMIT ?";
        // What sorts before all text is no time, and NULL has no place in chain order.
        const ODD: &str =
            "SELECT EXISTS (SELECT 1 FROM audit_log WHERE occurred_at IS NULL OR occurred_at < '')";
        let Some(newest) = self.extent.last_row_id.filter(|_| self.extent.indexed) else { return Ok(false) };
        let fail = |error: rusqlite::Error| self.interrupted_or(&error);
        if self.connection.query_row(ODD, [], |row| row.get(0)).map_err(fail)? {
            return Ok(false);
        }
        // An index of that name on something else is no help.
        let Ok(mut statement) = self.connection.prepare(SQL) else { return Ok(false) };
        let mut last = (Vec::new(), i64::MIN);
        loop {
            self.cancel.check()?;
            let place = rusqlite::params![newest, Stored::Text(last.0.clone()), last.1, CHUNK_ENTRIES];
            let mut rows = statement.query(place).map_err(fail)?;
            let mut read = 0;
            while let Some(row) = rows.next().map_err(fail)? {
                let (ValueRef::Text(time), row_id) =
                    (row.get_ref(0).map_err(fail)?, row.get(1).map_err(fail)?)
                else {
                    return Ok(false);
                };
                if row_id <= last.1 || time <= last.0.as_slice() {
                    return Ok(false);
                }
                last.0.clear();
                last.0.extend_from_slice(time);
                last.1 = row_id;
                read += 1;
            }
            if read < CHUNK_ENTRIES {
                return Ok(true);
            }
        }
    }

    /// Windows are found through the index, so they are read in chain order from the start.
    fn reads_by_row_id(&self, scan: &Scan) -> bool {
        self.extent.order != Order::Chain
            && self.extent.last_row_id.is_some()
            && scan.since.is_none()
            && scan.until.is_none()
    }

    fn statement(
        &self,
        scan: &Scan,
        by_row_id: bool,
        after: Option<&Place>,
        limit: i64,
    ) -> (String, Vec<Stored>) {
        let columns = scan.layout.select_list();
        let mut sql = if by_row_id {
            format!("SELECT {columns}, rowid FROM audit_log NOT INDEXED WHERE 1")
        } else {
            format!("SELECT {columns} FROM audit_log WHERE 1")
        };
        let mut values: Vec<Stored> = Vec::new();
        let mut restrict = |clause: &str, bound: &[Stored]| {
            sql.push_str(clause);
            values.extend_from_slice(bound);
        };
        match after {
            None => {}
            Some(Place::RowId(row_id)) => restrict(" AND rowid > ?", &[Stored::integer(*row_id)]),
            Some(Place::Key(time, id)) => {
                restrict(" AND (occurred_at, id) > (?, ?)", &[time.clone(), id.clone()]);
            }
        }
        if by_row_id {
            let last = self.extent.last_row_id.unwrap_or(i64::MAX);
            restrict(
                " AND rowid <= ? ORDER BY rowid LIMIT ?",
                &[Stored::integer(last), Stored::integer(limit)],
            );
            return (sql, values);
        }
        // A window that ends before the newest row needs no second end: SQLite would look for rows up to that one.
        let until = scan.until.map(Timestamp::sqlite);
        let ends_before = |time: &Stored| match (&until, time) {
            (Some(until), Stored::Text(time)) => until.as_bytes() <= time.as_slice(),
            _ => false,
        };
        if let Some((time, id)) = self.extent.last.as_ref().filter(|(time, _)| !ends_before(time)) {
            restrict(" AND (occurred_at, id) <= (?, ?)", &[time.clone(), id.clone()]);
        }
        if let Some(since) = scan.since {
            restrict(" AND occurred_at >= ?", &[Stored::text(&since.sqlite())]);
        }
        if let Some(until) = &until {
            restrict(" AND occurred_at < ?", &[Stored::text(until)]);
        }
        restrict(" ORDER BY occurred_at, id LIMIT ?", &[Stored::integer(limit)]);
        (sql, values)
    }

    /// Reads one chunk; gives the number of rows and the place where it ended, or `None` when a row does not follow
    /// its predecessor.
    fn chunk(
        &self,
        sql: &str,
        values: Vec<Stored>,
        by_row_id: bool,
        scan: &Scan,
        reader: &mut Reader<'_>,
    ) -> Result<Option<(i64, Option<Place>)>> {
        let fail = |error: rusqlite::Error| self.interrupted_or(&error);
        let mut statement = self.connection.prepare(sql).map_err(fail)?;
        let columns = scan.layout.columns().len();
        let is_checked = by_row_id && self.extent.order == Order::Stored;
        let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(fail)?;
        let mut read = 0;
        let mut last = None;
        while let Some(row) = rows.next().map_err(fail)? {
            if is_checked && !reader.follows(row) {
                return Ok(None);
            }
            push_row(row, columns, &mut reader.batch);
            read += 1;
            reader.position += 1;
            if reader.batch.len() >= BATCH_ROWS || reader.batch.byte_len() >= BATCH_BYTES {
                let full = std::mem::replace(&mut reader.batch, RowBatch::new(scan.layout));
                reader.batch = (reader.emit)(full)?;
                reader.batch.clear(reader.position);
            }
            if read == CHUNK_ROWS {
                last = Some(if by_row_id {
                    Place::RowId(row.get(columns).map_err(fail)?)
                } else {
                    Place::Key(row.get_ref(1).map_err(fail)?.into(), row.get_ref(0).map_err(fail)?.into())
                });
            }
        }
        Ok(Some((read, last)))
    }

    /// Finds out where the log ends at this moment.
    pub(super) fn read_extent(&self) -> Result<Extent> {
        let fail = |error: rusqlite::Error| self.interrupted_or(&error);
        let last = self
            .connection
            .query_row(
                // Without the condition SQLite reads and sorts the whole log.
                "SELECT occurred_at, id FROM audit_log WHERE occurred_at = (SELECT max(occurred_at) FROM audit_log) \
                 ORDER BY id DESC LIMIT 1",
                [],
                |row| Ok((row.get_ref(0)?.into(), row.get_ref(1)?.into())),
            )
            .optional()
            .map_err(fail)?;
        // A table that was rebuilt without row ids has none; then chain order it is.
        let last_row_id = self
            .connection
            .query_row("SELECT max(rowid) FROM audit_log", [], |row| row.get::<_, Option<i64>>(0))
            .unwrap_or_default();
        let indexed = self
            .connection
            .query_row(
                "SELECT count(*) > 0 FROM sqlite_master WHERE type = 'index' AND name = 'ix_audit_log_occurred_at'",
                [],
                |row| row.get(0),
            )
            .map_err(fail)?;
        let order = if self.extent.order == Order::Chain { Order::Chain } else { Order::Stored };
        Ok(Extent { last, last_row_id, indexed, order })
    }
}

struct Reader<'e> {
    batch: RowBatch,
    position: u64,
    /// Time and id of the row before, one after the other.
    previous: Vec<u8>,
    emit: Emit<'e>,
}

impl Reader<'_> {
    /// Whether a row comes after the one before it in chain order. Only rows whose time and id have the form
    /// that z4j writes can be compared this way; any other one does not follow.
    fn follows(&mut self, row: &Row<'_>) -> bool {
        /// `YYYY-MM-DD HH:MM:SS.ffffff`
        const TIME: usize = 26;
        /// 32 digits.
        const ID: usize = 32;
        let (Ok(ValueRef::Text(id)), Ok(ValueRef::Text(time))) = (row.get_ref(0), row.get_ref(1)) else {
            return false;
        };
        if time.len() != TIME || id.len() != ID {
            return false;
        }
        let follows =
            self.previous.is_empty() || (time, id) > (&self.previous[..TIME], &self.previous[TIME..]);
        self.previous.clear();
        self.previous.extend_from_slice(time);
        self.previous.extend_from_slice(id);
        follows
    }
}

/// Adds a row to a batch.
pub(super) fn push_row(row: &Row<'_>, columns: usize, batch: &mut RowBatch) {
    for index in 0..columns {
        match row.get_ref_unwrap(index) {
            ValueRef::Null => batch.push(Storage::Null, &[]),
            ValueRef::Integer(value) => batch.push(Storage::Integer, &value.to_le_bytes()),
            ValueRef::Real(value) => batch.push(Storage::Real, &value.to_le_bytes()),
            ValueRef::Text(text) => batch.push(Storage::Text, text),
            ValueRef::Blob(bytes) => batch.push(Storage::Blob, bytes),
        }
    }
}
