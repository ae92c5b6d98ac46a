//! Where an export goes: hashed, packed, and a file whole or not at all.

use std::fs::File;
use std::io::{self, Seek as _, Write};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;
use ring::digest::{Context, SHA256};
use tempfile::NamedTempFile;

use super::form::Packing;
use crate::error::{Error, Result};
use crate::format::mac::Digest;

/// Size and SHA-256 of what went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: Digest,
}

/// Adds up bytes.
#[derive(Clone)]
pub struct Summing {
    size: u64,
    digest: Context,
}

impl Default for Summing {
    fn default() -> Self {
        Self { size: 0, digest: Context::new(&SHA256) }
    }
}

impl Summing {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.size += u64::try_from(bytes.len()).unwrap_or(0);
        self.digest.update(bytes);
    }

    /// The sum.
    pub fn finish(self) -> Sum {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.digest.finish().as_ref());
        Sum { size: self.size, sha256: Digest(sha256) }
    }
}

struct Summed<W> {
    inner: W,
    sum: Summing,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.add(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

enum Packed<W: Write> {
    None(Summed<W>),
    Gzip(GzEncoder<Summed<W>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Summed<W>>>),
}

/// Packs and adds up what is written to it.
pub struct Packer<W: Write> {
    packed: Packed<W>,
    /// What goes in; unused when it goes out as it is.
    sum: Summing,
}

impl<W: Write> Packer<W> {
    /// Around a writer.
    pub fn new(packing: Packing, inner: W) -> io::Result<Self> {
        let inner = Summed { inner, sum: Summing::default() };
        let packed = match packing {
            Packing::None => Packed::None(inner),
            // Without name and time: the same rows are the same bytes.
            Packing::Gzip => Packed::Gzip(GzEncoder::new(inner, flate2::Compression::default())),
            Packing::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(inner, 0)?;
                encoder.include_checksum(true)?;
                Packed::Zstd(Box::new(encoder))
            }
        };
        Ok(Self { packed, sum: Summing::default() })
    }

    /// Writes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.packed {
            Packed::None(inner) => return inner.write_all(bytes),
            Packed::Gzip(encoder) => encoder.write_all(bytes)?,
            Packed::Zstd(encoder) => encoder.write_all(bytes)?,
        }
        self.sum.add(bytes);
        Ok(())
    }

    /// Ends the packing; gives the writer, the sum of what went out and that of what went in.
    pub fn finish(self) -> io::Result<(W, Sum, Sum)> {
        let (mut inner, unpacked) = match self.packed {
            Packed::None(inner) => (inner, None),
            Packed::Gzip(encoder) => (encoder.finish()?, Some(self.sum)),
            Packed::Zstd(encoder) => (encoder.finish()?, Some(self.sum)),
        };
        inner.flush()?;
        let file = inner.sum.finish();
        Ok((inner.inner, file, unpacked.map_or(file, Summing::finish)))
    }
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
                return Err(Error::refused("export.not-a-file", message)
                    .hint("leave FILE out and redirect standard output"));
            }
            _ => {}
        }
        let directory =
            target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().prefix(".z4jctl-").tempfile_in(directory).map_err(fail)?;
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
        let directory =
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The name is in the directory: best effort, not every file system can.
        let _ = File::open(directory).and_then(|directory| directory.sync_all());
        Ok(())
    }
}

/// The error of a file that cannot be written.
pub fn cannot_write(path: &Path, error: &io::Error) -> Error {
    let text = error.to_string();
    // Without the name of the temporary file, which nobody asked for.
    let reason = text.split(" at path ").next().unwrap_or_default();
    Error::unreachable("output.file", format!("cannot write {}: {reason}", path.display()))
        .hint("check that its directory exists, may be written to and has room; nothing was left there")
}

fn exists(path: &Path) -> Error {
    Error::refused("export.exists", format!("{} exists already", path.display()))
        .hint("give another name, or --force to replace it")
}
