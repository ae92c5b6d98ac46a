//! Creating a brain database where there is none: the only writing that the store does by itself.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ::postgres::IsolationLevel;
use ::postgres::error::SqlState;
use ::postgres::types::ToSql;
use rusqlite::{Connection, OpenFlags, params};

use super::postgres::connect::{connect, failed};
use crate::config::PostgresTarget;
use crate::context::Cancel;
use crate::error::{Error, Result};
use crate::format::mac::Digest;
use crate::format::{Id, Timestamp};

/// Code of the error that says that the server may have committed or not.
pub const OUTCOME_UNKNOWN: &str = "init.outcome-unknown";

/// Called when all is ready but the last step.
pub type BeforeEnd<'a> = &'a mut dyn FnMut() -> Result<()>;

/// The first row of a fresh audit log; every column that is not here is NULL.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are the names of the columns")]
pub struct FirstRow {
    pub id: Id,
    pub occurred_at: Timestamp,
    pub action: &'static str,
    pub target_type: &'static str,
    pub result: &'static str,
    pub outcome: &'static str,
    pub metadata: &'static str,
    pub row_hmac: Digest,
}

/// What SQLite keeps beside a database while somebody writes to it.
const COMPANIONS: [&str; 3] = ["-journal", "-wal", "-shm"];

/// Refuses when something is where the file shall be, or where its journal would be: SQLite would take what a lost
/// database left there for changes to the new one.
pub fn check_absent(path: &Path) -> Result<()> {
    let companions = COMPANIONS.map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    });
    for taken in std::iter::once(path).chain(companions.iter().map(PathBuf::as_path)) {
        match fs::symlink_metadata(taken) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Error::unreachable(
                    "database.unreadable",
                    format!("cannot look at {}: {error}", taken.display()),
                ));
            }
            Ok(_) => {
                return Err(Error::refused(
                    "init.not-empty",
                    format!("{} exists; init makes only what is not there", taken.display()),
                )
                .hint("choose another path with --db; z4jctl never removes or overwrites a database"));
            }
        }
    }
    Ok(())
}

/// Makes a SQLite file, mode 0600: whole or not at all. `before_end` is called when only the name is missing, and
/// can still call it off.
pub fn sqlite(path: &Path, sql: &str, row: &FirstRow, before_end: BeforeEnd<'_>) -> Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary =
        tempfile::Builder::new().prefix(".z4jctl-init-").tempdir_in(directory).map_err(|error| {
            Error::unreachable("init.directory", format!("cannot write to {}: {error}", directory.display()))
                .hint("the directory must exist and be writable")
        })?;
    let draft = temporary.path().join("z4j.db");
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(|error| {
        Error::unreachable("init.file", format!("cannot write {}: {error}", draft.display()))
    })?;
    fill_sqlite(&draft, sql, row).map_err(|error| {
        Error::unreachable("init.failed", format!("cannot fill {}: {error}", path.display()))
    })?;
    before_end()?;
    // Fails when something has appeared meanwhile; a plain rename would replace it.
    let named = tempfile::TempPath::try_from_path(&draft).map_err(|error| {
        Error::unreachable("init.file", format!("cannot create {}: {error}", path.display()))
    })?;
    named.persist_noclobber(path).map_err(|failure| match failure.error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Error::refused("init.not-empty", format!("{} has appeared meanwhile", path.display()))
        }
        _ => Error::unreachable("init.file", format!("cannot create {}: {}", path.display(), failure.error)),
    })?;
    // So that the name survives a power failure; a file system that cannot do that has done what it can.
    let _ = fs::File::open(directory).and_then(|directory| directory.sync_all());
    Ok(())
}

fn fill_sqlite(path: &Path, sql: &str, row: &FirstRow) -> rusqlite::Result<()> {
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = FULL")?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(sql)?;
    transaction.execute(
        "INSERT INTO audit_log (id, occurred_at, action, target_type, result, outcome, metadata, row_hmac) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            row.id.simple(),
            row.occurred_at.sqlite(),
            row.action,
            row.target_type,
            row.result,
            row.outcome,
            row.metadata,
            row.row_hmac.to_string()
        ],
    )?;
    transaction.commit()
}

/// Counts what an empty database does not have: relations, types and functions of its own in any schema but the
/// system's, leaving out what belongs to an extension.
const CONTENTS: &str = "\
    SELECT count(*) FROM ( \
      SELECT c.oid, 'pg_class'::regclass AS catalog, relnamespace AS namespace FROM pg_class c \
      UNION ALL SELECT t.oid, 'pg_type'::regclass, typnamespace FROM pg_type t WHERE typtype IN ('e', 'd', 'r') \
      UNION ALL SELECT p.oid, 'pg_proc'::regclass, pronamespace FROM pg_proc p \
    ) AS thing JOIN pg_namespace n ON n.oid = thing.namespace \
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = thing.catalog AND d.objid = thing.oid AND d.deptype = 'e')";

