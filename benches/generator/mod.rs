//! Long audit logs, made in seconds: what the real z4j would take days to write.
//!
//! A fixture, a database that the real z4j wrote, gets further rows behind its last one until it has as many as
//! wanted. They are signed with the secrets of the fixture and linked as z4j links them, and the chain state is
//! brought up to them, so that the real `z4j audit verify` accepts the log. The same seed on the same fixture
//! gives the same rows, byte by byte.
//!
//! Shared by the program `generate-log` and by the tests, which let the real z4j judge its logs.

mod events;
mod log;
mod postgres;
mod sqlite;

use std::fmt;
use std::path::Path;

use serde_json::Value;

pub(crate) use self::postgres::extend_postgres;
pub(crate) use self::sqlite::extend_sqlite;

/// What went wrong, for a person.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The format of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Active 2, as 1.8 and later write it.
    Active,
    /// Baseline 1, as 1.3 to 1.7 write it.
    Baseline,
}

impl LogFormat {
    /// The release whose fixture is extended.
    pub(crate) fn release(self) -> &'static str {
        match self {
            Self::Active => "1.13.0",
            Self::Baseline => "1.7.0",
        }
    }

    /// The setting that holds the key of the rows.
    fn secret_name(self) -> &'static str {
        match self {
            Self::Active => "Z4J_AUDIT_CHAIN_SECRET",
            Self::Baseline => "Z4J_SECRET",
        }
    }

    /// The secret of the fixture; SQLite and PostgreSQL are different installations with different secrets.
    fn secret(self, meta_file: &str) -> Result<String, Failure> {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/z4j").join(self.release()).join(meta_file);
        let text = std::fs::read(&path).map_err(|error| format!("read {}: {error}", path.display()))?;
        let meta: Value = serde_json::from_slice(&text)?;
        let secret = meta["secrets"][self.secret_name()].as_str();
        Ok(secret.ok_or_else(|| format!("no {} in {}", self.secret_name(), path.display()))?.to_owned())
    }
}

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    /// Rows of the log in the end, those of the fixture included.
    pub(crate) rows: u64,
    /// The format, which is that of the fixture.
    pub(crate) format: LogFormat,
    /// Decides everything that is not given by the fixture.
    pub(crate) seed: u64,
}

/// What was made.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Summary {
    /// Rows that were added.
    pub(crate) added: u64,
    /// Bytes of their canonical metadata.
    pub(crate) metadata_bytes: u64,
    /// Bytes of their canonical payloads.
    pub(crate) payload_bytes: u64,
}

impl fmt::Display for Summary {
    #[expect(clippy::cast_precision_loss, reason = "an average for people")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let average = |bytes: u64| bytes as f64 / self.added.max(1) as f64;
        write!(
            f,
            "{} rows added; on average {:.1} bytes of metadata, {:.1} bytes of canonical payload",
            self.added,
            average(self.metadata_bytes),
            average(self.payload_bytes)
        )
    }
}
