//! Secrets and passwords: bytes that are wiped when dropped and that no format shows.

use std::fmt;

use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::format::mac::MacKey;

/// How many hexadecimal digits of the key id a fingerprint shows.
const FINGERPRINT_DIGITS: usize = 12;

/// The shortest secret that z4j accepts, in bytes of UTF-8 (identity-and-secrets, section 2.5).
pub const MINIMUM_BYTES: usize = 32;

/// A secret of the brain, as the UTF-8 text that was configured: z4j never decodes it.
///
/// `Debug` and `Display` show the fingerprint, and it is not `Serialize` on purpose.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret with this text. Length is judged where the variable's name is known, not here.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The bytes to sign with.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The text as it was configured.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The key id under which z4j 1.8 and later record this secret: 64 lower-case hexadecimal digits.
    pub fn key_id(&self) -> String {
        MacKey::new(self.expose()).id().to_string()
    }

    /// The first 12 digits of the key id: enough to tell keys apart, comparable with `hmac_key_id`.
    pub fn fingerprint(&self) -> String {
        let mut digits = self.key_id();
        digits.truncate(FINGERPRINT_DIGITS);
        digits
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fingerprint:{}", self.fingerprint())
    }
}

/// A secret that a command exists to hand over: it serialises as its text. Nothing else shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Revealed(Zeroizing<String>);

impl Revealed {
    /// The secret with this text.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The text to print.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl Serialize for Revealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Revealed(redacted)")
    }
}

/// A database password.
///
/// It has no fingerprint: people choose database passwords, and the hash of a guessable word is the word.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The password with this text.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The text to log in with.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_id_agrees_with_an_independent_hmac() {
        use std::fmt::Write as _;

        use ::hmac::{Hmac, KeyInit, Mac};
        let text = "0123456789abcdef0123456789abcdef";
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(text.as_bytes()).unwrap();
        mac.update(b"z4j/audit-chain/key-id/v1\0");
        let expected = mac.finalize().into_bytes().iter().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        let secret = Secret::new(text);
        assert_eq!(secret.key_id(), expected);
        assert_eq!(secret.fingerprint(), expected[..12]);
    }

    #[test]
    fn no_format_shows_the_text() {
        let secret = Secret::new("plaintext-plaintext-plaintext-plaintext");
        let shown =
            format!("{secret} {secret:?} {:?} {:?}", Password::new("plaintext"), Revealed::new("plaintext"));
        assert!(!shown.contains("plaintext"), "{shown}");
    }
}
