//! Where a log begins and ends: cut tails, cut beginnings, records of where retention stopped, known heads.

use serde_json::json;

use super::log::{Kind, Log, Report, made_up_mac, text};
use super::sign::{self, dashed, name_row, sign_state};
use super::{POSTGRES, SQLITE, at, attack, run, tampered};

const LONG_AGO: &str = "2020-01-01T00:00:00+00:00";

/// The head as `z4jctl audit head` prints it.
fn known_head(log: &Log) -> String {
    log.z4jctl().args(["audit", "head"]).run().expect_code(0).stdout
}

fn telling_classes(report: &Report) -> Vec<(String, Option<u64>)> {
    report.classes(&["guards-missing"])
}

#[test]
fn a_cut_tail_is_seen_from_1_8_on() {
    let attacks = [
        attack("cut three", Log::is_active, |log| {
            let end = log.rows.len();
            log.delete(end - 3..end);
            tampered(&[("tail-cut", at(end - 4))])
        }),
        attack("cut three and edit what is newest then", Log::is_active, |log| {
            let end = log.rows.len();
            log.delete(end - 3..end);
            log.set(end - 4, "user_agent", Some("curl"));
            tampered(&[("edited", at(end - 4)), ("tail-cut", at(end - 4))])
        }),
        attack("cut three and put a forged one there", Log::is_active, |log| {
            let end = log.rows.len();
            log.delete(end - 2..end);
            log.set(end - 3, "row_hmac", Some(&made_up_mac(1)));
            log.set(end - 3, "id", Some(&super::log::new_id(1)));
            tampered(&[("edited", at(end - 3)), ("tail-cut", at(end - 3))])
        }),
        attack("cut everything", Log::is_active, |log| {
            log.delete(log.live..log.rows.len());
            super::whole_log("tail-cut")
        }),
    ];
    run(&attacks, Kind::Sqlite, &SQLITE);
    run(&attacks[..2], Kind::Postgres, &POSTGRES);
}

#[test]
fn the_number_of_missing_rows_is_exact_from_1_8_on() {
    for name in ["1.8.0", "1.9.1", "1.11.0", "1.13.0", "1.13.0-pruned"] {
        for (what, from, to) in [("prefix-cut", 0, 4), ("removed", 10, 15), ("tail-cut", 25, usize::MAX)] {
            let mut log = Log::open(Kind::Sqlite, name);
            let to = to.min(log.rows.len());
            log.delete(from..to);
            log.close();
            let report = log.verify(&[]);
            assert_eq!(report.exit(), 1);
            assert_eq!(report.finding(what)["missing_rows"], to - from, "{name}: {}", report.summary());
            assert_eq!(report.findings().len(), 1, "{name}: {}", report.summary());
        }
    }
}

#[test]
fn a_cut_tail_before_1_8_is_seen_with_a_known_head_only() {
    for name in ["1.0.19", "1.2.1", "1.3.4", "1.5.1", "1.6.9", "1.7.0"] {
        let mut log = Log::open(Kind::Sqlite, name);
        let head = known_head(&log);
        let end = log.rows.len();
        log.delete(end - 3..end);
        log.close();
        let without = log.verify(&[]);
        assert_eq!(without.exit(), 0, "{name}: {}", without.summary());
        let notes = without.json["notes"].to_string();
        assert!(notes.contains("--known-head or --anchors can tell"), "{name}: {notes}");
        let open = json!(["tail-cut", "rolled-back", "re-signed"]);
        assert_eq!(without.json["not_excluded"], open, "{name}");
        let with = log.verify(&["--known-head", &head]);
        assert_eq!((with.exit(), telling_classes(&with)), (1, vec![("tail-cut".into(), None)]), "{name}");
        assert_eq!(with.json["known_head"]["verdict"], "UNPROVABLE");
    }
}

#[test]
fn a_known_head_of_an_untouched_log_holds() {
    for name in ["1.0.19", "1.3.4", "1.6.9", "1.7.0", "1.8.0", "1.13.0"] {
        let log = Log::open(Kind::Sqlite, name);
        let head = known_head(&log);
        let mut log = log;
        log.close();
        let report = log.verify(&["--known-head", &head]);
        assert_eq!(report.exit(), 0, "{name}: {}", report.summary());
        assert_eq!(report.json["known_head"]["verdict"], "CURRENT_MATCH", "{name}");
    }
}

