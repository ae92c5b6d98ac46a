//! Metrics for Prometheus' textfile collector.
//!
//! The time of the last success outlives failed runs: it is read back from the file that is replaced.

use std::fmt::Write as _;
use std::path::Path;

use super::ui::write_file;
use crate::audit::finding::Class;
use crate::audit::report::VerifyReport;
use crate::error::Result;
use crate::format::Timestamp;

const LAST_SUCCESS: &str = "z4jctl_audit_verify_last_success_timestamp_seconds";

/// What a run that did not even yield a report leaves behind, so that an alert can see it.
pub(super) fn write_failure(path: &Path, now: Timestamp, exit_code: u8) -> Result<()> {
    let mut text = String::new();
    common(&mut text, now, exit_code, last_success(path));
    write_file(path, text.as_bytes())
}

/// The metrics of a run.
pub(super) fn write(path: &Path, report: &VerifyReport) -> Result<()> {
    let now = report.started_at.plus_seconds(i64::try_from(report.duration_ms / 1000).unwrap_or(0));
    let success = if report.ok { Some(seconds(now)) } else { last_success(path) };
    let mut text = String::new();
    common(&mut text, now, report.exit_code, success);
    gauge(
        &mut text,
        "z4jctl_audit_verify_duration_seconds",
        "How long the last run took.",
        &[(String::new(), seconds_text(report.duration_ms))],
    );
    let rows = &report.rows;
    gauge(
        &mut text,
        "z4jctl_audit_verify_rows",
        "Rows of the audit log by what could be said of them.",
        &[
            ("verified", rows.verified),
            ("frozen", rows.frozen),
            ("unsigned", rows.unsigned),
            ("unknown_key", rows.unknown_key),
            ("unreadable", rows.unreadable),
            ("mismatched", rows.mismatched),
        ]
        .map(|(state, count)| (format!("{{state=\"{state}\"}}"), count.to_string())),
    );
    let findings: Vec<_> = Class::ALL
        .iter()
        // Only exports have a manifest.
        .filter(|class| **class != Class::ManifestMismatch)
        .map(|class| {
            let count = report.finding_counts.get(class.name()).copied().unwrap_or(0);
            (format!("{{class=\"{}\"}}", class.name()), count.to_string())
        })
        .collect();
    gauge(&mut text, "z4jctl_audit_verify_findings", "Findings of the last run by class.", &findings);
    if let Some(incremental) = &report.incremental {
        let full = u8::from(incremental.fallback.is_some());
        gauge(
            &mut text,
            "z4jctl_audit_verify_full",
            "1 if the last run read every row, 0 if it resumed from an earlier one.",
            &[(String::new(), full.to_string())],
        );
        gauge(
            &mut text,
            "z4jctl_audit_verify_oldest_reading_timestamp_seconds",
            "When the rows were read that were not read for longest, Unix time.",
            &[(String::new(), seconds(incremental.oldest_reading))],
        );
    }
    write_file(path, text.as_bytes())
}

fn common(text: &mut String, now: Timestamp, exit_code: u8, success: Option<String>) {
    let value = |value: String| [(String::new(), value)];
    gauge(
        text,
        "z4jctl_audit_verify_last_run_timestamp_seconds",
        "When the last run ended, Unix time.",
        &value(seconds(now)),
    );
    if let Some(success) = success {
        gauge(text, LAST_SUCCESS, "When the last run that found nothing ended, Unix time.", &value(success));
    }
    gauge(
        text,
        "z4jctl_audit_verify_success",
        "1 if the last run found nothing.",
        &value(u8::from(exit_code == 0).to_string()),
    );
    gauge(text, "z4jctl_audit_verify_exit_code", "Exit code of the last run.", &value(exit_code.to_string()));
}

fn gauge(text: &mut String, name: &str, help: &str, samples: &[(String, String)]) {
    // Writing to a String cannot fail.
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
    for (labels, value) in samples {
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

fn seconds(time: Timestamp) -> String {
    let micros = time.micros();
    format!("{}.{:03}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000) / 1000)
}

fn seconds_text(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

fn last_success(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(LAST_SUCCESS)?.strip_prefix(' '))?;
    value.parse::<f64>().is_ok().then(|| value.to_owned())
}
