//! z4j's settings one by one, for commands that need no database.

use std::path::PathBuf;

use super::account::Machine;
use super::layers::Layers;
use super::settings::find_home;
use super::{Overrides, Secret, Sourced};
use crate::context::Env;
use crate::error::Result;

/// Every place that may hold a setting, opened.
#[derive(Debug)]
pub struct Lookup<'a> {
    /// z4j's home directory.
    pub home: Sourced<PathBuf>,
    /// What an operator should hear, in sentences without secrets.
    pub warnings: Vec<String>,
    layers: Layers<'a>,
}

impl<'a> Lookup<'a> {
    /// Finds the home directory and reads the files. z4j's own may be missing or broken.
    ///
    /// # Errors
    ///
    /// `Usage` when there is no home directory, `Unreachable` for a file that was named and cannot be read.
    pub fn open(overrides: &Overrides, env: &'a Env) -> Result<Self> {
        let mut warnings = Vec::new();
        let home = find_home(overrides, env, &Machine::of(env))?;
        let layers = Layers::open(overrides, env, &home.value, &mut warnings)?;
        Ok(Self { home, warnings, layers })
    }

    /// The value that z4j 1.8 and later take, and where it came from. Any value may be one.
    ///
    /// # Errors
    ///
    /// What spoils the first file that could have held it.
    pub fn find(&self, name: &str) -> Result<Option<Sourced<Secret>>> {
        let found = self.layers.find(name)?;
        Ok(found.map(|found| Sourced::new(Secret::new(&found.value), found.origin)))
    }
}
