//! Ed25519 keys in the files of OpenSSH: `ssh-ed25519 …` lines, and unencrypted private keys in the container that
//! OpenSSH documents in `PROTOCOL.key`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use super::merkle::hash;

const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";
const MAGIC: &[u8] = b"openssh-key-v1\0";
const KIND: &[u8] = b"ssh-ed25519";

/// Whether a text is a private key of OpenSSH.
pub fn is_private_key(text: &str) -> bool {
    text.trim_start().starts_with(BEGIN)
}

/// A private key: the 32 bytes of the seed, the public key, and the comment.
#[derive(Clone)]
pub struct PrivateKey {
    /// The seed of RFC 8032.
    pub seed: Zeroizing<[u8; 32]>,
    /// The public key.
    pub public: [u8; 32],
    /// The comment, often `user@host`; may be empty.
    pub comment: String,
}

/// Reads an unencrypted Ed25519 private key.
///
/// # Errors
///
/// A sentence fragment that says what is wrong with it; it never holds a part of the key.
pub fn parse_private(text: &str) -> Result<PrivateKey, &'static str> {
    let body = text.trim().strip_prefix(BEGIN).and_then(|text| text.strip_suffix(END));
    let body = body.ok_or("it does not end with its END line")?;
    let packed: Zeroizing<String> =
        Zeroizing::new(body.chars().filter(|char| !char.is_ascii_whitespace()).collect());
    let bytes = Zeroizing::new(STANDARD.decode(packed.as_bytes()).map_err(|_| "it is not base64")?);
    let mut outer = Reader(bytes.strip_prefix(MAGIC).ok_or("it is not of the form openssh-key-v1")?);
    let damaged = "it is damaged";
    let (cipher, kdf) = (outer.string().ok_or(damaged)?, outer.string().ok_or(damaged)?);
    if cipher != b"none" || kdf != b"none" {
        return Err("it is encrypted with a passphrase, and z4jctl asks for none");
    }
    outer.string().ok_or(damaged)?;
    if outer.number().ok_or(damaged)? != 1 {
        return Err("it holds more than one key");
    }
    outer.string().ok_or(damaged)?;
    let mut inner = Reader(outer.string().ok_or(damaged)?);
    let (check, again) = (inner.number().ok_or(damaged)?, inner.number().ok_or(damaged)?);
    if check != again {
        return Err(damaged);
    }
    if inner.string().ok_or(damaged)? != KIND {
        return Err("it is not an Ed25519 key");
    }
    let public: [u8; 32] = inner.string().and_then(|bytes| bytes.try_into().ok()).ok_or(damaged)?;
    let pair = inner.string().filter(|pair| pair.len() == 64 && pair[32..] == public).ok_or(damaged)?;
    let mut seed = Zeroizing::new([0; 32]);
    seed.copy_from_slice(&pair[..32]);
    let comment = inner.string().ok_or(damaged)?;
    Ok(PrivateKey { seed, public, comment: String::from_utf8_lossy(comment).into_owned() })
}

/// Reads `ssh-ed25519 AAAA… comment`, as in `id_ed25519.pub`: the public key and the comment.
pub fn parse_public(line: &str) -> Option<([u8; 32], &str)> {
    let rest = line.trim().strip_prefix("ssh-ed25519")?.trim_start();
    let (blob, comment) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let public = parse_blob(&STANDARD.decode(blob).ok()?)?;
    Some((public, comment.trim()))
}

/// A public key as it is written into signatures and, in base64, into `ssh-ed25519 …` lines.
pub(super) fn public_blob(public: &[u8; 32]) -> Vec<u8> {
    typed(public)
}

/// The public key of a blob; `None` when it is of another kind.
pub(super) fn parse_blob(blob: &[u8]) -> Option<[u8; 32]> {
    parse_typed(blob)
}

/// A signature as it is written into containers.
pub(super) fn signature_blob(signature: &[u8; 64]) -> Vec<u8> {
    typed(signature)
}

/// The signature of a blob; `None` when it is of another kind.
pub(super) fn parse_signature(blob: &[u8]) -> Option<[u8; 64]> {
    parse_typed(blob)
}

fn typed(bytes: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    put_string(KIND, &mut blob);
    put_string(bytes, &mut blob);
    blob
}

fn parse_typed<const N: usize>(blob: &[u8]) -> Option<[u8; N]> {
    let mut reader = Reader(blob);
    if reader.string()? != KIND {
        return None;
    }
    let bytes = reader.string()?.try_into().ok()?;
    reader.0.is_empty().then_some(bytes)
}

/// The line `ssh-ed25519 AAAA…` of a public key, without comment.
pub fn public_line(public: &[u8; 32]) -> String {
    format!("ssh-ed25519 {}", STANDARD.encode(public_blob(public)))
}

/// `SHA256:…`, as `ssh-keygen -l` prints it.
pub fn fingerprint(public: &[u8; 32]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(hash(&[&public_blob(public)]).0))
}

/// Appends a string of RFC 4251, section 5.
pub(super) fn put_string(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Numbers and strings of RFC 4251, section 5.
pub(super) struct Reader<'b>(pub(super) &'b [u8]);

impl<'b> Reader<'b> {
    pub(super) fn number(&mut self) -> Option<u32> {
        let (head, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*head))
    }

    pub(super) fn string(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (string, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,200}") {
            let _ = parse_public(&text);
            let _ = parse_private(&format!("{BEGIN}\n{text}\n{END}"));
        }

        #[test]
        fn arbitrary_containers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = STANDARD.encode([MAGIC, &bytes].concat());
            let text = format!("{BEGIN}\n{text}\n{END}\n");
            prop_assert!(parse_private(&text).is_err());
        }
    }
}
