//! `--format plain`: bare lines for other programs.

use super::list;
use crate::derive::Requirements;

/// One `host` or `host:port` a line, sorted, each once; port 443 is not written. No comment, no
/// loopback, and nothing that cannot be listed.
pub fn hosts(requirements: &Requirements) -> String {
    let mut out = String::new();
    for line in list::lines(requirements) {
        out.push_str(&line.text);
        out.push('\n');
    }
    out
}
