//! Which way each actor takes to a host: direct or through a proxy (source NP).

use super::Route;
use super::bypass::Grammar;
use super::pac::{PacRoutes, Reader, Script, State};
pub use super::proxy_address::{BadProxy, ProxyAddress};
use crate::contract::Endpoint;
use crate::contract::{Actor, Platform, Transport};
use crate::derive::HostPattern;
use crate::pac::Question;

/// What the command line says about proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ProxyChoice {
    /// As the app does: the configuration's keys, else the system's settings.
    #[default]
    AsTheApp,
    /// Only the system's settings.
    System,
    /// This one, for every actor.
    Fixed(ProxyAddress),
    /// None at all.
    None,
}

/// Every proxy setting that can decide a route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// What the command line says.
    pub choice: ProxyChoice,
    /// `egressProxyUrl` of the configuration. App and workspace read it; the updater does not.
    pub configured: Option<ProxyAddress>,
    /// `egressProxyPacUrl` of the configuration. It wins over `configured`.
    pub script: Option<Script>,
    /// The operating system's proxy for TLS connections (on Linux the environment's).
    pub system: Option<ProxyAddress>,
    /// The operating system's proxy for plain HTTP (on Linux the environment's).
    pub system_plain: Option<ProxyAddress>,
    /// The operating system's proxy script. It wins over `system` unless it cannot be had.
    pub system_script: Option<Script>,
    /// Hosts the system's settings exempt.
    pub system_bypass: Vec<String>,
    /// How these are read.
    pub system_grammar: Grammar,
    /// Proxies that are known from elsewhere and that no actor takes, such as the environment's on
    /// macOS and Windows: reported, and used only for comparison.
    pub others: Vec<ProxyAddress>,
    /// Settings that cannot be used, and why, in plain words.
    pub unusable: Vec<String>,
    /// The inference endpoint: its route is the only one the engine is
    /// given.
    pub inference: Option<Endpoint>,
}

impl ProxySettings {
    /// The address, if it can be used; otherwise the reason is kept for the report. The app skips such
    /// a setting too and connects directly (source NP).
    pub fn usable(&mut self, parsed: Result<ProxyAddress, BadProxy>) -> Option<ProxyAddress> {
        parsed.map_err(|e| self.unusable.push(e.to_string())).ok()
    }

    /// The route of `actor` to a host. None where it cannot be known here: a proxy script that was
    /// not read decides it, or the request would go to the proxy in the clear, which is not probed.
    pub fn route(
        &self,
        actor: Actor,
        host: &HostPattern,
        port: u16,
        transport: Transport,
        platform: Platform,
    ) -> Option<Route> {
        self.ways(actor, host, port, transport, platform)?.into_iter().next()
    }

    /// The same with what the actor falls back to when the proxy before cannot be reached: the
    /// further entries of a proxy script's answer. Never empty.
    pub fn ways(
        &self,
        actor: Actor,
        host: &HostPattern,
        port: u16,
        transport: Transport,
        platform: Platform,
    ) -> Option<Vec<Route>> {
        let direct = || Some(vec![Route::Direct]);
        if host.is_loopback() {
            return direct();
        }
        let to = End { host, port, transport };
        let ways = match &self.choice {
            ProxyChoice::None => return direct(),
            ProxyChoice::Fixed(proxy) => vec![proxy.route()],
            ProxyChoice::System => self.system_ways(to, Reader::App)?,
            ProxyChoice::AsTheApp => match actor {
                // The shell of a Linux sandbox is not proxied at all (source NP).
                Actor::Vm if platform == Platform::Linux => return direct(),
                Actor::Vm if platform == Platform::Macos && self.is_refused_by_ats() => return direct(),
                Actor::Vm => self.app_ways(to, Reader::Vm)?,
                Actor::Updater => self.system_ways(to, Reader::App)?,
                // The engine is handed the proxy of the inference endpoint, or none, and exempts
                // `.local` beside loopback.
                Actor::Engine if is_local(host) => return direct(),
                Actor::Engine => {
                    let to = match &self.inference {
                        Some(e) => End { host: &e.host, port: e.port, transport: e.transport },
                        None => to,
                    };
                    self.app_ways(to, Reader::Engine)?
                }
                _ => self.app_ways(to, Reader::App)?,
            },
        };
        // Plain HTTP is sent through a proxy as a request to the proxy, not through a tunnel.
        let ways: Vec<Route> =
            ways.into_iter().take_while(|r| *r == Route::Direct || !is_plain(transport)).collect();
        (!ways.is_empty()).then_some(ways)
    }

