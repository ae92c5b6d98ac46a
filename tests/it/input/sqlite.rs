//! Files that are no database, no brain's database, damaged, locked, or in a strange place.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::{Untouched, as_nobody, is_root, large_sqlite, refuses, verify, verify_at};
use crate::support::fixtures::{Fixture, TempSqlite};
use crate::support::{Secrets, repository};

fn newest() -> (TempSqlite, &'static Secrets) {
    let fixture = Fixture::by_name("1.13.0");
    (fixture.sqlite(), &fixture.meta().secrets)
}

fn place(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let path = directory.path().join(name);
    fs::write(&path, content).expect("write a file");
    (directory, path)
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().expect("create a temporary directory");
    let path = directory.path().join("z4j.db");
    let output = refuses(
        verify_at(&path, &Secrets::new()),
        5,
        "database.not-found",
        &["no such database file", &path.display().to_string(), "--db"],
    );
    assert!(!path.exists(), "{output}");
    // A directory on the way to it that is a file.
    let (_directory, file) = place("file", b"x");
    refuses(verify_at(file.join("z4j.db"), &Secrets::new()), 5, "database.unreadable", &["file/z4j.db"]);
}

#[test]
fn what_is_no_database_is_called_what_it_is() {
    let fixture = repository().join("fixtures/z4j/1.13.0");
    let read = |name: &str| fs::read(fixture.join(name)).expect("read a fixture");
    for (name, content, code, words) in [
        ("empty.db", Vec::new(), "database.empty-file", ["is empty", "init"]),
        (
            "notes.txt",
            b"SQLite is nice\n".to_vec(),
            "database.not-sqlite",
            ["not a SQLite database", "postgresql://"],
        ),
        ("short", b"SQLite".to_vec(), "database.not-sqlite", ["not a SQLite database", "path"]),
        ("db.gz", read("db.sqlite3.gz"), "database.not-sqlite", ["not a SQLite database", "gzip"]),
        ("pg.dump", read("pg.dump"), "database.not-sqlite", ["not a SQLite database", "pg_restore"]),
        ("header", b"SQLite format 3\0".to_vec(), "database.not-sqlite", ["header", "damaged or encrypted"]),
    ] {
        let (_directory, path) = place(name, &content);
        let untouched = Untouched::beside(&path);
        refuses(
            verify_at(&path, &Secrets::new()),
            5,
            code,
            &[&path.display().to_string(), words[0], words[1]],
        );
        untouched.check();
    }
    let directory = tempfile::tempdir().expect("create a temporary directory");
    refuses(
        verify_at(directory.path(), &Secrets::new()),
        5,
        "database.directory",
        &["is a directory", "z4j.db"],
    );
    refuses(verify_at("/dev/null", &Secrets::new()), 5, "database.not-a-file", &["/dev/null"]);
}

#[test]
fn a_truncated_file_is_damaged() {
    let (database, secrets) = newest();
    let bytes = fs::read(database.path()).expect("read a database");
    for length in [100, 4096, 20_000, bytes.len() / 2, bytes.len() - 1] {
        fs::write(database.path(), &bytes[..length]).expect("truncate a database");
        let untouched = Untouched::of(&database);
        let path = database.path().display().to_string();
        let output = verify(&database, secrets).run().expect_code(5);
        assert!(output.stderr.contains(&path) && output.stderr.contains("restore a backup"), "{output}");
        let error = verify(&database, secrets).args(["--output", "json"]).run().expect_code(5).json_error();
        let code = error["error"]["code"].as_str().expect("a code").to_owned();
        assert!(["database.corrupt", "database.not-sqlite"].contains(&code.as_str()), "{error}");
        untouched.check();
    }
}

/// Opens well, since the damage is far behind what is looked at first.
#[test]
fn damage_inside_the_log_is_found_while_walking() {
    let (database, secrets) = large_sqlite(6_000);
    let leaf: i64 = database.number(
        "SELECT pageno FROM dbstat WHERE name = 'audit_log' AND pagetype = 'leaf' ORDER BY path DESC LIMIT 1 OFFSET 3",
    );
    let page_size = database.number("PRAGMA page_size");
    let whole = fs::read(database.path()).expect("read a database");
    let page_size = usize::try_from(page_size).expect("a page has a size");
    let start = (usize::try_from(leaf).expect("a page has a number") - 1) * page_size;

    let mut zeroed = whole.clone();
    zeroed[start..start + page_size].fill(0);
    // As a copy that stopped: the header does not say how long the file is when its change counters differ.
    let mut truncated = whole.clone();
    truncated[92..96].copy_from_slice(&[0; 4]);
    truncated.truncate(start);
    for damaged in [zeroed, truncated] {
        fs::write(database.path(), damaged).expect("damage a database");
        let untouched = Untouched::of(&database);
        let path = database.path().display().to_string();
        refuses(verify(&database, secrets), 5, "database.corrupt", &[&path, "damaged", "restore a backup"]);
        untouched.check();
    }
}

