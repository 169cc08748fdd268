//! Windows: the registry's Internet Settings, which the app takes, and WinHTTP, which services take.

use super::{SystemProxies, setting, unread};

/// Where the settings stand.
const ORIGIN: &str = "Windows Internet Settings";
/// The user's settings.
const USER: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings";
/// The machine's, which count where a policy says so.
const MACHINE: &str = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Internet Settings";
/// The policy that says whose settings count.
const POLICY: &str = r"HKLM\Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings";

/// Asks for a key of the registry: its text, nothing where it is not there, or why it cannot be read.
type Query<'a> = &'a dyn Fn(&str) -> Result<Option<String>, String>;

/// Asks for everything: the registry through `query`, and WinHTTP's settings through `netsh`, which gives what
/// `netsh` prints.
pub(super) fn ask(query: Query<'_>, netsh: &dyn Fn() -> Result<String, String>) -> SystemProxies {
    let policy = query(POLICY);
    let for_all = policy.as_ref().ok().and_then(Option::as_ref).is_some_and(|text| {
        values(text).any(|(name, _, data)| {
            name.eq_ignore_ascii_case("ProxySettingsPerUser") && number(data) == Some(0)
        })
    });
    let mut seen = match query(if for_all { MACHINE } else { USER }) {
        Ok(text) => settings(&text.unwrap_or_default()),
        Err(error) => unread(ORIGIN, error),
    };
    if let Err(error) = policy {
        // Then it is not known whose settings count.
        seen.unread.get_or_insert(error);
    }
    if for_all {
        seen.origin.push_str(" of the machine");
    }
    seen.services = netsh().ok().and_then(|t| winhttp(&t));
    seen
}

/// Reads the output of `reg query` for an `Internet Settings` key.
pub(super) fn settings(text: &str) -> SystemProxies {
    let value = |wanted: &str| {
        values(text).find(|(name, ..)| name.eq_ignore_ascii_case(wanted)).map(|(_, _, data)| data)
    };
    let enabled = value("ProxyEnable").and_then(number) == Some(1);
    let server = value("ProxyServer").filter(|_| enabled).unwrap_or_default();
    let (https, http, socks) = servers(server);
    let exempt = value("ProxyOverride").filter(|_| enabled).unwrap_or_default();
    SystemProxies {
        origin: ORIGIN.to_owned(),
        https,
        http,
        socks,
        exempt: exempt.split([';', ' ']).filter_map(setting).collect(),
        // The address of a script may carry a token; it is needed whole to fetch it.
        script: value("AutoConfigURL")
            .map(|url| super::sanitise::line(url.trim(), super::LONGEST))
            .filter(|url| !url.is_empty()),
        discovers: value("AutoDetect").and_then(number) == Some(1),
        services: None,
        unread: None,
    }
}

/// Name, type and data of each value; the columns are split at the type's name.
pub(super) fn values(text: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    text.lines().filter_map(|line| {
        let line = line.strip_prefix("    ")?;
        let at = line.find("    REG_")?;
        let (kind, data) = line.get(at + 4..)?.split_once("    ")?;
        Some((line.get(..at)?, kind, data.trim()))
    })
}

fn number(data: &str) -> Option<u32> {
    match data.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => data.parse().ok(),
    }
}

/// `host:port` for everything, or `http=a:1;https=b:2;socks=c:3`.
fn servers(text: &str) -> (Option<String>, Option<String>, Option<String>) {
    let (mut https, mut http, mut socks) = (None, None, None);
    for part in text.split([';', ' ']).filter(|p| !p.is_empty()) {
        match part.split_once('=') {
            None => {
                let server = setting(part);
                https = https.or_else(|| server.clone());
                http = http.or(server);
            }
            Some((scheme, server)) => match scheme.to_ascii_lowercase().as_str() {
                "https" => https = setting(server),
                "http" => http = setting(server),
                "socks" => socks = setting(server),
                _ => {}
            },
        }
    }
    (https, http, socks)
}

