//! Databases that real releases of z4j wrote; see `fixtures/README.md`.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Deserialize;

use super::postgres::{Cluster, Database};
use super::{BrainDatabase, Secrets, repository};

/// One directory below `fixtures/z4j`.
#[derive(Debug)]
pub(crate) struct Fixture {
    /// The name of the directory: `1.13.0`, `1.6.9-pruned`.
    pub(crate) name: String,
    /// The directory.
    pub(crate) directory: PathBuf,
    /// Whether it shows a state from the wild instead of a plain release.
    pub(crate) is_variant: bool,
    sqlite: Option<Meta>,
    postgres: Option<Meta>,
    /// Unpacked once per process: some tests make hundreds of copies.
    sqlite_bytes: OnceLock<Vec<u8>>,
}

/// What is known about one database of a fixture (`meta.json`, `meta-pg.json`).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Meta {
    /// The release that wrote it, as in `z4j 1.13.0`.
    pub(crate) written_by: String,
    /// The release whose `audit verify` gave the verdict, where it is another one.
    pub(crate) verified_by: Option<String>,
    /// The environment of the brain.
    pub(crate) secrets: Secrets,
    /// What the real `z4j audit verify` answered.
    pub(crate) verify: Verdict,
    /// The schema revision.
    pub(crate) alembic_version: String,
    /// Rows per table; empty tables are left out.
    pub(crate) row_counts: BTreeMap<String, u64>,
    /// SHA-256 of the SQLite file.
    pub(crate) sha256_uncompressed: Option<String>,
    /// E-mail and password of each account, by its part.
    #[serde(default)]
    pub(crate) accounts: BTreeMap<String, (String, String)>,
    /// Project identifiers by slug.
    #[serde(default)]
    pub(crate) projects: BTreeMap<String, String>,
    /// What was special.
    pub(crate) how: Option<String>,
    /// Everything else: `agents`, `api_keys`, `invitations`, `mfa`, `http_steps`, `notes`.
    #[serde(flatten)]
    pub(crate) more: BTreeMap<String, serde_json::Value>,
}

/// The verdict of the real `z4j audit verify`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Verdict {
    /// Its exit code.
    pub(crate) exit_code: i32,
    /// What it printed, without log lines.
    pub(crate) stdout: Vec<String>,
    /// Whether it found nothing wrong; `None` when it could not tell.
    pub(crate) intact: Option<bool>,
    /// Rows whose HMAC it accepted.
    pub(crate) rows_verified: Option<u64>,
    /// Rows of the frozen history, from 1.8.
    pub(crate) frozen_rows: Option<u64>,
}

/// In which form a PostgreSQL database is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dump {
    /// `pg.dump`: custom format, by `z4j backup`.
    Custom,
    /// `pg.sql.gz`: plain SQL.
    Plain,
}

/// A private copy of a SQLite database; it vanishes with this value.
#[derive(Debug)]
pub(crate) struct TempSqlite {
    directory: tempfile::TempDir,
}

impl Meta {
    /// Rows of `audit_log`.
    pub(crate) fn audit_rows(&self) -> u64 {
        self.row_counts.get("audit_log").copied().unwrap_or(0)
    }

    /// The release that wrote it, without the name of the program.
    pub(crate) fn release(&self) -> &str {
        self.written_by.rsplit(' ').next().unwrap_or_default()
    }
}

impl Dump {
    fn file(self) -> &'static str {
        match self {
            Self::Custom => "pg.dump",
            Self::Plain => "pg.sql.gz",
        }
    }
}

