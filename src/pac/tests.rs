#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;

/// 2026-11-22 12:30:00 UTC, a Sunday.
const NOW: i64 = 1_795_350_600;

fn world() -> World {
    let names = [("here.example", vec!["10.1.2.3".parse().unwrap()]), ("gone.example", Vec::new())];
    let names = names.map(|(n, a)| (n.to_owned(), a)).into();
    World { names, own: Some("10.20.30.40".parse().unwrap()), now: NOW }
}

fn asked(script: &str, hosts: &[&str]) -> Outcome {
    let questions: Vec<Question> = hosts.iter().map(|h| Question::new(h, 443, false)).collect();
    ask(script, &questions, &world())
}

fn one(script: &str) -> Result<Answer, Fault> {
    asked(script, &["a.vendor.example"]).answers.remove(0)
}

fn function(body: &str) -> String {
    format!("function FindProxyForURL(url, host) {{ {body} }}")
}

/// What an expression is, as the script sees it.
fn value(expression: &str) -> String {
    let script = function(&format!("throw String({expression});"));
    match one(&script) {
        Err(Fault::Threw(text)) => text,
        other => panic!("{expression}: {other:?}"),
    }
}

#[test]
fn a_script_answers_host_by_host() {
    let script = function(
        r#"if (dnsDomainIs(host, ".corp.example") || isPlainHostName(host)) return "DIRECT";
           if (url == "https://a.vendor.example/") return "PROXY p.example:3128; DIRECT";
           return "SOCKS s.example";"#,
    );
    let outcome = asked(&script, &["a.vendor.example", "gw.corp.example", "other.example"]);
    let hops: Vec<Vec<Hop>> = outcome.answers.into_iter().map(|a| a.unwrap().hops).collect();
    let proxy = Hop::Proxy { host: "p.example".into(), port: 3128, tls: false };
    let socks = Hop::Socks { host: "s.example".into(), port: 1080 };
    assert_eq!(hops, [vec![proxy, Hop::Direct], vec![Hop::Direct], vec![socks]]);
}

#[test]
fn questions_are_asked_as_browsers_ask() {
    assert_eq!(Question::new("a.example", 443, false).url, "https://a.example/");
    assert_eq!(Question::new("a.example", 8443, false).url, "https://a.example:8443/");
    assert_eq!(Question::new("a.example", 80, true).url, "http://a.example/");
    let literal = Question::new("2001:db8::1", 443, false);
    assert_eq!((literal.url.as_str(), literal.host.as_str()), ("https://[2001:db8::1]/", "2001:db8::1"));
}

