//! Following the chain: rows come in order, and every row that is not as it should be is kept for
//! classification. Sequential and cheap; memory is bounded by the number of suspects that are kept.

mod join;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::audit::anchor::compare::Comparison;
use crate::audit::bundle::gather::Evidence;
use crate::audit::check::{Checked, CheckedBatch, Link, Part, Verdict};
use crate::audit::finding::Neighbour;
use crate::audit::resume::ranges::Ranges;
use crate::format::frozen::FrozenDigest;
use crate::format::mac::{Digest, KeyId};
use crate::format::{Id, Timestamp};

/// Suspects that are kept for classification; beyond this they are only counted.
pub const MAX_SUSPECTS: usize = 20_000;
/// Records of removals that are kept; a log that was pruned every day for eleven years has as many.
const MAX_PRUNES: usize = 4096;

/// A row that needs explaining.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Suspect {
    /// 1-based position in chain order.
    pub position: u64,
    /// Its id, when readable.
    pub id: Option<Id>,
    /// Its time, when readable.
    pub occurred_at: Option<Timestamp>,
    /// `row_hmac`.
    pub mac: Link,
    /// `prev_row_hmac`.
    pub previous: Link,
    /// The `row_hmac` of the row before it in its chain; `None` when it is the first.
    pub expected: Option<Link>,
    /// The last intact row before it, `None` when there is none.
    pub anchor: Option<Anchor>,
    /// Whether it links to the row before it.
    pub linked: bool,
    /// What its MAC says.
    pub verdict: Verdict,
    /// Whether it belongs to another generation than the chain state names.
    pub foreign: bool,
    /// The link of the first intact row behind it; `None` when there is none.
    pub next_link: Option<Link>,
    /// The last intact row before it.
    pub after: Option<Neighbour>,
    /// The first intact row behind it.
    pub before: Option<Neighbour>,
}

impl Suspect {
    /// Whether its MAC verifies, or nothing says that it does not.
    pub fn is_intact(&self) -> bool {
        is_intact(&self.verdict) && !self.foreign
    }
}

/// A row by its place and its MAC; between suspects an intact one: what it links to is what was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// 1-based position in chain order.
    pub position: u64,
    /// `row_hmac`.
    pub mac: Link,
}

/// Whether a MAC vouches for the row.
fn is_proved(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Verified(_) | Verdict::Unverifiable)
}

fn is_intact(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Verified(_) | Verdict::Unverifiable | Verdict::UnknownKey(_))
}

/// The first or last row of a chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndRow {
    /// 1-based position in chain order.
    pub position: u64,
    /// Its id, when readable.
    pub id: Option<Id>,
    /// Its time, when readable.
    pub occurred_at: Option<Timestamp>,
    /// `row_hmac`.
    pub mac: Link,
    /// `prev_row_hmac`.
    pub previous: Link,
    /// The key it names.
    pub key_id: Option<KeyId>,
    /// Its generation.
    pub generation: Option<Id>,
    /// Whether its MAC verifies.
    pub intact: bool,
    /// Whether its format signs the link.
    pub linked: bool,
}

impl EndRow {
    /// What a checked row is as the end of a chain.
    pub fn of(row: &Checked) -> Self {
        Self {
            position: row.position,
            id: row.id,
            occurred_at: row.occurred_at,
            mac: row.mac,
            previous: row.previous,
            key_id: row.key_id,
            generation: row.generation,
            intact: is_intact(&row.verdict),
            linked: row.linked,
        }
    }
}

/// What the rows of one chain added up to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Rows seen.
    pub rows: u64,
    /// Rows whose MAC matched.
    pub verified: u64,
    /// Rows without MAC.
    pub unsigned: u64,
    /// Rows under a key that is not configured.
    pub unknown_key: u64,
    /// Rows that cannot be read.
    pub unreadable: u64,
    /// Rows whose MAC did not match or is malformed.
    pub mismatched: u64,
    /// Frozen rows whose MAC cannot be verified one by one.
    pub unverifiable: u64,
    /// Verified rows of each key.
    pub verified_keys: BTreeMap<KeyId, u64>,
    /// Rows of each key that they name (active rows).
    pub named_keys: BTreeMap<KeyId, u64>,
    /// Rows that link to the row before them.
    pub linked: u64,
    /// Keys that are not configured: how many rows name each, and the first of them.
    pub unknown_keys: BTreeMap<KeyId, (u64, Seen)>,
}

