//! Rows that were changed, removed, added, moved or doubled.

use super::log::{Kind, Log, a_moment_after, made_up_mac, new_id, text};
use super::sign::sign_row;
use super::{Attack, Expected, POSTGRES, SQLITE, always, at, attack, on_sqlite, run, tampered};

/// One signed column of a row in the middle gets another value.
fn edit(log: &Log, column: &str, value: &str) -> Expected {
    let middle = log.middle();
    assert_ne!(log.rows[middle][column].as_deref(), Some(value));
    log.set(middle, column, Some(value));
    tampered(&[("edited", at(middle))])
}

fn edits() -> Vec<Attack> {
    vec![
        attack("edit action", always, |log| edit(log, "action", "auth.logout2")),
        attack("edit target_type", always, |log| edit(log, "target_type", "nothing")),
        attack("edit target_id", always, |log| edit(log, "target_id", "somebody else")),
        attack("empty target_id", always, |log| edit(log, "target_id", "")),
        attack("edit result", always, |log| edit(log, "result", "other")),
        attack("edit outcome", always, |log| edit(log, "outcome", "other")),
        attack("edit event_id", always, |log| edit(log, "event_id", &new_id(1))),
        attack("edit user_id", always, |log| edit(log, "user_id", &new_id(1))),
        attack("edit project_id", always, |log| edit(log, "project_id", &new_id(1))),
        attack("edit source_ip", always, |log| edit(log, "source_ip", "192.0.2.1")),
        attack("edit user_agent", always, |log| edit(log, "user_agent", "curl")),
        attack("edit metadata", always, |log| edit(log, "metadata", r#"{"harmless": true}"#)),
        attack(
            "edit api_key_id",
            |log| log.has_column("api_key_id"),
            |log| edit(log, "api_key_id", &new_id(1)),
        ),
        attack("edit chain_generation", can_change_generation, |log| {
            edit(log, "chain_generation", &new_id(1))
        }),
        attack("edit hmac_key_id", Log::is_active, |log| {
            edit(log, "hmac_key_id", &super::sign::key_id("another key"))
        }),
        attack("edit hmac_version", Log::is_active, |log| edit(log, "hmac_version", "1")),
        attack("edit legacy_integrity_class", Log::is_active, |log| {
            edit(log, "legacy_integrity_class", "legacy-linked-verified")
        }),
        attack("edit legacy_origin", Log::is_active, |log| {
            edit(log, "legacy_origin", "audit-log:preparation-v1")
        }),
        attack("edit row_hmac", always, |log| edit(log, "row_hmac", &made_up_mac(1))),
        attack("edit prev_row_hmac", always, |log| edit(log, "prev_row_hmac", &made_up_mac(1))),
        attack("empty prev_row_hmac", always, |log| {
            log.set(log.middle(), "prev_row_hmac", None);
            tampered(&[("edited", at(log.middle()))])
        }),
        attack("edit occurred_at, same order", always, |log| {
            let time = text(&log.rows[log.middle()], "occurred_at");
            edit(log, "occurred_at", &a_moment_after(&time))
        }),
        attack("edit id", always, |log| edit(log, "id", &new_id(1))),
        attack("edit the first row", always, |log| {
            log.set(log.live, "user_agent", Some("curl"));
            tampered(&[("edited", at(log.live))])
        }),
        attack("edit the last row", always, |log| {
            let last = log.rows.len() - 1;
            log.set(last, "user_agent", Some("curl"));
            tampered(&[("edited", at(last))])
        }),
        attack("edit row_hmac of the last row", always, |log| {
            let last = log.rows.len() - 1;
            log.set(last, "row_hmac", Some(&made_up_mac(1)));
            tampered(&[("edited", at(last))])
        }),
        attack("edit three rows in a row", always, |log| {
            let middle = log.middle();
            for index in middle..middle + 3 {
                log.set(index, "user_agent", Some("curl"));
            }
            tampered(&[("edited", at(middle)), ("edited", at(middle + 1)), ("edited", at(middle + 2))])
        }),
        attack("edit a row and its row_hmac", always, |log| {
            log.set(log.middle(), "user_agent", Some("curl"));
            edit(log, "row_hmac", &made_up_mac(1))
        }),
        attack("edit a row, its row_hmac and the link behind it", always, |log| {
            // With a MAC that matches nothing, both rows are wrong, and the chain looks linked.
            let middle = log.middle();
            log.set(middle, "user_agent", Some("curl"));
            log.set(middle, "row_hmac", Some(&made_up_mac(1)));
            log.set(middle + 1, "prev_row_hmac", Some(&made_up_mac(1)));
            tampered(&[("edited", at(middle)), ("edited", at(middle + 1))])
        }),
    ]
}

fn removals() -> Vec<Attack> {
    vec![
        attack("remove one", always, |log| {
            let middle = log.middle();
            log.delete(middle..middle + 1);
            tampered(&[("removed", at(middle))])
        }),
        attack("remove three", always, |log| {
            let middle = log.middle();
            log.delete(middle - 1..middle + 2);
            tampered(&[("removed", at(middle - 1))])
        }),
        attack("remove in two places", always, |log| {
            let middle = log.middle();
            log.delete(middle - 2..middle - 1);
            log.delete(middle + 1..middle + 2);
            tampered(&[("removed", at(middle - 2)), ("removed", at(middle))])
        }),
        attack("remove one and edit the row before it", always, |log| {
            let middle = log.middle();
            log.delete(middle..middle + 1);
            log.set(middle - 1, "user_agent", Some("curl"));
            with_count(log, tampered(&[("edited", at(middle - 1))]))
        }),
        attack("remove one and edit the row behind it", always, |log| {
            let middle = log.middle();
            log.delete(middle..middle + 1);
            log.set(middle + 1, "user_agent", Some("curl"));
            with_count(log, tampered(&[("edited", at(middle))]))
        }),
    ]
}

/// A changed row next to a gap hides it: what it links to, and what links to it, is no proof. The signed count is.
fn with_count(log: &Log, mut expected: Expected) -> Expected {
    if log.is_active() {
        expected.findings.push(("removed", None));
    }
    expected
}

/// A row that looks like the one at an index, a moment later, with another id and a made-up MAC.
fn forged(log: &Log, index: usize, number: u32) -> super::log::Row {
    let mut row = log.row(index);
    row.insert("id".into(), Some(new_id(number)));
    row.insert("occurred_at".into(), Some(a_moment_after(&text(&log.rows[index], "occurred_at"))));
    row.insert("action".into(), Some("auth.login".into()));
    row.insert("row_hmac".into(), Some(made_up_mac(number)));
    row
}

fn additions() -> Vec<Attack> {
    vec![
        attack("insert, linked to the row before", always, |log| {
            let middle = log.middle();
            let mut row = forged(log, middle, 1);
            row.insert("prev_row_hmac".into(), log.rows[middle]["row_hmac"].clone());
            log.insert(&row);
            tampered(&[("inserted", at(middle + 1))])
        }),
        attack("insert, linked to nothing", always, |log| {
            let middle = log.middle();
            let mut row = forged(log, middle, 1);
            row.insert("prev_row_hmac".into(), None);
            log.insert(&row);
            tampered(&[("inserted", at(middle + 1))])
        }),
        attack("insert, linked to an invention", always, |log| {
            let middle = log.middle();
            let mut row = forged(log, middle, 1);
            row.insert("prev_row_hmac".into(), Some(made_up_mac(9)));
            log.insert(&row);
            tampered(&[("inserted", at(middle + 1))])
        }),
        attack("insert two that link to each other", always, |log| {
            let middle = log.middle();
            let mut first = forged(log, middle, 1);
            first.insert("prev_row_hmac".into(), log.rows[middle]["row_hmac"].clone());
            let mut second = forged(log, middle, 2);
            second.insert("occurred_at".into(), Some(a_moment_after(&text(&first, "occurred_at"))));
            second.insert("prev_row_hmac".into(), first["row_hmac"].clone());
            log.insert(&first);
            log.insert(&second);
            tampered(&[("inserted", at(middle + 1)), ("inserted", at(middle + 2))])
        }),
        attack("append, linked to the newest row", always, |log| {
            let last = log.rows.len() - 1;
            let mut row = forged(log, last, 1);
            row.insert("prev_row_hmac".into(), log.rows[last]["row_hmac"].clone());
            log.insert(&row);
            // Before 1.8 nothing tells an added newest row from a changed one.
            let class = if log.is_active() { "inserted" } else { "edited" };
            tampered(&[(class, at(last + 1))])
        }),
        attack("append, linked to nothing", always, |log| {
            let last = log.rows.len() - 1;
            let mut row = forged(log, last, 1);
            row.insert("prev_row_hmac".into(), None);
            log.insert(&row);
            tampered(&[("inserted", at(last + 1))])
        }),
        attack("prepend", always, |log| {
            let mut row = forged(log, log.live, 1);
            let time = if log.live == 0 {
                "2020-01-01 00:00:00.000000".into()
            } else {
                a_moment_after(&text(&log.rows[log.live - 1], "occurred_at"))
            };
            row.insert("occurred_at".into(), Some(time));
            row.insert("prev_row_hmac".into(), None);
            log.insert(&row);
            tampered(&[("inserted", at(log.live))])
        }),
        attack("insert a row of a foreign generation", Log::is_active, |log| {
            let middle = log.middle();
            let mut row = forged(log, middle, 1);
            row.insert("chain_generation".into(), Some(new_id(77)));
            row.insert("prev_row_hmac".into(), None);
            log.insert(&row);
            tampered(&[("inserted", at(middle + 1))])
        }),
        attack("insert a signed row of a foreign generation", Log::is_active, |log| {
            let middle = log.middle();
            let mut row = forged(log, middle, 1);
            row.insert("chain_generation".into(), Some(new_id(77)));
            row.insert("prev_row_hmac".into(), log.rows[middle]["row_hmac"].clone());
            sign_row(&mut row, log.key());
            log.insert(&row);
            tampered(&[("inserted", at(middle + 1))])
        }),
        attack("copy a row", always, |log| {
            let (from, to) = (log.middle(), log.rows.len() - 2);
            let mut row = log.row(from);
            row.insert("id".into(), Some(new_id(1)));
            row.insert("occurred_at".into(), Some(a_moment_after(&text(&log.rows[to], "occurred_at"))));
            log.insert(&row);
            tampered(&[("duplicated", at(to + 1))])
        }),
        attack("copy a row right behind itself", always, |log| {
            let from = log.middle();
            let mut row = log.row(from);
            row.insert("id".into(), Some(new_id(1)));
            row.insert("occurred_at".into(), Some(a_moment_after(&text(&log.rows[from], "occurred_at"))));
            log.insert(&row);
            tampered(&[("duplicated", at(from + 1))])
        }),
        attack("copy the newest row behind itself", always, |log| {
            let last = log.rows.len() - 1;
            let mut row = log.row(last);
            row.insert("id".into(), Some(new_id(1)));
            row.insert("occurred_at".into(), Some(a_moment_after(&text(&log.rows[last], "occurred_at"))));
            log.insert(&row);
            tampered(&[("duplicated", at(last + 1))])
        }),
        attack("fork", always, |log| {
            let middle = log.middle();
            let mut row = forged(log, middle, 1);
            row.insert("prev_row_hmac".into(), log.rows[middle - 1]["row_hmac"].clone());
            sign_row(&mut row, log.key());
            log.insert(&row);
            tampered(&[("forked", at(middle + 1))])
        }),
        attack("fork that goes on", always, |log| {
            let middle = log.middle();
            let mut first = forged(log, middle, 1);
            first.insert("prev_row_hmac".into(), log.rows[middle - 1]["row_hmac"].clone());
            sign_row(&mut first, log.key());
            let mut second = forged(log, middle, 2);
            second.insert("occurred_at".into(), Some(a_moment_after(&text(&first, "occurred_at"))));
            second.insert("prev_row_hmac".into(), first["row_hmac"].clone());
            sign_row(&mut second, log.key());
            log.insert(&first);
            log.insert(&second);
            tampered(&[("forked", at(middle + 1))])
        }),
        attack("second genesis", always, |log| {
            let middle = log.middle();
            let mut row = forged(log, middle, 1);
            row.insert("prev_row_hmac".into(), None);
            sign_row(&mut row, log.key());
            log.insert(&row);
            tampered(&[("forked", at(middle + 1))])
        }),
    ]
}

fn moves() -> Vec<Attack> {
    vec![
        attack("swap the times of two rows", always, |log| {
            swap_times(log, log.middle() - 1, log.middle() + 1)
        }),
        attack("swap the times of two neighbours", always, |log| {
            swap_times(log, log.middle(), log.middle() + 1)
        }),
        attack("move a row forward", always, |log| {
            let (from, to) = (log.middle() - 1, log.middle() + 1);
            log.set(from, "occurred_at", Some(&a_moment_after(&text(&log.rows[to], "occurred_at"))));
            tampered(&[("reordered", at(to))])
        }),
        attack("move a row back", always, |log| {
            let (from, to) = (log.middle() + 2, log.middle() - 1);
            log.set(from, "occurred_at", Some(&a_moment_after(&text(&log.rows[to], "occurred_at"))));
            tampered(&[("reordered", at(to + 1))])
        }),
        attack("move a row to the end", always, |log| {
            let last = log.rows.len() - 1;
            let time = a_moment_after(&text(&log.rows[last], "occurred_at"));
            log.set(log.middle(), "occurred_at", Some(&time));
            tampered(&[("reordered", at(last))])
        }),
    ]
}

fn swap_times(log: &Log, one: usize, other: usize) -> Expected {
    let time = |index: usize| text(&log.rows[index], "occurred_at");
    log.set(one, "occurred_at", Some(&time(other)));
    log.set(other, "occurred_at", Some(&time(one)));
    tampered(&[("reordered", at(one)), ("reordered", at(other))])
}

fn spoiled() -> Vec<Attack> {
    vec![
        attack("take the row_hmac away", always, |log| {
            log.set(log.middle(), "row_hmac", None);
            tampered(&[("unsigned", at(log.middle()))])
        }),
        attack("take the row_hmac of the newest row away", always, |log| {
            let last = log.rows.len() - 1;
            log.set(last, "row_hmac", None);
            tampered(&[("unsigned", at(last))])
        }),
        attack("row_hmac too short", always, |log| {
            let stored = text(&log.rows[log.middle()], "row_hmac");
            log.set(log.middle(), "row_hmac", Some(&stored[..63]));
            tampered(&[("malformed", at(log.middle()))])
        }),
        attack("row_hmac in upper case", always, |log| {
            let stored = text(&log.rows[log.middle()], "row_hmac");
            log.set(log.middle(), "row_hmac", Some(&stored.to_ascii_uppercase()));
            tampered(&[("malformed", at(log.middle()))])
        }),
        attack("row_hmac empty", always, |log| {
            log.set(log.middle(), "row_hmac", Some(""));
            tampered(&[("malformed", at(log.middle()))])
        }),
        attack("broken user_id", on_sqlite, |log| unreadable(log, "user_id", "'no uuid'")),
        attack("broken id", on_sqlite, |log| unreadable(log, "id", "'no uuid'")),
        attack("broken occurred_at", on_sqlite, |log| unreadable(log, "occurred_at", "occurred_at || 'x'")),
        attack("broken metadata", on_sqlite, |log| unreadable(log, "metadata", "'{\"a\": '")),
        attack("number for metadata text", on_sqlite, |log| unreadable(log, "user_agent", "x'00ff'")),
        attack("blob in a text column", on_sqlite, |log| {
            unreadable(log, "action", "CAST('auth.login' AS BLOB)")
        }),
        attack("invalid UTF-8", on_sqlite, |log| unreadable(log, "user_agent", "CAST(x'c328' AS TEXT)")),
        attack("lone surrogate", on_sqlite, |log| unreadable(log, "metadata", r#"'{"a": "\ud800"}'"#)),
        attack(
            "broken chain_generation",
            |log| on_sqlite(log) && log.is_active(),
            |log| unreadable(log, "chain_generation", "'no uuid'"),
        ),
        attack("NUL in a text", on_sqlite, |log| {
            log.run(&format!(
                "UPDATE audit_log SET user_agent = CAST(x'610062' AS TEXT) WHERE id = '{}'",
                log.id(log.middle())
            ));
            tampered(&[("edited", at(log.middle()))])
        }),
        attack("number in a text column", on_sqlite, |log| {
            // The column has the affinity of text: SQLite makes a text of it.
            edit(log, "user_agent", "12")
        }),
    ]
}

/// What cannot be read can be neither confirmed nor refuted.
fn unreadable(log: &Log, column: &str, expression: &str) -> Expected {
    log.run(&format!("UPDATE audit_log SET {column} = {expression} WHERE id = '{}'", log.id(log.middle())));
    Expected { exit: 3, findings: vec![("malformed", Some(at(log.middle())))] }
}

#[test]
fn edited_rows() {
    run(&edits(), Kind::Sqlite, &SQLITE);
}

#[test]
fn removed_rows() {
    run(&removals(), Kind::Sqlite, &SQLITE);
}

#[test]
fn added_rows() {
    run(&additions(), Kind::Sqlite, &SQLITE);
}

#[test]
fn moved_rows() {
    run(&moves(), Kind::Sqlite, &SQLITE);
}

#[test]
fn spoiled_rows() {
    run(&spoiled(), Kind::Sqlite, &SQLITE);
}

/// The same in PostgreSQL, where each copy takes longer: what differs is how rows are read, not how they are judged.
#[test]
fn rows_in_postgres() {
    let telling = [
        "edit action",
        "edit source_ip",
        "edit metadata",
        "edit chain_generation",
        "edit row_hmac",
        "edit occurred_at, same order",
        "remove three",
        "insert, linked to the row before",
        "append, linked to the newest row",
        "copy a row",
        "fork",
        "swap the times of two rows",
        "take the row_hmac away",
        "row_hmac too short",
    ];
    let mut attacks: Vec<Attack> =
        [edits(), removals(), additions(), moves(), spoiled()].into_iter().flatten().collect();
    attacks.retain(|attack| telling.contains(&attack.name));
    assert_eq!(attacks.len(), telling.len());
    run(&attacks, Kind::Postgres, &POSTGRES);
}

/// The row tally of 1.11 and later, whose trigger always fires, refuses this to anybody on PostgreSQL.
fn can_change_generation(log: &Log) -> bool {
    log.is_active() && (log.kind() == Kind::Sqlite || !log.state().contains_key("observed_active_row_count"))
}
