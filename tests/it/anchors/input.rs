//! Damaged anchors, signers whom nobody trusts, and calls that make no sense.

use std::fs;
use std::path::Path;

use super::{Place, SSH_PUBLIC, grow};
use crate::support::judge::Target;
use crate::support::z4jctl::Z4jctl;
use crate::tampering::log::{Kind, Log};

const ENCRYPTED_SSH_KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABBDPeH9UB
IZBdChJkMuIIPJAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAINM4D3FitbVKb558
1TZGG2TTML5VkEdl2TmIBlzOmhF0AAAAkEH1KoCiJDYIQvUKK+EJVGhtLffkndRaHzOfv/
512v6kbfo5TvOD6rLFgvPY8TJ8AarcYtlCV+3lkWqV3Er47DLp88iRi5eLEPKc15boL5V4
+P4yARplnr+De8ghIjp9VWOeFnpiKKV3sVXYtYlO7A2Z7AEV6iMta4ULSFm780UMdlOMrI
ru871Joqz/iDJfrA==
-----END OPENSSH PRIVATE KEY-----
";

/// What is said, the exit code, and what is done to the anchors.
type Damage<'a> = (&'a str, i32, Box<dyn Fn(&Place) + 'a>);

#[test]
fn damaged_anchors_and_unknown_signers_are_told() {
    let mut log = Log::open(Kind::Sqlite, "1.13.0");
    log.close();
    let secrets = log.secrets.clone();
    let fresh = || {
        let (place, mut log) = (Place::new(), Log::open(Kind::Sqlite, "1.13.0"));
        log.close();
        place.anchored(&log);
        grow(&mut log);
        place.anchored(&log);
        (place, log)
    };
    let change = |path: &Path, from: &str, to: &str| {
        let text = fs::read_to_string(path).expect("read an anchor");
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replacen(from, to, 1)).expect("change an anchor");
    };
    let cases: [Damage<'_>; 9] = [
        (
            "does not match",
            1,
            Box::new(|place| change(&place.files(".checkpoint")[1], "sequence 2", "sequence 3")),
        ),
        (
            "does not match",
            1,
            Box::new(|place| change(&place.files(".checkpoint")[0], "z4jctl.audit/", "z4jctl.audit/x")),
        ),
        (
            "is not a signed note",
            1,
            Box::new(|place| fs::write(&place.files(".checkpoint")[0], "x").expect("write")),
        ),
        (
            "number 1 is missing",
            1,
            Box::new(|place| fs::remove_file(&place.files(".checkpoint")[0]).expect("remove")),
        ),
        ("cannot be read", 1, Box::new(|place| fs::remove_file(&place.files(".leaves")[0]).expect("remove"))),
        (
            "is not the file that it names",
            1,
            Box::new(|place| fs::write(&place.files(".leaves")[1], [0; 56]).expect("write")),
        ),
        (
            "whom nobody trusts",
            3,
            Box::new(|place| fs::remove_file(place.anchors().join("trusted-keys")).expect("remove")),
        ),
        (
            "belongs under the name",
            1,
            Box::new(|place| {
                fs::rename(&place.files(".checkpoint")[0], place.anchors().join("0000000000-1.checkpoint"))
                    .expect("rename");
            }),
        ),
        (
            "there is no anchor",
            3,
            Box::new(|place| {
                for file in place.files(".checkpoint") {
                    fs::remove_file(file).expect("remove");
                }
            }),
        ),
    ];
    for (message, exit, damage) in cases {
        let (place, log) = fresh();
        damage(&place);
        let report = place.verify(&log);
        assert_eq!(report.exit(), exit, "{message}: {}", report.summary());
        let said = report.finding("anchor-invalid")["message"].as_str().unwrap_or_default().to_owned();
        assert!(said.contains(message), "{message}: {said}");
    }
    // Keys that are given count instead of those beside the anchors.
    let (place, log) = fresh();
    let other = place.directory.path().join("other");
    fs::write(&other, format!("# mine\n{SSH_PUBLIC}\n")).expect("write a file");
    let other = other.display().to_string();
    assert_eq!(log.verify(&["--anchors", &place.arg(), "--trust", &other]).exit(), 3);
    let beside = place.anchors().join("trusted-keys").display().to_string();
    let both = ["--anchors", &place.arg(), "--trust", &other, "--trust", &beside];
    assert_eq!(log.verify(&both).exit(), 0);

    // With a wrong secret the anchors still tell that the rows are the same.
    let mut wrong = secrets;
    wrong.insert("Z4J_AUDIT_CHAIN_SECRET".into(), "another-secret-another-secret-another".into());
    let call = Z4jctl::new().db(&log).secrets(&wrong).args(["audit", "verify", "-o", "json"]);
    let output = call.args(["--anchors", &place.arg()]).run();
    assert_ne!(output.code, 0);
    let report = output.json();
    assert_eq!(report["anchors"]["verdict"], "consistent", "{report}");
}

