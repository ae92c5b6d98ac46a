//! The keywords of a PostgreSQL connection, in libpq's spelling, before they become a target.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::{Origin, Sourced};
use crate::error::{Error, Result};

/// Keywords that decide where z4jctl connects.
const SUPPORTED: [&str; 17] = [
    "application_name",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "host",
    "hostaddr",
    "options",
    "passfile",
    "password",
    "port",
    "service",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "user",
];

/// Keywords that ask for protection which z4jctl does not offer; whoever set one should hear of it.
const UNSUPPORTED: [&str; 14] = [
    "channel_binding",
    "gssencmode",
    "krbsrvname",
    "require_auth",
    "requirepeer",
    "replication",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcrl",
    "sslcrldir",
    "sslnegotiation",
    "sslpassword",
    "tcp_user_timeout",
];

/// Keywords that tune libpq, asyncpg or SQLAlchemy and mean nothing here.
const IRRELEVANT: [&str; 20] = [
    "async_fallback",
    "client_encoding",
    "command_timeout",
    "gssdelegation",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "max_cacheable_statement_size",
    "max_cached_statement_lifetime",
    "prepared_statement_cache_size",
    "prepared_statement_name_func",
    "scram_client_key",
    "scram_server_key",
    "sslcompression",
    "sslsni",
    "statement_cache_size",
    "timeout",
];

/// What is known of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Supported(&'static str),
    Unsupported(&'static str),
    Irrelevant,
    Unknown,
}

impl Keyword {
    pub(super) fn of(name: &str) -> Self {
        let name = if name == "database" { "dbname" } else { name };
        let within = |table: &[&'static str]| table.iter().copied().find(|known| *known == name);
        if let Some(known) = within(&SUPPORTED) {
            Self::Supported(known)
        } else if let Some(known) = within(&UNSUPPORTED) {
            Self::Unsupported(known)
        } else if within(&IRRELEVANT).is_some() {
            Self::Irrelevant
        } else {
            Self::Unknown
        }
    }
}

/// The keywords that were given, each with its origin.
#[derive(Clone, Default)]
pub(super) struct Parameters(BTreeMap<&'static str, Sourced<Zeroizing<String>>>);

impl Parameters {
    /// The value of a keyword.
    pub(super) fn get(&self, keyword: &str) -> Option<&Sourced<Zeroizing<String>>> {
        self.0.get(keyword)
    }

    /// The text of a keyword.
    pub(super) fn text(&self, keyword: &str) -> Option<&str> {
        self.get(keyword).map(|found| found.value.as_str())
    }

    /// Where each keyword came from.
    pub(super) fn origins(&self) -> BTreeMap<&'static str, Origin> {
        self.entries().map(|(keyword, found)| (keyword, found.origin.clone())).collect()
    }

    /// Every keyword that was given.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'static str, &Sourced<Zeroizing<String>>)> {
        self.0.iter().map(|(keyword, value)| (*keyword, value))
    }

    /// True when the parameters themselves carry a password.
    pub(super) fn has_password(&self) -> bool {
        self.0.contains_key("password")
    }

    /// Sets a keyword, whatever was there.
    pub(super) fn replace(&mut self, keyword: &'static str, value: &str, origin: &Origin) {
        self.0.insert(keyword, Sourced::new(Zeroizing::new(value.to_owned()), origin.clone()));
    }

    /// Sets a keyword that nothing stronger has set. Empty is unset, as in libpq, except for `sslmode`: an
    /// empty one there is a mistake that must not weaken the connection.
    pub(super) fn fill(&mut self, keyword: &'static str, value: &str, origin: &Origin) {
        if (!value.is_empty() || keyword == "sslmode") && !self.0.contains_key(keyword) {
            self.replace(keyword, value, origin);
        }
    }

    /// Sets a keyword by the name that somebody wrote.
    ///
    /// An unknown name is refused rather than ignored: behind a misspelt `sslmode` a connection that
    /// was meant to be verified would be plain. `shown` says whether the name may be repeated.
    pub(super) fn accept(
        &mut self,
        name: &str,
        value: &str,
        origin: &Origin,
        shown: bool,
        warnings: &mut Vec<String>,
    ) -> Result<()> {
        // asyncpg's spelling; `ssl=true` is what libpq reads as `sslmode=require`.
        let (keyword, value) = match (name, value) {
            ("ssl", "true" | "True" | "1") => (Keyword::Supported("sslmode"), "require"),
            ("ssl", "false" | "False" | "0") => (Keyword::Supported("sslmode"), "disable"),
            ("ssl", _) => (Keyword::Supported("sslmode"), value),
            _ => (Keyword::of(name), value),
        };
        match keyword {
            Keyword::Supported(keyword) => {
                if self.0.get(keyword).is_some_and(|known| known.value.as_str() != value) {
                    let message = format!("the database setting ({origin}) gives {keyword} twice");
                    return Err(Error::usage("database.contradiction", message));
                }
                self.fill(keyword, value, origin);
            }
            Keyword::Unsupported(keyword) => warnings
                .push(format!("the database setting ({origin}) asks for {keyword}, which z4jctl ignores")),
            Keyword::Irrelevant => {}
            Keyword::Unknown => {
                let is_word = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                let name =
                    if shown && is_word && name.len() <= 40 { format!(" '{name}'") } else { String::new() };
                let message = format!("the database setting ({origin}) has an unknown parameter{name}");
                return Err(Error::usage("database.unknown-parameter", message)
                    .hint("known are libpq's connection parameters, and ssl= as asyncpg spells it"));
            }
        }
        Ok(())
    }
}
