//! The scenario table and the world's hosts, read from data files and checked before anything runs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::Deserialize;

use crate::Outcome;
use crate::dns::DnsFault;
use crate::link::LinkSpec;
use crate::net::Stack;
use crate::outcome::Context;
use crate::pki::{Authority, Certificate};
use crate::server::{Answer, ServerFault, Speaks};

const WORLD: &str = include_str!("world.toml");
const SCENARIOS: &str = include_str!("scenarios.toml");

/// Every host of the world and what it answers when nothing is wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// Answers, by the name that hosts use.
    pub answer: BTreeMap<String, Answer>,
    /// The hosts.
    pub host: Vec<Host>,
}

/// One host of the world.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its answer.
    pub answer: String,
    /// Its port.
    #[serde(default = "https")]
    pub port: u16,
    /// What it speaks.
    #[serde(default)]
    pub speaks: Speaks,
    /// Its certificate when nothing is wrong.
    #[serde(default)]
    pub certificate: Certificate,
    /// An address of its own choice (a private one, say); by default it is numbered.
    #[serde(default)]
    pub address: Option<IpAddr>,
}

fn https() -> u16 {
    443
}

impl World {
    /// Reads the built-in world.
    pub fn read() -> Outcome<Self> {
        let world: Self = toml::from_str(WORLD).context("world.toml")?;
        let mut seen = BTreeSet::new();
        for host in &world.host {
            if !world.answer.contains_key(&host.answer) {
                return Err(format!(
                    "world.toml: {} answers `{}`, which is not there",
                    host.name, host.answer
                ));
            }
            if !seen.insert((&host.name, host.port)) {
                return Err(format!("world.toml: {}:{} is there twice", host.name, host.port));
            }
        }
        Ok(world)
    }

    /// The host of this name.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.host.iter().find(|host| host.name == name)
    }

    /// The addresses of a host: one of each family, or the one it chose.
    pub fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let Some(number) = self.host.iter().position(|host| host.name == name) else { return Vec::new() };
        if let Some(address) = self.host[number].address {
            return vec![address];
        }
        numbered(number)
    }
}

/// The addresses of the host with this number.
pub fn numbered(number: usize) -> Vec<IpAddr> {
    let n = u8::try_from(number + 1).unwrap();
    vec![Ipv4Addr::new(62, 10, 0, n).into(), Ipv6Addr::new(0x2a0f, 0x10, 0, 0, 0, 0, 0, u16::from(n)).into()]
}

/// One scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, unique.
    pub name: String,
    /// One sentence.
    pub about: String,
    /// The configuration, a file of `configs/` without its ending.
    #[serde(default)]
    pub config: Option<String>,
    /// More arguments of `check`.
    #[serde(default)]
    pub args: Vec<String>,
    /// Environment of the program under test.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The client's address families.
    #[serde(default)]
    pub stack: Stack,
    /// Delay and loss between the client and the firewall.
    #[serde(default)]
    pub link: Option<LinkSpec>,
    /// Which DNS server answers.
    #[serde(default)]
    pub dns: DnsServer,
    /// Milliseconds before each DNS answer.
    #[serde(default)]
    pub dns_delay_ms: u64,
    /// The authorities in the client's trust store.
    #[serde(default = "public_only")]
    pub device_trusts: Vec<Authority>,
    /// A proxy at the firewall, port 3128; the firewall then lets nothing else out.
    #[serde(default)]
    pub proxy: Option<Squid>,
    /// Hosts that a real nginx serves instead of our own server.
    #[serde(default)]
    pub nginx: Vec<String>,
    /// Hosts that speak otherwise than in the world table.
    #[serde(default)]
    pub speaks: BTreeMap<String, Speaks>,
    /// What is broken.
    #[serde(default)]
    pub fault: Vec<Fault>,
    /// What must be reported of the hosts that are not healthy; every other host must be `ok`.
    #[serde(default)]
    pub expect: BTreeMap<String, Expectation>,
    /// The run's verdict.
    pub run: String,
    /// The most that the run may take, seconds.
    #[serde(default = "default_limit")]
    pub within_s: f64,
    /// Set where the fault leaves no host healthy.
    #[serde(default)]
    pub no_healthy_host: bool,
    /// A health check of the laboratory where packets are lost: the warnings that may stand for `ok`.
    #[serde(default)]
    pub tolerate: Vec<String>,
}

