//! What a report on an agent cannot show: removed by retention, never recorded, or not believable.

use super::gather::AgentGather;
use super::report::{Assessment, Gap};
use crate::error::Result;
use crate::format::Timestamp;
use crate::store::LogFacts;
use crate::store::generation::{Detection, Generation};
use crate::store::value::Value;

/// Days that a brain keeps audit rows unless told otherwise, from 1.3.
const AUDIT_DAYS: u32 = 90;
/// Days that a brain keeps events (PostgreSQL) and status samples unless told otherwise.
const EVENT_DAYS: u32 = 30;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// All gaps, the ones about removed rows first.
pub(super) fn gaps(
    gather: &mut AgentGather<'_>,
    detection: &Detection,
    facts: &LogFacts,
    report: &Assessment,
) -> Result<Vec<Gap>> {
    let mut gaps = Vec::new();
    audit(gather, detection, facts, &mut gaps)?;
    events(gather, report, &mut gaps)?;
    samples(gather, detection, report, &mut gaps)?;
    agent(detection, report, &mut gaps);
    never_recorded(detection, report, &mut gaps);
    clocks(gather, report, &mut gaps)?;
    if gather.unreadable > 0 {
        gaps.push(gap(
            "unreadable-values",
            format!("{} values could not be read and were left out", gather.unreadable),
        ));
    }
    Ok(gaps)
}

fn audit(
    gather: &mut AgentGather<'_>,
    detection: &Detection,
    facts: &LogFacts,
    gaps: &mut Vec<Gap>,
) -> Result<()> {
    let sql = "WHERE occurred_at = (SELECT min(occurred_at) FROM audit_log) ORDER BY id LIMIT 1";
    let rows = gather.store.rows("audit_log", &["id", "occurred_at", "prev_row_hmac"], sql, &[])?;
    let Some(first) = rows.first() else {
        gaps.push(gap("audit-log-empty", "the audit log holds no row at all"));
        return Ok(());
    };
    let oldest = gather.time(first, "occurred_at");
    let is_genesis = gather.text(first, "prev_row_hmac").is_none();
    let shown = |time: Option<Timestamp>| time.map_or_else(|| "an unknown time".to_owned(), Timestamp::zulu);
    let prune = facts.states.first().and_then(|state| state.prune.occurred_at.as_deref());
    let concerns = oldest.is_none_or(|time| time > gather.window.since);
    let concern = if concerns { "inside the window" } else { "before the window" };
    if let Some(boundary) = prune.and_then(Timestamp::parse) {
        gaps.push(Gap {
            before: Some(boundary.next()),
            ..gap(
                "audit-retention",
                format!(
                    "retention removed audit rows up to {} (audit_chain_state); the oldest one left is of {}, {concern}",
                    boundary.zulu(),
                    shown(oldest)
                ),
            )
        });
    } else if !is_genesis {
        let record = if facts.watermark.is_some() {
            "z4j_meta.audit_prune_watermark records it"
        } else {
            "nothing records by what: retention and tampering look alike here"
        };
        gaps.push(Gap {
            before: oldest,
            ..gap(
                "audit-retention",
                format!("audit rows before {} were removed, {concern}; {record}", shown(oldest)),
            )
        });
    } else if concerns {
        gaps.push(Gap {
            before: oldest,
            ..gap(
                "audit-begins-later",
                format!("the window begins before the log does: its first row is of {}", shown(oldest)),
            )
        });
    }
    if detection.generation != Generation::A {
        gaps.push(gap(
            "audit-retention-goes-on",
            format!(
                "a brain goes on to remove audit rows as they grow old ({AUDIT_DAYS} days unless Z4J_AUDIT_RETENTION_DAYS says \
                 otherwise): keep a copy of the database with this report"
            ),
        ));
    }
    if facts.quarantined_forks > 0 {
        gaps.push(gap(
            "audit-forks",
            format!("{} rows in audit_log_legacy_forks were not searched", facts.quarantined_forks),
        ));
    }
    gaps.push(gap(
        "audit-names-no-agent",
        "audit rows have no column for an agent as the one who acts: rows were found by their target and by what their \
         metadata names; a row that does neither is not here",
    ));
    Ok(())
}

fn events(gather: &mut AgentGather<'_>, report: &Assessment, gaps: &mut Vec<Gap>) -> Result<()> {
    let Some(events) = &report.events else {
        gaps.push(gap(
            "events-absent",
            "events were not read: this database has no table of them in the form that z4j writes (one made by 1.3 on \
             PostgreSQL cannot hold any)",
        ));
        return Ok(());
    };
    if gather.store.is_postgres() {
        let oldest = gather.store.query("events", "SELECT min(occurred_at) AS first_at FROM events", &[])?;
        let oldest = oldest.first().and_then(|row| gather.time(row, "first_at"));
        let limit = report.assessed_at.plus_seconds(-i64::from(EVENT_DAYS) * DAY);
        if report.window.since < limit {
            gaps.push(Gap {
                before: oldest.or(Some(limit)),
                ..gap(
                    "events-retention",
                    format!(
                        "on PostgreSQL a brain removes events, with {EVENT_DAYS} days unless Z4J_EVENT_RETENTION_DAYS says \
                         otherwise; the oldest one of all agents is of {}",
                        oldest.map_or_else(|| "no time: there is none".to_owned(), Timestamp::zulu)
                    ),
                )
            });
        }
    }
    let outside = events.before.count + events.after.count;
    if outside > 0 {
        gaps.push(gap(
            "events-outside",
            format!("{outside} more events of this agent have times outside the window and were not counted"),
        ));
    }
    gaps.push(gap(
        "event-times",
        "the times of events are those that the agent gave (up to 400 days back): whoever has token and signing secret can \
         place events outside the window. When the brain received them is not recorded; tasks are listed too when their row \
         was written in the window",
    ));
    gaps.push(gap(
        "task-history",
        "a task row holds its last state alone: what an event overwrote is not recorded, and which agent wrote last neither",
    ));
    Ok(())
}

