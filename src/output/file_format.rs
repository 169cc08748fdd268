//! The format that the name of the output file says.

use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use crate::report::check::FORMATS;

/// Formats beside those of a report that are not what a firewall product loads, so that an extension tells them
/// apart.
const READING: [&str; 8] = ["text", "txt", "plain", "ticket", "json", "csv", "markdown", "html"];
/// Those of them that an extension says.
const EXTENSIONS: [&str; 4] = ["json", "csv", "markdown", "html"];

/// What the name of the output file says of the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Nothing, or the same as the command line.
    Nothing,
    /// This format; the command line names none.
    Format(String),
    /// Another than the one that is written; this is to be told.
    Other(String),
}

/// Looks at the output file and the format of the subcommand that was parsed: `own` is what the command line says,
/// `all` that with what the environment says.
pub fn said(command: &Command, own: &ArgMatches, all: &ArgMatches) -> Said {
    let Some((name, sub)) = all.subcommand() else { return Said::Nothing };
    let Some((_, own)) = own.subcommand() else { return Said::Nothing };
    let format = command
        .find_subcommand(name)
        .and_then(|c| c.get_arguments().find(|a| a.get_id().as_str() == "format"));
    let output = sub.try_get_one::<PathBuf>("output").ok().flatten();
    let (Some(format), Some(output)) = (format, output) else { return Said::Nothing };
    let Some(wanted) = extension(output) else { return Said::Nothing };
    // Nearly any text is called so; only a command that has a format of that name writes it, and not where it writes
    // another text than its list.
    let other_text = ["against", "delta"].iter().any(|id| matches!(sub.try_contains_id(id), Ok(true)))
        || sub
            .try_get_raw("boundary")
            .ok()
            .flatten()
            .and_then(|mut b| b.next_back())
            .is_some_and(|b| b == "sandbox");
    if wanted == "txt" && other_text {
        return Said::Nothing;
    }
    let has = format.get_possible_values().iter().any(|v| v.matches(&wanted, true));
    let named = own.value_source("format") == Some(ValueSource::CommandLine);
    if !named && has {
        return Said::Format(wanted);
    }
    let chosen = sub.get_raw("format").and_then(|mut all| all.next_back());
    let Some(chosen) = chosen.and_then(|c| c.to_str()) else { return Said::Nothing };
    if chosen.contains('=') {
        // A format with a file of its own says nothing of the one that goes to this file.
        return Said::Nothing;
    }
    let reading = READING.contains(&chosen) || FORMATS.iter().any(|f| f.name == chosen);
    if chosen == wanted || !reading || !EXTENSIONS.contains(&wanted.as_str()) {
        return Said::Nothing;
    }
    let why = if named { "--format says" } else { "this command has no such format, so it is" };
    Said::Other(format!("{}: the name says {wanted}, and {why} {chosen}", output.display()))
}

/// The format that an extension stands for, or that it would stand for where a command had it. Nearly any name of a text
/// says nothing.
fn extension(output: &Path) -> Option<String> {
    let extension = output.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "md" => Some("markdown".to_owned()),
        "htm" => Some("html".to_owned()),
        "xml" => Some("junit".to_owned()),
        "prom" => Some("prometheus".to_owned()),
        "jsonl" => Some("ndjson".to_owned()),
        "text" | "plain" | "log" | "out" => None,
        _ => Some(extension),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(line: &str) -> Said {
        let command = crate::cli::line::command();
        let matches = command.clone().try_get_matches_from(line.split(' ')).unwrap();
        said(&command, &matches, &matches)
    }

    #[test]
    fn an_extension_names_the_format_where_nothing_else_does() {
        let format = |name: &str| Said::Format(name.to_owned());
        for (line, says) in [
            ("clearway check c.json -o x.json", format("json")),
            ("clearway check c.json -o X.JSON", format("json")),
            ("clearway hosts c.json -o x.csv", format("csv")),
            ("clearway hosts c.json -o x.md", format("markdown")),
            ("clearway config c.json -o x.reg", format("reg")),
            ("clearway check c.json -o x.xml", format("junit")),
            ("clearway check c.json -o x.prom", format("prometheus")),
            ("clearway check c.json -o x.jsonl", format("ndjson")),
            ("clearway hosts c.json -o x.xml", Said::Nothing),
            ("clearway check c.json -o x.txt --format text --format json=x.json", Said::Nothing),
            ("clearway check c.json -o x.txt", Said::Nothing),
            ("clearway hosts c.json -o x.txt", format("txt")),
            ("clearway hosts c.json -o X.TXT --port 443", format("txt")),
            ("clearway hosts c.json -o x.txt --list inspection", format("txt")),
            ("clearway hosts c.json -o x.txt --against l.txt", Said::Nothing),
            ("clearway hosts c.json -o x.txt --delta l.txt", Said::Nothing),
            ("clearway hosts c.json -o x.txt --boundary sandbox", Said::Nothing),
            ("clearway hosts c.json -o x.txt --format plain", Said::Nothing),
            ("clearway hosts c.json -o x.txt --format text", Said::Nothing),
            ("clearway check c.json -o x", Said::Nothing),
            ("clearway check c.json -o x.json --format json", Said::Nothing),
            ("clearway hosts c.json -o x.json --format azure-firewall", Said::Nothing),
            ("clearway check c.json", Said::Nothing),
        ] {
            assert_eq!(of(line), says, "{line}");
        }
        for line in ["clearway check c.json -o x.json --format text", "clearway explain x -o x.csv"] {
            assert!(matches!(of(line), Said::Other(text) if text.contains("the name says")), "{line}");
        }
    }
}