#[test]
fn an_exclusive_lock_is_waited_for_as_long_as_asked() {
    let (database, secrets) = newest();
    let untouched = Untouched::of(&database);
    let locker = database.connection();
    locker.execute_batch("BEGIN EXCLUSIVE").expect("lock the database");
    let start = Instant::now();
    refuses(
        verify(&database, secrets).args(["--lock-timeout", "200ms"]),
        7,
        "database.locked",
        &[&database.path().display().to_string(), "locked by another process", "--lock-timeout"],
    );
    // Twice 200 ms and two starts of the program; not twice the ten seconds that are usual.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());

    let waiting = verify(&database, secrets).args(["--lock-timeout", "30s"]).spawn();
    std::thread::sleep(Duration::from_millis(500));
    locker.execute_batch("ROLLBACK").expect("unlock the database");
    waiting.wait(Duration::from_secs(60)).expect_code(0);
    drop(locker);
    untouched.check();
}

#[test]
fn a_writer_in_the_middle_of_a_transaction_is_no_obstacle() {
    let (database, secrets) = newest();
    let untouched = Untouched::of(&database);
    let writer = database.connection();
    writer
        .execute_batch("BEGIN IMMEDIATE; UPDATE projects SET name = 'half way'")
        .expect("begin a transaction");
    assert!(database.path().with_file_name("z4j.db-journal").exists(), "no journal: nothing is shown here");
    let report = verify(&database, secrets).args(["--output", "json"]).run().expect_code(0).json();
    assert_eq!(report["snapshot"]["isolation"], "bounded-chunks");
    writer.execute_batch("ROLLBACK").expect("roll back");
    drop(writer);
    untouched.check();
}

#[test]
fn a_journal_that_was_left_behind_is_neither_ignored_nor_rolled_back() {
    let (database, secrets) = newest();
    let writer = database.connection();
    // With so small a cache changed pages reach the file before the commit.
    writer
        .execute_batch(
            "PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN; CREATE TABLE ballast (a); \
             INSERT INTO ballast SELECT randomblob(3000) FROM \
             (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200) SELECT i FROM n); \
             UPDATE events SET task_id = task_id || 'x'; UPDATE tasks SET name = name || 'x';",
        )
        .expect("a transaction that spills");
    let crashed = TempSqlite::absent();
    let journal = |database: &TempSqlite| database.path().with_file_name("z4j.db-journal");
    // Copied by another process, since a handle that is closed here would end the locks of the writer.
    for (from, to) in [(database.path(), crashed.path()), (journal(&database), journal(&crashed))] {
        let copied = std::process::Command::new("cp").args([from, to]).status();
        assert!(copied.is_ok_and(|status| status.success()), "cp");
    }
    drop(writer);
    let untouched = Untouched::of(&crashed);
    for command in [["audit", "verify"], ["audit", "head"], ["migrate", "status"]] {
        refuses(
            crate::support::z4jctl::Z4jctl::new().db(&crashed).secrets(secrets).args(command),
            5,
            "database.hot-journal",
            &["z4j.db-journal", "rolled back", "start the brain"],
        );
        untouched.check();
    }
    // It was hot indeed: a writer rolls it back, and then all is well.
    crashed.number("SELECT count(*) FROM audit_log");
    assert!(!journal(&crashed).exists(), "the journal was not hot");
    verify(&crashed, secrets).run().expect_code(0);
}

/// A copy in WAL mode, as somebody may have set it, with nobody connected.
fn write_ahead(database: &TempSqlite) {
    let mode: String = database
        .connection()
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .expect("switch to WAL");
    assert_eq!(mode, "wal");
}

