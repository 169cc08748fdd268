//! The proxy: a ladder of its own before the target's TLS.

use std::collections::BTreeSet;

use crate::contract::Stage;
use crate::contract::endpoint::authority;
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Step, Walk, addresses};
use crate::diagnose::experiment::burst::names_rate;
use crate::diagnose::experiment::captive_portal::{BLOCKS, SIGN_IN};
use crate::diagnose::finding::{Certainty, Code, Owner};
use crate::diagnose::stage::block_page::host_of;
use crate::diagnose::stage::dns;
use crate::diagnose::stage::in_place::placed;
use crate::diagnose::stage::tcp::{message, prohibits, refused_here, undialled};
use crate::observation::{ProxyOutcome, Tcp, TcpOutcome};
use crate::plan::Route;
use crate::rules::filters::Signs;
use crate::text::english;

/// Judges the way to the proxy and its answer to CONNECT.
pub(crate) fn judge(view: &View<'_>, walk: &mut Walk) -> Step {
    let Route::Proxy { origin, .. } = &view.path.route else { return Step::Continue(()) };
    let name = view.proxy().unwrap_or_default();
    match obstacle(view, walk, &name) {
        Some(found) => {
            let key = if found.key.is_empty() { name.clone() } else { format!("{name} {}", found.key) };
            walk.push(found.fact("proxy", name).fact("key", origin.as_str()).key(key));
            Step::Break(())
        }
        None => Step::Continue(()),
    }
}

fn obstacle(view: &View<'_>, walk: &mut Walk, name: &str) -> Option<Draft> {
    let attempt = view.attempt;
    if let Some(lookup) = &attempt.dns {
        walk.timings.set(Stage::Dns, lookup.ms);
        if attempt.tcp.is_empty()
            && let Some(failed) = dns::failure(lookup)
        {
            let owner = if failed.code == Code::DnsNxdomain { Owner::Configuration } else { Owner::Dns };
            let mut found = Draft::new(Code::ProxyUnresolved, failed.line).owner(owner);
            found.facts = failed.facts;
            return Some(found.fact("dns", failed.code.as_str()));
        }
    }
    let Some(stood) = attempt.connection() else {
        return Some(undialled(&attempt.tcp, name).unwrap_or_else(|| unconnected(view, name)));
    };
    walk.timings.set(Stage::Tcp, stood.ms);
    let Some(proxy) = &attempt.proxy else {
        return Some(
            Draft::new(Code::ProxyTimeout, format!("{name}: connected, and no CONNECT was answered"))
                .case("connect"),
        );
    };
    walk.timings.set(Stage::Proxy, proxy.ms);
    let header = |wanted: &str| {
        proxy.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(wanted)).map(|(_, v)| v.clone())
    };
    let target = authority(&view.target.probed, view.target.port());
    let found = match &proxy.outcome {
        ProxyOutcome::Tunnel => return None,
        ProxyOutcome::Status { status: 407 } => {
            let schemes: Vec<String> = proxy
                .headers
                .iter()
                .filter(|(n, _)| n.eq_ignore_ascii_case("proxy-authenticate"))
                .filter_map(|(_, v)| v.split_whitespace().next().map(str::to_owned))
                .collect();
            let scheme = schemes.join(", ");
            let asks = if scheme.is_empty() { String::new() } else { format!(" ({scheme})") };
            let by_account = ["negotiate", "ntlm", "kerberos"];
            let forwards = schemes.iter().any(|s| by_account.contains(&s.to_ascii_lowercase().as_str()));
            Draft::new(Code::ProxyAuthRequired, format!("{name} answers CONNECT {target} with 407{asks}"))
                .proven()
                .fact("status", 407)
                .fact("scheme", scheme)
                .fact("way_out", forwards.then_some(WAY_OUT))
        }
        // The status says that the network wants a sign-in (RFC 6585, 6).
        ProxyOutcome::Status { status: SIGN_IN } => {
            let place = header("location").map(|l| placed(&l));
            let leads = place.as_deref().map(|p| format!(", location {p}")).unwrap_or_default();
            Draft::new(Code::HttpCaptivePortal, format!("{name} answers CONNECT {target} with 511{leads}"))
                .proven()
                .fact("status", SIGN_IN)
                .fact("location", place)
        }
        ProxyOutcome::Status { status: status @ 300..=399 } => {
            redirected(view, name, *status, header("location"))
        }
        ProxyOutcome::Status { status } if no_proxy(view).contains(status) => {
            let line = format!(
                "{name} answers CONNECT {target} with {status}, and lets no CONNECT of this run through"
            );
            let statuses: Vec<String> = no_proxy(view).iter().map(u16::to_string).collect();
            let found = Draft::new(Code::ProxyDenied, line)
                .case(NO_PROXY_CASE)
                .fact("status", *status)
                .fact("statuses", english::and(&statuses));
            // Who wrote the address can correct it; a proxy's team answers for one that the device was given.
            if is_configured(&view.path.route) { found.owner(Owner::Configuration) } else { found }
        }
        ProxyOutcome::Status { status } => {
            let reason = header("x-squid-error").map(|e| format!(", {e}")).unwrap_or_default();
            let line = format!("{name} answers CONNECT {target} with {status}{reason}");
            if *status >= 500 {
                let found = Draft::new(Code::ProxyUpstream, line).fact("status", *status);
                match view.context.codes.proxy_reason(&proxy.headers) {
                    Some(reason) => {
                        let case = if reason.limit { "limit" } else { "reason" };
                        found.case(case).fact("says", reason.says.as_str())
                    }
                    None => found,
                }
            } else {
                let others = other_ports(view);
                let ports = if others.is_empty() {
                    String::new()
                } else {
                    format!("; to port 443 of {others} it lets through: look at its list of allowed ports")
                };
                let found = Draft::new(Code::ProxyDenied, line + &ports).proven().fact("status", *status);
                // A 403 that names a rate may be the proxy's denial all the same.
                match (*status, names_rate(proxy)) {
                    (429, _) => found.case("limit"),
                    (_, true) => Draft { certainty: Certainty::Likely, ..found.case("limit") },
                    (_, false) => found,
                }
            }
        }
        ProxyOutcome::Timeout => Draft::new(
            Code::ProxyTimeout,
            format!("{name}: connected, and no answer to CONNECT {target} in {:.0} ms", proxy.ms),
        )
        .case("connect")
        .fact("port", view.target.port()),
        ProxyOutcome::Reset | ProxyOutcome::Closed => {
            let how = if proxy.outcome == ProxyOutcome::Reset { "reset" } else { "closed" };
            Draft::new(Code::ProxyReset, format!("{name}: connection {how} after CONNECT {target}"))
                .fact("error", format!("connection {how}"))
        }
        ProxyOutcome::NotHttp => {
            Draft::new(Code::ProxyReset, format!("{name}: the answer to CONNECT {target} is not HTTP"))
                .fact("error", "the answer is not HTTP")
        }
        ProxyOutcome::Tls { error, unknown_issuer } => {
            let found = Draft::new(Code::ProxyReset, format!("{name}: TLS to the proxy failed ({error})"))
                .fact("error", format!("TLS to the proxy failed: {error}"));
            // A private authority is usual on a proxy; what lacks it is the device.
            if *unknown_issuer { found.owner(Owner::Device) } else { found }
        }
    };
    let mut found = found;
    for (fact, wanted) in [
        ("via", "via"),
        ("proxy_server", "server"),
        ("proxy_agent", "proxy-agent"),
        ("proxy_status", "proxy-status"),
        ("proxy_error", "x-proxy-error"),
        ("proxy_error", "x-squid-error"),
    ] {
        if let Some(value) = header(wanted) {
            found = found.fact(fact, value);
        }
    }
    if let ProxyOutcome::Status { status } = &proxy.outcome {
        // One server gives each kind of mistaken request a status of its own.
        found.key = if found.case == Some(NO_PROXY_CASE) { NO_PROXY_CASE.into() } else { status.to_string() };
    }
    Some(found)
}

