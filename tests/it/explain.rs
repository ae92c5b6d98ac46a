//! `audit verify --explain`: each finding is explained, on both databases and every generation, and nothing else changes.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::diff::{Copy, Form, pair};
use crate::support::postgres::{Cluster, Login};
use crate::support::process;
use crate::support::z4jctl::Z4jctl;
use crate::tampering::log::{Kind, Log, a_moment_after, made_up_mac, new_id, text};

const LOGS: [(Kind, &str); 9] = [
    (Kind::Sqlite, "1.0.19"),
    (Kind::Sqlite, "1.3.4"),
    (Kind::Sqlite, "1.6.9"),
    (Kind::Sqlite, "1.7.0"),
    (Kind::Sqlite, "1.8.0"),
    (Kind::Sqlite, "1.11.0"),
    (Kind::Sqlite, "1.13.0"),
    (Kind::Postgres, "1.6.9"),
    (Kind::Postgres, "1.13.0"),
];

/// Verifies with and without explanation: all but that is the same. Gives the explained report.
#[track_caller]
fn explained(log: &Log, arguments: &[&str]) -> Value {
    let plain = log.verify(&[]);
    let report = log.verify(&[&["--explain"], arguments].concat());
    assert_eq!(report.exit(), plain.exit(), "{}", report.summary());
    let mut stripped = report.json.clone();
    for finding in stripped["findings"].as_array_mut().expect("a list") {
        let explanation = finding.as_object_mut().expect("an object").remove("explanation");
        let explanation = explanation.unwrap_or_else(|| panic!("not explained: {finding:#}"));
        assert!(explanation["meaning"].as_str().is_some_and(|text| text.len() > 30), "{explanation:#}");
        assert!(!explanation["next"].as_array().expect("a list").is_empty());
    }
    assert_eq!(stripped["findings"], plain.json["findings"]);
    report.json
}

fn explanation<'r>(report: &'r Value, class: &str) -> &'r Value {
    let all = report["findings"].as_array().expect("a list");
    let found = all.iter().find(|finding| finding["class"] == class);
    &found.unwrap_or_else(|| panic!("no {class}: {report:#}"))["explanation"]
}

/// The commands of z4jctl that a report names, without their arguments.
fn commands(report: &Value) -> BTreeSet<Vec<String>> {
    let mut commands = BTreeSet::new();
    for finding in report["findings"].as_array().expect("a list") {
        for step in finding["explanation"]["next"].as_array().expect("a list") {
            let words: Vec<&str> = step["command"].as_str().unwrap_or_default().split(' ').collect();
            if words[0] == "z4jctl" {
                let is_verb = |word: &&&str| {
                    word.chars().all(|one| one.is_ascii_lowercase() || one == '-') && !word.starts_with('-')
                };
                let verbs = words[1..].iter().take_while(is_verb);
                let flags = words[1..].iter().filter(|word| word.starts_with("--"));
                commands.insert(verbs.chain(flags).map(ToString::to_string).collect());
            }
        }
    }
    commands
}

/// What is advised can be done: every command exists, with every flag.
#[track_caller]
fn check_commands(commands: &BTreeSet<Vec<String>>) {
    assert!(!commands.is_empty());
    for command in commands {
        let verbs = command.iter().filter(|word| !word.starts_with("--"));
        let help = Z4jctl::new().args(verbs).arg("--help").run().expect_code(0).stdout;
        for flag in command.iter().filter(|word| word.starts_with("--")) {
            assert!(help.contains(flag.as_str()), "{command:?}: {help}");
        }
    }
}

