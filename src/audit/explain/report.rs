//! What is said about a finding beyond what it is. Its JSON form is a contract; fields are only ever added.

use serde::Serialize;

use crate::audit::diff::report::Difference;
use crate::format::{Id, Timestamp};
use crate::identity::active::Active;
use crate::identity::assess::report::AuditRow;

/// A finding explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What it means, in plain words.
    pub meaning: &'static str,
    /// The intact rows around it, with what they hold.
    pub neighbours: Vec<Witnessed>,
    /// What differs from the copy that was given: old and new values.
    pub changes: Vec<Difference>,
    /// Differences that are not listed here.
    pub changes_not_listed: u64,
    /// What the copy says when it lists nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy: Option<String>,
    /// Who was active between the neighbours: when what was changed happened, not when it was changed. `None` when
    /// nothing bounds it in time.
    pub active: Option<Active>,
    /// What to do next, in this order.
    pub next: Vec<Step>,
}

/// An intact row next to a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Witnessed {
    /// `after`: the finding lies behind it; `before`: it lies before it.
    pub side: &'static str,
    /// 1-based position in chain order.
    pub row: u64,
    /// `audit_log.id`.
    pub audit_id: Id,
    /// `audit_log.occurred_at`.
    pub occurred_at: Timestamp,
    /// What it holds.
    pub holds: Option<AuditRow>,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Why.
    pub why: &'static str,
    /// What to run; words in capitals are to be filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}
