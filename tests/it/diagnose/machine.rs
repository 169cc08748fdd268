//! The sandbox's own machine: what the script printed there, judged beside this device.

use clearway::contract::Actor;
use clearway::diagnose::{Code, Judgement, Owner, Verdict};
use clearway::plan::{Plan, Request, Target};
use clearway::rules::Rules;
use clearway::vm;

use super::scene::*;

/// A host that the app and the sandbox's own machine contact.
fn shared(id: u32, name: &str) -> Target {
    let mut target = world(id, name);
    target.requirement.reasons[0].actors = vec![Actor::App, Actor::Vm];
    target.paths[0].actors = vec![Actor::App, Actor::Vm];
    target.request = Some(Request { method: "GET".into(), path: "/".into(), ..Request::default() });
    target
}

/// What the script says of one host, the device being well.
fn judged_with(lines: &[&str]) -> (Judgement, clearway::observation::Machine) {
    let target = shared(1, "a.example.org");
    let mut text = String::from(
        "cw1 version clearway-vm/1 curl ~;\ncw1 clock 1795348800 ~;\ncw1 resolver 10.0.2.3 ~;\n",
    );
    text.push_str("cw1 1 host https a.example.org:443 ~;\n");
    for line in lines {
        text.push_str(&format!("cw1 {line} ~;\n"));
    }
    text.push_str("cw1 end ~;\n");
    let results = vm::read(text.as_bytes()).unwrap();
    let mut observations = observed(vec![healthy(&target)]);
    let plan = Plan { targets: vec![target.clone()], ..Plan::default() };
    let headers = Rules::embedded().headers;
    let machine = vm::observe(&plan, &results, &headers);
    observations.machine = Some(machine.clone());
    (judged(&[target], &observations), machine)
}

const ISSUER: &str = "1 issuer CN=Public CA 1,O=Trust Services";

fn curl(rest: &str) -> String {
    format!("1 curl {rest}")
}

#[test]
fn nothing_that_ran_there_is_untested_and_what_ran_is_judged() {
    let target = shared(1, "a.example.org");
    let before = judged(std::slice::from_ref(&target), &observed(vec![healthy(&target)]));
    let of = |j: &Judgement| {
        let vm = j.hosts[0].actors.iter().find(|a| a.actor == Actor::Vm).unwrap();
        (vm.verdict, vm.code)
    };
    assert_eq!(of(&before), (Verdict::Untested, Code::UntestedActor));
    let ok = curl(
        "exit=0 code=200 connect=000 ip=11.0.0.1 port=443 dns=0.01 tcp=0.02 tls=0.05 first=0.08 total=0.09",
    );
    let (after, _) = judged_with(&["1 lookup 0 0 11.0.0.1", &ok, ISSUER, "1 body ok", "1 bytes 2"]);
    assert_eq!(of(&after), (Verdict::Reachable, Code::Ok));
    assert!(after.hosts[0].finding.evidence.line.contains("the sandbox's own machine reaches it too"));
}

#[test]
fn each_end_of_the_tool_is_a_code_with_its_owner() {
    let times = "ip=11.0.0.1 port=443 dns=0.01";
    for (lines, code, owner) in [
        (
            vec!["1 lookup 2 0".to_owned(), curl("exit=6 code=000 total=0.1")],
            Code::DnsNoAddress,
            Owner::Device,
        ),
        (
            vec!["1 lookup 124 8".to_owned(), curl("exit=28 code=000 total=6.0")],
            Code::DnsTimeout,
            Owner::Device,
        ),
        (
            vec![
                "1 lookup 0 0 11.0.0.1".to_owned(),
                curl("exit=7 code=000 ip= dns=0.01 total=0.2"),
                "1 error Failed to connect to a.example.org port 443".to_owned(),
                "1 why Connection refused".to_owned(),
            ],
            Code::TcpRefused,
            Owner::Device,
        ),
        (
            vec!["1 lookup 0 0 11.0.0.1".to_owned(), curl("exit=28 code=000 dns=0.01 total=6.0")],
            Code::TcpTimeout,
            Owner::Device,
        ),
        (
            vec![
                "1 lookup 0 0 11.0.0.1".to_owned(),
                curl(&format!("exit=35 code=000 {times} tcp=0.02 total=0.1")),
                "1 error Recv failure: Connection reset by peer".to_owned(),
            ],
            Code::TlsReset,
            Owner::Firewall,
        ),
        (
            vec![
                "1 lookup 0 0 11.0.0.1".to_owned(),
                curl(&format!("exit=60 code=000 {times} tcp=0.02 tls=0.05 total=0.1")),
                "1 error SSL certificate problem: unable to get local issuer certificate".to_owned(),
                "1 issuer O=Quarry; CN=Quarry Inspection".to_owned(),
            ],
            Code::TlsInterceptedUntrusted,
            Owner::TlsInspection,
        ),
    ] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (judgement, _) = judged_with(&lines);
        let host = &judgement.hosts[0];
        let vm = host.actors.iter().find(|a| a.actor == Actor::Vm).unwrap();
        assert_eq!((vm.code, vm.verdict), (code, Verdict::Blocked), "{lines:?}");
        assert_eq!(
            (host.finding.code, host.finding.owner),
            (code, owner),
            "{lines:?}: {}",
            host.finding.evidence.line
        );
        assert!(host.finding.evidence.line.starts_with("in the sandbox's own machine: "), "{lines:?}");
        // The app's own way is well.
        let app = host.actors.iter().find(|a| a.actor == Actor::App).unwrap();
        assert_eq!(app.verdict, Verdict::Reachable);
    }
}

#[test]
fn the_sandbox_list_is_no_proxy_of_the_network() {
    let (judgement, _) = judged_with(&[
        "proxy https_proxy http://127.0.0.1:3128",
        &curl("exit=56 code=000 connect=403 ip=127.0.0.1 port=3128 dns=0.00001 tcp=0.001 total=0.01"),
        "1 error CONNECT tunnel failed, response 403",
        "1 head X-Proxy-Error: blocked-by-allowlist",
    ]);
    let finding = &judgement.hosts[0].finding;
    assert_eq!((finding.code, finding.owner), (Code::ProxyDenied, Owner::Configuration), "{finding:?}");
    assert!(finding.remedy.contains("coworkEgressAllowedHosts"));
}

#[test]
fn hosts_that_are_not_on_the_list_are_said_and_left_out() {
    let (judgement, machine) = judged_with(&["2 host https elsewhere.example:443", "2 lookup 2 0"]);
    assert!(machine.attempts.is_empty());
    let said = |word: &str| judgement.not_tested.iter().any(|n| n.text.contains(word));
    assert!(said("elsewhere.example"), "{:?}", judgement.not_tested);
    assert!(said("neither curl nor Node"), "{:?}", judgement.not_tested);
    let vm = judgement.hosts[0].actors.iter().find(|a| a.actor == Actor::Vm).unwrap();
    assert_eq!(vm.verdict, Verdict::Untested);
}
