//! The output of `scutil --proxy`: a dictionary of `Key : value` lines, lists within it as
//! dictionaries of numbers.

use super::{SystemProxies, setting};
use crate::contract::endpoint::authority;

/// Where the settings stand.
pub(super) const ORIGIN: &str = "macOS network settings";

/// Reads the output.
pub(super) fn read(text: &str) -> SystemProxies {
    let mut top: Vec<(&str, &str)> = Vec::new();
    let mut exempt = Vec::new();
    let mut list: Option<&str> = None;
    for line in text.lines().map(str::trim) {
        if let (Some(name), Some((_, value))) = (list, line.split_once(" : ")) {
            if name == "ExceptionsList" {
                exempt.extend(setting(value));
            }
        } else if line == "}" {
            // The end of the list, or of the whole.
            list = None;
        } else if let Some((name, value)) = line.split_once(" : ") {
            if value.ends_with('{') {
                list = Some(name);
            } else {
                top.push((name, value));
            }
        }
    }
    let value = |name: &str| top.iter().find(|(n, _)| *n == name).map(|(_, v)| v.trim());
    let is_on = |name: &str| value(name) == Some("1");
    let proxy = |kind: &str, default: u16| {
        let host = setting(value(&format!("{kind}Proxy"))?).filter(|_| is_on(&format!("{kind}Enable")))?;
        let port = value(&format!("{kind}Port")).and_then(|p| p.parse().ok()).unwrap_or(default);
        Some(authority(&host, port))
    };
    if is_on("ExcludeSimpleHostnames") {
        exempt.push("<local>".to_owned());
    }
    SystemProxies {
        origin: ORIGIN.to_owned(),
        https: proxy("HTTPS", 443),
        http: proxy("HTTP", 80),
        socks: proxy("SOCKS", 1080),
        exempt,
        // The address of a script may carry a token; it is needed whole to fetch it.
        script: value("ProxyAutoConfigURLString")
            .filter(|_| is_on("ProxyAutoConfigEnable"))
            .map(|url| super::sanitise::line(url, super::LONGEST)),
        discovers: is_on("ProxyAutoDiscoveryEnable"),
        services: None,
        unread: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_proxies_and_their_exemptions_are_read() {
        let text = "<dictionary> {\n  ExceptionsList : <array> {\n    0 : *.local\n    1 : 169.254/16\n    2 : intra.corp.example\n  }\n  ExcludeSimpleHostnames : 1\n  FTPPassive : 1\n  HTTPEnable : 1\n  HTTPPort : 8080\n  HTTPProxy : web.corp.example\n  HTTPSEnable : 1\n  HTTPSPort : 3128\n  HTTPSProxy : ann:hunter2@secure.corp.example\n  ProxyAutoConfigEnable : 0\n  ProxyAutoConfigURLString : http://old.corp.example/p.pac\n  SOCKSEnable : 0\n}\n";
        let seen = read(text);
        assert_eq!(seen.https.as_deref(), Some("secure.corp.example:3128"));
        assert_eq!(seen.http.as_deref(), Some("web.corp.example:8080"));
        assert_eq!(seen.exempt, ["*.local", "169.254/16", "intra.corp.example", "<local>"]);
        assert_eq!((seen.script, seen.socks, seen.discovers), (None, None, false));
    }

    #[test]
    fn scripts_and_discovery_are_read() {
        let text = "<dictionary> {\n  ExceptionsList : <array> {\n    0 : *.local\n  }\n  HTTPEnable : 0\n  HTTPSEnable : 0\n  ProxyAutoConfigEnable : 1\n  ProxyAutoConfigURLString : https://pac.corp.example/p.pac?site=1\n  ProxyAutoDiscoveryEnable : 1\n  SOCKSEnable : 1\n  SOCKSPort : 1080\n  SOCKSProxy : s.corp.example\n}\n";
        let seen = read(text);
        assert_eq!(seen.script.as_deref(), Some("https://pac.corp.example/p.pac?site=1"));
        assert_eq!(seen.socks.as_deref(), Some("s.corp.example:1080"));
        assert!(seen.discovers && seen.https.is_none());
    }

    #[test]
    fn nothing_and_nonsense_are_no_settings() {
        for text in ["", "<dictionary> {\n}\n", "No such key\n", "{{{ : : }", "HTTPSEnable : 1"] {
            let seen = read(text);
            assert_eq!(seen, SystemProxies { origin: ORIGIN.into(), ..SystemProxies::default() }, "{text}");
        }
    }
}
