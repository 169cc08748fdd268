//! What an acl of a squid.conf holds for.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::super::super::intent::Names;
use super::super::access::Test;
use super::super::read::{Ignored, Listed, Pattern, brief, network, pattern, plain};
use super::{Acl, DEEPEST, INSIDE_IF, MOST_STRANGE, Reader};

impl Reader<'_> {
    /// `name` or `!name` on a line.
    pub(super) fn reference(&mut self, word: &str, bump: bool, line: usize, raw: &str, depth: usize) -> Test {
        let (negated, name) = match word.strip_prefix('!') {
            Some(name) => (true, name),
            None => (false, word),
        };
        let test = match name {
            "all" => Test::Always,
            // Requests for the proxy itself, and clients on its own machine: neither is the app on a device.
            "manager" | "localhost" | "to_localhost" | "to_linklocal" | "CONNECT"
                if !self.conf.acls.contains_key(name) =>
            {
                match name {
                    "CONNECT" => Test::All(vec![Test::Web, Test::Clear.negated()]),
                    "to_localhost" | "to_linklocal" => Self::own_address(name),
                    _ => Test::Never,
                }
            }
            _ if !self.conf.acls.contains_key(name) => {
                Test::Unknown(Ignored::new(line, raw, &format!("the acl `{name}` is not in this file")))
            }
            _ if depth > DEEPEST => Test::Unknown(Ignored::new(line, raw, "acls that nest too deep")),
            _ => self.acl(name, bump, depth),
        };
        if negated { test.negated() } else { test }
    }

    /// Whether an acl is for single clients.
    pub(super) fn is_few(&self, name: &str) -> bool {
        let is_single = |value: &String| value.parse::<IpAddr>().is_ok();
        let lines = self.conf.acls.get(name);
        lines.is_some_and(|all| all.iter().all(|acl| acl.kind == "src" && acl.values.iter().all(is_single)))
    }

    fn own_address(name: &str) -> Test {
        let parse = |text: &str| network(text).map(Test::Names);
        let all = if name == "to_localhost" {
            ["127.0.0.0/8", "::1/128", "0.0.0.0/32", "::/128"]
        } else {
            ["169.254.0.0/16", "fe80::/10", "169.254.0.0/16", "fe80::/10"]
        };
        Test::Any(all.into_iter().filter_map(parse).collect())
    }

    /// What an acl stands for. It is worked out once, and shared by all lines that name it.
    pub(super) fn acl(&mut self, name: &str, bump: bool, depth: usize) -> Test {
        let conf = self.conf;
        let lines = conf.acls.get(name).map_or(&[][..], Vec::as_slice);
        let unknown = |why: &str| {
            let first = lines.first();
            let (line, raw) = first.map_or((0, name), |acl| (acl.line, acl.raw.as_str()));
            Test::Unknown(Ignored::new(line, raw, why))
        };
        let key = (name.to_owned(), bump);
        match self.known.get(&key) {
            Some(Some(known)) => return Test::Shared(Arc::clone(known)),
            Some(None) => return unknown("acls that name each other"),
            None => {}
        }
        self.known.insert(key.clone(), None);
        let mut parts = Vec::new();
        if lines.windows(2).any(|two| two[0].kind != two[1].kind) {
            parts.push(unknown("the acl has lines of two kinds, with which Squid does not start"));
        } else {
            // Values that are not understood are many lines of one kind at most.
            let mut strange = 0;
            for acl in lines {
                let test = self.line(name, acl, bump, depth);
                strange += usize::from(matches!(test, Test::Unknown(_)));
                if matches!(test, Test::Unknown(_)) && strange > MOST_STRANGE {
                    continue;
                }
                parts.push(if acl.inside_if {
                    Test::All(vec![test, Test::Unknown(Ignored::new(acl.line, &acl.raw, INSIDE_IF))])
                } else {
                    test
                });
            }
        }
        // A file that is included may add to what the acl has, wherever it is included.
        parts.extend(self.included.iter().map(|test| Test::Shared(Arc::clone(test))));
        let test = Arc::new(Test::Any(parts));
        self.known.insert(key, Some(Arc::clone(&test)));
        Test::Shared(test)
    }

    pub(super) fn line(&mut self, name: &str, acl: &Acl, bump: bool, depth: usize) -> Test {
        let unknown = |reason: &str| Test::Unknown(Ignored::new(acl.line, &acl.raw, reason));
        let flags: Vec<&String> = acl.values.iter().filter(|v| v.starts_with('-')).collect();
        let values: Vec<&String> = acl.values.iter().filter(|v| !v.starts_with('-')).collect();
        if values.iter().any(|v| v.starts_with(['"', '\''])) || flags.iter().any(|f| *f == "-f") {
            return unknown("its values are in another file; put them in this place");
        }
        let known = ["-n", "-i"];
        let lists = ["any-of", "all-of"].contains(&acl.kind.as_str()) || acl.kind.ends_with("_regex");
        if let Some(flag) = flags.iter().find(|f| !lists && !known.contains(&f.as_str())) {
            return unknown(&format!("the option `{flag}` is not compared"));
        }
        let depends = |what: &str| format!("acl {} ({what})", brief(name));
        match acl.kind.as_str() {
            "port" => match ports(&values) {
                Some(ports) => Test::Ports(ports),
                None => unknown("a port that cannot be read"),
            },
            "method" => {
                let connect = values.iter().any(|v| v.eq_ignore_ascii_case("CONNECT"));
                let methods = ["GET", "POST", "HEAD", "PUT"];
                let clear = values.iter().filter(|v| methods.contains(&v.as_str())).count();
                let tunnel = if connect { Test::Clear.negated() } else { Test::Never };
                let open = match clear {
                    0 => Test::Never,
                    // The app posts and gets.
                    n if n >= 2 && values.iter().any(|v| *v == "POST") => Test::Clear,
                    _ => Test::All(vec![Test::Clear, Test::Other(depends("method"))]),
                };
                Test::Any(vec![tunnel, open])
            }
            "dstdomain" => self.entries(acl, values.iter().map(|v| (v.as_str(), domain(v)))),
            "ssl::server_name" if bump => self.entries(acl, values.iter().map(|v| (v.as_str(), domain(v)))),
            "dstdom_regex" => {
                let own = expressions(&acl.values);
                self.entries(acl, own.into_iter().map(|(v, is_folded)| (v, expression(v, is_folded))))
            }
            "dst" => {
                if values.iter().any(|v| is_everything(v)) {
                    return Test::Always;
                }
                let test = self.entries(acl, values.iter().map(|v| (v.as_str(), address(v))));
                // -n: Squid does not look names up, so that only literals match.
                if flags.iter().any(|f| *f == "-n") { Test::All(vec![Test::Literal, test]) } else { test }
            }
            "src" => {
                let own =
                    |v: &&String| v.starts_with("127.") || v.starts_with("::1") || v.as_str() == "localhost";
                if values.iter().any(|v| is_everything(v)) {
                    return Test::Always;
                }
                if !values.is_empty() && values.iter().all(own) {
                    return Test::Never;
                }
                // Perhaps it is everybody, as far as they come over one of the two.
                if values.iter().any(|v| ["ipv4", "ipv6", "::/0"].contains(&v.as_str())) {
                    return Test::Other(depends("src: whether clients come over IPv4 or IPv6"));
                }
                if values.iter().any(|v| is_wide(v)) {
                    self.wide.insert(name.to_owned());
                }
                Test::within("src", values.iter().map(ToString::to_string), depends("src: who the client is"))
            }
            "proto" => {
                let others = ["cache_object", "ftp", "gopher", "icp", "htcp", "urn", "wais", "whois"];
                if values.iter().all(|v| others.contains(&v.to_ascii_lowercase().as_str())) {
                    Test::Never
                } else {
                    unknown("acls of the kind `proto` are compared for other schemes than http alone")
                }
            }
            "any-of" => Test::Any(
                values.iter().map(|v| self.reference(v, bump, acl.line, &acl.raw, depth + 1)).collect(),
            ),
            "all-of" => Test::All(
                values.iter().map(|v| self.reference(v, bump, acl.line, &acl.raw, depth + 1)).collect(),
            ),
            "srcdomain" | "arp" | "eui64" | "src_as" => Test::client(format!(
                "{} ({})",
                depends(&acl.kind),
                values.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(" ")
            )),
            // Not who the client is but how it reaches the proxy, or any text at all.
            "srcdom_regex" | "myport" | "localport" | "myportname" | "localip" | "myip" => {
                Test::Other(depends(&acl.kind))
            }
            "time" | "proxy_auth" | "proxy_auth_regex" | "ident" | "ident_regex" | "ext_user" | "browser"
            | "maxconn" | "max_user_ip" | "random" | "referer_regex" | "req_header" | "req_mime_type"
            | "rep_mime_type" | "rep_header" | "http_status" | "snmp_community" | "at_step" | "user_cert"
            | "ca_cert" => Test::Other(depends(&acl.kind)),
            other => unknown(&format!("acls of the kind `{other}` are not compared")),
        }
    }

    pub(super) fn entries<'v>(
        &mut self,
        acl: &Acl,
        values: impl Iterator<Item = (&'v str, Result<Pattern, String>)>,
    ) -> Test {
        let mut parts: Vec<Test> = Vec::new();
        let mut own = Vec::new();
        let mut reasons: BTreeSet<String> = BTreeSet::new();
        for (value, parsed) in values {
            match parsed {
                Ok(pattern) => {
                    self.entries.push(Listed::line(acl.line, value, pattern));
                    own.push(self.entries.len() - 1);
                }
                // One of them says for all that the line may hold.
                Err(reason) => {
                    if reasons.len() < MOST_STRANGE && reasons.insert(reason.clone()) {
                        parts.push(Test::Unknown(Ignored::new(acl.line, &acl.raw, &reason)));
                    }
                }
            }
        }
        if own.is_empty() && parts.len() == 1 {
            return parts.remove(0);
        }
        parts.push(Test::Entries(own));
        Test::Any(parts)
    }
}

