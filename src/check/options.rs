//! What a caller may ask of a check.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Inputs;
use crate::contract::{DownloadTest, HostPattern};
use crate::plan::trace::Wanted;
use crate::telemetry::Collector;

/// Options of a check. The default probes what this device's own configuration needs, without any
/// credential.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the list is derived from, and which part of it is probed.
    pub inputs: Inputs,
    /// Hosts that are probed beside that list, `NAME[:PORT]`; instead of it where `inputs` names no
    /// configuration.
    pub hosts: Vec<String>,
    /// Budget of one stage (DNS, TCP, TLS, HTTP).
    pub stage_timeout: Duration,
    /// Budget of the whole run.
    pub deadline: Duration,
    /// Hosts that are probed at the same time.
    pub concurrency: usize,
    /// The DNS server that is asked in place of the operating system.
    pub resolver: Option<SocketAddr>,
    /// The DNS server that is asked too, as a second opinion.
    pub compare_dns: Option<SocketAddr>,
    /// A proxy's URL for every host, `system` or `none`; nothing for the routes that the app takes.
    pub proxy: Option<String>,
    /// PEM file of the public roots to judge by instead of the bundled ones.
    pub public_roots: Option<PathBuf>,
    /// PEM file of authorities to judge by as if the device trusted them too.
    pub device_ca: Option<PathBuf>,
    /// Whether addresses outside the list may be asked that find a sign-in page of the network.
    pub controls: bool,
    /// Whether the bootstrap server is asked first.
    pub bootstrap: bool,
    /// The download test; nothing for none.
    pub download_test: Option<DownloadTest>,
    /// The hosts whose path is traced.
    pub trace: Wanted,
    /// What is done with the credential and the inference host.
    pub inference: Inference,
    /// Name of the run.
    pub label: Option<String>,
    /// What the user said of the run, by key.
    pub tags: Vec<(String, String)>,
    /// The collector that the result is sent to after the run.
    pub collector: Option<Collector>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            inputs: Inputs::default(),
            hosts: Vec::new(),
            stage_timeout: Duration::from_secs(4),
            deadline: Duration::from_secs(20),
            concurrency: 64,
            resolver: None,
            compare_dns: None,
            proxy: None,
            public_roots: None,
            device_ca: None,
            controls: true,
            bootstrap: false,
            download_test: None,
            trace: Wanted::default(),
            inference: Inference::default(),
            label: None,
            tags: Vec::new(),
            collector: None,
        }
    }
}

/// What a check does with the configured credential, and how the inference host's connections are
/// tested. By default no credential is ever sent.
#[derive(Debug, Clone, Default)]
pub struct Inference {
    /// Whether the credential is sent to the inference host.
    pub with_credentials: bool,
    /// Whether the configured helper may run to get it.
    pub run_helpers: bool,
    /// Hosts beyond the provider's own to which a credential of the device's account may go.
    pub credential_hosts: Vec<HostPattern>,
    /// PEM file of the authority that signs the inference host.
    pub expect_ca: Option<PathBuf>,
    /// Whether the credential may go through TLS inspection that this device trusts.
    pub trust_interception: bool,
    /// How long a connection is left quiet before it is used again.
    pub idle: Option<Duration>,
}
