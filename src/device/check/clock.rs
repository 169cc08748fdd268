//! Whether something keeps the clock right. By how much it is off, `clearway check` tells by the servers that it sees.

use super::{Check, assignments, nothing_more, said, tool};
use crate::contract::{DeviceCode, Platform};
use crate::device::seen::Clock;
use crate::device::{Answers, Context, Found, Seen, Want};
use crate::probe::system;
use crate::rules::device::ClockHost;

const ID: &str = "clock";

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "what keeps the clock right",
    wanted,
    then: nothing_more,
    read,
    judge,
    was_run: |seen| seen.clock.is_some(),
    // The clock itself is judged by a run.
    decides: false,
};

fn wanted(context: &Context<'_>) -> Vec<Want> {
    match context.platform {
        Platform::Macos => Vec::new(),
        Platform::Windows => vec![tool("time-service"), tool("time-type")],
        Platform::Linux => {
            let hosts = context.facts.clock_host.iter();
            let wants = hosts.flat_map(|h| [Want::Files(h.path.to_string()), Want::Text(h.path.to_string())]);
            wants.chain([tool("timedatectl")]).collect()
        }
    }
}

fn read(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    match context.platform {
        // systemsetup asks for an administrator.
        Platform::Macos => seen.missed(
            ID,
            "whether the clock follows a time server",
            "macOS tells it to administrators alone; `clearway check` measures the clock by the servers that it sees",
        ),
        Platform::Windows => {
            let start = said(answers, context, ID, "time-service", seen).and_then(|t| value(t, "Start"));
            let kind = said(answers, context, ID, "time-type", seen).and_then(|t| value(t, "Type"));
            if start.is_none() && kind.is_none() {
                return;
            }
            let off = match (start.as_deref(), kind.as_deref()) {
                (Some("0x4"), _) => Some("the service W32Time is disabled".to_owned()),
                (_, Some(kind)) if kind.eq_ignore_ascii_case("NoSync") => {
                    Some("W32Time is set to NoSync".to_owned())
                }
                _ => None,
            };
            seen.clock = Some(Clock { off });
        }
        Platform::Linux => {
            // A container and WSL have the clock of another system: what their own service says is nothing to it.
            if context.facts.clock_host.iter().any(|h| shows(h, answers)) {
                seen.clock = Some(Clock::default());
                return;
            }
            let Some(text) = said(answers, context, ID, "timedatectl", seen) else { return };
            let of = |wanted: &str| assignments(text).find(|(n, _)| *n == wanted).map(|(_, v)| v.trim() == "yes");
            // Another program than systemd's may keep the clock: then it is synchronized all the same.
            let off = matches!((of("NTP"), of("NTPSynchronized")), (Some(false), Some(false)));
            seen.clock = Some(Clock {
                off: off.then(|| "NTP is off, and the clock is not synchronized".to_owned()),
            });
        }
    }
}

fn shows(host: &ClockHost, answers: &Answers) -> bool {
    let texts = || answers.texts(&host.path).iter().filter_map(|f| f.text.as_ref().ok());
    match host.holds.as_str() {
        "" => !answers.files(&host.path).is_empty(),
        word => texts().any(|t| t.to_lowercase().contains(word)),
    }
}

fn value(text: &str, wanted: &str) -> Option<String> {
    let values = system::registry_values(text);
    values.iter().find(|(n, _)| n.eq_ignore_ascii_case(wanted)).map(|(_, v)| (*v).to_owned())
}

fn judge(seen: &Seen, _: &Context<'_>) -> Vec<Found> {
    let off = seen.clock.as_ref().and_then(|c| c.off.as_ref());
    off.map(|why| Found::new(DeviceCode::ClockSync, why.clone()).likely().with("why", why))
        .into_iter()
        .collect()
}
