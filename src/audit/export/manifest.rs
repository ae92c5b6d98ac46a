//! The manifest beside an export: what the rows alone do not say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::encode::Edge;
use super::filter::FilterRecord;
use super::form::{Form, Packing};
use super::sink::{Sum, Summing};
use crate::error::{Error, Result};
use crate::format::json::{Canonicalizer, Numbers};
use crate::format::mac::Digest;
use crate::format::state::{ChainState, StoredQuartet, StoredState};
use crate::format::{Id, Timestamp};
use crate::store::LogFacts;
use crate::store::generation::{Detection, Family, Generation};

/// The schema of manifests, and the domain of their digest.
pub const SCHEMA: &str = "z4jctl.audit.export/1";

/// A larger manifest than this is none.
const MAX_SIZE: u64 = 16 << 20;

/// The manifest. Its JSON form is a contract; members are only ever added.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of z4jctl that wrote it.
    pub z4jctl: String,
    /// When it was written, canonical time.
    pub created_at: String,
    /// The data file.
    pub data: Data,
    /// What was exported from.
    pub source: Source,
    /// Which rows were asked for.
    pub filter: FilterRecord,
    /// Whether the filter leaves out no row between the first and the last one, so that links can be followed.
    pub contiguous: bool,
    /// The columns of the data file, in order.
    pub columns: Vec<String>,
    /// Numbers of rows.
    pub rows: RowCounts,
    /// The first row.
    pub first: Option<EdgeRecord>,
    /// The last row.
    pub last: Option<EdgeRecord>,
    /// Rows of each `hmac_key_id` that rows name (1.8 and later). Key ids, never keys.
    pub key_ids: BTreeMap<String, u64>,
    /// The newest row that retention removed, by the chain state (1.8 and later).
    pub pruned: Option<QuartetRecord>,
    /// Frozen history, by the chain state (1.8 and later).
    pub frozen: Option<FrozenRecord>,
    /// The rows of `audit_chain_state` as stored; exactly one when all is well, none before 1.8.
    pub chain_state: Vec<StateRecord>,
    /// `z4j_meta.audit_prune_watermark` (1.7).
    pub watermark: Option<String>,
    /// SHA-256 over [`SCHEMA`], a zero byte and the canonical JSON of all other members.
    pub manifest_digest: String,
}

/// The data file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Data {
    /// Its name, without directory; `None` when it went to standard output.
    pub file: Option<String>,
    /// How rows are written.
    pub format: Form,
    /// How the file is packed.
    pub compression: Packing,
    /// Whether risky columns have guarded copies.
    pub spreadsheet_safe: bool,
    /// Bytes of the file.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Bytes of what is packed in it.
    pub uncompressed_size: u64,
    /// SHA-256 of what is packed in it.
    pub uncompressed_sha256: String,
}

/// What was exported from; nothing secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Source {
    /// `sqlite` or `postgresql`.
    pub backend: String,
    /// Letter of the schema's generation.
    pub schema_generation: String,
    /// The releases that write it.
    pub releases: String,
    /// How rows are signed: `early`, `baseline`, `active`.
    pub family: String,
    /// `alembic_version.version_num`.
    pub revision: String,
    /// The installation, by the chain state (1.8 and later).
    pub installation_id: Option<String>,
    /// The generation of the chain, by the chain state (1.8 and later).
    pub chain_generation: Option<String>,
    /// `z4j_meta.installed_at`, canonical time.
    pub installed_at: Option<String>,
}

/// Numbers of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Rows in the data file.
    pub total: u64,
    /// Rows of frozen history among them.
    pub frozen: u64,
    /// Rows among them with a column that cannot be read; they are exported in their raw form.
    pub unreadable: u64,
    /// Rows without time or id: they have no place in chain order and are not in the file.
    pub unplaced: u64,
}

/// A row that bounds the export, as the data file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgeRecord {
    /// `id`.
    pub id: Option<String>,
    /// `occurred_at`.
    pub occurred_at: Option<String>,
    /// `row_hmac`.
    pub row_hmac: Option<String>,
    /// `prev_row_hmac`.
    pub prev_row_hmac: Option<String>,
}

impl From<&Edge> for EdgeRecord {
    fn from(edge: &Edge) -> Self {
        let Edge { id, occurred_at, row_hmac, prev_row_hmac } = edge.clone();
        Self { id, occurred_at, row_hmac, prev_row_hmac }
    }
}

/// Four columns of the chain state that name one row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuartetRecord {
    /// `…_row_hmac`.
    pub row_hmac: Option<String>,
    /// `…_hmac_key_id`.
    pub hmac_key_id: Option<String>,
    /// `…_occurred_at`.
    pub occurred_at: Option<String>,
    /// `…_id`.
    pub id: Option<String>,
}

/// Frozen history by the chain state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenRecord {
    /// `frozen_row_count`.
    pub row_count: u64,
    /// `frozen_snapshot_digest`.
    pub snapshot_digest: Option<String>,
}

