//! Reading the files that hold settings: sizes, types, permissions, and the syntax of `secret.env`
//! (identity-and-secrets, section 2.3).

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// The size cap of `secret.env`, in bytes.
pub(super) const SECRET_FILE_LIMIT: u64 = 128 * 1024;

/// The size cap of every other settings file, in bytes.
pub(super) const FILE_LIMIT: u64 = 1024 * 1024;

/// The keys that z4j 1.13 allows in `secret.env`.
pub(super) const SECRET_ENV_KEYS: [&str; 5] = [
    "Z4J_SECRET",
    "Z4J_SESSION_SECRET",
    "Z4J_METRICS_AUTH_TOKEN",
    "Z4J_AUDIT_CHAIN_SECRET",
    "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS",
];

/// One assignment.
pub(super) struct Assignment {
    pub(super) value: Zeroizing<String>,
    /// Counted from 1.
    pub(super) line: u32,
}

/// The assignments of one file.
#[derive(Default)]
pub(super) struct Document(BTreeMap<String, Assignment>);

impl Document {
    /// Adds an assignment; false when the name is taken.
    pub(super) fn insert(&mut self, name: String, value: Zeroizing<String>, line: u32) -> bool {
        if self.0.contains_key(&name) {
            return false;
        }
        self.0.insert(name, Assignment { value, line });
        true
    }

    pub(super) fn get(&self, name: &str) -> Option<&Assignment> {
        self.0.get(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Assignment)> {
        self.0.iter().map(|(name, assignment)| (name.as_str(), assignment))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys().map(|name| shown_name(name))).finish()
    }
}

/// A name that may be shown: one that cannot be a piece of a secret which slipped in front of a `=`,
/// such as the padding at the end of a wrapped base64 line.
pub(super) fn shown_name(name: &str) -> String {
    let bare = name.trim().trim_start_matches("export ");
    let is_setting = bare.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("Z4J_"))
        && bare.len() <= 64
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_setting { format!("'{}'", name.trim()) } else { "a name".to_owned() }
}

/// The error of a line that cannot be read. `complaint` goes behind "line N" and holds no value.
pub(super) fn malformed(label: &str, line: u32, complaint: &str) -> Error {
    Error::usage("settings.malformed-file", format!("{label} line {line} {complaint}"))
}

/// Reads `KEY=VALUE` lines; only `allowed` names may occur.
pub(super) fn parse_secret_env(text: &str, allowed: &[&str], label: &str) -> Result<Document> {
    let mut document = Document::default();
    for (line, row) in (1..).zip(text.lines()) {
        let row = row.trim();
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        let Some((name, value)) = row.split_once('=') else {
            return Err(malformed(label, line, "is malformed: it has no '='"));
        };
        let (name, value) = (name.trim(), value.trim());
        let shown = shown_name(name);
        if !allowed.contains(&name) {
            return Err(malformed(label, line, &format!("sets {shown}, which does not belong here"))
                .hint(format!("allowed are {}; without quotes, without 'export'", allowed.join(", "))));
        }
        if value.is_empty() {
            return Err(malformed(label, line, &format!("gives {shown} an empty value")));
        }
        if !document.insert(name.to_owned(), Zeroizing::new(value.to_owned()), line) {
            return Err(malformed(label, line, &format!("sets {shown} a second time")));
        }
    }
    Ok(document)
}

/// The text of a file, and what is worth knowing about the file itself.
pub(super) struct FileText {
    pub(super) text: Zeroizing<String>,
    /// Group or others may do something with the file.
    pub(super) is_shared: bool,
    /// The path is a symbolic link.
    pub(super) is_link: bool,
}

/// Which files may be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Accept {
    /// A regular file: z4j's own files. A pipe in their place would block every command.
    Regular,
    /// Pipes too, so that `--secret-file <(…)` works.
    Stream,
}

/// Reads a file of UTF-8 text; `None` when there is no such file.
pub(super) fn read_text(path: &Path, limit: u64, accept: Accept) -> Result<Option<FileText>> {
    let unreadable = |error: std::io::Error| {
        Error::unreachable("settings.unreadable-file", format!("cannot read {}: {error}", path.display()))
            .hint("run as the user that owns the file, or give the setting in another way")
    };
    let refuse = |complaint: String| {
        Error::unreachable("settings.unreadable-file", format!("{} {complaint}", path.display()))
    };
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    if metadata.is_dir() || (accept == Accept::Regular && !metadata.is_file()) {
        return Err(refuse("is not a regular file".to_owned()));
    }
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let mut bytes = Zeroizing::new(Vec::new());
    let file = File::open(path).map_err(unreadable)?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(refuse(format!("is larger than {limit} bytes")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| refuse("is not valid UTF-8".to_owned()))?;
    Ok(Some(FileText {
        text: Zeroizing::new(text.to_owned()),
        is_shared: metadata.mode() & 0o077 != 0,
        is_link,
    }))
}

/// Reads a file that contains one bare value, as Docker and Kubernetes mount secrets: one trailing
/// newline is not part of the value.
pub(super) fn read_value(path: &Path, name: &str) -> Result<Zeroizing<String>> {
    let file = read_text(path, SECRET_FILE_LIMIT, Accept::Stream)?.ok_or_else(|| {
        Error::unreachable(
            "settings.missing-file",
            format!("{name} names {}, which does not exist", path.display()),
        )
        .hint(format!("correct the path, or take {name} out of the environment"))
    })?;
    let text = file.text.strip_suffix('\n').unwrap_or(&file.text);
    Ok(Zeroizing::new(text.strip_suffix('\r').unwrap_or(text).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_be_a_piece_of_a_secret_are_not_shown() {
        let error = parse_secret_env("Z4J_SECRET=a\nhunter2hunter2==\n", &SECRET_ENV_KEYS, "secret.env");
        let error = error.unwrap_err();
        assert_eq!(error.message(), "secret.env line 2 sets a name, which does not belong here");
        assert_eq!(shown_name("export Z4J_SECRET"), "'export Z4J_SECRET'");
    }

    #[test]
    fn large_files_and_directories_are_refused_and_absent_ones_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        assert!(read_text(&path, 4, Accept::Regular).unwrap().is_none());
        std::fs::write(&path, "12345").unwrap();
        assert!(read_text(&path, 4, Accept::Regular).is_err());
        assert!(read_text(&path, 5, Accept::Regular).unwrap().is_some());
        assert!(read_text(directory.path(), 5, Accept::Stream).is_err());
    }

    #[test]
    fn one_trailing_newline_is_stripped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        for (content, value) in [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a ")] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(read_value(&path, "X").unwrap().as_str(), value);
        }
    }
}
