//! Services that one answer does not judge: sign-in metadata, MCP servers, collectors, bootstrap
//! servers. Each is judged with what its further requests brought.

use serde_json::Value;

use super::finding::{Code, Owner, Verdict};
use super::fingerprint::{is_html, recognise};
use super::found::{Found, View, Walk};
use super::inquiry::{origin, resource_metadata};
use super::{otlp, trust};
use crate::observation::{Document, DocumentKind, Http, HttpOutcome, Inquiry};
use crate::rules::services::{Protocol, Service};

/// A judgement: nothing where the usual one applies, else what was found, if anything.
pub(super) type Judged = Option<Option<Found>>;

/// Judges the answer of a service with a protocol of its own.
pub(super) fn judge(view: &View<'_>, http: &Http, walk: &mut Walk) -> Judged {
    let service = view.service?;
    match service.protocol? {
        Protocol::Metadata => metadata(view, service, http, walk),
        Protocol::Mcp => mcp(view, http, walk),
        Protocol::OtlpHttp | Protocol::OtlpGrpc => otlp::judge(view, http, walk),
        Protocol::Bootstrap => bootstrap(view, http, walk),
        Protocol::Resource => None,
    }
}

/// The further requests on the same path, with the answers that count.
pub(super) fn inquiries<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a Inquiry, &'a Http)> {
    let (target, path) = (view.target.id, view.attempt.path);
    let all = view.context.observations.inquiries();
    all.filter(move |(a, _)| a.target == target && a.path == path && a.cut.is_none())
        .filter_map(|(a, inquiry)| Some((inquiry, a.answer()?)))
}

/// Why sign-in metadata is of no use.
enum Fault {
    /// There is none at this address.
    Absent(u16),
    /// It is no JSON object.
    NotJson,
    /// It says that it is somebody else's.
    Issuer(String),
    /// It lacks endpoints.
    Missing(Vec<String>),
    /// An endpoint is without TLS.
    Plain(String, String),
}

fn metadata(view: &View<'_>, service: &Service, http: &Http, walk: &mut Walk) -> Judged {
    let base = view.target.requirement.hints.base_path.as_str();
    let mut fault = match usable(view, service, base, http) {
        Some(Ok(document)) => return healthy(service, http, document, "", walk),
        Some(Err(fault)) => Some(fault),
        None => None,
    };
    for (inquiry, answer) in inquiries(view).filter(|(i, _)| i.base_path == base) {
        let by = view.context.services.by_id(&inquiry.service);
        let Some(other) = by.filter(|s| s.protocol == Some(Protocol::Metadata)) else { continue };
        match usable(view, other, base, answer) {
            Some(Ok(document)) => {
                return healthy(other, answer, document, &format!(" at {}", inquiry.request.path), walk);
            }
            // A document that is wrong says more than one that is absent.
            Some(Err(found)) if !matches!(found, Fault::Absent(_)) => fault = Some(found),
            _ => {}
        }
    }
    let fault = fault?;
    // Through a connection that something else opened the answer is not the issuer's.
    if trust::inspector(view).is_some() {
        return None;
    }
    Some(Some(unusable(view, &fault)))
}

/// Whether an answer is metadata of use; none where it says nothing about that (5xx, a redirect, a
/// page, a sign-in).
fn usable<'h>(
    view: &View<'_>,
    service: &Service,
    base: &str,
    http: &'h Http,
) -> Option<Result<&'h Document, Fault>> {
    if http.outcome != HttpOutcome::Answered {
        return None;
    }
    match http.status? {
        200 if is_html(http) => return None,
        200 => {}
        // The providers' own hosts answer errors in a form of their own.
        status @ (400 | 401 | 404 | 405 | 410) if view.is_customer() => {
            return Some(Err(Fault::Absent(status)));
        }
        _ => return None,
    }
    let document = http.document.as_ref()?;
    if document.kind == DocumentKind::TooLong {
        return None;
    }
    if document.kind != DocumentKind::Object {
        return Some(Err(Fault::NotJson));
    }
    let missing: Vec<String> =
        service.required.iter().filter(|m| document.text(m).is_none()).cloned().collect();
    if !missing.is_empty() {
        return Some(Err(Fault::Missing(missing)));
    }
    let plain = document.members.iter().find_map(|(member, value)| {
        let url = value.as_str().filter(|u| u.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("http://")))?;
        (member != "issuer").then(|| Fault::Plain(member.clone(), url.to_owned()))
    });
    if let Some(plain) = plain {
        return Some(Err(plain));
    }
    if service.issuer && view.is_customer() {
        let expected = format!("{}{base}", origin(view.target));
        match document.text("issuer") {
            None => return Some(Err(Fault::Missing(vec!["issuer".into()]))),
            Some(issuer) if !same_address(issuer, &expected) => {
                return Some(Err(Fault::Issuer(issuer.to_owned())));
            }
            Some(_) => {}
        }
    }
    Some(Ok(document))
}

/// Whether two addresses are the same but for a slash at the end and the case of the host.
fn same_address(a: &str, b: &str) -> bool {
    let read = |text: &str| {
        let url = url::Url::parse(text.trim_end_matches('/')).ok()?;
        Some((url.origin(), url.path().trim_end_matches('/').to_owned()))
    };
    matches!((read(a), read(b)), (Some(a), Some(b)) if a == b)
}

fn healthy(service: &Service, http: &Http, document: &Document, place: &str, walk: &mut Walk) -> Judged {
    let issuer = document.text("issuer").unwrap_or_default();
    walk.fact("recognised", format!("{}: sign-in metadata", service.id));
    walk.fact("issuer_named", issuer);
    walk.proof.push(format!("{}{place}, sign-in metadata of {issuer}", http.status.unwrap_or_default()));
    Some(None)
}

