//! Opening a SQLite file, and telling a person why it cannot be opened.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::ffi::{self, ErrorCode};
use rusqlite::{Connection, OpenFlags};

use crate::error::{Error, Result};

const MAGIC: &[u8] = b"SQLite format 3\0";
/// Where the header says how to read the file: 2 is WAL.
const READ_VERSION: usize = 19;
/// What may stand in the path of a `file:` URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// How a file is journalled, which decides how it may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// A rollback journal: a reader's lock makes a writer wait.
    Rollback,
    /// A write-ahead log in use: readers and writers do not meet.
    Wal,
    /// A write-ahead log that nobody has open. A normal reader would create `-shm` and `-wal` files beside the
    /// database; reading never writes, so the file is read as it is and checked for changes afterwards.
    Immutable,
    /// The same with a log that was left behind, as by a backup that copied both files. What is in it counts, and
    /// its index, which a normal reader would write beside it, is kept in memory.
    Orphaned,
}

impl Mode {
    fn of(path: &Path, header: &[u8]) -> Self {
        let log = fs::metadata(beside(path, "-wal"));
        match header.get(READ_VERSION) {
            // Whoever has the log open has its index open too.
            Some(2) if log.is_ok() && beside(path, "-shm").exists() => Self::Wal,
            Some(2) if log.is_ok_and(|log| log.len() > 0) => Self::Orphaned,
            Some(2) => Self::Immutable,
            _ => Self::Rollback,
        }
    }

    /// Whether the file is read without locks, so that somebody else may change it meanwhile.
    pub(super) fn is_unguarded(self) -> bool {
        matches!(self, Self::Immutable | Self::Orphaned)
    }
}

pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) mode: Mode,
    pub(super) fingerprint: Option<Fingerprint>,
}

/// What changes when somebody opens a database that is read without locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    database: Option<(u64, SystemTime)>,
    log: Option<(u64, SystemTime)>,
    has_index: bool,
}

impl Fingerprint {
    fn take(path: &Path) -> Self {
        let file = |path: &Path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.len(), metadata.modified().ok()?))
        };
        Self {
            database: file(path),
            log: file(&beside(path, "-wal")),
            has_index: beside(path, "-shm").exists(),
        }
    }

    /// Fails when the file is no longer what it was.
    pub(super) fn check(&self, path: &Path) -> Result<()> {
        if Self::take(&real(path)) == *self {
            return Ok(());
        }
        Err(Error::unreachable(
            "database.changed",
            format!("{} was opened while it was read", path.display()),
        )
        .hint("run the command again"))
    }
}

pub(super) fn open(path: &Path, lock_timeout: Duration) -> Result<Opened> {
    let header = read_header(path)?;
    // SQLite looks for journal and log beside the file itself, not beside a link to it.
    let file = real(path);
    let mode = Mode::of(&file, &header);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fingerprint = mode.is_unguarded().then(|| Fingerprint::take(&file));
    let uri = |parameter: &str| {
        let encoded = percent_encode(file.as_os_str().as_encoded_bytes(), PATH);
        Connection::open_with_flags(format!("file:{encoded}?{parameter}"), flags | OpenFlags::SQLITE_OPEN_URI)
    };
    let opened = match mode {
        Mode::Rollback | Mode::Wal => Connection::open_with_flags(&file, flags),
        Mode::Immutable => uri("immutable=1"),
        // Without locks, since the one that a private index asks for is a writer's.
        Mode::Orphaned => uri("vfs=unix-none"),
    };
    let connection = opened.map_err(|error| failed(path, &error))?;
    connection
        .busy_timeout(lock_timeout)
        .and_then(|()| {
            if mode == Mode::Orphaned {
                // The last one to close a database writes its log into it.
                connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
                connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
            }
            // A hostile schema must not run anything here: no writes, no functions from the schema.
            connection.execute_batch(
                "PRAGMA query_only = ON; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF; \
                 PRAGMA cache_size = -1000;",
            )
        })
        .map_err(|error| failed(path, &error))?;
    check_length(&connection, path, mode)?;
    Ok(Opened { connection, mode, fingerprint })
}

/// Reads something, and refuses a file that ends inside a page: SQLite would read zeros there, and an honest row
/// would look as if somebody had changed it.
fn check_length(connection: &Connection, path: &Path, mode: Mode) -> Result<()> {
    let look = || {
        connection.execute_batch("BEGIN")?;
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        // Under the lock that this took, so that no writer is about to make the file longer.
        let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
        let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        connection.execute_batch("COMMIT")?;
        Ok((length, u64::try_from(page).unwrap_or(1).max(1)))
    };
    let (length, page) = look().map_err(|error| failed(path, &error))?;
    if mode != Mode::Wal && length % page != 0 {
        let what = format!("its {length} bytes are no whole number of pages of {page}");
        return Err(corrupt(path, &what));
    }
    Ok(())
}

