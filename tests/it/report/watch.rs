//! A repeated check: rounds made by hand at a clock made by hand, counted, and told as text and as lines.

use clearway::compare::watch::{Change, State, Watch};
use clearway::contract::{Code, Need, Owner, RunVerdict, RunWord, Verdict};
use clearway::report::Style;
use clearway::report::watch::{Ended, Subject, ndjson, text};
use clearway::run::Run;
use serde_json::Value;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::common::schemas;
use crate::report::fixtures::{finding, hostile, mixed, ready};

const SINCE: OffsetDateTime = datetime!(2026-11-28 02:58:30 +01:00);

/// A healthy run, but for its first host.
fn round(verdict: Verdict, code: Code, owner: Owner) -> Run {
    let mut run = ready();
    let host = &mut run.judgement.hosts[0];
    host.verdict = verdict;
    host.finding = finding(code, owner, "What was found.", "seen", "Change it.");
    let blocked = verdict == Verdict::Blocked;
    run.judgement.verdict = if blocked { RunVerdict::Blocked } else { RunVerdict::Ready };
    run
}

fn ok() -> Run {
    round(Verdict::Reachable, Code::Ok, Owner::None)
}

fn subject() -> Subject {
    Subject {
        every_s: 60,
        rounds: None,
        label: Some("Berlin".into()),
        device: "desk-0417".into(),
        rules_date: "2026-11-22".into(),
        hosts: 3,
    }
}

/// Nine rounds, a minute apart; the clocks are set by an hour before the last.
fn rounds() -> Vec<(Run, OffsetDateTime)> {
    let refused = || round(Verdict::Blocked, Code::TcpRefused, Owner::Service);
    let all = [
        ok(),
        ok(),
        refused(),
        refused(),
        round(Verdict::Blocked, Code::TcpTimeout, Owner::Firewall),
        round(Verdict::Untested, Code::UntestedDeadline, Owner::None),
        ok(),
        refused(),
        round(Verdict::Warning, Code::HttpSlow, Owner::Service),
    ];
    let at = |n: usize| SINCE + Duration::seconds(60 * i64::try_from(n).unwrap());
    let moved = |n: usize| if n == 8 { at(n).to_offset(time::UtcOffset::UTC) } else { at(n) };
    all.into_iter().enumerate().map(|(n, run)| (run, moved(n))).collect()
}

/// Everything that is told of these rounds.
fn told(
    rounds: Vec<(Run, OffsetDateTime)>,
    round: impl Fn(&Watch, &[Change], OffsetDateTime) -> String,
) -> (Watch, String) {
    let mut watch = Watch::new(SINCE);
    let mut out = String::new();
    for (run, at) in rounds {
        let changes = watch.take(&run, at);
        out.push_str(&round(&watch, &changes, at));
    }
    (watch, out)
}

#[test]
fn a_host_that_comes_and_goes_is_counted() {
    let (watch, _) = told(rounds(), |_, _, _| String::new());
    let first = &ready().plan.targets[0];
    let (_, tally) = watch.hosts.iter().find(|(e, _)| e.host == first.requirement.host).unwrap();
    assert_eq!((tally.worked, tally.blocked, tally.untested, tally.flaps), (4, 4, 1, 2));
    assert_eq!((tally.rounds(), tally.per_mille()), (9, Some(500)));
    // What was not judged in the middle of it does not end an outage.
    let longest = tally.longest(watch.last).unwrap();
    let minute = |n: i64| SINCE + Duration::minutes(n);
    assert_eq!((longest.begin, longest.end), (minute(2), Some(minute(6))));
    assert_eq!((watch.rounds, watch.verdict.unwrap().value), (9, RunWord::Ready));
    let (_, other) = watch.hosts.iter().find(|(e, _)| e.host != first.requirement.host).unwrap();
    assert_eq!(
        (other.worked, other.flaps, other.per_mille(), other.longest(watch.last)),
        (9, 0, Some(1000), None)
    );
}

#[test]
fn an_outage_that_goes_on_is_the_longest_so_far_and_hosts_are_never_better_than_they_were() {
    let refused = round(Verdict::Blocked, Code::TcpRefused, Owner::Service);
    let mut watch = Watch::new(SINCE);
    for n in 0..1500 {
        let run = if n == 3 || n > 1497 { &refused } else { &ok() };
        watch.take(run, SINCE + Duration::seconds(60 * n));
    }
    let first = ready().plan.targets[0].requirement.host.clone();
    let tally = watch.hosts.iter().find(|(e, _)| e.host == first).unwrap().1;
    assert_eq!((tally.blocked, tally.flaps, tally.per_mille()), (3, 2, Some(998)));
    let longest = tally.longest(watch.last).unwrap();
    // One that goes on comes before a past one of the same length.
    assert_eq!((longest.end, longest.length(watch.last)), (None, Duration::minutes(1)));
    watch.take(&refused, SINCE + Duration::minutes(1501));
    let tally = watch.hosts.iter().find(|(e, _)| e.host == first).unwrap().1;
    let longest = tally.longest(watch.last).unwrap();
    assert_eq!((longest.end, longest.length(watch.last)), (None, Duration::minutes(3)));
}

