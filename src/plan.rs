//! Plans, and leave to carry them out.
//!
//! What writes, plans first: a [`Plan`] says which rows would become what, and which audit rows would tell of it.
//! Carrying it out takes a [`WriteToken`] by value. Only the face can make a token, in one place
//! (`src/cli/confirm.rs`), after `--yes` or after a person has answered a question that showed the plan. So no path
//! through the program writes without somebody having said so; a test of the source keeps it true.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::format::Id;
use crate::format::mac::{Digest, KeyId};
use crate::format::state::Quartet;
use crate::store::value::{Row, Value};

/// What an operation would do: computed from one state of the database, and again from the one that it changes.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The rows to change, in this order.
    pub changes: Vec<Change>,
    /// The audit rows that tell of it, in the same transaction.
    pub entries: Vec<Entry>,
    /// The oldest rows of the audit log, when they go.
    pub removal: Option<Removal>,
    /// Notifications of PostgreSQL to send at the commit: channel and payload.
    pub notifications: Vec<(&'static str, String)>,
    /// What an operator should know: consequences, and what is left to do.
    pub notes: Vec<String>,
    /// One sentence: what was, or would be, done; or why there is nothing to do.
    pub summary: String,
}

impl Plan {
    /// A plan that changes nothing.
    pub fn nothing(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), ..Self::default() }
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.entries.is_empty()
    }

    /// Whether the other plan does the same to the same rows: what somebody agreed to is what is carried out.
    pub fn does_the_same(&self, other: &Self) -> bool {
        let targets = |plan: &Self| {
            let entries = plan.entries.iter().map(|entry| (entry.action.clone(), entry.target_id.clone()));
            let changes = plan.changes.iter().map(|change| (change.table, change.action, change.key.clone()));
            let removal = plan.removal.as_ref().map(|removal| (removal.rows, removal.boundary));
            (changes.collect::<Vec<_>>(), entries.collect::<Vec<_>>(), removal)
        };
        targets(self) == targets(other)
    }
}

/// What is done to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is new.
    Insert,
    /// Columns change.
    Update,
    /// It goes.
    Delete,
}

/// One row to change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The table.
    pub table: &'static str,
    /// What is done.
    pub action: Action,
    /// The columns that name the row.
    pub key: Vec<(&'static str, Value)>,
    /// The row for a person: an e-mail, a name.
    pub label: String,
    /// The columns that are written, each with what it holds before.
    pub fields: Vec<Field>,
}

/// One column of a [`Change`].
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub column: &'static str,
    /// What it holds before, for a person; `None` in a new row.
    pub before: Option<String>,
    /// What it will hold; `None` in a row that goes.
    pub after: Option<Value>,
}

impl Change {
    /// A new row; its first column names it.
    pub fn insert(table: &'static str, label: impl Into<String>, values: Vec<(&'static str, Value)>) -> Self {
        let key = values.first().cloned().into_iter().collect();
        let field = |(column, value)| Field { column, before: None, after: Some(value) };
        let fields = values.into_iter().map(field).collect();
        Self { table, action: Action::Insert, key, label: label.into(), fields }
    }

    /// Columns of the row with an `id`. What a column held before is shown where it was read and may be seen.
    pub fn update(
        table: &'static str,
        label: impl Into<String>,
        before: &Row,
        values: Vec<(&'static str, Value)>,
    ) -> crate::error::Result<Self> {
        let key = vec![("id", Value::Id(before.required_id("id")?))];
        let fields = values
            .into_iter()
            .map(|(column, value)| {
                let was = before.has(column).then(|| shown_before(column, before.shown(column), &value));
                Field { column, before: was, after: Some(value) }
            })
            .collect();
        Ok(Self { table, action: Action::Update, key, label: label.into(), fields })
    }

    /// The row with an `id` goes.
    pub fn delete(table: &'static str, label: impl Into<String>, before: &Row) -> crate::error::Result<Self> {
        let key = vec![("id", Value::Id(before.required_id("id")?))];
        Ok(Self { table, action: Action::Delete, key, label: label.into(), fields: Vec::new() })
    }
}

/// Columns whose old value must not be seen either when what replaces it may be, such as nothing at all.
const SEALED: [&str; 2] = ["mfa_secret_encrypted", "mfa_secret"];

/// What a column held, beside what it will hold: in the same form, and hidden where it has to be.
fn shown_before(column: &str, was: String, after: &Value) -> String {
    match after {
        Value::Hidden(_) => "(hidden)".into(),
        _ if SEALED.contains(&column) && was != "NULL" => "(hidden)".into(),
        // SQLite has no truth values of its own.
        Value::Bool(_) if was == "0" => "false".into(),
        Value::Bool(_) if was == "1" => "true".into(),
        _ => was,
    }
}

/// The proof that somebody allowed one write: `--yes`, or a confirmation at the terminal.
///
/// It is neither `Clone` nor `Default`: one confirmation is good for one write.
#[derive(Debug)]
#[must_use = "leave to write is asked for in order to write"]
pub struct WriteToken(());

impl WriteToken {
    /// Makes the token. For the face alone, after `--yes` or a typed confirmation.
    pub(crate) fn granted() -> Self {
        Self(())
    }

    /// The token of an operation's own tests; the program has no such function.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self::granted()
    }
}

/// A row to be appended: what happened, without what the chain adds to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// `action`, such as `agent.token.minted`.
    pub action: String,
    /// `target_type`.
    pub target_type: String,
    /// `target_id`; ids in dashed form.
    pub target_id: Option<String>,
    /// `user_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Id>,
    /// `project_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<Id>,
    /// `source_ip`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    /// `metadata`.
    pub metadata: Map<String, Json>,
}

impl Entry {
    /// A successful action on a target.
    pub fn new(action: &str, target_type: &str, target_id: Option<Id>, metadata: Json) -> Self {
        Self {
            action: action.into(),
            target_type: target_type.into(),
            target_id: target_id.map(|id| id.to_string()),
            user_id: None,
            project_id: None,
            source_ip: None,
            metadata: match metadata {
                Json::Object(map) => map,
                _ => Map::new(),
            },
        }
    }

    /// The user that it concerns, where z4j names one.
    #[must_use]
    pub fn user(mut self, user: Option<Id>) -> Self {
        self.user_id = user;
        self
    }

    /// The project that it belongs to.
    #[must_use]
    pub fn project(mut self, project: Option<Id>) -> Self {
        self.project_id = project;
        self
    }

    /// The address that it came from.
    #[must_use]
    pub fn source_ip(mut self, address: &str) -> Self {
        self.source_ip = Some(address.into());
        self
    }
}

/// The rows that go: the oldest ones, up to a boundary.
#[derive(Debug, Clone, PartialEq)]
pub struct Removal {
    /// How many.
    pub rows: u64,
    /// How many of each class.
    pub by_class: BTreeMap<String, u64>,
    /// How many under each key.
    pub by_key: BTreeMap<KeyId, u64>,
    /// The link of the first of them: what the prune boundary of the state must name.
    pub begins_behind: Option<Digest>,
    /// The last of them.
    pub boundary: Quartet,
    /// Rows that stay, frozen ones not counted.
    pub remaining: u64,
    /// What made the prefix end there, when older rows stay.
    pub stopped_by: Option<String>,
}
