//! `z4jctl reset-setup`.

use clap::Args;

use super::Run;
use super::confirm::Severity;
use super::write::{Particular, WriteArgs, Writing};
use crate::error::{ExitCode, Result};
use crate::identity::user::ResetSetup;

/// Delete pending setup tokens of an installation that has no user yet
///
/// The next start of a brain mints a new one. Audit rows are never deleted, which z4j's own command did up to 1.7.
#[derive(Debug, Args)]
pub(super) struct ResetSetupArgs {
    /// Same as --yes, as z4j names it
    #[arg(long, hide = true, conflicts_with = "dry_run")]
    force: bool,
    #[command(flatten)]
    write: WriteArgs,
}

pub(super) fn run(run: &Run<'_>, arguments: &ResetSetupArgs) -> Result<ExitCode> {
    let settings = run.settings_to_write(&arguments.write)?;
    let writing =
        Writing { command: "reset-setup", arguments: &arguments.write, severity: Severity::Ordinary };
    writing.confirmed_by(arguments.force).perform(run, &settings, &ResetSetup, |_| Ok(Particular::default()))
}
