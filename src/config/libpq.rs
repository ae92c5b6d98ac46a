//! What libpq knows beyond the connection string: service files, `PG*` variables, defaults, `.pgpass`.
//!
//! The order is libpq's: the connection string, the service file, the environment, the defaults.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::account::Machine;
use super::database::{Endpoint, Host, PostgresTarget, RootCertificate, TargetSession, Tls, TlsMode};
use super::files::{Accept, FILE_LIMIT, malformed, read_text};
use super::parameters::Parameters;
use super::pgpass::{self, Login};
use super::{Origin, Password};
use crate::context::Env;
use crate::error::{Error, Result};

/// PostgreSQL's port.
const DEFAULT_PORT: u16 = 5432;

/// The variables that fill a keyword.
const VARIABLES: [(&str, &str); 14] = [
    ("PGHOST", "host"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGDATABASE", "dbname"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGPASSFILE", "passfile"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGAPPNAME", "application_name"),
    ("PGOPTIONS", "options"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
];

/// The variables of which each one alone says that there is a PostgreSQL database.
const SELECTING_VARIABLES: [&str; 3] = ["PGSERVICE", "PGHOST", "PGDATABASE"];

/// The variable by which the environment alone selects PostgreSQL.
pub(super) fn selecting_variable(env: &Env) -> Option<&'static str> {
    SELECTING_VARIABLES.into_iter().find(|name| env.var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Fills what the connection string leaves open, and reads the whole as a target.
///
/// Also answers where each keyword came from that somebody set; a password of `.pgpass` is among them.
pub(super) fn complete(
    mut parameters: Parameters,
    env: &Env,
    machine: &Machine,
    warnings: &mut Vec<String>,
) -> Result<(PostgresTarget, BTreeMap<&'static str, Origin>)> {
    fill_from_service(&mut parameters, env, machine, warnings)?;
    for (variable, keyword) in VARIABLES {
        if let Some(value) = env.var(variable)?.filter(|value| !value.is_empty()) {
            parameters.fill(keyword, value, &Origin::environment(variable));
        }
    }
    let user =
        parameters.text("user").map(str::to_owned).or_else(|| machine.user.clone()).ok_or_else(|| {
            Error::usage(
                "database.no-user",
                "the database setting names no user, and the account has no name",
            )
            .hint("name a user in the database setting, or set PGUSER")
        })?;
    let dbname = parameters.text("dbname").map_or_else(|| user.clone(), str::to_owned);
    let password = parameters.text("password").map(Password::new);
    let mut endpoints = endpoints(&parameters, machine)?;
    let mut origins = parameters.origins();
    if password.is_none() {
        let saved = add_saved_passwords(&mut endpoints, &parameters, &user, &dbname, env, machine, warnings);
        origins.extend(saved.map(|origin| ("password", origin)));
    }
    let target = PostgresTarget {
        endpoints,
        user,
        password,
        dbname,
        tls: tls(&parameters, env, machine)?,
        application_name: parameters.text("application_name").unwrap_or("z4jctl").to_owned(),
        connect_timeout: connect_timeout(&parameters)?,
        target_session: target_session(&parameters)?,
        options: parameters.text("options").map(str::to_owned),
    };
    Ok((target, origins))
}

/// The error of a keyword whose value cannot be used; the value is not shown.
fn invalid(parameters: &Parameters, keyword: &str, complaint: &str) -> Error {
    let origin = parameters.get(keyword).map_or(Origin::Default, |found| found.origin.clone());
    Error::usage("database.invalid-parameter", format!("{keyword} ({origin}) {complaint}"))
}

fn target_session(parameters: &Parameters) -> Result<TargetSession> {
    let Some(word) = parameters.text("target_session_attrs") else { return Ok(TargetSession::Any) };
    TargetSession::parse(word)
        .ok_or_else(|| invalid(parameters, "target_session_attrs", "is not a word that libpq knows"))
}

/// Whole seconds; zero and negative are no limit, as in libpq.
fn connect_timeout(parameters: &Parameters) -> Result<Option<Duration>> {
    let Some(text) = parameters.text("connect_timeout") else { return Ok(None) };
    let seconds: i64 = text
        .trim()
        .parse()
        .map_err(|_| invalid(parameters, "connect_timeout", "is not a whole number of seconds"))?;
    Ok(u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs))
}

fn endpoints(parameters: &Parameters, machine: &Machine) -> Result<Vec<Endpoint>> {
    let list = |keyword: &str| -> Vec<String> {
        parameters.text(keyword).map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default()
    };
    let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = hosts.len().max(addresses.len()).max(1);
    if !addresses.is_empty() && !hosts.is_empty() && hosts.len() != addresses.len() {
        return Err(invalid(parameters, "hostaddr", "names another number of servers than host"));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(invalid(parameters, "port", "names another number of ports than there are hosts"));
    }
    let mut endpoints = Vec::with_capacity(count);
    for index in 0..count {
        let port = match ports.get(index).or(ports.first().filter(|_| ports.len() == 1)) {
            Some(port) if !port.is_empty() => port
                .trim()
                .parse()
                .ok()
                .filter(|port: &u16| *port > 0)
                .ok_or_else(|| invalid(parameters, "port", "is not a number from 1 to 65535"))?,
            _ => DEFAULT_PORT,
        };
        let address_text = addresses.get(index).map(String::as_str).filter(|text| !text.is_empty());
        let address: Option<IpAddr> = match address_text {
            Some(text) => {
                Some(text.parse().map_err(|_| invalid(parameters, "hostaddr", "is not an IP address"))?)
            }
            None => None,
        };
        let host = match hosts.get(index).map(String::as_str).filter(|host| !host.is_empty()) {
            Some(path) if path.starts_with('/') => Host::Unix(PathBuf::from(path)),
            Some(name) => Host::Tcp(host_name(name, parameters)?),
            None => {
                address.map_or_else(|| default_host(machine, port), |address| Host::Tcp(address.to_string()))
            }
        };
        endpoints.push(Endpoint { host, address, port, password: None });
    }
    Ok(endpoints)
}

/// A name that can be shown and resolved. Others are refused here: they are what is left of a URL whose
/// password was not encoded.
fn host_name(name: &str, parameters: &Parameters) -> Result<String> {
    let is_name = name.chars().all(|one| one.is_alphanumeric() || matches!(one, '.' | '-' | '_' | ':' | '%'));
    is_name
        .then(|| name.to_owned())
        .ok_or_else(|| invalid(parameters, "host", "has a character that no host name has"))
}

/// The directory where a server's socket is, else `localhost`.
fn default_host(machine: &Machine, port: u16) -> Host {
    machine
        .socket_directories
        .iter()
        .find(|directory| directory.join(format!(".s.PGSQL.{port}")).exists())
        .map_or_else(|| Host::Tcp("localhost".to_owned()), |directory| Host::Unix(directory.clone()))
}

/// Looks every server up in the password file; answers the line of the first password.
fn add_saved_passwords(
    endpoints: &mut [Endpoint],
    parameters: &Parameters,
    user: &str,
    dbname: &str,
    env: &Env,
    machine: &Machine,
    warnings: &mut Vec<String>,
) -> Option<Origin> {
    let named = parameters.text("passfile").map(|path| env.working_directory().join(path));
    let is_named = named.is_some();
    let usual = machine.home.as_ref().map(|home| home.join(".pgpass"));
    let path = named.or(usual)?;
    let text = pgpass::read(&path, is_named, warnings)?;
    let mut first = None;
    for endpoint in endpoints {
        let host = match &endpoint.host {
            Host::Tcp(name) => name.as_str(),
            // libpq files its default socket directory under localhost.
            Host::Unix(path) if machine.socket_directories.contains(path) => "localhost",
            Host::Unix(path) => path.to_str().unwrap_or_default(),
        };
        let found = pgpass::find(&text, Login { host, port: endpoint.port, dbname, user });
        if let Some((password, line)) = found {
            endpoint.password = Some(password);
            first = first.or(Some(Origin::file(&path, line)));
        }
    }
    first
}

fn tls(parameters: &Parameters, env: &Env, machine: &Machine) -> Result<Tls> {
    let asked = match parameters.text("sslmode") {
        None => None,
        Some(word) => Some(TlsMode::parse(word).ok_or_else(|| {
            invalid(parameters, "sslmode", "is not a word that libpq knows")
                .hint("write disable, allow, prefer, require, verify-ca or verify-full")
        })?),
    };
    let usual = |name: &str| {
        let path = machine.home.as_ref()?.join(".postgresql").join(name);
        path.exists().then_some(path)
    };
    let named = |keyword: &str| parameters.text(keyword).map(|path| env.working_directory().join(path));
    let root = match parameters.text("sslrootcert") {
        Some("system") => Some(RootCertificate::System),
        Some(path) => Some(RootCertificate::File(env.working_directory().join(path))),
        None => usual("root.crt").map(RootCertificate::File),
    };
    // libpq's rule: the machine's authorities vouch for anybody, so the name must be verified too.
    let mode = match (asked, &root) {
        (None, Some(RootCertificate::System)) => TlsMode::VerifyFull,
        (Some(mode), Some(RootCertificate::System)) if mode != TlsMode::VerifyFull => {
            return Err(invalid(parameters, "sslrootcert", "is 'system', which needs sslmode=verify-full"));
        }
        (asked, _) => asked.unwrap_or(TlsMode::Prefer),
    };
    let root = match (mode, root) {
        (TlsMode::Disable, _) => {
            return Ok(Tls { mode, root: None, client_certificate: None, client_key: None });
        }
        // Kinder than libpq, and no weaker: without a file of its own the machine's authorities decide.
        (TlsMode::VerifyFull, None) => Some(RootCertificate::System),
        (TlsMode::VerifyCa, None) => {
            return Err(invalid(parameters, "sslmode", "is verify-ca, which needs sslrootcert"));
        }
        (_, root) => root,
    };
    Ok(Tls {
        mode,
        root,
        client_certificate: named("sslcert").or_else(|| usual("postgresql.crt")),
        client_key: named("sslkey").or_else(|| usual("postgresql.key")),
    })
}

fn fill_from_service(
    parameters: &mut Parameters,
    env: &Env,
    machine: &Machine,
    warnings: &mut Vec<String>,
) -> Result<()> {
    let service = match parameters.get("service") {
        Some(found) => found.value.to_string(),
        None => match env.var("PGSERVICE")?.filter(|name| !name.is_empty()) {
            Some(name) => name.to_owned(),
            None => return Ok(()),
        },
    };
    let set = |name: &str| env.var_os(name).filter(|value| !value.is_empty());
    let in_working_directory = |path: &OsStr| env.working_directory().join(path);
    let mut files = Vec::new();
    match set("PGSERVICEFILE") {
        Some(path) => files.push(in_working_directory(path)),
        None => files.extend(machine.home.as_ref().map(|home| home.join(".pg_service.conf"))),
    }
    match set("PGSYSCONFDIR") {
        Some(path) => files.push(in_working_directory(path).join("pg_service.conf")),
        None => files.extend(machine.service_directories.iter().map(|path| path.join("pg_service.conf"))),
    }
    for path in &files {
        let Some(file) = read_text(path, FILE_LIMIT, Accept::Regular)? else { continue };
        if let Some(found) = read_service(&file.text, &service, path, warnings)? {
            for (keyword, value) in found.entries() {
                parameters.fill(keyword, &value.value, &value.origin);
            }
            return Ok(());
        }
    }
    let places: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    Err(Error::usage("database.unknown-service", "the PostgreSQL service that was asked for is not defined")
        .hint(format!("looked for its section in {}", places.join(", "))))
}

/// Reads one section of a service file; `None` when the file has no such section.
fn read_service(
    text: &str,
    service: &str,
    path: &Path,
    warnings: &mut Vec<String>,
) -> Result<Option<Parameters>> {
    let label = path.display().to_string();
    let mut section: Option<Parameters> = None;
    for (line, row) in (1..).zip(text.lines()) {
        let row = row.trim();
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        if let Some(name) = row.strip_prefix('[').and_then(|row| row.strip_suffix(']')) {
            if section.is_some() {
                break;
            }
            section = (name == service).then(Parameters::default);
            continue;
        }
        let Some(found) = &mut section else { continue };
        let Some((name, value)) = row.split_once('=') else {
            return Err(malformed(&label, line, "is not an assignment"));
        };
        if name == "service" {
            return Err(malformed(&label, line, "names another service, which libpq refuses too"));
        }
        found.accept(name, value, &Origin::file(path, line), true, warnings)?;
    }
    Ok(section)
}
