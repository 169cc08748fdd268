//! What people write beside hosts in headings, remarks and cells: that they are let through, or that they are not.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word says of the hosts that it stands beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// They are not let through.
    Denies,
    /// The row or line does not count.
    Off,
    /// They are taken out, or another direction is meant; no action by itself.
    Against,
    /// They are let through.
    Allows,
    /// The same, of a list or a direction; no action by itself.
    For,
    /// The row counts.
    On,
    /// Agreement; as a cell alone.
    Yes,
    /// The opposite.
    No,
}

/// The one list of these words.
const WORDS: [(&str, Says); 112] = [
    ("deny", Says::Denies),
    ("denies", Says::Denies),
    ("denied", Says::Denies),
    ("block", Says::Denies),
    ("blocks", Says::Denies),
    ("blocked", Says::Denies),
    ("blocking", Says::Denies),
    ("drop", Says::Denies),
    ("drops", Says::Denies),
    ("dropped", Says::Denies),
    ("reject", Says::Denies),
    ("rejects", Says::Denies),
    ("rejected", Says::Denies),
    ("refuse", Says::Denies),
    ("refused", Says::Denies),
    ("forbidden", Says::Denies),
    ("prohibited", Says::Denies),
    ("banned", Says::Denies),
    ("declined", Says::Denies),
    ("disallow", Says::Denies),
    ("disallowed", Says::Denies),
    ("blacklisted", Says::Denies),
    ("disabled", Says::Off),
    ("inactive", Says::Off),
    ("deactivated", Says::Off),
    ("blacklist", Says::Against),
    ("blocklist", Says::Against),
    ("denylist", Says::Against),
    ("except", Says::Against),
    ("exception", Says::Against),
    ("exceptions", Says::Against),
    ("exclude", Says::Against),
    ("excluded", Says::Against),
    ("exclusion", Says::Against),
    ("exclusions", Says::Against),
    ("removed", Says::Against),
    ("deleted", Says::Against),
    ("withdrawn", Says::Against),
    ("suspended", Says::Against),
    ("quarantined", Says::Against),
    ("unapproved", Says::Against),
    ("expired", Says::Against),
    ("revoked", Says::Against),
    ("inbound", Says::Against),
    ("ingress", Says::Against),
    ("incoming", Says::Against),
    ("allow", Says::Allows),
    ("allows", Says::Allows),
    ("allowed", Says::Allows),
    ("permit", Says::Allows),
    ("permits", Says::Allows),
    ("permitted", Says::Allows),
    ("accept", Says::Allows),
    ("accepted", Says::Allows),
    ("approve", Says::Allows),
    ("approved", Says::Allows),
    ("allowlist", Says::For),
    ("allowlisted", Says::For),
    ("whitelist", Says::For),
    ("whitelisted", Says::For),
    ("outbound", Says::For),
    ("enabled", Says::On),
    ("active", Says::On),
    ("on", Says::On),
    ("open", Says::On),
    ("live", Says::On),
    ("yes", Says::Yes),
    ("true", Says::Yes),
    ("1", Says::Yes),
    ("x", Says::Yes),
    ("ok", Says::Yes),
    ("pass", Says::Yes),
    ("no", Says::No),
    ("false", Says::No),
    ("0", Says::No),
    ("off", Says::No),
    ("never", Says::No),
    ("not", Says::No),
    ("gesperrt", Says::Denies),
    ("geblockt", Says::Denies),
    ("blockiert", Says::Denies),
    ("verboten", Says::Denies),
    ("abgelehnt", Says::Denies),
    ("bloqueado", Says::Denies),
    ("bloqueados", Says::Denies),
    ("denegado", Says::Denies),
    ("prohibido", Says::Denies),
    ("interdit", Says::Denies),
    ("interdits", Says::Denies),
    ("bloccato", Says::Denies),
    ("bloccati", Says::Denies),
    ("vietato", Says::Denies),
    ("negado", Says::Denies),
    ("geblokkeerd", Says::Denies),
    ("bloqu\u{e9}", Says::Denies),
    ("bloqu\u{e9}s", Says::Denies),
    ("refus\u{e9}", Says::Denies),
    ("gel\u{f6}scht", Says::Against),
    ("unreachable", Says::Against),
    ("obsolete", Says::Against),
    ("retired", Says::Against),
    ("decommissioned", Says::Against),
    ("implemented", Says::On),
    ("deployed", Says::On),
    ("done", Says::On),
    ("complete", Says::On),
    ("completed", Says::On),
    ("configured", Says::On),
    ("reachable", Says::On),
    ("working", Says::On),
    ("production", Says::On),
    ("prod", Says::On),
];

/// Words that stand beside them in a heading.
const BESIDE: [&str; 16] = [
    "host", "hosts", "list", "domain", "domains", "url", "urls", "name", "names", "site", "sites", "the",
    "these", "entries", "rules", "section",
];

