//! What a bundle signs: the text of a C2SP checkpoint, with extension lines `z4jctl/1 <key> <value>` about the bundle.
//!
//! | key | value |
//! |---|---|
//! | `bundle` | `z4jctl.audit.bundle/1` |
//! | `tool`, `time` | what made it, and when |
//! | `log` | letter of the schema's generation, family of the rows, database |
//! | `generation` | generation of the active chain (1.8 and later) |
//! | `head` | id, time and `row_hmac` of the newest row |
//! | `coverage` | what verifying the whole log found: numbers of rows |
//! | `unverified` | the exit code of `audit verify`; only when the log did not verify |
//! | `anchor` | number, size and root (base64) of the anchor that the tree continues; only with one |
//! | `columns` | the columns of a row, in order, separated by commas |
//! | `rows`, `commitments` | number of rows in the bundle, and the Merkle root over their digests |

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::file::SCHEMA;
use crate::audit::report::Rows;
use crate::format::checkpoint::{self, Head, Lines, number};
use crate::format::merkle::TreeHead;
use crate::format::{Digest, Id, Timestamp};

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Which log it is of.
    pub origin: String,
    /// The tree over its rows.
    pub tree: TreeHead,
    /// What made it, such as `z4jctl 0.1.0`.
    pub tool: String,
    /// When.
    pub time: Timestamp,
    /// Letter of the schema's generation, family of the rows, database.
    pub log: String,
    /// The generation of the active chain.
    pub generation: Option<Id>,
    /// The newest row; `None` when that cannot be read.
    pub head: Option<Head>,
    /// What verifying the log found.
    pub coverage: Rows,
    /// `None` when the log verified; otherwise the exit code of `audit verify`.
    pub unverified: Option<u8>,
    /// The anchor that the tree continues.
    pub anchor: Option<Anchor>,
    /// The columns of a row, in order.
    pub columns: Vec<String>,
    /// Number of rows.
    pub rows: u64,
    /// The root over the digests of the rows.
    pub commitments: Digest,
}

/// An anchor by what is to be known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Its number in its place.
    pub sequence: u64,
    /// Its tree.
    pub tree: TreeHead,
}

/// Name and number of each kind of row.
fn counts(rows: &mut Rows) -> [(&'static str, &mut u64); 7] {
    [
        ("total", &mut rows.total),
        ("verified", &mut rows.verified),
        ("frozen", &mut rows.frozen),
        ("unsigned", &mut rows.unsigned),
        ("unknown_key", &mut rows.unknown_key),
        ("unreadable", &mut rows.unreadable),
        ("mismatched", &mut rows.mismatched),
    ]
}

impl Statement {
    /// The text to sign.
    pub fn to_text(&self) -> String {
        let mut text = checkpoint::begin(&self.origin, self.tree);
        let mut line = |key: &str, value: &str| checkpoint::extend(&mut text, key, value);
        line("bundle", SCHEMA);
        line("tool", &self.tool);
        line("time", &self.time.zulu());
        line("log", &self.log);
        if let Some(generation) = self.generation {
            line("generation", &generation.to_string());
        }
        if let Some(head) = self.head {
            line("head", &head.to_text());
        }
        let mut coverage = self.coverage;
        let coverage = counts(&mut coverage).map(|(name, count)| format!("{name}={count}"));
        line("coverage", &coverage.join(" "));
        if let Some(code) = self.unverified {
            line("unverified", &code.to_string());
        }
        if let Some(Anchor { sequence, tree }) = self.anchor {
            line("anchor", &format!("{sequence} {} {}", tree.size, STANDARD.encode(tree.root.0)));
        }
        line("columns", &self.columns.join(","));
        line("rows", &self.rows.to_string());
        line("commitments", &self.commitments.to_string());
        text
    }

    /// Reads a statement. Lines that are not ours, or not known, are skipped: later releases may add some.
    ///
    /// # Errors
    ///
    /// A sentence fragment that names what is missing or wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Lines { origin, tree, ours } = Lines::parse(text)?;
        let mut lines = BTreeMap::new();
        for (key, value) in ours {
            if lines.insert(key, value).is_some() {
                return Err(format!("it has two lines `{key}`"));
            }
        }
        let needed = |key: &str| lines.get(key).copied().ok_or_else(|| format!("it has no line `{key}`"));
        if needed("bundle")? != SCHEMA {
            return Err(format!("its line `bundle` is not {SCHEMA}"));
        }
        let optional = |key: &str| lines.get(key).copied();
        let (generation, head) = (optional("generation"), optional("head"));
        let (unverified, anchor) = (optional("unverified"), optional("anchor"));
        Ok(Self {
            origin: origin.to_owned(),
            tree,
            tool: needed("tool")?.to_owned(),
            time: Timestamp::parse(needed("time")?).ok_or_else(|| bad("time"))?,
            log: needed("log")?.to_owned(),
            generation: read(generation, "generation", |text| Id::parse(text.as_bytes()))?,
            head: read(head, "head", Head::parse)?,
            coverage: coverage(needed("coverage")?).ok_or_else(|| bad("coverage"))?,
            unverified: read(unverified, "unverified", |text| text.parse().ok())?,
            anchor: read(anchor, "anchor", Anchor::parse)?,
            columns: needed("columns")?.split(',').map(str::to_owned).collect(),
            rows: number(needed("rows")?).ok_or_else(|| bad("rows"))?,
            commitments: Digest::parse(needed("commitments")?.as_bytes())
                .ok_or_else(|| bad("commitments"))?,
        })
    }
}

