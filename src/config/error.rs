//! Why a configuration could not be read; every message says where and what to do next.

use std::fmt;

use super::absent;
use crate::text::token::{HIDDEN, without_value};
use crate::text::{line, visible};

/// A place in a file: the file as the user named it, and line and column where they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it (`-` for standard input).
    pub file: String,
    /// One-based line.
    pub line: Option<u32>,
    /// One-based column, in characters.
    pub column: Option<u32>,
}

impl Place {
    /// The file as a whole.
    pub fn file(file: &str) -> Self {
        Self { file: file.to_owned(), line: None, column: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown_file(&self.file))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        Ok(())
    }
}

/// A configuration that cannot be read. The text never holds a value of the configuration, only
/// names of keys, so no secret can be in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Nothing stands under the name.
    #[error("{}", absent::message(.file))]
    NotFound {
        /// The name as given.
        file: String,
    },
    /// The operating system refuses to read it.
    #[error("{}: cannot be read: {cause}. {next}", shown_file(.file))]
    Unreadable {
        /// The name as given.
        file: String,
        /// The operating system's reason.
        cause: String,
        /// What to do.
        next: String,
    },
    /// A folder that is no configLibrary.
    #[error(
        "{}: this folder has no _meta.json, so it is no configLibrary. Name the folder that holds _meta.json, or one configuration file{hint}", shown_file(.dir)
    )]
    NoMeta {
        /// The folder as given.
        dir: String,
        /// A better path, when one was seen.
        hint: String,
    },
    /// A configLibrary whose index leads nowhere.
    #[error("{}: {what}. {next}", shown_file(.file))]
    Meta {
        /// The index file.
        file: String,
        /// What is wrong.
        what: String,
        /// What to do.
        next: String,
    },
    /// No bytes, or only white space.
    #[error(
        "{}", absent::empty(.file)
    )]
    Empty {
        /// The file as given.
        file: String,
    },
    /// Over the size limit.
    #[error(
        "{}: the file is over {limit_mib} MiB, and no configuration is. Pass the configuration file itself, not a collection or an image", shown_file(.file)
    )]
    TooLarge {
        /// The file as given.
        file: String,
        /// The limit in MiB.
        limit_mib: u64,
    },
    /// Nested beyond the limit.
    #[error(
        "{place}: nested more than {limit} levels deep. No key of the app needs more than a handful; the file is damaged or no configuration"
    )]
    TooDeep {
        /// Where the limit was passed.
        place: Place,
        /// The limit.
        limit: usize,
    },
    /// More values than the limit.
    #[error(
        "{place}: more than {limit} values. No configuration of the app comes near; pass the configuration file itself"
    )]
    TooMany {
        /// Where the limit was passed.
        place: Place,
        /// The limit.
        limit: usize,
    },
    /// Bytes that are no text of the encoding they claim.
    #[error("{place}: {what}. Save the file as UTF-8 and try again")]
    Encoding {
        /// Where.
        place: Place,
        /// What is wrong.
        what: String,
    },
    /// Broken syntax of a recognised format.
    #[error("{place}: not valid {format}: {what}. {next}")]
    Syntax {
        /// Where.
        place: Place,
        /// The format's name.
        format: &'static str,
        /// What was met.
        what: String,
        /// What to do.
        next: String,
    },
    /// Readable, but no configuration of the app.
    #[error("{place}: {what}. {next}")]
    NotConfiguration {
        /// Where.
        place: Place,
        /// What it is.
        what: String,
        /// What to pass instead.
        next: String,
    },
    /// A neighbouring product's file.
    #[error("{place}: this configures {product}, not Claude Desktop ({evidence}). {next}")]
    AnotherProduct {
        /// Where it was recognised.
        place: Place,
        /// The product.
        product: String,
        /// By what it was recognised.
        evidence: String,
        /// What to pass instead.
        next: String,
    },
    /// A managed file that the app itself would reject.
    #[error(
        "{}: the app rejects this file ({why}), counts the device as managed and reads no other place either. {next}", shown_file(.file)
    )]
    ManagedRejected {
        /// The file.
        file: String,
        /// The rule it breaks.
        why: String,
        /// How to fix it.
        next: String,
    },
    /// Entries of a configLibrary are asked for, and the input is none.
    #[error(
        "{}: only a configLibrary folder has named profiles; name that folder, or leave --profile and --all-profiles out", shown_file(.file)
    )]
    NoProfiles {
        /// The input as given.
        file: String,
    },
    /// No entry of that name.
    #[error("{}: no profile is called `{}`. {next}", shown_file(.dir), shown(.name))]
    NoSuchProfile {
        /// The configLibrary.
        dir: String,
        /// The name that was asked for.
        name: String,
        /// The names that are there.
        next: String,
    },
    /// A user that cannot be found, or cannot be a user's name.
    #[error("--user {}: {what}. {next}", shown(.user))]
    NoSuchUser {
        /// The name as given.
        user: String,
        /// What is wrong.
        what: String,
        /// What to do.
        next: String,
    },
    /// A copy of a device with several users, and none was named.
    #[error("{}: the copy holds files of several users; choose one with --user: {}", shown_file(.root), .users.join(", "))]
    SeveralUsers {
        /// The folder.
        root: String,
        /// Their names.
        users: Vec<String>,
    },
    /// No configuration is applied on this device.
    #[error("{}", none_on_device(.looked, .note.as_deref()))]
    NoneOnDevice {
        /// The places looked at, in order.
        looked: Vec<String>,
        /// What was not looked at, and how to pass it, and what stands in `wrong`.
        note: Option<String>,
        /// What lies where the app does not look, in plain words.
        wrong: Vec<String>,
    },
}

