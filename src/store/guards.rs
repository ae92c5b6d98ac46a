//! The guards around the audit log: triggers, functions, indexes and constraints that z4j installs, and how to
//! see that one was dropped, disabled or changed (schema, section 7).
//!
//! The texts of triggers and functions are compared by SHA-256 with white space folded.

use ring::digest::{SHA256, digest};

use super::generation::{Detection, Family, Generation};
use crate::format::mac::Digest;

/// A guard as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundGuard {
    /// Its name.
    pub name: String,
    /// The text of the trigger (SQLite) or of the function that it calls (PostgreSQL); of an index what it is on
    /// and when, of a constraint its definition.
    pub body: Option<String>,
    /// PostgreSQL's `tgenabled`: `O` enabled, `A` always, `R` replica, `D` disabled. `O` on SQLite.
    pub enabled: char,
    /// PostgreSQL's `tgtype`: row or statement, before or after, of which events. 0 on SQLite.
    pub kind: i16,
}

/// A guard as it must be.
struct Expected {
    name: &'static str,
    /// SHA-256 of the texts that z4j and z4jctl install; empty: only its presence can be judged.
    bodies: &'static [&'static str],
    enabled: char,
    kind: i16,
}

const fn trigger(name: &'static str, bodies: &'static [&'static str], enabled: char, kind: i16) -> Expected {
    Expected { name, bodies, enabled, kind }
}

const fn definition(name: &'static str, bodies: &'static [&'static str]) -> Expected {
    Expected { name, bodies, enabled: 'O', kind: 0 }
}

/// The three triggers on `audit_log` and two on `audit_chain_state`, the same from 1.8.0 to 1.13.0.
const SQLITE_ACTIVE: &[Expected] = &[
    trigger(
        "audit_log_boundary_f_no_insert",
        &["ccb56c6515a9a301d67eea51b855391ef7c2a067137501e903134d346eb1762f"],
        'O',
        0,
    ),
    trigger(
        "audit_log_boundary_f_no_update",
        &["01d6c12d4174d4194dd9eaf0270fe1e8a461c4f4911e0a89901ead307aaedda5"],
        'O',
        0,
    ),
    trigger(
        "audit_log_boundary_f_no_delete",
        &["10062644ff0d4a7a07a3b12ed7e489cde3cc53c15c441524986e2ee31a35142c"],
        'O',
        0,
    ),
    trigger(
        "audit_chain_state_boundary_f_no_update",
        &["67a98429ae83aa7d091fd209493134d8b44d2cb6a96c17fe27db3dcd96b68aa6"],
        'O',
        0,
    ),
    trigger(
        "audit_chain_state_boundary_f_no_delete",
        &["56580ea5d28f2f094d70f64e4e7c26b415ac72934a73403aec790e11e6596629"],
        'O',
        0,
    ),
];

/// Of 1.3 to 1.7, and the one that `z4jctl init` writes: it does the same in its own words.
const FORBID_MUTATION_BASELINE: &[&str] = &[
    "cb5a6edf8189d6cfa33e633e2c90498326fb6bfd7abce1bf5fceaf8d37b096d6",
    "9b9c67141fe555acf5b21f3051cf1fb24e04eb37f4a78bfb729fc11af9c9050c",
];
const FORBID_MUTATION_ACTIVE: &[&str] = &["2bfc0c3020930b255404711a84bea6e06c3890e17514fc684cd5c6046f582cf0"];
const FORBID_STATE_MUTATION: &[&str] = &["acc6c341b8aa45c01385a8fc3f207ca810d10739496c6fc840306d50981ad0b8"];
const TALLY_ROWS: &[&str] = &["04f9c23d251e5fcacfa52a10d01af1dfe135b9f023f6c5f37faa3ce2207bcb56"];
const PROTECT_TALLY: &[&str] = &["d683f8b3b6170fd6b6fa8fc2b2d595b6dcdc67eafd71c7ce6e9d9c93a062e49d"];

/// Early line and parked upgrades: the function differs from release to release, presence is judged.
const POSTGRES_PRESENT: &[Expected] =
    &[trigger("audit_log_no_update", &[], 'O', 19), trigger("audit_log_no_delete", &[], 'O', 11)];

const POSTGRES_BASELINE: &[Expected] = &[
    trigger("audit_log_no_update", FORBID_MUTATION_BASELINE, 'O', 19),
    trigger("audit_log_no_delete", FORBID_MUTATION_BASELINE, 'O', 11),
];

const POSTGRES_ACTIVE: &[Expected] = &[
    trigger("audit_log_no_update", FORBID_MUTATION_ACTIVE, 'O', 19),
    trigger("audit_log_no_delete", FORBID_MUTATION_ACTIVE, 'O', 11),
    trigger("audit_chain_state_no_update", FORBID_STATE_MUTATION, 'O', 27),
];

const POSTGRES_TALLY: &[Expected] = &[
    trigger("audit_log_tally_rows", TALLY_ROWS, 'A', 29),
    trigger("audit_log_tally_truncate", TALLY_ROWS, 'A', 32),
    trigger("audit_chain_state_protect_tally", PROTECT_TALLY, 'A', 23),
];

/// The unique index that makes a fork impossible; from 1.1 (revision 0012) on.
const LINK_INDEX_NAME: &str = "ux_audit_log_prev_row_hmac";
const SQLITE_LINK_INDEX: Expected =
    definition(LINK_INDEX_NAME, &["36ed4b238d0653b4b918e51928560cedbb82bd61d043931eebf6ef9d3a447013"]);
const SQLITE_LINK_INDEX_ACTIVE: Expected =
    definition(LINK_INDEX_NAME, &["e891a46a71afe7e95c284b93fa9730fe423c4c53b86decd6fa3d2f0e75e23894"]);
const POSTGRES_LINK_INDEX: Expected =
    definition(LINK_INDEX_NAME, &["bf135698d6c4874cfe2dd0bd0a819f121a50ca845722483ef4f3474cd029894e"]);
const POSTGRES_LINK_INDEX_ACTIVE: Expected =
    definition(LINK_INDEX_NAME, &["70b3b145d3438f423b96b444cc08cadbe47ef17bb9efd38bc7f1d3e01062fe9b"]);

/// The CHECK that pins the marker columns; from 1.8 on.
pub const MARKER_CHECK_NAME: &str = "ck_audit_log_ck_audit_log_boundary_f_markers";
const SQLITE_MARKER_CHECK: Expected =
    definition(MARKER_CHECK_NAME, &["e5555da55cbcf7743c9a48d51d36943d2c3e2e2849a7558932f4c1f12b7a080e"]);
/// As PostgreSQL prints what z4j writes, and what it prints once that was dumped and restored.
const POSTGRES_MARKER_CHECK: Expected = definition(
    MARKER_CHECK_NAME,
    &[
        "294422a8c0c63421cb0ef0dc8655b342071046f5dad3070ba4142eff89db435c",
        "64ec15ebe5041751092c83237de52bc9f8978d135c3d539aa1aeff45170dc8d4",
    ],
);

/// Revisions of the early line from which the unique index exists.
const EARLY_WITH_INDEX: &[&str] = &["2026_04_28_0012_audit_unique", "2026_04_29_0013_agent_workers"];

/// What is wrong with the guards, one sentence each; empty when they are as z4j installs them.
pub fn judge(detection: &Detection, postgres: bool, found: &[FoundGuard]) -> Vec<String> {
    let generation = detection.generation;
    let mut expected: Vec<&Expected> = Vec::new();
    match (postgres, generation.family()) {
        (false, Family::Early | Family::Baseline) => {}
        (false, Family::Active) => expected.extend(SQLITE_ACTIVE),
        (true, Family::Early) => expected.extend(POSTGRES_PRESENT),
        (true, Family::Baseline) if generation == Generation::P => expected.extend(POSTGRES_PRESENT),
        (true, Family::Baseline) => expected.extend(POSTGRES_BASELINE),
        (true, Family::Active) => {
            expected.extend(POSTGRES_ACTIVE);
            if detection.has_tally {
                expected.extend(POSTGRES_TALLY);
            }
        }
    }
    if generation != Generation::A || EARLY_WITH_INDEX.contains(&detection.revision.as_str()) {
        expected.push(match (postgres, generation.family()) {
            (false, Family::Active) => &SQLITE_LINK_INDEX_ACTIVE,
            (false, _) => &SQLITE_LINK_INDEX,
            (true, Family::Active) => &POSTGRES_LINK_INDEX_ACTIVE,
            (true, _) => &POSTGRES_LINK_INDEX,
        });
    }
    if generation.family() == Family::Active {
        expected.push(if postgres { &POSTGRES_MARKER_CHECK } else { &SQLITE_MARKER_CHECK });
    }
    expected.into_iter().filter_map(|expected| problem(expected, found)).collect()
}

fn problem(expected: &Expected, found: &[FoundGuard]) -> Option<String> {
    let name = expected.name;
    let what = match name {
        _ if name.starts_with("ux_") => "unique index",
        _ if name.starts_with("ck_") => "check constraint",
        _ => "trigger",
    };
    let Some(guard) = found.iter().find(|guard| guard.name == name) else {
        return Some(format!("{what} {name} is missing"));
    };
    if guard.enabled == 'D' {
        return Some(format!("{what} {name} is disabled"));
    }
    if guard.enabled != expected.enabled {
        return Some(format!("{what} {name} does not fire always (tgenabled is {:?})", guard.enabled));
    }
    if guard.kind != expected.kind {
        return Some(format!("{what} {name} fires on other events than it should"));
    }
    let body = guard.body.as_deref().map(fingerprint);
    let known =
        expected.bodies.is_empty() || body.is_some_and(|body| expected.bodies.contains(&body.as_str()));
    (!known).then(|| format!("{what} {name} was changed"))
}

/// The text of a named CHECK constraint within the text of a table (SQLite). Nothing when a comment could pretend to
/// be one: z4j writes none.
pub fn check_in_table<'t>(table: &'t str, name: &str) -> Option<&'t str> {
    if table.contains("--") || table.contains("/*") {
        return None;
    }
    let text = &table[table.find(name)?..];
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth <= 1 => return Some(&text[..=at]),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// SHA-256 of a text with white space folded, 64 hexadecimal digits.
pub fn fingerprint(text: &str) -> String {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, folded.as_bytes()).as_ref());
    Digest(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_of_a_fresh_database_is_known() {
        const SCHEMA: &str = include_str!("../../migrations/postgres/0001_brain_1_7_0.sql");
        let (_, rest) = SCHEMA.split_once("CREATE FUNCTION audit_log_forbid_mutation()").unwrap();
        let body = rest.split("$function$").nth(1).unwrap();
        let found = fingerprint(body);
        assert!(
            FORBID_MUTATION_BASELINE.contains(&found.as_str()),
            "put {found} into FORBID_MUTATION_BASELINE"
        );
    }
}
