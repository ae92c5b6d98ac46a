//! Reading a data file back: unpacked, cut into records, each record a row of a batch as a database would have sent it.
//!
//! Nothing is believed: whatever stands in the file, reading it ends with rows and a list of what is wrong with the file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::csv::{Lines, Record};
use super::form::{Form, Kind, Packing, RAW_COLUMN, SAFE_SUFFIX, is_formula, is_risky, kind};
use super::jsonl::{Line, Value};
use super::raw::Raw;
use super::sink::{Sum, Summing};
use crate::audit::finding::Class;
use crate::error::{Error, Result};
use crate::store::batch::{Column, Layout, RowBatch, Storage};
use crate::store::{BATCH_BYTES, BATCH_ROWS, Emit};

/// What is read at a time.
const CHUNK: usize = 256 << 10;
/// A longer record is none: a quote that was added would make one of the rest of the file.
const MAX_RECORD: usize = 256 << 20;
/// Damaged records that are told one by one.
const MAX_PROBLEMS: usize = 1000;

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What to call it.
    pub class: Class,
    /// 1-based number of the record, `None` when it is about the file.
    pub row: Option<u64>,
    /// One sentence.
    pub message: String,
}

/// What reading a file to its end showed.
#[derive(Debug, Clone)]
pub struct ReadEnd {
    /// Records.
    pub records: u64,
    /// Sum of the file.
    pub file: Sum,
    /// Sum of what is packed in it, as far as it could be unpacked.
    pub unpacked: Sum,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Problems beyond those.
    pub more_problems: u64,
}

/// What a file is, by its beginning.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Its path.
    pub path: PathBuf,
    /// How it is packed.
    pub packing: Packing,
    /// How rows are written.
    pub form: Form,
    /// Its columns.
    pub layout: Layout,
    /// Whether risky columns have guarded copies.
    pub safe: bool,
    /// Whether the rows come from PostgreSQL, where addresses have no other text than the printed one.
    pub postgres: bool,
}

struct Summed<R> {
    inner: R,
    sum: Summing,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sum.add(&buffer[..read]);
        Ok(read)
    }
}

type Source = BufReader<Summed<File>>;

enum Unpacker {
    None(Source),
    Gzip(flate2::bufread::GzDecoder<Source>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Source>>),
}

impl Unpacker {
    fn open(path: &Path, packing: Option<Packing>) -> Result<(Self, Packing)> {
        let fail = |error: io::Error| {
            Error::unreachable("export.read", format!("cannot read {}: {error}", path.display()))
        };
        let file = File::open(path).map_err(fail)?;
        if file.metadata().map_err(fail)?.is_dir() {
            return Err(fail(io::ErrorKind::IsADirectory.into()));
        }
        let mut source = BufReader::with_capacity(CHUNK, Summed { inner: file, sum: Summing::default() });
        let found = match source.fill_buf().map_err(fail)? {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
            _ => packing.unwrap_or(Packing::None),
        };
        let unpacker = match found {
            Packing::None => Self::None(source),
            Packing::Gzip => Self::Gzip(flate2::bufread::GzDecoder::new(source)),
            Packing::Zstd => Self::Zstd(Box::new(
                zstd::stream::read::Decoder::with_buffer(source).map_err(fail)?.single_frame(),
            )),
        };
        Ok((unpacker, found))
    }

    fn source(&mut self) -> &mut Source {
        match self {
            Self::None(source) => source,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
        }
    }
}

impl Read for Unpacker {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::None(source) => source.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

/// Cuts what is unpacked into records.
struct Records {
    unpacker: Unpacker,
    sum: Summing,
    buffer: Vec<u8>,
    start: usize,
    /// Bytes from `start` that hold no record end.
    seen: usize,
    lines: Lines,
    form: Form,
    is_over: bool,
}

/// A step in cutting.
enum Step {
    /// A record, without its line end: from here to there in the buffer.
    Record(usize, usize),
    /// The file is over.
    End,
    /// The file ends in the middle of a record.
    Torn,
    /// A record that is longer than any.
    Endless,
}

impl Records {
    fn new(unpacker: Unpacker, form: Form) -> Self {
        Self {
            unpacker,
            sum: Summing::default(),
            buffer: Vec::new(),
            start: 0,
            seen: 0,
            lines: Lines::default(),
            form,
            is_over: false,
        }
    }

