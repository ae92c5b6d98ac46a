//! Which source wins, and what each source's faults do.

use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{House, long, master, set_mode};
use crate::config::{Origin, Overrides, Settings};
use crate::error::Kind;

#[test]
fn each_layer_beats_the_ones_below() {
    let line = |letter| format!("Z4J_SECRET={}\n", long(letter));
    let mut house = House::new();
    house.write("user/.z4j/secret.env", &line('a'));
    assert_eq!(master(&house.settings()), long('a'));
    house.write("user/.z4j/config.env", &format!("# tunables\n{}", line('b')));
    let settings = house.settings();
    assert_eq!(master(&settings), long('b'));
    let origin = &settings.require_secret().unwrap().origin;
    assert_eq!(origin, &Origin::file(house.path("user/.z4j/config.env"), 2));
    assert!(settings.warnings[0].contains("Z4J_SECRET differs between"), "{:?}", settings.warnings);
    house.write("work/.env", &line('c'));
    assert_eq!(master(&house.settings()), long('c'));
    house = house.set("z4j_secret", long('d'));
    let settings = house.settings();
    assert_eq!(master(&settings), long('d'));
    assert_eq!(settings.require_secret().unwrap().origin, Origin::environment("z4j_secret"));
    assert_eq!(settings.warnings, Vec::<String>::new());
    house = house.set("Z4J_SECRET", long('e'));
    assert_eq!(master(&house.settings()), long('e'));
    let operator = house.write("operator", &line('f'));
    house = house.set("Z4JCTL_SECRET_FILE", operator.to_str().unwrap());
    assert_eq!(master(&house.settings()), long('f'));
    house = house.set("Z4JCTL_SECRET", long('g'));
    assert_eq!(master(&house.settings()), long('g'));
    house.overrides.secret_file = vec![PathBuf::from("-")];
    house.overrides.secrets_stdin_text = Some(Zeroizing::new(line('h')));
    let settings = house.settings();
    assert_eq!(master(&settings), long('h'));
    assert_eq!(settings.require_secret().unwrap().origin, Origin::Stdin { line: 1 });
}

#[test]
fn the_database_follows_the_same_order() {
    let mut house = House::new();
    assert_eq!(house.shown(), house.path("user/.z4j/z4j.db").to_str().unwrap());
    house = house.set("PGHOST", "pg");
    assert_eq!(house.settings().database.origin, Origin::environment("PGHOST"));
    house.write("user/.z4j/config.env", "Z4J_DATABASE_URL=sqlite+aiosqlite:////config.db\n");
    assert_eq!(house.shown(), "/config.db");
    house.write("work/.env", "Z4J_DATABASE_URL='sqlite+aiosqlite:////dot.db'\n");
    assert_eq!(house.shown(), "/dot.db");
    house = house.set("Z4J_DATABASE_URL", "sqlite+aiosqlite:////process.db");
    assert_eq!(house.shown(), "/process.db");
    let file = house.write("url", "/operator.db\n");
    house = house.set("Z4JCTL_DB_FILE", file.to_str().unwrap());
    assert_eq!(house.shown(), "/operator.db");
    let secret_file = house.write("secrets", "Z4J_DATABASE_URL=/secret-file.db\n");
    house.overrides.secret_file = vec![secret_file];
    assert_eq!(house.shown(), "/secret-file.db");
    house.overrides.db_file = Some(file);
    assert_eq!(house.shown(), "/operator.db");
    house.overrides.db = Some("x.db".to_owned());
    assert_eq!(house.resolve().unwrap_err().code(), "settings.contradiction");
    house.overrides.db_file = None;
    assert_eq!(house.shown(), house.path("work/x.db").to_str().unwrap());
    assert_eq!(house.settings().database.origin, Origin::flag("--db"));
}

#[test]
fn homes() {
    let mut house = House::new().set("Z4J_HOME", "zet");
    assert_eq!(house.settings().home.value, house.path("work/zet"));
    assert!(house.settings().warnings[0].contains("does not exist"));
    house = house.set("Z4JCTL_HOME", "/operator");
    assert_eq!(house.settings().home.origin, Origin::environment("Z4JCTL_HOME"));
    house.overrides.home = Some(house.path("user"));
    assert_eq!(house.settings().home.value, house.path("user"));
}

