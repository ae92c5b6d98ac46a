//! The `secret.env` of a fresh brain: minted as `z4j serve` mints it at its first start (identity-and-secrets,
//! section 2.3), so that the brain finds the secret that signed its first row.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::mac::MacKey;

/// What is minted: name, and number of random bytes.
const MINTED: [(&str, usize); 4] = [
    ("Z4J_AUDIT_CHAIN_SECRET", 48),
    ("Z4J_METRICS_AUTH_TOKEN", 32),
    (SIGNING, 48),
    ("Z4J_SESSION_SECRET", 48),
];

/// The one that signs the first row.
const SIGNING: &str = "Z4J_SECRET";

/// Where they go. Refuses when there is a `secret.env` already: it is somebody's.
pub(super) fn target(home: &Path) -> Result<PathBuf> {
    let path = home.join("secret.env");
    if fs::symlink_metadata(&path).is_err() {
        return Ok(path);
    }
    // The settings were read a moment ago and held no secret.
    let has_appeared = fs::read_to_string(&path).is_ok_and(|text| {
        text.lines().any(|line| line.split_once('=').is_some_and(|(name, _)| name.trim() == SIGNING))
    });
    if has_appeared {
        return Err(changed_meanwhile(&path));
    }
    Err(Error::secret("secret.missing", format!("{SIGNING} is not configured, and {} exists without it", path.display()))
        .hint("put Z4J_SECRET into the environment or into that file; z4jctl does not change a file that it did not make"))
}

/// Another init, or a brain at its first start, came between.
pub(super) fn changed_meanwhile(path: &Path) -> Error {
    Error::refused("init.secrets-changed", format!("{} has changed meanwhile", path.display()))
        .hint("another z4jctl init or a brain is at work there; look at what it made, and try again")
}

/// New secrets in a file that has no name yet; dropped, it vanishes.
pub(super) struct Draft {
    path: PathBuf,
    file: NamedTempFile,
    master: Zeroizing<String>,
}

/// Mints secrets beside the place where they go, mode 0600.
pub(super) fn draft(path: &Path, context: &Context) -> Result<Draft> {
    let fail = |error: io::Error| cannot_write(path, &error);
    let mut text = Zeroizing::new(String::new());
    let mut master = Zeroizing::new(String::new());
    for (name, length) in MINTED {
        let mut bytes = Zeroizing::new(vec![0; length]);
        context.random.fill(&mut bytes)?;
        let value = Zeroizing::new(url_safe(&bytes));
        text.push_str(name);
        text.push('=');
        text.push_str(&value);
        text.push('\n');
        if name == SIGNING {
            master = value;
        }
    }
    let home = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".z4jctl-init-").tempfile_in(home).map_err(fail)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(fail)?;
    Ok(Draft { path: path.to_owned(), file, master })
}

impl Draft {
    /// The key that signs the first row.
    pub(super) fn key(&self) -> MacKey {
        MacKey::new(self.master.as_bytes())
    }

    /// Gives the file its name, whole, and never that of another file.
    pub(super) fn keep(self) -> Result<PathBuf> {
        match self.file.persist_noclobber(&self.path) {
            Ok(_) => Ok(self.path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                Err(changed_meanwhile(&self.path))
            }
            Err(error) => Err(cannot_write(&self.path, &error.error)),
        }
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    Error::unreachable("secret.write", format!("cannot write {}: {error}", path.display()))
}

/// Base64 in the URL-safe alphabet, without padding.
fn url_safe(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..=group.len() {
            let index = (word >> (18 - 6 * digit)) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_safe_base64() {
        for (bytes, text) in
            [(&b""[..], ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"\xfb\xff\xfe", "-__-")]
        {
            assert_eq!(url_safe(bytes), text);
        }
        assert_eq!(url_safe(&[0; 48]).len(), 64);
        assert_eq!(url_safe(&[0; 32]).len(), 43);
    }
}
