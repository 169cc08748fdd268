//! Bootstrap servers, which serve the app its configuration.

use crate::contract::endpoint;
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Known, Walk};
use crate::diagnose::finding::Code;
use crate::diagnose::service::Judged;
use crate::diagnose::service::fingerprint::is_html;
use crate::diagnose::service::follow_up::served;
use crate::diagnose::stage::trust;
use crate::observation::{DocumentKind, Http, HttpOutcome};
use crate::plan::{Announcement, Plan, Sent};
use crate::rules::services::{Protocol, Services};

/// What is sent with `--bootstrap`.
pub(crate) fn announce(plan: &Plan, services: &Services, asked: bool) -> Announcement {
    let servers = served(plan, services).filter(|(_, s)| asked && s.protocol == Some(Protocol::Bootstrap));
    let here = servers.map(|(t, _)| {
        let endpoint = endpoint::authority(&t.probed, t.port());
        format!("{endpoint}: asked first; the hosts that its document adds are probed too.")
    });
    Announcement::new(
        Sent::Bootstrap,
        "With `--bootstrap` the bootstrap server first, and then the hosts that its document adds to the list.",
    )
    .with(here)
}

/// Judges what a bootstrap server serves without a sign-in: a configuration object, or something else.
pub(crate) fn judge(view: &View<'_>, http: &Http, walk: &mut Walk) -> Judged {
    if http.outcome != HttpOutcome::Answered || http.status != Some(200) || is_html(http) {
        return Judged::Usual;
    }
    let Some(document) = &http.document else { return Judged::Usual };
    if let Some(why) = document.unusable.as_ref().filter(|_| trust::inspector(view).is_none()) {
        return Judged::Obstacle(
            Draft::new(Code::HttpWrongContent, format!("status 200: no configuration of the app: {why}"))
                .fact("status", 200)
                .fact("what", "a document that is no configuration of the app")
                .key(view.target.probed.as_str()),
        );
    }
    let what = match document.kind {
        DocumentKind::Object => {
            let count = document.names.len();
            walk.answer = Some(Known::Expected("bootstrap: a configuration object".to_owned()));
            walk.fact("keys", document.names.clone());
            walk.proof.push(format!("200, a configuration object with {count} keys"));
            return Judged::Healthy;
        }
        DocumentKind::Array => "a JSON list",
        DocumentKind::Scalar => "a single JSON value",
        DocumentKind::Empty => "an empty body",
        DocumentKind::Other => "no JSON",
        DocumentKind::TooLong => "a document of more than a megabyte",
    };
    if trust::inspector(view).is_some() {
        return Judged::Usual;
    }
    Judged::Obstacle(
        Draft::new(
            Code::HttpWrongContent,
            format!("status 200: {what} where the app takes only a JSON object"),
        )
        .fact("status", 200)
        .fact("what", what)
        .key(view.target.probed.as_str()),
    )
}
