//! Several exports, and the live log behind them, as one chain.

use serde_json::json;

use super::{Exports, classes, has_class};
use crate::support::fixtures::{Fixture, TempSqlite};
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, Secrets};

/// Times that cut a log in parts: those of some of its rows.
fn cuts(database: &TempSqlite, parts: i64) -> Vec<String> {
    let connection = database.connection();
    let rows: i64 = database.number("SELECT count(*) FROM audit_log");
    (1..parts)
        .map(|part| {
            let sql = format!(
                "SELECT occurred_at FROM audit_log ORDER BY occurred_at, id LIMIT 1 OFFSET {}",
                rows * part / parts
            );
            connection.query_row(&sql, [], |row| row.get(0)).expect("a time")
        })
        .collect()
}

/// Exports a log in windows that follow each other.
fn windows(exports: &Exports, database: &TempSqlite, cuts: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    for part in 0..=cuts.len() {
        let name = format!("part-{part}.csv");
        let mut arguments = Vec::new();
        if part > 0 {
            arguments.extend(["--from", &cuts[part - 1]]);
        }
        if part < cuts.len() {
            arguments.extend(["--to", &cuts[part]]);
        }
        exports.export(database, &name, &arguments).expect_code(0);
        names.push(name);
    }
    names
}

fn live(
    exports: &Exports,
    names: &[&str],
    database: &impl BrainDatabase,
    secrets: &Secrets,
) -> crate::support::process::Output {
    let call =
        Z4jctl::new().db(database).secrets(secrets).args(["audit", "verify-export", "-o", "json", "--live"]);
    names.iter().fold(call, |call, name| call.arg(exports.path(name))).run()
}

#[test]
fn parts_are_one_chain() {
    for name in ["1.0.19", "1.3.4", "1.7.0", "1.8.0", "1.13.0", "1.13.0-pruned", "1.13.0-upgraded-from-1.6.9"]
    {
        let fixture = Fixture::by_name(name);
        let (database, meta) = (fixture.sqlite(), fixture.meta());
        let exports = Exports::new();
        let names = windows(&exports, &database, &cuts(&database, 4));
        // However a shell sorts them.
        let names: Vec<&str> = names.iter().rev().map(String::as_str).collect();
        let report = exports.verify(&names, &meta.secrets, &[]).expect_code(0).json();
        assert_eq!(report["rows"]["total"], meta.audit_rows(), "{name}: {report:#}");
        let joins: Vec<&str> = report["files"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|file| file["joins"].as_str())
            .collect();
        assert_eq!(joins[0], "first");
        assert!(
            joins[1..].iter().all(|join| matches!(*join, "continues" | "begins-chain")),
            "{name}: {joins:?}"
        );
        exports.verify_keyless(&names).expect_code(0);
        for part in &names {
            exports.verify(&[part], &meta.secrets, &[]).expect_code(0);
            exports.verify_independently(part, &meta.secrets).expect_code(0);
        }
        let report = live(&exports, &names, &database, &meta.secrets).expect_code(0).json();
        assert_eq!(report["live"]["joins"], "overlaps", "{name}: {report:#}");

        // A part that is missing in between.
        let gap = exports.verify(&[names[0], names[2], names[3]], &meta.secrets, &[]).expect_code(1);
        has_class(&gap, "removed");
        assert!(gap.stdout.contains("the rows between them are missing"), "{gap}");
        exports.verify_keyless(&[names[0], names[2]]).expect_code(1);

        // Parts that overlap, and parts within others.
        exports.export(&database, "whole.csv", &[]).expect_code(0);
        let report = exports.verify(&["whole.csv", names[1]], &meta.secrets, &[]).expect_code(0).json();
        assert_eq!(report["files"][1]["joins"], "contained", "{report:#}");
        let cut = &cuts(&database, 3)[0];
        exports.export(&database, "late.csv", &["--from", cut]).expect_code(0);
        let report =
            exports.verify(&[names[3], names[2], "late.csv"], &meta.secrets, &[]).expect_code(0).json();
        assert_eq!(report["files"][2]["joins"], "overlaps", "{report:#}");
    }
}

