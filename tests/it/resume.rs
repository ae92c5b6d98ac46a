//! `audit verify --resume`: what is new and a part of what is old is read, and nothing that was done to a log is
//! missed for longer than a cycle.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};
use z4jctl::audit::OpenOptions;
use z4jctl::audit::keys::Keys;
use z4jctl::audit::resume::{ResumeOptions, verify_resumed};
use z4jctl::audit::verify::{Silent, VerifyOptions};
use z4jctl::config::{Overrides, Settings};
use z4jctl::context::{Cancel, Clock, Context, Env, Random};
use z4jctl::format::Timestamp;
use z4jctl::format::mac::MacKey;

use crate::generator::generated::{LogFormat, Recipe, extend_sqlite};
use crate::support::fixtures::Fixture;
use crate::support::judge::{Target, on_each};
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::tampering::log::{Kind, Log, Report};

/// Every generation, and both families and ends on PostgreSQL.
const TARGETS: [Target; 10] = [
    Target::Sqlite("1.0.19"),
    Target::Sqlite("1.3.4"),
    Target::Sqlite("1.6.9"),
    Target::Sqlite("1.7.0"),
    Target::Sqlite("1.8.0"),
    Target::Sqlite("1.9.1"),
    Target::Sqlite("1.13.0"),
    Target::Postgres("1.6.9"),
    Target::Postgres("1.8.0"),
    Target::Postgres("1.13.0"),
];

/// A short cycle: the logs of the fixtures are short.
const CYCLE: u64 = 4;

/// A resume file that does not exist yet.
struct File {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("create a temporary directory");
        let path = directory.path().join("resume.json");
        Self { _directory: directory, path }
    }

    fn read(&self) -> Value {
        serde_json::from_slice(&std::fs::read(&self.path).expect("a resume file")).expect("JSON")
    }

    fn write(&self, value: &Value) {
        std::fs::write(&self.path, value.to_string()).expect("write a resume file");
    }

    fn call(&self, call: Z4jctl) -> Report {
        let path = self.path.to_str().expect("a path in UTF-8");
        let cycle = format!("1/{CYCLE}");
        Report::read(
            call.args(["audit", "verify", "-o", "json", "--resume", path, "--recheck", &cycle]).run(),
        )
    }
}

fn fallback(report: &Report) -> &str {
    report.json["incremental"]["fallback"]["code"].as_str().unwrap_or("none")
}

fn number(report: &Report, field: &str) -> u64 {
    report.json["incremental"][field].as_u64().unwrap_or_else(|| panic!("{field} in {:#}", report.json))
}

/// An incremental run that found nothing and accounts for every row.
#[track_caller]
fn expect_incremental(report: &Report, rows: u64, new: u64) {
    assert_eq!((report.exit(), fallback(report)), (0, "none"), "{:#}", report.json);
    assert_eq!(number(report, "rows_in_log"), rows, "{:#}", report.json);
    assert_eq!(number(report, "rows_new"), new, "{:#}", report.json);
    let (again, earlier) = (number(report, "rows_rechecked"), number(report, "rows_from_earlier_runs"));
    assert_eq!(new + again + earlier, rows, "{:#}", report.json);
    assert_eq!(report.json["rows"]["total"], new + again, "{:#}", report.json);
    assert_eq!(report.json["incremental"]["mode"], "incremental");
    assert_eq!(report.json["head"]["row"], rows, "{:#}", report.json);
}

fn log_of(target: Target) -> Log {
    let mut log = match target {
        Target::Sqlite(name) => Log::open(Kind::Sqlite, name),
        Target::Postgres(name) => Log::open(Kind::Postgres, name),
    };
    log.close();
    log
}

fn rows(log: &Log) -> u64 {
    u64::try_from(log.read_rows().len()).expect("a count")
}

