//! What the tests stand on: real databases, the real z4j, and the way to run z4jctl.
//!
//! - [`postgres`]: one throw-away PostgreSQL cluster per test process, with TLS.
//! - [`fixtures`]: databases that real releases of z4j wrote.
//! - [`brain`]: the real z4j, as a command and as a server.
//! - [`agent`]: the real agent, connected to a brain.
//! - [`judge`]: on which databases z4jctl writes, and how the real z4j judges them afterwards.
//! - [`z4jctl`]: the program under test.
//! - [`ssh`]: the stock `ssh-keygen`, which judges signatures.
//! - [`process`]: child processes that end in time and leave nothing behind.
//! - [`http`], [`certificates`]: what the above are made of.

#![allow(dead_code, reason = "a tool box: not every tool is in use at every time")]

pub(crate) mod agent;
pub(crate) mod brain;
pub(crate) mod certificates;
pub(crate) mod fixtures;
pub(crate) mod http;
pub(crate) mod judge;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod ssh;
pub(crate) mod z4jctl;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The secrets of a brain: the names of the environment variables and their values.
pub(crate) type Secrets = BTreeMap<String, String>;

/// A database that both z4j and z4jctl can be pointed at.
pub(crate) trait BrainDatabase {
    /// The value of `Z4J_DATABASE_URL`, in the form that z4j itself demands.
    fn z4j_url(&self) -> String;
}

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A variable of the environment of the test process.
#[expect(clippy::disallowed_methods, reason = "tests have no Context to ask")]
pub(crate) fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Where programs are searched.
pub(crate) fn search_path() -> OsString {
    environment("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into())
}

/// A program of this name in `PATH`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&search_path()).map(|directory| directory.join(name)).find(|path| path.is_file())
}

/// Asks again and again until there is an answer; panics with `what` after `patience`.
pub(crate) fn wait_for<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} in vain for {what}");
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// A TCP port on 127.0.0.1 that was free a moment ago. No other test of this process gets the same one:
/// two servers that wait for an answer on one port would take each other's for their own.
pub(crate) fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("bind a port on 127.0.0.1");
        let port = listener.local_addr().expect("the address of a bound socket").port();
        if given.insert(port) {
            return port;
        }
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String");
        text
    })
}

/// SHA-256 of a file, in hexadecimal: to show that it is the same before and after.
pub(crate) fn file_sha256(path: impl AsRef<Path>) -> String {
    use sha2::Digest as _;

    let path = path.as_ref();
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
    hex(&sha2::Sha256::digest(bytes))
}
