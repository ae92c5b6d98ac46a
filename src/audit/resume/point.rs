//! The resume point: what an earlier run proved about a log, in a file, under a MAC.
//!
//! Only whoever holds the key of the log can write one that is believed. The file is JSON: `schema`, `point`, `mac`; the
//! MAC is that of [`vouch`] over `point`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::audit::keys::Keys;
use crate::audit::vouch::{self, derived, ring};
use crate::audit::walk::Removal;
use crate::format::mac::{Digest, KeyId, MacKey};
use crate::format::{Id, Timestamp};
use crate::store::generation::Family;

/// The `schema` of the file.
pub const SCHEMA: &str = "z4jctl.audit.resume/1";
const LABEL: &[u8] = b"z4jctl/resume-point/v1";
const ORDER_LABEL: &[u8] = b"z4jctl/resume-order/v1";
/// Far more than any point has: with one part in 365, hundreds of kilobytes.
const MAX_BYTES: usize = 16 << 20;

/// Which database a point belongs to. All of it must be the same again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// `sqlite` or `postgresql`.
    pub backend: String,
    /// The letter of the schema generation.
    pub generation: String,
    /// `audit_chain_state.installation_id`; `None` before 1.8.
    pub installation_id: Option<Id>,
    /// `audit_chain_state.generation`; `None` before 1.8.
    pub chain_generation: Option<Id>,
    /// `z4j_meta.installed_at`, where it is kept.
    pub installed_at: Option<Timestamp>,
}

/// One row by its name and its MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowName {
    /// `audit_log.id`.
    pub id: Id,
    /// `audit_log.occurred_at`.
    pub occurred_at: Timestamp,
    /// `audit_log.row_hmac`; `None` for a frozen row without one.
    pub row_hmac: Option<Digest>,
}

impl RowName {
    /// Its place in chain order.
    pub fn place(&self) -> (Timestamp, Id) {
        (self.occurred_at, self.id)
    }
}

/// Rows that follow each other, and what was found when they were read last. A range begins where the time of the
/// rows grows, so that a window of time holds exactly its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Decides with the secret order when it is read again; never given twice.
    pub number: u64,
    /// Time of its first row: it reaches to where the next one begins.
    pub since: Timestamp,
    /// Id of the row that was its first.
    pub first_id: Id,
    /// Rows of the chain.
    pub live: u64,
    /// Frozen rows.
    pub frozen: u64,
    /// Digest over the snapshots of its frozen rows.
    pub frozen_digest: Option<Digest>,
    /// `prev_row_hmac` of its first row of the chain.
    pub live_previous: Option<Digest>,
    /// `row_hmac` of its last row of the chain.
    pub live_last: Option<Digest>,
    /// Its rows of the chain by the key that verified them.
    pub keys: BTreeMap<KeyId, u64>,
    /// When a run last began that read all of it.
    pub read_at: Timestamp,
}

impl Range {
    /// All of its rows.
    pub fn rows(&self) -> u64 {
        self.live + self.frozen
    }
}

/// What earlier runs proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Which database this is.
    pub identity: Identity,
    /// When the run began that wrote it.
    pub written_at: Timestamp,
    /// When the last run began that read everything.
    pub full_at: Timestamp,
    /// The key of the log when it was written.
    pub key_id: KeyId,
    /// The oldest row.
    pub first: RowName,
    /// The newest row of the chain.
    pub head: RowName,
    /// The signed prune boundary; `None` when nothing was pruned, and before 1.8.
    pub prune: Option<RowName>,
    /// `z4j_meta.audit_prune_watermark`, which 1.7 keeps.
    pub watermark: Option<String>,
    /// The signed record of the removal that the log begins behind; `None` from 1.8 on, and where nothing was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
    /// All rows that it covers.
    pub rows: u64,
    /// Frozen rows among them.
    pub frozen_rows: u64,
    /// The signed digest over the frozen rows.
    pub frozen_digest: Option<Digest>,
    /// In how many runs every row is read again.
    pub recheck: u32,
    /// Runs since everything was read.
    pub run: u64,
    /// Random; with the key it decides the order in which ranges are read again.
    pub seed: Digest,
    /// The rows, in chain order.
    pub ranges: Vec<Range>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    point: Point,
    mac: Digest,
}

