//! `audit verify-export`: is an export what it says, and is it what was signed?

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::collected::Collected;
use super::join::{self, Tail};
use super::manifest::{self, Manifest};
use super::reader::{ReadEnd, Shape};
use super::report::{FileFinding, Join, VerifyExportReport};
use super::signature;
use crate::audit::bounds::{self, Retention, StateTrust};
use crate::audit::check::{CheckedBatch, Checker};
use crate::audit::classify::{Ends, Places, classify};
use crate::audit::finding::{Class, Finding};
use crate::audit::head::KnownHeadInput;
use crate::audit::keys::Keys;
use crate::audit::pipeline;
use crate::audit::report::KnownHeadReport;
use crate::audit::verify::{Progress, unknown_keys, wrong_key};
use crate::audit::walk::{EndRow, Walk};
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, ExitCode, Result};
use crate::format::mac::Digest;
use crate::format::note::VerifierKey;
use crate::format::{Id, Timestamp};
use crate::store::generation::{Family, Generation};
use crate::store::{OpenOptions, ScanEnd};

/// What to verify and how.
#[derive(Debug, Clone)]
pub struct VerifyExportOptions {
    /// The data files, of one chain.
    pub files: Vec<PathBuf>,
    /// The manifest of the only file; `None` looks beside each file.
    pub manifest: Option<PathBuf>,
    /// Do without manifests.
    pub without_manifest: bool,
    /// Verify links, counts and digests alone.
    pub keyless: bool,
    /// Go on with the log of a database.
    pub live: Option<(Database, OpenOptions)>,
    /// A head that must be in the files, or in the live log behind them.
    pub known_head: Option<KnownHeadInput>,
    /// Cores to use.
    pub jobs: NonZeroUsize,
    /// How many findings to list; all are counted.
    pub max_findings: usize,
    /// Take a missing beginning that retention explains for what it is.
    pub accept_retention: bool,
    /// The keys of which one must have signed every manifest; `None` demands no signature.
    pub trusted: Option<Vec<VerifierKey>>,
}

/// A file that is to be verified.
pub(super) struct Entry {
    pub(super) shape: Shape,
    pub(super) manifest: Option<Manifest>,
    pub(super) manifest_path: Option<PathBuf>,
    /// Whether the manifest matches its own digest.
    holds: bool,
    pub(super) family: Family,
    /// The signature of the manifest.
    pub(super) signature: Option<signature::Judged>,
}

/// One file, verified by itself.
pub(super) struct Judged {
    pub(super) walk: Walk,
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
    pub(super) records: u64,
    pub(super) contiguous: bool,
}

/// Verifies exports. Fails when a file cannot be opened (5), when its manifest is missing, damaged (5) or too new (7), and
/// when the key that its rows are signed with is not configured (6).
pub fn verify_export(
    context: &Context,
    keys: &Keys,
    options: &VerifyExportOptions,
    progress: &dyn Progress,
) -> Result<VerifyExportReport> {
    let started_at = context.now();
    let mut entries: Vec<Entry> =
        options.files.iter().map(|path| open(path, options)).collect::<Result<_>>()?;
    if !options.keyless {
        entries.iter().try_for_each(|entry| demand(keys, entry))?;
    }
    // In chain order, however a shell sorted the names.
    let first = |entry: &Entry| Some(entry.manifest.as_ref()?.first.clone()?.occurred_at);
    if entries.iter().all(|entry| entry.manifest.is_some()) {
        entries.sort_by_key(|entry| first(entry).flatten());
    }
    let live_begins = match &options.live {
        Some((database, open)) => join::live_begins(context, database, *open)?,
        None => None,
    };
    let mut wanted: Vec<Digest> = entries
        .iter()
        .filter_map(|entry| entry.manifest.as_ref()?.last.as_ref()?.row_hmac.as_deref())
        .filter_map(|mac| Digest::parse(mac.as_bytes()))
        .chain(live_begins)
        .collect();
    if let Some(KnownHeadInput::Valid(known)) = &options.known_head {
        wanted.push(known.row_hmac);
    }

    let mut out = Collected::default();
    let mut tail: Option<Tail> = None;
    for entry in &entries {
        wanted.extend(tail.as_ref().and_then(|tail| tail.mac));
        let mut judged = judge(context, entry, keys, options, &wanted, tail.is_none(), progress)?;
        let next = Tail::of(&entry.shape.path, entry.manifest.as_ref(), &judged);
        let joins = join::files(tail.as_ref(), &next, &judged, &mut out.notes);
        let (joins, finding) = joins;
        judged.findings.splice(0..0, finding);
        if let Some(signature) = &entry.signature {
            judged.findings.splice(0..0, signature.finding.clone());
            judged.notes.extend(signature.note.clone());
        }
        out.add(entry, judged, joins);
        // What lies within the part before it does not move the end.
        if joins != Join::Contained && next.mac.is_some() || tail.is_none() {
            tail = Some(next);
        }
    }
    let live = match (&options.live, &tail) {
        (Some((database, open)), Some(tail)) => {
            let live =
                join::live(context, database, *open, keys, options, tail, live_begins, &out.seen, progress)?;
            Some(out.take_live(database, live))
        }
        _ => None,
    };
    let known_head =
        options.known_head.as_ref().map(|known| known_head(known, &mut out, tail.as_ref(), options));
    Ok(out.report(context, options, live, known_head, started_at))
}

