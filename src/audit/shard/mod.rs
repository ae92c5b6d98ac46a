//! `audit verify --shard i/n` and `audit verify-merge`: one part of a very large log in each run, and the parts joined.
//!
//! A part is a window of chain order. Its bounds divide the rows before a fixed moment into parts of the same number of
//! rows, so that runs which start at different times while a brain appends agree on them; the last part also has what is
//! newer. A run leaves its walk in its report, under a MAC; the walks joined are what one walk over the whole log would
//! be, and are judged by the same code. The digest over frozen history is one hash: the first part reads all of that.

mod merge;
mod part;
pub mod report;
mod slice;

use std::num::NonZeroU32;

use crate::audit::bounds;
use crate::audit::check::Link;
use crate::audit::classify::{Found, Places, mentioned_by};
use crate::audit::keys::Keys;
use crate::audit::pipeline;
use crate::audit::report::VerifyReport;
use crate::audit::resume::identity;
use crate::audit::verify::{Judged, Progress, VerifyOptions, look, report};
use crate::audit::vouch::current_key;
use crate::audit::walk::{Chain, MAX_SUSPECTS, Walk};
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::Timestamp;
use crate::format::mac::Digest;
use crate::store::batch::Layout;
use crate::store::generation::Detection;
use crate::store::{Scan, ScanEnd, Store};

pub use merge::merge;
pub use part::Sealed;
use part::{Part, Remark, Window};
use report::ShardReport;
use slice::Slice;

/// More parts than this are a slip of the finger.
pub const MAX_PARTS: u32 = 1024;
/// How often a part is read that retention shortens meanwhile, before writers of a SQLite file have to wait.
const LOOKS: u32 = 3;
/// Suspects that a report keeps at least, however many parts there are.
const LEAST_SUSPECTS: usize = 1000;

/// Which part to verify.
#[derive(Debug, Clone, Copy)]
pub struct ShardOptions {
    /// Which part, from 1.
    pub index: NonZeroU32,
    /// How many parts there are.
    pub of: NonZeroU32,
    /// Rows before this moment are divided; `None` is the last midnight, UTC.
    pub before: Option<Timestamp>,
}

/// Verifies one part of the log of a database.
///
/// # Errors
///
/// Those of [`crate::audit::verify::verify`]; a moment that is still to come.
pub fn verify_shard(
    context: &Context,
    database: &Database,
    keys: &Keys,
    options: &VerifyOptions,
    shard: &ShardOptions,
    progress: &dyn Progress,
) -> Result<VerifyReport> {
    let started_at = context.now();
    let before = shard.before.unwrap_or_else(|| midnight(started_at));
    if before > started_at {
        return Err(Error::usage(
            "usage.shard-before",
            format!("--shard-before is {before}, which is still to come"),
        )
        .hint("give a time in the past: rows before it no longer change"));
    }
    let mut store = Store::open(database, options.open, &context.cancel)?;
    let detection = store.detect()?;
    keys.demand(&detection)?;
    let mut looks = 0;
    let (slice, mut judged) = loop {
        looks += 1;
        let slice = Slice::find(&mut store, shard, before)?;
        let options = VerifyOptions { since: slice.since, until: slice.until, ..options.clone() };
        let changes = store.snapshot().changes_during_read;
        let judged = look(context, &mut store, &detection, keys, &options, progress, None)?;
        // Rows that are appended meanwhile are no part of what was read; rows that were removed were.
        let is_calm = store.snapshot().changes_during_read == changes
            || store.rows_before(before)? == slice.rows_before;
        if is_calm {
            break (slice, judged);
        }
        if looks >= LOOKS {
            store.hold_snapshot()?;
        }
    };
    if store.is_postgres() && slice.until.is_none() {
        // No window of time holds them.
        judged.facts.unplaced_rows = store.rows_without_time()?;
    }
    let cap = MAX_SUSPECTS / usize::try_from(shard.of.get()).unwrap_or(usize::MAX);
    judged.walk.live.keep(cap.max(LEAST_SUSPECTS));
    judged.walk.frozen.keep(cap.max(LEAST_SUSPECTS));
    let found = look_up(&mut store, &judged)?;
    let frozen_digest = match shard.index.get() {
        1 => frozen_digest(context, &mut store, &detection, options, slice.until, &judged)?,
        _ => None,
    };

    let key = current_key(keys, detection.generation.family())
        .ok_or_else(|| Error::bug("no key to write the report of a part with"))?;
    let (mut remarks, mut notes) = (Vec::new(), Vec::new());
    bounds::judge_guards(&detection, &judged.facts, store.is_postgres(), keys, &mut remarks, &mut notes);
    let walk = &judged.walk;
    let rows = walk.live.tally.rows + walk.frozen.tally.rows + walk.foreign_rows;
    let part = Part {
        z4jctl: env!("CARGO_PKG_VERSION").into(),
        database: database.display(),
        identity: identity(store.snapshot().backend, &detection, &judged.facts, &judged.state),
        detection: detection.clone(),
        key_id: key.id(),
        index: shard.index.get(),
        of: shard.of.get(),
        before,
        rows_before: slice.rows_before,
        window: Window { since: slice.since, until: slice.until, first_row: slice.first_row, rows },
        started_at,
        server: store.snapshot().version,
        standby: store.snapshot().standby,
        facts: part::Facts::of(&judged.facts),
        remarks: remarks.into_iter().map(Remark::of).collect(),
        notes,
        live: walk.live.clone(),
        frozen: walk.frozen.clone(),
        frozen_without_snapshot: walk.frozen_without_snapshot,
        frozen_digest,
        foreign_rows: walk.foreign_rows,
        sightings: walk.sightings.clone(),
        found,
    };
    let sealed = part.seal(key)?;
    let frozen_suspects = walk.frozen.suspects.len();
    let options = VerifyOptions { since: slice.since, until: slice.until, ..options.clone() };
    let mut report =
        report(context, database.display(), store.snapshot(), &detection, keys, &options, judged, started_at);
    let (index, of) = (shard.index.get(), shard.of.get());
    report.notes.push(format!(
        "this is part {index} of {of}: only `z4jctl audit verify-merge` with the reports of all of them says whether the \
         log is intact"
    ));
    if frozen_suspects > 0 && of > 1 {
        report.notes.push(format!(
            "{frozen_suspects} rows of frozen history are not as they should be: whether they were when it was frozen, \
             only the joined reports can tell"
        ));
    }
    report.shard = Some(Box::new(ShardReport { index, of, first_row: slice.first_row, rows, sealed }));
    Ok(report)
}

