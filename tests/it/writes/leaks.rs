//! What nobody may ever read: secrets, tokens, passwords and their hashes, in no output, report, process list, database
//! or server log. A new token is printed once, by the command that makes it.
//!
//! A panic prints a message and places in the source: no input makes z4jctl panic on demand, so that is not run here.
//! What a message could hold is what `Debug` prints, and the types that hold secrets print none
//! (`config/tests/redaction.rs`); `RUST_BACKTRACE=full`, set below, adds names of functions and no values.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use super::{MINT, PASSWD, PASSWORD, Verb, bad_input, cheap};
use crate::support::fixtures::Fixture;
use crate::support::judge::{AnyDatabase, Target};
use crate::support::postgres::{Cluster, Tls};
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase as _, wait_for};

const SQLITE: Target = Target::Sqlite("1.13.0");
const POSTGRES: Target = Target::Postgres("1.13.0");
const FORMS: [&str; 4] = ["human", "json", "jsonl", "plain"];

/// What proves who somebody is, or stands for such a proof, as the tables hold it. Not every release has all.
const SECRET_COLUMNS: &[(&str, &str)] = &[
    ("users", "password_hash"),
    ("users", "mfa_secret_encrypted"),
    ("agents", "token_hash"),
    ("api_keys", "token_hash"),
    ("invitations", "token_hash"),
    ("first_boot_tokens", "token_hash"),
    ("password_reset_tokens", "token_hash"),
    ("mfa_recovery_codes", "code_hash"),
    ("trusted_devices", "cookie_id_hash"),
    ("sessions", "csrf_token"),
];

/// Every secret that is known of a database and its brain.
pub(super) struct Known(BTreeSet<String>);

impl Known {
    /// What the fixture tells, and what the database holds now.
    #[track_caller]
    pub(super) fn of(target: Target, database: &AnyDatabase) -> Self {
        let meta = target.meta();
        let mut known: BTreeSet<String> = meta.secrets.values().cloned().collect();
        known.extend(meta.accounts.values().map(|(_, password)| password.clone()));
        for (kind, fields) in
            [("agents", &["token", "hmac_secret"][..]), ("api_keys", &["token"]), ("invitations", &["token"])]
        {
            let named = meta.more.get(kind).and_then(serde_json::Value::as_object);
            for (one, field) in named
                .into_iter()
                .flat_map(|all| all.values())
                .flat_map(|one| fields.iter().map(move |f| (one, f)))
            {
                known.extend(one[field].as_str().map(str::to_owned));
            }
        }
        if let Some(mfa) = meta.more.get("mfa") {
            known.extend(mfa["totp_secret_base32"].as_str().map(str::to_owned));
            let codes = mfa["recovery_codes"].as_array().into_iter().flatten();
            known.extend(codes.filter_map(|code| code.as_str().map(str::to_owned)));
        }
        let fixed = known.len();
        assert!(fixed > 10, "little is known of {target}: {known:?}");
        known.extend(stored_secrets(database));
        assert!(known.len() > fixed + 5, "the tables of {target} hold no secrets");
        Self(known)
    }

    /// One that is in the text.
    fn within<'a>(&'a self, text: &str) -> Option<&'a str> {
        self.0.iter().map(String::as_str).find(|secret| text.contains(secret))
    }

    #[track_caller]
    pub(super) fn check(&self, output: &Output) {
        for text in [&output.stdout, &output.stderr] {
            if let Some(secret) = self.within(text) {
                panic!("{secret} is shown: {output}");
            }
        }
    }
}

fn stored_secrets(database: &AnyDatabase) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (table, column) in SECRET_COLUMNS {
        let texts = match database {
            AnyDatabase::Sqlite(copy) => {
                let has =
                    format!("SELECT count(*) FROM pragma_table_info('{table}') WHERE name = '{column}'");
                if copy.number(&has) == 0 {
                    continue;
                }
                let connection = copy.connection();
                let form =
                    format!("CASE typeof({column}) WHEN 'blob' THEN lower(hex({column})) ELSE {column} END");
                let query = format!("SELECT {form} FROM {table} WHERE {column} IS NOT NULL");
                let mut statement = connection.prepare(&query).expect("a query");
                let rows = statement.query_map([], |row| row.get(0)).expect("the answer");
                rows.collect::<Result<Vec<String>, _>>().expect("texts")
            }
            AnyDatabase::Postgres(server) => {
                let has = format!(
                    "SELECT count(*) FROM information_schema.columns WHERE table_name = '{table}' AND column_name = '{column}'"
                );
                if server.number(&has) == 0 {
                    continue;
                }
                let query = format!("SELECT {column}::text FROM {table} WHERE {column} IS NOT NULL");
                server.client().query(&query, &[]).expect("the answer").iter().map(|row| row.get(0)).collect()
            }
        };
        // What replaces the hash of a revoked token is none.
        found.extend(texts.into_iter().filter(|text| text.len() >= 16 && !text.starts_with("revoked:")));
    }
    found
}

