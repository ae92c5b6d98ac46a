//! Signed manifests: who exported, told without any secret of the brain.

use std::fs;

use super::{Exports, classes, has_class};
use crate::support::fixtures::Fixture;
use crate::support::ssh::Key;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, Secrets};

const SIGNATURE: &str = "a.csv.manifest.json.sig";

fn signed(exports: &Exports, database: &impl BrainDatabase, key: &Key, arguments: &[&str]) {
    let key = key.private().display().to_string();
    let report =
        exports.export(database, "a.csv", &[&["--key", &key], arguments].concat()).expect_code(0).json();
    assert_eq!(report["signature_file"], exports.path(SIGNATURE).display().to_string().as_str(), "{report}");
}

fn trusting(key: &Key) -> [String; 3] {
    ["--keyless".into(), "--trust".into(), key.public().display().to_string()]
}

#[test]
fn a_signed_export_verifies_here_and_with_ssh_keygen() {
    let keys = [Key::generate("z4j.example/audit"), Key::openssh("ops@example.com")];
    for (name, key) in ["1.7.0", "1.13.0"].into_iter().zip(&keys) {
        let fixture = Fixture::by_name(name);
        let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
        let exports = Exports::new();
        signed(&exports, &database, key, &[]);
        let (manifest, signature) = (exports.read("a.csv.manifest.json"), exports.read(SIGNATURE));
        let judged = key.judge("z4jctl-export", &signature, &manifest).expect_code(0);
        assert!(judged.stdout.contains("Good \"z4jctl-export\" signature"), "{judged}");
        assert_ne!(key.judge("z4jctl-bundle", &signature, &manifest).code, 0);

        let trust = trusting(key);
        let trust: Vec<&str> = trust.iter().map(String::as_str).collect();
        for arguments in [&trust[..], &trust[1..]] {
            let report = exports.verify(&["a.csv"], secrets, arguments).expect_code(0).json();
            let signature = &report["files"][0]["signature"];
            assert_eq!(
                (&signature["verdict"], &signature["signer"]["trusted"]),
                (&"trusted".into(), &true.into())
            );
        }
        // Nobody asked who: it is told, and told not to be trusted.
        let report = exports.verify_keyless(&["a.csv"]).expect_code(0).json();
        assert_eq!(report["files"][0]["signature"]["verdict"], "not-trusted", "{report}");
        assert!(report["notes"].to_string().contains("not trusted: give --trust"), "{report}");
        let ssh = keys[1].public();
        let other = ["--trust", ssh.to_str().expect("UTF-8")];
        if name == "1.7.0" {
            let strange = exports.verify(&["a.csv"], secrets, &other).expect_code(3);
            has_class(&strange, "signature-invalid");
        }
    }
}

#[test]
fn a_signature_that_is_not_good_is_a_finding() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let (key, exports) = (Key::generate("z4j.example/audit"), Exports::new());
    signed(&exports, &database, &key, &[]);
    let good = exports.read(SIGNATURE);
    let trust = trusting(&key);
    let trust: Vec<&str> = trust.iter().map(String::as_str).collect();
    let refused = |what: &str, code: i32| {
        for arguments in [&trust[..], &["--keyless"], &[]] {
            let output = exports.verify(&["a.csv"], secrets, arguments).expect_code(code);
            assert!(
                classes(&output.json()).contains(&("signature-invalid".into(), None)),
                "{what}: {output}"
            );
        }
    };
    for (what, bytes) in [("cut", &good[..good.len() / 2]), ("empty", b""), ("no text", b"\xff\xfe")] {
        exports.write(SIGNATURE, bytes);
        refused(what, 1);
    }
    // The manifest was changed by somebody who makes its digest fit.
    exports.write(SIGNATURE, &good);
    let original = exports.read("a.csv.manifest.json");
    let mut manifest = exports.manifest("a.csv");
    manifest["created_at"] = "2020-01-01T00:00:00.000000+00:00".into();
    exports.set_manifest("a.csv", manifest);
    refused("another manifest", 1);
    exports.write("a.csv.manifest.json", &original);
    exports.verify(&["a.csv"], secrets, &trust).expect_code(0);

    // Without its signature it is refused to whoever demands one, and to nobody else.
    fs::remove_file(exports.path(SIGNATURE)).expect("remove a file");
    let missing = exports.verify(&["a.csv"], secrets, &trust).expect_code(1);
    has_class(&missing, "signature-invalid");
    assert!(missing.stdout.contains("is not signed"), "{missing}");
    exports.verify_keyless(&["a.csv"]).expect_code(0);
}

#[test]
fn signing_what_cannot_be_signed() {
    let fixture = Fixture::by_name("1.13.0");
    let database = fixture.sqlite();
    let (key, exports) = (Key::generate("z4j.example/audit"), Exports::new());
    let private = key.private().display().to_string();
    let stream = || Z4jctl::new().db(&database).args(["audit", "export"]);
    stream().args(["--key", &private]).run().expect_code(2);
    // An environment in which everything is signed is no reason not to pipe.
    stream().env("Z4JCTL_SIGNING_KEY_FILE", &private).run().expect_code(0);
    let by_environment = stream().env("Z4JCTL_SIGNING_KEY_FILE", &private).arg(exports.path("a.csv")).run();
    by_environment.expect_code(0);
    assert!(exports.path(SIGNATURE).exists());

    let missing = exports.export(&database, "b.csv", &["--key", "/no/such/key"]).expect_code(6);
    assert_eq!(missing.json_error()["error"]["code"], "signing-key.unreadable", "{missing}");
    assert_eq!(exports.names(), ["a.csv", "a.csv.manifest.json", SIGNATURE]);
    let demanded = ["--trust", "/no/such/file"];
    assert_eq!(exports.verify(&["a.csv"], &Secrets::new(), &demanded).code, 2);

    // Replaced without a key: the old signature does not stay beside a manifest that it was not made for.
    let replaced = exports.export(&database, "a.csv", &["--force"]).expect_code(0).json();
    assert!(replaced["notes"].to_string().contains("signature"), "{replaced}");
    assert!(!exports.path(SIGNATURE).exists());
    // One that is there is not overwritten unasked.
    exports.write("c.csv.manifest.json.sig", b"mine");
    exports.export(&database, "c.csv", &["--key", &private]).expect_code(7);
    assert_eq!(exports.read("c.csv.manifest.json.sig"), b"mine");
    assert!(!exports.path("c.csv").exists());
}

#[test]
fn what_is_removed_can_be_signed_first() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let (key, exports) = (Key::generate("z4j.example/audit"), Exports::new());
    let cut = "SELECT occurred_at FROM audit_log ORDER BY occurred_at, id LIMIT 1 OFFSET 10";
    let time: String = database.connection().query_row(cut, [], |row| row.get(0)).expect("a time in the log");
    let call = Z4jctl::new().db(&database).secrets(secrets).args(["audit", "export", "--delete", "--yes"]);
    let call = call.args(["--to", &time, "--key"]).arg(key.private()).arg(exports.path("a.csv"));
    call.run().expect_code(0);
    let trust = trusting(&key);
    let trust: Vec<&str> = trust.iter().map(String::as_str).collect();
    exports.verify(&["a.csv"], secrets, &trust).expect_code(0);
}
