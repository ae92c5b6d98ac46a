//! Anchors: what was signed outside the database tells every rewriting of it, also by somebody who has the secret; and
//! what is honest raises no alarm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::brain::Brain;
use crate::support::fixtures::Fixture;
use crate::support::judge::Target;
use crate::support::process::{self, Output};
use crate::support::z4jctl::Z4jctl;
use crate::support::{repository, wait_for};
use crate::tampering::log::{Kind, Log, Report, Row, a_moment_after, made_up_mac, new_id, text};
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
const ENCRYPTED_SSH_KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABBDPeH9UB
IZBdChJkMuIIPJAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAINM4D3FitbVKb558
1TZGG2TTML5VkEdl2TmIBlzOmhF0AAAAkEH1KoCiJDYIQvUKK+EJVGhtLffkndRaHzOfv/
512v6kbfo5TvOD6rLFgvPY8TJ8AarcYtlCV+3lkWqV3Er47DLp88iRi5eLEPKc15boL5V4
+P4yARplnr+De8ghIjp9VWOeFnpiKKV3sVXYtYlO7A2Z7AEV6iMta4ULSFm780UMdlOMrI
ru871Joqz/iDJfrA==
-----END OPENSSH PRIVATE KEY-----
";

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

    /// Runs `audit anchor`.
    fn anchor(&self, call: Z4jctl) -> Output {
        let call = call.args(["audit", "anchor", "-o", "json", "--to", &self.arg(), "--key"]);
        call.arg(self.key()).run()
    }

    #[track_caller]
    fn anchored(&self, log: &Log) -> Value {
        let report = self.anchor(log.z4jctl()).expect_code(0).json();
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

#[track_caller]
fn verdict(report: &Report, verdict: &str) {
    assert_eq!(report.json["anchors"]["verdict"], verdict, "{}", report.summary());
}

#[test]
fn rewritings_with_the_stolen_secret_are_named() {
    for (kind, name) in LOGS {
        let open = || Log::open(kind, name);
        // Two anchors; the log grows between and after them.
        let anchored = |log: &mut Log| {
            let place = Place::new();
            log.close();
            place.anchored(log);
            grow(log);
            grow(log);
            place.anchored(log);
            grow(log);
            verdict(&place.verify(log), "consistent");
            place
        };
        let without = |log: &Log| {
            let blind = log.verify(&[]);
            assert_eq!(blind.exit(), 0, "{name}: nothing in the database tells it: {}", blind.summary());
        };

        // Only what is not anchored is gone, and one more row.
        let mut log = open();
        let place = anchored(&mut log);
        cut(&mut log, 2);
        without(&log);
        let report = place.verify(&log);
        assert_eq!(report.exit(), 1, "{name}: {}", report.summary());
        let class = if log.is_active() { "rolled-back" } else { "tail-cut" };
        verdict(&report, class);
        let finding = report.finding(class);
        assert_eq!(finding["missing_rows"], 1, "{finding}");
        let missing = log.id(log.rows.len() - 2);
        let message = finding["message"].as_str().unwrap_or_default().replace('-', "");
        assert!(message.contains(&missing), "{name}: {message} does not name {missing}");
        // And no anchor is put over it.
        let refused = place.anchor(log.z4jctl()).expect_code(1).json();
        assert_eq!((&refused["written"], &refused["ok"]), (&false.into(), &false.into()), "{refused}");
        assert_eq!(place.files(".checkpoint").len(), 2);

        // Back to the state of the first anchor, and written on from there.
        let mut log = open();
        let place = anchored(&mut log);
        cut(&mut log, 3);
        without(&log);
        let report = place.verify(&log);
        assert_eq!(report.exit(), 1, "{name}: {}", report.summary());
        verdict(&report, "rolled-back");
        log.rows = log.read_rows();
        let end = log.rows.len();
        grow(&mut log);
        without(&log);
        let report = place.verify(&log);
        assert_eq!(report.exit(), 1, "{name}: {}", report.summary());
        verdict(&report, "forked");
        assert_eq!(report.finding("forked")["row"], end as u64 + 1, "{}", report.summary());

        // The copy of before all that, put back.
        let mut old = open();
        old.close();
        let report = place.verify(&old);
        assert_eq!(report.exit(), 1, "{name}: {}", report.summary());
        verdict(&report, "rolled-back");
        assert_eq!(report.finding("rolled-back")["missing_rows"], 2, "{}", report.summary());

        // A row in the middle changed, and everything behind it signed again; then everything.
        for from in [None, Some(0)] {
            let mut log = open();
            let place = anchored(&mut log);
            let from = from.unwrap_or(log.middle());
            sign_again(&mut log, from);
            without(&log);
            let report = place.verify(&log);
            assert_eq!(report.exit(), 1, "{name}: {}", report.summary());
            verdict(&report, "re-signed");
            assert_eq!(report.finding("re-signed")["row"], from as u64 + 1, "{}", report.summary());
            assert_eq!(report.findings().len(), 1, "{}", report.summary());
        }
    }
    // Another database altogether, in its place.
    let place = Place::new();
    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.close();
    place.anchored(&log);
    let mut other = Log::open(Kind::Sqlite, "1.11.0");
    other.close();
    let report = place.verify(&other);
    assert_eq!(report.exit(), 1);
    verdict(&report, "forked");
    assert_eq!(report.finding("forked")["row"], 1);
}

#[test]
fn an_independent_implementation_verifies_an_anchor() {
    let python = Brain::release("1.13.0").command().with_file_name("python");
    for (name, ssh) in [("1.6.9", false), ("1.13.0", true), ("1.13.0-upgraded-from-1.6.9", false)] {
        let place = Place::new();
        let mut public =
            Z4jctl::new().args(["signing-key", "show"]).arg(place.key()).run().expect_code(0).stdout;
        if ssh {
            fs::write(place.key(), SSH_KEY).expect("write a key");
            SSH_PUBLIC.clone_into(&mut public);
            place.trust(SSH_PUBLIC);
        }
        let mut log = Log::open(Kind::Sqlite, name);
        log.close();
        let report = place.anchored(&log);
        let macs = place.directory.path().join("macs");
        let lines: Vec<String> = log.rows.iter().map(|row| text(row, "row_hmac")).collect();
        fs::write(&macs, lines.join("\n")).expect("write a file");
        let mut command = Command::new(&python);
        command
            .arg(repository().join("tests/tools/verify-anchor.py"))
            .arg(&place.files(".checkpoint")[0])
            .arg(public.trim())
            .arg(&macs);
        let output = process::run(&mut command, b"", Duration::from_secs(60)).expect_code(0);
        let origin = report["origin"].as_str().expect("an origin");
        assert_eq!(output.stdout, format!("{origin} {}\n", log.rows.len()));
        let report = place.verify(&log);
        assert_eq!(report.exit(), 0, "{name}: {}", report.summary());
        verdict(&report, "consistent");
    }
}

/// An upgrade to 1.8 freezes the rows and begins another chain: the anchors go on over both.
#[test]
fn anchors_outlive_the_upgrade() {
    let fixture = Fixture::by_name("1.6.9");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let place = Place::new();
    let call = || Z4jctl::new().db(&database).secrets(secrets);
    let before = place.anchor(call()).expect_code(0).json();
    let mut secrets = secrets.clone();
    secrets.insert("Z4J_AUDIT_CHAIN_SECRET".into(), "an-audit-chain-secret-of-the-upgrade-0123456789".into());
    let brain = Brain::release("1.8.0").serve(&database, &secrets);
    brain.refuses_login("nobody@example.com", "not a password");
    brain.stop();
    let call = || Z4jctl::new().db(&database).secrets(&secrets);
    let verify = ["audit", "verify", "-o", "json", "--anchors", &place.arg()];
    let report = call().args(verify).run().expect_code(0).json();
    let anchors = &report["anchors"];
    assert_eq!(anchors["verdict"], "consistent", "{report}");
    assert_eq!(anchors["rows_matched"], before["size"], "{report}");
    assert_eq!(report["rows"]["frozen"], before["size"], "{report}");
    let after = place.anchor(call()).expect_code(0).json();
    assert_eq!((&after["sequence"], &after["origin"]), (&2.into(), &before["origin"]), "{after}");
    let report = call().args(verify).run().expect_code(0).json();
    assert_eq!(report["anchors"]["rows_matched"], after["size"], "{report}");
}

/// The time of the row at an index, for `--before`.
fn time_of(log: &Log, index: usize) -> String {
    format!("{}Z", text(&log.rows[index], "occurred_at").replace(' ', "T"))
}

#[test]
fn retention_is_no_alarm() {
    for (kind, name) in [(Kind::Sqlite, "1.13.0"), (Kind::Postgres, "1.13.0"), (Kind::Sqlite, "1.7.0")] {
        let place = Place::new();
        let mut log = Log::open(kind, name);
        log.close();
        place.anchored(&log);
        let cutoff = time_of(&log, 4);
        let arguments = ["audit", "prune", "--before", &cutoff, "--yes", "--accept-unupgradable"];
        log.z4jctl().args(arguments).run().expect_code(0);
        let report = place.verify(&log);
        assert_eq!(report.exit(), 0, "{name}: {}", report.summary());
        verdict(&report, "consistent");
        let anchors = &report.json["anchors"];
        assert_eq!((&anchors["rows_removed"], &anchors["rows_not_anchored"]), (&4.into(), &1.into()));
        place.anchored(&log);
        if !log.is_active() {
            continue;
        }
        // The real z4j removes more, and the log grows on.
        let cutoff = time_of(&log, 8);
        let installation = Brain::release("1.13.0").installation(&log, &log.secrets);
        installation.run(["audit", "prune", "--apply", "--before", &cutoff]).expect_code(0);
        grow(&mut log);
        let report = place.verify(&log);
        assert_eq!(report.exit(), 0, "{name}: {}", report.summary());
        assert_eq!(report.json["anchors"]["rows_removed"], 8, "{}", report.summary());
        let third = place.anchored(&log);
        assert_eq!(third["sequence"], 3, "{third}");
        // A cut that is dressed up as retention moves the boundary to where no row links to.
        log.rows = log.read_rows();
        log.drop_guards();
        log.delete(0..2);
        log.close();
        let report = place.verify(&log);
        assert_eq!(report.exit(), 1, "{}", report.summary());
        report.finding("prefix-cut");
    }
}

/// The hourly sweep of the real z4j, which leaves no row of itself.
#[test]
fn the_sweep_of_the_real_z4j_is_no_alarm() {
    for name in ["1.6.9", "1.7.0", "1.13.0"] {
        let place = Place::new();
        let mut log = Log::open(Kind::Sqlite, name);
        // Half of the log is old.
        let (mut rows, old) = (log.rows.clone(), log.middle());
        for row in &mut rows[..old] {
            let time = text(row, "occurred_at");
            row.insert("occurred_at".into(), Some(format!("2025-01-01{}", &time[10..])));
        }
        log.set_installed_at("2025-01-01T00:00:00+00:00");
        put_signed(&mut log, rows, 0);
        log.rows = log.read_rows();
        place.anchored(&log);
        let installation = Brain::release(name).installation(&log, &log.secrets);
        let brain = installation.env("Z4J_AUDIT_RETENTION_DAYS", "90").serve();
        let oldest = || text(&log.read_rows()[0], "occurred_at");
        wait_for("the sweep", Duration::from_secs(100), || (!oldest().starts_with("2025")).then_some(()));
        brain.stop();
        let unrecorded = name == "1.6.9";
        let report = place.verify(&log);
        assert_eq!(report.exit(), if unrecorded { 3 } else { 0 }, "{name}: {}", report.summary());
        verdict(&report, "consistent");
        assert_eq!(report.json["anchors"]["rows_removed"], old, "{name}: {}", report.summary());
        let accepted = log.verify(&["--anchors", &place.arg(), "--accept-retention"]);
        assert_eq!(accepted.exit(), 0, "{name}: {}", accepted.summary());
    }
}

/// What the log itself says, what the comparison says, and what is done.
type Attack<'a> = (&'a str, &'a str, &'a dyn Fn(&mut Log));

