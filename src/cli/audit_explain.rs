//! `--explain` of `z4jctl audit verify`: what each finding means, and what to do next.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::Run;
use super::audit_diff::value;
use super::copy::CopyName;
use super::ui::safe;
use crate::audit::OpenOptions;
use crate::audit::diff::CopyOf;
use crate::audit::diff::report::Difference;
use crate::audit::explain::ExplainOptions;
use crate::audit::explain::report::{Explanation, Witnessed};
use crate::audit::finding::Finding;
use crate::error::Result;
use crate::identity::active::Active;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Say of each listed finding what it means, who was active then, and what to do next; the exit code stays
    #[arg(long, help_heading = "Explanation")]
    explain: bool,
    /// With --explain: an older copy, for old and new values: a SQLite file, an export, or a URL without password
    #[arg(
        long,
        value_name = "COPY",
        requires = "explain",
        conflicts_with = "against_file",
        help_heading = "Explanation"
    )]
    against: Option<String>,
    /// With --explain: a file that holds the URL of the copy, password and all
    #[arg(long, value_name = "FILE", requires = "explain", help_heading = "Explanation")]
    against_file: Option<PathBuf>,
    /// With --explain: replace e-mail addresses and network addresses by numbered names
    #[arg(long, requires = "explain", help_heading = "Explanation")]
    redact: bool,
}

/// Names in each list of who was active.
const MAX_ROWS: u32 = 20;

impl ExplainArgs {
    /// What to explain with; `None` when nobody asked.
    pub(super) fn options(&self, run: &Run<'_>, open: OpenOptions) -> Result<Option<ExplainOptions>> {
        if !self.explain {
            return Ok(None);
        }
        Ok(Some(ExplainOptions {
            open,
            against: self.copy(run)?,
            max_rows: MAX_ROWS,
            redact: self.redact,
            flags: run.connection.words(),
        }))
    }

    fn copy(&self, run: &Run<'_>) -> Result<Option<CopyOf>> {
        let (against, against_file) = (self.against.as_deref(), self.against_file.as_deref());
        CopyName { against, against_file, manifest: None, without_manifest: false }.find(run)
    }
}

/// The explanations of findings, for a person; what to do next once for each class.
pub(super) fn human(findings: &[Finding]) -> String {
    let mut text = String::new();
    let mut told = BTreeSet::new();
    for finding in findings {
        let Some(explanation) = &finding.explanation else { continue };
        let row = finding.row.map(|row| format!(", row {row}")).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{}{row}\n  {}", finding.class.name(), explanation.meaning);
        explanation.neighbours.iter().for_each(|neighbour| push_neighbour(&mut text, neighbour));
        push_changes(&mut text, explanation);
        match &explanation.active {
            Some(active) => push_active(&mut text, active),
            None => text.push_str("  when        nothing bounds it in time\n"),
        }
        if told.insert(finding.class) {
            text.push_str("  next\n");
            for (number, step) in explanation.next.iter().enumerate() {
                let _ = writeln!(text, "    {}. {}", number + 1, step.why);
                if let Some(command) = &step.command {
                    let _ = writeln!(text, "       {}", safe(command));
                }
            }
        } else {
            let _ = writeln!(text, "  next        as for the first {}", finding.class.name());
        }
    }
    text
}

fn push_neighbour(text: &mut String, neighbour: &Witnessed) {
    let holds = neighbour.holds.as_ref().map(|row| {
        let who =
            row.user.as_ref().map(|user| user.email.clone().unwrap_or_else(|| format!("user {}", user.id)));
        let from = row.source_ip.as_ref().map(|address| format!(" from {address}")).unwrap_or_default();
        format!(": {} by {}{from}", row.action, who.unwrap_or_else(|| "nobody named".into()))
    });
    let _ = writeln!(
        text,
        "  {:<11} intact row {}, {}{}",
        neighbour.side,
        neighbour.row,
        neighbour.occurred_at,
        safe(&holds.unwrap_or_default())
    );
}

fn push_changes(text: &mut String, explanation: &Explanation) {
    for Difference { kind, action, fields, columns, judgement, .. } in &explanation.changes {
        let _ = writeln!(
            text,
            "  the copy    {} {}: {}",
            kind.name(),
            safe(action.as_deref().unwrap_or("-")),
            judgement.explain(*kind)
        );
        for change in fields {
            let _ = writeln!(
                text,
                "                {}: {} -> {}",
                change.column,
                value(&change.old),
                value(&change.new)
            );
        }
        for (column, one) in columns {
            let is_told = matches!(
                *column,
                "occurred_at" | "user_id" | "source_ip" | "target_type" | "target_id" | "metadata"
            );
            if is_told && !one.is_null() {
                let _ = writeln!(text, "                {column}: {}", value(one));
            }
        }
    }
    if explanation.changes_not_listed > 0 {
        let _ = writeln!(text, "  the copy    and {} more differences", explanation.changes_not_listed);
    }
    if let Some(copy) = &explanation.copy {
        let _ = writeln!(text, "  the copy    {copy}");
    }
}

fn push_active(text: &mut String, active: &Active) {
    let _ = writeln!(text, "  when        {} to {}", active.since, active.until);
    let or_dash = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".into());
    let list = |text: &mut String, name: &str, items: Vec<String>| {
        if items.is_empty() {
            return;
        }
        let more = active.not_listed.get(name).map(|more| format!(" and {more} more")).unwrap_or_default();
        let _ = writeln!(text, "  {:<11} {}{more}", name.replace('_', " "), safe(&items.join(", ")));
    };
    let users = active.users.iter().map(|user| {
        format!("{} ({} rows)", user.email.clone().unwrap_or_else(|| format!("user {}", user.id)), user.rows)
    });
    list(text, "users", users.collect());
    let sessions = active.sessions.iter().map(|session| {
        let id = session.id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        format!("{id} of {} from {}", or_dash(&session.user), or_dash(&session.address))
    });
    list(text, "sessions", sessions.collect());
    list(text, "agents", active.agents.iter().map(|agent| agent.name.clone()).collect());
    let keys = active
        .api_keys
        .iter()
        .map(|key| format!("{} ({}) of {}", or_dash(&key.name), or_dash(&key.prefix), or_dash(&key.user)));
    list(text, "api_keys", keys.collect());
    let addresses =
        active.addresses.iter().map(|address| format!("{} ({} rows)", address.address, address.rows));
    list(text, "addresses", addresses.collect());
    for unknown in &active.unknown {
        let _ = writeln!(text, "  not known   {unknown}");
    }
}
