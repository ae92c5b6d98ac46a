//! The judges of what z4jctl writes do their work: real agents, real brains on every kind of database, and the
//! commands of the original beside which ours are shown.

use crate::support::agent::{Agent, Credentials};
use crate::support::judge::{TWO_ERAS, TWO_ERAS_ON_BOTH, Target, WRITABLE, on_each};

const NEW_PASSWORD: &str = "Another-Pass-Of-The-Tests-2026!";

/// Whatever a command of z4jctl leaves has to pass this; so must what it started from.
#[test]
fn every_writable_database_boots_as_it_is() {
    on_each(&WRITABLE, |target| {
        let (database, meta) = (target.database(), target.meta());
        let (email, password) = target.admin();
        let brain = target.accept(&database);
        brain.refuses_login(email, "not the password");
        let session = brain.login(email, password);
        assert_eq!(session.me()["email"], email);
        let keys = meta.more["api_keys"].as_object().expect("API keys by name");
        let reader =
            keys.values().find(|key| key["scopes"] == serde_json::json!(["tasks:read", "agents:read"]));
        let reader = reader.and_then(|key| key["token"].as_str()).expect("a key that may read agents");
        brain.get_as(reader, "/projects/payments/agents").expect_status(200);

        let (good, revoked) =
            (Credentials::of_fixture(meta, "web-01"), Credentials::of_fixture(meta, "ghost-03"));
        assert!(!brain.accepts_agent_token(&revoked.token), "{target}");
        assert!(brain.accepts_agent_token(&good.token), "{target}");
        let agent = Agent::for_brain(target.release()).connect_with(&brain, &good);
        agent.wait_until_online(&session);
        agent.wait_for_heartbeat();
        assert_eq!(agent.stop(), [1000], "{target}");
        brain.stop().audit_verify().expect_intact();
    });
}

#[test]
fn an_agent_is_let_in_until_its_token_is_revoked() {
    on_each(&TWO_ERAS, |target| {
        let database = target.database();
        let brain = target.brain().serve(&database, target.secrets());
        let (email, password) = target.admin();
        let session = brain.login(email, password);
        let credentials = Credentials::mint(&session, "payments", "aus einem Test");
        assert!(brain.accepts_agent_token(&credentials.token), "{target}");

        let mut agent = Agent::release("1.13.0").connect_with(&brain, &credentials);
        agent.wait_until_online(&session);
        agent.restart();
        agent.wait_until_online(&session);
        credentials.revoke(&session);
        agent.wait_for_close(4003);
        assert!(!brain.accepts_agent_token(&credentials.token), "{target}");
        agent.restart();
        agent.wait_for_close(4401);
        assert_eq!(agent.connections(), 0, "{target}: {}", agent.log());
        agent.stop();
        brain.stop().audit_verify().expect_intact();
    });
}

#[test]
fn a_wrong_signing_secret_is_found_at_the_first_heartbeat() {
    let target = Target::Sqlite("1.13.0");
    let (database, meta) = (target.database(), target.meta());
    let brain = target.brain().serve(&database, target.secrets());
    let credentials = Credentials::of_fixture(meta, "web-01");
    let other = Credentials::of_fixture(meta, "etl-01");
    assert_ne!(credentials.hmac_secret, other.hmac_secret, "projects have their own");
    let agent = Agent::release("1.13.0").connect(
        &brain,
        "payments",
        &credentials.token,
        &other.hmac_secret,
        "web-01",
    );
    agent.wait_for_close(4403);
    assert!(agent.connections() > 0, "the token itself is right: {}", agent.log());
    assert!(!agent.log().contains(&credentials.token), "a log must not hold the token");
}

/// The hole that the superuser command of z4jctl fills.
#[test]
fn the_original_cannot_recover_an_installation_without_users() {
    on_each(&TWO_ERAS_ON_BOTH, |target| {
        let database = target.database();
        let users = || database.number("SELECT count(*) FROM users");
        let before = users();
        let installation = target.brain().installation(&database, target.secrets());
        let refused = installation.createsuperuser("second@example.com", NEW_PASSWORD).expect_code(3);
        assert!(refused.stderr.contains("already initialised"), "{refused}");
        assert_eq!(users(), before, "{target}");

        database.execute("DELETE FROM users");
        assert_eq!(database.number("SELECT count(*) FROM projects WHERE slug = 'default'"), 1, "{target}");
        let failed = installation.createsuperuser("second@example.com", NEW_PASSWORD);
        // Up to 1.7 it says that it did what it did not.
        let claims = failed.stdout.contains("provisioned");
        let expected = if target.release() == "1.6.9" { (0, true) } else { (1, false) };
        assert_eq!((failed.code, claims), expected, "{target}: {failed}");
        assert_eq!(users(), 0, "{target}: {failed}");
    });
}

/// The original knows how to change a password, and how to refuse.
#[test]
fn the_original_changes_passwords() {
    on_each(&[Target::Sqlite("1.6.9"), Target::Sqlite("1.13.0")], |target| {
        let database = target.database();
        let (email, password) = target.admin();
        let installation = target.brain().installation(&database, target.secrets());
        installation.changepassword("nobody@example.com", NEW_PASSWORD).expect_code(4);
        installation.changepassword(email, "weak").expect_code(3);
        let rows = database.number("SELECT count(*) FROM audit_log");
        installation.changepassword(email, NEW_PASSWORD).expect_code(0);
        // Up to 1.7 without a trace in the log.
        let added = database.number("SELECT count(*) FROM audit_log") - rows;
        assert_eq!(added, i64::from(target.release() != "1.6.9"), "{target}");
        let brain = target.accept(&database);
        brain.refuses_login(email, password);
        brain.login(email, NEW_PASSWORD);
    });
}
