//! The scenario table and the world's hosts, read from data files and checked before anything runs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::Deserialize;

use crate::Outcome;
use crate::capture::Capture;
use crate::dns::{DnsFault, OverLimit};
use crate::link::LinkSpec;
use crate::middlebox::{Does, Filter};
use crate::net::Stack;
use crate::outcome::Context;
use crate::pki::{Authority, Certificate};
use crate::providers::FaultTable;
use crate::real::Real;
use crate::server::{Answer, ServerFault, Speaks};
use crate::told::Told;
use crate::tunnels::Tunnels;

const WORLD: &str = include_str!("../world.toml");
const SCENARIOS: &str = include_str!("../scenarios.toml");
const REAL: &str = include_str!("../real.toml");
const NETWORKS: &str = include_str!("../networks.toml");
const NEIGHBOURS: &str = include_str!("../neighbours.toml");
const CAPTURES: &str = include_str!("../captures.toml");
const WINDOWS: &str = include_str!("../windows.toml");

/// Every public host and what it answers when nothing is wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// Answers, by the name that hosts use.
    pub answer: BTreeMap<String, Answer>,
    /// The hosts.
    pub host: Vec<Host>,
}

/// One public host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its answer.
    pub answer: String,
    /// Its answers to other requests; these are looked at first.
    #[serde(default)]
    pub more: Vec<String>,
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
            let mut answers = host.more.iter().chain([&host.answer]);
            if let Some(unknown) = answers.find(|answer| !world.answer.contains_key(*answer)) {
                return Err(format!("world.toml: {} answers `{unknown}`, which is not there", host.name));
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
    /// Further routers between the client and the firewall, which the link and its boxes stand directly before.
    #[serde(default)]
    pub routers: u8,
    /// Which DNS server answers.
    #[serde(default)]
    pub dns: DnsServer,
    /// The servers in the client's resolver configuration, in their order.
    #[serde(default = "company_resolver")]
    pub resolvers: Vec<Resolver>,
    /// Hosts that are somewhere else than in the world table.
    #[serde(default)]
    pub addresses: BTreeMap<String, Vec<IpAddr>>,
    /// DNS64 with this prefix of 96 bits: every IPv6 address is an IPv4 address behind a NAT64.
    #[serde(default)]
    pub nat64: Option<Ipv6Addr>,
    /// Milliseconds before each DNS answer.
    #[serde(default)]
    pub dns_delay_ms: u64,
    /// Questions a second that the DNS server answers a client.
    #[serde(default)]
    pub dns_limit: Option<u32>,
    /// What it says to those that are more; nothing where it drops them.
    #[serde(default)]
    pub dns_over_limit: Option<OverLimit>,
    /// TCP port 53 is closed: the firewall drops it.
    #[serde(default)]
    pub no_dns_over_tcp: bool,
    /// The firewall resets such connections, and does not drop them.
    #[serde(default)]
    pub dns_over_tcp_reset: bool,
    /// New connections a second to the proxy that a firewall before it lets through.
    #[serde(default)]
    pub proxy_connection_limit: Option<u32>,
    /// New connections a second that the firewall lets through.
    #[serde(default)]
    pub connection_limit: Option<u32>,
    /// What it does to those that are more.
    #[serde(default)]
    pub connections_over_limit: ConnectionsOver,
    /// Addresses whose packets the firewall drops.
    #[serde(default)]
    pub dropped: Vec<IpAddr>,
    /// Addresses whose connections the firewall resets.
    #[serde(default)]
    pub refused: Vec<IpAddr>,
    /// Addresses whose connections a box resets at the first large packet of the client, its ClientHello.
    #[serde(default)]
    pub reset_at_hello: Vec<IpAddr>,
    /// What the network's sign-in page says, in place of a redirect to it.
    #[serde(default)]
    pub portal_says: Option<Answer>,
    /// The client's hosts file, beside localhost.
    #[serde(default)]
    pub hosts_file: BTreeMap<String, IpAddr>,
    /// A proxy of our own at the firewall, port 3128, with a limit or a delay; the only way out.
    #[serde(default)]
    pub tunnels: Option<Tunnels>,
    /// The authorities in the client's trust store.
    #[serde(default = "public_only")]
    pub device_trusts: Vec<Authority>,
    /// A proxy at the firewall, port 3128; the firewall then lets nothing else out.
    #[serde(default)]
    pub proxy: Option<Squid>,
    /// Hosts that the firewall lets out past the proxy.
    #[serde(default)]
    pub past_proxy: Vec<String>,
    /// A real mitmproxy at the firewall.
    #[serde(default)]
    pub mitmproxy: Option<Mitmproxy>,
    /// A network that wants a sign-in: plain HTTP is answered with a redirect to its page.
    #[serde(default)]
    pub portal: Option<Portal>,
    /// A program on the client that accepts every connection itself and then makes its own.
    #[serde(default)]
    pub acceptor: Option<Acceptor>,
    /// The client's clock, as an offset like `+100d` or `-10m`.
    #[serde(default)]
    pub clock: Option<String>,
    /// Hosts that a real nginx serves instead of our own server.
    #[serde(default)]
    pub nginx: Vec<String>,
    /// Real servers in place of the laboratory's own, with nginx in front.
    #[serde(default)]
    pub real: Vec<Real>,
    /// Further runs against what stands, one after another; what is broken stays broken.
    #[serde(default)]
    pub then: Vec<Self>,
    /// What the evidence of a host's finding must hold: the beginning of each fact, as text. An empty
    /// table: the host must be in the report.
    #[serde(default)]
    pub evidence: BTreeMap<String, BTreeMap<String, String>>,
    /// Hosts that speak otherwise than in the world table.
    #[serde(default)]
    pub speaks: BTreeMap<String, Speaks>,
    /// What is broken.
    #[serde(default)]
    pub fault: Vec<Fault>,
    /// What must be reported of the hosts that are not healthy; every other host must be `ok`.
    #[serde(default)]
    pub expect: BTreeMap<String, Expectation>,
    /// Codes among the run's own findings that belong to no host.
    #[serde(default)]
    pub findings: Vec<String>,
    /// The most causes that the run may have.
    #[serde(default)]
    pub most_causes: Option<usize>,
    /// The run's verdict.
    pub run: String,
    /// The most that the run may take, seconds.
    #[serde(default = "default_limit")]
    pub within_s: f64,
    /// What a repeated check (`--watch` among `args`) must tell of hosts that change, as their codes one after another; of
    /// all others it must tell that they work, once.
    #[serde(default)]
    pub watched: BTreeMap<String, Vec<String>>,
    /// Set where the fault leaves no host healthy.
    #[serde(default)]
    pub no_healthy_host: bool,
    /// A health check of the laboratory where packets are lost: the warnings that may stand for `ok`.
    #[serde(default)]
    pub tolerate: Vec<String>,
    /// Healthy hosts that the run had no time for may be untested.
    #[serde(default)]
    pub may_be_late: bool,
    /// Left out where packets are lost, and why: what it measures needs a steady network.
    #[serde(default)]
    pub needs_steady_network: Option<String>,
    /// A configuration of its own, in place of a file; `{folder}` stands for the scenario's folder.
    #[serde(default)]
    pub configuration: Option<toml::Table>,
    /// Files that the configuration names, by their path in the scenario's folder.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Answers that hosts give before any of their own; `*` for every host that speaks TLS.
    #[serde(default)]
    pub answers: BTreeMap<String, Vec<Answer>>,
    /// The forty hosts of `networks.toml` are named on the command line.
    #[serde(default)]
    pub forty: bool,
    /// The client's search domains.
    #[serde(default)]
    pub search: Vec<String>,
    /// Names of no host of the world, and their addresses.
    #[serde(default)]
    pub names: BTreeMap<String, Vec<IpAddr>>,
    /// TCP ports of the firewall itself whose packets it drops.
    #[serde(default)]
    pub dropped_ports: Vec<u16>,
    /// Whether a credential must have reached a server, or must not have.
    #[serde(default)]
    pub credential_arrives: Option<bool>,
    /// What the report must say, word for word, anywhere in it.
    #[serde(default)]
    pub says: Vec<String>,
    /// What standard error must say.
    #[serde(default)]
    pub aside: Vec<String>,
    /// What rotel must have decoded of what arrived, as it prints it; a word with `!` before it must not be there.
    #[serde(default)]
    pub collected: Vec<String>,
    /// Nearly all of its time is silence, so it is played beside the others.
    #[serde(default)]
    pub sleeps: bool,
    /// Every packet is recorded, and shows where the credential went.
    #[serde(default)]
    pub capture: Option<Capture>,
    /// What the registry of a Windows device holds, as lines of a `.reg` file.
    #[serde(default)]
    pub registry: Option<String>,
    /// What `clearway device` must find there and `check` must name beside the run: errors and warnings, the worst first.
    #[serde(default)]
    pub on_device: Option<Vec<String>>,
}

