//! Heads: what `z4jctl audit head` prints and what `--known-head` says, beside what the real z4j prints and says.

use serde_json::{Value, json};

use crate::support::brain::{Brain, Installation};
use crate::support::fixtures::{Dump, Fixture, TempSqlite};
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, Secrets};

fn head(database: &impl BrainDatabase, secrets: &Secrets) -> Output {
    Z4jctl::new().db(database).secrets(secrets).args(["audit", "head"]).run()
}

/// The verdict and the exit code of z4jctl.
#[track_caller]
fn ours(database: &impl BrainDatabase, secrets: &Secrets, known_head: &str) -> (String, i32) {
    let output = verify(database, secrets, known_head);
    let verdict = output.json()["known_head"]["verdict"].as_str().unwrap_or_default().to_owned();
    (verdict, output.code)
}

fn verify(database: &impl BrainDatabase, secrets: &Secrets, known_head: &str) -> Output {
    let call = Z4jctl::new().db(database).secrets(secrets).args(["audit", "verify", "-o", "json"]);
    call.args(["--known-head", known_head]).run()
}

/// The verdict and the exit code of the real z4j.
fn theirs(installation: &Installation, known_head: &str) -> (String, i32) {
    let output = installation.run(["audit", "verify", "--known-head", known_head]);
    let verdict = output.stdout.lines().find_map(|line| line.strip_prefix("known-head: "));
    (verdict.unwrap_or_default().to_owned(), output.code)
}

/// What the real z4j prints as head.
#[track_caller]
fn their_head(installation: &Installation) -> String {
    let output = installation.run(["audit", "export-head"]).expect_code(0);
    let line = output.stdout.lines().find(|line| line.starts_with('{'));
    line.unwrap_or_else(|| panic!("no head: {output}")).to_owned()
}

fn verdict(name: &str, code: i32) -> (String, i32) {
    (name.to_owned(), code)
}

#[track_caller]
fn heads_agree(release: &str, database: &impl BrainDatabase, secrets: &Secrets) {
    let installation = Brain::release(release).installation(database, secrets);
    let our_head = head(database, secrets).expect_code(0).stdout;
    let their_head = their_head(&installation);
    assert_eq!(our_head, format!("{their_head}\n"), "byte for byte");
    assert_eq!(theirs(&installation, our_head.trim_end()), verdict("CURRENT_MATCH", 0));
    assert_eq!(ours(database, secrets, &their_head), verdict("CURRENT_MATCH", 0));
}

#[test]
fn our_head_of_1_9_is_the_one_of_the_original() {
    let fixture = Fixture::by_name("1.9.1");
    heads_agree("1.9.1", &fixture.sqlite(), &fixture.meta().secrets);
    heads_agree("1.9.1", &fixture.postgres(Dump::Plain), &fixture.postgres_meta().secrets);
}

#[test]
fn our_head_of_1_13_is_the_one_of_the_original() {
    let fixture = Fixture::by_name("1.13.0");
    heads_agree("1.13.0", &fixture.sqlite(), &fixture.meta().secrets);
    heads_agree("1.13.0", &fixture.postgres(Dump::Plain), &fixture.postgres_meta().secrets);
}

/// A brain writes on: the head of before is an ancestor, and the head of now is unknown to the copy of before.
#[track_caller]
fn heads_age<D: BrainDatabase>(copy: &dyn Fn() -> D, meta: &crate::support::fixtures::Meta) {
    let secrets = &meta.secrets;
    let (before, database) = (copy(), copy());
    let old_head = head(&database, secrets).expect_code(0).stdout;
    let brain = Brain::release("1.13.0").serve(&database, secrets);
    let (email, password) = &meta.accounts["viewer"];
    brain.login(email, password);
    let installation = brain.stop();
    let new_head = head(&database, secrets).expect_code(0).stdout;
    assert_ne!(old_head, new_head);
    assert_eq!(theirs(&installation, old_head.trim_end()), verdict("VERIFIED_ANCESTOR", 0));
    assert_eq!(ours(&database, secrets, &old_head), verdict("VERIFIED_ANCESTOR", 0));
    assert_eq!(theirs(&installation, new_head.trim_end()), verdict("CURRENT_MATCH", 0));

    // The whole database rolled back.
    let installation = Brain::release("1.13.0").installation(&before, secrets);
    assert_eq!(theirs(&installation, new_head.trim_end()), verdict("UNPROVABLE", 1));
    let output = verify(&before, secrets, &new_head).expect_code(1);
    assert_eq!(output.json()["known_head"]["verdict"], "UNPROVABLE", "{output}");
    assert_eq!(output.json()["finding_counts"], json!({ "tail-cut": 1 }), "{output}");
}

