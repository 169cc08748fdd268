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
