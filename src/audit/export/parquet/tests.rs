//! Files that nobody in their right mind would write.

use std::fs::File;
use std::io::Write as _;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::sync::Arc;

use super::{Damage, MAGIC, Reader, Writer, write};
use crate::audit::export::columns::Columns;
use crate::audit::export::value::Value;
use crate::audit::finding::Class;
use crate::format::{Id, Timestamp};
use crate::store::batch::Layout;

const ROWS: usize = 700;

fn rows(layout: Layout, rows: usize) -> Columns {
    let mut columns = Columns::new(layout);
    for row in 0..rows {
        let number = i64::try_from(row).expect("a small number");
        for (index, _) in layout.columns().iter().enumerate() {
            let text = format!("{row}-{index}");
            let value = match index {
                _ if (row + index) % 7 == 0 => Value::Null,
                0 | 9 => Value::Id(Id::from_bytes([u8::try_from(row % 200).expect("a byte"); 16])),
                1 => Value::Time(Timestamp::from_micros(number)),
                16 => Value::Truth(row % 2 == 0),
                17 => Value::Integer(number),
                4 | 5 => Value::Text("again and again"),
                _ => Value::Text(&text),
            };
            columns.push(index, value);
        }
        columns.end_row(b"");
    }
    columns
}

fn written(layout: Layout) -> Vec<u8> {
    let mut writer = Writer::new(layout).expect("a writer");
    let mut file = writer.add(rows(layout, ROWS)).expect("added");
    file.extend(writer.finish().expect("finished"));
    file
}

fn opened(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(bytes).expect("written");
    file
}

/// All rows of a file, printed; or what is wrong with it.
fn read(bytes: &[u8]) -> Result<Vec<String>, Damage> {
    let mut reader = Reader::open(opened(bytes))?;
    let mut found = Vec::new();
    while let Some(columns) = reader.read()? {
        found.extend(printed(&columns));
    }
    Ok(found)
}

fn printed(columns: &Columns) -> Vec<String> {
    let (mut cursor, mut row, mut found) = (columns.cursor(), Vec::new(), Vec::new());
    while let Some(read) = cursor.next_row(&mut row) {
        found.push(format!("{read:?} {row:?}").replace("Id(", "Text(\"").replace("\")", "").replace(')', ""));
    }
    found
}

#[test]
fn rows_come_back() {
    for layout in [Layout::new(false, false), Layout::new(true, false), Layout::new(true, true)] {
        let file = written(layout);
        assert_eq!(Reader::open(opened(&file)).ok().map(|reader| reader.layout()), Some(layout));
        assert_eq!(read(&file).expect("readable"), printed(&rows(layout, ROWS)));
    }
    let empty = Writer::new(Layout::new(true, true)).expect("a writer").finish().expect("finished");
    assert_eq!(read(&empty), Ok(vec![]));
}

/// However long the log, a row group has a bounded number of rows and bytes.
#[test]
fn row_groups_are_bounded() {
    let layout = Layout::new(true, true);
    let mut writer = Writer::new(layout).expect("a writer");
    let (mut file, mut most, mut total) = (Vec::new(), 0, 0);
    for _ in 0..100 {
        let out = writer.add(rows(layout, ROWS)).expect("added");
        most = most.max(out.len());
        file.extend(out);
        total += ROWS;
    }
    file.extend(writer.finish().expect("finished"));
    assert_eq!(read(&file).expect("readable").len(), total);
    assert!(most > 0 && most < file.len() / 3, "{most} of {}", file.len());
}

#[test]
fn cut_and_longer_files_are_named() {
    let file = written(Layout::new(true, true));
    let class = |bytes: &[u8]| read(bytes).expect_err("damaged").class;
    for length in [0, 3] {
        assert_eq!(class(&file[..length]), Class::Malformed);
    }
    for length in [4, 11, file.len() / 2, file.len() - 1] {
        assert_eq!(class(&file[..length]), Class::TailCut, "{length}");
    }
    let longer = read(&[&file[..], b"more"].concat()).expect_err("damaged");
    assert_eq!((longer.class, longer.message.contains("4 bytes")), (Class::Inserted, true), "{longer:?}");
    // A whole file behind it: the readers of this world would see only the second.
    let two = read(&[&file[..], &file[..]].concat()).expect_err("damaged");
    assert!(two.message.contains("belong to no column"), "{two:?}");
    // Bytes in between that no reader would show.
    let at = file.len() - 8 - footer_length(&file);
    let hidden = [&file[..at], b"hidden", &file[at..]].concat();
    assert!(read(&hidden).expect_err("damaged").message.contains("belong to no column"));
}

fn footer_length(file: &[u8]) -> usize {
    let tail = file[file.len() - 8..][..4].try_into().expect("four bytes");
    u32::from_le_bytes(tail) as usize
}

/// A file of one text column, and what else a writer can be made to put in.
fn of_others(
    name: &str,
    logical: Option<LogicalType>,
    properties: impl FnOnce(
        parquet::file::properties::WriterPropertiesBuilder,
    ) -> parquet::file::properties::WriterPropertiesBuilder,
) -> Vec<u8> {
    let column = Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
        .expect("a type");
    let schema = Type::group_type_builder("audit_log").with_fields(vec![Arc::new(column)]).build();
    with_schema(schema.expect("a schema"), properties)
}