/// What is played with the Windows program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Windows {
    /// Names of scenarios of the other files.
    played: BTreeSet<String>,
    /// The few of all these that show in little time that the program works.
    smoke: BTreeSet<String>,
    /// Scenarios that are for Windows alone.
    scenario: Vec<Scenario>,
    /// Runs of the Windows program that need no network.
    told: Vec<Told>,
}

/// The runs of `windows.toml` that need no network, by unique names.
pub fn read_told() -> Outcome<Vec<Told>> {
    let Windows { told, .. } = toml::from_str(WINDOWS).context("windows.toml")?;
    let names: BTreeSet<&String> = told.iter().map(|told| &told.name).collect();
    if names.len() < told.len() {
        return Err("windows.toml: a name of [[told]] is used twice".to_owned());
    }
    Ok(told)
}

fn company_resolver() -> Vec<Resolver> {
    vec![Resolver::Company]
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

/// What a firewall does to new connections that are too many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionsOver {
    /// Drops them.
    #[default]
    Drop,
    /// Answers with RST.
    Reset,
    /// Answers with ICMP, administratively prohibited, as often as the kernel sends such messages.
    Prohibited,
    /// Drops them, and every new connection of that client for six seconds.
    ShutOut,
}

/// A resolver of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolver {
    /// Knows every name.
    Company,
    /// Knows the public names only.
    Public,
    /// Never answers.
    Dead,
    /// Refuses every question.
    Refusing,
    /// Fails for every question.
    Failing,
}

