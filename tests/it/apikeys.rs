//! API keys and sessions: what z4jctl mints, the real brain takes; what z4jctl revokes, it refuses from then on.

use serde_json::{Value, json};

use crate::support::BrainDatabase;
use crate::support::brain::{Brain, RunningBrain};
use crate::support::fixtures::{Dump, Fixture, Meta, TempSqlite};
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;

const ADMIN: &str = "admin@example.com";
const OPERATOR: &str = "operator@example.com";
const VIEWER: &str = "viewer@example.com";

fn call(database: &impl BrainDatabase, meta: &Meta, arguments: &[&str]) -> Z4jctl {
    Z4jctl::new().db(database).secrets(&meta.secrets).args(arguments)
}

/// Runs a command that reads; its report.
#[track_caller]
fn read(database: &impl BrainDatabase, meta: &Meta, arguments: &[&str]) -> Value {
    call(database, meta, arguments).args(["-o", "json"]).run().expect_code(0).json()
}

/// Runs a command that writes; its report, after the log was verified.
#[track_caller]
fn write(database: &impl BrainDatabase, meta: &Meta, arguments: &[&str]) -> Value {
    let output = call(database, meta, arguments).args(["--yes", "-o", "json"]).run().expect_code(0);
    is_verified(database, meta);
    output.json()
}

#[track_caller]
fn is_verified(database: &impl BrainDatabase, meta: &Meta) {
    call(database, meta, &["audit", "verify"]).run().expect_code(0);
}

#[track_caller]
fn text<'a>(report: &'a Value, pointer: &str) -> &'a str {
    report.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {report}"))
}

/// Mints a key with more arguments; its id and its text.
#[track_caller]
fn mint(database: &impl BrainDatabase, meta: &Meta, arguments: &[&str]) -> (String, String) {
    let report = write(database, meta, &[&["apikey", "mint"], arguments].concat());
    (text(&report, "/result/api_key_id").to_owned(), text(&report, "/result/token").to_owned())
}

