//! A sign-in page of the network: what plain HTTP to the operating systems' own addresses gave.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::Control;
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::finding::{Certainty, Code, Verdict};
use crate::diagnose::run_facts::Portal;
use crate::diagnose::service::fingerprint::{is_html, signs};
use crate::diagnose::stage::block_page::{host_of, site};
use crate::observation::{Attempt, Controlled, Http, HttpOutcome, Observations, TlsOutcome, Trust};
use crate::plan::{Announcement, Plan, Route, Sent};
use crate::rules::services::Services;

/// The status that says so (RFC 6585, 6).
pub(crate) const SIGN_IN: u16 = 511;
/// What the addresses of filters' pages say, and those of sign-in pages do not.
pub(crate) const BLOCKS: [&str; 5] = ["block", "deny", "denied", "filter", "policy"];

/// What is sent.
pub(crate) fn announce(controls: &[Control]) -> Announcement {
    let mut names: Vec<String> = Vec::new();
    for control in controls {
        let name = format!("`{}`", control.host);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let named = if names.is_empty() { String::new() } else { format!("{}; ", names.join(", ")) };
    let sentence = |c: &Control| {
        format!(
            "After failures, where no host proves itself on a direct route or several are led to one foreign name: its name looked up, and GET http://{}{} ({}'s \
             check for a sign-in page).",
            c.host, c.path, c.of
        )
    };
    Announcement::new(
        Sent::Controls,
        format!(
            "After failures only, where no host at all proved itself on a direct route, or several were led to one \
             foreign name: the plain HTTP addresses by which operating systems find a sign-in page of the network ({named}kept in `rules/controls.toml`). \
             `--no-controls` leaves them out."
        ),
    )
    .with(controls.iter().map(sentence))
}

/// Whether the controls are worth asking: a direct route failed in a way that a network which wants a
/// sign-in could cause, and no host proved itself, which rules that out already; a few are let through before the
/// sign-in, so that is not enough where hosts of several sites were led to one name.
pub fn wanted(plan: &Plan, observations: &Observations) -> bool {
    (!past_any_portal(plan, observations) || !portals(plan, observations).is_empty())
        && observations.plain().any(|attempt| {
            let here = plan.target(attempt.target).is_none_or(|t| t.requirement.loopback);
            attempt.route == Route::Direct && attempt.cut.is_none() && !here && failed(attempt)
        })
}

/// A host answered on a direct route: the public roots accept its chain, or, as behind an inspector,
/// this device does and the answer is no page and no redirect. Of a customer's host the latter says
/// nothing, because it may stand on this side of a sign-in; nor does the place that others were led to, which
/// is the sign-in itself.
fn past_any_portal(plan: &Plan, observations: &Observations) -> bool {
    let places = led(plan, observations, &observations.controls);
    observations.plain().filter(|a| a.route == Route::Direct).any(|a| {
        let Some(tls) = a.handshake() else { return false };
        let target = plan.target(a.target);
        if target.is_some_and(|t| places.keys().any(|place| site(place) == site(&t.probed))) {
            return false;
        }
        let outside = target.is_some_and(|t| !t.requirement.hints.customer && !t.requirement.loopback);
        let served = a.http.last().is_some_and(|h| h.outcome == HttpOutcome::Answered && !is_led_away(h));
        tls.public_trust == Some(Trust::Accepted)
            || outside && served && tls.device_trust == Some(Trust::Accepted)
    })
}

/// Where answers led that no public certificate proves, to a place of another site, with the sites of the hosts
/// that were asked; the controls' answers count as those of one more site each.
fn led(
    plan: &Plan,
    observations: &Observations,
    controls: &[Controlled],
) -> BTreeMap<String, BTreeSet<String>> {
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let of_hosts = observations
        .plain()
        .filter(|a| a.route == Route::Direct)
        // No sign-in page holds a certificate for another's name that this device trusts: that is an inspector.
        .filter(|a| {
            a.handshake().is_none_or(|t| {
                t.public_trust != Some(Trust::Accepted) && t.device_trust != Some(Trust::Accepted)
            })
        })
        .filter_map(|a| Some((plan.target(a.target)?.probed.as_str(), a)));
    let of_controls = controls.iter().map(|c| (c.control.host.as_str(), &c.attempt));
    for (host, attempt) in of_hosts.chain(of_controls) {
        let Some(http) = attempt.http.last().filter(|h| matches!(h.status, Some(300..=399))) else {
            continue;
        };
        let place = http.header("location").and_then(host_of).filter(|place| site(place) != site(host));
        if let Some(place) = place {
            places.entry(place).or_default().insert(site(host).join("."));
        }
    }
    places
}

/// The names that hosts of several sites, controls aside, were led to.
fn portals(plan: &Plan, observations: &Observations) -> BTreeSet<String> {
    led(plan, observations, &[])
        .into_iter()
        .filter(|(_, sites)| sites.len() > 1)
        .map(|(place, _)| place)
        .collect()
}

/// A page, a redirect or a sign-in in place of a service's answer.
fn is_led_away(http: &Http) -> bool {
    is_html(http) || matches!(http.status, Some(300..=399 | SIGN_IN))
}

fn failed(attempt: &Attempt) -> bool {
    if attempt.connection().is_none() {
        return !attempt.tcp.is_empty();
    }
    let last = attempt.http.last();
    let Some(tls) = attempt.handshake() else {
        return last.is_some_and(|h| h.outcome != HttpOutcome::Answered || is_led_away(h));
    };
    let trusted = [&tls.public_trust, &tls.device_trust].into_iter().flatten().any(|t| *t == Trust::Accepted);
    // Behind a trusted certificate a page or a redirect is the service's own.
    tls.outcome != TlsOutcome::Completed
        || !trusted
        || last.is_some_and(|h| h.outcome != HttpOutcome::Answered || h.status == Some(SIGN_IN))
}

/// What the controls say together: one that is answered as on an open network rules it out, and
/// so do a host that proved itself and a filter's page in a control's place.
pub(crate) fn observed(plan: &Plan, observations: &Observations, services: &Services) -> Option<Portal> {
    if observations.controls.iter().any(is_open) {
        return None;
    }
    let caught: Vec<Caught> = observations.controls.iter().filter_map(|c| Caught::of(c, services)).collect();
    // A few hosts are often let through before the sign-in. Where hosts and controls were led to one name, they
    // say nothing against it.
    let portals = portals(plan, observations);
    let is_portal = |c: &Caught| c.location.as_ref().is_some_and(|place| portals.contains(place));
    if past_any_portal(plan, observations) && !caught.iter().any(is_portal) {
        return None;
    }
    let told = caught.iter().find(|c| c.told);
    if told.is_none() && caught.iter().any(|c| c.blocks) {
        return None;
    }
    let first = told.or(caught.first())?;
    Some(Portal {
        line: format!("http://{}: {}", first.host, first.said),
        location: first.location.clone(),
        // A default-deny filter redirects everything too: only the status says what it is.
        certainty: if first.told { Certainty::Proven } else { Certainty::Likely },
    })
}

fn is_open(controlled: &Controlled) -> bool {
    let control = &controlled.control;
    controlled
        .attempt
        .http
        .last()
        .is_some_and(|h| h.status == Some(control.status) && h.body.trim_start().starts_with(&control.body))
}

/// An answer in place of the one that was asked for.
struct Caught {
    host: String,
    location: Option<String>,
    said: String,
    /// It says itself that a sign-in is wanted.
    told: bool,
    /// It is a filter's, or speaks of blocking.
    blocks: bool,
}

impl Caught {
    fn of(controlled: &Controlled, services: &Services) -> Option<Self> {
        let http = controlled.attempt.http.last().filter(|h| h.outcome == HttpOutcome::Answered)?;
        let status = http.status?;
        let host = controlled.control.host.clone();
        let place = http.header("location").and_then(host_of);
        let away = place.clone().filter(|p| *p != host);
        let signs = signs(http, away.as_deref());
        let page = signs.page;
        let leads_to_block = http.header("location").is_some_and(|l| {
            let place = l.to_ascii_lowercase();
            BLOCKS.iter().any(|word| place.contains(word))
        });
        let blocks = leads_to_block
            || services.filters().page_of(&signs).is_some()
            || page.is_some_and(|p| services.filters().speaks_of_blocking(p));
        let said = match (status, &away) {
            (SIGN_IN, _) => "status 511, network authentication required".to_owned(),
            _ if blocks => "a filter's page".to_owned(),
            (300..=399, Some(away)) => format!("status {status}, redirected to {away}"),
            (200, _) if page.is_some() => "status 200, another page than the one asked for".to_owned(),
            _ => return None,
        };
        Some(Self { host, location: away, said, told: status == SIGN_IN, blocks })
    }
}

/// Puts the sign-in before everything else that blocks a direct route.
pub(crate) fn read(view: &View<'_>, walk: &mut Walk) {
    let Some(portal) = &view.context.run.portal else { return };
    let direct = view.path.route == Route::Direct && !view.target.requirement.loopback;
    if !direct || walk.verdict(view.context.codes) != Verdict::Blocked {
        return;
    }
    let mut found = Draft::new(Code::HttpCaptivePortal, portal.line.clone())
        .key("portal")
        .fact("location", portal.location.clone());
    found.certainty = portal.certainty;
    walk.found.insert(0, found);
}
