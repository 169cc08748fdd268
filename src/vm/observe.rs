//! From the lines of the script to observations: what a tool said becomes the stage that failed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use time::OffsetDateTime;

use super::read::{HostResult, Results};
use super::script::{hosts, same_place};
use crate::contract::HostPattern;
use crate::contract::endpoint::authority;
use crate::observation::{
    Attempt, Certificate, Dns, Http, HttpOutcome, Lookup, Machine, Proxy, ProxyOutcome, Purpose, Tcp,
    TcpOutcome, Tls, TlsOutcome, Trust,
};
use crate::plan::bypass::Grammar;
use crate::plan::{Plan, ProxyAddress, Route, Target};
use crate::rules::headers::Headers;
use crate::text::line;

/// Of a host behind a proxy that is not understood.
const NOT_JUDGED: &str = "the proxy of that machine is of a kind that is not judged";
/// Seconds after which a lookup that failed was not answered.
const UNANSWERED_S: u64 = 4;

/// The results as observations of the machine: of each host of the plan that it contacts. What is said of other
/// hosts, and what is missing, stands in the remarks.
pub fn observe(plan: &Plan, results: &Results, headers: &Headers) -> Machine {
    let wanted = hosts(plan);
    let mut remarks = Vec::new();
    let mut attempts = Vec::new();
    let mut foreign = Vec::new();
    for result in &results.hosts {
        let same: Vec<&&Target> =
            wanted.iter().filter(|t| same_place(t, &result.name, result.port)).collect();
        if same.is_empty() {
            foreign.push(authority(&result.name, result.port));
        }
        for target in same {
            if attempts.iter().any(|a: &Attempt| a.target == target.id) {
                continue;
            }
            match attempt(target, result, results, headers) {
                Ok(attempt) => attempts.push(attempt),
                Err(why) => {
                    let remark = format!("{}: {why}", authority(&target.probed, target.port()));
                    if !remarks.contains(&remark) {
                        remarks.push(remark);
                    }
                }
            }
        }
    }
    if !foreign.is_empty() {
        let named = crate::text::english::few(&foreign, 3);
        remarks
            .push(format!("results of hosts that it does not contact by this list were left out: {named}"));
    }
    let lacking: Vec<String> = wanted
        .iter()
        .filter(|t| !results.hosts.iter().any(|r| same_place(t, &r.name, r.port)))
        .map(|t| authority(&t.probed, t.port()))
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    if !lacking.is_empty() {
        remarks.push(format!("nothing in the file is about {}", crate::text::english::few(&lacking, 3)));
    }
    if !results.ended {
        remarks.push("the script did not run to its end, or what it printed was not copied whole".to_owned());
    }
    if results.damaged > 0 {
        remarks.push(format!("{} lines of the file were damaged and left out", results.damaged));
    }
    Machine {
        tool: results.tool.clone(),
        clock: results.clock,
        resolvers: results.resolvers.clone(),
        proxies: results.proxies.clone(),
        attempts,
        remarks,
    }
}

/// `key=value` of a tool's line.
fn value<'a>(said: &'a str, key: &str) -> Option<&'a str> {
    said.split(' ').find_map(|part| part.strip_prefix(key)?.strip_prefix('=')).filter(|v| !v.is_empty())
}

/// Milliseconds of a time in seconds; none for zero, which means that it did not come so far.
fn ms(said: &str, key: &str) -> Option<f64> {
    let seconds: f64 = value(said, key)?.replace(',', ".").parse().ok()?;
    (seconds > 0.0 && seconds < 3600.0).then_some((seconds * 1e6).round() / 1e3)
}

/// The stage at which a tool gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Nowhere,
    Dns,
    Tcp,
    Connect,
    Tls,
    Certificate,
    Http,
}

struct Said<'a> {
    stop: Stop,
    /// What the tool says of it, in lower case.
    error: String,
    timed_out: bool,
    line: &'a str,
}

