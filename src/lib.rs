//! Operations on the database of a z4j brain: the library behind the `z4jctl` command.
//!
//! The floors, ground up:
//!
//! | module | what it is |
//! |---|---|
//! | [`mod@format`] | pure: canonical rows of every generation, MACs, key ids, timestamps |
//! | [`store`] | the brain's database: connect, detect the generation, read rows |
//! | [`audit`], [`init`], [`migrate`], [`secrets`], [`settings_files`], [`signing`] | operations: options in, a serialisable report out |
//! | [`cli`] | the face: arguments, rendering, progress, exit code |
//!
//! Beside them [`config`] finds settings and secrets, [`context`] holds what depends on the machine, [`error`] holds
//! the exit codes, [`plan`] holds the leave to write, and [`tls`], [`http`], [`private_file`] and [`whole_file`] are what
//! several of them stand on. A face calls operations only; operations never print, never exit, and never ask the machine for the time or
//! the environment.

pub mod audit;
pub mod cli;
pub mod config;
pub mod context;
pub mod error;
pub mod format;
pub mod http;
pub mod identity;
pub mod init;
pub mod migrate;
pub mod plan;
pub mod private_file;
pub mod secrets;
pub mod settings_files;
pub mod signing;
pub mod store;
pub mod tls;
pub mod whole_file;
