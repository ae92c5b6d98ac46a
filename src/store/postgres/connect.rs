//! Connecting to PostgreSQL, and telling a person why it did not work.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use ::postgres::config::{ChannelBinding, SslMode};
use ::postgres::error::SqlState;
use ::postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls;
use crate::config::{Endpoint, Host, PostgresTarget, TargetSession, TlsMode};
use crate::context::Cancel;
use crate::error::{Error, Result};

/// How often a refused or reset connection is tried again, and how long to wait first; doubled each time.
const RETRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Connects to the first server that will do.
pub(in crate::store) fn connect(target: &PostgresTarget, cancel: &Cancel) -> Result<Client> {
    let mut wait = FIRST_WAIT;
    for attempt in 0.. {
        match connect_once(target) {
            Err((error, true)) if attempt < RETRIES => {
                cancel.check()?;
                std::thread::sleep(wait);
                wait *= 2;
                drop(error);
            }
            Err((error, _)) => return Err(error),
            Ok(client) => return Ok(client),
        }
    }
    Err(Error::bug("no attempt to connect was made"))
}

/// One round over the servers; an error says whether trying again may help.
fn connect_once(target: &PostgresTarget) -> Result<Client, (Error, bool)> {
    let mut last = None;
    for endpoint in &target.endpoints {
        match connect_to(target, endpoint) {
            Ok(Some(client)) => return Ok(client),
            Ok(None) => last = last.or(Some((unsuitable(target), false))),
            Err(error) => last = Some(error),
        }
    }
    // A standby is preferred and there is none: any server will do.
    if target.target_session == TargetSession::PreferStandby {
        let any = PostgresTarget { target_session: TargetSession::Any, ..target.clone() };
        return connect_once(&any);
    }
    Err(last.unwrap_or_else(|| (Error::usage("database.no-host", "no host to connect to"), false)))
}

fn unsuitable(target: &PostgresTarget) -> Error {
    Error::unreachable(
        "database.no-suitable-server",
        format!("no server of {} is of the kind that target_session_attrs asks for", target.display()),
    )
    .hint("name more servers, or take target_session_attrs (PGTARGETSESSIONATTRS) away")
}

fn connect_to(target: &PostgresTarget, endpoint: &Endpoint) -> Result<Option<Client>, (Error, bool)> {
    let mut config = Config::new();
    config
        .user(&target.user)
        .dbname(&target.dbname)
        .application_name(&target.application_name)
        .port(endpoint.port);
    match &endpoint.host {
        Host::Tcp(name) => config.host(name),
        Host::Unix(directory) => config.host_path(directory),
    };
    if let Some(address) = endpoint.address {
        config.hostaddr(address);
    }
    if let Some(password) = target.password_for(endpoint) {
        config.password(password.expose());
    }
    if let Some(options) = &target.options {
        config.options(options);
    }
    if let Some(timeout) = target.connect_timeout {
        config.connect_timeout(timeout).tcp_user_timeout(timeout.max(Duration::from_secs(30)));
    }
    let shown = target.display();
    let silent = || {
        let limit = target.connect_timeout.unwrap_or_default();
        let message = format!("cannot reach {shown}: timed out after {limit:?} waiting for an answer");
        let error = Error::unreachable("database.connection", message);
        (
            error.hint("something else may listen there; check host and port, or raise --connect-timeout"),
            false,
        )
    };
    let plain = |config: &mut Config| {
        config.ssl_mode(SslMode::Disable);
        dial(config, None, target.connect_timeout).ok_or_else(silent)
    };
    let encrypted = |config: &mut Config, mode| {
        let connector = tls::connector(&target.tls).map_err(|error| (error, false))?;
        config.channel_binding(ChannelBinding::Prefer).ssl_mode(mode);
        dial(config, Some(connector), target.connect_timeout).ok_or_else(silent)
    };
    let is_socket = matches!(endpoint.host, Host::Unix(_));
    let attempt = match target.tls.mode {
        _ if is_socket => plain(&mut config)?,
        TlsMode::Disable => plain(&mut config)?,
        TlsMode::Allow => match plain(&mut config)? {
            Err(error) if error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
                encrypted(&mut config, SslMode::Require)?
            }
            other => other,
        },
        TlsMode::Prefer => encrypted(&mut config, SslMode::Prefer)?,
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => {
            encrypted(&mut config, SslMode::Require)?
        }
    };
    let mut client = attempt.map_err(|error| (failed(&shown, &error), is_transient(&error)))?;
    let suitable =
        is_suitable(&mut client, target.target_session).map_err(|error| (failed(&shown, &error), false))?;
    Ok(suitable.then_some(client))
}

