//! What the prober saw, as plain records with times: written by `probe`, judged by `diagnose`,
//! saved in every report so that it can be judged again. No record holds an opinion.
//!
//! All times are milliseconds. `at_ms` counts from the start of the run.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::plan::{Control, Request, Route};
use crate::terms::Transport;

#[path = "observation_call.rs"]
pub mod call;

pub use call::{Call, CallKind, CallOutcome, Permission, Quiet, StreamEnd, Usage};

/// Everything recorded in one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Observations {
    /// What this device looked like.
    pub device: Device,
    /// Budget of one stage, ms.
    pub stage_timeout_ms: u64,
    /// Attempts on targets, in the order they ended.
    pub attempts: Vec<Attempt>,
    /// Requests beside the list, made after failures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Controlled>,
    /// Calls with a credential, and quiet connections; only where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// Why the run stopped before everything was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// The proxy scripts that decided the routes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<ProxyScript>,
}

impl Observations {
    /// The attempts that the app would make too: all but the experiments.
    pub fn plain(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(|a| a.variation.is_none())
    }

    /// The experiments; further requests are none.
    pub fn experiments(&self) -> impl Iterator<Item = (&Attempt, &Variation)> {
        let all = self.attempts.iter().filter_map(|a| Some((a, a.variation.as_ref()?)));
        all.filter(|(_, v)| v.inquiry.is_none())
    }

    /// The further requests to hosts whose service speaks more than one sentence.
    pub fn inquiries(&self) -> impl Iterator<Item = (&Attempt, &Inquiry)> {
        self.attempts.iter().filter_map(|a| Some((a, a.variation.as_ref()?.inquiry.as_ref()?)))
    }
}

/// A control and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Controlled {
    /// What was asked, and what an open network answers.
    pub control: Control,
    /// The attempt; its target is 0, which no host has.
    pub attempt: Attempt,
}

/// Why a run ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// The run's deadline passed.
    Deadline,
    /// The user pressed Ctrl-C.
    Interrupted,
}

/// Facts about this device that diagnosis needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// The clock at the start of the run, Unix seconds.
    pub clock: i64,
    /// The source address a packet to a global IPv4 address would have; none without a route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<IpAddr>,
    /// The same for IPv6. Without it, IPv6 addresses are not dialled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<IpAddr>,
    /// The servers that direct DNS queries go to.
    pub resolvers: Vec<SocketAddr>,
    /// Whether the device's trust store could be read, and how many anchors it has (0 = unknown);
    /// none also where it had not been read by then.
    pub device_roots: Option<usize>,
}

/// Who and where this run is, for the head of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The account the run was made as; proxies and trust may differ for others.
    pub user: String,
    /// Name of this machine.
    pub host: String,
    /// Its addresses, loopback left out.
    pub addresses: Vec<String>,
    /// The DNS servers the system uses, as configured.
    pub resolvers: Vec<String>,
    /// The proxy settings that were found and whether they are used, in plain words; never a
    /// user name or password.
    pub proxy: String,
    /// Which trust stores judged certificates, in plain words.
    pub trust: String,
    /// Name of an interface that looks like a VPN, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpn_hint: Option<String>,
}

/// Why an attempt was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The first wave.
    First,
    /// An immediate failure, tried once more after the first wave.
    Repeat,
    /// An experiment: something that the app would not do, to find out what is in the way. The
    /// attempt's `variation` says what; such an attempt never counts as the host's own.
    Experiment,
}

/// In what an experiment differs from the walk that the app would make.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Variation {
    /// The address that is dialled; the name is then not looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The server name in the handshake.
    #[serde(skip_serializing_if = "ServerName::is_own")]
    pub server_name: ServerName,
    /// A classical, small ClientHello that fits one packet, in place of the app's large one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub small_hello: bool,
    /// Largest TCP segment, bytes; none for the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<u16>,
    /// Another way than the path's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// The last stage that is tried.
    #[serde(skip_serializing_if = "LastStage::is_whole")]
    pub until: LastStage,
    /// Another request than the plan's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inquiry: Option<Inquiry>,
}

/// A further request to a host: another encoding, the document that an answer named, a part of a
/// file. Without any credential, as the plan's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Inquiry {
    /// The fingerprint that the answer is held against.
    pub service: String,
    /// The path of the address it was made for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base_path: String,
    /// The request.
    pub request: Request,
    /// What is spoken, where that is not the target's own transport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Transport>,
}

