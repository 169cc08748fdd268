//! Where logs lie on a device, and how one is recognised (`rules/logs.toml`).

use std::collections::HashSet;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::compiled;
use super::data::DataError;
use super::files::Files;
use crate::contract::{Actor, Platform};
use crate::rules::Word;

/// `logs.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// Folders of a device, in order.
    pub place: Vec<LogPlace>,
    /// What names of files say, in order.
    pub kind: Vec<LogKind>,
    read: Read,
    words: Words,
}

/// A folder of a device with logs in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct LogPlace {
    /// Where.
    pub platform: Platform,
    /// The path; a `*` in one of its parts stands for any characters.
    pub path: Word,
    /// Most of its files that are read, the newest first.
    #[serde(default)]
    pub newest: Option<usize>,
    /// Source tags.
    #[serde(default)]
    pub sources: Vec<Word>,
    /// Public reports.
    #[serde(default)]
    pub issues: Vec<Word>,
}

/// A kind of log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct LogKind {
    /// Its name in documents.
    pub id: Word,
    /// What it is, for a sentence.
    pub title: Word,
    /// Who writes it.
    #[serde(default)]
    pub actor: Option<Actor>,
    /// Names of its files: `*` for any characters, `?` for one, `[0-9]` for a digit.
    pub names: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    names: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    common: Word,
}

impl Logs {
    /// The file built into the program.
    ///
    /// # Errors
    /// When it does not hold together; a test makes sure that it does.
    pub fn embedded() -> Result<Self, DataError> {
        compiled::read(rules_compiled!("logs"))
    }

    pub(super) fn load(files: &Files) -> Result<Self, DataError> {
        let file = files.get("logs.toml");
        let logs: Self = file.text.read_as(file.shown)?;
        let content = |reason: String| DataError::Content { file: file.shown.to_owned(), reason };
        if let Some(place) = logs.place.iter().find(|p| p.sources.is_empty() && p.issues.is_empty()) {
            return Err(content(format!("{}: name at least one source or issue", place.path)));
        }
        if let Some(kind) = logs.kind.iter().find(|k| k.names.is_empty()) {
            return Err(content(format!("kind {}: `names` is empty; write the names of its files", kind.id)));
        }
        Ok(logs)
    }

    /// The kind of a file, by its name without folders.
    pub fn kind(&self, name: &str) -> Option<&LogKind> {
        self.kind.iter().find(|k| k.names.iter().any(|n| fits(n, name)))
    }

    /// Whether a file of this name is read where it was not named itself.
    pub fn is_read(&self, name: &str) -> bool {
        self.read.names.iter().any(|n| fits(n, name)) || self.kind(name).is_some_and(|k| k.id == "report")
    }

    /// Words of log lines that name nobody, in lower case.
    pub fn words(&self) -> HashSet<&str> {
        self.words.common.split_whitespace().collect()
    }
}

/// Whether a name fits a pattern, in any letter case.
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let pattern: Vec<Piece> = pieces(&pattern);
    let name: Vec<char> = name.chars().take(400).collect();
    // The usual walk with one place to go back to: the last star.
    let (mut p, mut n) = (0_usize, 0_usize);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(Piece::Any) => {
                back = Some((p, n));
                p += 1;
            }
            Some(piece) if name.get(n).is_some_and(|c| piece.is(*c)) => {
                p += 1;
                n += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    p = star + 1;
                    n = from + 1;
                    back = Some((star, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|piece| matches!(piece, Piece::Any)))
}

enum Piece {
    Any,
    One,
    Digit,
    Char(char),
}

impl Piece {
    fn is(&self, c: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Digit => c.is_ascii_digit(),
            Self::Char(own) => *own == c,
        }
    }
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("[0-9]") {
            out.push(Piece::Digit);
            rest = after;
            continue;
        }
        out.push(match c {
            '*' => Piece::Any,
            '?' => Piece::One,
            c => Piece::Char(c),
        });
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_of_files_say_whose_log_it_is() {
        let logs = Logs::embedded().unwrap();
        for (name, kind) in [
            ("main.log", Some("app")),
            ("main1.log", Some("app")),
            ("MAIN.OLD.LOG", Some("app")),
            ("main.log.1", Some("app")),
            ("cowork_vm_node.log", Some("workspace")),
            ("cowork-service.log", Some("workspace")),
            ("coworkd.log", Some("workspace")),
            ("mcp.log", Some("mcp")),
            ("mcp-server-office365-builtin.log", Some("mcp")),
            ("claude.ai-web.log", Some("window")),
            ("0b0e3a52-1f0b-4f7e-9b8f-0d1a4c2f9e11.txt", Some("engine")),
            ("claude-code-debug.log", Some("engine")),
            ("managed-config.txt", Some("report")),
            ("other.log", None),
        ] {
            assert_eq!(logs.kind(name).map(|k| k.id.as_str()), kind, "{name}");
        }
        for (name, read) in [
            ("main.log.1", true),
            ("x.gz", true),
            ("managed-config.txt", true),
            ("photo.png", false),
            ("Cookies", false),
        ] {
            assert_eq!(logs.is_read(name), read, "{name}");
        }
        assert!(logs.words().contains("failed"));
    }
}
