//! The error language of the field: what each library, system and provider says, with the known message it is
//! answered with first, whose matter it is, a code of it and the host in it. And what must stay unknown.

use std::sync::LazyLock;

use clearway::contract::Owner::{self, *};
use clearway::derive::Options;
use clearway::explain::{Answer, Given, explain};
use clearway::rules::Rules;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);

/// Text, message, owner, a code (empty: none), address (empty: none).
type Row = (&'static str, &'static str, Owner, &'static str, &'static str);

const TABLE: &[Row] = &[
    // Chromium, by name and by number.
    ("net::ERR_NAME_NOT_RESOLVED", "name-not-found", Dns, "dns/nxdomain", ""),
    ("-105", "name-not-found", Dns, "dns/no-address", ""),
    (
        "handshake failed; returned -1, SSL error code 1, net_error -202",
        "certificates",
        TlsInspection,
        "tls/intercepted-untrusted",
        "",
    ),
    ("ERR_NAME_RESOLUTION_FAILED", "resolver-fails", Dns, "dns/servfail", ""),
    ("net::ERR_TIMED_OUT", "packets-dropped", Firewall, "http/timeout", ""),
    ("net::err_connection_refused", "connection-refused", Firewall, "tcp/refused", ""),
    ("(-101)", "connection-reset", Firewall, "tls/sni-reset", ""),
    ("net::ERR_EMPTY_RESPONSE", "connection-closed", Firewall, "tls/closed", ""),
    ("net::ERR_INTERNET_DISCONNECTED", "no-route", Network, "tcp/unreachable", ""),
    (
        "net::ERR_NETWORK_CHANGED at https://gw.aurora.example/v1",
        "network-changed",
        Network,
        "tcp/unreachable",
        "gw.aurora.example",
    ),
    ("net::ERR_PROXY_CONNECTION_FAILED", "proxy-unreachable", Proxy, "proxy/refused", ""),
    ("net::ERR_PROXY_AUTH_UNSUPPORTED", "proxy-407", Proxy, "proxy/auth-required", ""),
    ("net::ERR_CERT_AUTHORITY_INVALID", "certificates", TlsInspection, "tls/intercepted", ""),
    ("net::ERR_CERT_COMMON_NAME_INVALID", "certificate-name", TlsInspection, "tls/name-mismatch", ""),
    ("net::ERR_CERT_REVOKED", "certificate-revoked", Service, "tls/unknown-issuer", ""),
    ("net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "tls-old", TlsInspection, "tls/version", ""),
    ("net::ERR_BAD_SSL_CLIENT_AUTH_CERT", "client-certificate", Service, "tls/client-certificate", ""),
    ("net::ERR_HTTP2_PROTOCOL_ERROR", "http2", Proxy, "http/interrupted", ""),
    ("net::ERR_QUIC_PROTOCOL_ERROR", "quic", Firewall, "http/interrupted", ""),
    ("net::ERR_BLOCKED_BY_CLIENT", "blocked-by-client", Device, "", ""),
    ("net::ERR_BLOCKED_BY_ADMINISTRATOR", "blocked-by-administrator", Device, "", ""),
    ("net::ERR_TOO_MANY_REDIRECTS", "redirects", Configuration, "http/redirect", ""),
    ("net::ERR_A_NEW_ONE", "chromium-error", None, "", ""),
    // Node.js and undici.
    ("getaddrinfo ENOTFOUND llm-gateway", "name-not-found", Dns, "dns/nxdomain", "llm-gateway"),
    (
        "Error: getaddrinfo EAI_AGAIN gw.aurora.example",
        "resolver-fails",
        Dns,
        "dns/timeout",
        "gw.aurora.example",
    ),
    ("connect ETIMEDOUT 192.0.2.9:8443", "packets-dropped", Firewall, "tcp/timeout", "192.0.2.9:8443"),
    (
        "connect EHOSTUNREACH 2001:db8::9:443 - Local (:::0)",
        "no-route",
        Network,
        "tcp/unreachable",
        "2001:db8::9",
    ),
    ("connect EADDRNOTAVAIL 192.0.2.9:443", "no-route", Network, "tcp/unreachable", "192.0.2.9"),
    ("connect EACCES 192.0.2.9:443", "local-firewall", Device, "device/local-denied", "192.0.2.9"),
    ("write EPIPE", "connection-reset", Firewall, "http/interrupted", ""),
    ("Error: socket hang up", "connection-reset", Firewall, "tls/reset", ""),
    ("UND_ERR_HEADERS_TIMEOUT", "no-answer", Proxy, "http/timeout", ""),
    (
        "ConnectTimeoutError: Connect Timeout Error (attempted address: gw.aurora.example:443, timeout: 10000ms)",
        "packets-dropped",
        Firewall,
        "tcp/timeout",
        "gw.aurora.example",
    ),
    ("TypeError: fetch failed", "failed-somewhere", None, "", ""),
    ("TypeError: terminated", "transfer-cut", Proxy, "http/interrupted", ""),
    ("CERT_HAS_EXPIRED", "certificate-date", Device, "device/clock", ""),
    ("DEPTH_ZERO_SELF_SIGNED_CERT", "certificates", TlsInspection, "tls/self-signed", ""),
    ("unable to verify the first certificate", "certificates", TlsInspection, "tls/incomplete-chain", ""),
    (
        "Hostname/IP does not match certificate's altnames: Host: gw.aurora.example. is not in the cert's list",
        "certificate-name",
        TlsInspection,
        "tls/name-mismatch",
        "gw.aurora.example",
    ),
    // OpenSSL.
    ("error:0A00010B:SSL routines::wrong version number", "not-tls", Firewall, "tls/not-tls", ""),
    (
        "error:0A000126:SSL routines::unexpected eof while reading",
        "connection-closed",
        Firewall,
        "tls/closed",
        "",
    ),
    (
        "write EPROTO 8:error:0A000410:SSL routines:sslv3 alert handshake failure",
        "tls-alert",
        Firewall,
        "tls/alert",
        "",
    ),
    ("unsafe legacy renegotiation disabled", "tls-old", TlsInspection, "tls/version", ""),
    ("ssl: dh key too small", "tls-old", TlsInspection, "tls/version", ""),
    ("ca md too weak", "certificate-weak", TlsInspection, "tls/intercepted-untrusted", ""),
    // Windows and macOS.
    (
        "schannel: next InitializeSecurityContext failed: Unknown error (0x80092012) - The revocation function was unable to check revocation",
        "certificate-revocation-unknown",
        Firewall,
        "",
        "",
    ),
    ("SEC_E_UNTRUSTED_ROOT (0x80090325)", "certificates", TlsInspection, "tls/intercepted-untrusted", ""),
    ("0x80072F8F", "secure-channel", Device, "device/clock", ""),
    ("WinHttpSendRequest failed: error 12029", "cannot-connect", Firewall, "tcp/refused", ""),
    ("WSA error 10054", "connection-reset", Firewall, "tls/reset", ""),
    ("11001", "name-not-found", Dns, "dns/nxdomain", ""),
    (
        "A connection attempt failed because the connected party did not properly respond after a period of time",
        "packets-dropped",
        Firewall,
        "tcp/timeout",
        "",
    ),
    (
        "Error Domain=NSURLErrorDomain Code=-1202 \"The certificate for this server is invalid.\"",
        "certificates",
        TlsInspection,
        "tls/intercepted-untrusted",
        "",
    ),
    ("NSURLErrorDomain error -1001", "packets-dropped", Firewall, "tcp/timeout", ""),
    ("CFNetwork SSLHandshake failed (-9802); OSStatus -9802", "tls-alert", Firewall, "tls/alert", ""),
    // Tools and helpers in other languages.
    (
        "x509: certificate signed by unknown authority",
        "certificates",
        TlsInspection,
        "tls/intercepted-untrusted",
        "",
    ),
    (
        "Get \"https://gw.aurora.example/v1\": dial tcp: lookup gw.aurora.example on 10.9.0.53:53: no such host",
        "name-not-found",
        Dns,
        "dns/nxdomain",
        "gw.aurora.example",
    ),
    (
        "read tcp 10.0.0.5:51234->192.0.2.7:443: read: connection reset by peer",
        "connection-reset",
        Firewall,
        "tls/reset",
        "192.0.2.7",
    ),
    (
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1000)",
        "certificates",
        TlsInspection,
        "tls/intercepted-untrusted",
        "",
    ),
    ("OSError('Tunnel connection failed: 403 Forbidden')", "proxy-denies", Proxy, "proxy/denied", ""),
    (
        "Tunnel connection failed: 407 Proxy Authentication Required",
        "proxy-407",
        Proxy,
        "proxy/auth-required",
        "",
    ),
    ("Tunnel connection failed: 503 Service Unavailable", "proxy-upstream", Proxy, "proxy/upstream", ""),
    (
        "curl: (7) Failed to connect to gw.aurora.example port 443",
        "cannot-connect",
        Firewall,
        "tcp/timeout",
        "gw.aurora.example",
    ),
    (
        "curl: (28) Operation timed out after 10001 milliseconds",
        "packets-dropped",
        Firewall,
        "tcp/timeout",
        "",
    ),
    ("curl: (5) Could not resolve proxy: proxy.aurora.example", "proxy-name", Proxy, "proxy/unresolved", ""),
    (
        "invalid peer certificate: UnknownIssuer",
        "certificates",
        TlsInspection,
        "tls/intercepted-untrusted",
        "",
    ),
    ("connection closed before message completed", "connection-closed", Firewall, "tls/closed", ""),
    // The engine, the app and its sandbox.
    ("API Error: Connection error.", "failed-somewhere", None, "", ""),
    (
        "API Error: 529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}",
        "overloaded",
        None,
        "",
        "",
    ),
    ("[12:00:01] [error] [agent] response STALLED mid-stream", "stream-silent", Proxy, "http/idle-cut", ""),
    (
        "[warn] Skipping SOCKS proxy entry socks5://10.1.1.1:1080",
        "engine-direct",
        Proxy,
        "proxy/required",
        "10.1.1.1:1080",
    ),
    ("[VM] api reachability: unreachable", "vm-unreachable", Network, "untested/actor", ""),
    (
        "blocked by network allowlist: pkg.aurora.example",
        "sandbox-blocked",
        Configuration,
        "proxy/denied",
        "pkg.aurora.example",
    ),
    (
        "PAC fetch from http://pac.aurora.example/p refused: macOS requires https for this address",
        "pac-http-macos",
        Configuration,
        "proxy/required",
        "pac.aurora.example:80",
    ),
    ("Claude Code process exited with code 134", "engine-ended", Device, "", ""),
    ("MCP error -32000: Connection closed", "mcp-server-ended", Service, "", ""),
    ("Connection to server failed.", "mcp-connection-failed", Configuration, "auth/rejected", ""),
    // Providers; what the table of calls knows too.
    ("UnrecognizedClientException", "call-credential", Configuration, "auth/rejected", ""),
    ("com.amazon.coral.service#AccessDeniedException", "call-denied", CloudAccount, "service/model", ""),
    ("ThrottlingException: Too many requests", "call-rate", CloudAccount, "http/rate-limited", ""),
    (
        "ValidationException: The provided model identifier is invalid.",
        "call-model",
        Configuration,
        "service/region",
        "",
    ),
    (
        "Invocation of model ID x with on-demand throughput isn't supported",
        "call-on-demand",
        Configuration,
        "service/model",
        "",
    ),
    ("reason: SERVICE_DISABLED", "call-api-disabled", CloudAccount, "service/model", ""),
    ("status: UNAUTHENTICATED", "call-credential", Configuration, "auth/rejected", ""),
    ("{\"error\":{\"code\":\"DeploymentNotFound\"}}", "call-model", Configuration, "service/model", ""),
    (
        "Access denied due to Virtual Network/Firewall rules.",
        "call-network-rules",
        CloudAccount,
        "service/policy",
        "",
    ),
    ("Request not allowed", "call-country", Network, "service/policy", ""),
    ("prompt is too long: 210000 tokens > 200000 maximum", "prompt-too-long", None, "", ""),
    ("Could not load the default credentials", "cloud-credentials-missing", Device, "auth/rejected", ""),
    // Sign-ins.
    ("AADSTS53000: Device is not in required state", "aadsts-device", CloudAccount, "auth/rejected", ""),
    ("AADSTS700016", "aadsts-application", Configuration, "auth/rejected", ""),
    ("AADSTS50105", "aadsts-not-assigned", CloudAccount, "auth/rejected", ""),
    ("AADSTS7000222", "aadsts-secret", Configuration, "auth/rejected", ""),
    ("AADSTS90002", "aadsts-tenant", Configuration, "auth/rejected", ""),
    ("AADSTS1234567", "aadsts", CloudAccount, "auth/rejected", ""),
    (
        "The SSO session associated with this profile has expired or is otherwise invalid",
        "aws-sso-expired",
        CloudAccount,
        "auth/rejected",
        "",
    ),
    (
        "{\"error\":\"invalid_grant\",\"error_subtype\":\"invalid_rapt\"}",
        "oauth-again",
        CloudAccount,
        "auth/rejected",
        "",
    ),
    ("Error 403: org_internal", "google-internal", CloudAccount, "auth/rejected", ""),
    ("Error 400: redirect_uri_mismatch", "oauth-redirect", CloudAccount, "auth/rejected", ""),
    (
        "http://127.0.0.1/callback?error=access_denied&error_description=AADSTS65004%3a",
        "oauth-denied",
        CloudAccount,
        "auth/rejected",
        "127.0.0.1:80",
    ),
    // Statuses, where the words before them say that they are.
    ("407", "proxy-407", Proxy, "proxy/auth-required", ""),
    ("HTTP/1.1 502 Bad Gateway", "http-gateway", Service, "http/server-error", ""),
    ("Request failed with status code 401", "http-401", Configuration, "auth/rejected", ""),
    ("status: 403", "http-403", None, "http/block-page", ""),
    ("error code: 524", "http-cloudflare", Service, "http/timeout", ""),
    ("HTTP 451", "call-country", Network, "service/policy", ""),
    ("response 511", "proxy-portal", Network, "http/captive-portal", ""),
    ("status 413", "http-413", Proxy, "", ""),
    // What says why comes before what says where, and a piece of a text is enough.
    ("Can't reach the API: net::ERR_TUNNEL_CONNECTION_FAILED", "proxy-tunnel", Proxy, "proxy/denied", ""),
    (
        "Failed to start Claude's workspace: Download failed: SELF_SIGNED_CERT_IN_CHAIN",
        "certificates",
        TlsInspection,
        "tls/intercepted",
        "",
    ),
    (
        "request failed, reason: unable to get local issuer certifi\u{2026}",
        "certificates",
        TlsInspection,
        "tls/intercepted",
        "",
    ),
    (
        "\u{201c}Unable to get\n  local issuer certificate\u{201d}",
        "certificates",
        TlsInspection,
        "tls/intercepted",
        "",
    ),
    // The device itself.
    ("connect ECONNREFUSED 127.0.0.1:4000", "connection-refused", Device, "tcp/refused", "127.0.0.1:4000"),
    ("connect ECONNREFUSED ::1:4000", "connection-refused", Device, "tcp/refused", "[::1]:4000"),
    ("Can't reach llm.localhost:4000", "cant-reach", Device, "", "llm.localhost:4000"),
    (
        "request to https://api.anthropic.com/v1/x failed, reason: connect ECONNREFUSED 127.0.0.1:3128",
        "connection-refused",
        Device,
        "tcp/refused",
        "127.0.0.1:3128",
    ),
    (
        "TypeError: fetch failed\n    at node:internal/deps/undici/undici:1:1 {\n  [cause]: Error: connect ECONNREFUSED 127.0.0.1:8080\n    errno: -111,\n    code: 'ECONNREFUSED',\n    address: '127.0.0.1',\n    port: 8080\n}",
        "connection-refused",
        Device,
        "tcp/refused",
        "127.0.0.1:8080",
    ),
    (
        "{\n  \"errno\": -104,\n  \"code\": \"ECONNRESET\",\n  \"syscall\": \"read\",\n  \"hostname\": \"gw.aurora.example\"\n}",
        "connection-reset",
        Firewall,
        "tls/reset",
        "gw.aurora.example",
    ),
];