/// Who lacks the secret is caught by the log itself; anchors add what was there, and no second opinion that is wrong.
#[test]
fn tampering_without_the_secret_is_named_as_before() {
    for (kind, name) in LOGS {
        let place = Place::new();
        let mut log = Log::open(kind, name);
        log.close();
        place.anchored(&log);
        let middle = log.middle();
        let attacks: [Attack<'_>; 4] = [
            ("edited", "consistent", &|log| log.set(middle, "user_agent", Some("curl"))),
            ("edited", "edited", &|log| log.set(middle, "row_hmac", Some(&made_up_mac(1)))),
            ("removed", "removed", &|log| log.delete(middle..middle + 2)),
            ("inserted", "inserted", &|log| {
                let mut row = log.row(middle);
                row.insert("id".into(), Some(new_id(1)));
                row.insert("occurred_at".into(), Some(a_moment_after(&text(&row, "occurred_at"))));
                row.insert("row_hmac".into(), Some(made_up_mac(2)));
                row.insert("prev_row_hmac".into(), Some(made_up_mac(3)));
                log.insert(&row);
            }),
        ];
        for (class, said, act) in attacks {
            let mut log = Log::open(kind, name);
            act(&mut log);
            log.close();
            let report = place.verify(&log);
            assert_eq!(report.exit(), 1, "{name} {class}: {}", report.summary());
            report.finding(class);
            verdict(&report, said);
        }
    }
}