    /// The scripts that decide routes, given the command line.
    pub fn scripts(&mut self) -> impl Iterator<Item = &mut Script> {
        let (app, system) = match &self.choice {
            ProxyChoice::AsTheApp => (true, true),
            ProxyChoice::System => (false, true),
            ProxyChoice::None | ProxyChoice::Fixed(_) => (false, false),
        };
        self.script
            .iter_mut()
            .filter(move |_| app)
            .chain(self.system_script.iter_mut().filter(move |_| system))
    }

    /// Whether a script decides routes and has not been read.
    pub fn has_unread_script(&self) -> bool {
        let mut settings = self.clone();
        settings.scripts().any(|s| s.state == State::Unread)
    }

    /// Whether the system's settings exempt a host from their proxy.
    pub fn is_exempt(&self, host: &HostPattern, port: u16, transport: Transport) -> bool {
        self.system_grammar.exempts(&self.system_bypass, host, port, is_plain(transport))
    }

    /// Every proxy that is known, no matter which actor uses it: what a host that one actor cannot reach may be
    /// compared with. None where the command line decides.
    pub fn known(&self) -> Vec<Route> {
        if matches!(self.choice, ProxyChoice::None | ProxyChoice::Fixed(_)) {
            return Vec::new();
        }
        let named = self.configured.iter().chain(&self.system).chain(&self.others).map(ProxyAddress::route);
        let scripts = self.script.iter().chain(&self.system_script).flat_map(Script::proxies);
        let mut known: Vec<Route> = Vec::new();
        for route in named.chain(scripts) {
            let same = |other: &Route| match (other, &route) {
                (Route::Proxy { host, port, .. }, Route::Proxy { host: h, port: p, .. }) => {
                    host == h && port == p
                }
                _ => *other == route,
            };
            if !known.iter().any(same) {
                known.push(route);
            }
        }
        known
    }

    /// The settings in plain words, for the head of a report.
    pub fn describe(&self) -> String {
        let shown = |p: &ProxyAddress| format!("{} {}", p.origin, p.endpoint());
        match &self.choice {
            ProxyChoice::None => return "none (--proxy none)".into(),
            ProxyChoice::Fixed(proxy) => return format!("{} for every host", shown(proxy)),
            ProxyChoice::System | ProxyChoice::AsTheApp => {}
        }
        let mut parts = Vec::new();
        let mut pinned = false;
        if self.choice == ProxyChoice::AsTheApp {
            if let Some(script) = &self.script {
                parts.push(said(script));
                if self.configured.is_some() {
                    parts.push("egressProxyUrl is set too and not used beside it".into());
                }
            } else {
                parts.extend(self.configured.as_ref().map(shown));
            }
            pinned = !parts.is_empty();
        }
        let mut system: Vec<String> = self.system_script.iter().map(said).collect();
        system.extend(self.system.as_ref().map(shown));
        if let Some(plain) = self.system_plain.as_ref().filter(|p| !p.is_same(self.system.as_ref())) {
            system.push(shown(plain));
        }
        if !system.is_empty() && !self.system_bypass.is_empty() {
            let named: Vec<&str> = self.system_bypass.iter().map(String::as_str).take(EXEMPT).collect();
            let more = self.system_bypass.len() - named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            system.push(format!("not for {}{more}", named.join(", ")));
        }
        match (pinned, system.is_empty()) {
            (false, _) => parts.append(&mut system),
            (true, true) => parts.push("updates use the operating system's proxy: none".into()),
            (true, false) => parts.push(format!("updates only: {}", system.join("; "))),
        }
        if self.system_grammar == Grammar::NoProxy && self.system.is_some() {
            parts.push("as the environment of this process has it, which may differ from the app's".into());
        }
        if !self.others.is_empty() {
            let others: Vec<String> = self.others.iter().map(shown).collect();
            parts.push(format!("used only for comparison: {}", others.join(", ")));
        }
        parts.extend(self.unusable.iter().cloned());
        if parts.is_empty() { "none".into() } else { parts.join("; ") }
    }

