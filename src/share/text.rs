//! Text: whatever is an address or a host inside it is masked as such, and of its words those stay
//! that the rules know.

use std::net::{IpAddr, SocketAddr};

use super::mask::Mask;

/// Characters that hold an address, a host or a version together.
const fn is_part(c: char) -> bool {
    matches!(c, '.' | '-' | '_' | ':' | '%')
}

impl Mask<'_> {
    /// Masks a text. `own`: a text of the rules, in which only what they do not know is masked.
    pub(super) fn text(&mut self, text: &str, own: bool) -> String {
        // Phrases that were given a mask of their own, the longest first.
        let lower = text.to_ascii_lowercase();
        let found = self
            .phrases
            .iter()
            .filter_map(|(phrase, mask)| Some((bounded(&lower, phrase)?, phrase.len(), mask.clone())))
            .min_by_key(|(at, length, _)| (*at, usize::MAX - length));
        let Some((at, length, mask)) = found else { return self.runs(text, own) };
        let before = self.runs(&text[..at], own);
        let after = self.text(&text[at + length..], own);
        format!("{before}{mask}{after}")
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
        for mark in ['%', ':', '_'] {
            if let Some((front, back)) = run.split_once(mark) {
                return format!("{}{mark}{}", self.run(front, own), self.run(back, own));
            }
        }
        if run.contains('.') {
            return self.dotted(run, own);
        }
        self.words(run, own)
    }

    /// Something with a dot in it: a host, a version, the path of a key, two sentences.
    fn dotted(&mut self, run: &str, own: bool) -> String {
        let lower = run.to_lowercase();
        let numbers = |l: &str| !l.is_empty() && l.len() <= 6 && l.bytes().all(|b| b.is_ascii_digit());
        if lower.split('.').all(numbers) {
            return run.to_owned();
        }
        // `10.0.0.1-10.0.0.9`.
        if let Some((front, back)) = run.split_once('-')
            && (front.parse::<IpAddr>().is_ok() || back.parse::<IpAddr>().is_ok())
        {
            return format!("{}-{}", self.run(front, own), self.run(back, own));
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
