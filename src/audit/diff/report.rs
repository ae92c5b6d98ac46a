//! The report of `audit diff`. Its JSON form is a contract; fields are only ever added.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use crate::audit::export::filter::FilterRecord;
use crate::error::ExitCode;
use crate::format::{Id, Timestamp};
use crate::store::Snapshot;

/// What differs between a log and a copy of it.
#[derive(Debug, Clone, Serialize)]
pub struct DiffReport {
    /// `z4jctl.audit.diff/1`.
    pub schema: &'static str,
    /// True only when `exit_code` is 0.
    pub ok: bool,
    /// 0: nothing differs but what was appended and what retention removed; 1: differences; 3: not all was compared.
    pub exit_code: u8,
    /// The log.
    pub log: Side,
    /// The copy.
    pub copy: Side,
    /// Which of the two has the newer rows.
    pub relation: Relation,
    /// What a copy holds that is not all of a log: the filter of an export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<FilterRecord>,
    /// Whether keys were configured, so that each differing row could be verified.
    pub judged: bool,
    /// Whether e-mail addresses and network addresses were replaced by numbered names.
    pub is_redacted: bool,
    /// How many rows are what.
    pub counts: Counts,
    /// How many differences there are of each kind, listed or not.
    pub finding_counts: BTreeMap<&'static str, u64>,
    /// The differences in chain order; at most as many as asked for.
    pub findings: Vec<Difference>,
    /// Differences that are not listed.
    pub findings_not_listed: u64,
    /// What differs in the records about the log: chain state, watermark.
    pub records: Vec<RecordChange>,
    /// Rows of each `hmac_key_id` in the log and in the copy, where the numbers differ.
    pub key_ids: Vec<KeyRows>,
    /// What could not be compared; exit code 3 when there is any of it and no difference.
    pub not_compared: Vec<String>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// When the comparison began.
    pub started_at: Timestamp,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// The version of z4jctl.
    pub z4jctl: &'static str,
}

impl DiffReport {
    /// The exit code.
    pub fn exit(&self) -> ExitCode {
        let known = ExitCode::TABLE.iter().map(|(code, _)| *code);
        known.into_iter().find(|code| code.code() == self.exit_code).unwrap_or(ExitCode::Bug)
    }
}

/// One of the two that are compared.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    /// A path, or a URL without password.
    pub name: String,
    /// `sqlite`, `postgresql` or `export`.
    pub kind: &'static str,
    /// Letter of the schema's generation; `None` for an export without manifest.
    pub generation: Option<String>,
    /// `alembic_version.version_num`.
    pub revision: Option<String>,
    /// Rows.
    pub rows: u64,
    /// The first row in chain order.
    pub first: Option<RowName>,
    /// The last one.
    pub last: Option<RowName>,
    /// The installation, by the chain state (1.8 and later).
    pub installation_id: Option<Id>,
    /// The generation of the chain, by the chain state (1.8 and later).
    pub chain_generation: Option<Id>,
    /// What the rows were read from, where it is a database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
}

/// A row at an end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RowName {
    /// 1-based position.
    pub row: u64,
    /// `audit_log.id`.
    pub audit_id: Id,
    /// `audit_log.occurred_at`.
    pub occurred_at: Timestamp,
}

/// Which of the two is newer, by their newest rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Both end with the same row.
    SameHead,
    /// The log has rows behind the newest one of the copy: the copy is older, as it should be.
    LogNewer,
    /// The copy has rows behind the newest one of the log.
    CopyNewer,
}

/// Numbers of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows that are the same on both sides.
    pub identical: u64,
    /// Rows behind the newest one of the copy; `audit verify` judges them.
    pub appended: u64,
    /// Rows of the copy that retention removed from the log, as a record proves.
    pub retention: u64,
    /// Rows of the log before the first one of a copy that begins later.
    pub before_copy: u64,
    /// Rows of the log that the filter of the copy leaves out.
    pub outside_scope: u64,
}

