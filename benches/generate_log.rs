//! Makes a long audit log out of a fixture, for benchmarks; see the module `generator`.
//!
//! `generate-log --rows N --format active|baseline [--seed S] (--sqlite FILE | --postgres URL)`
//!
//! The database is an unpacked copy of the fixture that belongs to the format (1.13.0 or 1.7.0). It ends up with
//! N rows. PostgreSQL needs a superuser.

mod generator;

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, Parser};

use generator::{Failure, LogFormat, Recipe, extend_postgres, extend_sqlite};

/// Extend the audit log of a fixture.
#[derive(Debug, Parser)]
#[command(name = "generate-log")]
struct Arguments {
    /// Rows of the log in the end
    #[arg(long)]
    rows: u64,
    /// `active` (fixture 1.13.0) or `baseline` (fixture 1.7.0)
    #[arg(long, value_parser = parse_format)]
    format: LogFormat,
    /// The same seed gives the same rows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    database: DatabaseArguments,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct DatabaseArguments {
    /// A copy of the fixture's SQLite file
    #[arg(long, value_name = "FILE")]
    sqlite: Option<PathBuf>,
    /// A database into which the fixture's dump was restored
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
}

fn parse_format(name: &str) -> Result<LogFormat, String> {
    match name {
        "active" => Ok(LogFormat::Active),
        "baseline" => Ok(LogFormat::Baseline),
        _ => Err("neither active nor baseline".to_owned()),
    }
}

fn main() -> Result<(), Failure> {
    let Arguments { rows, format, seed, database } = Arguments::parse();
    let recipe = Recipe { rows, format, seed };
    let summary = match (&database.sqlite, &database.postgres) {
        (Some(path), _) => extend_sqlite(path, &recipe)?,
        (_, Some(url)) => extend_postgres(url, &recipe)?,
        (None, None) => return Err("no database".into()),
    };
    writeln!(std::io::stdout(), "{summary}")?;
    Ok(())
}
