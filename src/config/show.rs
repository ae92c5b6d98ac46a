//! `config show`: what the settings are and who said so, without a secret.

use std::time::Duration;

use serde::Serialize;

use super::{Database, KeyRing, Origin, PostgresTarget, Settings, Sourced};
use crate::error::Result;

/// The settings as a report.
#[derive(Debug, Clone, Serialize)]
pub struct ConfigReport {
    /// `z4jctl.config.show/1`.
    pub schema: &'static str,
    /// One entry for each setting, in a fixed order.
    pub entries: Vec<Entry>,
    /// What an operator should hear.
    pub warnings: Vec<String>,
}

/// One setting.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// The setting, by z4j's name where z4j has one.
    pub name: String,
    /// The value for humans: the value itself, or the fingerprint of a secret; `None` when it is not set.
    pub value: Option<String>,
    /// True when `value` stands for a secret.
    pub secret: bool,
    /// Who said so; `None` when nobody did and there is no default.
    pub origin: Option<Origin>,
    /// Why the setting cannot be used, when it cannot.
    pub problem: Option<String>,
}

/// The report of these settings.
pub fn show(settings: &Settings) -> ConfigReport {
    let mut entries = vec![
        plain("home", settings.home.value.display().to_string(), &settings.home.origin),
        plain("database", settings.database.value.display(), &settings.database.origin),
    ];
    if let Database::Postgres(target) = &settings.database.value {
        entries.extend(connection(settings, target));
    }
    add_ring(&mut entries, settings.master_ring(), "Z4J_SECRET", "Z4J_PREVIOUS_SECRETS");
    let audit_names = ("Z4J_AUDIT_CHAIN_SECRET", "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS");
    add_ring(&mut entries, settings.audit_ring(), audit_names.0, audit_names.1);
    let days = &settings.audit_retention_days;
    entries.push(plain("Z4J_AUDIT_RETENTION_DAYS", days.value.to_string(), &days.origin));
    for (name, found) in &settings.brain {
        entries.push(plain(name, found.value.clone(), &found.origin));
    }
    entries.push(limit("connect_timeout", &settings.connect_timeout));
    entries.push(limit("statement_timeout", &settings.statement_timeout));
    entries.push(limit("lock_timeout", &settings.lock_timeout));
    ConfigReport { schema: "z4jctl.config.show/1", entries, warnings: settings.warnings.clone() }
}

/// The parts of a connection: the URL may say one and a `PG*` variable another.
fn connection(settings: &Settings, target: &PostgresTarget) -> Vec<Entry> {
    let hosts: Vec<String> = target.endpoints.iter().map(|endpoint| endpoint.host.to_string()).collect();
    let ports: Vec<String> = target.endpoints.iter().map(|endpoint| endpoint.port.to_string()).collect();
    let named_values = [
        ("host", hosts.join(",")),
        ("port", ports.join(",")),
        ("user", target.user.clone()),
        ("dbname", target.dbname.clone()),
        ("sslmode", target.tls.mode.word().to_owned()),
    ];
    let origin = |keyword: &str| settings.parameter_origins.get(keyword);
    let mut entries = Vec::new();
    for (keyword, value) in named_values {
        let origin = origin(keyword).unwrap_or(&Origin::Default);
        entries.push(plain(&format!("database.{keyword}"), value, origin));
    }
    let has_password = target.endpoints.iter().any(|endpoint| target.password_for(endpoint).is_some());
    entries.push(Entry {
        name: "database.password".to_owned(),
        value: has_password.then(|| "redacted".to_owned()),
        secret: true,
        origin: origin("password").cloned(),
        problem: None,
    });
    entries
}

fn plain(name: &str, value: String, origin: &Origin) -> Entry {
    Entry {
        name: name.to_owned(),
        value: Some(value),
        secret: false,
        origin: Some(origin.clone()),
        problem: None,
    }
}

/// A limit in seconds with its unit, or `none`.
fn limit(name: &str, limit: &Sourced<Option<Duration>>) -> Entry {
    let value = limit.value.map_or_else(|| "none".to_owned(), |limit| format!("{}s", limit.as_secs_f64()));
    plain(name, value, &limit.origin)
}

fn add_ring(entries: &mut Vec<Entry>, ring: Result<&KeyRing>, current: &str, previous: &str) {
    let absent = |problem: Option<String>| Entry {
        name: current.to_owned(),
        value: None,
        secret: true,
        origin: None,
        problem,
    };
    let ring = match ring {
        Ok(ring) => ring,
        Err(error) => return entries.push(absent(Some(error.message().to_owned()))),
    };
    if ring.current().is_none() {
        entries.push(absent(None));
    }
    let previous = ring.previous().iter().map(|key| (previous, key));
    for (name, key) in ring.current().map(|key| (current, key)).into_iter().chain(previous) {
        entries.push(Entry {
            name: name.to_owned(),
            value: Some(key.value.to_string()),
            secret: true,
            origin: Some(key.origin.clone()),
            problem: None,
        });
    }
}