/// Appends a row.
#[track_caller]
fn append(log: &Log, number: usize) -> Output {
    let verb = ["promote", "demote"][number % 2];
    log.z4jctl().args(["user", verb, "operator@example.com", "--yes"]).run().expect_code(0)
}

#[test]
fn a_run_reads_what_is_new_and_a_part_of_the_rest() {
    on_each(&TARGETS, |target| {
        let (log, file) = (log_of(target), File::new());
        let before = rows(&log);
        let first = file.call(log.z4jctl());
        assert_eq!((first.exit(), fallback(&first)), (0, "missing"), "{target}: {:#}", first.json);
        assert_eq!(number(&first, "rows_in_log"), before, "{target}");
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(&file.path).expect("a resume file").permissions(),
        );
        assert_eq!(mode & 0o777, 0o600, "{target}");

        expect_incremental(&file.call(log.z4jctl()), before, 0);
        append(&log, 0);
        append(&log, 1);
        let now = rows(&log);
        assert!(now >= before + 2, "{target}");
        expect_incremental(&file.call(log.z4jctl()), now, now - before);
        // In a cycle every row is read once more.
        let mut again = 0;
        for _ in 0..CYCLE {
            let report = file.call(log.z4jctl());
            expect_incremental(&report, now, 0);
            let share = number(&report, "rows_rechecked");
            assert!(share < now, "{target}: all at once");
            again += share;
        }
        assert_eq!(again, now, "{target}");
        // The next one reads what is appended behind the point of an incremental run.
        append(&log, 2);
        expect_incremental(&file.call(log.z4jctl()), rows(&log), rows(&log) - now);
    });
}

/// Runs until something is found; gives the number of runs.
#[track_caller]
fn found_within(file: &File, log: &Log, limit: u64) -> (u64, Report) {
    for run in 1..=limit {
        let report = file.call(log.z4jctl());
        if report.exit() != 0 {
            return (run, report);
        }
    }
    panic!("{}: not found in {limit} runs", log.name);
}

#[test]
fn a_changed_old_row_is_found_within_a_cycle() {
    on_each(&TARGETS, |target| {
        let mut runs = BTreeSet::new();
        let mut log = log_of(target);
        let all = log.rows.len();
        let file = File::new();
        assert_eq!(file.call(log.z4jctl()).exit(), 0);
        let point = file.read();
        for index in [1, all / 4 + 1, all / 2, all * 3 / 4, all - 2] {
            file.write(&point);
            log.reopen();
            let action = log.rows[index]["action"].clone();
            log.set(index, "action", Some("somebody.else"));
            log.close();
            let (run, report) = found_within(&file, &log, CYCLE);
            let row = u64::try_from(index + 1).expect("a position");
            assert_eq!(report.exit(), 1, "{target}: {}", report.summary());
            assert_eq!(fallback(&report), "old-rows", "{target}");
            let at: Vec<_> = report.findings().iter().map(|finding| finding["row"].as_u64()).collect();
            assert_eq!(at, [Some(row)], "{target}: {}", report.summary());
            assert!(!number_is_point(&report), "{target}: no point after a finding");
            runs.insert(run);
            log.reopen();
            log.set(index, "action", action.as_deref());
            log.close();
        }
        assert!(runs.len() > 1, "{target}: five rows in one part of four");
    });
}

fn number_is_point(report: &Report) -> bool {
    report.json["incremental"]["point"].as_bool().expect("a truth")
}

