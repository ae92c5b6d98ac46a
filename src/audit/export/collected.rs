//! What the files of a verification add up to, and the report of it.

use std::collections::{BTreeMap, BTreeSet};

use super::report::{FileFinding, FileReport, Join, LiveReport, VerifyExportReport};
use super::verify::{Entry, Judged, VerifyExportOptions};
use super::{join, manifest};
use crate::audit::check::Link;
use crate::audit::finding::Class;
use crate::audit::report::{HeadReport, KeyUse, KnownHeadReport, Rows};
use crate::audit::walk::EndRow;
use crate::config::Database;
use crate::context::Context;
use crate::error::ExitCode;
use crate::format::Timestamp;
use crate::format::mac::Digest;

/// What the files added up to.
pub(super) struct Collected {
    files: Vec<FileReport>,
    pub(super) findings: Vec<FileFinding>,
    pub(super) notes: Vec<String>,
    rows: Rows,
    keys: BTreeMap<Digest, u64>,
    /// The MACs that were looked for and found.
    pub(super) seen: BTreeSet<Digest>,
    pub(super) exit: ExitCode,
}

impl Default for Collected {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
            rows: Rows::default(),
            keys: BTreeMap::new(),
            seen: BTreeSet::new(),
            exit: ExitCode::Done,
        }
    }
}

impl Collected {
    pub(super) fn add(&mut self, entry: &Entry, judged: Judged, joins: Join) {
        let name = entry.shape.path.display().to_string();
        let Judged { walk, findings, notes, records, contiguous } = judged;
        let (live, frozen) = (&walk.live.tally, &walk.frozen.tally);
        let rows = Rows {
            total: live.rows + frozen.rows + walk.foreign_rows,
            verified: live.verified,
            frozen: frozen.rows,
            unsigned: live.unsigned,
            unknown_key: live.unknown_key,
            unreadable: live.unreadable,
            mismatched: live.mismatched + walk.foreign_rows,
        };
        let sum = &mut self.rows;
        sum.total += rows.total;
        sum.verified += rows.verified;
        sum.frozen += rows.frozen;
        sum.unsigned += rows.unsigned;
        sum.unknown_key += rows.unknown_key;
        sum.unreadable += rows.unreadable;
        sum.mismatched += rows.mismatched;
        for (key, count) in live.verified_keys.iter().chain(&frozen.verified_keys) {
            *self.keys.entry(*key).or_default() += count;
        }
        if rows.unreadable + rows.unknown_key > 0 {
            self.exit = self.exit.strongest(ExitCode::Incomplete);
        }
        self.seen.extend(walk.sightings.keys().copied());
        let head = |row: Option<&EndRow>| {
            row.map(|row| HeadReport {
                row: row.position,
                audit_id: row.id,
                occurred_at: row.occurred_at,
                row_hmac: match row.mac {
                    Link::Mac(mac) => Some(mac),
                    _ => None,
                },
            })
        };
        self.files.push(FileReport {
            file: name.clone(),
            manifest: entry.manifest_path.as_ref().map(|path| path.display().to_string()),
            format: entry.shape.form,
            compression: entry.shape.packing,
            family: manifest::family_name(entry.family),
            schema_generation: entry.manifest.as_ref().map(|found| found.source.schema_generation.clone()),
            contiguous,
            records,
            rows,
            first: head(join::first(&walk)),
            last: head(join::last(&walk)),
            joins,
            signature: entry.signature.as_ref().map(|judged| judged.report.clone()),
        });
        self.findings.extend(findings.into_iter().map(|finding| FileFinding { file: name.clone(), finding }));
        self.notes.extend(notes.into_iter().map(|note| format!("{name}: {note}")));
    }

    pub(super) fn take_live(&mut self, database: &Database, live: join::Live) -> LiveReport {
        let name = database.display();
        self.exit = self.exit.strongest(live.exit);
        self.seen.extend(live.seen);
        self.findings
            .extend(live.findings.into_iter().map(|finding| FileFinding { file: name.clone(), finding }));
        self.notes.extend(live.notes);
        LiveReport { database: name, joins: live.joins, rows: live.rows, head: live.head }
    }

    pub(super) fn report(
        mut self,
        context: &Context,
        options: &VerifyExportOptions,
        live: Option<LiveReport>,
        known_head: Option<KnownHeadReport>,
        started_at: Timestamp,
    ) -> VerifyExportReport {
        let has_wrong_key = self.findings.iter().any(|found| found.finding.class == Class::WrongKey);
        let mut exit =
            self.findings.iter().map(|found| found.finding.exit_code()).fold(self.exit, |strongest, code| {
                if has_wrong_key && code == ExitCode::Finding { strongest } else { strongest.strongest(code) }
            });
        // Rows without a MAC are findings where the format demands one.
        if self.rows.unsigned > 0 && exit == ExitCode::Done {
            exit = ExitCode::Incomplete;
        }
        self.limits(options, live.is_some());
        let mut finding_counts: BTreeMap<&'static str, u64> = BTreeMap::new();
        for found in &self.findings {
            *finding_counts.entry(found.finding.class.name()).or_default() += 1;
        }
        let not_listed = self.findings.len().saturating_sub(options.max_findings);
        self.findings.truncate(options.max_findings);
        let elapsed = context.now().micros().saturating_sub(started_at.micros()).max(0) / 1000;
        VerifyExportReport {
            schema: "z4jctl.audit.verify-export/1",
            ok: exit == ExitCode::Done,
            exit_code: exit.code(),
            mode: if options.keyless { "keyless" } else { "keyed" },
            files: self.files,
            live,
            rows: self.rows,
            keys: self.keys.into_iter().map(|(key_id, rows)| KeyUse { key_id, rows }).collect(),
            finding_counts,
            findings: self.findings,
            findings_not_listed: u64::try_from(not_listed).unwrap_or(0),
            known_head,
            notes: self.notes,
            started_at,
            duration_ms: u64::try_from(elapsed).unwrap_or(0),
            z4jctl: env!("CARGO_PKG_VERSION"),
        }
    }

    /// What a verification like this cannot prove, in words.
    fn limits(&mut self, options: &VerifyExportOptions, has_live: bool) {
        let mut note = |text: &str| self.notes.push(text.to_owned());
        if options.keyless {
            note(
                "without a key: links, counts and digests hold or not; whether a row says what was signed, only the key can tell",
            );
        }
        if self.files.iter().any(|file| !file.contiguous) {
            note(
                "rows were filtered: each was verified, whether rows between them are missing cannot be seen",
            );
        }
        if options.without_manifest {
            note("without a manifest nothing says where the export should begin and end");
        }
        if !has_live && options.known_head.is_none() {
            note(
                "that no later export is missing is not proved; --live goes on with the database, --known-head demands a head",
            );
        }
    }
}
