//! A Parquet file back into columns. Nothing in it is believed.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};
use parquet::file::reader::Length as _;

use super::pages::{Pages, Source};
use super::write::schema;
use super::{Damage, MAGIC};
use crate::audit::export::columns::{Columns, Typed};
use crate::audit::finding::Class;
use crate::store::BATCH_ROWS;
use crate::store::batch::Layout;

/// A longer footer is none: it has some kilobytes for each row group.
const MAX_FOOTER: u64 = 64 << 20;
/// How far before the end of a file its own end is looked for, when something was appended.
const END_WITHIN: u64 = 1 << 20;
/// Length of the footer, and [`MAGIC`].
const TAIL: usize = 8;

type Outcome<T> = Result<T, Damage>;

/// Reads the rows of a file, some hundred at a time.
pub struct Reader {
    source: Arc<Source>,
    metadata: ParquetMetaData,
    layout: Layout,
    /// The next row group.
    group: usize,
    columns: Vec<ColumnReader>,
    /// Rows of the present one that are still to come.
    left: usize,
}

impl Reader {
    /// Reads the footer, and makes sure that it accounts for every byte of the file.
    pub fn open(file: File) -> Outcome<Self> {
        let source =
            Source::new(file).map_err(|error| malformed(format!("its size is not known: {error}")))?;
        let footer = footer(&source)?;
        let metadata = guarded(|| ParquetMetaDataReader::decode_metadata(&footer))
            .map_err(|error| malformed(format!("its footer cannot be read: {error}")))?;
        let layout = layout_of(&metadata)?;
        let end = source.len() - (TAIL + footer.len()) as u64;
        check_structure(&metadata, end)?;
        Ok(Self { source: Arc::new(source), metadata, layout, group: 0, columns: Vec::new(), left: 0 })
    }

    /// Its columns.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The next rows; `None` behind the last.
    pub fn read(&mut self) -> Outcome<Option<Columns>> {
        guarded(|| self.next_rows())
            .map_err(|error| malformed(format!("row group {} cannot be read: {error}", self.group)))
    }

    fn next_rows(&mut self) -> parquet::errors::Result<Option<Columns>> {
        while self.left == 0 {
            let Some(group) = self.metadata.row_groups().get(self.group) else { return Ok(None) };
            self.group += 1;
            self.source.begin_group();
            let rows = u64::try_from(group.num_rows())?;
            let columns = group.columns().iter().map(|chunk| {
                let pages = Pages::new(&self.source, chunk, rows)?;
                Ok(get_column_reader(chunk.column_descr_ptr(), Box::new(pages)))
            });
            self.columns = columns.collect::<parquet::errors::Result<_>>()?;
            self.left = usize::try_from(rows)?;
        }
        let rows = self.left.min(BATCH_ROWS);
        let mut out = Columns::new(self.layout);
        for (reader, column) in self.columns.iter_mut().zip(&mut out.columns) {
            let levels = &mut column.levels;
            match (reader, &mut column.values) {
                (ColumnReader::ByteArrayColumnReader(reader), Typed::Text { bytes, ends }) => {
                    let mut values: Vec<ByteArray> = Vec::new();
                    exactly(rows, reader, levels, &mut values)?;
                    for value in &values {
                        bytes.extend_from_slice(value.data());
                        ends.push(bytes.len());
                    }
                }
                (ColumnReader::Int64ColumnReader(reader), Typed::Integers(values)) => {
                    exactly(rows, reader, levels, values)?;
                }
                (ColumnReader::BoolColumnReader(reader), Typed::Truths(values)) => {
                    exactly(rows, reader, levels, values)?;
                }
                _ => return Err(ParquetError::General("a column of another type".into())),
            }
        }
        out.rows = rows;
        self.left -= rows;
        if self.left == 0 && self.columns.iter_mut().any(|reader| !is_over(reader)) {
            return Err(ParquetError::General("a column has more values than there are rows".into()));
        }
        Ok(Some(out))
    }
}

fn exactly<T: DataType>(
    rows: usize,
    reader: &mut ColumnReaderImpl<T>,
    levels: &mut Vec<i16>,
    values: &mut Vec<T::T>,
) -> parquet::errors::Result<()> {
    let (read, _, _) = reader.read_records(rows, Some(levels), None, values)?;
    let present = levels.iter().filter(|level| **level == 1).count();
    if (read, levels.len(), values.len()) != (rows, rows, present) {
        return Err(ParquetError::General("a column has fewer values than there are rows".into()));
    }
    Ok(())
}

fn is_over(reader: &mut ColumnReader) -> bool {
    fn more<T: DataType>(reader: &mut ColumnReaderImpl<T>) -> bool {
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        !matches!(reader.read_records(1, Some(&mut levels), None, &mut values), Ok((0, _, _)))
    }
    !match reader {
        ColumnReader::ByteArrayColumnReader(reader) => more(reader),
        ColumnReader::Int64ColumnReader(reader) => more(reader),
        ColumnReader::BoolColumnReader(reader) => more(reader),
        _ => true,
    }
}

