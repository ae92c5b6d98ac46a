//! Audit rows as they come from a database, many in one buffer, decoded one at a time where they are used.
//!
//! Reading is sequential and hashing is not: a reader fills batches, workers decode and hash them. A batch
//! keeps the bytes that the database sent, so that a row that cannot be decoded can still be shown.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::format::address::Address;
use crate::format::row::{AuditRow, Markers, SourceIp, StoredDigest};
use crate::format::{Id, Timestamp};

/// The columns of `audit_log`, in the order in which z4jctl selects them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
#[expect(missing_docs, reason = "the names are the names of the columns")]
pub enum Column {
    Id,
    OccurredAt,
    RowHmac,
    PrevRowHmac,
    Action,
    TargetType,
    TargetId,
    Result,
    Outcome,
    EventId,
    UserId,
    ProjectId,
    SourceIp,
    UserAgent,
    Metadata,
    ApiKeyId,
    LegacyFrozen,
    HmacVersion,
    HmacKeyId,
    LegacyIntegrityClass,
    LegacyOrigin,
    ChainGeneration,
}

impl Column {
    /// All columns; the earlier a generation, the fewer of them it has.
    pub const ALL: [Column; 22] = [
        Self::Id,
        Self::OccurredAt,
        Self::RowHmac,
        Self::PrevRowHmac,
        Self::Action,
        Self::TargetType,
        Self::TargetId,
        Self::Result,
        Self::Outcome,
        Self::EventId,
        Self::UserId,
        Self::ProjectId,
        Self::SourceIp,
        Self::UserAgent,
        Self::Metadata,
        Self::ApiKeyId,
        Self::LegacyFrozen,
        Self::HmacVersion,
        Self::HmacKeyId,
        Self::LegacyIntegrityClass,
        Self::LegacyOrigin,
        Self::ChainGeneration,
    ];

    /// The name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::OccurredAt => "occurred_at",
            Self::RowHmac => "row_hmac",
            Self::PrevRowHmac => "prev_row_hmac",
            Self::Action => "action",
            Self::TargetType => "target_type",
            Self::TargetId => "target_id",
            Self::Result => "result",
            Self::Outcome => "outcome",
            Self::EventId => "event_id",
            Self::UserId => "user_id",
            Self::ProjectId => "project_id",
            Self::SourceIp => "source_ip",
            Self::UserAgent => "user_agent",
            Self::Metadata => "metadata",
            Self::ApiKeyId => "api_key_id",
            Self::LegacyFrozen => "legacy_frozen",
            Self::HmacVersion => "hmac_version",
            Self::HmacKeyId => "hmac_key_id",
            Self::LegacyIntegrityClass => "legacy_integrity_class",
            Self::LegacyOrigin => "legacy_origin",
            Self::ChainGeneration => "chain_generation",
        }
    }
}

/// Which columns a log has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    columns: usize,
}

impl Layout {
    /// The columns of a log by what detection found.
    pub fn new(has_api_key_id: bool, has_markers: bool) -> Self {
        let columns = match (has_api_key_id, has_markers) {
            (false, _) => 15,
            (true, false) => 16,
            (true, true) => 22,
        };
        Self { columns }
    }

    /// The links alone: id, time, and the two MACs.
    pub fn links() -> Self {
        Self { columns: 4 }
    }

    /// The columns, in order.
    pub fn columns(self) -> &'static [Column] {
        &Column::ALL[..self.columns]
    }

    /// The column names for a SELECT.
    pub fn select_list(self) -> String {
        self.columns().iter().map(|column| column.name()).collect::<Vec<_>>().join(", ")
    }
}

/// How the bytes of a field are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// NULL.
    Null,
    /// SQLite INTEGER, eight bytes, little end first.
    Integer,
    /// SQLite REAL, eight bytes, little end first.
    Real,
    /// SQLite TEXT.
    Text,
    /// SQLite BLOB.
    Blob,
    /// PostgreSQL's binary form of the column's type.
    Binary,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    storage: Storage,
    start: u32,
    length: u32,
}

impl Field {
    fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.length as usize
    }
}

/// Rows in chain order, with the position of the first.
#[derive(Debug, Clone)]
pub struct RowBatch {
    /// 1-based position of the first row in what is read.
    pub first_position: u64,
    layout: Layout,
    bytes: Vec<u8>,
    fields: Vec<Field>,
}

