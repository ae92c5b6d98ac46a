//! `z4jctl audit stats`.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::ui::{Render, printable, table};
use super::{Run, bad_value, connection};
use crate::audit::stats::{Actor, ActorCount, Gap, Period, PeriodCount, StatsOptions, StatsReport, stats};
use crate::error::{Error, ExitCode, Result};
use crate::format::Timestamp;

/// Count the rows of the log by day, action and actor, and tell what retention will remove
///
/// Also how fast the log grows, and silences that its own habits do not explain: longer than six times the 95th
/// percentile of the intervals between rows, and than a day.
///
/// Reads only and needs no key: nothing is verified, and whoever can write the database can change these numbers. See
/// `audit verify` for what they are worth.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  z4jctl audit stats --by month
  z4jctl audit stats --since 2026-03-01 --top 20 -o json")]
pub(super) struct StatsArgs {
    /// Only rows from this time on, such as 2026-03-01 or 2026-03-01T12:00:00Z; without a zone it is UTC
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only rows before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// What to count rows by, in UTC; weeks begin on Monday
    #[arg(long, value_enum, default_value = "day")]
    by: By,
    /// How many actions and actors to list
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    top: u32,
    /// Leave e-mail addresses out
    #[arg(long)]
    redact: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Day,
    Week,
    Month,
}

/// How many periods a person is shown; the rest is in the JSON.
const SHOWN: usize = 40;
/// Columns of the longest bar.
const BAR: u64 = 40;

pub(super) fn run(run: &Run<'_>, arguments: &StatsArgs) -> Result<ExitCode> {
    let time = |flag, text: &Option<String>| text.as_deref().map(|text| time(flag, text)).transpose();
    let (since, until) = (time("--since", &arguments.since)?, time("--until", &arguments.until)?);
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        return Err(Error::usage("usage.window", "--since must be before --until"));
    }
    let settings = run.settings()?;
    let options = StatsOptions {
        open: connection::open_options(&settings),
        since,
        until,
        by: match arguments.by {
            By::Day => Period::Day,
            By::Week => Period::Week,
            By::Month => Period::Month,
        },
        top: arguments.top,
        retention_days: settings.audit_retention_days.value,
        retention_by_class: settings.audit_retention_by_class()?,
        redact: arguments.redact,
    };
    run.ui.print(&stats(run.context, &settings.database.value, &options)?)?;
    Ok(ExitCode::Done)
}

fn time(flag: &str, text: &str) -> Result<Timestamp> {
    Timestamp::parse(text).ok_or_else(|| bad_value(flag, text, "a time such as 2026-03-01T12:00:00Z"))
}

impl Render for StatsReport {
    fn human(&self) -> String {
        let mut text = format!("{} rows in {}, not verified\n", self.rows, self.database);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  schema     generation {} (z4j {})", self.generation, self.releases);
        if let (Some(first), Some(last)) = (&self.first_day, &self.last_day) {
            let _ = writeln!(text, "  days       {first} to {last}");
        }
        let growth = &self.growth;
        let _ = writeln!(
            text,
            "  growth     {} rows in the last 30 days{}, {} in the 30 before",
            growth.rows_last_30_days,
            growth.bytes_per_30_days.map(|bytes| format!(", about {}", size(bytes))).unwrap_or_default(),
            growth.rows_30_days_before
        );
        if let Some(bytes) = &self.bytes_per_row {
            let how = match bytes.method {
                "relation-size" => "table and indexes by rows",
                _ => "columns of the newest rows, without indexes",
            };
            let _ = writeln!(text, "  size       {} bytes per row ({how})", bytes.bytes);
        }
        let _ = writeln!(text, "  retention  {}", retention(self));
        for class in &self.retention.rows_by_class {
            let _ = writeln!(text, "             {} of class {}", class.rows, printable(&class.class));
        }
        let _ = writeln!(text, "  silences   {}", silences(self));
        for gap in &self.gaps.list {
            let _ = writeln!(text, "             {}", silence(gap));
        }
        for note in &self.notes {
            let _ = writeln!(text, "  note       {note}");
        }
        text.push('\n');
        chart(&mut text, &self.periods);
        let listed: u64 = self.actions.iter().map(|action| action.rows).sum();
        let _ = writeln!(
            text,
            "\nactions ({} different, {} rows in others)\n{}",
            self.distinct_actions,
            self.rows.saturating_sub(listed),
            table(
                &["ROWS", "ACTION"],
                self.actions.iter().map(|action| vec![action.rows.to_string(), printable(&action.action)])
            )
        );
        let actors = self.actors.iter().map(|actor| vec![actor.rows.to_string(), who(actor)]);
        let _ = write!(text, "actors\n{}", table(&["ROWS", "ACTOR"], actors));
        text
    }

