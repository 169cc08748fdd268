//! `check --format junit`: a suite for each feature and a case for each host and each promise, as build servers read them. A blocked host is
//! a failure, an untested one is skipped (never passed), and a warning is a passed case with a remark. The first suite
//! has one case, the verdict of the run: it says what no host stands for, such as an incomplete list.

use std::io;

use crate::contract::FeatureInfo;
use crate::diagnose::{Finding, RunVerdict, Verdict};
use crate::expect::{Expected, Judged, Outcome};
use crate::report::check::view::{Group, Row, View};
use crate::report::check::{details, expected, summary};
use crate::report::junit::{self, Counts, Out, block, clean, result, time};
use crate::report::words;
use crate::run::Run;
use crate::text::english;

/// Name of the suite that has the verdict of the run.
const RUN: &str = "Run";
/// Name of the suite of promises.
const EXPECTATIONS: &str = "Expectations";

/// The run as a JUnit document, ending in a line feed.
pub fn render(run: &Run, features: &[FeatureInfo]) -> String {
    junit::document(|out| document(out, run, &View::new(run, features)))
}

fn of_group(group: &Group<'_>) -> Counts {
    let count = |verdict| group.rows.iter().filter(|r| r.is(verdict)).count();
    Counts {
        tests: group.rows.len(),
        failures: count(Verdict::Blocked),
        skipped: count(Verdict::Untested),
        seconds: group.rows.iter().map(seconds).sum(),
    }
}

fn of_expected(expected: &Expected) -> Counts {
    let tests = expected.results.len();
    Counts { tests, failures: expected.unmet, skipped: expected.untested, seconds: 0.0 }
}

fn of_run(run: &Run) -> Counts {
    let is = |verdict| usize::from(run.judgement.verdict == verdict);
    let seconds = 0.001 * u32::try_from(run.duration_ms).map_or(f64::from(u32::MAX), f64::from);
    Counts { tests: 1, failures: is(RunVerdict::Blocked), skipped: is(RunVerdict::Unknown), seconds }
}

fn document(out: &mut Out, run: &Run, view: &View<'_>) -> io::Result<()> {
    let mut all = of_run(run);
    let promised = run.expected.as_ref().map(of_expected);
    let run_seconds = all.seconds;
    view.groups.iter().map(of_group).chain(promised).for_each(|one| all.add(one));
    // The hosts were probed beside each other: the run took what it took.
    all.seconds = run_seconds;
    let name =
        run.label.as_ref().map_or_else(|| "clearway check".to_owned(), |l| format!("clearway check, {l}"));
    let suites = out.create_element("testsuites").with_attribute(("name", clean(&name).as_str()));
    let attributes = all.attributes();
    suites
        .with_attributes(attributes.iter().map(|(name, value)| (*name, value.as_str())))
        .write_inner_content(|out| {
            suite(out, run, RUN, &of_run(run), |out| {
                properties(out, run)?;
                verdict(out, run, view)
            })?;
            for group in &view.groups {
                suite(out, run, group.title, &of_group(group), |out| {
                    group.rows.iter().try_for_each(|row| case(out, group, row))
                })?;
            }
            if let Some(expected) = &run.expected {
                suite(out, run, EXPECTATIONS, &of_expected(expected), |out| {
                    expected.results.iter().try_for_each(|one| expectation(out, one))
                })?;
            }
            Ok(())
        })?;
    Ok(())
}

fn suite(
    out: &mut Out,
    run: &Run,
    name: &str,
    counts: &Counts,
    inside: impl FnOnce(&mut Out) -> io::Result<()>,
) -> io::Result<()> {
    let attributes = counts.attributes();
    let when = clean(&run.started_at);
    let host = clean(&run.environment.host);
    out.create_element("testsuite")
        .with_attribute(("name", clean(name).as_str()))
        .with_attributes(attributes.iter().map(|(name, value)| (*name, value.as_str())))
        .with_attribute(("timestamp", when.as_str()))
        .with_attribute(("hostname", host.as_str()))
        .write_inner_content(inside)?;
    Ok(())
}

