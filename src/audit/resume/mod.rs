//! `audit verify --resume`: only what is new, and a part of what is old.
//!
//! A run that finds nothing leaves a [`Point`]: what it proved, under a MAC. The next one believes it as far as it
//! matches the database, walks the rows behind its head, and reads one part of the older rows again, in an order that
//! nobody can tell without the key, so that every row is read again once in a cycle. Whatever does not match leads to
//! a walk over everything, which alone judges: the incremental part never reports a finding itself.

mod incremental;
pub mod point;
pub mod ranges;
pub mod report;
mod retention;

use std::num::NonZeroU32;

use crate::audit::bounds::StateTrust;
use crate::audit::keys::Keys;
use crate::audit::report::VerifyReport;
use crate::audit::verify::{Progress, Trail, VerifyOptions, Whole, verify_whole};
use crate::audit::vouch::current_key;
use crate::config::Database;
use crate::context::Context;
use crate::error::Result;
use crate::format::mac::Digest;
use crate::format::state::Quartet;
use crate::store::LogFacts;
use crate::store::generation::Detection;
use point::{Identity, Point, RowName};
use report::Incremental;

/// Days after which a row is read again and a point counts for nothing, even when the runs are too few for a cycle.
const LONGEST_DAYS: u32 = 31;

/// What to resume from.
#[derive(Debug, Clone)]
pub struct ResumeOptions {
    /// The text of the resume file; `None` when there is no such file.
    pub text: Option<String>,
    /// In how many runs every old row is read again.
    pub recheck: NonZeroU32,
}

impl ResumeOptions {
    /// Days after which nothing is believed any more: 31, or the runs of a cycle when there are more.
    pub fn longest_days(&self) -> u32 {
        self.recheck.get().max(LONGEST_DAYS)
    }
}

/// The outcome of a run.
#[derive(Debug)]
pub struct Resumed {
    /// The report, with its part about the increment.
    pub report: VerifyReport,
    /// The new text of the resume file; `None` when the run vouches for nothing and the file stays as it is.
    pub file: Option<String>,
}

/// Verifies the log of a database from where an earlier run stopped.
///
/// # Errors
///
/// Those of [`crate::audit::verify::verify`]. A resume file that does not match is no error.
pub fn verify_resumed(
    context: &Context,
    database: &Database,
    keys: &Keys,
    options: &VerifyOptions,
    resume: &ResumeOptions,
    progress: &dyn Progress,
) -> Result<Resumed> {
    let started_at = context.now();
    let mut lost = None;
    let attempt =
        incremental::attempt(context, database, keys, options, resume, progress, started_at, &mut lost);
    let fallback = match attempt {
        Ok(resumed) => return Ok(resumed),
        Err(incremental::Stop::Error(error)) => return Err(error),
        Err(incremental::Stop::Why(why)) => why,
    };
    let trail = Trail { recheck: resume.recheck.get(), started_at, head: lost };
    let Whole { mut report, ranges, removal, state, facts, detection, .. } =
        verify_whole(context, database, keys, options, progress, Some(&trail))?;
    let mut file = None;
    if report.ok
        && let Some(key) = current_key(keys, detection.generation.family())
        && let Some(ranges) = ranges
        && let (Some(first), Some(head)) = (ranges.first, ranges.head)
        && head.row_hmac.is_some()
    {
        let mut seed = [0; 32];
        context.random.fill(&mut seed)?;
        let signed = state.authentic();
        let point = Point {
            identity: identity(report.snapshot.backend, &detection, &facts, &state),
            written_at: started_at,
            full_at: started_at,
            key_id: key.id(),
            first,
            head,
            prune: signed.and_then(|state| state.prune).map(name_of),
            watermark: facts.watermark.clone(),
            removal,
            rows: report.rows.total,
            frozen_rows: report.rows.frozen,
            frozen_digest: signed.and_then(|state| state.frozen_snapshot_digest),
            recheck: resume.recheck.get(),
            run: 0,
            seed: Digest(seed),
            ranges: ranges.finish(),
        };
        // Rows whose place is not that of their time are nowhere in the ranges; no such log verifies.
        let is_whole = point.positions().last() == Some(&point.rows);
        file = point.write(keys, detection.generation.family()).filter(|_| is_whole);
    }
    if report.ok && file.is_none() {
        report.notes.push("no resume point was written: the log has no row of a chain to resume from".into());
    } else if !report.ok {
        report
            .notes
            .push("no resume point was written: a run that finds something vouches for nothing".into());
    }
    report.incremental = Some(Incremental {
        mode: "full",
        fallback: Some(fallback),
        rows_in_log: report.rows.total,
        rows_new: report.rows.total,
        rows_rechecked: 0,
        rows_from_earlier_runs: 0,
        oldest_reading: started_at,
        last_full: started_at,
        resumed_from: None,
        recheck: resume.recheck.get(),
        run: 0,
        point: file.is_some(),
    });
    Ok(Resumed { report, file })
}

/// Which database this is.
pub(super) fn identity(
    backend: &'static str,
    detection: &Detection,
    facts: &LogFacts,
    state: &StateTrust,
) -> Identity {
    let signed = state.authentic();
    Identity {
        backend: backend.into(),
        generation: detection.generation.letter().into(),
        installation_id: signed.map(|state| state.installation_id),
        chain_generation: signed.map(|state| state.generation),
        installed_at: facts.installed_at,
    }
}

fn name_of(quartet: Quartet) -> RowName {
    RowName { id: quartet.id, occurred_at: quartet.occurred_at, row_hmac: Some(quartet.row_hmac) }
}
