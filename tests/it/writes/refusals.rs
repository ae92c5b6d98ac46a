//! Where nothing is written: one clear error with its exit code, and the database as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use super::{MINT, PASSWD, PROMOTE, REVOKE, Unchanged, VERBS, Verb};
use crate::input::{as_nobody, refuses, servers};
use crate::support::fixtures::Fixture;
use crate::support::judge::{AnyDatabase, Target};
use crate::support::postgres::{Cluster, Login};
use crate::support::{Secrets, wait_for};

const WRONG: &str = "this-is-no-secret-of-any-brain-0123456789";
const SQLITE: Target = Target::Sqlite("1.13.0");
const POSTGRES: Target = Target::Postgres("1.13.0");
const BASELINE: Target = Target::Sqlite("1.6.9");
/// Both databases of the newest generation, and one without a signed state.
const TARGETS: [Target; 3] = [SQLITE, POSTGRES, BASELINE];

/// SQLite: what stands around the log from 1.8 on. On PostgreSQL [`AnyDatabase::execute`] walks past it.
const WITHOUT_GUARDS: &str = "DROP TRIGGER IF EXISTS audit_log_boundary_f_no_insert; \
     DROP TRIGGER IF EXISTS audit_log_boundary_f_no_update; DROP TRIGGER IF EXISTS audit_log_boundary_f_no_delete; \
     DROP TRIGGER IF EXISTS audit_chain_state_boundary_f_no_update;";

/// Somebody changes the log or its state.
fn tamper(database: &AnyDatabase, statement: &str) {
    match database {
        AnyDatabase::Sqlite(_) => database.execute(&format!("{WITHOUT_GUARDS} {statement}")),
        AnyDatabase::Postgres(_) => database.execute(statement),
    }
}

/// The row that is this many behind the newest.
fn behind_newest(rows: u32) -> String {
    format!("id = (SELECT id FROM audit_log ORDER BY occurred_at DESC, id DESC LIMIT 1 OFFSET {rows})")
}

/// Every verb is refused with `--yes`, and nothing is written.
#[track_caller]
fn all_refuse(database: &AnyDatabase, secrets: &Secrets, exit_code: i32, code: &str, words: &[&str]) {
    let unchanged = Unchanged::of(database);
    for verb in VERBS {
        refuses(verb.on(database, secrets).arg("--yes"), exit_code, code, words);
    }
    unchanged.check();
}

#[test]
fn databases_that_no_brain_serves() {
    for (name, word) in
        [("1.13.0-parked-at-prepare", "activate-chain-state"), ("1.13.0-stuck-1.6-direct", "restore")]
    {
        let fixture = Fixture::by_name(name);
        let database = AnyDatabase::Sqlite(fixture.sqlite());
        all_refuse(&database, &fixture.meta().secrets, 7, "schema.not-writable", &[word, "migrate status"]);
    }
    for target in TARGETS {
        let database = target.database();
        database.execute("UPDATE alembic_version SET version_num = 'v9_nowhere'");
        let unchanged = Unchanged::of(&database);
        for verb in VERBS {
            for flag in ["--yes", "--dry-run"] {
                let call = verb.on(&database, target.secrets()).arg(flag);
                refuses(call, 7, "schema.not-writable", &["v9_nowhere", "not known"]);
            }
        }
        unchanged.check();
    }
}

