//! Two rows, field by field: in the form in which a column is signed, so that a copy in another database or in an export
//! differs only where what was signed differs.

use serde_json::Value as Json;

use super::report::FieldChange;
use crate::audit::export::form::{Kind, kind};
use crate::audit::export::raw;
use crate::format::address::{Address, Mapped};
use crate::format::json::{Canonicalizer, Numbers};
use crate::format::row::SourceIp;
use crate::store::batch::{Column, DecodeError, Layout, RawRow, Storage};

/// The columns that both of two logs have.
pub(super) fn common(here: Layout, there: Layout) -> &'static [Column] {
    let (here, there) = (here.columns(), there.columns());
    if here.len() <= there.len() { here } else { there }
}

/// Reads and compares fields.
#[derive(Debug)]
pub(super) struct Fields {
    canonicalizer: Canonicalizer,
}

impl Fields {
    pub(super) fn new() -> Self {
        Self { canonicalizer: Canonicalizer::new() }
    }

    /// The columns in which two rows differ; `old` is the copy's value.
    pub(super) fn compare(
        &mut self,
        columns: &[Column],
        here: RawRow<'_>,
        there: RawRow<'_>,
    ) -> Vec<FieldChange> {
        let mut changes = Vec::new();
        for column in columns {
            let (new, old) = (here.field(*column), there.field(*column));
            if new == old {
                continue;
            }
            let (new_value, old_value) = (self.value(here, *column), self.value(there, *column));
            let is_same = new_value == old_value || *column == Column::SourceIp && same_address(here, there);
            if !is_same {
                changes.push(FieldChange { column: column.name(), old: old_value, new: new_value });
            }
        }
        changes
    }

    /// A value as a report shows it: its canonical text, `null`, or, of what its column does not allow, the raw form of
    /// an export as an object.
    pub(super) fn value(&mut self, row: RawRow<'_>, column: Column) -> Json {
        self.readable(row, column).unwrap_or_else(|_| raw_form(row, column))
    }

    fn readable(&mut self, row: RawRow<'_>, column: Column) -> Result<Json, DecodeError> {
        if matches!(row.field(column), None | Some((Storage::Null, _))) {
            return Ok(Json::Null);
        }
        let text = |text: &str| Json::String(text.to_owned());
        Ok(match kind(column) {
            Kind::Id => row.uuid(column)?.map_or(Json::Null, |id| Json::String(id.to_string())),
            Kind::Time => Json::String(row.occurred_at()?.canonical()),
            Kind::Text => row.text(column)?.map_or(Json::Null, text),
            Kind::Metadata => Json::String(self.metadata(row)?),
            Kind::Truth => row.boolean(column)?.map_or(Json::Null, Json::Bool),
            Kind::Integer => row.integer(column)?.map_or(Json::Null, Json::from),
            Kind::Address => match row.source_ip()? {
                SourceIp::Null => Json::Null,
                SourceIp::Text(found) => text(found),
                SourceIp::Inet(address) => text(&address.print(Mapped::Groups)),
            },
        })
    }

    fn metadata(&mut self, row: RawRow<'_>) -> Result<String, DecodeError> {
        let stored = row.metadata()?;
        let mut out = Vec::new();
        self.canonicalizer
            .write(stored, Numbers::Python, &mut out)
            .map_err(|error| DecodeError { column: Column::Metadata.name(), reason: error.to_string() })?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }
}

fn raw_form(row: RawRow<'_>, column: Column) -> Json {
    let mut out = Vec::new();
    if let Some((storage, bytes)) = row.field(column) {
        raw::write(storage, bytes, &mut out);
    }
    serde_json::from_slice(&out).unwrap_or(Json::Null)
}

/// Whether an address of one database is that of the other: PostgreSQL keeps addresses, SQLite their text.
fn same_address(here: RawRow<'_>, there: RawRow<'_>) -> bool {
    let printed = |row: RawRow<'_>| match row.source_ip().ok()? {
        SourceIp::Null => None,
        SourceIp::Text(text) => Some(Address::parse(text)?.print(Mapped::Groups)),
        SourceIp::Inet(address) => Some(address.print(Mapped::Groups)),
    };
    let is_inet = |row: RawRow<'_>| matches!(row.field(Column::SourceIp), Some((Storage::Binary, _)));
    is_inet(here) != is_inet(there) && printed(here).is_some_and(|address| Some(address) == printed(there))
}
