//! API keys: minting and revoking (identity, section 4).
//!
//! A key acts as the user who owns it, within its scopes. A row keeps the hash of the key under `Z4J_SECRET`, and its
//! first characters, by which people tell keys apart. Revoking sets a time and keeps the row, in every version.

use serde_json::json;

use crate::audit::append::Entry;
use crate::audit::transact::{Operation, Scope};
use crate::error::{Error, Result};
use crate::format::credential::{self, API_KEY_MARK, Shape};
use crate::format::mac::Digest;
use crate::format::{Id, Timestamp, address, scope};
use crate::identity::find::{self, Project, User, listed};
use crate::plan::{Change, Plan};
use crate::store::Store;
use crate::store::generation::Generation;
use crate::store::value::{Row, Value};

/// Columns of `api_keys`, all but `token_hash`; the generation may lack the last.
pub const API_KEY_COLUMNS: &[&str] = &[
    "id",
    "user_id",
    "name",
    "prefix",
    "last_used_at",
    "last_used_ip",
    "expires_at",
    "revoked_at",
    "revoked_reason",
    "scopes",
    "project_id",
    "created_at",
    "updated_at",
    "allowed_cidrs",
];

/// z4j's limit of a name, in characters.
const LONGEST_NAME: usize = 200;
/// z4j's limit of a lifetime, in days.
pub const LONGEST_LIFE_DAYS: u32 = 3650;
/// z4j's limit of networks for one key.
pub const MOST_NETWORKS: usize = 32;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// Who owns a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The id of the user.
    pub id: Id,
    /// The address; `None` when there is no such user any more.
    pub email: Option<String>,
    /// Whether the user may log in, and the key be used.
    pub is_active: bool,
}

/// An API key as an operator named it.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Its id.
    pub id: Id,
    /// Its name; several keys may share one.
    pub name: String,
    /// The first 8 characters of its text: `z4k_` and four more.
    pub prefix: String,
    /// Its owner.
    pub owner: Owner,
    /// The project that it is bound to; `None` for all of its owner's.
    pub project: Option<Project>,
    /// Its row, see [`API_KEY_COLUMNS`].
    pub row: Row,
}

impl ApiKey {
    /// `name (prefix)`; users choose names, so nothing in it gives orders to a terminal.
    pub fn label(&self) -> String {
        format!("{} ({})", find::printable(&self.name), self.prefix)
    }

    /// Whether it was revoked.
    pub fn is_revoked(&self) -> Result<bool> {
        Ok(self.row.time("revoked_at")?.is_some())
    }
}

/// Whether a key with the right text is let in: what the brain asks first, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is let in.
    Active,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// Its owner is deactivated or gone.
    OwnerInactive,
    /// Its hash was made under a `Z4J_SECRET` of before; z4j looks keys up under the current one alone.
    SecretRotated,
}

impl State {
    /// Its name in reports: `owner-inactive`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::OwnerInactive => "owner-inactive",
            Self::SecretRotated => "secret-rotated",
        }
    }

    /// The state of a key at a time, by its row alone.
    pub fn of(key: &ApiKey, now: Timestamp) -> Result<Self> {
        Ok(if key.is_revoked()? {
            Self::Revoked
        } else if key.row.time("expires_at")?.is_some_and(|end| end <= now) {
            Self::Expired
        } else if !key.owner.is_active {
            Self::OwnerInactive
        } else {
            Self::Active
        })
    }
}

/// Every key, by name and age; locks nothing.
pub fn api_keys(store: &mut Store) -> Result<Vec<ApiKey>> {
    keys_where(store, "ORDER BY name, created_at, id", &[], false)
}

fn keys_where(store: &mut Store, clause: &str, values: &[Value], locked: bool) -> Result<Vec<ApiKey>> {
    let projects = find::projects(store)?;
    let owners = store.rows("users", &["id", "email", "is_active"], "", &[])?;
    let owners: Vec<Owner> = owners
        .iter()
        .map(|row| {
            let email = Some(row.required_text("email")?.to_owned());
            Ok(Owner { id: row.required_id("id")?, email, is_active: row.truth("is_active")? })
        })
        .collect::<Result<_>>()?;
    let rows = if locked {
        store.rows_locked("api_keys", API_KEY_COLUMNS, clause, values)?
    } else {
        store.rows("api_keys", API_KEY_COLUMNS, clause, values)?
    };
    rows.into_iter().map(|row| api_key(row, &owners, &projects)).collect()
}

