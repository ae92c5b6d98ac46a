//! `audit stats`: the numbers are those of the tables, on both databases and every generation.

use serde_json::Value;

use crate::support::fixtures::Fixture;
use crate::support::judge::{AnyDatabase, Target, on_each};
use crate::support::z4jctl::Z4jctl;

const TARGETS: [Target; 11] = [
    Target::Sqlite("1.0.19"),
    Target::Sqlite("1.3.4"),
    Target::Sqlite("1.6.9"),
    Target::Sqlite("1.7.0"),
    Target::Sqlite("1.8.0"),
    Target::Sqlite("1.11.0"),
    Target::Sqlite("1.13.0"),
    Target::Postgres("1.3.4"),
    Target::Postgres("1.6.9"),
    Target::Postgres("1.8.0"),
    Target::Postgres("1.13.0"),
];

/// Without any secret: none is needed.
fn call(database: &AnyDatabase) -> Z4jctl {
    Z4jctl::new().db(database).args(["audit", "stats", "-o", "json"])
}

fn sum(list: &Value) -> u64 {
    list.as_array().expect("a list").iter().map(|item| item["rows"].as_u64().expect("a count")).sum()
}

fn count(database: &AnyDatabase, clause: &str) -> u64 {
    let number = database.number(&format!("SELECT count(*) FROM audit_log {clause}"));
    u64::try_from(number).expect("a count")
}

#[test]
fn every_row_is_counted_once_in_each_list() {
    on_each(&TARGETS, |target| {
        let database = target.database();
        let all = count(&database, "");
        for by in ["day", "week", "month"] {
            let report = call(&database).args(["--by", by, "--top", "1000"]).run().expect_code(0).json();
            assert_eq!(report["schema"], "z4jctl.audit.stats/1");
            assert_eq!(report["verified"], false);
            assert_eq!(report["rows"], all, "{target}");
            for list in ["periods", "months", "actions", "actors"] {
                assert_eq!(sum(&report[list]), all, "{target} {list}: {report:#}");
            }
            assert_eq!(
                report["distinct_actions"].as_u64(),
                report["actions"].as_array().map(|list| list.len() as u64),
                "{target}"
            );
        }
        let report = call(&database).run().expect_code(0).json();
        let action = report["actions"][0].clone();
        let clause = format!("WHERE action = '{}'", action["action"].as_str().expect("an action"));
        assert_eq!(action["rows"], count(&database, &clause), "{target}");
        let system =
            report["actors"].as_array().expect("a list").iter().find(|actor| actor["kind"] == "system");
        if let Some(system) = system {
            let by_key = if target.release() == "1.0.19" { "" } else { "AND api_key_id IS NULL" };
            let clause = format!("WHERE user_id IS NULL {by_key}");
            assert_eq!(system["rows"], count(&database, &clause), "{target}");
        }
        let text = report["actors"].to_string();
        assert!(text.contains('@'), "{target}: addresses of users: {text}");
        let hidden = call(&database).arg("--redact").run().expect_code(0).stdout;
        assert!(!hidden.contains("@example.com"), "{target}: {hidden}");
        assert!(report["bytes_per_row"]["bytes"].as_u64().is_some_and(|bytes| bytes > 200), "{target}");
        assert!(report["notes"][0].as_str().is_some_and(|note| note.contains("not verified")));
    });
}

#[test]
fn a_window_is_a_window() {
    for target in [Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")] {
        let database = target.database();
        let all = count(&database, "");
        let day =
            call(&database).run().expect_code(0).json()["first_day"].as_str().expect("a day").to_owned();
        let rows = |arguments: &[&str]| {
            call(&database).args(arguments).run().expect_code(0).json()["rows"].as_u64().expect("a count")
        };
        assert_eq!(rows(&["--since", &day]), all, "{target}");
        assert_eq!(rows(&["--until", &day]), 0, "{target}");
        let (before, from) =
            (rows(&["--until", "2026-11-22T03:13:00Z"]), rows(&["--since", "2026-11-22T03:13:00Z"]));
        assert_eq!(before + from, all, "{target}");
        for arguments in [
            &["--since", "2026-01-02", "--until", "2026-01-02"][..],
            &["--since", "yesterday"],
            &["--by", "year"],
            &["--top", "0"],
        ] {
            call(&database).args(arguments).run().expect_code(2);
        }
    }
}

