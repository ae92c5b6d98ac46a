//! Ed25519 keys that sign what leaves the database: `signing-key generate|show|trust`, and their detached signatures.
//!
//! A private key is one file, mode 0600, never printed and never an argument. Whoever verifies needs the public half
//! only. The keys that an anchor directory trusts are the lines of its file [`TRUSTED`]; whoever can write there can add
//! one, so a copy kept elsewhere and given with `--trust` is worth more.

pub mod detached;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::note::{SigningKey, VerifierKey, is_key_name};
use crate::format::openssh;
use crate::private_file::{self, Unusable};
use crate::whole_file;
use detached::Purpose;

/// The file of trusted verifier keys in a directory of anchors.
pub const TRUSTED: &str = "trusted-keys";

/// The public half of a key; `z4jctl.signing-key/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicKey {
    /// `z4jctl.signing-key/1`.
    pub schema: &'static str,
    /// The file that holds the key, or that now trusts it.
    pub file: String,
    /// The key's name; `None` for a public key of OpenSSH.
    pub name: Option<String>,
    /// First four bytes of its C2SP hash, hexadecimal; `None` when it has no name.
    pub key_id: Option<String>,
    /// `<name>+<key id>+<base64>`, or `ssh-ed25519 …`.
    pub verifier_key: String,
    /// The same key as OpenSSH writes it.
    pub ssh: String,
    /// The line for `ssh-keygen -Y verify -f`: who may sign bundles and exports.
    pub allowed_signers: String,
    /// Whether the file was changed.
    pub written: bool,
}

impl PublicKey {
    fn of(key: &VerifierKey, file: &Path, written: bool) -> Self {
        Self {
            schema: "z4jctl.signing-key/1",
            file: file.display().to_string(),
            name: key.name.clone(),
            key_id: key.name.as_deref().map(|name| key.id_as(name)),
            verifier_key: key.to_string(),
            ssh: openssh::public_line(&key.public),
            allowed_signers: allowed_signers(key),
            written,
        }
    }
}

/// The line of a key in a file of allowed signers (`ssh-keygen(1)`). The identity is the key's name, with `-` for what
/// would be a pattern there.
fn allowed_signers(key: &VerifierKey) -> String {
    let name = key.name.as_deref().unwrap_or("z4jctl");
    let identity = name.replace([',', '*', '?', '!', '"', '#'], "-");
    let namespaces = Purpose::ALL.map(Purpose::namespace).join(",");
    format!("{identity} namespaces=\"{namespaces}\" {}", openssh::public_line(&key.public))
}

/// Makes a key and writes it to a new file, mode 0600.
///
/// # Errors
///
/// `Usage` for a name that none can have, `Refused` when the file exists, `Unreachable` when it cannot be written.
pub fn generate(context: &Context, path: &Path, name: &str) -> Result<PublicKey> {
    if !is_key_name(name) {
        return Err(Error::usage(
            "usage.key-name",
            format!("{name:?} cannot be the name of a key: it is empty, or has a space or a plus sign"),
        ));
    }
    let mut seed = Zeroizing::new([0; 32]);
    context.random.fill(&mut *seed)?;
    let key = SigningKey::new(name, &seed).ok_or_else(|| Error::bug("no key from a random seed"))?;
    whole_file::put(path, key.to_text().as_bytes(), 0o600, false).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::refused("signing-key.exists", format!("{} exists", path.display())).hint(
                "a key is never overwritten: what it signed could not be told from what a new one signs",
            )
        }
        _ => cannot_write(path, &error),
    })?;
    Ok(PublicKey::of(&key.verifier(), path, true))
}

