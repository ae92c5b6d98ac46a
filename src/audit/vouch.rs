//! What one run writes down for a later one to believe, under a MAC that only the key of the log can make.
//!
//! The MAC is over a label, a NUL byte, and the value as compact JSON in the order of its fields, under
//! `HMAC(key of the log, label)`: each kind of record has a key of its own. The key of the log is
//! `Z4J_AUDIT_CHAIN_SECRET` from 1.8 on and `Z4J_SECRET` before.

use serde::Serialize;

use crate::audit::keys::Keys;
use crate::format::mac::{Digest, MacKey};
use crate::store::generation::Family;

/// The configured keys of the log, the current one first.
pub fn ring(keys: &Keys, family: Family) -> &[MacKey] {
    match family {
        Family::Active => &keys.audit,
        Family::Early | Family::Baseline => &keys.master,
    }
}

/// The key under which records are written.
pub fn current_key(keys: &Keys, family: Family) -> Option<&MacKey> {
    ring(keys, family).first()
}

/// The key of one kind of record.
pub fn derived(key: &MacKey, label: &[u8]) -> MacKey {
    MacKey::new(&key.sign(label).0)
}

/// The MAC of a record; `None` when it cannot be written as JSON.
pub fn mac(key: &MacKey, label: &[u8], value: &impl Serialize) -> Option<Digest> {
    let mut message = label.to_vec();
    message.push(0);
    serde_json::to_writer(&mut message, value).ok()?;
    Some(derived(key, label).sign(&message))
}