/// Refuses a PostgreSQL database that holds anything.
pub fn check_empty(target: &PostgresTarget, cancel: &Cancel) -> Result<()> {
    let mut client = connect(target, cancel)?;
    let shown = target.display();
    let count: i64 = client
        .query_one(CONTENTS, &[])
        .and_then(|row| row.try_get(0))
        .map_err(|error| failed(&shown, &error))?;
    refuse_contents(&shown, count)
}

fn refuse_contents(shown: &str, count: i64) -> Result<()> {
    if count == 0 {
        return Ok(());
    }
    Err(Error::refused(
        "init.not-empty",
        format!("{shown} is not empty: it holds {count} tables, types or functions"),
    )
    .hint("create an empty database for it (CREATE DATABASE …); z4jctl never removes anything"))
}

/// Fills an empty PostgreSQL database in one transaction. `sql` gives the statements for the server's date;
/// `before_end` is called when only the commit is missing, and can still call it off.
///
/// When the connection breaks during the commit nobody knows whether it was done: [`OUTCOME_UNKNOWN`].
pub fn postgres(
    target: &PostgresTarget,
    cancel: &Cancel,
    sql: &dyn Fn(Timestamp) -> String,
    row: &FirstRow,
    before_end: BeforeEnd<'_>,
) -> Result<()> {
    let mut client = connect(target, cancel)?;
    let shown = target.display();
    let fail = |error: ::postgres::Error| failed_to_fill(&shown, &error);
    // Whatever the server's default is: behind the lock below, what the other one committed must be seen.
    let level = IsolationLevel::ReadCommitted;
    let mut transaction = client.build_transaction().isolation_level(level).start().map_err(fail)?;
    // Two of us at once: one fills, the other finds the database filled.
    transaction.batch_execute("SELECT pg_advisory_xact_lock(2050255581)").map_err(fail)?;
    let count: i64 = transaction.query_one(CONTENTS, &[]).and_then(|row| row.try_get(0)).map_err(fail)?;
    refuse_contents(&shown, count)?;
    let today: String = transaction
        .query_one("SELECT current_date::text", &[])
        .and_then(|row| row.try_get(0))
        .map_err(fail)?;
    let today = Timestamp::parse(&today)
        .ok_or_else(|| Error::bug(format!("the server says that today is {today}")))?;
    transaction.batch_execute(&sql(today)).map_err(fail)?;
    let occurred_at = row.occurred_at.canonical();
    let id = row.id.to_string();
    let row_hmac = row.row_hmac.to_string();
    let parameters: [&(dyn ToSql + Sync); 8] = [
        &id,
        &occurred_at,
        &row.action,
        &row.target_type,
        &row.result,
        &row.outcome,
        &row.metadata,
        &row_hmac,
    ];
    transaction
        .execute(
            "INSERT INTO audit_log (id, occurred_at, action, target_type, result, outcome, metadata, row_hmac) VALUES \
             ($1::text::uuid, $2::text::timestamptz, $3, $4, $5, $6, $7::text::jsonb, $8)",
            &parameters,
        )
        .map_err(fail)?;
    before_end()?;
    transaction.commit().map_err(|error| match error.as_db_error() {
        Some(_) => fail(error),
        None => Error::unreachable(
            OUTCOME_UNKNOWN,
            format!("lost the connection to {shown} while it was committing: {error}"),
        )
        .hint("the database may be complete; `z4jctl audit verify` tells. A new secret.env was kept for that case"),
    })
}

/// Errors of statements that create, which mean something else than those of statements that read.
fn failed_to_fill(shown: &str, error: &::postgres::Error) -> Error {
    let Some(db) = error.as_db_error() else { return failed(shown, error) };
    let at = |what: &str| format!("{what} {shown}: {}", db.message());
    match db.code() {
        &SqlState::INSUFFICIENT_PRIVILEGE => {
            Error::unreachable("database.privilege", at("the role may not create what a brain needs in")).hint(
                "the role needs CREATE on the database (for the extensions citext, pgcrypto and pg_trgm) and on schema public; \
                 best it owns the database",
            )
        }
        &SqlState::FEATURE_NOT_SUPPORTED | &SqlState::UNDEFINED_FILE => {
            Error::unreachable("database.extension", at("the server lacks something that a brain needs in"))
                .hint("a brain needs the extensions citext, pgcrypto and pg_trgm (package postgresql-contrib)")
        }
        &SqlState::READ_ONLY_SQL_TRANSACTION => {
            Error::unreachable("database.read-only", at("nothing can be written to"))
                .hint("name the primary server, not a standby")
        }
        &SqlState::DUPLICATE_TABLE
        | &SqlState::DUPLICATE_OBJECT
        | &SqlState::DUPLICATE_FUNCTION
        | &SqlState::UNIQUE_VIOLATION => {
            Error::refused("init.not-empty", at("somebody else has begun to fill"))
                .hint("see who else works on it; z4jctl made nothing")
        }
        _ => failed(shown, error),
    }
}
