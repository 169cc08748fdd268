//! Addresses inside values: URLs, list entries, SSH names. What is no address becomes a problem, and
//! a problem never quotes more than the host part, so that no credential can slip out.

use url::{Host, Url};

use crate::contract::Transport;
use crate::contract::{BadHost, HostPattern};
use crate::rules::networks::Networks;
use crate::text::glob::glob;
use crate::text::line;
use crate::text::token::{HIDDEN, public_path, without_tokens_of};

/// Host, port and transport of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub host: HostPattern,
    /// Explicit port, or the scheme's.
    pub port: u16,
    /// Whether the port was written out.
    pub port_given: bool,
    pub transport: Transport,
    /// Path without a trailing slash.
    pub base_path: String,
    /// The path holds an unfilled placeholder.
    pub placeholder_path: bool,
}

/// Why a text is no address that could be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// It was never filled in.
    Placeholder(String),
    /// It cannot be read; says why.
    Unreadable(String),
    /// It says no scheme, or not as a scheme is written; and the host and port that it says, or an example.
    NoScheme {
        /// What is wrong.
        why: String,
        /// What follows the scheme in a right one.
        rest: String,
    },
}

const SHOWN: usize = 80;

/// The part of `text` that may be shown: the authority, without user information and what is not
/// seen, cut to a length.
pub(crate) fn shown(text: &str) -> String {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    line::seen(host, SHOWN)
}

/// Reads a URL (http, https, ssh, or git's `user@host:path`).
pub(super) fn of_url(text: &str, networks: &Networks) -> Result<Endpoint, Problem> {
    let text = text.trim();
    let authority = shown(text);
    if networks.is_placeholder(&authority) {
        return Err(Problem::Placeholder(authority));
    }
    if !text.contains("://") {
        return scp_like(text).ok_or_else(|| {
            // `https:/host` and `https:host` are meant well, too.
            let rest = behind_scheme(text);
            let meant = shown(rest.unwrap_or(text).trim_start_matches('/'));
            let is_host = meant.split(':').next().unwrap_or_default().parse::<HostPattern>().is_ok();
            let rest_of_it = if is_host { meant.clone() } else { "host.example".to_owned() };
            let lacks = if rest.is_none() { "no scheme" } else { "not :// behind its scheme" };
            Problem::NoScheme { why: format!("`{meant}` has {lacks}"), rest: rest_of_it }
        });
    }
    let url = Url::parse(text).map_err(|e| Problem::Unreadable(format!("`{authority}` is no URL: {e}")))?;
    let transport = match url.scheme() {
        "https" => Transport::Https,
        "http" => Transport::Http,
        "ssh" => Transport::Ssh,
        _ => {
            return Err(Problem::Unreadable(format!(
                "the scheme of `{authority}` is neither https nor http"
            )));
        }
    };
    let name = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(a)) => a.to_string(),
        Some(Host::Ipv6(a)) => a.to_string(),
        None => return Err(Problem::Unreadable(format!("`{authority}` names no host"))),
    };
    let host: HostPattern =
        name.parse().map_err(|e: crate::contract::BadHost| Problem::Unreadable(e.to_string()))?;
    if host.is_wildcard() {
        return Err(Problem::Unreadable(format!("`{authority}` is a wildcard, not a host")));
    }
    let default = default_port(transport);
    // The URL parser drops a port that is the scheme's default, so a written-out one is looked for in the text.
    let port_given = url.port().is_some() || authority.ends_with(&format!(":{default}"));
    let path = public_path(url.path());
    Ok(Endpoint {
        host,
        port: url.port().unwrap_or(default),
        port_given,
        transport,
        base_path: path.to_owned(),
        placeholder_path: networks.is_placeholder(text),
    })
}

