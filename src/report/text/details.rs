//! One feature of the report: a line when all is well, else every host that is not.

use super::super::layout::{Page, Paint, columns, pad};
use super::super::view::{Group, Row, View};
use super::super::{sanitise, words};
use crate::derive::document::joined;
use crate::diagnose::{Code, Verdict};
use crate::observation::{Attempt, Tls};

/// Widest column of host names in a table of hosts.
const HOST_COLUMNS: usize = 40;

/// Why a host was not judged, in plain words.
pub(super) fn untested(row: &Row<'_>) -> &'static str {
    match (row.target.skip, row.code()) {
        (_, Code::UntestedDeadline) => "the deadline passed first",
        (_, Code::UntestedInterrupted) => "interrupted",
        (Some(skip), _) => words::skip(skip),
        (None, Code::UntestedWildcard) => words::skip(crate::plan::Skip::Wildcard),
        (None, Code::UntestedActor) => words::skip(crate::plan::Skip::Actor),
        (None, _) => "not judged",
    }
}

const fn paint(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Reachable => Paint::Good,
        Verdict::Untested => Paint::Faint,
        Verdict::Warning => Paint::Attention,
        Verdict::Blocked => Paint::Bad,
    }
}

/// `  x blocked   `: the same width for every verdict.
fn mark(verdict: Verdict, indent: usize) -> String {
    let (symbol, word) = words::verdict(verdict);
    format!("{}{symbol} {word:8}  ", " ".repeat(indent))
}

/// A feature: its line, and below it the hosts that need attention (all of them with `-v`).
pub(super) fn group(page: &mut Page<'_>, view: &View<'_>, group: &Group<'_>, title_width: usize) {
    let count = |v| group.rows.iter().filter(|r| r.is(v)).count();
    let (ok, warning) = (count(Verdict::Reachable), count(Verdict::Warning));
    let (blocked, not) = (count(Verdict::Blocked), count(Verdict::Untested));
    let cut =
        group.rows.iter().any(|r| matches!(r.code(), Code::UntestedDeadline | Code::UntestedInterrupted));
    let verdict = if blocked > 0 {
        Verdict::Blocked
    } else if warning > 0 {
        Verdict::Warning
    } else if ok == 0 || cut {
        Verdict::Untested
    } else {
        Verdict::Reachable
    };

    let mut facts: Vec<String> = Vec::new();
    let tested = ok + warning + blocked;
    if blocked > 0 {
        facts.push(format!("{blocked} of {} blocked", words::hosts(tested)));
    }
    if warning > 0 {
        facts.push(if blocked > 0 {
            format!("{warning} warning")
        } else {
            format!("{warning} of {} with a warning", words::hosts(tested))
        });
    }
    if blocked + warning == 0 && ok > 0 {
        facts.push(words::hosts(ok));
        let slowest =
            group.rows.iter().filter(|r| r.is(Verdict::Reachable)).filter_map(|r| r.judged.timings.total);
        if let Some(ms) = slowest.fold(None, |a: Option<f64>, b| Some(a.map_or(b, |a| a.max(b)))) {
            facts.push(if ok == 1 { words::ms(ms) } else { format!("slowest {}", words::ms(ms)) });
        }
    }
    if not > 0 {
        let what = if tested == 0 { words::hosts(not) } else { not.to_string() };
        facts.push(format!("{what} not tested"));
    }
    let title = sanitise::line(group.title, 120);
    page.row(&mark(verdict, 2), paint(verdict), &title, title_width, &facts.join(", "));

    let shown: Vec<&Row<'_>> = group
        .rows
        .iter()
        .filter(|r| page.style.verbose || r.is(Verdict::Blocked) || r.is(Verdict::Warning))
        .collect();
    let width = shown.iter().map(|r| columns(&r.endpoint())).max().unwrap_or(0).min(HOST_COLUMNS);
    let codes = shown.iter().map(|r| columns(cell(r))).max().unwrap_or(0);
    let mut said = String::new();
    for row in shown {
        host(page, view, row, width, codes);
        if row.is(Verdict::Blocked) {
            let breaks = breaks(row, group.id);
            // The same consequence is not repeated under each of a row of hosts.
            if !breaks.is_empty() && breaks != said && breaks != group.stops {
                page.hang(&" ".repeat(16), Paint::None, &sanitise::line(&breaks, 300));
            }
            said = breaks;
        }
    }
}