/// What a key may not do is refused by the brain, and so is what was revoked.
#[track_caller]
fn the_brain_agrees(release: &str, database: &impl BrainDatabase, meta: &Meta) {
    let has_networks = release == "1.13.0";
    let report = write(
        database,
        meta,
        &[
            "apikey",
            "mint",
            "--user",
            "Admin@EXAMPLE.com",
            "--name",
            " ci ",
            "--scope",
            "agents:read,tasks:read",
        ],
    );
    let token = text(&report, "/result/token").to_owned();
    let minted = &report["result"];
    assert_eq!((&minted["name"], &minted["prefix"]), (&json!("ci"), &json!(token[..8])), "{report}");
    assert_eq!(minted["expires_at"], Value::Null, "{report}");
    let shown = read(database, meta, &["apikey", "show", text(minted, "/api_key_id")]);
    let key = &shown["api_keys"][0];
    assert_eq!((&key["owner"], &key["state"]), (&json!(ADMIN), &json!("active")), "{shown}");
    for name in ["prefix", "name", "owner_id", "scopes", "allowed_cidrs", "expires_at"] {
        assert_eq!(minted[name], key[name], "{name}: {report} {shown}");
    }
    let row = &report["appended"][0];
    assert_eq!(
        (&row["action"], &row["target_type"], &row["target_id"], &row["user_id"]),
        (&json!("api_key.created"), &json!("api_key"), &key["id"], &key["owner_id"]),
        "{report}"
    );
    assert_eq!(row.get("project_id"), None, "{report}");
    let metadata = &row["metadata"];
    assert_eq!(metadata["scopes"], json!(["agents:read", "tasks:read"]), "{report}");
    assert_eq!((&metadata["name"], &metadata["project_scoped"]), (&json!("ci"), &json!(false)), "{report}");
    assert_eq!(metadata.get("allowed_cidrs"), has_networks.then_some(&json!([])), "{report}");
    assert_eq!(metadata["via"], "z4jctl", "{report}");

    let bound = ["--user", ADMIN, "--name", "bound", "--scope", "agents:read", "--project", "payments"];
    let (bound_id, bound_token) = mint(database, meta, &[&bound[..], &["--expires-in", "30"]].concat());
    let shown = read(database, meta, &["apikey", "show", &bound_id]);
    assert_eq!(shown["api_keys"][0]["project"], "payments", "{shown}");
    assert!(shown["api_keys"][0]["expires_at"].is_string(), "{shown}");
    let (_, everything) = mint(database, meta, &["--user", ADMIN, "--name", "all", "--scope", "admin:*"]);
    let (_, stranger) = mint(database, meta, &["--user", OPERATOR, "--name", "o", "--scope", "agents:read"]);
    let networks = ["--user", ADMIN, "--name", "here", "--scope", "agents:read", "--allowed-cidr"];
    let near = has_networks.then(|| mint(database, meta, &[&networks[..], &["127.0.0.1/8,::1"]].concat()).1);
    let far = has_networks.then(|| mint(database, meta, &[&networks[..], &["10.1.2.3/16"]].concat()).1);
    Brain::release(release).audit_verify(database, &meta.secrets).expect_intact();

    let brain = Brain::release(release).serve(database, &meta.secrets);
    let (agents, elsewhere) = ("/projects/payments/agents", "/projects/analytics-eu/agents");
    let status = |token: &str, path: &str| brain.get_as(token, path).status;
    assert_eq!(status(&token, agents), 200);
    assert_eq!(status(&token, elsewhere), 200);
    assert_eq!(status(&token, "/projects/payments/audit"), 403, "outside its scopes");
    assert_eq!(status(&token, "/users"), 403, "outside its scopes");
    assert_eq!(status(&bound_token, agents), 200);
    assert_eq!(status(&bound_token, elsewhere), 403, "outside its project");
    assert_eq!(status(&everything, "/projects/payments/audit"), 200);
    assert_eq!(status(&everything, "/users"), 200);
    assert_eq!(status(&stranger, agents), 200);
    let not_there = if release == "1.0.19" { 403 } else { 404 };
    assert_eq!(status(&stranger, "/projects/default/agents"), not_there, "its owner is no member there");
    assert_eq!(status(&format!("z4k_{}", "x".repeat(43)), agents), 401);
    for (token, expected) in [(near, 200), (far, 403)] {
        assert_eq!(token.map_or(expected, |token| status(&token, agents)), expected);
    }
    assert!(
        read(database, meta, &["apikey", "show", &token[..8]])["api_keys"][0]["last_used_at"].is_string()
    );

    // Revoked while the brain runs.
    let report = write(database, meta, &["apikey", "revoke", "ci"]);
    let row = &report["appended"][0];
    assert_eq!(
        (&row["action"], &row["target_id"], &row["user_id"]),
        (&json!("api_key.revoked"), &key["id"], &key["owner_id"]),
        "{report}"
    );
    assert_eq!(row.get("project_id"), None, "{report}");
    assert_eq!(status(&token, agents), 401);
    assert_eq!(status(&bound_token, agents), 200, "another key lives on");
    call(database, meta, &["apikey", "revoke", "--key-stdin", "--yes"])
        .stdin(format!("{bound_token}\n"))
        .run()
        .expect_code(0);
    assert_eq!(status(&bound_token, agents), 401);
    let shown = read(database, meta, &["apikey", "show", &bound_id]);
    assert_eq!(shown["api_keys"][0]["state"], "revoked", "{shown}");
    assert_eq!(shown["api_keys"][0]["revoked_reason"], Value::Null, "{shown}");
    let report = write(database, meta, &["apikey", "revoke", "--all-of-user", ADMIN]);
    assert_eq!(report["changes"].as_array().map(Vec::len), report["appended"].as_array().map(Vec::len));
    assert_eq!(status(&everything, agents), 401);
    assert_eq!(read(database, meta, &["apikey", "list", "--user", ADMIN])["api_keys"], json!([]));
    assert_eq!(read(database, meta, &["apikey", "list"])["api_keys"][0]["owner"], OPERATOR);

    sessions_end(database, meta, &brain);
    brain.stop().audit_verify().expect_intact();
    is_verified(database, meta);
}