fn said<'a>(result: &'a HostResult, route: &Route) -> Result<Said<'a>, String> {
    let proxied = *route != Route::Direct;
    let literal = matches!(route, Route::Proxy { host, .. } if host.parse::<IpAddr>().is_ok());
    let error = result.said("error").unwrap_or_default().to_ascii_lowercase();
    // What the system said of the connection, where curl says only that it failed.
    let error = match result.said("why") {
        Some(why) => format!("{error} ({})", why.to_ascii_lowercase()),
        None => error,
    };
    let is_tls = result.scheme == "https";
    if error.contains("unsupported proxy") {
        return Err(NOT_JUDGED.to_owned());
    }
    if let Some(line) = result.said("node") {
        // That program speaks no TLS to a proxy.
        if matches!(route, Route::Proxy { tls: true, .. }) {
            return Err(NOT_JUDGED.to_owned());
        }
        let error = value(line, "error").unwrap_or_default().to_ascii_lowercase();
        let timed_out = error == "timeout" || error == "etimedout";
        let stop = match value(line, "fail") {
            None => {
                let verified = value(line, "verify").is_none_or(|v| v == "ok");
                if verified { Stop::Nowhere } else { Stop::Certificate }
            }
            Some("dns") => Stop::Dns,
            Some("tcp") => Stop::Tcp,
            Some("connect") => Stop::Connect,
            Some("tls") => Stop::Tls,
            Some("http") => Stop::Http,
            Some(_) => return Err("what Node printed of it is not understood".to_owned()),
        };
        let error = match stop {
            Stop::Certificate => value(line, "verify").unwrap_or_default().to_ascii_lowercase(),
            _ => error,
        };
        return Ok(Said { stop, error, timed_out, line });
    }
    let Some(line) = result.said("curl") else {
        return Err(match result.said("late") {
            Some(_) => "the time of the script was up before its turn".to_owned(),
            None => "that machine has neither curl nor Node, so nothing was sent".to_owned(),
        });
    };
    let exit: u16 = value(line, "exit")
        .and_then(|e| e.parse().ok())
        .ok_or("what curl printed of it is not understood")?;
    let came = |key| ms(line, key).is_some();
    let connect = value(line, "connect").and_then(|c| c.parse::<u16>().ok()).unwrap_or(0);
    let tunnelled = !proxied || !is_tls || (200..300).contains(&connect);
    let by_times = || match () {
        () if !literal && !came("tcp") && !came("dns") && tried(result, line).is_none() => Stop::Dns,
        () if !came("tcp") => Stop::Tcp,
        () if !tunnelled => Stop::Connect,
        () if is_tls && !came("tls") => Stop::Tls,
        () => Stop::Http,
    };
    let stop = match exit {
        0 => Stop::Nowhere,
        // Of an address that it cannot read curl says the same as of a name that is not found.
        5 if !proxied || literal || !error.contains("resolve proxy") => return Err(NOT_JUDGED.to_owned()),
        5 | 6 => Stop::Dns,
        7 if proxied && connect > 0 => Stop::Connect,
        7 | 45 => Stop::Tcp,
        51 | 60 => Stop::Certificate,
        35 | 53 | 54 | 58 | 59 | 66 | 77 | 80 | 83 | 91 => Stop::Tls,
        97 => return Err(NOT_JUDGED.to_owned()),
        28 | 52 | 55 | 56 | 16 | 18 | 92 | 95 | 1 | 8 => by_times(),
        23 => Stop::Nowhere,
        126 | 127 => return Err("curl could not be run there".to_owned()),
        other => return Err(format!("curl ended with {other}{}", after(&error))),
    };
    Ok(Said { stop, error, timed_out: exit == 28, line })
}

fn after(error: &str) -> String {
    if error.is_empty() { String::new() } else { format!(" ({})", line::seen(error, 120)) }
}