fn ask(text: &str) -> Answer {
    let options = Options::default();
    let given = Given { pack: &RULES.pack, configurations: &[], documents: &[], options: &options };
    explain(&given, &RULES.symptoms, &RULES.codes, &RULES.pack.feature_infos(), text).answer
}

#[test]
fn each_error_is_answered_with_its_meaning_its_owner_its_code_and_its_host() {
    let mut wrong = Vec::new();
    for (text, id, owner, code, address) in TABLE {
        let Answer::Messages(answer) = ask(text) else {
            wrong.push(format!("{text}: {:?}", ask(text)));
            continue;
        };
        let first = &answer.messages[0];
        let codes: Vec<&str> = first.symptom.codes.iter().map(|c| c.as_str()).collect();
        let right = first.symptom.id == *id
            && first.owner == *owner
            && (code.is_empty() || codes.contains(code))
            && (address.is_empty() || first.address.as_deref() == Some(*address));
        if !right {
            let ids: Vec<&str> = answer.messages.iter().map(|m| m.symptom.id.as_str()).collect();
            wrong.push(format!("{text}: {ids:?} of {}, {codes:?}, {:?}", first.owner, first.address));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn common_words_and_unknown_texts_stay_unknown() {
    for text in [
        "the weather is nice today",
        "Server started and listening on port 8080",
        "Connection established to gw.aurora.example:443 in 20 ms",
        "The request was successful, status 200",
        "The user closed the window and the process was terminated normally",
        "Loaded 404 models from the cache",
        "503 users are on line",
        "certificate renewal is planned for next week",
        "the token is valid for 60 minutes, proxy settings unchanged",
        "connection",
        "unknown error 5",
        "code 12 was returned",
        "prefetch failed images later",
        "5001",
        "{}",
    ] {
        let Answer::Unknown { messages, keys, codes } = ask(text) else { panic!("{text}: {:?}", ask(text)) };
        assert!(messages.is_empty() && keys.is_empty() && codes.is_empty(), "{text}");
    }
}

#[test]
fn an_address_alone_is_the_question_about_the_host() {
    for text in [
        "https://api.anthropic.com/v1/messages?beta=true",
        "api.anthropic.com",
        "'https://claude.ai/'",
        "[::1]:4000",
    ] {
        assert!(matches!(ask(text), Answer::Host(_)), "{text}");
    }
    for (text, code) in [
        ("TLS/SNI-RESET", "tls/sni-reset"),
        ("sni-reset", "tls/sni-reset"),
        ("tls/sni_reset", "tls/sni-reset"),
    ] {
        assert!(matches!(ask(text), Answer::Code(c) if c.code.as_str() == code), "{text}");
    }
}

#[test]
fn a_place_of_a_message_is_given_in_the_bytes_of_the_line() {
    let line = "\u{201c}x\u{201d}  [error]  Socket   hang up at gw.aurora.example";
    let found = RULES.symptoms.find(line);
    assert_eq!(&line[found[0].span.clone()], "Socket   hang up");
    assert!(RULES.symptoms.find("a line of a log that says nothing at all").is_empty());
}

#[test]
fn every_word_of_the_table_of_calls_is_explained() {
    for answer in RULES.services.calls().answers() {
        for text in &answer.says {
            let found = RULES.symptoms.find(text);
            assert!(!found.is_empty(), "{}: `{text}` is not known to explain", answer.name);
        }
        let names = answer
            .any
            .values()
            .flatten()
            .filter(|w| w.len() > 8 && (w.contains('_') || w.ends_with("Exception")));
        for name in names {
            assert!(!RULES.symptoms.find(name).is_empty(), "{}: {name} is not known to explain", answer.name);
        }
    }
}
