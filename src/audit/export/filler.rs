//! Records back into the rows of batches, as a database would have sent them.

use std::collections::BTreeMap;

use super::columns::Columns;
use super::csv::Record;
use super::form::{Form, Kind, RAW_COLUMN, SAFE_SUFFIX, is_formula, is_risky, kind};
use super::jsonl::Line;
use super::raw::Raw;
use super::reader::{Problem, ReadEnd, Shape};
use super::sink::Sum;
use super::value::Value;
use crate::audit::finding::Class;
use crate::error::Result;
use crate::store::batch::{Column, Layout, RowBatch, Storage};
use crate::store::{BATCH_BYTES, BATCH_ROWS, Emit};

/// Damaged records that are told one by one.
const MAX_PROBLEMS: usize = 1000;

/// Fills batches.
pub(super) struct Filler<'s> {
    shape: &'s Shape,
    batch: RowBatch,
    /// Of the next record.
    position: u64,
    record: Record,
    problems: Vec<Problem>,
    more_problems: u64,
    /// Whether the header is still to come.
    header: bool,
    /// Of a time.
    text: Vec<u8>,
}

impl<'s> Filler<'s> {
    pub(super) fn new(shape: &'s Shape) -> Self {
        Self {
            shape,
            batch: RowBatch::new(shape.layout),
            position: 1,
            record: Record::default(),
            problems: Vec::new(),
            more_problems: 0,
            header: shape.form == Form::Csv,
            text: Vec::new(),
        }
    }

    /// What reading to the end showed.
    pub(super) fn end(self, file: Sum, unpacked: Sum) -> ReadEnd {
        let Self { position, problems, more_problems, .. } = self;
        ReadEnd { records: position - 1, file, unpacked, problems, more_problems }
    }

    /// Says so when there was no header where one belongs.
    pub(super) fn demand_header(&mut self) {
        if self.header {
            self.problem(Class::Malformed, false, "the header line is missing");
        }
    }

    pub(super) fn problem(&mut self, class: Class, about_row: bool, message: &str) {
        if self.problems.len() >= MAX_PROBLEMS {
            self.more_problems += 1;
            return;
        }
        let row = about_row.then_some(self.position);
        self.problems.push(Problem { class, row, message: message.to_owned() });
    }

    /// Takes a line.
    pub(super) fn take(&mut self, line: &[u8], emit: Emit<'_>) -> Result<()> {
        if self.header {
            self.header = false;
            let names = std::str::from_utf8(line).unwrap_or_default().split(',').collect::<Vec<_>>();
            if Shape::of_columns(&names) != Some((self.shape.layout, self.shape.safe)) {
                self.problem(
                    Class::Malformed,
                    false,
                    "the header line does not name the columns of this export",
                );
            }
            return Ok(());
        }
        let filled = if self.shape.form == Form::Csv { self.csv(line) } else { self.jsonl(line) };
        self.end_row(filled, emit)
    }

    /// Takes rows column by column.
    pub(super) fn take_columns(&mut self, columns: &Columns, emit: Emit<'_>) -> Result<()> {
        let (mut cursor, mut row) = (columns.cursor(), Vec::new());
        while let Some(read) = cursor.next_row(&mut row) {
            let filled = match read {
                Ok(()) => self.columns_row(&row),
                Err(column) => Err(format!("{column} does not hold what its type allows")),
            };
            self.end_row(filled, emit)?;
        }
        Ok(())
    }

    fn end_row(&mut self, filled: std::result::Result<(), String>, emit: Emit<'_>) -> Result<()> {
        if let Err(reason) = filled {
            let message = format!("this is not a row of an export: {reason}");
            self.problem(Class::Malformed, true, &message);
            self.flush(emit)?;
            self.position += 1;
            self.batch.clear(self.position);
            return Ok(());
        }
        self.position += 1;
        if self.batch.len() >= BATCH_ROWS || self.batch.byte_len() >= BATCH_BYTES {
            self.flush(emit)?;
        }
        Ok(())
    }

    /// Hands over what is there.
    pub(super) fn flush(&mut self, emit: Emit<'_>) -> Result<()> {
        if !self.batch.is_empty() {
            let full = std::mem::replace(&mut self.batch, RowBatch::new(self.shape.layout));
            self.batch = emit(full)?;
        }
        self.batch.clear(self.position);
        Ok(())
    }

    fn csv(&mut self, line: &[u8]) -> std::result::Result<(), String> {
        let mut record = std::mem::take(&mut self.record);
        let result = self.csv_record(line, &mut record);
        self.record = record;
        result
    }

    fn csv_record(&mut self, line: &[u8], record: &mut Record) -> std::result::Result<(), String> {
        record.parse(line)?;
        let columns = self.shape.layout.columns();
        let copies =
            if self.shape.safe { columns.iter().filter(|column| is_risky(**column)).count() } else { 0 };
        let expected = columns.len() + copies + 1;
        if record.len() != expected {
            return Err(format!("it has {} fields, not {expected}", record.len()));
        }
        let raw = raw_values(record.field(expected - 1))?;
        let mut index = 0;
        let mut copies_differ = false;
        // Checked before anything is added: half a row would shift all that follow.
        for column in columns {
            let field = record.field(index);
            once(*column, field.is_some(), &raw)?;
            index += 1;
            if self.shape.safe && is_risky(*column) {
                copies_differ |= !is_guarded_copy(field, record.field(index));
                index += 1;
            }
        }
        index = 0;
        for column in columns {
            self.push(*column, record.field(index), &raw);
            index += if self.shape.safe && is_risky(*column) { 2 } else { 1 };
        }
        if copies_differ {
            let message =
                format!("a column *{SAFE_SUFFIX} is not the guarded copy of its column: it was changed");
            self.problem(Class::Edited, true, &message);
        }
        Ok(())
    }

