//! Writing to a PostgreSQL database, and reading its ordinary tables.
//!
//! Statements carry their parameters as text and are not prepared under a name, so that a pooler in transaction mode
//! can carry them.

use std::collections::{BTreeSet, HashMap};
use std::error::Error as _;
use std::rc::Rc;
use std::sync::Arc;

use ::postgres::error::SqlState;
use ::postgres::types::{FromSql, Kind, ToSql, Type};

use super::PostgresStore;
use super::connect::failed;
use crate::config::PostgresTarget;
use crate::context::Cancel;
use crate::error::{Error, Result};
use crate::format::address::{Address, Mapped};
use crate::format::{Id, Timestamp};
use crate::store::OpenOptions;
use crate::store::transition::{CONFLICT, OUTCOME_UNKNOWN};
use crate::store::value::{Cell, Row, Value, for_postgres};

/// Microseconds from the Unix epoch to 2000-01-01, where PostgreSQL counts from.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

impl PostgresStore {
    /// Connects and begins a writing transaction.
    pub fn open_for_writing(target: &PostgresTarget, options: OpenOptions, cancel: &Cancel) -> Result<Self> {
        let mut store = Self::begin(target, options, cancel, "ISOLATION LEVEL READ COMMITTED", true)?;
        let answer = store.query("SELECT current_setting('transaction_read_only')")?;
        if store.standby || answer.first().and_then(|row| row.get(0)) != Some("off") {
            return Err(read_only(&store.shown));
        }
        Ok(store)
    }

    /// Whether this is a writing transaction.
    pub fn is_writing(&self) -> bool {
        self.writing
    }

    /// Commits.
    pub fn commit(&mut self) -> Result<()> {
        self.client.batch_execute("COMMIT").map_err(|error| match error.as_db_error() {
            // A server that goes down may have written the commit before it says so.
            Some(db) if !is_going_down(db.code()) => failed_writing(&self.shown, &error),
            _ => Error::unreachable(
                OUTCOME_UNKNOWN,
                format!("lost the connection to {} while it was committing: {error}", self.shown),
            )
            .hint("the change may have been made or not: look before you run the command again"),
        })
    }

    /// Runs a statement and gives the number of rows that it changed.
    pub fn execute_statement(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        self.cancel.check()?;
        let (sql, texts) = for_postgres(sql, values)?;
        let parameters = typed(&texts);
        self.client.execute_typed(&sql, &parameters).map_err(|error| failed_writing(&self.shown, &error))
    }

    /// See [`crate::store::Store::query`].
    pub fn select(&mut self, table: &str, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        self.cancel.check()?;
        let (sql, texts) = for_postgres(sql, values)?;
        let parameters = typed(&texts);
        let rows = self.client.query_typed(&sql, &parameters).map_err(|error| {
            if self.writing { failed_writing(&self.shown, &error) } else { failed(&self.shown, &error) }
        })?;
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let columns: HashMap<String, usize> =
            first.columns().iter().enumerate().map(|(at, column)| (column.name().to_owned(), at)).collect();
        let (columns, table) = (Rc::new(columns), Rc::from(table));
        rows.iter()
            .map(|row| {
                let cells = (0..row.len()).map(|at| row.try_get::<_, Decoded>(at).map(|decoded| decoded.0));
                let cells = cells.collect::<Result<Vec<Cell>, _>>();
                cells
                    .map(|cells| Row::new(&table, &columns, cells))
                    .map_err(|error| failed(&self.shown, &error))
            })
            .collect()
    }

    /// How a column is named in a SELECT. The driver would look up a type that is not built in, such as an enum or
    /// `citext`, by a prepared statement: those come as text.
    pub fn select_item(&self, table: &str, column: &str) -> String {
        if self.custom_columns.contains(&(table.to_owned(), column.to_owned())) {
            format!("{column}::text AS {column}")
        } else {
            column.to_owned()
        }
    }

    /// See [`crate::store::Store::columns`].
    pub fn columns(&mut self, table: &str) -> Result<Arc<BTreeSet<String>>> {
        if let Some(known) = self.columns.get(table) {
            return Ok(Arc::clone(known));
        }
        let rows = self.select(
            "pg_attribute",
            "SELECT attname::text AS name, atttypid >= 16384 AS custom FROM pg_attribute \
             WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped",
            &[Value::Text(table.to_owned())],
        )?;
        for row in &rows {
            if row.truth("custom")? {
                self.custom_columns.insert((table.to_owned(), row.required_text("name")?.to_owned()));
            }
        }
        let names = rows.iter().map(|row| row.required_text("name").map(str::to_owned));
        let found = Arc::new(names.collect::<Result<BTreeSet<String>>>()?);
        self.columns.insert(table.to_owned(), Arc::clone(&found));
        Ok(found)
    }
}

