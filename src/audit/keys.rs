//! The keys of a verification.

use crate::format::mac::{KeyId, MacKey};

/// The keys that rows may be signed with.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// `Z4J_SECRET`, then the previous ones: early and baseline rows, watermark.
    pub master: Vec<MacKey>,
    /// `Z4J_AUDIT_CHAIN_SECRET`, then the previous ones: active rows, chain state, preparation.
    pub audit: Vec<MacKey>,
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
}
