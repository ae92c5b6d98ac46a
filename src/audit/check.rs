//! One row at a time: decode, rebuild the signed message, compare the MAC. This is where the time goes, so it
//! runs on every core; what it yields is small and is put in order by the walk.

use serde::{Deserialize, Serialize};

use crate::audit::keys::Keys;
use crate::format::address::Mapped;
use crate::format::json::Canonicalizer;
use crate::format::mac::{Digest, KeyId};
use crate::format::row::{
    AuditRow, Format, PayloadError, StoredDigest, has_two_forms, write_message, write_snapshot,
};
use crate::format::{Id, Timestamp};
use crate::store::batch::{Column, DecodeError, RawRow, RowBatch};
use crate::store::generation::Family;

/// The action of the row that records a removal.
const PRUNE: &str = "audit.prune";

/// A MAC column as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// NULL.
    Null,
    /// 64 lower-case hexadecimal digits.
    Mac(Digest),
    /// Anything else.
    Malformed,
}

impl Link {
    fn of(stored: Option<StoredDigest<'_>>) -> Self {
        match stored {
            None => Self::Null,
            Some(stored) => stored.digest.map_or(Self::Malformed, Self::Mac),
        }
    }

    /// The MAC, when it is one.
    pub fn mac(self) -> Option<Digest> {
        match self {
            Self::Mac(mac) => Some(mac),
            _ => None,
        }
    }

    /// For reports: `None` is the genesis.
    pub fn display(self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Mac(mac) => Some(mac.to_string()),
            Self::Malformed => Some("(malformed)".into()),
        }
    }
}

/// What the MAC of one row says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It matches, under this key.
    Verified(KeyId),
    /// It does not match under any key; `computed` is what it would be under the first.
    Mismatch {
        /// The MAC that the columns lead to, `None` when no valid row can hold them.
        computed: Option<Digest>,
        /// Why no valid row can hold them.
        reason: Option<String>,
    },
    /// There is none.
    Unsigned,
    /// It is not 64 hexadecimal digits.
    MalformedMac,
    /// The key that the row names is not configured.
    UnknownKey(KeyId),
    /// A column cannot be read, so nobody can say what was signed.
    Unreadable(DecodeError),
    /// Frozen history that carries no verifiable MAC, as its class says; the aggregate digest covers it.
    Unverifiable,
}

/// Which chain a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The chain that is being written: early, baseline or active rows.
    Live,
    /// Frozen history of an upgraded log.
    Frozen,
}

/// A row as the walk needs it.
#[derive(Debug, Clone)]
pub struct Checked {
    /// 1-based position in chain order.
    pub position: u64,
    /// Its id, when readable.
    pub id: Option<Id>,
    /// Its time, when readable.
    pub occurred_at: Option<Timestamp>,
    /// `row_hmac`.
    pub mac: Link,
    /// `prev_row_hmac`.
    pub previous: Link,
    /// Live or frozen.
    pub part: Part,
    /// `chain_generation`.
    pub generation: Option<Id>,
    /// `hmac_key_id` of an active row.
    pub key_id: Option<KeyId>,
    /// Whether the format signs its link; false for early tags 1 and 2, which stand alone.
    pub linked: bool,
    /// What its MAC says.
    pub verdict: Verdict,
    /// The `row_hmac` of the newest row that a removal took away, when this verified row of 1.3 to 1.7 is its record.
    pub pruned_up_to: Option<Digest>,
}

/// A batch of checked rows.
#[derive(Debug)]
pub struct CheckedBatch {
    /// In chain order.
    pub rows: Vec<Checked>,
    /// Canonical snapshots of the frozen rows, one after the other.
    pub snapshots: Vec<u8>,
    /// Length of each of them, `None` for a row that has none.
    pub snapshot_lengths: Vec<Option<usize>>,
    /// The batch that was checked, to be filled again.
    pub raw: RowBatch,
}

/// Checks rows; each thread has its own.
#[derive(Debug)]
pub struct Checker<'k> {
    keys: &'k Keys,
    family: Family,
    canonicalizer: Canonicalizer,
    message: Vec<u8>,
    /// Which master key matched last; the next row is most likely signed with the same.
    likely: usize,
    /// Whether MACs are taken as they are.
    keyless: bool,
}

impl<'k> Checker<'k> {
    /// For rows of one family.
    pub fn new(keys: &'k Keys, family: Family) -> Self {
        Self {
            keys,
            family,
            canonicalizer: Canonicalizer::new(),
            message: Vec::new(),
            likely: 0,
            keyless: false,
        }
    }

    /// The same without keys: a MAC is only looked at for its form, so that links alone are checked.
    #[must_use]
    pub fn keyless(mut self, keyless: bool) -> Self {
        self.keyless = keyless;
        self
    }

