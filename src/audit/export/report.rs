//! The results of `audit export` and `audit verify-export`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::form::{Form, Packing};
use super::manifest::Manifest;
use super::signature::SignatureReport;
use crate::audit::finding::Finding;
use crate::audit::report::{HeadReport, KeyUse, KnownHeadReport, Rows};
use crate::error::ExitCode;
use crate::format::Timestamp;
use crate::signing::detached::Signer;
use crate::store::Snapshot;

/// The report of `audit export`. Its JSON form is a contract; fields are only ever added.
#[derive(Debug, Clone, Serialize)]
pub struct ExportReport {
    /// `z4jctl.audit.export-report/1`.
    pub schema: &'static str,
    /// True only when `exit_code` is 0.
    pub ok: bool,
    /// The exit code of the command.
    pub exit_code: u8,
    /// What was exported: a path, or a URL without password.
    pub database: String,
    /// The data file; `None` for standard output.
    pub file: Option<String>,
    /// The manifest, where one was written.
    pub manifest_file: Option<String>,
    /// The signature of the manifest, where a key was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_file: Option<String>,
    /// The key that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<Signer>,
    /// What the manifest says.
    pub manifest: Manifest,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// What the rows were read from.
    pub snapshot: Snapshot,
    /// When the export began.
    pub started_at: Timestamp,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
}

/// The report of `audit verify-export`. Its JSON form is a contract; fields are only ever added.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyExportReport {
    /// `z4jctl.audit.verify-export/1`.
    pub schema: &'static str,
    /// True only when `exit_code` is 0.
    pub ok: bool,
    /// The exit code of the command.
    pub exit_code: u8,
    /// `keyed`: every row was verified; `keyless`: links, counts and digests alone.
    pub mode: &'static str,
    /// The files, in chain order.
    pub files: Vec<FileReport>,
    /// The live log behind them, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveReport>,
    /// Coverage of all files together; rows that two files hold count twice.
    pub rows: Rows,
    /// Rows of each key that verified at least one.
    pub keys: Vec<KeyUse>,
    /// How many findings there are of each class, listed or not.
    pub finding_counts: BTreeMap<&'static str, u64>,
    /// The findings, file by file in chain order; at most as many as asked for.
    pub findings: Vec<FileFinding>,
    /// Findings that are not listed.
    pub findings_not_listed: u64,
    /// What became of the known head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_head: Option<KnownHeadReport>,
    /// What a reader should know: limits of what could be proved.
    pub notes: Vec<String>,
    /// When the verification began.
    pub started_at: Timestamp,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// The version of z4jctl.
    pub z4jctl: &'static str,
}

impl VerifyExportReport {
    /// The exit code.
    pub fn exit(&self) -> ExitCode {
        exit_of(self.exit_code)
    }
}

impl ExportReport {
    /// The exit code.
    pub fn exit(&self) -> ExitCode {
        exit_of(self.exit_code)
    }
}

fn exit_of(code: u8) -> ExitCode {
    ExitCode::TABLE
        .iter()
        .map(|(known, _)| *known)
        .find(|known| known.code() == code)
        .unwrap_or(ExitCode::Bug)
}

/// One file.
#[derive(Debug, Clone, Serialize)]
pub struct FileReport {
    /// Its path.
    pub file: String,
    /// Its manifest; `None` when it was verified without.
    pub manifest: Option<String>,
    /// How rows are written.
    pub format: Form,
    /// How it is packed.
    pub compression: Packing,
    /// `early`, `baseline`, `active`.
    pub family: &'static str,
    /// Letter of the schema's generation, by the manifest.
    pub schema_generation: Option<String>,
    /// Whether links could be followed.
    pub contiguous: bool,
    /// Records of the file.
    pub records: u64,
    /// Coverage.
    pub rows: Rows,
    /// Its first row.
    pub first: Option<HeadReport>,
    /// Its last row.
    pub last: Option<HeadReport>,
    /// How it follows the file before it.
    pub joins: Join,
    /// The signature of its manifest, where there is one or one was demanded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureReport>,
}

/// How a part of a chain follows the part before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Join {
    /// It is the first.
    First,
    /// Its first row links to the last row before it.
    Continues,
    /// It holds the last row of the part before it.
    Overlaps,
    /// The part before it holds all of it.
    Contained,
    /// It begins with the first row of a signed chain, behind frozen history.
    BeginsChain,
    /// It was not judged: rows were filtered, or there is no row.
    NotJudged,
    /// It does not follow.
    Gap,
}

/// The live log behind the files.
#[derive(Debug, Clone, Serialize)]
pub struct LiveReport {
    /// What was verified: a path, or a URL without password.
    pub database: String,
    /// How it follows the last file.
    pub joins: Join,
    /// Coverage.
    pub rows: Rows,
    /// The newest row.
    pub head: Option<HeadReport>,
}

/// A finding, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileFinding {
    /// The file; the database for findings about the live log.
    pub file: String,
    /// What was found; `row` counts the records of that file.
    #[serde(flatten)]
    pub finding: Finding,
}
