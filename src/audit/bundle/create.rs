//! `audit bundle`: verify the log, take rows and proofs out of it, commit, sign, write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::commit::{self, Salt};
use super::file::{Bundle, Field, MAX_ROWS, Member, Row, SCHEMA};
use super::gather::{Evidence, Picked, Selection, Value};
use super::redact::Redaction;
use super::report::{BundleReport, StatementReport};
use super::statement::{Anchor, Statement};
use super::verify::judge;
use crate::audit::anchor::place::AnchorLog;
use crate::audit::anchor::write::origin_of;
use crate::audit::export::filter::Filter;
use crate::audit::export::manifest::family_name;
use crate::audit::export::resolve;
use crate::audit::finding::Finding;
use crate::audit::keys::Keys;
use crate::audit::show::{RowChoice, no_such_row};
use crate::audit::verify::{AnchorCheck, Progress, VerifyOptions, Whole, verify_whole};
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, ExitCode, Result};
use crate::format::Digest;
use crate::format::checkpoint::{Head, is_origin};
use crate::format::merkle::{Tree, TreeHead, leaf_hash};
use crate::format::note::{SigningKey, VerifierKey};
use crate::signing::detached::{Purpose, Signer};
use crate::store::Store;
use crate::whole_file::PendingFile;

/// What to put into a bundle, and how.
#[derive(Debug, Clone)]
pub struct BundleOptions {
    /// How to verify the log; its `anchors` and `evidence` are not looked at.
    pub verify: VerifyOptions,
    /// Rows by position or id.
    pub rows: Vec<RowChoice>,
    /// Rows by what they are.
    pub filter: Option<Filter>,
    /// Slugs of projects, to be looked up; added to the filter's.
    pub projects: Vec<String>,
    /// E-mail addresses of users, to be looked up; added to the filter's.
    pub users: Vec<String>,
    /// A directory of anchors that the log must continue, and the keys that are trusted there.
    pub anchors: Option<(PathBuf, Vec<VerifierKey>)>,
    /// The log's name; that of the anchors, or one made of its first row, when none is given.
    pub origin: Option<String>,
    /// Make a bundle of a log that does not verify; the statement says so.
    pub unverified: bool,
    /// What is left out.
    pub redaction: Redaction,
    /// The file to write.
    pub out: PathBuf,
    /// Whether a file that exists is replaced.
    pub overwrite: bool,
}

/// Makes a bundle of rows of a database.
///
/// # Errors
///
/// `Usage` for a row that the log does not have and for an empty selection, `Refused` when the log does not verify or a row
/// cannot be read. A log that is not the continuation of its anchors is no error: the report holds the findings, and
/// nothing is written.
pub fn create(
    context: &Context,
    database: &Database,
    keys: &Keys,
    key: &SigningKey,
    mut options: BundleOptions,
    progress: &dyn Progress,
) -> Result<BundleReport> {
    if let Some(origin) = options.origin.as_deref().filter(|origin| !is_origin(origin)) {
        return Err(Error::usage(
            "usage.origin",
            format!("--origin {origin:?}: expected a name without spaces and plus signs"),
        ));
    }
    let pending = PendingFile::create(&options.out, options.overwrite)?;
    let anchors =
        options.anchors.as_ref().map(|(directory, trusted)| read_anchors(directory, trusted)).transpose()?;
    if let (Some(origin), Some(newest)) = (&options.origin, anchors.as_ref().and_then(|log| log.newest()))
        && *origin != newest.origin
    {
        return Err(Error::usage(
            "usage.origin",
            format!("--origin {origin}: the anchors are of {}", newest.origin),
        ));
    }
    let selection = Arc::new(select(context, database, &options)?);
    options.verify.anchors = anchors.clone().map(|log| AnchorCheck { log, timestamps: None, collect: false });
    options.verify.evidence = Some(Arc::clone(&selection));
    let whole = verify_whole(context, database, keys, &options.verify, progress, None)?;
    let mut report = BundleReport {
        schema: "z4jctl.audit.bundle-report/1",
        ok: true,
        exit_code: 0,
        source: whole.report.database.clone(),
        file: options.out.display().to_string(),
        written: false,
        statement: None,
        signer: Some(Signer::of(&key.public(), &[key.verifier()])),
        redacted: BTreeMap::new(),
        findings: Vec::new(),
        notes: Vec::new(),
    };
    if whole.report.anchors.as_ref().is_some_and(|anchors| anchors.verdict != "consistent") {
        refuse_findings(&mut report, whole.report.findings);
        return Ok(report);
    }
    let code = whole.report.exit();
    let unverified = (code != ExitCode::Done).then_some(code.code());
    if unverified.is_some() && !options.unverified {
        return Err(Error::refused("bundle.not-verified", "the audit log does not verify; nothing was written")
            .hint("run `z4jctl audit verify`; --unverified bundles its rows all the same, and says so in the statement"));
    }
    let statement = base_statement(context, &whole, unverified, anchors.as_deref());
    let Whole { comparison, evidence, .. } = whole;
    let mut evidence = evidence.ok_or_else(|| Error::bug("the walk gathered nothing"))?;
    check(&evidence, &selection)?;
    let tree = evidence.tree(comparison.as_ref());
    let mut bundle = assemble(context, key, &options, statement, evidence, tree)?;
    for row in &mut bundle.rows {
        options.redaction.apply(row, &mut report.redacted);
    }
    bundle.write(&pending, &options.out)?;
    pending.publish()?;
    report.statement = Statement::parse(&bundle.statement).ok().as_ref().map(StatementReport::of);
    report.written = true;
    if let Some(code) = unverified {
        report.notes.push(format!("the log does not verify (exit code {code}); the statement says so"));
    }
    note_identities(&options.redaction, &mut report);
    Ok(report)
}