fn api_key(row: Row, owners: &[Owner], projects: &[Project]) -> Result<ApiKey> {
    let owner = row.required_id("user_id")?;
    let found = owners.iter().find(|user| user.id == owner).cloned();
    // Up to 1.8 SQLite keeps keys whose owner or project is gone.
    let gone = |id| Project { id, slug: "(gone)".into(), is_active: false };
    let project = row
        .id("project_id")?
        .map(|id| projects.iter().find(|project| project.id == id).cloned().unwrap_or_else(|| gone(id)));
    Ok(ApiKey {
        id: row.required_id("id")?,
        name: row.required_text("name")?.to_owned(),
        prefix: row.required_text("prefix")?.to_owned(),
        owner: found.unwrap_or(Owner { id: owner, email: None, is_active: false }),
        project,
        row,
    })
}

/// The key with an id, held until the end of a writing transaction.
fn locked(store: &mut Store, id: Id) -> Result<Option<ApiKey>> {
    Ok(keys_where(store, "WHERE id = ?", &[Value::Id(id)], true)?.into_iter().next())
}

/// The key that is meant by an id, its prefix `z4k_xxxx`, its name, or the beginning of one of them that fits one
/// alone. Keys that were not revoked come before those that were.
pub fn api_key_named(store: &mut Store, name: &str) -> Result<ApiKey> {
    refuse_text_of_key(name)?;
    let all = api_keys(store)?;
    let id = Id::parse(name.as_bytes());
    let exact = |key: &&ApiKey| Some(key.id) == id || key.prefix == name || key.name == name;
    let beginning = |key: &&ApiKey| {
        !name.is_empty()
            && (key.name.starts_with(name)
                || key.prefix.starts_with(name)
                || key.id.to_string().starts_with(name))
    };
    for fits in [&exact as &dyn Fn(&&ApiKey) -> bool, &beginning] {
        for revoked in [false, true] {
            let mut matching: Vec<&ApiKey> = Vec::new();
            for key in all.iter().filter(|key| fits(key)) {
                if key.is_revoked()? == revoked {
                    matching.push(key);
                }
            }
            match matching.as_slice() {
                [] => {}
                [one] => return Ok((*one).clone()),
                several => {
                    let names = several.iter().map(|key| format!("{} {}", key.label(), key.id));
                    let message = format!("{name:?} could be any of {} API keys", several.len());
                    return Err(Error::usage("api-key.ambiguous", message)
                        .hint(format!("give the prefix or the id: {}", listed(names))));
                }
            }
        }
    }
    let mut names = Vec::new();
    for key in &all {
        if !key.is_revoked()? {
            names.push(key.label());
        }
    }
    Err(Error::usage("api-key.unknown", format!("there is no API key {name:?}"))
        .hint(format!("API keys: {}", listed(names.iter()))))
}

/// What was given is, or may be, the text of a key: a secret, which no message repeats.
fn refuse_text_of_key(name: &str) -> Result<()> {
    let is_secret = credential::shape(name) == Some(Shape::ApiKey)
        || name.starts_with(API_KEY_MARK) && credential::prefix(name) != name;
    if is_secret {
        return Err(Error::usage(
            "api-key.on-command-line",
            "this seems to be the text of an API key, which `ps` and the shell's history now show",
        )
        .hint("name a key by its first 8 characters, or pipe its text: `apikey identify`, `apikey revoke --key-stdin`"));
    }
    Ok(())
}

/// When a new key ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    Never,
    /// After so many days, from 1 to [`LONGEST_LIFE_DAYS`].
    InDays(u32),
    /// At a time in the future, not later than that.
    At(Timestamp),
}

