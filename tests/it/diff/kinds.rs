//! Every kind of difference, on both databases, against every form of a copy.

use serde_json::Value;

use super::{Copy, Form, diff, expect, found, pair};
use crate::export::Exports;
use crate::tampering::log::{Kind, Log, a_moment_after, made_up_mac, new_id, text};
use crate::tampering::sign::{dashed, sign_row};

/// Logs of every family with the forms of their copies.
const PAIRS: [(Kind, &str, Form); 14] = [
    (Kind::Sqlite, "1.0.19", Form::File),
    (Kind::Sqlite, "1.2.1", Form::Csv),
    (Kind::Sqlite, "1.3.4", Form::JsonlZstd),
    (Kind::Sqlite, "1.6.9", Form::File),
    (Kind::Sqlite, "1.7.0", Form::Csv),
    (Kind::Sqlite, "1.8.0", Form::File),
    (Kind::Sqlite, "1.11.0", Form::JsonlZstd),
    (Kind::Sqlite, "1.13.0", Form::File),
    (Kind::Sqlite, "1.13.0-upgraded-from-1.6.9", Form::File),
    (Kind::Sqlite, "1.13.0-pruned", Form::Parquet),
    (Kind::Postgres, "1.6.9", Form::Url),
    (Kind::Postgres, "1.11.0", Form::Csv),
    (Kind::Postgres, "1.13.0", Form::Url),
    (Kind::Postgres, "1.13.0", Form::JsonlZstd),
];

/// A finding of one kind.
#[track_caller]
fn one<'r>(report: &'r Value, kind: &str) -> &'r Value {
    let all = report["findings"].as_array().expect("a list");
    all.iter().find(|finding| finding["kind"] == kind).unwrap_or_else(|| panic!("no {kind}: {report:#}"))
}

#[test]
fn a_copy_of_the_log_as_it_is_does_not_differ() {
    for (kind, name, form) in PAIRS {
        let (log, copy) = pair(kind, name, form);
        let (code, report) = diff(&log, &copy.name(), &[]);
        assert_eq!(code, 0, "{name} {form:?}: {report:#}");
        assert_eq!(report["relation"], "same-head");
        assert_eq!(report["counts"]["identical"], log.rows.len(), "{name} {form:?}");
        for list in ["findings", "records", "key_ids", "not_compared"] {
            assert_eq!(report[list].as_array().map(Vec::len), Some(0), "{name} {form:?} {list}: {report:#}");
        }
    }
}

