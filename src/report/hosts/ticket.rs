//! `hosts --format ticket`: a change request that a firewall team can work on without asking back.

use crate::contract::FeatureInfo;
use crate::contract::{Network, Transport};
use crate::derive::Requirements;
use crate::derive::incomplete;
use crate::report::hosts::list::{self, Line, Section};
use crate::report::hosts::sources;
use crate::report::sanitise;
use crate::report::ticket_lines::{bullet, heading, labelled};
use crate::report::words;
use crate::text::english;
use crate::text::english::{joined, once};

/// The whole request. One numbered item for each feature, need and side of the perimeter; hosts
/// with the same port, protocol and reason share an item.
pub fn render(requirements: &Requirements, features: &[FeatureInfo]) -> String {
    let mut out = String::new();
    head(&mut out, requirements);
    let sections = list::sections(requirements, features);
    let mut number = 0;
    for network in [Network::Internet, Network::Internal] {
        let of_side: Vec<&Section<'_>> = sections.iter().filter(|s| s.network == network).collect();
        if of_side.is_empty() {
            continue;
        }
        heading(
            &mut out,
            match network {
                Network::Internet => "Destinations on the internet",
                Network::Internal => "Destinations inside our own network (not for the internet perimeter)",
            },
        );
        for section in of_side {
            for (feature, lines) in &section.groups {
                for lines in similar(lines) {
                    number += 1;
                    item(&mut out, (number, feature), &lines, section, features, requirements);
                }
            }
        }
    }
    if number == 0 {
        heading(&mut out, "No host is needed.");
    }
    tail(&mut out, requirements);
    out
}

fn head(out: &mut String, requirements: &Requirements) {
    for line in incomplete::marks(requirements) {
        labelled(out, "", &line);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str("CHANGE REQUEST: outbound access for Claude Desktop (third-party inference)\n\n");
    field(out, "Requested by", "FILL IN");
    field(out, "Source", "FILL IN (addresses, networks or device group that run the app)");
    field(out, "Valid until", "FILL IN (review date; also review when the app's configuration changes)");
    field(out, "Direction", "outbound, opened by the device; answers on the same connection");
    field(
        out,
        "Matching",
        "by name (TLS server name, HTTP Host or CONNECT target); no path rules are needed",
    );
    field(
        out,
        "Names",
        "*.example.com stands for every name below example.com at any depth, never for example.com itself",
    );
    field(
        out,
        "QUIC",
        "everything here is TCP; UDP 443 need not be opened. Rejecting it makes clients use TLS at once, a silent \
         drop makes them wait",
    );
    field(
        out,
        "TLS inspection",
        "no exemption is asked for here. Where inspection is on, the devices must trust its authority; an \
         exemption is requested apart, for hosts that a test proved broken (clearway hosts --list inspection \
         with a report of clearway check)",
    );
    for (label, value) in words::head(requirements, true) {
        field(out, label, &value);
    }
    if let Some(note) = requirements.without_provider() {
        field(out, "Note", &note.text);
    }
}

/// Lines with the same port, protocol and reason.
fn similar<'l, 'a>(lines: &'l [Line<'a>]) -> Vec<Vec<&'l Line<'a>>> {
    let mut groups: Vec<Vec<&Line<'a>>> = Vec::new();
    for line in lines {
        let same = |group: &&mut Vec<&Line<'a>>| {
            group.first().is_some_and(|first| {
                ports(first) == ports(line)
                    && protocols(first) == protocols(line)
                    && purpose(first) == purpose(line)
            })
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(line),
            None => groups.push(vec![line]),
        }
    }
    groups
}