fn typed(texts: &[String]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    texts.iter().map(|text| (text as &(dyn ToSql + Sync), Type::TEXT)).collect()
}

fn read_only(shown: &str) -> Error {
    Error::refused("database.read-only", format!("{shown} may not be written to"))
        .hint("name the primary server, not a standby, and a role that may write")
}

/// A column in the forms of [`Cell`].
struct Decoded(Cell);

impl<'a> FromSql<'a> for Decoded {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        let text = |raw: &[u8]| String::from_utf8(raw.to_vec()).map(Cell::Text);
        Ok(Self(match *kind {
            Type::BOOL => Cell::Int(i64::from(bool::from_sql(kind, raw)?)),
            Type::INT2 => Cell::Int(i16::from_sql(kind, raw)?.into()),
            Type::INT4 => Cell::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => Cell::Int(i64::from_sql(kind, raw)?),
            Type::FLOAT4 => Cell::Real(f32::from_sql(kind, raw)?.into()),
            Type::FLOAT8 => Cell::Real(f64::from_sql(kind, raw)?),
            Type::UUID => Cell::Text(Id::from_bytes(raw.try_into()?).to_string()),
            Type::TIMESTAMPTZ | Type::TIMESTAMP => {
                let micros = i64::from_be_bytes(raw.try_into()?).saturating_add(POSTGRES_EPOCH);
                Cell::Text(Timestamp::from_micros(micros).canonical())
            }
            // A version byte, then the text.
            Type::JSONB => text(raw.get(1..).unwrap_or_default())?,
            // Family, prefix length, is-cidr flag, address length, address.
            Type::INET => match raw {
                [_, prefix, _, _, address @ ..] => {
                    let address = Address::from_inet(address, *prefix).ok_or("not an address")?;
                    Cell::Text(address.print(Mapped::Dotted))
                }
                _ => return Err("not an address".into()),
            },
            Type::TEXT_ARRAY | Type::VARCHAR_ARRAY => {
                let list = Vec::<Option<String>>::from_sql(kind, raw)?;
                Cell::Text(serde_json::json!(list).to_string())
            }
            Type::BYTEA => Cell::Bytes(raw.to_vec()),
            Type::VOID => Cell::Null,
            _ => match kind.kind() {
                Kind::Simple | Kind::Enum(_) | Kind::Domain(_) => text(raw)?,
                _ => return Err(format!("a column of type {kind} is not understood").into()),
            },
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Cell::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Whether the server ends the session on its own account: `admin_shutdown` and its kind.
fn is_going_down(code: &SqlState) -> bool {
    code.code().starts_with("57P")
}

/// Errors of writing, which mean something else than those of reading.
fn failed_writing(shown: &str, error: &::postgres::Error) -> Error {
    let Some(db) = error.as_db_error().filter(|db| !is_going_down(db.code())) else {
        let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        return Error::unreachable(
            "database.connection",
            format!("lost the connection to {shown} before the commit: {reason}; nothing was written"),
        )
        .hint("run the command again; the log of the server may say why");
    };
    let at = |what: &str| format!("{what} {shown}: {}", db.message());
    match *db.code() {
        SqlState::INSUFFICIENT_PRIVILEGE => {
            Error::refused("database.read-only", at("the role may not write what is needed to"))
                .hint("use the role of the brain, which owns the tables; nothing was written")
        }
        SqlState::READ_ONLY_SQL_TRANSACTION => read_only(shown),
        SqlState::LOCK_NOT_AVAILABLE => {
            Error::refused("database.locked", at("a lock is held by somebody else at"))
                .hint("nothing was written; wait for the other one to finish, or raise --lock-timeout")
        }
        SqlState::UNIQUE_VIOLATION if db.constraint().is_some_and(|name| name.contains("prev_row_hmac")) => {
            Error::refused(CONFLICT, at("somebody else appended to the audit log at the same moment at"))
                .hint("nothing was written; run the command again")
        }
        SqlState::T_R_DEADLOCK_DETECTED | SqlState::T_R_SERIALIZATION_FAILURE => {
            Error::refused(CONFLICT, at("somebody else changed the same rows at"))
                .hint("nothing was written; run the command again")
        }
        SqlState::DISK_FULL => Error::refused("database.disk-full", at("the server has no room at"))
            .hint("make room there, then run the command again; nothing was written"),
        ref code if code.code().starts_with("23") || code.code() == "P0001" => {
            Error::refused("database.constraint", at("the change is refused by")).hint("nothing was written")
        }
        _ => failed(shown, error),
    }
}
