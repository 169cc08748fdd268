//! Features as tiles, and the hosts by stage: one sees where on the way the office breaks.

use std::collections::HashSet;

use maud::{Markup, html};

use super::stages::{Outcome, cells};
use super::{class, line, order};
use crate::contract::{Need, Stage};
use crate::diagnose::{Code, Verdict};
use crate::observation::{Attempt, Tls, Trust};
use crate::report::check::log_lines;
use crate::report::check::view::{Group, Row, View};
use crate::report::words;
use crate::run::Run;
use crate::text::english::joined;

/// Attempts of one host that are listed.
const SHOWN_ATTEMPTS: usize = 12;

/// Certificates of one chain that are listed; of a host that works only its own.
const SHOWN_CERTIFICATES: usize = 6;

/// The groups, required ones first.
fn tiled<'v, 'a>(view: &'v View<'a>) -> Vec<(usize, &'v Group<'a>)> {
    let mut groups: Vec<(usize, &Group<'a>)> = view.groups.iter().enumerate().collect();
    groups.sort_by_key(|(_, g)| g.need != Need::Required);
    groups
}

fn worst(group: &Group<'_>) -> Verdict {
    group.rows.iter().map(|r| r.judged.verdict).max().unwrap_or(Verdict::Untested)
}

pub(super) fn tiles(view: &View<'_>) -> Markup {
    html! {
        section aria-labelledby="features" {
            h2 #features { "Features" }
            p { "A feature shows its hosts alone below. " a href="#hosts" { "All hosts" } }
            ul.tiles {
                @for (at, group) in tiled(view) {
                    @let worst = worst(group);
                    @let word = match worst {
                        Verdict::Reachable => "works",
                        Verdict::Warning => "works, with a warning",
                        Verdict::Blocked => "stops, in part or whole",
                        Verdict::Untested if group.rows.iter().any(|r| r.judged.verdict != Verdict::Untested) => {
                            "not tested in part"
                        }
                        Verdict::Untested => "not tested",
                    };
                    @let size = if group.need == Need::Required { "required" } else { "other" };
                    li {
                        a class=(format!("tile {size} {}", class(worst))) href=(format!("#feature-{at}")) {
                            b { span aria-hidden="true" { (words::verdict(worst).0) } " " (line(group.title)) }
                            span { (word) }
                            small { (group.need.as_str()) ", " (counts(group)) }
                        }
                    }
                }
            }
        }
    }
}

fn counts(group: &Group<'_>) -> String {
    let of = |verdict| group.rows.iter().filter(|r| r.is(verdict)).count();
    let all = [Verdict::Blocked, Verdict::Warning, Verdict::Untested, Verdict::Reachable];
    let said = all.into_iter().filter(|v| of(*v) > 0);
    said.map(|v| format!("{} {}", of(v), words::verdict(v).1)).collect::<Vec<_>>().join(", ")
}

pub(super) fn render(run: &Run, view: &View<'_>) -> Markup {
    let mut groups: Vec<(usize, &Group<'_>)> = view.groups.iter().enumerate().collect();
    groups.sort_by_key(|(_, g)| order(worst(g)));
    let mut told = HashSet::new();
    html! {
        section aria-labelledby="hosts" {
            h2 #hosts tabindex="-1" { "Hosts" }
            p { "Each stage has its time. The stage at which a host stops is marked " b { "x" } ", one with a warning " b { "!" } ", one that did not run –." }
            div.wide role="region" aria-label="Hosts (table)" tabindex="0" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Host" }
                            th scope="col" { "Need" }
                            @for stage in Stage::ALL { th scope="col" { (stage.as_str().to_uppercase()) } }
                            th scope="col" { "Route" }
                            th scope="col" { "Verdict" }
                            th scope="col" { "To do" }
                        }
                    }
                    @for (at, group) in &groups {
                        @let columns = 5 + Stage::ALL.len();
                        tbody id=(format!("feature-{at}")) {
                            tr.group { th scope="rowgroup" colspan=(columns) { (line(group.title)) } }
                            @let rows = { let mut rows: Vec<&Row<'_>> = group.rows.iter().collect(); rows.sort_by_key(|r| order(r.judged.verdict)); rows };
                            @for row in rows {
                                (host(view, row))
                                tr.more {
                                    td colspan=(columns) { (details(run, view, row, told.insert(row.target.id))) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn host(view: &View<'_>, row: &Row<'_>) -> Markup {
    html! {
        tr class=(class(row.judged.verdict)) {
            th scope="row" { (row.endpoint()) }
            td { (row.need.as_str()) }
            @for (_, outcome, ms) in cells(row) {
                @let time = ms.map(words::ms).unwrap_or_default();
                @match outcome {
                    Outcome::Stopped => { td.stopped { "x" span.hidden { " stops here" } @if ms.is_some() { " " (time) } } }
                    Outcome::Remarked => { td.remarked { "! " (time) } }
                    Outcome::Passed => { td { (time) } }
                    Outcome::NotRun => { td.none { "–" } }
                }
            }
            td { @if row.target.paths.is_empty() { "–" } @else { (way(row)) } }
            @let (sign, word) = words::verdict(row.judged.verdict);
            td class=(format!("v {}", class(row.judged.verdict))) { (sign) " " (word) }
            td { @if let Some(number) = view.thing_of(row) { (words::number(number)) } }
        }
    }
}

/// The ways of a host, each once.
fn way(row: &Row<'_>) -> String {
    let mut routes: Vec<String> = Vec::new();
    for path in &row.target.paths {
        let route = words::route(&path.route);
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    routes.join("; ")
}

/// What is behind the row. A host of several features is told in full once.
fn details(run: &Run, view: &View<'_>, row: &Row<'_>, first: bool) -> Markup {
    let name = row.endpoint();
    if !first {
        return html! { small { "Evidence of " (name) ": at its first place in this table." } };
    }
    let finding = &row.judged.finding;
    let requirement = &row.target.requirement;
    let text =
        |of: fn(&crate::derive::requirement::Reason) -> &str| joined(requirement.reasons.iter().map(of));
    let attempt = view.attempts.iter().rfind(|a| a.target == row.target.id && a.variation.is_none());
    let events = log_lines::of(view.attempts, row.target, false);
    let removed = joined(requirement.reasons.iter().filter_map(|r| r.removed_by.as_deref()));
    html! {
        details {
            summary { "Evidence of " (name) }
            dl {
                @if finding.code != Code::Ok {
                    dt { "Found" } dd { (line(&finding.summary)) " " code { (finding.code.as_str()) } ", " (finding.confidence.as_str()) }
                }
                @if !finding.remedy.is_empty() { dt { "Do" } dd { (line(&finding.remedy)) } }
                @if !finding.evidence.line.is_empty() { dt { "Seen" } dd { (line(&finding.evidence.line)) } }
                @for also in &row.judged.also { dt { "Also" } dd { (line(&also.summary)) " " code { (also.code.as_str()) } } }
                @for note in &row.judged.notes { dt { "Note" } dd { (line(note)) } }
                dt { "For" } dd { (line(&text(|r| &r.purpose))) }
                dt { "When blocked" } dd { (line(&text(|r| &r.breaks))) }
                @if !removed.is_empty() { dt { "Not needed with" } dd { (line(&removed)) } }
                @let sends = text(|r| &r.sends);
                @if !sends.is_empty() { dt { "Leaves the device" } dd { (line(&sends)) } }
                (sources(run, row))
                @if !row.judged.actors.is_empty() {
                    dt { "Programs" }
                    dd {
                        @for (at, actor) in row.judged.actors.iter().enumerate() {
                            @let (sign, word) = words::verdict(actor.verdict);
                            @if at > 0 { "; " }
                            (actor.actor.as_str()) " " (sign) " " (word)
                            @if row.target.paths.len() > 1 { ", " (line(&actor.route)) }
                            @if let Some(note) = &actor.note { " (it " (line(note)) ")" }
                        }
                    }
                }
                @if let Some(attempt) = attempt { (connection(attempt, if row.is(Verdict::Reachable) { 1 } else { SHOWN_CERTIFICATES })) }
                @if !events.is_empty() && !row.is(Verdict::Reachable) {
                    dt { "Attempts" }
                    dd {
                        ol.plain {
                            @for event in events.iter().take(SHOWN_ATTEMPTS) {
                                li { (event.at_ms) " ms: " (line(&event.text)) }
                            }
                        }
                        @if events.len() > SHOWN_ATTEMPTS { "The JSON report has more." }
                    }
                }
            }
        }
    }
}

/// The pages that put the host on the list. An address that a report brings is a link only where it is one of the web.
fn sources(run: &Run, row: &Row<'_>) -> Markup {
    let tags: HashSet<&String> = row.target.requirement.reasons.iter().flat_map(|r| &r.source).collect();
    let pages: Vec<_> = run.requirements.sources.iter().filter(|s| tags.contains(&s.tag)).collect();
    html! {
        @if !pages.is_empty() {
            dt { "Source" }
            dd {
                ul.plain {
                    @for page in pages {
                        li {
                            @match page.url.as_deref().filter(|url| url.starts_with("https://")) {
                                Some(url) => a href=(line(url)) rel="noreferrer" { (line(&page.page)) },
                                None => (line(&page.page)),
                            }
                            ", " (line(&page.date))
                        }
                    }
                }
            }
        }
    }
}

/// Addresses by family, and the first certificates as they were shown.
fn connection(attempt: &Attempt, shown: usize) -> Markup {
    let of = |v4: bool| {
        let mut all: Vec<String> = Vec::new();
        for tcp in &attempt.tcp {
            let ip = tcp.remote.ip().to_canonical();
            if ip.is_ipv4() == v4 && !all.contains(&ip.to_string()) {
                all.push(ip.to_string());
            }
        }
        all.join(", ")
    };
    let (v4, v6) = (of(true), of(false));
    html! {
        @if !v4.is_empty() { dt { "IPv4" } dd { (v4) } }
        @if !v6.is_empty() { dt { "IPv6" } dd { (v6) } }
        @if let Some(tls) = attempt.handshake().filter(|t| !t.chain.is_empty()) {
            dt { "Certificates" }
            dd {
                @match tls.chain.first() {
                    Some(leaf) if shown == 1 => { "signed by " (line(&leaf.issuer)) ". " }
                    _ => {
                        ol.plain {
                            @for one in tls.chain.iter().take(shown) {
                                li { (line(&one.subject)) ", signed by " (line(&one.issuer)) }
                            }
                        }
                    }
                }
                (issuer(tls))
            }
        }
    }
}

fn issuer(tls: &Tls) -> &'static str {
    let accepted = |trust: &Option<Trust>| trust.as_ref().map(|t| *t == Trust::Accepted);
    match (accepted(&tls.public_trust), accepted(&tls.device_trust)) {
        (Some(true), _) => "The public roots accept it.",
        (Some(false), Some(true)) => {
            "The public roots do not accept it; this device does: a private authority, or inspection."
        }
        (Some(false), _) => "Neither the public roots nor this device accept it.",
        (None, _) => "It was not judged by the public roots.",
    }
}