/// What the third column of a host says.
fn cell(row: &Row<'_>) -> &'static str {
    match row.judged.verdict {
        Verdict::Untested => untested(row),
        Verdict::Reachable => "",
        Verdict::Warning | Verdict::Blocked => row.code().as_str(),
    }
}

fn breaks(row: &Row<'_>, feature: &str) -> String {
    let of_feature = row.target.requirement.reasons.iter().filter(|r| r.feature == feature);
    joined(of_feature.map(|r| r.breaks.as_str()))
}

fn host(page: &mut Page<'_>, view: &View<'_>, row: &Row<'_>, width: usize, codes: usize) {
    let verdict = row.judged.verdict;
    let mut rest = pad(cell(row), codes);
    if !row.is(Verdict::Untested)
        && let Some(total) = row.judged.timings.total
    {
        rest.push_str(&format!("  {:>8}", words::ms(total)));
    }
    if let Some(number) = view.thing_of(row) {
        rest.push_str(&format!("  see {number}"));
    }
    page.row(&mark(verdict, 4), paint(verdict), &row.endpoint(), width, &rest);
    let indent = " ".repeat(16);

    // Actors that fare differently are the finding: the app may work where its engine does not.
    let differ = row.judged.actors.windows(2).any(|w| w[0].verdict != w[1].verdict);
    if differ {
        let parts: Vec<String> = row
            .judged
            .actors
            .iter()
            .map(|a| format!("{} {} ({})", a.actor, words::verdict(a.verdict).1, a.code))
            .collect();
        page.hang(&indent, Paint::None, &parts.join(", "));
    }
    if !row.judged.also.is_empty() {
        let codes: Vec<&str> = row.judged.also.iter().map(|f| f.code.as_str()).collect();
        page.hang(&format!("{indent}also "), Paint::Faint, &codes.join(", "));
    }
    if page.style.verbose {
        verbose(page, view, row, &indent);
    }
}

fn verbose(page: &mut Page<'_>, view: &View<'_>, row: &Row<'_>, indent: &str) {
    let t = &row.judged.timings;
    let stages: Vec<String> =
        [("dns", t.dns), ("tcp", t.tcp), ("proxy", t.proxy), ("tls", t.tls), ("http", t.http)]
            .iter()
            .filter_map(|(name, ms)| ms.map(|ms| format!("{name} {}", words::ms(ms))))
            .collect();
    if !stages.is_empty() {
        page.hang(indent, Paint::Faint, &stages.join(", "));
    }
    let target = row.target;
    if !target.probed.is_empty() && target.probed != target.requirement.host.to_string() {
        page.hang(
            &format!("{indent}probed as "),
            Paint::Faint,
            &sanitise::line(&target.probed, sanitise::SHORT),
        );
    }
    for path in &target.paths {
        let actors: Vec<&str> = path.actors.iter().map(|a| a.as_str()).collect();
        let text = format!("{} ({})", words::route(&path.route), actors.join(", "));
        page.hang(&format!("{indent}via "), Paint::Faint, &text);
    }
    let Some(attempt) = view.attempts.iter().rfind(|a| a.target == target.id) else { return };
    if let Some(text) = connection(attempt) {
        page.hang(indent, Paint::Faint, &text);
    }
    if let Some(leaf) = attempt.tls.last().and_then(|tls| tls.chain.first()) {
        page.hang(&format!("{indent}issuer "), Paint::Faint, &sanitise::line(&leaf.issuer, sanitise::SHORT));
    }
    if row.is(Verdict::Reachable) && !row.judged.finding.evidence.line.is_empty() {
        page.hang(indent, Paint::Faint, &sanitise::line(&row.judged.finding.evidence.line, 300));
    }
}

/// Address, TLS parameters and status of the attempt.
fn connection(attempt: &Attempt) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(attempt.tcp.last().map(|tcp| tcp.remote.to_string()));
    if let Some(Tls { parameters: Some(p), .. }) = attempt.tls.last() {
        let alpn = p.alpn.as_deref().unwrap_or("no ALPN");
        parts.push(sanitise::line(&format!("{} {} {alpn}", p.version, p.group), 120));
    }
    if let Some(http) = attempt.http.last() {
        parts.extend(http.status.map(|s| format!("HTTP {s}")));
    }
    if let Some(banner) = &attempt.banner {
        parts.push(sanitise::line(&banner.text, 80));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}
