//! Every form in which a database may be written.

use super::House;
use crate::config::{Database, Host, PostgresTarget, RootCertificate, TargetSession, TlsMode, Verification};
use crate::error::{Error, Kind};

fn target_of(house: &House) -> PostgresTarget {
    match house.settings().database.value {
        Database::Postgres(target) => *target,
        Database::Sqlite { path } => panic!("{}", path.display()),
    }
}

/// The target of a text that an operator put into the environment, where passwords are allowed.
fn target(text: &str) -> PostgresTarget {
    target_of(&House::new().set("Z4JCTL_DATABASE_URL", text))
}

fn refused(text: &str) -> Error {
    House::new().set("Z4JCTL_DATABASE_URL", text).resolve().expect_err(text)
}

fn password(target: &PostgresTarget) -> &str {
    target.password.as_ref().map(crate::config::Password::expose).unwrap_or_default()
}

#[test]
fn sqlite_forms() {
    for (text, path) in [
        ("sqlite+aiosqlite:////abs/z4j.db", "/abs/z4j.db"),
        ("sqlite+aiosqlite:///rel/z4j.db", "work/rel/z4j.db"),
        ("sqlite:////abs/z4j.db", "/abs/z4j.db"),
        ("sqlite:///z4j.db", "work/z4j.db"),
        ("sqlite:z4j.db", "work/z4j.db"),
        ("sqlite:/abs.db", "/abs.db"),
        ("SQLite+aiosqlite:////abs/with%20blank.db?timeout=5", "/abs/with blank.db"),
        ("/abs/100%25.db", "/abs/100%25.db"),
        ("./a=b.db", "work/./a=b.db"),
        ("z4j.db\n", "work/z4j.db"),
    ] {
        let house = House::new().db(text);
        let Database::Sqlite { path: found } = house.settings().database.value else { panic!("{text}") };
        assert_eq!(found, house.path(path), "{text}");
    }
    for text in [
        "",
        ":memory:",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/z4j.db",
        "file:z4j.db",
        "sqlite:///file:z4j.db?uri=true",
        "mysql://h/d",
        "postgresql:h/d",
        "passwrod=hunter2 host=x",
        "sqlite:///a%00b",
    ] {
        let error = refused_flag(text);
        assert_eq!(error.kind(), Kind::Usage, "{text}");
        assert!(!error.message().contains("hunter2"));
    }
}

fn refused_flag(text: &str) -> Error {
    House::new().db(text).resolve().expect_err(text)
}

#[test]
fn postgres_forms() {
    for text in [
        "postgresql+asyncpg://z4j:p%40ss%2Fw%3Ard@db.example:6543/brain",
        "postgresql+psycopg://z4j:p%40ss%2Fw%3Ard@db.example:6543/brain",
        "postgresql://z4j:p%40ss%2Fw%3Ard@db.example:6543/brain",
        "postgres://z4j:p%40ss%2Fw%3Ard@db.example:6543/brain",
        "postgresql://db.example:6543/brain?user=z4j&password=p%40ss%2Fw%3Ard",
        "host=db.example port=6543 user = z4j password='p@ss/w:rd' dbname=brain",
        "dbname='brain' password=p@ss\\/w:rd user=z4j host='db.example' port=6543",
    ] {
        let target = target(text);
        assert_eq!(target.display(), "postgresql://z4j@db.example:6543/brain", "{text}");
        assert_eq!(password(&target), "p@ss/w:rd", "{text}");
        assert_eq!(target.tls.mode, TlsMode::Prefer);
        assert_eq!(target.application_name, "z4jctl");
    }
}

#[test]
fn sqlalchemy_passwords_may_hold_what_libpq_needs_encoded() {
    let target = target("postgresql+asyncpg://u%40x:p/a?s#s@h/d?application_name=a+b");
    assert_eq!((target.user.as_str(), password(&target)), ("u@x", "p/a?s#s"));
    assert_eq!(target.application_name, "a b");
    for text in [
        "postgresql://u:p/a@h/d",
        "postgresql://u:12/a@h/d",
        "postgresql://u:p@a@h/d",
        "postgresql+asyncpg://u:p@a@h/d",
    ] {
        assert_eq!(refused(text).code(), "database.malformed", "{text}");
    }
}

#[test]
fn hosts() {
    let several = target("postgresql://u@h1:1,[::1]:2,h3/d?target_session_attrs=read-write");
    assert_eq!(several.display(), "postgresql://u@h1:1,[::1]:2,h3:5432/d");
    assert_eq!(several.target_session, TargetSession::ReadWrite);
    assert_eq!(
        target("postgresql+asyncpg://u@/d?host=h1:1&host=h2:2").display(),
        "postgresql://u@h1:1,h2:2/d"
    );
    assert_eq!(target("host=h1,h2 port=7").display(), "postgresql://operator@h1:7,h2:7/operator");
    for text in ["postgresql://u@%2Frun%2Fpg:5433/d", "postgresql://u@/d?host=/run/pg&port=5433"] {
        let target = target(text);
        assert_eq!(target.endpoints[0].host, Host::Unix("/run/pg".into()), "{text}");
        assert_eq!(target.display(), "postgresql://u@%2Frun%2Fpg:5433/d");
    }
    let numbered = target("host=db.example hostaddr=10.0.0.7");
    assert_eq!(numbered.endpoints[0].address, Some("10.0.0.7".parse().unwrap()));
    for text in [
        "postgresql://h:0/d",
        "postgresql://h:65536/d",
        "postgresql://h:x/d",
        "postgresql://[::1/d",
        "postgresql://[::1]x/d",
        "postgresql://h!x/d",
        "host=a,b port=1,2,3",
        "host=a,b hostaddr=10.0.0.7",
        "hostaddr=a",
    ] {
        assert_eq!(refused(text).kind(), Kind::Usage, "{text}");
    }
}

