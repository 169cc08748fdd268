//! The paths that were traced: where something is stopped, and the hops.

use crate::diagnose::TracedPath;
use crate::report::layout::{Page, Paint};
use crate::report::sanitise;
use crate::report::words;
use crate::run::Run;

/// A section on the paths; nothing where none was traced.
pub(in crate::report) fn section(page: &mut Page<'_>, run: &Run) {
    let traced = || run.judgement.paths.iter().filter(|p| p.untraced.is_none());
    if traced().next().is_none() {
        return;
    }
    page.heading("PATHS");
    for path in traced() {
        let Some(target) = run.plan.target(path.target) else { continue };
        let address = path.address.map(|a| format!(", {}", a.ip().to_canonical())).unwrap_or_default();
        page.hang("  ", Paint::Bold, &format!("{}{address}", words::endpoint_of(&target.requirement)));
        page.hang("      ", Paint::None, &sanitise::line(&path.text, sanitise::LONG));
        let hops = hops(path);
        if !hops.is_empty() {
            page.hang("      Hops   ", Paint::Faint, &sanitise::line(&hops.join(", "), sanitise::LONG));
        }
    }
}

/// The hops in order, up to the one that answers connections.
fn hops(path: &TracedPath) -> Vec<String> {
    let end = path.distance.unwrap_or(u8::MAX);
    let before = path.hops.iter().filter(|h| h.hop < end).map(|h| match (h.address, h.answered) {
        (Some(address), _) => format!("{} {address}", h.hop),
        (None, true) => format!("{} without an address", h.hop),
        (None, false) => format!("{} silent", h.hop),
    });
    let said = u8::try_from(path.hops.len()).unwrap_or(u8::MAX);
    let gap = path.distance.filter(|d| d.saturating_sub(1) > said).map(|d| match d - 1 - said {
        1 => format!("{} silent", d - 1),
        _ => format!("{} to {} silent", said + 1, d - 1),
    });
    let last = path.distance.map(|d| format!("{d} answers"));
    before.chain(gap).chain(last).collect()
}
