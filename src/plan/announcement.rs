//! What a check may send, announced beside the code that sends it. The dry run prints it for one
//! run, the README's list in general.

use std::net::SocketAddr;

/// A kind of thing that a check may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sent {
    /// The first request to each host of the list.
    Hosts,
    /// Name lookups.
    Lookups,
    /// What goes through a proxy.
    Proxies,
    /// Proxy scripts are fetched, and names looked up for them.
    Scripts,
    /// The same once more.
    Repeats,
    /// Other routes to a host that fails.
    OtherRoutes,
    /// Experiments on a handshake that died.
    Handshakes,
    /// What was slow, measured again.
    Measures,
    /// Addresses of a name that fails, or of which some were silent.
    Addresses,
    /// The addresses that find a sign-in page of the network.
    Controls,
    /// Further requests that answers call for.
    FollowUps,
    /// Hosts that answers name.
    Discovered,
    /// The bootstrap server, before everything else.
    Bootstrap,
    /// The download test.
    Downloads,
    /// Calls that carry the credential.
    Calls,
    /// Connections that are left quiet.
    Quiet,
    /// Path traces.
    Traces,
    /// The result, to a collector.
    Telemetry,
}

impl Sent {
    /// All, in the order in which they are told.
    pub const ALL: [Self; 18] = [
        Self::Hosts,
        Self::Lookups,
        Self::Proxies,
        Self::Scripts,
        Self::Repeats,
        Self::OtherRoutes,
        Self::Handshakes,
        Self::Measures,
        Self::Addresses,
        Self::Controls,
        Self::FollowUps,
        Self::Discovered,
        Self::Bootstrap,
        Self::Downloads,
        Self::Calls,
        Self::Quiet,
        Self::Traces,
        Self::Telemetry,
    ];
}

/// What is sent of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The kind.
    pub sent: Sent,
    /// In general: an entry of the README's list, in Markdown.
    pub general: String,
    /// What this run would send, one sentence each. Empty where it sends nothing of the kind, and
    /// where the plan itself is shown.
    pub here: Vec<String>,
}

impl Announcement {
    /// An announcement of something that this run does not send.
    pub fn new(sent: Sent, general: impl Into<String>) -> Self {
        Self { sent, general: general.into(), here: Vec::new() }
    }

    /// Adds what this run would send, each sentence once.
    #[must_use]
    pub fn with(mut self, here: impl IntoIterator<Item = String>) -> Self {
        for sentence in here {
            if !self.here.contains(&sentence) {
                self.here.push(sentence);
            }
        }
        self
    }
}

/// The first request to each host: the plan says the rest.
pub fn hosts() -> Announcement {
    Announcement::new(
        Sent::Hosts,
        "The hosts on the list, on their ports: DNS, TCP, TLS and one unauthenticated request whose answer only \
         the real service gives. `--dry-run` prints every one of them. Without `--with-credentials` no \
         credential is ever sent.",
    )
}

/// Who is asked for the addresses of names: `resolver` in place of the system, `second` beside it.
pub fn lookups(resolver: Option<SocketAddr>, second: Option<SocketAddr>) -> Announcement {
    let first = match resolver {
        Some(server) => format!("By queries to {server}."),
        None => "By the operating system's lookup; where that fails, by a query to the system's DNS servers."
            .to_owned(),
    };
    let second = second.map(|server| format!("Each of them also by queries to {server}, for comparison."));
    Announcement::new(
        Sent::Lookups,
        "The operating system's DNS servers: through the system's own lookup, and directly (A and AAAA of the same \
         name) where that lookup failed. `--resolver` asks another server instead; `--compare-dns IP[:PORT]` asks \
         that server too, for every name, as a second opinion that stands beside a failed lookup.",
    )
    .with(std::iter::once(first).chain(second))
}

/// What goes through a proxy: the plan says the rest.
pub fn proxies() -> Announcement {
    Announcement::new(
        Sent::Proxies,
        "The proxy, where one is configured: a CONNECT for each host that it leads to.",
    )
}
