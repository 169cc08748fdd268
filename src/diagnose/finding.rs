//! Findings: what is in the way of a host, with evidence, remedy and owner.

use serde::{Deserialize, Serialize};

use crate::terms::{Actor, Severity, words};

words! {
    /// A host's verdict. Ordered: the worst of the actors that need a host is the host's.
    Verdict {
        /// Reached, and proven to be the right service.
        Reachable = "reachable",
        /// Works, but.
        Warning = "warning",
        /// Not judged. Never the same as passed, so it outweighs what works for somebody else.
        Untested = "untested",
        /// Does not work.
        Blocked = "blocked",
    }
}

words! {
    /// The verdict on a whole run.
    RunVerdict {
        /// Everything that was asked for works.
        Ready = "ready",
        /// Required hosts are fine; something else is blocked or a warning stands.
        Degraded = "degraded",
        /// No required host is blocked, but one that could be probed was not.
        Unknown = "unknown",
        /// A required host is blocked.
        Blocked = "blocked",
    }
}

words! {
    /// Whether a finding is proven or the likeliest explanation.
    Certainty {
        /// The evidence leaves no other explanation.
        Proven = "proven",
        /// The likeliest explanation; the evidence says what would prove it.
        Likely = "likely",
    }
}

words! {
    /// Who must change something.
    Owner {
        /// The firewall team.
        Firewall = "firewall",
        /// Whoever runs the DNS resolver.
        Dns = "dns",
        /// The proxy team.
        Proxy = "proxy",
        /// Whoever runs TLS inspection.
        TlsInspection = "tls-inspection",
        /// Routing, VPN, WAN.
        Network = "network",
        /// Whoever looks after this device.
        Device = "device",
        /// Whoever writes the app's configuration.
        Configuration = "configuration",
        /// Whoever owns the cloud account.
        CloudAccount = "cloud-account",
        /// Whoever runs the service itself.
        Service = "service",
        /// Nobody.
        None = "none",
    }
}

words! {
    /// The closed list of outcomes, `stage/outcome`.
    Code {
        /// Healthy.
        Ok = "ok",
        /// The name does not exist.
        DnsNxdomain = "dns/nxdomain",
        /// The name exists without an address.
        DnsNoAddress = "dns/no-address",
        /// The resolver failed.
        DnsServfail = "dns/servfail",
        /// The resolver refused.
        DnsRefused = "dns/refused",
        /// The resolver did not answer.
        DnsTimeout = "dns/timeout",
        /// The resolver answers with an address that cannot be the host's.
        DnsSinkhole = "dns/sinkhole",
        /// The resolver is slow.
        DnsSlow = "dns/slow",
        /// Packets to the host are dropped.
        TcpTimeout = "tcp/timeout",
        /// The connection is refused.
        TcpRefused = "tcp/refused",
        /// ICMP says administratively prohibited.
        TcpProhibited = "tcp/prohibited",
        /// There is no route.
        TcpUnreachable = "tcp/unreachable",
        /// IPv6 fails where IPv4 works.
        TcpIpv6Broken = "tcp/ipv6-broken",
        /// The local firewall refuses.
        DeviceLocalDenied = "device/local-denied",
        /// Reset for this server name only.
        TlsSniReset = "tls/sni-reset",
        /// Dropped for this server name only.
        TlsSniTimeout = "tls/sni-timeout",
        /// Large packets vanish.
        TlsPathMtu = "tls/path-mtu",
        /// A box cannot take the large hello.
        TlsHelloSize = "tls/hello-size",
        /// Inspected, and the device trusts the inspector.
        TlsIntercepted = "tls/intercepted",
        /// Inspected, and the device does not trust the inspector.
        TlsInterceptedUntrusted = "tls/intercepted-untrusted",
        /// A customer host's private issuer is not trusted here.
        TlsUnknownIssuer = "tls/unknown-issuer",
        /// The certificate expired.
        TlsExpired = "tls/expired",
        /// The certificate is not valid yet.
        TlsNotYetValid = "tls/not-yet-valid",
        /// The certificate is for another name.
        TlsNameMismatch = "tls/name-mismatch",
        /// The certificate signs itself.
        TlsSelfSigned = "tls/self-signed",
        /// The server does not send its intermediate.
        TlsIncompleteChain = "tls/incomplete-chain",
        /// The device's clock is wrong.
        DeviceClock = "device/clock",
        /// The device's trust store lacks a public root.
        DeviceTrustStore = "device/trust-store",
        /// The handshake got no answer.
        TlsTimeout = "tls/timeout",
        /// The handshake was reset.
        TlsReset = "tls/reset",
        /// The handshake was closed.
        TlsClosed = "tls/closed",
        /// The peer sent an alert.
        TlsAlert = "tls/alert",
        /// No common TLS version.
        TlsVersion = "tls/version",
        /// The answer is not TLS.
        TlsNotTls = "tls/not-tls",
        /// The server demands a client certificate.
        TlsClientCertificate = "tls/client-certificate",
        /// A filter's page answers in the service's place.
        HttpBlockPage = "http/block-page",
        /// The network wants a sign-in first.
        HttpCaptivePortal = "http/captive-portal",
        /// The service answers 5xx.
        HttpServerError = "http/server-error",
        /// No HTTP answer.
        HttpTimeout = "http/timeout",
        /// The answer was cut off.
        HttpInterrupted = "http/interrupted",
        /// A redirect where the app follows none.
        HttpRedirect = "http/redirect",
        /// HTML where JSON must be.
        HttpWrongContent = "http/wrong-content",
        /// A quiet stream is cut.
        HttpIdleCut = "http/idle-cut",
        /// Slow to the first byte.
        HttpSlow = "http/slow",
        /// 429.
        HttpRateLimited = "http/rate-limited",
        /// A stream delivered at its end.
        HttpBuffered = "http/buffered",
        /// The answer is not the known service's.
        HttpUnrecognised = "http/unrecognised",
        /// The credential is refused.
        AuthRejected = "auth/rejected",
        /// The model is refused.
        ServiceModel = "service/model",
        /// The region is refused.
        ServiceRegion = "service/region",
        /// The quota is used up.
        ServiceQuota = "service/quota",
        /// This address, network or country is refused.
        ServicePolicy = "service/policy",
        /// OIDC discovery is unusable.
        OidcDiscovery = "oidc/discovery",
        /// The collector refuses this stream's protocol.
        OtlpProtocol = "otlp/protocol",
        /// The proxy's name does not resolve.
        ProxyUnresolved = "proxy/unresolved",
        /// The proxy refuses the connection.
        ProxyRefused = "proxy/refused",
        /// The proxy does not answer.
        ProxyTimeout = "proxy/timeout",
        /// The proxy resets.
        ProxyReset = "proxy/reset",
        /// The proxy wants a sign-in.
        ProxyAuthRequired = "proxy/auth-required",
        /// The proxy refuses this host.
        ProxyDenied = "proxy/denied",
        /// The proxy cannot reach this host.
        ProxyUpstream = "proxy/upstream",
        /// Only a proxy works, and the actor uses none.
        ProxyRequired = "proxy/required",
        /// A wildcard without a known member.
        UntestedWildcard = "untested/wildcard",
        /// The deadline passed first.
        UntestedDeadline = "untested/deadline",
        /// The user stopped the run.
        UntestedInterrupted = "untested/interrupted",
        /// Only an actor that cannot be probed dials it.
        UntestedActor = "untested/actor",
    }
}

