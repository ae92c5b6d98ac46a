//! The same tampered logs before the judge of the release that wrote them.
//!
//! Each run of the real z4j costs seconds, so only the most telling attacks are shown to it.

use super::log::{Kind, Log};
use super::sign::state_of;
use crate::support::brain::Brain;

enum Act {
    Edit,
    Remove,
    CutTail,
    CutBeginning,
    /// An older genuine state, and the rows since then gone.
    RollBack,
}

/// Whether `z4j audit verify` of the release notices.
#[derive(Debug, PartialEq, Eq)]
enum Real {
    Notices,
    SaysItIsIntact,
}

/// Release, attack, what the real one says, our exit code, and with a known head from before.
const MATRIX: [(&str, Act, Real, i32, i32); 13] = [
    ("1.3.4", Act::Edit, Real::Notices, 1, 1),
    ("1.6.9", Act::Edit, Real::Notices, 1, 1),
    ("1.7.0", Act::Edit, Real::Notices, 1, 1),
    ("1.13.0", Act::Edit, Real::Notices, 1, 1),
    ("1.6.9", Act::Remove, Real::Notices, 1, 1),
    ("1.7.0", Act::Remove, Real::Notices, 1, 1),
    ("1.13.0", Act::Remove, Real::Notices, 1, 1),
    ("1.9.1", Act::CutTail, Real::Notices, 1, 1),
    // Our reason to exist: up to 1.5 no link is checked, up to 1.7 nothing knows how long the log was, and from 1.8 on an
    // older copy of everything is as good as the newest. A head that was kept elsewhere tells.
    ("1.3.4", Act::Remove, Real::SaysItIsIntact, 1, 1),
    ("1.3.4", Act::CutBeginning, Real::SaysItIsIntact, 1, 1),
    ("1.6.9", Act::CutTail, Real::SaysItIsIntact, 0, 1),
    ("1.7.0", Act::CutTail, Real::SaysItIsIntact, 0, 1),
    ("1.13.0", Act::RollBack, Real::SaysItIsIntact, 0, 1),
];

#[test]
fn what_the_real_z4j_notices_and_what_not() {
    std::thread::scope(|scope| {
        // Two at a time: that is how many cores a small machine has.
        let halves = MATRIX.split_at(MATRIX.len() / 2);
        for half in [halves.0, halves.1] {
            scope.spawn(move || {
                for (release, act, real, exit, exit_with_head) in half {
                    compare(release, act, real, *exit, *exit_with_head);
                }
            });
        }
    });
}

fn compare(release: &'static str, act: &Act, real: &Real, exit: i32, exit_with_head: i32) {
    let mut log = Log::open(Kind::Sqlite, release);
    let head = log.z4jctl().args(["audit", "head"]).run().expect_code(0).stdout;
    let (middle, end) = (log.middle(), log.rows.len());
    let name = match act {
        Act::Edit => {
            log.set(middle, "user_agent", Some("curl"));
            "edited"
        }
        Act::Remove => {
            log.delete(middle..middle + 2);
            "removed"
        }
        Act::CutTail => {
            log.delete(end - 3..end);
            "tail-cut"
        }
        Act::CutBeginning => {
            // A brain of today: retention cannot have been it.
            log.set_installed_at("2999-01-01T00:00:00+00:00");
            log.delete(0..3);
            "prefix-cut"
        }
        Act::RollBack => {
            let older = state_of(&log.state(), &log.rows[..end - 3], log.key());
            log.replace_state(&older);
            log.delete(end - 3..end);
            "tail-cut"
        }
    };
    log.close();
    assert!(log.is_guarded);
    let verdict = Brain::release(release).audit_verify(&log, &log.secrets);
    let said = if verdict.exit_code == 0 { Real::SaysItIsIntact } else { Real::Notices };
    assert_eq!(&said, real, "{release} {name}: {}", verdict.output);
    assert!(verdict.verified.is_some(), "{release} did look: {}", verdict.output);

    let ours = log.verify(&[]);
    assert_eq!(ours.exit(), exit, "{release} {name}: {}", ours.summary());
    if exit != 0 {
        ours.finding(name);
    }
    let with_head = log.verify(&["--known-head", &head]);
    assert_eq!(
        with_head.exit(),
        exit_with_head,
        "{release} {name} with a known head: {}",
        with_head.summary()
    );
    with_head.finding(name);
}