#[test]
fn bad_input_is_refused_before_anything_is_written() {
    let place = Place::new();
    let target = Target::Sqlite("1.13.0");
    let database = target.database();
    let call = || target.z4jctl(&database).args(["audit", "anchor", "-o", "json"]);
    let file = |name: &str, text: &str| {
        let path = place.directory.path().join(name);
        fs::write(&path, text).expect("write a file");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("chmod");
        path.display().to_string()
    };
    let (good, directory) = (place.key().display().to_string(), place.arg());
    let open = file("open", &fs::read_to_string(&good).expect("read a key"));
    fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("chmod");
    let (encrypted, junk) = (file("encrypted", ENCRYPTED_SSH_KEY), file("junk", "PRIVATE+KEY+x"));
    for (arguments, code, error) in [
        (vec!["--to", &directory, "--key", "/nowhere"], 6, "signing-key.unreadable"),
        (vec!["--to", &directory, "--key", &open], 6, "signing-key.unreadable"),
        (vec!["--to", &directory, "--key", &encrypted], 6, "signing-key.unreadable"),
        (vec!["--to", &directory, "--key", &junk], 6, "signing-key.unreadable"),
        (vec!["--to", "/nowhere", "--key", &good], 5, "anchors.unreadable"),
        (vec!["--to", &directory, "--key", &good, "--origin", "two words"], 2, "usage.origin"),
        (vec!["--to", &directory, "--key", &good, "--exec", "'"], 2, "usage.exec"),
        (vec!["--to", &directory, "--key", &good, "--git"], 7, "anchor.git"),
    ] {
        let output = call().args(&arguments).run().expect_code(code);
        assert_eq!(output.json_error()["error"]["code"], error, "{arguments:?}: {output}");
        assert!(!output.stderr.contains("b3Blbn"), "{output}");
    }
    call().args(["--to", &directory]).run().expect_code(2);
    assert_eq!(place.files("t").len(), 0, "nothing was written");
    let keys = |arguments: &[&str]| Z4jctl::new().args(["signing-key"]).args(arguments).run();
    let in_argv = keys(&["show", "PRIVATE+KEY+x+c74f20a3+AYEKFALVFGyN"]).expect_code(6);
    assert!(!in_argv.stderr.contains("AYEKFALVFGyN"), "{in_argv}");
    keys(&["generate", "--out", &good]).expect_code(7);
    keys(&["generate", "--out", "new", "--name", "a+b"]).expect_code(2);
    keys(&["show", &junk]).expect_code(6);
    keys(&["trust", &good, "--dir", &directory]).expect_code(2);
    keys(&["trust", "ssh-rsa AAAA", "--dir", &directory]).expect_code(2);
    let verify =
        |arguments: &[&str]| target.z4jctl(&database).args(["audit", "verify"]).args(arguments).run();
    verify(&["--anchors", "/nowhere"]).expect_code(5);
    verify(&["--anchors", &directory, "--since", "2026-01-01"]).expect_code(2);
    verify(&["--anchors", &directory, "--trust", "/nowhere"]).expect_code(2);
    verify(&["--trust", &good]).expect_code(2);

    // A log that does not verify.
    database.execute("DROP TRIGGER audit_log_boundary_f_no_update; UPDATE audit_log SET action = 'x.y' WHERE id = (SELECT max(id) FROM audit_log);");
    let output = place.anchor(target.z4jctl(&database), &[]).expect_code(7);
    assert_eq!(output.json_error()["error"]["code"], "anchor.not-verified", "{output}");
    let report = place.anchor(target.z4jctl(&database).env("X", "1").args(["--quiet"]), &[]).code;
    assert_eq!(report, 7);
    let forced = call().args(["--to", &directory, "--key", &good, "--unverified"]).run().expect_code(0);
    assert_eq!(forced.json()["written"], true, "{forced}");
    let text = fs::read_to_string(&place.files(".checkpoint")[0]).expect("read an anchor");
    assert!(text.contains("\nz4jctl/1 unverified 1\n"), "{text}");
}
