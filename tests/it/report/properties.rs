//! What holds for every list and every text, whoever wrote it.

use std::collections::BTreeSet;

use clearway::contract::*;
use clearway::derive::{HostPattern, ProbeHints, Reason, Requirement, Requirements};
use clearway::document::hosts as document;
use clearway::report::{self, Style};
use proptest::prelude::*;

use crate::report::fixtures::{features, hostile, office};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::collection::vec(any::<char>(), 0..30).prop_map(String::from_iter),
        "[=+@\t\r\n\"',;#|`*-]{0,4}[a-z ]{0,12}(\u{1b}\\[[0-9;]{0,3}[a-zA-Z])?[\u{202a}-\u{202e}\u{200b}a-z.:]{0,9}",
    ]
}

fn pattern() -> impl Strategy<Value = HostPattern> {
    prop_oneof![
        "[a-z][a-z0-9]{0,8}(\\.[a-z][a-z0-9]{0,6}){1,5}".prop_map(|n| n.parse().unwrap()),
        "[a-z][a-z0-9]{0,8}\\.example".prop_map(|n| format!("*.{n}").parse().unwrap()),
        any::<u32>().prop_map(|b| HostPattern::Address(std::net::Ipv4Addr::from(b).into())),
        any::<u128>()
            .prop_map(|b| HostPattern::Address(std::net::IpAddr::from(b.to_be_bytes()).to_canonical())),
        Just(HostPattern::Any),
    ]
}

fn reason() -> impl Strategy<Value = Reason> {
    let feature = prop_oneof![Just("workspace"), Just("inference"), Just("plugins"), Just("otlp")];
    let words = (text(), text(), text(), proptest::option::of(text()), proptest::option::of(text()));
    (feature, 0..3_usize, 0..7_usize, words).prop_map(
        |(feature, need, actor, (rule, purpose, breaks, by, config))| Reason {
            rule,
            feature: feature.into(),
            need: Need::ALL[need],
            actors: vec![Actor::ALL[actor]],
            purpose,
            breaks,
            sends: String::new(),
            confidence: Confidence::Documented,
            keys: Vec::new(),
            removed_by: by,
            config,
            source: vec!["T5".into()],
            since: None,
            until: None,
        },
    )
}

prop_compose! {
    fn requirement()(
        host in pattern(),
        port in prop_oneof![Just(443_u16), 1..u16::MAX],
        transport in 0..6_usize,
        internal in any::<bool>(),
        unbounded in proptest::option::weighted(0.1, text()),
        reasons in proptest::collection::vec(reason(), 1..4),
    ) -> Requirement {
        let any = host == HostPattern::Any;
        Requirement {
            loopback: host.is_loopback(),
            host,
            port,
            transport: Transport::ALL[transport],
            network: if internal { Network::Internal } else { Network::Internet },
            unbounded: if any { Some(unbounded.unwrap_or_default()) } else { unbounded },
            hints: ProbeHints::default(),
            reasons,
        }
    }
}

prop_compose! {
    fn list()(hosts in proptest::collection::vec(requirement(), 0..12), name in text(), note in text()) -> Requirements {
        let mut list = office();
        list.hosts = hosts;
        list.hosts.sort_by(|a, b| (&a.host, a.port, a.transport).cmp(&(&b.host, b.port, b.transport)));
        list.hosts.dedup_by(|a, b| (&a.host, a.port, a.transport) == (&b.host, b.port, b.transport));
        list.inputs[0].name = name;
        list.notes[0].text = note;
        list
    }
}

/// The grammar of the lists, as any script would read it.
fn parse(file: &str) -> Vec<(String, u16)> {
    let lines = file.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|line| {
            if line.parse::<std::net::IpAddr>().is_ok() {
                return (line.to_owned(), 443);
            }
            match line.rsplit_once(':') {
                Some((host, port)) => {
                    (host.trim_start_matches('[').trim_end_matches(']').to_owned(), port.parse().unwrap())
                }
                None => (line.to_owned(), 443),
            }
        })
        .collect()
}

fn expected(list: &Requirements) -> BTreeSet<(String, u16)> {
    let listed = list.hosts.iter().filter(|r| !r.host.is_loopback() && r.unbounded.is_none());
    listed.map(|r| (r.host.to_string(), r.port)).collect()
}

