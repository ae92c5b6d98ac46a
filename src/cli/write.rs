//! What all verbs that write have in common: flags, plan, question, report.

use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};
use zeroize::Zeroize as _;

use super::confirm::{AttributionArgs, Decision, SafetyArgs, Severity};
use super::ui::Render;
use super::{Run, connection};
use crate::audit::append::VerifyFirst;
use crate::audit::keys::Keys;
use crate::audit::transact::{Attribution, Operation, Outcome, Session, ShownChange, WriteReport};
use crate::config::{Settings, account_of_process};
use crate::error::{Error, ExitCode, Result};
use crate::plan::Action;

/// The flags of a verb that changes the database and appends to its audit log.
#[derive(Debug, Args)]
pub(super) struct WriteArgs {
    #[command(flatten)]
    safety: SafetyArgs,
    #[command(flatten)]
    attribution: AttributionArgs,
    /// How much of the audit log must verify before anything is written
    #[arg(long, value_enum, value_name = "HOW", default_value = "head", help_heading = "Safety")]
    verify_first: HowMuch,
    /// SQLite: MiB that must be free on the disk before anything is written [default: 16]
    #[arg(long, value_name = "MIB", help_heading = "Safety")]
    min_free: Option<u64>,
}

/// See [`VerifyFirst`].
#[derive(Debug, Clone, Copy, ValueEnum)]
enum HowMuch {
    /// The whole log
    Full,
    /// The chain state and the newest rows
    Head,
    /// Only that the newest row is the head
    None,
}

/// A verb that writes, before it does.
#[derive(Clone, Copy)]
pub(super) struct Writing<'a> {
    /// Name of the command in its report: `token.mint`.
    pub(super) command: &'static str,
    /// The flags.
    pub(super) arguments: &'a WriteArgs,
    /// How hard it would be to take back.
    pub(super) severity: Severity<'a>,
}

impl WriteArgs {
    /// For a command whose `--actor` is something else: asked for leave by these flags, and nothing beyond a reason.
    pub(super) fn with_reason(safety: &SafetyArgs, reason: Option<String>) -> Self {
        Self {
            safety: safety.or_yes(false),
            attribution: AttributionArgs { actor: None, reason },
            verify_first: HowMuch::Head,
            min_free: None,
        }
    }

    /// Whether only the plan is asked for.
    pub(super) fn is_dry_run(&self) -> bool {
        self.safety.is_dry_run()
    }

    /// The database that is written to, and how.
    pub(super) fn session<'s>(&self, run: &Run<'s>, settings: &'s Settings, keys: &'s Keys) -> Session<'s> {
        let mut open = connection::open_options(settings);
        open.minimum_free = self.min_free.map(|mib| mib.saturating_mul(1 << 20));
        Session {
            context: run.context,
            database: &settings.database.value,
            keys,
            open,
            verify: match self.verify_first {
                HowMuch::Full => VerifyFirst::Full,
                HowMuch::Head => VerifyFirst::Head,
                HowMuch::None => VerifyFirst::None,
            },
            attribution: attribution(run, &self.attribution),
        }
    }
}

impl<'a> Writing<'a> {
    /// With another flag that says yes, such as the one that z4j has for it.
    pub(super) fn confirmed_by(self, flag: bool) -> Confirmed<'a> {
        Confirmed { writing: self, yes: flag }
    }

    /// See [`Confirmed::perform`].
    pub(super) fn perform(
        self,
        run: &Run<'_>,
        settings: &Settings,
        operation: &dyn Operation,
        result: impl FnOnce(&Outcome) -> Result<Particular>,
    ) -> Result<ExitCode> {
        self.confirmed_by(false).perform(run, settings, operation, result)
    }

    /// See [`Confirmed::perform_with`].
    pub(super) fn perform_with(
        self,
        run: &Run<'_>,
        settings: &Settings,
        keys: &Keys,
        operation: &dyn Operation,
        result: impl FnOnce(&Outcome) -> Result<Particular>,
    ) -> Result<ExitCode> {
        self.confirmed_by(false).perform_with(run, settings, keys, operation, result)
    }
}

/// A [`Writing`] that may have been confirmed already.
#[derive(Clone, Copy)]
pub(super) struct Confirmed<'a> {
    writing: Writing<'a>,
    yes: bool,
}