/// Sessions that began before are refused once they are revoked.
#[track_caller]
fn sessions_end(database: &impl BrainDatabase, meta: &Meta, brain: &RunningBrain) {
    let log_in = |who: &str| {
        let (email, password) = &meta.accounts[who];
        brain.login(email, password)
    };
    let ids = |user: &str| -> Vec<String> {
        let list = read(database, meta, &["session", "list", user]);
        let sessions = list["sessions"].as_array().expect("a list");
        sessions.iter().map(|session| text(session, "/id").to_owned()).collect()
    };
    let before = ids(OPERATOR);
    let (first, other) = (log_in("operator"), log_in("admin"));
    let id = ids(OPERATOR).into_iter().find(|id| !before.contains(id)).expect("a new session");
    let second = log_in("operator");
    for session in [&first, &second, &other] {
        assert_eq!(session.get("/auth/me").status, 200);
    }
    let list = read(database, meta, &["session", "list", OPERATOR]);
    let found = list["sessions"].as_array().and_then(|all| all.iter().find(|one| one["id"] == id.as_str()));
    let found = found.unwrap_or_else(|| panic!("session {id} is not in {list}"));
    assert_eq!((&found["state"], &found["address"]), (&json!("live"), &json!("127.0.0.1")), "{found}");

    let report = write(database, meta, &["session", "revoke", OPERATOR, "--session", &id]);
    let row = &report["appended"][0];
    assert_eq!(
        (&row["action"], &row["target_type"], &row["target_id"], &row["metadata"]["revoked_session_id"]),
        (&json!("auth.session_revoked"), &json!("session"), &json!(id), &json!(id)),
        "{report}"
    );
    assert_eq!(first.get("/auth/me").status, 401);
    assert_eq!(second.get("/auth/me").status, 200);
    write(database, meta, &["session", "revoke", OPERATOR]);
    assert_eq!(second.get("/auth/me").status, 401);
    assert_eq!(other.get("/auth/me").status, 200, "somebody else's lives on");
    assert_eq!(ids(OPERATOR), [""; 0]);
    let list = read(database, meta, &["session", "list", OPERATOR, "--all"]);
    let ended = list["sessions"].as_array().expect("a list").iter().find(|one| one["id"] == id.as_str());
    let ended = ended.expect("a revoked session");
    assert_eq!(
        (&ended["state"], &ended["revocation_reason"]),
        (&json!("revoked"), &json!("user_revoke")),
        "{ended}"
    );
    // Nobody need agree to nothing.
    let again = read(database, meta, &["session", "revoke", OPERATOR]);
    assert_eq!((&again["written"], &again["appended"]), (&json!(false), &json!([])), "{again}");
    log_in("operator");
}

#[test]
fn a_brain_of_1_0_takes_minted_keys_and_refuses_revoked_ones() {
    let fixture = Fixture::by_name("1.0.19");
    the_brain_agrees("1.0.19", &fixture.sqlite(), fixture.meta());
}

#[test]
fn a_brain_of_1_6_takes_minted_keys_and_refuses_revoked_ones() {
    let fixture = Fixture::by_name("1.6.9");
    the_brain_agrees("1.6.9", &fixture.sqlite(), fixture.meta());
}

#[test]
fn a_brain_of_1_13_takes_minted_keys_and_refuses_revoked_ones() {
    let fixture = Fixture::by_name("1.13.0");
    the_brain_agrees("1.13.0", &fixture.sqlite(), fixture.meta());
}

#[test]
fn a_brain_of_1_13_on_postgresql_takes_minted_keys_and_refuses_revoked_ones() {
    let fixture = Fixture::by_name("1.13.0");
    the_brain_agrees("1.13.0", &fixture.postgres(Dump::Plain), fixture.postgres_meta());
}

