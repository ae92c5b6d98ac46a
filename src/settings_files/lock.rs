//! The locks under which z4j changes the files of its home directory.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use super::replace;
use crate::context::Cancel;
use crate::error::{Error, Result};

/// The file that z4j 1.8 and later lock while they change `secret.env` (identity-and-secrets, section 2.1).
const SECRET_STORE_LOCK: &str = ".z4j-secret-store.lock";

/// The file that z4j 1.8 and later lock before that, while they mint or rotate a key.
const COORDINATOR_LOCK: &str = ".z4j-bootstrap-coordinator.lock";

/// How often and how long to wait; together ten seconds, far more than a change of a small file takes.
const ATTEMPTS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// Locks that are held until the value is dropped.
#[must_use]
#[derive(Debug)]
pub(super) struct Locked(Vec<File>);

/// Keeps other calls of z4jctl, and z4j where it takes this lock, from changing files of this directory.
pub(super) fn directory(home: &Path, cancel: &Cancel) -> Result<Locked> {
    let directory = File::open(home).map_err(|error| cannot(home, &error))?;
    wait(&directory, home, cancel)?;
    Ok(Locked(vec![directory]))
}

/// Takes the locks of z4j's secret store in z4j's order: the directory, then the lock file.
pub(super) fn secret_store(home: &Path, cancel: &Cancel) -> Result<Locked> {
    all(home, &[SECRET_STORE_LOCK], cancel)
}

/// Takes the locks under which z4j rotates an audit key, in its order: the directory, the coordinator, the store.
pub(super) fn rotation(home: &Path, cancel: &Cancel) -> Result<Locked> {
    all(home, &[COORDINATOR_LOCK, SECRET_STORE_LOCK], cancel)
}

fn all(home: &Path, names: &[&str], cancel: &Cancel) -> Result<Locked> {
    let Locked(mut held) = directory(home, cancel)?;
    for name in names {
        let path = home.join(name);
        let file = open(&path, home).map_err(|error| cannot(&path, &error))?;
        wait(&file, &path, cancel)?;
        held.push(file);
    }
    Ok(Locked(held))
}

/// Opens the lock file; one that is made here belongs to whom the directory belongs, or the brain could not open it.
fn open(path: &Path, home: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600).custom_flags(flags);
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            replace::give_to_owner_of(&file, &std::fs::metadata(home)?).inspect_err(|_| {
                // It is empty and nobody's yet.
                let _ = std::fs::remove_file(path);
            })?;
            Ok(file)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => options.open(path),
        Err(error) => Err(error),
    }
}

fn wait(file: &File, path: &Path, cancel: &Cancel) -> Result<()> {
    for _ in 0..ATTEMPTS {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(Errno::WOULDBLOCK) => {
                cancel.check()?;
                std::thread::sleep(PAUSE);
            }
            Err(error) => return Err(cannot(path, &error.into())),
        }
    }
    Err(Error::refused("files.busy", format!("somebody else holds the lock {}", path.display()))
        .hint("z4j or another z4jctl is at work in this directory; wait for it to end, and try again"))
}

fn cannot(path: &Path, error: &io::Error) -> Error {
    Error::unreachable("files.lock", format!("cannot lock {}: {error}", path.display()))
        .hint("run as the user that the brain runs as")
}
