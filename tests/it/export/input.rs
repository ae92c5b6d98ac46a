//! Bad input: files that are no exports, manifests that are none, places that cannot be written.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Exports, has_class};
use crate::support::fixtures::Fixture;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase as _, Secrets};
use crate::tampering::log::{Kind, Log, text};

fn exported(file: &str, arguments: &[&str]) -> (Exports, &'static Secrets) {
    let fixture = Fixture::by_name("1.13.0");
    let exports = Exports::new();
    exports.export(&fixture.sqlite(), file, arguments).expect_code(0);
    (exports, &fixture.meta().secrets)
}

#[test]
fn keys_that_are_not_the_right_ones() {
    let (exports, secrets) = exported("a.csv", &[]);
    let missing = exports.verify(&["a.csv"], &Secrets::new(), &[]).expect_code(6);
    assert!(missing.stderr.contains("--keyless"), "{missing}");
    let mut wrong = secrets.clone();
    wrong.insert("Z4J_AUDIT_CHAIN_SECRET".into(), "x".repeat(64));
    has_class(&exports.verify(&["a.csv"], &wrong, &[]).expect_code(6), "wrong-key");
    let fixture = Fixture::by_name("1.7.0");
    exports.export(&fixture.sqlite(), "b.csv", &[]).expect_code(0);
    wrong.insert("Z4J_SECRET".into(), "x".repeat(64));
    has_class(&exports.verify(&["b.csv"], &wrong, &[]).expect_code(6), "wrong-key");
    exports.verify_independently("b.csv", &wrong).expect_code(1);
}

#[test]
fn manifests_that_are_none() {
    let (exports, secrets) = exported("a.csv", &[]);
    let manifest = exports.read("a.csv.manifest.json");
    let verify = |text: &[u8]| {
        exports.write("a.csv.manifest.json", text);
        exports.verify(&["a.csv"], secrets, &[])
    };
    for damaged in [&b""[..], b"{}", b"[]", b"\xff", &manifest[..manifest.len() / 2]] {
        let output = verify(damaged).expect_code(5);
        assert!(output.stderr.contains("export.manifest"), "{output}");
    }
    let text = String::from_utf8(manifest.clone()).expect("UTF-8");
    let later = verify(text.replace("audit.export/1", "audit.export/2").as_bytes()).expect_code(7);
    assert!(later.stderr.contains("export.manifest-version"), "{later}");
    let changed = text.replacen("\"unreadable\": 0", "\"unreadable\": 1", 1);
    assert_ne!(changed, text);
    has_class(&verify(changed.as_bytes()).expect_code(1), "manifest-mismatch");
    // Who changes the state and makes the digest fit does not have the key.
    let mut forged = exports.manifest("a.csv");
    forged["chain_state"][0]["stored"]["frozen_row_count"] = 1.into();
    exports.set_manifest("a.csv", forged);
    has_class(&exports.verify(&["a.csv"], secrets, &[]).expect_code(1), "state-forged");
    fs::remove_file(exports.path("a.csv.manifest.json")).expect("remove a file");
    let absent = exports.verify(&["a.csv"], secrets, &[]).expect_code(5);
    assert!(absent.stderr.contains("--without-manifest"), "{absent}");
    exports.verify(&["a.csv"], secrets, &["--without-manifest"]).expect_code(0);
    exports.write("elsewhere", &manifest);
    let elsewhere = exports.path("elsewhere");
    let named = ["--manifest", elsewhere.to_str().expect("UTF-8")];
    exports.verify(&["a.csv"], secrets, &named).expect_code(0);
    exports.verify(&["a.csv", "a.csv"], secrets, &named).expect_code(2);
}

