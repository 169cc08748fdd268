//! The report of a run: verdict, what was tested and as whom, things to do, groups, not tested.

use crate::contract::FeatureInfo;
use crate::contract::ids::NotTestedId;
use crate::contract::{Need, Severity};
use crate::diagnose::{Code, Owner, RunVerdict, Verdict};
use crate::observation::Stopped;
use crate::report::check::details;
use crate::report::check::view::{Group, Row, Thing, View};
use crate::report::incomplete;
use crate::report::layout::{Page, Paint, Style};
use crate::report::parts;
use crate::report::sanitise;
use crate::report::words;
use crate::run::Run;
use crate::text::english;
use crate::text::english::joined;

/// Names shown of the hosts that one cause explains (`-v` shows all).
const SHOWN_HOSTS: usize = 5;
/// Features shown in the answer to "what stops".
const SHOWN_STOPS: usize = 5;

/// What a run does not speak for and the list of untested hosts says already, with the reason.
const TOLD_BY_HOST: [&str; 6] =
    ["wildcards", "unbounded", "other-programs", "link-local", "deadline", "interrupted"];

/// The report of `check` for a terminal.
///
/// `features` are the pack's, in its order; a feature that is not among them is shown by its id.
pub fn render(run: &Run, features: &[FeatureInfo], style: &Style) -> String {
    let view = View::new(run, features);
    let mut page = Page::new(style);
    incomplete::page(&mut page, &run.requirements);
    verdict(&mut page, run, &view);
    things(&mut page, &view);
    if !style.quiet {
        tested(&mut page, run);
        super::inference::section(&mut page, run);
        groups(&mut page, &view);
        not_tested(&mut page, run, &view);
        parts::notes(&mut page, &run.requirements.notes);
        parts::lint(&mut page, &run.requirements.lint);
    }
    page.into_text()
}

/// Hosts of one need, counted by verdict.
#[derive(Default)]
struct Counts {
    all: usize,
    ok: usize,
    warning: usize,
    /// Among the warnings: what answers is not known to be the service.
    unsure: usize,
    blocked: usize,
    /// Untested although a probe could have told.
    missed: usize,
}

impl Counts {
    fn of<'a>(rows: impl Iterator<Item = &'a Row<'a>>) -> Self {
        let mut counts = Self::default();
        for row in rows {
            match row.judged.verdict {
                Verdict::Reachable => counts.ok += 1,
                Verdict::Warning => {
                    counts.warning += 1;
                    counts.unsure += usize::from(row.judged.finding.code == Code::HttpUnrecognised);
                }
                Verdict::Blocked => counts.blocked += 1,
                Verdict::Untested if row.was_missed() => counts.missed += 1,
                // Nobody can test it from here: it counts neither way.
                Verdict::Untested => continue,
            }
            counts.all += 1;
        }
        counts
    }
}

