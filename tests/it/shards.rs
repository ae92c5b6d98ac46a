//! `audit verify --shard` and `audit verify-merge`: the parts of a log, joined, say what one run over all of it says.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::tampering::log::{Kind, Log, Report, a_moment_after, made_up_mac, new_id, text};
use crate::tampering::sign::sign_row;

/// The reports of the parts of a log.
pub(crate) struct Parts {
    directory: tempfile::TempDir,
    /// Rows before this time are divided.
    before: String,
    pub(crate) files: Vec<PathBuf>,
}

impl Parts {
    /// Divides the rows that the log had when it was opened.
    pub(crate) fn new(log: &Log) -> Self {
        let last = text(log.rows.last().expect("a row"), "occurred_at");
        Self::before(&format!("{}Z", a_moment_after(&last).replace(' ', "T")))
    }

    fn before(time: &str) -> Self {
        let directory = tempfile::tempdir().expect("create a temporary directory");
        Self { directory, before: time.to_owned(), files: Vec::new() }
    }

    /// Runs one part, keeps its report.
    pub(crate) fn run(&mut self, call: Z4jctl, part: usize, of: usize) -> Output {
        let part = format!("{part}/{of}");
        let arguments = ["audit", "verify", "-o", "json", "--shard", &part, "--shard-before", &self.before];
        let output = call.args(arguments).run();
        let file = self.directory.path().join(format!("{}.json", self.files.len()));
        std::fs::write(&file, &output.stdout).expect("write a report");
        self.files.push(file);
        output
    }

    pub(crate) fn all(log: &Log, of: usize) -> Self {
        let mut parts = Self::new(log);
        (1..=of).for_each(|part| drop(parts.run(log.z4jctl(), part, of)));
        parts
    }

    pub(crate) fn merge(&self, call: Z4jctl) -> Output {
        call.args(["audit", "verify-merge", "-o", "json"]).args(&self.files).run()
    }

    pub(crate) fn edit(&self, at: usize, change: impl FnOnce(&mut Value)) {
        let text = std::fs::read(&self.files[at]).expect("a report");
        let mut report: Value = serde_json::from_slice(&text).expect("JSON");
        change(&mut report);
        std::fs::write(&self.files[at], report.to_string()).expect("write a report");
    }
}

/// Whether the parts of a log lead to the same report as the log itself.
pub(crate) fn agree_with_their_log(log: &Log, whole: &Report, of: usize, what: &str) -> Result<(), String> {
    let output = Parts::all(log, of).merge(log.z4jctl());
    let differs = |how: &str| {
        Err(format!(
            "{what}: {of} parts differ from the whole in {how}\nwhole {}\nparts {output}",
            whole.summary()
        ))
    };
    if output.code != whole.exit() {
        return differs("exit code");
    }
    let merged = output.json();
    for field in ["findings", "finding_counts", "not_excluded", "rows", "keys", "unused_keys", "head"] {
        if merged[field] != whole.json[field] {
            return differs(field);
        }
    }
    if merged["merged"].get("moved").is_some() {
        return differs("that they are not joined");
    }
    Ok(())
}

/// Every generation, both databases, and upgraded and pruned logs.
const TARGETS: [(Kind, &str); 14] = [
    (Kind::Sqlite, "1.0.19"),
    (Kind::Sqlite, "1.2.1"),
    (Kind::Sqlite, "1.3.4"),
    (Kind::Sqlite, "1.6.9"),
    (Kind::Sqlite, "1.7.0-pruned"),
    (Kind::Sqlite, "1.8.0"),
    (Kind::Sqlite, "1.9.1"),
    (Kind::Sqlite, "1.13.0-pruned"),
    (Kind::Sqlite, "1.13.0-upgraded-from-1.6.9"),
    (Kind::Sqlite, "1.13.0-parked-at-prepare"),
    (Kind::Postgres, "1.6.9"),
    (Kind::Postgres, "1.8.0"),
    (Kind::Postgres, "1.11.0"),
    (Kind::Postgres, "1.13.0"),
];

fn log_of(kind: Kind, name: &'static str) -> Log {
    let mut log = Log::open(kind, name);
    log.close();
    log
}

