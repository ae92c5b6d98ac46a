//! What was done to a log: every suspect of a walk gets a name.
//!
//! A row's own MAC says whether its columns are what was signed; its links say where it belongs. Together they
//! tell an edited row (in its place, MAC wrong) from an inserted one (nothing links to it and the rows around it
//! link past it), a removed row (an intact row names a predecessor that is nowhere) from a moved one (the
//! predecessor is elsewhere). Rows between two intact ones are judged together, from the link of the intact row
//! behind them: it was signed. Whoever is missing is looked for in one second pass over the links alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::audit::check::{Link, Verdict};
use crate::audit::finding::{Class, Finding};
use crate::audit::walk::{Chain, Suspect};
use crate::error::Result;
use crate::format::mac::Digest;
use crate::store::batch::{Column, RawRow};
use crate::store::{Emit, ScanEnd};

/// Positions that are remembered for one MAC; more copies than this tell nothing new.
const MAX_PLACES: usize = 8;

/// Where some MACs stand in a log: as a row's own, and as a row's predecessor.
#[derive(Debug, Default)]
pub struct Places {
    owners: HashMap<Digest, Vec<u64>>,
    successors: HashMap<Digest, Vec<u64>>,
}

/// What a [`Places`] found, in an order of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Positions of rows that carry a MAC.
    pub owners: BTreeMap<Digest, Vec<u64>>,
    /// Positions of rows that link to it.
    pub successors: BTreeMap<Digest, Vec<u64>>,
}

impl Places {
    /// Finds the MACs that the suspects mention, in one pass over the links of the whole log, which `read` makes.
    pub fn find<'s>(
        read: &mut dyn FnMut(Emit<'_>) -> Result<ScanEnd>,
        suspects: impl Iterator<Item = &'s Suspect>,
        ends: Ends,
    ) -> Result<Self> {
        let mut macs: Vec<Digest> = suspects.flat_map(mentioned_by).collect();
        if !macs.is_empty() {
            macs.extend(ends.head);
        }
        Self::of(read, macs)
    }

