//! Agent tokens: minting, rotating, revoking (identity, section 3).
//!
//! A row of `agents` is an agent and holds the hash of its one token. Revoking deletes the row up to 1.8; from 1.9 on it
//! becomes a tombstone, told by the column `revoked_at`.

use serde_json::json;

use crate::audit::append::Entry;
use crate::audit::transact::{Operation, Scope};
use crate::error::{Error, Result};
use crate::format::Id;
use crate::format::credential::{self, RESERVED_AGENT_PREFIX};
use crate::format::mac::Digest;
use crate::identity::find::{self, Agent, Project};
use crate::plan::{Change, Plan};
use crate::store::generation::{Detection, Generation};
use crate::store::value::Value;

/// PostgreSQL channel on which brains of 1.6.5 and later hear of revoked agents (identity, section 3.5).
const REVOKED_CHANNEL: &str = "z4j_agent_revoked";

/// z4j's limit of a name, in characters.
const LONGEST_NAME: usize = 200;

/// Mints a token: a new agent.
#[derive(Debug)]
pub struct Mint {
    /// Slug or id of the project.
    pub project: String,
    /// Name of the agent.
    pub name: String,
    /// Id of the new row.
    pub id: Id,
    /// Hash of the new token.
    pub token_hash: Digest,
    /// What `capabilities` holds until the agent says it: an object, normally empty.
    pub capabilities: serde_json::Value,
    /// The agent that this one stands in for, when it is the second half of a rotation.
    pub replaces: Option<Id>,
}

impl Operation for Mint {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let name = check_name(&self.name)?;
        let project = find::project_named(scope.store, &self.project)?;
        let mut plan = Plan::default();
        for agent in find::agents(scope.store, Some(&project))? {
            if agent.name != name {
                continue;
            }
            if !agent.is_revoked {
                return Err(Error::refused(
                    "agent.exists",
                    format!("agent {} exists already ({})", agent.label(), agent.id),
                )
                .hint(format!(
                    "`z4jctl token rotate {}` gives it a new token; or choose another --name",
                    agent.label()
                )));
            }
            if let Some(agent) = find::agent_held(scope.store, agent.id)? {
                plan.changes.push(move_tombstone(scope, &agent)?);
            }
        }
        plan.changes.push(Change::insert(
            "agents",
            format!("{}/{name}", project.slug),
            vec![
                ("id", Value::Id(self.id)),
                ("project_id", Value::Id(project.id)),
                ("name", Value::Text(name.clone())),
                ("token_hash", Value::Hidden(self.token_hash.to_string())),
                ("protocol_version", Value::Text("0".into())),
                ("framework_adapter", Value::Text("unknown".into())),
                ("engine_adapters", Value::List(Vec::new())),
                ("scheduler_adapters", Value::List(Vec::new())),
                ("capabilities", Value::Json(self.capabilities.clone())),
                ("state", Value::Label("agent_state", "unknown".into())),
                ("last_seen_at", Value::Null),
                ("last_connect_at", Value::Null),
                ("metadata", Value::Json(json!({}))),
                ("created_at", Value::Time(scope.now)),
                ("updated_at", Value::Time(scope.now)),
                ("revoked_at", Value::Null),
            ],
        ));
        let mut metadata = json!({ "name": name });
        if let Some(old) = self.replaces {
            metadata["replaces"] = json!(old);
        }
        plan.entries.push(
            Entry::new("agent.token.minted", "agent", Some(self.id), metadata).project(Some(project.id)),
        );
        if !project.is_active {
            plan.notes.push(format!(
                "project {} is archived: from 1.12 on no agent of it may connect",
                project.slug
            ));
        }
        plan.notes.push(
            "a token that is not used within Z4J_AGENT_STALE_PRUNE_DAYS (30) days is removed by the brain"
                .into(),
        );
        plan.summary = format!("agent {}/{name} ({}) has a token", project.slug, self.id);
        Ok(plan)
    }
}

/// Gives an agent a new token: the old one is dead at once.
#[derive(Debug)]
pub struct Rotate {
    /// The agent: id, name, `project/name` or the beginning of one.
    pub agent: String,
    /// Hash of the new token.
    pub token_hash: Digest,
}