#[test]
fn a_log_whose_end_is_not_what_was_signed() {
    let zeros = "0".repeat(64);
    for target in TARGETS {
        let has_state = target != BASELINE;
        let mut cases = vec![
            (
                format!("UPDATE audit_log SET action = 'nothing.happened' WHERE {}", behind_newest(0)),
                "does not verify",
            ),
            (format!("UPDATE audit_log SET target_id = 'x' WHERE {}", behind_newest(31)), "does not verify"),
            (
                format!("UPDATE audit_log SET row_hmac = '{zeros}' WHERE {}", behind_newest(0)),
                "does not verify",
            ),
            (
                format!("UPDATE audit_log SET prev_row_hmac = '{zeros}' WHERE {}", behind_newest(2)),
                "does not verify",
            ),
            // A row that is missing: the state counts, and without one the link tells.
            (
                format!("DELETE FROM audit_log WHERE {}", behind_newest(2)),
                if has_state { "are signed for" } else { "is not linked" },
            ),
        ];
        if has_state {
            let state = |set: &str| format!("UPDATE audit_chain_state SET {set}");
            cases.extend([
                (state(&format!("state_mac = '{zeros}'")), "does not match its MAC"),
                (state(&format!("head_row_hmac = '{zeros}'")), "does not match its MAC"),
                (state("active_row_count = active_row_count - 1"), "contradicts itself"),
                ("DELETE FROM audit_chain_state".into(), ""),
                // Without a state nobody can tell: the releases up to 1.7 have no defence against it.
                (format!("DELETE FROM audit_log WHERE {}", behind_newest(0)), "are signed for"),
                // As many rows as are signed for, but another one at the end.
                (
                    format!(
                        "UPDATE audit_log SET occurred_at = (SELECT min(occurred_at) FROM audit_log) WHERE {}",
                        behind_newest(0)
                    ),
                    "verify",
                ),
            ]);
        }
        for (statement, word) in cases {
            if statement.starts_with("DELETE FROM audit_chain_state") {
                let database = target.database();
                database.execute(&format!(
                    "{} {statement}",
                    if matches!(target, Target::Sqlite(_)) {
                        "DROP TRIGGER audit_chain_state_boundary_f_no_delete;"
                    } else {
                        ""
                    }
                ));
                all_refuse(&database, target.secrets(), 7, "schema.not-writable", &["nothing is written"]);
                continue;
            }
            let database = target.database();
            tamper(&database, &statement);
            all_refuse(&database, target.secrets(), 7, "chain.not-verified", &[word, "nothing was written"]);
        }
    }
}

/// `--verify-first` says how far back the log is looked at; what a row is appended to is always looked at.
#[test]
fn how_much_is_verified_is_for_the_operator_to_say() {
    for target in TARGETS {
        let minted = |database: &AnyDatabase, how: &str| {
            MINT.on(database, target.secrets()).args(["--yes", "--verify-first", how])
        };
        let agents =
            |database: &AnyDatabase| database.number("SELECT count(*) FROM agents WHERE name = 'new-01'");
        // Row numbers from the end: outside of the segment, inside of it, the head.
        for (rows, passes) in [(40, &["head", "none"][..]), (31, &["none"]), (3, &["none"]), (0, &[])] {
            for how in ["full", "head", "none"] {
                let database = target.database();
                let edit =
                    format!("UPDATE audit_log SET action = 'nothing.happened' WHERE {}", behind_newest(rows));
                tamper(&database, &edit);
                if passes.contains(&how) {
                    minted(&database, how).run().expect_code(0);
                    assert_eq!(agents(&database), 1, "{target}: {rows}, {how}");
                    // The forgery stays a finding, and the only one.
                    let verify =
                        crate::support::z4jctl::Z4jctl::new().db(&database).secrets(target.secrets());
                    let report = verify.args(["audit", "verify", "-o", "json"]).run().expect_code(1).json();
                    let rows: std::collections::BTreeSet<_> = report["findings"]
                        .as_array()
                        .expect("findings")
                        .iter()
                        .filter_map(|finding| finding["row"].as_u64())
                        .collect();
                    assert_eq!(rows.len(), 1, "{report}");
                } else {
                    let unchanged = Unchanged::of(&database);
                    // One row alone, without a state that proves the key, could as well be read with a wrong secret.
                    let (exit_code, code) = if target == BASELINE && rows == 0 && how == "none" {
                        (6, "secret.wrong")
                    } else {
                        (7, "chain.not-verified")
                    };
                    refuses(minted(&database, how), exit_code, code, &["audit verify"]);
                    unchanged.check();
                }
            }
        }
        for how in ["full", "head", "none"] {
            let database = target.database();
            minted(&database, how).run().expect_code(0);
            assert_eq!(agents(&database), 1);
        }
    }
}

