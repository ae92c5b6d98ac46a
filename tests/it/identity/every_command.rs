//! Each command that writes about users and agents, one after the other on one database of each kind, beside a real
//! brain that serves it.

use std::time::{Duration, Instant};

use super::{
    NEW_PASSWORD, NEWER_PASSWORD, account, administrates, administrators, delete_all_users, may_list_users,
    write, written,
};
use crate::support::brain::{RunningBrain, Session};
use crate::support::judge::{AnyDatabase, Target, WRITABLE, on_each};
use crate::support::{environment, wait_for};

/// How often the real brain has to start anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Boots {
    /// After every command.
    EachCommand,
    /// After a group of commands that write the same kind of rows.
    EachGroup,
}

/// A database, and the brain that serves it while z4jctl writes to it.
struct Bench {
    target: Target,
    database: AnyDatabase,
    brain: Option<RunningBrain>,
    boots: Boots,
}

impl Bench {
    fn new(target: Target, boots: Boots) -> Self {
        let database = target.database();
        let brain = Some(target.brain().serve(&database, target.secrets()));
        Self { target, database, brain, boots }
    }

    fn brain(&self) -> &RunningBrain {
        self.brain.as_ref().expect("the brain runs between two verdicts")
    }

    /// A command that has to write, and after which z4jctl itself finds the log intact; its report.
    #[track_caller]
    fn run(&self, arguments: &[&str], input: &str) -> serde_json::Value {
        let report = written(self.target, &self.database, arguments, input);
        self.target.z4jctl(&self.database).args(["audit", "verify"]).run().expect_code(0);
        report
    }

    /// The verdict on what a command left, where there is one after each command: the real `audit verify` accepts the log,
    /// and the real brain starts on it.
    #[track_caller]
    fn judge(&mut self) {
        if self.boots == Boots::EachCommand {
            self.judge_group();
        }
    }

    /// The same at the end of a group, for every kind of database.
    #[track_caller]
    fn judge_group(&mut self) {
        self.judge_log();
        self.boot();
    }

    #[track_caller]
    fn judge_log(&self) {
        self.brain().installation().audit_verify().expect_intact();
    }

    fn boot(&mut self) {
        let brain = self.brain.take().expect("the brain runs between two verdicts");
        self.brain = Some(brain.stop().serve());
    }

    fn count(&self, table: &str) -> i64 {
        self.database.number(&format!("SELECT count(*) FROM {table}"))
    }
}

/// After each command z4jctl finds the log intact, and the brain that ran all the time does what the command says. The
/// real `audit verify` accepts it and the real brain starts on it after each command too (once for several forms of one
/// command), on all nine kinds of database with `./test --full`.
///
/// Both take seconds, so in a short run they follow each command on one database of the oldest generation, of the last
/// one before the log was frozen, of the newest one, and on PostgreSQL. On the other five they follow each group of commands
/// that write the same kind of rows: new users; their passwords and roles; locks; second factors; agents; and the two
/// commands for an installation from which everything was deleted.
#[test]
fn every_command_leaves_what_the_original_accepts() {
    let often = [
        Target::Sqlite("1.0.19"),
        Target::Sqlite("1.6.9"),
        Target::Sqlite("1.13.0"),
        Target::Postgres("1.13.0"),
    ];
    on_each(&WRITABLE, |target| {
        let each = often.contains(&target) || environment("Z4JCTL_FULL").is_some();
        let boots = if each { Boots::EachCommand } else { Boots::EachGroup };
        let mut bench = Bench::new(target, boots);
        new_users(&mut bench);
        passwords(&mut bench);
        roles(&mut bench);
        locks(&mut bench);
        second_factor(&mut bench);
        agents(&mut bench);
        an_empty_installation(&mut bench);
    });
}

fn new_users(bench: &mut Bench) {
    let target = bench.target;
    let users = bench.count("users");
    let create = ["createsuperuser", "--email", "second@example.com", "--password-stdin"];
    bench.run(&create, NEW_PASSWORD);
    administrates(bench.brain(), "second@example.com", NEW_PASSWORD);
    assert_eq!((bench.count("users"), administrators(&bench.database)), (users + 1, 2), "{target}");
    bench.judge();

    // The stored form of the address is canonical, whatever was typed.
    let mut create = vec!["user", "create", "--email", "Neue.Kollegin@Example.COM", "--password-stdin"];
    create.extend([
        "--display-name",
        "Neue Kollegin – größer",
        "--project",
        "payments",
        "--role",
        "operator",
    ]);
    bench.run(&create, NEW_PASSWORD);
    let session = bench.brain().login("neue.kollegin@example.com", NEW_PASSWORD);
    let me = session.me();
    assert_eq!(
        (&me["email"], &me["display_name"]),
        (&"neue.kollegin@example.com".into(), &"Neue Kollegin – größer".into()),
        "{target}"
    );
    assert!(!may_list_users(&session), "{target}");
    let projects = session.get("/projects").expect_status(200).json();
    let slugs: Vec<&str> = projects
        .as_array()
        .expect("projects")
        .iter()
        .filter_map(|project| project["slug"].as_str())
        .collect();
    assert_eq!(slugs, ["payments"], "{target}");
    bench.judge();

    bench.run(
        &["user", "create", "--email", "third@example.com", "--admin", "--password-stdin"],
        NEW_PASSWORD,
    );
    administrates(bench.brain(), "third@example.com", NEW_PASSWORD);
    bench.judge_group();
}

