//! On which databases z4jctl writes, and how the real z4j judges what was written.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::available_parallelism;

use super::brain::{Brain, RunningBrain};
use super::fixtures::{Dump, Fixture, Meta, TempSqlite};
use super::postgres::Database;
use super::z4jctl::Z4jctl;
use super::{BrainDatabase, Secrets};

/// A kind of database that z4jctl writes to: the release of its fixture, in one of two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A SQLite file.
    Sqlite(&'static str),
    /// A PostgreSQL database.
    Postgres(&'static str),
}

/// One release of every generation of the schema, and both ends on PostgreSQL.
pub(crate) const WRITABLE: [Target; 9] = [
    Target::Sqlite("1.0.19"),
    Target::Sqlite("1.3.4"),
    Target::Sqlite("1.6.9"),
    Target::Sqlite("1.8.0"),
    Target::Sqlite("1.9.1"),
    Target::Sqlite("1.11.0"),
    Target::Sqlite("1.13.0"),
    Target::Postgres("1.6.9"),
    Target::Postgres("1.13.0"),
];

/// A release of the time when `Z4J_SECRET` signed the rows, and the newest one.
pub(crate) const TWO_ERAS: [Target; 3] =
    [Target::Sqlite("1.6.9"), Target::Sqlite("1.13.0"), Target::Postgres("1.13.0")];

/// The same two, each on both databases.
pub(crate) const TWO_ERAS_ON_BOTH: [Target; 4] = [
    Target::Sqlite("1.6.9"),
    Target::Sqlite("1.13.0"),
    Target::Postgres("1.6.9"),
    Target::Postgres("1.13.0"),
];

/// A private copy of the database of a fixture, in either form.
pub(crate) enum AnyDatabase {
    /// A SQLite file.
    Sqlite(TempSqlite),
    /// A PostgreSQL database.
    Postgres(Database),
}

impl Target {
    /// The release that wrote it, and that has to judge it: a newer one would migrate it first.
    pub(crate) fn release(self) -> &'static str {
        let (Self::Sqlite(release) | Self::Postgres(release)) = self;
        release
    }

    /// What is known about it: secrets, accounts, tokens.
    pub(crate) fn meta(self) -> &'static Meta {
        let fixture = Fixture::by_name(self.release());
        match self {
            Self::Sqlite(_) => fixture.meta(),
            Self::Postgres(_) => fixture.postgres_meta(),
        }
    }

    /// The secrets of its brain.
    pub(crate) fn secrets(self) -> &'static Secrets {
        &self.meta().secrets
    }

    /// E-mail and password of its administrator.
    pub(crate) fn admin(self) -> (&'static str, &'static str) {
        let (email, password) = &self.meta().accounts["admin"];
        (email, password)
    }

    /// A fresh copy.
    pub(crate) fn database(self) -> AnyDatabase {
        let fixture = Fixture::by_name(self.release());
        match self {
            Self::Sqlite(_) => AnyDatabase::Sqlite(fixture.sqlite()),
            Self::Postgres(_) => AnyDatabase::Postgres(fixture.postgres(Dump::Plain)),
        }
    }

    /// The real brain that belongs to it.
    pub(crate) fn brain(self) -> Brain {
        Brain::release(self.release())
    }

    /// A call of z4jctl on a copy, with its secrets.
    pub(crate) fn z4jctl(self, database: &AnyDatabase) -> Z4jctl {
        Z4jctl::new().db(database).secrets(self.secrets())
    }

    /// Lets everybody judge a copy of it that was written to; see [`accept`].
    #[track_caller]
    pub(crate) fn accept(self, database: &AnyDatabase) -> RunningBrain {
        accept(database, self.meta(), self.release())
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(release) => write!(formatter, "{release} on SQLite"),
            Self::Postgres(release) => write!(formatter, "{release} on PostgreSQL"),
        }
    }
}

impl AnyDatabase {
    /// Runs statements behind everybody's back, without foreign keys and on PostgreSQL without triggers: deleting what
    /// others refer to would on SQLite call functions that only the brain has, and on PostgreSQL up to 1.7 change rows
    /// of the log, which a trigger refuses.
    #[track_caller]
    pub(crate) fn execute(&self, statements: &str) {
        match self {
            Self::Sqlite(copy) => {
                let connection = copy.connection();
                connection
                    .execute_batch(&format!("PRAGMA foreign_keys = OFF; {statements}"))
                    .unwrap_or_else(|error| panic!("{statements}: {error}"));
            }
            Self::Postgres(database) => {
                database.execute(&format!("SET session_replication_role = replica; {statements}"));
            }
        }
    }

    /// The one number that a query answers.
    #[track_caller]
    pub(crate) fn number(&self, query: &str) -> i64 {
        match self {
            Self::Sqlite(copy) => copy.number(query),
            Self::Postgres(database) => database.number(query),
        }
    }
}

impl BrainDatabase for AnyDatabase {
    fn z4j_url(&self) -> String {
        match self {
            Self::Sqlite(copy) => copy.z4j_url(),
            Self::Postgres(database) => database.z4j_url(),
        }
    }
}

/// The verdict on a database that was written to: z4jctl and the real `audit verify` find its log intact, and the real
/// brain starts on it. The brain is returned, for what it has to say about the rows that are not in the log.
///
/// `release` is the one that wrote the database. All releases from 1.0.19 on can still be installed and verify.
#[track_caller]
pub(crate) fn accept(database: &impl BrainDatabase, meta: &Meta, release: &str) -> RunningBrain {
    let ours = Z4jctl::new().db(database).secrets(&meta.secrets).args(["audit", "verify"]).run();
    assert_eq!(ours.code, 0, "{ours}");
    let brain = Brain::release(release);
    brain.audit_verify(database, &meta.secrets).expect_intact();
    brain.serve(database, &meta.secrets)
}

/// Runs a test on each kind of database, as many at a time in this process as there are processors: a start of a brain
/// is seconds of computing, and more at once would only wait for each other. All are run, also after a failure. Not to
/// be called from within such a test: it would wait for itself.
#[track_caller]
pub(crate) fn on_each(targets: &[Target], test: impl Fn(Target) + Sync) {
    let test = &test;
    let failed: Vec<Target> = std::thread::scope(|scope| {
        let start = |target: &Target| {
            let target = *target;
            let run = move || {
                let _permit = Permit::wait();
                test(target);
            };
            let thread = std::thread::Builder::new().name(target.to_string());
            (target, thread.spawn_scoped(scope, run).expect("start a thread"))
        };
        let running: Vec<_> = targets.iter().map(start).collect();
        running.into_iter().filter_map(|(target, thread)| thread.join().is_err().then_some(target)).collect()
    });
    let failed: Vec<String> = failed.iter().map(Target::to_string).collect();
    assert!(failed.is_empty(), "failed: {}", failed.join(", "));
}

/// The right to keep a processor busy.
struct Permit;

static BUSY: Mutex<usize> = Mutex::new(0);
static GIVEN_BACK: Condvar = Condvar::new();

impl Permit {
    fn wait() -> Self {
        let all = available_parallelism().map_or(1, std::num::NonZero::get);
        let busy = BUSY.lock().unwrap_or_else(PoisonError::into_inner);
        let mut busy =
            GIVEN_BACK.wait_while(busy, |busy| *busy >= all).unwrap_or_else(PoisonError::into_inner);
        *busy += 1;
        Self
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *BUSY.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        GIVEN_BACK.notify_one();
    }
}
