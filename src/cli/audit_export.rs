//! `z4jctl audit export`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::confirm::{SafetyArgs, Severity};
use super::progress::Reporter;
use super::row_filter::RowFilterArgs;
use super::ui::Render;
use super::write::{Particular, WriteArgs, Writing};
use super::{Run, connection};
use crate::audit::export::form::{Form, Packing};
use crate::audit::export::report::ExportReport;
use crate::audit::export::verify::{VerifyExportOptions, verify_export};
use crate::audit::export::{ExportOptions, Target, export};
use crate::audit::prune::{Cutoffs, Exported, Prune};
use crate::audit::transact::Outcome;
use crate::config::Settings;
use crate::error::{Error, ExitCode, Result};
use crate::format::Timestamp;
use crate::format::note::SigningKey;
use crate::signing;

/// Where the key is named that signs whatever is signed.
const KEY_VARIABLE: &str = "Z4JCTL_SIGNING_KEY_FILE";

/// Export the audit log, whole or in part, in a form that verifies itself.
///
/// Writes all columns, HMACs included, in chain order from one snapshot, and a manifest beside the file that says where
/// the log was cut, what the signed chain state was, and the SHA-256 of the file. `audit verify-export` verifies both, with
/// or without this database. Needs no secret. A file is there whole or not at all, readable for its owner alone.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[command(after_long_help = "\
Examples:
  z4jctl audit export audit.csv
  z4jctl audit export --format jsonl --zstd --from 2026-03-01 --to 2026-04-01 audit-2026-03.jsonl.zst
  z4jctl audit export --action 'auth.*' --project payments > logins.csv
  z4jctl audit export --key z4j.key audit.csv
  z4jctl audit export --format parquet audit.parquet && duckdb -c \"SELECT action, count(*) FROM 'audit.parquet' GROUP BY 1\"
  z4jctl audit export --older-than 1y --delete --yes audit-before-2026.csv
  z4jctl audit verify-export audit-2026-*.jsonl.zst --live")]
