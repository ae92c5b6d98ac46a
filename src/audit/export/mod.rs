//! Exports of the audit log that verify themselves: [`export`] writes one, [`verify`] reads it back.
//!
//! A data file holds the rows ([`encode`]: CSV, JSON lines or Parquet, every signed value as it is), a [`manifest`] beside it
//! what the rows alone do not say: where the log was cut, the signed chain state, digests. [`reader`] turns a data file
//! back into the batches that [`super::check`] and [`super::walk`] take from a database, so that an export gets the same
//! findings as the log that it was made of. The README describes the format for those who write their own verifier.

mod collected;
pub mod columns;
pub mod csv;
pub mod encode;
mod filler;
pub mod filter;
pub mod form;
pub mod join;
pub mod jsonl;
pub mod manifest;
pub mod parquet;
pub mod raw;
pub mod reader;
pub mod report;
pub mod signature;
pub mod sink;
#[cfg(test)]
mod tests;
mod unpack;
pub mod value;
pub mod verify;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audit::pipeline;
use crate::audit::verify::Progress;
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, ExitCode, Result};
use crate::format::Id;
use crate::format::note::SigningKey;
use crate::format::state::Watermark;
use crate::identity::find;
use crate::signing::detached::Signer;
use crate::store::batch::Layout;
use crate::store::{LogFacts, OpenOptions, Scan, ScanEnd, Store};
use crate::whole_file::{PendingFile, cannot_write};
use encode::{Content, Edge, Encoded, Encoder, Pool};
use filter::Filter;
use form::{Form, Packing};
use manifest::{Data, EdgeRecord, Manifest, Parts, RowCounts, StateRecord};
use report::ExportReport;
use sink::{Packer, Sum, Summing};

/// How often a file that changes is read in chunks before it is read in one transaction.
const LOOKS_IN_CHUNKS: u32 = 4;

/// What to export and how.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// How patient to be with the database.
    pub open: OpenOptions,
    /// Cores to use.
    pub jobs: NonZeroUsize,
    /// Which rows.
    pub filter: Filter,
    /// Slugs of projects, to be looked up; added to the filter's.
    pub projects: Vec<String>,
    /// E-mail addresses of users, to be looked up; added to the filter's.
    pub users: Vec<String>,
    /// How rows are written.
    pub form: Form,
    /// How the file is packed.
    pub packing: Packing,
    /// Whether risky columns get guarded copies; CSV only.
    pub spreadsheet_safe: bool,
    /// The key that signs the manifest.
    pub key: Option<Arc<SigningKey>>,
}

/// Where an export goes.
pub enum Target<'w> {
    /// Files, each whole or not at all.
    File {
        /// The data file.
        path: PathBuf,
        /// The manifest; `None` is the place beside the file.
        manifest: Option<PathBuf>,
        /// Whether files that exist are replaced.
        overwrite: bool,
    },
    /// A stream; what went there cannot be taken back.
    Stream {
        /// The stream.
        to: &'w mut dyn Write,
        /// The manifest, where one is wanted.
        manifest: Option<PathBuf>,
        /// Whether a manifest that exists is replaced.
        overwrite: bool,
        /// Whether the report has digests of the data without a manifest too.
        digests: bool,
    },
}

/// Where the bytes go.
enum Output<'w> {
    File(PendingFile, &'w Path),
    Stream(&'w mut dyn Write, Summing),
}

impl Output<'_> {
    fn fail(&self, error: &io::Error) -> Error {
        match self {
            Self::File(_, path) => cannot_write(path, error),
            Self::Stream(..) => {
                Error::unreachable("output.stdout", format!("cannot write to stdout: {error}"))
                    .hint("what was written is incomplete; a FILE is written whole or not at all")
            }
        }
    }

    fn packer(&mut self, packing: Packing) -> Result<Packer<Box<dyn Write + '_>>> {
        let (writer, sum): (Box<dyn Write + '_>, _) = match self {
            Self::File(file, _) => {
                file.restart()?;
                (Box::new(file.file()), Summing::default())
            }
            Self::Stream(to, sum) => (Box::new(&mut **to), sum.clone()),
        };
        Packer::new(packing, writer, sum)
            .map_err(|error| Error::bug("cannot begin to pack an export").source(error))
    }
}

