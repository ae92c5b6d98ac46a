//! `token assess`: the damage assessment after an agent token leaked, as one report that can be filed.
//!
//! It reads and writes nothing. On SQLite each statement reads for itself, so that a brain does not wait for a long
//! look at its events; on PostgreSQL everything comes from one snapshot. The audit log is verified afterwards, by
//! [`verify`]: evidence from it is worth what the chain is worth.

mod activity;
mod capabilities;
mod gaps;
mod gather;
pub mod report;

use crate::audit::keys::Keys;
use crate::audit::verify::{Progress, VerifyOptions, verify};
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, ExitCode, Kind, Result};
use crate::format::{Id, Timestamp};
use crate::identity::find::{self, Agent};
use crate::identity::redact::Redaction;
use crate::store::value::{Row, Value};
use crate::store::{OpenOptions, Store};
use gather::AgentGather;
use report::{AgentFacts, Assessment, AuditRow, Chain, Listed, Window};

/// How many findings of the verification a report repeats.
const FINDINGS: usize = 20;

/// What to assess.
#[derive(Debug, Clone)]
pub struct AssessOptions {
    /// Id, name, `PROJECT/NAME`, or the beginning of one; the id alone when the agent's row is gone.
    pub agent: String,
    /// From this time on.
    pub since: Timestamp,
    /// Before this time; now otherwise.
    pub until: Option<Timestamp>,
    /// How many rows each list holds at most.
    pub max_rows: u32,
    /// Replace e-mail addresses and network addresses by numbered names.
    pub redact: bool,
    /// How to verify the audit log; its limits to the database hold for all statements.
    pub verify: VerifyOptions,
}

/// Assesses what was done with an agent's token.
pub fn assess(
    context: &Context,
    database: &Database,
    keys: &Keys,
    options: &AssessOptions,
    progress: &dyn Progress,
) -> Result<Assessment> {
    let assessed_at = context.now();
    let window = Window {
        since: options.since,
        until: options.until.unwrap_or(assessed_at),
        until_now: options.until.is_none(),
    };
    if window.since >= window.until {
        return Err(Error::usage(
            "usage.window",
            "--since must be before --until, which is now unless given",
        ));
    }
    let mut assessment = gather(context, database, options, window, assessed_at)?;
    assessment.chain = chain(context, database, keys, &options.verify, options.redact, progress)?;
    assessment.exit_code = match assessment.chain.exit_code {
        Some(code) => code,
        None => ExitCode::Incomplete.code(),
    };
    Ok(assessment)
}

fn gather(
    context: &Context,
    database: &Database,
    options: &AssessOptions,
    window: Window,
    assessed_at: Timestamp,
) -> Result<Assessment> {
    let mut store = Store::open(database, options.verify.open, &context.cancel)?;
    let detection = store.detect()?;
    let facts = store.facts(&detection)?;
    let (id, agent) = subject(&mut store, &options.agent)?;
    let row = agent.as_ref().map(|agent| &agent.row);
    let mut gather =
        AgentGather::new(&mut store, &context.cancel, id, window, options.max_rows, options.redact);
    let agent_facts = agent_facts(&mut gather, agent.as_ref())?;
    gather.project = agent_facts.project_id;
    let audit = gather.audit()?;
    let attempts = gather.attempts()?;
    let commands = gather.commands()?;
    let has_events = gather.has_events()?;
    let (events, tasks) =
        if has_events { (Some(gather.events()?), Some(gather.tasks()?)) } else { (None, None) };
    let schedules = gather.schedules(has_events)?;
    let connections = gather.connections(row)?;
    let elsewhere = gather.elsewhere()?;
    let mut report = Assessment {
        schema: "z4jctl.token.assess/1",
        exit_code: 0,
        database: gather.redaction.text(database.display()),
        generation: detection.generation,
        releases: detection.generation.releases(),
        revision: detection.revision.clone(),
        assessed_at,
        z4jctl: env!("CARGO_PKG_VERSION"),
        is_redacted: options.redact,
        max_rows: options.max_rows,
        window,
        agent: agent_facts,
        chain: not_verified("not verified yet".into()),
        audit,
        attempts,
        commands,
        events,
        tasks,
        schedules,
        could: capabilities::could(detection.generation, connections.workers.is_some()),
        could_not: capabilities::could_not(detection.generation),
        connections,
        elsewhere,
        gaps: Vec::new(),
        snapshot: gather.store.snapshot(),
    };
    report.gaps = gaps::gaps(&mut gather, &detection, &facts, &report)?;
    Ok(report)
}

