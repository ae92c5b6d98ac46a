//! Attacks that nobody thought of: whatever a generator does to a log, exit code 0 is for what cannot be seen.

use super::log::{Kind, Log, Row, a_moment_after, made_up_mac, new_id, text};

/// `SplitMix64`: the same attacks in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("a small number")
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// The time of a row, fit for a statement whatever an earlier attack put there.
fn time_of(row: &Row) -> String {
    text(row, "occurred_at").replace(['\0', '\''], "")
}

/// Does something to the log and says what.
fn act(log: &Log, random: &mut Random, number: u32) -> String {
    let rows = log.read_rows();
    if rows.is_empty() {
        return "nothing is left".into();
    }
    let index = random.below(rows.len());
    let row = &rows[index];
    let id = text(row, "id");
    let moment = |row: &Row| {
        let time = time_of(row);
        if time.len() != 26 || time.ends_with("999999") { time } else { a_moment_after(&time) }
    };
    match random.below(12) {
        0 | 1 => {
            let columns: Vec<&String> = row.keys().filter(|column| *column != "id").collect();
            let column = random.pick(&columns).as_str();
            let another = text(random.pick(&rows), "id");
            let elsewhere = random.pick(&rows)[column].clone();
            let value = match random.below(4) {
                // NULL where the column allows it, another row's value, or nonsense of the right form.
                0 if !["action", "target_type", "result", "metadata", "occurred_at", "legacy_frozen"]
                    .contains(&column) =>
                {
                    None
                }
                1 => elsewhere,
                _ => Some(match column {
                    "row_hmac" | "prev_row_hmac" | "hmac_key_id" => made_up_mac(number),
                    "occurred_at" => moment(row),
                    "metadata" => format!("{{\"n\": {number}}}"),
                    "legacy_frozen" => "1".into(),
                    "hmac_version" => "3".into(),
                    "user_id" | "project_id" | "event_id" | "api_key_id" | "chain_generation" => another,
                    _ => format!("value {number}"),
                }),
            };
            log.run(&format!(
                "UPDATE audit_log SET {column} = {} WHERE id = '{id}'",
                super::log::literal(value.as_deref())
            ));
            format!("{column} of row {} set to {value:?}", index + 1)
        }
        2..=4 => {
            let count = (1 + random.below(4)).min(rows.len() - index);
            for gone in &rows[index..index + count] {
                log.run(&format!("DELETE FROM audit_log WHERE id = '{}'", text(gone, "id")));
            }
            format!("rows {} to {} removed", index + 1, index + count)
        }
        5 => {
            let count = (1 + random.below(5)).min(rows.len());
            for gone in &rows[rows.len() - count..] {
                log.run(&format!("DELETE FROM audit_log WHERE id = '{}'", text(gone, "id")));
            }
            format!("the last {count} rows removed")
        }
        6 | 7 => {
            let mut copy = row.clone();
            copy.insert("id".into(), Some(new_id(number)));
            copy.insert("occurred_at".into(), Some(moment(random.pick(&rows))));
            if random.below(2) == 0 {
                copy.insert("row_hmac".into(), Some(made_up_mac(number)));
            }
            if random.below(2) == 0 {
                let previous = random.pick(&rows)["row_hmac"].clone();
                copy.insert("prev_row_hmac".into(), previous);
            }
            log.insert(&copy);
            format!("a copy of row {} inserted", index + 1)
        }
        8 | 9 => {
            let other = random.pick(&rows);
            log.run(&format!("UPDATE audit_log SET occurred_at = '{}' WHERE id = '{id}'", time_of(other)));
            if random.below(2) == 0 {
                let time = time_of(row);
                log.run(&format!(
                    "UPDATE audit_log SET occurred_at = '{time}' WHERE id = '{}'",
                    text(other, "id")
                ));
            }
            format!("row {} got the time of row with id {}", index + 1, text(other, "id"))
        }
        10 => {
            let column =
                *random.pick(&["action", "user_agent", "metadata", "row_hmac", "occurred_at", "user_id"]);
            let value = *random.pick(&["x'00'", "CAST(x'ff' AS TEXT)", "'x'", "7"]);
            log.run(&format!("UPDATE audit_log SET {column} = {value} WHERE id = '{id}'"));
            format!("{column} of row {} set to {value}", index + 1)
        }
        _ if log.is_active() => {
            let state = log.state();
            let columns: Vec<&String> =
                state.keys().filter(|column| *column != "observed_active_row_count").collect();
            let column = random.pick(&columns).as_str();
            let value = match column {
                "active_row_count" | "frozen_row_count" | "format_version" => number.to_string(),
                "generation" | "installation_id" | "head_id" | "prune_id" => new_id(number),
                "head_occurred_at" | "prune_occurred_at" => time_of(row),
                "singleton_id" => "audit-chain".into(),
                _ => text(row, "row_hmac"),
            };
            log.set_state(column, Some(&value));
            format!("state {column} set to {value}")
        }
        _ => {
            log.run(&format!("DELETE FROM audit_log WHERE occurred_at < '{}'", time_of(row)));
            format!("everything before row {} removed", index + 1)
        }
    }
}

/// Whether nothing in the database can tell the log from one that was never touched.
fn is_invisible(log: &Log, state_before: Option<&Row>) -> bool {
    let now = log.read_rows();
    // What is unreadable as text is not the same: reading as text makes '7' of the number 7.
    if log.is_active() {
        now == log.rows && Some(&log.state()) == state_before
    } else {
        log.rows.starts_with(&now)
    }
}

