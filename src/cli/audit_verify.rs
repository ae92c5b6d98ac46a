//! `z4jctl audit verify`.

use std::fmt::Write as _;
use std::io::Read as _;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use clap::Args;
use comfy_table::{Table, presets};
use serde_json::{Value, json};

use super::audit_explain::{self, ExplainArgs};
use super::progress::Reporter;
use super::ui::{Render, write_file_as};
use super::{Run, audit_verify_merge, audit_verify_shard, bad_value, connection, hook, textfile};
use crate::audit::anchor::place::AnchorLog;
use crate::audit::anchor::timestamp::{Authorities, Timestamps};
use crate::audit::finding::{Certainty, Class, Finding};
use crate::audit::head::KnownHeadInput;
use crate::audit::report::VerifyReport;
use crate::audit::resume::report::Incremental;
use crate::audit::resume::{ResumeOptions, Resumed, verify_resumed};
use crate::audit::shard::verify_shard;
use crate::audit::verify::{AnchorCheck, VerifyOptions, verify};
use crate::config::Settings;
use crate::error::{Error, ExitCode, Result};
use crate::format::Timestamp;
use crate::signing;

/// Verify the whole audit chain of a brain's database and say what was done to it.
///
/// Reads every row in one snapshot, without writing anything and without a lock that a brain waits for. Carries on
/// after a break and names each finding: edited, removed, inserted, reordered, forked, duplicated, unsigned,
/// malformed, tail-cut, prefix-cut, pruned-boundary-invalid, state-forged, state-mismatch, tally-mismatch,
/// guards-missing, unknown-key, wrong-key; with anchors also rolled-back, re-signed, anchor-invalid.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// A head that was kept outside the database (z4j audit export-head, z4jctl audit head): a file, or its JSON
    #[arg(long, value_name = "FILE|JSON", env = "Z4JCTL_KNOWN_HEAD", hide_env_values = true)]
    known_head: Option<String>,
    /// Compare the log with the anchors in this directory (z4jctl audit anchor)
    #[arg(long, value_name = "DIR", conflicts_with_all = ["since", "until"])]
    anchors: Option<PathBuf>,
    /// Public keys that may sign anchors, one in a line, instead of the file trusted-keys beside them; repeatable
    #[arg(long, value_name = "FILE", requires = "anchors")]
    trust: Vec<PathBuf>,
    /// Check the timestamps beside the anchors, down to the root certificates in this PEM file
    #[arg(long, value_name = "FILE", requires = "anchors")]
    tsa_ca: Option<PathBuf>,
    /// Only rows from this time on, such as 2026-03-01 or 2026-03-01T12:00:00Z; without a zone it is UTC
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only rows before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many findings to list; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    max_findings: usize,
    /// Cores to use [default: all]
    #[arg(long, short = 'j', value_name = "NUMBER", env = "Z4JCTL_JOBS", hide_env_values = true)]
    jobs: Option<NonZeroUsize>,
    /// 1.3 to 1.7: take a missing beginning that retention can explain as explained
    #[arg(long)]
    accept_retention: bool,
    /// Read only what is new since the last run, and a part of the rest: the file holds what that run proved, under a
    /// MAC, and is written anew; whatever does not match leads to a full walk, and the report says why
    #[arg(long, value_name = "FILE", conflicts_with_all = ["since", "until", "anchors"])]
    resume: Option<PathBuf>,
    /// With --resume: how much of the older rows each run reads again; with 1/30 every row is read once in 30 runs
    #[arg(long, value_name = "1/RUNS", requires = "resume", default_value = "1/30")]
    recheck: String,
    #[command(flatten)]
    shard: audit_verify_shard::ShardArgs,
    /// Write metrics for Prometheus' textfile collector to this file
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,
    /// Run this command when something was found; no shell, the JSON report on its stdin
    #[arg(long, value_name = "COMMAND")]
    on_finding: Option<String>,
    #[command(flatten)]
    explain: ExplainArgs,
}

/// More threads than this is a slip of the finger.
const MAX_JOBS: usize = 1024;

