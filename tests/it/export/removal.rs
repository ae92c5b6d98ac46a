//! `audit export --delete` that ends early, by a kill or a full disk: a row is in the export or in the log, and the next
//! run finishes.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::Exports;
use crate::crash::{KILLED, wait_until_the_server_knows};
use crate::prune::middle;
use crate::support::judge::{AnyDatabase, Target, on_each};
use crate::support::process;
use crate::support::z4jctl::Z4jctl;

const TARGETS: [Target; 3] = [Target::Sqlite("1.6.9"), Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")];
const PATIENCE: Duration = Duration::from_secs(60);
const FILE: &str = "old.csv";

/// A log whose older half is to be exported and removed.
struct Removal {
    target: Target,
    database: AnyDatabase,
    exports: Exports,
    cutoff: String,
    before: BTreeSet<String>,
}

fn ids(database: &AnyDatabase) -> BTreeSet<String> {
    let ids: Vec<String> = match database {
        AnyDatabase::Sqlite(copy) => {
            let connection = copy.connection();
            let mut statement = connection.prepare("SELECT id FROM audit_log").expect("a statement");
            let rows = statement.query_map([], |row| row.get(0)).expect("rows");
            rows.collect::<Result<_, _>>().expect("a row")
        }
        AnyDatabase::Postgres(database) => {
            let rows = database.client().query("SELECT id::text FROM audit_log", &[]).expect("rows");
            rows.iter().map(|row| row.get(0)).collect()
        }
    };
    ids.iter().map(|id| id.replace('-', "")).collect()
}

impl Removal {
    fn new(target: Target) -> Self {
        let database = target.database();
        let (cutoff, before) = (middle(&database), ids(&database));
        Self { target, database, exports: Exports::new(), cutoff, before }
    }

    fn call(&self) -> Z4jctl {
        let arguments =
            ["audit", "export", "--delete", "--accept-unupgradable", "--yes", "--force", "-o", "json"];
        let call = self.target.z4jctl(&self.database).args(arguments);
        call.args(["--to", &self.cutoff]).arg(self.exports.path(FILE))
    }

    /// Each row is in the file or in the log, and what is in either verifies. Gives whether rows have gone.
    #[track_caller]
    fn nothing_is_lost(&self, what: &str) -> bool {
        let what = format!("{}, {what}", self.target);
        wait_until_the_server_knows(&self.database);
        let left = ids(&self.database);
        let has_file = self.exports.path(FILE).exists();
        let has_manifest = self.exports.path(&format!("{FILE}.manifest.json")).exists();
        let mut all = left.clone();
        if has_file {
            let text = String::from_utf8(self.exports.read(FILE)).expect("UTF-8");
            let first = |line: &str| line.split(',').next().unwrap_or_default().replace('-', "");
            all.extend(text.lines().skip(1).map(first));
            // Killed between the two, a file is there without its manifest.
            let more = if has_manifest { &[][..] } else { &["--without-manifest"] };
            self.exports.verify(&[FILE], self.target.secrets(), more).expect_code(0);
        }
        assert!(self.before.is_subset(&all), "{what}: lost {:?}", self.before.difference(&all));
        let has_gone = !self.before.is_subset(&left);
        let call = self.target.z4jctl(&self.database);
        if has_gone {
            assert!(has_file && has_manifest, "{what}");
            call.args(["audit", "verify-export", "--live"]).arg(self.exports.path(FILE)).run().expect_code(0);
        } else {
            assert_eq!(left, self.before, "{what}: half of it");
            call.args(["audit", "verify"]).run().expect_code(0);
        }
        has_gone
    }

    /// The same command again does what is left to do.
    #[track_caller]
    fn finishes(&self, what: &str) {
        self.call().run().expect_code(0);
        assert!(self.nothing_is_lost(what), "{}, {what}: nothing was removed", self.target);
    }
}

/// At every point of the transaction that removes.
#[test]
fn a_removal_that_dies_in_its_transaction_loses_nothing() {
    on_each(&TARGETS, |target| {
        let (mut before, mut after) = (0, 0);
        for point in 1.. {
            let removal = Removal::new(target);
            let output = removal.call().env("Z4JCTL_FAULT_POINT", point.to_string()).run();
            if output.code == 0 {
                break;
            }
            assert_eq!(output.code, KILLED, "{target}, point {point}: {output}");
            let what = format!("point {point}");
            *(if removal.nothing_is_lost(&what) { &mut after } else { &mut before }) += 1;
            removal.finishes(&what);
        }
        assert!(before >= 5 && after >= 1, "{target}: {before} points before the commit, {after} after it");
        let removal = Removal::new(target);
        removal.finishes("undisturbed");
        if target.release() == "1.13.0" {
            target.accept(&removal.database).stop().audit_verify().expect_intact();
        }
    });
}

/// At any moment of its life: while it reads, writes files, reads them back, removes.
#[test]
fn a_removal_that_dies_at_any_time_loses_nothing() {
    const TURNS: u32 = 16;
    on_each(&TARGETS, |target| {
        let undisturbed = Removal::new(target);
        let start = Instant::now();
        undisturbed.finishes("undisturbed");
        let life = start.elapsed();
        let mut killed = 0;
        for turn in 0..TURNS {
            let removal = Removal::new(target);
            let running = removal.call().spawn();
            std::thread::sleep(life * turn / TURNS);
            running.signal(Signal::KILL);
            let output = running.wait(PATIENCE);
            assert!(matches!(output.code, 0 | KILLED), "{target}, turn {turn}: {output}");
            killed += u32::from(output.code == KILLED);
            let what = format!("turn {turn}");
            removal.nothing_is_lost(&what);
            removal.finishes(&what);
        }
        assert!(killed > 0, "{target}: nothing was ever killed");
    });
}

/// Whatever the file could not hold stays in the log. A limit on the size of files is a full disk that needs no root.
#[test]
fn a_full_disk_removes_nothing() {
    on_each(&TARGETS, |target| {
        let removal = Removal::new(target);
        let call = removal.call().command();
        let mut limited = Command::new("sh");
        // In blocks of 512 bytes. Ignored, the signal becomes an error of the write.
        limited.args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\""]).arg(call.get_program());
        limited.args(call.get_args()).env_clear();
        limited.envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = process::run(&mut limited, b"", PATIENCE);
        assert_eq!(output.code, 5, "{target}: {output}");
        assert_eq!(output.json_error()["error"]["code"], "output.file", "{target}: {output}");
        assert_eq!(removal.exports.names(), [""; 0], "{target}");
        assert!(!removal.nothing_is_lost("a full disk"), "{target}");
        removal.finishes("after a full disk");
    });
}