impl RowBatch {
    /// An empty batch.
    pub fn new(layout: Layout) -> Self {
        Self { first_position: 1, layout, bytes: Vec::new(), fields: Vec::new() }
    }

    /// Empties the batch and keeps its buffers.
    pub fn clear(&mut self, first_position: u64) {
        self.first_position = first_position;
        self.bytes.clear();
        self.fields.clear();
    }

    /// Number of complete rows.
    pub fn len(&self) -> usize {
        self.fields.len() / self.layout.columns
    }

    /// Whether there is no complete row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all fields.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds the next field of the row that is being filled.
    pub fn push(&mut self, storage: Storage, bytes: &[u8]) {
        let start = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(bytes);
        self.fields.push(Field { storage, start, length });
    }

    /// Adds a row of another batch with the same columns.
    pub fn push_row(&mut self, row: RawRow<'_>) {
        for column in self.layout.columns() {
            let (storage, bytes) = row.field(*column).unwrap_or((Storage::Null, &[]));
            self.push(storage, bytes);
        }
    }

    /// One row.
    pub fn row(&self, index: usize) -> RawRow<'_> {
        let columns = self.layout.columns;
        RawRow {
            bytes: &self.bytes,
            text: None,
            fields: &self.fields[index * columns..(index + 1) * columns],
        }
    }

    /// All rows with their positions.
    pub fn rows(&self) -> impl Iterator<Item = (u64, RawRow<'_>)> {
        // Looked at once as a whole, rather than each of some twenty fields of each row. What SQLite sends is nearly
        // always text from end to end; PostgreSQL's binary forms are not, and that shows at once.
        let text = std::str::from_utf8(&self.bytes).ok();
        (0..self.len()).map(move |index| {
            let number = u64::try_from(index).unwrap_or(u64::MAX);
            (self.first_position.saturating_add(number), RawRow { text, ..self.row(index) })
        })
    }
}

/// A column that does not hold what its type allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("table audit_log, column {column}: {reason}")]
pub struct DecodeError {
    /// The column.
    pub column: Cow<'static, str>,
    /// What is wrong with it.
    pub reason: String,
}

/// One row as the database sent it.
#[derive(Debug, Clone, Copy)]
pub struct RawRow<'a> {
    bytes: &'a [u8],
    /// The same bytes, when they are known to be UTF-8.
    text: Option<&'a str>,
    fields: &'a [Field],
}

impl<'a> RawRow<'a> {
    /// How a column is stored, with its bytes; `None` when the log has no such column.
    pub fn field(&self, column: Column) -> Option<(Storage, &'a [u8])> {
        self.fields.get(column as usize).map(|field| (field.storage, &self.bytes[field.range()]))
    }

