//! Findings put into words: the wording is data, this only fills it in, and lets nothing through
//! that could play tricks on a terminal or a ticket system.

use serde_json::{Map, Value};

use super::evidence::Draft;
use super::finding::{Evidence, Finding, Owner, Verdict};
use crate::contract::Severity;
use crate::plan::Target;
use crate::rules::codes::{CauseEntry, CodeEntry, Codes};
use crate::text::{english, line};

/// No text of evidence is longer, in characters.
const LONGEST: usize = 300;
/// So many hosts are named in a sentence.
const NAMED: usize = 3;

/// The host as a reader knows it: as the list has it, and the known member of a wildcard beside.
pub(crate) fn shown(target: &Target) -> String {
    let listed = target.requirement.host.to_string();
    if target.probed.is_empty() || target.probed == listed {
        listed
    } else {
        format!("{} ({listed})", target.probed)
    }
}

/// A finding in words, about one host or several.
pub(crate) fn finding(codes: &Codes, found: &Draft, hosts: &[String], ports: &[u16]) -> Finding {
    let owner = found.owner_by(codes);
    let value = values(found, hosts, ports);
    let entry = codes.get(found.code);
    let mild = found.verdict_by(codes) == Verdict::Warning;
    let machine = found.facts.contains_key(super::machine::CASE);
    let of_machine = || codes.of_machine().filter(|_| found.case == Some(super::machine::CASE));
    let case = found.case.and_then(|case| entry?.case.get(case)).or_else(of_machine);
    let warning = case.or_else(|| entry.and_then(|e| e.warning.as_ref()).filter(|_| mild));
    let (summary, remedy) = match (warning, entry) {
        (Some(own), Some(e)) if own.remedy.is_empty() => (own.summary.as_str(), remedy_of(e, owner)),
        (Some(own), _) => (own.summary.as_str(), own.remedy.as_str()),
        (None, Some(e)) => (e.summary_for.get(&owner).unwrap_or(&e.summary).as_str(), remedy_of(e, owner)),
        (None, None) => ("", ""),
    };
    let several = ports.len() > 1 && !found.facts.contains_key("port");
    let counted =
        |text: &str| if several { text.replace("port {port}", "ports {port}") } else { text.to_owned() };
    let (summary, remedy) = (&*counted(summary), &*counted(remedy));
    let severity = match (found.verdict_by(codes), entry) {
        (Verdict::Warning, _) => Severity::Warning,
        (Verdict::Blocked, _) => Severity::Error,
        (_, Some(entry)) => entry.severity,
        (_, None) => Severity::Info,
    };
    // Its wording is that of a device, and the device meant is the machine.
    let there = |text: String| {
        if !machine || found.case == Some(super::machine::CASE) {
            return text;
        }
        text.replace("this device", "that machine").replace("This device", "That machine")
    };
    Finding {
        code: found.code,
        severity,
        summary: if machine && case.is_none() {
            format!("In the sandbox's own machine: {}", there(codes.fill(summary, &value)))
        } else {
            capital(there(codes.fill(summary, &value)))
        },
        evidence: evidence(found),
        remedy: capital(there(codes.fill(remedy, &value))),
        owner,
        confidence: found.certainty,
    }
}

/// The code's own instruction to an owner.
fn remedy_of(entry: &CodeEntry, owner: Owner) -> &str {
    entry.remedy_for.get(&owner).unwrap_or(&entry.remedy)
}

/// The same with the wording of a cause of its own.
pub(crate) fn cause(codes: &Codes, found: &Draft, entry: &CauseEntry, hosts: &[String]) -> Finding {
    let value = values(found, hosts, &[443]);
    let said = finding(codes, found, hosts, &[443]);
    Finding {
        summary: capital(codes.fill(&entry.summary, &value)),
        remedy: capital(codes.fill(&entry.remedy, &value)),
        ..said
    }
}

/// A sentence that begins with a filled-in word begins like a sentence; a name stays as it is written.
fn capital(text: String) -> String {
    match text.strip_prefix("the ") {
        Some(rest) => format!("The {rest}"),
        None => text,
    }
}

/// A list of names in a sentence: the first few, and how many more.
pub(crate) fn list(names: &[String]) -> String {
    english::few(names, NAMED)
}

fn values<'a>(
    found: &'a Draft,
    hosts: &'a [String],
    ports: &'a [u16],
) -> impl Fn(&str) -> Option<String> + 'a {
    move |name| {
        match name {
            "host" | "hosts" if !hosts.is_empty() => Some(list(hosts)),
            "count" => Some(hosts.len().to_string()),
            "port" => Some(found.facts.get("port").map_or_else(|| english::and(&numbers(ports)), text)),
            "resolver" => found.facts.get(name).map(|v| format!("the resolver {}", text(v))),
            _ => found.facts.get(name).map(text),
        }
        .map(|t| clean(&t))
    }
}

fn numbers(ports: &[u16]) -> Vec<String> {
    ports.iter().map(u16::to_string).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => list(&items.iter().map(text).collect::<Vec<_>>()),
        other => other.to_string(),
    }
}

fn evidence(found: &Draft) -> Evidence {
    let facts: Map<String, Value> = found.facts.iter().map(|(k, v)| (k.clone(), clean_value(v))).collect();
    Evidence { line: clean(&found.line), facts }
}

fn clean_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(items) => items.iter().map(clean_value).collect(),
        other => other.clone(),
    }
}

/// One line of bounded length without characters that are not seen. Observations are sanitised when they
/// are made; a saved run may have been edited since.
pub(crate) fn clean(text: &str) -> String {
    line::spaced(text, LONGEST)
}

/// From so many seconds on a span is given to the minute.
const TO_THE_MINUTE_S: u64 = 240;

/// Seconds in words: the two largest units; from a few minutes on, to the minute.
pub(crate) fn span(seconds: i64) -> String {
    let exact = seconds.unsigned_abs();
    let total = if exact < TO_THE_MINUTE_S { exact } else { (exact + 30) / 60 * 60 };
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let mut rest = total;
    let mut parts = Vec::new();
    for (size, name) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 && parts.len() < 2 {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if parts.is_empty() { "0 seconds".into() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_the_cursor_or_the_direction_gets_through() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{202e}d"), "a [31mb c d");
        assert_eq!(clean(&"x".repeat(1000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let names: Vec<String> = (1..=5).map(|n| format!("h{n}")).collect();
        assert_eq!(list(&names), "h1, h2, h3 and 2 more");
        assert_eq!(list(&names[..2]), "h1 and h2");
    }

    #[test]
    fn spans_are_said_in_two_units() {
        assert_eq!(span(-7_260), "2 hours 1 minute");
        assert_eq!(span(7_199), "2 hours");
        assert_eq!(span(86_400), "1 day");
    }
}
