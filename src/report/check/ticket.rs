//! `check --format ticket`: one ready text for each owner, so that nobody has to ask back: what is
//! asked, for which hosts, what was seen and when, from where, and how to see that it helped.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use crate::contract::FeatureInfo;
use crate::contract::endpoint;
use crate::contract::ids::NoteId;
use crate::contract::{Need, Transport};
use crate::diagnose::{Certainty, Code, Owner, RunVerdict, Verdict};
use crate::expect::{Judged, Outcome};
use crate::plan::Route;
use crate::report::check::expected;
use crate::report::check::log_lines::{self, Event};
use crate::report::check::view::{Row, Thing, Ticket, View};
use crate::report::sanitise;
use crate::report::ticket_lines::{bullet, heading, labelled};
use crate::report::words;
use crate::run::Run;
use crate::text::english;

/// Hosts named in one item; the JSON report has all.
const SHOWN_HOSTS: usize = 40;
/// Attempts of one host that are listed, where there are several.
const EVENTS_OF_HOST: usize = 3;
/// Attempts that are listed of an only host: its experiments are the proof.
const EVENTS_OF_ONE: usize = 8;
/// Consequences that one item names.
const SHOWN_STOPS: usize = 4;
/// Attempts that one item lists.
const EVENTS: usize = 30;
/// Promises that are not met, of one ticket.
const PROMISES: usize = 20;
/// Hosts that a command to verify names; beyond that the configuration is the shorter way.
const COMMAND_HOSTS: usize = 6;

/// One text for each owner of a thing to do, in the order of the report.
pub fn render(run: &Run, features: &[FeatureInfo]) -> String {
    let view = View::new(run, features);
    let tickets = view.tickets();
    let mut out = String::new();
    if tickets.is_empty() {
        nothing(&mut out, run);
        return out;
    }
    for (i, one) in tickets.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let things: Vec<&Thing<'_>> = one.things.iter().map(|(_, thing)| thing).collect();
        let heading = format!("TICKET {} OF {}: for {}", i + 1, tickets.len(), whom(one));
        out.push_str(&format!("{heading}\n{}\n\n", "=".repeat(heading.chars().count())));
        ticket(&mut out, run, &view, one.owner, &things);
    }
    out
}

/// For whom a ticket is, in words.
pub(super) fn whom(ticket: &Ticket<'_>) -> String {
    let owner = words::owner(ticket.owner);
    match &ticket.host {
        Some(host) => sanitise::line(&format!("{owner} {host}"), sanitise::SHORT),
        None => owner.to_owned(),
    }
}

/// Whether a finding is about a certificate: then every handshake is worth a line.
fn about_certificates(code: Code) -> bool {
    matches!(
        code,
        Code::TlsExpired
            | Code::TlsNotYetValid
            | Code::TlsNameMismatch
            | Code::TlsSelfSigned
            | Code::TlsIncompleteChain
            | Code::TlsIntercepted
            | Code::TlsInterceptedUntrusted
            | Code::TlsUnknownIssuer
            | Code::DeviceClock
            | Code::DeviceTrustStore
    )
}

/// The text for one owner, without a heading.
pub(super) fn of_owner(run: &Run, view: &View<'_>, owner: Owner, things: &[&Thing<'_>]) -> String {
    let mut out = String::new();
    ticket(&mut out, run, view, owner, things);
    out
}

fn nothing(out: &mut String, run: &Run) {
    let text = match run.judgement.verdict {
        RunVerdict::Ready => {
            "No ticket: every host that was tested works, and nobody has to change anything."
        }
        RunVerdict::Unknown => {
            "No ticket: nothing that was tested has to be changed, but a required host could not be tested. Run the \
             check again before you call this fine."
        }
        RunVerdict::Degraded | RunVerdict::Blocked => {
            "No ticket: what does not work fully has no owner who could change it; the text report says more."
        }
    };
    labelled(out, "", text);
    field(out, "Tested", &words::time(&run.started_at));
    field(out, "Hosts", &run.plan.targets.len().to_string());
    promised(out, run, |_| true);
}

/// What became of the promises of `--expect`: those that are not met, as far as they are `about` the ticket.
fn promised(out: &mut String, run: &Run, about: impl Fn(&Judged) -> bool) {
    let Some(expected) = &run.expected else { return };
    heading(out, "What the network team promised");
    bullet(out, &expected::sentence(expected));
    let open = [Outcome::Unmet, Outcome::Untested].into_iter().flat_map(|outcome| expected.with(outcome));
    let own: Vec<&Judged> = open.filter(|one| about(one)).collect();
    for one in own.iter().take(PROMISES) {
        let seen = expected::seen(one);
        bullet(out, &format!("{}: {} ({}). {seen}", one.result, expected::title(one), expected::place(one)));
    }
    if own.len() > PROMISES {
        bullet(out, &format!("{} more are not met; the JSON report has all.", own.len() - PROMISES));
    }
}