fn ports(values: &[&String]) -> Option<Vec<(u16, u16)>> {
    values
        .iter()
        .map(|value| {
            let (from, to) = value.split_once('-').unwrap_or((value, value));
            Some((from.parse().ok()?, to.parse().ok()?))
        })
        .collect()
}

/// Whether a value of `src` holds a whole private network or more.
fn is_wide(value: &str) -> bool {
    let Some((address, mask)) = value.split_once('/') else { return value.contains('-') };
    match (address.parse::<IpAddr>(), network(value)) {
        (Ok(IpAddr::V4(a)), Some(Pattern::Network(_, prefix))) => {
            // Half of the largest private network is large.
            prefix <= 9 || prefix <= 12 && a.octets()[0] == 172 || prefix <= 16 && a.octets()[0] == 192
        }
        (Ok(IpAddr::V6(_)), Some(Pattern::Network(_, prefix))) => prefix <= 16,
        // Squid fills up an address that is cut short.
        _ => mask.parse::<u8>().is_ok_and(|m| m <= 16),
    }
}

/// Whether a value of `src` or `dst` stands for every address.
fn is_everything(value: &str) -> bool {
    let whole =
        |address: &str, mask: &str| ["0", "0.0.0.0"].contains(&address) && ["0", "0.0.0.0"].contains(&mask);
    value == "all"
        || value.split_once('/').is_some_and(|(address, mask)| whole(address, mask))
        || value == "0.0.0.0-255.255.255.255"
}

