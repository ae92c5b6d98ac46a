//! The database of a brain: SQLite and PostgreSQL behind one face.
//!
//! A [`Store`] reads: from one snapshot, without a lock that a brain waits for. Only a
//! [`WriteStore`](write::WriteStore) writes, in one transaction.
//! What differs between the two databases lives in [`sqlite`] and [`postgres`]; what a schema means lives in
//! [`generation`] and [`guards`].

pub mod batch;
pub mod create;
pub mod fault;
pub mod generation;
pub mod guards;
mod others;
pub mod postgres;
pub mod sqlite;
pub mod transition;
pub mod value;
pub mod write;

use std::time::Duration;

use serde::Serialize;

use crate::config::Database;
use crate::context::Cancel;
use crate::error::Result;
use crate::format::state::{Preparation, StoredState};
use crate::format::{Id, Timestamp};
use batch::{Layout, RowBatch};
use generation::Detection;
use guards::FoundGuard;

/// Rows of one batch, and bytes after which a batch is full before that: what a reader holds at a time.
pub const BATCH_ROWS: usize = 512;
/// See [`BATCH_ROWS`].
pub const BATCH_BYTES: usize = 1 << 20;

/// How patient to be.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions {
    /// How long to wait for a lock that somebody else holds.
    pub lock_timeout: Duration,
    /// Limit of one ordinary statement; `None` is no limit.
    pub statement_timeout: Option<Duration>,
    /// Limit of the walk over the whole log; `None` is no limit.
    pub walk_timeout: Option<Duration>,
    /// Bytes that must be free beside a SQLite file before anything is written to it; `None` is the default.
    pub minimum_free: Option<u64>,
}

/// An open database.
#[derive(Debug)]
pub enum Store {
    /// A SQLite file.
    Sqlite(Box<sqlite::SqliteStore>),
    /// A PostgreSQL server.
    Postgres(Box<postgres::PostgresStore>),
}

/// What is known of a log before its rows are read, all from one snapshot.
#[derive(Debug, Clone, Default)]
pub struct LogFacts {
    /// About how many rows there are, for a progress bar: what the database knows without counting.
    pub rows_estimate: u64,
    /// Rows that have no place in chain order, because their time or id is NULL; SQLite only, in PostgreSQL they
    /// come last.
    pub unplaced_rows: u64,
    /// Time and id of the newest row: what comes after it is not part of this snapshot.
    pub last: Option<(Timestamp, Id)>,
    /// The rows of `audit_chain_state`; exactly one when all is well, none before 1.8.
    pub states: Vec<StoredState>,
    /// The row of `audit_chain_preparation`, while an upgrade is parked.
    pub preparation: Option<Preparation>,
    /// `z4j_meta.audit_prune_watermark`.
    pub watermark: Option<String>,
    /// `z4j_meta.installed_at`.
    pub installed_at: Option<Timestamp>,
    /// Rows in `audit_log_legacy_forks`, where that table exists.
    pub quarantined_forks: u64,
    /// The guards around the log.
    pub guards: Vec<FoundGuard>,
}

/// Which rows to read, in chain order.
#[derive(Debug, Clone, Copy)]
pub struct Scan {
    /// Which columns.
    pub layout: Layout,
    /// Not before this time.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// How a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum ScanEnd {
    /// All rows were handed over, in chain order.
    Complete,
    /// The rows are not stored in chain order: what was handed over so far counts for nothing, the next scan reads
    /// them in order.
    OutOfOrder,
}

/// What the rows were read from.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// `sqlite` or `postgresql`.
    pub backend: &'static str,
    /// How consistency was had: `read-transaction`, `repeatable-read`, `bounded-chunks`, `immutable`.
    pub isolation: &'static str,
    /// Server or library version.
    pub version: String,
    /// PostgreSQL: whether the server is a standby.
    pub standby: bool,
    /// How often the database changed while it was read (SQLite in rollback-journal mode).
    pub changes_during_read: u64,
}

/// Takes a full batch and gives an empty one to fill.
pub type Emit<'a> = &'a mut dyn FnMut(RowBatch) -> Result<RowBatch>;

macro_rules! on_each {
    ($self:expr, $store:ident => $call:expr) => {
        match $self {
            Store::Sqlite($store) => $call,
            Store::Postgres($store) => $call,
        }
    };
}

