//! What a service repeats of the secrets that it was sent.

use crate::config::Secret;

use super::super::sanitise;

/// Characters of a word that are kept.
const WORD: usize = 100;
/// What stands in the place of a secret.
const MARK: &str = "[secret]";
/// So many characters of a secret give it away.
const PREFIX: usize = 8;
/// Shorter texts are no secrets: they would be found in every word.
const SHORTEST: usize = 4;

/// The secrets of a call, the longest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets(Vec<Secret>);

impl Secrets {
    /// Those of `secrets` that are long enough to be told from a word.
    pub(super) fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut kept: Vec<Secret> = Vec::new();
        for secret in secrets {
            let text = secret.expose().trim();
            if text.chars().count() >= SHORTEST && !kept.iter().any(|k| k.expose() == text) {
                kept.push(Secret::new(text));
            }
        }
        kept.sort_by_key(|s| std::cmp::Reverse(s.expose().len()));
        Self(kept)
    }

    /// The text without the secrets. A beginning of one that the text ends with, or that goes on
    /// differently, takes everything after it along.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            if text.contains(secret.expose()) {
                text = text.replace(secret.expose(), MARK);
            }
        }
        let starts = self.0.iter().filter_map(|s| {
            let (end, _) = s.expose().char_indices().nth(PREFIX)?;
            s.expose().get(..end)
        });
        if let Some(at) = starts.filter_map(|start| text.find(start)).min() {
            text.truncate(at);
            text.push_str(MARK);
        }
        text
    }

    /// Whether one of them is in the text, whole.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret.expose()))
    }

    /// One word of remote text: without the secrets, and only then cut.
    pub(super) fn line(&self, text: &str) -> String {
        // Once more on what is shown: invisible characters may have kept a secret apart.
        let whole = sanitise::line(&self.clean(text), usize::MAX);
        sanitise::line(&self.clean(&whole), WORD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_secret_nor_its_beginning_is_left() {
        let mut long: String = (100..200).map(|n| n.to_string()).collect();
        long.truncate(159);
        let secrets = Secrets::new([Secret::new(&long[..20]), Secret::new(long.clone()), Secret::new("ab")]);
        assert_eq!(secrets.line(&format!("x {long} y")), "x [secret] y");
        assert_eq!(secrets.line(&format!("{}{long}", "z".repeat(90))), format!("{}[secret]", "z".repeat(90)));
        assert_eq!(secrets.line(&format!("x {}", &long[..12])), "x [secret]");
        assert_eq!(secrets.line(&format!("{}\u{200b}{}", &long[..4], &long[4..])), "[secret]");
        assert_eq!(secrets.line("ab is a word"), "ab is a word");
        assert!(!format!("{secrets:?}").contains(&long[..8]));
    }
}