/// The server name that an experiment sends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "name")]
pub enum ServerName {
    /// The host's own.
    #[default]
    Own,
    /// None at all.
    Absent,
    /// That of another host of this list, which was reached in this run.
    Of(String),
}

impl ServerName {
    fn is_own(&self) -> bool {
        *self == Self::Own
    }
}

/// How far an experiment goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LastStage {
    /// The name lookup.
    Dns,
    /// The connection.
    Tcp,
    /// The handshake: no request is sent.
    Tls,
    /// The request, where the transport has one.
    #[default]
    Whole,
}

impl LastStage {
    fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

/// One walk down the ladder: DNS, TCP, proxy, TLS, HTTP. Stages not reached are absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The target's `id`.
    pub target: u32,
    /// Index of the target's path.
    pub path: usize,
    /// Why.
    pub purpose: Purpose,
    /// In what it differs from what the app would do; only where the purpose is an experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation: Option<Variation>,
    /// When it began.
    pub at_ms: u64,
    /// The way that was taken.
    pub route: Route,
    /// Name lookup of the host, or of the proxy where one is used; absent for address literals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<Dns>,
    /// Every TCP connection that was tried, in order of start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tcp: Vec<Tcp>,
    /// The conversation with the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// Every TLS handshake that was tried; the last is the one that counts, before it the others
    /// in order of start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tls: Vec<Tls>,
    /// Every request that was sent; the last is the one that counts, before it the others in
    /// order of start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<Http>,
    /// The first bytes a plain TCP or SSH server sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub banner: Option<Banner>,
    /// Set when the run ended while this attempt was under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<Stopped>,
    /// The whole attempt.
    pub ms: f64,
}

/// Name resolution: the operating system's answer, and a direct query where that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dns {
    /// The name that was looked up.
    pub name: String,
    /// What the operating system's lookup gave (it alone sees hosts files and VPN split DNS).
    pub system: Lookup,
    /// Direct queries to the system's servers, made only where the lookup failed or hung, or to
    /// the server named on the command line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub direct: Vec<DirectQuery>,
    /// The stage.
    pub ms: f64,
}

/// What a lookup gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Lookup {
    /// Addresses, in the order given.
    Addresses {
        /// IPv4 and IPv6, each once.
        addresses: Vec<IpAddr>,
    },
    /// An error that the operating system does not explain further.
    Failed {
        /// The system's own words.
        error: String,
    },
    /// No answer within the stage.
    Timeout,
    /// Not asked (a resolver was named on the command line).
    NotAsked,
}

/// One query to one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DirectQuery {
    /// The server.
    pub server: SocketAddr,
    /// `A` or `AAAA`.
    pub kind: String,
    /// What came back.
    pub answer: DnsAnswer,
    /// Time to the answer.
    pub ms: f64,
}

/// The answer of a DNS server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum DnsAnswer {
    /// NOERROR with addresses.
    Addresses {
        /// The addresses.
        addresses: Vec<IpAddr>,
    },
    /// NOERROR without any.
    NoData,
    /// NXDOMAIN.
    NxDomain,
    /// SERVFAIL.
    ServFail,
    /// REFUSED.
    Refused,
    /// Another response code.
    Code {
        /// The number.
        code: u16,
    },
    /// Nothing came back in time.
    Timeout,
    /// The query could not be sent (no route, port closed).
    Unreachable {
        /// Operating-system error text.
        error: String,
    },
}

/// One TCP connection attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tcp {
    /// The remote end.
    pub remote: SocketAddr,
    /// Our end, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// When it started.
    pub at_ms: u64,
    /// Whether this is a second socket, opened because the first had not answered by half-time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
    /// How it ended.
    pub outcome: TcpOutcome,
    /// The ICMP message that ended it, where the system tells (Linux).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icmp: Option<Icmp>,
    /// Time to the outcome.
    pub ms: f64,
}

/// An ICMP message that came back for a connection attempt; of ICMPv6 where the remote end is IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Icmp {
    /// Its type: 3 or, for ICMPv6, 1 where the destination cannot be reached.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// Who sent it: a router on the way, a firewall, or the host itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
}

