//! What is honest raises no alarm: retention, an upgrade, an independent reader.

use std::fs;
use std::process::Command;
use std::time::Duration;

use super::{Place, SSH_KEY, SSH_PUBLIC, grow, put_signed, time_of, verdict};
use crate::support::brain::Brain;
use crate::support::fixtures::Fixture;
use crate::support::z4jctl::Z4jctl;
use crate::support::{process, repository, wait_for};
use crate::tampering::log::{Kind, Log, text};

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
        if !ssh {
            opens_elsewhere(
                &fs::read(&place.files(".checkpoint")[0]).expect("read a checkpoint"),
                public.trim(),
            );
        }
        let origin = report["origin"].as_str().expect("an origin");
        assert_eq!(output.stdout, format!("{origin} {}\n", log.rows.len()));
        let report = place.verify(&log);
        assert_eq!(report.exit(), 0, "{name}: {}", report.summary());
        verdict(&report, "consistent");
    }
}

/// The note is one for an implementation that is not ours, and none of its bytes can change.
fn opens_elsewhere(checkpoint: &[u8], verifier_key: &str) {
    let verifier = signed_note::StandardVerifier::new(verifier_key).expect("a verifier key");
    let known = signed_note::VerifierList::new(vec![Box::new(verifier)]);
    let opens = |bytes: &[u8]| {
        signed_note::Note::from_bytes(bytes).is_ok_and(|note| {
            note.verify(&known).is_ok_and(|(verified, unknown)| verified.len() == 1 && unknown.is_empty())
        })
    };
    assert!(opens(checkpoint));
    for at in 0..checkpoint.len() {
        let mut changed = checkpoint.to_vec();
        changed[at] ^= 1;
        assert!(!opens(&changed), "byte {at}");
    }
}

/// An upgrade to 1.8 freezes the rows and begins another chain: the anchors go on over both.
#[test]
fn anchors_outlive_the_upgrade() {
    let fixture = Fixture::by_name("1.6.9");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let place = Place::new();
    let call = || Z4jctl::new().db(&database).secrets(secrets);
    let before = place.anchor(call(), &[]).expect_code(0).json();
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
    let after = place.anchor(call(), &[]).expect_code(0).json();
    assert_eq!((&after["sequence"], &after["origin"]), (&2.into(), &before["origin"]), "{after}");
    let report = call().args(verify).run().expect_code(0).json();
    assert_eq!(report["anchors"]["rows_matched"], after["size"], "{report}");
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
    place.anchor(log.z4jctl(), &[]).expect_code(3);
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
