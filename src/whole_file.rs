//! Files that are there whole or not at all: written under a temporary name beside their own, synced, renamed.

use std::fs::{File, Permissions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// The directory that holds a file.
pub fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A temporary file beside another, readable for its owner alone; gone unless it gets that one's name.
pub fn beside(path: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".z4jctl-").tempfile_in(directory_of(path))
}

/// Writes a file with these permissions. One that exists is replaced or, unless `may_replace`, an error of kind
/// [`io::ErrorKind::AlreadyExists`]: it is never there in part.
pub fn put(path: &Path, bytes: &[u8], mode: u32, may_replace: bool) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    let kept = if may_replace { file.persist(path) } else { file.persist_noclobber(path) };
    kept.map_err(|error| error.error)?;
    sync_directory(path);
    Ok(())
}

/// The reason of an error, without the name of a temporary file, which nobody asked for.
pub fn reason(error: &io::Error) -> String {
    error.to_string().split(" at path ").next().unwrap_or_default().to_owned()
}

/// The name of a file is in its directory: best effort, not every file system can.
fn sync_directory(path: &Path) {
    let _ = File::open(directory_of(path)).and_then(|directory| directory.sync_all());
}

/// A file that is written under another name and gets its own when it is complete. Readable for its owner alone.
#[derive(Debug)]
pub struct PendingFile {
    path: PathBuf,
    file: NamedTempFile,
    overwrite: bool,
}

impl PendingFile {
    /// Begins a file. Refuses one that exists, unless it may be replaced.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        let fail = |error: io::Error| cannot_write(path, &error);
        // A link stays a link: the file behind it is replaced.
        let target = match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(fail(error)),
            Ok(_) if !overwrite => return Err(exists(path)),
            Ok(_) => std::fs::canonicalize(path).map_err(fail)?,
        };
        match std::fs::metadata(&target) {
            Ok(metadata) if metadata.is_dir() => return Err(fail(io::ErrorKind::IsADirectory.into())),
            // A device or pipe would be replaced by a file.
            Ok(metadata) if !metadata.is_file() => {
                let message = format!("{} is no regular file", path.display());
                return Err(Error::refused("output.not-a-file", message)
                    .hint("name another file, or redirect standard output where the command prints to it"));
            }
            _ => {}
        }
        let file = beside(&target).map_err(fail)?;
        Ok(Self { path: target, file, overwrite })
    }

    /// The open file.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Begins again.
    pub fn restart(&self) -> Result<()> {
        let mut file = self.file();
        file.set_len(0).and_then(|()| file.rewind()).map_err(|error| cannot_write(&self.path, &error))
    }

    /// Makes sure that the file is on disk.
    pub fn sync(&self) -> Result<()> {
        self.file().sync_all().map_err(|error| cannot_write(&self.path, &error))
    }

    /// Gives the file its name.
    pub fn publish(self) -> Result<()> {
        let Self { path, file, overwrite } = self;
        let persisted = if overwrite { file.persist(&path) } else { file.persist_noclobber(&path) };
        match persisted {
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Err(exists(&path)),
            Err(error) => return Err(cannot_write(&path, &error.error)),
            Ok(_) => {}
        }
        sync_directory(&path);
        Ok(())
    }
}

/// The error of a file that cannot be written.
pub fn cannot_write(path: &Path, error: &io::Error) -> Error {
    Error::unreachable("output.file", format!("cannot write {}: {}", path.display(), reason(error)))
        .hint("check that its directory exists, may be written to and has room; nothing was left there")
}

fn exists(path: &Path) -> Error {
    Error::refused("output.exists", format!("{} exists already", path.display()))
        .hint("give another name, or --force to replace it")
}
