//! The second boundary: the list that the app's own sandbox applies to what sessions do, and where
//! it disagrees with the perimeter's.

use crate::rules::word;
use serde::Serialize;

use super::address;
use super::requirement::{Note, ProbeHints, Reason, Requirement, Requirements};
use super::{Options, derive, union};
use crate::config::{Configuration, Lint, Value};
use crate::contract::HostPattern;
use crate::contract::ids::Feature;
use crate::contract::{Actor, Confidence, Need, Network, Platform, Severity, Transport};
use crate::rules::Pack;
use crate::rules::networks::Networks;
use crate::rules::sandbox::{EntryRule, SandboxRules, Surface, When};

/// The sandbox's list.
#[derive(Debug, Clone, PartialEq)]
pub struct Sandbox {
    /// The entries, as endpoints; port 0 is every port. Notes and lint are about this list.
    pub list: Requirements,
    /// The list is switched off: everything is allowed.
    pub unrestricted: bool,
    /// What the list governs.
    pub surfaces: Vec<Surface>,
    /// Allowed in the sandbox, not on the perimeter list.
    pub sandbox_only: Vec<Disagreement>,
    /// On the perimeter list, refused in the sandbox.
    pub perimeter_only: Vec<Disagreement>,
}

/// A host that one boundary allows and the other does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The entry.
    pub host: HostPattern,
    /// Its port; 0 for every port.
    pub port: u16,
    /// The features that put it on the list that has it.
    pub features: Vec<String>,
}

/// Computes the list of `configurations`. `perimeter` is the list it is compared with.
pub fn sandbox(
    pack: &Pack,
    rules: &SandboxRules,
    configurations: &[Configuration],
    options: &Options,
    perimeter: &Requirements,
) -> Sandbox {
    // Filters are about what is shown of the perimeter; what the app adds does not depend on them.
    let open = Options {
        features: Vec::new(),
        needs: Vec::new(),
        confidence: Confidence::Inferred,
        ..options.clone()
    };
    let strict = Options { minimal: true, ..open.clone() };
    let mut lists: Vec<Requirements> = Vec::new();
    let mut facts = Found::default();
    for configuration in configurations {
        let one = std::slice::from_ref(configuration);
        let (all, needed) = (derive(pack, one, &open), derive(pack, one, &strict));
        let mut hosts: Vec<Requirement> = Vec::new();
        for entry in &rules.entries {
            if entry.automatic {
                let from = if entry.needed_only || options.minimal { &needed } else { &all };
                automatic(entry, from, &mut hosts);
            } else {
                facts.take(configured(pack, rules, entry, configuration, &mut hosts));
            }
        }
        hosts.retain(|h| h.reasons.iter().any(|r| r.confidence <= options.confidence));
        hosts.sort_by(|a, b| (&a.host, a.port, a.transport).cmp(&(&b.host, b.port, b.transport)));
        lists.push(Requirements { hosts, notes: Vec::new(), ..all });
    }
    let mut list = union(lists).unwrap_or_else(|| derive(pack, &[], &open));
    list.notes.clear();
    remarks(rules, &facts, &mut list);
    let unrestricted = facts.any;
    let (sandbox_only, perimeter_only) = disagreements(&list, perimeter, unrestricted);
    Sandbox { list, unrestricted, surfaces: rules.surfaces.clone(), sandbox_only, perimeter_only }
}

/// What the entries of the key were like.
#[derive(Debug, Default)]
struct Found {
    any: bool,
    unset: bool,
    private: bool,
    port: bool,
    portless: bool,
}

impl Found {
    fn take(&mut self, more: Self) {
        self.any |= more.any;
        self.unset |= more.unset;
        self.private |= more.private;
        self.port |= more.port;
        self.portless |= more.portless;
    }
}

/// Entries that the app adds: the hosts of rules of the perimeter.
fn automatic(entry: &EntryRule, from: &Requirements, hosts: &mut Vec<Requirement>) {
    for host in &from.hosts {
        let Some(reason) = host.reasons.iter().find(|r| word::has(&entry.of_rules, &r.rule)) else {
            continue;
        };
        let reason = Reason {
            rule: entry.id.to_string(),
            feature: Feature::SANDBOX.into(),
            purpose: entry.purpose.to_string(),
            confidence: entry.confidence.max(reason.confidence),
            source: word::texts(&entry.sources),
            ..reason.clone()
        };
        add(hosts, Requirement { reasons: vec![reason], hints: ProbeHints::default(), ..host.clone() });
    }
}

