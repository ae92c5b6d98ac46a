//! `audit stats`: how much is written to the log, by whom, and what retention will take.
//!
//! The databases group and count; what is held here is a line for each day, and the longest silences. One pass over the
//! times of the rows finds those. Nothing is verified, and no key is needed: whoever can write the database can make
//! these numbers what they like.

mod calendar;
mod report;
mod silence;

use std::collections::BTreeMap;

pub use calendar::Period;
pub use report::{
    ActionCount, Actor, ActorCount, BytesPerRow, ClassCount, Gap, Gaps, Growth, PeriodCount,
    RetentionForecast, StatsReport,
};

use crate::config::Database;
use crate::context::Context;
use crate::error::Result;
use crate::format::{Id, Timestamp};
use crate::store::batch::Layout;
use crate::store::generation::{Detection, Generation};
use crate::store::value::Value;
use crate::store::{OpenOptions, Scan, ScanEnd, Store};
use calendar::{DAY_SECONDS, day_of};
use silence::Silences;

/// Days that are counted one by one at most: a hundred years.
const MAX_DAYS: u32 = 36_525;
/// Rows whose size stands for that of all, in SQLite.
const SAMPLE_ROWS: u32 = 1000;
/// How far ahead retention is told.
const FORECAST_DAYS: i64 = 7;
/// Days of which growth is told.
const GROWTH_DAYS: i64 = 30;

/// What to count.
#[derive(Debug, Clone)]
pub struct StatsOptions {
    /// How patient to be with the database.
    pub open: OpenOptions,
    /// Only rows from this time on.
    pub since: Option<Timestamp>,
    /// Only rows before this time.
    pub until: Option<Timestamp>,
    /// What rows are counted by.
    pub by: Period,
    /// How many actions and actors to list, the most frequent first.
    pub top: u32,
    /// `Z4J_AUDIT_RETENTION_DAYS`.
    pub retention_days: u32,
    /// `Z4J_AUDIT_RETENTION_BY_CLASS`, which 1.12 and later heed.
    pub retention_by_class: BTreeMap<String, i64>,
    /// Leave e-mail addresses out.
    pub redact: bool,
}

/// Counts the rows of a log.
///
/// # Errors
///
/// `Unreachable` for a database that cannot be read, `Refused` for a schema that is not understood.
pub fn stats(context: &Context, database: &Database, options: &StatsOptions) -> Result<StatsReport> {
    let now = context.now();
    let mut store = Store::open(database, options.open, &context.cancel)?;
    let detection = store.detect()?;
    let facts = store.facts(&detection)?;
    // What is appended while we count stays out of all counts alike.
    let end = facts.last.map_or(Timestamp::MAX, |(time, _)| time.next());
    let window =
        (options.since.unwrap_or(Timestamp::MIN), options.until.filter(|until| *until < end).unwrap_or(end));
    let mut counts = Counts { store: &mut store, detection: &detection, window };
    let (days, unreadable, truncated) = counts.days()?;
    let rows: u64 = counts.rows()?;
    let (actions, distinct_actions) = counts.actions(options.top)?;
    let actors = counts.actors(options.top, options.redact)?;
    let bytes_per_row = counts.bytes_per_row()?;
    let forecast = counts.forecast(options, now)?;
    let last_seen = options.until.unwrap_or(now).min(now);
    let gaps = silences(&mut store, window)?.finish(last_seen);

    let mut notes = vec![
        "counts are not verified: whoever can write the database can change them; `z4jctl audit verify` says whether rows \
         were added or removed"
            .to_owned(),
    ];
    if unreadable > 0 {
        notes.push(format!("{unreadable} rows have a time that is none; they are in no period"));
    }
    if truncated {
        notes.push(format!("only the newest {MAX_DAYS} days that have rows are counted one by one"));
    }
    if !options.retention_by_class.is_empty() && detection.generation != Generation::H {
        notes.push("Z4J_AUDIT_RETENTION_BY_CLASS is heeded from 1.12 on: not by this brain".into());
    }
    Ok(StatsReport {
        schema: "z4jctl.audit.stats/1",
        database: database.display(),
        generation: detection.generation,
        releases: detection.generation.releases(),
        is_verified: false,
        since: options.since,
        until: options.until,
        rows,
        first_day: days.keys().next().map(|day| calendar::day_name(*day)),
        last_day: days.keys().next_back().map(|day| calendar::day_name(*day)),
        by: options.by,
        periods: calendar::fold(&days, options.by),
        growth: growth(&days, day_of(last_seen), bytes_per_row.as_ref()),
        months: calendar::fold(&days, Period::Month),
        distinct_actions,
        actions,
        actors,
        bytes_per_row,
        retention: forecast,
        gaps,
        notes,
        counted_at: now,
    })
}

