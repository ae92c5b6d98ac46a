//! `z4jctl metrics-token`.
#![expect(clippy::doc_markdown, reason = "texts of --help, not of the documentation")]

use clap::{Args, Subcommand};

use super::Run;
use super::confirm::{Decision, SafetyArgs, Severity};
use super::ui::Render;
use crate::error::{ExitCode, Result};
use crate::settings_files::metrics_token::{
    MetricsToken, MetricsTokenRotation, apply_rotate, plan_rotate, show,
};

const EXAMPLES: &str = "Examples:
  z4jctl metrics-token show
  curl -H \"Authorization: Bearer $(z4jctl metrics-token show)\" http://localhost:7700/metrics
  z4jctl metrics-token rotate --dry-run
  z4jctl metrics-token rotate --yes > /etc/prometheus/z4j.token";

/// The token with which Prometheus reads /metrics.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct MetricsTokenArgs {
    #[command(subcommand)]
    command: Option<MetricsTokenCommand>,
}

#[derive(Debug, Subcommand)]
enum MetricsTokenCommand {
    /// Print the token in force; the default
    ///
    /// It stands alone on stdout: that is what this command is for. Exit code 6 when there is none. No database is
    /// touched, so there is no audit row of it.
    #[command(after_long_help = EXAMPLES)]
    Show,
    #[command(after_long_help = EXAMPLES)]
    Rotate(RotateArgs),
}

/// Mint a new token into secret.env and print it.
///
/// The old token works until the brain is started again, and not a moment longer. Refused when the environment, .env or
/// config.env sets Z4J_METRICS_AUTH_TOKEN, because a token in secret.env would lose to it. The file is replaced whole,
/// mode 0600, under z4j's own lock; the other secrets in it stay as they are. No database is touched, so there is no
/// audit row of it.
#[derive(Debug, Args)]
struct RotateArgs {
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(super) fn run(run: &Run<'_>, arguments: &MetricsTokenArgs) -> Result<ExitCode> {
    run.ui.refuse_report_files("a metrics token")?;
    let overrides = run.connection.overrides()?;
    let lookup = run.lookup(&overrides)?;
    let Some(MetricsTokenCommand::Rotate(arguments)) = &arguments.command else {
        run.ui.print(&show(&lookup)?)?;
        return Ok(ExitCode::Done);
    };
    let mut rotation = plan_rotate(&lookup)?;
    for note in &rotation.notes {
        run.ui.warn(note);
    }
    if let Decision::Write(token) = arguments.safety.leave(|| Ok(rotation.human()), Severity::Ordinary)? {
        rotation = apply_rotate(rotation, token, run.context)?;
        run.ui.note(&format!(
            "a new token is in {}; give it to Prometheus (authorization.credentials) and restart the brain, \
             which takes the old one until then",
            rotation.path.display()
        ));
    }
    run.ui.print(&rotation)?;
    Ok(ExitCode::Done)
}

impl Render for MetricsToken {
    fn human(&self) -> String {
        format!("{}\n", self.token.text())
    }

    fn plain(&self) -> Vec<(String, String)> {
        vec![("token".into(), self.token.text().to_owned()), ("origin".into(), self.origin.to_string())]
    }
}

impl Render for MetricsTokenRotation {
    fn human(&self) -> String {
        match &self.token {
            Some(token) => format!("{}\n", token.text()),
            None => format!(
                "z4jctl metrics-token rotate: would write {} to {}\n",
                if self.replaces { "a new token over the old one" } else { "a first token" },
                self.path.display()
            ),
        }
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![
            ("path".to_owned(), self.path.display().to_string()),
            ("replaces".to_owned(), self.replaces.to_string()),
            ("applied".to_owned(), self.applied.to_string()),
        ];
        lines.extend(self.token.as_ref().map(|token| ("token".to_owned(), token.text().to_owned())));
        lines
    }
}
