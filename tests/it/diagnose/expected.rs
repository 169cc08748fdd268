//! Promises held against constructed runs: each kind met, unmet and untested, with what is told as evidence; and against
//! every recording: what a run shows as promises, it bears out.

use clearway::check::replay;
use clearway::contract::{Actor, Need, Network, Transport};
use clearway::diagnose::{Cause, Code, Finding, Judgement, Owner, judge};
use clearway::expect::{self, Expected, Outcome, Promise};
use clearway::observation::*;
use clearway::plan::{Path, Plan, Skip, Target};
use clearway::report::check::expect as first_file;
use clearway::rules::Rules;

use super::scene::*;

/// A file with one entry for every host.
fn entry(promise: &str) -> String {
    format!("[[expect]]\nhosts = \"*\"\n{promise}\n")
}

fn held(file: &str, targets: &[Target], seen: &Observations) -> Expected {
    let read = expect::read(file.as_bytes(), "net.toml").unwrap_or_else(|e| panic!("{e}\n{file}"));
    let plan = Plan { targets: targets.to_vec(), ..Plan::default() };
    let judgement = judge(&plan, seen, &services(), &codes());
    expect::judge(&read, &plan, seen, &judgement).unwrap()
}

/// What becomes of one promise of one host.
fn one(promise: &str, target: &Target, attempt: Attempt) -> (Outcome, String) {
    let seen = observed(vec![attempt]);
    let mut results = held(&entry(promise), std::slice::from_ref(target), &seen).results;
    assert_eq!(results.len(), 1, "{results:?}");
    let result = results.remove(0);
    (result.result, result.evidence)
}

fn at(target: &Target, addresses: &[&str]) -> Attempt {
    edit(healthy(target), |a| {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        a.dns.as_mut().unwrap().system = Lookup::Addresses { addresses };
    })
}

/// A host that answers well, whose certificate somebody else than a public authority signed.
fn signed(target: &Target, issuer: &str, device: Trust) -> Attempt {
    chain(target, leaf_by(&target.probed, issuer), false, device, Trust::UnknownIssuer)
}

const BOX: &str = "CN=Web Gateway CA,O=Example";

