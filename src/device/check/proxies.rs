//! Proxy settings that contradict each other, or that the app does not read as they were meant (source NP): the
//! system's, the user's, those of services, the environment's.

use std::net::Ipv4Addr;

use super::{Check, assignments, nothing_more, said, tool, without_variables};
use crate::config::of_proxy;
use crate::contract::{DeviceCode, Platform};
use crate::device::seen::{Proxies, ProxySetting, ProxyVariable, Services};
use crate::device::{Answers, Context, Found, Seen, Want};
use crate::probe::system::{self, SystemProxies};
use crate::text::line;
use crate::text::token::public_address;

const ID: &str = "proxies";
/// The variables that name a proxy; each also in lower case.
const VARIABLES: [&str; 3] = ["HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"];
/// Where the variables of the process that runs this come from.
const SHELL: &str = "this shell";

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "proxy settings of the system, of services and of the environment",
    wanted,
    then: nothing_more,
    read,
    judge,
    was_run: |seen| seen.proxies.is_some(),
    decides: true,
};

fn wanted(context: &Context<'_>) -> Vec<Want> {
    let tools: &[&str] = match context.platform {
        Platform::Macos => &["scutil-proxy"],
        Platform::Windows => &[
            "proxy-user",
            "proxy-machine",
            "proxy-policy",
            "winhttp",
            "environment-user",
            "environment-machine",
        ],
        Platform::Linux => &["environment-session"],
    };
    tools.iter().map(|id| tool(id)).chain([Want::Variables]).collect()
}

fn read(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    let mut found = Proxies::default();
    let mut any = false;
    match context.platform {
        Platform::Macos => {
            if let Some(text) = said(answers, context, ID, "scutil-proxy", seen) {
                any = true;
                found.system = Some(setting(system::of_scutil(text)));
            }
        }
        Platform::Windows => any = windows(answers, context, seen, &mut found),
        Platform::Linux => {
            if let Some(text) = said(answers, context, ID, "environment-session", seen) {
                any = true;
                found.session = Some(proxies(assignments(text), "the desktop's session"));
            }
        }
    }
    match answers.variables() {
        Ok(all) => {
            any |= context.platform == Platform::Linux;
            let pairs = all.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            let own = proxies(pairs, SHELL);
            // What is set for the user or the machine is in every shell as well.
            let known =
                |v: &ProxyVariable| found.environment.iter().any(|k| k.name.eq_ignore_ascii_case(&v.name));
            let own: Vec<ProxyVariable> = own.into_iter().filter(|v| !known(v)).collect();
            found.environment.extend(own);
        }
        Err(missing) => without_variables(missing, ID, seen),
    }
    if any {
        seen.proxies = Some(found);
    }
}

fn windows(answers: &Answers, context: &Context<'_>, seen: &mut Seen, found: &mut Proxies) -> bool {
    let mut any = false;
    let policy = said(answers, context, ID, "proxy-policy", seen).unwrap_or_default();
    let for_all = system::registry_values(policy).iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("ProxySettingsPerUser") && matches!(*value, "0x0" | "0")
    });
    let user = said(answers, context, ID, "proxy-user", seen).map(|t| setting(system::of_registry(t)));
    if for_all {
        if let Some(text) = said(answers, context, ID, "proxy-machine", seen) {
            any = true;
            let own = setting(system::of_registry(text));
            found.system = Some(ProxySetting { origin: format!("{} of the machine", own.origin), ..own });
            found.unread_user = user;
        }
    } else if let Some(user) = user {
        any = true;
        found.system = Some(user);
    }
    if let Some(text) = said(answers, context, ID, "winhttp", seen) {
        any = true;
        found.services = Some(Services { proxy: system::of_winhttp(text) });
    }
    for (id, origin) in
        [("environment-user", "the user's variables"), ("environment-machine", "the machine's variables")]
    {
        if let Some(text) = said(answers, context, ID, id, seen) {
            any = true;
            found.environment.extend(proxies(system::registry_values(text).into_iter(), origin));
        }
    }
    any
}

/// What is kept of the system's settings.
fn setting(read: SystemProxies) -> ProxySetting {
    let script = read.script.as_deref().map(|url| line::line(&public_address(url), line::SHORT));
    ProxySetting {
        origin: read.origin,
        https: read.https,
        socks: read.socks,
        script_refused: script.as_deref().is_some_and(refused_by_macos),
        script,
        discovers: read.discovers,
    }
}

/// Whether macOS refuses the sandbox's shell a script at this address (App Transport Security): plain HTTP, unless
/// the host is dotless, `.local`, loopback or a private IPv4 address (source NP).
fn refused_by_macos(url: &str) -> bool {
    let Some(rest) = url.get(..7).filter(|s| s.eq_ignore_ascii_case("http://")).and_then(|_| url.get(7..))
    else {
        return false;
    };
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    if host.starts_with('[') {
        return !host.starts_with("[::1]");
    }
    let name = host.split(':').next().unwrap_or_default();
    match name.parse::<Ipv4Addr>() {
        Ok(address) => !address.is_loopback() && !address.is_private(),
        Err(_) => name.contains('.') && !name.ends_with(".local"),
    }
}

