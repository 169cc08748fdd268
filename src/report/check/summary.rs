//! The verdict of a run in words: what works, what users lose, whom to ask. Every rendering says the same.

use crate::contract::ids::NotTestedId;
use crate::contract::{Need, Severity};
use crate::diagnose::{Code, RunVerdict, Verdict};
use crate::report::check::details;
use crate::report::check::view::{Group, Row, Thing, View};
use crate::report::layout::Paint;
use crate::report::sanitise;
use crate::report::words;
use crate::run::Run;
use crate::text::english;
use crate::text::english::joined;

/// Features shown in the answer to "what stops".
const SHOWN_STOPS: usize = 5;

/// What a run does not speak for and the list of untested hosts says already, with the reason.
const TOLD_BY_HOST: [&str; 6] =
    ["wildcards", "unbounded", "other-programs", "link-local", "deadline", "interrupted"];

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

/// The colour of the verdict.
pub(in crate::report) const fn paint(run: &Run) -> Paint {
    match run.judgement.verdict {
        RunVerdict::Ready => Paint::Good,
        RunVerdict::Degraded | RunVerdict::Unknown => Paint::Attention,
        RunVerdict::Blocked => Paint::Bad,
    }
}

/// The colour of a thing to do: what only optional hosts lack is not in the colour of what stops the app.
pub(in crate::report) fn paint_of(severity: Severity, thing: &Thing<'_>) -> Paint {
    let is_optional = !thing.rows.is_empty() && thing.rows.iter().all(|r| r.need == Need::Optional);
    match severity {
        Severity::Error if is_optional => Paint::Attention,
        Severity::Error => Paint::Bad,
        Severity::Warning => Paint::Attention,
        Severity::Info => Paint::None,
    }
}

/// What follows the word: how it is with the hosts, and the promises that are unmet, which decide the exit code too.
pub(in crate::report) fn sentence(run: &Run, view: &View<'_>) -> String {
    let mut sentence = of_hosts(run, view);
    if let Some(expected) = run.expected.as_ref().filter(|e| e.unmet > 0) {
        let all = expected.met + expected.unmet + expected.untested;
        let all = english::count(all, "promise", "promises");
        sentence.push_str(&format!(" Unmet: {} of {all} of --expect.", expected.unmet));
    }
    sentence
}

fn of_hosts(run: &Run, view: &View<'_>) -> String {
    let required = Counts::of(view.rows.iter().filter(|r| r.need == Need::Required));
    let other = Counts::of(view.rows.iter().filter(|r| r.need != Need::Required));
    match run.judgement.verdict {
        RunVerdict::Ready => ready(&required, &other, view.rows.len()),
        RunVerdict::Blocked if view.is_outage() => {
            // What answers on the device itself says nothing of the network.
            let here = view.rows.iter().any(|r| r.target.requirement.loopback && !r.is(Verdict::Blocked));
            let (none, from) =
                if here { ("no host beyond this device", "") } else { ("no host", " from this device") };
            let (all, required) = (required.all + other.all, required.all);
            format!("{none} could be reached{from} ({all} tried, {required} required).")
        }
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
    }
}

/// What users lose, a line a feature; of an outage one line for all.
pub(in crate::report) fn effects(view: &View<'_>) -> Vec<String> {
    if view.is_outage() { vec!["Everything the app does on the network.".to_owned()] } else { stops(view) }
}

/// Whom to ask, in words, with the numbers of what is asked of them, each as `number` writes it.
pub(in crate::report) fn asked(view: &View<'_>, number: fn(usize) -> String) -> Vec<String> {
    let one = |(owner, numbers): &(crate::diagnose::Owner, Vec<usize>)| {
        let numbers: Vec<String> = numbers.iter().map(|n| number(*n)).collect();
        format!("{} ({})", words::owner(*owner), numbers.join(", "))
    };
    view.owners().iter().map(one).collect()
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

/// What comes before [`tested_as`]: that nothing was tested now.
pub(in crate::report) fn saved(run: &Run) -> Option<&'static str> {
    run.is_replayed.then_some("Saved report, nothing was sent. All below is of the time when it was saved.")
}

/// As whom, from where, with what and when it was tested: label and value.
pub(in crate::report) fn tested_as(run: &Run, whole_hash: bool) -> Vec<(&'static str, String)> {
    let e = &run.environment;
    let clean = |t: &str| sanitise::line(t, sanitise::SHORT);
    let list = |items: &[String], none: &str| {
        if items.is_empty() {
            none.to_owned()
        } else {
            items.iter().map(|i| clean(i)).collect::<Vec<_>>().join(", ")
        }
    };
    let mut rows: Vec<(&'static str, String)> = Vec::new();
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
    rows.extend(words::head(&run.requirements, whole_hash));
    rows.push((
        "When",
        format!("{}, took {}", words::time(&run.started_at), words::duration(run.duration_ms)),
    ));
    rows
}

/// What was not tested and why, a line each; at most `shown` hosts are named in one.
pub(in crate::report) fn not_tested(run: &Run, view: &View<'_>, shown: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut untested: Vec<&Row<'_>> = view.rows.iter().filter(|r| r.is(Verdict::Untested)).collect();
    untested.sort_by_key(|r| std::cmp::Reverse(r.need));
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
        let count = if names.len() > 1 { format!(" ({})", words::hosts(names.len())) } else { String::new() };
        lines.push(format!("{}{count}: {reason}.", english::first(&names, shown)));
    }
    let others = run.judgement.not_tested.iter().filter(|n| !TOLD_BY_HOST.contains(&n.id.as_str()));
    lines.extend(others.map(|n| sanitise::line(&n.text, sanitise::LONG)));
    lines
}