#[test]
fn the_parts_of_a_log_that_nobody_touched_say_what_the_whole_says() {
    for (kind, name) in TARGETS {
        let log = log_of(kind, name);
        let whole = log.verify(&[]);
        // More parts than rows, too.
        for of in if name == "1.13.0-pruned" { [1, 5, 60] } else { [1, 2, 5] } {
            agree_with_their_log(&log, &whole, of, &format!("{kind:?} {name}"))
                .unwrap_or_else(|error| panic!("{error}"));
        }
        let parts = Parts::all(&log, 4);
        let merged = parts.merge(log.z4jctl()).json();
        assert_eq!(merged["schema"], "z4jctl.audit.verify-merge/1");
        let shares: Vec<u64> =
            (0..4).map(|at| merged["merged"]["parts"][at]["rows"].as_u64().expect("a count")).collect();
        let rows = log.rows.len() as u64;
        assert_eq!(shares.iter().sum::<u64>(), rows, "{name}: {shares:?}");
        assert!(shares.iter().all(|share| share.abs_diff(rows / 4) <= 2), "{name}: {shares:?}");
        let human = log.z4jctl().args(["audit", "verify-merge"]).args(&parts.files).run();
        assert_eq!(human.code, whole.exit(), "{human}");
        assert!(human.stdout.starts_with("z4jctl audit verify-merge: "), "{human}");
    }
}

/// What is done to the rows on either side of a seam.
#[test]
fn what_is_done_at_a_seam_is_named_as_the_whole_names_it() {
    const OF: usize = 4;
    type Attack = fn(&Log, usize);
    let attacks: [(&str, Attack); 9] = [
        ("the last row before it edited", |log, seam| log.set(seam - 1, "user_agent", Some("curl"))),
        ("the first row behind it edited", |log, seam| log.set(seam, "user_agent", Some("curl"))),
        ("four rows around it edited", |log, seam| {
            (seam - 2..seam + 2).for_each(|index| log.set(index, "user_agent", Some("curl")));
        }),
        ("rows removed across it", |log, seam| log.delete(seam - 1..seam + 1)),
        ("rows removed across it, those around edited", |log, seam| {
            log.delete(seam - 1..seam + 1);
            log.set(seam - 2, "row_hmac", Some(&made_up_mac(1)));
            log.set(seam + 1, "prev_row_hmac", Some(&made_up_mac(2)));
        }),
        ("two rows exchanged over it", |log, seam| {
            let (one, other) =
                (text(&log.rows[seam - 1], "occurred_at"), text(&log.rows[seam], "occurred_at"));
            log.set(seam - 1, "occurred_at", Some(&other));
            log.set(seam, "occurred_at", Some(&one));
        }),
        ("a row moved far over it", |log, seam| {
            let time = a_moment_after(&text(&log.rows[log.live], "occurred_at"));
            log.set(seam, "occurred_at", Some(&time));
        }),
        ("a fork over it", |log, seam| {
            let mut row = log.row(seam - 1);
            row.insert("id".into(), Some(new_id(1)));
            row.insert("occurred_at".into(), Some(a_moment_after(&text(&log.rows[seam], "occurred_at"))));
            sign_row(&mut row, log.key());
            log.insert(&row);
        }),
        ("a row without MAC in it", |log, seam| log.set(seam, "row_hmac", None)),
    ];
    let mut failures = Vec::new();
    for (kind, name) in TARGETS {
        for seam in 1..OF {
            for (what, act) in attacks {
                // Copies of databases in PostgreSQL cost most of the time; what is judged is the same.
                if kind == Kind::Postgres && !(seam == 2 && matches!(name, "1.6.9" | "1.13.0")) {
                    continue;
                }
                let mut log = Log::open(kind, name);
                let index = log.rows.len() * seam / OF;
                act(&log, index);
                log.close();
                let whole = log.verify(&[]);
                let what = format!("{what}, seam {seam} of {kind:?} {name}");
                if whole.exit() == 0 {
                    failures.push(format!("{what}: not seen"));
                }
                failures.extend(agree_with_their_log(&log, &whole, OF, &what).err());
            }
        }
    }
    assert!(failures.is_empty(), "{} failed\n{}", failures.len(), failures.join("\n"));
}

fn append(log: &Log, verb: &str) {
    log.z4jctl().args(["user", verb, "operator@example.com", "--yes"]).run().expect_code(0);
}