impl Fixture {
    /// All fixtures, the oldest release first, variants last.
    pub(crate) fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<Fixture>> = OnceLock::new();
        ALL.get_or_init(|| {
            let root = repository().join("fixtures/z4j");
            let mut all: Vec<Self> = read(&root, false).chain(read(&root.join("variants"), true)).collect();
            assert!(!all.is_empty(), "no fixtures in {}", root.display());
            all.sort_by_cached_key(|fixture| {
                (fixture.is_variant, version_key(&fixture.name), fixture.name.clone())
            });
            all
        })
    }

    /// The fixture of this name.
    #[track_caller]
    pub(crate) fn by_name(name: &str) -> &'static Self {
        Self::all().iter().find(|fixture| fixture.name == name).unwrap_or_else(|| {
            let names: Vec<&str> = Self::all().iter().map(|fixture| fixture.name.as_str()).collect();
            panic!("no fixture {name}; there are {names:?}")
        })
    }

    /// Whether there is a SQLite database.
    pub(crate) fn has_sqlite(&self) -> bool {
        self.sqlite.is_some()
    }

    /// Whether there is a PostgreSQL database.
    pub(crate) fn has_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    /// The facts about the SQLite database.
    #[track_caller]
    pub(crate) fn meta(&self) -> &Meta {
        self.sqlite.as_ref().unwrap_or_else(|| panic!("fixture {} has no SQLite database", self.name))
    }

    /// The facts about the PostgreSQL database.
    #[track_caller]
    pub(crate) fn postgres_meta(&self) -> &Meta {
        self.postgres.as_ref().unwrap_or_else(|| panic!("fixture {} has no PostgreSQL database", self.name))
    }

    /// The forms in which the PostgreSQL database is stored.
    pub(crate) fn dumps(&self) -> Vec<Dump> {
        [Dump::Custom, Dump::Plain]
            .into_iter()
            .filter(|dump| self.directory.join(dump.file()).exists())
            .collect()
    }

    /// A private copy of the SQLite database.
    #[track_caller]
    pub(crate) fn sqlite(&self) -> TempSqlite {
        let copy = TempSqlite { directory: tempfile::tempdir().expect("create a temporary directory") };
        let bytes = self.sqlite_bytes.get_or_init(|| gunzip(&self.directory.join("db.sqlite3.gz")));
        std::fs::write(copy.path(), bytes).expect("write a copy of a SQLite database");
        copy
    }

    /// A private copy of the PostgreSQL database in the shared cluster, restored from this form.
    #[track_caller]
    pub(crate) fn postgres(&self, dump: Dump) -> Database {
        let file = self.directory.join(dump.file());
        assert!(file.exists(), "fixture {} has no {}", self.name, dump.file());
        Cluster::shared().copy_of_template(&format!("{}_{dump:?}", self.name), |database| match dump {
            Dump::Custom => database.restore_custom(&file),
            Dump::Plain => database.restore_plain(&gunzip(&file)),
        })
    }
}

impl TempSqlite {
    /// An empty place: the file does not exist yet.
    pub(crate) fn absent() -> Self {
        Self { directory: tempfile::tempdir().expect("create a temporary directory") }
    }

    /// The file.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("z4j.db")
    }

    /// A connection that may write.
    pub(crate) fn connection(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).expect("open a SQLite database")
    }

    /// The one number that a query answers.
    #[track_caller]
    pub(crate) fn number(&self, query: &str) -> i64 {
        let answer = self.connection().query_row(query, [], |row| row.get(0));
        answer.unwrap_or_else(|error| panic!("{query}: {error}"))
    }
}

impl BrainDatabase for TempSqlite {
    fn z4j_url(&self) -> String {
        format!("sqlite+aiosqlite:///{}", self.path().display())
    }
}

fn read(root: &Path, is_variant: bool) -> impl Iterator<Item = Fixture> {
    let entries = std::fs::read_dir(root).unwrap_or_else(|error| panic!("read {}: {error}", root.display()));
    entries.filter_map(move |entry| {
        let directory = entry.expect("read a directory entry").path();
        let (sqlite, postgres) = (read_meta(&directory, "meta.json"), read_meta(&directory, "meta-pg.json"));
        let name = directory.file_name()?.to_str()?.to_owned();
        let is_fixture = sqlite.is_some() || postgres.is_some();
        is_fixture.then(|| Fixture {
            name,
            directory,
            is_variant,
            sqlite,
            postgres,
            sqlite_bytes: OnceLock::new(),
        })
    })
}

fn read_meta(directory: &Path, file: &str) -> Option<Meta> {
    let path = directory.join(file);
    let text = std::fs::read(&path).ok()?;
    Some(serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn version_key(name: &str) -> Vec<u32> {
    name.split(['.', '-']).map_while(|part| part.parse().ok()).collect()
}

fn gunzip(path: &Path) -> Vec<u8> {
    let packed = std::fs::File::open(path).unwrap_or_else(|error| panic!("open {}: {error}", path.display()));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed)
        .read_to_end(&mut bytes)
        .unwrap_or_else(|error| panic!("unpack {}: {error}", path.display()));
    bytes
}
