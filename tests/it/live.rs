//! Verifying a log while a real brain writes to it: no false alarm, and the brain notices nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::BrainDatabase;
use crate::support::brain::Brain;
use crate::support::fixtures::{Dump, Fixture, Meta};
use crate::support::z4jctl::Z4jctl;

/// How often the log is verified while the brain writes.
const ROUNDS: usize = 15;

/// How many rows the brain must have added between the first verification and the last.
const GROWTH: u64 = 4;

/// How long to wait for them.
const PATIENCE: Duration = Duration::from_secs(120);

fn has_grown(totals: &[Result<u64, String>]) -> bool {
    match (totals.first(), totals.last()) {
        (Some(Ok(first)), Some(Ok(last))) => *last >= first + GROWTH,
        // A failure ends the test; there is nothing to wait for.
        (Some(Err(_)), _) | (_, Some(Err(_))) => true,
        _ => false,
    }
}

fn verify_while_it_writes(release: &str, database: &impl BrainDatabase, meta: &Meta) {
    let brain = Brain::release(release).serve(database, &meta.secrets);
    let accounts: Vec<&(String, String)> = meta.accounts.values().collect();
    let done = AtomicBool::new(false);
    let call = Z4jctl::new().db(database).secrets(&meta.secrets).args(["audit", "verify", "-o", "json"]);
    let (answers, totals) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut answers: Vec<u16> = Vec::new();
            for (email, password) in accounts.iter().cycle() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                answers.push(brain.try_login(email, password).status);
                // A wrong password is a row too.
                answers.push(brain.try_login("nobody@example.com", "not a password").status);
            }
            answers
        });
        let mut totals: Vec<Result<u64, String>> = Vec::new();
        let begin = Instant::now();
        // On a busy machine a login takes longer than many verifications.
        while totals.len() < ROUNDS || (!has_grown(&totals) && begin.elapsed() < PATIENCE) {
            let output = call.run();
            let total = (output.code == 0).then(|| output.json()["rows"]["total"].as_u64().unwrap_or(0));
            totals.push(total.ok_or_else(|| output.to_string()));
        }
        done.store(true, Ordering::Relaxed);
        (writer.join().expect("the thread that writes"), totals)
    });
    let totals: Vec<u64> =
        totals.into_iter().map(|total| total.unwrap_or_else(|output| panic!("{output}"))).collect();
    assert!(totals.is_sorted(), "rows do not vanish: {totals:?}");
    assert!(
        totals.last() >= totals.first().map(|first| first + GROWTH).as_ref(),
        "the brain did not write meanwhile: {totals:?}, {answers:?}"
    );
    // What must not be is an error that a reader causes: a database that is locked.
    let log = brain.log();
    assert!(!log.contains("database is locked"), "{answers:?}\n{log}");
    // 429 is the brain's own limit of attempts. Up to 1.7 a brain on SQLite reads the newest row without a lock, so
    // that its workers and a request race for the same predecessor; the one that loses answers 500 and says so.
    let lost = log.matches("UNIQUE constraint failed: audit_log.prev_row_hmac").count();
    let failed = answers.iter().filter(|status| ![200, 401, 429].contains(status)).count();
    assert!(failed <= lost, "{answers:?}\n{log}");
    assert!(answers.contains(&200), "{answers:?}");
    brain.stop().audit_verify().expect_intact();
}

#[test]
fn a_brain_of_1_13_on_sqlite_is_verified_while_it_writes() {
    let fixture = Fixture::by_name("1.13.0");
    verify_while_it_writes("1.13.0", &fixture.sqlite(), fixture.meta());
}

#[test]
fn a_brain_of_1_13_on_postgresql_is_verified_while_it_writes() {
    let fixture = Fixture::by_name("1.13.0");
    verify_while_it_writes("1.13.0", &fixture.postgres(Dump::Plain), fixture.postgres_meta());
}

#[test]
fn a_brain_of_1_7_on_sqlite_is_verified_while_it_writes() {
    let fixture = Fixture::by_name("1.7.0");
    verify_while_it_writes("1.7.0", &fixture.sqlite(), fixture.meta());
}