/// A session that a change of the password has to end. Up to 1.8 a brain keeps those of the last second before: the
/// time of a session has whole seconds.
fn session_from_before<'brain>(brain: &'brain RunningBrain, email: &str, password: &str) -> Session<'brain> {
    let session = brain.login(email, password);
    let begun = Instant::now();
    let grace = Duration::from_secs(1);
    wait_for("the session to be old enough", grace * 10, || (begun.elapsed() > grace).then_some(()));
    session.get("/auth/me").expect_status(200);
    session
}

fn passwords(bench: &mut Bench) {
    let (email, old) = account(bench.target, "operator");
    let session = session_from_before(bench.brain(), email, old);
    let other = bench.brain().login("second@example.com", NEW_PASSWORD);
    bench.run(&["changepassword", email, "--password-stdin"], NEW_PASSWORD);
    session.get("/auth/me").expect_status(401);
    other.get("/auth/me").expect_status(200);
    bench.brain().refuses_login(email, old);
    bench.brain().login(email, NEW_PASSWORD).get("/auth/me").expect_status(200);
    bench.judge();

    let session = session_from_before(bench.brain(), email, NEW_PASSWORD);
    bench.run(&["user", "passwd", email, "--password-stdin"], NEWER_PASSWORD);
    session.get("/auth/me").expect_status(401);
    bench.brain().refuses_login(email, NEW_PASSWORD);
    bench.brain().login(email, NEWER_PASSWORD);
    bench.judge();
}

fn roles(bench: &mut Bench) {
    let (target, (email, _)) = (bench.target, account(bench.target, "operator"));
    assert!(!may_list_users(&bench.brain().login(email, NEWER_PASSWORD)), "{target}");
    bench.run(&["user", "promote", email], "");
    administrates(bench.brain(), email, NEWER_PASSWORD);
    bench.judge();

    let session = bench.brain().login(email, NEWER_PASSWORD);
    bench.run(&["user", "demote", email], "");
    assert!(!may_list_users(&session), "{target}: the session still administrates");
    bench.judge();

    let session = bench.brain().login(email, NEWER_PASSWORD);
    bench.run(&["user", "deactivate", email], "");
    session.get("/auth/me").expect_status(401);
    bench.brain().refuses_login(email, NEWER_PASSWORD);
    drop(session);
    bench.judge();
    bench.brain().refuses_login(email, NEWER_PASSWORD);

    bench.run(&["user", "reactivate", email], "");
    assert!(!may_list_users(&bench.brain().login(email, NEWER_PASSWORD)), "{target}");
    bench.judge_group();
}

/// The brain locks a user out at the tenth wrong password. From 1.8 it takes twenty logins a minute, and forgets how many
/// there were when it starts: a group has fewer.
fn locks(bench: &mut Bench) {
    let (target, (email, _)) = (bench.target, account(bench.target, "operator"));
    for _ in 0..10 {
        bench.brain().refuses_login(email, "not the password");
    }
    bench.brain().refuses_login(email, NEWER_PASSWORD);
    let locked = "SELECT count(*) FROM users WHERE locked_until IS NOT NULL";
    assert_eq!(bench.database.number(locked), 1, "{target}");
    bench.run(&["user", "unlock", email], "");
    assert_eq!(bench.database.number(locked), 0, "{target}");
    bench.brain().login(email, NEWER_PASSWORD);
    bench.judge_group();
}