/// A row of `audit_chain_state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRecord {
    /// What is under the MAC behind the domain: canonical JSON of 17 members. `None` when the row contradicts itself.
    pub canonical: Option<String>,
    /// `state_mac`.
    pub state_mac: Option<String>,
    /// The columns as stored.
    pub stored: StoredRecord,
}

/// The columns of `audit_chain_state` as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the names of the columns")]
pub struct StoredRecord {
    pub format_version: Option<i64>,
    pub generation: Option<String>,
    pub installation_id: Option<String>,
    pub state_key_id: Option<String>,
    pub head: QuartetRecord,
    pub prune: QuartetRecord,
    pub active_row_count: Option<i64>,
    /// JSON text.
    pub active_key_counts: Option<String>,
    pub frozen_row_count: Option<i64>,
    pub frozen_snapshot_digest: Option<String>,
    /// JSON text.
    pub retired_recovery_binding: Option<String>,
    pub observed_active_row_count: Option<i64>,
}

fn quartet_record(stored: &StoredQuartet) -> QuartetRecord {
    let StoredQuartet { row_hmac, hmac_key_id, occurred_at, id } = stored.clone();
    QuartetRecord { row_hmac, hmac_key_id, occurred_at, id }
}

fn stored_quartet(record: &QuartetRecord) -> StoredQuartet {
    let QuartetRecord { row_hmac, hmac_key_id, occurred_at, id } = record.clone();
    StoredQuartet { row_hmac, hmac_key_id, occurred_at, id }
}

impl StateRecord {
    /// From a stored state.
    pub fn new(state: &StoredState) -> Self {
        // The message is the domain, which ends in a zero byte, and the payload.
        let canonical = ChainState::from_stored(state).ok().map(|state| payload(&state.message()));
        let stored = state.clone();
        Self {
            canonical,
            state_mac: stored.state_mac,
            stored: StoredRecord {
                format_version: stored.format_version,
                generation: stored.generation,
                installation_id: stored.installation_id,
                state_key_id: stored.state_key_id,
                head: quartet_record(&state.head),
                prune: quartet_record(&state.prune),
                active_row_count: stored.active_row_count,
                active_key_counts: stored.active_key_counts,
                frozen_row_count: stored.frozen_row_count,
                frozen_snapshot_digest: stored.frozen_snapshot_digest,
                retired_recovery_binding: stored.retired_recovery_binding,
                observed_active_row_count: stored.observed_active_row_count,
            },
        }
    }

    /// The stored state.
    pub fn stored(&self) -> StoredState {
        let stored = self.stored.clone();
        StoredState {
            format_version: stored.format_version,
            generation: stored.generation,
            installation_id: stored.installation_id,
            state_key_id: stored.state_key_id,
            head: stored_quartet(&self.stored.head),
            prune: stored_quartet(&self.stored.prune),
            active_row_count: stored.active_row_count,
            active_key_counts: stored.active_key_counts,
            frozen_row_count: stored.frozen_row_count,
            frozen_snapshot_digest: stored.frozen_snapshot_digest,
            retired_recovery_binding: stored.retired_recovery_binding,
            state_mac: self.state_mac.clone(),
            observed_active_row_count: stored.observed_active_row_count,
        }
    }
}

fn payload(message: &[u8]) -> String {
    let start = message.iter().position(|byte| *byte == 0).map_or(0, |at| at + 1);
    String::from_utf8_lossy(&message[start..]).into_owned()
}

/// What a manifest is made of.
pub struct Parts<'a> {
    /// The log's generation.
    pub detection: &'a Detection,
    /// What was read before the rows, from the same snapshot.
    pub facts: &'a LogFacts,
    /// `sqlite` or `postgresql`.
    pub backend: &'a str,
    /// When.
    pub created_at: Timestamp,
    /// Sum of the file.
    pub file: Sum,
    /// Sum of what is packed in it.
    pub unpacked: Sum,
}

impl Manifest {
    /// Fills in what is known of the source; rows and form are the caller's.
    pub fn of_source(parts: &Parts<'_>) -> (Source, Option<QuartetRecord>, Option<FrozenRecord>) {
        let stored = parts.facts.states.first();
        let family = family_name(parts.detection.generation.family());
        let source = Source {
            backend: parts.backend.to_owned(),
            schema_generation: parts.detection.generation.letter().to_owned(),
            releases: parts.detection.generation.releases().to_owned(),
            family: family.to_owned(),
            revision: parts.detection.revision.clone(),
            installation_id: stored.and_then(|state| dashed(state.installation_id.as_deref()?)),
            chain_generation: stored.and_then(|state| dashed(state.generation.as_deref()?)),
            installed_at: parts.facts.installed_at.map(Timestamp::canonical),
        };
        let pruned = stored.filter(|state| state.prune.row_hmac.is_some()).map(|state| {
            let mut record = quartet_record(&state.prune);
            record.id = record.id.map(|id| dashed(&id).unwrap_or(id));
            record.occurred_at =
                record.occurred_at.map(|time| Timestamp::parse(&time).map_or(time, Timestamp::canonical));
            record
        });
        let frozen = stored.and_then(|state| {
            Some(FrozenRecord {
                row_count: u64::try_from(state.frozen_row_count?).ok()?,
                snapshot_digest: state.frozen_snapshot_digest.clone(),
            })
        });
        (source, pruned, frozen)
    }