/// The cells of each record (RFC 4180).
fn cells(csv: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        let record = records.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                record.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\n' if !quoted => records.push(vec![String::new()]),
            c => record.last_mut().unwrap().push(c),
        }
    }
    assert!(!quoted, "a quote is never closed");
    records.pop();
    records
}

fn is_safe(text: &str) -> bool {
    text.chars().all(|c| {
        c == '\n' || !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    })
}

/// A line may be too long only by a word that cannot be broken.
fn fits(text: &str) -> Result<(), String> {
    use unicode_width::UnicodeWidthStr;
    for line in text.lines().filter(|l| l.width() > 80) {
        let last = line.split_whitespace().next_back().map_or(0, UnicodeWidthStr::width);
        // The narrowest column that text is wrapped in is 26 wide.
        if last < 26 {
            return Err(line.to_owned());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plain_and_txt_hold_the_same_hosts_each_once(list in list()) {
        let features = features();
        for file in [report::hosts::plain::render(&list), report::hosts::txt::render(&list, &features)] {
            let found = parse(&file);
            let set: BTreeSet<(String, u16)> = found.iter().cloned().collect();
            prop_assert_eq!(found.len(), set.len(), "a host stands there twice:\n{}", file);
            prop_assert_eq!(&set, &expected(&list), "{}", file);
            prop_assert!(is_safe(&file));
        }
        let plain = report::hosts::plain::render(&list);
        prop_assert!(plain.lines().is_sorted());
    }

    #[test]
    fn no_cell_is_a_formula(list in list()) {
        let csv = report::hosts::csv::render(&list, &features());
        prop_assert!(is_safe(&csv));
        let records = cells(&csv);
        for record in &records {
            prop_assert_eq!(record.len(), records[0].len(), "{:?}", record);
            for cell in record {
                prop_assert!(!cell.starts_with(report::sanitise::is_formula_start), "{:?}", cell);
            }
        }
    }

    #[test]
    fn text_is_safe_and_narrow(list in list(), verbose in any::<bool>()) {
        let out = report::hosts::text::render(&list, &features(), &Style { verbose, ..Style::default() });
        prop_assert!(is_safe(&out));
        prop_assert_eq!(fits(&out), Ok(()));
    }

    #[test]
    fn markdown_tables_keep_their_columns(list in list()) {
        let out = report::hosts::markdown::render(&list, &features());
        prop_assert!(is_safe(&out));
        for row in out.lines().filter(|l| l.starts_with("| `")) {
            let bars = row.replace("\\\\", "").replace("\\|", "").matches('|').count();
            prop_assert_eq!(bars, 6, "{}", row);
        }
    }

    #[test]
    fn a_document_read_back_makes_the_same_document(list in list()) {
        let features = features();
        let first = document::to_document(&list, &features);
        let json = serde_json::to_value(&first).unwrap();
        let read = document::from_json(json, "x", "").unwrap();
        let second = document::to_document(&read, &features);
        prop_assert_eq!(first.groups, second.groups);
        prop_assert_eq!(first.loopback, second.loopback);
    }

    #[test]
    fn any_text_in_a_run_is_safe_and_narrow(words in proptest::collection::vec(text(), 6), verbose in any::<bool>()) {
        let mut run = hostile();
        run.environment.user = words[0].clone();
        run.environment.proxy = words[1].clone();
        run.label = Some(words[2].clone());
        for cause in &mut run.judgement.causes {
            cause.finding.summary = words[3].clone();
            cause.finding.remedy = words[4].clone();
            cause.finding.evidence.line = words[5].clone();
        }
        let style = Style { verbose, ..Style::default() };
        for out in [
            report::check::text::render(&run, &features(), &style),
            report::check::dry_run::text(&run.plan, &crate::report::dry_run_settings(), &style),
        ] {
            prop_assert!(is_safe(&out));
            prop_assert_eq!(fits(&out), Ok(()));
        }
        for format in report::check::FORMATS {
            prop_assert!(is_safe(&(format.render)(&run, &features(), &style)), "{}", format.name);
        }
    }
}

#[test]
fn colour_only_repeats_what_the_words_say() {
    let run = crate::report::fixtures::mixed();
    let plain = report::check::text::render(&run, &features(), &Style::default());
    let colour = report::check::text::render(&run, &features(), &Style { color: true, ..Style::default() });
    assert_ne!(plain, colour);
    let mut stripped = String::new();
    for (i, part) in colour.split('\u{1b}').enumerate() {
        stripped.push_str(if i == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(plain, stripped);
}
