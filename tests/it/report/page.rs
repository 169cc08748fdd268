//! The page of a run: nothing is loaded, nothing of a server is mark-up, every number is one of the report, and the report
//! in it reads back.

use std::collections::BTreeSet;

use clearway::check::replay;
use clearway::document::check::{embedded, read_check};
use clearway::report::check::{html, json};
use clearway::rules::Rules;
use clearway::run::Run;
use serde_json::Value;

use crate::common::clearway;
use crate::report::fixtures::{features, hostile, interrupted, mixed};
use crate::report::formats::{office, office_file};
use crate::report::stable;

fn page(run: &Run) -> String {
    html::render(run, &Rules::embedded().pack.feature_infos())
}

/// The page without style, script and report.
pub fn seen(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some(at) = ["<style", "<script"].iter().filter_map(|mark| rest.find(mark)).min() {
        out.push_str(&rest[..at]);
        let end = rest[at..].find("</s").unwrap() + at;
        rest = &rest[end..];
        rest = &rest[rest.find('>').unwrap() + 1..];
    }
    out + rest
}

/// Every tag of the page, as it stands there.
pub fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|part| part.split('>').next().unwrap()).collect()
}

/// The texts between the tags.
pub fn texts(page: &str) -> String {
    let mut out = String::new();
    for part in page.split('<') {
        out.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        out.push(' ');
    }
    for (written, meant) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
        out = out.replace(written, meant);
    }
    out
}

#[test]
fn the_page_of_the_office() {
    // The report in it is the JSON that has a snapshot of its own form.
    let page = page(&office());
    let (before, rest) = page.split_once("<script type=\"application/json\"").unwrap();
    let after = rest.split_once("</script>").unwrap().1;
    let shown = seen(&format!("{before}{after}"));
    // The hashes of style and script are held below.
    let (before, rest) = shown.split_once("default-src 'none';").unwrap();
    let shown = format!("{before}POLICY{}", &rest[rest.find('"').unwrap()..]);
    insta::assert_snapshot!("office_html", stable(&shown.replace("><", ">\n<")));
}

/// Nothing of the page names a place to load from, and no element acts by itself.
pub fn holds_all_it_needs(page: &str) {
    let visible = seen(page);
    for tag in tags(&visible) {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        assert!(
            !["img", "link", "iframe", "object", "embed", "form", "base", "video"].contains(&name),
            "{tag}"
        );
        assert!(!tag.contains(" src=") && !tag.contains(" style=") && !tag.contains(" on"), "{tag}");
        if let Some(target) = tag.split(" href=\"").nth(1) {
            let known = ["#", "mailto:", "https://"];
            assert!(known.iter().any(|start| target.starts_with(start)), "{tag}");
        }
    }
}

#[test]
fn nothing_is_loaded() {
    for run in [office(), mixed(), hostile()] {
        let page = page(&run);
        holds_all_it_needs(&page);
        // The policy allows the style and the script that stand there, and nothing else.
        let policy =
            page.split("Content-Security-Policy\" content=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        for kind in ["style", "script"] {
            let text =
                page.split(&format!("<{kind}>")).nth(1).unwrap().split(&format!("</{kind}>")).next().unwrap();
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
            use base64::Engine;
            let hash = base64::engine::general_purpose::STANDARD.encode(digest);
            assert!(policy.contains(&format!("{kind}-src 'sha256-{hash}'")), "{kind}: {policy}");
            assert!(
                !text.contains("url(") && !text.contains("@import") && !text.contains("fetch("),
                "{kind}"
            );
        }
    }
}

#[test]
fn markup_of_a_server_stays_text() {
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'><!--";
    let mut run = hostile();
    run.label = Some(evil.into());
    run.environment.host = evil.into();
    for cause in &mut run.judgement.causes {
        cause.finding.summary = evil.into();
        cause.finding.evidence.line = evil.into();
    }
    for attempt in &mut run.observations.attempts {
        for http in &mut attempt.http {
            http.body = evil.into();
        }
    }
    let page = html::render(&run, &features());
    assert_eq!(page.matches("<script").count(), 2, "the report and the page's own");
    assert!(!page.contains("<img") && !page.contains("<!--") && !page.contains("<b>&[l]"), "{page}");
    assert!(
        texts(&seen(&page)).contains("</script><script>alert(1)</script><img src=x"),
        "it is shown as text"
    );
    let report: Value = serde_json::from_slice(embedded(page.as_bytes()).unwrap()).unwrap();
    assert_eq!(report["label"], evil);
}

/// What stands in a page is what the JSON has, and the three readers of reports read it.
#[test]
fn the_report_in_the_page_is_the_report() {
    for run in [office(), mixed(), interrupted(), hostile()] {
        let features = Rules::embedded().pack.feature_infos();
        let page = html::render(&run, &features);
        let inside: Value = serde_json::from_slice(embedded(page.as_bytes()).unwrap()).unwrap();
        let alone: Value = serde_json::from_str(&json::render(&run, &features)).unwrap();
        assert_eq!(inside, alone);
        assert!(read_check(inside).is_ok());
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.html");
    std::fs::write(&file, page(&office())).unwrap();
    let again = replay::load(&Rules::embedded(), &file).unwrap();
    assert_eq!(again.judgement, office().judgement);
    let run = |args: &[&str]| {
        let output = clearway().current_dir(dir.path()).args(args).arg(office_file()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run(&["diff", "report.html"]);
    assert!(code == Some(0) && text.starts_with("SAME: 14 hosts"), "{text}");
    let (code, text) = run(&["compare", "report.html"]);
    assert!(code == Some(0) && text.contains("the reports agree on every host"), "{text}");
    std::fs::write(&file, "<!doctype html><p>a page</p>").unwrap();
    let output = clearway().args(["check", "--replay"]).arg(&file).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(2) && message.contains("no report of `clearway check`"),
        "{message}"
    );
}

/// The digits of a text, cut at everything else.
fn numbers(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()).map(str::to_owned).collect()
}

fn collect(value: &Value, known: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => known.extend(numbers(text)),
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            known.extend(numbers(&format!("{:.0}", number.round())));
            known.extend(numbers(&number.to_string()));
            // `812 ms` or `4.0 s`.
            known.extend(numbers(&format!("{:.1}", (number / 100.0).floor() / 10.0)));
        }
        Value::Array(items) => items.iter().for_each(|v| collect(v, known)),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            known.extend(numbers(key));
            collect(value, known);
        }),
        _ => {}
    }
}

