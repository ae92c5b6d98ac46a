//! Fault points: in builds with debug assertions a process can be told to die at one place of a writing transaction,
//! so that tests see what is left of it. Release builds have none.

/// Which side of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Before it is sent.
    Before,
    /// After it was answered.
    After,
}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::atomic::{AtomicU32, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    /// The point at which to die, 0 is none.
    static AT: AtomicU32 = AtomicU32::new(0);
    static PASSED: AtomicU32 = AtomicU32::new(0);

    pub(super) fn arm(point: u32) {
        AT.store(point, Ordering::Relaxed);
    }

    pub(super) fn pass(prepare: impl FnOnce()) {
        let at = AT.load(Ordering::Relaxed);
        if at != 0 && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == at {
            prepare();
            // As the machine dies: nothing is closed, nothing is said.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}

/// Die at the n-th point, counted from 1: before the first statement, after it, before the second, and so on.
#[cfg(debug_assertions)]
pub fn arm(point: u32) {
    armed::arm(point);
}

pub(super) fn point(_side: Side) {
    #[cfg(debug_assertions)]
    armed::pass(|| {});
}

/// A point in the middle of a statement: whoever dies here has done the first part of it, and nobody else does it apart.
#[cfg_attr(not(debug_assertions), expect(unused_variables, reason = "nobody dies in a build for release"))]
pub(super) fn point_within(first_part: impl FnOnce()) {
    #[cfg(debug_assertions)]
    armed::pass(first_part);
}
