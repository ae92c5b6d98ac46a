//! Several parts as one chain: exports that follow each other, and the live log behind them.

use std::collections::BTreeSet;
use std::path::Path;

use super::manifest::Manifest;
use super::report::Join;
use super::verify::{Judged, VerifyExportOptions};
use crate::audit::bounds::StateTrust;
use crate::audit::check::{Link, Part};
use crate::audit::finding::{Class, Finding};
use crate::audit::head::KnownHeadInput;
use crate::audit::keys::Keys;
use crate::audit::report::{HeadReport, Rows};
use crate::audit::verify::{Progress, VerifyOptions, verify};
use crate::audit::walk::{EndRow, Walk};
use crate::config::Database;
use crate::context::Context;
use crate::error::{ExitCode, Result};
use crate::format::head::KnownHead;
use crate::format::mac::Digest;
use crate::format::state::ChainState;
use crate::format::{Id, Timestamp};
use crate::store::batch::{Column, Layout};
use crate::store::generation::{Detection, Family};
use crate::store::{LogFacts, OpenOptions, Store};

/// The first row of a walk, of whichever part.
pub(super) fn first(walk: &Walk) -> Option<&EndRow> {
    [&walk.live.first, &walk.frozen.first].into_iter().flatten().min_by_key(|row| row.position)
}

/// The last row of a walk, of whichever part.
pub(super) fn last(walk: &Walk) -> Option<&EndRow> {
    [&walk.live.last, &walk.frozen.last].into_iter().flatten().max_by_key(|row| row.position)
}

fn part(walk: &Walk, row: &EndRow) -> Part {
    let is_frozen = |end: &Option<EndRow>| end.as_ref().is_some_and(|end| end.position == row.position);
    if is_frozen(&walk.frozen.first) || is_frozen(&walk.frozen.last) { Part::Frozen } else { Part::Live }
}

/// Where a part ends, for what follows it.
pub(super) struct Tail {
    /// The file.
    pub(super) name: String,
    /// `row_hmac` of its last row.
    pub(super) mac: Option<Digest>,
    id: Option<Id>,
    occurred_at: Option<Timestamp>,
    part: Part,
    seen: BTreeSet<Digest>,
    contiguous: bool,
    installation: Option<String>,
    generation: Option<String>,
}

impl Tail {
    pub(super) fn of(path: &Path, manifest: Option<&Manifest>, judged: &Judged) -> Self {
        let last = last(&judged.walk);
        let source = manifest.map(|manifest| &manifest.source);
        Self {
            name: path.display().to_string(),
            mac: last.and_then(|last| last.mac.mac()),
            id: last.and_then(|last| last.id),
            occurred_at: last.and_then(|last| last.occurred_at),
            part: last.map_or(Part::Live, |last| part(&judged.walk, last)),
            seen: judged.walk.sightings.keys().copied().collect(),
            contiguous: judged.contiguous,
            installation: source.and_then(|source| source.installation_id.clone()),
            generation: source.and_then(|source| source.chain_generation.clone()),
        }
    }
}

/// Judges how a file follows the one before it.
pub(super) fn files(
    before: Option<&Tail>,
    next: &Tail,
    judged: &Judged,
    notes: &mut Vec<String>,
) -> (Join, Option<Finding>) {
    let Some(before) = before else { return (Join::First, None) };
    let begins = first(&judged.walk);
    let differ = |one: &Option<String>, other: &Option<String>| matches!((one, other), (Some(one), Some(other)) if one != other);
    let at = |class: Class, message: String| Finding {
        row: begins.map(|begins| begins.position),
        audit_id: begins.and_then(|begins| begins.id),
        occurred_at: begins.and_then(|begins| begins.occurred_at),
        ..Finding::new(class, message)
    };
    let name = &before.name;
    if differ(&before.installation, &next.installation) {
        let message = format!("comes from another installation than {name}: they are not one chain");
        return (Join::Gap, Some(at(Class::StateMismatch, message)));
    }
    if differ(&before.generation, &next.generation) {
        let message =
            format!("belongs to another generation of the chain than {name}: they are not one chain");
        return (Join::Gap, Some(at(Class::StateMismatch, message)));
    }
    let (Some(begins), Some(mac), true) = (begins, before.mac, before.contiguous && next.contiguous) else {
        notes.push(format!(
            "how {} follows {name} was not judged: rows were filtered, or there is none",
            next.name
        ));
        return (Join::NotJudged, None);
    };
    if begins.previous == Link::Mac(mac) {
        return (Join::Continues, None);
    }
    if judged.walk.sightings.contains_key(&mac) {
        return (Join::Overlaps, None);
    }
    if next.mac.is_some_and(|mac| before.seen.contains(&mac)) {
        return (Join::Contained, None);
    }
    let is_live = part(&judged.walk, begins) == Part::Live;
    if before.part == Part::Frozen && is_live && begins.previous == Link::Null {
        notes.push(format!(
            "{} begins the signed chain behind the frozen history of {name}: nothing links the two but the signed digest, which \
             an export of both in one file verifies",
            next.name
        ));
        return (Join::BeginsChain, None);
    }
    let message = match (before.occurred_at.zip(before.id), begins.occurred_at.zip(begins.id)) {
        (Some(last), Some(first)) if first <= last => {
            format!("does not hold the last row of {name}, which lies within it: it is of another history")
        }
        _ => format!("does not continue {name}: the rows between them are missing"),
    };
    (
        Join::Gap,
        Some(Finding {
            expected_prev_row_hmac: Some(Some(mac.to_string())),
            got_prev_row_hmac: Some(begins.previous.display()),
            ..at(Class::Removed, message)
        }),
    )
}

