//! The address of a proxy, as a setting writes it.

use crate::contract::endpoint::authority;
use url::{Host, Url};

use super::Route;

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

    /// `host:port`, an IPv6 literal in brackets.
    pub fn endpoint(&self) -> String {
        authority(&self.host, self.port)
    }

    pub(super) fn is_same(&self, other: Option<&Self>) -> bool {
        other.is_some_and(|o| o.host == self.host && o.port == self.port && o.tls == self.tls)
    }

    pub(super) fn route(&self) -> Route {
        Route::Proxy { host: self.host.clone(), port: self.port, tls: self.tls, origin: self.origin.clone() }
    }
}
