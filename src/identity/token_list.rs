//! Agent tokens as they are: who has one, when it was last seen, and whose a leaked one is.

use serde::Serialize;

use crate::config::Database;
use crate::context::Context;
use crate::error::Result;
use crate::format::mac::Digest;
use crate::format::{Id, Timestamp};
use crate::identity::find::{self, Agent};
use crate::store::value::Value;
use crate::store::{OpenOptions, Store};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// After how many days without a sign of life a brain removes an agent, unless told otherwise.
pub const STALE_AFTER_DAYS: i64 = 30;

/// One agent and its token.
#[derive(Debug, Clone, Serialize)]
pub struct AgentReport {
    /// Its id.
    pub id: Id,
    /// Slug of its project.
    pub project: String,
    /// Its name.
    pub name: String,
    /// `online`, `offline`, `unknown` as the brain last recorded it, or `revoked`.
    pub state: String,
    /// When it was minted.
    pub created_at: Option<Timestamp>,
    /// Age in whole days.
    pub age_days: Option<i64>,
    /// When it was last heard of.
    pub last_seen_at: Option<Timestamp>,
    /// When it last connected.
    pub last_connect_at: Option<Timestamp>,
    /// When its token was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Whether a brain would remove it as stale by its default of 30 days.
    pub is_stale: bool,
    /// Version of the agent, as it said itself.
    pub agent_version: Option<String>,
    /// Version of the protocol; `0` before the first connection.
    pub protocol_version: String,
    /// Machine, as the agent said itself.
    pub host: Option<String>,
    /// Its web framework.
    pub framework: String,
    /// Its task queues.
    pub engines: Vec<String>,
    /// Number of worker processes on record.
    pub workers: u64,
}

/// `token list` and `token show`.
#[derive(Debug, Clone, Serialize)]
pub struct TokenList {
    /// `z4jctl.token.list/1` or `z4jctl.token.show/1`.
    pub schema: &'static str,
    /// Exit code of the command.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// Agents, by project and name.
    pub agents: Vec<AgentReport>,
}

/// Which agents to list.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Only those of a project.
    pub project: Option<String>,
    /// Revoked ones too.
    pub revoked: bool,
    /// One agent: see [`find::agent_named`].
    pub agent: Option<String>,
}

/// Lists agents.
pub fn list(
    context: &Context,
    database: &Database,
    open: OpenOptions,
    options: &ListOptions,
) -> Result<TokenList> {
    let (mut store, _) = Store::read_tables(database, open, &context.cancel)?;
    let agents = if let Some(name) = &options.agent {
        vec![find::agent_named(&mut store, name)?]
    } else {
        let project =
            options.project.as_deref().map(|name| find::project_named(&mut store, name)).transpose()?;
        let mut agents = find::agents(&mut store, project.as_ref())?;
        agents.retain(|agent| options.revoked || !agent.is_revoked);
        agents
    };
    let now = context.now();
    Ok(TokenList {
        schema: if options.agent.is_some() { "z4jctl.token.show/1" } else { "z4jctl.token.list/1" },
        exit_code: 0,
        database: database.display(),
        agents: agents.iter().map(|agent| report(&mut store, agent, now)).collect::<Result<_>>()?,
    })
}

fn report(store: &mut Store, agent: &Agent, now: Timestamp) -> Result<AgentReport> {
    let row = &agent.row;
    let created_at = row.time("created_at")?;
    let last_seen_at = row.time("last_seen_at")?;
    let days_since = |time: Timestamp| now.micros().saturating_sub(time.micros()) / DAY;
    let state = if agent.is_revoked { "revoked" } else { row.required_text("state")? };
    let metadata = row.json("metadata")?;
    let said = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let workers = if store.has_table("agent_workers")? {
        let sql = "SELECT count(*) AS count FROM agent_workers WHERE agent_id = ?";
        store.number(sql, &[Value::Id(agent.id)])?
    } else {
        0
    };
    let last_sign = last_seen_at.or(created_at);
    Ok(AgentReport {
        id: agent.id,
        project: agent.project.slug.clone(),
        name: agent.name.clone(),
        created_at,
        age_days: created_at.map(days_since),
        last_seen_at,
        last_connect_at: row.time("last_connect_at")?,
        revoked_at: if row.has("revoked_at") { row.time("revoked_at")? } else { None },
        is_stale: !agent.is_revoked
            && state != "online"
            && last_sign.is_some_and(|time| days_since(time) >= STALE_AFTER_DAYS),
        agent_version: said(&metadata["version"]),
        protocol_version: row.required_text("protocol_version")?.to_owned(),
        // The real agent says `name`; other ones say `hostname`.
        host: said(&metadata["host"]["name"]).or_else(|| said(&metadata["host"]["hostname"])),
        framework: row.required_text("framework_adapter")?.to_owned(),
        engines: row.list("engine_adapters")?,
        workers,
        state: state.to_owned(),
    })
}

/// `token identify`: whose a token is.
#[derive(Debug, Clone, Serialize)]
pub struct Identified {
    /// `z4jctl.token.identify/1`.
    pub schema: &'static str,
    /// Exit code of the command: 0 when an agent has the token, 2 when none has.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// Whether an agent has this token.
    pub found: bool,
    /// The agent.
    pub agent: Option<AgentReport>,
    /// Which secret it was hashed under: `current` or `previous`.
    pub hashed_under: Option<&'static str>,
    /// What it may be otherwise.
    pub note: Option<String>,
}

/// Tells whose a token is from its hashes: under the current secret, then under the previous ones.
pub fn identify(
    context: &Context,
    database: &Database,
    open: OpenOptions,
    hashes: &[Digest],
) -> Result<Identified> {
    let (mut store, _) = Store::read_tables(database, open, &context.cancel)?;
    let agents = find::agents(&mut store, None)?;
    for (at, hash) in hashes.iter().enumerate() {
        let hash = hash.to_string();
        for agent in &agents {
            if agent.row.text("token_hash")? == Some(hash.as_str()) {
                return Ok(Identified {
                    schema: "z4jctl.token.identify/1",
                    exit_code: 0,
                    database: database.display(),
                    found: true,
                    agent: Some(report(&mut store, agent, context.now())?),
                    hashed_under: Some(if at == 0 { "current" } else { "previous" }),
                    note: None,
                });
            }
        }
    }
    Ok(Identified {
        schema: "z4jctl.token.identify/1",
        exit_code: 2,
        database: database.display(),
        found: false,
        agent: None,
        hashed_under: None,
        note: Some(
            "no agent has this token: it was revoked (a revoked agent keeps no hash), it belongs to another \
             installation, or it was minted under another Z4J_SECRET"
                .into(),
        ),
    })
}
