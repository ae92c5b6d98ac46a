//! Columns into the bytes of a Parquet file.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type};

use crate::audit::export::columns::{ColumnOf, Columns, Typed, described};
use crate::audit::export::form::Kind;
use crate::error::{Error, Result};
use crate::store::batch::{Column, Layout};

/// Rows of a row group. It is what a reader skips or reads by; more would be more memory on both sides.
const GROUP_ROWS: usize = 16_384;
/// Bytes of values after which a row group ends though it has fewer rows.
pub(super) const GROUP_BYTES: usize = 16 << 20;

/// Gathers batches to row groups.
pub struct Writer {
    /// Into memory: what is complete is taken out and handed on.
    file: SerializedFileWriter<Vec<u8>>,
    pending: Vec<Columns>,
    rows: usize,
    byte_len: usize,
}

impl Writer {
    /// Begins a file.
    pub fn new(layout: Layout) -> Result<Self> {
        let schema = schema(layout).map_err(broken)?;
        let file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), properties()).map_err(broken)?;
        Ok(Self { file, pending: Vec::new(), rows: 0, byte_len: 0 })
    }

    /// Adds rows. Gives the bytes that are ready to go out.
    pub fn add(&mut self, columns: Columns) -> Result<Vec<u8>> {
        self.rows += columns.rows;
        self.byte_len += columns.byte_len;
        self.pending.push(columns);
        if self.rows < GROUP_ROWS && self.byte_len < GROUP_BYTES {
            return Ok(Vec::new());
        }
        self.write_group().map_err(broken)?;
        Ok(std::mem::take(self.file.inner_mut()))
    }

    /// Ends the file. Gives the rest of its bytes.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        if self.rows > 0 {
            self.write_group().map_err(broken)?;
        }
        self.file.into_inner().map_err(broken)
    }

    fn write_group(&mut self) -> std::result::Result<(), ParquetError> {
        let mut batches: Vec<_> = self.pending.drain(..).map(|batch| batch.columns.into_iter()).collect();
        (self.rows, self.byte_len) = (0, 0);
        let mut group = self.file.next_row_group()?;
        while let Some(mut writer) = group.next_column()? {
            for column in batches.iter_mut().filter_map(Iterator::next) {
                write_column(column, &mut writer)?;
            }
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }
}

fn write_column(
    column: ColumnOf,
    writer: &mut SerializedColumnWriter<'_>,
) -> std::result::Result<(), ParquetError> {
    let levels = Some(column.levels.as_slice());
    match column.values {
        Typed::Text { bytes, ends } => {
            let bytes = Bytes::from(bytes);
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let values: Vec<ByteArray> =
                starts.zip(&ends).map(|(start, end)| bytes.slice(start..*end).into()).collect();
            writer.typed::<ByteArrayType>().write_batch(&values, levels, None)?
        }
        Typed::Integers(values) => writer.typed::<Int64Type>().write_batch(&values, levels, None)?,
        Typed::Truths(values) => writer.typed::<BoolType>().write_batch(&values, levels, None)?,
    };
    Ok(())
}

/// The schema of exports. Every column can be NULL: a value that its type does not allow is in `raw` instead.
pub(super) fn schema(layout: Layout) -> std::result::Result<Type, ParquetError> {
    let column = |(name, kind)| {
        let (physical, logical) = match kind {
            // UUIDs are text: pandas would make bytes of their own type. Metadata too: a reader that parses it, as for
            // the JSON type, does not give back what was signed.
            Kind::Id | Kind::Text | Kind::Metadata | Kind::Address => {
                (Physical::BYTE_ARRAY, Some(LogicalType::String))
            }
            Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
            Kind::Integer => (Physical::INT64, None),
            Kind::Truth => (Physical::BOOLEAN, None),
        };
        let column = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        column.build().map(Arc::new)
    };
    let columns = described(layout).map(column).collect::<std::result::Result<_, _>>()?;
    Type::group_type_builder("audit_log").with_fields(columns).build()
}

fn properties() -> WriterPropertiesPtr {
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("z4jctl version {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        // Groups are cut above.
        .set_max_row_group_row_count(None);
    // No value comes twice.
    for column in [Column::Id, Column::OccurredAt, Column::RowHmac, Column::PrevRowHmac] {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column.name()), false);
    }
    Arc::new(properties.build())
}

fn broken(error: ParquetError) -> Error {
    Error::bug(format!("cannot write Parquet: {error}")).source(error)
}
