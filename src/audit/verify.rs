//! `audit verify`: is the log what was signed, and if not, what was done to it.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::audit::anchor::compare::Comparison;
use crate::audit::anchor::judge::{AnchorReport, Known, judge as judge_anchors};
use crate::audit::anchor::place::AnchorLog;
use crate::audit::anchor::timestamp::Timestamps;
use crate::audit::bounds::{self, Retention, StateTrust};
use crate::audit::bundle::gather::{Evidence, Selection};
use crate::audit::check::{Checker, Link};
use crate::audit::classify::{Ends, Places, classify};
use crate::audit::finding::{Class, Finding};
use crate::audit::head::{KnownHeadInput, judge_known_head};
use crate::audit::keys::Keys;
use crate::audit::pipeline;
use crate::audit::report::{HeadReport, KeyUse, Rows, UnusedKey, VerifyReport, Window};
use crate::audit::resume::point::RowName;
use crate::audit::resume::ranges::Ranges;
use crate::audit::walk::{Removal, Suspect, Walk};
use crate::config::Database;
use crate::context::Context;
use crate::error::{ExitCode, Result};
use crate::format::{Id, Timestamp};
use crate::store::batch::Layout;
use crate::store::generation::{Detection, Family, Generation};
use crate::store::{LogFacts, OpenOptions, Scan, ScanEnd, Snapshot, Store};

/// How often a file that changes is read in chunks before it is read in one transaction.
const LOOKS_IN_CHUNKS: u32 = 4;

/// What to verify and how.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// How patient to be with the database.
    pub open: OpenOptions,
    /// Cores to use.
    pub jobs: NonZeroUsize,
    /// Only rows from this time on.
    pub since: Option<Timestamp>,
    /// Only rows before this time.
    pub until: Option<Timestamp>,
    /// How many findings to list; all are counted.
    pub max_findings: usize,
    /// A head that was kept outside the database.
    pub known_head: Option<KnownHeadInput>,
    /// How many days z4j keeps audit rows, when that is configured where z4jctl runs.
    pub retention_days: Option<u32>,
    /// Take a missing beginning that retention explains for what it is.
    pub accept_retention: bool,
    /// Anchors to compare the log with; makes no sense for a part of it.
    pub anchors: Option<AnchorCheck>,
    /// Rows to gather for a bundle; makes no sense for a part of the log.
    pub evidence: Option<Arc<Selection>>,
}

impl VerifyOptions {
    /// The whole log, with nothing to compare it with, and as many findings as a person reads.
    pub fn new(open: OpenOptions, jobs: NonZeroUsize) -> Self {
        Self {
            open,
            jobs,
            since: None,
            until: None,
            max_findings: 100,
            known_head: None,
            retention_days: None,
            accept_retention: false,
            anchors: None,
            evidence: None,
        }
    }
}

/// Anchors to compare a log with.
#[derive(Debug, Clone)]
pub struct AnchorCheck {
    /// What was anchored.
    pub log: Arc<AnchorLog>,
    /// The timestamps beside them.
    pub timestamps: Option<Timestamps>,
    /// Whether to keep what the next anchor needs.
    pub collect: bool,
}

/// Told how far a walk has come.
pub trait Progress {
    /// The number of rows to expect, as far as it is known.
    fn begin(&self, total: u64);
    /// Rows done so far.
    fn advance(&self, done: u64);
    /// The walk ended.
    fn finish(&self);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _total: u64) {}
    fn advance(&self, _done: u64) {}
    fn finish(&self) {}
}

/// Verifies the audit log of a database.
pub fn verify(
    context: &Context,
    database: &Database,
    keys: &Keys,
    options: &VerifyOptions,
    progress: &dyn Progress,
) -> Result<VerifyReport> {
    verify_whole(context, database, keys, options, progress, None).map(|whole| whole.report)
}

/// A verification, with what the next anchor is made of.
#[derive(Debug)]
pub struct Verified {
    /// The report.
    pub report: VerifyReport,
    /// The comparison with the anchors that there are.
    pub comparison: Option<Comparison>,
    /// The generation that live rows have; `None` before 1.8.
    pub generation: Option<Id>,
}

