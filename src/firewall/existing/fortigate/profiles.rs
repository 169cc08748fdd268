//! What the security profiles of a policy take from it again: URL and domain filters, categories, applications. A profile
//! that many policies have is worked out once.

use std::collections::BTreeSet;

use super::super::super::intent::Names;
use super::super::access::{Access, Test};
use super::super::read::{Ignored, Pattern, pattern};
use super::Reader;
use super::objects::url;
use super::settings::{odd_value, unknown_settings};
use super::tree::Object;

/// Categories of FortiGuard that no host of an allowlist of this app is in, after its list of web filter categories: what is
/// illegal, for adults or a risk, and leisure. Whatever else a profile blocks may hit a host.
const UNRELATED: &[u16] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 20, 25, 26, 37, 40, 46, 47, 57, 59, 61, 62, 63, 64,
    65, 66, 67, 71, 72, 75, 83, 86, 88, 90, 91, 96, 98, 99,
];

/// Categories of applications that no host of this app is in: peer to peer, voice, proxies, remote access, games, industrial
/// control.
const UNRELATED_APPLICATIONS: &[u16] = &[2, 3, 6, 7, 8, 26];

/// Settings of a web filter profile that block nothing by themselves.
const WEB: &[&str] = &[
    "allowlist",
    "authentication",
    "check-basic-auth",
    "check-uri",
    "check-username-only",
    "comment",
    "cookie-log",
    "default-action",
    "domain-controller",
    "exempt-quota",
    "extended-log",
    "feature-set",
    "https-replacemsg",
    "inspection-mode",
    "keyword-match",
    "ldap",
    "log-all-url",
    "log-search",
    "max-body-len",
    "max-quota-timeout",
    "name",
    "options",
    "ovrd",
    "ovrd-cookie",
    "ovrd-dur",
    "ovrd-dur-mode",
    "ovrd-perm",
    "ovrd-scope",
    "ovrd-user-group",
    "profile",
    "profile-attribute",
    "profile-type",
    "rate-crl-urls",
    "rate-css-urls",
    "rate-image-urls",
    "rate-javascript-urls",
    "replacemsg-group",
    "safe-search",
    "vimeo-restrict",
    "web-content-log",
    "web-extended-all-action-log",
    "web-filter-activex-log",
    "web-filter-applet-log",
    "web-filter-command-block-log",
    "web-filter-cookie-log",
    "web-filter-cookie-removal-log",
    "web-filter-js-log",
    "web-filter-jscript-log",
    "web-filter-referer-log",
    "web-filter-unknown-log",
    "web-filter-vbs-log",
    "web-flow-log-encoding",
    "web-ftgd-err-log",
    "web-ftgd-quota-usage",
    "web-invalid-domain-log",
    "web-url-log",
    "whitelist",
    "wisp-algorithm",
    "youtube-restrict",
];

/// Tables inside a web filter profile that block nothing, or that are read.
const INNER: &[&str] = &[
    "webfilter profile/ftgd-wf/filters",
    "webfilter profile/web",
    "webfilter profile/antiphish/custom-patterns",
    "webfilter profile/antiphish/inspection-entries",
];

/// Settings of a DNS filter profile that block nothing by themselves.
const DNS: &[&str] = &[
    "block-action",
    "block-botnet",
    "comment",
    "log-all-domain",
    "name",
    "options",
    "redirect-portal",
    "redirect-portal6",
    "safe-search",
    "sdns-domain-log",
    "sdns-ftgd-err-log",
    "strip-ech",
    "youtube-restrict",
];

/// Settings of an application list that block nothing by themselves.
const APPLICATION: &[&str] = &[
    "app-replacemsg",
    "comment",
    "deep-app-inspection",
    "enforce-default-app-port",
    "extended-log",
    "force-inclusion-ssl-di-sigs",
    "name",
    "options",
    "other-application-log",
    "p2p-black-list",
    "p2p-block-list",
    "replacemsg-group",
    "unknown-application-log",
];

/// Whether a switch or a number of a profile is off.
fn is_off(values: &[String]) -> bool {
    values.iter().all(|v| ["", "0", "disable", "normal", "none"].contains(&v.as_str()))
}

