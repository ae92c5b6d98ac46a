//! Commands that write, and all that must keep them from it: a database that is not to be written to, input that makes
//! no sense, somebody at the terminal who says no. And what nobody may ever read anywhere.

mod bad_input;
mod leaks;
mod refusals;
mod terminal;

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::input::Untouched;
use crate::support::judge::AnyDatabase;
use crate::support::z4jctl::Z4jctl;
use crate::support::{BrainDatabase, Secrets};

/// Good enough for the policy of every release and for the strength check.
const PASSWORD: &str = "Quite-Anoth3r-Phrase";

/// A command that writes, and what it reads from standard input.
#[derive(Debug, Clone, Copy)]
struct Verb {
    arguments: &'static [&'static str],
    stdin: &'static str,
}

const MINT: Verb = Verb { arguments: &["token", "mint", "--project=payments", "--name=new-01"], stdin: "" };
const PASSWD: Verb =
    Verb { arguments: &["changepassword", "admin@example.com", "--password-stdin"], stdin: PASSWORD };
const PROMOTE: Verb = Verb { arguments: &["user", "promote", "viewer@example.com"], stdin: "" };
/// A change of an agent: one that mints waits for nobody's agents.
const REVOKE: Verb = Verb { arguments: &["token", "revoke", "payments/web-01"], stdin: "" };

/// One that only adds, one that changes a row beforehand, one that reads a password: they share all else.
const VERBS: [Verb; 3] = [MINT, PASSWD, PROMOTE];

impl Verb {
    /// The call, without `--yes`.
    fn on(self, database: &impl BrainDatabase, secrets: &Secrets) -> Z4jctl {
        self.at(database.z4j_url(), secrets)
    }

    /// The call on a database by a URL of any form.
    fn at(self, url: impl Into<OsString>, secrets: &Secrets) -> Z4jctl {
        cheap().db_url(url).secrets(secrets).args(self.arguments).stdin(self.stdin)
    }
}

/// A call that hashes passwords as cheaply as z4j allows.
fn cheap() -> Z4jctl {
    Z4jctl::new().env("Z4J_ARGON2_MEMORY_COST", "8192").env("Z4J_ARGON2_TIME_COST", "1")
}

/// A database as it is, to show later that nothing was written: a SQLite file byte for byte with all that is beside
/// it, every row of every table of PostgreSQL.
enum Unchanged<'a> {
    Sqlite(Untouched),
    Postgres(&'a crate::support::postgres::Database, BTreeMap<String, String>),
}

impl<'a> Unchanged<'a> {
    fn of(database: &'a AnyDatabase) -> Self {
        match database {
            AnyDatabase::Sqlite(copy) => Self::Sqlite(Untouched::of(copy)),
            AnyDatabase::Postgres(database) => Self::Postgres(database, rows_of(database)),
        }
    }

    #[track_caller]
    fn check(&self) {
        match self {
            Self::Sqlite(untouched) => untouched.check(),
            Self::Postgres(database, before) => assert_eq!(&rows_of(database), before),
        }
    }
}

/// Number and digest of the rows of each table.
fn rows_of(database: &crate::support::postgres::Database) -> BTreeMap<String, String> {
    let mut client = database.client();
    let tables = client
        .query("SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'", &[])
        .expect("list the tables");
    tables
        .iter()
        .map(|row| {
            let table: String = row.get(0);
            let query = format!(
                "SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, ' ' ORDER BY t::text), '')) FROM {table} t"
            );
            let rows = client.query_one(&query, &[]).expect("digest a table").get(0);
            (table, rows)
        })
        .collect()
}
