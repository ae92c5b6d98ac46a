//! Rows that stand at a place where the other log has none, to be paired by id once both logs were read.
//!
//! A log that grew for a year has a million of them, so only the newest few are kept in memory; the others lie in sorted
//! runs in an unnamed temporary file, as a database sorts what does not fit.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;

use ring::digest::{Context, SHA256};

use crate::error::{Error, Result};
use crate::format::{Id, Timestamp};
use crate::store::batch::{Column, RawRow};

/// Entries that are kept in memory, and so of one run; 6 MiB.
const RUN: usize = 1 << 17;
/// Entries of a run that are read back at a time.
const CHUNK: usize = 128;
/// Bytes of an entry in the file.
const SIZE: usize = 41;
/// The time of a row that has none.
const NO_TIME: i64 = i64::MIN;

/// What tells one row of a log from all others, also when its id or time cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    id: [u8; 16],
    micros: i64,
}

impl Key {
    pub(super) fn of(row: RawRow<'_>) -> Self {
        let id = row.id().map_or_else(|_| stand_in(row), Id::bytes);
        Self { id, micros: row.occurred_at().map_or(NO_TIME, Timestamp::micros) }
    }

    /// The time, where it can be read.
    pub(super) fn time(self) -> Option<Timestamp> {
        (self.micros != NO_TIME).then_some(Timestamp::from_micros(self.micros))
    }

    /// The place in chain order. Rows without time come first: nobody knows better.
    pub(super) fn place(self) -> (Timestamp, Id) {
        (Timestamp::from_micros(self.micros), Id::from_bytes(self.id))
    }
}

/// A name for a row whose id is none: the same on both sides when the same nonsense stands there.
fn stand_in(row: RawRow<'_>) -> [u8; 16] {
    let mut digest = Context::new(&SHA256);
    digest.update(b"z4jctl unreadable id\0");
    digest.update(row.field(Column::Id).map_or(&[][..], |(_, bytes)| bytes));
    let mut id = [0; 16];
    id.copy_from_slice(&digest.finish().as_ref()[..16]);
    id
}

/// A row that has no counterpart at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) key: Key,
    /// 1-based position in its log.
    pub(super) position: u64,
    /// The first half of its `row_hmac`; zeros when it has none.
    pub(super) mac: [u8; 8],
    /// Whether what was asked for covers it: false for a row that the filter of an export leaves out.
    pub(super) is_in_scope: bool,
}

impl Entry {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key.id);
        out.extend_from_slice(&self.key.micros.to_le_bytes());
        out.extend_from_slice(&self.position.to_le_bytes());
        out.extend_from_slice(&self.mac);
        out.push(u8::from(self.is_in_scope));
    }

    fn read(bytes: &[u8; SIZE]) -> Self {
        let eight = |from: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&bytes[from..from + 8]);
            eight
        };
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[..16]);
        Self {
            key: Key { id, micros: i64::from_le_bytes(eight(16)) },
            position: u64::from_le_bytes(eight(24)),
            mac: eight(32),
            is_in_scope: bytes[40] == 1,
        }
    }
}

/// Entries of one side.
#[derive(Debug, Default)]
pub(super) struct Unmatched {
    newest: Vec<Entry>,
    file: Option<File>,
    /// Sorted runs of [`RUN`] entries in the file.
    runs: u64,
}

impl Unmatched {
    pub(super) fn push(&mut self, entry: Entry) -> Result<()> {
        self.newest.push(entry);
        if self.newest.len() < RUN {
            return Ok(());
        }
        self.newest.sort_unstable();
        let mut bytes = Vec::with_capacity(RUN * SIZE);
        self.newest.iter().for_each(|entry| entry.write(&mut bytes));
        self.newest.clear();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile().map_err(|error| failed(&error))?),
        };
        file.write_all(&bytes).map_err(|error| failed(&error))?;
        self.runs += 1;
        Ok(())
    }

    /// No entry comes any more.
    pub(super) fn finish(&mut self) {
        self.newest.sort_unstable();
    }

    /// All entries by id, then by time.
    pub(super) fn sorted(&self) -> Result<Sorted<'_>> {
        let mut sorted = Sorted { all: self, chunks: Vec::new(), next: BinaryHeap::new() };
        for run in 0..self.runs {
            sorted.chunks.push(Chunk { entries: Vec::new(), at: 0, read: 0 });
            sorted.refill(usize::try_from(run).unwrap_or(usize::MAX))?;
        }
        sorted.chunks.push(Chunk { entries: self.newest.clone(), at: 0, read: RUN });
        sorted.refill(sorted.chunks.len() - 1)?;
        Ok(sorted)
    }
}