    /// Checks a batch.
    pub fn check_batch(&mut self, raw: RowBatch) -> CheckedBatch {
        let mut snapshots = Vec::new();
        let mut snapshot_lengths = Vec::new();
        let rows =
            raw.rows()
                .map(|(position, row)| {
                    let checked = self.check(position, row);
                    if checked.part == Part::Frozen {
                        let before = snapshots.len();
                        let written = row.decode().ok().and_then(|row| {
                            write_snapshot(&row, &mut self.canonicalizer, &mut snapshots).ok()
                        });
                        if written.is_none() {
                            snapshots.truncate(before);
                        }
                        snapshot_lengths.push(written.map(|()| snapshots.len() - before));
                    }
                    checked
                })
                .collect();
        CheckedBatch { rows, snapshots, snapshot_lengths, raw }
    }

    /// Checks one row.
    pub fn check(&mut self, position: u64, raw: RawRow<'_>) -> Checked {
        match raw.decode() {
            Ok(row) => self.check_decoded(position, &row),
            Err(error) => unreadable(position, raw, error),
        }
    }

    fn check_decoded(&mut self, position: u64, row: &AuditRow<'_>) -> Checked {
        let part = if row.markers.legacy_frozen == Some(true) { Part::Frozen } else { Part::Live };
        let mac = Link::of(row.row_hmac);
        let (verdict, linked) = match (self.family, part) {
            // Whether an early row without link is signed with one, only its MAC can say.
            (family, Part::Live) if self.keyless => {
                (self.unproved(row, mac), family != Family::Early || row.prev_row_hmac.is_some())
            }
            (Family::Early, _) => self.early(row, mac),
            (Family::Baseline, _) => (self.baseline(row, mac), true),
            (Family::Active, Part::Live) => (self.active(row, mac), true),
            // Of the other classes the upgrade itself says that they do not follow the row before them.
            (Family::Active, Part::Frozen) => {
                (self.frozen(row, mac), row.markers.legacy_integrity_class == Some("legacy-linked-verified"))
            }
        };
        let is_record =
            self.family == Family::Baseline && row.action == PRUNE && matches!(verdict, Verdict::Verified(_));
        Checked {
            position,
            id: Some(row.id),
            occurred_at: Some(row.occurred_at),
            mac,
            previous: Link::of(row.prev_row_hmac),
            part,
            generation: row.markers.chain_generation,
            key_id: row.markers.hmac_key_id.and_then(|stored| stored.digest),
            linked,
            verdict,
            pruned_up_to: if is_record { boundary(row.metadata) } else { None },
        }
    }

    /// Early rows: tag 3, and where there is no link tags 2 and 1, which 1.0 to 1.2 accept too.
    fn early(&mut self, row: &AuditRow<'_>, mac: Link) -> (Verdict, bool) {
        let verdict = self.master(row, mac, Format::Early3);
        if matches!(verdict, Verdict::Mismatch { .. }) && row.prev_row_hmac.is_none() {
            for format in [Format::Early2, Format::Early1] {
                let older = self.master(row, mac, format);
                if matches!(older, Verdict::Verified(_)) {
                    return (older, false);
                }
            }
        }
        (verdict, true)
    }

    fn baseline(&mut self, row: &AuditRow<'_>, mac: Link) -> Verdict {
        self.master(row, mac, Format::Baseline)
    }

    /// A row under the master keys: any match passes.
    fn master(&mut self, row: &AuditRow<'_>, mac: Link, format: Format) -> Verdict {
        let stored = match mac {
            Link::Null => return Verdict::Unsigned,
            Link::Malformed => return Verdict::MalformedMac,
            Link::Mac(stored) => stored,
        };
        let mut computed = None;
        for mapped in forms(row, format) {
            if let Err(error) = self.build(row, format, *mapped) {
                return payload_verdict(error);
            }
            let keys = &self.keys.master;
            for index in
                std::iter::once(self.likely).chain((0..keys.len()).filter(|index| *index != self.likely))
            {
                let Some(key) = keys.get(index) else { continue };
                let found = key.sign(&self.message);
                if found == stored {
                    self.likely = index;
                    return Verdict::Verified(key.id());
                }
                computed.get_or_insert(found);
            }
        }
        Verdict::Mismatch { computed, reason: None }
    }

