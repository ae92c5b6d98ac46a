//! What a comparison with anchors says of a log.

use serde::Serialize;

use super::compare::{Comparison, Gap, Stranger};
use super::place::{AnchorLog, Problem, Record};
use super::timestamp::{TimestampReport, Timestamps};
use crate::audit::bounds::StateTrust;
use crate::audit::check::Link;
use crate::audit::finding::{Class, Finding, Neighbour};
use crate::format::merkle::leaf_hash;
use crate::format::state::ChainState;
use crate::format::{Id, Timestamp};

/// What became of the anchors; a part of the report of `audit verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnchorReport {
    /// The directory.
    pub directory: String,
    /// How many anchors are believed and were compared.
    pub checked: u64,
    /// The file of the newest of them.
    pub newest: Option<String>,
    /// When it was made.
    pub newest_at: Option<Timestamp>,
    /// How many rows it covers.
    pub size: u64,
    /// The log that it is of.
    pub origin: Option<String>,
    /// Name and id of the key that signed it.
    pub signer: Option<String>,
    /// `consistent`, `tail-cut`, `rolled-back`, `re-signed`, `forked`, `edited`, `removed`, `prefix-cut`,
    /// `inserted`, `reordered`,
    /// `anchor-invalid`, or `none` when there is no anchor.
    pub verdict: &'static str,
    /// Anchored rows that are there, as they were anchored.
    pub rows_matched: u64,
    /// Anchored rows that retention removed, by a boundary that is proved. They cannot be checked again.
    pub rows_removed: u64,
    /// Rows since the newest anchor: nothing outside the database vouches for them.
    pub rows_not_anchored: u64,
    /// What the timestamps beside the anchors say, when there are some.
    pub timestamps: Option<TimestampReport>,
}

/// What is known of the log beside the comparison.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The chain state.
    pub state: &'a StateTrust,
    /// Whether the log by itself is proved to have been tampered with.
    pub is_broken: bool,
    /// The timestamps beside the anchors.
    pub timestamps: Option<&'a Timestamps>,
}

/// Judges a comparison. Findings are in chain order; what is worth a note goes to `notes`.
pub fn judge(
    comparison: &Comparison,
    known: Known<'_>,
    notes: &mut Vec<String>,
) -> (AnchorReport, Vec<Finding>) {
    let log = &*comparison.log;
    let mut findings = Vec::new();
    let mut removed = 0;
    if !log.records.is_empty() {
        judge_rows(comparison, known, &mut findings, &mut removed, notes);
    }
    let verdict = findings.first().map(|finding| finding.class.name());
    if let Some(problem) = &log.problem {
        findings.push(invalid(problem));
    } else if log.checkpoints.is_empty() {
        let message = format!("there is no anchor in {}: nothing was compared", log.directory.display());
        findings.push(Finding::new(Class::AnchorInvalid, message).undecided());
    }
    if let Some(timestamps) = known.timestamps {
        findings.extend(timestamps.problems.iter().map(invalid));
        notes.extend(timestamps.note());
    }
    if let Some(unverified) = log.newest().and_then(|newest| newest.unverified) {
        notes.push(format!(
            "the newest anchor was made of a log that did not verify (exit code {unverified})"
        ));
    }
    if comparison.beyond > 0 && !log.records.is_empty() {
        notes.push(format!("{} row(s) were written since the newest anchor", comparison.beyond));
    }
    let newest = log.newest();
    let none = if log.problem.is_some() { Class::AnchorInvalid.name() } else { "none" };
    let report = AnchorReport {
        directory: log.directory.display().to_string(),
        checked: log.checkpoints.len() as u64,
        newest: log.newest_file.clone(),
        newest_at: newest.map(|newest| newest.time),
        size: newest.map_or(0, |newest| newest.size),
        origin: newest.map(|newest| newest.origin.clone()),
        signer: log.signer.clone(),
        verdict: match verdict {
            Some(verdict) => verdict,
            None if newest.is_none() || log.problem.is_some() => none,
            None => "consistent",
        },
        rows_matched: comparison.matched,
        rows_removed: removed,
        rows_not_anchored: comparison.beyond,
        timestamps: known.timestamps.map(|timestamps| timestamps.report.clone()),
    };
    (report, findings)
}

fn invalid(problem: &Problem) -> Finding {
    let finding = Finding::new(Class::AnchorInvalid, problem.message.clone());
    if problem.undecided { finding.undecided() } else { finding }
}

