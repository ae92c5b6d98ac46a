//! What became of the rows that have no counterpart at their place: moved, removed, inserted; or nothing that anybody
//! did wrong: appended since, and removed by retention.

use std::collections::BTreeMap;

use super::join::{At, Joined, Kept, Pair, Place, Record, Seen, short};
use super::report::{Counts, Kind};
use super::source::Source;
use super::unmatched::{Entry, by_id};
use crate::audit::bounds::{StateTrust, judge_state};
use crate::audit::keys::Keys;
use crate::error::Result;
use crate::format::Id;
use crate::format::mac::Digest;
use crate::format::state::Watermark;
use crate::store::generation::Generation;

/// Pairs at one place on both sides that the merge could not see, because a time is written in an odd way.
const MAX_LATE: usize = 4096;

/// Up to where retention removed the beginning of a log, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Retention {
    /// The last row that went.
    pub(super) until: Place,
    /// In words.
    pub(super) proof: String,
}

/// What became of all rows.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) counts: Counts,
    pub(super) kinds: BTreeMap<Kind, u64>,
    pub(super) listed: Kept<(Kind, Pair)>,
    /// Pairs that are still to be compared.
    pub(super) late: Vec<Pair>,
    pub(super) late_not_compared: u64,
    pub(super) retention: Option<Retention>,
    /// Whether any row is on both sides.
    pub(super) have_common: bool,
}

/// Settles what the merge left open.
pub(super) fn settle(
    joined: Joined,
    here: &Source,
    there: &Source,
    keys: &Keys,
    limit: usize,
) -> Result<(Settled, Seen, Seen, Vec<Record>)> {
    let Joined { here: seen, there: copied, only_here, only_there, identical, changed, records } = joined;
    let boundaries = Boundaries::of(here, keys, &records, &seen);
    let retention = boundaries.find(&only_there, &seen, &copied)?;
    let ends = Ends {
        here_first: seen.first_place(),
        here_last: seen.last_place(),
        here_live: seen.first_live,
        there_first: copied.first_place().filter(|_| !copied.begins_chain || there.filter.from.is_some()),
        there_last: copied.last_place(),
        retention: retention.as_ref().map(|retention| retention.until),
        leaves_no_record: here
            .detection
            .as_ref()
            .is_some_and(|detection| detection.generation.prunes_without_record()),
        is_contiguous: there.filter.is_contiguous(),
    };
    let mut settled = Settled {
        counts: Counts { identical, ..Counts::default() },
        kinds: BTreeMap::new(),
        listed: Kept::new(limit),
        late: Vec::new(),
        late_not_compared: 0,
        retention,
        have_common: identical + changed.total > 0,
    };
    if changed.total > 0 {
        settled.kinds.insert(Kind::Changed, changed.total);
    }
    for (place, pair) in changed.into_items() {
        settled.listed.add(place, || (Kind::Changed, pair));
    }
    by_id(&only_here, &only_there, &mut |here, there| {
        settled.one(&ends, here, there);
        Ok(())
    })?;
    Ok((settled, seen, copied, records))
}

/// Where both sides begin and end.
struct Ends {
    here_first: Option<Place>,
    here_last: Option<Place>,
    here_live: Option<Place>,
    /// Only where the copy begins later than its chain.
    there_first: Option<Place>,
    there_last: Option<Place>,
    retention: Option<Place>,
    leaves_no_record: bool,
    /// Whether the copy leaves out no row between its first and its last one.
    is_contiguous: bool,
}

impl Settled {
    /// The rows of one id.
    fn one(&mut self, ends: &Ends, here: &[Entry], there: &[Entry]) {
        let common = here.len().min(there.len());
        for (left, right) in here.iter().zip(there) {
            self.have_common = true;
            let pair = Pair { here: Some(at(left)), there: Some(at(right)) };
            if left.key != right.key {
                self.add(Kind::Moved, left.key.place(), pair);
            } else if self.late.len() < MAX_LATE {
                self.late.push(pair);
            } else {
                self.late_not_compared += 1;
            }
        }
        for entry in &here[common..] {
            let place = entry.key.place();
            let has_time = entry.key.time().is_some();
            // Whatever an export of a window was not asked for: rows behind its last one are newer than it.
            let is_newer = has_time && ends.there_last.is_none_or(|last| last < place);
            if !entry.is_in_scope && has_time && !(is_newer && ends.is_contiguous) {
                self.counts.outside_scope += 1;
            } else if is_newer {
                self.counts.appended += 1;
            } else if has_time && ends.there_first.is_some_and(|first| place < first) {
                self.counts.before_copy += 1;
            } else {
                self.add(Kind::Inserted, place, Pair { here: Some(at(entry)), there: None });
            }
        }
        for entry in &there[common..] {
            let place = entry.key.place();
            let is_before = |end: Option<Place>| end.is_none_or(|end| place < end);
            let kind = if entry.key.time().is_none() {
                Kind::Removed
            } else if ends.retention.is_some_and(|until| place <= until) && is_before(ends.here_live) {
                self.counts.retention += 1;
                continue;
            } else if ends.here_last.is_none_or(|last| last < place) {
                Kind::TailCut
            } else if ends.leaves_no_record && is_before(ends.here_first) {
                Kind::PrefixCut
            } else {
                Kind::Removed
            };
            self.add(kind, place, Pair { here: None, there: Some(at(entry)) });
        }
    }

