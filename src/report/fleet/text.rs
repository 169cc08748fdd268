//! Many reports for reading: the counts, what is in the way, the groups, the hosts, who is unlike the others.

use super::{LOSSES, column, count, counted, effect, number, parts, sureness, taken, verdicts};
use crate::contract::RunWord;
use crate::fleet::{Counted, Fleet, FleetCause, Verdicts};
use crate::report::layout::{Page, Paint, Style};
use crate::report::sanitise::{self, LONG, SHORT};
use crate::report::words;
use crate::text::english;
use crate::text::page::{columns, pad};

/// Entries of each list that are shown without `-v`.
const FEW: usize = 12;
/// Hosts and groups that are named of a cause.
const NAMED: usize = 4;
/// Groups over the columns of the hosts.
const COLUMNS: usize = 5;

/// The page for a terminal.
pub fn render(fleet: &Fleet, style: &Style) -> String {
    let mut page = Page::new(style);
    page.heading(&format!("{}: {}", count(fleet.devices, "device", "devices"), verdicts(fleet)));
    page.hang("  ", Paint::None, &taken(fleet));
    for skipped in fleet.skipped.iter().take(3) {
        let text = format!("{} was not read: {}", skipped.file, skipped.reason);
        page.hang("  ! ", Paint::Attention, &sanitise::line(&text, LONG));
    }
    if fleet.skipped_count > 3 {
        page.hang(
            "  ! ",
            Paint::Attention,
            &format!("{} more files were not read", number(fleet.skipped_count - 3)),
        );
    }
    if !fleet.passed_over.is_empty() {
        let text = format!("Not looked at, for their names: {}", named(&fleet.passed_over, NAMED));
        page.hang("  ", Paint::Faint, &text);
    }
    causes(&mut page, fleet, style);
    on_device(&mut page, fleet, style);
    if style.quiet {
        return page.into_text();
    }
    groups(&mut page, fleet, style);
    hosts(&mut page, fleet, style);
    outliers(&mut page, fleet, style);
    trend(&mut page, fleet);
    page.into_text()
}

fn shown(style: &Style) -> usize {
    if style.verbose { usize::MAX } else { FEW }
}

fn more(page: &mut Page<'_>, all: usize, style: &Style) {
    if all > shown(style) {
        let text = format!("and {} more (-v shows them)", number(all - FEW));
        page.hang("     ", Paint::Faint, &text);
    }
}

fn causes(page: &mut Page<'_>, fleet: &Fleet, style: &Style) {
    if fleet.causes.is_empty() {
        page.heading("Nothing is in the way on any device.");
        return;
    }
    page.heading("WHAT IS IN THE WAY");
    for (number, cause) in fleet.causes.iter().enumerate().take(shown(style)) {
        self::cause(page, number + 1, cause, fleet, style);
    }
    more(page, fleet.causes.len(), style);
}

fn on_device(page: &mut Page<'_>, fleet: &Fleet, style: &Style) {
    if fleet.on_device.is_empty() {
        return;
    }
    page.heading("ON THE DEVICES THEMSELVES");
    for found in fleet.on_device.iter().take(shown(style)) {
        let paint = if found.stops > 0 { Paint::Bad } else { Paint::Attention };
        let head = format!(
            "{}: {}, {}",
            words::owner(found.owner),
            found.code,
            count(found.devices, "device", "devices")
        );
        page.hang("  - ", paint, &sanitise::line(&head, LONG));
        if style.quiet {
            continue;
        }
        page.hang("      Do      ", Paint::Faint, &sanitise::line(&found.sample.remedy, LONG));
        let seen = format!("on {}: {}", found.sample.device, found.sample.evidence);
        page.hang("      Seen    ", Paint::Faint, &sanitise::line(&seen, LONG));
    }
    more(page, fleet.on_device.len(), style);
}

fn cause(page: &mut Page<'_>, place: usize, cause: &FleetCause, fleet: &Fleet, style: &Style) {
    let paint = if cause.required > 0 {
        Paint::Bad
    } else if cause.blocking > 0 {
        Paint::Attention
    } else {
        Paint::None
    };
    let head = format!(
        "{}: {}, {} ({})",
        words::owner(cause.owner),
        cause.code,
        count(cause.devices, "device", "devices"),
        effect(cause)
    );
    page.hang(&format!("  #{place}  "), paint, &sanitise::line(&head, LONG));
    if style.quiet {
        return;
    }
    if let Some(who) = &cause.who {
        page.hang("      Who     ", Paint::Faint, &sanitise::line(who, LONG));
    }
    let few = if style.verbose { usize::MAX } else { NAMED };
    page.hang("      Hosts   ", Paint::Faint, &named(&cause.hosts, few));
    if fleet.groups.len() > 1 {
        page.hang("      Where   ", Paint::Faint, &named(&cause.groups, few));
    }
    page.hang("      Do      ", Paint::Faint, &sanitise::line(&cause.sample.remedy, LONG));
    let seen = format!("{}; on {}: {}", sureness(cause), cause.sample.device, cause.sample.evidence);
    page.hang("      Seen    ", Paint::Faint, &sanitise::line(&seen, LONG));
}

