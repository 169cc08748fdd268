//! Which way each actor takes to a host: direct or through a proxy (domain.md 6.1, 6.2).

use url::{Host, Url};

use super::Route;
use crate::derive::HostPattern;
use crate::terms::{Actor, Platform, Transport};

/// A proxy address without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether the connection to the proxy is TLS.
    pub tls: bool,
    /// Where the setting came from.
    pub origin: String,
}

/// Why a proxy setting cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProxy {
    /// Not a URL with a host.
    #[error("{origin}: this is no proxy address; write http://proxy.example.com:3128")]
    NotAnAddress {
        /// Where it stands.
        origin: String,
    },
    /// A scheme the app does not use.
    #[error("{origin}: a {scheme} proxy cannot be used; the app accepts only http and https proxies")]
    Scheme {
        /// Where it stands.
        origin: String,
        /// The scheme that was given.
        scheme: String,
    },
}

impl ProxyAddress {
    /// Reads `http://host:port`, `https://host:port` or `host:port` (as environment variables have
    /// it). A user name or password in it is dropped: neither the app nor its engine can send one.
    pub fn parse(text: &str, origin: &str) -> Result<Self, BadProxy> {
        let bad = || BadProxy::NotAnAddress { origin: origin.to_owned() };
        let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&full).map_err(|_| bad())?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => {
                return Err(BadProxy::Scheme { origin: origin.to_owned(), scheme: other.to_owned() });
            }
        };
        let host = match url.host() {
            Some(Host::Domain(name)) => name.trim_end_matches('.').to_owned(),
            Some(Host::Ipv4(a)) => a.to_string(),
            Some(Host::Ipv6(a)) => a.to_string(),
            None => return Err(bad()),
        };
        // A lone dot is a name to the URL standard.
        if host.is_empty() {
            return Err(bad());
        }
        let port = url.port_or_known_default().ok_or_else(bad)?;
        Ok(Self { host, port, tls, origin: origin.to_owned() })
    }

    fn route(&self) -> Route {
        Route::Proxy { host: self.host.clone(), port: self.port, tls: self.tls, origin: self.origin.clone() }
    }
}

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
    /// `egressProxyPacUrl` is set. The script is not evaluated here, so the routes are not known.
    pub pac: bool,
    /// The operating system's proxy for TLS connections (on Linux the environment's).
    pub system: Option<ProxyAddress>,
    /// The operating system's proxy for plain HTTP (on Linux the environment's).
    pub system_plain: Option<ProxyAddress>,
    /// The operating system's settings are not read on this platform.
    pub system_unread: bool,
    /// Hosts the system's settings exempt, as in `NO_PROXY`.
    pub system_bypass: Vec<String>,
    /// Settings that cannot be used, and why, in plain words.
    pub unusable: Vec<String>,
    /// Host, port and transport of the inference endpoint: its route is the only one the engine is
    /// given.
    pub inference: Option<(HostPattern, u16, Transport)>,
}

impl ProxySettings {
    /// The address, if it can be used; otherwise the reason is kept for the report. The app skips such
    /// a setting too and connects directly (domain.md 6.4).
    pub fn usable(&mut self, parsed: Result<ProxyAddress, BadProxy>) -> Option<ProxyAddress> {
        parsed.map_err(|e| self.unusable.push(e.to_string())).ok()
    }

    /// The route of `actor` to a host. None where it cannot be known here: a proxy script decides
    /// it, or the request would go to the proxy in the clear, which is not probed.
    pub fn route(
        &self,
        actor: Actor,
        host: &HostPattern,
        port: u16,
        transport: Transport,
        platform: Platform,
    ) -> Option<Route> {
        if host.is_loopback() {
            return Some(Route::Direct);
        }
        let route = match &self.choice {
            ProxyChoice::None => return Some(Route::Direct),
            ProxyChoice::Fixed(proxy) => proxy.route(),
            ProxyChoice::System => self.system_route(host, port, transport),
            ProxyChoice::AsTheApp => match actor {
                // The shell of a Linux sandbox is not proxied at all (domain.md 6.1).
                Actor::Vm if platform == Platform::Linux => return Some(Route::Direct),
                Actor::Updater => self.system_route(host, port, transport),
                // The engine is handed the proxy of the inference endpoint, or none, and exempts
                // `.local` beside loopback.
                Actor::Engine if is_local(host) => return Some(Route::Direct),
                Actor::Engine => match &self.inference {
                    Some((host, port, transport)) => self.app_route(host, *port, *transport)?,
                    None => self.app_route(host, port, transport)?,
                },
                _ => self.app_route(host, port, transport)?,
            },
        };
        // Plain HTTP is sent through a proxy as a request to the proxy, not through a tunnel.
        let is_plain = matches!(transport, Transport::Http | Transport::Grpc);
        (route == Route::Direct || !is_plain).then_some(route)
    }

