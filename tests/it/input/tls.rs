//! TLS in libpq's terms, against a server with a certificate for `localhost` and `127.0.0.1`.

use std::path::Path;

use super::{refuses, verify_at};
use crate::support::Secrets;
use crate::support::certificates::Authority;
use crate::support::fixtures::{Dump, Fixture};
use crate::support::postgres::{Cluster, Database, Login, Role};

fn fixture() -> (Database, &'static Secrets) {
    let fixture = Fixture::by_name("1.6.9");
    (fixture.postgres(Dump::Plain), &fixture.postgres_meta().secrets)
}

fn role(database: &Database, login: Login) -> Role {
    let role =
        Cluster::shared().create_role("tls", login, (login != Login::Certificate).then_some("sécret/@:%x"));
    database.grant(&role, &["SELECT ON ALL TABLES IN SCHEMA public"]);
    role
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn every_mode_does_what_libpq_does() {
    let (database, secrets) = fixture();
    let role = role(&database, Login::ScramOverTls);
    let ours = text(&Cluster::shared().authority_file());
    let place = tempfile::tempdir().expect("create a temporary directory");
    let other = place.path().join("other.crt");
    std::fs::write(&other, Authority::new("somebody else").pem()).expect("write a certificate");
    let other = text(&other);
    let call = |host: &str, parameters: &[(&str, &str)]| {
        verify_at(database.url_to(&role, host, parameters), secrets)
    };

    // The server insists on TLS for this role.
    refuses(call("127.0.0.1", &[("sslmode", "disable")]), 5, "database.authentication", &["sslmode"]);
    for mode in ["allow", "prefer", "require"] {
        call("127.0.0.1", &[("sslmode", mode)]).run().expect_code(0);
    }
    call("127.0.0.1", &[]).run().expect_code(0);
    call("127.0.0.1", &[("ssl", "require")]).run().expect_code(0);
    call("127.0.0.1", &[("ssl", "true")]).run().expect_code(0);
    call("127.0.0.1", &[]).args(["--sslmode", "require"]).run().expect_code(0);
    call("127.0.0.1", &[]).env("PGSSLMODE", "require").run().expect_code(0);

    // Who signed it.
    for mode in ["verify-ca", "verify-full", "require"] {
        call("127.0.0.1", &[("sslmode", mode), ("sslrootcert", &ours)]).run().expect_code(0);
        let words = ["certificate", "sslmode"];
        refuses(call("127.0.0.1", &[("sslmode", mode), ("sslrootcert", &other)]), 5, "database.tls", &words);
    }
    call("localhost", &[("sslmode", "verify-full"), ("sslrootcert", &ours)]).run().expect_code(0);
    call("127.0.0.1", &[]).args(["--sslmode=verify-full", "--sslrootcert", &ours]).run().expect_code(0);

    // For whom.
    call("127.0.0.2", &[("sslmode", "verify-ca"), ("sslrootcert", &ours)]).run().expect_code(0);
    refuses(
        call("127.0.0.2", &[("sslmode", "verify-full"), ("sslrootcert", &ours)]),
        5,
        "database.tls",
        &["127.0.0.2", "certificate"],
    );

    // Files that are not there, or hold nothing of use.
    refuses(
        call("127.0.0.1", &[("sslmode", "verify-full"), ("sslrootcert", "/nowhere/root.crt")]),
        5,
        "database.certificate",
        &["/nowhere/root.crt"],
    );
    let empty = place.path().join("empty.crt");
    std::fs::write(&empty, "nothing").expect("write");
    let words = [text(&empty)];
    refuses(
        call("127.0.0.1", &[("sslmode", "verify-full"), ("sslrootcert", &words[0])]),
        5,
        "database.certificate",
        &[&words[0], "no certificate"],
    );
    let output = call("127.0.0.1", &[("sslmode", "verify-ca")]).run().expect_code(2);
    assert!(output.stderr.contains("verify-ca, which needs sslrootcert"), "{output}");
    // The machine's own authorities do not know ours.
    let output = call("127.0.0.1", &[("sslmode", "verify-full")]).run().expect_code(5);
    assert!(output.stderr.contains("certificate"), "{output}");
}

#[test]
fn a_server_without_tls_is_used_only_when_that_is_allowed() {
    let cluster = Cluster::start(crate::support::postgres::Tls::Absent);
    let database = cluster.create_database("plain");
    let role = cluster.create_role("plain", Login::Trust, None);
    let call =
        |mode: &str| verify_at(database.url_to(&role, "127.0.0.1", &[("sslmode", mode)]), &Secrets::new());
    for mode in ["disable", "allow", "prefer"] {
        refuses(call(mode), 7, "schema.empty", &["no tables of z4j"]);
    }
    refuses(call("require"), 5, "database.tls", &["TLS", "sslmode"]);
}

#[test]
fn client_certificates_prove_who_we_are() {
    let (database, secrets) = fixture();
    let role = role(&database, Login::Certificate);
    let files = Cluster::shared().client_certificate(&role);
    let (certificate, key) = (text(&files.certificate()), text(&files.key()));
    let parameters = [("sslmode", "require"), ("sslcert", certificate.as_str()), ("sslkey", key.as_str())];
    let call =
        |parameters: &[(&str, &str)]| verify_at(database.url_to(&role, "127.0.0.1", parameters), secrets);
    call(&parameters).run().expect_code(0);
    call(&[]).args(["--sslcert", &certificate, "--sslkey", &key, "--sslmode=require"]).run().expect_code(0);
    call(&[]).env("PGSSLCERT", &certificate).env("PGSSLKEY", &key).run().expect_code(0);
    // Where libpq looks.
    let at_home = call(&[]);
    let directory = at_home.home().join(".postgresql");
    std::fs::create_dir(&directory).expect("create a directory");
    std::fs::copy(&certificate, directory.join("postgresql.crt")).expect("copy");
    std::fs::copy(&key, directory.join("postgresql.key")).expect("copy");
    at_home.run().expect_code(0);

    let output = call(&[("sslmode", "require")]).run().expect_code(5);
    assert!(output.stderr.contains("certificate") && output.stderr.contains("hint: "), "{output}");
    let stranger = Cluster::shared().create_role("stranger", Login::Certificate, None);
    let other = Cluster::shared().client_certificate(&stranger);
    let (certificate, key) = (text(&other.certificate()), text(&other.key()));
    let output =
        call(&[("sslmode", "require"), ("sslcert", &certificate), ("sslkey", &key)]).run().expect_code(5);
    assert!(output.stderr.contains("hint: "), "{output}");
    // Half of a pair, and a pair that does not match.
    refuses(
        call(&[("sslmode", "require"), ("sslcert", &certificate)]),
        5,
        "database.certificate",
        &["sslkey"],
    );
    let output =
        call(&[("sslmode", "require"), ("sslcert", &certificate), ("sslkey", parameters[2].1)]).run();
    assert!(output.code == 5 && output.stderr.contains(&certificate), "{output}");
    refuses(
        call(&[("sslmode", "require"), ("sslcert", &certificate), ("sslkey", "/nowhere/key")]),
        5,
        "database.certificate",
        &["/nowhere/key"],
    );
}
