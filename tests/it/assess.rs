//! `token assess` on databases that real releases wrote. What it counts is counted here a second time, row by row.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::fixtures::{Dump, Fixture, TempSqlite};
use crate::support::postgres::Database;
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, Secrets, file_sha256};

/// Before everything that the fixtures hold, and after it.
const BEGIN: &str = "2020-01-01";
const END: &str = "2100-01-01";

enum Copy {
    Sqlite(TempSqlite),
    Postgres(Database),
}

impl BrainDatabase for Copy {
    fn z4j_url(&self) -> String {
        match self {
            Self::Sqlite(database) => database.z4j_url(),
            Self::Postgres(database) => database.z4j_url(),
        }
    }
}

impl Copy {
    /// Columns of all rows of a table as text: times padded to microseconds, UUIDs without dashes. Nothing when there is
    /// no such table.
    fn rows(&self, table: &str, columns: &[&str]) -> Vec<Vec<String>> {
        let is_time = |column: &str| column.ends_with("_at");
        match self {
            Self::Sqlite(database) => {
                let connection = database.connection();
                let sql = format!("SELECT {} FROM {table}", columns.join(", "));
                let Ok(mut statement) = connection.prepare(&sql) else { return Vec::new() };
                let read = |row: &rusqlite::Row<'_>| {
                    let text = |at: usize| {
                        let text = row.get::<_, Option<String>>(at)?.unwrap_or_default();
                        let lacks_fraction = is_time(columns[at]) && text.len() == 19;
                        Ok(if lacks_fraction { text + ".000000" } else { text })
                    };
                    (0..columns.len()).map(text).collect::<rusqlite::Result<Vec<String>>>()
                };
                let rows = statement.query_map([], read).expect("run a query");
                rows.map(|row| row.expect("read a row")).collect()
            }
            Self::Postgres(database) => {
                let mut client = database.client();
                let exists = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]);
                if !exists.expect("ask for a table").get::<_, bool>(0) {
                    return Vec::new();
                }
                let item = |column: &&str| {
                    let text = if is_time(column) {
                        format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')")
                    } else {
                        format!("{column}::text")
                    };
                    let is_id = *column == "id" || *column == "agent_id";
                    if is_id { format!("replace({text}, '-', '')") } else { text }
                };
                let items: Vec<String> = columns.iter().map(item).collect();
                let rows = client.query(&format!("SELECT {} FROM {table}", items.join(", ")), &[]);
                let texts = |row: &postgres::Row| {
                    (0..columns.len())
                        .map(|at| row.get::<_, Option<String>>(at).unwrap_or_default())
                        .collect()
                };
                rows.expect("run a query").iter().map(texts).collect()
            }
        }
    }

    fn agents(&self) -> Vec<String> {
        self.rows("agents", &["id"]).into_iter().map(|row| dashed(&row[0])).collect()
    }

    fn agent(&self, name: &str) -> String {
        let rows = self.rows("agents", &["id", "name"]);
        dashed(&rows.iter().find(|row| row[1] == name).expect("the agent")[0])
    }
}

fn dashed(id: &str) -> String {
    format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..])
}

/// A time in the form in which the rows above have it.
fn stored(time: &str) -> String {
    let text = time.trim_end_matches('Z').replace('T', " ");
    match text.len() {
        10 => text + " 00:00:00.000000",
        19 => text + ".000000",
        _ => text,
    }
}

fn command(database: &impl BrainDatabase, secrets: &Secrets, arguments: &[&str]) -> Output {
    Z4jctl::new().db(database).secrets(secrets).args(["token", "assess"]).args(arguments).run()
}

#[track_caller]
fn assess(
    database: &impl BrainDatabase,
    secrets: &Secrets,
    agent: &str,
    since: &str,
    until: &str,
    code: i32,
) -> Value {
    let arguments = [agent, "--since", since, "--until", until, "-o", "json"];
    command(database, secrets, &arguments).expect_code(code).json()
}

/// What is counted a second time.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    audit: u64,
    actions: BTreeMap<String, u64>,
    attempts: u64,
    commands: u64,
    events: u64,
    events_outside: u64,
    kinds: BTreeMap<String, u64>,
    days: BTreeMap<String, u64>,
    tasks: BTreeSet<String>,
    workers: u64,
    samples: u64,
}

