//! `hosts --list inspection` for reading: which hosts a test proved broken by TLS inspection.

use crate::firewall::List;
use crate::report::sanitise;

/// Comment lines (`#`), then one host a line; a port other than 443 follows a colon.
pub fn text(list: &List) -> String {
    let mut out = String::from("# Exempt these hosts from TLS inspection\n");
    for line in &list.head {
        out.push_str(&format!("# {}\n", sanitise::line(line, sanitise::LONG)));
    }
    if list.rules.is_empty() {
        out.push_str(
            "#\n# The report proves no host broken by TLS inspection: there is nothing to exempt.\n",
        );
    } else {
        out.push_str(
            "# A test proved an inspector in the way of each of them. Allowing a host does not exempt it.\n",
        );
    }
    for rule in &list.rules {
        out.push_str(&format!("\n# {}\n{rule}\n", sanitise::line(&rule.purpose, sanitise::LONG)));
    }
    out
}

/// The hosts alone.
pub fn plain(list: &List) -> String {
    list.rules.iter().map(|r| format!("{r}\n")).collect()
}
