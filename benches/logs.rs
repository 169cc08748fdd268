//! Logs: how much of one is read in a second. `quiet` repeats few lines, in `new` each has a number of its own, `mix`
//! is what programs write: 95 % information with numbers and identifiers, 4 % warnings, 1 % errors of 200 kinds.
//! `errors` is the worst case and no log that exists: each line is an error with a number and a meaning of its own.
//!
//! Other work on the machine counts in the times that are printed. `/usr/bin/time -f %U` around the bench of one case
//! (`cargo bench --bench logs -- mix`), divided by its samples, does not count it.

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

/// A log without an end, from the forms of its lines; `#` is a number and `@` an identifier, new in every line.
struct Made {
    forms: Vec<String>,
    line: u64,
    text: Vec<u8>,
    at: usize,
}

impl Made {
    fn of(forms: &[&str]) -> Self {
        Self::new(forms.iter().map(|f| (*f).to_owned()).collect())
    }

    fn new(forms: Vec<String>) -> Self {
        Self { forms, line: 0, text: Vec::new(), at: 0 }
    }

    /// 20,000 lines, after which only numbers and identifiers are others.
    fn mix() -> Self {
        let of = |forms: &[&str], n: usize| forms[n % forms.len()].to_owned();
        let error = |n: usize| {
            let (what, why) = (of(ACTIONS, n), of(REASONS, n / ACTIONS.len()));
            format!("[error] [{}] {what}: {why}", of(&["net", "session", "bridge"], n))
        };
        let line = |n: usize| match n % 100 {
            99 => error(n / 100 % (ACTIONS.len() * REASONS.len())),
            24 | 49 | 74 | 98 => of(WARNINGS, n / 25),
            _ => of(INFORMATION, n / 3 + n),
        };
        Self::new((0..20_000).map(line).collect())
    }
}

impl Read for Made {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.text.len() {
            self.text.clear();
            self.at = 0;
            while self.text.len() < 64 * 1024 {
                let form = &self.forms[usize::try_from(self.line).expect("small") % self.forms.len()];
                let (minute, second) = (self.line / 60 % 60, self.line % 60);
                let mut line = form.replace('#', &self.line.to_string());
                if line.contains('@') {
                    let id = self.line.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    line = line.replace('@', &format!("{id:016x}"));
                }
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
const INFORMATION: &[&str] = &[
    "[info] [session] loaded session @ in # ms",
    "[info] [net] POST https://gw.mills.example/v1/messages status 200 in # ms, request req_@",
    "[debug] [bridge] message # sent to the window, 4 listeners are waiting for it",
    "[info] [store] saved 3 records of session @ (# bytes)",
    "[info] [vm] worker # started with process 4711, image sha256:@",
    "[debug] [mcp] {\"jsonrpc\":\"2.0\",\"id\":#,\"method\":\"tools/list\",\"params\":{\"cursor\":\"@\"}}",
    "[info] [update] checked for updates: version 1.2209.3 is the latest, next check in # s",
];
const WARNINGS: &[&str] = &[
    "[warn] [session] session @ took # ms to load, which is slow",
    "[warn] [bridge] listener # was registered twice",
    "[warn] [store] cache entry @ is too old, read again",
];
const ACTIONS: &[&str] = &[
    "request # to https://gw.mills.example/v1/models failed",
    "fetch of https://sso.mills.example/token failed (attempt #)",
    "connector @ could not be started",
    "session @ ended early",
    "cannot read the settings of window #",
    "upload of # bytes stopped",
    "plugin number # was not loaded",
    "worker # gave up",
    "sync of @ failed",
    "tool call @ returned an error",
];
const REASONS: &[&str] = &[
    "read ECONNRESET",
    "connect ETIMEDOUT 10.1.2.3:443",
    "getaddrinfo ENOTFOUND gw.mills.example",
    "unable to get local issuer certificate",
    "HTTP 502 after # ms",
    "net::ERR_PROXY_CONNECTION_FAILED",
    "the answer was empty",
    "no such record",
    "TypeError: x is not a function",
    "the window was closed",
    "out of range",
    "unexpected end of JSON input",
    "the file is locked",
    "it was stopped by the user",
    "state machine is in state idle",
    "the schema is of another version",
    "too many listeners",
    "the queue is full",
    "a record is missing",
    "bad number #",
];

#[divan::bench(args = ["quiet", "new", "mix", "errors"], sample_count = 3, sample_size = 1)]
fn read(bencher: divan::Bencher, kind: &str) {
    let rules = Rules::embedded();
    let made = || match kind {
        "quiet" => Made::of(QUIET),
        "new" => Made::of(NEW),
        "mix" => Made::mix(),
        _ => Made::of(ERRORS),
    };
    bencher.counter(BytesCount::new(SIZE)).with_inputs(|| made().take(SIZE)).bench_local_values(|log| {
        let mut all = Collector::new(&rules, Settings { today: (2026, 11, 27), ..Settings::default() });
        all.read("main.log", log).expect("it is text");
        all.finish()
    });
}
