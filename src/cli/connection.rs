//! The flags that say which database, and with which secrets.
#![expect(clippy::doc_markdown, reason = "texts of --help, not of the documentation")]

use std::io::Read as _;
use std::path::PathBuf;

use clap::{ArgAction, Args};
use zeroize::Zeroizing;

use crate::audit::OpenOptions;
use crate::audit::keys::Keys;
use crate::config::{Overrides, Settings, parse_duration};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::mac::MacKey;

const HEADING: &str = "Database and secrets";

/// The connection flags; every one has a `Z4JCTL_…` variable, see `z4jctl config show`.
#[derive(Debug, Args)]
#[command(next_help_heading = HEADING)]
pub(super) struct Connection {
    /// z4j's home directory, which holds z4j.db, secret.env and config.env [env: Z4JCTL_HOME, Z4J_HOME; default: ~/.z4j]
    #[arg(long, value_name = "DIR", global = true)]
    home: Option<PathBuf>,
    /// The database: a file, a URL as z4j takes it, or a libpq connection string, without password [env: Z4JCTL_DATABASE_URL, Z4J_DATABASE_URL]
    #[arg(long, value_name = "URL", global = true, conflicts_with = "db_file")]
    db: Option<String>,
    /// A file that holds the database URL, password and all [env: Z4JCTL_DB_FILE]
    #[arg(long, value_name = "FILE", global = true)]
    db_file: Option<PathBuf>,
    /// A file of KEY=VALUE lines with secrets (Z4J_SECRET, Z4J_AUDIT_CHAIN_SECRET, …); - is stdin; repeatable [env: Z4JCTL_SECRET_FILE]
    #[arg(long, value_name = "FILE", global = true, action = ArgAction::Append)]
    secret_file: Vec<PathBuf>,
    /// How long to wait for a connection, such as 500ms, 10s, 1m; 0 is for ever [default: 10s]
    #[arg(long, value_name = "DURATION", global = true)]
    connect_timeout: Option<String>,
    /// Limit of one statement; the walk over the log has none unless this is given [default: 30s]
    #[arg(long, value_name = "DURATION", global = true)]
    statement_timeout: Option<String>,
    /// How long to wait for a lock that somebody else holds [default: 10s]
    #[arg(long, value_name = "DURATION", global = true)]
    lock_timeout: Option<String>,
    /// PostgreSQL: disable, allow, prefer, require, verify-ca or verify-full
    #[arg(long, value_name = "MODE", global = true)]
    sslmode: Option<String>,
    /// PostgreSQL: file with the trusted root certificates, or `system`
    #[arg(long, value_name = "FILE", global = true)]
    sslrootcert: Option<PathBuf>,
    /// PostgreSQL: file with the client certificate
    #[arg(long, value_name = "FILE", global = true)]
    sslcert: Option<PathBuf>,
    /// PostgreSQL: file with the key of the client certificate
    #[arg(long, value_name = "FILE", global = true)]
    sslkey: Option<PathBuf>,
    /// PostgreSQL: password file in the format of ~/.pgpass
    #[arg(long, value_name = "FILE", global = true)]
    passfile: Option<PathBuf>,
}

impl Connection {
    /// Whether standard input holds secrets, and so is nobody else's.
    fn reads_stdin(&self) -> bool {
        self.secret_file.iter().any(|path| path.as_os_str() == "-")
    }

    /// Refuses a command that would read its own input where the secrets are. To be asked before they are read.
    pub(super) fn leave_stdin_to(&self, what: &str) -> Result<()> {
        if !self.reads_stdin() {
            return Ok(());
        }
        Err(Error::usage("usage.stdin", format!("{what} and --secret-file - both want standard input"))
            .hint("give the secrets in a file or in the environment"))
    }

    /// The flags that say which database and which secrets, as words of a shell, for commands that a report advises:
    /// without them they would find another database, or none. None of them is a secret.
    pub(super) fn words(&self) -> Vec<String> {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let path = |path: &Option<PathBuf>| path.as_ref().map(text);
        let secret_files = self.secret_file.iter().filter(|path| path.as_os_str() != "-");
        let flags = [
            ("--home", path(&self.home)),
            ("--db", self.db.clone()),
            ("--db-file", path(&self.db_file)),
            ("--sslmode", self.sslmode.clone()),
            ("--sslrootcert", path(&self.sslrootcert)),
            ("--sslcert", path(&self.sslcert)),
            ("--sslkey", path(&self.sslkey)),
            ("--passfile", path(&self.passfile)),
        ];
        flags
            .into_iter()
            .chain(secret_files.map(|file| ("--secret-file", Some(text(file)))))
            .filter_map(|(flag, value)| Some([flag.to_owned(), super::shell_word(&value?)]))
            .flatten()
            .collect()
    }