pub(super) fn run(run: &Run<'_>, arguments: &VerifyArgs) -> Result<ExitCode> {
    let result = verify_and_print(run, arguments);
    if let (Err(error), Some(path)) = (&result, &arguments.textfile)
        && error.exit_code() != ExitCode::Usage
        && let Err(failure) = textfile::write_failure(path, run.context.now(), error.exit_code().code())
        && failure.message() != error.message()
    {
        run.ui.warn(failure.message());
    }
    result
}

fn verify_and_print(run: &Run<'_>, arguments: &VerifyArgs) -> Result<ExitCode> {
    let hook = arguments.on_finding.as_deref().map(hook::parse).transpose()?;
    let since = arguments.since.as_deref().map(|text| time("--since", text)).transpose()?;
    let until = arguments.until.as_deref().map(|text| time("--until", text)).transpose()?;
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        return Err(Error::usage("usage.window", "--since must be before --until"));
    }
    let jobs = jobs(arguments.jobs)?;
    let known_head = arguments.known_head.as_deref().map(known_head).transpose()?;
    let anchors = arguments.anchors.as_deref().map(|directory| {
        let trusted = signing::trusted(directory, &arguments.trust)?;
        let log = AnchorLog::read(directory, &trusted)?;
        let authorities = arguments.tsa_ca.as_deref().map(Authorities::read).transpose()?;
        let timestamps = Timestamps::read(&log, authorities.as_ref())?;
        if timestamps.is_none() && authorities.is_some() {
            run.ui.warn(&format!(
                "there is no timestamp in {}: --tsa-ca has nothing to check",
                directory.display()
            ));
        }
        Ok::<_, Error>(AnchorCheck { log: log.into(), timestamps, collect: false })
    });
    let anchors = anchors.transpose()?;
    let resume = resume_options(arguments)?;
    let shard = arguments.shard.options()?;
    let settings = run.settings()?;
    let options = VerifyOptions {
        since,
        until,
        max_findings: arguments.max_findings,
        known_head,
        accept_retention: arguments.accept_retention,
        anchors,
        ..whole_log(&settings, jobs)
    };
    let explain = arguments.explain.options(run, options.open)?;
    let keys = connection::keys(&settings)?;
    let (database, progress) = (&settings.database.value, Reporter::new(run.ui));
    let (mut report, file) = match (&resume, &shard) {
        (None, None) => (verify(run.context, database, &keys, &options, &progress)?, None),
        (None, Some(shard)) => {
            (verify_shard(run.context, database, &keys, &options, shard, &progress)?, None)
        }
        (Some(resume), _) => {
            let Resumed { report, file } =
                verify_resumed(run.context, database, &keys, &options, resume, &progress)?;
            (report, file)
        }
    };
    // Before anything else can fail: what was proved is proved.
    let kept = match (&arguments.resume, file) {
        (Some(path), Some(text)) => write_file_as(path, text.as_bytes(), 0o600),
        _ => Ok(()),
    };
    if let Some(options) = &explain {
        crate::audit::explain::explain(run.context, database, &keys, &mut report, options, &progress)?;
    }
    // What cannot be written must not keep a finding from whoever else waits for it.
    let printed = run.ui.print(&report);
    if let Some(words) = hook.filter(|_| !report.ok) {
        let text = serde_json::to_string(&report).map_err(|error| Error::bug(error.to_string()))?;
        if let Some(problem) = hook::run(&words, &text) {
            run.ui.warn(&problem);
        }
    }
    printed?;
    if let Some(path) = &arguments.textfile {
        textfile::write(path, &report)?;
    }
    kept?;
    Ok(report.exit())
}

/// Options that verify a whole log, with what the settings say of its retention.
pub(super) fn whole_log(settings: &Settings, jobs: NonZeroUsize) -> VerifyOptions {
    VerifyOptions {
        retention_days: (!settings.audit_retention_days.is_default())
            .then_some(settings.audit_retention_days.value),
        ..VerifyOptions::new(connection::open_options(settings), jobs)
    }
}

