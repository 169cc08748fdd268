//! A line of a log that nothing is known about, for showing: only words that name nobody stay.

use std::collections::HashSet;

use crate::config;
use crate::contract::HostPattern;
use crate::rules::Rules;
use crate::rules::symptoms::{Address, addresses};
use crate::rules::vocabulary::Vocabulary;
use crate::text::line;

/// What stands in the place of what is hidden.
const HIDDEN: &str = "…";
/// Longest sample, in characters.
const LONGEST: usize = 160;
/// Words behind which a secret may stand, whatever it looks like.
const BEFORE_SECRETS: [&str; 20] = [
    "pass:",
    "pass=",
    "passcode",
    "otp ",
    "authorization",
    "bearer",
    "cookie",
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api-key",
    "api_key",
    "credential",
    "signature",
    "assertion",
    "private key",
];

/// Decides which words of a log may be shown.
#[derive(Debug)]
pub struct Mask {
    words: HashSet<String>,
    /// Words with a capital letter as the known messages have them: within a sentence any other may be the name
    /// of a person or a computer, though it be a word too.
    capitalised: HashSet<String>,
    vocabulary: Option<Vocabulary>,
}

impl Mask {
    /// The words of the rules: those that identify nobody, and those of the known messages.
    pub fn new(rules: &Rules) -> Self {
        let mut words: HashSet<String> = rules.logs.words().into_iter().map(str::to_owned).collect();
        let mut capitalised = HashSet::new();
        for symptom in &rules.symptoms.list {
            let texts = symptom.matches.iter().chain(&symptom.alone).chain([&symptom.title, &symptom.cause]);
            let found = texts.flat_map(|t| t.split(|c: char| !c.is_alphabetic()));
            for word in found.filter(|w| w.chars().count() > 2) {
                words.insert(word.to_lowercase());
                if word.starts_with(char::is_uppercase) {
                    capitalised.insert(word.to_owned());
                }
            }
        }
        // A pack that was read has a vocabulary that can be read; without one more is hidden.
        Self { words, capitalised, vocabulary: rules.vocabulary().ok() }
    }

    fn knows(&self, word: &str) -> bool {
        let lower = word.to_lowercase();
        self.words.contains(&lower)
            || lower.len() > 2 && self.vocabulary.as_ref().is_some_and(|v| v.knows(&lower))
    }

    /// What of a line may be shown: one line, bounded, a mark for each part that is hidden.
    pub fn sample(&self, text: &str) -> String {
        let text = line::line(text, 1_000);
        let lower = text.to_ascii_lowercase();
        let secret = BEFORE_SECRETS.iter().filter_map(|w| Some(lower.find(w)? + w.len())).min();
        let shown = secret.and_then(|end| text.get(..end)).unwrap_or(&text);
        let mut out = String::new();
        let hidden = shown.len() < text.len();
        let mut begins = true;
        let tokens = shown.split(' ').map(|token| {
            let masked = self.token(token, begins);
            // What programs write before a sentence: `[App]`, `Error:`, `TypeError:`.
            begins = begins && !token.contains(char::is_alphanumeric) || is_label(token);
            masked
        });
        for token in tokens.chain(hidden.then(|| HIDDEN.to_owned())) {
            if token == HIDDEN && out.ends_with(HIDDEN) || token.is_empty() {
                continue;
            }
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(&token);
        }
        line::clipped(&out, LONGEST)
    }

