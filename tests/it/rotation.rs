//! Rotating keys: what z4jctl commits is what the real brain goes on with, and what it says of secrets is true.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::brain::Brain;
use crate::support::fixtures::{Dump, Fixture, Meta, TempSqlite};
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, Secrets, wait_for};

const CURRENT: &str = "Z4J_AUDIT_CHAIN_SECRET";
const PREVIOUS: &str = "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS";
const NEW_KEY: &str = "a-new-audit-key-of-the-tests-0123456789abcdef";
const NEW_SECRET: &str = "a-new-master-secret-of-the-tests-0123456789abcdef";

/// The secrets with another audit key, the present one behind it.
fn rotated(meta: &Meta) -> Secrets {
    let mut secrets = meta.secrets.clone();
    let old = secrets.insert(CURRENT.into(), NEW_KEY.into()).expect("an audit key");
    secrets.insert(PREVIOUS.into(), old);
    secrets
}

fn call(database: &impl BrainDatabase, secrets: &Secrets, arguments: &[&str]) -> Output {
    Z4jctl::new().db(database).secrets(secrets).args(arguments).args(["-o", "json"]).run()
}

/// All that it printed, without the command line, which holds what the test put into it.
fn said(output: &Output) -> String {
    format!("{}{}", output.stdout, output.stderr)
}

/// The code of the one error, after checking the exit code, and that no secret is told.
#[track_caller]
fn refusal(output: &Output, exit_code: i32, secrets: &[&str]) -> String {
    assert_eq!(output.code, exit_code, "{output}");
    for secret in secrets {
        assert!(!said(output).contains(secret), "a secret is shown: {output}");
    }
    let error = output.json_error();
    assert!(error["error"]["hint"].is_string(), "{output}");
    error["error"]["code"].as_str().expect("a code").to_owned()
}

#[track_caller]
fn verifies(database: &impl BrainDatabase, secrets: &Secrets, rows: u64) {
    let report = call(database, secrets, &["audit", "verify"]).expect_code(0).json();
    assert_eq!(report["rows"]["verified"].as_u64(), Some(rows), "{report}");
}

fn hides(output: &Output, secrets: &Secrets) {
    for value in secrets.values().flat_map(|value| value.split(',')) {
        assert!(!said(output).contains(value), "a secret is shown: {output}");
    }
}