impl Expiry {
    fn at(self, now: Timestamp) -> Result<Option<Timestamp>> {
        let latest = now.plus_seconds(i64::from(LONGEST_LIFE_DAYS) * DAY);
        let wrong = |reason: String| {
            let hint = format!(
                "give 1 to {LONGEST_LIFE_DAYS} days, or a time within them; or leave it out for no end"
            );
            Err(Error::usage("api-key.expiry", reason).hint(hint))
        };
        match self {
            Self::Never => Ok(None),
            Self::InDays(days) if (1..=LONGEST_LIFE_DAYS).contains(&days) => {
                Ok(Some(now.plus_seconds(i64::from(days) * DAY)))
            }
            Self::InDays(days) => {
                wrong(format!("an API key lives from 1 to {LONGEST_LIFE_DAYS} days, not {days}"))
            }
            Self::At(time) if time <= now => wrong(format!("{} is not in the future", time.zulu())),
            Self::At(time) if time > latest => {
                wrong(format!("{} is more than {LONGEST_LIFE_DAYS} days ahead", time.zulu()))
            }
            Self::At(time) => Ok(Some(time)),
        }
    }
}

/// Mints a key.
#[derive(Debug)]
pub struct Mint {
    /// E-mail address or id of the owner.
    pub user: String,
    /// Its name, 1 to 200 characters; need not be unique.
    pub name: String,
    /// Its scopes: `tasks:read`.
    pub scopes: Vec<String>,
    /// Slug or id of the project that it is bound to.
    pub project: Option<String>,
    /// When it ends.
    pub expiry: Expiry,
    /// The networks that it may be used from, in any form that z4j takes; all when empty.
    pub allowed_cidrs: Vec<String>,
    /// Id of the new row.
    pub id: Id,
    /// The first 8 characters of its text.
    pub prefix: String,
    /// Hash of its text.
    pub token_hash: Digest,
}

impl Operation for Mint {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let name = check_name(&self.name)?;
        let networks = check_networks(&self.allowed_cidrs)?;
        let expires_at = self.expiry.at(scope.now)?;
        let owner = find::user_named(scope.store, &self.user)?;
        let has_networks = scope.store.columns("api_keys")?.contains("allowed_cidrs");
        let scopes = check_scopes(&self.scopes, scope.detection.generation, &owner)?;
        let project =
            self.project.as_deref().map(|slug| find::project_named(scope.store, slug)).transpose()?;
        if !has_networks && !networks.is_empty() {
            return Err(Error::refused(
                "api-key.no-cidrs",
                format!(
                    "this brain (z4j {}) cannot bind an API key to networks: that came with 1.12",
                    scope.detection.generation.releases()
                ),
            )
            .hint("leave --allowed-cidr out, or upgrade the brain first"));
        }
        if !owner.is_active {
            return Err(Error::refused(
                "user.inactive",
                format!("user {} is deactivated: the brain would refuse every key of theirs", owner.email),
            )
            .hint("name another owner, or activate the user first"));
        }
        if let Some(project) = project.as_ref().filter(|project| !project.is_active) {
            return Err(Error::refused(
                "project.archived",
                format!("project {} is archived: the brain mints no key for it", project.slug),
            )
            .hint("name another project, or leave --project out"));
        }
        let mut plan = Plan::default();
        note_consequences(&mut plan, scope, &owner, project.as_ref(), &name)?;
        if expires_at.is_none() {
            plan.notes.push("the key never expires: --expires-in DAYS would end it by itself".into());
        }
        let stored_networks = if networks.is_empty() { json!(null) } else { json!(networks) };
        let project_id = project.as_ref().map(|project| project.id);
        plan.changes.push(Change::insert(
            "api_keys",
            format!("{name} ({}) of {}", self.prefix, owner.email),
            vec![
                ("id", Value::Id(self.id)),
                ("user_id", Value::Id(owner.id)),
                ("name", Value::Text(name.clone())),
                ("token_hash", Value::Hidden(self.token_hash.to_string())),
                ("prefix", Value::Text(self.prefix.clone())),
                ("last_used_at", Value::Null),
                ("last_used_ip", Value::Null),
                ("expires_at", expires_at.map_or(Value::Null, Value::Time)),
                ("revoked_at", Value::Null),
                ("revoked_reason", Value::Null),
                ("scopes", Value::List(scopes.clone())),
                ("project_id", Value::id(project_id)),
                ("created_at", Value::Time(scope.now)),
                ("updated_at", Value::Time(scope.now)),
                ("allowed_cidrs", Value::Json(stored_networks)),
            ],
        ));
        let mut metadata = json!({ "name": name, "scopes": scopes, "project_scoped": project.is_some() });
        if has_networks {
            metadata["allowed_cidrs"] = json!(networks);
        }
        plan.entries.push(
            Entry::new("api_key.created", "api_key", Some(self.id), metadata)
                .user(Some(owner.id))
                .project(project_id),
        );
        plan.summary = format!("API key {name} ({}) of {} is minted", self.prefix, owner.email);
        Ok(plan)
    }
}

