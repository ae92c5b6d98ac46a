//! What is done to a log is seen, named and located.
//!
//! Every test changes a copy of a database that a real z4j wrote, as somebody with full rights on the database can, and
//! asks `z4jctl audit verify` for its verdict. Rows that must carry a valid MAC are signed by [`sign`], which shares no
//! code with z4jctl.

pub(crate) mod log;
pub(crate) mod sign;

mod bounds;
mod guards;
mod keys;
mod random;
mod real;
mod rows;
mod several;
mod state;

use log::{Kind, Log, Report};

/// One database of each generation and family.
const SQLITE: [&str; 9] =
    ["1.0.19", "1.2.1", "1.3.4", "1.6.9", "1.7.0", "1.8.0", "1.9.1", "1.11.0", "1.13.0-upgraded-from-1.6.9"];
/// The same in PostgreSQL, as far as there are dumps. Copying a database takes longer than everything else there.
const POSTGRES: [&str; 8] = ["1.2.1", "1.3.4", "1.6.9", "1.7.0", "1.8.0", "1.9.1", "1.11.0", "1.13.0"];
/// Those of them that have a chain state.
const POSTGRES_WITH_STATE: [&str; 4] = ["1.8.0", "1.9.1", "1.11.0", "1.13.0"];

/// What `audit verify` must say.
struct Expected {
    exit: i32,
    /// Each finding's class, and its row where it is about one.
    findings: Vec<(&'static str, Option<u64>)>,
}

/// Exactly these findings, and that the log was tampered with.
fn tampered(findings: &[(&'static str, u64)]) -> Expected {
    Expected { exit: 1, findings: findings.iter().map(|(class, row)| (*class, Some(*row))).collect() }
}

/// Exactly one finding, which is about the whole log.
fn whole_log(class: &'static str) -> Expected {
    Expected { exit: 1, findings: vec![(class, None)] }
}

/// One way to tamper with a log.
struct Attack {
    name: &'static str,
    /// Which logs it can be done to.
    applies: fn(&Log) -> bool,
    act: fn(&Log) -> Expected,
}

fn attack(name: &'static str, applies: fn(&Log) -> bool, act: fn(&Log) -> Expected) -> Attack {
    Attack { name, applies, act }
}

fn always(_: &Log) -> bool {
    true
}

fn on_sqlite(log: &Log) -> bool {
    log.kind() == Kind::Sqlite
}

/// Runs attacks over databases; all failures are told at once.
#[track_caller]
fn run(attacks: &[Attack], kind: Kind, names: &[&'static str]) {
    let mut failures = Vec::new();
    let mut count = 0;
    for name in names {
        for attack in attacks {
            let mut log = Log::open(kind, name);
            if !(attack.applies)(&log) {
                continue;
            }
            count += 1;
            let mut expected = (attack.act)(&log);
            log.close();
            let report = log.verify(&[]);
            expected.findings.sort_unstable();
            let expected_findings: Vec<(String, Option<u64>)> =
                expected.findings.iter().map(|(class, row)| ((*class).to_owned(), *row)).collect();
            let leave_out: &[&str] = if log.is_guarded { &[] } else { &["guards-missing"] };
            if report.exit() != expected.exit || report.classes(leave_out) != expected_findings {
                failures.push(format!(
                    "{} on {kind:?} {name}: expected exit code {} and {expected_findings:?}, got {}",
                    attack.name,
                    expected.exit,
                    report.summary()
                ));
            } else if *name == "1.9.1" {
                check_headline(&log, &report);
            }
            // Nor between the parts of a log that is verified in parts.
            if (kind == Kind::Postgres || matches!(*name, "1.2.1" | "1.7.0" | "1.13.0-upgraded-from-1.6.9"))
                && let Err(difference) = crate::shards::agree_with_their_log(
                    &log,
                    &report,
                    2 + count % 4,
                    &format!("{} on {name}", attack.name),
                )
            {
                failures.push(difference);
            }
            // Nothing is lost on the way into a file.
            if kind == Kind::Sqlite
                && matches!(*name, "1.2.1" | "1.7.0" | "1.9.1")
                && let Err(difference) =
                    crate::export::agrees_with_its_log(&log, &report, &format!("{} on {name}", attack.name))
            {
                failures.push(difference);
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} failed\n{}", failures.len(), failures.join("\n"));
}

/// The first lines for a person are the documented ones.
#[track_caller]
fn check_headline(log: &Log, report: &Report) {
    let human = log.z4jctl().args(["audit", "verify"]).run();
    assert_eq!(human.code, report.exit(), "{human}");
    let lines: Vec<&str> = human.stdout.lines().collect();
    match report.exit() {
        0 => {
            let total = &report.json["rows"]["total"];
            assert_eq!(lines[0], format!("z4jctl audit verify: OK (walked {total} rows, chain intact)"));
        }
        1 => {
            let proved = |finding: &&serde_json::Value| {
                finding["certainty"] == "proved"
                    && finding["class"] != "unknown-key"
                    && finding["row"].is_u64()
            };
            let Some(first) = report.findings().iter().find(proved) else {
                assert!(lines[0].starts_with("z4jctl audit verify: FAIL ("), "{human}");
                return;
            };
            let id = first["audit_id"].as_str().unwrap_or("unreadable");
            assert_eq!(
                lines[0],
                format!("z4jctl audit verify: FAIL at row {} (audit_id={id})", first["row"])
            );
            let link = |name: &str| match first.get(name) {
                None => "not judged".to_owned(),
                Some(mac) => mac.as_str().unwrap_or("none (genesis)").to_owned(),
            };
            let expected = link("expected_prev_row_hmac");
            assert_eq!(lines[1], format!("  expected   prev_row_hmac {expected}"));
            assert_eq!(lines[2], format!("  got        prev_row_hmac {}", link("got_prev_row_hmac")));
            assert_eq!(lines[3], format!("  timestamp  {}", first["occurred_at"].as_str().unwrap_or("-")));
        }
        _ => assert!(lines[0].starts_with("z4jctl audit verify: INCOMPLETE"), "{human}"),
    }
}

/// The position of the row at an index, as reports count.
fn at(index: usize) -> u64 {
    index as u64 + 1
}