/// The chain state of a manifest when nobody can verify its MAC: taken as it stands, as long as it does not contradict
/// itself.
pub(super) fn keyless_state(
    detection: &Detection,
    facts: &LogFacts,
    findings: &mut Vec<Finding>,
) -> StateTrust {
    if detection.generation.family() != Family::Active {
        return StateTrust::NotApplicable;
    }
    match facts.states.as_slice() {
        [stored] => match ChainState::from_stored(stored) {
            Ok(state) => StateTrust::Authentic(Box::new(state)),
            Err(violation) => {
                let message = format!("the chain state contradicts itself: {violation}");
                findings.push(Finding::new(Class::StateForged, message));
                StateTrust::Untrusted
            }
        },
        states => {
            let message = format!("the chain state has {} rows, not one", states.len());
            findings.push(Finding::new(Class::StateMismatch, message));
            StateTrust::Untrusted
        }
    }
}

/// What the oldest row of the live log links to.
pub(super) fn live_begins(
    context: &Context,
    database: &Database,
    open: OpenOptions,
) -> Result<Option<Digest>> {
    let mut store = Store::open(database, open, &context.cancel)?;
    store.detect()?;
    let first = store.row_by_position(1, Layout::links())?;
    Ok(first.rows().next().and_then(|(_, row)| {
        let link = row.text(Column::PrevRowHmac).ok().flatten()?;
        Digest::parse(link.as_bytes())
    }))
}

/// The live log behind the files.
pub(super) struct Live {
    pub(super) joins: Join,
    pub(super) rows: Rows,
    pub(super) head: Option<HeadReport>,
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
    pub(super) exit: ExitCode,
    /// The known head, when it is in there.
    pub(super) seen: Option<Digest>,
}

/// Verifies the live log, and that it follows the last file.
#[expect(clippy::too_many_arguments, reason = "one call")]
pub(super) fn live(
    context: &Context,
    database: &Database,
    open: OpenOptions,
    keys: &Keys,
    options: &VerifyExportOptions,
    tail: &Tail,
    live_begins: Option<Digest>,
    seen: &BTreeSet<Digest>,
    progress: &dyn Progress,
) -> Result<Live> {
    let options_with = |known_head| VerifyOptions {
        max_findings: usize::MAX,
        known_head,
        accept_retention: options.accept_retention,
        ..VerifyOptions::new(open, options.jobs)
    };
    let last = tail.mac.map(|row_hmac| {
        KnownHeadInput::Valid(KnownHead {
            row_hmac,
            hmac_key_id: None,
            generation: None,
            occurred_at: tail.occurred_at,
            id: tail.id,
            row_count: None,
        })
    });
    let report = verify(context, database, keys, &options_with(last), progress)?;
    let verdict = report.known_head.as_ref().map(|known| known.verdict);
    let begins_in_files = live_begins.is_some_and(|mac| seen.contains(&mac) || tail.mac == Some(mac));
    let joins = match verdict {
        _ if tail.mac.is_none() || !tail.contiguous => Join::NotJudged,
        Some("CURRENT_MATCH" | "VERIFIED_ANCESTOR") => Join::Overlaps,
        Some("PRUNE_MATCH" | "CURRENT_PRUNE_MATCH") => Join::Continues,
        _ if begins_in_files => Join::Continues,
        _ => Join::Gap,
    };
    let mut notes = Vec::new();
    let mut findings = report.findings;
    // The rows before the live log are in the files: what retention removed is not missing.
    if begins_in_files {
        let before = findings.len();
        findings.retain(|finding| finding.class != Class::PrefixCut);
        if findings.len() < before {
            notes
                .push("the rows that are missing at the beginning of the live log are in these files".into());
        }
    }
    if joins == Join::Gap && !findings.iter().any(|finding| finding.class == Class::TailCut) {
        findings.insert(
            0,
            Finding::new(
                Class::Removed,
                format!(
                    "the live log does not continue {}: the rows between them are missing, or it is of another history",
                    tail.name
                ),
            ),
        );
    }
    let rows = report.rows;
    let exit = if rows.unreadable + rows.unknown_key + rows.unsigned > 0 {
        ExitCode::Incomplete
    } else {
        ExitCode::Done
    };
    // A head that is no row of the files may be one of the live log.
    let known = match &options.known_head {
        Some(KnownHeadInput::Valid(known)) if !seen.contains(&known.row_hmac) => {
            let again = options_with(options.known_head.clone());
            let verdict = verify(context, database, keys, &again, progress)?.known_head;
            let found = verdict.is_some_and(|known| !matches!(known.verdict, "INVALID" | "UNPROVABLE"));
            found.then_some(known.row_hmac)
        }
        _ => None,
    };
    Ok(Live { joins, rows, head: report.head, findings, notes, exit, seen: known })
}