    fn next(&mut self) -> io::Result<Step> {
        loop {
            let fresh = &self.buffer[self.start + self.seen..];
            let end = match self.form {
                Form::Csv => self.lines.find_end(fresh),
                Form::Jsonl => fresh.iter().position(|byte| *byte == b'\n'),
            };
            if let Some(end) = end {
                let (from, to) = (self.start, self.start + self.seen + end);
                (self.start, self.seen) = (to + 1, 0);
                return Ok(Step::Record(from, to));
            }
            self.seen = self.buffer.len() - self.start;
            if self.is_over {
                return Ok(if self.seen == 0 { Step::End } else { Step::Torn });
            }
            if self.seen > MAX_RECORD {
                return Ok(Step::Endless);
            }
            self.buffer.drain(..self.start);
            self.start = 0;
            let filled = self.buffer.len();
            self.buffer.resize(filled + CHUNK, 0);
            let read = loop {
                match self.unpacker.read(&mut self.buffer[filled..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            self.buffer.truncate(filled + read.as_ref().copied().unwrap_or(0));
            let read = read?;
            self.sum.add(&self.buffer[filled..filled + read]);
            self.is_over = read == 0;
        }
    }

    /// Reads the file to its end; gives the number of bytes behind what is packed.
    fn drain(&mut self) -> io::Result<u64> {
        let mut rest = 0;
        let source = self.unpacker.source();
        loop {
            let length = source.fill_buf()?.len();
            if length == 0 {
                return Ok(rest);
            }
            source.consume(length);
            rest += u64::try_from(length).unwrap_or(0);
        }
    }

    fn file_sum(self) -> Sum {
        let source = match self.unpacker {
            Unpacker::None(source) => source,
            Unpacker::Gzip(decoder) => decoder.into_inner(),
            Unpacker::Zstd(decoder) => decoder.finish(),
        };
        source.into_inner().sum.finish()
    }
}

impl Shape {
    /// Looks at the beginning of a file. `None` when it is no export.
    pub fn find(path: &Path, postgres: bool) -> Result<Option<Self>> {
        let (unpacker, packing) = Unpacker::open(path, None)?;
        let mut records = Records::new(unpacker, Form::Jsonl);
        let Ok(Step::Record(from, to)) = records.next() else { return Ok(None) };
        let first = &records.buffer[from..to];
        let shape =
            |form, layout, safe| Some(Self { path: path.to_owned(), packing, form, layout, safe, postgres });
        if first.first() == Some(&b'{') {
            let Ok(line) = serde_json::from_slice::<serde_json::Value>(first) else { return Ok(None) };
            let has = |name: &str| line.get(name).is_some();
            return Ok(shape(Form::Jsonl, Layout::new(has("api_key_id"), has("legacy_frozen")), false));
        }
        let names: Vec<&str> = std::str::from_utf8(first).unwrap_or_default().split(',').collect();
        Ok(Self::of_columns(&names).and_then(|(layout, safe)| shape(Form::Csv, layout, safe)))
    }

    /// The layout that a list of column names is that of, and whether guarded copies are among them.
    pub fn of_columns<S: AsRef<str>>(names: &[S]) -> Option<(Layout, bool)> {
        let layouts = [(false, false), (true, false), (true, true)];
        layouts.into_iter().flat_map(|layout| [(layout, false), (layout, true)]).find_map(
            |((api_key, markers), safe)| {
                let layout = Layout::new(api_key, markers);
                let expected = super::encode::Encoder::columns(layout, safe);
                expected
                    .iter()
                    .map(String::as_str)
                    .eq(names.iter().map(AsRef::as_ref))
                    .then_some((layout, safe))
            },
        )
    }

    /// Reads all rows and hands them over in batches.
    pub fn read(&self, emit: Emit<'_>) -> Result<ReadEnd> {
        let (unpacker, _) = Unpacker::open(&self.path, Some(self.packing))?;
        let mut records = Records::new(unpacker, self.form);
        let mut filler = Filler {
            shape: self,
            batch: RowBatch::new(self.layout),
            position: 1,
            record: Record::default(),
            problems: Vec::new(),
            more_problems: 0,
            header: self.form == Form::Csv,
        };
        loop {
            match records.next() {
                Ok(Step::Record(from, to)) => filler.take(&records.buffer[from..to], emit)?,
                Ok(Step::End) => break,
                Ok(Step::Torn) => {
                    filler.problem(Class::TailCut, true, "the file ends in the middle of this row");
                    break;
                }
                Ok(Step::Endless) => {
                    filler.problem(
                        Class::Malformed,
                        true,
                        "this row has no end; what is behind it was not read",
                    );
                    break;
                }
                Err(error) => {
                    let class = if error.kind() == io::ErrorKind::UnexpectedEof {
                        Class::TailCut
                    } else {
                        Class::Malformed
                    };
                    filler.problem(
                        class,
                        false,
                        &format!("the file is damaged and cannot be unpacked further: {error}"),
                    );
                    break;
                }
            }
        }
        filler.flush(emit)?;
        if filler.header {
            filler.problem(Class::Malformed, false, "the header line is missing");
        }
        let was_torn = !records.is_over;
        let rest = records.drain().map_err(|error| {
            Error::unreachable("export.read", format!("cannot read {}: {error}", self.path.display()))
        })?;
        if rest > 0 && !was_torn && self.packing != Packing::None {
            let what = if self.packing == Packing::Gzip { "gzip member" } else { "zstd frame" };
            filler.problem(Class::Inserted, false, &format!("{rest} bytes stand behind the {what}"));
        }
        let unpacked = std::mem::take(&mut records.sum).finish();
        Ok(ReadEnd {
            records: filler.position - 1,
            file: records.file_sum(),
            unpacked,
            problems: filler.problems,
            more_problems: filler.more_problems,
        })
    }
}

struct Filler<'s> {
    shape: &'s Shape,
    batch: RowBatch,
    /// Of the next record.
    position: u64,
    record: Record,
    problems: Vec<Problem>,
    more_problems: u64,
    /// Whether the header is still to come.
    header: bool,
}

impl Filler<'_> {
    fn problem(&mut self, class: Class, about_row: bool, message: &str) {
        if self.problems.len() >= MAX_PROBLEMS {
            self.more_problems += 1;
            return;
        }
        let row = about_row.then_some(self.position);
        self.problems.push(Problem { class, row, message: message.to_owned() });
    }

    fn take(&mut self, line: &[u8], emit: Emit<'_>) -> Result<()> {
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
        let filled = match self.shape.form {
            Form::Csv => self.csv(line),
            Form::Jsonl => self.jsonl(line),
        };
        if let Err(reason) = filled {
            let message = format!("this line is not a row of an export: {reason}");
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

    fn flush(&mut self, emit: Emit<'_>) -> Result<()> {
        if !self.batch.is_empty() {
            let full = std::mem::replace(&mut self.batch, RowBatch::new(self.shape.layout));
            self.batch = emit(full)?;
        }
        self.batch.clear(self.position);
        Ok(())
    }

    fn csv(&mut self, line: &[u8]) -> Result<(), String> {
        let mut record = std::mem::take(&mut self.record);
        let result = self.csv_record(line, &mut record);
        self.record = record;
        result
    }

    fn csv_record(&mut self, line: &[u8], record: &mut Record) -> Result<(), String> {
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
            check(*column, field, &raw)?;
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

    fn jsonl(&mut self, line: &[u8]) -> Result<(), String> {
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
            if !is_null && raw.contains_key(column.name()) {
                return Err(format!("it has {} twice", column.name()));
            }
        }
        for column in columns {
            match parsed.value(*column) {
                Value::Truth(value) => self.batch.push(Storage::Integer, &i64::from(value).to_le_bytes()),
                Value::Integer(value) => self.batch.push(Storage::Integer, &value.to_le_bytes()),
                Value::Text(text) => self.push(*column, Some(text.as_bytes()), raw),
                Value::Null => self.push(*column, None, raw),
            }
        }
        Ok(())
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
fn raw_values(field: Option<&[u8]>) -> Result<BTreeMap<String, Raw>, String> {
    let Some(text) = field else { return Ok(BTreeMap::new()) };
    let raw: BTreeMap<String, Raw> =
        serde_json::from_slice(text).map_err(|error| format!("column {RAW_COLUMN}: {error}"))?;
    check_raw(&raw)?;
    Ok(raw)
}

fn check_raw(raw: &BTreeMap<String, Raw>) -> Result<(), String> {
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

fn check(column: Column, field: Option<&[u8]>, raw: &BTreeMap<String, Raw>) -> Result<(), String> {
    if field.is_some() && raw.contains_key(column.name()) {
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
