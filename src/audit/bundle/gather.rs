//! Taking the rows of a bundle, and their proofs, out of the one walk that verifies the log.
//!
//! The tree is built while the walk goes by and keeps its edge and the ways of the chosen rows only: some kilobytes,
//! whatever the size of the log.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::file::MAX_ROWS;
use crate::audit::anchor::compare::Comparison;
use crate::audit::anchor::place::leaf_of;
use crate::audit::check::{Checked, Verdict};
use crate::audit::export::filter::Filter;
use crate::audit::export::value::{Value as Exported, Values};
use crate::format::merkle::{Followed, Tree};
use crate::format::{Digest, Id, Timestamp};
use crate::store::batch::{Column, DecodeError, RawRow};

/// Which rows a bundle holds: those that are named, and those that the filter lets through.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// By their 1-based position in chain order.
    pub positions: BTreeSet<u64>,
    /// By their id.
    pub ids: BTreeSet<Id>,
    /// By what they are.
    pub filter: Option<Filter>,
}

impl Selection {
    fn has(&self, row: &Checked, raw: RawRow<'_>) -> bool {
        self.positions.contains(&row.position)
            || row.id.is_some_and(|id| self.ids.contains(&id))
            || self
                .filter
                .as_ref()
                .is_some_and(|filter| is_between(filter, row.occurred_at) && filter.matches(raw))
    }
}

/// Whether a time is in the window of a filter.
fn is_between(filter: &Filter, time: Option<Timestamp>) -> bool {
    time.is_some_and(|time| {
        filter.from.is_none_or(|from| time >= from) && filter.to.is_none_or(|to| time < to)
    })
}

/// A row of a bundle before anything is committed to.
#[derive(Debug, Clone)]
pub struct Picked {
    /// 1-based position in chain order.
    pub position: u64,
    /// Its id.
    pub id: Option<Id>,
    /// Index of its leaf.
    pub index: u64,
    /// What its HMAC says: `verified`; `frozen`, history that only the signed digest covers; or `mismatched`, `unsigned`,
    /// `malformed`, `unknown-key`.
    pub verdict: &'static str,
    /// Its columns with their values, in the text form of exports.
    pub values: Vec<(&'static str, Value)>,
    /// What finds its inclusion proof.
    pub followed: Followed,
}

/// The value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text, or NULL.
    Plain(Option<String>),
    /// Name and canonical JSON of each member of an object.
    Object(Vec<(String, String)>),
}

/// What a walk gathers.
#[derive(Debug, Clone)]
pub struct Evidence {
    selection: Arc<Selection>,
    tree: Tree,
    /// How many leaves the anchor has that the tree is to continue.
    anchored: Option<u64>,
    /// The first leaf.
    pub first: Option<Digest>,
    /// The rows that were chosen.
    pub picked: Vec<Picked>,
    /// Rows that were chosen and not kept, because there are too many.
    pub dropped: u64,
    /// The first chosen row that cannot be read: its position and the reason.
    pub unreadable: Option<(u64, DecodeError)>,
    /// What finds the proof that the tree continues the anchor.
    pub continues: Option<Followed>,
}

impl Evidence {
    /// Of the rows that a selection chooses.
    pub fn new(selection: Arc<Selection>, anchored: Option<u64>) -> Self {
        Self {
            selection,
            tree: Tree::default(),
            anchored,
            first: None,
            picked: Vec::new(),
            dropped: 0,
            unreadable: None,
            continues: None,
        }
    }

    /// Takes the next row. With anchors, leaves whose rows are gone are taken from there.
    pub fn add(&mut self, row: &Checked, raw: RawRow<'_>, comparison: Option<&Comparison>) {
        if let Some(comparison) = comparison {
            // A row that stands where another was anchored has no leaf: such a log is in no bundle.
            let Some(index) = comparison.last_index else { return };
            self.fill(comparison, index);
        }
        let leaf = leaf_of(row.mac.mac());
        if !self.selection.has(row, raw) {
            return self.push(leaf);
        }
        let verdict = match &row.verdict {
            Verdict::Verified(_) => "verified",
            Verdict::Unverifiable => "frozen",
            Verdict::Mismatch { .. } => "mismatched",
            Verdict::Unsigned => "unsigned",
            Verdict::MalformedMac => "malformed",
            Verdict::UnknownKey(_) => "unknown-key",
            Verdict::Unreadable(error) => return self.reject(row.position, error.clone(), leaf),
        };
        if self.picked.len() == MAX_ROWS {
            self.dropped += 1;
            return self.push(leaf);
        }
        match values(raw) {
            Ok(values) => {
                let index = self.tree.size();
                let followed = self.tree.push_followed(leaf);
                self.pushed(leaf);
                let (position, id) = (row.position, row.id);
                self.picked.push(Picked { position, id, index, verdict, values, followed });
            }
            Err(error) => self.reject(row.position, error, leaf),
        }
    }

