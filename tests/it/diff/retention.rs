//! What retention removed is no difference where it is recorded; where it is not, that is said.

use serde_json::json;

use super::{Copy, Form, diff, pair};
use crate::support::BrainDatabase as _;
use crate::support::fixtures::{Dump, Fixture};
use crate::support::judge::{AnyDatabase, Target};
use crate::support::z4jctl::Z4jctl;
use crate::tampering::log::{Kind, new_id, text};

/// Prunes a log with z4jctl, and compares it with what it was.
fn pruned(target: Target, arguments: &[&str]) -> serde_json::Value {
    let database = target.database();
    let copy = match target {
        Target::Sqlite(name) => Copy::Sqlite(Fixture::by_name(name).sqlite()),
        Target::Postgres(name) => Copy::Postgres(Fixture::by_name(name).postgres(Dump::Plain)),
    };
    let middle = database.number("SELECT count(*) FROM audit_log") / 2;
    let sql = format!("SELECT occurred_at FROM audit_log ORDER BY occurred_at, id LIMIT 1 OFFSET {middle}");
    let before: String = match &database {
        AnyDatabase::Sqlite(file) => file.connection().query_row(&sql, [], |row| row.get(0)).expect("a time"),
        AnyDatabase::Postgres(database) => {
            let text = sql.replace(
                "SELECT occurred_at",
                "SELECT to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
            );
            database.client().query_one(&text, &[]).expect("a time").get(0)
        }
    };
    let call = || Z4jctl::new().db(&database).secrets(target.secrets());
    call()
        .args(["audit", "prune", "--yes", "--before", &format!("{}Z", before.replace(' ', "T"))])
        .args(arguments)
        .run()
        .expect_code(0);
    let output = call().args(["audit", "diff", "-o", "json", "--against", &copy.name()]).run();
    let report = output.expect_code(0).json();
    assert_eq!(report["counts"]["retention"], middle, "{target}: {report:#}");
    assert_eq!(report["counts"]["appended"], 1, "{target}: {report:#}");
    assert_eq!(report["relation"], "log-newer");
    report
}

#[test]
fn what_a_prune_removed_is_counted() {
    for target in [Target::Sqlite("1.13.0"), Target::Sqlite("1.8.0"), Target::Postgres("1.13.0")] {
        let report = pruned(target, &[]);
        let records = report["records"].as_array().expect("a list");
        assert!(records.iter().all(|record| record["expected"] == true), "{report:#}");
        assert!(records.iter().any(|record| record["name"] == "audit_chain_state.prune"));
        assert!(report["notes"].to_string().contains("signed chain state"), "{report:#}");
    }
    // Before 1.8 the row that z4jctl appends proves it.
    for target in [Target::Sqlite("1.7.0"), Target::Sqlite("1.6.9")] {
        pruned(target, &["--accept-unupgradable"]);
    }
}

#[test]
fn a_prefix_without_record_is_removed_or_cannot_be_told_from_retention() {
    // 1.13 keeps a record, and it does not speak of these rows.
    let (log, copy) = pair(Kind::Sqlite, "1.13.0", Form::File);
    log.delete(0..5);
    let (code, report) = diff(&log, &copy.name(), &[]);
    assert_eq!((code, &report["finding_counts"]), (1, &json!({"removed": 5})));

    let (log, copy) = pair(Kind::Sqlite, "1.6.9", Form::File);
    log.delete(0..5);
    let (code, report) = diff(&log, &copy.name(), &[]);
    assert_eq!((code, &report["finding_counts"]), (3, &json!({"prefix-cut": 5})));
    let (code, _) = diff(&log, &copy.name(), &["--accept-retention"]);
    assert_eq!(code, 0);

    // 1.7 leaves a watermark, which must name a row of the copy.
    let (log, copy) = pair(Kind::Sqlite, "1.7.0", Form::File);
    log.delete(0..5);
    let (code, _) = diff(&log, &copy.name(), &[]);
    assert_eq!(code, 1);
    let mac = text(&log.rows[4], "row_hmac");
    log.run(&format!(
        "INSERT INTO z4j_meta (id, key, value) VALUES ('{}', 'audit_prune_watermark', '{mac}')",
        new_id(1)
    ));
    let (code, report) = diff(&log, &copy.name(), &[]);
    assert_eq!((code, &report["counts"]["retention"]), (0, &json!(5)), "{report:#}");
}

/// The state says where retention stopped; a row behind it that is missing was not retention.
#[test]
fn retention_is_no_excuse_for_more() {
    let (log, copy) = pair(Kind::Sqlite, "1.13.0-pruned", Form::File);
    log.delete(log.live..log.live + 2);
    let (code, report) = diff(&log, &copy.name(), &[]);
    assert_eq!((code, &report["finding_counts"]), (1, &json!({"removed": 2})), "{report:#}");
}

/// A copy from before an upgrade to 1.8: the rows are the same, with markers beside them.
#[test]
fn an_upgrade_is_no_difference() {
    let upgraded = Fixture::by_name("1.13.0-upgraded-from-1.6.9");
    let database = upgraded.sqlite();
    let old = Fixture::by_name("1.6.9").sqlite();
    let shared = {
        let connection = database.connection();
        connection
            .execute("ATTACH ?1 AS old", [old.path().display().to_string()])
            .expect("attach the older database");
        let sql = "SELECT count(*) FROM audit_log WHERE id IN (SELECT id FROM old.audit_log)";
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a count")
    };
    let output = Z4jctl::new()
        .db_url(database.z4j_url())
        .secrets(&upgraded.meta().secrets)
        .args(["audit", "diff", "-o", "json", "--against", &old.path().display().to_string()])
        .run();
    if shared == 0 {
        output.expect_code(7);
        return;
    }
    let report = output.expect_code(0).json();
    assert_eq!(report["counts"]["identical"], shared, "{report:#}");
}