#[test]
fn what_is_done_to_the_ends_is_found_at_once() {
    on_each(&TARGETS, |target| {
        let mut log = log_of(target);
        append(&log, 0);
        let file = File::new();
        assert_eq!(file.call(log.z4jctl()).exit(), 0);
        let kept = file.read();
        append(&log, 1);
        let is_active = log.is_active();

        log.reopen();
        let newest = log.rows.len() - 1;
        let action = log.rows[newest]["action"].clone();
        log.set(newest, "action", Some("nobody.did"));
        log.close();
        let report = file.call(log.z4jctl());
        assert_eq!((report.exit(), fallback(&report)), (1, "new-rows"), "{target}: {}", report.summary());
        assert_eq!(file.read(), kept, "{target}: a finding leaves the point as it is");
        log.reopen();
        log.set(newest, "action", action.as_deref());
        log.close();
        assert_eq!(fallback(&file.call(log.z4jctl())), "none", "{target}");

        // The newest two rows: the one that the point knows, too.
        let row = log.rows[newest].clone();
        log.reopen();
        log.delete(newest..newest + 1);
        log.close();
        let report = file.call(log.z4jctl());
        assert_eq!(report.exit(), 1, "{target}: {}", report.summary());
        let class = &report.findings()[0]["class"];
        assert_eq!(class, "tail-cut", "{target}: {}", report.summary());
        assert_eq!(fallback(&report), if is_active { "count" } else { "head" }, "{target}");
        log.reopen();
        log.insert(&row);
        log.close();

        log.reopen();
        log.delete(0..1);
        log.close();
        let report = file.call(log.z4jctl());
        assert_ne!(report.exit(), 0, "{target}: {}", report.summary());
        let expected = if is_active { ["count"] } else { ["beginning"] };
        assert!(expected.contains(&fallback(&report)), "{target}: {}", fallback(&report));
    });
}

/// The number of rows stays right.
#[test]
fn an_exchanged_row_is_found_within_a_cycle() {
    on_each(&TARGETS, |target| {
        let (mut log, file) = (log_of(target), File::new());
        assert_eq!(file.call(log.z4jctl()).exit(), 0);
        log.reopen();
        let middle = log.rows.len() / 2;
        let mut row = log.rows[middle].clone();
        log.delete(middle..middle + 1);
        row.insert("id".into(), Some(uuid::Uuid::from_u128(7).simple().to_string()));
        log.insert(&row);
        log.close();
        let (_, report) = found_within(&file, &log, CYCLE);
        assert_eq!((report.exit(), fallback(&report)), (1, "old-rows"), "{target}: {}", report.summary());
    });
}

/// Rows that are appended meanwhile are never taken for fault, and are never a reason to read everything.
#[test]
fn a_log_that_grows_meanwhile_is_resumed() {
    on_each(&[Target::Sqlite("1.13.0"), Target::Sqlite("1.6.9"), Target::Postgres("1.13.0")], |target| {
        let (log, file) = (log_of(target), File::new());
        assert_eq!(file.call(log.z4jctl()).exit(), 0);
        let calls: Vec<Z4jctl> = (0..12)
            .map(|turn| {
                let verb = ["promote", "demote"][turn % 2];
                log.z4jctl().args(["user", verb, "operator@example.com", "--yes"])
            })
            .collect();
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || calls.iter().for_each(|call| drop(call.run().expect_code(0))));
            while !writer.is_finished() {
                let report = file.call(log.z4jctl());
                assert_eq!((report.exit(), fallback(&report)), (0, "none"), "{target}: {}", report.summary());
            }
        });
        let report = file.call(log.z4jctl());
        assert_eq!((report.exit(), fallback(&report)), (0, "none"), "{target}");
        assert_eq!(number(&report, "rows_in_log"), rows(&log), "{target}");
    });
}

#[test]
fn an_edited_state_is_found_at_once() {
    for target in [Target::Sqlite("1.8.0"), Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")] {
        let (mut log, file) = (log_of(target), File::new());
        assert_eq!(file.call(log.z4jctl()).exit(), 0);
        log.reopen();
        log.set_state("head_occurred_at", Some("2026-01-01 00:00:00.000000"));
        log.close();
        let report = file.call(log.z4jctl());
        assert_eq!(report.exit(), 1, "{target}");
        assert_eq!(report.findings()[0]["class"], "state-forged", "{target}: {}", report.summary());
    }
}