/// Verifies the audit log of a database and keeps what an anchor is made of.
pub fn verify_for_anchor(
    context: &Context,
    database: &Database,
    keys: &Keys,
    options: &VerifyOptions,
    progress: &dyn Progress,
) -> Result<Verified> {
    let Whole { report, comparison, generation, .. } =
        verify_whole(context, database, keys, options, progress, None)?;
    Ok(Verified { report, comparison, generation })
}

/// What a walk over everything does for the runs that resume from it.
#[derive(Debug)]
pub(super) struct Trail {
    /// In how many runs every row is to be read again.
    pub(super) recheck: u32,
    /// When the run began.
    pub(super) started_at: Timestamp,
    /// The newest row that an earlier run knew, and when that was.
    pub(super) head: Option<(RowName, Timestamp)>,
}

/// A report, and what an anchor and a resume point are made of.
pub(super) struct Whole {
    pub(super) report: VerifyReport,
    pub(super) comparison: Option<Comparison>,
    pub(super) evidence: Option<Evidence>,
    pub(super) generation: Option<Id>,
    pub(super) ranges: Option<Ranges>,
    pub(super) removal: Option<Removal>,
    pub(super) state: StateTrust,
    pub(super) facts: LogFacts,
    pub(super) detection: Detection,
}

/// Rows that were walked, and everything else that they are judged by.
pub(super) struct Looked {
    pub(super) facts: LogFacts,
    pub(super) state: StateTrust,
    pub(super) walk: Walk,
    pub(super) notes: Vec<String>,
    /// What was found that is about no row.
    pub(super) whole_log: Vec<Finding>,
    /// Whether the log is in PostgreSQL.
    pub(super) postgres: bool,
}

/// Finds where the MACs stand that suspects mention.
pub(super) type FindPlaces<'a> =
    &'a mut dyn FnMut(&mut dyn Iterator<Item = &Suspect>, Ends) -> Result<Places>;

/// [`verify`], leaving a trail.
pub(super) fn verify_whole(
    context: &Context,
    database: &Database,
    keys: &Keys,
    options: &VerifyOptions,
    progress: &dyn Progress,
    trail: Option<&Trail>,
) -> Result<Whole> {
    let started_at = context.now();
    let mut store = Store::open(database, options.open, &context.cancel)?;
    let detection = store.detect()?;
    keys.demand(&detection)?;
    let mut judged = look(context, &mut store, &detection, keys, options, progress, trail)?;
    let (comparison, generation) = (judged.walk.comparison.take(), judged.walk.generation);
    let evidence = judged.walk.evidence.take();
    let removal = judged.walk.live.removal();
    let (ranges, state, facts) = (judged.walk.ranges.take(), judged.state.clone(), judged.facts.clone());
    let report =
        report(context, database.display(), store.snapshot(), &detection, keys, options, judged, started_at);
    Ok(Whole { report, comparison, evidence, generation, ranges, removal, state, facts, detection })
}

/// Looks at a log, again when it was changed while it was read.
pub(super) fn look(
    context: &Context,
    store: &mut Store,
    detection: &Detection,
    keys: &Keys,
    options: &VerifyOptions,
    progress: &dyn Progress,
    trail: Option<&Trail>,
) -> Result<Judged> {
    let mut judged = judge(context, store, detection, keys, options, progress, trail)?;
    // Something was written while the file was read in chunks. What is wrong twice is wrong, and a look that finds
    // nothing decides; only fault that changes from look to look is worth making writers wait.
    let mut looks = 1;
    while store.snapshot().changes_during_read > 0 && !judged.findings.is_empty() {
        looks += 1;
        if looks > LOOKS_IN_CHUNKS {
            store.hold_snapshot()?;
        }
        let again = judge(context, store, detection, keys, options, progress, trail)?;
        let same = fingerprint(&again) == fingerprint(&judged);
        judged = again;
        if same {
            break;
        }
    }
    Ok(judged)
}

/// What tells the findings of two walks apart.
fn fingerprint(judged: &Judged) -> Vec<(Class, Option<Id>)> {
    judged.findings.iter().map(|finding| (finding.class, finding.audit_id)).collect()
}

/// One look at the log.
pub(super) struct Judged {
    pub(super) walk: Walk,
    pub(super) facts: LogFacts,
    pub(super) state: StateTrust,
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
    pub(super) known_head: Option<crate::audit::report::KnownHeadReport>,
    pub(super) anchors: Option<AnchorReport>,
    /// Whether no row verifies although rows are signed.
    pub(super) wrong_key: bool,
}