/// The new token in the output of `token mint` and `token rotate`, in any form.
#[track_caller]
fn new_token(output: &Output) -> String {
    let token = output
        .stdout
        .split(['\n', ',', '{', '}'])
        .find_map(|line| {
            let line = line.trim();
            ["Z4J_TOKEN=", "Z4J_TOKEN\t", "\"token\": \"", "\"token\":\""]
                .iter()
                .find_map(|key| line.strip_prefix(key))
        })
        .unwrap_or_else(|| panic!("no token is shown: {output}"));
    let token = token.trim_end_matches('"').to_owned();
    assert_eq!(token.len(), 43, "{token}: {output}");
    token
}

/// Command, standard input and exit code, in an order in which all of them have something to do.
fn all_commands(target: Target) -> Vec<(&'static str, String, i32)> {
    let token =
        |name: &str| target.meta().more["agents"][name]["token"].as_str().expect("a token").to_owned();
    let has_mfa = target.release() != "1.3.4";
    let none = String::new;
    let password = || PASSWORD.to_owned();
    vec![
        ("audit verify", none(), 0),
        ("audit head", none(), 0),
        ("audit show 20", none(), 0),
        ("config show", none(), 0),
        ("migrate status", none(), 0),
        ("user list", none(), 0),
        ("user show viewer@example.com", none(), 0),
        ("token list --all", none(), 0),
        ("token show web-01", none(), 0),
        ("token identify", token("web-01"), 0),
        ("token identify", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into(), 2),
        ("token mint --project=payments --name=new-01", none(), 0),
        ("token rotate etl-01 --overlap", none(), 0),
        ("token rotate etl-01-2", none(), 0),
        ("token revoke etl-01-2", none(), 0),
        ("token revoke --token-stdin", token("web-01"), 0),
        ("token revoke --all-in-project=payments", none(), 0),
        ("changepassword admin@example.com --password-stdin", password(), 0),
        ("changepassword admin@example.com --password-stdin", "Short-1".into(), 2),
        ("user passwd viewer@example.com --password-stdin", password(), 0),
        ("createsuperuser --email=second@example.com --password-stdin", password(), 0),
        ("createsuperuser --email=viewer@example.com --promote-existing --password-stdin", password(), 0),
        (
            "user create --email=third@example.com --project=payments --role=viewer --password-stdin",
            password(),
            0,
        ),
        ("user promote operator@example.com", none(), 0),
        ("user demote operator@example.com", none(), 0),
        ("reset-mfa viewer@example.com", none(), if has_mfa { 0 } else { 7 }),
        ("user deactivate viewer@example.com", none(), 0),
        ("user reactivate viewer@example.com", none(), 0),
        ("user unlock viewer@example.com", none(), 0),
        ("reset-setup", none(), 7),
    ]
}

const READERS: usize = 11;

fn makes_token(command: &str) -> bool {
    command.starts_with("token mint") || command.starts_with("token rotate")
}

/// With everything that makes programs talkative.
fn talkative(target: Target, database: &AnyDatabase) -> Z4jctl {
    cheap()
        .db(database)
        .secrets(target.secrets())
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .env("Z4J_DEBUG", "1")
}