#[test]
fn the_same_round_again_is_no_change() {
    let mut watch = Watch::new(SINCE);
    assert!(!watch.take(&mixed(), SINCE).is_empty());
    assert_eq!(watch.take(&mixed(), SINCE + Duration::MINUTE), []);
    assert_eq!(watch.changes, 0);
    // Only what was probed is counted.
    let probed = mixed().plan.targets.iter().filter(|t| !t.paths.is_empty()).count();
    assert_eq!((watch.hosts.len(), watch.working.1), (probed, probed));
    assert_eq!(State::of(Verdict::Warning), State::Works);
}

#[test]
fn what_is_told_to_a_reader() {
    let style = Style::default();
    let (watch, lines) = told(rounds(), |watch, changes, at| text::round(watch, changes, at, &style));
    let begin = text::begin(&Watch::new(SINCE), &subject(), &style);
    let end = text::end(&watch, &subject(), Ended::Interrupted, &style);
    insta::assert_snapshot!("watch_text", format!("{begin}{lines}{end}"));
    let live =
        text::live(&watch, watch.last + Duration::seconds(26), Some(std::time::Duration::from_secs(34)));
    insta::assert_snapshot!("watch_live", live);
    let painted = Style { color: true, ..Style::default() };
    assert!(text::end(&watch, &subject(), Ended::Rounds, &painted).contains("\u{1b}["));
}

#[test]
fn what_is_told_to_a_program() {
    let (watch, lines) = told(rounds(), ndjson::round);
    let begin = ndjson::begin(&Watch::new(SINCE), &subject());
    let end = ndjson::end(&watch, Ended::Interrupted, 0);
    let all = format!("{begin}{lines}{end}");
    for line in all.lines() {
        schemas::hold("watch", &serde_json::from_str(line).unwrap(), line);
    }
    let version = format!("\"clearway\":\"{}\"", env!("CARGO_PKG_VERSION"));
    insta::assert_snapshot!("watch_ndjson", all.replace(&version, "\"clearway\":\"VERSION\""));
}

#[test]
fn the_schema_refuses_what_is_no_line_of_it() {
    let (_, lines) = told(rounds(), ndjson::round);
    let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/watch-1.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    assert!(schema.is_valid(&line));
    for (name, value) in [
        ("event", "other".into()),
        ("state", "up".into()),
        ("at", "today".into()),
        ("round", Value::Null),
        ("verdict", "fine".into()),
        ("was_verdict", "fine".into()),
        ("was_code", "tcp/other".into()),
        ("confidence", "sure".into()),
    ] {
        let mut broken = line.clone();
        broken[name] = value;
        assert!(!schema.is_valid(&broken), "{name}");
    }
}

#[test]
fn text_of_servers_is_harmless_in_both() {
    let style = Style::default();
    let (watch, lines) = told(vec![(ready(), SINCE), (hostile(), SINCE)], |w, c, at| {
        text::round(w, c, at, &style) + &ndjson::round(w, c, at)
    });
    let hostile = Subject { label: Some(crate::report::fixtures::HOSTILE.into()), ..subject() };
    let all = lines
        + &ndjson::begin(&watch, &hostile)
        + &text::end(&watch, &hostile, Ended::Unread, &style)
        + &ndjson::end(&watch, Ended::Unread, 1)
        + &text::live(&watch, SINCE, None);
    assert!(all.contains("evil.example"), "{all}");
    assert!(all.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}' && c != '\u{200b}'));
    // A line break of a server begins no line.
    assert!(all.lines().all(|l| !l.starts_with("evil.example")));
}

#[test]
fn losses_that_no_user_notices_are_told_apart_from_those_that_matter() {
    // Degraded both times: the host that is blocked is optional first, then a feature needs it.
    let degraded = |need: Need| {
        let mut run = round(Verdict::Blocked, Code::TcpRefused, Owner::Service);
        for reason in &mut run.plan.targets[0].requirement.reasons {
            reason.need = need;
        }
        run.judgement.verdict = RunVerdict::Degraded;
        run
    };
    let rounds = vec![(degraded(Need::Optional), SINCE), (degraded(Need::Feature), SINCE + Duration::MINUTE)];
    let style = Style::default();
    let (watch, lines) = told(rounds.clone(), |w, c, at| text::round(w, c, at, &style));
    assert!(lines.contains("= READY, with optional losses: "), "{lines}");
    assert!(lines.contains("= DEGRADED: ") && lines.contains("; was READY, with optional losses for 1 min"));
    assert_eq!(watch.changes, 1);
    let (_, lines) = told(rounds, ndjson::round);
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    schemas::hold("watch", &last, "another kind of degraded");
    assert_eq!((&last["run_verdict"], &last["was_run_verdict"]), (&"degraded".into(), &"degraded".into()));
    assert_eq!((&last["only_optional"], &last["was_only_optional"]), (&false.into(), &true.into()));
}

#[test]
fn promises_that_break_are_told() {
    let expected = |unmet| {
        let mut run = ready();
        run.expected = Some(clearway::expect::Expected { unmet, ..Default::default() });
        run
    };
    let rounds = vec![(expected(0), SINCE), (expected(0), SINCE), (expected(2), SINCE + Duration::MINUTE)];
    let style = Style::default();
    let (_, lines) = told(rounds.clone(), |w, c, at| text::round(w, c, at, &style));
    assert!(lines.contains("2 promises unmet; was 0 for 1 min"), "{lines}");
    let (_, lines) = told(rounds, ndjson::round);
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    schemas::hold("watch", &last, "promises");
    assert_eq!(
        (&last["event"], &last["unmet"], &last["was_unmet"]),
        (&"promises".into(), &2.into(), &0.into())
    );
}
