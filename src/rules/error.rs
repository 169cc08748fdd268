//! What can be wrong with a rule pack.

use std::fmt;
use std::path::PathBuf;

use super::data::DataError;
use crate::text::visible;

/// A rule pack that cannot be used. Displays as help: file, rule, field, next step.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file of the pack cannot be read.
    #[error(
        "{path}: {reason}; a rule pack is a directory like the `rules` folder of Clearway's source: pack.toml, keys.toml, services.toml and so on, and features/*.toml"
    )]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// A file is larger than any rule file should be.
    #[error("{path} is larger than {limit} bytes, the limit for a rule file; split it or check what it is")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// A file that no pack has.
    #[error("{path}: {reason}")]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// What to do with it.
        reason: &'static str,
    },
    /// A text is not TOML, has an unknown, missing or mistyped field, or says something impossible.
    #[error("{}", list(.0))]
    Invalid(Vec<Problem>),
}

/// One thing that is wrong with a pack.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// In the files that make up the [`Pack`](super::Pack), or with a file as such.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// In one of the files beside it.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// Rules that cannot be used: everything that is wrong with them. Displays as one message of
/// several lines, without characters that a terminal acts upon or that are not seen.
#[derive(Debug, Default)]
pub struct RulesError(pub Vec<Fault>);

impl RulesError {
    /// Notes a fault, unless it is the same one that another reader of the file found.
    pub(super) fn add(&mut self, fault: Fault) {
        let known = match &fault {
            Fault::Data(DataError::Syntax { file, reason }) => {
                let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
                let same = |text: String| text.contains(name) && text.contains(reason.trim_end());
                self.0.iter().any(|f| same(f.to_string()))
            }
            _ => false,
        };
        if !known {
            self.0.push(fault);
        }
    }

    /// The value, or nothing and its fault noted.
    pub(super) fn take<T, E: Into<Fault>>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|e| self.add(e.into())).ok()
    }
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> =
            self.0.iter().map(|fault| visible::message(fault.to_string().trim_end())).collect();
        f.write_str(&all.join("\n"))
    }
}

impl std::error::Error for RulesError {}

/// One contradiction inside a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File inside the pack, such as `features/inference.toml`.
    pub file: String,
    /// Rule, key or entry; empty when the whole file is meant.
    pub rule: String,
    /// Field; empty when the whole entry is meant.
    pub field: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rules/{}", self.file)?;
        if !self.rule.is_empty() {
            write!(f, ", {}", self.rule)?;
        }
        if !self.field.is_empty() {
            write!(f, ", field `{}`", self.field)?;
        }
        write!(f, ": {}", self.message)
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

/// Collects the problems of one file, so that a single run names them all.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Problem>,
}

impl Problems {
    /// Notes one problem.
    pub(super) fn add(&mut self, file: &str, rule: &str, field: &str, message: impl Into<String>) {
        self.found.push(Problem {
            file: file.to_owned(),
            rule: rule.to_owned(),
            field: field.to_owned(),
            message: message.into(),
        });
    }

    /// The value, or nothing and its syntax error noted.
    pub(super) fn take<T>(&mut self, file: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.add(file, "", "", message)).ok()
    }

    /// Ok when nothing was found.
    pub(super) fn into_result(self) -> Result<(), PackError> {
        if self.found.is_empty() { Ok(()) } else { Err(PackError::Invalid(self.found)) }
    }
}
