//! `z4jctl createsuperuser`.

use clap::Args;
use serde_json::json;

use super::confirm::Severity;
use super::password_input::PasswordArgs;
use super::write::{Particular, WriteArgs, Writing};
use super::{Run, connection, new_password};
use crate::error::{ExitCode, Result};
use crate::format::email::Email;
use crate::identity::password::email_for_login;
use crate::identity::superuser::CreateSuperuser;
use crate::identity::user::NewIds;
use crate::identity::user_list::Beforehand;

/// Create an administrator, also when the last one is gone
///
/// Works on an installation without users and on one that has some, where z4j's own command refuses: creates the user,
/// and the project `default` with membership where they are missing, each with an audit row. With --promote-existing the
/// user with that address is made an active administrator instead, and gets a new password when one is given.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  z4jctl createsuperuser --email admin@example.com
  z4jctl createsuperuser --email ops@example.com --promote-existing --reason \"last admin left\"")]
pub(super) struct CreateSuperuserArgs {
    /// E-mail address
    #[arg(long, value_name = "EMAIL")]
    email: String,
    /// Shown name
    #[arg(long, value_name = "NAME", conflicts_with = "promote_existing")]
    display_name: Option<String>,
    /// Make the existing user with this address an active administrator
    #[arg(long)]
    promote_existing: bool,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    write: WriteArgs,
}

pub(super) fn run(run: &Run<'_>, arguments: &CreateSuperuserArgs) -> Result<ExitCode> {
    arguments.password.claim_stdin(run)?;
    let settings = run.settings_to_write(&arguments.write)?;
    let open = connection::open_options(&settings);
    let existing = arguments.promote_existing.then_some(arguments.email.as_str());
    let before = Beforehand::look(run.context, &settings.database.value, open, existing)?;
    let (email, name) = if let Some((email, name)) = &before.user {
        (email.clone(), name.clone())
    } else {
        let email: Email = email_for_login(before.generation, &arguments.email)?;
        (email.to_string(), arguments.display_name.clone())
    };
    let needs_password = !arguments.promote_existing || arguments.password.is_given();
    let password_hash = needs_password
        .then(|| {
            let prompt = format!("password of {email}");
            let generation = before.generation;
            new_password::hashed(
                run,
                &settings,
                generation,
                &arguments.password,
                &prompt,
                &email,
                name.as_deref(),
            )
        })
        .transpose()?;
    let operation = CreateSuperuser {
        email: email.clone(),
        display_name: arguments.display_name.clone(),
        password_hash,
        promote_existing: arguments.promote_existing,
        ids: NewIds::new(run.context)?,
    };
    Writing { command: "createsuperuser", arguments: &arguments.write, severity: Severity::Ordinary }.perform(
        run,
        &settings,
        &operation,
        |_| Ok(Particular { json: json!({ "email": email }), ..Particular::default() }),
    )
}