/// Columns of a row of `api_keys` with the type in which SQLite holds them; the hash by its length, times as times.
fn forms(database: &TempSqlite, condition: &str) -> Vec<(String, String)> {
    let connection = database.connection();
    let mut statement =
        connection.prepare(&format!("SELECT * FROM api_keys WHERE {condition}")).expect("a query");
    let names: Vec<String> = statement.column_names().iter().map(|name| (*name).to_owned()).collect();
    let row = statement.query_row([], |row| {
        let forms = names.iter().enumerate().map(|(at, name)| {
            let value = match row.get_ref(at)? {
                rusqlite::types::ValueRef::Text(bytes) => {
                    let text = String::from_utf8_lossy(bytes).into_owned();
                    match name.as_str() {
                        "allowed_cidrs" => text,
                        _ => format!("text of {}", text.len()),
                    }
                }
                other => format!("{:?}", other.data_type()),
            };
            Ok((name.clone(), value))
        });
        forms.collect::<Result<Vec<_>, rusqlite::Error>>()
    });
    // z4j leaves out the fraction of these, from the clock of the database.
    let clock = |name: &str| matches!(name, "created_at" | "updated_at");
    row.expect("one row").into_iter().filter(|(name, _)| !clock(name)).collect()
}

#[test]
fn a_row_has_the_forms_of_the_original() {
    for name in ["1.0.19", "1.6.9", "1.13.0"] {
        let fixture = Fixture::by_name(name);
        let (database, meta) = (fixture.sqlite(), fixture.meta());
        let like = ["--user", ADMIN, "--name", "my-read", "--scope", "tasks:read", "--expires-in", "90"];
        mint(&database, meta, &like);
        assert_eq!(forms(&database, "name = 'my-read'"), forms(&database, "name = 'ci-read'"), "{name}");
    }
}

#[track_caller]
fn identify(database: &impl BrainDatabase, meta: &Meta, key: &str) -> Output {
    call(database, meta, &["apikey", "identify", "-o", "json"]).stdin(key).run()
}

#[test]
fn a_leaked_key_is_identified() {
    for name in ["1.0.19", "1.13.0"] {
        let fixture = Fixture::by_name(name);
        let (database, meta) = (fixture.sqlite(), fixture.meta());
        let of_fixture =
            |name: &str| meta.more["api_keys"][name]["token"].as_str().expect("a key").to_owned();
        let state = |key: &str| {
            let output = identify(&database, meta, key).expect_code(0);
            assert!(!output.stdout.contains(key) && !output.stderr.contains(key), "{output}");
            let report = output.json();
            assert_eq!(report["accepted"], report["api_key"]["state"] == "active", "{report}");
            (text(&report, "/api_key/state").to_owned(), text(&report, "/api_key/owner").to_owned())
        };
        let told = |state: &str, owner: &str| (state.to_owned(), owner.to_owned());
        assert_eq!(state(&of_fixture("ci-read")), told("active", ADMIN));
        assert_eq!(state(&format!("{}\r\n", of_fixture("audit-key"))), told("active", ADMIN));
        assert_eq!(state(&of_fixture("old-key")), told("revoked", ADMIN));
        let (id, key) =
            mint(&database, meta, &["--user", OPERATOR, "--name", "mine", "--scope", "audit:read"]);
        assert_eq!(state(&key), told("active", OPERATOR));
        let change = |sql: &str| {
            database.connection().execute_batch(sql).expect("change a database");
        };
        change("UPDATE users SET is_active = 0 WHERE email = 'operator@example.com'");
        assert_eq!(state(&key), told("owner-inactive", OPERATOR));
        let raw = id.replace('-', "");
        change(&format!("UPDATE api_keys SET expires_at = '2026-01-01 00:00:00' WHERE id = '{raw}'"));
        assert_eq!(state(&key), told("expired", OPERATOR));

        let unknown = format!("z4k_{}", "A".repeat(43));
        let output = identify(&database, meta, &unknown).expect_code(2);
        assert_eq!(
            (&output.json()["found"], &output.json()["api_key"]),
            (&json!(false), &Value::Null),
            "{output}"
        );

        // The secret is rotated: the key is known, and dead.
        let rotated = |key: &str, previous: &str| {
            let call = call(&database, meta, &["apikey", "identify", "-o", "json"]);
            let call = call.env("Z4J_SECRET", "n".repeat(64)).env("Z4J_PREVIOUS_SECRETS", previous);
            call.stdin(key).run()
        };
        let output = rotated(&of_fixture("ci-read"), &meta.secrets["Z4J_SECRET"]).expect_code(0);
        let report = output.json();
        assert_eq!(
            (&report["accepted"], &report["hashed_under"]),
            (&json!(false), &json!("previous")),
            "{report}"
        );
        assert_eq!(report["api_key"]["state"], "secret-rotated", "{report}");
        assert!(text(&report, "/note").starts_with("dead since Z4J_SECRET was rotated"), "{report}");
        rotated(&of_fixture("ci-read"), &"p".repeat(64)).expect_code(2);
    }
}

