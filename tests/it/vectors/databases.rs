//! Whole vectors in databases of the releases that write them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use z4jctl::format::row::Format;

use super::{cell, list, metadata_row, stored, string, vector};
use crate::support::Secrets;
use crate::tampering::log::{Kind, Log, Report, Row, is_frozen, new_id};
use crate::tampering::sign::state_of;

/// The secrets of a vector as the environment of a brain.
fn secrets(vector: &Value) -> Secrets {
    let joined = |value: &Value| match value {
        Value::Array(values) => values.iter().map(string).collect::<Vec<_>>().join(","),
        other => string(other).to_owned(),
    };
    let secrets = vector["secrets"].as_object().expect("secrets");
    secrets.iter().map(|(name, value)| (name.clone(), joined(value))).collect()
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
    log.live = rows.iter().take_while(|row| is_frozen(row)).count();
    log
}

/// The rows of a vector as one of the databases stores them.
fn stored_rows(rows: &Value, kind: Kind) -> Vec<Row> {
    let form = if kind == Kind::Sqlite { "stored_sqlite" } else { "stored_postgres" };
    let complete = |row: &Value| {
        let mut columns = stored(&row[form]);
        // As text: the numbers in it are larger than a JSON parser of ours keeps.
        columns.insert("metadata".into(), cell(&row["stored_sqlite"]["metadata"]));
        columns
    };
    list(rows).iter().map(complete).collect()
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
                log.replace_state(&state_of(&log.state(), &rows, &key));
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
