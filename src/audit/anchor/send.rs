//! Copies of a directory of anchors elsewhere, by HTTPS PUT.
//!
//! What was stored is written down in the directory, in the file [`SENT`], after each answer. So whatever could not be
//! sent is sent by the next call, and a new place gets everything from the first anchor on. A file may be sent twice, with
//! the same bytes; a place that refuses that is asked whether it has them.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;

use super::place::{CHECKPOINT, LEAVES, TIMESTAMP, stems};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::http::{Answer, Client, Headers, Url};

/// The file with what was sent where: a URL and the name of a file in each line.
pub const SENT: &str = "sent";

/// A place for copies.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Ends with a slash; the names of the files are put behind it.
    pub url: Url,
    /// What the server wants to see, such as credentials.
    pub headers: Headers,
}

/// Reads a URL for copies.
///
/// # Errors
///
/// `Usage` when nothing should be sent there.
pub fn parse_url(text: &str) -> Result<Url> {
    let fail = |reason: &str| {
        Error::usage("usage.put", format!("--put: {reason}"))
            .hint("give a URL such as https://worm.example/z4j/; credentials go into --put-header-file")
    };
    let url = Url::parse(text).map_err(fail)?;
    if url.query().is_some() || !text.ends_with('/') {
        return Err(fail(&format!(
            "it must end with a slash: {}",
            if url.query().is_some() { "it has a query" } else { text }
        )));
    }
    if !url.is_encrypted() && !url.is_loopback() {
        return Err(fail("http is for this machine only, anybody on the way can change what it carries"));
    }
    Ok(url)
}

/// What became of a copy; a part of the report of `audit anchor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// The place.
    pub url: String,
    /// Files that were stored there now.
    pub stored: u64,
    /// Files that are still to be sent.
    pub waiting: u64,
}

/// Sends what a place does not have yet, oldest first, and stops at the first file that it does not take.
pub fn send(
    context: &Context,
    client: &Client,
    directory: &Path,
    destination: &Destination,
) -> (Sent, Result<()>) {
    let mut sent = Sent { url: destination.url.to_string(), stored: 0, waiting: 0 };
    let waiting = match waiting(directory, &sent.url) {
        Ok(waiting) => waiting,
        Err(error) => return (sent, Err(error)),
    };
    sent.waiting = waiting.len() as u64;
    for name in waiting {
        let stored = context.cancel.check().and_then(|()| send_file(client, directory, destination, &name));
        if let Err(error) = stored {
            return (sent, Err(error));
        }
        sent.stored += 1;
        sent.waiting -= 1;
    }
    (sent, Ok(()))
}

/// Stores a file, and writes that down.
fn send_file(client: &Client, directory: &Path, to: &Destination, name: &str) -> Result<()> {
    let Destination { url, headers } = to;
    let fail = |reason: &str| {
        Error::unreachable("anchor.put", format!("cannot store {name} at {url}: {reason}")).hint(
            "the anchor itself was written; the same command sends again what is missing there, also when no row came since",
        )
    };
    let path = directory.join(name);
    let bytes = fs::read(&path).map_err(|error| fail(&format!("cannot read {}: {error}", path.display())))?;
    let answer = client.put(url, name, headers, &bytes).map_err(|reason| fail(&reason))?;
    if let Err(reason) = answer.success() {
        // Where nothing can be overwritten, what was stored just before a crash would be refused for ever.
        let held = client.get(url, name, headers, bytes.len() + 1).and_then(Answer::success);
        if !held.is_ok_and(|held| held.body == bytes) {
            return Err(fail(&reason));
        }
    }
    let journal = directory.join(SENT);
    let written = OpenOptions::new().create(true).append(true).open(&journal).and_then(|mut file: File| {
        file.write_all(format!("{url} {name}\n").as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        Error::refused("anchor.write", format!("cannot write {}: {error}", journal.display()))
            .hint("what was sent is sent again, which does no harm")
    })
}

/// The files that a place does not have yet, in the order in which it may have them: leaves before their checkpoint.
fn waiting(directory: &Path, url: &str) -> Result<Vec<String>> {
    let path = directory.join(SENT);
    let journal = match fs::read_to_string(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::unreachable(
                "anchors.unreadable",
                format!("cannot read {}: {error}", path.display()),
            ));
        }
        journal => journal.unwrap_or_default(),
    };
    let lines = journal.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    let sent: BTreeSet<&str> = lines.filter_map(|line| line.strip_prefix(url)?.strip_prefix(' ')).collect();
    let stamped: BTreeSet<String> = stems(directory, TIMESTAMP)?.into_iter().collect();
    let names = stems(directory, CHECKPOINT)?.into_iter().flat_map(|stem| {
        let ends = [LEAVES, CHECKPOINT].into_iter().chain(stamped.contains(&stem).then_some(TIMESTAMP));
        ends.map(move |end| format!("{stem}{end}")).collect::<Vec<_>>()
    });
    Ok(names.filter(|name| !sent.contains(name.as_str())).collect())
}
