//! Single formats: payloads, MACs, canonical JSON, scalars, the signed singleton rows.

use serde_json::Value;
use z4jctl::format::address::{Address, Mapped};
use z4jctl::format::frozen::FrozenDigest;
use z4jctl::format::json::{Canonicalizer, Numbers};
use z4jctl::format::mac::{Digest, MacKey};
use z4jctl::format::row::{
    AuditRow, Format, Markers, PayloadError, SourceIp, StoredDigest, write_message, write_snapshot,
};
use z4jctl::format::state::{ChainState, Preparation, StoredQuartet, StoredState, Watermark};
use z4jctl::format::{Id, Timestamp};

use super::{list, metadata_row, stored, string, vector};
use crate::support::hex;
use crate::tampering::log::Row;

/// A stored row as z4jctl decodes it.
fn decode(row: &Row) -> AuditRow<'_> {
    let text = |column: &str| row.get(column).and_then(Option::as_deref);
    let id = |column| text(column).map(|text| Id::parse(text.as_bytes()).expect("a UUID"));
    AuditRow {
        id: id("id").expect("an id"),
        occurred_at: Timestamp::parse(text("occurred_at").expect("a time")).expect("a time"),
        action: text("action").expect("an action"),
        target_type: text("target_type").expect("a target type"),
        target_id: text("target_id"),
        result: text("result").expect("a result"),
        outcome: text("outcome"),
        event_id: id("event_id"),
        user_id: id("user_id"),
        project_id: id("project_id"),
        api_key_id: id("api_key_id"),
        source_ip: text("source_ip").map_or(SourceIp::Null, SourceIp::Text),
        user_agent: text("user_agent"),
        metadata: text("metadata").expect("metadata").as_bytes(),
        prev_row_hmac: text("prev_row_hmac").map(StoredDigest::new),
        row_hmac: text("row_hmac").map(StoredDigest::new),
        markers: Markers {
            legacy_frozen: text("legacy_frozen").map(|text| text == "1"),
            hmac_version: text("hmac_version").map(|text| text.parse().expect("a number")),
            hmac_key_id: text("hmac_key_id").map(StoredDigest::new),
            legacy_integrity_class: text("legacy_integrity_class"),
            legacy_origin: text("legacy_origin"),
            chain_generation: id("chain_generation"),
        },
    }
}

fn message(row: &Row, format: Format) -> Result<Vec<u8>, PayloadError> {
    let mut out = Vec::new();
    write_message(&decode(row), format, Mapped::Groups, &mut Canonicalizer::new(), &mut out).map(|()| out)
}

/// The message of a row without the domain that stands before it, as hexadecimal digits.
fn payload_hex(row: &Row, format: Format) -> String {
    let message = message(row, format).expect("a payload");
    hex(&message[format.domain().len()..])
}

/// A secret by the name under which a vector mentions it: `Z4J_PREVIOUS_SECRETS[0]`.
fn key(vector: &Value, name: &str) -> MacKey {
    let secret = match name.split_once('[') {
        Some((list, index)) => {
            let index: usize = index.trim_end_matches(']').parse().expect("an index");
            &vector["secrets"][list][index]
        }
        None => &vector["secrets"][name],
    };
    MacKey::new(string(secret).as_bytes())
}

fn check_rows(vector: &Value, rows: &Value, formats: impl Fn(&str) -> Format) -> usize {
    for row in list(rows) {
        let label = string(&row["label"]);
        let format = formats(label);
        let stored = stored(&row["stored_sqlite"]);
        assert_eq!(payload_hex(&stored, format), string(&row["canonical_hex"]), "{label}");
        assert_eq!(hex(string(&row["canonical_text"]).as_bytes()), string(&row["canonical_hex"]), "{label}");
        let mac = key(vector, string(&row["mac_key"])).sign(&message(&stored, format).expect("a message"));
        assert_eq!(mac.to_string(), string(&row["expected_row_hmac"]), "{label}");
    }
    list(rows).len()
}

#[test]
fn payloads_and_macs_of_early_rows() {
    let vector = vector("early-v3.json");
    let rows = check_rows(&vector, &vector["rows"], |label| match label {
        label if label.contains("version 1") => Format::Early1,
        label if label.contains("version 2") => Format::Early2,
        _ => Format::Early3,
    });
    assert_eq!(rows, 7);
}

