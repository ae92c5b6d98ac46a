//! Joining the parts of a log.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::audit::bounds::{self, StateTrust};
use crate::audit::check::Link;
use crate::audit::classify::{Ends, Found, Places, classify};
use crate::audit::finding::Finding;
use crate::audit::keys::Keys;
use crate::audit::report::VerifyReport;
use crate::audit::shard::part::{Part, Sealed};
use crate::audit::shard::report::{MergedPart, MergedReport};
use crate::audit::verify::{Judged, Looked, VerifyOptions, judge_walk, report};
use crate::audit::walk::{Chain, Walk};
use crate::context::Context;
use crate::error::{Error, ExitCode, Result};
use crate::format::Timestamp;
use crate::format::mac::Digest;
use crate::store::Snapshot;

/// Far more than the report of any part has.
const MAX_BYTES: u64 = 256 << 20;
const REPORT: &str = "z4jctl.audit.verify/1";

/// Joins the reports of all parts of a log, and judges it as a verification of the whole would.
///
/// # Errors
///
/// A file that cannot be read, is no report of a part, or was changed; parts that do not belong together, are missing, or
/// are there twice. Parts between which the log was changed are no error: the report is incomplete.
pub fn merge(
    context: &Context,
    keys: &Keys,
    files: &[PathBuf],
    options: &VerifyOptions,
) -> Result<VerifyReport> {
    let started_at = context.now();
    let mut parts = Vec::with_capacity(files.len());
    for file in files {
        context.cancel.check()?;
        let name = file.display().to_string();
        let part = read(file, &name)?.open(&name, keys)?;
        parts.push((name, part));
    }
    parts.sort_by_key(|(_, part)| part.index);
    belong_together(&parts)?;
    are_complete(&parts)?;
    let names = parts.iter().map(|(name, part)| summary(name, part)).collect();
    let parts: Vec<Part> = parts.into_iter().map(|(_, part)| part).collect();
    let Some(last) = parts.last() else { return Err(Error::usage("merge.missing", "there are no parts")) };
    let detection = last.detection.clone();
    keys.demand(&detection)?;
    let (facts, database) = (last.facts.restore(), last.database.clone());
    let postgres = last.identity.backend == "postgresql";
    let snapshot = Snapshot {
        backend: if postgres { "postgresql" } else { "sqlite" },
        isolation: "one-snapshot-per-part",
        version: last.server.clone(),
        standby: parts.iter().all(|part| part.standby),
        changes_during_read: 0,
    };

    let (mut whole_log, mut notes) = (Vec::new(), Vec::new());
    let mut states = Vec::with_capacity(parts.len());
    for part in &parts {
        let mut found: Vec<Finding> = Vec::new();
        states.push(bounds::judge_state(&part.detection, &part.facts.restore(), keys, &mut found));
        found.extend(part.remarks.iter().map(super::Remark::finding));
        add_new(found, &mut whole_log);
        add_new(part.notes.clone(), &mut notes);
    }
    let state = states.last().cloned().unwrap_or(StateTrust::Untrusted);
    let mut moved = what_moved(&parts, &states);
    // What each part found alone, should they not be parts of one log.
    let local: Vec<Finding> = parts
        .iter()
        .flat_map(|part| classify(&part.live, &Places::from(&part.found), Ends::default()))
        .collect();
    let mut places = Places::default();
    let mut walk = Walk::default();
    for mut part in parts {
        places.add(&part.found);
        walk.joined_digest = walk.joined_digest.or(part.frozen_digest);
        let next = part.walk();
        for (chain, behind) in [(&walk.live, &next.live), (&walk.frozen, &next.frozen)] {
            if moved.is_none() && !continues(chain, behind) {
                moved = Some(format!(
                    "{} does not begin behind the row that the part before it ends with",
                    part.name()
                ));
            }
        }
        walk.append(next);
    }
    let looked = Looked { facts, state, walk, notes, whole_log, postgres };
    let mut judged = if moved.is_some() {
        unjoined(looked, local)
    } else {
        let heads = looked.walk.sightings.clone();
        judge_walk(started_at, &detection, keys, options, None, looked, &mut |_, ends| {
            for mac in ends.head.into_iter().chain(ends.start) {
                if let Some(seen) = heads.get(&mac) {
                    places.add(&owner(mac, seen.position));
                }
            }
            Ok(std::mem::take(&mut places))
        })?
    };
    if moved.is_some() {
        judged.notes.push(
            "the parts were not judged together: rows at their seams, the beginning, the end and the counts of the log \
             were not verified"
                .into(),
        );
    }
    let mut report = report(context, database, snapshot, &detection, keys, options, judged, started_at);
    if moved.is_some() {
        report.exit_code = report.exit().strongest(ExitCode::Incomplete).code();
        report.ok = false;
        report.unused_keys.clear();
    }
    report.schema = "z4jctl.audit.verify-merge/1";
    report.merged = Some(MergedReport { parts: names, moved });
    Ok(report)
}

