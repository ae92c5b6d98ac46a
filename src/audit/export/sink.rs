//! Where an export goes: hashed, packed, and a file whole or not at all.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use ring::digest::{Context, SHA256};

use super::form::Packing;
use crate::format::mac::Digest;

/// Size and SHA-256 of what went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// Bytes.
    pub size: u64,
    /// SHA-256; `None` when nobody asked for it.
    pub sha256: Option<Digest>,
}

impl Sum {
    /// SHA-256 in hexadecimal; empty when nobody asked for it.
    pub fn digits(&self) -> String {
        self.sha256.map(|digest| digest.to_string()).unwrap_or_default()
    }
}

/// Adds up bytes.
#[derive(Clone)]
pub struct Summing {
    size: u64,
    digest: Option<Context>,
}

impl Default for Summing {
    fn default() -> Self {
        Self { size: 0, digest: Some(Context::new(&SHA256)) }
    }
}

impl Summing {
    /// For the size alone: digests take an eighth of the time of an export.
    pub fn of_size() -> Self {
        Self { size: 0, digest: None }
    }

    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.size += u64::try_from(bytes.len()).unwrap_or(0);
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
    }

    /// The sum.
    pub fn finish(self) -> Sum {
        let sha256 = self.digest.map(|digest| {
            let mut sha256 = [0; 32];
            sha256.copy_from_slice(digest.finish().as_ref());
            Digest(sha256)
        });
        Sum { size: self.size, sha256 }
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
    /// Around a writer; `sum` is where sums begin.
    pub fn new(packing: Packing, inner: W, sum: Summing) -> io::Result<Self> {
        let inner = Summed { inner, sum: sum.clone() };
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
        Ok(Self { packed, sum })
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
