//! FortiOS configuration: the address objects. Objects have no ports; policies and services do.

use super::super::intent::Names;
use super::read::{Ignored, Listed, Pattern, pattern};

pub(super) fn read(text: &str) -> (Vec<Listed>, Vec<Ignored>) {
    let (mut entries, mut ignored) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    let mut addresses = false;
    for (line, raw) in (1..).zip(text.lines()) {
        let words: Vec<&str> = raw.split_whitespace().collect();
        match words.as_slice() {
            ["config", rest @ ..] => {
                depth += 1;
                if depth == 1 {
                    addresses = matches!(rest, ["firewall", "address" | "address6" | "wildcard-fqdn", ..]);
                }
            }
            ["end", ..] => depth = depth.saturating_sub(1),
            ["set", "fqdn" | "wildcard-fqdn", value, ..] if addresses && depth == 1 => {
                let value = value.trim_matches('"');
                match pattern(value) {
                    Ok(pattern) => entries.push(listed(line, value, pattern)),
                    Err(reason) => {
                        ignored.push(Ignored { line, text: raw.trim().to_owned(), reason });
                    }
                }
            }
            ["set", "subnet", value, mask @ ..] if addresses && depth == 1 => {
                let (address, prefix) = value.split_once('/').unwrap_or((value, ""));
                let single = prefix == "32" || mask.first() == Some(&"255.255.255.255");
                match address.parse() {
                    Ok(a) if single => {
                        entries.push(listed(line, address, Pattern::Names(Names::Address(a))));
                    }
                    _ => ignored.push(Ignored {
                        line,
                        text: raw.trim().to_owned(),
                        reason: "only single addresses are compared".into(),
                    }),
                }
            }
            _ => {}
        }
    }
    (entries, ignored)
}

fn listed(line: usize, text: &str, pattern: Pattern) -> Listed {
    Listed { text: text.to_owned(), pattern, ports: Vec::new(), line, open_end: false }
}
