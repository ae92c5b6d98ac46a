//! Values of the brain's ordinary tables, in both databases.
//!
//! Statements are written once, with `?` for each parameter. What differs is how a value is stored (schema,
//! section 2): SQLite holds UUIDs as 32 digits, times as text, lists and objects as JSON text; PostgreSQL has types
//! for them. Values read back are normalised, so that nobody above asks which database it was.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::format::{Id, Timestamp};

/// A parameter of a statement.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A truth: 0 or 1 in SQLite, never the text that its defaults hold.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Text.
    Text(String),
    /// Text that must not be shown: a password hash, a token hash. Neither plans nor logs print it.
    Hidden(String),
    /// A UUID.
    Id(Id),
    /// A time.
    Time(Timestamp),
    /// A JSON value.
    Json(serde_json::Value),
    /// A list of texts: a JSON array in SQLite, `text[]` in PostgreSQL.
    List(Vec<String>),
    /// An empty list of UUIDs: a JSON array in SQLite, `uuid[]` in PostgreSQL.
    NoIds,
    /// A label of an enum type of PostgreSQL, text in SQLite.
    Label(&'static str, String),
    /// An address: `inet` in PostgreSQL.
    Address(String),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Value {
    /// Text, or NULL.
    pub fn text(text: Option<&str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.to_owned()))
    }

    /// A UUID, or NULL.
    pub fn id(id: Option<Id>) -> Self {
        id.map_or(Self::Null, Self::Id)
    }

    /// For plans and reports: nothing that must not be shown.
    pub fn shown(&self) -> String {
        match self {
            Self::Null => "NULL".into(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Text(text) | Self::Label(_, text) | Self::Address(text) => text.clone(),
            Self::Hidden(_) => "(hidden)".into(),
            Self::Id(id) => id.to_string(),
            Self::Time(time) => time.zulu(),
            Self::Json(value) => value.to_string(),
            Self::List(list) => serde_json::json!(list).to_string(),
            Self::NoIds => "[]".into(),
        }
    }

    /// The form that z4j stores in SQLite.
    pub(super) fn sqlite(&self) -> rusqlite::types::Value {
        use rusqlite::types::Value as Stored;
        match self {
            Self::Null => Stored::Null,
            Self::Bool(value) => Stored::Integer(i64::from(*value)),
            Self::Int(value) => Stored::Integer(*value),
            Self::Text(text) | Self::Hidden(text) | Self::Label(_, text) | Self::Address(text) => {
                Stored::Text(text.clone())
            }
            Self::Id(id) => Stored::Text(id.simple()),
            Self::Time(time) => Stored::Text(time.sqlite()),
            Self::Json(value) => Stored::Text(stored_json(value)),
            Self::List(list) => Stored::Text(stored_json(&serde_json::json!(list))),
            Self::NoIds => Stored::Text("[]".into()),
        }
    }

    /// What stands for this parameter in a statement for PostgreSQL, and the text that is sent with it. Everything
    /// goes as text and is cast there: so a statement needs no preparation, which a pooler could not carry.
    pub(super) fn postgres(&self, number: usize) -> (String, Option<String>) {
        let (cast, text) = match self {
            Self::Null => return ("NULL".into(), None),
            Self::Bool(value) => ("boolean", value.to_string()),
            Self::Int(value) => ("bigint", value.to_string()),
            Self::Text(text) | Self::Hidden(text) => ("text", text.clone()),
            Self::Id(id) => ("uuid", id.to_string()),
            Self::Time(time) => ("timestamptz", time.canonical()),
            Self::Json(value) => ("jsonb", value.to_string()),
            Self::List(list) => ("text[]", array_literal(list)),
            Self::NoIds => ("uuid[]", "{}".into()),
            Self::Label(kind, text) => (*kind, text.clone()),
            Self::Address(text) => ("inet", text.clone()),
        };
        (format!("${number}::text::{cast}"), Some(text))
    }
}

