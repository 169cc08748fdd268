//! Many reports as metrics in the text exposition format, for a textfile collector.

use crate::contract::Verdict;
use crate::fleet::Fleet;
use crate::report::exposition::{self, Family};

/// The metrics, ending in a line feed. Names of devices are no label: their number has no bound.
pub fn render(fleet: &Fleet) -> String {
    let mut out = Vec::new();
    let mut family =
        Family::new(&mut out, "clearway_fleet_devices", "Devices by verdict of their newest report.");
    for group in &fleet.groups {
        for (verdict, n) in group.verdicts.each() {
            let labels = [("by", fleet.by.as_str()), ("group", &group.name), ("verdict", verdict.as_str())];
            family.add(&labels, n);
        }
    }
    let mut family =
        Family::new(&mut out, "clearway_fleet_cause_devices", "Devices on which a cause was found.");
    for cause in &fleet.causes {
        let host = cause.hosts.first().map_or("", |h| h.name.as_str());
        let labels = [
            ("code", cause.code.as_str()),
            ("owner", cause.owner.as_str()),
            ("who", cause.who.as_deref().unwrap_or_default()),
            ("host", host),
        ];
        family.add(&labels, cause.devices);
    }
    let mut family =
        Family::new(&mut out, "clearway_fleet_host_devices", "Devices by what was found of a host.");
    for host in &fleet.hosts {
        let verdicts = [
            (Verdict::Blocked, host.blocked),
            (Verdict::Warning, host.warning),
            (Verdict::Untested, host.untested),
            (Verdict::Reachable, host.reachable),
        ];
        for (verdict, n) in verdicts {
            let labels =
                [("host", host.host.as_str()), ("need", host.need.as_str()), ("verdict", verdict.as_str())];
            family.add(&labels, n);
        }
    }
    let mut family = Family::new(&mut out, "clearway_fleet_reports", "Reports that were read.");
    family.add(&[], fleet.reports);
    let mut family = Family::new(&mut out, "clearway_fleet_reports_skipped", "Files that could not be read.");
    family.add(&[], fleet.skipped_count);
    exposition::text(&out)
}
