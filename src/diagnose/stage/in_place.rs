//! An answer in the service's place: not one of its own, through a connection that something else
//! opened. It is that box's own until shown otherwise, in whatever form it comes.

use crate::contract::Confidence;
use crate::diagnose::context::View;
use crate::diagnose::evidence::Draft;
use crate::diagnose::finding::{Code, Owner};
use crate::diagnose::one_box::is_told;
use crate::diagnose::operator::operator;
use crate::diagnose::service::fingerprint::is_html;
use crate::diagnose::service::own;
use crate::diagnose::stage::block_page::{host_of, site};
use crate::diagnose::stage::http::{status_words, title};
use crate::diagnose::stage::trust;
use crate::observation::Http;
use crate::rules::services::Service;

/// Judges an answer that hosts of several operators gave word for word, before it is read as this service's own.
pub(crate) fn of_several(view: &View<'_>, http: &Http) -> Option<Draft> {
    view.context.run.boxes.of_answer(view.attempt, view.target, view.context.services)?;
    judge(view, http)
}

/// Judges an answer that is none of the service's.
pub(crate) fn judge(view: &View<'_>, http: &Http) -> Option<Draft> {
    let issuer = trust::opener(view)?;
    let services = view.context.services;
    let same = view.context.run.boxes.of_answer(view.attempt, view.target, services);
    let status = http.status.unwrap_or_default();
    if same.is_none() {
        // The customer's service may refuse in its own words; a refusing page in place of an API is another's.
        let paged = is_html(http) && matches!(status, 403 | 407 | 451) && view.is_customer();
        let of_an_api = |s: &&Service| paged && s.json && s.confidence != Confidence::Inferred;
        let told = |s: &&Service| view.must_be_public() && is_told(s, false);
        // One that says why, in another form than the service's, is another's too.
        let says = matches!(status, 403 | 407 | 451)
            && view.is_customer()
            && services.filters().speaks_of_blocking(&http.body)
            && own::sign(view, http).is_none();
        let of_words = |s: &&Service| says && s.json && s.confidence != Confidence::Inferred;
        let service = view.service.filter(|s| told(s) || of_an_api(s) || of_words(s))?;
        // A header of the service's own, or a place of its own, is no box's doing.
        let named = |name: &str| http.header_names.iter().any(|n| n.eq_ignore_ascii_case(name));
        let own = !is_html(http) && service.marks.iter().any(|m| named(m) || http.header(m).is_some());
        let stays = stays(view, http) && !leads_to_block(http);
        if own || stays || status == 429 || status >= 500 {
            return None;
        }
    }
    let what = kind(http);
    let speaks = services.filters().speaks_of_blocking(&http.body);
    let refuses = status >= 400 || speaks || leads_to_block(http);
    let mut line = format!("{}: {what}", status_words(http));
    line.push_str(&format!(", through a connection that {issuer} opened"));
    if let Some(hosts) = same.filter(|n| *n > 1) {
        line.push_str(&format!("; {hosts} hosts of several operators were answered so"));
    }
    let code = if refuses { Code::HttpBlockPage } else { Code::HttpWrongContent };
    let location = http.header("location").map(placed);
    Some(
        Draft::new(code, line)
            .owner(Owner::TlsInspection)
            .fact("status", http.status)
            .fact("what", format!("{what} (status {status})"))
            .fact("title", title(&http.body))
            .fact("content_type", http.header("content-type"))
            .fact("location", location)
            .fact("issuer", issuer)
            .fact("product", trust::product_of(view))
            .fact("same_answer", same)
            .key(issuer),
    )
}

/// What came, for a sentence.
fn kind(http: &Http) -> String {
    let title = title(&http.body);
    if let Some(location) = http.header("location").filter(|_| matches!(http.status, Some(300..=399))) {
        return format!("a redirect to {}", placed(location));
    }
    if is_html(http) {
        return if title.is_empty() {
            "an HTML page".into()
        } else {
            format!("an HTML page titled {title:?}")
        };
    }
    let media =
        http.header("content-type").map(|t| t.split(';').next().unwrap_or(t).trim()).unwrap_or_default();
    match (http.body.trim().is_empty(), media) {
        (true, _) => "an empty answer".into(),
        (false, "") => "an answer without a media type".into(),
        (false, media) => format!("an answer of type {media}"),
    }
}

/// The place of a redirect as it may be shown: without query, fragment and user.
pub(crate) fn placed(location: &str) -> String {
    let place = location.split(['?', '#']).next().unwrap_or_default();
    match place.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => place.to_owned(),
    }
}

/// Whole words of a path that is named after blocking. (Of a foreign host parts of words say enough, see
/// `captive_portal::BLOCKS`; a service's own pages are also called "building-blocks".)
const BLOCK_PAGES: [&str; 7] =
    ["block", "blocked", "blockpage", "blocking", "deny", "denied", "accessdenied"];

/// A redirect to a place that is named after blocking, on whatever host.
fn leads_to_block(http: &Http) -> bool {
    let place = http.header("location").filter(|_| matches!(http.status, Some(300..=399)));
    let place = place.map(|p| placed(p).to_ascii_lowercase()).unwrap_or_default();
    let path = place.split_once("://").map_or(place.as_str(), |(_, rest)| rest);
    let path = path.split_once('/').map_or("", |(_, path)| path);
    path.split(|c: char| !c.is_alphanumeric()).any(|word| BLOCK_PAGES.contains(&word))
}

/// A redirect to another place of the same operator.
pub(crate) fn stays(view: &View<'_>, http: &Http) -> bool {
    let Some(location) = http.header("location").filter(|_| matches!(http.status, Some(300..=399))) else {
        return false;
    };
    let Some(host) = host_of(location) else { return location.starts_with('/') };
    let services = view.context.services;
    let theirs = services.for_host(&host).map(|m| m.service.operator.clone()).filter(|o| !o.is_empty());
    site(&host) == site(&view.target.probed) || theirs.is_some_and(|o| o == operator(view.target, services))
}
