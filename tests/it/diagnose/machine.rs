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

fn remarks(judgement: &Judgement) -> String {
    judgement.not_tested.iter().map(|n| n.text.as_str()).collect::<Vec<_>>().join(" | ")
}

fn vm_of(judgement: &Judgement) -> Verdict {
    judgement.hosts[0].actors.iter().find(|a| a.actor == Actor::Vm).unwrap().verdict
}

#[test]
fn a_device_that_tested_nothing_has_reached_nothing() {
    let target = shared(1, "a.example.org");
    let text = "cw1 version clearway-vm/1 curl ~;\ncw1 1 host https a.example.org:443 ~;\ncw1 1 lookup 2 0 ~;\n\
        cw1 1 curl exit=6 code=000 total=0.1 ~;\ncw1 end ~;\n";
    let results = vm::read(text.as_bytes()).unwrap();
    let mut observations = observed(Vec::new());
    let plan = Plan { targets: vec![target.clone()], ..Plan::default() };
    observations.machine = Some(vm::observe(&plan, &results, &Rules::embedded().headers));
    let judgement = judged(&[target], &observations);
    let finding = &judgement.hosts[0].finding;
    assert_eq!(finding.code, Code::DnsNoAddress);
    assert!(!finding.summary.contains("This device reaches"), "{finding:?}");
}

#[test]
fn a_proxy_that_is_not_understood_is_not_judged() {
    for lines in [
        vec!["proxy https_proxy socks5h://10.1.1.1:1080", "1 curl exit=7 code=000 ip= total=0.2"],
        vec!["proxy ALL_PROXY quarry://10.1.1.1:1080", "1 lookup 2 0", "1 curl exit=6 code=000 total=0.2"],
        vec![
            "proxy https_proxy http://10.1.1.1:3128",
            "1 curl exit=97 code=000 ip=10.1.1.1 tcp=0.01 total=0.2",
        ],
        vec![
            "proxy https_proxy http://***@127.0.0.1:9",
            "1 curl exit=5 code=000 total=0.2",
            "1 error Unsupported proxy syntax in 'http://user:pa#ss3cret@127.0.0.1:9'",
        ],
    ] {
        let (judgement, machine) = judged_with(&lines);
        assert!(machine.attempts.is_empty(), "{lines:?}");
        assert_eq!(vm_of(&judgement), Verdict::Untested, "{lines:?}");
        let said = remarks(&judgement);
        assert!(said.contains("the proxy of that machine is of a kind that is not judged"), "{said}");
        assert!(!said.contains("ss3cret"));
    }
    // What the proxy's variables leave out goes direct.
    let direct = ["proxy https_proxy socks5://10.1.1.1:1080", "proxy no_proxy example.org", "1 lookup 2 0"];
    let (judgement, _) = judged_with(&[&direct[..], &["1 curl exit=6 code=000 total=0.2"]].concat());
    assert_eq!(judgement.hosts[0].finding.code, Code::DnsNoAddress);
}

#[test]
fn a_proxy_that_is_down_there_is_judged_there() {
    for (proxy, line, more, code) in [
        ("http://127.0.0.1:9", "exit=7 code=000 connect=000 ip= port=0 total=0.01", "", Code::ProxyRefused),
        (
            "http://proxy.quarry.example:9",
            "exit=7 code=000 connect=000 ip= dns=0.01 total=0.02",
            "",
            Code::ProxyRefused,
        ),
        (
            "http://proxy.quarry.example:9",
            "exit=28 code=000 connect=000 ip= dns=0.01 total=6.0",
            "1 tried 10.9.9.9:9",
            Code::ProxyTimeout,
        ),
        ("http://10.9.9.9:9", "exit=28 code=000 connect=000 ip= total=6.0", "", Code::ProxyTimeout),
    ] {
        let set = format!("proxy https_proxy {proxy}");
        let why = if code == Code::ProxyRefused { "1 why Connection refused" } else { "1 error timed out" };
        let (judgement, machine) =
            judged_with(&[&set, &curl(line), why, if more.is_empty() { "1 x" } else { more }]);
        let finding = &judgement.hosts[0].finding;
        assert_eq!(
            (finding.code, vm_of(&judgement)),
            (code, Verdict::Blocked),
            "{line} {:?}",
            machine.remarks
        );
        assert!(finding.evidence.line.contains("in the sandbox's own machine"), "{finding:?}");
        let shown = serde_json::to_string(finding).unwrap();
        assert!(
            !shown.contains("0.0.0.0") && shown.contains("10.9.9.9") == (line.contains("exit=28")),
            "{shown}"
        );
    }
}

