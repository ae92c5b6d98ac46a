//! `z4jctl audit show`.

use std::fmt::Write as _;

use clap::Args;

use super::ui::Render;
use super::{Run, bad_value, connection};
use crate::audit::show::{RowChoice, ShowReport, show};
use crate::error::{ExitCode, Result};
use crate::format::Id;

/// Show one row: its stored columns, the exact bytes that were signed, and the MAC that they lead to.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Position in chain order, counted from 1, or the row's id
    #[arg(value_name = "ROW|ID")]
    row: String,
}

pub(super) fn run(run: &Run<'_>, arguments: &ShowArgs) -> Result<ExitCode> {
    let choice = row_choice(&arguments.row)?;
    let settings = run.settings()?;
    let keys = connection::keys(&settings)?;
    let report =
        show(run.context, &settings.database.value, &keys, connection::open_options(&settings), choice)?;
    run.ui.print(&report)?;
    Ok(ExitCode::of(report.exit_code))
}

/// A row as it is named on the command line.
pub(super) fn row_choice(text: &str) -> Result<RowChoice> {
    match (text.parse(), Id::parse(text.as_bytes())) {
        // 32 digits could be a number; no log has that many rows.
        (_, Some(id)) => Ok(RowChoice::Id(id)),
        (Ok(position), None) if position > 0 => Ok(RowChoice::Position(position)),
        _ => Err(bad_value("ROW|ID", text, "a row number from 1, or a UUID")),
    }
}

impl Render for ShowReport {
    fn human(&self) -> String {
        // Writing to a String cannot fail.
        let mut text = format!("row {} of {} (generation {})\n\n", self.row, self.database, self.generation);
        for (name, value) in &self.columns {
            let _ = writeln!(text, "  {name:<22} {}", value.as_deref().unwrap_or("NULL"));
        }
        if let Some(format) = self.format {
            let _ = writeln!(text, "\nsigned bytes ({format}):");
            if !self.domain.is_empty() {
                let _ = writeln!(text, "  {}, a zero byte, then", self.domain);
            }
            let _ = writeln!(text, "  {}", self.canonical.as_deref().unwrap_or_default());
        }
        let _ = writeln!(text, "\nrow_hmac  {}", self.row_hmac.as_deref().unwrap_or("NULL"));
        for (key, mac) in &self.computed {
            let _ = writeln!(text, "computed  {mac} under key {key}");
        }
        let _ = writeln!(text, "verdict   {}", self.verdict);
        text
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![("row".to_owned(), self.row.to_string())];
        lines.extend(
            self.columns
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone().unwrap_or_else(|| "NULL".into()))),
        );
        lines.push(("canonical".into(), self.canonical.clone().unwrap_or_default()));
        lines.push(("verdict".into(), self.verdict.clone()));
        lines
    }
}
