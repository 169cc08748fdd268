//! The name lookup: what the resolver says, and whether its answer can be the host's address.

use crate::contract::Network;
use crate::contract::Stage;
use crate::contract::ids::Feature;
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Step, Walk};
use crate::diagnose::experiment::addresses::{self, Source};
use crate::diagnose::finding::{Certainty, Code, Owner};
use crate::diagnose::operator::is_internal;
use crate::observation::{DirectQuery, Dns, DnsAnswer, Lookup, LookupFailure, TlsOutcome, Trust};
use crate::rules::addresses::Oddity;

/// Judges the lookup of the host itself. With a proxy the proxy resolves the name, and this stage
/// is not part of the path.
pub(crate) fn judge(view: &View<'_>, walk: &mut Walk) -> Step {
    let Some(dns) = &view.attempt.dns else { return Step::Continue(()) };
    walk.timings.set(Stage::Dns, dns.ms);
    if let Some(mut failure) = failure(dns) {
        // The lookup was answered in the end, and the prober went on.
        if !view.attempt.tcp.is_empty() {
            walk.fact("dns_second_answer", true);
            return Step::Continue(());
        }
        let second = second_opinion(view, dns);
        if let Some((said, _)) = &second {
            failure.line = format!("{}; {said}", failure.line);
            failure = failure.fact("second_opinion", said.as_str());
        }
        // A name that exists elsewhere is no slip of the configuration.
        // Nor is one that is an alias, whose end is what is denied.
        let is_alias = failure.facts.contains_key("chain");
        let exists = is_alias || second.is_some_and(|(_, exists)| exists);
        let ruled_out = |owner: &Owner| exists && *owner == Owner::Configuration;
        let owner = owner(view, failure.code);
        if owner.as_ref().is_some_and(ruled_out) {
            // What hides it is not shown: a filter, a zone of this network, or an old answer.
            failure.certainty = Certainty::Likely;
        }
        if let Some(owner) = owner.filter(|o| !ruled_out(o)) {
            failure = failure.owner(owner);
            // What the resolver said is certain; on whose side the fault is, is not.
            if is_missing(failure.code) {
                failure.certainty = Certainty::Likely;
            }
        }
        if is_missing(failure.code) && is_typed(view) {
            failure.certainty = Certainty::Likely;
            failure.line = format!("{}; it was typed on the command line: is it spelt right?", failure.line);
        }
        if let Some(key) = &view.target.requirement.hints.name_key {
            failure = failure.fact("key", key.as_str());
            if failure.owner == Some(Owner::Configuration) {
                failure.key = key.clone();
            }
        }
        walk.push(failure);
        return Step::Break(());
    }
    let source = addresses::source(view);
    if let Some(Source::Search { longer, address, query }) = source {
        let resolver = server(query.server);
        let line = format!(
            "{resolver} says that there is no {}; the system appended a search domain, and {longer} leads to {address}",
            dns.name
        );
        let owner = owner(view, Code::DnsNxdomain);
        let mut found = Draft::new(Code::DnsNxdomain, line)
            .case("search")
            .fact("resolver", resolver.as_str())
            .fact("longer", longer)
            .fact("address", address)
            .key(format!("{resolver} search"));
        found.owner = owner;
        walk.push(found);
        return Step::Break(());
    }
    if let Some(found) = sinkhole(view, dns, source) {
        walk.push(found);
    }
    Step::Continue(())
}

/// Whether the name stands on the command line alone, and the rules know nothing of it.
fn is_typed(view: &View<'_>) -> bool {
    let reasons = &view.target.requirement.reasons;
    let typed = !reasons.is_empty() && reasons.iter().all(|r| r.feature == Feature::NAMED);
    typed && view.context.services.for_host(&view.target.probed).is_none()
}

/// What the server said that was asked for comparison, in words, and whether it knows the name.
fn second_opinion(view: &View<'_>, dns: &Dns) -> Option<(String, bool)> {
    let first = dns.compared.first()?;
    let asked = server(first.server);
    let addresses = DirectQuery::addresses(&dns.compared);
    if let Some(address) = addresses.first() {
        let more = match addresses.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        // A filter gives addresses too: its own page's, or none that anybody can have.
        let book = view.context.services.addresses();
        let odd = addresses.iter().any(|a| book.oddity(*a).is_some());
        return Some((format!("{asked}, asked for comparison, gives {address}{more}"), !odd));
    }
    let said = |wanted: fn(&DnsAnswer) -> bool| dns.compared.iter().any(|q| wanted(&q.answer));
    if dns.direct.iter().any(|q| q.server == first.server) {
        return Some((format!("{asked}, named for comparison, is that same server"), false));
    }
    let text = if said(|a| *a == DnsAnswer::NxDomain) {
        format!("{asked}, asked for comparison, says NXDOMAIN too")
    } else if said(|a| *a == DnsAnswer::NoData) {
        format!("{asked}, asked for comparison, has no address either")
    } else if said(|a| *a == DnsAnswer::Timeout) {
        format!("{asked}, asked for comparison, gave no answer")
    } else if said(|a| matches!(a, DnsAnswer::Unreachable { .. })) {
        format!("{asked}, named for comparison, cannot be asked")
    } else {
        format!("{asked}, asked for comparison, answers with an error")
    };
    Some((text, false))
}