/// The whole ceremony with keys that the operator configures.
fn explicit_rotation(release: &str, database: &impl BrainDatabase, meta: &Meta) {
    let secrets = rotated(meta);
    let brain = Brain::release(release);
    let rows = meta.audit_rows();

    // Nothing else is written while the rotation is pending.
    let project = meta.projects.keys().next().expect("a project").as_str();
    let mint = ["token", "mint", "--project", project, "--name", "too-early", "--yes"];
    assert_eq!(refusal(&call(database, &secrets, &mint), 7, &[]), "chain.rotation-pending");
    let list = call(database, &secrets, &["audit", "keys", "list"]).expect_code(0).json();
    assert_eq!(list["rotation_pending"], true);
    let check = call(database, &secrets, &["secrets", "check"]).expect_code(1).json();
    assert!(check["remarks"].to_string().contains("rotation-pending"), "{check}");

    // Not without the old key, not with one that is no key, not while a brain runs.
    let rotate = ["audit", "keys", "rotate", "--yes", "--reason", "a test"];
    let mut wrong = secrets.clone();
    wrong.remove(PREVIOUS);
    assert_eq!(refusal(&call(database, &wrong, &rotate), 6, &[NEW_KEY]), "secret.wrong");
    wrong.insert(PREVIOUS.into(), "another-key-that-signed-nothing-0123456789".into());
    assert_eq!(refusal(&call(database, &wrong, &rotate), 6, &[NEW_KEY]), "secret.wrong");
    for (name, value, code) in [
        (CURRENT, "not-32-bytes-long", "secret.too-short"),
        (CURRENT, meta.secrets[CURRENT].as_str(), "secret.duplicate-audit-key"),
    ] {
        let mut wrong = secrets.clone();
        wrong.insert(name.into(), value.into());
        assert_eq!(refusal(&call(database, &wrong, &rotate), 6, &[value]), code);
    }
    let running = brain.serve(database, &meta.secrets);
    let (email, password) = &meta.accounts["admin"];
    running.login(email, password);
    let output = call(database, &secrets, &rotate);
    assert_eq!(refusal(&output, 7, &[NEW_KEY]), "audit-keys.brain-running", "{output}");
    let look = call(database, &secrets, &["audit", "keys", "rotate", "--dry-run"]).expect_code(0).json();
    assert!(look["notes"].to_string().contains("in use"), "{look}");
    running.stop();
    let rows_before = call(database, &meta.secrets, &["audit", "verify"]).expect_code(0).json();
    let rows_before = rows_before["rows"]["verified"].as_u64().expect("a number");
    assert!(rows_before > rows, "the brain wrote");

    let look = call(database, &secrets, &["audit", "keys", "rotate", "--dry-run"]).expect_code(0).json();
    assert_eq!(
        (&look["written"], &look["to_append"][0]["action"]),
        (&json!(false), &json!("audit.chain_key_rotated"))
    );
    verifies(database, &meta.secrets, rows_before);

    let output = call(database, &secrets, &rotate).expect_code(0);
    hides(&output, &secrets);
    let report = output.json();
    let row = &report["appended"][0];
    assert_eq!(
        (&row["action"], &row["target_type"]),
        (&json!("audit.chain_key_rotated"), &json!("audit_chain"))
    );
    let (old, new) = (&row["metadata"]["from_hmac_key_id"], &row["metadata"]["to_hmac_key_id"]);
    assert_eq!(&report["result"]["key_id"], new);
    assert_eq!(row["metadata"]["reason"], "a test");
    verifies(database, &secrets, rows_before + 1);
    brain.audit_verify(database, &secrets).expect_intact();
    let again = call(database, &secrets, &rotate).expect_code(0).json();
    assert_eq!(again["written"], false, "{again}");

    // The brain starts, which it does only on a log that verifies, and goes on under the new key.
    let running = brain.serve(database, &secrets);
    running.login(email, password);
    running.stop().audit_verify().expect_intact();
    let report = call(database, &secrets, &["audit", "verify"]).expect_code(0).json();
    assert!(report["rows"]["verified"].as_u64() > Some(rows_before + 1), "{report}");

    let list = call(database, &secrets, &["audit", "keys", "list"]).expect_code(0).json();
    assert_eq!((&list["rotation_pending"], &list["state_key_id"]), (&json!(false), new));
    let keys = list["keys"].as_array().expect("keys");
    assert_eq!(
        (&keys[0]["key_id"], &keys[0]["configured"], &keys[0]["signs_state"]),
        (new, &json!("current"), &json!(true))
    );
    assert_eq!((&keys[1]["key_id"], &keys[1]["live_rows"]), (old, &json!(rows_before)));
    assert_eq!(keys[1]["retirable"], false);
    let old = old.as_str().expect("a key id");
    for name in [old, &old[..12]] {
        let output = call(database, &secrets, &["audit", "keys", "retire", "--key-id", name, "--yes"]);
        assert_eq!(refusal(&output, 7, &[]), "audit-keys.in-use");
        assert!(output.stderr.contains(&format!("{rows_before} live audit rows")), "{output}");
    }
    let current = new.as_str().expect("a key id");
    let output = call(database, &secrets, &["audit", "keys", "retire", "--key-id", current, "--yes"]);
    assert_eq!(refusal(&output, 7, &[]), "audit-keys.in-use");
    for name in ["61", "not a key id at all", &"0".repeat(64)] {
        let output = call(database, &secrets, &["audit", "keys", "retire", "--key-id", name, "--yes"]);
        assert_eq!(refusal(&output, 2, &[]), "audit-keys.unknown");
    }
    // Who only has the new key is told which one is missing.
    let mut half = secrets.clone();
    half.remove(PREVIOUS);
    let list = call(database, &half, &["audit", "keys", "list"]).expect_code(6).json();
    assert_eq!(list["keys"][1]["configured"], "missing", "{list}");
}

#[test]
fn a_configured_key_becomes_that_of_1_8_on_sqlite() {
    let fixture = Fixture::by_name("1.8.0");
    explicit_rotation("1.8.0", &fixture.sqlite(), fixture.meta());
}

