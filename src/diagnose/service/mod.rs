//! Services: what the answer of each must be, and what its further requests brought.

pub(crate) mod access;
pub(crate) mod bootstrap;
pub(crate) mod download;
pub(crate) mod fingerprint;
pub(crate) mod follow_up;
pub(crate) mod inference;
pub(crate) mod mcp;
pub(crate) mod messages;
pub(crate) mod metadata;
pub(crate) mod otlp;
pub(crate) mod own;
pub(crate) mod proxy_script;

use super::context::View;
use super::evidence::{Draft, Walk};
use crate::observation::{FollowUp, Http};
use crate::rules::services::Protocol;

/// What a protocol of its own makes of an answer.
pub(crate) enum Judged {
    /// It has nothing to say: the usual judgement applies.
    Usual,
    /// The service answered as it must.
    Healthy,
    /// This is in the way.
    Obstacle(Draft),
}

/// Judges the answer of a service that one answer does not judge, with what its further requests
/// brought.
pub(crate) fn judge(view: &View<'_>, http: &Http, walk: &mut Walk) -> Judged {
    let Some(service) = view.service else { return Judged::Usual };
    match service.protocol {
        Some(Protocol::Metadata) => metadata::judge(view, service, http, walk),
        Some(Protocol::Mcp) => mcp::judge(view, http, walk),
        Some(Protocol::OtlpHttp | Protocol::OtlpGrpc) => otlp::judge(view, http, walk),
        Some(Protocol::Bootstrap) => bootstrap::judge(view, http, walk),
        Some(Protocol::Resource) | None => Judged::Usual,
    }
}

/// The further requests on the same path, with the answers that count.
pub(crate) fn follow_ups<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a FollowUp, &'a Http)> {
    let (target, path) = (view.target.id, view.attempt.path);
    let all = view.context.observations.follow_ups();
    all.filter(move |(a, _)| a.target == target && a.path == path && a.cut.is_none())
        .filter_map(|(a, follow_up)| Some((follow_up, a.answer()?)))
}
