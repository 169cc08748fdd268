//! The words that renderings share: owners, counts, endpoints, times.

use super::sanitise;
use crate::contract::endpoint::listed;
use crate::contract::{Need, Platform, Transport};
use crate::derive::{HostPattern, Requirement, Requirements};
use crate::diagnose::{Owner, Verdict};
use crate::plan::{Route, Skip};
use crate::text::english::count;

/// Whom to ask, in words.
pub(super) const fn owner(owner: Owner) -> &'static str {
    match owner {
        Owner::Firewall => "the firewall team",
        Owner::Dns => "the DNS team",
        Owner::Proxy => "the proxy team",
        Owner::TlsInspection => "the team that runs TLS inspection",
        Owner::Network => "the network team",
        Owner::Device => "the team that manages this device",
        Owner::Configuration => "the team that deploys the app's configuration",
        Owner::CloudAccount => "the owner of the cloud account",
        Owner::Service => "the owner of the service",
        Owner::None => "nobody",
    }
}

/// The symbol and the word of a verdict. The word stands alone where there is no colour.
pub(super) const fn verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Reachable => ("+", "ok"),
        Verdict::Warning => ("!", "warning"),
        Verdict::Blocked => ("x", "blocked"),
        Verdict::Untested => ("?", "untested"),
    }
}

/// `1 host`, `2 hosts`.
pub(super) fn hosts(n: usize) -> String {
    count(n, "host", "hosts")
}

/// [`listed`] with what is spoken there, where that is not what one expects of it: one port may
/// be asked in two ways.
pub(super) fn endpoint_over(host: &HostPattern, port: u16, transport: Transport) -> String {
    let over = if transport.is_grpc() { " (gRPC)" } else { "" };
    format!("{}{over}", listed(host, port))
}

/// [`listed`] of a requirement.
pub(super) fn endpoint_of(requirement: &Requirement) -> String {
    listed(&requirement.host, requirement.port)
}

/// Milliseconds without decimals.
pub(super) fn ms(value: f64) -> String {
    let rounded = value.max(0.0).round();
    if value > 0.0 && rounded < 1.0 { "<1 ms".into() } else { format!("{rounded:.0} ms") }
}

/// A duration a person reads: `812 ms`, `4.1 s`.
pub(super) fn duration(ms: u64) -> String {
    if ms < 1_000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1_000, ms % 1_000 / 100) }
}

/// The platform of a list, and where its inputs have several, which has which. `assumed` says what
/// it is where nothing in the input says so.
pub(super) fn platforms(requirements: &Requirements, assumed: &str) -> String {
    let mut each: Vec<(Platform, bool, Vec<String>)> = Vec::new();
    for input in &requirements.inputs {
        let Some(one) = input.platform else { continue };
        let name = sanitise::line(&input.name, sanitise::SHORT);
        match each.iter_mut().find(|(p, a, _)| (*p, *a) == (one, input.platform_assumed)) {
            Some((.., names)) if names.contains(&name) => {}
            Some((.., names)) => names.push(name),
            None => each.push((one, input.platform_assumed, vec![name])),
        }
    }
    if each.len() < 2 {
        let note = if requirements.platform_assumed { format!(" ({assumed})") } else { String::new() };
        return format!("{}{note}", platform(requirements.platform));
    }
    let one = |(of, unsaid, names): &(Platform, bool, Vec<String>)| {
        let note = if *unsaid { format!("; {assumed}") } else { String::new() };
        format!("{} ({}{note})", platform(*of), names.join(", "))
    };
    each.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The platform as its maker writes it.
pub(super) const fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::Macos => "macOS",
        Platform::Windows => "Windows",
        Platform::Linux => "Linux",
    }
}

/// The heading of everything that is needed so badly.
pub(super) const fn need_heading(need: Need) -> &'static str {
    match need {
        Need::Required => "REQUIRED",
        Need::Feature => "FEATURE",
        Need::Optional => "OPTIONAL",
    }
}