/// Entries of the key; those that the grammar does not allow are dropped one by one (the list's lint
/// names them).
fn configured(
    pack: &Pack,
    rules: &SandboxRules,
    entry: &EntryRule,
    configuration: &Configuration,
    hosts: &mut Vec<Requirement>,
) -> Found {
    let mut found = Found::default();
    let items = match configuration.get(&rules.key) {
        Some(Value::List(items)) => items.as_slice(),
        // An unreadable value counts as an empty list.
        _ => &[],
    };
    found.unset = items.is_empty();
    for text in items.iter().filter_map(Value::as_str) {
        let Ok((host, port)) = address::of_pattern(text, &pack.networks) else { continue };
        if pack.networks.is_metadata(&host) {
            continue;
        }
        found.any |= host == HostPattern::Any;
        found.private |= is_private(&host, &pack.networks);
        found.port |= port.is_some();
        found.portless |= port.is_none() && host != HostPattern::Any;
        let unbounded = (host == HostPattern::Any).then(|| format!("{} holds *: any host", rules.key));
        let reason = Reason {
            rule: entry.id.to_string(),
            feature: Feature::SANDBOX.into(),
            need: Need::Feature,
            actors: vec![Actor::App, Actor::Engine, Actor::Vm],
            purpose: entry.purpose.to_string(),
            breaks: "sessions cannot reach this host".into(),
            sends: pack
                .feature(Feature::SANDBOX.as_str())
                .map(|f| f.sends.clone())
                .unwrap_or_default()
                .into(),
            confidence: entry.confidence,
            keys: vec![rules.key.to_string()],
            removed_by: Some(format!("{} without this entry", rules.key)),
            config: None,
            source: word::texts(&entry.sources),
            since: None,
            until: None,
        };
        let internal = pack.networks.is_internal(&host);
        add(
            hosts,
            Requirement {
                loopback: host.is_loopback(),
                network: if internal { Network::Internal } else { Network::Internet },
                host,
                port: port.unwrap_or(0),
                transport: Transport::Https,
                unbounded,
                hints: ProbeHints { customer: true, ..ProbeHints::default() },
                reasons: vec![reason],
            },
        );
    }
    found
}

fn is_private(host: &HostPattern, networks: &Networks) -> bool {
    host.is_loopback() || matches!(host, HostPattern::Address(_)) && networks.is_internal(host)
}

fn add(hosts: &mut Vec<Requirement>, new: Requirement) {
    let same =
        |h: &&mut Requirement| h.host == new.host && h.port == new.port && h.transport == new.transport;
    match hosts.iter_mut().find(same) {
        Some(there) => {
            for reason in new.reasons {
                if !there.reasons.contains(&reason) {
                    there.reasons.push(reason);
                }
            }
        }
        None => hosts.push(new),
    }
}

fn remarks(rules: &SandboxRules, found: &Found, list: &mut Requirements) {
    for remark in &rules.remarks {
        let holds = match remark.when {
            When::Always => true,
            When::Unset => found.unset && !found.any,
            When::Any => found.any,
            When::Private => found.private,
            When::Linux => list.platform == Platform::Linux,
        };
        if holds {
            list.notes.push(Note {
                id: "sandbox".into(),
                text: remark.text.to_string(),
                keys: vec![rules.key.to_string()],
            });
        }
    }
    if found.portless {
        let text =
            "An entry without a port allows every port in the sandbox; the perimeter list opens 443 for it.";
        list.notes.push(Note { id: "sandbox".into(), text: text.into(), keys: vec![rules.key.to_string()] });
    }
    if !found.port {
        return;
    }
    let ports = &rules.ports;
    let text = if list.app_version < ports.web_fetch {
        &ports.before_web_fetch
    } else if list.app_version < ports.shell {
        &ports.before_shell
    } else {
        let note = Note {
            id: "sandbox".into(),
            text: ports.since_shell.to_string(),
            keys: vec![rules.key.to_string()],
        };
        return list.notes.push(note);
    };
    list.lint.push(Lint {
        id: "sandbox-port".into(),
        severity: Severity::Warning,
        message: format!("{}: {text}", rules.key),
        key: Some(rules.key.to_string()),
        origin: None,
    });
}

/// What one boundary allows and the other does not.
fn disagreements(
    sandbox: &Requirements,
    perimeter: &Requirements,
    unrestricted: bool,
) -> (Vec<Disagreement>, Vec<Disagreement>) {
    let listed = |r: &&Requirement| !r.loopback && r.unbounded.is_none() && r.host != HostPattern::Any;
    let one = |r: &Requirement| {
        let mut features: Vec<String> = Vec::new();
        for reason in &r.reasons {
            if !features.contains(&reason.feature) {
                features.push(reason.feature.clone());
            }
        }
        Disagreement { host: r.host.clone(), port: r.port, features }
    };
    let inside = sandbox.hosts.iter().filter(listed).filter(|s| !allows(perimeter, s)).map(one).collect();
    let outside = if unrestricted {
        Vec::new()
    } else {
        perimeter.hosts.iter().filter(listed).filter(|p| !allows(sandbox, p)).map(one).collect()
    };
    (inside, outside)
}

/// Whether a list allows an endpoint. Port 0 on either side is every port, and then the usual one
/// is what is compared.
fn allows(list: &Requirements, wanted: &Requirement) -> bool {
    list.hosts.iter().any(|entry| {
        let covered = entry.host == wanted.host
            || match &wanted.host {
                HostPattern::Name(name) => entry.host.covers(name),
                HostPattern::Subdomains(suffix) => {
                    matches!(entry.host, HostPattern::Subdomains(_)) && entry.host.covers(suffix)
                }
                HostPattern::Address(_) | HostPattern::Any => false,
            };
        let port = |p: u16| if p == 0 { 443 } else { p };
        covered && entry.unbounded.is_none() && (entry.port == 0 || port(entry.port) == port(wanted.port))
    })
}