fn says(word: &str) -> Option<Says> {
    // Asked for each word of each line of long lists.
    static KNOWN: LazyLock<HashMap<&str, Says>> = LazyLock::new(|| WORDS.into_iter().collect());
    KNOWN.get(word).copied()
}

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// Whether a text has a word that denies, wherever it stands: what is meant by it is not worked out.
pub(super) fn denies(text: &str) -> bool {
    /// Words that may stand between: "not yet been allowed".
    const BETWEEN: usize = 3;
    let found: Vec<Option<Says>> = words(text).iter().map(|w| says(w)).collect();
    found.iter().enumerate().any(|(at, said)| match said {
        Some(Says::Denies | Says::Off | Says::Against) => true,
        // "no longer allowed", "not active"
        Some(Says::No) => found
            .iter()
            .skip(at + 1)
            .take(BETWEEN)
            .any(|next| matches!(next, Some(Says::Allows | Says::For | Says::On))),
        _ => false,
    })
}

/// Whether a text is a heading that says that what stands below it is let through.
pub(super) fn opens(text: &str) -> bool {
    let positive = |w: &String| matches!(says(w), Some(Says::Allows | Says::For));
    !denies(text) && (is_heading(text) || text.trim_end().ends_with(':')) && words(text).iter().any(positive)
}

/// Whether a text has words of headings and numbers alone.
pub(super) fn is_heading(text: &str) -> bool {
    let ordinary = |w: &String| {
        w.bytes().all(|b| b.is_ascii_digit())
            || BESIDE.contains(&w.as_str())
            || !matches!(says(w), None | Some(Says::Yes | Says::No))
    };
    words(text).iter().all(ordinary)
}

/// What the cell of a column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing stands there.
    Empty,
    Allows,
    Denies,
    /// A word that is not known there.
    Unknown,
}

/// A cell of a column that says what is done with the row's host.
pub(super) fn action(cell: &str) -> Cell {
    read(cell, |says| match says {
        Says::Allows | Says::Yes => Cell::Allows,
        Says::Denies | Says::No => Cell::Denies,
        _ => Cell::Unknown,
    })
}

/// A cell of a column that says whether the row counts.
pub(super) fn state(cell: &str) -> Cell {
    read(cell, |says| match says {
        Says::Allows | Says::Yes | Says::On => Cell::Allows,
        Says::Off | Says::No => Cell::Denies,
        _ => Cell::Unknown,
    })
}

fn read(cell: &str, of: impl Fn(Says) -> Cell) -> Cell {
    match cell.to_ascii_lowercase().as_str() {
        "" => Cell::Empty,
        "in use" | "in production" | "y" => of(Says::Yes),
        "n" => of(Says::No),
        word => says(word).map_or(Cell::Unknown, of),
    }
}

/// What a whole cell or remark says no with, beside the words above.
const NO: &[&str] = &[
    "n",
    "f",
    "nein",
    "non",
    "ko",
    "nok",
    "fail",
    "failed",
    "fails",
    "closed",
    "pending",
    "todo",
    "to do",
    "tbd",
    "open issue",
    "planned",
    "requested",
    "proposed",
    "draft",
    "on hold",
    "waiting",
    "in review",
    "\u{2717}",
    "\u{274c}",
];

/// Words of a remark or of the name of a set beside those above: another transport, or an end.
const REMARKS: &[&str] = &[
    "until",
    "till",
    "expires",
    "expire",
    "expiring",
    "expiry",
    "pending",
    "todo",
    "tbd",
    "deprecated",
    "closed",
    "unless",
    "udp",
    "quic",
    "icmp",
    "blk",
    "ban",
    "bad",
    "sinkhole",
    "malware",
    "ads",
    "nok",
];

/// Whether a whole cell says no, or that it is not yet so.
pub(super) fn is_no(cell: &str) -> bool {
    let lower = cell.trim_matches(|c: char| c.is_whitespace() || ".!?()[]#;/:-".contains(c)).to_lowercase();
    NO.contains(&lower.as_str()) || says(&lower) == Some(Says::No)
}

/// Whether a whole cell is the answer to a question that has two: in a column that decides nothing it says nothing.
pub(super) fn is_boolean(cell: &str) -> bool {
    let lower = cell.to_lowercase();
    ["n", "f", "nein", "non"].contains(&lower.as_str()) || says(&lower) == Some(Says::No)
}

/// Whether what stands beside one host says that it is not let through, not always, or not over TCP.
pub(super) fn takes_away(text: &str) -> bool {
    denies(text) || is_no(text) || words(text).iter().any(|w| REMARKS.contains(&w.as_str()))
}

/// Which transport a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Tcp,
    /// Others alone.
    Other,
    Unknown,
}