fn judge_rows(
    comparison: &Comparison,
    known: Known<'_>,
    findings: &mut Vec<Finding>,
    removed: &mut u64,
    notes: &mut Vec<String>,
) {
    let log = &*comparison.log;
    if let Some(stranger) = &comparison.stranger {
        findings.push(judge_stranger(comparison, stranger, known));
    }
    // A row that was moved is not gone.
    let moved = comparison.stranger.as_ref().filter(|stranger| stranger.moved).and_then(|row| row.known);
    let is_moved = |gap: &Gap| gap.to - gap.from == 1 && moved == Some(gap.from);
    for gap in comparison.gaps.iter().filter(|gap| !gap.replaced && !is_moved(gap)) {
        let missing = (gap.to - gap.from) as u64;
        if is_retention(log, gap, known.state) {
            *removed += missing;
            notes.push(removed_note(log, gap.from, gap.to));
            continue;
        }
        let class = if gap.from == 0 { Class::PrefixCut } else { Class::Removed };
        let message = format!(
            "{missing} anchored row(s) are gone before this one and nothing proves that retention removed them; {}",
            span(log, gap.from, gap.to)
        );
        let finding = Finding {
            row: Some(gap.behind.position),
            audit_id: gap.behind.id,
            occurred_at: gap.behind.occurred_at,
            missing_rows: Some(missing),
            ..Finding::new(class, message)
        };
        // Under an unknown key neither row nor state can be believed or refuted.
        let is_open = matches!(known.state, StateTrust::UnknownKey(_)) && !known.is_broken;
        findings.push(if is_open { finding.undecided() } else { finding });
    }
    if comparison.gaps_dropped > 0 {
        findings.push(Finding::new(
            Class::Removed,
            format!("anchored rows are gone at {} more places", comparison.gaps_dropped),
        ));
    }
    if comparison.stranger.is_none() && comparison.missing_at_end() > 0 {
        let total = log.records.len();
        if everything_was_pruned(comparison, known.state) {
            *removed += comparison.missing_at_end() as u64;
            notes.push(removed_note(log, comparison.next, total));
        } else {
            findings.push(cut_tail(comparison, known));
        }
    }
}

/// The log is shorter than it was, and what is left is as it was.
fn cut_tail(comparison: &Comparison, known: Known<'_>) -> Finding {
    let log = &*comparison.log;
    let (from, to) = (comparison.next, log.records.len());
    let is_whole = match known.state {
        // The signed state names the last row that is left: it is an older one, or it was signed again.
        StateTrust::Authentic(_) => !known.is_broken,
        // Nothing says where such a log ends, but it was anchored when it ended here.
        StateTrust::NotApplicable => {
            from > 0 && log.checkpoints.iter().any(|checkpoint| checkpoint.size == from as u64)
        }
        StateTrust::UnknownKey(_) | StateTrust::Untrusted => false,
    };
    let missing = (to - from) as u64;
    let (class, what) = if is_whole {
        (
            Class::RolledBack,
            "the log is an older state of itself, whole: an older copy was put back, or its newest rows were removed and the state was signed again",
        )
    } else {
        (Class::TailCut, "the newest rows were removed")
    };
    let message = format!("{what}; {missing} anchored row(s) are missing: {}", span(log, from, to));
    Finding {
        after: comparison.last_matched.as_ref().and_then(neighbour),
        missing_rows: Some(missing),
        ..Finding::new(class, message)
    }
}

fn neighbour(place: &super::compare::Place) -> Option<Neighbour> {
    Some(Neighbour { row: place.position, audit_id: place.id?, occurred_at: place.occurred_at? })
}

/// A row stands where another was anchored.
fn judge_stranger(comparison: &Comparison, stranger: &Stranger, known: Known<'_>) -> Finding {
    let log = &*comparison.log;
    let (place, count) = (&stranger.place, comparison.strangers);
    let about = |class, message: String| Finding {
        row: Some(place.position),
        audit_id: place.id,
        occurred_at: place.occurred_at,
        after: comparison.last_matched.as_ref().and_then(neighbour),
        ..Finding::new(class, message)
    };
    if let Some(index) = stranger.known {
        let when = anchored(log, known, index);
        if stranger.moved {
            return about(
                Class::Reordered,
                format!("this row was anchored {when}, and stands elsewhere now"),
            );
        }
        return if place.intact || !known.is_broken {
            about(
                Class::ReSigned,
                format!(
                    "this row was anchored {when} with another HMAC: it was changed and signed again, by somebody who has \
                     the secret; {count} row(s) from here on are not what was anchored"
                ),
            )
        } else {
            about(Class::Edited, format!("the HMAC of this row is not the one that was anchored {when}"))
        };
    }
    if comparison.goes_on {
        return about(
            Class::Inserted,
            "this row was never anchored, and stands between rows that were; the log goes on behind it"
                .into(),
        );
    }
    if let Some(state) = overtaken(comparison, stranger, known.state) {
        return about(
            Class::PrefixCut,
            format!(
                "none of the anchored rows is left: {state}; it went past the newest anchor, so that nothing ties this log to \
                 it. Anchor more often than retention removes, and go on in a new directory"
            ),
        )
        .undecided();
    }
    let index = stranger.expected;
    let expected = &log.records[index];
    let message = if comparison.matched == 0 {
        format!(
            "this is another log than the one that was anchored, from its first row on (there: {}); z4j's own `audit prune \
             --hard` starts another one too",
            shown(expected)
        )
    } else {
        format!(
            "this row stands where {} was anchored {}: the log was continued a second time from the row before; {count} \
             row(s) from here on were never anchored",
            shown(expected),
            anchored(log, known, index)
        )
    };
    about(Class::Forked, message)
}