#[test]
fn helpers_do_what_browsers_do() {
    for (expression, expected) in [
        ("isPlainHostName('www')", "true"),
        ("isPlainHostName('www.example')", "false"),
        ("dnsDomainIs('a.corp.example', '.corp.example')", "true"),
        ("dnsDomainIs('corp.example', '.corp.example')", "false"),
        ("dnsDomainIs('A.Corp.Example', '.corp.example')", "true"),
        ("localHostOrDomainIs('www', 'www.corp.example')", "true"),
        ("localHostOrDomainIs('www.corp.example', 'www.corp.example')", "true"),
        ("localHostOrDomainIs('www.other.example', 'www.corp.example')", "false"),
        ("dnsDomainLevels('a.b.c')", "2"),
        ("shExpMatch('http://a.example/x/y', '*/x/*')", "true"),
        ("shExpMatch('a.example', '*.example')", "true"),
        ("shExpMatch('a.example', '?.example')", "true"),
        ("shExpMatch('ab.example', '?.example')", "false"),
        ("shExpMatch('a+b', 'a+b')", "true"),
        ("shExpMatch('', '*')", "true"),
        ("shExpMatch('abc', '')", "false"),
        ("isInNet('10.1.2.3', '10.0.0.0', '255.0.0.0')", "true"),
        ("isInNet('here.example', '10.1.0.0', '255.255.0.0')", "true"),
        ("isInNet('here.example', '10.2.0.0', '255.255.0.0')", "false"),
        ("isInNet('gone.example', '0.0.0.0', '0.0.0.0')", "false"),
        ("isInNet('10.1.2.3', 'x', '255.0.0.0')", "false"),
        ("isInNetEx('10.1.2.3', '10.0.0.0/8')", "true"),
        ("isInNetEx('10.1.2.3', '10.1.2.0/30')", "true"),
        ("isInNetEx('10.1.2.3', '10.1.2.0/31')", "false"),
        ("isInNetEx('2001:db8::5', '2001:db8::/32')", "true"),
        ("isInNetEx('2001:db9::5', '2001:db8::/32')", "false"),
        ("dnsResolve('here.example')", "10.1.2.3"),
        ("dnsResolve('HERE.example.')", "10.1.2.3"),
        ("dnsResolve('gone.example')", "null"),
        ("dnsResolve('192.0.2.7')", "192.0.2.7"),
        ("isResolvable('here.example')", "true"),
        ("isResolvable('gone.example')", "false"),
        ("myIpAddress()", "10.20.30.40"),
        ("convert_addr('1.2.3.4')", "16909060"),
        ("weekdayRange('SUN', 'GMT')", "true"),
        ("weekdayRange('MON', 'FRI', 'GMT')", "false"),
        ("weekdayRange('FRI', 'MON', 'GMT')", "true"),
        ("weekdayRange('XXX')", "false"),
        ("dateRange(22, 'GMT')", "true"),
        ("dateRange('NOV', 'GMT')", "true"),
        ("dateRange(2025, 2026, 'GMT')", "true"),
        ("dateRange('NOV', 'FEB', 'GMT')", "true"),
        ("dateRange('DEC', 'OCT', 'GMT')", "false"),
        ("dateRange(1, 'NOV', 2026, 21, 'NOV', 2026, 'GMT')", "false"),
        ("dateRange(1, 'NOV', 30, 'NOV', 'GMT')", "true"),
        ("dateRange()", "false"),
        ("timeRange(12, 'GMT')", "true"),
        ("timeRange(9, 17, 'GMT')", "true"),
        ("timeRange(22, 6, 'GMT')", "false"),
        ("timeRange(12, 0, 12, 29, 'GMT')", "false"),
        ("timeRange(12, 30, 0, 12, 30, 0, 'GMT')", "true"),
        ("timeRange(1, 2, 3, 'GMT')", "false"),
        ("alert('x')", "undefined"),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn names_that_are_not_known_are_told() {
    let script = function(
        "isResolvable('b.example'); isInNet(dnsResolve('A.example'), '10.0.0.0', '255.0.0.0'); return 'DIRECT';",
    );
    let outcome = asked(&script, &["x.example"]);
    let names: Vec<&str> = outcome.asked.iter().map(String::as_str).collect();
    assert_eq!(names, ["a.example", "b.example"]);
    let many = function("for (var i = 0; i < 1000; i++) dnsResolve('n' + i); return 'DIRECT';");
    assert_eq!(asked(&many, &["x.example"]).asked.len(), 256);
}

#[test]
fn whether_the_own_address_decides_is_told() {
    let script = function("return host == 'a.example' && myIpAddress() ? 'PROXY p:1' : 'DIRECT';");
    let outcome = asked(&script, &["a.example", "b.example"]);
    let own: Vec<bool> = outcome.answers.iter().map(|a| a.as_ref().unwrap().by_own_address).collect();
    assert_eq!(own, [true, false]);
}

#[test]
fn what_is_no_script_is_told_from_one_that_fails() {
    let is_none = |script: &str| match one(script) {
        Err(Fault::NoScript(why)) => assert!(!why.contains('\n'), "{why}"),
        other => panic!("{script}: {other:?}"),
    };
    for script in [
        "",
        "<!doctype html><title>Sign in</title>",
        "function other() {}",
        "var FindProxyForURL = 1;",
        "throw 1;",
    ] {
        is_none(script);
    }
    assert!(
        matches!(one(&function("return missing.length;")), Err(Fault::Threw(e)) if e.contains("missing"))
    );
    assert!(matches!(one(&function("throw {};")), Err(Fault::Threw(_))));
    assert!(matches!(one(&function("throw 'a\\nb\\u001b[31m';")), Err(Fault::Threw(e)) if e == "a b [31m"));
    for nothing in ["", "return 1;", "return null;", "return {toString: function () { return 'DIRECT'; }};"] {
        assert_eq!(one(&function(nothing)), Err(Fault::NoText), "{nothing}");
    }
    // Old scripts are sloppy.
    assert!(one(&function("undeclared = 1; with ({x: 1}) { undeclared = x; } return 'DIRECT';")).is_ok());
}

#[test]
fn a_hostile_script_is_stopped() {
    let within = |script: &str, ms: u64| {
        let questions = [Question::new("a.example", 443, false), Question::new("b.example", 443, false)];
        let began = std::time::Instant::now();
        let outcome = ask_for(script, &questions, &world(), Duration::from_millis(ms));
        assert!(began.elapsed() < Duration::from_secs(10), "{script}: {:?}", began.elapsed());
        outcome.answers
    };
    for endless in [
        function("for (;;) {}"),
        format!("for (;;) {{}} {}", function("return 'DIRECT'")),
        function("try { for (;;) {} } catch (e) {} finally { for (;;) {} }"),
        function(
            "return /^(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab') ? '' : 'DIRECT';",
        ),
        // A loop of a built-in function, which the engine does not interrupt.
        function("Array.prototype.indexOf.call({length: 9007199254740991}, 1);"),
    ] {
        assert_eq!(within(&endless, 300), [Err(Fault::TooLong), Err(Fault::TooLong)], "{endless}");
    }
    for large in [
        function("var a = []; for (;;) a.push('x'.repeat(1000000) + a.length);"),
        function("return 'x'.repeat(100000000);"),
        function("return new Uint8Array(1000000000).length;"),
    ] {
        let answers = within(&large, 8000);
        assert!(matches!(answers[0], Err(Fault::TooLarge | Fault::Threw(_))), "{large}: {answers:?}");
    }
    for deep in [
        function("return FindProxyForURL(url, host);"),
        function("var f = function (x) { return [x].map(f); }; return f(1);"),
    ] {
        assert_eq!(within(&deep, 8000)[0], Err(Fault::TooDeep), "{deep}");
    }
    assert_eq!(
        ask(&"/".repeat(LARGEST + 1), &[Question::new("a", 443, false)], &world()).answers,
        [Err(Fault::TooLarge)]
    );
}

#[test]
fn a_script_has_no_other_door() {
    for name in [
        "require",
        "process",
        "fetch",
        "XMLHttpRequest",
        "std",
        "os",
        "print",
        "console",
        "setTimeout",
        "Worker",
    ] {
        assert_eq!(value(&format!("typeof {name}")), "undefined", "{name}");
    }
}

#[test]
fn a_long_answer_is_not_read() {
    let script = |count: u32| function(&format!("return \"PROXY p.example:1;\" + \" \".repeat({count});"));
    let Err(Fault::Threw(said)) = one(&script(65_536)) else { panic!("it was read") };
    assert!(said.contains("longer than 64 KiB"), "{said}");
    assert!(one(&script(1000)).is_ok());
}