#[test]
fn a_configured_key_becomes_that_of_1_13_on_sqlite() {
    let fixture = Fixture::by_name("1.13.0");
    explicit_rotation("1.13.0", &fixture.sqlite(), fixture.meta());
}

#[test]
fn a_configured_key_becomes_that_of_1_13_on_postgresql() {
    let fixture = Fixture::by_name("1.13.0");
    explicit_rotation("1.13.0", &fixture.postgres(Dump::Plain), fixture.postgres_meta());
}

#[test]
fn up_to_1_7_there_is_no_audit_key_to_rotate() {
    for name in ["1.2.1", "1.6.9", "1.7.0"] {
        let fixture = Fixture::by_name(name);
        let database = fixture.sqlite();
        for verb in [
            &["rotate", "--yes"][..],
            &["rotate", "--managed", "--yes"],
            &["list"],
            &["retire", "--key-id", &"0".repeat(64)],
        ] {
            let output = call(&database, &fixture.meta().secrets, &[&["audit", "keys"], verb].concat());
            assert_eq!(refusal(&output, 7, &[]), "audit-keys.generation", "{output}");
            assert!(output.stderr.contains("Z4J_PREVIOUS_SECRETS"), "{output}");
        }
    }
}

/// A home directory whose `secret.env` holds the keys, and a database beside it.
struct Managed {
    home: tempfile::TempDir,
    database: TempSqlite,
}

impl Managed {
    fn new(meta: &Meta, database: TempSqlite) -> Self {
        use std::os::unix::fs::PermissionsExt as _;

        let home = tempfile::tempdir().expect("create a temporary directory");
        let path = home.path().join("secret.env");
        let lines = meta.secrets.iter().filter(|(name, _)| *name != "Z4J_PREVIOUS_SECRETS");
        let lines: Vec<String> = lines.map(|(name, value)| format!("{name}={value}\n")).collect();
        std::fs::write(&path, lines.concat()).expect("write secret.env");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("chmod");
        Self { home, database }
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("secret.env")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).expect("read secret.env")
    }

    /// What the file holds.
    fn secrets(&self) -> Secrets {
        let text = self.text();
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn call(&self, arguments: &[&str]) -> Z4jctl {
        let home: &Path = self.home.path();
        Z4jctl::new().db(&self.database).arg("--home").arg(home).args(arguments).args(["-o", "json"])
    }
}

