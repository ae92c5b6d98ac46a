//! Agent tokens as the real brain and the real agent see them: those that z4jctl mints are good, those that it takes
//! away are not.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::agent::{Agent, Credentials, RunningAgent};
use crate::support::brain::RunningBrain;
use crate::support::judge::{AnyDatabase, TWO_ERAS, TWO_ERAS_ON_BOTH, Target, on_each};
use crate::support::process::Output;
use crate::support::wait_for;

/// Far more than a notification takes, less than the ten seconds from one heartbeat to the next.
const AT_ONCE: Duration = Duration::from_secs(9);

/// Two heartbeats, and what a loaded machine adds.
const NEXT_FRAME: Duration = Duration::from_secs(40);

/// When a brain drops the connection of an agent that was revoked in the database behind its back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drops {
    /// It is told by the database.
    AtOnce,
    /// It looks at each frame.
    AtTheNextFrame,
    /// It does not.
    Never,
}

fn drops(target: Target) -> Drops {
    match target {
        Target::Postgres(_) => Drops::AtOnce,
        Target::Sqlite("1.9.1" | "1.11.0" | "1.13.0") => Drops::AtTheNextFrame,
        Target::Sqlite(_) => Drops::Never,
    }
}

fn run(target: Target, database: &AnyDatabase, arguments: &[&str]) -> Output {
    target.z4jctl(database).args(arguments).args(["--yes", "-o", "json"]).run().expect_code(0)
}

/// What a command that hands a token over gives beside what it wrote.
#[track_caller]
fn handed_over(output: &Output) -> Credentials {
    let result = &output.json()["result"];
    let text = |key: &str| result[key].as_str().unwrap_or_else(|| panic!("no {key}: {output}")).to_owned();
    Credentials {
        id: text("agent_id"),
        project: text("project"),
        name: text("name"),
        token: text("token"),
        hmac_secret: text("hmac_secret"),
    }
}

fn mint(target: Target, database: &AnyDatabase, project: &str, name: &str) -> Credentials {
    handed_over(&run(target, database, &["token", "mint", "--project", project, "--name", name]))
}

fn notes(output: &Output) -> String {
    output.json()["notes"].to_string()
}

/// Waits until the brain has closed the connection, and tells how long after `begin` that was.
fn dropped_after(agent: &RunningAgent, begin: Instant, patience: Duration) -> Duration {
    wait_for(&format!("the brain to drop the agent:\n{}", agent.log()), patience, || {
        agent.closes().contains(&4003).then(|| begin.elapsed())
    })
}

/// A brain that does not look accepts what a connected agent sends: its goodbye comes after one more heartbeat.
#[track_caller]
fn stays(agent: RunningAgent) {
    agent.wait_for_another_heartbeat();
    assert_eq!(agent.stop(), [1000], "a session goes on until it reconnects");
}

/// Both judges of the log, after the brain has ended.
fn intact(target: Target, database: &AnyDatabase, brain: RunningBrain) {
    target.z4jctl(database).args(["audit", "verify"]).run().expect_code(0);
    brain.stop().audit_verify().expect_intact();
}