/// What the owner's own rights and other keys mean for a new one.
fn note_consequences(
    plan: &mut Plan,
    scope: &mut Scope<'_>,
    owner: &User,
    project: Option<&Project>,
    name: &str,
) -> Result<()> {
    if !owner.is_admin {
        let sql = "SELECT count(*) AS count FROM memberships WHERE user_id = ?";
        let (sql, values) = match project {
            Some(project) => {
                (format!("{sql} AND project_id = ?"), vec![Value::Id(owner.id), Value::Id(project.id)])
            }
            None => (sql.to_owned(), vec![Value::Id(owner.id)]),
        };
        if scope.store.number(&sql, &values)? == 0 {
            let place =
                project.map_or_else(|| "any project".into(), |found| format!("project {}", found.slug));
            plan.notes.push(format!(
                "{} is no member of {place}: a key can do no more than its owner",
                owner.email
            ));
        }
    }
    let sql = "SELECT count(*) AS count FROM api_keys WHERE user_id = ? AND name = ? AND revoked_at IS NULL";
    if scope.store.number(sql, &[Value::Id(owner.id), Value::Text(name.to_owned())])? > 0 {
        plan.notes.push(format!("{} has another API key of the name {name:?}", owner.email));
    }
    Ok(())
}

/// Which keys to revoke.
#[derive(Debug, Clone)]
pub enum Revoked {
    /// The key: id, prefix, name or the beginning of one.
    Named(String),
    /// The key whose text hashes to one of these: under the current secret, then the previous ones.
    Holding(Vec<Digest>),
    /// Every key of a user: e-mail address or id.
    AllOf(String),
}

/// Revokes keys: they are refused from the next request on.
#[derive(Debug)]
pub struct Revoke {
    /// Which.
    pub which: Revoked,
}

impl Operation for Revoke {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let keys = match &self.which {
            Revoked::Named(name) => {
                let found = api_key_named(scope.store, name)?;
                locked(scope.store, found.id)?.into_iter().collect()
            }
            Revoked::Holding(hashes) => {
                let Some((id, _)) = holder(scope.store, hashes)? else {
                    return Err(Error::usage("api-key.unknown", "there is no such API key").hint(
                        "it may belong to another installation, or was minted under another Z4J_SECRET",
                    ));
                };
                locked(scope.store, id)?.into_iter().collect()
            }
            Revoked::AllOf(user) => {
                let owner = find::user_named(scope.store, user)?;
                let clause = "WHERE user_id = ? AND revoked_at IS NULL ORDER BY id";
                let keys = keys_where(scope.store, clause, &[Value::Id(owner.id)], true)?;
                if keys.is_empty() {
                    return Ok(Plan::nothing(format!("{} has no API key to revoke", owner.email)));
                }
                keys
            }
        };
        let mut plan = Plan::default();
        for key in &keys {
            if key.is_revoked()? {
                return Ok(Plan::nothing(format!("API key {} is revoked already", key.label())));
            }
            plan.changes.push(Change::update(
                "api_keys",
                key.label(),
                &key.row,
                vec![("revoked_at", Value::Time(scope.now)), ("updated_at", Value::Time(scope.now))],
            )?);
            plan.entries.push(
                Entry::new("api_key.revoked", "api_key", Some(key.id), json!({})).user(Some(key.owner.id)),
            );
        }
        plan.summary = match keys.as_slice() {
            [] => return Err(Error::bug("an API key was found and is not there")),
            [key] => format!("API key {} is revoked", key.label()),
            several => format!("{} API keys are revoked", several.len()),
        };
        Ok(plan)
    }
}

/// The id of the key whose text hashes to one of these, and which of them it is.
pub fn holder(store: &mut Store, hashes: &[Digest]) -> Result<Option<(Id, usize)>> {
    for (at, hash) in hashes.iter().enumerate() {
        let value = [Value::Hidden(hash.to_string())];
        let found = store.rows("api_keys", &["id"], "WHERE token_hash = ?", &value)?;
        if let Some(row) = found.first() {
            return Ok(Some((row.required_id("id")?, at)));
        }
    }
    Ok(None)
}

fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME {
        return Err(Error::usage(
            "api-key.name",
            format!("the name of an API key has 1 to {LONGEST_NAME} characters, this one has {length}"),
        )
        .hint("choose another --name"));
    }
    if name.contains(char::is_control) {
        return Err(Error::usage("api-key.name", "the name of an API key has no control characters")
            .hint("choose another --name"));
    }
    Ok(name.to_owned())
}

fn check_scopes(names: &[String], generation: Generation, owner: &User) -> Result<Vec<String>> {
    let has_automation = generation >= Generation::D;
    let granted = scope::validate(names.iter().map(String::as_str), has_automation, owner.is_admin);
    let known =
        || format!("scopes: {}", scope::SCOPES.iter().map(|scope| scope.name).collect::<Vec<_>>().join(" "));
    match granted {
        Ok(scopes) => Ok(scopes.iter().map(|scope| scope.name.to_owned()).collect()),
        Err(why @ (scope::Refusal::None | scope::Refusal::Unknown(_))) => {
            Err(Error::usage("api-key.scope", why.to_string()).hint(known()))
        }
        Err(why @ scope::Refusal::NotInThisRelease(_)) => {
            Err(Error::refused("api-key.scope-too-new", why.to_string()).hint("leave these scopes out"))
        }
        Err(why @ scope::Refusal::AdminOnly(_)) => {
            Err(Error::refused("api-key.scope-admin-only", format!("{why}; {} is not one", owner.email))
                .hint("leave these scopes out, or mint the key for an administrator"))
        }
    }
}

/// The networks as z4j stores them, each once.
fn check_networks(given: &[String]) -> Result<Vec<String>> {
    if given.len() > MOST_NETWORKS {
        return Err(Error::usage(
            "api-key.cidr",
            format!("an API key may be bound to {MOST_NETWORKS} networks at most, not {}", given.len()),
        )
        .hint("name a network that holds several of them"));
    }
    let mut networks = Vec::new();
    for text in given {
        let network = address::canonical_network(text).ok_or_else(|| {
            Error::usage("api-key.cidr", format!("{text:?} is no network"))
                .hint("give an address or a network such as 10.1.0.0/16 or 2001:db8::/32, without a zone")
        })?;
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    Ok(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_has_its_bounds() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let after = |days: i64| now.plus_seconds(days * DAY);
        assert_eq!(Expiry::Never.at(now).unwrap(), None);
        assert_eq!(Expiry::InDays(1).at(now).unwrap(), Some(after(1)));
        assert_eq!(Expiry::InDays(3650).at(now).unwrap(), Some(after(3650)));
        assert_eq!(Expiry::At(after(3650)).at(now).unwrap(), Some(after(3650)));
        for wrong in
            [Expiry::InDays(0), Expiry::InDays(3651), Expiry::At(now), Expiry::At(after(3650).next())]
        {
            assert_eq!(wrong.at(now).unwrap_err().code(), "api-key.expiry", "{wrong:?}");
        }
    }

    #[test]
    fn names_and_networks() {
        assert_eq!(check_name("  ci ").unwrap(), "ci");
        for wrong in ["", "  ", "a\nb", &"x".repeat(201)] {
            assert!(check_name(wrong).is_err(), "{wrong:?}");
        }
        let given =
            |list: &[&str]| check_networks(&list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
        assert_eq!(given(&["10.0.0.1/8", "10.0.0.0/8"]).unwrap(), ["10.0.0.0/8"]);
        assert!(given(&["10.0.0.0/33"]).is_err());
        assert!(given(&["10.0.0.0/8"; 33]).is_err());
    }

    #[test]
    fn a_secret_is_no_name() {
        let key = format!("z4k_{}", "x".repeat(43));
        for text in [key.as_str(), &key[..20], &key[..9]] {
            let error = refuse_text_of_key(text).unwrap_err();
            assert!(!format!("{error} {:?}", error.hint_text()).contains(text));
        }
        assert!(refuse_text_of_key(&key[..8]).is_ok());
        assert!(refuse_text_of_key("ci-read").is_ok());
    }
}
