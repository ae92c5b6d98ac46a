//! `z4jctl session`: sessions of browsers.
#![expect(clippy::doc_markdown, reason = "texts of --help, not of the documentation")]

use clap::{Args, Subcommand};
use serde_json::json;

use super::confirm::Severity;
use super::ui::{Render, or_never};
use super::write::{Particular, WriteArgs, Writing};
use super::{Run, connection};
use crate::config::Settings;
use crate::error::{ExitCode, Result};
use crate::identity::find::printable;
use crate::identity::session::{self, Limits, ListOptions, Revoke, SessionList, SessionReport};

#[derive(Debug, Subcommand)]
pub(super) enum Session {
    List(ListArgs),
    Revoke(RevokeArgs),
}

/// List sessions: who is logged in, since when, from where
///
/// Those that are neither revoked nor expired. The state says why one is dead all the same: its user is deactivated, the
/// password was changed since, or it was idle for longer than Z4J_SESSION_IDLE_TIMEOUT_SECONDS.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  z4jctl session list ada@example.com --all")]
pub(super) struct ListArgs {
    /// E-mail address or id of a user [default: everybody]
    user: Option<String>,
    /// Revoked and expired ones too
    #[arg(long)]
    all: bool,
}

/// End the sessions of a user, or one of them
///
/// The brain refuses their cookies from the next request on; the user can log in again. Each session gets the reason
/// user_revoke and an audit row auth.session_revoked, which is what z4j writes where users end a session of their own: it
/// has no name for what an operator does. "via" in the metadata of the row tells the difference.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  z4jctl session revoke ada@example.com
  z4jctl session revoke ada@example.com --session 0c7443b0")]
pub(super) struct RevokeArgs {
    /// E-mail address or id of the user
    user: String,
    /// Only this session: its id, or the beginning of it
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

pub(super) fn run(run: &Run<'_>, verb: &Session) -> Result<ExitCode> {
    match verb {
        Session::List(arguments) => list(run, arguments),
        Session::Revoke(arguments) => revoke(run, arguments),
    }
}

fn limits(settings: &Settings) -> Result<Limits> {
    let mut limits = Limits::default();
    for (name, place) in [
        ("Z4J_SESSION_IDLE_TIMEOUT_SECONDS", &mut limits.idle_seconds),
        ("Z4J_SESSION_REMEMBER_ME_LIFETIME_SECONDS", &mut limits.remembered_seconds),
    ] {
        if let Some(seconds) = settings.brain_number(name, 60..=u32::MAX)? {
            *place = seconds;
        }
    }
    Ok(limits)
}

fn list(run: &Run<'_>, arguments: &ListArgs) -> Result<ExitCode> {
    let settings = run.settings()?;
    let open = connection::open_options(&settings);
    let limits = limits(&settings)?;
    let options = ListOptions { user: arguments.user.clone(), all: arguments.all, limits };
    let report = session::list(run.context, &settings.database.value, open, &options)?;
    run.ui.print(&report)?;
    Ok(ExitCode::Done)
}

fn revoke(run: &Run<'_>, arguments: &RevokeArgs) -> Result<ExitCode> {
    let settings = run.settings_to_write(&arguments.write)?;
    let operation = Revoke { user: arguments.user.clone(), session: arguments.session.clone() };
    // Nothing is lost for good: whose sessions they were logs in again.
    Writing { command: "session.revoke", arguments: &arguments.write, severity: Severity::Ordinary }.perform(
        run,
        &settings,
        &operation,
        |_| Ok(Particular::default()),
    )
}

fn user(session: &SessionReport) -> String {
    session.user.clone().unwrap_or_else(|| "(gone)".into())
}

impl Render for SessionList {
    fn human(&self) -> String {
        if self.sessions.is_empty() {
            return "no sessions\n".into();
        }
        let header = ["USER", "STATE", "ISSUED", "LAST SEEN", "ADDRESS", "MFA VERIFIED", "USER AGENT", "ID"];
        let rows = self.sessions.iter().map(|session| {
            let state = match &session.revocation_reason {
                Some(reason) => format!("{} ({reason})", session.state.name()),
                None => session.state.name().to_owned(),
            };
            vec![
                user(session),
                state,
                or_never(session.issued_at),
                or_never(session.last_seen_at),
                session.address.clone().unwrap_or_default(),
                or_never(session.mfa_verified_at),
                printable(session.user_agent.as_deref().unwrap_or_default()),
                session.id.to_string(),
            ]
        });
        super::ui::table(&header, rows)
    }

    fn items(&self) -> Vec<serde_json::Value> {
        self.sessions.iter().map(|session| json!({ "type": "session", "session": session })).collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let line = |session: &SessionReport| {
            let last_seen = or_never(session.last_seen_at);
            format!("{} {} {} {last_seen}", session.id, user(session), session.state.name())
        };
        self.sessions.iter().map(|session| ("session".to_owned(), line(session))).collect()
    }
}