#[test]
fn every_kind_is_listed_with_its_fields_and_its_judgement() {
    for (kind, name, form) in PAIRS {
        let (log, copy) = pair(kind, name, form);
        let live = log.live;
        if log.rows.len() < live + 24 {
            // Hardly a row was written since the upgrade; the random edits have this one.
            continue;
        }
        let mut expected = Vec::new();
        // Without the secret: a value, the HMAC itself, the time, the id.
        log.set(live + 2, "user_agent", Some("curl"));
        expected.push(expect("changed", &log.id(live + 2), &["user_agent"]));
        log.set(live + 4, "row_hmac", Some(&made_up_mac(1)));
        expected.push(expect("changed", &log.id(live + 4), &["row_hmac"]));
        let time = text(&log.rows[live + 12], "occurred_at");
        log.set(live + 6, "occurred_at", Some(&a_moment_after(&time)));
        expected.push(expect("moved", &log.id(live + 6), &["occurred_at"]));
        let id = new_id(7);
        log.set(live + 8, "id", Some(&id));
        expected.push(expect("changed", &id, &["id"]));
        log.delete(live + 14..live + 16);
        expected.extend([live + 14, live + 15].map(|index| expect("removed", &log.id(index), &[])));
        let mut inserted = log.row(live + 18);
        inserted.insert("id".into(), Some(new_id(1)));
        inserted
            .insert("occurred_at".into(), Some(a_moment_after(&text(&log.rows[live + 18], "occurred_at"))));
        log.insert(&inserted);
        expected.push(expect("inserted", &new_id(1), &[]));
        // With it.
        let mut signed = log.row(live + 20);
        signed.insert("user_agent".into(), Some("wget".into()));
        sign_row(&mut signed, log.key());
        log.set(live + 20, "user_agent", Some("wget"));
        log.set(live + 20, "row_hmac", signed["row_hmac"].as_deref());
        expected.push(expect("changed", &log.id(live + 20), &["row_hmac", "user_agent"]));

        let (code, report) = diff(&log, &copy.name(), &[]);
        let mut all = found(&report);
        all.sort();
        expected.sort();
        assert_eq!((code, all), (1, expected), "{kind:?} {name} {form:?}: {report:#}");
        assert_eq!(report["counts"]["identical"], log.rows.len() - 7, "{name} {form:?}");
        let changed = one(&report, "changed");
        assert_eq!(changed["fields"][0]["new"], "curl", "{changed:#}");
        assert_eq!(changed["judgement"], "edited", "{name}: {changed:#}");
        assert_eq!(changed["row"], changed["copy_row"]);
        let moved = one(&report, "moved");
        assert_eq!(moved["copy_row"], live + 7, "{moved:#}");
        assert_ne!(moved["row"], moved["copy_row"]);
        assert_eq!(one(&report, "removed")["judgement"], "genuine");
        assert_eq!(one(&report, "removed")["columns"]["row_hmac"], text(&log.rows[live + 14], "row_hmac"));
        assert_eq!(one(&report, "inserted")["judgement"], "forged", "{name}");
        let signed = report["findings"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|found| found["judgement"] == "re-signed");
        assert_eq!(signed.expect("a row that was signed again")["audit_id"], dashed(&log.id(live + 20)));

        // Without keys the same is found, and not judged.
        let output = crate::support::z4jctl::Z4jctl::new()
            .db(&log)
            .args(["audit", "diff", "-o", "json", "--against", &copy.name()])
            .run()
            .expect_code(1);
        let keyless = output.json();
        assert_eq!(found(&keyless), found(&report), "{name}");
        assert_eq!(keyless["judged"], false);
        let judgements = keyless["findings"].as_array().expect("a list").iter();
        assert!(judgements.clone().all(|found| found["judgement"] == "not-judged"), "{keyless:#}");

        // Some are listed, all are counted; every form of output has them.
        let (_, few) = diff(&log, &copy.name(), &["--max-findings", "2"]);
        assert_eq!(few["findings"].as_array().map(Vec::len), Some(2));
        assert_eq!(few["findings_not_listed"], 6);
        assert_eq!(few["finding_counts"], report["finding_counts"]);
        assert_eq!(few["findings"][0], report["findings"][0]);
        for form in ["human", "jsonl", "plain"] {
            let output = log.z4jctl().args(["audit", "diff", "-o", form, "--against", &copy.name()]).run();
            assert!(output.expect_code(1).stdout.contains("curl") || form == "plain");
        }
    }
}

/// The time of the last row of a window that ends in the middle of a log.
fn cut(log: &Log) -> String {
    text(&log.rows[log.middle()], "occurred_at")
}

#[test]
fn the_older_one_is_found_out_by_the_rows() {
    for (kind, name) in [(Kind::Sqlite, "1.6.9"), (Kind::Sqlite, "1.13.0"), (Kind::Postgres, "1.13.0")] {
        let log = Log::open(kind, name);
        let exports = Exports::new();
        exports.export(&log, "older.csv", &["--to", &cut(&log)]).expect_code(0);
        let (code, report) = diff(&log, &exports.path("older.csv").display().to_string(), &[]);
        assert_eq!(code, 0, "{report:#}");
        assert_eq!(report["relation"], "log-newer");
        assert_eq!(report["counts"]["identical"], log.middle());
        assert_eq!(report["counts"]["appended"], log.rows.len() - log.middle());

        // The end was cut, or all was rolled back: the copy is the newer one.
        let whole = Copy::of(&log, Form::Csv);
        log.delete(log.middle()..log.rows.len());
        let (code, report) = diff(&log, &whole.name(), &[]);
        assert_eq!(code, 1);
        assert_eq!(report["relation"], "copy-newer");
        assert_eq!(report["finding_counts"]["tail-cut"], log.rows.len() - log.middle());
        assert!(report["notes"][0].as_str().is_some_and(|note| note.contains("rolled back")), "{report:#}");
    }
}

