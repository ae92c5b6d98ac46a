//! The tools in `support` do what the other tests believe they do.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::brain::{Brain, RealVerify};
use crate::support::fixtures::{Dump, Fixture};
use crate::support::postgres::{Cluster, Login, Tls};
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::support::{file_sha256, wait_for};

#[test]
fn every_sqlite_fixture_is_what_its_meta_says() {
    for fixture in Fixture::all().iter().filter(|fixture| fixture.has_sqlite()) {
        let (meta, copy) = (fixture.meta(), fixture.sqlite());
        assert_eq!(Some(file_sha256(copy.path())), meta.sha256_uncompressed, "{}", fixture.name);
        let rows = u64::try_from(copy.number("SELECT count(*) FROM audit_log")).expect("a count");
        assert_eq!(rows, meta.audit_rows(), "{}", fixture.name);
        let revision: String = copy
            .connection()
            .query_row("SELECT version_num FROM alembic_version", [], |row| row.get(0))
            .expect("one revision");
        assert_eq!(revision, meta.alembic_version, "{}", fixture.name);
    }
}

#[test]
fn both_forms_of_every_postgres_fixture_hold_the_rows_of_its_meta() {
    for fixture in Fixture::all().iter().filter(|fixture| fixture.has_postgres()) {
        let dumps = fixture.dumps();
        assert!(!dumps.is_empty(), "{} has a meta-pg.json without a dump", fixture.name);
        for dump in dumps {
            let database = fixture.postgres(dump);
            let rows = u64::try_from(database.number("SELECT count(*) FROM audit_log")).expect("a count");
            assert_eq!(rows, fixture.postgres_meta().audit_rows(), "{} {dump:?}", fixture.name);
        }
    }
}

#[test]
fn fixtures_of_every_generation_are_found() {
    let names: Vec<&str> = Fixture::all().iter().map(|fixture| fixture.name.as_str()).collect();
    for name in [
        "1.0.19",
        "1.3.4",
        "1.6.9",
        "1.7.0",
        "1.8.0",
        "1.9.1",
        "1.11.0",
        "1.13.0",
        "1.13.0-parked-at-prepare",
    ] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    assert_eq!(names.first(), Some(&"1.0.19"), "the oldest comes first");
    assert!(Fixture::by_name("1.6.9-pruned").is_variant);
    assert_eq!(Fixture::by_name("1.6.9-pruned").meta().verify.exit_code, 1);
    assert_eq!(Fixture::by_name("1.3.4").meta().release(), "1.3.4");
}

#[test]
fn copies_of_a_fixture_do_not_share_rows() {
    let fixture = Fixture::by_name("1.6.9");
    let (one, other) = (fixture.postgres(Dump::Plain), fixture.postgres(Dump::Plain));
    one.execute("DELETE FROM sessions");
    assert_eq!(one.number("SELECT count(*) FROM sessions"), 0);
    assert_eq!(
        u64::try_from(other.number("SELECT count(*) FROM sessions")).ok(),
        fixture.postgres_meta().row_counts.get("sessions").copied()
    );
}