/// Cores to use: as many as were asked for, or all.
pub(super) fn jobs(asked: Option<NonZeroUsize>) -> Result<NonZeroUsize> {
    if let Some(jobs) = asked.filter(|jobs| jobs.get() > MAX_JOBS) {
        return Err(bad_value("--jobs", &jobs.to_string(), &format!("a number from 1 to {MAX_JOBS}")));
    }
    Ok(asked.unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)))
}

/// The longest cycle that `--recheck` takes.
const MAX_CYCLE: u32 = 365;

fn resume_options(arguments: &VerifyArgs) -> Result<Option<ResumeOptions>> {
    let Some(path) = &arguments.resume else { return Ok(None) };
    let runs = arguments.recheck.strip_prefix("1/").and_then(|runs| runs.parse::<NonZeroU32>().ok());
    let recheck = runs.filter(|runs| runs.get() <= MAX_CYCLE).ok_or_else(|| {
        bad_value("--recheck", &arguments.recheck, &format!("a part from 1/1 to 1/{MAX_CYCLE}, such as 1/30"))
    })?;
    Ok(Some(ResumeOptions { text: read_resume_file(path)?, recheck }))
}

/// What is in a resume file; `None` when there is none. What is no text is no resume point, which is judged later.
fn read_resume_file(path: &Path) -> Result<Option<String>> {
    /// More than any resume point has.
    const LIMIT: u64 = 17 << 20;
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LIMIT).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::usage(
            "usage.resume",
            format!("cannot read the resume file {}: {error}", path.display()),
        )
        .hint("give a file that this user may read and replace")),
    }
}

pub(super) fn time(flag: &str, text: &str) -> Result<Timestamp> {
    Timestamp::parse(text).ok_or_else(|| bad_value(flag, text, "a time such as 2026-03-01T12:00:00Z"))
}

/// JSON, or a file that holds it. What is in there is judged later, as z4j judges it.
pub(super) fn known_head(text: &str) -> Result<KnownHeadInput> {
    if text.trim_start().starts_with('{') {
        return Ok(KnownHeadInput::parse(text));
    }
    let read = std::fs::read_to_string(text).map_err(|error| {
        Error::usage("usage.known-head", format!("cannot read the known head {text}: {error}")).hint(
            "give a file, or the JSON itself, as `z4j audit export-head` and `z4jctl audit head` print it",
        )
    })?;
    Ok(KnownHeadInput::parse(&read))
}

