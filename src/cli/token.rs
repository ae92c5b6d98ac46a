//! `z4jctl token`: agent tokens.
#![expect(clippy::doc_markdown, reason = "texts of --help, not of the documentation")]

use clap::{Args, Subcommand};
use serde_json::json;
use zeroize::Zeroizing;

use super::confirm::Severity;
use super::ui::{Render, or_never};
use super::write::{Particular, WriteArgs, Writing};
use super::{Run, connection, credential_input, token_assess};
use crate::audit::transact::{Operation, Outcome};
use crate::config::Settings;
use crate::error::{Error, ExitCode, Result};
use crate::format::credential::{self, Kind, Plaintext};
use crate::format::mac::Digest;
use crate::format::{Id, Timestamp};
use crate::identity::token::{Mint, Revoke, Revoked, Rotate};
use crate::identity::token_list::{self, AgentReport, Identified, ListOptions, TokenList};

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    Mint(MintArgs),
    List(ListArgs),
    Show(ShowArgs),
    Rotate(RotateArgs),
    Revoke(RevokeArgs),
    Identify(IdentifyArgs),
    Assess(token_assess::AssessArgs),
}

/// Mint a token: a new agent, its token shown once
///
/// The plain text is printed once and stored nowhere, together with the signing secret of the project and the environment
/// that the agent needs.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  z4jctl token mint --project payments --name worker-03 --brain-url https://brain.example.com")]
pub(super) struct MintArgs {
    /// Slug or id of the project
    #[arg(long, value_name = "SLUG")]
    project: String,
    /// Name of the agent, 1 to 200 characters, unique in its project
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What the agent can do until it says so itself: a JSON object from task queue to actions
    #[arg(long, value_name = "JSON")]
    capabilities: Option<String>,
    /// URL of the brain for the environment that is printed [default: Z4J_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    brain_url: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

/// List agents: state, last seen, age, versions
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only agents of this project
    #[arg(long, value_name = "SLUG")]
    project: Option<String>,
    /// Revoked ones too
    #[arg(long)]
    all: bool,
}

/// Show one agent
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Id, name, PROJECT/NAME, or the beginning of one
    agent: String,
}

/// Give an agent a new token; the old one is dead at once
///
/// The agent keeps its row, which holds one hash. With --overlap a second agent is minted under a new name instead, and
/// the old one stays until it is revoked; the command for that is printed.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  z4jctl token rotate payments/worker-03
  z4jctl token rotate payments/worker-03 --overlap")]
