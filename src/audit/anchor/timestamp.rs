//! Timestamps of RFC 3161 over anchors: asking an authority for one, and reading those that are there.
//!
//! A timestamp is over the file of a checkpoint. Each checkpoint names the one before it, so a timestamp of the newest
//! proves when all of them were there; older ones that have none need none.

use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use serde::Serialize;

use super::place::{AnchorLog, CHECKPOINT, Problem, TIMESTAMP, file_stem, put, stems};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::merkle::hash;
use crate::format::tsp::signature::Distrust;
use crate::format::tsp::{QUERY, Response, Token, request};
use crate::format::{Digest, Timestamp};
use crate::http::{Client, Url};
use crate::tls;

/// No response is larger, bytes.
const MAX_RESPONSE: u64 = 1 << 20;

/// The authorities whose timestamps are believed.
#[derive(Debug, Clone)]
pub struct Authorities(Vec<CertificateDer<'static>>);

impl Authorities {
    /// Reads a PEM file.
    ///
    /// # Errors
    ///
    /// `Usage` when there is no certificate in it.
    pub fn read(path: &Path) -> Result<Self> {
        tls::certificates(path).map(Self).map_err(|reason| {
            Error::usage(
                "usage.tsa-ca",
                format!("cannot use the certificates in {}: {reason}", path.display()),
            )
            .hint("give a PEM file with the root certificate of the time-stamping authority")
        })
    }
}

/// A timestamp; a part of the report of `audit anchor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stamped {
    /// The file with the response of the authority.
    pub file: PathBuf,
    /// The time that it names.
    pub time: Timestamp,
    /// The name in the authority's certificate.
    pub authority: Option<String>,
    /// Whether its signature leads to an authority that is trusted; false when none was given.
    pub signature_checked: bool,
}

/// Asks for a timestamp over a checkpoint that has none, and keeps it beside it.
///
/// # Errors
///
/// `Unreachable` when there is none, or not one that holds; then nothing is written. The next call asks again.
pub fn stamp(
    context: &Context,
    client: &Client,
    url: &Url,
    checkpoint: &Path,
    authorities: Option<&Authorities>,
) -> Result<Option<Stamped>> {
    let fail = |reason: &str| {
        Error::unreachable("anchor.timestamp", format!("no timestamp from {url}: {reason}"))
            .hint("the anchor itself was written; the same command asks again, also when no row came since")
    };
    let file = checkpoint.with_extension(&TIMESTAMP[1..]);
    if file.exists() {
        return Ok(None);
    }
    let text = fs::read(checkpoint)
        .map_err(|error| fail(&format!("cannot read {}: {error}", checkpoint.display())))?;
    let digest = hash(&[&text]);
    let mut nonce = [0; 8];
    context.random.fill(&mut nonce)?;
    let answer = client.post(url, QUERY, &request(digest, nonce)).and_then(crate::http::Answer::success);
    let answer = answer.map_err(|reason| fail(&reason))?;
    let token = match Response::parse(&answer.body) {
        Ok(Response::Granted(token)) => token,
        Ok(Response::Rejected(why)) => return Err(fail(&format!("it refused: {why}"))),
        Err(reason) => {
            let kind = answer.content_type.map(|kind| format!(" ({kind})")).unwrap_or_default();
            return Err(fail(&format!("what it answered{kind} is of no use: {reason}")));
        }
    };
    if token.imprint != Some(digest) {
        return Err(fail("it stamped something else"));
    }
    if !token.has_nonce(nonce) {
        return Err(fail("it answered another request, by its nonce"));
    }
    if let Some(Authorities(roots)) = authorities {
        token.verify(roots).map_err(|distrust| match distrust {
            Distrust::Wrong(reason) | Distrust::Unknown(reason) => fail(reason),
        })?;
    }
    put(&file, &answer.body, false)?;
    let (time, authority) = (token.time, token.authority());
    Ok(Some(Stamped { file, time, authority, signature_checked: authorities.is_some() }))
}

/// What the timestamps beside anchors say; a part of the report of `audit verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimestampReport {
    /// How many are over an anchor that is believed, and hold as far as they were checked.
    pub count: u64,
    /// `verified`, or `not-checked` when no authority was given to check them with.
    pub signatures: &'static str,
    /// The file of the newest.
    pub newest: Option<String>,
    /// The time that it names: the rows that its anchor covers were there by then.
    pub newest_time: Option<Timestamp>,
    /// How many rows that anchor covers.
    pub newest_size: u64,
    /// The name in the certificate of whom it is signed by.
    pub newest_authority: Option<String>,
}

