//! Tables beside the policies of FortiOS: those that can drop what a policy accepts, those that cannot, and schedules.

use super::super::access::{Access, Gate, Test};
use super::super::read::{Ignored, pattern};
use super::settings::{self, odd_value, unknown_settings};
use super::tree::Object;
use super::{POLICIES, Reader};

/// Tables of `config firewall` that drop nothing of what a policy accepts: objects that policies name, translation and
/// shaping, traffic of other kinds, and copies. A table on no list may drop it.
const HARMLESS: &[&str] = &[
    "access-proxy",
    "access-proxy-ssh-client-cert",
    "access-proxy-virtual-host",
    "access-proxy6",
    "address6-template",
    "auth-portal",
    "carrier-endpoint-bwl",
    "central-snat-map",
    "city",
    "country",
    "decrypted-traffic-mirror",
    "dnstranslation",
    "global",
    "gtp",
    "identity-based-route",
    "internet-service",
    "internet-service-addition",
    "internet-service-append",
    "internet-service-botnet",
    "internet-service-custom",
    "internet-service-custom-group",
    "internet-service-definition",
    "internet-service-extension",
    "internet-service-fallback",
    "internet-service-group",
    "internet-service-ipbl-reason",
    "internet-service-ipbl-vendor",
    "internet-service-list",
    "internet-service-name",
    "internet-service-owner",
    "internet-service-reputation",
    "internet-service-sld",
    "internet-service-subapp",
    "ip-translation",
    "ipmacbinding setting",
    "ippool",
    "ippool6",
    "ippool_grp",
    "ldb-monitor",
    "local-in-policy",
    "local-in-policy6",
    "mms-profile",
    "multicast-address",
    "multicast-address6",
    "multicast-policy",
    "multicast-policy6",
    "network-service-dynamic",
    "on-demand-sniffer",
    "pfcp",
    "policy46",
    "policy6",
    "policy64",
    "profile-group",
    "profile-protocol-options",
    "proxy-address",
    "proxy-addrgrp",
    "region",
    "schedule group",
    "schedule onetime",
    "schedule recurring",
    "service category",
    "shaper per-ip-shaper",
    "shaper traffic-shaper",
    "shaping-policy",
    "shaping-profile",
    "sniffer",
    "ssh host-key",
    "ssh local-ca",
    "ssh local-key",
    "ssh setting",
    "ssl setting",
    "ssl-server",
    "ssl-ssh-profile",
    "traffic-class",
    "vendor-mac",
    "vendor-mac-summary",
    "vip",
    "vip46",
    "vip6",
    "vip64",
    "vipgrp",
    "vipgrp46",
    "vipgrp6",
    "vipgrp64",
    "wildcard-fqdn custom",
    "wildcard-fqdn group",
];

/// Events in a second that one client has by itself at most; a limit above that is against floods.
const FLOOD: u32 = 500;

/// Days that a schedule for every day has.
const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

impl Reader<'_, '_> {
    /// What drops connections before any policy is asked.
    pub(super) fn others(&mut self, gate: &mut Gate) {
        let domain = self.domain;
        for (path, objects) in &domain.sections {
            let Some(table) = path.strip_prefix("firewall ").filter(|t| !t.contains('/')) else { continue };
            let is_read =
                POLICIES.contains(&path.as_str()) || settings::is_table(path) && !table.starts_with("acl");
            let by_proxy =
                table.starts_with("local-in-policy") && !domain.section("firewall proxy-policy").is_empty();
            if is_read || (HARMLESS.contains(&table) && !by_proxy) {
                continue;
            }
            for object in objects.iter().filter(|o| !o.is("status", "disable")) {
                let text = format!("{path} {}", object.name);
                let mut tests: Vec<Test> =
                    self.label.iter().map(|label| Test::client(label.clone())).collect();
                let Some(drops) = self.drops(table, object, &text) else { continue };
                tests.extend(drops);
                tests.extend(odd_value(object, &text, "status", &["enable", "disable"]));
                gate.lines.push(Access { line: object.line, text, allows: false, tests });
            }
        }
    }