impl Operation for Rotate {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let agent = locked(scope, &self.agent)?;
        if agent.is_revoked {
            return Err(Error::refused(
                "agent.revoked",
                format!("agent {} is revoked and stays so", agent.label()),
            )
            .hint(format!(
                "`z4jctl token mint --project {} --name {}` makes a new agent of that name",
                agent.project.slug, agent.name
            )));
        }
        let mut plan = Plan::default();
        plan.changes.push(Change::update(
            "agents",
            agent.label(),
            &agent.row,
            vec![
                ("token_hash", Value::Hidden(self.token_hash.to_string())),
                ("updated_at", Value::Time(scope.now)),
            ],
        )?);
        // z4j knows no rotation: what it has a name for is a token that ends and one that begins.
        for action in ["agent.token.revoked", "agent.token.minted"] {
            let metadata = json!({ "name": agent.name, "rotated": true });
            plan.entries
                .push(Entry::new(action, "agent", Some(agent.id), metadata).project(Some(agent.project.id)));
        }
        drop_connection(&mut plan, scope, std::slice::from_ref(&agent), true);
        plan.summary = format!("agent {} ({}) has a new token, the old one is dead", agent.label(), agent.id);
        Ok(plan)
    }
}

/// Which agents to revoke.
#[derive(Debug, Clone)]
pub enum Revoked {
    /// The agent: id, name, `project/name` or the beginning of one.
    Named(String),
    /// The agent whose token hashes to one of these: under the current secret, then the previous ones.
    Holding(Vec<Digest>),
    /// Every agent of a project.
    AllIn(String),
}

/// Ends the tokens of agents.
#[derive(Debug)]
pub struct Revoke {
    /// Which.
    pub which: Revoked,
}

impl Operation for Revoke {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let agents = match &self.which {
            Revoked::Named(name) => {
                let agent = locked(scope, name)?;
                if agent.is_revoked {
                    return Ok(Plan::nothing(format!("agent {} is revoked already", agent.label())));
                }
                vec![agent]
            }
            Revoked::Holding(hashes) => {
                let hashes: Vec<String> = hashes.iter().map(ToString::to_string).collect();
                let holds = |agent: &Agent| {
                    agent
                        .row
                        .text("token_hash")
                        .ok()
                        .flatten()
                        .is_some_and(|hash| hashes.iter().any(|h| h == hash))
                };
                let Some(agent) = find::agents(scope.store, None)?.into_iter().find(holds) else {
                    return Err(Error::usage("token.unknown", "no agent has this token").hint(
                        "it may be revoked already, or belong to another installation or another Z4J_SECRET",
                    ));
                };
                vec![held(scope, agent.id)?]
            }
            Revoked::AllIn(project) => {
                let project = find::project_named(scope.store, project)?;
                // In one order, so that two of us do not wait for each other.
                let mut ordered: Vec<Id> =
                    find::agents(scope.store, Some(&project))?.iter().map(|agent| agent.id).collect();
                ordered.sort();
                let mut all = Vec::new();
                for id in ordered {
                    all.extend(find::agent_held(scope.store, id)?);
                }
                all.retain(|agent| !agent.is_revoked);
                if all.is_empty() {
                    return Ok(Plan::nothing(format!("project {} has no live agent", project.slug)));
                }
                all
            }
        };
        let mut plan = Plan::default();
        for agent in &agents {
            revoke(&mut plan, scope, agent)?;
        }
        drop_connection(&mut plan, scope, &agents, false);
        plan.summary = match agents.as_slice() {
            [agent] => format!("the token of agent {} ({}) is revoked", agent.label(), agent.id),
            several => format!("the tokens of {} agents are revoked", several.len()),
        };
        Ok(plan)
    }
}

/// The agent that is meant, held.
fn locked(scope: &mut Scope<'_>, name: &str) -> Result<Agent> {
    let id = find::agent_named(scope.store, name)?.id;
    held(scope, id)
}

/// An agent that was found, held.
fn held(scope: &mut Scope<'_>, id: Id) -> Result<Agent> {
    find::agent_held(scope.store, id)?.ok_or_else(|| {
        Error::usage("agent.unknown", format!("agent {id} was removed at this moment"))
            .hint("nothing was written; `z4jctl token list` shows who is left")
    })
}