impl Tally {
    /// Adds the rows of another part of the chain, none of which was under an unknown key.
    pub fn absorb(&mut self, other: &Self) {
        self.rows += other.rows;
        self.verified += other.verified;
        self.unsigned += other.unsigned;
        self.unreadable += other.unreadable;
        self.mismatched += other.mismatched;
        self.unverifiable += other.unverifiable;
        self.linked += other.linked;
        for (own, others) in
            [(&mut self.verified_keys, &other.verified_keys), (&mut self.named_keys, &other.named_keys)]
        {
            for (key, rows) in others {
                *own.entry(*key).or_default() += rows;
            }
        }
    }
}

/// Where something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// 1-based position in chain order.
    pub position: u64,
    /// The row's id.
    pub id: Option<Id>,
    /// The row's time.
    pub occurred_at: Option<Timestamp>,
}

/// A signed record of a removal from before 1.8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The `row_hmac` of the newest row that went.
    pub up_to: Digest,
    /// The newest row that says so.
    pub record: Seen,
}

/// One chain of rows, live or frozen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Chain {
    /// Its first row.
    pub first: Option<EndRow>,
    /// Its last row so far.
    pub last: Option<EndRow>,
    /// What it added up to.
    pub tally: Tally,
    /// Rows that need explaining, in order.
    pub suspects: Vec<Suspect>,
    /// Suspects that were not kept.
    pub dropped: u64,
    /// Signed records of removals from before 1.8: up to which `row_hmac` rows went, and the newest row that says so.
    pub prunes: BTreeMap<Digest, Seen>,
    last_intact: Option<Neighbour>,
    anchor: Option<Anchor>,
    /// Suspects before this index have their `before`.
    bounded: usize,
    /// Suspects before this index have their `next_link`.
    anchored: usize,
    /// The row before its first one, where that was read.
    pub context: Option<Anchor>,
    /// Whether the MAC of that row holds.
    pub context_holds: bool,
    /// The link of its first row whose MAC holds: what rows before that one are judged by.
    opening_link: Option<Link>,
    /// Its first row that can bound a finding.
    opening_neighbour: Option<Neighbour>,
}

/// The row that a MAC was looked for and found at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// 1-based position in chain order.
    pub position: u64,
    /// Position among the rows of its chain, from 1.
    pub in_chain: u64,
    /// Its id.
    pub id: Id,
    /// Its time.
    pub occurred_at: Timestamp,
    /// The key it names.
    pub key_id: Option<KeyId>,
    /// Its generation.
    pub generation: Option<Id>,
    /// Whether its MAC verifies.
    pub intact: bool,
}

/// The walk over a log.
#[derive(Clone, Default)]
pub struct Walk {
    /// Early, baseline or active rows.
    pub live: Chain,
    /// Frozen history.
    pub frozen: Chain,
    /// Digest over the frozen rows.
    pub frozen_digest: FrozenDigest,
    /// Frozen rows that have no canonical snapshot.
    pub frozen_without_snapshot: u64,
    /// Rows of another generation than the chain state names.
    pub foreign_rows: u64,
    /// The generation that live rows must have; `None` before 1.8.
    pub generation: Option<Id>,
    /// Where the MACs that are looked for were seen.
    pub sightings: BTreeMap<Digest, Sighting>,
    /// MACs to look for.
    pub wanted: Vec<Digest>,
    /// The keys that signed active rows, when an authentic chain state says so.
    pub signing_keys: Option<BTreeSet<KeyId>>,
    /// The digest over all frozen rows, where this walk did not read them one after the other.
    pub joined_digest: Option<Digest>,
    /// The comparison with anchors, when there are any.
    pub comparison: Option<Comparison>,
    /// Where the rows are divided into ranges, for a run that resumes from this one.
    pub ranges: Option<Ranges>,
    /// The rows and proofs of a bundle, when one is made.
    pub evidence: Option<Evidence>,
}

