//! Secrets: missing, wrong, in every place where they may be; and never shown.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::{refuses, verify, verify_at};
use crate::support::fixtures::{Fixture, TempSqlite};
use crate::support::process::Output;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase as _, Secrets};

const WRONG: &str = "this-is-no-secret-of-any-brain-0123456789";

fn generations() -> [(&'static Fixture, &'static str, &'static str); 4] {
    [
        (Fixture::by_name("1.0.19"), "Z4J_SECRET", "Z4J_PREVIOUS_SECRETS"),
        (Fixture::by_name("1.6.9"), "Z4J_SECRET", "Z4J_PREVIOUS_SECRETS"),
        (Fixture::by_name("1.8.0"), "Z4J_AUDIT_CHAIN_SECRET", "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS"),
        (Fixture::by_name("1.13.0"), "Z4J_AUDIT_CHAIN_SECRET", "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS"),
    ]
}

fn only(name: &str, value: &str) -> Secrets {
    Secrets::from([(name.to_owned(), value.to_owned())])
}

#[test]
fn the_secret_that_a_generation_needs_is_named() {
    for (fixture, name, previous) in generations() {
        let database = fixture.sqlite();
        let secret = &fixture.meta().secrets[name];
        verify(&database, &only(name, secret)).run().expect_code(0);
        let mut others = fixture.meta().secrets.clone();
        others.remove(name);
        for secrets in [Secrets::new(), others] {
            let words = [
                &format!("{name} is not configured"),
                "--secret-file",
                fixture.name.rsplit_once('.').expect("").0,
            ];
            refuses(verify(&database, &secrets), 6, "secret.missing", &words);
        }
        let short = &WRONG[..31];
        let output =
            refuses(verify(&database, &only(name, short)), 6, "secret.too-short", &[name, "32 bytes"]);
        assert!(!output.stderr.contains(short), "{output}");
        let rotated =
            Secrets::from([(name.to_owned(), WRONG.to_owned()), (previous.to_owned(), secret.clone())]);
        verify(&database, &rotated).run().expect_code(0);
        // Among several, with blanks and repeats.
        let list = format!(" {WRONG}x , {secret},{WRONG}y,, {secret} ");
        verify(&database, &Secrets::from([(name.to_owned(), WRONG.to_owned()), (previous.to_owned(), list)]))
            .run()
            .expect_code(0);

        let wrong = verify(&database, &only(name, WRONG)).run().expect_code(6);
        assert!(wrong.stdout.contains("wrong-key"), "{wrong}");
        let report =
            verify(&database, &only(name, WRONG)).args(["--output", "json"]).run().expect_code(6).json();
        assert_eq!((&report["exit_code"], &report["ok"]), (&6.into(), &false.into()));
    }
}

#[test]
fn a_repeated_audit_key_is_refused() {
    let fixture = Fixture::by_name("1.13.0");
    let (database, mut secrets) = (fixture.sqlite(), fixture.meta().secrets.clone());
    let secret = secrets["Z4J_AUDIT_CHAIN_SECRET"].clone();
    secrets.insert("Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS".into(), secret.clone());
    let words = ["Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS", "duplicate"];
    let output = refuses(verify(&database, &secrets), 6, "secret.duplicate-audit-key", &words);
    assert!(!output.stderr.contains(&secret), "{output}");
}

#[test]
fn secrets_are_found_wherever_they_may_be() {
    for (fixture, name, _) in generations() {
        let database = fixture.sqlite();
        let secret = fixture.meta().secrets[name].as_str();
        let directory = tempfile::tempdir().expect("create a temporary directory");
        let private = |file: &str, content: &str| {
            let path = directory.path().join(file);
            fs::write(&path, content).expect("write a secret");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("protect a secret");
            path
        };
        let call = || Z4jctl::new().db(&database).args(["audit", "verify"]);
        let assignment = format!("{name}={secret}\n");
        private("secret.env", &assignment);
        call().arg("--home").arg(directory.path()).run().expect_code(0);
        call().env("Z4J_HOME", directory.path()).run().expect_code(0);
        // The database too is where its home is.
        fs::copy(database.path(), directory.path().join("z4j.db")).expect("copy");
        Z4jctl::new().args(["audit", "verify", "--home"]).arg(directory.path()).run().expect_code(0);

        let bare = private("bare", &format!("{secret}\n"));
        call().env(format!("{name}_FILE"), &bare).run().expect_code(0);
        let assignments = private("assignments", &format!("# of the brain\n\n{assignment}"));
        call().arg("--secret-file").arg(&assignments).run().expect_code(0);
        call().env("Z4JCTL_SECRET_FILE", &assignments).run().expect_code(0);
        call().args(["--secret-file", "-"]).stdin(assignment.clone()).run().expect_code(0);

        refuses(
            call().args(["--secret-file", "/nowhere/secrets"]),
            5,
            "settings.missing-file",
            &["/nowhere/secrets"],
        );
        let nonsense = private("nonsense", &format!("{secret}\n"));
        let output = call().arg("--secret-file").arg(&nonsense).run();
        assert!([2, 6].contains(&output.code), "{output}");
        assert!(output.stderr.contains("nonsense") && !output.stderr.contains(secret), "{output}");
        let output = call().args(["--secret-file", "-"]).stdin(vec![b'x'; 2 << 20]).run().expect_code(6);
        assert!(output.stderr.contains("stdin"), "{output}");
        let output = call().args(["--secret-file", "-"]).stdin(vec![0xff, 0xfe]).run().expect_code(6);
        assert!(output.stderr.contains("stdin"), "{output}");
    }
}

#[test]
fn a_password_in_the_arguments_is_refused_and_not_repeated() {
    let password = "hunter2-hunter2";
    for url in [
        format!("postgresql://z4j:{password}@127.0.0.1/z4j"),
        format!("postgresql+asyncpg://z4j:{password}@127.0.0.1/z4j"),
        format!("host=127.0.0.1 user=z4j password={password}"),
        format!("postgresql://127.0.0.1/z4j?user=z4j&password={password}"),
    ] {
        for command in [["audit", "verify"], ["config", "show"], ["migrate", "status"]] {
            let output = refuses(
                Z4jctl::new().args(command).args(["--db", &url]),
                2,
                "database.password-in-arguments",
                &["--db contains a password", "--db-file"],
            );
            assert!(!output.stderr.contains(password), "{output}");
        }
        // Where no argument belongs at all.
        for form in ["human", "json"] {
            let output = Z4jctl::new().args(["audit", "verify", &url, "--output", form]).run().expect_code(2);
            assert!(!output.stderr.contains(password), "{output}");
        }
        let directory = tempfile::tempdir().expect("create a temporary directory");
        let file = directory.path().join("url");
        fs::write(&file, &url).expect("write a URL");
        let output = Z4jctl::new().args(["config", "show", "--db-file"]).arg(&file).run().expect_code(0);
        assert!(output.stdout.contains("redacted") && !output.stdout.contains(password), "{output}");
    }
}

/// Everything that can be said, about everything that can go wrong, with all that is known.
#[test]
fn no_secret_is_ever_shown() {
    let password = "pa55word-of-the-database";
    for (fixture, name, previous) in generations() {
        let database = fixture.sqlite();
        let broken = fixture.sqlite();
        let _ = broken.connection().execute_batch(
            "DROP TRIGGER IF EXISTS audit_log_boundary_f_no_update; UPDATE audit_log SET action = 'x' WHERE rowid = 20",
        );
        let mut secrets = fixture.meta().secrets.clone();
        secrets.insert(previous.into(), format!("{WRONG},{WRONG}-2"));
        let mut wrong = secrets.clone();
        wrong.insert(name.into(), format!("{WRONG}-3"));
        wrong.insert(previous.into(), WRONG.to_owned());
        let mut short = secrets.clone();
        short.insert(name.into(), "short-secret".to_owned());
        let url = format!("postgresql+asyncpg://z4j:{password}@127.0.0.1:1/z4j");
        let odd_urls = [
            format!("postgresql://z4j:{password}@127.0.0.1:port/z4j"),
            format!("postgresql://z4j:{password}/x@127.0.0.1/z4j"),
            format!("postgresql://z4j:{password}@127.0.0.1/z4j?frobnicate=1"),
            format!("host=127.0.0.1 password={password} {password}"),
            format!("mysql://z4j:{password}@127.0.0.1/z4j"),
        ];
        let known: Vec<String> = [&secrets, &wrong, &short]
            .iter()
            .flat_map(|secrets| secrets.values().flat_map(|list| list.split(',').map(str::to_owned)))
            .chain([password.to_owned()])
            .collect();
        let check = |output: &Output| {
            for secret in &known {
                assert!(
                    !output.stdout.contains(secret) && !output.stderr.contains(secret),
                    "{secret}: {output}"
                );
            }
        };
        for form in ["human", "json", "jsonl", "plain"] {
            for command in [
                &["audit", "verify"][..],
                &["audit", "head"],
                &["audit", "show", "20"],
                &["config", "show"],
                &["migrate", "status"],
            ] {
                let call = |secrets: &Secrets| {
                    Z4jctl::new()
                        .secrets(secrets)
                        .env("RUST_LOG", "trace")
                        .env("RUST_BACKTRACE", "full")
                        .args(command)
                        .args(["--output", form])
                };
                check(&call(&secrets).db(&database).run());
                check(&call(&secrets).db(&broken).run());
                check(&call(&wrong).db(&database).run());
                check(&call(&short).db(&database).run());
                if form == "human" || form == "json" {
                    for odd in &odd_urls {
                        check(&call(&secrets).db_url(odd).run());
                    }
                }
            }
        }
        check(&verify_at(&url, &secrets).run().expect_code(5));
        check(&Z4jctl::new().db_url(&url).args(["config", "show"]).run().expect_code(0));
    }
}

#[test]
fn no_secret_is_in_the_process_list() {
    let fixture = Fixture::by_name("1.13.0");
    let database: TempSqlite = fixture.sqlite();
    let locker = database.connection();
    locker.execute_batch("BEGIN EXCLUSIVE").expect("lock the database");
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let (secret_file, url_file) = (directory.path().join("secrets"), directory.path().join("url"));
    let lines: Vec<String> =
        fixture.meta().secrets.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    fs::write(&secret_file, lines.concat().replace("Z4J_SESSION_SECRET", "# Z4J_SESSION_SECRET"))
        .expect("write");
    fs::write(&url_file, database.z4j_url()).expect("write");
    for file in [&secret_file, &url_file] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("protect");
    }
    let running = Z4jctl::new()
        .args(["audit", "verify", "--lock-timeout=30s", "--secret-file"])
        .arg(&secret_file)
        .arg("--db-file")
        .arg(&url_file)
        .spawn();
    std::thread::sleep(Duration::from_millis(300));
    let process = format!("/proc/{}", running.id());
    let read = |name: &str| {
        String::from_utf8_lossy(&fs::read(format!("{process}/{name}")).expect("read /proc")).into_owned()
    };
    let (arguments, environment) = (read("cmdline"), read("environ"));
    assert!(arguments.contains("--secret-file"), "{arguments:?}");
    for secret in fixture.meta().secrets.values() {
        assert!(!arguments.contains(secret) && !environment.contains(secret), "{arguments:?}");
    }
    locker.execute_batch("ROLLBACK").expect("unlock");
    running.wait(Duration::from_secs(60)).expect_code(0);
}
