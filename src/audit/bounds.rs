//! Where a log begins and ends, and what its guards and records say of it: chain state, prune boundary,
//! watermark, tally, frozen digest, triggers.

use std::collections::BTreeSet;

use crate::audit::check::{Link, Verdict};
use crate::audit::classify::Ends;
use crate::audit::finding::{Class, Finding};
use crate::audit::keys::Keys;
use crate::audit::resume::point::RowName;
use crate::audit::walk::{Chain, EndRow, Removal, Walk};
use crate::error::ExitCode;
use crate::format::Timestamp;
use crate::format::mac::{Digest, KeyId};
use crate::format::state::{ChainState, Watermark};
use crate::store::LogFacts;
use crate::store::generation::{Condition, Detection, Family, Generation};
use crate::store::guards;

/// The shortest retention that any setting of z4j allows, in days; the default is 90.
const SHORTEST_RETENTION_DAYS: u32 = 1;

/// The chain state as far as it can be believed.
#[derive(Debug, Clone)]
pub enum StateTrust {
    /// There is none before 1.8.
    NotApplicable,
    /// Signed by a configured key: it bounds the log.
    Authentic(Box<ChainState>),
    /// Well formed, signed by a key that is not configured.
    UnknownKey(Box<ChainState>),
    /// Missing, contradictory, or not matching its MAC: nothing bounds the log.
    Untrusted,
}

impl StateTrust {
    /// The state, when it is authentic.
    pub fn authentic(&self) -> Option<&ChainState> {
        match self {
            Self::Authentic(state) => Some(state),
            _ => None,
        }
    }
}

/// Judges the chain state.
pub fn judge_state(
    detection: &Detection,
    facts: &LogFacts,
    keys: &Keys,
    findings: &mut Vec<Finding>,
) -> StateTrust {
    if detection.generation.family() != Family::Active {
        return StateTrust::NotApplicable;
    }
    let stored = match facts.states.as_slice() {
        [stored] => stored,
        [] => {
            findings.push(Finding::new(
                Class::StateMismatch,
                "the row of audit_chain_state is missing: nothing says where the log ends and how many rows it has",
            ));
            return StateTrust::Untrusted;
        }
        _ => {
            findings.push(Finding::new(Class::StateForged, "audit_chain_state holds more than one row"));
            return StateTrust::Untrusted;
        }
    };
    let state = match ChainState::from_stored(stored) {
        Ok(state) => state,
        Err(violation) => {
            findings.push(Finding::new(
                Class::StateForged,
                format!("audit_chain_state contradicts itself: {violation}"),
            ));
            return StateTrust::Untrusted;
        }
    };
    let Some(key) = keys.audit_key(state.state_key_id) else {
        findings.push(Finding::new(
            Class::UnknownKey,
            format!(
                "the chain state is signed under key {}, which is not configured: where the log begins and ends is not proved",
                state.state_key_id
            ),
        ));
        return StateTrust::UnknownKey(Box::new(state));
    };
    if state.state_mac != Some(state.mac(key)) {
        findings.push(Finding::new(
            Class::StateForged,
            "audit_chain_state does not match its MAC: head, prune boundary and counts cannot be believed",
        ));
        return StateTrust::Untrusted;
    }
    StateTrust::Authentic(Box::new(state))
}

/// What the state, or the watermark of 1.7, says of the ends of the live chain.
pub fn ends(state: &StateTrust, facts: &LogFacts, windowed: bool) -> Ends {
    if windowed {
        return Ends::default();
    }
    match state {
        StateTrust::Authentic(state) => Ends {
            start: state.prune.map(|prune| prune.row_hmac),
            head: state.head.map(|head| head.row_hmac),
        },
        StateTrust::NotApplicable => {
            let watermark = facts.watermark.as_deref().and_then(Watermark::parse);
            Ends { start: watermark.map(|watermark| watermark.row_hmac), head: None }
        }
        StateTrust::UnknownKey(_) | StateTrust::Untrusted => Ends::default(),
    }
}

/// A brain signs the chain state with the key that it signs rows with, and a rotation appends a row under the new
/// one: a state under an unknown key behind a newest row under a configured one was never signed by a brain.
pub fn judge_unknown_state(state: &StateTrust, walk: &Walk, keys: &Keys, findings: &mut Vec<Finding>) {
    let StateTrust::UnknownKey(state) = state else { return };
    let is_known = |last: &EndRow| last.intact && last.key_id.is_some_and(|id| keys.audit_key(id).is_some());
    if walk.live.last.as_ref().is_some_and(is_known) {
        findings.push(Finding::new(
            Class::StateForged,
            format!(
                "audit_chain_state names the key {}, the newest row is signed under another one: a brain signs both with \
                 the same",
                state.state_key_id
            ),
        ));
    }
}