pub(super) struct ExportArgs {
    /// Write to this file, with its manifest in FILE.manifest.json; - is stdout
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// Write the manifest to this file; for stdout there is none without this
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Sign the manifest with this private key, into MANIFEST.sig: of `z4jctl signing-key generate`, or of OpenSSH
    #[arg(long, value_name = "FILE", env = KEY_VARIABLE, hide_env_values = true)]
    key: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
    /// How rows are written
    #[arg(long, value_enum, default_value = "csv")]
    format: FormArg,
    /// Pack with gzip
    #[arg(long, conflicts_with = "zstd")]
    gzip: bool,
    /// Pack with zstd
    #[arg(long)]
    zstd: bool,
    /// Only rows from this time on, such as 2026-03-01 or 2026-03-01T12:00:00Z; without a zone it is UTC
    #[arg(long, value_name = "TIME", help_heading = "Which rows")]
    from: Option<String>,
    /// Only rows before this time
    #[arg(long, value_name = "TIME", help_heading = "Which rows")]
    to: Option<String>,
    /// Only rows older than this: 90d, 12w, 6mo, 1y
    #[arg(long, value_name = "AGE", conflicts_with_all = ["from", "to"], help_heading = "Which rows")]
    older_than: Option<String>,
    #[command(flatten)]
    rows: RowFilterArgs,
    /// CSV: beside each column that a spreadsheet could take for a formula, a guarded copy
    #[arg(long)]
    spreadsheet_safe: bool,
    /// Remove the exported rows from the log, once the files have been read back and verified; see `audit prune`
    #[arg(long, help_heading = "Removing")]
    delete: bool,
    /// Do it on 1.3 to 1.7 too, where z4j 1.6 will report a truncation and the upgrade to 1.8 will stop
    #[arg(long, requires = "delete", help_heading = "Removing")]
    accept_unupgradable: bool,
    #[command(flatten)]
    safety: SafetyArgs,
    /// With --delete: why, for the audit row
    #[arg(long, value_name = "TEXT", env = "Z4JCTL_REASON", hide_env_values = true, help_heading = "Safety")]
    reason: Option<String>,
    /// Cores to use [default: all]
    #[arg(long, short = 'j', value_name = "NUMBER", env = "Z4JCTL_JOBS", hide_env_values = true)]
    jobs: Option<NonZeroUsize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FormArg {
    /// RFC 4180 with a header
    Csv,
    /// One JSON object per line
    Jsonl,
    /// Apache Parquet, packed within
    Parquet,
}

pub(super) fn run(run: &Run<'_>, arguments: &ExportArgs) -> Result<ExitCode> {
    let time = |flag: &str, text: &Option<String>| {
        text.as_deref().map(|text| super::audit_verify::time(flag, text)).transpose()
    };
    let from: Option<Timestamp> = time("--from", &arguments.from)?;
    let mut to = time("--to", &arguments.to)?;
    if let Some(age) = &arguments.older_than {
        let days = super::audit_prune::days("--older-than", age)?;
        to = Some(run.context.now().plus_seconds(-days.saturating_mul(86_400)));
    }
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(Error::usage("usage.window", "--from must be before --to"));
    }
    let form = match arguments.format {
        FormArg::Csv => Form::Csv,
        FormArg::Jsonl => Form::Jsonl,
        FormArg::Parquet => Form::Parquet,
    };
    if arguments.spreadsheet_safe && form != Form::Csv {
        return Err(Error::usage(
            "usage.spreadsheet-safe",
            "--spreadsheet-safe is for --format csv: no spreadsheet opens the other formats",
        ));
    }
    if (arguments.gzip || arguments.zstd) && form == Form::Parquet {
        return Err(Error::usage(
            "usage.packed-parquet",
            "--gzip and --zstd are for CSV and JSON lines: nothing could open a packed Parquet file",
        )
        .hint("leave them out: the columns of a Parquet file are packed with zstd"));
    }
    let filter = arguments.rows.within(from, to)?;
    let jobs = super::audit_verify::jobs(arguments.jobs)?;
    if arguments.delete {
        refuse_partial(arguments, to)?;
    } else if arguments.safety.is_dry_run() {
        return Err(Error::usage(
            "usage.dry-run",
            "--dry-run is for --delete: an export alone changes nothing",
        )
        .hint("leave it out, or give --delete"));
    }
    let write = WriteArgs::with_reason(&arguments.safety, arguments.reason.clone());
    let settings = if arguments.delete { run.settings_to_write(&write)? } else { run.settings()? };
    let options = ExportOptions {
        open: connection::open_options(&settings),
        jobs,
        filter,
        projects: arguments.rows.project.clone(),
        users: arguments.rows.user.clone(),
        form,
        packing: if arguments.gzip {
            Packing::Gzip
        } else if arguments.zstd {
            Packing::Zstd
        } else {
            Packing::None
        },
        spreadsheet_safe: arguments.spreadsheet_safe,
        key: signing_key(run, arguments)?,
    };
    let database = &settings.database.value;
    let reporter = Reporter::new(run.ui);
    let (manifest, overwrite) = (arguments.manifest.clone(), arguments.force);
    if arguments.delete {
        let cutoff = to.unwrap_or(Timestamp::MIN);
        return export_and_delete(run, arguments, &write, &settings, options, cutoff);
    }
    if arguments.file != Path::new("-") {
        let target = Target::File { path: arguments.file.clone(), manifest, overwrite };
        let report = export(run.context, database, &options, target, &reporter)?;
        run.ui.print(&report)?;
        return Ok(report.exit());
    }
    let mut stdout = std::io::stdout().lock();
    let target = Target::Stream { to: &mut stdout, manifest, overwrite, digests: run.ui.has_report_files() };
    let report = export(run.context, database, &options, target, &reporter)?;
    drop(stdout);
    run.ui.print_files(&report)?;
    let rows = report.manifest.rows.total;
    run.ui.note(&match &report.manifest_file {
        Some(path) => format!("exported {rows} rows, manifest in {path}"),
        None => format!("exported {rows} rows without a manifest; --manifest FILE writes one"),
    });
    for note in &report.notes {
        run.ui.note(note);
    }
    Ok(report.exit())
}

/// The key that signs the manifest, when there will be one.
fn signing_key(run: &Run<'_>, arguments: &ExportArgs) -> Result<Option<Arc<SigningKey>>> {
    let Some(path) = &arguments.key else { return Ok(None) };
    if arguments.file == Path::new("-") && arguments.manifest.is_none() {
        // Somebody who signs everything may still pipe an export.
        if run.context.env.var_os(KEY_VARIABLE) == Some(path.as_os_str()) {
            return Ok(None);
        }
        return Err(Error::usage("usage.key", "--key signs the manifest, and stdout has none")
            .hint("write to a FILE, or give --manifest FILE"));
    }
    signing::load(path).map(|key| Some(Arc::new(key)))
}

/// What is removed must be the beginning of the log, and must be in a file.
fn refuse_partial(arguments: &ExportArgs, to: Option<Timestamp>) -> Result<()> {
    if !arguments.rows.is_empty() || arguments.from.is_some() {
        return Err(Error::usage(
            "usage.delete-part",
            "--delete takes no filter: only the beginning of a log can go",
        )
        .hint("give --older-than or --to alone; export parts without --delete"));
    }
    if to.is_none() {
        return Err(Error::usage("usage.delete-all", "--delete needs --older-than or --to"));
    }
    if arguments.file == Path::new("-") {
        return Err(Error::usage(
            "usage.delete-stream",
            "--delete needs a file: what went to stdout cannot be read back",
        )
        .hint("name a FILE on a disk that is kept"));
    }
    Ok(())
}

