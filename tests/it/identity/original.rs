//! The rows that z4jctl writes are those that the original writes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rows::{Difference, Row, TableDifference, all_rows, difference};
use super::{NEW_PASSWORD, administrates, written};
use crate::support::fixtures::TempSqlite;
use crate::support::judge::{AnyDatabase, TWO_ERAS, Target, on_each};
use crate::support::postgres::Cluster;

/// What records what was done, and is compared by itself: z4jctl records more.
const LOG: [&str; 2] = ["audit_log", "audit_chain_state"];

const NEWCOMER: &str = "second@example.com";

/// An installation that nobody has set up yet, made by the migrations of the release.
fn fresh(target: Target) -> AnyDatabase {
    let database = match target {
        Target::Sqlite(_) => AnyDatabase::Sqlite(TempSqlite::absent()),
        Target::Postgres(_) => AnyDatabase::Postgres(Cluster::shared().create_database("fresh")),
    };
    let installation = target.brain().installation(&database, target.secrets());
    installation.run(["migrate", "upgrade", "head"]).expect_code(0);
    assert_eq!(database.number("SELECT count(*) FROM users"), 0, "{target}");
    database
}

/// A copy of the fixture from which all users and projects were deleted.
fn emptied(target: Target) -> AnyDatabase {
    let database = target.database();
    database.execute(
        "DELETE FROM project_default_subscriptions; DELETE FROM user_subscriptions; DELETE FROM memberships; \
         DELETE FROM users; DELETE FROM projects",
    );
    database
}

/// Ids, times, salts and hashes are different each time; everything else is compared. An id is told by the row that
/// has it, so that references are compared too.
fn comparable(difference: &Difference) -> BTreeMap<String, TableDifference> {
    let mut ids = BTreeMap::new();
    for (table, changed) in difference {
        for (number, row) in changed.inserted.iter().enumerate() {
            ids.insert(row.get("id").cloned().unwrap_or_default(), format!("id of {table} {number}"));
        }
    }
    let value = |column: &str, value: &String| match column {
        "password_hash" => hash_form(value),
        column if column.ends_with("_at") && value != "null" => "a time".into(),
        _ => ids.get(value).unwrap_or(value).clone(),
    };
    let plain = |row: &Row| -> Row {
        row.iter().map(|(column, text)| (column.clone(), value(column, text))).collect()
    };
    let table = |(table, changed): (&String, &TableDifference)| {
        let changed = TableDifference {
            inserted: changed.inserted.iter().map(plain).collect(),
            updated: changed.updated.iter().map(|(before, after)| (plain(before), plain(after))).collect(),
            deleted: changed.deleted.iter().map(plain).collect(),
        };
        (table.clone(), changed)
    };
    difference.iter().filter(|(table, _)| !LOG.contains(&table.as_str())).map(table).collect()
}

/// Algorithm and cost in full; of salt and hash their lengths.
fn hash_form(hash: &str) -> String {
    let parts: Vec<&str> = hash.trim_matches('"').split('$').collect();
    let [before @ .., salt, digest] = parts.as_slice() else { panic!("no argon2 hash: {hash}") };
    format!("{}${}${}", before.join("$"), salt.len(), digest.len())
}

/// The new rows of the log: action and all columns but those that the chain and the clock fill.
fn log_rows(difference: &Difference) -> Vec<Row> {
    let chained = ["id", "occurred_at", "row_hmac", "prev_row_hmac", "metadata", "target_id"];
    let rows = difference.get("audit_log").map(|changed| changed.inserted.clone()).unwrap_or_default();
    let without = |mut row: Row| {
        row.retain(|column, _| !chained.contains(&column.as_str()));
        row
    };
    rows.into_iter().map(without).collect()
}

fn metadata(row: &Row) -> Value {
    let value: Value = serde_json::from_str(&row["metadata"]).expect("JSON");
    match value {
        Value::String(text) => serde_json::from_str(&text).expect("JSON"),
        value => value,
    }
}