fn open(path: &Path, options: &VerifyExportOptions) -> Result<Entry> {
    let manifest_path = (!options.without_manifest)
        .then(|| options.manifest.clone().unwrap_or_else(|| manifest::beside(path)));
    let (mut manifest, mut holds, mut signature) = (None, true, None);
    if let Some(path) = &manifest_path {
        // What is read is what the signature is about.
        let bytes = Manifest::bytes(path)?;
        signature = signature::judge(path, &bytes, options.trusted.as_deref());
        let read = Manifest::parse(path, &bytes)?;
        (manifest, holds) = (Some(read.0), read.1);
    }
    let postgres = manifest.as_ref().is_some_and(|manifest| manifest.source.backend == "postgresql");
    let found = Shape::find(path, postgres)?;
    let shape = match (&manifest, found) {
        (_, Some(shape)) => shape,
        (Some(manifest), None) => {
            let (layout, safe) = Shape::of_columns(&manifest.columns).ok_or_else(|| {
                Error::unreachable(
                    "export.manifest",
                    format!("the manifest of {} names columns that no export has", path.display()),
                )
            })?;
            Shape {
                path: path.to_owned(),
                packing: manifest.data.compression,
                form: manifest.data.format,
                layout,
                safe,
                postgres,
            }
        }
        (None, None) => {
            if let Some(reason) = Shape::damage(path)? {
                let message = format!("{} is a damaged Parquet file: {reason}", path.display());
                return Err(Error::unreachable("export.damaged", message)
                    .hint("with its manifest beside it `verify-export` tells more; there is none of its rows to be had"));
            }
            return Err(Error::unreachable(
                "export.not-one",
                format!("{} does not begin like an export", path.display()),
            )
            .hint("expected what `z4jctl audit export` wrote: CSV, JSONL, plain, gzip or zstd, or Parquet"));
        }
    };
    let by_columns = match shape.layout.columns().len() {
        15 => Family::Early,
        16 => Family::Baseline,
        _ => Family::Active,
    };
    let detected = manifest.as_ref().and_then(Manifest::detection);
    let family = detected.map_or(by_columns, |detection| detection.generation.family());
    Ok(Entry { shape, manifest, manifest_path, holds, family, signature })
}

fn demand(keys: &Keys, entry: &Entry) -> Result<()> {
    let (is_missing, name) = match entry.family {
        Family::Active => (keys.audit.is_empty(), "Z4J_AUDIT_CHAIN_SECRET"),
        Family::Early | Family::Baseline => (keys.master.is_empty(), "Z4J_SECRET"),
    };
    if !is_missing {
        return Ok(());
    }
    Err(Error::secret(
        "secret.missing",
        format!(
            "{name} is not configured, and the rows of {} are signed with it",
            entry.shape.path.display()
        ),
    )
    .hint(format!(
        "set {name} or {name}_FILE, give --secret-file FILE, or --keyless to verify links and digests alone"
    )))
}

