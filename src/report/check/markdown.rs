//! `check --format markdown`: for an issue, a chat or a wiki. The verdict and who must act stand first and need no
//! mark-up to be read; what is long is folded.

use crate::contract::FeatureInfo;
use crate::contract::Stage;
use crate::derive::incomplete;
use crate::diagnose::{Owner, Verdict};
use crate::expect::{Expected, Outcome};
use crate::report::check::expected;
use crate::report::check::summary;
use crate::report::check::view::{Group, Row, Thing, View};
use crate::report::sanitise::{markdown as text, markdown_code as code};
use crate::report::words;
use crate::run::Run;
use crate::text::english;

/// Hosts named in a row of the table; the folded list has all.
const SHOWN_HOSTS: usize = 5;

/// Verdict, effects, whom to ask, things to do; then the hosts, what it was tested as, and what was not tested.
pub fn render(run: &Run, features: &[FeatureInfo]) -> String {
    let view = View::new(run, features);
    let mut out = String::new();
    for (at, line) in incomplete::marks(&run.requirements).iter().enumerate() {
        let line = text(line);
        out.push_str(&if at == 0 { format!("**{line}**\n\n") } else { format!("- {line}\n") });
    }
    if !out.is_empty() {
        out.push('\n');
    }
    for statement in run.requirements.statements() {
        out.push_str(&format!("**{}**\n\n", text(statement)));
    }
    out.push_str(&format!("# {}: {}\n\n", run.word().heading(), text(&summary::sentence(run, &view))));
    for effect in summary::effects(&view) {
        out.push_str(&format!("- Effect: {}\n", text(&effect)));
    }
    let asked = summary::asked(&view, number);
    if !asked.is_empty() {
        out.push_str(&format!("- Ask: **{}**\n", text(&english::and(&asked))));
    }
    let device = match (run.environment.host.as_str(), &run.label) {
        ("", None) => "this device".to_owned(),
        ("", Some(label)) => label.clone(),
        (host, None) => host.to_owned(),
        (host, Some(label)) => format!("{host} ({label})"),
    };
    out.push_str(&format!("- Tested: {}, {}\n", text(&device), text(&words::time(&run.started_at))));
    things(&mut out, &view);
    if let Some(expected) = &run.expected {
        expectations(&mut out, expected);
    }
    hosts(&mut out, &view);
    folded(&mut out, "Tested as", |out| {
        if let Some(saved) = summary::saved(run) {
            out.push_str(&format!("{saved}\n\n"));
        }
        for (label, value) in summary::tested_as(run, true) {
            out.push_str(&format!("- {label}: {}\n", text(&value)));
        }
    });
    let not_tested = summary::not_tested(run, &view, usize::MAX);
    if !not_tested.is_empty() {
        folded(&mut out, "Not tested", |out| {
            for line in &not_tested {
                out.push_str(&format!("- {}\n", text(line)));
            }
        });
    }
    let list = run.requirements.clone().without_statements();
    if !list.notes.is_empty() {
        folded(&mut out, "Notes", |out| {
            for note in &list.notes {
                out.push_str(&format!("- {}\n", text(&note.text)));
            }
        });
    }
    if !list.lint.is_empty() {
        folded(&mut out, "In the configuration", |out| {
            for lint in &list.lint {
                out.push_str(&format!("- {}: {}\n", lint.severity, text(&lint.message)));
            }
        });
    }
    out
}

/// The number of a thing to do. Trackers take `#1` for a link to a ticket of theirs.
fn number(n: usize) -> String {
    n.to_string()
}

/// A part that is closed where the reader's program can fold, and a part with a heading where it cannot.
fn folded(out: &mut String, title: &str, inside: impl FnOnce(&mut String)) {
    out.push_str(&format!("\n<details><summary>{title}</summary>\n\n"));
    inside(out);
    out.push_str("\n</details>\n");
}