/// What follows a scheme that is written without its `://`: `https:host`, `http//host`, `https;//host`.
fn behind_scheme(text: &str) -> Option<&str> {
    let rest = ["https", "http"].iter().find_map(|scheme| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    })?;
    // `http-proxy.example` and `https.example` are names.
    let is_cut =
        rest.starts_with([':', '/']) || rest.starts_with([';', '.', ',', ' ']) && rest.contains("//");
    is_cut.then(|| rest.trim_start_matches([':', '/', ';', '.', ',', ' ']))
}

const fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Http | Transport::Grpc => 80,
        Transport::Ssh => 22,
        Transport::Https | Transport::GrpcTls | Transport::Tcp => 443,
    }
}

/// `user@host:path`, as git writes SSH addresses.
fn scp_like(text: &str) -> Option<Endpoint> {
    let (user, rest) = text.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    if user.is_empty() || user.contains('/') || path.is_empty() {
        return None;
    }
    let host: HostPattern = host.parse().ok()?;
    if host.is_wildcard() {
        return None;
    }
    Some(Endpoint {
        host,
        port: 22,
        port_given: false,
        transport: Transport::Ssh,
        base_path: String::new(),
        placeholder_path: false,
    })
}

/// Reads an entry of a list of hosts: a name, `*.name`, `*`, an IPv4 literal, each but `*` with an
/// optional `:port`. Gives the port that was written.
pub(super) fn of_pattern(text: &str, networks: &Networks) -> Result<(HostPattern, Option<u16>), Problem> {
    let text = text.trim();
    let safe = shown(text);
    if networks.is_placeholder(&safe) {
        return Err(Problem::Placeholder(safe));
    }
    if text.contains("://") || text.contains('/') {
        return Err(Problem::Unreadable(format!(
            "an entry is a host, a wildcard or host:port; write `{safe}` without scheme, path or range"
        )));
    }
    let (name, port) = match text.split_once(':') {
        None => (text, None),
        Some((_, rest)) if rest.contains(':') => {
            return Err(Problem::Unreadable(format!("`{safe}`: IPv6 literals are not supported here")));
        }
        Some((name, port)) => {
            let port = port.parse::<u16>().ok().filter(|p| *p != 0);
            (name, Some(port.ok_or_else(|| Problem::Unreadable(format!("`{safe}` has no valid port")))?))
        }
    };
    if name == "*" && port.is_some() {
        return Err(Problem::Unreadable("`*` takes no port".into()));
    }
    let host = name.parse().map_err(|e| Problem::Unreadable(no_host(&e)))?;
    Ok((host, port))
}

