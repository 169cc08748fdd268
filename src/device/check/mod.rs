//! The checks, one file each; this is the one list of them.

mod app;
mod ca_variables;
mod clock;
mod helper;
mod hosts_file;
mod machine;
mod names;
mod proxies;
mod roots;
mod security;
mod tunnels;

use super::{Answers, Context, Found, Gap, Missing, Seen, Want};
use crate::contract::Platform;
use crate::text::english;

/// One check.
pub(super) struct Check {
    /// Its name in documents.
    pub(super) id: &'static str,
    /// What it looks at.
    pub(super) title: &'static str,
    /// What it needs.
    pub(super) wanted: fn(&Context<'_>) -> Vec<Want>,
    /// What it needs beside that, by what came back; nothing for most.
    pub(super) then: fn(&Answers, &Context<'_>) -> Vec<Want>,
    /// Keeps what matters of what came back.
    pub(super) read: fn(&Answers, &Context<'_>, &mut Seen),
    /// What that means.
    pub(super) judge: fn(&Seen, &Context<'_>) -> Vec<Found>,
    /// Whether anything of it was seen.
    pub(super) was_run: fn(&Seen) -> bool,
    /// Whether it can find something in the way; what else it finds is for information.
    pub(super) decides: bool,
}

/// What it means that a part of a check was not run.
pub(super) fn gap(check: &str) -> Gap {
    let informs = ALL.iter().any(|c| c.id == check && !c.decides);
    if informs { Gap::Informs } else { Gap::Decides }
}

/// Every check, in the order of the report.
pub(super) const ALL: &[Check] = &[
    helper::CHECK,
    security::CHECK,
    app::CHECK,
    machine::CHECK,
    hosts_file::CHECK,
    names::CHECK,
    tunnels::CHECK,
    proxies::CHECK,
    clock::CHECK,
    roots::CHECK,
    ca_variables::CHECK,
];

fn nothing_more(_: &Answers, _: &Context<'_>) -> Vec<Want> {
    Vec::new()
}

/// A tool that is asked about no file.
fn tool(id: &str) -> Want {
    Want::Tool(id.to_owned(), Vec::new())
}

/// What a tool printed, if it says that it succeeded. What was not asked for, or is absent as usual, leaves no trace;
/// anything else is noted as not run.
fn said<'a>(
    answers: &'a Answers,
    context: &Context<'_>,
    check: &str,
    id: &str,
    seen: &mut Seen,
) -> Option<&'a str> {
    let tool = context.facts.tool(id, context.platform)?;
    match answers.tool(id) {
        Ok(printed) if printed.succeeded => return Some(&printed.output),
        Ok(_) if tool.none_fails => {
            let why = format!("{} ended with a failure, as where there is none", tool.program);
            seen.noted(check, &tool.asks, why, Gap::Usual);
        }
        Ok(_) => seen.missed(check, &tool.asks, format!("{} ended with a failure; it may need another right, or what it asks for is not on this device", tool.program)),
        Err(Missing::Absent) => {}
        Err(Missing::Unknown(why)) => seen.missed(check, &tool.asks, why),
    }
    None
}

/// Notes that the variables of the environment are not known.
fn without_variables(missing: &Missing, check: &str, seen: &mut Seen) {
    if let Missing::Unknown(why) = missing {
        seen.missed(check, "variables of the environment", why.clone());
    }
}

/// Whether any of several tools was asked that devices often have no answer to; else it is noted as not run.
fn asked(answers: &Answers, check: &str, what: &str, ids: &[&str], seen: &mut Seen) -> bool {
    let any = ids.iter().any(|id| !matches!(answers.tool(id), Err(Missing::Absent)));
    if !any {
        let files: Vec<String> = ids.iter().map(|id| format!("tools/{id}.txt")).collect();
        let why = format!(
            "nothing was collected of it ({}; empty where the device has none)",
            english::and(&files)
        );
        seen.missed(check, what, why);
    }
    any
}

/// Joins parts of a path as the platform does.
fn joined(platform: Platform, parts: &[&str]) -> String {
    parts.join(if platform == Platform::Windows { r"\" } else { "/" })
}

/// Name and value of each line `NAME=value`.
fn assignments(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.trim_end().split_once('=')).map(|(n, v)| (n.trim(), v))
}
