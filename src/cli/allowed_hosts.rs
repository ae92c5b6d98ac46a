//! `z4jctl allowed-hosts`.
#![expect(clippy::doc_markdown, reason = "texts of --help, not of the documentation")]

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Run;
use super::confirm::{Decision, SafetyArgs, Severity};
use super::ui::{Render, printable};
use crate::config::{Database, Lookup, Origin, Overrides, Settings};
use crate::error::{ExitCode, Result};
use crate::settings_files::allowed_hosts::{
    AllowedHosts, AllowedHostsPlan, Change, Outcome, apply, list, path, plan_add, plan_remove,
};

const EXAMPLES: &str = "Examples:
  z4jctl allowed-hosts add tasks.example.com
  z4jctl allowed-hosts add --yes 10.0.0.5 '[fd00::5]'     # where nobody is at a terminal
  z4jctl allowed-hosts remove --dry-run old.example.com
  z4jctl allowed-hosts list --output json";

// What a verb does is said at its arguments: a text here would take the place of that one.
#[derive(Debug, Subcommand)]
pub(super) enum AllowedHostsCommand {
    /// Print the hosts of the file
    #[command(after_long_help = EXAMPLES)]
    List,
    #[command(after_long_help = EXAMPLES)]
    Add(AddArgs),
    #[command(after_long_help = EXAMPLES)]
    Remove(RemoveArgs),
}

/// Add hosts to the file.
///
/// The file is allowed-hosts in z4j's home directory (every release, also 1.0 to 1.3, finds it by Z4J_HOME). Comments
/// and other lines stay as they are. What could never match a request is refused: a URL, a port, a wildcard, an IPv6
/// address without brackets. A host that is there already is no error. The brain reads the file when it starts, and
/// only on SQLite and without Z4J_ALLOWED_HOSTS. No database is touched, so there is no audit row of it.
#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// Host name or IP address, as browsers send it: without scheme, port and path
    #[arg(required = true, value_name = "HOST")]
    hosts: Vec<String>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// Remove hosts from the file.
///
/// Every line with the host goes, whatever its case of letters; comments and other lines stay as they are. A host that
/// is not there is no error. The brain goes on with the old list until it is started again. No database is touched, so
/// there is no audit row of it.
#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    /// An entry of the file
    #[arg(required = true, value_name = "HOST")]
    hosts: Vec<String>,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(super) fn run(run: &Run<'_>, command: &AllowedHostsCommand) -> Result<ExitCode> {
    let overrides = run.connection.overrides()?;
    let lookup = run.lookup(&overrides)?;
    let home = &lookup.home.value;
    let (plan, safety) = match command {
        AllowedHostsCommand::List => {
            let mut report = list(home)?;
            report.notes.extend(unread(run, &overrides, &lookup));
            for note in &report.notes {
                run.ui.warn(note);
            }
            if report.hosts.is_empty() {
                run.ui.note(&format!("no hosts in {}", path(home).display()));
            }
            run.ui.print(&report)?;
            return Ok(ExitCode::Done);
        }
        AllowedHostsCommand::Add(arguments) => (plan_add(home, &arguments.hosts)?, &arguments.safety),
        AllowedHostsCommand::Remove(arguments) => (plan_remove(home, &arguments.hosts)?, &arguments.safety),
    };
    let mut plan = plan;
    plan.notes.extend(unread(run, &overrides, &lookup));
    for note in &plan.notes {
        run.ui.warn(note);
    }
    // Leave is for writing; what is there already needs none.
    if plan.changes_anything()
        && let Decision::Write(token) = safety.leave(|| Ok(plan.human()), Severity::Ordinary)?
    {
        plan = apply(plan, token, &run.context.cancel)?;
        run.ui.note("restart the brain (`z4j serve`) for the change to take effect");
    }
    run.ui.print(&plan)?;
    Ok(ExitCode::Done)
}

/// Why the brain would not even read the file, as far as the settings here tell.
fn unread(run: &Run<'_>, overrides: &Overrides, lookup: &Lookup<'_>) -> Option<String> {
    let ignores = |why: String| Some(format!("z4j does not read this file {why}"));
    // A file that is broken is no business of this command.
    if let Ok(Some(found)) = lookup.find("Z4J_ALLOWED_HOSTS") {
        return ignores(format!("while Z4J_ALLOWED_HOSTS is set ({})", found.origin));
    }
    let database = Settings::resolve(overrides, &run.context.env).ok()?.database;
    // libpq's variables are nothing to z4j.
    let is_ours = matches!(&database.origin, Origin::Environment { name } if name.starts_with("PG"));
    if matches!(database.value, Database::Postgres(_)) && !is_ours {
        return ignores("on PostgreSQL: set Z4J_ALLOWED_HOSTS".to_owned());
    }
    None
}

impl Render for AllowedHosts {
    fn human(&self) -> String {
        self.hosts.iter().map(|host| printable(host) + "\n").collect()
    }

    fn items(&self) -> Vec<Value> {
        self.hosts.iter().map(|host| json!({ "type": "host", "host": host })).collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        self.hosts.iter().map(|host| ("host".to_owned(), host.clone())).collect()
    }
}

impl Render for AllowedHostsPlan {
    fn human(&self) -> String {
        let verb = match (self.applied, self.changes_anything()) {
            (_, false) => "nothing to change in",
            (true, true) => "wrote",
            (false, true) => "would write",
        };
        let mut text = format!("z4jctl allowed-hosts: {verb} {}\n", self.path.display());
        for Change { host, outcome } in &self.changes {
            let line = match outcome {
                Outcome::Added => format!("  added:   {}\n", printable(host)),
                Outcome::AlreadyPresent => format!("  skipped: {} (already present)\n", printable(host)),
                Outcome::Removed => format!("  removed: {}\n", printable(host)),
                Outcome::NotFound => format!("  not found: {}\n", printable(host)),
            };
            text.push_str(&line);
        }
        text
    }

    fn items(&self) -> Vec<Value> {
        let item =
            |change: &Change| json!({ "type": "change", "host": change.host, "outcome": change.outcome });
        self.changes.iter().map(item).collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![
            ("path".to_owned(), self.path.display().to_string()),
            ("applied".to_owned(), self.applied.to_string()),
        ];
        for Change { host, outcome } in &self.changes {
            let name = match outcome {
                Outcome::Added => "added",
                Outcome::AlreadyPresent => "already-present",
                Outcome::Removed => "removed",
                Outcome::NotFound => "not-found",
            };
            lines.push((name.to_owned(), host.clone()));
        }
        lines
    }
}
