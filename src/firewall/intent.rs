//! What is asked of a firewall, without any product's syntax.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use crate::contract::endpoint::authority;
use crate::contract::{Need, Network, Transport};
use crate::derive::incomplete;
use crate::derive::{HostPattern, Requirement, Requirements};
use crate::diagnose::{Code, Judgement, Verdict};
use crate::plan::Plan;
use crate::text::english::joined;

/// Which names a rule is about. Lower-case ASCII.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Names {
    /// That name only.
    Exact(String),
    /// Every name below, at any depth; not the name itself.
    Subdomains(String),
    /// The name and everything below.
    ApexAndSubdomains(String),
    /// An address literal.
    Address(IpAddr),
}

impl Names {
    /// The name without its wildcard; empty for an address.
    pub fn base(&self) -> &str {
        match self {
            Self::Exact(n) | Self::Subdomains(n) | Self::ApexAndSubdomains(n) => n,
            Self::Address(_) => "",
        }
    }

    /// The names as lists spell them where `*.` is every name below: the bare name first, then the wildcard; nothing for
    /// an address.
    pub fn spelled(&self) -> Vec<String> {
        match self {
            Self::Exact(n) => vec![n.clone()],
            Self::Subdomains(n) => vec![format!("*.{n}")],
            Self::ApexAndSubdomains(n) => vec![n.clone(), format!("*.{n}")],
            Self::Address(_) => Vec::new(),
        }
    }

    /// Whether everything `other` stands for is among these.
    pub fn covers(&self, other: &Self) -> bool {
        let below = |base: &str, name: &str| name.strip_suffix(base).is_some_and(|r| r.ends_with('.'));
        match (self, other) {
            (Self::Exact(a), Self::Exact(b)) => a == b,
            (Self::Address(a), Self::Address(b)) => a == b,
            (Self::Subdomains(a), Self::Subdomains(b)) => a == b || below(a, b),
            (Self::Subdomains(a), Self::Exact(b) | Self::ApexAndSubdomains(b)) => below(a, b),
            (
                Self::ApexAndSubdomains(a),
                Self::Exact(b) | Self::Subdomains(b) | Self::ApexAndSubdomains(b),
            ) => a == b || below(a, b),
            _ => false,
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(n) => f.write_str(n),
            Self::Subdomains(n) => write!(f, "*.{n}"),
            Self::ApexAndSubdomains(n) => write!(f, "{n} and *.{n}"),
            Self::Address(a) => write!(f, "{a}"),
        }
    }
}

/// What is known about TLS inspection of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inspection {
    /// There is no TLS to inspect.
    NoTls,
    /// Nothing was proven against it.
    NotProven,
    /// A test proved that inspection breaks it.
    MustBypass,
}

/// One thing to allow, or to exempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    /// Which names.
    pub names: Names,
    /// TCP port.
    pub port: u16,
    /// What is spoken there; gRPC over TLS counts as HTTPS, which is what a firewall sees.
    pub transport: Transport,
    /// Whether it must be exempt from TLS inspection.
    pub inspection: Inspection,
    /// Which side of the perimeter.
    pub network: Network,
    /// How badly it is needed.
    pub need: Need,
    /// The features that need it, each once, sorted.
    pub features: Vec<String>,
    /// What it is for.
    pub purpose: String,
    /// The bare name is part of the wildcard, and nothing says that it exists ([`ProbeHints::with_wildcard`]).
    ///
    /// [`ProbeHints::with_wildcard`]: crate::derive::requirement::ProbeHints::with_wildcard
    pub bare_with_wildcard: bool,
    /// Where a name and its wildcard are one rule, the two that were joined, each with a need and a purpose of its own.
    pub halves: Vec<HostRule>,
}

impl HostRule {
    /// The rule for the bare name and the one for what is below it, where this one stands for both; else itself.
    pub fn apart(&self) -> Vec<Self> {
        let Names::ApexAndSubdomains(name) = &self.names else { return vec![self.clone()] };
        let half = |names: Names| match self.halves.iter().find(|h| h.names == names) {
            Some(half) => Self { bare_with_wildcard: self.bare_with_wildcard, ..half.clone() },
            None => Self { names, halves: Vec::new(), ..self.clone() },
        };
        vec![half(Names::Exact(name.clone())), half(Names::Subdomains(name.clone()))]
    }

    /// The rule that a requirement asks for; nothing where nobody can list it.
    pub fn of(requirement: &Requirement) -> Option<Self> {
        let names = match &requirement.host {
            _ if requirement.unbounded.is_some() || requirement.port == 0 => return None,
            HostPattern::Name(n) => Names::Exact(n.clone()),
            HostPattern::Subdomains(n) => Names::Subdomains(n.clone()),
            HostPattern::Address(a) => Names::Address(*a),
            HostPattern::Any => return None,
        };
        Some(rule(names, requirement))
    }
}

impl fmt::Display for HostRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.names, self.port) {
            (names, 443) => write!(f, "{names}"),
            (Names::Address(a), port) => f.write_str(&authority(&a.to_string(), port)),
            (names, port) => write!(f, "{names}:{port}"),
        }
    }
}

