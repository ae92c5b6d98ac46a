//! The report of a damage assessment. Its JSON form is a contract; fields are only ever added.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::error::ExitCode;
use crate::format::{Id, Timestamp};
use crate::store::Snapshot;
use crate::store::generation::Generation;

/// `token assess`: what an agent's token did in a window of time, and what of it can be known.
#[derive(Debug, Clone, Serialize)]
pub struct Assessment {
    /// `z4jctl.token.assess/1`.
    pub schema: &'static str,
    /// Exit code of the command: that of the verification of the audit log, 3 when it could not be verified.
    pub exit_code: u8,
    /// The database.
    pub database: String,
    /// The generation letter.
    pub generation: Generation,
    /// The releases that write this generation.
    pub releases: &'static str,
    /// `alembic_version.version_num`.
    pub revision: String,
    /// When the assessment was made.
    pub assessed_at: Timestamp,
    /// The version of z4jctl.
    pub z4jctl: &'static str,
    /// Whether e-mail addresses and network addresses were replaced by numbered names.
    pub is_redacted: bool,
    /// How many rows a list holds at most; counts are always those of all rows.
    pub max_rows: u32,
    /// The window.
    pub window: Window,
    /// The agent.
    pub agent: AgentFacts,
    /// What the audit log is worth as evidence.
    pub chain: Chain,
    /// Audit rows about the agent, in the window.
    pub audit: AuditRows,
    /// Audit rows of refused agent connections in the window, of whichever agent: none names one.
    pub attempts: Attempts,
    /// Commands issued to the agent, sent to it, or finished by it in the window.
    pub commands: Commands,
    /// Events that the agent reported; `None` when this database has no table that holds them.
    pub events: Option<Events>,
    /// Tasks that its events may have created or changed; `None` with `events`.
    pub tasks: Option<Listed<TaskFacts>>,
    /// Schedules.
    pub schedules: Schedules,
    /// Connections.
    pub connections: Connections,
    /// Rows of further tables that name the agent, at any time.
    pub elsewhere: Vec<Elsewhere>,
    /// What whoever held the token could do.
    pub could: Vec<Ability>,
    /// What the token does not allow.
    pub could_not: Vec<String>,
    /// What this report cannot show, and why.
    pub gaps: Vec<Gap>,
    /// What the rows were read from.
    pub snapshot: Snapshot,
}

impl Assessment {
    /// The exit code.
    pub fn exit(&self) -> ExitCode {
        let known = ExitCode::TABLE.iter().map(|(code, _)| *code);
        known.into_iter().find(|code| code.code() == self.exit_code).unwrap_or(ExitCode::Bug)
    }
}

/// The window, UTC.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Window {
    /// From this time on.
    pub since: Timestamp,
    /// Before this time.
    pub until: Timestamp,
    /// Whether the end is the time of the assessment because none was given.
    pub until_now: bool,
}

/// Some rows of a kind: at most as many as asked for, and how many there are.
#[derive(Debug, Clone, Serialize)]
pub struct Listed<T> {
    /// All of them.
    pub total: u64,
    /// Those that are not listed.
    pub not_listed: u64,
    /// The first ones, oldest first.
    pub rows: Vec<T>,
}

/// A number of rows and the times between which they lie.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Span {
    /// Rows.
    pub count: u64,
    /// Time of the first.
    pub first_at: Option<Timestamp>,
    /// Time of the last.
    pub last_at: Option<Timestamp>,
}

/// A user as rows name one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The user's id.
    pub id: Id,
    /// The e-mail address, when the user still exists.
    pub email: Option<String>,
}