/// An older copy of the whole log verifies: only a head that was kept elsewhere tells.
#[test]
fn a_rollback_is_seen_with_a_known_head_only() {
    for (kind, name) in [
        (Kind::Sqlite, "1.8.0"),
        (Kind::Sqlite, "1.9.1"),
        (Kind::Sqlite, "1.11.0"),
        (Kind::Sqlite, "1.13.0"),
        (Kind::Sqlite, "1.13.0-upgraded-from-1.6.9"),
        (Kind::Postgres, "1.13.0"),
    ] {
        let mut log = Log::open(kind, name);
        let head = known_head(&log);
        let end = log.rows.len();
        let older = sign::state_of(&log.state(), &log.rows[log.live..end - 2], log.key());
        log.replace_state(&older);
        log.delete(end - 2..end);
        log.close();
        let without = log.verify(&[]);
        assert_eq!(without.exit(), 0, "{name}: {}", without.summary());
        assert!(without.json["notes"].to_string().contains("rolled back as a whole"), "{name}");
        assert_eq!(without.json["not_excluded"], json!(["rolled-back", "re-signed"]), "{name}");
        let with = log.verify(&["--known-head", &head]);
        assert_eq!(with.json["not_excluded"], json!(["re-signed"]), "{name}");
        assert_eq!((with.exit(), telling_classes(&with)), (1, vec![("tail-cut".into(), None)]), "{name}");
    }
}

#[test]
fn a_cut_beginning_is_seen_from_1_8_on() {
    let cut = |log: &Log| {
        log.delete(log.live..log.live + 2);
        tampered(&[("prefix-cut", at(log.live))])
    };
    let attacks = [
        attack("cut the beginning", Log::is_active, cut),
        attack("cut the beginning and edit what is oldest then", Log::is_active, |log| {
            log.delete(log.live..log.live + 2);
            log.set(log.live + 2, "user_agent", Some("curl"));
            super::Expected { exit: 1, findings: vec![("edited", Some(at(log.live))), ("removed", None)] }
        }),
    ];
    run(&attacks, Kind::Sqlite, &SQLITE);
    run(&attacks[..1], Kind::Sqlite, &["1.13.0-pruned"]);
    run(&attacks[..1], Kind::Postgres, &POSTGRES);
}

/// 1.3 to 1.6 remove old rows without a record, so a beginning that is missing may be innocent, unless the brain is too
/// young for it; 1.0 to 1.2 remove nothing.
#[test]
fn a_cut_beginning_before_1_8_is_judged_by_what_retention_can_do() {
    for name in ["1.0.19", "1.2.1", "1.3.4", "1.5.1", "1.6.9", "1.7.0"] {
        let mut log = Log::open(Kind::Sqlite, name);
        log.delete(0..2);
        log.set_installed_at(LONG_AGO);
        log.close();
        let old = log.verify(&[]);
        let expected = if log.is_early() { 1 } else { 3 };
        assert_eq!(
            (old.exit(), telling_classes(&old)),
            (expected, vec![("prefix-cut".into(), Some(1))]),
            "{name}"
        );
        let accepted = log.verify(&["--accept-retention"]);
        assert_eq!(accepted.exit(), i32::from(log.is_early()), "{name}");
        // Whoever sets the clock of the installation forward accuses himself.
        log.set_installed_at("2999-01-01T00:00:00+00:00");
        for arguments in [&[][..], &["--accept-retention"]] {
            let young = log.verify(arguments);
            assert_eq!(
                (young.exit(), telling_classes(&young)),
                (1, vec![("prefix-cut".into(), Some(1))]),
                "{name}"
            );
        }
    }
}

/// 1.7.0 writes down where retention stopped, and does not sign it.
#[test]
fn the_watermark_of_1_7_must_fit_and_its_mac_must_hold() {
    for name in ["1.7.0-pruned", "1.13.0-parked-at-prepare"] {
        let set = |log: &Log, value: &str| {
            log.run(&format!("UPDATE z4j_meta SET value = '{value}' WHERE key = 'audit_prune_watermark'"));
        };
        let first = |log: &Log| text(&log.rows[0], "prev_row_hmac");
        let mut log = Log::open(Kind::Sqlite, name);
        log.close();
        let boundary = first(&log);
        let signed = sign::mac(&log.secrets["Z4J_SECRET"], b"audit_prune_watermark|", boundary.as_bytes());
        for (value, exit, class) in [
            (boundary.clone(), 0, None),
            (format!("{boundary}:{signed}"), 0, None),
            (made_up_mac(1), 1, Some(("pruned-boundary-invalid", Some(1)))),
            (format!("{boundary}:{}", made_up_mac(1)), 1, Some(("pruned-boundary-invalid", None))),
            (format!("{boundary}:"), 1, Some(("pruned-boundary-invalid", None))),
            ("nonsense".to_owned(), 1, Some(("pruned-boundary-invalid", None))),
        ] {
            set(&log, &value);
            let report = log.verify(&["--accept-retention"]);
            let expected: Vec<_> = class.iter().map(|(class, row)| ((*class).to_owned(), *row)).collect();
            assert_eq!((report.exit(), report.classes(&["prefix-cut"])), (exit, expected), "{name}: {value}");
        }
        // A record that is gone: then it is a beginning without explanation.
        log.run("DELETE FROM z4j_meta WHERE key = 'audit_prune_watermark'");
        log.set_installed_at(LONG_AGO);
        let report = log.verify(&[]);
        assert_eq!(
            (report.exit(), telling_classes(&report)),
            (3, vec![("prefix-cut".into(), Some(1))]),
            "{name}"
        );

        // Rows behind the record are missing.
        let mut log = Log::open(Kind::Sqlite, name);
        log.delete(0..3);
        log.close();
        let report = log.verify(&[]);
        let expected = vec![("pruned-boundary-invalid".to_owned(), Some(1))];
        assert_eq!((report.exit(), telling_classes(&report)), (1, expected), "{name}");
    }
}

