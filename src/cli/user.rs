//! `z4jctl user`: who may log in, and what they may do.

use clap::{Args, Subcommand};
use serde_json::json;

use super::confirm::Severity;
use super::new_password;
use super::password_input::PasswordArgs;
use super::ui::{Render, or_never, table};
use super::write::{Particular, WriteArgs, Writing};
use super::{Run, changepassword, connection};
use crate::error::{Error, ExitCode, Result};
use crate::format::Timestamp;
use crate::identity::password::email_for_login;
use crate::identity::user::{ChangeRole, Create, NewIds, Role};
use crate::identity::user_list::{self, Beforehand, UserList, UserReport};

#[derive(Debug, Subcommand)]
pub(super) enum User {
    List(ListArgs),
    Show(ShowArgs),
    Create(CreateArgs),
    Passwd(changepassword::ChangePasswordArgs),
    Promote(PromoteArgs),
    Demote(DemoteArgs),
    Deactivate(DeactivateArgs),
    Reactivate(ReactivateArgs),
    Unlock(UnlockArgs),
    #[command(hide = true)]
    Rename(RenameArgs),
}

/// List users: roles, locks, second factors, sessions
///
/// Exit code 1 when no active administrator is left, and when a row holds what z4j never writes.
#[derive(Debug, Args)]
pub(super) struct ListArgs {}

/// Show one user
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// E-mail address or id
    user: String,
}

/// Create a user
///
/// The address is stored in z4j's canonical form, and refused when z4j's login form would refuse it. It cannot be changed
/// later: create another user and deactivate the old one.
#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// E-mail address
    #[arg(long, value_name = "EMAIL")]
    email: String,
    /// Shown name
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// Make it a global administrator
    #[arg(long)]
    admin: bool,
    /// Project to belong to
    #[arg(long, value_name = "SLUG", requires = "role")]
    project: Option<String>,
    /// Role in that project: viewer, auditor (from 1.12), operator or admin
    #[arg(long, value_name = "ROLE", requires = "project")]
    role: Option<String>,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    write: WriteArgs,
}

macro_rules! change {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Args)]
        pub(super) struct $name {
            /// E-mail address or id
            user: String,
            #[command(flatten)]
            write: WriteArgs,
        }
    };
}

change! {
    /// Make a user a global administrator
    PromoteArgs
}
change! {
    /// Take the administrator's rights from a user; never from the last one
    DemoteArgs
}
change! {
    /// Let nobody log in as a user, and end its sessions; never the last administrator
    DeactivateArgs
}
change! {
    /// Let a deactivated user log in again
    ReactivateArgs
}
change! {
    /// Forget failed logins and codes, and end a lock
    UnlockArgs
}

/// There is no rename, on purpose
#[derive(Debug, Args)]
pub(super) struct RenameArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

pub(super) fn run(run: &Run<'_>, verb: &User) -> Result<ExitCode> {
    match verb {
        User::List(_) => list(run, None),
        User::Show(arguments) => list(run, Some(&arguments.user)),
        User::Create(arguments) => create(run, arguments),
        User::Passwd(arguments) => changepassword::run(run, arguments),
        User::Promote(arguments) => {
            change(run, "user.promote", &arguments.user, &arguments.write, Role::Promote)
        }
        User::Demote(arguments) => {
            change(run, "user.demote", &arguments.user, &arguments.write, Role::Demote)
        }
        User::Deactivate(arguments) => {
            change(run, "user.deactivate", &arguments.user, &arguments.write, Role::Deactivate)
        }
        User::Reactivate(arguments) => {
            change(run, "user.reactivate", &arguments.user, &arguments.write, Role::Reactivate)
        }
        User::Unlock(arguments) => unlock(run, arguments),
        User::Rename(arguments) => {
            let whom = arguments.words.first().map_or("OLD", String::as_str);
            Err(Error::usage(
                "user.no-rename",
                "there is no rename of an e-mail address: audit rows, invitations and sessions name the old one",
            )
            .hint(format!(
                "create the new user (`z4jctl user create --email NEW …`), then `z4jctl user deactivate {whom}`"
            )))
        }
    }
}

/// `user unlock`, and `unlock` alone.
pub(super) fn unlock(run: &Run<'_>, arguments: &UnlockArgs) -> Result<ExitCode> {
    change(run, "user.unlock", &arguments.user, &arguments.write, Role::Unlock)
}

