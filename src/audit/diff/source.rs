//! What is compared: a database, or an export of one; both hand over rows in chain order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender};

use super::unmatched::Key;
use crate::audit::export::filter::Filter;
use crate::audit::export::manifest::{self, Manifest};
use crate::audit::export::reader::Shape;
use crate::config::Database;
use crate::context::Cancel;
use crate::error::{Error, Result};
use crate::format::Timestamp;
use crate::store::batch::{Layout, RawRow, RowBatch};
use crate::store::generation::{Detection, Family};
use crate::store::{Emit, LogFacts, OpenOptions, Scan, ScanEnd, Snapshot, Store};

/// How many rows are looked up one by one before a whole pass is cheaper.
const FEW: usize = 1000;

/// A copy of a log.
#[derive(Debug, Clone)]
pub enum CopyOf {
    /// A database.
    Database(Database),
    /// An export.
    Export {
        /// The data file.
        path: PathBuf,
        /// The manifest; `None` is the one beside the file.
        manifest: Option<PathBuf>,
        /// Do without one.
        without_manifest: bool,
    },
}

enum Reader {
    Store(Box<Store>),
    File(Box<Shape>),
}

/// One side of a comparison, opened.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) detection: Option<Detection>,
    pub(super) family: Family,
    pub(super) layout: Layout,
    pub(super) facts: LogFacts,
    pub(super) manifest: Option<Manifest>,
    /// Which rows of a log it holds.
    pub(super) filter: Filter,
    reader: Reader,
}

/// What is wrong with a source, in words; empty for a database.
pub(super) type Problems = Vec<String>;

impl Source {
    pub(super) fn database(database: &Database, open: OpenOptions, cancel: &Cancel) -> Result<Self> {
        let mut store = Store::open(database, open, cancel)?;
        let detection = store.detect()?;
        let facts = store.facts(&detection)?;
        // Both sides are read at once, and must be read in the same order from the start.
        store.read_in_order();
        Ok(Self {
            name: database.display(),
            family: detection.generation.family(),
            layout: Layout::new(detection.has_api_key_id, detection.has_markers),
            detection: Some(detection),
            facts,
            manifest: None,
            filter: Filter::default(),
            reader: Reader::Store(Box::new(store)),
        })
    }

    pub(super) fn copy(copy: &CopyOf, open: OpenOptions, cancel: &Cancel) -> Result<Self> {
        match copy {
            CopyOf::Database(database) => Self::database(database, open, cancel),
            CopyOf::Export { path, manifest, without_manifest } => {
                let manifest = (!without_manifest)
                    .then(|| manifest.clone().unwrap_or_else(|| manifest::beside(path)))
                    .map(|path| Manifest::parse(&path, &Manifest::bytes(&path)?))
                    .transpose()?;
                Self::export(path, manifest)
            }
        }
    }

    fn export(path: &Path, manifest: Option<(Manifest, bool)>) -> Result<Self> {
        if let Some((_, false)) = &manifest {
            return Err(Error::unreachable(
                "export.manifest",
                format!("the manifest of {} does not match its own digest: it was changed", path.display()),
            )
            .hint("`z4jctl audit verify-export` says more; --without-manifest compares the rows alone"));
        }
        let manifest = manifest.map(|(manifest, _)| manifest);
        let postgres = manifest.as_ref().is_some_and(|manifest| manifest.source.backend == "postgresql");
        let shape = Shape::find(path, postgres)?.ok_or_else(|| {
            Error::unreachable("export.not-one", format!("{} is not a copy of a log", path.display())).hint(
                "give a SQLite file of a brain, an export of `z4jctl audit export`, or a \
                 database URL; unpack other archives first",
            )
        })?;
        let filter = manifest.as_ref().map(|manifest| manifest.filter.filter()).transpose()?;
        let detection = manifest.as_ref().and_then(Manifest::detection);
        Ok(Self {
            name: path.display().to_string(),
            family: detection
                .as_ref()
                .map_or_else(|| family_of(shape.layout), |detection| detection.generation.family()),
            layout: shape.layout,
            detection,
            facts: manifest.as_ref().map(Manifest::facts).unwrap_or_default(),
            filter: filter.unwrap_or_default(),
            manifest,
            reader: Reader::File(Box::new(shape)),
        })
    }

