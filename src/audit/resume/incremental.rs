//! A run from a resume point: what it must find to believe the point, and what it reads.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use crate::audit::bounds::{self, Retention, StateTrust};
use crate::audit::check::{Checked, Checker, Verdict};
use crate::audit::finding::{Class, Finding, Neighbour};
use crate::audit::head::{KnownHeadInput, judge_known_head};
use crate::audit::keys::Keys;
use crate::audit::pipeline;
use crate::audit::report::{HeadReport, KnownHeadReport};
use crate::audit::resume::point::{Order, Point, Range, Read, RowName};
use crate::audit::resume::ranges::{Ranges, range_size};
use crate::audit::resume::report::{Fallback, Incremental};
use crate::audit::resume::{ResumeOptions, Resumed, identity, name_of};
use crate::audit::verify::{Judged, Progress, VerifyOptions, limits, report};
use crate::audit::vouch::current_key;
use crate::audit::walk::{EndRow, Sighting, Walk};
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, ExitCode, Result};
use crate::format::state::ChainState;
use crate::format::{Id, Timestamp};
use crate::store::batch::Layout;
use crate::store::generation::{Detection, Family};
use crate::store::{LogFacts, Scan, ScanEnd, Store};

/// Below this many rows other cores cost more than they give.
const WORTH_OTHER_CORES: u64 = 4096;
/// How far the clock of an earlier run may have been ahead.
const SLACK_SECONDS: i64 = 86_400;

/// Why an incremental run ended early.
pub(super) enum Stop {
    /// An error that a full walk would meet too.
    Error(Error),
    /// Everything is to be read.
    Why(Fallback),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

pub(super) type Attempt<T> = Result<T, Stop>;

pub(super) fn stop(code: &'static str, message: impl Into<String>) -> Stop {
    Stop::Why(Fallback { code, message: message.into() })
}

pub(super) fn ensure(holds: bool, code: &'static str, message: &str) -> Attempt<()> {
    if holds { Ok(()) } else { Err(stop(code, message)) }
}

/// The database and everything that is known of it before rows are read.
pub(super) struct Run<'a> {
    context: &'a Context,
    keys: &'a Keys,
    options: &'a VerifyOptions,
    progress: &'a dyn Progress,
    store: Store,
    detection: Detection,
    facts: LogFacts,
    state: StateTrust,
    /// Rows of the log, counted in the same snapshot as the facts.
    count: u64,
    /// Everything that was read.
    seen: Walk,
    rechecked: u64,
}