impl Render for VerifyReport {
    fn human(&self) -> String {
        let mut text = headline(self);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  database   {}", self.database);
        let _ = writeln!(
            text,
            "  schema     generation {} (z4j {}), revision {}",
            self.generation, self.releases, self.revision
        );
        let rows = &self.rows;
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
        if let Some(window) = &self.window {
            let end = |time: Option<Timestamp>, open: &str| {
                time.map_or_else(|| open.to_owned(), |time| time.to_string())
            };
            let _ = writeln!(
                text,
                "  window     {} to {}",
                end(window.since, "beginning"),
                end(window.until, "end")
            );
        }
        if let Some(incremental) = &self.incremental {
            let _ = writeln!(text, "  resume     {}", resume_line(incremental));
        }
        if let Some(shard) = &self.shard {
            let _ = writeln!(text, "  shard      {}", audit_verify_shard::line(shard));
        }
        if let Some(merged) = &self.merged {
            let _ = writeln!(text, "  parts      {}", audit_verify_merge::line(merged));
        }
        for key in &self.keys {
            let _ = writeln!(text, "  key        {} verified {} rows", key.key_id, key.rows);
        }
        for key in &self.unused_keys {
            let _ = writeln!(text, "  unused     {} ({} key): no row needs it", key.key_id, key.setting);
        }
        if let Some(head) = &self.head {
            let mac = head.row_hmac.map_or_else(|| "no HMAC".to_owned(), |mac| mac.to_string());
            let _ = writeln!(text, "  head       row {}, {}, {mac}", head.row, shown(head.occurred_at));
        }
        if let Some(known) = &self.known_head {
            let _ = writeln!(text, "  known head {}: {}", known.verdict, known.message);
        }
        if let Some(anchors) = &self.anchors {
            let _ = writeln!(
                text,
                "  anchors    {}: {} of {}, newest {} ({} rows); {} rows as anchored, {} removed by retention, {} not anchored yet",
                anchors.verdict,
                anchors.checked,
                anchors.origin.as_deref().unwrap_or("-"),
                shown(anchors.newest_at),
                anchors.size,
                anchors.rows_matched,
                anchors.rows_removed,
                anchors.rows_not_anchored
            );
        }
        if let Some(timestamps) = self.anchors.as_ref().and_then(|anchors| anchors.timestamps.as_ref()) {
            let _ = writeln!(
                text,
                "  timestamps {}: {}, newest {} ({} rows) by {}",
                if timestamps.signatures == "verified" {
                    "signatures verified"
                } else {
                    "signatures NOT checked"
                },
                timestamps.count,
                shown(timestamps.newest_time),
                timestamps.newest_size,
                timestamps.newest_authority.as_deref().unwrap_or("-")
            );
        }
        for note in &self.notes {
            let _ = writeln!(text, "  note       {note}");
        }
        if !self.findings.is_empty() {
            let _ = write!(text, "\n{}", table(&self.findings));
        }
        if self.findings_not_listed > 0 {
            let _ = writeln!(
                text,
                "and {} more; list them with --max-findings {}",
                self.findings_not_listed,
                self.findings_not_listed.saturating_add(self.findings.len() as u64)
            );
        }
        text.push_str(&audit_explain::human(&self.findings));
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
        let mut lines: Vec<(String, String)> = [
            ("result", result_word(self).to_owned()),
            ("exit_code", self.exit_code.to_string()),
            ("generation", self.generation.to_string()),
            ("revision", self.revision.clone()),
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
        if let Some(known) = &self.known_head {
            lines.push(("known_head".into(), known.verdict.into()));
        }
        if let Some(anchors) = &self.anchors {
            lines.push(("anchors.verdict".into(), anchors.verdict.into()));
            lines.push(("anchors.checked".into(), anchors.checked.to_string()));
            lines.push(("anchors.size".into(), anchors.size.to_string()));
            lines.push(("anchors.not_anchored".into(), anchors.rows_not_anchored.to_string()));
            if let Some(timestamps) = &anchors.timestamps {
                lines.push(("anchors.timestamps.count".into(), timestamps.count.to_string()));
                lines.push(("anchors.timestamps.signatures".into(), timestamps.signatures.into()));
                lines.push(("anchors.timestamps.newest".into(), shown(timestamps.newest_time)));
            }
        }
        if let Some(incremental) = &self.incremental {
            let fallback = incremental.fallback.as_ref().map_or("", |fallback| fallback.code);
            lines.extend(
                [
                    ("incremental.mode", incremental.mode.to_owned()),
                    ("incremental.fallback", fallback.to_owned()),
                    ("incremental.rows_in_log", incremental.rows_in_log.to_string()),
                    ("incremental.rows_new", incremental.rows_new.to_string()),
                    ("incremental.rows_rechecked", incremental.rows_rechecked.to_string()),
                    ("incremental.rows_from_earlier_runs", incremental.rows_from_earlier_runs.to_string()),
                    ("incremental.oldest_reading", incremental.oldest_reading.to_string()),
                ]
                .map(|(key, value)| (key.to_owned(), value)),
            );
        }
        for finding in &self.findings {
            let row = finding.row.map(|row| row.to_string()).unwrap_or_default();
            let id = finding.audit_id.map(|id| id.to_string()).unwrap_or_default();
            lines.push((
                format!("finding.{}", finding.class.name()),
                format!("{row} {id} {}", finding.message),
            ));
        }
        lines
    }
}

/// What was read and what was not, in one line.
fn resume_line(incremental: &Incremental) -> String {
    let Incremental { rows_new, rows_rechecked, rows_from_earlier_runs, oldest_reading, last_full, .. } =
        incremental;
    match &incremental.fallback {
        Some(fallback) => format!("everything was read: {}", fallback.message),
        None => format!(
            "{rows_new} new rows and {rows_rechecked} older ones were read; {rows_from_earlier_runs} were not, earlier runs \
             verified them, none before {oldest_reading}; everything at once last at {last_full}"
        ),
    }
}

fn result_word(report: &VerifyReport) -> &'static str {
    match report.exit() {
        ExitCode::Done => "OK",
        ExitCode::Incomplete => "INCOMPLETE",
        _ => "FAIL",
    }
}