/// A real mitmproxy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mitmproxy {
    /// Where it sits.
    pub mode: MitmMode,
    /// Whether the client trusts its authority.
    pub trusted: bool,
    /// The hosts whose connections it takes in transparent mode.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// Where mitmproxy sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MitmMode {
    /// In the path.
    Transparent,
    /// As a proxy on port 3128, the only way out.
    Explicit,
}

/// What a network that wants a sign-in does to TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Portal {
    /// RST.
    Reset,
    /// Drops it.
    Drop,
    /// Answers with the portal's own certificate.
    Answer,
}

/// What a program that accepts every connection does when the real one cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acceptor {
    /// Closes the one it accepted.
    Close,
    /// Leaves it open, silent.
    Hold,
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
    /// 407 for downloads.claude.ai alone.
    AuthenticateVendor,
    /// CONNECT to port 443 only, as squid's own example configuration has it.
    Port443,
    /// Spoken to over TLS, with a certificate of the customer's own authority; every CONNECT is allowed.
    Tls,
    /// The same with a certificate that has ended.
    TlsExpired,
    /// Accepts connections and resets them after the request.
    Resets,
    /// Answers no connection.
    Dropped,
    /// Accepts connections and never answers.
    Silent,
}

/// One broken thing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The hosts; `*` for all.
    pub hosts: Vec<String>,
    /// Seconds from the start of the program under test to those of the fault; without it, it is there from the beginning.
    /// For faults at the firewall.
    #[serde(default)]
    pub from_s: Option<f64>,
    /// Seconds from that start to the end of a fault that has `from_s`.
    #[serde(default)]
    pub until_s: Option<f64>,
    /// At the firewall.
    #[serde(default)]
    pub firewall: Option<FirewallFault>,
    /// In a box that looks into packets.
    #[serde(default)]
    pub middlebox: Option<Does>,
    /// The resolver gives these addresses instead; nothing listens there.
    #[serde(default)]
    pub resolves_to: Option<Vec<IpAddr>>,
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
    /// ICMP communication administratively prohibited (code 13; IPv6 code 1).
    Prohibited,
    /// ICMP network administratively prohibited (code 9; IPv6: failed policy, code 5).
    NetProhibited,
    /// ICMP host administratively prohibited (code 10; IPv6 code 1).
    HostProhibited,
    /// ICMP port unreachable.
    PortUnreachable,
    /// Drops the answers.
    DropAnswers,
    /// A path of 1280 bytes, with the ICMP message that says so.
    SmallPath,
}

