//! Reading the lines of a JSONL export back.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::raw::Raw;
use super::value::Value;
use crate::store::batch::Column;

/// One line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are the names of the columns")]
pub struct Line<'a> {
    #[serde(borrow)]
    pub id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub occurred_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub row_hmac: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub prev_row_hmac: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub action: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub target_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub target_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub result: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub outcome: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub event_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub user_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub project_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub source_ip: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub user_agent: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub metadata: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub api_key_id: Option<Cow<'a, str>>,
    pub legacy_frozen: Option<bool>,
    pub hmac_version: Option<i64>,
    #[serde(borrow)]
    pub hmac_key_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub legacy_integrity_class: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub legacy_origin: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub chain_generation: Option<Cow<'a, str>>,
    pub raw: Option<BTreeMap<String, Raw>>,
}

impl Line<'_> {
    /// The value of a column.
    pub fn value(&self, column: Column) -> Value<'_> {
        let text = match column {
            Column::LegacyFrozen => return self.legacy_frozen.map_or(Value::Null, Value::Truth),
            Column::HmacVersion => return self.hmac_version.map_or(Value::Null, Value::Integer),
            Column::Id => &self.id,
            Column::OccurredAt => &self.occurred_at,
            Column::RowHmac => &self.row_hmac,
            Column::PrevRowHmac => &self.prev_row_hmac,
            Column::Action => &self.action,
            Column::TargetType => &self.target_type,
            Column::TargetId => &self.target_id,
            Column::Result => &self.result,
            Column::Outcome => &self.outcome,
            Column::EventId => &self.event_id,
            Column::UserId => &self.user_id,
            Column::ProjectId => &self.project_id,
            Column::SourceIp => &self.source_ip,
            Column::UserAgent => &self.user_agent,
            Column::Metadata => &self.metadata,
            Column::ApiKeyId => &self.api_key_id,
            Column::HmacKeyId => &self.hmac_key_id,
            Column::LegacyIntegrityClass => &self.legacy_integrity_class,
            Column::LegacyOrigin => &self.legacy_origin,
            Column::ChainGeneration => &self.chain_generation,
        };
        text.as_deref().map_or(Value::Null, Value::Text)
    }
}
