//! Finding the one database that the settings mean.

use std::collections::BTreeMap;
use std::path::Path;

use super::account::Machine;
use super::files::{Accept, FILE_LIMIT, read_text};
use super::layers::{Found, Layers};
use super::parameters::Parameters;
use super::url::{self, Address};
use super::{Database, Origin, Overrides, Sourced, libpq};
use crate::context::Env;
use crate::error::{Error, Result};

/// The five names of a structured database setting; all or none (identity-and-secrets, section 2.4).
const STRUCTURED: [(&str, &str); 5] = [
    ("Z4J_DATABASE_HOST", "host"),
    ("Z4J_DATABASE_PORT", "port"),
    ("Z4J_DATABASE_USER", "user"),
    ("Z4J_DATABASE_PASSWORD", "password"),
    ("Z4J_DATABASE_NAME", "dbname"),
];

/// The database, and where each of its connection parameters came from, by libpq's keyword.
pub(super) struct Located {
    pub(super) database: Sourced<Database>,
    pub(super) origins: BTreeMap<&'static str, Origin>,
}

/// Everything that decides where the database is.
pub(super) struct Locator<'a> {
    pub(super) overrides: &'a Overrides,
    pub(super) env: &'a Env,
    pub(super) machine: &'a Machine,
    pub(super) home: &'a Path,
    pub(super) layers: &'a Layers<'a>,
}

impl Locator<'_> {
    /// Finds the database, strongest source first.
    pub(super) fn locate(&self, warnings: &mut Vec<String>) -> Result<Located> {
        if let Some(found) = self.flagged(warnings)? {
            let address = url::parse(&found.value, &found.origin, warnings)?;
            let is_exposed = matches!(&address, Address::Postgres(parameters) if parameters.has_password());
            if is_exposed && matches!(found.origin, Origin::Flag { .. }) {
                return Err(Error::usage(
                    "database.password-in-arguments",
                    "--db contains a password, which every user of this machine can read in the process list",
                )
                .hint("use the environment variable Z4JCTL_DATABASE_URL, --db-file, or ~/.pgpass"));
            }
            return self.finish(address, found.origin, warnings);
        }
        if let Some(found) = self.layers.find("Z4J_DATABASE_URL")? {
            let address = url::parse(&found.value, &found.origin, warnings)?;
            return self.finish(address, found.origin, warnings);
        }
        if let Some((parameters, origin)) = self.structured()? {
            return self.finish(Address::Postgres(parameters), origin, warnings);
        }
        let default = self.home.join("z4j.db");
        if let Some(variable) = libpq::selecting_variable(self.env) {
            if default.exists() {
                warnings.push(format!(
                    "{variable} selects a PostgreSQL database although {} exists; name one with --db to be sure",
                    default.display()
                ));
            }
            let address = Address::Postgres(Parameters::default());
            return self.finish(address, Origin::environment(variable), warnings);
        }
        self.finish(Address::Sqlite(default), Origin::Default, warnings)
    }

    fn flagged(&self, warnings: &mut Vec<String>) -> Result<Option<Found>> {
        match (&self.overrides.db, &self.overrides.db_file) {
            (Some(_), Some(_)) => {
                Err(Error::usage("settings.contradiction", "--db and --db-file cannot both be given"))
            }
            (Some(text), None) => Ok(Some(Sourced::new(text.clone().into(), Origin::flag("--db")))),
            (None, Some(path)) => {
                let path = self.env.working_directory().join(path);
                let file = read_text(&path, FILE_LIMIT, Accept::Stream)?.ok_or_else(|| {
                    Error::unreachable(
                        "settings.missing-file",
                        format!("--db-file names {}, which does not exist", path.display()),
                    )
                    .hint("give a file that holds the database URL")
                })?;
                if file.is_shared && file.text.contains('@') {
                    warnings.push(format!("{} is open to group or others: chmod 600", path.display()));
                }
                Ok(Some(Sourced::new(file.text, Origin::file(path, 1))))
            }
            (None, None) => Ok(None),
        }
    }

    /// Reads `Z4J_DATABASE_HOST` and its four companions.
    fn structured(&self) -> Result<Option<(Parameters, Origin)>> {
        let mut parameters = Parameters::default();
        let mut missing = Vec::new();
        let mut first = None;
        for (name, keyword) in STRUCTURED {
            match self.layers.find(name)?.filter(|found| !found.value.is_empty()) {
                Some(found) => {
                    let is_valid = match keyword {
                        "host" => !found.value.contains(['/', '@', '?', '#', '[', ']']),
                        "dbname" => !found.value.contains(['?', '#']),
                        _ => true,
                    };
                    if !is_valid {
                        let message = format!("{name} ({}) has a character that z4j refuses", found.origin);
                        return Err(Error::usage("database.invalid-parameter", message));
                    }
                    parameters.fill(keyword, &found.value, &found.origin);
                    first = first.or(Some(found.origin));
                }
                None => missing.push(name),
            }
        }
        match first {
            Some(origin) if missing.is_empty() => Ok(Some((parameters, origin))),
            Some(_) => Err(Error::usage(
                "database.incomplete",
                format!("the structured database setting is incomplete: {} missing", missing.join(", ")),
            )
            .hint("set all five of Z4J_DATABASE_HOST, _PORT, _USER, _PASSWORD, _NAME, or none")),
            None => Ok(None),
        }
    }

    fn finish(&self, address: Address, origin: Origin, warnings: &mut Vec<String>) -> Result<Located> {
        let mut parameters = match address {
            Address::Sqlite(path) => {
                if self.tls_flags()?.next().is_some() {
                    warnings.push("a SQLite database is a file; the connection flags are ignored".to_owned());
                }
                let path = self.env.working_directory().join(path);
                let database = Sourced::new(Database::Sqlite { path }, origin);
                return Ok(Located { database, origins: BTreeMap::new() });
            }
            Address::Postgres(parameters) => parameters,
        };
        for (keyword, flag, value) in self.tls_flags()? {
            parameters.replace(keyword, value, &Origin::flag(flag));
        }
        let (target, origins) = libpq::complete(parameters, self.env, self.machine, warnings)?;
        Ok(Located { database: Sourced::new(Database::Postgres(Box::new(target)), origin), origins })
    }

    /// The keyword, the flag and the value of each connection flag that was given.
    fn tls_flags(&self) -> Result<impl Iterator<Item = (&'static str, &'static str, &str)>> {
        let overrides = self.overrides;
        let mut given = Vec::new();
        if let Some(mode) = &overrides.sslmode {
            given.push(("sslmode", "--sslmode", mode.as_str()));
        }
        for (keyword, flag, path) in [
            ("sslrootcert", "--sslrootcert", &overrides.sslrootcert),
            ("sslcert", "--sslcert", &overrides.sslcert),
            ("sslkey", "--sslkey", &overrides.sslkey),
            ("passfile", "--passfile", &overrides.passfile),
        ] {
            if let Some(path) = path {
                let text = path.to_str().ok_or_else(|| {
                    Error::usage("settings.not-utf8", format!("the path of {flag} is not valid UTF-8"))
                })?;
                given.push((keyword, flag, text));
            }
        }
        Ok(given.into_iter())
    }
}
