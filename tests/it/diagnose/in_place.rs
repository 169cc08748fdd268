//! Answers in the service's place, and one box that answers for many: each beside a healthy twin.

use clearway::diagnose::{Certainty, Code, HostJudgement, Owner, RunVerdict, Verdict};
use clearway::observation::*;
use clearway::plan::Target;

use crate::diagnose::scene::*;

const JSON: (&str, &str) = ("content-type", "application/json");
const HTML: (&str, &str) = ("content-type", "text/html");
const TEXT: (&str, &str) = ("content-type", "text/plain");

/// A host of the vendor's with its fingerprint.
pub fn known(id: u32, name: &str, service: &str) -> Target {
    let mut target = world(id, name);
    target.service = Some(service.into());
    target
}

pub fn api(id: u32) -> Target {
    known(id, "api.anthropic.com", "anthropic-api")
}

fn downloads(id: u32) -> Target {
    known(id, "downloads.claude.ai", "downloads")
}

/// Through an inspector that the device trusts.
pub fn opened(target: &Target, http: Http) -> Attempt {
    let leaf = leaf_by(&target.probed, INSPECTOR);
    edit(chain(target, leaf, false, Trust::Accepted, Trust::UnknownIssuer), |a| a.http = vec![http])
}

fn line(host: &HostJudgement) -> &str {
    &host.finding.evidence.line
}