    /// Decodes all columns.
    pub fn decode(&self) -> Result<AuditRow<'a>, DecodeError> {
        Ok(AuditRow {
            id: self.id()?,
            occurred_at: self.occurred_at()?,
            row_hmac: self.digest(Column::RowHmac)?,
            prev_row_hmac: self.digest(Column::PrevRowHmac)?,
            action: self.required_text(Column::Action)?,
            target_type: self.required_text(Column::TargetType)?,
            target_id: self.text(Column::TargetId)?,
            result: self.required_text(Column::Result)?,
            outcome: self.text(Column::Outcome)?,
            event_id: self.uuid(Column::EventId)?,
            user_id: self.uuid(Column::UserId)?,
            project_id: self.uuid(Column::ProjectId)?,
            source_ip: self.source_ip()?,
            user_agent: self.text(Column::UserAgent)?,
            metadata: self.metadata()?,
            api_key_id: self.uuid(Column::ApiKeyId)?,
            markers: Markers {
                legacy_frozen: self.boolean(Column::LegacyFrozen)?,
                hmac_version: self.integer(Column::HmacVersion)?,
                hmac_key_id: self.digest(Column::HmacKeyId)?,
                legacy_integrity_class: self.text(Column::LegacyIntegrityClass)?,
                legacy_origin: self.text(Column::LegacyOrigin)?,
                chain_generation: self.uuid(Column::ChainGeneration)?,
            },
        })
    }

    /// `id`.
    pub fn id(&self) -> Result<Id, DecodeError> {
        self.uuid(Column::Id)?.ok_or_else(|| error(Column::Id, "is NULL"))
    }

    /// `occurred_at`.
    pub fn occurred_at(&self) -> Result<Timestamp, DecodeError> {
        /// Microseconds from the Unix epoch to 2000-01-01, where PostgreSQL counts from.
        const POSTGRES_EPOCH: i64 = 946_684_800_000_000;
        let column = Column::OccurredAt;
        match self.field(column) {
            Some((Storage::Text, text)) => Timestamp::parse_bytes(text)
                .ok_or_else(|| error(column, format!("is not a timestamp: {}", excerpt(text)))),
            Some((Storage::Binary, bytes)) => <[u8; 8]>::try_from(bytes)
                .ok()
                .and_then(|bytes| i64::from_be_bytes(bytes).checked_add(POSTGRES_EPOCH))
                .map(Timestamp::from_micros)
                .filter(|time| (Timestamp::MIN..=Timestamp::MAX).contains(time))
                .ok_or_else(|| error(column, "is outside the years 1 to 9999")),
            other => Err(wrong_storage(column, other)),
        }
    }

    /// A text column, NULL as `None`.
    pub fn text(&self, column: Column) -> Result<Option<&'a str>, DecodeError> {
        let Some(field) = self.fields.get(column as usize) else { return Ok(None) };
        match field.storage {
            Storage::Null => Ok(None),
            // Two fields can be text together and not each for itself: then one does not begin where a character does.
            Storage::Text | Storage::Binary => match self.text.and_then(|text| text.get(field.range())) {
                Some(text) => Ok(Some(text)),
                None => std::str::from_utf8(&self.bytes[field.range()])
                    .map(Some)
                    .map_err(|_| error(column, "is not valid UTF-8")),
            },
            _ => Err(wrong_storage(column, self.field(column))),
        }
    }

    fn digest(&self, column: Column) -> Result<Option<StoredDigest<'a>>, DecodeError> {
        Ok(self.text(column)?.map(StoredDigest::new))
    }

    fn required_text(&self, column: Column) -> Result<&'a str, DecodeError> {
        self.text(column)?.ok_or_else(|| error(column, "is NULL"))
    }

    /// A UUID column, NULL as `None`.
    pub fn uuid(&self, column: Column) -> Result<Option<Id>, DecodeError> {
        match self.field(column) {
            None | Some((Storage::Null, _)) => Ok(None),
            Some((Storage::Text, text)) => Id::parse(text)
                .map(Some)
                .ok_or_else(|| error(column, format!("is not a UUID: {}", excerpt(text)))),
            Some((Storage::Binary, bytes)) => <[u8; 16]>::try_from(bytes)
                .map(|bytes| Some(Id::from_bytes(bytes)))
                .map_err(|_| error(column, "is not a UUID")),
            other => Err(wrong_storage(column, other)),
        }
    }

    /// `metadata`: the JSON text as stored.
    pub fn metadata(&self) -> Result<&'a [u8], DecodeError> {
        match self.field(Column::Metadata) {
            // jsonb on the wire: a version byte, then the text.
            Some((Storage::Text, text) | (Storage::Binary, [1, text @ ..])) => Ok(text),
            other => Err(wrong_storage(Column::Metadata, other)),
        }
    }

    /// `source_ip`.
    pub fn source_ip(&self) -> Result<SourceIp<'a>, DecodeError> {
        match self.field(Column::SourceIp) {
            // inet on the wire: family, prefix length, is-cidr flag, address length, address.
            Some((Storage::Binary, [_family, prefix, _is_cidr, _length, address @ ..])) => {
                Address::from_inet(address, *prefix)
                    .map(SourceIp::Inet)
                    .ok_or_else(|| error(Column::SourceIp, "is not an address"))
            }
            Some((Storage::Binary, _)) => Err(error(Column::SourceIp, "is not an address")),
            _ => Ok(self.text(Column::SourceIp)?.map_or(SourceIp::Null, SourceIp::Text)),
        }
    }

    /// A truth, NULL as `None`.
    pub fn boolean(&self, column: Column) -> Result<Option<bool>, DecodeError> {
        match self.field(column) {
            None | Some((Storage::Null, _)) => Ok(None),
            Some(
                (Storage::Integer, [value @ (0 | 1), 0, 0, 0, 0, 0, 0, 0])
                | (Storage::Binary, [value @ (0 | 1)]),
            ) => Ok(Some(*value == 1)),
            other => Err(wrong_storage(column, other)),
        }
    }

    /// An integer, NULL as `None`.
    pub fn integer(&self, column: Column) -> Result<Option<i64>, DecodeError> {
        match self.field(column) {
            None | Some((Storage::Null, _)) => Ok(None),
            Some((Storage::Integer, bytes)) => Ok(<[u8; 8]>::try_from(bytes).ok().map(i64::from_le_bytes)),
            Some((Storage::Binary, bytes)) => {
                let value = <[u8; 4]>::try_from(bytes).map_err(|_| error(column, "is not an integer"))?;
                Ok(Some(i64::from(i32::from_be_bytes(value))))
            }
            other => Err(wrong_storage(column, other)),
        }
    }

    /// The stored value as text for a person: SQLite's or PostgreSQL's own form as near as may be.
    pub fn display(&self, column: Column) -> Option<String> {
        let (storage, bytes) = self.field(column)?;
        Some(match storage {
            Storage::Null => return None,
            Storage::Integer => <[u8; 8]>::try_from(bytes)
                .map_or_else(|_| String::new(), |b| i64::from_le_bytes(b).to_string()),
            Storage::Real => <[u8; 8]>::try_from(bytes)
                .map_or_else(|_| String::new(), |b| f64::from_le_bytes(b).to_string()),
            Storage::Text => String::from_utf8_lossy(bytes).into_owned(),
            Storage::Blob => format!("blob of {} bytes", bytes.len()),
            Storage::Binary => match column {
                Column::Id
                | Column::EventId
                | Column::UserId
                | Column::ProjectId
                | Column::ApiKeyId
                | Column::ChainGeneration => self.uuid(column).ok().flatten()?.to_string(),
                Column::OccurredAt => {
                    self.occurred_at().map_or_else(|error| error.reason, Timestamp::canonical)
                }
                Column::Metadata => String::from_utf8_lossy(self.metadata().ok()?).into_owned(),
                Column::LegacyFrozen => self.boolean(column).ok().flatten()?.to_string(),
                Column::HmacVersion => self.integer(column).ok().flatten()?.to_string(),
                Column::SourceIp => match self.source_ip().ok()? {
                    SourceIp::Inet(address) => address.print(crate::format::address::Mapped::Dotted),
                    _ => return None,
                },
                _ => String::from_utf8_lossy(bytes).into_owned(),
            },
        })
    }
}

