//! How far a walk has come: a bar on a terminal, a line now and then elsewhere.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::ui::Ui;
use crate::audit::verify::Progress;

/// Elsewhere than on a terminal, a line after this time.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Draws or prints progress.
pub(super) struct Reporter<'u> {
    ui: &'u Ui,
    bar: RefCell<Option<ProgressBar>>,
    total: Cell<u64>,
    last_line: Cell<Instant>,
}

impl<'u> Reporter<'u> {
    pub(super) fn new(ui: &'u Ui) -> Self {
        Self { ui, bar: RefCell::new(None), total: Cell::new(0), last_line: Cell::new(Instant::now()) }
    }
}

impl Progress for Reporter<'_> {
    fn begin(&self, total: u64) {
        self.total.set(total);
        if self.ui.is_quiet() || !self.ui.terminal {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        if let Ok(style) =
            ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} rows, {per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        self.bar.replace(Some(bar));
    }

    fn advance(&self, done: u64) {
        if let Some(bar) = &*self.bar.borrow() {
            bar.set_length(self.total.get().max(done));
            bar.set_position(done);
        } else if self.last_line.get().elapsed() >= LINE_EVERY {
            self.last_line.set(Instant::now());
            let total = self.total.get();
            if total >= done {
                self.ui.progress(&format!("walked {done} of {total} rows"));
            } else {
                self.ui.progress(&format!("walked {done} rows"));
            }
        }
    }

    fn finish(&self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