fn with_schema(
    schema: Type,
    properties: impl FnOnce(
        parquet::file::properties::WriterPropertiesBuilder,
    ) -> parquet::file::properties::WriterPropertiesBuilder,
) -> Vec<u8> {
    let ours = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true);
    let properties = Arc::new(properties(ours).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), properties).expect("a writer");
    let mut group = writer.next_row_group().expect("a row group");
    while let Some(mut column) = group.next_column().expect("a column") {
        match column.untyped() {
            parquet::column::writer::ColumnWriter::ByteArrayColumnWriter(_) => {
                let values = [ByteArray::from("text")];
                column.typed::<ByteArrayType>().write_batch(&values, Some(&[1]), None).expect("written");
            }
            parquet::column::writer::ColumnWriter::Int64ColumnWriter(writer) => {
                writer.write_batch(&[1], Some(&[1]), None).expect("written");
            }
            parquet::column::writer::ColumnWriter::BoolColumnWriter(writer) => {
                writer.write_batch(&[true], Some(&[1]), None).expect("written");
            }
            _ => unreachable!("no other types"),
        }
        column.close().expect("closed");
    }
    group.close().expect("closed");
    writer.into_inner().expect("finished")
}

#[test]
fn what_no_export_has_is_refused() {
    let reason = |file: &[u8]| read(file).expect_err("refused").message;
    let columns = "its columns are not those of an export";
    assert!(reason(&of_others("id", Some(LogicalType::String), |same| same)).contains(columns));
    assert!(reason(&of_others("id", None, |same| same)).contains(columns));
    let schema = || write::schema(Layout::new(false, false)).expect("a schema");
    assert_eq!(read(&with_schema(schema(), |same| same)).map(|rows| rows.len()), Ok(1));
    let with_statistics =
        with_schema(schema(), |properties| properties.set_statistics_enabled(EnabledStatistics::Chunk));
    assert!(reason(&with_statistics).contains("leave rows out"), "{}", reason(&with_statistics));
    let with_index = with_schema(schema(), |properties| properties.set_offset_index_disabled(false));
    assert!(reason(&with_index).contains("leave rows out"), "{}", reason(&with_index));
    let unpacked = with_schema(schema(), |properties| properties.set_compression(Compression::UNCOMPRESSED));
    assert!(reason(&unpacked).contains("not packed with zstd"));
    let version_2 = with_schema(schema(), |properties| {
        properties.set_writer_version(parquet::file::properties::WriterVersion::PARQUET_2_0)
    });
    assert!(reason(&version_2).contains("row group 1 cannot be read"), "{}", reason(&version_2));
    let notes = vec![parquet::file::metadata::KeyValue::new("a".into(), "b".to_owned())];
    let noted = with_schema(schema(), |properties| properties.set_key_value_metadata(Some(notes)));
    assert!(reason(&noted).contains("notes"));
}

/// A footer that says it were as long as memory, or a schema that goes as deep as the stack.
#[test]
fn sizes_are_not_believed() {
    let file = written(Layout::new(true, true));
    let mut huge = file.clone();
    let at = file.len() - 8;
    huge[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(read(&huge).expect_err("refused").message.contains("4294967295 bytes"));
    // Version 1, then a schema of 2^28 elements, each with one child.
    let mut footer = vec![0x15, 0x02, 0x19, 0xfc, 0xff, 0xff, 0xff, 0x7f];
    footer.extend([0x48, 0x01, b'a', 0x15, 0x02, 0x00].repeat(200_000));
    let length = u32::try_from(footer.len()).expect("short");
    let deep = [MAGIC, &footer, &length.to_le_bytes(), MAGIC].concat();
    assert!(read(&deep).expect_err("refused").message.contains("columns"));
}

/// Whatever is changed in a file, reading it ends, with rows or with a reason.
#[test]
fn changed_files_never_panic() {
    let layout = Layout::new(true, true);
    let file = written(layout);
    let expected = read(&file).expect("readable");
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random >> 16).expect("64 bits") % below
    };
    let footer = file.len() - 8 - footer_length(&file);
    let (mut refused, mut changed) = (0, 0);
    let rounds = 2_000;
    for round in 0..rounds {
        let mut bytes = file.clone();
        for _ in 0..=next(3) {
            // Half of all in the footer, where the structure is.
            let (from, to) = if round % 2 == 0 { (footer, bytes.len()) } else { (0, bytes.len()) };
            let at = from + next((to - from).max(1));
            match next(4) {
                0 => bytes[at] ^= 1 << next(8),
                1 => bytes[at] = [0x00, 0x7f, 0x80, 0xff][next(4)],
                2 => _ = bytes.splice(at..at, (0..next(6)).map(|_| 0xff).collect::<Vec<u8>>()),
                _ => _ = bytes.drain(at..(at + next(6)).min(to.min(bytes.len()))),
            }
        }
        match read(&bytes) {
            Ok(rows) => changed += usize::from(rows != expected),
            Err(damage) => {
                assert!(!damage.message.contains("makes no sense"), "the crate panicked: {damage:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > rounds / 2, "{refused} refused, {changed} with other rows, of {rounds}");
}
