//! A directory of anchors: reading it, and verifying it as far as it can be without the database.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::audit::check::Checked;
use crate::error::{Error, Result};
use crate::format::checkpoint::Checkpoint;
use crate::format::merkle::{Tree, hash, leaf_hash};
use crate::format::note::{Note, Signed, VerifierKey};
use crate::format::{Digest, Id, Timestamp};
use crate::whole_file;

/// Bytes of one leaf in a `.leaves` file.
pub const RECORD_BYTES: usize = 56;

/// The end of the name of a checkpoint's file.
pub const CHECKPOINT: &str = ".checkpoint";
/// The end of the name of the file with its leaves.
pub const LEAVES: &str = ".leaves";
/// The end of the name of the file with its timestamp.
pub const TIMESTAMP: &str = ".tsr";

/// No checkpoint is larger, bytes.
const MAX_CHECKPOINT: u64 = 1 << 20;

/// The leaf of a row by its `row_hmac`; a row without a usable one is an empty leaf.
pub fn leaf_of(row_hmac: Option<Digest>) -> Digest {
    row_hmac.map_or_else(|| leaf_hash(b""), |mac| leaf_hash(&mac.0))
}

/// What is kept of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// RFC 6962 hash of its `row_hmac`.
    pub leaf: Digest,
    id: [u8; 16],
    micros: i64,
}

impl Record {
    /// Of a row of a walk.
    pub fn of(row: &Checked) -> Self {
        let leaf = leaf_of(row.mac.mac());
        let micros = row.occurred_at.map_or(i64::MIN, Timestamp::micros);
        Self { leaf, id: row.id.map_or([0; 16], Id::bytes), micros }
    }

    /// `audit_log.id`; `None` when it could not be read.
    pub fn id(&self) -> Option<Id> {
        (self.id != [0; 16]).then(|| Id::from_bytes(self.id))
    }

    /// `audit_log.occurred_at`; `None` when it could not be read.
    pub fn occurred_at(&self) -> Option<Timestamp> {
        (self.micros != i64::MIN).then(|| Timestamp::from_micros(self.micros))
    }

    /// Appends the bytes of the `.leaves` file.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.leaf.0);
        out.extend_from_slice(&self.id);
        out.extend_from_slice(&self.micros.to_be_bytes());
    }

    fn read(bytes: &[u8; RECORD_BYTES]) -> Self {
        let (mut leaf, mut id, mut micros) = ([0; 32], [0; 16], [0; 8]);
        leaf.copy_from_slice(&bytes[..32]);
        id.copy_from_slice(&bytes[32..48]);
        micros.copy_from_slice(&bytes[48..]);
        Self { leaf: Digest(leaf), id, micros: i64::from_be_bytes(micros) }
    }
}

/// Why an anchor is not believed. Those behind it are not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// One sentence, with the name of the file.
    pub message: String,
    /// Whether it can have an innocent cause: a key that nobody has trusted yet.
    pub undecided: bool,
}

/// The anchors of a directory that are believed, and the leaves that they sign.
#[derive(Debug, Default)]
pub struct AnchorLog {
    /// Where they are.
    pub directory: PathBuf,
    /// The checkpoints, oldest first.
    pub checkpoints: Vec<Checkpoint>,
    /// The name of the newest one's file.
    pub newest_file: Option<String>,
    /// SHA-256 of the newest one's text.
    pub newest_digest: Option<Digest>,
    /// SHA-256 of the file of each of them, which is what a timestamp is over.
    pub file_digests: Vec<Digest>,
    /// Who signed the newest.
    pub signer: Option<String>,
    /// Every leaf, in order.
    pub records: Vec<Record>,
    /// The tree over them.
    pub tree: Tree,
    /// Why the rest is not believed.
    pub problem: Option<Problem>,
    by_leaf: OnceLock<Vec<usize>>,
    by_id: OnceLock<Vec<usize>>,
}

impl AnchorLog {
    /// Reads a directory.
    ///
    /// # Errors
    ///
    /// `Unreachable` when it cannot be read. What is wrong with an anchor is a [`Problem`], not an error.
    pub fn read(directory: &Path, trusted: &[VerifierKey]) -> Result<Self> {
        let mut log = Self { directory: directory.to_owned(), ..Self::default() };
        for stem in stems(directory, CHECKPOINT)? {
            if let Err(problem) = log.add(&stem, trusted) {
                log.problem = Some(problem);
                break;
            }
        }
        Ok(log)
    }

    /// The newest anchor that is believed.
    pub fn newest(&self) -> Option<&Checkpoint> {
        self.checkpoints.last()
    }

    /// The first anchor that has the leaf at an index.
    pub fn anchor_of(&self, index: usize) -> Option<&Checkpoint> {
        self.checkpoints.iter().find(|checkpoint| checkpoint.size > index as u64)
    }

    /// The index of a leaf, when it is one; the first one of equal leaves.
    pub fn find_leaf(&self, leaf: Digest) -> Option<usize> {
        find(&self.records, &self.by_leaf, |record| record.leaf.0, &leaf.0)
    }

    /// The index of the row with this id.
    pub fn find_id(&self, id: Id) -> Option<usize> {
        find(&self.records, &self.by_id, |record| record.id, &id.bytes())
    }