    fn is_refused_by_ats(&self) -> bool {
        let decides = match (&self.script, &self.configured) {
            (Some(script), _) => Some(script),
            (None, Some(_)) => None,
            (None, None) => self.system_script.as_ref(),
        };
        decides.is_some_and(Script::is_refused_by_ats)
    }

    fn app_ways(&self, to: End<'_>, reader: Reader) -> Option<Vec<Route>> {
        if to.host.is_loopback() {
            return Some(vec![Route::Direct]);
        }
        if let Some(script) = &self.script {
            // A pinned script that cannot be had: direct, whatever the system's settings say.
            return match script.routes(&to.question(), reader) {
                PacRoutes::Unknown => None,
                PacRoutes::NoScript => Some(vec![Route::Direct]),
                PacRoutes::Routes(routes) => Some(routes),
            };
        }
        match &self.configured {
            // The pinned proxy exempts `.local`; the system's settings exempt what they name.
            Some(_) if is_local(to.host) => Some(vec![Route::Direct]),
            Some(proxy) => Some(vec![proxy.route()]),
            None => self.system_ways(to, reader),
        }
    }

    fn system_ways(&self, to: End<'_>, reader: Reader) -> Option<Vec<Route>> {
        match self.system_script.as_ref().map(|script| script.routes(&to.question(), reader)) {
            Some(PacRoutes::Unknown) => return None,
            Some(PacRoutes::Routes(routes)) => return Some(routes),
            Some(PacRoutes::NoScript) | None => {}
        }
        let plain = is_plain(to.transport);
        let exempt = || self.is_exempt(to.host, to.port, to.transport);
        Some(vec![match if plain { &self.system_plain } else { &self.system } {
            Some(proxy) if !to.host.is_loopback() && !exempt() => proxy.route(),
            _ => Route::Direct,
        }])
    }
}

/// What a request is for.
#[derive(Clone, Copy)]
struct End<'a> {
    host: &'a HostPattern,
    port: u16,
    transport: Transport,
}

impl End<'_> {
    fn question(self) -> Question {
        Question::new(&self.host.to_string(), self.port, is_plain(self.transport))
    }
}

/// The question to a script about a host.
pub(super) fn question(host: &HostPattern, port: u16, transport: Transport) -> Question {
    End { host, port, transport }.question()
}

const fn is_plain(transport: Transport) -> bool {
    matches!(transport, Transport::Http | Transport::Grpc)
}

fn said(script: &Script) -> String {
    let what = format!("{} {}", script.origin, script.shown());
    match &script.state {
        State::Unread => format!("{what} (the script decides each route and is not read here)"),
        State::Failed(why) => {
            format!("{what} (cannot be used: {why}; the app connects as if it were not set)")
        }
        State::Stopped(why) => format!("{what} (the routes are not known: {why})"),
        State::Asked(_) => format!("{what} (a script, asked for every host)"),
    }
}

/// Exemptions that are named in the head of a report.
const EXEMPT: usize = 8;