/// The kinds of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A row is at its place and holds something else.
    Changed,
    /// A row has another time, and so another place; what else it holds may differ too.
    Moved,
    /// A row of the copy is not in the log.
    Removed,
    /// A row of the log is not in the copy, although it is not newer.
    Inserted,
    /// A row of the copy behind the newest one of the log: the log was rolled back, or its end cut.
    TailCut,
    /// A row of the copy before the first one of the log, and nothing proves that retention removed it.
    PrefixCut,
}

impl Kind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Moved => "moved",
            Self::Removed => "removed",
            Self::Inserted => "inserted",
            Self::TailCut => "tail-cut",
            Self::PrefixCut => "prefix-cut",
        }
    }
}

/// One row that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What was done.
    pub kind: Kind,
    /// 1-based position in the log.
    pub row: Option<u64>,
    /// 1-based position in the copy.
    pub copy_row: Option<u64>,
    /// `audit_log.id`; of a row whose id was changed that in the log.
    pub audit_id: Option<Id>,
    /// `audit_log.occurred_at`, as in the log, or where it is not there as in the copy.
    pub occurred_at: Option<Timestamp>,
    /// `audit_log.action`, likewise.
    pub action: Option<String>,
    /// What the HMAC of the row in the log says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_hmac: Option<Hmac>,
    /// What the HMAC of the row in the copy says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_hmac: Option<Hmac>,
    /// What that means.
    pub judgement: Judgement,
    /// The columns that differ, of a row that both have.
    pub fields: Vec<FieldChange>,
    /// All columns of a row that one side has.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<&'static str, Json>,
}

/// A column with both its values: canonical text, `null`, or as an object the raw form of what cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The column.
    pub column: &'static str,
    /// What the copy has.
    pub old: Json,
    /// What the log has.
    pub new: Json,
}

/// What the HMAC of one row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hmac {
    /// It matches.
    Verified,
    /// It does not.
    Mismatch,
    /// There is none.
    Unsigned,
    /// It is none, or a column cannot be read.
    Malformed,
    /// The key that the row names is not configured, or none is.
    NotJudged,
    /// Frozen history that carries no HMAC that can be verified.
    Unverifiable,
}

/// What the HMACs of both sides say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// The copy's row verifies and the log's does not: edited by somebody without the secret.
    Edited,
    /// Both verify with different HMACs: signed again by somebody who has the secret.
    ReSigned,
    /// Both carry the same HMAC, which covers none of what differs.
    NotCovered,
    /// The log's row verifies and the copy's does not: the copy was changed.
    CopyEdited,
    /// Neither verifies.
    BothInvalid,
    /// A row that only one side has, and that was signed.
    Genuine,
    /// A row that only one side has, and that was not signed with this key.
    Forged,
    /// Without the key nobody can say.
    NotJudged,
}

impl Judgement {
    /// In words.
    pub fn explain(self, kind: Kind) -> &'static str {
        let in_copy = matches!(kind, Kind::Removed | Kind::TailCut | Kind::PrefixCut);
        match self {
            Self::Edited => "the copy's row verifies, the log's does not: edited without the secret",
            Self::ReSigned => "both verify: changed and signed again by somebody who has the secret",
            Self::NotCovered => "the HMAC is the same and covers none of these columns",
            Self::CopyEdited => "the log's row verifies, the copy's does not: the copy was changed",
            Self::BothInvalid => "neither side's row verifies",
            Self::Genuine if in_copy => "the row was genuine",
            Self::Genuine => "the row verifies: written by a brain, or by somebody who has the secret",
            Self::Forged if in_copy => "the copy's row does not verify either",
            Self::Forged => "the row does not verify: never written by a brain",
            Self::NotJudged => "not judged: its key is not configured",
        }
    }
}

/// Something that differs in the records about the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordChange {
    /// `audit_chain_state.head_id`, `z4j_meta.audit_prune_watermark`.
    pub name: String,
    /// What the copy has.
    pub old: Option<String>,
    /// What the log has.
    pub new: Option<String>,
    /// Whether what happened to the rows explains it.
    pub expected: bool,
}

/// Rows of one key on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyRows {
    /// `hmac_key_id` as the rows have it.
    pub key_id: String,
    /// Rows in the log.
    pub log: u64,
    /// Rows in the copy.
    pub copy: u64,
}