#[test]
fn the_process_environment_alone_is_enough() {
    let house = House::new();
    let house = House { variables: vec![("HOME".to_owned(), "/nobody".to_owned())], ..house };
    let settings = Settings::resolve(&Overrides::default(), &house.env()).unwrap();
    assert_eq!(settings.database.value.display(), "/nobody/.z4j/z4j.db");
    assert_eq!(settings.warnings, Vec::<String>::new());
}

#[test]
fn bare_secrets_come_from_files() {
    let house = House::new();
    let path = house.write("run/secret", &format!("{}\n", long('k')));
    let previous = house.write("run/previous", &format!("{}, {}\n", long('l'), long('k')));
    let mut house = house
        .set("Z4J_SECRET_FILE", path.to_str().unwrap())
        .set("Z4JCTL_PREVIOUS_SECRETS_FILE", previous.to_str().unwrap());
    let settings = house.settings();
    assert_eq!(master(&settings), long('k'));
    assert_eq!(settings.require_secret().unwrap().origin, Origin::file(path, 1));
    let ring = settings.master_ring().unwrap();
    assert_eq!(ring.previous().len(), 1, "the current secret is not repeated");
    let key_id = ring.previous()[0].value.key_id();
    assert_eq!(ring.find(&key_id[..12]).unwrap().value.key_id(), key_id);
    assert!(ring.find("").is_some());
    house = house.set("Z4J_SECRET", long('m'));
    assert_eq!(house.settings().master_ring().unwrap_err().kind(), Kind::Usage);
}

#[test]
fn secrets_fail_only_when_asked_for() {
    let settings = House::new().set("Z4J_SECRET", "x".repeat(31)).settings();
    let error = settings.master_keys().unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Secret, "secret.too-short"));
    assert!(error.message().contains("Z4J_SECRET") && !error.message().contains("xxx"));
    assert!(settings.audit_keys().unwrap().is_empty());
    assert_eq!(settings.require_audit_secret().unwrap_err().code(), "secret.missing");
    // 32 bytes of UTF-8, not 32 characters.
    assert!(House::new().set("Z4J_SECRET", "é".repeat(16)).settings().require_secret().is_ok());
    let empty = House::new().set("Z4J_SECRET", "").set("Z4J_AUDIT_CHAIN_SECRET", "").settings();
    assert!(empty.master_keys().is_err() && empty.audit_keys().unwrap().is_empty());
    let short = House::new().set("Z4J_PREVIOUS_SECRETS", format!("{}, short", long('a'))).settings();
    assert!(short.master_keys().unwrap_err().message().contains("Z4J_PREVIOUS_SECRETS"));
}

#[test]
fn audit_keys_are_ordered_and_checked() {
    let with = |previous: String| {
        House::new()
            .set("Z4J_AUDIT_CHAIN_SECRET", long('a'))
            .set("Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS", previous)
            .settings()
    };
    let settings = with(format!("{},{},{}", long('b'), long('c'), long('b')));
    let texts: Vec<&[u8]> = settings.audit_keys().unwrap().iter().map(|key| key.value.expose()).collect();
    assert_eq!(texts, [long('a').as_bytes(), long('b').as_bytes(), long('c').as_bytes()]);
    let error = with(format!("{},{}", long('b'), long('a')));
    assert_eq!(error.audit_keys().unwrap_err().code(), "secret.duplicate-audit-key");
    let many = |count: usize| (0..count).map(|index| format!("{index:040}")).collect::<Vec<_>>().join(",");
    assert_eq!(with(many(31)).audit_keys().unwrap().len(), 32);
    assert_eq!(with(many(32)).audit_keys().unwrap_err().code(), "secret.too-many-audit-keys");
}

