//! Logs of any bytes: bounded, nothing that a terminal acts upon, and no planted secret in any rendering.
#![no_main]

use std::sync::LazyLock;

use clearway::logs::{Collector, Settings};
use clearway::report::{Style, logs};
use clearway::rules::Rules;
use clearway_fuzz::{MARK, assert_safe};
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);

fuzz_target!(|data: &[u8]| {
    let settings = Settings { today: (2026, 11, 27), ..Settings::default() };
    let mut all = Collector::new(&RULES, settings);
    if all.read("main.log", data).is_err() {
        return;
    }
    let report = all.finish();
    assert!(report.lines.len() <= 1_000 && report.causes.iter().all(|c| c.hosts.len() <= 20 && c.places.len() <= 5));
    let style = Style { verbose: true, ..Style::default() };
    for text in [
        logs::text::render(&report, &style),
        logs::json::render(&report, "2026-11-22"),
        logs::markdown::render(&report),
    ] {
        assert_safe(&text, true, "a report of logs");
        assert!(!text.contains(MARK), "{text}");
    }
});
