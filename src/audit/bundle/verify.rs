//! `audit verify-bundle`: does a bundle hold, by nothing but itself and the keys that somebody trusts?

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::file::{Bundle, Row};
use super::report::{RowReport, StatementReport, VerifyBundleReport};
use super::statement::Statement;
use crate::audit::anchor::place::leaf_of;
use crate::audit::finding::{Class, Finding};
use crate::error::{Error, ExitCode, Result};
use crate::format::checkpoint::Lines;
use crate::format::merkle::{TreeHead, is_consistent, leaf_hash, root_of_inclusion};
use crate::format::note::{Note, Signed, VerifierKey};
use crate::format::{Digest, Id};
use crate::signing::detached::{Purpose, Signer, verify as verify_signature};

/// No checkpoint is larger, bytes.
const MAX_CHECKPOINT: u64 = 1 << 20;

/// What to verify and how.
#[derive(Debug, Clone)]
pub struct VerifyBundleOptions {
    /// The bundle.
    pub file: PathBuf,
    /// The keys that are trusted.
    pub trusted: Vec<VerifierKey>,
    /// An anchor that the log of the bundle must continue.
    pub checkpoint: Option<PathBuf>,
    /// How many findings to list; all are counted.
    pub max_findings: usize,
}

/// Verifies a bundle. Needs no database, no secret, no network.
///
/// # Errors
///
/// As [`Bundle::read`], and `Unreachable` when the checkpoint cannot be read.
pub fn verify_bundle(options: &VerifyBundleOptions) -> Result<VerifyBundleReport> {
    let bundle = Bundle::read(&options.file)?;
    let note = options.checkpoint.as_deref().map(read_note).transpose()?;
    let Judged { statement, signature, signer, checkpoint, rows, mut findings, notes } =
        judge(&bundle, &options.trusted, note.as_ref());
    let mut exit = findings.iter().map(Finding::exit_code).fold(ExitCode::Done, ExitCode::strongest);
    let is_doubtful = |row: &RowReport| !matches!(row.verdict.as_str(), "verified" | "frozen");
    if statement.as_ref().is_some_and(|statement| statement.unverified.is_some())
        || rows.iter().any(is_doubtful)
    {
        exit = exit.strongest(ExitCode::Incomplete);
    }
    let mut finding_counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for finding in &findings {
        *finding_counts.entry(finding.class.name()).or_default() += 1;
    }
    let not_listed = findings.len().saturating_sub(options.max_findings);
    findings.truncate(options.max_findings);
    Ok(VerifyBundleReport {
        schema: "z4jctl.audit.verify-bundle/1",
        ok: exit == ExitCode::Done,
        exit_code: exit.code(),
        file: options.file.display().to_string(),
        statement: statement.as_ref().map(StatementReport::of),
        signature,
        signer,
        checkpoint,
        rows,
        finding_counts,
        findings,
        findings_not_listed: u64::try_from(not_listed).unwrap_or(0),
        notes,
        z4jctl: env!("CARGO_PKG_VERSION"),
    })
}

/// What a bundle is worth.
pub(super) struct Judged {
    pub(super) statement: Option<Statement>,
    signature: &'static str,
    pub(super) signer: Option<Signer>,
    checkpoint: Option<&'static str>,
    rows: Vec<RowReport>,
    pub(super) findings: Vec<Finding>,
    notes: Vec<String>,
}

