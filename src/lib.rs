//! Operations on the database of a z4j brain.

pub mod context;
pub mod error;
pub mod format;
pub mod init;
