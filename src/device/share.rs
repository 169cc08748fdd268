//! What was seen on a device without the names of a company and its user. What is masked is judged again, so that
//! every sentence is made of masked words.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use super::{Report, Seen, judge};
use crate::contract::host::is_private;
use crate::rules::Rules;
use crate::rules::vocabulary::Vocabulary;
use crate::text::spelled::{self, Piece};

/// Members whose texts are words of this program or of the system, and name nobody.
const FIXED: [&str; 11] =
    ["platform", "check", "what", "severity", "id", "product", "process", "status", "start", "origin", "gap"];

impl Report {
    /// The same without the user, and without names and addresses that are not the vendor's, a provider's or everybody's.
    #[must_use]
    pub fn without_names(&self, rules: &Rules, vocabulary: &Vocabulary) -> Self {
        let mut mask = Mask {
            vocabulary,
            user: self.user.as_deref().filter(|u| !u.is_empty()).map(str::to_lowercase),
            names: BTreeMap::new(),
            addresses: BTreeMap::new(),
        };
        let mut value = serde_json::to_value(&self.seen).unwrap_or_default();
        mask.value(&mut value, "");
        let seen = serde_json::from_value(value).unwrap_or(Seen::of(self.seen.platform, self.seen.at));
        let mut report = judge(seen, &rules.device, &rules.codes);
        "a device".clone_into(&mut report.device);
        report.user = self.user.as_ref().map(|_| "user".to_owned());
        report
    }
}

struct Mask<'a> {
    vocabulary: &'a Vocabulary,
    user: Option<String>,
    names: BTreeMap<String, String>,
    addresses: BTreeMap<IpAddr, IpAddr>,
}

impl Mask<'_> {
    fn value(&mut self, value: &mut Value, member: &str) {
        match value {
            Value::String(text) if member == "key" => *text = self.name(text),
            Value::String(text) if !FIXED.contains(&member) => *text = self.text(text),
            Value::Array(all) => all.iter_mut().for_each(|v| self.value(v, member)),
            Value::Object(map) => map.iter_mut().for_each(|(name, v)| self.value(v, name)),
            _ => {}
        }
    }

    /// A text, word by word. An address is one word, whatever stands in it.
    fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | ':' | '-' | '_');
        while let Some(c) = rest.chars().next() {
            if let Some(length) = spelled::telephone(rest) {
                let (number, after) = rest.split_at(length);
                out.push_str(&self.name(number));
                rest = after;
                continue;
            }
            if !is_part(c) {
                out.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
                continue;
            }
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (token, after) = rest.split_at(end);
            out.push_str(&self.token(token));
            rest = after;
        }
        out
    }

    fn token(&mut self, token: &str) -> String {
        // What ends a sentence is no part of what it ends with; `::` is an address.
        let is_mark = |c: char| matches!(c, '.' | ':' | '-' | '_');
        let bare = token.trim_end_matches(is_mark);
        if !bare.is_empty() && bare.len() < token.len() && !token.ends_with("::") {
            return format!("{}{}", self.token(bare), token.get(bare.len()..).unwrap_or_default());
        }
        if let Ok(address) = token.parse::<IpAddr>() {
            return self.address(address).to_string();
        }
        if let Some((host, port)) = token.rsplit_once(':')
            && let Ok(address) = host.parse::<IpAddr>()
        {
            return format!("{}:{port}", self.address(address));
        }
        if self.vocabulary.has_host(&token.to_lowercase()) {
            return token.to_owned();
        }
        // `fd00::1-fd00::9`, `fd00::1_x`.
        if let Some(at) = token.find(['-', '_'])
            && let (front, back) = token.split_at(at)
            && (front.parse::<IpAddr>().is_ok() || back.get(1..).is_some_and(|b| b.parse::<IpAddr>().is_ok()))
        {
            let mark = back.get(..1).unwrap_or_default();
            return format!("{}{mark}{}", self.token(front), self.token(back.get(1..).unwrap_or_default()));
        }
        let mut out = String::new();
        for piece in spelled::pieces(token) {
            match piece {
                Piece::Text(text) => out.push_str(&self.words(text)),
                Piece::Address(address, marks) => {
                    out.push_str(&spelled::respelled(self.address(address.into()), marks));
                }
                Piece::Mark(text) => out.push_str(&self.name(text)),
            }
        }
        out
    }

    fn words(&mut self, token: &str) -> String {
        let mut out = String::new();
        let mut word = String::new();
        for c in token.chars().chain(['.']) {
            if c.is_alphanumeric() {
                word.push(c);
                continue;
            }
            if !word.is_empty() {
                out.push_str(&self.word(&word));
                word.clear();
            }
            out.push(c);
        }
        out.pop();
        out
    }

    fn word(&mut self, word: &str) -> String {
        if self.user.as_deref() == Some(word.to_lowercase().as_str()) {
            return "user".to_owned();
        }
        if self.vocabulary.knows(word) { word.to_owned() } else { self.name(word) }
    }

    fn name(&mut self, word: &str) -> String {
        let n = self.names.len() + 1;
        self.names.entry(word.to_lowercase()).or_insert_with(|| format!("name{n}")).clone()
    }

    /// Another address of the same kind, so that what is judged by the kind stays.
    fn address(&mut self, address: IpAddr) -> IpAddr {
        if address.is_loopback() || address.is_unspecified() {
            return address;
        }
        let n = u16::try_from(self.addresses.len() + 1).unwrap_or(u16::MAX);
        let [high, low] = n.to_be_bytes();
        *self.addresses.entry(address).or_insert_with(|| match (address, is_private(address)) {
            (IpAddr::V4(_), true) => IpAddr::from([10, 0, high, low]),
            (IpAddr::V4(_), false) => IpAddr::from([11, 0, high, low]),
            (IpAddr::V6(_), true) => IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, n]),
            (IpAddr::V6(_), false) => IpAddr::from([0x4000, 0, 0, 0, 0, 0, 0, n]),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_are_masked_however_they_are_spelled() {
        let vocabulary = Vocabulary::embedded().unwrap();
        let mut mask = Mask {
            vocabulary: &vocabulary,
            user: Some("ann".to_owned()),
            names: BTreeMap::new(),
            addresses: BTreeMap::new(),
        };
        for (text, masked) in [
            ("to 10.66.77.88.", "to 10.0.0.1."),
            ("10.66.77.88-10.66.77.99", "10.0.0.1-10.0.0.2"),
            ("10.66.77.88_x", "10.0.0.1_x"),
            ("10.66.77.88:443", "10.0.0.1:443"),
            ("ip-10-66-77-88", "ip-10-0-0-1"),
            ("010.066.077.088", "10.0.0.1"),
            ("fd12::1-fd12::9.", "fd00::3-fd00::4."),
            ("00:16:3e:66:77:88", "name1"),
            ("+49 30 6677 8899, ann", "name2, user"),
            ("1.2.3", "1.2.3"),
            ("127.0.0.1.", "127.0.0.1."),
        ] {
            assert_eq!(mask.text(text), masked, "{text}");
        }
    }
}