#[test]
fn payloads_and_macs_of_baseline_rows() {
    let vector = vector("baseline-v1.json");
    assert_eq!(check_rows(&vector, &vector["rows"], |_| Format::Baseline), 7);
}

#[test]
fn payloads_and_macs_of_active_rows_state_and_frozen_history() {
    let vector = vector("v2-chain.json");
    for (secret, id) in vector["key_ids"].as_object().expect("key ids") {
        assert_eq!(MacKey::new(secret.as_bytes()).id().to_string(), string(id));
    }
    let mut rows = 0;
    for scenario in list(&vector["scenarios"]) {
        let name = string(&scenario["name"]);
        rows += check_rows(&vector, &scenario["active_rows"], |_| Format::Active);

        let mut digest = FrozenDigest::default();
        for row in list(&scenario["frozen_rows"]) {
            let stored = stored(&row["stored_sqlite"]);
            let mut snapshot = Vec::new();
            write_snapshot(&decode(&stored), &mut Canonicalizer::new(), &mut snapshot).expect("a snapshot");
            assert_eq!(hex(&snapshot), string(&row["snapshot_canonical_hex"]), "{name}: {}", row["label"]);
            assert_eq!(String::from_utf8_lossy(&snapshot), string(&row["snapshot_canonical_text"]), "{name}");
            digest.add(&snapshot);
        }
        let expected = scenario["expected_frozen_snapshot_digest"].as_str();
        if let Some(expected) = expected {
            assert_eq!(digest.finish().to_string(), expected, "{name}");
        }

        for form in ["state_sqlite", "state_postgres"] {
            let state =
                ChainState::from_stored(&stored_state(&stored(&scenario[form]))).expect("a valid state");
            let message = state.message();
            let text = string(&scenario["state_canonical_text"]);
            assert_eq!(hex(text.as_bytes()), string(&scenario["state_canonical_hex"]), "{name}");
            assert!(message.ends_with(text.as_bytes()), "{name}: {}", String::from_utf8_lossy(&message));
            let mac = state.mac(&key(&vector, "Z4J_AUDIT_CHAIN_SECRET")).to_string();
            assert_eq!(mac, string(&scenario["expected_state_mac"]), "{name}");
        }
    }
    assert_eq!(rows, 10);
}

fn stored_state(row: &Row) -> StoredState {
    let text = |column: &str| row[column].clone();
    let number = |column: &str| row[column].as_deref().map(|text| text.parse().expect("a number"));
    let quartet = |name: &str| StoredQuartet {
        row_hmac: text(&format!("{name}_row_hmac")),
        hmac_key_id: text(&format!("{name}_hmac_key_id")),
        occurred_at: text(&format!("{name}_occurred_at")),
        id: text(&format!("{name}_id")),
    };
    StoredState {
        format_version: number("format_version"),
        generation: text("generation"),
        installation_id: text("installation_id"),
        state_key_id: text("state_key_id"),
        head: quartet("head"),
        prune: quartet("prune"),
        active_row_count: number("active_row_count"),
        active_key_counts: text("active_key_counts"),
        frozen_row_count: number("frozen_row_count"),
        frozen_snapshot_digest: text("frozen_snapshot_digest"),
        retired_recovery_binding: text("retired_recovery_binding"),
        state_mac: text("state_mac"),
        observed_active_row_count: number("observed_active_row_count"),
    }
}

#[test]
fn metadata_in_canonical_form() {
    let vector = vector("canonical-json.json");
    let (mut signed, mut refused) = (0, 0);
    for case in list(&vector["cases"]) {
        let name = string(&case["name"]);
        for (format, member, secret, numbers) in [
            (Format::Baseline, "baseline_v1", "Z4J_SECRET", Numbers::Python),
            (Format::Active, "active_v2", "Z4J_AUDIT_CHAIN_SECRET", Numbers::Finite),
        ] {
            let expected = &case[member];
            let text = string(&case["stored_metadata_text"]);
            let mut canonical = Vec::new();
            let written = Canonicalizer::new().write(text.as_bytes(), numbers, &mut canonical);
            if expected.get("error").is_some() {
                refused += 1;
                // Not an object is no error of JSON: only a whole active row is refused for it.
                if let Some(row) = metadata_row(&vector, case, format) {
                    let impossible = matches!(message(&row, format), Err(PayloadError::Impossible { .. }));
                    assert!(impossible, "{name} {member}");
                } else {
                    assert!(written.is_err(), "{name} {member}");
                }
                continue;
            }
            written.unwrap_or_else(|error| panic!("{name} {member}: {error}"));
            assert_eq!(hex(&canonical), string(&expected["metadata_canonical_hex"]), "{name} {member}");
            let row = metadata_row(&vector, case, format).expect("a row");
            assert_eq!(payload_hex(&row, format), string(&expected["row_canonical_hex"]), "{name} {member}");
            let mac = key(&vector, secret).sign(&message(&row, format).expect("a message"));
            assert_eq!(mac.to_string(), string(&expected["expected_row_hmac"]), "{name} {member}");
            signed += 1;
        }
    }
    assert_eq!((signed, refused), (23 + 19, 1 + 5));
}

