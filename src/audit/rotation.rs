//! The keys of the audit chain, from 1.8 on: which there are, making another one current, letting go of an old one
//! (audit chain, section 9.3).
//!
//! Rows are never signed again: an old key verifies its rows until retention has removed them. Which key signs is told
//! by the chain state; the configuration must agree, or a brain writes nothing.

use std::cell::RefCell;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use crate::audit::bounds::{StateTrust, judge_state};
use crate::audit::keys::Keys;
use crate::audit::transact::{Operation, Scope};
use crate::config::{KeyRing, MAXIMUM_AUDIT_KEYS, Origin, Secret, Settings, Sourced};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::Timestamp;
use crate::format::mac::{Digest, KeyId, MacKey};
use crate::format::state::ChainState;
use crate::plan::Entry;
use crate::plan::{Plan, WriteToken};
use crate::settings_files::audit_keys::{self, CURRENT, Held, PREVIOUS};
use crate::store::generation::{Condition, Detection, Family};
use crate::store::transition::Transition;
use crate::store::value::Value;
use crate::store::{OpenOptions, Store};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The shortest beginning of a key id that names a key: what a fingerprint shows.
const SHORTEST_NAME: usize = 12;

/// The keys of the settings, prepared.
pub fn keys_of(settings: &Settings) -> Result<Keys> {
    let prepare = |ring: &KeyRing| ring.all().iter().map(|key| MacKey::new(key.value.expose())).collect();
    let (master, audit) = (settings.master_ring()?, settings.audit_ring()?);
    Ok(Keys {
        master: prepare(master),
        audit: prepare(audit),
        has_current_master: master.current().is_some(),
        has_current_audit: audit.current().is_some(),
    })
}

/// The authentic chain state of a database that has one.
///
/// # Errors
///
/// `Refused` before 1.8, for a half-done upgrade, and for a state that is not what was signed; `Secret` when the key
/// that signs it is not configured.
fn state_of(store: &mut Store, detection: &Detection, keys: &Keys) -> Result<ChainState> {
    if detection.generation.family() != Family::Active || detection.is(Condition::StateMissing) {
        return Err(no_keys(detection));
    }
    let facts = store.facts(detection)?;
    let mut findings = Vec::new();
    match judge_state(detection, &facts, keys, &mut findings) {
        StateTrust::Authentic(state) => Ok(*state),
        StateTrust::UnknownKey(state) => Err(Error::secret(
            "secret.wrong",
            format!(
                "the chain state is signed under key {}, which is not among the configured audit keys",
                state.state_key_id
            ),
        )
        .hint(format!(
            "list the key that signs so far in {PREVIOUS}, behind the new {CURRENT}; nothing was written"
        ))),
        StateTrust::NotApplicable | StateTrust::Untrusted => {
            let reasons: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
            Err(Error::refused("chain.not-verified", reasons.join("; "))
                .hint("run `z4jctl audit verify`; nothing was written"))
        }
    }
}

fn no_keys(detection: &Detection) -> Error {
    Error::refused(
        "audit-keys.generation",
        format!(
            "this database (generation {}, z4j {}) has no audit key of its own: its rows are signed with Z4J_SECRET",
            detection.generation,
            detection.generation.releases()
        ),
    )
    .hint(
        "up to 1.7 a rotation is a new Z4J_SECRET and the old one in Z4J_PREVIOUS_SECRETS (from 1.1 on); \
         `z4jctl secrets plan-rotation` says what that costs",
    )
}

/// Where a key is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Configured {
    /// `Z4J_AUDIT_CHAIN_SECRET`.
    Current,
    /// `Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS`.
    Previous,
    /// Nowhere: rows name it, and nobody can verify them.
    Missing,
}

/// One audit key.
#[derive(Debug, Clone, Serialize)]
pub struct AuditKey {
    /// Its public name, 64 hexadecimal digits; it tells nothing about the key.
    pub key_id: KeyId,
    /// Where it is configured.
    pub configured: Configured,
    /// Which file or variable holds it.
    pub origin: Option<Origin>,
    /// Whether it signs the chain state, and so the next row.
    pub signs_state: bool,
    /// Live rows that it signed.
    pub live_rows: u64,
    /// Time of the newest of them.
    pub newest_row_at: Option<Timestamp>,
    /// When retention will have removed the newest of them, as far as `Z4J_AUDIT_RETENTION_DAYS` decides.
    pub needed_until: Option<Timestamp>,
    /// Whether nothing needs it any more, so that it may be taken out of the configuration.
    pub retirable: bool,
}

