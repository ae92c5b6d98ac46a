//! Rows of a batch to the bytes of an export, straight into one buffer; runs on every core.

use std::sync::{Mutex, PoisonError};

use super::csv;
use super::filter::Filter;
use super::form::{Form, Kind, RAW_COLUMN, SAFE_SUFFIX, is_formula, is_risky, kind};
use super::raw;
use crate::audit::pipeline::Product;
use crate::format::address::Mapped;
use crate::format::json::{Canonicalizer, Numbers, write_string};
use crate::format::row::SourceIp;
use crate::store::batch::{Column, DecodeError, Layout, RawRow, RowBatch, Storage};

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

/// A batch of encoded rows.
#[derive(Debug)]
pub struct Encoded {
    /// The rows as the file holds them, one after the other.
    pub bytes: Vec<u8>,
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
    canonicalizer: Canonicalizer,
    scratch: Vec<u8>,
    raw: Vec<u8>,
}

impl<'f> Encoder<'f> {
    /// For rows of one layout; `safe` adds guarded copies of risky columns (CSV only).
    pub fn new(form: Form, layout: Layout, safe: bool, filter: &'f Filter) -> Self {
        Self {
            form,
            layout,
            safe,
            filter,
            canonicalizer: Canonicalizer::new(),
            scratch: Vec::new(),
            raw: Vec::new(),
        }
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
            Form::Jsonl => Vec::new(),
        }
    }

    /// Writes the rows of a batch that the filter lets through into a buffer.
    pub fn encode(&mut self, batch: RowBatch, mut bytes: Vec<u8>) -> Encoded {
        bytes.reserve(batch.byte_len() * 2);
        let (mut rows, mut frozen, mut unreadable, mut seen) = (0, 0, 0, 0);
        let mut keys: Vec<(String, u64)> = Vec::new();
        let (mut first, mut last) = (None, None);
        let everything = self.filter.is_contiguous();
        for (_, row) in batch.rows() {
            seen += 1;
            if !everything && !self.filter.matches(row) {
                continue;
            }
            let is_readable = match self.form {
                Form::Csv => self.csv(row, &mut bytes),
                Form::Jsonl => self.jsonl(row, &mut bytes),
            };
            rows += 1;
            unreadable += u64::from(!is_readable);
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
        Encoded { bytes, rows, frozen, unreadable, seen, keys, first, last, raw: batch }
    }

    fn csv(&mut self, row: RawRow<'_>, out: &mut Vec<u8>) -> bool {
        self.raw.clear();
        let mut is_readable = true;
        for (index, column) in self.layout.columns().iter().copied().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            let start = out.len();
            if self.csv_field(row, column, out).is_err() {
                out.truncate(start);
                is_readable = false;
                self.note_raw(row, column);
            }
            if self.safe && is_risky(column) {
                self.safe_copy(start, out);
            }
        }
        out.push(b',');
        if !self.raw.is_empty() {
            self.raw.push(b'}');
            csv::write_quoted(&self.raw, out);
        }
        out.push(b'\n');
        is_readable && is_complete(row)
    }

    fn csv_field(&mut self, row: RawRow<'_>, column: Column, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        match kind(column) {
            Kind::Id => {
                if let Some(id) = row.uuid(column)? {
                    id.write(out);
                }
            }
            Kind::Time => row.occurred_at()?.write_canonical(out),
            Kind::Text => {
                if let Some(text) = row.text(column)? {
                    csv::write_text(text.as_bytes(), out);
                }
            }
            Kind::Metadata => {
                self.scratch.clear();
                self.canonical(row)?;
                csv::write_text(&self.scratch, out);
            }
            Kind::Truth => {
                if let Some(value) = row.boolean(column)? {
                    out.extend_from_slice(if value { b"true" } else { b"false" });
                }
            }
            Kind::Integer => {
                if let Some(value) = row.integer(column)? {
                    out.extend_from_slice(value.to_string().as_bytes());
                }
            }
            Kind::Address => match row.source_ip()? {
                SourceIp::Null => {}
                SourceIp::Text(text) => csv::write_text(text.as_bytes(), out),
                SourceIp::Inet(address) => out.extend_from_slice(address.print(Mapped::Groups).as_bytes()),
            },
        }
        Ok(())
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

    fn jsonl(&mut self, row: RawRow<'_>, out: &mut Vec<u8>) -> bool {
        self.raw.clear();
        let mut is_readable = true;
        for (index, column) in self.layout.columns().iter().copied().enumerate() {
            out.push(if index == 0 { b'{' } else { b',' });
            out.push(b'"');
            out.extend_from_slice(column.name().as_bytes());
            out.extend_from_slice(b"\":");
            let start = out.len();
            if self.json_value(row, column, out).is_err() {
                out.truncate(start);
                out.extend_from_slice(b"null");
                is_readable = false;
                self.note_raw(row, column);
            }
        }
        if !self.raw.is_empty() {
            self.raw.push(b'}');
            out.extend_from_slice(b",\"raw\":");
            out.extend_from_slice(&self.raw);
        }
        out.extend_from_slice(b"}\n");
        is_readable && is_complete(row)
    }

    fn json_value(&mut self, row: RawRow<'_>, column: Column, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let null = |out: &mut Vec<u8>| out.extend_from_slice(b"null");
        let text = |text: &str, out: &mut Vec<u8>| write_string(text, out);
        match kind(column) {
            Kind::Id => match row.uuid(column)? {
                Some(id) => {
                    out.push(b'"');
                    id.write(out);
                    out.push(b'"');
                }
                None => null(out),
            },
            Kind::Time => {
                let time = row.occurred_at()?;
                out.push(b'"');
                time.write_canonical(out);
                out.push(b'"');
            }
            Kind::Text => match row.text(column)? {
                Some(found) => text(found, out),
                None => null(out),
            },
            Kind::Metadata => {
                self.scratch.clear();
                if self.canonical(row)? {
                    // Canonical text is UTF-8, as the canonicalizer made sure.
                    text(&String::from_utf8_lossy(&self.scratch), out);
                } else {
                    null(out);
                }
            }
            Kind::Truth => match row.boolean(column)? {
                Some(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
                None => null(out),
            },
            Kind::Integer => match row.integer(column)? {
                Some(value) => out.extend_from_slice(value.to_string().as_bytes()),
                None => null(out),
            },
            Kind::Address => match row.source_ip()? {
                SourceIp::Null => null(out),
                SourceIp::Text(found) => text(found, out),
                SourceIp::Inet(address) => text(&address.print(Mapped::Groups), out),
            },
        }
        Ok(())
    }

    /// Writes the canonical form of the metadata into the scratch buffer; false for NULL.
    fn canonical(&mut self, row: RawRow<'_>) -> Result<bool, DecodeError> {
        let stored = row.metadata()?;
        // As Python reads them: what is not finite is for the verifier to judge, by the format of the row.
        self.canonicalizer.write(stored, Numbers::Python, &mut self.scratch).map(|_| true).map_err(|error| {
            DecodeError { column: Column::Metadata.name().into(), reason: error.to_string() }
        })
    }

    /// Notes the raw form of a column that has no other; NULL needs none.
    fn note_raw(&mut self, row: RawRow<'_>, column: Column) {
        let Some((storage, bytes)) = row.field(column) else { return };
        if storage == Storage::Null {
            return;
        }
        self.raw.push(if self.raw.is_empty() { b'{' } else { b',' });
        self.raw.extend_from_slice(format!("\"{}\":", column.name()).as_bytes());
        raw::write(storage, bytes, &mut self.raw);
    }
}

/// Whether no column is NULL that must not be.
fn is_complete(row: RawRow<'_>) -> bool {
    [Column::Id, Column::OccurredAt, Column::Action, Column::TargetType, Column::Result]
        .iter()
        .all(|column| !matches!(row.field(*column), Some((Storage::Null, _))))
}