    fn jsonl(&mut self, line: &[u8]) -> std::result::Result<(), String> {
        let parsed: Line<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let empty = BTreeMap::new();
        let raw = parsed.raw.as_ref().unwrap_or(&empty);
        check_raw(raw)?;
        let columns = self.shape.layout.columns();
        for column in Column::ALL {
            let is_null = parsed.value(column) == Value::Null;
            if !is_null && !columns.contains(&column) {
                return Err(format!("it has {}, which other rows have not", column.name()));
            }
            once(column, !is_null, raw)?;
        }
        for column in columns {
            self.push_value(*column, parsed.value(*column), raw);
        }
        Ok(())
    }

    /// Values of the columns in order, behind them the raw forms.
    fn columns_row(&mut self, row: &[Value<'_>]) -> std::result::Result<(), String> {
        let Some((last, row)) = row.split_last() else { return Ok(()) };
        let raw = match last {
            Value::Text(text) => raw_values(Some(text.as_bytes()))?,
            _ => BTreeMap::new(),
        };
        let columns = self.shape.layout.columns();
        for (column, value) in columns.iter().zip(row) {
            once(*column, *value != Value::Null, &raw)?;
        }
        for (column, value) in columns.iter().zip(row) {
            self.push_value(*column, *value, &raw);
        }
        Ok(())
    }

    fn push_value(&mut self, column: Column, value: Value<'_>, raw: &BTreeMap<String, Raw>) {
        match value {
            Value::Null => self.push(column, None, raw),
            Value::Text(text) => self.push(column, Some(text.as_bytes()), raw),
            Value::Id(id) => self.push(column, Some(id.to_string().as_bytes()), raw),
            Value::Time(time) => {
                self.text.clear();
                time.write_canonical(&mut self.text);
                self.batch.push(Storage::Text, &self.text);
            }
            Value::Truth(value) => self.batch.push(Storage::Integer, &i64::from(value).to_le_bytes()),
            Value::Integer(value) => self.batch.push(Storage::Integer, &value.to_le_bytes()),
        }
    }

    /// Adds a value as the database would have sent it.
    fn push(&mut self, column: Column, field: Option<&[u8]>, raw: &BTreeMap<String, Raw>) {
        let Some(text) = field else {
            match raw.get(column.name()) {
                // Its form was checked with the others.
                Some(value) => _ = value.push(&mut self.batch),
                None => self.batch.push(Storage::Null, &[]),
            }
            return;
        };
        let integer = match (kind(column), text) {
            (Kind::Truth, b"true") => Some(1_i64),
            (Kind::Truth, b"false") => Some(0),
            (Kind::Integer, digits) => {
                std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok())
            }
            _ => None,
        };
        if let Some(value) = integer {
            self.batch.push(Storage::Integer, &value.to_le_bytes());
            return;
        }
        if self.shape.postgres
            && column == Column::SourceIp
            && let Some(inet) = inet(text)
        {
            self.batch.push(Storage::Binary, &inet);
            return;
        }
        self.batch.push(Storage::Text, text);
    }
}

/// The raw forms of a record.
fn raw_values(field: Option<&[u8]>) -> std::result::Result<BTreeMap<String, Raw>, String> {
    let Some(text) = field else { return Ok(BTreeMap::new()) };
    let raw: BTreeMap<String, Raw> =
        serde_json::from_slice(text).map_err(|error| format!("column {RAW_COLUMN}: {error}"))?;
    check_raw(&raw)?;
    Ok(raw)
}

fn check_raw(raw: &BTreeMap<String, Raw>) -> std::result::Result<(), String> {
    for (name, value) in raw {
        if !Column::ALL.iter().any(|column| column.name() == name) {
            return Err(format!("column {RAW_COLUMN} names {name:?}, which is no column"));
        }
        if !value.push(&mut RowBatch::new(Layout::links())) {
            return Err(format!("column {RAW_COLUMN}: {name} is not hexadecimal, or no number"));
        }
    }
    Ok(())
}

/// Refuses a column that has a value beside its raw form.
fn once(column: Column, has_value: bool, raw: &BTreeMap<String, Raw>) -> std::result::Result<(), String> {
    if has_value && raw.contains_key(column.name()) {
        return Err(format!("it has {} twice", column.name()));
    }
    Ok(())
}

fn is_guarded_copy(text: Option<&[u8]>, copy: Option<&[u8]>) -> bool {
    match (text, copy) {
        (Some(text), Some(copy)) if is_formula(text) => copy.split_first() == Some((&b'\'', text)),
        (text, copy) => text == copy,
    }
}

/// `inet` on the wire from an address with or without prefix: family, prefix length, is-cidr flag, length, address.
fn inet(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let mut wire = match address.parse().ok()? {
        std::net::IpAddr::V4(address) => [&[2, prefix.unwrap_or(32), 0, 4][..], &address.octets()].concat(),
        std::net::IpAddr::V6(address) => [&[3, prefix.unwrap_or(128), 0, 16][..], &address.octets()].concat(),
    };
    wire.shrink_to_fit();
    Some(wire)
}
