//! Whatever a database holds comes back from an export as the verifier would have got it from the database.

use proptest::prelude::*;

use super::encode::{Content, Encoder, Pool};
use super::filter::Filter;
use super::form::{Form, Packing};
use super::parquet;
use super::reader::Shape;
use super::sink::{Packer, Summing};
use crate::store::batch::{Column, Layout, RowBatch, Storage};

/// A value of any storage; most of them text that means something to a parser.
fn any_value() -> impl Strategy<Value = (Storage, Vec<u8>)> {
    let nasty = prop_oneof![
        Just(String::new()),
        Just("=1+1\t".to_owned()),
        Just("a,\"b\"\r\nc\\\u{0}".to_owned()),
        Just("d6b4b2d0-0000-4000-8000-00000000abcd".to_owned()),
        Just("2026-03-01 12:00:00.000001".to_owned()),
        Just("{\"b\":1.50,\"a\":[1e400,-0.0]}".to_owned()),
        Just("::FFFF:1.2.3.4".to_owned()),
        any::<String>(),
    ];
    prop_oneof![
        8 => nasty.prop_map(|text| (Storage::Text, text.into_bytes())),
        2 => Just((Storage::Null, Vec::new())),
        1 => any::<i64>().prop_map(|value| (Storage::Integer, value.to_le_bytes().to_vec())),
        1 => any::<f64>().prop_filter("stored as NULL", |value| !value.is_nan())
            .prop_map(|value| (Storage::Real, value.to_le_bytes().to_vec())),
        1 => proptest::collection::vec(any::<u8>(), 0..8).prop_map(|bytes| (Storage::Blob, bytes)),
        1 => proptest::collection::vec(any::<u8>(), 0..8).prop_map(|bytes| (Storage::Text, bytes)),
    ]
}

fn as_judged(batch: &RowBatch, index: usize) -> String {
    let row = batch.row(index);
    // Metadata comes back in canonical form; everything else as it was.
    let mut metadata = Vec::new();
    let canonical = row.metadata().ok().map(|text| {
        crate::format::json::Canonicalizer::new()
            .write(text, crate::format::json::Numbers::Python, &mut metadata)
            .is_ok()
    });
    let text = |column| format!("{:?}", row.text(column).map_err(|error| error.reason));
    let rest: Vec<String> = [Column::Action, Column::TargetId, Column::UserAgent, Column::RowHmac]
        .into_iter()
        .map(text)
        .collect();
    format!(
        "{:?} {:?} {rest:?} {:?} {:?} {:?} {:?} {canonical:?} {metadata:?}",
        row.id(),
        row.occurred_at(),
        row.uuid(Column::UserId),
        row.boolean(Column::LegacyFrozen),
        row.integer(Column::HmacVersion),
        row.source_ip(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_row_comes_back(
        rows in proptest::collection::vec(proptest::collection::vec(any_value(), 22), 1..5),
        form in proptest::sample::select(vec![Form::Csv, Form::Jsonl, Form::Parquet]),
        packing in proptest::sample::select(vec![Packing::None, Packing::Gzip, Packing::Zstd]),
        safe: bool,
    ) {
        prop_assume!(form.is_built_in());
        let safe = safe && form == Form::Csv;
        let packing = if form == Form::Parquet { Packing::None } else { packing };
        let layout = Layout::new(true, true);
        let mut batch = RowBatch::new(layout);
        for (storage, bytes) in rows.iter().flatten() {
            batch.push(*storage, bytes);
        }
        let filter = Filter::default();
        let pool = Pool::default();
        let mut encoded = Encoder::new(form, layout, safe, &filter).encode(batch.clone(), &pool);
        prop_assert_eq!(encoded.rows, rows.len() as u64);
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let mut packer = Packer::new(packing, file.as_file(), Summing::default()).expect("a packer");
        packer.write(&Encoder::header(form, layout, safe)).expect("written");
        match encoded.take() {
            Content::Lines(bytes) => packer.write(&bytes).expect("written"),
            Content::Columns(columns) => {
                let mut writer = parquet::Writer::new(layout).expect("a writer");
                packer.write(&writer.add(columns).expect("added")).expect("written");
                packer.write(&writer.finish().expect("finished")).expect("written");
            }
        }
        let (_, sum, unpacked) = packer.finish().expect("finished");

        let shape = Shape::find(file.path(), false).expect("readable").expect("an export");
        prop_assert_eq!((shape.form, shape.packing, shape.safe), (form, packing, safe));
        let mut found = 0;
        let end = shape.read(&mut |read| {
            for index in 0..read.len() {
                assert_eq!(as_judged(&read, index), as_judged(&batch, found), "row {found}");
                found += 1;
            }
            Ok(RowBatch::new(layout))
        }).expect("readable");
        prop_assert_eq!(found, rows.len());
        prop_assert_eq!((&end.problems, end.file, end.unpacked), (&vec![], sum, unpacked));
    }

    /// Nothing that stands in a file makes the reader panic, or hand over a row that has not all its columns.
    #[test]
    fn arbitrary_files_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        jsonl: bool,
        packing in proptest::sample::select(vec![Packing::None, Packing::Gzip, Packing::Zstd]),
    ) {
        let form = if jsonl { Form::Jsonl } else { Form::Csv };
        let layout = Layout::new(true, true);
        let mut all = if jsonl { b"{\"id\":".to_vec() } else { Encoder::header(form, layout, false) };
        all.extend_from_slice(&bytes);
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), &all).expect("written");
        let shape = Shape { path: file.path().into(), packing, form, layout, safe: false, postgres: true };
        let end = shape.read(&mut |_| Ok(RowBatch::new(layout))).expect("readable");
        prop_assert_eq!(end.file.size, all.len() as u64);
        let _ = Shape::find(file.path(), true);
    }
}
