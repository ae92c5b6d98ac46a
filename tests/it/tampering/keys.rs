//! Keys that are not configured, and keys of another brain.

use super::log::{Kind, Log, made_up_mac, new_id};
use super::sign::{key_id, sign_row, state_of};

const NEW_KEY: &str = "a-new-audit-key-0123456789abcdef-0123456789";

/// A log whose last rows and state are signed under a new key, as after a rotation.
fn rotated(kind: Kind, name: &'static str) -> (Log, usize) {
    let log = Log::open(kind, name);
    let first_new = log.rows.len() - 3;
    let mut rows = log.rows[log.live..].to_vec();
    let mut previous = None;
    for (index, row) in rows.iter_mut().enumerate().skip(first_new - log.live) {
        if let Some(previous) = previous.replace(String::new()) {
            row.insert("prev_row_hmac".into(), Some(previous));
        }
        row.insert("hmac_key_id".into(), Some(key_id(NEW_KEY)));
        sign_row(row, NEW_KEY);
        previous.clone_from(&row["row_hmac"]);
        for column in ["prev_row_hmac", "hmac_key_id", "row_hmac"] {
            log.set(log.live + index, column, row[column].as_deref());
        }
    }
    let mut state = log.state();
    state.insert("state_key_id".into(), Some(key_id(NEW_KEY)));
    log.replace_state(&state_of(&state, &rows, NEW_KEY));
    (log, first_new)
}

#[test]
fn a_rotated_key_verifies_with_both_and_is_incomplete_with_one() {
    for (kind, name) in [
        (Kind::Sqlite, "1.8.0"),
        (Kind::Sqlite, "1.13.0"),
        (Kind::Sqlite, "1.13.0-upgraded-from-1.6.9"),
        (Kind::Postgres, "1.13.0"),
    ] {
        let (mut log, first_new) = rotated(kind, name);
        log.close();
        let old = log.secrets["Z4J_AUDIT_CHAIN_SECRET"].clone();
        let set = |log: &mut Log, current: &str, previous: Option<&str>| {
            log.secrets.insert("Z4J_AUDIT_CHAIN_SECRET".into(), current.into());
            log.secrets.remove("Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS");
            if let Some(previous) = previous {
                log.secrets.insert("Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS".into(), previous.into());
            }
        };
        set(&mut log, NEW_KEY, Some(&old));
        let both = log.verify(&[]);
        assert_eq!(both.exit(), 0, "{name}: {}", both.summary());
        assert_eq!(
            both.json["keys"].as_array().map_or(0, |keys| {
                keys.iter()
                    .filter(|key| key["key_id"] == key_id(NEW_KEY) || key["key_id"] == key_id(&old))
                    .count()
            }),
            2,
            "{name}"
        );

        // The previous key was lost: the rows under it cannot be judged.
        set(&mut log, NEW_KEY, None);
        let only_new = log.verify(&[]);
        let expected = vec![("unknown-key".to_owned(), Some(log.live as u64 + 1))];
        assert_eq!((only_new.exit(), only_new.classes(&[])), (3, expected), "{name}: {}", only_new.summary());
        assert_eq!(only_new.json["rows"]["unknown_key"], first_new - log.live, "{name}");
        assert_eq!(only_new.json["rows"]["verified"], 3, "{name}");

        // The new key is not known here yet: neither its rows nor the state.
        set(&mut log, &old, None);
        let only_old = log.verify(&[]);
        let expected =
            vec![("unknown-key".to_owned(), None), ("unknown-key".to_owned(), Some(first_new as u64 + 1))];
        assert_eq!((only_old.exit(), only_old.classes(&[])), (3, expected), "{name}: {}", only_old.summary());

        // A row under the lost key whose link does not fit is seen all the same.
        set(&mut log, NEW_KEY, None);
        let middle = log.live + 2;
        drop_update_guard(&log);
        log.set(middle, "row_hmac", Some(&made_up_mac(1)));
        let broken = log.verify(&[]);
        assert_eq!(broken.exit(), 1, "{name}: {}", broken.summary());
    }
}