/// The documented way out where a proxy signs users in by their account on the device.
const WAY_OUT: &str = " Where that cannot be, run a forwarding proxy on this device that signs in as the user (Px, Cntlm), and let the app use that.";

/// CONNECT answered with a redirect: the place of a sign-in, or of a filter's page.
fn redirected(view: &View<'_>, name: &str, status: u16, location: Option<String>) -> Draft {
    let target = authority(&view.target.probed, view.target.port());
    let place = location.as_deref().map(placed).unwrap_or_default();
    let shown = if place.is_empty() { "an unnamed place" } else { place.as_str() };
    let line = format!("{name} answers CONNECT {target} with {status}, location {shown}");
    let host = host_of(&place);
    let signs = Signs { location: host.as_deref(), place: Some(&place), ..Signs::default() };
    let filters = view.context.services.filters();
    let product = filters.page_of(&signs);
    let lower = place.to_ascii_lowercase();
    let sign_in = filters.access_of(&signs).is_some() || filters.is_sign_in_place(&place);
    if !sign_in && (product.is_some() || BLOCKS.iter().any(|word| lower.contains(word))) {
        return Draft::new(Code::HttpBlockPage, line)
            .owner(Owner::Proxy)
            .fact("status", status)
            .fact("filter", product)
            .fact("location", place);
    }
    Draft::new(Code::ProxyAuthRequired, format!("{line}: a sign-in, or a filter's page"))
        .fact("status", status)
        .fact("scheme", format!("it leads to {shown}"))
        .fact("location", place)
}

/// How a server that is no proxy answers CONNECT: the request line is not one that it reads, the address is no file
/// of its, the method is not allowed, or not implemented (RFC 9110, 9.3.6 and 15).
const NO_PROXY: [u16; 4] = [400, 404, 405, 501];

