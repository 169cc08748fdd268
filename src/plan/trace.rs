//! Path traces: to which hosts, within which bounds. What is sent is announced here.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Announcement, Route, Sent, Target};
use crate::contract::endpoint::listed;

/// Hops that are tried at the most.
pub const MOST_HOPS: u8 = 30;
/// Connections to one host at a time, each with a hop limit of its own.
pub const AT_A_TIME: u8 = 8;
/// So long an answer to one of them is waited for: time for one repeated SYN (RFC 6298: after a second).
pub const WAIT: Duration = Duration::from_millis(1500);
/// Hosts that are traced at the most.
pub const MOST_HOSTS: usize = 8;
/// Hosts that are traced at a time.
pub const HOSTS_AT_A_TIME: usize = 4;
/// What all traces of a run may take together; the run's deadline grows by as much. Two rounds of hosts, each of
/// two experiments of four batches, take 24 s where every single hop is silent.
pub const BUDGET: Duration = Duration::from_secs(26);

/// Which hosts are to be traced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// These, by name.
    pub hosts: Vec<String>,
    /// And one blocked host of every cause.
    pub causes: bool,
}

impl Wanted {
    /// Whether nothing is.
    pub const fn is_empty(&self) -> bool {
        self.hosts.is_empty() && !self.causes
    }

    /// The first name that stands for none of these targets.
    pub fn unknown<'a>(&'a self, targets: &[Target]) -> Option<&'a str> {
        self.hosts.iter().map(String::as_str).find(|name| !targets.iter().any(|t| is_named(t, name)))
    }
}

/// Whether a name on the command line means this target: its entry of the list, or the name that is dialled.
pub fn is_named(target: &Target, name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let host = &target.requirement.host;
    [target.probed.as_str(), &host.to_string(), &listed(host, target.port())]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name))
}

/// One host to trace, or to say why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceJob {
    /// The target's `id`.
    pub target: u32,
    /// Index of the path that is traced.
    pub path: usize,
    /// The user named the host; otherwise it stands for a cause.
    pub named: bool,
    /// The name in the ClientHello; none where no TLS is spoken.
    pub name: Option<String>,
    /// The ClientHello is made to fit one packet, so that what is stopped is all of it; not where its size is what fails.
    pub small: bool,
    /// gRPC: other protocols are offered in the ClientHello.
    pub grpc: bool,
    /// Whether a connection stood before: then hops are tried to the end although all of them are silent.
    pub connects: bool,
    /// Where to, or why not.
    pub to: Result<SocketAddr, Untraced>,
}

crate::contract::words! {
    /// Why a host is not traced.
    Untraced {
        /// It is reached through a proxy.
        Proxy = "proxy",
        /// No address of it was dialled.
        NoAddress = "no-address",
        /// Nothing is sent to it at all.
        NotProbed = "not-probed",
        /// It is this device.
        Device = "device",
        /// The run ended first.
        Stopped = "stopped",
        /// So many were traced already.
        TooMany = "too-many",
    }
}

/// What is sent for traces: `targets` are all of the plan.
pub fn announce(wanted: &Wanted, targets: &[Target]) -> Announcement {
    let general = format!(
        "With `--trace` up to {MOST_HOPS} connections to a host of the list, one of them twice where it was silent just before \
         the end, and on as many further ones the ClientHello of its first request, each with a small hop limit (TTL), {AT_A_TIME} at a time: to each host that is named, or to \
         one blocked host of each cause, {MOST_HOSTS} at the most. `docs/trace.md` says more."
    );
    let seconds = BUDGET.as_secs();
    let how = format!(
        "up to {MOST_HOPS} connections (one of them twice where it was silent just before the end) and, where TLS is spoken, as many ClientHellos with its name, with hop limits from 1 on, \
         {AT_A_TIME} at a time"
    );
    let direct = |t: &&Target| t.paths.iter().any(|p| p.route == Route::Direct);
    let named = wanted.hosts.iter().flat_map(|name| targets.iter().filter(|t| is_named(t, name)));
    let named = named.map(|t| {
        let endpoint = listed(&t.requirement.host, t.port());
        if direct(&t) {
            format!(
                "{endpoint} is traced: {how}. All traces together take up to {seconds} s beyond the deadline."
            )
        } else {
            format!("{endpoint} is not traced: no direct way leads to it.")
        }
    });
    let causes = wanted.causes.then(|| {
        format!(
            "One blocked host of each cause is traced ({MOST_HOSTS} at the most), at the address that was tried before: {how}. \
             All traces together take up to {seconds} s beyond the deadline."
        )
    });
    Announcement::new(Sent::Traces, general).with(named.chain(causes))
}
