//! `z4jctl audit anchor`.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::anchor_delivery::DeliveryArgs;
use super::progress::Reporter;
use super::ui::Render;
use super::{Run, audit_verify, connection, findings};
use crate::audit::anchor::send::Sent;
use crate::audit::anchor::timestamp::Stamped;
use crate::audit::anchor::write::{AnchorOptions, Anchored, anchor};
use crate::audit::verify::VerifyOptions;
use crate::error::{ExitCode, Result};
use crate::signing;

const EXAMPLES: &str = "Examples:
  z4jctl signing-key generate --out /etc/z4jctl/anchor.key --name z4j.example/audit
  z4jctl audit anchor --to /mnt/anchors --key /etc/z4jctl/anchor.key
  z4jctl audit anchor --to /srv/anchors.git-checkout --git --key ~/.ssh/id_ed25519
  z4jctl audit anchor --to /var/lib/anchors --exec 'aws s3 cp - s3://bucket/z4j/newest.checkpoint' --key anchor.key
  z4jctl audit anchor --to /mnt/anchors --key anchor.key --timestamp https://tsa.example/ --tsa-ca tsa.pem
  z4jctl audit anchor --to /mnt/anchors --key anchor.key --put https://worm.example/z4j/ --put-header-file worm.headers
  z4jctl audit verify --anchors /mnt/anchors --trust /etc/z4jctl/anchor.pub";

/// Anchor the log: sign what it is now, into a directory outside the database.
///
/// Verifies the log, compares it with the anchors that are there, and writes the next one: a C2SP checkpoint (origin, number
/// of rows, Merkle root over the stored HMACs) in a signed note, and the leaves that it adds. No file is overwritten.
/// A log that does not continue what was anchored is a finding, exit code 1, and nothing is written. When no row came
/// since the newest anchor, nothing is written either.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct AnchorArgs {
    /// The directory of the anchors; it must exist; repeatable
    #[arg(long, value_name = "DIR", required = true)]
    to: Vec<PathBuf>,
    /// The private key: of `z4jctl signing-key generate`, or an unencrypted Ed25519 key of OpenSSH
    #[arg(long, value_name = "FILE", env = "Z4JCTL_SIGNING_KEY_FILE", hide_env_values = true)]
    key: PathBuf,
    /// The log's name in a new directory [default: z4jctl.audit/ and a hash of its first row]
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// Anchor a log that does not verify; the anchor says so
    #[arg(long)]
    unverified: bool,
    /// 1.3 to 1.7: take a missing beginning that retention can explain as explained
    #[arg(long)]
    accept_retention: bool,
    #[command(flatten)]
    delivery: DeliveryArgs,
}

pub(super) fn run(run: &Run<'_>, arguments: &AnchorArgs) -> Result<ExitCode> {
    let key = signing::load(&arguments.key)?;
    let delivery = arguments.delivery.prepare(&arguments.to)?;
    let settings = run.settings()?;
    let keys = connection::keys(&settings)?;
    let mut exit = ExitCode::Done;
    let mut failures = Vec::new();
    // One place that fails does not keep the anchor from the others.
    for directory in &arguments.to {
        let options = AnchorOptions {
            verify: VerifyOptions {
                accept_retention: arguments.accept_retention,
                ..audit_verify::whole_log(&settings, audit_verify::jobs(None)?)
            },
            directory: directory.clone(),
            origin: arguments.origin.clone(),
            unverified: arguments.unverified,
        };
        let progress = Reporter::new(run.ui);
        match anchor(run.context, &settings.database.value, &keys, &key, options, &progress) {
            Err(error) => failures.push(error),
            Ok(mut report) => {
                if report.ok {
                    failures.extend(delivery.deliver(run, &mut report, directory));
                }
                exit = exit.strongest(report_exit(&report));
                failures.extend(run.ui.print(&report).err());
            }
        }
    }
    let last = failures.pop();
    for failure in &failures {
        run.ui.warn(failure.message());
    }
    last.map_or(Ok(exit), Err)
}

fn report_exit(report: &Anchored) -> ExitCode {
    let code = ExitCode::TABLE.iter().map(|(code, _)| *code).find(|code| code.code() == report.exit_code);
    code.unwrap_or(ExitCode::Bug)
}

impl Render for Anchored {
    fn human(&self) -> String {
        let command = "z4jctl audit anchor";
        let shown = |file: &Option<PathBuf>| {
            file.as_ref().map_or_else(|| "-".to_owned(), |file| file.display().to_string())
        };
        let mut text = if !self.findings.is_empty() {
            format!("{command}: the log does not continue what was anchored; nothing was written\n")
        } else if self.written {
            format!("{command}: anchored {} rows in {}\n", self.size, shown(&self.file))
        } else {
            format!("{command}: {} rows are anchored in {}\n", self.size, shown(&self.file))
        };
        if let Some(origin) = &self.origin {
            text.push_str(&format!("  origin     {origin}\n"));
        }
        text.push_str(&format!("  signed by  {}\n", self.verifier_key));
        if let Some(Stamped { file, time, authority, .. }) = &self.timestamp {
            let authority = authority.as_deref().unwrap_or("-");
            text.push_str(&format!("  timestamp  {time} by {authority}, in {}\n", file.display()));
        }
        for Sent { url, stored, waiting } in &self.sent {
            text.push_str(&format!("  sent       {stored} file(s) to {url}, {waiting} still to be sent\n"));
        }
        text.push_str(&findings::human(&self.findings));
        for note in &self.notes {
            text.push_str(&format!("  note       {note}\n"));
        }
        text
    }

    fn items(&self) -> Vec<Value> {
        findings::items(&self.findings)
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![
            ("written".to_owned(), self.written.to_string()),
            ("size".to_owned(), self.size.to_string()),
            ("exit_code".to_owned(), self.exit_code.to_string()),
            ("verifier_key".to_owned(), self.verifier_key.clone()),
        ];
        lines.extend(self.file.iter().map(|file| ("file".to_owned(), file.display().to_string())));
        lines.extend(self.origin.iter().map(|origin| ("origin".to_owned(), origin.clone())));
        lines.extend(self.root.iter().map(|root| ("root".to_owned(), root.to_string())));
        if let Some(stamped) = &self.timestamp {
            lines.push(("timestamp.file".to_owned(), stamped.file.display().to_string()));
            lines.push(("timestamp.time".to_owned(), stamped.time.to_string()));
        }
        for sent in &self.sent {
            let Sent { url, stored, waiting } = sent;
            lines.push(("sent".to_owned(), format!("{url} stored={stored} waiting={waiting}")));
        }
        lines.extend(findings::plain(&self.findings));
        lines
    }
}
