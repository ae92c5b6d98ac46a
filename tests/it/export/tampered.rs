//! What is done to an export is seen: with the key by what was signed, without it by the manifest.

use super::{Exports, classes, has_class};
use crate::support::fixtures::Fixture;

const NAMES: [&str; 5] = ["1.0.19", "1.6.9", "1.7.0", "1.13.0", "1.13.0-upgraded-from-1.6.9"];

type Change = fn(&mut Vec<String>, usize);

/// What is done to the lines of a file, about the one at an index; what it is called; whether the signed rows alone prove
/// it, so that a manifest that was made to fit does not help: from which release on.
const CHANGES: [(&str, Change, &str, Proved); 9] = [
    (
        "a field edited",
        |lines, at| edit_cell(lines, at, 4, |_| "auth.changed".to_owned()),
        "edited",
        Proved::Always,
    ),
    (
        "an HMAC edited",
        |lines, at| edit_cell(lines, at, 2, |mac| mac.replace('a', "b").replace('0', "1")),
        "edited",
        Proved::Always,
    ),
    (
        "an HMAC malformed",
        |lines, at| edit_cell(lines, at, 2, str::to_uppercase),
        "malformed",
        Proved::Always,
    ),
    ("a row removed", |lines, at| _ = lines.remove(at), "removed", Proved::Always),
    ("two rows swapped", |lines, at| lines.swap(at, at + 1), "reordered", Proved::Always),
    ("a row twice", |lines, at| lines.insert(at, lines[at].clone()), "duplicated", Proved::Always),
    ("a row inserted", insert, "duplicated", Proved::Always),
    ("the first row removed", |lines, _| _ = lines.remove(1), "prefix-cut", Proved::Always),
    ("the last row removed", |lines, _| _ = lines.pop(), "tail-cut", Proved::SinceState),
];

#[derive(Clone, Copy, PartialEq)]
enum Proved {
    Always,
    /// By the signed chain state, from 1.8 on.
    SinceState,
}

fn edit_cell(lines: &mut [String], at: usize, column: usize, edit: impl Fn(&str) -> String) {
    let mut cells: Vec<String> = lines[at].split(',').map(str::to_owned).collect();
    cells[column] = edit(&cells[column]);
    lines[at] = cells.join(",");
}

fn insert(lines: &mut Vec<String>, at: usize) {
    lines.insert(at + 1, lines[at].clone());
    edit_cell(lines, at + 1, 0, |_| "ffffffff-ffff-4fff-bfff-ffffffffffff".to_owned());
}

#[test]
fn every_change_is_named() {
    for name in NAMES {
        let fixture = Fixture::by_name(name);
        let (database, secrets) = (fixture.sqlite(), &fixture.meta().secrets);
        let exports = Exports::new();
        exports.export(&database, "whole", &[]).expect_code(0);
        let text = String::from_utf8(exports.read("whole")).expect("UTF-8");
        let manifest = exports.read("whole.manifest.json");
        for (what, change, class, proved) in CHANGES {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let at = lines.len() - 5;
            change(&mut lines, at);
            let changed = lines.join("\n") + "\n";
            assert_ne!(changed, text, "{name}: {what}");
            exports.write("a.csv", changed.as_bytes());

            // As a careless hand leaves it.
            exports.write("a.csv.manifest.json", &manifest);
            let output = exports.verify(&["a.csv"], secrets, &[]).expect_code(1);
            has_class(&output, class);
            has_class(&output, "manifest-mismatch");
            let keyless = exports.verify_keyless(&["a.csv"]).expect_code(1);
            has_class(&keyless, "manifest-mismatch");
            exports.verify_independently("a.csv", secrets).expect_code(1);

            // With a manifest that was made to fit.
            exports.refit("a.csv");
            let output = exports.verify(&["a.csv"], secrets, &[]);
            let has_state = name.starts_with("1.13");
            if proved == Proved::Always || has_state {
                assert!(
                    output.code == 1 || class == "prefix-cut" && output.code == 3,
                    "{name}: {what}: {output}"
                );
                // Frozen history has no beginning of its own: its signed number of rows says that one is missing.
                let is_frozen = class == "prefix-cut" && name.contains("upgraded");
                has_class(&output, if is_frozen { "removed" } else { class });
                assert!(
                    !classes(&output.json()).iter().any(|(class, _)| class == "manifest-mismatch"),
                    "{name}: {what}: {output}"
                );
                if class != "prefix-cut" || has_state {
                    exports.verify_independently("a.csv", secrets).expect_code(1);
                }
            } else {
                assert_eq!(output.code, 0, "before 1.8 nothing signs the end: {output}");
            }
        }
    }
}

