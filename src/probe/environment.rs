//! Who and where this run is: a report is worth little without it.

use std::net::SocketAddr;

use crate::config::of_proxy;
use crate::observation::Environment;

use super::{query, sanitise, tcp};

/// Characters of a name that are kept.
const NAME: usize = 128;

/// What the command line changed about trust.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrustNote {
    /// Other authorities stand in for the bundled public roots (`--public-roots`).
    pub public_roots_replaced: bool,
    /// So many authorities were judged as if the device trusted them (`--device-ca`).
    pub device_ca: usize,
}

/// Describes this run. `resolver`: the DNS server named on the command line, if any; `proxy`: what
/// was found about proxies, in plain words (taken over as given); `note`: what the command line
/// changed about trust.
pub fn gather(resolver: Option<SocketAddr>, proxy: &str, note: &TrustNote) -> Environment {
    let (ipv4, ipv6) = tcp::public_sources();
    let resolvers = match resolver {
        Some(server) => vec![format!("{server} (named on the command line)")],
        None => query::system_servers().iter().map(plain).collect(),
    };
    Environment {
        user: named(account()),
        host: named(machine()),
        addresses: [ipv4, ipv6].into_iter().flatten().map(|a| a.to_string()).collect(),
        resolvers,
        proxy: proxy.to_owned(),
        trust: trust(note),
        vpn_hint: vpn(),
    }
}

/// A server without the port that every DNS server has.
fn plain(server: &SocketAddr) -> String {
    if server.port() == 53 { server.ip().to_string() } else { server.to_string() }
}

fn named(name: Option<String>) -> String {
    name.map(|n| sanitise::line(n.trim(), NAME)).filter(|n| !n.is_empty()).unwrap_or("unknown".to_owned())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.trim().is_empty())
}

/// The account of this process. The kernel's word before the environment's, which `sudo` and
/// service managers change.
fn account() -> Option<String> {
    of_process().or_else(|| ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(variable))
}

#[cfg(target_os = "linux")]
fn of_process() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let ids = status.lines().find_map(|l| l.strip_prefix("Uid:"))?;
    let effective = ids.split_ascii_whitespace().nth(1)?;
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let of = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == effective).then(|| name.to_owned())
    };
    accounts.lines().find_map(of)
}

#[cfg(not(target_os = "linux"))]
fn of_process() -> Option<String> {
    None
}

fn machine() -> Option<String> {
    let file = |path: &str| std::fs::read_to_string(path).ok().filter(|t| !t.trim().is_empty());
    file("/proc/sys/kernel/hostname")
        .or_else(|| variable("COMPUTERNAME"))
        .or_else(|| file("/etc/hostname"))
        .or_else(|| variable("HOSTNAME"))
        .or_else(ask_for_name)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn ask_for_name() -> Option<String> {
    let output = std::process::Command::new("/bin/hostname").output().ok()?;
    String::from_utf8(output.stdout).ok()
}

#[cfg(not(all(unix, not(target_os = "linux"))))]
fn ask_for_name() -> Option<String> {
    None
}

/// Which stores judge certificates.
fn trust(note: &TrustNote) -> String {
    let mut text = "the operating system's store".to_owned();
    if cfg!(target_os = "linux") {
        let set: Vec<String> = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
            .into_iter()
            .filter_map(|n| variable(n).map(|v| format!("{n}={}", sanitise::line(&v, 256))))
            .collect();
        if !set.is_empty() {
            text = format!("the files of {}", set.join(", "));
        }
    }
    match note.device_ca {
        0 => {}
        1 => text += " with one more authority (--device-ca)",
        n => text += &format!(" with {n} more authorities (--device-ca)"),
    }
    text += if note.public_roots_replaced {
        " and, beside it, the authorities of --public-roots in place of the public roots"
    } else {
        " and, beside it, the public roots"
    };
    text
}

/// The beginnings of the names that VPN clients give their interfaces on Linux.
#[cfg(target_os = "linux")]
const VPN: [&str; 13] = [
    "tun",
    "tap",
    "wg",
    "ppp",
    "utun",
    "tailscale",
    "zt",
    "nordlynx",
    "gpd",
    "cscotun",
    "ipsec",
    "xfrm",
    "vpn",
];

#[cfg(target_os = "linux")]
fn vpn() -> Option<String> {
    let mut names: Vec<String> = std::fs::read_dir("/sys/class/net")
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_vpn(name) && is_up(name))
        .collect();
    names.sort();
    names.into_iter().next().map(|n| sanitise::line(&n, NAME))
}

/// `tunl0` is the kernel's own and always there once its module is.
#[cfg(target_os = "linux")]
fn is_vpn(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name != "tunl0" && (VPN.iter().any(|p| name.starts_with(p)) || name.contains("warp"))
}

/// IFF_UP is the lowest bit of the interface's flags (`linux/if.h`).
#[cfg(target_os = "linux")]
fn is_up(name: &str) -> bool {
    std::fs::read_to_string(format!("/sys/class/net/{name}/flags"))
        .ok()
        .and_then(|t| u32::from_str_radix(t.trim().trim_start_matches("0x"), 16).ok())
        .is_some_and(|flags| flags & 1 == 1)
}

