//! No format shows a secret.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::{House, long};
use crate::config::{Origin, Overrides, show};

const PASSWORD: &str = "pass-hunter2";

#[test]
fn no_format_of_the_settings_shows_a_secret() {
    let secrets = ['a', 'b', 'c', 'd', 'e'].map(long);
    let [master, old, audit, rival, saved] = &secrets;
    let house = House::new();
    let text = format!("Z4J_SECRET={master}\nZ4J_PREVIOUS_SECRETS={old}\nZ4J_AUDIT_CHAIN_SECRET={audit}\n");
    house.write("user/.z4j/secret.env", &text);
    let tunables = format!(
        "Z4J_SECRET={rival}\nZ4J_DATABASE_URL=postgresql+asyncpg://u:{PASSWORD}@h/d?channel_binding=require\n"
    );
    house.write("user/.z4j/config.env", &tunables);
    house.write("user/.pgpass", &format!("*:*:*:*:{saved}\n"));
    let settings = house.settings();
    let report = show(&settings);
    let json = serde_json::to_string(&report).unwrap();
    assert!(json.starts_with("{\"schema\":\"z4jctl.config.show/1\""), "{json}");
    assert!(json.contains("fingerprint:") && json.contains("secret.env"), "{json}");
    let mut shown = format!("{settings:?}{settings:#?}{json}{report:?}{}", settings.database.value);
    for key in settings.master_keys().unwrap().iter().chain(settings.audit_keys().unwrap()) {
        let _ = write!(shown, "{key:?}{}{:?}{}", key.value, key.value, key.origin);
    }
    let saved_house = House::new().db("postgresql://u@h/d");
    saved_house.write("user/.pgpass", &format!("*:*:*:*:{saved}\n"));
    let _ = write!(shown, "{:?}", saved_house.settings());
    let overrides = Overrides {
        db: Some(format!("postgresql://u:{PASSWORD}@h/d")),
        secrets_stdin_text: Some(Zeroizing::new(text)),
        ..Overrides::default()
    };
    let _ = write!(shown, "{overrides:?}{overrides:#?}");
    for secret in secrets.iter().map(String::as_str).chain([PASSWORD]) {
        // A piece is as bad as the whole.
        assert!(!shown.contains(&secret[..12]), "{shown}");
    }
}

#[test]
fn errors_do_not_repeat_what_they_refuse() {
    for text in [
        "postgresql://u:hunter2/x@h/d",
        "postgresql://u:12/hunter2@h/d",
        "postgresql://u:12/x?hunter2@h/d",
        "postgresql://u:12/x?hunter2=@h/d",
        "postgresql://u:hunter2@x@h/d",
        "postgresql+asyncpg://u:hunter2@hunter2@h/d",
        "hunter2:x@h/d",
        "hunter2=x",
        "host=h hunter2",
        "password='hunter2",
        "password=my hunter=x2 hunter2",
        "password=my hunter2=x",
        "postgresql://u@h:hunter2/d",
        "postgresql://u@h/d?sslmode=hunter2",
    ] {
        let error = House::new().set("Z4J_DATABASE_URL", text).resolve().expect_err(text);
        let shown = format!("{error} {error:?} {:?}", error.hint_text());
        assert!(!shown.contains("hunter2"), "{text}: {shown}");
    }
}

#[test]
fn a_report_names_what_is_missing_and_what_is_broken() {
    let settings = House::new().set("Z4J_SECRET", "short").settings();
    let report = show(&settings);
    let entry = |name: &str| report.entries.iter().find(|entry| entry.name == name).unwrap();
    assert!(entry("Z4J_SECRET").problem.as_ref().unwrap().contains("shorter than 32 bytes"));
    assert_eq!(entry("Z4J_AUDIT_CHAIN_SECRET").value, None);
    assert_eq!(entry("statement_timeout").value.as_deref(), Some("30s"));
    assert_eq!(entry("Z4J_AUDIT_RETENTION_DAYS").value.as_deref(), Some("90"));
}

#[test]
fn a_report_tells_the_parts_of_a_connection_apart() {
    let house = House::new().db("postgresql://u@h1,h2/d").set("PGPORT", "7").set("PGSSLMODE", "require");
    let passwords = house.write("user/.pgpass", "# c\n*:*:*:*:p\n");
    let report = show(&house.settings());
    let found = |name: &str| {
        let entry = report.entries.iter().find(|entry| entry.name == name).unwrap();
        (entry.value.clone().unwrap(), entry.origin.clone().unwrap())
    };
    assert_eq!(found("database"), ("postgresql://u@h1:7,h2:7/d".to_owned(), Origin::flag("--db")));
    assert_eq!(found("database.host"), ("h1,h2".to_owned(), Origin::flag("--db")));
    assert_eq!(found("database.port"), ("7,7".to_owned(), Origin::environment("PGPORT")));
    assert_eq!(found("database.sslmode"), ("require".to_owned(), Origin::environment("PGSSLMODE")));
    assert_eq!(found("database.password"), ("redacted".to_owned(), Origin::file(passwords, 2)));
    assert_eq!(found("connect_timeout"), ("10s".to_owned(), Origin::Default));
}