#[test]
fn a_point_of_another_database_counts_for_nothing() {
    let (one, file) = (log_of(Target::Sqlite("1.13.0")), File::new());
    file.call(one.z4jctl());
    let point = file.read();
    for other in [Target::Postgres("1.13.0"), Target::Sqlite("1.12.1"), Target::Sqlite("1.7.0")] {
        file.write(&point);
        let report = file.call(log_of(other).z4jctl());
        assert_eq!(report.exit(), 0, "{other}");
        assert!(["key", "database", "mac"].contains(&fallback(&report)), "{other}: {}", fallback(&report));
    }
    // The same secrets, another installation.
    file.write(&point);
    let mut log = log_of(Target::Sqlite("1.13.0"));
    log.reopen();
    log.set_installed_at("2026-01-01T00:00:00+00:00");
    log.close();
    assert_eq!(fallback(&file.call(log.z4jctl())), "database");
}

/// Every value of a JSON document, by its path.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| leaves(value, &format!("{path}/{key}"), found));
        }
        Value::Array(items) => {
            // The first, one between, the last.
            for at in BTreeSet::from([0, items.len() / 2, items.len() - 1]) {
                leaves(&items[at], &format!("{path}/{at}"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn an_edited_resume_file_counts_for_nothing() {
    for target in [Target::Sqlite("1.13.0"), Target::Sqlite("1.7.0")] {
        let (log, file) = (log_of(target), File::new());
        file.call(log.z4jctl());
        let intact = file.read();
        let mut paths = Vec::new();
        leaves(&intact, "", &mut paths);
        assert!(paths.len() > 30, "{paths:?}");
        for path in paths {
            let mut edited = intact.clone();
            let value = edited.pointer_mut(&path).expect("a path that was found");
            *value = match value.clone() {
                Value::Number(number) => json!(number.as_u64().expect("a count") + 1),
                Value::String(text) => match text.find(|one: char| one.is_ascii_digit()) {
                    Some(digit) => {
                        let other = if text[digit..].starts_with('1') { "2" } else { "1" };
                        json!(format!("{}{other}{}", &text[..digit], &text[digit + 1..]))
                    }
                    None => json!("another"),
                },
                _ => json!(1),
            };
            file.write(&edited);
            let report = file.call(log.z4jctl());
            assert_eq!(report.exit(), 0, "{target} {path}");
            let code = fallback(&report);
            assert!(["mac", "damaged", "key"].contains(&code), "{target} {path}: {code}");
        }
        for text in ["", "{}", "[]", "null", "\u{0}", "{\"schema\":\"z4jctl.audit.resume/1\"}"] {
            std::fs::write(&file.path, text).expect("write a resume file");
            assert_eq!(fallback(&file.call(log.z4jctl())), "damaged", "{text:?}");
        }
        assert_eq!(fallback(&file.call(log.z4jctl())), "none", "the full walk left a point");
    }
}

#[test]
fn a_rotated_key_and_another_part_lead_to_a_full_walk() {
    for (target, current, previous) in [
        (Target::Sqlite("1.13.0"), "Z4J_AUDIT_CHAIN_SECRET", "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS"),
        (Target::Sqlite("1.7.0"), "Z4J_SECRET", "Z4J_PREVIOUS_SECRETS"),
    ] {
        let (log, file) = (log_of(target), File::new());
        file.call(log.z4jctl());
        let old = log.secrets[current].clone();
        let other = "another-secret-of-enough-characters-0123456789-ABCDEF";
        let rotated = || log.z4jctl().env(current, other).env(previous, &old);
        let report = file.call(rotated());
        assert_eq!((report.exit(), fallback(&report)), (0, "rotated"), "{target}: {}", report.summary());
        expect_incremental(&file.call(rotated()), rows(&log), 0);
        let path = file.path.to_str().expect("a path in UTF-8");
        let call = rotated().args(["audit", "verify", "-o", "json", "--resume", path]).run();
        assert_eq!(fallback(&Report::read(call)), "recheck", "{target}");
        // Without the key under which the point is written nothing can be told of it.
        assert_eq!(fallback(&file.call(log.z4jctl())), "key", "{target}");
    }
}

#[test]
fn a_database_that_was_rolled_back_is_found_and_with_the_file_it_is_not() {
    for release in ["1.0.19", "1.6.9", "1.7.0", "1.8.0", "1.13.0"] {
        let target = Target::Sqlite(release);
        let (log, file) = (log_of(target), File::new());
        file.call(log.z4jctl());
        let database = PathBuf::from(log.z4j_url().split("///").nth(1).expect("a path"));
        let (copy, point) = (std::fs::read(&database).expect("a database"), file.read());
        append(&log, 0);
        assert_eq!(fallback(&file.call(log.z4jctl())), "none");
        drop(log);

        let directory = tempfile::tempdir().expect("create a temporary directory");
        let older = directory.path().join("z4j.db");
        std::fs::write(&older, copy).expect("write a copy");
        let call = || Z4jctl::new().secrets(target.secrets()).db_url(older.as_os_str());
        let report = file.call(call());
        assert_eq!(report.exit(), 1, "{target}: {}", report.summary());
        assert_eq!(report.findings()[0]["class"], "tail-cut", "{target}: {}", report.summary());
        file.write(&point);
        let report = file.call(call());
        assert_eq!((report.exit(), fallback(&report)), (0, "none"), "{target}: {}", report.summary());
        assert!(report.json["notes"].to_string().contains("rolled back together"), "{target}");
    }
}

#[test]
fn retention_that_the_signed_state_records_is_followed() {
    for target in [Target::Sqlite("1.8.0"), Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")] {
        let (log, file) = (log_of(target), File::new());
        let before = rows(&log);
        file.call(log.z4jctl());
        for _ in 0..2 {
            let middle = log.read_rows()[usize::try_from(rows(&log) / 3).expect("a position")]["occurred_at"]
                .clone()
                .expect("a time");
            let cutoff = format!("{}Z", middle.replace(' ', "T").trim_end_matches("+00"));
            log.z4jctl().args(["audit", "prune", "--before", &cutoff, "--yes"]).run().expect_code(0);
            assert!(rows(&log) < before, "{target}");
            let report = file.call(log.z4jctl());
            expect_incremental(&report, rows(&log), 1);
        }
        for _ in 0..CYCLE {
            expect_incremental(&file.call(log.z4jctl()), rows(&log), 0);
        }
    }
}

/// Where the log does not begin with its genesis, and nothing is wrong with that.
#[test]
fn a_log_that_was_pruned_before_is_resumed() {
    for name in ["1.13.0-pruned", "1.7.0-pruned"] {
        let (log, file) = (log_of(Target::Sqlite(name)), File::new());
        let first = file.call(log.z4jctl());
        if first.exit() != 0 {
            assert!(!number_is_point(&first) && !file.path.exists(), "{name}: {}", first.summary());
            continue;
        }
        for _ in 0..=CYCLE {
            expect_incremental(&file.call(log.z4jctl()), rows(&log), 0);
        }
    }
    // Not to be decided, unless somebody says that it was retention.
    let (mut log, file) = (log_of(Target::Sqlite("1.6.9-pruned")), File::new());
    log.reopen();
    log.set_installed_at("2020-01-01T00:00:00+00:00");
    log.close();
    assert_eq!(file.call(log.z4jctl()).exit(), 3);
    assert!(!file.path.exists());
    let path = file.path.to_str().expect("a path in UTF-8");
    let accept = || {
        let arguments =
            ["audit", "verify", "-o", "json", "--accept-retention", "--resume", path, "--recheck", "1/4"];
        Report::read(log.z4jctl().args(arguments).run())
    };
    assert_eq!((accept().exit(), accept().exit()), (0, 0));
    let report = accept();
    expect_incremental(&report, rows(&log), 0);
    assert!(report.json["notes"].to_string().contains("accepted as retention"));
    let strict = file.call(log.z4jctl());
    assert_eq!((strict.exit(), fallback(&strict)), (3, "findings"), "{}", strict.summary());
}

#[test]
fn frozen_history_is_read_again_too() {
    let name = "1.13.0-upgraded-from-1.6.9";
    let (mut log, file) = (log_of(Target::Sqlite(name)), File::new());
    let first = file.call(log.z4jctl());
    assert_eq!(first.exit(), 0, "{:#}", first.json);
    assert!(log.live > 4, "frozen rows");
    for _ in 0..CYCLE {
        expect_incremental(&file.call(log.z4jctl()), rows(&log), 0);
    }
    log.reopen();
    log.set(2, "action", Some("somebody.else"));
    log.close();
    let (_, report) = found_within(&file, &log, CYCLE);
    assert_eq!(report.exit(), 1, "{}", report.summary());
}

/// Rows that are read, not time: that depends on the machine.
#[test]
fn the_cost_is_that_of_the_new_rows_and_one_part() {
    const ROWS: u64 = 6_000;
    let fixture = Fixture::by_name("1.13.0");
    let (copy, file) = (fixture.sqlite(), File::new());
    let path = file.path.to_str().expect("a path in UTF-8");
    let verify = || {
        let call = Z4jctl::new().db(&copy).secrets(&fixture.meta().secrets);
        Report::read(call.args(["audit", "verify", "-o", "json", "--resume", path]).run())
    };
    let extend = |rows| {
        let recipe = Recipe { rows, format: LogFormat::Active, seed: rows };
        extend_sqlite(&copy.path(), &recipe).expect("extend a fixture");
    };
    extend(ROWS);
    assert_eq!(number(&verify(), "rows_in_log"), ROWS);
    extend(ROWS + 100);
    let mut again = 0;
    for run in 0..30 {
        let report = verify();
        let new = if run == 0 { 100 } else { 0 };
        expect_incremental(&report, ROWS + 100, new);
        let share = number(&report, "rows_rechecked");
        assert!(share <= 2 * ROWS.div_ceil(30), "{share} rows in run {run}");
        again += share;
    }
    assert!((ROWS..=ROWS + 100).contains(&again), "{again} rows in a cycle");
}

#[test]
fn a_known_head_is_judged_in_an_incremental_run_too() {
    let (log, file) = (log_of(Target::Sqlite("1.13.0")), File::new());
    let head = log.z4jctl().args(["audit", "head"]).run().expect_code(0).stdout;
    append(&log, 0);
    file.call(log.z4jctl());
    append(&log, 1);
    let report = file.call(log.z4jctl().env("Z4JCTL_KNOWN_HEAD", &head));
    assert_eq!((report.exit(), fallback(&report)), (0, "none"), "{}", report.summary());
    assert_eq!(report.json["known_head"]["verdict"], "VERIFIED_ANCESTOR");
    assert_eq!(report.json["known_head"]["message"], format!("the known head is row {}", rows(&log) - 2));
    let other = log.z4jctl().env("Z4JCTL_KNOWN_HEAD", format!("{{\"row_hmac\":\"{}\"}}", "ab".repeat(32)));
    let report = file.call(other);
    assert_eq!((report.exit(), fallback(&report)), (1, "known-head"), "{}", report.summary());
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    for arguments in [
        &["--recheck", "1/30"][..],
        &["--resume", "r", "--recheck", "30"],
        &["--resume", "r", "--recheck", "1/0"],
        &["--resume", "r", "--recheck", "1/366"],
        &["--resume", "r", "--recheck", "2/30"],
        &["--resume", "r", "--since", "2026-01-01"],
        &["--resume", "r", "--until", "2026-01-01"],
        &["--resume", "."],
    ] {
        let target = Target::Sqlite("1.13.0");
        let call = target.z4jctl(&target.database()).args(["audit", "verify"]).args(arguments);
        call.run().expect_code(2);
    }
}

const DAY: i64 = 86_400;

/// A run at another time, by the library; leaves its point. Gives the part of the report about the increment.
fn run_at(log: &Log, file: &File, time: Timestamp, cycle: u32) -> Value {
    let home = tempfile::tempdir().expect("create a temporary directory");
    let secrets = log.secrets.iter().map(|(name, value)| (name.into(), value.into()));
    let variables = secrets.chain([("Z4J_DATABASE_URL".into(), log.z4j_url().into())]);
    let env = Env::new(variables, home.path());
    let settings = Settings::resolve(&Overrides::default(), &env).expect("settings");
    let context = Context { env, clock: Clock::Fixed(time), random: Random, cancel: Cancel::default() };
    let ring = |name: &str| {
        log.secrets.get(name).map(|secret| MacKey::new(secret.as_bytes())).into_iter().collect::<Vec<_>>()
    };
    let keys = Keys {
        master: ring("Z4J_SECRET"),
        audit: ring("Z4J_AUDIT_CHAIN_SECRET"),
        has_current_master: true,
        has_current_audit: true,
    };
    let open = OpenOptions {
        lock_timeout: std::time::Duration::from_secs(10),
        statement_timeout: None,
        walk_timeout: None,
        minimum_free: None,
    };
    let options = VerifyOptions::new(open, std::num::NonZeroUsize::MIN);
    let resume = ResumeOptions {
        text: std::fs::read_to_string(&file.path).ok(),
        recheck: std::num::NonZeroU32::new(cycle).expect("a cycle"),
    };
    let resumed = verify_resumed(&context, &settings.database.value, &keys, &options, &resume, &Silent);
    let resumed = resumed.expect("a report");
    assert!(resumed.report.ok, "{:?}", resumed.report.findings);
    std::fs::write(&file.path, resumed.file.expect("a point")).expect("write a resume file");
    json!(resumed.report.incremental)
}

/// What was proved is believed for 31 days, or for a cycle when that is longer.
#[test]
fn an_old_point_counts_for_nothing() {
    let code = |run: &Value| run["fallback"]["code"].as_str().unwrap_or("none").to_owned();
    for target in [Target::Sqlite("1.6.9"), Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")] {
        let (log, file) = (log_of(target), File::new());
        let begin = Timestamp::parse("2026-03-01").expect("a time");
        let after = |days: i64| begin.plus_seconds(days * DAY);
        for (cycle, longest) in [(4, 31), (60, 60)] {
            for (days, expected) in [(longest, "none"), (longest + 1, "age"), (-2, "age"), (0, "none")] {
                std::fs::remove_file(&file.path).unwrap_or_default();
                assert_eq!(code(&run_at(&log, &file, begin, cycle)), "missing", "{target}");
                let run = run_at(&log, &file, after(days), cycle);
                assert_eq!(code(&run), expected, "{target}, 1/{cycle}, {days} days: {run:#}");
            }
        }
        // A point that is young enough, over rows that nobody read for longer: they are read again, all of them.
        std::fs::remove_file(&file.path).unwrap_or_default();
        run_at(&log, &file, begin, 4);
        let early = run_at(&log, &file, after(20), 4);
        assert_eq!((code(&early).as_str(), &early["oldest_reading"]), ("none", &json!(begin)), "{target}");
        let late = run_at(&log, &file, after(40), 4);
        assert_eq!(code(&late), "none", "{target}: {late:#}");
        assert_eq!(late["oldest_reading"], json!(after(20)), "{target}: {late:#}");
        let (first, second) = (early["rows_rechecked"].as_u64(), late["rows_rechecked"].as_u64());
        let all = u64::try_from(log.rows.len()).expect("a count");
        assert!(second.expect("a count") >= all - first.expect("a count"), "{target}: {early:#} {late:#}");
    }
}
