//! Rows of a batch to what an export holds: lines straight into one buffer, or columns; runs on every core.

use std::sync::{Mutex, PoisonError};

use super::columns::Columns;
use super::csv;
use super::filter::Filter;
use super::form::{Form, RAW_COLUMN, SAFE_SUFFIX, is_formula, is_risky};
use super::raw;
use super::value::{Value, Values};
use crate::audit::pipeline::Product;
use crate::format::json::write_string;
use crate::store::batch::{Column, Layout, RawRow, RowBatch, Storage};

/// What identifies the first or last row of an export, as it is written there; `None` for NULL and for what only has a
/// raw form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    /// `id`.
    pub id: Option<String>,
    /// `occurred_at`.
    pub occurred_at: Option<String>,
    /// `row_hmac`.
    pub row_hmac: Option<String>,
    /// `prev_row_hmac`.
    pub prev_row_hmac: Option<String>,
}

impl Edge {
    /// From a row.
    pub fn of(row: RawRow<'_>) -> Self {
        let text = |column| row.text(column).ok().flatten().map(str::to_owned);
        Self {
            id: row.id().ok().map(|id| id.to_string()),
            occurred_at: row.occurred_at().ok().map(|time| time.to_string()),
            row_hmac: text(Column::RowHmac),
            prev_row_hmac: text(Column::PrevRowHmac),
        }
    }
}

/// The rows of a batch.
#[derive(Debug)]
pub enum Content {
    /// As the file holds them, one after the other.
    Lines(Vec<u8>),
    /// To be gathered for Parquet.
    Columns(Columns),
}

/// A batch of encoded rows.
#[derive(Debug)]
pub struct Encoded {
    /// The rows.
    pub content: Content,
    /// Rows in it.
    pub rows: u64,
    /// Rows of frozen history among them.
    pub frozen: u64,
    /// Rows among them that cannot be read.
    pub unreadable: u64,
    /// Rows that were looked at.
    pub seen: u64,
    /// Rows of each `hmac_key_id`, as written there.
    pub keys: Vec<(String, u64)>,
    /// The first row.
    pub first: Option<Edge>,
    /// The last row.
    pub last: Option<Edge>,
    raw: RowBatch,
}

impl Encoded {
    /// Its rows, once.
    pub fn take(&mut self) -> Content {
        std::mem::replace(&mut self.content, Content::Lines(Vec::new()))
    }
}

impl Product for Encoded {
    fn reclaim(self) -> RowBatch {
        self.raw
    }
}

/// Buffers that go round between the threads.
#[derive(Debug, Default)]
pub struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    /// An empty buffer.
    pub fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Gives a buffer back.
    pub fn give(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

/// Writes rows; each thread has its own.
#[derive(Debug)]
pub struct Encoder<'f> {
    form: Form,
    layout: Layout,
    safe: bool,
    filter: &'f Filter,
    values: Values,
    scratch: Vec<u8>,
    /// The raw forms of the row at hand.
    raw: Vec<u8>,
    /// Whether each of its columns could be read.
    is_readable: bool,
}

impl<'f> Encoder<'f> {
    /// For rows of one layout; `safe` adds guarded copies of risky columns (CSV only).
    pub fn new(form: Form, layout: Layout, safe: bool, filter: &'f Filter) -> Self {
        let values = Values::default();
        Self { form, layout, safe, filter, values, scratch: Vec::new(), raw: Vec::new(), is_readable: true }
    }

    /// The names of the columns, in order.
    pub fn columns(layout: Layout, safe: bool) -> Vec<String> {
        let mut names = Vec::new();
        for column in layout.columns() {
            names.push(column.name().to_owned());
            if safe && is_risky(*column) {
                names.push(format!("{}{SAFE_SUFFIX}", column.name()));
            }
        }
        names.push(RAW_COLUMN.to_owned());
        names
    }

    /// What stands before the first row.
    pub fn header(form: Form, layout: Layout, safe: bool) -> Vec<u8> {
        match form {
            Form::Csv => (Self::columns(layout, safe).join(",") + "\n").into_bytes(),
            Form::Jsonl | Form::Parquet => Vec::new(),
        }
    }

