//! The result of a verification: what was checked, what was found, what could not be checked.

use serde::Serialize;

use crate::audit::anchor::judge::AnchorReport;
use crate::audit::finding::{Class, Finding};
use crate::audit::resume::report::Incremental;
use crate::audit::shard::report::{MergedReport, ShardReport};
use crate::error::ExitCode;
use crate::format::mac::KeyId;
use crate::format::{Id, Timestamp};
use crate::store::Snapshot;
use crate::store::generation::{Condition, Family, Generation};

/// The report of `audit verify`. Its JSON form is a contract; fields are only ever added.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyReport {
    /// `z4jctl.audit.verify/1`, or `z4jctl.audit.verify-merge/1`.
    pub schema: &'static str,
    /// True only when `exit_code` is 0.
    pub ok: bool,
    /// The exit code of the command.
    pub exit_code: u8,
    /// What was verified: a path, or a URL without password.
    pub database: String,
    /// The generation letter.
    pub generation: Generation,
    /// The releases that write this generation.
    pub releases: &'static str,
    /// `alembic_version.version_num`.
    pub revision: String,
    /// How rows are signed.
    pub family: Family,
    /// What is unusual about the schema.
    pub conditions: Vec<Condition>,
    /// Coverage.
    pub rows: Rows,
    /// Rows of each key that verified at least one.
    pub keys: Vec<KeyUse>,
    /// Configured keys that no row needs.
    pub unused_keys: Vec<UnusedKey>,
    /// How many findings there are of each class, listed or not.
    pub finding_counts: std::collections::BTreeMap<&'static str, u64>,
    /// The findings in chain order, those about the whole log last; at most as many as asked for.
    pub findings: Vec<Finding>,
    /// Findings that are not listed.
    pub findings_not_listed: u64,
    /// What became of the known head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_head: Option<KnownHeadReport>,
    /// What became of the anchors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchors: Option<AnchorReport>,
    /// The newest row.
    pub head: Option<HeadReport>,
    /// The part of the log that was asked for, when not all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// How much was read and how much was taken from earlier runs; only with `--resume`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incremental: Option<Incremental>,
    /// The part of the log that was read, for `audit verify-merge`; only with `--shard`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Box<ShardReport>>,
    /// The parts that it is made of; only of `audit verify-merge`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged: Option<MergedReport>,
    /// What may have been done to the log all the same, since nothing that was given to this run could tell.
    pub not_excluded: Vec<Class>,
    /// What a reader should know: limits of what could be proved, records that are not signed.
    pub notes: Vec<String>,
    /// What the rows were read from.
    pub snapshot: Snapshot,
    /// When the verification began.
    pub started_at: Timestamp,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// The version of z4jctl.
    pub z4jctl: &'static str,
}

impl VerifyReport {
    /// The exit code.
    pub fn exit(&self) -> ExitCode {
        ExitCode::TABLE
            .iter()
            .map(|(code, _)| *code)
            .find(|code| code.code() == self.exit_code)
            .unwrap_or(ExitCode::Bug)
    }
}

/// Coverage: every row of the log is in exactly one of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Rows that were read.
    pub total: u64,
    /// Rows whose MAC matched.
    pub verified: u64,
    /// Frozen rows (history from before 1.8), covered by the signed digest when there is no finding about them.
    pub frozen: u64,
    /// Rows without MAC.
    pub unsigned: u64,
    /// Rows under a key that is not configured.
    pub unknown_key: u64,
    /// Rows with a column that cannot be read.
    pub unreadable: u64,
    /// Rows whose MAC did not match, and rows outside the chain.
    pub mismatched: u64,
}

/// A key and the rows that it verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KeyUse {
    /// The key's public name.
    pub key_id: KeyId,
    /// Rows.
    pub rows: u64,
}

/// A configured key that no row needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnusedKey {
    /// The key's public name.
    pub key_id: KeyId,
    /// Which setting holds it.
    pub setting: &'static str,
}

/// The verdict on a known head, in the words of z4j's own verifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownHeadReport {
    /// `CURRENT_MATCH`, `CURRENT_PRUNE_MATCH`, `PRUNE_MATCH`, `VERIFIED_ANCESTOR`, `UNPROVABLE`, `INVALID`.
    pub verdict: &'static str,
    /// One sentence for a person.
    pub message: String,
}

/// The newest row of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HeadReport {
    /// 1-based position in chain order.
    pub row: u64,
    /// `audit_log.id`.
    pub audit_id: Option<Id>,
    /// `audit_log.occurred_at`.
    pub occurred_at: Option<Timestamp>,
    /// `audit_log.row_hmac`.
    pub row_hmac: Option<crate::format::mac::Digest>,
}

/// A part of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}
