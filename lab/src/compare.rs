//! Holds a report against what a scenario expects.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Outcome;
use crate::outcome::Context;
use crate::scenario::{Scenario, exit_code};

/// What holding a report against a scenario came to.
pub struct Compared {
    /// (expected code, reported code) of each host.
    pub pairs: Vec<(String, String)>,
    /// What is wrong, in words.
    pub wrong: Vec<String>,
    /// How many hosts are blocked.
    pub blocked: usize,
    /// The code and the verdict of each host.
    pub said: BTreeMap<String, (String, String)>,
}

/// What a report says of a host, or must say.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    code: String,
    verdict: String,
    owner: String,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.code, self.verdict, self.owner)
    }
}

/// Holds a report against the scenario.
pub fn compare(scenario: &Scenario, exit: Option<i32>, report: &[u8]) -> Outcome<Compared> {
    let text = report;
    let report: Value =
        serde_json::from_slice(report).with_context(|| format!("no report (exit {exit:?})"))?;
    let mut hosts = BTreeMap::new();
    for group in report["groups"].as_array().ok_or("the report has no groups")? {
        for host in group["hosts"].as_array().ok_or("a group has no hosts")? {
            let name = host["host"].as_str().ok_or("a host has no name")?;
            // A host may be there on two ports, or with two requests: what is wrong with one counts.
            if hosts.get(name).is_none_or(|known: &Value| known["verdict"] == "reachable") {
                hosts.insert(name.to_owned(), host.clone());
            }
        }
    }
    let (mut pairs, mut wrong) = (Vec::new(), Vec::new());
    for (name, host) in &hosts {
        let (pair, faults) = one(scenario, name, host);
        pairs.push(pair);
        wrong.extend(faults);
    }
    for name in scenario.expect.keys().filter(|name| *name != "*" && !hosts.contains_key(*name)) {
        wrong.push(format!("{name} is not in the report"));
    }
    wrong.extend(of_the_evidence(scenario, &hosts));
    let tolerated = |host: &Value| scenario.tolerate.iter().any(|code| host["finding"]["code"] == *code);
    let healthy = hosts.values().any(|host| host["verdict"] == "reachable" || tolerated(host));
    if !healthy && !scenario.no_healthy_host {
        wrong.push("no host is reachable: the scenario proves nothing about healthy hosts".into());
    }
    wrong.extend(of_the_run(scenario, &report));
    let degraded_by_tolerance = scenario.run == "ready" && !scenario.tolerate.is_empty();
    let verdict = report["verdict"].as_str().unwrap_or("(none)");
    let late = scenario.may_be_late && verdict == "unknown";
    if verdict != scenario.run && !(degraded_by_tolerance && verdict == "degraded") && !late {
        wrong.push(format!("the run: expected {}, reported {verdict}", scenario.run));
    }
    let promised = exit_code(if late { verdict } else { &scenario.run })?;
    if exit != Some(promised) {
        wrong.push(format!("exit code: expected {promised}, got {exit:?}"));
    }
    let text = String::from_utf8_lossy(text);
    for missing in scenario.says.iter().filter(|words| !text.contains(words.as_str())) {
        wrong.push(format!("the report does not say `{missing}`"));
    }
    let blocked = hosts.values().filter(|host| host["verdict"] == "blocked").count();
    let word = |value: &Value| value.as_str().unwrap_or("(none)").to_owned();
    let said = hosts
        .iter()
        .map(|(name, host)| (name.clone(), (word(&host["finding"]["code"]), word(&host["verdict"]))))
        .collect();
    Ok(Compared { pairs, wrong, blocked, said })
}

