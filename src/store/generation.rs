//! Which generation of z4j wrote a database: by its migration revision, confirmed by its structure; the
//! structure wins when they disagree (schema, sections 3, 4 and 10).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// A generation of the brain's schema and of its audit chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// 1.0 to 1.2: early rows.
    A,
    /// 1.3 and 1.4: baseline rows.
    B,
    /// 1.5 and 1.6: baseline rows.
    C,
    /// 1.7: baseline rows and a prune watermark.
    D,
    /// An upgrade to 1.8 that stopped half way: baseline rows, a preparation, no chain state.
    P,
    /// 1.8: active rows and a signed chain state.
    E,
    /// 1.9 and 1.10.
    F,
    /// 1.11: PostgreSQL keeps a row tally.
    G,
    /// 1.12 and 1.13.
    H,
}

/// How the rows of a log are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// 1.0 to 1.2.
    Early,
    /// 1.3 to 1.7, and parked upgrades.
    Baseline,
    /// 1.8 and later.
    Active,
}

impl Generation {
    /// The letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::P => "P",
            Self::E => "E",
            Self::F => "F",
            Self::G => "G",
            Self::H => "H",
        }
    }

    /// The generation with a letter.
    pub fn from_letter(letter: &str) -> Option<Self> {
        use Generation::{A, B, C, D, E, F, G, H, P};
        [A, B, C, D, P, E, F, G, H].into_iter().find(|generation| generation.letter() == letter)
    }

    /// The releases that write it.
    pub fn releases(self) -> &'static str {
        match self {
            Self::A => "1.0 to 1.2",
            Self::B => "1.3 and 1.4",
            Self::C => "1.5 and 1.6",
            Self::D => "1.7",
            Self::P => "an upgrade to 1.8 or later that stopped half way",
            Self::E => "1.8",
            Self::F => "1.9 and 1.10",
            Self::G => "1.11",
            Self::H => "1.12 and 1.13",
        }
    }

    /// How its rows are signed.
    pub fn family(self) -> Family {
        match self {
            Self::A => Family::Early,
            Self::B | Self::C | Self::D | Self::P => Family::Baseline,
            Self::E | Self::F | Self::G | Self::H => Family::Active,
        }
    }

    /// Whether its releases remove old audit rows, and leave no record of having done so.
    pub fn prunes_without_record(self) -> bool {
        matches!(self, Self::B | Self::C)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.letter())
    }
}

impl Serialize for Generation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.letter())
    }
}

impl<'de> Deserialize<'de> for Generation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let letter = String::deserialize(deserializer)?;
        Self::from_letter(&letter).ok_or_else(|| serde::de::Error::custom("not the letter of a generation"))
    }
}

/// One known revision of the migration chain.
#[derive(Debug, Clone, Copy)]
pub struct Revision {
    /// `alembic_version.version_num`.
    pub id: &'static str,
    /// Its generation.
    pub generation: Generation,
    /// The releases whose head it is, empty for a revision between two heads.
    pub head_of: &'static str,
}

/// Every revision that a release up to 1.13.0 knows, oldest first.
pub const REVISIONS: &[Revision] = {
    use Generation::{A, B, C, D, E, F, G, H, P};
    const fn revision(id: &'static str, generation: Generation, head_of: &'static str) -> Revision {
        Revision { id, generation, head_of }
    }
    &[
        revision("2026_04_15_v2_initial", A, ""),
        revision("2026_04_15_0002_invite_accept", A, ""),
        revision("2026_04_15_0003_pw_reset", A, "1.0.0 to 1.0.13"),
        revision("2026_04_26_0004_sched_cols", A, ""),
        revision("2026_04_26_0005_deliv_snap", A, "1.0.14"),
        revision("2026_04_27_0006_pending_fires", A, ""),
        revision("2026_04_27_0007_sched_notify", A, "1.0.16"),
        revision("2026_04_27_0008_schedule_fires", A, "1.0.18 and 1.0.19"),
        revision("2026_04_27_0009_deliv_trig_by", A, ""),
        revision("2026_04_27_0010_pf_exp_def", A, ""),
        revision("2026_04_27_0011_sched_rate", A, ""),
        revision("2026_04_28_0012_audit_unique", A, "1.1.0 to 1.2.0"),
        revision("2026_04_29_0013_agent_workers", A, "1.2.1"),
        revision("v1_3_0_initial", B, "1.3.0 to 1.4.0"),
        revision("v1_5_agent_status_history", C, "1.5.0 and 1.5.1"),
        revision("v1_6_mfa_totp", C, "1.6.0 to 1.6.5"),
        revision("v1_6_6_scrub_worker_conf", C, "1.6.6 to 1.6.9"),
        revision("v1_7_schema", D, ""),
        revision("v1_7_security_hardening", D, "1.7.0"),
        revision("v1_8_bulk_retry_requests", D, ""),
        revision("v1_8_audit_chain_prepare", P, ""),
        revision("v1_8_audit_chain_activate", E, ""),
        revision("v1_8_schedule_control_activate", E, ""),
        revision("v1_8_schedule_cursor_repair", E, "1.8.0"),
        revision("v1_9_schedule_control_columns", E, ""),
        revision("v1_9_agent_worker_legacy_slot", E, ""),
        revision("v1_9_automation_rolling_window", E, ""),
        revision("v1_9_delivery_recipient", F, ""),
        revision("v1_9_audit_action_pattern", F, "1.9.0 to 1.10.0"),
        revision("v1_11_audit_append_tally", G, "1.11.0"),
        revision("v1_12_api_key_allowed_cidrs", G, ""),
        revision("v1_12_audit_forward_state", G, ""),
        revision("v1_12_channel_config_encrypted", G, ""),
        revision("v1_12_export_jobs_sink", G, ""),
        revision("v1_12_auditor_role", H, "1.12.0 to 1.13.0"),
    ]
};

