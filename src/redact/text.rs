//! Text: whatever is an address or a host inside it is masked as such, and of its words those stay
//! that the rules know.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::mask::Mask;
use crate::text::spelled::{self, Piece};

/// Characters that hold an address, a host or a version together.
const fn is_part(c: char) -> bool {
    matches!(c, '.' | '-' | '_' | ':' | '%')
}

/// Those that take a run apart, in this order.
const MARKS: [char; 3] = ['%', ':', '_'];

impl Mask<'_> {
    /// Masks a text. `own`: a text of the rules, in which only what they do not know is masked.
    pub(super) fn text(&mut self, text: &str, own: bool) -> String {
        // Phrases that were given a mask of their own, the longest first.
        let lower = text.to_ascii_lowercase();
        let mut out = String::with_capacity(text.len());
        let mut begin = 0;
        // Remote texts are long: one step after another, none inside the other.
        loop {
            let found = self
                .phrases
                .iter()
                .filter_map(|(phrase, mask)| {
                    Some((bounded(&lower[begin..], phrase)?, phrase.len(), mask.clone()))
                })
                .filter(|(_, length, _)| *length > 0)
                .min_by_key(|(at, length, _)| (*at, usize::MAX - length));
            let Some((at, length, mask)) = found else { break };
            out.push_str(&self.runs(&text[begin..begin + at], own));
            out.push_str(&mask);
            begin += at + length;
        }
        out.push_str(&self.runs(&text[begin..], own));
        out
    }

    fn runs(&mut self, text: &str, own: bool) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_alphanumeric() || matches!(c, ':' | '[' | '+')) {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            if rest.starts_with('+') {
                let length = spelled::telephone(rest);
                match length {
                    Some(length) => out.push_str(&self.whole(&rest[..length])),
                    None => out.push('+'),
                }
                rest = &rest[length.unwrap_or(1)..];
                continue;
            }
            if rest.starts_with('[') {
                let (masked, length) = self.bracketed(rest, own).unwrap_or_else(|| ("[".to_owned(), 1));
                out.push_str(&masked);
                rest = &rest[length..];
                continue;
            }
            let end = rest.find(|c: char| !c.is_alphanumeric() && !is_part(c)).unwrap_or(rest.len());
            let run = rest[..end].trim_end_matches(is_part);
            // `::` is an address that ends in its own marks.
            let run = if run.is_empty() { &rest[..end] } else { run };
            out.push_str(&self.run(run, own));
            rest = &rest[run.len()..];
        }
        out.push_str(rest);
        out
    }

    /// `[v6]`, `[v6]:port`, `[v6%scope]:port` at the start of a text: masked, with the length of what it
    /// replaces.
    fn bracketed(&mut self, text: &str, own: bool) -> Option<(String, usize)> {
        let (inside, after) = text.strip_prefix('[')?.split_once(']')?;
        let (address, scope) = match inside.split_once('%') {
            Some((address, scope)) => (address, Some(scope)),
            None => (inside, None),
        };
        let address: Ipv6Addr = address.parse().ok()?;
        let scope = match scope {
            // The number or the name of an interface, such as `3` or `eth0`.
            Some(scope) if scope.is_empty() || !scope.chars().all(is_scope) => return None,
            Some(scope) if scope.bytes().all(|b| b.is_ascii_digit()) => format!("%{scope}"),
            Some(scope) => format!("%{}", self.words(scope, own)),
            None => String::new(),
        };
        let port = after.strip_prefix(':').map(|rest| {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            &rest[..digits]
        });
        let port =
            port.filter(|digits| is_port(digits)).map_or_else(String::new, |digits| format!(":{digits}"));
        let length = inside.len() + 2 + port.len();
        Some((format!("[{}{scope}]{port}", self.ip(address.into())), length))
    }

    /// A text that is an address, or an address with a port, as a whole.
    pub(super) fn socket(&mut self, text: &str) -> Option<String> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(self.ip(address).to_string());
        }
        let mut end: SocketAddr = text.parse().ok()?;
        end.set_ip(self.ip(end.ip()));
        // The number of an interface says nothing of whose it is, and stays with the address.
        Some(end.to_string())
    }

    fn run(&mut self, run: &str, own: bool) -> String {
        if let Some(masked) = self.socket(run) {
            return masked;
        }
        if !run.contains('%')
            && !is_name(run)
            && let Some(masked) = self.spelled(run, own)
        {
            return masked;
        }
        if run.contains(MARKS) {
            return self.parts(run, own);
        }
        if run.contains('.') {
            return self.dotted(run, own);
        }
        self.words(run, own)
    }

    /// A run with addresses in other spellings than their own; nothing where it has none.
    fn spelled(&mut self, run: &str, own: bool) -> Option<String> {
        spelled::is_spelled(run).then(|| self.pieces(run, |mask, text| mask.runs(text, own)))
    }

    /// A run with its addresses masked, whatever they are spelled like, and all else as `other` says.
    pub(super) fn pieces(&mut self, run: &str, mut other: impl FnMut(&mut Self, &str) -> String) -> String {
        let mut out = String::with_capacity(run.len());
        for piece in spelled::pieces(run) {
            match piece {
                Piece::Text(text) => out.push_str(&other(self, text)),
                Piece::Address(address, marks) => {
                    out.push_str(&spelled::respelled(self.ip(address.into()), marks));
                }
                Piece::Mark(text) => out.push_str(&self.whole(text)),
            }
        }
        out
    }

    /// Something with marks in it, part by part: what stands before or after a `%`, and before or after
    /// a `:` of that, may be an address as a whole.
    fn parts(&mut self, run: &str, own: bool) -> String {
        let mut out = String::with_capacity(run.len());
        let mut rest = vec![(run, true)];
        while let Some((piece, whole)) = rest.pop() {
            let address = piece.parse::<IpAddr>().is_ok() || piece.parse::<SocketAddr>().is_ok();
            // The port of what stands before it.
            let port = out.ends_with(':') && !out.ends_with("::") && is_port(piece);
            let whole = whole && !port;
            if !whole {
                out.push_str(piece);
                continue;
            }
            let split = MARKS.iter().find_map(|mark| {
                let (front, back) = piece.split_once(*mark)?;
                Some((front, &piece[front.len()..=front.len()], back))
            });
            match split {
                Some((front, mark, back)) if !address => {
                    rest.extend([(back, true), (mark, false), (front, true)]);
                }
                _ => out.push_str(&self.run(piece, own)),
            }
        }
        out
    }

    /// Something with a dot in it: a host, a version, the path of a key, two sentences.
    fn dotted(&mut self, run: &str, own: bool) -> String {
        let lower = run.to_lowercase();
        let numbers = |l: &str| !l.is_empty() && l.len() <= 6 && l.bytes().all(|b| b.is_ascii_digit());
        if lower.split('.').all(numbers) {
            return run.to_owned();
        }
        // `10.0.0.1-10.0.0.9`.
        let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
        let mut ranges = String::new();
        let mut rest = run;
        while let Some((front, back)) = rest.split_once('-')
            && (is_address(front) || is_address(back))
        {
            ranges.push_str(&self.run(front, own));
            ranges.push('-');
            rest = back;
        }
        if !ranges.is_empty() {
            ranges.push_str(&self.run(rest, own));
            return ranges;
        }
        let is_label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let last = lower.rsplit('.').next().unwrap_or_default();
        let like_a_host = lower.split('.').all(is_label) && last.len() >= 2 && !numbers(last);
        if like_a_host {
            let known = self.vocabulary.domain_of(&lower).is_some();
            let internal = self.is_internal(&lower);
            let common = lower.split(['.', '-']).all(|w| self.stays(w, own));
            let number = spelled::is_spelled(&lower) || last == "arpa";
            if known || self.is_host(&lower) || internal || number || !common {
                return self.host(&lower);
            }
            return run.to_owned();
        }
        let parts: Vec<String> = run.split('.').map(|part| self.words(part, own)).collect();
        parts.join(".")
    }

    pub(super) fn words(&mut self, run: &str, own: bool) -> String {
        let mut out = String::with_capacity(run.len());
        let mut rest = run;
        while let Some(start) = rest.find(char::is_alphanumeric) {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            let word = &rest[..end];
            out.push_str(&self.word(word, own));
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }
}