/// The agent that is meant; without a row when it was deleted and other rows still know its id.
fn subject(store: &mut Store, name: &str) -> Result<(Id, Option<Agent>)> {
    let error = match find::agent_named(store, name) {
        Ok(agent) => return Ok((agent.id, Some(agent))),
        Err(error) if error.code() == "agent.unknown" => error,
        Err(error) => return Err(error),
    };
    let Some(id) = Id::parse(name.as_bytes()) else {
        return Err(error.hint(
            "name one as `z4jctl token list --all` shows it; of an agent that was deleted, as revocation does up to 1.8, give \
             the id (the audit rows agent.token.minted have it)",
        ));
    };
    let in_audit =
        "SELECT count(*) AS count FROM (SELECT 1 FROM audit_log WHERE target_id = ? LIMIT 1) AS found";
    if store.number(in_audit, &[Value::Text(id.to_string())])? > 0 {
        return Ok((id, None));
    }
    for table in ["commands", "events", "agent_workers", "agent_status_history"] {
        let sql = format!(
            "SELECT count(*) AS count FROM (SELECT 1 FROM {table} WHERE agent_id = ? LIMIT 1) AS found"
        );
        if store.columns(table)?.contains("agent_id") && store.number(&sql, &[Value::Id(id)])? > 0 {
            return Ok((id, None));
        }
    }
    Err(error)
}

fn agent_facts(gather: &mut AgentGather<'_>, agent: Option<&Agent>) -> Result<AgentFacts> {
    let token_rows = gather.token_rows()?;
    let minted = gather.token_row("agent.token.minted", false)?;
    let revoked = gather.token_row("agent.token.revoked", true)?;
    let mut facts = match agent {
        Some(agent) => facts_of_row(gather, agent, token_rows),
        None => facts_without_row(gather, minted.as_ref(), token_rows)?,
    };
    // A rotation by z4jctl writes a revocation too, and the agent lives on.
    if matches!(facts.state.as_str(), "revoked" | "deleted") {
        facts.revoked_at = facts.revoked_at.or(revoked.as_ref().and_then(|row| row.occurred_at));
        facts.revoked_by = revoked.and_then(|row| row.user);
    }
    if let Some(minted) = minted {
        facts.minted_at = minted.occurred_at;
        facts.minted_by = minted.user;
        facts.minted_from = minted.source_ip;
    }
    let window = gather.window;
    let begin = facts.minted_at.or(facts.created_at).map_or(window.since, |time| time.max(window.since));
    let end = facts.revoked_at.map_or(window.until, |time| time.min(window.until));
    if begin < end {
        (facts.valid_from, facts.valid_until) = (Some(begin), Some(end));
    }
    Ok(facts)
}

fn facts_of_row(gather: &mut AgentGather<'_>, agent: &Agent, token_rows: Listed<AuditRow>) -> AgentFacts {
    let row = &agent.row;
    let metadata = gather.json(row, "metadata");
    let said = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    // A tombstone whose name was given to another agent carries a name that is none.
    let original = said(&metadata["_z4j_revoked_original_name"]);
    AgentFacts {
        id: agent.id,
        name: Some(original.unwrap_or_else(|| gather.redaction.text(agent.name.clone()))),
        project_id: Some(agent.project.id),
        project: Some(agent.project.slug.clone()),
        state: if agent.is_revoked {
            "revoked".into()
        } else {
            gather.text(row, "state").unwrap_or_default()
        },
        minted_at: None,
        minted_by: None,
        minted_from: None,
        created_at: gather.time(row, "created_at"),
        revoked_at: gather.time(row, "revoked_at"),
        revoked_by: None,
        valid_from: None,
        valid_until: None,
        protocol_version: gather.text(row, "protocol_version"),
        agent_version: said(&metadata["version"]),
        // The agents of z4j say `name`, others that speak their protocol `hostname`.
        host: said(&metadata["host"]["hostname"]).or_else(|| said(&metadata["host"]["name"])),
        framework: gather.text(row, "framework_adapter"),
        engines: list(gather, row, "engine_adapters"),
        schedulers: list(gather, row, "scheduler_adapters"),
        token_rows,
    }
}