/// What was written in one reading of the log.
#[derive(Debug, Default)]
struct Written {
    rows: RowCounts,
    keys: BTreeMap<String, u64>,
    first: Option<Edge>,
    last: Option<Edge>,
}

/// Exports the audit log of a database. Needs no key.
///
/// Fails with exit code 7 when a file exists already, 5 when the database cannot be read or the target cannot be written,
/// 2 when a project or user is unknown. A file that could not be written to its end is not there.
pub fn export(
    context: &Context,
    database: &Database,
    options: &ExportOptions,
    target: Target<'_>,
    progress: &dyn Progress,
) -> Result<ExportReport> {
    let started_at = context.now();
    if !options.form.is_built_in() {
        return Err(parquet::not_built_in());
    }
    let (path, manifest_path, overwrite) = match &target {
        Target::File { path, manifest, overwrite } => {
            let beside = manifest.clone().unwrap_or_else(|| manifest::beside(path));
            (Some(path.clone()), Some(beside), *overwrite)
        }
        Target::Stream { manifest, overwrite, .. } => (None, manifest.clone(), *overwrite),
    };
    // Before anything is read: whether it can be written at all.
    let mut output = match (target, &path) {
        (Target::Stream { to, manifest, digests, .. }, _) => {
            let summed = digests || manifest.is_some();
            Output::Stream(to, if summed { Summing::default() } else { Summing::of_size() })
        }
        (Target::File { .. }, Some(path)) => Output::File(PendingFile::create(path, overwrite)?, path),
        (Target::File { .. }, None) => return Err(Error::bug("a file without a path")),
    };
    let pending_manifest =
        manifest_path.as_deref().map(|path| PendingFile::create(path, overwrite)).transpose()?;
    let pending_signature = match (&options.key, &manifest_path) {
        (Some(key), Some(manifest)) => Some(signature::Pending::create(key, manifest, overwrite)?),
        _ => None,
    };

    let mut store = Store::open(database, options.open, &context.cancel)?;
    let detection = store.detect()?;
    let filter = resolve(&mut store, &options.filter, &options.projects, &options.users)?;
    let layout = Layout::new(detection.has_api_key_id, detection.has_markers);
    let scan = Scan { layout, since: filter.from, until: filter.to };
    let mut looks = 0;
    let (facts, written, file, unpacked) = loop {
        looks += 1;
        let facts = store.facts(&detection)?;
        let is_stream = matches!(output, Output::Stream(..));
        if is_stream {
            // What went out cannot be called back.
            store.settle_order(&scan)?;
        }
        let (end, written, file, unpacked) =
            write_rows(context, &mut store, options, &filter, &scan, &facts, &mut output, progress)?;
        if end == ScanEnd::OutOfOrder {
            continue;
        }
        if store.snapshot().changes_during_read > 0 && !is_of_one_moment(&facts, &filter, &written) {
            if is_stream {
                return Err(Error::unreachable(
                    "export.changed",
                    "rows were removed from the log while it was exported: what was written is not of one moment",
                )
                .hint("run the command again, or export to a FILE"));
            }
            if looks >= LOOKS_IN_CHUNKS {
                store.hold_snapshot()?;
            }
            continue;
        }
        break (facts, written, file, unpacked);
    };

    let backend = store.snapshot().backend;
    let parts =
        Parts { detection: &detection, facts: &facts, backend, created_at: context.now(), file, unpacked };
    let mut manifest = manifest_of(&parts, options, &filter, layout, &written, path.as_deref());
    let text = manifest.to_text()?;
    if let (Some(pending), Some(path)) = (&pending_manifest, &manifest_path) {
        pending.file().write_all(text.as_bytes()).map_err(|error| cannot_write(path, &error))?;
        pending.sync()?;
    }
    if let Some(pending) = &pending_signature {
        pending.sign(text.as_bytes())?;
    }
    if let Output::File(file, _) = output {
        file.sync()?;
        file.publish()?;
    }
    let mut notes = Vec::new();
    if let (Some(pending), Some(path)) = (pending_manifest, &manifest_path) {
        pending.publish()?;
        if pending_signature.is_none() && overwrite && signature::remove_stale(path)? {
            notes.push(
                "the signature of the manifest that was replaced was removed; --key signs this one".into(),
            );
        }
    }
    let signature_file = pending_signature.map(signature::Pending::publish).transpose()?;

    let RowCounts { unreadable, unplaced, .. } = manifest.rows;
    let exit = if unreadable + unplaced > 0 { ExitCode::Incomplete } else { ExitCode::Done };
    if unreadable > 0 {
        notes.push(format!(
            "{unreadable} rows have a column that cannot be read; it is exported in its raw form"
        ));
    }
    if unplaced > 0 {
        notes.push(format!(
            "{unplaced} rows have no time or no id, so no place in chain order; they are not in the export"
        ));
    }
    if !manifest.contiguous {
        notes.push(
            "rows were filtered: each can be verified with the key, the links between them cannot".into(),
        );
    }
    let elapsed = context.now().micros().saturating_sub(started_at.micros()).max(0) / 1000;
    Ok(ExportReport {
        schema: "z4jctl.audit.export-report/1",
        ok: exit == ExitCode::Done,
        exit_code: exit.code(),
        database: database.display(),
        file: path.map(|path| path.display().to_string()),
        manifest_file: manifest_path.map(|path| path.display().to_string()),
        signature_file: signature_file.map(|path| path.display().to_string()),
        signer: options.key.as_ref().map(|key| Signer::of(&key.public(), &[key.verifier()])),
        manifest,
        notes,
        snapshot: store.snapshot(),
        started_at,
        duration_ms: u64::try_from(elapsed).unwrap_or(0),
    })
}