/// Verifies from a resume point, or says why that cannot be. `lost` is set to the head of a point that is to be
/// believed, for a full walk to look for.
#[expect(clippy::too_many_arguments, reason = "one call, in the parent module")]
pub(super) fn attempt(
    context: &Context,
    database: &Database,
    keys: &Keys,
    options: &VerifyOptions,
    resume: &ResumeOptions,
    progress: &dyn Progress,
    started_at: Timestamp,
    lost: &mut Option<(RowName, Timestamp)>,
) -> Attempt<Resumed> {
    let Some(text) = &resume.text else {
        return Err(stop("missing", "there is no resume file yet"));
    };
    let mut store = Store::open(database, options.open, &context.cancel)?;
    let detection = store.detect()?;
    keys.demand(&detection)?;
    let family = detection.generation.family();
    let (mut point, rotated) = match Point::read(text, keys, family) {
        Read::Valid(point) => (*point, false),
        Read::Rotated(point) => (*point, true),
        Read::Invalid(code, message) => return Err(stop(code, message)),
    };
    // State, head and number of rows from one moment; then a writer need not wait for us any more.
    store.hold_snapshot()?;
    let facts = store.facts(&detection)?;
    let count = store.number("SELECT count(*) AS count FROM audit_log", &[])?;
    store.release_snapshot()?;
    let mut doubts = Vec::new();
    let state = bounds::judge_state(&detection, &facts, keys, &mut doubts);
    same_database(&point, &identity(store.snapshot().backend, &detection, &facts, &state))?;
    if facts.installed_at.is_none() && family != Family::Active {
        // Nothing but its oldest row tells this database from another one under the same key.
        let layout = Layout::new(detection.has_api_key_id, detection.has_markers);
        let first = store.row_behind(Timestamp::MIN, Id::from_bytes([0; 16]), layout)?;
        let is_same = first.rows().any(|(_, row)| row.id().ok() == Some(point.first.id));
        ensure(is_same, "database", "the log begins with another row than that of the resume point")?;
    }
    *lost = Some((point.head, point.written_at));
    ensure(!rotated, "rotated", "the key of the log was changed since the resume point was written")?;
    is_usable(&point, resume, started_at)?;
    ensure(doubts.is_empty(), "state", "the chain state does not hold")?;

    let mut run = Run {
        context,
        keys,
        options,
        progress,
        store,
        detection,
        facts,
        state,
        count,
        seen: Walk::default(),
        rechecked: 0,
    };
    let mut notes = Vec::new();
    run.check_surroundings(&point, &mut notes)?;
    let pruned = run.follow_retention(&mut point)?;
    let first = run.check_first(&point, pruned)?;
    let tail = run.walk_tail(&point, started_at)?;
    let new_rows = tail.live.tally.rows;
    let old_rows = point.positions().last().copied().unwrap_or(0);
    ensure(
        old_rows + new_rows == run.count,
        "count",
        &format!(
            "the log has {} rows, the resume point and the new ones make {}",
            run.count,
            old_rows + new_rows
        ),
    )?;
    run.check_end(&point, &tail)?;
    let reread = run.recheck(&point, resume, started_at)?;

    let head = tail.live.last.clone();
    let ranges = tail.ranges.clone();
    run.take(tail);
    let read_again = run.rechecked;
    if let Some(removal) = point.removal {
        // Its record may be among the rows that were not read.
        run.seen.live.prunes.insert(removal.up_to, removal.record);
    }
    let known_head = run.known_head()?;
    let mut report = run.conclude(first.1, head.as_ref(), notes, known_head, started_at, database)?;

    let (Some(key), Some(ranges)) = (current_key(keys, family), ranges) else {
        return Err(stop("key", "there is no key to write a resume point with"));
    };
    let newest = ranges.head.unwrap_or(point.head);
    let mut ranges = ranges.finish();
    for range in ranges.iter_mut().filter(|range| reread.contains(&range.number)) {
        range.read_at = started_at;
    }
    let resumed_from = point.written_at;
    let prune = run.state.authentic().and_then(|state| state.prune).map(name_of);
    let next = Point {
        written_at: started_at,
        key_id: key.id(),
        first: first.0,
        head: newest,
        prune,
        rows: run.count,
        run: point.run + 1,
        ranges,
        ..point
    };
    let file = next.write(keys, family);
    report.incremental = Some(Incremental {
        mode: "incremental",
        fallback: None,
        rows_in_log: run.count,
        rows_new: new_rows,
        rows_rechecked: read_again,
        rows_from_earlier_runs: old_rows.saturating_sub(read_again),
        oldest_reading: next.oldest_reading(),
        last_full: next.full_at,
        resumed_from: Some(resumed_from),
        recheck: next.recheck,
        run: next.run,
        point: file.is_some(),
    });
    report.notes.push(
        "rows that this run did not read are vouched for by the resume point; a database that was rolled back together \
         with the resume file cannot be told from one that is intact: keep the file where whoever writes the database \
         cannot reach it"
            .into(),
    );
    Ok(Resumed { report, file })
}

fn same_database(point: &Point, found: &crate::audit::resume::point::Identity) -> Attempt<()> {
    let known = &point.identity;
    let is_same = known.backend == found.backend
        && known.installed_at == found.installed_at
        && (known.installation_id == found.installation_id || found.installation_id.is_none());
    if !is_same {
        return Err(stop("database", "the resume point belongs to another database"));
    }
    ensure(
        known.generation == found.generation
            && (known.chain_generation == found.chain_generation || found.chain_generation.is_none()),
        "generation",
        "the resume point belongs to another generation of the schema or of the chain",
    )
}

fn is_usable(point: &Point, resume: &ResumeOptions, now: Timestamp) -> Attempt<()> {
    if point.recheck != resume.recheck.get() {
        return Err(stop(
            "recheck",
            format!("--recheck is 1/{}, and was 1/{} so far", resume.recheck, point.recheck),
        ));
    }
    let days = i64::from(resume.longest_days());
    if point.written_at.plus_seconds(days * 86_400) < now {
        return Err(stop(
            "age",
            format!("the resume point is of {}, more than {days} days ago", point.written_at),
        ));
    }
    if point.written_at > now.plus_seconds(SLACK_SECONDS) {
        return Err(stop(
            "age",
            format!("the resume point is of {}, which is still to come", point.written_at),
        ));
    }
    Ok(())
}

