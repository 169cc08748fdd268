//! The TCP connection: what answered, and on whose side it was stopped.

use super::dns::answered;
use super::finding::{Code, Owner};
use super::found::{Found, Step, View, Walk, addresses};
use crate::observation::{Tcp, TcpOutcome};
use crate::plan::Route;
use crate::rules::addresses::Oddity;

/// Judges the connections of an attempt on a direct route.
pub(super) fn judge(view: &View<'_>, walk: &mut Walk) -> Step {
    let tries = &view.attempt.tcp;
    if let Some(connected) = connected(tries) {
        walk.timings.tcp = Some(connected.ms);
        if let Some(found) = ipv6(view, connected) {
            walk.push(found);
        }
        return Step::Continue(());
    }
    walk.push(failure(view));
    Step::Break(())
}

/// The connection that stood first.
pub(super) fn connected(tries: &[Tcp]) -> Option<&Tcp> {
    tries.iter().find(|t| t.outcome == TcpOutcome::Connected)
}

/// IPv6 fails, IPv4 works, and this device has IPv6. Without an IPv6 route here an address that
/// cannot be dialled says nothing about the network, and so for IPv4 on an IPv6-only network.
fn ipv6(view: &View<'_>, connected: &Tcp) -> Option<Found> {
    if !has_ipv6(view) || !is_v4(connected) {
        return None;
    }
    let ended: Vec<&Tcp> =
        view.attempt.tcp.iter().filter(|t| !is_v4(t) && t.outcome != TcpOutcome::Abandoned).collect();
    if ended.is_empty() || ended.iter().any(|t| t.outcome == TcpOutcome::Connected) {
        return None;
    }
    let ends = addresses(ended.iter().map(|t| t.remote));
    let line = format!("{}: {}; {} connected", ends.join(", "), said(&ended), connected.remote.ip());
    Some(Found::new(Code::TcpIpv6Broken, line).fact("addresses", ends))
}

/// This device has IPv6 that leads out. A unique local source address (RFC 4193) leads nowhere
/// beyond the site, and that public IPv6 fails from it is normal.
fn has_ipv6(view: &View<'_>) -> bool {
    let book = view.context.services.addresses();
    let local = |kind: &str| matches!(kind, "private" | "link-local");
    view.context
        .observations
        .device
        .ipv6
        .is_some_and(|address| !matches!(book.oddity(address), Some(Oddity::NotGlobal(kind)) if local(&kind)))
}

fn is_v4(tcp: &Tcp) -> bool {
    tcp.remote.ip().to_canonical().is_ipv4()
}

/// Which of the failed connections speak: those of a family that this device has a route for, if
/// there are any.
fn telling<'a>(view: &'a View<'_>) -> Vec<&'a Tcp> {
    let device = &view.context.observations.device;
    let all: Vec<&Tcp> = view.attempt.tcp.iter().filter(|t| t.outcome != TcpOutcome::Abandoned).collect();
    let dialable: Vec<&Tcp> = all
        .iter()
        .filter(|t| if is_v4(t) { device.ipv4.is_some() } else { has_ipv6(view) })
        .copied()
        .collect();
    if dialable.is_empty() { all } else { dialable }
}

/// What a set of failed connections comes to: an answer says more than silence, and this device's
/// own refusal most.
fn verdict(tries: &[&Tcp]) -> Code {
    let any = |wanted: fn(&TcpOutcome) -> bool| tries.iter().any(|t| wanted(&t.outcome));
    if any(|o| *o == TcpOutcome::Denied) {
        Code::DeviceLocalDenied
    } else if any(|o| matches!(o, TcpOutcome::Refused | TcpOutcome::Reset)) {
        Code::TcpRefused
    } else if any(|o| *o == TcpOutcome::Timeout) || tries.is_empty() {
        Code::TcpTimeout
    } else {
        Code::TcpUnreachable
    }
}

fn said(tries: &[&Tcp]) -> String {
    let mut words: Vec<String> = Vec::new();
    for tcp in tries {
        let word = match &tcp.outcome {
            TcpOutcome::Connected => "connected".to_owned(),
            TcpOutcome::Refused => "refused".to_owned(),
            TcpOutcome::Reset => "reset".to_owned(),
            TcpOutcome::Timeout => format!("no answer in {:.0} ms", tcp.ms),
            TcpOutcome::HostUnreachable => "host unreachable".to_owned(),
            TcpOutcome::NetworkUnreachable => "network unreachable".to_owned(),
            TcpOutcome::Denied => "refused by this device".to_owned(),
            TcpOutcome::Abandoned => "given up".to_owned(),
            TcpOutcome::Other { error, .. } => error.clone(),
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() { "no answer".to_owned() } else { words.join(", ") }
}

fn failure(view: &View<'_>) -> Found {
    let tries = telling(view);
    let port = view.target.port();
    let mut ends = addresses(tries.iter().map(|t| t.remote));
    let dns_ends = view.attempt.dns.as_ref().map(answered).unwrap_or_default();
    if ends.is_empty() {
        ends = addresses(view.attempt.tcp.iter().map(|t| t.remote));
    }
    if view.attempt.tcp.is_empty() && !dns_ends.is_empty() {
        // Only addresses of a family that this device has no route for.
        let families = if dns_ends.iter().all(|a| a.to_canonical().is_ipv6()) { "IPv6" } else { "IPv4" };
        let ends: Vec<String> = dns_ends.iter().map(ToString::to_string).collect();
        let line = format!(
            "{} has only {families} addresses, and this device has no {families} route",
            view.target.probed
        );
        return Found::new(Code::TcpUnreachable, line).fact("addresses", ends).key("family");
    }
    let code = verdict(&tries);
    let line = format!(
        "{} port {port}: {}",
        if ends.is_empty() { "no address".to_owned() } else { ends.join(", ") },
        said(&tries)
    );
    let mut found = Found::new(code, line).fact("addresses", ends.clone()).fact("port", port);
    if let Some(first) = ends.first() {
        found = found.fact("address", first.as_str());
    }
    if code == Code::DeviceLocalDenied {
        return found.proven();
    }
    if code == Code::TcpUnreachable {
        return found;
    }
    found.key = format!("{} {port}", view.path_key());
    match owner(view, &tries) {
        Some(owner) => {
            if owner == Owner::Dns {
                found.key = ends.join(" ");
            }
            found.owner(owner)
        }
        None => found,
    }
}

/// Who mends a dropped or refused connection, where it is not the firewall team.
fn owner(view: &View<'_>, tries: &[&Tcp]) -> Option<Owner> {
    let requirement = &view.target.requirement;
    let book = view.context.services.addresses();
    let kinds: Vec<Option<Oddity>> = tries.iter().map(|t| book.oddity(t.remote.ip())).collect();
    let all = |wanted: fn(&str) -> bool| {
        !kinds.is_empty() && kinds.iter().all(|k| matches!(k, Some(Oddity::NotGlobal(kind)) if wanted(kind)))
    };
    if !requirement.loopback && !view.is_literal() && all(|k| matches!(k, "unspecified" | "loopback")) {
        return Some(Owner::Dns);
    }
    if view.is_customer() {
        return Some(Owner::Service);
    }
    if view.may_be_private() && all(|k| matches!(k, "private" | "shared")) {
        return Some(Owner::Network);
    }
    debug_assert!(view.path.route == Route::Direct, "a proxy has a ladder of its own");
    None
}