#[test]
fn a_managed_key_is_minted_and_let_go_of_when_its_rows_are_gone() {
    use std::os::unix::fs::PermissionsExt as _;

    let fixture = Fixture::by_name("1.13.0");
    let meta = fixture.meta();
    let place = Managed::new(meta, fixture.sqlite());
    let before = place.text();
    let look = place.call(&["audit", "keys", "rotate", "--managed", "--dry-run"]).run().expect_code(0);
    hides(&look, &meta.secrets);
    assert_eq!(place.text(), before, "a dry run writes nothing");
    // Where the environment has a key, a file would lose to it.
    let output = place
        .call(&["audit", "keys", "rotate", "--managed", "--yes"])
        .env(CURRENT, &meta.secrets[CURRENT])
        .run();
    assert_eq!(refusal(&output, 7, &[&meta.secrets[CURRENT]]), "audit-keys.other-source");
    std::fs::set_permissions(place.file(), std::fs::Permissions::from_mode(0o640)).expect("chmod");
    let output = place.call(&["audit", "keys", "rotate", "--managed", "--yes"]).run();
    assert_eq!(refusal(&output, 7, &[]), "audit-keys.store");
    std::fs::set_permissions(place.file(), std::fs::Permissions::from_mode(0o600)).expect("chmod");
    assert_eq!(place.text(), before);

    let output = place.call(&["audit", "keys", "rotate", "--managed", "--yes"]).run().expect_code(0);
    let secrets = place.secrets();
    hides(&output, &secrets);
    let key = &secrets[CURRENT];
    assert!(
        key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
        "{output}"
    );
    assert_eq!(secrets[PREVIOUS], meta.secrets[CURRENT]);
    let names: Vec<String> =
        place.text().lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect();
    assert!(names.is_sorted(), "{names:?}");
    let mode = std::fs::metadata(place.file()).expect("secret.env").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for (name, value) in
        meta.secrets.iter().filter(|(name, _)| ![CURRENT, "Z4J_PREVIOUS_SECRETS"].contains(&name.as_str()))
    {
        assert_eq!(secrets.get(name), Some(value), "the rest stays");
    }
    verifies(&place.database, &secrets, meta.audit_rows() + 1);
    let brain = Brain::release("1.13.0");
    let (email, password) = &meta.accounts["admin"];
    let running = brain.serve(&place.database, &secrets);
    running.login(email, password);
    let stopped = running.stop();
    stopped.audit_verify().expect_intact();
    let old =
        call(&place.database, &secrets, &["audit", "keys", "list"]).expect_code(0).json()["keys"][1].clone();
    let old_id = old["key_id"].as_str().expect("a key id");
    let retire = ["audit", "keys", "retire", "--key-id", old_id, "--yes"];
    assert_eq!(refusal(&place.call(&retire).run(), 7, &[]), "audit-keys.in-use");

    // The real brain prunes what the old key signed.
    let boundary = output.json()["appended"][0]["occurred_at"].as_str().expect("a time").to_owned();
    let pruned = stopped.run(["audit", "prune", "--apply", "--before", &boundary]);
    assert_eq!(pruned.code, 0, "{pruned}");
    let list = place.call(&["audit", "keys", "list"]).run().expect_code(0).json();
    assert_eq!(
        (&list["keys"][1]["live_rows"], &list["keys"][1]["retirable"]),
        (&json!(0), &json!(true)),
        "{list}"
    );
    let check = place.call(&["secrets", "check"]).run().expect_code(0).json();
    assert!(check["remarks"].to_string().contains("previous-removable"), "{check}");
    let look = place.call(&["audit", "keys", "retire", "--key-id", old_id, "--dry-run"]).run().expect_code(0);
    assert_eq!(look.json()["applied"], false);
    assert_eq!(place.secrets(), secrets);
    let done = place.call(&retire).run().expect_code(0).json();
    assert_eq!(done["applied"], true);
    assert!(!place.secrets().contains_key(PREVIOUS), "the only previous key is gone, and with it its line");
    assert_eq!(&place.secrets()[CURRENT], key);
    brain.audit_verify(&place.database, &place.secrets()).expect_intact();
    place.call(&["audit", "verify"]).run().expect_code(0);
}

/// Somebody who reads keeps a transaction of a SQLite file in rollback-journal mode from being committed.
fn reader(path: &Path) -> Connection {
    let reader = Connection::open(path).expect("open a SQLite database");
    reader.execute_batch("BEGIN; SELECT count(*) FROM users").expect("read");
    reader
}

#[test]
fn an_interrupted_managed_rotation_is_finished_by_the_next_run() {
    let fixture = Fixture::by_name("1.13.0");
    let meta = fixture.meta();
    for is_killed in [false, true] {
        let place = Managed::new(meta, fixture.sqlite());
        let reading = reader(&place.database.path());
        let rotate = ["audit", "keys", "rotate", "--managed", "--brains-stopped", "--yes"];
        if is_killed {
            let running = place.call(&rotate).args(["--lock-timeout", "60s"]).spawn();
            let before = meta.secrets[CURRENT].clone();
            wait_for("the key in secret.env", Duration::from_secs(60), || {
                (place.secrets()[CURRENT] != before).then_some(())
            });
            running.signal(Signal::KILL);
            running.wait(Duration::from_secs(60));
        } else {
            let output = place.call(&rotate).args(["--lock-timeout", "300ms"]).run();
            assert_eq!(refusal(&output, 7, &[]), "database.locked");
            assert!(output.stderr.contains("run `z4jctl audit keys rotate` again"), "{output}");
        }
        drop(reading);
        let waiting = place.secrets();
        assert_eq!(waiting[PREVIOUS], meta.secrets[CURRENT], "the key waits in the file");
        let list = place.call(&["audit", "keys", "list"]).run().expect_code(0).json();
        assert_eq!((&list["rotation_pending"], &list["managed"]), (&json!(true), &json!(true)));
        // The log is as it was, for the real verifier too.
        verifies(&place.database, &waiting, meta.audit_rows());
        Brain::release("1.13.0").audit_verify(&place.database, &waiting).expect_intact();
        let output = place.call(&rotate).run().expect_code(0);
        assert_eq!(output.json()["written"], true, "{output}");
        assert_eq!(place.secrets(), waiting, "no second key is minted");
        verifies(&place.database, &waiting, meta.audit_rows() + 1);
        Brain::release("1.13.0").audit_verify(&place.database, &waiting).expect_intact();
    }
}

