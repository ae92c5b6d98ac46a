//! `z4jctl apikey`: API keys.
#![expect(clippy::doc_markdown, reason = "texts of --help, not of the documentation")]

use clap::{ArgAction, Args, Subcommand};
use serde_json::json;

use super::confirm::Severity;
use super::token::hashes;
use super::ui::{Render, or_never};
use super::write::{Particular, WriteArgs, Writing};
use super::{Run, bad_value, connection, credential_input};
use crate::audit::transact::Outcome;
use crate::error::{Error, ExitCode, Result};
use crate::format::Timestamp;
use crate::format::credential::{self, Kind, Plaintext, Shape};
use crate::format::mac::Digest;
use crate::format::scope::SCOPES;
use crate::identity::api_key::{Expiry, Mint, Revoke, Revoked, State};
use crate::identity::api_key_list::{self, Identified, KeyList, KeyReport, ListOptions};
use crate::identity::find::printable;

#[derive(Debug, Subcommand)]
pub(super) enum ApiKey {
    Mint(MintArgs),
    List(ListArgs),
    Show(ShowArgs),
    Revoke(RevokeArgs),
    Identify(IdentifyArgs),
}

/// Mint an API key for a user; its text is shown once
///
/// The key acts as its owner, within its scopes: it can do no more than the owner could. admin:* stands for every scope,
/// and one that writes includes the one that reads. admin:*, projects:write, users:read and users:write are for keys of
/// administrators; automation:* came with z4j 1.7, and --allowed-cidr with 1.12.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  z4jctl apikey mint --user ci@example.com --name ci --scope tasks:read,agents:read --expires-in 90
  z4jctl apikey mint --user ada@example.com --name audit --scope audit:read --project payments --allowed-cidr 10.1.0.0/16")]
pub(super) struct MintArgs {
    /// E-mail address or id of the user who owns it
    #[arg(long, value_name = "EMAIL")]
    user: String,
    /// Name of the key, 1 to 200 characters
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What it may do, such as tasks:read; repeatable, or comma-separated
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        required = true,
        value_delimiter = ',',
        action = ArgAction::Append,
        long_help = scope_help()
    )]
    scopes: Vec<String>,
    /// Slug or id of the one project that it may be used in [default: every project of its owner]
    #[arg(long, value_name = "SLUG")]
    project: Option<String>,
    /// After how many days it ends, 1 to 3650 [default: never]
    #[arg(long, value_name = "DAYS", conflicts_with = "expires_at")]
    expires_in: Option<String>,
    /// When it ends, such as 2027-01-31 or 2027-01-31T12:00Z
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// A network that it may be used from, such as 10.1.0.0/16; repeatable, at most 32 [default: all]
    #[arg(long = "allowed-cidr", value_name = "CIDR", value_delimiter = ',', action = ArgAction::Append)]
    allowed_cidrs: Vec<String>,
    #[command(flatten)]
    write: WriteArgs,
}

fn scope_help() -> String {
    let names: Vec<&str> = SCOPES.iter().map(|scope| scope.name).collect();
    format!("What it may do; repeatable, or comma-separated. One of {}", names.join(", "))
}

/// List API keys: owner, scopes, last use, state
///
/// The state is active, expired, revoked, or owner-inactive: the user who owns the key is deactivated or gone.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  z4jctl apikey list --user ada@example.com --all")]
pub(super) struct ListArgs {
    /// Only keys of this user
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// Only keys that are bound to this project
    #[arg(long, value_name = "SLUG")]
    project: Option<String>,
    /// Revoked and expired ones too
    #[arg(long)]
    all: bool,
}

/// Show one API key
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Id, first 8 characters (z4k_xxxx), name, or the beginning of one; never the whole key
    key: String,
}

/// Revoke an API key, a leaked one, or all of a user
///
/// The brain refuses them from the next request on. Rows are kept, as z4j keeps them.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  z4jctl apikey revoke z4k_jSzL --reason \"INC-4711\"
  z4jctl apikey revoke --key-stdin --yes < leaked-key
  z4jctl apikey revoke --all-of-user ada@example.com")]
