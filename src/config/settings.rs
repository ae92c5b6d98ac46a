//! The settings of one run, each with its origin.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::account::Machine;
use super::keys::{self, KeyRings};
use super::layers::{Layers, variable};
use super::locate::Locator;
use super::{Database, KeyRing, Origin, Overrides, Secret, Sourced, parse_duration};
use crate::context::Env;
use crate::error::{Error, Result};

/// How long z4j keeps audit rows unless told otherwise, in days.
const DEFAULT_AUDIT_RETENTION_DAYS: u32 = 90;

/// Limit of one connection attempt.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Limit of one ordinary statement.
const DEFAULT_STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// Limit of waiting for a lock.
const DEFAULT_LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Settings of the brain that are read as they stand (identity, section 2.5). None of them is secret.
pub const BRAIN_SETTINGS: &[&str] = &[
    "Z4J_AUDIT_RETENTION_BY_CLASS",
    "Z4J_PUBLIC_URL",
    "Z4J_PASSWORD_MIN_LENGTH",
    "Z4J_ARGON2_TIME_COST",
    "Z4J_ARGON2_MEMORY_COST",
    "Z4J_ARGON2_PARALLELISM",
    "Z4J_SESSION_IDLE_TIMEOUT_SECONDS",
    "Z4J_SESSION_REMEMBER_ME_LIFETIME_SECONDS",
];

/// What one run knows of the brain: where it is and which secrets it has.
///
/// Secrets fail when they are asked for, not before: a command that needs none works without any.
#[derive(Debug)]
pub struct Settings {
    /// z4j's home directory.
    pub home: Sourced<PathBuf>,
    /// The database.
    pub database: Sourced<Database>,
    /// `Z4J_AUDIT_RETENTION_DAYS`: after how many days the brain deletes audit rows.
    pub audit_retention_days: Sourced<u32>,
    /// Limit of one connection attempt; `None` is no limit. A PostgreSQL target holds the same value.
    pub connect_timeout: Sourced<Option<Duration>>,
    /// Limit of one ordinary statement; `None` is no limit. See [`Settings::walk_timeout`].
    pub statement_timeout: Sourced<Option<Duration>>,
    /// Limit of waiting for a lock; `None` is no limit.
    pub lock_timeout: Sourced<Option<Duration>>,
    /// Settings of the brain that commands of accounts and tokens go by, those that are set: see [`BRAIN_SETTINGS`].
    pub brain: BTreeMap<&'static str, Sourced<String>>,
    /// What an operator should hear, in sentences without secrets.
    pub warnings: Vec<String>,
    pub(super) keys: KeyRings,
    /// Where each connection parameter of a PostgreSQL target came from, by libpq's keyword.
    pub(super) parameter_origins: BTreeMap<&'static str, Origin>,
}

impl Settings {
    /// Finds every setting (identity-and-secrets, section 2).
    ///
    /// # Errors
    ///
    /// `Usage` for a flag, variable or file that makes no sense, `Unreachable` for a file that was named or
    /// needed and cannot be read. Never for a secret: those errors wait in [`Settings::master_keys`] and
    /// [`Settings::audit_keys`].
    pub fn resolve(overrides: &Overrides, env: &Env) -> Result<Self> {
        Self::resolve_on(overrides, env, &Machine::of(env))
    }

