//! Attempts as lines for somebody who searches a log: when, from where to where, and what came of it.

use std::net::SocketAddr;

use time::OffsetDateTime;

use crate::contract::endpoint::authority;
use crate::observation::{
    Attempt, Call, CallKind, CallOutcome, Dns, DnsAnswer, HttpOutcome, Lookup, ProxyOutcome, ServerName,
    TcpOutcome, Tls, TlsOutcome, Trust, Variation,
};
use crate::plan::{Route, Target};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Event {
    /// Milliseconds after the start of the run; less than 0 for what an earlier round of a watch showed.
    pub at_ms: i64,
    /// What happened, without the time.
    pub text: String,
}

/// The attempts on a target, each by the last stage it came to; experiments say what they tried. `certificates`:
/// a certificate is what is wrong, so that the handshake is said too where an answer followed on it.
pub(in crate::report) fn of(attempts: &[Attempt], target: &Target, certificates: bool) -> Vec<Event> {
    let mut events: Vec<Event> = attempts
        .iter()
        .filter(|a| a.target == target.id)
        .flat_map(|a| {
            let shown = a.tls.last().filter(|t| certificates && !a.http.is_empty() && !t.chain.is_empty());
            let handshake = shown.map(|tls| handshake(a, tls));
            let all = handshake.into_iter().chain(last_stage(a, target, certificates));
            all.map(|e| Event { at_ms: e.at_ms - signed(a.before_ms), ..e }).collect::<Vec<_>>()
        })
        .collect();
    events.sort_by_key(|e| e.at_ms);
    events
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX / 2)
}

/// The calls with a credential on a target.
pub(in crate::report) fn of_calls(calls: &[Call], target: &Target) -> Vec<Event> {
    let sent = calls
        .iter()
        .filter(|c| c.target == target.id && !matches!(c.outcome, CallOutcome::NotSent { .. }))
        .map(|c| {
            let what = match c.kind {
                CallKind::Token => "token request",
                CallKind::Models => "model list",
                CallKind::Stream => "model call",
                CallKind::Idle => "quiet connection",
            };
            let end = match (c.status, &c.outcome) {
                (Some(status), _) => format!("status {status}"),
                (None, CallOutcome::Answered) => "survived".into(),
                (None, CallOutcome::Reset) => "reset".into(),
                (None, CallOutcome::Timeout) => format!("no answer in {:.0} ms", c.ms),
                (None, CallOutcome::Cut { .. }) => "the run ended first".into(),
                (None, _) => "no answer".into(),
            };
            Event { at_ms: signed(c.at_ms), text: format!("{what}, {}: {end}", c.request) }
        });
    sent.collect()
}

/// The addresses that the app's own attempts on a target went to; those of a proxy are not the
/// target's.
pub(in crate::report) fn addresses(attempts: &[Attempt], target: &Target) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for attempt in attempts.iter().filter(|a| a.target == target.id && a.variation.is_none()) {
        if attempt.route != Route::Direct {
            continue;
        }
        for tcp in &attempt.tcp {
            let address = tcp.remote.ip().to_canonical().to_string();
            if !all.contains(&address) {
                all.push(address);
            }
        }
    }
    all
}

/// A handshake, with its certificate and what the trust stores make of it.
fn handshake(attempt: &Attempt, tls: &Tls) -> Event {
    let what = tried(attempt);
    let sni = tls.sni.as_deref().map_or_else(|| "no server name".to_owned(), |n| format!("server name {n}"));
    let certificate = tls.chain.first().map(|leaf| {
        let day = |at: i64| {
            OffsetDateTime::from_unix_timestamp(at)
                .map_or_else(|_| "unknown".into(), |t| t.date().to_string())
        };
        let stores = [("device", &tls.device_trust), ("public roots", &tls.public_trust)];
        let said: Vec<String> = stores
            .iter()
            .filter_map(|(store, trust)| Some(format!(", {store}: {}", trust_words(trust.as_ref()?))))
            .collect();
        format!(
            ", certificate by {}, valid from {} to {}{}",
            leaf.issuer,
            day(leaf.not_before),
            day(leaf.not_after),
            said.concat()
        )
    });
    let text = format!(
        "{what}{}  TLS, {sni}: {}{}",
        ends(attempt, tls.remote),
        tls_words(&tls.outcome, tls.ms),
        certificate.unwrap_or_default()
    );
    Event { at_ms: signed(tls.at_ms), text }
}