    pub(super) fn add(&mut self, kind: Kind, place: Place, pair: Pair) {
        *self.kinds.entry(kind).or_default() += 1;
        self.listed.add(place, || (kind, pair));
    }

    pub(super) fn count(&self, kind: Kind) -> u64 {
        self.kinds.get(&kind).copied().unwrap_or(0)
    }
}

fn at(entry: &Entry) -> At {
    At { key: entry.key, position: entry.position, row: None }
}

/// A record of where retention stopped.
struct Boundary {
    /// The place of the last row that went, where the record names it.
    place: Option<Place>,
    id: Option<Id>,
    mac: Option<Digest>,
    /// The place of the record itself, where it is a row: what it removed is older.
    written: Option<Place>,
    proof: String,
}

/// All such records of a log.
struct Boundaries(Vec<Boundary>);

impl Boundaries {
    fn of(here: &Source, keys: &Keys, records: &[Record], seen: &Seen) -> Self {
        let mut found = Vec::new();
        let state = here
            .detection
            .as_ref()
            .map(|detection| judge_state(detection, &here.facts, keys, &mut Vec::new()));
        let (state, trust) = match &state {
            Some(StateTrust::Authentic(state)) => (Some(state), "the signed chain state"),
            Some(StateTrust::UnknownKey(state)) => {
                (Some(state), "the chain state, whose key is not configured")
            }
            _ => (None, ""),
        };
        found.extend(state.and_then(|state| state.prune).map(|prune| Boundary {
            place: Some((prune.occurred_at, prune.id)),
            id: Some(prune.id),
            mac: Some(prune.row_hmac),
            written: None,
            proof: format!("{trust} says that retention stopped at {}", prune.occurred_at),
        }));
        let watermark = here.facts.watermark.as_deref().and_then(Watermark::parse);
        // From 1.8 on the state speaks; a watermark of before is history.
        found.extend(watermark.filter(|_| state.is_none()).map(|watermark| Boundary {
            place: None,
            id: None,
            mac: Some(watermark.row_hmac),
            written: None,
            proof: "the watermark of 1.7 names the last row that retention removed; it is not signed".into(),
        }));
        let is_believed =
            |record: &&Record| record.is_verified || keys.audit.is_empty() && keys.master.is_empty();
        for record in records.iter().filter(is_believed) {
            let text = |name: &str| record.metadata[name].as_str();
            let proof = format!("row {} ({}) records it", record.position, record.action);
            let boundary = |id, mac| Boundary { place: None, id, mac, written: Some(record.place), proof };
            match record.action.as_str() {
                "audit.prune" => found.push(boundary(
                    text("boundary_id").and_then(|id| Id::parse(id.as_bytes())),
                    text("boundary_row_hmac").and_then(|mac| Digest::parse(mac.as_bytes())),
                )),
                // Both remove all rows before the first live one there is.
                "audit.frozen_history_exported" => found.push(boundary(None, None)),
                "audit.chain_generation_reset" if seen.first_live == Some(record.place) => {
                    found.push(boundary(None, None));
                }
                _ => {}
            }
        }
        Self(found)
    }

    /// The record that reaches furthest, and does not contradict the copy: where that has the row that the record names,
    /// it must have the HMAC that the record names.
    fn find(
        &self,
        removed: &super::unmatched::Unmatched,
        seen: &Seen,
        copied: &Seen,
    ) -> Result<Option<Retention>> {
        let mut in_copy: Vec<Option<Entry>> = vec![None; self.0.len()];
        let mut sorted = removed.sorted()?;
        while let Some(entry) = sorted.next()? {
            for (boundary, place) in self.0.iter().zip(&mut in_copy) {
                let (_, id) = entry.key.place();
                let is_named = match boundary.id {
                    Some(named) => named == id,
                    None => boundary.mac.is_some_and(|mac| short(mac) == entry.mac),
                };
                if is_named {
                    *place = Some(entry);
                }
            }
        }
        let mut furthest: Option<Retention> = None;
        for (boundary, entry) in self.0.iter().zip(in_copy) {
            let until = match (entry, boundary.mac) {
                (Some(entry), Some(mac)) if entry.mac != short(mac) => continue,
                (Some(entry), _) => entry.key.place(),
                // Newer than the copy, or older: then the copy's own retention had removed it.
                (None, _) => {
                    match (boundary.place, boundary.written, copied.last_place(), seen.first_place()) {
                        (Some(place), ..) => place,
                        (None, Some(written), ..) if boundary.id.is_none() => {
                            seen.first_live.map_or(written, |live| live.min(written))
                        }
                        // The rows of the copy are all older than the first that is left, which links to the boundary.
                        (None, _, Some(last), Some(first))
                            if last < first && seen.first_previous == boundary.mac =>
                        {
                            last
                        }
                        _ => continue,
                    }
                }
            };
            if furthest.as_ref().is_none_or(|found| found.until < until) {
                furthest = Some(Retention { until, proof: boundary.proof.clone() });
            }
        }
        Ok(furthest)
    }
}

/// Whether the records of a generation say nothing of retention.
pub(super) fn is_silent(generation: Option<Generation>) -> bool {
    generation.is_some_and(Generation::prunes_without_record)
}