fn drop_update_guard(log: &Log) {
    if log.kind() == Kind::Sqlite {
        log.run("DROP TRIGGER audit_log_boundary_f_no_update");
    }
}

/// Who names an unknown key to have a change excused does not get it excused.
#[test]
fn an_invented_key_is_no_excuse() {
    for name in ["1.8.0", "1.13.0"] {
        let mut log = Log::open(Kind::Sqlite, name);
        log.set(10, "action", Some("auth.logout2"));
        log.set(10, "hmac_key_id", Some(&key_id("invented")));
        log.close();
        let report = log.verify(&[]);
        assert_eq!((report.exit(), report.classes(&[])), (1, vec![("edited".into(), Some(11))]), "{name}");

        let mut log = Log::open(Kind::Sqlite, name);
        let end = log.rows.len();
        log.delete(end - 5..end);
        log.set_state("state_key_id", Some(&key_id("invented")));
        log.set_state("state_mac", Some(&made_up_mac(1)));
        log.close();
        let report = log.verify(&[]);
        assert_eq!(report.exit(), 1, "{name}: {}", report.summary());
        report.finding("state-forged");
    }
}

#[test]
fn the_key_of_another_brain_is_a_wrong_key() {
    for name in ["1.0.19", "1.2.1", "1.3.4", "1.6.9", "1.7.0", "1.8.0", "1.13.0"] {
        let mut log = Log::open(Kind::Sqlite, name);
        log.close();
        let setting = if log.is_active() { "Z4J_AUDIT_CHAIN_SECRET" } else { "Z4J_SECRET" };
        log.secrets.insert(setting.into(), NEW_KEY.into());
        let report = log.verify(&[]);
        assert_eq!(report.exit(), 6, "{name}: {}", report.summary());
        report.finding("wrong-key");
        assert_eq!(report.json["rows"]["verified"], 0, "{name}");
    }
}

/// Before 1.8 a row does not name its key: rows under a lost secret look like changed ones. Both are said.
#[test]
fn a_lost_secret_before_1_8_is_a_possible_reason() {
    for name in ["1.2.1", "1.6.9"] {
        let log = Log::open(Kind::Sqlite, name);
        let mut previous: Option<String> = None;
        let mut log_rows = log.rows.clone();
        for (index, row) in log_rows.iter_mut().enumerate() {
            row.insert("prev_row_hmac".into(), previous.clone());
            let key = if index < 10 { NEW_KEY } else { log.key() };
            sign_row(row, key);
            previous.clone_from(&row["row_hmac"]);
            log.set(index, "prev_row_hmac", row["prev_row_hmac"].as_deref());
            log.set(index, "row_hmac", row["row_hmac"].as_deref());
        }
        let mut log = log;
        log.close();
        log.secrets.insert("Z4J_PREVIOUS_SECRETS".into(), NEW_KEY.into());
        let with = log.verify(&[]);
        assert_eq!(with.exit(), 0, "{name}: {}", with.summary());
        log.secrets.remove("Z4J_PREVIOUS_SECRETS");
        let without = log.verify(&[]);
        let expected: Vec<_> = (1..=10).map(|row| ("edited".to_owned(), Some(row))).collect();
        assert_eq!((without.exit(), without.classes(&[])), (1, expected), "{name}");
        let notes = without.json["notes"].to_string();
        assert!(notes.contains("Z4J_PREVIOUS_SECRETS"), "{name}: {notes}");
    }
}

#[test]
fn a_missing_key_is_said_before_anything_is_read() {
    for (name, setting) in [("1.6.9", "Z4J_SECRET"), ("1.13.0", "Z4J_AUDIT_CHAIN_SECRET")] {
        let mut log = Log::open(Kind::Sqlite, name);
        log.close();
        log.secrets.remove(setting);
        let output = log.z4jctl().args(["audit", "verify", "--output", "json"]).run().expect_code(6);
        assert!(output.stderr.contains(setting), "{output}");
    }
    assert_ne!(new_id(1), new_id(2));
}