/// `audit keys list`.
#[derive(Debug, Clone, Serialize)]
pub struct KeyList {
    /// `z4jctl.audit.keys.list/1`.
    pub schema: &'static str,
    /// Exit code of the command: 0, or 6 when a key that rows name is not configured.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// Its generation.
    pub generation: String,
    /// The key that signs the chain state.
    pub state_key_id: KeyId,
    /// Whether another key than that is configured as the current one: brains write nothing until the rotation is
    /// committed.
    pub rotation_pending: bool,
    /// Whether the keys are in `secret.env`, where `--managed` changes them.
    pub managed: bool,
    /// The keys: the current one first, those that are missing last.
    pub keys: Vec<AuditKey>,
    /// What an operator should know.
    pub notes: Vec<String>,
}

/// Lists the audit keys and what each of them holds.
///
/// # Errors
///
/// `Refused` before 1.8 and for a state that is not what was signed; `Secret` when no configured key signs it.
pub fn list(context: &Context, settings: &Settings, open: OpenOptions) -> Result<KeyList> {
    let database = &settings.database.value;
    let keys = keys_of(settings)?;
    let (mut store, detection) = Store::read_tables(database, open, &context.cancel)?;
    if detection.generation.family() == Family::Active {
        keys.demand(&detection)?;
    }
    let state = state_of(&mut store, &detection, &keys)?;
    let ring = settings.audit_ring()?;
    let all = describe(&mut store, settings, ring, &state)?;
    let missing = all.iter().filter(|key| key.configured == Configured::Missing).count();
    let current = ring.current().map(|key| key.value.key_id());
    let rotation_pending = current.as_ref().is_some_and(|id| *id != state.state_key_id.to_string());
    let mut notes = Vec::new();
    if rotation_pending {
        notes.push(
            "a rotation is pending: the configured key is not the one that signs the state, and brains write nothing \
             until `z4jctl audit keys rotate` commits it"
                .to_owned(),
        );
    }
    if current.is_none() {
        notes.push(format!("{CURRENT} is not configured here: no brain starts without it"));
    }
    if missing > 0 {
        notes.push(format!("{missing} key(s) that live rows name are not configured: no brain starts"));
    }
    Ok(KeyList {
        schema: "z4jctl.audit.keys.list/1",
        exit_code: if missing > 0 { 6 } else { 0 },
        database: database.display(),
        generation: detection.generation.to_string(),
        state_key_id: state.state_key_id,
        rotation_pending,
        managed: audit_keys::is_managed(settings, ring),
        keys: all,
        notes,
    })
}

fn describe(
    store: &mut Store,
    settings: &Settings,
    ring: &KeyRing,
    state: &ChainState,
) -> Result<Vec<AuditKey>> {
    let mut known: Vec<(KeyId, Configured, Option<Origin>)> = Vec::new();
    for (at, key) in ring.all().iter().enumerate() {
        let is_current = at == 0 && ring.current().is_some();
        let configured = if is_current { Configured::Current } else { Configured::Previous };
        known.push((MacKey::new(key.value.expose()).id(), configured, Some(key.origin.clone())));
    }
    for id in state.active_key_counts.keys().chain([&state.state_key_id]) {
        if !known.iter().any(|(other, ..)| other == id) {
            known.push((*id, Configured::Missing, None));
        }
    }
    let mut all = Vec::new();
    for (key_id, configured, origin) in known {
        let live_rows = state.active_key_counts.get(&key_id).copied().unwrap_or_default();
        let signs_state = state.state_key_id == key_id;
        let newest_row_at = if live_rows > 0 { newest_row(store, key_id)? } else { None };
        let days = i64::from(settings.audit_retention_days.value);
        let until = |time: Timestamp| Timestamp::from_micros(time.micros().saturating_add(days * DAY));
        all.push(AuditKey {
            key_id,
            configured,
            origin,
            signs_state,
            live_rows,
            newest_row_at,
            needed_until: newest_row_at.filter(|_| !signs_state).map(until),
            retirable: configured == Configured::Previous && live_rows == 0 && !signs_state,
        });
    }
    Ok(all)
}