impl Store {
    /// Opens a database for reading. Fails with the reason a person can act on: no such file, not a
    /// database, no connection, wrong password.
    pub fn open(database: &Database, options: OpenOptions, cancel: &Cancel) -> Result<Self> {
        match database {
            Database::Sqlite { path } => {
                sqlite::SqliteStore::open(path, options, cancel).map(|store| Self::Sqlite(Box::new(store)))
            }
            Database::Postgres(target) => postgres::PostgresStore::open(target, options, cancel)
                .map(|store| Self::Postgres(Box::new(store))),
        }
    }

    /// Opens a database to read a few tables at one moment; a writer of a SQLite file has to wait meanwhile.
    pub fn read_tables(
        database: &Database,
        options: OpenOptions,
        cancel: &Cancel,
    ) -> Result<(Self, Detection)> {
        let mut store = Self::open(database, options, cancel)?;
        store.hold_snapshot()?;
        let detection = store.detect()?;
        Ok((store, detection))
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Finds out which generation this is; begins the snapshot.
    pub fn detect(&mut self) -> Result<Detection> {
        on_each!(self, store => store.detect())
    }

    /// Reads what is to be known before the rows.
    pub fn facts(&mut self, detection: &Detection) -> Result<LogFacts> {
        on_each!(self, store => store.facts(detection))
    }

    /// Number of rows of the log.
    pub fn count_rows(&mut self) -> Result<u64> {
        self.rows_before(Timestamp::MAX)
    }

    /// Number of rows before a time.
    pub fn rows_before(&mut self, time: Timestamp) -> Result<u64> {
        on_each!(self, store => store.rows_before(time))
    }

    /// Reads rows in chain order and hands them over in batches.
    pub fn scan(&mut self, scan: &Scan, emit: Emit<'_>) -> Result<ScanEnd> {
        on_each!(self, store => store.scan(scan, emit))
    }

    /// The last row before a time, to link a window to what precedes it.
    pub fn row_before(&mut self, time: Timestamp, layout: Layout) -> Result<RowBatch> {
        on_each!(self, store => store.row_before(time, layout))
    }

    /// The row with an id, and its 1-based position in the log.
    pub fn row_by_id(&mut self, id: Id, layout: Layout) -> Result<RowBatch> {
        on_each!(self, store => store.row_by_id(id, layout))
    }

    /// The row at a 1-based position in chain order.
    pub fn row_by_position(&mut self, position: u64, layout: Layout) -> Result<RowBatch> {
        on_each!(self, store => store.row_by_position(position, layout))
    }

    /// The time of the row at a 1-based position in chain order; `None` when there is no such row, or its time cannot
    /// be read. Reads nothing but an index.
    pub fn time_at(&mut self, position: u64) -> Result<Option<Timestamp>> {
        on_each!(self, store => store.time_at(position))
    }

    /// Rows whose time is NULL: no window of time holds them.
    pub fn rows_without_time(&mut self) -> Result<u64> {
        on_each!(self, store => store.rows_without_time())
    }

    /// The first row behind a place in chain order. Its position is not known.
    pub fn row_behind(&mut self, time: Timestamp, id: Id, layout: Layout) -> Result<RowBatch> {
        on_each!(self, store => store.row_behind(time, id, layout))
    }

    /// The newest row; with `active` the newest one that is not frozen.
    pub fn last_row(&mut self, layout: Layout, active: bool) -> Result<RowBatch> {
        self.newest_rows(layout, active, 1)
    }

    /// The newest rows, the newest first; with `active` of those that are not frozen. Their positions are not known.
    pub fn newest_rows(&mut self, layout: Layout, active: bool, limit: u32) -> Result<RowBatch> {
        on_each!(self, store => store.newest_rows(layout, active, limit))
    }

    /// From now on read in one read transaction, even if a writer of a SQLite file has to wait.
    pub fn hold_snapshot(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(store) => store.hold_snapshot(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// From now on read rows in chain order from the start, so that no scan ends [`ScanEnd::OutOfOrder`]; slower in SQLite.
    pub fn read_in_order(&mut self) {
        if let Self::Sqlite(store) = self {
            store.read_in_order();
        }
    }

    /// The same where it is needed: finds out whether the rows of the snapshot are stored in chain order, which costs a
    /// fraction of reading them. Then this scan does not end [`ScanEnd::OutOfOrder`] until facts are read again.
    pub fn settle_order(&mut self, scan: &Scan) -> Result<()> {
        match self {
            Self::Sqlite(store) => store.settle_order(scan),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Ends what [`Store::hold_snapshot`] began where a writer would wait for it: a SQLite file without a write-ahead
    /// log. What is read from now on may be newer.
    pub fn release_snapshot(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(store) => store.release_snapshot(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// What is being read.
    pub fn snapshot(&self) -> Snapshot {
        on_each!(self, store => store.snapshot())
    }
}