    /// The settings in plain words, for the head of a report.
    pub fn describe(&self) -> String {
        let shown = |p: &ProxyAddress| format!("{} {}:{}", p.origin, p.host, p.port);
        match &self.choice {
            ProxyChoice::None => return "none (--proxy none)".into(),
            ProxyChoice::Fixed(proxy) => return format!("{} for every host", shown(proxy)),
            ProxyChoice::System | ProxyChoice::AsTheApp => {}
        }
        let mut parts = Vec::new();
        if self.choice == ProxyChoice::AsTheApp {
            if self.pac {
                parts.push("egressProxyPacUrl decides, and scripts are not evaluated in this version: give the proxy it names with --proxy".into());
            }
            parts.extend(self.configured.as_ref().map(shown));
        }
        parts.extend(self.system.as_ref().map(shown));
        parts.extend(self.system_plain.as_ref().map(shown));
        if self.system_unread && self.configured.is_none() {
            parts.push(
                "the operating system's settings are not read in this version; direct was tested".into(),
            );
        }
        parts.extend(self.unusable.iter().cloned());
        if parts.is_empty() { "none".into() } else { parts.join("; ") }
    }

    fn app_route(&self, host: &HostPattern, port: u16, transport: Transport) -> Option<Route> {
        if host.is_loopback() {
            return Some(Route::Direct);
        }
        if self.pac {
            return None;
        }
        Some(match &self.configured {
            // The pinned proxy exempts `.local`; the system's settings exempt what they name.
            Some(_) if is_local(host) => Route::Direct,
            Some(proxy) => proxy.route(),
            None => self.system_route(host, port, transport),
        })
    }

    fn system_route(&self, host: &HostPattern, port: u16, transport: Transport) -> Route {
        let plain = matches!(transport, Transport::Http | Transport::Grpc);
        match if plain { &self.system_plain } else { &self.system } {
            Some(proxy) if !host.is_loopback() && !self.is_exempt(host, port) => proxy.route(),
            _ => Route::Direct,
        }
    }

    /// `NO_PROXY` as most clients read it: `*`, a name (with everything below it, leading dot or
    /// not), an address literal, each optionally with a port.
    fn is_exempt(&self, host: &HostPattern, port: u16) -> bool {
        let name = host.to_string();
        self.system_bypass.iter().any(|entry| {
            let entry = entry.trim().to_ascii_lowercase();
            if entry == "*" {
                return true;
            }
            let (entry, wanted) = match entry.rsplit_once(':') {
                Some((e, p)) if !e.contains(':') => match p.parse::<u16>() {
                    Ok(p) => (e.to_owned(), Some(p)),
                    Err(_) => return false,
                },
                _ => (entry, None),
            };
            let suffix = entry.trim_start_matches('*').trim_start_matches('.');
            !suffix.is_empty()
                && wanted.is_none_or(|p| p == port)
                && (name == suffix || name.strip_suffix(suffix).is_some_and(|r| r.ends_with('.')))
        })
    }
}

/// `*.local`, which the pinned proxy and the engine exempt (domain.md 6.1, 6.2).
fn is_local(host: &HostPattern) -> bool {
    host.name().is_some_and(|n| n.ends_with(".local"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

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
            inference: Some((host("gw.corp.example"), 8443, Transport::Https)),
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
    fn exemptions_match_names_subdomains_ports_and_the_star() {
        for (bypass, name, port, exempt) in [
            ("example.com", "example.com", 443, true),
            ("example.com", "a.example.com", 443, true),
            (".example.com", "a.example.com", 443, true),
            ("*.example.com", "a.example.com", 443, true),
            ("example.com", "badexample.com", 443, false),
            ("example.com:8443", "example.com", 8443, true),
            ("example.com:8443", "example.com", 443, false),
            ("192.0.2.1", "192.0.2.1", 443, true),
            ("*", "anything.example", 443, true),
            ("", "anything.example", 443, false),
        ] {
            let settings = ProxySettings {
                system: proxy("p.example:1"),
                system_bypass: vec![bypass.into()],
                ..Default::default()
            };
            assert_eq!(
                is_proxied(&settings, Actor::App, name, port, Platform::Linux),
                !exempt,
                "{bypass} {name}"
            );
        }
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

    #[test]
    fn what_a_script_decides_is_not_known() {
        let settings =
            ProxySettings { pac: true, configured: proxy("http://p.example:1"), ..Default::default() };
        let route =
            |actor, to: &str| settings.route(actor, &host(to), 443, Transport::Https, Platform::Macos);
        assert_eq!(route(Actor::App, "a.example"), None);
        assert_eq!(route(Actor::App, "127.0.0.1"), Some(Route::Direct));
        assert_eq!(route(Actor::Updater, "a.example"), Some(Route::Direct));
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
