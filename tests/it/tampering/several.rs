//! Several changes in one log: each is named, and bounded by the intact rows around it.

use super::log::{Kind, Log, Row, a_moment_after, made_up_mac, new_id, text};
use super::sign::dashed;

/// A copy of the row at an index, a moment later, that nobody signed.
fn forged(log: &Log, index: usize) -> Row {
    let mut row = log.row(index);
    row.insert("id".into(), Some(new_id(1)));
    row.insert("occurred_at".into(), Some(a_moment_after(&text(&row, "occurred_at"))));
    row.insert("row_hmac".into(), Some(made_up_mac(1)));
    row.insert("prev_row_hmac".into(), Some(text(&log.rows[index], "row_hmac")));
    row
}

#[test]
fn an_edit_a_removal_and_an_insertion_are_each_named_and_bounded() {
    for (kind, name) in [
        (Kind::Sqlite, "1.0.19"),
        (Kind::Sqlite, "1.2.1"),
        (Kind::Sqlite, "1.3.4"),
        (Kind::Sqlite, "1.6.9"),
        (Kind::Sqlite, "1.7.0"),
        (Kind::Sqlite, "1.8.0"),
        (Kind::Sqlite, "1.9.1"),
        (Kind::Sqlite, "1.11.0"),
        (Kind::Sqlite, "1.13.0"),
        (Kind::Postgres, "1.6.9"),
        (Kind::Postgres, "1.13.0"),
    ] {
        let mut log = Log::open(kind, name);
        log.set(4, "user_agent", Some("curl"));
        log.delete(10..12);
        log.insert(&forged(&log, 19));
        log.close();
        let report = log.verify(&[]);
        let expected = vec![
            ("edited".to_owned(), Some(5)),
            ("inserted".to_owned(), Some(19)),
            ("removed".to_owned(), Some(11)),
        ];
        assert_eq!(
            (report.exit(), report.classes(&["guards-missing"])),
            (1, expected),
            "{}",
            report.summary()
        );
        let id = |index: usize| dashed(&log.id(index));
        let bounds = |class: &str| {
            let finding = report.finding(class);
            let side = |side: &str| {
                (finding[side]["row"].as_u64(), finding[side]["audit_id"].as_str().map(str::to_owned))
            };
            (side("after"), side("before"))
        };
        assert_eq!(bounds("edited"), ((Some(4), Some(id(3))), (Some(6), Some(id(5)))), "{name}");
        assert_eq!(bounds("inserted"), ((Some(18), Some(id(19))), (Some(20), Some(id(20)))), "{name}");
        // The gap is before the intact row that names a missing predecessor.
        assert_eq!(bounds("removed").0, (Some(10), Some(id(9))), "{name}");
        assert_eq!(report.finding("removed")["audit_id"], id(12), "{name}");
        if log.is_active() {
            assert_eq!(report.finding("removed")["missing_rows"], 2, "{name}: {}", report.summary());
        }
        let rows = &report.json["rows"];
        assert_eq!(rows["total"], log.rows.len() - 1, "{name}: {rows}");
        assert_eq!(rows["verified"], log.rows.len() - 3, "{name}: {rows}");
        assert_eq!(rows["mismatched"], 2, "{name}: {rows}");
    }
}

#[test]
fn everything_at_once() {
    for name in ["1.8.0", "1.11.0", "1.13.0"] {
        let mut log = Log::open(Kind::Sqlite, name);
        let end = log.rows.len();
        log.delete(0..2);
        log.set(5, "metadata", Some("{}"));
        log.set(8, "row_hmac", Some("00"));
        log.delete(12..13);
        log.insert(&forged(&log, 16));
        log.run(&format!("UPDATE audit_log SET action = x'00' WHERE id = '{}'", log.id(20)));
        log.delete(end - 2..end);
        log.run("UPDATE audit_chain_state SET active_row_count = active_row_count");
        log.close();
        let report = log.verify(&[]);
        let expected = vec![
            ("edited".to_owned(), Some(4)),
            ("inserted".to_owned(), Some(17 - 3 + 1)),
            ("malformed".to_owned(), Some(7)),
            ("malformed".to_owned(), Some(19)),
            ("prefix-cut".to_owned(), Some(1)),
            ("removed".to_owned(), Some(11)),
            ("tail-cut".to_owned(), Some(end as u64 - 4)),
        ];
        let found = report.classes(&["guards-missing"]);
        assert_eq!((report.exit(), found), (1, expected), "{name}: {}", report.summary());
        let notes = report.json["notes"].to_string();
        assert!(notes.contains("at least 5 rows are missing"), "{name}: {notes}");
    }
}

/// Changes that hide one another: what cannot be read must not cover what was taken away.
#[test]
fn an_unreadable_row_hides_no_gap() {
    for name in ["1.8.0", "1.13.0"] {
        for gone in [9..10, 11..12, 0..1] {
            let mut log = Log::open(Kind::Sqlite, name);
            log.run(&format!("UPDATE audit_log SET action = x'00' WHERE id = '{}'", log.id(10)));
            if gone.start == 0 {
                log.run(&format!("UPDATE audit_log SET action = x'00' WHERE id = '{}'", log.id(1)));
            }
            log.delete(gone.clone());
            log.close();
            let report = log.verify(&[]);
            assert_eq!(report.exit(), 1, "{name} {gone:?}: {}", report.summary());
        }
        // A cut tail behind a row that cannot be read and that says it is newer than the head.
        let mut log = Log::open(Kind::Sqlite, name);
        let end = log.rows.len();
        log.delete(end - 3..end);
        log.run(&format!(
            "UPDATE audit_log SET action = x'00', occurred_at = '2030-01-01 00:00:00.000000' WHERE id = '{}'",
            log.id(end - 4)
        ));
        log.close();
        let report = log.verify(&[]);
        assert_eq!(report.exit(), 1, "{name}: {}", report.summary());
        report.finding("tail-cut");

        // A row that cannot be read and was never there.
        let mut log = Log::open(Kind::Sqlite, name);
        log.insert(&forged(&log, 10));
        log.run(&format!("UPDATE audit_log SET action = x'00' WHERE id = '{}'", new_id(1)));
        log.close();
        let report = log.verify(&[]);
        assert_eq!(report.exit(), 1, "{name}: {}", report.summary());
    }
}
