//! The answer: complete, of the real service, and none of the middle's.

use crate::contract::Stage;
use crate::contract::ids::Feature;
use crate::contract::{Confidence, Transport};
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Known, Step, Walk};
use crate::diagnose::experiment::captive_portal::SIGN_IN;
use crate::diagnose::finding::{Code, Owner};
use crate::diagnose::operator::operator;
use crate::diagnose::service::access;
use crate::diagnose::service::download;
use crate::diagnose::service::fingerprint::{is_html, recognise};
use crate::diagnose::service::messages;
use crate::diagnose::service::own;
use crate::diagnose::service::{self, Judged};
use crate::diagnose::stage::in_place;
use crate::diagnose::stage::tls;
use crate::diagnose::stage::trust;
use crate::observation::{Attempt, Http, HttpOutcome, Trust};
use crate::rules::services::AnswerKind;

/// Judges the request that counts: the last that was not given up.
pub(crate) fn judge(view: &View<'_>, walk: &mut Walk) -> Step {
    if view.target.transport() == Transport::Ssh {
        return banner(view, walk);
    }
    let called = view.target.transport().is_grpc() && !view.attempt.http.is_empty();
    if !view.target.transport().has_http() && !called {
        return Step::Continue(());
    }
    let Some(http) = view.attempt.answer() else {
        if was_not_asked(view) {
            if walk.found.is_empty() {
                let line = "neither trust store accepts the certificate, so nothing was asked";
                walk.push(Draft::new(Code::UntestedAddress, line.to_owned()));
            }
            return Step::Break(());
        }
        walk.push(broken(view, Code::HttpTimeout, "no request was answered".to_owned()));
        return Step::Break(());
    };
    walk.timings.set(Stage::Http, http.first_byte_ms.or(Some(http.ms)));
    if let Some(status) = http.status {
        walk.fact("status", status);
    }
    let stands_before = network_sign_in(view, http)
        .or_else(|| refused(view, http))
        .or_else(|| access::judge(view, http))
        .or_else(|| in_place::of_several(view, http));
    let found = match stands_before {
        Some(found) => Some(found),
        None => match service::judge(view, http, walk) {
            Judged::Usual => obstacle(view, http, walk),
            Judged::Healthy => None,
            Judged::Obstacle(found) => Some(found),
        },
    };
    if let Some(found) = found {
        walk.push(found);
        return Step::Break(());
    }
    if let Some(found) = download::judge(view, walk) {
        walk.push(found);
    }
    if walk.answer.is_some()
        && let Some(found) = messages::judge(view, walk)
    {
        walk.push(found);
    }
    Step::Continue(())
}

/// A host that only an answer named is asked nothing over a certificate that neither store accepts.
fn was_not_asked(view: &View<'_>) -> bool {
    let accepted = |t: &Option<Trust>| *t == Some(Trust::Accepted);
    let tls = view.attempt.tls.last();
    view.target.requirement.is_named_by_answer()
        && view.attempt.http.is_empty()
        && tls.is_some_and(|t| !accepted(&t.public_trust) && !accepted(&t.device_trust))
}

/// The status by which a network asks for a sign-in (RFC 6585, 6), which no server sends of itself: it comes from what
/// answered in its place, over plain HTTP or through a connection that something else opened.
fn network_sign_in(view: &View<'_>, http: &Http) -> Option<Draft> {
    let here = view.target.requirement.loopback;
    if here || http.outcome != HttpOutcome::Answered || http.status != Some(SIGN_IN) {
        return None;
    }
    let tls = view.attempt.handshake();
    if tls.is_some_and(|t| t.public_trust == Some(Trust::Accepted)) && trust::opener(view).is_none() {
        return None;
    }
    // A customer's service with an authority of the customer's may have such a box of its own before it.
    if tls.is_some() && view.is_customer() && trust::opener(view).is_none() {
        return None;
    }
    let place = http.header("location").map(in_place::placed);
    let leads = place.as_deref().map(|p| format!(", location {p}")).unwrap_or_default();
    let line = format!("{}{leads}: the network asks for a sign-in", status_words(http));
    let found = Draft::new(Code::HttpCaptivePortal, line).proven().key("portal").fact("status", http.status);
    Some(found.fact("location", place))
}

/// The service, or what stands before it, refuses this address, network or country.
fn refused(view: &View<'_>, http: &Http) -> Option<Draft> {
    let service = view.service.filter(|_| http.outcome == HttpOutcome::Answered)?;
    let answer = recognise(service, http, &view.target.probed, view.is_customer())?;
    let forged = answer.is_open() && trust::inspector(view).is_some();
    if answer.kind != AnswerKind::Policy || forged {
        return None;
    }
    let status = http.status.unwrap_or_default();
    let found = Draft::new(Code::ServicePolicy, format!("{}: {}", status_words(http), answer.name))
        .fact("status", status)
        .fact("service", service.title.as_str())
        .fact("cdn_error", cdn_error(http))
        .key(view.target.probed.as_str());
    // The customer's own service has no cloud account of ours; its owner sets its rules.
    Some(if view.is_customer() { found.owner(Owner::Service) } else { found })
}