fn attempt(
    target: &Target,
    result: &HostResult,
    results: &Results,
    kept: &Headers,
) -> Result<Attempt, String> {
    let route = route(target, result, results)?;
    let proxied = route != Route::Direct;
    let tls_to_proxy = matches!(route, Route::Proxy { tls: true, .. });
    let said = said(result, &route);
    let dns = dns(target, &route, result, said.as_ref().ok());
    let mut attempt = Attempt {
        target: target.id,
        path: 0,
        purpose: Purpose::First,
        variation: None,
        at_ms: 0,
        before_ms: 0,
        route,
        dns,
        tcp: Vec::new(),
        proxy: None,
        tls: Vec::new(),
        http: Vec::new(),
        banner: None,
        cut: None,
        ms: 0.0,
    };
    let said = match said {
        Ok(said) => said,
        // Without a tool that connects, a name that is not found is still a finding.
        Err(_) if attempt.dns.as_ref().is_some_and(|d| d.failure().is_some()) => return Ok(attempt),
        Err(why) => return Err(why),
    };
    attempt.ms = ms(said.line, "total").unwrap_or_default();
    if said.stop == Stop::Dns {
        return match attempt.dns.as_ref().and_then(Dns::failure) {
            Some(_) => Ok(attempt),
            None => {
                Err(format!("the name lookup failed for the tool and not for getent{}", after(&said.error)))
            }
        };
    }
    let remote = remote(target, &attempt, result, said.line)
        .ok_or_else(|| format!("the address that was tried is not in the results{}", after(&said.error)))?;
    let tcp_ms = ms(said.line, "tcp").unwrap_or(attempt.ms);
    let outcome = if said.stop == Stop::Tcp { connection(&said) } else { TcpOutcome::Connected };
    attempt.tcp.push(Tcp { remote, local: None, at_ms: 0, confirm: false, outcome, icmp: None, ms: tcp_ms });
    if said.stop == Stop::Tcp {
        return Ok(attempt);
    }
    let heads = headers(result, kept);
    if proxied {
        let status = value(said.line, "connect").and_then(|c| c.parse::<u16>().ok()).filter(|s| *s > 0);
        let outcome = match status {
            Some(200..=299) => ProxyOutcome::Tunnel,
            // No tunnel stood, so it was the proxy that was spoken to.
            _ if matches!(said.stop, Stop::Tls | Stop::Certificate) && result.said("node").is_none() => {
                if tls_to_proxy {
                    ProxyOutcome::Tls {
                        error: line::seen(&said.error, 120),
                        unknown_issuer: said.stop == Stop::Certificate
                            && verdict(&said.error) == Trust::UnknownIssuer,
                    }
                } else {
                    ProxyOutcome::Closed
                }
            }
            _ if said.stop != Stop::Connect => ProxyOutcome::Tunnel,
            Some(status) => ProxyOutcome::Status { status },
            None if said.timed_out => ProxyOutcome::Timeout,
            None if said.error.contains("reset") => ProxyOutcome::Reset,
            None => ProxyOutcome::Closed,
        };
        let stopped = outcome != ProxyOutcome::Tunnel;
        let headers = if stopped { heads.clone() } else { Vec::new() };
        attempt.proxy = Some(Proxy { outcome, headers, ms: 0.0 });
        if stopped {
            return Ok(attempt);
        }
    }
    if result.scheme == "https" {
        undated(result, &said, results.clock)?;
        attempt.tls.push(tls(target, result, &said, remote, results.clock));
        if matches!(said.stop, Stop::Tls) {
            return Ok(attempt);
        }
    }
    if said.stop == Stop::Certificate && result.said("node").is_none() {
        return Ok(attempt);
    }
    attempt.http.push(http(result, &said, heads));
    Ok(attempt)
}

/// What is said of a certificate's dates must be seen in them: else there is nothing to show.
fn undated(result: &HostResult, said: &Said<'_>, clock: Option<i64>) -> Result<(), String> {
    if said.stop != Stop::Certificate {
        return Ok(());
    }
    let (shown, word) = match verdict(&said.error) {
        Trust::Expired => {
            let end = result.said("expire").and_then(date);
            (end.is_some_and(|end| clock.is_none_or(|now| end <= now)), "expired")
        }
        Trust::NotYetValid => {
            let start = result.said("start").and_then(date);
            (start.is_some_and(|start| clock.is_none_or(|now| start >= now)), "not valid yet")
        }
        _ => return Ok(()),
    };
    if shown {
        return Ok(());
    }
    Err(format!(
        "a certificate was refused there as {word}, and the dates that would show it are not in the results"
    ))
}

