//! Appending to the audit log: the only way in which anything is ever written to it.
//!
//! A [`ChainWriter`] is had inside of a writing transaction, after the rows that it will tell of were changed (a brain
//! takes the locks in that order too). It authenticates the end of the log first and refuses to go on when that is not
//! what was signed: a row that is appended to a forged head would make the forgery look approved (audit chain, section 8).

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::audit::bounds::{StateTrust, judge_state};
use crate::audit::check::{Checker, Verdict};
use crate::audit::finding::Class;
use crate::audit::keys::Keys;
use crate::audit::prune::Removal;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::address::Mapped;
use crate::format::json::Canonicalizer;
use crate::format::mac::{Digest, MacKey};
use crate::format::row::{AuditRow, Format, Markers, SourceIp, StoredDigest, write_message};
use crate::format::state::{ChainState, Quartet};
use crate::format::{Id, Timestamp};
use crate::store::batch::Layout;
use crate::store::generation::{Condition, Detection, Family, Generation};
use crate::store::value::{Value, stored_json};
use crate::store::write::{CONFLICT, Transition, WriteStore};

/// Advisory lock of PostgreSQL that every writer of the chain holds, from 1.1 on (audit chain, section 8.1).
const CHAIN_LOCK: i64 = 2_050_255_578;

/// How many of the newest rows are verified before anything is written.
const HEAD_SEGMENT: u32 = 32;

/// The one row of `audit_chain_state`.
const SINGLETON: &str = "audit-chain";

/// A row to be appended: what happened, without what the chain adds to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// `action`, such as `agent.token.minted`.
    pub action: String,
    /// `target_type`.
    pub target_type: String,
    /// `target_id`; ids in dashed form.
    pub target_id: Option<String>,
    /// `user_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Id>,
    /// `project_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<Id>,
    /// `source_ip`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// `metadata`.
    pub metadata: Map<String, Json>,
}

impl Entry {
    /// A successful action on a target.
    pub fn new(action: &str, target_type: &str, target_id: Option<Id>, metadata: Json) -> Self {
        Self {
            action: action.into(),
            target_type: target_type.into(),
            target_id: target_id.map(|id| id.to_string()),
            user_id: None,
            project_id: None,
            source_ip: None,
            metadata: match metadata {
                Json::Object(map) => map,
                _ => Map::new(),
            },
        }
    }

    /// The user that it concerns, where z4j names one.
    #[must_use]
    pub fn user(mut self, user: Option<Id>) -> Self {
        self.user_id = user;
        self
    }

    /// The project that it belongs to.
    #[must_use]
    pub fn project(mut self, project: Option<Id>) -> Self {
        self.project_id = project;
        self
    }

    /// The address that it came from.
    #[must_use]
    pub fn source_ip(mut self, address: &str) -> Self {
        self.source_ip = Some(address.into());
        self
    }
}

/// A row that was appended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Appended {
    /// Its id.
    pub id: Id,
    /// Its time.
    pub occurred_at: Timestamp,
    /// Its MAC.
    pub row_hmac: Digest,
    /// What it says.
    #[serde(flatten)]
    pub entry: Entry,
}

/// How much of the log is verified before something is appended to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VerifyFirst {
    /// All of it.
    Full,
    /// The chain state and the newest rows.
    #[default]
    Head,
    /// Only what appending needs: the chain state, and that the newest row is its head.
    None,
}

/// Refuses a database to whose audit log nothing may be appended: 7 for a schema that is not understood or that no
/// brain serves, 6 for a missing key.
pub fn check_writable(detection: &Detection, keys: &Keys) -> Result<()> {
    let blocking = detection.conditions.iter().find(|condition| {
        matches!(
            condition,
            Condition::Parked
                | Condition::Stuck
                | Condition::UnknownRevision
                | Condition::Inconsistent
                | Condition::StateMissing
                | Condition::BetweenReleases
        )
    });
    if let Some(condition) = blocking {
        return Err(Error::refused(
            "schema.not-writable",
            format!(
                "nothing is written to a database at revision {} (generation {}): {}",
                detection.revision,
                detection.generation,
                condition.explain()
            ),
        )
        .hint("bring the database to a revision that a release serves; `z4jctl migrate status` tells where it stands"));
    }
    keys.demand(detection)?;
    keys.signing(detection).map(drop)
}