/// Reads a private key.
///
/// # Errors
///
/// `Secret` when there is none in that file, or others than its owner and group may read it.
pub fn load(path: &Path) -> Result<SigningKey> {
    if path.to_string_lossy().contains("PRIVATE+KEY+") {
        return Err(Error::secret(
            "signing-key.in-arguments",
            "that is a private key, not the file of one; arguments are visible to everybody on this machine",
        )
        .hint("make another key: this one is no secret any more"));
    }
    let fail = |reason: &dyn std::fmt::Display| {
        Error::secret("signing-key.unreadable", format!("no signing key in {}: {reason}", path.display()))
            .hint("make one with `z4jctl signing-key generate --out FILE`, or give an unencrypted Ed25519 key of OpenSSH")
    };
    let text = private_file::read(path).map_err(|unusable| match unusable {
        Unusable::Open(_) => fail(&unusable).hint("make another key, and chmod 600 its file"),
        Unusable::Unreadable(_) => fail(&unusable),
    })?;
    SigningKey::parse(&text).map_err(|reason| fail(&reason))
}

/// The public half of a private key, or a public key, in a file.
///
/// # Errors
///
/// `Secret` when there is neither.
pub fn show(path: &Path) -> Result<PublicKey> {
    let text = fs::read_to_string(path).map(Zeroizing::new).unwrap_or_default();
    match VerifierKey::parse(&text) {
        Ok(key) => Ok(PublicKey::of(&key, path, false)),
        Err(_) => Ok(PublicKey::of(&load(path)?.verifier(), path, false)),
    }
}

/// Adds a verifier key, or a file that holds one, to the keys that a directory of anchors trusts.
///
/// # Errors
///
/// `Usage` for what is no public key, `Unreachable` when the directory cannot be written to.
pub fn trust(key: &str, directory: &Path) -> Result<PublicKey> {
    let text = match fs::read_to_string(key) {
        Ok(text) if !key.contains('+') => text,
        _ => key.to_owned(),
    };
    let key = VerifierKey::parse(&text).map_err(|reason| {
        Error::usage("usage.verifier-key", format!("that is no public key to trust: {reason}"))
            .hint("give what `z4jctl signing-key show FILE` prints, or a line `ssh-ed25519 AAAA…`")
    })?;
    let path = directory.join(TRUSTED);
    let mut lines = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(cannot_read(&path, &error)),
    };
    if parse_trusted(&lines, &path)?.contains(&key) {
        return Ok(PublicKey::of(&key, &path, false));
    }
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines.push_str(&format!("{key}\n"));
    whole_file::put(&path, lines.as_bytes(), 0o644, true).map_err(|error| cannot_write(&path, &error))?;
    Ok(PublicKey::of(&key, &path, true))
}

/// The keys to trust: those of the files, or those kept beside the anchors when there are no files.
///
/// # Errors
///
/// `Usage` when one of the files cannot be read or holds something else.
pub fn trusted(directory: &Path, files: &[PathBuf]) -> Result<Vec<VerifierKey>> {
    if files.is_empty() {
        let path = directory.join(TRUSTED);
        return match fs::read_to_string(&path) {
            Ok(text) => parse_trusted(&text, &path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(cannot_read(&path, &error)),
        };
    }
    trusted_by(files)
}

/// The keys to trust of files.
///
/// # Errors
///
/// `Usage` when one of the files cannot be read or holds something else.
pub fn trusted_by(files: &[PathBuf]) -> Result<Vec<VerifierKey>> {
    let mut keys = Vec::new();
    for path in files {
        let text = fs::read_to_string(path).map_err(|error| {
            Error::usage("usage.trust", format!("cannot read the trusted keys {}: {error}", path.display()))
        })?;
        keys.extend(parse_trusted(&text, path)?);
    }
    Ok(keys)
}

fn parse_trusted(text: &str, path: &Path) -> Result<Vec<VerifierKey>> {
    let lines = text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    lines
        .map(|(number, line)| {
            VerifierKey::parse(line).map_err(|reason| {
                let place = format!("{}, line {}: {reason}", path.display(), number + 1);
                Error::usage("usage.trust", place).hint("one verifier key or `ssh-ed25519 …` in a line")
            })
        })
        .collect()
}

fn cannot_read(path: &Path, error: &io::Error) -> Error {
    Error::unreachable("signing-key.read", format!("cannot read {}: {error}", path.display()))
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    let reason = whole_file::reason(error);
    Error::unreachable("signing-key.write", format!("cannot write {}: {reason}", path.display()))
}
