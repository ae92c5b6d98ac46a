//! `audit verify --explain`: what each finding means, what an older copy has in its place, who was active then, and what
//! to do next. It reads after the verification, and changes neither findings nor exit code.

pub mod report;
mod words;

use crate::audit::diff::report::{DiffReport, Difference, Kind};
use crate::audit::diff::{CopyOf, DiffOptions, diff, hide};
use crate::audit::finding::{Class, Finding, Neighbour};
use crate::audit::keys::Keys;
use crate::audit::report::VerifyReport;
use crate::audit::verify::Progress;
use crate::config::Database;
use crate::context::Context;
use crate::error::{Kind as ErrorKind, Result};
use crate::format::Timestamp;
use crate::identity::active::Witness;
use crate::store::generation::Family;
use crate::store::{OpenOptions, Store};
use report::{Explanation, Witnessed};
use words::Situation;

/// How many differences from a copy are looked for, to be laid beside the findings.
const DIFFERENCES: usize = 1000;
/// How many of them one finding lists.
const LISTED: usize = 20;

/// How to explain.
#[derive(Debug, Clone)]
pub struct ExplainOptions {
    /// How patient to be with the databases.
    pub open: OpenOptions,
    /// An older copy of the log.
    pub against: Option<CopyOf>,
    /// How many users, sessions, agents, keys and addresses each list holds at most.
    pub max_rows: u32,
    /// Replace e-mail addresses and network addresses by numbered names.
    pub redact: bool,
    /// Words of a shell that every command of z4jctl needs to find the same database and secrets.
    pub flags: Vec<String>,
}

/// Explains the findings that a report lists.
///
/// # Errors
///
/// Only when the run is to stop: what cannot be read is said in the notes of the report.
pub fn explain(
    context: &Context,
    database: &Database,
    keys: &Keys,
    report: &mut VerifyReport,
    options: &ExplainOptions,
    progress: &dyn Progress,
) -> Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    let copy = match &options.against {
        None => None,
        Some(against) => {
            let options = DiffOptions {
                open: options.open,
                against: against.clone(),
                max_findings: DIFFERENCES,
                accept_retention: true,
                // Hidden later, by the same names as all else.
                redact: false,
            };
            match diff(context, database, keys, &options, progress) {
                Ok(found) => Some(found),
                Err(error) if matches!(error.kind(), ErrorKind::Signal(_)) => return Err(error),
                Err(error) => {
                    report.notes.push(format!("the copy could not be compared: {}", error.message()));
                    None
                }
            }
        }
    };
    let has_copy = options.against.is_some();
    let result = witness(context, database, report, options, copy.as_ref(), has_copy);
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::Signal(_)) => Err(error),
        Err(error) => {
            report.notes.push(format!("not all findings could be explained: {}", error.message()));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn witness(
    context: &Context,
    database: &Database,
    report: &mut VerifyReport,
    options: &ExplainOptions,
    copy: Option<&DiffReport>,
    has_copy: bool,
) -> Result<()> {
    let mut store = Store::open(database, options.open, &context.cancel)?;
    store.detect()?;
    let is_postgres = store.is_postgres();
    let mut witness = Witness::new(&mut store, &context.cancel, options.max_rows, options.redact)?;
    let head = report.head.and_then(|head| head.occurred_at);
    let now = context.now();
    let shown =
        shlex::try_quote(&report.database).map_or_else(|_| "DATABASE".into(), std::borrow::Cow::into_owned);
    for finding in &mut report.findings {
        context.cancel.check()?;
        let active =
            window(finding, head, now).map(|(since, until)| witness.active(since, until)).transpose()?;
        let mut neighbours = Vec::new();
        for (side, neighbour) in [("after", finding.after), ("before", finding.before)] {
            let Some(Neighbour { row, audit_id, occurred_at }) = neighbour else { continue };
            let holds = witness.row(audit_id)?;
            neighbours.push(Witnessed { side, row, audit_id, occurred_at, holds });
        }
        let situation = Situation {
            is_postgres,
            database: shown.clone(),
            has_copy,
            flags: &options.flags,
            has_audit_key: report.family == Family::Active,
            sessions: active.as_ref().map_or(0, |active| active.sessions.len()),
        };
        let all: Vec<&Difference> = copy.map(|copy| belonging(finding, copy)).unwrap_or_default();
        let mut changes: Vec<Difference> = all.iter().take(LISTED).map(|change| (*change).clone()).collect();
        for change in &mut changes {
            hide(witness.redaction(), change);
        }
        finding.explanation = Some(Box::new(Explanation {
            meaning: words::meaning(finding),
            neighbours,
            changes_not_listed: u64::try_from(all.len() - changes.len()).unwrap_or(0),
            copy: copy.filter(|_| changes.is_empty()).map(|copy| what_copy_says(finding, copy)),
            changes,
            active,
            next: words::next(finding, &situation),
        }));
    }
    Ok(())
}

/// The time that a finding is about: between the intact rows around it.
fn window(finding: &Finding, head: Option<Timestamp>, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let own = finding.occurred_at;
    let after = finding.after.map(|neighbour| neighbour.occurred_at);
    let before = finding.before.map(|neighbour| neighbour.occurred_at);
    let (since, until) = match (finding.class, after, own, before) {
        (Class::TailCut | Class::RolledBack, after, own, None) => (after.or(own).or(head)?, now),
        (_, after, own, before) => (after.or(own).or(before)?, before.or(own).or(after)?),
    };
    // Bounds that an attacker's times turned around still bound something.
    let (since, until) = (since.min(until), since.max(until));
    Some((since, until.next()))
}

/// The differences that a finding is about: of its row, or of rows that are missing between its neighbours.
fn belonging<'c>(finding: &Finding, copy: &'c DiffReport) -> Vec<&'c Difference> {
    let after = finding.after.map(|neighbour| neighbour.occurred_at);
    let before = finding.before.map(|neighbour| neighbour.occurred_at);
    copy.findings
        .iter()
        .filter(|change| {
            let is_missing = matches!(change.kind, Kind::Removed | Kind::TailCut | Kind::PrefixCut);
            let is_inside = || {
                change.occurred_at.is_some_and(|time| {
                    after.is_none_or(|after| after <= time) && before.is_none_or(|before| time <= before)
                })
            };
            match finding.class {
                Class::Removed | Class::PrefixCut => is_missing && is_inside(),
                Class::TailCut | Class::RolledBack => change.kind == Kind::TailCut,
                // About the records: everything that is missing or new may be the reason.
                Class::StateForged | Class::StateMismatch | Class::TallyMismatch | Class::ReSigned
                    if finding.row.is_none() =>
                {
                    true
                }
                _ => finding.audit_id.is_some() && change.audit_id == finding.audit_id,
            }
        })
        .collect()
}

fn what_copy_says(finding: &Finding, copy: &DiffReport) -> String {
    let is_newer =
        copy.copy.last.is_some_and(|last| finding.occurred_at.is_some_and(|time| last.occurred_at < time));
    if is_newer {
        "the copy ends before this row was written: a newer one may have it".into()
    } else if copy.findings_not_listed > 0 {
        format!("nothing of it is among the first {DIFFERENCES} differences; see `z4jctl audit diff`")
    } else if finding.row.is_some() {
        "the copy has this row as it is now: it was like that when the copy was made".into()
    } else {
        "the copy shows no difference that belongs to it".into()
    }
}
