//! The TCP connection: what answered, and on whose side it was stopped.

use std::net::IpAddr;

use crate::contract::Stage;
use crate::diagnose::context::View;
use crate::diagnose::evidence::{self, Draft, Step, Walk};
use crate::diagnose::experiment::addresses::{self, Source};
use crate::diagnose::experiment::burst;
use crate::diagnose::finding::{Code, Owner};
use crate::observation::{Icmp, Tcp, TcpOutcome};
use crate::plan::Route;
use crate::rules::addresses::Oddity;

/// Judges the connections of an attempt on a direct route.
pub(crate) fn judge(view: &View<'_>, walk: &mut Walk) -> Step {
    if let Some(connected) = view.attempt.connection() {
        walk.timings.set(Stage::Tcp, connected.ms);
        if let Some(found) = ipv6(view, connected) {
            walk.push(found);
        }
        if let Some((silent, all)) = addresses::dead(view) {
            let names: Vec<String> = silent.iter().map(IpAddr::to_string).collect();
            let (count, of) = (names.len(), all.max(names.len() + 1));
            walk.notes.push(format!(
                "{count} of {of} addresses did not answer on port {}: {}. Programs that try only the first wait for it in vain.",
                view.target.port(),
                names.join(", ")
            ));
            walk.fact("addresses_silent", names);
            walk.fact("addresses_of_name", of);
        }
        if let Some((refused, all)) = addresses::refused(view) {
            let first = view.attempt.dns.as_ref().and_then(|d| Some(d.addresses().first()?.to_canonical()));
            let is_first = first.is_some_and(|first| refused.contains(&first));
            let then = if is_first { " Programs that try only the first fail there." } else { "" };
            let names: Vec<String> = refused.iter().map(IpAddr::to_string).collect();
            walk.notes.push(format!(
                "{} of {} addresses refused the connection on port {}: {}.{then}",
                names.len(),
                all,
                view.target.port(),
                names.join(", ")
            ));
            walk.fact("addresses_refused", names);
            walk.fact("addresses_of_name", all);
        }
        return Step::Continue(());
    }
    walk.push(undialled(&view.attempt.tcp, &view.target.probed).unwrap_or_else(|| failure(view)));
    Step::Break(())
}

/// Nothing was sent, because every address is one that is never dialled: no fault of anybody was seen.
pub(crate) fn undialled(tries: &[Tcp], name: &str) -> Option<Draft> {
    let reason = |t: &Tcp| match &t.outcome {
        TcpOutcome::NotDialled { reason } => Some(reason.clone()),
        _ => None,
    };
    let mut reasons: Vec<String> = tries.iter().map(reason).collect::<Option<_>>()?;
    reasons.dedup();
    let first = reasons.first()?;
    let ends = evidence::addresses(tries.iter().map(|t| t.remote));
    let line = format!("{name} leads to {}: {first}", ends.join(", "));
    Some(Draft::new(Code::UntestedAddress, line).fact("addresses", ends).fact("reason", first.as_str()))
}

/// IPv6 fails, IPv4 works, and this device has IPv6. Without an IPv6 route here an address that
/// cannot be dialled says nothing about the network, and so for IPv4 on an IPv6-only network. A
/// name of this device itself, and an address, say nothing about a network at all.
fn ipv6(view: &View<'_>, connected: &Tcp) -> Option<Draft> {
    let here = |t: &Tcp| t.remote.ip().to_canonical().is_loopback();
    if !has_ipv6(view) || !is_v4(connected) || here(connected) {
        return None;
    }
    if view.target.requirement.loopback || view.is_literal() {
        return None;
    }
    let told = |t: &&Tcp| !is_v4(t) && !here(t) && was_tried(t);
    let ended: Vec<&Tcp> = view.attempt.tcp.iter().filter(told).collect();
    if ended.is_empty() || ended.iter().any(|t| t.outcome == TcpOutcome::Connected) {
        return None;
    }
    // A limit of new connections turns them away whatever their family.
    let turned_away = ended.iter().all(|t| burst::is_turned_away(t));
    if turned_away && view.context.run.limits.of_connections() {
        return None;
    }
    // One packet that was lost, or one too many: alone it got through.
    if ended.iter().all(|t| addresses::is_reached_alone(view, t.remote.ip())) {
        return None;
    }
    let ends = evidence::addresses(ended.iter().map(|t| t.remote));
    let line = format!("{}: {}; {} connected", ends.join(", "), said(&ended), connected.remote.ip());
    let found = Draft::new(Code::TcpIpv6Broken, line).fact("addresses", ends);
    // A rule of this device's own firewall, of one family alone.
    if ended.iter().all(|t| refused_here(t) || t.outcome == TcpOutcome::Denied) {
        return Some(found.proven().owner(Owner::Device).key("rejected by this device"));
    }
    Some(found)
}

