//! What programs of every kind print (`tests/texts/errors.tsv`), and ordinary texts that must stay unknown
//! (`tests/texts/ordinary.txt`). One row a text.

use std::sync::LazyLock;

use clearway::derive::Options;
use clearway::explain::{Answer, Given, explain};
use clearway::rules::Rules;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);

fn ask(text: &str) -> Answer {
    let options = Options::default();
    let given = Given { pack: &RULES.pack, configurations: &[], documents: &[], options: &options };
    explain(&given, &RULES.symptoms, &RULES.codes, &RULES.pack.feature_infos(), text).answer
}

#[test]
fn each_text_is_answered_with_its_meaning_and_its_owner() {
    let rows: Vec<Vec<&str>> = include_str!("../../texts/errors.tsv")
        .lines()
        .filter(|l| !l.starts_with('#'))
        .map(|l| l.split('\t').collect())
        .collect();
    assert!(rows.len() > 500, "{}", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let [text, id, owner] = row[..] else { panic!("three columns: {row:?}") };
        match ask(text) {
            Answer::Messages(answer) => {
                let first = &answer.messages[0];
                if first.symptom.id != id || first.owner.to_string() != owner {
                    wrong.push(format!(
                        "{text}: {} of {}, not {id} of {owner}",
                        first.symptom.id, first.owner
                    ));
                }
            }
            other => wrong.push(format!("{text}: not {id}, but {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn ordinary_texts_and_numbers_of_code_stay_unknown() {
    let known: Vec<String> = include_str!("../../texts/ordinary.txt")
        .lines()
        .filter(|text| !matches!(ask(text), Answer::Unknown { .. }))
        .map(|text| format!("{text}: {:?}", ask(text)))
        .collect();
    assert!(known.is_empty(), "{known:#?}");
}

#[test]
fn one_event_has_one_cause_where_a_text_stands_within_another() {
    let ids = |text: &str| RULES.symptoms.find(text).iter().map(|f| f.id().to_owned()).collect::<Vec<_>>();
    assert_eq!(ids("MCP error -32001: Request timed out (server tracker)"), ["mcp-timeout"]);
    assert_eq!(ids("dial tcp 192.0.2.7:443: i/o timeout"), ["packets-dropped"]);
}
