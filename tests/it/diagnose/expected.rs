//! Promises held against constructed runs: each kind met, unmet and untested, with what is told as evidence; and against
//! every recording: what a run shows as promises, it bears out.

use clearway::check::replay;
use clearway::contract::{Need, Network, Transport};
use clearway::diagnose::judge;
use clearway::expect::{self, Expected, Outcome, Promise};
use clearway::observation::*;
use clearway::plan::{Plan, Skip, Target};
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
        ("reach = \"blocked\"", &host, timeout(), Met, "not reached"),
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
    let file = entry("reach = \"reachable\"").repeat(300);
    let read = expect::read(file.as_bytes(), "net.toml").unwrap();
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let seen = observed(Vec::new());
    let judgement = judge(&plan, &seen, &services(), &codes());
    let error = expect::judge(&read, &plan, &seen, &judgement).unwrap_err().to_string();
    assert!(error.contains("net.toml") && error.contains("20000"), "{error}");
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
    assert!(runs > 40 && promises > 300, "{runs} runs, {promises} promises");
}