/// The report of a file.
fn read(path: &Path, name: &str) -> Result<Sealed> {
    #[derive(Deserialize)]
    struct Outer {
        schema: String,
        shard: Option<Sealed>,
        error: Option<Failure>,
    }
    #[derive(Deserialize)]
    struct Failure {
        message: String,
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
        .map_err(|error| Error::unreachable("merge.unreadable", format!("cannot read {name}: {error}")))?;
    let again = "write it with `z4jctl audit verify --shard PART/PARTS -o json`";
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::refused(
            "merge.empty",
            format!("{name} is empty: its part did not come to an end"),
        )
        .hint("run that part again; why it failed is in its log"));
    }
    let outer: Outer = serde_json::from_slice(&bytes).map_err(|error| {
        Error::refused("merge.damaged", format!("{name} is no report of a part: {error}")).hint(again)
    })?;
    if let Some(failure) = outer.error {
        return Err(Error::refused(
            "merge.failed",
            format!("{name} says that its part failed: {}", failure.message),
        )
        .hint("run that part again"));
    }
    if outer.schema != REPORT {
        return Err(Error::refused(
            "merge.foreign",
            format!("{name} is {:?}, not a report of `audit verify --shard`", outer.schema),
        )
        .hint(again));
    }
    outer.shard.ok_or_else(|| {
        Error::refused("merge.foreign", format!("{name} is the report of a run without --shard")).hint(again)
    })
}

/// Parts of one log, divided at one moment into one number of parts.
fn belong_together(parts: &[(String, Part)]) -> Result<()> {
    let Some((first_name, first)) = parts.first() else { return Ok(()) };
    for (name, part) in parts {
        if part.of != first.of {
            return Err(Error::usage(
                "merge.parts",
                format!("{first_name} is {}, {name} is {}", first.name(), part.name()),
            )
            .hint("join the parts of one run"));
        }
        let (one, other) = (&first.identity, &part.identity);
        let differ = |one: Option<_>, other: Option<_>| one.is_some() && other.is_some() && one != other;
        if one.backend != other.backend
            || one.installed_at != other.installed_at
            || differ(one.installation_id, other.installation_id)
        {
            return Err(Error::usage(
                "merge.database",
                format!("{first_name} and {name} are parts of different databases"),
            )
            .hint("join the parts of one log"));
        }
        if first.detection != part.detection || differ(one.chain_generation, other.chain_generation) {
            return Err(Error::usage(
                "merge.generation",
                format!(
                    "{first_name} was read at revision {}, {name} at {}, or their chains are of different generations",
                    first.detection.revision, part.detection.revision
                ),
            )
            .hint("the database was upgraded meanwhile: run all parts again"));
        }
        if part.before != first.before {
            return Err(Error::usage(
                "merge.before",
                format!(
                    "{first_name} divides the rows before {}, {name} those before {}",
                    first.before, part.before
                ),
            )
            .hint(format!(
                "run all parts again with the same moment: --shard-before {}",
                first.before.min(part.before).zulu()
            )));
        }
    }
    Ok(())
}

