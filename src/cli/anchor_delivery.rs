//! Where `z4jctl audit anchor` hands a new anchor on to: a time-stamping authority, git, a command, copies by HTTPS.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::{ArgGroup, Args};

use super::Run;
use crate::audit::anchor::send::{Destination, parse_url, send};
use crate::audit::anchor::timestamp::{Authorities, stamp};
use crate::audit::anchor::write::Anchored;
use crate::config::parse_duration;
use crate::error::{Error, Result};
use crate::http::{Client, ClientOptions, Headers, Url};
use crate::signing;

/// How long a request may take when nothing is said.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("servers").args(["put", "timestamp"]).multiple(true))]
pub(super) struct DeliveryArgs {
    /// Commit what was written to the git repository that the directory is in
    #[arg(long)]
    git: bool,
    /// Run this command for each new anchor; no shell, the checkpoint on its stdin
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    /// Have the newest anchor timestamped (RFC 3161) by the authority at this URL, http or https; its answer is kept
    /// beside the anchor, in the file NAME.tsr
    #[arg(long, value_name = "URL")]
    timestamp: Option<String>,
    /// Take timestamps only from authorities under the root certificates in this PEM file
    #[arg(long, value_name = "FILE", requires = "timestamp")]
    tsa_ca: Option<PathBuf>,
    /// Store a copy of every file of an anchor below this URL, by HTTPS PUT; ends with a slash; repeatable. What could
    /// not be stored is sent again by the next call
    #[arg(long, value_name = "URL")]
    put: Vec<String>,
    /// Headers for --put, `Name: value` in each line, such as credentials; a file of mode 600
    #[arg(long, value_name = "FILE", requires = "put")]
    put_header_file: Option<PathBuf>,
    /// Reach --put and --timestamp only through certificates of the authorities in this PEM file [default: those that
    /// this machine trusts]
    #[arg(long, value_name = "FILE", requires = "servers")]
    ca: Option<PathBuf>,
    /// How long each request of --put and --timestamp may take, such as 30s [default: 60s]
    #[arg(long, value_name = "DURATION", requires = "servers")]
    timeout: Option<String>,
}

/// What was asked for, checked before anything is written.
pub(super) struct Delivery {
    git: bool,
    exec: Option<Vec<String>>,
    timestamp: Option<Url>,
    authorities: Option<Authorities>,
    destinations: Vec<Destination>,
    client: Client,
}

impl DeliveryArgs {
    pub(super) fn prepare(&self, directories: &[PathBuf]) -> Result<Delivery> {
        let exec = self.exec.as_deref().map(|text| {
            shlex::split(text).filter(|words| !words.is_empty()).ok_or_else(|| {
                Error::usage(
                    "usage.exec",
                    format!("--exec {text:?} is not a command: it is empty or a quote is not closed"),
                )
            })
        });
        let timestamp = self.timestamp.as_deref().map(|text| {
            Url::parse(text).map_err(|reason| {
                Error::usage("usage.timestamp", format!("--timestamp: {reason}"))
                    .hint("give the URL of a time-stamping authority, such as https://tsa.example/")
            })
        });
        let (exec, timestamp) = (exec.transpose()?, timestamp.transpose()?);
        let timeout = self.timeout.as_deref().map(|text| parse_duration("--timeout", text)).transpose()?;
        let destinations = self.destinations(directories)?;
        let authorities = self.tsa_ca.as_deref().map(Authorities::read).transpose()?;
        let mut urls = destinations.iter().map(|destination| &destination.url).chain(&timestamp);
        let options = ClientOptions { authorities: self.ca.clone(), timeout: timeout.unwrap_or(TIMEOUT) };
        let client = Client::new(&options, urls.any(Url::is_encrypted))?;
        if self.git {
            directories.iter().try_for_each(|directory| in_work_tree(directory))?;
        }
        Ok(Delivery { git: self.git, exec, timestamp, authorities, destinations, client })
    }

