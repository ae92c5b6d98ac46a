//! What is left out is not in the file, and what is left still verifies.

use serde_json::Value;

use super::{Bundles, field};
use crate::support::fixtures::Fixture;

#[test]
fn redaction_keeps_the_proof_and_not_the_value() {
    for name in ["1.0.19", "1.6.9", "1.13.0"] {
        let fixture = Fixture::by_name(name);
        let (database, meta) = (fixture.sqlite(), fixture.meta());
        let bundles = Bundles::new();
        let all = ["--since", "1970-01-01", "--include-identities"];
        bundles.make(&database, &meta.secrets, "whole.json", &all).expect_code(0);
        let whole = bundles.read("whole.json");

        // At once, and later by somebody who has neither key nor database: the same columns are gone.
        let what = ["--include-identities", "--redact", "source_ip,metadata.email", "--redact", "action"];
        bundles
            .make(&database, &meta.secrets, "at-once.json", &[&all[..2], &what[..]].concat())
            .expect_code(0);
        let report = bundles.redact("whole.json", "later.json", &what).expect_code(0).json();
        let logins = database.number("SELECT count(*) FROM audit_log WHERE metadata LIKE '%\"email\": %'");
        assert!(logins > 0);
        assert_eq!(report["redacted"]["metadata.email"], logins, "{name}: {report}");
        for file in ["at-once.json", "later.json"] {
            let judged = bundles.verify(file, &[]).expect_code(0).json();
            let left_out = judged["rows"][0]["redacted"].to_string();
            assert!(
                left_out.contains("\"action\"") && left_out.contains("\"source_ip\""),
                "{name}: {judged}"
            );
            assert_eq!(judged["rows"][0]["action"], Value::Null);
            bundles.verify_independently(file).expect_code(0);
            let text = bundles.text(file);
            let (email, _) = &meta.accounts["admin"];
            for gone in [email.as_str(), "auth.login", "127.0.0.1"] {
                assert!(bundles.text("whole.json").contains(gone), "{name}: {gone} was never there");
                assert!(!text.contains(gone), "{name} {file}: {gone}");
            }
        }
        // The salts of what is gone are gone too, and nothing else has changed.
        let mut later = bundles.read("later.json");
        assert_eq!(later["statement"], whole["statement"]);
        assert_eq!(later["signature"], whole["signature"]);
        let mut original = whole.clone();
        let (gone, kept) = (field(&mut later, 0, "action").clone(), field(&mut original, 0, "action"));
        assert_eq!(gone["commitment"], kept["commitment"]);
        assert!(!bundles.text("later.json").contains(kept["salt"].as_str().expect("a salt")), "{name}");
        // Salted: the same value is committed to differently in every row.
        let outcomes: Vec<Value> =
            (0..4).map(|row| field(&mut original, row, "target_type")["commitment"].clone()).collect();
        assert!((1..4).all(|row| outcomes[row] != outcomes[0]), "{name}: {outcomes:?}");

        // And more, until only the tie to the log is left.
        let mut lines = whole["statement"].as_str().expect("a text").lines();
        let columns = lines.find_map(|line| line.strip_prefix("z4jctl/1 columns ")).expect("columns");
        let others: Vec<&str> = columns.split(',').filter(|name| *name != "row_hmac").collect();
        bundles.redact("later.json", "bare.json", &["--redact", &others.join(",")]).expect_code(0);
        let judged = bundles.verify("bare.json", &[]).expect_code(0).json();
        assert_eq!(judged["rows"][0]["audit_id"], Value::Null, "{name}: {judged}");
        bundles.verify_independently("bare.json").expect_code(0);
    }
}

#[test]
fn outsiders_get_no_addresses_unless_somebody_says_so() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    let bundles = Bundles::new();
    let report =
        bundles.make(&database, &meta.secrets, "a.json", &["--since", "1970-01-01"]).expect_code(0).json();
    assert!(report["notes"].to_string().contains("--include-identities"), "{report}");
    let mut bundle = bundles.read("a.json");
    for row in 0..bundle["rows"].as_array().expect("a list").len() {
        let metadata = field(&mut bundle, row, "metadata");
        assert!(metadata.get("members").is_none() && metadata.get("salt").is_none(), "{metadata}");
    }
    // Of a whole one too, when it is handed on.
    let whole = ["--since", "1970-01-01", "--include-identities"];
    bundles.make(&database, &meta.secrets, "whole.json", &whole).expect_code(0);
    bundles.redact("whole.json", "copy.json", &[]).expect_code(0);
    assert!(!bundles.text("copy.json").contains("@example.com"));
    bundles.verify("copy.json", &[]).expect_code(0);
    bundles.redact("whole.json", "same.json", &["--include-identities"]).expect_code(2);
    let again = bundles.redact("copy.json", "again.json", &[]).expect_code(0).json();
    assert!(again["notes"].to_string().contains("nothing left"), "{again}");
}
