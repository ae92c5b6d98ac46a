//! What each class of finding means, and what an operator does about it. Evidence comes first: whatever is run afterwards
//! may change what there is to see.

use super::report::Step;
use crate::audit::finding::{Certainty, Class, Finding};

/// What a finding means.
pub(super) fn meaning(finding: &Finding) -> &'static str {
    let undecided = finding.certainty == Certainty::Undecided;
    match finding.class {
        Class::Edited => {
            "A row was changed after the brain had signed it, by somebody who can write the database and does not have the \
             secret. The rows around it are as they were."
        }
        Class::Removed => {
            "Rows were deleted between two intact ones. What they held is only in copies: backups, exports, the audit webhook."
        }
        Class::Inserted => {
            "A row was written into the table that no brain signed into the chain. What it says did not happen that way."
        }
        Class::Reordered => {
            "A row says another time than the one at which it was written: the chain puts it elsewhere. Its time, or its \
             neighbours' times, were changed."
        }
        Class::Forked => {
            "Two signed rows continue the same one: two writers did not see each other (1.0 could do that by itself), or \
             somebody with the secret wrote a second history."
        }
        Class::Duplicated => "A row is there twice. A copy was inserted under another id or time.",
        Class::Unsigned => {
            "A row has no HMAC although this release signs every row: it was inserted by hand, or its HMAC was deleted."
        }
        Class::Malformed if undecided => {
            "A column holds what cannot be read, so nobody can say what was signed. No brain writes that."
        }
        Class::Malformed => "The HMAC of a row is none. No brain writes that: it was overwritten.",
        Class::TailCut if undecided => {
            "The log is empty although a brain has served this database. Nothing in it tells an emptied log from a new one."
        }
        Class::TailCut => {
            "The newest rows are missing: they were deleted, or an older copy of the table was put back. What happened last is \
             no longer told."
        }
        Class::PrefixCut if undecided => {
            "The oldest rows are missing. Retention may have removed them; this release leaves no record that would prove it."
        }
        Class::PrefixCut => "The oldest rows are missing, and retention cannot have removed them.",
        Class::PrunedBoundaryInvalid => {
            "The record of where retention stopped does not fit the first row: more was removed than retention did, or the \
             record was changed."
        }
        Class::StateForged => {
            "The signed record of the end and the length of the log does not hold: somebody without the key changed it, most \
             likely to hide that rows are missing."
        }
        Class::StateMismatch => {
            "The signed record holds, and the log is not what it says: rows were added or removed behind the brain's back."
        }
        Class::TallyMismatch => {
            "PostgreSQL counted other numbers of rows than there are: rows were written or removed while its triggers were off."
        }
        Class::GuardsMissing => {
            "Triggers, indexes or constraints that keep z4j's own sessions from changing the log were dropped or changed. It \
             takes the owner of the tables to do that, and it is what comes before an edit."
        }
        Class::UnknownKey => {
            "Rows are signed under a key that is not configured here: an older key that was rotated out, or not one of this \
             brain."
        }
        Class::WrongKey => {
            "No row verifies. Almost always the secret is not that of this database; only then: every row was replaced."
        }
        Class::ManifestMismatch => "The export is not what its manifest says.",
        Class::SignatureInvalid => "The signature is not that of somebody who is trusted, over these bytes.",
        Class::BundleMismatch => "A part of the bundle is not what its signed statement says.",
        Class::RolledBack => {
            "The whole log is an older state of itself: a backup was restored, or the newest rows were cut with all records."
        }
        Class::ReSigned => {
            "Rows differ from what was anchored and verify all the same: whoever changed them has the secret that signs the \
             log. Take it for stolen."
        }
        Class::AnchorInvalid => {
            "An anchor is damaged, missing or signed by somebody who is not trusted: the anchors themselves cannot be believed \
             as they are."
        }
    }
}