/// Every command, as a dry run and in earnest, in every form, on every kind of database.
#[test]
fn no_command_shows_a_secret() {
    let (older, oldest) = (Target::Sqlite("1.6.9"), Target::Sqlite("1.3.4"));
    // Every form, and every kind of database; what the forms print does not depend on the database.
    for (target, forms) in
        [(SQLITE, &FORMS[..]), (POSTGRES, &["json", "plain"]), (older, &["jsonl"]), (oldest, &["human"])]
    {
        for form in forms {
            let database = target.database();
            let mut known = Known::of(target, &database);
            for (number, (command, input, exit_code)) in all_commands(target).into_iter().enumerate() {
                let writes = number >= READERS;
                for flag in if writes { &["--dry-run", "--yes"][..] } else { &[""] } {
                    let call = talkative(target, &database).args(command.split(' ')).stdin(input.clone());
                    let call = call.args(["--output", form]).args((!flag.is_empty()).then_some(flag));
                    let mut output = call.run().expect_code(exit_code);
                    let mut piped = vec![input.clone(), PASSWORD.to_owned()];
                    piped.retain(|text| text.len() > 4);
                    if writes {
                        known.0.extend(stored_secrets(&database));
                    }
                    if makes_token(command) && *flag == "--yes" {
                        let token = new_token(&output);
                        assert_eq!(output.stdout.matches(&token).count(), 1, "once: {output}");
                        assert!(!output.stderr.contains(&token), "{output}");
                        piped.push(token.clone());
                        // With it goes what the agent signs with.
                        let signing = known
                            .0
                            .iter()
                            .find(|known| known.ends_with('=') && output.stdout.contains(*known));
                        let signing =
                            signing.unwrap_or_else(|| panic!("no signing secret: {output}")).clone();
                        assert_eq!(output.stdout.matches(&signing).count(), 1, "once: {output}");
                        output.stdout = output.stdout.replace(&token, "…").replace(&signing, "…");
                        known.0.insert(token);
                    }
                    known.check(&output);
                    for text in piped {
                        assert!(
                            !output.stdout.contains(&text) && !output.stderr.contains(&text),
                            "{text}: {output}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn no_error_shows_a_secret() {
    let database = SQLITE.database();
    let known = Known::of(SQLITE, &database);
    // As text and as JSON they are looked at where they are tested.
    for case in bad_input::all() {
        for form in ["jsonl", "plain"] {
            let call = case.call(SQLITE, &database).env("RUST_BACKTRACE", "full").env("Z4JCTL_OUTPUT", form);
            let output = call.run();
            assert_ne!(output.code, 0, "{output}");
            known.check(&output);
            for text in case.secret().into_iter().chain(["hunter2".to_owned()]) {
                assert!(!output.stdout.contains(&text) && !output.stderr.contains(&text), "{text}: {output}");
            }
        }
    }
}

#[test]
fn no_report_file_holds_a_secret() {
    let database = SQLITE.database();
    let mut known = Known::of(SQLITE, &database);
    let place = tempfile::tempdir().expect("create a temporary directory");
    for (command, input, exit_code) in all_commands(SQLITE) {
        // `audit head` is a document of its own and writes no report files.
        if exit_code != 0 || command == "audit head" {
            continue;
        }
        let reports = FORMS.map(|form| place.path().join(form));
        let call = talkative(SQLITE, &database).args(command.split(' ')).stdin(input);
        let call = call.args(
            FORMS
                .iter()
                .zip(&reports)
                .flat_map(|(form, path)| ["--report".to_owned(), format!("{form}={}", path.display())]),
        );
        let writes = all_commands(SQLITE)[READERS..].iter().any(|one| one.0 == command);
        let call = if writes { call.arg("--yes") } else { call };
        if makes_token(command) {
            let output = call.run().expect_code(2);
            assert!(output.stderr.contains("report file"), "{output}");
            // The token may go to stdout in another form, and a plan holds none.
            let call =
                talkative(SQLITE, &database).args(command.split(' ')).args(["--yes", "--report=json=-"]);
            if command.contains("--overlap") || command.contains("mint") {
                known.0.insert(new_token(&call.run().expect_code(0)));
            }
            continue;
        }
        call.run().expect_code(0);
        known.0.extend(stored_secrets(&database));
        for path in reports {
            let text = fs::read_to_string(&path).expect("a report");
            assert!(!text.is_empty());
            assert_eq!(known.within(&text), None, "{command}: {}", path.display());
            assert!(!text.contains(PASSWORD), "{command}: {}", path.display());
            fs::remove_file(path).expect("remove a report");
        }
    }
}

/// While it runs, in front of everybody: nothing in the arguments, and nothing of its own in the environment.
#[test]
fn no_secret_is_in_the_process_list() {
    let database = POSTGRES.database();
    let AnyDatabase::Postgres(server) = &database else { panic!("{POSTGRES} is none") };
    let known = Known::of(POSTGRES, &database);
    let place = tempfile::tempdir().expect("create a temporary directory");
    let private = |name: &str, text: String| {
        let path = place.path().join(name);
        fs::write(&path, text).expect("write a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("protect it");
        path
    };
    let lines: Vec<String> = POSTGRES
        .secrets()
        .iter()
        .filter(|(name, _)| ["Z4J_SECRET", "Z4J_AUDIT_CHAIN_SECRET"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    let secrets = private("secrets", lines.concat());
    let url = private("url", database.z4j_url());
    for verb in [MINT, PASSWD] {
        let mut holder = server.client();
        holder.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(2050255578)").expect("take a lock");
        let call = cheap().args(verb.arguments).args(["--yes", "--lock-timeout=60s"]);
        let mut running =
            call.arg("--secret-file").arg(&secrets).arg("--db-file").arg(&url).arg("--output=json").spawn();
        running.write(verb.stdin.as_bytes());
        running.close_stdin();
        wait_for("a command that waits for the lock", Duration::from_secs(60), || {
            let query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            (server.number(query) == 1).then_some(())
        });
        let process = format!("/proc/{}", running.id());
        let read = |name: &str| {
            let bytes = fs::read(format!("{process}/{name}")).expect("read /proc");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (arguments, environment, title) = (read("cmdline"), read("environ"), read("comm"));
        assert!(arguments.contains(verb.arguments[0]) && environment.contains("HOME="), "{arguments:?}");
        let limits = read("limits");
        let core: Vec<&str> = limits
            .lines()
            .filter_map(|line| line.strip_prefix("Max core file size"))
            .flat_map(|rest| rest.split_whitespace().take(2))
            .collect();
        assert_eq!(core, ["0", "0"], "whatever kills it, no memory of it is dumped");
        let children: String = fs::read_dir(format!("{process}/task"))
            .expect("read /proc")
            .filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok())
            .collect();
        assert_eq!(children.trim(), "", "it starts nobody");
        // What the server shows of it to its other users.
        let shown: String = server
            .client()
            .query_one(
                "SELECT string_agg(application_name || ' ' || query, ' ') FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
                &[],
            )
            .expect("ask the server")
            .get(0);
        for text in [&arguments, &environment, &title, &shown] {
            assert_eq!(known.within(text), None);
            assert!(!text.contains(PASSWORD) && !text.contains("argon2id"), "{text}");
        }
        holder.batch_execute("ROLLBACK").expect("give it back");
        running.wait(Duration::from_secs(60)).expect_code(0);
    }
}

/// The bytes of a file and of whatever is beside it.
fn bytes_beside(path: &Path) -> Vec<u8> {
    let entries = fs::read_dir(path.parent().expect("a directory")).expect("read a directory");
    entries.flat_map(|entry| fs::read(entry.expect("an entry").path()).expect("read a file")).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Runs what makes secrets; gives their plain texts.
fn secrets_made(target: Target, database: &AnyDatabase) -> Vec<String> {
    let run = |verb: Verb| verb.on(database, target.secrets()).arg("--yes").run().expect_code(0);
    let minted = new_token(&run(MINT));
    let rotated = new_token(&run(Verb { arguments: &["token", "rotate", "new-01"], stdin: "" }));
    run(PASSWD);
    run(Verb {
        arguments: &["createsuperuser", "--email=new@example.com", "--password-stdin"],
        stdin: PASSWORD,
    });
    vec![minted, rotated, PASSWORD.to_owned()]
}

/// A stolen copy of the database opens nothing.
#[test]
fn the_database_holds_no_plain_text() {
    for target in [SQLITE, Target::Sqlite("1.3.4"), POSTGRES] {
        let database = target.database();
        let hashes_before = stored_secrets(&database);
        let rows_before = database.number("SELECT count(*) FROM audit_log");
        let mut plain = secrets_made(target, &database);
        plain.extend(target.secrets().values().cloned());
        let hashes: Vec<String> = stored_secrets(&database).difference(&hashes_before).cloned().collect();
        assert!(hashes.len() >= 3, "a token and two passwords are there as hashes: {hashes:?}");

        let limit = database.number("SELECT count(*) FROM audit_log") - rows_before;
        assert!(limit >= 5, "{limit} audit rows");
        let newest = format!("audit_log ORDER BY occurred_at DESC, id DESC LIMIT {limit}");
        let (content, told) = match &database {
            AnyDatabase::Sqlite(copy) => {
                let query = format!(
                    "SELECT group_concat(metadata || coalesce(target_id, ''), ' ') FROM (SELECT * FROM {newest})"
                );
                let told: String =
                    copy.connection().query_row(&query, [], |row| row.get(0)).expect("audit rows");
                (bytes_beside(&copy.path()), told)
            }
            AnyDatabase::Postgres(server) => {
                let mut client = server.client();
                let tables = client.query("SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'", &[]);
                let mut content = String::new();
                for table in tables.expect("list the tables") {
                    let table: String = table.get(0);
                    let query = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
                    content.push_str(client.query_one(&query, &[]).expect("read a table").get(0));
                }
                let query = format!("SELECT string_agg(t::text, ' ') FROM (SELECT * FROM {newest}) t");
                (content.into_bytes(), client.query_one(&query, &[]).expect("audit rows").get(0))
            }
        };
        for text in &plain {
            assert!(!holds(&content, text), "{target} holds {text}");
        }
        // Nor does the log tell what a password or token hashes to.
        assert!(told.contains("z4jctl"), "{told}");
        for text in plain.iter().chain(&hashes) {
            assert!(!told.contains(text), "{target}: {text} in {told}");
        }
    }
}

/// Statements carry parameters, and parameters are hashes: plain texts never reach a server. Nor does a server that logs
/// as it does by default write down the hashes, also not when it has to tell of an error.
///
/// One thing is out of our hands: a violated CHECK is logged by the server with the row, and with it the hash, as it is
/// for the brain.
#[test]
fn the_log_of_a_server_holds_no_secret() {
    let cluster = Cluster::start(Tls::Absent);
    let fixture = Fixture::by_name("1.13.0");
    let server = cluster.create_database("logged");
    server.restore_custom(&fixture.directory.join("pg.dump"));
    let database = AnyDatabase::Postgres(server);
    let AnyDatabase::Postgres(server) = &database else { panic!("it was just made") };
    let log = || fs::read_to_string(cluster.directory().join("server.log")).expect("the log of the server");

    let mut plain = secrets_made(POSTGRES, &database);
    server.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$; \
         CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION refuse(); \
         CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON agents FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let refused = [
        PASSWD,
        Verb {
            arguments: &["createsuperuser", "--email=other@example.com", "--password-stdin"],
            stdin: PASSWORD,
        },
        Verb { arguments: &["token", "mint", "--project=payments", "--name=other-01"], stdin: "" },
        Verb { arguments: &["token", "rotate", "web-01"], stdin: "" },
    ];
    for verb in refused {
        let output = verb.on(&database, POSTGRES.secrets()).arg("--yes").run().expect_code(7);
        assert!(output.stderr.contains("not today") && !output.stderr.contains("argon2"), "{output}");
    }
    server.execute("DROP TRIGGER refuse ON users; DROP TRIGGER refuse ON agents");
    let mut holder = server.client();
    holder.batch_execute("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE").expect("take a lock");
    PASSWD.on(&database, POSTGRES.secrets()).args(["--yes", "--lock-timeout=200ms"]).run().expect_code(7);
    holder.batch_execute("ROLLBACK").expect("give it back");

    let text = log();
    assert_eq!(text.matches("ERROR:  not today").count(), refused.len(), "{text}");
    assert!(
        text.contains("STATEMENT:  INSERT INTO users") && text.contains("STATEMENT:  UPDATE agents"),
        "{text}"
    );
    let hashes = stored_secrets(&database);
    for secret in plain.iter().chain(&hashes).chain(POSTGRES.secrets().values()) {
        assert!(!text.contains(secret), "{secret} is in the log: {text}");
    }
    assert!(!text.contains("argon2id"), "a hash is in the log: {text}");

    // A server that writes down every parameter knows the hashes, and still no plain text.
    server.execute(&format!("ALTER DATABASE {} SET log_statement = 'all'", server.name()));
    plain.push(new_token(
        &Verb { arguments: &["token", "rotate", "web-01"], stdin: "" }
            .on(&database, POSTGRES.secrets())
            .arg("--yes")
            .run()
            .expect_code(0),
    ));
    PASSWD.on(&database, POSTGRES.secrets()).arg("--yes").run().expect_code(0);
    let text = log();
    assert!(text.contains("$argon2id$"), "the parameters are not in the log: {text}");
    for secret in plain.iter().chain(POSTGRES.secrets().values()) {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}
