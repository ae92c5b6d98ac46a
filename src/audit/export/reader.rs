//! Reading a data file back: unpacked, cut into records, each record a row of a batch as a database would have sent it.
//!
//! Nothing is believed: whatever stands in the file, reading it ends with rows and a list of what is wrong with the file.

use std::io;
use std::path::{Path, PathBuf};

use super::filler::Filler;
use super::form::{Form, Packing};
use super::parquet::{self, Damage, MAGIC};
use super::sink::Sum;
use super::unpack::{Records, Step, Unpacker, cannot_read, open, sum_of};
use crate::audit::finding::Class;
use crate::error::Result;
use crate::store::Emit;
use crate::store::batch::Layout;

/// Something that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What to call it.
    pub class: Class,
    /// 1-based number of the record, `None` when it is about the file.
    pub row: Option<u64>,
    /// One sentence.
    pub message: String,
}

/// What reading a file to its end showed.
#[derive(Debug, Clone)]
pub struct ReadEnd {
    /// Records.
    pub records: u64,
    /// Sum of the file.
    pub file: Sum,
    /// Sum of what is packed in it, as far as it could be unpacked.
    pub unpacked: Sum,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Problems beyond those.
    pub more_problems: u64,
}

/// What a file is, by its beginning.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Its path.
    pub path: PathBuf,
    /// How it is packed.
    pub packing: Packing,
    /// How rows are written.
    pub form: Form,
    /// Its columns.
    pub layout: Layout,
    /// Whether risky columns have guarded copies.
    pub safe: bool,
    /// Whether the rows come from PostgreSQL, where addresses have no other text than the printed one.
    pub postgres: bool,
}

impl Shape {
    /// Looks at the beginning of a file. `None` when it is no export.
    pub fn find(path: &Path, postgres: bool) -> Result<Option<Self>> {
        let (mut unpacker, packing) = Unpacker::open(path, None)?;
        if packing == Packing::None && unpacker.begins_with(MAGIC) {
            return Self::find_parquet(path, postgres);
        }
        let mut records = Records::new(unpacker, Form::Jsonl);
        let Ok(Step::Record(from, to)) = records.next() else { return Ok(None) };
        let first = records.bytes(from, to);
        let shape =
            |form, layout, safe| Some(Self { path: path.to_owned(), packing, form, layout, safe, postgres });
        if first.first() == Some(&b'{') {
            let Ok(line) = serde_json::from_slice::<serde_json::Value>(first) else { return Ok(None) };
            let has = |name: &str| line.get(name).is_some();
            return Ok(shape(Form::Jsonl, Layout::new(has("api_key_id"), has("legacy_frozen")), false));
        }
        let names: Vec<&str> = std::str::from_utf8(first).unwrap_or_default().split(',').collect();
        Ok(Self::of_columns(&names).and_then(|(layout, safe)| shape(Form::Csv, layout, safe)))
    }

    /// Why a file that begins like Parquet is no export; `None` when it is another kind of file.
    pub fn damage(path: &Path) -> Result<Option<String>> {
        let (mut unpacker, packing) = Unpacker::open(path, None)?;
        if packing != Packing::None || !unpacker.begins_with(MAGIC) {
            return Ok(None);
        }
        Ok(parquet::Reader::open(open(path)?).err().map(|damage| damage.message))
    }

    fn find_parquet(path: &Path, postgres: bool) -> Result<Option<Self>> {
        if !Form::Parquet.is_built_in() {
            return Err(parquet::not_built_in());
        }
        Ok(parquet::Reader::open(open(path)?).ok().map(|reader| Self {
            path: path.to_owned(),
            packing: Packing::None,
            form: Form::Parquet,
            layout: reader.layout(),
            safe: false,
            postgres,
        }))
    }

    /// The layout that a list of column names is that of, and whether guarded copies are among them.
    pub fn of_columns<S: AsRef<str>>(names: &[S]) -> Option<(Layout, bool)> {
        let layouts = [(false, false), (true, false), (true, true)];
        layouts.into_iter().flat_map(|layout| [(layout, false), (layout, true)]).find_map(
            |((api_key, markers), safe)| {
                let layout = Layout::new(api_key, markers);
                let expected = super::encode::Encoder::columns(layout, safe);
                expected
                    .iter()
                    .map(String::as_str)
                    .eq(names.iter().map(AsRef::as_ref))
                    .then_some((layout, safe))
            },
        )
    }

    /// Reads all rows and hands them over in batches.
    pub fn read(&self, emit: Emit<'_>) -> Result<ReadEnd> {
        if self.form == Form::Parquet {
            return self.read_columns(emit);
        }
        let (unpacker, _) = Unpacker::open(&self.path, Some(self.packing))?;
        let mut records = Records::new(unpacker, self.form);
        let mut filler = Filler::new(self);
        loop {
            match records.next() {
                Ok(Step::Record(from, to)) => filler.take(records.bytes(from, to), emit)?,
                Ok(Step::End) => break,
                Ok(Step::Torn) => {
                    filler.problem(Class::TailCut, true, "the file ends in the middle of this row");
                    break;
                }
                Ok(Step::Endless) => {
                    filler.problem(
                        Class::Malformed,
                        true,
                        "this row has no end; what is behind it was not read",
                    );
                    break;
                }
                Err(error) => {
                    let class = if error.kind() == io::ErrorKind::UnexpectedEof {
                        Class::TailCut
                    } else {
                        Class::Malformed
                    };
                    filler.problem(
                        class,
                        false,
                        &format!("the file is damaged and cannot be unpacked further: {error}"),
                    );
                    break;
                }
            }
        }
        filler.flush(emit)?;
        filler.demand_header();
        let was_torn = !records.is_over();
        let rest = records.drain().map_err(|error| cannot_read(&self.path, &error))?;
        if rest > 0 && !was_torn && self.packing != Packing::None {
            let what = if self.packing == Packing::Gzip { "gzip member" } else { "zstd frame" };
            filler.problem(Class::Inserted, false, &format!("{rest} bytes stand behind the {what}"));
        }
        let (file, unpacked) = records.sums();
        Ok(filler.end(file, unpacked))
    }

    /// The same for Parquet, whose directory is at the end.
    fn read_columns(&self, emit: Emit<'_>) -> Result<ReadEnd> {
        let file = open(&self.path)?;
        let sum = sum_of(&file).map_err(|error| cannot_read(&self.path, &error))?;
        let mut filler = Filler::new(self);
        let damaged =
            |Damage { class, message }| (class, format!("the file is damaged and cannot be read: {message}"));
        let mut reader = parquet::Reader::open(file).map_err(damaged);
        if reader.as_ref().is_ok_and(|reader| reader.layout() != self.layout) {
            reader = Err((Class::Malformed, "the columns are not those of its manifest".into()));
        }
        let mut read = || -> Result<std::result::Result<(), (Class, String)>> {
            let reader = match &mut reader {
                Ok(reader) => reader,
                Err(damage) => return Ok(Err(damage.clone())),
            };
            loop {
                match reader.read() {
                    Ok(Some(columns)) => filler.take_columns(&columns, emit)?,
                    Ok(None) => return Ok(Ok(())),
                    Err(damage) => return Ok(Err(damaged(damage))),
                }
            }
        };
        let outcome = read()?;
        filler.flush(emit)?;
        if let Err((class, message)) = outcome {
            filler.problem(class, false, &message);
        }
        Ok(filler.end(sum, sum))
    }
}
