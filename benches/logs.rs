//! Logs: how much of one is read in a second, where lines repeat, where every line is new, and where most are errors.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Read;

use clearway::logs::{Collector, Settings};
use clearway::rules::Rules;
use divan::counter::BytesCount;

fn main() {
    divan::main();
}

/// Bytes of a log that is made while it is read.
const SIZE: u64 = 64 << 20;

/// A log without an end, from the forms of its lines; `#` is a number that is new in every line.
struct Made {
    forms: &'static [&'static str],
    line: u64,
    text: Vec<u8>,
    at: usize,
}

impl Read for Made {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.text.len() {
            self.text.clear();
            self.at = 0;
            while self.text.len() < 64 * 1024 {
                let form = self.forms[usize::try_from(self.line).expect("small") % self.forms.len()];
                let (minute, second) = (self.line / 60 % 60, self.line % 60);
                let line = form.replace('#', &self.line.to_string());
                self.text.extend(format!("[2026-10-03 09:{minute:02}:{second:02}.123] {line}\n").bytes());
                self.line += 1;
            }
        }
        let length = target.len().min(self.text.len() - self.at);
        target[..length].copy_from_slice(&self.text[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

const QUIET: &[&str] = &[
    "[info] [session] loaded the workspace in 132 ms",
    "[info] [bridge] message sent to the window, 4 listeners",
    "[debug] [store] saved the state of the window",
];
const NEW: &[&str] = &[
    "[info] [session] loaded session # in 132 ms of the workspace and its window",
    "[debug] [bridge] message # sent to the window, 4 listeners are waiting for it",
];
const ERRORS: &[&str] = &[
    "[error] request # to https://gw.mills.example/v1/models failed, reason: read ECONNRESET",
    "[warn] net::ERR_NAME_NOT_RESOLVED for request # of the window",
    "[error] a failure that nobody knows, number #",
];

#[divan::bench(args = ["quiet", "new", "errors"], sample_count = 3)]
fn read(bencher: divan::Bencher, kind: &str) {
    let rules = Rules::embedded();
    let forms = match kind {
        "quiet" => QUIET,
        "new" => NEW,
        _ => ERRORS,
    };
    bencher.counter(BytesCount::new(SIZE)).bench_local(|| {
        let mut all = Collector::new(&rules, Settings { today: (2026, 11, 27), ..Settings::default() });
        all.read("main.log", Made { forms, line: 0, text: Vec::new(), at: 0 }.take(SIZE))
            .expect("it is text");
        all.finish()
    });
}
