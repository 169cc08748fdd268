//! Which way each actor takes to a host: direct or through a proxy (domain.md 6.1, 6.2).

use url::{Host, Url};

use super::Route;
use crate::derive::HostPattern;
use crate::terms::{Actor, Platform};

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
    /// The operating system's proxy for HTTPS (on Linux the environment's).
    pub system: Option<ProxyAddress>,
    /// Hosts the system's settings exempt, as in `NO_PROXY`.
    pub system_bypass: Vec<String>,
    /// Settings that cannot be used, and why, in plain words.
    pub unusable: Vec<String>,
    /// Host of the inference endpoint: its route is the only one the engine is given.
    pub inference: Option<HostPattern>,
}

impl ProxySettings {
    /// The address, if it can be used; otherwise the reason is kept for the report. The app skips such
    /// a setting too and connects directly (domain.md 6.4).
    pub fn usable(&mut self, parsed: Result<ProxyAddress, BadProxy>) -> Option<ProxyAddress> {
        parsed.map_err(|e| self.unusable.push(e.to_string())).ok()
    }

    /// The route of `actor` to `host`:`port`.
    pub fn route(&self, actor: Actor, host: &HostPattern, port: u16, platform: Platform) -> Route {
        if always_direct(host) {
            return Route::Direct;
        }
        match &self.choice {
            ProxyChoice::None => return Route::Direct,
            ProxyChoice::Fixed(proxy) => return proxy.route(),
            ProxyChoice::System => return self.system_route(host, port),
            ProxyChoice::AsTheApp => {}
        }
        match actor {
            // The shell of a Linux sandbox is not proxied at all (domain.md 6.1).
            Actor::Vm if platform == Platform::Linux => Route::Direct,
            Actor::Updater => self.system_route(host, port),
            // The engine is handed the proxy of the inference endpoint, or none; it exempts only
            // loopback and `.local`.
            Actor::Engine => match &self.inference {
                Some(inference) => self.app_route(inference, 443),
                None => self.app_route(host, port),
            },
            _ => self.app_route(host, port),
        }
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
                parts.push("egressProxyPacUrl is set but not evaluated: routes are those without it".into());
            }
            parts.extend(self.configured.as_ref().map(shown));
        }
        parts.extend(self.system.as_ref().map(shown));
        parts.extend(self.unusable.iter().cloned());
        if parts.is_empty() { "none".into() } else { parts.join("; ") }
    }

    fn app_route(&self, host: &HostPattern, port: u16) -> Route {
        match &self.configured {
            Some(proxy) if !always_direct(host) => proxy.route(),
            Some(_) => Route::Direct,
            None => self.system_route(host, port),
        }
    }

    fn system_route(&self, host: &HostPattern, port: u16) -> Route {
        match &self.system {
            Some(proxy) if !always_direct(host) && !self.is_exempt(host, port) => proxy.route(),
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

/// Loopback and `*.local` never go through a proxy (domain.md 6.2).
fn always_direct(host: &HostPattern) -> bool {
    host.is_loopback() || host.name().is_some_and(|n| n.ends_with(".local"))
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

    fn is_proxied(route: &Route) -> bool {
        matches!(route, Route::Proxy { .. })
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
        let to = host("a.example");
        assert!(is_proxied(&settings.route(Actor::App, &to, 443, Platform::Macos)));
        assert!(!is_proxied(&settings.route(Actor::Updater, &to, 443, Platform::Macos)));
    }

    #[test]
    fn the_engine_uses_the_route_of_the_inference_endpoint_for_everything() {
        let settings = ProxySettings {
            system: proxy("p.example:3128"),
            system_bypass: vec!["gw.corp.example".into()],
            inference: Some(host("gw.corp.example")),
            ..Default::default()
        };
        let to = host("a.example");
        assert!(is_proxied(&settings.route(Actor::App, &to, 443, Platform::Linux)));
        assert!(!is_proxied(&settings.route(Actor::Engine, &to, 443, Platform::Linux)));
    }

    #[test]
    fn the_linux_sandbox_is_never_proxied() {
        let settings = ProxySettings { configured: proxy("http://p.example:1"), ..Default::default() };
        assert!(!is_proxied(&settings.route(Actor::Vm, &host("a.example"), 443, Platform::Linux)));
        assert!(is_proxied(&settings.route(Actor::Vm, &host("a.example"), 443, Platform::Windows)));
    }

    #[test]
    fn exemptions_match_names_subdomains_ports_and_the_star() {
        let settings = |bypass: &str| ProxySettings {
            system: proxy("p.example:1"),
            system_bypass: vec![bypass.into()],
            ..Default::default()
        };
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
            let route = settings(bypass).route(Actor::App, &host(name), port, Platform::Linux);
            assert_eq!(is_proxied(&route), !exempt, "{bypass} {name}");
        }
    }

    #[test]
    fn loopback_and_local_names_are_direct_even_with_a_fixed_proxy() {
        let fixed = ProxyAddress::parse("http://p.example:1", "--proxy").unwrap();
        let settings = ProxySettings { choice: ProxyChoice::Fixed(fixed), ..Default::default() };
        for direct in ["127.0.0.1", "localhost", "::1", "gw.local"] {
            assert!(!is_proxied(&settings.route(Actor::App, &host(direct), 443, Platform::Macos)));
        }
        assert!(is_proxied(&settings.route(Actor::Updater, &host("a.example"), 443, Platform::Macos)));
    }
}