/// The line that a profile is, of a policy with these tests; none where it blocks nothing.
pub(super) fn blocking<const N: usize>(
    text: String,
    line: usize,
    tests: &[Test],
    more: [Test; N],
) -> Option<Access> {
    let blocks = !more.contains(&Test::Never);
    blocks.then(|| Access { line, text, allows: false, tests: tests.iter().cloned().chain(more).collect() })
}

impl<'a> Reader<'a, '_> {
    /// The web filter profile of a policy: what its static URL filter and its categories block, the policy does not open.
    pub(super) fn filter(
        &mut self,
        profile: &str,
        policy: &Object,
        text: &str,
        tests: &[Test],
    ) -> Option<Access> {
        self.listing.remarks.push(format!(
            "line {}: {text} has the web filter profile {profile}: its categories may block hosts that the policy accepts",
            policy.line_of("webfilter-profile")
        ));
        let blocked = self.blocked("webfilter", profile, |own| own.web(profile));
        blocking(
            format!("web filter profile {profile}"),
            policy.line_of("webfilter-profile"),
            tests,
            [blocked, Test::Web],
        )
    }

    /// The DNS filter profile of a policy: a name that it blocks is never looked up.
    pub(super) fn names_filter(
        &mut self,
        profile: &str,
        policy: &Object,
        text: &str,
        tests: &[Test],
    ) -> Option<Access> {
        self.listing.remarks.push(format!(
            "line {}: {text} has the DNS filter profile {profile}: its categories may block names that the policy accepts",
            policy.line_of("dnsfilter-profile")
        ));
        let blocked = self.blocked("dnsfilter", profile, |own| own.dns(profile));
        let named = Test::Literal.negated();
        blocking(
            format!("DNS filter profile {profile}"),
            policy.line_of("dnsfilter-profile"),
            tests,
            [blocked, named],
        )
    }

    /// What a profile blocks, worked out once for all policies that have it.
    fn blocked(&mut self, kind: &'static str, profile: &str, found: impl FnOnce(&Self) -> Test) -> Test {
        if let Some(known) = self.filters.get(&(kind, profile.to_owned())) {
            return known.clone();
        }
        let found = found(self).shared();
        self.worked += 1;
        self.filters.insert((kind, profile.to_owned()), found.clone());
        found
    }

    fn web(&self, profile: &str) -> Test {
        let domain = self.domain;
        let Some(own) = domain.find("webfilter profile", profile) else {
            return Test::Other(format!(
                "what the web filter profile {profile} blocks, which is not in this file"
            ));
        };
        let mut any = Vec::new();
        // What an exemption lets through is not held against the categories.
        let mut exempted = Vec::new();
        if let Some(table) = own
            .value("urlfilter-table")
            .or_else(|| self.inner("webfilter profile/web", profile, "urlfilter-table"))
            .filter(|t| *t != "0")
        {
            let table = table.trim_start_matches('0');
            if domain.find("webfilter urlfilter", table).is_none()
                && domain.inside("webfilter urlfilter/entries", table).next().is_none()
            {
                any.push(Test::Other(format!("the URL filter {table}, which is not in this file")));
            }
            if let Some(list) = domain.find("webfilter urlfilter", table) {
                let beside = &[
                    "name",
                    "comment",
                    "id",
                    "one-arm-ips-urlfilter",
                    "ip4-mapped-ip6",
                    "include-subdomains",
                ];
                any.extend(unknown_settings(
                    list,
                    &format!("URL filter {table}"),
                    &["ip-addr-block"],
                    &[beside],
                ));
                if list.value("ip-addr-block").is_some_and(|v| v != "disable") {
                    any.push(Test::Literal);
                }
            }
            let mut lines = Vec::new();
            for entry in
                domain.inside("webfilter urlfilter/entries", table).filter(|e| !e.is("status", "disable"))
            {
                let Some(test) = url(entry, true) else { continue };
                let blocks = entry.is("action", "block");
                if entry.is("action", "exempt") {
                    exempted.extend(url(entry, false));
                }
                let test = if blocks { Some(test) } else { url(entry, false) };
                if let Some(test) = test {
                    either_way(&mut lines, test, blocks, entry);
                }
            }
            any.push(Test::First(lines));
        }
        let text = format!("web filter profile {profile}");
        let mut others = unknown_settings(
            own,
            &text,
            &[
                "urlfilter-table",
                "blocklist",
                "blacklist",
                "post-action",
                "wisp",
                "status",
                "bword-table",
                "bword-threshold",
                "content-header-list",
                "wisp-servers",
            ],
            &[WEB],
        );
        for key in ["blocklist", "blacklist", "post-action", "wisp", "bword-table", "content-header-list"] {
            if !is_off(own.values(key)) {
                others.push(Test::Other(format!("{text}: {key}")));
            }
        }
        others.extend(self.categories("webfilter profile/ftgd-wf/filters", profile, &text));
        let inner = self.domain.sections.range("webfilter profile/".to_owned()..);
        let inner = inner.map(|(path, _)| path).take_while(|path| path.starts_with("webfilter profile/"));
        for path in inner.filter(|path| !INNER.contains(&path.as_str())) {
            if domain.inside(path, profile).any(|o| !o.is("action", "monitor") && !o.is("status", "disable"))
            {
                others.push(Test::Other(format!("{text}: {path}")));
            }
        }
        if !others.is_empty() {
            let kept = exempted.into_iter().map(|test| (test, false));
            any.push(Test::First(kept.chain([(Test::Any(others), true)]).collect()));
        }
        if any.is_empty() { Test::Never } else { Test::Any(any) }
    }

    /// What the profile's categories block, of those that a host of the app may be in.
    fn categories(&self, table: &str, profile: &str, text: &str) -> Option<Test> {
        let domain = self.domain;
        let rated: BTreeSet<&str> = domain
            .section("webfilter ftgd-local-rating")
            .iter()
            .flat_map(|r| r.values("rating"))
            .map(String::as_str)
            .collect();
        let blocked = domain.inside(table, profile).filter(|f| {
            // Whatever else than to let through and note it: a page, a question, a limit.
            !f.value("action").is_none_or(|action| ["monitor", "allow"].contains(&action))
        });
        let of = |filter: &Object| -> Vec<String> {
            let own = filter.values("category");
            if own.is_empty() { vec!["0".to_owned()] } else { own.to_vec() }
        };
        let is_unrelated = |category: &String| {
            !rated.contains(category.as_str()) && category.parse().is_ok_and(|c: u16| UNRELATED.contains(&c))
        };
        let mut left: Vec<String> = blocked.flat_map(of).filter(|c| !is_unrelated(c)).collect();
        left.sort();
        left.dedup();
        (!left.is_empty()).then(|| {
            Test::Other(format!("{text}: the host's category, of which it blocks {}", left.join(", ")))
        })
    }

    fn dns(&self, profile: &str) -> Test {
        let domain = self.domain;
        let Some(own) = domain.find("dnsfilter profile", profile) else {
            return Test::Other(format!(
                "what the DNS filter profile {profile} blocks, which is not in this file"
            ));
        };
        let mut any = Vec::new();
        if let Some(table) = own.value("domain-filter-table").filter(|t| *t != "0") {
            let table = table.trim_start_matches('0');
            if domain.find("dnsfilter domain-filter", table).is_none()
                && domain.inside("dnsfilter domain-filter/entries", table).next().is_none()
            {
                any.push(Test::Other(format!("the domain filter {table}, which is not in this file")));
            }
            let mut lines = Vec::new();
            for entry in
                domain.inside("dnsfilter domain-filter/entries", table).filter(|e| !e.is("status", "disable"))
            {
                let (line, Some(name)) = (entry.line_of("domain"), entry.value("domain")) else { continue };
                let test = match pattern(name) {
                    _ if entry.is("type", "regex") => {
                        let why = "a regular expression of a DNS filter is not compared";
                        Test::Unknown(Ignored::new(line, name, why))
                    }
                    Ok(found) => Test::Names(found),
                    Err(reason) => Test::Unknown(Ignored::new(line, name, &reason)),
                };
                let blocks = entry.is("action", "block");
                let below = match &test {
                    Test::Names(Pattern::Names(Names::Exact(name))) if blocks => Some(name.clone()),
                    _ => None,
                };
                either_way(&mut lines, test, blocks, entry);
                if let Some(name) = below {
                    // Whether such an entry is about the names below it, too, the device does not show.
                    let what = format!("whether the filter entry for {name} blocks the names below it");
                    let below = Test::Names(Pattern::Names(Names::Subdomains(name)));
                    lines.push((Test::All(vec![below, Test::Other(what)]), true));
                }
            }
            any.push(Test::First(lines));
        }
        let text = format!("DNS filter profile {profile}");
        any.extend(unknown_settings(
            own,
            &text,
            &["domain-filter-table", "external-ip-blocklist", "transparent-dns-database"],
            &[DNS],
        ));
        for key in ["external-ip-blocklist", "transparent-dns-database"] {
            if !is_off(own.values(key)) {
                any.push(Test::Other(format!("{text}: {key}")));
            }
        }
        if domain.inside("dnsfilter profile/dns-translation", profile).any(|t| !t.is("status", "disable")) {
            any.push(Test::Other(format!("{text}: dns-translation")));
        }
        any.extend(self.categories("dnsfilter profile/ftgd-dns/filters", profile, &text));
        if any.is_empty() { Test::Never } else { Test::Any(any) }
    }

    /// A value of a profile that stands in one of its inner tables under a name.
    fn inner(&self, section: &str, profile: &str, key: &str) -> Option<&'a str> {
        self.domain.inside(section, profile).find_map(|o| o.value(key))
    }

    /// Application control of a policy. What it does with traffic that it recognises as nothing on its list decides about
    /// every host; single applications have numbers that no list of names can be compared with.
    pub(super) fn applications(&mut self, list: &str, policy: &Object, text: &str) -> Option<Test> {
        self.listing.remarks.push(format!(
            "line {}: {text} has the application list {list}: it may block applications that the policy accepts",
            policy.line_of("application-list")
        ));
        let key = ("application", list.to_owned());
        let blocked = match self.filters.get(&key) {
            Some(known) => known.clone(),
            None => {
                let found = self.application(list).shared();
                self.worked += 1;
                self.filters.insert(key, found.clone());
                found
            }
        };
        (blocked != Test::Never).then_some(blocked)
    }

    fn application(&self, list: &str) -> Test {
        let what =
            |more: &str| Test::Other(format!("what application control takes it for (list {list}{more})"));
        let Some(own) = self.domain.find("application list", list) else {
            return what(", which is not in this file");
        };
        let text = format!("application list {list}");
        let mut any = unknown_settings(
            own,
            &text,
            &["other-application-action", "unknown-application-action", "control-default-network-services"],
            &[APPLICATION],
        );
        for key in ["other-application-action", "unknown-application-action"] {
            if own.value(key).is_some_and(|v| v != "pass") {
                any.push(what(""));
            }
        }
        if own.value("control-default-network-services").is_some_and(|v| v != "disable") {
            any.push(what(", whose services have ports of their own"));
        }
        for entry in self.domain.inside("application list/entries", list) {
            // Without an action it blocks.
            if entry.is("action", "pass") {
                continue;
            }
            let known = |c: &String| c.parse().is_ok_and(|c: u16| UNRELATED_APPLICATIONS.contains(&c));
            let categories = entry.values("category");
            if categories.is_empty()
                || !categories.iter().all(known)
                || !entry.values("application").is_empty()
            {
                any.push(what(&format!(", entry {}", entry.name)));
            }
        }
        if any.is_empty() { Test::Never } else { Test::Any(any) }
    }
}

