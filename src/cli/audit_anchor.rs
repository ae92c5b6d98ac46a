//! `z4jctl audit anchor`.

use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::{Value, json};

use super::progress::Reporter;
use super::ui::Render;
use super::{Run, connection};
use crate::audit::anchor::write::{AnchorOptions, Anchored, anchor};
use crate::audit::verify::VerifyOptions;
use crate::error::{Error, ExitCode, Result};
use crate::signing;

const EXAMPLES: &str = "Examples:
  z4jctl signing-key generate --out /etc/z4jctl/anchor.key --name z4j.example/audit
  z4jctl audit anchor --to /mnt/anchors --key /etc/z4jctl/anchor.key
  z4jctl audit anchor --to /srv/anchors.git-checkout --git --key ~/.ssh/id_ed25519
  z4jctl audit anchor --to /var/lib/anchors --exec 'aws s3 cp - s3://bucket/z4j/newest.checkpoint' --key anchor.key
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
    /// Commit what was written to the git repository that the directory is in
    #[arg(long)]
    git: bool,
    /// Run this command for each new anchor; no shell, the checkpoint on its stdin
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    /// Anchor a log that does not verify; the anchor says so
    #[arg(long)]
    unverified: bool,
    /// 1.3 to 1.7: take a missing beginning that retention can explain as explained
    #[arg(long)]
    accept_retention: bool,
}

pub(super) fn run(run: &Run<'_>, arguments: &AnchorArgs) -> Result<ExitCode> {
    let exec = arguments.exec.as_deref().map(|text| {
        shlex::split(text).filter(|words| !words.is_empty()).ok_or_else(|| {
            Error::usage(
                "usage.exec",
                format!("--exec {text:?} is not a command: it is empty or a quote is not closed"),
            )
        })
    });
    let exec = exec.transpose()?;
    let key = signing::load(&arguments.key)?;
    if arguments.git {
        arguments.to.iter().try_for_each(|directory| in_work_tree(directory))?;
    }
    let settings = run.settings()?;
    let keys = connection::keys(&settings)?;
    let mut exit = ExitCode::Done;
    let mut failure = None;
    // One place that fails does not keep the anchor from the others.
    for directory in &arguments.to {
        let options = AnchorOptions {
            verify: VerifyOptions {
                open: connection::open_options(&settings),
                jobs: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
                since: None,
                until: None,
                max_findings: 100,
                known_head: None,
                retention_days: (!settings.audit_retention_days.is_default())
                    .then_some(settings.audit_retention_days.value),
                accept_retention: arguments.accept_retention,
                anchors: None,
                evidence: None,
            },
            directory: directory.clone(),
            origin: arguments.origin.clone(),
            unverified: arguments.unverified,
        };
        let progress = Reporter::new(run.ui);
        let outcome = anchor(run.context, &settings.database.value, &keys, &key, options, &progress)
            .and_then(|report| {
                run.ui.print(&report)?;
                exit = exit.strongest(report_exit(&report));
                deliver(&report, directory, arguments.git, exec.as_deref())
            });
        if let Err(error) = outcome
            && let Some(previous) = failure.replace(error)
        {
            run.ui.warn(previous.message());
        }
    }
    failure.map_or(Ok(exit), Err)
}

fn report_exit(report: &Anchored) -> ExitCode {
    let code = ExitCode::TABLE.iter().map(|(code, _)| *code).find(|code| code.code() == report.exit_code);
    code.unwrap_or(ExitCode::Bug)
}

/// Hands a new anchor on: to git, to a command.
fn deliver(report: &Anchored, directory: &Path, git: bool, exec: Option<&[String]>) -> Result<()> {
    let (Some(file), Some(leaves), true) = (&report.file, &report.leaves_file, report.written) else {
        return Ok(());
    };
    if git {
        let message = format!(
            "Anchor {} of {}: {} rows",
            report.sequence.unwrap_or_default(),
            report.origin.as_deref().unwrap_or_default(),
            report.size
        );
        let names = [file, leaves].map(|path| path.file_name().unwrap_or_default());
        let trusted = directory.join(signing::TRUSTED).exists().then_some(signing::TRUSTED.as_ref());
        let paths = || names.iter().copied().chain(trusted);
        git_in(directory).arg("add").arg("--").args(paths()).checked("git add")?;
        git_in(directory)
            .args(["commit", "--quiet", "-m", &message, "--"])
            .args(paths())
            .checked("git commit")?;
    }
    let Some((program, arguments)) = exec.and_then(<[String]>::split_first) else { return Ok(()) };
    let fail = |reason: String| {
        Error::unreachable("anchor.exec", format!("--exec {program}: {reason}"))
            .hint(format!("the anchor itself was written, see {}", file.display()))
    };
    let text = std::fs::read(file).map_err(|error| fail(error.to_string()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .env("Z4JCTL_ANCHOR_FILE", file)
        .env("Z4JCTL_ANCHOR_LEAVES_FILE", leaves)
        .stdin(Stdio::piped())
        .stdout(std::io::stderr())
        .spawn()
        .map_err(|error| fail(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not want to read is no failure.
        let _ = stdin.write_all(&text);
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(fail(format!("it ended with {status}"))),
        Err(error) => Err(fail(error.to_string())),
    }
}

fn git_in(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).stdin(Stdio::null());
    command
}

/// Before anything is written: whether git can take it.
fn in_work_tree(directory: &Path) -> Result<()> {
    let output = git_in(directory).args(["rev-parse", "--is-inside-work-tree"]).output();
    if output.is_ok_and(|output| output.status.success() && output.stdout.starts_with(b"true")) {
        return Ok(());
    }
    Err(Error::refused(
        "anchor.git",
        format!("{} is not in the work tree of a git repository", directory.display()),
    )
    .hint("git init it first, and see that git is installed; nothing was written"))
}

/// Runs a command whose success matters.
trait Checked {
    fn checked(&mut self, what: &str) -> Result<()>;
}

impl Checked for Command {
    fn checked(&mut self, what: &str) -> Result<()> {
        let fail = |reason: &str| {
            Error::unreachable("anchor.git", format!("{what}: {}", reason.trim()))
                .hint("the anchor itself was written; commit it by hand")
        };
        let output = self.output().map_err(|error| fail(&error.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
        Err(fail(&String::from_utf8_lossy(said)))
    }
}

impl Render for Anchored {
    fn human(&self) -> String {
        let command = "z4jctl audit anchor";
        let shown = |file: &Option<PathBuf>| {
            file.as_ref().map_or_else(|| "-".to_owned(), |file| file.display().to_string())
        };
        let mut text = if !self.ok {
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
        for finding in &self.findings {
            text.push_str(&format!("  finding    {}: {}\n", finding.class.name(), finding.message));
        }
        for note in &self.notes {
            text.push_str(&format!("  note       {note}\n"));
        }
        text
    }

    fn items(&self) -> Vec<Value> {
        self.findings.iter().map(|finding| json!({ "type": "finding", "finding": finding })).collect()
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
        for finding in &self.findings {
            lines.push((format!("finding.{}", finding.class.name()), finding.message.clone()));
        }
        lines
    }
}
