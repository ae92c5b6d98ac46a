//! `audit diff`: what exactly changed between a log and an older copy of it.
//!
//! `source` opens both, `join` reads them at once in chain order and compares what stands at the same place with
//! `fields`; what has no counterpart there is set aside in `unmatched` and paired by id, and `settle` says what
//! became of it. `records` compares chain state and watermark. Memory is bounded whatever the size of the logs.

mod fields;
mod join;
mod list;
mod records;
pub mod report;
mod settle;
mod source;
mod unmatched;

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::keys::Keys;
use crate::audit::verify::Progress;
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, ExitCode, Result};
use crate::format::Id;
use crate::store::OpenOptions;
use crate::store::generation::Family;
use fields::Fields;
use join::{At, Pair, Place, Seen, common_columns, join};
use list::Lister;
pub(super) use list::hide;
use records::Happened;
use report::{DiffReport, KeyRows, Kind, Relation, Side};
use settle::{Settled, is_silent, settle};
pub use source::CopyOf;
use source::Source;

/// What to compare and how.
#[derive(Debug, Clone)]
pub struct DiffOptions {
    /// How patient to be with the databases.
    pub open: OpenOptions,
    /// The copy.
    pub against: CopyOf,
    /// How many differences to list; all are counted.
    pub max_findings: usize,
    /// 1.3 to 1.6: take a missing beginning that retention can explain as explained.
    pub accept_retention: bool,
    /// Replace e-mail addresses and network addresses by numbered names.
    pub redact: bool,
}

/// Compares a log with a copy of it. Works without keys; then nobody can say which of two rows was signed.
///
/// # Errors
///
/// `Unreachable` when a side cannot be read, `Refused` when the copy is of another database.
pub fn diff(
    context: &Context,
    database: &Database,
    keys: &Keys,
    options: &DiffOptions,
    progress: &dyn Progress,
) -> Result<DiffReport> {
    let started_at = context.now();
    let mut here = Source::database(database, options.open, &context.cancel)?;
    let mut there = Source::copy(&options.against, options.open, &context.cancel)?;
    refuse_other_installation(&here, &there)?;
    let mut look = look(context, &mut here, &mut there, keys, options, progress)?;
    let changed_meanwhile =
        |source: &Source| source.snapshot().is_some_and(|snapshot| snapshot.changes_during_read > 0);
    if (changed_meanwhile(&here) || changed_meanwhile(&there)) && !look.settled.kinds.is_empty() {
        // What differs may have been written or swept while it was read in chunks: look again, while writers wait.
        here.hold()?;
        there.hold()?;
        look = self::look(context, &mut here, &mut there, keys, options, progress)?;
    }
    refuse_unrelated(&look, &here, &there)?;
    let mut report = look.report(&mut here, &mut there, keys, options, started_at)?;
    let elapsed = context.now().micros().saturating_sub(started_at.micros()).max(0) / 1000;
    report.duration_ms = u64::try_from(elapsed).unwrap_or(0);
    Ok(report)
}

/// The installation that the chain state names.
fn installation(source: &Source) -> Option<Id> {
    let stored = source.facts.states.first()?.installation_id.as_ref()?;
    Id::parse(stored.as_bytes())
}

fn refuse_other_installation(here: &Source, there: &Source) -> Result<()> {
    match (installation(here), installation(there)) {
        (Some(ours), Some(theirs)) if ours != theirs => Err(Error::refused(
            "diff.other-database",
            format!(
                "{} is a copy of another brain's database: its installation is {theirs}, that of {} is {ours}",
                there.name, here.name
            ),
        )
        .hint(
            "name the copy of this database; where this database itself may have been swapped, `z4jctl audit verify \
             --known-head` and --anchors tell",
        )),
        _ => Ok(()),
    }
}

/// Refuses a copy that shares no row with the log, unless retention explains it or both name one installation.
fn refuse_unrelated(look: &Look, here: &Source, there: &Source) -> Result<()> {
    let is_one = installation(here).is_some() && installation(here) == installation(there);
    let (log, copy) = (&look.here, &look.there);
    let is_explained = look.settled.counts.retention == copy.rows || !there.filter.is_whole();
    if look.settled.have_common || is_one || is_explained || log.rows == 0 || copy.rows == 0 {
        return Ok(());
    }
    Err(Error::refused(
        "diff.unrelated",
        format!("no row of {} is in the log of {}: it is a copy of another database", there.name, here.name),
    )
    .hint(
        "name a copy of this database that overlaps its log; if this is one, retention has removed all its rows since, or \
         every row was replaced: `z4jctl audit verify` judges the log by itself",
    ))
}

