//! The signed singleton rows of 1.8 and later, and the prune watermark of 1.7.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::json::{Canonicalizer, Numbers, write_string};
use super::mac::{Digest, KeyId, MacKey};
use super::{Id, Timestamp};

const STATE_DOMAIN: &[u8] = b"z4j/audit-chain/state/v1\0";
const PREPARATION_DOMAIN: &[u8] = b"z4j/audit-chain/preparation/v1\0";
const WATERMARK_LABEL: &[u8] = b"audit_prune_watermark|";
/// At most this many keys may have live rows.
const MAX_KEYS: usize = 32;

/// The row of `audit_chain_state` as stored: texts and numbers, nothing judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredState {
    /// `format_version`.
    pub format_version: Option<i64>,
    /// `generation`.
    pub generation: Option<String>,
    /// `installation_id`.
    pub installation_id: Option<String>,
    /// `state_key_id`.
    pub state_key_id: Option<String>,
    /// `head_row_hmac`, `head_hmac_key_id`, `head_occurred_at`, `head_id`.
    pub head: StoredQuartet,
    /// `prune_row_hmac`, `prune_hmac_key_id`, `prune_occurred_at`, `prune_id`.
    pub prune: StoredQuartet,
    /// `active_row_count`.
    pub active_row_count: Option<i64>,
    /// `active_key_counts`, JSON text.
    pub active_key_counts: Option<String>,
    /// `frozen_row_count`.
    pub frozen_row_count: Option<i64>,
    /// `frozen_snapshot_digest`.
    pub frozen_snapshot_digest: Option<String>,
    /// `retired_recovery_binding`, JSON text.
    pub retired_recovery_binding: Option<String>,
    /// `state_mac`.
    pub state_mac: Option<String>,
    /// `observed_active_row_count` (1.11 and later; unsigned; only PostgreSQL maintains it).
    pub observed_active_row_count: Option<i64>,
}

/// Four columns that name one row, as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredQuartet {
    /// `…_row_hmac`.
    pub row_hmac: Option<String>,
    /// `…_hmac_key_id`.
    pub hmac_key_id: Option<String>,
    /// `…_occurred_at`, in any stored form.
    pub occurred_at: Option<String>,
    /// `…_id`.
    pub id: Option<String>,
}

/// One row named by its MAC, key, time and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quartet {
    /// The row's `row_hmac`.
    pub row_hmac: Digest,
    /// The key that signed it.
    pub hmac_key_id: KeyId,
    /// Its time.
    pub occurred_at: Timestamp,
    /// Its id.
    pub id: Id,
}

/// The chain state, well formed and consistent in itself. Whether its MAC holds is another question:
/// [`ChainState::mac`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainState {
    /// The generation of the active rows.
    pub generation: Id,
    /// The installation.
    pub installation_id: Id,
    /// The key that signs the state.
    pub state_key_id: KeyId,
    /// The newest row.
    pub head: Option<Quartet>,
    /// The newest row that retention removed.
    pub prune: Option<Quartet>,
    /// Number of active rows.
    pub active_row_count: u64,
    /// Number of active rows of each key.
    pub active_key_counts: BTreeMap<KeyId, u64>,
    /// Number of frozen rows.
    pub frozen_row_count: u64,
    /// Digest over the frozen rows.
    pub frozen_snapshot_digest: Option<Digest>,
    /// `retired_recovery_binding` in canonical form.
    pub retired_recovery_binding: Vec<u8>,
    /// The stored MAC.
    pub state_mac: Option<Digest>,
}

