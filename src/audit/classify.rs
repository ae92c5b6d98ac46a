//! What was done to a log: every suspect of a walk gets a name.
//!
//! A row's own MAC says whether its columns are what was signed; its links say where it belongs. Together they
//! tell an edited row (in its place, MAC wrong) from an inserted one (nothing links to it and the rows around it
//! link past it), a removed row (an intact row names a predecessor that is nowhere) from a moved one (the
//! predecessor is elsewhere). Whoever is missing is looked for in one second pass over the links alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::audit::check::{Link, Verdict};
use crate::audit::finding::{Class, Finding};
use crate::audit::walk::{Chain, Suspect};
use crate::error::Result;
use crate::format::mac::Digest;
use crate::store::batch::{Column, Layout, RawRow};
use crate::store::{Scan, ScanEnd, Store};

/// Positions that are remembered for one MAC; more copies than this tell nothing new.
const MAX_PLACES: usize = 8;

/// Where some MACs stand in a log: as a row's own, and as a row's predecessor.
#[derive(Debug, Default)]
pub struct Places {
    owners: HashMap<Digest, Vec<u64>>,
    successors: HashMap<Digest, Vec<u64>>,
}

impl Places {
    /// Finds the MACs that the suspects mention, in one pass over the links of the whole log.
    pub fn find<'s>(store: &mut Store, suspects: impl Iterator<Item = &'s Suspect>) -> Result<Self> {
        let mut places = Self::default();
        for suspect in suspects {
            for link in
                [Some(suspect.previous), Some(suspect.mac), suspect.next_previous].into_iter().flatten()
            {
                if let Some(mac) = link.mac() {
                    places.owners.entry(mac).or_default();
                    places.successors.entry(mac).or_default();
                }
            }
        }
        if places.owners.is_empty() {
            return Ok(places);
        }
        let scan = Scan { layout: Layout::links(), since: None, until: None };
        loop {
            let end = store.scan(&scan, &mut |mut batch| {
                for (position, row) in batch.rows() {
                    note(&mut places.owners, mac_of(row, Column::RowHmac), position);
                    note(&mut places.successors, mac_of(row, Column::PrevRowHmac), position);
                }
                batch.clear(1);
                Ok(batch)
            })?;
            if end == ScanEnd::Complete {
                break;
            }
            places.owners.values_mut().chain(places.successors.values_mut()).for_each(Vec::clear);
        }
        Ok(places)
    }

    fn owners(&self, mac: Link) -> &[u64] {
        mac.mac().and_then(|mac| self.owners.get(&mac)).map_or(&[], Vec::as_slice)
    }

    fn successors(&self, mac: Link) -> &[u64] {
        mac.mac().and_then(|mac| self.successors.get(&mac)).map_or(&[], Vec::as_slice)
    }
}

fn mac_of(row: RawRow<'_>, column: Column) -> Option<Digest> {
    row.text(column).ok().flatten().and_then(|text| Digest::parse(text.as_bytes()))
}

fn note(map: &mut HashMap<Digest, Vec<u64>>, mac: Option<Digest>, position: u64) {
    if let Some(places) = mac.and_then(|mac| map.get_mut(&mac))
        && places.len() < MAX_PLACES
    {
        places.push(position);
    }
}

/// Names every suspect of a chain. The result is in chain order.
pub fn classify(chain: &Chain, places: &Places) -> Vec<Finding> {
    let suspects: BTreeMap<u64, &Suspect> =
        chain.suspects.iter().map(|suspect| (suspect.position, suspect)).collect();
    let bad: BTreeSet<u64> = chain
        .suspects
        .iter()
        .filter(|suspect| !suspect.is_intact())
        .map(|suspect| suspect.position)
        .collect();
    let mut findings: Vec<Finding> = Vec::new();
    let mut previous: Option<&Suspect> = None;
    for suspect in &chain.suspects {
        let context = Context { suspects: &suspects, bad: &bad, places, previous };
        let named = if suspect.is_intact() {
            if suspect.linked { None } else { context.broken_link(suspect) }
        } else {
            Some(context.bad_row(suspect))
        };
        if let Some((class, message)) = named {
            findings.push(about(suspect, class, message));
        }
        previous = Some(suspect);
    }
    let broken = chain.suspects.iter().find(|suspect| suspect.is_intact() && !suspect.linked);
    if let (true, Some(suspect)) = (findings.is_empty(), broken) {
        // Nothing explains the broken link, and a broken link is never passed over in silence.
        findings.push(about(
            suspect,
            Class::Reordered,
            "does not link to the row before it in time, and no other row explains why".into(),
        ));
    }
    findings
}

struct Context<'a> {
    suspects: &'a BTreeMap<u64, &'a Suspect>,
    bad: &'a BTreeSet<u64>,
    places: &'a Places,
    previous: Option<&'a Suspect>,
}