#[test]
fn retention_that_went_past_the_anchors_is_not_judged() {
    let place = Place::new();
    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.close();
    place.anchored(&log);
    grow(&mut log);
    grow(&mut log);
    let cutoff = time_of(&log, log.rows.len() - 1);
    log.z4jctl().args(["audit", "prune", "--before", &cutoff, "--yes"]).run().expect_code(0);
    let report = place.verify(&log);
    assert_eq!(report.exit(), 3, "{}", report.summary());
    verdict(&report, "prefix-cut");
    place.anchor(log.z4jctl()).expect_code(3);
    // Up to the newest anchor it is.
    let place = Place::new();
    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.close();
    place.anchored(&log);
    let rows = log.rows.len() as u64;
    grow(&mut log);
    let cutoff = time_of(&log, log.rows.len() - 1);
    log.z4jctl().args(["audit", "prune", "--before", &cutoff, "--yes"]).run().expect_code(0);
    let report = place.verify(&log);
    assert_eq!(report.exit(), 0, "{}", report.summary());
    assert_eq!(report.json["anchors"]["rows_removed"], rows, "{}", report.summary());
}

/// What is said, the exit code, and what is done to the anchors.
type Damage<'a> = (&'a str, i32, Box<dyn Fn(&Place) + 'a>);