/// Exports the beginning of the log, verifies the files by reading them back, and only then removes exactly those rows:
/// whatever happens, a row is in the files or in the database.
fn export_and_delete(
    run: &Run<'_>,
    arguments: &ExportArgs,
    write: &WriteArgs,
    settings: &Settings,
    mut options: ExportOptions,
    cutoff: Timestamp,
) -> Result<ExitCode> {
    let keys = connection::keys(settings)?;
    let mut operation = Prune {
        cutoffs: Cutoffs { default: cutoff, by_class: BTreeMap::new(), source: "before" },
        max_rows: u64::MAX,
        accept_unupgradable: arguments.accept_unupgradable,
        keys: &keys,
        exported: None,
    };
    let severity = Severity::Destructive { name: "delete" };
    let writing = Writing { command: "audit.export", arguments: write, severity };
    let nothing_more = |_: &Outcome| Ok(Particular::default());
    let preview = write.session(run, settings, &keys).preview(&operation)?;
    let Some(removal) = preview.plan.removal.filter(|_| !write.is_dry_run()) else {
        return writing.perform(run, settings, &operation, nothing_more);
    };
    let boundary = removal.boundary;
    options.filter.to = Some(boundary.occurred_at.next());
    let jobs = options.jobs;
    let target = Target::File {
        path: arguments.file.clone(),
        manifest: arguments.manifest.clone(),
        overwrite: arguments.force,
    };
    let report = export(run.context, &settings.database.value, &options, target, &Reporter::new(run.ui))?;
    let manifest = &report.manifest;
    let ends_at = manifest.last.as_ref().and_then(|last| last.row_hmac.clone());
    if !report.ok || ends_at != Some(boundary.row_hmac.to_string()) {
        return Err(Error::refused(
            "export.not-whole",
            format!(
                "the export does not hold exactly the rows that would go up to {}; nothing was removed",
                boundary.id
            ),
        )
        .hint(format!("the file {} stays; `z4jctl audit verify` tells more", arguments.file.display())));
    }
    let read_back = VerifyExportOptions {
        files: vec![arguments.file.clone()],
        manifest: arguments.manifest.clone(),
        without_manifest: false,
        keyless: false,
        live: None,
        known_head: None,
        jobs,
        max_findings: 10,
        // The log that is in the database has been verified to its new beginning; retention before that is no news.
        accept_retention: true,
        trusted: None,
    };
    let verified = verify_export(run.context, &keys, &read_back, &Reporter::new(run.ui))?;
    if !verified.ok {
        return Err(Error::refused(
            "export.not-verified",
            "the export does not verify as it was read back; nothing was removed",
        )
        .hint(format!("`z4jctl audit verify-export {}` tells why", arguments.file.display())));
    }
    run.ui.note(&format!(
        "exported and read back {} rows: {}, sha256 {}",
        manifest.rows.total,
        arguments.file.display(),
        manifest.data.sha256
    ));
    operation.exported = Some(Exported {
        boundary,
        record: json!({
            "file": arguments.file.file_name().map(|name| name.to_string_lossy()),
            "rows": manifest.rows.total,
            "sha256": manifest.data.sha256,
            "manifest_digest": manifest.manifest_digest,
        }),
    });
    writing.perform(run, settings, &operation, nothing_more)
}

impl Render for ExportReport {
    fn human(&self) -> String {
        let manifest = &self.manifest;
        let result = if self.ok { "OK" } else { "INCOMPLETE" };
        let mut text = format!("z4jctl audit export: {result} ({} rows)\n", manifest.rows.total);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  database   {}", self.database);
        if let Some(file) = &self.file {
            let _ = writeln!(text, "  file       {file}, {} bytes", manifest.data.size);
            let _ = writeln!(text, "  sha256     {}", manifest.data.sha256);
        }
        if let Some(file) = &self.manifest_file {
            let _ = writeln!(text, "  manifest   {file}");
        }
        if let (Some(file), Some(signer)) = (&self.signature_file, &self.signer) {
            let _ = writeln!(text, "  signature  {file}, by {}", signer.display());
        }
        for (name, edge) in [("first", &manifest.first), ("last", &manifest.last)] {
            if let Some(edge) = edge {
                let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
                let _ =
                    writeln!(text, "  {name:<10} {}, {}", shown(&edge.occurred_at), shown(&edge.row_hmac));
            }
        }
        for note in &self.notes {
            let _ = writeln!(text, "  note       {note}");
        }
        text
    }

    fn plain(&self) -> Vec<(String, String)> {
        let manifest = &self.manifest;
        let mut lines = vec![
            ("result", if self.ok { "OK" } else { "INCOMPLETE" }.to_owned()),
            ("exit_code", self.exit_code.to_string()),
            ("rows.total", manifest.rows.total.to_string()),
            ("rows.frozen", manifest.rows.frozen.to_string()),
            ("rows.unreadable", manifest.rows.unreadable.to_string()),
            ("size", manifest.data.size.to_string()),
            ("sha256", manifest.data.sha256.clone()),
        ];
        if let Some(file) = &self.file {
            lines.push(("file", file.clone()));
        }
        if let Some(file) = &self.manifest_file {
            lines.push(("manifest", file.clone()));
        }
        if let Some(file) = &self.signature_file {
            lines.push(("signature", file.clone()));
        }
        lines.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}