/// Judges triggers, indexes, constraints, and the preparation of a parked upgrade.
pub fn judge_guards(
    detection: &Detection,
    facts: &LogFacts,
    postgres: bool,
    keys: &Keys,
    findings: &mut Vec<Finding>,
    notes: &mut Vec<String>,
) {
    if detection.is(Condition::UnknownRevision) {
        notes.push(
            "the guards were not judged: this z4jctl does not know what they should be at this revision"
                .into(),
        );
    } else {
        let problems = guards::judge(detection, postgres, &facts.guards);
        findings.extend(problems.into_iter().map(|problem| Finding::new(Class::GuardsMissing, problem)));
    }
    if let Some(preparation) = &facts.preparation {
        let named = Digest::parse(preparation.audit_key_id.as_bytes()).and_then(|id| keys.audit_key(id));
        match named {
            Some(key) if preparation.is_signed_by(key) => {}
            Some(_) => findings
                .push(Finding::new(Class::StateForged, "audit_chain_preparation does not match its MAC")),
            None => notes.push(
                "the preparation of the parked upgrade was not verified: its audit key is not configured"
                    .into(),
            ),
        }
    }
}

/// What the retention setting allows to be missing at the beginning of a log without boundary record.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// How long rows are kept, in days; `None` when nobody told z4jctl.
    pub days: Option<u32>,
    /// The time now.
    pub now: Timestamp,
}

/// Judges where a log before 1.8 begins. Gives a note on what proves it.
pub fn judge_legacy_start(
    detection: &Detection,
    facts: &LogFacts,
    keys: &Keys,
    retention: Retention,
    chain: &Chain,
    findings: &mut Vec<Finding>,
    notes: &mut Vec<String>,
) {
    let Some(first) = &chain.first else { return };
    if is_prefix_of_mismatches(chain) {
        notes.push(
            "the oldest rows link to each other and do not verify: if Z4J_SECRET was changed since, list the secrets before it \
             in Z4J_PREVIOUS_SECRETS"
                .into(),
        );
    }
    // 1.0 to 1.6 keep no such record: whoever wrote one there wants it believed.
    let keeps_record = matches!(detection.generation, Generation::D | Generation::P);
    if facts.watermark.is_some() && !keeps_record {
        findings.push(Finding::new(
            Class::PrunedBoundaryInvalid,
            format!(
                "z4j_meta.audit_prune_watermark exists, and z4j {} never writes one: it proves nothing",
                detection.generation.releases()
            ),
        ));
    }
    let watermark =
        facts.watermark.as_deref().filter(|_| keeps_record).map(|text| (text, Watermark::parse(text)));
    if let Some((_, None)) = watermark {
        findings.push(Finding::new(
            Class::PrunedBoundaryInvalid,
            "z4j_meta.audit_prune_watermark is neither <row_hmac> nor <row_hmac>:<mac>",
        ));
    }
    let watermark = watermark.and_then(|(_, watermark)| watermark);
    if let Some(mac) = watermark.and_then(|watermark| watermark.mac) {
        let authentic = watermark
            .is_some_and(|watermark| keys.master.iter().any(|key| watermark.expected_mac(key) == mac));
        if !authentic {
            findings.push(Finding::new(
                Class::PrunedBoundaryInvalid,
                "z4j_meta.audit_prune_watermark does not match its MAC: where retention stopped cannot be believed",
            ));
            return;
        }
    }
    if !first.linked || first.previous == Link::Null || !first.intact {
        return;
    }
    if let Some(watermark) = watermark {
        if first.previous.mac() == Some(watermark.row_hmac) {
            if watermark.mac.is_none() {
                notes.push(
                    "the log begins where z4j_meta.audit_prune_watermark says retention stopped; 1.7.0 does not sign that \
                     record, so whoever can write the database can move it"
                        .into(),
                );
            }
            return;
        }
        findings.push(at_start(
            first,
            Class::PrunedBoundaryInvalid,
            "the log does not begin where z4j_meta.audit_prune_watermark says retention stopped: rows behind that place are \
             missing, or the record was changed"
                .into(),
        ));
        return;
    }
    if let Some(Removal { record, .. }) = chain.removal() {
        notes.push(format!(
            "the log begins where the signed audit.prune row {}{} says that older rows were removed: whoever has Z4J_SECRET \
             can sign such a row, whoever can only write the database cannot",
            record.id.map(|id| id.to_string()).unwrap_or_default(),
            record.occurred_at.map(|time| format!(" of {time}")).unwrap_or_default()
        ));
        return;
    }
    findings.push(missing_prefix(detection, facts, retention, first));
}

