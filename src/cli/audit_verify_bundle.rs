//! `z4jctl audit verify-bundle`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::audit_bundle::{plain, shown};
use super::ui::{self, Render, printable};
use super::{Run, findings};
use crate::audit::bundle::report::VerifyBundleReport;
use crate::audit::bundle::verify::{VerifyBundleOptions, verify_bundle};
use crate::audit::finding::Certainty;
use crate::error::{ExitCode, Result};
use crate::signing::trusted_by;

/// Rows that a person is shown; the rest is in the JSON.
const SHOWN: usize = 40;

/// Verify an evidence bundle: no database, no secret, no network.
///
/// Checks the signature, that every row is what was signed, and that the log held it. Without --trust the signature can only
/// be good, not known: exit code 3.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  z4jctl audit verify-bundle incident.json --trust z4j.pub
  z4jctl audit verify-bundle incident.json --trust z4j.pub --checkpoint 0000000042-1000.checkpoint -o json")]
pub(super) struct VerifyBundleArgs {
    /// The bundle
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The keys to believe: one verifier key or `ssh-ed25519 …` a line; repeatable
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// An anchor that was kept elsewhere: the log of the bundle must continue it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// How many findings to list; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    max_findings: usize,
}

pub(super) fn run(run: &Run<'_>, arguments: &VerifyBundleArgs) -> Result<ExitCode> {
    // Nothing is asked of the settings: whoever verifies has no brain.
    let options = VerifyBundleOptions {
        file: arguments.file.clone(),
        trusted: trusted_by(&arguments.trust)?,
        checkpoint: arguments.checkpoint.clone(),
        max_findings: arguments.max_findings,
    };
    let report = verify_bundle(&options)?;
    run.ui.print(&report)?;
    Ok(report.exit())
}

fn result(report: &VerifyBundleReport) -> &'static str {
    match report.exit() {
        ExitCode::Done => "OK",
        ExitCode::Incomplete => "INCOMPLETE",
        _ => "FAIL",
    }
}

impl Render for VerifyBundleReport {
    fn human(&self) -> String {
        let command = "z4jctl audit verify-bundle";
        let first = self.findings.iter().find(|finding| finding.exit_code() == self.exit());
        let mut text = match first {
            Some(finding) => {
                let at = finding.row.map(|row| format!(" at row {row}")).unwrap_or_default();
                format!(
                    "{command}: {}{at} ({}: {})\n",
                    result(self),
                    finding.class.name(),
                    printable(&finding.message)
                )
            }
            None => format!("{command}: {} ({} rows)\n", result(self), self.rows.len()),
        };
        // Writing to a String cannot fail. What is in a bundle is a stranger's text.
        if let Some(statement) = &self.statement {
            text.push_str(&shown(statement).lines().map(|line| printable(line) + "\n").collect::<String>());
        }
        let by = self.signer.as_ref().map(|signer| format!(", {}", signer.display())).unwrap_or_default();
        let _ = writeln!(text, "  signature  {}{by}", self.signature);
        if let Some(checkpoint) = self.checkpoint {
            let _ = writeln!(text, "  checkpoint {checkpoint}");
        }
        for note in &self.notes {
            let _ = writeln!(text, "  note       {note}");
        }
        if !self.rows.is_empty() {
            let cell = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), printable);
            let cells = self.rows.iter().take(SHOWN).map(|row| {
                vec![
                    if row.ok { "yes" } else { "NO" }.to_owned(),
                    row.row.to_string(),
                    cell(&row.occurred_at),
                    cell(&row.action),
                    printable(&row.verdict),
                    printable(&row.redacted.join(", ")),
                ]
            });
            let header = ["HOLDS", "ROW", "OCCURRED AT", "ACTION", "ITS HMAC", "LEFT OUT"];
            let _ = write!(text, "\n{}", ui::table(&header, cells));
            if self.rows.len() > SHOWN {
                let _ = writeln!(text, "and {} more rows; -o json has them all", self.rows.len() - SHOWN);
            }
        }
        if !self.findings.is_empty() {
            let cells = self.findings.iter().map(|finding| {
                let undecided =
                    if finding.certainty == Certainty::Undecided { " [cannot be decided]" } else { "" };
                vec![
                    finding.class.name().to_owned(),
                    finding.row.map_or_else(|| "-".into(), |row| row.to_string()),
                    finding.audit_id.map_or_else(|| "-".into(), |id| id.to_string()),
                    format!("{}{undecided}", printable(&finding.message)),
                ]
            });
            let _ = write!(text, "\n{}", ui::table(&["CLASS", "ROW", "AUDIT ID", "FINDING"], cells));
        }
        if self.findings_not_listed > 0 {
            let _ = writeln!(text, "and {} more; list them with --max-findings", self.findings_not_listed);
        }
        text
    }

    fn items(&self) -> Vec<Value> {
        findings::items(&self.findings)
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![
            ("result".to_owned(), result(self).to_owned()),
            ("exit_code".to_owned(), self.exit_code.to_string()),
            ("signature".to_owned(), self.signature.to_owned()),
        ];
        lines.extend(self.signer.iter().map(|signer| ("signer".to_owned(), signer.fingerprint.clone())));
        lines.extend(self.checkpoint.iter().map(|tie| ("checkpoint".to_owned(), (*tie).to_owned())));
        lines.extend(self.statement.iter().flat_map(plain));
        for row in &self.rows {
            let value = format!("{} {}", row.row, row.audit_id.as_deref().unwrap_or("-"));
            lines.push((format!("row.{}", row.verdict), value));
        }
        for finding in &self.findings {
            let row = finding.row.map(|row| row.to_string()).unwrap_or_default();
            lines.push((format!("finding.{}", finding.class.name()), format!("{row} {}", finding.message)));
        }
        lines
    }
}