/// What only a proxy writes (RFC 9209; Squid, Zscaler and Blue Coat, curl's documentation of CONNECT).
const PROXY_HEADERS: [&str; 5] =
    ["proxy-agent", "proxy-status", "x-squid-error", "x-proxy-error", "proxy-connection"];

/// The wording of such an answer.
const NO_PROXY_CASE: &str = "not-a-proxy";

/// Whether a key of the configuration names this proxy, or the script that does.
fn is_configured(route: &Route) -> bool {
    matches!(route, Route::Proxy { origin, .. } if origin.starts_with("egressProxy"))
}

/// The statuses with which what is taken for this path's proxy answered every CONNECT of the run, for two names at
/// least, like a server that is no proxy; none where it did not. A proxy that refuses one of them opens another,
/// answers it otherwise, or says in a header that it is one.
fn no_proxy(view: &View<'_>) -> BTreeSet<u16> {
    let (mut names, mut statuses) = (BTreeSet::new(), BTreeSet::new());
    for attempt in view.context.observations.plain().filter(|a| is_same(&a.route, &view.path.route)) {
        let Some(proxy) = &attempt.proxy else { continue };
        let says = |(name, _): &(String, String)| PROXY_HEADERS.iter().any(|h| name.eq_ignore_ascii_case(h));
        match proxy.outcome {
            ProxyOutcome::Status { status }
                if NO_PROXY.contains(&status) && !proxy.headers.iter().any(says) =>
            {
                names.extend(view.context.plan.target(attempt.target).map(|t| t.probed.as_str()));
                statuses.insert(status);
            }
            ProxyOutcome::Status { .. } | ProxyOutcome::Tunnel => return BTreeSet::new(),
            _ => {}
        }
    }
    if names.len() >= 2 { statuses } else { BTreeSet::new() }
}

/// Whether two routes lead through one proxy, wherever its address came from.
fn is_same(one: &Route, other: &Route) -> bool {
    match (one, other) {
        (Route::Proxy { host, port, .. }, Route::Proxy { host: h, port: p, .. }) => (host, port) == (h, p),
        _ => false,
    }
}

/// Where the port is another than 443: a host to whose port 443 the same proxy opened a tunnel in
/// this run. It then refuses the port rather than the client.
fn other_ports(view: &View<'_>) -> String {
    let plan = view.context.plan;
    let tunnelled = view.context.observations.plain().filter(|a| {
        is_same(&a.route, &view.path.route)
            && a.proxy.as_ref().is_some_and(|p| p.outcome == ProxyOutcome::Tunnel)
    });
    let mut on_443 = tunnelled.filter_map(|a| plan.target(a.target)).filter(|t| t.port() == 443);
    match on_443.next() {
        Some(target) if view.target.port() != 443 => target.probed.clone(),
        _ => String::new(),
    }
}

fn unconnected(view: &View<'_>, name: &str) -> Draft {
    let tries = &view.attempt.tcp;
    let ends = addresses(tries.iter().map(|t| t.remote));
    let any = |wanted: fn(&TcpOutcome) -> bool| tries.iter().any(|t| wanted(&t.outcome));
    let (code, how) = if any(|o| *o == TcpOutcome::Denied) || tries.iter().any(refused_here) {
        (Code::DeviceLocalDenied, "refused by this device")
    } else if tries.iter().any(|t| prohibits(t).is_some()) {
        return prohibited(name, tries, ends);
    } else if any(|o| *o == TcpOutcome::Refused) {
        (Code::ProxyRefused, "connection refused")
    } else if any(|o| *o == TcpOutcome::Reset) {
        (Code::ProxyReset, "connection reset")
    } else if any(|o| matches!(o, TcpOutcome::HostUnreachable | TcpOutcome::NetworkUnreachable)) {
        (Code::ProxyTimeout, "no route")
    } else {
        (Code::ProxyTimeout, "no answer to the connection")
    };
    let found = Draft::new(code, format!("{name}: {how}")).fact("addresses", ends).fact("error", how);
    match code {
        Code::DeviceLocalDenied | Code::ProxyRefused => found.proven(),
        _ if how == "no route" => found.owner(Owner::Network),
        _ => found,
    }
}

/// A router or firewall on the way says that it is told not to let this through.
fn prohibited(name: &str, tries: &[Tcp], ends: Vec<String>) -> Draft {
    let told = tries.iter().filter(|t| prohibits(t) == Some(true)).find_map(|t| Some((t, t.icmp.as_ref()?)));
    let how = told.map_or_else(|| "ICMPv6 \"prohibited\"".to_owned(), |(tcp, icmp)| message(tcp, icmp));
    let sender = told.and_then(|(_, icmp)| icmp.from).map(|a| a.to_string());
    let found = Draft::new(Code::ProxyTimeout, format!("{name}: {how}"))
        .owner(Owner::Firewall)
        .fact("addresses", ends)
        .fact("error", how.as_str())
        .fact("icmp", how.as_str())
        .fact("icmp_from", sender.as_deref())
        .key(format!("prohibited {}", sender.unwrap_or_default()));
    if told.is_some() { found.proven() } else { found }
}