/// A watermark makes a cut beginning look like retention only where the release writes watermarks.
#[test]
fn a_watermark_that_the_release_never_writes_proves_nothing() {
    for name in ["1.2.1", "1.3.4", "1.5.1", "1.6.9"] {
        let mut log = Log::open(Kind::Sqlite, name);
        log.delete(0..2);
        let boundary = text(&log.rows[2], "prev_row_hmac");
        log.run(&format!(
            "INSERT INTO z4j_meta (key, value, id) VALUES ('audit_prune_watermark', '{boundary}', '{}')",
            super::log::new_id(1)
        ));
        log.set_installed_at(LONG_AGO);
        log.close();
        let report = log.verify(&["--accept-retention"]);
        assert_eq!(report.exit(), 1, "{name}: {}", report.summary());
        report.finding("pruned-boundary-invalid");
    }
}

/// Only whoever has the key can make a state that contradicts the log; then the log is what is judged.
#[test]
fn a_signed_boundary_that_does_not_fit_is_seen() {
    for (name, class) in [("1.13.0", "pruned-boundary-invalid"), ("1.13.0-pruned", "prefix-cut")] {
        let mut log = Log::open(Kind::Sqlite, name);
        let mut state = log.state();
        name_row(&mut state, "prune", Some(&log.rows[5]));
        sign_state(&mut state, log.key());
        log.replace_state(&state);
        log.close();
        let report = log.verify(&[]);
        assert_eq!((report.exit(), telling_classes(&report)), (1, vec![(class.into(), Some(1))]), "{name}");
    }
}

#[test]
fn an_emptied_log_before_1_8_cannot_be_told_from_a_new_one() {
    for name in ["1.2.1", "1.3.4", "1.6.9", "1.7.0"] {
        let mut log = Log::open(Kind::Sqlite, name);
        let head = known_head(&log);
        log.run("DELETE FROM audit_log");
        log.close();
        let report = log.verify(&[]);
        assert_eq!((report.exit(), telling_classes(&report)), (3, vec![("tail-cut".into(), None)]), "{name}");
        let report = log.verify(&["--known-head", &head]);
        assert_eq!(report.exit(), 1, "{name}: {}", report.summary());
        report.finding("tail-cut");
    }
}

/// A known head of another brain, or one that was pruned away, proves nothing and is no proof of a cut tail.
#[test]
fn a_known_head_that_is_not_in_the_log_is_unprovable() {
    let log = Log::open(Kind::Sqlite, "1.6.9");
    let row = &log.rows[3];
    let mut log_after = Log::open(Kind::Sqlite, "1.6.9");
    log_after.close();
    let ancestor = format!(r#"{{"row_hmac": "{}"}}"#, text(row, "row_hmac"));
    let report = log_after.verify(&["--known-head", &ancestor]);
    assert_eq!((report.exit(), &report.json["known_head"]["verdict"]), (0, &"VERIFIED_ANCESTOR".into()));
    let stranger = format!(
        r#"{{"row_hmac": "{}", "id": "{}", "occurred_at": "2020-01-01T00:00:00.000000Z"}}"#,
        made_up_mac(1),
        dashed(&text(row, "id"))
    );
    let report = log_after.verify(&["--known-head", &stranger]);
    assert_eq!((report.exit(), &report.json["known_head"]["verdict"]), (1, &"UNPROVABLE".into()));
    assert!(report.findings().is_empty(), "{}", report.summary());
}
