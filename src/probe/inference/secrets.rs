//! What a service repeats of the secrets that it was sent.

use std::collections::HashSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

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

/// The secrets of a call, the longest first, and what of them is known again in part.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets(Vec<Secret>, Pieces);

/// Every piece of [`PREFIX`] characters of the secrets, in lower case, in each form in which a service might repeat it.
#[derive(Clone, Default)]
struct Pieces(HashSet<[char; PREFIX]>);

impl Pieces {
    fn of(secrets: &[Secret]) -> Self {
        let forms = secrets.iter().flat_map(|secret| forms(secret.expose()));
        Self(forms.flat_map(|form| windows(&lower(&form)).collect::<Vec<_>>()).collect())
    }

    /// The text with a mark in the place of every piece.
    fn hidden(&self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let mut secret = vec![false; chars.len()];
        for (at, piece) in windows(&lower(text)).enumerate() {
            if self.0.contains(&piece) {
                secret.iter_mut().skip(at).take(PREFIX).for_each(|s| *s = true);
            }
        }
        let mut out = String::new();
        let mut before = false;
        for (char, is_secret) in chars.into_iter().zip(secret) {
            match (is_secret, before) {
                (true, false) => out.push_str(MARK),
                (true, true) => {}
                (false, _) => out.push(char),
            }
            before = is_secret;
        }
        out
    }
}

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)
    }
}

/// One character for each of the text.
fn lower(text: &str) -> Vec<char> {
    text.chars().map(|c| c.to_ascii_lowercase()).collect()
}

fn windows(chars: &[char]) -> impl Iterator<Item = [char; PREFIX]> {
    chars.windows(PREFIX).filter_map(|w| w.try_into().ok())
}

/// A secret as it is, from its end, in hexadecimal digits, percent-encoded whole, and in base64 wherever it begins there.
fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let digits = |before: &str| bytes.iter().map(|b| format!("{before}{b:02x}")).collect::<String>();
    let from = |at| STANDARD_NO_PAD.encode(bytes.get(at..).unwrap_or_default());
    let reversed = secret.chars().rev().collect();
    vec![secret.to_owned(), reversed, digits(""), digits("%"), from(0), from(1), from(2)]
}

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
        let pieces = Pieces::of(&kept);
        Self(kept, pieces)
    }

    /// The text without the secrets. A beginning of one that the text ends with, or that goes on
    /// differently, takes everything after it along; any other piece goes alone.
    pub(super) fn clean(&self, text: &str) -> String {
        self.1.hidden(&self.without(text))
    }

    /// The same, with the pieces.
    fn without(&self, text: &str) -> String {
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
        let whole = sanitise::line(&self.without(text), usize::MAX);
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
        // A piece of it, in whatever form.
        let of = |text: &str| secrets.line(&format!("a {text} b"));
        let (middle, reversed) = (&long[41..53], long.chars().rev().collect::<String>());
        assert_eq!(of(middle), "a [secret] b");
        assert_eq!(of(&reversed[9..20]), "a [secret] b");
        let live = Secrets::new([Secret::new("sk-live-zqKEY0123456789abcdefXYZ")]);
        let hex: String = "live-zqKEY".bytes().map(|b| format!("%{b:02X}")).collect();
        for text in
            ["K-LIVE-ZQKEY0123456789ABCDEFXYZ", &hex, &hex.replace('%', ""), "bGl2ZS16cUtFWTAxMjM0NTY3ODk"]
        {
            let shown = live.line(&format!("a {text} b"));
            assert!(shown.starts_with("a ") && shown.ends_with(" b") && shown.contains(MARK), "{shown}");
            assert!(shown.len() < "a [secret] b".len() + 4, "{shown}");
        }
        assert_eq!(live.line("the key is not valid"), "the key is not valid");
        assert!(!format!("{secrets:?}").contains(&long[..8]));
    }
}
