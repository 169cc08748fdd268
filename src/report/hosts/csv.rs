//! `--format csv`: one row per host and feature, for spreadsheets.

use crate::contract::FeatureInfo;
use crate::derive::{Missing, Requirements};
use crate::document::hosts::{HostEntry, to_document};
use crate::firewall::existing::OWN_COLUMNS as COLUMNS;
use crate::report::hosts::{list, sources};
use crate::report::sanitise;
use crate::text::english;

/// A header row, then one row for each host of each feature; cells are quoted where they must be
/// and never begin a formula. Lists inside a cell are separated by spaces. What cannot be listed has
/// an empty host; so has, before all others, what errors of the configuration cost: the last column says
/// why.
pub fn render(requirements: &Requirements, features: &[FeatureInfo]) -> String {
    let mut out = COLUMNS.join(",");
    out.push('\n');
    for missing in requirements.lacking() {
        let title = FeatureInfo::title_of(features, &missing.feature);
        lacking(&mut out, missing, title);
    }
    for group in to_document(requirements, features).groups {
        for entry in &group.hosts {
            row(&mut out, &group.feature, &group.title, entry, requirements);
        }
    }
    out
}

fn row(out: &mut String, feature: &str, title: &str, entry: &HostEntry, requirements: &Requirements) {
    let mut configs: Vec<&str> = Vec::new();
    let mut keys: Vec<&str> = Vec::new();
    let mut tags: Vec<&str> = Vec::new();
    for because in &entry.because {
        for (list, items) in [(&mut keys, &because.keys), (&mut tags, &because.source)] {
            for item in items {
                if !list.contains(&item.as_str()) {
                    list.push(item);
                }
            }
        }
        if let Some(config) = because.config.as_deref().filter(|c| !configs.contains(c)) {
            configs.push(config);
        }
    }
    let rules: Vec<&str> = entry.because.iter().map(|b| b.rule.as_str()).collect();
    let actors: Vec<&str> = entry.actors.iter().map(|a| a.as_str()).collect();
    // A number of its own column: an entry without a port has an empty cell.
    let port = if entry.port == 0 { String::new() } else { entry.port.to_string() };
    // An import of the first column must not allow everything: what cannot be listed stands in
    // the last column only.
    let (host, unbounded) = match &entry.unbounded {
        None => (entry.host.to_string(), String::new()),
        Some(why) => (String::new(), format!("{}: {why}", entry.host)),
    };
    let cells = [
        host,
        port,
        entry.transport.to_string(),
        entry.network.to_string(),
        entry.need.to_string(),
        feature.to_owned(),
        title.to_owned(),
        actors.join(" "),
        entry.purpose.clone(),
        entry.breaks.clone(),
        list::entry_removed_by(entry).unwrap_or_default(),
        entry.confidence.to_string(),
        rules.join(" "),
        keys.join(" "),
        english::and(&configs),
        tags.join(" "),
        unbounded,
        String::new(),
        entry.sends.clone(),
        sources::texts(requirements, &tags),
    ];
    line(out, &cells);
}

/// A required host that is missing.
fn lacking(out: &mut String, missing: &Missing, title: &str) {
    let cell = |column: &str| match column {
        "need" => missing.need.to_string(),
        "feature" => missing.feature.clone(),
        "title" => title.to_owned(),
        "keys" => missing.key.clone().unwrap_or_default(),
        "configs" => missing.config.clone().unwrap_or_default(),
        "incomplete" => format!("INCOMPLETE: {}", missing.why),
        _ => String::new(),
    };
    line(out, &COLUMNS.iter().map(|c| cell(c)).collect::<Vec<_>>());
}

fn line(out: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|c| sanitise::csv(c)).collect();
    out.push_str(&cells.join(","));
    out.push('\n');
}