#[test]
fn every_promise_is_met_unmet_and_untested() {
    use Outcome::{Met, Unmet, Untested};
    let host = world1();
    let own = customer(2, "llm.corp.example");
    let through = proxied(world1());
    let literal = {
        let mut t = customer(3, "10.2.3.4");
        t.requirement.hints.customer = true;
        t
    };
    let plain = {
        let mut t = own.clone();
        t.requirement.transport = Transport::Tcp;
        t
    };
    let browser = {
        let mut t = skipped(world1(), Skip::Actor);
        t.requirement.network = Network::Internet;
        t
    };
    let timeout = || tcp_fails(&host, TcpOutcome::Timeout);
    let inspected = || signed(&host, BOX, Trust::Accepted);
    let private = || signed(&own, "CN=Corp CA", Trust::Accepted);
    let denied = || {
        edit(healthy(&through), |a| {
            a.proxy.as_mut().unwrap().outcome = ProxyOutcome::Status { status: 403 };
            a.tls.clear();
            a.http.clear();
        })
    };
    let local = || {
        edit(tcp_fails(&host, TcpOutcome::Refused), |a| {
            a.tcp[0].outcome = TcpOutcome::Denied;
        })
    };
    let slow = || edit(healthy(&host), |a| a.ms = 900.0);
    let nothing = || edit(healthy(&browser_target(&browser)), |a| a.target = 99);
    let cases: Vec<(&str, &Target, Attempt, Outcome, &str)> = vec![
        ("reach = \"reachable\"", &host, healthy(&host), Met, "reached"),
        ("reach = \"reachable\"", &host, inspected(), Met, "reached, with a warning"),
        ("reach = \"reachable\"", &host, timeout(), Unmet, "not reached"),
        ("reach = \"reachable\"", &through, denied(), Unmet, "not reached"),
        ("reach = \"reachable\"", &browser, nothing(), Untested, ""),
        ("reach = \"reachable\"", &host, local(), Untested, "stopped by this device"),
        // A refusal by name is the network's own act, silence alone is not.
        ("reach = \"blocked\"", &through, denied(), Met, "not reached"),
        ("reach = \"blocked\"", &host, timeout(), Untested, "the line itself may be dead"),
        ("reach = \"blocked\"", &host, healthy(&host), Unmet, "reached"),
        ("reach = \"blocked\"", &host, local(), Untested, "not by the network"),
        ("reach = \"blocked\"", &own, tcp_fails(&own, TcpOutcome::Refused), Untested, "not by the network"),
        ("reach = \"blocked\"", &browser, nothing(), Untested, ""),
        ("address = \"public\"", &host, at(&host, &["11.0.0.1", "2a00::1"]), Met, "11.0.0.1"),
        ("address = \"public\"", &own, at(&own, &["11.0.0.2", "10.1.1.1"]), Unmet, "10.1.1.1"),
        ("address = \"public\"", &host, at(&host, &["0.0.0.0"]), Unmet, "0.0.0.0"),
        ("address = \"public\"", &host, at(&host, &["169.254.1.1"]), Unmet, "169.254.1.1"),
        ("address = \"public\"", &through, healthy(&through), Untested, "the proxy looks the name up"),
        (
            "address = \"public\"",
            &host,
            dns_fails(&host, failed_lookup(), &[DnsAnswer::NxDomain]),
            Untested,
            "no address",
        ),
        ("address = \"private\"", &own, at(&own, &["10.1.1.1", "fd00::1", "100.64.0.9"]), Met, "10.1.1.1"),
        ("address = \"private\"", &own, at(&own, &["11.0.0.2"]), Unmet, "11.0.0.2"),
        ("address = \"private\"", &own, at(&own, &["127.0.0.1"]), Unmet, "127.0.0.1"),
        ("address = \"private\"", &own, at(&own, &["64:ff9b::a01:101"]), Met, "64:ff9b"),
        ("address = \"private\"", &literal, edit(healthy(&literal), |a| a.dns = None), Met, "10.2.3.4"),
        ("address = \"private\"", &browser, nothing(), Untested, ""),
        (
            "address = [\"10.1.0.0/16\", \"fd00::/8\"]",
            &own,
            at(&own, &["10.1.1.1", "fd00::1"]),
            Met,
            "10.1.1.1",
        ),
        ("address = \"10.1.0.0/16\"", &own, at(&own, &["10.1.1.1", "10.2.1.1"]), Unmet, "10.2.1.1"),
        ("address = \"10.1.0.0/16\"", &own, at(&own, &["::ffff:10.1.1.1"]), Met, "10.1.1.1"),
        ("address = \"10.1.0.0/16\"", &own, at(&own, &["::ffff:10.2.1.1"]), Unmet, "10.2.1.1"),
        ("address = \"::ffff:10.1.0.0/112\"", &own, at(&own, &["10.1.1.1"]), Met, "10.1.1.1"),
        ("address = \"::ffff:10.1.0.0/112\"", &own, at(&own, &["10.2.1.1"]), Unmet, "10.2.1.1"),
        ("address = \"10.1.1.1\"", &own, at(&own, &["10.1.1.1"]), Met, "10.1.1.1"),
        ("address = \"10.1.0.0/16\"", &through, healthy(&through), Untested, "the proxy looks the name up"),
        ("inspected = false", &host, healthy(&host), Met, "not inspected"),
        ("inspected = false", &host, inspected(), Unmet, "signed by CN=Web Gateway CA"),
        (
            "inspected = false",
            &host,
            signed(&host, BOX, Trust::UnknownIssuer),
            Unmet,
            "signed by CN=Web Gateway CA",
        ),
        ("inspected = false", &own, private(), Untested, "cannot be told here"),
        ("inspected = false", &host, timeout(), Untested, "no certificate was shown"),
        (
            "inspected = false",
            &plain,
            edit(healthy(&plain), |a| {
                a.tls.clear();
                a.http.clear();
            }),
            Untested,
            "no TLS",
        ),
        ("inspected = true", &host, inspected(), Met, "signed by CN=Web Gateway CA"),
        ("inspected = true", &host, healthy(&host), Unmet, "not inspected"),
        ("inspected = true", &own, private(), Untested, "cannot be told here"),
        ("issuer = \"public ca\"", &host, healthy(&host), Met, "CN=Public CA 1"),
        ("issuer = [\"Other\", \"Web*CA\"]", &host, inspected(), Met, "Web Gateway CA"),
        ("issuer = \"Other CA\"", &host, healthy(&host), Unmet, "CN=Public CA 1"),
        (
            "issuer = \"Web Gateway CA\"",
            &host,
            signed(&host, BOX, Trust::UnknownIssuer),
            Untested,
            "proves nothing",
        ),
        ("issuer = \"Other CA\"", &host, timeout(), Untested, "no certificate was shown"),
        ("route = \"direct\"", &host, timeout(), Met, "direct"),
        ("route = \"direct\"", &through, healthy(&through), Unmet, "proxy proxy.corp.example:3128"),
        ("route = \"direct\"", &browser, nothing(), Untested, ""),
        ("route = \"proxy\"", &through, denied(), Met, "proxy.corp.example:3128"),
        ("route = \"Proxy.corp.example:3128\"", &through, healthy(&through), Met, "proxy.corp.example:3128"),
        ("route = \"proxy.corp.example\"", &through, healthy(&through), Met, "proxy.corp.example:3128"),
        (
            "route = \"proxy.corp.example:8080\"",
            &through,
            healthy(&through),
            Unmet,
            "proxy.corp.example:3128",
        ),
        ("route = \"proxy\"", &host, healthy(&host), Unmet, "direct"),
        ("within = \"100ms\"", &host, healthy(&host), Met, "80 ms"),
        ("within = \"500ms\"", &host, slow(), Unmet, "900 ms"),
        ("within = \"2s\"", &host, timeout(), Untested, "not reached"),
        ("within = \"2s\"", &host, edit(healthy(&host), |a| a.ms = 0.0), Untested, ""),
        ("within = \"2s\"", &browser, nothing(), Untested, ""),
        // What another program reaches says nothing of the one that is meant.
        (
            "actors = [\"updater\"]\nreach = \"reachable\"",
            &host,
            healthy(&host),
            Untested,
            "for this program",
        ),
        ("actors = [\"updater\"]\nroute = \"direct\"", &host, healthy(&host), Untested, "for this program"),
        ("actors = [\"app\"]\nreach = \"reachable\"", &host, healthy(&host), Met, "reached"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (promise, target, attempt, outcome, wanted) in cases {
        let (found, evidence) = one(promise, target, attempt);
        assert_eq!(found, outcome, "{promise} of {}: {evidence}", target.probed);
        assert!(evidence.contains(wanted) && !evidence.is_empty(), "{promise}: {evidence}");
        let key = promise.rsplit('\n').next().unwrap().split(' ').next().unwrap();
        seen.insert((key.parse::<Promise>().unwrap(), found));
    }
    for promise in Promise::ALL {
        for outcome in Outcome::ALL {
            assert!(seen.contains(&(*promise, *outcome)), "no case of {promise} is {outcome}");
        }
    }
}

/// The host as it would be dialled, to make an attempt of it.
fn browser_target(target: &Target) -> Target {
    Target { id: target.id, ..world1() }
}

#[test]
fn a_service_that_refuses_was_reached_and_its_owner_is_named() {
    let host = gateway(1, "llm.corp.example");
    let broken = || edit(healthy(&host), |a| a.http = vec![answer(503, &[], "upstream down")]);
    let (found, evidence) = one("reach = \"reachable\"", &host, broken());
    assert_eq!(found, Outcome::Met, "{evidence}");
    assert!(evidence.contains("what answers refuses"), "{evidence}");
    assert_eq!(one("reach = \"blocked\"", &host, broken()).0, Outcome::Unmet);
    let seen = observed(vec![tcp_fails(&world1(), TcpOutcome::Timeout)]);
    let result = held(&entry("reach = \"reachable\""), &[world1()], &seen).results.remove(0);
    assert_eq!((result.code.unwrap().as_str(), result.owner.unwrap().as_str()), ("tcp/timeout", "firewall"));
}

#[test]
fn an_entry_holds_for_the_hosts_that_it_names_and_no_other() {
    let names = ["api.vendor.example", "cdn.vendor.example", "vendor.example"];
    let mut targets: Vec<Target> = (1..).zip(names).map(|(id, name)| world(id, name)).collect();
    let mut other = world(4, "api.vendor.example");
    other.requirement.port = 8443;
    targets.push(need(other, Need::Optional));
    let mut wildcard = skipped(world(5, "x.example"), Skip::Wildcard);
    wildcard.requirement.host = "*.pool.vendor.example".parse().unwrap();
    targets.push(wildcard);
    let seen = observed(targets[..4].iter().map(healthy).collect());
    for (hosts, wanted) in [
        ("hosts = \"api.vendor.example\"", vec![1, 4]),
        ("hosts = \"API.vendor.example:443\"", vec![1]),
        ("hosts = \"*.vendor.example\"", vec![1, 2, 4, 5]),
        ("hosts = \"*.vendor.example\"\nexcept = [\"cdn.vendor.example\", \"*:8443\"]", vec![1, 5]),
        ("hosts = \"*\"", vec![1, 2, 3, 4, 5]),
        ("hosts = \"pool.vendor.example\"", vec![]),
        ("hosts = \"*.pool.vendor.example\"", vec![5]),
        ("hosts = \"elsewhere.example\"", vec![]),
    ] {
        let file = format!("[[expect]]\n{hosts}\nreach = \"reachable\"\nroute = \"direct\"\n");
        let expected = held(&file, &targets, &seen);
        let mut found: Vec<u32> = expected.results.iter().filter_map(|r| r.target).collect();
        found.dedup();
        assert_eq!(found, wanted, "{hosts}");
        if wanted.is_empty() {
            // A promise that nothing was held against is not kept.
            assert_eq!((expected.met, expected.unmet, expected.untested), (0, 0, 2), "{hosts}");
        }
    }
}

#[test]
fn more_promises_than_can_be_told_are_refused() {
    let targets: Vec<Target> = (1..=100).map(|id| world(id, &format!("h{id}.example"))).collect();
    let file = entry("reach = \"reachable\"").repeat(301);
    let read = expect::read(file.as_bytes(), "net.toml").unwrap();
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let seen = observed(Vec::new());
    let judgement = judge(&plan, &seen, &services(), &codes());
    let error = expect::judge(&read, &plan, &seen, &judgement).unwrap_err().to_string();
    assert!(error.contains("net.toml") && error.contains("30000"), "{error}");
}

#[test]
fn what_a_run_shows_as_promises_it_bears_out() {
    let rules = Rules::embedded();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["examples/reports", "tests/recordings"] {
        files.extend(std::fs::read_dir(root.join(folder)).unwrap().map(|e| e.unwrap().path()));
    }
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(root.join("tests/recordings/codes")).unwrap() {
        let path = entry.unwrap().path();
        let text: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let saved = dir.path().join(path.file_name().unwrap());
        std::fs::write(&saved, text["report"].to_string()).unwrap();
        files.push(saved);
    }
    let (mut runs, mut promises) = (0, 0);
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "json")) {
        let Ok(run) = replay::load(&rules, file) else { continue };
        let text = first_file::render(&run);
        let read = match expect::read(text.as_bytes(), "first.toml") {
            Ok(read) => read,
            Err(error) => {
                assert!(!text.contains("[[expect]]"), "{}: {error}\n{text}", file.display());
                continue;
            }
        };
        let expected = expect::judge(&read, &run.plan, &run.observations, &run.judgement).unwrap();
        assert_eq!((expected.unmet, expected.untested), (0, 0), "{}: {:?}\n{text}", file.display(), expected);
        runs += 1;
        promises += expected.met;
    }
    assert!(runs > 40 && promises > 250, "{runs} runs, {promises} promises");
}

