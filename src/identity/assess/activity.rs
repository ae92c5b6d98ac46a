//! What an agent was told, what it reported, and how it connected.

use super::gather::AgentGather;
use super::report::{
    CommandCount, CommandFacts, Commands, Connections, DayCount, Elsewhere, Events, KindCount, Listed,
    ScheduleEvent, Schedules, Span, TaskFacts, VersionCount, WorkerFacts,
};
use crate::error::Result;
use crate::identity::gather::{Condition, listed};
use crate::store::value::{Row, Value};

/// Columns of `agent_workers`.
const WORKER_COLUMNS: &[&str] = &[
    "id",
    "worker_id",
    "role",
    "framework",
    "pid",
    "state",
    "started_at",
    "created_at",
    "last_connect_at",
    "last_seen_at",
];

/// Further tables that name an agent, and their columns that do.
const ELSEWHERE: &[(&str, &str)] = &[
    ("agent_offline_alerts", "agent_id"),
    ("bulk_retry_requests", "target_agent_id"),
    ("bulk_retry_request_children", "target_agent_id"),
    ("bulk_retry_request_children", "claimed_agent_id"),
    ("schedule_external_streams", "executor_agent_id"),
    ("schedule_external_stream_epochs", "executor_agent_id"),
    ("schedule_external_control_operations", "agent_id"),
];

