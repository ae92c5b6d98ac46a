//! `z4jctl audit diff`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::copy::CopyName;
use super::progress::Reporter;
use super::ui::{Render, safe};
use super::{Run, connection};
use crate::audit::diff::report::{DiffReport, Difference, FieldChange, Relation, RowName, Side};
use crate::audit::diff::{DiffOptions, diff};
use crate::error::{Error, ExitCode, Result};

/// Say what exactly changed between the log and an older copy of it, row by row and field by field
///
/// COPY is a SQLite file (an old database, a backup), an export of `audit export` with its manifest beside it, or a
/// database URL. Rows that were appended since and rows that retention removed are counted; all others that differ are
/// listed: changed, moved, removed, inserted, tail-cut (the copy ends with newer rows), prefix-cut. Which of the two is
/// the newer one is told by their rows, and said.
///
/// With the keys of the log each differing row is verified on both sides: was it edited without the secret, or signed
/// again with it? Works without keys too. Reads only. The values hold e-mail addresses and network addresses unless
/// --redact is given.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  z4jctl audit diff --against /backup/z4j-2026-03-01.db
  z4jctl audit diff --against audit-2026-03.jsonl.zst --report json=diff.json
  z4jctl --db postgresql:///z4j audit diff --against postgresql:///z4j_copy")]
pub(super) struct DiffArgs {
    /// The copy: a SQLite file, an export, or a database URL without password
    #[arg(
        long,
        value_name = "COPY",
        required_unless_present = "against_file",
        conflicts_with = "against_file"
    )]
    against: Option<String>,
    /// A file that holds the URL of the copy, password and all
    #[arg(long, value_name = "FILE")]
    against_file: Option<PathBuf>,
    /// The manifest of an export, when it is not beside it
    #[arg(long, value_name = "FILE", conflicts_with = "against_file")]
    manifest: Option<PathBuf>,
    /// Compare with the rows of an export alone, without its manifest
    #[arg(long, conflicts_with_all = ["manifest", "against_file"])]
    without_manifest: bool,
    /// How many differences to list; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    max_findings: usize,
    /// 1.3 to 1.6: take a missing beginning that retention can explain as explained
    #[arg(long)]
    accept_retention: bool,
    /// Replace e-mail addresses and network addresses by numbered names
    #[arg(long)]
    redact: bool,
}

/// Characters of a value that a person is shown.
const SHOWN: usize = 300;

pub(super) fn run(run: &Run<'_>, arguments: &DiffArgs) -> Result<ExitCode> {
    let name = CopyName {
        against: arguments.against.as_deref(),
        against_file: arguments.against_file.as_deref(),
        manifest: arguments.manifest.as_deref(),
        without_manifest: arguments.without_manifest,
    };
    let settings = run.settings()?;
    let against =
        name.find(run)?.ok_or_else(|| Error::usage("usage.against", "name the copy with --against"))?;
    let options = DiffOptions {
        open: connection::open_options(&settings),
        against,
        max_findings: arguments.max_findings,
        accept_retention: arguments.accept_retention,
        redact: arguments.redact,
    };
    let keys = connection::keys(&settings)?;
    let report = diff(run.context, &settings.database.value, &keys, &options, &Reporter::new(run.ui))?;
    run.ui.print(&report)?;
    Ok(report.exit())
}

impl Render for DiffReport {
    fn human(&self) -> String {
        let mut text = headline(self);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  log        {}", side(&self.log));
        let _ = writeln!(text, "  copy       {}", side(&self.copy));
        let counts = &self.counts;
        let _ = writeln!(
            text,
            "  rows       {} identical, {} appended since, {} removed by retention",
            counts.identical, counts.appended, counts.retention
        );
        let _ = writeln!(text, "  relation   {}", relation(self));
        for change in &self.records {
            let mark = if change.expected { "" } else { "  <- NOT EXPLAINED by what happened to the rows" };
            let or_none = |value: &Option<String>| safe(value.as_deref().unwrap_or("none"));
            let _ = writeln!(
                text,
                "  record     {}: {} -> {}{mark}",
                change.name,
                or_none(&change.old),
                or_none(&change.new)
            );
        }
        for key in &self.key_ids {
            let _ = writeln!(
                text,
                "  key        {}: {} rows, in the copy {}",
                safe(&key.key_id),
                key.log,
                key.copy
            );
        }
        for reason in &self.not_compared {
            let _ = writeln!(text, "  NOT COMPARED {}", safe(reason));
        }
        for note in &self.notes {
            let _ = writeln!(text, "  note       {}", safe(note));
        }
        for difference in &self.findings {
            push_difference(&mut text, difference);
        }
        if self.findings_not_listed > 0 {
            let _ = writeln!(text, "\nand {} more; list them with --max-findings", self.findings_not_listed);
        }
        text
    }

