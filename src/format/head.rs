//! Known heads: the newest row of a log, kept outside the database, so that a cut tail or a rolled-back
//! database is seen (audit chain, section 7.5).

use serde_json::{Map, Value};

use super::json::{Canonicalizer, Numbers};
use super::mac::Digest;
use super::{Id, Timestamp};

/// Marks a head that `z4jctl` printed for a log without chain state (1.0 to 1.7).
pub const LEGACY_SCHEMA: &str = "z4jctl.audit.head/1";

/// A known-head envelope: z4j's own six keys, or z4jctl's for earlier generations. Only `row_hmac` is
/// mandatory; every other field that is present must match too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownHead {
    /// `row_hmac`.
    pub row_hmac: Digest,
    /// `hmac_key_id`.
    pub hmac_key_id: Option<Digest>,
    /// `generation`.
    pub generation: Option<Id>,
    /// `occurred_at`.
    pub occurred_at: Option<Timestamp>,
    /// `id`.
    pub id: Option<Id>,
    /// `row_count`: rows of the log up to this head; only in z4jctl's own form.
    pub row_count: Option<u64>,
}

impl KnownHead {
    /// Reads an envelope. The error says what makes it invalid.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
        let Value::Object(object) = value else { return Err("not a JSON object".into()) };
        let own = object.get("schema").is_some_and(|schema| schema == LEGACY_SCHEMA);
        for key in object.keys() {
            let known = matches!(
                key.as_str(),
                "row_hmac" | "hmac_version" | "hmac_key_id" | "generation" | "occurred_at" | "id"
            );
            if !(known || own && matches!(key.as_str(), "schema" | "row_count")) {
                return Err(format!("unknown key {key:?}"));
            }
        }
        if object.get("hmac_version").is_some_and(|version| version.as_u64() != Some(2)) {
            return Err("hmac_version must be 2".into());
        }
        let digest =
            |key| field(&object, key, "64 lower-case hexadecimal digits", |t| Digest::parse(t.as_bytes()));
        let id = |key| field(&object, key, "a UUID", |text| Id::parse(text.as_bytes()));
        Ok(Self {
            row_hmac: digest("row_hmac")?.ok_or("row_hmac is missing")?,
            hmac_key_id: digest("hmac_key_id")?,
            generation: id("generation")?,
            occurred_at: field(&object, "occurred_at", "a time", Timestamp::parse)?,
            id: id("id")?,
            row_count: match object.get("row_count") {
                None => None,
                Some(count) => Some(count.as_u64().ok_or("row_count must be a count")?),
            },
        })
    }

    /// The canonical text: z4j's six keys, or z4jctl's own form for a log without chain state.
    pub fn to_text(&self) -> String {
        let mut object = Map::new();
        let mut insert = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                object.insert(key.to_owned(), Value::String(value));
            }
        };
        insert("row_hmac", Some(self.row_hmac.to_string()));
        insert("occurred_at", self.occurred_at.map(Timestamp::zulu));
        insert("id", self.id.map(|id| id.to_string()));
        insert("hmac_key_id", self.hmac_key_id.map(|id| id.to_string()));
        insert("generation", self.generation.map(|id| id.to_string()));
        if self.generation.is_some() {
            object.insert("hmac_version".into(), 2.into());
        } else {
            object.insert("schema".into(), LEGACY_SCHEMA.into());
        }
        if let Some(count) = self.row_count {
            object.insert("row_count".into(), count.into());
        }
        let mut out = Vec::new();
        let text = Value::Object(object).to_string();
        // Text that serde_json printed is JSON.
        let _ = Canonicalizer::new().write(text.as_bytes(), Numbers::Finite, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Whether a row is the one that this envelope names.
    pub fn matches(
        &self,
        row_hmac: Digest,
        hmac_key_id: Option<Digest>,
        generation: Option<Id>,
        occurred_at: Timestamp,
        id: Id,
    ) -> bool {
        self.row_hmac == row_hmac
            && self.hmac_key_id.is_none_or(|expected| Some(expected) == hmac_key_id)
            && self.generation.is_none_or(|expected| Some(expected) == generation)
            && self.occurred_at.is_none_or(|expected| expected == occurred_at)
            && self.id.is_none_or(|expected| expected == id)
    }
}

fn field<T>(
    object: &Map<String, Value>,
    key: &str,
    expected: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, String> {
    match object.get(key) {
        None => Ok(None),
        Some(value) => {
            value.as_str().and_then(read).map(Some).ok_or_else(|| format!("{key} must be {expected}"))
        }
    }
}