pub(super) struct RotateArgs {
    /// Id, name, PROJECT/NAME, or the beginning of one
    agent: String,
    /// Mint a second agent under a new name and leave the old token alive for now
    #[arg(long)]
    overlap: bool,
    /// Name of the second agent [default: the old one with a number behind it]
    #[arg(long, value_name = "NAME", requires = "overlap")]
    name: Option<String>,
    /// URL of the brain for the environment that is printed [default: Z4J_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    brain_url: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

/// End the token of an agent
///
/// Up to 1.8 its row is deleted, from 1.9 on it becomes a tombstone, as z4j does it. On PostgreSQL a running brain closes
/// the connection at once; elsewhere the command says when it does.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  z4jctl token revoke payments/worker-03 --reason \"INC-4711\"
  z4jctl token revoke --token-stdin --yes < leaked-token
  z4jctl token revoke --all-in-project payments")]
#[group(id = "which", required = true, multiple = false, args = ["agent", "token_stdin", "all_in_project"])]
pub(super) struct RevokeArgs {
    /// Id, name, PROJECT/NAME, or the beginning of one
    agent: Option<String>,
    /// Read the leaked token from standard input and revoke whose it is
    #[arg(long)]
    token_stdin: bool,
    /// Revoke every agent of a project
    #[arg(long, value_name = "SLUG")]
    all_in_project: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

/// Tell whose a leaked token is, from standard input
///
/// Prints agent, project and state, never the token. Exit code 2 when no agent has it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  z4jctl token identify < leaked-token")]
pub(super) struct IdentifyArgs {}

pub(super) fn run(run: &Run<'_>, verb: &Token) -> Result<ExitCode> {
    match verb {
        Token::Mint(arguments) => mint(run, arguments),
        Token::List(arguments) => {
            let options =
                ListOptions { project: arguments.project.clone(), revoked: arguments.all, agent: None };
            list(run, &options)
        }
        Token::Show(arguments) => {
            let agent = Some(arguments.agent.clone());
            list(run, &ListOptions { agent, ..ListOptions::default() })
        }
        Token::Rotate(arguments) => rotate(run, arguments),
        Token::Revoke(arguments) => revoke(run, arguments),
        Token::Identify(_) => identify(run),
        Token::Assess(arguments) => token_assess::run(run, arguments),
    }
}

fn mint(run: &Run<'_>, arguments: &MintArgs) -> Result<ExitCode> {
    if !arguments.write.is_dry_run() {
        run.ui.refuse_report_files("an agent token")?;
    }
    let capabilities = match arguments.capabilities.as_deref().map(serde_json::from_str::<serde_json::Value>)
    {
        None => json!({}),
        Some(Ok(object @ serde_json::Value::Object(_))) => object,
        Some(_) => {
            let text = arguments.capabilities.as_deref().unwrap_or_default();
            return Err(super::bad_value(
                "--capabilities",
                text,
                "a JSON object, such as {\"celery\": [\"retry_task\"]}",
            ));
        }
    };
    let settings = run.settings_to_write(&arguments.write)?;
    connection::witness(run, &settings)?;
    let token = new_token(run)?;
    let operation = Mint {
        project: arguments.project.clone(),
        name: arguments.name.clone(),
        id: run.context.random.id()?,
        token_hash: hashes(&settings, Kind::AgentToken, token.expose(), false)?[0],
        capabilities,
        replaces: None,
    };
    let writing =
        Writing { command: "token.mint", arguments: &arguments.write, severity: Severity::Ordinary };
    let agent = operation.id;
    let url = arguments.brain_url.as_deref();
    HandOver { operation: &operation, agent, token: &token, url, later: None }
        .perform(run, &settings, writing)
}

fn rotate(run: &Run<'_>, arguments: &RotateArgs) -> Result<ExitCode> {
    if !arguments.write.is_dry_run() {
        run.ui.refuse_report_files("an agent token")?;
    }
    let settings = run.settings_to_write(&arguments.write)?;
    connection::witness(run, &settings)?;
    let token = new_token(run)?;
    let token_hash = hashes(&settings, Kind::AgentToken, token.expose(), false)?[0];
    let url = arguments.brain_url.as_deref();
    let open = connection::open_options(&settings);
    let options = ListOptions { agent: Some(arguments.agent.clone()), ..ListOptions::default() };
    let database = &settings.database.value;
    let list = token_list::list(run.context, database, open, &options)?;
    let Some(old) = list.agents.first() else {
        return Err(Error::bug("an agent was found and is not there"));
    };
    let writing =
        Writing { command: "token.rotate", arguments: &arguments.write, severity: Severity::Ordinary };
    if !arguments.overlap {
        let operation = Rotate { agent: old.id.to_string(), token_hash };
        let hand_over = HandOver { operation: &operation, agent: old.id, token: &token, url, later: None };
        return hand_over.perform(run, &settings, writing);
    }
    let options = ListOptions { project: Some(old.project.clone()), revoked: true, agent: None };
    let taken = token_list::list(run.context, database, open, &options)?;
    let is_taken = |name: &str| taken.agents.iter().any(|agent| agent.name == name);
    let free = (2..u32::MAX).map(|number| format!("{}-{number}", old.name)).find(|name| !is_taken(name));
    let operation = Mint {
        project: old.project.clone(),
        name: arguments.name.clone().or(free).unwrap_or_default(),
        id: run.context.random.id()?,
        token_hash,
        capabilities: json!({}),
        replaces: Some(old.id),
    };
    let agent = operation.id;
    let later = Some(format!("z4jctl token revoke {}", old.id));
    HandOver { operation: &operation, agent, token: &token, url, later }.perform(run, &settings, writing)
}

/// A new token on its way to the operator.
struct HandOver<'a> {
    operation: &'a dyn Operation,
    agent: Id,
    token: &'a Plaintext,
    url: Option<&'a str>,
    /// The command that ends the old token, in a rotation with overlap.
    later: Option<String>,
}

impl HandOver<'_> {
    /// Writes, and shows the new token once, with all that the agent needs.
    fn perform(self, run: &Run<'_>, settings: &Settings, writing: Writing<'_>) -> Result<ExitCode> {
        let secret = Zeroizing::new(settings.require_secret()?.value.expose().to_vec());
        let url = self.url.map(str::to_owned).or_else(|| settings.public_url());
        writing.perform(run, settings, self.operation, |outcome| {
            let Some(found) = Handed::of(outcome, self.agent) else {
                return Err(Error::bug("a token of no agent"));
            };
            let project_id = found.project_id;
            let signing = credential::project_secret(&secret, project_id);
            let url = url.unwrap_or_else(|| "https://brain.example.com".into());
            let environment = [
                ("Z4J_BRAIN_URL", url.as_str()),
                ("Z4J_TOKEN", self.token.expose()),
                ("Z4J_PROJECT_ID", found.project),
                ("Z4J_HMAC_SECRET", signing.expose()),
                ("Z4J_AGENT_NAME", found.name),
            ];
            let mut text = String::from("\nshown once, stored nowhere; give it to the agent:\n\n");
            for (name, value) in environment {
                text.push_str(&format!("{name}={}\n", super::shell_word(value)));
            }
            if let Some(later) = &self.later {
                text.push_str(&format!("\nwhen the new agent is online: {later}\n"));
            }
            text.push('\n');
            let mut plain: Vec<(String, String)> =
                environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            plain.push(("agent".into(), self.agent.to_string()));
            Ok(Particular {
                json: json!({
                    "agent_id": self.agent, "project": found.project, "project_id": project_id,
                    "name": found.name, "token": self.token.expose(), "hmac_secret": signing.expose(),
                    "brain_url": url, "revoke_later": self.later,
                }),
                text,
                plain,
            })
        })
    }
}

