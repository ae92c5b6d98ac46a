//! What libpq would add.

use super::{House, set_mode};
use crate::config::{Database, Host, Origin, PostgresTarget, RootCertificate, TlsMode};
use crate::error::Kind;

fn target(house: &House) -> PostgresTarget {
    match house.settings().database.value {
        Database::Postgres(target) => *target,
        Database::Sqlite { path } => panic!("{}", path.display()),
    }
}

fn password(house: &House) -> Option<String> {
    let target = target(house);
    target.password_for(&target.endpoints[0]).map(|password| password.expose().to_owned())
}

#[test]
fn variables_fill_what_the_url_leaves_open() {
    let house = House::new()
        .set("PGHOST", "env-host")
        .set("PGPORT", "7000")
        .set("PGUSER", "env-user")
        .set("PGPASSWORD", "env-password")
        .set("PGDATABASE", "env-database")
        .set("PGSSLMODE", "require")
        .set("PGAPPNAME", "env-name");
    assert_eq!(house.shown(), "postgresql://env-user@env-host:7000/env-database");
    assert_eq!(house.settings().database.origin, Origin::environment("PGHOST"));
    let found = target(&house);
    assert_eq!((found.tls.mode, found.application_name.as_str()), (TlsMode::Require, "env-name"));
    assert_eq!(password(&house).as_deref(), Some("env-password"));
    let house = house.set("Z4J_DATABASE_URL", "postgresql+asyncpg://u:p@h:1/d?ssl=disable");
    assert_eq!(house.shown(), "postgresql://u@h:1/d");
    assert_eq!(target(&house).tls.mode, TlsMode::Disable);
    assert_eq!(password(&house).as_deref(), Some("p"));
    let error = House::new().set("PGHOST", "h").set("PGSSLMODE", "verify").resolve().unwrap_err();
    assert!(error.message().contains("PGSSLMODE"), "{error}");
}

#[test]
fn a_local_file_beside_a_postgres_variable_is_worth_a_word() {
    let house = House::new().set("PGDATABASE", "d");
    house.write("user/.z4j/z4j.db", "");
    assert!(house.settings().warnings[0].contains("PGDATABASE"));
}

#[test]
fn defaults() {
    let house = House::new().db("postgresql://");
    assert_eq!(house.shown(), "postgresql://operator@localhost:5432/operator");
    house.write("tmp/.s.PGSQL.5432", "");
    assert_eq!(target(&house).endpoints[0].host, Host::Unix(house.path("tmp")));
    house.write("sockets/.s.PGSQL.5432", "");
    assert_eq!(target(&house).endpoints[0].host, Host::Unix(house.path("sockets")));
    house.write("user/.pgpass", "localhost:5432:operator:operator:from-socket\n");
    assert_eq!(password(&house).as_deref(), Some("from-socket"));
}

#[test]
fn certificates_of_the_user() {
    let house = House::new().db("postgresql://h/d");
    let root = house.write("user/.postgresql/root.crt", "");
    let certificate = house.write("user/.postgresql/postgresql.crt", "");
    let key = house.write("user/.postgresql/postgresql.key", "");
    let tls = target(&house).tls;
    assert_eq!(tls.root, Some(RootCertificate::File(root)));
    assert_eq!((tls.client_certificate, tls.client_key), (Some(certificate), Some(key)));
    let plain = target(&house.db("postgresql://h/d?sslmode=disable")).tls;
    assert_eq!((plain.root, plain.client_certificate, plain.client_key), (None, None, None));
}

#[test]
fn password_files() {
    let house = House::new().db("postgresql://u@h1,h2/d");
    let path = house.write("user/.pgpass", "# c\nh2:*:d:u:second\nh1:5432:*:u:first\n");
    let found = target(&house);
    let passwords: Vec<&str> =
        found.endpoints.iter().map(|endpoint| found.password_for(endpoint).unwrap().expose()).collect();
    assert_eq!(passwords, ["first", "second"]);
    set_mode(&path, 0o640);
    assert_eq!(password(&house), None);
    assert!(house.settings().warnings[0].contains("was ignored"));
    let mut house = house.set("PGPASSFILE", house_file(&path));
    house.overrides.passfile = Some(house.write("elsewhere", "*:*:*:*:flag\n"));
    assert_eq!(password(&house).as_deref(), Some("flag"));
    house.overrides.passfile = Some("missing".into());
    assert!(house.settings().warnings[0].contains("does not exist"));
}

fn house_file(path: &std::path::Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn services() {
    let text = "# c\n[other]\nhost=wrong\n\n[z4j]\nhost=service-host\nport=6000\npassword=service-password\n\
                sslmode=require\n[z4j]\nhost=never\n";
    let house = House::new().set("PGSERVICE", "z4j").set("PGPORT", "1").set("PGUSER", "u");
    let unknown = house.resolve().unwrap_err();
    assert_eq!(unknown.code(), "database.unknown-service");
    house.write("etc/pg_service.conf", "[z4j]\nhost=system-host\n");
    assert_eq!(house.shown(), "postgresql://u@system-host:1/u");
    house.write("user/.pg_service.conf", text);
    assert_eq!(house.shown(), "postgresql://u@service-host:6000/u");
    assert_eq!(house.settings().database.origin, Origin::environment("PGSERVICE"));
    assert_eq!(password(&house).as_deref(), Some("service-password"));
    let named = House::new().db("service=z4j dbname=mine");
    let file = named.write("services", text);
    let named = named.set("PGSERVICEFILE", house_file(&file));
    assert_eq!(named.shown(), "postgresql://operator@service-host:6000/mine");
    for (text, line) in
        [("[z4j]\nhost\n", "line 2"), ("[z4j]\n\nservice=x\n", "line 3"), ("[z4j]\nx=1\n", "line 2")]
    {
        named.write("services", text);
        let error = named.resolve().unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.message().contains(line), "{error}");
    }
}