impl Run<'_> {
    fn family(&self) -> Family {
        self.detection.generation.family()
    }

    fn layout(&self) -> Layout {
        Layout::new(self.detection.has_api_key_id, self.detection.has_markers)
    }

    pub(super) fn signed(&self) -> Option<&ChainState> {
        self.state.authentic()
    }

    /// What the state, the guards and the counts say.
    fn check_surroundings(&mut self, point: &Point, notes: &mut Vec<String>) -> Attempt<()> {
        let (mut findings, is_postgres) = (Vec::new(), self.store.is_postgres());
        bounds::judge_guards(&self.detection, &self.facts, is_postgres, self.keys, &mut findings, notes);
        ensure(findings.is_empty(), "guards", "the guards around the log are not what they should be")?;
        ensure(self.facts.unplaced_rows == 0, "count", "rows have no place in chain order")?;
        match self.signed() {
            Some(state) => {
                let signed = state.active_row_count.saturating_add(state.frozen_row_count);
                ensure(
                    self.count == signed,
                    "count",
                    &format!("the log has {} rows, the chain state counts {signed}", self.count),
                )?;
                let is_same = state.frozen_row_count == point.frozen_rows
                    && state.frozen_snapshot_digest == point.frozen_digest;
                ensure(is_same, "frozen", "the frozen history is another one than the resume point knows")
            }
            None => ensure(
                self.facts.watermark == point.watermark,
                "beginning",
                "the record of where retention stopped was changed",
            ),
        }
    }

    /// The oldest row is still the one that it was, or the one behind the prune boundary.
    fn check_first(&mut self, point: &Point, pruned: Option<RowName>) -> Attempt<(RowName, EndRow)> {
        let (layout, family) = (self.layout(), self.family());
        let batch = self.store.row_behind(Timestamp::MIN, Id::from_bytes([0; 16]), layout)?;
        let gone = || stop("beginning", "the log does not begin with the row that it began with");
        let (_, row) = batch.rows().next().ok_or_else(gone)?;
        let checked = Checker::new(self.keys, family).check(1, row);
        let name = name(&checked).ok_or_else(gone)?;
        let is_right = match pruned {
            Some(boundary) if point.frozen_rows == 0 => checked.previous.mac() == boundary.row_hmac,
            _ => name == point.first,
        };
        if !is_right || !matches!(checked.verdict, Verdict::Verified(_) | Verdict::Unverifiable) {
            return Err(gone());
        }
        Ok((name, EndRow::of(&checked)))
    }

    /// Walks the rows behind the head of the point, which must be there as it was.
    fn walk_tail(&mut self, point: &Point, started_at: Timestamp) -> Attempt<Walk> {
        let (layout, family, head) = (self.layout(), self.family(), point.head);
        let old_rows = point.positions().last().copied().unwrap_or(0);
        // Rows of the same microsecond have their order by id: some may be older, some newer.
        let at_head = Scan { layout, since: Some(head.occurred_at), until: Some(head.occurred_at.next()) };
        let mut beside = Vec::new();
        let keys = self.keys;
        let end = self.store.scan(&at_head, &mut |mut batch| {
            let mut checker = Checker::new(keys, family);
            beside.extend(batch.rows().map(|(_, row)| checker.check(old_rows, row)));
            batch.clear(1);
            Ok(batch)
        })?;
        in_order(end)?;
        let mut walk = self.fresh_walk();
        let found = beside.iter().find(|row| name(row) == Some(head));
        let Some(found) = found.filter(|row| matches!(row.verdict, Verdict::Verified(_))) else {
            return Err(stop(
                "head",
                "the newest row that the resume point knows is not in the log as it was",
            ));
        };
        let neighbour = Neighbour { row: old_rows, audit_id: head.id, occurred_at: head.occurred_at };
        if walk.wanted.iter().any(|wanted| Some(*wanted) == head.row_hmac) {
            walk.sight(found, old_rows);
        }
        walk.live.begin_after(found.mac, true, Some(neighbour), old_rows);
        if let Some(last) = &mut walk.live.last {
            (last.key_id, last.generation) = (found.key_id, found.generation);
        }
        let limit = range_size(self.count, point.recheck);
        walk.ranges = Some(Ranges::behind(point.ranges.clone(), limit, head.occurred_at, started_at));
        let mut position = old_rows;
        for row in beside.iter().filter(|row| name(row).is_none_or(|name| name.place() > head.place())) {
            position += 1;
            walk.add_one(&Checked { position, ..row.clone() });
        }
        let expected = self.count.saturating_sub(old_rows);
        let scan = Scan { layout, since: Some(head.occurred_at.next()), until: None };
        self.read(&scan, &mut walk, position + 1, expected)?;
        ensure(
            is_clean(&walk) && walk.frozen.tally.rows == 0,
            "new-rows",
            "the rows behind the resume point do not continue it",
        )?;
        Ok(walk)
    }

    /// The newest row is the signed head, and the signed numbers of rows per key are right.
    fn check_end(&self, point: &Point, tail: &Walk) -> Attempt<()> {
        let Some(state) = self.signed() else { return Ok(()) };
        let is_head = state.head.zip(tail.live.last.as_ref()).is_some_and(|(head, last)| {
            last.mac.mac() == Some(head.row_hmac)
                && last.id == Some(head.id)
                && last.occurred_at == Some(head.occurred_at)
                && last.key_id == Some(head.hmac_key_id)
        });
        ensure(is_head, "head", "the log does not end with the head that the chain state names")?;
        let mut counts: BTreeMap<_, u64> = point.key_counts();
        for (key, rows) in &tail.live.tally.verified_keys {
            *counts.entry(*key).or_default() += rows;
        }
        ensure(
            counts == state.active_key_counts,
            "keys",
            "the chain state counts other numbers of rows per key",
        )
    }

    /// Reads again what has its turn. Gives the numbers of those ranges.
    fn recheck(&mut self, point: &Point, resume: &ResumeOptions, now: Timestamp) -> Attempt<BTreeSet<u64>> {
        let key = current_key(self.keys, self.family()).ok_or_else(|| stop("key", "there is no key"))?;
        let mut order = Order::new(key, point.seed, point.recheck);
        let longest = i64::from(resume.longest_days()) * 86_400;
        let positions = point.positions();
        let mut reread = BTreeSet::new();
        for (at, range) in point.ranges.iter().enumerate() {
            if !order.is_due(range.number, point.run + 1) && range.read_at.plus_seconds(longest) >= now {
                continue;
            }
            let walk = self.walk_range(point, at, positions[at] + 1)?;
            if !is_same(range, &walk) {
                let (from, to) = (positions[at] + 1, positions[at + 1]);
                return Err(stop(
                    "old-rows",
                    format!("rows {from} to {to} are not what they were when they were read last"),
                ));
            }
            self.rechecked += range.rows();
            self.take(walk);
            reread.insert(range.number);
        }
        Ok(reread)
    }

    /// Walks one range of a point.
    pub(super) fn walk_range(&mut self, point: &Point, at: usize, first_position: u64) -> Attempt<Walk> {
        let range = &point.ranges[at];
        let until = point.ranges.get(at + 1).map_or(point.head.occurred_at.next(), |next| next.since);
        let scan = Scan { layout: self.layout(), since: Some(range.since), until: Some(until) };
        let mut walk = self.fresh_walk();
        self.read(&scan, &mut walk, first_position, range.rows())?;
        Ok(walk)
    }

    fn fresh_walk(&self) -> Walk {
        let mut walk = Walk::default();
        if let Some(state) = self.signed() {
            walk.generation = Some(state.generation);
            walk.signing_keys = Some(state.active_key_counts.keys().copied().collect());
        }
        if let Some(KnownHeadInput::Valid(known)) = &self.options.known_head {
            walk.wanted.push(known.row_hmac);
        }
        walk
    }

    fn read(&mut self, scan: &Scan, walk: &mut Walk, first_position: u64, expected: u64) -> Attempt<()> {
        let jobs = if expected < WORTH_OTHER_CORES { NonZeroUsize::MIN } else { self.options.jobs };
        let (family, cancel, progress) = (self.family(), &self.context.cancel, self.progress);
        progress.begin(expected);
        let mut done = 0;
        let end =
            pipeline::run(&mut self.store, scan, self.keys, family, jobs, first_position, &mut |batch| {
                cancel.check()?;
                walk.add(batch);
                done += u64::try_from(batch.rows.len()).unwrap_or(0);
                progress.advance(done);
                Ok(())
            });
        progress.finish();
        in_order(end?)
    }

    /// Adds what a walk read to what was read.
    fn take(&mut self, walk: Walk) {
        self.seen.live.tally.absorb(&walk.live.tally);
        self.seen.frozen.tally.absorb(&walk.frozen.tally);
        self.seen.sightings.extend(walk.sightings);
    }

    /// The verdict on a known head: among the rows that were read, or looked up.
    fn known_head(&mut self) -> Attempt<Option<KnownHeadReport>> {
        let Some(known) = &self.options.known_head else { return Ok(None) };
        if let KnownHeadInput::Valid(head) = known
            && let Some(time) = head.occurred_at
            && !self.seen.sightings.contains_key(&head.row_hmac)
        {
            let scan = Scan { layout: self.layout(), since: Some(time), until: Some(time.next()) };
            let mut walk = self.fresh_walk();
            let before = self.store.rows_before(time)?;
            self.read(&scan, &mut walk, before + 1, 1)?;
            let intact = walk.sightings.into_iter().filter(|(_, seen): &(_, Sighting)| seen.intact);
            self.seen.sightings.extend(intact);
        }
        let (report, finding) = judge_known_head(known, &self.state, &self.facts, &self.seen);
        if finding.is_some() || matches!(report.verdict, "INVALID" | "UNPROVABLE") {
            return Err(stop("known-head", format!("{}: {}", report.verdict, report.message)));
        }
        Ok(Some(report))
    }

    /// Judges what a full walk judges besides rows, and puts the report together.
    fn conclude(
        &mut self,
        first: EndRow,
        head: Option<&EndRow>,
        mut notes: Vec<String>,
        known_head: Option<KnownHeadReport>,
        started_at: Timestamp,
        database: &Database,
    ) -> Attempt<crate::audit::report::VerifyReport> {
        let (mut findings, family) = (Vec::new(), self.family());
        let (facts, is_postgres) = (&self.facts, self.store.is_postgres());
        let frozen = self.signed().map_or(0, |state| state.frozen_row_count);
        self.seen.live.last = head.cloned();
        if family != Family::Active {
            self.seen.live.first = Some(first);
            let retention = Retention { days: self.options.retention_days, now: self.context.now() };
            let live = &self.seen.live;
            bounds::judge_legacy_start(
                &self.detection,
                facts,
                self.keys,
                retention,
                live,
                &mut findings,
                &mut notes,
            );
        }
        bounds::judge_tally(&self.detection, facts, is_postgres, self.count - frozen, &mut findings);
        let mut judged = Judged {
            anchors: None,
            walk: std::mem::take(&mut self.seen),
            facts: self.facts.clone(),
            state: self.state.clone(),
            findings: Vec::new(),
            notes,
            known_head,
            wrong_key: false,
        };
        let limits = limits(&self.detection, &judged, self.options, false, true, &mut findings, self.keys);
        judged.notes.extend(limits);
        let accepted = |finding: &Finding| {
            self.options.accept_retention
                && finding.class == Class::PrefixCut
                && finding.exit_code() == ExitCode::Incomplete
        };
        if let Some(finding) = findings.iter().find(|finding| !accepted(finding)) {
            return Err(stop("findings", finding.message.clone()));
        }
        let accepted = findings.iter().map(|finding| format!("accepted as retention: {}", finding.message));
        judged.notes.extend(accepted);
        let mut report = report(
            self.context,
            database.display(),
            self.store.snapshot(),
            &self.detection,
            self.keys,
            self.options,
            judged,
            started_at,
        );
        // The point is a head that was kept elsewhere.
        report.not_excluded.retain(|class| *class == Class::ReSigned);
        // Which keys the rows need that were not read, only the point and the state know.
        report.unused_keys.clear();
        report.head = head.map(|head| HeadReport {
            row: head.position,
            audit_id: head.id,
            occurred_at: head.occurred_at,
            row_hmac: head.mac.mac(),
        });
        if !report.ok {
            return Err(stop("findings", "something is wrong with the rows that were read"));
        }
        Ok(report)
    }
}

