//! API keys as they are: whose they are, what they may do, whether they still work, and whose a leaked one is.

use serde::Serialize;

use crate::config::Database;
use crate::context::Context;
use crate::error::Result;
use crate::format::mac::Digest;
use crate::format::{Id, Timestamp};
use crate::identity::api_key::{self, ApiKey, State};
use crate::identity::find;
use crate::store::{OpenOptions, Store};

/// One API key.
#[derive(Debug, Clone, Serialize)]
pub struct KeyReport {
    /// Its id.
    pub id: Id,
    /// The first 8 characters of its text.
    pub prefix: String,
    /// Its name.
    pub name: String,
    /// The address of its owner; `None` when there is no such user any more.
    pub owner: Option<String>,
    /// The id of its owner.
    pub owner_id: Id,
    /// Slug of the project that it is bound to; `None` for all of its owner's.
    pub project: Option<String>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The networks that it may be used from; `None` for all, and always before 1.12.
    pub allowed_cidrs: Option<Vec<String>>,
    /// Whether it still works.
    pub state: State,
    /// When it was minted.
    pub created_at: Option<Timestamp>,
    /// When it was last used; the brain writes this at most once a minute.
    pub last_used_at: Option<Timestamp>,
    /// Where from.
    pub last_used_ip: Option<String>,
    /// When it ends; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Why it was revoked; z4j leaves it empty.
    pub revoked_reason: Option<String>,
}

/// `apikey list` and `apikey show`.
#[derive(Debug, Clone, Serialize)]
pub struct KeyList {
    /// `z4jctl.apikey.list/1` or `z4jctl.apikey.show/1`.
    pub schema: &'static str,
    /// Exit code of the command.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// Keys, by owner and name.
    pub api_keys: Vec<KeyReport>,
}

/// Which keys to list.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Only those of a user: e-mail address or id.
    pub user: Option<String>,
    /// Only those that are bound to a project.
    pub project: Option<String>,
    /// Those that are revoked or expired too.
    pub all: bool,
    /// One key: see [`api_key::api_key_named`].
    pub key: Option<String>,
}

/// Lists keys.
pub fn list(
    context: &Context,
    database: &Database,
    open: OpenOptions,
    options: &ListOptions,
) -> Result<KeyList> {
    let (mut store, _) = Store::read_tables(database, open, &context.cancel)?;
    let now = context.now();
    let mut api_keys = Vec::new();
    if let Some(name) = &options.key {
        api_keys.push(report(&api_key::api_key_named(&mut store, name)?, now)?);
    } else {
        let user = options.user.as_deref().map(|name| find::user_named(&mut store, name)).transpose()?;
        let project =
            options.project.as_deref().map(|name| find::project_named(&mut store, name)).transpose()?;
        for key in api_key::api_keys(&mut store)? {
            let wanted = user.as_ref().is_none_or(|user| user.id == key.owner.id)
                && project
                    .as_ref()
                    .is_none_or(|wanted| key.project.as_ref().is_some_and(|it| it.id == wanted.id));
            let report = report(&key, now)?;
            if wanted && (options.all || !matches!(report.state, State::Revoked | State::Expired)) {
                api_keys.push(report);
            }
        }
        api_keys.sort_by(|a, b| a.owner.cmp(&b.owner));
    }
    Ok(KeyList {
        schema: if options.key.is_some() { "z4jctl.apikey.show/1" } else { "z4jctl.apikey.list/1" },
        exit_code: 0,
        database: database.display(),
        api_keys,
    })
}

fn report(key: &ApiKey, now: Timestamp) -> Result<KeyReport> {
    let row = &key.row;
    let text = |column: &str| row.text(column).map(|text| text.map(str::to_owned));
    let networks = if row.has("allowed_cidrs") { row.list("allowed_cidrs")? } else { Vec::new() };
    Ok(KeyReport {
        id: key.id,
        prefix: key.prefix.clone(),
        name: key.name.clone(),
        owner: key.owner.email.clone(),
        owner_id: key.owner.id,
        project: key.project.as_ref().map(|project| project.slug.clone()),
        scopes: row.list("scopes")?,
        allowed_cidrs: Some(networks).filter(|networks| !networks.is_empty()),
        state: State::of(key, now)?,
        created_at: row.time("created_at")?,
        last_used_at: row.time("last_used_at")?,
        last_used_ip: text("last_used_ip")?,
        expires_at: row.time("expires_at")?,
        revoked_at: row.time("revoked_at")?,
        revoked_reason: text("revoked_reason")?,
    })
}

/// `apikey identify`: whose a key is.
#[derive(Debug, Clone, Serialize)]
pub struct Identified {
    /// `z4jctl.apikey.identify/1`.
    pub schema: &'static str,
    /// Exit code of the command: 0 when the key is known, 2 when it is not.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// Whether there is such a key.
    pub found: bool,
    /// Whether the brain lets it in now, as far as its row tells: scopes, networks and the rights of its owner come
    /// behind that.
    pub accepted: bool,
    /// The key; its state is `secret-rotated` when only a previous secret gives its hash.
    pub api_key: Option<KeyReport>,
    /// Which secret it was hashed under: `current` or `previous`.
    pub hashed_under: Option<&'static str>,
    /// What there is to know.
    pub note: Option<String>,
}

/// Tells whose a key is from its hashes: under the current secret, which alone counts, then under the previous ones.
pub fn identify(
    context: &Context,
    database: &Database,
    open: OpenOptions,
    hashes: &[Digest],
) -> Result<Identified> {
    let (mut store, _) = Store::read_tables(database, open, &context.cancel)?;
    let mut answer = Identified {
        schema: "z4jctl.apikey.identify/1",
        exit_code: 2,
        database: database.display(),
        found: false,
        accepted: false,
        api_key: None,
        hashed_under: None,
        note: Some(
            "there is no such API key: it belongs to another installation, or it was minted under another \
             Z4J_SECRET and is dead since that was rotated"
                .into(),
        ),
    };
    let Some((id, at)) = api_key::holder(&mut store, hashes)? else { return Ok(answer) };
    let key = api_key::api_key_named(&mut store, &id.to_string())?;
    let mut found = report(&key, context.now())?;
    answer.note = None;
    if at > 0 {
        found.state = State::SecretRotated;
        answer.note = Some(
            "dead since Z4J_SECRET was rotated: the brain looks API keys up under the current secret alone, and \
             nothing brings this one back"
                .into(),
        );
    }
    answer.exit_code = 0;
    answer.found = true;
    answer.accepted = found.state == State::Active;
    answer.hashed_under = Some(if at == 0 { "current" } else { "previous" });
    answer.api_key = Some(found);
    Ok(answer)
}
