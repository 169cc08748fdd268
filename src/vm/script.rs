//! The script: POSIX shell with curl, else Node.

use super::{HOSTS, VERSION};
use crate::contract::Actor;
use crate::plan::{Plan, Target};
use crate::rules::headers::Headers;

const SHELL: &str = include_str!("probe.sh");
const NODE: &str = include_str!("probe.js");

/// The targets that the sandbox's own machine contacts and that a request can be sent to.
pub fn hosts(plan: &Plan) -> Vec<&Target> {
    let of_machine = |t: &&Target| {
        t.skip.is_none()
            && !t.probed.is_empty()
            && t.requirement.actors().contains(&Actor::Vm)
            && (t.transport().has_http() || t.transport().is_grpc())
    };
    plan.targets.iter().filter(of_machine).collect()
}

/// The path that the script asks for. One that came from a configuration may hold a secret, and is left out.
fn path(target: &Target) -> Option<&str> {
    let request = target.request.as_ref().filter(|r| r.method == "GET" && r.headers.is_empty())?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    (target.requirement.hints.base_path.is_empty()
        && request.path.starts_with('/')
        && request.path.chars().all(plain))
    .then_some(request.path.as_str())
}

/// What is pasted into a session; nothing where the machine contacts no host of the plan. Also how many hosts were
/// left out, since a session is not held up for long.
pub fn script(plan: &Plan, headers: &Headers) -> Option<(String, usize)> {
    // A wildcard's member may stand in the list by its own name too.
    let mut all: Vec<&Target> = Vec::new();
    for target in hosts(plan) {
        if !all.iter().any(|have| same_place(have, &target.probed, target.port())) {
            all.push(target);
        }
    }
    let named: Vec<String> = all
        .iter()
        .filter(|t| is_plain(&t.probed))
        .take(HOSTS)
        .enumerate()
        .map(|(n, target)| {
            let scheme = if target.transport().has_tls() { "https" } else { "http" };
            let name = if target.probed.contains(':') {
                format!("[{}]", target.probed)
            } else {
                target.probed.clone()
            };
            format!("host {} {scheme} '{name}' {} '{}'", n + 1, target.port(), path(target).unwrap_or("/"))
        })
        .collect();
    if named.is_empty() {
        return None;
    }
    let kept: Vec<&str> = headers.names().collect();
    let kept = kept.join("|");
    let node = NODE.trim_end().replace("@HEADERS@", &kept);
    let text = SHELL
        .replace("@VERSION@", VERSION)
        .replace("@HEADERS@", &kept)
        .replace("@NODE@", &node)
        .replace("@HOSTS@", &named.join("\n"));
    Some((text, all.len().saturating_sub(named.len())))
}

/// Whether a target is asked at this name and port.
pub(super) fn same_place(target: &Target, name: &str, port: u16) -> bool {
    target.probed.eq_ignore_ascii_case(name) && target.port() == port
}

/// Whether a name can stand in a script as it is.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_for_node_can_stand_between_quotes() {
        assert!(!NODE.contains('\'') && NODE.is_ascii() && SHELL.is_ascii());
    }

    #[test]
    fn names_that_a_shell_would_read_are_left_out() {
        assert!(is_plain("a-b.example") && is_plain("2001:db8::1"));
        for bad in ["", "a'b", "a b", "$(x)", "a;b", "a`b"] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