/// Reads a file once and follows its chain.
fn walk(
    context: &Context,
    entry: &Entry,
    keys: &Keys,
    options: &VerifyExportOptions,
    mut walk: Walk,
    contiguous: bool,
    progress: &dyn Progress,
) -> Result<(Walk, ReadEnd, Vec<Finding>)> {
    let family = entry.family;
    let worker = || {
        let mut checker = Checker::new(keys, family).keyless(options.keyless);
        move |batch| {
            let mut checked = checker.check_batch(batch);
            if !contiguous {
                checked.rows.iter_mut().for_each(|row| row.linked = false);
            }
            checked
        }
    };
    progress.begin(entry.manifest.as_ref().map_or(0, |manifest| manifest.rows.total));
    let mut order = Order::default();
    let mut done = 0;
    let end = pipeline::run_over(
        |emit| entry.shape.read(emit),
        entry.shape.layout,
        options.jobs,
        worker,
        &mut |batch: &mut CheckedBatch| {
            context.cancel.check()?;
            walk.add(batch);
            order.add(batch);
            done += u64::try_from(batch.rows.len()).unwrap_or(0);
            progress.advance(done);
            Ok(())
        },
    );
    progress.finish();
    Ok((walk, end?, order.findings))
}

/// Rows that do not come after the one before them.
#[derive(Default)]
struct Order {
    last: Option<(Timestamp, Id)>,
    findings: Vec<Finding>,
}

impl Order {
    const MOST: usize = 1000;

    fn add(&mut self, batch: &CheckedBatch) {
        for row in &batch.rows {
            let (Some(time), Some(id)) = (row.occurred_at, row.id) else { continue };
            let place = (time, id);
            if let Some(last) = self.last.filter(|last| place <= *last)
                && self.findings.len() < Self::MOST
            {
                let (class, message) = if place == last {
                    (Class::Duplicated, "stands there twice")
                } else {
                    (Class::Reordered, "does not come after the row before it: exports are in chain order")
                };
                self.findings.push(Finding {
                    row: Some(row.position),
                    audit_id: Some(id),
                    occurred_at: Some(time),
                    ..Finding::new(class, message)
                });
            }
            self.last = Some(self.last.map_or(place, |last| last.max(place)));
        }
    }
}