/// Whether the log begins with two or more linked rows that do not verify, as rows under a lost secret do.
fn is_prefix_of_mismatches(chain: &Chain) -> bool {
    let Some(first) = &chain.first else { return false };
    let like = |at: usize| {
        chain.suspects.get(at).is_some_and(|suspect| {
            suspect.anchor.is_none() && suspect.linked && matches!(suspect.verdict, Verdict::Mismatch { .. })
        })
    };
    !first.intact && like(0) && like(1)
}

/// Rows are missing before the first one and nothing records why.
fn missing_prefix(detection: &Detection, facts: &LogFacts, retention: Retention, first: &EndRow) -> Finding {
    let message = |judgement: &str| {
        format!("the log does not begin at its genesis: older rows are missing; {judgement}")
    };
    if detection.generation == Generation::A {
        return at_start(
            first,
            Class::PrefixCut,
            message("1.0 to 1.2 never remove audit rows by themselves"),
        );
    }
    let days = retention.days.unwrap_or(SHORTEST_RETENTION_DAYS);
    let kept = match retention.days {
        Some(days) => format!("rows older than {days} days"),
        None => "rows older than Z4J_AUDIT_RETENTION_DAYS, 90 days by default".to_owned(),
    };
    if let Some(installed_at) = facts.installed_at
        && retention.now < installed_at.plus_seconds(i64::from(days) * 86_400)
    {
        let judgement = format!(
            "retention ({kept}) cannot have removed them: this brain was installed at {installed_at}"
        );
        return at_start(first, Class::PrefixCut, message(&judgement));
    }
    let judgement = format!(
        "retention ({kept}) may have removed them without a record, as 1.3 to 1.6 do, or somebody else did: this database \
         cannot tell; a known head or a backup from before can"
    );
    at_start(first, Class::PrefixCut, message(&judgement)).undecided()
}

fn at_start(first: &EndRow, class: Class, message: String) -> Finding {
    Finding {
        row: Some(first.position),
        audit_id: first.id,
        occurred_at: first.occurred_at,
        expected_prev_row_hmac: Some(None),
        got_prev_row_hmac: Some(first.previous.display()),
        ..Finding::new(class, message)
    }
}

/// Judges where an active chain begins and ends, and its counts, against an authentic state.
pub fn judge_active(state: &ChainState, walk: &Walk, findings: &mut Vec<Finding>, notes: &mut Vec<String>) {
    let live = &walk.live;
    let foreign: BTreeSet<u64> =
        live.suspects.iter().filter(|suspect| suspect.foreign).map(|suspect| suspect.position).collect();
    let (counted, signed) = (counted_rows(live, &foreign, findings), state.active_row_count);
    // What was added fills no gap; rows of another generation are not among the counted.
    let is_extra = |finding: &&Finding| {
        matches!(finding.class, Class::Inserted | Class::Duplicated | Class::Forked)
            && finding.row.is_none_or(|row| !foreign.contains(&row))
    };
    let extra = findings.iter().filter(is_extra).count();
    let has_fork = findings.iter().any(|finding| finding.class == Class::Forked);
    let genuine = counted.saturating_sub(u64::try_from(extra).unwrap_or(0));
    let missing = signed.saturating_sub(genuine);
    judge_active_start(state, live, findings);
    judge_active_end(state, walk, missing, findings);
    let is_gap =
        |finding: &Finding| matches!(finding.class, Class::Removed | Class::PrefixCut | Class::TailCut);
    let gaps = findings.iter().filter(|finding| is_gap(finding)).count();
    match gaps {
        0 if missing > 0 => {
            let message = format!(
                "{missing} row(s) are missing by the signed count of {signed}, where other findings hide the gap"
            );
            findings.push(Finding { missing_rows: Some(missing), ..Finding::new(Class::Removed, message) });
        }
        // A fork may have grown: how many rows were added is not known.
        1 if missing > 0 && !has_fork => {
            for finding in findings.iter_mut().filter(|finding| is_gap(finding)) {
                finding.missing_rows = Some(missing);
                finding.message.push_str(&format!("; {missing} missing by the signed count"));
            }
        }
        _ if missing > 0 => {
            notes
                .push(format!("at least {missing} rows are missing in all, by the signed count of {signed}"));
        }
        _ => {}
    }
    if findings.iter().any(|finding| finding.exit_code() == ExitCode::Finding) {
        return;
    }
    // Rows that cannot be read explain nothing here: they are counted, and so is every key that they name.
    let unnamed = counted.saturating_sub(live.tally.named_keys.values().sum());
    let deficit = |(key, count): (&KeyId, &u64)| {
        count.saturating_sub(live.tally.named_keys.get(key).copied().unwrap_or(0))
    };
    let is_subset =
        live.tally.named_keys.iter().all(|(key, count)| state.active_key_counts.get(key) >= Some(count));
    if counted != signed {
        findings.push(Finding::new(
            Class::StateMismatch,
            format!("the chain state counts {signed} active rows, the log has {counted}"),
        ));
    } else if !is_subset || state.active_key_counts.iter().map(deficit).sum::<u64>() > unnamed {
        findings.push(Finding::new(
            Class::StateMismatch,
            "the chain state counts other numbers of rows per key than the log has",
        ));
    }
}