/// Evidence beside a verdict: one line for people, fields for scripts. All text is sanitised.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// One line: what was seen.
    pub line: String,
    /// The facts behind it, such as `address`, `issuer`, `private_ca`, `challenge`.
    #[serde(flatten)]
    pub facts: serde_json::Map<String, serde_json::Value>,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// Weight.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// What was seen.
    pub evidence: Evidence,
    /// An instruction to the owner; empty when there is nothing to do.
    pub remedy: String,
    /// Who must act.
    pub owner: Owner,
    /// How sure.
    pub confidence: Certainty,
}

/// The verdict for one actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorJudgement {
    /// Who.
    pub actor: Actor,
    /// The way it takes: `direct` or `proxy host:port (origin)`.
    pub route: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its code.
    pub code: Code,
    /// What becomes of it, where that may differ from what this program saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Milliseconds of each stage of the attempt that counts; stages not run are absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Name lookup.
    pub dns: Option<f64>,
    /// TCP handshake.
    pub tcp: Option<f64>,
    /// CONNECT.
    pub proxy: Option<f64>,
    /// TLS handshake.
    pub tls: Option<f64>,
    /// Request to response head.
    pub http: Option<f64>,
    /// All of it.
    pub total: Option<f64>,
}

/// The judgement of one host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostJudgement {
    /// The target's `id` in the plan.
    pub target: u32,
    /// The worst of the probed actors.
    pub verdict: Verdict,
    /// Each actor apart.
    pub actors: Vec<ActorJudgement>,
    /// The first thing to mend on the path.
    pub finding: Finding,
    /// Identifier of the cause that explains this host and others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Finding>,
    /// How long the stages took.
    pub timings: Timings,
}

/// One cause, said once, that explains one or more hosts: also the unit of "things to do".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// Identifier within the report, such as `c1`.
    pub id: String,
    /// The targets it explains.
    pub hosts: Vec<u32>,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// Something this run does not speak for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTested {
    /// Stable identifier, such as `credential`.
    pub id: String,
    /// Plain words.
    pub text: String,
}

/// The judgement of a whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The run's verdict.
    pub verdict: RunVerdict,
    /// One per target, in plan order.
    pub hosts: Vec<HostJudgement>,
    /// What explains several hosts, worst first.
    pub causes: Vec<Cause>,
    /// What was not tested.
    pub not_tested: Vec<NotTested>,
}