/// The agent.
#[derive(Debug, Clone, Serialize)]
pub struct AgentFacts {
    /// Its id.
    pub id: Id,
    /// Its name, as far as it is still known.
    pub name: Option<String>,
    /// Its project, as far as it is still known.
    pub project_id: Option<Id>,
    /// Slug of the project.
    pub project: Option<String>,
    /// `online`, `offline` or `unknown` as the brain last recorded it, `revoked`, or `deleted` when its row is gone.
    pub state: String,
    /// Time of the first mint by the audit log.
    pub minted_at: Option<Timestamp>,
    /// Who minted it.
    pub minted_by: Option<Person>,
    /// Address that it was minted from.
    pub minted_from: Option<String>,
    /// When its row was made.
    pub created_at: Option<Timestamp>,
    /// When the token was revoked, by its row, or by the audit log when the row is gone.
    pub revoked_at: Option<Timestamp>,
    /// Who revoked it.
    pub revoked_by: Option<Person>,
    /// From when on a token of this agent was valid inside the window.
    pub valid_from: Option<Timestamp>,
    /// Until when; `None` with `valid_from` when no token was valid inside the window.
    pub valid_until: Option<Timestamp>,
    /// Version of the protocol; `0` before the first connection.
    pub protocol_version: Option<String>,
    /// Version of the agent, as it last said itself.
    pub agent_version: Option<String>,
    /// Machine, as it last said itself.
    pub host: Option<String>,
    /// Web framework, as it last said itself.
    pub framework: Option<String>,
    /// Task queues, as it last said itself.
    pub engines: Vec<String>,
    /// Schedulers, as it last said itself.
    pub schedulers: Vec<String>,
    /// What was minted, rotated and revoked, at any time.
    pub token_rows: Listed<AuditRow>,
}

/// What `audit verify` says of the whole log.
#[derive(Debug, Clone, Serialize)]
pub struct Chain {
    /// `intact`, `findings`, `incomplete`, or `not-verified`.
    pub verdict: &'static str,
    /// Exit code of the verification; `None` when there was none.
    pub exit_code: Option<u8>,
    /// Why there was none.
    pub reason: Option<String>,
    /// Rows of the log.
    pub rows: u64,
    /// Rows whose MAC matched.
    pub verified: u64,
    /// Frozen rows.
    pub frozen: u64,
    /// How many findings there are of each class.
    pub finding_counts: BTreeMap<&'static str, u64>,
    /// The first findings, in words.
    pub findings: Vec<String>,
    /// Position of the newest row.
    pub head_row: Option<u64>,
    /// MAC of the newest row: with it this report can be tied to a later state of the log.
    pub head_row_hmac: Option<String>,
    /// What a reader should know of the verification.
    pub notes: Vec<String>,
}

/// One audit row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// `audit_log.id`.
    pub id: Option<Id>,
    /// Its time.
    pub occurred_at: Option<Timestamp>,
    /// What was done.
    pub action: String,
    /// `success`, `failed` or `pending`.
    pub result: Option<String>,
    /// `allow`, `deny` or `error`.
    pub outcome: Option<String>,
    /// Kind of what it was done to.
    pub target_type: Option<String>,
    /// What it was done to.
    pub target_id: Option<String>,
    /// Project.
    pub project_id: Option<Id>,
    /// Who did it; nobody when the brain or the agent did.
    pub user: Option<Person>,
    /// With which API key, from 1.3.
    pub api_key_id: Option<Id>,
    /// From which address.
    pub source_ip: Option<String>,
    /// With which program.
    pub user_agent: Option<String>,
    /// What is noted with it.
    pub metadata: Value,
}

/// Audit rows with one action and one outcome.
#[derive(Debug, Clone, Serialize)]
pub struct ActionCount {
    /// The action.
    pub action: String,
    /// `success`, `failed` or `pending`.
    pub result: Option<String>,
    /// `allow`, `deny` or `error`.
    pub outcome: Option<String>,
    /// How many and when.
    #[serde(flatten)]
    pub span: Span,
}

/// Audit rows whose target is the agent or whose metadata names it.
#[derive(Debug, Clone, Serialize)]
pub struct AuditRows {
    /// By action.
    pub by_action: Vec<ActionCount>,
    /// The rows.
    #[serde(flatten)]
    pub rows: Listed<AuditRow>,
}

/// Refused connections from one address.
#[derive(Debug, Clone, Serialize)]
pub struct AddressCount {
    /// The address; `None` when none was recorded.
    pub source_ip: Option<String>,
    /// Whether audit rows about the agent come from the same address.
    pub is_in_rows_about_agent: bool,
    /// How many and when.
    #[serde(flatten)]
    pub span: Span,
}