/// One reading of both sides.
struct Look {
    settled: Settled,
    here: Seen,
    there: Seen,
    records: Vec<join::Record>,
}

fn look(
    context: &Context,
    here: &mut Source,
    there: &mut Source,
    keys: &Keys,
    options: &DiffOptions,
    progress: &dyn Progress,
) -> Result<Look> {
    let limit = options.max_findings;
    let joined = join(context, here, there, keys, limit, progress)?;
    let (mut settled, seen, copied, records) = settle(joined, here, there, keys, limit)?;
    compare_late(&mut settled, here, there)?;
    Ok(Look { settled, here: seen, there: copied, records })
}

/// Compares the pairs that stand at one place, as the merge would have done.
fn compare_late(settled: &mut Settled, here: &mut Source, there: &mut Source) -> Result<()> {
    let late = std::mem::take(&mut settled.late);
    let keys = |side: fn(&Pair) -> Option<&At>| late.iter().filter_map(side).map(|at| at.key).collect();
    let left = here.fetch(&keys(|pair| pair.here.as_ref()))?;
    let right = there.fetch(&keys(|pair| pair.there.as_ref()))?;
    let (columns, mut fields) = (common_columns(here, there), Fields::default());
    for pair in late {
        let Some(key) = pair.here.as_ref().map(|at| at.key) else { continue };
        let (Some(new), Some(old)) = (left.get(&key), right.get(&key)) else { continue };
        if fields.compare(columns, new.row(0), old.row(0)).is_empty() {
            settled.counts.identical += 1;
        } else {
            settled.add(Kind::Changed, key.place(), pair);
        }
    }
    Ok(())
}

impl Look {
    fn report(
        self,
        here: &mut Source,
        there: &mut Source,
        keys: &Keys,
        options: &DiffOptions,
        started_at: crate::format::Timestamp,
    ) -> Result<DiffReport> {
        let Self { settled, here: seen, there: copied, records } = self;
        let counts = settled.counts;
        let relation = if settled.count(Kind::TailCut) > 0 {
            Relation::CopyNewer
        } else if counts.appended > 0 {
            Relation::LogNewer
        } else {
            Relation::SameHead
        };
        let is_upgrade = (here.family == Family::Active) != (there.family == Family::Active);
        let is_partial = !there.filter.is_whole();
        let happened = Happened { counts: &counts, records: &records, is_upgrade, is_partial };
        let record_changes = records::compare(here, there, &happened);
        let not_compared = not_compared(here, there, &settled, &copied);
        let mut notes = notes(here, there, &settled, &copied, relation, keys);
        let (finding_counts, total) = (
            settled.kinds.iter().map(|(kind, count)| (kind.name(), *count)).collect::<BTreeMap<_, _>>(),
            settled.kinds.values().sum::<u64>(),
        );
        let is_prefix_cut = settled.count(Kind::PrefixCut) > 0;
        let is_different =
            total > settled.count(Kind::PrefixCut) || record_changes.iter().any(|change| !change.expected);
        if is_prefix_cut && options.accept_retention {
            notes.push("the missing beginning was accepted as retention".into());
        }
        let exit = if is_different {
            ExitCode::Finding
        } else if !not_compared.is_empty() || is_prefix_cut && !options.accept_retention {
            ExitCode::Incomplete
        } else {
            ExitCode::Done
        };
        let listed: Vec<(Place, (Kind, Pair))> = settled.listed.into_items().collect();
        let mut findings = Lister::new(here, there, keys, options.redact).list(listed)?;
        findings.truncate(options.max_findings);
        let listed = u64::try_from(findings.len()).unwrap_or(0);
        Ok(DiffReport {
            schema: "z4jctl.audit.diff/1",
            ok: exit == ExitCode::Done,
            exit_code: exit.code(),
            log: side(here, &seen),
            copy: side(there, &copied),
            relation,
            scope: is_partial.then(|| there.filter.record()),
            judged: can_judge(here, keys),
            is_redacted: options.redact,
            counts,
            finding_counts,
            findings,
            findings_not_listed: total.saturating_sub(listed),
            records: record_changes,
            key_ids: key_rows(&seen, &copied),
            not_compared,
            notes,
            started_at,
            duration_ms: 0,
            z4jctl: env!("CARGO_PKG_VERSION"),
        })
    }
}