/// The documented first line, and for a broken row the three lines behind it.
fn headline(report: &VerifyReport) -> String {
    let merged = report.merged.as_ref();
    let command = if merged.is_some() { "z4jctl audit verify-merge" } else { "z4jctl audit verify" };
    let walked = report.rows.total;
    if let (true, Some(incremental)) =
        (report.ok, report.incremental.as_ref().filter(|incremental| incremental.fallback.is_none()))
    {
        return format!(
            "{command}: OK (walked {walked} of {} rows, chain intact; the others as of earlier runs, none before {})\n",
            incremental.rows_in_log, incremental.oldest_reading
        );
    }
    if report.ok {
        let is_part = report.window.is_some() || report.shard.is_some();
        let intact = if is_part { "this part of the chain intact" } else { "chain intact" };
        return format!("{command}: OK (walked {walked} rows, {intact})\n");
    }
    let is_row = |finding: &&Finding| finding.row.is_some() && finding.exit_code() == report.exit();
    let first_row = report.findings.iter().find(is_row);
    let first =
        first_row.or_else(|| report.findings.iter().find(|finding| finding.exit_code() == report.exit()));
    match (report.exit(), first) {
        (ExitCode::Incomplete, Some(finding)) => {
            let at = finding.row.map(|row| format!(" from row {row}")).unwrap_or_default();
            format!(
                "{command}: INCOMPLETE{at} (walked {walked} rows, {}): {}\n",
                finding.class.name(),
                finding.message
            )
        }
        (ExitCode::Incomplete, None) if merged.is_some_and(|merged| merged.moved.is_some()) => {
            format!("{command}: INCOMPLETE (the log was changed while its parts were read)\n")
        }
        (ExitCode::Incomplete, None) => format!("{command}: INCOMPLETE (walked {walked} rows)\n"),
        (_, Some(finding)) => match finding.row {
            Some(row) => {
                let id = finding.audit_id.map_or_else(|| "unreadable".to_owned(), |id| id.to_string());
                let link = |link: &Option<Option<String>>| match link {
                    None => "not judged".to_owned(),
                    Some(None) => "none (genesis)".to_owned(),
                    Some(Some(mac)) => mac.clone(),
                };
                format!(
                    "{command}: FAIL at row {row} (audit_id={id})\n  expected   prev_row_hmac {}\n  got        prev_row_hmac {}\n  timestamp  {}\n  finding    {}: {}\n",
                    link(&finding.expected_prev_row_hmac),
                    link(&finding.got_prev_row_hmac),
                    shown(finding.occurred_at),
                    finding.class.name(),
                    finding.message
                )
            }
            None => format!("{command}: FAIL ({}: {})\n", finding.class.name(), finding.message),
        },
        (_, None) => {
            let reason = report.known_head.as_ref().map_or("see below", |known| known.verdict);
            format!("{command}: FAIL (known head {reason})\n")
        }
    }
}

fn table(findings: &[Finding]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["CLASS", "ROW", "AUDIT ID", "OCCURRED AT", "FINDING"]);
    for finding in findings {
        let mut message = finding.message.clone();
        if finding.certainty == Certainty::Undecided && finding.class != Class::UnknownKey {
            message.push_str(" [cannot be decided]");
        }
        if let (Some(after), Some(before)) = (finding.after, finding.before) {
            let _ = write!(
                message,
                " (between intact rows {} of {} and {} of {})",
                after.row, after.occurred_at, before.row, before.occurred_at
            );
        }
        table.add_row([
            finding.class.name().to_owned(),
            finding.row.map_or_else(|| "-".into(), |row| row.to_string()),
            finding.audit_id.map_or_else(|| "-".into(), |id| id.to_string()),
            shown(finding.occurred_at),
            message,
        ]);
    }
    let mut text = String::new();
    for line in table.to_string().lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn shown(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.to_string())
}
