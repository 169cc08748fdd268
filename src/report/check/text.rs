//! The report of a run: verdict, what was tested and as whom, things to do, groups, not tested.

use crate::contract::FeatureInfo;
use crate::contract::Need;
use crate::diagnose::{Owner, Verdict};
use crate::observation::Stopped;
use crate::report::check::details;
use crate::report::check::summary;
use crate::report::check::view::{Group, Row, Thing, View};
use crate::report::incomplete;
use crate::report::layout::{Page, Paint, Style};
use crate::report::parts;
use crate::report::sanitise;
use crate::report::words;
use crate::run::Run;
use crate::text::english;

/// Names shown of the hosts that one cause explains (`-v` shows all).
const SHOWN_HOSTS: usize = 5;

/// The report of `check` for a terminal.
///
/// `features` are the pack's, in its order; a feature that is not among them is shown by its id.
pub fn render(run: &Run, features: &[FeatureInfo], style: &Style) -> String {
    let mut page = Page::new(style);
    if style.terminal && !style.verbose && !style.quiet {
        super::brief::render(&mut page, run, features);
        return page.into_text();
    }
    let view = View::new(run, features);
    incomplete::page(&mut page, &run.requirements);
    verdict(&mut page, run, &view);
    things(&mut page, &view);
    if let Some(expected) = &run.expected {
        super::expected::section(&mut page, expected);
    }
    if !style.quiet {
        tested(&mut page, run);
        super::inference::section(&mut page, run);
        groups(&mut page, &view);
        super::paths::section(&mut page, run);
        not_tested(&mut page, run, &view);
        parts::notes(&mut page, &run.requirements.notes);
        parts::lint(&mut page, &run.requirements.lint);
    }
    if style.terminal && style.verbose {
        super::brief::end(&mut page, run, &view);
    }
    page.into_text()
}

fn verdict(page: &mut Page<'_>, run: &Run, view: &View<'_>) {
    let sentence = summary::sentence(run, view);
    page.hang_with(&format!("{}: ", run.word().heading()), summary::paint(run), "", &sentence);
    let mut rows: Vec<(&str, String)> = Vec::new();
    for (i, text) in summary::effects(view).into_iter().enumerate() {
        rows.push((if i == 0 { "Effect" } else { "" }, text));
    }
    let owners = summary::asked(view, words::number);
    if !owners.is_empty() {
        rows.push(("Ask", english::and(&owners)));
    }
    if let Some(stopped) = run.observations.stopped {
        rows.push((
            "Note",
            match stopped {
                Stopped::Deadline => {
                    "The deadline passed before every host was judged; --deadline sets it.".into()
                }
                Stopped::Interrupted => "The run was interrupted before every host was judged.".into(),
            },
        ));
    }
    parts::rows(page, &rows);
}

fn tested(page: &mut Page<'_>, run: &Run) {
    page.heading("TESTED");
    if let Some(saved) = summary::saved(run) {
        page.hang("  ", Paint::None, saved);
    }
    parts::rows(page, &summary::tested_as(run, page.style.verbose));
}

fn things(page: &mut Page<'_>, view: &View<'_>) {
    if view.things.is_empty() {
        return;
    }
    page.heading(if view.things.len() == 1 { "THING TO DO" } else { "THINGS TO DO" });
    for (i, thing) in view.things.iter().enumerate() {
        if i > 0 {
            page.blank();
        }
        one_thing(page, i + 1, thing);
    }
}

fn one_thing(page: &mut Page<'_>, number: usize, thing: &Thing<'_>) {
    let f = thing.finding;
    let paint = summary::paint_of(f.severity, thing);
    let prefix = format!("{:>4}  ", words::number(number));
    let whom = match f.owner {
        Owner::None => "For information".to_owned(),
        owner => format!("For {}", words::owner(owner)),
    };
    page.hang(&prefix, paint, &format!("{whom}: {}", sanitise::line(&f.summary, sanitise::LONG)));
    let indent = " ".repeat(prefix.len());
    if !f.remedy.is_empty() {
        page.hang(&format!("{indent}Do     "), Paint::Bold, &sanitise::line(&f.remedy, sanitise::LONG));
    }
    if !f.evidence.line.is_empty() {
        page.hang(
            &format!("{indent}Seen   "),
            Paint::Faint,
            &sanitise::line(&f.evidence.line, sanitise::LONG),
        );
    }
    let names: Vec<String> = thing.rows.iter().map(Row::endpoint).collect();
    if !names.is_empty() {
        let shown = if page.style.verbose { names.len() } else { SHOWN_HOSTS };
        let required = thing.rows.iter().filter(|r| r.need == Need::Required).count();
        let mut text = english::first(&names, shown);
        if names.len() > 1 {
            let of = match required {
                0 => String::new(),
                n => format!(", {n} required"),
            };
            text = format!("{text} ({}{of})", words::hosts(names.len()));
        }
        page.hang(&format!("{indent}Hosts  "), Paint::Faint, &text);
    }
    page.hang(
        &format!("{indent}Code   "),
        Paint::Faint,
        &format!("{} ({}, {})", f.code, f.severity, f.confidence),
    );
}

fn groups(page: &mut Page<'_>, view: &View<'_>) {
    let mut details = details::Details::new(view);
    for need in [Need::Required, Need::Feature, Need::Optional] {
        let own: Vec<&Group<'_>> = view.groups.iter().filter(|g| g.need == need).collect();
        if own.is_empty() {
            continue;
        }
        page.heading(words::need_heading(need));
        let longest = own.iter().map(|g| crate::text::page::columns(g.title)).max().unwrap_or(0).min(34);
        for group in own {
            details.group(page, group, longest);
        }
    }
    if view.is_outage() && !page.style.verbose {
        page.blank();
        page.hang("  ", Paint::None, "-v lists every host.");
    }
}

fn not_tested(page: &mut Page<'_>, run: &Run, view: &View<'_>) {
    let shown = if page.style.verbose { usize::MAX } else { SHOWN_HOSTS };
    let lines = summary::not_tested(run, view, shown);
    if lines.is_empty()
        && !view.rows.iter().any(|r| r.is(Verdict::Untested))
        && run.judgement.not_tested.is_empty()
    {
        return;
    }
    page.heading("NOT TESTED");
    for line in lines {
        page.hang("  - ", Paint::None, &line);
    }
}
