//! Dividing a log into ranges while it is walked.

use std::collections::BTreeMap;

use crate::audit::check::{Checked, Part, Verdict};
use crate::audit::resume::point::{Range, RowName};
use crate::format::Timestamp;
use crate::format::frozen::FrozenDigest;

/// Collects the ranges of a walk. What it yields means something only when the walk finds nothing.
#[derive(Clone)]
pub struct Ranges {
    /// Rows after which a range is full.
    limit: u64,
    read_at: Timestamp,
    next_number: u64,
    done: Vec<Range>,
    digest: FrozenDigest,
    last_time: Option<Timestamp>,
    /// The oldest row.
    pub first: Option<RowName>,
    /// The newest row of the chain.
    pub head: Option<RowName>,
}

impl Ranges {
    /// For a walk that began at `read_at` over about `rows` rows, to be read again in `recheck` runs.
    pub fn new(rows: u64, recheck: u32, read_at: Timestamp) -> Self {
        Self {
            limit: range_size(rows, recheck),
            read_at,
            next_number: 0,
            done: Vec::new(),
            digest: FrozenDigest::default(),
            last_time: None,
            first: None,
            head: None,
        }
    }

    /// Goes on behind ranges that an earlier run collected; `last_time` is the time of their last row.
    pub fn behind(ranges: Vec<Range>, limit: u64, last_time: Timestamp, read_at: Timestamp) -> Self {
        Self {
            limit,
            read_at,
            next_number: ranges.iter().map(|range| range.number + 1).max().unwrap_or(0),
            done: ranges,
            digest: FrozenDigest::default(),
            last_time: Some(last_time),
            first: None,
            head: None,
        }
    }

    /// Takes the next row; `snapshot` when it is frozen.
    pub fn add(&mut self, row: &Checked, snapshot: Option<&[u8]>) {
        let (Some(id), Some(occurred_at)) = (row.id, row.occurred_at) else { return };
        let name = RowName { id, occurred_at, row_hmac: row.mac.mac() };
        self.first.get_or_insert(name);
        let is_later = self.last_time.is_none_or(|last| occurred_at > last);
        self.last_time = Some(occurred_at);
        let is_full = self.done.last().is_none_or(|range| range.rows() >= self.limit);
        if is_full && is_later {
            self.close();
            self.done.push(Range {
                number: self.next_number,
                since: occurred_at,
                first_id: id,
                live: 0,
                frozen: 0,
                frozen_digest: None,
                live_previous: None,
                live_last: None,
                keys: BTreeMap::new(),
                read_at: self.read_at,
            });
            self.next_number += 1;
        }
        let Some(range) = self.done.last_mut() else { return };
        if row.part == Part::Frozen {
            range.frozen += 1;
            self.digest.add(snapshot.unwrap_or_default());
            return;
        }
        if range.live == 0 {
            range.live_previous = row.previous.mac();
        }
        range.live += 1;
        range.live_last = row.mac.mac();
        if let Verdict::Verified(key) = row.verdict {
            *range.keys.entry(key).or_default() += 1;
        }
        self.head = Some(name);
    }

    /// The ranges, in chain order.
    pub fn finish(mut self) -> Vec<Range> {
        self.close();
        self.done
    }

    fn close(&mut self) {
        let digest = std::mem::take(&mut self.digest);
        if digest.rows() > 0
            && let Some(range) = self.done.last_mut()
        {
            range.frozen_digest = Some(digest.finish());
        }
    }
}

/// Rows of a range, so that `recheck` of them make up the log.
pub fn range_size(rows: u64, recheck: u32) -> u64 {
    rows.div_ceil(u64::from(recheck.max(1))).max(1)
}