fn judge(
    context: &Context,
    store: &mut Store,
    detection: &Detection,
    keys: &Keys,
    options: &VerifyOptions,
    progress: &dyn Progress,
    trail: Option<&Trail>,
) -> Result<Judged> {
    let facts = store.facts(detection)?;
    let mut notes = Vec::new();
    let mut whole_log = Vec::new();
    let state = bounds::judge_state(detection, &facts, keys, &mut whole_log);
    bounds::judge_guards(detection, &facts, store.is_postgres(), keys, &mut whole_log, &mut notes);

    let walk = walk(context, store, detection, keys, options, &facts, &state, progress, trail)?;
    let looked = Looked { facts, state, walk, notes, whole_log, postgres: store.is_postgres() };
    let links = Scan { layout: Layout::links(), since: None, until: None };
    judge_walk(context.now(), detection, keys, options, trail, looked, &mut |suspects, ends| {
        Places::find(&mut |emit| store.scan(&links, emit), suspects, ends)
    })
}

/// Judges rows that were walked.
pub(super) fn judge_walk(
    now: Timestamp,
    detection: &Detection,
    keys: &Keys,
    options: &VerifyOptions,
    trail: Option<&Trail>,
    looked: Looked,
    find_places: FindPlaces<'_>,
) -> Result<Judged> {
    let Looked { facts, state, walk, notes, mut whole_log, postgres } = looked;
    let family = detection.generation.family();
    let windowed = options.since.is_some() || options.until.is_some();
    let mut judged = Judged {
        walk,
        facts,
        state,
        findings: Vec::new(),
        notes,
        known_head: None,
        anchors: None,
        wrong_key: false,
    };

    if let Some(finding) = wrong_key(family, &judged.walk) {
        judged.wrong_key = true;
        // Stored HMACs are compared with anchored ones without any key.
        let against_anchors = compare(&mut judged, options, true);
        judged.findings.push(finding);
        judged.findings.extend(against_anchors);
        judged.findings.append(&mut whole_log);
        return Ok(judged);
    }

    let frozen_authentic = match judged.state.authentic() {
        Some(state) => bounds::frozen_is_authentic(state, &judged.walk),
        None => false,
    };
    let live = &judged.walk.live;
    let frozen = &judged.walk.frozen;
    let name_frozen = !frozen_authentic && !windowed;
    let mut suspects = live.suspects.iter().chain(if name_frozen { frozen.suspects.as_slice() } else { &[] });
    let ends = bounds::ends(&judged.state, &judged.facts, windowed);
    let places = find_places(&mut suspects, ends)?;
    let mut findings = classify(live, &places, ends);
    unknown_keys(&judged.walk, &mut findings);

    match judged.state.authentic() {
        Some(state) if !windowed => {
            bounds::judge_active(state, &judged.walk, &mut findings, &mut judged.notes);
            if !frozen_authentic {
                let named = classify(frozen, &places, Ends::default());
                bounds::judge_frozen(state, &judged.walk, !keys.master.is_empty(), named, &mut findings);
            }
        }
        None if family == Family::Active && !windowed => {
            findings.extend(classify(frozen, &places, Ends::default()));
            bounds::judge_unknown_state(&judged.state, &judged.walk, keys, &mut findings);
            judged.notes.push("without an authentic chain state the beginning, the end and the number of rows are not proved".into());
        }
        _ => {}
    }
    if family != Family::Active && options.since.is_none() {
        let retention = Retention { days: options.retention_days, now };
        bounds::judge_legacy_start(
            detection,
            &judged.facts,
            keys,
            retention,
            live,
            &mut findings,
            &mut judged.notes,
        );
        empty_log(&judged, &mut findings, windowed);
    }
    if !windowed {
        let live_rows = live.tally.rows + judged.walk.foreign_rows;
        bounds::judge_tally(detection, &judged.facts, postgres, live_rows, &mut findings);
    }
    if let Some(known) = &options.known_head {
        let (report, finding) = judge_known_head(known, &judged.state, &judged.facts, &judged.walk);
        judged.known_head = Some(report);
        findings.extend(finding);
    }
    if let Some((head, seen_at)) = trail.and_then(|trail| trail.head) {
        findings.extend(bounds::judge_earlier_head(&head, seen_at, &judged.state, &judged.walk));
    }
    let knows_head = options.known_head.is_some() || trail.is_some_and(|trail| trail.head.is_some());
    let limits = limits(detection, &judged, options, windowed, knows_head, &mut whole_log, keys);
    judged.notes.extend(limits);
    if options.accept_retention {
        let (accepted, kept): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| {
            finding.class == Class::PrefixCut && finding.exit_code() == ExitCode::Incomplete
        });
        findings = kept;
        judged.notes.extend(
            accepted.into_iter().map(|finding| format!("accepted as retention: {}", finding.message)),
        );
    }
    let is_broken = findings.iter().chain(&whole_log).any(|finding| finding.exit_code() == ExitCode::Finding);
    findings.extend(compare(&mut judged, options, is_broken));
    findings.sort_by_key(|finding| finding.row.unwrap_or(u64::MAX));
    findings.append(&mut whole_log);
    judged.findings = findings;
    Ok(judged)
}