#[test]
fn an_agent_is_let_in_with_a_token_of_ours_until_it_is_revoked() {
    let targets = [
        Target::Sqlite("1.0.19"),
        Target::Sqlite("1.6.9"),
        Target::Sqlite("1.9.1"),
        Target::Sqlite("1.13.0"),
        Target::Postgres("1.6.9"),
        Target::Postgres("1.13.0"),
    ];
    on_each(&targets, |target| {
        let database = target.database();
        let brain = target.brain().serve(&database, target.secrets());
        let (email, password) = target.admin();
        let session = brain.login(email, password);
        let credentials = mint(target, &database, "payments", "aus einem Test");
        assert!(brain.accepts_agent_token(&credentials.token), "{target}");
        let mut agent = Agent::for_brain(target.release()).connect_with(&brain, &credentials);
        agent.wait_until_online(&session);
        // The brain reads the signature of the first heartbeat before it reads the goodbye.
        agent.wait_for_heartbeat();
        assert_eq!(agent.stop(), [1000], "{target}: signed with the right secret");

        agent = Agent::for_brain(target.release()).connect_with(&brain, &credentials);
        agent.wait_until_online(&session);
        // So that what follows is what is sent every ten seconds.
        agent.wait_for_heartbeat();
        let revoked = run(target, &database, &["token", "revoke", &credentials.id]);
        let begin = Instant::now();
        let notes = notes(&revoked);
        match drops(target) {
            Drops::AtOnce => {
                println!("{target}: dropped after {:?}", dropped_after(&agent, begin, AT_ONCE));
                assert!(notes.contains("at once (NOTIFY)"), "{target}: {notes}");
            }
            Drops::AtTheNextFrame => {
                println!("{target}: dropped after {:?}", dropped_after(&agent, begin, NEXT_FRAME));
                assert!(
                    notes.contains("payments/aus einem Test drops a session at its next frame"),
                    "{target}: {notes}"
                );
            }
            Drops::Never => {
                stays(agent);
                assert!(notes.contains("keeps a session until the agent reconnects"), "{target}: {notes}");
                assert!(notes.contains("restart the brain"), "{target}: {notes}");
                agent = Agent::for_brain(target.release()).connect_with(&brain, &credentials);
            }
        }
        assert!(!brain.accepts_agent_token(&credentials.token), "{target}");
        agent.restart();
        agent.wait_for_close(4401);
        assert_eq!(agent.connections(), 0, "{target}: {}", agent.log());
        agent.stop();
        intact(target, &database, brain);
    });
}

/// What a person is shown is all that an agent needs.
#[test]
fn the_printed_environment_is_that_of_an_agent() {
    let target = Target::Sqlite("1.13.0");
    let (database, _) = (target.database(), target.meta());
    let brain = target.brain().serve(&database, target.secrets());
    let url = brain.url();
    let printed = target
        .z4jctl(&database)
        .args(["token", "mint", "--project", "analytics-eu", "--name", "it's \"quoted\" $HOME"])
        .args(["--brain-url", &url, "--yes"])
        .run()
        .expect_code(0);
    let value = |name: &str| {
        let prefix = format!("{name}=");
        let line = printed.stdout.lines().find_map(|line| line.strip_prefix(&prefix));
        let words =
            shlex::split(line.unwrap_or_else(|| panic!("no {name}: {printed}"))).expect("a shell word");
        assert_eq!(words.len(), 1, "{words:?}");
        words.concat()
    };
    assert_eq!(value("Z4J_BRAIN_URL"), url);
    assert_eq!(value("Z4J_AGENT_NAME"), "it's \"quoted\" $HOME");
    let (email, password) = target.admin();
    let session = brain.login(email, password);
    let agent = Agent::for_brain(target.release()).connect(
        &brain,
        &value("Z4J_PROJECT_ID"),
        &value("Z4J_TOKEN"),
        &value("Z4J_HMAC_SECRET"),
        &value("Z4J_AGENT_NAME"),
    );
    agent.wait_until_online(&session);
    agent.wait_for_heartbeat();
    assert_eq!(agent.stop(), [1000]);
    intact(target, &database, brain);
}

#[test]
fn a_rotation_ends_the_old_token_and_keeps_the_agent() {
    on_each(&TWO_ERAS_ON_BOTH, |target| {
        let database = target.database();
        let brain = target.brain().serve(&database, target.secrets());
        let (email, password) = target.admin();
        let session = brain.login(email, password);
        let old = Credentials::of_fixture(target.meta(), "web-01");
        let mut agent = Agent::for_brain(target.release()).connect_with(&brain, &old);
        agent.wait_until_online(&session);
        let rotated = run(target, &database, &["token", "rotate", "payments/web-01"]);
        let begin = Instant::now();
        let new = handed_over(&rotated);
        assert_ne!(new.token, old.token);
        assert_eq!(
            (&new.id, &new.name, &new.project, &new.hmac_secret),
            (&old.id, &old.name, &old.project, &old.hmac_secret),
            "{target}"
        );
        let notes = notes(&rotated);
        match target {
            Target::Postgres(_) => {
                println!("{target}: dropped after {:?}", dropped_after(&agent, begin, AT_ONCE));
                assert!(notes.contains("at once (NOTIFY)"), "{target}: {notes}");
            }
            Target::Sqlite(_) => {
                stays(agent);
                assert!(notes.contains("payments/web-01 keeps a session"), "{target}: {notes}");
                agent = Agent::for_brain(target.release()).connect_with(&brain, &old);
            }
        }
        assert!(!brain.accepts_agent_token(&old.token), "{target}");
        agent.restart();
        agent.wait_for_close(4401);
        agent.stop();
        let agent = Agent::for_brain(target.release()).connect_with(&brain, &new);
        agent.wait_until_online(&session);
        agent.wait_for_heartbeat();
        assert_eq!(agent.stop(), [1000], "{target}");
        intact(target, &database, brain);
    });
}

