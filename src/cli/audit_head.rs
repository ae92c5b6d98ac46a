//! `z4jctl audit head`.

use std::path::PathBuf;

use clap::Args;

use super::{Run, connection, ui};
use crate::audit::head;
use crate::error::{ExitCode, Result};

/// Print the head of the log: its newest row, to be kept outside the database.
///
/// From 1.8 on this is the envelope of z4j's own `audit export-head`, which z4j's `audit verify --known-head` accepts
/// too. On earlier generations it is z4jctl's own, with the number of rows; z4jctl's `--known-head` accepts both.
#[derive(Debug, Args)]
pub(super) struct HeadArgs {
    /// Write it to this file, whole or not at all, instead of to stdout
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

pub(super) fn run(run: &Run<'_>, arguments: &HeadArgs) -> Result<ExitCode> {
    run.ui.refuse_reports("--to FILE writes the head to a file")?;
    let settings = run.settings()?;
    let keys = connection::keys(&settings)?;
    let export =
        head::export(run.context, &settings.database.value, &keys, connection::open_options(&settings))?;
    let text = export.head.to_text() + "\n";
    match &arguments.to {
        Some(path) => {
            ui::write_file(path, text.as_bytes())?;
            run.ui.note(&format!("wrote the head to {}", path.display()));
        }
        None => ui::write_stdout(&text)?,
    }
    if !export.accepted_by_z4j {
        run.ui.note("this generation has no signed state: only z4jctl's --known-head accepts this head");
    }
    Ok(ExitCode::Done)
}