/// Judges a bundle: its signature, its statement, every row, the anchor that it continues.
pub(super) fn judge(bundle: &Bundle, trusted: &[VerifierKey], checkpoint: Option<&Note>) -> Judged {
    let mut findings = Vec::new();
    let mut notes = Vec::new();
    let (signature, signer) = judge_signature(bundle, trusted, &mut findings);
    let statement = match Statement::parse(&bundle.statement) {
        Ok(statement) => Some(statement),
        Err(reason) => {
            findings.push(mismatch(format!("the statement cannot be read: {reason}")));
            None
        }
    };
    let mut rows = Vec::new();
    let mut tie = None;
    if let Some(statement) = &statement {
        judge_number(bundle, statement, &mut findings);
        let mut last = None;
        for (at, row) in bundle.rows.iter().enumerate() {
            let wrong = judge_row(row, at as u64, last, statement);
            rows.push(row_report(row, wrong.is_empty()));
            findings.extend(wrong.into_iter().map(|what| about(row, what)));
            last = Some(row.index);
        }
        let continues = judge_anchor(bundle, statement, &mut findings);
        tie = checkpoint.map(|note| judge_checkpoint(note, statement, continues, trusted, &mut findings));
        if let Some(code) = statement.unverified {
            notes.push(format!(
                "the log did not verify when this was made (exit code {code}); each row has its own verdict"
            ));
        }
        if tie.is_none() {
            notes.push(
                "that these were the rows of the log is the word of whoever signed; an anchor from another time says more (--checkpoint)"
                    .into(),
            );
        }
    }
    Judged { statement, signature, signer, checkpoint: tie, rows, findings, notes }
}

fn mismatch(message: impl Into<String>) -> Finding {
    Finding::new(Class::BundleMismatch, message)
}

/// A finding about a row.
fn about(row: &Row, message: String) -> Finding {
    Finding {
        row: Some(row.index.saturating_add(1)),
        audit_id: row.text("id").and_then(|id| Id::parse(id.as_bytes())),
        ..mismatch(message)
    }
}

fn row_report(row: &Row, ok: bool) -> RowReport {
    let text = |name: &str| row.text(name).map(str::to_owned);
    RowReport {
        ok,
        row: row.index.saturating_add(1),
        audit_id: text("id"),
        occurred_at: text("occurred_at"),
        action: text("action"),
        verdict: row.verdict.clone(),
        redacted: row.redacted(),
    }
}

fn judge_signature(
    bundle: &Bundle,
    trusted: &[VerifierKey],
    findings: &mut Vec<Finding>,
) -> (&'static str, Option<Signer>) {
    match verify_signature(&bundle.signature, Purpose::Bundle, bundle.statement.as_bytes(), trusted) {
        Ok(signer) if signer.trusted => ("trusted", Some(signer)),
        Ok(signer) => {
            let message = format!("the statement is signed by {}, whom nobody trusts here", signer.display());
            findings.push(Finding::new(Class::SignatureInvalid, message).undecided());
            ("not-trusted", Some(signer))
        }
        Err(reason) => {
            let message = format!("the signature of the statement is not good: {reason}");
            findings.push(Finding::new(Class::SignatureInvalid, message));
            ("invalid", None)
        }
    }
}

fn judge_number(bundle: &Bundle, statement: &Statement, findings: &mut Vec<Finding>) {
    let count = bundle.rows.len() as u64;
    if count != statement.rows {
        let what = if count < statement.rows { "are missing" } else { "were added" };
        findings.push(mismatch(format!(
            "rows {what}: there are {count}, and the statement signs {}",
            statement.rows
        )));
    }
}

/// What is wrong with a row, in sentence fragments. `at` is its place in the bundle.
fn judge_row(row: &Row, at: u64, last: Option<u64>, statement: &Statement) -> Vec<String> {
    let mut wrong: Vec<String> = row.fields.iter().filter_map(|field| field.check().err()).collect();
    if !row.fields.iter().map(|field| &field.name).eq(&statement.columns) {
        wrong.push("its columns are not those of the statement".into());
    }
    if last.is_some_and(|last| last >= row.index) {
        wrong.push("it does not come after the row before it".into());
    }
    let leaf = leaf_hash(&row.digest().0);
    if root_of_inclusion(leaf, at, statement.rows, &row.membership) != Some(statement.commitments) {
        wrong.push(
            "its content is not what was signed: it does not lead to the root of the commitments".into(),
        );
    }
    match row.field("row_hmac").filter(|field| field.salt.is_some()) {
        None => wrong.push("its row_hmac is not there, so nothing ties it to the log".into()),
        Some(field) => {
            let leaf = leaf_of(field.text().and_then(|mac| Digest::parse(mac.as_bytes())));
            let TreeHead { size, root } = statement.tree;
            if root_of_inclusion(leaf, row.index, size, &row.inclusion) != Some(root) {
                wrong.push("its inclusion proof does not lead to the root of the checkpoint".into());
            }
        }
    }
    wrong
}