/// The end of the log, held by this transaction.
#[derive(Debug)]
pub struct ChainWriter {
    generation: Generation,
    format: Format,
    layout: Layout,
    key: MacKey,
    /// Time, id and MAC of the newest row.
    head: Option<(Timestamp, Id, Digest)>,
    state: Option<ChainState>,
    canonicalizer: Canonicalizer,
}

impl ChainWriter {
    /// Takes the lock of the chain and authenticates its end.
    ///
    /// # Errors
    ///
    /// `Secret` when no key verifies the end of the log, `Refused` when the end of the log is not what was signed and
    /// when a rotation of the audit key is pending.
    pub fn lock(store: &mut WriteStore, keys: &Keys, verify: VerifyFirst) -> Result<Self> {
        let chain = Self::authenticate(store, keys, verify)?;
        if let Some(state) = &chain.state
            && state.state_key_id != chain.key.id()
        {
            return Err(Error::refused(
                "chain.rotation-pending",
                format!(
                    "the chain state is signed under key {}, the configured audit key is {}: a rotation is pending",
                    state.state_key_id,
                    chain.key.id()
                ),
            )
            .hint("finish the rotation with `z4jctl audit keys rotate`, or configure the key that signs the state"));
        }
        Ok(chain)
    }

    /// The same to change the key that signs (audit chain, section 9.3): the end of the log is authenticated under the
    /// key that signed it, which must be configured, and all that follows is signed under `next`, the current one.
    ///
    /// # Errors
    ///
    /// As [`ChainWriter::lock`], but for a rotation that is pending; [`CONFLICT`] when somebody else committed it.
    pub fn lock_to_rotate(
        store: &mut WriteStore,
        keys: &Keys,
        verify: VerifyFirst,
        next: &MacKey,
    ) -> Result<Self> {
        let mut chain = Self::authenticate(store, keys, verify)?;
        let current = chain.key.id();
        let Some(state) = chain.state.as_mut().filter(|_| current == next.id()) else {
            return Err(Error::bug("only the configured key of a signed state is rotated to"));
        };
        if state.state_key_id == next.id() {
            return Err(Error::refused(CONFLICT, "somebody else rotated the audit key at the same moment")
                .hint("nothing was written; look at `z4jctl audit keys list`"));
        }
        state.state_key_id = next.id();
        Ok(chain)
    }

    /// Takes the lock of the chain, and verifies its end under whichever key signed it.
    fn authenticate(store: &mut WriteStore, keys: &Keys, verify: VerifyFirst) -> Result<Self> {
        let detection = store.detection().clone();
        store.lock(CHAIN_LOCK)?;
        if detection.generation == Generation::A && store.is_postgres() {
            // Brains of 1.0 take no lock: keep them from inserting until we are done.
            store.execute("LOCK TABLE audit_log IN SHARE ROW EXCLUSIVE MODE", &[])?;
        }
        let family = detection.generation.family();
        let layout = Layout::new(detection.has_api_key_id, detection.has_markers);
        let key = keys.signing(&detection)?.clone();
        let state =
            if family == Family::Active { Some(authentic_state(store, &detection, keys)?) } else { None };
        let segment = if verify == VerifyFirst::None { 1 } else { HEAD_SEGMENT };
        let newest = verify_head(store, &detection, keys, layout, state.as_ref(), segment)?;
        let head = match &state {
            // With every row pruned, the chain goes on behind the boundary.
            Some(state) => state.head.map(|head| (head.occurred_at, head.id, head.row_hmac)),
            None => newest,
        };
        Ok(Self {
            generation: detection.generation,
            format: match family {
                Family::Early => Format::Early3,
                Family::Baseline => Format::Baseline,
                Family::Active => Format::Active,
            },
            layout,
            key,
            head,
            state,
            canonicalizer: Canonicalizer::new(),
        })
    }

