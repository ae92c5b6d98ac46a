//! Parquet through the column writer and reader of the crate `parquet`, without Arrow.
//!
//! An export uses little of what Parquet can: a flat schema of optional columns, pages of version 1 in plain or
//! dictionary encoding, packed with zstd, row groups of a bounded size one after the other, nothing between them. It has
//! no statistics and no indexes: readers leave row groups out by what these say, and nothing signs them. Whatever has
//! more is no export, so the reader needs to understand no more.

#[cfg(not(feature = "parquet"))]
mod absent;
#[cfg(feature = "parquet")]
mod pages;
#[cfg(feature = "parquet")]
mod read;
#[cfg(all(test, feature = "parquet"))]
mod tests;
#[cfg(feature = "parquet")]
mod write;

#[cfg(not(feature = "parquet"))]
pub use absent::{Reader, Writer};
#[cfg(feature = "parquet")]
pub use read::Reader;
#[cfg(feature = "parquet")]
pub use write::Writer;

use crate::audit::finding::Class;
use crate::error::Error;

/// What a Parquet file begins and ends with.
pub const MAGIC: &[u8] = b"PAR1";

/// Why a file cannot be read, or not further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What to call it.
    pub class: Class,
    /// One sentence.
    pub message: String,
}

/// The error of a build without Parquet.
pub fn not_built_in() -> Error {
    Error::usage("usage.parquet", "this z4jctl was built without Parquet")
        .hint("use --format csv, or a z4jctl that was built with the feature `parquet`, as releases are")
}
