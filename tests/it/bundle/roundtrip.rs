//! What every real database gives is accepted by z4jctl, by ssh-keygen and by an independent verifier.

use std::os::unix::fs::PermissionsExt as _;

use super::Bundles;
use crate::support::fixtures::{Dump, Fixture, Meta};
use crate::support::ssh::Key;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, file_sha256};

const ALL: [&str; 2] = ["--since", "1970-01-01"];

/// A bundle of some rows, and one of all of them.
#[track_caller]
fn comes_back(name: &str, database: &impl BrainDatabase, meta: &Meta) {
    let bundles = Bundles::new();
    let verified =
        Z4jctl::new().db(database).secrets(&meta.secrets).args(["audit", "verify", "-o", "json"]).run();
    let rows = meta.audit_rows();
    let (last, full) = (rows.to_string(), "--include-identities");
    for (file, arguments, count) in [
        ("some.json", &["1", "2", &last, full][..], 3),
        ("all.json", &[ALL[0], ALL[1], full], rows),
        ("outsiders.json", &ALL, rows),
    ] {
        let made = bundles.make(database, &meta.secrets, file, arguments);
        if verified.code != 0 {
            // What cannot be proved is not handed out as if it were, unless somebody says so.
            assert_eq!(made.code, 7, "{name}: {made}");
            let arguments = [arguments, &["--unverified"]].concat();
            bundles.make(database, &meta.secrets, file, &arguments).expect_code(0);
            let judged = bundles.verify(file, &[]).expect_code(3).json();
            assert_eq!(judged["statement"]["unverified"], verified.code, "{name}: {judged}");
        } else {
            let made = made.expect_code(0).json();
            assert_eq!(
                (&made["statement"]["rows"], &made["statement"]["size"]),
                (&count.into(), &rows.into()),
                "{name}"
            );
            let judged = bundles.verify(file, &[]).expect_code(0).json();
            assert_eq!(judged["statement"]["coverage"], verified.json()["rows"], "{name}: {judged}");
            assert_eq!(judged["rows"].as_array().map(Vec::len), usize::try_from(count).ok(), "{name}");
        }
        let independent = bundles.verify_independently(file).expect_code(0);
        assert!(
            independent.stdout.starts_with(&format!("OK: {count} rows of {rows}, ")),
            "{name}: {independent}"
        );
        let text = bundles.text(file);
        assert!(meta.secrets.values().all(|secret| !text.contains(secret.as_str())), "{name}");
        let mode = bundles.path(file).metadata().expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    for hidden in ["@example.com", "127.0.0.1"] {
        assert!(!bundles.text("outsiders.json").contains(hidden), "{name} {hidden}");
        // Retention took the rows with addresses out of some.
        assert!(bundles.text("all.json").contains(hidden) || name.contains("pruned"), "{name} {hidden}");
    }
}

#[test]
fn every_sqlite_database_comes_back() {
    for fixture in Fixture::all().iter().filter(|fixture| fixture.has_sqlite()) {
        let database = fixture.sqlite();
        let before = file_sha256(database.path());
        comes_back(&fixture.name, &database, fixture.meta());
        assert_eq!(before, file_sha256(database.path()), "{}", fixture.name);
    }
}

#[test]
fn every_postgres_database_comes_back() {
    for fixture in Fixture::all().iter().filter(|fixture| fixture.has_postgres()) {
        comes_back(&fixture.name, &fixture.postgres(Dump::Plain), fixture.postgres_meta());
    }
}

#[test]
fn ssh_keygen_accepts_the_statement() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    for key in [Key::generate("z4j.example/audit"), Key::openssh("ops@example.com")] {
        let bundles = Bundles::with(key);
        bundles.make(&database, secrets, "a.json", &["5"]).expect_code(0);
        let bundle = bundles.read("a.json");
        let part = |name: &str| bundle[name].as_str().expect("a text").as_bytes();
        let judged = bundles.key.judge("z4jctl-bundle", part("signature"), part("statement")).expect_code(0);
        assert!(judged.stdout.contains("Good \"z4jctl-bundle\" signature"), "{judged}");
        assert_ne!(bundles.key.judge("z4jctl-export", part("signature"), part("statement")).code, 0);
        assert_ne!(bundles.key.judge("z4jctl-bundle", part("signature"), &part("statement")[1..]).code, 0);
        bundles.verify("a.json", &[]).expect_code(0);
    }
}

/// The same rows, however they are named, and both databases lead to the same root.
#[test]
fn rows_are_found_by_whatever_they_are() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    let bundles = Bundles::new();
    let ids = |arguments: &[&str]| {
        bundles.make(&database, &meta.secrets, "a.json", &[arguments, &["--force"]].concat()).expect_code(0);
        let judged = bundles.verify("a.json", &[]).expect_code(0).json();
        let rows = judged["rows"].as_array().expect("a list").clone();
        rows.iter()
            .map(|row| (row["row"].as_u64(), row["audit_id"].as_str().map(str::to_owned)))
            .collect::<Vec<_>>()
    };
    let by_position = ids(&["7", "3"]);
    assert_eq!(by_position.iter().map(|row| row.0).collect::<Vec<_>>(), [Some(3), Some(7)]);
    let id = by_position[1].1.clone().expect("an id");
    assert_eq!(ids(&["3", &id, "7"]), by_position, "a row that is named twice is one row");
    let count = |sql: &str| usize::try_from(database.number(sql)).expect("a number");
    let logins = count("SELECT count(*) FROM audit_log WHERE action LIKE 'auth.%'");
    assert_eq!(ids(&["--action", "auth.*"]).len(), logins);
    let (email, _) = &meta.accounts["admin"];
    let own = format!(
        "SELECT count(*) FROM audit_log WHERE action LIKE 'auth.%' AND user_id = (SELECT id FROM users WHERE email = '{email}')"
    );
    assert_eq!(ids(&["--action", "auth.*", "--user", email]).len(), count(&own));
    bundles.make(&database, &meta.secrets, "b.json", &["--user", "nobody@example.com"]).expect_code(2);
}
