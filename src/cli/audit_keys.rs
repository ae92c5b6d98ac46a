//! `z4jctl audit keys`.
#![expect(clippy::doc_markdown, reason = "texts of --help, not of the documentation")]

use clap::{Args, Subcommand};
use serde_json::json;

use super::confirm::{Decision, SafetyArgs, Severity};
use super::ui::{self, Render};
use super::write::{Particular, WriteArgs, Writing};
use super::{Run, connection};
use crate::audit::rotation::{
    AuditKey, Configured, KeyList, Retirement, RotateOptions, apply_retire, list, plan_retire, prepare,
};
use crate::error::{ExitCode, Result};
use crate::format::Timestamp;

const EXAMPLES: &str = "Examples:
  z4jctl audit keys list
  z4jctl audit keys rotate --managed --dry-run
  z4jctl audit keys rotate --managed --yes --reason 'yearly rotation'
  z4jctl audit keys retire --key-id 61296db5a729 --yes

Where the keys are set in the environment or in config.env: put a new Z4J_AUDIT_CHAIN_SECRET there (`openssl rand -base64 48`),
the present one into Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS, and run `z4jctl audit keys rotate` in the same environment.";

/// The keys that sign the audit log, from 1.8 on.
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// List the audit keys: where each is configured, which signs, how many rows need it
    #[command(after_long_help = EXAMPLES)]
    List,
    #[command(after_long_help = EXAMPLES)]
    Rotate(RotateArgs),
    #[command(after_long_help = EXAMPLES)]
    Retire(RetireArgs),
}

/// Make another audit key sign: commits one that is configured, or mints one with --managed.
///
/// Every brain must be stopped. A row audit.chain_key_rotated, signed under the new key, tells of it. Rows are not signed
/// again: the old key stays among the previous ones until its rows are gone. When a managed rotation was interrupted
/// between secret.env and the commit, the same command finishes it.
#[derive(Debug, Args)]
pub(super) struct RotateArgs {
    /// Mint the new key into secret.env and move the present one into Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS there
    #[arg(long)]
    managed: bool,
    /// No brain runs, whoever else has the database open
    #[arg(long)]
    brains_stopped: bool,
    #[command(flatten)]
    write: WriteArgs,
}

/// Let go of an old audit key that no row needs any more.
///
/// Refused while live rows are signed under it. In secret.env the key is taken out; elsewhere the command says where
/// it is to be taken out. The database does not change, so there is no audit row of it.
#[derive(Debug, Args)]
pub(super) struct RetireArgs {
    /// The key: its id, or the first 12 digits or more
    #[arg(long, value_name = "ID")]
    key_id: String,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(super) fn run(run: &Run<'_>, verb: &Keys) -> Result<ExitCode> {
    match verb {
        Keys::List => {
            let settings = run.settings()?;
            let report = list(run.context, &settings, connection::open_options(&settings))?;
            run.ui.print(&report)?;
            Ok(if report.exit_code == 0 { ExitCode::Done } else { ExitCode::Secret })
        }
        Keys::Rotate(arguments) => rotate(run, arguments),
        Keys::Retire(arguments) => retire(run, arguments),
    }
}

fn rotate(run: &Run<'_>, arguments: &RotateArgs) -> Result<ExitCode> {
    let settings = run.settings_to_write(&arguments.write)?;
    let options = RotateOptions {
        managed: arguments.managed,
        brains_stopped: arguments.brains_stopped,
        only_look: arguments.write.is_dry_run(),
    };
    let rotation = prepare(run.context, &settings, connection::open_options(&settings), options)?;
    let writing =
        Writing { command: "audit.keys.rotate", arguments: &arguments.write, severity: Severity::Ordinary };
    let next = rotation.next_id();
    let file = rotation.secret_file().map(|path| path.display().to_string());
    writing
        .perform_with(run, &settings, &rotation.keys, &rotation, |_| {
            let mut text = String::from("start the brains again, with this configuration\n");
            if let Some(file) = &file {
                text.push_str(&format!("the new key is in {file}: back it up together with the database\n"));
            }
            Ok(Particular {
                json: json!({ "key_id": next, "secret_file": file }),
                text,
                plain: vec![("key_id".into(), next.to_string())],
            })
        })
        .map_err(|error| rotation.explain(error))
}

fn retire(run: &Run<'_>, arguments: &RetireArgs) -> Result<ExitCode> {
    let settings = run.settings()?;
    let open = connection::open_options(&settings);
    let mut retirement = plan_retire(run.context, &settings, open, &arguments.key_id)?;
    // Where an operator has to do it, there is nothing to ask for.
    if retirement.file.is_some()
        && let Decision::Write(leave) =
            arguments.safety.leave(|| Ok(retirement.human()), Severity::Ordinary)?
    {
        retirement = apply_retire(retirement, leave, run.context)?;
    }
    run.ui.print(&retirement)?;
    Ok(ExitCode::Done)
}

fn configured(key: &AuditKey) -> &'static str {
    match key.configured {
        Configured::Current => "current",
        Configured::Previous => "previous",
        Configured::Missing => "NOT CONFIGURED",
    }
}

impl Render for KeyList {
    fn human(&self) -> String {
        let mut text = format!("{} (generation {})\n", self.database, self.generation);
        let header = ["KEY", "CONFIGURED", "SIGNS", "LIVE ROWS", "NEWEST", "RETIRABLE", "ORIGIN"];
        let time = |time: Option<Timestamp>| time.map_or_else(|| "-".into(), Timestamp::zulu);
        let rows = self.keys.iter().map(|key| {
            let retirable = match (key.retirable, key.needed_until) {
                (true, _) => "yes".to_owned(),
                (false, Some(until)) => format!("about {}", until.zulu()),
                (false, None) => "no".to_owned(),
            };
            vec![
                key.key_id.to_string(),
                configured(key).to_owned(),
                if key.signs_state { "yes" } else { "no" }.to_owned(),
                key.live_rows.to_string(),
                time(key.newest_row_at),
                retirable,
                key.origin.as_ref().map_or_else(|| "-".into(), ToString::to_string),
            ]
        });
        text.push_str(&ui::table(&header, rows));
        for note in &self.notes {
            text.push_str(&format!("note: {note}\n"));
        }
        text
    }

    fn items(&self) -> Vec<serde_json::Value> {
        self.keys.iter().map(|key| json!({ "type": "key", "key": key })).collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![
            ("state_key_id".to_owned(), self.state_key_id.to_string()),
            ("rotation_pending".to_owned(), self.rotation_pending.to_string()),
            ("managed".to_owned(), self.managed.to_string()),
        ];
        lines.extend(self.keys.iter().map(|key| {
            let word = configured(key).to_lowercase().replace(' ', "-");
            (
                "key".to_owned(),
                format!("{} {word} rows={} retirable={}", key.key_id, key.live_rows, key.retirable),
            )
        }));
        lines
    }
}

impl Render for Retirement {
    fn human(&self) -> String {
        let id = self.key_id;
        match (&self.file, self.applied) {
            (Some(file), true) => {
                format!("key {id} was taken out of {}\n{}\n", file.display(), self.advice)
            }
            (Some(file), false) => {
                format!("no live row needs key {id}: it would be taken out of {}\n", file.display())
            }
            (None, _) => format!("no live row needs key {id}\n{}\n", self.advice),
        }
    }

    fn plain(&self) -> Vec<(String, String)> {
        vec![
            ("key_id".into(), self.key_id.to_string()),
            ("applied".into(), self.applied.to_string()),
            ("advice".into(), self.advice.clone()),
        ]
    }
}
