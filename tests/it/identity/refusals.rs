//! The last administrator stays.

use std::time::Duration;

use super::rows::all_rows;
use super::{NEW_PASSWORD, account, administrators, write};
use crate::support::judge::{AnyDatabase, TWO_ERAS, TWO_ERAS_ON_BOTH, Target, WRITABLE, on_each};
use crate::support::{file_sha256, wait_for};

/// A refusal writes nothing at all: on SQLite the file is the same byte for byte, on PostgreSQL every row.
#[track_caller]
fn is_refused(target: Target, database: &AnyDatabase, arguments: &[&str], input: &str, code: &str) {
    let state = || match database {
        AnyDatabase::Sqlite(copy) => file_sha256(copy.path()),
        AnyDatabase::Postgres(_) => format!("{:?}", all_rows(database)),
    };
    let before = state();
    let refused = write(target, database, arguments, input).expect_code(7);
    assert_eq!(refused.json_error()["error"]["code"], code, "{target}: {refused}");
    assert!(before == state(), "{target}: {arguments:?} was refused and wrote");
}

#[test]
fn the_last_administrator_is_neither_demoted_nor_deactivated() {
    on_each(&WRITABLE, |target| {
        let database = target.database();
        let (admin, _) = target.admin();
        let (operator, _) = account(target, "operator");
        for verb in ["demote", "deactivate"] {
            is_refused(target, &database, &["user", verb, admin], "", "user.last-administrator");
        }
        // One who cannot log in is no other administrator.
        database.execute(&format!(
            "UPDATE users SET is_admin = true, is_active = false WHERE email = '{operator}'"
        ));
        for verb in ["demote", "deactivate"] {
            is_refused(target, &database, &["user", verb, admin], "", "user.last-administrator");
        }
        // One who can is.
        database.execute(&format!("UPDATE users SET is_active = true WHERE email = '{operator}'"));
        write(target, &database, &["user", "demote", admin], "").expect_code(0);
        is_refused(target, &database, &["user", "deactivate", operator], "", "user.last-administrator");
        assert_eq!(administrators(&database), 1, "{target}");
        target.z4jctl(&database).args(["audit", "verify"]).run().expect_code(0);
    });
}

#[test]
fn an_address_is_not_taken_twice() {
    on_each(&TWO_ERAS, |target| {
        let database = target.database();
        for email in ["operator@example.com", "Operator@Example.COM"] {
            for command in [vec!["user", "create"], vec!["createsuperuser"]] {
                let create = [command, vec!["--email", email, "--password-stdin"]].concat();
                is_refused(target, &database, &create, NEW_PASSWORD, "user.exists");
            }
        }
    });
}

/// Without holding all administrators, each of the two would still see the other one and let its own go.
#[test]
fn two_commands_at_once_leave_an_administrator() {
    on_each(&TWO_ERAS_ON_BOTH, |target| {
        let database = target.database();
        let ((admin, _), (operator, _)) = (target.admin(), account(target, "operator"));
        for (round, verbs) in [["demote", "demote"], ["deactivate", "demote"], ["deactivate", "deactivate"]]
            .iter()
            .cycle()
            .take(9)
            .enumerate()
        {
            database.execute(&format!(
                "UPDATE users SET is_admin = true, is_active = true WHERE email IN ('{admin}', '{operator}')"
            ));
            assert_eq!(administrators(&database), 2, "{target}");
            let call = |verb: &str, user: &str| {
                target.z4jctl(&database).args(["user", verb, user, "--yes", "-o", "json"])
            };
            let calls = [call(verbs[0], admin), call(verbs[1], operator)];
            let running = calls.each_ref().map(crate::support::z4jctl::Z4jctl::spawn);
            let outputs = running.map(|running| running.wait(Duration::from_secs(60)));
            let mut codes = outputs.each_ref().map(|output| output.code);
            codes.sort_unstable();
            assert_eq!(codes, [0, 7], "{target}, round {round}: {}\n{}", outputs[0], outputs[1]);
            let loser = outputs.iter().find(|output| output.code == 7).expect("one is refused");
            assert_eq!(
                loser.json_error()["error"]["code"],
                "user.last-administrator",
                "{target}, round {round}: {loser}"
            );
            assert_eq!(administrators(&database), 1, "{target}, round {round}");
        }
        target.z4jctl(&database).args(["audit", "verify"]).run().expect_code(0);
        target.brain().audit_verify(&database, target.secrets()).expect_intact();
    });
}

/// A brain that holds the write lock, or the log, is waited for.
#[test]
fn a_brain_that_writes_meanwhile_disturbs_nothing() {
    on_each(&TWO_ERAS, |target| {
        let database = target.database();
        let brain = target.brain().serve(&database, target.secrets());
        let (operator, password) = account(target, "operator");
        let rows = || database.number("SELECT count(*) FROM audit_log");
        let before = rows();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for number in 0..8 {
                    let verb = if number % 2 == 0 { "promote" } else { "demote" };
                    write(target, &database, &["user", verb, operator], "").expect_code(0);
                }
            });
            // Every login is a row of the log. From 1.8 a brain takes twenty of them a minute.
            for _ in 0..10 {
                brain.login(operator, password);
            }
            writer.join().expect("z4jctl writes beside the brain");
        });
        // The brain answers before it has written.
        let deadline = Duration::from_secs(30);
        wait_for("the rows of all who wrote", deadline, || (rows() >= before + 18).then_some(()));
        target.z4jctl(&database).args(["audit", "verify"]).run().expect_code(0);
        brain.stop().audit_verify().expect_intact();
    });
}
