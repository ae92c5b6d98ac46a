//! The result of `audit stats`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::calendar::Period;
use crate::format::{Id, Timestamp};
use crate::store::generation::Generation;

/// The report of `audit stats`. Its JSON form is a contract; fields are only ever added.
#[derive(Debug, Clone, Serialize)]
pub struct StatsReport {
    /// `z4jctl.audit.stats/1`.
    pub schema: &'static str,
    /// What was counted: a path, or a URL without password.
    pub database: String,
    /// The generation letter.
    pub generation: Generation,
    /// The releases that write this generation.
    pub releases: &'static str,
    /// Always false: no MAC was looked at.
    #[serde(rename = "verified")]
    pub is_verified: bool,
    /// Only rows from this time on.
    pub since: Option<Timestamp>,
    /// Only rows before this time.
    pub until: Option<Timestamp>,
    /// Rows.
    pub rows: u64,
    /// The first day that has rows, UTC.
    pub first_day: Option<String>,
    /// The last one.
    pub last_day: Option<String>,
    /// What `periods` are.
    pub by: Period,
    /// Rows by period, in order; periods without rows are left out.
    pub periods: Vec<PeriodCount>,
    /// How much is written.
    pub growth: Growth,
    /// Rows by month.
    pub months: Vec<PeriodCount>,
    /// How many different actions there are.
    pub distinct_actions: u64,
    /// The most frequent actions.
    pub actions: Vec<ActionCount>,
    /// The busiest actors.
    pub actors: Vec<ActorCount>,
    /// What a row takes up; `None` without rows.
    pub bytes_per_row: Option<BytesPerRow>,
    /// What retention removes in the next seven days, of the whole log.
    pub retention: RetentionForecast,
    /// Unusual silences.
    pub gaps: Gaps,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// When this was counted.
    pub counted_at: Timestamp,
}

/// Rows of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeriodCount {
    /// `2026-03-01` for a day, the Monday for a week, `2026-03` for a month; UTC.
    pub period: String,
    /// Rows.
    pub rows: u64,
}

/// Rows of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionCount {
    /// `audit_log.action`.
    pub action: String,
    /// Rows.
    pub rows: u64,
}

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A user, or what was one.
    User,
    /// Whoever holds an API key; `user_id` is its owner.
    ApiKey,
    /// Nobody: the brain itself, agents, and people who were not logged in.
    System,
}

/// Rows of an actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActorCount {
    /// Who acted.
    pub kind: Actor,
    /// `audit_log.user_id`.
    pub user_id: Option<Id>,
    /// The user's address; `None` when the user is gone, and when addresses are left out.
    pub email: Option<String>,
    /// Rows.
    pub rows: u64,
}

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Growth {
    /// Rows of the last 30 days, today included.
    pub rows_last_30_days: u64,
    /// Rows of the 30 days before them.
    pub rows_30_days_before: u64,
    /// Bytes of the last 30 days, by the estimate of a row.
    pub bytes_per_30_days: Option<u64>,
}

/// What a row takes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BytesPerRow {
    /// Bytes.
    pub bytes: u64,
    /// `relation-size`: table and indexes by the number of rows (PostgreSQL). `sample-of-columns`: the columns of the
    /// newest 1000 rows, without indexes (SQLite).
    pub method: &'static str,
}

/// What retention removes until a time, by the settings that are in force here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RetentionForecast {
    /// `Z4J_AUDIT_RETENTION_DAYS`.
    pub days: u32,
    /// `Z4J_AUDIT_RETENTION_BY_CLASS`, where the brain heeds it.
    pub by_class: BTreeMap<String, i64>,
    /// Whether this generation removes rows at all; 1.0 to 1.2 do not.
    pub removes: bool,
    /// A week from now.
    pub until: Timestamp,
    /// Rows before this time are old enough by then, unless their class has another age.
    pub cutoff: Timestamp,
    /// Rows that go: the beginning of the log up to the first row that is kept. Frozen rows never go.
    pub rows: u64,
    /// Those of them that could have gone already.
    pub overdue: u64,
    /// Rows that are old enough by then and stay, because they come behind one that is kept.
    pub held_back: u64,
    /// The rows that go by class, the text before the first dot of the action; at most 50 classes.
    pub rows_by_class: Vec<ClassCount>,
}

/// Rows of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// The text before the first dot of an action.
    pub class: String,
    /// Rows.
    pub rows: u64,
}

/// Silences that are longer than six times the 95th percentile of the intervals between rows, and than a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gaps {
    /// False when there are too few rows to judge.
    pub judged: bool,
    /// Silences that are longer are unusual, seconds.
    pub threshold_seconds: Option<u64>,
    /// The 95th percentile of the intervals, seconds; at most a sixteenth too large.
    pub p95_seconds: Option<u64>,
    /// The unusual ones, at most the 20 longest and the one that lasts, in order.
    pub list: Vec<Gap>,
    /// Whether there are more.
    pub more: bool,
}

/// One silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The last row before it.
    pub after: Timestamp,
    /// The first row behind it; `None` while it lasts.
    pub before: Option<Timestamp>,
    /// How long it is, seconds.
    pub seconds: u64,
}
