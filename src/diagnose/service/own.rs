//! Whether a refusal that came through inspection is the own one of a service of the customer's: a gateway refuses
//! in words that filters use too. Its headers, the form of its errors and its other answers tell the two apart.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::diagnose::context::View;
use crate::diagnose::operator::operator;
use crate::diagnose::service::fingerprint::{all_hold, is_html, json_body, recognise};
use crate::diagnose::service::follow_ups;
use crate::diagnose::stage::trust;
use crate::observation::{Http, HttpOutcome};
use crate::rules::Word;

/// By what a refusal (4xx, not a page) is known as the service's own; None where a box may have written it.
pub(crate) fn sign(view: &View<'_>, http: &Http) -> Option<String> {
    let refuses = http.outcome == HttpOutcome::Answered && matches!(http.status, Some(400..=499));
    if !view.is_customer() || !refuses || is_html(http) {
        return None;
    }
    if let Some(sign) = header(view, http) {
        return Some(sign);
    }
    let body = json_body(http)?;
    let form = form(&body);
    // Of this host's other refusals, those that no box writes: they say whose credential is missing.
    let mut others = recognised(view, http).filter_map(|other| Some((other, json_body(other)?))).peekable();
    if others.peek().is_some() {
        return others
            .any(|(other, body)| self::form(&body) == form && same_server(other, http))
            .then(|| "the form of its other answers".to_owned());
    }
    let forms = &view.context.services.own().forms;
    let known = forms.iter().any(|checks| all_hold(checks, &body));
    known.then(|| "a form of errors that only gateways have".to_owned())
}

/// What the evidence says of a refusal that is the service's own, where inspection opened the connection; else nothing.
pub(crate) fn remark(view: &View<'_>, http: &Http) -> String {
    let sign = trust::opener(view).and_then(|_| sign(view, http));
    sign.map(|sign| format!("; the service's own answer by {sign}")).unwrap_or_default()
}

/// A header of the service's own, which no host of another operator shows through inspection.
fn header(view: &View<'_>, http: &Http) -> Option<String> {
    let own = view.context.services.own();
    let begins = |list: &[Word], text: &str| list.iter().any(|l| text.starts_with(l.as_str()));
    let named = http.header_names.iter().map(|n| n.to_ascii_lowercase());
    let by_name = named.filter(|n| begins(&own.header, n)).find(|n| !shown_elsewhere(view, n, None));
    if let Some(name) = by_name {
        return Some(format!("its header {name}"));
    }
    let value = |name: &str| http.header(name).unwrap_or_default().to_ascii_lowercase();
    let (server, via) = (value("server"), value("via"));
    let known = [
        ("server", begins(&own.server, &server), server),
        ("via", own.via.iter().any(|part| via.contains(part.as_str())), via),
    ];
    known
        .into_iter()
        .find(|(name, fits, value)| *fits && !shown_elsewhere(view, name, Some(value)))
        .map(|(name, _, value)| format!("its header {name}: {value}"))
}

/// A host of another operator shows the header too: the box between may have written it.
fn shown_elsewhere(view: &View<'_>, name: &str, value: Option<&str>) -> bool {
    let services = view.context.services;
    let mine = operator(view.target, services);
    view.context.observations.plain().any(|attempt| {
        let other = view.context.plan.target(attempt.target);
        let other = other.is_some_and(|t| t.id != view.target.id && operator(t, services) != mine);
        let shows = |http: &Http| match value {
            Some(value) => http.header(name).is_some_and(|v| v.eq_ignore_ascii_case(value)),
            None => http.header_names.iter().any(|n| n.eq_ignore_ascii_case(name)),
        };
        other && attempt.answer().is_some_and(shows)
    })
}

/// The other answers of this host that are known as the service's own refusals.
fn recognised<'a>(view: &'a View<'_>, http: &'a Http) -> impl Iterator<Item = &'a Http> {
    let services = view.context.services;
    let first = view.attempt.answer().zip(view.service);
    let further = follow_ups(view).filter_map(|(f, answer)| Some((answer, services.by_id(&f.service)?)));
    first.into_iter().chain(further).filter_map(move |(answer, service)| {
        let refuses = matches!(answer.status, Some(400..=499)) && !std::ptr::eq(answer, http);
        let known = recognise(service, answer, &view.target.probed, true).is_some_and(|a| !a.is_open());
        (refuses && known && !is_html(answer)).then_some(answer)
    })
}

fn same_server(one: &Http, other: &Http) -> bool {
    one.header("server") == other.header("server")
}

/// The names of the members of an error, those of its own object among them.
fn form(body: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (name, value) in body.as_object().into_iter().flatten() {
        names.insert(name.clone());
        names.extend(value.as_object().into_iter().flatten().map(|(inner, _)| format!("{name}.{inner}")));
    }
    names
}
