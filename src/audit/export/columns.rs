//! Rows column by column, as Parquet has them; on the way out and on the way in.

use super::form::{Kind, RAW_COLUMN, kind};
use super::value::Value;
use crate::format::Timestamp;
use crate::store::batch::{Column, Layout};

/// The values of one column; those that are NULL are in `levels` alone.
#[derive(Debug)]
pub struct ColumnOf {
    /// For each row 1, or 0 for NULL: Parquet's definition levels.
    pub levels: Vec<i16>,
    /// The values that are not NULL.
    pub values: Typed,
}

/// Values of one type.
#[derive(Debug)]
pub enum Typed {
    /// UTF-8 text, one after the other, and where each ends.
    Text {
        /// All of them.
        bytes: Vec<u8>,
        /// For each the place behind it.
        ends: Vec<usize>,
    },
    /// Integers; a time as microseconds from the Unix epoch.
    Integers(Vec<i64>),
    /// Truths.
    Truths(Vec<bool>),
}

/// Rows column by column: those of a layout, and behind them `raw`.
#[derive(Debug)]
pub struct Columns {
    /// Number of rows.
    pub rows: usize,
    /// Bytes of all values.
    pub byte_len: usize,
    /// The columns, in order.
    pub columns: Vec<ColumnOf>,
}

/// The names and kinds of the columns.
pub fn described(layout: Layout) -> impl Iterator<Item = (&'static str, Kind)> {
    let raw = (RAW_COLUMN, Kind::Text);
    layout.columns().iter().map(|column| (column.name(), kind(*column))).chain([raw])
}

impl Columns {
    /// No rows.
    pub fn new(layout: Layout) -> Self {
        let columns = described(layout).map(|(_, kind)| ColumnOf {
            levels: Vec::new(),
            values: match kind {
                Kind::Time | Kind::Integer => Typed::Integers(Vec::new()),
                Kind::Truth => Typed::Truths(Vec::new()),
                Kind::Id | Kind::Text | Kind::Metadata | Kind::Address => {
                    Typed::Text { bytes: Vec::new(), ends: Vec::new() }
                }
            },
        });
        Self { rows: 0, byte_len: 0, columns: columns.collect() }
    }

    /// Adds the value of a column to the row that is being filled.
    pub fn push(&mut self, index: usize, value: Value<'_>) {
        let ColumnOf { levels, values } = &mut self.columns[index];
        levels.push(1);
        match (values, value) {
            (Typed::Text { bytes, ends }, Value::Text(text)) => {
                bytes.extend_from_slice(text.as_bytes());
                ends.push(bytes.len());
                self.byte_len += text.len();
            }
            (Typed::Text { bytes, ends }, Value::Id(id)) => {
                let start = bytes.len();
                id.write(bytes);
                ends.push(bytes.len());
                self.byte_len += bytes.len() - start;
            }
            (Typed::Integers(values), Value::Time(time)) => values.push(time.micros()),
            (Typed::Integers(values), Value::Integer(value)) => values.push(value),
            (Typed::Truths(values), Value::Truth(value)) => values.push(value),
            // NULL. A value of another kind than its column there is not: both come from `kind`.
            _ => *levels.last_mut().unwrap_or(&mut 0) = 0,
        }
        // What a value takes besides its text.
        self.byte_len += 16;
    }

    /// Ends a row: its raw forms as a JSON object, if it has any.
    pub fn end_row(&mut self, raw: &[u8]) {
        let raw = std::str::from_utf8(raw).unwrap_or_default();
        self.push(self.columns.len() - 1, if raw.is_empty() { Value::Null } else { Value::Text(raw) });
        self.rows += 1;
    }

    /// Reads the rows one after the other.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor { columns: self, row: 0, next: vec![0; self.columns.len()] }
    }
}

/// Goes through rows.
pub struct Cursor<'c> {
    columns: &'c Columns,
    row: usize,
    /// For each column the index of the next value that is not NULL.
    next: Vec<usize>,
}

impl<'c> Cursor<'c> {
    /// The values of the next row: columns in order, `raw` the last. The error names the column whose value is none.
    pub fn next_row(&mut self, row: &mut Vec<Value<'c>>) -> Option<Result<(), &'static str>> {
        row.clear();
        if self.row >= self.columns.rows {
            return None;
        }
        let mut result = Ok(());
        for (index, ColumnOf { levels, values }) in self.columns.columns.iter().enumerate() {
            if levels[self.row] == 0 {
                row.push(Value::Null);
                continue;
            }
            let at = self.next[index];
            self.next[index] += 1;
            let is_raw = index + 1 == self.columns.columns.len();
            let name = || if is_raw { RAW_COLUMN } else { Column::ALL[index].name() };
            row.push(match values {
                Typed::Text { bytes, ends } => {
                    let start = if at == 0 { 0 } else { ends[at - 1] };
                    std::str::from_utf8(&bytes[start..ends[at]]).map_or_else(
                        |_| {
                            result = Err(name());
                            Value::Null
                        },
                        Value::Text,
                    )
                }
                Typed::Integers(values) if index == Column::OccurredAt as usize => {
                    let time = Timestamp::from_micros(values[at]);
                    if !(Timestamp::MIN..=Timestamp::MAX).contains(&time) {
                        result = Err(name());
                    }
                    Value::Time(time)
                }
                Typed::Integers(values) => Value::Integer(values[at]),
                Typed::Truths(values) => Value::Truth(values[at]),
            });
        }
        self.row += 1;
        Some(result)
    }
}
