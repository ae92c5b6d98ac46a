//! The `secret.env` of a fresh brain: minted as `z4j serve` mints it at its first start (identity-and-secrets,
//! section 2.3), so that the brain finds the secret that signed its first row.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::{Error, Result};

/// What is minted: name, and number of random bytes.
const MINTED: [(&str, usize); 4] = [
    ("Z4J_AUDIT_CHAIN_SECRET", 48),
    ("Z4J_METRICS_AUTH_TOKEN", 32),
    ("Z4J_SECRET", 48),
    ("Z4J_SESSION_SECRET", 48),
];

/// New secrets, of which only the signing one is needed here.
pub(super) struct Minted {
    pub(super) master: Zeroizing<String>,
}

/// Where they go. Refuses when there is a `secret.env` already: it is somebody's.
pub(super) fn target(home: &Path) -> Result<PathBuf> {
    let path = home.join("secret.env");
    if fs::symlink_metadata(&path).is_ok() {
        return Err(Error::secret(
            "secret.missing",
            format!("Z4J_SECRET is not configured, and {} exists without it", path.display()),
        )
        .hint("put Z4J_SECRET into the environment or into that file; z4jctl does not change a file that it did not make"));
    }
    Ok(path)
}

/// Writes new secrets to a file that does not exist yet, mode 0600.
pub(super) fn mint(path: &Path, context: &Context) -> Result<Minted> {
    let fail = |error: std::io::Error| {
        Error::unreachable("secret.write", format!("cannot write {}: {error}", path.display()))
    };
    if let Some(home) = path.parent().filter(|home| !home.exists()) {
        private_directory(home)?;
    }
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
        if name == "Z4J_SECRET" {
            master = value;
        }
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(fail)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fail)?;
    Ok(Minted { master })
}

/// Creates a directory for its owner alone.
pub(super) fn private_directory(path: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
        Error::unreachable("home.create", format!("cannot create {}: {error}", path.display()))
    })
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
