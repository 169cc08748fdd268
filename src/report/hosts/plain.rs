//! `--format plain`: bare lines for other programs.

use crate::derive::Requirements;
use crate::derive::sandbox::Sandbox;
use crate::report::hosts::list;
use crate::report::incomplete;
use crate::report::words;

/// One `host` or `host:port` a line, sorted, each once; port 443 is not written. No comment, no
/// loopback, and nothing that cannot be listed. An incomplete list begins with comments that say so,
/// lest it be loaded as if it were whole.
pub fn render(requirements: &Requirements) -> String {
    let mut out = incomplete::comments(requirements);
    for line in list::lines(requirements) {
        out.push_str(&line.text);
        out.push('\n');
    }
    out
}

/// The sandbox's list in the grammar of its key: one `host`, `host:port`, `*.host` or `*` a line,
/// sorted, each once.
pub fn sandbox(found: &Sandbox) -> String {
    let mut lines: Vec<String> = found
        .list
        .hosts
        .iter()
        .map(|r| if r.unbounded.is_some() { "*".to_owned() } else { words::endpoint_of(r) })
        .collect();
    lines.sort();
    lines.dedup();
    incomplete::comments(&found.list) + &lines.into_iter().map(|line| line + "\n").collect::<String>()
}