/// What `secrets check` has to count, asked in SQL.
const COUNTS: [(&str, &str); 7] = [
    (
        "api-keys",
        "SELECT count(*) FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > CURRENT_TIMESTAMP)",
    ),
    (
        "invitations",
        "SELECT count(*) FROM invitations WHERE accepted_at IS NULL AND revoked_at IS NULL AND expires_at > CURRENT_TIMESTAMP",
    ),
    (
        "password-resets",
        "SELECT count(*) FROM password_reset_tokens WHERE consumed_at IS NULL AND expires_at > CURRENT_TIMESTAMP",
    ),
    ("setup-tokens", "SELECT count(*) FROM first_boot_tokens WHERE expires_at > CURRENT_TIMESTAMP"),
    ("sessions", "SELECT count(*) FROM sessions WHERE revoked_at IS NULL AND expires_at > CURRENT_TIMESTAMP"),
    ("agent-tokens", "SELECT count(*) FROM agents WHERE token_hash NOT LIKE 'revoked:%'"),
    ("audit-rows", "SELECT count(*) FROM audit_log"),
];

fn counts_are_right(database: &impl BrainDatabase, meta: &Meta, number: &dyn Fn(&str) -> i64) {
    for count_rows in [false, true] {
        let flags: &[&str] = if count_rows { &["--count-rows"] } else { &[] };
        let output = call(database, &meta.secrets, &[&["secrets", "check"], flags].concat()).expect_code(0);
        hides(&output, &meta.secrets);
        let report = output.json();
        let found = |what: &str| {
            let all = report["dependents"].as_array().expect("a list");
            all.iter()
                .find(|found| found["what"] == what)
                .unwrap_or_else(|| panic!("{what}: {report}"))
                .clone()
        };
        for (what, query) in COUNTS {
            assert_eq!(found(what)["values"], number(query), "{what}");
        }
        assert_eq!(report["witness"], "confirmed");
        let is_active = meta.secrets.contains_key(CURRENT);
        let rows = &found("audit-rows");
        assert_eq!(rows["by_secret"].is_array(), is_active || count_rows, "{rows}");
        if let Some(by_secret) = rows["by_secret"].as_array() {
            assert_eq!(by_secret[0]["values"], rows["values"], "{rows}");
        }
        if meta.alembic_version.starts_with("v1_12") {
            for what in ["totp-secrets", "notification-channels", "user-channels"] {
                let found = found(what);
                assert_eq!(
                    (&found["values"], &found["by_secret"][0]["values"]),
                    (&json!(1), &json!(1)),
                    "{found}"
                );
            }
        }
    }
}

#[test]
fn what_hangs_on_the_secrets_is_what_the_database_holds() {
    for name in ["1.3.4", "1.6.9", "1.8.0", "1.13.0"] {
        let fixture = Fixture::by_name(name);
        let database = fixture.sqlite();
        counts_are_right(&database, fixture.meta(), &|query| database.number(query));
    }
    let fixture = Fixture::by_name("1.13.0");
    let database = fixture.postgres(Dump::Plain);
    counts_are_right(&database, fixture.postgres_meta(), &|query| database.number(query));
}