/// Adds what an entry of a filter does; where its action or state is not known, that it may do either.
fn either_way(lines: &mut Vec<(Test, bool)>, test: Test, blocks: bool, entry: &Object) {
    let text = format!("filter entry {}", entry.name);
    let action = odd_value(entry, &text, "action", &["block", "allow", "monitor", "exempt", "pass"]);
    let status = odd_value(entry, &text, "status", &["enable", "disable"]);
    let kind = odd_value(entry, &text, "type", &["simple", "wildcard", "regex"]);
    let beside = &["id", "comment", "exempt", "dns-address-family", "antiphish-action", "web-proxy-profile"];
    let read = &["url", "domain", "type", "action", "status", "referrer-host"];
    let mut odd: Vec<Test> = [action, status, kind].into_iter().flatten().collect();
    odd.extend(unknown_settings(entry, &text, read, &[beside]));
    odd.extend(
        entry
            .value("referrer-host")
            .filter(|v| !v.is_empty())
            .map(|host| Test::Other(format!("{text}: referrer-host {host}"))),
    );
    if odd.is_empty() {
        lines.push((test, blocks));
        return;
    }
    let test = Test::All(std::iter::once(test).chain(odd).collect());
    lines.push((test.clone(), !blocks));
    lines.push((test, blocks));
}