/// Where the second revision line, the one with an upgrade path to today, begins.
const FIRST_OF_SECOND_LINE: &str = "v1_3_0_initial";

/// The tables that detection looks at.
pub const PROBED_TABLES: &[&str] = &[
    "alembic_version",
    "users",
    "audit_log",
    "audit_chain_state",
    "audit_chain_preparation",
    "audit_log_legacy_forks",
    "z4j_meta",
    "notification_deliveries",
    "events",
];

/// What a database looks like: the facts that detection judges.
#[derive(Debug, Clone, Default)]
pub struct Structure {
    /// Columns of each probed table that exists.
    pub tables: BTreeMap<String, BTreeSet<String>>,
    /// The rows of `alembic_version`.
    pub revisions: Vec<String>,
    /// Number of rows in `audit_chain_state`.
    pub state_rows: u64,
    /// Number of rows in `audit_chain_preparation`.
    pub preparation_rows: u64,
    /// `z4j_meta.schema_version`: the newest release that ever served this database.
    pub served_by: Option<String>,
}

impl Structure {
    fn has(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    fn has_column(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|columns| columns.contains(column))
    }
}

/// A shape that is no clean release head and that an operator should know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// The upgrade to 1.8 or later stopped at the preparation: no brain starts until it is activated.
    Parked,
    /// 1.6 was upgraded directly by 1.9 or later and the migration refused to go on; no brain starts.
    Stuck,
    /// A 1.0 SQLite file opened by 1.1 to 1.2.1: revision 0009 failed after adding its column.
    StuckEarly,
    /// Columns of an older release are left over; harmless.
    LeftoverColumns,
    /// Fork cleanup ran: former audit rows lie outside the chain in `audit_log_legacy_forks`.
    ForkCleanup,
    /// Created by 1.3 on PostgreSQL: `events` has a shape that no release can use.
    UnusableEvents,
    /// The revision is not a release head: a migration is under way or stopped.
    BetweenReleases,
    /// Revision and structure belong to different generations.
    Inconsistent,
    /// The revision is not known to this z4jctl; the structure decided.
    UnknownRevision,
    /// The chain state or its only row is missing although the revision demands it.
    StateMissing,
}

impl Condition {
    /// One sentence for the operator.
    pub fn explain(self) -> &'static str {
        match self {
            Self::Parked => {
                "the upgrade stopped before the audit chain was activated: no brain starts on it; see `z4j audit activate-chain-state`"
            }
            Self::Stuck => {
                "the upgrade from 1.6 by 1.9 or later stopped half way: no brain starts on it; restore the 1.6 backup and upgrade through 1.7.0"
            }
            Self::StuckEarly => {
                "a 1.0 file that 1.1 to 1.2 tried to upgrade: the migration cannot go on, the audit log is not affected"
            }
            Self::LeftoverColumns => "columns of an older release are left over; harmless",
            Self::ForkCleanup => {
                "`audit fork-cleanup` ran: rows in audit_log_legacy_forks lie outside the chain and are not verified"
            }
            Self::UnusableEvents => {
                "table `events` was created by 1.3 on PostgreSQL and no release can use it; the audit log is not affected"
            }
            Self::BetweenReleases => {
                "the revision is not a release head: a migration is under way or stopped"
            }
            Self::Inconsistent => "revision and structure disagree; the structure decides",
            Self::UnknownRevision => {
                "the revision is not known to this z4jctl; rows are judged by the structure found"
            }
            Self::StateMissing => "the row of audit_chain_state is missing: nothing bounds the chain",
        }
    }
}