#[test]
fn a_head_becomes_an_ancestor_on_sqlite() {
    let fixture = Fixture::by_name("1.13.0");
    heads_age(&|| fixture.sqlite(), fixture.meta());
}

#[test]
fn a_head_becomes_an_ancestor_on_postgresql() {
    let fixture = Fixture::by_name("1.13.0");
    heads_age(&|| fixture.postgres(Dump::Plain), fixture.postgres_meta());
}

#[test]
fn every_verdict_is_that_of_the_original() {
    let fixture = Fixture::by_name("1.13.0-pruned");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let installation = Brain::release("1.13.0").installation(&database, secrets);
    let text = |query: &str| -> String {
        database.connection().query_row(query, [], |row| row.get(0)).expect("one text")
    };
    let current = head(&database, secrets).expect_code(0).stdout.trim_end().to_owned();
    let change = |key: &str, value: Value| {
        let mut object: Value = serde_json::from_str(&current).expect("JSON");
        object[key] = value;
        object.to_string()
    };
    let prune = text("SELECT prune_row_hmac FROM audit_chain_state");
    let first = text("SELECT row_hmac FROM audit_log ORDER BY occurred_at, id LIMIT 1");
    let only = |row_hmac: &str| json!({ "row_hmac": row_hmac }).to_string();
    let uuid = "00000000-0000-4000-8000-000000000000";
    for (known_head, name, code) in [
        (current.clone(), "CURRENT_MATCH", 0),
        (only(&prune), "PRUNE_MATCH", 0),
        (only(&first), "VERIFIED_ANCESTOR", 0),
        (only(&"0".repeat(64)), "UNPROVABLE", 1),
        (change("row_hmac", "0".repeat(64).into()), "UNPROVABLE", 1),
        (change("generation", uuid.into()), "UNPROVABLE", 1),
        (change("id", uuid.into()), "UNPROVABLE", 1),
        (change("occurred_at", "2026-01-01T00:00:00.000000Z".into()), "UNPROVABLE", 1),
        (change("hmac_version", 1.into()), "INVALID", 1),
        (change("row_hmac", prune.to_uppercase().into()), "INVALID", 1),
        (change("something", "else".into()), "INVALID", 1),
        (change("row_hmac", Value::Null), "INVALID", 1),
        ("[]".into(), "INVALID", 1),
        ("{}".into(), "INVALID", 1),
        ("{".into(), "INVALID", 1),
    ] {
        assert_eq!(theirs(&installation, &known_head), verdict(name, code), "theirs of {known_head}");
        // What does not look like an object is taken for the name of a file on our command line.
        let file = tempfile::NamedTempFile::new().expect("create a temporary file");
        std::fs::write(file.path(), &known_head).expect("write a file");
        let path = file.path().to_str().expect("a path in UTF-8");
        assert_eq!(ours(&database, secrets, path), verdict(name, code), "ours of {known_head}");
    }
}

const NEWEST_TWO: &str =
    "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log ORDER BY occurred_at DESC, id DESC LIMIT 2)";

/// Our own head of a log without chain state finds what nothing in the database shows.
#[track_caller]
fn own_head_finds_a_cut_tail<D: BrainDatabase>(database: &D, secrets: &Secrets, rows: u64, cut: &dyn Fn(&D)) {
    let output = head(database, secrets).expect_code(0);
    assert!(output.stderr.contains("only z4jctl's --known-head accepts this head"), "{output}");
    let own = output.json();
    assert_eq!(own["schema"], "z4jctl.audit.head/1", "{output}");
    assert_eq!(own["row_count"], rows, "{output}");

    let file = tempfile::NamedTempFile::new().expect("create a temporary file");
    let path = file.path().to_str().expect("a path in UTF-8").to_owned();
    let to_file = Z4jctl::new().db(database).secrets(secrets).args(["audit", "head", "--to", &path]).run();
    assert_eq!(to_file.expect_code(0).stdout, "");
    assert_eq!(std::fs::read_to_string(&path).expect("read a head"), output.stdout);
    assert_eq!(ours(database, secrets, &path), verdict("CURRENT_MATCH", 0));
    assert_eq!(ours(database, secrets, &output.stdout), verdict("CURRENT_MATCH", 0));

    cut(database);
    let after = Z4jctl::new().db(database).secrets(secrets).args(["audit", "verify"]).run();
    assert_eq!(after.code, 0, "without a head nothing shows the cut: {after}");
    let found = verify(database, secrets, &path).expect_code(1);
    assert_eq!(found.json()["known_head"]["verdict"], "UNPROVABLE", "{found}");
    assert_eq!(found.json()["finding_counts"], json!({ "tail-cut": 1 }), "{found}");
}