fn revoke(plan: &mut Plan, scope: &mut Scope<'_>, agent: &Agent) -> Result<()> {
    if agent.row.has("revoked_at") {
        let mut metadata = match agent.row.json("metadata")? {
            serde_json::Value::Object(map) => map,
            _ => serde_json::Map::new(),
        };
        metadata.insert(credential::ORIGINAL_NAME_KEY.into(), json!(agent.name));
        plan.changes.push(Change::update(
            "agents",
            agent.label(),
            &agent.row,
            vec![
                ("revoked_at", Value::Time(scope.now)),
                ("token_hash", Value::Hidden(credential::revoked_hash(agent.id, scope.now))),
                ("state", Value::Label("agent_state", "offline".into())),
                ("metadata", Value::Json(metadata.into())),
                ("updated_at", Value::Time(scope.now)),
            ],
        )?);
    } else if is_held_by_events(scope, agent)? {
        plan.changes.push(Change::update(
            "agents",
            agent.label(),
            &agent.row,
            vec![
                ("token_hash", Value::Hidden(credential::revoked_hash(agent.id, scope.now))),
                ("state", Value::Label("agent_state", "offline".into())),
                ("updated_at", Value::Time(scope.now)),
            ],
        )?);
        plan.notes.push(format!(
            "agent {} has events, which PostgreSQL up to 1.8 does not let go of: the row stays, its token is void",
            agent.label()
        ));
    } else {
        // Its workers and samples stay behind in SQLite, as z4j leaves them: they are evidence of what it did.
        plan.changes.push(Change::delete("agents", agent.label(), &agent.row)?);
    }
    plan.entries.push(
        Entry::new("agent.token.revoked", "agent", Some(agent.id), json!({ "name": agent.name }))
            .project(Some(agent.project.id)),
    );
    Ok(())
}

/// Up to 1.8 PostgreSQL does not let go of an agent that events refer to (schema, section 6).
fn is_held_by_events(scope: &mut Scope<'_>, agent: &Agent) -> Result<bool> {
    if !scope.store.is_postgres() || !scope.store.columns("events")?.contains("agent_id") {
        return Ok(false);
    }
    let sql = "SELECT count(*) AS count FROM (SELECT 1 FROM events WHERE agent_id = ? LIMIT 1) AS one";
    Ok(scope.store.number(sql, &[Value::Id(agent.id)])? > 0)
}

/// The tombstone of a revoked agent makes room for a new one of its name (identity, section 3.3).
fn move_tombstone(scope: &mut Scope<'_>, agent: &Agent) -> Result<Change> {
    for attempt in 0..=u32::from(u16::MAX) {
        let name = credential::tombstone_name(agent.id, attempt);
        let key = [Value::Id(agent.project.id), Value::Text(name.clone())];
        let taken = scope
            .store
            .number("SELECT count(*) AS count FROM agents WHERE project_id = ? AND name = ?", &key)?;
        if taken == 0 {
            let values = vec![("name", Value::Text(name)), ("updated_at", Value::Time(scope.now))];
            return Change::update("agents", format!("{} (revoked)", agent.label()), &agent.row, values);
        }
    }
    Err(Error::bug("every name of a tombstone is taken"))
}

/// What becomes of a connection that a running brain holds (identity, section 3.5).
fn drop_connection(plan: &mut Plan, scope: &Scope<'_>, agents: &[Agent], rotated: bool) {
    let online: Vec<String> = agents
        .iter()
        .filter(|agent| agent.row.text("state").ok().flatten() == Some("online"))
        .map(Agent::label)
        .collect();
    if scope.store.is_postgres() {
        for agent in agents {
            plan.notifications.push((REVOKED_CHANNEL, agent.id.to_string()));
        }
        if hears_notifications(scope.detection) {
            plan.notes
                .push("a running brain of 1.6.5 or later closes the live connection at once (NOTIFY)".into());
            return;
        }
    }
    let what = match online.len() {
        0 => "no agent concerned is recorded as online; should a brain be running, it".to_owned(),
        _ => format!("a running brain that holds the connection of {}", find::listed(online.iter())),
    };
    let keeps = matches!(
        scope.detection.generation,
        Generation::A | Generation::B | Generation::C | Generation::D | Generation::E | Generation::P
    );
    plan.notes.push(if keeps || rotated {
        format!("{what} keeps a session until the agent reconnects: restart the brain to make it drop; new connections are refused at once")
    } else {
        format!("{what} drops a session at its next frame (agents send one every 10 seconds); new connections are refused at once")
    });
}

fn hears_notifications(detection: &Detection) -> bool {
    !matches!(detection.generation, Generation::A | Generation::B)
}

fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME {
        return Err(Error::usage(
            "agent.name",
            format!("the name of an agent has 1 to {LONGEST_NAME} characters, this one has {length}"),
        ));
    }
    if name.starts_with(RESERVED_AGENT_PREFIX) {
        return Err(Error::usage(
            "agent.name",
            format!("names that begin with {RESERVED_AGENT_PREFIX} are those of revoked agents"),
        ));
    }
    if name.contains(char::is_control) {
        return Err(Error::usage("agent.name", "the name of an agent has no control characters"));
    }
    Ok(name.to_owned())
}

/// The project and the id of the agent that a plan is about, for what is told beside it: the signing secret, the
/// environment of the agent.
pub fn project_of(scope: &mut Scope<'_>, agent: &str) -> Result<(Agent, Project)> {
    let agent = find::agent_named(scope.store, agent)?;
    let project = agent.project.clone();
    Ok((agent, project))
}
