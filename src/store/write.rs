//! The one way to change a database: a transaction that holds its locks from the beginning, and that is either
//! committed as a whole or leaves nothing.
//!
//! SQLite: `BEGIN IMMEDIATE`, foreign keys as the generation has them (schema, rule 5), and the guard functions that
//! the triggers of 1.8 and later call, armed for this transaction alone. PostgreSQL: `READ COMMITTED`, so that what
//! the holder of a lock wrote before us is seen once the lock is ours. A brain takes the lock of the audit chain
//! after it has changed its rows, and so do we: the other way round two of us would wait for each other for ever.

use std::ops::{Deref, DerefMut};

use super::fault::{self, Side};
use super::generation::Detection;
use super::postgres::PostgresStore;
use super::sqlite::SqliteStore;
use super::transition::{CONFLICT, Transition};
use super::value::{Row, Value};
use super::{OpenOptions, Store};
use crate::config::Database;
use crate::context::Cancel;
use crate::error::{Error, Result};

/// A database in a writing transaction. Dropped without [`WriteStore::commit`] it leaves nothing.
#[derive(Debug)]
pub struct WriteStore {
    store: Store,
    detection: Detection,
}

impl Deref for WriteStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl DerefMut for WriteStore {
    fn deref_mut(&mut self) -> &mut Store {
        &mut self.store
    }
}

impl WriteStore {
    /// Opens a database and begins. Refuses (7) a read-only database and one whose lock is not to be had in time.
    pub fn begin(database: &Database, options: OpenOptions, cancel: &Cancel) -> Result<Self> {
        fault::point(Side::Before);
        let (mut store, found) = match database {
            Database::Sqlite { path } => {
                let mut store = SqliteStore::open_for_writing(path, options, cancel)?;
                let detection = store.detect()?;
                store.begin(&detection, options.lock_timeout)?;
                (Store::Sqlite(Box::new(store)), detection)
            }
            Database::Postgres(target) => {
                let mut store = PostgresStore::open_for_writing(target, options, cancel)?;
                let detection = store.detect()?;
                (Store::Postgres(Box::new(store)), detection)
            }
        };
        fault::point(Side::After);
        // Somebody may have migrated it between the first look and the lock.
        let detection = store.detect()?;
        if detection != found {
            return Err(Error::refused("schema.changed", "the schema changed while the database was opened")
                .hint("a migration seems to be running; wait for its end, then run the command again"));
        }
        Ok(Self { store, detection })
    }

    /// Which generation this is.
    pub fn detection(&self) -> &Detection {
        &self.detection
    }

    /// Runs a statement and gives the number of rows that it changed.
    pub fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        fault::point(Side::Before);
        let changed = match &mut self.store {
            Store::Sqlite(store) => store.execute(sql, values),
            Store::Postgres(store) => store.execute_statement(sql, values),
        }?;
        fault::point(Side::After);
        Ok(changed)
    }

    /// Inserts a row. Columns that the generation does not have are left out.
    pub fn insert(&mut self, table: &str, values: &[(&str, Value)]) -> Result<()> {
        let known = self.columns(table)?;
        let present: Vec<&(&str, Value)> = values.iter().filter(|(name, _)| known.contains(*name)).collect();
        let names = present.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let places = vec!["?"; present.len()].join(", ");
        let values: Vec<Value> = present.iter().map(|(_, value)| value.clone()).collect();
        let changed = self.execute(&format!("INSERT INTO {table} ({names}) VALUES ({places})"), &values)?;
        expect_one(table, changed)
    }

    /// Changes the one row with these key columns. Columns that the generation does not have are left out.
    pub fn update(&mut self, table: &str, key: &[(&str, Value)], values: &[(&str, Value)]) -> Result<()> {
        let known = self.columns(table)?;
        let present: Vec<&(&str, Value)> = values.iter().filter(|(name, _)| known.contains(*name)).collect();
        let set = present.iter().map(|(name, _)| format!("{name} = ?")).collect::<Vec<_>>().join(", ");
        let (clause, keys) = where_key(key);
        let values: Vec<Value> = present.iter().map(|(_, value)| value.clone()).chain(keys).collect();
        let changed = self.execute(&format!("UPDATE {table} SET {set} WHERE {clause}"), &values)?;
        expect_one(table, changed)
    }

    /// Deletes the one row with these key columns.
    pub fn delete(&mut self, table: &str, key: &[(&str, Value)]) -> Result<()> {
        let (clause, keys) = where_key(key);
        let changed = self.execute(&format!("DELETE FROM {table} WHERE {clause}"), &keys)?;
        expect_one(table, changed)
    }

    /// Lets the guards of 1.8 and later pass what belongs to a transition, until the end of this transaction.
    pub fn arm(&mut self, transition: Transition) -> Result<()> {
        match &mut self.store {
            Store::Sqlite(store) => {
                store.arm(transition);
                Ok(())
            }
            Store::Postgres(_) => {
                let name = Value::Text(transition.name().into());
                fault::point(Side::Before);
                self.query(
                    "settings",
                    "SELECT set_config('z4j.audit_transition', ?, true) AS armed",
                    &[name],
                )?;
                fault::point(Side::After);
                Ok(())
            }
        }
    }

    /// Sends a notification at the commit; nothing on SQLite.
    pub fn notify(&mut self, channel: &str, payload: &str) -> Result<()> {
        if self.store.is_postgres() {
            let values = [Value::Text(channel.into()), Value::Text(payload.into())];
            fault::point(Side::Before);
            self.query("notifications", "SELECT 1 AS sent FROM (SELECT pg_notify(?, ?)) AS sent", &values)?;
            fault::point(Side::After);
        }
        Ok(())
    }

    /// Commits. When the connection breaks meanwhile nobody knows whether it was done:
    /// [`OUTCOME_UNKNOWN`](super::transition::OUTCOME_UNKNOWN).
    pub fn commit(mut self) -> Result<()> {
        fault::point(Side::Before);
        match &mut self.store {
            Store::Sqlite(store) => {
                fault::point_within(|| store.begin_commit());
                store.commit()
            }
            Store::Postgres(store) => store.commit(),
        }?;
        fault::point(Side::After);
        Ok(())
    }
}

