//! `fleet --format html`: many reports as one page that loads nothing: what is in the way and who owns it, a heat map of
//! hosts and groups, who is unlike the others, and how the days differ.

use maud::{Markup, html};

use super::{LOSSES, column, count, effect, number, parts, sureness, taken, verdicts};
use crate::contract::RunWord;
use crate::fleet::{Counted, Fleet, FleetCause, FleetHost, Verdicts};
use crate::report::page::{self, Shell, TABLES, line};
use crate::report::words;
use crate::text::english;

/// Entries of a list that stand in the page; `--format json` has all. A browser lays out ten thousand rows, and nobody reads them.
const MOST: usize = 500;
/// Hosts and groups of a cause that are named at once.
const NAMED: usize = 8;
/// Groups over the columns of the heat map.
const COLUMNS: usize = 40;

/// The page, ending in a line feed.
pub fn render(fleet: &Fleet) -> String {
    let shell = Shell {
        title: format!("{} · {}", verdicts(fleet), words::time(&fleet.last)),
        skip: Some(("causes", "causes")),
        style: TABLES,
        ..Shell::default()
    };
    shell.page(&html! {
        (band(fleet))
        main {
            (page::section("causes", "What is in the way", &causes(fleet)))
            @if !fleet.on_device.is_empty() { (page::section("devices", "On the devices themselves", &on_device(fleet))) }
            @if fleet.groups.len() > 1 { (page::section("groups", &format!("By {}", line(&fleet.by)), &groups(fleet))) }
            (page::section("hosts", "Hosts", &hosts(fleet)))
            @if !fleet.outliers.is_empty() {
                (page::section("outliers", "Unlike all others of the same group", &outliers(fleet)))
            }
            @if !fleet.trend.is_empty() { (page::section("days", "By day (UTC)", &days(fleet))) }
            @if fleet.skipped_count > 0 { (page::section("skipped", "Not read", &skipped(fleet))) }
        }
        (page::foot(&"Verdicts are those that were saved."))
    })
}

fn band(fleet: &Fleet) -> Markup {
    let worst = parts(&fleet.verdicts).into_iter().find(|(_, n)| *n > 0);
    let (verdict, n) = worst.unwrap_or((RunWord::Unknown, 0));
    let (sign, class) = page::band(verdict.verdict());
    html! {
        header class=(format!("band {class}")) {
            h1 {
                span.sign aria-hidden="true" { (sign) } " "
                (number(n)) " of " (count(fleet.devices, "device", "devices")) " " (verdict.heading())
            }
            @if let Some(first) = fleet.causes.first() { p.cause { (line(&first.sample.summary)) } }
            p { (verdicts(fleet)) "." }
            p.when { (taken(fleet)) }
        }
    }
}

fn causes(fleet: &Fleet) -> Markup {
    html! {
        @if fleet.causes.is_empty() { p { "Nothing, on any device." } }
        div.cards { @for (at, cause) in fleet.causes.iter().take(MOST).enumerate() { (card(at + 1, cause, fleet)) } }
        (more(fleet.causes.len(), MOST))
    }
}

fn card(place: usize, cause: &FleetCause, fleet: &Fleet) -> Markup {
    let (class, word) = match (cause.required, cause.blocking) {
        (1.., _) => ("blocked", "x blocked"),
        (0, 1..) => ("warning", "! optional"),
        _ => ("warning", "! warning"),
    };
    let id = format!("cause-{place}");
    html! {
        section.card aria-labelledby=(id) {
            h3 id=(id) { "#" (place) " " span class={ "v " (class) } { (word) } " " (line(&cause.sample.summary)) }
            dl {
                dt { "Owner" } dd { (words::owner(cause.owner)) }
                dt { "Devices" } dd {
                    strong { (number(cause.devices)) } " of " (number(fleet.devices)) " (" (effect(cause)) ")"
                    (bar(&[("blocked", cause.required), (if cause.required > 0 { "warning" } else { class }, cause.devices - cause.required)], fleet.devices))
                }
                @if let Some(who) = &cause.who { dt { "Who" } dd { (line(who)) } }
                dt { "Hosts" } dd { (counted(&cause.hosts)) }
                @if fleet.groups.len() > 1 { dt { "Where" } dd { (counted(&cause.groups)) } }
                dt { "Do" } dd { (line(&cause.sample.remedy)) }
                dt { "Seen" } dd { (line(&cause.sample.evidence)) " " small { "on " (line(&cause.sample.device)) ", " (line(&cause.sample.file)) } }
                dt { "Certainty" } dd { (sureness(cause)) }
                dt { "Code" } dd { code { (line(&cause.code)) } }
            }
            details {
                summary { (count(cause.names.len(), "device", "devices")) ", by name" }
                ul.names { @for name in cause.names.iter().take(MOST) { li { (line(name)) } } }
                (more(cause.names.len(), MOST))
            }
        }
    }
}