fn list(gather: &mut AgentGather<'_>, row: &Row, column: &str) -> Vec<String> {
    let items = row.list(column).unwrap_or_else(|_| {
        gather.unreadable += 1;
        Vec::new()
    });
    items.into_iter().map(|item| gather.redaction.text(item)).collect()
}

/// What the rows of others still tell of an agent whose row is gone.
fn facts_without_row(
    gather: &mut AgentGather<'_>,
    minted: Option<&AuditRow>,
    token_rows: Listed<AuditRow>,
) -> Result<AgentFacts> {
    let of_audit = minted.or(token_rows.rows.first());
    let name = minted.and_then(|row| row.metadata["name"].as_str().map(str::to_owned));
    let mut project_id = of_audit.and_then(|row| row.project_id);
    for table in ["agent_workers", "commands", "events", "agent_status_history"] {
        if project_id.is_none() && gather.has(table, &["agent_id", "project_id"])? {
            let clause = "WHERE agent_id = ? LIMIT 1";
            let agent = gather.agent;
            let rows = gather.store.rows(table, &["project_id"], clause, &[Value::Id(agent)])?;
            project_id = rows.first().and_then(|row| gather.id(row, "project_id"));
        }
    }
    let projects = find::projects(gather.store)?;
    let project = projects.into_iter().find(|project| Some(project.id) == project_id);
    Ok(AgentFacts {
        id: gather.agent,
        name,
        project_id,
        project: project.map(|project| project.slug),
        state: "deleted".into(),
        minted_at: None,
        minted_by: None,
        minted_from: None,
        created_at: None,
        revoked_at: None,
        revoked_by: None,
        valid_from: None,
        valid_until: None,
        protocol_version: None,
        agent_version: None,
        host: None,
        framework: None,
        engines: Vec::new(),
        schedulers: Vec::new(),
        token_rows,
    })
}

/// Verifies the whole log. That the secrets for it are missing is part of the report and does not prevent it.
fn chain(
    context: &Context,
    database: &Database,
    keys: &Keys,
    options: &VerifyOptions,
    redact: bool,
    progress: &dyn Progress,
) -> Result<Chain> {
    let report = match verify(context, database, keys, options, progress) {
        Ok(report) => report,
        Err(error) if error.kind() == Kind::Secret => return Ok(not_verified(error.message().to_owned())),
        Err(error) => return Err(error),
    };
    let mut redaction = Redaction::new(redact);
    let verdict = match report.exit() {
        ExitCode::Done => "intact",
        ExitCode::Incomplete => "incomplete",
        _ => "findings",
    };
    let findings = report.findings.iter().take(FINDINGS).map(|finding| {
        let row = finding.row.map(|row| format!(" row {row}:")).unwrap_or_default();
        redaction.text(format!("{}:{row} {}", finding.class.name(), finding.message))
    });
    let findings = findings.collect();
    Ok(Chain {
        verdict,
        exit_code: Some(report.exit_code),
        reason: None,
        rows: report.rows.total,
        verified: report.rows.verified,
        frozen: report.rows.frozen,
        finding_counts: report.finding_counts,
        findings,
        head_row: report.head.map(|head| head.row),
        head_row_hmac: report.head.and_then(|head| head.row_hmac).map(|mac| mac.to_string()),
        notes: report.notes,
    })
}

fn not_verified(reason: String) -> Chain {
    Chain {
        verdict: "not-verified",
        exit_code: None,
        reason: Some(reason),
        rows: 0,
        verified: 0,
        frozen: 0,
        finding_counts: std::collections::BTreeMap::new(),
        findings: Vec::new(),
        head_row: None,
        head_row_hmac: None,
        notes: Vec::new(),
    }
}

/// Options that verify the whole log, as a report of an incident needs.
pub fn whole_log(
    open: OpenOptions,
    jobs: std::num::NonZeroUsize,
    retention_days: Option<u32>,
) -> VerifyOptions {
    VerifyOptions { max_findings: FINDINGS, retention_days, ..VerifyOptions::new(open, jobs) }
}
