//! Changing values of `secret.env` (identity-and-secrets, section 2.3).

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use super::files::{Accept, FILE_LIMIT, SECRET_ENV_KEYS, SECRET_FILE_LIMIT, parse_secret_env, read_text};
use super::keys::split_list;
use super::layers::RETIRED_KEY;
use crate::error::{Error, Result};

/// The text of a `secret.env` that z4j could read.
pub struct SecretStore(Zeroizing<String>);

impl SecretStore {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// `Usage` for a line that z4j would not take, `Unreachable` for a file that is not there or cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let label = path.display().to_string();
        let file = read_text(path, SECRET_FILE_LIMIT, Accept::Regular)?.ok_or_else(|| {
            Error::unreachable("settings.missing-file", format!("{label} does not exist"))
                .hint("name the brain's home directory with --home")
        })?;
        let allowed: Vec<&str> = SECRET_ENV_KEYS.into_iter().chain([RETIRED_KEY]).collect();
        parse_secret_env(&file.text, &allowed, &label)?;
        Ok(Self(file.text))
    }

    /// The value of a name.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines();
        let found = lines.find_map(|line| line.split_once('=').filter(|_| key(line) == Some(name)));
        found.map(|(_, value)| value.trim())
    }

    /// The entries of a list, as z4j splits it: at commas, trimmed, without blanks and repeats.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.value(name).map(split_list).unwrap_or_default()
    }

    /// The same without a name; an empty value would be refused.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(self.0.len()));
        for line in self.0.split_inclusive('\n').filter(|line| key(line) != Some(name)) {
            text.push_str(line);
        }
        Self(text)
    }

    /// The same with this value: see [`SecretStore::with`].
    #[must_use]
    pub fn and(&self, name: &str, value: &str) -> Self {
        Self(self.with(name, value))
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The text with this value. Every other line stays as it is, and keys that are sorted stay sorted.
    pub fn with(&self, name: &str, value: &str) -> Zeroizing<String> {
        let assignment = Zeroizing::new(format!("{name}={value}\n"));
        let mut text = Zeroizing::new(String::with_capacity(self.0.len() + assignment.len() + 1));
        let replaces = self.0.lines().any(|line| key(line) == Some(name));
        let mut is_done = false;
        for line in self.0.split_inclusive('\n') {
            let is_own = key(line) == Some(name);
            if !is_done && (is_own || (!replaces && key(line).is_some_and(|key| key > name))) {
                text.push_str(&assignment);
                is_done = true;
            }
            if !is_own {
                text.push_str(line);
            }
        }
        if !is_done {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(&assignment);
        }
        text
    }
}

impl fmt::Debug for SecretStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretStore(redacted)")
    }
}

fn key(line: &str) -> Option<&str> {
    let line = line.trim();
    line.split_once('=').filter(|_| !line.starts_with('#')).map(|(key, _)| key.trim())
}

/// Reads a file of the home directory that holds no secret; `None` when there is no such file.
///
/// # Errors
///
/// `Unreachable` for a file that cannot be read as text.
pub fn read_public_file(path: &Path) -> Result<Option<String>> {
    let file = read_text(path, FILE_LIMIT, Accept::Regular).map_err(|error| match error.hint_text() {
        Some(_) => error,
        None => error.hint("z4j reads lines of text there; move the file away, or put it right"),
    })?;
    Ok(file.map(|file| file.text.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_taken_away() {
        let store = SecretStore(Zeroizing::new("# A=0\n A = 1\nL=x, y,,x\n".into()));
        assert_eq!((store.value("A"), store.value("B")), (Some("1"), None));
        assert_eq!((store.list("L"), store.list("B")), (vec!["x", "y"], vec![]));
        assert_eq!(store.without("A").and("L", "y").text(), "# A=0\nL=y\n");
    }

    #[test]
    fn one_value_is_replaced_or_finds_its_place() {
        for (before, after) in [
            ("A=1\nM=old\nZ=2\n", "A=1\nM=new\nZ=2\n"),
            ("A=1\nZ=2\n", "A=1\nM=new\nZ=2\n"),
            ("A=1", "A=1\nM=new\n"),
            ("", "M=new\n"),
            ("# Z=1\nZ=2\n\n M = old \nA=1", "# Z=1\nZ=2\n\nM=new\nA=1"),
            ("M=old", "M=new\n"),
            ("A=1\r\nM=old\r\n", "A=1\r\nM=new\n"),
        ] {
            assert_eq!(SecretStore(Zeroizing::new(before.into())).with("M", "new").as_str(), after);
        }
    }
}
