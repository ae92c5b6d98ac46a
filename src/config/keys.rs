//! The key rings: which secrets sign, and which ones only verify (identity-and-secrets, section 2.5).

use super::layers::{Found, Layers, Problem};
use super::secret::MINIMUM_BYTES;
use super::{Secret, Sourced};
use crate::error::{Error, Result};

/// How many audit keys z4j accepts in all.
pub const MAXIMUM_AUDIT_KEYS: usize = 32;

/// The names of the four settings whose keys sign rows.
const NAMES: [&str; 4] =
    ["Z4J_SECRET", "Z4J_PREVIOUS_SECRETS", "Z4J_AUDIT_CHAIN_SECRET", "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS"];

/// Keys for one purpose, the current one first.
#[derive(Debug, Clone, Default)]
pub struct KeyRing {
    keys: Vec<Sourced<Secret>>,
    has_current: bool,
}

impl KeyRing {
    /// The key that signs, when one is configured.
    pub fn current(&self) -> Option<&Sourced<Secret>> {
        self.keys.first().filter(|_| self.has_current)
    }

    /// The keys that only verify, in the order they were configured.
    pub fn previous(&self) -> &[Sourced<Secret>] {
        &self.keys[usize::from(self.has_current)..]
    }

    /// Every key, the current one first.
    pub fn all(&self) -> &[Sourced<Secret>] {
        &self.keys
    }

    /// The key whose id begins with these hexadecimal digits.
    pub fn find(&self, key_id_prefix: &str) -> Option<&Sourced<Secret>> {
        self.keys.iter().find(|key| key.value.key_id().starts_with(key_id_prefix))
    }
}

/// The rings; each one fails on its own, and only when it is asked for.
#[derive(Debug)]
pub(super) struct KeyRings {
    pub(super) master: Result<KeyRing, Problem>,
    pub(super) audit: Result<KeyRing, Problem>,
    pub(super) session: Result<KeyRing, Problem>,
}

/// Finds the keys of both rings.
pub(super) fn resolve(layers: &Layers<'_>, warnings: &mut Vec<String>) -> KeyRings {
    // Who hands secrets over does not depend on z4j's own files, and may not even be allowed to read them.
    let is_spoken = NAMES.iter().any(|name| matches!(layers.spoken(name), Ok(Some(_))));
    if is_spoken {
        warnings.extend(
            layers
                .problems()
                .map(|problem| format!("ignored, no setting taken from it: {}", problem.message)),
        );
    }
    for name in NAMES {
        warn_of_rivals(layers, name, warnings);
    }
    KeyRings {
        master: ring(layers, "Z4J_SECRET", "Z4J_PREVIOUS_SECRETS", is_spoken),
        audit: audit_ring(layers, is_spoken),
        session: ring(layers, "Z4J_SESSION_SECRET", "Z4J_PREVIOUS_SESSION_SECRETS", is_spoken),
    }
}

/// On z4j 1.7 and earlier `secret.env` wins for management commands (identity-and-secrets, section 2.2).
fn warn_of_rivals(layers: &Layers<'_>, name: &str, warnings: &mut Vec<String>) {
    let Some((stronger, weaker)) = layers.rivals(name) else { return };
    if stronger.value != weaker.value && !matches!(layers.spoken(name), Ok(Some(_))) {
        warnings.push(format!(
            "{name} differs between {} and {}; the first one is used, as z4j 1.8 and later do, but commands \
             of z4j 1.7 and earlier used the second one",
            stronger.origin, weaker.origin
        ));
    }
}

fn find(layers: &Layers<'_>, name: &str, is_spoken: bool) -> Result<Option<Found>, Problem> {
    if let Some(found) = layers.spoken(name)? {
        return Ok(Some(found));
    }
    if is_spoken { Ok(layers.filed_where_readable(name)) } else { layers.filed(name).map_err(Clone::clone) }
}

fn ring(
    layers: &Layers<'_>,
    current: &str,
    previous_name: &str,
    is_spoken: bool,
) -> Result<KeyRing, Problem> {
    let current = match find(layers, current, is_spoken)? {
        Some(found) => Some(accept(&found, current)?),
        None => None,
    };
    let mut ring = KeyRing { has_current: current.is_some(), keys: current.into_iter().collect() };
    for key in previous(layers, previous_name, is_spoken)? {
        // z4j drops a repeat of the current secret; only audit keys are refused for it.
        if !ring.keys.iter().any(|known| known.value == key.value) {
            ring.keys.push(key);
        }
    }
    Ok(ring)
}

fn audit_ring(layers: &Layers<'_>, is_spoken: bool) -> Result<KeyRing, Problem> {
    let current = match find(layers, "Z4J_AUDIT_CHAIN_SECRET", is_spoken)? {
        // z4j takes an empty audit secret for a missing one.
        Some(found) if !found.value.is_empty() => Some(accept(&found, "Z4J_AUDIT_CHAIN_SECRET")?),
        _ => None,
    };
    let mut ring = KeyRing { has_current: current.is_some(), keys: current.into_iter().collect() };
    for key in previous(layers, "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS", is_spoken)? {
        if let Some(known) = ring.keys.iter().find(|known| known.value == key.value) {
            return Err(Problem::from(
                Error::secret(
                    "secret.duplicate-audit-key",
                    format!(
                        "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS ({}) repeats the key {} of {}",
                        key.origin, key.value, known.origin
                    ),
                )
                .hint("z4j refuses duplicate audit keys; remove the repeat"),
            ));
        }
        ring.keys.push(key);
    }
    if ring.keys.len() > MAXIMUM_AUDIT_KEYS {
        return Err(Problem::from(Error::secret(
            "secret.too-many-audit-keys",
            format!("{} audit keys are configured; z4j accepts {MAXIMUM_AUDIT_KEYS}", ring.keys.len()),
        )));
    }
    Ok(ring)
}

fn previous(layers: &Layers<'_>, name: &str, is_spoken: bool) -> Result<Vec<Sourced<Secret>>, Problem> {
    let Some(found) = find(layers, name, is_spoken)? else { return Ok(Vec::new()) };
    let accept = |text: &str| accept_text(text, name, &found.origin);
    split_list(&found.value).into_iter().map(accept).collect::<Result<_>>().map_err(Problem::from)
}

/// Splits a comma list: entries trimmed, blanks and repeats dropped.
pub(super) fn split_list(text: &str) -> Vec<&str> {
    let mut entries: Vec<&str> = Vec::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries
}

fn accept(found: &Found, name: &str) -> Result<Sourced<Secret>> {
    accept_text(&found.value, name, &found.origin)
}

fn accept_text(text: &str, name: &str, origin: &super::Origin) -> Result<Sourced<Secret>> {
    if text.len() < MINIMUM_BYTES {
        return Err(Error::secret(
            "secret.too-short",
            format!("{name} ({origin}) is shorter than {MINIMUM_BYTES} bytes"),
        )
        .hint("z4j refuses such a secret, so this cannot be the one that signed anything"));
    }
    Ok(Sourced::new(Secret::new(text), origin.clone()))
}