/// This device has IPv6 that leads out. A unique local source address (RFC 4193) leads nowhere
/// beyond the site, and that public IPv6 fails from it is normal.
fn has_ipv6(view: &View<'_>) -> bool {
    leads_out(
        view,
        view.context.observations.device.ipv6,
        &["private", "link-local", "loopback", "unspecified"],
    )
}

/// This device has IPv4 that leads out; behind address translation a private one does. A
/// link-local address (RFC 3927) is what a device gives itself on an IPv6-only network.
fn has_ipv4(view: &View<'_>) -> bool {
    leads_out(view, view.context.observations.device.ipv4, &["link-local", "loopback", "unspecified"])
}

fn leads_out(view: &View<'_>, source: Option<IpAddr>, local: &[&str]) -> bool {
    let book = view.context.services.addresses();
    let is_local = |kind: &str| local.contains(&kind);
    source.is_some_and(|a| !matches!(book.oddity(a), Some(Oddity::NotGlobal(kind)) if is_local(&kind)))
}

fn is_v4(tcp: &Tcp) -> bool {
    tcp.remote.ip().to_canonical().is_ipv4()
}

/// Which of the failed connections speak: those of a family that this device has a route for, if
/// there are any.
fn telling<'a>(view: &'a View<'_>) -> Vec<&'a Tcp> {
    let all: Vec<&Tcp> = view.attempt.tcp.iter().filter(was_tried).collect();
    let dialable: Vec<&Tcp> =
        all.iter().filter(|t| if is_v4(t) { has_ipv4(view) } else { has_ipv6(view) }).copied().collect();
    if dialable.is_empty() { all } else { dialable }
}

/// Whether it came to an end that says something.
fn was_tried(tcp: &&Tcp) -> bool {
    !matches!(tcp.outcome, TcpOutcome::Abandoned | TcpOutcome::NotDialled { .. })
}

/// What a set of failed connections comes to: an answer says more than silence, and this device's
/// own refusal most.
fn verdict(tries: &[&Tcp]) -> Code {
    let any = |wanted: fn(&TcpOutcome) -> bool| tries.iter().any(|t| wanted(&t.outcome));
    if any(|o| *o == TcpOutcome::Denied) || tries.iter().any(|t| refused_here(t)) {
        Code::DeviceLocalDenied
    } else if tries.iter().any(|t| prohibits(t).is_some()) {
        Code::TcpProhibited
    } else if any(|o| matches!(o, TcpOutcome::Refused | TcpOutcome::Reset)) {
        Code::TcpRefused
    } else if any(|o| *o == TcpOutcome::Timeout) || tries.is_empty() {
        Code::TcpTimeout
    } else {
        Code::TcpUnreachable
    }
}

/// Whether a router or firewall said that it is told not to let this through, and whether that is
/// known from its message: IPv4 type 3, codes 9, 10 and 13 (RFC 1812, 5.2.7.1), ICMPv6 type 1, codes
/// 1 and 5 (RFC 4443, 3.1). Without the message, only Linux's errno for ICMPv6 tells it: EACCES
/// where the connect had left this device.
pub(crate) fn prohibits(tcp: &Tcp) -> Option<bool> {
    if let Some(icmp) = &tcp.icmp {
        let prohibited = if is_v4(tcp) {
            icmp.kind == 3 && matches!(icmp.code, 9 | 10 | 13)
        } else {
            icmp.kind == 1 && matches!(icmp.code, 1 | 5)
        };
        return prohibited.then_some(true);
    }
    let late_eacces = matches!(tcp.outcome, TcpOutcome::Other { errno: Some(13), .. });
    (late_eacces && !is_v4(tcp)).then_some(false)
}

/// This device itself sent the message that ended the connection, as its own firewall does with a rule that
/// rejects. "Host unreachable" of this device says only that its neighbour is silent.
pub(crate) fn refused_here(tcp: &Tcp) -> bool {
    let port = |i: &Icmp| (i.kind, i.code) == if is_v4(tcp) { (3, 3) } else { (1, 4) };
    // A service of this device that is not there says "port unreachable" in its own name.
    let elsewhere = |i: &Icmp| i.from.is_none_or(|a| a.to_canonical() != tcp.remote.ip().to_canonical());
    tcp.icmp.as_ref().is_some_and(|i| i.own && elsewhere(i) && (prohibits(tcp) == Some(true) || port(i)))
}

/// "Port unreachable" of somebody else than the host.
fn refused_on_the_way(tcp: &Tcp) -> bool {
    let port = |i: &&Icmp| (i.kind, i.code) == if is_v4(tcp) { (3, 3) } else { (1, 4) };
    let from = tcp.icmp.as_ref().filter(port).and_then(|i| i.from);
    from.is_some_and(|a| a.to_canonical() != tcp.remote.ip().to_canonical())
}

