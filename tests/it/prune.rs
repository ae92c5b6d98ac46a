//! `audit prune`: what is left verifies by the real z4j, nothing that was tampered with goes.

use serde_json::Value;

use crate::shards::Parts;
use crate::support::judge::{AnyDatabase, Target, WRITABLE, on_each};
use crate::tampering::log::{Kind, Log, a_moment_after, made_up_mac, new_id, text};
use crate::tampering::sign::{dashed, sign_row};

/// Where about half of the log lies before.
pub(crate) fn middle(database: &AnyDatabase) -> String {
    let rows = database.number("SELECT count(*) FROM audit_log");
    let text = match database {
        AnyDatabase::Sqlite(copy) => {
            let query = format!(
                "SELECT occurred_at FROM audit_log ORDER BY occurred_at, id LIMIT 1 OFFSET {}",
                rows / 2
            );
            copy.connection().query_row(&query, [], |row| row.get::<_, String>(0)).expect("a time")
        }
        AnyDatabase::Postgres(database) => {
            let query = format!(
                "SELECT to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') FROM audit_log \
                 ORDER BY occurred_at, id LIMIT 1 OFFSET {}",
                rows / 2
            );
            database.client().query_one(&query, &[]).expect("a row").get(0)
        }
    };
    format!("{}Z", text.replace(' ', "T"))
}

/// 1.0 removes nothing; 1.3 to 1.6 cannot record it.
fn refuses(target: Target) -> Option<&'static str> {
    match target.release() {
        "1.0.19" => Some("prune.early"),
        "1.3.4" | "1.6.9" | "1.7.0" => Some("prune.unupgradable"),
        _ => None,
    }
}

#[test]
fn what_is_left_is_accepted_by_the_real_z4j() {
    on_each(&WRITABLE, |target| {
        let database = target.database();
        let before = database.number("SELECT count(*) FROM audit_log");
        let cutoff = middle(&database);
        let call = || target.z4jctl(&database).args(["audit", "prune", "--before", &cutoff, "-o", "json"]);
        if let Some(code) = refuses(target) {
            let output = call().args(["--yes"]).run().expect_code(7);
            assert_eq!(output.json_error()["error"]["code"], code, "{target}");
            assert_eq!(database.number("SELECT count(*) FROM audit_log"), before, "{target}");
            return;
        }
        let plan = call().args(["--dry-run"]).run().expect_code(0).json();
        assert_eq!(database.number("SELECT count(*) FROM audit_log"), before, "{target}: a dry run");
        let done = call().args(["--yes"]).run().expect_code(0).json();
        let metadata = &done["appended"][0]["metadata"];
        assert_eq!(metadata["rows"], plan["to_append"][0]["metadata"]["rows"], "{target}");
        let removed = metadata["rows"].as_i64().expect("a number");
        assert_eq!(removed, before / 2, "{target}");
        assert_eq!(database.number("SELECT count(*) FROM audit_log"), before - removed + 1, "{target}");
        // The brain goes on, and prunes again by itself.
        let brain = target.accept(&database);
        brain.refuses_login("nobody@example.com", "not a password");
        brain.stop().audit_verify().expect_intact();
        target.z4jctl(&database).args(["audit", "verify"]).run().expect_code(0);
    });
}

#[test]
fn a_log_of_1_7_keeps_a_watermark_that_1_7_accepts() {
    let target = Target::Sqlite("1.7.0");
    let database = target.database();
    let cutoff = middle(&database);
    let arguments = ["audit", "prune", "--before", &cutoff, "--yes", "--accept-unupgradable"];
    target.z4jctl(&database).args(arguments).run().expect_code(0);
    target.accept(&database).stop().audit_verify().expect_intact();
    // The second time the watermark is moved.
    let cutoff = middle(&database);
    let arguments = ["audit", "prune", "--before", &cutoff, "--yes", "--accept-unupgradable"];
    target.z4jctl(&database).args(arguments).run().expect_code(0);
    target.brain().audit_verify(&database, target.secrets()).expect_intact();
    assert_eq!(database.number("SELECT count(*) FROM z4j_meta WHERE key = 'audit_prune_watermark'"), 1);
}