fn none_on_device(looked: &[String], note: Option<&str>) -> String {
    let mut text = String::from("no configuration of Claude Desktop is applied on this device. Looked at:\n");
    for place in looked {
        text.push_str("  ");
        text.push_str(&shown_file(place));
        text.push('\n');
    }
    if let Some(note) = note {
        text.push_str(note);
        text.push('\n');
    }
    text.push_str(
        "Try one of these:\n  \
         clearway hosts FILE            the list; FILE is a .mobileconfig, .plist, .reg or JSON file, a\n  \
         \u{20}                             configLibrary folder, or - for standard input\n  \
         clearway check FILE            that list tested from this device\n  \
         clearway check --host NAME     single hosts tested without a configuration\n  \
         clearway config FILE           what it sets, and what is wrong in it",
    );
    text
}

/// What went wrong inside a parser that does not know the file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub kind: FaultKind,
    pub line: Option<u32>,
    pub column: Option<u32>,
}

/// The kinds of [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Syntax {
        what: String,
        next: String,
    },
    TooDeep,
    /// More values than this.
    TooMany(usize),
}

impl Fault {
    /// The error a user sees.
    pub(crate) fn at(self, file: &str, format: &'static str) -> ConfigError {
        let place = Place { file: file.to_owned(), line: self.line, column: self.column };
        match self.kind {
            FaultKind::Syntax { what, next } => ConfigError::Syntax { place, format, what, next },
            FaultKind::TooDeep => ConfigError::TooDeep { place, limit: super::formats::tree::MAX_DEPTH },
            FaultKind::TooMany(limit) => ConfigError::TooMany { place, limit },
        }
    }

    /// A short text for a fault inside a value, without the value.
    pub(crate) fn brief(&self) -> String {
        match &self.kind {
            FaultKind::Syntax { what, .. } => match self.column {
                Some(column) => {
                    format!("{what}, at character {column} of line {} of the value", self.line.unwrap_or(1))
                }
                None => what.clone(),
            },
            FaultKind::TooDeep => "nested too deep".to_owned(),
            FaultKind::TooMany(_) => "too many values".to_owned(),
        }
    }
}

/// A file name fit for one line of a terminal: control and invisible characters replaced. Names of
/// files come from the user, yet also from folders someone else packed.
pub(crate) fn shown_file(name: &str) -> String {
    name.chars().map(visible::mark).collect()
}

/// A name found inside a file, fit to be printed: control and invisible characters replaced, cut
/// at 60, without the value that stands behind it where a space was forgotten.
pub(crate) fn shown(name: &str) -> String {
    line::marked(&without_value(name, HIDDEN), 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unseen_is_shown() {
        let unseen = "a\u{1b}[1m\u{feff}b\u{200b}\u{200c}\u{202e}\u{2028}\u{e0041}ü";
        let marked = "a\u{fffd}[1m\u{fffd}b\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}ü";
        assert_eq!(shown(unseen), marked);
        assert_eq!(shown_file(unseen), marked);
        assert_eq!(shown(&"x".repeat(61)), format!("{}…", "x".repeat(60)));
    }
}