#[test]
fn files_that_are_cut_or_longer() {
    for (file, arguments) in [
        ("a.csv", &[][..]),
        ("a.csv.gz", &["--gzip"]),
        ("a.csv.zst", &["--zstd"]),
        ("a.jsonl", &["--format", "jsonl"]),
        ("a.parquet", &["--format", "parquet"]),
    ] {
        let (exports, secrets) = exported(file, arguments);
        let whole = exports.read(file);
        for length in [whole.len() - 1, whole.len() / 2, 30, 0] {
            exports.write(file, &whole[..length]);
            let output = exports.verify(&[file], secrets, &[]);
            assert!(output.code == 1, "{file} {length}: {output}");
            has_class(&output, "manifest-mismatch");
            if length == whole.len() / 2 {
                has_class(&output, "tail-cut");
            }
            exports.verify_keyless(&[file]).expect_code(1);
            let alone = exports.verify(&[file], secrets, &["--without-manifest"]);
            assert!(matches!(alone.code, 1 | 5), "{file} {length}: {alone}");
        }
        for more in [&whole[..], b"\n", b"more"] {
            exports.write(file, &[&whole, more].concat());
            let output = exports.verify(&[file], secrets, &[]).expect_code(1);
            has_class(&output, "manifest-mismatch");
            let alone = exports.verify(&[file], secrets, &["--without-manifest"]);
            if file == "a.parquet" {
                // Without a directory at its end nothing says which columns it has.
                assert_eq!(alone.json_error()["error"]["code"], "export.damaged", "{alone}");
                continue;
            }
            assert_eq!(alone.code, 1, "{file}: {alone}");
            if arguments.len() == 1 {
                has_class(&alone, "inserted");
            }
        }
        // A bit in the middle.
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        exports.write(file, &flipped);
        exports.verify(&[file], secrets, &[]).expect_code(1);
    }
}

#[test]
fn files_that_are_no_exports() {
    let (exports, secrets) = exported("a.csv", &[]);
    for text in ["", "a,b\n1,2\n", "{\"a\":1}\n", "\u{1f}\u{8b}", "id,occurred_at\n"] {
        exports.write("b.csv", text.as_bytes());
        let output = exports.verify(&["b.csv"], secrets, &["--without-manifest"]);
        assert!(matches!(output.code, 1 | 5), "{text:?}: {output}");
    }
    let absent = exports.verify(&["no-such-file"], secrets, &["--without-manifest"]).expect_code(5);
    assert!(absent.stderr.contains("no-such-file"), "{absent}");
    assert_eq!(exports.verify(&["."], secrets, &["--without-manifest"]).code, 5);
    assert_eq!(exports.verify(&[], secrets, &[]).code, 2);
}

#[test]
fn places_that_cannot_be_written() {
    let fixture = Fixture::by_name("1.7.0");
    let database = fixture.sqlite();
    let exports = Exports::new();
    // What is there stays.
    exports.write("a.csv", b"mine");
    assert_eq!(exports.export(&database, "a.csv", &[]).code, 7);
    exports.write("b.csv.manifest.json", b"mine");
    assert_eq!(exports.export(&database, "b.csv", &[]).code, 7);
    assert_eq!(exports.names(), ["a.csv", "b.csv.manifest.json"]);
    assert_eq!(exports.read("a.csv"), b"mine");
    exports.export(&database, "a.csv", &["--force"]).expect_code(0);
    exports.verify_keyless(&["a.csv"]).expect_code(0);
    assert_eq!(exports.export(&database, "no/such/directory", &[]).code, 5);
    assert_eq!(exports.export(&database, ".", &["--force"]).code, 5);
    // A pipe is not replaced by a file, not even by force.
    let pipe = exports.path("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .expect("make a pipe");
    assert_eq!(exports.export(&database, "pipe", &["--force"]).code, 7);
    fs::remove_file(&pipe).expect("remove a pipe");
    for window in [["--from", "2026-01-02", "--to", "2026-01-01"], ["--from", "never", "--to", "2026"]] {
        assert_eq!(exports.export(&database, "c.csv", &window).code, 2);
    }
    assert_eq!(exports.names().len(), 3, "{:?}", exports.names());
}

/// A full disk: nothing is left of what was begun.
#[test]
fn a_full_disk_leaves_nothing() {
    let database = Fixture::by_name("1.7.0").sqlite();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("open /dev/full");
    let call = Z4jctl::new().db(&database).args(["audit", "export"]);
    let output = call.command().stdout(Stdio::from(full)).output().expect("run a command");
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("incomplete"), "{output:?}");

    // A small file system needs root and a kernel that lets us mount one.
    let place = tempfile::tempdir().expect("create a temporary directory");
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=16k", "tmpfs"]).arg(place.path()).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        return;
    }
    let output = Z4jctl::new().db(&database).args(["audit", "export"]).arg(place.path().join("a.csv")).run();
    let left = fs::read_dir(place.path()).expect("list a directory").count();
    let unmounted = Command::new("umount").arg(place.path()).status().expect("run umount");
    assert!(unmounted.success());
    assert_eq!((output.code, left), (5, 0), "{output}");
    assert!(output.stderr.contains("No space left"), "{output}");
}