/// The time of the newest live row under a key.
fn newest_row(store: &mut Store, key: KeyId) -> Result<Option<Timestamp>> {
    let clause = "WHERE hmac_key_id = ? AND legacy_frozen = ? ORDER BY occurred_at DESC LIMIT 1";
    let values = [Value::Text(key.to_string()), Value::Bool(false)];
    let rows = store.rows("audit_log", &["id", "occurred_at"], clause, &values)?;
    rows.first().map(|row| row.time("occurred_at")).transpose().map(Option::flatten)
}

/// Where a managed rotation puts the new key.
#[derive(Debug)]
struct Install {
    path: PathBuf,
    old: Secret,
    new: Secret,
    cancel: crate::context::Cancel,
    /// The locks of the file, from the moment before the commit until the operation is dropped.
    held: RefCell<Option<Held>>,
}

/// A rotation of the audit key, ready to be planned.
#[derive(Debug)]
pub struct Rotation {
    /// The keys as they will be: the new one first.
    pub keys: Keys,
    next: MacKey,
    install: Option<Install>,
    /// Do not refuse while somebody else has the database open.
    brains_stopped: bool,
    /// Only the plan is wanted.
    only_look: bool,
}

/// What kind of rotation is wanted.
#[derive(Debug, Clone, Copy)]
pub struct RotateOptions {
    /// Mint the new key into `secret.env`, unless one waits there already.
    pub managed: bool,
    /// The operator says that no brain runs.
    pub brains_stopped: bool,
    /// Only the plan is wanted: it is told with a running brain too.
    pub only_look: bool,
}

/// Makes a rotation ready: finds the keys, and mints one where it is z4jctl that does.
///
/// # Errors
///
/// `Refused` before 1.8 and where a managed rotation is not possible; `Secret` when the key that signs so far is not
/// configured any more.
pub fn prepare(
    context: &Context,
    settings: &Settings,
    open: OpenOptions,
    options: RotateOptions,
) -> Result<Rotation> {
    let mut keys = keys_of(settings)?;
    let mut store = Store::open(&settings.database.value, open, &context.cancel)?;
    let detection = store.detect()?;
    if detection.generation.family() != Family::Active {
        return Err(no_keys(&detection));
    }
    let next = keys.signing(&detection)?.clone();
    let mut install = None;
    if options.managed {
        let path = audit_keys::managed_file(settings)?;
        let state = state_of(&mut store, &detection, &keys)?;
        // Otherwise a key waits there already: an earlier run came as far as that.
        if state.state_key_id == next.id() {
            let Sourced { value: old, .. } = settings.require_audit_secret()?;
            install = Some(new_key(context, &keys, path, old)?);
        }
    }
    let next = match &install {
        None => next,
        Some(install) => {
            let key = MacKey::new(install.new.expose());
            keys.audit.insert(0, key.clone());
            key
        }
    };
    Ok(Rotation { keys, next, install, brains_stopped: options.brains_stopped, only_look: options.only_look })
}

fn new_key(context: &Context, keys: &Keys, path: PathBuf, old: &Secret) -> Result<Install> {
    if keys.audit.len() >= MAXIMUM_AUDIT_KEYS {
        return Err(Error::refused(
            "audit-keys.too-many",
            format!("{} audit keys are configured, and z4j accepts no more", keys.audit.len()),
        )
        .hint("retire one first: `z4jctl audit keys list` tells which"));
    }
    if old.text().contains(',') {
        return Err(Error::refused(
            "audit-keys.comma",
            "the present audit key holds a comma, so it cannot stand in the list of previous keys",
        )
        .hint("no brain could verify its rows after a rotation; nothing was written"));
    }
    let new = audit_keys::mint(context)?;
    Ok(Install { path, old: old.clone(), new, cancel: context.cancel.clone(), held: RefCell::default() })
}

