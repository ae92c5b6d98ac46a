//! Checkpoints of an audit log (C2SP tlog-checkpoint, <https://c2sp.org/tlog-checkpoint>): origin, number of leaves,
//! Merkle root, and extension lines `z4jctl/1 <key> <value>` with what a verification needs beside the tree.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::mac::Digest;
use super::merkle::TreeHead;
use super::{Id, Timestamp};

/// What begins an extension line of ours.
const EXTENSION: &str = "z4jctl/1 ";

/// A checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is of.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root of the Merkle tree (RFC 6962) over them.
    pub root: Digest,
    /// Its number in its place, from 1 (`sequence`).
    pub sequence: u64,
    /// When it was made (`time`).
    pub time: Timestamp,
    /// The generation of the active chain, `None` before 1.8 (`generation`).
    pub generation: Option<Id>,
    /// The newest row: its id, time and `row_hmac` (`head`); `None` when that row cannot be read.
    pub head: Option<Head>,
    /// SHA-256 of the file with the leaves that the checkpoint before it does not have (`leaves`).
    pub leaves: Digest,
    /// SHA-256 of the text of the checkpoint before it (`previous`).
    pub previous: Option<Digest>,
    /// `None` when the log verified; otherwise the exit code of `audit verify` (`unverified`).
    pub unverified: Option<u8>,
}

/// The newest row of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// `audit_log.id`.
    pub id: Id,
    /// `audit_log.occurred_at`.
    pub occurred_at: Timestamp,
    /// `audit_log.row_hmac`.
    pub row_hmac: Digest,
}

/// The first three lines of a checkpoint.
pub fn begin(origin: &str, tree: TreeHead) -> String {
    format!("{origin}\n{}\n{}\n", tree.size, STANDARD.encode(tree.root.0))
}

/// Appends an extension line of ours.
pub fn extend(text: &mut String, key: &str, value: &str) {
    text.push_str(&format!("{EXTENSION}{key} {value}\n"));
}

/// A checkpoint taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines<'t> {
    /// Which log it is of.
    pub origin: &'t str,
    /// Its tree.
    pub tree: TreeHead,
    /// Key and value of our extension lines.
    pub ours: Vec<(&'t str, &'t str)>,
}

impl<'t> Lines<'t> {
    /// Takes the text of a checkpoint apart. Extension lines that are not ours are skipped.
    ///
    /// # Errors
    ///
    /// A sentence fragment that names what is missing or wrong.
    pub fn parse(text: &'t str) -> Result<Self, &'static str> {
        let mut lines = text.strip_suffix('\n').ok_or("its last line does not end")?.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or("it has no origin")?;
        let size = lines.next().and_then(number).ok_or("its size is not a number")?;
        let root = lines.next().and_then(root).ok_or("its root is not 32 bytes in base64")?;
        let mut ours = Vec::new();
        for line in lines {
            if line.is_empty() {
                return Err("it has an empty line");
            }
            ours.extend(line.strip_prefix(EXTENSION).and_then(|line| line.split_once(' ')));
        }
        Ok(Self { origin, tree: TreeHead { size, root }, ours })
    }
}

/// A root in base64.
pub fn root(text: &str) -> Option<Digest> {
    STANDARD.decode(text).ok()?.try_into().ok().map(Digest)
}

impl Checkpoint {
    /// The text to sign.
    pub fn to_text(&self) -> String {
        let mut text = begin(&self.origin, TreeHead { size: self.size, root: self.root });
        let mut line = |key: &str, value: String| extend(&mut text, key, &value);
        line("sequence", self.sequence.to_string());
        line("time", self.time.zulu());
        if let Some(generation) = self.generation {
            line("generation", generation.to_string());
        }
        if let Some(head) = self.head {
            line("head", head.to_text());
        }
        line("leaves", self.leaves.to_string());
        if let Some(previous) = self.previous {
            line("previous", previous.to_string());
        }
        if let Some(code) = self.unverified {
            line("unverified", code.to_string());
        }
        text
    }

