//! Signing as z4j signs, written a second time for the tests: what z4jctl's own code signs would prove nothing.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::log::{Row, text};
use crate::support::hex;

const ROW_DOMAIN: &[u8] = b"z4j/audit-chain/row/v2\0";
const STATE_DOMAIN: &[u8] = b"z4j/audit-chain/state/v1\0";
const KEY_ID_DOMAIN: &[u8] = b"z4j/audit-chain/key-id/v1\0";

/// The columns that every format signs; each format adds its own.
const COMMON: [&str; 12] = [
    "id",
    "action",
    "target_type",
    "target_id",
    "result",
    "outcome",
    "event_id",
    "user_id",
    "project_id",
    "source_ip",
    "user_agent",
    "prev_row_hmac",
];

/// HMAC-SHA-256 in hexadecimal.
pub(crate) fn mac(key: &str, domain: &[u8], message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(domain);
    mac.update(message);
    hex(&mac.finalize().into_bytes())
}

/// The public name of a key.
pub(crate) fn key_id(key: &str) -> String {
    mac(key, KEY_ID_DOMAIN, b"")
}

/// Puts the MAC that z4j would give it into a row of the log's own format.
pub(crate) fn sign_row(row: &mut Row, key: &str) {
    let mut payload: Map<String, Value> =
        COMMON.iter().map(|column| ((*column).to_owned(), scalar(row, column))).collect();
    payload.insert("metadata".into(), metadata(row));
    payload.insert("occurred_at".into(), time(row, "occurred_at"));
    let is_active = row.contains_key("hmac_version");
    let has_api_key = row.contains_key("api_key_id");
    if has_api_key {
        payload.insert("api_key_id".into(), scalar(row, "api_key_id"));
    }
    if is_active {
        payload.insert("hmac_key_id".into(), scalar(row, "hmac_key_id"));
        payload.insert("chain_generation".into(), scalar(row, "chain_generation"));
    }
    let (version, domain) = match (is_active, has_api_key) {
        (true, _) => (2, ROW_DOMAIN),
        (false, true) => (1, &b""[..]),
        (false, false) => (3, &b""[..]),
    };
    payload.insert("version".into(), version.into());
    let message = Value::Object(payload).to_string();
    row.insert("row_hmac".into(), Some(mac(key, domain, message.as_bytes())));
}

/// Puts the MAC that z4j would give it into the row of `audit_chain_state`.
pub(crate) fn sign_state(state: &mut Row, key: &str) {
    let number = |column: &str| -> Value { text(state, column).parse::<u64>().expect("a count").into() };
    let document = |column: &str| -> Value {
        let stored = state[column].as_deref().unwrap_or("null");
        serde_json::from_str(stored).expect("a column of JSON")
    };
    let mut payload = Map::new();
    for column in [
        "generation",
        "installation_id",
        "state_key_id",
        "head_row_hmac",
        "head_hmac_key_id",
        "head_id",
        "prune_row_hmac",
        "prune_hmac_key_id",
        "prune_id",
        "frozen_snapshot_digest",
    ] {
        payload.insert(column.into(), scalar(state, column));
    }
    for column in ["format_version", "active_row_count", "frozen_row_count"] {
        payload.insert(column.into(), number(column));
    }
    for column in ["head_occurred_at", "prune_occurred_at"] {
        payload.insert(column.into(), time(state, column));
    }
    for column in ["active_key_counts", "retired_recovery_binding"] {
        payload.insert(column.into(), document(column));
    }
    let message = Value::Object(payload).to_string();
    state.insert("state_mac".into(), Some(mac(key, STATE_DOMAIN, message.as_bytes())));
}

/// A row named by its MAC, key, time and id, as `audit_chain_state` names its head and its prune boundary.
pub(crate) fn name_row(state: &mut Row, quartet: &str, row: Option<&Row>) {
    for column in ["row_hmac", "hmac_key_id", "occurred_at", "id"] {
        state.insert(format!("{quartet}_{column}"), row.and_then(|row| row[column].clone()));
    }
}

/// The state that a brain would have signed when these rows were its whole active log.
pub(crate) fn state_of(state: &Row, rows: &[Row], key: &str) -> Row {
    let mut state = state.clone();
    let mut counts = Map::new();
    for row in rows {
        let count = counts.entry(text(row, "hmac_key_id")).or_insert(json!(0));
        *count = (count.as_u64().unwrap_or(0) + 1).into();
    }
    name_row(&mut state, "head", rows.last());
    state.insert("active_row_count".into(), Some(rows.len().to_string()));
    state.insert("active_key_counts".into(), Some(Value::Object(counts).to_string()));
    sign_state(&mut state, key);
    state
}

fn scalar(row: &Row, column: &str) -> Value {
    let Some(value) = &row[column] else { return Value::Null };
    let is_uuid = matches!(
        column,
        "id" | "event_id"
            | "user_id"
            | "project_id"
            | "api_key_id"
            | "chain_generation"
            | "generation"
            | "installation_id"
            | "head_id"
            | "prune_id"
    );
    if is_uuid { dashed(value).into() } else { value.as_str().into() }
}

fn metadata(row: &Row) -> Value {
    serde_json::from_str(&text(row, "metadata")).expect("metadata is JSON")
}

fn time(row: &Row, column: &str) -> Value {
    row[column]
        .as_deref()
        .map_or(Value::Null, |stored| format!("{}+00:00", stored.replacen(' ', "T", 1)).into())
}

/// A UUID with its dashes, as it is signed and reported.
pub(crate) fn dashed(uuid: &str) -> String {
    [&uuid[..8], &uuid[8..12], &uuid[12..16], &uuid[16..20], &uuid[20..]].join("-")
}
