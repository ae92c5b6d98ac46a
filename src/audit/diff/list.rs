//! What differs, as a report tells it: old and new values, and what the HMACs of both sides say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::fields::Fields;
use super::join::{At, Pair, Place, common_columns};
use super::report::{Difference, FieldChange, Hmac, Judgement, Kind};
use super::source::Source;
use super::unmatched::Key;
use crate::audit::check::{Checker, Part, Verdict};
use crate::audit::keys::Keys;
use crate::error::Result;
use crate::identity::redact::Redaction;
use crate::store::batch::{Column, RawRow, RowBatch};
use crate::store::generation::Family;

/// Turns what differs into what a report tells.
pub(super) struct Lister<'a> {
    here: &'a mut Source,
    there: &'a mut Source,
    columns: &'static [Column],
    fields: Fields,
    checkers: [Option<Checker<'a>>; 2],
    redaction: Redaction,
}

impl<'a> Lister<'a> {
    pub(super) fn new(here: &'a mut Source, there: &'a mut Source, keys: &'a Keys, redact: bool) -> Self {
        let checker = |family: Family| {
            let is_configured = !keys.audit.is_empty() && family == Family::Active || !keys.master.is_empty();
            is_configured.then(|| Checker::new(keys, family))
        };
        Self {
            columns: common_columns(here, there),
            fields: Fields::default(),
            checkers: [checker(here.family), checker(there.family)],
            redaction: Redaction::new(redact),
            here,
            there,
        }
    }

    pub(super) fn list(mut self, items: Vec<(Place, (Kind, Pair))>) -> Result<Vec<Difference>> {
        let wanted = |side: fn(&Pair) -> Option<&At>| -> BTreeSet<Key> {
            let open = items.iter().filter_map(|(_, (_, pair))| side(pair)).filter(|at| at.row.is_none());
            open.map(|at| at.key).collect()
        };
        let left = self.here.fetch(&wanted(|pair| pair.here.as_ref()))?;
        let right = self.there.fetch(&wanted(|pair| pair.there.as_ref()))?;
        let row = |at: Option<At>, fetched: &BTreeMap<Key, RowBatch>| {
            at.and_then(|at| Some((at.position, at.row.or_else(|| fetched.get(&at.key).cloned())?)))
        };
        let differences = items.into_iter().map(|(_, (kind, pair))| {
            let (here, there) = (row(pair.here, &left), row(pair.there, &right));
            self.difference(kind, here.as_ref(), there.as_ref())
        });
        Ok(differences.collect())
    }

    fn difference(
        &mut self,
        kind: Kind,
        here: Option<&(u64, RowBatch)>,
        there: Option<&(u64, RowBatch)>,
    ) -> Difference {
        let hmac = |checker: &mut Option<Checker<'_>>, side: Option<&(u64, RowBatch)>| {
            side.map(|(position, batch)| hmac(checker.as_mut(), *position, batch.row(0)))
        };
        let [checker_here, checker_there] = &mut self.checkers;
        let log_hmac = hmac(checker_here, here);
        let copy_hmac = hmac(checker_there, there);
        let shown = here.or(there).map(|(_, batch)| batch.row(0));
        let (mut fields, mut columns) = (Vec::new(), BTreeMap::new());
        let mut same_mac = false;
        if let (Some((_, new)), Some((_, old))) = (here, there) {
            fields = self.fields.compare(self.columns, new.row(0), old.row(0));
            same_mac = !fields.iter().any(|change| change.column == Column::RowHmac.name());
        } else if let Some(row) = shown {
            let layout = if here.is_some() { self.here.layout } else { self.there.layout };
            let values =
                layout.columns().iter().map(|column| (column.name(), self.fields.value(row, *column)));
            columns.extend(values);
        }
        let mut difference = Difference {
            kind,
            row: here.map(|(position, _)| *position),
            copy_row: there.map(|(position, _)| *position),
            audit_id: shown.and_then(|row| row.id().ok()),
            occurred_at: shown.and_then(|row| row.occurred_at().ok()),
            action: shown.and_then(|row| row.display(Column::Action)),
            log_hmac,
            copy_hmac,
            judgement: judgement(log_hmac, copy_hmac, same_mac),
            fields,
            columns,
        };
        hide(&mut self.redaction, &mut difference);
        difference
    }
}

/// Replaces e-mail addresses and network addresses in what a difference shows.
pub(in crate::audit) fn hide(redaction: &mut Redaction, difference: &mut Difference) {
    difference.action = difference.action.take().map(|action| redaction.text(action));
    for FieldChange { column, old, new } in &mut difference.fields {
        *old = redact(redaction, column, std::mem::take(old));
        *new = redact(redaction, column, std::mem::take(new));
    }
    for (column, value) in &mut difference.columns {
        *value = redact(redaction, column, std::mem::take(value));
    }
}

fn redact(redaction: &mut Redaction, column: &str, value: Json) -> Json {
    let is_address = column == Column::SourceIp.name();
    match value {
        Json::String(text) if is_address => Json::String(redaction.address(text)),
        Json::String(text) if column == Column::Metadata.name() => match serde_json::from_str(&text) {
            Ok(metadata) if redaction.is_active() => Json::String(redaction.json(metadata).to_string()),
            _ => Json::String(redaction.text(text)),
        },
        other => redaction.json(other),
    }
}

fn hmac(checker: Option<&mut Checker<'_>>, position: u64, row: RawRow<'_>) -> Hmac {
    let Some(checker) = checker else { return Hmac::NotJudged };
    let checked = checker.check(position, row);
    match checked.verdict {
        Verdict::Verified(_) => Hmac::Verified,
        Verdict::Mismatch { .. } => Hmac::Mismatch,
        Verdict::Unsigned => Hmac::Unsigned,
        Verdict::MalformedMac | Verdict::Unreadable(_) => Hmac::Malformed,
        Verdict::Unverifiable if checked.part == Part::Frozen => Hmac::Unverifiable,
        Verdict::UnknownKey(_) | Verdict::Unverifiable => Hmac::NotJudged,
    }
}

fn judgement(here: Option<Hmac>, there: Option<Hmac>, same_mac: bool) -> Judgement {
    let open = |hmac| matches!(hmac, Hmac::NotJudged | Hmac::Unverifiable);
    match (here, there) {
        (Some(one), None) | (None, Some(one)) => match one {
            Hmac::Verified => Judgement::Genuine,
            one if open(one) => Judgement::NotJudged,
            _ => Judgement::Forged,
        },
        (Some(Hmac::Verified), Some(Hmac::Verified)) if same_mac => Judgement::NotCovered,
        (Some(Hmac::Verified), Some(Hmac::Verified)) => Judgement::ReSigned,
        (Some(here), Some(there)) if open(here) || open(there) => Judgement::NotJudged,
        (_, Some(Hmac::Verified)) => Judgement::Edited,
        (Some(Hmac::Verified), _) => Judgement::CopyEdited,
        (Some(_), Some(_)) => Judgement::BothInvalid,
        (None, None) => Judgement::NotJudged,
    }
}
