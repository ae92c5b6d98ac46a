//! Creating a brain database where there is none: the only writing that the store does by itself.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ::postgres::types::ToSql;
use rusqlite::{Connection, OpenFlags, params};

use super::postgres::connect::{connect, failed};
use crate::config::PostgresTarget;
use crate::context::Cancel;
use crate::error::{Error, Result};
use crate::format::mac::Digest;
use crate::format::{Id, Timestamp};

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

/// Refuses when something is where the file shall be.
pub fn check_absent(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::unreachable(
            "database.unreadable",
            format!("cannot look at {}: {error}", path.display()),
        )),
        Ok(_) => Err(Error::refused(
            "init.not-empty",
            format!("{} exists; init makes only what is not there", path.display()),
        )
        .hint("choose another path with --db; z4jctl never removes or overwrites a database")),
    }
}

/// Makes a SQLite file, mode 0600: whole or not at all.
pub fn sqlite(path: &Path, sql: &str, row: &FirstRow) -> Result<()> {
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
    // A hard link fails when something has appeared meanwhile; a rename would replace it.
    fs::hard_link(&draft, path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Error::refused("init.not-empty", format!("{} has appeared meanwhile", path.display()))
        }
        _ => Error::unreachable("init.file", format!("cannot create {}: {error}", path.display())),
    })
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

/// Fills an empty PostgreSQL database in one transaction. `sql` gives the statements for the server's date.
pub fn postgres(
    target: &PostgresTarget,
    cancel: &Cancel,
    sql: &dyn Fn(Timestamp) -> String,
    row: &FirstRow,
) -> Result<()> {
    let mut client = connect(target, cancel)?;
    let shown = target.display();
    let fail = |error: ::postgres::Error| failed(&shown, &error);
    let mut transaction = client.transaction().map_err(fail)?;
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
    transaction.commit().map_err(fail)
}
