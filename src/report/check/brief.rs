//! The report on a terminal: what fits one look. The verdict, its cause and whose it is come first, what is to be done
//! comes last, where the eye is. Everything else is said to be there, and `-v` shows it.

use crate::contract::FeatureInfo;
use crate::diagnose::{Owner, Verdict};
use crate::observation::Stopped;
use crate::report::check::summary;
use crate::report::check::view::{Row, Thing, View};
use crate::report::incomplete;
use crate::report::layout::{Page, Paint};
use crate::report::sanitise;
use crate::report::words;
use crate::run::Run;
use crate::text::english;
use crate::text::page::{columns, wrap};

/// Lines that the report has, but for what was asked for by an option of its own.
const LINES: usize = 12;
/// Columns of the labels, with their margins.
const LABEL: usize = 10;

/// The whole report, in [`LINES`].
pub(super) fn render(page: &mut Page<'_>, run: &Run, features: &[FeatureInfo]) {
    let view = View::new(run, features);
    incomplete::page(page, &run.requirements);
    let before = page.lines();
    let word = run.word().heading();
    let sentence = cut(page, columns(&word) + 2, &summary::sentence(run, &view), 2, 0);
    page.hang_with(&format!("{word}: "), summary::paint(run), "", &sentence);
    if let Some(stopped) = run.observations.stopped {
        let why = match stopped {
            Stopped::Deadline => "the deadline passed before every host was judged; --deadline sets it",
            Stopped::Interrupted => "interrupted before every host was judged",
        };
        row(page, "Note", why, 1);
    }
    if let Some(first) = view.things.first() {
        let more = match view.things.len() - 1 {
            0 => String::new(),
            n => format!(" (and {n} more)"),
        };
        // Where there is more to do, its lines go to that.
        let lines = if view.things.len() > 1 { 1 } else { 2 };
        row(page, "Cause", &format!("{}{more}", said(1, first, &first.finding.summary)), lines);
    }
    let effects = summary::effects(&view);
    if let Some(first) = effects.first() {
        let more =
            if effects.len() > 1 { format!(" (and {} more)", effects.len() - 1) } else { String::new() };
        row(page, "Effect", &format!("{first}{more}"), if view.things.len() > 1 { 1 } else { 2 });
    }
    let of_features = hosts(&view);
    if !of_features.is_empty() {
        row(page, "Hosts", &of_features, 1);
    }
    row(page, "Tested", &tested(run), 1);
    row(page, "More", &more(run, &view), 1);
    let left = LINES.saturating_sub(page.lines() - before + 1);
    asked_for(page, run);
    to_do(page, &view, left.max(1));
}

/// What ends a long report on a terminal: its verdict and what is to be done, again.
pub(super) fn end(page: &mut Page<'_>, run: &Run, view: &View<'_>) {
    page.heading("IN SHORT");
    let word = run.word().heading();
    page.hang_with(&format!("{word}: "), summary::paint(run), "", &summary::sentence(run, view));
    to_do(page, view, LINES);
}

/// What an option of its own asked for is no part of the twelve lines.
fn asked_for(page: &mut Page<'_>, run: &Run) {
    if let Some(expected) = &run.expected {
        super::expected::section(page, expected);
    }
    super::inference::section(page, run);
    super::paths::section(page, run);
}

fn row(page: &mut Page<'_>, label: &str, text: &str, lines: usize) {
    let text = cut(page, LABEL, text, lines, LABEL);
    page.hang(&format!("  {label:6}  "), Paint::None, &text);
}

/// The text, on so many lines behind prefixes of `first` and `rest` columns; a cut says so.
fn cut(page: &Page<'_>, first: usize, text: &str, lines: usize, rest: usize) -> String {
    let text = sanitise::line(text, sanitise::LONG);
    let room = |taken: usize| page.width().saturating_sub(taken).max(1);
    let wrapped = wrap(&text, room(first), room(rest));
    if wrapped.len() <= lines {
        return text;
    }
    let mut kept = wrapped.get(..lines).unwrap_or_default().to_vec();
    if let Some(last) = kept.last_mut() {
        let taken = if lines == 1 { first } else { rest };
        while columns(last) + 4 > room(taken) {
            // A name that fills the line is cut too: the whole of it stands in the long report.
            match last.rfind(' ') {
                Some(at) => last.truncate(at),
                None => {
                    let keep = last.char_indices().rev().nth(4).map_or(0, |(at, _)| at);
                    last.truncate(keep);
                    break;
                }
            }
        }
        last.push_str(" ...");
    }
    kept.join(" ")
}

