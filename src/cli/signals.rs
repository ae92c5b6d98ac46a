//! Ctrl-C and SIGTERM: ask the operation to stop, and do not wait for ever.

use std::thread;
use std::time::Duration;

use rustix::termios::OptionalActions;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::ui::{self, Output};
use crate::context::Cancel;

/// How long an operation may take to notice. Whatever writes, writes to a temporary name first, so that
/// ending at any moment leaves nothing half-written.
const GRACE: Duration = Duration::from_secs(2);

/// Watches for signals on a thread of its own.
pub(super) fn watch(cancel: &Cancel, output: Output) {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    // A prompt for a password switches the echo off; whoever ends in the middle of it has to switch it on again.
    let terminal = rustix::termios::tcgetattr(std::io::stdin()).ok();
    let cancel = cancel.clone();
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let number = u8::try_from(signal).unwrap_or(2);
            cancel.stop(number);
            thread::sleep(GRACE);
            if let Err(error) = cancel.check() {
                ui::print_error(output, &error, &[]);
            }
            if let Some(terminal) = &terminal {
                let _ = rustix::termios::tcsetattr(std::io::stdin(), OptionalActions::Now, terminal);
            }
            leave(128_i32.saturating_add(signal));
        }
    });
}

#[expect(
    clippy::exit,
    reason = "the operation did not notice in time, for instance because a server does not answer"
)]
fn leave(code: i32) {
    std::process::exit(code);
}
