//! Exports in Parquet: what others read in them, and what is refused.

use std::process::Command;
use std::time::Duration;

use super::{Exports, has_class};
use crate::prune::middle;
use crate::support::fixtures::{Dump, Fixture};
use crate::support::judge::{AnyDatabase, Target, on_each};
use crate::support::{BrainDatabase, process, repository};
use crate::tampering::log::{Kind, Log};

/// Compares a Parquet export with the CSV export of the same rows, as `DuckDB` reads it.
#[track_caller]
fn duckdb_reads_the_same(exports: &Exports, database: &impl BrainDatabase, code: i32) {
    exports.export(database, "a.csv", &["--force"]).expect_code(code);
    exports.export(database, "a.parquet", &["--format", "parquet", "--force"]).expect_code(code);
    let mut install = Command::new(repository().join("tests/tools/install-duckdb"));
    let python = process::run(&mut install, b"", Duration::from_secs(600)).expect_code(0).stdout;
    let mut compare = Command::new(python.trim());
    compare.arg(repository().join("tests/tools/compare_parquet.py"));
    compare.arg(exports.path("a.parquet")).arg(exports.path("a.csv"));
    let output = process::run(&mut compare, b"", Duration::from_secs(120)).expect_code(0);
    assert!(output.stdout.starts_with("OK: "), "{output}");
}

#[test]
fn duckdb_reads_what_is_in_the_csv() {
    let exports = Exports::new();
    for fixture in Fixture::all().iter().filter(|fixture| fixture.has_sqlite()) {
        duckdb_reads_the_same(&exports, &fixture.sqlite(), 0);
    }
    duckdb_reads_the_same(&exports, &Fixture::by_name("1.13.0").postgres(Dump::Plain), 0);
    // Values that a reader could get wrong, and rows that only have a raw form.
    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.set(3, "target_id", Some(""));
    log.set(4, "user_agent", Some("a,\"b\"\n\u{1f980}\u{1}c"));
    log.set(5, "occurred_at", Some("0001-01-01 00:00:00.000000"));
    log.set(6, "occurred_at", Some("9999-12-31 23:59:59.999999"));
    log.set(7, "occurred_at", Some("1969-12-31 23:59:59.999999"));
    log.set(8, "user_id", Some("no uuid"));
    log.set(9, "metadata", Some("{\"a\": "));
    log.close();
    duckdb_reads_the_same(&exports, &log, 3);
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let (exports, database) = (Exports::new(), Fixture::by_name("1.7.0").sqlite());
    for flag in ["--gzip", "--zstd", "--spreadsheet-safe"] {
        let refused = exports.export(&database, "a.parquet", &["--format", "parquet", flag]);
        assert_eq!(refused.code, 2, "{refused}");
    }
    assert_eq!(exports.names(), [""; 0]);
}

/// Parts in all forms are one chain.
#[test]
fn forms_mix() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let cut = middle(&AnyDatabase::Sqlite(fixture.sqlite()));
    let exports = Exports::new();
    exports.export(&database, "early.parquet", &["--format", "parquet", "--to", &cut]).expect_code(0);
    exports.export(&database, "late.csv", &["--from", &cut]).expect_code(0);
    let report = exports.verify(&["late.csv", "early.parquet"], secrets, &[]).expect_code(0).json();
    assert_eq!(report["files"][1]["joins"], "continues", "{report:#}");
    assert_eq!(report["rows"]["total"], fixture.meta().audit_rows());
    // Filtered.
    exports.export(&database, "some.parquet", &["--format", "parquet", "--action", "auth.*"]).expect_code(0);
    exports.verify(&["some.parquet"], secrets, &[]).expect_code(0);
    exports.export(&database, "none.parquet", &["--format", "parquet", "--actor", "nobody"]).expect_code(0);
    exports.verify(&["none.parquet"], secrets, &[]).expect_code(0);
}

/// Bits flipped anywhere: by its manifest every change is seen, without it none is taken for what was signed.
#[test]
fn changed_files_are_seen() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let exports = Exports::new();
    exports.export(&database, "a.parquet", &["--format", "parquet"]).expect_code(0);
    let whole = exports.read("a.parquet");
    for turn in 0..24 {
        let mut changed = whole.clone();
        changed[whole.len() * turn / 24] ^= 1 << (turn % 8);
        exports.write("a.parquet", &changed);
        has_class(&exports.verify(&["a.parquet"], secrets, &[]).expect_code(1), "manifest-mismatch");
        exports.verify_keyless(&["a.parquet"]).expect_code(1);
        let alone = exports.verify(&["a.parquet"], secrets, &["--without-manifest"]);
        assert!(matches!(alone.code, 0 | 1 | 5), "{turn}: {alone}");
        assert!(!alone.stderr.contains("panicked"), "{turn}: {alone}");
    }
    // Rows of another installation in Parquet of our own making.
    let other = Fixture::by_name("1.12.1");
    exports.export(&other.sqlite(), "b.parquet", &["--format", "parquet"]).expect_code(0);
    exports.write("a.parquet", &exports.read("b.parquet"));
    let swapped = exports.verify(&["a.parquet"], secrets, &[]);
    assert!(matches!(swapped.code, 1 | 6), "{swapped}");
}

/// What was exported in Parquet goes out of the log, and file and log are still one chain.
#[test]
fn what_was_exported_can_be_removed() {
    on_each(&[Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")], |target| {
        let (database, exports) = (target.database(), Exports::new());
        let rows = "SELECT count(*) FROM audit_log";
        let before = database.number(rows);
        let call =
            target.z4jctl(&database).args(["audit", "export", "--format", "parquet", "--delete", "--yes"]);
        call.args(["--to", &middle(&database)]).arg(exports.path("old.parquet")).run().expect_code(0);
        // The row that tells of it came.
        let left = database.number(rows) - 1;
        let report = exports.verify(&["old.parquet"], target.secrets(), &[]).expect_code(0).json();
        assert_eq!(report["rows"]["total"], before - left, "{target}: {report:#}");
        assert!(left < before, "{target}");

        let live = || {
            let call = target.z4jctl(&database).args(["audit", "verify-export", "-o", "json", "--live"]);
            call.arg(exports.path("old.parquet")).run()
        };
        let report = live().expect_code(0).json();
        assert_eq!(report["live"]["joins"], "continues", "{target}: {report:#}");
        target.accept(&database);
        let mut changed = exports.read("old.parquet");
        changed[100] ^= 1;
        exports.write("old.parquet", &changed);
        has_class(&live().expect_code(1), "manifest-mismatch");
    });
}