fn item(
    out: &mut String,
    (number, feature): (usize, &str),
    lines: &[&Line<'_>],
    section: &Section<'_>,
    features: &[FeatureInfo],
    requirements: &Requirements,
) {
    let Some(first) = lines.first() else { return };
    out.push_str(&format!("\n{number}. {}\n", sanitise::line(FeatureInfo::title_of(features, feature), 120)));
    for (i, line) in lines.iter().enumerate() {
        let label = match (i, lines.len()) {
            (0, 1) => "Destination",
            (0, _) => "Destinations",
            _ => "",
        };
        let host = line.requirements.first().map(|r| r.host.to_string()).unwrap_or_default();
        field(out, label, &host);
    }
    field(out, "Port", &format!("TCP {}", ports(first)));
    field(out, "Protocol", &protocols(first));
    field(
        out,
        "TLS inspection",
        if has_tls(first) { "no exemption asked for" } else { "does not apply, no TLS" },
    );
    field(out, "Reason", &purpose(first));
    let of_lines = || lines.iter().flat_map(|l| l.requirements.iter()).flat_map(|r| r.reasons.iter());
    let stops = features.iter().find(|f| f.id == feature && section.main.contains(&feature));
    let breaks = match stops {
        Some(info) => info.stops.clone(),
        None => joined(of_lines().filter(|r| r.need == section.need).map(|r| r.breaks.as_str())),
    };
    field(out, "When blocked", &breaks);
    let sends = once(of_lines().map(|r| r.sends.as_str()));
    if !sends.is_empty() {
        field(out, "Data sent", &sends);
    }
    field(out, "Need", section.need.as_str());
    let removal = list::removed_by(of_lines().map(|r| r.removed_by.as_deref()));
    field(out, "Removed by", removal.as_deref().unwrap_or("no setting of the app"));
    let tags: Vec<&str> = lines.iter().flat_map(|l| l.tags()).collect();
    for (at, source) in sources::pages(requirements, &tags).into_iter().enumerate() {
        field(out, if at == 0 { "Source" } else { "" }, &sources::text(source));
    }
}

fn ports(line: &Line<'_>) -> String {
    line.requirements.first().map_or_else(String::new, |r| r.port.to_string())
}

fn protocols(line: &Line<'_>) -> String {
    let mut all: Vec<&str> = line.requirements.iter().map(|r| protocol(r.transport)).collect();
    all.dedup();
    english::and(&all)
}

const fn protocol(transport: Transport) -> &'static str {
    match transport {
        Transport::Https => "HTTPS (HTTP over TLS)",
        Transport::Http => "HTTP without TLS",
        Transport::Grpc => "gRPC without TLS (HTTP/2)",
        Transport::GrpcTls => "gRPC over TLS (HTTP/2)",
        Transport::Ssh => "SSH",
        Transport::Tcp => "TCP",
    }
}

fn has_tls(line: &Line<'_>) -> bool {
    line.requirements.iter().any(|r| r.transport.has_tls())
}

fn purpose(line: &Line<'_>) -> String {
    joined(line.requirements.iter().flat_map(|r| &r.reasons).map(|r| r.purpose.as_str()))
}

fn tail(out: &mut String, requirements: &Requirements) {
    let unbounded = list::unbounded(requirements);
    if !unbounded.is_empty() {
        heading(out, "Needed, but nobody can list it");
        for (requirement, why) in unbounded {
            let what = joined(requirement.reasons.iter().map(|r| r.purpose.as_str()));
            bullet(out, &format!("{}: {what}. {why}", words::endpoint_of(requirement)));
        }
    }
    let at_the_head = requirements.without_provider();
    let notes: Vec<_> = requirements.notes.iter().filter(|n| Some(*n) != at_the_head).collect();
    if !notes.is_empty() {
        heading(out, "Notes");
        for note in notes {
            bullet(out, &note.text);
        }
    }
    heading(out, "How to verify");
    bullet(
        out,
        "From a device of the source: clearway check CONFIG. It tests every destination and names what is in the way.",
    );
}

/// `Label            text`, wrapped below the first letter of the text.
fn field(out: &mut String, label: &str, text: &str) {
    labelled(out, &format!("   {label:16}"), text);
}