#[test]
fn what_was_tampered_with_is_not_removed() {
    let target = Target::Sqlite("1.13.0");
    for (what, sql) in [
        (
            "edited",
            "UPDATE audit_log SET action = 'x.y' WHERE id = (SELECT id FROM audit_log ORDER BY occurred_at, id LIMIT 1 OFFSET 3)",
        ),
        (
            "removed",
            "DELETE FROM audit_log WHERE id = (SELECT id FROM audit_log ORDER BY occurred_at, id LIMIT 1 OFFSET 3)",
        ),
        (
            "beginning cut",
            "DELETE FROM audit_log WHERE id = (SELECT id FROM audit_log ORDER BY occurred_at, id LIMIT 1)",
        ),
    ] {
        let database = target.database();
        let cutoff = middle(&database);
        database.execute(
            "DROP TRIGGER audit_log_boundary_f_no_update; DROP TRIGGER audit_log_boundary_f_no_delete;",
        );
        database.execute(sql);
        let rows = database.number("SELECT count(*) FROM audit_log");
        let output = target
            .z4jctl(&database)
            .args(["audit", "prune", "--before", &cutoff, "--yes", "-o", "json"])
            .run()
            .expect_code(7);
        let code = output.json_error()["error"]["code"].clone();
        assert!(
            ["prune.not-verified", "chain.not-verified"].contains(&code.as_str().unwrap_or_default()),
            "{what}: {code}"
        );
        assert_eq!(database.number("SELECT count(*) FROM audit_log"), rows, "{what}");
    }
}

#[test]
fn classes_expire_by_themselves_and_hold_the_prefix() {
    let target = Target::Sqlite("1.13.0");
    let database = target.database();
    let cutoff = middle(&database);
    // The first row is of the class audit: when that may stay for a century, nothing goes.
    let arguments = ["audit", "prune", "--before", &cutoff, "--class", "audit=100y", "--yes", "-o", "json"];
    let report = target.z4jctl(&database).args(arguments).run().expect_code(0).json();
    assert_eq!(report["written"], false);
    let arguments = ["audit", "prune", "--before", &cutoff, "--max-rows", "5", "--yes", "-o", "json"];
    let report: Value = target.z4jctl(&database).args(arguments).run().expect_code(0).json();
    assert_eq!(report["appended"][0]["metadata"]["rows"], 5);
    target.brain().audit_verify(&database, target.secrets()).expect_intact();
}

#[test]
fn frozen_history_stays() {
    let fixture = crate::support::fixtures::Fixture::by_name("1.13.0-upgraded-from-1.6.9");
    let database = fixture.sqlite();
    let frozen = "SELECT count(*) FROM audit_log WHERE legacy_frozen = 1";
    let before = database.number(frozen);
    let secrets = &fixture.meta().secrets;
    let call = crate::support::z4jctl::Z4jctl::new().db(&database).secrets(secrets);
    // Everything that is active but the newest row.
    let newest: String = database
        .connection()
        .query_row("SELECT max(occurred_at) FROM audit_log", [], |row| row.get(0))
        .expect("a time");
    let cutoff = format!("{}Z", newest.replace(' ', "T"));
    call.args(["audit", "prune", "--before", &cutoff, "--yes"]).run().expect_code(0);
    assert_eq!(database.number(frozen), before);
    crate::support::brain::Brain::release("1.13.0").audit_verify(&database, secrets).expect_intact();
}

#[test]
fn bad_cutoffs_are_refused() {
    let target = Target::Sqlite("1.13.0");
    let database = target.database();
    for arguments in [
        &["--before", "tomorrow"][..],
        &["--before", "2026-01-01T00:00:00"],
        &["--before", "2199-01-01T00:00:00Z"],
        &["--older-than", "0d"],
        &["--older-than", "1h"],
        &["--before", "2026-01-01T00:00:00Z", "--older-than", "1y"],
        &["--class", "Auth=1d"],
        &["--class", "auth"],
    ] {
        let call = target.z4jctl(&database).args(["audit", "prune", "--yes"]).args(arguments.iter().copied());
        call.run().expect_code(2);
    }
}