fn one(scenario: &Scenario, name: &str, host: &Value) -> ((String, String), Vec<String>) {
    let text = |value: &Value| value.as_str().unwrap_or("(none)").to_owned();
    let finding = &host["finding"];
    let found = Said {
        code: text(&finding["code"]),
        verdict: text(&host["verdict"]),
        owner: text(&finding["owner"]),
    };
    let expected = scenario.expect.get(name).or_else(|| scenario.expect.get("*"));
    let wanted = match expected {
        Some(e) => Said { code: e.code.clone(), verdict: e.verdict.clone(), owner: e.owner.clone() },
        None => Said { code: "ok".to_owned(), verdict: "reachable".to_owned(), owner: "none".to_owned() },
    };
    let tolerated = |code: &str| scenario.tolerate.iter().any(|t| t == code);
    // A slow warning may stand in for `ok`, and before another warning.
    let mild = expected.is_none_or(|e| e.verdict == "warning" || e.verdict == "reachable");
    let late = scenario.may_be_late && expected.is_none() && found.code == "untested/deadline";
    let slow = late || mild && found.verdict == "warning" && tolerated(&found.code);
    let pair = (wanted.code.clone(), if slow { wanted.code.clone() } else { found.code.clone() });
    let mut wrong = Vec::new();
    let line = text(&finding["evidence"]["line"]);
    let confidence = text(&finding["confidence"]);
    if found != wanted && !slow {
        let proven = if confidence == "proven" { "PROVEN AND WRONG: " } else { "" };
        wrong.push(format!("{proven}{name}: expected {wanted}, reported {found}: {line}"));
    }
    if let Some(fixed) = expected.and_then(|e| e.confidence.as_ref())
        && *fixed != confidence
        && found == wanted
    {
        wrong.push(format!("{name}: {} must be {fixed} and is {confidence}: {line}", found.code));
    }
    for (actor, verdict) in expected.iter().flat_map(|e| &e.actors) {
        let mine = host["actors"].as_array().into_iter().flatten().filter(|a| a["actor"] == **actor);
        // For an actor, too, a slow warning may stand in for `ok`.
        let slow =
            |a: &Value| a["verdict"] == "warning" && tolerated(&text(&a["code"])) && verdict == "reachable";
        let said: BTreeSet<String> =
            mine.map(|a| if slow(a) { verdict.clone() } else { text(&a["verdict"]) }).collect();
        if said != BTreeSet::from([verdict.clone()]) {
            wrong.push(format!("{name}: for the actor {actor} expected {verdict}, reported {said:?}"));
        }
    }
    // A healthy host has no other finding beside, for no actor.
    if wanted.code == "ok" && found == wanted {
        let beside = host["also"].as_array().into_iter().flatten().map(|also| &also["code"]);
        let actors = host["actors"].as_array().into_iter().flatten();
        let actors = actors.filter(|a| a["verdict"] != "untested").map(|a| &a["code"]);
        let said: BTreeSet<String> =
            beside.chain(actors).map(text).filter(|code| code != "ok" && !tolerated(code)).collect();
        if !said.is_empty() {
            let said: Vec<String> = said.into_iter().collect();
            wrong.push(format!("{name} is ok, and yet {} is said of it", said.join(", ")));
        }
    }
    (pair, wrong)
}

/// The facts that the scenario wants to see.
fn of_the_evidence(scenario: &Scenario, hosts: &BTreeMap<String, Value>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, facts) in &scenario.evidence {
        let Some(host) = hosts.get(name) else {
            wrong.push(format!("{name} is not in the report"));
            continue;
        };
        for (fact, wanted) in facts {
            let found = match &host["finding"]["evidence"][fact] {
                Value::Null => {
                    wrong.push(format!("{name}: the evidence lacks {fact}"));
                    continue;
                }
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if !found.starts_with(wanted.as_str()) {
                wrong.push(format!("{name}: {fact} is {found}, not {wanted}"));
            }
        }
    }
    wrong
}

/// The causes at the top: each is of some host, or belongs to the run as the scenario says.
fn of_the_run(scenario: &Scenario, report: &Value) -> Vec<String> {
    let codes: BTreeSet<&str> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|finding| finding["code"].as_str())
        .collect();
    let expected: BTreeSet<&str> = scenario
        .expect
        .values()
        .map(|e| e.code.as_str())
        .chain(scenario.findings.iter().map(String::as_str))
        .collect();
    let mut wrong: Vec<String> = codes
        .iter()
        .filter(|code| !expected.contains(*code) && !scenario.tolerate.iter().any(|t| t == *code))
        .map(|code| format!("the run's findings hold {code}, which nothing here causes"))
        .collect();
    let tolerated = |finding: &&Value| scenario.tolerate.iter().any(|code| finding["code"] == **code);
    // What may stand for `ok` is not the scenario's cause once more, but something else that came with the line.
    let groups = report["groups"].as_array().into_iter().flatten();
    let all: Vec<&Value> = groups.flat_map(|group| group["hosts"].as_array()).flatten().collect();
    let expects = |finding: &Value| {
        let ids = finding["hosts"].as_array().into_iter().flatten();
        let hosts = ids.filter_map(|id| all.iter().find(|host| host["id"] == *id));
        let names = hosts.filter_map(|host| host["host"].as_str());
        let mut expected =
            names.filter_map(|name| scenario.expect.get(name).or_else(|| scenario.expect.get("*")));
        expected.any(|e| finding["code"] == e.code.as_str())
    };
    let causes = report["findings"].as_array().into_iter().flatten();
    wrong.extend(said_twice(causes.filter(|f| !tolerated(f) || expects(f))));
    let expected_code = |finding: &&Value| expected.iter().any(|code| finding["code"] == **code);
    let causes = report["findings"].as_array().into_iter().flatten();
    let causes = causes.filter(|f| expected_code(f) || !tolerated(f)).count();
    if let Some(most) = scenario.most_causes.filter(|most| causes > *most) {
        wrong.push(format!("the run has {causes} causes, and must have {most} at the most"));
    }
    for missing in scenario.findings.iter().filter(|code| !codes.contains(code.as_str())) {
        wrong.push(format!("the run's findings lack {missing}"));
    }
    wrong
}