#[test]
fn damaged_anchors_and_unknown_signers_are_told() {
    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.close();
    let secrets = log.secrets.clone();
    let fresh = || {
        let (place, mut log) = (Place::new(), Log::open(Kind::Sqlite, "1.13.0"));
        log.close();
        place.anchored(&log);
        grow(&mut log);
        place.anchored(&log);
        (place, log)
    };
    let change = |path: &Path, from: &str, to: &str| {
        let text = fs::read_to_string(path).expect("read an anchor");
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replacen(from, to, 1)).expect("change an anchor");
    };
    let cases: [Damage<'_>; 9] = [
        (
            "does not match",
            1,
            Box::new(|place| change(&place.files(".checkpoint")[1], "sequence 2", "sequence 3")),
        ),
        (
            "does not match",
            1,
            Box::new(|place| change(&place.files(".checkpoint")[0], "z4jctl.audit/", "z4jctl.audit/x")),
        ),
        (
            "is not a signed note",
            1,
            Box::new(|place| fs::write(&place.files(".checkpoint")[0], "x").expect("write")),
        ),
        (
            "number 1 is missing",
            1,
            Box::new(|place| fs::remove_file(&place.files(".checkpoint")[0]).expect("remove")),
        ),
        ("cannot be read", 1, Box::new(|place| fs::remove_file(&place.files(".leaves")[0]).expect("remove"))),
        (
            "is not the file that it names",
            1,
            Box::new(|place| fs::write(&place.files(".leaves")[1], [0; 56]).expect("write")),
        ),
        (
            "whom nobody trusts",
            3,
            Box::new(|place| fs::remove_file(place.anchors().join("trusted-keys")).expect("remove")),
        ),
        (
            "belongs under the name",
            1,
            Box::new(|place| {
                fs::rename(&place.files(".checkpoint")[0], place.anchors().join("0000000000-1.checkpoint"))
                    .expect("rename");
            }),
        ),
        (
            "there is no anchor",
            3,
            Box::new(|place| {
                for file in place.files(".checkpoint") {
                    fs::remove_file(file).expect("remove");
                }
            }),
        ),
    ];
    for (message, exit, damage) in cases {
        let (place, log) = fresh();
        damage(&place);
        let report = place.verify(&log);
        assert_eq!(report.exit(), exit, "{message}: {}", report.summary());
        let said = report.finding("anchor-invalid")["message"].as_str().unwrap_or_default().to_owned();
        assert!(said.contains(message), "{message}: {said}");
    }
    // Keys that are given count instead of those beside the anchors.
    let (place, log) = fresh();
    let other = place.directory.path().join("other");
    fs::write(&other, format!("# mine\n{SSH_PUBLIC}\n")).expect("write a file");
    let other = other.display().to_string();
    assert_eq!(log.verify(&["--anchors", &place.arg(), "--trust", &other]).exit(), 3);
    let beside = place.anchors().join("trusted-keys").display().to_string();
    let both = ["--anchors", &place.arg(), "--trust", &other, "--trust", &beside];
    assert_eq!(log.verify(&both).exit(), 0);

    // With a wrong secret the anchors still tell that the rows are the same.
    let mut wrong = secrets;
    wrong.insert("Z4J_AUDIT_CHAIN_SECRET".into(), "another-secret-another-secret-another".into());
    let call = Z4jctl::new().db(&log).secrets(&wrong).args(["audit", "verify", "-o", "json"]);
    let output = call.args(["--anchors", &place.arg()]).run();
    assert_ne!(output.code, 0);
    let report = output.json();
    assert_eq!(report["anchors"]["verdict"], "consistent", "{report}");
}

