//! `--on-finding COMMAND`: tell somebody. No shell; the JSON report on the command's stdin.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// Splits the command as a shell would, expanding nothing.
pub(super) fn parse(text: &str) -> Result<Vec<String>> {
    shlex::split(text).filter(|words| !words.is_empty()).ok_or_else(|| {
        Error::usage(
            "usage.on-finding",
            format!("--on-finding {text:?} is not a command: it is empty or a quote is not closed"),
        )
    })
}

/// Runs the command and waits for it; gives a sentence about what went wrong, if anything did.
pub(super) fn run(words: &[String], report: &str) -> Option<String> {
    let (program, arguments) = words.split_first()?;
    // The report alone goes to stdout; what the command prints goes where everything else goes.
    let spawned =
        Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(std::io::stderr()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return Some(format!("--on-finding: cannot run {program}: {error}")),
    };
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not want to read is no failure.
        let _ = stdin.write_all(report.as_bytes());
    }
    match child.wait() {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("--on-finding: {program} ended with {status}")),
        Err(error) => Some(format!("--on-finding: {program}: {error}")),
    }
}
