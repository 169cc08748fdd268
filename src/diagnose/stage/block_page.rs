//! A filter's page in the service's place: recognised by its own signs, and only where the
//! certificate does not prove the service, through which no filter can answer.

use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::finding::{Certainty, Code, Owner};
use crate::diagnose::service::fingerprint::{recognise, signs};
use crate::observation::{Http, HttpOutcome, Trust};

/// Puts `http/block-page` before what the ladder found, where the answer is a filter's page. A name
/// that the resolver leads to the filter is the DNS team's to fix first.
pub(crate) fn judge(view: &View<'_>, walk: &mut Walk) {
    if walk.found.iter().any(|f| f.code == Code::DnsSinkhole) {
        return;
    }
    if let Some(found) = page(view) {
        walk.found.retain(|f| {
            !matches!(
                f.code,
                Code::HttpUnrecognised
                    | Code::HttpWrongContent
                    | Code::HttpRedirect
                    | Code::HttpServerError
                    | Code::HttpBlockPage
            )
        });
        walk.found.insert(0, found);
    }
}

fn page(view: &View<'_>) -> Option<Draft> {
    let http = view.attempt.answer().filter(|h| h.outcome == HttpOutcome::Answered)?;
    // No filter of the network stands between this device and itself.
    if view.target.requirement.loopback {
        return None;
    }
    let tls = view.attempt.handshake();
    if view.target.transport().has_tls() && !tls.is_some_and(|t| could_be_forged(t.public_trust.as_ref())) {
        return None;
    }
    if let Some(service) = view.service
        && let Some(answer) = recognise(service, http, &view.target.probed, view.is_customer())
        && !answer.is_open()
    {
        return None;
    }
    let filters = view.context.services.filters();
    let location = http.header("location").and_then(host_of).filter(|h| *h != view.target.probed);
    // An access product before the customer's service is its own affair.
    if crate::diagnose::service::access::judge(view, http).is_some() {
        return None;
    }
    let signs = signs(http, location.as_deref());
    let html = signs.page;
    let product = filters.page_of(&signs);
    let speaks = html.is_some_and(|p| filters.speaks_of_blocking(p));
    let boxes = &view.context.run.boxes;
    let same = || boxes.of_answer(view.attempt, view.target, view.context.services).is_some();
    let led_away = location.as_deref().is_some_and(|to| leads_away(view, http, to) || same());
    if product.is_none() && !speaks && !led_away {
        return None;
    }
    let line = format!(
        "{}{}",
        crate::diagnose::stage::http::status_words(http),
        shown(http, location.as_deref(), html)
    );
    let mut found = Draft::new(Code::HttpBlockPage, line)
        .fact("status", http.status)
        .fact("filter", product)
        .fact("location", location)
        .key(product.unwrap_or_default());
    if view.proxy().is_some() {
        found = found.owner(Owner::Proxy).fact("proxy", view.proxy());
    }
    // On the customer's own host such a page may be the service's own gateway's.
    if product.is_some() && view.must_be_public() {
        found.certainty = Certainty::Proven;
    }
    Some(found)
}

/// Whether an answer in place of the vendor's service leads to a host of somebody who has nothing to
/// do with it, the customer's own among them: there the page of a filter of one's own would stand.
fn leads_away(view: &View<'_>, http: &Http, to: &str) -> bool {
    let known = |name: &str| {
        let same = |host: &str| site(host) == site(name);
        same(&view.target.probed)
            || view.context.services.for_host(name).is_some()
            || view
                .context
                .plan
                .targets
                .iter()
                .filter(|t| !t.requirement.hints.customer)
                .any(|t| same(&t.probed))
    };
    matches!(http.status, Some(301 | 302 | 303 | 307 | 308)) && view.must_be_public() && !known(to)
}

/// The last two labels of a name.
pub(crate) fn site(name: &str) -> Vec<&str> {
    name.rsplit('.').take(2).collect()
}

/// Whether something in the middle could have answered: the public roots do not accept the chain.
fn could_be_forged(public: Option<&Trust>) -> bool {
    !matches!(public, None | Some(Trust::Accepted | Trust::Unavailable { .. }))
}

fn shown(http: &Http, location: Option<&str>, page: Option<&str>) -> String {
    let title = page.map(|_| crate::diagnose::stage::http::title(&http.body)).unwrap_or_default();
    match (location, title.as_str()) {
        (Some(location), _) => format!(", redirected to {location}"),
        (None, "") => String::new(),
        (None, title) => format!(", a page titled {title:?}"),
    }
}

/// The host in an absolute address.
pub(crate) fn host_of(location: &str) -> Option<String> {
    let (_, rest) = location.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}
