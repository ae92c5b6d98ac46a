//! The program under test, in a clean environment.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::process::{Output, Running};
use super::{BrainDatabase, Secrets, process, search_path};

/// Longer than any command takes on a fixture.
const PATIENCE: Duration = Duration::from_secs(120);

/// One call of z4jctl, or several with the same home directory.
///
/// The environment is empty but for `HOME` (a temporary directory), `PATH`, and what is set here.
pub(crate) struct Z4jctl {
    home: tempfile::TempDir,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    working_directory: Option<PathBuf>,
    input: Vec<u8>,
    patience: Duration,
}

impl Z4jctl {
    /// A call without arguments.
    pub(crate) fn new() -> Self {
        Self {
            home: tempfile::tempdir().expect("create a temporary directory"),
            arguments: Vec::new(),
            variables: Vec::new(),
            working_directory: None,
            input: Vec::new(),
            patience: PATIENCE,
        }
    }

    /// The database, named in the way z4j itself is configured (`Z4J_DATABASE_URL`).
    pub(crate) fn db(self, database: &impl BrainDatabase) -> Self {
        self.db_url(database.z4j_url())
    }

    /// The database, by a URL or path of any form.
    pub(crate) fn db_url(self, url: impl Into<OsString>) -> Self {
        self.env("Z4J_DATABASE_URL", url)
    }

    /// The secrets of the brain, as environment variables.
    pub(crate) fn secrets(mut self, secrets: &Secrets) -> Self {
        self.variables.extend(secrets.iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// An environment variable. The last value of a name counts.
    pub(crate) fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Takes an environment variable away again.
    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.variables.retain(|(variable, _)| variable != name);
        self
    }

    /// An argument.
    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Arguments.
    pub(crate) fn args<I>(mut self, arguments: I) -> Self
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Standard input; empty otherwise.
    pub(crate) fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// The working directory; the home directory otherwise.
    pub(crate) fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.working_directory = Some(directory.into());
        self
    }

    /// How long the call may take before the test fails.
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The home directory of the call.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs it to the end.
    pub(crate) fn run(&self) -> Output {
        process::run(&mut self.command(), &self.input, self.patience)
    }

    /// Starts it, to be interrupted or talked to.
    pub(crate) fn spawn(&self) -> Running {
        Running::spawn(&mut self.command())
    }

    /// The command itself, for what the above does not offer.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_z4jctl"));
        command
            .env_clear()
            .env("PATH", search_path())
            .env("HOME", self.home())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .args(&self.arguments)
            .current_dir(self.working_directory.as_deref().unwrap_or_else(|| self.home()));
        command
    }
}