fn expected(database: &Copy, agent: &str, since: &str, until: &str) -> Counts {
    let (since, until) = (stored(since), stored(until));
    let inside = |time: &str| since.as_str() <= time && time < until.as_str();
    let simple = agent.replace('-', "");
    let mut counts = Counts::default();
    for row in database.rows("audit_log", &["occurred_at", "action", "target_type", "target_id", "metadata"])
    {
        let metadata: Value = serde_json::from_str(&row[4]).expect("metadata is JSON");
        let is_about = (row[2] == "agent" && row[3] == agent) || metadata["agent_id"] == json!(agent);
        if is_about && inside(&row[0]) {
            counts.audit += 1;
            *counts.actions.entry(row[1].clone()).or_default() += 1;
        }
        counts.attempts += u64::from(row[1] == "agent.auth.bearer_failed" && inside(&row[0]));
    }
    for row in database.rows("commands", &["agent_id", "issued_at", "dispatched_at", "completed_at"]) {
        counts.commands += u64::from(row[0] == simple && row[1..].iter().any(|time| inside(time)));
    }
    let mut reported = BTreeSet::new();
    for row in database.rows("events", &["agent_id", "occurred_at", "engine", "kind", "task_id"]) {
        if row[0] != simple {
            continue;
        }
        let task = format!("{} {}", row[2], row[4]);
        if inside(&row[1]) {
            counts.events += 1;
            *counts.kinds.entry(format!("{} {}", row[2], row[3])).or_default() += 1;
            *counts.days.entry(row[1][..10].to_owned()).or_default() += 1;
            if !row[4].is_empty() {
                counts.tasks.insert(task.clone());
            }
        } else {
            counts.events_outside += 1;
        }
        reported.insert(task);
    }
    for row in database.rows("tasks", &["engine", "task_id", "created_at", "updated_at"]) {
        let task = format!("{} {}", row[0], row[1]);
        if reported.contains(&task) && (inside(&row[2]) || inside(&row[3])) {
            counts.tasks.insert(task);
        }
    }
    for row in database.rows("agent_workers", &["agent_id"]) {
        counts.workers += u64::from(row[0] == simple);
    }
    for row in database.rows("agent_status_history", &["agent_id", "captured_at"]) {
        counts.samples += u64::from(row[0] == simple && inside(&row[1]));
    }
    counts
}

/// The counts of a report, after checking that its lists are as long as they say.
#[track_caller]
fn reported(report: &Value) -> Counts {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let sums = |list: &Value, key: &dyn Fn(&Value) -> String| {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for item in list.as_array().expect("a list") {
            *sums.entry(key(item)).or_default() += number(&item["count"]);
        }
        sums
    };
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for list in ["audit", "attempts", "commands", "tasks"] {
        let list = &report[list];
        let rows = list["rows"].as_array().expect("a list").len() as u64;
        assert_eq!(rows + number(&list["not_listed"]), number(&list["total"]));
    }
    let events = &report["events"];
    let tasks = report["tasks"]["rows"].as_array().expect("a list");
    Counts {
        audit: number(&report["audit"]["total"]),
        actions: sums(&report["audit"]["by_action"], &|item| word(&item["action"])),
        attempts: number(&report["attempts"]["total"]),
        commands: number(&report["commands"]["total"]),
        events: number(&events["count"]),
        events_outside: number(&events["before"]["count"]) + number(&events["after"]["count"]),
        kinds: sums(&events["by_kind"], &|item| format!("{} {}", word(&item["engine"]), word(&item["kind"]))),
        days: sums(&events["by_day"], &|item| word(&item["day"])),
        tasks: tasks
            .iter()
            .map(|task| format!("{} {}", word(&task["engine"]), word(&task["task_id"])))
            .collect(),
        workers: number(&report["connections"]["workers"]["total"]),
        samples: number(&report["connections"]["status_samples"]["count"]),
    }
}

