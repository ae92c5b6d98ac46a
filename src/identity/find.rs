//! Finding what an operator names: a project, an agent, a user. What is not there or could be several is answered with
//! what there is.

use crate::error::{Error, Result};
use crate::format::email::Email;
use crate::format::{Id, credential};
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

/// Columns of `users` that any generation has, all but `password_hash`, which nobody has to look at.
pub const USER_COLUMNS: &[&str] = &[
    "id",
    "email",
    "display_name",
    "first_name",
    "last_name",
    "is_admin",
    "is_active",
    "last_login_at",
    "force_password_change",
    "timezone",
    "failed_login_count",
    "locked_until",
    "last_failed_login_at",
    "last_failed_login_ip",
    "password_changed_at",
    "mfa_secret_encrypted",
    "mfa_enrolled_at",
    "mfa_enforcement_started_at",
    "failed_mfa_count",
    "mfa_locked_until",
    "last_totp_counter",
    "avatar_url",
    "external_id",
    "sso_provider",
    "created_at",
    "updated_at",
    // Of databases that were created up to 1.5, unused.
    "mfa_secret",
    "mfa_enabled",
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

/// Agents of one project or of all, by project and name. Not held: a brain changes many at a time, in its own order.
pub fn agents(store: &mut Store, only: Option<&Project>) -> Result<Vec<Agent>> {
    let projects = projects(store)?;
    let rows = match only {
        Some(project) => {
            let key = [Value::Id(project.id)];
            store.rows("agents", AGENT_COLUMNS, "WHERE project_id = ? ORDER BY name, id", &key)?
        }
        None => store.rows("agents", AGENT_COLUMNS, "ORDER BY name, id", &[])?,
    };
    let mut found: Vec<Agent> = rows.into_iter().map(|row| agent(row, &projects)).collect::<Result<_>>()?;
    found.sort_by(|a, b| a.project.slug.cmp(&b.project.slug));
    Ok(found)
}

/// The agent with an id, if it is still there, held until the end of a writing transaction: the advisory lock first, as
/// a brain of 1.9 and later takes it, then the row.
pub fn agent_held(store: &mut Store, id: Id) -> Result<Option<Agent>> {
    store.lock(credential::agent_lock(id))?;
    let projects = projects(store)?;
    let rows = store.rows_locked("agents", AGENT_COLUMNS, "WHERE id = ?", &[Value::Id(id)])?;
    rows.into_iter().next().map(|row| agent(row, &projects)).transpose()
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

/// A user as an operator named it.
#[derive(Debug, Clone)]
pub struct User {
    /// Its id.
    pub id: Id,
    /// Its address as it is stored; canonical if z4j wrote it.
    pub email: String,
    /// Its name for people, where it has one.
    pub display_name: Option<String>,
    /// Whether it is a global administrator, as the brain reads it.
    pub is_admin: bool,
    /// Whether it may log in.
    pub is_active: bool,
    /// Its row, see [`USER_COLUMNS`].
    pub row: Row,
}

impl User {
    /// Whether a second factor is enrolled (from 1.6; identity, section 11).
    pub fn has_mfa(&self) -> Result<bool> {
        let is_set = |column: &str| self.row.has(column) && self.row.shown(column) != "NULL";
        Ok(is_set("mfa_secret_encrypted") && is_set("mfa_enrolled_at"))
    }
}

fn user(row: Row) -> Result<User> {
    Ok(User {
        id: row.required_id("id")?,
        email: row.required_text("email")?.to_owned(),
        display_name: row.text("display_name")?.map(str::to_owned),
        is_admin: row.truth("is_admin")?,
        is_active: row.truth("is_active")?,
        row,
    })
}

/// All users, by address. Not held, see [`user_held`].
pub fn users(store: &mut Store) -> Result<Vec<User>> {
    store.rows("users", USER_COLUMNS, "ORDER BY email, id", &[])?.into_iter().map(user).collect()
}

/// The user with an id, if it is still there, held until the end of a writing transaction.
pub fn user_held(store: &mut Store, id: Id) -> Result<Option<User>> {
    let rows = store.rows_locked("users", USER_COLUMNS, "WHERE id = ?", &[Value::Id(id)])?;
    rows.into_iter().next().map(user).transpose()
}

/// The user with an e-mail address or id; its row alone is held until the end of a writing transaction.
///
/// The address is looked up in its canonical form first. Where no row has that, one with that canonical form is meant,
/// such as one that differs in case, which the brain finds too; SQLite lets several of those coexist, then the id has
/// to be given.
pub fn user_named(store: &mut Store, name: &str) -> Result<User> {
    let all = store.rows("users", &["id", "email"], "ORDER BY email, id", &[])?;
    let all: Vec<(Id, &str)> = all
        .iter()
        .map(|row| Ok((row.required_id("id")?, row.required_text("email")?)))
        .collect::<Result<_>>()?;
    let id = match Id::parse(name.trim().as_bytes()) {
        Some(id) => all.iter().any(|user| user.0 == id).then_some(id),
        None => user_with_email(&all, name)?,
    };
    let held = match id {
        Some(id) => user_held(store, id)?,
        None => None,
    };
    match held {
        Some(user) => Ok(user),
        None => Err(Error::usage("user.unknown", format!("there is no user {name:?}"))
            .hint(format!("users: {}", listed(all.iter().map(|user| user.1))))),
    }
}

/// The id of the user whose address is meant.
fn user_with_email(all: &[(Id, &str)], name: &str) -> Result<Option<Id>> {
    let folded = |text: &str| {
        Email::canonical(text).map_or_else(|_| text.trim().to_lowercase(), |email| email.to_string())
    };
    let wanted = folded(name);
    if let Some((id, _)) = all.iter().find(|user| user.1 == wanted) {
        return Ok(Some(*id));
    }
    let similar: Vec<&(Id, &str)> = all.iter().filter(|user| folded(user.1) == wanted).collect();
    match similar.as_slice() {
        [] => Ok(None),
        [(id, _)] => Ok(Some(*id)),
        several => {
            let names = several.iter().map(|(id, email)| format!("{email} ({id})"));
            Err(Error::usage("user.ambiguous", format!("{name:?} could be any of {} users", several.len()))
                .hint(format!("give the id: {}", listed(names))))
        }
    }
}

/// Text of somebody else, such as a name that a user chose, without characters that a terminal would obey.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|one| if one.is_control() { one.escape_default().to_string() } else { one.to_string() })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> Id {
        Id::from_bytes([number; 16])
    }

    #[test]
    fn addresses_are_found_as_the_brain_finds_them() {
        let all = [(id(1), "Ada@example.com"), (id(2), "ada@example.com"), (id(3), "Bob@example.com")];
        let found = |name: &str| user_with_email(&all, name);
        assert_eq!(found("ADA@Example.com").unwrap(), Some(id(2)), "the canonical one is preferred");
        assert_eq!(found(" bob@example.com ").unwrap(), Some(id(3)));
        assert_eq!(found("carol@example.com").unwrap(), None);
        assert_eq!(found("not an address").unwrap(), None);
        assert_eq!(found("").unwrap(), None);
        let twice = [(id(1), "Ada@example.com"), (id(2), "ADA@example.com")];
        let error = user_with_email(&twice, "ada@example.com").unwrap_err();
        assert_eq!(error.code(), "user.ambiguous");
        assert!(error.hint_text().unwrap().contains(&id(2).to_string()));
        let international = [(id(1), "strasse@xn--exmple-cua.de")];
        assert_eq!(user_with_email(&international, "Stra\u{df}e@ex\u{e4}mple.de").unwrap(), Some(id(1)));
    }
}
