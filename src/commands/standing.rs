//! What stands before everything else in an output: that the rules do not cover the app's version,
//! and that they are old. The clock is read here and nowhere below.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Once;

use time::{Date, OffsetDateTime};

use super::Failure;
use crate::derive::Requirements;
use crate::rules::Rules;
use crate::rules::age::{self, Age};

/// The day to count the age of the rules to, `YYYY-MM-DD`, for comparing outputs of several
/// days.
const TODAY: &str = "CLEARWAY_TODAY";

/// Today's date.
pub fn today() -> Date {
    let said = std::env::var(TODAY).ok().and_then(|text| age::day(&text));
    said.unwrap_or_else(|| OffsetDateTime::now_utc().date())
}

/// How old rules of `date` are today.
pub fn age_of(date: &str) -> Option<Age> {
    Age::of(date, today())
}

/// `2026-11-22 (5 days old)`, for a sentence.
pub fn dated(date: &str) -> String {
    age_of(date).map_or_else(|| date.to_owned(), |age| format!("{date} ({age})"))
}

/// The rules in `dir`, or those built in; says so when they are old.
///
/// # Errors
/// Everything that is wrong with the files of the folder.
pub fn rules(dir: Option<&Path>) -> Result<Rules, Failure> {
    let rules = Rules::of(dir)?;
    warn(&rules.pack.meta.date);
    Ok(rules)
}

/// Says once on standard error that rules of `date` are old, where they are.
fn warn(date: &str) {
    static SAID: Once = Once::new();
    if let Some(text) = age_of(date).and_then(Age::warning) {
        SAID.call_once(|| aside([text.as_str()]));
    }
}

/// Lines on standard error, as they are.
pub fn aside<'a>(lines: impl IntoIterator<Item = &'a str>) {
    for line in lines {
        // A remark that cannot be shown must not stop the work.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// `text` with `lines` before it, each after `mark` (what begins a comment, or nothing).
pub fn before<'a>(lines: impl IntoIterator<Item = &'a str>, mark: &str, text: String) -> String {
    let mut all = String::new();
    for line in lines {
        all.push_str(mark);
        all.push_str(line);
        all.push('\n');
    }
    if all.is_empty() {
        return text;
    }
    if mark.is_empty() && !text.starts_with('\n') {
        all.push('\n');
    }
    all + &text
}

/// The list without the notes that stand before everything else already.
pub fn without(list: &Requirements) -> Requirements {
    let mut list = list.clone();
    let first: Vec<String> = list.statements().into_iter().map(str::to_owned).collect();
    list.notes.retain(|n| !first.contains(&n.text));
    list
}