fn in_order(end: ScanEnd) -> Attempt<()> {
    ensure(end == ScanEnd::Complete, "old-rows", "the rows are not stored in chain order")
}

fn name(row: &Checked) -> Option<RowName> {
    Some(RowName { id: row.id?, occurred_at: row.occurred_at?, row_hmac: row.mac.mac() })
}

/// Whether every row of a walk is as it should be; frozen rows are judged by their digest.
pub(super) fn is_clean(walk: &Walk) -> bool {
    let live = &walk.live;
    live.suspects.is_empty()
        && live.dropped == 0
        && live.tally.verified == live.tally.rows
        && walk.foreign_rows == 0
        && walk.frozen_without_snapshot == 0
}

pub(super) fn same_frozen(range: &Range, walk: &Walk) -> bool {
    let rows = walk.frozen.tally.rows;
    let digest = (rows > 0).then(|| walk.frozen_digest.clone().finish());
    rows == range.frozen && digest == range.frozen_digest
}

/// Whether a range holds what it held. Its rows verify and are linked, and both ends are what they were, so every row
/// between them is.
fn is_same(range: &Range, walk: &Walk) -> bool {
    let live = &walk.live;
    is_clean(walk)
        && same_frozen(range, walk)
        && live.tally.rows == range.live
        && live.first.as_ref().and_then(|first| first.previous.mac()) == range.live_previous
        && live.last.as_ref().and_then(|last| last.mac.mac()) == range.live_last
        && live.tally.verified_keys == range.keys
}