/// What becomes of `reach = "blocked"` for the first of the targets, with what else the run saw.
fn blocked(targets: &[Target], seen: &Observations) -> (Outcome, String) {
    let file = format!("[[expect]]\nhosts = \"{}\"\nreach = \"blocked\"\n", targets[0].probed);
    let result = held(&file, targets, seen).results.remove(0);
    assert_eq!(result.target, Some(targets[0].id));
    (result.result, result.evidence)
}

#[test]
fn blocked_is_met_only_where_the_network_was_up() {
    use Outcome::{Met, Untested};
    let host = world1();
    let other = world(2, "app.other.example");
    let inside = customer(3, "llm.corp.example");
    let third = world(4, "third.example");
    let private =
        |t: &Target| edit(at(t, &["10.1.1.1"]), |a| a.tcp[0].remote.set_ip("10.1.1.1".parse().unwrap()));
    let missing = |t: &Target| dns_fails(t, failed_lookup(), &[DnsAnswer::NxDomain, DnsAnswer::NxDomain]);
    let silent = |t: &Target| tcp_fails(t, TcpOutcome::Timeout);
    let unroutable = |t: &Target| tcp_fails(t, TcpOutcome::NetworkUnreachable);
    let literal = world(5, "11.0.0.5");
    let other_proxied = proxied(other.clone());
    let host_proxied = proxied(host.clone());
    let proxy_silent = edit(silent(&host_proxied), |a| a.dns = None);
    let upstream = |t: &Target| proxy_says(t, ProxyOutcome::Status { status: 504 });
    type Case<'a> = (&'a str, Vec<&'a Target>, Vec<Attempt>, Outcome, &'a str);
    let cases: Vec<Case<'_>> = vec![
        ("alone", vec![&host], vec![silent(&host)], Untested, "the line itself may be dead"),
        ("another is reached", vec![&host, &other], vec![silent(&host), healthy(&other)], Met, "not reached"),
        (
            "nothing is reached",
            vec![&host, &other, &third],
            vec![silent(&host), silent(&other), silent(&third)],
            Untested,
            "may be dead",
        ),
        (
            "the site alone is reached",
            vec![&host, &inside],
            vec![silent(&host), private(&inside)],
            Untested,
            "may be dead",
        ),
        (
            "no name is resolved",
            vec![&host, &other],
            vec![missing(&host), missing(&other)],
            Untested,
            "no other name was resolved",
        ),
        (
            "an address is reached, and no name is resolved",
            vec![&host, &literal],
            vec![missing(&host), edit(healthy(&literal), |a| a.dns = None)],
            Untested,
            "no other name was resolved",
        ),
        (
            "another is resolved",
            vec![&host, &other],
            vec![missing(&host), healthy(&other)],
            Met,
            "not reached",
        ),
        (
            "no route",
            vec![&host, &other],
            vec![unroutable(&host), unroutable(&other)],
            Untested,
            "may be dead",
        ),
        ("a proxy alone", vec![&host_proxied], vec![proxy_silent.clone()], Untested, "may be dead"),
        (
            "a proxy is dead and the line is not",
            vec![&host_proxied, &third],
            vec![proxy_silent, healthy(&third)],
            Untested,
            "may be dead",
        ),
        (
            "a proxy has no line",
            vec![&host_proxied, &other_proxied],
            vec![upstream(&host_proxied), upstream(&other_proxied)],
            Untested,
            "may be dead",
        ),
        (
            "a proxy reaches another",
            vec![&host_proxied, &other_proxied],
            vec![upstream(&host_proxied), healthy(&other_proxied)],
            Met,
            "not reached",
        ),
        (
            "a proxy shows that the line is up",
            vec![&host, &other_proxied],
            vec![silent(&host), healthy(&other_proxied)],
            Met,
            "not reached",
        ),
        (
            "what was cut shows nothing",
            vec![&host, &other],
            vec![silent(&host), edit(healthy(&other), |a| a.cut = Some(Stopped::Deadline))],
            Untested,
            "may be dead",
        ),
    ];
    for (name, targets, attempts, outcome, wanted) in cases {
        let targets: Vec<Target> = targets.into_iter().cloned().collect();
        let (found, evidence) = blocked(&targets, &observed(attempts));
        assert_eq!(found, outcome, "{name}: {evidence}");
        assert!(evidence.contains(wanted), "{name}: {evidence}");
    }
    // What operating systems ask is an open network's answer, or a sign-in page's.
    let control = |status, body: &str, headers: &[(&str, &str)]| Controlled {
        control: clearway::contract::Control {
            of: "System".into(),
            host: "control.example".into(),
            path: "/".into(),
            status: 200,
            body: "open".into(),
            source: "test".into(),
        },
        attempt: edit(healthy(&host), |a| {
            a.target = 0;
            a.tls.clear();
            a.http = vec![answer(status, headers, body)];
        }),
    };
    let with = |controls: Vec<Controlled>| Observations { controls, ..observed(vec![silent(&host)]) };
    let one = std::slice::from_ref(&host);
    assert_eq!(blocked(one, &with(vec![control(200, "open", &[])])).0, Met);
    let page = || control(302, "", &[("location", "https://signin.hotel.example/")]);
    let (found, evidence) = blocked(one, &with(vec![page(), page(), page()]));
    assert_eq!(found, Untested, "{evidence}");
}