/// Active rows, with those whose `chain_generation` was changed and nothing else about their place.
fn counted_rows(live: &Chain, foreign: &BTreeSet<u64>, findings: &[Finding]) -> u64 {
    let in_place = findings.iter().filter(|finding| {
        finding.row.is_some_and(|row| foreign.contains(&row))
            && matches!(finding.class, Class::Edited | Class::Malformed | Class::Unsigned | Class::Reordered)
    });
    live.tally.rows + u64::try_from(in_place.count()).unwrap_or(0)
}

/// Judges where an active chain begins.
pub fn judge_active_start(state: &ChainState, live: &Chain, findings: &mut Vec<Finding>) {
    let Some(first) = live.first.as_ref().filter(|first| first.intact) else { return };
    let expected = state.prune.map(|prune| prune.row_hmac);
    if first.previous.mac() == expected && first.previous != Link::Malformed {
        return;
    }
    // Its predecessor is there, under another generation: said of that row.
    if live.suspects.iter().any(|suspect| suspect.foreign && is_same(suspect.mac, first.previous)) {
        return;
    }
    let (class, message) = match (expected, first.previous) {
        (Some(_), Link::Null) => (
            Class::PrunedBoundaryInvalid,
            "the log begins with a genesis row although the chain state says that older rows were pruned",
        ),
        (Some(_), _) => (
            Class::PrefixCut,
            "the log does not begin at the signed prune boundary: the oldest rows behind it are missing",
        ),
        (None, _) => (
            Class::PrefixCut,
            "the log does not begin at its genesis and nothing was ever pruned by the signed state: the oldest rows are missing",
        ),
    };
    let mut finding = at_start(first, class, message.into());
    finding.expected_prev_row_hmac = Some(expected.map(|mac| mac.to_string()));
    findings.push(finding);
}

fn is_same(mac: Link, previous: Link) -> bool {
    mac.mac().is_some() && mac == previous
}

/// Judges where an active chain ends; `missing` rows are known to be missing by the signed count.
pub fn judge_active_end(state: &ChainState, walk: &Walk, missing: u64, findings: &mut Vec<Finding>) {
    let live = &walk.live;
    let (last, head) = match (&live.last, &state.head) {
        (None, None) => return,
        (None, Some(_)) if state.active_row_count == 0 => return,
        (None, Some(head)) => {
            findings.push(Finding::new(
                Class::TailCut,
                format!("no active row is left; the signed head is {} of {}", head.id, head.occurred_at),
            ));
            return;
        }
        (Some(last), None) => {
            findings.push(at_end(
                last,
                Class::StateMismatch,
                "active rows exist although the chain state says there is no head".into(),
            ));
            return;
        }
        (Some(last), Some(head)) => (last, head),
    };
    if last.mac.mac() == Some(head.row_hmac) {
        let same = last.id == Some(head.id)
            && last.occurred_at == Some(head.occurred_at)
            && last.key_id == Some(head.hmac_key_id);
        if !same && last.intact {
            findings.push(at_end(
                last,
                Class::StateMismatch,
                "the newest row carries the MAC of the signed head and another id, time or key".into(),
            ));
        }
        return;
    }
    if let Some(seen) = walk.sightings.get(&head.row_hmac) {
        let behind = live.tally.rows.saturating_sub(seen.in_chain);
        let all_named = live
            .suspects
            .iter()
            .filter(|suspect| suspect.position > seen.position && !suspect.foreign)
            .count();
        if u64::try_from(all_named).unwrap_or(0) < behind {
            findings.push(at_end(
                last,
                Class::StateMismatch,
                format!("{behind} row(s) stand behind the signed head {}: they were added without the brain, or the state was rolled back", head.id),
            ));
        }
        return;
    }
    // The head itself was changed or replaced: said of that row.
    if !last.intact && (last.id == Some(head.id) || missing == 0) {
        return;
    }
    findings.push(at_end(
        last,
        Class::TailCut,
        format!(
            "the log ends before its signed head {} of {}: the newest rows are missing",
            head.id, head.occurred_at
        ),
    ));
}

