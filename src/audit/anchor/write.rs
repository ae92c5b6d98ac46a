//! Making the next anchor of a log.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};
use serde::Serialize;

use super::compare::Comparison;
use super::judge::AnchorReport;
use super::place::{AnchorLog, CHECKPOINT, LEAVES, cannot_write, file_stem, put};
use super::send::Sent;
use super::timestamp::Stamped;
use crate::audit::finding::{Class, Finding};
use crate::audit::keys::Keys;
use crate::audit::verify::{AnchorCheck, Progress, Verified, VerifyOptions, verify_for_anchor};
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, ExitCode, Result};
use crate::format::checkpoint::{Checkpoint, is_origin};
use crate::format::merkle::hash;
use crate::format::note::SigningKey;
use crate::format::{Digest, Timestamp};
use crate::signing;

/// What to anchor, and how.
#[derive(Debug)]
pub struct AnchorOptions {
    /// How to verify the log first; its `anchors` are not looked at.
    pub verify: VerifyOptions,
    /// The directory of the anchors.
    pub directory: PathBuf,
    /// The log's name; that of the anchors before it, or one made of its first row, when none is given.
    pub origin: Option<String>,
    /// Anchor a log that does not verify; the anchor says so.
    pub unverified: bool,
}

/// The result of `audit anchor`; its JSON form is a contract.
#[derive(Debug, Clone, Serialize)]
pub struct Anchored {
    /// `z4jctl.audit.anchor/1`.
    pub schema: &'static str,
    /// True only when `exit_code` is 0.
    pub ok: bool,
    /// The exit code of the command.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// Whether an anchor was written; none is when no row came since the newest.
    pub written: bool,
    /// The file of the newest anchor.
    pub file: Option<PathBuf>,
    /// Its leaves.
    pub leaves_file: Option<PathBuf>,
    /// Its number in the directory.
    pub sequence: Option<u64>,
    /// The log's name.
    pub origin: Option<String>,
    /// Rows that it covers.
    pub size: u64,
    /// Root of their tree.
    pub root: Option<Digest>,
    /// When it was made.
    pub time: Option<Timestamp>,
    /// The key that verifies it.
    pub verifier_key: String,
    /// The anchors that were there before.
    pub anchors: Option<AnchorReport>,
    /// What speaks against them.
    pub findings: Vec<Finding>,
    /// The timestamp that the newest anchor got now.
    pub timestamp: Option<Stamped>,
    /// What became of the copies elsewhere.
    pub sent: Vec<Sent>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

impl Anchored {
    /// Takes note that something failed behind the anchor itself.
    pub fn fail(&mut self, error: &Error) {
        self.ok = false;
        self.exit_code = error.exit_code().code();
        self.notes.push(error.message().to_owned());
    }
}

/// Verifies a log, compares it with the anchors that are there, and writes the next one.
///
/// # Errors
///
/// `Refused` when the log does not verify, is empty, or the clock went back. A log that is not the continuation of what
/// was anchored is no error: the report holds the findings, and nothing is written.
pub fn anchor(
    context: &Context,
    database: &Database,
    keys: &Keys,
    key: &SigningKey,
    mut options: AnchorOptions,
    progress: &dyn Progress,
) -> Result<Anchored> {
    let directory = &options.directory;
    if let Some(origin) = options.origin.as_deref().filter(|origin| !is_origin(origin)) {
        return Err(Error::usage(
            "usage.origin",
            format!("--origin {origin:?}: expected a name without spaces and plus signs"),
        ));
    }
    let _lock = lock(directory)?;
    let mut trusted = signing::trusted(directory, &[])?;
    trusted.push(key.verifier());
    let log = Arc::new(AnchorLog::read(directory, &trusted)?);
    if let (Some(origin), Some(newest)) = (&options.origin, log.newest())
        && *origin != newest.origin
    {
        return Err(Error::usage(
            "usage.origin",
            format!("--origin {origin}: the anchors in {} are of {}", directory.display(), newest.origin),
        )
        .hint("another log goes into another directory"));
    }
    options.verify.anchors = Some(AnchorCheck { log: Arc::clone(&log), timestamps: None, collect: true });
    let Verified { report, comparison, generation } =
        verify_for_anchor(context, database, keys, &options.verify, progress)?;
    let comparison = comparison.ok_or_else(|| Error::bug("no comparison with the anchors"))?;
    let empty_place = log.checkpoints.is_empty() && log.problem.is_none();
    let mut anchored = Anchored {
        schema: "z4jctl.audit.anchor/1",
        ok: true,
        exit_code: 0,
        database: report.database.clone(),
        written: false,
        file: log.newest_file.as_ref().map(|file| directory.join(file)),
        leaves_file: None,
        sequence: log.newest().map(|newest| newest.sequence),
        origin: log.newest().map(|newest| newest.origin.clone()),
        size: log.tree.size(),
        root: log.newest().map(|newest| newest.root),
        time: log.newest().map(|newest| newest.time),
        verifier_key: key.verifier().to_string(),
        anchors: report.anchors.clone().filter(|_| !empty_place),
        findings: Vec::new(),
        timestamp: None,
        sent: Vec::new(),
        notes: Vec::new(),
    };
    let is_consistent = report.anchors.as_ref().is_some_and(|anchors| anchors.verdict == "consistent");
    if !empty_place && !is_consistent {
        anchored.findings = report.findings;
        let exit = anchored.findings.iter().map(Finding::exit_code).fold(ExitCode::Done, ExitCode::strongest);
        anchored.exit_code = exit.code();
        anchored.ok = false;
        return Ok(anchored);
    }
    let is_own = |finding: &Finding| !(empty_place && finding.class == Class::AnchorInvalid);
    let own = report.findings.iter().filter(|finding| is_own(finding));
    let code = if empty_place {
        own.map(Finding::exit_code).fold(report_rest(&report), ExitCode::strongest)
    } else {
        report.exit()
    };
    let unverified = (code != ExitCode::Done).then_some(code.code());
    if unverified.is_some() && !options.unverified {
        return Err(Error::refused(
            "anchor.not-verified",
            "the audit log does not verify; nothing was anchored",
        )
        .hint("run `z4jctl audit verify`; --unverified anchors it all the same, and says so in the anchor"));
    }
    let now = context.now();
    if let Some(newest) = log.newest().filter(|newest| now < newest.time) {
        return Err(Error::refused(
            "anchor.clock",
            format!("it is {now}, and the newest anchor is of {}: the clock went back", newest.time),
        ));
    }
    if comparison.new.is_empty() {
        if empty_place {
            return Err(Error::refused("anchor.empty", "the audit log has no row to anchor"));
        }
        anchored.notes.push("no row came since the newest anchor; nothing was written".into());
        return Ok(anchored);
    }
    let (checkpoint, leaves) = next(&comparison, options.origin, generation, unverified, now);
    let stem = file_stem(&checkpoint);
    let (file, leaves_file) =
        (directory.join(format!("{stem}{CHECKPOINT}")), directory.join(format!("{stem}{LEAVES}")));
    // The checkpoint is what counts: leaves without one were left by a run that was stopped.
    put(&leaves_file, &leaves, true)?;
    put(&file, key.sign(&checkpoint.to_text()).as_bytes(), false)?;
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| cannot_write(directory, &error))?;
    anchored.written = true;
    (anchored.file, anchored.leaves_file) = (Some(file), Some(leaves_file));
    anchored.sequence = Some(checkpoint.sequence);
    anchored.size = checkpoint.size;
    anchored.root = Some(checkpoint.root);
    anchored.time = Some(checkpoint.time);
    anchored.origin = Some(checkpoint.origin);
    if let Some(code) = unverified {
        anchored.notes.push(format!("the log does not verify (exit code {code}); the anchor says so"));
    }
    Ok(anchored)
}

