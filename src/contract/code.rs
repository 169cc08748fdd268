//! The closed list of outcomes.

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
        /// The MCP server demands a sign-in, and its entry has none.
        McpSignIn = "mcp/sign-in",
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
        /// It leads to an address that nothing is sent to.
        UntestedAddress = "untested/address",
        /// Only an actor that cannot be probed dials it.
        UntestedActor = "untested/actor",
    }
}