#[test]
fn every_number_of_the_page_is_one_of_the_report() {
    for run in [office(), mixed(), interrupted()] {
        let page = page(&run);
        let report: Value = serde_json::from_slice(embedded(page.as_bytes()).unwrap()).unwrap();
        let mut known = BTreeSet::new();
        collect(&report, &mut known);
        // Counts follow from the report: hosts by verdict, of a feature, a route, a thing to do; and things by number.
        let hosts = run.judgement.hosts.len();
        let counted: BTreeSet<String> =
            (0..=hosts.max(run.judgement.causes.len())).map(|n| n.to_string()).collect();
        known.extend(counted);
        // Fixed words: the families of addresses, one attempt of an experiment by its segment size.
        known.extend(["4", "6", "536"].map(str::to_owned));
        // Versions of the program, and the time of an attempt by the clock.
        known.extend(numbers(env!("CARGO_PKG_VERSION")));
        let visible = seen(&page);
        // A ticket gives attempts by the clock, start and offset together; it has tests of its own.
        let mut without_tickets = String::new();
        for (n, part) in visible.split("<summary>Ticket</summary>").enumerate() {
            without_tickets.push_str(if n == 0 { part } else { part.split_once("</pre>").unwrap().1 });
        }
        let unknown: Vec<String> = numbers(&texts(&without_tickets)).difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "numbers that are not in the report: {unknown:?}");
        // And the times of each host are those of the report, in the order of the stages.
        for group in report["groups"].as_array().unwrap() {
            for host in group["hosts"].as_array().unwrap() {
                for stage in ["dns", "tcp", "proxy", "tls", "http"] {
                    let Some(ms) = host["timings_ms"][stage].as_f64() else { continue };
                    let cell = if ms > 0.0 && ms.round() < 1.0 {
                        "&lt;1 ms".into()
                    } else {
                        format!("{:.0} ms", ms.round())
                    };
                    assert!(without_tickets.contains(&cell), "{stage}: {cell}");
                }
            }
        }
    }
}

#[test]
fn headings_are_in_order_and_tables_have_their_heads() {
    for run in [office(), mixed(), interrupted(), hostile()] {
        let page = seen(&page(&run));
        let mut level = 0;
        let mut ids = BTreeSet::new();
        for tag in tags(&page) {
            let bytes = tag.as_bytes();
            if bytes[0] == b'h' && bytes.get(1).is_some_and(u8::is_ascii_digit) {
                let this = bytes[1] - b'0';
                assert!(this <= level + 1, "{tag} after h{level}");
                level = this;
            }
            if tag.starts_with("th ") || tag == "th" {
                assert!(tag.contains("scope=\""), "{tag}");
            }
            if let Some(id) = tag.split(" id=\"").nth(1) {
                assert!(ids.insert(id.split('"').next().unwrap()), "{tag} is there twice");
            }
        }
        for tag in tags(&page) {
            for mark in [" href=\"#", " aria-labelledby=\"", " data-copy=\""] {
                if let Some(id) = tag.split(mark).nth(1) {
                    assert!(ids.contains(id.split('"').next().unwrap()), "{tag}");
                }
            }
        }
        assert_eq!(page.matches("<h1").count(), 1);
    }
}

#[test]
fn the_page_of_forty_hosts_is_below_250_kb() {
    let mut run = office();
    let works: Vec<u32> = run
        .judgement
        .hosts
        .iter()
        .filter(|h| h.verdict == clearway::contract::Verdict::Reachable)
        .map(|h| h.target)
        .collect();
    for (next, of) in (100..).zip(works.iter().cycle()) {
        if run.plan.targets.len() >= 40 {
            break;
        }
        let mut target = run.plan.target(*of).unwrap().clone();
        target.id = next;
        target.requirement.host = format!("host-{next}.services.example").parse().unwrap();
        let mut judged = run.judgement.hosts.iter().find(|h| h.target == *of).unwrap().clone();
        judged.target = next;
        let mut attempts: Vec<_> =
            run.observations.attempts.iter().filter(|a| a.target == *of).cloned().collect();
        attempts.iter_mut().for_each(|a| a.target = next);
        run.observations.attempts.extend(attempts);
        run.judgement.hosts.push(judged);
        run.plan.targets.push(target);
    }
    let size = page(&run).len();
    assert!(size < 250_000, "{size} bytes");
}

#[test]
fn open_needs_a_page_that_is_saved() {
    for args in [&["--open"][..], &["--open", "--format", "html"], &["--open", "--format", "json=x.json"]] {
        let dir = tempfile::tempdir().unwrap();
        let output = clearway()
            .current_dir(dir.path())
            .args(["check", "--replay"])
            .arg(office_file())
            .args(args)
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains("add --format html=FILE"), "{message}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