fn original_creates(target: Target, database: &AnyDatabase) -> Difference {
    let before = all_rows(database);
    let installation = target.brain().installation(database, target.secrets());
    installation.createsuperuser(NEWCOMER, NEW_PASSWORD).expect_code(0);
    difference(&before, &all_rows(database))
}

fn z4jctl_creates(target: Target, database: &AnyDatabase) -> Difference {
    let before = all_rows(database);
    written(target, database, &["createsuperuser", "--email", NEWCOMER, "--password-stdin"], NEW_PASSWORD);
    difference(&before, &all_rows(database))
}

#[test]
fn createsuperuser_writes_the_rows_of_the_original() {
    on_each(&TWO_ERAS, |target| {
        for empty in [emptied, fresh] {
            let (theirs, ours) = (empty(target), empty(target));
            let (their_change, our_change) =
                (original_creates(target, &theirs), z4jctl_creates(target, &ours));
            let expected = comparable(&their_change);
            let tables: Vec<&str> = expected.keys().map(String::as_str).collect();
            assert_eq!(
                tables,
                ["memberships", "project_default_subscriptions", "projects", "user_subscriptions", "users"],
                "{target}: the original writes to other tables"
            );
            pretty_assert_eq(target, &comparable(&our_change), &expected);
            // z4jctl tells of it in the log, where the original keeps silent.
            let actions = |change: &Difference| -> Vec<String> {
                log_rows(change).iter().map(|row| row["action"].trim_matches('"').to_owned()).collect()
            };
            assert_eq!(actions(&their_change), Vec::<String>::new(), "{target}");
            let mut actions = actions(&our_change);
            actions.sort_unstable();
            assert_eq!(actions, ["membership.granted", "project.created", "user.created"], "{target}");
            administrates(&target.accept(&ours), NEWCOMER, NEW_PASSWORD);
        }
    });
}

#[test]
fn changepassword_changes_the_columns_of_the_original() {
    on_each(&TWO_ERAS, |target| {
        // With a device that is trusted, a session and failed logins on record.
        let prepared = || {
            let database = target.database();
            database.execute(
                "UPDATE users SET failed_login_count = 3, last_failed_login_ip = '192.0.2.7', \
                 locked_until = created_at, last_failed_login_at = created_at WHERE email = 'viewer@example.com'",
            );
            database
        };
        let (theirs, ours) = (prepared(), prepared());
        let before = all_rows(&theirs);
        assert!(before == all_rows(&ours), "{target}: two copies are one");
        let installation = target.brain().installation(&theirs, target.secrets());
        installation.changepassword("viewer@example.com", NEW_PASSWORD).expect_code(0);
        let their_change = difference(&before, &all_rows(&theirs));
        written(target, &ours, &["changepassword", "viewer@example.com", "--password-stdin"], NEW_PASSWORD);
        let our_change = difference(&before, &all_rows(&ours));
        let expected = comparable(&their_change);
        assert_eq!(expected["users"].updated.len(), 1, "{target}: {expected:#?}");
        pretty_assert_eq(target, &comparable(&our_change), &expected);

        if target.release() == "1.6.9" {
            assert_eq!(log_rows(&their_change), Vec::<Row>::new(), "up to 1.7 the original keeps silent");
            return;
        }
        assert_eq!(log_rows(&our_change), log_rows(&their_change), "{target}");
        let (their_row, our_row) =
            (&their_change["audit_log"].inserted[0], &our_change["audit_log"].inserted[0]);
        assert_eq!(our_row["target_id"], their_row["target_id"], "{target}");
        let ours = metadata(our_row);
        for (name, value) in metadata(their_row).as_object().expect("an object") {
            assert_eq!(&ours[name], value, "{target}: {name}");
        }
    });
}

#[track_caller]
fn pretty_assert_eq(
    target: Target,
    ours: &BTreeMap<String, TableDifference>,
    theirs: &BTreeMap<String, TableDifference>,
) {
    assert!(ours == theirs, "{target}: z4jctl writes\n{ours:#?}\nand the original\n{theirs:#?}");
}
