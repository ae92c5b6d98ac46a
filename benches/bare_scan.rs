//! Reads every row of a query from a SQLite file and does nothing with it: what no verifier can be faster than.
//!
//! `bare-scan FILE SELECT`

use std::io::Write as _;
use std::path::PathBuf;

use clap::Parser;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Read every value of a query's answer.
#[derive(Debug, Parser)]
#[command(name = "bare-scan")]
struct Arguments {
    /// The SQLite file
    file: PathBuf,
    /// The query
    query: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Arguments { file, query } = Arguments::parse();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    let mut statement = connection.prepare(&query)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let (mut count, mut bytes) = (0_u64, 0);
    while let Some(row) = rows.next()? {
        count += 1;
        for column in 0..columns {
            // Borrowed, so that nothing is copied; the length keeps the compiler from leaving it out.
            bytes += match row.get_ref(column)? {
                ValueRef::Null => 0,
                ValueRef::Integer(_) | ValueRef::Real(_) => 8,
                ValueRef::Text(value) | ValueRef::Blob(value) => value.len(),
            };
        }
    }
    writeln!(std::io::stdout(), "{count} rows, {bytes} bytes")?;
    Ok(())
}
