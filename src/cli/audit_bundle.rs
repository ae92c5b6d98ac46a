//! `z4jctl audit bundle`.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::progress::Reporter;
use super::row_filter::RowFilterArgs;
use super::ui::Render;
use super::{Run, audit_show, audit_verify, connection, findings};
use crate::audit::bundle::create::{BundleOptions, create, redact};
use crate::audit::bundle::redact::Redaction;
use crate::audit::bundle::report::{BundleReport, StatementReport};
use crate::audit::export::filter::Filter;
use crate::audit::verify::VerifyOptions;
use crate::error::{Error, ExitCode, Result};
use crate::signing;

/// Put rows into an evidence bundle: one file that proves them to somebody without database and secret.
///
/// Verifies the whole log, then writes the chosen rows with salted commitments to every column, proofs that the log held
/// them (RFC 6962), and a statement signed with Ed25519, which `ssh-keygen -Y verify` accepts. `audit verify-bundle` checks it
/// anywhere. Values can be left out at any time, also later and without the key, and what is left still verifies.
///
/// E-mail and network addresses are left out unless --include-identities: those of the source, what the browser says of
/// itself, all metadata, and the id of a target that is an address. What a bundle leaves out cannot be put back, so keep a whole
/// one, and hand out copies.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
#[command(after_long_help = "\
Examples:
  z4jctl audit bundle 1042 1043 --key z4j.key --out incident.json
  z4jctl audit bundle --since 2026-03-01 --until 2026-03-02 --action 'auth.*' --key z4j.key --out logins.json
  z4jctl audit bundle 1042 --include-identities --anchors /mnt/anchors --key z4j.key --out whole.json
  z4jctl audit bundle --from whole.json --include-identities --redact metadata.email --out for-the-auditor.json
  z4jctl audit verify-bundle for-the-auditor.json --trust z4j.pub")]
pub(super) struct BundleArgs {
    /// Rows, by position in chain order, counted from 1, or by id
    #[arg(value_name = "ROW|ID")]
    rows: Vec<String>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace a file that exists
    #[arg(long)]
    force: bool,
    /// The private key: of `z4jctl signing-key generate`, or an unencrypted Ed25519 key of OpenSSH
    #[arg(long, value_name = "FILE", env = "Z4JCTL_SIGNING_KEY_FILE", hide_env_values = true)]
    key: Option<PathBuf>,
    /// Also rows from this time on, such as 2026-03-01 or 2026-03-01T12:00:00Z; without a zone it is UTC
    #[arg(long, value_name = "TIME", help_heading = "Which rows")]
    since: Option<String>,
    /// Also rows before this time; with --since those between
    #[arg(long, value_name = "TIME", help_heading = "Which rows")]
    until: Option<String>,
    #[command(flatten)]
    filter: RowFilterArgs,
    /// Leave this column out, or metadata.NAME; repeatable, or several with commas
    #[arg(long, value_name = "FIELD", value_delimiter = ',', help_heading = "What is left out")]
    redact: Vec<String>,
    /// Keep e-mail and network addresses
    #[arg(long, help_heading = "What is left out")]
    include_identities: bool,
    /// Leave more out of this bundle, without database and key
    #[arg(
        long,
        value_name = "BUNDLE",
        conflicts_with_all = [
            "rows", "since", "until", "project", "action", "actor", "user", "anchors", "trust", "origin", "unverified",
            "accept_retention"
        ],
        help_heading = "What is left out"
    )]
    from: Option<PathBuf>,
    /// The log must continue the anchors in this directory; the bundle proves it for the newest
    #[arg(long, value_name = "DIR")]
    anchors: Option<PathBuf>,
    /// With --anchors: the trusted keys, instead of the file trusted-keys beside the anchors; repeatable
    #[arg(long, value_name = "FILE", requires = "anchors")]
    trust: Vec<PathBuf>,
    /// The log's name [default: that of the anchors, or z4jctl.audit/ and a hash of its first row]
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// Take rows of a log that does not verify; the statement says so
    #[arg(long)]
    unverified: bool,
    /// 1.3 to 1.7: take a missing beginning that retention can explain as explained
    #[arg(long)]
    accept_retention: bool,
    /// Cores to use [default: all]
    #[arg(long, short = 'j', value_name = "NUMBER", env = "Z4JCTL_JOBS", hide_env_values = true)]
    jobs: Option<NonZeroUsize>,
}

pub(super) fn run(run: &Run<'_>, arguments: &BundleArgs) -> Result<ExitCode> {
    let redaction = Redaction::parse(&arguments.redact, arguments.include_identities)?;
    let report = match &arguments.from {
        Some(bundle) => redact(bundle, &redaction, &arguments.out, arguments.force)?,
        None => make(run, arguments, redaction)?,
    };
    run.ui.print(&report)?;
    Ok(report.exit())
}

