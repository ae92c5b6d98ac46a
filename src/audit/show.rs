//! `audit show`: one row, what is stored, what was hashed, and what the hash says.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::audit::check::{Checker, Part, Verdict};
use crate::audit::keys::Keys;
use crate::config::Database;
use crate::context::Context;
use crate::error::{Error, ExitCode, Result};
use crate::format::address::Mapped;
use crate::format::json::Canonicalizer;
use crate::format::mac::{Digest, KeyId, MacKey};
use crate::format::row::{AuditRow, Format, has_two_forms, write_message};
use crate::format::{Id, hex};
use crate::store::batch::{Layout, RowBatch};
use crate::store::generation::{Family, Generation};
use crate::store::{OpenOptions, Store};

/// Which row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowChoice {
    /// By its 1-based position in chain order.
    Position(u64),
    /// By its id.
    Id(Id),
}

/// One row and what its MAC says.
#[derive(Debug, Clone, Serialize)]
pub struct ShowReport {
    /// `z4jctl.audit.show/1`.
    pub schema: &'static str,
    /// Whether the MAC matches.
    pub ok: bool,
    /// The exit code of the command.
    pub exit_code: u8,
    /// What was read.
    pub database: String,
    /// The generation letter.
    pub generation: Generation,
    /// 1-based position in chain order.
    pub row: u64,
    /// The stored columns, in the order of the table; `null` is NULL.
    pub columns: Vec<(&'static str, Option<String>)>,
    /// The format whose payload is shown.
    pub format: Option<&'static str>,
    /// What stands before the payload under the MAC; a zero byte follows it. Empty before 1.8.
    pub domain: String,
    /// The canonical payload that was hashed, as text.
    pub canonical: Option<String>,
    /// The same with the domain, as hexadecimal digits: exactly the bytes under the MAC.
    pub message_hex: Option<String>,
    /// The MAC of the message under each configured key.
    pub computed: BTreeMap<String, String>,
    /// The stored `row_hmac`.
    pub row_hmac: Option<String>,
    /// The key under which the MAC matches.
    pub verified_by: Option<KeyId>,
    /// What the MAC says, in words.
    pub verdict: String,
}

/// Shows one row.
pub fn show(
    context: &Context,
    database: &Database,
    keys: &Keys,
    options: OpenOptions,
    choice: RowChoice,
) -> Result<ShowReport> {
    let mut store = Store::open(database, options, &context.cancel)?;
    let detection = store.detect()?;
    store.facts(&detection)?;
    let layout = Layout::new(detection.has_api_key_id, detection.has_markers);
    let batch = match choice {
        RowChoice::Position(position) => store.row_by_position(position, layout)?,
        RowChoice::Id(id) => store.row_by_id(id, layout)?,
    };
    let generation = detection.generation;
    let Some((position, raw)) = batch.rows().next() else {
        return Err(no_such_row(choice));
    };
    let family = generation.family();
    let checked = Checker::new(keys, family).check(position, raw);
    let mut report = ShowReport {
        schema: "z4jctl.audit.show/1",
        ok: matches!(checked.verdict, Verdict::Verified(_)),
        exit_code: exit_code(&checked.verdict, checked.part).code(),
        database: database.display(),
        generation,
        row: position,
        columns: columns(&batch, layout),
        format: None,
        domain: String::new(),
        canonical: None,
        message_hex: None,
        computed: BTreeMap::new(),
        row_hmac: checked.mac.display(),
        verified_by: None,
        verdict: describe(&checked.verdict),
    };
    if let Ok(row) = raw.decode() {
        let (formats, ring): (&[Format], &[MacKey]) = match (family, checked.part) {
            (Family::Early, _) => (&[Format::Early3, Format::Early2, Format::Early1], &keys.master),
            (Family::Active, Part::Live) => (&[Format::Active], &keys.audit),
            _ => (&[Format::Baseline], &keys.master),
        };
        let stored = checked.mac.mac();
        let candidates = candidates(&row, formats);
        let matching =
            candidates.iter().find(|(_, message)| ring.iter().any(|key| Some(key.sign(message)) == stored));
        if let Some((format, message)) = matching.or(candidates.first()) {
            report.format = Some(format.name());
            String::from_utf8_lossy(format.domain()).trim_end_matches('\0').clone_into(&mut report.domain);
            report.canonical = Some(String::from_utf8_lossy(&message[format.domain().len()..]).into_owned());
            report.message_hex = Some(hex::text(message));
            for key in ring {
                let mac: Digest = key.sign(message);
                report.computed.insert(key.id().to_string(), mac.to_string());
                if Some(mac) == stored {
                    report.verified_by = Some(key.id());
                }
            }
        }
    }
    Ok(report)
}

/// The error of a row that is not there.
pub fn no_such_row(choice: RowChoice) -> Error {
    let what = match choice {
        RowChoice::Position(position) => format!("the log has no row {position}"),
        RowChoice::Id(id) => format!("the log has no row with id {id}"),
    };
    Error::usage("audit.no-such-row", what)
        .hint("rows are numbered from 1, oldest first; `z4jctl audit verify` prints how many there are")
}

fn candidates(row: &AuditRow<'_>, formats: &[Format]) -> Vec<(Format, Vec<u8>)> {
    let mut canonicalizer = Canonicalizer::new();
    let mut found = Vec::new();
    for format in formats {
        let forms: &[Mapped] =
            if has_two_forms(row, *format) { &[Mapped::Groups, Mapped::Dotted] } else { &[Mapped::Groups] };
        for mapped in forms {
            let mut message = Vec::new();
            if write_message(row, *format, *mapped, &mut canonicalizer, &mut message).is_ok() {
                found.push((*format, message));
            }
        }
    }
    found
}

fn columns(batch: &RowBatch, layout: Layout) -> Vec<(&'static str, Option<String>)> {
    let row = batch.row(0);
    layout.columns().iter().map(|column| (column.name(), row.display(*column))).collect()
}

fn exit_code(verdict: &Verdict, part: Part) -> ExitCode {
    match verdict {
        Verdict::Verified(_) => ExitCode::Done,
        Verdict::UnknownKey(_) | Verdict::Unreadable(_) => ExitCode::Incomplete,
        Verdict::Unverifiable if part == Part::Frozen => ExitCode::Incomplete,
        _ => ExitCode::Finding,
    }
}

fn describe(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Verified(key) => format!("verified under key {key}"),
        Verdict::Mismatch { reason: Some(reason), .. } => format!("does not match: {reason}"),
        Verdict::Mismatch { .. } => "does not match under any configured key".into(),
        Verdict::Unsigned => "has no row_hmac".into(),
        Verdict::MalformedMac => "row_hmac is not 64 lower-case hexadecimal digits".into(),
        Verdict::UnknownKey(key) => format!("is signed under key {key}, which is not configured"),
        Verdict::Unreadable(error) => format!("column {} {}", error.column, error.reason),
        Verdict::Unverifiable => {
            "frozen history whose own MAC cannot be verified here; the signed digest covers it".into()
        }
    }
}