#[test]
fn write_ahead_logs_are_read_and_nothing_is_created() {
    let (database, secrets) = newest();
    write_ahead(&database);
    let untouched = Untouched::of(&database);
    assert_eq!(untouched.files.len(), 1, "{:?}", untouched.files);
    let report = verify(&database, secrets).args(["--output", "json"]).run().expect_code(0).json();
    assert_eq!(report["snapshot"]["isolation"], "immutable");
    untouched.check();

    // Somebody has it open and has written; what is only in the log counts.
    let brain = database.connection();
    brain.execute_batch("UPDATE alembic_version SET version_num = 'v1_99_future'").expect("write");
    let report = verify(&database, secrets).args(["--output", "json"]).run().expect_code(0).json();
    assert_eq!(report["revision"], "v1_99_future", "read from the log");
    assert_eq!(report["snapshot"]["isolation"], "read-transaction");

    // The same three files after a crash, in which the log and its index stay; and without the index, as a backup
    // that copied the two others.
    let crashed = TempSqlite::absent();
    for suffix in ["", "-wal", "-shm"] {
        let name = format!("z4j.db{suffix}");
        let (from, to) = (database.path().with_file_name(&name), crashed.path().with_file_name(&name));
        let copied = std::process::Command::new("cp").args([from, to]).status();
        assert!(copied.is_ok_and(|status| status.success()), "cp");
    }
    drop(brain);
    let names = || -> Vec<String> { Untouched::of(&crashed).files.into_keys().collect() };
    let database_and_log = || {
        let mut files = Untouched::of(&crashed).files;
        files.remove("z4j.db-shm");
        files
    };
    let (before, content) = (names(), database_and_log());
    let report = verify(&crashed, secrets).args(["--output", "json"]).run().expect_code(0).json();
    assert_eq!(report["revision"], "v1_99_future");
    assert_eq!((names(), database_and_log()), (before, content.clone()));

    fs::remove_file(crashed.path().with_file_name("z4j.db-shm")).expect("remove the index");
    let untouched = Untouched::of(&crashed);
    let report = verify(&crashed, secrets).args(["--output", "json"]).run().expect_code(0).json();
    assert_eq!(report["revision"], "v1_99_future", "what is only in the log counts");
    untouched.check();

    // And through a link: the log lies beside the file, not beside the link.
    let elsewhere = tempfile::tempdir().expect("create a temporary directory");
    let link = elsewhere.path().join("brain.db");
    symlink(crashed.path(), &link).expect("make a link");
    let report = verify_at(&link, secrets).args(["--output", "json"]).run().expect_code(0).json();
    assert_eq!(report["revision"], "v1_99_future", "the log of the file behind the link counts");
    untouched.check();

    // The same in a place where nothing can be created.
    let directory = crashed.path().parent().expect("a directory").to_owned();
    fs::set_permissions(crashed.path(), fs::Permissions::from_mode(0o444)).expect("protect the file");
    fs::set_permissions(crashed.path().with_file_name("z4j.db-wal"), fs::Permissions::from_mode(0o444))
        .expect("protect");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o555)).expect("protect the directory");
    let output = as_nobody(&verify(&crashed, secrets).args(["--output", "json"])).expect_code(0);
    assert_eq!(output.json()["revision"], "v1_99_future");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).expect("open the directory again");
    untouched.check();
}

#[test]
fn a_file_in_a_directory_that_is_read_only_is_read() {
    for write_ahead_mode in [false, true] {
        let (database, secrets) = newest();
        if write_ahead_mode {
            write_ahead(&database);
        }
        let untouched = Untouched::of(&database);
        let directory = database.path().parent().expect("a directory").to_owned();
        fs::set_permissions(database.path(), fs::Permissions::from_mode(0o444)).expect("protect the file");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o555)).expect("protect the directory");
        as_nobody(&verify(&database, secrets)).expect_code(0);
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).expect("open the directory again");
        untouched.check();
    }
}

/// The -wal and -shm files of a running brain, owned by somebody else.
#[test]
fn a_brain_of_another_account_in_wal_mode_is_read() {
    let (database, secrets) = newest();
    write_ahead(&database);
    let brain = database.connection();
    brain.execute_batch("UPDATE alembic_version SET version_num = 'v1_99_future'").expect("write");
    let directory = database.path().parent().expect("a directory").to_owned();
    for entry in fs::read_dir(&directory).expect("read a directory") {
        let path = entry.expect("an entry").path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("let others read");
    }
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).expect("let others enter");
    let report = as_nobody(&verify(&database, secrets).args(["--output", "json"])).expect_code(0).json();
    assert_eq!(report["revision"], "v1_99_future");
    drop(brain);
}

#[test]
fn a_file_that_may_not_be_read_says_so() {
    if !is_root() {
        return;
    }
    let (database, secrets) = newest();
    fs::set_permissions(database.path(), fs::Permissions::from_mode(0o600)).expect("protect the file");
    let directory = database.path().parent().expect("a directory").to_owned();
    for mode in [0o755, 0o700] {
        fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).expect("set permissions");
        let output = as_nobody(&verify(&database, secrets)).expect_code(5);
        let shown = database.path().display().to_string();
        assert!(output.stderr.contains(&shown) && output.stderr.contains("Permission denied"), "{output}");
        assert!(output.stderr.contains("hint: "), "{output}");
        let output = as_nobody(&verify(&database, secrets).args(["--output", "json"])).expect_code(5);
        assert_eq!(output.json_error()["error"]["code"], "database.unreadable", "{output}");
    }
}

