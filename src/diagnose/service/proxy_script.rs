//! The server of a proxy script, which is a host of the list too: whether what it serves is one.

use crate::contract::Transport;
use crate::contract::endpoint::authority;
use crate::contract::ids::Feature;
use crate::diagnose::context::Context;
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::finding::{Code, Owner, Verdict};
use crate::observation::ScriptOutcome;
use crate::plan::Target;

/// What answers at the script's address is no proxy script.
pub(crate) fn judge(context: &Context<'_>, target: &Target, walk: &mut Walk) {
    let requirement = &target.requirement;
    let of_script = requirement.transport != Transport::Tcp
        && requirement.reasons.iter().any(|r| r.feature == Feature::PROXY);
    if !of_script || walk.verdict(context.codes) == Verdict::Blocked {
        return;
    }
    let here = |url: &str| {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let written = rest.split('/').next().unwrap_or(rest);
        let (host, port) = (target.probed.as_str(), target.port());
        written == host || written == authority(host, port)
    };
    let found = context.observations.scripts.iter().filter(|s| here(&s.url)).find_map(|script| {
        let (ScriptOutcome::NoScript(why) | ScriptOutcome::Unfetched(why)) = &script.outcome else {
            return None;
        };
        // Without a status nothing answered that could be wrong; that moment's failure is among what
        // was not tested.
        if matches!(script.outcome, ScriptOutcome::Unfetched(_)) && script.status.is_none() {
            return None;
        }
        let what = if script.status.is_some_and(|s| s >= 300) { why.as_str() } else { "no proxy script" };
        let found = Draft::new(Code::HttpWrongContent, format!("{}: {why}", script.origin));
        let key = script.origin.as_str();
        Some(
            found
                .owner(Owner::Configuration)
                .fact("what", what)
                .fact("key", key)
                .fact("wanted", "a proxy script")
                .fact("setting_of", "the address of the proxy script")
                .fact("then", "Until then the app connects directly.")
                .fact("error", why.as_str())
                .key(key),
        )
    });
    walk.found.extend(found);
}