/// What the client's own system does to packets for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientFault {
    /// Refuses to send: a prohibiting route, which connect sees as EACCES.
    Denied,
    /// Has no route.
    NoRoute,
    /// Rejects with ICMP, as a rule of its own firewall.
    Rejected,
    /// The same, of IPv6 alone.
    #[serde(rename = "rejected-ipv6")]
    RejectedIpv6,
    /// The same, of IPv4 alone.
    #[serde(rename = "rejected-ipv4")]
    RejectedIpv4,
    /// Resets connections, as a rule of its own firewall.
    Reset,
}

/// What must be reported of a host that is not healthy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The finding's code.
    pub code: String,
    /// The host's verdict.
    pub verdict: String,
    /// The finding's owner.
    pub owner: String,
    /// The finding's confidence, where the scenario fixes it.
    #[serde(default)]
    pub confidence: Option<String>,
    /// The verdicts for actors, where the scenario fixes them.
    #[serde(default)]
    pub actors: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    scenario: Vec<Scenario>,
    /// Hosts of many operators, for [`Scenario::forty`].
    #[serde(default)]
    forty: Vec<String>,
}

impl Scenario {
    /// Reads the built-in table; an inconsistent one is refused.
    pub fn read_all(world: &World) -> Outcome<Vec<Self>> {
        let mut all = Self::read_every(world)?;
        all.retain(|scenario| scenario.registry.is_none());
        Ok(all)
    }

    /// The scenarios that are played with the Windows program, or the few of them that show in little time that it works.
    pub fn read_windows(world: &World, smoke: bool) -> Outcome<Vec<Self>> {
        let Windows { played, smoke: few, scenario, .. } = toml::from_str(WINDOWS).context("windows.toml")?;
        let mut all = Self::read_every(world)?;
        let known = |name: &String| all.iter().any(|scenario| scenario.name == *name);
        if let Some(name) = played.iter().chain(&few).find(|name| !known(name)) {
            return Err(format!("windows.toml: no scenario {name}"));
        }
        let own: BTreeSet<&String> = scenario.iter().map(|scenario| &scenario.name).collect();
        all.retain(|s| {
            (played.contains(&s.name) || own.contains(&s.name)) && (!smoke || few.contains(&s.name))
        });
        Ok(all)
    }

