//! Masked runs: the same verdicts, and nothing of whose they are.

use std::sync::LazyLock;

use clearway::config::{Lint, Origin};
use clearway::contract::Severity;
use clearway::derive::{FeatureInfo, Note};
use clearway::diagnose::{Code, Owner, Verdict};
use clearway::observation::{Lookup, Observations, TlsOutcome};
use clearway::plan::{Plan, Route};
use clearway::redact::{Vocabulary, is_shared, share};
use clearway::report::check::FORMATS;
use clearway::report::{self, Style};
use clearway::rules::Part;
use clearway::rules::codes::Codes;
use clearway::rules::services::Services;
use clearway::run::Run;

use crate::diagnose::scene::*;
use crate::diagnose::{replayed, saved, table};

/// Every run of this folder: the cases of the table, and the recordings.
fn runs() -> Vec<(String, Run)> {
    let mut runs: Vec<(String, Run)> = table::all()
        .into_iter()
        .map(|c| (c.name.to_owned(), saved::of(vec![c.target], observed(vec![c.damaged]))))
        .collect();
    for (code, _, targets, observations) in replayed::scenes().into_iter().chain(replayed::healthy_services())
    {
        runs.push((code.to_owned(), saved::of(targets, observations)));
    }
    #[derive(serde::Deserialize)]
    struct Recording {
        plan: Plan,
        observations: Observations,
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let recording: Recording = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        runs.push((path.display().to_string(), saved::run(recording.plan, recording.observations)));
    }
    assert!(runs.len() > 60);
    runs
}

static SERVICES: LazyLock<Part<Services>> = LazyLock::new(services);
static CODES: LazyLock<Codes> = LazyLock::new(|| Codes::embedded().unwrap());
static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::embedded().unwrap());
static FEATURES: LazyLock<Vec<FeatureInfo>> = LazyLock::new(saved::features);

fn mask(run: &Run) -> Run {
    share(run, &SERVICES, &CODES, &VOCABULARY).unwrap()
}

/// All that a masked run can be written as.
fn renderings(run: &Run) -> Vec<(&'static str, String)> {
    let style = Style { verbose: true, ..Style::default() };
    FORMATS.iter().map(|format| (format.name, (format.render)(run, &FEATURES, &style))).collect()
}

