//! The documentation of the finding codes, as it is printed by `clearway explain CODE`: what was
//! seen, what it means, what looks similar and how that is ruled out, the owner.

use crate::contract::{Code, DeviceCode};

const FINDINGS: &str = include_str!("../../docs/findings.md");
const DEVICE: &str = include_str!("../../docs/device.md");

/// The paragraphs of a code's section, each one line of Markdown text; none for a code that has no
/// section, which a test rules out for all that can be reported.
pub fn of(code: Code) -> Vec<String> {
    section(FINDINGS, code.as_str())
}

/// The same of a code of `clearway device`.
pub fn of_device(code: DeviceCode) -> Vec<String> {
    section(DEVICE, code.as_str())
}

fn section(page: &str, code: &str) -> Vec<String> {
    let heading = format!("### `{code}`");
    let section = page.lines().skip_while(|l| *l != heading).skip(1).take_while(|l| !l.starts_with('#'));
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in section {
        if line.trim().is_empty() {
            open = false;
            continue;
        }
        match paragraphs.last_mut().filter(|_| open) {
            Some(last) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            None => paragraphs.push(line.trim().to_owned()),
        }
        open = true;
    }
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_section() {
        for code in Code::ALL {
            assert!(!of(*code).is_empty(), "{code}");
        }
        for code in DeviceCode::ALL {
            assert!(!of_device(*code).is_empty(), "{code}");
        }
        assert!(
            of(Code::DnsNxdomain)[0].starts_with("Seen: the resolver says"),
            "{:?}",
            of(Code::DnsNxdomain)
        );
    }
}