    pub(super) fn resolve_on(overrides: &Overrides, env: &Env, machine: &Machine) -> Result<Self> {
        let mut warnings = Vec::new();
        let home = find_home(overrides, env, machine)?;
        if !home.is_default() && !home.value.exists() {
            warnings.push(format!("the home directory {} does not exist", home.value.display()));
        }
        let layers = Layers::open(overrides, env, &home.value, &mut warnings)?;
        let locator = Locator { overrides, env, machine, home: &home.value, layers: &layers };
        let located = locator.locate(&mut warnings)?;
        let configured = match (&located.database.value, located.origins.get("connect_timeout")) {
            (Database::Postgres(target), Some(origin)) => {
                Sourced::new(target.connect_timeout, origin.clone())
            }
            _ => Sourced::default_value(Some(DEFAULT_CONNECT_TIMEOUT)),
        };
        let connect_timeout = limit(
            overrides.connect_timeout,
            ("--connect-timeout", "Z4JCTL_CONNECT_TIMEOUT"),
            env,
            configured,
        )?;
        let statement_timeout = limit(
            overrides.statement_timeout,
            ("--statement-timeout", "Z4JCTL_STATEMENT_TIMEOUT"),
            env,
            Sourced::default_value(Some(DEFAULT_STATEMENT_TIMEOUT)),
        )?;
        let lock_timeout = limit(
            overrides.lock_timeout,
            ("--lock-timeout", "Z4JCTL_LOCK_TIMEOUT"),
            env,
            Sourced::default_value(Some(DEFAULT_LOCK_TIMEOUT)),
        )?;
        let mut database = located.database;
        if let Database::Postgres(target) = &mut database.value {
            target.connect_timeout = connect_timeout.value;
        }
        let audit_retention_days = audit_retention_days(&layers, &mut warnings)?;
        let keys = keys::resolve(&layers, &mut warnings);
        let mut brain = BTreeMap::new();
        for name in BRAIN_SETTINGS {
            let spoken = layers.spoken(name)?;
            if let Some(found) = spoken.or_else(|| layers.filed_where_readable(name)) {
                brain.insert(*name, Sourced::new(found.value.to_string(), found.origin));
            }
        }
        Ok(Self {
            home,
            database,
            audit_retention_days,
            connect_timeout,
            statement_timeout,
            lock_timeout,
            brain,
            warnings,
            keys,
            parameter_origins: located.origins,
        })
    }

    /// The ring of `Z4J_SECRET` and `Z4J_PREVIOUS_SECRETS`; it may be empty.
    ///
    /// # Errors
    ///
    /// `Secret` for a value that z4j would refuse, `Unreachable` or `Usage` for a file that cannot be read.
    pub fn master_ring(&self) -> Result<&KeyRing> {
        self.keys.master.as_ref().map_err(Error::from)
    }

    /// The ring of `Z4J_AUDIT_CHAIN_SECRET` and its predecessors; empty on z4j 1.7 and earlier.
    ///
    /// # Errors
    ///
    /// As [`Settings::master_ring`].
    pub fn audit_ring(&self) -> Result<&KeyRing> {
        self.keys.audit.as_ref().map_err(Error::from)
    }

    /// The ring of `Z4J_SESSION_SECRET` and `Z4J_PREVIOUS_SESSION_SECRETS`; it may be empty.
    ///
    /// # Errors
    ///
    /// As [`Settings::master_ring`].
    pub fn session_ring(&self) -> Result<&KeyRing> {
        self.keys.session.as_ref().map_err(Error::from)
    }

    /// Every master secret, the current one first.
    pub fn master_keys(&self) -> Result<&[Sourced<Secret>]> {
        self.master_ring().map(KeyRing::all)
    }

    /// Every audit key, the current one first.
    pub fn audit_keys(&self) -> Result<&[Sourced<Secret>]> {
        self.audit_ring().map(KeyRing::all)
    }

    /// `Z4J_SECRET`, for a command that cannot do without.
    pub fn require_secret(&self) -> Result<&Sourced<Secret>> {
        self.master_ring()?.current().ok_or_else(|| missing("Z4J_SECRET"))
    }

    /// `Z4J_PUBLIC_URL`, where it is set.
    pub fn public_url(&self) -> Option<String> {
        self.brain.get("Z4J_PUBLIC_URL").map(|found| found.value.trim_end_matches('/').to_owned())
    }

    /// `Z4J_AUDIT_RETENTION_BY_CLASS`: days by class, from 1.12 on.
    ///
    /// # Errors
    ///
    /// `Usage` when it is not a JSON object of positive whole numbers: a brain refuses to start with it.
    pub fn audit_retention_by_class(&self) -> Result<BTreeMap<String, i64>> {
        let Some(found) = self.brain.get("Z4J_AUDIT_RETENTION_BY_CLASS") else { return Ok(BTreeMap::new()) };
        serde_json::from_str::<BTreeMap<String, i64>>(&found.value)
            .ok()
            .filter(|classes| classes.values().all(|days| *days >= 1))
            .ok_or_else(|| {
                Error::usage(
                    "settings.by-class",
                    format!(
                        "Z4J_AUDIT_RETENTION_BY_CLASS ({}) is not a JSON object from class to days, such as {{\"auth\": 30}}",
                        found.origin
                    ),
                )
            })
    }