#[group(id = "which", required = true, multiple = false, args = ["key", "key_stdin", "all_of_user"])]
pub(super) struct RevokeArgs {
    /// Id, first 8 characters (z4k_xxxx), name, or the beginning of one; never the whole key
    key: Option<String>,
    /// Read the leaked key from standard input and revoke it
    #[arg(long)]
    key_stdin: bool,
    /// Revoke every key of a user
    #[arg(long, value_name = "EMAIL")]
    all_of_user: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

/// Tell whose a leaked API key is, from standard input
///
/// Prints owner, scopes and state, never the key. The brain looks keys up under the current Z4J_SECRET alone: a key whose
/// hash a previous secret gives is known, and dead since the rotation. Exit code 2 when there is no such key.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  z4jctl apikey identify < leaked-key")]
pub(super) struct IdentifyArgs {}

pub(super) fn run(run: &Run<'_>, verb: &ApiKey) -> Result<ExitCode> {
    match verb {
        ApiKey::Mint(arguments) => mint(run, arguments),
        ApiKey::List(arguments) => list(
            run,
            &ListOptions {
                user: arguments.user.clone(),
                project: arguments.project.clone(),
                all: arguments.all,
                key: None,
            },
        ),
        ApiKey::Show(arguments) => {
            list(run, &ListOptions { key: Some(arguments.key.clone()), ..ListOptions::default() })
        }
        ApiKey::Revoke(arguments) => revoke(run, arguments),
        ApiKey::Identify(_) => identify(run),
    }
}

fn expiry(arguments: &MintArgs) -> Result<Expiry> {
    if let Some(text) = &arguments.expires_in {
        let days =
            text.parse().map_err(|_| bad_value("--expires-in", text, "a number of days, 1 to 3650"))?;
        return Ok(Expiry::InDays(days));
    }
    match &arguments.expires_at {
        None => Ok(Expiry::Never),
        Some(text) => Timestamp::parse(text)
            .map(Expiry::At)
            .ok_or_else(|| bad_value("--expires-at", text, "a time such as 2027-01-31T12:00Z")),
    }
}

fn mint(run: &Run<'_>, arguments: &MintArgs) -> Result<ExitCode> {
    if !arguments.write.is_dry_run() {
        run.ui.refuse_report_files("an API key")?;
    }
    let expiry = expiry(arguments)?;
    let settings = run.settings_to_write(&arguments.write)?;
    connection::witness(run, &settings)?;
    let mut random = [0; 32];
    run.context.random.fill(&mut random)?;
    let key = Plaintext::from_random(Kind::ApiKey, random);
    let operation = Mint {
        user: arguments.user.clone(),
        name: arguments.name.clone(),
        scopes: arguments.scopes.clone(),
        project: arguments.project.clone(),
        expiry,
        allowed_cidrs: arguments.allowed_cidrs.clone(),
        id: run.context.random.id()?,
        prefix: credential::prefix(key.expose()).to_owned(),
        token_hash: hashes(&settings, Kind::ApiKey, key.expose(), false)?[0],
    };
    let writing =
        Writing { command: "apikey.mint", arguments: &arguments.write, severity: Severity::Ordinary };
    writing.perform(run, &settings, &operation, |outcome| handed_over(outcome, &operation, &key))
}

/// Shows the new key once, from what was committed: looking it up again could fail, and the key would be lost.
fn handed_over(outcome: &Outcome, operation: &Mint, key: &Plaintext) -> Result<Particular> {
    let Some(entry) = outcome.appended.first().map(|row| &row.entry) else {
        return Err(Error::bug("an API key without audit row"));
    };
    let column = |name: &str| {
        let columns = outcome.changes.first().map_or(&[][..], |change| change.columns.as_slice());
        columns.iter().find(|column| column.column == name).map(|column| column.after.clone())
    };
    let expires_at = column("expires_at").and_then(|text| Timestamp::parse(&text));
    let project_id = entry.project_id.map(|id| id.to_string());
    let scopes = entry.metadata.get("scopes").cloned().unwrap_or_default();
    let networks = entry.metadata.get("allowed_cidrs").filter(|list| **list != json!([]));
    let text = format!("\nshown once, stored nowhere:\n\n{}\n\n", key.expose());
    Ok(Particular {
        json: json!({
            "api_key_id": operation.id,
            "prefix": operation.prefix,
            "name": entry.metadata.get("name"),
            "owner_id": entry.user_id,
            "project_id": project_id,
            "scopes": scopes,
            "allowed_cidrs": networks,
            "expires_at": expires_at,
            "token": key.expose(),
        }),
        text,
        plain: vec![
            ("api_key".into(), operation.id.to_string()),
            ("prefix".into(), operation.prefix.clone()),
            ("token".into(), key.expose().to_owned()),
        ],
    })
}

fn revoke(run: &Run<'_>, arguments: &RevokeArgs) -> Result<ExitCode> {
    if arguments.key_stdin {
        run.connection.leave_stdin_to("--key-stdin")?;
    }
    let settings = run.settings_to_write(&arguments.write)?;
    let which = if let Some(user) = &arguments.all_of_user {
        Revoked::AllOf(user.clone())
    } else if arguments.key_stdin {
        Revoked::Holding(leaked(&settings)?)
    } else {
        Revoked::Named(arguments.key.clone().unwrap_or_default())
    };
    let name = match &which {
        Revoked::Named(name) | Revoked::AllOf(name) => name.clone(),
        Revoked::Holding(_) => "revoke".to_owned(),
    };
    let severity = Severity::Destructive { name: &name };
    let operation = Revoke { which };
    Writing { command: "apikey.revoke", arguments: &arguments.write, severity }.perform(
        run,
        &settings,
        &operation,
        |_| Ok(Particular::default()),
    )
}

fn identify(run: &Run<'_>) -> Result<ExitCode> {
    run.connection.leave_stdin_to("the API key")?;
    let settings = run.settings()?;
    let hashes = leaked(&settings)?;
    let open = connection::open_options(&settings);
    let report = api_key_list::identify(run.context, &settings.database.value, open, &hashes)?;
    run.ui.print(&report)?;
    Ok(if report.found { ExitCode::Done } else { ExitCode::Usage })
}

/// The hashes of the key on standard input: under the current secret, then the previous ones.
fn leaked(settings: &crate::config::Settings) -> Result<Vec<Digest>> {
    settings.require_secret()?;
    let key = credential_input::read("API key")?;
    if credential::shape(key.expose()) != Some(Shape::ApiKey) {
        return Err(Error::usage("credential.input", "this is no API key: those begin with z4k_")
            .hint("`z4jctl token identify` tells whose an agent token is"));
    }
    hashes(settings, Kind::ApiKey, key.expose(), true)
}

fn list(run: &Run<'_>, options: &ListOptions) -> Result<ExitCode> {
    let settings = run.settings()?;
    let open = connection::open_options(&settings);
    let report = api_key_list::list(run.context, &settings.database.value, open, options)?;
    run.ui.print(&report)?;
    Ok(ExitCode::Done)
}

fn owner(key: &KeyReport) -> String {
    key.owner.clone().unwrap_or_else(|| "(gone)".into())
}

impl Render for KeyList {
    fn human(&self) -> String {
        if let ([key], "z4jctl.apikey.show/1") = (self.api_keys.as_slice(), self.schema) {
            return details(key);
        }
        if self.api_keys.is_empty() {
            return "no API keys\n".into();
        }
        let header = ["OWNER", "NAME", "PREFIX", "STATE", "PROJECT", "SCOPES", "EXPIRES", "LAST USED", "ID"];
        let rows = self.api_keys.iter().map(|key| {
            vec![
                owner(key),
                printable(&key.name),
                key.prefix.clone(),
                key.state.name().to_owned(),
                key.project.clone().unwrap_or_else(|| "*".into()),
                key.scopes.join(" "),
                or_never(key.expires_at),
                or_never(key.last_used_at),
                key.id.to_string(),
            ]
        });
        super::ui::table(&header, rows)
    }

