//! The signature of an export: `MANIFEST.sig` beside its manifest, over the bytes of the manifest, which name the data
//! file by its SHA-256. `ssh-keygen -Y verify -n z4jctl-export` accepts it.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::audit::finding::{Class, Finding};
use crate::error::{Error, Result};
use crate::format::note::{SigningKey, VerifierKey};
use crate::signing::detached::{Purpose, Signer, verify};
use crate::whole_file::{PendingFile, cannot_write};

/// A larger signature than this is none, bytes.
const MAX_SIZE: u64 = 64 * 1024;

/// Where the signature of a manifest is.
pub fn beside(manifest: &Path) -> PathBuf {
    let mut path = manifest.as_os_str().to_owned();
    path.push(".sig");
    path.into()
}

/// A signature that is about to be written.
pub(super) struct Pending<'k> {
    key: &'k SigningKey,
    path: PathBuf,
    file: PendingFile,
}

impl<'k> Pending<'k> {
    /// Makes sure that it can be written, before anything is read.
    pub(super) fn create(key: &'k SigningKey, manifest: &Path, overwrite: bool) -> Result<Self> {
        let path = beside(manifest);
        Ok(Self { key, file: PendingFile::create(&path, overwrite)?, path })
    }

    /// Writes it, still without its name.
    pub(super) fn sign(&self, manifest: &[u8]) -> Result<()> {
        let text = Purpose::Export.sign(self.key, manifest);
        self.file.file().write_all(text.as_bytes()).map_err(|error| cannot_write(&self.path, &error))?;
        self.file.sync()
    }

    /// Gives it its name, which is returned.
    pub(super) fn publish(self) -> Result<PathBuf> {
        self.file.publish()?;
        Ok(self.path)
    }
}

/// Removes the signature of a manifest that was replaced: it would speak of another one.
pub(super) fn remove_stale(manifest: &Path) -> Result<bool> {
    let path = beside(manifest);
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::unreachable(
            "export.signature",
            format!(
                "cannot remove {}, the signature of the manifest that was replaced: {error}",
                path.display()
            ),
        )
        .hint("remove it by hand: it does not belong to this export")),
    }
}

/// What became of the signature of a file; a part of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureReport {
    /// Where it is, or would be.
    pub file: String,
    /// `trusted`; `not-trusted`: good, of a key that nobody trusts here; `invalid`; `missing`.
    pub verdict: &'static str,
    /// Whose it is, when it is good.
    pub signer: Option<Signer>,
}

/// A signature that was looked at.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) report: SignatureReport,
    pub(super) finding: Option<Finding>,
    pub(super) note: Option<String>,
}

/// Looks at the signature of a manifest. `trusted` is `None` when nobody demands one: then it is none of anybody's business
/// that there is none, and a good one of whomever is worth a note.
pub(super) fn judge(manifest: &Path, bytes: &[u8], trusted: Option<&[VerifierKey]>) -> Option<Judged> {
    let path = beside(manifest);
    let judged = |verdict, signer, finding, note| {
        let report = SignatureReport { file: path.display().to_string(), verdict, signer };
        Some(Judged { report, finding, note })
    };
    let invalid = |message: String| Some(Finding::new(Class::SignatureInvalid, message));
    let armored = match read(&path) {
        Ok(armored) => armored,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            trusted?;
            let finding = invalid(format!("the manifest is not signed: there is no {}", path.display()));
            return judged("missing", None, finding, None);
        }
        Err(error) => {
            let finding = invalid(format!("the signature {} cannot be read: {error}", path.display()));
            return judged("invalid", None, finding, None);
        }
    };
    match verify(&armored, Purpose::Export, bytes, trusted.unwrap_or_default()) {
        Ok(signer) if signer.trusted => judged("trusted", Some(signer), None, None),
        Ok(signer) => {
            let who = signer.display();
            let (finding, note) = match trusted {
                Some(_) => {
                    let message = format!("the manifest is signed by {who}, whom nobody trusts here");
                    (Some(Finding::new(Class::SignatureInvalid, message).undecided()), None)
                }
                None => (None, Some(format!("the manifest is signed by {who}, not trusted: give --trust"))),
            };
            judged("not-trusted", Some(signer), finding, note)
        }
        Err(reason) => {
            let finding = invalid(format!("the signature of the manifest is not good: {reason}"));
            judged("invalid", None, finding, None)
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(MAX_SIZE).read_to_string(&mut text)?;
    Ok(text)
}