#[test]
fn bad_input_is_refused_before_anything_is_written() {
    let place = Place::new();
    let target = Target::Sqlite("1.13.0");
    let database = target.database();
    let call = || target.z4jctl(&database).args(["audit", "anchor", "-o", "json"]);
    let file = |name: &str, text: &str| {
        let path = place.directory.path().join(name);
        fs::write(&path, text).expect("write a file");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("chmod");
        path.display().to_string()
    };
    let (good, directory) = (place.key().display().to_string(), place.arg());
    let open = file("open", &fs::read_to_string(&good).expect("read a key"));
    fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("chmod");
    let (encrypted, junk) = (file("encrypted", ENCRYPTED_SSH_KEY), file("junk", "PRIVATE+KEY+x"));
    for (arguments, code, error) in [
        (vec!["--to", &directory, "--key", "/nowhere"], 6, "signing-key.unreadable"),
        (vec!["--to", &directory, "--key", &open], 6, "signing-key.unreadable"),
        (vec!["--to", &directory, "--key", &encrypted], 6, "signing-key.unreadable"),
        (vec!["--to", &directory, "--key", &junk], 6, "signing-key.unreadable"),
        (vec!["--to", "/nowhere", "--key", &good], 5, "anchors.unreadable"),
        (vec!["--to", &directory, "--key", &good, "--origin", "two words"], 2, "usage.origin"),
        (vec!["--to", &directory, "--key", &good, "--exec", "'"], 2, "usage.exec"),
        (vec!["--to", &directory, "--key", &good, "--git"], 7, "anchor.git"),
    ] {
        let output = call().args(&arguments).run().expect_code(code);
        assert_eq!(output.json_error()["error"]["code"], error, "{arguments:?}: {output}");
        assert!(!output.stderr.contains("b3Blbn"), "{output}");
    }
    call().args(["--to", &directory]).run().expect_code(2);
    assert_eq!(place.files("t").len(), 0, "nothing was written");
    let keys = |arguments: &[&str]| Z4jctl::new().args(["signing-key"]).args(arguments).run();
    let in_argv = keys(&["show", "PRIVATE+KEY+x+c74f20a3+AYEKFALVFGyN"]).expect_code(6);
    assert!(!in_argv.stderr.contains("AYEKFALVFGyN"), "{in_argv}");
    keys(&["generate", "--out", &good]).expect_code(7);
    keys(&["generate", "--out", "new", "--name", "a+b"]).expect_code(2);
    keys(&["show", &junk]).expect_code(6);
    keys(&["trust", &good, "--dir", &directory]).expect_code(2);
    keys(&["trust", "ssh-rsa AAAA", "--dir", &directory]).expect_code(2);
    let verify =
        |arguments: &[&str]| target.z4jctl(&database).args(["audit", "verify"]).args(arguments).run();
    verify(&["--anchors", "/nowhere"]).expect_code(5);
    verify(&["--anchors", &directory, "--since", "2026-01-01"]).expect_code(2);
    verify(&["--anchors", &directory, "--trust", "/nowhere"]).expect_code(2);
    verify(&["--trust", &good]).expect_code(2);

    // A log that does not verify.
    database.execute("DROP TRIGGER audit_log_boundary_f_no_update; UPDATE audit_log SET action = 'x.y' WHERE id = (SELECT max(id) FROM audit_log);");
    let output = place.anchor(target.z4jctl(&database)).expect_code(7);
    assert_eq!(output.json_error()["error"]["code"], "anchor.not-verified", "{output}");
    let report = place.anchor(target.z4jctl(&database).env("X", "1").args(["--quiet"])).code;
    assert_eq!(report, 7);
    let forced = call().args(["--to", &directory, "--key", &good, "--unverified"]).run().expect_code(0);
    assert_eq!(forced.json()["written"], true, "{forced}");
    let text = fs::read_to_string(&place.files(".checkpoint")[0]).expect("read an anchor");
    assert!(text.contains("\nz4jctl/1 unverified 1\n"), "{text}");
}