#[test]
fn a_host_that_is_not_in_the_run_is_told_beside_those_that_are() {
    let targets = [world(1, "api.vendor.example"), skipped(world(2, "x.pool.example"), Skip::Actor)];
    let seen = observed(vec![healthy(&targets[0])]);
    for (hosts, wanted, why) in [
        ("[\"api.vendor.example\", \"typo.example\"]", (1, 0, 1), "meant by typo.example"),
        ("[\"typo.example\", \"other.example\", \"api.vendor.example\"]", (1, 0, 2), "other.example"),
        ("[\"*.vendor.example\", \"*.typo.example\"]", (1, 0, 1), "meant by *.typo.example"),
        (
            "[\"api.vendor.example\", \"api.vendor.example:8443\"]",
            (1, 0, 1),
            "it has the host with port 443 and not 8443",
        ),
        // Twice the same is told once.
        ("[\"api.vendor.example\", \"*.vendor.example\"]", (1, 0, 0), ""),
        // A wildcard whose hosts are all untested keeps nothing.
        ("[\"api.vendor.example\", \"*.pool.example\"]", (1, 0, 1), ""),
        ("[\"api.vendor.example\", \"x.pool.example\"]\nexcept = \"x.pool.example\"", (1, 0, 1), "`except`"),
        // An exception that takes out nothing is told as a name that nobody has is.
        (
            "\"*.vendor.example\"\nexcept = \"old.example\"",
            (1, 0, 1),
            "no host of this run is meant by old.example",
        ),
        (
            "\"*.vendor.example\"\nexcept = \"*.pool.example\"",
            (1, 0, 1),
            "`except` takes out nothing: `hosts` means none of what *.pool.example names",
        ),
    ] {
        let file = format!("[[expect]]\nhosts = {hosts}\nroute = \"direct\"\n");
        let expected = held(&file, &targets, &seen);
        assert_eq!((expected.met, expected.unmet, expected.untested), wanted, "{hosts}: {expected:?}");
        let open: Vec<&str> = expected.with(Outcome::Untested).map(|r| r.evidence.as_str()).collect();
        assert!(why.is_empty() || open.iter().any(|e| e.contains(why)), "{hosts}: {open:?}");
    }
    let mapped = [customer(1, "10.2.3.4")];
    let seen = observed(vec![edit(healthy(&mapped[0]), |a| a.dns = None)]);
    let file = "[[expect]]\nhosts = \"::ffff:10.2.3.4\"\nroute = \"direct\"\n";
    assert_eq!(held(file, &mapped, &seen).met, 1);
}

