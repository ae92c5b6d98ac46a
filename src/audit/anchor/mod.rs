//! Anchors: what a log was, kept outside the database, under a signature that no secret of the brain can make.
//!
//! Whoever holds the database and `Z4J_SECRET` (or the audit key) can write a history that verifies. He cannot make it
//! agree with a signed checkpoint of before. An anchor directory holds, for the n-th anchor of a log of `size` rows:
//!
//! | file | what it is |
//! |---|---|
//! | `NNNNNNNNNN-<size>.checkpoint` | a C2SP checkpoint ([`crate::format::checkpoint`]) in a C2SP signed note ([`crate::format::note`]) |
//! | `NNNNNNNNNN-<size>.leaves` | the leaves since the anchor before it, [`place::RECORD_BYTES`] bytes each: leaf hash (32), `id` (16), `occurred_at` (8, microseconds since 1970, big-endian); zeroes and the smallest number for what cannot be read |
//! | `NNNNNNNNNN-<size>.tsr` | the answer of a time-stamping authority (RFC 3161) over the checkpoint's file, where one was asked |
//! | `sent` | what was copied where ([`mod@send`]) |
//! | `trusted-keys` | the keys that are trusted ([`crate::signing`]) |
//!
//! # The tree
//!
//! A Merkle tree of RFC 6962, section 2.1. A leaf is the stored `row_hmac` of a row, 32 bytes; a row without a usable
//! one (which `--unverified` alone lets in) is an empty leaf. The leaves are the rows of `audit_log` in chain order
//! (`occurred_at`, `id`), **frozen rows too**: an upgrade to 1.8 keeps rows, their order and their `row_hmac`, so anchors
//! of a log from before it go on behind it. The first leaf is the oldest row that was there at the first anchor of the
//! directory: a log that was pruned before that has no others.
//!
//! # After retention
//!
//! The database loses its oldest leaves, the directory keeps all of them, so every root can be computed again at any
//! time. A leaf file is bound to its checkpoint by `z4jctl/1 leaves <SHA-256>`, and its hashes by the root. That is 56
//! bytes for each row that ever was, on disk once and in memory while a log is compared with it (11 MB for 200,000 rows),
//! and it buys exact answers: which row was cut, signed again or forked, by its number and id.
//!
//! Rows that are gone are no finding when they are a prefix of the live rows and the boundary is proved. From 1.8 on: the
//! authentic chain state names the last leaf that is gone as its prune boundary. Before: the row behind it verifies and
//! links to that leaf (what 1.3 to 1.6 cannot tell from a cut stays `prefix-cut`, undecided, as without anchors).
//! When the rows behind the boundary were never anchored either (retention overtook the anchors), that cannot be judged:
//! `prefix-cut`, undecided, exit code 3. Frozen history may be gone as a whole when the authentic state says that there is
//! none. Such rows are counted as removed, and not as checked: they are not there.
//!
//! # What is not seen
//!
//! A directory that is itself rolled back with the database: keep it elsewhere, in git, or in two places. Rows since the
//! newest anchor. What a key signs that was stolen together with everything else. Whoever has the secret can remove the
//! oldest rows as retention does; the notes name them.
//!
//! The way of a comparison: [`place`] reads and verifies a directory; [`compare`] lays the rows of a walk beside the
//! leaves; [`judge`] says what became of the log; [`write`](mod@write) makes the next anchor, [`timestamp`] has its time proved, and
//! [`mod@send`] copies it elsewhere.

pub mod compare;
pub mod judge;
pub mod place;
pub mod send;
pub mod timestamp;
pub mod write;
