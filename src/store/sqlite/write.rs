//! Writing to a SQLite file, and reading its ordinary tables.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use rusqlite::ffi::ErrorCode;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, params, params_from_iter};

use super::open::{self, Mode, failed};
use super::{SqliteStore, scan};
use crate::context::Cancel;
use crate::error::{Error, Result};
use crate::store::OpenOptions;
use crate::store::generation::{Detection, Generation};
use crate::store::transition::Transition;
use crate::store::value::{Cell, Row, Value};

/// Free space below which nothing is written: the journal of a transaction and what a brain writes meanwhile.
const DEFAULT_MINIMUM_FREE: u64 = 16 << 20;

/// How long to wait before the lock of a file is tried again: about what a transaction takes.
const STEP: Duration = Duration::from_millis(20);

/// Which transition the guards let pass: 0 is none.
#[derive(Debug, Clone, Default)]
pub(super) struct Armed(std::sync::Arc<AtomicU8>);

impl Armed {
    fn set(&self, transition: Option<Transition>) {
        let number = match transition {
            None => 0,
            Some(Transition::Append) => 1,
            Some(Transition::KeyRotation) => 2,
            Some(Transition::Retention) => 3,
        };
        self.0.store(number, Ordering::Relaxed);
    }

    fn get(&self) -> Option<Transition> {
        match self.0.load(Ordering::Relaxed) {
            1 => Some(Transition::Append),
            2 => Some(Transition::KeyRotation),
            3 => Some(Transition::Retention),
            _ => None,
        }
    }
}

impl SqliteStore {
    /// Opens a file for writing; the transaction begins with [`SqliteStore::begin`].
    pub fn open_for_writing(path: &Path, options: OpenOptions, cancel: &Cancel) -> Result<Self> {
        let file = open::check_readable(path)?;
        check_free(path, &file, options.minimum_free.unwrap_or(DEFAULT_MINIMUM_FREE))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&file, flags).map_err(|error| failed(path, &error))?;
        if connection.is_readonly("main").map_err(|error| failed(path, &error))? {
            return Err(read_only(path));
        }
        let armed = Armed::default();
        connection
            .busy_timeout(options.lock_timeout)
            .and_then(|()| {
                // The schema's own triggers run, functions that somebody put into it do not.
                connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL")?;
                register_guards(&connection, &armed)
            })
            .map_err(|error| failed_writing(path, &error))?;
        let mode = if open::is_wal(&file)? { Mode::Wal } else { Mode::Rollback };
        Ok(Self {
            connection,
            path: path.to_owned(),
            mode,
            cancel: cancel.clone(),
            held: false,
            extent: scan::Extent::default(),
            data_version: 0,
            changes: 0,
            fingerprint: None,
            columns: HashMap::new(),
            armed,
        })
    }

    /// Finishes what somebody left in the middle of a write: SQLite rolls a hot journal back for whoever opens the file to
    /// write. Does nothing where there is no journal, and waits for a writer that is at work.
    pub fn roll_back_journal(path: &Path, options: OpenOptions, cancel: &Cancel) -> Result<()> {
        if !open::has_journal(path) {
            return Ok(());
        }
        let store = Self::open_for_writing(path, options, cancel)?;
        store
            .connection
            .execute_batch("BEGIN IMMEDIATE; ROLLBACK")
            .map_err(|error| failed_writing(path, &error))
    }

    /// Begins the transaction, with foreign keys as this generation's brain has them: switched on in a file of 1.7
    /// or before, deleting a user would change signed rows (schema, rule 5).
    ///
    /// Waits for the lock in steps of one length. SQLite's own steps grow, so that whoever has waited long tries less
    /// often than whoever comes, and may never have its turn among several writers.
    pub fn begin(&mut self, detection: &Detection, lock_timeout: Duration) -> Result<()> {
        let enforced = matches!(detection.generation, Generation::F | Generation::G | Generation::H);
        let sql = format!("PRAGMA foreign_keys = {}", if enforced { "ON" } else { "OFF" });
        self.connection
            .execute_batch(&sql)
            .and_then(|()| self.connection.busy_timeout(Duration::ZERO))
            .map_err(|error| failed_writing(&self.path, &error))?;
        let since = Instant::now();
        while let Err(error) = self.connection.execute_batch("BEGIN IMMEDIATE") {
            if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) || since.elapsed() >= lock_timeout {
                return Err(failed_writing(&self.path, &error));
            }
            self.cancel.check()?;
            std::thread::sleep(STEP);
        }
        self.held = true;
        self.connection.busy_timeout(lock_timeout).map_err(|error| failed_writing(&self.path, &error))
    }

    /// See [`crate::store::write::WriteStore::arm`].
    pub fn arm(&mut self, transition: Transition) {
        self.armed.set(Some(transition));
    }

    /// Does what a commit does first: syncs the journal and writes the changed pages into the file, from which nothing
    /// but the journal can take them out again.
    pub fn begin_commit(&self) {
        // Who comes after this dies; a failure leaves one more of the states before the commit.
        let _ = self.connection.cache_flush();
    }

    /// Commits.
    pub fn commit(&mut self) -> Result<()> {
        self.armed.set(None);
        self.connection.execute_batch("COMMIT").map_err(|error| failed_writing(&self.path, &error))?;
        self.held = false;
        Ok(())
    }

    /// Runs a statement and gives the number of rows that it changed.
    pub fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        self.cancel.check()?;
        let stored = values.iter().map(Value::sqlite);
        let changed = self
            .connection
            .execute(sql, params_from_iter(stored))
            .map_err(|error| failed_writing(&self.path, &error))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    /// See [`crate::store::Store::query`].
    pub fn select(&mut self, table: &str, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let mut statement = self.connection.prepare(sql).map_err(|error| self.interrupted_or(&error))?;
        let names = statement.column_names();
        let columns: HashMap<String, usize> =
            names.iter().enumerate().map(|(at, name)| ((*name).to_owned(), at)).collect();
        let (columns, table, width) = (Rc::new(columns), Rc::from(table), names.len());
        let mut rows = statement
            .query(params_from_iter(values.iter().map(Value::sqlite)))
            .map_err(|error| self.interrupted_or(&error))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|error| self.interrupted_or(&error))? {
            let cells = (0..width)
                .map(|at| row.get_ref(at).map(cell))
                .collect::<Result<Vec<Cell>, _>>()
                .map_err(|error| self.interrupted_or(&error))?;
            found.push(Row::new(&table, &columns, cells));
        }
        Ok(found)
    }

    /// See [`crate::store::Store::columns`].
    pub fn columns(&mut self, table: &str) -> Result<Arc<BTreeSet<String>>> {
        if let Some(known) = self.columns.get(table) {
            return Ok(Arc::clone(known));
        }
        let names = self.texts("SELECT name FROM pragma_table_info(?1)", params![table])?;
        let found = Arc::new(names.into_iter().collect::<BTreeSet<String>>());
        self.columns.insert(table.to_owned(), Arc::clone(&found));
        Ok(found)
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Real(value) => Cell::Real(value),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Cell::Text(text.to_owned()),
            Err(_) => Cell::Bytes(bytes.to_vec()),
        },
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
    }
}

