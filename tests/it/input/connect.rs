//! PostgreSQL: every way to be refused, and every way in.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use super::interrupt::{is_copying, large_postgres};
use super::{refuses, servers, verify, verify_at};
use crate::support::fixtures::{Dump, Fixture};
use crate::support::postgres::{Cluster, Database, Login, Role};
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase as _, Secrets, free_port, wait_for};

fn of(release: &str) -> (Database, &'static Secrets) {
    let fixture = Fixture::by_name(release);
    (fixture.postgres(Dump::Plain), &fixture.postgres_meta().secrets)
}

fn reader(database: &Database, login: Login, password: Option<&str>) -> Role {
    let role = Cluster::shared().create_role("reader", login, password);
    database.grant(&role, &["SELECT ON ALL TABLES IN SCHEMA public"]);
    role
}

#[test]
fn nobody_listens() {
    let port = free_port();
    for url in [
        format!("postgresql://z4j@127.0.0.1:{port}/z4j"),
        format!("postgresql+asyncpg://z4j:secret@127.0.0.1:{port}/z4j"),
        format!("postgresql://z4j@127.0.0.1:{port},127.0.0.2:{port}/z4j"),
    ] {
        let start = Instant::now();
        let words = [&format!("127.0.0.1:{port}"), "refused", "config show"];
        refuses(verify_at(url, &Secrets::new()), 5, "database.connection", &words);
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    }
    refuses(
        verify_at("postgresql://z4j@no-such-host.invalid/z4j", &Secrets::new()),
        5,
        "database.connection",
        &["no-such-host.invalid"],
    );
    let words = ["nowhere", "No such file"];
    refuses(verify_at("postgresql:///z4j?host=/nowhere", &Secrets::new()), 5, "database.connection", &words);
    // A server that accepts and is silent.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listen");
    let port = listener.local_addr().expect("an address").port();
    let start = Instant::now();
    let url = format!("postgresql://z4j@127.0.0.1:{port}/z4j");
    let call = verify_at(url, &Secrets::new()).args(["--connect-timeout=1s"]);
    refuses(call, 5, "database.connection", &["timed out"]);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn the_server_says_no() {
    let cluster = Cluster::shared();
    let (database, secrets) = of("1.6.9");
    for login in [Login::Scram, Login::Md5] {
        let role = reader(&database, login, Some("right/@:%"));
        verify_at(database.url_as(&role), secrets).run().expect_code(0);
        let mut wrong = role.clone();
        wrong.password = Some("wrong-pa55word".into());
        let words = ["password", &role.name, database.name(), "PGPASSWORD"];
        let output = refuses(verify_at(database.url_as(&wrong), secrets), 5, "database.password", &words);
        assert!(!output.stderr.contains("wrong-pa55word"), "{output}");
        wrong.password = None;
        refuses(
            verify_at(database.url_as(&wrong), secrets),
            5,
            "database.password",
            &["password", "PGPASSWORD"],
        );
    }
    let url = database.url().replace(database.name(), "no_such_database");
    refuses(verify_at(url, secrets), 5, "database.not-found", &["no_such_database"]);
    let url = database.url().replace("postgres@", "no_such_role@");
    refuses(verify_at(url, secrets), 5, "database.authentication", &["no_such_role"]);

    let empty = cluster.create_database("empty");
    refuses(verify(&empty, secrets), 7, "schema.empty", &["no tables of z4j"]);
    empty.execute("CREATE TABLE users (id integer); CREATE TABLE alembic_version (version_num text)");
    refuses(verify(&empty, secrets), 7, "schema.not-z4j", &["audit_log is missing", "search_path"]);
}

#[test]
fn the_revision_must_be_one_row() {
    let (database, secrets) = of("1.13.0");
    database.execute("INSERT INTO alembic_version VALUES ('v1_99_future')");
    refuses(verify(&database, secrets), 7, "schema.revision", &["holds 2"]);
    database.execute("DELETE FROM alembic_version");
    refuses(verify(&database, secrets), 7, "schema.revision", &["holds 0"]);
    database.execute("INSERT INTO alembic_version VALUES ('v1_99_future')");
    let output = verify(&database, secrets).run().expect_code(0);
    assert!(output.stdout.contains("not known to this z4jctl"), "{output}");
    database.execute(
        "ALTER TABLE audit_log ALTER COLUMN user_agent TYPE bytea USING convert_to(user_agent, 'UTF8')",
    );
    refuses(verify(&database, secrets), 7, "schema.audit-log", &["audit_log.user_agent is bytea"]);
}

#[test]
fn reading_the_needed_tables_is_enough() {
    for (release, tables) in [
        ("1.6.9", &["audit_log", "z4j_meta", "alembic_version"][..]),
        (
            "1.13.0",
            &["audit_log", "audit_chain_state", "audit_chain_preparation", "z4j_meta", "alembic_version"],
        ),
    ] {
        let (database, secrets) = of(release);
        let role = Cluster::shared().create_role("narrow", Login::Trust, None);
        let call = || verify_at(database.url_as(&role), secrets);
        for table in tables {
            let exists = database.number(&format!("SELECT count(to_regclass('{table}'))"));
            if exists == 1 {
                let output = refuses(call(), 5, "database.privilege", &["GRANT SELECT", database.name()]);
                assert!(output.stderr.contains(&role.name), "{output}");
                database.grant(&role, &[&format!("SELECT ON {table}")]);
            }
        }
        call().run().expect_code(0);
        // Not even a temporary table may be made, and a read-only account is no obstacle.
        database.execute(&format!("ALTER ROLE {} SET default_transaction_read_only = on", role.name));
        call().run().expect_code(0);
    }
}

#[test]
fn hidden_rows_are_not_missing_rows() {
    let (database, secrets) = of("1.6.9");
    let role = Cluster::shared().create_role("hidden", Login::Trust, None);
    database.grant(&role, &["SELECT ON ALL TABLES IN SCHEMA public"]);
    database.execute("ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY");
    database.execute("CREATE POLICY visible ON audit_log FOR SELECT USING (action <> 'auth.login')");
    refuses(verify_at(database.url_as(&role), secrets), 5, "database.row-security", &["BYPASSRLS"]);
    database.execute(&format!("ALTER ROLE {} BYPASSRLS", role.name));
    verify_at(database.url_as(&role), secrets).run().expect_code(0);
}

#[test]
fn limits_of_time_hold() {
    let (database, secrets) = of("1.6.9");
    let mut holder = database.client();
    holder.batch_execute("BEGIN; LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE").expect("lock");
    let start = Instant::now();
    let call = verify(&database, secrets).args(["--lock-timeout=200ms"]);
    refuses(call, 7, "database.locked", &["locked", "--lock-timeout"]);
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    let call = verify(&database, secrets).args(["--lock-timeout=1m", "--statement-timeout=300ms"]);
    refuses(call, 5, "database.timeout", &["--statement-timeout"]);
    // A lock that ends in time.
    let waiting = verify(&database, secrets).args(["--lock-timeout=30s"]).spawn();
    std::thread::sleep(Duration::from_millis(700));
    holder.batch_execute("COMMIT").expect("unlock");
    waiting.wait(Duration::from_secs(60)).expect_code(0);

    // The walk has no limit unless one is asked for; the brain's writers are not held up.
    let large = large_postgres(60_000);
    large.execute(&format!("ALTER DATABASE {} SET statement_timeout = '10s'", large.name()));
    let output = verify(&large, secrets).args(["--max-findings=1"]).run();
    assert!([1, 3].contains(&output.code), "{output}");
    refuses(
        verify(&large, secrets).args(["--statement-timeout=150ms"]),
        5,
        "database.timeout",
        &["--statement-timeout"],
    );
}

#[test]
fn what_libpq_knows_is_known() {
    let (database, secrets) = of("1.6.9");
    let cluster = Cluster::shared();
    let role = reader(&database, Login::Scram, Some("pass:with\\all"));
    let port = cluster.port().to_string();
    let without_password = format!("postgresql://{}@127.0.0.1:{port}/{}", role.name, database.name());
    let plain = || Z4jctl::new().secrets(secrets).args(["audit", "verify"]);

    // .pgpass, at home and elsewhere; open to others it is ignored, and that is said.
    let line = format!("127.0.0.1:{port}:*:{}:pass\\:with\\\\all\n", role.name);
    let call = plain().db_url(&without_password);
    let file = call.home().join(".pgpass");
    fs::write(&file, &line).expect("write");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("protect");
    call.run().expect_code(0);
    plain().db_url(&without_password).arg("--passfile").arg(&file).run().expect_code(0);
    plain().db_url(&without_password).env("PGPASSFILE", &file).run().expect_code(0);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("open to others");
    let output = call.run().expect_code(5);
    assert!(output.stderr.contains("chmod 600") && output.stderr.contains("password"), "{output}");
    let error = call.args(["--output=json"]).run().expect_code(5).json_error();
    assert!(error["remarks"].to_string().contains("chmod 600"), "{error}");
    assert_eq!(error["error"]["code"], "database.password");

    plain().db_url(&without_password).env("PGPASSWORD", "pass:with\\all").run().expect_code(0);

    // A service.
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let services = directory.path().join("services");
    let section = format!(
        "[other]\nhost=/nowhere\n[brain]\nhost=127.0.0.1\nport={port}\nuser={}\npassword=pass:with\\all\ndbname={}\n",
        role.name,
        database.name()
    );
    fs::write(&services, section).expect("write");
    let service = || plain().env("PGSERVICEFILE", &services);
    service().env("PGSERVICE", "brain").run().expect_code(0);
    service().args(["--db", "service=brain"]).run().expect_code(0);
    refuses(service().env("PGSERVICE", "nothing"), 2, "database.unknown-service", &["services"]);
    refuses(service().env("PGSERVICE", "other"), 5, "database.connection", &["nowhere"]);

    // Variables alone.
    plain()
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", &port)
        .env("PGUSER", "postgres")
        .env("PGDATABASE", database.name())
        .run()
        .expect_code(0);

    // Sockets, connection strings, asyncpg's URL, several hosts of which one is dead.
    plain().db_url(database.socket_url()).run().expect_code(0);
    plain().db_url(database.z4j_url()).run().expect_code(0);
    let directory = cluster.directory().display();
    plain()
        .args(["--db", &format!("host={directory} port={port} user=postgres dbname={}", database.name())])
        .run()
        .expect_code(0);
    plain()
        .env("PGHOST", directory.to_string())
        .env("PGPORT", &port)
        .env("PGUSER", "postgres")
        .env("PGDATABASE", database.name())
        .run()
        .expect_code(0);
    let (dead, name) = (free_port(), database.name());
    let several =
        format!("postgresql://postgres@127.0.0.1:{dead},127.0.0.1:{port}/{name}?target_session_attrs=any");
    plain().db_url(several).run().expect_code(0);
    refuses(
        plain().db_url(format!("postgresql://postgres@127.0.0.1:{port}/{name}?target_session_attrs=standby")),
        5,
        "database.no-suitable-server",
        &["target_session_attrs"],
    );
}

#[test]
fn settings_of_the_server_do_not_matter() {
    for release in ["1.6.9", "1.13.0"] {
        let (database, secrets) = of(release);
        let expected = verify(&database, secrets).args(["--output=json"]).run().expect_code(0).json();
        let role = reader(&database, Login::Trust, None);
        // From another database: in this one even the superuser may be read-only.
        let alter = |statement: &str| Cluster::shared().client().batch_execute(statement).expect(statement);
        for setting in [
            "default_transaction_isolation = 'serializable'",
            "default_transaction_read_only = on",
            "default_transaction_deferrable = on",
            "DateStyle = 'German, DMY'",
            "TimeZone = 'Asia/Kathmandu'",
            "IntervalStyle = 'sql_standard'",
            "client_encoding = 'LATIN1'",
            "bytea_output = 'escape'",
            "extra_float_digits = -15",
            "standard_conforming_strings = off",
            "idle_in_transaction_session_timeout = '1ms'",
            "lock_timeout = '1ms'",
            "enable_indexscan = off",
            "enable_seqscan = off",
            "jit = on",
            "max_parallel_workers_per_gather = 8",
            "row_security = off",
        ] {
            for owner in [format!("DATABASE {}", database.name()), format!("ROLE {}", role.name)] {
                alter(&format!("ALTER {owner} SET {setting}"));
            }
            let call = verify_at(database.url_as(&role), secrets).args(["--output=json"]);
            let report = call.run().expect_code(0).json();
            for part in ["rows", "head", "findings", "revision"] {
                assert_eq!(report[part], expected[part], "{setting}");
            }
            let window = ["--since=2020-01-01T00:00:00+05:45", "--until=2100-01-01"];
            verify_at(database.url_as(&role), secrets).args(window).run().expect_code(0);
            let head = Z4jctl::new().db_url(database.url_as(&role)).secrets(secrets).args(["audit", "head"]);
            head.run().expect_code(0);
            for owner in [format!("DATABASE {}", database.name()), format!("ROLE {}", role.name)] {
                alter(&format!("ALTER {owner} RESET ALL"));
            }
        }
        // The tables in another schema, which the session has to be told.
        database.execute("ALTER SCHEMA public RENAME TO z4j; CREATE SCHEMA public");
        refuses(verify(&database, secrets), 7, "schema.empty", &["no tables of z4j"]);
        for parameters in [("options", "-c search_path=z4j"), ("options", "-csearch_path=nothing,z4j")] {
            let superuser = Role { name: "postgres".into(), password: None };
            verify_at(database.url_to(&superuser, "127.0.0.1", &[parameters]), secrets).run().expect_code(0);
        }
        verify(&database, secrets).env("PGOPTIONS", "-c search_path=z4j").run().expect_code(0);
        // Somebody else's table of the same name comes first.
        database.execute("CREATE TABLE public.audit_log (id integer)");
        let mixed = verify(&database, secrets).env("PGOPTIONS", "-c search_path=public,z4j");
        refuses(mixed, 7, "schema.audit-log", &["audit_log"]);
    }
}

#[test]
fn a_pooler_in_transaction_mode_is_no_obstacle() {
    let Some(bouncer) = servers::bouncer() else { return };
    for release in ["1.6.9", "1.13.0"] {
        let (database, secrets) = of(release);
        let url = format!("postgresql://postgres@127.0.0.1:{}/{}", bouncer.port, database.name());
        for _ in 0..3 {
            verify_at(&url, secrets).run().expect_code(0);
        }
        let calls: Vec<Z4jctl> = (0..4).map(|_| verify_at(&url, secrets)).collect();
        let running: Vec<_> = calls.iter().map(Z4jctl::spawn).collect();
        for running in running {
            running.wait(Duration::from_secs(60)).expect_code(0);
        }
        for command in [&["audit", "head"][..], &["audit", "show", "7"], &["migrate", "status"]] {
            Z4jctl::new().db_url(&url).secrets(secrets).args(command).run().expect_code(0);
        }
    }
    // A session that is left within a transaction costs the pool a connection.
    let log = bouncer.log();
    assert!(!log.contains("closing because: client disconnect"), "{log}");
    assert!(!log.contains("not ready") && !log.contains("in transaction"), "{log}");
    let large = large_postgres(30_000);
    let url = format!("postgresql://postgres@127.0.0.1:{}/{}", bouncer.port, large.name());
    let output =
        verify_at(&url, &Fixture::by_name("1.6.9").postgres_meta().secrets).args(["--max-findings=1"]).run();
    assert!([1, 3].contains(&output.code), "{output}");
}

#[test]
fn a_standby_is_read() {
    let (database, secrets) = of("1.13.0");
    let standby = servers::standby();
    let rows = Fixture::by_name("1.13.0").postgres_meta().audit_rows();
    let url = |port: u16| format!("postgresql://postgres@127.0.0.1:{port}/{}", database.name());
    let report = verify_at(url(standby.port), secrets).args(["--output=json"]).run().expect_code(0).json();
    assert_eq!((&report["snapshot"]["standby"], &report["rows"]["total"]), (&true.into(), &rows.into()));
    let report = verify_at(url(Cluster::shared().port()), secrets).args(["--output=json"]).run().json();
    assert_eq!(report["snapshot"]["standby"], false);
    let both = format!(
        "postgresql://postgres@127.0.0.1:{},127.0.0.1:{}/{}",
        Cluster::shared().port(),
        standby.port,
        database.name()
    );
    for (wanted, is_standby) in
        [("standby", true), ("prefer-standby", true), ("primary", false), ("any", false)]
    {
        let call =
            verify_at(format!("{both}?target_session_attrs={wanted}"), secrets).args(["--output=json"]);
        assert_eq!(call.run().expect_code(0).json()["snapshot"]["standby"], is_standby, "{wanted}");
    }
}

#[test]
fn a_server_that_goes_away_in_the_middle_is_an_error() {
    let secrets = &Fixture::by_name("1.6.9").postgres_meta().secrets;
    // The session is ended by an administrator.
    let database = large_postgres(150_000);
    for form in ["human", "json"] {
        let running = verify(&database, secrets).args(["--jobs=1", "--output", form]).spawn();
        wait_for("the walk to begin", Duration::from_secs(60), || is_copying(&database).then_some(()));
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY %'",
        );
        let output = running.wait(Duration::from_secs(60)).expect_code(5);
        assert_eq!(output.stdout, "", "{output}");
        if form == "json" {
            assert_eq!(output.json_error()["exit_code"], 5);
        } else {
            assert!(output.stderr.contains(database.name()) && output.stderr.contains("hint: "), "{output}");
        }
    }

    // The connection is cut without a word, as by a machine that dies: a proxy that closes both ends.
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").expect("listen");
    let port = proxy.local_addr().expect("an address").port();
    let target = Cluster::shared().port();
    let cutter = std::thread::spawn(move || {
        let (client, _) = proxy.accept().expect("a client");
        let server = std::net::TcpStream::connect(("127.0.0.1", target)).expect("the server");
        let (mut from_client, mut to_server) =
            (client.try_clone().expect("clone"), server.try_clone().expect("clone"));
        std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
        let (mut from_server, mut to_client) = (std::io::Read::take(&server, 2_000_000), &client);
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = client.shutdown(std::net::Shutdown::Both);
        let _ = server.shutdown(std::net::Shutdown::Both);
    });
    let url = format!("postgresql://postgres@127.0.0.1:{port}/{}?sslmode=disable", database.name());
    let output = verify_at(url, secrets).args(["--output=json"]).run().expect_code(5);
    assert_eq!(output.json_error()["exit_code"], 5, "{output}");
    cutter.join().expect("the proxy");
}