/// Refused connections of agents.
#[derive(Debug, Clone, Serialize)]
pub struct Attempts {
    /// By address.
    pub by_address: Vec<AddressCount>,
    /// The rows.
    #[serde(flatten)]
    pub rows: Listed<AuditRow>,
}

/// One command.
#[derive(Debug, Clone, Serialize)]
pub struct CommandFacts {
    /// Its id.
    pub id: Option<Id>,
    /// Who issued it.
    pub issued_by: Option<Person>,
    /// From which address.
    pub source_ip: Option<String>,
    /// What was to be done.
    pub action: String,
    /// Kind of what it was to be done to.
    pub target_type: Option<String>,
    /// What it was to be done to.
    pub target_id: Option<String>,
    /// `pending`, `dispatched`, `completed`, `failed`, `timeout` or `cancelled`.
    pub status: String,
    /// When it was issued.
    pub issued_at: Option<Timestamp>,
    /// When it was sent to the agent.
    pub dispatched_at: Option<Timestamp>,
    /// When the agent acknowledged it, from 1.8 for schedule fires.
    pub acknowledged_at: Option<Timestamp>,
    /// When its result came.
    pub completed_at: Option<Timestamp>,
    /// When it times out.
    pub timeout_at: Option<Timestamp>,
    /// Length of what was sent with it, characters of JSON; the content is in `commands.payload`.
    pub payload_size: u64,
    /// Length of the result that the agent gave, characters of JSON; the content is in `commands.result`.
    pub result_size: Option<u64>,
    /// Length of the error that the agent gave, characters.
    pub error_size: Option<u64>,
}

/// Commands with one action and one status.
#[derive(Debug, Clone, Serialize)]
pub struct CommandCount {
    /// The action.
    pub action: String,
    /// The status.
    pub status: String,
    /// How many and when they were issued.
    #[serde(flatten)]
    pub span: Span,
}

/// Commands of the agent.
#[derive(Debug, Clone, Serialize)]
pub struct Commands {
    /// By action and status.
    pub by_action: Vec<CommandCount>,
    /// The commands.
    #[serde(flatten)]
    pub rows: Listed<CommandFacts>,
}

/// Events of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct KindCount {
    /// Task queue.
    pub engine: String,
    /// Kind, such as `task.failed`.
    pub kind: String,
    /// How many tasks they are about.
    pub tasks: u64,
    /// How many and when.
    #[serde(flatten)]
    pub span: Span,
}

/// Events of one day.
#[derive(Debug, Clone, Serialize)]
pub struct DayCount {
    /// The day, UTC, `YYYY-MM-DD`.
    pub day: String,
    /// How many.
    pub count: u64,
}

/// Events of the agent. Their times are those that the agent gave.
#[derive(Debug, Clone, Serialize)]
pub struct Events {
    /// Those in the window.
    #[serde(flatten)]
    pub span: Span,
    /// By kind.
    pub by_kind: Vec<KindCount>,
    /// By day, oldest first; at most as many days as a list may hold.
    pub by_day: Vec<DayCount>,
    /// Those before the window.
    pub before: Span,
    /// Those after the window.
    pub after: Span,
}

/// A task that the agent reported on.
#[derive(Debug, Clone, Serialize)]
pub struct TaskFacts {
    /// Task queue.
    pub engine: String,
    /// Id in the task queue.
    pub task_id: String,
    /// Name of the task.
    pub name: Option<String>,
    /// State now; `None` when there is no such task row.
    pub state: Option<String>,
    /// Events of the agent about it in the window.
    pub events: u64,
    /// Events of the agent about it at another time.
    pub events_outside: u64,
    /// First event of the agent about it, at any time.
    pub first_event_at: Option<Timestamp>,
    /// Last event of the agent about it, at any time.
    pub last_event_at: Option<Timestamp>,
    /// When the brain made the row.
    pub created_at: Option<Timestamp>,
    /// When the brain last changed the row, whoever reported.
    pub updated_at: Option<Timestamp>,
    /// `event-time`: an event lies in the window. `row-time`: none does, yet the brain wrote the row in the window.
    pub because: &'static str,
}

