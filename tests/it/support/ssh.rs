//! The stock `ssh-keygen`, as the judge of signatures; and keys that sign.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::process::{self, Output};
use super::z4jctl::Z4jctl;
use super::{find_program, search_path};

/// A signing key with its public half, in files.
pub(crate) struct Key {
    directory: tempfile::TempDir,
    identity: &'static str,
}

impl Key {
    /// A new key of `z4jctl signing-key generate`.
    pub(crate) fn generate(identity: &'static str) -> Self {
        let key = Self::begin(identity);
        let made =
            Z4jctl::new().args(["signing-key", "generate", "--name", identity, "--out"]).arg(key.private());
        fs::write(key.public(), made.run().expect_code(0).stdout).expect("write a public key");
        key.list();
        key
    }

    /// A new key of OpenSSH.
    pub(crate) fn openssh(identity: &'static str) -> Self {
        let key = Self::begin(identity);
        let arguments = ["-q", "-t", "ed25519", "-N", "", "-C", identity, "-f"];
        keygen(&[&arguments[..], &[&key.private().display().to_string()]].concat(), b"").expect_code(0);
        key.list();
        key
    }

    fn begin(identity: &'static str) -> Self {
        Self { directory: tempfile::tempdir().expect("create a temporary directory"), identity }
    }

    /// What `signing-key show --allowed-signers` prints, into a file.
    fn list(&self) {
        let shown = Z4jctl::new().args(["signing-key", "show", "--allowed-signers"]).arg(self.private());
        fs::write(self.allowed_signers(), shown.run().expect_code(0).stdout).expect("write a file");
    }

    pub(crate) fn private(&self) -> PathBuf {
        self.directory.path().join("key")
    }

    pub(crate) fn public(&self) -> PathBuf {
        self.directory.path().join("key.pub")
    }

    pub(crate) fn allowed_signers(&self) -> PathBuf {
        self.directory.path().join("allowed_signers")
    }

    /// What `ssh-keygen -Y verify` says of a signature.
    pub(crate) fn judge(&self, namespace: &str, signature: &[u8], message: &[u8]) -> Output {
        let file = self.directory.path().join("signature");
        fs::write(&file, signature).expect("write a signature");
        let (signers, file) = (self.allowed_signers().display().to_string(), file.display().to_string());
        let signers = ["-f", &signers, "-I", self.identity];
        keygen(&[&["-Y", "verify", "-n", namespace, "-s", &file], &signers[..]].concat(), message)
    }
}

fn program() -> PathBuf {
    find_program("ssh-keygen").expect("ssh-keygen (Debian: openssh-client)")
}

fn keygen(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).env_clear().env("PATH", search_path());
    process::run(&mut command, input, Duration::from_secs(60))
}
