//! What is left when a command dies in the middle of writing: all of the change, or nothing of it, and a log that
//! verifies. Builds with debug assertions die on demand, at the point that `Z4JCTL_FAULT_POINT` numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::judge::{AnyDatabase, TWO_ERAS, Target, on_each};
use crate::support::process::Output;
use crate::support::wait_for;
use crate::support::z4jctl::Z4jctl;

const NEW_PASSWORD: &str = "Another-Pass-Of-The-Tests-2026!";

/// As a shell reports a process that SIGKILL ended.
pub(crate) const KILLED: i32 = 137;

/// The lock that every writer of the log takes on PostgreSQL.
const CHAIN_LOCK: i64 = 2_050_255_578;

const PATIENCE: Duration = Duration::from_secs(30);

/// A command that writes, and its standard input.
struct Writer {
    arguments: &'static [&'static str],
    input: &'static str,
}

const MINT: Writer =
    Writer { arguments: &["token", "mint", "--project", "payments", "--name", "in-a-hurry"], input: "" };

/// What comes after a crash: a command that reads before it writes.
const NEXT: Writer =
    Writer { arguments: &["token", "mint", "--project", "payments", "--name", "after-the-crash"], input: "" };

/// Every row of every table, as text.
type Contents = BTreeMap<String, BTreeMap<String, usize>>;

/// Rows that went and rows that came, in each table that is not the same.
type Difference = BTreeMap<String, (usize, usize)>;

fn contents(database: &AnyDatabase) -> Contents {
    match database {
        AnyDatabase::Sqlite(copy) => {
            let connection = copy.connection();
            let texts = |sql: &str| -> Vec<String> {
                let mut statement = connection.prepare(sql).expect("a statement");
                let width = statement.column_count();
                let rows = statement.query_map([], |row| {
                    let cells = (0..width).map(|at| row.get::<_, rusqlite::types::Value>(at));
                    let cells = cells.collect::<Result<Vec<_>, _>>()?;
                    Ok(match cells.as_slice() {
                        [rusqlite::types::Value::Text(text)] => text.clone(),
                        several => format!("{several:?}"),
                    })
                });
                rows.expect("rows").collect::<Result<_, _>>().expect("a row")
            };
            let tables =
                texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
            tables
                .into_iter()
                .map(|table| (table.clone(), counted(texts(&format!("SELECT * FROM \"{table}\"")))))
                .collect()
        }
        AnyDatabase::Postgres(database) => {
            let mut client = database.client();
            let mut texts = |sql: &str| -> Vec<String> {
                client.query(sql, &[]).expect("rows").iter().map(|row| row.get(0)).collect()
            };
            let tables = texts("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'");
            tables
                .into_iter()
                .map(|table| {
                    let rows = texts(&format!("SELECT t::text FROM \"{table}\" AS t"));
                    (table, counted(rows))
                })
                .collect()
        }
    }
}

fn counted(rows: Vec<String>) -> BTreeMap<String, usize> {
    rows.into_iter().fold(BTreeMap::new(), |mut counts, row| {
        *counts.entry(row).or_default() += 1;
        counts
    })
}

fn difference(before: &Contents, after: &Contents) -> Difference {
    assert!(before.keys().eq(after.keys()), "no command makes or drops a table");
    let more = |some: &BTreeMap<String, usize>, others: &BTreeMap<String, usize>| -> usize {
        some.iter().map(|(row, count)| count.saturating_sub(others.get(row).copied().unwrap_or(0))).sum()
    };
    let tables = before.iter().map(|(table, rows)| {
        let now = &after[table];
        (table.clone(), (more(rows, now), more(now, rows)))
    });
    tables.filter(|(_, changed)| *changed != (0, 0)).collect()
}

impl Writer {
    fn call(&self, target: Target, database: &AnyDatabase) -> Z4jctl {
        target
            .z4jctl(database)
            .args(self.arguments)
            .args(["--yes", "-o", "json"])
            // The cost of a hash is not what is tested.
            .env("Z4J_ARGON2_MEMORY_COST", "8192")
            .stdin(self.input)
    }

    /// Runs it until it dies at this point; when there are not so many, to its end.
    fn run_until(&self, point: usize, target: Target, database: &AnyDatabase) -> Output {
        self.call(target, database).env("Z4JCTL_FAULT_POINT", point.to_string()).run()
    }
}

fn verify(target: Target, database: &AnyDatabase) -> Output {
    target.z4jctl(database).args(["audit", "verify", "-o", "json"]).run()
}