/// Leaves more out of a bundle, without the database and without the key that signed it.
///
/// # Errors
///
/// As [`Bundle::read`]; `Usage` when there is nothing to leave out. A bundle that does not hold is no error: the report has
/// the findings, and nothing is written.
pub fn redact(bundle: &Path, redaction: &Redaction, out: &Path, overwrite: bool) -> Result<BundleReport> {
    if redaction.is_empty() {
        return Err(Error::usage(
            "usage.redact",
            "--from with --include-identities and without --redact changes nothing",
        ));
    }
    let pending = PendingFile::create(out, overwrite)?;
    let mut read = Bundle::read(bundle)?;
    let judged = judge(&read, &[], None);
    let mut report = BundleReport {
        schema: "z4jctl.audit.bundle-report/1",
        ok: true,
        exit_code: 0,
        source: bundle.display().to_string(),
        file: out.display().to_string(),
        written: false,
        statement: judged.statement.as_ref().map(StatementReport::of),
        signer: judged.signer,
        redacted: BTreeMap::new(),
        findings: Vec::new(),
        notes: Vec::new(),
    };
    // Whom the signature is of is a question for whoever gets the bundle.
    let broken = judged.findings.into_iter().filter(|finding| finding.exit_code() == ExitCode::Finding);
    let broken: Vec<Finding> = broken.collect();
    if !broken.is_empty() {
        refuse_findings(&mut report, broken);
        return Ok(report);
    }
    for row in &mut read.rows {
        redaction.apply(row, &mut report.redacted);
    }
    if report.redacted.is_empty() {
        report.notes.push("there was nothing left to leave out".into());
    }
    read.write(&pending, out)?;
    pending.publish()?;
    report.written = true;
    note_identities(redaction, &mut report);
    Ok(report)
}

fn refuse_findings(report: &mut BundleReport, findings: Vec<Finding>) {
    let exit = findings.iter().map(Finding::exit_code).fold(ExitCode::Done, ExitCode::strongest);
    (report.ok, report.exit_code, report.findings) = (false, exit.code(), findings);
}

fn note_identities(redaction: &Redaction, report: &mut BundleReport) {
    let hidden = ["source_ip", "user_agent", "metadata", "target_id"];
    if redaction.hides_identities() && hidden.iter().any(|name| report.redacted.contains_key(*name)) {
        report.notes.push(
            "e-mail and network addresses were left out, with all metadata; --include-identities keeps them, and --redact picks"
                .into(),
        );
    }
}

fn read_anchors(directory: &Path, trusted: &[VerifierKey]) -> Result<Arc<AnchorLog>> {
    let log = AnchorLog::read(directory, trusted)?;
    if log.newest().is_some() || log.problem.is_some() {
        return Ok(Arc::new(log));
    }
    Err(Error::usage("bundle.no-anchor", format!("there is no anchor in {}", directory.display()))
        .hint("make one with `z4jctl audit anchor --to DIR`, or leave --anchors out"))
}

fn select(context: &Context, database: &Database, options: &BundleOptions) -> Result<Selection> {
    let mut selection = Selection { filter: options.filter.clone(), ..Selection::default() };
    for choice in &options.rows {
        match choice {
            RowChoice::Position(position) => selection.positions.insert(*position),
            RowChoice::Id(id) => selection.ids.insert(*id),
        };
    }
    if let Some(filter) =
        selection.filter.as_mut().filter(|_| !(options.projects.is_empty() && options.users.is_empty()))
    {
        let mut store = Store::open(database, options.verify.open, &context.cancel)?;
        store.detect()?;
        *filter = resolve(&mut store, filter, &options.projects, &options.users)?;
    }
    Ok(selection)
}

