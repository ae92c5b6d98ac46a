//! Bad input, and every way to connect: one clear error that names the thing and the way out, its exit code, and a
//! database that stays byte for byte as it was.

mod command_line;
mod connect;
mod interrupt;
mod secrets;
pub(crate) mod servers;
mod sqlite;
mod tls;
mod writers;

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::support::fixtures::{Fixture, TempSqlite};
use crate::support::process::{self, Output};
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, Secrets, file_sha256};

/// The account of nobody, who owns nothing here.
const NOBODY: u32 = 65_534;

/// `audit verify` of a database.
fn verify(database: &impl BrainDatabase, secrets: &Secrets) -> Z4jctl {
    Z4jctl::new().db(database).secrets(secrets).args(["audit", "verify"])
}

/// `audit verify` of a database by a path or URL of any form.
fn verify_at(url: impl Into<std::ffi::OsString>, secrets: &Secrets) -> Z4jctl {
    Z4jctl::new().db_url(url).secrets(secrets).args(["audit", "verify"])
}

/// Runs the call as it is and with `--output json`. Both times: this exit code, nothing on stdout, and on stderr one
/// error with this machine name, these words, and a hint.
#[track_caller]
pub(crate) fn refuses(call: Z4jctl, exit_code: i32, code: &str, words: &[&str]) -> Output {
    let human = call.run().expect_code(exit_code);
    assert_eq!(human.stdout, "", "{human}");
    assert_eq!(human.stderr.matches("z4jctl: error: ").count(), 1, "{human}");
    assert!(human.stderr.contains("\n  hint: "), "no way out: {human}");
    for word in words {
        assert!(human.stderr.contains(word), "{word:?} is not said: {human}");
    }

    let json = call.args(["--output", "json"]).run().expect_code(exit_code);
    assert_eq!(json.stdout, "", "{json}");
    let error = json.json_error();
    assert_eq!(error["schema"], "z4jctl.error/1", "{json}");
    assert_eq!(error["exit_code"], exit_code, "{json}");
    assert_eq!(error["error"]["code"], code, "{json}");
    assert!(error["error"]["hint"].is_string(), "{json}");
    human
}

/// The files of a directory, to show later that nothing was changed, added or taken away.
///
/// Never while this process has one of them open as a database: closing any handle of a file ends the locks that the
/// process has on it.
pub(crate) struct Untouched {
    directory: PathBuf,
    files: BTreeMap<String, String>,
}

impl Untouched {
    fn beside(database: &Path) -> Self {
        let directory = database.parent().expect("a file is in a directory").to_owned();
        Self { files: Self::read(&directory), directory }
    }

    pub(crate) fn of(database: &TempSqlite) -> Self {
        Self::beside(&database.path())
    }

    #[track_caller]
    pub(crate) fn check(&self) {
        assert_eq!(Self::read(&self.directory), self.files, "{}", self.directory.display());
    }

    fn read(directory: &Path) -> BTreeMap<String, String> {
        let entries = std::fs::read_dir(directory).expect("read a directory");
        let paths = entries.map(|entry| entry.expect("a directory entry").path());
        paths
            .map(|path| {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                let content = if path.is_file() { file_sha256(&path) } else { "no file".into() };
                (name, content)
            })
            .collect()
    }
}

/// The call as nobody, who may not read what is root's; when the tests run as somebody else, as that one.
pub(crate) fn as_nobody(call: &Z4jctl) -> Output {
    let plain = call.command();
    if !is_root() {
        return process::run(&mut call.command(), b"", Duration::from_secs(60));
    }
    // The directory of the build may be closed to others.
    let place = tempfile::tempdir().expect("create a temporary directory");
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755)).expect("open a directory");
    let program = place.path().join("z4jctl");
    std::fs::copy(plain.get_program(), &program).expect("copy the program");
    chown(call.home(), Some(NOBODY), Some(NOBODY)).expect("give the home directory away");
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
        .arg(program)
        .args(plain.get_args())
        .env_clear()
        .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(directory) = plain.get_current_dir() {
        command.current_dir(directory);
    }
    process::run(&mut command, b"", Duration::from_secs(60))
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A log of `rows` rows that are copies of those of 1.6.9, so that a walk takes a while. Nearly all are findings.
fn large_sqlite(rows: u32) -> (TempSqlite, &'static Secrets) {
    let fixture = Fixture::by_name("1.6.9");
    let database = fixture.sqlite();
    database
        .connection()
        .execute_batch(&format!(
            "PRAGMA synchronous = OFF; BEGIN; DROP INDEX ux_audit_log_prev_row_hmac; \
             CREATE TEMP TABLE originals AS SELECT * FROM audit_log; \
             WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT {rows} / (SELECT count(*) FROM originals)) \
             INSERT INTO audit_log (id, {COPIED}) SELECT lower(hex(randomblob(16))), {COPIED} FROM number, originals; \
             COMMIT;"
        ))
        .expect("multiply the audit log");
    (database, &fixture.meta().secrets)
}

/// The columns of `audit_log` in 1.6.9 without its key.
const COPIED: &str = "project_id, user_id, api_key_id, action, target_type, target_id, result, outcome, event_id, \
                      metadata, source_ip, user_agent, occurred_at, row_hmac, prev_row_hmac";