#[test]
fn secrets_that_are_missing_or_wrong() {
    let without = |secrets: &Secrets, names: &[&str]| {
        let mut secrets = secrets.clone();
        secrets.retain(|name, _| !names.contains(&name.as_str()));
        secrets
    };
    let with = |secrets: &Secrets, name: &str, value: &str| {
        let mut secrets = secrets.clone();
        secrets.insert(name.into(), value.into());
        secrets
    };
    for target in TARGETS {
        let known = target.secrets();
        let (name, previous) = if target == BASELINE {
            ("Z4J_SECRET", "Z4J_PREVIOUS_SECRETS")
        } else {
            ("Z4J_AUDIT_CHAIN_SECRET", "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS")
        };
        let database = target.database();
        let unchanged = Unchanged::of(&database);
        let refused = |secrets: &Secrets, exit_code: i32, code: &str| {
            for verb in VERBS {
                for how in ["full", "head", "none"] {
                    let call = verb.on(&database, secrets).args(["--yes", "--verify-first", how]);
                    let output = refuses(call, exit_code, code, &[]);
                    for secret in secrets.values() {
                        assert!(!output.stderr.contains(secret), "{output}");
                    }
                }
            }
            unchanged.check();
        };
        refused(&without(known, &["Z4J_SECRET", "Z4J_AUDIT_CHAIN_SECRET"]), 6, "secret.missing");
        refused(&without(known, &[name]), 6, "secret.missing");
        refused(&with(known, name, WRONG), 6, "secret.wrong");
        // A previous secret verifies, and never signs.
        let only_previous = with(&without(known, &[name]), previous, &known[name]);
        refused(&only_previous, 6, "secret.missing");
        if target != BASELINE {
            // The state is signed under what is now a previous key: a rotation was begun and not finished.
            let rotated = with(&with(known, previous, &known[name]), name, WRONG);
            refused(&rotated, 7, "chain.rotation-pending");
            // Tokens are hashed under the other one.
            let call = MINT.on(&database, &without(known, &["Z4J_SECRET"])).arg("--yes");
            refuses(call, 6, "secret.missing", &["Z4J_SECRET"]);
            unchanged.check();
        }
    }
}

#[test]
fn a_file_that_may_not_be_written_to() {
    for (file, directory, what) in
        [(0o444, 0o777, "file"), (0o666, 0o555, "directory"), (0o444, 0o555, "both")]
    {
        for target in [SQLITE, BASELINE] {
            let AnyDatabase::Sqlite(database) = target.database() else { continue };
            let place = database.path().parent().expect("a directory").to_owned();
            fs::set_permissions(database.path(), fs::Permissions::from_mode(file)).expect("protect the file");
            fs::set_permissions(&place, fs::Permissions::from_mode(directory))
                .expect("protect the directory");
            let database = AnyDatabase::Sqlite(database);
            let unchanged = Unchanged::of(&database);
            for verb in [MINT, PROMOTE] {
                let output = as_nobody(&verb.on(&database, target.secrets()).arg("--yes")).expect_code(7);
                assert!(output.stderr.contains("may not be written to"), "{what}: {output}");
                assert!(output.stderr.contains("hint: "), "{what}: {output}");
                // What is only looked at needs no leave.
                as_nobody(&verb.on(&database, target.secrets()).arg("--dry-run")).expect_code(0);
            }
            unchanged.check();
            fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).expect("open the directory again");
        }
    }
}

#[test]
fn a_server_that_takes_no_writes() {
    let secrets = POSTGRES.secrets();
    let AnyDatabase::Postgres(database) = POSTGRES.database() else { panic!("{POSTGRES} is none") };
    let standby = servers::standby();
    let url = format!("postgresql://postgres@127.0.0.1:{}/{}", standby.port, database.name());
    for verb in VERBS {
        refuses(verb.at(url.clone(), secrets).arg("--yes"), 7, "database.read-only", &["standby"]);
    }
    drop(standby);

    database.execute(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name()));
    let database = AnyDatabase::Postgres(database);
    all_refuse(&database, secrets, 7, "database.read-only", &["may not be written to"]);
}

#[test]
fn a_role_that_may_not_write() {
    let secrets = POSTGRES.secrets();
    let AnyDatabase::Postgres(database) = POSTGRES.database() else { panic!("{POSTGRES} is none") };
    let reader = Cluster::shared().create_role("reader", Login::Trust, None);
    database.grant(&reader, &["SELECT ON ALL TABLES IN SCHEMA public"]);
    // Everything but the log: what was changed before is taken back.
    let half = Cluster::shared().create_role("half", Login::Trust, None);
    let tables = "users, agents, projects, memberships, sessions, trusted_devices, api_keys";
    let insert = format!("INSERT, UPDATE, DELETE ON {tables}");
    database.grant(&half, &["SELECT ON ALL TABLES IN SCHEMA public", &insert]);
    let urls = [database.url_as(&reader), database.url_as(&half)];
    let database = AnyDatabase::Postgres(database);
    let unchanged = Unchanged::of(&database);
    for url in urls {
        for verb in VERBS {
            let call = verb.at(url.clone(), secrets).arg("--yes");
            refuses(call, 7, "database.read-only", &["permission denied", "nothing was written"]);
        }
    }
    unchanged.check();
}