/// `*.local`, which the pinned proxy and the engine exempt (source NP).
fn is_local(host: &HostPattern) -> bool {
    host.name().is_some_and(|n| n.ends_with(".local"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::plan::pac::Ways;

    fn host(text: &str) -> HostPattern {
        text.parse().unwrap()
    }

    fn proxy(text: &str) -> Option<ProxyAddress> {
        Some(ProxyAddress::parse(text, "test").unwrap())
    }

    fn is_proxied(settings: &ProxySettings, actor: Actor, to: &str, port: u16, os: Platform) -> bool {
        let route = settings.route(actor, &host(to), port, Transport::Https, os);
        matches!(route, Some(Route::Proxy { .. }))
    }

    #[test]
    fn a_password_in_a_proxy_address_is_dropped() {
        let address = ProxyAddress::parse("http://user:hunter2@proxy.example:3128", "X").unwrap();
        assert_eq!((address.host.as_str(), address.port), ("proxy.example", 3128));
        assert!(!format!("{address:?}").contains("hunter2"));
    }

    #[test]
    fn socks_and_nonsense_are_refused() {
        assert!(matches!(ProxyAddress::parse("socks5://p:1", "X"), Err(BadProxy::Scheme { .. })));
        assert!(ProxyAddress::parse("http://", "X").is_err());
        for nothing in ["", ".", "http://..:3128"] {
            assert!(ProxyAddress::parse(nothing, "X").is_err(), "{nothing:?}");
        }
    }

    #[test]
    fn the_updater_ignores_the_configured_proxy() {
        let settings = ProxySettings { configured: proxy("http://p.example:1"), ..Default::default() };
        assert!(is_proxied(&settings, Actor::App, "a.example", 443, Platform::Macos));
        assert!(!is_proxied(&settings, Actor::Updater, "a.example", 443, Platform::Macos));
    }

    #[test]
    fn the_engine_uses_the_route_of_the_inference_endpoint_for_everything() {
        let settings = ProxySettings {
            system: proxy("p.example:3128"),
            system_bypass: vec!["gw.corp.example:8443".into()],
            inference: Some(Endpoint {
                host: host("gw.corp.example"),
                port: 8443,
                transport: Transport::Https,
            }),
            ..Default::default()
        };
        assert!(is_proxied(&settings, Actor::App, "a.example", 443, Platform::Linux));
        assert!(!is_proxied(&settings, Actor::Engine, "a.example", 443, Platform::Linux));
    }

    #[test]
    fn the_linux_sandbox_is_never_proxied() {
        let settings = ProxySettings { configured: proxy("http://p.example:1"), ..Default::default() };
        assert!(!is_proxied(&settings, Actor::Vm, "a.example", 443, Platform::Linux));
        assert!(is_proxied(&settings, Actor::Vm, "a.example", 443, Platform::Windows));
    }

    #[test]
    fn loopback_is_direct_even_with_a_fixed_proxy() {
        let fixed = ProxyAddress::parse("http://p.example:1", "--proxy").unwrap();
        let settings = ProxySettings { choice: ProxyChoice::Fixed(fixed), ..Default::default() };
        for direct in ["127.0.0.1", "localhost", "::1"] {
            assert!(!is_proxied(&settings, Actor::App, direct, 443, Platform::Macos));
        }
        assert!(is_proxied(&settings, Actor::Updater, "a.example", 443, Platform::Macos));
    }

    #[test]
    fn only_the_pinned_proxy_and_the_engine_exempt_local_names() {
        let pinned = ProxySettings { configured: proxy("http://p.example:1"), ..Default::default() };
        let system = ProxySettings { system: proxy("http://p.example:1"), ..Default::default() };
        assert!(!is_proxied(&pinned, Actor::App, "gw.ad.local", 443, Platform::Macos));
        assert!(is_proxied(&system, Actor::App, "gw.ad.local", 443, Platform::Linux));
        assert!(!is_proxied(&system, Actor::Engine, "gw.ad.local", 443, Platform::Linux));
    }

    fn script(state: State) -> Option<Script> {
        Some(Script { state, ..Script::new("egressProxyPacUrl", "http://pac.corp.example/p.pac") })
    }

    fn answers(of: &[(&str, &str)]) -> State {
        let ways = |text: &str| Ways { here: Ok(crate::pac::read(text)), elsewhere: None };
        State::Asked(of.iter().map(|(url, text)| ((*url).to_owned(), ways(text))).collect())
    }

    #[test]
    fn what_an_unread_script_decides_is_not_known() {
        let settings = ProxySettings {
            script: script(State::Unread),
            configured: proxy("http://p.example:1"),
            ..Default::default()
        };
        let route =
            |actor, to: &str| settings.route(actor, &host(to), 443, Transport::Https, Platform::Macos);
        assert_eq!(route(Actor::App, "a.example"), None);
        assert_eq!(route(Actor::App, "127.0.0.1"), Some(Route::Direct));
        assert_eq!(route(Actor::Updater, "a.example"), Some(Route::Direct));
        assert!(settings.has_unread_script());
    }

    #[test]
    fn a_script_decides_for_the_app_and_the_inference_endpoint_for_the_engine() {
        let asked = answers(&[
            ("https://a.example/", "PROXY one.example:1; PROXY two.example:2; DIRECT"),
            ("https://gw.corp.example:8443/", "DIRECT"),
            ("https://b.example/", "SOCKS s.example:1"),
        ]);
        let settings = ProxySettings {
            script: script(asked),
            configured: proxy("http://p.example:1"),
            system: proxy("http://s.example:1"),
            inference: Some(Endpoint {
                host: host("gw.corp.example"),
                port: 8443,
                transport: Transport::Https,
            }),
            ..Default::default()
        };
        let ways = |actor, to: &str, os| settings.ways(actor, &host(to), 443, Transport::Https, os);
        let shown = |ways: Option<Vec<Route>>| -> Vec<String> {
            let name = |r: &Route| match r {
                Route::Direct => "direct".to_owned(),
                Route::Proxy { host, .. } => host.clone(),
            };
            ways.iter().flatten().map(name).collect()
        };
        let windows = Platform::Windows;
        assert_eq!(shown(ways(Actor::App, "a.example", windows)), ["one.example", "two.example", "direct"]);
        assert_eq!(shown(ways(Actor::Vm, "a.example", windows)), ["one.example", "two.example", "direct"]);
        // The workspace's own copy is refused on macOS, and the Linux sandbox has no proxy.
        assert_eq!(shown(ways(Actor::Vm, "a.example", Platform::Macos)), ["direct"]);
        assert_eq!(shown(ways(Actor::Vm, "a.example", Platform::Linux)), ["direct"]);
        assert_eq!(shown(ways(Actor::Engine, "a.example", windows)), ["direct"]);
        assert_eq!(shown(ways(Actor::Updater, "a.example", windows)), ["s.example"]);
        assert_eq!(ways(Actor::App, "b.example", windows), None);
        assert_eq!(shown(Some(settings.known())), ["p.example", "s.example", "one.example", "two.example"]);
    }

    #[test]
    fn a_script_that_cannot_be_had_counts_as_none() {
        let failed = || script(State::Failed("HTTP 404".into()));
        let pinned = ProxySettings { script: failed(), system: proxy("s.example:1"), ..Default::default() };
        assert!(!is_proxied(&pinned, Actor::App, "a.example", 443, Platform::Windows));
        assert!(is_proxied(&pinned, Actor::Updater, "a.example", 443, Platform::Windows));
        let system =
            ProxySettings { system_script: failed(), system: proxy("s.example:1"), ..Default::default() };
        assert!(is_proxied(&system, Actor::App, "a.example", 443, Platform::Windows));
        assert!(system.describe().contains("HTTP 404"), "{}", system.describe());
    }

    #[test]
    fn the_command_line_leaves_nothing_to_compare() {
        for choice in [ProxyChoice::None, ProxyChoice::Fixed(proxy("f.example:1").unwrap())] {
            let settings = ProxySettings {
                choice,
                system: proxy("s.example:1"),
                system_script: script(State::Unread),
                ..Default::default()
            };
            assert!(settings.known().is_empty() && !settings.has_unread_script());
        }
    }

    #[test]
    fn the_head_says_who_uses_what() {
        let settings = ProxySettings { configured: proxy("http://p.example:1"), ..Default::default() };
        assert_eq!(settings.describe(), "test p.example:1; updates use the operating system's proxy: none");
        let both =
            ProxySettings { system: proxy("s.example:2"), system_plain: proxy("s.example:2"), ..settings };
        assert_eq!(
            both.describe(),
            "test p.example:1; updates only: test s.example:2; as the environment of this process has it, which may differ from the app's"
        );
        let exempt = ProxySettings {
            system: proxy("s.example:2"),
            system_bypass: vec!["a.example".into()],
            system_grammar: Grammar::System,
            ..Default::default()
        };
        assert_eq!(exempt.describe(), "test s.example:2; not for a.example");
    }

    #[test]
    fn plain_http_through_a_proxy_is_not_known_to_be_a_tunnel() {
        let settings = ProxySettings { system_plain: proxy("p.example:1"), ..Default::default() };
        let route =
            |transport| settings.route(Actor::App, &host("a.example"), 80, transport, Platform::Linux);
        assert_eq!(route(Transport::Http), None);
        assert_eq!(route(Transport::Https), Some(Route::Direct));
    }
}
