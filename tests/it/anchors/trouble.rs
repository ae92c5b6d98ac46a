//! Directories that cannot be written to, disks that are full, clocks that go back, and two anchors at once.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use rustix::fs::{FlockOperation, flock};
use z4jctl::format::Timestamp;
use z4jctl::format::checkpoint::Checkpoint;
use z4jctl::format::note::{Note, SigningKey};

use super::{Place, grow};
use crate::input::{as_nobody, is_root};
use crate::support::fixtures::Fixture;
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::tampering::log::{Kind, Log};

fn log() -> Log {
    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.close();
    log
}

/// A file system of its own over a directory, as long as this value lives; `None` where nobody may mount one.
struct Mounted<'p>(&'p Path);

impl<'p> Mounted<'p> {
    fn tmpfs(path: &'p Path, options: &str) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(path).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(path))
    }

    fn change(&self, options: &str) {
        let status = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.0).status();
        assert!(status.expect("run mount").success());
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_directory_that_cannot_be_written_to() {
    let mut log = log();
    // A file in its place; nothing in its place is with the bad input.
    let place = Place::new();
    let file = place.directory.path().join("file");
    fs::write(&file, "mine").expect("write a file");
    let call = log.z4jctl().args(["audit", "anchor", "-o", "json", "--to"]).arg(&file).arg("--key");
    let output = call.arg(place.key()).run().expect_code(5);
    assert_eq!(output.json_error()["error"]["code"], "anchors.unreadable", "{output}");
    assert_eq!(fs::read(&file).expect("read a file"), b"mine");

    // Somebody else's, who lets others read.
    let anchors = place.anchors();
    let before = fs::read_dir(&anchors).expect("list a directory").count();
    let readonly = |mode| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&anchors, fs::Permissions::from_mode(mode)).expect("chmod");
        fs::set_permissions(place.directory.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
    };
    readonly(0o555);
    let refused = |output: Output| {
        let output = output.expect_code(7);
        let error = &output.json_error()["error"];
        assert_eq!(error["code"], "anchor.write", "{output}");
        assert!(error["message"].to_string().contains("cannot write"), "{output}");
        assert!(error["hint"].to_string().contains("may be written to"), "{output}");
        assert_eq!(fs::read_dir(&anchors).expect("list a directory").count(), before, "{output}");
    };
    if !is_root() {
        refused(place.anchor(log.z4jctl(), &[]));
        return;
    }
    readonly(0o755);
    // What belongs to root, as nobody, who reads a copy of the database.
    let home = log.z4jctl();
    fs::copy(Fixture::by_name("1.13.0").sqlite().path(), home.home().join("z4j.db"))
        .expect("copy a database");
    fs::copy(place.key(), home.home().join("key")).expect("copy a key");
    for name in ["z4j.db", "key"] {
        std::os::unix::fs::chown(home.home().join(name), Some(65_534), Some(65_534)).expect("chown");
    }
    let url = format!("sqlite+aiosqlite:///{}", home.home().join("z4j.db").display());
    let key = home.home().join("key").display().to_string();
    let call = home.db_url(url).args(["audit", "anchor", "-o", "json", "--to", &place.arg(), "--key", &key]);
    refused(as_nobody(&call));

    // A file system that became read-only, behind an anchor.
    let place = Place::new();
    fs::create_dir(place.directory.path().join("mounted")).expect("make a directory");
    let target = place.directory.path().join("mounted");
    let Some(mounted) = Mounted::tmpfs(&target, "size=1m") else { return };
    let call = |log: &Log| {
        let call = log.z4jctl().args(["audit", "anchor", "-o", "json", "--to"]).arg(&target).arg("--key");
        call.arg(place.key()).run()
    };
    call(&log).expect_code(0);
    grow(&mut log);
    mounted.change("ro");
    let output = call(&log).expect_code(7);
    assert!(output.stderr.contains("Read-only file system"), "{output}");
    mounted.change("rw");
    assert_eq!(call(&log).expect_code(0).json()["sequence"], 2);
}