fn trust_words(trust: &Trust) -> String {
    match trust {
        Trust::Accepted => "accepted".into(),
        Trust::UnknownIssuer => "unknown issuer".into(),
        Trust::Expired => "expired".into(),
        Trust::NotYetValid => "not valid yet".into(),
        Trust::NameMismatch => "not for this name".into(),
        Trust::Revoked => "revoked".into(),
        Trust::Unavailable { error } => format!("not asked ({error})"),
        Trust::Rejected { error } => format!("rejected ({error})"),
    }
}

/// What an experiment tried, before what came of it.
fn tried(attempt: &Attempt) -> String {
    attempt.variation.as_ref().map(|v| format!("{}: ", variation(v))).unwrap_or_default()
}

/// Both ends of a connection.
fn ends(attempt: &Attempt, remote: SocketAddr) -> String {
    match attempt.tcp.iter().filter(|t| t.remote == remote).find_map(|t| t.local) {
        Some(local) => format!("{local} -> {remote}"),
        None => format!("to {remote}"),
    }
}

fn last_stage(attempt: &Attempt, target: &Target, certificates: bool) -> Vec<Event> {
    let what = tried(attempt);
    let one = |at_ms: u64, text: String| vec![Event { at_ms: signed(at_ms), text: format!("{what}{text}") }];
    let ends = |remote: SocketAddr| ends(attempt, remote);
    let stood = || {
        attempt
            .tcp
            .iter()
            .rev()
            .find(|t| t.outcome == TcpOutcome::Connected)
            .map(|t| ends(t.remote))
            .unwrap_or_default()
    };
    if let Some(http) = attempt.http.last() {
        let head = target.request.as_ref().map_or("GET", |r| r.method.as_str());
        return one(
            http.at_ms,
            format!("{}  {head}: {}", stood(), http_words(&http.outcome, http.status, http.ms)),
        );
    }
    if let Some(tls) = attempt.tls.last() {
        if certificates {
            return vec![handshake(attempt, tls)];
        }
        let sni =
            tls.sni.as_deref().map_or_else(|| "no server name".to_owned(), |n| format!("server name {n}"));
        let issuer = tls.chain.first().map(|c| format!(", certificate by {}", c.issuer)).unwrap_or_default();
        return one(
            tls.at_ms,
            format!("{}  TLS, {sni}: {}{issuer}", ends(tls.remote), tls_words(&tls.outcome, tls.ms)),
        );
    }
    if let Some(proxy) = &attempt.proxy {
        let reply = match &proxy.outcome {
            ProxyOutcome::Tunnel => "tunnel".to_owned(),
            ProxyOutcome::Status { status } => format!("status {status}"),
            ProxyOutcome::Timeout => format!("no answer in {:.0} ms", proxy.ms),
            ProxyOutcome::Reset => "reset".into(),
            ProxyOutcome::Closed => "closed".into(),
            ProxyOutcome::NotHttp => "an answer that is not HTTP".into(),
            ProxyOutcome::Tls { error, .. } => format!("TLS to the proxy failed ({error})"),
        };
        return one(
            attempt.at_ms,
            format!("{}  CONNECT {}:{}: {reply}", stood(), target.probed, target.port()),
        );
    }
    if !attempt.tcp.is_empty() {
        return attempt
            .tcp
            .iter()
            .filter(|t| t.outcome != TcpOutcome::Abandoned)
            .map(|t| Event {
                at_ms: signed(t.at_ms),
                text: format!("{what}{}  TCP: {}", ends(t.remote), tcp_words(&t.outcome, t.ms)),
            })
            .collect();
    }
    match &attempt.dns {
        Some(dns) => one(attempt.at_ms, dns_words(dns)),
        None => Vec::new(),
    }
}

/// What an experiment tried.
pub(in crate::report) fn variation(v: &Variation) -> String {
    let v = v.changes();
    let mut parts: Vec<String> = Vec::new();
    match &v.server_name {
        ServerName::Own => {}
        ServerName::Absent => parts.push("without a server name".into()),
        ServerName::Of(name) => parts.push(format!("as {name}")),
    }
    parts.extend(v.address.map(|a| format!("at {a}")));
    if v.small_hello {
        parts.push("with a small hello".into());
    }
    parts.extend(v.segment.map(|s| format!("with segments of {s} bytes")));
    match &v.route {
        Some(Route::Direct) => parts.push("directly".into()),
        Some(Route::Proxy { host, port, .. }) => parts.push(format!("through {}", authority(host, *port))),
        None => {}
    }
    if parts.is_empty() { "test".into() } else { format!("test {}", parts.join(", ")) }
}

