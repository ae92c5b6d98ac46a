//! The pages of a file that nobody vouches for: what no export has is refused before the crate decodes it.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::write::GROUP_BYTES;

/// A row group that unpacks to more is none: the longest record of the other forms (256 MiB), and what may stand before
/// it. So much memory a file can make us use.
const MAX_GROUP: u64 = (256 << 20) + 2 * GROUP_BYTES as u64;

/// The file, for the crate to read from.
#[derive(Debug)]
pub(super) struct Source {
    file: File,
    length: u64,
    /// Bytes that pages of the row group at hand may still unpack to.
    left: AtomicU64,
}

impl Source {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { file, length, left: AtomicU64::new(0) })
    }

    /// Begins a row group.
    pub(super) fn begin_group(&self) {
        self.left.store(MAX_GROUP, Ordering::Relaxed);
    }

    /// A part of the file; nothing is allocated for what it does not have.
    pub(super) fn bytes(&self, start: u64, length: usize) -> io::Result<Vec<u8>> {
        let end = start.checked_add(u64::try_from(length).unwrap_or(u64::MAX));
        if end.is_none_or(|end| end > self.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes)
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.length
    }
}

/// Reads on from a place.
pub(super) struct From {
    file: File,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += u64::try_from(read).unwrap_or(0);
        Ok(read)
    }
}

impl ChunkReader for Source {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        // Page headers are read through this, a few bytes each.
        Ok(BufReader::with_capacity(256, From { file: self.file.try_clone()?, at: start }))
    }

    /// A packed page: exactly one zstd frame that says how much is in it, and that is not too much.
    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let refuse = |what: &str| Err(ParquetError::General(what.to_owned()));
        let page = self.bytes(start, length)?;
        if page.is_empty() {
            return Ok(page.into());
        }
        let unpacked = zstd::zstd_safe::get_frame_content_size(&page).ok().flatten();
        let Some(unpacked) =
            unpacked.filter(|_| zstd::zstd_safe::find_frame_compressed_size(&page) == Ok(length))
        else {
            return refuse("a page is not one zstd frame of a known size");
        };
        let left = self.left.load(Ordering::Relaxed).checked_sub(unpacked);
        self.left.store(left.unwrap_or(0), Ordering::Relaxed);
        if left.is_none() {
            return refuse("its pages unpack to more than those of an export");
        }
        Ok(page.into())
    }
}

/// The pages of one column of one row group.
pub(super) struct Pages {
    inner: SerializedPageReader<Source>,
    has_dictionary: bool,
    /// Values that the pages may still have.
    left: u64,
}

impl Pages {
    pub(super) fn new(source: &Arc<Source>, chunk: &ColumnChunkMetaData, rows: u64) -> Result<Self> {
        let inner = SerializedPageReader::new(Arc::clone(source), chunk, 0, None)?;
        Ok(Self { inner, has_dictionary: false, left: rows })
    }

    fn check(&mut self, page: &Page) -> std::result::Result<(), &'static str> {
        match page {
            Page::DictionaryPage { encoding, .. } => {
                if self.has_dictionary || !is_plain_dictionary(*encoding) {
                    return Err("a dictionary of another kind");
                }
                self.has_dictionary = true;
            }
            Page::DataPage { num_values, encoding, def_level_encoding, .. } => {
                let is_known =
                    *encoding == Encoding::PLAIN || self.has_dictionary && is_dictionary(*encoding);
                if !is_known || *def_level_encoding != Encoding::RLE {
                    return Err("another encoding");
                }
                self.left =
                    self.left.checked_sub(u64::from(*num_values)).ok_or("more values than there are rows")?;
            }
            Page::DataPageV2 { .. } => return Err("pages of version 2"),
        }
        Ok(())
    }
}

fn is_plain_dictionary(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY)
}

fn is_dictionary(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY)
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        if let Some(page) = &page {
            self.check(page).map_err(|what| ParquetError::General(format!("{what}, which no export has")))?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.inner.skip_next_page()
    }
}