/// Retention removes what was exported; files and log together still prove everything.
#[test]
fn retention_stays_verifiable() {
    for (name, code) in [("1.6.9", 1), ("1.7.0", 1)] {
        let fixture = Fixture::by_name(name);
        let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
        let exports = Exports::new();
        let times = cuts(&database, 2);
        let names = windows(&exports, &database, &times);
        database
            .connection()
            .execute_batch(&format!("DELETE FROM audit_log WHERE occurred_at < '{}'", times[0]))
            .expect("delete rows");
        // By itself the log cannot say where its beginning went.
        Z4jctl::new().db(&database).secrets(secrets).args(["audit", "verify"]).run().expect_code(code);
        let report = live(&exports, &[&names[0]], &database, secrets).expect_code(0).json();
        assert_eq!(report["live"]["joins"], "continues", "{report:#}");
        // The last file is missing, and the log does not reach back.
        database
            .connection()
            .execute_batch("DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log ORDER BY occurred_at, id LIMIT 2)")
            .expect("delete rows");
        let dropped = live(&exports, &[&names[0]], &database, secrets).expect_code(1);
        has_class(&dropped, "removed");
        let report = live(&exports, &[&names[0], &names[1]], &database, secrets).expect_code(0).json();
        assert_eq!(report["live"]["joins"], "overlaps", "{report:#}");
    }
}

#[test]
fn a_known_head_demands_the_last_file() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    let head = Z4jctl::new()
        .db(&database)
        .secrets(&meta.secrets)
        .args(["audit", "head"])
        .run()
        .expect_code(0)
        .stdout;
    let exports = Exports::new();
    let names = windows(&exports, &database, &cuts(&database, 2));
    let (first, second) = (names[0].as_str(), names[1].as_str());
    let both = exports.verify(&[first, second], &meta.secrets, &["--known-head", &head]).expect_code(0);
    assert_eq!(both.json()["known_head"]["verdict"], "CURRENT_MATCH", "{both}");
    let dropped = exports.verify(&[first], &meta.secrets, &["--known-head", &head]).expect_code(1);
    assert_eq!(classes(&dropped.json()), [("tail-cut".to_owned(), None)], "{dropped}");
    let behind = Z4jctl::new().db(&database).secrets(&meta.secrets).args([
        "audit",
        "verify-export",
        "--live",
        "-o",
        "json",
    ]);
    let behind = behind.args(["--known-head", &head]).arg(exports.path(first)).run().expect_code(0);
    assert_eq!(behind.json()["known_head"]["verdict"], "VERIFIED_ANCESTOR", "{behind}");
}

#[test]
fn other_installations_and_generations_are_no_chain() {
    let exports = Exports::new();
    let (one, other) = (Fixture::by_name("1.13.0"), Fixture::by_name("1.12.1"));
    exports.export(&one.sqlite(), "one.csv", &[]).expect_code(0);
    exports.export(&other.sqlite(), "other.csv", &[]).expect_code(0);
    let mixed = exports.verify_keyless(&["one.csv", "other.csv"]).expect_code(1);
    has_class(&mixed, "state-mismatch");
    assert!(mixed.stdout.contains("another installation"), "{mixed}");
    // A reset begins a new generation in the same installation.
    let mut manifest = exports.manifest("other.csv");
    manifest["source"]["installation_id"] = exports.manifest("one.csv")["source"]["installation_id"].clone();
    exports.set_manifest("other.csv", manifest);
    let mixed = exports.verify_keyless(&["one.csv", "other.csv"]).expect_code(1);
    assert!(mixed.stdout.contains("another generation of the chain"), "{mixed}");
    let early = Fixture::by_name("1.7.0");
    exports.export(&early.sqlite(), "early.csv", &[]).expect_code(0);
    exports.verify_keyless(&["one.csv", "early.csv"]).expect_code(1);
    // An older copy of the log behind newer files.
    let (database, meta) = (one.sqlite(), one.meta());
    database
        .connection()
        .execute_batch("DROP TRIGGER IF EXISTS z4j_audit_log_no_delete")
        .expect("change the schema");
    let report = live(&exports, &["one.csv"], &database, &meta.secrets);
    assert_eq!(report.json()["live"]["joins"], json!("overlaps"), "{report}");
}