/// The verdict of detection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detection {
    /// `alembic_version.version_num`.
    pub revision: String,
    /// The generation.
    pub generation: Generation,
    /// What is unusual.
    pub conditions: Vec<Condition>,
    /// The newest release that ever served this database, as it says itself.
    pub served_by: Option<String>,
    /// Whether `audit_log` has the column `api_key_id`.
    pub has_api_key_id: bool,
    /// Whether `audit_log` has the marker columns of 1.8.
    pub has_markers: bool,
    /// Whether `audit_chain_state` has the row tally of 1.11.
    pub has_tally: bool,
}

impl Detection {
    /// Whether a condition holds.
    pub fn is(&self, condition: Condition) -> bool {
        self.conditions.contains(&condition)
    }

    /// The releases that start on this database as it is.
    pub fn served_by_releases(&self) -> &'static str {
        if self.is(Condition::Parked) || self.is(Condition::Stuck) {
            return "";
        }
        REVISIONS.iter().find(|known| known.id == self.revision).map_or("", |known| known.head_of)
    }

    /// Whether the revision belongs to the first line (1.0 to 1.2), which has no upgrade path to 1.3.
    pub fn is_first_line(&self) -> bool {
        REVISIONS
            .iter()
            .take_while(|known| known.id != FIRST_OF_SECOND_LINE)
            .any(|known| known.id == self.revision)
    }
}