fn run(names: &[&'static str], seed: u64, attacks: u32) {
    let mut failures = Vec::new();
    let mut invisible = 0;
    for number in 0..attacks {
        let mut random = Random(seed + u64::from(number));
        let name = *random.pick(names);
        let mut log = Log::open(Kind::Sqlite, name);
        log.set_installed_at("2020-01-01T00:00:00+00:00");
        let state = log.is_active().then(|| log.state());
        let steps: Vec<String> = (0..=random.below(3))
            .map(|step| act(&log, &mut random, number * 10 + u32::try_from(step).unwrap_or(0) + 1))
            .collect();
        let is_invisible = is_invisible(&log, state.as_ref());
        log.close();
        let report = log.verify(&[]);
        let what = format!("attack {number} on {name}: {}", steps.join("; "));
        invisible += u32::from(is_invisible);
        // An emptied log before 1.8 is the one cut tail that is noticed: a brain that served has written.
        let is_quiet = report.exit() == 0 || is_invisible && report.exit() == 3;
        if !matches!(report.exit(), 0 | 1 | 3 | 6) || is_quiet != is_invisible {
            failures.push(format!("{what}: {}", report.summary()));
        }
        let parts = 2 + usize::try_from(number % 5).unwrap_or(0);
        failures.extend(crate::shards::agree_with_their_log(&log, &report, parts, &what).err());
        let proved = report.findings().iter().any(|finding| finding["certainty"] == "proved");
        if report.exit() == 1 && !proved {
            failures.push(format!("{what}: exit code 1 without proof: {}", report.summary()));
        }
    }
    assert!(failures.is_empty(), "{} failed\n{}", failures.len(), failures.join("\n"));
    assert!(invisible < attacks / 3, "{invisible} attacks changed nothing: the generator is too kind");
}

#[test]
fn no_random_attack_before_1_8_goes_unseen_but_a_cut_tail() {
    run(&["1.0.19", "1.2.1", "1.3.4", "1.6.9", "1.7.0"], 1, 120);
}

#[test]
fn no_random_attack_from_1_8_on_goes_unseen() {
    run(&["1.8.0", "1.11.0", "1.13.0", "1.13.0-upgraded-from-1.6.9"], 1_000, 120);
}

/// Attacks at a distance from each other do not disturb each other's names.
#[test]
fn random_attacks_at_a_distance_are_each_named_at_their_row() {
    let mut failures = Vec::new();
    for number in 0..80_u32 {
        let mut random = Random(5_000_000 + u64::from(number));
        let names: [&'static str; 7] = ["1.2.1", "1.3.4", "1.6.9", "1.7.0", "1.8.0", "1.11.0", "1.13.0"];
        let name = *random.pick(&names);
        let mut log = Log::open(Kind::Sqlite, name);
        let mut expected: Vec<(String, String)> = Vec::new();
        for (step, start) in (3..log.rows.len() - 6).step_by(7).enumerate() {
            let index = start + random.below(2);
            let mut expect =
                |class: &str, id: &str| expected.push((class.to_owned(), super::sign::dashed(id)));
            let made_up = made_up_mac(number * 100 + u32::try_from(step).unwrap_or(0));
            let added = new_id(number * 100 + u32::try_from(step).unwrap_or(0));
            let mut copy = log.row(index);
            copy.insert("id".into(), Some(added.clone()));
            copy.insert("occurred_at".into(), Some(a_moment_after(&text(&copy, "occurred_at"))));
            match random.below(10) {
                0 => {
                    let column = *random.pick(&["action", "user_agent", "source_ip", "target_id"]);
                    log.set(index, column, Some("192.0.2.9"));
                    expect("edited", &log.id(index));
                }
                1 => {
                    log.set(index, "row_hmac", Some(&made_up));
                    expect("edited", &log.id(index));
                }
                2 => {
                    log.set(index, "prev_row_hmac", Some(&made_up));
                    expect("edited", &log.id(index));
                }
                3 => {
                    let count = 1 + random.below(3);
                    log.delete(index..index + count);
                    expect("removed", &log.id(index + count));
                }
                4 => {
                    copy.insert("row_hmac".into(), Some(made_up));
                    copy.insert("prev_row_hmac".into(), log.rows[index]["row_hmac"].clone());
                    log.insert(&copy);
                    expect("inserted", &added);
                }
                5 => {
                    log.insert(&copy);
                    expect("duplicated", &added);
                }
                6 => {
                    copy.insert("prev_row_hmac".into(), log.rows[index - 1]["row_hmac"].clone());
                    super::sign::sign_row(&mut copy, log.key());
                    log.insert(&copy);
                    // A copy that is a moment younger and was signed: a fork.
                    expect("forked", &added);
                }
                7 => {
                    log.set(index, "row_hmac", None);
                    expect("unsigned", &log.id(index));
                }
                8 => {
                    let time = a_moment_after(&text(&log.rows[index + 2], "occurred_at"));
                    log.set(index, "occurred_at", Some(&time));
                    expect("reordered", &log.id(index));
                }
                _ => {
                    log.set(index, "row_hmac", Some("00"));
                    expect("malformed", &log.id(index));
                }
            }
        }
        log.close();
        let report = log.verify(&[]);
        let mut found: Vec<(String, String)> = report
            .findings()
            .iter()
            .filter(|finding| finding["class"] != "guards-missing")
            .map(|finding| {
                let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
                (text("class"), text("audit_id"))
            })
            .collect();
        found.sort();
        expected.sort();
        if report.exit() != 1 || found != expected {
            failures.push(format!(
                "attack {number} on {}: expected {expected:#?}, got {}",
                log.name,
                report.summary()
            ));
        }
    }
    assert!(failures.is_empty(), "{} failed\n{}", failures.len(), failures.join("\n"));
}