fn obstacle(view: &View<'_>, http: &Http, walk: &mut Walk) -> Option<Draft> {
    match &http.outcome {
        HttpOutcome::Answered => answered(view, http, walk),
        HttpOutcome::BodyTimeout => {
            // A stream does not end; its beginning is enough to know the service.
            let known =
                view.service.and_then(|s| recognise(s, http, &view.target.probed, view.is_customer()));
            if known.is_some_and(|a| a.kind == AnswerKind::Ok) {
                return answered(view, http, walk);
            }
            let line =
                format!("{}, then the body stopped after {} bytes", status_words(http), http.body_bytes);
            Some(broken(view, Code::HttpInterrupted, line))
        }
        HttpOutcome::Timeout => {
            Some(broken(view, Code::HttpTimeout, format!("no answer in {:.0} ms", http.ms)))
        }
        HttpOutcome::Reset => {
            let line = "connection reset after the request".to_owned();
            Some(quiet_in_the_tunnel(view, broken(view, Code::HttpInterrupted, line)))
        }
        HttpOutcome::Closed => {
            let line = "connection closed before the answer was complete".to_owned();
            Some(quiet_in_the_tunnel(view, broken(view, Code::HttpInterrupted, line)))
        }
        HttpOutcome::StreamReset { code } => Some(broken(
            view,
            Code::HttpInterrupted,
            format!("the HTTP/2 stream was ended with {code} before the answer was complete"),
        )),
        HttpOutcome::Alert { alert } => tls::late_client_certificate(view, None, &http.outcome)
            .or_else(|| Some(tls::late_alert(view, alert))),
        HttpOutcome::Malformed { error } => {
            let found = broken(view, Code::HttpWrongContent, format!("the answer is not HTTP ({error})"));
            Some(found.fact("what", "something that is not HTTP"))
        }
        HttpOutcome::Abandoned => Some(broken(view, Code::HttpTimeout, "no request was answered".to_owned())),
    }
}

