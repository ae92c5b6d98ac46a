//! Periods without any row that are longer than this log's own habits explain.
//!
//! A silence is unusual when it is longer than six times the 95th percentile of the intervals between rows, and at
//! least a day. The percentile comes from a histogram of fixed size, whose steps are a sixteenth of an octave wide, so
//! it is at most about 4.5 per cent too large.

use std::collections::BinaryHeap;

use super::report::{Gap, Gaps};
use crate::format::Timestamp;

/// Intervals below this number say nothing about habits.
const ENOUGH: u64 = 20;
/// How many times the percentile a silence must be.
const TIMES: u64 = 6;
/// A silence that is shorter is never unusual.
const LEAST_SECONDS: u64 = 86_400;
/// How many of the longest ones are kept.
const KEPT: usize = 20;
const STEPS: usize = 16;
const MICROS: u64 = 1_000_000;

/// Collects intervals.
#[derive(Debug, Clone, Default)]
pub(super) struct Silences {
    last: Option<Timestamp>,
    intervals: u64,
    histogram: Vec<u64>,
    /// Length in microseconds, reversed so that the shortest goes first; beginning and end.
    longest: BinaryHeap<std::cmp::Reverse<(u64, Timestamp, Timestamp)>>,
    /// Silences of at least a day that were not kept.
    dropped: bool,
}

impl Silences {
    /// Takes the time of the next row.
    pub(super) fn add(&mut self, time: Timestamp) {
        if let Some(last) = self.last {
            let micros = u64::try_from(time.micros().saturating_sub(last.micros())).unwrap_or(0);
            self.intervals += 1;
            let at = bucket(micros);
            if self.histogram.len() <= at {
                self.histogram.resize(at + 1, 0);
            }
            self.histogram[at] += 1;
            if micros >= LEAST_SECONDS * MICROS {
                self.longest.push(std::cmp::Reverse((micros, last, time)));
                if self.longest.len() > KEPT {
                    self.longest.pop();
                    self.dropped = true;
                }
            }
        }
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
    }

    /// What is unusual; `now` ends the silence behind the newest row.
    pub(super) fn finish(self, now: Timestamp) -> Gaps {
        let wanted = self.intervals - self.intervals / 20;
        let mut seen = 0;
        let percentile = self.histogram.iter().position(|count| {
            seen += count;
            seen >= wanted && seen > 0
        });
        let judged = self.intervals >= ENOUGH;
        let (Some(percentile), true) = (percentile, judged) else {
            return Gaps {
                judged: false,
                threshold_seconds: None,
                p95_seconds: None,
                list: Vec::new(),
                more: false,
            };
        };
        let p95 = upper(percentile);
        let threshold = p95.saturating_mul(TIMES).max(LEAST_SECONDS * MICROS);
        let mut list: Vec<Gap> = self
            .longest
            .into_iter()
            .map(|std::cmp::Reverse(silence)| silence)
            .filter(|(micros, ..)| *micros > threshold)
            .map(|(micros, after, before)| Gap { after, before: Some(before), seconds: micros / MICROS })
            .collect();
        let more = self.dropped && list.len() == KEPT;
        if let Some(last) = self.last {
            let micros = u64::try_from(now.micros().saturating_sub(last.micros())).unwrap_or(0);
            if micros > threshold {
                list.push(Gap { after: last, before: None, seconds: micros / MICROS });
            }
        }
        list.sort_unstable_by_key(|gap| gap.after);
        Gaps {
            judged: true,
            threshold_seconds: Some(threshold.div_ceil(MICROS)),
            p95_seconds: Some(p95.div_ceil(MICROS)),
            list,
            more,
        }
    }
}

/// Which bar of the histogram a number belongs to.
fn bucket(micros: u64) -> usize {
    if micros < 16 {
        return usize::try_from(micros).unwrap_or(0);
    }
    let octave = micros.ilog2();
    let step = (micros >> (octave - 4)) & 15;
    STEPS * usize::try_from(octave - 3).unwrap_or(0) + usize::try_from(step).unwrap_or(0)
}

/// The largest number that belongs to a bar.
fn upper(bucket: usize) -> u64 {
    if bucket < STEPS {
        return u64::try_from(bucket).unwrap_or(0);
    }
    let octave = u32::try_from(bucket / STEPS).unwrap_or(0) + 3;
    let step = u64::try_from(bucket % STEPS).unwrap_or(0) + 17;
    (step << (octave - 4)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_is_at_most_a_sixteenth_below_the_end_of_its_bar(micros in 0..(1_u64 << 58)) {
            let end = upper(bucket(micros));
            prop_assert!(end >= micros && end - micros <= micros / 16, "{end}");
        }
    }

    fn rows_each(seconds: i64, count: i64) -> Silences {
        let mut silences = Silences::default();
        for at in 0..count {
            silences.add(Timestamp::from_seconds(at * seconds));
        }
        silences
    }

    #[test]
    fn a_silence_is_unusual_only_beside_the_habits() {
        let mut hourly = rows_each(3600, 100);
        hourly.add(Timestamp::from_seconds(99 * 3600 + 3 * 86_400));
        let last = Timestamp::from_seconds(99 * 3600 + 3 * 86_400);
        let gaps = hourly.clone().finish(last);
        assert_eq!(gaps.list.len(), 1, "{gaps:?}");
        assert_eq!(gaps.list[0].seconds, 3 * 86_400);
        assert_eq!(gaps.threshold_seconds, Some(86_400));
        // And the silence since.
        let gaps = hourly.finish(last.plus_seconds(5 * 86_400));
        assert_eq!(gaps.list.iter().filter(|gap| gap.before.is_none()).count(), 1);
        // A log with a row each day is silent for days and nothing is unusual.
        let mut daily = rows_each(86_400, 100);
        daily.add(Timestamp::from_seconds(99 * 86_400 + 5 * 86_400));
        assert!(daily.finish(Timestamp::from_seconds(104 * 86_400)).list.is_empty());
        assert!(!rows_each(60, 5).finish(Timestamp::from_seconds(1_000_000)).judged);
    }
}