fn side(source: &Source, seen: &Seen) -> Side {
    let generation =
        source.facts.states.first().and_then(|state| Id::parse(state.generation.as_ref()?.as_bytes()));
    Side {
        name: source.name.clone(),
        kind: source.kind(),
        generation: source.detection.as_ref().map(|detection| detection.generation.letter().to_owned()),
        revision: source.detection.as_ref().map(|detection| detection.revision.clone()),
        rows: seen.rows,
        first: seen.first,
        last: seen.last,
        installation_id: installation(source),
        chain_generation: generation,
        snapshot: source.snapshot(),
    }
}

fn key_rows(here: &Seen, there: &Seen) -> Vec<KeyRows> {
    let names: BTreeSet<&String> = here.keys.keys().chain(there.keys.keys()).collect();
    let rows = |seen: &Seen, name: &String| seen.keys.get(name).copied().unwrap_or(0);
    names
        .into_iter()
        .map(|name| KeyRows { key_id: name.clone(), log: rows(here, name), copy: rows(there, name) })
        .filter(|rows| rows.log != rows.copy)
        .collect()
}

fn not_compared(here: &Source, there: &Source, settled: &Settled, copied: &Seen) -> Vec<String> {
    let mut reasons = Vec::new();
    for (side, which) in [(here, "the log"), (there, "the copy")] {
        if side.facts.unplaced_rows > 0 {
            reasons.push(format!(
                "{} rows of {which} have no time or no id, so no place in chain order",
                side.facts.unplaced_rows
            ));
        }
    }
    reasons.extend(copied.problems.iter().map(|problem| format!("the copy is damaged: {problem}")));
    if settled.late_not_compared > 0 {
        reasons.push(format!(
            "{} rows whose times are written in an odd way on one side",
            settled.late_not_compared
        ));
    }
    if copied.rows == 0 && there.filter.is_whole() {
        reasons.push("the copy holds no row".into());
    }
    reasons
}

fn notes(
    here: &Source,
    there: &Source,
    settled: &Settled,
    copied: &Seen,
    relation: Relation,
    keys: &Keys,
) -> Vec<String> {
    let mut notes = Vec::new();
    let tail = settled.count(Kind::TailCut);
    if relation == Relation::CopyNewer {
        notes.push(format!(
            "the copy is newer than the log by {tail} rows: the log was rolled back or its newest rows were cut, or the \
             arguments are swapped"
        ));
    }
    if settled.counts.appended > 0 {
        notes.push(format!(
            "{} rows are newer than the copy and have nothing to be compared with; `z4jctl audit verify` judges them",
            settled.counts.appended
        ));
    }
    if let (Some(retention), 1..) = (&settled.retention, settled.counts.retention) {
        notes.push(format!(
            "{} rows were removed by retention: {}",
            settled.counts.retention, retention.proof
        ));
    }
    if settled.counts.before_copy > 0 {
        notes.push(format!(
            "{} rows are older than the beginning of the copy, and were not compared",
            settled.counts.before_copy
        ));
    }
    if !there.filter.is_whole() {
        notes.push(format!(
            "the copy is an export of some rows; {} rows of the log are none of them and were not compared",
            settled.counts.outside_scope
        ));
    }
    let here_generation = here.detection.as_ref().map(|detection| detection.generation);
    if settled.count(Kind::PrefixCut) > 0 && is_silent(here_generation) {
        notes.push(
            "1.3 to 1.6 remove old rows and leave no record: nothing tells retention from a cut; --accept-retention takes \
             it for retention"
                .into(),
        );
    }
    if here.layout != there.layout || (here.family == Family::Active) != (there.family == Family::Active) {
        let columns = common_columns(here, there);
        notes.push(format!(
            "the two are of different releases: the first {} columns were compared, up to {}",
            columns.len(),
            columns.last().map_or("", |column| column.name())
        ));
    }
    if !there.has_records() {
        notes.push(
            "without a manifest nobody knows which rows the export was to hold, nor its chain state".into(),
        );
    }
    if !can_judge(here, keys) && !settled.kinds.is_empty() {
        notes.push("the keys of this log are not configured: which side's rows verify was not judged".into());
    }
    if copied.rows > 0 {
        notes.push(
            "only rows that differ were verified; `z4jctl audit verify` judges all of either side".into(),
        );
    }
    notes
}

fn can_judge(here: &Source, keys: &Keys) -> bool {
    match here.family {
        Family::Active => !keys.audit.is_empty(),
        Family::Early | Family::Baseline => !keys.master.is_empty(),
    }
}
