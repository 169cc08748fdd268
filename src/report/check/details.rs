//! One feature of the report: a line when all is well, else every host that is not.

use std::collections::{BTreeSet, HashSet};

use crate::contract::Stage;
use crate::diagnose::{Code, Verdict};
use crate::observation::{Attempt, Tls};
use crate::report::check::view::{Group, Row, View};
use crate::report::layout::{Page, Paint};
use crate::report::sanitise;
use crate::report::words;
use crate::text::english;
use crate::text::english::joined;
use crate::text::page::{columns, pad};

/// Columns before a host: indent, symbol, word.
const INDENT: usize = 15;
/// Columns of a time, with the gap before it.
const MS_COLUMNS: usize = 9;
/// Columns of the number of a thing to do, with the gap before it.
const NUMBER_COLUMNS: usize = 4;

/// Why a host was not judged, in plain words.
pub(in crate::report) fn untested(row: &Row<'_>) -> &'static str {
    let transport = row.target.transport();
    match (row.target.skip, row.code()) {
        (_, Code::UntestedDeadline) => "the deadline passed first",
        (_, Code::UntestedInterrupted) => "interrupted",
        (_, Code::UntestedAddress) => "its address is never dialled",
        (Some(skip), _) => words::skip(skip, transport),
        (None, Code::UntestedWildcard) => words::skip(crate::plan::Skip::Wildcard, transport),
        (None, Code::UntestedActor) => words::skip(crate::plan::Skip::Actor, transport),
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

/// `  x blocked  `: the same width for every verdict.
fn mark(verdict: Verdict, indent: usize) -> String {
    let (symbol, word) = words::verdict(verdict);
    format!("{}{symbol} {word:8} ", " ".repeat(indent))
}

/// Writes features; remembers which hosts were told in full, so that a host of several features
/// is not told twice.
pub(in crate::report) struct Details<'a> {
    view: &'a View<'a>,
    outage: bool,
    told: HashSet<u32>,
}

impl<'a> Details<'a> {
    pub(in crate::report) fn new(view: &'a View<'a>) -> Self {
        Self { view, outage: view.is_outage(), told: HashSet::new() }
    }

    /// A feature: its line, and below it the hosts that need attention (all of them with `-v`).
    pub(in crate::report) fn group(&mut self, page: &mut Page<'_>, group: &Group<'_>, title_width: usize) {
        let (verdict, facts) = self.summary(group);
        let title = sanitise::line(group.title, 120);
        page.row(&mark(verdict, 2), paint(verdict), &title, title_width, &facts);
        if self.outage && !page.style.verbose {
            return;
        }
        let shown: Vec<&Row<'_>> = group
            .rows
            .iter()
            .filter(|r| {
                page.style.verbose
                    || r.is(Verdict::Blocked)
                    || r.is(Verdict::Warning)
                    || !r.judged.notes.is_empty()
            })
            .collect();
        let cells = shown.iter().map(|r| columns(cell(r))).max().unwrap_or(0);
        // The table fits the page where the names allow it; a longer name has its cells below.
        let room = page.style.width.saturating_sub(INDENT + 2 + cells + MS_COLUMNS + NUMBER_COLUMNS);
        let names = shown.iter().map(|r| columns(&r.endpoint()));
        let width = names.filter(|w| *w <= room).max().unwrap_or(room);
        let mut said = String::new();
        for row in shown {
            self.host(page, row, width, cells);
            for note in &row.judged.notes {
                page.hang(&" ".repeat(INDENT), Paint::None, &sanitise::line(note, 300));
            }
            if row.is(Verdict::Blocked) {
                let breaks = breaks(row, group);
                // The same consequence is not repeated under each of a row of hosts.
                if !breaks.is_empty() && breaks != said {
                    page.hang(&" ".repeat(INDENT), Paint::None, &sanitise::line(&breaks, 300));
                }
                said = breaks;
            }
        }
    }

    /// The verdict on a feature, and its counts.
    fn summary(&self, group: &Group<'_>) -> (Verdict, String) {
        let count = |v| group.rows.iter().filter(|r| r.is(v)).count();
        let (ok, warning) = (count(Verdict::Reachable), count(Verdict::Warning));
        let (blocked, not) = (count(Verdict::Blocked), count(Verdict::Untested));
        let is_cut = |r: &Row<'_>| matches!(r.code(), Code::UntestedDeadline | Code::UntestedInterrupted);
        let verdict = if blocked > 0 {
            Verdict::Blocked
        } else if warning > 0 {
            Verdict::Warning
        } else if ok == 0 || group.rows.iter().any(is_cut) {
            Verdict::Untested
        } else {
            Verdict::Reachable
        };

        let tested = ok + warning + blocked;
        let mut facts: Vec<String> = Vec::new();
        if blocked > 0 {
            facts.push(format!("{blocked} of {} blocked", words::hosts(tested)));
        }
        if warning > 0 && blocked > 0 {
            facts.push(english::count(warning, "warning", "warnings"));
        } else if warning > 0 {
            facts.push(format!("{warning} of {} with a warning", words::hosts(tested)));
        }
        if blocked + warning == 0 && ok > 0 {
            facts.push(words::hosts(ok));
            let times = group.rows.iter().filter_map(|r| r.judged.timings.total);
            if let Some(ms) = times.reduce(f64::max) {
                facts.push(if ok == 1 { words::ms(ms) } else { format!("slowest {}", words::ms(ms)) });
            }
        }
        if not > 0 {
            let what = if tested == 0 { words::hosts(not) } else { not.to_string() };
            facts.push(format!("{what} not tested"));
        }
        if self.outage && blocked > 0 {
            let numbers: BTreeSet<usize> = group.rows.iter().filter_map(|r| self.view.thing_of(r)).collect();
            facts.extend(numbers.into_iter().map(words::number));
        }
        (verdict, facts.join(", "))
    }

    fn host(&mut self, page: &mut Page<'_>, row: &Row<'_>, width: usize, cells: usize) {
        let verdict = row.judged.verdict;
        let mut rest = pad(cell(row), cells);
        let total = row.judged.timings.total.filter(|_| !row.is(Verdict::Untested));
        let total = total.map(words::ms).unwrap_or_default();
        rest.push_str(&format!("  {total:>7}"));
        if let Some(number) = self.view.thing_of(row) {
            rest.push_str(&format!("  {}", words::number(number)));
        }
        page.row(&mark(verdict, 4), paint(verdict), &row.endpoint(), width, &rest);
        if !self.told.insert(row.target.id) {
            return;
        }
        let indent = " ".repeat(INDENT);
        // Actors that fare differently are the finding: the app may work where its engine does not.
        if row.judged.actors.windows(2).any(|w| w[0].verdict != w[1].verdict) {
            let parts: Vec<String> = row
                .judged
                .actors
                .iter()
                .map(|a| format!("{} {}", a.actor, words::verdict(a.verdict).1))
                .collect();
            page.hang(&indent, Paint::None, &format!("By actor: {}.", parts.join(", ")));
        }
        let mut noted: Vec<&str> = Vec::new();
        for actor in &row.judged.actors {
            let Some(note) = actor.note.as_deref().filter(|note| !noted.contains(note)) else { continue };
            noted.push(note);
            // In a healthy host it is a detail.
            if page.style.verbose || row.judged.verdict != Verdict::Reachable {
                page.hang(
                    &indent,
                    Paint::None,
                    &format!("The {} {note}.", sanitise::line(actor.actor.as_str(), 20)),
                );
            }
        }
        if !row.judged.also.is_empty() {
            let codes: Vec<&str> = row.judged.also.iter().map(|f| f.code.as_str()).collect();
            page.hang(&format!("{indent}Also: "), Paint::None, &codes.join(", "));
        }
        if page.style.verbose {
            verbose(page, self.view, row, &indent);
        }
    }
}

/// What the third column of a host says.
fn cell(row: &Row<'_>) -> &'static str {
    match row.judged.verdict {
        Verdict::Untested | Verdict::Reachable => "",
        Verdict::Warning | Verdict::Blocked => row.code().as_str(),
    }
}

/// What the user loses; a host that matters less than its group says so.
fn breaks(row: &Row<'_>, group: &Group<'_>) -> String {
    let own = row.target.requirement.reasons.iter().filter(|r| r.feature == group.id);
    let text = joined(own.map(|r| r.breaks.as_str()));
    if row.need == group.need { text } else { format!("{text} ({})", row.need) }
}

fn verbose(page: &mut Page<'_>, view: &View<'_>, row: &Row<'_>, indent: &str) {
    let target = row.target;
    if row.is(Verdict::Untested) {
        page.hang(indent, Paint::Faint, untested(row));
        return;
    }
    let t = &row.judged.timings;
    let stages: Vec<String> =
        Stage::ALL.iter().filter_map(|s| Some(format!("{s} {}", words::ms(t.of(*s)?)))).collect();
    if !stages.is_empty() {
        page.hang(indent, Paint::Faint, &stages.join(", "));
    }
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
    if let Some(url) = &target.requirement.hints.discovered_from {
        page.hang(&format!("{indent}named by "), Paint::Faint, &sanitise::line(url, 300));
    }
    let Some(attempt) = view.attempts.iter().rfind(|a| a.target == target.id && a.variation.is_none()) else {
        return;
    };
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