    /// The text of the manifest, with its digest.
    pub fn to_text(&mut self) -> Result<String> {
        let json = |error: serde_json::Error| Error::bug(format!("cannot write JSON: {error}"));
        let value = serde_json::to_value(&*self).map_err(json)?;
        self.manifest_digest =
            digest(&value).ok_or_else(|| Error::bug("a manifest is not JSON"))?.to_string();
        Ok(serde_json::to_string_pretty(self).map_err(json)? + "\n")
    }

    /// The bytes of a manifest.
    pub fn bytes(path: &Path) -> Result<Vec<u8>> {
        let fail = |reason: String| cannot_read(path, &reason);
        let size = std::fs::metadata(path).map_err(|error| fail(error.to_string()))?.len();
        if size > MAX_SIZE {
            return Err(fail("it is too large to be one".into()));
        }
        std::fs::read(path).map_err(|error| fail(error.to_string()))
    }

    /// Reads the bytes of a manifest. The second value is whether it matches its own digest.
    pub fn parse(path: &Path, text: &[u8]) -> Result<(Self, bool)> {
        let shown = path.display();
        let fail = |reason: String| cannot_read(path, &reason);
        let value: Value =
            serde_json::from_slice(text).map_err(|error| fail(format!("it is damaged: {error}")))?;
        match value.get("schema").and_then(Value::as_str) {
            Some(SCHEMA) => {}
            Some(other) if other.starts_with("z4jctl.audit.export/") => {
                return Err(Error::refused(
                    "export.manifest-version",
                    format!("the manifest {shown} is {other}, and this z4jctl knows {SCHEMA}"),
                )
                .hint("use the version of z4jctl that wrote it, or a later one"));
            }
            _ => return Err(fail(format!("it is not a {SCHEMA}"))),
        }
        let holds = digest(&value).is_some_and(|digest| {
            value.get("manifest_digest").and_then(Value::as_str) == Some(&digest.to_string())
        });
        let manifest: Self =
            serde_json::from_value(value).map_err(|error| fail(format!("it is damaged: {error}")))?;
        if manifest.detection().is_none() {
            return Err(fail("it is damaged: its generation is none".into()));
        }
        Ok((manifest, holds))
    }

    /// What `audit verify` would have detected; `None` when the manifest names no generation.
    pub fn detection(&self) -> Option<Detection> {
        let has = |name: &str| self.columns.iter().any(|column| column == name);
        Some(Detection {
            revision: self.source.revision.clone(),
            generation: Generation::from_letter(&self.source.schema_generation)?,
            conditions: Vec::new(),
            served_by: None,
            has_api_key_id: has("api_key_id"),
            has_markers: has("legacy_frozen"),
            has_tally: false,
        })
    }

    /// What was read before the rows.
    pub fn facts(&self) -> LogFacts {
        LogFacts {
            rows_estimate: self.rows.total,
            unplaced_rows: self.rows.unplaced,
            states: self.chain_state.iter().map(StateRecord::stored).collect(),
            watermark: self.watermark.clone(),
            installed_at: self.source.installed_at.as_deref().and_then(Timestamp::parse),
            ..LogFacts::default()
        }
    }
}

fn cannot_read(path: &Path, reason: &str) -> Error {
    Error::unreachable("export.manifest", format!("cannot read the manifest {}: {reason}", path.display())).hint(
        "every export has its manifest beside it as FILE.manifest.json; --manifest names another, --without-manifest \
         verifies the rows alone",
    )
}

/// A UUID in its dashed form.
fn dashed(text: &str) -> Option<String> {
    Id::parse(text.as_bytes()).map(|id| id.to_string())
}

/// The name of a family in manifests.
pub fn family_name(family: Family) -> &'static str {
    match family {
        Family::Early => "early",
        Family::Baseline => "baseline",
        Family::Active => "active",
    }
}

/// The manifest beside a data file: `FILE.manifest.json`.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".manifest.json");
    name.into()
}

/// The digest over a manifest: all members but the digest itself.
fn digest(manifest: &Value) -> Option<Digest> {
    let mut object = manifest.as_object()?.clone();
    object.remove("manifest_digest");
    let mut message = SCHEMA.as_bytes().to_vec();
    message.push(0);
    let text = Value::Object(object).to_string();
    Canonicalizer::new().write(text.as_bytes(), Numbers::Finite, &mut message).ok()?;
    let mut sum = Summing::default();
    sum.add(&message);
    sum.finish().sha256
}
