//! The results of `audit bundle` and `audit verify-bundle`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::statement::{Anchor, Statement};
use crate::audit::finding::Finding;
use crate::audit::report::Rows;
use crate::error::ExitCode;
use crate::format::{Digest, Id, Timestamp};
use crate::signing::detached::Signer;

/// The report of `audit bundle`. Its JSON form is a contract; fields are only ever added.
#[derive(Debug, Clone, Serialize)]
pub struct BundleReport {
    /// `z4jctl.audit.bundle-report/1`.
    pub schema: &'static str,
    /// True only when `exit_code` is 0.
    pub ok: bool,
    /// The exit code of the command.
    pub exit_code: u8,
    /// What the rows were taken from: a database, or another bundle.
    pub source: String,
    /// The bundle.
    pub file: String,
    /// Whether it was written.
    pub written: bool,
    /// What it states; `None` when there is none.
    pub statement: Option<StatementReport>,
    /// Who signed it.
    pub signer: Option<Signer>,
    /// How often each column, or member of the metadata, was left out now.
    pub redacted: BTreeMap<String, u64>,
    /// What speaks against the log or the bundle, when nothing was written.
    pub findings: Vec<Finding>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// The report of `audit verify-bundle`. Its JSON form is a contract; fields are only ever added.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyBundleReport {
    /// `z4jctl.audit.verify-bundle/1`.
    pub schema: &'static str,
    /// True only when `exit_code` is 0.
    pub ok: bool,
    /// The exit code of the command.
    pub exit_code: u8,
    /// The bundle.
    pub file: String,
    /// What it states; to be believed only when the signature is `trusted`. `None` when it cannot be read.
    pub statement: Option<StatementReport>,
    /// `trusted`; `not-trusted`: good, of a key that nobody trusts here; `invalid`.
    pub signature: &'static str,
    /// Who signed it, when the signature is good.
    pub signer: Option<Signer>,
    /// With an anchor: `continued` (the log of the bundle begins with all rows of it), `same`, or `not-proved`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<&'static str>,
    /// The rows, as far as they are shown.
    pub rows: Vec<RowReport>,
    /// How many findings there are of each class, listed or not.
    pub finding_counts: BTreeMap<&'static str, u64>,
    /// The findings; at most as many as asked for.
    pub findings: Vec<Finding>,
    /// Findings that are not listed.
    pub findings_not_listed: u64,
    /// What a reader should know: limits of what could be proved.
    pub notes: Vec<String>,
    /// The version of z4jctl.
    pub z4jctl: &'static str,
}

impl VerifyBundleReport {
    /// The exit code.
    pub fn exit(&self) -> ExitCode {
        ExitCode::of(self.exit_code)
    }
}

impl BundleReport {
    /// The exit code.
    pub fn exit(&self) -> ExitCode {
        ExitCode::of(self.exit_code)
    }
}

/// What a statement says.
#[derive(Debug, Clone, Serialize)]
pub struct StatementReport {
    /// The log's name.
    pub origin: String,
    /// Rows that the tree covers.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// What made the bundle.
    pub tool: String,
    /// When.
    pub time: Timestamp,
    /// Letter of the schema's generation, family of the rows, database.
    pub log: String,
    /// The generation of the active chain (1.8 and later).
    pub generation: Option<Id>,
    /// What verifying the log found.
    pub coverage: Rows,
    /// The exit code of that, when the log did not verify.
    pub unverified: Option<u8>,
    /// The anchor that the tree continues.
    pub anchor: Option<AnchorTie>,
    /// Rows in the bundle.
    pub rows: u64,
    /// The root over them.
    pub commitments: Digest,
}

/// An anchor that a bundle is tied to.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct AnchorTie {
    /// Its number in its place.
    pub sequence: u64,
    /// Rows that it covers.
    pub size: u64,
    /// Its root.
    pub root: Digest,
}

impl StatementReport {
    /// Of a statement.
    pub fn of(statement: &Statement) -> Self {
        let tie = |anchor: Anchor| AnchorTie {
            sequence: anchor.sequence,
            size: anchor.tree.size,
            root: anchor.tree.root,
        };
        Self {
            origin: statement.origin.clone(),
            size: statement.tree.size,
            root: statement.tree.root,
            tool: statement.tool.clone(),
            time: statement.time,
            log: statement.log.clone(),
            generation: statement.generation,
            coverage: statement.coverage,
            unverified: statement.unverified,
            anchor: statement.anchor.map(tie),
            rows: statement.rows,
            commitments: statement.commitments,
        }
    }
}

/// A row of a bundle.
#[derive(Debug, Clone, Serialize)]
pub struct RowReport {
    /// Whether everything about it holds.
    pub ok: bool,
    /// Its number in the tree, from 1.
    pub row: u64,
    /// `audit_log.id`, when it is shown.
    pub audit_id: Option<String>,
    /// `audit_log.occurred_at`, when it is shown.
    pub occurred_at: Option<String>,
    /// `audit_log.action`, when it is shown.
    pub action: Option<String>,
    /// What its HMAC said when the bundle was made.
    pub verdict: String,
    /// What is redacted.
    pub redacted: Vec<String>,
}
