//! The schema of z4j 1.7.0, for SQLite and for an empty PostgreSQL database.
//!
//! The schema is data (`migrations/`); this module only completes it with what depends on the clock. Pure
//! functions: no input or output, no clock.

use std::fmt::Write as _;

use crate::format::Timestamp;

/// The z4j release whose schema a fresh database has.
pub const RELEASE: &str = "1.7.0";

/// The schema revision that a fresh database carries in `alembic_version`.
pub const REVISION: &str = "v1_7_security_hardening";

const SQLITE: &str = include_str!("../../migrations/sqlite/0001_brain_1_7_0.sql");
const POSTGRES: &str = include_str!("../../migrations/postgres/0001_brain_1_7_0.sql");

/// The line of the PostgreSQL file in whose place the statements of [`postgres_partitions`] go.
const PARTITIONS_MARKER: &str = "-- {{daily partitions}}\n";

const SECONDS_PER_DAY: i64 = 86_400;

/// The partitioned tables with the first and the last of the days, counted from today, that the migration
/// of z4j 1.7.0 gives them.
const PARTITIONED: [(&str, i64, i64); 2] = [("events", 0, 6), ("schedule_fires", -31, 7)];

/// The statements that make an empty SQLite file a brain database, except for the first audit row.
///
/// To be run in one transaction, with foreign keys off as z4j 1.7.0 has them.
pub fn sqlite_sql() -> &'static str {
    SQLITE
}

/// The statements that make an empty PostgreSQL database a brain database, except for the first audit row.
///
/// To be run in one transaction as the role of the brain. `today` is as for [`postgres_partitions`].
pub fn postgres_sql(today: Timestamp) -> String {
    POSTGRES.replacen(PARTITIONS_MARKER, &postgres_partitions(today), 1)
}

/// The statements that create the daily partitions, one per line.
///
/// `today` is any time of the calendar day that the server calls `CURRENT_DATE`, as if that day were UTC. The
/// bounds are dates without a zone, as the brain itself writes them. So both the question for the date and these
/// statements belong in a session with the default time zone of the brain's role: a boundary at another hour
/// would make the next partition that the brain adds overlap the last one of these.
pub fn postgres_partitions(today: Timestamp) -> String {
    let mut statements = String::new();
    for (table, first, last) in PARTITIONED {
        for offset in first..=last {
            let day = Date::of(today, offset);
            let next = Date::of(today, offset + 1);
            // Writing to a `String` cannot fail.
            let _ = writeln!(
                statements,
                "CREATE TABLE {table}_{} PARTITION OF {table} FOR VALUES FROM ('{}') TO ('{}');",
                day.name(),
                day.0,
                next.0
            );
        }
    }
    statements
}

/// A calendar day as `YYYY-MM-DD`.
struct Date(String);

impl Date {
    /// The day that lies `offset` days after the day of `time`.
    fn of(time: Timestamp, offset: i64) -> Self {
        let text = time.plus_seconds(offset * SECONDS_PER_DAY).sqlite();
        Self(text.split(' ').next().unwrap_or_default().to_owned())
    }

    /// The form in the name of a partition: `YYYY_MM_DD`.
    fn name(&self) -> String {
        self.0.replace('-', "_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn the_sqlite_schema_builds_and_carries_the_revision() {
        let database = Connection::open_in_memory().unwrap();
        database.execute_batch("PRAGMA foreign_keys = OFF; BEGIN").unwrap();
        database.execute_batch(sqlite_sql()).unwrap();
        database.execute_batch("COMMIT").unwrap();
        let one = |sql: &str| database.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(one("SELECT version_num FROM alembic_version"), REVISION);
        assert_eq!(one("SELECT count(*) || '' FROM sqlite_master WHERE type = 'table'"), "42");
        assert_eq!(one("SELECT count(*) || '' FROM sqlite_master WHERE type = 'index' AND sql <> ''"), "53");
        assert_eq!(one("SELECT count(*) || '' FROM sqlite_master WHERE type IN ('view', 'trigger')"), "0");
        assert_eq!(one("PRAGMA integrity_check"), "ok");
    }

    #[test]
    fn sqlite_statements_keep_a_constraint_on_one_line_and_hold_no_comment() {
        // SQLite stores their text, and later migrations find constraint names in it line by line.
        for statement in SQLITE.split(";\n") {
            let Some((_, body)) = statement.split_once("CREATE TABLE ") else { continue };
            assert!(!body.contains("--"), "{body}");
            for line in body.lines().filter(|line| line.contains("FOREIGN KEY")) {
                assert!(line.trim_start().starts_with("CONSTRAINT fk_"), "{line}");
                assert!(line.contains(" REFERENCES "), "{line}");
            }
        }
    }

    #[test]
    fn both_files_create_the_same_tables_in_the_same_order() {
        let tables = |sql: &str| -> Vec<String> {
            sql.lines()
                .filter_map(|line| line.strip_prefix("CREATE TABLE ")?.strip_suffix(" ("))
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(tables(SQLITE), tables(POSTGRES));
        assert_eq!(tables(SQLITE).len(), 42);
    }

    #[test]
    fn partitions_cover_the_days_that_the_original_covers() {
        let statements = postgres_partitions(time("2026-03-01 23:59:59.999999"));
        let lines: Vec<&str> = statements.lines().collect();
        assert_eq!(lines.len(), 7 + 39);
        assert_eq!(
            lines[0],
            "CREATE TABLE events_2026_03_01 PARTITION OF events FOR VALUES FROM ('2026-03-01') TO ('2026-03-02');"
        );
        assert!(lines[6].starts_with("CREATE TABLE events_2026_03_07 "));
        assert!(lines[7].starts_with("CREATE TABLE schedule_fires_2026_01_29 "));
        assert!(lines[45].starts_with("CREATE TABLE schedule_fires_2026_03_08 "));
    }

    #[test]
    fn partitions_follow_one_another_without_a_gap_across_a_leap_day_and_a_year() {
        for day in ["2028-02-27", "2026-12-28", "2027-01-03"] {
            let statements = postgres_partitions(time(day));
            for table in ["events", "schedule_fires"] {
                let bounds: Vec<(&str, &str)> = statements
                    .lines()
                    .filter(|line| line.contains(&format!(" OF {table} ")))
                    .map(|line| {
                        let parts: Vec<&str> = line.split('\'').collect();
                        (parts[1], parts[3])
                    })
                    .collect();
                for pair in bounds.windows(2) {
                    assert_eq!(pair[0].1, pair[1].0, "{day} {table}");
                }
            }
        }
    }

    #[test]
    fn the_marker_gives_way_to_the_partitions() {
        assert_eq!(POSTGRES.matches(PARTITIONS_MARKER).count(), 1);
        let today = time("2026-03-01");
        let sql = postgres_sql(today);
        assert!(!sql.contains("{{"));
        assert!(sql.contains(&postgres_partitions(today)));
        for (table, _, _) in PARTITIONED {
            let parent = sql.find(&format!("CREATE TABLE {table} (")).unwrap();
            assert!(parent < sql.find(&format!(" PARTITION OF {table} FOR VALUES FROM ('2")).unwrap());
        }
        assert!(sql.trim_end().ends_with(&format!("VALUES ('{REVISION}');")));
    }
}