    /// The generation of the active chain, from 1.8 on.
    pub fn chain_generation(&self) -> Option<Id> {
        self.state.as_ref().map(|state| state.generation)
    }

    /// Removes the oldest rows and records where the log begins from now on, as the generation does it (audit chain,
    /// section 9.1). What is removed must be exactly what was planned.
    pub fn remove_prefix(&mut self, store: &mut WriteStore, removal: &Removal, now: Timestamp) -> Result<()> {
        let Quartet { occurred_at, id, row_hmac, .. } = removal.boundary;
        match &mut self.state {
            Some(state) => {
                if state.prune.map(|prune| prune.row_hmac) != removal.begins_behind {
                    return Err(not_verified(
                        "the oldest row does not continue the prune boundary of the chain state",
                    ));
                }
                state.prune = Some(removal.boundary);
                state.active_row_count = state.active_row_count.saturating_sub(removal.rows);
                for (key, rows) in &removal.by_key {
                    if let Some(count) = state.active_key_counts.get_mut(key) {
                        *count = count.saturating_sub(*rows);
                    }
                }
                state.active_key_counts.retain(|_, count| *count > 0);
                store.arm(Transition::Retention)?;
            }
            // PostgreSQL of 1.3 to 1.7 lets whoever sets this delete; SQLite has no triggers there.
            None if store.is_postgres() => {
                store.query("settings", "SELECT set_config('z4j.audit_sweep', 'on', true) AS armed", &[])?;
            }
            None => {}
        }
        let place = [Value::Time(occurred_at), Value::Id(id)];
        let removed = if self.state.is_some() {
            let sql = "DELETE FROM audit_log WHERE legacy_frozen = ? AND (occurred_at, id) <= (?, ?)";
            let values = [Value::Bool(false), place[0].clone(), place[1].clone()];
            store.execute(sql, &values)?
        } else {
            store.execute("DELETE FROM audit_log WHERE (occurred_at, id) <= (?, ?)", &place)?
        };
        if removed != removal.rows {
            return Err(Error::refused(
                "prune.mismatch",
                format!("{removed} rows would go, {} were verified; nothing was written", removal.rows),
            )
            .hint("run `z4jctl audit verify`; the order in which the database keeps its rows is not that of the chain"));
        }
        if self.generation == Generation::D {
            write_watermark(store, row_hmac, now)?;
        }
        Ok(())
    }

