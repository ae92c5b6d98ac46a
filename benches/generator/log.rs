//! Events become rows: placed in time, linked, signed.

use std::collections::BTreeMap;

use z4jctl::format::address::Mapped;
use z4jctl::format::json::{Canonicalizer, Numbers};
use z4jctl::format::mac::{Digest, MacKey};
use z4jctl::format::row::{AuditRow, Format, Markers, SourceIp, StoredDigest, write_message};
use z4jctl::format::state::{ChainState, Quartet};
use z4jctl::format::{Id, Timestamp};

use super::events::{Cast, Entry, Random, draw};
use super::{Failure, LogFormat, Recipe, Summary};

/// At most this many microseconds lie between two rows.
const PACE: u64 = 2_000_000;

/// The last row of a log: the next one is linked to it.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) row_hmac: String,
    pub(super) occurred_at: Timestamp,
    pub(super) id: Id,
}

/// What the state row of an active log says, as far as it stays as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Installation {
    pub(super) generation: Id,
    pub(super) installation_id: Id,
}

/// A row that is ready to be stored.
#[derive(Debug)]
pub(super) struct SignedRow {
    pub(super) entry: Entry,
    pub(super) occurred_at: Timestamp,
    pub(super) prev_row_hmac: String,
    pub(super) row_hmac: String,
}

/// A log that grows.
pub(super) struct Log {
    format: Format,
    key: MacKey,
    key_id: String,
    installation: Option<Installation>,
    cast: Cast,
    random: Random,
    floats: bool,
    head: Head,
    canonicalizer: Canonicalizer,
    message: Vec<u8>,
    summary: Summary,
}

impl Log {
    /// A log that ends with `head`.
    pub(super) fn new(
        recipe: &Recipe,
        secret: &str,
        cast: Cast,
        head: Head,
        installation: Option<Installation>,
        floats: bool,
    ) -> Self {
        let key = MacKey::new(secret.as_bytes());
        let format = match recipe.format {
            LogFormat::Active => Format::Active,
            LogFormat::Baseline => Format::Baseline,
        };
        Self {
            format,
            key_id: key.id().to_string(),
            key,
            installation,
            cast,
            random: Random::new(recipe.seed),
            floats,
            head,
            canonicalizer: Canonicalizer::new(),
            message: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// The key id of its rows.
    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The generation of its rows.
    pub(super) fn generation(&self) -> Option<Id> {
        self.installation.map(|installation| installation.generation)
    }

    /// What was added.
    pub(super) fn summary(&self) -> Summary {
        self.summary
    }

    /// Adds one row.
    pub(super) fn grow(&mut self) -> Result<SignedRow, Failure> {
        let entry = draw(&mut self.random, &self.cast, self.floats);
        let pause = i64::try_from(1 + self.random.below(PACE))?;
        let occurred_at = Timestamp::from_micros(self.head.occurred_at.micros() + pause);
        let prev_row_hmac = std::mem::take(&mut self.head.row_hmac);
        let markers = self.installation.map_or_else(Markers::default, |installation| Markers {
            legacy_frozen: Some(false),
            hmac_version: Some(2),
            hmac_key_id: Some(StoredDigest::new(&self.key_id)),
            chain_generation: Some(installation.generation),
            ..Markers::default()
        });
        let row = AuditRow {
            id: entry.id,
            occurred_at,
            action: entry.action,
            target_type: entry.target_type,
            target_id: entry.target_id.as_deref(),
            result: entry.result,
            outcome: Some(entry.outcome),
            event_id: entry.event_id,
            user_id: entry.user_id,
            project_id: entry.project_id,
            api_key_id: entry.api_key_id,
            source_ip: entry.source_ip.as_deref().map_or(SourceIp::Null, SourceIp::Text),
            user_agent: entry.user_agent,
            metadata: entry.metadata.as_bytes(),
            prev_row_hmac: Some(StoredDigest::new(&prev_row_hmac)),
            row_hmac: None,
            markers,
        };
        self.message.clear();
        self.canonicalizer
            .write(row.metadata, Numbers::Finite, &mut self.message)
            .map_err(|error| format!("metadata {}: {error}", entry.metadata))?;
        self.summary.metadata_bytes += u64::try_from(self.message.len())?;
        self.message.clear();
        write_message(&row, self.format, Mapped::Groups, &mut self.canonicalizer, &mut self.message)
            .map_err(|error| format!("a row that cannot be signed: {error:?}"))?;
        self.summary.payload_bytes += u64::try_from(self.message.len() - self.format.domain().len())?;
        self.summary.added += 1;
        let row_hmac = self.key.sign(&self.message).to_string();
        self.head = Head { row_hmac: row_hmac.clone(), occurred_at, id: entry.id };
        Ok(SignedRow { entry, occurred_at, prev_row_hmac, row_hmac })
    }

    /// The last row.
    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// The MAC of the state of an active log that has `rows` rows, nothing frozen and nothing pruned.
    pub(super) fn state_mac(&self, rows: u64) -> Result<String, Failure> {
        let Installation { generation, installation_id } = self.installation.ok_or("the log has no state")?;
        let key_id = self.key.id();
        let row_hmac = Digest::parse(self.head.row_hmac.as_bytes()).ok_or("the head is not signed")?;
        let head =
            Quartet { row_hmac, hmac_key_id: key_id, occurred_at: self.head.occurred_at, id: self.head.id };
        let state = ChainState {
            generation,
            installation_id,
            state_key_id: key_id,
            head: Some(head),
            prune: None,
            active_row_count: rows,
            active_key_counts: BTreeMap::from([(key_id, rows)]),
            frozen_row_count: 0,
            frozen_snapshot_digest: None,
            retired_recovery_binding: b"null".to_vec(),
            state_mac: None,
        };
        Ok(state.mac(&self.key).to_string())
    }

    /// `active_key_counts` of such a log.
    pub(super) fn key_counts(&self, rows: u64) -> String {
        format!(r#"{{"{}": {rows}}}"#, self.key_id)
    }
}