/// Export, read back, remove: rows are in the file or in the log, and the real z4j accepts what is left.
#[test]
fn what_was_exported_is_removed_and_nothing_else() {
    on_each(&[Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")], |target| {
        let database = target.database();
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("old.csv");
        let name = file.display().to_string();
        let cutoff = middle(&database);
        let before = database.number("SELECT count(*) FROM audit_log");
        let call = |more: &[&str]| {
            let arguments = ["audit", "export", "--to", &cutoff, "--delete", "-o", "json"];
            target.z4jctl(&database).args(arguments).args(more.iter().copied())
        };
        // Refused before anything happens: no file, a filter, no leave to write.
        call(&["--yes"]).run().expect_code(2);
        call(&["--yes", "--action", "auth.*", &name]).run().expect_code(2);
        call(&["--dry-run", &name]).run().expect_code(0);
        assert!(!file.exists(), "{target}: a dry run");
        assert_eq!(database.number("SELECT count(*) FROM audit_log"), before, "{target}");

        let report = call(&["--yes", &name]).run().expect_code(0).json();
        let metadata = &report["appended"][0]["metadata"];
        let removed = metadata["rows"].as_i64().expect("a number");
        assert_eq!(database.number("SELECT count(*) FROM audit_log"), before - removed + 1, "{target}");
        assert_eq!(metadata["export"]["rows"], removed, "{target}");
        let live = target.z4jctl(&database).args(["audit", "verify-export", &name, "--live"]);
        live.run().expect_code(0);
        target.accept(&database).stop().audit_verify().expect_intact();
        // A file that is there is not replaced, and then nothing is removed either.
        let rows = database.number("SELECT count(*) FROM audit_log");
        let cutoff = middle(&database);
        let again = ["audit", "export", "--to", &cutoff, "--delete", "--yes", &name];
        target.z4jctl(&database).args(again).run().expect_code(7);
        assert_eq!(database.number("SELECT count(*) FROM audit_log"), rows, "{target}");
    });
}

/// A log of 1.6.9 or before from which `audit prune` removed about half.
fn pruned(kind: Kind, name: &'static str) -> Log {
    let mut log = Log::open(kind, name);
    log.close();
    let middle = text(&log.rows[log.rows.len() / 2], "occurred_at");
    let cutoff = format!("{}Z", middle.replace(' ', "T"));
    let arguments = ["audit", "prune", "--before", &cutoff, "--yes", "--accept-unupgradable"];
    log.z4jctl().args(arguments).run().expect_code(0);
    log.reopen();
    assert_eq!(log.rows.last().map(|row| text(row, "action")).as_deref(), Some("audit.prune"));
    log
}

const WITHOUT_RECORD: [(Kind, &str); 4] =
    [(Kind::Sqlite, "1.3.4"), (Kind::Sqlite, "1.5.1"), (Kind::Sqlite, "1.6.9"), (Kind::Postgres, "1.6.9")];

