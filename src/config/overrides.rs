//! What the flags of the command line say about the settings.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

/// The settings that were given as flags; everything is optional.
#[derive(Clone, Default)]
pub struct Overrides {
    /// `--home`: z4j's home directory.
    pub home: Option<PathBuf>,
    /// `--db`: a URL, a bare SQLite path, or a libpq connection string. A password in it is refused.
    pub db: Option<String>,
    /// `--db-file`: a file that contains what `--db` would, and may contain a password.
    pub db_file: Option<PathBuf>,
    /// `--secret-file`, repeatable: `KEY=VALUE` lines in the syntax of `secret.env`; `-` is standard input.
    pub secret_file: Vec<PathBuf>,
    /// Standard input, where `secret_file` names it; the face has read it already.
    pub secrets_stdin_text: Option<Zeroizing<String>>,
    /// `--connect-timeout`; zero means no limit.
    pub connect_timeout: Option<Duration>,
    /// `--statement-timeout`; zero means no limit.
    pub statement_timeout: Option<Duration>,
    /// `--lock-timeout`; zero means no limit.
    pub lock_timeout: Option<Duration>,
    /// `--sslmode`, in libpq's words.
    pub sslmode: Option<String>,
    /// `--sslrootcert`: a PEM file, or the word `system`.
    pub sslrootcert: Option<PathBuf>,
    /// `--sslcert`: a PEM file.
    pub sslcert: Option<PathBuf>,
    /// `--sslkey`: a PEM file.
    pub sslkey: Option<PathBuf>,
    /// `--passfile`: a file in the syntax of `.pgpass`.
    pub passfile: Option<PathBuf>,
}

// Not derived: `db` is where a password is before it is refused, and the text of standard input is secrets.
impl fmt::Debug for Overrides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overrides")
            .field("home", &self.home)
            .field("db", &self.db.as_ref().map(|_| "redacted"))
            .field("db_file", &self.db_file)
            .field("secret_file", &self.secret_file)
            .field("secrets_stdin_text", &self.secrets_stdin_text.as_ref().map(|_| "redacted"))
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .field("sslmode", &self.sslmode)
            .field("sslrootcert", &self.sslrootcert)
            .field("sslcert", &self.sslcert)
            .field("sslkey", &self.sslkey)
            .field("passfile", &self.passfile)
            .finish()
    }
}