/// What cannot be done is one message with a code, and leaves every byte as it was.
#[track_caller]
fn is_refused(database: &TempSqlite, call: &Z4jctl, code: i32, error: &str) {
    let before = std::fs::read(database.path()).expect("read a database");
    let output = call.run().expect_code(code);
    assert_eq!(output.stdout, "", "{output}");
    let report = output.stderr.lines().next_back().and_then(|line| serde_json::from_str::<Value>(line).ok());
    let report = report.unwrap_or_else(|| panic!("no JSON error: {output}"));
    assert_eq!(report["error"]["code"], error, "{output}");
    assert_eq!(report["exit_code"], code, "{output}");
    assert!(!text(&report, "/error/message").is_empty(), "{output}");
    assert!(std::fs::read(database.path()).expect("read a database") == before, "bytes changed: {output}");
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let long = "x".repeat(201);
    let networks = vec!["10.0.0.0/8"; 33].join(",");
    let fixture = Fixture::by_name("1.13.0");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    for name in ["twin", "twin", "twins"] {
        mint(&database, meta, &["--user", VIEWER, "--name", name, "--scope", "tasks:read"]);
    }
    let archive = "UPDATE projects SET is_active = 0 WHERE slug = 'analytics-eu';
        UPDATE users SET is_active = 0 WHERE email = 'operator@example.com'";
    database.connection().execute_batch(archive).expect("change a database");
    let base = ["apikey", "mint", "--name", "n", "--scope", "tasks:read", "--user"];
    let with = |more: &[&'static str]| -> Vec<&str> { [&base[..], &[VIEWER], more].concat() };
    let scope = |user: &'static str, scope: &'static str| {
        vec!["apikey", "mint", "--name", "n", "--user", user, "--scope", scope]
    };
    let cases: Vec<(Vec<&str>, i32, &str)> = vec![
        ([&base[..], &["nobody@example.com"]].concat(), 2, "user.unknown"),
        ([&base[..], &[""]].concat(), 2, "user.unknown"),
        ([&base[..], &["00000000-0000-4000-8000-000000000000"]].concat(), 2, "user.unknown"),
        ([&base[..], &[OPERATOR]].concat(), 7, "user.inactive"),
        (scope(VIEWER, "tasks:delete"), 2, "api-key.scope"),
        (scope(VIEWER, "Tasks:read"), 2, "api-key.scope"),
        (scope(VIEWER, "tasks:read,"), 2, "api-key.scope"),
        (scope(VIEWER, "users:read"), 7, "api-key.scope-admin-only"),
        (scope(VIEWER, "tasks:read,admin:*"), 7, "api-key.scope-admin-only"),
        (with(&["--project", "nowhere"]), 2, "project.unknown"),
        (with(&["--project", "analytics-eu"]), 7, "project.archived"),
        (with(&["--allowed-cidr", "10.0.0.0/33"]), 2, "api-key.cidr"),
        (with(&["--allowed-cidr", "fe80::1%eth0"]), 2, "api-key.cidr"),
        (with(&["--allowed-cidr", ""]), 2, "api-key.cidr"),
        ([&base[..], &[VIEWER, "--allowed-cidr", &networks]].concat(), 2, "api-key.cidr"),
        (with(&["--expires-in", "0"]), 2, "api-key.expiry"),
        (with(&["--expires-in", "3651"]), 2, "api-key.expiry"),
        (with(&["--expires-in", "soon"]), 2, "usage.value"),
        (with(&["--expires-in=-1"]), 2, "usage.value"),
        (with(&["--expires-at", "2026-01-01"]), 2, "api-key.expiry"),
        (with(&["--expires-at", "9999-12-31"]), 2, "api-key.expiry"),
        (with(&["--expires-at", "tomorrow"]), 2, "usage.value"),
        (with(&["--expires-in", "1", "--expires-at", "2027-01-01"]), 2, "usage"),
        (vec!["apikey", "mint", "--user", VIEWER, "--scope", "tasks:read", "--name", " "], 2, "api-key.name"),
        (
            vec!["apikey", "mint", "--user", VIEWER, "--scope", "tasks:read", "--name", "a\nb"],
            2,
            "api-key.name",
        ),
        (
            vec!["apikey", "mint", "--user", VIEWER, "--scope", "tasks:read", "--name", &long],
            2,
            "api-key.name",
        ),
        (vec!["apikey", "mint", "--user", VIEWER, "--name", "n"], 2, "usage"),
        (vec!["apikey", "revoke", "twin"], 2, "api-key.ambiguous"),
        (vec!["apikey", "revoke", "z4k_"], 2, "api-key.ambiguous"),
        (vec!["apikey", "revoke", "no such key"], 2, "api-key.unknown"),
        (vec!["apikey", "revoke", ""], 2, "api-key.unknown"),
        (vec!["apikey", "revoke"], 2, "usage"),
        (vec!["apikey", "revoke", "twin", "--key-stdin"], 2, "usage"),
        (vec!["apikey", "revoke", "--all-of-user", "nobody@example.com"], 2, "user.unknown"),
        (vec!["session", "revoke", "nobody@example.com"], 2, "user.unknown"),
        (vec!["session", "revoke", VIEWER, "--session", "no such session"], 2, "session.unknown"),
        (vec!["session", "revoke", VIEWER, "--session", ""], 2, "session.unknown"),
    ];
    for (arguments, code, error) in cases {
        let call = call(&database, meta, &arguments).args(["--yes", "-o", "json"]);
        is_refused(&database, &call, code, error);
    }
    for input in [&b"\xff\xfe"[..], b"", b"z4k_", b"two words", &[b'a'; 43], &[b'a'; 9000]] {
        for arguments in [&["apikey", "revoke", "--key-stdin", "--yes"][..], &["apikey", "identify"]] {
            let call = call(&database, meta, arguments).args(["-o", "json"]).stdin(input);
            is_refused(&database, &call, 2, "credential.input");
        }
    }
    for arguments in [with(&[]), vec!["apikey", "revoke", "twins"], vec!["session", "revoke", VIEWER]] {
        // Nobody said that it may be written.
        is_refused(
            &database,
            &call(&database, meta, &arguments).args(["-o", "json"]),
            7,
            "confirmation.required",
        );
        // Nothing to hash or to sign with.
        let without = call(&database, meta, &arguments).args(["--yes", "-o", "json"]);
        let without = without.env_remove("Z4J_SECRET").env_remove("Z4J_AUDIT_CHAIN_SECRET");
        is_refused(&database, &without, 6, "secret.missing");
        let wrong = call(&database, meta, &arguments).args(["--yes", "-o", "json"]);
        is_refused(&database, &wrong.env("Z4J_AUDIT_CHAIN_SECRET", "w".repeat(64)), 6, "secret.wrong");
    }

    // A report file is readable for others.
    let report = database.path().with_extension("report");
    let file = format!("json={}", report.display());
    let to_file = call(&database, meta, &with(&[])).args(["--yes", "-o", "json", "--report", &file]);
    is_refused(&database, &to_file, 2, "usage.report-of-secret");
    assert!(!report.exists());

    let fixture = Fixture::by_name("1.6.9");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    for (arguments, code, error) in [
        (with(&["--allowed-cidr", "10.0.0.0/8"]), 7, "api-key.no-cidrs"),
        (with(&["--allowed-cidr", "10.0.0.0/33"]), 2, "api-key.cidr"),
        (scope(ADMIN, "automation:read"), 7, "api-key.scope-too-new"),
    ] {
        let call = call(&database, meta, &arguments).args(["--yes", "-o", "json"]);
        is_refused(&database, &call, code, error);
    }
}

/// A whole key on the command line is not repeated, and no report holds a key or a hash but the one of its minting.
#[test]
fn keys_are_told_once() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    let forms = [&["-o", "human"][..], &["-o", "json"], &["-o", "jsonl"], &["-o", "plain"]];
    for form in forms {
        let mint = ["apikey", "mint", "--user", ADMIN, "--name", "once", "--scope", "admin:*", "--yes"];
        let output = call(&database, meta, &mint).args(form).run().expect_code(0);
        let start = output.stdout.match_indices("z4k_").map(|(at, _)| at).find(|at| {
            let rest = output.stdout[at + 4..].bytes();
            rest.take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)).count() == 43
        });
        let start = start.unwrap_or_else(|| panic!("no key: {output}"));
        let key = &output.stdout[start..start + 47];
        assert_eq!(output.stdout.matches(key).count(), 1, "{output}");
        assert!(!output.stderr.contains(key), "{output}");
        let hash: String = database
            .connection()
            .query_row("SELECT token_hash FROM api_keys ORDER BY created_at DESC LIMIT 1", [], |row| {
                row.get(0)
            })
            .expect("a hash");
        assert!(!output.stdout.contains(&hash), "{output}");
        let prefix = &key[..8];
        for arguments in [
            &["apikey", "list", "--all"][..],
            &["apikey", "show", prefix],
            &["apikey", "revoke", prefix, "--dry-run"],
            &["apikey", "show", key],
            &["apikey", "revoke", key, "--yes"],
            &["apikey", "show", &key[..30]],
        ] {
            let output = call(&database, meta, arguments).args(form).run();
            for secret in [key, &key[..30], &hash] {
                assert!(
                    !output.stdout.contains(secret) && !output.stderr.contains(secret),
                    "exit code {}\n{}{}",
                    output.code,
                    output.stdout,
                    output.stderr
                );
            }
        }
        // The audit row neither.
        let metadata: String = database
            .connection()
            .query_row("SELECT metadata FROM audit_log ORDER BY occurred_at DESC LIMIT 1", [], |row| {
                row.get(0)
            })
            .expect("a row");
        assert!(!metadata.contains(key) && !metadata.contains(&hash), "{metadata}");
    }
}