/// The variables among `pairs` that name a proxy, one of each name, in the order in which they count.
fn proxies<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, origin: &str) -> Vec<ProxyVariable> {
    let all: Vec<(&str, &str)> = pairs.filter(|(_, v)| !v.trim().is_empty()).collect();
    let find = |wanted: &str| {
        let exact = |spelling: &str| all.iter().find(|(n, _)| *n == spelling);
        let found = exact(&wanted.to_ascii_lowercase()).or_else(|| exact(wanted));
        found.or_else(|| all.iter().find(|(n, _)| n.eq_ignore_ascii_case(wanted)))
    };
    let of = |(name, value): &(&str, &str)| {
        let (value, _) = of_proxy(value.trim());
        ProxyVariable {
            name: (*name).to_owned(),
            value: line::line(&value, line::SHORT),
            origin: origin.to_owned(),
        }
    };
    VARIABLES.iter().filter_map(|wanted| find(wanted)).map(of).collect()
}

/// A proxy as `host:port`, so that two spellings of one can be compared.
fn bare(proxy: &str) -> String {
    let rest = proxy.split_once("://").map_or(proxy, |(_, rest)| rest);
    rest.trim_end_matches('/').to_ascii_lowercase()
}

/// How a setting reads in a sentence.
fn spoken(setting: &ProxySetting) -> String {
    match (&setting.https, &setting.script, &setting.socks) {
        (Some(proxy), _, _) => proxy.clone(),
        (None, Some(script), _) => format!("the script {script}"),
        (None, None, Some(socks)) => format!("the SOCKS proxy {socks}"),
        (None, None, None) => "no proxy".to_owned(),
    }
}

fn judge(seen: &Seen, context: &Context<'_>) -> Vec<Found> {
    let Some(proxies) = &seen.proxies else { return Vec::new() };
    let mut found = Vec::new();
    if context.platform == Platform::Linux {
        found.extend(session(proxies));
        return found;
    }
    let Some(system) = &proxies.system else { return found };
    if let Some(variable) = proxies.environment.first() {
        let evidence = format!(
            "{}={} in {}; {}: {}",
            variable.name,
            variable.value,
            variable.origin,
            system.origin,
            spoken(system)
        );
        let one = Found::new(DeviceCode::ProxyEnvironment, evidence)
            .with("variable", &variable.name)
            .with("value", &variable.value)
            .with("why", format!("name {}", spoken(system)));
        let same = system.https.as_deref().is_some_and(|p| bare(p) == bare(&variable.value));
        // A script may lead to the very proxy, and a search for one may find it.
        let fixed = system.script.is_none() && !system.discovers;
        match (system.is_set(), variable.origin == SHELL) {
            (false, _) if system.discovers => {}
            (false, true) => found.push(one.case("shell").likely()),
            (false, false) => found.push(one.likely()),
            (true, _) if fixed && !same => found.push(one.case("differs").likely()),
            (true, _) => {}
        }
    }
    if let (None, None, Some(socks)) = (&system.https, &system.script, &system.socks) {
        let evidence = format!("{}: {}", system.origin, spoken(system));
        found.push(Found::new(DeviceCode::ProxySocks, evidence).with("value", socks));
    }
    if context.platform == Platform::Macos
        && system.script_refused
        && let Some(script) = &system.script
    {
        let evidence = format!("{}: {}", system.origin, spoken(system));
        found.push(Found::new(DeviceCode::ProxyScriptHttp, evidence).with("value", script));
    }
    found.extend(services(proxies, system));
    if let Some(user) = proxies.unread_user.as_ref().filter(|u| u.is_set() && spoken(u) != spoken(system)) {
        let why = format!("{}: {}", system.origin, spoken(system));
        let evidence = format!("{why}; of the user: {}", spoken(user));
        found.push(
            Found::new(DeviceCode::ProxyDiffers, evidence)
                .case("machine")
                .with("value", spoken(user))
                .with("why", spoken(system)),
        );
    }
    found
}

/// Services take another proxy than the user. Where they take none, Windows finds the user's for most of them.
fn services(proxies: &Proxies, system: &ProxySetting) -> Option<Found> {
    let own = proxies.services.as_ref()?.proxy.as_deref()?;
    // What is looked for in the network may be the very proxy.
    if system.discovers {
        return None;
    }
    let other = system.https.as_deref().is_none_or(|p| bare(p) != bare(own)) && system.script.is_none();
    other.then(|| {
        Found::new(DeviceCode::ProxyDiffers, format!("{}: {}; WinHTTP: {own}", system.origin, spoken(system)))
            .likely()
            .with("value", spoken(system))
            .with("why", own)
    })
}

/// Linux: what this shell has, and what the desktop starts programs with.
fn session(proxies: &Proxies) -> Option<Found> {
    let session = proxies.session.as_ref()?;
    let mine = proxies.environment.first()?;
    let same = session.iter().any(|v| bare(&v.value) == bare(&mine.value));
    let other = session.first().map_or_else(|| "none".to_owned(), |v| format!("{} ({})", v.value, v.name));
    (!same).then(|| {
        Found::new(
            DeviceCode::ProxyEnvironment,
            format!("{}={} in {SHELL}; in the desktop's session: {other}", mine.name, mine.value),
        )
        .case("session")
        .likely()
        .with("variable", &mine.name)
        .with("value", &mine.value)
        .with("session", other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macos_refuses_plain_http_to_names_of_the_internet_alone() {
        for (url, refused) in [
            ("http://pac.corp.example/p.pac", true),
            ("HTTP://pac.corp.example:8080/p.pac", true),
            ("http://203.0.113.7/p.pac", true),
            ("http://[2001:db8::1]/p.pac", true),
            ("https://pac.corp.example/p.pac", false),
            ("http://wpad/wpad.dat", false),
            ("http://pac.local/p.pac", false),
            ("http://127.0.0.1:9000/p.pac", false),
            ("http://10.1.2.3/p.pac", false),
            ("http://[::1]/p.pac", false),
            ("", false),
        ] {
            assert_eq!(refused_by_macos(url), refused, "{url}");
        }
    }
}
