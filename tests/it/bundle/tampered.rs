//! Every part of a bundle, changed by somebody who does not have the signing key: it is rejected, and named.

use serde_json::{Value, json};
use sha2::Digest as _;

use super::{Bundles, field, findings};
use crate::support::fixtures::Fixture;
use crate::support::hex;
use crate::support::ssh::Key;

/// The commitment to a text, as somebody makes it who knows the format.
fn commit(salt: &str, value: &str) -> String {
    let salt: Vec<u8> =
        (0..64).step_by(2).map(|at| u8::from_str_radix(&salt[at..at + 2], 16).expect("digits")).collect();
    let mut sum = sha2::Sha256::new_with_prefix(b"z4jctl/bundle/field/v1\0");
    sum.update(salt);
    sum.update([1]);
    sum.update(value);
    hex(&sum.finalize())
}

#[test]
fn every_changed_part_is_named() {
    type Change = fn(&mut Value);
    let changes: [(&str, &str, Option<u64>, Change); 17] = [
        ("a value", "column action is not what was committed to", Some(12), |bundle| {
            field(bundle, 1, "action")["value"] = "auth.logout".into();
        }),
        ("NULL for a value", "column action is not what was committed to", Some(12), |bundle| {
            field(bundle, 1, "action").as_object_mut().expect("an object").remove("value");
        }),
        ("a value with its commitment", "its content is not what was signed", Some(12), |bundle| {
            let field = field(bundle, 1, "action");
            let commitment = commit(field["salt"].as_str().expect("a salt"), "auth.logout");
            (field["value"], field["commitment"]) = ("auth.logout".into(), commitment.into());
        }),
        ("a member", "metadata.", Some(5), |bundle| {
            field(bundle, 0, "metadata")["members"][0]["value"] = "\"changed\"".into();
        }),
        ("a member left out", "column metadata is not what was committed to", Some(5), |bundle| {
            field(bundle, 0, "metadata")["members"].as_array_mut().expect("a list").remove(0);
        }),
        ("a member with another name", "column metadata is not what was committed to", Some(5), |bundle| {
            field(bundle, 0, "metadata")["members"][0]["name"] = "other".into();
        }),
        ("a value without a salt", "has a value and no salt", Some(12), |bundle| {
            field(bundle, 1, "action").as_object_mut().expect("an object").remove("salt");
        }),
        ("a redacted column replaced", "its content is not what was signed", Some(12), |bundle| {
            *field(bundle, 1, "user_agent") = json!({ "name": "user_agent", "commitment": "00".repeat(32) });
        }),
        ("columns swapped", "its columns are not those of the statement", Some(12), |bundle| {
            bundle["rows"][1]["fields"].as_array_mut().expect("a list").swap(4, 5);
        }),
        ("the verdict", "its content is not what was signed", Some(12), |bundle| {
            bundle["rows"][1]["verdict"] = "frozen".into();
        }),
        ("the index", "its inclusion proof does not lead", Some(13), |bundle| {
            bundle["rows"][1]["index"] = 12.into();
        }),
        ("inclusion proofs swapped", "its inclusion proof does not lead", Some(12), |bundle| {
            let other = bundle["rows"][0]["inclusion"].clone();
            bundle["rows"][1]["inclusion"] = other;
        }),
        ("a proof cut", "its inclusion proof does not lead", Some(12), |bundle| {
            bundle["rows"][1]["inclusion"].as_array_mut().expect("a list").pop();
        }),
        ("the tie redacted", "nothing ties it to the log", Some(12), |bundle| {
            let field = field(bundle, 1, "row_hmac").as_object_mut().expect("an object");
            field.remove("salt");
            field.remove("value");
        }),
        ("a row dropped", "rows are missing: there are 2, and the statement signs 3", None, |bundle| {
            bundle["rows"].as_array_mut().expect("a list").remove(1);
        }),
        ("a row added", "rows were added: there are 4", None, |bundle| {
            let row = bundle["rows"][2].clone();
            bundle["rows"].as_array_mut().expect("a list").push(row);
        }),
        ("rows swapped", "it does not come after the row before it", Some(5), |bundle| {
            bundle["rows"].as_array_mut().expect("a list").swap(0, 1);
        }),
    ];
    let fixture = Fixture::by_name("1.13.0");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let bundles = Bundles::new();
    let first = database.number(
        "SELECT min(at) FROM (SELECT row_number() OVER (ORDER BY occurred_at, id) AS at, metadata FROM audit_log) \
         WHERE at >= 5 AND metadata <> '{}'",
    );
    assert_eq!(first, 5, "row 5 has metadata");
    bundles.make(&database, secrets, "good.json", &["5", "12", "20", "--include-identities"]).expect_code(0);
    let good = bundles.read("good.json");
    for (what, message, row, change) in changes {
        let mut bundle = good.clone();
        change(&mut bundle);
        assert_ne!(bundle, good, "{what}");
        bundles.write("bad.json", &bundle);
        let report = bundles.verify("bad.json", &[]).expect_code(1).json();
        let found = report["findings"].as_array().expect("a list").iter().any(|finding| {
            let text = finding["message"].as_str().unwrap_or_default();
            finding["class"] == "bundle-mismatch" && text.contains(message) && finding["row"].as_u64() == row
        });
        assert!(found, "{what}: {:?}", findings(&report));
        assert_eq!(bundles.verify_independently("bad.json").code, 1, "{what}");
        // Nothing is made of what does not hold.
        let redacted = bundles.redact("bad.json", "none.json", &[]).expect_code(1).json();
        assert_eq!(redacted["written"], false, "{what}: {redacted}");
        assert!(!bundles.path("none.json").exists());
    }
    // Every single character of the statement counts, and of the signature as well.
    let statement = good["statement"].as_str().expect("a text");
    for at in (0..statement.len()).step_by(7) {
        let mut bytes = statement.as_bytes().to_vec();
        bytes[at] ^= 1;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let mut bundle = good.clone();
        bundle["statement"] = text.into();
        bundles.write("bad.json", &bundle);
        let report = bundles.verify("bad.json", &[]).expect_code(1).json();
        assert_eq!(report["signature"], "invalid", "{at}: {report}");
        assert!(findings(&report).iter().any(|(class, _)| class == "signature-invalid"), "{at}: {report}");
    }
}