fn dns_words(dns: &Dns) -> String {
    let said: Vec<String> = dns
        .direct
        .iter()
        .map(|q| {
            let answer = match &q.answer {
                DnsAnswer::Addresses { .. } => "addresses".to_owned(),
                DnsAnswer::NoData => "no record".into(),
                DnsAnswer::NxDomain => "NXDOMAIN".into(),
                DnsAnswer::ServFail => "SERVFAIL".into(),
                DnsAnswer::Refused => "REFUSED".into(),
                DnsAnswer::Code { code } => format!("response code {code}"),
                DnsAnswer::Timeout => "no answer".into(),
                DnsAnswer::Truncated { error } => {
                    format!("an answer too long for UDP, and over TCP: {error}")
                }
                DnsAnswer::Unreachable { error } => format!("cannot be asked ({error})"),
            };
            format!("{} {}: {answer}", q.server, q.kind)
        })
        .collect();
    let system = match &dns.system {
        Lookup::Addresses { .. } => "answered".to_owned(),
        Lookup::Failed { error } => format!("failed ({error})"),
        Lookup::Timeout => format!("no answer in {:.0} ms", dns.ms),
        Lookup::NotAsked => "not asked".into(),
    };
    let direct = if said.is_empty() { String::new() } else { format!("; {}", said.join(", ")) };
    format!("DNS lookup of {}: the system's {system}{direct}", dns.name)
}

fn tcp_words(outcome: &TcpOutcome, ms: f64) -> String {
    match outcome {
        TcpOutcome::Connected => format!("connected in {ms:.0} ms"),
        TcpOutcome::Refused => "refused".into(),
        TcpOutcome::Reset => "reset".into(),
        TcpOutcome::Timeout => format!("no answer in {ms:.0} ms"),
        TcpOutcome::HostUnreachable => "host unreachable".into(),
        TcpOutcome::NetworkUnreachable => "network unreachable".into(),
        TcpOutcome::Denied => "refused by this device".into(),
        TcpOutcome::Abandoned => "given up".into(),
        TcpOutcome::NotDialled { reason } => format!("not dialled ({reason})"),
        TcpOutcome::Other { error, .. } => error.clone(),
    }
}

fn tls_words(outcome: &TlsOutcome, ms: f64) -> String {
    match outcome {
        TlsOutcome::Completed => format!("completed in {ms:.0} ms"),
        TlsOutcome::Timeout => format!("no answer in {ms:.0} ms"),
        TlsOutcome::Reset => format!("reset after {ms:.0} ms"),
        TlsOutcome::Closed => format!("closed after {ms:.0} ms"),
        TlsOutcome::Alert { alert } => format!("alert {alert}"),
        TlsOutcome::Version => "no common TLS version".into(),
        TlsOutcome::NotTls { first } => format!("the answer is not TLS ({first:?})"),
        TlsOutcome::Faulty { error } => error.clone(),
        TlsOutcome::Abandoned => "given up".into(),
    }
}

fn http_words(outcome: &HttpOutcome, status: Option<u16>, ms: f64) -> String {
    let end = match outcome {
        HttpOutcome::Answered => String::new(),
        HttpOutcome::Timeout => format!("no answer in {ms:.0} ms"),
        HttpOutcome::BodyTimeout => "the body did not end".into(),
        HttpOutcome::Reset => format!("reset after {ms:.0} ms"),
        HttpOutcome::Closed => format!("closed after {ms:.0} ms"),
        HttpOutcome::Alert { alert } => format!("alert {alert}"),
        HttpOutcome::StreamReset { code } => format!("stream ended with {code}"),
        HttpOutcome::Malformed { .. } => "the answer is not HTTP".into(),
        HttpOutcome::Abandoned => "given up".into(),
    };
    match (status, end.is_empty()) {
        (Some(status), true) => format!("status {status}"),
        (Some(status), false) => format!("status {status}, {end}"),
        (None, _) => end,
    }
}
