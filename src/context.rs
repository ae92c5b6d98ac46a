//! What an operation may know of the world around it: the time, the environment, randomness, and
//! whether somebody asked to stop. The face takes these from the machine once; nothing below asks again.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::error::{Error, Kind, Result};
use crate::format::{Id, Timestamp};

/// The surroundings of one run.
#[derive(Debug, Clone)]
pub struct Context {
    /// The process environment, as it was at the start.
    pub env: Env,
    /// The wall clock.
    pub clock: Clock,
    /// The source of randomness.
    pub random: Random,
    /// Set when the run shall stop.
    pub cancel: Cancel,
}

impl Context {
    /// The time now, UTC, microseconds.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// A snapshot of the environment variables and of the directories that depend on them.
#[derive(Debug, Clone, Default)]
pub struct Env {
    variables: BTreeMap<OsString, OsString>,
    working_directory: PathBuf,
}

impl Env {
    /// A snapshot from given variables; paths are resolved against `working_directory`.
    pub fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        working_directory: impl Into<PathBuf>,
    ) -> Self {
        Self { variables: variables.into_iter().collect(), working_directory: working_directory.into() }
    }

    /// The snapshot of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn from_process() -> Self {
        Self::new(std::env::vars_os(), std::env::current_dir().unwrap_or_default())
    }

    /// A variable, exactly as named.
    pub fn var_os(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// A variable as text; `None` when it is unset, an error when it is not UTF-8.
    pub fn var(&self, name: &str) -> Result<Option<&str>> {
        match self.var_os(name) {
            None => Ok(None),
            Some(value) => value.to_str().map(Some).ok_or_else(|| {
                Error::usage("settings.not-utf8", format!("environment variable {name} is not valid UTF-8"))
            }),
        }
    }

    /// All variables.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The home directory of the user, from `HOME`.
    pub fn home(&self) -> Option<&Path> {
        self.var_os("HOME").filter(|home| !home.is_empty()).map(Path::new)
    }

    /// The directory in which the process was started.
    pub fn working_directory(&self) -> &Path {
        &self.working_directory
    }
}

/// The wall clock, or a stopped one for tests.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always this time.
    Fixed(Timestamp),
}

impl Clock {
    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
    pub fn now(self) -> Timestamp {
        match self {
            Self::Fixed(time) => time,
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
        }
    }
}

/// The source of randomness: the operating system's.
#[derive(Debug, Clone, Copy, Default)]
pub struct Random;

impl Random {
    /// Fills a buffer.
    pub fn fill(self, bytes: &mut [u8]) -> Result<()> {
        SystemRandom::new().fill(bytes).map_err(|_| Error::bug("the operating system gives no random bytes"))
    }

    /// A random UUID, version 4.
    pub fn id(self) -> Result<Id> {
        let mut bytes = [0; 16];
        self.fill(&mut bytes)?;
        Ok(Id::from_bytes(uuid::Builder::from_random_bytes(bytes).into_uuid().into_bytes()))
    }
}

/// A shared flag that a signal handler sets and that long operations look at.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicU8>);

impl Cancel {
    /// Asks everyone to stop because of this signal.
    pub fn stop(&self, signal: u8) {
        self.0.store(signal, Ordering::Relaxed);
    }

    /// The signal that asked to stop, if any.
    pub fn signal(&self) -> Option<u8> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(signal),
        }
    }

    /// An error of kind [`Kind::Signal`] when somebody asked to stop.
    pub fn check(&self) -> Result<()> {
        match self.signal() {
            None => Ok(()),
            Some(signal) => Err(Error::new(
                Kind::Signal(signal),
                "interrupted",
                "stopped before the end; nothing was written",
            )),
        }
    }
}