    /// Reads everything.
    fn read_every(world: &World) -> Outcome<Vec<Self>> {
        let mut table: Table = toml::from_str(SCENARIOS).context("scenarios.toml")?;
        let networks: Table = toml::from_str(NETWORKS).context("networks.toml")?;
        table.scenario.extend(networks.scenario);
        table.scenario.extend(toml::from_str::<Table>(NEIGHBOURS).context("neighbours.toml")?.scenario);
        for scenario in table.scenario.iter_mut().filter(|s| s.forty) {
            scenario.args.extend(networks.forty.iter().flat_map(|host| ["--host".to_owned(), host.clone()]));
        }
        table.scenario.extend(FaultTable::read()?.scenarios()?);
        table.scenario.extend(toml::from_str::<Table>(REAL).context("real.toml")?.scenario);
        table.scenario.extend(toml::from_str::<Table>(CAPTURES).context("captures.toml")?.scenario);
        let windows: Windows = toml::from_str(WINDOWS).context("windows.toml")?;
        if let Some(scenario) = windows.scenario.iter().find(|scenario| scenario.registry.is_none()) {
            return Err(format!("windows.toml: {}: no `registry`, so it is for every system", scenario.name));
        }
        table.scenario.extend(windows.scenario);
        let mut names = BTreeSet::new();
        for scenario in &table.scenario {
            let wrong = |what: String| Err(format!("scenarios.toml: {}: {what}", scenario.name));
            if !names.insert(&scenario.name) {
                return wrong("the name is used twice".into());
            }
            let nothing =
                scenario.config.is_none() && scenario.configuration.is_none() && scenario.args.is_empty();
            if nothing && scenario.registry.is_none() {
                return wrong("neither `config` nor `args`".into());
            }
            let named = scenario.fault.iter().flat_map(|f| &f.hosts);
            let named = named.chain(scenario.mitmproxy.iter().flat_map(|m| &m.hosts));
            let named = named.chain(&scenario.past_proxy);
            let named = named.chain(scenario.addresses.keys()).chain(&scenario.nginx);
            let mut named = named.chain(scenario.speaks.keys()).chain(scenario.answers.keys());
            if let Some(unknown) = named.find(|h| *h != "*" && world.host(h).is_none()) {
                return wrong(format!("{unknown} is not in world.toml"));
            }
            if scenario.fault.iter().any(|f| f.faults() != 1) {
                return wrong("each fault names exactly one thing that is broken".into());
            }
            let in_time = |f: &Fault| match (f.from_s, f.until_s) {
                (None, None) => true,
                (Some(from), None) => f.firewall.is_some() && from >= 0.0,
                (Some(from), Some(until)) => f.firewall.is_some() && from >= 0.0 && from < until,
                (None, Some(_)) => false,
            };
            if !scenario.fault.iter().all(in_time) {
                return wrong(
                    "`from_s` and, behind it, `until_s` are times of a fault at the firewall".into(),
                );
            }
            let repeats = scenario.args.iter().any(|a| a == "--watch" || a.starts_with("--watch="));
            if repeats == scenario.watched.is_empty() {
                return wrong("`--watch` and `watched` belong together".into());
            }
            exit_code(&scenario.run).map_err(|e| format!("scenarios.toml: {}: {e}", scenario.name))?;
        }
        Ok(table.scenario)
    }

    /// The addresses of a host in this scenario.
    pub fn addresses(&self, world: &World, name: &str) -> Vec<IpAddr> {
        if let Some(chosen) = self.addresses.get(name) {
            return chosen.clone();
        }
        let mut addresses = world.addresses(name);
        if let Some(prefix) = self.nat64
            && !addresses.iter().any(IpAddr::is_loopback)
        {
            addresses.retain(IpAddr::is_ipv4);
            let behind: Vec<IpAddr> = addresses.iter().filter_map(|a| synthesised(prefix, *a)).collect();
            addresses.extend(behind);
        }
        addresses
    }

    /// What the box in the link does; nothing when there is none.
    pub fn filters(&self, world: &World) -> Vec<Filter> {
        let filter = |fault: &Fault| {
            let all = fault.hosts.iter().any(|host| host == "*");
            let names = if all { Vec::new() } else { fault.hosts.clone() };
            let to = names.iter().flat_map(|name| self.addresses(world, name)).collect();
            Some(Filter { to, names, does: fault.middlebox? })
        };
        self.fault.iter().filter_map(filter).collect()
    }

    /// The link of this scenario, the box in it included; none where neither is asked for.
    pub fn link(&self, world: &World) -> Option<LinkSpec> {
        let filters = self.filters(world);
        if self.link.is_none() && filters.is_empty() {
            return None;
        }
        Some(LinkSpec { filters, ..self.link.clone().unwrap_or_default() })
    }

    /// The answers that a host gives before any of its own.
    pub fn answers_of(&self, host: &Host) -> impl Iterator<Item = &Answer> {
        let all = self.answers.get("*").filter(|_| host.speaks.is_tls());
        self.answers.get(&host.name).or(all).into_iter().flatten()
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
            self.middlebox.is_some(),
            self.resolves_to.is_some(),
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

/// An IPv4 address as DNS64 writes it (RFC 6052, a prefix of 96 bits).
fn synthesised(prefix: Ipv6Addr, address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V4(v4) = address else { return None };
    Some(Ipv6Addr::from_bits(prefix.to_bits() | u128::from(v4.to_bits())).into())
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