fn things(out: &mut String, view: &View<'_>) {
    if view.things.is_empty() {
        return;
    }
    out.push_str("\n## To do\n\n| | Owner | What was found | What to do | Hosts | Code |\n| --- | --- | --- | --- | --- | --- |\n");
    for (at, thing) in (1_usize..).zip(&view.things) {
        let finding = thing.finding;
        let whom = match finding.owner {
            Owner::None => "for information",
            owner => words::owner(owner),
        };
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} ({}) |\n",
            text(&number(at)),
            text(whom),
            text(&finding.summary),
            text(&finding.remedy),
            text(&english::first(&names(thing), SHOWN_HOSTS)),
            code(finding.code.as_str()),
            finding.confidence,
        ));
    }
    folded(out, "Evidence", |out| {
        for (at, thing) in (1_usize..).zip(&view.things) {
            let seen =
                if thing.finding.evidence.line.is_empty() { "–" } else { &thing.finding.evidence.line };
            out.push_str(&format!("- {}: {}\n", text(&number(at)), text(seen)));
            out.push_str(&format!("  - Hosts: {}\n", text(&english::first(&names(thing), usize::MAX - 1))));
        }
    });
}

/// What the network team promises, the broken promises first; what is kept is folded.
fn expectations(out: &mut String, all: &Expected) {
    out.push_str(&format!("\n## Expectations\n\n{}\n", text(&expected::sentence(all))));
    let table = |out: &mut String, outcomes: &[Outcome]| {
        out.push_str("\n| | Promise | What was seen | Place |\n| --- | --- | --- | --- |\n");
        for outcome in outcomes {
            for one in all.with(*outcome) {
                out.push_str(&format!(
                    "| {} {outcome} | {} | {} | {} |\n",
                    text(expected::sign(*outcome)),
                    code(&expected::title(one)),
                    text(&expected::seen(one)),
                    text(&expected::place(one)),
                ));
            }
        }
    };
    if all.unmet + all.untested > 0 {
        table(out, &[Outcome::Unmet, Outcome::Untested]);
    }
    if all.met > 0 {
        folded(out, "Met", |out| table(out, &[Outcome::Met]));
    }
}

fn names(thing: &Thing<'_>) -> Vec<String> {
    thing.rows.iter().map(Row::endpoint).collect()
}

fn hosts(out: &mut String, view: &View<'_>) {
    if view.groups.is_empty() {
        return;
    }
    let counts = |group: &Group<'_>| {
        let count = |verdict| group.rows.iter().filter(|r| r.is(verdict)).count();
        let all = [Verdict::Reachable, Verdict::Warning, Verdict::Blocked, Verdict::Untested];
        let said = all.into_iter().filter(|v| count(*v) > 0);
        said.map(|v| format!("{} {}", count(v), words::verdict(v).1)).collect::<Vec<_>>().join(", ")
    };
    out.push_str("\n## Features\n\n| Feature | Need | Hosts |\n| --- | --- | --- |\n");
    for group in &view.groups {
        out.push_str(&format!("| {} | {} | {} |\n", text(group.title), group.need, counts(group)));
    }
    folded(out, "Hosts", |out| {
        out.push_str("| | Host | Need | Code |");
        for stage in Stage::ALL {
            out.push_str(&format!(" {stage} |"));
        }
        out.push_str(" Thing |\n| --- | --- | --- | --- |");
        out.push_str(&" ---: |".repeat(Stage::ALL.len()));
        out.push_str(" --- |\n");
        for row in &view.rows {
            let (symbol, word) = words::verdict(row.judged.verdict);
            out.push_str(&format!(
                "| {} {word} | {} | {} | {} |",
                text(symbol),
                code(&row.endpoint()),
                row.need,
                code(row.code().as_str())
            ));
            for stage in Stage::ALL {
                let ms = row.judged.timings.of(*stage).map(words::ms).unwrap_or_default();
                out.push_str(&format!(" {} |", text(&ms)));
            }
            let thing = view.thing_of(row).map(number).unwrap_or_default();
            out.push_str(&format!(" {} |\n", text(&thing)));
        }
    });
}
