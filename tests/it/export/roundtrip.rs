//! What every real database gives comes back, in every form.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::{Exports, is_whole};
use crate::support::fixtures::{Dump, Fixture, Meta};
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, file_sha256};
use crate::tampering::log::{Kind, Log};

const FORMS: [(&str, &[&str]); 8] = [
    ("a.csv", &[]),
    ("safe.csv", &["--spreadsheet-safe"]),
    ("a.csv.gz", &["--gzip"]),
    ("a.csv.zst", &["--zstd"]),
    ("a.jsonl", &["--format", "jsonl"]),
    ("a.jsonl.gz", &["--format", "jsonl", "--gzip", "--jobs", "1"]),
    ("a.jsonl.zst", &["--format", "jsonl", "--zstd", "--jobs", "5"]),
    ("a.parquet", &["--format", "parquet"]),
];

/// Export, then verify with key, without, and independently: the same rows, and the verdict of the log itself.
#[track_caller]
fn comes_back(name: &str, database: &impl BrainDatabase, meta: &Meta, forms: &[(&str, &[&str])]) {
    let log = Z4jctl::new().db(database).secrets(&meta.secrets).args(["audit", "verify", "-o", "json"]).run();
    let exports = Exports::new();
    for (file, arguments) in forms {
        let exported = exports.export(database, file, arguments).expect_code(0).json();
        assert_eq!(exported["manifest"]["rows"]["total"], meta.audit_rows(), "{name} {file}");
        assert!(is_whole(&exports.path(file)), "{name} {file}");
        for written in [(*file).to_owned(), format!("{file}.manifest.json")] {
            let mode = exports.path(&written).metadata().expect("a file").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{name} {written}");
        }
        let secret = exports.read(&format!("{file}.manifest.json"));
        let secret = String::from_utf8(secret).expect("UTF-8");
        assert!(meta.secrets.values().all(|value| !secret.contains(value.as_str())), "{name} {file}");

        let keyed = exports.verify(&[file], &meta.secrets, &[]);
        assert_eq!(keyed.code, log.code, "{name} {file}: {keyed}");
        assert_eq!(keyed.json()["rows"], log.json()["rows"], "{name} {file}: {keyed}");
        assert_eq!(keyed.json()["keys"], log.json()["keys"], "{name} {file}: {keyed}");
        let keyless = exports.verify_keyless(&[file]);
        assert_eq!(keyless.code, log.code, "{name} {file}: {keyless}");
        assert_eq!(keyless.json()["rows"]["total"], meta.audit_rows(), "{name} {file}: {keyless}");
        assert_eq!(keyless.json()["mode"], "keyless");
        if *file == "a.csv" {
            let independent = exports.verify_independently(file, &meta.secrets).expect_code(0);
            assert_eq!(independent.stdout, format!("OK: {} rows\n", meta.audit_rows()), "{name}");
        }
        // Whoever has the key and nothing else; a parked upgrade does not show in its columns.
        if !name.contains("parked") {
            let alone = exports.verify(&[file], &meta.secrets, &["--without-manifest"]);
            assert_eq!(
                (alone.code, &alone.json()["rows"]),
                (0, &log.json()["rows"]),
                "{name} {file}: {alone}"
            );
        }
    }
    assert_eq!(exports.names().len(), forms.len() * 2, "nothing is left over: {:?}", exports.names());
}

#[test]
fn every_sqlite_database_comes_back() {
    for fixture in Fixture::all().iter().filter(|fixture| fixture.has_sqlite()) {
        let copy = fixture.sqlite();
        comes_back(&fixture.name, &copy, fixture.meta(), &FORMS);
        assert_eq!(Some(file_sha256(copy.path())), fixture.meta().sha256_uncompressed, "{}", fixture.name);
    }
}

#[test]
fn every_postgres_database_comes_back() {
    for fixture in Fixture::all().iter().filter(|fixture| fixture.has_postgres()) {
        let database = fixture.postgres(Dump::Plain);
        comes_back(&fixture.name, &database, fixture.postgres_meta(), &[FORMS[0], FORMS[6], FORMS[7]]);
    }
}