    /// Appends one row, behind the newest one also when the clock says otherwise.
    pub fn append(
        &mut self,
        store: &mut WriteStore,
        context: &Context,
        entry: &Entry,
        transition: Transition,
    ) -> Result<Appended> {
        let id = context.random.id()?;
        let mut occurred_at = context.now();
        if let Some((head_time, head_id, _)) = self.head
            && (occurred_at, id) <= (head_time, head_id)
        {
            occurred_at = head_time.next();
        }
        let previous = self.head.map(|(_, _, mac)| mac.to_string());
        let key_id = self.key.id().to_string();
        let metadata = Json::Object(entry.metadata.clone());
        let text = stored_json(&metadata);
        let chain_generation = self.chain_generation();
        let mut row = AuditRow {
            id,
            occurred_at,
            action: &entry.action,
            target_type: &entry.target_type,
            target_id: entry.target_id.as_deref(),
            result: "success",
            outcome: Some("allow"),
            event_id: None,
            user_id: entry.user_id,
            project_id: entry.project_id,
            api_key_id: None,
            source_ip: entry.source_ip.as_deref().map_or(SourceIp::Null, SourceIp::Text),
            user_agent: None,
            metadata: text.as_bytes(),
            prev_row_hmac: previous.as_deref().map(StoredDigest::new),
            row_hmac: None,
            markers: Markers::default(),
        };
        if self.format == Format::Active {
            row.markers = Markers {
                legacy_frozen: Some(false),
                hmac_version: Some(2),
                hmac_key_id: Some(StoredDigest::new(&key_id)),
                legacy_integrity_class: None,
                legacy_origin: None,
                chain_generation,
            };
        }
        let message = self.message(&row)?;
        let row_hmac = self.key.sign(&message);

        store.arm(transition)?;
        let is_active = self.format == Format::Active;
        let marker = |value: Value| if is_active { value } else { Value::Null };
        store.insert(
            "audit_log",
            &[
                ("id", Value::Id(id)),
                ("occurred_at", Value::Time(occurred_at)),
                ("action", Value::Text(entry.action.clone())),
                ("target_type", Value::Text(entry.target_type.clone())),
                ("target_id", Value::text(entry.target_id.as_deref())),
                ("result", Value::Text("success".into())),
                ("outcome", Value::Text("allow".into())),
                ("event_id", Value::Null),
                ("user_id", Value::id(entry.user_id)),
                ("project_id", Value::id(entry.project_id)),
                ("api_key_id", Value::Null),
                ("source_ip", entry.source_ip.clone().map_or(Value::Null, Value::Address)),
                ("user_agent", Value::Null),
                ("metadata", Value::Json(metadata)),
                ("row_hmac", Value::Text(row_hmac.to_string())),
                ("prev_row_hmac", Value::text(previous.as_deref())),
                ("legacy_frozen", Value::Bool(false)),
                ("hmac_version", marker(Value::Int(2))),
                ("hmac_key_id", marker(Value::Text(key_id.clone()))),
                ("legacy_integrity_class", Value::Null),
                ("legacy_origin", Value::Null),
                ("chain_generation", marker(Value::id(chain_generation))),
            ],
        )?;
        self.check_read_back(store, id, &message, row_hmac)?;
        self.head = Some((occurred_at, id, row_hmac));
        if let Some(state) = &mut self.state {
            let hmac_key_id = self.key.id();
            state.head = Some(Quartet { row_hmac, hmac_key_id, occurred_at, id });
            state.active_row_count += 1;
            *state.active_key_counts.entry(hmac_key_id).or_default() += 1;
        }
        Ok(Appended { id, occurred_at, row_hmac, entry: entry.clone() })
    }

    /// Signs the chain state, from 1.8 on. The row tally of 1.11 is left to the triggers.
    pub fn finish(self, store: &mut WriteStore) -> Result<()> {
        let Some(state) = self.state else { return Ok(()) };
        let counts = state.active_key_counts.iter().map(|(key, count)| (key.to_string(), Json::from(*count)));
        let (head, prune) = (state.head, state.prune);
        let count = i64::try_from(state.active_row_count)
            .map_err(|_| Error::bug("the log has more rows than a bigint can count"))?;
        store.update(
            "audit_chain_state",
            &[("singleton_id", Value::Text(SINGLETON.into()))],
            &[
                ("state_key_id", Value::Text(state.state_key_id.to_string())),
                ("head_row_hmac", Value::text(head.map(|head| head.row_hmac.to_string()).as_deref())),
                ("head_hmac_key_id", Value::text(head.map(|head| head.hmac_key_id.to_string()).as_deref())),
                ("head_occurred_at", head.map_or(Value::Null, |head| Value::Time(head.occurred_at))),
                ("head_id", Value::id(head.map(|head| head.id))),
                ("prune_row_hmac", Value::text(prune.map(|prune| prune.row_hmac.to_string()).as_deref())),
                (
                    "prune_hmac_key_id",
                    Value::text(prune.map(|prune| prune.hmac_key_id.to_string()).as_deref()),
                ),
                ("prune_occurred_at", prune.map_or(Value::Null, |prune| Value::Time(prune.occurred_at))),
                ("prune_id", Value::id(prune.map(|prune| prune.id))),
                ("active_row_count", Value::Int(count)),
                ("active_key_counts", Value::Json(Json::Object(counts.collect()))),
                ("state_mac", Value::Text(state.mac(&self.key).to_string())),
            ],
        )
    }

