//! What a verification finds.

use serde::Serialize;

use crate::error::ExitCode;
use crate::format::{Id, Timestamp};

/// The kinds of finding, in lower kebab case in every report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A row is in its place and does not match its MAC, or its MAC was changed.
    Edited,
    /// Rows are missing between two intact ones.
    Removed,
    /// A row that was never part of the chain.
    Inserted,
    /// A row that the links put elsewhere than its time does.
    Reordered,
    /// Two rows continue the same one.
    Forked,
    /// A second copy of a row.
    Duplicated,
    /// A row without MAC where the format demands one.
    Unsigned,
    /// A column that cannot be read, or a MAC that is none.
    Malformed,
    /// The newest rows are missing.
    TailCut,
    /// The oldest rows are missing.
    PrefixCut,
    /// The record of where retention stopped does not hold.
    PrunedBoundaryInvalid,
    /// The chain state does not match its MAC, or contradicts itself.
    StateForged,
    /// The chain state holds and the log is not what it says.
    StateMismatch,
    /// PostgreSQL's row tally is not the number of rows.
    TallyMismatch,
    /// Triggers, indexes or constraints that protect the log were dropped, disabled or changed.
    GuardsMissing,
    /// A row is signed under a key that is not configured.
    UnknownKey,
    /// No row verifies under any configured key.
    WrongKey,
    /// An export is not what its manifest says, or the manifest contradicts itself.
    ManifestMismatch,
    /// The log is an older state of itself, whole.
    RolledBack,
    /// Rows carry other MACs than were anchored, and verify: somebody signed them again.
    ReSigned,
    /// An anchor is damaged, missing, wrongly signed, or signed by a key that is not trusted.
    AnchorInvalid,
    /// The signature of an export or a bundle is missing, damaged, not over these bytes, or of a key that is not trusted.
    SignatureInvalid,
    /// A part of a bundle is not what its signed statement says.
    BundleMismatch,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 23] = [
        Self::Edited,
        Self::Removed,
        Self::Inserted,
        Self::Reordered,
        Self::Forked,
        Self::Duplicated,
        Self::Unsigned,
        Self::Malformed,
        Self::TailCut,
        Self::PrefixCut,
        Self::PrunedBoundaryInvalid,
        Self::StateForged,
        Self::StateMismatch,
        Self::TallyMismatch,
        Self::GuardsMissing,
        Self::UnknownKey,
        Self::WrongKey,
        Self::ManifestMismatch,
        Self::RolledBack,
        Self::ReSigned,
        Self::AnchorInvalid,
        Self::SignatureInvalid,
        Self::BundleMismatch,
    ];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Removed => "removed",
            Self::Inserted => "inserted",
            Self::Reordered => "reordered",
            Self::Forked => "forked",
            Self::Duplicated => "duplicated",
            Self::Unsigned => "unsigned",
            Self::Malformed => "malformed",
            Self::TailCut => "tail-cut",
            Self::PrefixCut => "prefix-cut",
            Self::PrunedBoundaryInvalid => "pruned-boundary-invalid",
            Self::StateForged => "state-forged",
            Self::StateMismatch => "state-mismatch",
            Self::TallyMismatch => "tally-mismatch",
            Self::GuardsMissing => "guards-missing",
            Self::UnknownKey => "unknown-key",
            Self::WrongKey => "wrong-key",
            Self::ManifestMismatch => "manifest-mismatch",
            Self::RolledBack => "rolled-back",
            Self::ReSigned => "re-signed",
            Self::AnchorInvalid => "anchor-invalid",
            Self::SignatureInvalid => "signature-invalid",
            Self::BundleMismatch => "bundle-mismatch",
        }
    }
}

/// How much a finding proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// It cannot have come about by itself.
    Proved,
    /// The facts in this database cannot tell tampering from an innocent cause.
    Undecided,
}

/// An intact row next to a finding: the finding lies after or before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Neighbour {
    /// 1-based position in chain order.
    pub row: u64,
    /// `audit_log.id`.
    pub audit_id: Id,
    /// `audit_log.occurred_at`.
    pub occurred_at: Timestamp,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was done.
    pub class: Class,
    /// 1-based position of the row in chain order; `None` for findings about the whole log.
    pub row: Option<u64>,
    /// `audit_log.id` of that row.
    pub audit_id: Option<Id>,
    /// `audit_log.occurred_at` of that row, UTC.
    pub occurred_at: Option<Timestamp>,
    /// One sentence for a person.
    pub message: String,
    /// How much it proves.
    pub certainty: Certainty,
    /// The last intact row before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Neighbour>,
    /// The first intact row behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Neighbour>,
    /// How many rows are missing, where that can be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_rows: Option<u64>,
    /// The `prev_row_hmac` that the row should have had; `null` stands for the genesis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_prev_row_hmac: Option<Option<String>>,
    /// The `prev_row_hmac` that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub got_prev_row_hmac: Option<Option<String>>,
}

impl Finding {
    /// A finding about the whole log.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            row: None,
            audit_id: None,
            occurred_at: None,
            message: message.into(),
            certainty: Certainty::Proved,
            after: None,
            before: None,
            missing_rows: None,
            expected_prev_row_hmac: None,
            got_prev_row_hmac: None,
        }
    }

    /// The same, but the facts cannot tell it from an innocent cause.
    #[must_use]
    pub fn undecided(mut self) -> Self {
        self.certainty = Certainty::Undecided;
        self
    }

    /// The exit code that this finding alone leads to.
    pub fn exit_code(&self) -> ExitCode {
        match self.class {
            Class::WrongKey => ExitCode::Secret,
            Class::UnknownKey => ExitCode::Incomplete,
            _ if self.certainty == Certainty::Undecided => ExitCode::Incomplete,
            _ => ExitCode::Finding,
        }
    }
}