#[test]
fn the_owner_of_a_broken_promise_is_the_one_that_the_report_asks() {
    let targets = [world1()];
    let seen = observed(vec![tcp_fails(&targets[0], TcpOutcome::Timeout)]);
    let plan = Plan { targets: targets.to_vec(), ..Plan::default() };
    let mut judgement = judge(&plan, &seen, &services(), &codes());
    let read = expect::read(entry("reach = \"reachable\"").as_bytes(), "net.toml").unwrap();
    let asked = |judgement: &Judgement| {
        let held = expect::judge(&read, &plan, &seen, judgement).unwrap();
        (held.results[0].code, held.results[0].owner)
    };
    assert_eq!(asked(&judgement), (Some(Code::TcpTimeout), Some(Owner::Firewall)));
    let finding = Finding {
        code: Code::ProxyRequired,
        owner: Owner::Configuration,
        ..judgement.hosts[0].finding.clone()
    };
    judgement.causes = vec![Cause { id: "c9".into(), hosts: vec![1], finding }];
    judgement.hosts[0].cause = Some("c9".into());
    assert_eq!(asked(&judgement), (Some(Code::ProxyRequired), Some(Owner::Configuration)));
}

#[test]
fn what_one_program_shows_says_nothing_of_another() {
    use Outcome::{Met, Unmet, Untested};
    let mut host = world1();
    host.requirement.reasons = vec![reason("workspace", Need::Required, vec![Actor::App, Actor::Updater])];
    host.paths.push(Path { route: proxy_route(), actors: vec![Actor::Updater] });
    let mut second = proxied(world1());
    second.paths[0].actors = vec![Actor::Updater];
    let updater = || edit(healthy(&second), |a| a.path = 1);
    let cut = || edit(updater(), |a| a.cut = Some(Stopped::Deadline));
    let stopped = || {
        edit(updater(), |a| {
            a.proxy.as_mut().unwrap().outcome = ProxyOutcome::Status { status: 403 };
            a.tls.clear();
            a.http.clear();
        })
    };
    let slow = || edit(updater(), |a| a.ms = 5000.0);
    let cases: Vec<(&str, Option<Attempt>, Outcome)> = vec![
        ("reach = \"reachable\"", Some(updater()), Met),
        ("reach = \"reachable\"", Some(cut()), Untested),
        ("reach = \"reachable\"", Some(stopped()), Unmet),
        // What the app reaches is not blocked.
        ("reach = \"blocked\"", Some(stopped()), Unmet),
        ("reach = \"blocked\"", Some(cut()), Unmet),
        ("actors = \"updater\"\nreach = \"blocked\"", Some(stopped()), Met),
        ("inspected = false", Some(updater()), Met),
        ("inspected = false", Some(cut()), Untested),
        ("inspected = false", Some(stopped()), Untested),
        ("inspected = true", Some(cut()), Unmet),
        ("issuer = \"Public CA\"", Some(updater()), Met),
        ("issuer = \"Public CA\"", Some(stopped()), Untested),
        ("issuer = \"Public CA\"", None, Untested),
        ("actors = \"app\"\nissuer = \"Public CA\"", None, Met),
        ("route = [\"direct\", \"proxy\"]", Some(updater()), Met),
        ("route = [\"direct\", \"proxy\"]", Some(cut()), Untested),
        ("route = \"direct\"", None, Untested),
        ("route = \"direct\"", Some(updater()), Unmet),
        // The proxy looks the name up for the updater.
        ("address = \"public\"", Some(updater()), Untested),
        ("actors = \"app\"\naddress = \"public\"", Some(updater()), Met),
        ("within = \"2s\"", Some(updater()), Met),
        ("within = \"2s\"", Some(slow()), Unmet),
        ("actors = \"app\"\nwithin = \"2s\"", Some(slow()), Met),
        ("within = \"2s\"", Some(cut()), Untested),
    ];
    for (promise, attempt, outcome) in cases {
        let seen = observed([healthy(&host)].into_iter().chain(attempt).collect());
        let result = held(&entry(promise), std::slice::from_ref(&host), &seen).results.remove(0);
        assert_eq!(result.result, outcome, "{promise}: {}", result.evidence);
    }
    // A program without a way.
    host.paths.truncate(1);
    let seen = observed(vec![healthy(&host)]);
    let result = held(&entry("route = \"direct\""), &[host], &seen).results.remove(0);
    assert_eq!(result.result, Untested, "{}", result.evidence);
}

#[test]
fn the_first_file_of_a_large_run_is_read() {
    let mut targets: Vec<Target> = Vec::new();
    let mut attempts = Vec::new();
    for id in 1..=1100_u32 {
        let mut target = world(1, &format!("host-{id}.vendor.example"));
        attempts.push(edit(healthy(&target), |a| a.target = id));
        target.id = id;
        targets.push(target);
    }
    let plan = Plan { targets, ..Plan::default() };
    let seen = observed(attempts);
    let judgement = judge(&plan, &seen, &services(), &codes());
    let entries = expect::describe(&plan, &seen, &judgement);
    assert_eq!(entries.iter().map(|e| e.hosts.len()).collect::<Vec<_>>(), [500, 500, 100]);
    let text: String = entries
        .iter()
        .map(|e| format!("[[expect]]\nhosts = {:?}\nreach = {:?}\n", e.hosts, e.reach.unwrap().as_str()))
        .collect();
    let read = expect::read(text.as_bytes(), "first.toml").unwrap();
    let expected = expect::judge(&read, &plan, &seen, &judgement).unwrap();
    assert_eq!((expected.met, expected.unmet, expected.untested), (1100, 0, 0));
}
