//! One audit row: its columns, and the payload that each format signs.
//!
//! | format | written by | payload tag | fields | key |
//! |---|---|---|---|---|
//! | early 3, 2, 1 | 1.0 to 1.2 | `version` 3, 2, 1 | 15, 14, 13 | `Z4J_SECRET` |
//! | baseline 1 | 1.3 to 1.7 | `version` 1 | 16 | `Z4J_SECRET` |
//! | active 2 | 1.8 and later | `version` 2, behind a domain | 18 | the audit key that the row names |
//!
//! The tags of different families mean different things; which family a table holds follows from its
//! columns, never from trying (audit chain, sections 2 and 4).

use super::address::{Address, Mapped, is_plain_v4};
use super::json::{Canonicalizer, JsonError, Numbers, Shape, write_string};
use super::mac::Digest;
use super::{Id, Timestamp};

/// What stands before the canonical payload of an active row under its MAC.
pub const ACTIVE_DOMAIN: &[u8] = b"z4j/audit-chain/row/v2\0";

/// The columns of one row of `audit_log`, decoded but not judged. Borrowed from the batch that was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AuditRow<'a> {
    /// `id`, the primary key; with `occurred_at` the order of the chain.
    pub id: Id,
    /// `occurred_at`, UTC.
    pub occurred_at: Timestamp,
    /// `action`, such as `auth.login`.
    pub action: &'a str,
    /// `target_type`.
    pub target_type: &'a str,
    /// `target_id`.
    pub target_id: Option<&'a str>,
    /// `result`: `success`, `failed`, `pending`.
    pub result: &'a str,
    /// `outcome`: `allow`, `deny`, `error`, `failure`.
    pub outcome: Option<&'a str>,
    /// `event_id`.
    pub event_id: Option<Id>,
    /// `user_id`.
    pub user_id: Option<Id>,
    /// `project_id`.
    pub project_id: Option<Id>,
    /// `api_key_id`; `None` also where the column does not exist (1.0 to 1.2).
    pub api_key_id: Option<Id>,
    /// `source_ip`.
    pub source_ip: SourceIp<'a>,
    /// `user_agent`.
    pub user_agent: Option<&'a str>,
    /// `metadata`, the JSON text as stored.
    pub metadata: &'a [u8],
    /// `prev_row_hmac`: the `row_hmac` of the row before, `None` at the genesis.
    pub prev_row_hmac: Option<StoredDigest<'a>>,
    /// `row_hmac`.
    pub row_hmac: Option<StoredDigest<'a>>,
    /// The marker columns of 1.8 and later.
    pub markers: Markers<'a>,
}

/// A column that should hold 64 lower-case hexadecimal digits: what it holds, and what that is. Read once, since it is
/// needed as text under the MAC and as a digest for the links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredDigest<'a> {
    /// The text as stored.
    pub text: &'a str,
    /// The digest, when it is one.
    pub digest: Option<Digest>,
}

impl<'a> StoredDigest<'a> {
    /// Reads a column.
    pub fn new(text: &'a str) -> Self {
        Self { text, digest: Digest::parse(text.as_bytes()) }
    }
}

/// The columns that the upgrade to 1.8 adds; all `None` before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Markers<'a> {
    /// `legacy_frozen`: true for history from before 1.8.
    pub legacy_frozen: Option<bool>,
    /// `hmac_version`: 2 active, 1 frozen.
    pub hmac_version: Option<i64>,
    /// `hmac_key_id`: the key that signed, or that verified frozen history.
    pub hmac_key_id: Option<StoredDigest<'a>>,
    /// `legacy_integrity_class` of frozen rows.
    pub legacy_integrity_class: Option<&'a str>,
    /// `legacy_origin` of frozen rows.
    pub legacy_origin: Option<&'a str>,
    /// `chain_generation` of active rows.
    pub chain_generation: Option<Id>,
}

/// A source address as the two databases hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceIp<'a> {
    /// NULL.
    Null,
    /// SQLite: any text.
    Text(&'a str),
    /// PostgreSQL: `inet`.
    Inet(Address<'static>),
}

impl SourceIp<'_> {
    /// Whether the signed form depends on the interpreter that wrote it.
    fn is_mapped(&self, active: bool) -> bool {
        match self {
            Self::Null => false,
            Self::Inet(address) => address.is_mapped(),
            Self::Text(text) => {
                active
                    && !is_plain_v4(text)
                    && Address::parse(text).is_some_and(|address| address.is_mapped())
            }
        }
    }
}