fn samples(
    gather: &mut AgentGather<'_>,
    detection: &Detection,
    report: &Assessment,
    gaps: &mut Vec<Gap>,
) -> Result<()> {
    let absent = [
        ("agent_workers", "1.2.1", "which processes connected"),
        ("agent_status_history", "1.5", "status samples of connections"),
        ("schedule_change_log", "1.8", "changes of schedules"),
    ];
    for (table, since, what) in absent {
        if !gather.store.has_table(table)? {
            gaps.push(gap(
                "table-absent",
                format!(
                    "{what} are not recorded in this generation (z4j {}): table {table} comes with {since}",
                    detection.generation.releases()
                ),
            ));
        }
    }
    let limit = report.assessed_at.plus_seconds(-i64::from(EVENT_DAYS) * DAY);
    if report.connections.status_samples.is_some() && report.window.since < limit {
        let sql = "SELECT min(captured_at) AS first_at FROM agent_status_history WHERE agent_id = ?";
        let agent = gather.agent;
        let rows = gather.store.query("agent_status_history", sql, &[Value::Id(agent)])?;
        let oldest = rows.first().and_then(|row| gather.time(row, "first_at"));
        gaps.push(Gap {
            before: oldest,
            ..gap(
                "samples-retention",
                format!(
                    "a brain removes status samples after {EVENT_DAYS} days unless Z4J_EVENT_RETENTION_DAYS says otherwise; the \
                     oldest one of this agent is of {}",
                    oldest.map_or_else(|| "no time: there is none".to_owned(), Timestamp::zulu)
                ),
            )
        });
    }
    Ok(())
}

fn agent(detection: &Detection, report: &Assessment, gaps: &mut Vec<Gap>) {
    let agent = &report.agent;
    if agent.state == "deleted" {
        gaps.push(gap(
            "agent-deleted",
            format!(
                "the agent's row is gone, as up to 1.8 a revocation deletes it (this database: z4j {}): name, last connection, \
                 host and version are known only as far as other rows tell",
                detection.generation.releases()
            ),
        ));
    }
    if agent.minted_at.is_none() {
        gaps.push(gap("mint-unknown", "no audit row tells when and by whom the token was minted"));
    }
    if matches!(agent.state.as_str(), "deleted" | "revoked") && agent.revoked_by.is_none() {
        gaps.push(gap(
            "revocation-unknown",
            "no audit row tells who revoked the token: a brain removes an agent that was silent for 30 days without one, and \
             z4jctl revokes as nobody",
        ));
    }
    if report.window.since < agent.created_at.or(agent.minted_at).unwrap_or(Timestamp::MIN) {
        gaps.push(gap("window-before-mint", "the window begins before the agent was minted"));
    }
}

fn never_recorded(detection: &Detection, report: &Assessment, gaps: &mut Vec<Gap>) {
    gaps.push(gap(
        "addresses",
        "a brain records no address of a connection that it accepts: where the token was used from is in the logs of the \
         reverse proxy and of the brain, not in the database",
    ));
    gaps.push(gap(
        "connections-overwritten",
        "a connection appends no audit row; it overwrites the time of the last one, host, version and capabilities of the \
         agent, and the row of a worker with the same worker id: earlier ones are not recorded",
    ));
    gaps.push(gap(
        "said-by-agent",
        "host, versions, process ids, worker ids and start times are what the agent said of itself",
    ));
    gaps.push(gap(
        "which-token",
        "rows name an agent, not a token: what the rightful agent did and what somebody else did with its token look the same",
    ));
    let every = if detection.generation == Generation::H {
        "; from 1.12 on at most one row for an address in 10 minutes"
    } else {
        ""
    };
    gaps.push(gap(
        "attempts-name-no-agent",
        format!(
            "rows of refused connections ({}) name no agent and no token{every}",
            report.attempts.rows.total
        ),
    ));
    if report.connections.status_samples.is_some() {
        gaps.push(gap(
            "samples-limited",
            "a brain keeps at most 12 status samples in a minute of one connection, and none of a silent one",
        ));
    }
    if report.schedules.project_changes.is_some_and(|changes| changes.count > 0) {
        gaps.push(gap(
            "schedule-changes-name-nobody",
            "the log of schedule changes names nobody: those of the project are counted, whoever made them",
        ));
    }
}

fn clocks(gather: &mut AgentGather<'_>, report: &Assessment, gaps: &mut Vec<Gap>) -> Result<()> {
    let condition = gather.at_or_after("occurred_at", report.assessed_at);
    let later = gather.number("audit_log", &condition)?;
    if later > 0 {
        gaps.push(gap(
            "clock",
            format!(
                "{later} audit rows are later than this machine's clock ({}): one of the clocks is wrong, and a window that \
                 ends now leaves them out",
                report.assessed_at.zulu()
            ),
        ));
    }
    Ok(())
}

fn gap(code: &'static str, message: impl Into<String>) -> Gap {
    Gap { code, message: message.into(), before: None }
}
