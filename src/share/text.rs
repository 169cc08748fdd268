//! Text: whatever is an address or a host inside it is masked as such, and of its words those stay
//! that the rules know.

use std::net::{IpAddr, SocketAddr};

use super::mask::Mask;

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
        while let Some(start) = rest.find(|c: char| c.is_alphanumeric() || c == ':') {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
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

    fn run(&mut self, run: &str, own: bool) -> String {
        if let Ok(address) = run.parse::<IpAddr>() {
            return self.ip(address).to_string();
        }
        if let Ok(end) = run.parse::<SocketAddr>() {
            return SocketAddr::new(self.ip(end.ip()), end.port()).to_string();
        }
        if run.contains(MARKS) {
            return self.parts(run, own);
        }
        if run.contains('.') {
            return self.dotted(run, own);
        }
        self.words(run, own)
    }

    /// Something with marks in it, part by part: what stands before or after a `%`, and before or after
    /// a `:` of that, may be an address as a whole.
    fn parts(&mut self, run: &str, own: bool) -> String {
        let mut out = String::with_capacity(run.len());
        let mut rest = vec![(run, true)];
        while let Some((piece, whole)) = rest.pop() {
            let address = piece.parse::<IpAddr>().is_ok() || piece.parse::<SocketAddr>().is_ok();
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
            if known || self.is_host(&lower) || internal || !common {
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
    use crate::report::Run;
    use crate::rules::Pack;
    use crate::rules::services::Services;
    use crate::share::Vocabulary;
    use crate::share::mask::Mask;

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
                rules_date: pack.meta.date.clone(),
                rules_age: None,
                provider: None,
                inputs: Vec::new(),
            },
            plan: Plan::default(),
            observations: Observations::default(),
            judgement: Judgement {
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
            duration_ms: 0,
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
}
