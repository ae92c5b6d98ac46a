//! Days, weeks and months, all in UTC.

use std::collections::BTreeMap;

use serde::Serialize;

use super::report::PeriodCount;
use crate::format::Timestamp;

pub(super) const DAY_SECONDS: i64 = 86_400;

/// What rows are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Period {
    /// Days, named `2026-03-01`.
    Day,
    /// Weeks, named by their Monday.
    Week,
    /// Months, named `2026-03`.
    Month,
}

/// Days since 1970-01-01.
pub(super) fn day_of(time: Timestamp) -> i64 {
    time.micros().div_euclid(DAY_SECONDS * 1_000_000)
}

/// `2026-03-01`.
pub(super) fn day_name(day: i64) -> String {
    let mut text = Timestamp::from_seconds(day.saturating_mul(DAY_SECONDS)).canonical();
    text.truncate(10);
    text
}

/// The name of the period that a day lies in.
fn name(day: i64, by: Period) -> String {
    match by {
        Period::Day => day_name(day),
        // 1970-01-01 was a Thursday.
        Period::Week => day_name(day - (day + 3).rem_euclid(7)),
        Period::Month => {
            let mut text = day_name(day);
            text.truncate(7);
            text
        }
    }
}

/// Rows by period, in order; periods without rows are left out.
pub(super) fn fold(days: &BTreeMap<i64, u64>, by: Period) -> Vec<PeriodCount> {
    let mut periods: Vec<PeriodCount> = Vec::new();
    for (day, rows) in days {
        let period = name(*day, by);
        match periods.last_mut() {
            Some(last) if last.period == period => last.rows += rows,
            _ => periods.push(PeriodCount { period, rows: *rows }),
        }
    }
    periods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_fall_into_weeks_and_months() {
        let day = |text: &str| day_of(Timestamp::parse(text).unwrap());
        let days: BTreeMap<i64, u64> =
            [("2026-02-28", 1), ("2026-03-01", 2), ("2026-03-02", 4), ("1969-12-31", 8)]
                .map(|(text, rows)| (day(text), rows))
                .into();
        let folded =
            |by| fold(&days, by).into_iter().map(|count| (count.period, count.rows)).collect::<Vec<_>>();
        let of = |list: &[(&str, u64)]| {
            list.iter().map(|(name, rows)| ((*name).to_owned(), *rows)).collect::<Vec<_>>()
        };
        assert_eq!(folded(Period::Month), of(&[("1969-12", 8), ("2026-02", 1), ("2026-03", 6)]));
        assert_eq!(folded(Period::Week), of(&[("1969-12-29", 8), ("2026-02-23", 3), ("2026-03-02", 4)]));
        assert_eq!(folded(Period::Day).len(), 4);
    }
}
