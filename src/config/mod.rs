//! Where the database is, which secrets sign its log, and who said so.
//!
//! Strongest first: flags, `Z4JCTL_*`, z4j's own `Z4J_*` in the process environment, `./.env`,
//! `<home>/config.env`, `<home>/secret.env`, defaults (identity-and-secrets, section 2.2). Everything
//! that is found keeps its [`Origin`]; nothing that is found is ever printed.

mod account;
mod database;
mod dotenv;
mod duration;
mod files;
mod keys;
mod layers;
mod libpq;
mod locate;
mod lookup;
mod origin;
mod overrides;
mod parameters;
mod pgpass;
mod secret;
mod settings;
mod show;
mod store;
mod url;

#[cfg(test)]
mod tests;

pub use account::{Account, account_of_process};
pub use database::{
    Database, Endpoint, Host, PostgresTarget, RootCertificate, TargetSession, Tls, TlsMode, Verification,
};
pub use duration::parse_duration;
pub use keys::{KeyRing, MAXIMUM_AUDIT_KEYS};
pub use lookup::Lookup;
pub use origin::{Origin, Sourced};
pub use overrides::Overrides;
pub use secret::{MINIMUM_BYTES, Password, Revealed, Secret};
pub use settings::{BRAIN_SETTINGS, Settings};
pub use show::{ConfigReport, Entry, show};
pub use store::{SecretStore, read_public_file};