/// A row format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Early tag 1: 13 fields, without id and link.
    Early1,
    /// Early tag 2: 14 fields, without link.
    Early2,
    /// Early tag 3: 15 fields.
    Early3,
    /// Baseline tag 1: 16 fields.
    Baseline,
    /// Active tag 2: 18 fields.
    Active,
}

impl Format {
    /// Whether `prev_row_hmac` is signed.
    pub fn is_linked(self) -> bool {
        !matches!(self, Self::Early1 | Self::Early2)
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Early1 => "early-1",
            Self::Early2 => "early-2",
            Self::Early3 => "early-3",
            Self::Baseline => "baseline-1",
            Self::Active => "active-2",
        }
    }

    /// What stands before the payload under the MAC.
    pub fn domain(self) -> &'static [u8] {
        if self == Self::Active { ACTIVE_DOMAIN } else { b"" }
    }

    fn version(self) -> &'static [u8] {
        match self {
            Self::Early1 | Self::Baseline => b"1}",
            Self::Early2 | Self::Active => b"2}",
            Self::Early3 => b"3}",
        }
    }
}

/// Why a row has no payload in a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadError {
    /// The column cannot be read at all: nobody can say what was signed.
    Unreadable {
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The column is readable and no valid row of this format can hold it: the MAC cannot match.
    Impossible {
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Whether the two forms of an IPv4-mapped source address lead to different payloads.
pub fn has_two_forms(row: &AuditRow<'_>, format: Format) -> bool {
    row.source_ip.is_mapped(format == Format::Active)
}

/// Appends the message that is under the MAC of a row: the domain and the canonical payload.
pub fn write_message(
    row: &AuditRow<'_>,
    format: Format,
    mapped: Mapped,
    canonicalizer: &mut Canonicalizer,
    out: &mut Vec<u8>,
) -> Result<(), PayloadError> {
    let active = format == Format::Active;
    if active {
        check_active(row)?;
    }
    out.extend_from_slice(format.domain());
    out.extend_from_slice(b"{\"action\":");
    write_string(row.action, out);
    if matches!(format, Format::Baseline | Format::Active) {
        write_id(b",\"api_key_id\":", row.api_key_id, out);
    }
    if active {
        write_id(b",\"chain_generation\":", row.markers.chain_generation, out);
    }
    write_id(b",\"event_id\":", row.event_id, out);
    if active {
        write_digest(b",\"hmac_key_id\":", row.markers.hmac_key_id, out);
    }
    if format != Format::Early1 {
        write_id(b",\"id\":", Some(row.id), out);
    }
    out.extend_from_slice(b",\"metadata\":");
    write_metadata(row.metadata, active, canonicalizer, out)?;
    out.extend_from_slice(b",\"occurred_at\":\"");
    row.occurred_at.write_canonical(out);
    out.push(b'"');
    write_text(b",\"outcome\":", row.outcome, out);
    if format.is_linked() {
        write_digest(b",\"prev_row_hmac\":", row.prev_row_hmac, out);
    }
    write_id(b",\"project_id\":", row.project_id, out);
    write_text(b",\"result\":", Some(row.result), out);
    write_source_ip(&row.source_ip, active, mapped, out)?;
    write_text(b",\"target_id\":", row.target_id, out);
    write_text(b",\"target_type\":", Some(row.target_type), out);
    write_text(b",\"user_agent\":", row.user_agent, out);
    write_id(b",\"user_id\":", row.user_id, out);
    out.extend_from_slice(b",\"version\":");
    out.extend_from_slice(format.version());
    Ok(())
}

/// Appends the canonical snapshot of a frozen row: 22 fields as stored (audit chain, section 5.4).
pub fn write_snapshot(
    row: &AuditRow<'_>,
    canonicalizer: &mut Canonicalizer,
    out: &mut Vec<u8>,
) -> Result<(), PayloadError> {
    let markers = &row.markers;
    write_text(b"{\"action\":", Some(row.action), out);
    write_id(b",\"api_key_id\":", row.api_key_id, out);
    write_id(b",\"chain_generation\":", markers.chain_generation, out);
    write_id(b",\"event_id\":", row.event_id, out);
    write_digest(b",\"hmac_key_id\":", markers.hmac_key_id, out);
    out.extend_from_slice(b",\"hmac_version\":");
    match markers.hmac_version {
        Some(version) => out.extend_from_slice(version.to_string().as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
    write_id(b",\"id\":", Some(row.id), out);
    let frozen: &[u8] = if markers.legacy_frozen == Some(true) { b"true" } else { b"false" };
    out.extend_from_slice(b",\"legacy_frozen\":");
    out.extend_from_slice(frozen);
    write_text(b",\"legacy_integrity_class\":", markers.legacy_integrity_class, out);
    write_text(b",\"legacy_origin\":", markers.legacy_origin, out);
    out.extend_from_slice(b",\"metadata\":");
    canonicalizer.write(row.metadata, Numbers::Finite, out).map_err(metadata_error)?;
    out.extend_from_slice(b",\"occurred_at\":\"");
    row.occurred_at.write_canonical(out);
    out.push(b'"');
    write_text(b",\"outcome\":", row.outcome, out);
    write_digest(b",\"prev_row_hmac\":", row.prev_row_hmac, out);
    write_id(b",\"project_id\":", row.project_id, out);
    write_text(b",\"result\":", Some(row.result), out);
    write_digest(b",\"row_hmac\":", row.row_hmac, out);
    write_source_ip(&row.source_ip, false, Mapped::Groups, out)?;
    write_text(b",\"target_id\":", row.target_id, out);
    write_text(b",\"target_type\":", Some(row.target_type), out);
    write_text(b",\"user_agent\":", row.user_agent, out);
    write_id(b",\"user_id\":", row.user_id, out);
    out.push(b'}');
    Ok(())
}

/// What an active row must hold before anything can be its payload.
fn check_active(row: &AuditRow<'_>) -> Result<(), PayloadError> {
    let impossible = |column, reason| Err(PayloadError::Impossible { column, reason });
    let is_digest = |stored: StoredDigest<'_>| stored.digest.is_some();
    if !row.markers.hmac_key_id.is_some_and(is_digest) {
        return impossible("hmac_key_id", "must be 64 lower-case hexadecimal digits");
    }
    if row.markers.chain_generation.is_none() {
        return impossible("chain_generation", "must be a UUID");
    }
    if !row.prev_row_hmac.is_none_or(is_digest) {
        return impossible("prev_row_hmac", "must be NULL or 64 lower-case hexadecimal digits");
    }
    Ok(())
}

fn write_metadata(
    metadata: &[u8],
    active: bool,
    canonicalizer: &mut Canonicalizer,
    out: &mut Vec<u8>,
) -> Result<(), PayloadError> {
    let numbers = if active { Numbers::Finite } else { Numbers::Python };
    match canonicalizer.write(metadata, numbers, out) {
        Ok(Shape::Other) if active => {
            Err(PayloadError::Impossible { column: "metadata", reason: "must be a JSON object" })
        }
        Ok(_) => Ok(()),
        Err(JsonError::NotFinite) => {
            Err(PayloadError::Impossible { column: "metadata", reason: "holds a number that is not finite" })
        }
        Err(error) => Err(metadata_error(error)),
    }
}

fn metadata_error(error: JsonError) -> PayloadError {
    PayloadError::Unreadable { column: "metadata", reason: error.to_string() }
}

fn write_source_ip(
    source: &SourceIp<'_>,
    active: bool,
    mapped: Mapped,
    out: &mut Vec<u8>,
) -> Result<(), PayloadError> {
    let impossible = PayloadError::Impossible { column: "source_ip", reason: "must be one IP address" };
    let printed = match source {
        SourceIp::Null => None,
        // An IPv4 address in its only form is printed as it stands.
        SourceIp::Text(text) if active && !is_plain_v4(text) => {
            Some(Address::parse(text).ok_or(impossible)?.print(mapped))
        }
        SourceIp::Text(text) => {
            write_text(b",\"source_ip\":", Some(text), out);
            return Ok(());
        }
        SourceIp::Inet(address) if active && !address.is_host() => return Err(impossible),
        SourceIp::Inet(address) => Some(address.print(mapped)),
    };
    write_text(b",\"source_ip\":", printed.as_deref(), out);
    Ok(())
}

fn write_text(key: &[u8], value: Option<&str>, out: &mut Vec<u8>) {
    out.extend_from_slice(key);
    match value {
        Some(text) => write_string(text, out),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_digest(key: &[u8], value: Option<StoredDigest<'_>>, out: &mut Vec<u8>) {
    write_text(key, value.map(|stored| stored.text), out);
}

fn write_id(key: &[u8], value: Option<Id>, out: &mut Vec<u8>) {
    out.extend_from_slice(key);
    match value {
        Some(id) => {
            out.push(b'"');
            id.write(out);
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
}