/// Jobs start when there is room for them.
#[test]
fn rows_that_are_appended_between_the_parts_belong_to_the_last_one() {
    for (kind, name) in [(Kind::Sqlite, "1.6.9"), (Kind::Sqlite, "1.13.0"), (Kind::Postgres, "1.13.0")] {
        let log = log_of(kind, name);
        for order in [[1, 2, 3], [3, 2, 1]] {
            let mut parts = Parts::new(&log);
            for part in order {
                parts.run(log.z4jctl(), part, 3).expect_code(0);
                append(&log, ["promote", "demote"][part % 2]);
                append(&log, ["demote", "promote"][part % 2]);
            }
            let merged = parts.merge(log.z4jctl()).expect_code(0).json();
            assert!(merged["merged"].get("moved").is_none(), "{name}: {merged:#}");
        }
    }
}

#[test]
fn what_is_removed_between_the_parts_is_incomplete_and_never_intact() {
    type Act = fn(&Log, usize);
    let cut = |log: &Log| {
        let middle = text(&log.read_rows()[6], "occurred_at").replace(' ', "T");
        let arguments =
            ["audit", "prune", "--before", &format!("{middle}Z"), "--yes", "--accept-unupgradable"];
        log.z4jctl().args(arguments).run().expect_code(0);
    };
    for (kind, name) in [
        (Kind::Sqlite, "1.6.9"),
        (Kind::Sqlite, "1.7.0"),
        (Kind::Sqlite, "1.8.0"),
        (Kind::Sqlite, "1.13.0"),
        (Kind::Postgres, "1.13.0"),
    ] {
        for order in [[1, 2, 3], [3, 2, 1]] {
            for behind in 0..2 {
                let log = log_of(kind, name);
                let mut parts = Parts::new(&log);
                for (at, part) in order.into_iter().enumerate() {
                    parts.run(log.z4jctl(), part, 3);
                    if at == behind {
                        cut(&log);
                    }
                }
                let output = parts.merge(log.z4jctl()).expect_code(3);
                let moved = output.json()["merged"]["moved"].to_string();
                assert!(moved.contains("retention"), "{name} {order:?}: {moved}");
                let human =
                    log.z4jctl().args(["audit", "verify-merge"]).args(&parts.files).run().expect_code(3);
                assert!(human.stdout.contains("NOT JOINED"), "{human}");
                let again = Parts::all(&log, 3).merge(log.z4jctl());
                assert_eq!(again.code, log.verify(&[]).exit(), "{name}: {again}");
            }
        }
        // Somebody removes, edits, or adds a row between the readings.
        let acts: [Act; 3] = [
            |log, index| log.delete(index..index + 1),
            |log, index| log.set(index, "row_hmac", Some(&made_up_mac(1))),
            |log, index| {
                let mut row = log.row(index);
                row.insert("id".into(), Some(new_id(1)));
                row.insert("occurred_at".into(), Some(a_moment_after(&text(&row, "occurred_at"))));
                log.insert(&row);
            },
        ];
        for act in acts {
            let mut log = Log::open(kind, name);
            let mut parts = Parts::new(&log);
            parts.run(log.z4jctl(), 1, 3);
            act(&log, log.rows.len() / 3 - 1);
            log.close();
            (2..=3).for_each(|part| drop(parts.run(log.z4jctl(), part, 3)));
            let output = parts.merge(log.z4jctl());
            assert!(matches!(output.code, 1 | 3), "{name}: {output}");
        }
    }
}