/// Every agent, over all time and over parts of it that begin and end exactly at rows.
#[track_caller]
fn counts_hold(database: &Copy, secrets: &Secrets, code: i32) {
    let mut audit: Vec<String> =
        database.rows("audit_log", &["occurred_at"]).into_iter().map(|row| row[0].clone()).collect();
    audit.sort();
    let mut issued: Vec<String> =
        database.rows("commands", &["issued_at"]).into_iter().map(|row| row[0].clone()).collect();
    issued.sort();
    let middle = audit[audit.len() / 2].replace(' ', "T");
    let command = issued.first().map_or_else(|| middle.clone(), |time| time.replace(' ', "T"));
    for agent in database.agents() {
        for (since, until) in
            [(BEGIN, END), (BEGIN, &middle), (&middle, END), (&command, END), (BEGIN, &command)]
        {
            let report = assess(database, secrets, &agent, since, until, code);
            assert_eq!(
                reported(&report),
                expected(database, &agent, since, until),
                "{agent} {since} {until}"
            );
            assert_eq!(report["agent"]["id"], json!(agent));
        }
    }
}

fn sqlite(name: &str) -> (Copy, &'static Secrets) {
    let fixture = Fixture::by_name(name);
    (Copy::Sqlite(fixture.sqlite()), &fixture.meta().secrets)
}

fn postgres(name: &str) -> (Copy, &'static Secrets) {
    let fixture = Fixture::by_name(name);
    (Copy::Postgres(fixture.postgres(Dump::Plain)), &fixture.postgres_meta().secrets)
}

fn codes(report: &Value) -> BTreeSet<&str> {
    report["gaps"].as_array().expect("a list").iter().filter_map(|gap| gap["code"].as_str()).collect()
}

#[test]
fn counts_of_1_0_hold() {
    let (database, secrets) = sqlite("1.0.19");
    counts_hold(&database, secrets, 0);
    let report = assess(&database, secrets, "web-01", BEGIN, END, 0);
    assert_eq!(report["connections"]["workers"], Value::Null);
    assert_eq!(report["connections"]["status_samples"], Value::Null);
    assert_eq!(report["schedules"]["project_changes"], Value::Null);
    assert!(codes(&report).contains("table-absent"));
    assert!(!codes(&report).contains("audit-retention-goes-on"), "1.0 to 1.2 keep all audit rows");
}

#[test]
fn counts_of_1_6_hold() {
    let (database, secrets) = sqlite("1.6.9");
    counts_hold(&database, secrets, 0);
}

#[test]
fn counts_of_1_9_hold() {
    let (database, secrets) = sqlite("1.9.1");
    counts_hold(&database, secrets, 0);
}

#[test]
fn counts_of_1_13_hold() {
    let (database, secrets) = sqlite("1.13.0");
    counts_hold(&database, secrets, 0);
    let report = assess(&database, secrets, "web-01", BEGIN, END, 0);
    assert_eq!(report["schedules"]["project_changes"]["count"], json!(3));
    assert_eq!(report["connections"]["versions"][0]["agent_version"], json!("1.0.0"));
    assert_eq!(report["chain"]["verdict"], json!("intact"));
    assert_eq!(report["agent"]["minted_by"]["email"], json!("admin@example.com"));
}

#[test]
fn counts_on_postgres_hold() {
    for name in ["1.6.9", "1.13.0"] {
        let (database, secrets) = postgres(name);
        counts_hold(&database, secrets, 0);
    }
}

/// A database that 1.3 made on PostgreSQL has a table of events that holds none.
#[test]
fn events_in_a_form_that_is_not_understood_are_a_gap() {
    let (database, secrets) = postgres("1.3.4");
    for agent in database.agents() {
        let report = assess(&database, secrets, &agent, BEGIN, END, 0);
        assert_eq!((&report["events"], &report["tasks"]), (&Value::Null, &Value::Null));
        assert!(codes(&report).contains("events-absent"));
    }
}

