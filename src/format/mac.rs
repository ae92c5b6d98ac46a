//! HMAC-SHA256 under the keys of a brain, key ids, and hexadecimal digests.

use std::fmt;

use ring::hmac;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hex;

/// Domain of [`KeyId`]s (audit chain, section 2).
const KEY_ID_DOMAIN: &[u8] = b"z4j/audit-chain/key-id/v1\0";

/// A 32-byte MAC or digest, written as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads exactly 64 digits `[0-9a-f]`; upper case is refused, as z4j refuses it.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let ([high, low], []) = text.as_chunks::<32>() else { return None };
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&hex::read_lower(high)?);
        bytes[16..].copy_from_slice(&hex::read_lower(low)?);
        Some(Self(bytes))
    }

    /// Appends the 64 digits.
    pub fn write(self, out: &mut Vec<u8>) {
        for half in self.0.as_chunks::<16>().0 {
            out.extend_from_slice(&hex::write_lower(half));
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(64);
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(text.as_bytes())
            .ok_or_else(|| serde::de::Error::custom("not 64 lower-case hexadecimal digits"))
    }
}

/// The public name of a key: `HMAC(key, "z4j/audit-chain/key-id/v1" NUL)`. It identifies the key and
/// tells nothing about it.
pub type KeyId = Digest;

/// A secret, prepared for signing. The secret itself is not kept.
#[derive(Clone)]
pub struct MacKey {
    key: hmac::Key,
    id: KeyId,
}

impl MacKey {
    /// From the bytes of a configured secret: UTF-8 text as it stands, never decoded.
    pub fn new(secret: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let id = sign(&key, KEY_ID_DOMAIN);
        Self { key, id }
    }

    /// The key's public name.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// `HMAC(key, message)`.
    pub fn sign(&self, message: &[u8]) -> Digest {
        sign(&self.key, message)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacKey({})", self.id)
    }
}

fn sign(key: &hmac::Key, message: &[u8]) -> Digest {
    let tag = hmac::sign(key, message);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    Digest(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::hmac::{Hmac, KeyInit as _, Mac as _};
    use proptest::prelude::*;
    use sha2::Sha256;

    proptest! {
        /// The hash that is linked and an independent implementation agree.
        #[test]
        fn agrees_with_rust_crypto(
            secret in proptest::collection::vec(any::<u8>(), 1..200),
            message in proptest::collection::vec(any::<u8>(), 0..3000),
        ) {
            let mut reference = Hmac::<Sha256>::new_from_slice(&secret).expect("any length");
            reference.update(&message);
            let expected: [u8; 32] = reference.finalize().into_bytes().into();
            prop_assert_eq!(MacKey::new(&secret).sign(&message), Digest(expected));
        }

        #[test]
        fn digests_read_back(bytes: [u8; 32]) {
            let text = Digest(bytes).to_string();
            prop_assert_eq!(Digest::parse(text.as_bytes()), Some(Digest(bytes)));
        }
    }

    #[test]
    fn digests_are_strict() {
        let good = "0e0ce3ca75e7cef0dc95cc3f4a4daa13c91b867ce5719c8d789227c74b163c3c";
        assert!(Digest::parse(good.as_bytes()).is_some());
        assert_eq!(Digest::parse(good.to_uppercase().as_bytes()), None);
        assert_eq!(Digest::parse(&good.as_bytes()[..63]), None);
        assert_eq!(Digest::parse(good.replace('e', "g").as_bytes()), None);
    }

    #[test]
    fn debug_shows_only_the_key_id() {
        let key = MacKey::new(b"vector-audit-key-two-0123456789abcdef-ABCDEF02");
        assert_eq!(
            format!("{key:?}"),
            "MacKey(1897abd16db478781139ab053d8e256a5b417a650a55346339e3f6d8cecec2db)"
        );
    }
}