#[test]
fn every_class_is_explained_on_every_generation() {
    let mut advised = BTreeSet::new();
    let mut classes = BTreeSet::new();
    for (kind, name) in LOGS {
        let mut log = Log::open(kind, name);
        let live = log.live;
        log.set(live + 2, "user_agent", Some("curl"));
        log.delete(live + 6..live + 8);
        let mut inserted = log.row(live + 12);
        inserted.insert("id".into(), Some(new_id(1)));
        inserted
            .insert("occurred_at".into(), Some(a_moment_after(&text(&log.rows[live + 12], "occurred_at"))));
        inserted.insert("row_hmac".into(), Some(made_up_mac(1)));
        log.insert(&inserted);
        log.set(live + 16, "row_hmac", None);
        log.set(live + 20, "row_hmac", Some("00"));
        let time = text(&log.rows[live + 27], "occurred_at");
        log.set(live + 24, "occurred_at", Some(&a_moment_after(&time)));
        let last = log.rows.len();
        log.delete(last - 2..last);
        if log.is_active() {
            log.set_state("active_row_count", Some("1"));
        }
        log.close();
        let report = explained(&log, &[]);
        let found = report["findings"].as_array().expect("a list");
        classes.extend(found.iter().filter_map(|finding| finding["class"].as_str().map(str::to_owned)));
        advised.extend(commands(&report));
        // Evidence before anything else.
        for finding in found {
            let first = &finding["explanation"]["next"][0];
            let command = first["command"].as_str().unwrap_or_default();
            let keeps = if kind == Kind::Sqlite { "cp -p " } else { "pg_dump " };
            assert!(command.starts_with(keeps), "{finding:#}");
        }
        let edited = explanation(&report, "edited");
        let neighbours = edited["neighbours"].as_array().expect("a list");
        assert_eq!(neighbours.len(), 2, "{name}: {edited:#}");
        assert!(neighbours.iter().all(|row| row["holds"]["action"].is_string()), "{edited:#}");
        assert!(edited["active"]["since"].is_string(), "{edited:#}");
        let unknown = edited["active"]["unknown"].to_string();
        assert_eq!(unknown.contains("api_key_id"), name == "1.0.19", "{name}: {unknown}");
        // For a person the same.
        let human = log.z4jctl().args(["audit", "verify", "--explain"]).run();
        assert_eq!(human.code, 1);
        assert!(human.stdout.contains("A row was changed after the brain had signed it"), "{human}");
        assert!(human.stdout.contains("1. keep the evidence"), "{human}");
    }
    for class in ["edited", "removed", "inserted", "unsigned", "malformed", "reordered", "state-forged"] {
        assert!(classes.contains(class), "{class} is in none: {classes:?}");
    }
    check_commands(&advised);
}

/// Whoever named database and secrets by flags can copy what is advised as it is.
#[test]
fn advised_commands_find_the_same_database() {
    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.set(30, "user_agent", Some("curl"));
    log.close();
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let (database, secrets) = (directory.path().join("the log.db"), directory.path().join("it's secret.env"));
    let url = log.z4j_url();
    fs::copy(url.strip_prefix("sqlite+aiosqlite:///").expect("a file"), &database).expect("copy a database");
    let lines = log.secrets.iter().map(|(name, value)| format!("{name}={value}\n"));
    fs::write(&secrets, lines.collect::<String>()).expect("write a file");
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).expect("set a mode");

    let call = Z4jctl::new().args(["audit", "verify", "--explain", "-o", "json", "--db"]).arg(&database);
    let report = call.arg("--secret-file").arg(&secrets).run().expect_code(1).json();
    let steps = explanation(&report, "edited")["next"].as_array().expect("a list");
    let mut advised = steps.iter().filter_map(|step| step["command"].as_str());
    let show =
        advised.find(|command| command.starts_with("z4jctl audit show ")).expect("the row is to be shown");
    let program = Z4jctl::new().command();
    let program = Path::new(program.get_program()).parent().expect("a directory");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", show]).env_clear().env("PATH", program).env("HOME", directory.path());
    let shown = process::run(&mut shell, b"", Duration::from_secs(60)).expect_code(1);
    assert!(shown.stdout.contains("curl"), "{shown}");
}

#[test]
fn missing_beginnings_ends_and_keys_are_explained() {
    let mut advised = BTreeSet::new();
    for (kind, name) in [(Kind::Sqlite, "1.13.0"), (Kind::Postgres, "1.13.0")] {
        let mut log = Log::open(kind, name);
        let last = log.rows.len();
        log.delete(last - 3..last);
        log.close();
        let report = explained(&log, &[]);
        let cut = explanation(&report, "tail-cut");
        // From the last row that is left until now.
        assert_eq!(cut["active"]["since"].as_str().map(str::len), Some(32), "{cut:#}");
        assert!(!cut["active"]["agents"].is_null());
        advised.extend(commands(&report));
    }
    let mut log = Log::open(Kind::Sqlite, "1.6.9");
    log.delete(0..4);
    log.close();
    let report = explained(&log, &[]);
    assert!(!explanation(&report, "prefix-cut")["meaning"].is_null());
    advised.extend(commands(&report));

    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.secrets.insert("Z4J_AUDIT_CHAIN_SECRET".into(), "0123456789abcdef".repeat(4));
    log.close();
    let report = explained(&log, &[]);
    advised.extend(commands(&report));
    let mut log = Log::open(Kind::Sqlite, "1.6.9");
    log.secrets.insert("Z4J_SECRET".into(), "0123456789abcdef".repeat(4));
    log.close();
    let report = explained(&log, &[]);
    assert_eq!(explanation(&report, "wrong-key")["next"][0]["command"], "z4jctl config show");
    advised.extend(commands(&report));
    check_commands(&advised);
}

