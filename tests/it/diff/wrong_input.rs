//! What is no copy of this log is refused in words that say what to do.

use std::fs;

use super::{Copy, Form, diff, pair, run, shown};
use crate::export::Exports;
use crate::support::BrainDatabase as _;
use crate::support::fixtures::Fixture;
use crate::support::postgres::{Cluster, Login};
use crate::tampering::log::{Kind, Log};

#[test]
fn a_copy_of_another_database_is_refused() {
    let log = Log::open(Kind::Sqlite, "1.13.0");
    let other = Fixture::by_name("1.8.0").sqlite();
    let output = run(&log, &shown(other.path()), &[]).expect_code(7);
    assert!(output.stderr.contains("diff.other-database"), "{output}");
    // Before 1.8 no installation has a name; the rows tell.
    let log = Log::open(Kind::Sqlite, "1.6.9");
    let other = Fixture::by_name("1.7.0").sqlite();
    let output = run(&log, &shown(other.path()), &[]).expect_code(7);
    assert!(output.stderr.contains("diff.unrelated"), "{output}");
}

#[test]
fn files_that_are_none_are_refused() {
    let log = Log::open(Kind::Sqlite, "1.13.0");
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let dump = Fixture::by_name("1.13.0").directory.join("pg.dump");
    let output = run(&log, &shown(dump), &[]).expect_code(7);
    assert!(output.stderr.contains("pg_restore"), "{output}");
    for (name, bytes, code, word) in [
        ("dump.sql", &b"--\n-- PostgreSQL database dump\n"[..], 7, "dump in SQL"),
        ("copy.zip", b"PK\x03\x04 and so on", 7, "unpack it"),
        ("noise", &[0xff, 0x00, 0x17, 0x80][..], 5, "manifest"),
        ("empty", b"", 5, "empty"),
    ] {
        let path = directory.path().join(name);
        fs::write(&path, bytes).expect("write a file");
        let output = run(&log, &shown(&path), &[]).expect_code(code);
        assert!(output.stderr.contains(word), "{name}: {output}");
    }
    let noise = shown(directory.path().join("noise"));
    let output = run(&log, &noise, &["--without-manifest"]).expect_code(5);
    assert!(output.stderr.contains("is not a copy of a log"), "{output}");
    run(&log, &shown(directory.path().join("absent.db")), &[]).expect_code(5);
    run(&log, &shown(directory.path()), &[]).expect_code(5);
    // Nothing is compared with nothing.
    let output = log.z4jctl().args(["audit", "diff"]).run().expect_code(2);
    assert!(output.stderr.contains("--against"), "{output}");
}

#[test]
fn an_export_is_believed_as_far_as_its_manifest() {
    let log = Log::open(Kind::Sqlite, "1.13.0");
    let exports = Exports::new();
    exports.export(&log, "copy.csv", &[]).expect_code(0);
    let copy = shown(exports.path("copy.csv"));
    let data = exports.read("copy.csv");
    // Changed, and cut in the middle of a row.
    let changed = String::from_utf8(data.clone()).expect("UTF-8").replacen("127.0.0.1", "127.0.0.2", 1);
    exports.write("copy.csv", changed.as_bytes());
    let (code, report) = diff(&log, &copy, &[]);
    assert_eq!(code, 1);
    assert_eq!(report["findings"][0]["judgement"], "copy-edited", "{report:#}");
    assert!(report["not_compared"].to_string().contains("manifest"), "{report:#}");
    exports.write("copy.csv", &data[..data.len() - 40]);
    let (code, report) = diff(&log, &copy, &[]);
    assert_eq!((code, &report["counts"]["appended"]), (3, &1.into()), "{report:#}");
    exports.write("copy.csv", &data);
    // A manifest that was changed, and none.
    let manifest = exports.read("copy.csv.manifest.json");
    let forged = String::from_utf8(manifest).expect("UTF-8").replacen("1.13", "1.14", 1);
    exports.write("copy.csv.manifest.json", forged.as_bytes());
    run(&log, &copy, &[]).expect_code(5);
    fs::remove_file(exports.path("copy.csv.manifest.json")).expect("remove a file");
    run(&log, &copy, &[]).expect_code(5);
    let (code, report) = diff(&log, &copy, &["--without-manifest"]);
    assert_eq!((code, &report["counts"]["identical"]), (0, &log.rows.len().into()), "{report:#}");
}

#[test]
fn a_password_is_never_in_the_arguments() {
    let (log, copy) = pair(Kind::Postgres, "1.13.0", Form::Url);
    let Copy::Postgres(database) = &copy else { panic!("a URL") };
    let select = |table: &str| format!("SELECT ON {table}");
    let role = Cluster::shared().create_role("diff_reader", Login::Scram, Some("pass word/of@diff"));
    database.grant(
        &role,
        &["audit_log", "audit_chain_state", "audit_chain_preparation", "z4j_meta", "alembic_version"]
            .map(select)
            .each_ref()
            .map(String::as_str),
    );
    let url = database.url_as(&role);
    let output = run(&log, &url, &[]).expect_code(2);
    assert!(output.stderr.contains("--against-file"), "{output}");
    assert!(!output.stderr.contains("word%2F") && !output.stderr.contains("word/of"), "{output}");
    let file = tempfile::NamedTempFile::new().expect("create a file");
    fs::write(file.path(), &url).expect("write a file");
    let output = log
        .z4jctl()
        .args(["audit", "diff", "-o", "json", "--against-file", &shown(file.path())])
        .run()
        .expect_code(0);
    assert!(!output.stdout.contains("word%2F"), "{output}");
    assert!(!database.z4j_url().is_empty());
}