/// Connects on a thread of its own, since the limit of the driver ends with the TCP handshake: something that accepts
/// and then says nothing would keep us for ever. `None` when there was no answer in time.
fn dial(
    config: &Config,
    connector: Option<MakeRustlsConnect>,
    limit: Option<Duration>,
) -> Option<Result<Client, ::postgres::Error>> {
    /// So that the more precise error of the driver comes first.
    const MARGIN: Duration = Duration::from_millis(200);
    let config = config.clone();
    let work = move || match connector {
        Some(connector) => config.connect(connector),
        None => config.connect(NoTls),
    };
    let Some(limit) = limit else { return Some(work()) };
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // Nobody listens any more when it took too long.
        let _ = sender.send(work());
    });
    receiver.recv_timeout(limit.saturating_add(MARGIN)).ok()
}

fn is_suitable(client: &mut Client, wanted: TargetSession) -> Result<bool, ::postgres::Error> {
    let question = match wanted {
        TargetSession::Any => return Ok(true),
        TargetSession::ReadWrite => {
            "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'"
        }
        TargetSession::ReadOnly => {
            "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'"
        }
        TargetSession::Primary => "SELECT NOT pg_is_in_recovery()",
        TargetSession::Standby | TargetSession::PreferStandby => "SELECT pg_is_in_recovery()",
    };
    let answers = client.simple_query(question)?;
    Ok(answers.iter().any(
        |message| matches!(message, ::postgres::SimpleQueryMessage::Row(row) if row.get(0) == Some("t")),
    ))
}

/// Only a refused or reset connection is worth another try: the server may be starting.
fn is_transient(error: &::postgres::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    io.is_some_and(|io| matches!(io.kind(), ConnectionRefused | ConnectionReset | ConnectionAborted))
        || error.code() == Some(&SqlState::CANNOT_CONNECT_NOW)
}

/// [`failed`] for an error that comes out of a reader.
pub(super) fn failed_reading(shown: &str, error: &io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<::postgres::Error>()) {
        Some(inner) => failed(shown, inner),
        None => Error::unreachable("database.connection", format!("lost the connection to {shown}: {error}"))
            .hint("run the command again; the log of the server may say why"),
    }
}

/// Turns an error of the driver into one that names the database and the way out.
pub(in crate::store) fn failed(shown: &str, error: &::postgres::Error) -> Error {
    let Some(db) = error.as_db_error() else {
        return without_answer(shown, error);
    };
    let message = db.message();
    let at = |what: &str| format!("{what} {shown}: {message}");
    match *db.code() {
        SqlState::INVALID_PASSWORD => {
            Error::unreachable("database.password", at("the server rejected the password for"))
                .hint("check the password: --db-file, Z4J_DATABASE_URL, PGPASSWORD or ~/.pgpass")
        }
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            Error::unreachable("database.authentication", at("the server does not let us in at"))
                .hint("check user, pg_hba.conf and sslmode on the server's side")
        }
        SqlState::INVALID_CATALOG_NAME => {
            Error::unreachable("database.not-found", at("no such database at")).hint("check the name in the URL")
        }
        SqlState::INSUFFICIENT_PRIVILEGE => {
            Error::unreachable("database.privilege", at("the role may not read what is needed from")).hint(
                "GRANT SELECT ON audit_log, audit_chain_state, audit_chain_preparation, z4j_meta, alembic_version TO the role \
                 (those of them that exist)",
            )
        }
        SqlState::QUERY_CANCELED => Error::unreachable("database.timeout", at("a statement was cancelled at"))
            .hint("raise --statement-timeout"),
        SqlState::LOCK_NOT_AVAILABLE => Error::refused("database.locked", at("a table is locked at"))
            .hint("a migration may be running; try again, or raise --lock-timeout"),
        SqlState::T_R_SERIALIZATION_FAILURE => {
            Error::unreachable("database.replica-conflict", at("the standby cancelled the snapshot at"))
                .hint("set hot_standby_feedback or max_standby_streaming_delay on the standby, or read from the primary")
        }
        _ => Error::unreachable("database.failed", at("the server reports an error at"))
            .hint("the log of the server may say more"),
    }
}

/// An error that is not the server's own.
fn without_answer(shown: &str, error: &::postgres::Error) -> Error {
    let text = error.to_string();
    let reason = error.source().map_or_else(|| text.clone(), ToString::to_string);
    if reason == "password missing" {
        return Error::unreachable(
            "database.password",
            format!("{shown} asks for a password, and none is configured"),
        )
        .hint("give it with --db-file, Z4J_DATABASE_URL, PGPASSWORD or ~/.pgpass");
    }
    if text.starts_with("error performing TLS handshake") {
        return Error::unreachable(
            "database.tls",
            format!("cannot secure the connection to {shown}: {reason}"),
        )
        .hint(
            "check sslmode, and sslrootcert: the authority that signed the server's certificate; with \
             sslmode=verify-full the certificate must carry the name that we connect to",
        );
    }
    Error::unreachable("database.connection", format!("cannot reach {shown}: {reason}")).hint(
        "check host, port, network and sslmode; `z4jctl config show` prints where each setting came from",
    )
}