    fn items(&self) -> Vec<Value> {
        let item = |difference: &Difference| {
            let mut item = json!(difference);
            if let Some(object) = item.as_object_mut() {
                object.insert("type".into(), "finding".into());
            }
            item
        };
        self.findings.iter().map(item).collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let counts = &self.counts;
        let mut lines = vec![
            ("result".to_owned(), result(self).to_owned()),
            ("exit_code".into(), self.exit_code.to_string()),
            ("relation".into(), relation_word(self.relation).into()),
            ("rows.identical".into(), counts.identical.to_string()),
            ("rows.appended".into(), counts.appended.to_string()),
            ("rows.retention".into(), counts.retention.to_string()),
            ("rows.before_copy".into(), counts.before_copy.to_string()),
            ("rows.outside_scope".into(), counts.outside_scope.to_string()),
        ];
        lines.extend(
            self.finding_counts.iter().map(|(kind, count)| (format!("count.{kind}"), count.to_string())),
        );
        for difference in &self.findings {
            let id = difference.audit_id.map(|id| id.to_string()).unwrap_or_default();
            let columns: Vec<&str> = difference.fields.iter().map(|change| change.column).collect();
            let name = format!("finding.{}", difference.kind.name());
            lines.push((name, format!("{} {id} {}", position(difference), columns.join(","))));
        }
        lines.extend(
            self.records
                .iter()
                .filter(|change| !change.expected)
                .map(|change| ("finding.record".to_owned(), change.name.clone())),
        );
        lines
    }
}

fn result(report: &DiffReport) -> &'static str {
    match report.exit() {
        ExitCode::Done => "SAME",
        ExitCode::Incomplete => "INCOMPLETE",
        _ => "DIFFERENT",
    }
}

fn headline(report: &DiffReport) -> String {
    let mut parts: Vec<String> =
        report.finding_counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let records = report.records.iter().filter(|change| !change.expected).count();
    if records > 0 {
        parts.push(format!("{records} in the records"));
    }
    if parts.is_empty() {
        parts.push("no row differs".into());
    }
    format!("z4jctl audit diff: {} ({})\n", result(report), parts.join(", "))
}

fn side(side: &Side) -> String {
    let mut text = format!("{}: {} rows", safe(&side.name), side.rows);
    let time = |name: Option<RowName>| name.map(|name| name.occurred_at.zulu()).unwrap_or_default();
    if side.first.is_some() {
        let _ = write!(text, ", {} to {}", time(side.first), time(side.last));
    }
    if let Some(generation) = &side.generation {
        let _ = write!(text, ", generation {generation}");
    }
    text
}

fn relation_word(relation: Relation) -> &'static str {
    match relation {
        Relation::SameHead => "same-head",
        Relation::LogNewer => "log-newer",
        Relation::CopyNewer => "copy-newer",
    }
}

fn relation(report: &DiffReport) -> &'static str {
    match report.relation {
        Relation::SameHead => "neither has a row behind the newest one of the other",
        Relation::LogNewer => "the log is newer, the copy is older",
        Relation::CopyNewer => {
            "THE COPY IS NEWER: the log was rolled back or cut, or the arguments are swapped"
        }
    }
}

fn position(difference: &Difference) -> String {
    match (difference.row, difference.copy_row) {
        (Some(row), Some(copy)) if row != copy => format!("row {row} (in the copy {copy})"),
        (Some(row), _) => format!("row {row}"),
        (None, Some(copy)) => format!("row {copy} of the copy"),
        (None, None) => "row -".into(),
    }
}

fn push_difference(text: &mut String, difference: &Difference) {
    let time = difference.occurred_at.map_or_else(|| "-".to_owned(), |time| time.to_string());
    let id = difference.audit_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    let _ = writeln!(
        text,
        "\n{}  {}  {time}  {}  {id}",
        difference.kind.name(),
        position(difference),
        safe(difference.action.as_deref().unwrap_or("-"))
    );
    let _ = writeln!(text, "    {}", difference.judgement.explain(difference.kind));
    for FieldChange { column, old, new } in &difference.fields {
        let _ = writeln!(text, "    {column:<22} {} -> {}", value(old), value(new));
    }
    let told =
        ["id", "occurred_at", "action", "legacy_frozen", "hmac_version", "hmac_key_id", "chain_generation"];
    for (column, one) in &difference.columns {
        if !one.is_null() && !told.contains(column) {
            let _ = writeln!(text, "    {column:<22} {}", value(one));
        }
    }
}

/// A value for a person: its text, safe for a terminal, and not all of what is very long.
pub(super) fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => return "NULL".into(),
        Value::String(text) if text.is_empty() => return "''".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let count = text.chars().count();
    if count <= SHOWN {
        return safe(&text);
    }
    let beginning: String = text.chars().take(SHOWN).collect();
    format!("{}… ({count} characters; -o json has all)", safe(&beginning))
}