#[cfg(not(target_os = "linux"))]
fn vpn() -> Option<String> {
    None
}

/// One proxy variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyVariable {
    /// The variable's name as it was found, such as `https_proxy`.
    pub name: String,
    /// Its value, without user name and password.
    pub value: String,
    /// Whether a user name or password was left out.
    pub had_credentials: bool,
}

/// The proxy variables of the environment, each in the spelling that counts (lower case first, as
/// curl and most others read them).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyVariables {
    /// `https_proxy` or `HTTPS_PROXY`.
    pub https: Option<ProxyVariable>,
    /// `http_proxy` or `HTTP_PROXY`.
    pub http: Option<ProxyVariable>,
    /// `all_proxy` or `ALL_PROXY`.
    pub all: Option<ProxyVariable>,
    /// `no_proxy` or `NO_PROXY`.
    pub no: Option<ProxyVariable>,
}

/// Reads the proxy variables of the environment.
pub fn proxy_variables() -> ProxyVariables {
    proxy_variables_from(variable)
}

/// Reads them through `get`.
fn proxy_variables_from(get: impl Fn(&str) -> Option<String>) -> ProxyVariables {
    let find = |lower: &str| {
        [lower.to_owned(), lower.to_ascii_uppercase()].into_iter().find_map(|name| {
            let value = sanitise::line(get(&name)?.trim(), 2048);
            let (value, had_credentials) =
                if lower == "no_proxy" { (exempt(&value), false) } else { of_proxy(&value) };
            (!value.is_empty()).then_some(ProxyVariable { name, value, had_credentials })
        })
    };
    ProxyVariables {
        https: find("https_proxy"),
        http: find("http_proxy"),
        all: find("all_proxy"),
        no: find("no_proxy"),
    }
}

/// A list of hosts that need no proxy, each without what may be a password in it.
fn exempt(list: &str) -> String {
    list.split_inclusive([',', ';', ' '])
        .map(|entry| {
            let host = entry.trim_end_matches([',', ';', ' ']);
            format!("{}{}", of_proxy(host).0, entry.get(host.len()..).unwrap_or_default())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_a_proxy_are_not_kept() {
        for (value, kept) in [
            ("http://user:pass@proxy.example:3128", "http://proxy.example:3128"),
            ("user:p@ss/w@proxy.example:3128", "proxy.example:3128"),
            ("https://user@proxy.example/", "https://proxy.example/"),
            ("http://p.example:3128:ann:s", "[hidden]"),
            ("http://ann%3As%40p.example:3128", "http://p.example:3128"),
            ("http://ann:s", "[hidden]"),
        ] {
            assert_eq!(of_proxy(value), (kept.to_owned(), true));
        }
        assert_eq!(of_proxy("proxy.example:1"), ("proxy.example:1".to_owned(), false));
    }

    #[test]
    fn a_list_of_hosts_is_kept_without_passwords() {
        for (list, kept) in [
            (
                "localhost,.example, 10.0.0.0/8 ,[::1],*.x;<local>",
                "localhost,.example, 10.0.0.0/8 ,[::1],*.x;<local>",
            ),
            ("a.example,http://u:p@b.example?k=s", "a.example,http://b.example"),
        ] {
            assert_eq!(exempt(list), kept);
        }
    }

    #[test]
    fn lower_case_counts_before_upper_case() {
        let found = proxy_variables_from(|name| match name {
            "https_proxy" => Some("http://a.example:1".to_owned()),
            "HTTPS_PROXY" => Some("http://b.example:2".to_owned()),
            "NO_PROXY" => Some("localhost,.example".to_owned()),
            _ => None,
        });
        assert_eq!(found.https.map(|v| v.name), Some("https_proxy".to_owned()));
        assert_eq!(found.no.map(|v| v.value), Some("localhost,.example".to_owned()));
        assert_eq!(found.http, None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn vpn_interfaces_are_told_by_name() {
        assert!(is_vpn("wg0") && is_vpn("tun3") && is_vpn("CloudflareWARP"));
        assert!(!is_vpn("eth0") && !is_vpn("lo") && !is_vpn("tunl0") && !is_vpn("docker0"));
    }

    #[test]
    fn what_the_command_line_changes_about_trust_is_said() {
        let text = |public_roots_replaced, device_ca| trust(&TrustNote { public_roots_replaced, device_ca });
        assert!(!text(false, 0).contains("--"));
        assert!(text(false, 1).contains("one more authority (--device-ca)"));
        let both = text(true, 2);
        assert!(
            both.contains("2 more authorities (--device-ca)") && both.contains("--public-roots"),
            "{both}"
        );
    }

    #[test]
    fn the_run_has_a_user_and_a_host() {
        let environment = gather(None, "none", &TrustNote::default());
        assert!(environment.trust.ends_with(" and, beside it, the public roots"), "{}", environment.trust);
        assert!(!environment.user.is_empty() && !environment.host.is_empty());
        assert!(environment.addresses.iter().all(|a| a != "127.0.0.1" && a != "::1"));
    }
}