    fn active(&mut self, row: &AuditRow<'_>, mac: Link) -> Verdict {
        let stored = match mac {
            Link::Null => return Verdict::Unsigned,
            Link::Malformed => return Verdict::MalformedMac,
            Link::Mac(stored) => stored,
        };
        if let Some((column, reason)) = impossible_marker(row) {
            return payload_verdict(PayloadError::Impossible { column, reason });
        }
        let mut computed = None;
        for mapped in forms(row, Format::Active) {
            if let Err(error) = self.build(row, Format::Active, *mapped) {
                return payload_verdict(error);
            }
            // The message could be built, so the key id is well formed.
            let Some(id) = row.markers.hmac_key_id.and_then(|stored| stored.digest) else {
                continue;
            };
            let Some(key) = self.keys.audit_key(id) else { return Verdict::UnknownKey(id) };
            let found = key.sign(&self.message);
            if found == stored {
                return Verdict::Verified(id);
            }
            computed.get_or_insert(found);
        }
        Verdict::Mismatch { computed, reason: None }
    }

    /// What can be said of a row without a key: that it could be signed.
    fn unproved(&mut self, row: &AuditRow<'_>, mac: Link) -> Verdict {
        match mac {
            Link::Null => return Verdict::Unsigned,
            Link::Malformed => return Verdict::MalformedMac,
            Link::Mac(_) => {}
        }
        let format = match self.family {
            Family::Early => Format::Early3,
            Family::Baseline => Format::Baseline,
            Family::Active => Format::Active,
        };
        if format == Format::Active
            && let Some((column, reason)) = impossible_marker(row)
        {
            return payload_verdict(PayloadError::Impossible { column, reason });
        }
        match self.build(row, format, Mapped::Groups) {
            Ok(()) => Verdict::Unverifiable,
            Err(error) => payload_verdict(error),
        }
    }

    /// Frozen rows keep their old MAC; the class says whether it can be verified.
    fn frozen(&mut self, row: &AuditRow<'_>, mac: Link) -> Verdict {
        let verifiable = matches!(
            row.markers.legacy_integrity_class,
            Some("legacy-linked-verified" | "legacy-standalone-verified" | "legacy-fork-verified")
        );
        let known = row
            .markers
            .hmac_key_id
            .and_then(|stored| stored.digest)
            .is_some_and(|id| self.keys.master_key(id).is_some());
        if verifiable && known { self.master(row, mac, Format::Baseline) } else { Verdict::Unverifiable }
    }

    fn build(&mut self, row: &AuditRow<'_>, format: Format, mapped: Mapped) -> Result<(), PayloadError> {
        self.message.clear();
        write_message(row, format, mapped, &mut self.canonicalizer, &mut self.message)
    }
}

/// The boundary that the metadata of a removal names.
fn boundary(metadata: &[u8]) -> Option<Digest> {
    #[derive(Deserialize)]
    struct Record {
        boundary_row_hmac: Digest,
    }
    serde_json::from_slice::<Record>(metadata).ok().map(|record| record.boundary_row_hmac)
}

/// The marker columns that no MAC covers; a CHECK constraint pins them in every active row.
fn impossible_marker(row: &AuditRow<'_>) -> Option<(&'static str, &'static str)> {
    let markers = &row.markers;
    if markers.hmac_version != Some(2) {
        Some(("hmac_version", "must be 2"))
    } else if markers.legacy_frozen != Some(false) {
        Some(("legacy_frozen", "must be false"))
    } else if markers.legacy_integrity_class.is_some() {
        Some(("legacy_integrity_class", "must be NULL"))
    } else if markers.legacy_origin.is_some() {
        Some(("legacy_origin", "must be NULL"))
    } else {
        None
    }
}

fn forms(row: &AuditRow<'_>, format: Format) -> &'static [Mapped] {
    if has_two_forms(row, format) { &[Mapped::Groups, Mapped::Dotted] } else { &[Mapped::Groups] }
}

fn payload_verdict(error: PayloadError) -> Verdict {
    match error {
        PayloadError::Unreadable { column, reason } => {
            Verdict::Unreadable(DecodeError { column: column.into(), reason })
        }
        PayloadError::Impossible { column, reason } => {
            Verdict::Mismatch { computed: None, reason: Some(format!("column {column} {reason}")) }
        }
    }
}

/// What can still be said of a row that cannot be decoded.
fn unreadable(position: u64, raw: RawRow<'_>, error: DecodeError) -> Checked {
    let link =
        |column| raw.text(column).map_or(Link::Malformed, |text| Link::of(text.map(StoredDigest::new)));
    let frozen = raw.display(Column::LegacyFrozen).is_some_and(|text| text == "1" || text == "true");
    Checked {
        position,
        id: raw.id().ok(),
        occurred_at: raw.occurred_at().ok(),
        mac: link(Column::RowHmac),
        previous: link(Column::PrevRowHmac),
        part: if frozen { Part::Frozen } else { Part::Live },
        generation: raw.display(Column::ChainGeneration).and_then(|text| Id::parse(text.as_bytes())),
        key_id: raw.text(Column::HmacKeyId).ok().flatten().and_then(|text| Digest::parse(text.as_bytes())),
        linked: true,
        verdict: Verdict::Unreadable(error),
        pruned_up_to: None,
    }
}
