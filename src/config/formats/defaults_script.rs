//! Shell scripts of `defaults write` lines, as a Mac runs them. Variables are followed where the script itself sets
//! them to plain text; whatever else would have to be evaluated is said, never guessed.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::doubt::{self, Doubt};
use super::reg_script::NOT_EVALUATED;
use super::shell_tokens::{Kind, Part, Token, lex};
use super::tree::{MAX_FILLED, MAX_VALUES, Member, Raw};
use super::{Document, Encoding, Entry, Note, another_product};
use crate::config::error::{ConfigError, Place, shown};
use crate::contract::{Platform, Severity};
use crate::rules::places::Places;
use crate::rules::word;

/// Longest text that a value may grow to.
const LONGEST: usize = 256 * 1024;
/// Where macOS keeps what a profile sets.
const MANAGED: &str = "/Library/Managed Preferences/";

/// Whether some line calls `defaults write`.
pub(crate) fn is_script(text: &str) -> bool {
    text.lines().take(20_000).any(|line| {
        let line = line.trim_start();
        let mut words = line.split_whitespace().skip_while(|w| w.rsplit('/').next() != Some("defaults"));
        !line.starts_with('#') && words.next().is_some() && words.take(4).any(|w| w == "write")
    })
}

/// Reads a script.
///
/// # Errors
/// When it writes no value of the app's domain.
pub(crate) fn read(text: &str, file: &str, places: &Places) -> Result<Document, ConfigError> {
    let mut run = Run::new(&places.plist.domain);
    run.script(&lex(text));
    let next = format!(
        "Run the script on a Mac and pass `defaults export {0} claude.plist`, or the profile that holds a payload of type {0}",
        places.plist.domain
    );
    if !run.seen {
        for (domain, line) in &run.elsewhere {
            if let Some(other) = places.other.iter().find(|o| word::has(&o.domains, domain)) {
                return Err(another_product(
                    file,
                    Some(*line),
                    other,
                    format!("its domain {}", shown(domain)),
                    &next,
                ));
            }
        }
        let first = run.elsewhere.first();
        let line = run.unknown.first().copied().or(first.map(|(_, line)| *line));
        let what = match (run.unknown.first(), first) {
            (Some(_), _) => format!(
                "the domain or the key comes from a variable or a command, which is not evaluated here, and no value of {} stands in plain text",
                places.plist.domain
            ),
            (None, Some((domain, _))) => format!(
                "this script sets no value of {} (it sets those of {})",
                places.plist.domain,
                shown(domain)
            ),
            (None, None) => format!("this script sets no value of {}", places.plist.domain),
        };
        return Err(ConfigError::NotConfiguration {
            place: Place { file: file.to_owned(), line, column: None },
            what,
            next,
        });
    }
    Ok(run.finish(places))
}

/// A text with what stands for it: the mark of something that is not known.
const OPEN: char = '\u{fdd0}';

/// What a word or a bracket opened.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Block {
    Condition,
    Loop,
    Function,
    Brackets,
}

struct Run<'a> {
    domain: &'a str,
    doc: Document,
    variables: HashMap<String, String>,
    /// Variables that were set under a condition.
    doubtful: HashSet<String>,
    blocks: Vec<Block>,
    doubts: Vec<Doubt>,
    /// Lines whose domain or key is not known.
    unknown: Vec<u32>,
    /// Other domains that are written, with the line.
    elsewhere: Vec<(String, u32)>,
    /// The first write that is to defaults which the app does not read.
    unread: Option<u32>,
    seen: bool,
    ended: bool,
    /// Bytes that variables were filled in with so far.
    filled_in: Cell<usize>,
}

/// A word with its variables filled in.
struct Filled {
    text: String,
    doubt: bool,
}

impl Filled {
    fn is_open(&self) -> bool {
        self.text.contains(OPEN)
    }
}

impl<'a> Run<'a> {
    fn new(domain: &'a str) -> Self {
        Self {
            domain,
            doc: Document::new("defaults-script", Some(Platform::Macos), Encoding::Plist),
            variables: HashMap::new(),
            doubtful: HashSet::new(),
            blocks: Vec::new(),
            doubts: Vec::new(),
            unknown: Vec::new(),
            elsewhere: Vec::new(),
            unread: None,
            seen: false,
            ended: false,
            filled_in: Cell::new(0),
        }
    }