/// By the proxy variables of the machine, as curl reads them; an error where one applies that is not understood.
fn route(target: &Target, result: &HostResult, results: &Results) -> Result<Route, String> {
    let variable = |names: [&str; 2]| {
        names
            .iter()
            .find_map(|name| results.proxies.iter().find(|(n, _)| n == name))
            .map(|(n, v)| (n.as_str(), v.as_str()))
    };
    let own =
        if result.scheme == "https" { ["https_proxy", "HTTPS_PROXY"] } else { ["http_proxy", "http_proxy"] };
    let set = variable(own).or_else(|| variable(["all_proxy", "ALL_PROXY"]));
    let exempt = variable(["no_proxy", "NO_PROXY"]).is_some_and(|(_, list)| {
        let host = target.probed.parse::<HostPattern>();
        let entries = Grammar::NoProxy.split(list);
        host.is_ok_and(|h| Grammar::NoProxy.exempts(&entries, &h, target.port(), result.scheme == "http"))
    });
    let Some((name, value)) = set.filter(|_| !exempt) else { return Ok(Route::Direct) };
    match ProxyAddress::parse(value, &format!("{name} of the sandbox's own machine")) {
        Ok(ProxyAddress { host, port, tls, origin }) => Ok(Route::Proxy { host, port, tls, origin }),
        Err(_) => Err(NOT_JUDGED.to_owned()),
    }
}

fn dns(target: &Target, route: &Route, result: &HostResult, said: Option<&Said<'_>>) -> Option<Dns> {
    let name = match route {
        Route::Direct => target.probed.clone(),
        Route::Proxy { host, .. } => host.clone(),
    };
    if name.parse::<IpAddr>().is_ok() {
        return None;
    }
    let lookup_failed = said.is_some_and(|s| s.stop == Stop::Dns);
    // getent and curl do not tell a name that does not exist from a server that failed; Node does.
    let failed = |error: &str, seconds: u64| {
        if seconds >= UNANSWERED_S {
            Lookup::Timeout
        } else if error == "eai_again" {
            Lookup::Failed { error: "EAI_AGAIN".to_owned() }
        } else {
            Lookup::Addresses { addresses: Vec::new() }
        }
    };
    let connected = said.and_then(|s| tried(result, s.line));
    let (system, ms) = match (route, result.said("lookup")) {
        (Route::Direct, Some(line)) => {
            let mut parts = line.split_whitespace();
            let code: i32 = parts.next().and_then(|c| c.parse().ok()).unwrap_or(1);
            let seconds: u64 = parts.next().and_then(|s| s.parse().ok()).unwrap_or(0);
            let mut addresses: Vec<IpAddr> = parts.filter_map(|a| a.parse().ok()).take(16).collect();
            addresses.dedup();
            let system = if !addresses.is_empty() {
                Lookup::Addresses { addresses }
            } else if let Some(ip) = connected {
                // The tool found what getent did not.
                Lookup::Addresses { addresses: vec![ip] }
            } else if matches!(code, 124 | 143) {
                Lookup::Timeout
            } else {
                failed(said.map_or("", |s| s.error.as_str()), seconds)
            };
            (system, (seconds * 1000) as f64)
        }
        _ if lookup_failed => {
            let said = said?;
            let seconds = ms(said.line, "total").unwrap_or(0.0) / 1000.0;
            (failed(&said.error, seconds as u64), seconds * 1000.0)
        }
        _ => (
            Lookup::Addresses { addresses: vec![connected?] },
            said.and_then(|s| ms(s.line, "dns")).unwrap_or(0.0),
        ),
    };
    Some(Dns { name, system, direct: Vec::new(), compared: Vec::new(), searched: Vec::new(), ms })
}

/// The address that the tool connected to, or tried last.
fn tried(result: &HostResult, line: &str) -> Option<IpAddr> {
    let plain = |text: &str| text.parse::<IpAddr>().ok();
    let with_port = |text: &str| text.parse::<SocketAddr>().ok().map(|a| a.ip());
    let last = || result.said("tried").and_then(|t| with_port(t).or_else(|| plain(t)));
    value(line, "ip").and_then(plain).or_else(last)
}

