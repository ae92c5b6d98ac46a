//! Binary COPY, parsed by hand straight into batches: the fastest way out of PostgreSQL.

use std::io::BufRead as _;

use ::postgres::{Client, NoTls};

use super::connect::{failed, failed_reading};
use crate::context::Cancel;
use crate::error::{Error, Result};
use crate::store::batch::{Layout, RowBatch, Storage};
use crate::store::{BATCH_BYTES, BATCH_ROWS, Emit};

/// The signature, a word of flags, and the length of an extension area that nobody uses.
const HEADER: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const HEADER_LENGTH: usize = 19;

/// Copies the rows of a query into batches. `query` selects exactly the columns of `layout`.
pub(super) fn copy(
    client: &mut Client,
    query: &str,
    layout: Layout,
    cancel: &Cancel,
    shown: &str,
    emit: Emit<'_>,
) -> Result<()> {
    let token = client.cancel_token();
    let result = copy_rows(client, query, layout, cancel, shown, emit);
    if cancel.signal().is_some() {
        // Closing the connection would read all that is left of the log first. A request to cancel needs no TLS: the
        // server looks at it before it asks who is there.
        let _ = token.cancel_query(NoTls);
    }
    result
}

fn copy_rows(
    client: &mut Client,
    query: &str,
    layout: Layout,
    cancel: &Cancel,
    shown: &str,
    emit: Emit<'_>,
) -> Result<()> {
    let statement = format!("COPY ({query}) TO STDOUT (FORMAT binary)");
    let mut reader = client.copy_out(statement.as_str()).map_err(|error| failed(shown, &error))?;
    let mut parser = Parser::new(layout);
    loop {
        let chunk = reader.fill_buf().map_err(|error| failed_reading(shown, &error))?;
        let length = chunk.len();
        if length == 0 {
            break;
        }
        parser.feed(chunk)?;
        reader.consume(length);
        if parser.batch.len() >= BATCH_ROWS || parser.batch.byte_len() >= BATCH_BYTES {
            cancel.check()?;
            parser.hand_over(emit)?;
        }
    }
    parser.finish()?;
    if !parser.batch.is_empty() {
        emit(parser.batch)?;
    }
    Ok(())
}

struct Parser {
    columns: usize,
    batch: RowBatch,
    position: u64,
    /// The beginning of something whose end has not come yet; empty as a rule, since the server sends whole rows.
    rest: Vec<u8>,
    header_seen: bool,
    end_seen: bool,
}

impl Parser {
    fn new(layout: Layout) -> Self {
        let columns = layout.columns().len();
        let batch = RowBatch::new(layout);
        Self { columns, batch, position: 1, rest: Vec::new(), header_seen: false, end_seen: false }
    }

    fn hand_over(&mut self, emit: Emit<'_>) -> Result<()> {
        let empty = RowBatch::new(Layout::links());
        self.position += u64::try_from(self.batch.len()).unwrap_or(0);
        self.batch = emit(std::mem::replace(&mut self.batch, empty))?;
        self.batch.clear(self.position);
        Ok(())
    }

    fn feed(&mut self, chunk: &[u8]) -> Result<()> {
        if self.rest.is_empty() {
            let used = self.take(chunk)?;
            self.rest.extend_from_slice(&chunk[used..]);
        } else {
            let mut joined = std::mem::take(&mut self.rest);
            joined.extend_from_slice(chunk);
            let used = self.take(&joined)?;
            joined.drain(..used);
            self.rest = joined;
        }
        Ok(())
    }

    fn finish(&self) -> Result<()> {
        if self.end_seen && self.rest.is_empty() { Ok(()) } else { Err(broken("it ends in the middle")) }
    }

    /// Takes whole rows from the front; gives the number of bytes used.
    fn take(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut at = 0;
        if !self.header_seen {
            let Some(header) = bytes.get(..HEADER_LENGTH) else { return Ok(0) };
            if !header.starts_with(HEADER) || header[15..] != [0; 4] {
                return Err(broken("its header is unknown"));
            }
            self.header_seen = true;
            at = HEADER_LENGTH;
        }
        while at < bytes.len() && !self.end_seen {
            match complete_row(&bytes[at..], self.columns)? {
                Tuple::Incomplete => break,
                Tuple::End => {
                    self.end_seen = true;
                    at += 2;
                }
                Tuple::Row(length) => {
                    self.push(&bytes[at + 2..at + length]);
                    at += length;
                }
            }
        }
        Ok(at)
    }

    fn push(&mut self, mut fields: &[u8]) {
        while let Some((length, rest)) = fields.split_first_chunk::<4>() {
            if let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) {
                self.batch.push(Storage::Binary, &rest[..length]);
                fields = &rest[length..];
            } else {
                self.batch.push(Storage::Null, &[]);
                fields = rest;
            }
        }
    }
}

enum Tuple {
    /// More bytes are needed.
    Incomplete,
    /// The trailer.
    End,
    /// A row of this many bytes.
    Row(usize),
}

/// Measures the row at the front.
fn complete_row(bytes: &[u8], columns: usize) -> Result<Tuple> {
    let Some(count) = bytes.first_chunk::<2>() else { return Ok(Tuple::Incomplete) };
    let count = i16::from_be_bytes(*count);
    if count == -1 {
        return Ok(Tuple::End);
    }
    if usize::try_from(count) != Ok(columns) {
        return Err(broken("it has another number of columns"));
    }
    let mut at = 2;
    for _ in 0..columns {
        let Some(length) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) else {
            return Ok(Tuple::Incomplete);
        };
        at += 4 + usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
        if at > bytes.len() {
            return Ok(Tuple::Incomplete);
        }
    }
    Ok(Tuple::Row(at))
}

fn broken(what: &str) -> Error {
    Error::unreachable("database.copy", format!("the server's COPY stream is broken: {what}"))
        .hint("run the command again; if it happens again the server or something between is at fault")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stream(rows: &[[Option<Vec<u8>>; 4]]) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        bytes.extend([0; 8]);
        for row in rows {
            bytes.extend(4_i16.to_be_bytes());
            for field in row {
                match field {
                    None => bytes.extend((-1_i32).to_be_bytes()),
                    Some(field) => {
                        bytes.extend(i32::try_from(field.len()).expect("short").to_be_bytes());
                        bytes.extend(field);
                    }
                }
            }
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    proptest! {
        /// However the stream is cut into chunks, the same rows come out.
        #[test]
        fn chunks_do_not_matter(
            rows in proptest::collection::vec(any::<[Option<Vec<u8>>; 4]>(), 0..8),
            cuts in proptest::collection::vec(1_usize..40, 1..60),
        ) {
            let bytes = stream(&rows);
            let mut parser = Parser::new(Layout::links());
            let mut rest = bytes.as_slice();
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                parser.feed(now).expect("a valid stream");
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            parser.finish().expect("complete");
            prop_assert_eq!(parser.batch.len(), rows.len());
            for ((_, found), expected) in parser.batch.rows().zip(&rows) {
                for (column, field) in Layout::links().columns().iter().zip(expected) {
                    let (storage, bytes) = found.field(*column).expect("selected");
                    prop_assert_eq!((storage != Storage::Null).then_some(bytes), field.as_deref());
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut parser = Parser::new(Layout::links());
            let mut all = HEADER.to_vec();
            all.extend([0; 8]);
            all.extend(bytes);
            let _ = parser.feed(&all);
        }
    }
}