    /// The zones that the device answers itself where it is asked for names.
    pub(super) fn zones(&self, gate: &mut Gate) {
        let is_on = |zone: &&Object| !zone.is("status", "disable");
        for zone in self.domain.section("system dns-database").iter().filter(is_on) {
            let text = format!("the DNS zone {} of the device (system dns-database)", zone.name);
            let of = zone.value("domain").unwrap_or_default().trim_end_matches('.');
            let within = [pattern(of), pattern(&format!("*.{of}"))];
            let names = within.into_iter().map(|names| names.map_or(Test::Always, Test::Names)).collect();
            let what = Test::Other(format!("names that {text} answers itself, for devices that ask it"));
            let mut tests: Vec<Test> = self.label.iter().map(|label| Test::client(label.clone())).collect();
            tests.extend([Test::Literal.negated(), Test::Any(names), what]);
            gate.lines.push(Access { line: zone.line, text, allows: false, tests });
        }
    }

    /// What one object of such a table drops; nothing where it drops nothing.
    fn drops(&mut self, table: &str, object: &Object, text: &str) -> Option<Vec<Test>> {
        let other = |what: &str| Test::Other(format!("{text}: {what}"));
        let lists = [
            "srcaddr",
            "dstaddr",
            "service",
            "interface",
            "srcintf",
            "uuid",
            "comments",
            "comment",
            "name",
            "status",
            "fragment",
            "policyid",
        ];
        match table {
            "acl" | "acl6" => {
                let mut tests = Vec::new();
                if !object.values("dstaddr").is_empty() {
                    let line = object.line_of("dstaddr");
                    tests.push(self.names(object.values("dstaddr"), line, table == "acl6", false));
                }
                if !object.values("service").is_empty() {
                    tests.push(self.services(object, text));
                }
                tests.push(other("what an access control list drops"));
                Some(tests)
            }
            "DoS-policy" | "DoS-policy6" => {
                let path = format!("firewall {table}/anomaly");
                let is_low = |anomaly: &&Object| {
                    // Of the kinds of TCP and of addresses, as the app has.
                    let is_ours = !["udp_", "icmp_", "sctp_"].iter().any(|kind| anomaly.name.contains(kind));
                    let limit = anomaly.value("threshold").map(|t| t.parse::<u32>().unwrap_or(0));
                    let passes = anomaly.value("action").is_none_or(|a| ["pass", "proxy"].contains(&a));
                    let is_on = anomaly.value("status").is_some_and(|s| s != "disable");
                    is_on && is_ours && !passes && limit.is_some_and(|limit| limit < FLOOD)
                };
                let low: Vec<&str> =
                    self.domain.inside(&path, &object.name).filter(is_low).map(|a| a.name.as_str()).collect();
                let odd = unknown_settings(object, text, &lists, &[]);
                (!low.is_empty() || !odd.is_empty()).then(|| {
                    let what = format!("a limit that is soon reached ({})", low.join(", "));
                    odd.into_iter().chain([other(&what)]).collect()
                })
            }
            "ttl-policy" => {
                (!object.is("action", "accept")).then(|| vec![other("what it drops by its time to live")])
            }
            "interface-policy" | "interface-policy6" => Some(vec![other("what its profiles block")]),
            "local-in-policy" | "local-in-policy6" => (!object.is("action", "accept"))
                .then(|| vec![other("what it keeps from the proxy of the device")]),
            _ => {
                let why = "a table that is not known, and may drop what a policy accepts";
                Some(vec![Test::Unknown(Ignored::new(object.line, text, why))])
            }
        }
    }

    /// When a policy holds; nothing where it always does. A schedule of the file is what the file says, whatever its name.
    pub(super) fn schedule(&self, policy: &Object, text: &str) -> Option<Test> {
        let Some(name) = policy.value("schedule") else {
            return Some(Test::Unknown(Ignored::new(policy.line, text, "a policy without a schedule")));
        };
        (!self.is_always(name, 0)).then(|| Test::Other(format!("the schedule {name}")))
    }

    fn is_always(&self, name: &str, depth: usize) -> bool {
        let domain = self.domain;
        let find = |kind: &str| domain.find(&format!("firewall schedule {kind}"), name);
        if find("onetime").is_some() {
            return false;
        }
        if let Some(own) = find("recurring") {
            let days = own.values("day");
            let known = ["day", "start", "end", "color", "uuid", "fabric-object", "name", "label-day"];
            return own.sets.keys().all(|key| known.contains(&key.as_str()))
                && DAYS.iter().all(|day| days.iter().any(|d| d == day))
                && own.value("start").unwrap_or("00:00") == own.value("end").unwrap_or("00:00");
        }
        if let Some(group) = find("group") {
            // Of a group one is enough; groups of schedules name no groups.
            return depth == 0 && group.values("member").iter().any(|m| self.is_always(m, 1));
        }
        name == "always"
    }
}
