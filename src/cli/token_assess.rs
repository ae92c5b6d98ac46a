//! `z4jctl token assess`.

use std::num::NonZeroUsize;

use clap::Args;
use serde_json::{Value, json};

use super::progress::Reporter;
use super::ui::{Render, safe, table};
use super::{Run, bad_value, connection};
use crate::error::{ExitCode, Result};
use crate::format::Timestamp;
use crate::identity::assess::report::{
    AddressCount, Assessment, AuditRow, Chain, CommandFacts, Listed, Person, Span, TaskFacts, WorkerFacts,
};
use crate::identity::assess::{AssessOptions, assess, whole_log};

/// Assess the damage after a token leaked: all that its agent did, and what cannot be known
///
/// One report for an incident: audit rows, commands, events, tasks, schedules and connections of one agent in a window,
/// what its token could do and could not, and what the evidence cannot show.
///
/// Reads only. The whole audit log is verified too, since its rows prove no more than the chain does; the exit code is
/// that of the verification (0 intact, 1 findings, 3 incomplete or without its secret). The report holds e-mail
/// addresses and network addresses unless --redact is given.
///
/// Example: z4jctl token assess payments/web-01 --since 2026-03-01T12:00:00Z --report json=incident.json --report human=-
#[derive(Debug, Args)]
pub(super) struct AssessArgs {
    /// Id, name, PROJECT/NAME, or the beginning of one; the id when the agent was deleted (revoked up to 1.8)
    agent: String,
    /// From when on, such as 2026-03-01 or 2026-03-01T12:00:00Z; without a zone it is UTC
    #[arg(long, value_name = "TIME")]
    since: String,
    /// Only before this time [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many rows each list holds at most; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    max_rows: u32,
    /// Replace e-mail addresses and network addresses by numbered names
    #[arg(long)]
    redact: bool,
}

/// How many rows of a list a person is shown; the rest is in the JSON.
const SHOWN: usize = 50;

pub(super) fn run(run: &Run<'_>, arguments: &AssessArgs) -> Result<ExitCode> {
    let since = time("--since", &arguments.since)?;
    let until = arguments.until.as_deref().map(|text| time("--until", text)).transpose()?;
    let settings = run.settings()?;
    let retention = &settings.audit_retention_days;
    let options = AssessOptions {
        agent: arguments.agent.clone(),
        since,
        until,
        max_rows: arguments.max_rows,
        redact: arguments.redact,
        verify: whole_log(
            connection::open_options(&settings),
            std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            (!retention.is_default()).then_some(retention.value),
        ),
    };
    let keys = connection::keys(&settings)?;
    let report = assess(run.context, &settings.database.value, &keys, &options, &Reporter::new(run.ui))?;
    run.ui.print(&report)?;
    Ok(report.exit())
}

fn time(flag: &str, text: &str) -> Result<Timestamp> {
    Timestamp::parse(text).ok_or_else(|| bad_value(flag, text, "a time such as 2026-03-01T12:00:00Z"))
}

fn shown(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".into(), Timestamp::zulu)
}

fn or_dash(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or("-").to_owned()
}

fn person(person: Option<&Person>) -> String {
    person.map_or_else(
        || "-".into(),
        |person| person.email.clone().unwrap_or_else(|| format!("user {}", person.id)),
    )
}

fn span(span: &Span) -> String {
    match span.count {
        0 => "0".into(),
        count => format!("{count}, {} to {}", shown(span.first_at), shown(span.last_at)),
    }
}

/// A line of a block: name and value.
fn line(out: &mut String, name: &str, value: &str) {
    out.push_str(&format!("  {:<16} {}\n", safe(name), safe(value)));
}

fn heading(out: &mut String, text: &str) {
    out.push_str(&format!("\n{text}\n"));
}