fn midnight(now: Timestamp) -> Timestamp {
    const DAY: i64 = 86_400 * 1_000_000;
    Timestamp::from_micros(now.micros().div_euclid(DAY) * DAY)
}

/// Where in the whole log the MACs stand that the part mentions and that a verdict may hang on: those of its suspects, and,
/// where the row before its first one does not hold, those that rows of the part before are judged by.
fn look_up(store: &mut Store, judged: &Judged) -> Result<Found> {
    let Judged { walk, state, .. } = judged;
    let mut macs: Vec<Digest> =
        walk.live.suspects.iter().chain(&walk.frozen.suspects).flat_map(mentioned_by).collect();
    let boundary = state.authentic().and_then(|state| state.prune).map(|prune| prune.row_hmac);
    let is_doubtful = |chain: &&Chain| chain.first.is_some() && !chain.context_holds;
    for chain in [&walk.live, &walk.frozen].into_iter().filter(is_doubtful) {
        let first = chain.first.as_ref().map(|first| first.previous);
        let links = [first, chain.opening_link()].into_iter().flatten().filter_map(Link::mac);
        macs.extend(links.filter(|mac| Some(*mac) != boundary));
    }
    let links = Scan { layout: Layout::links(), since: None, until: None };
    Ok(Places::of(&mut |emit| store.scan(&links, emit), macs)?.found())
}

/// The digest over all frozen rows. They are the oldest: as many as the signed state counts are read, behind those that
/// the part read anyway.
fn frozen_digest(
    context: &Context,
    store: &mut Store,
    detection: &Detection,
    options: &VerifyOptions,
    read_until: Option<Timestamp>,
    judged: &Judged,
) -> Result<Option<Digest>> {
    let frozen = judged.state.authentic().map_or(0, |state| state.frozen_row_count);
    if frozen == 0 {
        return Ok(None);
    }
    let end = store.time_at(frozen)?.map(Timestamp::next);
    let (Some(since), Some(until)) = (read_until, end) else {
        return Ok(judged.walk.digest_of_frozen());
    };
    let layout = Layout::new(detection.has_api_key_id, detection.has_markers);
    let scan = Scan { layout, since: Some(since), until: Some(until.max(since)) };
    // Their MACs are judged in the parts that they belong to.
    let no_keys = Keys::default();
    loop {
        let mut walk = Walk { frozen_digest: judged.walk.frozen_digest.clone(), ..Walk::default() };
        let family = detection.generation.family();
        let end = pipeline::run(store, &scan, &no_keys, family, options.jobs, 1, &mut |batch| {
            context.cancel.check()?;
            walk.add(batch);
            Ok(())
        })?;
        if end == ScanEnd::Complete {
            return Ok(Some(walk.frozen_digest.finish()));
        }
    }
}
