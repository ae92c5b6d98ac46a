//! What a writing transaction does to the audit log, and how it can end without having done it.

/// Code of the error that says that somebody else was faster: begin again.
pub const CONFLICT: &str = "database.conflict";

/// Code of the error that says that the server may have committed or not.
pub const OUTCOME_UNKNOWN: &str = "database.outcome-unknown";

/// What a transaction does to the audit log, in the words of z4j's guards (schema, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// Rows are appended.
    Append,
    /// A row is appended under a new key.
    KeyRotation,
    /// The oldest rows go.
    Retention,
}

impl Transition {
    /// z4j's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Append => "append-v1",
            Self::KeyRotation => "key-rotation-v1",
            Self::Retention => "retention-v1",
        }
    }

    /// Whether a trigger's operation is part of it.
    pub(super) fn permits(self, operation: &str) -> bool {
        match self {
            Self::Append | Self::KeyRotation => matches!(operation, "insert" | "state_update"),
            Self::Retention => matches!(operation, "delete" | "state_update"),
        }
    }
}
