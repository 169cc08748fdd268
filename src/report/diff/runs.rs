//! The comparison of two runs as text.

use crate::compare::Between;
use crate::compare::between::{CauseLine, HostChange, Line, Said, TIMINGS_RULE, TimeLine};
use crate::derive::incomplete;
use crate::diagnose::{Code, Verdict};
use crate::report::layout::{Page, Paint, Style};
use crate::report::parts;
use crate::report::sanitise;
use crate::report::words;
use crate::run::Run;
use crate::text::english;

/// Names shown of the hosts of one cause (`-v` shows all).
const SHOWN: usize = 5;

/// What differs between two runs, for a terminal. `judged_by`: date of the rules that both were
/// judged by.
pub fn render(found: &Between, old: &Run, new: &Run, judged_by: &str, style: &Style) -> String {
    let mut page = Page::new(style);
    let (word, paint, sentence) = verdict(found, old, new);
    page.hang_with(&format!("{word}: "), paint, "", &sentence);
    for (name, run) in [("Old", old), ("New", new)] {
        for line in incomplete::marks(&run.requirements) {
            page.hang(&format!("! {name}  "), Paint::Attention, &line);
        }
    }
    if !style.quiet {
        page.blank();
        let judged = format!("both by the rules of {}", sanitise::line(judged_by, 40));
        if crate::redact::is_shared(old) || crate::redact::is_shared(new) {
            page.hang("! ", Paint::Attention, crate::report::compare::text::MASKED);
            page.blank();
        }
        parts::rows(&mut page, &[("Old", side(old)), ("New", side(new)), ("Judged", judged)]);
    }
    for change in HostChange::ALL {
        let lines: Vec<&Line> = found.hosts.iter().filter(|l| l.change == *change).collect();
        if lines.is_empty() {
            continue;
        }
        page.heading(match change {
            HostChange::Broken => "BROKEN (worked before)",
            HostChange::Fixed => "FIXED (works now)",
            HostChange::Changed => "CHANGED",
            HostChange::New => "NEW (only in the new report)",
            HostChange::Gone => "GONE (only in the old report)",
        });
        for line in lines {
            host(&mut page, line);
        }
    }
    causes(&mut page, "CAUSES THAT APPEARED", Paint::Bad, &found.appeared);
    causes(&mut page, "CAUSES THAT DISAPPEARED", Paint::Good, &found.disappeared);
    if !style.quiet {
        causes(&mut page, "STILL TO DO", Paint::Attention, &found.remaining);
        if !found.environment.is_empty() {
            page.heading("WHAT ELSE WAS DIFFERENT");
            for item in &found.environment {
                let shown =
                    |t: &str| if t.is_empty() { "none".into() } else { sanitise::line(t, sanitise::SHORT) };
                page.hang(
                    &format!("  {:14}  ", name(item.id)),
                    Paint::Faint,
                    &format!("{} -> {}", shown(&item.old), shown(&item.new)),
                );
            }
        }
        timings(&mut page, &found.timings);
    }
    page.into_text()
}

fn verdict(found: &Between, old: &Run, new: &Run) -> (&'static str, Paint, String) {
    let n = |change| found.count(change);
    let (broken, fixed) = (n(HostChange::Broken), n(HostChange::Fixed));
    let (word, paint) = match (broken, fixed) {
        (0, 0) if found.hosts.is_empty() => ("SAME", Paint::Bold),
        (0, 0) => ("DIFFERENT", Paint::Bold),
        (0, _) => ("BETTER", Paint::Good),
        (_, 0) => ("WORSE", Paint::Bad),
        _ => ("MIXED", Paint::Attention),
    };
    let mut parts: Vec<String> = Vec::new();
    for (change, text) in [
        (HostChange::Broken, "broken"),
        (HostChange::Fixed, "fixed"),
        (HostChange::Changed, "changed"),
        (HostChange::New, "new"),
        (HostChange::Gone, "gone"),
    ] {
        match n(change) {
            0 => {}
            count if parts.is_empty() => parts.push(format!("{} {text}", words::hosts(count))),
            count => parts.push(format!("{count} {text}")),
        }
    }
    let same = match (found.same, found.still_blocked) {
        (0, _) => "no host is in both reports".to_owned(),
        (n, 0) => format!("{} as before", words::hosts(n)),
        (n, blocked) => format!("{} as before, {blocked} of them still blocked", words::hosts(n)),
    };
    parts.push(same);
    let (old, new) = (old.word(), new.word());
    let run = if old == new {
        format!("The verdict is {} in both.", new.heading())
    } else {
        format!("The verdict is {}; it was {}.", new.heading(), old.heading())
    };
    (word, paint, format!("{}. {run}", parts.join("; ")))
}