/// Whether retention can have removed every anchored row and others behind them; in words, by what.
fn overtaken(comparison: &Comparison, stranger: &Stranger, state: &StateTrust) -> Option<String> {
    let (newest, place) = (comparison.log.newest()?, &stranger.place);
    if comparison.matched_live > 0 || !place.intact || place.previous.mac().is_none() {
        return None;
    }
    let head = newest.head?;
    let behind = place.occurred_at.is_some_and(|time| time > head.occurred_at);
    match state {
        StateTrust::Authentic(state) => {
            let prune = state.prune.filter(|prune| prune.occurred_at > head.occurred_at)?;
            (behind && newest.generation == Some(state.generation)).then(|| {
                format!("the signed chain state says that retention went up to {}", prune.occurred_at)
            })
        }
        StateTrust::NotApplicable => behind
            .then(|| "the log begins behind the newest of them with a link to a row that is gone".into()),
        _ => None,
    }
}

/// Whether rows are gone as retention removes them.
fn is_retention(log: &AnchorLog, gap: &Gap, state: &StateTrust) -> bool {
    let boundary = &log.records[gap.to - 1];
    let is_boundary = |mac: crate::format::Digest| leaf_hash(&mac.0) == boundary.leaf;
    let links = gap.behind.intact && gap.behind.previous.mac().is_some_and(is_boundary);
    match state {
        StateTrust::Authentic(state) => {
            // Whether the row behind it links there is a question to the log itself, and needs its key.
            let is_pruned = !gap.live_before && state.prune.is_some_and(|prune| is_boundary(prune.row_hmac));
            is_pruned || frozen_is_gone(gap, state)
        }
        StateTrust::NotApplicable => gap.from == 0 && links,
        StateTrust::UnknownKey(_) | StateTrust::Untrusted => false,
    }
}

/// Frozen history was exported and deleted, as a whole.
fn frozen_is_gone(gap: &Gap, state: &ChainState) -> bool {
    let behind = &gap.behind;
    gap.from == 0
        && state.frozen_row_count == 0
        && behind.intact
        && !behind.frozen
        && behind.previous == Link::Null
}

/// Whether retention removed every live row that there was, and none came since.
fn everything_was_pruned(comparison: &Comparison, state: &StateTrust) -> bool {
    let newest = comparison.log.records.last();
    state.authentic().is_some_and(|state| {
        state.active_row_count == 0
            && comparison.matched_live == 0
            && state
                .prune
                .is_some_and(|prune| newest.is_some_and(|newest| leaf_hash(&prune.row_hmac.0) == newest.leaf))
    })
}

fn removed_note(log: &AnchorLog, from: usize, to: usize) -> String {
    format!(
        "{} anchored row(s) were removed by retention, and the boundary is proved; they were not checked again: {}",
        to - from,
        span(log, from, to)
    )
}

/// The first and last of rows that are gone.
fn span(log: &AnchorLog, from: usize, to: usize) -> String {
    match (&log.records[from], &log.records[to - 1]) {
        (only, _) if to - from == 1 => shown(only),
        (first, last) => format!("from {} to {}", shown(first), shown(last)),
    }
}

fn shown(record: &Record) -> String {
    let id = record.id().map_or_else(|| "(unreadable id)".to_owned(), |id: Id| id.to_string());
    match record.occurred_at() {
        Some(time) => format!("{id} of {time}"),
        None => id,
    }
}

/// When and by which anchor a leaf was anchored first.
fn anchored(log: &AnchorLog, known: Known<'_>, index: usize) -> String {
    let Some(anchor) = log.anchor_of(index) else { return format!("as row {}", index + 1) };
    let proved = known.timestamps.and_then(|timestamps| timestamps.proved(anchor.sequence));
    let proved = proved.map(|time| format!(", there at {time} by a timestamp")).unwrap_or_default();
    format!("as row {} on {} (anchor {}{proved})", index + 1, anchor.time, anchor.sequence)
}