fn error(column: Column, reason: impl Into<String>) -> DecodeError {
    DecodeError { column: column.name().into(), reason: reason.into() }
}

fn wrong_storage(column: Column, found: Option<(Storage, &[u8])>) -> DecodeError {
    let reason = match found {
        None => "does not exist".to_owned(),
        Some((Storage::Null, _)) => "is NULL".to_owned(),
        Some((Storage::Integer | Storage::Real, _)) => "holds a number".to_owned(),
        Some((Storage::Blob, bytes)) => format!("holds a blob of {} bytes", bytes.len()),
        Some((Storage::Text, text)) => format!("holds {}", excerpt(text)),
        Some((Storage::Binary, _)) => "holds a value of another type".to_owned(),
    };
    error(column, reason)
}

/// The beginning of a value, safe to print.
fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]);
    format!("{:?}{}", text, if bytes.len() > 40 { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_a_character_in_two_fields_are_no_text() {
        let mut batch = RowBatch::new(Layout::links());
        for bytes in [&b"caf\xc3"[..], b"\xa9", b"", "é".as_bytes()] {
            batch.push(Storage::Text, bytes);
        }
        let (_, row) = batch.rows().next().expect("a row");
        assert!(row.text.is_some(), "together they are text");
        assert!(row.text(Column::Id).is_err());
        assert!(row.text(Column::OccurredAt).is_err());
        assert_eq!(row.text(Column::RowHmac), Ok(Some("")));
        assert_eq!(row.text(Column::PrevRowHmac), Ok(Some("é")));
    }
}
