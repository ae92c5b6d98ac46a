//! Walks over parts of a log that follow each other, joined into what one walk over all of it would be.

use super::{Anchor, Chain, EndRow, MAX_SUSPECTS, Suspect, Tally, Walk, is_link};
use crate::audit::check::{Link, Verdict};

impl Walk {
    /// Adds the walk over the rows behind those of this one.
    pub fn append(&mut self, next: Self) {
        let live_before = self.live.tally.rows;
        self.live.append(next.live);
        self.frozen.append(next.frozen);
        self.frozen_without_snapshot += next.frozen_without_snapshot;
        self.foreign_rows += next.foreign_rows;
        for (mac, mut seen) in next.sightings {
            seen.in_chain += live_before;
            self.sightings.insert(mac, seen);
        }
    }
}

impl Chain {
    /// Keeps at most so many suspects; the others are only counted.
    pub fn keep(&mut self, limit: usize) {
        let excess = self.suspects.len().saturating_sub(limit);
        self.suspects.truncate(limit);
        self.dropped += u64::try_from(excess).unwrap_or(0);
        self.bounded = self.bounded.min(limit);
        self.anchored = self.anchored.min(limit);
    }

    /// The link of the first row whose MAC holds.
    pub fn opening_link(&self) -> Option<Link> {
        self.opening_link
    }

    /// Adds the rows that come behind those of this chain. What either side could not know alone is filled in: which
    /// intact rows stand around the suspects at the seam, and whether the first row behind it is linked.
    fn append(&mut self, mut next: Self) {
        if let (Some(last), Some(first), None) = (&self.last, next.first.clone(), next.context) {
            next.link_first(last.mac, &first, self.anchor);
        }
        for suspect in &mut self.suspects[self.bounded..] {
            suspect.before = next.opening_neighbour;
        }
        for suspect in &mut self.suspects[self.anchored..] {
            suspect.next_link = next.opening_link;
        }
        for suspect in &mut next.suspects {
            suspect.anchor = suspect.anchor.or(self.anchor);
            suspect.after = suspect.after.or(self.last_intact);
        }
        let count = self.suspects.len();
        if next.opening_neighbour.is_some() {
            self.bounded = count + next.bounded;
        }
        if next.opening_link.is_some() {
            self.anchored = count + next.anchored;
        }
        self.suspects.append(&mut next.suspects);
        self.dropped += next.dropped;
        self.prunes.append(&mut next.prunes);
        self.keep(MAX_SUSPECTS);
        self.tally.append(&next.tally);
        self.last_intact = next.last_intact.or(self.last_intact);
        self.anchor = next.anchor.or(self.anchor);
        self.opening_link = self.opening_link.or(next.opening_link);
        self.opening_neighbour = self.opening_neighbour.or(next.opening_neighbour);
        if next.first.is_some() {
            self.last = next.last;
            self.first = self.first.take().or(next.first);
        }
    }

    /// Judges the link of the first row, of which nobody knew what comes before it.
    fn link_first(&mut self, expected: Link, first: &EndRow, anchor: Option<Anchor>) {
        let linked = !first.linked || is_link(expected, first.previous);
        match self.suspects.first_mut().filter(|suspect| suspect.position == first.position) {
            Some(suspect) if suspect.expected.is_none() => {
                (suspect.expected, suspect.linked) = (Some(expected), linked);
            }
            Some(_) => return,
            None if linked => {}
            None => self.suspects.insert(
                0,
                Suspect {
                    position: first.position,
                    id: first.id,
                    occurred_at: first.occurred_at,
                    mac: first.mac,
                    previous: first.previous,
                    expected: Some(expected),
                    anchor,
                    linked,
                    verdict: Verdict::Unverifiable,
                    foreign: false,
                    next_link: None,
                    after: None,
                    before: None,
                },
            ),
        }
        self.tally.linked += u64::from(linked);
    }
}

impl Tally {
    /// Adds the rows of a part that comes behind this one.
    fn append(&mut self, next: &Self) {
        self.absorb(next);
        self.unknown_key += next.unknown_key;
        for (key, (rows, first)) in &next.unknown_keys {
            self.unknown_keys.entry(*key).or_insert((0, *first)).0 += rows;
        }
    }
}