/// Rows of the 30 days up to a day, and of the 30 before.
fn growth(days: &BTreeMap<i64, u64>, today: i64, bytes: Option<&BytesPerRow>) -> Growth {
    let sum = |from: i64, to: i64| days.range(from..to).map(|(_, rows)| rows).sum::<u64>();
    let (now, before) =
        (sum(today + 1 - GROWTH_DAYS, today + 1), sum(today + 1 - 2 * GROWTH_DAYS, today + 1 - GROWTH_DAYS));
    Growth {
        rows_last_30_days: now,
        rows_30_days_before: before,
        bytes_per_30_days: bytes.map(|bytes| bytes.bytes.saturating_mul(now)),
    }
}

fn silences(store: &mut Store, window: (Timestamp, Timestamp)) -> Result<Silences> {
    let whole = window.0 == Timestamp::MIN;
    let until = (!whole).then_some(window.1);
    // The whole log is read in the order in which it is stored, a part of it through the index.
    let scan = Scan { layout: Layout::links(), since: (!whole).then_some(window.0), until };
    loop {
        let mut silences = Silences::default();
        let end = store.scan(&scan, &mut |mut batch| {
            for time in batch.rows().filter_map(|(_, row)| row.occurred_at().ok()) {
                if time < window.1 {
                    silences.add(time);
                }
            }
            batch.clear(1);
            Ok(batch)
        })?;
        if end == ScanEnd::Complete {
            return Ok(silences);
        }
    }
}

/// The statements.
struct Counts<'s> {
    store: &'s mut Store,
    detection: &'s Detection,
    window: (Timestamp, Timestamp),
}

const IN_WINDOW: &str = "occurred_at >= ? AND occurred_at < ?";