    /// Writes the rows of a batch that the filter lets through, lines into a buffer of the pool.
    pub fn encode(&mut self, batch: RowBatch, pool: &Pool) -> Encoded {
        let mut content = match self.form {
            Form::Csv | Form::Jsonl => {
                let mut bytes = pool.take();
                bytes.reserve(batch.byte_len() * 2);
                Content::Lines(bytes)
            }
            Form::Parquet => Content::Columns(Columns::new(self.layout)),
        };
        let (mut rows, mut frozen, mut unreadable, mut seen) = (0, 0, 0, 0);
        let mut keys: Vec<(String, u64)> = Vec::new();
        let (mut first, mut last) = (None, None);
        let everything = self.filter.is_contiguous();
        for (_, row) in batch.rows() {
            seen += 1;
            if !everything && !self.filter.matches(row) {
                continue;
            }
            self.raw.clear();
            self.is_readable = true;
            match &mut content {
                Content::Columns(columns) => self.columns_row(row, columns),
                Content::Lines(bytes) if self.form == Form::Csv => self.csv(row, bytes),
                Content::Lines(bytes) => self.jsonl(row, bytes),
            }
            rows += 1;
            unreadable += u64::from(!self.is_readable || !is_complete(row));
            frozen += u64::from(row.boolean(Column::LegacyFrozen).is_ok_and(|frozen| frozen == Some(true)));
            if let Ok(Some(key)) = row.text(Column::HmacKeyId) {
                match keys.iter_mut().find(|(known, _)| known == key) {
                    Some((_, count)) => *count += 1,
                    None => keys.push((key.to_owned(), 1)),
                }
            }
            first.get_or_insert(row);
            last = Some(row);
        }
        let (first, last) = (first.map(Edge::of), last.map(Edge::of));
        Encoded { content, rows, frozen, unreadable, seen, keys, first, last, raw: batch }
    }

    fn columns_row(&mut self, row: RawRow<'_>, out: &mut Columns) {
        for (index, column) in self.layout.columns().iter().copied().enumerate() {
            if let Ok(value) = self.values.of(row, column) {
                out.push(index, value);
            } else {
                out.push(index, Value::Null);
                self.note_raw(row, column);
            }
        }
        self.end_raw();
        out.end_row(&self.raw);
    }

    fn csv(&mut self, row: RawRow<'_>, out: &mut Vec<u8>) {
        for (index, column) in self.layout.columns().iter().copied().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let start = out.len();
            match self.values.of(row, column) {
                Ok(value) => csv_field(value, out),
                Err(_) => self.note_raw(row, column),
            }
            if self.safe && is_risky(column) {
                self.safe_copy(start, out);
            }
        }
        out.push(b',');
        self.end_raw();
        if !self.raw.is_empty() {
            csv::write_quoted(&self.raw, out);
        }
        out.push(b'\n');
    }

    /// Appends the guarded copy of the field that begins at `start`.
    fn safe_copy(&mut self, start: usize, out: &mut Vec<u8>) {
        self.scratch.clear();
        self.scratch.extend_from_slice(&out[start..]);
        out.push(b',');
        let field = self.scratch.as_slice();
        let (quote, text) = match field {
            [b'"', text @ ..] => (&b"\""[..], text),
            text => (&b""[..], text),
        };
        out.extend_from_slice(quote);
        if is_formula(text) {
            out.push(b'\'');
        }
        out.extend_from_slice(text);
    }

    fn jsonl(&mut self, row: RawRow<'_>, out: &mut Vec<u8>) {
        for (index, column) in self.layout.columns().iter().copied().enumerate() {
            out.push(if index == 0 { b'{' } else { b',' });
            out.push(b'"');
            out.extend_from_slice(column.name().as_bytes());
            out.extend_from_slice(b"\":");
            if let Ok(value) = self.values.of(row, column) {
                json_value(value, out);
            } else {
                json_value(Value::Null, out);
                self.note_raw(row, column);
            }
        }
        self.end_raw();
        if !self.raw.is_empty() {
            out.extend_from_slice(b",\"raw\":");
            out.extend_from_slice(&self.raw);
        }
        out.extend_from_slice(b"}\n");
    }

    /// Notes the raw form of a column that has no other. NULL needs none: where it must not be, it stands for itself.
    fn note_raw(&mut self, row: RawRow<'_>, column: Column) {
        self.is_readable = false;
        let Some((storage, bytes)) = row.field(column) else { return };
        if storage == Storage::Null {
            return;
        }
        self.raw.push(if self.raw.is_empty() { b'{' } else { b',' });
        self.raw.extend_from_slice(format!("\"{}\":", column.name()).as_bytes());
        raw::write(storage, bytes, &mut self.raw);
    }

    fn end_raw(&mut self) {
        if !self.raw.is_empty() {
            self.raw.push(b'}');
        }
    }
}

fn csv_field(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => {}
        Value::Text(text) => csv::write_text(text.as_bytes(), out),
        Value::Id(id) => id.write(out),
        Value::Time(time) => time.write_canonical(out),
        Value::Truth(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Value::Integer(value) => out.extend_from_slice(value.to_string().as_bytes()),
    }
}

fn json_value(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Text(text) => write_string(text, out),
        Value::Id(_) | Value::Time(_) => {
            out.push(b'"');
            csv_field(value, out);
            out.push(b'"');
        }
        Value::Truth(_) | Value::Integer(_) => csv_field(value, out),
    }
}

/// Whether no column is NULL that must not be.
fn is_complete(row: RawRow<'_>) -> bool {
    [Column::Id, Column::OccurredAt, Column::Action, Column::TargetType, Column::Result]
        .iter()
        .all(|column| !matches!(row.field(*column), Some((Storage::Null, _))))
}