/// Every part once. The parts are sorted.
fn are_complete(parts: &[(String, Part)]) -> Result<()> {
    for pair in parts.windows(2) {
        if let [(one_name, one), (other_name, other)] = pair
            && one.index == other.index
        {
            return Err(Error::usage(
                "merge.twice",
                format!("{one_name} and {other_name} are both {}", one.name()),
            )
            .hint("give the report of each part once"));
        }
    }
    let of = parts.first().map_or(0, |(_, part)| part.of);
    if let Some((name, part)) = parts.iter().find(|(_, part)| part.index == 0 || part.index > of) {
        return Err(Error::usage("merge.no-part", format!("{name} says that it is {}", part.name()))
            .hint("give the reports as `z4jctl audit verify --shard` wrote them"));
    }
    let is_there = |index: &u32| parts.iter().any(|(_, part)| part.index == *index);
    let missing: Vec<String> =
        (1..=of).filter(|index| !is_there(index)).map(|index| index.to_string()).collect();
    if !missing.is_empty() {
        return Err(Error::usage(
            "merge.missing",
            format!("these of {of} parts are missing: {}", missing.join(", ")),
        )
        .hint("give the reports of all parts"));
    }
    Ok(())
}

fn summary(name: &str, part: &Part) -> MergedPart {
    MergedPart {
        file: name.to_owned(),
        index: part.index,
        first_row: part.window.first_row,
        rows: part.window.rows,
        since: part.window.since,
        until: part.window.until,
        started_at: part.started_at,
        database: part.database.clone(),
    }
}

/// Why parts cannot be joined although they belong together: something was done to the log between two readings.
fn what_moved(parts: &[Part], states: &[StateTrust]) -> Option<String> {
    let (first, first_state) = (parts.first()?, states.first()?);
    let retention = "rows were removed between the readings, as retention does";
    let mut next_row = 1;
    let mut end = None;
    for (part, state) in parts.iter().zip(states) {
        let differs = |what: &str| Some(format!("{} and {} {what}", first.name(), part.name()));
        if part.rows_before != first.rows_before {
            return differs(&format!(
                "found {} and {} rows before {}: {retention}",
                first.rows_before, part.rows_before, part.before
            ));
        }
        if part.facts.watermark != first.facts.watermark {
            return differs(&format!("saw different records of where retention stopped: {retention}"));
        }
        let is_same = match (first_state.authentic(), state.authentic()) {
            (Some(one), Some(other)) => {
                if one.prune != other.prune {
                    return differs(&format!("saw different prune boundaries: {retention}"));
                }
                (one.frozen_row_count, one.frozen_snapshot_digest)
                    == (other.frozen_row_count, other.frozen_snapshot_digest)
            }
            (None, None) => std::mem::discriminant(first_state) == std::mem::discriminant(state),
            _ => false,
        };
        if !is_same {
            return differs("saw chain states that are not of one log");
        }
        if part.window.since != end || part.window.first_row != next_row {
            return Some(format!(
                "{} begins at row {} ({}), the parts before it end before row {next_row} ({}): rows were added or removed \
                 between the readings",
                part.name(),
                part.window.first_row,
                shown(part.window.since),
                shown(end)
            ));
        }
        next_row += part.window.rows;
        end = part.window.until;
    }
    None
}

fn shown(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "no bound".to_owned(), |time| time.to_string())
}

/// Whether the row that a part found before its first one is the one that the parts before it end with.
fn continues(chain: &Chain, behind: &Chain) -> bool {
    let Some(context) = behind.context else { return true };
    let last: Option<(u64, Link)> = chain.last.as_ref().map(|last| (last.position, last.mac));
    last == Some((context.position, context.mac))
}

/// Parts that cannot be joined: what each of them found alone.
fn unjoined(looked: Looked, mut local: Vec<Finding>) -> Judged {
    let Looked { facts, state, mut walk, notes, mut whole_log, .. } = looked;
    // Of no use any more, and counted in the findings.
    walk.live.keep(0);
    local.append(&mut whole_log);
    Judged { walk, facts, state, findings: local, notes, known_head: None, anchors: None, wrong_key: false }
}

fn owner(mac: Digest, position: u64) -> Found {
    Found { owners: [(mac, vec![position])].into(), ..Found::default() }
}

fn add_new<T: PartialEq>(items: Vec<T>, to: &mut Vec<T>) {
    for item in items {
        if !to.contains(&item) {
            to.push(item);
        }
    }
}
