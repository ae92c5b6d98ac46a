//! `z4jctl changepassword`.

use clap::Args;

use super::confirm::Severity;
use super::password_input::PasswordArgs;
use super::write::{Particular, WriteArgs, Writing};
use super::{Run, connection, new_password};
use crate::error::{ExitCode, Result};
use crate::identity::user::ChangePassword;
use crate::identity::user_list::Beforehand;

/// Set the password of a user and end its sessions
///
/// What z4j's own command does in the release that owns the database, with an audit row in every release. The password
/// must satisfy z4j's policy and a strength check. API keys and the second factor are not touched.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  z4jctl changepassword admin@example.com
  pass show brain/admin | z4jctl changepassword admin@example.com --password-stdin --yes --reason \"lost\"")]
pub(super) struct ChangePasswordArgs {
    /// E-mail address or id
    #[arg(value_name = "EMAIL")]
    user: String,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    write: WriteArgs,
}

pub(super) fn run(run: &Run<'_>, arguments: &ChangePasswordArgs) -> Result<ExitCode> {
    arguments.password.claim_stdin(run)?;
    let settings = run.settings_to_write(&arguments.write)?;
    let open = connection::open_options(&settings);
    let before = Beforehand::look(run.context, &settings.database.value, open, Some(&arguments.user))?;
    let (email, name) = before.user.unwrap_or_default();
    let prompt = format!("new password of {email}");
    let password_hash = new_password::hashed(
        run,
        &settings,
        before.generation,
        &arguments.password,
        &prompt,
        &email,
        name.as_deref(),
    )?;
    let operation = ChangePassword { user: arguments.user.clone(), password_hash };
    Writing { command: "changepassword", arguments: &arguments.write, severity: Severity::Ordinary }.perform(
        run,
        &settings,
        &operation,
        |_| Ok(Particular::default()),
    )
}
