//! A brain is never made to wait for long.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{large_sqlite, verify};
use crate::support::Secrets;
use crate::support::fixtures::TempSqlite;
use crate::support::process::Output;

/// What a brain waits before it gives up.
const PATIENCE_OF_A_BRAIN: Duration = Duration::from_secs(5);

/// Runs `audit verify` while another connection commits again and again; gives its output, the number of commits, and
/// the longest one.
fn verify_beside_a_writer(database: &TempSqlite, secrets: &Secrets, write: &str) -> (Output, u32, Duration) {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let connection = database.connection();
            connection.busy_timeout(PATIENCE_OF_A_BRAIN).expect("set a timeout");
            let (mut commits, mut longest) = (0, Duration::ZERO);
            while !ended.load(Ordering::Relaxed) {
                let start = Instant::now();
                connection.execute_batch(write).expect("a brain must be able to write");
                commits += 1;
                longest = longest.max(start.elapsed());
                std::thread::sleep(Duration::from_millis(5));
            }
            (commits, longest)
        });
        let output = verify(database, secrets).args(["--output", "json", "--max-findings", "10"]).run();
        ended.store(true, Ordering::Relaxed);
        let (commits, longest) = writer.join().expect("the writer");
        (output, commits, longest)
    })
}

#[track_caller]
#[expect(clippy::print_stdout, reason = "the wait is worth knowing")]
fn check(name: &str, (output, commits, longest): (Output, u32, Duration)) -> serde_json::Value {
    let report = output.json();
    println!(
        "{name}: {commits} commits while {} rows were walked in {} ms, the longest took {longest:?}",
        report["rows"]["total"], report["duration_ms"]
    );
    assert!(longest < PATIENCE_OF_A_BRAIN, "a writer waited {longest:?}");
    assert!(commits > 10, "only {commits} commits in {} ms", report["duration_ms"]);
    assert!(
        report["snapshot"]["changes_during_read"].as_u64().is_some_and(|changes| changes > 0),
        "{report}"
    );
    report
}

const HEARTBEAT: &str = "UPDATE agents SET last_seen_at = CURRENT_TIMESTAMP";

#[test]
fn heartbeats_are_not_held_up() {
    let (database, secrets) = large_sqlite(100_000);
    let report = check("heartbeats", verify_beside_a_writer(&database, secrets, HEARTBEAT));
    // The copies are findings, so it was walked twice; the second time told the same.
    assert_eq!(report["snapshot"]["isolation"], "bounded-chunks");
}

#[test]
fn an_intact_log_is_walked_once_beside_a_writer() {
    let fixture = crate::support::fixtures::Fixture::by_name("1.6.9");
    let database = fixture.sqlite();
    let (output, _, longest) = verify_beside_a_writer(&database, &fixture.meta().secrets, HEARTBEAT);
    assert_eq!(output.expect_code(0).json()["findings"], serde_json::json!([]));
    assert!(longest < PATIENCE_OF_A_BRAIN, "a writer waited {longest:?}");
}

/// With every commit there is another finding, so that no two walks agree.
#[test]
fn rows_that_are_added_meanwhile_are_not_held_up() {
    let (database, secrets) = large_sqlite(20_000);
    let append = "INSERT INTO audit_log (id, action, target_type, result, occurred_at) \
                  VALUES (lower(hex(randomblob(16))), 'x', 'y', 'success', strftime('%Y-%m-%d %H:%M:%f000', 'now'))";
    check("appended rows", verify_beside_a_writer(&database, secrets, append));
}
