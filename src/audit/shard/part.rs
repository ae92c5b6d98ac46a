//! What the run over one part leaves for `audit verify-merge`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::audit::classify::Found;
use crate::audit::finding::{Certainty, Class, Finding};
use crate::audit::keys::Keys;
use crate::audit::resume::point::Identity;
use crate::audit::vouch;
use crate::audit::walk::{Chain, Sighting, Walk};
use crate::error::{Error, Result};
use crate::format::Timestamp;
use crate::format::mac::{Digest, KeyId, MacKey};
use crate::format::state::StoredState;
use crate::store::LogFacts;
use crate::store::generation::Detection;

const LABEL: &[u8] = b"z4jctl/shard-report/v1";

/// A part and its MAC, which is that of [`vouch`] over `part`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sealed {
    /// The part.
    part: Part,
    /// Its MAC.
    mac: Digest,
}

/// What a run over one part saw.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// The version that wrote it.
    pub(super) z4jctl: String,
    /// What was read: a path, or a URL without password.
    pub(super) database: String,
    /// Which database that is.
    pub(super) identity: Identity,
    pub(super) detection: Detection,
    /// The key of the log.
    pub(super) key_id: KeyId,
    /// Which part, from 1.
    pub(super) index: u32,
    /// How many there are.
    pub(super) of: u32,
    /// Rows before this moment are divided.
    pub(super) before: Timestamp,
    /// How many rows these are.
    pub(super) rows_before: u64,
    pub(super) window: Window,
    /// When the run began.
    pub(super) started_at: Timestamp,
    /// Version of the server or library.
    pub(super) server: String,
    /// PostgreSQL: whether it is a standby.
    pub(super) standby: bool,
    pub(super) facts: Facts,
    /// What was found about the guards.
    pub(super) remarks: Vec<Remark>,
    /// What is to be known about the guards.
    pub(super) notes: Vec<String>,
    /// The walk over its rows of the chain.
    pub(super) live: Chain,
    /// The walk over its frozen rows.
    pub(super) frozen: Chain,
    pub(super) frozen_without_snapshot: u64,
    /// The first part: digest over all frozen rows of the log.
    pub(super) frozen_digest: Option<Digest>,
    pub(super) foreign_rows: u64,
    /// Where heads and boundaries are.
    pub(super) sightings: BTreeMap<Digest, Sighting>,
    /// Where in the whole log the MACs stand that its suspects mention.
    pub(super) found: Found,
}

/// The rows of a part.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Window {
    /// Not before this time; `None` for the first part.
    pub(super) since: Option<Timestamp>,
    /// Before this time; `None` for the last part.
    pub(super) until: Option<Timestamp>,
    /// Position of its first row in chain order, from 1.
    pub(super) first_row: u64,
    /// Rows that were read.
    pub(super) rows: u64,
}

/// Of [`LogFacts`], what the joined log is judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Facts {
    pub(super) states: Vec<StoredState>,
    pub(super) watermark: Option<String>,
    pub(super) installed_at: Option<Timestamp>,
    pub(super) unplaced_rows: u64,
    pub(super) quarantined_forks: u64,
}

impl Facts {
    pub(super) fn of(facts: &LogFacts) -> Self {
        Self {
            states: facts.states.clone(),
            watermark: facts.watermark.clone(),
            installed_at: facts.installed_at,
            unplaced_rows: facts.unplaced_rows,
            quarantined_forks: facts.quarantined_forks,
        }
    }

    pub(super) fn restore(&self) -> LogFacts {
        LogFacts {
            states: self.states.clone(),
            watermark: self.watermark.clone(),
            installed_at: self.installed_at,
            unplaced_rows: self.unplaced_rows,
            quarantined_forks: self.quarantined_forks,
            ..LogFacts::default()
        }
    }
}

/// A finding about no row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Remark {
    class: Class,
    certainty: Certainty,
    message: String,
}

impl Remark {
    pub(super) fn of(finding: Finding) -> Self {
        Self { class: finding.class, certainty: finding.certainty, message: finding.message }
    }

    pub(super) fn finding(&self) -> Finding {
        Finding { certainty: self.certainty, ..Finding::new(self.class, self.message.clone()) }
    }
}

impl Part {
    /// Puts a part under its MAC.
    pub(super) fn seal(self, key: &MacKey) -> Result<Sealed> {
        let mac = vouch::mac(key, LABEL, &self).ok_or_else(|| Error::bug("a part has no JSON form"))?;
        Ok(Sealed { part: self, mac })
    }

    /// The walk over its rows.
    pub(super) fn walk(&mut self) -> Walk {
        Walk {
            live: std::mem::take(&mut self.live),
            frozen: std::mem::take(&mut self.frozen),
            frozen_without_snapshot: self.frozen_without_snapshot,
            foreign_rows: self.foreign_rows,
            sightings: std::mem::take(&mut self.sightings),
            ..Walk::default()
        }
    }

    /// Its name in messages.
    pub(super) fn name(&self) -> String {
        format!("part {} of {}", self.index, self.of)
    }
}

impl Sealed {
    /// The part, when its MAC holds under a configured key; `file` is its name in messages.
    pub(super) fn open(self, file: &str, keys: &Keys) -> Result<Part> {
        let ring = vouch::ring(keys, self.part.detection.generation.family());
        let Some(key) = ring.iter().find(|key| key.id() == self.part.key_id) else {
            return Err(Error::secret(
                "merge.key",
                format!(
                    "{file} was written under key {}, which is not configured: nothing says whether it was changed",
                    self.part.key_id
                ),
            )
            .hint("verify-merge needs the key of the log, as the runs over the parts do"));
        };
        if vouch::mac(key, LABEL, &self.part) != Some(self.mac) {
            return Err(Error::refused(
                "merge.changed",
                format!("{file} does not match its MAC: it was changed after it was written"),
            )
            .hint("run its part again, and keep the reports where nobody else can write"));
        }
        Ok(self.part)
    }
}