/// What a list is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Hosts to let through.
    Allow,
    /// Hosts to exempt from TLS inspection.
    Inspection,
}

/// What the names of objects begin with, unless something else is asked.
pub const NAME: &str = "clearway";
/// The table of nftables, unless something else is asked.
pub const TABLE: &str = "inet filter";

/// Everything that is asked, sorted by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// What it is for.
    pub kind: Kind,
    /// What the names of all objects begin with.
    pub name: String,
    /// The table of nftables that the sets and the chain go into, such as `inet filter`.
    pub table: String,
    /// The port of a list that has room for one only.
    pub port: u16,
    /// The rules.
    pub rules: Vec<HostRule>,
    /// The mark of a list that lacks a required host, and the errors that cost it; empty for a whole one.
    pub incomplete: Vec<String>,
    /// What stands before everything else: that the rules do not cover the app, or are old.
    pub first: Vec<String>,
    /// Where it comes from, one fact a line.
    pub head: Vec<String>,
    /// What is needed but cannot be listed by anybody, each with why.
    pub unlisted: Vec<String>,
}

impl List {
    /// The allowlist that `requirements` ask for. The device itself is left out; what cannot be
    /// listed is in [`List::unlisted`]. A name that is on the list beside its own wildcard becomes
    /// one rule, and so does a wildcard with the bare name that goes with it.
    pub fn allow(requirements: &Requirements) -> Self {
        let requirements = &requirements.clone().with_bare_ssh_names();
        let mut rules: BTreeMap<(Names, u16, Transport), HostRule> = BTreeMap::new();
        let mut unlisted = Vec::new();
        for requirement in &requirements.hosts {
            if requirement.loopback || requirement.host.is_loopback() {
                continue;
            }
            let Some(rule) = HostRule::of(requirement) else {
                let what = joined(requirement.reasons.iter().map(|r| r.purpose.as_str()));
                let why = requirement.unbounded.as_deref().unwrap_or("it stands for every host");
                unlisted.push(format!("{}: {what}. {why}", requirement.host));
                continue;
            };
            add(&mut rules, rule);
        }
        join_apexes(&mut rules);
        let mut head = head(requirements);
        let internal: Vec<String> =
            rules.values().filter(|r| r.network == Network::Internal).map(HostRule::to_string).collect();
        if !internal.is_empty() {
            head.push(format!(
                "Inside your own network, so perhaps not this firewall's business: {}",
                internal.join(", ")
            ));
        }
        Self {
            kind: Kind::Allow,
            name: NAME.into(),
            table: TABLE.into(),
            port: 443,
            rules: rules.into_values().collect(),
            first: Vec::new(),
            incomplete: incomplete::marks(requirements),
            head,
            unlisted,
        }
    }

    /// A list of these rules with the rest of this one; a name beside its own wildcard becomes one rule, and a wildcard
    /// takes the bare name along that goes with it.
    pub(super) fn part(&self, rules: Vec<HostRule>) -> Self {
        let mut known = BTreeMap::new();
        for rule in rules {
            let with_bare = self.rules.iter().find(|own| {
                own.bare_with_wildcard
                    && rule.bare_with_wildcard
                    && (own.port, own.transport) == (rule.port, rule.transport)
                    && rule.names == Names::Subdomains(own.names.base().to_owned())
            });
            add(&mut known, with_bare.cloned().unwrap_or(rule));
        }
        join_apexes(&mut known);
        Self { rules: known.into_values().collect(), ..self.clone() }
    }

    /// This list and another of the same kind.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let mut rules = BTreeMap::new();
        for rule in self.rules.into_iter().chain(other.rules) {
            add(&mut rules, rule);
        }
        let mut head = self.head;
        let mut unlisted = self.unlisted;
        let mut incomplete = self.incomplete;
        incomplete.extend(other.incomplete);
        head.extend(other.head);
        unlisted.extend(other.unlisted);
        Self {
            kind: self.kind,
            name: self.name,
            table: self.table,
            port: self.port,
            rules: rules.into_values().collect(),
            first: self.first,
            incomplete,
            head,
            unlisted,
        }
    }

    /// The exemption from TLS inspection: the hosts for which the judged run proved that an
    /// inspector stands in the way. Of a wildcard only the name that was dialled was proven.
    pub fn inspection(requirements: &Requirements, plan: &Plan, judgement: &Judgement) -> Self {
        let mut rules = BTreeMap::new();
        for (target, names) in proven(plan, judgement) {
            add(&mut rules, HostRule { inspection: Inspection::MustBypass, ..rule(names, target) });
        }
        Self {
            kind: Kind::Inspection,
            name: NAME.into(),
            table: TABLE.into(),
            port: 443,
            rules: rules.into_values().collect(),
            incomplete: Vec::new(),
            first: Vec::new(),
            head: head(requirements),
            unlisted: Vec::new(),
        }
    }
}