fn named(all: &[Counted], few: usize) -> String {
    let named: Vec<String> = all
        .iter()
        .take(few)
        .map(|c| format!("{} ({})", sanitise::line(&c.name, SHORT), number(c.devices)))
        .collect();
    let rest = all.len().saturating_sub(few);
    let rest = if rest > 0 { format!(" and {} more", number(rest)) } else { String::new() };
    format!("{}{rest}", named.join(", "))
}

fn groups(page: &mut Page<'_>, fleet: &Fleet, style: &Style) {
    if fleet.groups.len() < 2 {
        return;
    }
    page.heading(&format!("BY {}", sanitise::line(&fleet.by, SHORT).to_uppercase()));
    let width = width(fleet.groups.iter().map(|g| g.name.as_str()));
    let heads: String = parts(&Verdicts::default()).map(|(word, _)| format!("  {}", column(word))).concat();
    page.row("    ", Paint::None, "", width, &format!("devices{heads}"));
    for group in fleet.groups.iter().take(shown(style)) {
        let v = &group.verdicts;
        let cells = parts(v).map(|(word, n)| format!("  {n:>0$}", column(word).len())).concat();
        let cells = format!("{:>7}{cells}", group.devices);
        let mark = if v.blocked > 0 { "  x " } else { "    " };
        page.row(mark, Paint::Bad, &sanitise::line(&group.name, width), width, &cells);
    }
    more(page, fleet.groups.len(), style);
    if fleet.verdicts.only_optional > 0 {
        page.hang("     ", Paint::Faint, LOSSES);
    }
}

/// Columns of a list of names.
fn width<'n>(names: impl Iterator<Item = &'n str>) -> usize {
    names.map(columns).max().unwrap_or(0).clamp(8, 38)
}

fn hosts(page: &mut Page<'_>, fleet: &Fleet, style: &Style) {
    let bad: Vec<_> = fleet.hosts.iter().filter(|h| style.verbose || h.reachable < h.devices).collect();
    if bad.is_empty() {
        return;
    }
    page.heading("HOSTS");
    // By owner or cause, a device is in several groups, and a host's share of one says nothing.
    let several = fleet.groups.len() > 1 && !["owner", "cause"].contains(&fleet.by.as_str());
    let heads: Vec<String> =
        fleet.groups.iter().take(COLUMNS).map(|g| sanitise::line(&g.name, 12)).filter(|_| several).collect();
    let head = heads.iter().map(|h| format!("  {h:>9}")).collect::<String>();
    let width = width(bad.iter().map(|h| h.host.as_str()));
    page.row("    ", Paint::None, "", width, &format!("blocked of devices{head}"));
    for host in bad.iter().take(shown(style)) {
        // What nobody judged is no host that works.
        let judged = host.devices - host.untested;
        let blocked = if judged == 0 { "?".to_owned() } else { host.blocked.to_string() };
        let of = format!("{blocked:>7} of {:>7}", host.devices);
        let cell = |group: &str| {
            let share = host.groups.iter().find(|share| share.name == group);
            share.map_or_else(|| "-".to_owned(), |share| format!("{}/{}", share.blocked, share.judged))
        };
        let cells: String = fleet
            .groups
            .iter()
            .zip(&heads)
            .map(|(group, head)| format!("  {:>1$}", cell(&group.name), columns(head).max(9)))
            .collect();
        let mark = match (host.blocked, host.warning) {
            (1.., _) => "  x ",
            (0, 1..) => "  ! ",
            _ => "  ? ",
        };
        page.row(mark, Paint::Bad, &sanitise::line(&host.host, SHORT), width, &format!("{of}{cells}"));
    }
    more(page, bad.len(), style);
    if several && fleet.groups.len() > COLUMNS {
        page.hang("     ", Paint::Faint, "Columns: the largest groups; --format json or csv has all.");
    }
}

fn outliers(page: &mut Page<'_>, fleet: &Fleet, style: &Style) {
    if fleet.outliers.is_empty() {
        return;
    }
    page.heading("UNLIKE ALL OTHERS OF THE SAME GROUP");
    for outlier in fleet.outliers.iter().take(shown(style)) {
        let hosts: Vec<String> = outlier.hosts.iter().map(|h| format!("{} ({})", h.host, h.code)).collect();
        let text = format!(
            "{}: {} blocked here, and not on the {} others of {} {}",
            outlier.device,
            english::few(&hosts, NAMED),
            number(outlier.of - 1),
            fleet.by,
            outlier.group
        );
        page.hang("  - ", Paint::Attention, &sanitise::line(&text, LONG));
    }
    more(page, fleet.outliers.len(), style);
}

fn trend(page: &mut Page<'_>, fleet: &Fleet) {
    if fleet.trend.is_empty() {
        return;
    }
    page.heading("BY DAY (UTC)");
    for day in &fleet.trend {
        let said = counted(&day.verdicts, |word| word == RunWord::Blocked);
        page.hang(&format!("  {}  ", pad(&sanitise::line(&day.day, 10), 10)), Paint::None, &said);
    }
}
