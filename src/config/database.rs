//! Which database, and how to log in to it.

use std::fmt::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Password;

/// What stays readable in a displayed URL.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The database of a brain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite {
        /// The file; absolute whenever the working directory is known.
        path: PathBuf,
    },
    /// A server.
    Postgres(Box<PostgresTarget>),
}

impl Database {
    /// For humans and reports: the path, or a URL without password.
    pub fn display(&self) -> String {
        match self {
            Self::Sqlite { path } => path.display().to_string(),
            Self::Postgres(target) => target.display(),
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display())
    }
}

/// How to reach a PostgreSQL database: everything libpq would know, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresTarget {
    /// Servers to try in this order; at least one.
    pub endpoints: Vec<Endpoint>,
    /// The role.
    pub user: String,
    /// The password that was configured; see [`PostgresTarget::password_for`].
    pub password: Option<Password>,
    /// The database.
    pub dbname: String,
    /// Encryption.
    pub tls: Tls,
    /// What the server shows in `pg_stat_activity`; `z4jctl` unless configured.
    pub application_name: String,
    /// Limit of one connection attempt; `None` is no limit.
    pub connect_timeout: Option<Duration>,
    /// Which server of several will do.
    pub target_session: TargetSession,
    /// Server settings for the start of the session, such as `-c search_path=z4j`.
    pub options: Option<String>,
}

impl PostgresTarget {
    /// The password for one server: the configured one, else the one that `.pgpass` has for that server.
    pub fn password_for<'a>(&'a self, endpoint: &'a Endpoint) -> Option<&'a Password> {
        self.password.as_ref().or(endpoint.password.as_ref())
    }

    /// A URL that names the database and holds no password.
    pub fn display(&self) -> String {
        let mut text = format!("postgresql://{}@", utf8_percent_encode(&self.user, KEPT));
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            // Writing to a String cannot fail.
            let _ = match &endpoint.host {
                Host::Tcp(name) if name.contains(':') => write!(text, "[{name}]:{}", endpoint.port),
                Host::Tcp(name) => write!(text, "{name}:{}", endpoint.port),
                Host::Unix(path) => {
                    let path = path.to_string_lossy();
                    write!(text, "{}:{}", utf8_percent_encode(&path, KEPT), endpoint.port)
                }
            };
        }
        let _ = write!(text, "/{}", utf8_percent_encode(&self.dbname, KEPT));
        text
    }
}

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it listens; the name that a certificate must carry.
    pub host: Host,
    /// The address to connect to instead of resolving the name (libpq's `hostaddr`).
    pub address: Option<std::net::IpAddr>,
    /// The port; for a socket the number in the socket's file name.
    pub port: u16,
    /// The password that `.pgpass` has for this server, when none was configured.
    pub password: Option<Password>,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A host name or address, without brackets.
    Tcp(String),
    /// The directory of a Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(name) => f.write_str(name),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Encryption of a connection, in libpq's terms. Sockets are never encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// How much encryption is asked for.
    pub mode: TlsMode,
    /// Whom to trust.
    pub root: Option<RootCertificate>,
    /// PEM file with the client's certificate chain.
    pub client_certificate: Option<PathBuf>,
    /// PEM file with the client's private key.
    pub client_key: Option<PathBuf>,
}

impl Tls {
    /// What the server's certificate has to prove.
    ///
    /// `require` with a root certificate verifies the chain, as libpq and asyncpg do. `allow` and `prefer`
    /// promise nothing, since they fall back to plain text.
    pub fn verification(&self) -> Verification {
        match (self.mode, &self.root) {
            (TlsMode::VerifyFull, _) => Verification::ChainAndName,
            (TlsMode::VerifyCa, _) | (TlsMode::Require, Some(_)) => Verification::Chain,
            _ => Verification::None,
        }
    }
}

/// Who may have signed the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootCertificate {
    /// The certificates that the machine trusts (`sslrootcert=system`).
    System,
    /// A PEM file.
    File(PathBuf),
}

/// What a server's certificate has to prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// Nothing.
    None,
    /// That a trusted authority signed it.
    Chain,
    /// That, and that it carries the host's name.
    ChainAndName,
}

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Plain text only.
    Disable,
    /// Plain text, TLS when the server insists.
    Allow,
    /// TLS, plain text when the server cannot.
    Prefer,
    /// TLS.
    Require,
    /// TLS with a certificate of a trusted authority.
    VerifyCa,
    /// TLS with a certificate of a trusted authority for this host.
    VerifyFull,
}

impl TlsMode {
    /// Every mode with libpq's word for it.
    pub const TABLE: [(TlsMode, &'static str); 6] = [
        (Self::Disable, "disable"),
        (Self::Allow, "allow"),
        (Self::Prefer, "prefer"),
        (Self::Require, "require"),
        (Self::VerifyCa, "verify-ca"),
        (Self::VerifyFull, "verify-full"),
    ];

    /// The mode of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::TABLE.into_iter().find(|(_, known)| *known == word).map(|(mode, _)| mode)
    }

    /// libpq's word.
    pub fn word(self) -> &'static str {
        Self::TABLE.into_iter().find(|(mode, _)| *mode == self).map_or("", |(_, word)| word)
    }
}

/// libpq's `target_session_attrs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetSession {
    /// Any server.
    Any,
    /// One that accepts writes.
    ReadWrite,
    /// One that does not.
    ReadOnly,
    /// One that is not a standby.
    Primary,
    /// A standby.
    Standby,
    /// A standby, or else any server.
    PreferStandby,
}

impl TargetSession {
    /// The value of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "any" => Self::Any,
            "read-write" => Self::ReadWrite,
            "read-only" => Self::ReadOnly,
            "primary" => Self::Primary,
            "standby" => Self::Standby,
            "prefer-standby" => Self::PreferStandby,
            _ => return None,
        })
    }
}
