//! Which settings of FortiOS decide what a policy lets through, which do not, and which statements may be abbreviations of
//! one that does. What is on no list may narrow a policy, so that nothing is known of it. After the command reference of
//! FortiOS 6.0 to 7.6.

use super::super::access::Test;
use super::super::read::Ignored;
use super::POLICIES;
use super::tree::Object;

/// Settings of a policy that the reader works out.
const READ: &[&str] = &[
    "action",
    "app-category",
    "app-group",
    "application",
    "application-list",
    "dnsfilter-profile",
    "dstaddr",
    "dstaddr-negate",
    "dstaddr6",
    "dstaddr6-negate",
    "dstintf",
    "fsso-groups",
    "groups",
    "internet-service",
    "internet-service-name",
    "ips-sensor",
    "profile-group",
    "profile-type",
    "proxy",
    "schedule",
    "service",
    "service-negate",
    "srcaddr",
    "srcaddr-negate",
    "srcaddr6",
    "srcaddr6-negate",
    "srcintf",
    "status",
    "url-category",
    "users",
    "webfilter-profile",
    "ztna-status",
];

/// Settings of a policy that narrow whom or what it is for, or hand what it accepts to somebody who may refuse it.
const CONDITIONS: &[&str] = &[
    "access-proxy",
    "access-proxy6",
    "captive-portal",
    "casb-profile",
    "casi-profile",
    "device-ownership",
    "devices",
    "disclaimer",
    "dscp-match",
    "dscp-negate",
    "dscp-value",
    "email-collect",
    "endpoint-check",
    "endpoint-compliance",
    "forticlient-compliance-devices",
    "http-policy-redirect",
    "http-tunnel-auth",
    "icap-profile",
    "identity-based",
    "isolator-profile",
    "isolator-server",
    "match-vip-only",
    "nat46",
    "nat64",
    "network-service-dynamic",
    "network-service-src-dynamic",
    "ntlm",
    "policy-expiry",
    "policy-expiry-date",
    "policy-expiry-date-utc",
    "reputation-minimum",
    "reputation-minimum6",
    "rsso",
    "saml-server",
    "scim",
    "scim-groups",
    "scim-users",
    "sgt",
    "sgt-check",
    "src-vendor-mac",
    "ssh-policy-redirect",
    "tos",
    "tos-mask",
    "tos-negate",
    "url-risk",
    "vlan-filter",
    "waf-profile",
    "wccp",
    "webproxy-forward-server",
];

/// The beginnings of further ones.
const KINDS_OF_CONDITIONS: &[&str] = &["internet-service-", "internet-service6", "ztna-"];

/// Settings of a policy that do not narrow whom or what it lets through. Profiles that look into what is carried are among
/// them; the ones that know hosts are not.
const BESIDE: &[&str] = &[
    "anti-replay",
    "app-monitor",
    "application-charts",
    "auth-cert",
    "auth-path",
    "auth-redirect-addr",
    "auto-asic-offload",
    "av-profile",
    "best-route",
    "block-notification",
    "captive-portal-exempt",
    "capture-packet",
    "cgn-eif",
    "cgn-eim",
    "cgn-log-server-grp",
    "cgn-resource-quota",
    "cgn-session-quota",
    "cgn-sw-eif-ctrl",
    "cifs-profile",
    "comment",
    "comments",
    "custom-log-fields",
    "decrypted-traffic-mirror",
    "deep-inspection-options",
    "delay-tcp-npu-session",
    "detect-https-in-http-request",
    "diameter-filter-profile",
    "diffserv-copy",
    "diffserv-forward",
    "diffserv-reverse",
    "diffservcode-forward",
    "diffservcode-rev",
    "dlp-profile",
    "dlp-sensor",
    "dsri",
    "dynamic-shaping",
    "eif-check",
    "eif-learn",
    "emailfilter-profile",
    "enforce-default-app-port",
    "fec",
    "file-filter-profile",
    "firewall-session-dirty",
    "fixedport",
    "fsso",
    "fsso-agent-for-ntlm",
    "geoip-anycast",
    "geoip-match",
    "global-label",
    "gtp-profile",
    "https-sub-category",
    "identity-based-route",
    "inbound",
    "inspection-mode",
    "ippool",
    "ips-voip-filter",
    "label",
    "learning-mode",
    "log-http-transaction",
    "log-unmatched-traffic",
    "logtraffic",
    "logtraffic-app",
    "logtraffic-start",
    "match-vip",
    "mms-profile",
    "name",
    "nat",
    "natinbound",
    "natip",
    "natoutbound",
    "np-acceleration",
    "ntlm-enabled-browsers",
    "ntlm-guest",
    "outbound",
    "passive-wan-health-measurement",
    "pcp-inbound",
    "pcp-outbound",
    "pcp-poolname",
    "per-ip-shaper",
    "permit-any-host",
    "permit-stun-host",
    "pfcp-profile",
    "policyid",
    "poolname",
    "poolname6",
    "port-preserve",
    "port-random",
    "profile-protocol-options",
    "radius-ip-auth-bypass",
    "radius-mac-auth-bypass",
    "redirect-url",
    "replacemsg-group",
    "replacemsg-override-group",
    "reputation-direction",
    "reputation-direction6",
    "rtp-addr",
    "rtp-nat",
    "scan-botnet-connections",
    "schedule-timeout",
    "sctp-filter-profile",
    "send-deny-packet",
    "session-ttl",
    "spamfilter-profile",
    "ssh-filter-profile",
    "ssl-mirror",
    "ssl-mirror-intf",
    "ssl-ssh-profile",
    "tags",
    "tcp-mss-receiver",
    "tcp-mss-sender",
    "tcp-session-without-syn",
    "telemetry-profile",
    "timeout-send-rst",
    "traffic-shaper",
    "traffic-shaper-reverse",
    "transparent",
    "utm-status",
    "uuid",
    "videofilter-profile",
    "virtual-patch-profile",
    "vlan-cos-fwd",
    "vlan-cos-rev",
    "voip-profile",
    "vpntunnel",
    "wanopt",
    "wanopt-detection",
    "wanopt-passive-opt",
    "wanopt-peer",
    "wanopt-profile",
    "webcache",
    "webcache-https",
    "webproxy-profile",
    "wsso",
    "ztna-tags-match-logic",
];