/// The proxy in the output of `netsh winhttp show proxy`, whose words are in the system's language:
/// the first line that ends in an address with a port.
pub(super) fn winhttp(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (_, value) = line.split_once(" : ")?;
        let (https, http, _) = servers(value.trim());
        https.or(http).filter(|server| {
            server
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "\r\nHKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\r\n";

    fn key(values: &[(&str, &str, &str)]) -> String {
        let lines: String = values.iter().map(|(n, k, d)| format!("    {n}    {k}    {d}\r\n")).collect();
        format!("{KEY}{lines}\r\n{KEY}\\Connections\r\n")
    }

    fn on(server: &str) -> SystemProxies {
        settings(&key(&[("ProxyEnable", "REG_DWORD", "0x1"), ("ProxyServer", "REG_SZ", server)]))
    }

    #[test]
    fn one_proxy_or_one_for_each_scheme() {
        let one = on("ann:hunter2@proxy.corp.example:3128");
        assert_eq!(one.https.as_deref(), Some("proxy.corp.example:3128"));
        assert_eq!(one.http, one.https);
        let many = on("http=a.corp.example:80;HTTPS=b.corp.example:443;socks=c.corp.example:1080;ftp=d:21");
        assert_eq!(many.https.as_deref(), Some("b.corp.example:443"));
        assert_eq!(many.http.as_deref(), Some("a.corp.example:80"));
        assert_eq!(many.socks.as_deref(), Some("c.corp.example:1080"));
        assert_eq!(on("http=a.corp.example:80").https, None);
    }

    #[test]
    fn a_proxy_that_is_switched_off_does_not_count() {
        let seen = settings(&key(&[
            ("ProxyEnable", "REG_DWORD", "0x0"),
            ("ProxyServer", "REG_SZ", "proxy.corp.example:3128"),
            ("ProxyOverride", "REG_SZ", "*.corp.example"),
            ("AutoConfigURL", "REG_SZ", "http://pac.corp.example/p.pac"),
        ]));
        assert_eq!((seen.https, seen.http), (None, None));
        assert!(seen.exempt.is_empty());
        assert_eq!(seen.script.as_deref(), Some("http://pac.corp.example/p.pac"));
    }

    #[test]
    fn exemptions_are_a_list() {
        let seen = settings(&key(&[
            ("ProxyEnable", "REG_DWORD", "0x1"),
            ("ProxyServer", "REG_SZ", "p.corp.example:1"),
            ("ProxyOverride", "REG_SZ", "*.corp.example;10.*;<local>"),
        ]));
        assert_eq!(seen.exempt, ["*.corp.example", "10.*", "<local>"]);
    }

    #[test]
    fn a_policy_makes_the_machines_settings_count() {
        let query = |name: &str| match name {
            POLICY => Ok(Some(key(&[("ProxySettingsPerUser", "REG_DWORD", "0x0")]))),
            MACHINE => Ok(Some(key(&[("AutoConfigURL", "REG_SZ", "http://pac.corp.example/all.pac")]))),
            other => panic!("{other}"),
        };
        let fails = || Err("netsh.exe ended with a failure".to_owned());
        let seen = ask(&query, &fails);
        assert_eq!(seen.script.as_deref(), Some("http://pac.corp.example/all.pac"));
        assert!(seen.origin.ends_with("of the machine"));
    }

    #[test]
    fn settings_that_are_not_there_are_told_from_those_that_cannot_be_read() {
        let fails = || Err("netsh.exe ended with a failure".to_owned());
        assert_eq!(ask(&|_| Ok(None), &fails), settings(""));
        let denied = |_: &str| Err("access is denied".to_owned());
        assert_eq!(ask(&denied, &fails).unread.as_deref(), Some("access is denied"));
        let policy_alone = |name: &str| if name == POLICY { denied(name) } else { Ok(Some(key(&[]))) };
        assert_eq!(ask(&policy_alone, &fails).unread.as_deref(), Some("access is denied"));
    }

    #[test]
    fn winhttp_is_read_in_any_language() {
        for (text, proxy) in [
            ("\r\nCurrent WinHTTP proxy settings:\r\n\r\n    Direct access (no proxy server).\r\n", None),
            (
                "\r\nCurrent WinHTTP proxy settings:\r\n\r\n    Proxy Server(s) :  proxy.corp.example:8080\r\n    Bypass List     :  *.corp.example\r\n",
                Some("proxy.corp.example:8080"),
            ),
            (
                "\r\nAktuelle WinHTTP-Proxyeinstellungen:\r\n\r\n    Proxyserver    :  http=a.corp.example:80;https=b.corp.example:81\r\n    Umgehungsliste :  (keine)\r\n",
                Some("b.corp.example:81"),
            ),
            ("", None),
        ] {
            assert_eq!(winhttp(text).as_deref(), proxy, "{text}");
        }
    }
}
