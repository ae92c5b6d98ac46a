//! What z4jctl writes about users and agents, judged by the real product.
//!
//! - [`every_command`]: each command on each of the nine kinds of database, with a real brain beside it.
//! - [`recovery`]: the last administrator is gone, and the original's own command does not help.
//! - [`original`]: the rows are those that the original writes.
//! - [`refusals`]: the last administrator stays, also when two commands meet.
//! - [`plans`]: `--dry-run` writes nothing and shows the plan; who did it and why is in the log.

mod every_command;
mod original;
mod plans;
mod recovery;
mod refusals;
mod rows;

use crate::support::brain::{RunningBrain, Session};
use crate::support::judge::{AnyDatabase, Target};
use crate::support::process::Output;

/// Of a user that is new, or that gets another password.
const NEW_PASSWORD: &str = "Walrus-Kettle-47-Harbour!";

/// Of a user whose password changes a second time.
const NEWER_PASSWORD: &str = "Copper-Lantern-91-Meadow?";

/// Runs a command that writes, with `--yes`.
fn write(target: Target, database: &AnyDatabase, arguments: &[&str], input: &str) -> Output {
    target.z4jctl(database).args(arguments).args(["--yes", "-o", "json"]).stdin(input).run()
}

/// Runs a command that writes and has to succeed; its report.
#[track_caller]
fn written(target: Target, database: &AnyDatabase, arguments: &[&str], input: &str) -> serde_json::Value {
    let report = write(target, database, arguments, input).expect_code(0).json();
    assert_eq!(report["written"], true, "{target}: {report}");
    let appended = report["appended"].as_array().map_or(0, Vec::len);
    assert!(appended > 0, "{target}: a change without a row in the log: {report}");
    report
}

/// E-mail and password of an account of the fixture.
fn account(target: Target, name: &str) -> (&'static str, &'static str) {
    let (email, password) = &target.meta().accounts[name];
    (email, password)
}

/// Number of users that can administrate.
fn administrators(database: &AnyDatabase) -> i64 {
    database.number("SELECT count(*) FROM users WHERE is_admin = true AND is_active = true")
}

/// What only an administrator may see: all users.
fn may_list_users(session: &Session<'_>) -> bool {
    let answer = session.get("/users");
    match answer.status {
        200 => true,
        403 => false,
        status => panic!("a session that asks for all users is answered {status}: {}", answer.text()),
    }
}

/// Logs in with a password that has to suffice, and acts as an administrator.
#[track_caller]
fn administrates(brain: &RunningBrain, email: &str, password: &str) {
    let session = brain.login(email, password);
    assert_eq!(session.me()["email"], email);
    assert!(may_list_users(&session), "{email} is no administrator");
}

/// Ends every user behind everybody's back. Where deleting takes what refers to a user along without touching the log,
/// on PostgreSQL from 1.8 on, it is done as an operator would.
fn delete_all_users(target: Target, database: &AnyDatabase) {
    match database {
        AnyDatabase::Postgres(postgres) if target.release() != "1.6.9" => {
            postgres.execute("DELETE FROM users");
        }
        AnyDatabase::Postgres(_) | AnyDatabase::Sqlite(_) => database.execute("DELETE FROM users"),
    }
    assert_eq!(database.number("SELECT count(*) FROM users"), 0, "{target}");
}
