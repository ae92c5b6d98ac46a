//! Heads: printing the newest row of a log, and judging a head that was kept elsewhere.

use crate::audit::bounds::{self, StateTrust};
use crate::audit::check::{Checker, Verdict};
use crate::audit::finding::{Class, Finding};
use crate::audit::keys::Keys;
use crate::audit::report::KnownHeadReport;
use crate::audit::walk::Walk;
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::Timestamp;
use crate::format::head::KnownHead;
use crate::format::mac::Digest;
use crate::format::state::{Quartet, Watermark};
use crate::store::batch::Layout;
use crate::store::generation::Family;
use crate::store::{LogFacts, OpenOptions, Store};

/// A known head as it was given.
#[derive(Debug, Clone)]
pub enum KnownHeadInput {
    /// An envelope.
    Valid(KnownHead),
    /// Something else, and why.
    Invalid(String),
}

impl KnownHeadInput {
    /// Reads an envelope; what is none is judged `INVALID`, as z4j judges it.
    pub fn parse(text: &str) -> Self {
        KnownHead::parse(text).map_or_else(Self::Invalid, Self::Valid)
    }
}

/// Judges a known head against a walked log, in z4j's words (audit chain, section 7.5).
pub fn judge_known_head(
    input: &KnownHeadInput,
    state: &StateTrust,
    facts: &LogFacts,
    walk: &Walk,
) -> (KnownHeadReport, Option<Finding>) {
    let report = |verdict, message: String| KnownHeadReport { verdict, message };
    let known = match input {
        KnownHeadInput::Invalid(reason) => {
            return (report("INVALID", format!("the known head is not one: {reason}")), None);
        }
        KnownHeadInput::Valid(known) => known,
    };
    let matches = |quartet: &Quartet, generation| {
        known.matches(
            quartet.row_hmac,
            Some(quartet.hmac_key_id),
            generation,
            quartet.occurred_at,
            quartet.id,
        )
    };
    if let Some(state) = state.authentic() {
        let generation = Some(state.generation);
        let is_head = state.head.is_some_and(|head| matches(&head, generation));
        let is_prune = state.prune.is_some_and(|prune| matches(&prune, generation));
        match (is_head, is_prune) {
            (true, true) => {
                return (
                    report(
                        "CURRENT_PRUNE_MATCH",
                        "the known head is the newest row, and retention removed it".into(),
                    ),
                    None,
                );
            }
            (true, false) => {
                return (report("CURRENT_MATCH", "the known head is the newest row".into()), None);
            }
            (false, true) => {
                return (
                    report("PRUNE_MATCH", "the known head is the newest row that retention removed".into()),
                    None,
                );
            }
            (false, false) => {}
        }
    } else if is_watermark(facts, walk, known.row_hmac) && !walk.sightings.contains_key(&known.row_hmac) {
        return (
            report("PRUNE_MATCH", "the known head is the newest row that retention removed".into()),
            None,
        );
    }
    if let Some(seen) = walk.sightings.get(&known.row_hmac)
        && seen.intact
        && known.matches(known.row_hmac, seen.key_id, seen.generation, seen.occurred_at, seen.id)
    {
        let newest = walk.live.last.as_ref().is_some_and(|last| last.mac.mac() == Some(known.row_hmac));
        let counted = match known.row_count {
            Some(count) if count > seen.position => {
                format!("; {} rows before it have gone since it was noted", count - seen.position)
            }
            _ => String::new(),
        };
        if newest && matches!(state, StateTrust::NotApplicable) {
            return (report("CURRENT_MATCH", format!("the known head is the newest row{counted}")), None);
        }
        return (
            report("VERIFIED_ANCESTOR", format!("the known head is row {}{counted}", seen.position)),
            None,
        );
    }
    let last = walk.live.last.as_ref().and_then(|last| last.occurred_at);
    let newer = known.occurred_at.is_some_and(|known| last.is_none_or(|last| known > last));
    let message = if newer {
        "the known head is newer than every row of the log"
    } else {
        "the known head is not in the log: it was pruned away, or it belongs to another history"
    };
    let finding = newer.then(|| {
        Finding::new(
            Class::TailCut,
            format!(
                "the known head of {} is not in the log, which ends at {}: the newest rows were removed, or an older copy was put back",
                known.occurred_at.map(|time| time.to_string()).unwrap_or_default(),
                last.map_or_else(|| "nothing".to_owned(), |time| time.to_string()),
            ),
        )
    });
    (report("UNPROVABLE", message.into()), finding)
}

