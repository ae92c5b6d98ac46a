//! Every database that a real z4j wrote gets the verdict that the real z4j gave it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::fixtures::{Fixture, Meta};
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, file_sha256};

/// Where we differ from the original, on purpose.
struct Exception {
    name: &'static str,
    reason: &'static str,
    /// What we find, where the database says that retention was possible and where it says that it was not.
    retention: Option<&'static str>,
    verified: u64,
}

const EXCEPTIONS: [Exception; 3] = [
    Exception {
        name: "1.3.4-pruned",
        reason: "1.3.4 checks no links and says OK; the beginning is missing, and nothing proves why",
        retention: Some("prefix-cut"),
        verified: 30,
    },
    Exception {
        name: "1.6.9-pruned",
        reason: "1.6.9 takes its own retention for tampering; it may be, unless the brain is too young for it",
        retention: Some("prefix-cut"),
        verified: 33,
    },
    Exception {
        name: "1.13.0-parked-at-prepare",
        reason: "1.13.0 refuses to look before its migration is done; the rows are 1.7's and verify by its rules",
        retention: None,
        verified: 34,
    },
];

fn verify(database: &impl BrainDatabase, meta: &Meta) -> Z4jctl {
    Z4jctl::new().db(database).secrets(&meta.secrets).args(["audit", "verify", "--output", "json"])
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// The fields of the contract, whatever the verdict.
#[track_caller]
fn check_contract(output: &Output, meta: &Meta) -> Value {
    let report = output.json();
    assert_eq!(report["schema"], "z4jctl.audit.verify/1", "{output}");
    assert_eq!(report["exit_code"], output.code, "{output}");
    assert_eq!(report["ok"], output.code == 0, "{output}");
    assert_eq!(report["revision"], meta.alembic_version, "{output}");
    assert!(report["generation"].is_string() && report["duration_ms"].is_u64(), "{output}");
    let rows = &report["rows"];
    let parts: u64 = ["verified", "frozen", "unsigned", "unknown_key", "unreadable", "mismatched"]
        .iter()
        .map(|part| number(&rows[part]))
        .sum();
    assert_eq!((number(&rows["total"]), parts), (meta.audit_rows(), meta.audit_rows()), "{output}");
    for key in report["keys"].as_array().expect("keys is a list") {
        assert_eq!(key["key_id"].as_str().map(str::len), Some(64), "{output}");
        assert!(number(&key["rows"]) > 0, "{output}");
    }
    assert!(report["findings"].is_array() && report["finding_counts"].is_object(), "{output}");
    assert!(
        report["snapshot"]["backend"].is_string() && report["snapshot"]["isolation"].is_string(),
        "{output}"
    );
    assert!(report["notes"].is_array() && report["started_at"].is_string(), "{output}");
    report
}

#[track_caller]
fn check(name: &str, output: &Output, meta: &Meta) {
    let report = check_contract(output, meta);
    if let Some(exception) = EXCEPTIONS.iter().find(|exception| exception.name == name) {
        assert!(!exception.reason.is_empty());
        assert_eq!(report["rows"]["verified"], exception.verified, "{output}");
        // How old the installation is depends on the day of the test; both cases are judged below.
        match exception.retention {
            Some(class) => assert_eq!(report["findings"][0]["class"], class, "{output}"),
            None => assert_eq!(output.code, 0, "{output}"),
        }
        return;
    }
    assert_eq!(Some(output.code == 0), meta.verify.intact, "{output}");
    assert_eq!(output.code, meta.verify.exit_code, "{output}");
    assert_eq!(Some(number(&report["rows"]["verified"])), meta.verify.rows_verified, "{output}");
    assert_eq!(number(&report["rows"]["frozen"]), meta.verify.frozen_rows.unwrap_or(0), "{output}");
    assert_eq!(report["findings"], Value::Array(Vec::new()), "{output}");
}

#[test]
fn every_sqlite_database_gets_the_verdict_of_the_original() {
    for fixture in Fixture::all().iter().filter(|fixture| fixture.has_sqlite()) {
        let (meta, copy) = (fixture.meta(), fixture.sqlite());
        let output = verify(&copy, meta).run();
        check(&fixture.name, &output, meta);
        // Not a byte of the file changes, and nothing is left beside it.
        assert_eq!(Some(file_sha256(copy.path())), meta.sha256_uncompressed, "{}", fixture.name);
        let beside: Vec<_> = std::fs::read_dir(copy.path().parent().expect("a directory"))
            .expect("list a directory")
            .map(|entry| entry.expect("read a directory").file_name())
            .collect();
        assert_eq!(beside, ["z4j.db"], "{}", fixture.name);
        // Up to 1.6 the original calls every row tampered with when its zone is not UTC.
        let elsewhere = verify(&copy, meta).env("TZ", "America/New_York").run();
        assert_eq!(elsewhere.code, output.code, "{elsewhere}");
        assert_eq!(elsewhere.json()["rows"], output.json()["rows"], "{elsewhere}");
        for jobs in ["1", "7"] {
            let output_of_jobs = verify(&copy, meta).args(["--jobs", jobs]).run();
            assert_eq!(output_of_jobs.json()["rows"], output.json()["rows"], "{output_of_jobs}");
        }
    }
}

#[test]
fn every_postgres_database_gets_the_verdict_of_the_original() {
    for fixture in Fixture::all().iter().filter(|fixture| fixture.has_postgres()) {
        let meta = fixture.postgres_meta();
        for dump in fixture.dumps() {
            let database = fixture.postgres(dump);
            let output = verify(&database, meta).env("TZ", "America/New_York").run();
            check(&fixture.name, &output, meta);
            assert_eq!(output.json()["snapshot"]["backend"], "postgresql", "{output}");
        }
    }
}

#[test]
fn every_exception_is_a_fixture_and_every_generation_is_seen() {
    let mut generations = BTreeSet::new();
    for fixture in Fixture::all().iter().filter(|fixture| fixture.has_sqlite()) {
        let report = verify(&fixture.sqlite(), fixture.meta()).run().json();
        generations.insert(report["generation"].as_str().expect("a letter").to_owned());
    }
    let generations: Vec<&str> = generations.iter().map(String::as_str).collect();
    assert_eq!(generations, ["A", "B", "C", "D", "E", "F", "G", "H", "P"]);
    for exception in &EXCEPTIONS {
        assert!(Fixture::by_name(exception.name).is_variant);
    }
}

/// A beginning that retention can have removed is not proof of anything; one that it cannot have removed is.
#[test]
fn a_missing_beginning_is_judged_by_the_age_of_the_installation() {
    // Of this very moment, as z4jctl itself sees it.
    let now = {
        let fixture = Fixture::by_name("1.3.4");
        let report = verify(&fixture.sqlite(), fixture.meta()).run().json();
        report["started_at"].as_str().expect("a time").to_owned()
    };
    for exception in EXCEPTIONS.iter().filter(|exception| exception.retention.is_some()) {
        let fixture = Fixture::by_name(exception.name);
        let (meta, copy) = (fixture.meta(), fixture.sqlite());
        let install = |time: &str| {
            let sql = "UPDATE z4j_meta SET value = ?1 WHERE key = 'installed_at'";
            assert_eq!(copy.connection().execute(sql, [time]).expect("change z4j_meta"), 1);
        };
        let expect = |code: i32, days: Option<&str>, arguments: &[&str]| {
            let mut call = verify(&copy, meta).args(arguments);
            if let Some(days) = days {
                call = call.env("Z4J_AUDIT_RETENTION_DAYS", days);
            }
            let output = call.run();
            assert_eq!(output.code, code, "{} {days:?} {arguments:?}: {output}", exception.name);
            let report = check_contract(&output, meta);
            let findings = report["findings"].as_array().expect("a list");
            let classes: Vec<&Value> = findings.iter().map(|finding| &finding["class"]).collect();
            let expected: &[&str] = if code == 0 { &[] } else { &["prefix-cut"] };
            assert_eq!(classes, expected, "{output}");
            if code != 0 {
                assert_eq!(findings[0]["row"], 1, "{output}");
                let certainty = if code == 3 { "undecided" } else { "proved" };
                assert_eq!(findings[0]["certainty"], certainty, "{output}");
            }
        };
        install("2020-01-01T00:00:00+00:00");
        expect(3, None, &[]);
        expect(3, Some("90"), &[]);
        expect(0, None, &["--accept-retention"]);
        // Nothing from before the first row could be that old.
        expect(1, Some("36500"), &[]);
        expect(1, Some("36500"), &["--accept-retention"]);
        install(&now);
        expect(1, None, &[]);
        expect(1, Some("1"), &[]);
        expect(1, None, &["--accept-retention"]);
    }
}