    pub(super) fn kind(&self) -> &'static str {
        match &self.reader {
            Reader::Store(store) if store.is_postgres() => "postgresql",
            Reader::Store(_) => "sqlite",
            Reader::File(_) => "export",
        }
    }

    /// Whether its chain state and watermark are known: not of an export without manifest.
    pub(super) fn has_records(&self) -> bool {
        self.detection.is_some()
    }

    pub(super) fn snapshot(&self) -> Option<Snapshot> {
        match &self.reader {
            Reader::Store(store) => Some(store.snapshot()),
            Reader::File(_) => None,
        }
    }

    /// Begins a second look, for which writers wait.
    pub(super) fn hold(&mut self) -> Result<()> {
        let Reader::Store(store) = &mut self.reader else { return Ok(()) };
        store.hold_snapshot()?;
        if let Some(detection) = &self.detection {
            self.facts = store.facts(detection)?;
        }
        store.read_in_order();
        Ok(())
    }

    /// Sends all rows, and gives what is wrong with them as a file.
    pub(super) fn send(&mut self, to: &SyncSender<RowBatch>) -> Result<Problems> {
        let layout = self.layout;
        self.read(None, &mut |batch| {
            to.send(batch).map_err(|_| stopped())?;
            Ok(RowBatch::new(layout))
        })
    }

    fn read(&mut self, at: Option<Timestamp>, emit: Emit<'_>) -> Result<Problems> {
        let shape = match &mut self.reader {
            Reader::Store(store) => {
                let scan = Scan { layout: self.layout, since: at, until: at.map(Timestamp::next) };
                return match store.scan(&scan, emit)? {
                    ScanEnd::Complete => Ok(Vec::new()),
                    ScanEnd::OutOfOrder => Err(Error::bug("rows were to be read in chain order")),
                };
            }
            Reader::File(shape) => shape,
        };
        let end = shape.read(emit)?;
        let mut problems: Problems = end.problems.iter().map(problem).collect();
        if end.more_problems > 0 {
            problems.push(format!("and {} more of the kind", end.more_problems));
        }
        if let Some(manifest) = &self.manifest
            && (end.file.digits() != manifest.data.sha256 || end.records != manifest.rows.total)
        {
            problems.push("it is not the file that its manifest describes: it was changed since".into());
        }
        Ok(problems)
    }

    /// Looks rows up again, to show what they hold.
    pub(super) fn fetch(&mut self, wanted: &BTreeSet<Key>) -> Result<BTreeMap<Key, RowBatch>> {
        let mut found = BTreeMap::new();
        if wanted.is_empty() {
            return Ok(found);
        }
        if matches!(self.reader, Reader::Store(_)) && wanted.len() <= FEW {
            let times: BTreeSet<Timestamp> = wanted.iter().filter_map(|key| key.time()).collect();
            for time in times {
                self.collect(Some(time), wanted, &mut found)?;
            }
        }
        if found.len() < wanted.len() {
            self.collect(None, wanted, &mut found)?;
        }
        Ok(found)
    }

    fn collect(
        &mut self,
        at: Option<Timestamp>,
        wanted: &BTreeSet<Key>,
        found: &mut BTreeMap<Key, RowBatch>,
    ) -> Result<()> {
        let layout = self.layout;
        self.read(at, &mut |mut batch| {
            for (_, row) in batch.rows() {
                let key = Key::of(row);
                if wanted.contains(&key) {
                    found.entry(key).or_insert_with(|| own(layout, row));
                }
            }
            batch.clear(1);
            Ok(batch)
        })?;
        Ok(())
    }
}

fn problem(problem: &crate::audit::export::reader::Problem) -> String {
    let at = problem.row.map(|row| format!("row {row}: ")).unwrap_or_default();
    format!("{at}{}", problem.message)
}

fn stopped() -> Error {
    Error::bug("the other side of a comparison ended early")
}

fn family_of(layout: Layout) -> Family {
    match layout.columns().len() {
        15 => Family::Early,
        16 => Family::Baseline,
        _ => Family::Active,
    }
}

/// A copy of a row that outlives its batch.
pub(super) fn own(layout: Layout, row: RawRow<'_>) -> RowBatch {
    let mut batch = RowBatch::new(layout);
    batch.push_row(row);
    batch
}

/// The rows of one side, one at a time.
pub(super) struct Cursor {
    batches: Receiver<RowBatch>,
    batch: RowBatch,
    index: usize,
    position: u64,
    last: Option<(Timestamp, crate::format::Id)>,
    place: Option<(Timestamp, crate::format::Id)>,
    is_over: bool,
}

impl Cursor {
    pub(super) fn new(batches: Receiver<RowBatch>, layout: Layout) -> Self {
        let mut cursor = Self {
            batches,
            batch: RowBatch::new(layout),
            index: 0,
            position: 0,
            last: None,
            place: None,
            is_over: false,
        };
        cursor.arrive();
        cursor
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// The row at hand; only while the side is not over.
    pub(super) fn row(&self) -> RawRow<'_> {
        self.batch.row(self.index)
    }

    /// Its 1-based position.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Its place; `None` when it cannot be read, and when it does not come after the row before it: the databases
    /// order texts, and a time can be written in several ways.
    pub(super) fn place(&self) -> Option<(Timestamp, crate::format::Id)> {
        self.place
    }

    /// Goes on; true when a new batch began.
    pub(super) fn advance(&mut self) -> bool {
        self.index += 1;
        self.arrive()
    }

    fn arrive(&mut self) -> bool {
        let mut is_new = false;
        while self.index >= self.batch.len() {
            let Ok(batch) = self.batches.recv() else {
                (self.is_over, self.place) = (true, None);
                return true;
            };
            (self.batch, self.index, is_new) = (batch, 0, true);
        }
        self.position += 1;
        let row = self.batch.row(self.index);
        let place = row.occurred_at().ok().zip(row.id().ok());
        self.place = place.filter(|place| self.last.is_none_or(|last| last <= *place));
        self.last = self.place.or(self.last);
        is_new
    }
}
