//! What a report says about a run that resumed.

use serde::Serialize;

use crate::format::Timestamp;

/// How much a run with a resume file read, and what it took from earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incremental {
    /// `incremental`, or `full` when everything was read.
    pub mode: &'static str,
    /// Why everything was read; `None` in mode `incremental`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// Rows of the log.
    pub rows_in_log: u64,
    /// Rows that this run read and no earlier one vouches for.
    pub rows_new: u64,
    /// Older rows that this run read again.
    pub rows_rechecked: u64,
    /// Rows that this run did not read: earlier ones did.
    pub rows_from_earlier_runs: u64,
    /// When the run began that read those of them that were not read for longest; in mode `full` when this run began.
    pub oldest_reading: Timestamp,
    /// When the last run began that read everything.
    pub last_full: Timestamp,
    /// When the point was written that this run resumed from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed_from: Option<Timestamp>,
    /// In how many runs every row is read again.
    pub recheck: u32,
    /// Runs since everything was read.
    pub run: u64,
    /// Whether there is a point for the next run.
    pub point: bool,
}

/// Why everything was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fallback {
    /// One word: `missing`, `damaged`, `mac`, `key`, `rotated`, `database`, `generation`, `recheck`, `age`, `state`,
    /// `guards`, `count`, `frozen`, `beginning`, `pruned`, `head`, `new-rows`, `old-rows`, `keys`, `known-head`,
    /// `findings`.
    pub code: &'static str,
    /// One sentence for a person.
    pub message: String,
}