/// The message in words, such as `ICMP "administratively prohibited" from 192.0.2.1`.
pub(crate) fn message(tcp: &Tcp, icmp: &Icmp) -> String {
    let known = match (is_v4(tcp), icmp.kind, icmp.code) {
        (true, 3, 0) | (false, 1, 0) => "no route to the network",
        (true, 3, 1) | (false, 1, 3) => "host unreachable",
        (true, 3, 3) | (false, 1, 4) => "port unreachable",
        (true, 3, 9) => "network administratively prohibited",
        (true, 3, 10) => "host administratively prohibited",
        (true, 3, 13) | (false, 1, 1) => "administratively prohibited",
        (false, 1, 5) => "source address failed a policy",
        (false, 1, 6) => "route rejected",
        (true, 11, _) | (false, 3, _) => "time exceeded",
        _ => "",
    };
    let name = if is_v4(tcp) { "ICMP" } else { "ICMPv6" };
    let what = match known {
        "" => format!("type {} code {}", icmp.kind, icmp.code),
        known => format!("{known:?}"),
    };
    match icmp.from {
        Some(from) => format!("{name} {what} from {from}"),
        None => format!("{name} {what}"),
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
            TcpOutcome::NotDialled { reason } => format!("not dialled: {reason}"),
            TcpOutcome::Other { error, .. } => error.clone(),
        };
        let word = match &tcp.icmp {
            Some(icmp) if prohibits(tcp).is_some() => message(tcp, icmp),
            Some(icmp) => format!("{word} ({})", message(tcp, icmp)),
            None => word,
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() { "no answer".to_owned() } else { words.join(", ") }
}

/// The one family of all addresses that were tried, where this device has a route of the other
/// family only.
fn unroutable(view: &View<'_>, tries: &[&Tcp]) -> Option<&'static str> {
    let only = |v4: bool| !tries.is_empty() && tries.iter().all(|t| is_v4(t) == v4);
    match (has_ipv4(view), has_ipv6(view)) {
        (true, false) if only(false) => Some("IPv6"),
        (false, true) if only(true) => Some("IPv4"),
        _ => None,
    }
}

fn failure(view: &View<'_>) -> Draft {
    let tries = telling(view);
    let port = view.target.port();
    let mut ends = evidence::addresses(tries.iter().map(|t| t.remote));
    if ends.is_empty() {
        ends = evidence::addresses(view.attempt.tcp.iter().map(|t| t.remote));
    }
    let code = verdict(&tries);
    if code == Code::TcpUnreachable
        && !view.is_literal()
        && let Some(family) = unroutable(view, &tries)
    {
        let line = format!(
            "{} has only {family} addresses, and this device has no {family} route",
            view.target.probed
        );
        let found = Draft::new(code, line).fact("addresses", ends).key(family);
        // Its network has IPv6 alone: there is no IPv4 route to fix.
        return if family == "IPv4" { found.case("nat64") } else { found };
    }
    let line = format!(
        "{} port {port}: {}",
        if ends.is_empty() { "no address".to_owned() } else { ends.join(", ") },
        said(&tries)
    );
    let mut found = Draft::new(code, line).fact("addresses", ends.clone()).fact("port", port);
    if let Some(first) = ends.first() {
        found = found.fact("address", first.as_str());
    }
    if let Some((tcp, icmp)) = tries.iter().find_map(|t| Some((t, t.icmp.as_ref()?))) {
        found = found.fact("icmp", message(tcp, icmp)).fact("icmp_from", icmp.from.map(|a| a.to_string()));
    }
    if code == Code::TcpProhibited {
        let sender = tries.iter().filter(|t| prohibits(t) == Some(true)).find_map(|t| t.icmp?.from);
        found.key = sender.map(|a| a.to_string()).unwrap_or_default();
        let told = tries.iter().any(|t| prohibits(t) == Some(true));
        return if told { found.proven() } else { found };
    }
    if code == Code::DeviceLocalDenied {
        return found.proven();
    }
    if let Some(Source::Device { address, answer }) = addresses::source(view) {
        found.line = format!(
            "{}; the hosts file (or another source of names) of this device says {address}, the resolver says {answer}",
            found.line
        );
        return found
            .owner(Owner::Device)
            .case("device")
            .fact("address", address)
            .fact("answer", answer)
            .key("names of this device");
    }
    // Between this device and itself there is no network and no team of one.
    if view.target.requirement.loopback {
        let owner = if code == Code::TcpRefused { Owner::Service } else { Owner::Device };
        return found.owner(owner).case("loopback").key(format!("{} {port}", view.target.probed));
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

/// The owner of a dropped or refused connection, where it is not the firewall team.
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
    if tries.iter().any(|t| refused_on_the_way(t)) {
        return Some(Owner::Firewall);
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