/// Judges the comparison with the anchors, when there is one.
fn compare(judged: &mut Judged, options: &VerifyOptions, is_broken: bool) -> Vec<Finding> {
    let Some(comparison) = &judged.walk.comparison else { return Vec::new() };
    let timestamps = options.anchors.as_ref().and_then(|check| check.timestamps.as_ref());
    let known = Known { state: &judged.state, is_broken, timestamps };
    let (report, findings) = judge_anchors(comparison, known, &mut judged.notes);
    judged.anchors = Some(report);
    findings
}

#[expect(clippy::too_many_arguments, reason = "one call, right above")]
fn walk(
    context: &Context,
    store: &mut Store,
    detection: &Detection,
    keys: &Keys,
    options: &VerifyOptions,
    facts: &LogFacts,
    state: &StateTrust,
    progress: &dyn Progress,
    trail: Option<&Trail>,
) -> Result<Walk> {
    let family = detection.generation.family();
    let layout = Layout::new(detection.has_api_key_id, detection.has_markers);
    let mut walk = Walk::default();
    if let StateTrust::Authentic(state) | StateTrust::UnknownKey(state) = state {
        walk.generation = Some(state.generation);
        walk.wanted.extend(state.head.map(|head| head.row_hmac));
        walk.wanted.extend(state.prune.map(|prune| prune.row_hmac));
    }
    walk.signing_keys = state.authentic().map(|state| state.active_key_counts.keys().copied().collect());
    if let Some(KnownHeadInput::Valid(known)) = &options.known_head {
        walk.wanted.push(known.row_hmac);
    }
    walk.comparison =
        options.anchors.as_ref().map(|check| Comparison::new(Arc::clone(&check.log), check.collect));
    walk.evidence = options.evidence.as_ref().map(|selection| {
        let newest = options.anchors.as_ref().and_then(|check| check.log.newest());
        Evidence::new(Arc::clone(selection), newest.map(|newest| newest.size))
    });
    if let Some(trail) = trail {
        walk.wanted.extend(trail.head.and_then(|(head, _)| head.row_hmac));
        walk.ranges = Some(Ranges::new(store.count_rows()?, trail.recheck, trail.started_at));
    }
    let mut first_position = 1;
    if let Some(since) = options.since {
        let before = store.row_before(since, layout)?;
        if let Some((position, row)) = before.rows().next() {
            walk.begin_behind(&Checker::new(keys, family).check(position, row));
            first_position = position + 1;
        }
    }
    let scan = Scan { layout, since: options.since, until: options.until };
    loop {
        let mut attempt = walk.clone();
        progress.begin(facts.rows_estimate);
        let mut done = 0;
        let end = pipeline::run(store, &scan, keys, family, options.jobs, first_position, &mut |batch| {
            context.cancel.check()?;
            attempt.add(batch);
            done += u64::try_from(batch.rows.len()).unwrap_or(0);
            progress.advance(done);
            Ok(())
        });
        progress.finish();
        if end? == ScanEnd::Complete {
            return Ok(attempt);
        }
    }
}