impl Rotation {
    /// The public name of the key that will sign.
    pub fn next_id(&self) -> KeyId {
        self.next.id()
    }

    /// The `secret.env` that is changed; `None` when the new key is configured already.
    pub fn secret_file(&self) -> Option<&std::path::Path> {
        self.install.as_ref().map(|install| install.path.as_path())
    }

    /// An error of carrying it out, with the way out when the new key is in `secret.env` by now.
    pub fn explain(&self, error: Error) -> Error {
        match &self.install {
            Some(Install { path, held, .. }) if held.borrow().is_some() => error.hint(format!(
                "the new key is in {} already, and the rotation is not committed: run `z4jctl audit keys rotate` again",
                path.display()
            )),
            _ => error,
        }
    }
}

impl Operation for Rotation {
    fn plan(&self, scope: &mut Scope<'_>) -> Result<Plan> {
        let state = state_of(scope.store, scope.detection, &self.keys)?;
        let (from, to) = (state.state_key_id, self.next.id());
        if from == to {
            return Ok(Plan::nothing(format!(
                "the chain state is signed under the configured audit key {to} already; to rotate, configure another \
                 one, or have one minted with --managed"
            )));
        }
        if let Some(missing) = state.active_key_counts.keys().find(|id| self.keys.audit_key(**id).is_none()) {
            return Err(Error::secret(
                "secret.missing",
                format!("live rows are signed under key {missing}, which is not configured"),
            )
            .hint(format!("list it in {PREVIOUS}: no brain starts without it; nothing was written")));
        }
        let mut plan = Plan {
            summary: format!("the audit key {to} signs from now on, in place of {from}"),
            ..Plan::default()
        };
        let others = if self.brains_stopped { Vec::new() } else { scope.store.other_users()? };
        if !others.is_empty() {
            let text = format!("the database is in use: {}", others.join(", "));
            if !self.only_look {
                return Err(Error::refused("audit-keys.brain-running", text).hint(
                    "stop every brain on this database first; if none of these is one, say so with --brains-stopped. \
                     Nothing was written",
                ));
            }
            plan.notes.push(format!("{text}; stop every brain before the rotation, or it is refused"));
        }
        if let Some(install) = &self.install {
            plan.notes.push(format!(
                "{} gets a new {CURRENT}; the present one moves into {PREVIOUS}{}",
                install.path.display(),
                if self.only_look { " (the key that is named here is thrown away again)" } else { "" }
            ));
        }
        plan.notes.push(
            "every brain must be stopped: one that runs keeps the old key, and writes nothing once the new one signs"
                .into(),
        );
        let old_rows = state.active_key_counts.get(&from).copied().unwrap_or_default();
        plan.notes.push(format!(
            "the old key must stay in {PREVIOUS} while its {old_rows} rows are there; `z4jctl audit keys retire` tells \
             when it may go"
        ));
        let metadata = json!({ "from_hmac_key_id": from, "to_hmac_key_id": to });
        plan.entries.push(Entry::new(
            "audit.chain_key_rotated",
            "audit_chain",
            Some(state.generation),
            metadata,
        ));
        Ok(plan)
    }

    fn transition(&self) -> Transition {
        Transition::KeyRotation
    }

    fn next_key(&self) -> Option<MacKey> {
        Some(self.next.clone())
    }

    /// The key goes into the file before the commit: without a commit the rotation is pending and is resumed, without a
    /// key in the file the log would be signed by a key that nobody has.
    fn before_commit(&self) -> Result<()> {
        let Some(install) = &self.install else { return Ok(()) };
        let held = match install.held.take() {
            Some(held) => held,
            None => audit_keys::hold(&install.path, &install.cancel)?,
        };
        audit_keys::install(&held, &install.path, &install.old, &install.new)?;
        install.held.replace(Some(held));
        Ok(())
    }
}

/// `audit keys retire`.
#[derive(Debug, Serialize)]
pub struct Retirement {
    /// `z4jctl.audit.keys.retire/1`.
    pub schema: &'static str,
    /// Exit code of the command.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// The key.
    pub key_id: KeyId,
    /// Where it is configured.
    pub origin: Origin,
    /// The `secret.env` that it is taken out of; `None` where the operator has to do it.
    #[serde(serialize_with = "shown_path", skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Whether it was taken out.
    pub applied: bool,
    /// What is left to do.
    pub advice: String,
    #[serde(skip)]
    secret: Secret,
}

