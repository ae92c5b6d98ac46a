//! Exports verify themselves, several of them as one chain, and what is done to one is seen and named.

mod chain;
mod input;
mod parquet;
mod removal;
mod roundtrip;
mod signed;
mod tampered;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use sha2::Digest as _;

use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, Secrets, find_program, hex, process, repository};
use crate::tampering::log::{Log, Report};

/// A directory with exports.
pub(crate) struct Exports(tempfile::TempDir);

impl Exports {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("create a temporary directory"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The names of all files.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .expect("list a directory")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Exports a database to a file here. No secret is needed for that.
    pub(crate) fn export(&self, database: &impl BrainDatabase, name: &str, arguments: &[&str]) -> Output {
        let call = Z4jctl::new().db(database).args(["audit", "export", "-o", "json"]).args(arguments);
        call.arg(self.path(name)).run()
    }

    /// Verifies files here with the secrets of a brain.
    pub(crate) fn verify(&self, names: &[&str], secrets: &Secrets, arguments: &[&str]) -> Output {
        let call =
            Z4jctl::new().secrets(secrets).args(["audit", "verify-export", "-o", "json"]).args(arguments);
        names.iter().fold(call, |call, name| call.arg(self.path(name))).run()
    }

    /// Verifies files here without any secret.
    pub(crate) fn verify_keyless(&self, names: &[&str]) -> Output {
        self.verify(names, &Secrets::new(), &["--keyless"])
    }

    /// What an independent program says.
    pub(crate) fn verify_independently(&self, name: &str, secrets: &Secrets) -> Output {
        let python = find_program("python3").expect("python3");
        let mut command = Command::new(python);
        command.arg(repository().join("tests/tools/verify_export.py")).arg(self.path(name));
        process::run(command.env_clear().envs(secrets), b"", Duration::from_secs(120))
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("read a file")
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("write a file");
    }

    pub(crate) fn manifest(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(&format!("{name}.manifest.json"))).expect("a manifest")
    }

    /// Writes a manifest with the digest that belongs to it, as somebody would who changed it.
    pub(crate) fn set_manifest(&self, name: &str, mut manifest: Value) {
        let object = manifest.as_object_mut().expect("an object");
        object.remove("manifest_digest");
        // The map is sorted, and there is nothing but ASCII and integers in the manifest of a fixture.
        let mut sum = sha2::Sha256::new_with_prefix(b"z4jctl.audit.export/1\0");
        sum.update(Value::Object(object.clone()).to_string());
        object.insert("manifest_digest".into(), hex(&sum.finalize()).into());
        self.write(&format!("{name}.manifest.json"), manifest.to_string().as_bytes());
    }

    /// Makes a manifest fit a CSV file that was changed.
    pub(crate) fn refit(&self, name: &str) {
        let data = self.read(name);
        let mut manifest = self.manifest(name);
        let text = String::from_utf8(data.clone()).expect("UTF-8");
        let rows: Vec<&str> = text.lines().skip(1).collect();
        for (edge, row) in [("first", rows.first()), ("last", rows.last())] {
            let cells: Vec<&str> = row.expect("a row").split(',').collect();
            let cell = |at: usize| (!cells[at].is_empty()).then(|| cells[at].to_owned());
            for (at, column) in ["id", "occurred_at", "row_hmac", "prev_row_hmac"].into_iter().enumerate() {
                manifest[edge][column] = cell(at).into();
            }
        }
        manifest["rows"]["total"] = rows.len().into();
        let sum = hex(&sha2::Sha256::digest(&data));
        for prefix in ["", "uncompressed_"] {
            manifest["data"][format!("{prefix}size")] = data.len().into();
            manifest["data"][format!("{prefix}sha256")] = sum.clone().into();
        }
        self.set_manifest(name, manifest);
    }
}

/// The classes of findings and the rows that they are about, sorted.
pub(crate) fn classes(report: &Value) -> Vec<(String, Option<u64>)> {
    let mut classes: Vec<_> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|finding| (finding["class"].as_str().expect("a class").to_owned(), finding["row"].as_u64()))
        .collect();
    classes.sort();
    classes
}

#[track_caller]
pub(crate) fn has_class(output: &Output, class: &str) {
    let report = output.json();
    assert!(classes(&report).iter().any(|(found, _)| found == class), "no {class}: {output}");
}

/// The export of a log gets the verdict of the log itself, whatever was done to it: the same findings about the same
/// rows, but for those about what is no part of an export.
#[track_caller]
pub(crate) fn agrees_with_its_log(log: &Log, report: &Report, what: &str) -> Result<(), String> {
    let exports = Exports::new();
    let form = ["csv", "jsonl", "parquet"][what.len() % 3];
    let exported = exports.export(log, "log", &["--format", form]);
    if !matches!(exported.code, 0 | 3) {
        return Err(format!("{what}: {exported}"));
    }
    let output = exports.verify(&["log"], &log.secrets, &[]);
    let leave_out = ["guards-missing", "tally-mismatch"];
    let expected = report.classes(&leave_out);
    if classes(&output.json()) != expected {
        return Err(format!(
            "{what}: its log has {expected:?}, its {form} export {:?}",
            classes(&output.json())
        ));
    }
    Ok(())
}

fn is_whole(path: &Path) -> bool {
    path.is_file() && path.metadata().expect("a file").len() > 0
}
