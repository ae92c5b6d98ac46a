//! Bad input: rows that are not there, logs that do not verify, files that are no bundles.

use std::fs;

use super::Bundles;
use crate::support::Secrets;
use crate::support::fixtures::Fixture;
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::tampering::log::{Kind, Log};

fn code(output: &Output) -> String {
    output.json_error()["error"]["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn what_cannot_be_bundled() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let bundles = Bundles::new();
    for (arguments, exit, expected) in [
        (&["99999"][..], 2, "audit.no-such-row"),
        (&["1", "00000000-0000-4000-8000-000000000000"], 2, "audit.no-such-row"),
        (&["0"], 2, "usage.value"),
        (&["one"], 2, "usage.value"),
        (&[], 2, "usage.rows"),
        (&["--since", "2100-01-01"], 2, "bundle.empty"),
        (&["--since", "2026-02-02", "--until", "2026-02-01"], 2, "usage.window"),
        (&["--action", " "], 2, "usage.value"),
        (&["1", "--redact", "row_hmac"], 2, "usage.redact"),
        (&["1", "--redact", "password"], 2, "usage.redact"),
        (&["1", "--redact", "metadata."], 2, "usage.redact"),
        (&["1", "--origin", "two words"], 2, "usage.origin"),
        (&["1", "--project", "no-such-project"], 2, ""),
    ] {
        let output = bundles.make(&database, secrets, "a.json", arguments).expect_code(exit);
        assert!(code(&output).starts_with(expected), "{arguments:?}: {output}");
        assert!(!bundles.path("a.json").exists(), "{arguments:?}");
    }
    let call = || {
        Z4jctl::new()
            .db(&database)
            .args(["audit", "bundle", "1", "-o", "json", "--out"])
            .arg(bundles.path("a.json"))
    };
    assert_eq!(code(&call().secrets(secrets).run().expect_code(2)), "usage.key");
    let no_key = call().secrets(secrets).args(["--key", "/no/such/key"]).run().expect_code(6);
    assert_eq!(code(&no_key), "signing-key.unreadable");
    let no_secret = call().env("Z4JCTL_SIGNING_KEY_FILE", bundles.key.private()).run().expect_code(6);
    assert_eq!(code(&no_secret), "secret.missing");
    call().secrets(secrets).env("Z4JCTL_SIGNING_KEY_FILE", bundles.key.private()).run().expect_code(0);
    // What is there stays.
    let again = bundles.make(&database, secrets, "a.json", &["1"]).expect_code(7);
    assert!(again.stderr.contains("--force"), "{again}");
    bundles.make(&database, secrets, "a.json", &["1", "--force"]).expect_code(0);
    bundles.make(&database, secrets, "no/such/a.json", &["1"]).expect_code(5);
    Z4jctl::new().args(["audit", "bundle", "1", "--from", "x", "--out", "y"]).run().expect_code(2);
}

#[test]
fn a_log_that_does_not_verify_is_refused() {
    for (kind, name) in [(Kind::Sqlite, "1.6.9"), (Kind::Sqlite, "1.13.0"), (Kind::Postgres, "1.13.0")] {
        let mut log = Log::open(kind, name);
        let middle = log.middle();
        log.set(middle, "action", Some("something.else"));
        log.close();
        let bundles = Bundles::new();
        let row = (middle + 1).to_string();
        let make = |file: &str, rows: &[&str]| bundles.make(&log, &log.secrets, file, rows);
        // Whichever row is asked for: what the log is worth, the row is worth.
        for rows in [&["1"][..], &[&row]] {
            assert_eq!(code(&make("a.json", rows).expect_code(7)), "bundle.not-verified", "{name}");
        }
        make("a.json", &["1", &row, "--unverified"]).expect_code(0);
        let judged = bundles.verify("a.json", &[]).expect_code(3).json();
        assert_eq!(judged["statement"]["unverified"], 1, "{name}: {judged}");
        let verdicts = [&judged["rows"][0]["verdict"], &judged["rows"][1]["verdict"]];
        assert_eq!(verdicts, ["verified", "mismatched"], "{name}: {judged}");
        bundles.verify_independently("a.json").expect_code(0);
    }
    // A row that nobody can read is in no bundle, whatever is said.
    let mut log = Log::open(Kind::Sqlite, "1.7.0");
    log.run("UPDATE audit_log SET metadata = '{' WHERE rowid IN (SELECT rowid FROM audit_log ORDER BY occurred_at, id LIMIT 1)");
    log.close();
    let bundles = Bundles::new();
    let output = bundles.make(&log, &log.secrets, "a.json", &["1", "--unverified"]).expect_code(7);
    assert_eq!(code(&output), "bundle.row-unreadable");
    bundles.make(&log, &log.secrets, "a.json", &["2", "--unverified"]).expect_code(0);
    // Under a key that is not the one.
    let mut wrong = Secrets::new();
    wrong.insert("Z4J_SECRET".into(), "x".repeat(64));
    assert_eq!(bundles.make(&log, &wrong, "b.json", &["2"]).code, 7);
}

#[test]
fn files_that_are_no_bundles() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let bundles = Bundles::new();
    bundles.make(&database, secrets, "a.json", &["1", "2"]).expect_code(0);
    let text = bundles.text("a.json");
    let judged = |text: &[u8]| {
        fs::write(bundles.path("bad.json"), text).expect("write a file");
        bundles.verify("bad.json", &[])
    };
    for length in [0, 1, 30, text.len() / 2, text.len() - 3] {
        let output = judged(&text.as_bytes()[..length]).expect_code(5);
        assert_eq!(code(&output), "bundle.unreadable", "{length}: {output}");
    }
    let twice = text.replacen("\"schema\"", "\"schema\": \"z4jctl.audit.bundle/1\",\n  \"schema\"", 1);
    let more = text.replacen("\"schema\"", "\"remark\": \"all is well\",\n  \"schema\"", 1);
    let behind = format!("{text}{text}");
    let other = text.replacen("z4jctl.audit.bundle/1", "something/1", 1);
    for bad in ["{}", "[]", "null", "\u{feff}", &twice, &more, &behind, &other] {
        let output = judged(bad.as_bytes()).expect_code(5);
        assert_eq!(code(&output), "bundle.unreadable", "{output}");
    }
    judged(b"\xff\xfe").expect_code(5);
    let later = judged(text.replacen("z4jctl.audit.bundle/1", "z4jctl.audit.bundle/2", 1).as_bytes());
    assert_eq!(code(&later.expect_code(7)), "bundle.version");
    bundles.verify("absent.json", &[]).expect_code(5);
    bundles.verify(".", &[]).expect_code(5);
    // Nobody is trusted unless somebody says whom.
    let unknown = bundles.verify_as("a.json", &[], &[]).expect_code(3).json();
    assert_eq!(unknown["signature"], "not-trusted", "{unknown}");
    bundles.verify_as("a.json", &["--trust".into(), "/no/such/file".into()], &[]).expect_code(2);
    bundles.verify_as("a.json", &["--trust".into(), bundles.key.private().into()], &[]).expect_code(2);
    for format in ["human", "plain", "jsonl"] {
        let call = Z4jctl::new().args(["audit", "verify-bundle", "-o", format]).arg(bundles.path("a.json"));
        let output = call.arg("--trust").arg(bundles.key.public()).run().expect_code(0);
        assert!(!output.stdout.is_empty(), "{output}");
    }
}