    fn token(&self, token: &str, begins: bool) -> String {
        if token.contains("://") {
            let host = addresses(token).into_iter().find_map(|a| host(token, &a));
            return host.map_or_else(|| HIDDEN.to_owned(), |host| format!("{host}/{HIDDEN}"));
        }
        let digits = |w: &&str| w.bytes().any(|b| b.is_ascii_digit());
        let parts = || token.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
        // A path, somebody's name, a number of several parts.
        if token.contains(['/', '\\', '@', '%', '~', '+']) || parts().filter(digits).count() > 1 {
            return HIDDEN.to_owned();
        }
        let alone = parts().count() == 1;
        let mut out = String::new();
        let mut word = String::new();
        let push = |out: &mut String, word: &mut String| {
            if word.is_empty() {
                return;
            }
            if self.stays(word, alone) && (begins && alone || self.is_no_name(word, alone)) {
                out.push_str(word);
            } else if !out.ends_with(HIDDEN) {
                out.push_str(HIDDEN);
            }
            word.clear();
        };
        for c in token.chars() {
            if c.is_alphanumeric() {
                word.push(c);
            } else {
                push(&mut out, &mut word);
                out.push(c);
            }
        }
        push(&mut out, &mut word);
        out
    }

    /// Whether a word that is known cannot be somebody's name where it stands.
    fn is_no_name(&self, word: &str, alone: bool) -> bool {
        let mut letters = word.chars();
        if !letters.next().is_some_and(char::is_uppercase) {
            return true;
        }
        let rest = letters.as_str();
        // `ERROR`; but a computer may be `BAKER-PC`.
        let shouted = alone && rest.chars().count() > 1 && rest.chars().all(char::is_uppercase);
        // `TypeError` is written so in programs only.
        shouted
            || rest.chars().any(char::is_uppercase) && rest.chars().any(char::is_lowercase)
            || self.capitalised.contains(word)
            || BEFORE_SECRETS.contains(&word.to_ascii_lowercase().as_str())
            || rest.is_empty()
    }

    fn stays(&self, word: &str, alone: bool) -> bool {
        if word.bytes().all(|b| b.is_ascii_digit()) {
            return word.len() == 1;
        }
        if !word.chars().all(char::is_alphabetic) {
            return false;
        }
        match word.chars().count() {
            1 => alone && matches!(word, "a" | "A" | "I"),
            _ => self.knows(word) || self.knows_parts(word),
        }
    }

    /// `fetchModels`: each part is a word.
    fn knows_parts(&self, word: &str) -> bool {
        let mut parts: Vec<String> = Vec::new();
        for c in word.chars() {
            match parts.last_mut() {
                Some(part) if !c.is_uppercase() => part.push(c),
                _ => parts.push(c.to_string()),
            }
        }
        (2..=5).contains(&parts.len()) && parts.iter().all(|p| p.chars().count() > 2 && self.knows(p))
    }
}

/// Whether a word only labels the sentence behind it.
fn is_label(token: &str) -> bool {
    let bracketed = token.starts_with('[') && token.ends_with([']', ':']);
    let lower = token.to_ascii_lowercase();
    let kinds = ["error:", "exception:", "warning:", "warn:", "info:", "failed:", "fatal:"];
    bracketed || kinds.iter().any(|k| lower.ends_with(k))
}

/// An address of a line as it is written on a command line; nothing where it might be a secret that stands
/// in the place of a host.
pub fn host(text: &str, address: &Address) -> Option<String> {
    let written = text.get(address.span.clone()).unwrap_or_default();
    shown(written, &address.host).then(|| {
        if address.port == Some(443) {
            Address { port: None, ..address.clone() }.shown()
        } else {
            address.shown()
        }
    })
}

fn shown(written: &str, host: &HostPattern) -> bool {
    let HostPattern::Name(name) = host else { return !host.is_wildcard() };
    let mixed = |label: &str| {
        let digits = label.bytes().filter(u8::is_ascii_digit).count();
        digits > 0 && digits < label.len()
    };
    let cased =
        written.chars().any(|c| c.is_ascii_uppercase()) && written.chars().any(|c| c.is_ascii_lowercase());
    let long = name.split('.').any(|l| l.len() > 40 || !l.contains('-') && l.len() > 24 && mixed(l));
    // A name of one label is whatever stands behind a word such as `host`.
    let single = !name.contains('.') && (name.len() > 24 || mixed(name) && (cased || name.len() > 15));
    !long && !single && !config::looks_secret(written)
}