#[test]
fn a_broken_file_fails_whoever_needs_it() {
    let house = House::new();
    house.write("user/.z4j/secret.env", "Z4J_SECRET=a\nZ4J_SECRET=b\n");
    let settings = house.settings();
    assert!(settings.master_keys().unwrap_err().message().contains("secret.env line 2"));
    let house = house.set("Z4J_SECRET", long('s'));
    let settings = house.settings();
    assert_eq!(master(&settings), long('s'));
    assert!(settings.audit_keys().unwrap().is_empty());
    assert!(settings.warnings[0].contains("secret.env line 2"), "{:?}", settings.warnings);
    house.write("user/.z4j/config.env", "nonsense\n");
    assert!(house.resolve().unwrap_err().message().contains("config.env line 1"));
    assert!(house.db("x.db").resolve().is_ok());
}

#[test]
fn an_unreadable_place_is_unreachable() {
    let house = House::new();
    // A directory in the place of the file cannot be read by anybody, root included.
    std::fs::create_dir(house.path("user/.z4j/secret.env")).unwrap();
    let error = house.settings().master_keys().unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.message().contains("secret.env"));
    let mut house = House::new();
    house.overrides.secret_file = vec![house.path("nowhere")];
    assert_eq!(house.resolve().unwrap_err().kind(), Kind::Unreachable);
}

#[test]
fn exposed_and_outdated_files_are_warned_of_and_read() {
    let house = House::new();
    let text = format!("Z4J_SECRET={}\nZ4J_PREVIOUS_SECRETS={}\n", long('a'), long('b'));
    let path = house.write("user/.z4j/secret.env", &text);
    set_mode(&path, 0o640);
    let tunables = house.write("user/.z4j/config.env", "Z4J_AUDIT_RETENTION_DAYS=400\n");
    set_mode(&tunables, 0o644);
    let settings = house.settings();
    assert_eq!(settings.master_keys().unwrap().len(), 2);
    assert_eq!(settings.audit_retention_days.value, 400);
    assert_eq!(settings.warnings.len(), 2, "{:?}", settings.warnings);
    assert!(settings.warnings[0].contains("open to group or others"));
    assert!(settings.warnings[1].contains("Z4J_PREVIOUS_SECRETS"));
}

#[test]
fn secret_files_are_strict() {
    let mut house = House::new();
    let bare = house.write("bare", &long('a'));
    house.overrides.secret_file = vec![bare];
    let error = house.resolve().unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.hint_text().unwrap().contains("KEY=VALUE"));
    let one = house.write("one", &format!("Z4J_SECRET={}\n", long('a')));
    let two = house.write("two", &format!("Z4J_SECRET={}\n", long('b')));
    house.overrides.secret_file = vec![one, two];
    assert_eq!(house.resolve().unwrap_err().code(), "settings.contradiction");
}

#[test]
fn limits() {
    let settings = House::new().settings();
    assert_eq!(settings.connect_timeout.value, Some(Duration::from_secs(10)));
    assert_eq!(settings.statement_timeout.value, Some(Duration::from_secs(30)));
    assert_eq!(settings.lock_timeout.value, Some(Duration::from_secs(10)));
    assert_eq!(settings.walk_timeout(), None);
    let mut house = House::new().set("Z4JCTL_STATEMENT_TIMEOUT", "5m").set("PGCONNECT_TIMEOUT", "3");
    house = house.db("postgresql://h/d?connect_timeout=4");
    let settings = house.settings();
    assert_eq!(settings.walk_timeout(), Some(Duration::from_secs(300)));
    assert_eq!(settings.connect_timeout.value, Some(Duration::from_secs(4)));
    house.overrides.connect_timeout = Some(Duration::ZERO);
    assert_eq!(house.settings().connect_timeout.value, None);
    house = house.set("Z4JCTL_LOCK_TIMEOUT", "soon");
    assert_eq!(house.resolve().unwrap_err().kind(), Kind::Usage);
}

#[test]
fn a_senseless_retention_is_a_warning() {
    let settings = House::new().set("Z4J_AUDIT_RETENTION_DAYS", "").settings();
    assert_eq!(settings.audit_retention_days.value, 90);
    assert_eq!(settings.warnings.len(), 1);
}