#[test]
fn a_rotation_with_overlap_leaves_both_until_the_later_command() {
    on_each(&TWO_ERAS, |target| {
        let database = target.database();
        let brain = target.brain().serve(&database, target.secrets());
        let (email, password) = target.admin();
        let session = brain.login(email, password);
        let old = Credentials::of_fixture(target.meta(), "web-01");
        let agents: Vec<RunningAgent> = {
            let rotated = run(target, &database, &["token", "rotate", "web-01", "--overlap"]);
            let new = handed_over(&rotated);
            assert_eq!(new.name, "web-01-2", "{target}");
            assert_ne!(new.id, old.id);
            let later = rotated.json()["result"]["revoke_later"].as_str().expect("a command").to_owned();
            let agents = [&old, &new]
                .map(|credentials| Agent::for_brain(target.release()).connect_with(&brain, credentials));
            for agent in &agents {
                agent.wait_until_online(&session);
            }
            let words = shlex::split(&later).expect("words of a shell");
            assert_eq!(words[0], "z4jctl", "{later}");
            let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
            run(target, &database, &words);
            assert!(!brain.accepts_agent_token(&old.token), "{target}");
            assert!(brain.accepts_agent_token(&new.token), "{target}");
            agents.into()
        };
        let [mut old, new] = <[RunningAgent; 2]>::try_from(agents).ok().expect("two agents");
        old.restart();
        old.wait_for_close(4401);
        old.stop();
        new.wait_for_another_heartbeat();
        assert_eq!(new.stop(), [1000], "{target}: the new one is not concerned");
        intact(target, &database, brain);
    });
}

/// The rows of `agents` with this name or in its place, as the brain's tombstones are told apart from ours: without
/// what is particular to each.
fn row_of(database: &AnyDatabase, has_tombstones: bool, id: &str) -> Value {
    let revoked_at = if has_tombstones { "revoked_at" } else { "NULL" };
    let columns = format!("name, token_hash, state, metadata, {revoked_at}, protocol_version");
    let texts: Vec<Option<String>> = match database {
        AnyDatabase::Sqlite(copy) => {
            let sql =
                format!("SELECT {columns} FROM agents WHERE replace(id, '-', '') = replace(?1, '-', '')");
            copy.connection()
                .query_row(&sql, [id], |row| (0..6).map(|at| row.get::<_, Option<String>>(at)).collect())
                .expect("the row of an agent")
        }
        AnyDatabase::Postgres(database) => {
            // As text a time has no zeros at its end.
            let texts = columns.split(", ").map(|column| match column {
                "revoked_at" => "to_char(revoked_at, 'YYYY-MM-DD HH24:MI:SS.US')".to_owned(),
                _ => format!("{column}::text"),
            });
            let texts: Vec<String> = texts.collect();
            let sql = format!("SELECT {} FROM agents WHERE id::text = $1", texts.join(", "));
            let row = database.client().query_one(&sql, &[&id]).expect("the row of an agent");
            (0..6).map(|at| row.get(at)).collect()
        }
    };
    let general = |text: &String| {
        let text = text.replace(id, "ID").replace(&id.replace('-', ""), "ID");
        // Times differ; whether there is one, and in which form, is what counts.
        text.chars()
            .map(|character| if character.is_ascii_digit() { '9' } else { character })
            .collect::<String>()
    };
    let [name, hash, state, metadata, revoked_at, protocol] = texts.as_slice() else { panic!("six columns") };
    let metadata: Value = serde_json::from_str(metadata.as_deref().unwrap_or("null")).expect("JSON");
    let hash = hash.as_ref().map(general).expect("a hash is never NULL");
    json!({
        "name": name.as_ref().map(general), "token_hash": hash.split(':').next(), "hash_length": hash.len(),
        "state": state, "metadata": general(&metadata.to_string()),
        "revoked_at": revoked_at.as_ref().map(general), "protocol_version": protocol,
    })
}

