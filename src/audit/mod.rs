//! The audit log: verification, heads, single rows.
//!
//! The way of a verification: [`verify`] opens the snapshot and reads its bounds; [`pipeline`] reads rows and has
//! [`check`] decode and hash them on other cores; [`walk`] follows the links in chain order and notes every row
//! that is not as it should be; [`classify`] says what was done to it; [`bounds`] compares the log with what the
//! chain state, the watermark and the guards say; [`report`] holds the result. [`anchor`] keeps what a log was outside of
//! the database, and compares. [`resume`] reads less, on the word of an earlier run, [`shard`] one part of a log; what
//! runs leave for each other is under the MAC of [`vouch`]. [`stats`] counts and verifies nothing. Afterwards, [`diff`]
//! says what changed since an older copy, and [`explain`] what a finding means and what to do next.
//! [`bundle`] hands rows of a log to somebody who has neither the database nor its keys.

pub mod anchor;
pub mod append;
pub mod bounds;
pub mod bundle;
pub mod check;
pub mod classify;
pub mod diff;
pub mod explain;
pub mod export;
pub mod finding;
pub mod head;
pub mod keys;
pub mod pipeline;
pub mod prune;
pub mod report;
pub mod resume;
pub mod rotation;
pub mod shard;
pub mod show;
pub mod stats;
pub mod transact;
pub mod verify;
pub mod vouch;
pub mod walk;

/// How patient an operation is with a database: faces set it and hand it down, without a look at the store.
pub use crate::store::OpenOptions;
