//! Ctrl-C and SIGTERM in the middle of a walk.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{COPIED, Untouched, large_sqlite, verify, verify_at};
use crate::support::fixtures::{Dump, Fixture};
use crate::support::postgres::Database;
use crate::support::wait_for;
use crate::support::z4jctl::Z4jctl;

const SIGNALS: [(Signal, i32); 2] = [(Signal::INT, 130), (Signal::TERM, 143)];

/// Interrupts the call once `walking` says so, and checks what it leaves.
fn interrupt(call: Z4jctl, walking: impl Fn(u32) -> bool, signal: Signal, code: i32, form: &str) {
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let at = |name: &str| directory.path().join(name).display().to_string();
    fs::write(at("old.prom"), "z4jctl_audit_verify_last_success_timestamp_seconds 1.000\n").expect("write");
    let mut running = call
        .arg(format!("--textfile={}", at("old.prom")))
        .arg(format!("--report=json={}", at("report.json")))
        .arg(format!("--output={form}"))
        .spawn();
    let id = running.id();
    wait_for("the walk to begin", Duration::from_secs(60), || walking(id).then_some(()));
    assert!(running.is_running(), "the log is too small for this test");
    let start = Instant::now();
    running.signal(signal);
    let output = running.wait(Duration::from_secs(30)).expect_code(code);
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}: {output}", start.elapsed());
    assert_eq!(output.stdout, "", "{output}");
    if form == "json" {
        let error = output.json_error();
        assert_eq!((&error["exit_code"], &error["error"]["code"]), (&code.into(), &"interrupted".into()));
    } else {
        assert!(output.stderr.contains("z4jctl: error: stopped before the end"), "{output}");
    }
    assert!(!fs::exists(at("report.json")).expect("look"), "half a report");
    let names: Vec<_> = fs::read_dir(directory.path()).expect("read").collect();
    assert_eq!(names.len(), 1, "something was left behind: {names:?}");
    let metrics = fs::read_to_string(at("old.prom")).expect("metrics");
    assert!(metrics.contains("last_success_timestamp_seconds 1.000\n"), "{metrics}");
}

/// How much a process has read.
fn bytes_read(id: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{id}/io")).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("rchar: ")?.parse().ok()).unwrap_or(0)
}

#[test]
fn a_walk_over_a_file_stops() {
    let (database, secrets) = large_sqlite(150_000);
    let untouched = Untouched::of(&database);
    for (signal, code) in SIGNALS {
        for (form, jobs) in [("human", "1"), ("json", "4")] {
            let call = verify(&database, secrets).args(["--jobs", jobs]);
            interrupt(call, |id| bytes_read(id) > 30_000_000, signal, code, form);
            untouched.check();
        }
    }
}

#[test]
fn waiting_for_a_lock_stops() {
    let (database, secrets) = large_sqlite(64);
    let locker = database.connection();
    locker.execute_batch("BEGIN EXCLUSIVE").expect("lock the database");
    for (signal, code) in SIGNALS {
        let since = Instant::now();
        let call = verify(&database, secrets).args(["--lock-timeout=1m"]);
        interrupt(call, |_| since.elapsed() > Duration::from_millis(500), signal, code, "json");
    }
}

/// A log of that many rows in PostgreSQL; nearly all are findings.
pub(super) fn large_postgres(rows: u32) -> Database {
    let database = Fixture::by_name("1.6.9").postgres(Dump::Plain);
    database.execute(&format!(
        "DROP INDEX ux_audit_log_prev_row_hmac; \
         INSERT INTO audit_log (id, {COPIED}) SELECT gen_random_uuid(), {COPIED} \
         FROM generate_series(1, {rows} / (SELECT count(*)::integer FROM audit_log)), audit_log"
    ));
    database
}

/// Whether somebody reads the log of this database.
pub(super) fn is_copying(database: &Database) -> bool {
    let query = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND state = 'active' AND query LIKE 'COPY %'",
        database.name()
    );
    database.number(&query) > 0
}

#[test]
fn a_walk_over_a_server_stops() {
    let database = large_postgres(150_000);
    let secrets = &Fixture::by_name("1.6.9").postgres_meta().secrets;
    for (signal, code) in SIGNALS {
        for (form, jobs) in [("human", "1"), ("json", "4")] {
            let call = verify(&database, secrets).args(["--jobs", jobs]);
            interrupt(call, |_| is_copying(&database), signal, code, form);
        }
    }
    // A server that has gone silent: it holds the table.
    let mut holder = database.client();
    holder.batch_execute("BEGIN; LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE").expect("lock");
    let since = Instant::now();
    let call = verify_at(database.url(), secrets).args(["--lock-timeout=1m"]);
    interrupt(call, |_| since.elapsed() > Duration::from_millis(500), Signal::TERM, 143, "json");
    drop(holder);
    wait_for("the sessions to end", Duration::from_secs(30), || (!is_copying(&database)).then_some(()));
}