/// 1.3 to 1.6 record a removal nowhere; the signed row about it does.
#[test]
fn the_signed_row_of_a_removal_explains_the_beginning_of_the_log() {
    for (kind, name) in WITHOUT_RECORD {
        let mut log = pruned(kind, name);
        log.close();
        let report = log.verify(&[]);
        assert_eq!(report.exit(), 0, "{kind:?} {name}: {}", report.summary());
        let record = dashed(&text(log.rows.last().expect("a row"), "id"));
        let notes = report.json["notes"].to_string();
        assert!(notes.contains(&record) && notes.contains("Z4J_SECRET can sign"), "{name}: {notes}");

        // Rows that come behind it change nothing, nor does a second removal.
        log.z4jctl().args(["user", "promote", "operator@example.com", "--yes"]).run();
        assert_eq!(log.verify(&[]).exit(), 0, "{name}");
        log.rows = log.read_rows();
        let later = format!("{}Z", text(&log.rows[3], "occurred_at").replace(' ', "T"));
        let arguments = ["audit", "prune", "--before", &later, "--yes", "--accept-unupgradable"];
        log.z4jctl().args(arguments).run().expect_code(0);
        assert_eq!(log.verify(&[]).exit(), 0, "{name}: {}", log.verify(&[]).summary());

        // The same in parts, in an export, and from a resume point, which keeps the record.
        let merged = Parts::all(&log, 3).merge(log.z4jctl());
        assert_eq!(merged.code, 0, "{name}: {merged}");
        let directory = tempfile::tempdir().expect("create a temporary directory");
        let export = directory.path().join("audit.csv");
        log.z4jctl().args(["audit", "export"]).arg(&export).run().expect_code(0);
        let exported = log.z4jctl().args(["audit", "verify-export", "-o", "json"]).arg(&export).run();
        assert!(exported.expect_code(0).json()["notes"].to_string().contains("audit.prune"), "{name}");
        let point = directory.path().join("resume.json");
        for mode in ["full", "incremental", "incremental"] {
            let point = point.to_str().expect("a path in UTF-8");
            let report = log.verify(&["--resume", point, "--recheck", "1/4"]);
            assert_eq!(report.exit(), 0, "{name}: {}", report.summary());
            assert_eq!(report.json["incremental"]["mode"], mode, "{name}: {}", report.json["incremental"]);
        }
    }
}

#[test]
fn a_row_of_a_removal_that_nobody_signed_or_that_names_another_boundary_proves_nothing() {
    type Forge = fn(&mut Log, usize);
    let attacks: [(&str, Forge, i32); 6] = [
        ("more rows removed", |log, _| log.delete(0..2), 3),
        (
            "more rows removed, and the record changed to fit",
            |log, record| {
                let mut metadata = serde_json::from_str::<Value>(&text(&log.rows[record], "metadata"))
                    .expect("metadata is JSON");
                metadata["boundary_row_hmac"] = log.rows[2]["prev_row_hmac"].clone().into();
                log.delete(0..2);
                log.set(record, "metadata", Some(&metadata.to_string()));
            },
            1,
        ),
        (
            "more rows removed, and a record made up",
            |log, record| {
                let mut row = log.row(record);
                let metadata =
                    format!(r#"{{"boundary_row_hmac": "{}"}}"#, text(&log.rows[2], "prev_row_hmac"));
                row.insert("metadata".into(), Some(metadata));
                row.insert("id".into(), Some(new_id(1)));
                row.insert("occurred_at".into(), Some(a_moment_after(&text(&row, "occurred_at"))));
                row.insert("prev_row_hmac".into(), log.rows[record]["row_hmac"].clone());
                row.insert("row_hmac".into(), Some(made_up_mac(1)));
                log.delete(0..2);
                log.insert(&row);
            },
            1,
        ),
        ("the record without its MAC", |log, record| log.set(record, "row_hmac", None), 1),
        ("the record edited", |log, record| log.set(record, "user_agent", Some("curl")), 1),
        ("the record removed", |log, record| log.delete(record..record + 1), 3),
    ];
    for name in ["1.3.4", "1.6.9"] {
        for (what, forge, exit) in attacks {
            let mut log = pruned(Kind::Sqlite, name);
            log.set_installed_at("2020-01-01T00:00:00+00:00");
            let record = log.rows.len() - 1;
            forge(&mut log, record);
            log.close();
            let report = log.verify(&[]);
            assert_eq!(report.exit(), exit, "{name}, {what}: {}", report.summary());
            report.finding("prefix-cut");
        }
        // A row that the key did sign is believed, whoever had the key.
        let mut log = pruned(Kind::Sqlite, name);
        let record = log.rows.len() - 1;
        let mut row = log.row(record);
        let metadata = format!(r#"{{"boundary_row_hmac": "{}"}}"#, text(&log.rows[2], "prev_row_hmac"));
        row.insert("metadata".into(), Some(metadata));
        sign_row(&mut row, log.key());
        for column in ["metadata", "row_hmac"] {
            log.set(record, column, row[column].as_deref());
        }
        log.delete(0..2);
        log.close();
        let report = log.verify(&[]);
        assert_eq!(report.exit(), 0, "{name}: {}", report.summary());
    }
}