/// What the exit code of a verification holds beside its findings.
fn report_rest(report: &crate::audit::report::VerifyReport) -> ExitCode {
    let rows = &report.rows;
    if rows.unreadable + rows.unknown_key + rows.unsigned > 0 { ExitCode::Incomplete } else { ExitCode::Done }
}

/// The checkpoint behind those that are there, and the bytes of its leaves.
fn next(
    comparison: &Comparison,
    origin: Option<String>,
    generation: Option<crate::format::Id>,
    unverified: Option<u8>,
    time: Timestamp,
) -> (Checkpoint, Vec<u8>) {
    let log = &comparison.log;
    let mut tree = log.tree.clone();
    let mut leaves = Vec::new();
    for record in &comparison.new {
        tree.push(record.leaf);
        record.write(&mut leaves);
    }
    let first = log.records.first().or(comparison.new.first()).map(|record| record.leaf);
    let origin =
        log.newest().map(|newest| newest.origin.clone()).or(origin).unwrap_or_else(|| origin_of(first));
    let checkpoint = Checkpoint {
        origin,
        size: tree.size(),
        root: tree.root(),
        sequence: log.newest().map_or(1, |newest| newest.sequence + 1),
        time,
        generation,
        head: comparison.head,
        leaves: hash(&[&leaves]),
        previous: log.newest_digest,
        unverified,
    };
    (checkpoint, leaves)
}

/// The name of a log that nobody gave one: made of its first leaf.
pub fn origin_of(first: Option<Digest>) -> String {
    let name = hash(&[b"z4jctl/anchor/origin/v1\0", &first.unwrap_or(Digest([0; 32])).0]).to_string();
    format!("z4jctl.audit/{}", &name[..16])
}

/// One z4jctl at a time anchors into a directory.
fn lock(directory: &Path) -> Result<File> {
    let fail = |error: &io::Error| {
        Error::unreachable(
            "anchors.unreadable",
            format!("cannot open the directory {}: {error}", directory.display()),
        )
        .hint("make it first: mkdir -p")
    };
    let file = File::open(directory).map_err(|error| fail(&error))?;
    if !file.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(fail(&io::ErrorKind::NotADirectory.into()));
    }
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_) => Err(Error::refused(
            "anchor.locked",
            format!("another z4jctl anchors into {} just now", directory.display()),
        )
        .hint("run it again in a moment")),
    }
}
