//! Tests of the module as a whole.

mod databases;
mod libpq;
mod precedence;
mod properties;
mod redaction;
mod vectors;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::account::Machine;
use super::{Overrides, Settings};
use crate::context::Env;
use crate::error::Result;

/// A machine of its own: a directory that is working directory, user's home and z4j's home at once.
struct House {
    directory: tempfile::TempDir,
    variables: Vec<(String, String)>,
    overrides: Overrides,
}

impl House {
    fn new() -> Self {
        let house = Self {
            directory: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
            overrides: Overrides::default(),
        };
        std::fs::create_dir(house.path("user")).unwrap();
        std::fs::create_dir(house.path("user/.z4j")).unwrap();
        std::fs::create_dir(house.path("work")).unwrap();
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file below the house, for its owner alone.
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
        path
    }

    fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    fn db(mut self, text: &str) -> Self {
        self.overrides.db = Some(text.to_owned());
        self
    }

    fn env(&self) -> Env {
        let variables = self.variables.iter().map(|(name, value)| (name.into(), value.into()));
        Env::new(variables, self.path("work"))
    }

    fn machine(&self) -> Machine {
        Machine {
            home: Some(self.path("user")),
            user: Some("operator".to_owned()),
            socket_directories: vec![self.path("sockets"), self.path("tmp")],
            service_directories: vec![self.path("etc")],
        }
    }

    fn resolve(&self) -> Result<Settings> {
        Settings::resolve_on(&self.overrides, &self.env(), &self.machine())
    }

    fn settings(&self) -> Settings {
        self.resolve().unwrap()
    }

    /// The shown database of a house that resolves.
    fn shown(&self) -> String {
        self.settings().database.value.display()
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A secret that z4j would accept, made of this letter.
fn long(letter: char) -> String {
    letter.to_string().repeat(40)
}

/// The text of the first master key.
fn master(settings: &Settings) -> String {
    String::from_utf8(settings.require_secret().unwrap().value.expose().to_vec()).unwrap()
}