#[expect(clippy::ref_option, reason = "the form that serde calls")]
fn shown_path<S: serde::Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => serializer.collect_str(&path.display()),
        None => serializer.serialize_none(),
    }
}

/// Says whether a key may go, and what that takes. `name` is a key id or the first 12 digits of one or more.
///
/// # Errors
///
/// `Usage` for a key that is not known; `Refused` while something needs it, before 1.8, and for a state that is not what
/// was signed.
pub fn plan_retire(
    context: &Context,
    settings: &Settings,
    open: OpenOptions,
    name: &str,
) -> Result<Retirement> {
    let list = list(context, settings, open)?;
    let key = named(&list.keys, name)?;
    let id = key.key_id;
    let refuse = |code: &'static str, text: String, hint: String| Err(Error::refused(code, text).hint(hint));
    if key.signs_state || key.configured == Configured::Current {
        return refuse(
            "audit-keys.in-use",
            format!("key {id} signs the audit log, or is configured to"),
            "make another key current first: `z4jctl audit keys rotate`".into(),
        );
    }
    if key.live_rows > 0 {
        let days = settings.audit_retention_days.value;
        let until =
            key.needed_until.map_or_else(String::new, |until| format!(", until about {}", until.zulu()));
        return refuse(
            "audit-keys.in-use",
            format!(
                "{} live audit rows are signed under key {id}: it is needed to verify them",
                key.live_rows
            ),
            format!(
                "it may go when retention has removed them, {days} days behind the newest of them{until}; \
                 Z4J_AUDIT_RETENTION_BY_CLASS may keep some for longer"
            ),
        );
    }
    let Some(Sourced { value: secret, origin }) = settings.audit_ring()?.find(&id.to_string()) else {
        return Err(Error::bug("a key that is listed is not configured"));
    };
    // Only where z4jctl made it so does it change it; elsewhere an operator does.
    let in_store =
        matches!(origin, Origin::File { path, .. } if *path == settings.home.value.join("secret.env"));
    let file = if in_store { Some(audit_keys::managed_file(settings)?) } else { None };
    let advice = match &file {
        Some(_) => "restart the brain, so that it forgets the key too".to_owned(),
        None => format!("take the key out of {PREVIOUS} ({origin}), and restart the brain"),
    };
    Ok(Retirement {
        schema: "z4jctl.audit.keys.retire/1",
        exit_code: 0,
        database: list.database,
        key_id: id,
        origin: origin.clone(),
        file,
        applied: false,
        advice,
        secret: secret.clone(),
    })
}

/// Takes the key out of `secret.env`. Nothing in the database changes, so no audit row tells of it.
pub fn apply_retire(mut retirement: Retirement, leave: WriteToken, context: &Context) -> Result<Retirement> {
    drop(leave);
    if let Some(path) = &retirement.file {
        let held = audit_keys::hold(path, &context.cancel)?;
        retirement.applied = audit_keys::remove(&held, path, &retirement.secret)?;
    }
    Ok(retirement)
}

fn named<'a>(keys: &'a [AuditKey], name: &str) -> Result<&'a AuditKey> {
    let shown = || keys.iter().map(|key| key.key_id.to_string()).collect::<Vec<_>>().join(", ");
    let unknown =
        |text: String| Err(Error::usage("audit-keys.unknown", text).hint(format!("keys: {}", shown())));
    let is_id = Digest::parse(name.as_bytes()).is_some();
    let is_prefix = name.len() >= SHORTEST_NAME && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_id && !is_prefix {
        return unknown(format!(
            "{name:?} is no key id: 64 hexadecimal digits, or the first {SHORTEST_NAME} or more"
        ));
    }
    let mut matching = keys.iter().filter(|key| key.key_id.to_string().starts_with(name));
    match (matching.next(), matching.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => unknown(format!("no audit key {name} is configured or in use")),
        (Some(_), Some(_)) => unknown(format!("{name} could be several keys")),
    }
}
