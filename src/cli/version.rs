//! `z4jctl version`.

use serde::Serialize;

use super::Run;
use super::ui::Render;
use crate::error::{ExitCode, Result};
use crate::migrate::newest_head;

/// What this binary is.
#[derive(Debug, Serialize)]
struct Version {
    schema: &'static str,
    z4jctl: &'static str,
    /// The newest schema revision that it knows.
    newest_revision: &'static str,
    /// The newest z4j releases that it knows.
    newest_releases: &'static str,
}

pub(super) fn run(run: &Run<'_>) -> Result<ExitCode> {
    let newest = newest_head();
    run.ui.print(&Version {
        schema: "z4jctl.version/1",
        z4jctl: env!("CARGO_PKG_VERSION"),
        newest_revision: newest.map_or("", |revision| revision.id),
        newest_releases: newest.map_or("", |revision| revision.head_of),
    })?;
    Ok(ExitCode::Done)
}

impl Render for Version {
    fn human(&self) -> String {
        format!(
            "z4jctl {}\n  knows z4j up to {}, revision {}\n",
            self.z4jctl, self.newest_releases, self.newest_revision
        )
    }

    fn plain(&self) -> Vec<(String, String)> {
        vec![("version".into(), self.z4jctl.into()), ("newest_revision".into(), self.newest_revision.into())]
    }
}