/// The tables that are read besides those of policies, and the settings of their objects that are.
const TABLES: &[(&str, &[&str])] = &[
    ("firewall address", ADDRESS),
    ("firewall address6", ADDRESS),
    ("firewall addrgrp", GROUP),
    ("firewall addrgrp6", GROUP),
    ("firewall service custom", &["protocol", "protocol-number", "tcp-portrange", "iprange", "fqdn"]),
    ("firewall service group", &["member"]),
    ("webfilter profile/web", &["urlfilter-table"]),
    ("webfilter urlfilter/entries", &["url", "type", "action", "status"]),
    ("dnsfilter profile/domain-filter", &["domain-filter-table"]),
    ("dnsfilter domain-filter/entries", &["domain", "type", "action", "status"]),
    ("application list", &["other-application-action", "unknown-application-action"]),
    ("application list/entries", &["action", "application", "category"]),
    ("webfilter profile/ftgd-wf/filters", &["action", "category"]),
    ("dnsfilter profile/ftgd-dns/filters", &["action", "category"]),
    ("firewall schedule onetime", &["start", "end"]),
    ("firewall schedule recurring", &["day", "start", "end"]),
    ("firewall schedule group", &["member"]),
    ("firewall acl", &["srcaddr", "dstaddr", "service", "status"]),
    ("firewall acl6", &["srcaddr", "dstaddr", "service", "status"]),
];

/// Settings of address objects, groups and services that do not change what they stand for.
pub(super) const BESIDE_OBJECT: &[&str] = &[
    "allow-routing",
    "associated-interface",
    "cache-ttl",
    "color",
    "comment",
    "comments",
    "fabric-object",
    "name",
    "obj-id",
    "passive-fqdn-learning",
    "tags",
    "uuid",
    "visibility",
];

/// Settings of a service that do not narrow which connections over TCP it stands for.
pub(super) const BESIDE_SERVICE: &[&str] = &[
    "check-reset-range",
    "explicit-proxy",
    "helper",
    "icmpcode",
    "icmptype",
    "proxy",
    "sctp-portrange",
    "session-ttl",
    "tcp-halfclose-timer",
    "tcp-halfopen-timer",
    "tcp-rst-timer",
    "tcp-timewait-timer",
    "udp-idle-timer",
    "udp-portrange",
    "udplite-portrange",
];

/// Settings of a service that the reader works out.
pub(super) const SERVICE: &[&str] = &[
    "app-category",
    "app-service-type",
    "application",
    "category",
    "fqdn",
    "iprange",
    "protocol",
    "protocol-number",
    "tcp-portrange",
];

/// Settings of an address object; `wildcard` is none that is read, and no abbreviation.
pub(super) const ADDRESS: &[&str] =
    &["type", "fqdn", "wildcard-fqdn", "wildcard", "subnet", "ip6", "start-ip", "end-ip", "macaddr"];

/// Settings of an address group.
pub(super) const GROUP: &[&str] = &["member", "exclude", "exclude-member"];

/// The table of groups of profiles.
pub(super) const PROFILE_GROUPS: &str = "firewall profile-group";

/// Every table that is read, and the tables inside others.
fn tables() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|(path, _)| *path).chain(POLICIES).chain([PROFILE_GROUPS])
}

/// Whether a table is read.
pub(super) fn is_table(path: &str) -> bool {
    tables().any(|table| table == path)
}

/// Whether a word is a shorter form of another, or of the same letters in another case.
fn shortens(short: &str, whole: &str) -> bool {
    let short = short.to_ascii_lowercase();
    !short.is_empty() && whole.starts_with(&short)
}

