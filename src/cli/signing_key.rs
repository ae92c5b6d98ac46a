//! `z4jctl signing-key`.

use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;

use super::Run;
use super::ui::Render;
use crate::error::{ExitCode, Result};
use crate::signing::{PublicKey, generate, show, trust};

const EXAMPLES: &str = "Examples:
  z4jctl signing-key generate --out /etc/z4jctl/anchor.key --name z4j.example/audit
  z4jctl signing-key show /etc/z4jctl/anchor.key
  z4jctl signing-key show --allowed-signers /etc/z4jctl/anchor.key > allowed_signers
  z4jctl signing-key trust z4j.example/audit+e89a5f3c+AU9v… --dir /mnt/anchors
  z4jctl signing-key trust ~/.ssh/id_ed25519.pub --dir /mnt/anchors";

/// Ed25519 keys that sign anchors, bundles and exports.
#[derive(Debug, Subcommand)]
pub(super) enum SigningKey {
    /// Make a key: the private half into a new file, mode 0600, the public half to stdout
    ///
    /// The file has the form of C2SP's signed-note. It is never overwritten and never printed. Keep it away from the
    /// database: who holds both can sign a false history. No database is touched.
    #[command(after_long_help = EXAMPLES)]
    Generate {
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Its name, best a URL without scheme such as z4j.example/audit; no spaces, no plus sign
        #[arg(long, value_name = "NAME", default_value = "z4jctl")]
        name: String,
    },
    /// Print the public half of a key: z4jctl's own, or an Ed25519 key of OpenSSH
    #[command(after_long_help = EXAMPLES)]
    Show {
        /// The key file, private or public
        file: PathBuf,
        /// Print the line for a file of allowed signers: `ssh-keygen -Y verify -f` takes it
        #[arg(long)]
        allowed_signers: bool,
    },
    /// Trust a public key: write it into the file trusted-keys beside the anchors
    #[command(after_long_help = EXAMPLES)]
    Trust {
        /// A verifier key, an `ssh-ed25519 …` line, or a file that holds one
        #[arg(value_name = "KEY|FILE")]
        key: String,
        /// The directory of the anchors
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

pub(super) fn run(run: &Run<'_>, verb: &SigningKey) -> Result<ExitCode> {
    let key = match verb {
        SigningKey::Generate { out, name } => {
            let key = generate(run.context, out, name)?;
            run.ui.note(&format!("the private key is in {}; this is the public one", out.display()));
            key
        }
        SigningKey::Show { file, allowed_signers } => {
            let key = show(file)?;
            if *allowed_signers {
                run.ui.print(&AllowedSigners(key))?;
                return Ok(ExitCode::Done);
            }
            key
        }
        SigningKey::Trust { key, dir } => {
            let key = trust(key, dir)?;
            let what = if key.written { "is trusted now" } else { "was trusted already" };
            run.ui.note(&format!("it {what}, see {}", key.file));
            key
        }
    };
    run.ui.print(&key)?;
    Ok(ExitCode::Done)
}

/// A key of which a person wants the line for OpenSSH.
#[derive(Serialize)]
#[serde(transparent)]
struct AllowedSigners(PublicKey);

impl Render for AllowedSigners {
    fn human(&self) -> String {
        format!("{}\n", self.0.allowed_signers)
    }

    fn plain(&self) -> Vec<(String, String)> {
        self.0.plain()
    }
}

impl Render for PublicKey {
    fn human(&self) -> String {
        format!("{}\n", self.verifier_key)
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![("verifier_key".to_owned(), self.verifier_key.clone())];
        lines.extend(self.name.iter().map(|name| ("name".to_owned(), name.clone())));
        lines.extend(self.key_id.iter().map(|id| ("key_id".to_owned(), id.clone())));
        lines.push(("ssh".into(), self.ssh.clone()));
        lines.push(("allowed_signers".into(), self.allowed_signers.clone()));
        lines.push(("file".into(), self.file.clone()));
        lines.push(("written".into(), self.written.to_string()));
        lines
    }
}
