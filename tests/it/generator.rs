//! The real z4j accepts the logs that the benchmarks verify, so that speed is not measured on something else.

#[path = "../../benches/generator/mod.rs"]
pub(crate) mod generated;

use generated::{Failure, LogFormat, Recipe, Summary, extend_postgres, extend_sqlite};

use crate::support::brain::Brain;
use crate::support::fixtures::{Dump, Fixture};
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, Secrets, file_sha256};

const ROWS: u64 = 500;

fn recipe(format: LogFormat, seed: u64) -> Recipe {
    Recipe { rows: ROWS, format, seed }
}

fn fixture(format: LogFormat) -> &'static Fixture {
    Fixture::by_name(format.release())
}

/// Both judges find all rows in order, and the rows are as large as those of real logs.
#[track_caller]
fn expect_accepted(
    format: LogFormat,
    made: Result<Summary, Failure>,
    database: &impl BrainDatabase,
    secrets: &Secrets,
) {
    let summary = made.expect("extend a fixture");
    let average = summary.payload_bytes / summary.added;
    let expected = if format == LogFormat::Active { 690..790 } else { 550..650 };
    assert!(expected.contains(&average), "{summary}");
    assert!((75..92).contains(&(summary.metadata_bytes / summary.added)), "{summary}");

    let real = Brain::release(format.release()).audit_verify(database, secrets).expect_intact();
    assert_eq!(real.verified, Some(ROWS), "{}", real.output);
    let own = Z4jctl::new().db(database).secrets(secrets).args(["audit", "verify", "--output", "json"]).run();
    let report = own.expect_code(0).json();
    assert_eq!(report["rows"]["verified"], ROWS, "{report:#}");
}

#[test]
fn z4j_accepts_a_generated_active_log_in_sqlite() {
    let fixture = fixture(LogFormat::Active);
    let copy = fixture.sqlite();
    let made = extend_sqlite(&copy.path(), &recipe(LogFormat::Active, 1));
    expect_accepted(LogFormat::Active, made, &copy, &fixture.meta().secrets);
}

#[test]
fn z4j_accepts_a_generated_baseline_log_in_sqlite() {
    let fixture = fixture(LogFormat::Baseline);
    let copy = fixture.sqlite();
    let made = extend_sqlite(&copy.path(), &recipe(LogFormat::Baseline, 1));
    expect_accepted(LogFormat::Baseline, made, &copy, &fixture.meta().secrets);
}

#[test]
fn z4j_accepts_a_generated_active_log_in_postgres() {
    let fixture = fixture(LogFormat::Active);
    let database = fixture.postgres(Dump::Plain);
    let made = extend_postgres(&database.url(), &recipe(LogFormat::Active, 1));
    expect_accepted(LogFormat::Active, made, &database, &fixture.postgres_meta().secrets);
}

#[test]
fn z4j_accepts_a_generated_baseline_log_in_postgres() {
    let fixture = fixture(LogFormat::Baseline);
    let database = fixture.postgres(Dump::Plain);
    let made = extend_postgres(&database.url(), &recipe(LogFormat::Baseline, 1));
    expect_accepted(LogFormat::Baseline, made, &database, &fixture.postgres_meta().secrets);
}

/// A benchmark of today can be compared with one of yesterday.
#[test]
fn the_same_seed_generates_the_same_bytes() {
    let make = |seed| {
        let copy = fixture(LogFormat::Active).sqlite();
        extend_sqlite(&copy.path(), &recipe(LogFormat::Active, seed)).expect("extend a fixture");
        file_sha256(copy.path())
    };
    assert_eq!(make(7), make(7));
    assert_ne!(make(7), make(8));
}