fn create(run: &Run<'_>, arguments: &CreateArgs) -> Result<ExitCode> {
    arguments.password.claim_stdin(run)?;
    let settings = run.settings_to_write(&arguments.write)?;
    let open = connection::open_options(&settings);
    let before = Beforehand::look(run.context, &settings.database.value, open, None)?;
    let email = email_for_login(before.generation, &arguments.email)?.to_string();
    let name = arguments.display_name.as_deref();
    let prompt = format!("password of {email}");
    let operation = Create {
        password_hash: new_password::hashed(
            run,
            &settings,
            before.generation,
            &arguments.password,
            &prompt,
            &email,
            name,
        )?,
        email,
        display_name: arguments.display_name.clone(),
        is_admin: arguments.admin,
        membership: arguments.project.clone().zip(arguments.role.clone()),
        ids: NewIds::new(run.context)?,
    };
    Writing { command: "user.create", arguments: &arguments.write, severity: Severity::Ordinary }.perform(
        run,
        &settings,
        &operation,
        |_| {
            Ok(Particular {
                json: json!({ "user_id": operation.ids.user, "email": operation.email }),
                plain: vec![("user".into(), operation.ids.user.to_string())],
                ..Particular::default()
            })
        },
    )
}

fn change(
    run: &Run<'_>,
    command: &'static str,
    user: &str,
    arguments: &WriteArgs,
    role: Role,
) -> Result<ExitCode> {
    let settings = run.settings_to_write(arguments)?;
    let severity = match role {
        Role::Demote | Role::Deactivate => Severity::Destructive { name: user },
        Role::Promote | Role::Reactivate | Role::Unlock => Severity::Ordinary,
    };
    let operation = ChangeRole { user: user.to_owned(), role };
    Writing { command, arguments, severity }.perform(
        run,
        &settings,
        &operation,
        |_| Ok(Particular::default()),
    )
}

fn list(run: &Run<'_>, user: Option<&str>) -> Result<ExitCode> {
    let settings = run.settings()?;
    let open = connection::open_options(&settings);
    let report = user_list::list(run.context, &settings.database.value, open, user)?;
    if report.active_administrators == 0 {
        run.ui.warn("no active administrator is left; `z4jctl createsuperuser` makes one");
    }
    run.ui.print(&report)?;
    Ok(if report.exit_code == 0 { ExitCode::Done } else { ExitCode::Finding })
}

fn states(user: &UserReport) -> String {
    let states = [
        (user.is_admin, "administrator"),
        (!user.is_active, "deactivated"),
        (user.is_locked, "locked"),
        (user.has_mfa == Some(true), "mfa"),
        (!user.findings.is_empty(), "see findings"),
    ];
    let said: Vec<&str> = states.iter().filter(|(holds, _)| *holds).map(|(_, word)| *word).collect();
    said.join(", ")
}

impl Render for UserList {
    fn human(&self) -> String {
        let mut text = match (self.users.as_slice(), self.schema) {
            ([user], "z4jctl.user.show/1") => details(user),
            ([], _) => "no users; `z4jctl createsuperuser` makes the first one\n".into(),
            (users, _) => {
                let header = ["EMAIL", "STATE", "LAST LOGIN", "SESSIONS", "KEYS", "ID"];
                let row = |user: &UserReport| {
                    vec![
                        user.email.clone(),
                        states(user),
                        or_never(user.last_login_at),
                        user.live_sessions.to_string(),
                        user.api_keys.to_string(),
                        user.id.to_string(),
                    ]
                };
                table(&header, users.iter().map(row))
            }
        };
        for user in &self.users {
            for finding in &user.findings {
                text.push_str(&format!("finding: user {}: {finding}\n", user.email));
            }
        }
        text
    }

    fn items(&self) -> Vec<serde_json::Value> {
        self.users.iter().map(|user| json!({ "type": "user", "user": user })).collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let line = |user: &UserReport| format!("{} {} {}", user.id, user.email, states(user));
        self.users.iter().map(|user| ("user".to_owned(), line(user))).collect()
    }
}

fn details(user: &UserReport) -> String {
    let memberships: Vec<String> =
        user.memberships.iter().map(|one| format!("{} ({})", one.project, one.role)).collect();
    let lines = [
        ("user", user.email.clone()),
        ("id", user.id.to_string()),
        ("name", user.display_name.clone().unwrap_or_default()),
        ("state", states(user)),
        ("active", user.is_active.to_string()),
        ("locked until", user.locked_until.map_or_else(|| "not locked".into(), Timestamp::zulu)),
        ("failed logins", user.failed_logins.to_string()),
        ("password set", or_never(user.password_changed_at)),
        ("last login", or_never(user.last_login_at)),
        ("live sessions", user.live_sessions.to_string()),
        ("API keys", user.api_keys.to_string()),
        ("projects", memberships.join(", ")),
        ("created", or_never(user.created_at)),
    ];
    super::ui::lines(14, &lines)
}