#[test]
fn a_masked_run_is_judged_as_before() {
    for (name, run) in runs() {
        let masked = mask(&run);
        let said = |r: &Run| -> Vec<(Verdict, Code, Owner, Vec<Code>)> {
            let hosts = r.judgement.hosts.iter();
            hosts
                .map(|h| {
                    let also = h.also.iter().map(|f| f.code).collect();
                    (h.verdict, h.finding.code, h.finding.owner, also)
                })
                .collect()
        };
        assert_eq!(said(&masked), said(&run), "{name}");
        let causes = |r: &Run| -> Vec<(Code, Vec<u32>)> {
            r.judgement.causes.iter().map(|c| (c.finding.code, c.hosts.clone())).collect()
        };
        assert_eq!(causes(&masked), causes(&run), "{name}");
        assert_eq!(masked.judgement.verdict, run.judgement.verdict, "{name}");
        assert!(is_shared(&masked) && !is_shared(&run));
        // What is written is read, and masked again it stays what it is.
        let text = report::check::json::render(&masked, &FEATURES);
        let read = clearway::document::check::read_check(serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(said(&mask(&read)), said(&run), "{name}: masked twice");
    }
}

/// What may be seen of a run's own names and addresses afterwards.
fn own_texts(run: &Run) -> Vec<String> {
    let e = &run.environment;
    let mut texts = vec![e.user.clone(), e.host.clone(), "office.json".into(), "ab".repeat(32)];
    texts.extend(e.addresses.iter().chain(&e.resolvers).cloned());
    for target in &run.plan.targets {
        let name = target.requirement.host.to_string();
        let ours = ["vendor.example", "corp.example", "mill.example", "typo.example", ".corp"];
        if ours.iter().any(|end| name.ends_with(end)) {
            texts.push(name.trim_start_matches("*.").to_owned());
        }
        for path in &target.paths {
            if let Route::Proxy { host, .. } = &path.route {
                texts.push(host.clone());
            }
        }
    }
    let book = &SERVICES;
    for attempt in &run.observations.attempts {
        let resolved = attempt.dns.iter().flat_map(|d| match &d.system {
            Lookup::Addresses { addresses } => addresses.clone(),
            _ => Vec::new(),
        });
        for ip in resolved.chain(attempt.tcp.iter().map(|t| t.remote.ip())) {
            let stays = ip.is_loopback()
                || ip.is_unspecified()
                || matches!(
                    book.addresses().oddity(ip),
                    Some(clearway::rules::addresses::Oddity::BlockPage(_))
                );
            // Masks of global addresses are numbered in the block that these scenes use.
            if !stays && !ip.to_string().starts_with("11.0.0.") {
                texts.push(ip.to_string());
            }
        }
    }
    texts
}

#[test]
fn nothing_of_a_run_is_left_in_its_masked_form() {
    for (name, run) in runs() {
        let masked = mask(&run);
        for (format, text) in renderings(&masked) {
            for own in own_texts(&run) {
                let bounded = |at: usize| {
                    let after = text[at + own.len()..].chars().next();
                    let before = text[..at].chars().next_back();
                    !after.is_some_and(|c| c.is_alphanumeric() || c == '.')
                        && !before.is_some_and(|c| c.is_alphanumeric() || c == '.')
                };
                let found = text.match_indices(&own).map(|(at, _)| at).find(|at| bounded(*at));
                // A private address may get the mask that is another private address.
                let is_mask = own.parse::<std::net::IpAddr>().is_ok()
                    && own.rsplit('.').next().is_some_and(|n| n.len() == 1);
                let around = |at: usize| text[at.saturating_sub(80)..(at + 60).min(text.len())].to_owned();
                assert!(
                    found.is_none() || is_mask,
                    "{name}: {own} in {format}: …{}",
                    around(found.unwrap_or(0))
                );
            }
        }
    }
}

/// Every planted word begins so.
const MARK: &str = "qzplant";

/// A text of the kind that servers send, with a word of its own in every shape.
fn planted(n: usize) -> String {
    format!(
        "{MARK}{n} of {MARK}{n}.quarry-works.example, user {MARK}{n}@quarry-works.example, QZPLANT{n} GmbH, 10.77.{n}.9, \
         2a00:77:{n}::1, id 77{n}4455667, /home/{MARK}{n}/x, https://{MARK}{n}.corp/{MARK}{n}?u={MARK}{n}"
    )
}

/// Puts planted words into every text of a run that somebody else can write.
fn plant(mut run: Run) -> Run {
    let mut n = 0;
    let mut next = || {
        n += 1;
        planted(n)
    };
    run.label = Some(next());
    run.started_at = format!("2026-11-22T12:00:00Z {MARK}");
    let e = &mut run.environment;
    (e.user, e.host) = (format!("{MARK}user"), format!("{MARK}host"));
    e.addresses = vec!["10.77.0.1".into(), "fe80::77:1%eth0".into()];
    e.resolvers = vec!["10.77.0.2:53".into(), "resolver.quarry-works.example".into()];
    (e.proxy, e.trust, e.vpn_hint) = (next(), next(), Some(format!("{MARK}0")));
    run.requirements.inputs[0].name = format!("/home/{MARK}/{MARK}.mobileconfig");
    run.requirements.notes.push(Note { id: "n".into(), text: next(), keys: vec![] });
    run.requirements.lint.push(Lint {
        id: "l".into(),
        severity: Severity::Warning,
        message: next(),
        key: Some("inferenceProvider".into()),
        origin: Some(Origin {
            source: format!("/home/{MARK}/{MARK}.mobileconfig"),
            line: Some(3),
            path: next(),
        }),
    });
    for target in &mut run.plan.targets {
        for reason in &mut target.requirement.reasons {
            reason.config = Some(format!("/home/{MARK}/{MARK}.mobileconfig"));
            reason.removed_by = Some(next());
        }
        target.requirement.hints.base_path = format!("/{MARK}/v1");
        if let Some(request) = &mut target.request {
            request.path = format!("/{MARK}/v1");
        }
    }
    let seen = &mut run.observations;
    for call in &mut seen.calls {
        call.credential = next();
        call.request = format!("POST /{MARK}/v1");
        call.headers.push(("x-served-by".into(), next()));
        call.error.push((format!("error.{MARK}"), next()));
        call.models.push(format!("{MARK}-model"));
        call.model = call.model.as_ref().map(|m| format!("{m}-{MARK}"));
    }
    for attempt in seen.attempts.iter_mut().chain(seen.controls.iter_mut().map(|c| &mut c.attempt)) {
        for tls in &mut attempt.tls {
            if let TlsOutcome::NotTls { first } = &mut tls.outcome {
                first.push_str(&next());
            }
            for certificate in &mut tls.chain {
                certificate.subject.push_str(&format!(",O={}", next()));
                certificate.names.push(format!("{MARK}.quarry-works.example"));
                certificate.issuer_url =
                    certificate.issuer_url.as_ref().map(|_| format!("http://pki.{MARK}.example/{MARK}.crt"));
                certificate.revocation.push(format!("crl.{MARK}.example"));
            }
        }
        for http in &mut attempt.http {
            if !http.body.starts_with('{') {
                http.body.push_str(&next());
            }
            if let Some(document) = &mut http.document {
                document.members.insert("jwks_uri".into(), next().into());
                document.names.push(format!("{MARK}Key"));
            }
            http.headers.push(("server".into(), next()));
            http.headers.push(("x-served-by".into(), next()));
            http.header_names.push(format!("x-{MARK}-id"));
        }
        if let Some(proxy) = &mut attempt.proxy {
            proxy.headers.push(("via".into(), next()));
            proxy.headers.push(("x-squid-error".into(), next()));
        }
        if let Some(dns) = &mut attempt.dns
            && let Lookup::Failed { error } = &mut dns.system
        {
            error.push_str(&next());
        }
        if let Some(banner) = &mut attempt.banner {
            banner.text.push_str(&next());
        }
    }
    run.judgement =
        clearway::diagnose::judge(&run.plan, &run.observations, &services(), &super::scene::codes());
    run
}

#[test]
fn no_planted_word_survives_anywhere() {
    for (name, run) in runs() {
        let run = plant(run);
        let masked = mask(&run);
        let codes = |r: &Run| -> Vec<(Verdict, Code)> {
            r.judgement.hosts.iter().map(|h| (h.verdict, h.finding.code)).collect()
        };
        assert_eq!(codes(&masked), codes(&run), "{name}");
        for (format, text) in renderings(&masked) {
            let lower = text.to_lowercase();
            for word in [MARK, "quarry", "gmbh", "10.77.", "2a00:77", "fe80::77", "4455667"] {
                if let Some(at) = lower.find(word) {
                    let around: String =
                        lower[..at].chars().rev().take(80).collect::<String>().chars().rev().collect();
                    panic!("{name}: {word} in {format}: …{around}{}", &lower[at..(at + 60).min(lower.len())]);
                }
            }
        }
    }
}

/// Every address and socket of a value, other ones of the same kind in their places: IPv4 becomes
/// IPv6 where `v6` says so, and ports of this device's side take the numbers of `ports` in turn.
fn other_sockets(value: &mut serde_json::Value, key: &str, v6: bool, ports: &mut dyn FnMut() -> u16) {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    let other = |ip: IpAddr| match ip {
        IpAddr::V4(v4) if v6 && v4.is_loopback() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(v4) if v6 && v4.is_private() => {
            Ipv6Addr::from_bits(0xfd77_u128 << 112 | u128::from(v4.to_bits())).into()
        }
        IpAddr::V4(v4) if v6 && !v4.is_link_local() && !v4.is_unspecified() => {
            Ipv6Addr::from_bits(0x2a0f_0020_u128 << 96 | u128::from(v4.to_bits())).into()
        }
        IpAddr::V6(six) if !v6 && !six.is_loopback() && six.to_ipv4_mapped().is_none() => {
            Ipv4Addr::new(198, 18, 7, (six.to_bits() & 0xff) as u8).into()
        }
        same => same,
    };
    match value {
        serde_json::Value::String(text) => {
            if let Ok(ip) = text.parse::<IpAddr>() {
                *text = other(ip).to_string();
            } else if let Ok(end) = text.parse::<SocketAddr>() {
                let port = if key == "local" { ports() } else { end.port() };
                *text = SocketAddr::new(other(end.ip()), port).to_string();
            }
        }
        serde_json::Value::Array(items) => {
            items.iter_mut().for_each(|item| other_sockets(item, key, v6, ports));
        }
        serde_json::Value::Object(map) => {
            if map.contains_key("remote") && map.contains_key("at_ms") && !map.contains_key("chain") {
                map.entry("local").or_insert_with(|| "10.9.8.7:1".into());
            }
            map.iter_mut().for_each(|(key, inner)| other_sockets(inner, key, v6, ports));
        }
        _ => {}
    }
}

#[test]
fn every_run_is_shareable_whatever_its_sockets() {
    let numbers = [1, 22, 443, 1024, 9_999, 10_000, 32_768, 46_690, 60_999, 65_535];
    let mut next = numbers.iter().copied().cycle();
    for (name, run) in runs() {
        // A label or a user that looks like a part of an address hides no address.
        for (v6, label, user) in
            [(false, None, "miller"), (true, None, "miller"), (true, Some("443"), "46690")]
        {
            let mut seen = serde_json::to_value(&run.observations).unwrap();
            other_sockets(&mut seen, "", v6, &mut || next.next().unwrap());
            let observations: Observations = serde_json::from_value(seen).unwrap();
            let mut other = saved::run(run.plan.clone(), observations);
            other.label = label.map(str::to_owned);
            other.environment.user = user.to_owned();
            let masked = mask(&other);
            let said = |r: &Run| -> Vec<(Verdict, Code, Owner)> {
                r.judgement.hosts.iter().map(|h| (h.verdict, h.finding.code, h.finding.owner)).collect()
            };
            assert_eq!(said(&masked), said(&other), "{name}, v6 {v6}");
            let lost = masked.judgement.not_tested.iter().any(|n| n.text.contains("left out"));
            assert!(!lost, "{name}, v6 {v6}: {:?}", masked.judgement.not_tested);
            let text = report::check::json::render(&masked, &FEATURES);
            assert!(!text.contains("fd77:") && !text.contains("2a0f:"), "{name}");
            let read = clearway::document::check::read_check(serde_json::from_str(&text).unwrap()).unwrap();
            let again = mask(&read);
            assert_eq!(said(&again), said(&other), "{name}, v6 {v6}");
            // Masked again it stays what it is: the same sockets in the same places.
            let sockets = |r: &Run| -> Vec<String> {
                let mut all = Vec::new();
                for attempt in &r.observations.attempts {
                    all.extend(attempt.tcp.iter().map(|t| format!("{} {:?}", t.remote, t.local)));
                    all.extend(attempt.tls.iter().map(|t| t.remote.to_string()));
                }
                all
            };
            assert_eq!(sockets(&again), sockets(&masked), "{name}, v6 {v6}: masked again");
            assert_eq!(again.plan, masked.plan, "{name}, v6 {v6}: masked again");
        }
    }
}

#[test]
fn headers_stay_only_where_they_have_their_own_grammar() {
    let (_, mut run) =
        runs().into_iter().find(|(_, r)| r.observations.attempts.iter().any(|a| !a.http.is_empty())).unwrap();
    let attempt = run.observations.attempts.iter_mut().find(|a| !a.http.is_empty()).unwrap();
    let pairs = [
        ("content-type", "text/html; boundary=quarrybox-miller"),
        ("content-type", "application/json; charset=utf-8"),
        ("content-type", "text/event-stream"),
        ("content-type", "quarrybox-miller"),
        ("content-type", "text/html; charset=quarrybox"),
        ("retry-after", "quarrybox"),
        ("retry-after", "120"),
        ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("date", "quarrybox, 06 Nov 1994 08:49:37 GMT"),
        ("content-length", "4000"),
        ("content-length", "quarrybox"),
        ("content-length", "12 miller"),
    ];
    attempt.http.first_mut().unwrap().headers =
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    run.environment.user = "miller".into();
    let masked = mask(&run);
    let text = report::check::json::render(&masked, &FEATURES);
    assert!(!text.contains("quarrybox") && !text.contains("miller"), "{text}");
    let kept = &masked.observations.attempts.iter().find_map(|a| a.http.first()).unwrap().headers;
    for (n, (name, value)) in pairs.iter().enumerate() {
        if !value.contains("quarrybox") && !value.contains("miller") {
            assert_eq!(kept[n], ((*name).to_owned(), (*value).to_owned()));
        }
    }
}