/// Whose run it was, and when.
fn side(run: &Run) -> String {
    let e = &run.environment;
    let clean = |t: &str| sanitise::line(t, sanitise::SHORT);
    let mut parts = vec![words::time(&run.started_at)];
    parts.extend(run.label.iter().map(|l| clean(l)));
    match (e.user.is_empty(), e.host.is_empty()) {
        (false, false) => parts.push(format!("{} on {}", clean(&e.user), clean(&e.host))),
        (true, false) => parts.push(clean(&e.host)),
        _ => {}
    }
    parts.push(words::hosts(run.plan.targets.len()));
    parts.join(", ")
}

fn host(page: &mut Page<'_>, line: &Line) {
    let (verdict, paint) = match (&line.new, &line.old) {
        (Some(said), _) => (said.verdict, painted(said.verdict)),
        (None, Some(said)) => (said.verdict, Paint::Faint),
        (None, None) => (Verdict::Untested, Paint::Faint),
    };
    let (symbol, _) = words::verdict(verdict);
    let transport = words::transport(line.transport).map(|t| format!(", {t}")).unwrap_or_default();
    let change = match (&line.old, &line.new) {
        (Some(a), Some(b)) if a.verdict == b.verdict && a.code == b.code => {
            format!("{}, owner {} -> {}", short(b), a.owner, b.owner)
        }
        (Some(a), Some(b)) => format!("{} -> {}", short(a), short(b)),
        (None, Some(one)) | (Some(one), None) => short(one),
        (None, None) => String::new(),
    };
    let text = format!(
        "{} ({}{transport}): {change}",
        crate::contract::endpoint::listed(&line.host, line.port),
        line.need
    );
    page.hang(&format!("  {symbol}  "), paint, &sanitise::line(&text, sanitise::LONG));
    let seen = match (&line.old, &line.new) {
        (_, Some(said)) if said.verdict != Verdict::Reachable => Some(("now ", &said.evidence)),
        (Some(said), _) if said.verdict != Verdict::Reachable => Some(("then ", &said.evidence)),
        _ => None,
    };
    if let Some((when, evidence)) = seen.filter(|(_, e)| !e.is_empty()) {
        page.hang(&format!("     {when}"), Paint::Faint, &sanitise::line(evidence, sanitise::LONG));
    }
}

fn short(said: &Said) -> String {
    let (_, word) = words::verdict(said.verdict);
    if said.code == Code::Ok { word.to_owned() } else { format!("{word} {}", said.code) }
}

pub(in crate::report) const fn painted(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Reachable => Paint::Good,
        Verdict::Warning => Paint::Attention,
        Verdict::Blocked => Paint::Bad,
        Verdict::Untested => Paint::Faint,
    }
}

fn causes(page: &mut Page<'_>, heading: &str, paint: Paint, causes: &[CauseLine]) {
    if causes.is_empty() {
        return;
    }
    page.heading(heading);
    for cause in causes {
        let text = format!("For {}: {} ({})", words::owner(cause.owner), cause.summary, cause.code);
        page.hang("  -  ", paint, &sanitise::line(&text, sanitise::LONG));
        let shown = if page.style.verbose { cause.hosts.len() } else { SHOWN };
        if cause.hosts.len() > 1 {
            page.hang(
                "     Hosts  ",
                Paint::Faint,
                &sanitise::line(&english::first(&cause.hosts, shown), sanitise::LONG),
            );
        }
    }
}

/// The fact, as a reader calls it.
fn name(id: &str) -> &str {
    match id {
        "label" => "Label",
        "user" => "User",
        "host" => "Device",
        "addresses" => "Addresses",
        "resolvers" => "DNS",
        "proxy" => "Proxy",
        "trust" => "Trust",
        "vpn" => "VPN",
        "platform" => "Platform",
        "app-version" => "App",
        "rules-date" => "List made with",
        "provider" => "Provider",
        "stage-timeout" => "--timeout",
        "configuration" => "Configuration",
        other => other,
    }
}

fn timings(page: &mut Page<'_>, lines: &[TimeLine]) {
    if lines.is_empty() {
        return;
    }
    page.heading("TIMES");
    for line in lines {
        let what = match &line.host {
            Some(host) => sanitise::line(host, sanitise::SHORT),
            None => format!("{}, median of {}", line.stage, words::hosts(line.hosts)),
        };
        page.hang(
            "  -  ",
            Paint::None,
            &format!("{what}: {} -> {}", words::ms(line.old_ms), words::ms(line.new_ms)),
        );
    }
    page.hang("     ", Paint::Faint, TIMINGS_RULE);
}