/// How a lookup failed, in words; none when it gave addresses.
pub(crate) fn failure(dns: &Dns) -> Option<Draft> {
    let failure = dns.failure()?;
    let system = match &dns.system {
        Lookup::Addresses { .. } => "the system's lookup gave no address".to_owned(),
        Lookup::Failed { error } => format!("the system's lookup failed ({error})"),
        Lookup::Timeout => "the system's lookup timed out".to_owned(),
        Lookup::NotAsked => String::new(),
    };
    let with_system = |said: String| if system.is_empty() { said } else { format!("{said}; {system}") };
    let name = dns.name.as_str();
    match failure {
        // The server answers us and not the system: the failure may pass, or the system asks
        // another way. No proof of anything but the failed lookup.
        LookupFailure::OfSystem(query) => {
            let line = with_system(format!("{} answers a direct query for {name}", query.server));
            let found = Draft::new(silent_code(dns), line).fact("resolver", server(query.server));
            return Some(found.key("system"));
        }
        LookupFailure::Denied(query) => {
            let (code, said) = match &query.answer {
                DnsAnswer::NxDomain => (Code::DnsNxdomain, "NXDOMAIN".to_owned()),
                DnsAnswer::Refused => (Code::DnsRefused, "REFUSED".to_owned()),
                DnsAnswer::Code { code } => (Code::DnsServfail, format!("response code {code}")),
                DnsAnswer::NoData => (Code::DnsNoAddress, "no address record".to_owned()),
                _ => (Code::DnsServfail, "SERVFAIL".to_owned()),
            };
            let resolver = server(query.server);
            let line = with_system(format!("{resolver} says {said} for {name}"));
            let mut found = Draft::new(code, line).fact("resolver", resolver.clone()).key(resolver.clone());
            if let (Some(last), Code::DnsNxdomain | Code::DnsNoAddress) = (query.aliases.last(), code) {
                let chain: Vec<&str> =
                    std::iter::once(name).chain(query.aliases.iter().map(String::as_str)).collect();
                let chain = chain.join(" → ");
                found.line = with_system(format!("{resolver} says {said} at the end of {chain}"));
                found = found
                    .case("alias")
                    .fact("last", last.as_str())
                    .fact("aliases", query.aliases.clone())
                    .fact("chain", chain)
                    .key(format!("{resolver} {last}"));
            }
            // Another server may know the name, and did not come to say so.
            let silent = |q: &DirectQuery| q.server != query.server && q.answer == DnsAnswer::Timeout;
            return Some(if dns.direct.iter().any(silent) { found } else { found.proven() });
        }
        LookupFailure::Empty => {
            return Some(Draft::new(Code::DnsNoAddress, with_system(format!("no address for {name}"))));
        }
        LookupFailure::Unanswered => {}
    }
    let servers: Vec<String> = {
        let mut all: Vec<String> = dns.direct.iter().map(|q| server(q.server)).collect();
        all.dedup();
        all
    };
    let unreachable = dns.direct.iter().find_map(|q| match &q.answer {
        DnsAnswer::Unreachable { error } => Some((q.server, error.clone())),
        _ => None,
    });
    let silent = dns.direct.iter().any(|q| q.answer == DnsAnswer::Timeout);
    let resolver = servers.join(" and ");
    let said = match &unreachable {
        Some((server, error)) if !silent => format!("{server} cannot be asked ({error}) for {name}"),
        _ if servers.is_empty() => format!("no direct query was made for {name}"),
        _ => format!("no answer from {resolver} for {name} in {:.0} ms", dns.ms),
    };
    let too_long = dns.direct.iter().find_map(|q| match &q.answer {
        DnsAnswer::Truncated { error } => Some((server(q.server), error)),
        _ => None,
    });
    if let Some((resolver, error)) = too_long {
        let said = format!(
            "the answer of {resolver} for {name} is too long for UDP (TC), and over TCP port 53: {error}"
        );
        let found = Draft::new(Code::DnsTimeout, with_system(said)).case("tcp");
        return Some(found.fact("resolver", resolver.as_str()).key(format!("{resolver} tcp")));
    }
    let code = if servers.is_empty() { silent_code(dns) } else { Code::DnsTimeout };
    let mut found = Draft::new(code, with_system(said)).fact("resolver", resolver.clone()).key(resolver);
    if let Some((server, _)) = unreachable
        && !silent
        && server.ip().is_loopback()
    {
        found = found.owner(Owner::Device);
    }
    Some(found)
}