#[test]
fn tls_to_a_proxy_is_not_that_of_the_host() {
    let fails = |proxy: &str, exit: &str, error: &str| {
        let set = format!("proxy https_proxy {proxy}");
        let line = curl(&format!(
            "exit={exit} code=000 connect=000 ip=10.9.9.9 port=3129 dns=0.01 tcp=0.02 total=0.1"
        ));
        judged_with(&[&set, &line, &format!("1 error {error}")]).0.hosts.remove(0).finding
    };
    let tls = "https://proxy.quarry.example:3129";
    let unknown = fails(tls, "60", "SSL certificate problem: unable to get local issuer certificate");
    assert_eq!((unknown.code, unknown.owner), (Code::ProxyReset, Owner::Device), "{unknown:?}");
    assert!(unknown.remedy.contains("that machine's trust store") && !unknown.remedy.contains("this device"));
    for (exit, error) in
        [("35", "wrong version number"), ("51", "does not match"), ("60", "certificate has expired")]
    {
        let found = fails(tls, exit, error);
        assert_eq!(found.code, Code::ProxyReset, "{found:?}");
        assert!(found.evidence.line.contains("TLS to the proxy failed"), "{found:?}");
    }
    // Behind a tunnel it is the host's.
    let (judgement, _) = judged_with(&[
        "proxy https_proxy https://proxy.quarry.example:3129",
        "1 curl exit=35 code=000 connect=200 ip=10.9.9.9 port=3129 dns=0.01 tcp=0.02 total=0.1",
        "1 error Recv failure: Connection reset by peer",
    ]);
    assert_eq!(judgement.hosts[0].finding.code, Code::TlsReset);
}

#[test]
fn dates_of_a_certificate_are_shown_or_not_judged() {
    // The scene's device is at 1795348800, 22 November 2026, as the machine is unless it says otherwise.
    let refused = |clock: &str, error: &str, dates: &[&str]| {
        let line = curl("exit=60 code=000 connect=000 ip=11.0.0.1 port=443 dns=0.01 tcp=0.02 total=0.1");
        let error = format!("1 error SSL certificate problem: {error}");
        let mut lines = vec![clock, "1 lookup 0 0 11.0.0.1", &line, &error, ISSUER];
        lines.extend(dates);
        let (judgement, machine) = judged_with(&lines);
        (judgement.hosts[0].finding.clone(), machine)
    };
    let dates = ["1 start Oct  1 00:00:00 2026 GMT", "1 expire Dec 30 00:00:00 2026 GMT"];
    for (clock, error, how) in [
        ("clock 1830000000", "certificate has expired", "ahead"),
        ("clock 1700000000", "certificate is not yet valid", "behind"),
    ] {
        let (finding, _) = refused(clock, error, &dates);
        assert_eq!((finding.code, finding.owner), (Code::DeviceClock, Owner::Device), "{finding:?}");
        assert!(
            finding.evidence.line.contains(how) && finding.summary.contains("that machine"),
            "{finding:?}"
        );
    }
    let old = ["1 start Oct  1 00:00:00 2025 GMT", "1 expire Dec 30 00:00:00 2025 GMT"];
    assert_eq!(refused("clock 1795348800", "certificate has expired", &old).0.code, Code::TlsExpired);
    for error in ["certificate has expired", "certificate is not yet valid"] {
        let (finding, machine) = refused("clock 1795348800", error, &[]);
        assert!(machine.attempts.is_empty(), "{finding:?}");
        assert!(machine.remarks[0].contains("the dates that would show it are not in the results"));
    }
}

#[test]
fn one_name_and_port_is_asked_once_and_told_to_all() {
    let targets = vec![shared(1, "a.example.org"), shared(2, "a.example.org")];
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let headers = Rules::embedded().headers;
    let (script, left) = vm::script(&plan, &headers).unwrap();
    assert_eq!((script.matches("'a.example.org'").count(), left), (1, 0));
    let text = "cw1 version clearway-vm/1 curl ~;\ncw1 1 host https a.example.org:443 ~;\ncw1 1 lookup 2 0 ~;\n\
        cw1 1 curl exit=6 code=000 total=0.1 ~;\ncw1 end ~;\n";
    let machine = vm::observe(&plan, &vm::read(text.as_bytes()).unwrap(), &headers);
    assert_eq!(machine.attempts.iter().map(|a| a.target).collect::<Vec<_>>(), [1, 2]);
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
        if code == Code::TlsInterceptedUntrusted {
            let said = format!("{} {}", host.finding.summary, host.finding.remedy);
            assert!(!said.contains("his device") && said.contains("on that machine"), "{said}");
        }
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