/// A thing to do by its number and its owner.
fn said(number: usize, thing: &Thing<'_>, text: &str) -> String {
    let whom = match thing.finding.owner {
        Owner::None => "for information".to_owned(),
        owner => format!("for {}", words::owner(owner)),
    };
    format!("{} {whom}: {text}", words::number(number))
}

/// The features with their sign, what does not work first: `x Telemetry (3 of 11), + Inference`.
fn hosts(view: &View<'_>) -> String {
    let mut parts = Vec::new();
    for group in &view.groups {
        let count = |verdict| group.rows.iter().filter(|r| r.is(verdict)).count();
        let blocked = count(Verdict::Blocked);
        let (order, verdict) = match blocked {
            // What was to be tested and was not is never shown as well.
            0 if group.rows.iter().any(Row::was_missed) => (1, Verdict::Untested),
            0 if count(Verdict::Warning) > 0 => (2, Verdict::Warning),
            0 if count(Verdict::Reachable) == 0 => (3, Verdict::Untested),
            0 => (4, Verdict::Reachable),
            _ => (0, Verdict::Blocked),
        };
        let of = if blocked > 0 { format!(" ({blocked} of {})", group.rows.len()) } else { String::new() };
        let text = format!("{} {}{of}", words::verdict(verdict).0, sanitise::line(group.title, 60));
        parts.push((order, std::cmp::Reverse(group.need), text));
    }
    parts.sort_by_key(|(order, need, _)| (*order, *need));
    parts.into_iter().map(|(.., text)| text).collect::<Vec<_>>().join(", ")
}

fn tested(run: &Run) -> String {
    let e = &run.environment;
    let host = if e.host.is_empty() { "this device" } else { &e.host };
    let user = if e.user.is_empty() { String::new() } else { format!("{} on ", e.user) };
    let label = run.label.as_ref().map_or_else(String::new, |label| format!(" ({label})"));
    let when = format!("{}, {}", words::time(&run.started_at), words::duration(run.duration_ms));
    let saved = if run.is_replayed { "saved report: " } else { "" };
    format!("{saved}{user}{host}{label}, {when}")
}

/// What the long report has beside this.
fn more(run: &Run, view: &View<'_>) -> String {
    let list = &run.requirements;
    let mut parts = vec!["evidence".to_owned(), words::hosts(view.rows.len())];
    for (n, one, many) in [
        (summary::not_tested(run, view, usize::MAX - 1).len(), "thing not tested", "things not tested"),
        (list.notes.len(), "note", "notes"),
        (list.lint.len(), "lint", "lints"),
    ] {
        if n > 0 {
            parts.push(english::count(n, one, many));
        }
    }
    format!("-v: {}", parts.join(", "))
}

/// What is to be done, the worst first, in at most so many lines.
fn to_do(page: &mut Page<'_>, view: &View<'_>, lines: usize) {
    let things: Vec<(usize, &Thing<'_>)> =
        (1..).zip(&view.things).filter(|(_, t)| !t.finding.remedy.is_empty()).collect();
    if things.is_empty() {
        return;
    }
    page.blank();
    let shown = if things.len() > lines { lines.saturating_sub(1).max(1) } else { things.len() };
    let mut left = if things.len() > shown { lines.saturating_sub(1) } else { lines };
    for (at, (number, thing)) in things.iter().take(shown).enumerate() {
        let prefix = format!("  {:>3}  ", words::number(*number));
        let whom = match thing.finding.owner {
            Owner::None => String::new(),
            owner => format!("{}: ", words::owner(owner)),
        };
        // The first thing gets the lines that the others leave.
        let mine = left.saturating_sub(shown - at - 1).max(1);
        let text = format!("{whom}{}", sanitise::line(&thing.finding.remedy, sanitise::LONG));
        let text = cut(page, columns(&prefix), &text, mine, columns(&prefix));
        let before = page.lines();
        page.hang(&prefix, summary::paint_of(thing.finding.severity, thing), &text);
        left = left.saturating_sub(page.lines() - before);
    }
    if shown < things.len() {
        page.hang("       ", Paint::None, &format!("{} more to do: -v", things.len() - shown));
    }
}
