//! MCP servers: a session, a demand for a sign-in whose metadata must be there, or the older
//! transport.

use serde_json::Value;

use crate::contract::ids::Feature;
use crate::derive::Reason;
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::finding::{Code, Owner, Verdict};
use crate::diagnose::service::fingerprint::recognise;
use crate::diagnose::service::follow_up::resource_metadata;
use crate::diagnose::service::{Judged, follow_ups};
use crate::diagnose::stage::trust;
use crate::observation::{DocumentKind, FollowUp, Http, HttpOutcome};
use crate::plan::Target;
use crate::rules::services::{AnswerKind, Protocol};

/// Judges the answer to the first request of an MCP session.
pub(crate) fn judge(view: &View<'_>, http: &Http, walk: &mut Walk) -> Judged {
    let status = http.status.unwrap_or_default();
    let document = http.document.as_ref();
    if let Some(version) = document.and_then(|d| d.text("result.protocolVersion")) {
        let part = |name: &str| document.and_then(|d| d.text(name)).unwrap_or_default();
        let server = format!("{} {}", part("result.serverInfo.name"), part("result.serverInfo.version"));
        let server = server.trim();
        walk.fact("mcp_server", server);
        walk.fact("mcp_protocol", version);
        walk.proof.push(format!("{status}, MCP server {server}, protocol {version}"));
        return Judged::Healthy;
    }
    let challenge = http.header("www-authenticate");
    if http.outcome == HttpOutcome::Answered && matches!(status, 401 | 403) && challenge.is_some() {
        walk.sign_in = true;
        walk.proof.push(format!("{status}, asks for a sign-in"));
        let named = challenge.and_then(resource_metadata);
        let demands = status == 401 || named.is_some();
        let names = named.is_some();
        let obstacle =
            sign_in(view, named, walk).or_else(|| demands.then(|| without(view, status, names)).flatten());
        return obstacle.map_or(Judged::Healthy, Judged::Obstacle);
    }
    let old = follow_ups(view).find(|(i, h)| {
        let by = view.context.services.by_id(&i.service);
        i.service != view.target.service.as_deref().unwrap_or_default()
            && by.is_some_and(|s| {
                s.protocol == Some(Protocol::Mcp)
                    && recognise(s, h, &view.target.probed, view.is_customer())
                        .is_some_and(|a| a.kind == AnswerKind::Ok)
            })
    });
    if let Some((_, answer)) = old {
        walk.fact("mcp_transport", "sse");
        walk.fact("status", answer.status);
        walk.proof.push(format!(
            "{status} to a POST, and an event stream to a GET: the older transport, `sse` in the configuration"
        ));
        return Judged::Healthy;
    }
    Judged::Usual
}

/// The server demands a sign-in, and the entry that names it has none. In a saved run of before this was
/// recorded that is a question, asked only where the server `names` a sign-in that needs no header.
fn without(view: &View<'_>, status: u16, names: bool) -> Option<Draft> {
    let requirement = &view.target.requirement;
    let recorded = requirement.hints.signs_in.is_some();
    let none = match requirement.hints.signs_in {
        Some(signs_in) => !signs_in,
        // An entry with a sign-in brings hosts of its own.
        None => {
            let mine = |r: &Reason| r.feature == Feature::CONNECTORS && !r.keys.is_empty();
            let key = requirement.hints.name_key.is_some();
            let others = view.context.plan.targets.iter().filter(|t| t.id != view.target.id);
            let brought = |t: &Target| {
                t.requirement.hints.discovered_from.is_none()
                    && t.service.as_deref() != Some("mcp")
                    && t.requirement.reasons.iter().any(mine)
            };
            names && key && requirement.reasons.iter().any(mine) && !others.into_iter().any(brought)
        }
    };
    none.then(|| {
        let entry = if recorded {
            "its entry has no oauth, headers or helper"
        } else {
            "whether its entry has one is not in this report"
        };
        let found = Draft::new(Code::McpSignIn, format!("status {status}, it demands a sign-in; {entry}"));
        let found = if recorded { found } else { found.case("unknown") };
        found
            .fact("status", status)
            .fact("key", requirement.hints.name_key.as_deref())
            .key(view.target.probed.as_str())
    })
}

/// Whether the way to the authorization servers, which the challenge starts, can be gone.
fn sign_in(view: &View<'_>, named: Option<String>, walk: &mut Walk) -> Option<Draft> {
    let answers: Vec<(&FollowUp, &Http)> = follow_ups(view)
        .filter(|(i, _)| {
            let by = view.context.services.by_id(&i.service);
            by.is_some_and(|s| s.protocol == Some(Protocol::Resource))
        })
        .collect();
    let servers = answers.iter().find_map(|(_, http)| {
        let list = http.document.as_ref()?.members.get("authorization_servers")?.as_array()?;
        (http.status == Some(200) && !list.is_empty()).then(|| list.clone())
    });
    if let Some(servers) = servers {
        let names: Vec<&str> = servers.iter().filter_map(Value::as_str).collect();
        walk.proof.push(format!("authorization servers: {}", names.join(", ")));
        walk.fact("authorization_servers", servers.clone());
        return None;
    }
    // What it names itself must be there; that it names nothing is no fault of an older server.
    let url = named?;
    let (_, http) = answers.first()?;
    if trust::inspector(view).is_some() {
        return None;
    }
    let what = match http.status {
        Some(200) if http.document.as_ref().is_some_and(|d| d.kind == DocumentKind::Object) => {
            "names no authorization server".to_owned()
        }
        Some(200) => "is no JSON object".to_owned(),
        Some(status) => format!("answers with status {status}"),
        None => "does not answer".to_owned(),
    };
    Some(
        Draft::new(Code::OidcDiscovery, format!("asks for a sign-in, and its metadata {url} {what}"))
            .verdict(Verdict::Warning)
            .owner(Owner::Service)
            .fact("status", http.status)
            .fact("what", what)
            .fact("looked_for", url)
            .key(view.target.probed.as_str()),
    )
}
