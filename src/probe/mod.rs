//! All network I/O: carries out a plan and records what it saw. Holds no opinions.
//!
//! One attempt is one walk down the ladder DNS, TCP, proxy, TLS, HTTP on one connection, each
//! stage driven by itself and given the same budget. From half of a stage on, a second socket
//! tries the same, so a lost packet is no block and a block costs one budget.
//!
//! Nothing is sent but what the plan and its follow-ups name: no credential, no redirect. A session
//! that a server opens for a request is closed again. Only
//! [`Prober::call`] sends a credential, and only onto a connection that has earned it (`calls`).
//!
//! The operating system's name lookup cannot be stopped: a runtime that ran a [`Prober`] must be
//! shut down with `Runtime::shutdown_background`, or it waits for lookups that hang.

mod attempt;
mod banner;
mod body;
mod certificate;
mod collector;
mod dns;
pub mod environment;
mod errno;
mod fetch;
mod headers;
mod hedge;
mod http;
#[cfg(target_os = "linux")]
mod icmp;
mod inference;
mod lane;
mod later;
mod metered;
mod pac;
mod proxy;
mod query;
#[doc(hidden)]
pub mod readers;
mod record;
mod sanitise;
mod schedule;
mod signatures;
pub mod system;
mod tcp;
mod tls;
mod trace;
mod trust;
mod verifier;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use tokio::time::Instant;

use crate::contract::EngineStore;
use crate::observation::Device;
use crate::rules::Rules;
use crate::rules::headers::Headers;
use crate::rules::word;

pub use collector::BUDGET;
pub use environment::{ProxyVariable, ProxyVariables, proxy_variables};
pub use inference::CallSettings;
pub use pac::Fetched;
pub use schedule::when_interrupted;
pub use trust::{PemError, read_pem};

/// How this program names itself to servers and proxies.
pub const USER_AGENT: &str = concat!("clearway/", env!("CARGO_PKG_VERSION"));

/// How a run probes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Budget of one stage of one attempt.
    pub stage_timeout: Duration,
    /// Attempts at a time; 0 counts as 1.
    pub concurrency: usize,
    /// Ask this DNS server instead of the operating system.
    pub resolver: Option<SocketAddr>,
    /// Ask this server too, as a second opinion whose addresses are not dialled.
    pub compare_dns: Option<SocketAddr>,
    /// Take these as the public roots instead of the bundled ones.
    pub public_roots: Option<Vec<CertificateDer<'static>>>,
    /// Judge as if the device trusted these too.
    pub device_ca: Vec<CertificateDer<'static>>,
    /// Environment variables that change what the engine trusts in a way that is not tested here.
    pub engine_doubts: Vec<String>,
    /// Addresses that nothing is sent to, beside every link-local one: metadata services of cloud
    /// machines answer with credentials.
    pub never: Vec<IpAddr>,
    /// Which response headers are kept with their values.
    pub headers: Arc<Headers>,
}

impl Settings {
    /// What the rules in use say of probing, with the default budgets.
    pub fn of(rules: &Rules) -> Self {
        Self {
            stage_timeout: Duration::from_secs(4),
            concurrency: 64,
            resolver: None,
            compare_dns: None,
            public_roots: None,
            device_ca: Vec::new(),
            engine_doubts: word::texts(rules.services.trust().doubts()),
            never: rules.pack.networks.metadata_addresses(),
            headers: Arc::clone(&rules.headers),
        }
    }
}

/// Why a prober could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// A certificate named on the command line cannot be a trust anchor.
    #[error("a certificate given as a trust anchor cannot be used: {0}; give the authority's certificate")]
    Certificate(rustls::Error),
    /// The TLS library refused its own settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}

/// Is told how far a wave has come.
pub trait Progress {
    /// So many attempts will be made.
    fn planned(&self, attempts: usize);
    /// So many are done; the last one was about `host`.
    fn finished(&self, done: usize, host: &str);
}

/// A [`Progress`] that says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn planned(&self, _attempts: usize) {}
    fn finished(&self, _done: usize, _host: &str) {}
}

/// What every attempt of a run shares.
struct Shared {
    settings: Settings,
    origin: Instant,
    servers: Arc<[SocketAddr]>,
    client: tls::Client,
    stock: trust::Stock,
    /// Documents whose values must not be recorded, by host and port.
    secrets: Secrets,
}

impl Shared {
    /// Begins to prepare what a handshake needs, if that has not begun. Does not wait.
    fn prepare(&self) {
        self.client.begin();
        self.stock.begin();
    }
}

/// Documents by the target and the path they came over.
type Secrets = Mutex<BTreeMap<(u32, usize), Vec<u8>>>;

/// Carries out plans from this device.
pub struct Prober {
    shared: Arc<Shared>,
    clock: i64,
    sources: (Option<IpAddr>, Option<IpAddr>),
}

impl Prober {
    /// Gets ready: the run's clock starts here. Trust stores and random generator are prepared on threads of their
    /// own while the first names are looked up, or when a handshake asks for them.
    ///
    /// # Errors
    /// When a given certificate cannot be a trust anchor.
    pub fn new(settings: Settings) -> Result<Self, ProbeError> {
        let origin = Instant::now();
        let mut check = RootCertStore::empty();
        for anchor in settings.device_ca.iter().chain(settings.public_roots.iter().flatten()) {
            check.add(anchor.clone()).map_err(ProbeError::Certificate)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client = tls::Client::new(provider)?;
        let (extra, public) = (settings.device_ca.clone(), settings.public_roots.clone());
        let provider = Arc::new(signatures::provider());
        let stock = trust::Stock::new(provider, extra, public, &settings.engine_doubts);
        let servers: Arc<[SocketAddr]> = match settings.resolver {
            Some(server) => Arc::new([server]),
            None => query::system_servers().into(),
        };
        let clock = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX));
        let secrets = Mutex::default();
        let shared = Arc::new(Shared { settings, origin, servers, client, stock, secrets });
        Ok(Self { shared, clock, sources: tcp::public_sources() })
    }

    /// The document that a target's path gave to a request that keeps only the names of members, whole
    /// and as it came: it may hold secrets, and is in no record.
    pub fn secret_document(&self, target: u32, path: usize) -> Option<Vec<u8>> {
        let secrets = self.shared.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.get(&(target, path)).cloned()
    }

    /// Facts about this device. Never waits: while the trust store is still being read, or nothing has asked for it,
    /// `device_roots` is none, so ask again after a wave.
    pub fn device(&self) -> Device {
        Device {
            clock: self.clock,
            ipv4: self.sources.0,
            ipv6: self.sources.1,
            resolvers: self.shared.servers.to_vec(),
            // The store is asked as a whole and does not say how many anchors it has.
            device_roots: self.shared.stock.device.is_readable().then_some(0),
            engine_store: Some(EngineStore::of(std::env::consts::OS)),
        }
    }
}

/// Milliseconds with three decimals, so that reports stay readable.
fn millis(duration: Duration) -> f64 {
    let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    f64::from(micros) / 1000.0
}