fn failed(error: &std::io::Error) -> Error {
    Error::unreachable(
        "diff.spill",
        format!("cannot set aside the rows that only one side has, in a temporary file: {error}"),
    )
    .hint("make room in the directory for temporary files, or name another one in TMPDIR")
}

struct Chunk {
    entries: Vec<Entry>,
    at: usize,
    /// Entries of the run that were read.
    read: usize,
}

/// A merge of the runs.
pub(super) struct Sorted<'u> {
    all: &'u Unmatched,
    chunks: Vec<Chunk>,
    next: BinaryHeap<Reverse<(Entry, usize)>>,
}

impl Sorted<'_> {
    pub(super) fn peek(&self) -> Option<Entry> {
        self.next.peek().map(|Reverse((entry, _))| *entry)
    }

    pub(super) fn next(&mut self) -> Result<Option<Entry>> {
        let Some(Reverse((entry, run))) = self.next.pop() else { return Ok(None) };
        self.refill(run)?;
        Ok(Some(entry))
    }

    /// Takes all entries of one id.
    fn take(&mut self, id: [u8; 16]) -> Result<Vec<Entry>> {
        let mut taken = Vec::new();
        while self.peek().is_some_and(|entry| entry.key.id == id) {
            taken.extend(self.next()?);
        }
        Ok(taken)
    }

    /// Puts the next entry of a run in the heap.
    fn refill(&mut self, run: usize) -> Result<()> {
        let chunk = &mut self.chunks[run];
        if chunk.at == chunk.entries.len() && chunk.read < RUN {
            let Some(file) = &self.all.file else { return Ok(()) };
            let mut bytes = vec![0; CHUNK * SIZE];
            let from = (run * RUN + chunk.read) * SIZE;
            file.read_exact_at(&mut bytes, u64::try_from(from).unwrap_or(u64::MAX))
                .map_err(|error| failed(&error))?;
            chunk.entries = bytes.as_chunks::<SIZE>().0.iter().map(Entry::read).collect();
            chunk.at = 0;
            chunk.read += CHUNK;
        }
        if let Some(entry) = chunk.entries.get(chunk.at) {
            chunk.at += 1;
            self.next.push(Reverse((*entry, run)));
        }
        Ok(())
    }
}

/// Takes the entries of one id, of both sides.
pub(super) type TakeId<'a> = &'a mut dyn FnMut(&[Entry], &[Entry]) -> Result<()>;

/// Hands over the entries of both sides, one id at a time.
pub(super) fn by_id(here: &Unmatched, there: &Unmatched, take: TakeId<'_>) -> Result<()> {
    let (mut here, mut there) = (here.sorted()?, there.sorted()?);
    loop {
        let ids = [here.peek(), there.peek()].map(|entry| entry.map(|entry| entry.key.id));
        let Some(id) = ids.into_iter().flatten().min() else { return Ok(()) };
        take(&here.take(id)?, &there.take(id)?)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64) -> Entry {
        // Ids in an order that is not that of the rows.
        let id = u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes();
        let micros = i64::try_from(number).unwrap_or(0);
        Entry {
            key: Key { id, micros },
            position: number,
            mac: [7; 8],
            is_in_scope: number.is_multiple_of(2),
        }
    }

    #[test]
    fn what_lies_in_the_file_comes_back_in_order_and_whole() {
        let mut all = Unmatched::default();
        let count = u64::try_from(RUN).unwrap_or(0) * 2 + 77;
        for number in 0..count {
            all.push(entry(number)).expect("a temporary file");
        }
        all.finish();
        assert_eq!(all.runs, 2);
        let (mut sorted, mut found, mut last) = (all.sorted().expect("readable"), 0, None);
        while let Some(next) = sorted.next().expect("readable") {
            assert!(last < Some(next.key.id));
            assert_eq!(next, entry(next.position));
            (found, last) = (found + 1, Some(next.key.id));
        }
        assert_eq!(found, count);
    }

    #[test]
    fn both_sides_meet_at_their_ids() {
        let side = |numbers: &[u64]| {
            let mut side = Unmatched::default();
            for number in numbers {
                side.push(entry(*number)).expect("in memory");
            }
            side.finish();
            side
        };
        let (here, there) = (side(&[1, 2, 3]), side(&[3, 4, 1]));
        let mut groups = Vec::new();
        by_id(&here, &there, &mut |here, there| {
            let name = here.first().or(there.first()).map_or(0, |entry| entry.position);
            groups.push((name, here.len(), there.len()));
            Ok(())
        })
        .expect("in memory");
        groups.sort_unstable();
        assert_eq!(groups, [(1, 1, 1), (2, 1, 0), (3, 1, 1), (4, 0, 1)]);
    }
}