impl AgentGather<'_> {
    // Commands.

    pub(super) fn commands(&mut self) -> Result<Commands> {
        let times = self.inside("issued_at").or(self.inside("dispatched_at")).or(self.inside("completed_at"));
        let condition = self.is_agent("agent_id").and(times);
        let sql = format!(
            "SELECT action, CAST(status AS text) AS status, count(*) AS count, min(issued_at) AS first_at, \
             max(issued_at) AS last_at FROM commands WHERE {} GROUP BY action, status ORDER BY min(issued_at), action",
            condition.sql
        );
        let rows = self.query("commands", &sql, &condition.values)?;
        let by_action = rows
            .iter()
            .map(|row| CommandCount {
                action: self.words(row, "action"),
                status: self.words(row, "status"),
                span: self.span(row),
            })
            .collect();
        let total = self.number("commands", &condition)?;
        let acknowledged =
            if self.has("commands", &["agent_acknowledged_at"])? { ", agent_acknowledged_at" } else { "" };
        let sql = format!(
            "SELECT id, issued_by, source_ip, action, target_type, target_id, CAST(status AS text) AS status, issued_at, \
             dispatched_at, completed_at, timeout_at{acknowledged}, length(CAST(payload AS text)) AS payload_size, \
             length(NULLIF(CAST(result AS text), 'null')) AS result_size, length(error) AS error_size \
             FROM commands WHERE {} ORDER BY issued_at, id LIMIT {}",
            condition.sql, self.max_rows
        );
        let rows = self.query("commands", &sql, &condition.values)?;
        let rows = rows.iter().map(|row| self.command(row)).collect::<Result<_>>()?;
        Ok(Commands { by_action, rows: listed(total, rows) })
    }

    fn command(&mut self, row: &Row) -> Result<CommandFacts> {
        let size = |size: Option<i64>| size.and_then(|size| u64::try_from(size).ok());
        Ok(CommandFacts {
            id: self.id(row, "id"),
            issued_by: self.person(row, "issued_by")?,
            source_ip: self.address(row, "source_ip"),
            action: self.words(row, "action"),
            target_type: self.text(row, "target_type"),
            target_id: self.text(row, "target_id"),
            status: self.words(row, "status"),
            issued_at: self.time(row, "issued_at"),
            dispatched_at: self.time(row, "dispatched_at"),
            acknowledged_at: self.time(row, "agent_acknowledged_at"),
            completed_at: self.time(row, "completed_at"),
            timeout_at: self.time(row, "timeout_at"),
            payload_size: self.count(row, "payload_size"),
            result_size: size(self.int(row, "result_size")),
            error_size: size(self.int(row, "error_size")),
        })
    }

    // Events and tasks.

    /// Whether the table of events has the columns that z4j writes to; a PostgreSQL database made by 1.3 has others.
    pub(super) fn has_events(&mut self) -> Result<bool> {
        self.has("events", &["agent_id", "project_id", "engine", "task_id", "kind", "occurred_at", "payload"])
    }

    pub(super) fn events(&mut self) -> Result<Events> {
        let own = self.is_agent("agent_id");
        let earlier = self.before("occurred_at", self.window.since);
        let later = self.at_or_after("occurred_at", self.window.until);
        let sql = format!(
            "SELECT part, count(*) AS count, min(occurred_at) AS first_at, max(occurred_at) AS last_at \
             FROM (SELECT CASE WHEN {} THEN 'before' WHEN {} THEN 'after' ELSE 'inside' END AS part, occurred_at \
             FROM events WHERE {}) AS parts GROUP BY part",
            earlier.sql, later.sql, own.sql
        );
        let values = [earlier.values, later.values, own.values.clone()].concat();
        let (mut before, mut span, mut after) = (Span::default(), Span::default(), Span::default());
        for row in &self.query("events", &sql, &values)? {
            match self.words(row, "part").as_str() {
                "before" => before = self.span(row),
                "after" => after = self.span(row),
                _ => span = self.span(row),
            }
        }
        let inside = own.and(self.inside("occurred_at"));
        let sql = format!(
            "SELECT engine, kind, count(*) AS count, count(DISTINCT NULLIF(task_id, '')) AS tasks, \
             min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM events WHERE {} \
             GROUP BY engine, kind ORDER BY engine, kind LIMIT {}",
            inside.sql, self.max_rows
        );
        let rows = self.query("events", &sql, &inside.values)?;
        let by_kind = rows
            .iter()
            .map(|row| KindCount {
                engine: self.words(row, "engine"),
                kind: self.words(row, "kind"),
                tasks: self.count(row, "tasks"),
                span: self.span(row),
            })
            .collect();
        let day = if self.store.is_postgres() {
            "to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
        } else {
            "substr(occurred_at, 1, 10)"
        };
        let sql = format!(
            "SELECT day, count(*) AS count FROM (SELECT {day} AS day FROM events WHERE {}) AS days \
             GROUP BY day ORDER BY day LIMIT {}",
            inside.sql, self.max_rows
        );
        let rows = self.query("events", &sql, &inside.values)?;
        let by_day = rows
            .iter()
            .map(|row| DayCount { day: self.words(row, "day"), count: self.count(row, "count") })
            .collect();
        Ok(Events { span, by_kind, by_day, before, after })
    }

    /// Tasks that the agent reported on, when an event about them lies in the window, or the brain wrote their row in
    /// it: the times of events are the agent's own.
    pub(super) fn tasks(&mut self) -> Result<Listed<TaskFacts>> {
        let inside = self.inside("occurred_at");
        let written = self.inside("t.created_at").or(self.inside("t.updated_at"));
        // An agent has one project. Grouping by it too would make SQLite read the table in the order of an index.
        let sql = format!(
            "SELECT e.engine AS engine, e.task_id AS task_id, e.events AS events, e.inside AS inside, \
             e.first_at AS first_at, e.last_at AS last_at, t.name AS name, CAST(t.state AS text) AS state, \
             t.created_at AS created_at, t.updated_at AS updated_at, count(*) OVER () AS total \
             FROM (SELECT engine, task_id, count(*) AS events, count(CASE WHEN {} THEN 1 END) AS inside, \
             min(occurred_at) AS first_at, max(occurred_at) AS last_at \
             FROM events WHERE agent_id = ? AND task_id <> '' GROUP BY engine, task_id) AS e \
             LEFT JOIN tasks AS t ON t.project_id = ? AND t.engine = e.engine AND t.task_id = e.task_id \
             WHERE e.inside > 0 OR {} ORDER BY e.first_at, e.engine, e.task_id LIMIT {}",
            inside.sql,
            written.sql,
            self.max_rows.max(1)
        );
        let mut values = inside.values;
        values.extend([Value::Id(self.agent), Value::id(self.project)]);
        values.extend(written.values);
        let mut rows = self.query("tasks", &sql, &values)?;
        let total = rows.first().map(|row| self.count(row, "total")).unwrap_or_default();
        rows.truncate(usize::try_from(self.max_rows).unwrap_or(usize::MAX));
        let rows = rows
            .iter()
            .map(|row| {
                let (all, inside) = (self.count(row, "events"), self.count(row, "inside"));
                TaskFacts {
                    engine: self.words(row, "engine"),
                    task_id: self.words(row, "task_id"),
                    name: self.text(row, "name"),
                    state: self.text(row, "state"),
                    events: inside,
                    events_outside: all.saturating_sub(inside),
                    first_event_at: self.time(row, "first_at"),
                    last_event_at: self.time(row, "last_at"),
                    created_at: self.time(row, "created_at"),
                    updated_at: self.time(row, "updated_at"),
                    because: if inside > 0 { "event-time" } else { "row-time" },
                }
            })
            .collect();
        Ok(listed(total, rows))
    }

    // Schedules.

    pub(super) fn schedules(&mut self, has_events: bool) -> Result<Schedules> {
        let reported = if has_events { Some(self.schedule_events()?) } else { None };
        let epochs = "schedule_external_stream_epochs";
        let projections = "schedule_external_projections";
        let accepted = if self.has(epochs, &["epoch_uuid", "executor_agent_id"])?
            && self.has(projections, &["epoch_uuid", "accepted_at"])?
        {
            let of_agent = Condition::new(
                format!("epoch_uuid IN (SELECT epoch_uuid FROM {epochs} WHERE executor_agent_id = ?)"),
                vec![Value::Id(self.agent)],
            );
            let condition = of_agent.and(self.inside("accepted_at"));
            Some(self.span_of(projections, "accepted_at", &condition)?)
        } else {
            None
        };
        let operations = "schedule_external_control_operations";
        let control_operations = if self.has(operations, &["agent_id", "created_at"])? {
            let condition = self.is_agent("agent_id").and(self.inside("created_at"));
            Some(self.span_of(operations, "created_at", &condition)?)
        } else {
            None
        };
        let fires = if self.has("schedule_fires", &["command_id", "fired_at"])? {
            let of_agent = Condition::new(
                "command_id IN (SELECT id FROM commands WHERE agent_id = ?)",
                vec![Value::Id(self.agent)],
            );
            let condition = of_agent.and(self.inside("fired_at"));
            Some(self.span_of("schedule_fires", "fired_at", &condition)?)
        } else {
            None
        };
        let project = self.project;
        let mut project_changes = None;
        if let Some(project) = project
            && self.has("schedule_change_log", &["project_id", "occurred_at"])?
        {
            let of_project = Condition::new("project_id = ?", vec![Value::Id(project)]);
            let condition = of_project.and(self.inside("occurred_at"));
            project_changes = Some(self.span_of("schedule_change_log", "occurred_at", &condition)?);
        }
        Ok(Schedules { reported, accepted, control_operations, fires, project_changes })
    }

    fn schedule_events(&mut self) -> Result<Listed<ScheduleEvent>> {
        let of_schedules = Condition::new("kind LIKE 'schedule.%'", Vec::new());
        let condition = self.is_agent("agent_id").and(of_schedules).and(self.inside("occurred_at"));
        let total = self.number("events", &condition)?;
        let name = self.member("payload", "name");
        let sql = format!(
            "SELECT occurred_at, kind, {name} AS name, length(CAST(payload AS text)) AS payload_size FROM events \
             WHERE {} ORDER BY occurred_at, id LIMIT {}",
            condition.sql, self.max_rows
        );
        let rows = self.query("events", &sql, &condition.values)?;
        let rows = rows
            .iter()
            .map(|row| ScheduleEvent {
                occurred_at: self.time(row, "occurred_at"),
                kind: self.words(row, "kind"),
                name: self.text(row, "name"),
                payload_size: self.count(row, "payload_size"),
            })
            .collect();
        Ok(listed(total, rows))
    }

    /// A member of a JSON object as text.
    fn member(&self, column: &str, name: &str) -> String {
        if self.store.is_postgres() {
            format!("{column} ->> '{name}'")
        } else {
            format!(
                "CASE WHEN json_valid({column}) THEN CAST(json_extract({column}, '$.{name}') AS text) END"
            )
        }
    }

    // Connections.

    pub(super) fn connections(&mut self, agent: Option<&Row>) -> Result<Connections> {
        let (last_connect_at, last_seen_at) = match agent {
            Some(row) => (self.time(row, "last_connect_at"), self.time(row, "last_seen_at")),
            None => (None, None),
        };
        let workers = if self.store.has_table("agent_workers")? { Some(self.workers()?) } else { None };
        let samples = "agent_status_history";
        let (mut status_samples, mut versions) = (None, Vec::new());
        if self.has(samples, &["agent_id", "captured_at", "payload"])? {
            let condition = self.is_agent("agent_id").and(self.inside("captured_at"));
            status_samples = Some(self.span_of(samples, "captured_at", &condition)?);
            let member = |name: &str| self.member("payload", name);
            let (agent_version, protocol_version, worker_id) =
                (member("agent_version"), member("protocol_version"), member("worker_id"));
            let sql = format!(
                "SELECT agent_version, protocol_version, worker_id, count(*) AS count, min(captured_at) AS first_at, \
                 max(captured_at) AS last_at FROM (SELECT {agent_version} AS agent_version, \
                 {protocol_version} AS protocol_version, {worker_id} AS worker_id, captured_at FROM {samples} WHERE {}) \
                 AS said GROUP BY agent_version, protocol_version, worker_id ORDER BY min(captured_at) LIMIT {}",
                condition.sql, self.max_rows
            );
            let rows = self.query(samples, &sql, &condition.values)?;
            versions = rows
                .iter()
                .map(|row| VersionCount {
                    agent_version: self.text(row, "agent_version"),
                    protocol_version: self.text(row, "protocol_version"),
                    worker_id: self.text(row, "worker_id"),
                    span: self.span(row),
                })
                .collect();
        }
        // No release writes such rows; should one do so, they are the best evidence there is.
        let connects = Condition::new(
            "(user_id IS NULL AND source_ip IS NOT NULL AND action LIKE 'agent.%' AND action NOT LIKE 'agent.token.%')",
            Vec::new(),
        );
        let condition = connects.and(self.about_agent()).and(self.inside("occurred_at"));
        let known = self.addresses_about_agent()?;
        let addresses = self.by_address(&condition, &known)?;
        Ok(Connections { last_connect_at, last_seen_at, workers, status_samples, versions, addresses })
    }

    fn workers(&mut self) -> Result<Listed<WorkerFacts>> {
        let condition = self.is_agent("agent_id");
        let total = self.number("agent_workers", &condition)?;
        let clause = format!("WHERE {} ORDER BY created_at, id LIMIT {}", condition.sql, self.max_rows);
        let rows = self.store.rows("agent_workers", WORKER_COLUMNS, &clause, &condition.values)?;
        let rows = rows
            .iter()
            .map(|row| {
                let first_seen_at = self.time(row, "created_at");
                let last_connect_at = self.time(row, "last_connect_at");
                let last_seen_at = self.time(row, "last_seen_at");
                let last = last_seen_at.max(last_connect_at).max(first_seen_at);
                WorkerFacts {
                    worker_id: self.text(row, "worker_id"),
                    role: self.text(row, "role"),
                    framework: self.text(row, "framework"),
                    pid: self.int(row, "pid"),
                    state: self.text(row, "state"),
                    started_at: self.time(row, "started_at"),
                    first_seen_at,
                    last_connect_at,
                    last_seen_at,
                    is_in_window: first_seen_at.is_none_or(|time| time < self.window.until)
                        && last.is_none_or(|time| time >= self.window.since),
                }
            })
            .collect();
        Ok(listed(total, rows))
    }

    pub(super) fn elsewhere(&mut self) -> Result<Vec<Elsewhere>> {
        let mut found = Vec::new();
        for (table, column) in ELSEWHERE {
            if self.has(table, &[column])? {
                let condition = self.is_agent(column);
                found.push(Elsewhere { table, column, rows: self.number(table, &condition)? });
            }
        }
        Ok(found)
    }
}