fn ticket(out: &mut String, run: &Run, view: &View<'_>, owner: Owner, things: &[&Thing<'_>]) {
    let e = &run.environment;
    let clean = |t: &str| sanitise::line(t, sanitise::SHORT);
    let list = |items: &[String]| items.iter().map(|i| clean(i)).collect::<Vec<_>>().join(", ");
    let all: Vec<&Row<'_>> = things.iter().flat_map(|t| &t.rows).collect();
    field(out, "Title", &title(things));
    field(out, "Requested by", "FILL IN");
    if things.iter().all(|t| t.rows.iter().all(|r| r.need != Need::Required)) {
        let missed = view.rows.iter().filter(|r| r.need == Need::Required && r.was_missed()).count();
        field(
            out,
            "Urgency",
            &match missed {
                0 if run.judgement.verdict == RunVerdict::Unknown => {
                    "not known: something required was not tested; the hosts of this ticket are not required"
                        .to_owned()
                }
                0 => "no required host is affected".to_owned(),
                n => format!(
                    "not known: {} not tested, the others of this ticket are not required",
                    english::count(n, "required host was", "required hosts were")
                ),
            },
        );
    } else {
        let required = all.iter().filter(|r| r.need == Need::Required && r.is(Verdict::Blocked)).count();
        field(
            out,
            "Urgency",
            &match required {
                0 => "required hosts work, with a warning".to_owned(),
                n => format!(
                    "{} blocked: Claude Desktop does not work",
                    english::count(n, "required host is", "required hosts are")
                ),
            },
        );
    }
    field(
        out,
        "Seen",
        &format!(
            "{} by {} on {}",
            words::time(&run.started_at),
            unless(&e.user, "an unknown user"),
            unless(&e.host, "this device")
        ),
    );
    field(out, "Source", &unless(&list(&e.addresses), "no address but loopback"));
    if owner == Owner::Dns || owner == Owner::Network {
        field(out, "Resolvers", &unless(&list(&e.resolvers), "none configured"));
    }
    if !e.proxy.is_empty() {
        field(out, "Proxy", &sanitise::line(&e.proxy, sanitise::LONG));
    }
    if let Some(vpn) = &e.vpn_hint {
        field(out, "VPN", &format!("interface {} looks like one", clean(vpn)));
    }
    if matches!(owner, Owner::Configuration | Owner::Device | Owner::TlsInspection) {
        for (label, value) in words::head(&run.requirements, false) {
            field(out, label, &value);
        }
    }
    for (number, thing) in (1_usize..).zip(things) {
        item(out, run, view, number, thing);
    }
    promised(out, run, |one| {
        one.owner == Some(owner) || all.iter().any(|row| Some(row.target.id) == one.target)
    });
    heading(out, "How to verify");
    verify(out, run, &all);
    heading(out, "What else this run saw");
    let reached: Vec<&Row<'_>> = view
        .rows
        .iter()
        .filter(|r| (r.is(Verdict::Reachable) || r.is(Verdict::Warning)) && !r.target.requirement.loopback)
        .collect();
    let blocked = view.rows.iter().filter(|r| r.is(Verdict::Blocked)).count();
    bullet(
        out,
        &match reached.first() {
            None => "No host was found to work.".to_owned(),
            Some(first) => format!(
                "{} of {} work from this device in the same run, {} among them, so it has a working network; \
                 {} in all.",
                reached.len(),
                words::hosts(view.rows.len()),
                first.endpoint(),
                english::count(blocked, "is blocked", "are blocked"),
            ),
        },
    );
    bullet(
        out,
        "Times are this device's clock in UTC, to the second; allow for the difference to your log's clock.",
    );
    let is_cut = |r: &Row<'_>| matches!(r.code(), Code::UntestedDeadline | Code::UntestedInterrupted);
    if view.rows.iter().any(is_cut) {
        bullet(out, "The run ended before every host was judged.");
    }
    for note in run.requirements.notes.iter().filter(|n| n.id == NoteId::SHARED) {
        bullet(out, &note.text);
    }
}

fn unless(text: &str, empty: &str) -> String {
    if text.is_empty() { empty.to_owned() } else { sanitise::line(text, sanitise::LONG) }
}

