//! Evidence bundles: what a stranger gets can be verified by him, and whatever is done to it is seen and named.

mod anchored;
mod input;
mod redacted;
mod roundtrip;
mod tampered;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::process::Output;
use crate::support::ssh::Key;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, Secrets, find_program, process, repository};

/// A directory with bundles, and the key that signs them.
struct Bundles {
    directory: tempfile::TempDir,
    key: Key,
}

impl Bundles {
    fn new() -> Self {
        Self::with(Key::generate("z4j.example/audit"))
    }

    fn with(key: Key) -> Self {
        Self { directory: tempfile::tempdir().expect("create a temporary directory"), key }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes a bundle here.
    fn make(
        &self,
        database: &impl BrainDatabase,
        secrets: &Secrets,
        name: &str,
        arguments: &[&str],
    ) -> Output {
        let call = Z4jctl::new().db(database).secrets(secrets).args(["audit", "bundle", "-o", "json"]);
        call.args(arguments).arg("--key").arg(self.key.private()).arg("--out").arg(self.path(name)).run()
    }

    /// Leaves more out of a bundle; no database, no secret, no key.
    fn redact(&self, from: &str, to: &str, arguments: &[&str]) -> Output {
        let call = Z4jctl::new().args(["audit", "bundle", "-o", "json", "--from"]).arg(self.path(from));
        call.arg("--out").arg(self.path(to)).args(arguments).run()
    }

    /// Verifies a bundle as somebody who has nothing but the public key.
    fn verify(&self, name: &str, arguments: &[&str]) -> Output {
        let trust: [OsString; 2] = ["--trust".into(), self.key.public().into()];
        self.verify_as(name, &trust, arguments)
    }

    fn verify_as(&self, name: &str, trust: &[OsString], arguments: &[&str]) -> Output {
        let call = Z4jctl::new().args(["audit", "verify-bundle", "-o", "json"]).arg(self.path(name));
        call.args(trust).args(arguments).run()
    }

    /// What an independent program says.
    fn verify_independently(&self, name: &str) -> Output {
        let mut command = Command::new(find_program("python3").expect("python3"));
        command.arg(repository().join("tests/tools/verify_bundle.py")).arg(self.path(name));
        command.arg(self.key.allowed_signers()).arg("z4j.example/audit");
        process::run(&mut command, b"", Duration::from_secs(60))
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("read a bundle")
    }

    fn read(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).expect("a bundle is JSON")
    }

    fn write(&self, name: &str, bundle: &Value) {
        fs::write(self.path(name), bundle.to_string()).expect("write a bundle");
    }
}

/// A column of a row of a bundle.
fn field<'b>(bundle: &'b mut Value, row: usize, name: &str) -> &'b mut Value {
    let fields = bundle["rows"][row]["fields"].as_array_mut().expect("a list");
    fields.iter_mut().find(|field| field["name"] == name).unwrap_or_else(|| panic!("no column {name}"))
}

/// Class and message of each finding.
fn findings(report: &Value) -> Vec<(String, String)> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().expect("a list");
    findings.iter().map(|finding| (text(finding, "class"), text(finding, "message"))).collect()
}
