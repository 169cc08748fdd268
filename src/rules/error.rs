//! What can be wrong with a rule pack.

use std::fmt;
use std::path::PathBuf;

/// A rule pack that cannot be used. Displays as help: file, rule, field, next step.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file of the pack cannot be read.
    #[error(
        "{path}: {reason}; a rule pack is a directory with pack.toml, keys.toml, credentials.toml, networks.toml, lints.toml and features/*.toml"
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
    /// The text is no TOML, or has an unknown, missing or mistyped field.
    #[error("rules/{file}: {message}")]
    Syntax {
        /// File inside the pack.
        file: String,
        /// Place and cause, from the TOML reader, with the rule where it is known.
        message: String,
    },
    /// The files read well but say something impossible.
    #[error("{}", list(.0))]
    Invalid(Vec<Problem>),
}

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

    /// Ok when nothing was found.
    pub(super) fn into_result(self) -> Result<(), PackError> {
        if self.found.is_empty() { Ok(()) } else { Err(PackError::Invalid(self.found)) }
    }
}
