//! What others rely on: generated documents, the floors of the house, and the answers about every generation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::fixtures::{Dump, Fixture, Meta};
use crate::support::process::run;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, environment, hex, repository};

/// Writes the generated documents anew.
const REGENERATE: &str = "Z4JCTL_UPDATE=1 cargo test --test it contract::";

const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// Path in the repository and text of every generated document.
fn generated() -> BTreeMap<PathBuf, String> {
    let mut documents = BTreeMap::new();
    for shell in SHELLS {
        let (name, text) = z4jctl::cli::completion_script(shell).expect("a known shell");
        documents.insert(Path::new("completions").join(name), text);
    }
    for (name, text) in z4jctl::cli::manual_pages().expect("manual pages") {
        documents.insert(Path::new("man").join(name), text);
    }
    documents
}

/// The files below some directories of the repository, by their path in it.
fn files_below(directories: &[&str]) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut open: Vec<PathBuf> = directories.iter().map(|name| repository().join(name)).collect();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.expect("read a directory entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            files.insert(path.strip_prefix(repository()).expect("below the repository").to_owned(), text);
        }
    }
    files
}

#[test]
fn completions_and_manual_pages_are_those_of_the_command_line() {
    let wanted = generated();
    if environment("Z4JCTL_UPDATE").is_some() {
        for directory in ["completions", "man"] {
            let _ = fs::remove_dir_all(repository().join(directory));
            fs::create_dir(repository().join(directory)).expect("create a directory");
        }
        for (path, text) in &wanted {
            fs::write(repository().join(path), text).expect("write a generated document");
        }
    }
    let found = files_below(&["completions", "man"]);
    let names = |files: &BTreeMap<PathBuf, String>| files.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&found), names(&wanted), "regenerate: {REGENERATE}");
    for (path, text) in &wanted {
        assert!(&found[path] == text, "{} is out of date; regenerate: {REGENERATE}", path.display());
    }
}

#[test]
fn generated_documents_depend_on_nothing_but_the_command_line() {
    let wanted = generated();
    for environment in [
        &[("COLUMNS", "20"), ("TERM", "dumb"), ("NO_COLOR", "1"), ("LC_ALL", "C")][..],
        &[
            ("COLUMNS", "200"),
            ("Z4JCTL_OUTPUT", "json"),
            ("Z4JCTL_KNOWN_HEAD", "some head"),
            ("Z4JCTL_JOBS", "7"),
        ],
        &[
            ("CLICOLOR_FORCE", "1"),
            ("Z4J_DATABASE_URL", "postgresql://secret"),
            ("Z4J_SECRET", "short"),
            ("TZ", "Asia/Tokyo"),
        ],
    ] {
        let call = || environment.iter().fold(Z4jctl::new(), |call, (name, value)| call.env(*name, *value));
        for shell in SHELLS {
            let (name, _) = z4jctl::cli::completion_script(shell).expect("a known shell");
            let output = call().args(["completions", shell]).run().expect_code(0);
            assert!(
                output.stdout == wanted[&Path::new("completions").join(name)],
                "{shell} under {environment:?}"
            );
        }
        let directory = tempfile::tempdir().expect("create a temporary directory");
        call().arg("man").arg(directory.path()).run().expect_code(0);
        for (path, text) in wanted.iter().filter(|(path, _)| path.starts_with("man")) {
            let written = fs::read_to_string(directory.path().join(path.file_name().expect("a name")));
            assert!(&written.expect("a manual page") == text, "{} under {environment:?}", path.display());
        }
    }
}

#[test]
fn a_manual_page_tells_every_exit_code() {
    let pages = generated();
    let page = &pages[Path::new("man/z4jctl.1")];
    for (code, meaning) in z4jctl::error::ExitCode::TABLE {
        let words = meaning.replace('-', "\\-");
        assert!(page.contains(&words), "{} ({meaning}) is missing in man/z4jctl.1", code.code());
    }
}

#[test]
fn bash_reads_its_completion_script() {
    let (_, script) = z4jctl::cli::completion_script("bash").expect("a known shell");
    let mut bash = std::process::Command::new("bash");
    run(bash.arg("-n"), script.as_bytes(), std::time::Duration::from_secs(60)).expect_code(0);
}

