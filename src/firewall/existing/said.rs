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
const WORDS: [(&str, Says); 78] = [
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
    let lower = text.to_ascii_lowercase();
    lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
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
        word => says(word).map_or(Cell::Unknown, of),
    }
}

/// Whether a cell of a column whose heading denies ("blocked", "removed by") takes nothing away.
pub(super) fn is_negative(cell: &str) -> bool {
    let lower = cell.to_ascii_lowercase();
    ["", "-", "n/a", "none"].contains(&lower.as_str()) || says(&lower) == Some(Says::No)
}
