//! `check --format expect`: what this run shows, as a first file for `--expect`. A team takes out what it does not
//! promise, and changes what is not as it means it.

use crate::expect::{self, Reach};
use crate::report::sanitise;
use crate::report::words;
use crate::run::Run;

/// Hosts on one line of the file.
const WIDTH: usize = 100;

/// The file: TOML, ending in a line feed.
pub fn render(run: &Run) -> String {
    let device = if run.environment.host.is_empty() { "this device" } else { &run.environment.host };
    let mut out = String::new();
    for line in [
        "What the network promises of the hosts of Claude Desktop: docs/expectations.md.".to_owned(),
        "clearway check --expect FILE holds a run against it; --replay REPORT a saved one.".to_owned(),
        format!(
            "Made by Clearway {} from what {device} saw at {}. It says how things were, not how they should be:",
            env!("CARGO_PKG_VERSION"),
            words::time(&run.started_at)
        ),
        "take out what is not promised, and change what is not meant so.".to_owned(),
    ] {
        comment(&mut out, &line);
    }
    let entries = expect::describe(&run.plan, &run.observations, &run.judgement);
    if entries.is_empty() {
        comment(
            &mut out,
            "Of no host it was seen that the network lets it through or stops it, so there is nothing to promise.",
        );
    }
    for entry in entries {
        out.push('\n');
        if let Some(because) = &entry.because {
            comment(&mut out, &format!("Blocked now. {because}"));
        }
        out.push_str("[[expect]]\n");
        hosts(&mut out, &entry.hosts);
        if let Some(reach) = entry.reach {
            out.push_str(&format!("reach = {}\n", quoted(reach.as_str())));
        }
        if let Some(address) = entry.address {
            out.push_str(&format!("address = {}\n", quoted(address)));
        }
        if let Some(inspected) = entry.inspected {
            out.push_str(&format!("inspected = {inspected}\n"));
        }
        if let Some(route) = &entry.route {
            out.push_str(&format!("route = {}\n", quoted(route)));
        }
        if entry.reach == Some(Reach::Reachable) {
            out.push_str("# within = \"2s\"\n");
        }
    }
    out
}

fn comment(out: &mut String, text: &str) {
    out.push_str(&format!("# {}\n", sanitise::line(text, sanitise::LONG)));
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(sanitise::line(text, sanitise::SHORT)).to_string()
}

fn hosts(out: &mut String, all: &[String]) {
    let all: Vec<String> = all.iter().map(|host| quoted(host)).collect();
    let one = all.join(", ");
    if one.len() <= WIDTH {
        out.push_str(&format!("hosts = [{one}]\n"));
        return;
    }
    out.push_str("hosts = [\n");
    for host in all {
        out.push_str(&format!("    {host},\n"));
    }
    out.push_str("]\n");
}
