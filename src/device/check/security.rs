//! Endpoint security that runs: recognised by its programs, so that the rule it may need is named by identity.

use super::{Check, nothing_more, said, tool};
use crate::contract::{DeviceCode, Platform};
use crate::device::seen::Running;
use crate::device::{Answers, Context, Found, Seen};
use crate::rules::Word;
use crate::rules::device::{Product, ProductKind};

const ID: &str = "endpoint-security";
/// Characters of a process's name that Linux keeps.
const KEPT_BY_LINUX: usize = 15;

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "endpoint security",
    wanted: |_| vec![tool("processes")],
    then: nothing_more,
    read,
    judge,
    was_run: |seen| seen.security.is_some(),
    decides: false,
};

fn read(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    let Some(text) = said(answers, context, ID, "processes", seen) else { return };
    let found = running(text, context, |kind| kind != ProductKind::Tunnel);
    seen.security = Some(found);
}

/// The products of some kinds that run, by the list of processes.
pub(super) fn running(text: &str, context: &Context<'_>, kind: fn(ProductKind) -> bool) -> Vec<Running> {
    let names: Vec<&str> = text.lines().filter_map(|l| process(l, context.platform)).collect();
    let runs = |wanted: &Word| {
        let short: String = match context.platform {
            Platform::Linux => wanted.chars().take(KEPT_BY_LINUX).collect(),
            _ => wanted.to_string(),
        };
        names.iter().find(|n| n.eq_ignore_ascii_case(&short) || n.eq_ignore_ascii_case(wanted))
    };
    let of = |product: &Product| {
        let process = product.processes(context.platform).iter().find_map(runs)?;
        Some(Running { product: product.title.to_string(), process: (*process).to_owned() })
    };
    context.facts.product.iter().filter(|p| kind(p.kind)).filter_map(of).collect()
}

/// The name of the program in a line of the list of processes: without its folder, on Windows without `.exe`.
pub(super) fn process(line: &str, platform: Platform) -> Option<&str> {
    let name = match platform {
        // "name.exe","4","Services","0","144 K"
        Platform::Windows => {
            let name = line.trim().strip_prefix('"')?.split('"').next()?;
            match name.len().checked_sub(4).and_then(|at| name.split_at_checked(at)) {
                Some((stem, end)) if end.eq_ignore_ascii_case(".exe") => stem,
                _ => name,
            }
        }
        Platform::Macos | Platform::Linux => line.trim().rsplit('/').next()?,
    };
    (!name.is_empty()).then_some(name)
}

fn judge(seen: &Seen, context: &Context<'_>) -> Vec<Found> {
    let of = |running: &Running| {
        Found::new(DeviceCode::EndpointSecurity, format!("{} runs", running.process))
            .likely()
            .with("product", &running.product)
            .with("allow", context.facts.identity.allow(seen.platform))
    };
    seen.security.iter().flatten().map(of).collect()
}