#[test]
fn a_copy_shows_old_and_new_values() {
    for (kind, name, form) in [
        (Kind::Sqlite, "1.6.9", Form::File),
        (Kind::Sqlite, "1.13.0", Form::JsonlZstd),
        (Kind::Postgres, "1.13.0", Form::Url),
    ] {
        let (mut log, copy) = pair(kind, name, form);
        log.set(log.live + 2, "source_ip", Some("192.0.2.99"));
        log.delete(log.live + 8..log.live + 10);
        log.set(log.live + 20, "row_hmac", Some("00"));
        log.close();
        let report = explained(&log, &["--against", &copy.name()]);
        let edited = &explanation(&report, "edited")["changes"];
        assert_eq!(edited[0]["fields"][0]["column"], "source_ip", "{report:#}");
        assert_eq!(edited[0]["fields"][0]["new"], "192.0.2.99");
        let removed = explanation(&report, "removed")["changes"].as_array().expect("a list").clone();
        let ids: Vec<&Value> = removed.iter().map(|change| &change["columns"]["row_hmac"]).collect();
        let gone = |index: usize| text(&log.rows[index], "row_hmac");
        assert_eq!(ids, [&Value::from(gone(log.live + 8)), &gone(log.live + 9).into()], "{report:#}");

        let hidden = log.verify(&["--explain", "--redact", "--against", &copy.name()]);
        let text = hidden.json["findings"].to_string();
        // A server may be named: what to run next has the database.
        for word in ["192.0.2.99", "\"127.0.0.1\"", "@example.com"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        let human = log.z4jctl().args(["audit", "verify", "--explain", "--against", &copy.name()]).run();
        assert!(human.stdout.contains("-> 192.0.2.99"), "{human}");
    }
    // A copy that is none of this database changes nothing but the notes.
    let (mut log, _) = pair(Kind::Sqlite, "1.13.0", Form::Csv);
    log.set(log.middle(), "user_agent", Some("curl"));
    log.close();
    let Copy::Sqlite(other) = Copy::of(&Log::open(Kind::Sqlite, "1.8.0"), Form::File) else {
        panic!("a file")
    };
    let report = explained(&log, &["--against", &other.path().display().to_string()]);
    assert!(report["notes"].to_string().contains("could not be compared"), "{report:#}");
    log.z4jctl().args(["audit", "verify", "--against", "x.db"]).run().expect_code(2);
    log.z4jctl().args(["audit", "verify", "--redact"]).run().expect_code(2);
}

#[test]
fn who_was_active_is_what_the_tables_say() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut log = Log::open(kind, "1.13.0");
        // A gap as long as the middle of the log: many were active in it.
        let (from, to) = (log.live + 10, log.rows.len() - 10);
        log.delete(from..to);
        log.close();
        let report = explained(&log, &["--max-findings", "1000"]);
        let active = &explanation(&report, "removed")["active"];
        for list in ["sessions", "agents", "api_keys", "users", "addresses"] {
            assert!(
                active[list].as_array().is_some_and(|list| !list.is_empty()),
                "{kind:?} {list}: {active:#}"
            );
        }
        assert!(active["sessions"][0]["user"].as_str().is_some_and(|user| user.contains('@')), "{active:#}");
        assert_eq!(active["unknown"].as_array().map(Vec::len), Some(0), "{active:#}");
    }
}

/// A role that may only verify is told what it cannot be told.
#[test]
fn a_role_that_reads_only_the_log_is_enough() {
    let mut log = Log::open(Kind::Postgres, "1.13.0");
    log.set(log.middle(), "user_agent", Some("curl"));
    log.close();
    let role = Cluster::shared().create_role("explain_reader", Login::Trust, None);
    for table in ["audit_log", "audit_chain_state", "audit_chain_preparation", "z4j_meta", "alembic_version"]
    {
        log.run(&format!("GRANT SELECT ON {table} TO {}", role.name));
    }
    let url = log.z4j_url().replacen("postgres@", &format!("{}@", role.name), 1);
    let output = Z4jctl::new()
        .db_url(url)
        .secrets(&log.secrets)
        .args(["audit", "verify", "--explain", "-o", "json"])
        .run()
        .expect_code(1);
    let report = output.json();
    let active = &explanation(&report, "edited")["active"];
    for table in ["users", "sessions", "agents", "api_keys"] {
        assert!(active["unknown"].to_string().contains(&format!("{table}: this role")), "{active:#}");
    }
    assert!(active["addresses"].as_array().is_some_and(|list| !list.is_empty()), "{active:#}");
}
