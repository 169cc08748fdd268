//! The words of a PAN-OS configuration: where objects are, what a rule may say, what changes it.

pub(super) const KINDS: [&str; 15] = [
    "custom-url-category",
    "application",
    "application-filter",
    "application-group",
    "address",
    "address-group",
    "service",
    "service-group",
    "rules",
    "external-list",
    "url-filtering",
    "profile-group",
    "spyware",
    "file-blocking",
    "threats",
];

/// Lists of categories of a URL filtering profile after which the app gets a page or nothing.
pub(super) const BLOCKING: [&str; 3] = ["block", "continue", "override"];

/// Attributes of a security rule that take values.
pub(super) const OF_RULE: [&str; 26] = [
    "from",
    "to",
    "source",
    "destination",
    "service",
    "application",
    "category",
    "action",
    "disabled",
    "source-user",
    "source-hip",
    "destination-hip",
    "source-imei",
    "source-imsi",
    "source-nw-slice",
    "hip-profiles",
    "schedule",
    "rule-type",
    "negate-source",
    "negate-destination",
    "description",
    "tag",
    "log-end",
    "log-start",
    "profile-setting",
    "target",
];

/// Attributes of a security rule that say nothing about what it matches.
pub(super) const BESIDE: [&str; 8] = [
    "log-setting",
    "group-tag",
    "uuid",
    "icmp-unreachable",
    "disable-inspect",
    "audit-comment",
    "option",
    "qos",
];

/// Attributes of other kinds that say nothing about what they stand for.
pub(super) const BESIDE_OF: &[(&str, &[&str])] = &[
    ("address", &["description", "tag"]),
    ("address-group", &["description", "tag"]),
    ("service", &["description", "tag"]),
    ("service-group", &["tag"]),
    ("custom-url-category", &["description"]),
    (
        "url-filtering",
        &[
            "alert-notification",
            "cloud-inline-cat",
            "description",
            "dynamic-url",
            "enable-container-page",
            "http-header-insertion",
            "local-inline-cat",
            "log-container-page-only",
            "log-http-hdr-referer",
            "log-http-hdr-user-agent",
            "log-http-hdr-xff",
            "mlav-category-exception",
            "mlav-engine-urlbased-enabled",
            "packet-capture",
            "safe-search-enforcement",
        ],
    ),
];

/// Attributes of other kinds that are read; one on neither list may change what they stand for.
pub(super) const OF_OTHERS: &[(&str, &[&str])] = &[
    ("address", &OF_ADDRESS),
    ("address-group", &["static", "dynamic"]),
    ("service", &["protocol", "source-port"]),
    ("service-group", &["members"]),
    ("custom-url-category", &["list", "type"]),
    (
        "url-filtering",
        &[
            "block",
            "continue",
            "override",
            "alert",
            "allow",
            "allow-list",
            "block-list",
            "action",
            "license-expired",
        ],
    ),
];

/// The key of attributes that are not known, which may narrow what a rule matches.
pub(super) const UNREAD: &str = "?";

/// Attributes of an address object of which it has one.
pub(super) const OF_ADDRESS: [&str; 4] = ["fqdn", "ip-netmask", "ip-range", "ip-wildcard"];

/// Verbs of the configuration mode that leave the candidate as it is.
pub(super) const NEUTRAL: [&str; 12] =
    ["check", "commit", "configure", "debug", "exit", "find", "quit", "run", "save", "show", "top", "up"];

/// Verbs that are followed.
pub(super) const VERBS: [&str; 5] = ["set", "delete", "move", "rename", "copy"];

/// Verbs that change which rules there are, or what the commands below them are about.
pub(super) const CHANGING: [&str; 7] =
    ["edit", "load", "multi-clone", "multi-move", "override", "replace", "revert"];

/// Rulebases besides that of security, and what a rule of each can do to what the security rules let through.
pub(super) const RULEBASES: &[(&str, Beside)] = &[
    ("application-override", Beside::Renames),
    ("authentication", Beside::Refuses),
    ("captive-portal", Beside::Refuses),
    ("decryption", Beside::Decrypts),
    ("default-security-rules", Beside::Nothing),
    ("dos", Beside::Refuses),
    ("nat", Beside::Nothing),
    ("network-packet-broker", Beside::Refuses),
    ("pbf", Beside::Refuses),
    ("qos", Beside::Nothing),
    ("sdwan", Beside::Nothing),
    ("tunnel-inspect", Beside::Nothing),
];

/// What a rule of another rulebase can do.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Beside {
    #[default]
    Nothing,
    /// Drops it, or asks who it is.
    Refuses,
    /// Ends TLS, so that an application is another than `ssl`.
    Decrypts,
    /// Says what an application is called.
    Renames,
}

/// What such a rule may do without refusing anything.
pub(super) const PASSES: [&str; 9] = [
    "allow",
    "default-no-captive-portal",
    "forward",
    "forward-to-vsys",
    "no-captive-portal",
    "no-decrypt",
    "no-pbf",
    "protect",
    "none",
];

/// Words before which nothing stands but where an object is.
pub(super) const FIRST: &[&str] = &[
    "address",
    "address-group",
    "application",
    "application-filter",
    "application-group",
    "custom-url-category",
    "device-group",
    "external-list",
    "post-rulebase",
    "pre-rulebase",
    "profile-group",
    "profiles",
    "rulebase",
    "service",
    "service-group",
    "shared",
    "vsys",
];

/// Kinds of profiles; those that are read, and others.
pub(super) const PROFILES: &[&str] = &[
    "ai-security",
    "cloud-access-security",
    "custom-url-category",
    "data-filtering",
    "data-objects",
    "decryption",
    "dns-security",
    "dos-protection",
    "file-blocking",
    "gtp",
    "hip-objects",
    "hip-profiles",
    "mobile-network-protection",
    "packet-broker",
    "sctp-protection",
    "sdwan-error-correction",
    "sdwan-path-quality",
    "sdwan-saas-quality",
    "sdwan-traffic-distribution",
    "spyware",
    "url-filtering",
    "virus",
    "vulnerability",
    "wildfire-analysis",
];

/// Whether a word is a shorter form of one of these, or the same in other letters.
pub(super) fn shortens(word: &str, whole: &[&str]) -> bool {
    let lower = word.to_ascii_lowercase();
    !word.is_empty() && !whole.contains(&word) && whole.iter().any(|w| w.starts_with(&lower))
}
