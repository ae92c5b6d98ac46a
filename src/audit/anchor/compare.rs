//! Laying the rows of a log beside the leaves that were anchored, row by row, in chain order.

use std::sync::Arc;

use super::place::{AnchorLog, Record};
use crate::audit::check::{Checked, Link, Part, Verdict};
use crate::format::checkpoint::Head;
use crate::format::merkle::leaf_hash;
use crate::format::{Id, Timestamp};

/// Gaps that are kept; more are only counted, and are a finding in any case.
const MAX_GAPS: usize = 100;

/// A row of the log at which something is to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// 1-based position in chain order.
    pub position: u64,
    /// Its id, when readable.
    pub id: Option<Id>,
    /// Its time, when readable.
    pub occurred_at: Option<Timestamp>,
    /// `prev_row_hmac`.
    pub previous: Link,
    /// Whether its MAC verifies.
    pub intact: bool,
    /// Whether it is frozen history.
    pub frozen: bool,
}

impl Place {
    fn of(row: &Checked) -> Self {
        Self {
            position: row.position,
            id: row.id,
            occurred_at: row.occurred_at,
            previous: row.previous,
            intact: matches!(row.verdict, Verdict::Verified(_)),
            frozen: row.part == Part::Frozen,
        }
    }
}

/// Leaves that have no row.
#[derive(Debug, Clone)]
pub struct Gap {
    /// Index of the first of them.
    pub from: usize,
    /// Index behind the last of them.
    pub to: usize,
    /// The row behind them.
    pub behind: Place,
    /// Whether live rows that were anchored stand before them.
    pub live_before: bool,
    /// Whether rows that were not anchored stand in their place.
    pub replaced: bool,
}

/// A row that stands where another was anchored.
#[derive(Debug, Clone)]
pub struct Stranger {
    /// The row.
    pub place: Place,
    /// Index of the leaf that belongs there.
    pub expected: usize,
    /// Index of the leaf of the row with its id, when that was anchored.
    pub known: Option<usize>,
    /// Whether it still is what was anchored under that id, in another place.
    pub moved: bool,
}

/// A comparison under way.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What was anchored.
    pub log: Arc<AnchorLog>,
    /// Index of the next leaf.
    pub next: usize,
    /// Rows that are what was anchored.
    pub matched: u64,
    /// Those of them that are not frozen.
    pub matched_live: u64,
    /// The last of them.
    pub last_matched: Option<Place>,
    /// Where leaves have no row.
    pub gaps: Vec<Gap>,
    /// Gaps that were not kept.
    pub gaps_dropped: u64,
    /// The first row that stands where another was anchored.
    pub stranger: Option<Stranger>,
    /// How many such rows there are.
    pub strangers: u64,
    /// Whether the log goes on as it was anchored behind the first of them, with none of its rows missing.
    pub goes_on: bool,
    /// The index of the leaf of the last row; `None` when that stands where another was anchored.
    pub last_index: Option<usize>,
    /// Rows behind everything that was anchored.
    pub beyond: u64,
    /// What the next anchor needs of those; empty when nobody asked.
    pub new: Vec<Record>,
    /// The newest row.
    pub head: Option<Head>,
    collect: bool,
    strangers_before: u64,
}

impl Comparison {
    /// A comparison with what was anchored; `collect` keeps what the next anchor needs of the rows since then.
    pub fn new(log: Arc<AnchorLog>, collect: bool) -> Self {
        Self {
            log,
            next: 0,
            matched: 0,
            matched_live: 0,
            last_matched: None,
            gaps: Vec::new(),
            gaps_dropped: 0,
            stranger: None,
            strangers: 0,
            goes_on: false,
            last_index: None,
            beyond: 0,
            new: Vec::new(),
            head: None,
            collect,
            strangers_before: 0,
        }
    }

    /// How many leaves have no row at the end of the log.
    pub fn missing_at_end(&self) -> usize {
        self.log.records.len() - self.next
    }

    /// Takes the next row.
    pub fn add(&mut self, row: &Checked) {
        let record = Record::of(row);
        self.head = match (row.id, row.occurred_at, row.mac) {
            (Some(id), Some(occurred_at), Link::Mac(row_hmac)) => Some(Head { id, occurred_at, row_hmac }),
            _ => None,
        };
        let total = self.log.records.len();
        if self.next == total {
            return self.add_beyond(record);
        }
        if self.log.records[self.next].leaf == record.leaf {
            self.goes_on |= self.strangers > 0 && self.next == self.expected_at_stranger();
            return self.matches(row);
        }
        if let Some(at) = self.log.find_leaf(record.leaf).filter(|at| *at > self.next) {
            self.gap(at, row);
            return self.matches(row);
        }
        // Retention may have removed everything that was anchored: the row that follows the newest leaf begins the rest.
        let follows_newest =
            row.previous.mac().is_some_and(|mac| leaf_hash(&mac.0) == self.log.records[total - 1].leaf);
        if follows_newest && self.strangers == 0 {
            self.gap(total, row);
            return self.add_beyond(record);
        }
        self.last_index = None;
        self.strangers += 1;
        if self.stranger.is_none() {
            let known = row.id.and_then(|id| self.log.find_id(id));
            let moved = known.is_some_and(|at| self.log.records[at].leaf == record.leaf);
            self.stranger = Some(Stranger { place: Place::of(row), expected: self.next, known, moved });
        }
    }

    fn expected_at_stranger(&self) -> usize {
        self.stranger.as_ref().map_or(usize::MAX, |stranger| stranger.expected)
    }

    fn matches(&mut self, row: &Checked) {
        self.last_index = Some(self.next);
        self.next += 1;
        self.matched += 1;
        self.matched_live += u64::from(row.part == Part::Live);
        self.last_matched = Some(Place::of(row));
        self.strangers_before = self.strangers;
    }

    fn gap(&mut self, to: usize, row: &Checked) {
        if self.gaps.len() < MAX_GAPS {
            self.gaps.push(Gap {
                from: self.next,
                to,
                behind: Place::of(row),
                live_before: self.matched_live > 0,
                replaced: self.strangers > self.strangers_before,
            });
        } else {
            self.gaps_dropped += 1;
        }
        self.next = to;
    }

    fn add_beyond(&mut self, record: Record) {
        self.last_index = usize::try_from(self.beyond).ok().map(|beyond| self.log.records.len() + beyond);
        self.beyond += 1;
        if self.collect {
            self.new.push(record);
        }
    }
}