impl ChainState {
    /// Judges a stored state by the invariants of the real verifier, in its order (audit chain, section
    /// 5.1). The error names the first that is violated.
    pub fn from_stored(stored: &StoredState) -> Result<Self, String> {
        let active_key_counts = key_counts(stored.active_key_counts.as_deref())?;
        let id = |column: &str, text: &Option<String>| {
            text.as_deref()
                .and_then(|text| Id::parse(text.as_bytes()))
                .ok_or_else(|| format!("{column} is not a UUID"))
        };
        let digest = |column: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => Digest::parse(text.as_bytes())
                .map(Some)
                .ok_or_else(|| format!("{column} is not 64 lower-case hexadecimal digits")),
        };
        let generation = id("generation", &stored.generation)?;
        let installation_id = id("installation_id", &stored.installation_id)?;
        let state_key_id = digest("state_key_id", &stored.state_key_id)?.ok_or("state_key_id is NULL")?;
        let frozen_snapshot_digest = digest("frozen_snapshot_digest", &stored.frozen_snapshot_digest)?;
        let state_mac = digest("state_mac", &stored.state_mac)?;
        if stored.format_version != Some(1) {
            return Err("format_version is not 1".into());
        }
        let count = |column: &str, value: Option<i64>| {
            value
                .and_then(|value| u64::try_from(value).ok())
                .ok_or_else(|| format!("{column} is not a count"))
        };
        let active_row_count = count("active_row_count", stored.active_row_count)?;
        let frozen_row_count = count("frozen_row_count", stored.frozen_row_count)?;
        let sum: u64 = active_key_counts.values().fold(0, |sum, count| sum.saturating_add(*count));
        if sum != active_row_count {
            return Err(format!("active_key_counts sum to {sum}, active_row_count is {active_row_count}"));
        }
        let head = quartet("head", &stored.head)?;
        let prune = quartet("prune", &stored.prune)?;
        if active_row_count > 0 && head.is_none() {
            return Err("there are active rows and no head".into());
        }
        if prune.is_some() && head.is_none() {
            return Err("there is a prune boundary and no head".into());
        }
        if active_row_count == 0 && prune.is_some() && head != prune {
            return Err("every row was pruned and the head is not the prune boundary".into());
        }
        if (frozen_row_count == 0) != frozen_snapshot_digest.is_none() {
            return Err("frozen_snapshot_digest must be NULL exactly when frozen_row_count is 0".into());
        }
        let mut retired_recovery_binding = Vec::new();
        Canonicalizer::new()
            .write(
                stored.retired_recovery_binding.as_deref().unwrap_or("null").as_bytes(),
                Numbers::Finite,
                &mut retired_recovery_binding,
            )
            .map_err(|error| format!("retired_recovery_binding: {error}"))?;
        Ok(Self {
            generation,
            installation_id,
            state_key_id,
            head,
            prune,
            active_row_count,
            active_key_counts,
            frozen_row_count,
            frozen_snapshot_digest,
            retired_recovery_binding,
            state_mac,
        })
    }

    /// The message that is under the state's MAC: domain and canonical payload of 17 fields.
    pub fn message(&self) -> Vec<u8> {
        let mut out = STATE_DOMAIN.to_vec();
        out.extend_from_slice(b"{\"active_key_counts\":{");
        for (at, (key, count)) in self.active_key_counts.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            out.extend_from_slice(format!("{comma}\"{key}\":{count}").as_bytes());
        }
        out.extend_from_slice(
            format!(
                "}},\"active_row_count\":{},\"format_version\":1,\"frozen_row_count\":{},\"frozen_snapshot_digest\":",
                self.active_row_count, self.frozen_row_count
            )
            .as_bytes(),
        );
        write_optional(self.frozen_snapshot_digest, &mut out);
        out.extend_from_slice(format!(",\"generation\":\"{}\"", self.generation).as_bytes());
        write_quartet("head", self.head.as_ref(), &mut out);
        out.extend_from_slice(format!(",\"installation_id\":\"{}\"", self.installation_id).as_bytes());
        write_quartet("prune", self.prune.as_ref(), &mut out);
        out.extend_from_slice(b",\"retired_recovery_binding\":");
        out.extend_from_slice(&self.retired_recovery_binding);
        out.extend_from_slice(format!(",\"state_key_id\":\"{}\"}}", self.state_key_id).as_bytes());
        out
    }

    /// The MAC of this state under a key.
    pub fn mac(&self, key: &MacKey) -> Digest {
        key.sign(&self.message())
    }
}

fn key_counts(text: Option<&str>) -> Result<BTreeMap<KeyId, u64>, String> {
    let bad = || "active_key_counts is not an object of key ids and positive counts".to_owned();
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text.unwrap_or_default()).map_err(|_| bad())?;
    if object.len() > MAX_KEYS {
        return Err(format!("active_key_counts holds more than {MAX_KEYS} keys"));
    }
    object
        .iter()
        .map(|(key, count)| {
            let key = Digest::parse(key.as_bytes()).ok_or_else(bad)?;
            let count = count.as_u64().filter(|count| *count > 0).ok_or_else(bad)?;
            Ok((key, count))
        })
        .collect()
}