/// A point as it was read: whether it is to be believed.
#[derive(Debug, Clone)]
pub enum Read {
    /// Its MAC holds under the current key.
    Valid(Box<Point>),
    /// Its MAC holds under a previous key that is still configured.
    Rotated(Box<Point>),
    /// Not to be believed, and why: a code and a sentence.
    Invalid(&'static str, String),
}

impl Point {
    /// Reads a file.
    pub fn read(text: &str, keys: &Keys, family: Family) -> Read {
        if text.len() > MAX_BYTES {
            return Read::Invalid("damaged", "the resume file is larger than any resume point".into());
        }
        let file: File = match serde_json::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                return Read::Invalid("damaged", format!("the resume file holds no resume point: {error}"));
            }
        };
        if file.schema != SCHEMA {
            return Read::Invalid("damaged", format!("the resume file is {:?}, not {SCHEMA}", file.schema));
        }
        let ring = ring(keys, family);
        let Some(at) = ring.iter().position(|key| key.id() == file.point.key_id) else {
            return Read::Invalid(
                "key",
                "the resume point was written under a key that is not configured".into(),
            );
        };
        match ring.get(at).and_then(|key| file.point.mac(key)) {
            Some(mac) if mac == file.mac && at == 0 => Read::Valid(Box::new(file.point)),
            Some(mac) if mac == file.mac => Read::Rotated(Box::new(file.point)),
            _ => Read::Invalid("mac", "the resume point does not match its MAC: it was changed".into()),
        }
    }

    /// The text of the file.
    ///
    /// # Errors
    ///
    /// `None` when there is no key to sign it with.
    pub fn write(&self, keys: &Keys, family: Family) -> Option<String> {
        let mac = self.mac(ring(keys, family).first()?)?;
        let file = File { schema: SCHEMA.into(), point: self.clone(), mac };
        serde_json::to_string_pretty(&file).ok().map(|text| text + "\n")
    }

    fn mac(&self, key: &MacKey) -> Option<Digest> {
        vouch::mac(key, LABEL, self)
    }

    /// Rows before each range, and after the last one all.
    pub fn positions(&self) -> Vec<u64> {
        let mut before = 0;
        let mut positions = Vec::with_capacity(self.ranges.len() + 1);
        for range in &self.ranges {
            positions.push(before);
            before += range.rows();
        }
        positions.push(before);
        positions
    }

    /// The rows of the chain by key.
    pub fn key_counts(&self) -> BTreeMap<KeyId, u64> {
        let mut counts = BTreeMap::new();
        for (key, rows) in self.ranges.iter().flat_map(|range| &range.keys) {
            *counts.entry(*key).or_default() += rows;
        }
        counts
    }

    /// When the rows that were not read for longest were read.
    pub fn oldest_reading(&self) -> Timestamp {
        self.ranges.iter().map(|range| range.read_at).min().unwrap_or(self.full_at)
    }
}

/// In which run of a cycle a range is read again. Every range has its turn once in `recheck` runs, and of `recheck`
/// ranges that follow each other no two have the same one; which is whose, nobody can tell without the key.
#[derive(Debug)]
pub struct Order {
    key: MacKey,
    seed: Digest,
    recheck: u32,
    blocks: BTreeMap<u64, Vec<u32>>,
}

impl Order {
    /// The order of a point.
    pub fn new(key: &MacKey, seed: Digest, recheck: u32) -> Self {
        Self { key: derived(key, ORDER_LABEL), seed, recheck: recheck.max(1), blocks: BTreeMap::new() }
    }

    /// Whether the range with this number is read again in run `run`, which counts from 1.
    pub fn is_due(&mut self, number: u64, run: u64) -> bool {
        let size = u64::from(self.recheck);
        let turn = self.turn(number / size, number % size);
        run.wrapping_sub(1) % size == u64::from(turn)
    }

    fn turn(&mut self, block: u64, within: u64) -> u32 {
        let Self { key, seed, recheck, blocks } = self;
        let turns = blocks.entry(block).or_insert_with(|| {
            let mut ranked: Vec<(Digest, u32)> = (0..*recheck)
                .map(|turn| {
                    let mut message = seed.0.to_vec();
                    message.extend_from_slice(&block.to_be_bytes());
                    message.extend_from_slice(&turn.to_be_bytes());
                    (key.sign(&message), turn)
                })
                .collect();
            ranked.sort_unstable();
            ranked.into_iter().map(|(_, turn)| turn).collect()
        });
        usize::try_from(within).ok().and_then(|within| turns.get(within)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_range_has_its_turn_once_in_a_cycle() {
        let mut order = Order::new(&MacKey::new(b"key"), Digest([7; 32]), 30);
        for number in 0..90 {
            let turns: Vec<u64> = (1..=60).filter(|run| order.is_due(number, *run)).collect();
            assert_eq!(turns.len(), 2, "{number}: {turns:?}");
            assert_eq!(turns[1] - turns[0], 30, "{number}");
        }
        for block in 0..3 {
            let first: BTreeSet<u64> = (block * 30..block * 30 + 30)
                .map(|number| (1..=30).find(|run| order.is_due(number, *run)).unwrap())
                .collect();
            assert_eq!(first.len(), 30);
        }
    }

    #[test]
    fn the_order_depends_on_key_and_seed() {
        let turns = |key: &[u8], seed| {
            let mut order = Order::new(&MacKey::new(key), Digest([seed; 32]), 30);
            (0..30).map(|number| order.turn(0, number)).collect::<Vec<_>>()
        };
        assert_eq!(turns(b"a", 1), turns(b"a", 1));
        assert_ne!(turns(b"a", 1), turns(b"b", 1));
        assert_ne!(turns(b"a", 1), turns(b"a", 2));
    }
}