/// The anchor that the tree is proved to continue.
fn judge_anchor(bundle: &Bundle, statement: &Statement, findings: &mut Vec<Finding>) -> Option<TreeHead> {
    match (&statement.anchor, &bundle.consistency) {
        (Some(anchor), Some(proof)) if is_consistent(anchor.tree, statement.tree, proof) => {
            return Some(anchor.tree);
        }
        (None, None) => {}
        (Some(anchor), _) => findings.push(mismatch(format!(
            "nothing proves that the log continues anchor {} of {} rows, as the statement says",
            anchor.sequence, anchor.tree.size
        ))),
        (None, Some(_)) => {
            findings.push(mismatch("there is a consistency proof, and the statement names no anchor"));
        }
    }
    None
}

/// Lays an anchor that somebody else kept beside the statement.
fn judge_checkpoint(
    note: &Note,
    statement: &Statement,
    continues: Option<TreeHead>,
    trusted: &[VerifierKey],
    findings: &mut Vec<Finding>,
) -> &'static str {
    let mut invalid = |message: String, undecided: bool| {
        let finding = Finding::new(Class::AnchorInvalid, message);
        findings.push(if undecided { finding.undecided() } else { finding });
        "not-proved"
    };
    match note.verify(trusted) {
        Signed::By(_) => {}
        Signed::Wrong(who) => {
            return invalid(
                format!("the signature of {who} under the checkpoint does not match: it was changed"),
                false,
            );
        }
        Signed::Unknown(who) => {
            return invalid(
                format!("the checkpoint is signed by {}, whom nobody trusts here", who.join(", ")),
                true,
            );
        }
    }
    let Lines { origin, tree, .. } = match Lines::parse(&note.text) {
        Ok(lines) => lines,
        Err(reason) => return invalid(format!("it is not a checkpoint: {reason}"), false),
    };
    if origin != statement.origin {
        return invalid(
            format!("the checkpoint is of another log: of {origin}, the bundle of {}", statement.origin),
            true,
        );
    }
    if tree == statement.tree {
        return "same";
    }
    if continues == Some(tree) {
        return "continued";
    }
    let own = [Some(statement.tree), statement.anchor.map(|anchor| anchor.tree)];
    if own.into_iter().flatten().any(|own| own.size == tree.size) {
        return invalid(
            format!(
                "the checkpoint has another root over the same {} rows: the log was rewritten",
                tree.size
            ),
            false,
        );
    }
    invalid(
        format!(
            "the bundle proves nothing about a checkpoint of {} rows: {}",
            tree.size,
            match statement.anchor {
                Some(anchor) =>
                    format!("it is tied to anchor {} of {} rows", anchor.sequence, anchor.tree.size),
                None => "it was made without --anchors".into(),
            }
        ),
        true,
    )
}

fn read_note(path: &Path) -> Result<Note> {
    let fail = |reason: String| {
        Error::unreachable(
            "bundle.checkpoint",
            format!("cannot read the checkpoint {}: {reason}", path.display()),
        )
        .hint("give a file NNNNNNNNNN-<rows>.checkpoint of `z4jctl audit anchor`")
    };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_CHECKPOINT).read_to_string(&mut text))
        .map_err(|error| fail(error.to_string()))?;
    Note::parse(&text).ok_or_else(|| fail("it is not a signed note".into()))
}