fn on_device(fleet: &Fleet) -> Markup {
    html! {
        (page::wide("On the devices themselves", &html! { table {
            thead { tr {
                th scope="col" { "Code" } th scope="col" { "Devices" } th scope="col" { "Owner" } th scope="col" { "Do" } th scope="col" { "Seen" }
            } }
            tbody { @for found in fleet.on_device.iter().take(MOST) { tr {
                th scope="row" { code { (line(found.code.as_str())) } }
                td class={ "v " (if found.stops > 0 { "blocked" } else { "warning" }) } { (number(found.devices)) }
                td { (words::owner(found.owner)) }
                td.long { (line(&found.sample.remedy)) }
                td.long { (line(&found.sample.evidence)) " " small { "on " (line(&found.sample.device)) } }
            } } }
        } }))
        (more(fleet.on_device.len(), MOST))
    }
}

fn counted(all: &[Counted]) -> Markup {
    let text = |some: &[Counted]| {
        some.iter()
            .map(|c| format!("{} ({})", line(&c.name), number(c.devices)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (first, rest) = all.split_at(all.len().min(NAMED));
    html! {
        (text(first))
        @if !rest.is_empty() { details { summary { "and " (number(rest.len())) " more" } (text(&rest[..rest.len().min(MOST)])) (more(rest.len(), MOST)) } }
    }
}

fn more(all: usize, most: usize) -> Markup {
    html! { @if all > most { p.none { "and " (number(all - most)) " more; --format json has all" } } }
}

/// Parts of a whole as a bar. The numbers stand beside it, so it says nothing to a screen reader.
fn bar(of: &[(&str, usize)], all: usize) -> Markup {
    let mut at = 0.0;
    let mut pieces = Vec::new();
    for (class, n) in of.iter().filter(|(_, n)| *n > 0) {
        let width = 100.0 * share(*n, all);
        pieces.push((*class, at, width));
        at += width;
    }
    html! {
        svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
            @for (class, x, width) in pieces { rect class=(class) x=(format!("{x:.2}")) y="0" width=(format!("{width:.2}")) height="8" {} }
        }
    }
}

/// A part of all, 0 to 1.
fn share(n: usize, all: usize) -> f64 {
    let float = |n: usize| u32::try_from(n).map_or(f64::from(u32::MAX), f64::from);
    float(n) / float(all.max(1))
}

fn standing(verdicts: &Verdicts) -> Markup {
    let pieces = parts(verdicts).map(|(word, n)| (page::band(word.verdict()).1, n));
    bar(&pieces, verdicts.all())
}

/// A row of numbers by verdict.
fn row(name: &str, verdicts: &Verdicts) -> Markup {
    html! {
        tr {
            th scope="row" { (line(name)) }
            td { (number(verdicts.all())) }
            td { (standing(verdicts)) }
            @for (verdict, n) in parts(verdicts) {
                td class={ @if n > 0 { "v " (page::band(verdict.verdict()).1) } @else { "none" } } { (number(n)) }
            }
        }
    }
}

fn verdict_heads(first: &str) -> Markup {
    html! {
        thead { tr {
            th scope="col" { (first) } th scope="col" { "Devices" } th scope="col" { "Share" }
            @for (verdict, _) in parts(&Verdicts::default()) { th scope="col" { (column(verdict)) } }
        } }
    }
}

fn groups(fleet: &Fleet) -> Markup {
    html! {
        (page::wide("Groups", &html! { table {
            (verdict_heads(&line(&fleet.by)))
            tbody { @for group in fleet.groups.iter().take(MOST) { (row(&group.name, &group.verdicts)) } }
        } }))
        @if fleet.verdicts.only_optional > 0 { p.none { (LOSSES) "." } }
        (more(fleet.groups.len(), MOST))
    }
}

fn hosts(fleet: &Fleet) -> Markup {
    let bad: Vec<&FleetHost> = fleet.hosts.iter().filter(|h| h.reachable < h.devices).collect();
    let well = fleet.hosts.len() - bad.len();
    // By owner or cause, a device is in several groups, and a host's share of one says nothing.
    let several = fleet.groups.len() > 1 && !["owner", "cause"].contains(&fleet.by.as_str());
    let columns = if several { fleet.groups.len().min(COLUMNS) } else { 0 };
    html! {
        @if well > 0 { p { (count(well, "host is", "hosts are")) " reached by every device that lists " (if well == 1 { "it" } else { "them" }) "." } }
        @if !bad.is_empty() {
            p { "Devices on which a host is blocked, of those that tried it" @if columns > 0 { "; a dash where no device of the group tried it" } "." }
            (page::wide("Hosts", &html! { table.heat {
                thead { tr {
                    th scope="col" { "Host" } th scope="col" { "Need" } th.mid scope="col" { "All" }
                    @for group in &fleet.groups[..columns] { th.mid scope="col" { (line(&group.name)) } }
                    th scope="col" { "Codes" }
                } }
                tbody { @for host in bad.iter().take(MOST) { tr {
                    th scope="row" { (line(&host.host)) }
                    td.first { (host.need.as_str()) }
                    (cell(host.blocked, host.devices - host.untested, host.warning))
                    @for group in &fleet.groups[..columns] {
                        @match host.groups.iter().find(|share| share.name == group.name) {
                            Some(share) => (cell(share.blocked, share.judged, 0)),
                            None => td.none { "–" },
                        }
                    }
                    td.first.long { (codes(host)) }
                } } }
            } }))
            (more(bad.len(), MOST))
            @if several && fleet.groups.len() > COLUMNS { p.none { "Columns: the largest groups; --format json has all." } }
        }
    }
}

fn codes(host: &FleetHost) -> String {
    let codes: Vec<String> =
        host.codes.iter().map(|c| format!("{} ({})", line(&c.name), number(c.devices))).collect();
    english::few(&codes, NAMED)
}

/// A field of the heat map: the number, and the colour of its share.
fn cell(blocked: usize, judged: usize, warning: usize) -> Markup {
    let class = match share(blocked, judged) {
        _ if judged == 0 => "none",
        share if share >= 0.5 => "stopped",
        share if share > 0.0 => "remarked",
        _ if warning > 0 => "v warning",
        _ => "v ok",
    };
    html! {
        td class=(class) { @if judged == 0 { "not tested" } @else { (number(blocked)) "/" (number(judged)) @if warning > 0 { ", " (number(warning)) " !" } } }
    }
}

fn outliers(fleet: &Fleet) -> Markup {
    html! {
        (page::wide("Outliers", &html! { table {
            thead { tr { th scope="col" { "Device" } th scope="col" { (line(&fleet.by)) } th scope="col" { "Blocked here, and on none of the others" } th scope="col" { "Report" } } }
            tbody { @for one in fleet.outliers.iter().take(MOST) { tr {
                th scope="row" { (line(&one.device)) }
                td { (line(&one.group)) " (" (number(one.of)) ")" }
                td.long { (english::few(&one.hosts.iter().map(|h| format!("{} ({})", line(&h.host), line(&h.code))).collect::<Vec<_>>(), NAMED)) }
                td.long { (line(&one.file)) }
            } } }
        } }))
        (more(fleet.outliers.len(), MOST))
    }
}

fn days(fleet: &Fleet) -> Markup {
    page::wide(
        "Days",
        &html! { table {
            (verdict_heads("Day"))
            tbody { @for day in &fleet.trend { (row(&day.day, &day.verdicts)) } }
        } },
    )
}

fn skipped(fleet: &Fleet) -> Markup {
    html! {
        ul { @for one in &fleet.skipped { li { (line(&one.file)) ": " (line(&one.reason)) } } }
        @let rest = fleet.skipped_count.saturating_sub(fleet.skipped.len());
        @if rest > 0 { p { (count(rest, "more file", "more files")) } }
    }
}