/// Findings say which row, as the log itself would.
#[test]
fn a_finding_names_its_row() {
    let fixture = Fixture::by_name("1.13.0");
    let exports = Exports::new();
    exports.export(&fixture.sqlite(), "a.csv", &[]).expect_code(0);
    let text = String::from_utf8(exports.read("a.csv")).expect("UTF-8");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (seventh, id) = (lines.remove(7), lines[7].split(',').next().map(str::to_owned));
    assert!(!seventh.is_empty());
    exports.write("a.csv", (lines.join("\n") + "\n").as_bytes());
    exports.refit("a.csv");
    let report = exports.verify(&["a.csv"], &fixture.meta().secrets, &[]).expect_code(1).json();
    assert_eq!(classes(&report), [("removed".to_owned(), Some(7))], "{report:#}");
    let finding = &report["findings"][0];
    assert_eq!((finding["audit_id"].as_str(), finding["missing_rows"].as_u64()), (id.as_deref(), Some(1)));
    assert_eq!(finding["file"], exports.path("a.csv").to_str().expect("UTF-8"));
}

#[test]
fn filtered_exports_are_verified_row_by_row() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    let project = meta.projects.values().next().expect("a project").clone();
    let (email, _) = &meta.accounts["admin"];
    let all = meta.audit_rows();
    for (arguments, query) in [
        (vec!["--action", "auth.*"], "action LIKE 'auth.%'".to_owned()),
        (
            vec!["--action", "auth.login", "--action", "agent.token.minted"],
            "action IN ('auth.login', 'agent.token.minted')".into(),
        ),
        (vec!["--project", &project], format!("project_id = '{}'", project.replace('-', ""))),
        (vec!["--user", email], format!("user_id = (SELECT id FROM users WHERE email = '{email}')")),
        (vec!["--actor", "nobody at all"], "0".into()),
    ] {
        let expected = database.number(&format!("SELECT count(*) FROM audit_log WHERE {query}"));
        let exports = Exports::new();
        let report = exports.export(&database, "a.csv", &arguments).expect_code(0).json();
        assert_eq!(report["manifest"]["rows"]["total"], expected, "{arguments:?}");
        assert_eq!(report["manifest"]["contiguous"], false);
        assert!(expected.unsigned_abs() < all, "{arguments:?}");
        let verified = exports.verify(&["a.csv"], &meta.secrets, &[]).expect_code(0).json();
        assert_eq!(verified["rows"]["verified"], expected, "{verified:#}");
        exports.verify_keyless(&["a.csv"]).expect_code(0);
        exports.verify_independently("a.csv", &meta.secrets).expect_code(0);
        if expected < 4 {
            continue;
        }
        let text = String::from_utf8(exports.read("a.csv")).expect("UTF-8");
        for (change, class) in [
            ((|lines, at| edit_cell(lines, at, 4, |_| "auth.changed".to_owned())) as Change, "edited"),
            (|lines, at| lines.swap(at, at + 1), "reordered"),
            (|lines, at| lines.insert(at, lines[at].clone()), "duplicated"),
        ] {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            change(&mut lines, 2);
            exports.write("a.csv", (lines.join("\n") + "\n").as_bytes());
            exports.refit("a.csv");
            has_class(&exports.verify(&["a.csv"], &meta.secrets, &[]).expect_code(1), class);
        }
    }
    let exports = Exports::new();
    for unknown in [["--project", "no-such"], ["--user", "nobody@example.com"]] {
        assert_eq!(exports.export(&database, "a.csv", &unknown).code, 2, "{unknown:?}");
    }
    assert_eq!(exports.names(), [""; 0]);
}