    fn destinations(&self, directories: &[PathBuf]) -> Result<Vec<Destination>> {
        let urls = self.put.iter().map(|text| parse_url(text)).collect::<Result<Vec<_>>>()?;
        if !urls.is_empty() && directories.len() > 1 {
            return Err(Error::usage(
                "usage.put",
                "--put goes with one --to: anchors of two directories have the same names",
            )
            .hint("call z4jctl once for each directory, each with a URL of its own"));
        }
        let Some(path) = &self.put_header_file else {
            return Ok(urls
                .into_iter()
                .map(|url| Destination { url, headers: Headers::default() })
                .collect());
        };
        if urls.windows(2).any(|pair| pair[0].authority() != pair[1].authority()) {
            return Err(Error::usage("usage.put", "--put-header-file would go to several servers")
                .hint("call z4jctl once for each server, each with a file of its own"));
        }
        let headers = Headers::read(path)?;
        Ok(urls.into_iter().map(|url| Destination { url, headers: headers.clone() }).collect())
    }
}

impl Delivery {
    /// Hands an anchor on, and notes in the report what became of it. One that fails does not keep it from the others.
    pub(super) fn deliver(&self, run: &Run<'_>, report: &mut Anchored, directory: &Path) -> Vec<Error> {
        let mut failures = Vec::new();
        failures.extend(self.stamp(run, report).err());
        if self.git {
            failures.extend(commit(report, directory).err());
        }
        if let Some(words) = &self.exec {
            failures.extend(execute(report, words).err());
        }
        for destination in &self.destinations {
            let (sent, outcome) = send(run.context, &self.client, directory, destination);
            report.sent.push(sent);
            failures.extend(outcome.err());
        }
        for failure in &failures {
            report.fail(failure);
        }
        failures
    }

    fn stamp(&self, run: &Run<'_>, report: &mut Anchored) -> Result<()> {
        let (Some(url), Some(file)) = (&self.timestamp, &report.file) else { return Ok(()) };
        report.timestamp = stamp(run.context, &self.client, url, file, self.authorities.as_ref())?;
        if report.timestamp.as_ref().is_some_and(|stamped| !stamped.signature_checked) {
            report
                .notes
                .push("the signature of the timestamp was not checked, which takes --tsa-ca FILE".into());
        }
        Ok(())
    }
}

/// Commits what is new.
fn commit(report: &Anchored, directory: &Path) -> Result<()> {
    let (Some(file), origin) = (&report.file, report.origin.as_deref().unwrap_or_default()) else {
        return Ok(());
    };
    let sequence = report.sequence.unwrap_or_default();
    let stamped = report.timestamp.as_ref().map(|stamped| &stamped.file);
    let (message, written) = match (&report.leaves_file, stamped) {
        (Some(leaves), _) if report.written => {
            (format!("Anchor {sequence} of {origin}: {} rows", report.size), vec![file, leaves])
        }
        (_, Some(_)) => (format!("Timestamp of anchor {sequence} of {origin}"), vec![]),
        _ => return Ok(()),
    };
    let written = written.into_iter().chain(stamped);
    let names: Vec<_> = written.map(|path| path.file_name().unwrap_or_default()).collect();
    let trusted = directory.join(signing::TRUSTED).exists().then_some(signing::TRUSTED.as_ref());
    let paths = || names.iter().copied().chain(trusted);
    run_git(git_in(directory).arg("add").arg("--").args(paths()), "git add")?;
    run_git(git_in(directory).args(["commit", "--quiet", "-m", &message, "--"]).args(paths()), "git commit")
}

/// Hands a new checkpoint to a command.
fn execute(report: &Anchored, words: &[String]) -> Result<()> {
    let (Some(file), Some(leaves), Some((program, arguments)), true) =
        (&report.file, &report.leaves_file, words.split_first(), report.written)
    else {
        return Ok(());
    };
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

/// Runs git, whose success matters.
fn run_git(command: &mut Command, what: &str) -> Result<()> {
    let fail = |reason: &str| {
        Error::unreachable("anchor.git", format!("{what}: {}", reason.trim()))
            .hint("the anchor itself was written; commit it by hand")
    };
    let output = command.output().map_err(|error| fail(&error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    Err(fail(&String::from_utf8_lossy(said)))
}