fn judge(
    context: &Context,
    entry: &Entry,
    keys: &Keys,
    options: &VerifyExportOptions,
    wanted: &[Digest],
    is_first: bool,
    progress: &dyn Progress,
) -> Result<Judged> {
    let (family, manifest) = (entry.family, entry.manifest.as_ref());
    let contiguous = manifest.is_none_or(|manifest| manifest.contiguous);
    let facts = manifest.map(Manifest::facts).unwrap_or_default();
    let detection = manifest.and_then(Manifest::detection);
    let mut notes = Vec::new();
    let mut whole = Vec::new();
    let state = match &detection {
        Some(detection) if options.keyless => join::keyless_state(detection, &facts, &mut whole),
        Some(detection) => bounds::judge_state(detection, &facts, keys, &mut whole),
        None => StateTrust::NotApplicable,
    };

    let mut begun = Walk { wanted: wanted.to_vec(), ..Walk::default() };
    if let StateTrust::Authentic(state) | StateTrust::UnknownKey(state) = &state {
        begun.generation = Some(state.generation);
        begun.wanted.extend(state.head.map(|head| head.row_hmac));
        begun.wanted.extend(state.prune.map(|prune| prune.row_hmac));
    }
    if !options.keyless {
        begun.signing_keys = state.authentic().map(|state| state.active_key_counts.keys().copied().collect());
    }
    let (walk, end, disorder) = walk(context, entry, keys, options, begun, contiguous, progress)?;

    let mut findings = Vec::new();
    if !options.keyless
        && let Some(finding) = wrong_key(family, &walk)
    {
        findings.push(finding);
        check_manifest(entry, &walk, &end, &mut findings);
        return Ok(Judged { walk, findings, notes, records: end.records, contiguous });
    }

    let from_start = contiguous && manifest.is_some_and(|manifest| manifest.filter.from.is_none());
    let to_end = contiguous && manifest.is_some_and(|manifest| manifest.filter.to.is_none());
    let is_whole = from_start && to_end;
    let frozen_authentic =
        is_whole && state.authentic().is_some_and(|state| bounds::frozen_is_authentic(state, &walk));
    let mut ends = bounds::ends(&state, &facts, false);
    ends.start = ends.start.filter(|_| from_start);
    ends.head = ends.head.filter(|_| to_end);
    let suspects = walk.live.suspects.iter().chain(&walk.frozen.suspects);
    let places = Places::find(&mut |emit| entry.shape.read(emit).map(|_| ScanEnd::Complete), suspects, ends)?;
    findings.extend(classify(&walk.live, &places, ends));
    if !options.keyless {
        unknown_keys(&walk, &mut findings);
    }
    let frozen = |findings: &mut Vec<Finding>| {
        if frozen_authentic { Vec::new() } else { classify(&walk.frozen, &places, Ends::default()) }
            .into_iter()
            .for_each(|finding| findings.push(finding));
    };
    match state.authentic() {
        Some(state) if is_whole => {
            bounds::judge_active(state, &walk, &mut findings, &mut notes);
            if !frozen_authentic {
                let named = classify(&walk.frozen, &places, Ends::default());
                bounds::judge_frozen(state, &walk, !keys.master.is_empty(), named, &mut findings);
            }
        }
        Some(state) => {
            frozen(&mut findings);
            if from_start && is_first && walk.frozen.tally.rows == state.frozen_row_count {
                bounds::judge_active_start(state, &walk.live, &mut findings);
            }
            if to_end && walk.live.tally.rows > 0 {
                bounds::judge_active_end(state, &walk, 0, &mut findings);
            }
        }
        None => frozen(&mut findings),
    }
    if let (Some(detection), true) = (&detection, from_start && is_first && family != Family::Active) {
        let now = manifest.and_then(|manifest| Timestamp::parse(&manifest.created_at));
        let retention = Retention { days: None, now: now.unwrap_or(context.now()) };
        let live = &walk.live;
        bounds::judge_legacy_start(detection, &facts, keys, retention, live, &mut findings, &mut notes);
        if detection.generation == Generation::P {
            notes.push("verified by the rules of 1.7, since the chain was not activated".into());
        }
    }
    // The links name most of what is out of order, and better. A row that stands there twice is no fork of the chain.
    let (twice, elsewhere): (Vec<_>, Vec<_>) =
        disorder.into_iter().partition(|finding| finding.class == Class::Duplicated);
    if findings.is_empty() || !contiguous {
        findings.extend(elsewhere);
    }
    let is_twice = |row: Option<u64>| twice.iter().any(|twice| twice.row == row);
    findings.retain(|finding| finding.class != Class::Forked || !is_twice(finding.row));
    let named: Vec<Option<u64>> =
        findings.iter().filter(|found| found.class == Class::Duplicated).map(|found| found.row).collect();
    findings.extend(twice.into_iter().filter(|twice| !named.contains(&twice.row)));
    check_manifest(entry, &walk, &end, &mut findings);
    findings.extend(whole);
    if let Some(manifest) = manifest.filter(|manifest| manifest.rows.unplaced > 0) {
        let unplaced = manifest.rows.unplaced;
        let message = format!("{unplaced} rows of the log had no place in chain order and were not exported");
        findings.push(Finding::new(Class::Malformed, message).undecided());
    }
    if options.accept_retention {
        findings.retain(|finding| {
            finding.class != Class::PrefixCut || finding.exit_code() != ExitCode::Incomplete
        });
    }
    let dropped = walk.live.dropped + walk.frozen.dropped + end.more_problems;
    if dropped > 0 {
        notes.push(format!("{dropped} more broken rows were counted and not classified"));
    }
    findings.sort_by_key(|finding| finding.row.unwrap_or(u64::MAX));
    Ok(Judged { walk, findings, notes, records: end.records, contiguous })
}

