//! All rows of a database, to tell what a command changed.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;

use crate::support::hex;
use crate::support::judge::AnyDatabase;

/// Columns of a row, each with its value as SQL or JSON writes it.
pub(super) type Row = BTreeMap<String, String>;

/// Every table with its rows.
pub(super) type Rows = BTreeMap<String, Vec<Row>>;

/// What became of a table.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct TableDifference {
    /// New rows.
    pub(super) inserted: Vec<Row>,
    /// The row before, and of its columns those that changed, with what they hold now.
    pub(super) updated: Vec<(Row, Row)>,
    /// Rows that went.
    pub(super) deleted: Vec<Row>,
}

/// Tables that changed.
pub(super) type Difference = BTreeMap<String, TableDifference>;

/// Everything there is.
pub(super) fn all_rows(database: &AnyDatabase) -> Rows {
    match database {
        AnyDatabase::Sqlite(copy) => {
            let connection = copy.connection();
            let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
            let mut statement = connection.prepare(sql).expect("ask for tables");
            let tables = statement.query_map([], |row| row.get::<_, String>(0)).expect("ask for tables");
            let tables: Vec<String> = tables.collect::<Result<_, _>>().expect("names of tables");
            tables.into_iter().map(|table| (table.clone(), sqlite_rows(&connection, &table))).collect()
        }
        AnyDatabase::Postgres(database) => {
            let mut client = database.client();
            let sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
            let tables = client.query(sql, &[]).expect("ask for tables");
            let mut rows_of = |table: String| {
                let sql = format!("SELECT to_jsonb(t)::text FROM public.\"{table}\" t");
                let rows = client.query(&sql, &[]).expect("read a table");
                (table, rows.iter().map(|row| postgres_row(row.get(0))).collect())
            };
            tables.iter().map(|row| rows_of(row.get(0))).collect()
        }
    }
}

fn sqlite_rows(connection: &rusqlite::Connection, table: &str) -> Vec<Row> {
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).expect("read a table");
    let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let read = |row: &rusqlite::Row<'_>| {
        let value = |number: usize| row.get_ref(number).map(sqlite_value);
        columns.iter().enumerate().map(|(number, name)| Ok((name.clone(), value(number)?))).collect()
    };
    let rows = statement.query_map([], read).expect("read a table");
    rows.collect::<rusqlite::Result<_>>().expect("read a row")
}

fn sqlite_value(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".into(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{number:?}"),
        ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => format!("x'{}'", hex(bytes)),
    }
}

fn postgres_row(text: &str) -> Row {
    let row: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).expect("a row is an object");
    row.into_iter().map(|(name, value)| (name, value.to_string())).collect()
}

/// What happened between two looks. A row is the same when its `id` is; rows without one are compared as a whole.
pub(super) fn difference(before: &Rows, after: &Rows) -> Difference {
    let tables = before.keys().chain(after.keys().filter(|table| !before.contains_key(*table)));
    let compare = |table: &String| {
        let empty = Vec::new();
        let (old, new) = (before.get(table).unwrap_or(&empty), after.get(table).unwrap_or(&empty));
        (table.clone(), compare(old, new))
    };
    tables.map(compare).filter(|(_, difference)| *difference != TableDifference::default()).collect()
}

fn compare(before: &[Row], after: &[Row]) -> TableDifference {
    let is_same = |one: &Row, other: &Row| match (one.get("id"), other.get("id")) {
        (Some(id), Some(other)) => id == other,
        _ => one == other,
    };
    let mut difference = TableDifference::default();
    for new in after {
        match before.iter().find(|old| is_same(old, new)) {
            None => difference.inserted.push(new.clone()),
            Some(old) if old != new => {
                let changed = new.iter().filter(|(name, value)| old.get(*name) != Some(*value));
                let changed = changed.map(|(name, value)| (name.clone(), value.clone())).collect();
                difference.updated.push((old.clone(), changed));
            }
            Some(_) => {}
        }
    }
    let is_gone = |old: &&Row| !after.iter().any(|new| is_same(old, new));
    difference.deleted = before.iter().filter(is_gone).cloned().collect();
    difference
}
