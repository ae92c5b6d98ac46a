//! How commands show what they found when their report is about something else.

use serde_json::{Value, json};

use crate::audit::finding::Finding;

/// A line for each, below the other facts.
pub(super) fn human(findings: &[Finding]) -> String {
    let line = |finding: &Finding| format!("  finding    {}: {}\n", finding.class.name(), finding.message);
    findings.iter().map(line).collect()
}

/// The items of `jsonl`.
pub(super) fn items(findings: &[Finding]) -> Vec<Value> {
    findings.iter().map(|finding| json!({ "type": "finding", "finding": finding })).collect()
}

/// The lines of `plain`.
pub(super) fn plain(findings: &[Finding]) -> impl Iterator<Item = (String, String)> {
    findings.iter().map(|finding| (format!("finding.{}", finding.class.name()), finding.message.clone()))
}
