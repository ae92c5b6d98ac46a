//! `audit diff`: what differs between a log and a copy is listed, exactly that, and nothing else.

mod kinds;
mod random;
mod retention;
mod wrong_input;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::export::Exports;
use crate::support::BrainDatabase;
use crate::support::fixtures::{Dump, Fixture, TempSqlite};
use crate::support::postgres::Database;
use crate::support::process::Output;
use crate::tampering::log::{Kind, Log};
use crate::tampering::sign::dashed;

/// A copy of a log in one of its forms; it vanishes with this value.
pub(crate) enum Copy {
    Sqlite(TempSqlite),
    Postgres(Database),
    Export(Exports, &'static str),
}

/// The forms in which there is a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A SQLite file, by its path.
    File,
    /// A URL of PostgreSQL.
    Url,
    Csv,
    JsonlZstd,
    Parquet,
}

impl Copy {
    /// A copy of the log as it is now, or where the log is that of a fixture, the fixture's own.
    pub(crate) fn of(log: &Log, form: Form) -> Self {
        let fixture = Fixture::by_name(log.name);
        let export = |name: &'static str, arguments: &[&str]| {
            let exports = Exports::new();
            exports.export(log, name, arguments).expect_code(0);
            Self::Export(exports, name)
        };
        match form {
            Form::File => Self::Sqlite(fixture.sqlite()),
            Form::Url => Self::Postgres(fixture.postgres(Dump::Plain)),
            Form::Csv => export("copy.csv", &[]),
            Form::Parquet => export("copy.parquet", &["--format", "parquet"]),
            Form::JsonlZstd => export("copy.jsonl.zst", &["--format", "jsonl", "--zstd"]),
        }
    }

    /// What `--against` takes.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Sqlite(file) => file.path().display().to_string(),
            Self::Postgres(database) => database.z4j_url(),
            Self::Export(exports, name) => exports.path(name).display().to_string(),
        }
    }
}

/// A log and a copy of it.
pub(crate) fn pair(kind: Kind, name: &'static str, form: Form) -> (Log, Copy) {
    let log = Log::open(kind, name);
    let copy = Copy::of(&log, form);
    (log, copy)
}

/// Compares a log with a copy; the report is read, whatever it says.
#[track_caller]
pub(crate) fn diff(log: &Log, copy: &str, arguments: &[&str]) -> (i32, Value) {
    let output = run(log, copy, arguments);
    let report = output.json();
    assert_eq!(report["exit_code"], output.code, "{output}");
    assert_eq!(report["ok"], output.code == 0, "{output}");
    assert_eq!(report["schema"], "z4jctl.audit.diff/1");
    (output.code, report)
}

pub(crate) fn run(log: &Log, copy: &str, arguments: &[&str]) -> Output {
    log.z4jctl().args(["audit", "diff", "-o", "json", "--against", copy]).args(arguments).run()
}

/// Kind, id and changed columns of each difference, sorted.
pub(crate) fn found(report: &Value) -> Vec<(String, String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<_> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|difference| {
            let fields = difference["fields"].as_array().expect("a list");
            let mut columns: Vec<String> = fields.iter().map(|field| text(&field["column"])).collect();
            columns.sort();
            (text(&difference["kind"]), text(&difference["audit_id"]), columns)
        })
        .collect();
    found.sort();
    found
}

/// One expected difference.
pub(crate) fn expect(kind: &str, id: &str, columns: &[&str]) -> (String, String, Vec<String>) {
    let mut columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
    columns.sort();
    (kind.to_owned(), dashed(id), columns)
}

/// A path as text.
pub(crate) fn shown(path: impl AsRef<Path>) -> String {
    let path: PathBuf = path.as_ref().into();
    path.display().to_string()
}