fn verdict(page: &mut Page<'_>, run: &Run, view: &View<'_>) {
    let required = Counts::of(view.rows.iter().filter(|r| r.need == Need::Required));
    let other = Counts::of(view.rows.iter().filter(|r| r.need != Need::Required));
    let (word, paint) = match run.judgement.verdict {
        RunVerdict::Ready => ("READY: ", Paint::Good),
        RunVerdict::Degraded => ("DEGRADED: ", Paint::Attention),
        RunVerdict::Unknown => ("UNKNOWN: ", Paint::Attention),
        RunVerdict::Blocked => ("BLOCKED: ", Paint::Bad),
    };
    let sentence = match run.judgement.verdict {
        RunVerdict::Ready => ready(&required, &other, view.rows.len()),
        RunVerdict::Blocked if view.is_outage() => format!(
            "no host could be reached from this device ({} tried, {} required).",
            required.all + other.all,
            required.all,
        ),
        RunVerdict::Degraded => degraded(&required, &other),
        RunVerdict::Unknown => {
            let call = run.judgement.not_tested.iter().any(|n| n.id == NotTestedId::CALL);
            let tested = "no required host that was tested is blocked";
            let tested_any = required.all + other.all > required.missed + other.missed;
            let outside = view.rows.len() - required.all - other.all;
            let (what, known) = match required.missed {
                0 if !tested_any && !call => {
                    let what = match (view.rows.len(), outside) {
                        (0, _) => "there was no host to test".to_owned(),
                        (_, 0) => "no host was tested".to_owned(),
                        (_, n) => format!("no host was tested; {n} cannot be tested from here"),
                    };
                    (what, "what works is not known")
                }
                0 if call => ("the call with the credential was not made".to_owned(), tested),
                0 => ("a required host was not tested".to_owned(), tested),
                n => {
                    let all = english::count(required.all, "required host", "required hosts");
                    let none = n == required.all;
                    let known = if none { "what works is not known" } else { tested };
                    (format!("{n} of {all} could not be tested"), known)
                }
            };
            let others = match other.blocked {
                0 => String::new(),
                n => format!(", and {n} of {} others {} blocked", other.all, is_are(n)),
            };
            format!("{what}; {known}{others}.")
        }
        RunVerdict::Blocked => {
            let verb = if required.blocked == 1 { "does" } else { "do" };
            let others = match other.blocked {
                0 => String::new(),
                n => format!(", nor {n} of {} others", other.all),
            };
            let missed = match required.missed + other.missed {
                0 => String::new(),
                n => format!("; {} not tested", english::count(n, "host was", "hosts were")),
            };
            format!(
                "{} of {} {verb} not work from this device{others}{missed}.",
                required.blocked,
                english::count(required.all, "required host", "required hosts"),
            )
        }
    };
    page.hang_with(word, paint, "", &sentence);
    let mut rows: Vec<(&str, String)> = Vec::new();
    let stops = if view.is_outage() {
        vec!["Everything the app does on the network.".to_owned()]
    } else {
        stops(view)
    };
    for (i, text) in stops.into_iter().enumerate() {
        rows.push((if i == 0 { "Stops" } else { "" }, text));
    }
    let owners: Vec<String> = view
        .owners()
        .iter()
        .map(|(owner, numbers)| {
            let numbers: Vec<String> = numbers.iter().map(|n| words::number(*n)).collect();
            format!("{} ({})", words::owner(*owner), numbers.join(", "))
        })
        .collect();
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

fn ready(required: &Counts, other: &Counts, all: usize) -> String {
    let untested = match all - required.all - other.all {
        0 => String::new(),
        n => format!("; {n} cannot be tested from here"),
    };
    let sentence = match (required.all, other.all) {
        (0, 0) => "no host was tested".into(),
        (0, n) => format!("{} tested, all work from this device; none is required", words::hosts(n)),
        (n, 0) => format!("{} from this device", all_work(n, "required host", "required hosts")),
        (n, o) => format!(
            "{} from this device, and so {}",
            all_work(n, "required host", "required hosts"),
            if o == 1 { "does the other one".to_owned() } else { format!("do the {o} others") },
        ),
    };
    format!("{sentence}{untested}.")
}

fn all_work(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("the one {one} works") } else { format!("all {n} {many} work") }
}

fn degraded(required: &Counts, other: &Counts) -> String {
    let mut buts = Vec::new();
    if other.blocked > 0 {
        buts.push(format!("{} of {} others {} blocked", other.blocked, other.all, is_are(other.blocked)));
    }
    let warnings = required.warning + other.warning - required.unsure - other.unsure;
    let unsure = other.unsure;
    if unsure > 0 {
        let verb = if unsure == 1 { "gives" } else { "give" };
        buts.push(format!("{} {verb} an answer that is not known", words::hosts(unsure)));
    }
    if warnings > 0 {
        let verb = if warnings == 1 { "works" } else { "work" };
        buts.push(format!("{} {verb} with a warning", words::hosts(warnings)));
    }
    let missed = other.missed;
    if missed > 0 {
        buts.push(format!(
            "{} {} not tested",
            words::hosts(missed),
            if missed == 1 { "was" } else { "were" }
        ));
    }
    let start = if required.all == 0 {
        "no required host was tested".into()
    } else if required.unsure > 0 {
        // An answer that is not the service's is no sign that it works.
        let n = required.unsure;
        let of = if n == required.all {
            english::count(n, "required host", "required hosts")
        } else {
            format!("{n} of {}", english::count(required.all, "required host", "required hosts"))
        };
        let verb = if n == 1 { "gives" } else { "give" };
        let whether = if n == 1 { "whether it works" } else { "whether they work" };
        let others = match required.all - n {
            0 => String::new(),
            1 => "; the other one works".to_owned(),
            o => format!("; the {o} others work"),
        };
        format!("{of} {verb} an answer that is not known, so {whether} is not known{others}")
    } else {
        all_work(required.all, "required host", "required hosts")
    };
    if buts.is_empty() { format!("{start}.") } else { format!("{start}, but {}.", english::and(&buts)) }
}

const fn is_are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