/// The filter with the names of projects and users looked up.
pub(super) fn resolve(
    store: &mut Store,
    filter: &Filter,
    projects: &[String],
    users: &[String],
) -> Result<Filter> {
    let mut filter = filter.clone();
    for name in projects {
        let id = match Id::parse(name.as_bytes()) {
            Some(id) => id,
            None => find::project_named(store, name)?.id,
        };
        filter.projects.push(id);
    }
    for name in users {
        let id = match Id::parse(name.as_bytes()) {
            Some(id) => id,
            None => find::user_named(store, name)?.id,
        };
        filter.users.push(id);
    }
    Ok(filter)
}

#[expect(clippy::too_many_arguments, reason = "one call, right above")]
fn write_rows(
    context: &Context,
    store: &mut Store,
    options: &ExportOptions,
    filter: &Filter,
    scan: &Scan,
    facts: &LogFacts,
    output: &mut Output<'_>,
    progress: &dyn Progress,
) -> Result<(ScanEnd, Written, Sum, Sum)> {
    let (form, safe) = (options.form, options.spreadsheet_safe);
    let layout = scan.layout;
    let mut failed = None;
    let mut written = Written::default();
    let mut packer = output.packer(options.packing)?;
    let pool = Pool::default();
    let worker = || {
        let mut encoder = Encoder::new(form, layout, safe, filter);
        let pool = &pool;
        move |batch| encoder.encode(batch, pool)
    };
    progress.begin(facts.rows_estimate);
    let mut seen = 0;
    let mut columns = match form {
        Form::Parquet => Some(parquet::Writer::new(layout)?),
        Form::Csv | Form::Jsonl => None,
    };
    let header = Encoder::header(form, layout, safe);
    let mut end = match packer.write(&header) {
        Err(error) => Err(note(&mut failed, error)),
        Ok(()) => pipeline::run_over(
            |emit| store.scan(scan, emit),
            layout,
            options.jobs,
            worker,
            &mut |encoded: &mut Encoded| {
                context.cancel.check()?;
                let mut write = |bytes: &[u8]| packer.write(bytes).map_err(|error| note(&mut failed, error));
                match (encoded.take(), &mut columns) {
                    (Content::Lines(bytes), _) => {
                        write(&bytes)?;
                        pool.give(bytes);
                    }
                    (Content::Columns(rows), Some(columns)) => write(&columns.add(rows)?)?,
                    (Content::Columns(_), None) => return Err(Error::bug("columns for lines")),
                }
                written.add(encoded);
                seen += encoded.seen;
                progress.advance(seen);
                Ok(())
            },
        ),
    };
    if let (Ok(ScanEnd::Complete), Some(columns)) = (&end, columns) {
        let rest = columns.finish()?;
        if let Err(error) = packer.write(&rest) {
            end = Err(note(&mut failed, error));
        }
    }
    progress.finish();
    let finished = if matches!(end, Ok(ScanEnd::Complete)) {
        packer.finish().map(|(_, file, unpacked)| Some((file, unpacked)))
    } else {
        drop(packer);
        Ok(None)
    };
    if let Some(error) = failed {
        return Err(output.fail(&error));
    }
    let empty = Sum { size: 0, sha256: None };
    let (file, unpacked) = finished.map_err(|error| output.fail(&error))?.unwrap_or((empty, empty));
    written.rows.unplaced = facts.unplaced_rows;
    Ok((end?, written, file, unpacked))
}