impl Walk {
    /// Takes the next batch.
    pub fn add(&mut self, batch: &CheckedBatch) {
        let mut snapshot_start = 0;
        let mut lengths = batch.snapshot_lengths.iter();
        for (at, row) in batch.rows.iter().enumerate() {
            let mut snapshot = None;
            if row.part == Part::Frozen {
                match lengths.next() {
                    Some(Some(length)) => {
                        let bytes = &batch.snapshots[snapshot_start..snapshot_start + length];
                        self.frozen_digest.add(bytes);
                        snapshot = Some(bytes);
                        snapshot_start += length;
                    }
                    _ => self.frozen_without_snapshot += 1,
                }
            }
            if let Some(ranges) = &mut self.ranges {
                ranges.add(row, snapshot);
            }
            let refuted = self.never_signed(row).map(|verdict| Checked { verdict, ..row.clone() });
            let row = refuted.as_ref().unwrap_or(row);
            self.add_row(row);
            if let Some(evidence) = &mut self.evidence {
                evidence.add(row, batch.raw.row(at), self.comparison.as_ref());
            }
        }
    }

    /// The signed state counts the rows of each key: a row under another one was never signed.
    fn never_signed(&self, row: &Checked) -> Option<Verdict> {
        let Verdict::UnknownKey(key) = row.verdict else { return None };
        let keys = self.signing_keys.as_ref().filter(|_| row.part == Part::Live)?;
        let reason = Some(format!("column hmac_key_id names {key}, which signed no row of this log"));
        (!keys.contains(&key)).then_some(Verdict::Mismatch { computed: None, reason })
    }

    /// Links the first row to the one that precedes the window that is walked.
    pub fn begin_behind(&mut self, row: &Checked) {
        if self.is_foreign(row) {
            return;
        }
        let verdict = self.never_signed(row).unwrap_or_else(|| row.verdict.clone());
        let neighbour = match (row.id, row.occurred_at) {
            (Some(audit_id), Some(occurred_at)) if is_proved(&verdict) => {
                Some(Neighbour { row: row.position, audit_id, occurred_at })
            }
            _ => None,
        };
        let chain = if row.part == Part::Frozen { &mut self.frozen } else { &mut self.live };
        chain.begin_after(row.mac, is_intact(&verdict), neighbour, row.position);
    }

    fn is_foreign(&self, row: &Checked) -> bool {
        row.part == Part::Live && self.generation.is_some() && row.generation != self.generation
    }

    /// The digest over its frozen rows; `None` when there are none.
    pub fn digest_of_frozen(&self) -> Option<Digest> {
        let own = || self.frozen_digest.clone().finish();
        (self.frozen.tally.rows > 0).then(|| self.joined_digest.unwrap_or_else(own))
    }

    /// Takes the next row, which is not frozen.
    pub fn add_one(&mut self, row: &Checked) {
        if let Some(ranges) = &mut self.ranges {
            ranges.add(row, None);
        }
        self.add_row(row);
    }

    fn add_row(&mut self, row: &Checked) {
        if let Some(comparison) = &mut self.comparison {
            comparison.add(row);
        }
        let foreign = self.is_foreign(row);
        self.foreign_rows += u64::from(foreign);
        let chain = if row.part == Part::Frozen { &mut self.frozen } else { &mut self.live };
        chain.add(row, foreign);
        let in_chain = chain.tally.rows;
        self.sight(row, in_chain);
    }

    /// Notes where a row is, when it is looked for. `in_chain` is its position among the rows of its chain, from 1.
    pub fn sight(&mut self, row: &Checked, in_chain: u64) {
        if let (Some(mac), Some(id), Some(occurred_at)) = (row.mac.mac(), row.id, row.occurred_at)
            && self.wanted.contains(&mac)
        {
            self.sightings.insert(
                mac,
                Sighting {
                    position: row.position,
                    in_chain,
                    id,
                    occurred_at,
                    key_id: row.key_id,
                    generation: row.generation,
                    intact: matches!(row.verdict, Verdict::Verified(_)),
                },
            );
        }
    }
}