#[test]
fn a_disk_that_is_too_full() {
    for target in [SQLITE, BASELINE] {
        let database = target.database();
        let unchanged = Unchanged::of(&database);
        for verb in VERBS {
            let call = verb.on(&database, target.secrets()).args(["--yes", "--min-free=999999999"]);
            refuses(call, 7, "database.disk-full", &["999999999 MiB are demanded", "--min-free"]);
        }
        unchanged.check();
        MINT.on(&database, target.secrets()).args(["--yes", "--min-free=1"]).run().expect_code(0);
    }
}

/// The call is refused as locked, and does not wait for much longer than it was told to.
#[track_caller]
fn refused_as_locked(verb: Verb, database: &AnyDatabase, secrets: &Secrets) {
    let start = Instant::now();
    let call = verb.on(database, secrets).args(["--yes", "--lock-timeout=200ms"]);
    refuses(call, 7, "database.locked", &["--lock-timeout"]);
    // Twice: as text and as JSON. On a busy machine a start takes its time.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[test]
fn a_file_that_somebody_else_writes_to() {
    for target in [SQLITE, BASELINE] {
        let database = target.database();
        let AnyDatabase::Sqlite(copy) = &database else { continue };
        let unchanged = Unchanged::of(&database);
        for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
            let writer = copy.connection();
            writer.execute_batch(lock).expect("lock the database");
            for verb in VERBS {
                refused_as_locked(verb, &database, target.secrets());
            }
            writer.execute_batch("ROLLBACK").expect("unlock");
        }
        // Looked at only now: closing a handle of the file would have ended the locks of this process.
        unchanged.check();
        MINT.on(&database, target.secrets()).arg("--yes").run().expect_code(0);
    }
}

#[test]
fn a_server_where_somebody_else_holds_a_lock() {
    const CHAIN_LOCK: &str = "SELECT pg_advisory_xact_lock(2050255578)";
    let secrets = POSTGRES.secrets();
    let database = POSTGRES.database();
    let AnyDatabase::Postgres(server) = &database else { panic!("{POSTGRES} is none") };
    let unchanged = Unchanged::of(&database);
    for (lock, verbs) in [
        (CHAIN_LOCK, &VERBS[..]),
        ("LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE", &VERBS),
        ("SELECT 1 FROM audit_chain_state FOR UPDATE", &VERBS),
        ("SELECT 1 FROM users FOR UPDATE", &[PASSWD, PROMOTE]),
        ("SELECT 1 FROM agents FOR UPDATE", &[REVOKE]),
    ] {
        let mut holder = server.client();
        holder.batch_execute(&format!("BEGIN; {lock}")).expect("take a lock");
        for verb in verbs {
            refused_as_locked(*verb, &database, secrets);
        }
        holder.batch_execute("ROLLBACK").expect("give it back");
    }
    unchanged.check();

    // Who waits long enough gets it.
    let mut holder = server.client();
    holder.batch_execute(&format!("BEGIN; {CHAIN_LOCK}")).expect("take a lock");
    let waiting = MINT.on(&database, secrets).args(["--yes", "--lock-timeout=60s"]).spawn();
    wait_for("somebody who waits for the lock", Duration::from_secs(60), || {
        let query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        (server.number(query) == 1).then_some(())
    });
    holder.batch_execute("ROLLBACK").expect("give it back");
    waiting.wait(Duration::from_secs(60)).expect_code(0);
    assert_eq!(database.number("SELECT count(*) FROM agents WHERE name = 'new-01'"), 1);
}