/// No row verifies although rows are signed: the key is wrong, or everything is.
pub(super) fn wrong_key(family: Family, walk: &Walk) -> Option<Finding> {
    let tally = &walk.live.tally;
    let signed = tally.mismatched + tally.unknown_key;
    if tally.verified > 0 || signed == 0 || tally.unsigned + tally.unreadable >= signed {
        return None;
    }
    if family == Family::Active && tally.mismatched > 0 {
        // Active rows name their key: a configured key that does not verify them is no accident.
        return None;
    }
    let setting = if family == Family::Active { "Z4J_AUDIT_CHAIN_SECRET" } else { "Z4J_SECRET" };
    Some(Finding::new(
        Class::WrongKey,
        format!(
            "none of {} signed rows verifies under a configured key: {setting} is not the one of this database (or every row was changed); \
             {} of the links hold",
            signed, tally.linked
        ),
    ))
}

/// One finding for each key that rows name and that is not configured.
pub(super) fn unknown_keys(walk: &Walk, findings: &mut Vec<Finding>) {
    for (key, (rows, first)) in &walk.live.tally.unknown_keys {
        findings.push(Finding {
            row: Some(first.position),
            audit_id: first.id,
            occurred_at: first.occurred_at,
            ..Finding::new(
                Class::UnknownKey,
                format!("{rows} row(s), this one first, are signed under key {key}, which is not configured"),
            )
        });
    }
}

/// An empty log from before 1.8: new, or emptied?
fn empty_log(judged: &Judged, findings: &mut Vec<Finding>, windowed: bool) {
    if windowed || judged.walk.live.tally.rows > 0 || judged.facts.unplaced_rows > 0 {
        return;
    }
    if judged.facts.installed_at.is_some() {
        findings.push(
            Finding::new(
                Class::TailCut,
                "the log is empty although a brain has served this database: nothing tells an emptied log from one that was never \
                 written to; a known head can",
            )
            .undecided(),
        );
    }
}

/// What anchors alone can tell, and what a head that was kept elsewhere can tell too.
fn not_excluded(family: Family, knows_head: bool, has_anchors: bool) -> Vec<Class> {
    match (has_anchors, knows_head, family) {
        (true, _, _) => vec![],
        (false, true, _) => vec![Class::ReSigned],
        (false, false, Family::Active) => vec![Class::RolledBack, Class::ReSigned],
        (false, false, _) => vec![Class::TailCut, Class::RolledBack, Class::ReSigned],
    }
}

/// What a verification of this generation cannot prove, in words.
pub(super) fn limits(
    detection: &Detection,
    judged: &Judged,
    options: &VerifyOptions,
    windowed: bool,
    knows_head: bool,
    whole_log: &mut Vec<Finding>,
    keys: &Keys,
) -> Vec<String> {
    let mut notes = Vec::new();
    for condition in &detection.conditions {
        notes.push(condition.explain().to_owned());
    }
    if judged.facts.quarantined_forks > 0 {
        notes.push(format!(
            "{} rows in audit_log_legacy_forks were not verified",
            judged.facts.quarantined_forks
        ));
    }
    if windowed {
        notes.push(
            "only a part of the log was verified: its beginning, end and number of rows were not judged"
                .into(),
        );
    }
    if !knows_head && options.anchors.is_none() && options.until.is_none() {
        notes.push(
            if detection.generation.family() == Family::Active {
                "a database rolled back as a whole to an older copy verifies too (--known-head or --anchors can \
                 tell), and so does a history that was signed again with a stolen secret (--anchors)"
            } else {
                "before 1.8 nothing in the database proves that the newest rows are all there (--known-head or \
                 --anchors can tell), nor that history was not signed again with a stolen secret (--anchors)"
            }
            .into(),
        );
    }
    let dropped = judged.walk.live.dropped + judged.walk.frozen.dropped;
    if dropped > 0 {
        notes.push(format!("{dropped} more broken rows were counted and not classified"));
    }
    let unplaced = judged.facts.unplaced_rows;
    if !windowed && unplaced > 0 {
        let message = format!("{unplaced} rows have no place in chain order and were not read");
        whole_log.push(Finding::new(Class::Malformed, message).undecided());
    }
    if judged.walk.frozen.tally.rows > 0 && keys.master.is_empty() {
        notes.push(
            "frozen rows were verified by their signed digest alone; with Z4J_SECRET each could be verified"
                .into(),
        );
    }
    notes
}