/// Keeps what went wrong for a message that names the target, and stops the pipeline.
fn note(failed: &mut Option<io::Error>, error: io::Error) -> Error {
    let stop = Error::unreachable("output.file", error.to_string());
    *failed = Some(error);
    stop
}

impl Written {
    fn add(&mut self, encoded: &Encoded) {
        self.rows.total += encoded.rows;
        self.rows.frozen += encoded.frozen;
        self.rows.unreadable += encoded.unreadable;
        for (key, rows) in &encoded.keys {
            *self.keys.entry(key.clone()).or_default() += rows;
        }
        if self.first.is_none() {
            self.first.clone_from(&encoded.first);
        }
        if encoded.last.is_some() {
            self.last.clone_from(&encoded.last);
        }
    }
}

/// Whether rows that were read in chunks, while something was written, are those that the facts speak of. What is added
/// lies behind the newest row of the facts and was not read; only what retention removes can be missed.
fn is_of_one_moment(facts: &LogFacts, filter: &Filter, written: &Written) -> bool {
    if !filter.is_whole() {
        return true;
    }
    let text = |edge: &Option<Edge>, column: fn(&Edge) -> Option<&String>| {
        edge.as_ref().and_then(|edge| column(edge).cloned())
    };
    if let Some(state) = facts.states.first() {
        let count = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        return written.rows.total - written.rows.frozen == count(state.active_row_count)
            && written.rows.frozen == count(state.frozen_row_count)
            && (written.rows.total == 0
                || text(&written.last, |edge| edge.row_hmac.as_ref()) == state.head.row_hmac);
    }
    let watermark = facts.watermark.as_deref().and_then(Watermark::parse);
    let begins = text(&written.first, |edge| edge.prev_row_hmac.as_ref());
    watermark.is_none_or(|watermark| begins.is_none_or(|mac| mac == watermark.row_hmac.to_string()))
}

fn manifest_of(
    parts: &Parts<'_>,
    options: &ExportOptions,
    filter: &Filter,
    layout: Layout,
    written: &Written,
    path: Option<&Path>,
) -> Manifest {
    let (source, pruned, frozen) = Manifest::of_source(parts);
    let name = path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    Manifest {
        schema: manifest::SCHEMA.to_owned(),
        z4jctl: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: parts.created_at.canonical(),
        data: Data {
            file: name,
            format: options.form,
            compression: options.packing,
            spreadsheet_safe: options.spreadsheet_safe,
            size: parts.file.size,
            sha256: parts.file.digits(),
            uncompressed_size: parts.unpacked.size,
            uncompressed_sha256: parts.unpacked.digits(),
        },
        source,
        filter: filter.record(),
        contiguous: filter.is_contiguous(),
        columns: Encoder::columns(layout, options.spreadsheet_safe),
        rows: written.rows,
        first: written.first.as_ref().map(EdgeRecord::from),
        last: written.last.as_ref().map(EdgeRecord::from),
        key_ids: written.keys.clone(),
        pruned,
        frozen,
        chain_state: parts.facts.states.iter().map(StateRecord::new).collect(),
        watermark: parts.facts.watermark.clone(),
        manifest_digest: String::new(),
    }
}
