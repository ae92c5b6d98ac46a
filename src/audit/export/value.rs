//! One value of a row, between what a database sends and the forms of an export.

use super::form::{Kind, kind};
use crate::format::address::Mapped;
use crate::format::json::{Canonicalizer, Numbers};
use crate::format::row::SourceIp;
use crate::format::{Id, Timestamp};
use crate::store::batch::{Column, DecodeError, RawRow};

/// A value that its column's type allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// NULL.
    Null,
    /// Text of any kind.
    Text(&'a str),
    /// A UUID.
    Id(Id),
    /// A time.
    Time(Timestamp),
    /// `true` or `false`.
    Truth(bool),
    /// An integer.
    Integer(i64),
}

/// Reads the values of rows.
#[derive(Debug)]
pub struct Values {
    canonicalizer: Canonicalizer,
    /// Canonical metadata of the row at hand.
    metadata: Vec<u8>,
    /// Its address.
    address: String,
}

impl Default for Values {
    fn default() -> Self {
        Self { canonicalizer: Canonicalizer::new(), metadata: Vec::new(), address: String::new() }
    }
}

impl Values {
    /// The value of a column as every form of an export has it: metadata in canonical form, addresses as printed.
    pub fn of<'v>(&'v mut self, row: RawRow<'v>, column: Column) -> Result<Value<'v>, DecodeError> {
        Ok(match kind(column) {
            Kind::Id => row.uuid(column)?.map_or(Value::Null, Value::Id),
            Kind::Time => Value::Time(row.occurred_at()?),
            Kind::Text => row.text(column)?.map_or(Value::Null, Value::Text),
            Kind::Metadata => Value::Text(self.canonical(row)?),
            Kind::Truth => row.boolean(column)?.map_or(Value::Null, Value::Truth),
            Kind::Integer => row.integer(column)?.map_or(Value::Null, Value::Integer),
            Kind::Address => match row.source_ip()? {
                SourceIp::Null => Value::Null,
                SourceIp::Text(text) => Value::Text(text),
                SourceIp::Inet(address) => {
                    self.address = address.print(Mapped::Groups);
                    Value::Text(&self.address)
                }
            },
        })
    }

    fn canonical(&mut self, row: RawRow<'_>) -> Result<&str, DecodeError> {
        let error = |reason: String| DecodeError { column: Column::Metadata.name(), reason };
        let stored = row.metadata()?;
        self.metadata.clear();
        // As Python reads them: what is not finite is for the verifier to judge, by the format of the row.
        self.canonicalizer
            .write(stored, Numbers::Python, &mut self.metadata)
            .map_err(|cause| error(cause.to_string()))?;
        std::str::from_utf8(&self.metadata).map_err(|cause| error(cause.to_string()))
    }
}