fn quartet(name: &str, stored: &StoredQuartet) -> Result<Option<Quartet>, String> {
    let StoredQuartet { row_hmac, hmac_key_id, occurred_at, id } = stored;
    match (row_hmac, hmac_key_id, occurred_at, id) {
        (None, None, None, None) => Ok(None),
        (Some(row_hmac), Some(hmac_key_id), Some(occurred_at), Some(id)) => {
            let digest = |column: &str, text: &str| {
                Digest::parse(text.as_bytes())
                    .ok_or_else(|| format!("{name}_{column} is not 64 lower-case hexadecimal digits"))
            };
            Ok(Some(Quartet {
                row_hmac: digest("row_hmac", row_hmac)?,
                hmac_key_id: digest("hmac_key_id", hmac_key_id)?,
                occurred_at: Timestamp::parse(occurred_at)
                    .ok_or_else(|| format!("{name}_occurred_at is not a time"))?,
                id: Id::parse(id.as_bytes()).ok_or_else(|| format!("{name}_id is not a UUID"))?,
            }))
        }
        _ => Err(format!("the {name} quartet is incomplete")),
    }
}

fn write_optional(digest: Option<Digest>, out: &mut Vec<u8>) {
    match digest {
        Some(digest) => write_string(&digest.to_string(), out),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_quartet(name: &str, quartet: Option<&Quartet>, out: &mut Vec<u8>) {
    let text = match quartet {
        None => format!(
            ",\"{name}_hmac_key_id\":null,\"{name}_id\":null,\"{name}_occurred_at\":null,\"{name}_row_hmac\":null"
        ),
        Some(Quartet { row_hmac, hmac_key_id, occurred_at, id }) => format!(
            ",\"{name}_hmac_key_id\":\"{hmac_key_id}\",\"{name}_id\":\"{id}\",\"{name}_occurred_at\":\"{occurred_at}\",\"{name}_row_hmac\":\"{row_hmac}\""
        ),
    };
    out.extend_from_slice(text.as_bytes());
}

/// The row of `audit_chain_preparation`, which a parked upgrade leaves behind (audit chain, section 5.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preparation {
    /// `format_version`.
    pub format_version: Option<i64>,
    /// `singleton_id`.
    pub singleton_id: String,
    /// `preparation_id`, in any stored form.
    pub preparation_id: String,
    /// `audit_key_id`.
    pub audit_key_id: String,
    /// `preparation_revision`.
    pub preparation_revision: String,
    /// `target_activation_revision`.
    pub target_activation_revision: String,
    /// `preparation_mac`.
    pub preparation_mac: String,
}

impl Preparation {
    /// The message that is under the MAC; `None` when the id is not a UUID.
    pub fn message(&self) -> Option<Vec<u8>> {
        let id = Id::parse(self.preparation_id.as_bytes())?;
        let mut out = PREPARATION_DOMAIN.to_vec();
        out.extend_from_slice(b"{\"audit_key_id\":");
        write_string(&self.audit_key_id, &mut out);
        out.extend_from_slice(format!(",\"format_version\":{}", self.format_version?).as_bytes());
        out.extend_from_slice(format!(",\"preparation_id\":\"{id}\",\"preparation_revision\":").as_bytes());
        write_string(&self.preparation_revision, &mut out);
        out.extend_from_slice(b",\"singleton_id\":");
        write_string(&self.singleton_id, &mut out);
        out.extend_from_slice(b",\"target_activation_revision\":");
        write_string(&self.target_activation_revision, &mut out);
        out.push(b'}');
        Some(out)
    }

    /// Whether the MAC holds under a key.
    pub fn is_signed_by(&self, key: &MacKey) -> bool {
        self.message()
            .is_some_and(|message| Digest::parse(self.preparation_mac.as_bytes()) == Some(key.sign(&message)))
    }
}

/// The value of `z4j_meta.audit_prune_watermark`: the `row_hmac` of the newest row that retention removed
/// (1.7), behind which later releases put a MAC (audit chain, section 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermark {
    /// The removed row's `row_hmac`.
    pub row_hmac: Digest,
    /// `HMAC(Z4J_SECRET, "audit_prune_watermark|" row_hmac)`; `None` in the bare form of 1.7.0.
    pub mac: Option<Digest>,
}

impl Watermark {
    /// Reads `<row_hmac>` or `<row_hmac>:<mac>`.
    pub fn parse(text: &str) -> Option<Self> {
        let (row_hmac, mac) = match text.split_once(':') {
            Some((row_hmac, mac)) => (row_hmac, Some(Digest::parse(mac.as_bytes())?)),
            None => (text, None),
        };
        Some(Self { row_hmac: Digest::parse(row_hmac.as_bytes())?, mac })
    }

    /// The MAC that this watermark has under a key.
    pub fn expected_mac(&self, key: &MacKey) -> Digest {
        let mut message = WATERMARK_LABEL.to_vec();
        self.row_hmac.write(&mut message);
        key.sign(&message)
    }
}