#[test]
fn every_generation_can_be_assessed() {
    for fixture in Fixture::all() {
        let sqlite = fixture.has_sqlite().then(|| (Copy::Sqlite(fixture.sqlite()), fixture.meta()));
        let postgres = fixture
            .dumps()
            .contains(&Dump::Plain)
            .then(|| (Copy::Postgres(fixture.postgres(Dump::Plain)), fixture.postgres_meta()));
        for (database, meta) in sqlite.into_iter().chain(postgres) {
            let verify = Z4jctl::new().db(&database).secrets(&meta.secrets).args(["audit", "verify"]).run();
            let id = database.agents().into_iter().max().expect("an agent");
            let report = assess(&database, &meta.secrets, &id, BEGIN, END, verify.code);
            // A test of its own is about the one database that has no events in this form.
            if !report["events"].is_null() {
                let expected = expected(&database, &id, BEGIN, END);
                assert_eq!(reported(&report), expected, "{} {}", fixture.name, database.z4j_url());
            }
        }
    }
}

#[test]
fn what_retention_removed_is_a_gap() {
    // Whether retention can explain what 1.6 left depends on how old the fixture is.
    for (name, codes) in
        [("1.7.0-pruned", &[0][..]), ("1.13.0-pruned", &[0][..]), ("1.6.9-pruned", &[1, 3][..])]
    {
        let (database, secrets) = sqlite(name);
        let mut times: Vec<String> =
            database.rows("audit_log", &["occurred_at"]).into_iter().map(|row| row[0].clone()).collect();
        times.sort();
        for agent in database.agents() {
            let output =
                command(&database, secrets, &[&agent, "--since", BEGIN, "--until", END, "-o", "json"]);
            assert!(codes.contains(&output.code), "{name}: {output}");
            let report = output.json();
            assert_eq!(reported(&report), expected(&database, &agent, BEGIN, END), "{name}");
            let gaps = report["gaps"].as_array().expect("a list");
            let gap = gaps.iter().find(|gap| gap["code"] == json!("audit-retention"));
            let before = gap.expect("a gap")["before"].as_str().expect("a time").replace('T', " ");
            assert!(before[..26] <= *times[0], "{name}: {before} is after {}", times[0]);
            assert!(report["gaps"].to_string().contains(&times[0].replace(' ', "T")), "{name}");
        }
    }
}

/// A row whose time has no fraction begins with its second and is not before it.
#[test]
fn windows_begin_with_their_first_moment_and_end_before_their_last() {
    let (database, secrets) = sqlite("1.6.9");
    let count = |since: &str, until: &str| {
        let report = assess(&database, secrets, "web-01", since, until, 0);
        report["commands"]["total"].as_u64().expect("a number")
    };
    let times = database.rows("commands", &["agent_id", "issued_at"]);
    let agent = database.agent("web-01").replace('-', "");
    let own: Vec<&str> = times.iter().filter(|row| row[0] == agent).map(|row| row[1].as_str()).collect();
    assert_eq!(own.len(), 2, "the fixture");
    assert!(own[0] == own[1] && own[0].ends_with(".000000"), "the fixture: {own:?}");
    let second = own[0][..19].replace(' ', "T");
    assert_eq!(count(&second, &format!("{second}.000001Z")), 2);
    assert_eq!(count(BEGIN, &second), 0);
    assert_eq!(count(&format!("{second}.000001Z"), &format!("{second}.000002Z")), 0);
}

/// The times of events are the agent's own: those of the fixtures lie half an hour before the brain had them.
#[test]
fn tasks_written_in_the_window_are_found_when_their_events_are_dated_before_it() {
    let (database, secrets) = sqlite("1.13.0");
    let first = database.rows("agents", &["id", "created_at"]).remove(0).remove(1).replace(' ', "T");
    let report = assess(&database, secrets, "web-01", &first, END, 0);
    assert_eq!(report["events"]["count"], json!(0));
    assert_eq!(report["events"]["before"]["count"], json!(37));
    let tasks = report["tasks"]["rows"].as_array().expect("a list");
    assert_eq!(tasks.len(), 12);
    assert!(tasks.iter().all(|task| task["because"] == json!("row-time")));
    assert!(codes(&report).contains("events-outside"));
}