#[test]
fn a_full_disk_keeps_what_was_there_and_leaves_nothing_half() {
    let mut log = log();
    let place = Place::new();
    let anchors = place.anchors();
    let Some(_mounted) = Mounted::tmpfs(&anchors, "size=64k") else { return };
    let key = Z4jctl::new().args(["signing-key", "show"]).arg(place.key()).run().expect_code(0);
    place.trust(key.stdout.trim());
    place.anchored(&log);
    grow(&mut log);
    let filler = place.anchors().join("filler");
    let names = || {
        let entries = fs::read_dir(place.anchors()).expect("list a directory");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    let fill = |spare: u64| {
        assert!(fs::write(&filler, vec![0; 1 << 20]).is_err(), "the disk is full");
        let file = File::options().write(true).open(&filler).expect("open a file");
        let length = file.metadata().expect("the length of a file").len();
        file.set_len(length - spare).expect("make room");
    };
    // No room at all, and room for the leaves alone.
    for spare in [0, 4096] {
        fill(spare);
        let before = names();
        let output = place.anchor(log.z4jctl(), &[]).expect_code(7);
        assert!(output.stderr.contains("No space left"), "{spare}: {output}");
        let left: Vec<_> = names().into_iter().filter(|name| !before.contains(name)).collect();
        assert!(left.iter().all(|name| name.to_string_lossy().ends_with(".leaves")), "{spare}: {left:?}");
    }
    assert_eq!(place.files(".checkpoint").len(), 1);
    fs::remove_file(&filler).expect("make room");
    place.anchored(&log);
    assert_eq!(place.verify(&log).exit(), 0);
}

#[test]
fn a_clock_that_went_back_anchors_nothing() {
    let mut log = log();
    let place = Place::new();
    place.anchored(&log);
    // The same anchor, made on a machine whose clock was a day ahead.
    let file = &place.files(".checkpoint")[0];
    let text = fs::read_to_string(file).expect("read an anchor");
    let mut checkpoint = Checkpoint::parse(&Note::parse(&text).expect("a note").text).expect("a checkpoint");
    checkpoint.time = Timestamp::from_micros(checkpoint.time.micros() + 86_400_000_000);
    let key = SigningKey::parse(&fs::read_to_string(place.key()).expect("read a key")).expect("a key");
    fs::write(file, key.sign(&checkpoint.to_text())).expect("write an anchor");
    grow(&mut log);
    let output = place.anchor(log.z4jctl(), &[]).expect_code(7);
    let error = &output.json_error()["error"];
    assert_eq!(error["code"], "anchor.clock", "{output}");
    assert!(error["message"].to_string().contains(&checkpoint.time.to_string()), "{output}");
    assert_eq!(place.files(".checkpoint").len(), 1);
    assert_eq!(place.verify(&log).exit(), 0, "the anchor itself is as good as any");
}

#[test]
fn two_anchors_at_once_make_one() {
    let mut log = log();
    let place = Place::new();
    let call = |log: &Log| {
        let call = log.z4jctl().args(["audit", "anchor", "-o", "json", "--to", &place.arg(), "--key"]);
        call.arg(place.key())
    };
    // While somebody else is at it.
    let directory = File::open(place.anchors()).expect("open a directory");
    flock(&directory, FlockOperation::NonBlockingLockExclusive).expect("lock a directory");
    let output = call(&log).run().expect_code(7);
    assert_eq!(output.json_error()["error"]["code"], "anchor.locked", "{output}");
    assert_eq!(place.files("t").len(), 0);
    drop(directory);
    // Who comes first, anchors.
    for turn in 1..=5 {
        let calls: Vec<Z4jctl> = (0..4).map(|_| call(&log)).collect();
        let running: Vec<_> = calls.iter().map(Z4jctl::spawn).collect();
        let outputs: Vec<_> =
            running.into_iter().map(|running| running.wait(std::time::Duration::from_secs(60))).collect();
        let written =
            outputs.iter().filter(|output| output.code == 0 && output.json()["written"] == true).count();
        assert_eq!(written, 1, "{outputs:?}");
        assert!(outputs.iter().all(|output| matches!(output.code, 0 | 7)), "{outputs:?}");
        assert_eq!((place.files(".checkpoint").len(), place.files(".leaves").len()), (turn, turn));
        let report = place.verify(&log);
        assert_eq!(report.exit(), 0, "{}", report.summary());
        grow(&mut log);
    }
}
