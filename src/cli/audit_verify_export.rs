//! `z4jctl audit verify-export`.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::progress::Reporter;
use super::ui::{self, Render};
use super::{Run, audit_verify, connection};
use crate::audit::export::report::{Join, VerifyExportReport};
use crate::audit::export::verify::{VerifyExportOptions, verify_export};
use crate::audit::finding::Certainty;
use crate::audit::keys::Keys;
use crate::error::{Error, ExitCode, Result};
use crate::signing::trusted_by;

/// Verify exports of the audit log: rows, links, counts, digests, and that several files are one chain.
///
/// Takes what `audit export` wrote, in any format, plain or packed, with its manifest beside it. With the key every row is
/// verified and findings have the classes of `audit verify`, manifest-mismatch and signature-invalid; with --keyless links,
/// counts and digests are. Files that follow each other are verified as one chain, with --live up to the newest row of the
/// database.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[command(after_long_help = "\
Examples:
  z4jctl audit verify-export audit.csv
  z4jctl audit verify-export --keyless audit.csv
  z4jctl audit verify-export --keyless --trust z4j.pub audit.csv
  z4jctl audit verify-export audit-2025.csv.gz audit-2026-*.csv.gz --live
  z4jctl audit verify-export --secret-file keys.env audit.csv --known-head z4j.head")]
pub(super) struct VerifyExportArgs {
    /// The files, of one chain, in any order
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The manifest, when it is not beside the file; for one file
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Verify the rows alone, without a manifest
    #[arg(long, conflicts_with = "manifest")]
    without_manifest: bool,
    /// Verify links, counts and digests alone, without a key
    #[arg(long)]
    keyless: bool,
    /// Demand that every manifest is signed by a key in this file (one verifier key or `ssh-ed25519 …` a line); repeatable
    #[arg(long, value_name = "FILE", conflicts_with = "without_manifest")]
    trust: Vec<PathBuf>,
    /// Go on with the log of the database: it must continue the last file
    #[arg(long, conflicts_with = "keyless")]
    live: bool,
    /// A head that was kept elsewhere (z4jctl audit head): a file, or its JSON; it must be in the files, or with --live behind them
    #[arg(long, value_name = "FILE|JSON", env = "Z4JCTL_KNOWN_HEAD", hide_env_values = true)]
    known_head: Option<String>,
    /// 1.3 to 1.7: take a missing beginning that retention can explain as explained
    #[arg(long)]
    accept_retention: bool,
    /// How many findings to list; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    max_findings: usize,
    /// Cores to use [default: all]
    #[arg(long, short = 'j', value_name = "NUMBER", env = "Z4JCTL_JOBS", hide_env_values = true)]
    jobs: Option<NonZeroUsize>,
}

pub(super) fn run(run: &Run<'_>, arguments: &VerifyExportArgs) -> Result<ExitCode> {
    if arguments.manifest.is_some() && arguments.files.len() > 1 {
        return Err(Error::usage(
            "usage.manifest",
            "--manifest is for one file; several have theirs beside them",
        ));
    }
    let jobs = audit_verify::jobs(arguments.jobs)?;
    let known_head = arguments.known_head.as_deref().map(audit_verify::known_head).transpose()?;
    let trusted = (!arguments.trust.is_empty()).then(|| trusted_by(&arguments.trust)).transpose()?;
    // Without a key nothing is asked of the settings: whoever verifies has no brain.
    let (keys, live) = if arguments.keyless {
        (Keys::default(), None)
    } else {
        let settings = run.settings()?;
        let live =
            arguments.live.then(|| (settings.database.value.clone(), connection::open_options(&settings)));
        (connection::keys(&settings)?, live)
    };
    let options = VerifyExportOptions {
        files: arguments.files.clone(),
        manifest: arguments.manifest.clone(),
        without_manifest: arguments.without_manifest,
        keyless: arguments.keyless,
        live,
        known_head,
        jobs,
        max_findings: arguments.max_findings,
        accept_retention: arguments.accept_retention,
        trusted,
    };
    let report = verify_export(run.context, &keys, &options, &Reporter::new(run.ui))?;
    run.ui.print(&report)?;
    Ok(report.exit())
}