fn public_only() -> Vec<Authority> {
    vec![Authority::Public]
}

fn default_limit() -> f64 {
    25.0
}

/// A DNS server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DnsServer {
    /// Our own, scripted.
    #[default]
    Scripted,
    /// A real dnsmasq.
    Dnsmasq,
}

/// How the proxy behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Squid {
    /// Every CONNECT is allowed.
    Open,
    /// Names ending in `.example` are allowed, others get 403.
    DenyOthers,
    /// 407 for everything.
    Authenticate,
}

/// One broken thing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The hosts; `*` for all.
    pub hosts: Vec<String>,
    /// At the firewall.
    #[serde(default)]
    pub firewall: Option<FirewallFault>,
    /// In the client itself.
    #[serde(default)]
    pub client: Option<ClientFault>,
    /// In the DNS answer.
    #[serde(default)]
    pub dns: Option<DnsFault>,
    /// At the server.
    #[serde(default)]
    pub server: Option<ServerFault>,
    /// In the certificate shown.
    #[serde(default)]
    pub certificate: Option<Certificate>,
}

/// What the firewall does to packets for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirewallFault {
    /// Drops them.
    Drop,
    /// Drops them on IPv6 only.
    DropIpv6,
    /// Answers with RST.
    Reset,
    /// ICMP host unreachable.
    HostUnreachable,
    /// ICMP network unreachable (IPv6: no route).
    NetUnreachable,
    /// ICMP administratively prohibited.
    Prohibited,
}

/// What the client's own system does to packets for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientFault {
    /// Refuses to send: a prohibiting route, which connect sees as EACCES.
    Denied,
    /// Has no route.
    NoRoute,
}

/// What must be reported of a host that is not healthy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The finding's code.
    pub code: String,
    /// The host's verdict.
    pub verdict: String,
    /// The finding's owner.
    pub owner: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    scenario: Vec<Scenario>,
}

impl Scenario {
    /// Reads the built-in table; an inconsistent one is refused.
    pub fn read_all(world: &World) -> Outcome<Vec<Self>> {
        let table: Table = toml::from_str(SCENARIOS).context("scenarios.toml")?;
        let mut names = BTreeSet::new();
        for scenario in &table.scenario {
            let wrong = |what: String| Err(format!("scenarios.toml: {}: {what}", scenario.name));
            if !names.insert(&scenario.name) {
                return wrong("the name is used twice".into());
            }
            if scenario.config.is_none() && scenario.args.is_empty() {
                return wrong("neither `config` nor `args`".into());
            }
            let named = scenario.fault.iter().flat_map(|f| &f.hosts);
            let mut named = named.chain(&scenario.nginx).chain(scenario.speaks.keys());
            if let Some(unknown) = named.find(|h| *h != "*" && world.host(h).is_none()) {
                return wrong(format!("{unknown} is not in world.toml"));
            }
            if scenario.fault.iter().any(|f| f.faults() != 1) {
                return wrong("each fault names exactly one thing that is broken".into());
            }
            exit_code(&scenario.run).map_err(|e| format!("scenarios.toml: {}: {e}", scenario.name))?;
        }
        Ok(table.scenario)
    }

    /// The faults of one host.
    pub fn faults_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Fault> {
        self.fault.iter().filter(move |f| f.hosts.iter().any(|h| h == "*" || h == name))
    }
}

impl Fault {
    fn faults(&self) -> usize {
        [
            self.firewall.is_some(),
            self.client.is_some(),
            self.dns.is_some(),
            self.server.is_some(),
            self.certificate.is_some(),
        ]
        .into_iter()
        .filter(|set| *set)
        .count()
    }
}

/// The exit code that a run's verdict promises.
pub fn exit_code(verdict: &str) -> Outcome<i32> {
    match verdict {
        "ready" | "degraded" => Ok(0),
        "blocked" => Ok(1),
        "unknown" => Ok(3),
        other => Err(format!("`{other}` is no verdict of a run")),
    }
}

/// A socket address on each of these addresses.
pub fn sockets(addresses: &[IpAddr], port: u16) -> Vec<SocketAddr> {
    addresses.iter().map(|&address| SocketAddr::new(address, port)).collect()
}
