//! `z4jctl config show`.

use std::fmt::Write as _;

use super::Run;
use super::ui::Render;
use crate::config::{ConfigReport, show};
use crate::error::{ExitCode, Result};

pub(super) fn run(run: &Run<'_>) -> Result<ExitCode> {
    let settings = run.connection.resolve(run.context)?;
    run.ui.print(&show(&settings))?;
    Ok(ExitCode::Done)
}

impl Render for ConfigReport {
    fn human(&self) -> String {
        let mut text = String::new();
        for entry in &self.entries {
            let value = entry.value.as_deref().unwrap_or("not set");
            let origin = entry.origin.as_ref().map(|origin| format!("  ({origin})")).unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{:<36} {value}{origin}", entry.name);
            if let Some(problem) = &entry.problem {
                let _ = writeln!(text, "{:<36} problem: {problem}", "");
            }
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        text
    }

    fn plain(&self) -> Vec<(String, String)> {
        self.entries
            .iter()
            .map(|entry| (entry.name.clone(), entry.value.clone().unwrap_or_default()))
            .collect()
    }
}