/// What the run was made as.
fn properties(out: &mut Out, run: &Run) -> io::Result<()> {
    out.create_element("properties").write_inner_content(|out| {
        let saved = summary::saved(run).map(|saved| ("Saved", saved.to_owned()));
        for (label, value) in saved.into_iter().chain(summary::tested_as(run, true)) {
            out.create_element("property")
                .with_attribute(("name", label))
                .with_attribute(("value", clean(&value).as_str()))
                .write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

/// The run itself: failed where it is blocked, skipped where it is not known.
fn verdict(out: &mut Out, run: &Run, view: &View<'_>) -> io::Result<()> {
    let said = format!("{}: {}", run.word().heading(), summary::sentence(run, view));
    let mut lines = vec![said.clone()];
    lines.extend(run.requirements.statements().into_iter().map(str::to_owned));
    lines.extend(crate::derive::incomplete::marks(&run.requirements));
    lines.extend(summary::effects(view).into_iter().map(|e| format!("Effect: {e}")));
    let asked = summary::asked(view, words::number);
    if !asked.is_empty() {
        lines.push(format!("Ask: {}", english::and(&asked)));
    }
    lines.extend(
        summary::not_tested(run, view, usize::MAX - 1).into_iter().map(|l| format!("Not tested: {l}")),
    );
    out.create_element("testcase")
        .with_attribute(("classname", RUN))
        .with_attribute(("name", "verdict"))
        .write_inner_content(|out| match run.judgement.verdict {
            RunVerdict::Blocked => result(out, "failure", Some("blocked"), &said, &lines),
            RunVerdict::Unknown => result(out, "skipped", None, &said, &lines),
            RunVerdict::Ready | RunVerdict::Degraded => block(out, "system-out", &lines),
        })?;
    Ok(())
}

fn case(out: &mut Out, group: &Group<'_>, row: &Row<'_>) -> io::Result<()> {
    let name = clean(&row.endpoint());
    let element = out
        .create_element("testcase")
        .with_attribute(("classname", clean(group.title).as_str()))
        .with_attribute(("name", name.as_str()))
        .with_attribute(("time", time(seconds(row)).as_str()));
    let finding = &row.judged.finding;
    match row.judged.verdict {
        Verdict::Reachable => {
            element.write_empty()?;
        }
        Verdict::Warning => {
            element.write_inner_content(|out| block(out, "system-out", &lines(row, finding)))?;
        }
        Verdict::Blocked => {
            let code = finding.code.as_str();
            element.write_inner_content(|out| {
                result(out, "failure", Some(code), &finding.summary, &lines(row, finding))
            })?;
        }
        Verdict::Untested => {
            let why = format!("{} ({})", details::untested(row), finding.code);
            element.write_inner_content(|out| result(out, "skipped", None, &why, &[]))?;
        }
    }
    Ok(())
}

/// A promise: failed where it is not kept, skipped where the run does not say.
fn expectation(out: &mut Out, one: &Judged) -> io::Result<()> {
    let place = expected::place(one);
    let element = out
        .create_element("testcase")
        .with_attribute(("classname", EXPECTATIONS))
        .with_attribute(("name", clean(&format!("{} (line {})", expected::title(one), one.line)).as_str()))
        .with_attribute(("time", time(0.0).as_str()));
    let seen = expected::seen(one);
    let lines = [format!("Seen: {seen}"), format!("In the file: {place}")];
    let code = one.code.map_or("unmet", |code| code.as_str());
    element.write_inner_content(|out| match one.result {
        Outcome::Met => block(out, "system-out", &lines),
        Outcome::Unmet => result(out, "failure", Some(code), &seen, &lines),
        Outcome::Untested => result(out, "skipped", None, &seen, &[]),
    })?;
    Ok(())
}

/// What is to be done, by whom, and what was seen.
fn lines(row: &Row<'_>, finding: &Finding) -> Vec<String> {
    let mut lines =
        vec![format!("Found: {}", finding.summary), format!("Owner: {}", words::owner(finding.owner))];
    if !finding.remedy.is_empty() {
        lines.push(format!("Do: {}", finding.remedy));
    }
    if !finding.evidence.line.is_empty() {
        lines.push(format!("Seen: {}", finding.evidence.line));
    }
    lines.push(format!("Code: {} ({}, {})", finding.code, finding.severity, finding.confidence));
    lines.push(format!("Need: {}", row.need));
    for also in &row.judged.also {
        lines.push(format!("Also: {} ({})", also.summary, also.code));
    }
    lines
}

fn seconds(row: &Row<'_>) -> f64 {
    row.judged.timings.total.filter(|ms| ms.is_finite() && *ms > 0.0).map_or(0.0, |ms| ms / 1000.0)
}
