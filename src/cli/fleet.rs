//! The command line of `clearway fleet`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OutputArgs;
use super::logs::ago;
use crate::fleet::By;

/// The beginning of the time that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// A moment, RFC 3339 in UTC, or the beginning of one.
    At(String),
    /// So many seconds ago.
    Ago(i64),
}

/// `clearway fleet`.
#[derive(Debug, Args)]
pub struct FleetArgs {
    /// Saved reports of `clearway check --format json` (also with --compact): files, folders with all
    /// that is below them, or `-` for one report on each line of standard input.
    #[arg(value_name = "PATH", required = true, num_args = 1..)]
    pub path: Vec<PathBuf>,

    /// Only runs that began then or later: a day, a time in UTC, or so long ago.
    ///
    /// Written 2026-11-20, 2026-11-20T08:00:00Z, or 30m, 12h, 7d.
    #[arg(long, value_name = "TIME", value_parser = since, help_heading = "Fleet")]
    pub since: Option<Since>,

    /// Group devices by label, site, platform, version, owner, cause, or the key of a --tag.
    ///
    /// [default: the tag `site` or else the label, where devices have several; else platform]
    #[arg(long, value_name = "WHAT", value_parser = by, help_heading = "Fleet")]
    pub by: Option<By>,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// How the answer is written.
    #[arg(long, value_name = "NAME", default_value = "text", help_heading = "Output")]
    pub format: FleetFormat,
}

/// Renderings of `fleet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FleetFormat {
    /// For reading.
    Text,
    /// `clearway.fleet/1`.
    Json,
    /// A row for each cause and group.
    Csv,
    /// For a wiki page.
    Markdown,
    /// One page that loads nothing.
    Html,
    /// Metrics for a textfile collector.
    Prometheus,
}

fn by(text: &str) -> Result<By, String> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "label" => By::Label,
        "site" => By::Site,
        "platform" => By::Platform,
        "version" => By::Version,
        "owner" => By::Owner,
        "cause" => By::Cause,
        "" => {
            return Err("write label, site, platform, version, owner, cause, or the key of a tag".to_owned());
        }
        _ => By::Tag(text.to_owned()),
    })
}

fn since(text: &str) -> Result<Since, String> {
    let text = text.trim();
    let moment = text.strip_suffix('Z').unwrap_or(text).replace(' ', "T");
    let shape = "0000-00-00T00:00:00";
    let fits = |(c, s): (char, char)| if s == '0' { c.is_ascii_digit() } else { c == s };
    let whole = [10, 16, 19].contains(&moment.len()) && moment.is_ascii();
    if whole && moment.chars().zip(shape.chars()).all(fits) {
        return Ok(Since::At(moment));
    }
    ago(text).map(Since::Ago).ok_or_else(|| {
        format!(
            "`{text}` is not a time; write 2026-11-20, 2026-11-20T08:00:00Z, or 30m, 12h, 7d for so long ago"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_a_day_a_time_or_so_long_ago() {
        for (text, is) in [
            ("2026-11-20", Since::At("2026-11-20".into())),
            ("2026-11-20T08:00:00Z", Since::At("2026-11-20T08:00:00".into())),
            ("2026-11-20 08:00", Since::At("2026-11-20T08:00".into())),
            ("7d", Since::Ago(604_800)),
        ] {
            assert_eq!(since(text), Ok(is), "{text}");
        }
        for bad in ["", "yesterday", "2026-11", "20.11.2026", "2026-11-20T8"] {
            assert!(since(bad).is_err(), "{bad}");
        }
    }
}