/// The host of an address pattern such as `https://*.host.example/*`.
pub(super) fn of_pattern_url(text: &str, networks: &Networks) -> Result<crate::contract::Endpoint, Problem> {
    let text = text.trim();
    let (transport, rest) = match text.split_once("://") {
        Some(("http", rest)) => (Transport::Http, rest),
        Some(("https" | "*", rest)) => (Transport::Https, rest),
        Some(_) => {
            return Err(Problem::Unreadable(format!(
                "the scheme of `{}` is neither https nor http",
                shown(text)
            )));
        }
        // The lone wildcard matches every address.
        None if text == "*" => (Transport::Https, text),
        None => {
            return Err(Problem::Unreadable(format!(
                "`{}` has no scheme, and such a pattern matches nothing; write it like https://host.example/*",
                shown(text)
            )));
        }
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = of_pattern(authority.strip_suffix(":*").unwrap_or(authority), networks)?;
    Ok(crate::contract::Endpoint { host, port: port.unwrap_or(default_port(transport)), transport })
}

/// Whether every address that the pattern `text` describes is one that `other` describes. Without a scheme a
/// pattern matches nothing, but for the lone `*`.
pub(super) fn pattern_covers(other: &str, text: &str) -> bool {
    let [other, text] = [other, text].map(|t| t.trim().to_ascii_lowercase());
    (other == "*" || other.contains("://")) && glob(&other, &text)
}

/// Reads an SSH host: a name, `*.name` or `*`; a `user@` in front is ignored, as the app does.
pub(super) fn of_ssh(text: &str, networks: &Networks) -> Result<HostPattern, Problem> {
    let text = text.trim();
    let name = text.rsplit_once('@').map_or(text, |(_, host)| host);
    let safe = shown(text);
    if networks.is_placeholder(&safe) {
        return Err(Problem::Placeholder(safe));
    }
    name.parse()
        .map_err(|e| Problem::Unreadable(format!("{}; ports and ranges are not read here", no_host(&e))))
}

/// Why an entry is no host, without what may be a token in it.
fn no_host(bad: &BadHost) -> String {
    BadHost { text: without_tokens_of(&bad.text, HIDDEN), reason: bad.reason }.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::rules::Pack;

    fn url(text: &str) -> Result<Endpoint, Problem> {
        of_url(text, &Pack::embedded().unwrap().networks)
    }

    #[test]
    fn ports_and_paths_of_urls() {
        let e = url("https://gw.example/anthropic/").unwrap();
        assert_eq!(
            (e.host.to_string().as_str(), e.port, e.base_path.as_str()),
            ("gw.example", 443, "/anthropic")
        );
        assert!(!e.port_given);
        let e = url("http://127.0.0.1:8080").unwrap();
        assert!(
            e.host.is_loopback()
                && e.port == 8080
                && e.transport == Transport::Http
                && e.base_path.is_empty()
        );
        let e = url("https://[2001:db8::1]:8443/v1").unwrap();
        assert_eq!((e.host.to_string().as_str(), e.port), ("2001:db8::1", 8443));
        assert!(url("https://gw.example:443").unwrap().port_given);
        assert_eq!(url("git@git.example:org/repo.git").unwrap().transport, Transport::Ssh);
        assert_eq!(url("ssh://git@git.example:7999/a").unwrap().port, 7999);
        assert_eq!(url("https://bücher.example").unwrap().host.to_string(), "xn--bcher-kva.example");
    }

    #[test]
    fn placeholders_are_seen_in_the_host_and_in_the_path() {
        for text in [
            "https://{NAME}.example",
            "https://<gateway>",
            "https://$HOST/v1",
            "https://YOUR_GATEWAY.example",
            "REPLACE_ME",
            "https://...",
            "{{BASE_URL}}",
        ] {
            assert!(matches!(url(text), Err(Problem::Placeholder(_))), "{text}");
        }
        let e = url("https://login.example/{tenant}/v2.0").unwrap();
        assert!(e.placeholder_path);
        assert!(!url("https://replacement.example/your/path").unwrap().placeholder_path);
    }

    #[test]
    fn a_problem_never_shows_user_information() {
        for text in ["ftp://me:hunter2@h.example/x", "https://me:hunter2@", "me:hunter2@h.example"] {
            let problem = url(text);
            assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        }
    }

    #[test]
    fn list_entries() {
        let networks = Pack::embedded().unwrap().networks;
        let read = |t: &str| of_pattern(t, &networks).map(|(h, p)| (h.to_string(), p));
        assert_eq!(read("api.example").unwrap(), ("api.example".into(), None));
        assert_eq!(read("*.api.example:8443").unwrap(), ("*.api.example".into(), Some(8443)));
        assert_eq!(read("*").unwrap(), ("*".into(), None));
        for bad in [
            "https://a.example",
            "a.example/x",
            "10.0.0.0/8",
            "::1",
            "*:80",
            "a.example:0",
            "a.example:99999",
            "",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_in_a_path_is_cut_off() {
        for (path, kept) in [
            ("/anthropic", "/anthropic"),
            ("/", ""),
            ("/ai/foundry/anthropic/", "/ai/foundry/anthropic"),
            ("/api/mcp/s/NTk1U0VDUkVU4VDUk2VU9/mcp", "/api/mcp/s"),
            ("/k/3f2a9c1e7b604d2e8a1f5c9d0b7e6a43", "/k"),
            ("/v1/serving-endpoints/anthropic", "/v1/serving-endpoints/anthropic"),
        ] {
            assert_eq!(super::public_path(path), kept, "{path}");
        }
    }
}