/// What the user loses, by feature: the feature's own words where a host is blocked that the
/// feature needs most, else the words of the hosts that are blocked.
fn stops(view: &View<'_>) -> Vec<String> {
    let mut hit: Vec<(&Group<'_>, Need, String)> = Vec::new();
    for group in &view.groups {
        let blocked: Vec<&Row<'_>> = group.rows.iter().filter(|r| r.is(Verdict::Blocked)).collect();
        let Some(need) = blocked.iter().map(|r| r.need).max() else { continue };
        let own = joined(blocked.iter().flat_map(|r| {
            r.target
                .requirement
                .reasons
                .iter()
                .filter(|x| x.feature == group.id && x.need == need)
                .map(|x| x.breaks.as_str())
        }));
        let text = if need == group.need && !group.stops.is_empty() || own.is_empty() {
            group.stops.to_owned()
        } else {
            own
        };
        hit.push((group, need, text));
    }
    hit.sort_by_key(|(_, need, _)| std::cmp::Reverse(*need));
    let mut lines: Vec<String> = hit
        .iter()
        .take(if hit.len() == SHOWN_STOPS + 1 { SHOWN_STOPS + 1 } else { SHOWN_STOPS })
        .map(|(group, _, text)| {
            let text = if text.is_empty() { "it does not work." } else { text.as_str() };
            sanitise::line(&format!("{}: {text}", group.title), 300)
        })
        .collect();
    if hit.len() > lines.len() {
        let rest: Vec<&str> = hit.iter().skip(lines.len()).map(|(g, ..)| g.title).collect();
        lines.push(sanitise::line(&format!("Also affected: {}.", english::and(&rest)), 300));
    }
    lines
}

fn tested(page: &mut Page<'_>, run: &Run) {
    let e = &run.environment;
    let clean = |t: &str| sanitise::line(t, sanitise::SHORT);
    let list = |items: &[String], none: &str| {
        if items.is_empty() {
            none.to_owned()
        } else {
            items.iter().map(|i| clean(i)).collect::<Vec<_>>().join(", ")
        }
    };
    page.heading("TESTED");
    let mut rows: Vec<(&str, String)> = Vec::new();
    if let Some(label) = &run.label {
        rows.push(("Label", clean(label)));
    }
    let user = if e.user.is_empty() { "unknown user".into() } else { clean(&e.user) };
    let host = if e.host.is_empty() { "this device".into() } else { clean(&e.host) };
    rows.push(("As", format!("{user} on {host}")));
    rows.push(("From", list(&e.addresses, "no address but loopback")));
    rows.push(("DNS", list(&e.resolvers, "no resolver configured")));
    rows.push((
        "Proxy",
        if e.proxy.is_empty() { "none".into() } else { sanitise::line(&e.proxy, sanitise::LONG) },
    ));
    if !e.trust.is_empty() {
        rows.push(("Trust", sanitise::line(&e.trust, sanitise::LONG)));
    }
    if let Some(vpn) = &e.vpn_hint {
        rows.push(("VPN", format!("interface {} looks like one", clean(vpn))));
    }
    if let Some(machine) = run.observations.machine.as_ref().filter(|m| !m.attempts.is_empty()) {
        rows.push((
            "Sandbox",
            format!("its own machine: {} asked there", words::hosts(machine.attempts.len())),
        ));
    }
    rows.extend(words::head(&run.requirements, page.style.verbose));
    rows.push((
        "When",
        format!("{}, took {}", words::time(&run.started_at), words::duration(run.duration_ms)),
    ));
    parts::rows(page, &rows);
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
    let paint = match f.severity {
        Severity::Error => Paint::Bad,
        Severity::Warning => Paint::Attention,
        Severity::Info => Paint::None,
    };
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
    let mut untested: Vec<&Row<'_>> = view.rows.iter().filter(|r| r.is(Verdict::Untested)).collect();
    untested.sort_by_key(|r| std::cmp::Reverse(r.need));
    if untested.is_empty() && run.judgement.not_tested.is_empty() {
        return;
    }
    page.heading("NOT TESTED");
    let mut reasons: Vec<&str> = Vec::new();
    for row in &untested {
        let reason = details::untested(row);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    for reason in reasons {
        let names: Vec<String> =
            untested.iter().filter(|r| details::untested(r) == reason).map(|r| r.endpoint()).collect();
        let shown = if page.style.verbose { names.len() } else { SHOWN_HOSTS };
        let count = if names.len() > 1 { format!(" ({})", words::hosts(names.len())) } else { String::new() };
        page.hang("  - ", Paint::None, &format!("{}{count}: {reason}.", english::first(&names, shown)));
    }
    for item in run.judgement.not_tested.iter().filter(|n| !TOLD_BY_HOST.contains(&n.id.as_str())) {
        page.hang("  - ", Paint::None, &sanitise::line(&item.text, sanitise::LONG));
    }
}
