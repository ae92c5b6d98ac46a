//! The records about a log: its chain state and its watermark, on both sides.

use super::join::Record;
use super::report::{Counts, RecordChange};
use super::source::Source;
use crate::format::state::{StoredQuartet, StoredState};
use crate::format::{Id, Timestamp};

/// What happened between the copy and the log, as far as it explains records that differ.
pub(super) struct Happened<'a> {
    pub(super) counts: &'a Counts,
    pub(super) records: &'a [Record],
    /// Whether the log was upgraded to or beyond 1.8 since.
    pub(super) is_upgrade: bool,
    /// Whether the copy holds only some rows, so that they do not say how the log grew.
    pub(super) is_partial: bool,
}

/// Compares the records of both sides.
pub(super) fn compare(here: &Source, there: &Source, happened: &Happened<'_>) -> Vec<RecordChange> {
    let mut changes = Vec::new();
    if let ([new], [old]) = (here.facts.states.as_slice(), there.facts.states.as_slice()) {
        for ((name, new), (_, old)) in members(new).into_iter().zip(members(old)) {
            if new != old {
                let expected = is_expected(name, happened);
                changes.push(RecordChange { name: format!("audit_chain_state.{name}"), old, new, expected });
            }
        }
    } else if here.facts.states.len() != there.facts.states.len() && there.has_records() {
        changes.push(RecordChange {
            name: "audit_chain_state rows".into(),
            old: Some(there.facts.states.len().to_string()),
            new: Some(here.facts.states.len().to_string()),
            expected: happened.is_upgrade,
        });
    }
    let (new, old) = (&here.facts.watermark, &there.facts.watermark);
    if new != old && there.has_records() {
        changes.push(RecordChange {
            name: "z4j_meta.audit_prune_watermark".into(),
            old: old.clone(),
            new: new.clone(),
            expected: happened.counts.retention > 0 || happened.is_upgrade,
        });
    }
    changes
}

fn is_expected(member: &str, happened: &Happened<'_>) -> bool {
    let has = |action: &str| happened.records.iter().any(|record| record.action == action);
    let grew = happened.counts.appended > 0 || happened.is_partial;
    let pruned = happened.counts.retention > 0 || happened.is_partial;
    match member {
        // Unsigned, and PostgreSQL's alone.
        "observed_active_row_count" => true,
        "head" => grew,
        "active_row_count" | "active_key_counts" | "state_mac" => grew || pruned,
        "prune" => pruned,
        "state_key_id" => grew && has("audit.chain_key_rotated"),
        "generation" => has("audit.chain_generation_reset"),
        "frozen_row_count" | "frozen_snapshot_digest" => {
            has("audit.frozen_history_exported") || has("audit.chain_generation_reset")
        }
        _ => false,
    }
}

/// The members of a state in one form, whatever database they come from.
fn members(state: &StoredState) -> Vec<(&'static str, Option<String>)> {
    let id = |text: &Option<String>| {
        text.as_ref().map(|text| Id::parse(text.as_bytes()).map_or_else(|| text.clone(), |id| id.to_string()))
    };
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    let json = |text: &Option<String>| {
        let text = text.as_ref()?;
        // Members of an object are sorted when it is read.
        Some(
            serde_json::from_str::<serde_json::Value>(text)
                .map_or_else(|_| text.clone(), |value| value.to_string()),
        )
    };
    let quartet = |quartet: &StoredQuartet| {
        let time = quartet
            .occurred_at
            .as_ref()
            .map(|time| Timestamp::parse(time).map_or_else(|| time.clone(), Timestamp::canonical));
        let parts = [id(&quartet.id), time, quartet.row_hmac.clone(), quartet.hmac_key_id.clone()];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    vec![
        ("format_version", number(state.format_version)),
        ("generation", id(&state.generation)),
        ("installation_id", id(&state.installation_id)),
        ("state_key_id", state.state_key_id.clone()),
        ("head", quartet(&state.head)),
        ("prune", quartet(&state.prune)),
        ("active_row_count", number(state.active_row_count)),
        ("active_key_counts", json(&state.active_key_counts)),
        ("frozen_row_count", number(state.frozen_row_count)),
        ("frozen_snapshot_digest", state.frozen_snapshot_digest.clone()),
        ("retired_recovery_binding", json(&state.retired_recovery_binding)),
        ("state_mac", state.state_mac.clone()),
        ("observed_active_row_count", number(state.observed_active_row_count)),
    ]
}