/// Causes that are one cause said twice: the same code, the same owner and the same box. A box is what the evidence
/// of a finding names: a proxy, a certificate, an issuer, a resolver, a filter, where a redirect leads. Causes whose
/// evidence names no box are told apart by their hosts alone. A proxy that does not answer is one thing to fix
/// whatever the code is, and so is a clock.
fn said_twice<'a>(findings: impl Iterator<Item = &'a Value>) -> Vec<String> {
    const BOXES: [&str; 7] = ["proxy", "sha256", "resolver", "filter", "icmp_from", "location", "issuer"];
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut wrong = Vec::new();
    for finding in findings {
        let (code, owner) = (text(&finding["code"]), text(&finding["owner"]));
        let evidence = &finding["evidence"];
        let of = BOXES.iter().find(|name| !evidence[**name].is_null());
        let is_dead =
            matches!(code.as_str(), "proxy/unresolved" | "proxy/refused" | "proxy/timeout" | "proxy/reset");
        let key = match of {
            Some(&"proxy") if is_dead => format!("a dead proxy {}", text(&evidence["proxy"])),
            Some(name) => {
                format!("{code} of {owner}: {name} {}, {}", text(&evidence[*name]), finding["severity"])
            }
            None if code == "device/clock" => code.clone(),
            None => continue,
        };
        if !seen.insert(key.clone()) {
            wrong.push(format!("a cause is said twice: {key}"));
        }
    }
    wrong
}

/// Things to do of the report as text that are one thing said twice: the same sentence to the same team, or the same
/// instruction.
pub fn said_twice_in_text(text: &str) -> Vec<String> {
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut wrong = Vec::new();
    for thing in things(text) {
        let whom = thing.said.split_once(':').map_or(thing.said.as_str(), |(whom, _)| whom).to_owned();
        for (kind, words) in [("sentence", &thing.said), ("instruction", &thing.to_do)] {
            if !words.is_empty() && !seen.insert((whom.clone(), words.clone())) {
                wrong.push(format!("the text has one {kind} twice, {whom}: {words}"));
            }
        }
    }
    wrong
}

/// A thing to do, as the report for a terminal has it.
#[derive(Default)]
struct ToDo {
    /// To whom, and what is wrong.
    said: String,
    /// The instruction.
    to_do: String,
}

fn things(text: &str) -> Vec<ToDo> {
    let mut all: Vec<ToDo> = Vec::new();
    let mut part = "";
    let inside = text.lines().skip_while(|l| !l.starts_with("THING")).skip(1);
    for line in inside.take_while(|l| l.is_empty() || l.starts_with(' ')) {
        let words = line.trim();
        let (label, rest) = words.split_once(' ').unwrap_or((words, ""));
        let line = if label.strip_prefix('#').is_some_and(|n| n.parse::<u32>().is_ok()) {
            all.push(ToDo::default());
            part = "said";
            rest.trim()
        } else if matches!(label, "Do" | "Seen" | "Hosts" | "Code") && line.starts_with("      ") {
            part = label;
            rest.trim()
        } else {
            words
        };
        let Some(thing) = all.last_mut() else { continue };
        let to = match part {
            "said" => &mut thing.said,
            "Do" => &mut thing.to_do,
            _ => continue,
        };
        if !to.is_empty() && !line.is_empty() {
            to.push(' ');
        }
        to.push_str(line);
    }
    all
}

/// What must hold of that, checked before a report is held against it.
pub fn self_check() -> Outcome<()> {
    let finding = |code: &str, owner: &str, evidence: Value| serde_json::json!({ "code": code, "owner": owner, "severity": "error", "evidence": evidence });
    let proxy = || serde_json::json!({ "proxy": "p:3128" });
    let thing = |n: u32, said: &str, to_do: &str| {
        format!(
            "  #{n}  For the firewall team: Packets to\n      {said} are dropped.\n      Do     Allow\n             {to_do}.\n      Seen   it\n"
        )
    };
    for (second, third, twice) in [("h2", "h3", 0), ("h1", "h3", 1), ("h1", "h1", 2)] {
        let text = format!(
            "BLOCKED\n\nTHINGS TO DO\n{}\n{}\nTESTED\n  #1  x\n",
            thing(1, "h1", "h1"),
            thing(2, second, third)
        );
        let said = said_twice_in_text(&text);
        if said.len() != twice || things(&text).iter().any(|t| t.to_do.is_empty()) {
            return Err(format!(
                "of this text it must be said {twice} times that it says a thing twice: {text}{said:?}"
            ));
        }
    }
    for (first, second, twice) in [
        (
            finding("proxy/timeout", "proxy", proxy()),
            finding("proxy/timeout", "configuration", proxy()),
            true,
        ),
        (finding("proxy/denied", "proxy", proxy()), finding("proxy/denied", "proxy", proxy()), true),
        (finding("proxy/denied", "proxy", proxy()), finding("proxy/upstream", "proxy", proxy()), false),
        (
            finding("tls/expired", "service", serde_json::json!({ "sha256": "a" })),
            finding("tls/expired", "service", serde_json::json!({ "sha256": "b" })),
            false,
        ),
        (
            finding("device/clock", "device", serde_json::json!({})),
            finding("device/clock", "device", serde_json::json!({})),
            true,
        ),
    ] {
        if said_twice([&first, &second].into_iter()).is_empty() == twice {
            return Err(format!("of {first} and {second} it must be {twice} that a cause is said twice"));
        }
    }
    Ok(())
}
