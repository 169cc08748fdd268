//! What logs say without the names of a company.

use std::collections::BTreeMap;

use super::Report;
use crate::contract::HostPattern;
use crate::rules::vocabulary::Vocabulary;

/// Names in the place of names.
struct Names<'a> {
    vocabulary: &'a Vocabulary,
    hosts: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
}

impl Report {
    /// The same without hosts that are not the vendor's or a provider's, and with files named by their kind.
    #[must_use]
    pub fn without_names(mut self, vocabulary: &Vocabulary) -> Self {
        let mut names = Names { vocabulary, hosts: BTreeMap::new(), files: BTreeMap::new() };
        for file in &mut self.files {
            let kind = file.kind.as_deref().unwrap_or("log").to_owned();
            let n = names.files.len() + 1;
            let own = names.files.entry(file.name.clone()).or_insert_with(|| format!("{kind} {n}"));
            file.name.clone_from(own);
        }
        for (n, skipped) in self.skipped.iter_mut().filter(|s| !s.name.is_empty()).enumerate() {
            skipped.name = format!("file {}", n + 1);
        }
        for cause in &mut self.causes {
            let mut replaced: Vec<(String, String)> = Vec::new();
            for host in &mut cause.hosts {
                let masked = names.host(&host.host);
                replaced.push((host.address.clone(), host.address.replace(&host.host, &masked)));
                host.address = host.address.replace(&host.host, &masked);
                host.host = masked;
            }
            // A longer name first, or a shorter one would be replaced inside it.
            replaced.sort_by_key(|(address, _)| std::cmp::Reverse(address.len()));
            for text in cause.next.iter_mut().chain([&mut cause.remedy]) {
                for (address, masked) in &replaced {
                    *text = text.replace(address.as_str(), masked);
                }
            }
            for place in &mut cause.places {
                place.file = names.file(&place.file);
            }
        }
        for known in &mut self.lines {
            known.file = names.file(&known.file);
            known.address = known.address.take().map(|a| names.address(&a));
        }
        for sample in &mut self.unknown.samples {
            sample.file = names.file(&sample.file);
            let words: Vec<String> = sample.text.split(' ').map(|w| names.word(w)).collect();
            sample.text = words.join(" ");
        }
        for next in &mut self.next {
            let words: Vec<String> = next.command.split(' ').map(|w| names.address(w)).collect();
            next.command = words.join(" ");
        }
        self
    }
}

impl Names<'_> {
    fn host(&mut self, host: &str) -> String {
        let stays = self.vocabulary.has_host(host)
            || self.hosts.values().any(|v| v == host)
            || host.parse::<HostPattern>().is_ok_and(|h| h.is_loopback());
        if stays {
            return host.to_owned();
        }
        let n = self.hosts.len() + 1;
        self.hosts.entry(host.to_owned()).or_insert_with(|| format!("host{n}.example")).clone()
    }

    fn file(&self, name: &str) -> String {
        self.files.get(name).cloned().unwrap_or_else(|| "log".to_owned())
    }

    /// An address as it is written on a command line; anything else stays.
    fn address(&mut self, text: &str) -> String {
        let bare = text.trim_matches('\'');
        let address = crate::rules::symptoms::addresses(bare).into_iter().next();
        let known =
            self.hosts.keys().find(|h| bare == h.as_str() || bare.starts_with(&format!("{h}:"))).cloned();
        match (known, address) {
            (Some(host), _) => bare.replace(&host, &self.host(&host)),
            (None, Some(address)) => {
                let host = address.host.to_string();
                text.replace(&host, &self.host(&host))
            }
            (None, None) => text.to_owned(),
        }
    }

    /// A word of a sample, in which hosts stand as they are.
    fn word(&mut self, word: &str) -> String {
        // A name of the own network has one label; behind a scheme or before a port it is a host.
        let (head, rest) =
            word.split_once("://").map_or(("", word), |(scheme, rest)| (&word[..scheme.len() + 3], rest));
        let label = rest.split([':', '/', '?', '#']).next().unwrap_or_default();
        let port = rest.get(label.len() + 1..).unwrap_or_default();
        let is_port = rest[label.len()..].starts_with(':') && port.starts_with(|c: char| c.is_ascii_digit());
        let named = label.len() > 1
            && label.starts_with(|c: char| c.is_ascii_alphabetic())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if named && (!head.is_empty() || is_port) {
            return format!("{head}{}{}", self.host(label), &rest[label.len()..]);
        }
        if word.contains('.') || word.contains(':') { self.address(word) } else { word.to_owned() }
    }
}