/// SQLite lets addresses that differ in case coexist.
#[test]
fn users_of_one_address_are_told_apart() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    let owner = |name: &str| {
        let arguments = ["apikey", "mint", "--name", "n", "--scope", "tasks:read", "--user", name];
        let output = call(&database, meta, &arguments).args(["--yes", "-o", "json"]).run();
        match output.code {
            0 => {
                let id = output.json()["result"]["api_key_id"].as_str().unwrap_or_default().to_owned();
                text(&read(&database, meta, &["apikey", "show", &id]), "/api_keys/0/owner").to_owned()
            }
            _ => output.json_error()["error"]["code"].as_str().unwrap_or_default().to_owned(),
        }
    };
    let rename = |from: &str, to: &str| {
        let sql = "UPDATE users SET email = ?2 WHERE email = ?1";
        database.connection().execute(sql, [from, to]).expect("rename a user");
    };
    assert_eq!(owner("Viewer@Example.COM"), VIEWER);
    rename(OPERATOR, "VIEWER@example.com");
    assert_eq!(owner("VIEWER@example.com"), VIEWER, "the canonical one is preferred");
    rename(VIEWER, "Viewer@example.com");
    assert_eq!(owner(VIEWER), "user.ambiguous");
    rename("VIEWER@example.com", OPERATOR);
    assert_eq!(owner(VIEWER), "Viewer@example.com");
    let id: String = database
        .connection()
        .query_row("SELECT id FROM users WHERE email = ?1", [ADMIN], |row| row.get(0))
        .expect("an id");
    assert_eq!(owner(&id), ADMIN);
}