/// The timestamps of a directory.
#[derive(Debug, Clone)]
pub struct Timestamps {
    /// What they say.
    pub report: TimestampReport,
    /// What is wrong with some of them.
    pub problems: Vec<Problem>,
    /// Number of an anchor and the time by which it was there, in order; only what was verified.
    proved: Vec<(u64, Timestamp)>,
}

impl Timestamps {
    /// Reads those beside the anchors of a log; `None` when there is none.
    ///
    /// # Errors
    ///
    /// `Unreachable` when the directory cannot be read.
    pub fn read(log: &AnchorLog, authorities: Option<&Authorities>) -> Result<Option<Self>> {
        let stems = stems(&log.directory, TIMESTAMP)?;
        if stems.is_empty() {
            return Ok(None);
        }
        let report = TimestampReport {
            count: 0,
            signatures: if authorities.is_some() { "verified" } else { "not-checked" },
            newest: None,
            newest_time: None,
            newest_size: 0,
            newest_authority: None,
        };
        let mut timestamps = Self { report, problems: Vec::new(), proved: Vec::new() };
        for stem in stems {
            let name = format!("{stem}{TIMESTAMP}");
            let place = log.checkpoints.iter().position(|checkpoint| file_stem(checkpoint) == stem);
            let Some(at) = place else {
                // Anchors that are not believed are a finding already.
                if log.problem.is_none() {
                    timestamps.problem(
                        &name,
                        &format!("there is no {stem}{CHECKPOINT} that it could be of"),
                        false,
                    );
                }
                continue;
            };
            match judge(&log.directory.join(&name), log.file_digests[at], authorities) {
                Ok((time, authority)) => {
                    if authorities.is_some() {
                        timestamps.proved.push((log.checkpoints[at].sequence, time));
                    }
                    let report = &mut timestamps.report;
                    report.count += 1;
                    (report.newest, report.newest_time) = (Some(name), Some(time));
                    (report.newest_size, report.newest_authority) = (log.checkpoints[at].size, authority);
                }
                Err(Distrusted { reason, undecided }) => timestamps.problem(&name, &reason, undecided),
            }
        }
        Ok(Some(timestamps))
    }

    /// The time by which an anchor was there, as far as that is proved: by its own timestamp, or one of an anchor behind
    /// it.
    pub fn proved(&self, sequence: u64) -> Option<Timestamp> {
        self.proved.iter().find(|(of, _)| *of >= sequence).map(|(_, time)| *time)
    }

    /// What a reader should know.
    pub fn note(&self) -> Option<String> {
        let TimestampReport { newest: Some(newest), newest_time: Some(time), newest_size, .. } = &self.report
        else {
            return None;
        };
        let by = self.report.newest_authority.as_deref().unwrap_or("an authority without a name");
        Some(if self.report.signatures == "verified" {
            format!(
                "the first {newest_size} anchored row(s) were there at {time}, by the timestamp {newest} of {by}"
            )
        } else {
            format!(
                "timestamp {newest} names {time} and {by}; its signature was not checked, which takes --tsa-ca FILE"
            )
        })
    }

    fn problem(&mut self, name: &str, reason: &str, undecided: bool) {
        self.problems.push(Problem { message: format!("timestamp {name}: {reason}"), undecided });
    }
}

/// Why a timestamp is not believed.
struct Distrusted {
    reason: String,
    undecided: bool,
}

/// The time of a timestamp in a file, and whose it is.
fn judge(
    path: &Path,
    digest: Digest,
    authorities: Option<&Authorities>,
) -> std::result::Result<(Timestamp, Option<String>), Distrusted> {
    let wrong = |reason: &str| Distrusted { reason: reason.to_owned(), undecided: false };
    let bytes = read_limited(path).map_err(|error| wrong(&format!("it cannot be read: {error}")))?;
    let token: Box<Token<'_>> = match Response::parse(&bytes) {
        Ok(Response::Granted(token)) => token,
        Ok(Response::Rejected(_)) => return Err(wrong("it is a refusal")),
        Err(reason) => return Err(wrong(reason)),
    };
    if token.imprint != Some(digest) {
        return Err(wrong("it is over something else than its checkpoint"));
    }
    match authorities.map(|Authorities(roots)| token.verify(roots)) {
        None | Some(Ok(())) => Ok((token.time, token.authority())),
        Some(Err(Distrust::Wrong(reason))) => Err(wrong(reason)),
        Some(Err(Distrust::Unknown(reason))) => {
            Err(Distrusted { reason: reason.to_owned(), undecided: true })
        }
    }
}

fn read_limited(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;

    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_RESPONSE).read_to_end(&mut bytes)?;
    Ok(bytes)
}