/// Whether retention stopped at this row: the record says so, and the oldest row left, which is signed, links to
/// it. The record alone proves nothing, because 1.7.0 does not sign it.
fn is_watermark(facts: &LogFacts, walk: &Walk, row_hmac: Digest) -> bool {
    let recorded = facts.watermark.as_deref().and_then(Watermark::parse);
    recorded.is_some_and(|watermark| watermark.row_hmac == row_hmac)
        && walk
            .live
            .first
            .as_ref()
            .is_some_and(|first| first.intact && first.previous.mac() == Some(row_hmac))
}

/// The head of a log, to be kept elsewhere.
#[derive(Debug, Clone)]
pub struct HeadExport {
    /// The envelope.
    pub head: KnownHead,
    /// Whether z4j's own `--known-head` accepts it (1.8 and later).
    pub accepted_by_z4j: bool,
}

impl HeadExport {
    /// Time of the newest row.
    pub fn occurred_at(&self) -> Option<Timestamp> {
        self.head.occurred_at
    }
}

/// Reads the head: from the signed chain state where there is one, from the newest row otherwise.
pub fn export(
    context: &Context,
    database: &Database,
    keys: &Keys,
    options: OpenOptions,
) -> Result<HeadExport> {
    let mut store = Store::open(database, options, &context.cancel)?;
    let detection = store.detect()?;
    let family = detection.generation.family();
    keys.demand(&detection)?;
    let facts = store.facts(&detection)?;
    let layout = Layout::new(detection.has_api_key_id, detection.has_markers);
    let newest = store.last_row(layout, family == Family::Active)?;
    let checked =
        newest.rows().next().map(|(_, row)| Checker::new(keys, family).check(facts.rows_estimate, row));
    let refuse = |message: &str| {
        Error::refused("audit.head-not-proved", message.to_owned())
            .hint("run `z4jctl audit verify` to see what is wrong with the log")
    };
    if family == Family::Active {
        let mut findings = Vec::new();
        let state = bounds::judge_state(&detection, &facts, keys, &mut findings);
        let state = state.authentic().ok_or_else(|| {
            refuse(
                &findings
                    .first()
                    .map_or_else(|| "the chain state is not authentic".to_owned(), |f| f.message.clone()),
            )
        })?;
        let head = state.head.ok_or_else(|| refuse("the log has no head"))?;
        let agrees = state.active_row_count == 0
            || checked.as_ref().is_some_and(|row| {
                row.mac.mac() == Some(head.row_hmac) && matches!(row.verdict, Verdict::Verified(_))
            });
        if !agrees {
            return Err(refuse("the newest row is not the head that the chain state names"));
        }
        let envelope = KnownHead {
            row_hmac: head.row_hmac,
            hmac_key_id: Some(head.hmac_key_id),
            generation: Some(state.generation),
            occurred_at: Some(head.occurred_at),
            id: Some(head.id),
            row_count: None,
        };
        return Ok(HeadExport { head: envelope, accepted_by_z4j: true });
    }
    let row = checked.ok_or_else(|| refuse("the log is empty"))?;
    let (Verdict::Verified(_), Some(row_hmac)) = (&row.verdict, row.mac.mac()) else {
        return Err(refuse("the newest row does not verify"));
    };
    let rows = store.count_rows()?;
    let envelope = KnownHead {
        row_hmac,
        hmac_key_id: None,
        generation: None,
        occurred_at: row.occurred_at,
        id: row.id,
        row_count: Some(rows),
    };
    Ok(HeadExport { head: envelope, accepted_by_z4j: false })
}