#[test]
fn lists_filter_and_sessions_say_why_they_are_dead() {
    let fixture = Fixture::by_name("1.13.0");
    for is_postgres in [false, true] {
        let meta = if is_postgres { fixture.postgres_meta() } else { fixture.meta() };
        let report = |arguments: &[&str]| {
            if is_postgres {
                read(&fixture.postgres(Dump::Plain), meta, arguments)
            } else {
                read(&fixture.sqlite(), meta, arguments)
            }
        };
        let count = |arguments: &[&str], what: &str| report(arguments)[what].as_array().map_or(0, Vec::len);
        assert_eq!(count(&["apikey", "list", "--all"], "api_keys"), 4);
        assert_eq!(count(&["apikey", "list"], "api_keys"), 3);
        assert_eq!(count(&["apikey", "list", "--user", ADMIN, "--all"], "api_keys"), 4);
        assert_eq!(count(&["apikey", "list", "--user", VIEWER, "--all"], "api_keys"), 0);
        assert_eq!(count(&["apikey", "list", "--project", "payments"], "api_keys"), 1);
        let audit_key = report(&["apikey", "show", "audit-key"]);
        assert_eq!(
            audit_key["api_keys"][0]["allowed_cidrs"],
            json!(["127.0.0.0/8", "10.1.0.0/16"]),
            "{audit_key}"
        );
        assert_eq!(audit_key["schema"], "z4jctl.apikey.show/1");
        let all = report(&["session", "list", "--all"]);
        let sessions = all["sessions"].as_array().expect("a list");
        assert!(sessions.iter().any(|one| one["revocation_reason"] == "logout"), "{all}");
        assert!(sessions.iter().any(|one| one["mfa_verified_at"].is_string()), "{all}");
        assert!(sessions.iter().all(|one| one["address"] == "127.0.0.1"), "{all}");
        let live = count(&["session", "list"], "sessions");
        assert!(live > 0 && live < sessions.len(), "{all}");
    }
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    let states = |change: &str| {
        database.connection().execute_batch(change).expect("change a database");
        let list = read(&database, meta, &["session", "list", ADMIN, "--all"]);
        list["sessions"][0]["state"].as_str().unwrap_or_default().to_owned()
    };
    let now = "strftime('%Y-%m-%d %H:%M:%f000', 'now')";
    let later = "strftime('%Y-%m-%d %H:%M:%f000', 'now', '+1 day')";
    assert_eq!(
        states(&format!("UPDATE sessions SET issued_at = {now}, last_seen_at = {now}, expires_at = {later}")),
        "live"
    );
    assert_eq!(states("UPDATE sessions SET last_seen_at = '2026-01-01 00:00:00'"), "idle");
    assert_eq!(states(&format!("UPDATE users SET password_changed_at = {later}")), "password-changed");
    assert_eq!(states("UPDATE users SET is_active = 0"), "user-inactive");
    assert_eq!(states("UPDATE sessions SET expires_at = '2026-01-01 00:00:00'"), "expired");
    assert_eq!(states(&format!("UPDATE sessions SET revoked_at = {now}")), "revoked");
}