/// The functions that the triggers of 1.8 and later call (schema, section 7.1). Audit rows pass while a transition is
/// armed; the ledgers of schedules are never written here.
fn register_guards(connection: &Connection, armed: &Armed) -> rusqlite::Result<()> {
    let refuse = |what: &str| rusqlite::Error::UserFunctionError(what.to_owned().into());
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    let armed = armed.clone();
    connection.create_scalar_function("z4j_audit_guard", 2, flags, move |call| {
        let operation: String = call.get(0)?;
        match armed.get() {
            Some(transition) if transition.permits(&operation) => Ok(1),
            _ => Err(refuse("z4jctl: this transaction does not write to the audit log")),
        }
    })?;
    connection.create_scalar_function("z4j_schedule_guard", 8, flags, move |call| {
        let mode: String = call.get(0)?;
        if mode == "is_reset" { Ok(0) } else { Err(refuse("z4jctl does not write to schedules")) }
    })?;
    connection.create_scalar_function("z4j_schedule_external_guard", 8, flags, move |_| {
        Err::<i64, _>(refuse("z4jctl does not write to schedules"))
    })
}

/// Refuses to begin what a full disk would end half way.
fn check_free(path: &Path, file: &Path, minimum: u64) -> Result<()> {
    let Ok(found) = rustix::fs::statvfs(file) else { return Ok(()) };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    if free >= minimum {
        return Ok(());
    }
    Err(Error::refused(
        "database.disk-full",
        format!("{} MiB are free beside {}, {} MiB are demanded", free >> 20, path.display(), minimum >> 20),
    )
    .hint("make room first; --min-free MIB demands less. Nothing was written"))
}

fn read_only(path: &Path) -> Error {
    Error::refused("database.read-only", format!("{} may not be written to", path.display())).hint(
        "run as the user that owns it, such as the brain's own, and not on a copy or mount that is read-only",
    )
}

/// Errors of writing, which mean something else than those of reading.
fn failed_writing(path: &Path, error: &rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(failure, text) = error else { return failed(path, error) };
    let shown = path.display();
    let reason = text.clone().unwrap_or_else(|| error.to_string());
    match failure.code {
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => read_only(path),
        ErrorCode::DiskFull => {
            Error::refused("database.disk-full", format!("no room to write to {shown}; nothing was written"))
                .hint("make room, then run the command again")
        }
        ErrorCode::ConstraintViolation if reason.contains("prev_row_hmac") => Error::refused(
            crate::store::transition::CONFLICT,
            format!("somebody else appended to the audit log of {shown} at the same moment"),
        )
        .hint("nothing was written; run the command again"),
        ErrorCode::ConstraintViolation => {
            Error::refused("database.constraint", format!("{shown} refuses the change: {reason}"))
                .hint("nothing was written")
        }
        // What a function answers that a trigger calls comes without a code of its own.
        ErrorCode::Unknown => {
            Error::refused("database.constraint", format!("{shown} refuses the change: {reason}")).hint(
                "nothing was written; look at the triggers of the database: z4j's own refuse nothing that z4jctl does",
            )
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::refused(
            "database.locked",
            format!("{shown} is locked by another process; nothing was written"),
        )
        .hint("wait for the writer to finish, or give it more time with --lock-timeout"),
        _ => failed(path, error),
    }
}