/// Looks whether this is a SQLite file at all, and gives the file itself when the path is a link to it.
pub(super) fn check_readable(path: &Path) -> Result<PathBuf> {
    read_header(path).map(|_| real(path))
}

/// Whether the file is in WAL mode.
pub(super) fn is_wal(path: &Path) -> Result<bool> {
    Ok(read_header(path)?.get(READ_VERSION) == Some(&2))
}

fn corrupt(path: &Path, what: &str) -> Error {
    Error::unreachable("database.corrupt", format!("{} is damaged: {what}", path.display()))
        .hint("the file may be truncated; restore a backup, then verify that")
}

/// The file itself, when the path is a link to it.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::unreachable("database.unreadable", format!("cannot read {}: {error}", path.display()))
        .hint("run as a user who may read the file and enter its directory, such as the brain's own")
}

/// The first bytes of the file, when it is a SQLite database at all.
fn read_header(path: &Path) -> Result<Vec<u8>> {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::unreachable(
            "database.not-found",
            format!("no such database file: {shown}"),
        )
        .hint(
            "give the path with --db or Z4J_DATABASE_URL; `z4jctl config show` tells where it was looked for",
        ),
        _ => unreadable(path, &error),
    })?;
    if metadata.is_dir() {
        return Err(Error::unreachable(
            "database.directory",
            format!("{shown} is a directory, not a database"),
        )
        .hint("the database of a brain is the file z4j.db in its home directory"));
    }
    if !metadata.is_file() {
        return Err(Error::unreachable("database.not-a-file", format!("{shown} is not a regular file"))
            .hint("the database of a brain is the file z4j.db in its home directory; copy it if it comes from a pipe"));
    }
    if metadata.len() == 0 {
        return Err(Error::unreachable(
            "database.empty-file",
            format!("{shown} is empty: nothing was ever written to it"),
        )
        .hint("`z4jctl init` creates a fresh brain database"));
    }
    let mut header = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(100).read_to_end(&mut header))
        .map_err(|error| unreadable(path, &error))?;
    if !header.starts_with(MAGIC) {
        let hint = match header.as_slice() {
            [b'P', b'G', b'D', b'M', b'P', ..] => {
                "this is a PostgreSQL dump; restore it with pg_restore first"
            }
            [0x1f, 0x8b, ..] => "this is gzip; unpack it first",
            _ => "give the path of the brain's SQLite file or a postgresql:// URL",
        };
        return Err(
            Error::unreachable("database.not-sqlite", format!("{shown} is not a SQLite database")).hint(hint)
        );
    }
    Ok(header)
}

/// Turns an error of SQLite into one that names the file and the way out.
pub(super) fn failed(path: &Path, error: &rusqlite::Error) -> Error {
    let shown = path.display();
    let text = error.to_string();
    let (code, extended) = match error {
        rusqlite::Error::SqliteFailure(failure, _) => (Some(failure.code), failure.extended_code),
        _ => (None, 0),
    };
    if extended == ffi::SQLITE_READONLY_ROLLBACK || beside_is_hot(path, code) {
        let journal = beside(&real(path), "-journal");
        let journal = journal.display();
        return Error::unreachable(
            "database.hot-journal",
            format!(
                "{shown} was left in the middle of a write: its journal {journal} must be rolled back first"
            ),
        )
        .hint(
            "start the brain once, or run any z4jctl command that writes: both roll it back; or work on a copy of both files",
        );
    }
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::refused("database.locked", format!("{shown} is locked by another process"))
                .hint("wait for the writer to finish, or give it more time with --lock-timeout")
        }
        Some(ErrorCode::DatabaseCorrupt) => corrupt(path, &text),
        Some(ErrorCode::NotADatabase) => {
            Error::unreachable("database.not-sqlite", format!("{shown} is not a SQLite database: {text}"))
                .hint("it begins like one, so it is damaged or encrypted; restore a backup, then verify that")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            Error::unreachable("database.unreadable", format!("cannot open {shown}: {text}"))
                .hint("check the permissions of the file and its directory")
        }
        _ => Error::unreachable("database.failed", format!("cannot read {shown}: {text}"))
            .hint("check the disk and the file system; a copy of the file may be readable"),
    }
}

/// Whether a journal lies beside the file.
pub(super) fn has_journal(path: &Path) -> bool {
    fs::metadata(beside(&real(path), "-journal")).is_ok_and(|metadata| metadata.len() > 0)
}

/// A journal that is there while the file cannot be opened is one that nobody is writing.
fn beside_is_hot(path: &Path, code: Option<ErrorCode>) -> bool {
    matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) && has_journal(path)
}
