//! What became of the promises of `--expect`, in the words that every format shares, and as a part of the text.

use crate::diagnose::Owner;
use crate::expect::{Expected, Judged, Outcome};
use crate::report::layout::{Page, Paint};
use crate::report::sanitise;
use crate::report::words;
use crate::text::english;

/// Promises of one kind that are shown without `-v`.
const SHOWN: usize = 10;

/// The sign of an outcome. The word stands beside it.
pub(super) const fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Met => "+",
        Outcome::Unmet => "x",
        Outcome::Untested => "?",
    }
}

/// `net.toml: 7 promises, 1 unmet, 2 untested, 4 met.`
pub(super) fn sentence(expected: &Expected) -> String {
    let all = expected.met + expected.unmet + expected.untested;
    let mut parts = vec![english::count(all, "promise", "promises")];
    for (n, word) in [(expected.unmet, "unmet"), (expected.untested, "untested"), (expected.met, "met")] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    let source = if expected.source.is_empty() { "Masked file" } else { expected.source.as_str() };
    sanitise::line(&format!("{source}: {}.", parts.join(", ")), sanitise::LONG)
}

/// The host and what is promised of it, as the file says it: `api.example.com: reach = reachable`.
pub(super) fn title(one: &Judged) -> String {
    let host = match (one.host.as_str(), one.hosts.as_str()) {
        ("", "") => "a host that is not shown",
        ("", hosts) => hosts,
        (host, _) => host,
    };
    let expected = if one.expected.is_empty() { String::new() } else { format!(" = {}", one.expected) };
    sanitise::line(&format!("{host}: {}{expected}", one.promise), sanitise::LONG)
}

/// What was seen, and who must act on what is in the way.
pub(super) fn seen(one: &Judged) -> String {
    let mut text = one.evidence.clone();
    if !text.is_empty() && !text.ends_with('.') {
        text.push('.');
    }
    match (one.code, one.owner.filter(|owner| *owner != Owner::None)) {
        (Some(code), Some(owner)) => text.push_str(&format!(" {code}, for {}.", words::owner(owner))),
        (Some(code), None) => text.push_str(&format!(" {code}.")),
        (None, _) => {}
    }
    sanitise::line(&text, sanitise::LONG)
}

/// Where in the file it stands, and what the team wrote to it.
pub(super) fn place(one: &Judged) -> String {
    let note = one.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
    sanitise::line(&format!("line {}{note}", one.line), sanitise::SHORT)
}

/// The part of the text: what is not kept, then what is untested; what is met with `-v`.
pub(super) fn section(page: &mut Page<'_>, expected: &Expected) {
    page.heading("EXPECTATIONS");
    page.hang("  ", Paint::None, &sentence(expected));
    for outcome in [Outcome::Unmet, Outcome::Untested, Outcome::Met] {
        let (verbose, quiet) = (page.style.verbose, page.style.quiet);
        if (outcome == Outcome::Met && !verbose) || (outcome != Outcome::Unmet && quiet) {
            continue;
        }
        let paint = match outcome {
            Outcome::Met => Paint::Good,
            Outcome::Unmet => Paint::Bad,
            Outcome::Untested => Paint::Faint,
        };
        let all: Vec<&Judged> = expected.with(outcome).collect();
        let shown = if verbose || all.len() <= SHOWN + 1 { all.len() } else { SHOWN };
        for one in all.iter().take(shown) {
            let prefix = format!("  {} {:8}  ", sign(outcome), outcome);
            page.hang(&prefix, paint, &format!("{} ({})", title(one), place(one)));
            let seen = seen(one);
            if !seen.is_empty() {
                page.hang(&" ".repeat(prefix.len()), Paint::None, &seen);
            }
        }
        if shown < all.len() {
            let more = format!("{} more {outcome}; -v shows them.", all.len() - shown);
            page.hang("    ", Paint::None, &more);
        }
    }
}