/// Whose the new token is, from what was committed: looking it up again could fail, and the token would be lost.
struct Handed<'a> {
    project: &'a str,
    project_id: Id,
    name: &'a str,
}

impl<'a> Handed<'a> {
    fn of(outcome: &'a Outcome, agent: Id) -> Option<Self> {
        let id = agent.to_string();
        let entry =
            outcome.appended.iter().map(|row| &row.entry).find(|e| e.target_id.as_ref() == Some(&id))?;
        let name = entry.metadata.get("name")?.as_str()?;
        let change = outcome.changes.iter().find(|change| change.key.values().any(|key| *key == id))?;
        let project = change.label.strip_suffix(name)?.strip_suffix('/')?;
        Some(Self { project, project_id: entry.project_id?, name })
    }
}

fn revoke(run: &Run<'_>, arguments: &RevokeArgs) -> Result<ExitCode> {
    if arguments.token_stdin {
        run.connection.leave_stdin_to("--token-stdin")?;
    }
    let settings = run.settings_to_write(&arguments.write)?;
    let which = if let Some(project) = &arguments.all_in_project {
        Revoked::AllIn(project.clone())
    } else if arguments.token_stdin {
        let token = credential_input::read("token")?;
        Revoked::Holding(hashes(&settings, Kind::AgentToken, token.expose(), true)?)
    } else {
        Revoked::Named(arguments.agent.clone().unwrap_or_default())
    };
    let name = match &which {
        Revoked::Named(name) | Revoked::AllIn(name) => name.clone(),
        Revoked::Holding(_) => "revoke".to_owned(),
    };
    let severity = Severity::Destructive { name: &name };
    let operation = Revoke { which };
    Writing { command: "token.revoke", arguments: &arguments.write, severity }.perform(
        run,
        &settings,
        &operation,
        |_| Ok(Particular::default()),
    )
}

fn identify(run: &Run<'_>) -> Result<ExitCode> {
    run.connection.leave_stdin_to("the token")?;
    let settings = run.settings()?;
    let token = credential_input::read("token")?;
    let hashes = hashes(&settings, Kind::AgentToken, token.expose(), true)?;
    let open = connection::open_options(&settings);
    let report = token_list::identify(run.context, &settings.database.value, open, &hashes)?;
    run.ui.print(&report)?;
    Ok(if report.found { ExitCode::Done } else { ExitCode::Usage })
}

