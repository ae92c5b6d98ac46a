//! `z4jctl audit prune`.
#![expect(clippy::doc_markdown, reason = "texts of --help, not of the documentation")]

use std::collections::BTreeMap;

use clap::{ArgAction, Args};
use serde_json::json;

use super::confirm::Severity;
use super::write::{Particular, WriteArgs, Writing};
use super::{Run, bad_value, connection};
use crate::audit::prune::{Cutoffs, DEFAULT_MAX_ROWS, Prune};
use crate::config::Settings;
use crate::error::{ExitCode, Result};
use crate::format::Timestamp;

/// Remove the oldest rows of the log so that the rest still verifies
///
/// Without a cut-off, what the brain's own settings let expire: Z4J_AUDIT_RETENTION_DAYS, and by class
/// Z4J_AUDIT_RETENTION_BY_CLASS. Only a verified prefix goes, its boundary is recorded as the release does it, and a row
/// `audit.prune` tells of it. Frozen rows of an upgraded log stay. Export first: what is removed is gone.
///
/// Logs of 1.3 to 1.7 cannot record the boundary in a way that z4j accepts later: refused unless --accept-unupgradable.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  z4jctl audit prune --dry-run
  z4jctl audit prune --older-than 1y --reason \"retention policy\"")]
pub(super) struct PruneArgs {
    /// Remove rows before this time
    #[arg(long, value_name = "TIME", conflicts_with = "older_than")]
    before: Option<String>,
    /// Remove rows older than this: 90d, 12w, 6mo, 1y
    #[arg(long, value_name = "AGE")]
    older_than: Option<String>,
    /// Another age for a class, the text before the first dot of an action: auth=30d; repeatable
    #[arg(long, value_name = "CLASS=AGE", action = ArgAction::Append)]
    class: Vec<String>,
    /// Remove at most so many rows in one run
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_ROWS)]
    max_rows: u64,
    /// Do it on 1.3 to 1.7 too, where z4j 1.6 will report a truncation and the upgrade to 1.8 will stop
    #[arg(long)]
    accept_unupgradable: bool,
    #[command(flatten)]
    write: WriteArgs,
}

pub(super) fn run(run: &Run<'_>, arguments: &PruneArgs) -> Result<ExitCode> {
    let settings = run.settings_to_write(&arguments.write)?;
    let cutoffs = cutoffs(run, &settings, arguments)?;
    let keys = connection::keys(&settings)?;
    let operation = Prune {
        cutoffs,
        max_rows: arguments.max_rows,
        accept_unupgradable: arguments.accept_unupgradable,
        keys: &keys,
        exported: None,
    };
    let severity = Severity::Destructive { name: "prune" };
    Writing { command: "audit.prune", arguments: &arguments.write, severity }.perform(
        run,
        &settings,
        &operation,
        |outcome| {
            let metadata = outcome.appended.first().map(|row| row.entry.metadata.clone());
            Ok(Particular { json: json!(metadata), ..Particular::default() })
        },
    )
}

fn cutoffs(run: &Run<'_>, settings: &Settings, arguments: &PruneArgs) -> Result<Cutoffs> {
    let now = run.context.now();
    let ago = |days: i64| now.plus_seconds(-days.saturating_mul(86_400));
    let (default, source) = match (&arguments.before, &arguments.older_than) {
        (Some(text), _) => {
            let time = Timestamp::parse(text).filter(|_| has_zone(text));
            let time = time.ok_or_else(|| {
                bad_value("--before", text, "a time with a zone, such as 2026-01-31T00:00:00Z")
            })?;
            if time > now {
                return Err(bad_value("--before", text, "a time that is not in the future"));
            }
            (time, "before")
        }
        (None, Some(text)) => (ago(days("--older-than", text)?), "before"),
        (None, None) => (ago(settings.audit_retention_days.value.into()), "retention"),
    };
    let mut by_class = BTreeMap::new();
    if source == "retention" {
        for (class, days) in settings.audit_retention_by_class()? {
            by_class.insert(class, ago(days));
        }
    }
    for text in &arguments.class {
        let Some((class, age)) = text.split_once('=').filter(|(class, _)| is_class(class)) else {
            return Err(bad_value("--class", text, "CLASS=AGE, such as auth=30d"));
        };
        by_class.insert(class.to_owned(), ago(days("--class", age)?));
    }
    Ok(Cutoffs { default, by_class, source })
}

fn has_zone(text: &str) -> bool {
    let time = text.get(10..).unwrap_or_default();
    time.ends_with(['Z', 'z']) || time.contains(['+', '-'])
}

fn is_class(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 40
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// An age in days: a number with d, w, mo (30 days) or y (365 days).
pub(super) fn days(flag: &str, text: &str) -> Result<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "" | "d" => 1,
        "w" => 7,
        "mo" => 30,
        "y" => 365,
        _ => 0,
    };
    let days =
        number.parse::<i64>().ok().filter(|_| factor > 0).and_then(|number| number.checked_mul(factor));
    days.filter(|days| (1..=36_500).contains(days))
        .ok_or_else(|| bad_value(flag, text, "an age of at least a day: 90d, 12w, 6mo, 1y"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_and_nonsense_is_refused() {
        for (text, expected) in [("90d", 90), ("90", 90), ("12w", 84), ("6mo", 180), ("1y", 365)] {
            assert_eq!(days("x", text).unwrap(), expected, "{text}");
        }
        for text in ["", "0d", "d", "-1d", "1h", "1.5y", "99999999999999999999d", "101y"] {
            assert!(days("x", text).is_err(), "{text}");
        }
        assert!(has_zone("2026-01-01T00:00:00Z") && has_zone("2026-01-01T00:00+02:00"));
        assert!(!has_zone("2026-01-01T00:00:00") && !has_zone("2026-01-01"));
        assert!(is_class("auth") && !is_class("Auth") && !is_class("") && !is_class("a.b"));
    }
}