/// The code where only the operating system's own lookup is known to have failed.
fn silent_code(dns: &Dns) -> Code {
    if dns.system == Lookup::Timeout { Code::DnsTimeout } else { Code::DnsServfail }
}

/// Server without the usual port.
fn server(address: std::net::SocketAddr) -> String {
    if address.port() == 53 { address.ip().to_string() } else { address.to_string() }
}

/// The owner of a failed lookup, where that is not the DNS team.
fn owner(view: &View<'_>, code: Code) -> Option<Owner> {
    // A name of this device itself is the device's own to know.
    if view.target.requirement.loopback {
        return Some(Owner::Device);
    }
    let world = &view.context.run;
    let missing = is_missing(code);
    let internal = is_internal(view.target, view.context.services);
    if missing && let Some(key) = &view.target.requirement.hints.name_key {
        // An internal name is missing off the network as well as when it is misspelt. That other
        // internal names resolve tells the two apart; else the kind of name is the best guess.
        if internal {
            let inside = !world.internal_resolved.is_empty();
            return Some(if inside { Owner::Configuration } else { Owner::Network });
        }
        // A filter denies names as well. That it denies nothing else, and answers, speaks for a
        // mistake in the value.
        let alone = !world.another_is_missing(&view.target.probed, key);
        return (alone && !world.public_resolved.is_empty()).then_some(Owner::Configuration);
    }
    if !internal {
        return None;
    }
    // A resolver that answers nobody is the resolver's fault, whatever the name.
    (missing || code == Code::DnsRefused || world.resolved > 0).then_some(Owner::Network)
}

/// The answer leads to an address that a public host cannot have, and no answered address proved
/// the name by TLS.
fn sinkhole(view: &View<'_>, dns: &Dns, source: Option<Source>) -> Option<Draft> {
    let requirement = &view.target.requirement;
    let addresses = dns.addresses();
    // Nobody has the unspecified address, whatever the host.
    let nobodys = !addresses.is_empty() && addresses.iter().all(|a| a.to_canonical().is_unspecified());
    let own = view.is_customer() || view.may_be_private() || requirement.network == Network::Internal;
    if view.is_literal() || requirement.loopback || own && !nobodys {
        return None;
    }
    let book = view.context.services.addresses();
    let (address, oddity) = addresses.iter().find_map(|a| Some((*a, book.oddity(*a)?)))?;
    // A filter's page may show a certificate that the device was told to trust; there only the
    // public roots prove the name.
    let needs_public = matches!(oddity, Oddity::BlockPage(_));
    let proven = view.attempt.tls.iter().any(|tls| {
        let public = tls.public_trust == Some(Trust::Accepted);
        let device = tls.device_trust == Some(Trust::Accepted);
        tls.outcome == TlsOutcome::Completed
            && addresses.contains(&tls.remote.ip().to_canonical())
            && (public || device && !needs_public)
    });
    if proven {
        return None;
    }
    if let Some(Source::Device { address: says, answer }) = source {
        let line = format!(
            "the hosts file (or another source of names) of this device says {says} for {}, the resolver says {answer}",
            dns.name
        );
        return Some(
            Draft::new(Code::DnsSinkhole, line)
                .proven()
                .owner(Owner::Device)
                .case("device")
                .fact("address", says)
                .fact("answer", answer)
                .key("names of this device"),
        );
    }
    let in_server_answer =
        source == Some(Source::Servers) || DirectQuery::addresses(&dns.direct).contains(&address);
    let (what, certain) = match &oddity {
        Oddity::BlockPage(filter) => (format!("where {filter} answers"), true),
        Oddity::NotGlobal(kind) => {
            let nowhere = matches!(kind.as_str(), "unspecified" | "loopback");
            (format!("which is {kind}"), nowhere && in_server_answer)
        }
    };
    let hosts_file = if in_server_answer { "" } else { "; a hosts file on this device could do the same" };
    let line = format!("{} resolves to {address}, {what}{hosts_file}", dns.name);
    let second = second_opinion(view, dns).map(|(said, _)| said);
    let line = second.iter().fold(line, |line, said| format!("{line}; {said}"));
    let mut found = Draft::new(Code::DnsSinkhole, line).fact("address", address.to_string());
    if let Some(said) = second {
        found = found.fact("second_opinion", said);
    }
    match oddity {
        Oddity::BlockPage(filter) => found = found.fact("filter", filter.as_str()).key(filter),
        Oddity::NotGlobal(kind) => found = found.fact("address_kind", kind.as_str()).key(address.to_string()),
    }
    Some(if certain { found.proven() } else { found })
}

/// The resolver says that there is nothing under the name.
pub(crate) const fn is_missing(code: Code) -> bool {
    matches!(code, Code::DnsNxdomain | Code::DnsNoAddress)
}
