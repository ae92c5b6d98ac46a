//! Bundles that are tied to an anchor which somebody got at another time.

use std::fs;

use serde_json::Value;

use super::{Bundles, findings};
use crate::support::BrainDatabase;
use crate::support::fixtures::Fixture;
use crate::support::z4jctl::Z4jctl;

struct Anchors(tempfile::TempDir);

impl Anchors {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("create a temporary directory"))
    }

    fn arg(&self) -> String {
        self.0.path().display().to_string()
    }

    fn trust(&self, bundles: &Bundles) {
        let key = fs::read_to_string(bundles.key.public()).expect("a public key");
        let call = Z4jctl::new().args(["signing-key", "trust", key.trim(), "--dir"]).arg(self.0.path());
        call.run().expect_code(0);
    }

    /// Anchors a log; gives the file.
    fn anchor(
        &self,
        bundles: &Bundles,
        database: &impl BrainDatabase,
        secrets: &crate::support::Secrets,
    ) -> String {
        let call =
            Z4jctl::new().db(database).secrets(secrets).args(["audit", "anchor", "-o", "json", "--to"]);
        let report =
            call.arg(self.0.path()).arg("--key").arg(bundles.key.private()).run().expect_code(0).json();
        assert_eq!(report["written"], true, "{report}");
        report["file"].as_str().expect("a file").to_owned()
    }
}

#[test]
fn a_bundle_continues_an_anchor() {
    for name in ["1.6.9", "1.13.0"] {
        let fixture = Fixture::by_name(name);
        let (database, meta) = (fixture.sqlite(), fixture.meta());
        let (bundles, anchors) = (Bundles::new(), Anchors::new());
        anchors.trust(&bundles);
        let grow = || {
            let (email, _) = &meta.accounts["admin"];
            let arguments =
                ["apikey", "mint", "--name", "n", "--scope", "tasks:read", "--yes", "--user", email];
            Z4jctl::new().db(&database).secrets(&meta.secrets).args(arguments).run().expect_code(0);
        };
        let first = anchors.anchor(&bundles, &database, &meta.secrets);
        grow();
        let second = anchors.anchor(&bundles, &database, &meta.secrets);
        let place = anchors.arg();
        let make =
            |file: &str| bundles.make(&database, &meta.secrets, file, &["1", "3", "--anchors", &place]);
        let tie = |file: &str, checkpoint: &str, code: i32| {
            bundles.verify(file, &["--checkpoint", checkpoint]).expect_code(code).json()
        };
        // At the anchor: the same tree. Behind it: one that continues it.
        make("same.json").expect_code(0);
        assert_eq!(tie("same.json", &second, 0)["checkpoint"], "same");
        grow();
        grow();
        let made = make("later.json").expect_code(0).json();
        assert_eq!(made["statement"]["anchor"]["sequence"], 2, "{made}");
        assert_eq!(tie("later.json", &second, 0)["checkpoint"], "continued", "{name}");
        bundles.verify_independently("later.json").expect_code(0);
        // It says nothing about an older one, nor without --anchors about any.
        let report = tie("later.json", &first, 3);
        assert_eq!(
            (&report["checkpoint"], findings(&report)[0].0.as_str()),
            (&"not-proved".into(), "anchor-invalid")
        );
        bundles.make(&database, &meta.secrets, "alone.json", &["1"]).expect_code(0);
        tie("alone.json", &second, 3);

        // Retention removes the oldest rows: the tree keeps their leaves.
        if name == "1.13.0" {
            let third = anchors.anchor(&bundles, &database, &meta.secrets);
            let time: String = database
                .connection()
                .query_row(
                    "SELECT occurred_at FROM audit_log ORDER BY occurred_at, id LIMIT 1 OFFSET 10",
                    [],
                    |row| row.get(0),
                )
                .expect("a time");
            let call = Z4jctl::new()
                .db(&database)
                .secrets(&meta.secrets)
                .args(["audit", "prune", "--yes", "--before"]);
            call.arg(time.replacen(' ', "T", 1) + "Z").run().expect_code(0);
            let made = make("pruned.json").expect_code(0).json();
            assert!(
                made["statement"]["size"].as_u64() > made["statement"]["coverage"]["total"].as_u64(),
                "{made}"
            );
            let report = tie("pruned.json", &third, 0);
            assert_eq!(report["checkpoint"], "continued");
            assert_ne!(report["rows"][0]["row"], 1, "its index is that of its leaf: {report}");
            bundles.verify_independently("pruned.json").expect_code(0);
        }

        // The proof is part of what is judged, and so is the checkpoint.
        let good = bundles.read("later.json");
        for change in
            [<[Value]>::reverse as fn(&mut [Value]), |proof| proof[0] = proof[proof.len() - 1].clone()]
        {
            let mut bad = good.clone();
            change(bad["consistency"].as_array_mut().expect("a proof"));
            bundles.write("bad.json", &bad);
            let report = bundles.verify("bad.json", &[]).expect_code(1).json();
            assert!(findings(&report)[0].1.contains("continues anchor 2"), "{report}");
        }
        let changed = fs::read_to_string(&second).expect("a checkpoint").replacen(
            "z4jctl/1 time 2",
            "z4jctl/1 time 1",
            1,
        );
        fs::write(bundles.path("changed"), changed).expect("write a file");
        let changed = bundles.path("changed").display().to_string();
        assert_eq!(findings(&tie("later.json", &changed, 1))[0].0, "anchor-invalid");
        bundles.verify("later.json", &["--checkpoint", "/no/such/file"]).expect_code(5);

        // A log that is not the one that was anchored gets no bundle.
        let other = Fixture::by_name(if name == "1.13.0" { "1.11.0" } else { "1.5.1" });
        let (other, secrets) = (other.sqlite(), &other.meta().secrets);
        let refused =
            bundles.make(&other, secrets, "forked.json", &["1", "--anchors", &place]).expect_code(1).json();
        assert_eq!(
            (&refused["written"], refused["findings"][0]["class"].as_str()),
            (&false.into(), Some("forked"))
        );
        assert!(!bundles.path("forked.json").exists());
        let empty = Anchors::new().arg();
        fs::create_dir_all(&empty).expect("make a directory");
        bundles.make(&database, &meta.secrets, "none.json", &["1", "--anchors", &empty]).expect_code(2);
    }
}