#[test]
fn a_database_is_dropped_with_its_value() {
    let cluster = Cluster::shared();
    let name = cluster.create_database("Dröpped 1").name().to_owned();
    let left = cluster.client().query("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]);
    assert!(left.expect("ask for databases").is_empty(), "{name} is still there");
}

#[test]
fn roles_log_in_as_they_must() {
    let cluster = Cluster::shared();
    let database = cluster.create_database("roles");
    let can_connect = |url: &str| {
        postgres::Client::connect(url, postgres::NoTls)
            .is_ok_and(|mut client| client.simple_query("").is_ok())
    };

    for login in [Login::Scram, Login::Md5] {
        let role = cluster.create_role("reader", login, Some("sécret/with@signs"));
        assert!(can_connect(&database.url_as(&role)), "{login:?} with its password");
        let mut wrong = role.clone();
        wrong.password = Some("wrong".into());
        assert!(!can_connect(&database.url_as(&wrong)), "{login:?} with another password");
        database.execute("CREATE TABLE IF NOT EXISTS things (id integer)");
        let count = |url: &str| {
            let mut client = postgres::Client::connect(url, postgres::NoTls).expect("connect as a role");
            client.query_one("SELECT count(*) FROM things", &[]).is_ok()
        };
        assert!(!count(&database.url_as(&role)), "{login:?} without a grant");
        database.grant(&role, &["SELECT ON things"]);
        assert!(count(&database.url_as(&role)), "{login:?} with a grant");
    }
    let role = cluster.create_role("tls", Login::ScramOverTls, Some("secret"));
    assert!(!can_connect(&database.url_as(&role)), "without TLS");
}

/// Through psql, whose TLS is not ours.
#[test]
fn tls_and_client_certificates_work_as_libpq_expects() {
    let cluster = Cluster::shared();
    let database = cluster.create_database("tls");
    let role = cluster.create_role("certified", Login::Certificate, None);
    let other = cluster.create_role("certified", Login::Certificate, None);
    let files = cluster.client_certificate(&role);
    let (authority, certificate, key) = (
        cluster.authority_file().display().to_string(),
        files.certificate().display().to_string(),
        files.key().display().to_string(),
    );
    let select = |role, host: &str, mode: &str| {
        let parameters =
            [("sslmode", mode), ("sslrootcert", &authority), ("sslcert", &certificate), ("sslkey", &key)];
        let url = database.url_to(role, host, &parameters);
        let mut psql = Command::new(cluster.program("psql"));
        let output = psql.args([
            "-X",
            "-A",
            "-t",
            "-d",
            &url,
            "-c",
            "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        ]);
        let output = output.stdin(Stdio::null()).output().expect("run psql");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    assert_eq!(select(&role, "127.0.0.1", "verify-full"), "t");
    assert_eq!(select(&role, "127.0.0.2", "verify-ca"), "t", "the authority is right");
    assert_eq!(select(&role, "127.0.0.2", "verify-full"), "", "the address is not in the certificate");
    assert_eq!(select(&other, "127.0.0.1", "verify-full"), "", "the certificate of somebody else");
    assert_eq!(select(&role, "127.0.0.1", "disable"), "", "without TLS");
}

#[test]
fn the_real_z4j_accepts_its_own_databases() {
    let fixture = Fixture::by_name("1.13.0");
    let brain = Brain::release("1.13.0");

    let copy = fixture.sqlite();
    let verdict = brain.audit_verify(&copy, &fixture.meta().secrets).expect_intact();
    assert_eq!((verdict.verified, verdict.frozen), (fixture.meta().verify.rows_verified, Some(0)));
    assert_eq!(verdict.findings, Vec::<String>::new());

    let database = fixture.postgres(Dump::Custom);
    let verdict = brain.audit_verify(&database, &fixture.postgres_meta().secrets).expect_intact();
    assert_eq!(verdict.verified, fixture.postgres_meta().verify.rows_verified);
}

#[test]
fn the_real_z4j_finds_an_edited_row() {
    let fixture = Fixture::by_name("1.7.0");
    let copy = fixture.sqlite();
    let changed = copy.connection().execute(
        "UPDATE audit_log SET result = 'denied' WHERE id = (SELECT id FROM audit_log ORDER BY occurred_at LIMIT 1 OFFSET 5)",
        [],
    );
    assert_eq!(changed, Ok(1));
    let verdict = Brain::release("1.7.0").audit_verify(&copy, &fixture.meta().secrets);
    assert_eq!((verdict.exit_code, verdict.findings.len()), (1, 1), "{}", verdict.output);
}

#[test]
fn a_real_server_starts_on_a_fixture_and_takes_writes() {
    let fixture = Fixture::by_name("1.13.0");
    let copy = fixture.sqlite();
    let (email, password) = &fixture.meta().accounts["admin"];

    let brain = Brain::release("1.13.0").serve(&copy, &fixture.meta().secrets);
    assert_eq!(brain.try_login(email, "wrong").status, 401);
    let session = brain.login(email, password);
    let body = serde_json::json!({ "slug": "from-a-test", "name": "Aus einem Test – größer" });
    session.post("/projects", &body).expect_status(201);
    assert_eq!(session.get("/projects/from-a-test").json()["name"], body["name"]);
    let installation = brain.stop();

    let verdict = installation.audit_verify().expect_intact();
    assert!(verdict.verified > fixture.meta().verify.rows_verified, "{}", verdict.output);
}

#[test]
fn verdicts_of_all_releases_are_read() {
    let read = |stdout: &str, stderr: &str, code| {
        let (stdout_bytes, command) = (stdout.as_bytes().to_vec(), String::new());
        RealVerify::read(Output { command, code, stdout: stdout.into(), stderr: stderr.into(), stdout_bytes })
    };
    let old = read(
        "2026-11-22 02:48:19 [info     ] z4j database engine disposed\nverified: 33\nMISMATCHES (1):\n  abc (chain truncation)\n",
        "",
        1,
    );
    assert_eq!(
        (old.verified, old.frozen, old.findings),
        (Some(33), None, vec!["abc (chain truncation)".to_owned()])
    );
    let new = read("verified active: 42\ncanonical frozen rows assessed in aggregate: 7\n", "", 0);
    assert_eq!((new.verified, new.frozen, new.findings.len()), (Some(42), Some(7), 0));
    let refused = read("", "z4j audit verify: Boundary-F integrity verification refused: X: y\n", 1);
    assert_eq!((refused.verified, refused.refused.is_some()), (None, true));
}

#[test]
fn z4jctl_gets_only_the_environment_it_is_given() {
    let z4jctl =
        Z4jctl::new().env("Z4J_SECRET", "one").env("GONE", "x").env_remove("GONE").args(["--version"]);
    let command = z4jctl.command();
    let names: Vec<_> = command.get_envs().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(names, ["HOME", "PATH", "Z4J_SECRET"]);
    z4jctl.run().expect_code(0);
}

#[test]
fn the_cluster_vanishes_with_its_process() {
    let mut child = Command::new(std::env::current_exe().expect("the path of this test"))
        .args(["--exact", "harness::hold_a_cluster", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start this test once more");
    let mut lines =
        BufReader::new(child.stdout.take().expect("a piped stdout")).lines().map_while(Result::ok);
    let line = lines.find_map(|line| line.split_once("HOLDING ").map(|(_, held)| held.to_owned()));
    let (port, directory) =
        line.as_deref().and_then(|line| line.split_once(' ')).expect("the child says what it holds");
    let (port, directory) = (port.parse::<u16>().expect("a port"), Path::new(directory));
    assert!(directory.join("data/postmaster.pid").exists());

    child.kill().expect("kill the child with SIGKILL");
    child.wait().expect("wait for the child");
    wait_for("the directory to vanish", Duration::from_secs(30), || (!directory.exists()).then_some(()));
    wait_for("the server to stop", Duration::from_secs(30), || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_err().then_some(())
    });
}

#[test]
#[ignore = "the child of the_cluster_vanishes_with_its_process"]
fn hold_a_cluster() {
    let cluster = Cluster::start(Tls::Absent);
    println!("HOLDING {} {}", cluster.port(), cluster.directory().display());
    let end = std::io::stdin().read(&mut [0]).expect("wait for the end of the input");
    assert_eq!(end, 0);
}