    fn items(&self) -> Vec<serde_json::Value> {
        self.api_keys.iter().map(|key| json!({ "type": "api_key", "api_key": key })).collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let line = |key: &KeyReport| {
            format!("{} {} {} {} {}", key.id, key.prefix, owner(key), key.state.name(), printable(&key.name))
        };
        self.api_keys.iter().map(|key| ("api_key".to_owned(), line(key))).collect()
    }
}

fn details(key: &KeyReport) -> String {
    let last_use = match &key.last_used_ip {
        Some(address) => format!("{} from {address}", or_never(key.last_used_at)),
        None => or_never(key.last_used_at),
    };
    let revoked = match (&key.revoked_at, &key.revoked_reason) {
        (None, _) => "no".into(),
        (Some(time), None) => time.zulu(),
        (Some(time), Some(reason)) => format!("{} ({reason})", time.zulu()),
    };
    let lines = [
        ("API key", printable(&key.name)),
        ("prefix", key.prefix.clone()),
        ("id", key.id.to_string()),
        ("state", key.state.name().to_owned()),
        ("owner", format!("{} ({})", owner(key), key.owner_id)),
        ("project", key.project.clone().unwrap_or_else(|| "every one of its owner".into())),
        ("scopes", key.scopes.join(" ")),
        ("networks", key.allowed_cidrs.as_ref().map_or_else(|| "all".into(), |list| list.join(" "))),
        ("minted", or_never(key.created_at)),
        ("expires", or_never(key.expires_at)),
        ("last used", last_use),
        ("revoked", revoked),
    ];
    super::ui::lines(10, &lines)
}

impl Render for Identified {
    fn human(&self) -> String {
        let mut text = self.api_key.as_ref().map(details).unwrap_or_default();
        if let Some(note) = &self.note {
            text.push_str(&format!("{note}\n"));
        } else if let Some(key) = self.api_key.as_ref().filter(|key| key.state == State::Active) {
            text.push_str(&format!("it works: z4jctl apikey revoke {} ends it\n", key.prefix));
        }
        text
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![
            ("found".to_owned(), self.found.to_string()),
            ("accepted".to_owned(), self.accepted.to_string()),
        ];
        if let Some(key) = &self.api_key {
            lines.push(("api_key".into(), key.id.to_string()));
            lines.push(("prefix".into(), key.prefix.clone()));
            lines.push(("owner".into(), owner(key)));
            lines.push(("state".into(), key.state.name().to_owned()));
            lines.push(("scopes".into(), key.scopes.join(" ")));
        }
        lines
    }
}