impl Chain {
    fn add(&mut self, row: &Checked, foreign: bool) {
        let intact = is_intact(&row.verdict);
        if !foreign {
            self.count(row);
        }
        let expected = self.last.as_ref().map(|last| last.mac);
        // Where a chain may begin is judged from outside; here the first row is as it is.
        let linked = !row.linked || expected.is_none_or(|expected| is_link(expected, row.previous));
        self.tally.linked += u64::from(linked && expected.is_some());
        let neighbour = match (row.id, row.occurred_at) {
            (Some(audit_id), Some(occurred_at)) if is_proved(&row.verdict) && !foreign => {
                Some(Neighbour { row: row.position, audit_id, occurred_at })
            }
            _ => None,
        };
        if neighbour.is_some() {
            for suspect in &mut self.suspects[self.bounded..] {
                suspect.before = neighbour;
            }
            self.bounded = self.suspects.len();
            self.opening_neighbour = self.opening_neighbour.or(neighbour);
        }
        let is_anchor = intact && !foreign;
        if is_anchor {
            // A row that stands alone is taken to follow the row before it.
            let link = if row.linked { row.previous } else { expected.unwrap_or(Link::Null) };
            for suspect in &mut self.suspects[self.anchored..] {
                suspect.next_link = Some(link);
            }
            self.anchored = self.suspects.len();
            self.opening_link.get_or_insert(link);
        }
        if foreign || !intact || !linked {
            if self.suspects.len() < MAX_SUSPECTS {
                self.suspects.push(Suspect {
                    position: row.position,
                    id: row.id,
                    occurred_at: row.occurred_at,
                    mac: row.mac,
                    previous: row.previous,
                    expected,
                    anchor: self.anchor,
                    linked,
                    verdict: row.verdict.clone(),
                    foreign,
                    next_link: None,
                    after: self.last_intact,
                    before: None,
                });
            } else {
                self.dropped += 1;
            }
        }
        if let Some(neighbour) = neighbour {
            self.last_intact = Some(neighbour);
        }
        if is_anchor {
            self.anchor = Some(Anchor { position: row.position, mac: row.mac });
        }
        if foreign {
            return;
        }
        if let Some(boundary) = row.pruned_up_to
            && (self.prunes.len() < MAX_PRUNES || self.prunes.contains_key(&boundary))
        {
            let seen = Seen { position: row.position, id: row.id, occurred_at: row.occurred_at };
            self.prunes.insert(boundary, seen);
        }
        let end = EndRow::of(row);
        if self.first.is_none() {
            self.first = Some(end.clone());
        }
        self.last = Some(end);
    }

    fn count(&mut self, row: &Checked) {
        let tally = &mut self.tally;
        tally.rows += 1;
        match &row.verdict {
            Verdict::Verified(key) => {
                tally.verified += 1;
                *tally.verified_keys.entry(*key).or_default() += 1;
            }
            Verdict::Unsigned => tally.unsigned += 1,
            Verdict::UnknownKey(key) => {
                tally.unknown_key += 1;
                let first = Seen { position: row.position, id: row.id, occurred_at: row.occurred_at };
                tally.unknown_keys.entry(*key).or_insert((0, first)).0 += 1;
            }
            Verdict::Unreadable(_) => tally.unreadable += 1,
            Verdict::Unverifiable => tally.unverifiable += 1,
            Verdict::Mismatch { .. } | Verdict::MalformedMac => tally.mismatched += 1,
        }
        if let Some(key) = row.key_id {
            *tally.named_keys.entry(key).or_default() += 1;
        }
    }

    /// The record of the removal that the chain begins behind.
    pub fn removal(&self) -> Option<Removal> {
        let up_to = self.first.as_ref()?.previous.mac()?;
        Some(Removal { up_to, record: *self.prunes.get(&up_to)? })
    }

    /// Links the first row to what precedes the window that is walked.
    pub fn begin_after(&mut self, mac: Link, intact: bool, neighbour: Option<Neighbour>, position: u64) {
        self.last = Some(EndRow {
            position,
            id: neighbour.map(|neighbour| neighbour.audit_id),
            occurred_at: neighbour.map(|neighbour| neighbour.occurred_at),
            mac,
            previous: Link::Null,
            key_id: None,
            generation: None,
            intact,
            linked: true,
        });
        self.last_intact = neighbour;
        self.context = Some(Anchor { position, mac });
        self.context_holds = intact;
        self.anchor = self.context.filter(|_| intact);
    }
}

/// Whether `previous` names a row whose MAC is `mac`. A row without MAC can be followed by nothing but NULL.
fn is_link(mac: Link, previous: Link) -> bool {
    match (mac, previous) {
        (Link::Mac(mac), Link::Mac(previous)) => mac == previous,
        (Link::Null, Link::Null) => true,
        _ => false,
    }
}
