//! What a report says about a part of a log, and about parts that were joined.

use serde::Serialize;

use super::part::Sealed;
use crate::format::Timestamp;

/// The part that a report is about.
#[derive(Debug, Clone, Serialize)]
pub struct ShardReport {
    /// Which part, from 1.
    pub index: u32,
    /// How many parts there are.
    pub of: u32,
    /// Position of its first row in chain order, from 1.
    pub first_row: u64,
    /// Its rows.
    pub rows: u64,
    /// What `audit verify-merge` joins, under its MAC.
    #[serde(flatten)]
    pub sealed: Sealed,
}

/// What the joined report is made of.
#[derive(Debug, Clone, Serialize)]
pub struct MergedReport {
    /// The parts, in order.
    pub parts: Vec<MergedPart>,
    /// What changed between the readings of the parts, so that they are not parts of one log; `None` when they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<String>,
}

/// One part of a joined report.
#[derive(Debug, Clone, Serialize)]
pub struct MergedPart {
    /// The file of its report.
    pub file: String,
    /// Which part, from 1.
    pub index: u32,
    /// Position of its first row in chain order, from 1.
    pub first_row: u64,
    /// Its rows.
    pub rows: u64,
    /// Not before this time; `None` for the first part.
    pub since: Option<Timestamp>,
    /// Before this time; `None` for the last part.
    pub until: Option<Timestamp>,
    /// When it was read.
    pub started_at: Timestamp,
    /// What it was read from.
    pub database: String,
}
