//! The signed state of 1.8 and later: forged, gone, rolled back; frozen history; the row tally of PostgreSQL.

use super::log::{Kind, Log, a_moment_after, made_up_mac, new_id, text};
use super::sign::{key_id, state_of};
use super::{POSTGRES_WITH_STATE, at, attack, run, tampered, whole_log};

const ACTIVE: [&str; 5] = ["1.8.0", "1.9.1", "1.11.0", "1.13.0-pruned", "1.13.0-upgraded-from-1.6.9"];

#[test]
fn every_field_of_the_state_is_signed() {
    for name in ACTIVE {
        let columns: Vec<String> = {
            let log = Log::open(Kind::Sqlite, name);
            log.state().keys().filter(|column| !is_unsigned(column)).cloned().collect()
        };
        assert_eq!(columns.len(), 18, "17 signed columns and the MAC: {columns:?}");
        for column in columns {
            let mut log = Log::open(Kind::Sqlite, name);
            let stored = log.state()[&column].clone();
            let other = match column.as_str() {
                "format_version" => "2".to_owned(),
                "generation" | "installation_id" | "head_id" | "prune_id" => new_id(1),
                "active_row_count" | "frozen_row_count" => "7".to_owned(),
                "active_key_counts" => format!(r#"{{"{}": 7}}"#, key_id(log.key())),
                "retired_recovery_binding" => r#"{"version": 1}"#.to_owned(),
                "head_occurred_at" | "prune_occurred_at" => {
                    stored.as_deref().map_or("2026-01-01 00:00:00.000000".into(), a_moment_after)
                }
                _ => made_up_mac(1),
            };
            log.set_state(&column, Some(&other));
            log.close();
            let report = log.verify(&[]);
            assert_eq!(report.exit(), 1, "{name} {column}: {}", report.summary());
            report.finding("state-forged");
            // Rows are judged by their own MACs all the same.
            let rows = &report.json["rows"];
            if column != "generation" {
                assert_eq!(rows["verified"], log.rows.len() - log.live, "{name} {column}: {rows}");
            }
        }
    }
}

fn is_unsigned(column: &str) -> bool {
    matches!(column, "singleton_id" | "observed_active_row_count")
}

#[test]
fn half_a_quartet_and_wrong_forms_are_forged() {
    for (column, value) in [
        ("head_id", None),
        ("head_row_hmac", None),
        ("head_occurred_at", Some("yesterday")),
        ("active_key_counts", Some("[]")),
        ("active_key_counts", Some("{}")),
        ("active_row_count", Some("-1")),
        ("frozen_snapshot_digest", Some("00")),
        ("generation", Some("none")),
        ("state_key_id", Some("none")),
        ("state_mac", Some("")),
        ("retired_recovery_binding", Some("{")),
    ] {
        let mut log = Log::open(Kind::Sqlite, "1.13.0");
        log.set_state(column, value);
        log.close();
        let report = log.verify(&[]);
        let expected = vec![("state-forged".to_owned(), None)];
        assert_eq!((report.exit(), report.classes(&[])), (1, expected), "{column} {value:?}");
    }
}

#[test]
fn the_state_on_postgres() {
    let attacks = [
        attack("state_mac", Log::is_active, |log| {
            log.set_state("state_mac", Some(&made_up_mac(1)));
            whole_log("state-forged")
        }),
        attack("head_id", Log::is_active, |log| {
            log.set_state("head_id", Some(&new_id(1)));
            whole_log("state-forged")
        }),
        attack("no state", Log::is_active, |log| {
            log.run("DELETE FROM audit_chain_state");
            whole_log("state-mismatch")
        }),
    ];
    run(&attacks, Kind::Postgres, &POSTGRES_WITH_STATE);
}

#[test]
fn a_second_state_or_none_is_seen() {
    for name in ACTIVE {
        let mut log = Log::open(Kind::Sqlite, name);
        let mut second = log.state();
        second.insert("singleton_id".into(), Some("another".into()));
        log.insert_into("audit_chain_state", &second);
        log.close();
        let report = log.verify(&[]);
        assert_eq!((report.exit(), report.classes(&[])), (1, vec![("state-forged".into(), None)]), "{name}");

        log.run("DROP TRIGGER audit_chain_state_boundary_f_no_delete; DELETE FROM audit_chain_state");
        let report = log.verify(&[]);
        let classes = report.classes(&["guards-missing"]);
        assert_eq!((report.exit(), classes), (1, vec![("state-mismatch".into(), None)]), "{name}");
    }
}

/// Whoever puts an older state of the same brain back, and leaves the newer rows.
#[test]
fn an_older_state_with_newer_rows_is_seen() {
    let attacks = [
        attack("state from one row ago", Log::is_active, |log| {
            let end = log.rows.len();
            log.replace_state(&state_of(&log.state(), &log.rows[log.live..end - 1], log.key()));
            tampered(&[("state-mismatch", at(end - 1))])
        }),
        attack("state from three rows ago", Log::is_active, |log| {
            let end = log.rows.len();
            log.replace_state(&state_of(&log.state(), &log.rows[log.live..end - 3], log.key()));
            tampered(&[("state-mismatch", at(end - 1))])
        }),
        attack("state from three rows ago, two removed", Log::is_active, |log| {
            let end = log.rows.len();
            log.replace_state(&state_of(&log.state(), &log.rows[log.live..end - 3], log.key()));
            log.delete(end - 2..end);
            tampered(&[("state-mismatch", at(end - 3))])
        }),
        attack("a row of another brain's signing, behind the head", Log::is_active, |log| {
            let end = log.rows.len();
            let mut row = log.row(end - 1);
            row.insert("id".into(), Some(new_id(1)));
            row.insert("occurred_at".into(), Some(a_moment_after(&text(&log.rows[end - 1], "occurred_at"))));
            row.insert("prev_row_hmac".into(), log.rows[end - 1]["row_hmac"].clone());
            super::sign::sign_row(&mut row, log.key());
            log.insert(&row);
            tampered(&[("state-mismatch", at(end))])
        }),
    ];
    run(&attacks, Kind::Sqlite, &ACTIVE);
    run(&attacks[1..2], Kind::Postgres, &["1.9.1"]);
}

#[test]
fn changed_history_is_named_with_the_old_secret_and_seen_without() {
    let history = ["1.13.0-upgraded-from-1.6.9", "1.13.0-stuck-1.6-direct"];
    let attacks = [
        attack("edit a frozen row", always_frozen, |log| {
            log.set(20, "action", Some("auth.logout2"));
            tampered(&[("edited", at(20))])
        }),
        attack("edit row_hmac of a frozen row", always_frozen, |log| {
            log.set(20, "row_hmac", Some(&made_up_mac(1)));
            tampered(&[("edited", at(20))])
        }),
        attack("remove frozen rows", always_frozen, |log| {
            log.delete(20..23);
            tampered(&[("removed", at(20))])
        }),
        attack("remove the first frozen row", always_frozen, |log| {
            log.delete(0..1);
            whole_log("removed")
        }),
        attack("remove the last frozen row", always_frozen, |log| {
            log.delete(log.live - 1..log.live);
            whole_log("removed")
        }),
        attack("change the class of a frozen row", always_frozen, |log| {
            log.set(20, "legacy_integrity_class", Some("legacy-fork-verified"));
            whole_log("state-mismatch")
        }),
        attack("copy a frozen row", always_frozen, |log| {
            let mut row = log.row(20);
            row.insert("id".into(), Some(new_id(1)));
            log.insert(&row);
            // Of the same time: which of the two comes first is a matter of their ids.
            let copy_is_first = new_id(1) < log.id(20);
            tampered(&[("duplicated", at(if copy_is_first { 20 } else { 21 }))])
        }),
    ];
    run(&attacks, Kind::Sqlite, &history);

    for name in history {
        for column in ["action", "row_hmac", "metadata", "legacy_origin", "hmac_key_id"] {
            let mut log = Log::open(Kind::Sqlite, name);
            log.secrets.remove("Z4J_SECRET");
            log.set(20, column, Some(if column == "metadata" { "{}" } else { "other" }));
            log.close();
            let report = log.verify(&[]);
            assert_eq!(report.exit(), 1, "{name} {column}: {}", report.summary());
            if column != "row_hmac" {
                let expected = vec![("state-mismatch".to_owned(), None)];
                assert_eq!(report.classes(&[]), expected, "{name} {column}: {}", report.summary());
            }
        }
    }
}

fn always_frozen(log: &Log) -> bool {
    log.live > 0
}

/// A row that is said to be history, or history that is said to be active, is missing where it was.
#[test]
fn rows_cannot_change_sides() {
    for (index, frozen) in [(20, "0"), (55, "1")] {
        let mut log = Log::open(Kind::Sqlite, "1.13.0-upgraded-from-1.6.9");
        log.set(index, "legacy_frozen", Some(frozen));
        log.close();
        let report = log.verify(&[]);
        assert_eq!(report.exit(), 1, "{}", report.summary());
        report.finding("removed");
    }
}

#[test]
fn the_tally_of_postgres_must_be_the_number_of_rows() {
    for name in ["1.11.0", "1.12.1", "1.13.0"] {
        let mut log = Log::open(Kind::Postgres, name);
        log.run(
            "ALTER TABLE audit_chain_state DISABLE TRIGGER audit_chain_state_protect_tally; \
             UPDATE audit_chain_state SET observed_active_row_count = observed_active_row_count + 1; \
             ALTER TABLE audit_chain_state ENABLE ALWAYS TRIGGER audit_chain_state_protect_tally",
        );
        log.close();
        let report = log.verify(&[]);
        assert_eq!(
            (report.exit(), report.classes(&[])),
            (1, vec![("tally-mismatch".into(), None)]),
            "{name}"
        );
    }
    // A row that was removed past the triggers.
    let mut log = Log::open(Kind::Postgres, "1.13.0");
    log.run("ALTER TABLE audit_log DISABLE TRIGGER audit_log_tally_rows");
    log.delete(10..11);
    log.run("ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_tally_rows");
    log.close();
    let report = log.verify(&[]);
    let expected = vec![("removed".to_owned(), Some(11)), ("tally-mismatch".to_owned(), None)];
    assert_eq!((report.exit(), report.classes(&[])), (1, expected));
}