#[test]
fn reports_that_are_not_the_parts_of_one_log_are_refused() {
    let log = log_of(Kind::Sqlite, "1.13.0");
    let code = |files: &[&PathBuf], code: &str, exit: i32| {
        let output = log.z4jctl().args(["audit", "verify-merge", "-o", "json"]).args(files).run();
        let output = output.expect_code(exit);
        assert_eq!(output.json_error()["error"]["code"], code, "{output}");
        output.json_error()["error"]["message"].to_string()
    };
    let parts = Parts::all(&log, 3);
    let [one, two, three] = [&parts.files[0], &parts.files[1], &parts.files[2]];
    assert!(code(&[one, three], "merge.missing", 2).contains("these of 3 parts are missing: 2"));
    code(&[one, two, one, three], "merge.twice", 2);
    code(&[one, two, &PathBuf::from("/nowhere/part.json")], "merge.unreadable", 5);

    let mut others = Parts::before("2026-01-01");
    others.run(log.z4jctl(), 3, 3);
    assert!(code(&[one, two, &others.files[0]], "merge.before", 2).contains("2026-01-01"));
    let mut others = Parts::new(&log);
    others.run(log.z4jctl(), 3, 4);
    code(&[one, two, &others.files[0]], "merge.parts", 2);
    let (older, other) = (log_of(Kind::Sqlite, "1.12.1"), log_of(Kind::Sqlite, "1.13.0"));
    other.set_installed_at("2026-01-01T00:00:00+00:00");
    others.run(other.z4jctl(), 3, 3);
    code(&[one, two, &others.files[1]], "merge.database", 2);
    others.run(older.z4jctl(), 3, 3);
    code(&[one, two, &others.files[2]], "merge.key", 6);
    // The default is the same for all that start on one day.
    for part in ["1/2", "2/2"] {
        let report =
            log.z4jctl().args(["audit", "verify", "-o", "json", "--shard", part]).run().expect_code(0);
        let before = report.json()["shard"]["part"]["before"].as_str().map(str::to_owned);
        assert!(before.is_some_and(|before| before.ends_with("T00:00:00.000000+00:00")), "{report}");
    }

    let file = |text: &[u8]| {
        let mut broken = Parts::new(&log);
        broken.run(log.z4jctl(), 3, 3);
        std::fs::write(&broken.files[0], text).expect("write a report");
        broken
    };
    let intact = std::fs::read(three).expect("a report");
    let whole = log.verify(&[]).output.stdout;
    let failed = br#"{"schema": "z4jctl.error/1", "error": {"code": "x", "message": "no connection"}}"#;
    for (text, expected) in [
        (&b""[..], "merge.empty"),
        (b"nonsense", "merge.damaged"),
        (b"[]", "merge.damaged"),
        (&intact[..intact.len() / 2], "merge.damaged"),
        (b"{\"schema\": \"z4jctl.audit.stats/1\"}", "merge.foreign"),
        (whole.as_bytes(), "merge.foreign"),
        (failed, "merge.failed"),
    ] {
        let broken = file(text);
        code(&[one, two, &broken.files[0]], expected, 7);
    }
    for part in ["0/3", "4/3", "3", "a/b", "1/0", "1/2000", "-1/3", ""] {
        let output = log.z4jctl().args(["audit", "verify", &format!("--shard={part}")]).run().expect_code(2);
        assert!(output.stderr.contains("--shard"), "{output}");
    }
    let output =
        log.z4jctl().args(["audit", "verify", "--shard", "1/2", "--shard-before", "2999-01-01"]).run();
    assert!(output.expect_code(2).stderr.contains("still to come"));
    for other in [["--since", "2026-01-01"], ["--resume", "file"], ["--known-head", "{}"]] {
        log.z4jctl().args(["audit", "verify", "--shard", "1/2"]).args(other).run().expect_code(2);
    }
}

/// Whoever can write the reports and has no key cannot hide what was found.
#[test]
fn an_edited_report_of_a_part_is_refused() {
    for name in ["1.13.0", "1.6.9"] {
        let mut log = Log::open(Kind::Sqlite, name);
        let index = log.rows.len() / 2;
        log.set(index, "user_agent", Some("curl"));
        log.close();
        let edits: [fn(&mut Value); 6] = [
            |part| part["live"]["suspects"] = serde_json::json!([]),
            |part| part["live"]["suspects"][0]["verdict"] = serde_json::json!("unverifiable"),
            |part| part["live"]["tally"]["verified"] = serde_json::json!(12),
            |part| {
                part["remarks"] =
                    serde_json::json!([{"class": "edited", "certainty": "proved", "message": ""}]);
            },
            |part| part["index"] = serde_json::json!(1),
            |part| part["rows_before"] = serde_json::json!(1),
        ];
        for edit in edits {
            let parts = Parts::all(&log, 3);
            assert_eq!(parts.merge(log.z4jctl()).code, 1);
            parts.edit(1, |report| edit(&mut report["shard"]["part"]));
            let output = parts.merge(log.z4jctl()).expect_code(7);
            assert_eq!(output.json_error()["error"]["code"], "merge.changed", "{output}");
        }
        // Outside of the MAC is only what nobody reads.
        let parts = Parts::all(&log, 3);
        parts.edit(1, |report| (report["ok"], report["findings"]) = (true.into(), serde_json::json!([])));
        assert_eq!(parts.merge(log.z4jctl()).code, 1);
    }
}