fn make(run: &Run<'_>, arguments: &BundleArgs, redaction: Redaction) -> Result<BundleReport> {
    let rows = arguments.rows.iter().map(|text| audit_show::row_choice(text)).collect::<Result<Vec<_>>>()?;
    let filter = filter(arguments)?;
    if rows.is_empty() && filter.is_none() {
        return Err(Error::usage(
            "usage.rows",
            "which rows? name them, or choose them with --since, --action, …",
        ));
    }
    let Some(key) = &arguments.key else {
        return Err(Error::usage(
            "usage.key",
            "a bundle is signed: give --key FILE, or Z4JCTL_SIGNING_KEY_FILE",
        )
        .hint("make a key with `z4jctl signing-key generate --out FILE`"));
    };
    let key = signing::load(key)?;
    let anchors = arguments.anchors.as_ref().map(|directory| {
        signing::trusted(directory, &arguments.trust).map(|trusted| (directory.clone(), trusted))
    });
    let settings = run.settings()?;
    let options = BundleOptions {
        verify: VerifyOptions {
            accept_retention: arguments.accept_retention,
            ..audit_verify::whole_log(&settings, audit_verify::jobs(arguments.jobs)?)
        },
        rows,
        filter,
        projects: arguments.filter.project.clone(),
        users: arguments.filter.user.clone(),
        anchors: anchors.transpose()?,
        origin: arguments.origin.clone(),
        unverified: arguments.unverified,
        redaction,
        out: arguments.out.clone(),
        overwrite: arguments.force,
    };
    let keys = connection::keys(&settings)?;
    create(run.context, &settings.database.value, &keys, &key, options, &Reporter::new(run.ui))
}

/// The conditions, when there is one.
fn filter(arguments: &BundleArgs) -> Result<Option<Filter>> {
    let time = |flag: &str, text: &Option<String>| {
        text.as_deref().map(|text| audit_verify::time(flag, text)).transpose()
    };
    let (from, to) = (time("--since", &arguments.since)?, time("--until", &arguments.until)?);
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return Err(Error::usage("usage.window", "--since must be before --until"));
    }
    let is_given = from.is_some() || to.is_some() || !arguments.filter.is_empty();
    Ok(is_given.then_some(arguments.filter.within(from, to)?))
}

impl Render for BundleReport {
    fn human(&self) -> String {
        let command = "z4jctl audit bundle";
        // Writing to a String cannot fail.
        let mut text = match (&self.statement, self.written) {
            (Some(statement), true) => {
                format!("{command}: OK ({} rows of {} in {})\n", statement.rows, statement.size, self.file)
            }
            _ => format!("{command}: FAIL (nothing was written)\n"),
        };
        let _ = writeln!(text, "  taken from {}", self.source);
        if let Some(statement) = &self.statement {
            text.push_str(&shown(statement));
        }
        if let Some(signer) = &self.signer {
            let _ = writeln!(text, "  signed by  {}", signer.display());
        }
        for (name, count) in &self.redacted {
            let _ = writeln!(text, "  left out   {name}, in {count} rows");
        }
        text.push_str(&findings::human(&self.findings));
        for note in &self.notes {
            let _ = writeln!(text, "  note       {note}");
        }
        text
    }

    fn items(&self) -> Vec<Value> {
        findings::items(&self.findings)
    }

    fn plain(&self) -> Vec<(String, String)> {
        let mut lines = vec![
            ("written".to_owned(), self.written.to_string()),
            ("exit_code".to_owned(), self.exit_code.to_string()),
            ("file".to_owned(), self.file.clone()),
        ];
        if let Some(statement) = &self.statement {
            lines.extend(plain(statement));
        }
        lines.extend(self.signer.iter().map(|signer| ("signer".to_owned(), signer.fingerprint.clone())));
        for (name, count) in &self.redacted {
            lines.push((format!("redacted.{name}"), count.to_string()));
        }
        lines.extend(findings::plain(&self.findings));
        lines
    }
}

/// A statement for a person, a fact a line.
pub(super) fn shown(statement: &StatementReport) -> String {
    let StatementReport { origin, size, root, tool, time, log, coverage, .. } = statement;
    let mut text = String::new();
    let _ = writeln!(text, "  log        {origin}: {size} rows, root {root}");
    let _ = writeln!(text, "  made       {time} by {tool}, of {log}");
    let _ = writeln!(
        text,
        "  verified   {} rows: {} verified, {} frozen, {} without HMAC, {} under an unknown key, {} unreadable, {} not matching",
        coverage.total,
        coverage.verified,
        coverage.frozen,
        coverage.unsigned,
        coverage.unknown_key,
        coverage.unreadable,
        coverage.mismatched
    );
    if let Some(anchor) = &statement.anchor {
        let _ = writeln!(text, "  continues  anchor {} of {} rows", anchor.sequence, anchor.size);
    }
    text
}

/// A statement for `cut` and `grep`.
pub(super) fn plain(statement: &StatementReport) -> Vec<(String, String)> {
    vec![
        ("origin".into(), statement.origin.clone()),
        ("size".into(), statement.size.to_string()),
        ("root".into(), statement.root.to_string()),
        ("time".into(), statement.time.to_string()),
        ("rows".into(), statement.rows.to_string()),
        ("commitments".into(), statement.commitments.to_string()),
        ("unverified".into(), statement.unverified.map(|code| code.to_string()).unwrap_or_default()),
    ]
}