#[test]
fn scalars_are_normalised() {
    let vector = vector("normalisation.json");
    for case in list(&vector["timestamps"]) {
        let time = Timestamp::parse(string(&case["stored"])).unwrap_or_else(|| panic!("{case}"));
        assert_eq!(time.canonical(), string(&case["canonical"]), "{case}");
    }
    for case in list(&vector["known_head_timestamp_form"]) {
        let time = Timestamp::parse(string(&case["canonical"])).expect("a time");
        assert_eq!(time.zulu(), string(&case["envelope"]));
        assert_eq!(Timestamp::parse(string(&case["envelope"])), Some(time));
    }
    for case in list(&vector["ip_v2"]) {
        let address = Address::parse(string(&case["stored"])).filter(Address::is_host);
        let forms: Vec<String> = address
            .iter()
            .flat_map(|address| [address.print(Mapped::Groups), address.print(Mapped::Dotted)])
            .collect();
        let expected: Vec<&str> = match &case["canonical"] {
            Value::Null => Vec::new(),
            Value::Array(both) => both.iter().map(string).collect(),
            one => vec![string(one), string(one)],
        };
        assert_eq!(forms, expected, "{case}");
    }
    for case in list(&vector["uuid"]) {
        for form in ["sqlite", "postgres"] {
            let id = Id::parse(string(&case[form]).as_bytes()).expect("a UUID");
            assert_eq!(id.to_string(), string(&case["canonical"]));
            assert_eq!(id.simple(), string(&case["sqlite"]));
        }
    }
}

#[test]
fn the_preparation_of_a_parked_upgrade_is_signed() {
    let vector = vector("v2-preparation.json");
    let row = stored(&vector["row"]);
    let text = |column: &str| row[column].clone().unwrap_or_default();
    let preparation = Preparation {
        format_version: Some(1),
        singleton_id: text("singleton_id"),
        preparation_id: text("preparation_id"),
        audit_key_id: text("audit_key_id"),
        preparation_revision: text("preparation_revision"),
        target_activation_revision: text("target_activation_revision"),
        preparation_mac: text("preparation_mac"),
    };
    let key = MacKey::new(string(&vector["secret"]).as_bytes());
    let message = preparation.message().expect("a message");
    assert!(message.ends_with(string(&vector["canonical_text"]).as_bytes()));
    assert_eq!(key.sign(&message).to_string(), string(&vector["expected_preparation_mac"]));
    assert!(preparation.is_signed_by(&key));
    let changed = Preparation { target_activation_revision: "elsewhere".into(), ..preparation };
    assert!(!changed.is_signed_by(&key));
}

#[test]
fn both_forms_of_the_watermark() {
    let vector = vector("legacy-prune-watermark.json");
    let key = MacKey::new(string(&vector["Z4J_SECRET"]).as_bytes());
    let row_hmac = Digest::parse(string(&vector["row_hmac"]).as_bytes()).expect("a MAC");
    let bare = Watermark::parse(string(&vector["value_1_7_0"])).expect("the bare form");
    assert_eq!((bare.row_hmac, bare.mac), (row_hmac, None));
    let signed = Watermark::parse(string(&vector["value_1_8_plus"])).expect("the signed form");
    assert_eq!((signed.row_hmac, signed.mac), (row_hmac, Some(signed.expected_mac(&key))));
    assert_eq!(signed.expected_mac(&key).to_string(), string(&vector["expected_mac"]));
}