#[test]
fn lists_are_limited_and_counts_are_not() {
    let (database, secrets) = sqlite("1.13.0");
    let arguments = ["web-01", "--since", BEGIN, "--until", END, "--max-rows", "1", "-o", "json"];
    let report = command(&database, secrets, &arguments).expect_code(0).json();
    for (list, total) in [("audit", 11), ("commands", 3), ("tasks", 12)] {
        assert_eq!(report[list]["total"], json!(total), "{list}");
        assert_eq!(report[list]["not_listed"], json!(total - 1), "{list}");
        assert_eq!(report[list]["rows"].as_array().map(Vec::len), Some(1), "{list}");
    }
    assert_eq!(report["events"]["count"], json!(37));
    let arguments = ["web-01", "--since", BEGIN, "--until", END, "--max-rows", "1"];
    let text = command(&database, secrets, &arguments).expect_code(0).stdout;
    assert!(text.contains("and 11 more: raise --max-rows"), "{text}");
}

#[test]
fn redacted_reports_hold_no_address() {
    let databases =
        [sqlite("1.0.19"), sqlite("1.6.9"), sqlite("1.9.1"), sqlite("1.13.0"), postgres("1.13.0")];
    for (database, secrets) in databases {
        let emails: Vec<String> =
            database.rows("users", &["email"]).into_iter().map(|mut row| row.remove(0)).collect();
        for agent in database.agents() {
            for form in ["json", "jsonl", "human", "plain"] {
                let arguments = [agent.as_str(), "--since", BEGIN, "--until", END, "-o", form];
                let open = command(&database, secrets, &arguments).expect_code(0).stdout;
                let hidden = command(&database, secrets, &[&arguments[..], &["--redact"]].concat())
                    .expect_code(0)
                    .stdout;
                if form != "plain" {
                    assert!(open.contains("admin@example.com") && open.contains("127.0.0.1"), "{open}");
                    assert!(hidden.contains("[e-mail 1]"), "{hidden}");
                }
                assert!(!hidden.contains("127.0.0.1") && !hidden.contains("@example.com"), "{hidden}");
                assert!(emails.iter().all(|email| !hidden.contains(email)), "{hidden}");
            }
        }
    }
}

#[test]
fn an_agent_that_was_deleted_is_known_by_its_id() {
    let (database, secrets) = sqlite("1.6.9");
    let id = database.agent("web-01");
    let before = assess(&database, secrets, "web-01", BEGIN, END, 0);
    let revoke = Z4jctl::new().db(&database).secrets(secrets);
    revoke.args(["token", "revoke", "web-01", "--yes"]).run().expect_code(0);
    assert!(!database.agents().contains(&id), "up to 1.8 the row goes");

    let report = assess(&database, secrets, &id, BEGIN, END, 0);
    assert_eq!(reported(&report), expected(&database, &id, BEGIN, END));
    let (agent, old) = (&report["agent"], &before["agent"]);
    assert_eq!(agent["state"], json!("deleted"));
    for known in ["name", "project", "project_id", "minted_at", "minted_by"] {
        assert_eq!(agent[known], old[known], "{known}");
    }
    assert!(agent["revoked_at"].is_string(), "{agent}");
    assert_eq!(report["events"], before["events"]);
    assert!(codes(&report).contains("agent-deleted"));

    let output = command(&database, secrets, &["web-01", "--since", BEGIN]).expect_code(2);
    assert!(output.stderr.contains("give the id"), "{output}");
}

#[test]
fn a_tombstone_is_assessed() {
    let (database, secrets) = sqlite("1.13.0");
    let tombstone = database.rows("agents", &["id", "revoked_at"]).into_iter().find(|row| !row[1].is_empty());
    let id = dashed(&tombstone.expect("the fixture has a revoked agent")[0]);
    let report = assess(&database, secrets, &id, BEGIN, END, 0);
    assert_eq!(report["agent"]["state"], json!("revoked"));
    assert_eq!(report["agent"]["valid_until"], report["agent"]["revoked_at"]);
    assert_eq!(report["agent"]["revoked_by"]["email"], json!("admin@example.com"));
    let revoked = report["agent"]["revoked_at"].as_str().expect("a time").to_owned();
    let later = assess(&database, secrets, &id, &revoked.replace("+00:00", "Z"), END, 0);
    assert_eq!(later["agent"]["valid_from"], Value::Null);
}

