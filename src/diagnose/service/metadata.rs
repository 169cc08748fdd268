//! Sign-in metadata (OpenID Connect Discovery, RFC 8414): whether it is there, whole, and that of
//! the issuer that is configured.

use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Known, Walk};
use crate::diagnose::finding::{Code, Owner};
use crate::diagnose::service::fingerprint::is_html;
use crate::diagnose::service::follow_up::origin;
use crate::diagnose::service::{Judged, follow_ups};
use crate::diagnose::stage::trust;
use crate::observation::{Document, DocumentKind, Http, HttpOutcome};
use crate::rules::services::{Protocol, Service};

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

/// Judges the metadata of a sign-in provider, in the places where it may be.
pub(crate) fn judge(view: &View<'_>, service: &Service, http: &Http, walk: &mut Walk) -> Judged {
    let base = view.target.requirement.hints.base_path.as_str();
    let mut fault = match usable(view, service, base, http) {
        Some(Ok(document)) => return healthy(service, http, document, "", walk),
        Some(Err(fault)) => Some(fault),
        None => None,
    };
    for (follow_up, answer) in follow_ups(view).filter(|(i, _)| i.base_path == base) {
        let by = view.context.services.by_id(&follow_up.service);
        let Some(other) = by.filter(|s| s.protocol == Some(Protocol::Metadata)) else { continue };
        match usable(view, other, base, answer) {
            Some(Ok(document)) => {
                return healthy(other, answer, document, &format!(" at {}", follow_up.request.path), walk);
            }
            // A document that is wrong says more than one that is absent.
            Some(Err(found)) if !matches!(found, Fault::Absent(_)) => fault = Some(found),
            _ => {}
        }
    }
    let Some(fault) = fault else { return Judged::Usual };
    // Through a connection that something else opened the answer is not the issuer's.
    if trust::inspector(view).is_some() {
        return Judged::Usual;
    }
    Judged::Obstacle(unusable(view, &fault))
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
        service.required.iter().filter(|m| document.text(m).is_none()).map(String::from).collect();
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
    walk.answer = Some(Known::Expected(format!("{}: sign-in metadata", service.id)));
    walk.fact("issuer_named", issuer);
    walk.proof.push(format!("{}{place}, sign-in metadata of {issuer}", http.status.unwrap_or_default()));
    Judged::Healthy
}

fn unusable(view: &View<'_>, fault: &Fault) -> Draft {
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
    let mut found = Draft::new(Code::OidcDiscovery, line)
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