/// A floor uses the floors below it, never one above, and takes nothing from the machine that was not handed down.
#[test]
fn the_floors_keep_apart() {
    const AMBIENT: &[&str] = &[
        "println!",
        "print!",
        "dbg!",
        "process::exit",
        "std::env",
        "SystemTime::now",
        "io::stdout",
        "io::stderr",
    ];
    let floors: [(&[&str], &[&str]); 4] = [
        (
            &["src/format"],
            &[
                "crate::store",
                "crate::audit",
                "crate::init",
                "crate::migrate",
                "crate::secrets",
                "crate::settings_files",
                "crate::signing",
                "crate::cli",
                "crate::config",
                "crate::context",
            ],
        ),
        (
            &["src/store"],
            &[
                "crate::audit",
                "crate::init",
                "crate::migrate",
                "crate::secrets",
                "crate::settings_files",
                "crate::signing",
                "crate::cli",
            ],
        ),
        (
            &[
                "src/audit",
                "src/http",
                "src/init",
                "src/migrate",
                "src/secrets",
                "src/settings_files",
                "src/signing",
                "src/tls",
            ],
            &["crate::cli"],
        ),
        (&["src/cli"], &["crate::store", "super::store"]),
    ];
    let mut wrong: Vec<String> = Vec::new();
    for (directories, above) in floors {
        let files = files_below(directories);
        assert!(!files.is_empty(), "{directories:?} is empty");
        let ambient = if directories == ["src/cli"] { &[] } else { AMBIENT };
        for (path, text) in files {
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                let forbidden = above.iter().chain(ambient).find(|word| code.contains(**word));
                wrong.extend(forbidden.map(|word| format!("{}:{}: {word}", path.display(), number + 1)));
            }
        }
    }
    let main = fs::read_to_string(repository().join("src/main.rs")).expect("read src/main.rs");
    assert!(!main.contains("store"), "src/main.rs calls the face only");
    assert_eq!(wrong, [""; 0]);
}

