//! What holds for every rendering of a list and of a run.

use std::collections::BTreeSet;

use clearway::derive::{HostPattern, Requirements};
use clearway::document::hosts as document;
use clearway::plan::{Plan, Route};
use clearway::report::{self, FeatureInfo, Style};
use clearway::run::Run;

use crate::{assert_safe, rules};

/// Renders the list in every format and asserts what holds for each. Gives all the text.
pub fn list(list: &Requirements, features: &[FeatureInfo]) -> Vec<String> {
    (0..3).flat_map(|part| part_of_list(part, list, features)).collect()
}

/// A third of the formats, for targets whose lists are long.
pub fn part_of_list(part: u8, list: &Requirements, features: &[FeatureInfo]) -> Vec<String> {
    assert_list(list);
    let out = match part % 3 {
        0 => lines(list, features),
        1 => {
            let csv = report::hosts::csv::render(list, features);
            assert_no_formula(&csv);
            vec![csv, report::hosts::json::render(list, features)]
        }
        _ => {
            let verbose = Style { verbose: true, ..Style::default() };
            vec![
                report::hosts::markdown::render(list, features),
                report::hosts::text::render(list, features, &Style::default()),
                report::hosts::text::render(list, features, &verbose),
            ]
        }
    };
    out.iter().for_each(|text| assert_safe(text, true, "a rendering"));
    out
}

/// The two formats that firewalls read: the same hosts, each once, and each is a host.
fn lines(list: &Requirements, features: &[FeatureInfo]) -> Vec<String> {
    let plain = report::hosts::plain::render(list);
    let txt = report::hosts::txt::render(list, features);
    let (in_plain, in_txt) = (entries(&plain), entries(&txt));
    // The marks of an incomplete list stand above the hosts.
    let hosts = plain.lines().filter(|l| !l.starts_with('#'));
    assert!(hosts.is_sorted(), "plain is not sorted:\n{plain}");
    let expected: BTreeSet<(HostPattern, u16)> = list
        .hosts
        .iter()
        .filter(|r| !r.host.is_loopback() && r.unbounded.is_none())
        .map(|r| (r.host.clone(), r.port))
        .collect();
    for (found, what) in [(&in_plain, "plain"), (&in_txt, "txt")] {
        let set: BTreeSet<_> = found.iter().cloned().collect();
        assert_eq!(set.len(), found.len(), "{what} holds a host twice");
        assert_eq!(set, expected, "{what} holds other hosts than the list");
    }
    vec![plain, txt]
}

/// A list reads back from its own document with the same hosts.
pub fn assert_reads_back(list: &Requirements, features: &[FeatureInfo]) {
    let first = document::to_document(list, features);
    let json = serde_json::to_value(&first).expect("a document is JSON");
    let read = match document::from_json(json, "x", "") {
        Ok(read) => read,
        Err(error) => {
            // Bounds of the reader that a derived list may pass are not its fault.
            let text = error.to_string();
            assert!(text.contains("more than") || text.contains("longer than"), "{text}");
            return;
        }
    };
    let second = document::to_document(&read, features);
    assert_eq!(first.groups, second.groups);
    assert_eq!(first.loopback, second.loopback);
}

fn assert_list(list: &Requirements) {
    let key = |r: &clearway::derive::Requirement| (r.host.clone(), r.port, r.transport);
    let keys: Vec<_> = list.hosts.iter().map(key).collect();
    assert!(keys.windows(2).all(|w| w[0] < w[1]), "not sorted, or a host twice: {keys:?}");
    for r in &list.hosts {
        assert!(!r.reasons.is_empty(), "{} without a reason", r.host);
        assert_eq!(r.loopback, r.host.is_loopback(), "{}", r.host);
        assert!(r.port != 0 || r.unbounded.is_some(), "{} without a port", r.host);
        let again: HostPattern = r.host.to_string().parse().expect("a host parses again");
        assert_eq!(again, r.host);
    }
}

/// The hosts of a file of `host` or `host:port` lines, as a script would read it.
fn entries(file: &str) -> Vec<(HostPattern, u16)> {
    let lines = file.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|line| {
            let whole = line.parse::<HostPattern>().map(|host| (host, 443));
            whole.unwrap_or_else(|_| {
                let (host, port) = line.rsplit_once(':').unwrap_or_else(|| panic!("no host: {line:?}"));
                let host = host.parse().unwrap_or_else(|e| panic!("{line:?}: {e}"));
                (host, port.parse().unwrap_or_else(|e| panic!("{line:?}: {e}")))
            })
        })
        .collect()
}

fn assert_no_formula(csv: &str) {
    let mut quoted = false;
    let mut at_start = true;
    for c in csv.chars() {
        if at_start && c != '"' {
            assert!(quoted || !report::sanitise::is_formula_start(c), "a formula in {csv}");
            at_start = quoted && report::sanitise::is_formula_start(c);
            assert!(!at_start, "a quoted formula in {csv}");
        }
        match c {
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => at_start = true,
            _ => at_start = false,
        }
    }
    assert!(!quoted, "a quote is never closed: {csv}");
}

/// What would be sent: one line of each, to nothing that must not be dialled.
pub fn plan(plan: &Plan) -> Vec<String> {
    for target in &plan.targets {
        assert_eq!(target.skip.is_some(), target.paths.is_empty());
        if target.skip.is_some() {
            continue;
        }
        let dialled: HostPattern = target.probed.parse().expect("a host that is dialled is one");
        assert!(!dialled.is_wildcard() && !dialled.is_link_local(), "{dialled} is dialled");
        if let Some(request) = &target.request {
            assert!(request.path.starts_with('/'), "{:?}", request.path);
            assert!(request.path.bytes().all(|b| b.is_ascii_graphic()), "{:?}", request.path);
            assert!(request.headers.iter().all(|(n, v)| is_field(n) && is_field(v)), "{:?}", request.headers);
        }
        for path in &target.paths {
            if let Route::Proxy { host, .. } = &path.route {
                assert!(!host.is_empty() && !host.contains(['@', '/', ' ']), "{host:?} is a proxy");
            }
        }
    }
    dry_run(plan)
}

fn dry_run(plan: &Plan) -> Vec<String> {
    let settings = report::check::dry_run::Settings::default();
    let out = vec![
        report::check::dry_run::text(plan, &settings, &Style::default()),
        report::check::dry_run::json(plan, &settings),
    ];
    out.iter().for_each(|text| assert_safe(text, true, "a dry run"));
    out
}

fn is_field(text: &str) -> bool {
    !text.bytes().any(|b| matches!(b, b'\r' | b'\n' | 0))
}

/// Renders a run in every way.
pub fn run(run: &Run) {
    let features = &rules().features;
    for (verbose, quiet) in [(false, false), (true, false), (false, true)] {
        let style = Style { verbose, quiet, ..Style::default() };
        for format in report::check::FORMATS {
            assert_safe(&(format.render)(run, features, &style), true, "a report");
        }
    }
    let json = report::check::json::render(run, features);
    let again: serde_json::Value = serde_json::from_str(&json).expect("a report is JSON");
    clearway::document::check::read_check(again).expect("a report reads back");
    for requirement in &run.requirements.hosts {
        assert_eq!(requirement.loopback, requirement.host.is_loopback(), "{}", requirement.host);
    }
    // Nothing of a saved plan is dialled, so its hosts need not be sound.
    dry_run(&run.plan);
}