    fn script(&mut self, tokens: &[Token]) {
        let mut command: Vec<&Token> = Vec::new();
        // What follows `&&` or `||` up to the end of the line.
        let mut after = false;
        let mut function = false;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            if self.ended || self.doc.entries.len() > MAX_VALUES {
                return;
            }
            let Kind::Sign(sign) = token.kind else {
                command.push(token);
                // `{` opens a block where a command may stand.
                if let [only] = command.as_slice()
                    && is(only, "{")
                {
                    self.open(if std::mem::take(&mut function) { Block::Function } else { Block::Brackets });
                    command.clear();
                }
                continue;
            };
            // `name()` begins a function.
            let empty = matches!(tokens.get(at).map(|t| &t.kind), Some(Kind::Sign(")")));
            if sign == "(" && empty && !command.is_empty() {
                command.clear();
                function = true;
                at += 1;
                continue;
            }
            self.command(std::mem::take(&mut command), after);
            match sign {
                "&&" | "||" => after = true,
                "\n" | ";" | ";;" | "&" => after = false,
                "(" => self.open(Block::Brackets),
                ")" if self.blocks.last() == Some(&Block::Brackets) => {
                    self.blocks.pop();
                }
                _ => {}
            }
        }
        self.command(command, after);
    }

    fn open(&mut self, block: Block) {
        if self.blocks.len() < 256 {
            self.blocks.push(block);
        }
    }

    fn is_conditional(&self, after: bool) -> bool {
        after || self.blocks.iter().any(|b| matches!(b, Block::Condition | Block::Function))
    }

    fn command(&mut self, mut words: Vec<&Token>, after: bool) {
        // Words of the shell, which stand before a command.
        while let Some(first) = words.first() {
            let word = bare(first).unwrap_or_default();
            match word {
                "if" | "while" | "until" | "case" => self.open(Block::Condition),
                "for" | "select" => {
                    self.open(Block::Loop);
                    // What a loop's variable is differs each time.
                    if let Some(name) = words.get(1).and_then(|w| bare(w)) {
                        self.variables.remove(name);
                    }
                    return;
                }
                "fi" | "done" | "esac" | "}" => {
                    self.blocks.pop();
                }
                "function" => {
                    if words.iter().any(|w| is(w, "{")) {
                        self.open(Block::Function);
                    }
                    return;
                }
                "then" | "else" | "elif" | "do" | "!" | "time" | "{" => {}
                _ => break,
            }
            words.remove(0);
            if word == "case" {
                return;
            }
        }
        let Some(first) = words.first() else { return };
        let line = first.line;
        let conditional = self.is_conditional(after);
        let declared = matches!(bare(first), Some("export" | "readonly" | "local" | "declare" | "typeset"));
        let rest = words.get(usize::from(declared)..).unwrap_or_default();
        let assignments = rest.iter().take_while(|w| assignment(w).is_some()).count();
        if assignments > 0 && (declared || assignments == rest.len()) {
            for word in rest {
                self.assign(word, conditional);
            }
            return;
        }
        let words: Vec<Filled> = words.iter().skip(assignments).map(|w| self.filled(w)).collect();
        let Some(name) = words.first().map(|w| w.text.as_str()) else { return };
        match name {
            "exit" | "return" if self.blocks.is_empty() && !after => self.ended = true,
            // Their arguments are text; what is read or sourced may set anything.
            "echo" | "printf" | "logger" | "cat" => {}
            "read" => {
                for word in words.iter().skip(1) {
                    self.variables.remove(&word.text);
                }
            }
            "unset" => words.iter().skip(1).for_each(|w| {
                self.variables.remove(&w.text);
            }),
            _ => {
                let program = words.iter().position(|w| w.text.rsplit('/').next() == Some("defaults"));
                if let Some(at) = program {
                    self.defaults(words.get(at + 1..).unwrap_or_default(), line, conditional);
                }
            }
        }
    }

    fn assign(&mut self, word: &Token, conditional: bool) {
        let Some(name) = assignment(word) else { return };
        let name = name.to_owned();
        let filled = self.filled(word);
        let value = filled.text.split_once('=').map_or("", |(_, value)| value).to_owned();
        if conditional || filled.doubt {
            self.doubtful.insert(name.clone());
        } else {
            self.doubtful.remove(&name);
        }
        // A variable that is not kept is not known.
        if self.variables.len() < MAX_VALUES || self.variables.contains_key(&name) {
            self.variables.insert(name, value);
        }
    }

    fn filled(&self, word: &Token) -> Filled {
        let mut filled = Filled { text: String::new(), doubt: false };
        let Kind::Word { parts, .. } = &word.kind else { return filled };
        for part in parts {
            if filled.text.len() > LONGEST {
                filled.text.push(OPEN);
                break;
            }
            match part {
                Part::Text(text) => filled.text.push_str(text),
                Part::Variable(name) => {
                    filled.doubt |= self.doubtful.contains(name);
                    match self.variables.get(name) {
                        Some(value) if self.filled_in.get() <= MAX_FILLED => {
                            self.filled_in.set(self.filled_in.get() + value.len());
                            filled.text.push_str(value);
                        }
                        _ => filled.text.push(OPEN),
                    }
                }
                Part::Open => filled.text.push(OPEN),
            }
        }
        filled
    }

    /// `defaults [-currentHost | -host NAME] VERB DOMAIN [KEY [VALUE]]`.
    fn defaults(&mut self, words: &[Filled], line: u32, conditional: bool) {
        let mut words = words;
        while let Some(first) = words.first() {
            match first.text.as_str() {
                "-currentHost" => words = words.get(1..).unwrap_or_default(),
                "-host" => words = words.get(2..).unwrap_or_default(),
                _ => break,
            }
        }
        let (Some(verb), Some(domain)) = (words.first(), words.get(1)) else { return };
        if !matches!(verb.text.as_str(), "write" | "delete" | "remove" | "import") {
            return;
        }
        let (verb, mut rest) = (verb.text.as_str(), words.get(2..).unwrap_or_default());
        if domain.text == "-app" || domain.text == "-domain" {
            rest = rest.get(1..).unwrap_or_default();
        }
        if domain.is_open() {
            // A folder that is not known says nothing of the domain.
            let base = domain.text.rsplit('/').next().unwrap_or_default();
            if base.contains(OPEN) || !domain.text.contains('/') {
                return self.unknown.push(line);
            }
        }
        let base = domain.text.rsplit('/').next().unwrap_or_default();
        let base = base.strip_suffix(".plist").unwrap_or(base);
        if base != self.domain {
            if self.elsewhere.len() < 20 {
                self.elsewhere.push((base.to_owned(), line));
            }
            return;
        }
        self.seen = true;
        if !domain.text.starts_with(MANAGED) && self.unread.is_none() && verb == "write" {
            self.unread = Some(line);
        }
        let doubt = conditional || domain.doubt || rest.iter().any(|w| w.doubt);
        let Some(key) = rest.first() else {
            if verb != "write" {
                self.forget(None, line, doubt);
            }
            return;
        };
        if verb == "import" {
            let message = format!(
                "the script imports {}, which is not read here; pass that file",
                shown(&key.text.replace(OPEN, "…"))
            );
            return self.note("script-not-evaluated", Severity::Warning, message, None, line);
        }
        if key.is_open() {
            return self.unknown.push(line);
        }
        let name = key.text.clone();
        if verb != "write" {
            return self.forget(Some(&name), line, doubt);
        }
        if doubt {
            self.doubts.extend(Doubt::conditions(vec![(line, name.clone())]));
        }
        match self.value(&name, rest.get(1..).unwrap_or_default()) {
            Ok(raw) => {
                let path = format!("{} {name}", self.domain);
                self.doc.entries.push(Entry { name, raw, line: Some(line), path });
            }
            Err(what) => {
                let message = format!("`{}`: {what}", shown(&name));
                self.note("script-not-evaluated", Severity::Warning, message, Some(name.clone()), line);
                // What an earlier line set is not what a device has.
                self.doc.entries.retain(|e| e.name != name);
                self.doc.touched.push(name);
            }
        }
    }

    /// `defaults delete`: what earlier lines set is gone, unless that is a matter of a condition.
    fn forget(&mut self, name: Option<&str>, line: u32, doubt: bool) {
        let which = name.map_or_else(|| "every value".to_owned(), |n| format!("`{}`", shown(n)));
        let when = if doubt { ", under a condition, so the values are read all the same" } else { "" };
        let message = format!("the script deletes {which}{when}");
        self.note("script-deletion", Severity::Info, message, name.map(str::to_owned), line);
        if !doubt {
            self.doc.entries.retain(|e| name.is_some_and(|name| e.name != name));
        }
    }

    /// The value behind a key; what cannot be told, in words.
    fn value(&self, key: &str, words: &[Filled]) -> Result<Raw, String> {
        if words.iter().any(Filled::is_open) {
            return Err(NOT_EVALUATED.replace(
                "pass the registry after the script ran (`reg export`)",
                "pass what `defaults export` shows after it ran",
            ));
        }
        let words: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
        let Some((first, rest)) = words.split_first() else {
            return Err("the line has no value".to_owned());
        };
        let one = || rest.first().copied().unwrap_or_default();
        match first.trim_start_matches('-') {
            _ if !first.starts_with('-') => plain(first),
            "string" => Ok(Raw::Text(one().to_owned())),
            "int" | "integer" => Ok(number(one())),
            "float" => Ok(Raw::Number(one().to_owned())),
            "bool" | "boolean" => boolean(one()),
            "date" => Ok(Raw::Other("a date")),
            "data" => Ok(Raw::Other("binary data")),
            "array" => Ok(Raw::List(elements(rest)?)),
            "array-add" => {
                match self.earlier(key) {
                    Some(Raw::List(items)) => Ok(Raw::List([items.clone(), elements(rest)?].concat())),
                    _ => Err("the line adds to a list that the device has already, which is not known here"
                        .to_owned()),
                }
            }
            "dict" => Ok(Raw::Map(pairs(rest, Vec::new())?)),
            "dict-add" => match self.earlier(key) {
                Some(Raw::Map(members)) => Ok(Raw::Map(pairs(rest, members.clone())?)),
                _ => Err("the line adds to an object that the device has already, which is not known here"
                    .to_owned()),
            },
            _ => plain(first),
        }
    }

    fn earlier(&self, key: &str) -> Option<&Raw> {
        self.doc.entries.iter().rev().find(|e| e.name == key).map(|e| &e.raw)
    }

    fn note(
        &mut self,
        id: &'static str,
        severity: Severity,
        message: String,
        key: Option<String>,
        line: u32,
    ) {
        let path = self.domain.to_owned();
        self.doc.notes.push(Note::at(id, severity, message, key, line, path));
    }

    fn finish(mut self, places: &Places) -> Document {
        if let Some(line) = self.unread {
            let message = format!(
                "`defaults write` sets user defaults, which are no source of configuration: the app reads nothing of this script; deploy a profile with a payload of {0}, which macOS writes below {MANAGED}. The values are read here as if such a profile held them",
                places.plist.domain
            );
            self.note("user-defaults", Severity::Warning, message, None, line);
        }
        if let Some(first) = self.unknown.first().copied() {
            let lines: Vec<String> = self.unknown.iter().take(6).map(u32::to_string).collect();
            let message = format!(
                "{} lines set a value whose domain or key comes from a variable or a command, which is not evaluated here: lines {}; write them out, or pass what `defaults export` shows after the script ran",
                self.unknown.len(),
                lines.join(", ")
            );
            self.note("script-not-evaluated", Severity::Warning, message, None, first);
        }
        self.doc.certain = true;
        doubt::say(&mut self.doc, &self.doubts);
        self.doc
    }
}