/// Nothing is written before somebody said so: leave to write is given in one place.
#[test]
fn one_place_gives_leave_to_write() {
    let giving: Vec<PathBuf> = files_below(&["src"])
        .into_iter()
        .filter(|(_, text)| text.contains("WriteToken::granted"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(giving, [Path::new("src/cli/confirm.rs")]);
    let token = fs::read_to_string(repository().join("src/plan.rs")).expect("read src/plan.rs");
    assert_eq!(token.matches("Self(())").count(), 1, "one way to make a token");
    assert!(token.contains("pub struct WriteToken(());"), "nobody else can make one");
}

/// Letter, releases that serve it, and conditions, by the name of a fixture.
fn expected_status(name: &str, postgres: bool) -> (&'static str, Value, Value) {
    let none = json!([]);
    match name {
        "1.0.19" => ("A", json!("z4j 1.0.18 and 1.0.19"), none),
        "1.2.1" => ("A", json!("z4j 1.2.1"), none),
        "1.3.4" if postgres => ("B", json!("z4j 1.3.0 to 1.4.0"), json!(["unusable-events"])),
        "1.3.4" | "1.3.4-pruned" => ("B", json!("z4j 1.3.0 to 1.4.0"), none),
        "1.5.1" => ("C", json!("z4j 1.5.0 and 1.5.1"), none),
        "1.6.9" | "1.6.9-pruned" => ("C", json!("z4j 1.6.6 to 1.6.9"), none),
        "1.7.0" | "1.7.0-pruned" => ("D", json!("z4j 1.7.0"), none),
        "1.8.0" => ("E", json!("z4j 1.8.0"), none),
        "1.9.1" | "1.10.0" => ("F", json!("z4j 1.9.0 to 1.10.0"), none),
        "1.11.0" => ("G", json!("z4j 1.11.0"), none),
        "1.12.1" | "1.13.0" | "1.13.0-pruned" | "1.13.0-upgraded-from-1.6.9" => {
            ("H", json!("z4j 1.12.0 to 1.13.0"), none)
        }
        "1.13.0-upgraded-from-1.3.4" => ("H", json!("z4j 1.12.0 to 1.13.0"), json!(["leftover-columns"])),
        "1.13.0-parked-at-prepare" => ("P", Value::Null, json!(["parked"])),
        "1.13.0-stuck-1.6-direct" => ("E", Value::Null, json!(["stuck"])),
        _ => panic!("say here what `migrate status` must answer about fixture {name}"),
    }
}

#[track_caller]
fn status_is_right(name: &str, postgres: bool, database: &impl BrainDatabase, meta: &Meta) {
    // No secret: a schema is no secret.
    let report =
        Z4jctl::new().db(database).args(["migrate", "status", "-o", "json"]).run().expect_code(0).json();
    let (generation, served_by, conditions) = expected_status(name, postgres);
    assert_eq!(report["revision"], meta.alembic_version.as_str(), "{name}");
    assert_eq!(report["generation"], generation, "{name}");
    assert_eq!(report["served_by"], served_by, "{name}");
    let found: Vec<&Value> = report["conditions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|condition| &condition["condition"])
        .collect();
    assert_eq!(json!(found), conditions, "{name}");
    if let Some(version) = meta.more.get("z4j_meta").and_then(|facts| facts.get("schema_version")) {
        assert_eq!(&report["last_served_by"], version, "{name}");
    }
    let later = report["later_heads"].as_array().expect("a list");
    assert_eq!(later.is_empty(), generation == "H" || name == "1.2.1", "{name}: {later:?}");
    assert_eq!(report["snapshot"]["backend"], if postgres { "postgresql" } else { "sqlite" }, "{name}");
}

#[test]
fn migrate_status_tells_every_fixture() {
    for fixture in Fixture::all() {
        if fixture.has_sqlite() {
            status_is_right(&fixture.name, false, &fixture.sqlite(), fixture.meta());
        }
        if fixture.has_postgres() {
            status_is_right(&fixture.name, true, &fixture.postgres(Dump::Plain), fixture.postgres_meta());
        }
    }
}

/// No z4j made these; they show that a condition is told where it holds.
#[test]
fn migrate_status_tells_what_is_unusual() {
    for (name, change, condition) in [
        ("1.13.0", "ALTER TABLE users ADD COLUMN mfa_secret TEXT", "leftover-columns"),
        ("1.7.0", "CREATE TABLE audit_log_legacy_forks (id TEXT)", "fork-cleanup"),
        ("1.13.0", "UPDATE alembic_version SET version_num = 'v1_14_something_new'", "unknown-revision"),
        ("1.7.0", "UPDATE alembic_version SET version_num = 'v1_7_schema'", "between-releases"),
        ("1.7.0", "UPDATE alembic_version SET version_num = 'v1_12_auditor_role'", "inconsistent"),
    ] {
        let database = Fixture::by_name(name).sqlite();
        database.connection().execute_batch(change).expect("change a database");
        let report =
            Z4jctl::new().db(&database).args(["migrate", "status", "-o", "json"]).run().expect_code(0).json();
        assert_eq!(report["conditions"][0]["condition"], condition, "{change}: {report}");
        assert!(report["conditions"][0]["explanation"].is_string(), "{change}: {report}");
    }
}

/// What is shown is what was signed: a stranger recomputes the MAC from it.
#[track_caller]
fn rows_are_shown_as_signed(database: &impl BrainDatabase, meta: &Meta, frozen: u64) {
    let rows = meta.audit_rows();
    for row in [1, 2, frozen, frozen + 1, rows / 2, rows - 1, rows] {
        let row = row.clamp(1, rows);
        let show = |what: &str| {
            let call = Z4jctl::new().db(database).secrets(&meta.secrets);
            call.args(["audit", "show", what, "-o", "json"]).run().expect_code(0).json()
        };
        let report = show(&row.to_string());
        let (domain, canonical) =
            (report["domain"].as_str().expect("a text"), report["canonical"].as_str().expect("a text"));
        let mut message = Vec::new();
        if !domain.is_empty() {
            message.extend_from_slice(domain.as_bytes());
            message.push(0);
        }
        message.extend_from_slice(canonical.as_bytes());
        assert_eq!(report["message_hex"], hex(&message).as_str(), "{report}");
        let secret = if domain.is_empty() { "Z4J_SECRET" } else { "Z4J_AUDIT_CHAIN_SECRET" };
        let mut mac =
            Hmac::<Sha256>::new_from_slice(meta.secrets[secret].as_bytes()).expect("any length will do");
        mac.update(&message);
        assert_eq!(report["row_hmac"], hex(&mac.finalize().into_bytes()).as_str(), "{report}");
        // The canonical text is JSON with the columns of the row, and the row is found by its id too.
        let payload: Value = serde_json::from_str(canonical).expect("canonical JSON");
        let id = payload["id"].as_str().expect("an id");
        assert_eq!(show(id), report);
    }
}

#[test]
fn audit_show_shows_the_bytes_that_were_signed() {
    for name in ["1.0.19", "1.2.1", "1.3.4", "1.5.1", "1.6.9", "1.7.0", "1.8.0", "1.9.1", "1.11.0", "1.13.0"]
    {
        let fixture = Fixture::by_name(name);
        rows_are_shown_as_signed(&fixture.sqlite(), fixture.meta(), 0);
        if fixture.has_postgres() {
            rows_are_shown_as_signed(&fixture.postgres(Dump::Plain), fixture.postgres_meta(), 0);
        }
    }
    // Frozen history and active rows in one log.
    let fixture = Fixture::by_name("1.13.0-upgraded-from-1.6.9");
    let frozen = |meta: &Meta| meta.verify.frozen_rows.expect("a number of frozen rows");
    rows_are_shown_as_signed(&fixture.sqlite(), fixture.meta(), frozen(fixture.meta()));
    let meta = fixture.postgres_meta();
    rows_are_shown_as_signed(&fixture.postgres(Dump::Plain), meta, frozen(meta));
}

#[test]
fn audit_show_answers_with_a_code() {
    let fixture = Fixture::by_name("1.7.0");
    let (database, meta) = (fixture.sqlite(), fixture.meta());
    let show =
        |what: &str| Z4jctl::new().db(&database).secrets(&meta.secrets).args(["audit", "show", what]).run();
    for nothing in ["0", "-1", "99999", "one", "", "00000000-0000-4000-8000-000000000000"] {
        assert_eq!(show(nothing).code, 2, "{nothing:?}: {}", show(nothing));
    }
    database
        .connection()
        .execute_batch("UPDATE audit_log SET action = 'changed' WHERE rowid IN (SELECT rowid FROM audit_log ORDER BY occurred_at, id LIMIT 1)")
        .expect("change a row");
    let output = show("1").expect_code(1);
    assert!(output.stdout.contains("does not match"), "{output}");
}
