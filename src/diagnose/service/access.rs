//! What stands before a customer's service and asks for a sign-in in a browser: the API behind it is
//! not reached, and neither the app nor its engine can sign in there.

use crate::diagnose::context::View;
use crate::diagnose::evidence::Draft;
use crate::diagnose::experiment::captive_portal::{BLOCKS, SIGN_IN};
use crate::diagnose::finding::{Code, Owner};
use crate::diagnose::service::fingerprint::{is_html, recognise, signs};
use crate::diagnose::stage::block_page::host_of;
use crate::diagnose::stage::http::{status_words, title};
use crate::diagnose::stage::in_place::placed;
use crate::observation::{Http, HttpOutcome};
use crate::rules::services::AnswerKind;

/// Judges an answer of a customer's gateway, MCP server, collector or bootstrap server.
pub(crate) fn judge(view: &View<'_>, http: &Http) -> Option<Draft> {
    let service = view.service.filter(|s| s.refusals && (s.json || s.protocol.is_some()))?;
    if !view.is_customer() || http.outcome != HttpOutcome::Answered {
        return None;
    }
    // What hosts of several operators are answered stands before none of them alone.
    let context = view.context;
    if context.run.boxes.of_answer(view.attempt, view.target, context.services).is_some() {
        return None;
    }
    let known = recognise(service, http, &view.target.probed, true);
    if known.is_some_and(|a| matches!(a.kind, AnswerKind::Challenge | AnswerKind::Policy)) {
        return None;
    }
    let (code, product) = sign_in(view, http)?;
    let status = http.status.unwrap_or_default();
    let place = http.header("location").map(placed).unwrap_or_default();
    let who = product.unwrap_or("something in front of it");
    let (shown, what) = if code == Code::HttpRedirect {
        (format!("location {place}"), format!("a redirect to {place}"))
    } else if is_html(http) {
        let page = format!("a sign-in page titled {:?}", title(&http.body));
        (page.clone(), page)
    } else {
        ("the refusal of an access product".to_owned(), format!("the refusal of {who}"))
    };
    let line =
        format!("{}, {shown}: {who} asks for a sign-in in a browser before the API", status_words(http));
    // What sends several services to one place for a sign-in is one thing to set up.
    let key = if place.is_empty() { view.target.probed.clone() } else { place.clone() };
    Some(
        Draft::new(code, line)
            .owner(Owner::Service)
            .fact("status", status)
            .fact("location", place)
            .fact("what", what)
            .fact("access", product)
            .key(key),
    )
}

/// The code, and the product if it shows itself.
fn sign_in<'a>(view: &View<'a>, http: &Http) -> Option<(Code, Option<&'a str>)> {
    let filters = view.context.services.filters();
    let host = http.header("location").and_then(host_of);
    let signs = signs(http, host.as_deref());
    let product = filters.access_of(&signs);
    let status = http.status.unwrap_or_default();
    if let (300..=399, Some(place)) = (status, http.header("location")) {
        let away = host.as_deref().is_some_and(|h| h != view.target.probed);
        let named = away && host.as_deref().is_some_and(|h| filters.is_sign_in_host(h));
        // A page of a filter, or a page of the service's own, may take what it was asked for along.
        let blocks = || BLOCKS.iter().any(|word| place.to_ascii_lowercase().contains(word));
        // What moved for good says so or keeps its path; who is led from an API to the front page of another host for
        // now is to sign in there. A filter's or a portal's place is an address, or has no certificate.
        let for_now = matches!(http.status, Some(302 | 303 | 307)) && place.starts_with("https://");
        let is_literal = |h: &str| h.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        let fronted = away
            && for_now
            && host.as_deref().is_some_and(|h| !is_literal(h))
            && is_front(place)
            && view.target.request.as_ref().is_some_and(|r| !is_front(&r.path));
        let by_query = away && filters.asks_by_query(place) && !blocks();
        let sign_in = named || filters.is_sign_in_place(place) || by_query || fronted && !blocks();
        return (product.is_some() && away || sign_in).then_some((Code::HttpRedirect, product));
    }
    let refusing = filters.refusing(&http.header_names, http.header("www-authenticate"));
    if status >= 400 && refusing.is_some() || status == SIGN_IN {
        return Some((Code::HttpWrongContent, refusing));
    }
    signs.page.filter(|page| filters.is_sign_in_page(page)).map(|_| (Code::HttpWrongContent, product))
}

/// Whether a place is the front page of its host.
fn is_front(place: &str) -> bool {
    let place = placed(place);
    let path = place
        .split_once("://")
        .map_or(place.as_str(), |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    path.is_empty() || path == "/"
}