/// Which transport a cell names, whatever port stands beside it.
pub(super) fn transport(cell: &str) -> Transport {
    const TCP: &[&str] = &[
        "tcp", "https", "http", "tls", "ssl", "ssh", "web", "http2", "h2", "grpc", "grpcs", "ws", "wss",
        "otlp",
    ];
    const OTHERS: &[&str] =
        &["udp", "icmp", "quic", "http3", "h3", "dns", "ntp", "sctp", "gre", "esp", "ping", "icmpv6", "igmp"];
    const ALL: &[&str] = &["any", "all", "ip", "both"];
    let found = words(cell);
    let has = |list: &[&str]| found.iter().any(|w| list.contains(&w.as_str()));
    match found.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["6"] | [] => return Transport::Tcp,
        ["17" | "1"] | ["http", "3"] => return Transport::Other,
        _ => {}
    }
    if has(TCP) {
        Transport::Tcp
    } else if has(OTHERS) {
        Transport::Other
    } else if has(ALL) {
        Transport::Tcp
    } else {
        Transport::Unknown
    }
}

/// Whether a heading asks for what stands against a row: that something is pending, or needed first.
pub(super) fn asks_against(heading: &str) -> bool {
    let found = words(heading);
    let has = |list: &[&str]| found.iter().any(|w| list.contains(&w.as_str()));
    has(&["pending", "hold", "awaiting", "waiting", "outstanding"])
        || has(&["approval", "review"]) && has(&["needs", "needed", "required", "requires", "missing"])
}

/// Whether a heading has words of both kinds: `allow/deny`.
pub(super) fn is_choice(heading: &str) -> bool {
    let found: Vec<Option<Says>> = words(heading).iter().map(|w| says(w)).collect();
    found.contains(&Some(Says::Allows)) && found.contains(&Some(Says::Denies))
}

/// The words of a heading without those that say nothing about its kind.
pub(super) fn heading(text: &str) -> String {
    const FILL: &[&str] = &[
        "is", "fw", "firewall", "rule", "security", "network", "current", "final", "request", "entry",
        "approval", "the",
    ];
    let all = words(text);
    let kept: Vec<&str> = all.iter().map(String::as_str).filter(|w| !FILL.contains(w)).collect();
    if kept.is_empty() { all.join(" ") } else { kept.join(" ") }
}

/// Whether a heading names what is told of a host and decides nothing: whom to ask, what it is for, when it was written.
pub(super) fn is_harmless(heading: &str) -> bool {
    const TOLD: &[&str] = &[
        "added",
        "app",
        "application",
        "author",
        "breaks",
        "bypass",
        "category",
        "change",
        "class",
        "cname",
        "comment",
        "comments",
        "confidence",
        "contact",
        "count",
        "country",
        "cr",
        "created",
        "critical",
        "data",
        "date",
        "decrypt",
        "decryption",
        "department",
        "description",
        "documents",
        "external",
        "feature",
        "first",
        "group",
        "hits",
        "id",
        "incident",
        "inspected",
        "inspection",
        "internal",
        "kind",
        "label",
        "labels",
        "last",
        "line",
        "location",
        "mandatory",
        "modified",
        "name",
        "need",
        "needed",
        "nr",
        "note",
        "notes",
        "number",
        "optional",
        "owner",
        "pinned",
        "priority",
        "product",
        "purpose",
        "reason",
        "region",
        "remark",
        "remarks",
        "required",
        "requester",
        "risk",
        "row",
        "rules",
        "seen",
        "sensitivity",
        "severity",
        "site",
        "ssl",
        "tag",
        "tags",
        "team",
        "ticket",
        "title",
        "tls",
        "ttl",
        "type",
        "updated",
        "usage",
        "used",
        "vendor",
        "version",
        "vpn",
        "wildcard",
        "wildcards",
    ];
    let found = words(heading);
    !found.is_empty() && found.iter().all(|w| TOLD.contains(&w.as_str()))
}

/// Whether a heading is about the ticket of a row, whose state is not the row's.
pub(super) fn is_of_ticket(heading: &str) -> bool {
    words(heading).iter().any(|w| ["ticket", "change", "cr", "incident"].contains(&w.as_str()))
}

/// Whether a column says from when or until when a row holds.
pub(super) fn is_date(heading: &str) -> bool {
    const DATES: &[&str] = &[
        "until",
        "till",
        "end",
        "ends",
        "ending",
        "expire",
        "expires",
        "expiry",
        "expiration",
        "expired",
        "valid",
        "validity",
        "start",
        "starts",
        "begin",
        "begins",
        "beginning",
        "effective",
        "sunset",
        "from",
        "through",
        "schedule",
        "window",
        "lifetime",
    ];
    let found = words(heading);
    found.iter().any(|w| DATES.contains(&w.as_str()))
        && !found.iter().any(|w| ["zone", "source", "ip"].contains(&w.as_str()))
}

/// Whether a cell of such a column sets no bound.
pub(super) fn is_unbounded(cell: &str) -> bool {
    let lower = cell.to_lowercase();
    ["", "-", "n/a", "none", "never", "always", "permanent", "unlimited", "no expiry", "indefinite"]
        .contains(&lower.as_str())
}

/// Whether a cell of a column whose heading denies ("blocked", "removed by") takes nothing away.
pub(super) fn is_negative(cell: &str) -> bool {
    let lower = cell.to_ascii_lowercase();
    ["", "-", "n/a", "none", "n"].contains(&lower.as_str()) || says(&lower) == Some(Says::No)
}
