//! `z4jctl audit verify-merge`.

use std::path::PathBuf;

use clap::Args;

use super::{Run, audit_verify, connection, textfile};
use crate::audit::shard::merge;
use crate::audit::shard::report::MergedReport;
use crate::audit::verify::VerifyOptions;
use crate::error::{ExitCode, Result};

/// Join the reports of `audit verify --shard` into the verdict on the whole log.
///
/// Takes the JSON reports of all parts, in any order. Each is under a MAC, so the key of the log is needed; the database is
/// not read. Seams, counts, beginning and end are judged as one run over the whole log would judge them. When the log was
/// changed between the readings of the parts, by retention for instance, the verdict is incomplete (3), never OK.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  for part in 1 2 3 4; do z4jctl audit verify --shard $part/4 -o json > part-$part.json; done
  z4jctl audit verify-merge part-*.json")]
pub(super) struct VerifyMergeArgs {
    /// The JSON reports of all parts
    #[arg(value_name = "REPORT", required = true)]
    reports: Vec<PathBuf>,
    /// How many findings to list; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    max_findings: usize,
    /// 1.3 to 1.7: take a missing beginning that retention can explain as explained
    #[arg(long)]
    accept_retention: bool,
    /// Write metrics for Prometheus' textfile collector to this file
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,
}

pub(super) fn run(run: &Run<'_>, arguments: &VerifyMergeArgs) -> Result<ExitCode> {
    let settings = run.settings()?;
    let options = VerifyOptions {
        max_findings: arguments.max_findings,
        accept_retention: arguments.accept_retention,
        ..audit_verify::whole_log(&settings, audit_verify::jobs(None)?)
    };
    let keys = connection::keys(&settings)?;
    let report = merge(run.context, &keys, &arguments.reports, &options)?;
    run.ui.print(&report)?;
    if let Some(path) = &arguments.textfile {
        textfile::write(path, &report)?;
    }
    Ok(report.exit())
}

/// The parts in one line.
pub(super) fn line(merged: &MergedReport) -> String {
    let count = merged.parts.len();
    let times = merged.parts.iter().map(|part| part.started_at);
    let ends = times.clone().min().zip(times.max());
    let ends = ends.map(|(first, last)| format!(", read from {first} to {last}")).unwrap_or_default();
    match &merged.moved {
        None => format!("{count}{ends}"),
        Some(moved) => format!("{count}{ends}; NOT JOINED: {moved}"),
    }
}
