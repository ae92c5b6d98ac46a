//! The audit keys where z4j manages them itself: `Z4J_AUDIT_CHAIN_SECRET` and its predecessors in `secret.env`
//! (audit chain, section 9.3).

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{lock, replace};
use crate::config::{KeyRing, Origin, Secret, SecretStore, Settings};
use crate::context::{Cancel, Context};
use crate::error::{Error, Result};

/// The key that signs.
pub const CURRENT: &str = "Z4J_AUDIT_CHAIN_SECRET";

/// The keys that only verify.
pub const PREVIOUS: &str = "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS";

/// How much randomness a key has; 64 characters as text, as z4j mints it.
const BYTES: usize = 48;

const MODE: u32 = 0o600;

/// The locks of `secret.env`, held until this value is dropped.
#[must_use]
pub struct Held(#[expect(dead_code, reason = "held, not read")] lock::Locked);

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

/// Whether every audit key comes from the `secret.env` of the home directory.
pub fn is_managed(settings: &Settings, ring: &KeyRing) -> bool {
    let path = settings.home.value.join("secret.env");
    !ring.all().is_empty()
        && ring
            .all()
            .iter()
            .all(|key| matches!(&key.origin, Origin::File { path: found, .. } if *found == path))
}

/// The `secret.env` that may be changed.
///
/// # Errors
///
/// `Refused` when a key in force comes from somewhere else, which would win, and for a file that z4j would not read.
pub fn managed_file(settings: &Settings) -> Result<PathBuf> {
    let home = &settings.home.value;
    let path = home.join("secret.env");
    let ring = settings.audit_ring()?;
    let is_there = |origin: &Origin| matches!(origin, Origin::File { path: found, .. } if *found == path);
    if let Some(key) = ring.all().iter().find(|key| !is_there(&key.origin)) {
        return Err(Error::refused(
            "audit-keys.other-source",
            format!("the audit key {} is set by {}, not by {}", key.value, key.origin, path.display()),
        )
        .hint(
            "z4jctl changes secret.env only; where the keys are set elsewhere, put a new Z4J_AUDIT_CHAIN_SECRET there, \
             the present one into Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS, and run `z4jctl audit keys rotate` without --managed",
        ));
    }
    let shown = path.display();
    let refuse = |complaint: String, hint: String| {
        Err(Error::refused("audit-keys.store", complaint).hint(format!("{hint}; nothing was written")))
    };
    match std::fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_symlink() => {
            return refuse(
                format!("{shown} is a symbolic link, which z4j 1.8 and later refuse"),
                "put the file itself there".into(),
            );
        }
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            return refuse(
                format!("{shown} is open to group or others, which z4j 1.8 and later refuse"),
                format!("chmod 600 {shown}"),
            );
        }
        Ok(_) => {
            replace::target(&path)?;
        }
        Err(_) => {
            return refuse(
                format!("there is no {shown} to put a key into"),
                "name the brain's home directory with --home".into(),
            );
        }
    }
    SecretStore::read(&path)?;
    Ok(path)
}

/// A new key: 64 characters of URL-safe base64.
pub fn mint(context: &Context) -> Result<Secret> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    context.random.fill(&mut bytes[..])?;
    Ok(Secret::new(&Zeroizing::new(URL_SAFE_NO_PAD.encode(&bytes[..]))))
}

/// Takes z4j's own locks on `secret.env`.
pub fn hold(path: &Path, cancel: &Cancel) -> Result<Held> {
    lock::rotation(path.parent().unwrap_or(Path::new(".")), cancel).map(Held)
}

/// Makes `new` the current key and puts `old` before the previous ones; nothing when that is done already.
///
/// # Errors
///
/// `Refused` when the file holds another key than `old` by now; `Unreachable` when it cannot be written.
pub fn install(_held: &Held, path: &Path, old: &Secret, new: &Secret) -> Result<()> {
    // Read again: only now nobody else changes it.
    let store = SecretStore::read(path)?;
    let current = store.value(CURRENT).map(Secret::new);
    if current.as_ref() == Some(new) {
        return Ok(());
    }
    if current.as_ref() != Some(old) {
        return Err(changed(path));
    }
    let mut list = Zeroizing::new(old.text().to_owned());
    for entry in store.list(PREVIOUS) {
        list.push(',');
        list.push_str(entry);
    }
    let store = store.and(PREVIOUS, &list).and(CURRENT, new.text());
    replace::replace(path, store.text().as_bytes(), MODE)
}

/// Takes a key out of the previous ones. Gives whether it was there.
///
/// # Errors
///
/// As [`install`].
pub fn remove(_held: &Held, path: &Path, key: &Secret) -> Result<bool> {
    let store = SecretStore::read(path)?;
    let listed = store.list(PREVIOUS);
    let kept: Vec<&str> = listed.iter().copied().filter(|entry| *entry != key.text()).collect();
    if kept.len() == listed.len() {
        return Ok(false);
    }
    let list = Zeroizing::new(kept.join(","));
    let store = if kept.is_empty() { store.without(PREVIOUS) } else { store.and(PREVIOUS, &list) };
    replace::replace(path, store.text().as_bytes(), MODE)?;
    Ok(true)
}

fn changed(path: &Path) -> Error {
    Error::refused("audit-keys.changed", format!("{} has changed meanwhile", path.display()))
        .hint("somebody else rotates the audit key too; look at `z4jctl audit keys list`, and try again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_move_to_the_previous_ones_and_out_of_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret.env");
        let [one, two, three] = ["1", "2", "3"].map(|digit| Secret::new(&digit.repeat(32)));
        std::fs::write(&path, format!("{CURRENT}={}\nZ4J_SECRET=s\n", one.text())).unwrap();
        let held = hold(&path, &Cancel::default()).unwrap();
        let text = || std::fs::read_to_string(&path).unwrap();
        for _ in 0..2 {
            install(&held, &path, &one, &two).unwrap();
            assert_eq!(
                text(),
                format!("{PREVIOUS}={}\n{CURRENT}={}\nZ4J_SECRET=s\n", one.text(), two.text())
            );
        }
        assert_eq!(install(&held, &path, &one, &three).unwrap_err().code(), "audit-keys.changed");
        install(&held, &path, &two, &three).unwrap();
        assert!(text().starts_with(&format!("{PREVIOUS}={},{}\n", two.text(), one.text())), "{}", text());
        assert!(remove(&held, &path, &two).unwrap());
        assert!(!remove(&held, &path, &two).unwrap());
        assert!(remove(&held, &path, &one).unwrap());
        assert_eq!(text(), format!("{CURRENT}={}\nZ4J_SECRET=s\n", three.text()));
    }
}