#[test]
fn our_own_head_finds_a_cut_tail_of_every_generation_before_1_8() {
    for name in ["1.0.19", "1.3.4", "1.6.9", "1.7.0"] {
        let fixture = Fixture::by_name(name);
        let meta = fixture.meta();
        own_head_finds_a_cut_tail(&fixture.sqlite(), &meta.secrets, meta.audit_rows(), &|database| {
            database.connection().execute(NEWEST_TWO, []).expect("delete two rows");
        });
    }
    for name in ["1.6.9", "1.7.0"] {
        let fixture = Fixture::by_name(name);
        let meta = fixture.postgres_meta();
        let database = fixture.postgres(Dump::Plain);
        own_head_finds_a_cut_tail(&database, &meta.secrets, meta.audit_rows(), &|database| {
            database.execute(&format!("SET session_replication_role = replica; {NEWEST_TWO}"));
        });
    }
}

/// 1.7.0 does not sign its record of retention, so it proves nothing: here it claims that the head was pruned.
#[test]
fn a_forged_retention_record_does_not_explain_a_cut_tail() {
    let fixture = Fixture::by_name("1.7.0");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let kept = head(&database, secrets).expect_code(0);
    let row_hmac = kept.json()["row_hmac"].as_str().expect("a MAC").to_owned();
    let connection = database.connection();
    connection.execute(NEWEST_TWO, []).expect("delete two rows");
    connection
        .execute(
            "UPDATE z4j_meta SET key = 'audit_prune_watermark', value = ?1 WHERE key = 'last_upgraded_at'",
            [&row_hmac],
        )
        .expect("forge a record");
    assert_eq!(ours(&database, secrets, &kept.stdout), verdict("UNPROVABLE", 1));
    connection.execute("DELETE FROM audit_log", []).expect("delete all rows");
    assert_eq!(ours(&database, secrets, &kept.stdout), verdict("UNPROVABLE", 1));

    // Where the first row links to it, it is true.
    let fixture = Fixture::by_name("1.7.0-pruned");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let first: String = database
        .connection()
        .query_row("SELECT prev_row_hmac FROM audit_log ORDER BY occurred_at, id LIMIT 1", [], |row| {
            row.get(0)
        })
        .expect("a first row");
    assert_eq!(
        ours(&database, secrets, &json!({ "row_hmac": first }).to_string()),
        verdict("PRUNE_MATCH", 0)
    );
}

#[test]
fn no_head_is_given_of_a_log_that_does_not_prove_it() {
    let change_newest = "UPDATE audit_log SET action = 'changed' WHERE id = (SELECT id FROM audit_log ORDER BY occurred_at DESC, id DESC LIMIT 1)";
    let refused = |name: &str, statements: &str| {
        let fixture = Fixture::by_name(name);
        let database: TempSqlite = fixture.sqlite();
        database.connection().execute_batch(statements).expect("change a database");
        let call = Z4jctl::new().db(&database).secrets(&fixture.meta().secrets);
        let output = call.args(["audit", "head", "-o", "json"]).run().expect_code(7);
        assert_eq!(output.stdout, "", "{output}");
        let error = output.stderr.lines().last().and_then(|line| serde_json::from_str::<Value>(line).ok());
        assert_eq!(error.expect("a JSON error")["error"]["code"], "audit.head-not-proved", "{output}");
    };
    for name in ["1.0.19", "1.3.4", "1.6.9", "1.7.0"] {
        refused(name, change_newest);
        refused(name, "DELETE FROM audit_log");
    }
    let unlocked = "DROP TRIGGER audit_log_boundary_f_no_update; DROP TRIGGER audit_log_boundary_f_no_delete; \
        DROP TRIGGER audit_chain_state_boundary_f_no_update;";
    for name in ["1.9.1", "1.13.0"] {
        refused(name, &format!("{unlocked} {change_newest}"));
        refused(name, &format!("{unlocked} {NEWEST_TWO}"));
        refused(
            name,
            &format!("{unlocked} UPDATE audit_chain_state SET active_row_count = active_row_count + 1"),
        );
    }
}
