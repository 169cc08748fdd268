//! `--format txt`: the file that goes to the firewall team.
//!
//! The grammar is meant to be read by any script: an empty line, a line that begins with `#`, or
//! one `host` or `host:port`.

use crate::contract::FeatureInfo;
use crate::contract::Network;
use crate::contract::ids::NoteId;
use crate::derive::Requirements;
use crate::derive::incomplete;
use crate::firewall::existing::OWN_HEAD;
use crate::report::hosts::comments::File;
use crate::report::hosts::list::{self, Line, Section};
use crate::report::hosts::networks;
use crate::report::hosts::sources;
use crate::report::words;
use crate::text::english::joined;

/// The whole file.
pub fn render(requirements: &Requirements, features: &[FeatureInfo]) -> String {
    let mut file = File { out: String::new() };
    for line in incomplete::marks(requirements) {
        file.comment("", &line);
    }
    header(&mut file, requirements);
    for section in list::sections(requirements, features) {
        write_section(&mut file, &section, features, requirements);
    }
    if list::lines(requirements).is_empty() {
        file.blank();
        file.comment("", "No host is needed.");
    }
    tail(&mut file, requirements);
    file.out
}

fn header(file: &mut File, requirements: &Requirements) {
    file.comment("", OWN_HEAD);
    file.comment("", "");
    for input in &requirements.inputs {
        file.comment("Configuration: ", &input.name);
        let known = if input.format.is_empty() { "unknown" } else { input.format.as_str() };
        file.comment("  format       ", known);
        if !input.sha256.is_empty() {
            file.comment("  sha256       ", &input.sha256);
        }
    }
    file.comment("Provider:      ", requirements.provider.as_deref().unwrap_or("none configured"));
    let assumed = "assumed: the configuration does not say; --platform sets it";
    file.comment("Platform:      ", &words::platforms(requirements, assumed));
    file.comment("App version:   ", &requirements.app_version.to_string());
    file.comment(
        "Rules:         ",
        &format!(
            "{}{}, Clearway {}",
            requirements.rules_date,
            requirements.rules_age.map(|age| format!(" ({age})")).unwrap_or_default(),
            env!("CARGO_PKG_VERSION")
        ),
    );
    file.comment("Source:        ", "FILL IN (addresses or networks of the devices that run the app)");
    if let Some(note) = requirements.without_provider() {
        file.comment("Note:          ", &note.text);
    }
    file.comment("", "");
    file.comment("", "How to read this file: one host a line, on TCP 443; host:port is another TCP port.");
    file.comment(
        "",
        "*.example.com means every name below example.com at any depth, and never example.com itself.",
    );
    file.comment("", "Allow by name (TLS SNI); no path rules are needed. Lines with # are comments.");
}

fn write_section(
    file: &mut File,
    section: &Section<'_>,
    features: &[FeatureInfo],
    requirements: &Requirements,
) {
    let need = words::need_heading(section.need);
    file.blank();
    match section.network {
        Network::Internet => file.comment("", &format!("==== INTERNET: {need} ====")),
        Network::Internal => {
            file.comment("", &format!("==== INTERNAL: {need} (inside your own network) ===="));
        }
    }
    for (feature, lines) in &section.groups {
        group(file, feature, lines, section, features, requirements);
    }
}

fn group(
    file: &mut File,
    feature: &str,
    lines: &[Line<'_>],
    section: &Section<'_>,
    features: &[FeatureInfo],
    requirements: &Requirements,
) {
    file.blank();
    let title = FeatureInfo::title_of(features, feature);
    file.comment("", &format!("{title} ({feature})"));
    // The feature's own words are about its main hosts; the others speak for themselves.
    let main = section.main.contains(&feature);
    if let Some(stops) = features.iter().find(|f| f.id == feature && main).map(|f| f.stops.as_str()) {
        file.comment("  when blocked: ", stops);
    }
    let shared = list::shared(lines.iter().map(removal));
    if let Some(setting) = &shared {
        file.comment("  removed by:   ", setting);
    }
    let sends = list::shared(lines.iter().map(Line::sends));
    if let Some(text) = sends.as_ref().filter(|t| !t.is_empty()) {
        file.comment("  sends:        ", text);
    }
    let pages = list::shared(lines.iter().map(|l| sources::texts(requirements, &l.tags())));
    if let Some(text) = pages.as_ref().filter(|t| !t.is_empty()) {
        file.comment("  source:       ", text);
    }
    for line in lines {
        let of_feature =
            || line.requirements.iter().flat_map(|r| &r.reasons).filter(|r| r.feature == feature);
        file.comment("- ", &joined(of_feature().map(|r| r.purpose.as_str())));
        if !main {
            file.comment("  when blocked: ", &joined(of_feature().map(|r| r.breaks.as_str())));
        }
        for text in line.requirements.iter().filter_map(|r| networks::beside(requirements, &r.host)).take(1) {
            file.comment("  ", &text);
        }
        for transport in line.requirements.iter().filter_map(|r| words::transport(r.transport)) {
            file.comment("  transport: ", transport);
        }
        if shared.is_none() {
            file.comment("  removed by: ", &removal(line));
        }
        for (label, text) in [
            ("  sends: ", if sends.is_none() { line.sends() } else { String::new() }),
            (
                "  source: ",
                if pages.is_none() { sources::texts(requirements, &line.tags()) } else { String::new() },
            ),
        ] {
            if !text.is_empty() {
                file.comment(label, &text);
            }
        }
        let others: Vec<&str> = line
            .features(features)
            .into_iter()
            .filter(|id| *id != feature)
            .map(|id| FeatureInfo::title_of(features, id))
            .collect();
        if !others.is_empty() {
            file.comment("  also for: ", &others.join(", "));
        }
        file.out.push_str(&line.text);
        file.out.push('\n');
    }
}

fn removal(line: &Line<'_>) -> String {
    list::removed_by(line.requirements.iter().flat_map(|r| &r.reasons).map(|r| r.removed_by.as_deref()))
        .unwrap_or_else(|| "no setting".into())
}

fn tail(file: &mut File, requirements: &Requirements) {
    let unbounded = list::unbounded(requirements);
    if !unbounded.is_empty() {
        file.blank();
        file.comment("", "==== CANNOT BE LISTED ====");
        for (requirement, why) in unbounded {
            let what = joined(requirement.reasons.iter().map(|r| r.purpose.as_str()));
            file.comment("- ", &format!("{}: {what}. {why}", words::endpoint_of(requirement)));
        }
    }
    let loopback = list::loopback(requirements);
    let at_the_head = requirements.without_provider();
    let notes: Vec<_> = requirements.notes.iter().filter(|n| Some(*n) != at_the_head).collect();
    if !notes.is_empty() || !loopback.is_empty() {
        file.blank();
        file.comment("", "==== NOTES ====");
        for note in &notes {
            file.comment("- ", &note.text);
        }
        if !loopback.is_empty() && !requirements.notes.iter().any(|n| n.id == NoteId::LOOPBACK) {
            let text = format!("{} is the device itself: it needs no firewall rule.", loopback.join(", "));
            file.comment("- ", &text);
        }
    }
    let by_address = networks::remarks(requirements);
    if !by_address.is_empty() {
        file.blank();
        file.comment("", "==== A FIREWALL THAT KNOWS NO NAMES ====");
        by_address.iter().for_each(|text| file.comment("- ", text));
    }
}