impl Confirmed<'_> {
    /// Plans, asks, writes, and prints what was done. `result` gives what is particular to the command; it is asked
    /// only after the change was committed, so what it shows is valid.
    pub(super) fn perform(
        self,
        run: &Run<'_>,
        settings: &Settings,
        operation: &dyn Operation,
        result: impl FnOnce(&Outcome) -> Result<Particular>,
    ) -> Result<ExitCode> {
        self.perform_with(run, settings, &connection::keys(settings)?, operation, result)
    }

    /// The same with other keys than those that are configured: one of them is new.
    pub(super) fn perform_with(
        self,
        run: &Run<'_>,
        settings: &Settings,
        keys: &Keys,
        operation: &dyn Operation,
        result: impl FnOnce(&Outcome) -> Result<Particular>,
    ) -> Result<ExitCode> {
        let Writing { command, arguments, severity } = self.writing;
        let session = arguments.session(run, settings, keys);
        let safety = arguments.safety.or_yes(self.yes);
        // Nobody has to agree to nothing, and whoever has agreed beforehand needs no preview.
        let preview = if safety.says_yes() { None } else { Some(session.preview(operation)?) };
        let has_work = preview.as_ref().is_none_or(|preview| !preview.plan.is_empty());
        let decision = match &preview {
            Some(preview) if has_work => safety.leave(|| Ok(plan_text(&preview.outcome)), severity)?,
            Some(_) => Decision::DryRun,
            None => safety.leave(|| Ok(String::new()), severity)?,
        };
        let (outcome, particular) = match (decision, preview) {
            (Decision::Write(leave), preview) => {
                let agreed = preview.as_ref().map(|preview| &preview.plan);
                let outcome = session.apply(operation, agreed, leave)?;
                let particular = if outcome.written { result(&outcome)? } else { Particular::default() };
                (outcome, particular)
            }
            (Decision::DryRun, Some(preview)) => (preview.outcome, Particular::default()),
            (Decision::DryRun, None) => return Err(Error::bug("a dry run without a plan")),
        };
        let report = Report {
            text: particular.text,
            lines: particular.plain,
            done: WriteReport {
                schema: format!("z4jctl.{command}/1"),
                exit_code: 0,
                dry_run: safety.is_dry_run(),
                outcome,
                result: particular.json,
            },
        };
        // A plan shows its notes itself.
        for note in report.done.outcome.notes.iter().filter(|_| report.done.outcome.written) {
            run.ui.note(note);
        }
        run.ui.print(&report)?;
        Ok(ExitCode::Done)
    }
}

/// What a command gives beside what it changed.
#[derive(Default)]
pub(super) struct Particular {
    /// For JSON.
    pub(super) json: Json,
    /// For a person, behind the summary.
    pub(super) text: String,
    /// Lines of `plain`.
    pub(super) plain: Vec<(String, String)>,
}

fn wipe(value: &mut Json) {
    match value {
        Json::String(text) => text.zeroize(),
        Json::Array(items) => items.iter_mut().for_each(wipe),
        Json::Object(members) => members.values_mut().for_each(wipe),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

struct Report {
    done: WriteReport,
    text: String,
    lines: Vec<(String, String)>,
}

impl Drop for Report {
    /// What is shown once stays nowhere.
    fn drop(&mut self) {
        self.text.zeroize();
        for (_, value) in &mut self.lines {
            value.zeroize();
        }
        wipe(&mut self.done.result);
    }
}

impl serde::Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.done.serialize(serializer)
    }
}

impl Render for Report {
    fn human(&self) -> String {
        let outcome = &self.done.outcome;
        if self.done.dry_run {
            return format!("{}dry run: nothing was written\n", plan_text(outcome));
        }
        let mut text = format!("{}\n{}", outcome.summary, self.text);
        if !outcome.written {
            text.push_str("nothing was to be done; nothing was written\n");
        }
        for row in &outcome.appended {
            text.push_str(&format!("audit row {}  {}\n", row.id, row.entry.action));
        }
        text
    }

    fn items(&self) -> Vec<Json> {
        let changes = self.done.outcome.changes.iter();
        changes.map(|change| json!({ "type": "change", "change": change })).collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let outcome = &self.done.outcome;
        let mut lines = vec![
            ("written".to_owned(), outcome.written.to_string()),
            ("summary".into(), outcome.summary.clone()),
        ];
        lines.extend(self.lines.iter().cloned());
        lines.extend(outcome.changes.iter().map(|change| ("change".into(), change_line(change))));
        lines.extend(outcome.appended.iter().map(|row| ("audit".into(), row.id.to_string())));
        lines
    }
}

/// The plan for a person: rows before and after, and the audit rows.
fn plan_text(outcome: &Outcome) -> String {
    let mut text = format!("database {} (generation {})\n", outcome.database, outcome.generation);
    if outcome.changes.is_empty() && outcome.to_append.is_empty() {
        return format!("{text}  nothing is to be done: {}\n", outcome.summary);
    }
    for change in &outcome.changes {
        text.push_str(&format!("  {}\n", change_line(change)));
        for column in &change.columns {
            match &column.before {
                Some(before) => {
                    text.push_str(&format!("      {}: {before} -> {}\n", column.column, column.after));
                }
                None => text.push_str(&format!("      {}: {}\n", column.column, column.after)),
            }
        }
    }
    for entry in &outcome.to_append {
        let metadata = Json::Object(entry.metadata.clone());
        text.push_str(&format!(
            "  audit row to append: {} {} {metadata}\n",
            entry.action,
            entry.target_id.as_deref().unwrap_or("-")
        ));
    }
    for note in &outcome.notes {
        text.push_str(&format!("  note: {note}\n"));
    }
    text
}

fn change_line(change: &ShownChange) -> String {
    let verb = match change.action {
        Action::Insert => "insert into",
        Action::Update => "update",
        Action::Delete => "delete from",
    };
    let key = change.key.values().cloned().collect::<Vec<_>>().join(", ");
    format!("{verb} {} {key} ({})", change.table, change.label)
}

fn attribution(run: &Run<'_>, arguments: &AttributionArgs) -> Attribution {
    let account = account_of_process(&run.context.env);
    Attribution {
        operator: account.name,
        operator_uid: Some(account.uid),
        host: account.host,
        actor: arguments.actor.clone(),
        reason: arguments.reason.clone(),
    }
}
