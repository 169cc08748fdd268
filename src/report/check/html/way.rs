//! The way of each route as boxes, with the hosts that come past each and those that stop there. From what was seen alone.

use maud::{Markup, html};

use super::line;
use super::stages::of_finding;
use crate::contract::Stage;
use crate::diagnose::{Code, Verdict};
use crate::plan::Route;
use crate::report::check::view::{Row, View};
use crate::report::words;

/// Hosts named at the box at which they stop.
const SHOWN: usize = 5;

pub(super) fn render(view: &View<'_>) -> Markup {
    let mut routes: Vec<(&Route, Vec<&Row<'_>>)> = Vec::new();
    for row in view.rows.iter().filter(|r| !r.is(Verdict::Untested)) {
        let Some(path) = row.target.paths.first() else { continue };
        match routes.iter_mut().find(|(route, _)| *route == &path.route) {
            Some((_, rows)) => rows.push(row),
            None => routes.push((&path.route, vec![row])),
        }
    }
    html! {
        @if !routes.is_empty() {
            section aria-labelledby="way" {
                h2 #way { "Way" }
                p { "For each route: how many hosts come past each part, and which stop there." }
                @for (route, rows) in &routes {
                    h3 { (words::route(route)) ", " (words::hosts(rows.len())) }
                    ol.way { @for one in boxes(route) { (part(&one, rows)) } }
                }
            }
        }
    }
}

/// A part of the way: its name, and the stages that are done once a host is past it.
struct Part {
    name: String,
    stages: &'static [Stage],
    inspects: bool,
}

fn boxes(route: &Route) -> Vec<Part> {
    let part = |name: &str, stages| Part { name: name.to_owned(), stages, inspects: false };
    let mut parts = vec![part("This device", &[])];
    match route {
        Route::Direct => {
            parts.push(part("DNS resolver", &[Stage::Dns]));
            parts.push(part("Network", &[Stage::Dns, Stage::Tcp, Stage::Proxy]));
        }
        Route::Proxy { host, port, .. } => {
            let name = format!("Proxy {}", crate::contract::endpoint::authority(host, *port));
            parts.push(part(&line(&name), &[Stage::Dns, Stage::Tcp, Stage::Proxy]));
        }
    }
    let tls: &[Stage] = &[Stage::Dns, Stage::Tcp, Stage::Proxy, Stage::Tls];
    parts.push(Part { name: "TLS".to_owned(), stages: tls, inspects: true });
    parts.push(part("Service", Stage::ALL));
    parts
}

/// Who opened the connection of a host that is inspected.
fn inspector(row: &Row<'_>) -> Option<String> {
    let findings = [&row.judged.finding].into_iter().chain(&row.judged.also);
    let mut inspected =
        findings.filter(|f| matches!(f.code, Code::TlsIntercepted | Code::TlsInterceptedUntrusted));
    let issuer = inspected.next()?.evidence.facts.get("issuer").and_then(|v| v.as_str());
    Some(line(issuer.unwrap_or("an authority that is not public")))
}

fn part(part: &Part, rows: &[&Row<'_>]) -> Markup {
    let stops = |row: &&&Row<'_>| {
        row.is(Verdict::Blocked) && of_finding(row).is_some_and(|stage| part.stages.contains(&stage))
    };
    let past = rows.len() - rows.iter().filter(stops).count();
    // Those that stop at an earlier part were told there.
    let here: Vec<String> = rows
        .iter()
        .filter(stops)
        .filter(|row| of_finding(row).is_some_and(|stage| newest(part).contains(&stage)))
        .map(|row| row.endpoint())
        .collect();
    let mut inspectors: Vec<(String, usize)> = Vec::new();
    for issuer in rows.iter().filter(|_| part.inspects).filter_map(|r| inspector(r)) {
        match inspectors.iter_mut().find(|(name, _)| *name == issuer) {
            Some((_, n)) => *n += 1,
            None => inspectors.push((issuer, 1)),
        }
    }
    html! {
        li class=(if here.is_empty() { "part" } else { "part stops" }) {
            b { (part.name) }
            span { (past) " of " (rows.len()) @if part.stages.is_empty() { " asked" } @else { " come past" } }
            @for (issuer, n) in &inspectors { span.inspector { "! " (n) " opened by " (issuer) } }
            @if !here.is_empty() {
                span.stop { "x stop here: " (crate::text::english::first(&here, SHOWN)) }
            }
        }
    }
}

/// The stages that a part adds to the part before it.
fn newest(part: &Part) -> &'static [Stage] {
    match part.stages {
        [] => &[],
        [Stage::Dns] => &[Stage::Dns],
        [.., Stage::Proxy] if part.name == "Network" => &[Stage::Tcp, Stage::Proxy],
        [.., Stage::Proxy] => &[Stage::Dns, Stage::Tcp, Stage::Proxy],
        [.., Stage::Tls] => &[Stage::Tls],
        _ => &[Stage::Http],
    }
}