fn second_factor(bench: &mut Bench) {
    let (target, (email, password)) = (bench.target, account(bench.target, "viewer"));
    let reset = ["reset-mfa", email];
    if ["1.0.19", "1.3.4"].contains(&target.release()) {
        let refused = write(target, &bench.database, &reset, "").expect_code(7);
        assert_eq!(refused.json_error()["error"]["code"], "user.no-mfa", "{target}: {refused}");
    } else {
        if !target.meta().more.contains_key("mfa") {
            // The fixture has no second factor: this is all that the brain looks at before it asks for a code.
            bench.database.execute(&format!(
                "UPDATE users SET mfa_secret_encrypted = 'unreadable', mfa_enrolled_at = created_at \
                 WHERE email = '{email}'"
            ));
        }
        let asked = bench.brain().try_login(email, password).expect_status(200).json();
        assert_eq!(asked["mfa_required"], true, "{target}: {asked}");
        bench.run(&reset, "");
        let asked = bench.brain().try_login(email, password).expect_status(200).json();
        assert_eq!(asked["mfa_required"], false, "{target}: {asked}");
        bench.brain().login(email, password).get("/projects").expect_status(200);
        assert_eq!((bench.count("mfa_recovery_codes"), bench.count("trusted_devices")), (0, 0), "{target}");
        let again = write(target, &bench.database, &reset, "").expect_code(0).json();
        assert_eq!(again["written"], false, "{target}: {again}");
        bench.judge();
    }

    // Raised together with a new password, and after its second factor is gone: it logs in at once.
    let raise = ["createsuperuser", "--email", email, "--promote-existing", "--password-stdin"];
    let session = session_from_before(bench.brain(), email, password);
    bench.run(&raise, NEW_PASSWORD);
    session.get("/auth/me").expect_status(401);
    bench.brain().refuses_login(email, password);
    administrates(bench.brain(), email, NEW_PASSWORD);
    bench.judge_group();
}

/// What a token is worth is asked of the brain; agents that connect with it are another module's matter.
fn agents(bench: &mut Bench) {
    let target = bench.target;
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let mint = ["token", "mint", "--project", "payments", "--name", "von z4jctl"];
    let minted = text(&bench.run(&mint, "")["result"]["token"]);
    assert!(bench.brain().accepts_agent_token(&minted), "{target}");
    bench.judge();
    assert!(bench.brain().accepts_agent_token(&minted), "{target}");

    let rotated = text(&bench.run(&["token", "rotate", "payments/von z4jctl"], "")["result"]["token"]);
    assert!(!bench.brain().accepts_agent_token(&minted), "{target}");
    assert!(bench.brain().accepts_agent_token(&rotated), "{target}");
    bench.judge();

    let overlap = ["token", "rotate", "payments/von z4jctl", "--overlap"];
    let second = bench.run(&overlap, "")["result"].clone();
    let (second_id, second) = (text(&second["agent_id"]), text(&second["token"]));
    assert!(bench.brain().accepts_agent_token(&rotated), "{target}");
    assert!(bench.brain().accepts_agent_token(&second), "{target}");
    bench.judge();

    bench.run(&["token", "revoke", "--token-stdin"], &rotated);
    assert!(!bench.brain().accepts_agent_token(&rotated), "{target}");
    assert!(bench.brain().accepts_agent_token(&second), "{target}");

    bench.run(&["token", "revoke", &second_id], "");
    assert!(!bench.brain().accepts_agent_token(&second), "{target}");

    bench.run(&["token", "revoke", "--all-in-project", "payments"], "");
    assert!(!bench.brain().accepts_agent_token(agent_of_payments(target)), "{target}");
    bench.judge_group();
}

fn agent_of_payments(target: Target) -> &'static str {
    target.meta().more["agents"]["web-01"]["token"].as_str().expect("a token of the fixture")
}

/// The users are gone and all projects with them; the log is all that is left of them.
fn an_empty_installation(bench: &mut Bench) {
    let target = bench.target;
    let refused = write(target, &bench.database, &["reset-setup"], "").expect_code(7);
    assert_eq!(refused.json_error()["error"]["code"], "setup.done", "{target}: {refused}");

    delete_all_users(target, &bench.database);
    bench
        .database
        .execute("DELETE FROM memberships; DELETE FROM agents; DELETE FROM events; DELETE FROM projects");
    // A brain without users mints a token for whoever sets it up.
    bench.boot();
    assert_eq!(bench.count("first_boot_tokens"), 1, "{target}");
    let rows = bench.count("audit_log");
    bench.run(&["reset-setup"], "");
    assert_eq!((bench.count("first_boot_tokens"), bench.count("audit_log")), (0, rows + 1), "{target}");
    bench.judge();

    let create = ["createsuperuser", "--email", "again@example.com", "--password-stdin"];
    bench.run(&create, NEW_PASSWORD);
    bench.judge_group();
    administrates(bench.brain(), "again@example.com", NEW_PASSWORD);
    let session = bench.brain().login("again@example.com", NEW_PASSWORD);
    session.get("/projects/default").expect_status(200);
}