fn answered(view: &View<'_>, http: &Http, walk: &mut Walk) -> Option<Draft> {
    let status = http.status.unwrap_or_default();
    let service = view.service;
    if let Some((service, answer)) = service
        .and_then(|s| recognise(s, http, &view.target.probed, view.is_customer()).map(|answer| (s, answer)))
    {
        match answer.kind {
            AnswerKind::Ok => {
                if answer.is_open()
                    && let Some(found) = unproven(view, http)
                {
                    return Some(found);
                }
                walk.answer = Some(Known::Expected(format!("{}: {}", service.id, answer.name)));
                walk.proof.push(format!("{status}, {}", answer.name));
                return None;
            }
            AnswerKind::Challenge => {
                walk.answer = Some(Known::Challenge(answer.name.to_string()));
                walk.proof.push(format!("{status}, {}", answer.name));
                return None;
            }
            AnswerKind::RateLimited => return Some(rate_limited(view, http).proven()),
            // Told before; an answer that any box could give is not the service's through one.
            AnswerKind::Policy => {}
        }
    }
    if let Some(found) = tls::late_client_certificate(view, Some(status), &http.outcome) {
        return Some(found);
    }
    if let Some(found) = in_place::judge(view, http) {
        return Some(found);
    }
    if status == 429 {
        return Some(rate_limited(view, http));
    }
    if status >= 500 {
        return Some(server_error(view, http));
    }
    let Some(service) = service else {
        if let Some(found) = unproven(view, http) {
            return Some(found);
        }
        walk.proof.push(format!("{status}; no fingerprint is known"));
        return None;
    };
    if (300..400).contains(&status) && status != 304 && !service.follows_redirects {
        // The query of a redirect may hold tokens, and the place is known without it.
        let location = http.header("location").and_then(|l| l.split(['?', '#']).next());
        let location = location.unwrap_or("an unnamed place");
        let found = Draft::new(Code::HttpRedirect, format!("{}, location {location}", status_words(http)));
        return Some(
            found.fact("status", status).fact("location", location).key(view.target.probed.as_str()),
        );
    }
    if let Some(decided) = messages::instead(view, http, walk) {
        return decided;
    }
    let inspector = trust::inspector(view);
    if service.json && is_html(http) {
        // Where the certificate proves the provider, its own error page is the likelier reading,
        // and an error page of the customer's service is one answer that a service may give.
        if view.is_customer() && (200..300).contains(&status) || inspector.is_some() {
            // A page that refuses, in place of an API and through an inspector, is the inspector's refusal.
            let refuses = inspector.is_some() && matches!(status, 403 | 407 | 451);
            let code = if refuses { Code::HttpBlockPage } else { Code::HttpWrongContent };
            let mut found = Draft::new(code, format!("{}: an HTML page", status_words(http)))
                .fact("status", status)
                .fact("what", "an HTML page")
                .fact("title", title(&http.body));
            found.key = view.target.probed.clone();
            if let Some(issuer) = inspector {
                found = found.owner(Owner::TlsInspection).fact("issuer", issuer).key(issuer);
            }
            return Some(found);
        }
    }
    // Several shapes may go by one name.
    let mut expected: Vec<&str> = Vec::new();
    for answer in
        service.answers.iter().filter(|a| a.kind == AnswerKind::Ok && (view.is_customer() || !a.customer))
    {
        if !expected.contains(&answer.name.as_str()) {
            expected.push(&answer.name);
        }
    }
    let cdn = cdn_error(http).map(|code| format!(", error {code} of the CDN")).unwrap_or_default();
    let place = http.header("location").filter(|_| (300..400).contains(&status)).map(in_place::placed);
    let leads = place.map(|place| format!(", location {place}")).unwrap_or_default();
    let own = own::remark(view, http);
    let line = format!("{}{cdn}{leads}; expected: {}{own}", status_words(http), expected.join(", or "));
    let mut found = unrecognised(view, http, line).fact("service", service.title.as_str());
    // The gateway answers, and has nothing where the configuration leads.
    let asked = view.target.request.as_ref().map(|r| format!("{} {}", r.method, r.path));
    let inference = view.target.requirement.reasons.iter().any(|r| r.feature == Feature::INFERENCE);
    if let Some(asked) = asked.filter(|_| status == 404 && !is_html(http) && view.is_customer() && inference)
    {
        let why = messages::doubled(view).map(|why| format!("; {why}")).unwrap_or_default();
        found.line = format!("{asked}: {}{why}", found.line);
        let key = view.target.requirement.hints.name_key.clone();
        found = found.owner(Owner::Configuration).fact("path", asked).fact("key", key);
    }
    if service.confidence == Confidence::Inferred {
        found = found.fact("fingerprint", "inferred, not confirmed by the vendor");
    }
    Some(found.leading())
}

fn unrecognised(view: &View<'_>, http: &Http, line: String) -> Draft {
    let found = Draft::new(Code::HttpUnrecognised, line)
        .fact("status", http.status)
        .fact("title", title(&http.body))
        .fact("cdn_error", cdn_error(http))
        .key(view.target.probed.as_str());
    match trust::inspector(view) {
        Some(issuer) => found.owner(Owner::TlsInspection).fact("issuer", issuer).key(issuer),
        None => found,
    }
}

/// Why an answer that any server could give proves nothing: it came through a connection that
/// something else opened, or it is a page of the kind that filters show.
fn unproven(view: &View<'_>, http: &Http) -> Option<Draft> {
    if let Some(issuer) = trust::inspector(view) {
        let line = format!("{} through {issuer}, and no answer of its own is known", status_words(http));
        return Some(unrecognised(view, http, line).fact("service", "the host"));
    }
    let line = format!("{}, a page titled {:?}", status_words(http), title(&http.body));
    has_block_title(view, http).then(|| unrecognised(view, http, line).fact("service", "the host"))
}

/// Whether the answer is an HTML page with a title of the kind that filters give theirs.
fn has_block_title(view: &View<'_>, http: &Http) -> bool {
    let lower = crate::text::answer::plain(&title(&http.body));
    is_html(http) && view.context.services.block_titles().iter().any(|words| lower.contains(words.as_str()))
}

/// The number by which a CDN says why it refuses.
fn cdn_error(http: &Http) -> Option<u16> {
    http.header("cf-ray")?;
    crate::text::answer::cdn_error(&http.body)
}

fn rate_limited(view: &View<'_>, http: &Http) -> Draft {
    let after = http.header("retry-after").map(|s| format!(", retry after {s}")).unwrap_or_default();
    Draft::new(Code::HttpRateLimited, format!("status {}{after}", http.status.unwrap_or_default()))
        .fact("status", http.status)
        .key(operator(view.target, view.context.services))
}

fn server_error(view: &View<'_>, http: &Http) -> Draft {
    let found = Draft::new(Code::HttpServerError, status_words(http))
        .fact("status", http.status)
        .fact("service", view.service.map_or("", |s| s.title.as_str()))
        .key(operator(view.target, view.context.services));
    match trust::inspector(view) {
        Some(issuer) => found.owner(Owner::TlsInspection).fact("issuer", issuer).key(issuer),
        None => found,
    }
}

