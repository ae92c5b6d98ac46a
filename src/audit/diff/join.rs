//! The merge: both logs read at once in chain order, each row laid beside the one at its place on the other side.

use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;
use std::thread;

use serde_json::Value as Json;

use super::fields::{Fields, common};
use super::report::RowName;
use super::source::{Cursor, Problems, Source, own};
use super::unmatched::{Entry, Key, Unmatched};
use crate::audit::check::{Checker, Verdict};
use crate::audit::export::filter::Filter;
use crate::audit::keys::Keys;
use crate::audit::verify::Progress;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::mac::Digest;
use crate::format::{Id, Timestamp};
use crate::store::batch::{Column, Layout, RawRow, RowBatch};
use crate::store::generation::Family;

/// Time and id of a row.
pub(super) type Place = (Timestamp, Id);

/// Batches that a side may be ahead.
const AHEAD: usize = 2;
/// Different key ids that are counted; a brain has 32 at most.
const MAX_KEYS: usize = 100;
/// Rows about the log itself that are kept, the newest.
const MAX_RECORDS: usize = 1000;

/// A row of one side.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub(super) key: Key,
    pub(super) position: u64,
    /// What it holds, where that was kept.
    pub(super) row: Option<RowBatch>,
}

/// A row that differs, or that one side has.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) here: Option<At>,
    pub(super) there: Option<At>,
}

/// The first items in chain order, and how many there are.
#[derive(Debug)]
pub(super) struct Kept<T> {
    limit: usize,
    items: BTreeMap<(Place, u64), T>,
    pub(super) total: u64,
}

impl<T> Kept<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, items: BTreeMap::new(), total: 0 }
    }

    /// Counts an item, and keeps what `make` makes of it as long as it is one of the first.
    pub(super) fn add(&mut self, place: Place, make: impl FnOnce() -> T) {
        self.total += 1;
        let is_late = self.items.len() >= self.limit
            && self.items.last_key_value().is_none_or(|((last, _), _)| *last <= place);
        if is_late {
            return;
        }
        self.items.insert((place, self.total), make());
        if self.items.len() > self.limit {
            self.items.pop_last();
        }
    }

    pub(super) fn into_items(self) -> impl Iterator<Item = (Place, T)> {
        self.items.into_iter().map(|((place, _), item)| (place, item))
    }
}

/// A row of the log about the log: a prune, a reset, a rotation.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) action: String,
    pub(super) place: Place,
    pub(super) position: u64,
    pub(super) is_verified: bool,
    pub(super) metadata: Json,
}

/// What was seen of one side.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) rows: u64,
    pub(super) first: Option<RowName>,
    pub(super) last: Option<RowName>,
    /// Whether the first row begins the chain: it links to nothing.
    pub(super) begins_chain: bool,
    /// `prev_row_hmac` of the first row.
    pub(super) first_previous: Option<Digest>,
    /// The first row that is not frozen.
    pub(super) first_live: Option<Place>,
    pub(super) keys: BTreeMap<String, u64>,
    pub(super) problems: Problems,
}

impl Seen {
    fn add(&mut self, row: RawRow<'_>, position: u64, place: Option<Place>) {
        self.rows += 1;
        if let Ok(Some(key)) = row.text(Column::HmacKeyId)
            && (self.keys.len() < MAX_KEYS || self.keys.contains_key(key))
        {
            match self.keys.get_mut(key) {
                Some(rows) => *rows += 1,
                None => _ = self.keys.insert(key.to_owned(), 1),
            }
        }
        let Some(place) = place else { return };
        let name = RowName { row: position, audit_id: place.1, occurred_at: place.0 };
        if self.first.is_none() {
            self.first = Some(name);
            let previous = row.text(Column::PrevRowHmac);
            self.begins_chain = matches!(previous, Ok(None));
            self.first_previous =
                previous.ok().flatten().and_then(|previous| Digest::parse(previous.as_bytes()));
        }
        if self.first_live.is_none() && row.boolean(Column::LegacyFrozen).ok().flatten() != Some(true) {
            self.first_live = Some(place);
        }
        self.last = Some(name);
    }

    pub(super) fn first_place(&self) -> Option<Place> {
        self.first.map(|name| (name.occurred_at, name.audit_id))
    }

    pub(super) fn last_place(&self) -> Option<Place> {
        self.last.map(|name| (name.occurred_at, name.audit_id))
    }
}

/// What a merge ends with.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) here: Seen,
    pub(super) there: Seen,
    pub(super) only_here: Unmatched,
    pub(super) only_there: Unmatched,
    pub(super) identical: u64,
    pub(super) changed: Kept<Pair>,
    pub(super) records: Vec<Record>,
}