fn list(run: &Run<'_>, options: &ListOptions) -> Result<ExitCode> {
    let settings = run.settings()?;
    let open = connection::open_options(&settings);
    let report = token_list::list(run.context, &settings.database.value, open, options)?;
    run.ui.print(&report)?;
    Ok(ExitCode::Done)
}

fn new_token(run: &Run<'_>) -> Result<Plaintext> {
    let mut random = [0; 32];
    run.context.random.fill(&mut random)?;
    Ok(Plaintext::from_random(Kind::AgentToken, random))
}

/// The hashes of a credential: under the current secret, and with `previous` under the others too.
pub(super) fn hashes(
    settings: &Settings,
    kind: Kind,
    plaintext: &str,
    previous: bool,
) -> Result<Vec<Digest>> {
    let mut hashes = vec![credential::hash(kind, settings.require_secret()?.value.expose(), plaintext)];
    if previous {
        let others = settings.master_ring()?.previous().iter();
        hashes.extend(others.map(|secret| credential::hash(kind, secret.value.expose(), plaintext)));
    }
    Ok(hashes)
}

impl Render for TokenList {
    fn human(&self) -> String {
        if let ([agent], "z4jctl.token.show/1") = (self.agents.as_slice(), self.schema) {
            return details(agent);
        }
        if self.agents.is_empty() {
            return "no agents\n".into();
        }
        let header = ["PROJECT", "NAME", "STATE", "LAST SEEN", "AGE", "VERSION", "ID"];
        let rows = self.agents.iter().map(|agent| {
            let state = if agent.is_stale { format!("{} (stale)", agent.state) } else { agent.state.clone() };
            vec![
                agent.project.clone(),
                agent.name.clone(),
                state,
                or_never(agent.last_seen_at),
                agent.age_days.map_or_else(String::new, |days| format!("{days} d")),
                agent.agent_version.clone().unwrap_or_default(),
                agent.id.to_string(),
            ]
        });
        super::ui::table(&header, rows)
    }

    fn items(&self) -> Vec<serde_json::Value> {
        self.agents.iter().map(|agent| json!({ "type": "agent", "agent": agent })).collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let line =
            |agent: &AgentReport| format!("{} {}/{} {}", agent.id, agent.project, agent.name, agent.state);
        self.agents.iter().map(|agent| ("agent".to_owned(), line(agent))).collect()
    }
}

fn details(agent: &AgentReport) -> String {
    let lines = [
        ("agent", format!("{}/{}", agent.project, agent.name)),
        ("id", agent.id.to_string()),
        ("state", agent.state.clone()),
        ("minted", or_never(agent.created_at)),
        ("last seen", or_never(agent.last_seen_at)),
        ("last connect", or_never(agent.last_connect_at)),
        ("revoked", agent.revoked_at.map_or_else(|| "no".into(), Timestamp::zulu)),
        ("stale", if agent.is_stale { "yes: a brain removes it".into() } else { "no".into() }),
        ("version", agent.agent_version.clone().unwrap_or_else(|| "not said".into())),
        ("protocol", agent.protocol_version.clone()),
        ("host", agent.host.clone().unwrap_or_else(|| "not said".into())),
        ("framework", agent.framework.clone()),
        ("engines", agent.engines.join(", ")),
        ("workers", agent.workers.to_string()),
    ];
    super::ui::lines(13, &lines)
}

impl Render for Identified {
    fn human(&self) -> String {
        match &self.agent {
            Some(agent) => format!(
                "{}hashed under  the {} Z4J_SECRET\n",
                details(agent),
                self.hashed_under.unwrap_or_default()
            ),
            None => format!("{}\n", self.note.clone().unwrap_or_default()),
        }
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![("found".to_owned(), self.found.to_string())];
        if let Some(agent) = &self.agent {
            lines.push(("agent".into(), agent.id.to_string()));
            lines.push(("project".into(), agent.project.clone()));
            lines.push(("name".into(), agent.name.clone()));
            lines.push(("state".into(), agent.state.clone()));
        }
        lines
    }
}