impl Render for VerifyExportReport {
    fn human(&self) -> String {
        let command = "z4jctl audit verify-export";
        let rows = &self.rows;
        let first = self.findings.iter().find(|found| found.finding.exit_code() == self.exit());
        let mut text = match (self.exit(), first) {
            (ExitCode::Done, _) => {
                format!("{command}: OK ({}, {} rows in {} files)\n", self.mode, rows.total, self.files.len())
            }
            (exit, Some(found)) => {
                let word = if exit == ExitCode::Incomplete { "INCOMPLETE" } else { "FAIL" };
                let at = found.finding.row.map(|row| format!(" row {row}")).unwrap_or_default();
                let finding = &found.finding;
                format!(
                    "{command}: {word} at {}{at} ({}: {})\n",
                    found.file,
                    finding.class.name(),
                    finding.message
                )
            }
            (ExitCode::Incomplete, None) => format!("{command}: INCOMPLETE ({} rows)\n", rows.total),
            (_, None) => format!("{command}: FAIL (see below)\n"),
        };
        // Writing to a String cannot fail.
        for file in &self.files {
            let _ = writeln!(text, "  file       {}, {} rows{}", file.file, file.records, shown(file.joins));
            if let Some(signature) = &file.signature {
                let by = signature.signer.as_ref().map(|signer| format!(", {}", signer.display()));
                let _ = writeln!(text, "  signature  {}{}", signature.verdict, by.unwrap_or_default());
            }
        }
        if let Some(live) = &self.live {
            let _ = writeln!(
                text,
                "  live       {}, {} rows{}",
                live.database,
                live.rows.total,
                shown(live.joins)
            );
        }
        let _ = writeln!(
            text,
            "  coverage   {} rows: {} verified, {} frozen, {} without HMAC, {} under an unknown key, {} unreadable, {} not matching",
            rows.total,
            rows.verified,
            rows.frozen,
            rows.unsigned,
            rows.unknown_key,
            rows.unreadable,
            rows.mismatched
        );
        for key in &self.keys {
            let _ = writeln!(text, "  key        {} verified {} rows", key.key_id, key.rows);
        }
        if let Some(known) = &self.known_head {
            let _ = writeln!(text, "  known head {}: {}", known.verdict, known.message);
        }
        for note in &self.notes {
            let _ = writeln!(text, "  note       {note}");
        }
        if !self.findings.is_empty() {
            let cells = self.findings.iter().map(|found| {
                let finding = &found.finding;
                let undecided =
                    if finding.certainty == Certainty::Undecided { " [cannot be decided]" } else { "" };
                vec![
                    finding.class.name().to_owned(),
                    found.file.clone(),
                    finding.row.map_or_else(|| "-".into(), |row| row.to_string()),
                    finding.audit_id.map_or_else(|| "-".into(), |id| id.to_string()),
                    format!("{}{undecided}", finding.message),
                ]
            });
            let _ = write!(text, "\n{}", ui::table(&["CLASS", "FILE", "ROW", "AUDIT ID", "FINDING"], cells));
        }
        if self.findings_not_listed > 0 {
            let _ = writeln!(text, "and {} more; list them with --max-findings", self.findings_not_listed);
        }
        text
    }

    fn items(&self) -> Vec<Value> {
        self.findings
            .iter()
            .map(|finding| {
                let mut item = json!(finding);
                if let Some(object) = item.as_object_mut() {
                    object.insert("type".into(), "finding".into());
                }
                item
            })
            .collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let rows = &self.rows;
        let result = match self.exit() {
            ExitCode::Done => "OK",
            ExitCode::Incomplete => "INCOMPLETE",
            _ => "FAIL",
        };
        let mut lines: Vec<(String, String)> = [
            ("result", result.to_owned()),
            ("exit_code", self.exit_code.to_string()),
            ("mode", self.mode.to_owned()),
            ("rows.total", rows.total.to_string()),
            ("rows.verified", rows.verified.to_string()),
            ("rows.frozen", rows.frozen.to_string()),
            ("rows.unsigned", rows.unsigned.to_string()),
            ("rows.unknown_key", rows.unknown_key.to_string()),
            ("rows.unreadable", rows.unreadable.to_string()),
            ("rows.mismatched", rows.mismatched.to_string()),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
        for found in &self.findings {
            let row = found.finding.row.map(|row| row.to_string()).unwrap_or_default();
            let name = format!("finding.{}", found.finding.class.name());
            lines.push((name, format!("{} {row} {}", found.file, found.finding.message)));
        }
        lines
    }
}

fn shown(join: Join) -> &'static str {
    match join {
        Join::First | Join::NotJudged => "",
        Join::Continues => ", continues the part before it",
        Join::Overlaps => ", overlaps the part before it",
        Join::Contained => ", lies within the part before it",
        Join::BeginsChain => ", begins the signed chain",
        Join::Gap => ", DOES NOT CONTINUE the part before it",
    }
}
