//! The test vectors of the audit log: every byte that is signed, and the verdicts on whole vectors in a database.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use z4jctl::format::address::{Address, Mapped};
use z4jctl::format::frozen::FrozenDigest;
use z4jctl::format::json::{Canonicalizer, Numbers};
use z4jctl::format::mac::{Digest, MacKey};
use z4jctl::format::row::{AuditRow, Format, Markers, PayloadError, SourceIp, write_message, write_snapshot};
use z4jctl::format::state::{ChainState, Preparation, StoredQuartet, StoredState, Watermark};
use z4jctl::format::{Id, Timestamp};

use crate::support::{Secrets, hex, repository};
use crate::tampering::log::{Kind, Log, Report, Row, new_id};

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
        prev_row_hmac: text("prev_row_hmac"),
        row_hmac: text("row_hmac"),
        markers: Markers {
            legacy_frozen: text("legacy_frozen").map(|text| text == "1"),
            hmac_version: text("hmac_version").map(|text| text.parse().expect("a number")),
            hmac_key_id: text("hmac_key_id"),
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

/// The secrets of a vector as the environment of a brain.
fn secrets(vector: &Value) -> Secrets {
    let joined = |value: &Value| match value {
        Value::Array(values) => values.iter().map(string).collect::<Vec<_>>().join(","),
        other => string(other).to_owned(),
    };
    let secrets = vector["secrets"].as_object().expect("secrets");
    secrets.iter().map(|(name, value)| (name.clone(), joined(value))).collect()
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

/// A database of a release that holds the rows of a vector and nothing else.
fn load(kind: Kind, fixture: &'static str, secrets: Secrets, rows: &[Row]) -> Log {
    let mut log = Log::open(kind, fixture);
    log.secrets = secrets;
    log.run("DELETE FROM audit_log");
    for row in rows {
        log.insert(row);
    }
    log.rows = rows.to_vec();
    log.live = rows.iter().take_while(|row| crate::tampering::log::is_frozen(row)).count();
    log
}

/// The rows of a vector as one of the databases stores them.
fn stored_rows(rows: &Value, kind: Kind) -> Vec<Row> {
    let form = if kind == Kind::Sqlite { "stored_sqlite" } else { "stored_postgres" };
    list(rows).iter().map(|row| stored(&row[form])).collect()
}

/// What the real z4j verified: `verified: 6`, `verified active: 6`.
fn real_count(run: &Value) -> u64 {
    let lines = list(&run["stdout"]);
    let line = lines.iter().map(string).find(|line| line.starts_with("verified"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("{run} has no count"))
}

#[track_caller]
fn expect(report: &Report, exit: i32, findings: &[(&str, Option<u64>)]) {
    let findings: Vec<(String, Option<u64>)> =
        findings.iter().map(|(class, row)| ((*class).to_owned(), *row)).collect();
    assert_eq!(
        (report.exit(), report.classes(&["guards-missing"])),
        (exit, findings),
        "{}",
        report.summary()
    );
}

#[test]
fn early_and_baseline_vectors_in_a_database() {
    for (file, fixtures) in
        [("early-v3.json", &["1.2.1"][..]), ("baseline-v1.json", &["1.3.4", "1.6.9", "1.7.0"][..])]
    {
        let vector = vector(file);
        for fixture in fixtures {
            let rows = stored_rows(&vector["rows"], Kind::Sqlite);
            let run = |act: &dyn Fn(&Log)| {
                let mut log = load(Kind::Sqlite, fixture, secrets(&vector), &rows);
                log.set_installed_at("2020-01-01T00:00:00+00:00");
                act(&log);
                log.close();
                log.verify(&[])
            };
            let whole = run(&|_| ());
            expect(&whole, 0, &[]);
            let real = &vector["reference_runs_valid"][fixture];
            assert_eq!(whole.json["rows"]["verified"], real_count(real), "{fixture}");
            let is_early = file.starts_with("early");
            for case in list(&vector["tampered"]) {
                let tamper = string(&case["tamper"]);
                let (report, exit, findings): (Report, i32, &[_]) = match tamper {
                    "field-edit row index 4 user_agent" => {
                        (run(&|log| log.set(4, "user_agent", Some("edited"))), 1, &[("edited", Some(5))])
                    }
                    "row_hmac of index 4 zeroed" => {
                        (run(&|log| log.set(4, "row_hmac", Some(&"0".repeat(64)))), 1, &[("edited", Some(5))])
                    }
                    "row_hmac of index 4 set to NULL" => {
                        (run(&|log| log.set(4, "row_hmac", None)), 1, &[("unsigned", Some(5))])
                    }
                    "row index 3 deleted" => (run(&|log| log.delete(3..4)), 1, &[("removed", Some(4))]),
                    "tail row deleted" => (run(&|log| log.delete(6..7)), 0, &[]),
                    // The first early row stands alone: no row names it as its predecessor.
                    "first row deleted" if is_early => (run(&|log| log.delete(0..1)), 0, &[]),
                    "first row deleted" => (run(&|log| log.delete(0..1)), 3, &[("prefix-cut", Some(1))]),
                    other => panic!("an unknown case: {other}"),
                };
                expect(&report, exit, findings);
                if let Some(real) = case["reference_runs"].get(fixture) {
                    assert_eq!(report.json["rows"]["verified"], real_count(real), "{fixture} {tamper}");
                }
            }
        }
    }
}

#[test]
fn baseline_vector_in_postgres() {
    let vector = vector("baseline-v1.json");
    for fixture in ["1.3.4", "1.7.0"] {
        let rows = stored_rows(&vector["rows"], Kind::Postgres);
        let mut log = load(Kind::Postgres, fixture, secrets(&vector), &rows);
        log.close();
        let report = log.verify(&[]);
        expect(&report, 0, &[]);
        assert_eq!(report.json["rows"]["verified"], 7);
    }
}

/// A scenario of the chain vector in a database of 1.13.0.
fn load_scenario(kind: Kind, vector: &Value, scenario: &Value) -> Log {
    let mut rows = stored_rows(&scenario["frozen_rows"], kind);
    rows.extend(stored_rows(&scenario["active_rows"], kind));
    let log = load(kind, "1.13.0", secrets(vector), &rows);
    let form = if kind == Kind::Sqlite { "state_sqlite" } else { "state_postgres" };
    log.replace_state(&stored(&scenario[form]));
    log
}

#[test]
fn chain_scenarios_in_both_databases() {
    let vector = vector("v2-chain.json");
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for scenario in list(&vector["scenarios"]) {
            let mut log = load_scenario(kind, &vector, scenario);
            log.close();
            let report = log.verify(&[]);
            expect(&report, 0, &[]);
            let real = &scenario["reference_run_valid"]["1.13.0"];
            assert_eq!(report.json["rows"]["verified"], real_count(real), "{kind:?} {}", scenario["name"]);
            assert_eq!(report.json["rows"]["frozen"], list(&scenario["frozen_rows"]).len());
        }
    }
}

#[test]
fn tampered_chain_scenarios() {
    let vector = vector("v2-chain.json");
    let scenario = &vector["scenarios"][0];
    let active = |index: usize| index + 5;
    let mut cases = 0;
    for case in list(&vector["tampered_from_scenario_0"]) {
        cases += 1;
        let mut log = load_scenario(Kind::Sqlite, &vector, scenario);
        let other = "ab".repeat(32);
        let no_master_key = |log: &mut Log| {
            log.secrets.remove("Z4J_AUDIT_CHAIN_SECRET");
            log.secrets.remove("Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS");
        };
        let tamper = string(&case["tamper"]);
        let (exit, findings): (i32, &[(&str, Option<u64>)]) = match tamper {
            "active_rows[2].user_agent edited" => {
                log.set(active(2), "user_agent", Some("edited"));
                (1, &[("edited", Some(8))])
            }
            "active_rows[2].row_hmac zeroed" => {
                log.set(active(2), "row_hmac", Some(&"0".repeat(64)));
                (1, &[("edited", Some(8))])
            }
            "active_rows[2] deleted" => {
                log.delete(active(2)..active(3));
                (1, &[("removed", Some(8))])
            }
            "active tail (active_rows[5]) deleted" => {
                log.delete(active(5)..active(6));
                (1, &[("tail-cut", Some(10))])
            }
            "active_rows[0] deleted" => {
                log.delete(active(0)..active(1));
                (1, &[("prefix-cut", Some(6))])
            }
            "frozen_rows[0].action edited" => {
                log.set(0, "action", Some("edited"));
                (1, &[("edited", Some(1))])
            }
            "frozen_rows[1] deleted" => {
                log.delete(1..2);
                (1, &[("removed", None)])
            }
            "active_rows[2].hmac_key_id unknown" => {
                log.set(active(2), "hmac_key_id", Some(&other));
                (1, &[("edited", Some(8))])
            }
            text if text.starts_with("extra row with a foreign chain_generation") => {
                let mut row = log.row(active(1));
                row.insert("id".into(), Some("000000000000400080000000000003ff".into()));
                row.insert("chain_generation".into(), Some(new_id(9)));
                row.insert("prev_row_hmac".into(), None);
                log.insert(&row);
                // A copy of a row, of the same time, with a greater id.
                (1, &[("duplicated", Some(8))])
            }
            "state.active_row_count changed to 5" => {
                log.set_state("active_row_count", Some("5"));
                (1, &[("state-forged", None)])
            }
            "state.state_mac zeroed" => {
                log.set_state("state_mac", Some(&"0".repeat(64)));
                (1, &[("state-forged", None)])
            }
            "state.state_key_id unknown" => {
                log.set_state("state_key_id", Some(&other));
                (1, &[("state-forged", None), ("unknown-key", None)])
            }
            "state.head_id NULL (incomplete quartet)" => {
                log.set_state("head_id", None);
                (1, &[("state-forged", None)])
            }
            "previous audit key missing from configuration" => {
                log.secrets.remove("Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS");
                (3, &[("unknown-key", Some(6))])
            }
            "no audit key configured at all (dev)" => {
                no_master_key(&mut log);
                log.close();
                let output = log.z4jctl().args(["audit", "verify", "--output", "json"]).run();
                assert_eq!(output.code, 6, "{output}");
                continue;
            }
            text if text.starts_with("rollback") => {
                let rows = log.rows[5..9].to_vec();
                let key = log.secrets["Z4J_AUDIT_CHAIN_SECRET"].clone();
                log.replace_state(&crate::tampering::sign::state_of(&log.state(), &rows, &key));
                log.delete(active(4)..active(6));
                (0, &[])
            }
            other => panic!("an unknown case: {other}"),
        };
        log.close();
        let report = log.verify(&[]);
        expect(&report, exit, findings);
        let real = &case["reference_runs"]["1.13.0"];
        assert_eq!(real["exit_code"] == 0, exit == 0, "{tamper}");
    }
    assert_eq!(cases, 16);
}

#[test]
fn known_heads_get_the_verdict_of_the_original() {
    let heads = vector("v2-known-head.json");
    let chains = vector("v2-chain.json");
    let mut verdicts: BTreeMap<String, u32> = BTreeMap::new();
    for case in list(&heads["cases"]) {
        let scenario =
            list(&chains["scenarios"]).iter().find(|scenario| scenario["name"] == case["scenario"]);
        let mut log = load_scenario(Kind::Sqlite, &chains, scenario.expect("a scenario"));
        log.close();
        let run = &case["reference_run"]["1.13.0"];
        let line = list(&run["stdout"]).iter().map(string).find_map(|line| line.strip_prefix("known-head: "));
        let expected = line.unwrap_or_else(|| panic!("{run} has no verdict"));
        // What is no object might be the name of a file: given as a file, as an operator has it.
        let directory = tempfile::tempdir().expect("create a temporary directory");
        let file = directory.path().join("head.json");
        std::fs::write(&file, string(&case["known_head"])).expect("write a known head");
        let report = log.verify(&["--known-head", file.to_str().expect("a path")]);
        assert_eq!(report.json["known_head"]["verdict"], expected, "{}: {}", case["case"], report.summary());
        assert_eq!(run["exit_code"], report.exit(), "{}: {}", case["case"], report.summary());
        *verdicts.entry(expected.to_owned()).or_default() += 1;
    }
    assert_eq!(verdicts.values().sum::<u32>(), 9);
    let names: Vec<&str> = verdicts.keys().map(String::as_str).collect();
    let all =
        ["CURRENT_MATCH", "CURRENT_PRUNE_MATCH", "INVALID", "PRUNE_MATCH", "UNPROVABLE", "VERIFIED_ANCESTOR"];
    assert_eq!(names, all);
}

#[test]
fn metadata_vectors_in_sqlite() {
    let vector = vector("canonical-json.json");
    let secrets: Secrets = vector["secrets"]
        .as_object()
        .expect("secrets")
        .iter()
        .map(|(name, value)| (name.clone(), string(value).to_owned()))
        .collect();
    let rows = |format: Format| -> Vec<Row> {
        let member = if format == Format::Active { "active_v2" } else { "baseline_v1" };
        let signed = list(&vector["cases"]).iter().filter(|case| case[member].get("error").is_none());
        signed.filter_map(|case| metadata_row(&vector, case, format)).collect()
    };
    let mut log = load(Kind::Sqlite, "1.7.0", secrets.clone(), &rows(Format::Baseline));
    log.close();
    let report = log.verify(&[]);
    expect(&report, 0, &[]);
    assert_eq!(
        report.json["rows"]["verified"],
        real_count(&vector["reference_runs"]["1.7.0 sqlite, all baseline_v1 rows"])
    );

    let log = load(Kind::Sqlite, "1.13.0", secrets, &rows(Format::Active));
    log.replace_state(&stored(&vector["v2_state_sqlite"]));
    let mut log = log;
    log.close();
    let report = log.verify(&[]);
    expect(&report, 0, &[]);
    assert_eq!(
        report.json["rows"]["verified"],
        real_count(&vector["reference_runs"]["1.13.0 sqlite, all active_v2 rows"])
    );
}

/// `jsonb` rewrites some numbers: what is read back is what is verified, by the original and by us.
#[test]
fn metadata_vectors_in_postgres() {
    let vector = vector("canonical-json.json");
    let secrets: Secrets =
        [("Z4J_SECRET".to_owned(), string(&vector["secrets"]["Z4J_SECRET"]).to_owned())].into();
    let storable: Vec<&Map<String, Value>> = list(&vector["cases"])
        .iter()
        .filter(|case| case["postgres_jsonb_text"].is_string())
        .filter_map(Value::as_object)
        .collect();
    let rows: Vec<Row> = storable
        .iter()
        .map(|case| metadata_row(&vector, &Value::Object((*case).clone()), Format::Baseline).expect("a row"))
        .collect();
    let mut log = load(Kind::Postgres, "1.7.0", secrets, &rows);
    let read_back = log.read_rows();
    for (case, row) in storable.iter().zip(&read_back) {
        assert_eq!(row["metadata"].as_deref(), case["postgres_jsonb_text"].as_str(), "{}", case["name"]);
    }
    log.close();
    let report = log.verify(&[]);
    let real = &vector["reference_runs"]["1.7.0 postgres15, rows signed before storage"];
    assert_eq!(report.json["rows"]["verified"], real_count(real), "{}", report.summary());
    let edited: Vec<&str> = report
        .findings()
        .iter()
        .filter(|finding| finding["class"] == "edited")
        .filter_map(|finding| finding["audit_id"].as_str())
        .collect();
    let real_ids: Vec<&str> =
        list(&real["stdout"]).iter().map(string).filter_map(|line| line.strip_prefix("  ")).collect();
    assert_eq!(edited, real_ids, "{}", report.summary());
    let kept = storable.iter().filter(|case| case["postgres_round_trip_keeps_canonical"] == true).count();
    assert_eq!(report.json["rows"]["verified"], kept);
}