impl Store {
    /// Rows of a table. `clause` is what follows FROM; columns that the generation does not have are left out.
    pub fn rows(
        &mut self,
        table: &str,
        columns: &[&str],
        clause: &str,
        values: &[Value],
    ) -> Result<Vec<Row>> {
        let known = self.columns(table)?;
        let present = columns.iter().filter(|column| known.contains(**column));
        let present: Vec<String> = present
            .map(|column| match self {
                Self::Sqlite(_) => (*column).to_owned(),
                Self::Postgres(store) => store.select_item(table, column),
            })
            .collect();
        let sql = format!("SELECT {} FROM {table} {clause}", present.join(", "));
        self.query(table, &sql, values)
    }

    /// [`Store::rows`], held against others until the end of a writing transaction; a reader locks nothing.
    ///
    /// Others may still refer to such a row. A brain does so with its audit row while it holds the lock of the chain,
    /// for which we will wait: a stronger lock would let both wait for each other.
    pub fn rows_locked(
        &mut self,
        table: &str,
        columns: &[&str],
        clause: &str,
        values: &[Value],
    ) -> Result<Vec<Row>> {
        let suffix = match self {
            Self::Postgres(store) if store.is_writing() => " FOR NO KEY UPDATE",
            _ => "",
        };
        self.rows(table, columns, &format!("{clause}{suffix}"), values)
    }

    /// The result of a SELECT whose columns are named; `table` is for messages.
    pub fn query(&mut self, table: &str, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(store) => store.select(table, sql, values),
            Self::Postgres(store) => store.select(table, sql, values),
        }
    }

    /// The columns of a table; none when there is no such table.
    pub fn columns(&mut self, table: &str) -> Result<std::sync::Arc<std::collections::BTreeSet<String>>> {
        match self {
            Self::Sqlite(store) => store.columns(table),
            Self::Postgres(store) => store.columns(table),
        }
    }

    /// Takes an advisory lock of PostgreSQL until the end of a writing transaction. A reader takes none, and SQLite is
    /// locked as a whole.
    pub fn lock(&mut self, number: i64) -> Result<()> {
        if let Self::Postgres(store) = self
            && store.is_writing()
        {
            let sql = "SELECT 1 AS locked FROM (SELECT pg_advisory_xact_lock(?)) AS lock";
            fault::point(Side::Before);
            self.query("locks", sql, &[Value::Int(number)])?;
            fault::point(Side::After);
        }
        Ok(())
    }

    /// Tries to take an advisory lock; `true` where there is nothing to take, see [`Store::lock`].
    pub fn try_lock(&mut self, number: i64) -> Result<bool> {
        match self {
            Self::Postgres(store) if store.is_writing() => {
                let sql = "SELECT pg_try_advisory_xact_lock(?) AS locked";
                let rows = self.query("locks", sql, &[Value::Int(number)])?;
                rows.first().map_or(Ok(false), |row| row.truth("locked"))
            }
            _ => Ok(true),
        }
    }

    /// Whether a table exists.
    pub fn has_table(&mut self, table: &str) -> Result<bool> {
        Ok(!self.columns(table)?.is_empty())
    }

    /// The number that a SELECT gives in its column `count`.
    pub fn number(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        let rows = self.query("count", sql, values)?;
        let count = rows.first().map(|row| row.int("count")).transpose()?.flatten();
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
    }
}

fn where_key(key: &[(&str, Value)]) -> (String, Vec<Value>) {
    let clause = key.iter().map(|(name, _)| format!("{name} = ?")).collect::<Vec<_>>().join(" AND ");
    (clause, key.iter().map(|(_, value)| value.clone()).collect())
}

/// A row that was planned and is no longer there, or is there twice, ends the transaction.
fn expect_one(table: &str, changed: u64) -> Result<()> {
    match changed {
        1 => Ok(()),
        _ => Err(Error::refused(
            CONFLICT,
            format!("a row of {table} changed while it was being written ({changed} rows matched, not 1)"),
        )
        .hint("nothing was written; run the command again")),
    }
}
