//! What will be probed: requirements × route. Pure: the dry run prints it, the prober carries it
//! out, the diagnosis judges against it, and a saved report contains it.

pub mod announcement;
mod build;
pub mod bypass;
mod experiment;
pub mod inference;
pub mod pac;
mod proxy_address;
pub mod route;
pub mod trace;

use serde::{Deserialize, Serialize};

pub use announcement::{Announcement, Sent};
pub use build::{build, questions};
pub use experiment::{Changes, Experiment, FollowUp, LastStage, Purpose, ServerName, Variation};
pub use route::{BadProxy, ProxyAddress, ProxyChoice, ProxySettings};

use crate::contract::endpoint::authority;
use crate::contract::{Actor, Transport};
pub use crate::contract::{Control, Keep, Request};
use crate::derive::Requirement;

/// The way from this device to a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Route {
    /// Straight to the host.
    Direct,
    /// Through an HTTP proxy, with CONNECT. The proxy resolves the host's name.
    Proxy {
        /// Name or address of the proxy.
        host: String,
        /// Port of the proxy.
        port: u16,
        /// Whether the connection to the proxy itself is TLS.
        tls: bool,
        /// Where the setting came from, such as `egressProxyUrl`, `HTTPS_PROXY` or `--proxy`.
        origin: String,
    },
}

/// As a reader is told it: `direct`, `proxy name:8080 (where that came from)`.
impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Direct => f.write_str("direct"),
            Self::Proxy { host, port, tls, origin } => {
                let tls = if *tls { "TLS, " } else { "" };
                write!(f, "proxy {} ({tls}{origin})", authority(host, *port))
            }
        }
    }
}

/// One way that one or more actors take to the same host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// The route.
    pub route: Route,
    /// Who takes it.
    pub actors: Vec<Actor>,
}

/// Why a target is on the plan but nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skip {
    /// A wildcard whose members nobody documents.
    Wildcard,
    /// An entry that cannot be enumerated.
    Unbounded,
    /// A link-local or metadata address.
    LinkLocal,
    /// Only a browser, a sign-in broker or a remote host dials it.
    Actor,
    /// The way to it is not known here: a proxy script decides, or plain HTTP goes to a proxy.
    Route,
}

/// One host to probe, or to say why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Number of the host in this run, from 1; stable within a report.
    pub id: u32,
    /// The requirement it stands for.
    pub requirement: Requirement,
    /// The name or address literal that is dialled: the host, or the known member of a wildcard.
    /// Empty when nothing is sent.
    pub probed: String,
    /// The fingerprint the answer is held against, when one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The request, where the transport has HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// The distinct ways to it; one attempt each. Empty when nothing is sent.
    pub paths: Vec<Path>,
    /// Set when nothing is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip: Option<Skip>,
}

impl Target {
    /// Port of the endpoint.
    pub fn port(&self) -> u16 {
        self.requirement.port
    }

    /// Transport of the endpoint.
    pub fn transport(&self) -> Transport {
        self.requirement.transport
    }
}

/// Everything a run will send.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The hosts.
    pub targets: Vec<Target>,
    /// What the configuration asks for but no host stands for (an address that cannot be read), in
    /// plain words. A run with such a gap is never `ready`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
    /// What else is known about ways: nothing that the first wave sends.
    #[serde(default, skip_serializing_if = "Detours::is_empty")]
    pub detours: Detours,
}

/// Ways that are known beside those that the actors take first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detours {
    /// Every proxy that is known on this device, no matter which actor uses it. A host that fails is compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proxies: Vec<Route>,
    /// What is tried after a path's own proxy: the further entries of a proxy script's answer. The
    /// engine is handed one proxy and never falls back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<Fallback>,
    /// Targets that the system's settings exempt from their proxy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exempt: Vec<u32>,
}

/// The further ways of one path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallback {
    /// The target's `id`.
    pub target: u32,
    /// Index of the target's path.
    pub path: usize,
    /// The ways, in order.
    pub routes: Vec<Route>,
}

impl Detours {
    /// Takes over what another plan knows, and what it knows of its target `old`, which is `new` here.
    fn take(&mut self, other: &mut Self, old: u32, new: u32) {
        for route in other.proxies.drain(..) {
            if !self.proxies.contains(&route) {
                self.proxies.push(route);
            }
        }
        let of_target = other.fallbacks.iter().filter(|f| f.target == old);
        self.fallbacks.extend(of_target.map(|f| Fallback { target: new, ..f.clone() }));
        if other.exempt.contains(&old) {
            self.exempt.push(new);
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The further ways of a path, in order.
    pub fn after(&self, target: u32, path: usize) -> &[Route] {
        let found = self.fallbacks.iter().find(|f| f.target == target && f.path == path);
        found.map_or(&[], |f| f.routes.as_slice())
    }
}

impl Plan {
    /// Adds the targets of another plan, numbered on from this one's; gives their numbers.
    pub fn extend(&mut self, more: Self) -> Vec<u32> {
        let first = self.targets.iter().map(|t| t.id).max().unwrap_or(0) + 1;
        let mut ids = Vec::new();
        let mut detours = more.detours;
        for (mut target, id) in more.targets.into_iter().zip(first..) {
            self.detours.take(&mut detours, target.id, id);
            target.id = id;
            ids.push(id);
            self.targets.push(target);
        }
        self.gaps.extend(more.gaps);
        ids
    }

    /// The target with this `id`.
    pub fn target(&self, id: u32) -> Option<&Target> {
        self.targets.iter().find(|t| t.id == id)
    }

    /// The experiments of the first wave: every path of every target, once.
    pub fn first_wave(&self) -> Vec<Experiment> {
        let purpose = Purpose::First;
        self.targets
            .iter()
            .flat_map(|t| {
                (0..t.paths.len()).map(move |path| Experiment {
                    target: t.id,
                    path,
                    purpose,
                    variation: None,
                })
            })
            .collect()
    }
}
