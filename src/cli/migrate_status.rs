//! `z4jctl migrate status`.

use std::fmt::Write as _;

use super::ui::Render;
use super::{Run, connection};
use crate::error::{ExitCode, Result};
use crate::migrate::{StatusReport, status};

pub(super) fn run(run: &Run<'_>) -> Result<ExitCode> {
    let settings = run.settings()?;
    let report = status(run.context, &settings.database.value, connection::open_options(&settings))?;
    run.ui.print(&report)?;
    Ok(ExitCode::Done)
}

impl Render for StatusReport {
    fn human(&self) -> String {
        let mut text = format!("{}\n", self.database);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  revision     {}", self.revision);
        let _ = writeln!(text, "  generation   {} (z4j {})", self.generation, self.releases);
        let _ =
            writeln!(text, "  served by    {}", self.served_by.as_deref().unwrap_or("no release as it is"));
        let _ = writeln!(text, "  last served  {}", self.last_served_by.as_deref().unwrap_or("never"));
        for head in &self.later_heads {
            let _ = writeln!(text, "  ahead        {} (z4j {})", head.revision, head.releases);
        }
        for condition in &self.conditions {
            let _ = writeln!(text, "  note         {}", condition.explanation);
        }
        let _ = writeln!(text, "  next         {}", self.advice);
        text
    }

    fn plain(&self) -> Vec<(String, String)> {
        vec![
            ("revision".into(), self.revision.clone()),
            ("generation".into(), self.generation.to_string()),
            ("served_by".into(), self.served_by.clone().unwrap_or_default()),
            ("last_served_by".into(), self.last_served_by.clone().unwrap_or_default()),
        ]
    }
}