/// Judges a structure.
pub fn detect(structure: &Structure) -> Result<Detection> {
    if structure.tables.is_empty() {
        return Err(Error::refused("schema.empty", "the database holds no tables of z4j")
            .hint("check the database URL; `z4jctl init` creates a fresh brain database"));
    }
    for table in ["alembic_version", "users", "audit_log"] {
        if !structure.has(table) {
            return Err(Error::refused(
                "schema.not-z4j",
                format!("this is not the database of a z4j brain: table {table} is missing"),
            )
            .hint("check the database URL and, on PostgreSQL, the search_path"));
        }
    }
    let [revision] = structure.revisions.as_slice() else {
        return Err(Error::refused(
            "schema.revision",
            format!("alembic_version must hold exactly one row, it holds {}", structure.revisions.len()),
        )
        .hint("a migration may have been interrupted; ask `z4j migrate current`"));
    };
    for column in ["id", "occurred_at", "action", "metadata", "row_hmac", "prev_row_hmac"] {
        if !structure.has_column("audit_log", column) {
            return Err(Error::refused(
                "schema.audit-log",
                format!("table audit_log has no column {column}"),
            )
            .hint("this schema is not understood; nothing was checked"));
        }
    }

    let has_api_key_id = structure.has_column("audit_log", "api_key_id");
    let has_markers = structure.has_column("audit_log", "legacy_frozen");
    let has_tally = structure.has_column("audit_chain_state", "observed_active_row_count");
    let known = REVISIONS.iter().find(|known| known.id == revision);
    let mut conditions = Vec::new();

    let family = if structure.has("audit_chain_state") && has_markers {
        Family::Active
    } else if has_api_key_id {
        Family::Baseline
    } else {
        Family::Early
    };
    let prepared = structure.preparation_rows > 0 && family == Family::Baseline;
    let generation = match known {
        Some(known)
            if known.generation.family() == family && (known.generation == Generation::P) == prepared =>
        {
            known.generation
        }
        other => {
            conditions.push(if other.is_some() {
                Condition::Inconsistent
            } else {
                Condition::UnknownRevision
            });
            match family {
                Family::Early => Generation::A,
                Family::Baseline if prepared => Generation::P,
                // Without a revision to trust, the youngest of the family: it knows the most records.
                Family::Baseline => Generation::D,
                Family::Active if has_tally => Generation::H,
                Family::Active => Generation::F,
            }
        }
    };
    if generation == Generation::P {
        conditions.push(Condition::Parked);
    }
    if revision == "v1_9_agent_worker_legacy_slot" {
        conditions.push(Condition::Stuck);
    } else if revision == "2026_04_27_0008_schedule_fires"
        && structure.has_column("notification_deliveries", "triggered_by_user_id")
    {
        conditions.push(Condition::StuckEarly);
    } else if known.is_some_and(|known| known.head_of.is_empty() && known.generation != Generation::P) {
        conditions.push(Condition::BetweenReleases);
    }
    if generation.family() == Family::Active && structure.state_rows != 1 {
        conditions.push(Condition::StateMissing);
    }
    if structure.has_column("users", "mfa_secret") && structure.has_column("users", "mfa_secret_encrypted") {
        conditions.push(Condition::LeftoverColumns);
    }
    if structure.has("audit_log_legacy_forks") {
        conditions.push(Condition::ForkCleanup);
    }
    if structure.has_column("events", "envelope") {
        conditions.push(Condition::UnusableEvents);
    }
    Ok(Detection {
        revision: revision.clone(),
        generation,
        conditions,
        served_by: structure.served_by.clone(),
        has_api_key_id,
        has_markers,
        has_tally,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn structure(revision: &str, audit_columns: &[&str], extra: &[(&str, &[&str])]) -> Structure {
        let mut audit: Vec<&str> =
            vec!["id", "occurred_at", "action", "metadata", "row_hmac", "prev_row_hmac"];
        audit.extend(audit_columns);
        let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut tables = BTreeMap::from([
            ("alembic_version".to_owned(), columns(&["version_num"])),
            ("users".to_owned(), columns(&["id"])),
            ("audit_log".to_owned(), columns(&audit)),
        ]);
        for (table, names) in extra {
            tables.insert((*table).to_owned(), columns(names));
        }
        Structure { tables, revisions: vec![revision.to_owned()], ..Structure::default() }
    }

    const MARKERS: &[&str] = &["api_key_id", "legacy_frozen"];
    const STATE: (&str, &[&str]) = ("audit_chain_state", &["singleton_id"]);

    #[test]
    fn every_known_revision_is_detected_by_its_structure() {
        for known in REVISIONS {
            let mut found = match known.generation.family() {
                Family::Early => structure(known.id, &[], &[]),
                Family::Baseline if known.generation == Generation::P => structure(known.id, MARKERS, &[]),
                Family::Baseline => structure(known.id, &["api_key_id"], &[]),
                Family::Active => structure(known.id, MARKERS, &[STATE]),
            };
            found.state_rows = 1;
            found.preparation_rows = u64::from(known.generation == Generation::P);
            let detection = detect(&found).expect("a known revision");
            assert_eq!(detection.generation, known.generation, "{}", known.id);
            assert!(!detection.is(Condition::Inconsistent), "{}", known.id);
        }
    }

    #[test]
    fn the_structure_wins() {
        let mut found = structure("v1_3_0_initial", MARKERS, &[STATE]);
        found.state_rows = 1;
        let detection = detect(&found).expect("readable");
        assert_eq!(detection.generation, Generation::F);
        assert!(detection.is(Condition::Inconsistent));

        let mut newer =
            structure("v1_14_something", MARKERS, &[("audit_chain_state", &["observed_active_row_count"])]);
        newer.state_rows = 1;
        let detection = detect(&newer).expect("readable");
        assert_eq!((detection.generation, detection.is(Condition::UnknownRevision)), (Generation::H, true));
    }

    #[test]
    fn strangers_are_refused() {
        let refused = |structure: &Structure| detect(structure).expect_err("refused");
        assert_eq!(refused(&Structure::default()).code(), "schema.empty");
        let mut other = structure("v1_3_0_initial", &[], &[]);
        other.tables.remove("users");
        assert_eq!(refused(&other).code(), "schema.not-z4j");
        let mut two = structure("v1_3_0_initial", &[], &[]);
        two.revisions.push("v1_7_schema".into());
        assert_eq!((refused(&two).code(), refused(&two).kind()), ("schema.revision", Kind::Refused));
    }

    #[test]
    fn odd_shapes_are_named() {
        let mut stuck = structure("v1_9_agent_worker_legacy_slot", MARKERS, &[STATE]);
        stuck.state_rows = 1;
        assert!(detect(&stuck).expect("readable").is(Condition::Stuck));
        let early = structure(
            "2026_04_27_0008_schedule_fires",
            &[],
            &[("notification_deliveries", &["triggered_by_user_id"]), ("audit_log_legacy_forks", &["id"])],
        );
        let detection = detect(&early).expect("readable");
        assert!(detection.is(Condition::StuckEarly) && detection.is(Condition::ForkCleanup));
        assert!(detection.is_first_line());
    }
}
