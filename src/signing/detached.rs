//! Detached signatures over files that leave the database, and what one is worth to whoever has them.

use serde::Serialize;

use crate::format::note::{SigningKey, VerifierKey};
use crate::format::openssh::{fingerprint, public_line};
use crate::format::sshsig::{self, Signature};

/// What a signature is made for; none is good for anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The manifest of an export.
    Export,
    /// The statement of an evidence bundle.
    Bundle,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Purpose; 2] = [Self::Bundle, Self::Export];

    /// The namespace: what `ssh-keygen -Y verify -n` takes.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Export => "z4jctl-export",
            Self::Bundle => "z4jctl-bundle",
        }
    }

    /// The armored signature of a message.
    pub fn sign(self, key: &SigningKey, message: &[u8]) -> String {
        sshsig::sign(key, self.namespace(), message)
    }
}

/// Whose signature it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// Its name among the trusted keys; `None` for keys of OpenSSH, and for those that nobody trusts.
    pub name: Option<String>,
    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// `ssh-ed25519 AAAA…`.
    pub ssh: String,
    /// Whether the key is among the trusted ones.
    pub trusted: bool,
}

impl Signer {
    /// The owner of a key.
    pub fn of(public: &[u8; 32], trusted: &[VerifierKey]) -> Self {
        let known = trusted.iter().find(|key| key.public == *public);
        Self {
            name: known.and_then(|key| key.name.clone()),
            fingerprint: fingerprint(public),
            ssh: public_line(public),
            trusted: known.is_some(),
        }
    }

    /// For a person.
    pub fn display(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.fingerprint),
            None => self.fingerprint.clone(),
        }
    }
}

/// Verifies a signature over a message, whoever made it.
///
/// # Errors
///
/// A sentence fragment that says why it is not good.
pub fn verify(
    armored: &str,
    purpose: Purpose,
    message: &[u8],
    trusted: &[VerifierKey],
) -> Result<Signer, &'static str> {
    let signature = Signature::parse(armored)?;
    signature.verify(purpose.namespace(), message)?;
    Ok(Signer::of(&signature.public, trusted))
}