    fn items(&self) -> Vec<Value> {
        let periods =
            self.periods.iter().map(|one| json!({"type": "period", "period": one.period, "rows": one.rows}));
        periods.collect()
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![
            ("rows".to_owned(), self.rows.to_string()),
            ("generation".into(), self.generation.to_string()),
            ("growth.rows_last_30_days".into(), self.growth.rows_last_30_days.to_string()),
            ("growth.rows_30_days_before".into(), self.growth.rows_30_days_before.to_string()),
            ("retention.rows".into(), self.retention.rows.to_string()),
            ("retention.overdue".into(), self.retention.overdue.to_string()),
            ("retention.held_back".into(), self.retention.held_back.to_string()),
            ("gaps".into(), self.gaps.list.len().to_string()),
        ];
        lines.extend(self.periods.iter().map(|one| (format!("period.{}", one.period), one.rows.to_string())));
        lines.extend(
            self.actions
                .iter()
                .map(|one| (format!("action.{}", printable(&one.action)), one.rows.to_string())),
        );
        lines.extend(self.actors.iter().map(|one| (format!("actor.{}", who(one)), one.rows.to_string())));
        lines
    }
}

/// Rows by period as bars. The longest is as wide as [`BAR`]; what has rows has at least a sliver.
fn chart(text: &mut String, periods: &[PeriodCount]) {
    let hidden = periods.len().saturating_sub(SHOWN);
    if hidden > 0 {
        let _ = writeln!(text, "the last {SHOWN} periods that have rows; {hidden} before them");
    }
    let shown = &periods[hidden..];
    let most = shown.iter().map(|one| one.rows).max().unwrap_or(0).max(1);
    let width = most.to_string().len();
    for PeriodCount { period, rows } in shown {
        // In eighths of a column.
        let eighths = u128::from(*rows) * u128::from(BAR) * 8 / u128::from(most);
        let eighths = usize::try_from(eighths).unwrap_or(0).max(1);
        let mut bar = "█".repeat(eighths / 8);
        bar.extend(['▏', '▎', '▍', '▌', '▋', '▊', '▉'].get((eighths % 8).wrapping_sub(1)));
        let _ = writeln!(text, "  {period}  {rows:>width$}  {bar}");
    }
}

fn retention(report: &StatsReport) -> String {
    let retention = &report.retention;
    if !retention.removes {
        return "releases 1.0 to 1.2 remove no audit rows".into();
    }
    let mut text = format!(
        "{} rows go until {} ({} days are kept)",
        retention.rows,
        retention.until.zulu(),
        retention.days
    );
    for (class, days) in &retention.by_class {
        let _ = write!(text, ", {} {days} days", printable(class));
    }
    if retention.overdue > 0 {
        let _ = write!(text, "; {} could have gone already", retention.overdue);
    }
    if retention.held_back > 0 {
        let _ = write!(text, "; {} are old enough and stay behind one that is not", retention.held_back);
    }
    text
}

fn silences(report: &StatsReport) -> String {
    let gaps = &report.gaps;
    match (gaps.judged, gaps.threshold_seconds, gaps.p95_seconds) {
        (true, Some(threshold), Some(p95)) => format!(
            "{}{} longer than {} (95 of 100 intervals are at most {})",
            gaps.list.len(),
            if gaps.more { " and more" } else { "" },
            duration(threshold),
            duration(p95)
        ),
        _ => "too few rows to say what is unusual".into(),
    }
}

fn silence(gap: &Gap) -> String {
    match gap.before {
        Some(before) => format!("{} from {} to {}", duration(gap.seconds), gap.after.zulu(), before.zulu()),
        None => format!("{} since {}, and no row yet", duration(gap.seconds), gap.after.zulu()),
    }
}

fn who(actor: &ActorCount) -> String {
    let user = match (&actor.email, actor.user_id) {
        (Some(email), _) => printable(email),
        (None, Some(id)) => format!("user {id}"),
        (None, None) => String::new(),
    };
    match actor.kind {
        Actor::System => "(system)".into(),
        Actor::User => user,
        Actor::ApiKey if user.is_empty() => "api_key".into(),
        Actor::ApiKey => format!("api_key of {user}"),
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} bytes"),
        10_240..10_485_760 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion_and_never_nothing() {
        let mut text = String::new();
        let periods = [("2026-03-01", 800), ("2026-03-02", 1), ("2026-03-03", 405)]
            .map(|(period, rows)| PeriodCount { period: period.into(), rows });
        chart(&mut text, &periods);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("  2026-03-01  800  {}", "█".repeat(40)));
        assert_eq!(lines[1], "  2026-03-02    1  ▏");
        assert_eq!(lines[2], format!("  2026-03-03  405  {}▎", "█".repeat(20)));
    }

    #[test]
    fn many_periods_are_cut() {
        let periods: Vec<PeriodCount> =
            (0..100).map(|at| PeriodCount { period: format!("p{at}"), rows: at }).collect();
        let mut text = String::new();
        chart(&mut text, &periods);
        assert_eq!(text.lines().count(), SHOWN + 1);
        assert!(text.starts_with("the last 40 periods that have rows; 60 before them\n"), "{text}");
    }
}