/// Whether a run can be a host's name: what its last label says is masked with it.
fn is_name(run: &str) -> bool {
    let last = run.rsplit('.').next().unwrap_or_default();
    run.contains('.')
        && !run.contains(MARKS)
        && last.len() >= 2
        && last.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Whether a text is the number of a port.
fn is_port(digits: &str) -> bool {
    (1..=5).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && digits.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Characters of the names of network interfaces.
const fn is_scope(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '@')
}

/// Where `phrase` stands in `text` as a whole.
fn bounded(text: &str, phrase: &str) -> Option<usize> {
    text.match_indices(phrase).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + phrase.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use crate::contract::Platform;
    use crate::derive::Requirements;
    use crate::diagnose::{Judgement, RunVerdict};
    use crate::observation::{Environment, Observations};
    use crate::plan::Plan;
    use crate::redact::Vocabulary;
    use crate::redact::mask::Mask;
    use crate::rules::Pack;
    use crate::rules::services::Services;
    use crate::run::Run;

    fn run() -> Run {
        let pack = Pack::embedded().unwrap();
        Run {
            requirements: Requirements {
                hosts: Vec::new(),
                notes: Vec::new(),
                lint: Vec::new(),
                missing: Vec::new(),
                app_version: pack.meta.newest.clone(),
                platform: Platform::Linux,
                platform_assumed: false,
                rules_date: pack.meta.date.to_string(),
                rules_age: None,
                provider: None,
                inputs: Vec::new(),
                sources: Vec::new(),
                by_address: Default::default(),
            },
            plan: Plan::default(),
            observations: Observations::default(),
            judgement: Judgement {
                paths: Vec::new(),
                verdict: RunVerdict::Ready,
                hosts: Vec::new(),
                causes: Vec::new(),
                not_tested: Vec::new(),
            },
            environment: Environment {
                user: "miller".into(),
                host: "quarrybox".into(),
                ..Environment::default()
            },
            started_at: String::new(),
            label: None,
            tags: Default::default(),
            duration_ms: 0,
            is_replayed: false,
            expected: None,
        }
    }

    #[test]
    fn long_texts_are_masked_step_by_step() {
        let services = Services::embedded().unwrap();
        let vocabulary = Vocabulary::embedded().unwrap();
        let run = run();
        let mut mask = Mask::new(&run, &services, &vocabulary);
        for piece in ["a_", "a:", "a%", "10.7.8.9-", "miller ", "quarrybox/"] {
            // Overflowed the stack when it was done by recursion; words take their time unoptimised.
            let text = piece.repeat(if piece == "a_" { 5_000 } else { 1_000 });
            let masked = mask.text(&text, false);
            assert!(!masked.contains("miller") && !masked.contains("quarrybox"), "{piece}");
            assert!(!masked.contains("10.7.8.9"), "{piece}");
        }
        let masked = mask.text("fe80::abcd%eth0 and 10.1.2.3:8080_x", false);
        assert!(!masked.contains("abcd") && !masked.contains("10.1.2.3"), "{masked}");
        assert!(masked.contains('%') && masked.contains("_x"), "{masked}");
    }

    #[test]
    fn sockets_are_one_piece_wherever_they_stand() {
        let services = Services::embedded().unwrap();
        let vocabulary = Vocabulary::embedded().unwrap();
        let run = run();
        let mut mask = Mask::new(&run, &services, &vocabulary);
        for (text, end) in [
            ("[2a0f:20::2]:42468", "]:42468"),
            ("[2a0f:20::2]:9999", "]:9999"),
            ("[2a0f:20::2]:65535", "]:65535"),
            ("[fe80::abcd%3]:46690", "%3]:46690"),
            ("10.7.8.9:46690", ":46690"),
            ("[::ffff:10.7.8.9]:46690", "]:46690"),
        ] {
            let masked = mask.text(text, false);
            masked.parse::<std::net::SocketAddr>().unwrap_or_else(|e| panic!("{text}: {masked}: {e}"));
            assert!(masked.ends_with(end) && masked != text, "{text}: {masked}");
            // In a sentence the same.
            let sentence = mask.text(&format!("reset by ({text}), again"), false);
            assert!(sentence.contains(&masked) && !sentence.contains(text), "{sentence}");
        }
        for (text, kept) in [
            ("https://[2a0f:20::2]:42468/v1", "]:42468/v1"),
            ("proxy.quarry.example:46690", ":46690"),
            ("PROXY 10.7.8.9:46690; DIRECT", ":46690"),
            ("[fe80::abcd%eth0]:443", "]:443"),
        ] {
            let masked = mask.text(text, false);
            assert!(masked.contains(kept), "{text}: {masked}");
            assert!(
                !["2a0f:20", "quarry", "10.7.8.9", "abcd"].iter().any(|s| masked.contains(s)),
                "{masked}"
            );
        }
        // No ports: numbers that are too large, or that stand alone.
        for text in ["quarry:70321", "12345", "x 12345"] {
            let masked = mask.text(text, false);
            assert!(!masked.contains("70321") && !masked.contains("12345"), "{masked}");
        }
    }
}