#[test]
fn the_name_of_a_revoked_agent_is_free_again() {
    on_each(&TWO_ERAS, |target| {
        let database = target.database();
        let brain = target.brain().serve(&database, target.secrets());
        let (email, password) = target.admin();
        let session = brain.login(email, password);
        let has_tombstones = target.release() != "1.6.9";
        let agents = |id: &str| {
            let id = id.replace('-', "");
            database.number(&format!(
                "SELECT count(*) FROM agents WHERE replace(CAST(id AS text), '-', '') = '{id}'"
            ))
        };

        // Twin agents: one lives and dies by the brain alone, the other by us. Their names differ in a digit.
        let by_brain = Credentials::mint(&session, "payments", "twin-1");
        by_brain.revoke(&session);
        let by_us = mint(target, &database, "payments", "twin-2");
        run(target, &database, &["token", "revoke", "twin-2"]);
        assert_eq!((agents(&by_us.id), agents(&by_brain.id)), [(0, 0), (1, 1)][usize::from(has_tombstones)]);
        if has_tombstones {
            assert_eq!(
                row_of(&database, has_tombstones, &by_us.id),
                row_of(&database, has_tombstones, &by_brain.id),
                "{target}"
            );
        }
        let brains_second = Credentials::mint(&session, "payments", "twin-1");
        let our_second = mint(target, &database, "payments", "twin-2");
        if has_tombstones {
            let tombstone = row_of(&database, has_tombstones, &by_us.id);
            assert_eq!(tombstone, row_of(&database, has_tombstones, &by_brain.id), "{target}: tombstones");
            assert!(!tombstone["name"].to_string().contains("twin"), "{tombstone}");
        }
        assert_eq!(
            row_of(&database, has_tombstones, &our_second.id)["name"],
            row_of(&database, has_tombstones, &brains_second.id)["name"]
        );

        // A second time: the tombstone of the second one does not meet that of the first. By either hand.
        our_second.revoke(&session);
        run(target, &database, &["token", "revoke", &brains_second.id]);
        let our_third = mint(target, &database, "payments", "twin-1");
        let brains_third = Credentials::mint(&session, "payments", "twin-2");
        for credentials in [&our_third, &brains_third] {
            assert!(brain.accepts_agent_token(&credentials.token), "{target}");
        }
        for credentials in [&by_us, &by_brain, &our_second, &brains_second] {
            assert!(!brain.accepts_agent_token(&credentials.token), "{target}");
        }
        let taken =
            target.z4jctl(&database).args(["token", "mint", "--project", "payments", "--name", "twin-2"]);
        let refused = taken.args(["--yes", "-o", "json"]).run().expect_code(7);
        assert_eq!(refused.json_error()["error"]["code"], "agent.exists", "{refused}");
        intact(target, &database, brain);
    });
}

#[test]
fn a_leaked_token_is_revoked_by_itself() {
    on_each(&[Target::Sqlite("1.13.0"), Target::Sqlite("1.6.9"), Target::Postgres("1.6.9")], |target| {
        let (database, meta) = (target.database(), target.meta());
        let leaked = Credentials::of_fixture(meta, "web-01");
        let other = Credentials::of_fixture(meta, "worker-02");
        let revoke = |token: &str| {
            let call =
                target.z4jctl(&database).args(["token", "revoke", "--token-stdin", "--yes", "-o", "json"]);
            call.stdin(format!("{token}\n")).run()
        };
        let output = revoke(&leaked.token).expect_code(0);
        assert!(output.json()["summary"].to_string().contains(&leaked.id), "{output}");
        assert!(!format!("{}{}", output.stdout, output.stderr).contains(&leaked.token), "{target}");
        let again = revoke(&leaked.token).expect_code(2);
        assert_eq!(again.json_error()["error"]["code"], "token.unknown", "{again}");
        assert!(!again.stderr.contains(&leaked.token), "{target}");

        let brain = target.accept(&database);
        assert!(!brain.accepts_agent_token(&leaked.token), "{target}");
        assert!(brain.accepts_agent_token(&other.token), "{target}");
    });
}