/// A table of the first rows of a list, and how many are not in it.
fn rows<T>(out: &mut String, header: &[&str], list: &Listed<T>, row: impl Fn(&T) -> Vec<String>) {
    if list.rows.is_empty() && list.total == 0 {
        return;
    }
    let cells = |item: &T| row(item).iter().map(|cell| safe(cell)).collect();
    let text = table(header, list.rows.iter().take(SHOWN).map(cells));
    out.extend(text.lines().map(|line| format!("  {line}\n")));
    let more = list.total - u64::try_from(list.rows.len().min(SHOWN)).unwrap_or(0);
    if more > 0 {
        let hint = if list.not_listed > 0 { "raise --max-rows and use -o json" } else { "use -o json" };
        out.push_str(&format!("  and {more} more: {hint}\n"));
    }
}

fn bullets<'a>(out: &mut String, texts: impl Iterator<Item = &'a str>) {
    for text in texts {
        out.push_str(&format!("  - {}\n", safe(text)));
    }
}

impl Render for Assessment {
    fn human(&self) -> String {
        let mut out = String::new();
        let agent = &self.agent;
        let name = format!(
            "{}/{}",
            agent.project.as_deref().unwrap_or("?"),
            agent.name.as_deref().unwrap_or("(name unknown)")
        );
        out.push_str(&format!("damage assessment of the agent token of {}\n\n", safe(&name)));
        let until = if self.window.until_now { " (now)" } else { "" };
        line(
            &mut out,
            "window",
            &format!("{} to {}{until}", self.window.since.zulu(), self.window.until.zulu()),
        );
        line(&mut out, "database", &self.database);
        line(
            &mut out,
            "schema",
            &format!("generation {} (z4j {}), revision {}", self.generation, self.releases, self.revision),
        );
        line(&mut out, "assessed", &format!("{} by z4jctl {}", self.assessed_at.zulu(), self.z4jctl));
        if self.is_redacted {
            line(&mut out, "redacted", "e-mail addresses and network addresses are replaced by names");
        }
        self.summary(&mut out);
        heading(&mut out, "AGENT");
        self.agent_lines(&mut out);
        heading(&mut out, "AUDIT LOG AS EVIDENCE");
        chain_lines(&mut out, &self.chain);
        self.audit_part(&mut out);
        self.commands_part(&mut out);
        self.events_part(&mut out);
        self.schedules_part(&mut out);
        self.connections_part(&mut out);
        heading(&mut out, "WHAT WHOEVER HELD THE TOKEN COULD DO");
        let alone = self.could.iter().filter(|ability| ability.needs == "token");
        out.push_str("  with the token alone:\n");
        bullets(&mut out, alone.map(|ability| ability.what.as_str()));
        let signing = self.could.iter().filter(|ability| ability.needs != "token");
        out.push_str("  with the token and the signing secret of the project (Z4J_HMAC_SECRET):\n");
        bullets(&mut out, signing.map(|ability| ability.what.as_str()));
        heading(&mut out, "WHAT THE TOKEN DOES NOT ALLOW");
        bullets(&mut out, self.could_not.iter().map(String::as_str));
        heading(&mut out, "GAPS IN THE EVIDENCE");
        bullets(&mut out, self.gaps.iter().map(|gap| gap.message.as_str()));
        out
    }