    /// Reads the text of a note. Extension lines that are not ours, or not known, are skipped: later releases may add some.
    ///
    /// # Errors
    ///
    /// A sentence fragment that names what is missing or wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Lines { origin, tree: TreeHead { size, root }, ours } = Lines::parse(text)?;
        let (mut sequence, mut time, mut generation, mut head) = (None, None, None, None);
        let (mut leaves, mut previous, mut unverified) = (None, None, None);
        for (key, value) in ours {
            let digest = || Digest::parse(value.as_bytes()).ok_or("a digest is not 64 hexadecimal digits");
            match key {
                "sequence" => sequence = number(value),
                "time" => time = Timestamp::parse(value),
                "generation" => {
                    generation =
                        Some(Id::parse(value.as_bytes()).ok_or("its line `generation` holds no UUID")?);
                }
                "head" => head = Some(Head::parse(value).ok_or("its line `head` cannot be read")?),
                "leaves" => leaves = Some(digest()?),
                "previous" => previous = Some(digest()?),
                "unverified" => {
                    unverified = Some(value.parse().map_err(|_| "its line `unverified` holds no exit code")?);
                }
                _ => {}
            }
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            sequence: sequence.ok_or("it has no line `z4jctl/1 sequence`")?,
            time: time.ok_or("it has no line `z4jctl/1 time`")?,
            generation,
            head,
            leaves: leaves.ok_or("it has no line `z4jctl/1 leaves`")?,
            previous,
            unverified,
        })
    }
}

/// Whether a text may be an origin: as the document recommends, no spaces, no plus sign; no control characters.
pub fn is_origin(text: &str) -> bool {
    super::note::is_key_name(text)
}

/// A decimal number without leading zeroes.
pub fn number(text: &str) -> Option<u64> {
    let is_plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    is_plain.then(|| text.parse().ok()).flatten()
}

impl Head {
    /// Id, time and `row_hmac`, a space between them.
    pub fn to_text(&self) -> String {
        format!("{} {} {}", self.id, self.occurred_at.zulu(), self.row_hmac)
    }

    /// Reads what [`Head::to_text`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (id, time, mac) = (words.next()?, words.next()?, words.next()?);
        Some(Self {
            id: Id::parse(id.as_bytes())?,
            occurred_at: Timestamp::parse(time)?,
            row_hmac: Digest::parse(mac.as_bytes())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example() -> Checkpoint {
        Checkpoint {
            origin: "example.com/z4j".into(),
            size: 64,
            root: Digest([7; 32]),
            sequence: 3,
            time: Timestamp::parse("2026-11-22T03:39:05Z").unwrap(),
            generation: Some(Id::from_bytes([9; 16])),
            head: Some(Head {
                id: Id::from_bytes([1; 16]),
                occurred_at: Timestamp::parse("2026-11-22T03:38:00Z").unwrap(),
                row_hmac: Digest([2; 32]),
            }),
            leaves: Digest([3; 32]),
            previous: Some(Digest([4; 32])),
            unverified: Some(3),
        }
    }

    #[test]
    fn a_checkpoint_reads_back() {
        let full = example();
        let bare =
            Checkpoint { generation: None, head: None, previous: None, unverified: None, ..full.clone() };
        for checkpoint in [full, bare] {
            assert_eq!(Checkpoint::parse(&checkpoint.to_text()), Ok(checkpoint));
        }
    }

    #[test]
    fn unknown_lines_are_skipped_and_bad_ones_refused() {
        let text = example().to_text();
        assert_eq!(Checkpoint::parse(&format!("{text}other/1 x\nz4jctl/1 later thing\n")), Ok(example()));
        for (from, to) in [
            ("\n64\n", "\n064\n"),
            ("\n64\n", "\n-1\n"),
            ("\n64\n", "\n+64\n"),
            ("example.com/z4j\n", "\n"),
            ("z4jctl/1 sequence", "z4jctl/1 x"),
            ("z4jctl/1 leaves", "z4jctl/1 x"),
            ("leaves 03", "leaves 0"),
            ("generation 09", "generation "),
            ("head 01", "head "),
            ("BwcH", "Bwc"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            assert!(Checkpoint::parse(&changed).is_err(), "{from} -> {to}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "(.|\n){0,200}") {
            let _ = Checkpoint::parse(&text);
        }
    }
}
