//! Triggers, indexes and constraints that protect the log: dropped, disabled, or replaced by something that does nothing.

use super::log::{Kind, Log};

/// Verifies after a change of the schema; the guards were put back before.
#[track_caller]
fn expect_missing(log: &Log, what: &str) {
    let report = log.verify(&[]);
    let message = format!("{} {what}: {}", log.name, report.summary());
    assert_eq!((report.exit(), report.classes(&[])), (1, vec![("guards-missing".into(), None)]), "{message}");
}

fn untouched(kind: Kind, name: &'static str) -> Log {
    let mut log = Log::open(kind, name);
    log.close();
    assert!(log.is_guarded);
    log
}

const TRIGGERS: [&str; 5] = [
    "audit_log_boundary_f_no_insert",
    "audit_log_boundary_f_no_update",
    "audit_log_boundary_f_no_delete",
    "audit_chain_state_boundary_f_no_update",
    "audit_chain_state_boundary_f_no_delete",
];

#[test]
fn sqlite_triggers() {
    for name in ["1.8.0", "1.9.1", "1.11.0", "1.13.0"] {
        for trigger in TRIGGERS {
            let log = untouched(Kind::Sqlite, name);
            log.run(&format!("DROP TRIGGER {trigger}"));
            expect_missing(&log, trigger);
            let table = if trigger.starts_with("audit_log") { "audit_log" } else { "audit_chain_state" };
            log.run(&format!("CREATE TRIGGER {trigger} BEFORE DELETE ON {table} BEGIN SELECT 1; END"));
            expect_missing(&log, trigger);
        }
    }
}

#[test]
fn the_unique_index() {
    for (kind, name) in [
        (Kind::Sqlite, "1.2.1"),
        (Kind::Sqlite, "1.3.4"),
        (Kind::Sqlite, "1.6.9"),
        (Kind::Sqlite, "1.7.0"),
        (Kind::Sqlite, "1.8.0"),
        (Kind::Sqlite, "1.13.0"),
        (Kind::Postgres, "1.6.9"),
        (Kind::Postgres, "1.13.0"),
    ] {
        let log = untouched(kind, name);
        let index = "INDEX ux_audit_log_prev_row_hmac";
        log.run(&format!("DROP {index}"));
        expect_missing(&log, "dropped");
        for instead in ["(prev_row_hmac, id)", "(id)", "(prev_row_hmac) WHERE prev_row_hmac = 'never'"] {
            log.run(&format!("CREATE UNIQUE {index} ON audit_log {instead}"));
            expect_missing(&log, instead);
            log.run(&format!("DROP {index}"));
        }
        log.run(&format!("CREATE {index} ON audit_log (prev_row_hmac)"));
        expect_missing(&log, "not unique");
    }
}

#[test]
fn the_check_constraint_in_sqlite() {
    for name in ["1.8.0", "1.9.1", "1.13.0"] {
        let log = untouched(Kind::Sqlite, name);
        let rewrite = |from: &str, to: &str| {
            log.run(&format!(
                "PRAGMA writable_schema = ON; \
                 UPDATE sqlite_master SET sql = replace(sql, '{from}', '{to}') WHERE name = 'audit_log'; \
                 PRAGMA writable_schema = RESET"
            ));
        };
        rewrite("AND hmac_version = 2", "");
        expect_missing(&log, "weakened");
        rewrite("CHECK (", "CHECK (1 OR ");
        expect_missing(&log, "disarmed");
        rewrite("ck_audit_log_boundary_f_markers", "another");
        expect_missing(&log, "renamed");
    }
}

#[test]
fn postgres_triggers() {
    const BASELINE: &[(&str, &str)] =
        &[("audit_log", "audit_log_no_update"), ("audit_log", "audit_log_no_delete")];
    const STATE: &[(&str, &str)] = &[("audit_chain_state", "audit_chain_state_no_update")];
    const TALLY: &[(&str, &str)] = &[
        ("audit_log", "audit_log_tally_rows"),
        ("audit_log", "audit_log_tally_truncate"),
        ("audit_chain_state", "audit_chain_state_protect_tally"),
    ];
    for (name, triggers) in [
        ("1.6.9", vec![BASELINE]),
        ("1.7.0", vec![BASELINE]),
        ("1.8.0", vec![BASELINE, STATE]),
        ("1.13.0", vec![BASELINE, STATE, TALLY]),
    ] {
        let log = untouched(Kind::Postgres, name);
        for (table, trigger) in triggers.into_iter().flatten() {
            let enabled = if trigger.contains("tally") { "ENABLE ALWAYS" } else { "ENABLE" };
            log.run(&format!("ALTER TABLE {table} DISABLE TRIGGER {trigger}"));
            expect_missing(&log, trigger);
            log.run(&format!("ALTER TABLE {table} ENABLE REPLICA TRIGGER {trigger}"));
            expect_missing(&log, trigger);
            log.run(&format!("ALTER TABLE {table} {enabled} TRIGGER {trigger}"));
            assert_eq!(log.verify(&[]).exit(), 0, "{name} {trigger} as it was");
        }
    }
}

#[test]
fn postgres_functions_that_do_nothing() {
    let nothing = "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN COALESCE(NEW, OLD); END'";
    for (name, function) in [
        ("1.6.9", "audit_log_forbid_mutation"),
        ("1.13.0", "audit_log_forbid_mutation"),
        ("1.13.0", "audit_chain_state_forbid_mutation"),
        ("1.13.0", "z4j_audit_tally_rows_v1"),
        ("1.13.0", "z4j_audit_protect_tally_v1"),
    ] {
        let log = untouched(Kind::Postgres, name);
        log.run(&format!("CREATE OR REPLACE FUNCTION {function}() {nothing}"));
        let report = log.verify(&[]);
        assert_eq!(report.exit(), 1, "{name} {function}: {}", report.summary());
        report.finding("guards-missing");
    }
    let log = untouched(Kind::Postgres, "1.13.0");
    log.run("DROP TRIGGER audit_log_no_delete ON audit_log");
    expect_missing(&log, "dropped");
    log.run(
        "CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log FOR EACH ROW WHEN (false) \
         EXECUTE FUNCTION audit_log_forbid_mutation()",
    );
    expect_missing(&log, "with a condition that never holds");
}

#[test]
fn the_check_constraint_in_postgres() {
    let log = untouched(Kind::Postgres, "1.13.0");
    let name = "ck_audit_log_ck_audit_log_boundary_f_markers";
    log.run(&format!("ALTER TABLE audit_log DROP CONSTRAINT {name}"));
    expect_missing(&log, "dropped");
    log.run(&format!("ALTER TABLE audit_log ADD CONSTRAINT {name} CHECK (true)"));
    expect_missing(&log, "disarmed");
}