/// How a connection attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum TcpOutcome {
    /// The handshake completed.
    Connected,
    /// RST, or ICMP port unreachable.
    Refused,
    /// Reset after it was established.
    Reset,
    /// No answer within the stage.
    Timeout,
    /// No route to the host, or ICMP host unreachable.
    HostUnreachable,
    /// No route to the network, or ICMP network unreachable.
    NetworkUnreachable,
    /// The local firewall refused (EPERM, EACCES, WSAEACCES).
    Denied,
    /// Given up because another address of the same host answered first, or the stage ended.
    Abandoned,
    /// Any other operating-system error.
    Other {
        /// Its number, if it has one.
        errno: Option<i32>,
        /// Its text.
        error: String,
    },
}

/// A proxy script: how it was fetched, and what came of asking it. The routes are in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProxyScript {
    /// Where the setting came from, such as `egressProxyPacUrl`.
    pub origin: String,
    /// Its address without user name, password and query.
    pub url: String,
    /// What came of it.
    pub outcome: ScriptOutcome,
    /// Status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Length of the script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// SHA-256 of the script, lower-case hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Names that it had looked up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Questions that it has no answer to because it failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed: usize,
    /// What it said of the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Fetching and asking.
    pub ms: f64,
}

/// What came of a proxy script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "error")]
pub enum ScriptOutcome {
    /// It was asked.
    Asked,
    /// It could not be fetched.
    Unfetched(String),
    /// What was fetched is no proxy script.
    NoScript(String),
    /// It took too much time or memory.
    Stopped(String),
}

const fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// The conversation with a proxy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proxy {
    /// What CONNECT came to.
    pub outcome: ProxyOutcome,
    /// The status line, under the name `status-line`, and selected headers in lower case
    /// (`proxy-authenticate`, `via`, `server`, `x-squid-error`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Time from sending CONNECT to its answer.
    pub ms: f64,
}

/// What CONNECT came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum ProxyOutcome {
    /// 2xx: the tunnel stands.
    Tunnel,
    /// Another status.
    Status {
        /// The status code.
        status: u16,
    },
    /// No answer within the stage.
    Timeout,
    /// The connection was reset.
    Reset,
    /// The connection was closed.
    Closed,
    /// Something that is not HTTP.
    NotHttp,
    /// TLS to the proxy itself failed.
    Tls {
        /// How.
        error: String,
        /// The device does not trust the issuer of the proxy's certificate.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unknown_issuer: bool,
    },
}

/// One TLS handshake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tls {
    /// The remote end of the connection underneath.
    pub remote: SocketAddr,
    /// Server name sent; absent for address literals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
    /// When it started.
    pub at_ms: u64,
    /// Whether this is the second socket of the stage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
    /// Bytes of the ClientHello flight.
    pub hello_bytes: usize,
    /// Bytes that came back before it ended.
    pub received_bytes: usize,
    /// How it ended.
    pub outcome: TlsOutcome,
    /// Negotiated parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<TlsParameters>,
    /// The chain as the server sent it, leaf first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Certificate>,
    /// The chain judged by the device's trust store, for this name, at the device's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_trust: Option<Trust>,
    /// The chain judged by the bundled public roots, for this name, at the device's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_trust: Option<Trust>,
    /// Whether the server asked for a client certificate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_certificate_requested: bool,
    /// Time to the outcome.
    pub ms: f64,
}

/// How a TLS handshake ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum TlsOutcome {
    /// It completed, and the server proved that it holds the leaf's key. Says nothing about trust.
    Completed,
    /// Nothing, or not enough, within the stage.
    Timeout,
    /// The connection was reset.
    Reset,
    /// The connection was closed without an alert.
    Closed,
    /// The peer sent an alert.
    Alert {
        /// Its name in RFC 8446, such as `handshake_failure`.
        alert: String,
    },
    /// The peer speaks only versions we do not.
    Version,
    /// The bytes that came back are not TLS.
    NotTls {
        /// The first of them, printable ASCII only.
        first: String,
    },
    /// The handshake itself was faulty (bad signature, broken message).
    Faulty {
        /// What the TLS library says of it.
        error: String,
    },
    /// Given up because the other socket of the stage finished first, or the run ended.
    Abandoned,
}

/// What was negotiated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsParameters {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: String,
    /// Cipher suite.
    pub cipher: String,
    /// Key exchange group, such as `X25519MLKEM768`.
    pub group: String,
    /// Application protocol: `h2`, `http/1.1` or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
}