/// Code and level of each remark.
fn remarks(report: &Value) -> Vec<String> {
    let all = report["remarks"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    all.iter().map(|remark| format!("{} {}", text(&remark["code"]), text(&remark["level"]))).collect()
}

#[test]
fn what_is_amiss_with_the_secrets_is_said() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    let check = |change: &dyn Fn(&mut Secrets), code: i32| {
        let mut secrets = meta.secrets.clone();
        change(&mut secrets);
        let output = call(&database, &secrets, &["secrets", "check"]).expect_code(code);
        hides(&output, &secrets);
        output.json()
    };
    // A rotated secret, with and without the old one.
    let old = meta.secrets["Z4J_SECRET"].clone();
    let report = check(
        &|secrets| {
            secrets.insert("Z4J_SECRET".into(), NEW_SECRET.into());
            secrets.insert("Z4J_PREVIOUS_SECRETS".into(), old.clone());
        },
        0,
    );
    assert_eq!(
        (remarks(&report), &report["witness"]),
        (vec!["previous-needed info".to_owned()], &json!("unknown"))
    );
    let report = check(
        &|secrets| {
            secrets.insert("Z4J_SECRET".into(), NEW_SECRET.into());
        },
        1,
    );
    assert_eq!(report["witness"], "contradicted");
    assert_eq!(remarks(&report).iter().filter(|remark| *remark == "does-not-open finding").count(), 3);
    // Missing ones.
    for name in ["Z4J_SECRET", "Z4J_SESSION_SECRET", CURRENT] {
        let report = check(
            &|secrets| {
                secrets.remove(name);
            },
            6,
        );
        assert_eq!(remarks(&report)[0], "missing missing", "{name}");
    }
    // One for two purposes.
    let report = check(
        &|secrets| {
            secrets.insert("Z4J_SESSION_SECRET".into(), old.clone());
        },
        0,
    );
    assert_eq!(remarks(&report), ["shared warning"]);
    // A previous audit key that nothing needs.
    let report = check(
        &|secrets| {
            secrets.insert(PREVIOUS.into(), NEW_KEY.into());
        },
        0,
    );
    assert_eq!(remarks(&report), ["previous-removable info"]);
    // Previous secrets where a brain refuses them.
    let place = Managed::new(meta, fixture.sqlite());
    std::fs::write(place.file(), format!("{}Z4J_PREVIOUS_SECRETS={NEW_SECRET}\n", place.text()))
        .expect("write");
    let report = place.call(&["secrets", "check"]).run().expect_code(1).json();
    assert_eq!(remarks(&report)[0], "misplaced finding");
    // Up to 1.7 the log itself tells.
    let fixture = Fixture::by_name("1.6.9");
    let mut secrets = fixture.meta().secrets.clone();
    secrets.insert("Z4J_SECRET".into(), NEW_SECRET.into());
    let report = call(&fixture.sqlite(), &secrets, &["secrets", "check"]).expect_code(1).json();
    assert_eq!(report["witness"], "contradicted", "{report}");
}

/// The signing secret of each project by the plan.
fn signing_secrets(output: &Output) -> Value {
    let plan = output.json();
    let all = plan["secret"]["signing_secrets"].as_array().expect("a list").clone();
    all.into_iter()
        .map(|one| (one["project"].as_str().expect("a slug").to_owned(), one["hmac_secret"].clone()))
        .collect()
}

#[test]
fn signing_secrets_are_those_of_the_vectors() {
    #[derive(serde::Deserialize)]
    struct Vectors {
        project_signing_secrets: Vec<Case>,
    }
    #[derive(serde::Deserialize)]
    struct Case {
        secret: String,
        project_id: String,
        hmac_secret: String,
    }
    let vectors: Vectors =
        serde_json::from_str(include_str!("../../fixtures/vectors/identity/token-hashes.json"))
            .expect("vectors");
    let fixture = Fixture::by_name("1.6.9");
    let mut judged = 0;
    for case in vectors.project_signing_secrets.iter().filter(|case| case.secret.len() >= 32) {
        let database = fixture.sqlite();
        let connection = database.connection();
        connection.execute_batch("PRAGMA foreign_keys = OFF").expect("a pragma");
        let id = case.project_id.replace('-', "");
        let changed = connection.execute("UPDATE projects SET id = ?1 WHERE slug = 'payments'", [id]);
        assert_eq!(changed.expect("an update"), 1);
        let output = Z4jctl::new()
            .db(&database)
            .secrets(&fixture.meta().secrets)
            .args(["secrets", "plan-rotation", "--new-secret-stdin", "-o", "json"])
            .stdin(format!("{}\n", case.secret))
            .run()
            .expect_code(0);
        assert_eq!(signing_secrets(&output)["payments"], case.hmac_secret.as_str());
        assert!(!said(&output).contains(&case.secret), "{output}");
        judged += 1;
    }
    assert!(judged > 0, "no vector has a secret that z4j would take");
}

