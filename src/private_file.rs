//! Files that hold a secret: nobody but their owner and group may have read them.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

/// No such file is larger, bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// Why the secret in a file is not used.
#[derive(Debug)]
pub enum Unusable {
    /// It cannot be read.
    Unreadable(io::Error),
    /// Everybody may read or change it: its permission bits.
    Open(u32),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Open(mode) => write!(f, "everybody may read or change it (mode {mode:04o})"),
        }
    }
}

/// Reads such a file.
///
/// # Errors
///
/// [`Unusable`].
pub fn read(path: &Path) -> Result<Zeroizing<String>, Unusable> {
    let file = File::open(path).map_err(Unusable::Unreadable)?;
    let mode = file.metadata().map_err(Unusable::Unreadable)?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(Unusable::Open(mode & 0o7777));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(Unusable::Unreadable)?;
    Ok(text)
}