/// A server ends the transaction of a dead client when it reads from it; it must not need to be told.
pub(crate) fn wait_until_the_server_knows(database: &AnyDatabase) {
    if let AnyDatabase::Postgres(database) = database {
        wait_for("the server to end the sessions of a dead client", PATIENCE, || {
            let sessions = "SELECT count(*) FROM pg_stat_activity \
                            WHERE datname = current_database() AND application_name = 'z4jctl'";
            (database.number(sessions) == 0).then_some(())
        });
    }
}

/// Another copy of a SQLite file that was left as it is, journal and all.
fn copy_with_journal(database: &AnyDatabase) -> AnyDatabase {
    let AnyDatabase::Sqlite(original) = database else { panic!("only a SQLite file has a journal") };
    let copy = crate::support::fixtures::TempSqlite::absent();
    for suffix in ["", "-journal"] {
        let path = |of: &crate::support::fixtures::TempSqlite| {
            let mut path = of.path().into_os_string();
            path.push(suffix);
            path
        };
        std::fs::copy(path(original), path(&copy)).expect("copy a database or its journal");
    }
    AnyDatabase::Sqlite(copy)
}

/// Kills a command at every point of its transaction, and judges what is left each time.
fn dies_everywhere(target: Target, writer: &Writer) {
    let mut database = target.database();
    let before = contents(&database);
    writer.call(target, &database).run().expect_code(0);
    let complete = difference(&before, &contents(&database));
    assert!(complete.contains_key("audit_log"), "{target}: {complete:?}");

    database = target.database();
    let (mut without, mut hot) = (0, 0);
    let mut committed_at = None;
    for point in 1.. {
        let output = writer.run_until(point, target, &database);
        if output.code == 0 {
            assert_eq!(
                difference(&before, &contents(&database)),
                complete,
                "{target}, point {point}: {output}"
            );
            break;
        }
        assert_eq!(output.code, KILLED, "{target}, point {point}: {output}");
        assert_eq!(output.stdout, "", "what is shown is committed");
        wait_until_the_server_knows(&database);
        let mut verdict = verify(target, &database);
        if verdict.code == 5 {
            // Reading never writes, so it does not roll a journal back either. The next writer does.
            assert_eq!(
                verdict.json_error()["error"]["code"],
                "database.hot-journal",
                "{target}, point {point}: {verdict}"
            );
            hot += 1;
            let copy = copy_with_journal(&database);
            NEXT.call(target, &copy).run().expect_code(0);
            assert_eq!(verify(target, &copy).code, 0, "{target}, point {point}");
            // So does everybody else who may write, such as whoever looks at the contents here.
            assert_eq!(
                difference(&before, &contents(&database)),
                Difference::new(),
                "{target}, point {point}"
            );
            verdict = verify(target, &database);
        }
        verdict.expect_code(0);
        let left = difference(&before, &contents(&database));
        if committed_at.is_none() && left.is_empty() {
            without += 1;
            continue;
        }
        assert_eq!(left, complete, "{target}, point {point}: half of it");
        committed_at.get_or_insert(point);
        database = target.database();
    }
    // Before and after: BEGIN, a change, the audit row; and before COMMIT.
    assert!(without >= 7, "{target}: only {without} points");
    assert_eq!(hot, usize::from(matches!(target, Target::Sqlite(_))), "{target}");
    let committed_at = committed_at.expect("a point behind the commit");
    assert_eq!(committed_at, without + 1, "{target}");

    // The real one agrees about the last state without the change and the first one with it; the former with its
    // journal, where there is one.
    for (point, expected) in [(committed_at - 1, Difference::new()), (committed_at, complete)] {
        let database = target.database();
        assert_eq!(writer.run_until(point, target, &database).code, KILLED, "{target}, point {point}");
        target.brain().audit_verify(&database, target.secrets()).expect_intact();
        assert_eq!(difference(&before, &contents(&database)), expected, "{target}, point {point}");
    }
}

#[test]
fn a_mint_that_dies_leaves_all_or_nothing() {
    on_each(&TWO_ERAS, |target| dies_everywhere(target, &MINT));
}

#[test]
fn a_revocation_that_dies_leaves_all_or_nothing() {
    let revoke = Writer { arguments: &["token", "revoke", "web-01"], input: "" };
    on_each(&TWO_ERAS, |target| dies_everywhere(target, &revoke));
}

#[test]
fn a_change_of_password_that_dies_leaves_all_or_nothing() {
    let change = Writer {
        arguments: &["changepassword", "admin@example.com", "--password-stdin"],
        input: NEW_PASSWORD,
    };
    on_each(&TWO_ERAS, |target| dies_everywhere(target, &change));
}

