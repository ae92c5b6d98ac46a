//! What `--against` names: a copy of the log, in any form in which there is one.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Run;
use crate::audit::diff::CopyOf;
use crate::config::{Database, Settings};
use crate::error::{Error, Result};

/// What a copy was named by.
pub(super) struct CopyName<'a> {
    pub(super) against: Option<&'a str>,
    pub(super) against_file: Option<&'a Path>,
    pub(super) manifest: Option<&'a Path>,
    pub(super) without_manifest: bool,
}

impl CopyName<'_> {
    /// Finds out what the copy is; `None` when none was named.
    pub(super) fn find(&self, run: &Run<'_>) -> Result<Option<CopyOf>> {
        let text = match (self.against, self.against_file) {
            (Some(text), _) => text,
            (None, Some(file)) => return database(run, None, Some(file.to_owned())).map(Some),
            (None, None) => return Ok(None),
        };
        let is_word = |one: char| one.is_ascii_alphanumeric() || one == '_';
        let path = run.context.env.working_directory().join(text);
        let is_conninfo = text.trim_start_matches(is_word).starts_with('=') && !path.exists();
        let is_url = text.contains("://") || text.starts_with("sqlite:") || is_conninfo;
        if is_url {
            return database(run, Some(text.to_owned()), None).map(Some);
        }
        self.file(path).map(Some)
    }

    fn file(&self, path: PathBuf) -> Result<CopyOf> {
        let shown = path.display().to_string();
        let begins = beginning(&path).map_err(|error| {
            Error::unreachable("diff.copy", format!("cannot read the copy {shown}: {error}"))
                .hint("name a SQLite file, an export of `z4jctl audit export`, or a database URL")
        })?;
        let refuse = |what: &str, hint: String| {
            Err(Error::refused("diff.copy-form", format!("{shown} is {what}")).hint(hint))
        };
        if begins.starts_with(b"SQLite format 3\0") || begins.is_empty() {
            return Ok(CopyOf::Database(Database::Sqlite { path }));
        }
        if begins.starts_with(b"PGDMP") {
            return refuse(
                "a dump of PostgreSQL, as `z4j backup` writes it, and can only be read by PostgreSQL",
                format!(
                    "restore it beside the original: createdb z4j_copy && pg_restore --no-owner --no-acl -d z4j_copy {}; then \
                     --against postgresql:///z4j_copy, and dropdb z4j_copy afterwards",
                    super::shell_word(&shown)
                ),
            );
        }
        let text = String::from_utf8_lossy(&begins);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        if line.starts_with("--") || line.starts_with("PRAGMA") || line.starts_with("\\restrict") {
            return refuse(
                "a dump in SQL",
                format!(
                    "load it into a database of its own: sqlite3 copy.db < {0}, or createdb z4j_copy && psql -d z4j_copy -f {0}; \
                     then name that",
                    super::shell_word(&shown)
                ),
            );
        }
        let is_archive = begins.starts_with(b"PK\x03\x04")
            || begins.starts_with(b"\xfd7zXZ")
            || begins.starts_with(b"BZh")
            || begins.get(257..262) == Some(b"ustar");
        if is_archive {
            return refuse(
                "an archive",
                "unpack it, and name the database or the export that is in it".into(),
            );
        }
        Ok(CopyOf::Export {
            path,
            manifest: self.manifest.map(Path::to_owned),
            without_manifest: self.without_manifest,
        })
    }
}

/// The first bytes of a file, unpacked where it is a packed database: that one is refused later with the others.
fn beginning(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(512).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn database(run: &Run<'_>, db: Option<String>, db_file: Option<PathBuf>) -> Result<CopyOf> {
    let overrides = run.connection.overrides_for(db, db_file)?;
    let settings = Settings::resolve(&overrides, &run.context.env).map_err(|error| match error.code() {
        "database.password-in-arguments" => Error::usage(
            "database.password-in-arguments",
            "--against contains a password, which every user of this machine can read in the process list",
        )
        .hint("put the URL in a file and name it with --against-file, or the password in ~/.pgpass"),
        _ => error,
    })?;
    Ok(CopyOf::Database(settings.database.value))
}