/// A leading dot stands for the domain itself and every name below.
fn domain(value: &str) -> Result<Pattern, String> {
    match value.strip_prefix('.') {
        Some(base) => plain(base).map(|n| Pattern::Names(Names::ApexAndSubdomains(n))),
        // Squid takes these for letters like any other: they match no name.
        None if value.contains(['*', '\\']) => Ok(Pattern::PathOnly(value.to_owned())),
        None => pattern(value),
    }
}

pub(super) fn address(value: &str) -> Result<Pattern, String> {
    if let Ok(address) = value.parse::<IpAddr>() {
        return Ok(Pattern::Names(Names::Address(address)));
    }
    network(value).ok_or_else(|| "only addresses and networks are compared".into())
}

/// The expressions of a line, each with whether it is compared without regard to case: `-i` and `+i` hold for those after
/// them. Other options stand before all of them.
fn expressions(values: &[String]) -> Vec<(&str, bool)> {
    let (mut found, mut is_folded) = (Vec::new(), false);
    for value in values {
        match value.as_str() {
            "-i" => is_folded = true,
            "+i" => is_folded = false,
            option if found.is_empty() && option.starts_with('-') => {}
            own => found.push((own, is_folded)),
        }
    }
    found
}

/// The few expressions that stand for names in an obvious way.
fn expression(value: &str, is_folded: bool) -> Result<Pattern, String> {
    let pattern = folded(value)?;
    // Squid compares the names in lower case, which no other case is equal to.
    let is_equal = is_folded || !value.bytes().any(|b| b.is_ascii_uppercase());
    Ok(if is_equal { pattern } else { Pattern::PathOnly(value.to_owned()) })
}

/// What an expression stands for without regard to case.
fn folded(value: &str) -> Result<Pattern, String> {
    let unescaped = |text: &str| -> Result<String, String> {
        let name = text.replace("\\.", "\u{0}");
        if name.contains('.') {
            return Err("a dot that is not escaped matches any character".into());
        }
        Ok(name.replace('\u{0}', "."))
    };
    let name = |text: &str| unescaped(text).and_then(|t| plain(&t));
    let safe = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let Some(open) = value.strip_suffix('$') else {
        let text = unescaped(value)?.to_ascii_lowercase();
        return if safe(&text) && !text.is_empty() {
            Ok(Pattern::Holds(text))
        } else {
            Err("this regular expression is not compared".into())
        };
    };
    if let Some(rest) = open.strip_prefix("(^|\\.)") {
        name(rest).map(|n| Pattern::Names(Names::ApexAndSubdomains(n)))
    } else if let Some(rest) = open.strip_prefix("\\.") {
        name(rest).map(|n| Pattern::Names(Names::Subdomains(n)))
    } else if let Some(rest) = open.strip_prefix('^') {
        name(rest).map(|n| Pattern::Names(Names::Exact(n)))
    } else {
        Err("this regular expression is not compared".into())
    }
}
