//! `migrate status`: which schema a database has, and who can serve it.

use serde::Serialize;

use crate::config::Database;
use crate::context::Context;
use crate::error::Result;
use crate::store::generation::{Condition, Family, Generation, REVISIONS, Revision};
use crate::store::{OpenOptions, Snapshot, Store};

/// The schema of a database.
#[derive(Debug, Clone, Serialize)]
pub struct StatusReport {
    /// `z4jctl.migrate.status/1`.
    pub schema: &'static str,
    /// What was looked at.
    pub database: String,
    /// `alembic_version.version_num`.
    pub revision: String,
    /// The generation letter.
    pub generation: Generation,
    /// The releases that write this generation.
    pub releases: &'static str,
    /// How audit rows are signed.
    pub family: Family,
    /// The releases that start on it as it is; `null` when none does.
    pub served_by: Option<String>,
    /// The newest release that ever served it, by its own record.
    pub last_served_by: Option<String>,
    /// Later heads that a migration leads to, oldest first.
    pub later_heads: Vec<LaterHead>,
    /// What is unusual, with an explanation.
    pub conditions: Vec<ExplainedCondition>,
    /// What to do next.
    pub advice: String,
    /// What it was read from.
    pub snapshot: Snapshot,
}

/// A release head that lies ahead.
#[derive(Debug, Clone, Serialize)]
pub struct LaterHead {
    /// The revision.
    pub revision: &'static str,
    /// The releases whose head it is.
    pub releases: &'static str,
}

/// A condition in words.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedCondition {
    /// Its name.
    pub condition: Condition,
    /// What it means.
    pub explanation: &'static str,
}

/// The newest release head that this z4jctl knows.
pub fn newest_head() -> Option<&'static Revision> {
    REVISIONS.iter().rfind(|revision| !revision.head_of.is_empty())
}

/// Reads the schema of a database.
pub fn status(context: &Context, database: &Database, options: OpenOptions) -> Result<StatusReport> {
    let mut store = Store::open(database, options, &context.cancel)?;
    let detection = store.detect()?;
    let known = REVISIONS.iter().position(|known| known.id == detection.revision);
    let first_line = detection.is_first_line();
    let ahead = known.map_or(&[][..], |at| &REVISIONS[at + 1..]);
    let later_heads = ahead
        .iter()
        .filter(|later| !later.head_of.is_empty() && (later.generation == Generation::A) == first_line)
        .map(|later| LaterHead { revision: later.id, releases: later.head_of })
        .collect();
    let served = detection.served_by_releases();
    Ok(StatusReport {
        schema: "z4jctl.migrate.status/1",
        database: database.display(),
        generation: detection.generation,
        releases: detection.generation.releases(),
        family: detection.generation.family(),
        served_by: (!served.is_empty()).then(|| format!("z4j {served}")),
        last_served_by: detection.served_by.clone(),
        later_heads,
        advice: advice(detection.generation, &detection.conditions).to_owned(),
        conditions: detection
            .conditions
            .iter()
            .map(|condition| ExplainedCondition { condition: *condition, explanation: condition.explain() })
            .collect(),
        revision: detection.revision,
        snapshot: store.snapshot(),
    })
}

fn advice(generation: Generation, conditions: &[Condition]) -> &'static str {
    if conditions.contains(&Condition::UnknownRevision) {
        return "use a z4jctl that knows this revision; z4jctl reads such a database and never writes to it";
    }
    if conditions.contains(&Condition::Stuck) {
        return "no release starts on it; restore the backup from before and upgrade through 1.7.0";
    }
    match generation {
        Generation::A => "1.3 and later cannot upgrade it: this line ends at 1.2.1",
        Generation::B | Generation::C => {
            "upgrade through 1.7.0, not directly to 1.9 or later; a log that retention has shortened parks at the upgrade to 1.8"
        }
        Generation::D => {
            "later releases upgrade it directly; verify the log first, an ambiguous one parks the upgrade"
        }
        Generation::P => {
            "activate the audit chain with `z4j audit activate-chain-state`, or restore the backup from before the upgrade"
        }
        _ => "later releases upgrade it directly",
    }
}
