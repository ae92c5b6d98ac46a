//! The test vectors of the audit log: every byte that is signed, and the verdicts on whole vectors in a database.

mod databases;
mod formats;

use serde_json::Value;
use z4jctl::format::row::Format;

use crate::support::repository;
use crate::tampering::log::Row;

fn vector(name: &str) -> Value {
    let path = repository().join("fixtures/vectors/audit").join(name);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is not a list"))
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string"))
}

/// A stored row as text, as a database gives it back.
fn stored(row: &Value) -> Row {
    let columns = row.as_object().expect("a row is an object");
    columns.iter().map(|(column, value)| (column.clone(), cell(value))).collect()
}

fn cell(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(u8::from(*value).to_string()),
        other => Some(other.to_string()),
    }
}

/// A row of the canonical JSON vector in one of its two formats; `None` when the vector has no row.
fn metadata_row(vector: &Value, case: &Value, format: Format) -> Option<Row> {
    let mut row = stored(case.get("row_stored_sqlite")?);
    let signed = &case[if format == Format::Active { "active_v2" } else { "baseline_v1" }];
    row.insert("prev_row_hmac".into(), signed.get("prev_row_hmac").and_then(cell));
    row.insert("row_hmac".into(), signed.get("expected_row_hmac").and_then(cell));
    if format == Format::Active {
        let state = &vector["v2_state_sqlite"];
        for (column, value) in [
            ("legacy_frozen", Some("0".to_owned())),
            ("hmac_version", Some("2".to_owned())),
            ("hmac_key_id", cell(&state["state_key_id"])),
            ("chain_generation", cell(&state["generation"])),
            ("legacy_integrity_class", None),
            ("legacy_origin", None),
        ] {
            row.insert(column.into(), value);
        }
    }
    Some(row)
}