/// A statement with its `?` replaced for PostgreSQL, and the texts to send.
pub(super) fn for_postgres(sql: &str, values: &[Value]) -> Result<(String, Vec<String>)> {
    let mut pieces = sql.split('?');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    let mut texts = Vec::new();
    let mut values = values.iter();
    for piece in pieces {
        let value = values.next().ok_or_else(|| Error::bug(format!("too few values for {sql}")))?;
        let (place, text) = value.postgres(texts.len() + 1);
        out.push_str(&place);
        texts.extend(text);
        out.push_str(piece);
    }
    match values.next() {
        None => Ok((out, texts)),
        Some(_) => Err(Error::bug(format!("too many values for {sql}"))),
    }
}

/// JSON text as z4j stores it in SQLite: `", "` and `": "`, everything beyond ASCII escaped.
pub fn stored_json(value: &serde_json::Value) -> String {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Spaced);
    // A tree of values has no key that is not a string and nothing that fails to write.
    if serde::Serialize::serialize(value, &mut serializer).is_err() {
        return value.to_string();
    }
    String::from_utf8(out).unwrap_or_else(|_| value.to_string())
}

struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, out: &mut W) -> std::io::Result<()> {
        out.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + std::io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> std::io::Result<()> {
        for character in fragment.chars() {
            if character.is_ascii() {
                out.write_all(&[u8::try_from(u32::from(character)).unwrap_or(b'?')])?;
            } else {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

fn array_literal(list: &[String]) -> String {
    let quoted = list.iter().map(|item| format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\"")));
    format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
}

/// What a column held.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// An integer, or a truth as 0 and 1.
    Int(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text; UUIDs, times, addresses and JSON in one of their textual forms, lists as JSON arrays.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// One row that was read from a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// The table, for messages.
    table: Rc<str>,
    columns: Rc<HashMap<String, usize>>,
    cells: Vec<Cell>,
}

impl Row {
    pub(super) fn new(table: &Rc<str>, columns: &Rc<HashMap<String, usize>>, cells: Vec<Cell>) -> Self {
        Self { table: Rc::clone(table), columns: Rc::clone(columns), cells }
    }

    /// Whether the statement gave this column.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    fn cell(&self, column: &str) -> Result<&Cell> {
        self.columns
            .get(column)
            .and_then(|at| self.cells.get(*at))
            .ok_or_else(|| Error::bug(format!("column {column} was not read from {}", self.table)))
    }

    fn wrong(&self, column: &str, expected: &str) -> Error {
        let which = self.columns.get("id").and_then(|at| self.cells.get(*at));
        let id = match which {
            Some(Cell::Text(text)) => {
                Id::parse(text.as_bytes()).map_or_else(|| text.clone(), |id| id.to_string())
            }
            _ => "?".into(),
        };
        Error::unreachable(
            "database.inconsistent",
            format!("table {}, column {column}, row {id}: not {expected}", self.table),
        )
        .hint("the row was not written by z4j; repair it, or restore a backup")
    }

    /// Text, `None` when NULL.
    pub fn text(&self, column: &str) -> Result<Option<&str>> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            _ => Err(self.wrong(column, "text")),
        }
    }

    /// Text that is never NULL.
    pub fn required_text(&self, column: &str) -> Result<&str> {
        self.text(column)?.ok_or_else(|| self.wrong(column, "text"))
    }

    /// A UUID, `None` when NULL.
    pub fn id(&self, column: &str) -> Result<Option<Id>> {
        match self.text(column)? {
            None => Ok(None),
            Some(text) => Id::parse(text.as_bytes()).map(Some).ok_or_else(|| self.wrong(column, "a UUID")),
        }
    }

    /// A UUID that is never NULL.
    pub fn required_id(&self, column: &str) -> Result<Id> {
        self.id(column)?.ok_or_else(|| self.wrong(column, "a UUID"))
    }

    /// A time, `None` when NULL.
    pub fn time(&self, column: &str) -> Result<Option<Timestamp>> {
        match self.text(column)? {
            None => Ok(None),
            Some(text) => Timestamp::parse(text).map(Some).ok_or_else(|| self.wrong(column, "a time")),
        }
    }

    /// A truth. The text that SQLite's defaults leave counts as z4j reads it: any text is true.
    pub fn truth(&self, column: &str) -> Result<bool> {
        match self.cell(column)? {
            Cell::Null => Ok(false),
            Cell::Int(value) => Ok(*value != 0),
            Cell::Text(_) => Ok(true),
            _ => Err(self.wrong(column, "a truth value")),
        }
    }

    /// Whether a truth is stored as text, as a raw INSERT into SQLite leaves it (identity, fact 8).
    pub fn is_textual_truth(&self, column: &str) -> bool {
        matches!(self.cell(column), Ok(Cell::Text(_)))
    }

    /// An integer, `None` when NULL.
    pub fn int(&self, column: &str) -> Result<Option<i64>> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Int(value) => Ok(Some(*value)),
            // Another text default of SQLite: '0'.
            Cell::Text(text) => text.parse().map(Some).map_err(|_| self.wrong(column, "an integer")),
            _ => Err(self.wrong(column, "an integer")),
        }
    }

    /// Bytes, `None` when NULL.
    pub fn bytes(&self, column: &str) -> Result<Option<&[u8]>> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Bytes(bytes) => Ok(Some(bytes)),
            _ => Err(self.wrong(column, "bytes")),
        }
    }

    /// A JSON value; SQL NULL and JSON `null` are both `Null`.
    pub fn json(&self, column: &str) -> Result<serde_json::Value> {
        match self.text(column)? {
            None => Ok(serde_json::Value::Null),
            Some(text) => serde_json::from_str(text).map_err(|_| self.wrong(column, "JSON")),
        }
    }

    /// A list of texts; an object, which SQLite's defaults leave, is an empty list, as z4j reads it.
    pub fn list(&self, column: &str) -> Result<Vec<String>> {
        match self.json(column)? {
            serde_json::Value::Array(items) => items
                .into_iter()
                .map(|item| {
                    item.as_str().map(str::to_owned).ok_or_else(|| self.wrong(column, "a list of texts"))
                })
                .collect(),
            serde_json::Value::Null | serde_json::Value::Object(_) => Ok(Vec::new()),
            _ => Err(self.wrong(column, "a list of texts")),
        }
    }

    /// A column as text for plans and reports, whatever it holds.
    pub fn shown(&self, column: &str) -> String {
        match self.cell(column) {
            Ok(Cell::Null) | Err(_) => "NULL".into(),
            Ok(Cell::Int(value)) => value.to_string(),
            Ok(Cell::Real(value)) => value.to_string(),
            Ok(Cell::Bytes(bytes)) => format!("({} bytes)", bytes.len()),
            Ok(Cell::Text(text)) => {
                let is_id = text.len() == 32;
                match Id::parse(text.as_bytes()).filter(|_| is_id) {
                    Some(id) => id.to_string(),
                    None => text.clone(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_stored_as_python_writes_it() {
        let value = json!({"name": "grün 😀 \"x\"\n", "list": ["a", 1], "none": null});
        assert_eq!(
            stored_json(&value),
            r#"{"list": ["a", 1], "name": "gr\u00fcn \ud83d\ude00 \"x\"\n", "none": null}"#
        );
    }

    #[test]
    fn statements_for_postgres_number_their_places_and_cast() {
        let id = Id::from_bytes([7; 16]);
        let values = [Value::Null, Value::Id(id), Value::List(vec!["a\"b".into()])];
        let (sql, texts) = for_postgres("UPDATE t SET a = ?, b = ? WHERE c = ?", &values).expect("it fits");
        assert_eq!(sql, "UPDATE t SET a = NULL, b = $1::text::uuid WHERE c = $2::text::text[]");
        assert_eq!(texts, [id.to_string(), r#"{"a\"b"}"#.to_owned()]);
        assert!(for_postgres("SELECT ?", &[]).is_err());
        assert!(for_postgres("SELECT 1", &[Value::Null]).is_err());
    }

    #[test]
    fn hidden_values_do_not_show() {
        assert!(!format!("{:?}", Value::Hidden("x9".into())).contains("x9"));
    }
}