/// One certificate of a chain. All text is sanitised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Subject, RFC 4514-like.
    pub subject: String,
    /// Issuer, RFC 4514-like.
    pub issuer: String,
    /// Start of validity, Unix seconds.
    pub not_before: i64,
    /// End of validity, Unix seconds.
    pub not_after: i64,
    /// DNS names and addresses it is for (at most 20 are kept).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How many names it has.
    pub name_count: usize,
    /// SHA-256 of the DER encoding, lower-case hexadecimal.
    pub sha256: String,
    /// Whether it names itself as issuer.
    pub self_issued: bool,
    /// Whether it is a certificate authority.
    pub ca: bool,
    /// URL of the issuer's certificate (AIA), which an incomplete chain leaves to the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_url: Option<String>,
}

/// A trust store's judgement of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "trust")]
pub enum Trust {
    /// Accepted.
    Accepted,
    /// The issuer is not known to this store.
    UnknownIssuer,
    /// Expired at the device's clock.
    Expired,
    /// Not valid yet at the device's clock.
    NotYetValid,
    /// Not for this name.
    NameMismatch,
    /// Revoked.
    Revoked,
    /// The store could not be asked.
    Unavailable {
        /// Why.
        error: String,
    },
    /// Rejected for another reason.
    Rejected {
        /// What the verifier says.
        error: String,
    },
}

/// One HTTP exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Http {
    /// When the request was sent.
    pub at_ms: u64,
    /// Whether this is a second socket of the stage: the first had no answer by half-time, or its
    /// server asked for HTTP/1.1.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
    /// `HTTP/1.1` or `HTTP/2`.
    pub version: String,
    /// How it ended.
    pub outcome: HttpOutcome,
    /// Status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Allow-listed response headers, lower-case names, sanitised values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The names of all response headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub header_names: Vec<String>,
    /// The beginning of the body, sanitised and capped.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Bytes of the body that were read (reading stops at the cap).
    pub body_bytes: usize,
    /// What was kept of a document, where the request asked for more than its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// How a part of a file came, where the request asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Transfer>,
    /// Time to the response head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<f64>,
    /// Time to the end of what was read.
    pub ms: f64,
}

impl Http {
    /// The value of an allow-listed response header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// What was kept of a JSON document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// What the body is as a whole.
    pub kind: DocumentKind,
    /// The members asked for that were there, by name; names of members are joined by dots. Texts
    /// are sanitised and capped, lists are cut.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, serde_json::Value>,
    /// The names of its top-level members, where the request asked for those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

impl Document {
    /// The text of a member.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.members.get(member)?.as_str()
    }
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// A JSON object, or an event stream whose first event is one.
    Object,
    /// A JSON array.
    Array,
    /// Another JSON value.
    Scalar,
    /// Nothing.
    Empty,
    /// Something else than JSON.
    Other,
    /// JSON as far as it was read, but longer than that.
    TooLong,
}

/// How a part of a file came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// Bytes that came.
    pub bytes: u64,
    /// SHA-256 of them, lower-case hexadecimal; absent while they are still coming.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The longest time without a byte, after the head.
    pub longest_pause_ms: f64,
}

/// How an HTTP exchange ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum HttpOutcome {
    /// A complete head, and a body up to the cap or its end.
    Answered,
    /// No head within the stage.
    Timeout,
    /// A head, but the body did not end within the stage.
    BodyTimeout,
    /// The connection was reset.
    Reset,
    /// The connection was closed before the head, or inside the body.
    Closed,
    /// The peer sent a TLS alert instead (`certificate_required` comes here in TLS 1.3).
    Alert {
        /// Its name in RFC 8446.
        alert: String,
    },
    /// The peer ended the HTTP/2 stream, or the connection, with an error code.
    StreamReset {
        /// Its name in RFC 9113, 7, such as `HTTP_1_1_REQUIRED`, which is answered by a second
        /// request over HTTP/1.1.
        code: String,
    },
    /// Not HTTP, or broken HTTP.
    Malformed {
        /// What the HTTP library says of it.
        error: String,
    },
    /// Given up because the other socket of the stage finished first, or the run ended.
    Abandoned,
}

/// The first bytes of a server that speaks first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Banner {
    /// Printable ASCII only, capped. Of an SSH server the version line comes first, whatever was
    /// said before it.
    pub text: String,
    /// Time to it.
    pub ms: f64,
}
