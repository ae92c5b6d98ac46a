//! What `--dry-run` shows, and what the log tells of those who did it.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::rows::all_rows;
use super::{NEW_PASSWORD, account, written};
use crate::support::judge::{AnyDatabase, Target, on_each};
use crate::support::{file_sha256, search_path};

/// Plans come from the same operations on all databases: the oldest columns and the newest, and both kinds.
const TARGETS: [Target; 4] =
    [Target::Sqlite("1.0.19"), Target::Sqlite("1.6.9"), Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")];

/// Each command with what has to stand in its plan: tables that change, and actions of the rows to append.
fn commands(target: Target) -> Vec<(Vec<&'static str>, &'static [&'static str], &'static [&'static str])> {
    let ((admin, _), (operator, _)) = (target.admin(), account(target, "operator"));
    let (viewer, _) = account(target, "viewer");
    let mut all: Vec<(Vec<&str>, &[&str], &[&str])> = vec![
        (
            vec!["createsuperuser", "--email", "second@example.com", "--password-stdin"],
            &["users", "memberships", "user_subscriptions"],
            &["user.created", "membership.granted"],
        ),
        (
            vec!["createsuperuser", "--email", operator, "--promote-existing"],
            &["users", "memberships"],
            &["user.updated", "membership.granted"],
        ),
        (
            vec!["user", "create", "--email", "new@example.com", "--password-stdin"],
            &["users"],
            &["user.created"],
        ),
        (vec!["changepassword", admin, "--password-stdin"], &["users"], &["user.password.changed_by_cli"]),
        (vec!["user", "passwd", operator, "--password-stdin"], &["users"], &["user.password.changed_by_cli"]),
        (vec!["user", "promote", operator], &["users"], &["user.updated"]),
        (vec!["user", "deactivate", operator], &["users"], &["user.updated"]),
        (
            vec!["token", "mint", "--project", "payments", "--name", "new"],
            &["agents"],
            &["agent.token.minted"],
        ),
        (
            vec!["token", "rotate", "payments/web-01"],
            &["agents"],
            &["agent.token.revoked", "agent.token.minted"],
        ),
        (vec!["token", "revoke", "payments/web-01"], &["agents"], &["agent.token.revoked"]),
    ];
    if target.meta().more.contains_key("mfa") {
        let tables = &["mfa_recovery_codes", "users"];
        all.push((vec!["reset-mfa", viewer], tables, &["user.mfa_reset_by_admin"]));
    }
    all
}

#[test]
fn a_dry_run_writes_nothing_and_shows_the_plan() {
    on_each(&TARGETS, |target| {
        let database = target.database();
        let state = || match &database {
            AnyDatabase::Sqlite(copy) => file_sha256(copy.path()),
            AnyDatabase::Postgres(_) => format!("{:?}", all_rows(&database)),
        };
        let before = state();
        for (arguments, tables, actions) in commands(target) {
            let call = |form: &str| {
                let call = target.z4jctl(&database).args(&arguments).stdin(NEW_PASSWORD);
                call.args(["--dry-run", "--actor", "Ada", "--reason", "a ticket", "-o", form])
                    .run()
                    .expect_code(0)
            };
            let report = call("json").json();
            assert_eq!((&report["dry_run"], &report["written"]), (&true.into(), &false.into()), "{report}");
            let empty = Vec::new();
            let changes = report["changes"].as_array().unwrap_or(&empty);
            for table in tables {
                assert!(
                    changes.iter().any(|change| change["table"] == **table),
                    "{target}: no {table}: {report}"
                );
            }
            for change in changes.iter().filter(|change| change["action"] == "update") {
                let columns = change["columns"].as_array().expect("columns");
                let shows_both = |column: &Value| {
                    column["after"].is_string()
                        && (column["before"].is_string() || column["column"] == "password_hash")
                };
                assert!(!columns.is_empty() && columns.iter().all(shows_both), "{target}: {change}");
            }
            let to_append = report["to_append"].as_array().unwrap_or(&empty);
            for action in actions {
                assert!(
                    to_append.iter().any(|row| row["action"] == **action),
                    "{target}: no {action}: {report}"
                );
            }
            for row in to_append {
                assert_eq!(
                    (&row["metadata"]["actor"], &row["metadata"]["reason"]),
                    (&"Ada".into(), &"a ticket".into())
                );
            }
            assert_eq!(report["appended"], serde_json::json!([]), "{target}: {report}");
            // What is not to be read by who looks over one's shoulder.
            assert!(!report.to_string().contains("$argon2id$"), "{target}: {report}");

            let human = call("human").stdout;
            assert!(human.ends_with("dry run: nothing was written\n"), "{target}: {human}");
            for action in actions {
                assert!(human.contains(&format!("audit row to append: {action} ")), "{target}: {human}");
            }
            for table in tables {
                assert!(human.contains(&format!(" {table} ")), "{target}: {human}");
            }
            assert!(!human.contains("$argon2id$"), "{target}: {human}");
            assert!(state() == before, "{target}: {arguments:?} wrote in a dry run");
        }
    });
}

/// The old value stands beside the new one, in one form on both kinds of database, but for secrets.
#[test]
fn a_plan_shows_columns_before_and_after() {
    for target in [Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")] {
        let database = target.database();
        let plan = |arguments: &[&str]| {
            target.z4jctl(&database).args(arguments).arg("--dry-run").run().expect_code(0).stdout
        };
        let promote = plan(&["user", "promote", "operator@example.com"]);
        assert!(promote.contains("      is_admin: false -> true\n"), "{target}: {promote}");
        assert!(promote.contains("  update users "), "{target}: {promote}");
        assert!(promote.contains("(operator@example.com)"), "{target}: {promote}");
        let reset = plan(&["reset-mfa", "viewer@example.com"]);
        assert!(reset.contains("      mfa_secret_encrypted: (hidden) -> NULL\n"), "{target}: {reset}");
        let rotate = plan(&["token", "rotate", "payments/web-01"]);
        assert!(rotate.contains("      token_hash: (hidden) -> (hidden)\n"), "{target}: {rotate}");
    }
}

#[test]
fn nobody_at_a_terminal_has_to_say_yes() {
    let target = Target::Sqlite("1.13.0");
    let database = target.database();
    let AnyDatabase::Sqlite(copy) = &database else { panic!("a SQLite target has a SQLite database") };
    let before = file_sha256(copy.path());
    for (arguments, _, _) in commands(target) {
        let refused =
            target.z4jctl(&database).args(&arguments).args(["-o", "json"]).stdin(NEW_PASSWORD).run();
        let refused = refused.expect_code(7);
        assert_eq!(refused.json_error()["error"]["code"], "confirmation.required", "{refused}");
        assert_eq!(file_sha256(copy.path()), before, "{refused}");
    }
}

#[test]
fn the_log_tells_who_did_it_and_why() {
    let user = {
        let mut id = Command::new("id");
        let output = id.arg("-un").env("PATH", search_path()).stdin(Stdio::null()).output().expect("run id");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    on_each(&TARGETS, |target| {
        let database = target.database();
        let actor =
            ["user", "promote", "operator@example.com", "--actor", "Ada Łovelace", "--reason", "Fall „17“"];
        let report = written(target, &database, &actor, "");
        let id = report["appended"][0]["id"].as_str().expect("an id").replace('-', "");
        let rows = &all_rows(&database)["audit_log"];
        let is_it = |row: &&super::rows::Row| row["id"].replace(['-', '"'], "") == id;
        let row = rows.iter().find(is_it).expect("the row that was appended");
        let mut metadata: Value = serde_json::from_str(&row["metadata"]).expect("JSON");
        if let Value::String(text) = &metadata {
            metadata = serde_json::from_str(text).expect("JSON");
        }
        let expected = serde_json::json!({
            "changed": ["is_admin"], "via": "z4jctl", "operator": user, "host": host,
            "operator_uid": rustix::process::geteuid().as_raw(), "actor": "Ada Łovelace", "reason": "Fall „17“",
        });
        assert_eq!(metadata, expected, "{target}");
        assert_eq!(row["action"], "\"user.updated\"", "{target}");
        // Beyond ASCII: the MAC has to fit all the same.
        target.z4jctl(&database).args(["audit", "verify"]).run().expect_code(0);
        target.brain().audit_verify(&database, target.secrets()).expect_intact();
    });
}