/// An exchange that broke, not an answer that is wrong.
fn broken(view: &View<'_>, code: Code, line: String) -> Draft {
    let (owner, key) = match trust::inspector(view) {
        Some(issuer) => (Owner::TlsInspection, issuer.to_owned()),
        None => (view.path_owner(), view.path_key()),
    };
    // What only reads, and what sends, are two things to a filter.
    let sent = view.target.request.as_ref().filter(|r| r.method == "POST");
    let line = sent.map_or_else(|| line.clone(), |r| format!("{} {}: {line}", r.method, r.path));
    let found = Draft::new(code, line).owner(owner).key(key);
    match view.proxy() {
        Some(proxy) => found.fact("proxy", proxy),
        None => found,
    }
}

/// The least silence after which the end of a connection is taken for a limit of time, milliseconds.
const QUIET: f64 = 800.0;

/// A tunnel that ends after the same silence on every try, without a byte. A limit for quiet tunnels looks so, and a
/// service that gives up after a time of its own, too: only where the same proxy's tunnel to a host of another operator
/// ended after the same silence is it the proxy's.
fn quiet_in_the_tunnel(view: &View<'_>, found: Draft) -> Draft {
    let Some(proxy) = view.proxy().filter(|_| found.owner == Some(Owner::Service)) else { return found };
    let silence = |attempt: &Attempt| {
        let http = attempt.http.last()?;
        let ended = matches!(http.outcome, HttpOutcome::Closed | HttpOutcome::Reset);
        (ended && http.status.is_none() && http.ms >= QUIET).then_some(http.ms)
    };
    let observations = view.context.observations;
    let tries: Option<Vec<f64>> =
        observations.tries(view.target.id, view.attempt.path).map(silence).collect();
    let Some(times) = tries.filter(|times| times.len() > 1) else { return found };
    let least = times.iter().copied().fold(f64::MAX, f64::min);
    let is_same = |ms: f64| (ms - least).abs() <= least / 10.0;
    if !times.iter().all(|ms| is_same(*ms)) {
        return found;
    }
    let services = view.context.services;
    let mine = operator(view.target, services);
    let another = observations
        .plain()
        .filter(|a| a.route == view.path.route && silence(a).is_some_and(is_same))
        .filter_map(|a| view.context.plan.target(a.target))
        .find(|t| t.id != view.target.id && operator(t, services) != mine);
    let mut found = found;
    let tries = times.len();
    found.line.push_str(&format!(", after {least:.0} ms without a byte on each of {tries} tries"));
    match another {
        Some(other) => {
            found.line.push_str(&format!("; the tunnel to {} ended after the same silence", other.probed));
            found.owner(Owner::Proxy).key(proxy)
        }
        None => {
            found.line.push_str(&format!("; a limit of {proxy} for quiet tunnels would look the same"));
            found
        }
    }
}

/// Status, server and kind of an answer in words.
pub(crate) fn status_words(http: &Http) -> String {
    let server = http.header("server").map(|s| format!(" from server {s}")).unwrap_or_default();
    let kind = http.header("content-type").map(|t| format!(", {t}")).unwrap_or_default();
    format!("status {}{server}{kind}", http.status.unwrap_or_default())
}

/// The title of an HTML page, for the reader who must recognise it.
pub(crate) fn title(body: &str) -> String {
    let lower = body.to_ascii_lowercase();
    let start = lower.find("<title").and_then(|at| lower.get(at..)?.find('>').map(|end| at + end + 1));
    let Some(start) = start else { return String::new() };
    let end = lower.get(start..).and_then(|rest| rest.find('<')).map_or(body.len(), |n| start + n);
    body.get(start..end).unwrap_or_default().trim().chars().take(80).collect()
}

/// An SSH server speaks first.
fn banner(view: &View<'_>, walk: &mut Walk) -> Step {
    match &view.attempt.banner {
        Some(banner) if banner.text.starts_with("SSH-") => {
            walk.timings.set(Stage::Http, banner.ms);
            walk.proof.push(banner.text.clone());
            Step::Continue(())
        }
        Some(banner) => {
            let line = format!("the first bytes are no SSH: {:?}", banner.text);
            walk.push(
                Draft::new(Code::HttpUnrecognised, line)
                    .fact("service", "an SSH server")
                    .key(view.target.probed.as_str()),
            );
            Step::Break(())
        }
        None => {
            let line = "connected, and the SSH server said nothing".to_owned();
            walk.push(broken(view, Code::HttpTimeout, line));
            Step::Break(())
        }
    }
}
