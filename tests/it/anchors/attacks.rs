//! What is done to a log is named by its anchors, also when it is done by somebody who has the secret.

use super::{LOGS, Place, cut, grow, rewrite, sign_again, verdict};
use crate::tampering::log::{Kind, Log, Row, a_moment_after, made_up_mac, new_id, text};

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
        let refused = place.anchor(log.z4jctl(), &[]).expect_code(1).json();
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
        let attacks: [Attack<'_>; 5] = [
            ("edited", "consistent", &|log| log.set(middle, "user_agent", Some("curl"))),
            ("edited", "edited", &|log| log.set(middle, "row_hmac", Some(&made_up_mac(1)))),
            ("removed", "removed", &|log| log.delete(middle..middle + 2)),
            ("reordered", "reordered", &|log| {
                let time = a_moment_after(&text(&log.row(middle + 1), "occurred_at"));
                log.set(middle - 1, "occurred_at", Some(&time));
            }),
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

/// What is done with the stolen secret to the rows from the middle on; what the anchors say.
type Rewriting<'a> = (&'a str, &'a str, &'a dyn Fn(&mut Vec<Row>));

/// The rows behind a change are signed again, so that the log verifies by itself.
#[test]
fn rows_that_come_go_or_move_under_the_stolen_secret_are_named() {
    let swap_times = |rows: &mut Vec<Row>| {
        let time = |at: usize| rows[at]["occurred_at"].clone();
        let (one, other) = (time(0), time(1));
        rows[0].insert("occurred_at".into(), other);
        rows[1].insert("occurred_at".into(), one);
        rows.swap(0, 1);
    };
    let insert = |rows: &mut Vec<Row>| {
        let mut row = rows[0].clone();
        row.insert("id".into(), Some(new_id(1)));
        row.insert("occurred_at".into(), Some(a_moment_after(&text(&row, "occurred_at"))));
        rows.insert(1, row);
    };
    let rewritings: [Rewriting<'_>; 4] = [
        ("insert", "forked", &insert),
        ("reorder", "re-signed", &swap_times),
        ("delete", "re-signed", &|rows| drop(rows.remove(0))),
        ("delete all behind", "rolled-back", &Vec::clear),
    ];
    for (kind, name) in LOGS {
        for (what, said, change) in rewritings {
            let mut log = Log::open(kind, name);
            log.close();
            let place = Place::new();
            place.anchored(&log);
            let from = log.middle();
            let mut rows = log.rows[from..].to_vec();
            change(&mut rows);
            rewrite(&mut log, from, rows);
            let blind = log.verify(&[]);
            assert_eq!(
                blind.exit(),
                0,
                "{name} {what}: nothing in the database tells it: {}",
                blind.summary()
            );
            let report = place.verify(&log);
            assert_eq!(report.exit(), 1, "{name} {what}: {}", report.summary());
            // Without a signed state nothing tells an older copy from a cut.
            let said = if said == "rolled-back" && !log.is_active() { "tail-cut" } else { said };
            verdict(&report, said);
            let finding = report.finding(said);
            if what == "insert" {
                assert_eq!(finding["row"], from as u64 + 2, "{name} {what}: {finding}");
            } else if !what.contains("behind") {
                assert_eq!(finding["row"], from as u64 + 1, "{name} {what}: {finding}");
            }
            assert_eq!(place.anchor(log.z4jctl(), &[]).code, 1, "{name} {what}: no anchor is put over it");
        }
    }
}

/// The database of another brain of the same release, in the place of the one that was anchored.
#[test]
fn the_database_of_another_brain_is_told() {
    let place = Place::new();
    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.close();
    place.anchored(&log);
    let mut other = Log::open(Kind::Postgres, "1.13.0");
    other.close();
    assert_eq!(other.verify(&[]).exit(), 0);
    let report = place.verify(&other);
    assert_eq!(report.exit(), 1, "{}", report.summary());
    verdict(&report, "forked");
    assert_eq!(report.finding("forked")["row"], 1, "{}", report.summary());
    assert_eq!(place.anchor(other.z4jctl(), &[]).code, 1);
    assert_eq!(place.files(".checkpoint").len(), 1);
}
