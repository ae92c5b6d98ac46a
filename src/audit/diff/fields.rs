//! Two rows, field by field: in the form in which a column is signed, so that a copy in another database or in an export
//! differs only where what was signed differs.

use serde_json::Value as Json;

use super::report::FieldChange;
use crate::audit::export::raw;
use crate::audit::export::value::{Value, Values};
use crate::format::address::{Address, Mapped};
use crate::format::row::SourceIp;
use crate::store::batch::{Column, DecodeError, Layout, RawRow, Storage};

/// The columns that both of two logs have.
pub(super) fn common(here: Layout, there: Layout) -> &'static [Column] {
    let (here, there) = (here.columns(), there.columns());
    if here.len() <= there.len() { here } else { there }
}

/// Reads and compares fields.
#[derive(Debug, Default)]
pub(super) struct Fields {
    values: Values,
}

impl Fields {
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
        Ok(match self.values.of(row, column)? {
            Value::Null => Json::Null,
            Value::Text(text) => Json::String(text.to_owned()),
            Value::Id(id) => Json::String(id.to_string()),
            Value::Time(time) => Json::String(time.canonical()),
            Value::Truth(value) => Json::Bool(value),
            Value::Integer(value) => Json::from(value),
        })
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
