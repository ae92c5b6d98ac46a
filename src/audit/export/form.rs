//! The forms of an export: which text each column has, and how a file is packed.

use serde::{Deserialize, Serialize};

use crate::store::batch::Column;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// RFC 4180 with a header, LF behind each record; NULL is an empty field without quotes.
    Csv,
    /// One JSON object per line.
    Jsonl,
    /// Apache Parquet, its columns packed with zstd.
    Parquet,
}

impl Form {
    /// Whether this build can write and read it.
    pub fn is_built_in(self) -> bool {
        self != Self::Parquet || cfg!(feature = "parquet")
    }
}

/// How the file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// Not at all, or, in Parquet, within.
    None,
    /// One gzip member.
    Gzip,
    /// One zstd frame with checksum.
    Zstd,
}

/// What a column holds, and so how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Dashed lower-case UUID.
    Id,
    /// `2026-03-01T12:00:00.000001+00:00`.
    Time,
    /// Text as it is.
    Text,
    /// Canonical JSON as text.
    Metadata,
    /// `true` or `false`.
    Truth,
    /// Decimal digits.
    Integer,
    /// An address as text.
    Address,
}

/// The kind of a column.
pub fn kind(column: Column) -> Kind {
    match column {
        Column::Id
        | Column::EventId
        | Column::UserId
        | Column::ProjectId
        | Column::ApiKeyId
        | Column::ChainGeneration => Kind::Id,
        Column::OccurredAt => Kind::Time,
        Column::Metadata => Kind::Metadata,
        Column::LegacyFrozen => Kind::Truth,
        Column::HmacVersion => Kind::Integer,
        Column::SourceIp => Kind::Address,
        _ => Kind::Text,
    }
}

/// The column behind the others: what has no place in its own column, see [`super::raw`].
pub const RAW_COLUMN: &str = "raw";

/// What stands behind the name of a column in the name of its guarded copy.
pub const SAFE_SUFFIX: &str = "_safe";

/// Columns in which somebody outside could place what a spreadsheet takes for a formula.
pub fn is_risky(column: Column) -> bool {
    matches!(
        column,
        Column::Action
            | Column::TargetType
            | Column::TargetId
            | Column::Result
            | Column::Outcome
            | Column::SourceIp
            | Column::UserAgent
            | Column::Metadata
    )
}

/// Whether a spreadsheet could take a text for a formula: then its guarded copy has an apostrophe before it.
pub fn is_formula(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n'))
        || ["＝", "＋", "－", "＠"].iter().any(|sign| text.starts_with(sign.as_bytes()))
}