/// Judges a log in which the newest row of an earlier run should be. Retention may have removed it; whoever put an
/// older copy of the database back, or cut the tail, has too.
pub fn judge_earlier_head(
    head: &RowName,
    seen_at: Timestamp,
    state: &StateTrust,
    walk: &Walk,
) -> Option<Finding> {
    let mac = head.row_hmac?;
    if walk.sightings.contains_key(&mac) {
        return None;
    }
    let ends = |row: &EndRow| row.occurred_at.zip(row.id);
    let is_pruned = match state {
        StateTrust::Authentic(state) => {
            state.prune.is_some_and(|prune| (prune.occurred_at, prune.id) >= head.place())
        }
        // Before 1.8 nothing signed says how far retention came.
        _ => walk.live.first.as_ref().and_then(ends).is_some_and(|first| first > head.place()),
    };
    // A row that was changed in its place is named as that.
    let is_changed =
        walk.live.suspects.iter().any(|suspect| suspect.id == Some(head.id) && !suspect.is_intact());
    if is_pruned || is_changed {
        return None;
    }
    Some(Finding::new(
        Class::TailCut,
        format!(
            "row {} of {}, the newest one when the resume point was written ({seen_at}), is no longer in the log: the newest rows \
             were removed, or an older copy was put back; after a restore that you made yourself, remove the resume file",
            head.id, head.occurred_at
        ),
    ))
}

fn at_end(last: &EndRow, class: Class, message: String) -> Finding {
    Finding {
        row: Some(last.position),
        audit_id: last.id,
        occurred_at: last.occurred_at,
        ..Finding::new(class, message)
    }
}

/// Judges frozen history against the signed digest. True when it is what was signed.
pub fn frozen_is_authentic(state: &ChainState, walk: &Walk) -> bool {
    walk.frozen_without_snapshot == 0
        && walk.frozen.tally.rows == state.frozen_row_count
        && walk.digest_of_frozen() == state.frozen_snapshot_digest
}

/// Adds what is to be said of frozen history that is not what was signed, beside the rows that could be named.
pub fn judge_frozen(
    state: &ChainState,
    walk: &Walk,
    has_master_key: bool,
    named: Vec<Finding>,
    findings: &mut Vec<Finding>,
) {
    let (counted, signed) = (walk.frozen.tally.rows, state.frozen_row_count);
    let names = |class: Class| named.iter().any(|finding| finding.class == class);
    if counted < signed && !names(Class::Removed) {
        let mut finding =
            Finding::new(Class::Removed, format!("{} of {signed} frozen rows are missing", signed - counted));
        finding.missing_rows = Some(signed - counted);
        findings.push(finding);
    } else if counted > signed && !names(Class::Inserted) && !names(Class::Duplicated) {
        findings.push(Finding::new(
            Class::Inserted,
            format!(
                "{} rows are marked as frozen that were not there when history was frozen",
                counted - signed
            ),
        ));
    } else if counted == signed && named.is_empty() {
        let hint = if has_master_key {
            "no single row could be named: a row without its own MAC or a marker column was changed"
        } else {
            "with Z4J_SECRET the rows that were changed could be named"
        };
        findings.push(Finding::new(
            Class::StateMismatch,
            format!("frozen history is not what the chain state signed; {hint}"),
        ));
    }
    findings.extend(named);
}

/// Judges PostgreSQL's row tally (1.11 and later).
pub fn judge_tally(
    detection: &Detection,
    facts: &LogFacts,
    postgres: bool,
    live_rows: u64,
    findings: &mut Vec<Finding>,
) {
    if !postgres || !detection.has_tally {
        return;
    }
    let Some(state) = facts.states.first() else { return };
    let observed = state.observed_active_row_count.unwrap_or(-1);
    if u64::try_from(observed) != Ok(live_rows) {
        findings.push(Finding::new(
            Class::TallyMismatch,
            format!("observed_active_row_count is {observed}, the log has {live_rows} active rows: rows were added or removed past the triggers"),
        ));
    }
}
