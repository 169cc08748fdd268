//! One line on standard error while a run is under way; nothing where that is no terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::sanitise;

/// The line. It is gone when the run ends or the value is dropped.
#[derive(Debug)]
pub struct Line {
    bar: ProgressBar,
}

impl Line {
    /// A line on standard error, if that is a terminal; else nothing is ever written.
    pub fn stderr() -> Self {
        if std::io::stderr().is_terminal() {
            Self::on(ProgressDrawTarget::stderr_with_hz(10))
        } else {
            Self::hidden()
        }
    }

    /// A line that is never shown (`-q`, tests).
    pub fn hidden() -> Self {
        Self::on(ProgressDrawTarget::hidden())
    }

    fn on(target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template("  {pos} of {len} probes, {elapsed}  {wide_msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// A line of text alone.
    pub fn says(&self, text: &str) {
        if self.bar.is_hidden() {
            return;
        }
        if let Ok(style) = ProgressStyle::with_template("  {wide_msg}") {
            self.bar.set_style(style);
        }
        self.bar.set_message(sanitise::line(text, sanitise::SHORT));
    }

    /// Does something else with the terminal: the line is away meanwhile.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// So many probes will be made (in all; a later wave raises the number).
    pub fn planned(&self, n: usize) {
        self.bar.set_length(n as u64);
        if !self.bar.is_hidden() {
            // Without a tick the clock would stand still while one slow host is waited for.
            self.bar.enable_steady_tick(Duration::from_millis(250));
        }
    }

    /// `done` probes are made; `host` was the last.
    pub fn finished(&self, done: usize, host: &str) {
        self.bar.set_position(done as u64);
        if !self.bar.is_hidden() {
            self.bar.set_message(sanitise::line(host, 60));
        }
    }

    /// Takes the line away, so that the report begins on an empty line.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_although_nothing_is_shown() {
        let line = Line::hidden();
        line.planned(3);
        line.finished(2, "a\u{1b}[2J.example");
        assert_eq!((line.bar.length(), line.bar.position()), (Some(3), 2));
        line.clear();
        assert!(line.bar.is_finished());
    }
}
