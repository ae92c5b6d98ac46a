//! The bytes that a z4j brain signs, hashes and encrypts, of every generation. Pure functions: no input or output,
//! no clock, no randomness.
//!
//! | room | what it knows |
//! |---|---|
//! | [`json`] | Python's JSON text form: sorted keys, numbers, escapes |
//! | [`Timestamp`], [`Id`], [`address`] | scalars as they are stored and signed |
//! | [`mac`], `hex` | HMAC-SHA256 keys, key ids, digests and their digits |
//! | [`row`] | one audit row: the payload of each format |
//! | [`state`] | the signed singleton rows: chain state, preparation; the prune watermark |
//! | [`frozen`] | the digest over frozen history |
//! | [`head`] | known-head envelopes |
//! | [`credential`] | tokens and keys: their texts, their stored hashes, what a revocation leaves |
//! | [`scope`] | what an API key may do |
//! | [`password`] | argon2 hashes, and which passwords are refused |
//! | [`email`] | addresses as they are stored, and which of them can log in |
//! | [`merkle`], [`note`], [`checkpoint`] | what an anchor is made of: RFC 6962 trees, C2SP notes and checkpoints |
//! | [`tsp`], [`der`] | timestamps of RFC 3161 |
//! | [`openssh`], [`sshsig`] | Ed25519 keys in OpenSSH's files; detached signatures as `ssh-keygen -Y` makes them |
//! | [`sealed`] | what is encrypted: TOTP secrets, configuration of channels |
//!
//! Source of all facts: the project's notes on the audit chain, sections 2 to 5 and 7.5, and those on identity and
//! secrets ("identity").

pub mod address;
pub mod checkpoint;
pub mod credential;
pub mod der;
pub mod email;
pub mod frozen;
pub mod head;
pub(crate) mod hex;
mod id;
pub mod json;
pub mod mac;
pub mod merkle;
pub mod note;
pub mod openssh;
pub mod password;
pub mod row;
pub mod scope;
pub mod sealed;
pub mod sshsig;
pub mod state;
mod text;
mod timestamp;
pub mod tsp;

pub use id::Id;
pub use mac::Digest;
pub use timestamp::Timestamp;
