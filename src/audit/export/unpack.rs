//! A data file unpacked and cut into records.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::csv::Lines;
use super::form::{Form, Packing};
use super::sink::{Sum, Summing};
use crate::error::{Error, Result};

/// What is read at a time.
const CHUNK: usize = 256 << 10;
/// A longer record is none: a quote that was added would make one of the rest of the file.
const MAX_RECORD: usize = 256 << 20;

/// Opens a data file.
pub(super) fn open(path: &Path) -> Result<File> {
    let fail = |error: io::Error| cannot_read(path, &error);
    let file = File::open(path).map_err(fail)?;
    if file.metadata().map_err(fail)?.is_dir() {
        return Err(fail(io::ErrorKind::IsADirectory.into()));
    }
    Ok(file)
}

/// The error of a file that cannot be read.
pub(super) fn cannot_read(path: &Path, error: &io::Error) -> Error {
    Error::unreachable("export.read", format!("cannot read {}: {error}", path.display()))
}

/// The sum of a whole file.
pub(super) fn sum_of(file: &File) -> io::Result<Sum> {
    let mut source = BufReader::with_capacity(CHUNK, Summed { inner: file, sum: Summing::default() });
    while !source.fill_buf()?.is_empty() {
        source.consume(CHUNK);
    }
    Ok(source.into_inner().sum.finish())
}

pub(super) struct Summed<R> {
    inner: R,
    sum: Summing,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sum.add(&buffer[..read]);
        Ok(read)
    }
}

pub(super) type Source = BufReader<Summed<File>>;

pub(super) enum Unpacker {
    None(Source),
    Gzip(flate2::bufread::GzDecoder<Source>),
    Zstd(Box<zstd::stream::read::Decoder<'static, Source>>),
}

impl Unpacker {
    pub(super) fn open(path: &Path, packing: Option<Packing>) -> Result<(Self, Packing)> {
        let fail = |error: io::Error| cannot_read(path, &error);
        let summed = Summed { inner: open(path)?, sum: Summing::default() };
        let mut source = BufReader::with_capacity(CHUNK, summed);
        let found = match source.fill_buf().map_err(fail)? {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
            _ => packing.unwrap_or(Packing::None),
        };
        let unpacker = match found {
            Packing::None => Self::None(source),
            Packing::Gzip => Self::Gzip(flate2::bufread::GzDecoder::new(source)),
            Packing::Zstd => Self::Zstd(Box::new(
                zstd::stream::read::Decoder::with_buffer(source).map_err(fail)?.single_frame(),
            )),
        };
        Ok((unpacker, found))
    }

    /// Whether the file, as it is, begins so.
    pub(super) fn begins_with(&mut self, bytes: &[u8]) -> bool {
        self.source().fill_buf().is_ok_and(|begin| begin.starts_with(bytes))
    }

    fn source(&mut self) -> &mut Source {
        match self {
            Self::None(source) => source,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
        }
    }
}

impl Read for Unpacker {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::None(source) => source.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

/// Cuts what is unpacked into records.
pub(super) struct Records {
    unpacker: Unpacker,
    sum: Summing,
    buffer: Vec<u8>,
    start: usize,
    /// Bytes from `start` that hold no record end.
    seen: usize,
    lines: Lines,
    form: Form,
    is_over: bool,
}

/// A step in cutting.
pub(super) enum Step {
    /// A record, without its line end: from here to there in the buffer.
    Record(usize, usize),
    /// The file is over.
    End,
    /// The file ends in the middle of a record.
    Torn,
    /// A record that is longer than any.
    Endless,
}

impl Records {
    pub(super) fn new(unpacker: Unpacker, form: Form) -> Self {
        Self {
            unpacker,
            sum: Summing::default(),
            buffer: Vec::new(),
            start: 0,
            seen: 0,
            lines: Lines::default(),
            form,
            is_over: false,
        }
    }

    /// What a step found.
    pub(super) fn bytes(&self, from: usize, to: usize) -> &[u8] {
        &self.buffer[from..to]
    }

    /// Whether it has come to the end of what is packed.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) fn next(&mut self) -> io::Result<Step> {
        loop {
            let fresh = &self.buffer[self.start + self.seen..];
            let end = match self.form {
                Form::Csv => self.lines.find_end(fresh),
                Form::Jsonl | Form::Parquet => fresh.iter().position(|byte| *byte == b'\n'),
            };
            if let Some(end) = end {
                let (from, to) = (self.start, self.start + self.seen + end);
                (self.start, self.seen) = (to + 1, 0);
                return Ok(Step::Record(from, to));
            }
            self.seen = self.buffer.len() - self.start;
            if self.is_over {
                return Ok(if self.seen == 0 { Step::End } else { Step::Torn });
            }
            if self.seen > MAX_RECORD {
                return Ok(Step::Endless);
            }
            self.buffer.drain(..self.start);
            self.start = 0;
            let filled = self.buffer.len();
            self.buffer.resize(filled + CHUNK, 0);
            let read = loop {
                match self.unpacker.read(&mut self.buffer[filled..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            self.buffer.truncate(filled + read.as_ref().copied().unwrap_or(0));
            let read = read?;
            self.sum.add(&self.buffer[filled..filled + read]);
            self.is_over = read == 0;
        }
    }

    /// Reads the file to its end; gives the number of bytes behind what is packed.
    pub(super) fn drain(&mut self) -> io::Result<u64> {
        let mut rest = 0;
        let source = self.unpacker.source();
        loop {
            let length = source.fill_buf()?.len();
            if length == 0 {
                return Ok(rest);
            }
            source.consume(length);
            rest += u64::try_from(length).unwrap_or(0);
        }
    }

    /// The sums of the file, once it is drained, and of what could be unpacked.
    pub(super) fn sums(self) -> (Sum, Sum) {
        let source = match self.unpacker {
            Unpacker::None(source) => source,
            Unpacker::Gzip(decoder) => decoder.into_inner(),
            Unpacker::Zstd(decoder) => decoder.finish(),
        };
        (source.into_inner().sum.finish(), self.sum.finish())
    }
}