    /// Finds MACs in one pass over the links of the whole log, which `read` makes.
    pub fn of(
        read: &mut dyn FnMut(Emit<'_>) -> Result<ScanEnd>,
        macs: impl IntoIterator<Item = Digest>,
    ) -> Result<Self> {
        let mut places = Self::default();
        for mac in macs {
            places.owners.entry(mac).or_default();
            places.successors.entry(mac).or_default();
        }
        if places.owners.is_empty() {
            return Ok(places);
        }
        loop {
            let end = read(&mut |mut batch| {
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

    /// What was found.
    pub fn found(&self) -> Found {
        let sorted = |map: &HashMap<Digest, Vec<u64>>| {
            let found = map.iter().filter(|(_, places)| !places.is_empty());
            found.map(|(mac, places)| (*mac, places.clone())).collect()
        };
        Found { owners: sorted(&self.owners), successors: sorted(&self.successors) }
    }

    /// Adds what another pass found, where nothing is known yet.
    pub fn add(&mut self, found: &Found) {
        for (map, others) in [(&mut self.owners, &found.owners), (&mut self.successors, &found.successors)] {
            for (mac, places) in others {
                map.entry(*mac).or_insert_with(|| places.clone());
            }
        }
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

/// The MACs that a suspect mentions.
pub fn mentioned_by(suspect: &Suspect) -> impl Iterator<Item = Digest> + use<> {
    let links = [Some(suspect.previous), Some(suspect.mac), suspect.next_link];
    links.into_iter().flatten().filter_map(Link::mac)
}

impl From<&Found> for Places {
    fn from(found: &Found) -> Self {
        let mut places = Self::default();
        places.add(found);
        places
    }
}

/// What is known of the two ends of a chain from outside it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ends {
    /// The newest row that retention removed: the first row links to it.
    pub start: Option<Digest>,
    /// The newest row.
    pub head: Option<Digest>,
}

/// Names every suspect of a chain. The result is in chain order.
pub fn classify(chain: &Chain, places: &Places, ends: Ends) -> Vec<Finding> {
    let positions: BTreeSet<u64> = chain.suspects.iter().map(|suspect| suspect.position).collect();
    let bad: BTreeSet<u64> = chain
        .suspects
        .iter()
        .filter(|suspect| !suspect.is_intact())
        .map(|suspect| suspect.position)
        .collect();
    let context = Context { positions: &positions, bad: &bad, places, ends };
    let mut findings: Vec<Finding> = Vec::new();
    let mut rest = chain.suspects.as_slice();
    while let Some(first) = rest.first() {
        // Rows that stand between the same two intact rows explain each other.
        let same = rest.iter().take_while(|suspect| suspect.anchor == first.anchor).count();
        let (gap, behind) = rest.split_at(same);
        context.name_gap(gap, &mut findings);
        rest = behind;
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
    positions: &'a BTreeSet<u64>,
    bad: &'a BTreeSet<u64>,
    places: &'a Places,
    ends: Ends,
}

impl Context<'_> {
    /// Names the rows between two intact ones: those whose MAC does not hold, and the intact row behind them when
    /// it does not link to the row before it.
    fn name_gap(&self, gap: &[Suspect], findings: &mut Vec<Finding>) {
        let rows: Vec<&Suspect> = gap.iter().filter(|suspect| !suspect.is_intact()).collect();
        let behind = gap.iter().find(|suspect| suspect.is_intact());
        let mut is_explained = false;
        if let Some(first) = rows.first() {
            // Where nothing says what the newest row is, the last one that is linked has to do.
            let last =
                rows.last().filter(|last| last.linked && last.mac.mac().is_some()).map(|last| last.mac);
            let wanted = first.next_link.or(self.ends.head.map(Link::Mac)).or(last);
            let begins = first.anchor.map(|anchor| anchor.mac);
            let path = Path::trace(&rows, wanted, |link| self.is_start(begins, link));
            is_explained = !path.members.is_empty();
            // From the end: a moved row vouches for the moved row that it links to.
            let mut moved: BTreeSet<Digest> = BTreeSet::new();
            let mut named: Vec<Finding> = Vec::with_capacity(rows.len());
            for (index, suspect) in rows.iter().enumerate().rev() {
                let (class, message) = self.bad_row(suspect, index, wanted, &path, &moved);
                if class == Class::Reordered {
                    moved.extend(suspect.previous.mac());
                }
                // It stands where the intact row behind it wants a row that is nowhere.
                let fills = matches!(class, Class::Edited | Class::Unsigned | Class::Malformed);
                is_explained |= fills && !path.is_closed && self.is_missing(wanted);
                named.push(about(suspect, class, message));
            }
            findings.extend(named.into_iter().rev());
        }
        if let Some(suspect) = behind.filter(|suspect| !suspect.linked && !is_explained)
            && let Some((class, message)) = self.broken_link(suspect)
        {
            findings.push(about(suspect, class, message));
        }
    }

    /// Whether a link leads to what stands before a gap: the intact row there, or the beginning of the chain.
    fn is_start(&self, begins: Option<Link>, link: Link) -> bool {
        match begins {
            Some(mac) => mac == link,
            None => link == Link::Null || link.mac().is_some_and(|mac| self.ends.start == Some(mac)),
        }
    }

    /// Whether a link names a row that is nowhere in the log.
    fn is_missing(&self, link: Option<Link>) -> bool {
        link.is_none_or(|link| link != Link::Null && self.places.owners(link).is_empty())
    }

    /// A row whose own columns are not what was signed.
    fn bad_row(
        &self,
        suspect: &Suspect,
        index: usize,
        wanted: Option<Link>,
        path: &Path,
        moved: &BTreeSet<Digest>,
    ) -> (Class, String) {
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
            _ => {}
        }
        let reason = match &suspect.verdict {
            Verdict::Mismatch { reason, .. } => reason.as_deref(),
            _ if suspect.foreign => {
                Some("column chain_generation is not the generation that the chain state names")
            }
            _ => None,
        };
        match path.members.get(&index) {
            Some(Member { in_order: false, .. }) => {
                return (
                    Class::Reordered,
                    "was moved: the links put it elsewhere among the rows around it".into(),
                );
            }
            Some(Member { by_columns: true, .. }) => {
                return (
                    Class::Edited,
                    "had its row_hmac changed; its other columns are what was signed".into(),
                );
            }
            Some(_)
                if suspect.next_link.is_none() && self.ends.head.is_none() && wanted == Some(suspect.mac) =>
            {
                return (
                    Class::Edited,
                    "the newest row does not match its row_hmac: it was changed, or added without the key"
                        .into(),
                );
            }
            Some(_) => {
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
            None => {}
        }
        let others = self.places.owners(suspect.mac).iter().filter(|other| **other != suspect.position);
        if let Some(original) = others.copied().find(|other| !self.bad.contains(other)) {
            return (
                Class::Duplicated,
                format!("carries the row_hmac of row {original} and does not match it"),
            );
        }
        let elsewhere = self.places.successors(suspect.mac).iter().find(|other| !self.bad.contains(other));
        if let Some(elsewhere) = elsewhere {
            return (
                Class::Reordered,
                format!("was moved: row {elsewhere} links to it, and its own columns were changed"),
            );
        }
        if suspect.mac.mac().is_some_and(|mac| moved.contains(&mac)) {
            return (Class::Reordered, "was moved together with the row that links to it".into());
        }
        if suspect.foreign {
            return (
                Class::Inserted,
                "belongs to another chain generation than the one that the chain state names".into(),
            );
        }
        if path.is_closed {
            return (
                Class::Inserted,
                "was never part of the chain: the rows before and behind it link to each other".into(),
            );
        }
        match wanted {
            None => (Class::Inserted, "was added behind the newest row without the key".into()),
            Some(_) if suspect.linked && self.is_missing(wanted) => (
                Class::Edited,
                "was replaced, or changed and the row behind it removed: the next intact row names neither its columns nor \
                 its row_hmac"
                    .into(),
            ),
            Some(_) => (Class::Inserted, "was never part of the chain: no row links to it".into()),
        }
    }

    /// An intact row that does not link to the row before it, and no row between it and the last intact one says why.
    fn broken_link(&self, suspect: &Suspect) -> Option<(Class, String)> {
        let position = suspect.position;
        if self.is_start(suspect.anchor.map(|anchor| anchor.mac), suspect.previous) {
            return None;
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
        owners.iter().any(|owner| self.positions.range(owner + 1..position).next().is_some())
    }
}

/// How the rows of a gap link the intact row behind them to the one before them.
struct Path {
    /// By index in the gap.
    members: BTreeMap<usize, Member>,
    /// Whether the path leads from the row behind the gap to the one before it: no row is missing, and a row of the
    /// gap that is not on the path is one too many.
    is_closed: bool,
}

/// A row that the row behind it names as its predecessor: it was signed, and changed since.
struct Member {
    /// Whether it is named by what its columns lead to, not by the MAC that it carries.
    by_columns: bool,
    /// Whether it stands before the row that names it.
    in_order: bool,
}

impl Path {
    /// Follows the links from behind. A changed row's own link is no proof, but it is where the trace goes on.
    fn trace(rows: &[&Suspect], wanted: Option<Link>, is_start: impl Fn(Link) -> bool) -> Self {
        let mut by_mac: HashMap<Digest, (usize, bool)> = HashMap::new();
        for (index, suspect) in rows.iter().enumerate() {
            if let Verdict::Mismatch { computed: Some(computed), .. } = &suspect.verdict {
                by_mac.entry(*computed).or_insert((index, true));
            }
        }
        for (index, suspect) in rows.iter().enumerate() {
            if let Some(mac) = suspect.mac.mac() {
                by_mac.insert(mac, (index, false));
            }
        }
        let mut path = Self { members: BTreeMap::new(), is_closed: false };
        let (mut link, mut named_by) = (wanted, rows.len());
        while let Some(wanted) = link {
            if is_start(wanted) {
                path.is_closed = true;
                break;
            }
            let Some((index, by_columns)) = wanted.mac().and_then(|mac| by_mac.get(&mac).copied()) else {
                break;
            };
            if path.members.contains_key(&index) {
                break;
            }
            let in_order = index < named_by;
            if !in_order && let Some(before) = path.members.get_mut(&named_by) {
                before.in_order = false;
            }
            path.members.insert(index, Member { by_columns, in_order });
            (link, named_by) = (Some(rows[index].previous), index);
        }
        path
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
