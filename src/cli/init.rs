//! `z4jctl init`.
#![expect(clippy::doc_markdown, reason = "texts of --help, not of the documentation")]

use std::fmt::Write as _;

use clap::Args;

use super::Run;
use super::ui::Render;
use crate::error::{ExitCode, Result};
use crate::init::{InitPlan, apply, plan};

/// Create a fresh brain database: a SQLite file that is not there yet, or an empty PostgreSQL database.
///
/// It has the schema of z4j 1.7.0 and one signed audit row; the real z4j 1.7.0 runs on it, and later releases upgrade
/// it. Without a configured Z4J_SECRET new secrets are written to secret.env in the home directory. A target that
/// holds anything is refused.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Print what would be made and make nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
}

pub(super) fn run(run: &Run<'_>, arguments: &InitArgs) -> Result<ExitCode> {
    let settings = run.connection.resolve(run.context)?;
    // A home that does not exist yet is nothing to warn of: it is about to be made.
    for warning in settings.warnings.iter().filter(|_| settings.home.value.exists()) {
        run.ui.warn(warning);
    }
    let mut outcome = plan(&settings, run.context)?;
    if !arguments.dry_run {
        outcome = apply(outcome, &settings, run.context)?;
    }
    run.ui.print(&outcome)?;
    Ok(ExitCode::Done)
}

impl Render for InitPlan {
    fn human(&self) -> String {
        let done = if self.applied { "created" } else { "would create" };
        let mut text = format!("z4jctl init: {done} {}\n", self.database);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  schema     z4j {}, revision {}", self.release, self.revision);
        if let Some(path) = &self.secrets_file {
            let wrote = if self.applied { "new, in" } else { "new, would go to" };
            let _ = writeln!(
                text,
                "  secrets    {wrote} {} (keep a copy: the log cannot be verified without them)",
                path.display()
            );
        }
        if let Some(id) = self.first_audit_id {
            let _ = writeln!(text, "  audit row  {id}");
        }
        for note in &self.notes {
            let _ = writeln!(text, "  note       {note}");
        }
        text
    }

    fn plain(&self) -> Vec<(String, String)> {
        vec![
            ("database".into(), self.database.clone()),
            ("applied".into(), self.applied.to_string()),
            ("release".into(), self.release.into()),
            ("revision".into(), self.revision.into()),
            (
                "secrets_file".into(),
                self.secrets_file.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
            ),
        ]
    }
}