#[test]
fn the_chain_state_is_compared_too() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for form in [if kind == Kind::Sqlite { Form::File } else { Form::Url }, Form::Csv] {
            let (log, copy) = pair(kind, "1.13.0", form);
            log.set_state("frozen_row_count", Some("7"));
            let (code, report) = diff(&log, &copy.name(), &[]);
            assert_eq!(code, 1);
            assert_eq!(report["findings"].as_array().map(Vec::len), Some(0));
            let record = &report["records"][0];
            assert_eq!(record["name"], "audit_chain_state.frozen_row_count");
            assert_eq!((&record["old"], &record["new"]), (&"0".into(), &"7".into()));
            assert_eq!(record["expected"], false);
        }
    }
}

#[test]
fn an_export_of_some_rows_is_compared_with_those() {
    for (kind, name) in [(Kind::Sqlite, "1.13.0"), (Kind::Postgres, "1.6.9")] {
        let log = Log::open(kind, name);
        let exports = Exports::new();
        exports.export(&log, "some.csv", &["--action", "auth.*"]).expect_code(0);
        let copy = exports.path("some.csv").display().to_string();
        let is_login = |row: &&crate::tampering::log::Row| text(row, "action").starts_with("auth.");
        let some = log.rows.iter().filter(is_login).count();
        let (code, report) = diff(&log, &copy, &[]);
        assert_eq!(code, 0, "{report:#}");
        assert_eq!(report["counts"]["identical"], some);
        assert_eq!(report["counts"]["outside_scope"], log.rows.len() - some);
        assert_eq!(report["scope"]["actions"][0], "auth.*");
        let index = |wanted: bool| {
            let mut rows = log.rows.iter().enumerate().skip(log.live + 1);
            rows.find(|(_, row)| is_login(row) == wanted).map(|(index, _)| index).expect("a row")
        };
        // A row outside is nobody's business; one that the filter would no longer find is.
        log.set(index(false), "user_agent", Some("curl"));
        let (code, _) = diff(&log, &copy, &[]);
        assert_eq!(code, 0);
        let hidden = index(true);
        log.set(hidden, "action", Some("other.thing"));
        let (code, report) = diff(&log, &copy, &[]);
        assert_eq!((code, found(&report)), (1, vec![expect("changed", &log.id(hidden), &["action"])]));
    }
}

#[test]
fn what_cannot_be_read_is_shown_as_it_is() {
    let (log, copy) = pair(Kind::Sqlite, "1.13.0", Form::File);
    let (broken, timeless, nameless) = (log.middle(), log.middle() + 2, log.middle() + 4);
    log.run(&format!("UPDATE audit_log SET metadata = '{{\"a' WHERE id = '{}'", log.id(broken)));
    log.run(&format!("UPDATE audit_log SET occurred_at = 'never' WHERE id = '{}'", log.id(timeless)));
    log.run(&format!("UPDATE audit_log SET id = x'00ff' WHERE id = '{}'", log.id(nameless)));
    let (code, report) = diff(&log, &copy.name(), &[]);
    assert_eq!(code, 1);
    let all = found(&report);
    assert!(all.contains(&expect("changed", &log.id(broken), &["metadata"])), "{all:?}");
    assert!(all.contains(&expect("moved", &log.id(timeless), &["occurred_at"])), "{all:?}");
    assert!(all.contains(&expect("removed", &log.id(nameless), &[])), "{all:?}");
    let text = report.to_string();
    for raw in [r#"{"text":"{\"a"}"#, r#"{"text":"never"}"#, r#"{"blob":"00ff"}"#] {
        assert!(text.contains(raw), "{raw}: {text}");
    }
    assert_eq!(all.len(), 4, "{all:?}");
}

#[test]
fn personal_data_can_be_left_out() {
    let (log, copy) = pair(Kind::Sqlite, "1.13.0", Form::File);
    for index in log.live..log.rows.len() {
        log.set(index, "source_ip", Some("192.0.2.77"));
        log.set(index, "metadata", Some(r#"{"email": "eve@example.com"}"#));
    }
    let open = super::run(&log, &copy.name(), &[]).expect_code(1).stdout;
    assert!(open.contains("192.0.2.77") && open.contains("eve@example.com"));
    let hidden = super::run(&log, &copy.name(), &["--redact"]).expect_code(1).stdout;
    for word in ["192.0.2.77", "127.0.0.1", "@example.com"] {
        assert!(!hidden.contains(word), "{word}: {hidden}");
    }
}
