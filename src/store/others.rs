//! Who else has the database open: a brain, most likely.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use super::Store;
use crate::error::Result;

/// The server needs a moment to forget a session that has just ended.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// Sessions of other programs. What a role without privileges may not see of them is NULL.
const SESSIONS: &str = "SELECT pid, usename::text AS usename, coalesce(application_name, '') AS program \
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL \
    AND coalesce(backend_type, 'client backend') = 'client backend' AND coalesce(application_name, '') <> 'z4jctl' \
    ORDER BY pid";

impl Store {
    /// The other users of the database, each in a few words; empty when there is none, or none that may be seen.
    ///
    /// PostgreSQL: sessions in this database, but for those of z4jctl. SQLite: processes that have the file open, as far
    /// as this user may look.
    pub fn other_users(&mut self) -> Result<Vec<String>> {
        if let Self::Sqlite(store) = self {
            return Ok(processes_with(store.path()));
        }
        let mut look = 1;
        loop {
            self.query(
                "sessions",
                "SELECT 1 AS done FROM (SELECT pg_stat_clear_snapshot()) AS cleared",
                &[],
            )?;
            let rows = self.query("sessions", SESSIONS, &[])?;
            if rows.is_empty() || look == LOOKS {
                return rows
                    .iter()
                    .map(|row| {
                        let pid = row.int("pid")?.unwrap_or_default();
                        let user = row.required_text("usename")?;
                        Ok(match row.required_text("program")? {
                            "" => format!("session {pid} of {user}"),
                            program => format!("session {pid} of {user} ({program})"),
                        })
                    })
                    .collect();
            }
            look += 1;
            std::thread::sleep(PAUSE);
        }
    }
}

/// Other processes that have a file open.
fn processes_with(path: &Path) -> Vec<String> {
    let Ok(file) = fs::metadata(path) else { return Vec::new() };
    let own = std::process::id().to_string();
    let mut found: Vec<(u32, String)> = Vec::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = process.file_name().to_string_lossy().into_owned();
        let Some(number) = name.parse().ok().filter(|_| name != own) else { continue };
        // A process of somebody else, or one that has ended meanwhile, does not show its files.
        let open = fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
        let has_it = open
            .filter_map(|entry| fs::metadata(entry.path()).ok())
            .any(|found| (found.dev(), found.ino()) == (file.dev(), file.ino()));
        if has_it {
            let program = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            found.push((number, format!("process {number} ({})", program.trim())));
        }
    }
    found.sort();
    found.into_iter().map(|(_, text)| text).collect()
}