/// Whether every row that was named is there, and can be in a bundle.
fn check(evidence: &Evidence, selection: &Selection) -> Result<()> {
    if let Some((position, error)) = &evidence.unreadable {
        return Err(Error::refused(
            "bundle.row-unreadable",
            format!("row {position} cannot be read: {error}"),
        )
        .hint("nobody can say what was signed in it; leave it out, `z4jctl audit export` has its raw form"));
    }
    if evidence.dropped > 0 {
        let total = evidence.dropped + MAX_ROWS as u64;
        return Err(Error::usage(
            "bundle.too-many",
            format!("{total} rows are too many for a bundle: {MAX_ROWS} at most"),
        )
        .hint("choose fewer, or hand out `z4jctl audit export --key`"));
    }
    let has_position = |wanted: &u64| evidence.picked.iter().any(|row| row.position == *wanted);
    let has_id = |wanted| evidence.picked.iter().any(|row| row.id == Some(wanted));
    if let Some(position) = selection.positions.iter().find(|position| !has_position(position)) {
        return Err(no_such_row(RowChoice::Position(*position)));
    }
    if let Some(id) = selection.ids.iter().find(|id| !has_id(**id)) {
        return Err(no_such_row(RowChoice::Id(*id)));
    }
    if evidence.picked.is_empty() {
        return Err(Error::usage("bundle.empty", "no row of the log matches; nothing was written"));
    }
    Ok(())
}

/// The statement, but for the rows and the tree.
fn base_statement(
    context: &Context,
    whole: &Whole,
    unverified: Option<u8>,
    anchors: Option<&AnchorLog>,
) -> Statement {
    let report = &whole.report;
    let none = Digest([0; 32]);
    let head = report.head.as_ref().and_then(|head| {
        let (id, occurred_at, row_hmac) = (head.audit_id?, head.occurred_at?, head.row_hmac?);
        Some(Head { id, occurred_at, row_hmac })
    });
    let anchor = anchors.and_then(AnchorLog::newest).map(|newest| Anchor {
        sequence: newest.sequence,
        tree: TreeHead { size: newest.size, root: newest.root },
    });
    Statement {
        origin: anchors.and_then(AnchorLog::newest).map(|newest| newest.origin.clone()).unwrap_or_default(),
        tree: TreeHead { size: 0, root: none },
        tool: concat!("z4jctl ", env!("CARGO_PKG_VERSION")).into(),
        time: context.now(),
        log: format!("{} {} {}", report.generation, family_name(report.family), report.snapshot.backend),
        generation: whole.generation,
        head,
        coverage: report.rows,
        unverified,
        anchor,
        columns: Vec::new(),
        rows: 0,
        commitments: none,
    }
}

/// Commits to the rows and signs.
fn assemble(
    context: &Context,
    key: &SigningKey,
    options: &BundleOptions,
    mut statement: Statement,
    evidence: Evidence,
    tree: Tree,
) -> Result<Bundle> {
    let Evidence { picked, continues, first, .. } = evidence;
    statement.tree = TreeHead { size: tree.size(), root: tree.root() };
    if statement.origin.is_empty() {
        statement.origin = options.origin.clone().unwrap_or_else(|| origin_of(first));
    }
    let ways = tree.ways();
    let mut own = Tree::default();
    let mut rows = Vec::with_capacity(picked.len());
    let mut members = Vec::with_capacity(picked.len());
    for picked in picked {
        let inclusion = ways.proof(picked.followed).to_vec();
        let row = commit_row(context, picked, inclusion)?;
        members.push(own.push_followed(leaf_hash(&row.digest().0)));
        rows.push(row);
    }
    statement.columns = rows.first().map(column_names).unwrap_or_default();
    (statement.rows, statement.commitments) = (own.size(), own.root());
    let own = own.ways();
    for (row, followed) in rows.iter_mut().zip(members) {
        row.membership = own.proof(followed).to_vec();
    }
    let text = statement.to_text();
    Ok(Bundle {
        schema: SCHEMA.to_owned(),
        signature: Purpose::Bundle.sign(key, text.as_bytes()),
        statement: text,
        consistency: continues.filter(|_| statement.anchor.is_some()).map(|at| ways.proof(at).to_vec()),
        rows,
    })
}

fn column_names(row: &Row) -> Vec<String> {
    row.fields.iter().map(|field| field.name.clone()).collect()
}

fn commit_row(context: &Context, picked: Picked, inclusion: Vec<Digest>) -> Result<Row> {
    let salt = || -> Result<Salt> {
        let mut bytes = [0; 32];
        context.random.fill(&mut bytes)?;
        Ok(Digest(bytes))
    };
    let mut fields = Vec::with_capacity(picked.values.len());
    for (name, value) in picked.values {
        let own = salt()?;
        fields.push(match value {
            Value::Plain(value) => {
                let commitment = commit::value(own, value.as_deref());
                Field { name: name.to_owned(), commitment, salt: Some(own), value, members: None }
            }
            Value::Object(found) => {
                let mut members = Vec::with_capacity(found.len());
                for (name, value) in found {
                    let salt = salt()?;
                    let commitment = commit::value(salt, Some(&value));
                    members.push(Member { name, commitment, salt: Some(salt), value: Some(value) });
                }
                let names = members.iter().map(|member| (member.name.as_str(), member.commitment));
                let commitment = commit::object(own, names);
                let members = Some(members);
                Field { name: name.to_owned(), commitment, salt: Some(own), value: None, members }
            }
        });
    }
    Ok(Row {
        index: picked.index,
        verdict: picked.verdict.to_owned(),
        fields,
        inclusion,
        membership: Vec::new(),
    })
}