    fn message(&mut self, row: &AuditRow<'_>) -> Result<Vec<u8>> {
        let mut message = Vec::new();
        write_message(row, self.format, Mapped::Groups, &mut self.canonicalizer, &mut message)
            .map_err(|error| Error::bug(format!("a row that was made here has no payload: {error:?}")))?;
        Ok(message)
    }

    /// What the database gives back must be what was signed, else the row would be a finding for ever.
    fn check_read_back(&mut self, store: &mut WriteStore, id: Id, message: &[u8], mac: Digest) -> Result<()> {
        let batch = store.newest_rows(self.layout, self.format == Format::Active, 1)?;
        let raw = (!batch.is_empty()).then(|| batch.row(0));
        let row = raw.and_then(|raw| raw.decode().ok());
        let same = match &row {
            Some(row) if row.id == id => {
                row.row_hmac.and_then(|stored| stored.digest) == Some(mac) && self.message(row)? == message
            }
            _ => false,
        };
        if same {
            return Ok(());
        }
        Err(Error::refused(
            "chain.read-back",
            format!(
                "the row as this database (generation {}) gives it back is not the row that was signed; nothing was written",
                self.generation
            ),
        )
        .hint("something in the database changes rows as they are written; look for triggers on audit_log"))
    }
}

/// The watermark of 1.7 in its bare form, the only one that 1.7.0 understands (audit chain, section 9.1).
fn write_watermark(store: &mut WriteStore, row_hmac: Digest, now: Timestamp) -> Result<()> {
    const KEY: &str = "audit_prune_watermark";
    let key = [("key", Value::Text(KEY.into()))];
    let value = Value::Text(row_hmac.to_string());
    let known = store.rows_locked("z4j_meta", &["id"], "WHERE key = ?", &[Value::Text(KEY.into())])?;
    if known.is_empty() {
        // Any id will do, as long as it is new: the one of the row that it names is.
        let mut id = [0; 16];
        id.copy_from_slice(&row_hmac.0[..16]);
        return store.insert(
            "z4j_meta",
            &[
                ("id", Value::Id(Id::from_bytes(id))),
                ("key", Value::Text(KEY.into())),
                ("value", value),
                ("created_at", Value::Time(now)),
                ("updated_at", Value::Time(now)),
            ],
        );
    }
    store.update("z4j_meta", &key, &[("value", value), ("updated_at", Value::Time(now))])
}

/// The chain state, when it is what a configured key signed; locked against others.
fn authentic_state(store: &mut WriteStore, detection: &Detection, keys: &Keys) -> Result<ChainState> {
    store.rows_locked("audit_chain_state", &["singleton_id"], "", &[])?;
    let facts = store.facts(detection)?;
    let mut findings = Vec::new();
    match judge_state(detection, &facts, keys, &mut findings) {
        StateTrust::Authentic(state) => {
            check_count(
                store,
                detection,
                &state,
                facts.states.first().and_then(|s| s.observed_active_row_count),
            )?;
            Ok(*state)
        }
        StateTrust::UnknownKey(state) => Err(Error::secret(
            "secret.wrong",
            format!(
                "the chain state is signed under key {}, which is not among the configured audit keys",
                state.state_key_id
            ),
        )
        .hint("configure the Z4J_AUDIT_CHAIN_SECRET of this installation; nothing was written")),
        StateTrust::NotApplicable | StateTrust::Untrusted => {
            let reasons: Vec<&str> = findings
                .iter()
                .filter(|finding| matches!(finding.class, Class::StateForged | Class::StateMismatch))
                .map(|finding| finding.message.as_str())
                .collect();
            Err(not_verified(&reasons.join("; ")))
        }
    }
}