    fn reject(&mut self, position: u64, error: DecodeError, leaf: Digest) {
        self.unreadable.get_or_insert((position, error));
        self.push(leaf);
    }

    /// Takes the leaves of rows that are gone, up to an index.
    fn fill(&mut self, comparison: &Comparison, index: usize) {
        let from = usize::try_from(self.tree.size()).unwrap_or(usize::MAX);
        for record in
            comparison.log.records.get(from..index.min(comparison.log.records.len())).unwrap_or_default()
        {
            self.push(record.leaf);
        }
    }

    fn push(&mut self, leaf: Digest) {
        self.tree.push(leaf);
        self.pushed(leaf);
    }

    fn pushed(&mut self, leaf: Digest) {
        self.first.get_or_insert(leaf);
        if Some(self.tree.size()) == self.anchored {
            self.continues = Some(self.tree.follow_size());
        }
    }

    /// The tree when the walk is over.
    pub fn tree(&mut self, comparison: Option<&Comparison>) -> Tree {
        if let Some(comparison) = comparison {
            self.fill(comparison, comparison.log.records.len());
        }
        self.tree.clone()
    }
}

/// The columns of a row with their values, as an export has them.
fn values(raw: RawRow<'_>) -> Result<Vec<(&'static str, Value)>, DecodeError> {
    let mut reader = Values::default();
    let exists = |column: &&Column| raw.field(**column).is_some();
    let value = |column: &Column| {
        let text = match reader.of(raw, *column)? {
            Exported::Null => None,
            Exported::Text(text) => Some(text.to_owned()),
            Exported::Id(id) => Some(id.to_string()),
            Exported::Time(time) => Some(time.canonical()),
            Exported::Truth(truth) => Some(truth.to_string()),
            Exported::Integer(number) => Some(number.to_string()),
        };
        let members = text.as_deref().filter(|_| *column == Column::Metadata).and_then(members);
        Ok((column.name(), members.map_or(Value::Plain(text), Value::Object)))
    };
    Column::ALL.iter().filter(exists).map(value).collect()
}

/// Name and canonical JSON of each member of a canonical JSON object; `None` for everything else.
fn members(text: &str) -> Option<Vec<(String, String)>> {
    let mut rest = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (name, behind) = rest.split_at(end_of(rest, ':')?);
        let behind = &behind[1..];
        let (value, behind) = behind.split_at(end_of(behind, ',').unwrap_or(behind.len()));
        members.push((serde_json::from_str(name).ok()?, value.to_owned()));
        rest = behind.strip_prefix(',').unwrap_or_default();
    }
    Some(members)
}

/// Where the value at the beginning of a canonical text ends: at the first `mark` that is in no string and no bracket.
fn end_of(text: &str, mark: char) -> Option<usize> {
    let (mut depth, mut in_string, mut is_escaped) = (0_u32, false, false);
    for (at, char) in text.char_indices() {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' if in_string => is_escaped = true,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.checked_sub(1)?,
            _ if char == mark && depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_canonical_objects() {
        let found = |text: &str| {
            members(text).map(|members| {
                members.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
            })
        };
        assert_eq!(found("{}"), Some(vec![]));
        assert_eq!(found(r#"{"a":1}"#), Some(vec!["a=1".to_owned()]));
        assert_eq!(
            found(r#"{"a":"x,\"}:{","b":{"c":[1,{"d":","}]},"e\"é,:":null,"f":-1.5e+20}"#),
            Some(
                [r#"a="x,\"}:{""#, r#"b={"c":[1,{"d":","}]}"#, "e\"é,:=null", "f=-1.5e+20"]
                    .map(str::to_owned)
                    .to_vec()
            )
        );
        for other in ["null", "[1,2]", "\"{}\"", "1"] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