fn remote(target: &Target, attempt: &Attempt, result: &HostResult, line: &str) -> Option<SocketAddr> {
    let port = match &attempt.route {
        Route::Direct => target.port(),
        Route::Proxy { port, .. } => *port,
    };
    let tried = tried(result, line);
    let literal = match &attempt.route {
        Route::Direct => target.probed.parse().ok(),
        Route::Proxy { host, .. } => host.parse().ok(),
    };
    let found = || attempt.dns.as_ref().and_then(|d| d.addresses().first().copied());
    // Of a proxy the evidence shows the name and not the address, which need not be in the results.
    let unknown = || (attempt.route != Route::Direct).then_some(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    tried.or(literal).or_else(found).or_else(unknown).map(|ip| SocketAddr::new(ip, port))
}

fn connection(said: &Said<'_>) -> TcpOutcome {
    let has = |words: &[&str]| words.iter().any(|w| said.error.contains(w));
    if has(&["refused"]) {
        TcpOutcome::Refused
    } else if has(&["network is unreachable", "network unreachable", "enetunreach"]) {
        TcpOutcome::NetworkUnreachable
    } else if has(&["no route", "host is unreachable", "host unreachable", "ehostunreach"]) {
        TcpOutcome::HostUnreachable
    } else if has(&["permission denied", "not permitted", "eacces", "eperm"]) {
        TcpOutcome::Denied
    } else if has(&["reset"]) {
        TcpOutcome::Reset
    } else if said.timed_out || has(&["timed out", "timeout"]) {
        TcpOutcome::Timeout
    } else {
        TcpOutcome::Other { errno: None, error: line::seen(&said.error, 120) }
    }
}

fn tls(target: &Target, result: &HostResult, said: &Said<'_>, remote: SocketAddr, clock: Option<i64>) -> Tls {
    let has = |words: &[&str]| words.iter().any(|w| said.error.contains(w));
    let outcome = if said.stop != Stop::Tls {
        TlsOutcome::Completed
    } else if said.timed_out {
        TlsOutcome::Timeout
    } else if has(&["reset"]) {
        TlsOutcome::Reset
    } else if has(&[
        "wrong version number",
        "http request",
        "packet length too long",
        "record layer",
        "err_ssl_wrong_version_number",
    ]) {
        TlsOutcome::NotTls { first: String::new() }
    } else if has(&["protocol version", "unsupported protocol", "err_ssl_unsupported_protocol"]) {
        TlsOutcome::Version
    } else if has(&["alert"]) {
        let alert = said.error.split("alert ").nth(1).unwrap_or("unknown");
        TlsOutcome::Alert { alert: line::seen(&alert.replace(' ', "_"), 40) }
    } else if has(&["eof", "closed", "syscall", "zero_return", "econnreset"]) {
        TlsOutcome::Closed
    } else {
        TlsOutcome::Faulty { error: line::seen(&said.error, 120) }
    };
    let completed = outcome == TlsOutcome::Completed;
    let trust = if said.stop == Stop::Certificate { verdict(&said.error) } else { Trust::Accepted };
    let issuer = result.said("issuer").map(|i| i.replace("; ", ", ")).unwrap_or_default();
    let subject = result.said("subject").map(|s| s.replace("; ", ", ")).unwrap_or_default();
    let now = clock.unwrap_or_default();
    let certificate = Certificate {
        self_issued: !issuer.is_empty() && issuer == subject,
        issuer: if issuer.is_empty() { "an issuer that was not shown".to_owned() } else { issuer },
        subject,
        not_before: result.said("start").and_then(date).unwrap_or(now),
        not_after: result.said("expire").and_then(date).unwrap_or(now),
        names: Vec::new(),
        name_count: 0,
        sha256: String::new(),
        ca: false,
        issuer_url: None,
        revocation: Vec::new(),
        key_id: None,
        issuer_key_id: None,
    };
    Tls {
        remote,
        sni: target.probed.parse::<IpAddr>().is_err().then(|| target.probed.clone()),
        at_ms: 0,
        confirm: false,
        hello_bytes: 0,
        received_bytes: usize::from(completed),
        chain: if completed { vec![certificate] } else { Vec::new() },
        device_trust: completed.then(|| trust.clone()),
        // What that machine refuses, no public root was asked about.
        public_trust: None,
        public_trust_at_date: None,
        engine_trust: None,
        namesakes: Vec::new(),
        parameters: None,
        outcome,
        client_certificate_requested: false,
        ms: match (ms(said.line, "tls"), ms(said.line, "tcp")) {
            (Some(tls), Some(tcp)) => (tls - tcp).max(0.0),
            _ => 0.0,
        },
    }
}

/// What the machine's own store says, from the words of OpenSSL, curl and Node.
fn verdict(error: &str) -> Trust {
    let has = |words: &[&str]| words.iter().any(|w| error.contains(w));
    if has(&["not yet valid", "not_yet_valid"]) {
        Trust::NotYetValid
    } else if has(&["expired"]) {
        Trust::Expired
    } else if has(&["no alternative certificate subject name", "does not match", "altname", "host name"]) {
        Trust::NameMismatch
    } else if has(&["revoked"]) {
        Trust::Revoked
    } else if has(&[
        "issuer",
        "self-signed",
        "self signed",
        "self_signed",
        "untrusted",
        "verify_leaf",
        "unknown ca",
        "unable to get",
        "unable_to",
    ]) {
        Trust::UnknownIssuer
    } else {
        Trust::Rejected { error: line::seen(error, 120) }
    }
}

/// `Mar 13 00:00:00 2026 GMT`.
fn date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split_whitespace();
    let month = u8::try_from(MONTHS.iter().position(|m| Some(*m) == text.get(..3))? + 1).ok()?;
    parts.next()?;
    let day: u8 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(|n| n.parse::<u8>().ok());
    let (h, m, s) = (clock.next()??, clock.next()??, clock.next()??);
    let year: i32 = parts.next()?.parse().ok()?;
    let date = time::Date::from_calendar_date(year, time::Month::try_from(month).ok()?, day).ok()?;
    let time = time::Time::from_hms(h, m, s).ok()?;
    Some(OffsetDateTime::new_utc(date, time).unix_timestamp())
}