/// The footer, once it is clear that the file ends with one.
fn footer(source: &Source) -> Outcome<Vec<u8>> {
    let read = |start, length: u64| {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        source.bytes(start, length).map_err(|error| malformed(format!("it cannot be read: {error}")))
    };
    let length = source.len();
    let magic = MAGIC.len() as u64;
    if length < magic || read(0, magic)? != MAGIC {
        return Err(malformed("it does not begin like a Parquet file".into()));
    }
    let end = read(length.saturating_sub(END_WITHIN), length.min(END_WITHIN))?;
    if !end.ends_with(MAGIC) || length < magic + TAIL as u64 {
        // Behind the one at the beginning.
        let found = end.windows(MAGIC.len()).rposition(|bytes| bytes == MAGIC);
        let behind = found.map_or(length, |at| (end.len() - at - MAGIC.len()) as u64);
        return Err(if behind + magic < length {
            let message = format!("{behind} bytes stand behind its end, so none of its rows can be read");
            Damage { class: Class::Inserted, message }
        } else {
            let message = "it ends without its footer, so none of its rows can be read".to_owned();
            Damage { class: Class::TailCut, message }
        });
    }
    let Some((_, [a, b, c, d, ..])) = end.split_last_chunk::<TAIL>() else {
        return Err(malformed("it is too short".into()));
    };
    let size = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
    if size > MAX_FOOTER || size > length - magic - TAIL as u64 {
        return Err(malformed(format!("its footer would have {size} bytes")));
    }
    let footer = read(length - TAIL as u64 - size, size)?;
    // The crate reads a schema recursively; one of this length goes nowhere deep.
    if schema_length(&footer).is_none_or(|elements| elements > Layout::new(true, true).columns().len() + 2) {
        return Err(malformed("its columns are not those of an export".into()));
    }
    Ok(footer)
}

/// Number of elements of the schema in a footer, Thrift's compact protocol: a structure that begins with the version, an
/// i32, and goes on with a list of structures.
fn schema_length(footer: &[u8]) -> Option<usize> {
    let (0x15, rest) = footer.split_first()? else { return None };
    let version = rest.iter().take(5).position(|byte| byte & 0x80 == 0)?;
    match rest.get(version + 1..)? {
        [0x19, 0xfc, length @ ..] => {
            let (low, rest) = length.split_first()?;
            // Below 128, or too long anyway.
            let _ = rest;
            (low & 0x80 == 0).then_some(usize::from(*low))
        }
        [0x19, head, ..] if head & 0x0f == 0x0c => Some(usize::from(head >> 4)),
        _ => None,
    }
}

fn layout_of(metadata: &ParquetMetaData) -> Outcome<Layout> {
    let found = metadata.file_metadata().schema();
    [(false, false), (true, false), (true, true)]
        .into_iter()
        .map(|(has_api_key_id, has_markers)| Layout::new(has_api_key_id, has_markers))
        .find(|layout| schema(*layout).is_ok_and(|expected| expected == *found))
        .ok_or_else(|| malformed("its columns are not those of an export, by name, order or type".into()))
}

/// Column chunks follow each other from the magic bytes to the footer, and the footer tells nothing else.
fn check_structure(metadata: &ParquetMetaData, end: u64) -> Outcome<()> {
    if metadata.file_metadata().key_value_metadata().is_some() {
        return Err(malformed("its footer holds notes, and exports have none".into()));
    }
    let mut at = MAGIC.len() as u64;
    let mut total: i64 = 0;
    for (number, group) in metadata.row_groups().iter().enumerate() {
        total = total.saturating_add(group.num_rows());
        for chunk in group.columns() {
            check_chunk(group, chunk).map_err(|what| {
                let name = chunk.column_path().string();
                malformed(format!("row group {}, column {name}: {what}", number + 1))
            })?;
            let (start, length) = chunk.byte_range();
            if start != at {
                return Err(malformed(format!("the bytes from {at} to {start} belong to no column")));
            }
            at += length;
        }
    }
    if at != end {
        return Err(malformed(format!("the bytes from {at} to {end} belong to no column")));
    }
    if total != metadata.file_metadata().num_rows() {
        return Err(malformed("its footer contradicts itself on the number of rows".into()));
    }
    Ok(())
}

fn check_chunk(group: &RowGroupMetaData, chunk: &ColumnChunkMetaData) -> Result<(), &'static str> {
    let offsets = [Some(chunk.data_page_offset()), chunk.dictionary_page_offset()];
    if offsets.iter().flatten().any(|offset| *offset < 0) || chunk.compressed_size() < 0 {
        return Err("a negative place");
    }
    if group.num_rows() < 1 || chunk.num_values() != group.num_rows() {
        return Err("its number of values is not that of the rows");
    }
    if !matches!(chunk.compression(), parquet::basic::Compression::ZSTD(_)) {
        return Err("it is not packed with zstd");
    }
    if chunk.file_path().is_some() {
        return Err("it is in another file");
    }
    let has_more = chunk.statistics().is_some()
        || chunk.geo_statistics().is_some()
        || chunk.bloom_filter_offset().is_some()
        || chunk.column_index_offset().is_some()
        || chunk.offset_index_offset().is_some()
        || chunk.index_page_offset().is_some();
    if has_more {
        return Err("it has statistics or an index, by which readers leave rows out; exports have none");
    }
    Ok(())
}

/// Runs the crate on what nobody vouches for: should it panic, that is damage too.
fn guarded<T>(work: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| match error {
            ParquetError::General(reason) | ParquetError::EOF(reason) => reason,
            other => other.to_string(),
        }),
        Err(_) => Err("its structure makes no sense".into()),
    }
}

fn malformed(message: String) -> Damage {
    Damage { class: Class::Malformed, message }
}