#[test]
fn other_databases_are_refused() {
    let (directory, path) = place("z4j.db", b"");
    let connection = Connection::open(&path).expect("open");
    connection.execute_batch("CREATE TABLE things (id); CREATE TABLE users (id)").expect("a schema");
    let nothing = directory.path().join("nothing.db");
    let other = Connection::open(&nothing).expect("open");
    other.execute_batch("PRAGMA user_version = 1; CREATE TABLE things (id)").expect("a schema");
    drop((connection, other));
    let untouched = Untouched::beside(&path);
    refuses(verify_at(&path, &Secrets::new()), 7, "schema.not-z4j", &["alembic_version is missing"]);
    refuses(verify_at(&nothing, &Secrets::new()), 7, "schema.empty", &["no tables of z4j", "init"]);
    untouched.check();
}

#[test]
fn the_revision_must_be_one_row() {
    for (change, count) in
        [("DELETE FROM alembic_version", "0"), ("INSERT INTO alembic_version VALUES ('v1_99_future')", "2")]
    {
        let (database, secrets) = newest();
        database.connection().execute_batch(change).expect("change the revision");
        let untouched = Untouched::of(&database);
        refuses(
            verify(&database, secrets),
            7,
            "schema.revision",
            &["alembic_version must hold exactly one row", &format!("holds {count}"), "migration"],
        );
        untouched.check();
    }
}

#[test]
fn a_newer_revision_is_verified_and_noted() {
    let (database, secrets) = newest();
    database
        .connection()
        .execute("UPDATE alembic_version SET version_num = ?", ["v1_99_future"])
        .expect("change");
    let untouched = Untouched::of(&database);
    let output = verify(&database, secrets).run().expect_code(0);
    assert!(output.stdout.contains("not known to this z4jctl"), "{output}");
    let report = verify(&database, secrets).args(["--output", "json"]).run().expect_code(0).json();
    assert_eq!(report["conditions"], serde_json::json!(["unknown-revision"]));
    untouched.check();
}

#[test]
fn paths_of_every_kind_are_found() {
    let (database, secrets) = newest();
    for journal in ["delete", "wal"] {
        if journal == "wal" {
            write_ahead(&database);
        }
        let directory = tempfile::tempdir().expect("create a temporary directory");
        for name in [
            "with space.db",
            "what?.db",
            "100%.db",
            "a%20b.db",
            "no#1.db",
            "Prüfung-日本.db",
            "a&b=c;'\"$(x).db",
            "file:x.db",
        ] {
            let parent = directory.path().join(format!("in {name}"));
            fs::create_dir(&parent).expect("create a directory");
            let path = parent.join(name);
            fs::copy(database.path(), &path).expect("copy a database");
            let untouched = Untouched::beside(&path);
            let shown = path.display().to_string();
            let output = verify_at("", secrets).arg("--db").arg(&path).run().expect_code(0);
            assert!(output.stdout.contains(&shown), "{output}");
            verify_at(&path, secrets).run().expect_code(0);
            let relative = format!("./{name}");
            verify_at(relative, secrets).current_dir(&parent).run().expect_code(0);
            let encoded = percent_encoding::utf8_percent_encode(&shown, percent_encoding::NON_ALPHANUMERIC);
            verify_at(format!("sqlite+aiosqlite:///{encoded}"), secrets).run().expect_code(0);
            let link = directory.path().join("link.db");
            symlink(&path, &link).expect("make a link");
            verify_at(&link, secrets).run().expect_code(0);
            fs::remove_file(link).expect("remove a link");
            untouched.check();
        }
    }
    let dangling = tempfile::tempdir().expect("create a temporary directory");
    let link = dangling.path().join("link.db");
    symlink(Path::new("/nowhere/z4j.db"), &link).expect("make a link");
    refuses(verify_at(&link, secrets), 5, "database.not-found", &["link.db"]);
}

#[test]
fn a_row_that_is_no_text_is_no_reason_to_stop() {
    let (database, secrets) = large_sqlite(64);
    database
        .connection()
        .execute("UPDATE audit_log SET occurred_at = ?1 WHERE rowid = 3", params![vec![0xff_u8, 0, 1]])
        .expect("spoil a row");
    let untouched = Untouched::of(&database);
    let output = verify(&database, secrets).run();
    assert!([1, 3].contains(&output.code), "{output}");
    untouched.check();
}
