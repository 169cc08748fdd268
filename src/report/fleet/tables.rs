//! Many reports as CSV (a row for each cause and group) and as Markdown.

use super::{column, counted, parts};
use crate::fleet::{Counted, Fleet};
use crate::report::sanitise::{self, markdown as text, markdown_code as code};
use crate::report::words;
use crate::text::english;

/// A header row, then one row for each cause and each group that has it.
pub fn csv(fleet: &Fleet) -> String {
    let head = [
        "code",
        "owner",
        "who",
        "group_by",
        "group",
        "devices_in_group",
        "devices",
        "required",
        "blocking",
        "proven",
        "hosts",
        "summary",
        "remedy",
        "sample_device",
        "sample_file",
    ];
    let mut out = line(&head.map(str::to_owned));
    for cause in &fleet.causes {
        let hosts: Vec<&str> = cause.hosts.iter().map(|h| h.name.as_str()).collect();
        for group in &cause.groups {
            out.push_str(&line(&[
                cause.code.clone(),
                cause.owner.to_string(),
                cause.who.clone().unwrap_or_default(),
                fleet.by.clone(),
                group.name.clone(),
                group.devices.to_string(),
                cause.devices.to_string(),
                cause.required.to_string(),
                cause.blocking.to_string(),
                cause.proven.to_string(),
                hosts.join(" "),
                cause.sample.summary.clone(),
                cause.sample.remedy.clone(),
                cause.sample.device.clone(),
                cause.sample.file.clone(),
            ]));
        }
    }
    out
}

fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|c| sanitise::csv(c)).collect();
    format!("{}\n", cells.join(","))
}

fn named(all: &[Counted]) -> String {
    let named: Vec<String> =
        all.iter().take(6).map(|c| format!("{} ({})", code(&c.name), c.devices)).collect();
    let more = all.len().saturating_sub(6);
    if more > 0 { format!("{} and {more} more", named.join(", ")) } else { named.join(", ") }
}

/// The counts, the causes, the groups, for a page of a wiki.
pub fn markdown(fleet: &Fleet) -> String {
    let counts = counted(&fleet.verdicts, |_| true);
    let mut out = format!("# {}: {counts}\n\n", english::count(fleet.devices, "device", "devices"));
    out.push_str(&format!(
        "{} reports from {} to {}; the newest of each device counts.\n",
        fleet.reports,
        text(&words::time(&fleet.first)),
        text(&words::time(&fleet.last))
    ));
    if fleet.skipped_count > 0 {
        out.push_str(&format!("\n{} files were not read.\n", fleet.skipped_count));
    }
    out.push_str("\n## What is in the way\n\n| Owner | Code | Devices | Required blocked | Hosts | Where | Do |\n|---|---|---|---|---|---|---|\n");
    for cause in &fleet.causes {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} |\n",
            text(words::owner(cause.owner)),
            code(&cause.code),
            cause.devices,
            cause.required,
            named(&cause.hosts),
            named(&cause.groups),
            text(&cause.sample.remedy)
        ));
    }
    if !fleet.on_device.is_empty() {
        out.push_str(
            "\n## On the devices themselves\n\n| Owner | Code | Devices | Do |\n|---|---|---|---|\n",
        );
        for found in &fleet.on_device {
            out.push_str(&format!(
                "| {} | {} | {} | {} |\n",
                text(words::owner(found.owner)),
                code(&found.code),
                found.devices,
                text(&found.sample.remedy)
            ));
        }
    }
    let heads = parts(&fleet.verdicts).map(|(word, _)| format!(" {} |", text(column(word))));
    out.push_str(&format!(
        "\n## By {}\n\n| {0} | Devices |{}\n|---|---|{}\n",
        text(&fleet.by),
        heads.concat(),
        "---|".repeat(heads.len())
    ));
    for group in &fleet.groups {
        let cells = parts(&group.verdicts).map(|(_, n)| format!(" {n} |"));
        out.push_str(&format!("| {} | {} |{}\n", text(&group.name), group.devices, cells.concat()));
    }
    if !fleet.outliers.is_empty() {
        out.push_str("\n## Unlike all others of the same group\n\n");
        for o in &fleet.outliers {
            let hosts: Vec<String> =
                o.hosts.iter().map(|h| format!("{} ({})", code(&h.host), code(&h.code))).collect();
            out.push_str(&format!(
                "- {}: {} blocked here, and not on the {} others of {}\n",
                text(&o.device),
                hosts.join(", "),
                o.of - 1,
                text(&o.group)
            ));
        }
    }
    out
}
