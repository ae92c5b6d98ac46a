//! The keys of a verification.

use crate::error::{Error, Result};
use crate::format::mac::{KeyId, MacKey};
use crate::store::generation::{Detection, Family};

/// The keys that rows may be signed with.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// `Z4J_SECRET`, then the previous ones: early and baseline rows, watermark.
    pub master: Vec<MacKey>,
    /// `Z4J_AUDIT_CHAIN_SECRET`, then the previous ones: active rows, chain state, preparation.
    pub audit: Vec<MacKey>,
    /// Whether the first master key is the current one: only that signs.
    pub has_current_master: bool,
    /// Whether the first audit key is the current one.
    pub has_current_audit: bool,
}

impl Keys {
    /// The audit key with an id.
    pub fn audit_key(&self, id: KeyId) -> Option<&MacKey> {
        self.audit.iter().find(|key| key.id() == id)
    }

    /// The master key with an id.
    pub fn master_key(&self, id: KeyId) -> Option<&MacKey> {
        self.master.iter().find(|key| key.id() == id)
    }

    /// Fails when the keys that the rows of this generation are signed with are not configured.
    pub fn demand(&self, detection: &Detection) -> Result<()> {
        let (is_missing, name) = match detection.generation.family() {
            Family::Active => (self.audit.is_empty(), "Z4J_AUDIT_CHAIN_SECRET"),
            Family::Early | Family::Baseline => (self.master.is_empty(), "Z4J_SECRET"),
        };
        if !is_missing {
            return Ok(());
        }
        Err(missing(name, detection))
    }

    /// The key that a new row of this generation is signed with: never a previous one.
    pub fn signing(&self, detection: &Detection) -> Result<&MacKey> {
        let (ring, has_current, name) = match detection.generation.family() {
            Family::Active => (&self.audit, self.has_current_audit, "Z4J_AUDIT_CHAIN_SECRET"),
            Family::Early | Family::Baseline => (&self.master, self.has_current_master, "Z4J_SECRET"),
        };
        ring.first().filter(|_| has_current).ok_or_else(|| missing(name, detection))
    }
}

fn missing(name: &str, detection: &Detection) -> Error {
    Error::secret(
        "secret.missing",
        format!(
            "{name} is not configured, and the rows of this generation ({}, z4j {}) are signed with it",
            detection.generation,
            detection.generation.releases()
        ),
    )
    .hint(format!(
        "set {name} or {name}_FILE in the environment, give --secret-file FILE, or point --home at the directory that holds secret.env"
    ))
}
