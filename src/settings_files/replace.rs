//! Replacing a file whole or not at all.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::whole_file;

/// The file that a path leads to, through symbolic links, so that a link stays a link.
///
/// # Errors
///
/// `Refused` for what is there and is no regular file, `Unreachable` when nobody can tell.
pub(super) fn target(path: &Path) -> Result<PathBuf> {
    let fail = |error: &io::Error| {
        Error::unreachable("files.unreadable", format!("cannot look at {}: {error}", path.display()))
            .hint("run as the user that owns the file")
    };
    match fs::symlink_metadata(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(path.to_owned());
        }
        Err(error) => return Err(fail(&error)),
        Ok(_) => {}
    }
    let target = fs::canonicalize(path).map_err(|error| fail(&error))?;
    if fs::metadata(&target).map_err(|error| fail(&error))?.is_file() {
        return Ok(target);
    }
    Err(Error::refused("files.not-regular", format!("{} is not a regular file", path.display()))
        .hint("move it away; z4j reads a regular file there"))
}

/// Writes a file under a temporary name beside it, with this mode and the owner of the file that it replaces (or of
/// the directory), syncs it, and gives it its name. Whatever happens, the name leads to the old text or to the new one.
pub(super) fn replace(target: &Path, text: &[u8], mode: u32) -> Result<()> {
    let fail = |error: &io::Error| {
        let reason = whole_file::reason(error);
        Error::unreachable("files.write", format!("cannot write {}: {reason}", target.display()))
            .hint(
                "nothing was changed; run as the user that the brain runs as, and check that the directory may be \
                 written to",
            )
    };
    let directory = whole_file::directory_of(target);
    let mut file = whole_file::beside(target).map_err(|error| fail(&error))?;
    let mut write = || -> io::Result<()> {
        let owner = fs::metadata(target).or_else(|_| fs::metadata(directory))?;
        give_to_owner_of(file.as_file(), &owner)?;
        file.write_all(text)?;
        file.as_file().set_permissions(Permissions::from_mode(mode))?;
        file.as_file().sync_all()
    };
    write().map_err(|error| fail(&error))?;
    file.persist(target).map_err(|error| fail(&error.error))?;
    // The rename, so that the new text outlives a loss of power.
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(|error| {
        Error::unreachable("files.sync", format!("cannot sync {}: {error}", directory.display()))
            .hint("the file was written; whether it outlives a loss of power is not known")
    })
}

/// Gives a new file to the owner of another: when root works for a brain, the brain must be able to read it.
pub(super) fn give_to_owner_of(file: &File, other: &Metadata) -> io::Result<()> {
    let own = file.metadata()?;
    if own.uid() == other.uid() {
        // A group that root or the owner chose; not worth a failure.
        if own.gid() != other.gid() {
            let _ = fchown(file, None, Some(other.gid()));
        }
        return Ok(());
    }
    fchown(file, Some(other.uid()), Some(other.gid()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_with_its_mode_and_nothing_is_left_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        for (text, mode) in [("one", 0o644), ("two", 0o600)] {
            replace(&target(&path).unwrap(), text.as_bytes(), mode).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(replace(&directory.path().join("none/f"), b"", 0o600).is_err());
    }

    #[test]
    fn links_lead_to_the_file_and_no_other_thing_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("f"), directory.path().join("l"));
        std::os::unix::fs::symlink("f", &link).unwrap();
        assert!(target(&link).is_err(), "it leads nowhere");
        fs::write(&file, "x").unwrap();
        assert_eq!(target(&link).unwrap(), fs::canonicalize(&file).unwrap());
        assert_eq!(target(directory.path()).unwrap_err().code(), "files.not-regular");
    }
}
