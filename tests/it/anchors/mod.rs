//! Anchors: what was signed outside the database tells every rewriting of it, also by somebody who has the secret; and
//! what is honest raises no alarm.

mod attacks;
mod copies;
mod delivery;
mod honest;
mod input;
mod timestamps;
mod trouble;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::fixtures::Fixture;
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::tampering::log::{Kind, Log, Report, Row, text};
use crate::tampering::sign::{sign_row, state_of};

/// Keys of OpenSSH that were made for these tests and sign nothing else.
const SSH_KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACBTQycWs3WRrFRVNLmeonBu9HkZBkkBBq6yyCZi7zchcwAAAJjQ3+2u0N/t
rgAAAAtzc2gtZWQyNTUxOQAAACBTQycWs3WRrFRVNLmeonBu9HkZBkkBBq6yyCZi7zchcw
AAAEDr6+RiF7GpbYS12SrT+qEjjUUvZQryuBJSEdae0bXMRlNDJxazdZGsVFU0uZ6icG70
eRkGSQEGrrLIJmLvNyFzAAAAD29wc0BleGFtcGxlLmNvbQECAwQFBg==
-----END OPENSSH PRIVATE KEY-----
";
const SSH_PUBLIC: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFNDJxazdZGsVFU0uZ6icG70eRkGSQEGrrLIJmLvNyFz ops@example.com";

/// The logs that are attacked: without and with a signed state, in both databases.
const LOGS: [(Kind, &str); 3] =
    [(Kind::Sqlite, "1.6.9"), (Kind::Sqlite, "1.13.0"), (Kind::Postgres, "1.13.0")];

/// A directory of anchors, with its key beside it.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { directory: tempfile::tempdir().expect("create a temporary directory") };
        fs::create_dir(place.anchors()).expect("make a directory");
        let key = place.key().display().to_string();
        let made = Z4jctl::new()
            .args(["signing-key", "generate", "--name", "example.com/z4j", "--out", &key])
            .run()
            .expect_code(0);
        place.trust(made.stdout.trim());
        place
    }

    fn trust(&self, key: &str) {
        Z4jctl::new().args(["signing-key", "trust", key, "--dir"]).arg(self.anchors()).run().expect_code(0);
    }

    fn key(&self) -> PathBuf {
        self.directory.path().join("key")
    }

    fn anchors(&self) -> PathBuf {
        self.directory.path().join("anchors")
    }

    fn arg(&self) -> String {
        self.anchors().display().to_string()
    }

    /// Runs `audit anchor`, with further arguments.
    fn anchor(&self, call: Z4jctl, arguments: &[&str]) -> Output {
        let call = call.args(["audit", "anchor", "-o", "json", "--to", &self.arg(), "--key"]);
        call.arg(self.key()).args(arguments).run()
    }

    #[track_caller]
    fn anchored(&self, log: &Log) -> Value {
        let report = self.anchor(log.z4jctl(), &[]).expect_code(0).json();
        assert_eq!(report["written"], true, "{report}");
        report
    }

    fn verify(&self, log: &Log) -> Report {
        log.verify(&["--anchors", &self.arg()])
    }

    /// The files with this end, oldest first.
    fn files(&self, end: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.anchors()).expect("read a directory");
        let paths = entries.map(|entry| entry.expect("a directory entry").path());
        let mut files: Vec<PathBuf> = paths.filter(|path| path.to_string_lossy().ends_with(end)).collect();
        files.sort();
        files
    }
}

/// Appends an honest row.
#[track_caller]
fn grow(log: &mut Log) {
    log.close();
    let fixture = Fixture::by_name(log.name);
    let meta = if log.kind() == Kind::Sqlite { fixture.meta() } else { fixture.postgres_meta() };
    let (email, _) = &meta.accounts["admin"];
    let arguments = ["apikey", "mint", "--name", "n", "--scope", "tasks:read", "--yes", "--user", email];
    log.z4jctl().args(arguments).run().expect_code(0);
    log.rows = log.read_rows();
}

/// Removes the newest rows, and signs a state that fits, with the stolen secret.
fn cut(log: &mut Log, rows: usize) {
    log.drop_guards();
    let end = log.rows.len() - rows;
    if log.is_active() {
        log.replace_state(&state_of(&log.state(), &log.rows[log.live..end], log.key()));
    }
    log.delete(end..end + rows);
    log.close();
}

/// Changes a row and signs it and all behind it again, with the stolen secret.
fn sign_again(log: &mut Log, from: usize) {
    let mut rows = log.rows.clone();
    rows[from].insert("user_agent".into(), Some("curl".into()));
    put_signed(log, rows, from);
}

/// Puts changed rows in the place of those that are there, signed from an index on.
fn put_signed(log: &mut Log, mut rows: Vec<Row>, from: usize) {
    log.drop_guards();
    let key = log.key().to_owned();
    for at in from..rows.len() {
        if at > from {
            let previous = rows[at - 1]["row_hmac"].clone();
            rows[at].insert("prev_row_hmac".into(), previous);
        }
        sign_row(&mut rows[at], &key);
        for column in ["user_agent", "occurred_at", "prev_row_hmac", "row_hmac"] {
            log.set(at, column, rows[at][column].as_deref());
        }
    }
    if log.is_active() {
        log.replace_state(&state_of(&log.state(), &rows[log.live..], &key));
    }
    log.close();
}

/// Puts other rows in the place of those from an index on, signed with the stolen secret.
fn rewrite(log: &mut Log, from: usize, rows: Vec<Row>) {
    log.drop_guards();
    let key = log.key().to_owned();
    let mut all = log.rows[..from].to_vec();
    log.delete(from..log.rows.len());
    for mut row in rows {
        row.insert("prev_row_hmac".into(), all.last().and_then(|last| last["row_hmac"].clone()));
        sign_row(&mut row, &key);
        log.insert(&row);
        all.push(row);
    }
    if log.is_active() {
        log.replace_state(&state_of(&log.state(), &all[log.live..], &key));
    }
    log.close();
}

#[track_caller]
fn verdict(report: &Report, verdict: &str) {
    assert_eq!(report.json["anchors"]["verdict"], verdict, "{}", report.summary());
}

/// The time of the row at an index, for `--before`.
fn time_of(log: &Log, index: usize) -> String {
    format!("{}Z", text(&log.rows[index], "occurred_at").replace(' ', "T"))
}