    fn items(&self) -> Vec<Value> {
        fn items<T: serde::Serialize>(kind: &str, list: &Listed<T>) -> Vec<Value> {
            list.rows.iter().map(|row| json!({ "type": kind, kind: row })).collect()
        }
        let mut all = items("audit_row", &self.audit.rows);
        all.extend(items("attempt", &self.attempts.rows));
        all.extend(items("command", &self.commands.rows));
        all.extend(self.tasks.iter().flat_map(|tasks| items("task", tasks)));
        all.extend(self.schedules.reported.iter().flat_map(|events| items("schedule_event", events)));
        all.extend(self.connections.workers.iter().flat_map(|workers| items("worker", workers)));
        all.extend(self.gaps.iter().map(|gap| json!({ "type": "gap", "gap": gap })));
        all
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![
            ("agent", self.agent.id.to_string()),
            ("name", or_dash(self.agent.name.as_deref())),
            ("project", or_dash(self.agent.project.as_deref())),
            ("state", self.agent.state.clone()),
            ("since", self.window.since.zulu()),
            ("until", self.window.until.zulu()),
            ("chain", self.chain.verdict.to_owned()),
            ("audit_rows", self.audit.rows.total.to_string()),
            ("attempts", self.attempts.rows.total.to_string()),
            ("commands", self.commands.rows.total.to_string()),
        ];
        if let Some(events) = &self.events {
            lines.push(("events", events.span.count.to_string()));
        }
        if let Some(tasks) = &self.tasks {
            lines.push(("tasks", tasks.total.to_string()));
        }
        if let Some(workers) = &self.connections.workers {
            lines.push(("workers", workers.total.to_string()));
        }
        if let Some(samples) = &self.connections.status_samples {
            lines.push(("status_samples", samples.count.to_string()));
        }
        lines.extend(self.gaps.iter().map(|gap| ("gap", format!("{} {}", gap.code, gap.message))));
        lines.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

impl Assessment {
    fn summary(&self, out: &mut String) {
        heading(out, "SUMMARY");
        let valid = match (self.agent.valid_from, self.agent.valid_until) {
            (Some(from), Some(until)) => format!("{} to {}", from.zulu(), until.zulu()),
            _ => "at no time in the window".into(),
        };
        line(out, "token valid", &valid);
        line(out, "audit log", verdict(&self.chain));
        line(out, "audit rows", &self.audit.rows.total.to_string());
        line(out, "commands", &self.commands.rows.total.to_string());
        let absent = || "not recorded".to_owned();
        line(out, "events", &self.events.as_ref().map_or_else(absent, |events| span(&events.span)));
        line(out, "tasks", &self.tasks.as_ref().map_or_else(absent, |tasks| tasks.total.to_string()));
        let reported = self.schedules.reported.as_ref();
        line(out, "schedule events", &reported.map_or_else(absent, |list| list.total.to_string()));
        line(out, "refused connects", &format!("{} (of whichever agent)", self.attempts.rows.total));
    }

    fn agent_lines(&self, out: &mut String) {
        let agent = &self.agent;
        line(out, "id", &agent.id.to_string());
        let project = agent.project_id.map(|id| id.to_string());
        line(
            out,
            "project",
            &format!("{} ({})", or_dash(agent.project.as_deref()), or_dash(project.as_deref())),
        );
        line(out, "state", &agent.state);
        let minted = format!(
            "{} by {} from {}",
            shown(agent.minted_at.or(agent.created_at)),
            person(agent.minted_by.as_ref()),
            or_dash(agent.minted_from.as_deref())
        );
        line(out, "minted", &minted);
        if agent.revoked_at.is_some() || agent.state == "deleted" {
            let revoked = format!("{} by {}", shown(agent.revoked_at), person(agent.revoked_by.as_ref()));
            line(out, "revoked", &revoked);
        }
        line(out, "last connect", &shown(self.connections.last_connect_at));
        line(out, "last seen", &shown(self.connections.last_seen_at));
        line(out, "host", &or_dash(agent.host.as_deref()));
        line(out, "agent version", &or_dash(agent.agent_version.as_deref()));
        line(out, "protocol", &or_dash(agent.protocol_version.as_deref()));
        line(out, "framework", &or_dash(agent.framework.as_deref()));
        line(out, "task queues", &or_dash(Some(&agent.engines.join(", "))));
        line(out, "schedulers", &or_dash(Some(&agent.schedulers.join(", "))));
        if agent.token_rows.total > 0 {
            out.push_str("  tokens of this agent, at any time:\n");
            rows(out, AUDIT_HEADER, &agent.token_rows, audit_cells);
        }
    }

    fn audit_part(&self, out: &mut String) {
        heading(out, &format!("AUDIT ROWS ABOUT THE AGENT ({})", self.audit.rows.total));
        for count in &self.audit.by_action {
            let outcome = count.outcome.as_deref().or(count.result.as_deref());
            line(out, &format!("{} ({})", count.action, or_dash(outcome)), &span(&count.span));
        }
        rows(out, AUDIT_HEADER, &self.audit.rows, audit_cells);
        heading(
            out,
            &format!("REFUSED CONNECTIONS, POSSIBLE ATTEMPTS WITH THE TOKEN ({})", self.attempts.rows.total),
        );
        address_lines(out, &self.attempts.by_address);
    }

    fn commands_part(&self, out: &mut String) {
        heading(out, &format!("COMMANDS TO THE AGENT ({})", self.commands.rows.total));
        for count in &self.commands.by_action {
            line(out, &format!("{} ({})", count.action, count.status), &span(&count.span));
        }
        let header =
            ["ISSUED", "ACTION", "TARGET", "STATUS", "DISPATCHED", "COMPLETED", "BY", "SENT", "RESULT"];
        let cells = |command: &CommandFacts| {
            vec![
                shown(command.issued_at),
                command.action.clone(),
                or_dash(command.target_id.as_deref()),
                command.status.clone(),
                shown(command.dispatched_at),
                shown(command.completed_at),
                person(command.issued_by.as_ref()),
                command.payload_size.to_string(),
                command.result_size.map_or_else(|| "-".into(), |size| size.to_string()),
            ]
        };
        rows(out, &header, &self.commands.rows, cells);
    }

    fn events_part(&self, out: &mut String) {
        let Some(events) = &self.events else {
            heading(out, "EVENTS OF THE AGENT (not recorded)");
            return;
        };
        heading(out, &format!("EVENTS OF THE AGENT, BY THE TIMES THAT IT GAVE ({})", events.span.count));
        for count in &events.by_kind {
            let kind = format!("{} {}", count.engine, count.kind);
            line(out, &kind, &format!("{} ({} tasks)", span(&count.span), count.tasks));
        }
        for day in events.by_day.iter().take(SHOWN) {
            line(out, &day.day, &day.count.to_string());
        }
        line(out, "before the window", &span(&events.before));
        line(out, "after the window", &span(&events.after));
        let Some(tasks) = &self.tasks else { return };
        heading(out, &format!("TASKS THAT THESE EVENTS MAY HAVE CHANGED ({})", tasks.total));
        let header =
            ["ENGINE", "TASK", "NAME", "STATE", "EVENTS", "OTHER", "FIRST EVENT", "ROW WRITTEN", "WHY"];
        let cells = |task: &TaskFacts| {
            vec![
                task.engine.clone(),
                task.task_id.clone(),
                or_dash(task.name.as_deref()),
                task.state.clone().unwrap_or_else(|| "(no row)".into()),
                task.events.to_string(),
                task.events_outside.to_string(),
                shown(task.first_event_at),
                shown(task.updated_at),
                task.because.to_owned(),
            ]
        };
        rows(out, &header, tasks, cells);
    }

    fn schedules_part(&self, out: &mut String) {
        heading(out, "SCHEDULES");
        let schedules = &self.schedules;
        let known = |spanned: &Option<Span>| spanned.as_ref().map_or_else(|| "not recorded".into(), span);
        let reported = schedules.reported.as_ref().map(|list| list.total.to_string());
        line(out, "reported", &reported.unwrap_or_else(|| "not recorded".into()));
        line(out, "accepted", &known(&schedules.accepted));
        line(out, "orders to it", &known(&schedules.control_operations));
        line(out, "fires through it", &known(&schedules.fires));
        line(out, "by anybody", &known(&schedules.project_changes));
        if let Some(list) = &schedules.reported {
            rows(out, &["TIME", "KIND", "SCHEDULE"], list, |event| {
                vec![shown(event.occurred_at), event.kind.clone(), or_dash(event.name.as_deref())]
            });
        }
    }

    fn connections_part(&self, out: &mut String) {
        heading(out, "CONNECTIONS");
        let connections = &self.connections;
        let samples = connections.status_samples.as_ref().map(span);
        line(out, "status samples", &samples.unwrap_or_else(|| "not recorded".into()));
        for version in &connections.versions {
            let name = format!("version {}", or_dash(version.agent_version.as_deref()));
            let worker = version.worker_id.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
            line(out, &name, &format!("{}{worker}", span(&version.span)));
        }
        if connections.addresses.is_empty() {
            line(out, "addresses", "not recorded by z4j; see the logs of the reverse proxy");
        }
        address_lines(out, &connections.addresses);
        if let Some(workers) = &connections.workers {
            out.push_str(&format!("  worker processes, at any time: {}\n", workers.total));
            let header = ["WORKER", "PID", "ROLE", "FRAMEWORK", "FIRST SEEN", "LAST SEEN", "IN WINDOW"];
            let cells = |worker: &WorkerFacts| {
                vec![
                    or_dash(worker.worker_id.as_deref()),
                    worker.pid.map_or_else(|| "-".into(), |pid| pid.to_string()),
                    or_dash(worker.role.as_deref()),
                    or_dash(worker.framework.as_deref()),
                    shown(worker.first_seen_at),
                    shown(worker.last_seen_at),
                    if worker.is_in_window { "yes".into() } else { "no".into() },
                ]
            };
            rows(out, &header, workers, cells);
        }
        for elsewhere in self.elsewhere.iter().filter(|elsewhere| elsewhere.rows > 0) {
            let name = format!("{}.{}", elsewhere.table, elsewhere.column);
            line(out, &name, &format!("{} rows at any time", elsewhere.rows));
        }
    }
}

const AUDIT_HEADER: &[&str] = &["TIME", "ACTION", "OUTCOME", "TARGET", "BY", "FROM", "METADATA"];

fn audit_cells(row: &AuditRow) -> Vec<String> {
    vec![
        shown(row.occurred_at),
        row.action.clone(),
        or_dash(row.outcome.as_deref().or(row.result.as_deref())),
        or_dash(row.target_id.as_deref()),
        person(row.user.as_ref()),
        or_dash(row.source_ip.as_deref()),
        row.metadata.to_string(),
    ]
}

fn address_lines(out: &mut String, addresses: &[AddressCount]) {
    for address in addresses.iter().take(SHOWN) {
        let also = if address.is_in_rows_about_agent { " (also in audit rows about the agent)" } else { "" };
        let name = or_dash(address.source_ip.as_deref());
        line(out, &name, &format!("{}{also}", span(&address.span)));
    }
    if let Some(more) = addresses.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        out.push_str(&format!("  and {more} more: use -o json\n"));
    }
}

fn verdict(chain: &Chain) -> &'static str {
    match chain.verdict {
        "intact" => "verifies: the chain is intact",
        "findings" => "DOES NOT VERIFY: what it says may have been changed",
        "incomplete" => "verifies in part: not everything could be judged",
        _ => "not verified: what it says is not proved",
    }
}

fn chain_lines(out: &mut String, chain: &Chain) {
    line(out, "verdict", verdict(chain));
    if let Some(reason) = &chain.reason {
        line(out, "reason", reason);
        return;
    }
    let rows = format!("{} ({} verified, {} frozen)", chain.rows, chain.verified, chain.frozen);
    line(out, "rows", &rows);
    if let Some(code) = chain.exit_code {
        line(out, "exit code", &code.to_string());
    }
    if let (Some(row), Some(mac)) = (chain.head_row, &chain.head_row_hmac) {
        line(out, "head", &format!("row {row}, {mac}"));
    }
    for (class, count) in &chain.finding_counts {
        line(out, "findings", &format!("{count} {class}"));
    }
    bullets(out, chain.findings.iter().map(String::as_str));
    bullets(out, chain.notes.iter().map(String::as_str));
}
