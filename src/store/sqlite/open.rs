//! Opening a SQLite file, and telling a person why it cannot be opened.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
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
}

pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) mode: Mode,
    pub(super) fingerprint: Option<Fingerprint>,
}

/// What changes when somebody opens a database that is read as immutable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    length: u64,
    modified: Option<SystemTime>,
    has_log: bool,
}

impl Fingerprint {
    fn take(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            has_log: has_write_ahead_log(path),
        })
    }

    /// Fails when the file is no longer what it was.
    pub(super) fn check(&self, path: &Path) -> Result<()> {
        if Self::take(path).as_ref() == Some(self) {
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
    let mode = match header.get(READ_VERSION) {
        Some(2) if has_write_ahead_log(path) => Mode::Wal,
        Some(2) => Mode::Immutable,
        _ => Mode::Rollback,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fingerprint = if mode == Mode::Immutable { Fingerprint::take(path) } else { None };
    let opened = if mode == Mode::Immutable {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let encoded = percent_encode(absolute.as_os_str().as_encoded_bytes(), PATH);
        Connection::open_with_flags(format!("file:{encoded}?immutable=1"), flags | OpenFlags::SQLITE_OPEN_URI)
    } else {
        Connection::open_with_flags(path, flags)
    };
    let connection = opened.map_err(|error| failed(path, &error))?;
    connection
        .busy_timeout(lock_timeout)
        .and_then(|()| {
            // A hostile schema must not run anything here: no writes, no functions from the schema.
            connection.execute_batch(
                "PRAGMA query_only = ON; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF; \
                 PRAGMA cache_size = -8000; PRAGMA cell_size_check = ON;",
            )
        })
        .and_then(|()| connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(())))
        .map_err(|error| failed(path, &error))?;
    Ok(Opened { connection, mode, fingerprint })
}

fn has_write_ahead_log(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|metadata| metadata.len() > 0)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
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
        _ => Error::unreachable("database.unreadable", format!("cannot read {shown}: {error}")),
    })?;
    if metadata.is_dir() {
        return Err(Error::unreachable(
            "database.directory",
            format!("{shown} is a directory, not a database"),
        )
        .hint("the database of a brain is the file z4j.db in its home directory"));
    }
    if !metadata.is_file() {
        return Err(Error::unreachable("database.not-a-file", format!("{shown} is not a regular file")));
    }
    if metadata.len() == 0 {
        return Err(Error::unreachable(
            "database.empty-file",
            format!("{shown} is empty: nothing was ever written to it"),
        )
        .hint("`z4jctl init` creates a fresh brain database"));
    }
    let mut header = Vec::new();
    fs::File::open(path).and_then(|file| file.take(100).read_to_end(&mut header)).map_err(|error| {
        Error::unreachable("database.unreadable", format!("cannot read {shown}: {error}"))
    })?;
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
        return Error::unreachable(
            "database.hot-journal",
            format!("{shown} was left in the middle of a write: its journal {shown}-journal must be rolled back first"),
        )
        .hint("start the brain once (it rolls back), or work on a copy of both files; z4jctl never writes here");
    }
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::refused("database.locked", format!("{shown} is locked by another process"))
                .hint("wait for the writer to finish, or give it more time with --lock-timeout")
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            Error::unreachable("database.corrupt", format!("{shown} is damaged: {text}"))
                .hint("the file may be truncated; restore a backup, then verify that")
        }
        Some(ErrorCode::NotADatabase) => Error::unreachable(
            "database.not-sqlite",
            format!("{shown} is not a SQLite database, or it is encrypted"),
        ),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            Error::unreachable("database.unreadable", format!("cannot open {shown}: {text}"))
                .hint("check the permissions of the file and its directory")
        }
        _ => Error::unreachable("database.failed", format!("cannot read {shown}: {text}")),
    }
}

/// A journal that is there while the file cannot be opened is one that nobody is writing.
fn beside_is_hot(path: &Path, code: Option<ErrorCode>) -> bool {
    matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
        && fs::metadata(beside(path, "-journal")).is_ok_and(|metadata| metadata.len() > 0)
}
