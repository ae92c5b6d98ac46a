//! `z4jctl reset-mfa`.

use clap::Args;

use super::Run;
use super::confirm::Severity;
use super::write::{Particular, WriteArgs, Writing};
use crate::config::account_of_process;
use crate::error::{ExitCode, Result};
use crate::identity::mfa::ResetMfa;

/// Clear the second factor of a user (from 1.6)
///
/// Clears the TOTP secret, recovery codes, trusted devices and the lock of the second factor. Sessions stay alive, as z4j
/// leaves them; `z4jctl session revoke` ends them.
#[derive(Debug, Args)]
pub(super) struct ResetMfaArgs {
    /// E-mail address or id
    #[arg(value_name = "EMAIL")]
    user: String,
    /// Same as --yes, as z4j names it
    #[arg(long, hide = true, conflicts_with = "dry_run")]
    confirm: bool,
    #[command(flatten)]
    write: WriteArgs,
}

pub(super) fn run(run: &Run<'_>, arguments: &ResetMfaArgs) -> Result<ExitCode> {
    let settings = run.settings_to_write(&arguments.write)?;
    let operator = account_of_process(&run.context.env).name;
    let operation = ResetMfa { user: arguments.user.clone(), operator };
    let severity = Severity::Destructive { name: &arguments.user };
    let writing = Writing { command: "reset-mfa", arguments: &arguments.write, severity };
    writing.confirmed_by(arguments.confirm).perform(run, &settings, &operation, |_| Ok(Particular::default()))
}