fn headers(result: &HostResult, kept: &Headers) -> Vec<(String, String)> {
    let heads = result.said.iter().filter(|(word, _)| word == "head").take(12);
    heads
        .filter_map(|(_, line)| {
            let (name, value) = line.split_once(": ")?;
            let name = name.to_ascii_lowercase();
            let value = kept.kept(&name, value)?.into_owned();
            Some((name, value))
        })
        .collect()
}

fn http(result: &HostResult, said: &Said<'_>, headers: Vec<(String, String)>) -> Http {
    let status = value(said.line, "code").and_then(|c| c.parse::<u16>().ok()).filter(|s| *s >= 100);
    let outcome = match status {
        Some(_) => HttpOutcome::Answered,
        None if said.timed_out => HttpOutcome::Timeout,
        None if said.error.contains("reset") => HttpOutcome::Reset,
        None => HttpOutcome::Closed,
    };
    let body = result.said("body").unwrap_or_default().to_owned();
    Http {
        at_ms: 0,
        confirm: false,
        version: "HTTP/1.1".to_owned(),
        outcome,
        status,
        header_names: headers.iter().map(|(name, _)| name.clone()).collect(),
        headers,
        body_bytes: result.said("bytes").and_then(|b| b.parse().ok()).unwrap_or(body.len()),
        body,
        document: None,
        transfer: None,
        first_byte_ms: ms(said.line, "first"),
        ms: ms(said.line, "total").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dates_of_certificates_are_read() {
        assert_eq!(date("Mar 13 00:00:00 2026 GMT"), Some(1_773_360_000));
        assert_eq!(date("Mar  3 01:02:03 2026 GMT"), Some(1_772_499_723));
        for bad in
            ["", "\u{e9}\u{e9}", "Foo 1 00:00:00 2026 GMT", "Mar 99 00:00:00 2026 GMT", "Mar 1 0:0 2026"]
        {
            assert_eq!(date(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_tools_say_of_a_certificate_is_one_of_our_words() {
        for (said, trust) in [
            ("ssl certificate problem: unable to get local issuer certificate", Trust::UnknownIssuer),
            ("ssl certificate problem: self-signed certificate in certificate chain", Trust::UnknownIssuer),
            ("unable_to_verify_leaf_signature", Trust::UnknownIssuer),
            ("ssl certificate problem: certificate has expired", Trust::Expired),
            ("cert_has_expired", Trust::Expired),
            ("ssl certificate problem: certificate is not yet valid", Trust::NotYetValid),
            (
                "ssl: no alternative certificate subject name matches target host name 'a'",
                Trust::NameMismatch,
            ),
            ("err_tls_cert_altname_invalid", Trust::NameMismatch),
        ] {
            assert_eq!(verdict(said), trust, "{said}");
        }
    }
}