fn unusable(view: &View<'_>, fault: &Fault) -> Found {
    let base = &view.target.requirement.hints.base_path;
    let doubled = base.contains("/.well-known/");
    let (owner, line, what) = match fault {
        Fault::Absent(status) if doubled => (
            Owner::Configuration,
            format!(
                "status {status}: the configured issuer is itself the address of the metadata, which is looked for below it once more"
            ),
            "not there, because the configured issuer ends in /.well-known/…: write only what stands before that",
        ),
        Fault::Absent(status) => {
            (Owner::Configuration, format!("status {status} where the sign-in metadata must be"), "not there")
        }
        Fault::NotJson => {
            (Owner::Service, "the sign-in metadata is no JSON object".to_owned(), "no JSON object")
        }
        Fault::Issuer(issuer) => (
            Owner::Configuration,
            format!("the metadata says that its issuer is {issuer}, which is not the address configured"),
            "that of another issuer",
        ),
        Fault::Missing(members) => {
            (Owner::Service, format!("the sign-in metadata lacks {}", members.join(", ")), "incomplete")
        }
        Fault::Plain(member, url) => (
            Owner::Service,
            format!("{member} is {url}, which is not https"),
            "naming an address without TLS",
        ),
    };
    let mut found = Found::new(Code::OidcDiscovery, line)
        .owner(owner)
        .fact("what", what)
        .fact("key", view.target.requirement.hints.name_key.clone())
        .fact(
            "looked_for",
            format!("{}{}", origin(view.target), view.target.request.as_ref().map_or("", |r| &r.path)),
        )
        .key(view.target.probed.as_str());
    match fault {
        Fault::Absent(status) => found = found.fact("status", *status),
        Fault::Issuer(issuer) => found = found.fact("issuer_named", issuer.as_str()),
        Fault::Missing(members) => found = found.proven().fact("missing", members.clone()),
        Fault::Plain(member, url) => {
            found = found.proven().fact("endpoint", format!("{member} = {url}"));
        }
        Fault::NotJson => {}
    }
    found
}

fn mcp(view: &View<'_>, http: &Http, walk: &mut Walk) -> Judged {
    let status = http.status.unwrap_or_default();
    let document = http.document.as_ref();
    if let Some(version) = document.and_then(|d| d.text("result.protocolVersion")) {
        let part = |name: &str| document.and_then(|d| d.text(name)).unwrap_or_default();
        let server = format!("{} {}", part("result.serverInfo.name"), part("result.serverInfo.version"));
        let server = server.trim();
        walk.fact("mcp_server", server);
        walk.fact("mcp_protocol", version);
        walk.proof.push(format!("{status}, MCP server {server}, protocol {version}"));
        return Some(None);
    }
    let challenge = http.header("www-authenticate");
    if http.outcome == HttpOutcome::Answered && matches!(status, 401 | 403) && challenge.is_some() {
        walk.fact("sign_in", "asked for");
        walk.proof.push(format!("{status}, asks for a sign-in"));
        return Some(sign_in(view, challenge.and_then(resource_metadata), walk));
    }
    let old = inquiries(view).find(|(i, h)| {
        let by = view.context.services.by_id(&i.service);
        i.service != view.target.service.as_deref().unwrap_or_default()
            && by.is_some_and(|s| {
                s.protocol == Some(Protocol::Mcp)
                    && recognise(s, h, &view.target.probed, view.is_customer()).is_some()
            })
    });
    if let Some((_, answer)) = old {
        walk.fact("mcp_transport", "sse");
        walk.fact("status", answer.status);
        walk.proof.push(format!(
            "{status} to a POST, and an event stream to a GET: the older transport, `sse` in the configuration"
        ));
        return Some(None);
    }
    None
}

/// Whether the way to the authorization servers, which the challenge starts, can be gone.
fn sign_in(view: &View<'_>, named: Option<String>, walk: &mut Walk) -> Option<Found> {
    let answers: Vec<(&Inquiry, &Http)> = inquiries(view)
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
        Found::new(Code::OidcDiscovery, format!("asks for a sign-in, and its metadata {url} {what}"))
            .verdict(Verdict::Warning)
            .owner(Owner::Service)
            .fact("status", http.status)
            .fact("what", what)
            .fact("looked_for", url)
            .key(view.target.probed.as_str()),
    )
}

fn bootstrap(view: &View<'_>, http: &Http, walk: &mut Walk) -> Judged {
    if http.outcome != HttpOutcome::Answered || http.status != Some(200) || is_html(http) {
        return None;
    }
    let document = http.document.as_ref()?;
    let what = match document.kind {
        DocumentKind::Object => {
            let count = document.names.len();
            walk.fact("recognised", "bootstrap: a configuration object");
            walk.fact("keys", document.names.clone());
            walk.proof.push(format!("200, a configuration object with {count} keys"));
            return Some(None);
        }
        DocumentKind::Array => "a JSON list",
        DocumentKind::Scalar => "a single JSON value",
        DocumentKind::Empty => "an empty body",
        DocumentKind::Other => "no JSON",
        DocumentKind::TooLong => "a document of more than a megabyte",
    };
    if trust::inspector(view).is_some() {
        return None;
    }
    Some(Some(
        Found::new(
            Code::HttpWrongContent,
            format!("status 200: {what} where the app takes only a JSON object"),
        )
        .fact("status", 200)
        .fact("what", what)
        .key(view.target.probed.as_str()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_as_addresses() {
        assert!(same_address("https://A.example/t/", "https://a.example/t"));
        assert!(same_address("https://a.example:443", "https://a.example/"));
        assert!(!same_address("https://a.example/t", "https://a.example/T"));
        assert!(!same_address("https://a.example", "https://b.example"));
        assert!(!same_address("a.example", "a.example"));
    }
}