#[test]
fn a_refusal_in_any_form_through_an_inspector_is_the_boxs_own() {
    let page = |title: &str, body: &str| format!("<html><title>{title}</title><body>{body}</body></html>");
    let block = Code::HttpBlockPage;
    let wrong = Code::HttpWrongContent;
    for (about, http, code) in [
        ("JSON", answer(403, &[JSON], r#"{"result":"denied","reason":"corporate AI rules"}"#), block),
        ("text", answer(403, &[TEXT], "Forbidden"), block),
        ("another language", answer(403, &[HTML], &page("Hinweis", "Nicht erlaubt.")), block),
        ("an empty body", answer(403, &[], ""), block),
        ("407 is no answer of a service", answer(407, &[TEXT], "no"), block),
        ("not found", answer(404, &[TEXT], "no such thing"), block),
        ("words with 200", answer(200, &[HTML], &page("Info", "This address has been blocked.")), block),
        ("a coaching page", answer(200, &[HTML], &page("Please confirm", "Continue")), wrong),
        ("an empty 200", answer(200, &[], ""), wrong),
        ("JSON with 200", answer(200, &[JSON], r#"{"ok":true}"#), wrong),
        // An identity provider's sign-in, known as a service of its own.
        (
            "a sign-in",
            answer(302, &[("location", "https://login.microsoftonline.com/x/saml2?a=b")], ""),
            wrong,
        ),
    ] {
        for target in [api(1), downloads(1), known(1, "claude.ai", "cloudflare-trace")] {
            let run = run(std::slice::from_ref(&target), vec![opened(&target, http.clone())]);
            let host = &run.hosts[0];
            assert_eq!(
                (host.finding.code, host.verdict),
                (code, Verdict::Blocked),
                "{about} {}",
                target.probed
            );
            assert_eq!(run.verdict, RunVerdict::Blocked, "{about}");
            assert!(matches!(host.finding.owner, Owner::TlsInspection | Owner::Firewall), "{about}");
            assert_eq!(host.finding.confidence, Certainty::Likely, "{about}");
            assert!(host.also.iter().any(|f| f.code == Code::TlsIntercepted), "{about}");
            let status = format!("status {}", http.status.unwrap());
            assert!(line(host).contains(&status), "{about}: {}", line(host));
            assert!(!line(host).contains("a=b"), "{about}: {}", line(host));
        }
    }
}

#[test]
fn the_services_own_answers_through_an_inspector_are_inspected_and_no_more() {
    let own = [
        (
            api(1),
            answer(
                401,
                &[JSON, ("request-id", "r")],
                r#"{"type":"error","error":{"type":"authentication_error"}}"#,
            ),
        ),
        (
            api(1),
            answer(403, &[HTML, ("cf-mitigated", "challenge")], "<html><title>Just a moment...</title>"),
        ),
        (downloads(1), answer(200, &[TEXT], "2.1.289\n")),
    ];
    for (target, http) in own {
        let host = one(&target, opened(&target, http));
        assert_eq!(
            (host.finding.code, host.verdict),
            (Code::TlsIntercepted, Verdict::Warning),
            "{}",
            line(&host)
        );
    }
    // Another of its answers: its own header shows it, and it is not called known.
    let odd =
        answer(404, &[JSON, ("request-id", "r")], r#"{"type":"error","error":{"type":"not_found_error"}}"#);
    let host = one(&api(1), opened(&api(1), odd));
    assert_eq!((host.finding.code, host.verdict), (Code::HttpUnrecognised, Verdict::Warning));
    assert!(host.also.iter().any(|f| f.code == Code::TlsIntercepted));
    // Without an inspector a strange page is the vendor's own to explain.
    let host = one(&api(1), status(&api(1), 404, &[HTML], "<html><title>Not Found</title>"));
    assert_eq!((host.finding.code, host.finding.owner), (Code::HttpUnrecognised, Owner::Service));
    // Of a host without a fingerprint nothing is known.
    let host = one(&world1(), opened(&world1(), answer(403, &[TEXT], "Forbidden")));
    assert_eq!(host.verdict, Verdict::Warning);
    // A gateway may answer as it likes, as long as nobody else answers so.
    let mine = gateway(2, "llm.corp.example");
    let runs = run(
        &[api(1), mine.clone()],
        vec![
            opened(&api(1), answer(403, &[TEXT], "Forbidden")),
            opened(&mine, answer(404, &[JSON], r#"{"detail":"Not Found"}"#)),
        ],
    );
    assert_eq!(runs.hosts[0].finding.code, Code::HttpBlockPage);
    assert_ne!(runs.hosts[1].finding.code, Code::HttpBlockPage);
    assert_ne!(runs.hosts[1].finding.owner, Owner::TlsInspection);
}

#[test]
fn one_refused_host_of_any_provider_is_refused_by_the_box() {
    // What a customer's gateway may answer in the provider's place says nothing of the provider itself.
    for (name, service) in [
        ("bedrock-runtime.eu-central-1.amazonaws.com", "bedrock-runtime"),
        ("bedrock-mantle.eu-central-1.api.aws", "bedrock-mantle"),
        ("europe-west1-aiplatform.googleapis.com", "vertex"),
        ("laboratory.services.ai.azure.com", "foundry"),
    ] {
        let target = known(1, name, service);
        for refusal in [answer(403, &[TEXT], ""), answer(403, &[HTML], "<html><title>Aviso</title>")] {
            let host = one(&target, opened(&target, refusal));
            assert_eq!((host.finding.code, host.verdict), (Code::HttpBlockPage, Verdict::Blocked), "{name}");
            assert_eq!(host.finding.owner, Owner::TlsInspection, "{name}");
        }
    }
}

#[test]
fn a_refusing_page_in_place_of_the_customers_api_is_the_box_that_opens_public_hosts() {
    let mut mcp = customer(2, "tickets.corp.example");
    mcp.service = Some("mcp".into());
    let healthy = answer(
        401,
        &[JSON, ("request-id", "r")],
        r#"{"type":"error","error":{"type":"authentication_error"}}"#,
    );
    let page = || answer(403, &[HTML], "<html><title>Data protection</title>");
    let judged = |http: Http| {
        let targets = [api(1), mcp.clone()];
        run(&targets, vec![opened(&targets[0], healthy.clone()), opened(&targets[1], http)]).hosts[1].clone()
    };
    let host = judged(page());
    assert_eq!((host.finding.code, host.finding.owner), (Code::HttpBlockPage, Owner::TlsInspection));
    // What is no page may be its own, and so may a page without the inspector.
    assert_ne!(judged(answer(403, &[JSON], r#"{"error":"forbidden"}"#)).finding.code, Code::HttpBlockPage);
    let host = one(&mcp, status(&mcp, 403, &[HTML], "<html><title>Data protection</title>"));
    assert_ne!(host.finding.code, Code::HttpBlockPage);
}

#[test]
fn one_page_for_hosts_of_several_operators_is_one_box_and_the_gateway_belongs_to_it() {
    let targets = [api(1), downloads(2), gateway(3, "llm.corp.example"), world(4, "files.elsewhere.example")];
    let page = |t: &Target| {
        let body = format!("<html><title>Notice</title>Ticket {}7: {} is off</html>", t.id, t.probed);
        answer(403, &[HTML], &body)
    };
    let text = |t: &Target| answer(200, &[TEXT], &format!("{} case {}", t.probed, t.id * 31));
    let moved = |_: &Target| answer(302, &[("location", "https://portal.corp.example/ask")], "");
    for (about, make, code) in [
        ("a page", &page as &dyn Fn(&Target) -> Http, Code::HttpBlockPage),
        ("a text", &text, Code::HttpWrongContent),
        ("a redirect", &moved, Code::HttpBlockPage),
    ] {
        let run = run(&targets, targets.iter().map(|t| opened(t, make(t))).collect());
        assert_eq!(causes(&run), [(code.as_str(), vec![1, 2, 3, 4])], "{about}");
        assert!(run.hosts.iter().all(|h| h.verdict == Verdict::Blocked), "{about}");
        assert_ne!(run.causes[0].finding.owner, Owner::Service, "{about}");
    }
    // Hosts of one operator prove nothing, and neither does what many servers say of a path.
    let (a, b) = (world(1, "one.corp.example"), world(2, "two.other.example"));
    let same = |t: &Target| opened(t, answer(404, &[HTML], "<html><title>404 Not Found</title>"));
    assert!(
        run(&[a.clone(), b.clone()], vec![same(&a), same(&b)])
            .hosts
            .iter()
            .all(|h| h.verdict == Verdict::Warning)
    );
}

#[test]
fn one_certificate_for_hosts_of_several_operators_is_one_box() {
    let names = [api(1), downloads(2), gateway(3, "llm.corp.example")];
    let leaf = |itself: bool| Certificate {
        subject: "CN=box.corp.example".into(),
        names: vec!["box.corp.example".into()],
        self_issued: itself,
        ..leaf_by("box", if itself { "CN=box.corp.example" } else { "CN=Some CA" })
    };
    let rejected = || Trust::Rejected { error: "CaUsedAsEndEntity".into() };
    for (about, leaf, trust, code) in [
        ("itself", leaf(true), Trust::UnknownIssuer, "tls/self-signed"),
        ("an authority as a server", leaf(true), rejected(), "tls/self-signed"),
        ("another name", leaf(false), Trust::NameMismatch, "tls/name-mismatch"),
        ("expired", leaf(false), Trust::Expired, "tls/expired"),
        ("an unknown issuer", leaf(false), Trust::UnknownIssuer, "tls/intercepted-untrusted"),
        ("rejected", leaf(false), rejected(), "tls/intercepted-untrusted"),
    ] {
        for through in [false, true] {
            let targets = names.clone().map(|t| if through { proxied(t) } else { t });
            let make = |t: &Target| chain(t, leaf.clone(), true, trust.clone(), trust.clone());
            let run = run(&targets, targets.iter().map(make).collect());
            assert_eq!(causes(&run), [(code, vec![1, 2, 3])], "{about} {through}");
            let finding = &run.causes[0].finding;
            let owner = if through { Owner::Proxy } else { Owner::Firewall };
            assert_eq!(finding.owner, owner, "{about} {through}");
            assert!(!finding.remedy.to_lowercase().contains("install"), "{about}: {}", finding.remedy);
        }
    }
    // The customer's own entry shows one certificate for all of its names.
    let own = [gateway(1, "llm.corp.example"), customer(2, "mcp.partner.example")];
    let make = |t: &Target| chain(t, leaf(true), true, Trust::UnknownIssuer, Trust::UnknownIssuer);
    let run = run(&own, own.iter().map(make).collect());
    assert!(run.hosts.iter().all(|h| h.finding.owner == Owner::Service));
}

#[test]
fn what_ends_every_handshake_the_same_way_is_one_box() {
    let first = "HTTP/1.1 400 Bad Request";
    let ends = || {
        vec![
            ("tls/not-tls", TlsOutcome::NotTls { first: first.into() }),
            ("tls/alert", TlsOutcome::Alert { alert: "internal_error".into() }),
            ("tls/closed", TlsOutcome::Closed),
            ("tls/version", TlsOutcome::Version),
        ]
    };
    for through in [false, true] {
        let targets = [api(1), gateway(2, "llm.corp.example")].map(|t| if through { proxied(t) } else { t });
        for (code, outcome) in ends() {
            let run = run(&targets, targets.iter().map(|t| tls_fails(t, outcome.clone())).collect());
            assert_eq!(causes(&run), [(code, vec![1, 2])], "{through}");
            let finding = &run.causes[0].finding;
            assert!(!matches!(finding.owner, Owner::Service | Owner::Configuration), "{finding:?}");
            assert!(!finding.remedy.contains("Turn on TLS"), "{}", finding.remedy);
        }
    }
    // Bytes of its own are the gateway's own affair.
    let mine = gateway(1, "llm.corp.example");
    let host = one(&mine, tls_fails(&mine, TlsOutcome::NotTls { first: first.into() }));
    assert_eq!(host.finding.owner, Owner::Service);
}