/// A log that is written to while it is exported: each export is of one moment, and verifies by its manifest.
#[test]
fn a_log_that_grows_meanwhile() {
    on_each(&[Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")], |target| {
        let (database, exports) = (target.database(), Exports::new());
        let rows = || database.number("SELECT count(*) FROM audit_log");
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0.. {
                    let name = format!("meanwhile-{number}");
                    let mint = ["token", "mint", "--project", "payments", "--yes", "--name", &name];
                    target.z4jctl(&database).args(mint).run().expect_code(0);
                    if stop.load(std::sync::atomic::Ordering::Relaxed) {
                        break;
                    }
                }
            });
            for turn in 0..9 {
                let form = ["csv", "jsonl", "parquet"][turn % 3];
                let (name, before) = (format!("{turn}.{form}"), rows());
                let call = target.z4jctl(&database).args(["audit", "export", "-o", "json", "--format", form]);
                let output = call.arg(exports.path(&name)).run();
                stop.store(output.code != 0 || turn == 8, std::sync::atomic::Ordering::Relaxed);
                let report = output.expect_code(0).json();
                let exported = report["manifest"]["rows"]["total"].as_i64().expect("a number");
                assert!((before..=rows()).contains(&exported), "{target}: {exported} rows");
                let verified = exports.verify(&[&name], target.secrets(), &[]);
                stop.fetch_or(verified.code != 0, std::sync::atomic::Ordering::Relaxed);
                verified.expect_code(0);
            }
        });
    });
}