fn bad(key: &str) -> String {
    format!("its line `{key}` cannot be read")
}

/// Reads a line that need not be there; one that is there and cannot be read is not one that is not there.
fn read<T>(line: Option<&str>, key: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, String> {
    line.map(|text| parse(text).ok_or_else(|| bad(key))).transpose()
}

impl Anchor {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (sequence, size) = (number(words.next()?)?, number(words.next()?)?);
        let root = checkpoint::root(words.next()?)?;
        words.next().is_none().then_some(Self { sequence, tree: TreeHead { size, root } })
    }
}

fn coverage(text: &str) -> Option<Rows> {
    let mut rows = Rows::default();
    let found: BTreeMap<&str, &str> = text.split(' ').filter_map(|word| word.split_once('=')).collect();
    for (name, count) in counts(&mut rows) {
        *count = number(found.get(name)?)?;
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example() -> Statement {
        let tree = TreeHead { size: 64, root: Digest([7; 32]) };
        Statement {
            origin: "example.com/z4j".into(),
            tree,
            tool: "z4jctl 0.1.0".into(),
            time: Timestamp::parse("2026-11-22T03:39:05Z").unwrap(),
            log: "H active sqlite".into(),
            generation: Some(Id::from_bytes([9; 16])),
            head: Some(Head {
                id: Id::from_bytes([1; 16]),
                occurred_at: Timestamp::parse("2026-11-22T03:38:00Z").unwrap(),
                row_hmac: Digest([2; 32]),
            }),
            coverage: Rows { total: 64, verified: 60, frozen: 4, ..Rows::default() },
            unverified: Some(3),
            anchor: Some(Anchor { sequence: 2, tree: TreeHead { size: 60, ..tree } }),
            columns: vec!["id".into(), "occurred_at".into()],
            rows: 2,
            commitments: Digest([3; 32]),
        }
    }

    #[test]
    fn a_statement_reads_back() {
        let full = example();
        let bare = Statement { generation: None, head: None, unverified: None, anchor: None, ..full.clone() };
        for statement in [full, bare] {
            assert_eq!(Statement::parse(&statement.to_text()), Ok(statement));
        }
    }

    #[test]
    fn bad_lines_are_refused_and_unknown_ones_skipped() {
        let text = example().to_text();
        assert_eq!(Statement::parse(&format!("{text}z4jctl/1 later thing\n")), Ok(example()));
        for (key, value) in text.lines().skip(3).filter_map(|line| line[9..].split_once(' ')) {
            let line = format!("z4jctl/1 {key} {value}\n");
            assert!(Statement::parse(&format!("{text}{line}")).is_err(), "{key} twice");
            let broken = text.replacen(&line, &format!("z4jctl/1 {key} \n"), 1);
            assert!(matches!(key, "tool" | "log" | "columns") || Statement::parse(&broken).is_err(), "{key}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "(.|\n){0,200}") {
            let _ = Statement::parse(&text);
        }
    }
}