/// Moves rows into the past, as many days as a row is old; only counts are asked for afterwards.
fn age(database: &AnyDatabase, days: u32, clause: &str) {
    let statement = match database {
        AnyDatabase::Sqlite(_) => format!(
            "UPDATE audit_log SET occurred_at = strftime('%Y-%m-%d %H:%M:%S', 'now', '-{days} days') || '.000001' {clause}"
        ),
        AnyDatabase::Postgres(_) => {
            format!("UPDATE audit_log SET occurred_at = now() - interval '{days} days' {clause}")
        }
    };
    match database {
        AnyDatabase::Sqlite(copy) => {
            let connection = copy.connection();
            let mut names = connection
                .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_log'")
                .expect("read the schema");
            let names: Vec<String> =
                names.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("read the schema");
            for name in names {
                connection.execute_batch(&format!("DROP TRIGGER {name}")).expect("drop a trigger");
            }
            connection.execute_batch(&statement).expect("change the log");
        }
        AnyDatabase::Postgres(_) => database.execute(&statement),
    }
}

#[test]
fn what_retention_will_take_is_told() {
    for target in [
        Target::Sqlite("1.0.19"),
        Target::Sqlite("1.6.9"),
        Target::Sqlite("1.13.0"),
        Target::Postgres("1.13.0"),
    ] {
        let database = target.database();
        age(&database, 10, "");
        age(&database, 100, "WHERE action LIKE 'auth.%'");
        age(&database, 88, "WHERE action LIKE 'user.%'");
        let forecast = |name: &str, value: &str| {
            call(&database).env(name, value).run().expect_code(0).json()["retention"].clone()
        };
        let (old, soon) =
            (count(&database, "WHERE action LIKE 'auth.%'"), count(&database, "WHERE action LIKE 'user.%'"));
        assert!(old > 0 && soon > 0, "{target}");
        let report = forecast("Z4J_AUDIT_RETENTION_DAYS", "90");
        if target.release() == "1.0.19" {
            assert_eq!((&report["removes"], &report["rows"]), (&false.into(), &0.into()), "{report:#}");
            continue;
        }
        assert_eq!(
            (&report["rows"], &report["overdue"]),
            (&(old + soon).into(), &old.into()),
            "{target}: {report:#}"
        );
        assert_eq!(sum(&report["rows_by_class"]), old + soon, "{target}");
        assert_eq!(forecast("Z4J_AUDIT_RETENTION_DAYS", "365")["rows"], 0, "{target}");
        if target.release() != "1.13.0" {
            continue;
        }
        // The class that is kept comes first: nothing behind it goes.
        let report = forecast("Z4J_AUDIT_RETENTION_BY_CLASS", "{\"auth\": 3000}");
        assert_eq!(
            (&report["rows"], &report["held_back"]),
            (&0.into(), &soon.into()),
            "{target}: {report:#}"
        );
        let report = forecast("Z4J_AUDIT_RETENTION_BY_CLASS", "{\"user\": 3000}");
        assert_eq!((&report["rows"], &report["held_back"]), (&old.into(), &0.into()), "{target}: {report:#}");
    }
}

#[test]
fn frozen_rows_never_go() {
    let fixture = Fixture::by_name("1.13.0-upgraded-from-1.6.9");
    let database = AnyDatabase::Sqlite(fixture.sqlite());
    age(&database, 100, "");
    let live = count(&database, "WHERE legacy_frozen = 0");
    let report = call(&database).run().expect_code(0).json();
    assert!(count(&database, "") > live);
    assert_eq!(report["retention"]["rows"], live, "{report:#}");
}

#[test]
fn an_unusual_silence_is_told() {
    for target in [Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")] {
        let database = target.database();
        let report = call(&database).args(["--until", "2026-11-22T03:30:00Z"]).run().expect_code(0).json();
        assert_eq!(
            (report["gaps"]["judged"].as_bool(), report["gaps"]["list"][0].is_null()),
            (Some(true), true)
        );
        age(&database, 400, "WHERE action LIKE 'auth.%'");
        let report = call(&database).run().expect_code(0).json();
        let gap = &report["gaps"]["list"][0];
        assert!(gap["seconds"].as_u64().is_some_and(|seconds| seconds > 86_400), "{target}: {report:#}");
        let human = Z4jctl::new().db(&database).args(["audit", "stats"]).run().expect_code(0).stdout;
        assert!(human.contains("not verified") && human.contains('█'), "{human}");
        let plain = Z4jctl::new().db(&database).args(["audit", "stats", "-o", "plain"]).run().expect_code(0);
        assert!(plain.stdout.contains("retention.rows\t"), "{}", plain.stdout);
    }
}