#[test]
fn a_brain_with_the_new_secret_signs_as_the_plan_says() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    let home = tempfile::tempdir().expect("create a temporary directory");
    let file = home.path().join("new-secret");
    std::fs::write(&file, format!("{NEW_SECRET}\n")).expect("write the new secret");
    let file = file.to_str().expect("UTF-8");
    let plan = call(&database, &meta.secrets, &["secrets", "plan-rotation", "--new-secret-file", file])
        .expect_code(0);
    hides(&plan, &meta.secrets);
    assert!(!said(&plan).contains(NEW_SECRET), "{plan}");
    let signing = signing_secrets(&plan);
    let rotation = &plan.json()["secret"];
    assert_eq!(rotation["api_keys"].as_array().map(Vec::len), Some(3), "{rotation}");
    assert!(rotation["api_keys"].to_string().contains("\"name\":\"proj-key\""), "{rotation}");
    assert_eq!(rotation["agents"].as_array().map(Vec::len), Some(3), "{rotation}");
    // Without the flag nothing secret is told.
    let bare = call(&database, &meta.secrets, &["secrets", "plan-rotation", "--secret", "--audit-key"])
        .expect_code(0);
    assert_eq!(bare.json()["secret"]["signing_secrets"], Value::Null);
    assert_eq!(bare.json()["audit_key"]["keys"]["keys"].as_array().map(Vec::len), Some(1));
    for secret in signing.as_object().expect("an object").values() {
        assert!(!said(&bare).contains(secret.as_str().expect("a text")), "{bare}");
    }
    let report = format!("json={}", home.path().join("report").display());
    let output = call(
        &database,
        &meta.secrets,
        &["secrets", "plan-rotation", "--new-secret-file", file, "--report", &report],
    );
    assert_eq!(refusal(&output, 2, &[]), "usage.report-of-secret");

    let mut secrets = meta.secrets.clone();
    let old = secrets.insert("Z4J_SECRET".into(), NEW_SECRET.into()).expect("a secret");
    secrets.insert("Z4J_PREVIOUS_SECRETS".into(), old);
    let brain = Brain::release("1.13.0").serve(&database, &secrets);
    let (email, password) = &meta.accounts["admin"];
    let session = brain.login(email, password);
    for project in meta.projects.keys() {
        let minted =
            session.post(&format!("/projects/{project}/agents"), &json!({ "name": "after-rotation" }));
        assert_eq!(minted.expect_status(201).json()["hmac_secret"], signing[project], "{project}");
    }
    brain.stop().audit_verify().expect_intact();
    let check = call(&database, &secrets, &["secrets", "check"]).expect_code(0).json();
    assert!(remarks(&check).contains(&"previous-needed info".to_owned()), "{check}");
}

#[test]
fn a_new_secret_that_will_not_do_is_refused() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    let old = meta.secrets["Z4J_SECRET"].as_str();
    let mut secrets = meta.secrets.clone();
    secrets.insert("Z4J_PREVIOUS_SECRETS".into(), NEW_SECRET.into());
    for (secret, code) in [
        ("", "secret.too-short"),
        ("thirty-one-bytes-are-not-enough", "secret.too-short"),
        (old, "secret.unchanged"),
        (NEW_SECRET, "secret.reused"),
        (" a-secret-with-a-blank-before-it-0123456789", "secret.whitespace"),
        ("a-secret-of-two-lines-0123456789\nabcdef0123456789", "secret.whitespace"),
    ] {
        let output = Z4jctl::new()
            .db(&database)
            .secrets(&secrets)
            .args(["secrets", "plan-rotation", "--new-secret-stdin", "-o", "json"])
            .stdin(secret)
            .run();
        let shown: &[&str] = if secret.is_empty() { &[] } else { &[secret] };
        assert_eq!(refusal(&output, 6, shown), code);
    }
    let output =
        call(&database, &secrets, &["secrets", "plan-rotation", "--new-secret-file", "/nonexistent"]);
    assert_eq!(refusal(&output, 6, &[]), "secret.new");
    secrets.remove("Z4J_SECRET");
    let output = call(&database, &secrets, &["secrets", "plan-rotation"]);
    assert_eq!(refusal(&output, 6, &[]), "secret.missing");
    // An argument is no place for a secret.
    let output = call(&database, &secrets, &["secrets", "plan-rotation", "--new-secret", NEW_SECRET]);
    assert_eq!(output.code, 2, "{output}");
}