/// Whether these words after `config` name one of the tables that are read, spelt out or not.
pub(super) fn may_be_table(words: &[&str]) -> bool {
    let is_shortened = |path: &str| {
        let own = path.split('/').next().unwrap_or(path).split(' ');
        own.zip(words).all(|(whole, short)| shortens(short, whole))
    };
    !words.is_empty() && tables().any(is_shortened)
}

/// Whether a whole path, with the tables around it, is an abbreviation of a table that is read.
pub(super) fn is_abbreviated_table(path: &str) -> bool {
    let is_read = |own: &str| tables().any(|table| table == own || table.starts_with(&format!("{own}/")));
    if is_read(path) {
        return false;
    }
    match path.rsplit_once('/') {
        Some((around, inner)) => {
            let mut own = tables().filter_map(|table| table.rsplit_once('/'));
            own.any(|(table, whole)| table == around && shortens(inner, whole))
        }
        None => may_be_table(&path.split(' ').collect::<Vec<_>>()),
    }
}

/// Whether a setting of an object of this table may be an abbreviation of one that decides.
pub(super) fn is_abbreviated(path: &str, key: &str) -> bool {
    if POLICIES.contains(&path) || path == PROFILE_GROUPS {
        let mut deciding = READ.iter().chain(CONDITIONS).chain(KINDS_OF_CONDITIONS);
        let is_known = READ.contains(&key) || BESIDE.contains(&key) || is_condition(key);
        return !is_known && deciding.any(|whole| shortens(key, whole));
    }
    let own = TABLES.iter().find(|(table, _)| *table == path).map_or(&[][..], |(_, keys)| *keys);
    !own.contains(&key) && own.iter().any(|whole| shortens(key, whole))
}

fn is_condition(key: &str) -> bool {
    CONDITIONS.contains(&key) || KINDS_OF_CONDITIONS.iter().any(|kind| key.starts_with(kind))
}

/// Whether the values of a condition switch it off or leave it empty, as a full configuration shows it.
fn is_off(values: &[String]) -> bool {
    let is_zero = |v: &str| {
        let digits = v.strip_prefix("0x").unwrap_or(v);
        digits.is_empty() || digits.starts_with('0') && digits.bytes().all(|b| b"0-: .".contains(&b))
    };
    values.iter().all(|v| v == "disable" || is_zero(v))
}

/// What the settings of a policy, or of its group of profiles, demand besides what the reader works out.
pub(super) fn conditions(object: &Object, text: &str) -> Vec<Test> {
    let of = |(key, (line, values)): (&String, &(usize, Vec<String>))| {
        let key = key.as_str();
        let set = format!("{key} {}", values.join(" "));
        if READ.contains(&key) || BESIDE.contains(&key) {
            return None;
        }
        if is_condition(key) {
            return (!is_off(values)).then(|| Test::Other(format!("{text}: {}", set.trim_end())));
        }
        // An abbreviation of nothing but what does not decide.
        if BESIDE.iter().any(|whole| shortens(key, whole)) && !is_abbreviated(POLICIES[0], key) {
            return None;
        }
        let why = "a setting of a policy that is not known, and may decide what it matches";
        Some(Test::Unknown(Ignored::new(*line, &format!("{text}: {}", set.trim_end()), why)))
    };
    object.sets.iter().filter_map(of).collect()
}

/// What is not known of an object that has a setting which neither is read nor is known to change nothing.
pub(super) fn unknown_settings(object: &Object, text: &str, read: &[&str], beside: &[&[&str]]) -> Vec<Test> {
    let of = |(key, (line, values)): (&String, &(usize, Vec<String>))| {
        let key = key.as_str();
        let is_beside = |whole: &&str| shortens(key, whole);
        let is_read = read.contains(&key);
        let may_be_read = read.iter().any(|whole| shortens(key, whole));
        if is_read || beside.iter().any(|own| own.contains(&key)) {
            return None;
        }
        if !may_be_read && beside.iter().any(|own| own.iter().any(is_beside)) {
            return None;
        }
        let why = "a setting that is not known, and may change what it stands for";
        let set = format!("{text}: {key} {}", values.join(" "));
        Some(Test::Unknown(Ignored::new(*line, set.trim_end(), why)))
    };
    object.sets.iter().filter_map(of).collect()
}

/// What is not known where a setting has another value than those that it can have, such as an abbreviation of one.
pub(super) fn odd_value(object: &Object, text: &str, key: &str, known: &[&str]) -> Option<Test> {
    let value = object.value(key)?;
    if known.contains(&value) {
        return None;
    }
    let why = format!("its {key} is none of {}", known.join(", "));
    Some(Test::Unknown(Ignored::new(object.line_of(key), &format!("{text}: {key} {value}"), &why)))
}

/// Settings of a policy that are on or off.
pub(super) const SWITCHES: &[&str] = &[
    "status",
    "srcaddr-negate",
    "srcaddr6-negate",
    "dstaddr-negate",
    "dstaddr6-negate",
    "service-negate",
    "internet-service",
    "ztna-status",
];
