//! The output of `scutil --proxy`: a dictionary of `Key : value` lines, sorted by key, each level indented by two
//! spaces more. `ExceptionsList` is a dictionary of numbers; `__SCOPED__` and `__SUPPLEMENTAL__` hold the same keys
//! again for single interfaces (a VPN's), which are not what programs take that name no interface. Nothing of it is
//! in the user's language.

use super::{SystemProxies, setting};
use crate::contract::endpoint::authority;

/// Where the settings stand.
pub(super) const ORIGIN: &str = "macOS network settings";

/// A script in the settings themselves, not its address; the app takes none.
const SCRIPT: &str = "ProxyAutoConfigJavaScript";
/// How a line begins that may follow such a script.
const AFTER_SCRIPT: [&str; 5] =
    ["  ProxyAutoConfigURLString : ", "  ProxyAutoDiscoveryEnable : ", "  RTSP", "  SOCKS", "  __S"];
/// Most hosts that are taken as exempt.
const MOST_EXEMPT: usize = 10_000;

/// Reads the output.
pub(super) fn read(text: &str) -> SystemProxies {
    let mut top: Vec<(&str, &str)> = Vec::new();
    let mut exempt = Vec::new();
    // The dictionaries around the line, by name.
    let mut within: Vec<&str> = Vec::new();
    let mut in_script = false;
    for line in text.lines() {
        // A script that stands in the settings is printed as it is, over many lines and with braces of its own. It
        // ends where the next key of the settings stands.
        if in_script && !AFTER_SCRIPT.iter().any(|key| line.starts_with(key)) {
            continue;
        }
        in_script = false;
        let line = line.trim();
        if line == "}" {
            within.pop();
            continue;
        }
        let (name, value) = line.split_once(" : ").unwrap_or(("", line));
        if value == "<dictionary> {" || value == "<array> {" {
            within.push(name);
        } else if name == SCRIPT {
            in_script = true;
        } else if matches!(within[..], [""]) {
            top.push((name, value));
        } else if matches!(within[..], ["", "ExceptionsList"]) && exempt.len() < MOST_EXEMPT {
            exempt.extend(setting(value));
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fixed_proxies_and_their_exemptions_are_read() {
        let text = "<dictionary> {\n  ExceptionsList : <array> {\n    0 : *.local\n    1 : 169.254/16\n    2 : intra.corp.example\n  }\n  ExcludeSimpleHostnames : 1\n  FTPPassive : 1\n  HTTPEnable : 1\n  HTTPPort : 8080\n  HTTPProxy : web.corp.example\n  HTTPSEnable : 1\n  HTTPSPort : 3128\n  HTTPSProxy : ann:hunter2@secure.corp.example\n  ProxyAutoConfigEnable : 0\n  ProxyAutoConfigURLString : http://old.corp.example/p.pac\n  SOCKSEnable : 0\n}\n";
        let seen = read(text);
        assert_eq!(seen.https.as_deref(), Some("secure.corp.example:3128"));
        assert_eq!(seen.http.as_deref(), Some("web.corp.example:8080"));
        assert_eq!(seen.exempt, ["*.local", "169.254/16", "intra.corp.example", "<local>"]);
        assert_eq!((seen.script, seen.socks, seen.discovers), (None, None, false));
        let odd =
            read(&text.replace("ann:hunter2@secure.corp.example", "secure.corp.example:3128:ann:hunter2"));
        assert_eq!(odd.https.as_deref(), Some("[hidden]:3128"));
    }

    #[test]
    fn scripts_and_discovery_are_read() {
        let text = "<dictionary> {\n  ExceptionsList : <array> {\n    0 : *.local\n  }\n  HTTPEnable : 0\n  HTTPSEnable : 0\n  ProxyAutoConfigEnable : 1\n  ProxyAutoConfigURLString : https://pac.corp.example/p.pac?site=1\n  ProxyAutoDiscoveryEnable : 1\n  SOCKSEnable : 1\n  SOCKSPort : 1080\n  SOCKSProxy : s.corp.example\n}\n";
        let seen = read(text);
        assert_eq!(seen.script.as_deref(), Some("https://pac.corp.example/p.pac?site=1"));
        assert_eq!(seen.socks.as_deref(), Some("s.corp.example:1080"));
        assert!(seen.discovers && seen.https.is_none());
    }

    /// Two interfaces and a VPN have settings of their own: one with a proxy, one with a script.
    const SCOPED: &str = include_str!("../../../tests/macos/scutil-proxy-scoped.txt");
    /// A script that a profile wrote into the settings, with a line in it that looks like a setting.
    const INLINE: &str = include_str!("../../../tests/macos/scutil-proxy-inline-script.txt");

    #[test]
    fn settings_of_single_interfaces_are_not_those_of_the_device() {
        let seen = read(SCOPED);
        assert_eq!(seen.exempt, ["*.local", "169.254/16"]);
        assert_eq!(seen.http.as_deref(), Some("web.corp.example:8080"));
        assert_eq!((seen.https, seen.socks, seen.script, seen.discovers), (None, None, None, false));
    }

    #[test]
    fn a_script_within_the_settings_hides_nothing_after_it_and_sets_nothing() {
        let seen = read(INLINE);
        assert_eq!(seen.https.as_deref(), Some("secure.corp.example:3128"));
        assert_eq!(seen.socks.as_deref(), Some("socks.corp.example:1080"));
        assert_eq!((seen.http, seen.script, seen.discovers), (None, None, true));
    }

    #[test]
    fn hostile_settings_stay_bounded_and_plain() {
        let mut text = "<dictionary> {\n  ExceptionsList : <array> {\n".to_owned();
        for number in 0..50_000 {
            text += &format!("    {number} : h{number}.corp.example\n");
        }
        text += "  }\n  HTTPSEnable : 1\n  HTTPSPort : 99999\n  HTTPSProxy : ann:hunter2@\u{1b}[31mred.corp.example\n}\n";
        let seen = read(&text);
        assert_eq!(seen.exempt.len(), MOST_EXEMPT);
        let https = seen.https.unwrap();
        assert!(https.ends_with("red.corp.example:443"), "a port that is none is the default: {https}");
        assert!(!https.contains('\u{1b}') && !https.contains("hunter2"), "{https}");
        // Levels without end, and ends without a level.
        assert_eq!(read(&"  a : <dictionary> {\n".repeat(50_000)).exempt.len(), 0);
        assert_eq!(read(&"}\n".repeat(50_000)).https, None);
        // The output may be cut anywhere.
        for at in 0..SCOPED.len() {
            if let Some(cut) = SCOPED.get(..at) {
                assert_eq!(read(cut).https, None, "cut at {at}");
            }
        }
    }

    #[test]
    fn every_line_end_is_read() {
        assert_eq!(read(&SCOPED.replace('\n', "\r\n")), read(SCOPED));
    }

    #[test]
    fn nothing_and_nonsense_are_no_settings() {
        for text in ["", "<dictionary> {\n}\n", "No such key\n", "{{{ : : }", "HTTPSEnable : 1"] {
            let seen = read(text);
            assert_eq!(seen, SystemProxies { origin: ORIGIN.into(), ..SystemProxies::default() }, "{text}");
        }
    }
}