/// The log changes while it is exported: the export is of the moment at which it began.
#[test]
fn a_log_that_changes_meanwhile() {
    let fixture = Fixture::by_name("1.7.0");
    let database = fixture.sqlite();
    let url = database.z4j_url();
    let exports = Exports::new();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let connection = database.connection();
            connection.busy_timeout(std::time::Duration::from_secs(30)).expect("set a timeout");
            while !stop.load(Ordering::Relaxed) {
                connection
                    .execute("UPDATE z4j_meta SET value = value WHERE key = 'installed_at'", [])
                    .expect("write meanwhile");
            }
        });
        for turn in 0..5 {
            let name = format!("{turn}.csv");
            let call = Z4jctl::new().db_url(&url).args(["audit", "export"]).arg(exports.path(&name));
            let output = call.run();
            if output.code != 0 {
                stop.store(true, Ordering::Relaxed);
            }
            assert_eq!(output.code, 0, "{output}");
        }
        stop.store(true, Ordering::Relaxed);
    });
    let names: Vec<String> = (0..5).map(|turn| format!("{turn}.csv")).collect();
    for name in &names {
        exports.verify(&[name], &fixture.meta().secrets, &[]).expect_code(0);
        assert_eq!(exports.read(name), exports.read("0.csv"));
    }
}

/// Stdout holds the data and nothing else.
#[test]
fn stdout_is_the_export() {
    let fixture = Fixture::by_name("1.13.0");
    let database = fixture.sqlite();
    let exports = Exports::new();
    let manifest = exports.path("piped.csv.manifest.json");
    let call = Z4jctl::new().db(&database).args(["audit", "export", "-", "--manifest"]).arg(&manifest);
    let output = call.run().expect_code(0);
    let mut file = fs::File::create(exports.path("piped.csv")).expect("create a file");
    file.write_all(&output.stdout_bytes).expect("write a file");
    exports.export(&database, "a.csv", &[]).expect_code(0);
    assert_eq!(output.stdout_bytes, exports.read("a.csv"));
    exports.verify(&["piped.csv"], &fixture.meta().secrets, &[]).expect_code(0);
    assert!(exports.manifest("piped.csv")["data"]["file"].is_null());
}

/// What goes to stdout cannot be called back, so it must be in chain order from the first row on, however rows are
/// stored and whatever became of the index on their times.
#[test]
fn stdout_is_in_chain_order() {
    type Act = fn(&Log);
    let acts: [(&str, Act); 8] = [
        ("nothing", |_| {}),
        ("rows removed", |log| log.delete(5..9)),
        ("a row at another time", |log| log.set(20, "occurred_at", Some(&text(&log.row(3), "occurred_at")))),
        ("all at one time", |log| log.run("UPDATE audit_log SET occurred_at = '2026-01-01 00:00:00.000000'")),
        ("an id that is none", |log| log.set(7, "id", Some("no uuid"))),
        ("a time that is a number", |log| {
            log.run(&format!("UPDATE audit_log SET occurred_at = 1.5 WHERE id = '{}'", log.id(30)));
        }),
        ("no index", |log| log.run("DROP INDEX ix_audit_log_occurred_at")),
        ("an index on something else", |log| {
            log.set(20, "occurred_at", Some(&text(&log.row(3), "occurred_at")));
            log.run("DROP INDEX ix_audit_log_occurred_at");
            log.run("CREATE INDEX ix_audit_log_occurred_at ON audit_log (action, occurred_at)");
        }),
    ];
    for (what, act) in acts {
        let mut log = Log::open(Kind::Sqlite, "1.13.0");
        act(&log);
        let order: Vec<String> = log.read_rows().iter().map(|row| text(row, "row_hmac")).collect();
        log.close();
        let exports = Exports::new();
        let output = log.z4jctl().args(["audit", "export"]).run();
        exports.export(&log, "a.csv", &[]).expect_code(output.code);
        assert!(output.stdout_bytes == exports.read("a.csv"), "{what}");
        let exported = String::from_utf8(output.stdout_bytes).expect("UTF-8");
        let macs = exported.lines().skip(1).map(|line| line.split(',').nth(2).expect("row_hmac"));
        assert!(macs.eq(order.iter().map(String::as_str)), "{what}");
    }
}