/// The requirements for which interception was proven, each with the name that was dialled.
pub fn proven<'a>(plan: &'a Plan, judgement: &Judgement) -> Vec<(&'a Requirement, Names)> {
    let intercepted = |code: Code| matches!(code, Code::TlsIntercepted | Code::TlsInterceptedUntrusted);
    let targets: BTreeSet<u32> = judgement
        .hosts
        .iter()
        .filter(|h| matches!(h.verdict, Verdict::Blocked | Verdict::Warning))
        .filter(|h| intercepted(h.finding.code) || h.also.iter().any(|f| intercepted(f.code)))
        .map(|h| h.target)
        .collect();
    plan.targets
        .iter()
        .filter(|t| targets.contains(&t.id) && !t.requirement.loopback)
        .filter_map(|t| match t.probed.parse().ok()? {
            HostPattern::Name(n) => Some((&t.requirement, Names::Exact(n))),
            HostPattern::Address(a) => Some((&t.requirement, Names::Address(a))),
            HostPattern::Subdomains(_) | HostPattern::Any => None,
        })
        .collect()
}

fn rule(names: Names, requirement: &Requirement) -> HostRule {
    let transport = match requirement.transport {
        Transport::GrpcTls => Transport::Https,
        other => other,
    };
    let features: BTreeSet<&str> = requirement.reasons.iter().map(|r| r.feature.as_str()).collect();
    HostRule {
        names,
        port: requirement.port,
        transport,
        inspection: if transport.has_tls() { Inspection::NotProven } else { Inspection::NoTls },
        network: requirement.network,
        need: requirement.need(),
        features: features.into_iter().map(str::to_owned).collect(),
        purpose: joined(requirement.reasons.iter().map(|r| r.purpose.as_str())),
        bare_with_wildcard: requirement.hints.with_wildcard,
        halves: Vec::new(),
    }
}

/// Adds a rule, or merges it into the one for the same endpoint.
fn add(rules: &mut BTreeMap<(Names, u16, Transport), HostRule>, rule: HostRule) {
    match rules.entry((rule.names.clone(), rule.port, rule.transport)) {
        std::collections::btree_map::Entry::Vacant(slot) => {
            slot.insert(rule);
        }
        std::collections::btree_map::Entry::Occupied(mut known) => merge(known.get_mut(), &rule),
    }
}

fn merge(into: &mut HostRule, from: &HostRule) {
    into.need = into.need.max(from.need);
    into.features =
        into.features.iter().chain(&from.features).cloned().collect::<BTreeSet<_>>().into_iter().collect();
    into.purpose = joined([into.purpose.as_str(), from.purpose.as_str()]);
    if from.network == Network::Internet {
        into.network = Network::Internet;
    }
}

/// `x` and `*.x` with the same port and transport are one rule.
fn join_apexes(rules: &mut BTreeMap<(Names, u16, Transport), HostRule>) {
    let both: Vec<(String, u16, Transport)> = rules
        .keys()
        .filter_map(|(names, port, transport)| match names {
            Names::Subdomains(n) => Some((n.clone(), *port, *transport)),
            _ => None,
        })
        .filter(|(n, port, transport)| rules.contains_key(&(Names::Exact(n.clone()), *port, *transport)))
        .collect();
    for (name, port, transport) in both {
        let apex = rules.remove(&(Names::Exact(name.clone()), port, transport));
        let below = rules.remove(&(Names::Subdomains(name.clone()), port, transport));
        if let (Some(apex), Some(mut below)) = (apex, below) {
            let halves = vec![apex.clone(), below.clone()];
            if apex.bare_with_wildcard {
                below.bare_with_wildcard = true;
            } else {
                merge(&mut below, &apex);
            }
            below.names = Names::ApexAndSubdomains(name);
            below.halves = halves;
            add(rules, below);
        }
    }
}

/// Where the list comes from.
fn head(requirements: &Requirements) -> Vec<String> {
    let mut lines = Vec::new();
    for input in &requirements.inputs {
        let hash = if input.sha256.is_empty() { String::new() } else { format!(", sha256 {}", input.sha256) };
        lines.push(format!("Configuration: {} ({}{hash})", input.name, input.format));
    }
    lines.extend(requirements.without_provider().map(|note| note.text.clone()));
    lines.push(format!(
        "App {} on {}; rules of {}{}; Clearway {}",
        requirements.app_version,
        requirements.platform,
        requirements.rules_date,
        requirements.rules_age.map(|age| format!(" ({age})")).unwrap_or_default(),
        env!("CARGO_PKG_VERSION")
    ));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covering_knows_apex_depth_and_label_borders() {
        use Names::*;
        let (exact, below, tree) = (
            Exact("a.x.example".into()),
            Subdomains("x.example".into()),
            ApexAndSubdomains("x.example".into()),
        );
        assert!(below.covers(&exact) && tree.covers(&exact) && tree.covers(&below));
        assert!(!below.covers(&Exact("x.example".into())) && tree.covers(&Exact("x.example".into())));
        assert!(!below.covers(&tree) && !exact.covers(&below));
        assert!(!tree.covers(&Exact("evilx.example".into())));
        assert!(below.covers(&Subdomains("deep.er.x.example".into())));
    }
}