impl Context<'_> {
    /// A row whose own columns are not what was signed.
    fn bad_row(&self, suspect: &Suspect) -> (Class, String) {
        let position = suspect.position;
        match &suspect.verdict {
            Verdict::Unreadable(error) => {
                return (Class::Malformed, format!("column {} {}", error.column, error.reason));
            }
            Verdict::Unsigned => {
                return (Class::Unsigned, "has no row_hmac; every row of this format must have one".into());
            }
            Verdict::MalformedMac => {
                return (Class::Malformed, "row_hmac is not 64 lower-case hexadecimal digits".into());
            }
            _ if suspect.foreign => {
                return (
                    Class::Inserted,
                    "belongs to another chain generation than the one that the chain state names".into(),
                );
            }
            _ => {}
        }
        let (computed, reason) = match &suspect.verdict {
            Verdict::Mismatch { computed, reason } => (*computed, reason.as_deref()),
            _ => (None, None),
        };
        let others = self.places.owners(suspect.mac).iter().filter(|other| **other != position);
        let original = others.copied().find(|other| !self.bad.contains(other));
        if let Some(original) = original {
            return (
                Class::Duplicated,
                format!("carries the row_hmac of row {original} and does not match it"),
            );
        }
        let next = suspect.next_previous;
        let successors = self.places.successors(suspect.mac);
        let next_links_here = next.is_some() && next == Some(suspect.mac) && suspect.mac.mac().is_some();
        if next_links_here {
            let link = if suspect.linked { "" } else { ", among them its link to the row before" };
            return (
                Class::Edited,
                match reason {
                    Some(reason) => format!("was changed after it was signed: {reason}"),
                    None => format!(
                        "was changed after it was signed: its columns{link} do not match its row_hmac"
                    ),
                },
            );
        }
        if let Some(elsewhere) = successors.first() {
            return (
                Class::Reordered,
                format!("was moved: row {elsewhere} links to it, and its own columns were changed"),
            );
        }
        match next {
            Some(Link::Mac(next)) if Some(next) == computed => {
                (Class::Edited, "had its row_hmac changed; its other columns are what was signed".into())
            }
            Some(next) if Some(next) == suspect.expected => (
                Class::Inserted,
                "was never part of the chain: the rows before and behind it link to each other".into(),
            ),
            None if suspect.linked => (
                Class::Edited,
                "the newest row does not match its row_hmac: it was changed, or added without the key".into(),
            ),
            None => (Class::Inserted, "was added behind the newest row without the key".into()),
            Some(next) if self.places.owners(next).is_empty() => (
                Class::Edited,
                "was replaced: neither its columns nor its row_hmac are what the row behind it names".into(),
            ),
            Some(_) => (Class::Inserted, "was never part of the chain: no row links to it".into()),
        }
    }

    /// An intact row that does not link to the row before it.
    fn broken_link(&self, suspect: &Suspect) -> Option<(Class, String)> {
        let position = suspect.position;
        if let Some(previous) = self.previous.filter(|previous| !previous.is_intact()) {
            let computed = match &previous.verdict {
                Verdict::Mismatch { computed, .. } => *computed,
                _ => None,
            };
            let replaced = self.places.owners(suspect.previous).is_empty() && suspect.previous != Link::Null;
            let adjacent = !suspect.previous_intact;
            if adjacent && (replaced || suspect.previous.mac() == computed) {
                // The row before it was replaced, or its MAC was: said there.
                return None;
            }
        }
        if suspect.previous == Link::Null {
            return Some((
                Class::Forked,
                "begins a second chain: it links to nothing, and rows come before it".into(),
            ));
        }
        let owners = self.places.owners(suspect.previous);
        if owners.is_empty() {
            return Some((
                Class::Removed,
                "names a predecessor that is not in the log: rows before it are missing".into(),
            ));
        }
        let sibling = self
            .places
            .successors(suspect.previous)
            .iter()
            .find(|other| **other < position && !self.bad.contains(other));
        if let Some(sibling) = sibling {
            return Some((
                Class::Forked,
                format!("continues the same row as row {sibling} does; both are signed"),
            ));
        }
        match owners.iter().find(|owner| **owner > position) {
            Some(owner) if self.bad.contains(owner) => None,
            Some(owner) => Some((
                Class::Reordered,
                format!("links to row {owner}, which comes later in time; both are signed"),
            )),
            // The predecessor comes earlier and nobody else continues it: what lies between was put there, or
            // moved there, and is named itself.
            None if self.explains_gap(owners, position) => None,
            None => Some((
                Class::Reordered,
                format!("links to row {}, not to the row before it in time", owners[0]),
            )),
        }
    }

    /// Whether some row between a predecessor and its successor is a suspect itself.
    fn explains_gap(&self, owners: &[u64], position: u64) -> bool {
        owners.iter().any(|owner| self.suspects.range(owner + 1..position).next().is_some())
    }
}

fn about(suspect: &Suspect, class: Class, message: String) -> Finding {
    let link = |link: Link| Some(link.display());
    let unreadable = matches!(suspect.verdict, Verdict::Unreadable(_));
    let finding = Finding {
        row: Some(suspect.position),
        audit_id: suspect.id,
        occurred_at: suspect.occurred_at,
        after: suspect.after,
        before: suspect.before,
        expected_prev_row_hmac: suspect.expected.and_then(link),
        got_prev_row_hmac: link(suspect.previous),
        ..Finding::new(class, message)
    };
    // What cannot be read can be neither confirmed nor refuted.
    if unreadable { finding.undecided() } else { finding }
}