/// What a transport other than HTTPS is called beside a host.
pub(super) const fn transport(transport: Transport) -> Option<&'static str> {
    match transport {
        Transport::Https => None,
        Transport::Http => Some("plain http"),
        Transport::Grpc => Some("plain gRPC"),
        Transport::GrpcTls => Some("gRPC over TLS"),
        Transport::Ssh => Some("ssh"),
        Transport::Tcp => Some("tcp"),
    }
}

/// The route as `actors[].route` has it: `direct`, or `proxy host:port (origin)`.
pub(super) fn route(route: &Route) -> String {
    sanitise::line(&route.to_string(), sanitise::LONG)
}

/// A route as a judgement has it, made safe to print.
pub(super) fn route_text(route: &str) -> String {
    sanitise::line(route, sanitise::LONG)
}

/// The number of a thing to do, wherever it is referred to.
pub(super) fn number(n: usize) -> String {
    format!("#{n}")
}

/// Why nothing is sent to a target that speaks `transport`.
pub(super) const fn skip(skip: Skip, transport: Transport) -> &'static str {
    if matches!(skip, Skip::Route) && matches!(transport, Transport::Http | Transport::Grpc) {
        return "in the clear its request goes to the proxy itself, which is not tested";
    }
    match skip {
        Skip::Wildcard => "a wildcard without a known member",
        Skip::Unbounded => "cannot be listed",
        Skip::LinkLocal => "a link-local address; never probed",
        Skip::Actor => "only a browser, a sign-in broker or a remote host dials it",
        Skip::Route => "its route is not known here (a proxy script decides it)",
    }
}

/// `2026-11-22T16:31:25Z` as `2026-11-22 16:31:25 UTC`; anything else as it is.
pub(super) fn time(text: &str) -> String {
    let text = sanitise::line(text, 40);
    match text.strip_suffix('Z').and_then(|t| t.split_once('T')) {
        Some((date, time)) => format!("{date} {} UTC", time.split('.').next().unwrap_or(time)),
        None => text,
    }
}

/// The head rows that every rendering of a list has: label and value.
pub(super) fn head(requirements: &Requirements, whole_hash: bool) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    for input in &requirements.inputs {
        let mut facts = vec![sanitise::line(&input.format, 40)];
        if !input.sha256.is_empty() {
            let hash = sanitise::line(&input.sha256, 64);
            let shown = if whole_hash { hash.as_str() } else { hash.get(..12).unwrap_or(&hash) };
            facts.push(format!("sha256 {shown}"));
        }
        facts.retain(|f| !f.is_empty());
        let name = sanitise::line(&input.name, sanitise::SHORT);
        let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
        rows.push(("Config", format!("{name}{facts}")));
    }
    if requirements.inputs.is_empty() {
        rows.push(("Config", "none; only the hosts named on the command line".into()));
    }
    if let Some(provider) = &requirements.provider {
        rows.push(("Provider", sanitise::line(provider, 80)));
    }
    rows.push(("Platform", platforms(requirements, "assumed; --platform says otherwise")));
    rows.push(("App", requirements.app_version.to_string()));
    rows.push((
        "Rules",
        format!(
            "{} ({}Clearway {})",
            sanitise::line(&requirements.rules_date, 20),
            requirements.rules_age.map(|a| format!("{a}, ")).unwrap_or_default(),
            env!("CARGO_PKG_VERSION")
        ),
    ));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> HostPattern {
        text.parse().unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn ports_show_where_they_are_not_443() {
        assert_eq!(listed(&host("a.example"), 443), "a.example");
        assert_eq!(listed(&host("*.a.example"), 8443), "*.a.example:8443");
        assert_eq!(listed(&host("2001:db8::1"), 443), "2001:db8::1");
        assert_eq!(listed(&host("2001:db8::1"), 8443), "[2001:db8::1]:8443");
        assert_eq!(listed(&host("192.0.2.1"), 22), "192.0.2.1:22");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            (ms(0.2), ms(0.0), ms(12.5), ms(4001.4)),
            ("<1 ms".into(), "0 ms".into(), "13 ms".into(), "4001 ms".into())
        );
        assert_eq!((duration(812), duration(4_120)), ("812 ms".into(), "4.1 s".into()));
        assert_eq!(time("2026-11-22T16:31:25.123Z"), "2026-11-22 16:31:25 UTC");
    }
}
