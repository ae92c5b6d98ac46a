//! The home directory of a fresh brain.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::context::Cancel;
use crate::error::{Error, Result};

/// How often and how long to wait for another init; together ten seconds, far more than one takes.
const ATTEMPTS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// Creates a directory for its owner alone, as z4j makes it. Gives the directories that were missing, outermost
/// first.
pub(super) fn create(home: &Path) -> Result<Vec<PathBuf>> {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && fs::symlink_metadata(path).is_err();
    let mut missing: Vec<PathBuf> = home.ancestors().take_while(is_missing).map(Path::to_owned).collect();
    missing.reverse();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(home).map_err(|error| {
        for directory in missing.iter().rev() {
            // Those of them that were made; the others are not there to be removed.
            let _ = fs::remove_dir(directory);
        }
        Error::unreachable("home.create", format!("cannot create {}: {error}", home.display()))
            .hint("name another directory with --home or Z4J_HOME")
    })?;
    Ok(missing)
}

/// Whether users other than the owner have any right on an existing directory.
pub(super) fn is_open_to_others(home: &Path) -> bool {
    fs::metadata(home).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// Lets one init at a time work with a home directory, until the value is dropped. `None` when there is no such
/// directory, or it cannot be locked: then it holds nothing to quarrel about.
pub(super) fn lock(home: &Path, cancel: &Cancel) -> Result<Option<File>> {
    let Ok(directory) = File::open(home) else { return Ok(None) };
    for _ in 0..ATTEMPTS {
        match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(directory)),
            Err(Errno::WOULDBLOCK) => {
                cancel.check()?;
                std::thread::sleep(PAUSE);
            }
            Err(_) => return Ok(None),
        }
    }
    Err(Error::refused("init.busy", format!("another z4jctl init is at work in {}", home.display()))
        .hint("wait for it to end, and try again"))
}