    fn add(&mut self, stem: &str, trusted: &[VerifierKey]) -> std::result::Result<(), Problem> {
        let problem = |message: &str, undecided| Problem {
            message: format!("anchor {stem}{CHECKPOINT}: {message}"),
            undecided,
        };
        let damaged = |message: &str| problem(message, false);
        let text = read_limited(&self.directory.join(format!("{stem}.checkpoint")))
            .map_err(|error| damaged(&format!("it cannot be read: {error}")))?;
        let note = Note::parse(&text).ok_or_else(|| damaged("it is not a signed note"))?;
        let signer = match note.verify(trusted) {
            Signed::By(who) => who,
            Signed::Wrong(who) => {
                return Err(damaged(&format!("the signature of {who} does not match: it was changed")));
            }
            Signed::Unknown(who) => {
                let message = format!(
                    "it is signed by {}, whom nobody trusts; see `z4jctl signing-key trust`",
                    if who.is_empty() { "nobody".to_owned() } else { who.join(", ") }
                );
                return Err(problem(&message, true));
            }
        };
        let checkpoint = Checkpoint::parse(&note.text)
            .map_err(|reason| damaged(&format!("it is not a checkpoint of z4jctl: {reason}")))?;
        if stem != file_stem(&checkpoint) {
            return Err(damaged(&format!("it belongs under the name {}.checkpoint", file_stem(&checkpoint))));
        }
        let expected = self.newest().map_or(1, |newest| newest.sequence + 1);
        if checkpoint.sequence != expected {
            return Err(damaged(&format!("number {expected} is missing before it")));
        }
        let size_before = self.tree.size();
        if let Some(newest) = self.newest() {
            let reason = if checkpoint.origin != newest.origin {
                "it is of another log, by its origin"
            } else if checkpoint.size < newest.size {
                "it has fewer rows than the one before it"
            } else if checkpoint.time < newest.time {
                "it is older than the one before it"
            } else {
                ""
            };
            if !reason.is_empty() {
                return Err(damaged(reason));
            }
        }
        if checkpoint.previous != self.newest_digest {
            return Err(damaged("the one before it is not the one that it was made behind"));
        }
        let leaves = fs::read(self.directory.join(format!("{stem}.leaves")))
            .map_err(|error| damaged(&format!("{stem}.leaves cannot be read: {error}")))?;
        let count = (leaves.len() / RECORD_BYTES) as u64;
        if hash(&[&leaves]) != checkpoint.leaves
            || !leaves.len().is_multiple_of(RECORD_BYTES)
            || checkpoint.size - size_before != count
        {
            return Err(damaged(&format!("{stem}.leaves is not the file that it names")));
        }
        let (chunks, _) = leaves.as_chunks::<RECORD_BYTES>();
        let mut tree = self.tree.clone();
        for chunk in chunks {
            tree.push(Record::read(chunk).leaf);
        }
        if tree.root() != checkpoint.root {
            return Err(damaged("its root is not that of its leaves"));
        }
        self.records.extend(chunks.iter().map(Record::read));
        self.tree = tree;
        self.newest_digest = Some(hash(&[note.text.as_bytes()]));
        self.newest_file = Some(format!("{stem}.checkpoint"));
        self.signer = Some(signer);
        self.file_digests.push(hash(&[text.as_bytes()]));
        self.checkpoints.push(checkpoint);
        Ok(())
    }
}

/// The name of the files of an anchor, without their ends.
pub fn file_stem(checkpoint: &Checkpoint) -> String {
    format!("{:010}-{}", checkpoint.sequence, checkpoint.size)
}

fn find<K: Ord>(
    records: &[Record],
    index: &OnceLock<Vec<usize>>,
    key: impl Fn(&Record) -> K,
    wanted: &K,
) -> Option<usize> {
    let index = index.get_or_init(|| {
        let mut index: Vec<usize> = (0..records.len()).collect();
        index.sort_by_key(|at| key(&records[*at]));
        index
    });
    let at = index.partition_point(|at| key(&records[*at]) < *wanted);
    index.get(at).copied().filter(|at| key(&records[*at]) == *wanted)
}

/// The names in a directory that have this end, without it, in order.
pub(super) fn stems(directory: &Path, end: &str) -> Result<Vec<String>> {
    let fail = |error: &io::Error| {
        Error::unreachable(
            "anchors.unreadable",
            format!("cannot read the anchors in {}: {error}", directory.display()),
        )
        .hint("give the directory that `z4jctl audit anchor --to` writes to")
    };
    let mut stems = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| fail(&error))? {
        let name = entry.map_err(|error| fail(&error))?.file_name().to_string_lossy().into_owned();
        stems.extend(name.strip_suffix(end).map(str::to_owned));
    }
    stems.sort_unstable();
    Ok(stems)
}

fn read_limited(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(MAX_CHECKPOINT).read_to_string(&mut text)?;
    Ok(text)
}

/// Writes a file whole or not at all.
pub(super) fn put(path: &Path, bytes: &[u8], may_replace: bool) -> Result<()> {
    whole_file::put(path, bytes, 0o644, may_replace).map_err(|error| cannot_write(path, &error))
}

/// The error when it cannot be written.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Error {
    Error::refused("anchor.write", format!("cannot write {}: {}", path.display(), whole_file::reason(error)))
        .hint("check that the directory may be written to")
}
