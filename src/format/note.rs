//! Signed notes and their keys (C2SP signed-note, <https://c2sp.org/signed-note>), with Ed25519 signatures (RFC 8032).
//!
//! A verifier key is written `<name>+<key id>+<base64(0x01 ‖ public key)>`, a signing key
//! `PRIVATE+KEY+<name>+<key id>+<base64(0x01 ‖ seed)>`, as Go's `golang.org/x/mod/sumdb/note` writes them. The key id is
//! the first four bytes of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)`, eight hexadecimal digits.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

use super::merkle::hash;
use super::openssh;

/// The signature type of Ed25519.
const ED25519_TYPE: u8 = 1;
const PRIVATE: &str = "PRIVATE+KEY+";
/// What begins a signature line: em dash, space.
const DASH: &str = "\u{2014} ";
/// More signature lines than this are not looked at; the document demands 16.
const MAX_SIGNATURES: usize = 64;

/// Whether a name may be the name of a key: not empty, no spaces, no plus sign, no control characters.
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|char| char.is_whitespace() || char.is_control() || char == '+')
}

fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let digest = hash(&[name.as_bytes(), b"\n", &[ED25519_TYPE], public]);
    let mut id = [0; 4];
    id.copy_from_slice(&digest.0[..4]);
    id
}

fn digits(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

/// A public key that signatures are verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    /// Its name; `None` for a key of OpenSSH, which has none and verifies under any.
    pub name: Option<String>,
    /// The public key of RFC 8032.
    pub public: [u8; 32],
}

impl VerifierKey {
    /// Reads a verifier key, or a line `ssh-ed25519 AAAA…`.
    ///
    /// # Errors
    ///
    /// A sentence fragment that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.starts_with(PRIVATE) || openssh::is_private_key(text) {
            return Err("it is a private key");
        }
        if text.starts_with("ssh-") {
            let (public, _) = openssh::parse_public(text).ok_or("it is not an ssh-ed25519 key")?;
            return Ok(Self { name: None, public });
        }
        let expected = "it is neither <name>+<key id>+<base64> nor ssh-ed25519 …";
        let (name, id, key) = split(text).ok_or(expected)?;
        let public = typed(key).ok_or(expected)?;
        if digits(key_id(name, &public)) != id {
            return Err("its key id does not belong to its name and key");
        }
        Ok(Self { name: Some(name.to_owned()), public })
    }

    /// The key id under a name, eight hexadecimal digits.
    pub fn id_as(&self, name: &str) -> String {
        digits(key_id(name, &self.public))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            let key = STANDARD.encode([&[ED25519_TYPE], self.public.as_slice()].concat());
            write!(f, "{name}+{}+{key}", self.id_as(name))
        } else {
            f.write_str(&openssh::public_line(&self.public))
        }
    }
}

fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('+')?;
    let (id, key) = rest.split_once('+')?;
    is_key_name(name).then_some((name, id, key))
}

fn typed(key: &str) -> Option<[u8; 32]> {
    let bytes = Zeroizing::new(STANDARD.decode(key).ok()?);
    let (kind, key) = bytes.split_first()?;
    (*kind == ED25519_TYPE).then(|| key.try_into().ok()).flatten()
}

/// A private key that signs notes. No format shows it.
pub struct SigningKey {
    name: String,
    pair: Ed25519KeyPair,
    seed: Zeroizing<[u8; 32]>,
}

impl SigningKey {
    /// From a name and the 32 random bytes of the seed; `None` when the name is none.
    pub fn new(name: &str, seed: &[u8; 32]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        is_key_name(name).then(|| Self { name: name.to_owned(), pair, seed: Zeroizing::new(*seed) })
    }

    /// Reads a signing key, or an unencrypted Ed25519 key of OpenSSH. The latter takes its name from its comment, with
    /// `-` for what may not be in a name, or is called `openssh`.
    ///
    /// # Errors
    ///
    /// A sentence fragment that says what is wrong with it; it never holds a part of the key.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if openssh::is_private_key(text) {
            let key = openssh::parse_private(text)?;
            let clean = |char: char| {
                if char.is_whitespace() || char.is_control() || char == '+' { '-' } else { char }
            };
            let name: String = key.comment.trim().chars().map(clean).collect();
            let signing = Self::new(if name.is_empty() { "openssh" } else { &name }, &key.seed);
            let signing = signing.ok_or("it is damaged")?;
            return if signing.public() == key.public {
                Ok(signing)
            } else {
                Err("its two halves do not match")
            };
        }
        let text = text.trim();
        let Some(rest) = text.strip_prefix(PRIVATE) else {
            return Err("it is neither PRIVATE+KEY+<name>+<key id>+<base64> nor a private key of OpenSSH");
        };
        let damaged = "it is damaged";
        let (name, id, key) = split(rest).ok_or(damaged)?;
        let seed = Zeroizing::new(typed(key).ok_or(damaged)?);
        let signing = Self::new(name, &seed).ok_or(damaged)?;
        if digits(key_id(name, &signing.public())) != id {
            return Err("its key id does not belong to its name and key");
        }
        Ok(signing)
    }

    /// The public key of RFC 8032.
    pub fn public(&self) -> [u8; 32] {
        let mut public = [0; 32];
        public.copy_from_slice(self.pair.public_key().as_ref());
        public
    }

    /// The key that verifies what this one signs.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { name: Some(self.name.clone()), public: self.public() }
    }

    /// The text of the key file, one line.
    pub fn to_text(&self) -> Zeroizing<String> {
        let typed = Zeroizing::new([&[ED25519_TYPE], self.seed.as_slice()].concat());
        let key = Zeroizing::new(STANDARD.encode(&*typed));
        let id = digits(key_id(&self.name, &self.public()));
        Zeroizing::new(format!("{PRIVATE}{}+{id}+{}\n", self.name, *key))
    }

    /// The signature of RFC 8032 over bytes as they are: for other containers than notes, which keep their own domains apart.
    pub(super) fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(bytes).as_ref());
        signature
    }

    /// The note of a text with this key's signature. The text ends with a newline and has no empty line at its end.
    pub fn sign(&self, text: &str) -> String {
        let signature = self.pair.sign(text.as_bytes());
        let id = key_id(&self.name, &self.public());
        let signed = STANDARD.encode([&id[..], signature.as_ref()].concat());
        format!("{text}\n{DASH}{} {signed}\n", self.name)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifier())
    }
}

