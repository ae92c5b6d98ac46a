//! Finding what an operator names: a project, an agent, a user. What is not there or could be several is answered with
//! what there is.

use crate::error::{Error, Result};
use crate::format::Id;
use crate::store::Store;
use crate::store::value::{Row, Value};

/// Columns of `agents`; the generation may lack the last.
pub const AGENT_COLUMNS: &[&str] = &[
    "id",
    "project_id",
    "name",
    "token_hash",
    "protocol_version",
    "framework_adapter",
    "engine_adapters",
    "scheduler_adapters",
    "capabilities",
    "state",
    "last_seen_at",
    "last_connect_at",
    "metadata",
    "created_at",
    "updated_at",
    "revoked_at",
];

/// How the `token_hash` of a revoked agent begins, which no token hashes to.
const REVOKED_HASH: &str = "revoked:";

/// How many names a message lists.
const LISTED: usize = 8;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: Id,
    /// Its slug.
    pub slug: String,
    /// Whether it is in use; archived otherwise.
    pub is_active: bool,
}

fn project(row: &Row) -> Result<Project> {
    Ok(Project {
        id: row.required_id("id")?,
        slug: row.required_text("slug")?.to_owned(),
        is_active: row.truth("is_active")?,
    })
}

/// All projects, by slug.
pub fn projects(store: &mut Store) -> Result<Vec<Project>> {
    store.rows("projects", &["id", "slug", "is_active"], "ORDER BY slug", &[])?.iter().map(project).collect()
}

/// The project with a slug or id.
pub fn project_named(store: &mut Store, name: &str) -> Result<Project> {
    let all = projects(store)?;
    let id = Id::parse(name.as_bytes());
    if let Some(found) = all.iter().find(|project| project.slug == name || Some(project.id) == id) {
        return Ok(found.clone());
    }
    Err(Error::usage("project.unknown", format!("there is no project {name:?}"))
        .hint(format!("projects: {}", listed(all.iter().map(|project| project.slug.as_str())))))
}

/// An agent as an operator named it, with its project.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Its project.
    pub project: Project,
    /// Whether its token was revoked and the row was kept.
    pub is_revoked: bool,
    /// Its row, see [`AGENT_COLUMNS`].
    pub row: Row,
}

impl Agent {
    /// `project/name`.
    pub fn label(&self) -> String {
        format!("{}/{}", self.project.slug, self.name)
    }
}

/// Agents of one project or of all, by project and name; held until the end of a writing transaction.
pub fn agents(store: &mut Store, only: Option<&Project>) -> Result<Vec<Agent>> {
    let projects = projects(store)?;
    let rows = match only {
        Some(project) => {
            let key = [Value::Id(project.id)];
            store.rows_locked("agents", AGENT_COLUMNS, "WHERE project_id = ? ORDER BY name, id", &key)?
        }
        None => store.rows_locked("agents", AGENT_COLUMNS, "ORDER BY name, id", &[])?,
    };
    let mut found: Vec<Agent> = rows.into_iter().map(|row| agent(row, &projects)).collect::<Result<_>>()?;
    found.sort_by(|a, b| a.project.slug.cmp(&b.project.slug));
    Ok(found)
}

fn agent(row: Row, projects: &[Project]) -> Result<Agent> {
    let project_id = row.required_id("project_id")?;
    let project = projects.iter().find(|project| project.id == project_id).cloned();
    Ok(Agent {
        id: row.required_id("id")?,
        name: row.required_text("name")?.to_owned(),
        // Up to 1.8 SQLite keeps agents whose project is gone.
        project: project.unwrap_or(Project { id: project_id, slug: "(gone)".into(), is_active: false }),
        is_revoked: row.required_text("token_hash")?.starts_with(REVOKED_HASH)
            || (row.has("revoked_at") && row.time("revoked_at")?.is_some()),
        row,
    })
}

/// The agent that is meant by an id, a name, `project/name`, or the beginning of one of them that fits one alone. Live
/// agents come before tombstones.
pub fn agent_named(store: &mut Store, name: &str) -> Result<Agent> {
    let all = agents(store, None)?;
    let id = Id::parse(name.as_bytes());
    let exact = |agent: &&Agent| Some(agent.id) == id || agent.name == name || agent.label() == name;
    let prefix = |agent: &&Agent| {
        agent.name.starts_with(name)
            || agent.label().starts_with(name)
            || agent.id.to_string().starts_with(name)
    };
    for fits in [&exact as &dyn Fn(&&Agent) -> bool, &prefix] {
        for revoked in [false, true] {
            let matching: Vec<&Agent> =
                all.iter().filter(|agent| agent.is_revoked == revoked).filter(|agent| fits(agent)).collect();
            match matching.as_slice() {
                [] => {}
                [one] => return Ok((*one).clone()),
                several => {
                    let names = several.iter().map(|agent| format!("{} ({})", agent.label(), agent.id));
                    return Err(Error::usage(
                        "agent.ambiguous",
                        format!("{name:?} could be any of {} agents", several.len()),
                    )
                    .hint(format!("give PROJECT/NAME or the id: {}", listed(names))));
                }
            }
        }
    }
    Err(Error::usage("agent.unknown", format!("there is no agent {name:?}"))
        .hint(format!("agents: {}", listed(all.iter().filter(|agent| !agent.is_revoked).map(Agent::label)))))
}

/// A few names for a message.
pub fn listed(names: impl Iterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<String> = names.map(|name| name.as_ref().to_owned()).collect();
    match names.len() {
        0 => "(none)".into(),
        count if count > LISTED => format!("{} and {} more", names[..LISTED].join(", "), count - LISTED),
        _ => names.join(", "),
    }
}
