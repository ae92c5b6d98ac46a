//! Evidence bundles: rows of a log for somebody who has neither the database nor its keys, as one file.
//!
//! Whoever gets one cannot check an HMAC. What he can check, with the public key of whoever made it:
//!
//! 1. a **signature** over a [`statement`]: a C2SP checkpoint of the log (origin, number of rows, Merkle root over the stored
//!    HMACs: the tree of [`super::anchor`]), what verifying the log found, and a root over the rows of the bundle;
//! 2. of each row, that its content is what was signed: every column has a salted [`commit`]ment, a row is the digest
//!    of its commitments, and a Merkle proof leads from it to the root in the statement;
//! 3. of each row, that the log held it: an inclusion proof leads from its `row_hmac` to the root of the checkpoint;
//! 4. with an anchor that he got at another time, that the log of the bundle continues the one that was anchored.
//!
//! A commitment hides its value: [`redact`] leaves value and salt out, and everything still verifies, without the signing
//! key and without the database.
//!
//! The way of a bundle: [`create`](mod@create) verifies the whole log in one walk, in which [`gather`] takes the chosen rows and their
//! proofs; [`file`](mod@file) is what is written; [`verify`](mod@verify) reads and judges it. The README has the format for those who write their
//! own verifier.

pub mod commit;
pub mod create;
pub mod file;
pub mod gather;
pub mod redact;
pub mod report;
pub mod statement;
pub mod verify;
