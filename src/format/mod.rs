//! The bytes that a z4j brain signs, of every generation. Pure functions: no input or output, no clock.
//!
//! | room | what it knows |
//! |---|---|
//! | [`json`] | Python's JSON text form: sorted keys, numbers, escapes |
//! | [`Timestamp`], [`Id`], [`address`] | scalars as they are stored and signed |
//! | [`mac`] | HMAC-SHA256 keys, key ids, hexadecimal digests |
//! | [`row`] | one audit row: the payload of each format |
//! | [`state`] | the signed singleton rows: chain state, preparation; the prune watermark |
//! | [`frozen`] | the digest over frozen history |
//! | [`head`] | known-head envelopes |
//!
//! Source of all facts: the project's notes on the audit chain, sections 2 to 5 and 7.5.

pub mod address;
pub mod frozen;
pub mod head;
mod id;
pub mod json;
pub mod mac;
pub mod row;
pub mod state;
mod timestamp;

pub use id::Id;
pub use timestamp::Timestamp;