#[test]
fn bad_requests_are_usage_errors() {
    let (database, secrets) = sqlite("1.13.0");
    let nobody = "00000000-0000-4000-8000-000000000000";
    for (arguments, code) in [
        (vec!["web-01", "--since", "yesterday"], "usage.value"),
        (vec!["web-01", "--since", BEGIN, "--until", "later"], "usage.value"),
        (vec!["web-01", "--since", END, "--until", BEGIN], "usage.window"),
        (vec!["web-01", "--since", BEGIN, "--until", BEGIN], "usage.window"),
        (vec!["web-01", "--since", "2999-01-01"], "usage.window"),
        (vec!["web-99", "--since", BEGIN], "agent.unknown"),
        (vec![nobody, "--since", BEGIN], "agent.unknown"),
    ] {
        let arguments = [&arguments[..], &["-o", "json"]].concat();
        let error = command(&database, secrets, &arguments).expect_code(2).json_error();
        assert_eq!(error["error"]["code"], json!(code), "{arguments:?}");
    }
}

#[test]
fn evidence_from_a_log_that_does_not_verify_is_marked() {
    let (database, secrets) = sqlite("1.6.9");
    let Copy::Sqlite(file) = &database else { unreachable!("a SQLite file") };
    let changed = file
        .connection()
        .execute("UPDATE audit_log SET user_agent = 'x' WHERE action = 'agent.token.revoked'", []);
    assert_eq!(changed.expect("change a row"), 1);
    let report = assess(&database, secrets, "web-01", BEGIN, END, 1);
    assert_eq!((&report["chain"]["verdict"], &report["exit_code"]), (&json!("findings"), &json!(1)));
    assert_eq!(report["chain"]["finding_counts"]["edited"], json!(1));

    let report = assess(&database, &Secrets::new(), "web-01", BEGIN, END, 3);
    assert_eq!(report["chain"]["verdict"], json!("not-verified"));
    assert!(report["chain"]["reason"].as_str().is_some_and(|reason| reason.contains("Z4J_SECRET")));
    assert_eq!(reported(&report), expected(&database, &database.agent("web-01"), BEGIN, END));
}

/// An agent says itself what its host is: whoever reads the report must not be fooled by it.
#[test]
fn what_an_agent_says_is_no_control_sequence() {
    let (database, secrets) = sqlite("1.13.0");
    let Copy::Sqlite(file) = &database else { unreachable!("a SQLite file") };
    let host = json!({"host": {"hostname": "a\u{1b}[2J\n  state  revoked \u{202e}b"}, "version": "9\u{7}"});
    file.connection().execute("UPDATE agents SET metadata = ?1", [host.to_string()]).expect("change rows");
    let arguments = ["web-01", "--since", BEGIN, "--until", END];
    let text = command(&database, secrets, &arguments).expect_code(0).stdout;
    assert!(
        !text.contains(['\u{1b}', '\u{7}', '\u{202e}']) && !text.contains("\n  state  revoked"),
        "{text}"
    );
    assert!(text.contains("a\\u{1b}[2J\\u{a}  state  revoked \\u{202e}b"), "{text}");
}

#[test]
fn a_row_that_cannot_be_read_does_not_keep_the_rest_back() {
    let (database, secrets) = sqlite("1.6.9");
    let Copy::Sqlite(file) = &database else { unreachable!("a SQLite file") };
    let connection = file.connection();
    for sql in [
        "UPDATE audit_log SET metadata = '{' WHERE action = 'agent.token.minted'",
        "UPDATE agent_status_history SET payload = '{'",
        "UPDATE commands SET dispatched_at = 'soon'",
    ] {
        connection.execute(sql, []).expect("change rows");
    }
    let report = assess(&database, secrets, "web-01", BEGIN, END, 3);
    assert!(codes(&report).contains("unreadable-values"));
    assert_eq!(report["commands"]["total"], json!(2));
}

#[test]
fn assessing_writes_nothing() {
    for name in ["1.0.19", "1.6.9", "1.7.0-pruned", "1.9.1", "1.13.0"] {
        let fixture = Fixture::by_name(name);
        let database = fixture.sqlite();
        let before = file_sha256(database.path());
        let agent = Copy::Sqlite(fixture.sqlite()).agents().remove(0);
        command(&database, &fixture.meta().secrets, &[&agent, "--since", BEGIN, "--until", END])
            .expect_code(0);
        assert_eq!(file_sha256(database.path()), before, "{name}");
    }
}
