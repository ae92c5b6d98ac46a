//! Four z4jctl and a real brain append to one log at once: nobody fails, no row is lost, and the chain has no fork.
//!
//! `./test --full` appends 2,000 rows to each database, the ordinary run 300.

use std::time::{Duration, Instant};

use crate::support::brain::{RunningBrain, Session};
use crate::support::environment;
use crate::support::judge::{AnyDatabase, Target, on_each};

/// Who writes: four z4jctl and the brain.
const WRITERS: usize = 5;

/// How many rows each of them appends.
fn rows_per_writer() -> usize {
    if environment("Z4JCTL_FULL").is_some() { 400 } else { 60 }
}

/// What a z4jctl does in its turn: a change that appends one row, and that can be done after the one before it.
type Turn = fn(usize) -> Vec<String>;

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

const TURNS: [Turn; WRITERS - 1] = [
    |turn| words(&["token", "mint", "--project", "payments", "--name", &format!("minted-{turn}")]),
    |turn| words(&["user", ["promote", "demote"][turn % 2], "operator@example.com"]),
    |turn| words(&["user", ["deactivate", "reactivate"][turn % 2], "viewer@example.com"]),
    // What is revoked is what was minted in the turn before.
    |turn| {
        let name = format!("brief-{}", turn / 2);
        match turn % 2 {
            0 => words(&["token", "mint", "--project", "analytics-eu", "--name", &name]),
            _ => words(&["token", "revoke", &format!("analytics-eu/{name}")]),
        }
    },
];

/// What came of one writer: its worst wait, and what went wrong.
struct Done {
    worst: Duration,
    failures: Vec<String>,
}

impl Done {
    fn of(rows: usize, mut append: impl FnMut(usize) -> Result<(), String>) -> Self {
        let mut done = Self { worst: Duration::ZERO, failures: Vec::new() };
        for turn in 0..rows {
            let begin = Instant::now();
            if let Err(failure) = append(turn) {
                done.failures.push(format!("turn {turn} after {:?}: {failure}", begin.elapsed()));
            }
            done.worst = done.worst.max(begin.elapsed());
        }
        done
    }
}

fn run_z4jctl(target: Target, database: &AnyDatabase, arguments: Vec<String>) -> Result<(), String> {
    let output = target.z4jctl(database).args(arguments).args(["--yes", "-o", "json"]).run();
    if output.code != 0 {
        return Err(output.to_string());
    }
    match output.json()["appended"].as_array().map(Vec::len) {
        Some(1) => Ok(()),
        _ => Err(format!("not one row: {output}")),
    }
}

fn mint_in_brain(session: &Session<'_>, name: &str) -> Result<(), String> {
    let answer = session.post("/projects/payments/agents", &serde_json::json!({ "name": name }));
    if answer.status == 201 { Ok(()) } else { Err(format!("{}: {}", answer.status, answer.text())) }
}

/// What the brain last complained of: its log is long.
fn last_error(brain: &RunningBrain) -> String {
    let log = brain.log();
    let line =
        log.lines().rev().find(|line| line.contains("rror")).unwrap_or("no error in the log of the brain");
    line.chars().take(8000).collect()
}

#[expect(clippy::print_stdout, reason = "shown with a failure, and to whoever asks for it with --nocapture")]
fn everybody_appends(target: Target) {
    let database = target.database();
    let brain = target.brain().serve(&database, target.secrets());
    let (email, password) = target.admin();
    let session = brain.login(email, password);
    // Rows of z4jctl, agents that the brain minted, all rows.
    let rows = || {
        let (ours, column) = (r#"LIKE '%"z4jctl"%'"#, "CAST(metadata AS text)");
        let count = |what: &str| database.number(&format!("SELECT count(*) FROM audit_log WHERE {what}"));
        let minted = format!("action = 'agent.token.minted' AND {column} NOT {ours}");
        (count(&format!("{column} {ours}")), count(&minted), count("true"))
    };
    let before = rows();
    let each = rows_per_writer();
    let begin = Instant::now();
    let done: Vec<Done> =
        std::thread::scope(|scope| {
            let database = &database;
            let mut writers: Vec<_> = TURNS
                .iter()
                .map(|turn| {
                    scope.spawn(move || Done::of(each, |number| run_z4jctl(target, database, turn(number))))
                })
                .collect();
            let session = &session;
            writers.push(scope.spawn(move || {
                Done::of(each, |number| mint_in_brain(session, &format!("of-brain-{number}")))
            }));
            writers.into_iter().map(|writer| writer.join().expect("a writer")).collect()
        });
    let worst: Vec<Duration> = done.iter().map(|done| done.worst).collect();
    println!("{target}: {} rows in {:?}, worst waits {worst:?}", each * WRITERS, begin.elapsed());

    let failures: Vec<&String> = done.iter().flat_map(|done| &done.failures).collect();
    assert!(
        failures.is_empty(),
        "{target}: {} failed: {failures:#?}\n{}",
        failures.len(),
        last_error(&brain)
    );
    if matches!(target, Target::Postgres(_)) {
        // Whoever is chosen to end one may be the brain, whose request then fails.
        let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        assert_eq!(database.number(deadlocks), 0, "{target}");
    }
    let made = i64::try_from(each).expect("a small number");
    let (ours, minted, total) = rows();
    // A brain tells of other things in between, such as a command that timed out.
    let others = total - before.2 - (ours - before.0) - (minted - before.1);
    assert_eq!((ours - before.0, minted - before.1), (made * 4, made), "{target}, and {others} others");
    let forks = "SELECT count(*) FROM (SELECT prev_row_hmac FROM audit_log WHERE prev_row_hmac IS NOT NULL \
                 GROUP BY prev_row_hmac HAVING count(*) > 1) AS forked";
    assert_eq!(database.number(forks), 0, "{target}");
    target.z4jctl(&database).args(["audit", "verify"]).run().expect_code(0);
    brain.stop().audit_verify().expect_intact();
    target.z4jctl(&database).args(["audit", "verify"]).run().expect_code(0);
}

#[test]
fn nobody_loses_a_row_on_sqlite() {
    on_each(&[Target::Sqlite("1.13.0"), Target::Sqlite("1.6.9")], everybody_appends);
}

#[test]
fn nobody_loses_a_row_on_postgresql() {
    on_each(&[Target::Postgres("1.13.0"), Target::Postgres("1.6.9")], everybody_appends);
}