/// The subject line: what, for how many hosts.
pub(super) fn title(things: &[&Thing<'_>]) -> String {
    let Some(first) = things.first() else { return String::new() };
    let hosts: usize = things.iter().map(|t| t.rows.len()).sum();
    let more = match things.len() {
        1 => String::new(),
        n => format!(", and {} more", english::count(n - 1, "request", "requests")),
    };
    let names: Vec<String> = first.rows.iter().map(Row::endpoint).collect();
    let names = english::first(&names, 1);
    let what = if names.is_empty() { String::new() } else { format!(" ({names})") };
    let affected =
        if hosts > first.rows.len() { format!("; {} in all", words::hosts(hosts)) } else { String::new() };
    sanitise::line(&format!("Claude Desktop: {}{what}{more}{affected}", first.finding.code), 160)
}

fn item(out: &mut String, run: &Run, view: &View<'_>, number: usize, thing: &Thing<'_>) {
    let f = thing.finding;
    out.push('\n');
    labelled(out, &format!("{number}. "), &f.summary);
    if !f.remedy.is_empty() {
        field(out, "Please do", &f.remedy);
    }
    field(out, "Evidence", &f.evidence.line);
    field(
        out,
        "Certainty",
        &match f.confidence {
            Certainty::Proven => format!("proven ({}): the evidence leaves no other explanation", f.code),
            Certainty::Likely => {
                format!("likely ({}): the likeliest explanation of what was seen, not a proof", f.code)
            }
        },
    );
    for (i, row) in thing.rows.iter().take(SHOWN_HOSTS).enumerate() {
        let label = match (i, thing.rows.len()) {
            (0, 1) => "Host",
            (0, _) => "Hosts",
            _ => "",
        };
        field(out, label, &host(run, row));
    }
    if thing.rows.len() > SHOWN_HOSTS {
        field(out, "", &format!("and {} more; the JSON report has all", thing.rows.len() - SHOWN_HOSTS));
    }
    if let Some(stops) = stops(thing) {
        field(out, "Effect", &stops);
    }
    let of_host = if thing.rows.len() == 1 { EVENTS_OF_ONE } else { EVENTS_OF_HOST };
    let mut written = 0;
    let mut left = 0;
    for row in &thing.rows {
        let mut own = log_lines::of_calls(&run.observations.calls, row.target);
        own.extend(log_lines::of(view.attempts, row.target, about_certificates(f.code)));
        for (i, event) in own.iter().enumerate() {
            if i >= of_host || written >= EVENTS {
                left += 1;
                continue;
            }
            if written == 0 {
                field(out, "Attempts (UTC)", "");
            }
            written += 1;
            labelled(out, "     ", &at(run, event));
        }
    }
    if left > 0 {
        labelled(out, "     ", &format!("and {left} more; the JSON report has all"));
    }
}

/// What the user loses by the blocked hosts, the most needed first.
fn stops(thing: &Thing<'_>) -> Option<String> {
    let blocked = thing.rows.iter().filter(|r| r.is(Verdict::Blocked));
    let mut reasons: Vec<_> = blocked.flat_map(|r| &r.target.requirement.reasons).collect();
    reasons.sort_by_key(|r| std::cmp::Reverse(r.need));
    let mut texts: Vec<&str> = Vec::new();
    for text in reasons.iter().flat_map(|r| r.breaks.trim_end_matches('.').split("; ")) {
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    let more = match texts.len().saturating_sub(SHOWN_STOPS) {
        0 | 1 => String::new(),
        n => format!("; and {n} more"),
    };
    let shown = if more.is_empty() { texts.len() } else { SHOWN_STOPS };
    (!texts.is_empty()).then(|| format!("{}{more}.", texts[..shown].join("; ")))
}

/// A host with what a rule for it needs: port, protocol, addresses, route.
fn host(run: &Run, row: &Row<'_>) -> String {
    let target = row.target;
    let protocol = match target.transport() {
        Transport::Https => "HTTPS",
        Transport::Http => "HTTP without TLS",
        Transport::Grpc => "gRPC without TLS",
        Transport::GrpcTls => "gRPC over TLS",
        Transport::Ssh => "SSH",
        Transport::Tcp => "TCP only",
    };
    let mut parts = vec![format!("TCP {} {protocol}", target.port())];
    let addresses = log_lines::addresses(&run.observations.attempts, target);
    if !addresses.is_empty() {
        parts.push(format!("seen at {}", english::first(&addresses, 4)));
    }
    let mut routes: Vec<String> = Vec::new();
    for path in &target.paths {
        let route = words::route(&path.route);
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    match target.paths.iter().all(|p| p.route == Route::Direct) {
        true => parts.push("direct".to_owned()),
        false => parts.push(format!("via {}", routes.join(" and "))),
    }
    parts.push(row.need.to_string());
    let listed = target.requirement.host.to_string();
    let name = if target.probed.is_empty() || target.probed == listed {
        listed
    } else {
        format!("{listed} (tested as {})", target.probed)
    };
    format!(
        "{}: {}",
        sanitise::line(&name, sanitise::SHORT),
        sanitise::line(&parts.join(", "), sanitise::LONG)
    )
}

/// An event with its time of day.
fn at(run: &Run, event: &Event) -> String {
    let start = OffsetDateTime::parse(&run.started_at, &Rfc3339).ok();
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let when = start
        .and_then(|s| s.checked_add(Duration::milliseconds(event.at_ms)))
        .and_then(|t| t.format(format).ok())
        .unwrap_or_else(|| format!("{} ms after the start", event.at_ms));
    sanitise::line(&format!("{when}  {}", event.text), sanitise::LONG)
}

/// The command that shows whether it helped.
fn verify(out: &mut String, run: &Run, rows: &[&Row<'_>]) {
    let mut hosts: Vec<String> = Vec::new();
    for row in rows.iter().filter(|r| !r.target.probed.is_empty()) {
        let text = row.target.probed.as_str();
        // A shell takes brackets for a pattern.
        let name = match (text.contains(':'), row.target.port()) {
            (true, port) => format!("'{}'", endpoint::authority(text, port)),
            (false, port) => endpoint::authority_unless(text, port, 443),
        };
        if !hosts.contains(&name) {
            hosts.push(name);
        }
    }
    let plain = rows.iter().all(|r| r.target.transport() == Transport::Https);
    let simple = hosts.iter().all(|h| h.chars().all(|c| c.is_ascii_alphanumeric() || ".:-[]'".contains(c)));
    let inputs: Vec<String> =
        run.requirements.inputs.iter().map(|i| sanitise::line(&i.name, sanitise::SHORT)).collect();
    let called = |r: &&Row<'_>| run.observations.calls.iter().any(|c| c.target == r.target.id);
    let with = if rows.iter().copied().any(|r| called(&r)) { " --with-credentials" } else { "" };
    let short = with.is_empty() && (1..=COMMAND_HOSTS).contains(&hosts.len()) && plain && simple;
    match same_way(run, rows).filter(|_| short) {
        Some(proxy) => {
            let arguments: Vec<String> = hosts.iter().map(|h| format!("--host {h}")).collect();
            bullet(out, &format!("From the same device: clearway check {}{proxy}", arguments.join(" ")));
        }
        None if inputs.is_empty() => {
            bullet(out, "From the same device: the command of this run, with the same proxy settings");
        }
        None => {}
    }
    if !inputs.is_empty() {
        bullet(
            out,
            &format!(
                "The whole list again: clearway check CONFIG{with}, with the configuration {}",
                english::and(&inputs)
            ),
        );
    }
    bullet(out, "What changed since this run: save both with --format json, then clearway diff OLD NEW");
}

/// What a command that names hosts needs so that it takes the way that was seen to fail: nothing where
/// all was direct and no proxy is set, else the one proxy of all. None: only the configuration leads
/// there.
fn same_way(run: &Run, rows: &[&Row<'_>]) -> Option<String> {
    let mut routes = rows.iter().flat_map(|r| &r.target.paths).map(|p| &p.route);
    let first = routes.next()?;
    let end = |route: &Route| match route {
        Route::Direct => None,
        Route::Proxy { host, port, tls, .. } => Some((host.clone(), *port, *tls)),
    };
    let one = end(first);
    if !routes.all(|r| end(r) == one) {
        return None;
    }
    match one {
        None => {
            let said = run.environment.proxy.as_str();
            if said.starts_with("none (--proxy none)") {
                return Some(" --proxy none".to_owned());
            }
            let unset = said.is_empty() || said.starts_with("none");
            (unset && run.plan.detours.proxies.is_empty()).then(String::new)
        }
        Some((host, port, tls)) => {
            let literal = host.contains(':');
            let safe = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c) || literal && c == ':';
            let scheme = if tls { "https" } else { "http" };
            let url = format!("{scheme}://{}", endpoint::authority(&host, port));
            let shown = if literal { format!("'{url}'") } else { url };
            host.chars().all(safe).then(|| format!(" --proxy {shown}"))
        }
    }
}

fn field(out: &mut String, label: &str, text: &str) {
    labelled(out, &format!("   {label:15}"), text);
}
