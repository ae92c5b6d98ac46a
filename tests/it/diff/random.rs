//! Whatever is done to a log is written down while it is done, and the list of differences is exactly that.

use std::collections::{BTreeMap, BTreeSet};

use super::{Form, diff, expect, found, pair};
use crate::tampering::log::{Kind, Log, a_moment_after, made_up_mac, new_id, text};

/// `SplitMix64`: the same edits in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((value ^ (value >> 31)) % limit as u64).expect("a small number")
    }
}

/// Does something to some rows, each at most once, and tells what must be listed.
fn edit(log: &Log, random: &mut Random, number: u32) -> Vec<(String, String, Vec<String>)> {
    let mut expected = Vec::new();
    let last = log.rows.len() - 1;
    let mut indexes: BTreeSet<usize> = BTreeSet::new();
    for _ in 0..=random.below(12) {
        // The ends stay: what is behind or before them has names of its own.
        indexes.insert(log.live + 1 + random.below(last - log.live - 1));
    }
    let mut taken: BTreeMap<String, u32> = BTreeMap::new();
    for (step, index) in indexes.into_iter().enumerate() {
        let made_up = number * 100 + u32::try_from(step).unwrap_or(0) + 1;
        let id = log.id(index);
        match random.below(5) {
            0 => {
                let columns = [
                    ("user_agent", "curl".to_owned()),
                    ("action", "nothing.happened".to_owned()),
                    ("metadata", format!("{{\"n\": {made_up}}}")),
                    ("source_ip", "192.0.2.1".to_owned()),
                    ("row_hmac", made_up_mac(made_up)),
                    ("user_id", new_id(made_up)),
                ];
                let mut changed = Vec::new();
                for _ in 0..=random.below(3) {
                    let (column, value) = &columns[random.below(columns.len())];
                    log.set(index, column, Some(value));
                    changed.push(*column);
                }
                changed.sort_unstable();
                changed.dedup();
                expected.push(expect("changed", &id, &changed));
            }
            1 => {
                log.delete(index..index + 1);
                expected.push(expect("removed", &id, &[]));
            }
            2 => {
                let mut copy = log.row(index);
                copy.insert("id".into(), Some(new_id(made_up)));
                copy.insert("row_hmac".into(), Some(made_up_mac(made_up)));
                copy.insert("prev_row_hmac".into(), Some(made_up_mac(made_up + 50)));
                log.insert(&copy);
                expected.push(expect("inserted", &new_id(made_up), &[]));
            }
            3 => {
                // To a moment behind another row; each time once, so that no two rows stand at one place.
                let target = log.live + random.below(last - log.live);
                let mut time = text(&log.rows[target], "occurred_at");
                let count = taken.entry(time.clone()).or_default();
                *count += 1;
                for _ in 0..*count {
                    time = a_moment_after(&time);
                }
                log.set(index, "occurred_at", Some(&time));
                expected.push(expect("moved", &id, &["occurred_at"]));
            }
            _ => {
                let new = new_id(made_up);
                log.set(index, "id", Some(&new));
                expected.push(expect("changed", &new, &["id"]));
            }
        }
    }
    expected.sort();
    expected
}

fn rounds(kind: Kind, names: &[&'static str], forms: &[Form], count: u32, seed: u64) {
    let mut failures = Vec::new();
    for number in 0..count {
        let mut random = Random(seed + u64::from(number));
        let (name, form) = (names[random.below(names.len())], forms[random.below(forms.len())]);
        let (log, copy) = pair(kind, name, form);
        let expected = edit(&log, &mut random, number);
        let (code, report) = diff(&log, &copy.name(), &[]);
        let all = found(&report);
        if code != 1 || all != expected {
            failures
                .push(format!("round {number} on {name} against {form:?}: {expected:#?}, found {all:#?}"));
        }
    }
    assert!(failures.is_empty(), "{} failed\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn random_edits_in_sqlite_are_all_listed_and_nothing_else() {
    let names =
        ["1.0.19", "1.3.4", "1.6.9", "1.7.0", "1.8.0", "1.11.0", "1.13.0", "1.13.0-upgraded-from-1.6.9"];
    rounds(Kind::Sqlite, &names, &[Form::File, Form::Csv, Form::JsonlZstd], 80, 1);
}

#[test]
fn random_edits_in_postgres_are_all_listed_and_nothing_else() {
    rounds(Kind::Postgres, &["1.2.1", "1.6.9", "1.13.0"], &[Form::Url, Form::Csv], 12, 77);
}