#[test]
fn tls_in_both_spellings() {
    for (query, mode) in [
        ("sslmode=disable", TlsMode::Disable),
        ("sslmode=allow", TlsMode::Allow),
        ("sslmode=require", TlsMode::Require),
        ("sslmode=verify-ca&sslrootcert=/ca.pem", TlsMode::VerifyCa),
        ("sslmode=verify-full", TlsMode::VerifyFull),
        ("sslrootcert=system", TlsMode::VerifyFull),
        ("ssl=require", TlsMode::Require),
        ("ssl=verify-full", TlsMode::VerifyFull),
        ("ssl=true", TlsMode::Require),
        ("ssl=false", TlsMode::Disable),
        ("ssl=require&sslmode=require", TlsMode::Require),
    ] {
        let target = target(&format!("postgresql+asyncpg://u@h/d?{query}"));
        assert_eq!(target.tls.mode, mode, "{query}");
        assert_eq!(TlsMode::parse(mode.word()), Some(mode));
    }
    for query in [
        "sslmode=",
        "sslmode=verify",
        "ssl=require&sslmode=disable",
        "sslmode=require&sslmode=disable",
        "sslmode=verify-ca",
        "sslmode=require&sslrootcert=system",
        "sslmod=verify-full",
        "connect_timeout=soon",
        "target_session_attrs=best",
        "nothing",
    ] {
        assert_eq!(refused(&format!("postgresql://u@h/d?{query}")).kind(), Kind::Usage, "{query}");
    }
    let full = target("postgresql://u@h/d?sslmode=verify-full").tls;
    assert_eq!(
        (full.verification(), &full.root),
        (Verification::ChainAndName, &Some(RootCertificate::System))
    );
    let require = target("postgresql://u@h/d?sslmode=require").tls;
    assert_eq!(require.verification(), Verification::None);
    let rooted = target("postgresql://u@h/d?sslmode=require&sslrootcert=ca.pem").tls;
    assert_eq!(rooted.verification(), Verification::Chain);
}

#[test]
fn other_parameters() {
    let house = House::new().set(
        "Z4J_DATABASE_URL",
        "postgresql+asyncpg://u@h/d?prepared_statement_cache_size=0&channel_binding=require&options=-c%20a%3Db",
    );
    let settings = house.settings();
    assert_eq!(settings.warnings.len(), 1);
    assert!(settings.warnings[0].contains("channel_binding"));
    assert_eq!(target_of(&house).options.as_deref(), Some("-c a=b"));
}

#[test]
fn flags_beat_the_url() {
    let mut house = House::new().db("postgresql://u@h/d?sslmode=disable");
    house.overrides.sslmode = Some("verify-full".to_owned());
    house.overrides.sslrootcert = Some("ca.pem".into());
    let tls = target_of(&house).tls;
    assert_eq!(tls.mode, TlsMode::VerifyFull);
    assert_eq!(tls.root, Some(RootCertificate::File(house.path("work/ca.pem"))));
    house.overrides.db = Some("z4j.db".to_owned());
    assert_eq!(house.settings().warnings.len(), 1);
}

#[test]
fn a_password_in_the_arguments_is_refused() {
    for text in [
        "postgresql://u:hunter2@h/d",
        "postgresql+asyncpg://u:hunter2@h/d",
        "postgresql://u@h/d?password=hunter2",
        "host=h password=hunter2",
    ] {
        let error = refused_flag(text);
        assert_eq!(error.code(), "database.password-in-arguments", "{text}");
        assert!(error.hint_text().unwrap().contains("Z4JCTL_DATABASE_URL"));
    }
    let mut house = House::new();
    let path = house.write("url", "postgresql://u:hunter2@h/d\n");
    house.overrides.db_file = Some(path);
    assert_eq!(password(&target_of(&house)), "hunter2");
}

#[test]
fn structured_settings() {
    let house = || {
        House::new().set("Z4J_DATABASE_HOST", "h").set("Z4J_DATABASE_PORT", "1").set("Z4J_DATABASE_USER", "u")
    };
    let error = house().resolve().unwrap_err();
    assert!(error.message().contains("Z4J_DATABASE_PASSWORD, Z4J_DATABASE_NAME missing"), "{error}");
    let whole = house().set("Z4J_DATABASE_PASSWORD", "p@:/").set("Z4J_DATABASE_NAME", "d");
    assert_eq!(whole.shown(), "postgresql://u@h:1/d");
    assert_eq!(password(&target_of(&whole)), "p@:/");
    assert_eq!(house().set("Z4J_DATABASE_URL", "/x.db").shown(), "/x.db");
    let bad = House::new()
        .set("Z4J_DATABASE_HOST", "[::1]")
        .set("Z4J_DATABASE_PORT", "1")
        .set("Z4J_DATABASE_USER", "u")
        .set("Z4J_DATABASE_PASSWORD", "p")
        .set("Z4J_DATABASE_NAME", "d");
    assert_eq!(bad.resolve().unwrap_err().kind(), Kind::Usage);
}
