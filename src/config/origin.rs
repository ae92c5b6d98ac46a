//! Who said so: the place that a setting came from.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

/// The place that a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Origin {
    /// A flag of the command line, such as `--db`.
    Flag {
        /// The flag with its dashes.
        name: String,
    },
    /// A variable of the process environment.
    Environment {
        /// The variable, spelled as it was found.
        name: String,
    },
    /// A line of a file.
    File {
        /// The file.
        #[serde(serialize_with = "readable")]
        path: PathBuf,
        /// The line, counted from 1.
        line: u32,
    },
    /// A line of standard input.
    Stdin {
        /// The line, counted from 1.
        line: u32,
    },
    /// Nobody said anything; the built-in value.
    Default,
}

impl Origin {
    /// [`Origin::Flag`].
    pub fn flag(name: impl Into<String>) -> Self {
        Self::Flag { name: name.into() }
    }

    /// [`Origin::Environment`].
    pub fn environment(name: impl Into<String>) -> Self {
        Self::Environment { name: name.into() }
    }

    /// [`Origin::File`].
    pub fn file(path: impl Into<PathBuf>, line: u32) -> Self {
        Self::File { path: path.into(), line }
    }
}

/// A path that is not UTF-8 shall not cost anybody the whole report.
fn readable<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag { name } => f.write_str(name),
            Self::Environment { name } => write!(f, "environment variable {name}"),
            Self::File { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Stdin { line } => write!(f, "standard input line {line}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and the place it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// The place it came from.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A value from this place.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// A built-in value.
    pub fn default_value(value: T) -> Self {
        Self::new(value, Origin::Default)
    }

    /// True when nobody set the value.
    pub fn is_default(&self) -> bool {
        self.origin == Origin::Default
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn origins_are_shown_and_serialised() {
        for (origin, shown, json) in [
            (Origin::flag("--db"), "--db", r#"{"kind":"flag","name":"--db"}"#),
            (Origin::environment("X"), "environment variable X", r#"{"kind":"environment","name":"X"}"#),
            (Origin::file("/f", 3), "/f line 3", r#"{"kind":"file","path":"/f","line":3}"#),
            (Origin::Stdin { line: 2 }, "standard input line 2", r#"{"kind":"stdin","line":2}"#),
            (Origin::Default, "default", r#"{"kind":"default"}"#),
        ] {
            assert_eq!(origin.to_string(), shown);
            assert_eq!(serde_json::to_string(&origin).unwrap(), json);
        }
        let odd = Origin::file(OsString::from_vec(vec![b'/', 0xff]), 1);
        assert!(serde_json::to_string(&odd).is_ok());
    }
}