    /// Finds the settings in force.
    pub(super) fn resolve(&self, context: &Context) -> Result<Settings> {
        Settings::resolve(&self.overrides()?, &context.env)
    }

    /// What the flags say about another database than the one they name: how to connect, and no secrets.
    pub(super) fn overrides_for(&self, db: Option<String>, db_file: Option<PathBuf>) -> Result<Overrides> {
        Ok(Overrides { db, db_file, ..self.overrides_without_secrets()? })
    }

    /// What the flags say, for who looks settings up one by one. Reads standard input where a flag says so, once.
    pub(super) fn overrides(&self) -> Result<Overrides> {
        Ok(Overrides {
            secret_file: self.secret_file.clone(),
            secrets_stdin_text: if self.reads_stdin() { Some(read_stdin()?) } else { None },
            ..self.overrides_without_secrets()?
        })
    }

    fn overrides_without_secrets(&self) -> Result<Overrides> {
        let duration = |name: &str, text: &Option<String>| {
            text.as_deref().map(|text| parse_duration(name, text)).transpose()
        };
        Ok(Overrides {
            home: self.home.clone(),
            db: self.db.clone(),
            db_file: self.db_file.clone(),
            secret_file: Vec::new(),
            secrets_stdin_text: None,
            connect_timeout: duration("--connect-timeout", &self.connect_timeout)?,
            statement_timeout: duration("--statement-timeout", &self.statement_timeout)?,
            lock_timeout: duration("--lock-timeout", &self.lock_timeout)?,
            sslmode: self.sslmode.clone(),
            sslrootcert: self.sslrootcert.clone(),
            sslcert: self.sslcert.clone(),
            sslkey: self.sslkey.clone(),
            passfile: self.passfile.clone(),
        })
    }
}

fn read_stdin() -> Result<Zeroizing<String>> {
    /// Far more than any set of secrets; whoever pipes more has piped the wrong thing.
    const LIMIT: u64 = 1 << 20;
    let fail = |reason: &dyn std::fmt::Display| {
        Error::secret("secret.stdin", format!("cannot read secrets from stdin: {reason}"))
            .hint("pipe KEY=VALUE lines into it, such as Z4J_SECRET=…")
    };
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().lock().take(LIMIT + 1).read_to_string(&mut text).map_err(|error| fail(&error))?;
    if u64::try_from(text.len()).is_ok_and(|length| length > LIMIT) {
        return Err(fail(&"it is larger than any set of secrets"));
    }
    Ok(text)
}

/// Before a credential is minted: whether the configured secret is that of the database.
pub(super) fn witness(run: &super::Run<'_>, settings: &Settings) -> Result<()> {
    let doubt = crate::secrets::witness::before_minting(run.context, settings, open_options(settings))?;
    if let Some(doubt) = doubt {
        run.ui.note(doubt);
    }
    Ok(())
}

/// How patient to be, by the settings.
pub(super) fn open_options(settings: &Settings) -> OpenOptions {
    OpenOptions {
        lock_timeout: settings.lock_timeout.value.unwrap_or(std::time::Duration::from_secs(86_400)),
        statement_timeout: settings.statement_timeout.value,
        walk_timeout: settings.walk_timeout(),
        minimum_free: None,
    }
}

/// The keys that are configured.
pub(super) fn keys(settings: &Settings) -> Result<Keys> {
    let prepare = |secrets: &[crate::config::Sourced<crate::config::Secret>]| {
        secrets.iter().map(|secret| MacKey::new(secret.value.expose())).collect()
    };
    Ok(Keys {
        master: prepare(settings.master_keys()?),
        audit: prepare(settings.audit_keys()?),
        has_current_master: settings.master_ring()?.current().is_some(),
        has_current_audit: settings.audit_ring()?.current().is_some(),
    })
}
