//! Anchors go on to git and to a command.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{Place, grow};
use crate::support::process;
use crate::support::tsa::TimestampAuthority;
use crate::support::web::{Reply, Server};
use crate::tampering::log::{Kind, Log};

#[test]
fn anchors_go_to_git_and_to_a_command() {
    let place = Place::new();
    let mut log = Log::open(Kind::Sqlite, "1.6.9");
    log.close();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(place.anchors()).args(arguments);
        process::run(&mut command, b"", Duration::from_secs(60)).expect_code(0).stdout
    };
    git(&["init", "--quiet"]);
    git(&["config", "user.email", "ops@example.com"]);
    git(&["config", "user.name", "ops"]);
    let copy = place.directory.path().join("copy").display().to_string();
    let (arg, key, tee) = (place.arg(), place.key().display().to_string(), format!("tee '{copy}'"));
    let arguments = ["audit", "anchor", "--to", &arg, "--key", &key, "--git", "--exec", &tee];
    log.z4jctl().args(arguments).run().expect_code(0);
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert!(git(&["log", "--format=%s"]).starts_with("Anchor 1 of z4jctl.audit/"));
    let file = &place.files(".checkpoint")[0];
    assert_eq!(fs::read(&copy).expect("a copy"), fs::read(file).expect("an anchor"));
    // A timestamp that comes later is committed too.
    let authority = TimestampAuthority::shared();
    let tsa = Server::http(move |request| {
        Reply::Answer(200, "A: b".into(), authority.reply(&request.body, "rsa", "sha256"))
    });
    let stamped = ["audit", "anchor", "--to", &arg, "--key", &key, "--git", "--timestamp", &tsa.url("/")];
    log.z4jctl().args(stamped).run().expect_code(0);
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert!(git(&["log", "--format=%s"]).starts_with("Timestamp of anchor 1 of z4jctl.audit/"));
    assert!(git(&["ls-files"]).contains(".tsr"));
    // Nothing new: nothing is written, nothing is run.
    fs::remove_file(&copy).expect("remove the copy");
    log.z4jctl().args(arguments).run().expect_code(0);
    assert!(!Path::new(&copy).exists());
    grow(&mut log);
    let arguments = ["audit", "anchor", "--to", &arg, "--key", &key, "--exec", "false"];
    log.z4jctl().args(arguments).run().expect_code(5);
    assert_eq!(place.files(".checkpoint").len(), 2, "the anchor itself was written");
}