/// A path of a file for showing: what follows the folder of all homes is somebody's name.
pub fn path(path: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut parts = path.split(['/', '\\']).peekable();
    while let Some(part) = parts.next() {
        out.push(line::marked(part, 200));
        let homes = part.eq_ignore_ascii_case("users") || part.eq_ignore_ascii_case("home");
        if homes && parts.peek().is_some() {
            parts.next();
            out.pop();
            out.push("~".to_owned());
        }
    }
    out.join("/")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn mask() -> Mask {
        Mask::new(&Rules::embedded())
    }

    #[test]
    fn words_that_name_nobody_stay() {
        let mask = mask();
        for (text, sample) in [
            ("Failed to spawn the worker: exit code 7", "Failed to spawn the worker: exit code 7"),
            (
                "Failed to spawn the worker: id=77 pid=77 code 12",
                "Failed to spawn the worker: id=… pid=… code …",
            ),
            ("fetchModels failed for tenant quarry-blue", "fetchModels failed for tenant …-blue"),
            ("cannot read /Users/miller/plan.txt", "cannot read …"),
            ("mail of miller@quarry.example rejected", "mail of … rejected"),
            (
                "GET https://u:p@gw.quarry.example:8443/v1?key=abc failed",
                "GET gw.quarry.example:8443/… failed",
            ),
            ("bad Authorization: Basic bWlsbGVyOnB3 sent", "bad Authorization …"),
            ("wrong password error", "wrong password …"),
            ("call 1234-5678 at 10.1.2.3", "call … at …"),
            ("\u{1b}[31mfailed\u{202e}", "failed"),
            // Words that are names too.
            ("session of Master Major failed", "session of … failed"),
            ("no answer from Master in time", "no answer from … in time"),
            ("no answer from MASTER-host in time", "no answer from …-host in time"),
            ("Error: Connection to Claude failed", "Error: Connection to Claude failed"),
            ("[Main] Failed to start: TypeError", "[Main] Failed to start: TypeError"),
        ] {
            assert_eq!(mask.sample(text), sample, "{text}");
        }
    }

    #[test]
    fn a_secret_in_the_place_of_a_host_is_no_host() {
        let of = |text: &str| addresses(text).first().and_then(|a| host(text, a));
        assert_eq!(of("getaddrinfo ENOTFOUND gw.quarry.example"), Some("gw.quarry.example".into()));
        assert_eq!(of("getaddrinfo ENOTFOUND llm-gateway"), Some("llm-gateway".into()));
        assert_eq!(of("connect ECONNREFUSED 10.1.2.3:443"), Some("10.1.2.3".into()));
        assert_eq!(of("host: sk-ant-api03-abcdefghijklmnop"), None);
        assert_eq!(of("host: AKIAIOSFODNN7EXAMPLE1"), None);
        assert_eq!(of("host a8f5f167f44f4964e6c998dee827110c"), None);
    }

    #[test]
    fn homes_leave_paths() {
        assert_eq!(path("Users/miller/Library/Logs/main.log"), "~/Library/Logs/main.log");
        assert_eq!(path(r"C:\Users\miller\x\main.log"), "C:/~/x/main.log");
        assert_eq!(path("logs/main.log"), "logs/main.log");
    }

    proptest! {
        #[test]
        fn no_secret_stays(secret in "[A-Za-z0-9]{12,40}", before in "(failed|token|Bearer|key=|\"password\":\"|at|host:? )", text in any::<String>()) {
            use std::sync::LazyLock;
            static MASK: LazyLock<Mask> = LazyLock::new(mask);
            for line in [format!("{text} {before} {secret} x"), format!("{before}{secret}"), format!("error {secret}: {text}")] {
                let sample = MASK.sample(&line);
                prop_assert!(!sample.contains(&secret), "{sample}");
                prop_assert!(!sample.chars().any(crate::text::visible::is_unseen) && sample.chars().count() <= LONGEST + 1);
            }
        }
    }
}