/// A word without quotation marks and variables.
fn bare(token: &Token) -> Option<&str> {
    match &token.kind {
        Kind::Word { parts, bare: true } => match parts.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn is(token: &Token, word: &str) -> bool {
    bare(token) == Some(word)
}

/// The name that a word such as `NAME=value` sets.
fn assignment(token: &Token) -> Option<&str> {
    let Kind::Word { parts, .. } = &token.kind else { return None };
    let Some(Part::Text(text)) = parts.first() else { return None };
    let (name, _) = text.split_once('=')?;
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    fits.then_some(name)
}

/// A value without a type: `defaults` reads it as a property list in the old form.
fn plain(text: &str) -> Result<Raw, String> {
    if text.trim_start().starts_with(['{', '(', '<']) {
        return Err("the value is a property list in one text, which is not read here; write -array, -dict or -string before it".to_owned());
    }
    Ok(Raw::Text(text.to_owned()))
}

fn number(text: &str) -> Raw {
    text.trim().parse().map_or_else(|_| Raw::Number(text.to_owned()), Raw::Integer)
}

fn boolean(text: &str) -> Result<Raw, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(Raw::Bool(true)),
        "false" | "no" | "0" => Ok(Raw::Bool(false)),
        // It may be what belongs behind -string.
        _ => Err("-bool takes true, false, yes or no, and what follows it is none of them".to_owned()),
    }
}