/// The same rows are the same bytes, whichever database they are in.
#[test]
fn both_databases_give_the_same_bytes() {
    let sqlite = Log::open(Kind::Sqlite, "1.13.0");
    let postgres = Log::open(Kind::Postgres, "1.13.0");
    postgres.run("DELETE FROM audit_log");
    for row in &sqlite.rows {
        postgres.insert(row);
    }
    for arguments in [&[][..], &["--format", "jsonl"], &["--gzip"], &["--zstd"], &["--format", "parquet"]] {
        let export = |log: &Log| {
            let output = log.z4jctl().args(["audit", "export"]).args(arguments).run().expect_code(0);
            assert!(output.stderr.contains("--manifest"), "{output}");
            output.stdout_bytes
        };
        let (ours, theirs) = (export(&sqlite), export(&postgres));
        assert!(ours.len() > 1000);
        assert!(ours == theirs, "{arguments:?}");
    }
}

/// Rows that somebody made unreadable are exported as they are, and said to be.
#[test]
fn unreadable_rows_are_not_dropped() {
    for (column, expression) in [
        ("user_id", "'no uuid'"),
        ("id", "'no uuid'"),
        ("occurred_at", "occurred_at || 'x'"),
        ("metadata", "'{\"a\": '"),
        ("metadata", r#"'{"a": "\ud800"}'"#),
        ("user_agent", "x'00ff'"),
        ("user_agent", "CAST(x'c328' AS TEXT)"),
        ("action", "x'2d'"),
        ("project_id", "x''"),
    ] {
        let mut log = Log::open(Kind::Sqlite, "1.9.1");
        let id = log.id(log.middle());
        log.run(&format!("UPDATE audit_log SET {column} = {expression} WHERE id = '{id}'"));
        log.close();
        let report = log.verify(&[]);
        let exports = Exports::new();
        let forms = [
            ("a.csv", &[][..]),
            ("a.jsonl", &["--format", "jsonl"]),
            ("a.parquet", &["--format", "parquet"]),
        ];
        for (file, arguments) in forms {
            let exported = exports.export(&log, file, arguments).expect_code(3).json();
            assert_eq!(exported["manifest"]["rows"]["unreadable"], 1, "{column} {expression}");
            assert_eq!(exported["manifest"]["rows"]["total"], log.rows.len(), "{column} {expression}");
            let output = exports.verify(&[file], &log.secrets, &[]);
            assert_eq!(output.json()["rows"], report.json["rows"], "{column} {expression}: {output}");
            assert_eq!(
                super::classes(&output.json()),
                report.classes(&[]),
                "{column} {expression}: {output}"
            );
            assert_eq!(output.code, report.exit(), "{column} {expression}: {output}");
        }
        let text = String::from_utf8(exports.read("a.jsonl")).expect("an export is UTF-8");
        let raw = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let raw: Vec<Value> = raw.filter(|line| line.get("raw").is_some()).collect();
        assert_eq!(raw.len(), 1, "{column} {expression}");
        assert!(raw[0][column].is_null() && raw[0]["raw"][column].is_object(), "{}", raw[0]);
    }
}

#[test]
fn guarded_copies_are_beside_the_raw_columns() {
    let mut log = Log::open(Kind::Sqlite, "1.7.0");
    log.set(3, "target_id", Some("=HYPERLINK(\"x\",\"y\")"));
    log.set(4, "user_agent", Some("harmless, and quoted"));
    log.close();
    let exports = Exports::new();
    exports.export(&log, "a.csv", &["--spreadsheet-safe"]).expect_code(0);
    let text = String::from_utf8(exports.read("a.csv")).expect("UTF-8");
    assert!(text.starts_with("id,occurred_at,row_hmac,prev_row_hmac,action,action_safe,"), "{text}");
    let line = text.lines().nth(4).expect("a row");
    assert!(line.contains(r#","=HYPERLINK(""x"",""y"")","'=HYPERLINK(""x"",""y"")","#), "{line}");
    // Whoever changes what people see in their spreadsheet is seen.
    let changed = text.replacen(
        "\"harmless, and quoted\",\"harmless, and quoted\"",
        "\"harmless, and quoted\",nothing",
        1,
    );
    assert_ne!(changed, text);
    exports.write("a.csv", changed.as_bytes());
    let output = exports.verify(&["a.csv"], &log.secrets, &["--without-manifest"]);
    assert!(super::classes(&output.json()).contains(&("edited".into(), Some(5))), "{output}");
    let refused = exports.export(&log, "b", &["--spreadsheet-safe", "--format", "jsonl"]);
    assert_eq!(refused.code, 2, "{refused}");
}