#[expect(clippy::too_many_arguments, reason = "the one place where a report is put together")]
pub(super) fn report(
    context: &Context,
    database: String,
    snapshot: Snapshot,
    detection: &Detection,
    keys: &Keys,
    options: &VerifyOptions,
    judged: Judged,
    started_at: Timestamp,
) -> VerifyReport {
    let Judged { walk, state, mut findings, mut notes, known_head, anchors, wrong_key, .. } = judged;
    let (live, frozen) = (&walk.live.tally, &walk.frozen.tally);
    let mismatched = live.mismatched + walk.foreign_rows;
    let rows = Rows {
        total: live.rows + frozen.rows + walk.foreign_rows,
        verified: live.verified,
        frozen: frozen.rows,
        unsigned: live.unsigned,
        unknown_key: live.unknown_key,
        unreadable: live.unreadable,
        mismatched,
    };
    let mut by_key: BTreeMap<_, u64> = live.verified_keys.clone();
    for (key, count) in &frozen.verified_keys {
        *by_key.entry(*key).or_default() += count;
    }
    let signs_state = |key| match &state {
        StateTrust::Authentic(state) | StateTrust::UnknownKey(state) => state.state_key_id == key,
        _ => false,
    };
    let relevant = match detection.generation.family() {
        Family::Active => [("audit", &keys.audit, true), ("master", &keys.master, frozen.rows > 0)],
        _ => [("audit", &keys.audit, false), ("master", &keys.master, true)],
    };
    let mut unused_keys = Vec::new();
    for (setting, ring, relevant) in relevant {
        for key in ring
            .iter()
            .filter(|_| relevant && rows.total > 0 && options.since.is_none() && options.until.is_none())
        {
            if !by_key.contains_key(&key.id()) && !signs_state(key.id()) {
                unused_keys.push(UnusedKey { key_id: key.id(), setting });
            }
        }
    }

    let mut exit = findings.iter().map(Finding::exit_code).fold(ExitCode::Done, |strongest, code| {
        if wrong_key && code == ExitCode::Finding { strongest } else { strongest.strongest(code) }
    });
    if known_head.as_ref().is_some_and(|known| matches!(known.verdict, "INVALID" | "UNPROVABLE")) {
        exit = exit.strongest(ExitCode::Finding);
    }
    if live.unreadable > 0 || live.unknown_key > 0 || (live.unsigned > 0 && exit == ExitCode::Done) {
        exit = exit.strongest(ExitCode::Incomplete);
    }
    if detection.generation == Generation::P && exit == ExitCode::Done {
        notes.push("verified by the rules of 1.7, since the chain was not activated".into());
    }
    let mut finding_counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for finding in &findings {
        *finding_counts.entry(finding.class.name()).or_default() += 1;
    }
    let not_listed = findings.len().saturating_sub(options.max_findings);
    findings.truncate(options.max_findings);
    let last = walk.live.last.as_ref().filter(|_| walk.live.tally.rows > 0).or(walk.frozen.last.as_ref());
    let head = last.map(|last| HeadReport {
        row: last.position,
        audit_id: last.id,
        occurred_at: last.occurred_at,
        row_hmac: match last.mac {
            Link::Mac(mac) => Some(mac),
            _ => None,
        },
    });
    let not_excluded =
        not_excluded(detection.generation.family(), known_head.is_some(), options.anchors.is_some());
    let window = (options.since.is_some() || options.until.is_some())
        .then_some(Window { since: options.since, until: options.until });
    let elapsed = context.now().micros().saturating_sub(started_at.micros()).max(0) / 1000;
    VerifyReport {
        schema: "z4jctl.audit.verify/1",
        ok: exit == ExitCode::Done,
        exit_code: exit.code(),
        database,
        generation: detection.generation,
        releases: detection.generation.releases(),
        revision: detection.revision.clone(),
        family: detection.generation.family(),
        conditions: detection.conditions.clone(),
        rows,
        keys: by_key.into_iter().map(|(key_id, rows)| KeyUse { key_id, rows }).collect(),
        unused_keys,
        finding_counts,
        findings,
        findings_not_listed: u64::try_from(not_listed).unwrap_or(0),
        known_head,
        anchors,
        head,
        window,
        incremental: None,
        shard: None,
        merged: None,
        not_excluded,
        notes,
        snapshot,
        started_at,
        duration_ms: u64::try_from(elapsed).unwrap_or(0),
        z4jctl: env!("CARGO_PKG_VERSION"),
    }
}