/// A schedule event that the agent reported.
#[derive(Debug, Clone, Serialize)]
pub struct ScheduleEvent {
    /// Time that the agent gave.
    pub occurred_at: Option<Timestamp>,
    /// Kind, such as `schedule.updated`.
    pub kind: String,
    /// Name of the schedule, when the event has it in a place that is known.
    pub name: Option<String>,
    /// Length of what was reported, characters of JSON.
    pub payload_size: u64,
}

/// What is known of schedules. `None`: the generation has no such table.
#[derive(Debug, Clone, Serialize)]
pub struct Schedules {
    /// Schedule events that the agent reported in the window.
    pub reported: Option<Listed<ScheduleEvent>>,
    /// Changes that the brain accepted in the window from a scheduler for which this agent spoke, from 1.8.
    pub accepted: Option<Span>,
    /// Orders to change a schedule of another scheduler that went to this agent in the window, from 1.8.
    pub control_operations: Option<Span>,
    /// Fires of schedules whose command went to this agent, in the window.
    pub fires: Option<Span>,
    /// All changes to schedules of the project in the window, by whomever, from 1.8: the log of changes names nobody.
    pub project_changes: Option<Span>,
}

/// One worker process.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerFacts {
    /// Its id, as it said itself; `None` for agents before 1.2.
    pub worker_id: Option<String>,
    /// Its part, such as `task`.
    pub role: Option<String>,
    /// Web framework.
    pub framework: Option<String>,
    /// Process id.
    pub pid: Option<i64>,
    /// `online` or `offline`.
    pub state: Option<String>,
    /// When it was started, as it said itself.
    pub started_at: Option<Timestamp>,
    /// When the brain first saw it.
    pub first_seen_at: Option<Timestamp>,
    /// When it last connected.
    pub last_connect_at: Option<Timestamp>,
    /// When the brain last heard of it.
    pub last_seen_at: Option<Timestamp>,
    /// Whether the time between first and last seen meets the window.
    pub is_in_window: bool,
}

/// A version that an agent said it has.
#[derive(Debug, Clone, Serialize)]
pub struct VersionCount {
    /// Version of the agent.
    pub agent_version: Option<String>,
    /// Version of the protocol.
    pub protocol_version: Option<String>,
    /// Worker that said so, where the sample has it.
    pub worker_id: Option<String>,
    /// How many samples and when.
    #[serde(flatten)]
    pub span: Span,
}

/// Connections of the agent. `None`: the generation has no such table.
#[derive(Debug, Clone, Serialize)]
pub struct Connections {
    /// Last connection on record; each one overwrites the one before.
    pub last_connect_at: Option<Timestamp>,
    /// Last sign of life on record.
    pub last_seen_at: Option<Timestamp>,
    /// Worker processes at any time, from 1.2.1.
    pub workers: Option<Listed<WorkerFacts>>,
    /// Status samples in the window, from 1.5.
    pub status_samples: Option<Span>,
    /// Versions in the samples.
    pub versions: Vec<VersionCount>,
    /// Addresses of connections in audit rows that name the agent; z4j 1.0 to 1.13 writes none.
    pub addresses: Vec<AddressCount>,
}

/// Rows of a table that name the agent.
#[derive(Debug, Clone, Serialize)]
pub struct Elsewhere {
    /// The table.
    pub table: &'static str,
    /// The column with the agent's id.
    pub column: &'static str,
    /// Rows.
    pub rows: u64,
}

/// Something that could be done.
#[derive(Debug, Clone, Serialize)]
pub struct Ability {
    /// What.
    pub what: String,
    /// `token`, or `token-and-signing-secret`.
    pub needs: &'static str,
}

/// Something that is not in the evidence.
#[derive(Debug, Clone, Serialize)]
pub struct Gap {
    /// Stable name in lower kebab case.
    pub code: &'static str,
    /// What is missing and why.
    pub message: String,
    /// Everything before this time is missing.
    pub before: Option<Timestamp>,
}