    /// A setting of [`BRAIN_SETTINGS`] that is a number within these bounds.
    ///
    /// # Errors
    ///
    /// `Usage` for anything else: a brain refuses to start with it.
    pub fn brain_number(
        &self,
        name: &'static str,
        bounds: std::ops::RangeInclusive<u32>,
    ) -> Result<Option<u32>> {
        let Some(found) = self.brain.get(name) else { return Ok(None) };
        match found.value.trim().parse() {
            Ok(number) if bounds.contains(&number) => Ok(Some(number)),
            _ => Err(Error::usage(
                "settings.number",
                format!(
                    "{name} ({}) is {:?}, not a number from {} to {}",
                    found.origin,
                    found.value,
                    bounds.start(),
                    bounds.end()
                ),
            )),
        }
    }

    /// `Z4J_AUDIT_CHAIN_SECRET`, for a command that cannot do without.
    pub fn require_audit_secret(&self) -> Result<&Sourced<Secret>> {
        self.audit_ring()?.current().ok_or_else(|| missing("Z4J_AUDIT_CHAIN_SECRET"))
    }

    /// Limit of the statements that walk the whole log: none, unless somebody set a statement timeout.
    /// How long the log is does not say that anything is wrong.
    pub fn walk_timeout(&self) -> Option<Duration> {
        self.statement_timeout.value.filter(|_| !self.statement_timeout.is_default())
    }
}

fn missing(name: &str) -> Error {
    Error::secret("secret.missing", format!("{name} is not configured")).hint(format!(
        "give it with --secret-file, in the environment as {name}, or with --home where secret.env is"
    ))
}

/// `--home`, `Z4JCTL_HOME`, `Z4J_HOME`, `~/.z4j` (identity-and-secrets, section 2.1).
pub(super) fn find_home(overrides: &Overrides, env: &Env, machine: &Machine) -> Result<Sourced<PathBuf>> {
    let absolute = |path: &std::path::Path| env.working_directory().join(path);
    if let Some(path) = &overrides.home {
        return Ok(Sourced::new(absolute(path), Origin::flag("--home")));
    }
    for name in ["Z4JCTL_HOME", "Z4J_HOME"] {
        if let Some(path) = env.var_os(name).filter(|path| !path.is_empty()) {
            return Ok(Sourced::new(absolute(path.as_ref()), Origin::environment(name)));
        }
    }
    let home = machine.home.as_ref().ok_or_else(|| {
        Error::usage("settings.no-home", "this account has no home directory")
            .hint("name z4j's directory with --home or Z4J_HOME")
    })?;
    Ok(Sourced::default_value(home.join(".z4j")))
}

/// A limit: the flag, the variable, or what the caller has; zero is no limit.
fn limit(
    flag: Option<Duration>,
    (flag_name, variable_name): (&str, &str),
    env: &Env,
    otherwise: Sourced<Option<Duration>>,
) -> Result<Sourced<Option<Duration>>> {
    let some = |duration: Duration| Some(duration).filter(|duration| !duration.is_zero());
    if let Some(duration) = flag {
        return Ok(Sourced::new(some(duration), Origin::flag(flag_name)));
    }
    match variable(env, variable_name)?.filter(|found| !found.value.is_empty()) {
        Some(found) => Ok(Sourced::new(some(parse_duration(variable_name, &found.value)?), found.origin)),
        None => Ok(otherwise),
    }
}

/// A value that z4j would refuse is worth a warning: most commands do not need this number.
fn audit_retention_days(layers: &Layers<'_>, warnings: &mut Vec<String>) -> Result<Sourced<u32>> {
    let name = "Z4J_AUDIT_RETENTION_DAYS";
    let found = match layers.spoken(name)? {
        Some(found) => Some(found),
        None => layers.filed_where_readable(name),
    };
    let Some(found) = found else { return Ok(Sourced::default_value(DEFAULT_AUDIT_RETENTION_DAYS)) };
    match found.value.trim().parse::<u32>() {
        Ok(days) if days > 0 => Ok(Sourced::new(days, found.origin)),
        _ => {
            warnings.push(format!(
                "{name} ({}) is not a number of days; assumed the default, {DEFAULT_AUDIT_RETENTION_DAYS}",
                found.origin
            ));
            Ok(Sourced::default_value(DEFAULT_AUDIT_RETENTION_DAYS))
        }
    }
}