impl Counts<'_> {
    fn window(&self) -> [Value; 2] {
        [Value::Time(self.window.0), Value::Time(self.window.1)]
    }

    fn rows(&mut self) -> Result<u64> {
        let values = self.window();
        self.store.number(&format!("SELECT count(*) AS count FROM audit_log WHERE {IN_WINDOW}"), &values)
    }

    /// Rows by day number, rows that have none, and whether days were left out.
    fn days(&mut self) -> Result<(BTreeMap<i64, u64>, u64, bool)> {
        let day = if self.store.is_postgres() {
            "to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
        } else {
            "substr(occurred_at, 1, 10)"
        };
        let sql = format!(
            "SELECT {day} AS day, count(*) AS count FROM audit_log WHERE {IN_WINDOW} \
             GROUP BY 1 ORDER BY 1 DESC LIMIT {}",
            MAX_DAYS + 1
        );
        let values = self.window();
        let found = self.store.query("audit_log", &sql, &values)?;
        let truncated = found.len() > usize::try_from(MAX_DAYS).unwrap_or(usize::MAX);
        let (mut days, mut unreadable) = (BTreeMap::new(), 0);
        for row in found.iter().take(usize::try_from(MAX_DAYS).unwrap_or(usize::MAX)) {
            let rows = count_of(row)?;
            match Timestamp::parse(&row.shown("day")) {
                Some(time) => *days.entry(day_of(time)).or_default() += rows,
                None => unreadable += rows,
            }
        }
        Ok((days, unreadable, truncated))
    }

    fn actions(&mut self, top: u32) -> Result<(Vec<ActionCount>, u64)> {
        let sql = format!(
            "SELECT action, count(*) AS count FROM audit_log WHERE {IN_WINDOW} \
             GROUP BY action ORDER BY count(*) DESC, action LIMIT {top}"
        );
        let values = self.window();
        let found = self.store.query("audit_log", &sql, &values)?;
        let actions =
            found.iter().map(|row| Ok(ActionCount { action: row.shown("action"), rows: count_of(row)? }));
        let actions = actions.collect::<Result<Vec<_>>>()?;
        let sql = format!("SELECT count(DISTINCT action) AS count FROM audit_log WHERE {IN_WINDOW}");
        Ok((actions, self.store.number(&sql, &values)?))
    }

    fn actors(&mut self, top: u32, redact: bool) -> Result<Vec<ActorCount>> {
        // An integer in both databases.
        let by_key = if self.detection.has_api_key_id {
            "CASE WHEN api_key_id IS NULL THEN 0 ELSE 1 END"
        } else {
            "CAST(0 AS integer)"
        };
        let sql = format!(
            "SELECT user_id, by_key, count(*) AS count FROM (SELECT user_id, {by_key} AS by_key FROM audit_log \
             WHERE {IN_WINDOW}) AS rows GROUP BY user_id, by_key ORDER BY count(*) DESC, user_id LIMIT {top}"
        );
        let values = self.window();
        let found = self.store.query("audit_log", &sql, &values)?;
        let mut actors = Vec::with_capacity(found.len());
        for row in &found {
            let user_id = match row.shown("user_id").as_str() {
                "NULL" => None,
                text => Id::parse(text.as_bytes()),
            };
            let kind = match (row.truth("by_key")?, user_id) {
                (true, _) => Actor::ApiKey,
                (false, Some(_)) => Actor::User,
                (false, None) => Actor::System,
            };
            let email = match user_id {
                Some(id) if !redact => self.email(id)?,
                _ => None,
            };
            actors.push(ActorCount { kind, user_id, email, rows: count_of(row)? });
        }
        Ok(actors)
    }

    fn email(&mut self, id: Id) -> Result<Option<String>> {
        let rows = self.store.rows("users", &["id", "email"], "WHERE id = ?", &[Value::Id(id)])?;
        rows.first().map_or(Ok(None), |row| row.text("email").map(|email| email.map(str::to_owned)))
    }

    /// What a row takes up: measured by PostgreSQL with all indexes; estimated from a sample in SQLite.
    fn bytes_per_row(&mut self) -> Result<Option<BytesPerRow>> {
        let (method, sql) = if self.store.is_postgres() {
            (
                "relation-size",
                "SELECT pg_total_relation_size('audit_log'::regclass) / greatest(count(*), 1) AS count FROM audit_log"
                    .to_owned(),
            )
        } else {
            let layout = Layout::new(self.detection.has_api_key_id, self.detection.has_markers);
            let lengths = layout
                .columns()
                .iter()
                .map(|column| format!("coalesce(length(CAST({} AS BLOB)), 0)", column.name()));
            let lengths = lengths.collect::<Vec<_>>().join(" + ");
            (
                "sample-of-columns",
                format!(
                    "SELECT coalesce(sum(bytes) / count(*), 0) AS count FROM (SELECT {lengths} AS bytes FROM audit_log \
                     ORDER BY occurred_at DESC, id DESC LIMIT {SAMPLE_ROWS})"
                ),
            )
        };
        let bytes = self.store.number(&sql, &[])?;
        Ok((bytes > 0).then_some(BytesPerRow { bytes, method }))
    }

    /// What retention removes until a week from now. Only a prefix of the log goes: an old row behind one that is still
    /// kept stays with it.
    fn forecast(&mut self, options: &StatsOptions, now: Timestamp) -> Result<RetentionForecast> {
        let generation = self.detection.generation;
        let by_class =
            if generation == Generation::H { options.retention_by_class.clone() } else { BTreeMap::new() };
        let at = now.plus_seconds(FORECAST_DAYS * DAY_SECONDS);
        let mut forecast = RetentionForecast {
            days: options.retention_days,
            by_class: by_class.clone(),
            removes: generation != Generation::A,
            until: at,
            cutoff: ago(at, i64::from(options.retention_days)),
            rows: 0,
            overdue: 0,
            held_back: 0,
            rows_by_class: Vec::new(),
        };
        if !forecast.removes {
            return Ok(forecast);
        }
        forecast.overdue = self.prefix(&by_class, options.retention_days, now)?.1;
        let (kept_from, rows) = self.prefix(&by_class, options.retention_days, at)?;
        forecast.rows = rows;
        let old = self.expired(&by_class, options.retention_days, at)?;
        forecast.held_back = old.saturating_sub(rows);
        let (live, class) = (self.live(), self.class());
        let sql = format!(
            "SELECT {class} AS class, count(*) AS count FROM audit_log WHERE {live} AND occurred_at < ? \
             GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 50"
        );
        let found = self.store.query("audit_log", &sql, &[Value::Time(kept_from)])?;
        let classes =
            found.iter().map(|row| Ok(ClassCount { class: row.shown("class"), rows: count_of(row)? }));
        forecast.rows_by_class = classes.collect::<Result<Vec<_>>>()?;
        Ok(forecast)
    }

    /// The time of the first row that is kept at a time, and how many rows come before it.
    fn prefix(
        &mut self,
        by_class: &BTreeMap<String, i64>,
        days: u32,
        at: Timestamp,
    ) -> Result<(Timestamp, u64)> {
        let live = self.live();
        let mut kept_from: Option<Timestamp> = None;
        for (clause, values) in self.classes(by_class, days, at) {
            let sql = format!(
                "SELECT min(occurred_at) AS time FROM audit_log WHERE {live} AND {clause} AND occurred_at >= ?"
            );
            let found = self.store.query("audit_log", &sql, &values)?;
            if let Some(time) = found.first().map(|row| row.time("time")).transpose()?.flatten() {
                kept_from = Some(kept_from.map_or(time, |kept| kept.min(time)));
            }
        }
        let kept_from = kept_from.unwrap_or(Timestamp::MAX);
        let sql = format!("SELECT count(*) AS count FROM audit_log WHERE {live} AND occurred_at < ?");
        Ok((kept_from, self.store.number(&sql, &[Value::Time(kept_from)])?))
    }

    /// All rows that are old enough in their class.
    fn expired(&mut self, by_class: &BTreeMap<String, i64>, days: u32, at: Timestamp) -> Result<u64> {
        let live = self.live();
        let mut rows = 0;
        for (clause, values) in self.classes(by_class, days, at) {
            let sql = format!(
                "SELECT count(*) AS count FROM audit_log WHERE {live} AND {clause} AND occurred_at < ?"
            );
            rows += self.store.number(&sql, &values)?;
        }
        Ok(rows)
    }

    /// For each class with its own age, and for all others: a condition, and its values with the cut-off behind them.
    fn classes(
        &self,
        by_class: &BTreeMap<String, i64>,
        days: u32,
        at: Timestamp,
    ) -> Vec<(String, Vec<Value>)> {
        let class = self.class();
        let mut found: Vec<(String, Vec<Value>)> = by_class
            .iter()
            .map(|(name, days)| {
                (format!("{class} = ?"), vec![Value::Text(name.clone()), Value::Time(ago(at, *days))])
            })
            .collect();
        let others = if by_class.is_empty() {
            "1 = 1".to_owned()
        } else {
            format!("{class} NOT IN ({})", vec!["?"; by_class.len()].join(", "))
        };
        let mut values: Vec<Value> = by_class.keys().cloned().map(Value::Text).collect();
        values.push(Value::Time(ago(at, i64::from(days))));
        found.push((others, values));
        found
    }

    fn class(&self) -> &'static str {
        if self.store.is_postgres() {
            "split_part(action, '.', 1)"
        } else {
            "substr(action, 1, instr(action || '.', '.') - 1)"
        }
    }

    /// Frozen rows stay for ever.
    fn live(&self) -> &'static str {
        match (self.detection.has_markers, self.store.is_postgres()) {
            (true, true) => "legacy_frozen IS NOT TRUE",
            (true, false) => "coalesce(legacy_frozen, 0) = 0",
            (false, _) => "1 = 1",
        }
    }
}

fn ago(at: Timestamp, days: i64) -> Timestamp {
    at.plus_seconds(-days.saturating_mul(DAY_SECONDS)).max(Timestamp::MIN)
}

fn count_of(row: &crate::store::value::Row) -> Result<u64> {
    Ok(row.int("count")?.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
}