#[test]
fn a_new_administrator_who_dies_leaves_all_or_nothing() {
    let create = Writer {
        arguments: &["createsuperuser", "--email", "second@example.com", "--password-stdin"],
        input: NEW_PASSWORD,
    };
    on_each(&TWO_ERAS, |target| dies_everywhere(target, &create));
}

#[test]
fn a_key_that_dies_in_the_making_leaves_all_or_nothing() {
    let mint = Writer {
        arguments: &[
            "apikey",
            "mint",
            "--user",
            "admin@example.com",
            "--name",
            "in-a-hurry",
            "--scope",
            "tasks:read",
        ],
        input: "",
    };
    on_each(&TWO_ERAS, |target| dies_everywhere(target, &mint));
}

#[test]
fn an_end_of_sessions_that_dies_leaves_all_or_nothing() {
    let revoke = Writer { arguments: &["session", "revoke", "admin@example.com"], input: "" };
    on_each(&TWO_ERAS, |target| dies_everywhere(target, &revoke));
}

#[test]
fn a_removal_that_dies_leaves_all_or_nothing() {
    let prune = Writer { arguments: &["audit", "prune", "--before", "2026-11-22T03:14:00Z"], input: "" };
    let targets = [Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")];
    on_each(&targets, |target| dies_everywhere(target, &prune));
}

/// The process id of the server that serves the one z4jctl that waits for a lock there.
fn waiting_server(database: &AnyDatabase, what: &str) -> i64 {
    let sql = "SELECT coalesce(max(pid), 0)::bigint FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'z4jctl' AND wait_event_type = 'Lock'";
    wait_for(what, PATIENCE, || Some(database.number(sql)).filter(|pid| *pid != 0))
}

fn cut(database: &AnyDatabase, pid: i64) {
    let ended = database.number(&format!("SELECT pg_terminate_backend({pid}::integer)::integer::bigint"));
    assert_eq!(ended, 1, "there was a connection to cut");
}

/// One clear error, of this exit code.
fn one_error(output: &Output, code: &str) {
    assert_eq!(output.code, 5, "{output}");
    assert_eq!(output.stdout, "", "{output}");
    assert_eq!(output.json_error()["error"]["code"], code, "{output}");
}

#[test]
fn a_connection_that_is_cut_before_the_commit_leaves_nothing() {
    on_each(&[Target::Postgres("1.13.0"), Target::Postgres("1.6.9")], |target| {
        let database = target.database();
        let before = contents(&database);
        let AnyDatabase::Postgres(server) = &database else { panic!("{target}") };
        let mut holder = server.client();
        let mut held = holder.transaction().expect("begin");
        held.execute("SELECT pg_advisory_xact_lock($1)", &[&CHAIN_LOCK]).expect("take the lock of the log");
        let running = MINT.call(target, &database).spawn();
        cut(&database, waiting_server(&database, "z4jctl to wait for the lock of the log"));
        let output = running.wait(PATIENCE);
        one_error(&output, "database.connection");
        assert!(output.stderr.contains("nothing was written"), "{output}");
        held.rollback().expect("roll back");
        assert_eq!(difference(&before, &contents(&database)), Difference::new(), "{target}");
        MINT.call(target, &database).run().expect_code(0);
        verify(target, &database).expect_code(0);
    });
}

/// What a server that goes down while it commits has done, only the server knows.
#[test]
fn a_connection_that_is_cut_during_the_commit_has_an_unknown_outcome() {
    let target = Target::Postgres("1.13.0");
    let database = target.database();
    let AnyDatabase::Postgres(server) = &database else { panic!("{target}") };
    // A commit that waits for a lock.
    server.execute(
        "CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END'; \
         CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON agents DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION wait_here()",
    );
    let mut holder = server.client();
    let mut held = holder.transaction().expect("begin");
    held.execute("SELECT pg_advisory_xact_lock(1)", &[]).expect("take the lock of the trigger");
    let running = MINT.call(target, &database).spawn();
    let pid = waiting_server(&database, "z4jctl to wait in its commit");
    let statement =
        server.client().query_one("SELECT query FROM pg_stat_activity WHERE pid = $1::bigint", &[&pid]);
    assert_eq!(statement.expect("a session").get::<_, String>(0), "COMMIT");
    cut(&database, pid);
    one_error(&running.wait(PATIENCE), "database.outcome-unknown");
    held.rollback().expect("roll back");
    verify(target, &database).expect_code(0);
}
