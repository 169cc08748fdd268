//! `config --format junit`: a suite for each configuration. Its first case is whether the allowlist that follows from it
//! is complete; then comes a case for each finding. An error is a failure, and with `--strict` a warning is one, too, as
//! for the exit code; what else was noticed is a passed case with a remark.

use std::io;

use crate::config::Lint;
use crate::contract::{Need, Severity};
use crate::report::config::{Effective, Numbered, place};
use crate::report::junit::{self, Counts, Out, block, clean, result, time};
use crate::rules::Pack;

/// The case that holds for the configuration as a whole.
const COMPLETE: &str = "allowlist is complete";

/// The configurations as a JUnit document, ending in a line feed.
pub fn render(all: &[Effective], pack: &Pack, strict: bool) -> String {
    junit::document(|out| document(out, all, pack, strict))
}

fn document(out: &mut Out, all: &[Effective], pack: &Pack, strict: bool) -> io::Result<()> {
    let mut counts = Counts::default();
    all.iter().for_each(|one| counts.add(counted(one, strict)));
    let attributes = counts.attributes();
    out.create_element("testsuites")
        .with_attribute(("name", "clearway config"))
        .with_attributes(attributes.iter().map(|(name, value)| (*name, value.as_str())))
        .write_inner_content(|out| all.iter().try_for_each(|one| suite(out, one, pack, strict)))?;
    Ok(())
}

fn counted(one: &Effective, strict: bool) -> Counts {
    let bad = one.lint.iter().filter(|l| fails(l.severity, strict)).count();
    let incomplete = usize::from(lacking(one).next().is_some());
    Counts { tests: 1 + one.lint.len(), failures: bad + incomplete, ..Counts::default() }
}

fn fails(severity: Severity, strict: bool) -> bool {
    match severity {
        Severity::Error => true,
        Severity::Warning => strict,
        Severity::Info => false,
    }
}

/// The required hosts that errors cost, each a sentence.
fn lacking(one: &Effective) -> impl Iterator<Item = String> {
    one.missing.iter().filter(|m| m.need == Need::Required).map(|m| {
        let because = m.key.as_ref().unwrap_or(&m.why);
        format!("A required host of `{}` is missing, because of {because}.", m.feature)
    })
}

fn suite(out: &mut Out, one: &Effective, pack: &Pack, strict: bool) -> io::Result<()> {
    let attributes = counted(one, strict).attributes();
    let name = clean(&one.configuration.name);
    out.create_element("testsuite")
        .with_attribute(("name", name.as_str()))
        .with_attributes(attributes.iter().map(|(name, value)| (*name, value.as_str())))
        .write_inner_content(|out| {
            let lines: Vec<String> = lacking(one).collect();
            case(out, &name, COMPLETE, |out| match lines.first() {
                Some(first) => result(out, "failure", Some("incomplete"), first, &lines),
                None => Ok(()),
            })?;
            let mut titles = Numbered::default();
            one.lint.iter().try_for_each(|lint| {
                let about = lint.key.as_ref().map(|key| format!(" ({key})")).unwrap_or_default();
                let title = titles.once(format!("{}{about}", lint.id), ' ');
                finding(out, (&name, &title), lint, pack, strict)
            })
        })?;
    Ok(())
}

fn finding(
    out: &mut Out,
    (suite, title): (&str, &str),
    lint: &Lint,
    pack: &Pack,
    strict: bool,
) -> io::Result<()> {
    let mut lines = vec![format!("Found: {}", lint.message)];
    lines.extend(lint.origin.as_ref().map(|origin| format!("At: {}", place(origin))));
    if let Some(known) = pack.lints.describe(&lint.id) {
        lines.push(format!("Rule: {} ({}, {})", known.title, lint.id, known.confidence));
    }
    case(out, suite, title, |out| match fails(lint.severity, strict) {
        true => result(out, "failure", Some(&lint.id), &lint.message, &lines),
        false => block(out, "system-out", &lines),
    })
}

fn case(
    out: &mut Out,
    suite: &str,
    name: &str,
    inside: impl FnOnce(&mut Out) -> io::Result<()>,
) -> io::Result<()> {
    out.create_element("testcase")
        .with_attribute(("classname", suite))
        .with_attribute(("name", clean(name).as_str()))
        .with_attribute(("time", time(0.0).as_str()))
        .write_inner_content(inside)?;
    Ok(())
}