/// A note taken apart; nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The signed text with its last newline.
    pub text: String,
    /// Name and decoded signature (key id and bytes) of each signature line.
    pub signatures: Vec<(String, Vec<u8>)>,
}

/// What the signatures of a note say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// A trusted key signed it: its name and id.
    By(String),
    /// A trusted key is named and its signature is wrong.
    Wrong(String),
    /// No trusted key is named; who is.
    Unknown(Vec<String>),
}

impl Note {
    /// Takes a note apart; `None` when it is none.
    pub fn parse(note: &str) -> Option<Self> {
        if note.chars().any(|char| char < ' ' && char != '\n') {
            return None;
        }
        let split = note.rfind("\n\n")?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        let mut signatures = Vec::new();
        for line in lines.strip_suffix('\n')?.split('\n') {
            let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
            let bytes = STANDARD.decode(signature).ok().filter(|bytes| bytes.len() > 4)?;
            if !is_key_name(name) || signatures.len() == MAX_SIGNATURES {
                return None;
            }
            signatures.push((name.to_owned(), bytes));
        }
        Some(Self { text: text.to_owned(), signatures })
    }

    /// Verifies it with trusted keys. One wrong signature of a trusted key is enough to reject it.
    pub fn verify(&self, trusted: &[VerifierKey]) -> Signed {
        let mut by = None;
        for (name, signature) in &self.signatures {
            for key in trusted {
                let is_named = key.name.as_ref().is_none_or(|own| own == name);
                let Some(signature) = signature.strip_prefix(&key_id(name, &key.public)).filter(|_| is_named)
                else {
                    continue;
                };
                let who = format!("{name}+{}", key.id_as(name));
                match UnparsedPublicKey::new(&ED25519, key.public).verify(self.text.as_bytes(), signature) {
                    Ok(()) => by = by.or(Some(who)),
                    Err(_) => return Signed::Wrong(who),
                }
            }
        }
        let signers = || {
            self.signatures.iter().map(|(name, bytes)| {
                let id = bytes.first_chunk::<4>().copied().unwrap_or_default();
                format!("{name}+{}", digits(id))
            })
        };
        by.map_or_else(|| Signed::Unknown(signers().collect()), Signed::By)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of the document of `golang.org/x/mod/sumdb/note`.
    const GO_SIGNER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const GO_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_keys_and_the_note_of_go() {
        let key = SigningKey::parse(GO_SIGNER).unwrap();
        assert_eq!(key.verifier().to_string(), GO_VERIFIER);
        assert_eq!(*key.to_text(), format!("{GO_SIGNER}\n"));
        let note = Note::parse(GO_NOTE).unwrap();
        assert_eq!(key.sign(&note.text), GO_NOTE);
        let trusted = VerifierKey::parse(GO_VERIFIER).unwrap();
        let ssh = VerifierKey { name: None, ..trusted.clone() };
        for key in [trusted, VerifierKey::parse(&ssh.to_string()).unwrap()] {
            assert_eq!(note.verify(&[key]), Signed::By("PeterNeumann+c74f20a3".into()));
        }
        assert_eq!(note.verify(&[]), Signed::Unknown(vec!["PeterNeumann+c74f20a3".into()]));
    }

    #[test]
    fn a_changed_text_is_told_from_an_unknown_signer() {
        let trusted = [VerifierKey::parse(GO_VERIFIER).unwrap()];
        let changed = Note::parse(&GO_NOTE.replace("answer", "question")).unwrap();
        assert_eq!(changed.verify(&trusted), Signed::Wrong("PeterNeumann+c74f20a3".into()));
        let renamed = Note::parse(&GO_NOTE.replace("\u{2014} Peter", "\u{2014} Paul")).unwrap();
        assert!(matches!(renamed.verify(&trusted), Signed::Unknown(_)));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "x", "a+b+c", GO_SIGNER, "ssh-rsa AAAA", &GO_VERIFIER.replace("c74f", "c74e")] {
            assert!(VerifierKey::parse(text).is_err(), "{text}");
        }
        for text in ["", GO_VERIFIER, &GO_SIGNER.replace("c74f", "c74e"), "PRIVATE+KEY+a+b+c"] {
            assert!(SigningKey::parse(text).is_err(), "{text}");
        }
        assert!(SigningKey::new("two words", &[1; 32]).is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", SigningKey::parse(GO_SIGNER).unwrap());
        assert!(!shown.contains("AYEKFALVFGy"), "{shown}");
    }

    proptest! {
        #[test]
        fn arbitrary_notes_never_panic(text in "(.|\n){0,80}\n\n\u{2014} a [A-Za-z0-9+/=]{0,20}\n") {
            let _ = Note::parse(&text).map(|note| note.verify(&[]));
            let _ = VerifierKey::parse(&text);
            let _ = SigningKey::parse(&text);
        }
    }
}
