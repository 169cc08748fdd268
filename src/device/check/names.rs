//! How names are looked up: the servers, and rules that send names of the list to other servers than the rest.

use std::net::IpAddr;

use super::{Check, nothing_more, said, tool};
use crate::contract::{DeviceCode, Platform};
use crate::device::seen::{NameRule, Names};
use crate::device::{Answers, Context, Found, Seen, Want};
use crate::probe::system;
use crate::text::{english, line};

const ID: &str = "name-lookup";
const RESOLV: &str = "/etc/resolv.conf";
/// Rules that are looked at.
const MOST: usize = 500;
/// Above so many dots a name is asked for as it is; with more than this, names of the list go through the search list.
const USUAL_DOTS: u32 = 2;

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "how names are looked up",
    wanted,
    then: nothing_more,
    read,
    judge,
    was_run: |seen| seen.names.is_some(),
    decides: true,
};

fn wanted(context: &Context<'_>) -> Vec<Want> {
    match context.platform {
        Platform::Macos => vec![tool("scutil-dns")],
        Platform::Windows => vec![tool("nrpt-policy"), tool("nrpt-local")],
        Platform::Linux => vec![Want::Text(RESOLV.to_owned())],
    }
}

fn read(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    match context.platform {
        Platform::Macos => {
            if let Some(text) = said(answers, context, ID, "scutil-dns", seen) {
                seen.names = Some(scutil(text, context));
            }
        }
        Platform::Windows => {
            // A device without such rules lacks the keys; whether it was asked is another thing.
            let ids = ["nrpt-policy", "nrpt-local"];
            if !super::asked(answers, ID, "rules for names (NRPT)", &ids, seen) {
                return;
            }
            let rules = ids.into_iter().filter_map(|id| said(answers, context, ID, id, seen));
            let rules: Vec<NameRule> = rules.flat_map(|text| nrpt(text, context)).take(MOST).collect();
            seen.names = Some(Names { rules, ..Names::default() });
        }
        Platform::Linux => match answers.texts(RESOLV).iter().find_map(|f| f.text.as_ref().ok()) {
            Some(text) => seen.names = Some(resolv(text)),
            None => {
                seen.missed(ID, "the servers for names", format!("{RESOLV} is not there or cannot be read"))
            }
        },
    }
}

fn resolv(text: &str) -> Names {
    // Without a server the one of this device is asked (resolv.conf(5)), and some programs never read the file: that none
    // stands here says nothing.
    let mut names = Names::default();
    for line in text.lines() {
        let line = line.split(['#', ';']).next().unwrap_or_default();
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => {
                let server =
                    words.next().filter(|w| w.split('%').next().is_some_and(|a| a.parse::<IpAddr>().is_ok()));
                names.servers.get_or_insert_default().extend(server.map(|w| line::line(w, line::SHORT)));
            }
            // The last of both counts.
            Some("search" | "domain") => {
                names.search = words.map(|w| line::line(w, line::SHORT)).take(32).collect()
            }
            Some("options") => {
                let dots = words.filter_map(|w| w.strip_prefix("ndots:")?.parse::<u32>().ok()).next_back();
                names.dots = dots.or(names.dots);
            }
            _ => {}
        }
    }
    names
}

/// `scutil --dns`: blocks `resolver #n` with `domain`, `nameserver[0]`, `search domain[0]`. The part for queries that are
/// bound to an interface is left out.
fn scutil(text: &str, context: &Context<'_>) -> Names {
    let text = text.split("DNS configuration (for scoped queries)").next().unwrap_or_default();
    let mut names = Names { servers: Some(Vec::new()), ..Names::default() };
    for block in text.split("resolver #").skip(1).take(MOST) {
        let values = |wanted: &str| -> Vec<&str> {
            let pairs = block.lines().filter_map(|l| l.split_once(" : "));
            let own = pairs.filter(|(name, _)| name.trim().split('[').next() == Some(wanted));
            own.map(|(_, value)| value.trim()).collect()
        };
        let servers: Vec<String> =
            values("nameserver").into_iter().map(|v| line::line(v, line::SHORT)).collect();
        match values("domain").first() {
            None => names.servers.get_or_insert_default().extend(servers),
            Some(domain) if !servers.is_empty() => names.rules.extend(rule(domain, true, servers, context)),
            Some(_) => {}
        }
        names.search.extend(values("search domain").into_iter().map(|v| line::line(v, line::SHORT)).take(32));
    }
    names
}

/// The rules of a key of Windows' Name Resolution Policy Table: below a key each, `Name` and `GenericDNSServers`.
fn nrpt(text: &str, context: &Context<'_>) -> Vec<NameRule> {
    let mut rules = Vec::new();
    for block in text.split("\nHKEY_").take(MOST) {
        let values = system::registry_values(block);
        let value =
            |wanted: &str| values.iter().find(|(n, _)| n.eq_ignore_ascii_case(wanted)).map(|(_, v)| *v);
        let (Some(names), Some(servers)) = (value("Name"), value("GenericDNSServers")) else { continue };
        let servers: Vec<String> = servers
            .split([';', ','])
            .map(|s| line::line(s.trim(), line::SHORT))
            .filter(|s| !s.is_empty())
            .collect();
        for name in names.split("\\0").map(str::trim).filter(|n| !n.is_empty()) {
            // With a dot before it, it stands for the names below it; without, for itself alone.
            rules.extend(rule(name, name.starts_with('.'), servers.clone(), context));
        }
    }
    rules
}

/// A rule, where it concerns names of the list; one for all names does not tell them apart.
fn rule(domain: &str, below: bool, servers: Vec<String>, context: &Context<'_>) -> Option<NameRule> {
    let domain = domain.trim().trim_matches('.').to_ascii_lowercase();
    if domain.is_empty() || servers.is_empty() {
        return None;
    }
    let covered = |name: &str| {
        name == domain || below && name.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
    };
    let of: Vec<_> = context.listed.iter().filter(|l| l.host.name().is_some_and(covered)).collect();
    let names: Vec<String> = of.iter().filter_map(|l| l.host.name().map(str::to_owned)).collect();
    (!names.is_empty()).then(|| NameRule {
        domain: line::line(&domain, line::SHORT),
        servers,
        customer: of.iter().all(|l| l.customer || l.private),
        names,
    })
}

fn judge(seen: &Seen, _: &Context<'_>) -> Vec<Found> {
    let Some(names) = &seen.names else { return Vec::new() };
    let mut found = Vec::new();
    if names.servers.as_ref().is_some_and(Vec::is_empty) {
        found.push(Found::new(DeviceCode::ResolverMissing, "no server is set"));
    }
    for rule in &names.rules {
        let servers = english::first(&rule.servers, 4);
        let one = Found::new(DeviceCode::NameRule, format!("{}: {servers}", rule.domain))
            .with("names", english::first(&rule.names, 4))
            .with("value", servers)
            .with("path", &rule.domain)
            .hosts(rule.names.clone())
            .likely();
        // The company's own names are asked of its own servers; that is what such rules are for.
        found.push(if rule.customer { one.case("own") } else { one });
    }
    if let Some(dots) = names.dots.filter(|d| *d > USUAL_DOTS && !names.search.is_empty()) {
        let evidence = format!("{RESOLV}: ndots:{dots}, search {}", english::first(&names.search, 4));
        found.push(
            Found::new(DeviceCode::SearchList, evidence)
                .with("value", english::first(&names.search, 4))
                .with("count", dots.to_string()),
        );
    }
    found
}
