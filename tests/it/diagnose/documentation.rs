//! Every code is documented, as one that is reported or as one that is reserved.

use clearway::diagnose::Code;
use clearway::rules::codes::Codes;

#[test]
fn every_code_has_a_heading_or_is_said_to_be_reserved() {
    let text = include_str!("../../../docs/findings.md");
    let (reported, reserved) = text.split_once("\n## Reserved\n").unwrap();
    let codes = Codes::embedded().unwrap();
    for code in Code::ALL {
        let headings = reported.lines().filter(|l| **l == *format!("### `{code}`")).count();
        let named = reserved.contains(&format!("`{code}`"));
        let expected = if codes.get(*code).unwrap().reserved { (0, true) } else { (1, false) };
        assert_eq!((headings, named), expected, "{code}");
    }
    for line in reported.lines().filter_map(|l| l.strip_prefix("### `")) {
        let code = line.trim_end_matches('`');
        assert!(code.parse::<Code>().is_ok(), "{code} is no code");
    }
}