/// A brain refuses to append when the number of rows is not the signed one; so do we.
fn check_count(
    store: &mut WriteStore,
    detection: &Detection,
    state: &ChainState,
    tally: Option<i64>,
) -> Result<()> {
    let counted = match tally.and_then(|tally| u64::try_from(tally).ok()) {
        Some(tally) if store.is_postgres() && detection.has_tally => tally,
        _ => store
            .number("SELECT count(*) AS count FROM audit_log", &[])?
            .saturating_sub(state.frozen_row_count),
    };
    if counted == state.active_row_count {
        return Ok(());
    }
    Err(not_verified(&format!("there are {counted} active rows, {} are signed for", state.active_row_count)))
}

/// Verifies the newest rows: their MACs, their links, and that the newest is the signed head. Gives the newest.
fn verify_head(
    store: &mut WriteStore,
    detection: &Detection,
    keys: &Keys,
    layout: Layout,
    state: Option<&ChainState>,
    segment: u32,
) -> Result<Option<(Timestamp, Id, Digest)>> {
    let family = detection.generation.family();
    let batch = store.newest_rows(layout, family == Family::Active, segment)?;
    let mut checker = Checker::new(keys, family);
    let rows: Vec<_> = batch.rows().map(|(_, raw)| checker.check(0, raw)).collect();
    let Some(newest) = rows.first() else {
        return match state.map(|state| state.active_row_count) {
            None | Some(0) => Ok(None),
            Some(count) => Err(not_verified(&format!("there is no active row, {count} are signed for"))),
        };
    };
    let is_wrong = |verdict: &Verdict| {
        matches!(verdict, Verdict::Mismatch { reason: None, .. } | Verdict::UnknownKey(_))
    };
    if rows.iter().all(|row| is_wrong(&row.verdict)) {
        return Err(Error::secret(
            "secret.wrong",
            format!("none of the newest {} rows of the log verifies under a configured key", rows.len()),
        )
        .hint("configure the secrets of this installation; `z4jctl audit verify` tells more. Nothing was written"));
    }
    for row in &rows {
        let id = row.id.map_or_else(|| "(unreadable id)".to_owned(), |id| id.to_string());
        match &row.verdict {
            Verdict::Verified(_) => {}
            Verdict::UnknownKey(key) => {
                return Err(not_verified(&format!(
                    "row {id} is signed under key {key}, which is not configured"
                )));
            }
            _ => return Err(not_verified(&format!("row {id} does not verify"))),
        }
        if let Some(state) = state
            && row.generation != Some(state.generation)
        {
            return Err(not_verified(&format!("row {id} belongs to another chain generation")));
        }
    }
    for pair in rows.windows(2) {
        let [newer, older] = pair else { continue };
        if newer.linked && newer.previous.mac() != older.mac.mac() {
            let id = newer.id.map(|id| id.to_string()).unwrap_or_default();
            return Err(not_verified(&format!("row {id} is not linked to the row before it")));
        }
    }
    let (Some(time), Some(id), Some(mac)) = (newest.occurred_at, newest.id, newest.mac.mac()) else {
        return Err(not_verified("the newest row cannot be read"));
    };
    if let Some(state) = state
        && state.head.is_none_or(|head| (head.occurred_at, head.id, head.row_hmac) != (time, id, mac))
    {
        return Err(not_verified(&format!("the newest row {id} is not the head that the chain state names")));
    }
    Ok(Some((time, id, mac)))
}

fn not_verified(reason: &str) -> Error {
    Error::refused(
        "chain.not-verified",
        format!("the end of the audit log does not verify: {reason}; nothing was written"),
    )
    .hint("run `z4jctl audit verify`: nothing is appended to a log that may have been tampered with")
}
