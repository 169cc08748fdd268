//! `hosts --format html`: the page for the team that must approve the list: each host with why it is needed, what leaves over
//! it, what breaks without it, which setting takes it away, and the documents behind it.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::contract::FeatureInfo;
use crate::contract::{Confidence, Need, Network};
use crate::derive::{Requirements, Source, incomplete};
use crate::document::hosts::{HostEntry, HostGroup};
use crate::report::hosts::{list, networks, sources};
use crate::report::page::{self, Shell, TABLES, line};
use crate::report::words;
use crate::text::english;

/// The page, ending in a line feed. `statements`: what stands before everything else.
pub fn render(requirements: &Requirements, features: &[FeatureInfo], statements: &[String]) -> String {
    let shell = Shell {
        title: "Hosts that Claude Desktop needs".to_owned(),
        skip: Some(("list", "list")),
        style: TABLES,
        ..Shell::default()
    };
    let groups = list::groups(requirements, features);
    shell.page(&html! {
        (band(requirements, statements))
        main {
            (facts(requirements))
            (page::section("list", "The list", &plain(requirements)))
            @for (at, group) in groups.iter().enumerate() { (section(at, group, requirements, features)) }
            (rest(requirements))
        }
        (page::foot(&"Nothing was contacted for it."))
    })
}

fn band(requirements: &Requirements, statements: &[String]) -> Markup {
    let marks = incomplete::marks(requirements);
    let class = if marks.is_empty() { "untested" } else { "blocked" };
    let lines = list::lines(requirements);
    let of = |need: Need| lines.iter().filter(|l| l.need() == need).count();
    html! {
        header class=(format!("band {class}")) {
            h1 { "Hosts that Claude Desktop needs" }
            @for mark in &marks { p.mark { (line(mark)) } }
            p.cause {
                (english::count(lines.len(), "host", "hosts")) ": " (of(Need::Required)) " required, "
                (of(Need::Feature)) " for a feature, " (of(Need::Optional)) " optional"
            }
            @for statement in statements { p.mark { (line(statement)) } }
            @if let Some(note) = requirements.without_provider() { p.mark { (line(&note.text)) } }
            p { "All on TCP 443 unless a port is shown. " code { "*." } " means every name below, at any depth, and never the name itself." }
        }
    }
}

fn facts(requirements: &Requirements) -> Markup {
    page::section(
        "made",
        "Made from",
        &html! { dl { @for (label, value) in words::head(requirements, true) { dt { (label) } dd { (line(&value)) } } } },
    )
}

/// All lines, to be copied.
fn plain(requirements: &Requirements) -> Markup {
    let lines: Vec<String> = list::lines(requirements).into_iter().map(|l| l.text).collect();
    html! {
        @if lines.is_empty() { p { "No host is needed." } }
        @else { details { summary { "As lines" } pre tabindex="0" aria-label="All hosts as lines" { (lines.join("\n")) } } }
    }
}

fn section(at: usize, group: &HostGroup, requirements: &Requirements, features: &[FeatureInfo]) -> Markup {
    let feature = features.iter().find(|f| f.id == group.feature);
    let sends = list::shared(group.hosts.iter().map(|e| e.sends.as_str())).filter(|s| !s.is_empty());
    let documents = |entry| sources::pages(requirements, &list::entry_tags(entry));
    let shared = list::shared(group.hosts.iter().map(documents)).filter(|pages| !pages.is_empty());
    page::section(
        &format!("feature-{at}"),
        &line(&group.title),
        &html! {
            @if let Some(feature) = feature { p { b { "When blocked: " } (line(&feature.stops)) } }
            @if let Some(sends) = sends { p { b { "What leaves: " } (line(sends)) } }
            @if let Some(pages) = &shared { p { b { "Source: " } (links(pages)) } }
            (page::wide(&line(&group.title), &html! { table {
                thead { tr {
                    th scope="col" { "Host" } th scope="col" { "Need" } th scope="col" { "Why" } th scope="col" { "Without it" }
                    @if sends.is_none() { th scope="col" { "What leaves" } }
                    th scope="col" { "Who connects" } th scope="col" { "Removed by" }
                    @if shared.is_none() { th scope="col" { "Source" } }
                } }
                tbody { @for entry in &group.hosts { (row(entry, requirements, sends.is_none(), shared.is_none().then(|| documents(entry)))) } }
            } }))
        },
    )
}

fn row(
    entry: &HostEntry,
    requirements: &Requirements,
    with_sends: bool,
    documents: Option<Vec<&Source>>,
) -> Markup {
    let keys: BTreeSet<&str> = entry.because.iter().flat_map(|b| &b.keys).map(String::as_str).collect();
    let actors: Vec<&str> = entry.actors.iter().map(|a| a.as_str()).collect();
    html! {
        tr {
            th scope="row" {
                code { (line(&crate::contract::endpoint::listed(&entry.host, entry.port))) }
                @if let Some(transport) = words::transport(entry.transport) { br; small { (transport) } }
                @if entry.network == Network::Internal { br; small { "internal network" } }
                @if let Some(fixed) = networks::beside(requirements, &entry.host) { br; small { (line(&fixed)) } }
            }
            td class={ @if entry.need == Need::Required { "v blocked" } } { (entry.need.as_str()) }
            td.long {
                (line(&entry.purpose))
                @if entry.confidence != Confidence::Documented { " (" (entry.confidence.as_str()) ")" }
                @if !keys.is_empty() { br; small { "Key: " (line(&keys.into_iter().collect::<Vec<_>>().join(", "))) } }
            }
            td.long { (line(&entry.breaks)) }
            @if with_sends { td.long { (line(&entry.sends)) } }
            td { (actors.join(", ")) }
            td.long { @match list::entry_removed_by(entry) { Some(setting) => code { (line(&setting)) }, None => "no setting" } }
            @if let Some(documents) = documents { td.long { (links(&documents)) } }
        }
    }
}

fn links(documents: &[&Source]) -> Markup {
    html! {
        @for (at, source) in documents.iter().enumerate() {
            @if at > 0 { "; " }
            (sources::anchor(source))
        }
    }
}

fn rest(requirements: &Requirements) -> Markup {
    let unbounded = list::unbounded(requirements);
    let loopback = list::loopback(requirements);
    let notes: Vec<_> =
        requirements.notes.iter().filter(|n| Some(*n) != requirements.without_provider()).collect();
    let by_address = networks::remarks(requirements);
    html! {
        @if !unbounded.is_empty() {
            (page::section("unbounded", "Cannot be listed", &html! { ul { @for (one, why) in &unbounded {
                li { code { (line(&words::endpoint_of(one))) } ": " (line(why)) }
            } } }))
        }
        @if !loopback.is_empty() {
            (page::section("loopback", "On this device", &html! { p { (line(&loopback.join(", "))) ": no firewall rule is needed." } }))
        }
        @if !by_address.is_empty() {
            (page::section("addresses", "A firewall that knows no names", &html! { ul { @for text in &by_address { li { (line(text)) } } } }))
        }
        @if !notes.is_empty() {
            (page::section("notes", "Notes", &html! { ul { @for note in &notes { li { (line(&note.text)) } } } }))
        }
        @if !requirements.lint.is_empty() {
            (page::section("lint", "In the configuration", &html! { ul { @for one in &requirements.lint {
                li { (one.severity.as_str()) ": " (line(&one.message)) }
            } } }))
        }
    }
}