/// Parts of another bundle, and of other signers.
#[test]
fn parts_of_other_bundles_do_not_fit() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
    let (bundles, other) = (Bundles::new(), Bundles::with(Key::generate("z4j.example/audit")));
    bundles.make(&database, secrets, "a.json", &["5", "12"]).expect_code(0);
    bundles.make(&database, secrets, "b.json", &["6", "13"]).expect_code(0);
    other.make(&database, secrets, "c.json", &["5", "12"]).expect_code(0);
    let (a, b, c) = (bundles.read("a.json"), bundles.read("b.json"), other.read("c.json"));
    let judged = |bundle: &Value, code: i32| {
        bundles.write("bad.json", bundle);
        bundles.verify("bad.json", &[]).expect_code(code).json()
    };
    let with = |name: &str, from: &Value| {
        let mut bundle = a.clone();
        bundle[name] = from[name].clone();
        bundle
    };
    // Good signatures of the right key over something else.
    let report = judged(&with("signature", &b), 1);
    assert_eq!((&report["signature"], findings(&report).len()), (&"invalid".into(), 1), "{report}");
    let mut bundle = with("signature", &b);
    bundle["statement"] = b["statement"].clone();
    let report = judged(&bundle, 1);
    assert_eq!(report["signature"], "trusted", "{report}");
    assert_eq!(findings(&report).len(), 2, "both rows are others: {report}");
    // Another signer, of all of it: good, and not of whom it should be.
    let report = judged(&c, 3);
    assert_eq!(report["signature"], "not-trusted", "{report}");
    assert_eq!(findings(&report)[0].0, "signature-invalid");
    judged(&with("signature", &c), 1);
    // A signature for another purpose is none here.
    let export = bundles.path("a.csv");
    let call = crate::support::z4jctl::Z4jctl::new().db(&database).args(["audit", "export", "--key"]);
    call.arg(bundles.key.private()).arg(&export).run().expect_code(0);
    let signature = std::fs::read_to_string(bundles.path("a.csv.manifest.json.sig")).expect("a signature");
    let mut bundle = a.clone();
    bundle["signature"] = signature.into();
    bundle["statement"] =
        std::fs::read_to_string(bundles.path("a.csv.manifest.json")).expect("a manifest").into();
    let report = judged(&bundle, 1);
    assert!(report["findings"].to_string().contains("another purpose"), "{report}");
}