/// What is known where the steps are chosen.
pub(super) struct Situation<'s> {
    pub(super) is_postgres: bool,
    /// The database as a shell word, without password.
    pub(super) database: String,
    /// What every command of z4jctl ends with.
    pub(super) flags: &'s [String],
    /// Whether a copy was given.
    pub(super) has_copy: bool,
    /// Whether rows name their key: 1.8 and later.
    pub(super) has_audit_key: bool,
    /// Sessions that were live in the window.
    pub(super) sessions: usize,
}

/// What to do next, evidence first.
pub(super) fn next(finding: &Finding, situation: &Situation<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut step = |why: &'static str, command: &str| {
        let flags = if command.starts_with("z4jctl ") { situation.flags } else { &[] };
        let words = [&[command.to_owned()], flags].concat();
        steps.push(Step { why, command: (!command.is_empty()).then(|| words.join(" ")) });
    };
    let class = finding.class;
    if class == Class::WrongKey {
        step("see which secrets are used and where they come from", "z4jctl config show");
        step(
            "see which stored values depend on which secret, and whether this one fits",
            "z4jctl secrets check",
        );
    }
    if class == Class::UnknownKey {
        step(
            "see which keys rows name and which are configured",
            if situation.has_audit_key { "z4jctl audit keys list" } else { "z4jctl config show" },
        );
        step("give the older secrets, then verify again", "z4jctl audit verify --secret-file FILE");
    }
    evidence(situation, &mut step);
    if let Some(row) = finding.row {
        step("see what the row holds and what was signed", &format!("z4jctl audit show {row}"));
    }
    if !situation.has_copy {
        step("see what it was before, in a backup or an export", "z4jctl audit diff --against COPY");
    }
    match class {
        Class::Removed
        | Class::TailCut
        | Class::PrefixCut
        | Class::RolledBack
        | Class::PrunedBoundaryInvalid => {
            step(
                "see whether exports that were kept hold what is missing",
                "z4jctl audit verify-export FILE --live",
            );
            step(
                "see whether a head that was kept elsewhere agrees",
                "z4jctl audit verify --known-head FILE",
            );
        }
        Class::AnchorInvalid => {
            step(
                "name the keys that you trust, from elsewhere",
                "z4jctl audit verify --anchors DIR --trust FILE",
            );
        }
        _ => {}
    }
    if !matches!(class, Class::AnchorInvalid | Class::ReSigned | Class::RolledBack) {
        step(
            "see whether the history was signed again, with anchors that were kept",
            "z4jctl audit verify --anchors DIR",
        );
    }
    if matches!(class, Class::WrongKey | Class::UnknownKey | Class::AnchorInvalid) {
        return steps;
    }
    if matches!(class, Class::ReSigned | Class::Forked) {
        step(
            "the secret may be stolen: see what a rotation of it would break",
            "z4jctl secrets plan-rotation",
        );
        if situation.has_audit_key {
            step("and sign with another audit key from now on", "z4jctl audit keys rotate");
        }
    }
    if situation.is_postgres {
        step(
            "whoever did this can write the tables: look at roles, their passwords and the server's log",
            "",
        );
    } else {
        step(
            "whoever did this can write the file: look at accounts on the machine, backups, container mounts",
            "",
        );
    }
    step("see who may administer the brain", "z4jctl user list");
    if situation.sessions > 0 {
        step("end sessions that you cannot explain", "z4jctl session revoke USER --session ID");
    }
    steps
}

fn evidence(situation: &Situation<'_>, step: &mut impl FnMut(&'static str, &str)) {
    if situation.is_postgres {
        let dump = format!("pg_dump -Fc -f z4j-evidence.dump {}", situation.database);
        step("keep the evidence before anything else: the whole database", &dump);
    } else {
        let copy = format!("cp -p {}* EVIDENCE-DIR", situation.database);
        step(
            "keep the evidence before anything else, with the brain stopped: the file, its -wal and its -journal",
            &copy,
        );
    }
    step(
        "and the log by itself, with its digests",
        "z4jctl audit export --format jsonl --zstd z4j-evidence.jsonl.zst",
    );
}