/// Compares a file with its manifest.
fn check_manifest(entry: &Entry, walk: &Walk, end: &ReadEnd, findings: &mut Vec<Finding>) {
    for problem in &end.problems {
        findings.push(Finding { row: problem.row, ..Finding::new(problem.class, problem.message.clone()) });
    }
    let Some(manifest) = &entry.manifest else { return };
    let mut differ = |what: String| findings.push(Finding::new(Class::ManifestMismatch, what));
    if !entry.holds {
        differ("the manifest does not match its own digest: it was changed".into());
    }
    let data = &manifest.data;
    if (data.format, data.compression) != (entry.shape.form, entry.shape.packing) {
        differ("the file has another format than its manifest says".into());
    }
    let sum = |what: &str, size: u64, sha256: &str, found: super::sink::Sum| {
        let digest = found.digits();
        (found.size != size || digest != sha256).then(|| {
            format!(
                "the {what} has {} bytes and SHA-256 {digest}, by its manifest {size} bytes and {sha256}",
                found.size
            )
        })
    };
    if let Some(difference) = sum("file", data.size, &data.sha256, end.file) {
        differ(difference);
    } else if let Some(difference) =
        sum("unpacked file", data.uncompressed_size, &data.uncompressed_sha256, end.unpacked)
    {
        differ(difference);
    }
    if manifest.rows.total != end.records {
        differ(format!("the file has {} rows, by its manifest {}", end.records, manifest.rows.total));
    }
    if Shape::of_columns(&manifest.columns) != Some((entry.shape.layout, entry.shape.safe)) {
        differ("the file has other columns than its manifest says".into());
    }
    let canonical = |record: &manifest::StateRecord| {
        manifest::StateRecord::new(&record.stored()).canonical == record.canonical
    };
    if !manifest.chain_state.iter().all(canonical) {
        differ("the manifest gives the chain state in two forms that differ".into());
    }
    let is_same = |record: &Option<manifest::EdgeRecord>, found: Option<&EndRow>| match (record, found) {
        (None, None) => true,
        (Some(record), Some(found)) => {
            record.id == found.id.map(|id| id.to_string())
                && record.occurred_at == found.occurred_at.map(|time| time.to_string())
                && found.mac.mac().is_none_or(|mac| record.row_hmac == Some(mac.to_string()))
        }
        _ => false,
    };
    // What stands at the ends says more than a digest; where rows of other kinds are named already, it says nothing new.
    let (first, last) = (join::first(walk), join::last(walk));
    let named = |class: Class| findings.iter().any(|finding| finding.class == class);
    let (has_prefix, has_tail) = (named(Class::PrefixCut), named(Class::TailCut));
    let is_short = end.records < manifest.rows.total;
    if is_short && !is_same(&manifest.first, first) && !has_prefix {
        findings.push(Finding::new(
            Class::PrefixCut,
            "the file does not begin with the row that its manifest names: the first rows are missing",
        ));
    }
    if is_short && !is_same(&manifest.last, last) && !has_tail {
        findings.push(Finding::new(
            Class::TailCut,
            "the file does not end with the row that its manifest names: the last rows are missing",
        ));
    }
    if manifest.rows.total == end.records
        && (!is_same(&manifest.first, first) || !is_same(&manifest.last, last))
        && findings.is_empty()
    {
        findings.push(Finding::new(
            Class::ManifestMismatch,
            "the file begins or ends with another row than its manifest says",
        ));
    }
}

/// Judges a known head against the files and the live log behind them.
fn known_head(
    known: &KnownHeadInput,
    out: &mut Collected,
    tail: Option<&Tail>,
    options: &VerifyExportOptions,
) -> KnownHeadReport {
    let known = match known {
        KnownHeadInput::Valid(known) => known,
        KnownHeadInput::Invalid(reason) => {
            out.exit = out.exit.strongest(ExitCode::Finding);
            return KnownHeadReport {
                verdict: "INVALID",
                message: format!("the known head is not one: {reason}"),
            };
        }
    };
    let is_last = tail.is_some_and(|tail| tail.mac == Some(known.row_hmac)) && options.live.is_none();
    if is_last {
        let message = "the known head is the last row".to_owned();
        return KnownHeadReport { verdict: "CURRENT_MATCH", message };
    }
    if out.seen.contains(&known.row_hmac) {
        let message = "the known head is a row of these files".to_owned();
        return KnownHeadReport { verdict: "VERIFIED_ANCESTOR", message };
    }
    let message = "the known head is in none of these files".to_owned();
    out.findings.push(FileFinding {
        file: tail.map(|tail| tail.name.clone()).unwrap_or_default(),
        finding: Finding::new(
            Class::TailCut,
            format!("{message}: the newest rows are missing, or it belongs to another history"),
        ),
    });
    KnownHeadReport { verdict: "UNPROVABLE", message }
}