#[test]
fn all_agents_of_a_project_are_revoked_at_once() {
    on_each(&TWO_ERAS, |target| {
        let (database, meta) = (target.database(), target.meta());
        let revoke = || run(target, &database, &["token", "revoke", "--all-in-project", "payments"]);
        let output = revoke();
        assert_eq!(output.json()["appended"].as_array().map(Vec::len), Some(2), "{output}");
        let again = revoke();
        assert_eq!(again.json()["written"], false, "{again}");

        let brain = target.accept(&database);
        for name in ["web-01", "worker-02"] {
            assert!(
                !brain.accepts_agent_token(&Credentials::of_fixture(meta, name).token),
                "{target}: {name}"
            );
        }
        assert!(brain.accepts_agent_token(&Credentials::of_fixture(meta, "etl-01").token), "{target}");
    });
}

/// PostgreSQL up to 1.8 does not let go of an agent to which events refer.
#[test]
fn an_agent_with_events_stays_with_a_void_token() {
    let target = Target::Postgres("1.6.9");
    let (database, meta) = (target.database(), target.meta());
    let agent = Credentials::of_fixture(meta, "web-01");
    let events = format!("SELECT count(*) FROM events WHERE agent_id = '{}'", agent.id);
    let before = database.number(&events);
    assert!(before > 0, "an agent that has events");
    let output = run(target, &database, &["token", "revoke", "web-01"]);
    assert!(notes(&output).contains("the row stays, its token is void"), "{output}");
    let void = format!(
        "SELECT count(*) FROM agents WHERE id = '{}' AND token_hash LIKE 'revoked:%' AND state = 'offline'",
        agent.id
    );
    assert_eq!((database.number(&void), database.number(&events)), (1, before));
    let shown =
        target.z4jctl(&database).args(["token", "show", &agent.id, "-o", "json"]).run().expect_code(0);
    assert_eq!(shown.json()["agents"][0]["state"], "revoked", "{shown}");

    let brain = target.accept(&database);
    assert!(!brain.accepts_agent_token(&agent.token));
    let mut refused = Agent::for_brain(target.release()).connect_with(&brain, &agent);
    refused.wait_for_close(4401);
    refused.restart();
    refused.wait_for_close(4401);
    // The brain can serve a row of this kind, and let a person see it.
    let (email, password) = target.admin();
    let agents = brain.login(email, password).get("/projects/payments/agents").expect_status(200);
    assert!(agents.text().contains(&agent.id), "{}", agents.text());
}

#[test]
fn a_token_is_identified_without_being_printed() {
    const UNKNOWN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    on_each(&[Target::Sqlite("1.13.0"), Target::Postgres("1.6.9")], |target| {
        let (database, meta) = (target.database(), target.meta());
        let agent = Credentials::of_fixture(meta, "etl-01");
        let identify = |settings: &[(&str, &str)], token: &str, code: i32| {
            let [human, json] = ["human", "json"].map(|form| {
                let call = target.z4jctl(&database).args(["token", "identify", "-o", form]).stdin(token);
                let call = settings.iter().fold(call, |call, (name, value)| call.env(*name, *value));
                call.run().expect_code(code)
            });
            for text in [&human.stdout, &human.stderr, &json.stdout, &json.stderr] {
                assert!(!text.contains(token), "{target}: a token is printed");
            }
            json.json()
        };
        let found = identify(&[], &agent.token, 0);
        assert_eq!(found["found"], true, "{found}");
        assert_eq!(found["agent"]["id"], agent.id.as_str(), "{found}");
        assert_eq!(found["agent"]["project"], "analytics-eu", "{found}");
        assert_eq!(found["hashed_under"], "current", "{found}");

        // The secret was replaced since the token was minted.
        let secret = &meta.secrets["Z4J_SECRET"];
        let new = "5".repeat(64);
        let found = identify(&[("Z4J_SECRET", &new), ("Z4J_PREVIOUS_SECRETS", secret)], &agent.token, 0);
        assert_eq!(found["agent"]["id"], agent.id.as_str(), "{found}");
        assert_eq!(found["hashed_under"], "previous", "{found}");
        assert_eq!(identify(&[("Z4J_SECRET", &new)], &agent.token, 2)["found"], false);

        for token in [UNKNOWN, &Credentials::of_fixture(meta, "ghost-03").token] {
            let unknown = identify(&[], token, 2);
            assert_eq!(unknown["found"], false, "{unknown}");
            assert!(unknown["note"].to_string().contains("revoked"), "{unknown}");
        }
    });
}
