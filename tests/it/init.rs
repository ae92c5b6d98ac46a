//! `z4jctl init`: what it makes, what it refuses, what it leaves when it fails, and what the real z4j says of it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::brain::{Brain, Installation};
use crate::support::fixtures::TempSqlite;
use crate::support::postgres::{Cluster, Database, Login};
use crate::support::process::{Output, run};
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase as _, Secrets};

const SECRET: &str = "a-signing-secret-of-the-tests-0123456789abcdef";

/// Counts every object that a database could hold.
const OBJECTS: &str = "SELECT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace \
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') \
    + (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace \
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') \
    + (SELECT count(*) FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace \
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') + (SELECT count(*) FROM pg_extension)";

/// A call in a home directory that other calls share.
fn z4jctl(home: &Path) -> Z4jctl {
    Z4jctl::new().env("HOME", home).current_dir(home)
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().expect("create a temporary directory")
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .permissions()
        .mode()
        & 0o7777
}

/// Every path below a directory.
fn contents(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(directory).expect("read a directory") {
        let path = entry.expect("read a directory entry").path();
        if path.is_dir() {
            names.extend(contents(&path));
        }
        names.push(path.display().to_string());
    }
    names.sort();
    names
}

/// What `secret.env` holds.
fn secrets_of(home: &Path) -> Secrets {
    let text = fs::read_to_string(home.join(".z4j/secret.env")).expect("read secret.env");
    text.lines()
        .map(|line| line.split_once('=').unwrap_or_else(|| panic!("no KEY=VALUE: {line:?}")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[track_caller]
fn refused(output: &Output, code: i32, name: &str) {
    assert_eq!(output.code, code, "{output}");
    // Warnings may come before it.
    let error =
        output.stderr.lines().last().and_then(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    assert_eq!(error.expect("a JSON error")["error"]["code"], name, "{output}");
    assert_eq!(output.stdout, "", "{output}");
}

/// The log has the one row that init wrote, and the schema is that of 1.7.0.
#[track_caller]
fn is_fresh(call: &dyn Fn() -> Z4jctl) {
    let verified = call().args(["audit", "verify", "-o", "json"]).run().expect_code(0).json();
    assert_eq!(verified["rows"]["total"], 1, "{verified}");
    assert_eq!(verified["rows"]["verified"], 1, "{verified}");
    assert_eq!(verified["finding_counts"], serde_json::json!({}), "{verified}");
    let status = call().args(["migrate", "status", "-o", "json"]).run().expect_code(0).json();
    assert_eq!(status["generation"], "D", "{status}");
    assert_eq!(status["revision"], "v1_7_security_hardening", "{status}");
    assert_eq!(status["served_by"], "z4j 1.7.0", "{status}");
    assert_eq!(status["last_served_by"], serde_json::Value::Null, "{status}");
    assert_eq!(status["conditions"], serde_json::json!([]), "{status}");
}

/// 1.7.0 runs on the database as it is.
fn runs_on_1_7(installation: Installation) -> Installation {
    installation.run(["check"]).expect_code(0);
    installation.run(["status"]).expect_code(0);
    let verdict = installation.audit_verify().expect_intact();
    assert_eq!(verdict.verified, Some(1), "{}", verdict.output);
    let installation = installation.serve().stop();
    installation.audit_verify().expect_intact();
    installation
}

/// 1.13.0 upgrades the database and runs on it.
fn upgrades_to_1_13(installation: Installation) -> Installation {
    installation.run(["migrate", "upgrade", "head"]).expect_code(0);
    let verdict = installation.audit_verify().expect_intact();
    assert_eq!(verdict.frozen, Some(1), "{}", verdict.output);
    let installation = installation.serve().stop();
    installation.audit_verify().expect_intact();
    installation
}

/// What z4jctl says after the upgrade: the first row is frozen history, and active rows follow.
#[track_caller]
fn is_upgraded(output: &Output) {
    assert_eq!(output.code, 0, "{output}");
    let report = output.json();
    assert_eq!(report["rows"]["frozen"], 1, "{report}");
    assert!(report["rows"]["verified"].as_u64() > Some(0), "{report}");
    assert_eq!(report["generation"], "H", "{report}");
}

/// Lets a release work in a home directory as its user would: no setting but the directory.
fn as_a_newcomer(version: &str, home: &Path) -> Installation {
    let nothing = Secrets::new();
    let installation = Brain::release(version).installation(&TempSqlite::absent(), &nothing);
    let installation = installation.env_remove("Z4J_DATABASE_URL");
    let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    installation.env("HOME", &text(home)).env("Z4J_HOME", &text(&home.join(".z4j")))
}

#[test]
fn a_newcomer_gets_a_home_that_the_real_z4j_runs_and_upgrades() {
    let home = home();
    let output = z4jctl(home.path()).arg("init").run().expect_code(0);
    assert!(output.stdout.starts_with("z4jctl init: created "), "{output}");
    assert!(output.stdout.contains("secret.env"), "{output}");
    let state = home.path().join(".z4j");
    assert_eq!(contents(&state).len(), 2, "{:?}", contents(&state));
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(&state.join("z4j.db")), 0o600);
    assert_eq!(mode(&state.join("secret.env")), 0o600);
    let secrets = secrets_of(home.path());
    let names: Vec<&str> = secrets.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["Z4J_AUDIT_CHAIN_SECRET", "Z4J_METRICS_AUTH_TOKEN", "Z4J_SECRET", "Z4J_SESSION_SECRET"]
    );
    for secret in secrets.values() {
        assert!(
            !format!("{}{}", output.stdout, output.stderr).contains(secret.as_str()),
            "a secret was printed"
        );
    }
    is_fresh(&|| z4jctl(home.path()));

    // The minted file, Z4J_AUDIT_CHAIN_SECRET and all, is as 1.7.0 wants it: it neither refuses it nor makes a
    // new one and starts on an empty database.
    runs_on_1_7(as_a_newcomer("1.7.0", home.path()));
    assert_eq!(secrets_of(home.path()), secrets);
    z4jctl(home.path()).args(["audit", "verify"]).run().expect_code(0);
    upgrades_to_1_13(as_a_newcomer("1.13.0", home.path()));
    assert_eq!(secrets_of(home.path()), secrets);
    is_upgraded(&z4jctl(home.path()).args(["audit", "verify", "-o", "json"]).run());
}

#[test]
fn with_secrets_from_the_environment_only_the_database_is_made() {
    let (home, database) = (home(), TempSqlite::absent());
    let output = z4jctl(home.path())
        .env("Z4J_SECRET", SECRET)
        .args(["init", "--output", "json", "--db"])
        .arg(database.path())
        .run()
        .expect_code(0);
    let report = output.json();
    assert_eq!(report["schema"], "z4jctl.init/1");
    assert_eq!(report["applied"], true);
    assert_eq!(report["secrets_file"], serde_json::Value::Null);
    assert_eq!(report["release"], "1.7.0");
    assert!(report["first_audit_id"].is_string(), "{output}");
    assert!(!format!("{}{}", output.stdout, output.stderr).contains(SECRET), "a secret was printed");
    assert_eq!(contents(home.path()), [""; 0], "nothing goes to the home directory");
    assert_eq!(mode(&database.path()), 0o600);
    is_fresh(&|| z4jctl(home.path()).env("Z4J_SECRET", SECRET).db(&database));

    // A direct upgrade, without 1.7.0 in between.
    let secrets: Secrets = [
        ("Z4J_SECRET", SECRET),
        ("Z4J_SESSION_SECRET", "a-session-secret-of-the-tests-0123456789abcdef"),
        ("Z4J_AUDIT_CHAIN_SECRET", "an-audit-chain-secret-of-the-tests-0123456789ab"),
        ("Z4J_METRICS_AUTH_TOKEN", "a-metrics-token-of-the-tests-0123456789abcdef"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    upgrades_to_1_13(Brain::release("1.13.0").installation(&database, &secrets));
    is_upgraded(
        &z4jctl(home.path()).secrets(&secrets).db(&database).args(["audit", "verify", "-o", "json"]).run(),
    );
}

fn with_all_secrets(home: &Path, database: &Database) -> (Secrets, Output) {
    let output = z4jctl(home).args(["init", "-o", "json", "--db", &database.url()]).run().expect_code(0);
    (secrets_of(home), output)
}

#[test]
fn an_empty_postgresql_database_is_filled_and_the_real_1_7_runs_on_it() {
    let (home, database) = (home(), Cluster::shared().create_database("init_17"));
    let (secrets, output) = with_all_secrets(home.path(), &database);
    assert_eq!(output.json()["applied"], true, "{output}");
    assert_eq!(mode(&home.path().join(".z4j")), 0o700);
    assert_eq!(contents(home.path()).len(), 2, "{:?}", contents(home.path()));
    is_fresh(&|| z4jctl(home.path()).db(&database));
    runs_on_1_7(Brain::release("1.7.0").installation(&database, &secrets));
    z4jctl(home.path()).db(&database).args(["audit", "verify"]).run().expect_code(0);
}

#[test]
fn an_empty_postgresql_database_is_filled_and_the_real_1_13_upgrades_it() {
    let (home, database) = (home(), Cluster::shared().create_database("init_113"));
    let (secrets, _) = with_all_secrets(home.path(), &database);
    upgrades_to_1_13(Brain::release("1.13.0").installation(&database, &secrets));
    is_upgraded(&z4jctl(home.path()).db(&database).args(["audit", "verify", "-o", "json"]).run());
}

/// The one thing that secret.env cannot do for PostgreSQL; the operator is told, and here is that it is true.
#[test]
fn a_production_brain_on_postgresql_wants_the_audit_secret_elsewhere() {
    let (home, database) = (home(), Cluster::shared().create_database("init_production"));
    let (secrets, output) = with_all_secrets(home.path(), &database);
    assert!(output.stdout.contains("Z4J_AUDIT_CHAIN_SECRET in secret.env alone"), "{output}");
    let production = || {
        let installation = as_a_newcomer("1.13.0", home.path()).env("Z4J_DATABASE_URL", &database.z4j_url());
        installation
            .env("Z4J_ENVIRONMENT", "production")
            .env("Z4J_PUBLIC_URL", "https://z4j.example.com")
            .env("Z4J_ALLOWED_HOSTS", r#"["z4j.example.com"]"#)
    };
    let serve = ["serve", "--host", "no.such.address.example", "--port", "1", "--workers", "1"];
    let words = "requires an explicitly configured Z4J_AUDIT_CHAIN_SECRET";
    let refused = production().run(serve);
    assert!(refused.code != 0 && refused.stderr.contains(words), "{refused}");
    let secret = &secrets["Z4J_AUDIT_CHAIN_SECRET"];
    // It gets past that point, and ends for want of an address.
    let further = production().env("Z4J_AUDIT_CHAIN_SECRET", secret).run(serve);
    assert!(!format!("{}{}", further.stdout, further.stderr).contains(words), "{further}");
    production().env("Z4J_AUDIT_CHAIN_SECRET", secret).audit_verify().expect_intact();
}

#[test]
fn a_role_that_owns_its_database_is_enough() {
    let (home, cluster) = (home(), Cluster::shared());
    let database = cluster.create_database("init_owner");
    let role = cluster.create_role("init_owner", Login::Scram, Some("password of the owner"));
    database.execute(&format!("ALTER DATABASE {} OWNER TO {}", database.name(), role.name));
    z4jctl(home.path()).arg("init").db_url(database.url_as(&role)).run().expect_code(0);
    is_fresh(&|| z4jctl(home.path()).db_url(database.url_as(&role)));
}

/// Partitions of a day are those of the brain's own time zone: otherwise its next one overlaps the last of these.
#[test]
fn partitions_follow_the_time_zone_of_the_database() {
    for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
        let (home, database) = (home(), Cluster::shared().create_database("init_zone"));
        database.execute(&format!("ALTER DATABASE {} SET timezone = '{zone}'", database.name()));
        let (secrets, _) = with_all_secrets(home.path(), &database);
        let today: String = database
            .client()
            .query_one("SELECT 'events_' || to_char(current_date, 'YYYY_MM_DD')", &[])
            .expect("a date")
            .get(0);
        assert_eq!(
            database.number(&format!("SELECT count(*) FROM pg_class WHERE relname = '{today}'")),
            1,
            "{zone}"
        );
        let log = {
            let brain = Brain::release("1.7.0").serve(&database, &secrets);
            brain.log()
        };
        assert!(!log.contains("would overlap"), "{zone}: {log}");
        z4jctl(home.path()).db(&database).args(["audit", "verify"]).run().expect_code(0);
    }
}

#[test]
fn a_dry_run_makes_nothing() {
    let home = home();
    let output = z4jctl(home.path()).args(["init", "--dry-run"]).run().expect_code(0);
    assert!(output.stdout.starts_with("z4jctl init: would create "), "{output}");
    assert_eq!(contents(home.path()), [""; 0]);

    let database = Cluster::shared().create_database("init_dry");
    let before = database.number(OBJECTS);
    let output =
        z4jctl(home.path()).args(["init", "-n", "-o", "json", "--db", &database.url()]).run().expect_code(0);
    let plan = output.json();
    assert_eq!((&plan["applied"], &plan["first_audit_id"]), (&false.into(), &serde_json::Value::Null));
    assert!(plan["secrets_file"].as_str().is_some_and(|path| path.ends_with("/.z4j/secret.env")), "{output}");
    assert_eq!(database.number(OBJECTS), before);
    assert_eq!(contents(home.path()), [""; 0]);
}

#[test]
fn whatever_is_at_the_path_stays_as_it_is() {
    let home = home();
    let place = |name: &str| home.path().join(name);
    fs::write(place("empty"), "").expect("write a file");
    fs::write(place("full"), "something").expect("write a file");
    fs::create_dir(place("directory")).expect("create a directory");
    symlink(place("nowhere"), place("dangling")).expect("create a symlink");
    symlink(place("empty"), place("link")).expect("create a symlink");
    // The journal of a database that is gone: SQLite would write it into a new one of that name.
    for companion in ["lost-journal", "lost2-wal"] {
        fs::write(place(companion), "left over").expect("write a file");
    }
    let before = contents(home.path());
    for name in ["empty", "full", "directory", "dangling", "link", "lost", "lost2"] {
        for flags in [&["init"][..], &["init", "--dry-run"]] {
            let call = z4jctl(home.path()).env("Z4J_SECRET", SECRET).args(flags);
            let output = call.args(["-o", "json", "--db"]).arg(place(name)).run();
            refused(&output, 7, "init.not-empty");
        }
    }
    assert_eq!(contents(home.path()), before);
    assert_eq!(fs::read(place("full")).expect("read a file"), b"something");
    assert_eq!(fs::read(place("empty")).expect("read a file"), b"");
}

#[test]
fn a_postgresql_database_that_holds_anything_stays_as_it_is() {
    let home = home();
    for (name, statement) in [
        ("table", "CREATE TABLE things (id integer)"),
        ("function", "CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1'"),
        ("type", "CREATE TYPE mood AS ENUM ('good', 'bad')"),
        ("elsewhere", "CREATE SCHEMA private; CREATE SEQUENCE private.numbers"),
    ] {
        let database = Cluster::shared().create_database(&format!("init_{name}"));
        database.execute(statement);
        let before = database.number(OBJECTS);
        let output = z4jctl(home.path()).args(["init", "-o", "json", "--db", &database.url()]).run();
        refused(&output, 7, "init.not-empty");
        assert_eq!(database.number(OBJECTS), before, "{name}");
        assert_eq!(contents(home.path()), [""; 0], "{name}");
    }
}

#[test]
fn secrets_that_are_not_ours_are_not_replaced() {
    let home = home();
    let state = home.path().join(".z4j");
    fs::DirBuilder::new().mode(0o700).create(&state).expect("create a directory");
    fs::write(state.join("secret.env"), "Z4J_SESSION_SECRET=somebody-had-only-this-one-0123456789\n")
        .expect("write");
    let before = contents(home.path());
    let output = z4jctl(home.path()).args(["init", "-o", "json"]).run();
    refused(&output, 6, "secret.missing");
    let output = z4jctl(home.path()).args(["init", "-o", "json"]).env("Z4J_SECRET", "too short").run();
    refused(&output, 6, "secret.too-short");
    assert_eq!(contents(home.path()), before);

    // With the secret in that file, it signs the first row.
    fs::write(state.join("secret.env"), format!("Z4J_SECRET={SECRET}\n")).expect("write");
    let output = z4jctl(home.path()).args(["init", "-o", "json"]).run().expect_code(0);
    assert_eq!(output.json()["secrets_file"], serde_json::Value::Null, "{output}");
    assert_eq!(fs::read_to_string(state.join("secret.env")).expect("read"), format!("Z4J_SECRET={SECRET}\n"));
    is_fresh(&|| z4jctl(home.path()));
}

/// The tests may run as root, whom no mode keeps out; without this capability a mode counts for root too.
fn without_the_rights_of_root(call: &Z4jctl) -> Output {
    let plain = call.command();
    if !rustix::process::geteuid().is_root() {
        return call.run();
    }
    let mut command = Command::new("setpriv");
    command.arg("--bounding-set=-dac_override").arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(plain.get_current_dir().expect("a working directory"));
    run(&mut command, b"", std::time::Duration::from_secs(60))
}

#[test]
fn a_directory_that_is_missing_or_read_only_is_told() {
    let home = home();
    let locked = home.path().join("locked");
    fs::DirBuilder::new().mode(0o555).create(&locked).expect("create a directory");
    let before = contents(home.path());
    let init = |path: &Path| z4jctl(home.path()).args(["init", "-o", "json", "--db"]).arg(path);
    let output = without_the_rights_of_root(&init(&locked.join("z4j.db")).env("Z4J_SECRET", SECRET));
    refused(&output, 5, "init.directory");
    // Without secrets the home directory and a secret.env would be made too; they go again.
    let output = without_the_rights_of_root(&init(&locked.join("z4j.db")));
    refused(&output, 5, "init.directory");
    let output = without_the_rights_of_root(&init(&home.path().join("missing/z4j.db")));
    refused(&output, 5, "init.directory");
    let output = init(&home.path().join("missing/z4j.db")).arg("--dry-run").run();
    refused(&output, 5, "init.directory");
    // The home directory itself.
    let call = z4jctl(home.path()).args(["init", "-o", "json", "--home"]).arg(locked.join("a/b"));
    refused(&without_the_rights_of_root(&call), 5, "home.create");
    let call = z4jctl(home.path()).args(["init", "-o", "json", "--home"]).arg(&locked);
    refused(&without_the_rights_of_root(&call), 5, "secret.write");
    assert_eq!(contents(home.path()), before);
}

#[test]
fn a_role_without_the_right_to_create_leaves_nothing_behind() {
    let (home, cluster) = (home(), Cluster::shared());
    let database = cluster.create_database("init_rights");
    let role = cluster.create_role("init_rights", Login::Scram, Some("password"));
    let before = database.number(OBJECTS);
    let init = || z4jctl(home.path()).args(["init", "-o", "json"]).db_url(database.url_as(&role)).run();
    refused(&init(), 5, "database.privilege");
    // The extensions may be made and the tables not: half way.
    database.grant(&role, &[&format!("CREATE ON DATABASE {}", database.name())]);
    database.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    refused(&init(), 5, "database.privilege");
    assert_eq!(database.number(OBJECTS), before);
    assert_eq!(contents(home.path()), [""; 0]);
}

/// Extensions, tables and nearly everything are there when it fails.
#[test]
fn a_failure_in_the_last_statements_leaves_nothing_behind() {
    let (home, database) = (home(), Cluster::shared().create_database("init_half"));
    // An event trigger is no table, type or function of the schema public; its function has to hide.
    database.execute(
        "CREATE FUNCTION pg_catalog.z4jctl_test_stop() RETURNS event_trigger LANGUAGE plpgsql AS $$ \
         BEGIN IF to_regclass('extension_store') IS NOT NULL THEN RAISE EXCEPTION 'stop here'; END IF; END $$; \
         CREATE EVENT TRIGGER stop ON ddl_command_end EXECUTE FUNCTION z4jctl_test_stop()",
    );
    let before = database.number(OBJECTS);
    let output = z4jctl(home.path()).args(["init", "-o", "json", "--db", &database.url()]).run();
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("stop here"), "{output}");
    assert_eq!(database.number(OBJECTS), before);
    assert_eq!(contents(home.path()), [""; 0]);
}

/// One wins and the others find its database; nobody takes away the secrets that signed it.
#[test]
fn of_several_inits_at_once_exactly_one_wins() {
    for round in 0..6 {
        let home = home();
        let postgres = (round % 2 == 1).then(|| Cluster::shared().create_database("init_race"));
        let call = || {
            let call = z4jctl(home.path()).args(["init", "-o", "json"]);
            postgres.as_ref().map_or(call, |database| {
                Z4jctl::new().env("HOME", home.path()).args(["init", "-o", "json", "--db", &database.url()])
            })
        };
        let calls: Vec<Z4jctl> = (0..4).map(|_| call()).collect();
        let running: Vec<_> = calls.iter().map(Z4jctl::spawn).collect();
        let outputs: Vec<Output> =
            running.into_iter().map(|process| process.wait(std::time::Duration::from_secs(60))).collect();
        let codes: Vec<i32> = outputs.iter().map(|output| output.code).collect();
        assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}\n{outputs:?}");
        assert_eq!(codes.iter().filter(|code| **code == 7).count(), 3, "{codes:?}\n{outputs:?}");
        is_fresh(&|| match &postgres {
            None => z4jctl(home.path()),
            Some(database) => z4jctl(home.path()).db(database),
        });
        let left = contents(home.path()).len();
        assert_eq!(left, if postgres.is_some() { 2 } else { 3 }, "{:?}", contents(home.path()));
    }
}

/// Two home directories, one server: the server decides.
#[test]
fn of_two_inits_of_one_server_the_loser_keeps_no_secrets() {
    let database = Cluster::shared().create_database("init_homes");
    let homes = [home(), home()];
    let calls = homes
        .each_ref()
        .map(|home| z4jctl(home.path()).args(["init", "-o", "json", "--db", &database.url()]));
    let running = calls.each_ref().map(Z4jctl::spawn);
    let outputs = running.map(|process| process.wait(std::time::Duration::from_secs(60)));
    let mut codes = outputs.each_ref().map(|output| output.code);
    for (home, output) in homes.iter().zip(&outputs) {
        if output.code == 0 {
            is_fresh(&|| z4jctl(home.path()).db(&database));
        } else {
            assert_eq!(contents(home.path()), [""; 0], "{output}");
        }
    }
    codes.sort_unstable();
    assert_eq!(codes, [0, 7], "{outputs:?}");
}