/// Reads both sides to their ends.
pub(super) fn join(
    context: &Context,
    here: &mut Source,
    there: &mut Source,
    keys: &Keys,
    limit: usize,
    progress: &dyn Progress,
) -> Result<Joined> {
    let (layout_here, layout_there) = (here.layout, there.layout);
    let columns = common_columns(here, there);
    let mut join = Join {
        columns,
        filter: there.filter.clone(),
        layouts: (layout_here, layout_there),
        fields: Fields::default(),
        checker: Checker::new(keys, here.family),
        joined: Joined {
            here: Seen::default(),
            there: Seen::default(),
            only_here: Unmatched::default(),
            only_there: Unmatched::default(),
            identical: 0,
            changed: Kept::new(limit),
            records: Vec::new(),
        },
    };
    progress.begin(here.facts.rows_estimate);
    let result: Result<(Problems, Problems)> = thread::scope(|scope| {
        let (to_here, from_here) = sync_channel(AHEAD);
        let (to_there, from_there) = sync_channel(AHEAD);
        // A side that fails ends its channel; the other one must not wait for ever, so cursors go before threads end.
        let reading_here = scope.spawn(move || here.send(&to_here));
        let reading_there = scope.spawn(move || there.send(&to_there));
        let merged: Result<()> = {
            let cursors = (Cursor::new(from_here, layout_here), Cursor::new(from_there, layout_there));
            join.run(context, cursors, progress)
        };
        let ended = |thread: thread::ScopedJoinHandle<'_, Result<Problems>>| {
            thread.join().unwrap_or_else(|_| Err(Error::bug("a reading thread ended early")))
        };
        let (here, there) = (ended(reading_here), ended(reading_there));
        // Whoever stopped the merge stopped the readers too; what they say then is not the reason.
        merged?;
        Ok((here?, there?))
    });
    progress.finish();
    (join.joined.here.problems, join.joined.there.problems) = result?;
    join.joined.only_here.finish();
    join.joined.only_there.finish();
    Ok(join.joined)
}

/// The columns that can be compared: an upgrade to 1.8 gives every old row its markers.
pub(super) fn common_columns(here: &Source, there: &Source) -> &'static [Column] {
    let columns = common(here.layout, there.layout);
    let is_upgrade = (here.family == Family::Active) != (there.family == Family::Active);
    if is_upgrade { &columns[..columns.len().min(Layout::new(true, false).columns().len())] } else { columns }
}

struct Join<'k> {
    columns: &'static [Column],
    filter: Filter,
    layouts: (Layout, Layout),
    fields: Fields,
    checker: Checker<'k>,
    joined: Joined,
}

impl Join<'_> {
    fn run(
        &mut self,
        context: &Context,
        (mut here, mut there): (Cursor, Cursor),
        progress: &dyn Progress,
    ) -> Result<()> {
        loop {
            let (takes_here, takes_there) = match (here.place(), there.place()) {
                // What has no place waits for its counterpart by id.
                (None, _) if !here.is_over() => (true, false),
                (_, None) if !there.is_over() => (false, true),
                (None, None) => return Ok(()),
                (Some(_), None) => (true, false),
                (None, Some(_)) => (false, true),
                (Some(left), Some(right)) if left == right || is_renamed(left, right, &here, &there) => {
                    self.both(&here, &there, left);
                    (true, true)
                }
                (Some(left), Some(right)) => {
                    let is_first = left < right;
                    (is_first, !is_first)
                }
            };
            if takes_here {
                self.here(&here, takes_there)?;
            }
            if takes_there {
                self.joined.there.add(there.row(), there.position(), there.place());
                if !takes_here {
                    self.joined.only_there.push(entry(&there, true))?;
                }
            }
            let is_new = [takes_here && here.advance(), takes_there && there.advance()];
            if is_new.contains(&true) {
                context.cancel.check()?;
                progress.advance(here.position());
            }
        }
    }

    fn here(&mut self, here: &Cursor, has_counterpart: bool) -> Result<()> {
        let (row, position, place) = (here.row(), here.position(), here.place());
        self.joined.here.add(row, position, place);
        if !has_counterpart {
            self.joined.only_here.push(entry(here, self.filter.holds(row)))?;
        }
        if let (Ok(Some(action)), Some(place)) = (row.text(Column::Action), place)
            && is_about_the_log(action)
        {
            if self.joined.records.len() >= MAX_RECORDS {
                self.joined.records.remove(0);
            }
            let metadata = row.metadata().ok().and_then(|text| serde_json::from_slice(text).ok());
            self.joined.records.push(Record {
                action: action.to_owned(),
                place,
                position,
                is_verified: matches!(self.checker.check(position, row).verdict, Verdict::Verified(_)),
                metadata: metadata.unwrap_or_default(),
            });
        }
        Ok(())
    }

    fn both(&mut self, here: &Cursor, there: &Cursor, place: Place) {
        let (left, right) = (here.row(), there.row());
        if self.fields.compare(self.columns, left, right).is_empty() {
            self.joined.identical += 1;
            return;
        }
        let at = |cursor: &Cursor, layout| {
            let row = cursor.row();
            Some(At { key: Key::of(row), position: cursor.position(), row: Some(own(layout, row)) })
        };
        let layouts = self.layouts;
        self.joined.changed.add(place, || Pair { here: at(here, layouts.0), there: at(there, layouts.1) });
    }
}

/// Whether two rows of one moment are one whose id was changed: both carry the same HMAC.
fn is_renamed(left: Place, right: Place, here: &Cursor, there: &Cursor) -> bool {
    let mac = |cursor: &Cursor| mac_of(cursor.row());
    left.0 == right.0 && mac(here).is_some_and(|mac_here| Some(mac_here) == mac(there))
}

fn mac_of(row: RawRow<'_>) -> Option<Digest> {
    row.text(Column::RowHmac).ok().flatten().and_then(|text| Digest::parse(text.as_bytes()))
}

/// The beginning of a digest, as entries keep it.
pub(super) fn short(mac: Digest) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&mac.0[..8]);
    short
}

fn entry(cursor: &Cursor, is_in_scope: bool) -> Entry {
    let row = cursor.row();
    Entry {
        key: Key::of(row),
        position: cursor.position(),
        mac: mac_of(row).map(short).unwrap_or_default(),
        is_in_scope,
    }
}

fn is_about_the_log(action: &str) -> bool {
    matches!(
        action,
        "audit.prune"
            | "audit.frozen_history_exported"
            | "audit.chain_generation_reset"
            | "audit.chain_generation_started"
            | "audit.chain_key_rotated"
    )
}
