//! What was seen on a device without the names of a company and its user. What is masked is judged again, so that
//! every sentence is made of masked words.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use super::{Report, Seen, judge};
use crate::contract::host::is_private;
use crate::rules::Rules;
use crate::rules::vocabulary::Vocabulary;

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