/// From 1.8 on triggers call functions that z4jctl lends them. What somebody else put into the schema can use them for
/// nothing but what z4jctl is doing anyway, and no function that reaches out of the database at all.
#[test]
fn a_hostile_trigger_in_a_file_is_lent_nothing() {
    let appended = "INSERT INTO audit_log (id, action, target_type, result, occurred_at, metadata, legacy_frozen, \
                    hmac_version, hmac_key_id, row_hmac, chain_generation) SELECT '0123456789abcdef0123456789abcdef', \
                    'x', 'x', 'success', '2026-01-01 00:00:00', '{}', 0, 2, hmac_key_id, row_hmac, chain_generation \
                    FROM audit_log ORDER BY occurred_at LIMIT 1";
    let before = "UPDATE ON users";
    let constraint = "database.constraint";
    for target in [SQLITE, Target::Sqlite("1.8.0")] {
        let stranger = "/nowhere/stranger.so";
        for (event, body, code) in [
            // While the change is made that is told of, nothing may be done to the log.
            (before, "DELETE FROM audit_log WHERE rowid = 3".to_owned(), constraint),
            (before, "UPDATE audit_log SET action = 'x' WHERE rowid = 3".into(), constraint),
            (before, "UPDATE audit_chain_state SET active_row_count = 1".into(), constraint),
            (before, appended.into(), constraint),
            (before, "SELECT z4j_audit_guard('insert', '')".into(), constraint),
            (before, "SELECT z4j_audit_guard('delete', '')".into(), constraint),
            (before, "SELECT z4j_schedule_external_guard('', '', '', '', '', '', '', '')".into(), constraint),
            // While a row is appended, nothing else may.
            ("INSERT ON audit_log", "DELETE FROM audit_log WHERE rowid = 3".into(), constraint),
            ("INSERT ON audit_log", "UPDATE audit_log SET action = 'x' WHERE id = NEW.id".into(), constraint),
            ("INSERT ON audit_log", "DELETE FROM audit_chain_state".into(), constraint),
            ("INSERT ON audit_log", "SELECT z4j_audit_guard('delete', '')".into(), constraint),
            ("UPDATE ON audit_chain_state", "DELETE FROM audit_log WHERE rowid = 3".into(), constraint),
            // And what the guards do let pass is noticed.
            ("INSERT ON audit_log", appended.into(), "chain.read-back"),
            (
                "UPDATE ON audit_chain_state",
                "UPDATE audit_chain_state SET active_row_count = 1".into(),
                "chain.read-back",
            ),
            // Nothing reaches out of the database.
            (before, format!("SELECT load_extension('{stranger}')"), constraint),
            (before, format!("SELECT writefile('{stranger}', 'x')"), constraint),
        ] {
            let database = target.database();
            database.execute(&format!("CREATE TRIGGER hostile AFTER {event} BEGIN {body}; END"));
            let unchanged = Unchanged::of(&database);
            let call = PROMOTE.on(&database, target.secrets()).arg("--yes");
            refuses(call, 7, code, &["nothing was written"]);
            unchanged.check();
        }
    }
}

#[test]
fn a_hostile_trigger_on_a_server_is_noticed() {
    let zeros = "0".repeat(64);
    for (event, body) in [
        ("UPDATE ON audit_chain_state", format!("UPDATE audit_chain_state SET state_mac = '{zeros}'")),
        ("UPDATE ON audit_chain_state", "UPDATE audit_chain_state SET active_row_count = 1".to_owned()),
        (
            "INSERT ON audit_log",
            "INSERT INTO audit_log SELECT (a).* FROM (SELECT jsonb_populate_record(audit_log, jsonb_build_object('id', \
             gen_random_uuid(), 'prev_row_hmac', row_hmac, 'occurred_at', '2026-01-01')) AS a FROM audit_log \
             ORDER BY occurred_at DESC LIMIT 1) AS b"
                .into(),
        ),
    ] {
        let database = POSTGRES.database();
        database.execute(&format!(
            "CREATE FUNCTION hostile() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN IF pg_trigger_depth() = 1 THEN {body}; END IF; RETURN NULL; END $$; \
             CREATE TRIGGER hostile AFTER {event} FOR EACH ROW EXECUTE FUNCTION hostile()"
        ));
        let unchanged = Unchanged::of(&database);
        refuses(PROMOTE.on(&database, POSTGRES.secrets()).arg("--yes"), 7, "chain.read-back", &["trigger"]);
        unchanged.check();
    }
}