#[test]
fn anchors_go_to_git_and_to_a_command() {
    let place = Place::new();
    let mut log = Log::open(Kind::Sqlite, "1.6.9");
    log.close();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(place.anchors()).args(arguments);
        process::run(&mut command, b"", Duration::from_secs(60)).expect_code(0).stdout
    };
    git(&["init", "--quiet"]);
    git(&["config", "user.email", "ops@example.com"]);
    git(&["config", "user.name", "ops"]);
    let copy = place.directory.path().join("copy").display().to_string();
    let (arg, key, tee) = (place.arg(), place.key().display().to_string(), format!("tee '{copy}'"));
    let arguments = ["audit", "anchor", "--to", &arg, "--key", &key, "--git", "--exec", &tee];
    log.z4jctl().args(arguments).run().expect_code(0);
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert!(git(&["log", "--format=%s"]).starts_with("Anchor 1 of z4jctl.audit/"));
    let file = &place.files(".checkpoint")[0];
    assert_eq!(fs::read(&copy).expect("a copy"), fs::read(file).expect("an anchor"));
    // Nothing new: nothing is written, nothing is run.
    fs::remove_file(&copy).expect("remove the copy");
    log.z4jctl().args(arguments).run().expect_code(0);
    assert!(!Path::new(&copy).exists());
    grow(&mut log);
    let arguments = ["audit", "anchor", "--to", &arg, "--key", &key, "--exec", "false"];
    log.z4jctl().args(arguments).run().expect_code(5);
    assert_eq!(place.files(".checkpoint").len(), 2, "the anchor itself was written");
}