/// One element, which may have a type of its own, and what follows it.
fn element<'w, 's>(words: &'w [&'s str]) -> Result<Option<(Raw, &'w [&'s str])>, String> {
    let Some((first, rest)) = words.split_first() else { return Ok(None) };
    let typed = |read: &dyn Fn(&str) -> Result<Raw, String>| match rest.split_first() {
        Some((value, rest)) => Ok(Some((read(value)?, rest))),
        None => Err(format!("no value follows {first}")),
    };
    match *first {
        "-string" => typed(&|t| Ok(Raw::Text(t.to_owned()))),
        "-int" | "-integer" => typed(&|t| Ok(number(t))),
        "-float" => typed(&|t| Ok(Raw::Number(t.to_owned()))),
        "-bool" | "-boolean" => typed(&boolean),
        text => Ok(Some((plain(text)?, rest))),
    }
}

fn elements(words: &[&str]) -> Result<Vec<Raw>, String> {
    let (mut items, mut words) = (Vec::new(), words);
    while let Some((item, rest)) = element(words)? {
        if items.len() > MAX_VALUES {
            break;
        }
        items.push(item);
        words = rest;
    }
    Ok(items)
}

fn pairs(words: &[&str], mut members: Vec<Member>) -> Result<Vec<Member>, String> {
    let mut words = words;
    while let Some((name, rest)) = words.split_first() {
        let Some((value, rest)) = element(rest)? else {
            return Err(format!("no value follows {}", shown(name)));
        };
        members.retain(|m| m.name != *name);
        if members.len() > MAX_VALUES {
            break;
        }
        members.push(Member { name: (*name).to_owned(), line: 0, value });
        words = rest;
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn run(text: &str) -> Run<'static> {
        let mut run = Run::new("com.app");
        run.script(&lex(text));
        run
    }

    fn values(text: &str) -> Vec<(String, String)> {
        run(text).doc.entries.into_iter().map(|e| (e.name, format!("{:?}", e.raw))).collect()
    }

    #[test]
    fn values_are_found_in_every_way_of_writing_them() {
        let text = |t: &str| format!("Text({t:?})");
        for (script, value) in [
            ("defaults write com.app a b", text("b")),
            (
                "#!/bin/sh\nsudo /usr/bin/defaults write '/Library/Managed Preferences/com.app.plist' a -string \"b c\"",
                text("b c"),
            ),
            ("D=/Library/Preferences/com.app\ndefaults write \"$D\" a 'b' # why", text("b")),
            ("readonly D=\"com.app\"\ndefaults -currentHost write ${D} a \\\n  -string b", text("b")),
            ("defaults write ~/Library/Preferences/com.app a b >/dev/null 2>&1", text("b")),
            ("defaults write \"$HOME/Library/Preferences/com.app\" a b", text("b")),
            ("sudo -u \"$user\" defaults write com.app a b", text("b")),
            ("defaults write com.app a -bool YES", "Bool(true)".to_owned()),
            ("defaults write com.app a -int 7", "Integer(7)".to_owned()),
            ("defaults write com.app a -array x 'y z'", "List([Text(\"x\"), Text(\"y z\")])".to_owned()),
            (
                "defaults write com.app a -array x\ndefaults write com.app a -array-add y",
                "List([Text(\"x\"), Text(\"y\")])".to_owned(),
            ),
            ("defaults write com.app a -string '[{\"name\": \"it'\\''s\"}]'", text("[{\"name\": \"it's\"}]")),
            ("cat <<'EOF' >/tmp/x\ndefaults write com.app a no\nEOF\ndefaults write com.app a b", text("b")),
            ("echo defaults write com.app a no; defaults write com.app a b", text("b")),
            ("defaults write com.app a b\nexit 0\ndefaults write com.app a no", text("b")),
            ("defaults write com.app x y; defaults delete com.app x\ndefaults write com.app a b", text("b")),
        ] {
            let found = values(script);
            assert_eq!(found.last(), Some(&("a".to_owned(), value)), "{script}: {found:?}");
            assert!(found.iter().all(|(name, _)| name == "a"), "{script}: {found:?}");
        }
        for script in [
            "defaults write com.app a \"$TOKEN\"",
            "defaults write com.app a \"$(security find-generic-password -w)\"",
            "defaults write com.app a b\ndefaults write com.app a `id`",
            "defaults write com.app a -array-add x",
            "defaults write com.app a '{ b = c; }'",
            "for v in x y; do defaults write com.app a $v; done",
        ] {
            let run = run(script);
            assert!(
                run.doc.entries.is_empty() && run.doc.touched == ["a"],
                "{script}: {:?}",
                run.doc.entries
            );
        }
        for script in ["defaults write $D a b", "defaults write com.app $K b", "defaults write \"$1\" a b"] {
            assert_eq!(run(script).unknown, [1], "{script}");
        }
        assert!(
            is_script("x\n  sudo defaults write a b c")
                && !is_script("# defaults write a b c\nthe defaults are")
        );
    }

    #[test]
    fn what_stands_under_a_condition_is_marked() {
        let set = "defaults write com.app a";
        for (script, lines) in [
            (format!("{set} b"), vec![]),
            (format!("if [ -d /x ]; then\n{set} b\nelse\n{set} c\nfi\n{set} d"), vec![2, 4]),
            (format!("case \"$s\" in\n  x) {set} b ;;\n  y|z)\n  {set} c\n  ;;\nesac\n{set} d"), vec![2, 4]),
            (format!("[ -d /x ] && {set} b\n{set} c"), vec![1]),
            (format!("put() {{\n{set} b\n}}\n{set} c"), vec![2]),
            (format!("function put {{\n{set} b\n}}\n{set} c"), vec![2]),
            (format!("for i in 1 2; do\n{set} b\ndone"), vec![]),
            (format!("while read -r l; do\n{set} b\ndone < x"), vec![2]),
            (format!("V=b\nif x; then V=c; fi\n{set} $V"), vec![3]),
            (format!("( {set} b )\n{{ {set} c; }}\n{set} d"), vec![]),
        ] {
            let run = run(&script);
            let found: Vec<u32> = run.doubts.iter().map(|d| d.line).collect();
            assert_eq!(found, lines, "{script}");
            assert!(run.blocks.is_empty(), "{script}: {:?}", run.blocks);
        }
    }

    proptest! {
        #[test]
        fn any_soup_of_parts_is_read(parts in prop::collection::vec(prop::sample::select(vec![
            "defaults write ", "com.app ", "a ", "b", "-array ", "-dict ", "\"", "'", "\\", "\n", "$", "$(", "${", "`", "(", ")", "{", "}",
            "if ", "; then ", "fi", "case x in ", ";;", "esac", "<<E\n", "E\n", "#", "=", "A=", "$A", "&&", "ü",
        ]), 0..60)) {
            let _ = run(&parts.concat());
        }
    }
}
