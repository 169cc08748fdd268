//! The wording of findings (`rules/codes.toml`): for every code its weight, its verdict, who
//! usually fixes it, and the sentences that say so. The code that judges has no wording of its own.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::compiled;
use super::data::DataError;
use super::files::{Files, Text};
use crate::contract::{Actor, Code, Confidence, DeviceCode, Owner, Severity, Verdict};
use crate::rules::Word;
use crate::text::template;

/// One code of the contract.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeEntry {
    /// The code.
    pub id: Code,
    /// Its weight.
    pub severity: Severity,
    /// The verdict on a host that has it.
    pub verdict: Verdict,
    /// The owner, where the evidence does not name somebody else.
    pub owner: Owner,
    /// No evidence that this version collects leads to it.
    #[serde(default)]
    pub reserved: bool,
    /// One sentence; placeholders in braces.
    pub summary: Word,
    /// The instruction to its owner; empty when there is nothing to do.
    #[serde(default)]
    pub remedy: Word,
    /// The instruction to another owner than the usual one.
    #[serde(default)]
    pub remedy_for: BTreeMap<Owner, Word>,
    /// The sentence where another owner than the usual one means that something else was seen.
    #[serde(default)]
    pub summary_for: BTreeMap<Owner, Word>,
    /// Both, where a code that blocks is only a warning.
    #[serde(default)]
    pub warning: Option<Wording>,
    /// Both, where the evidence says which kind of the code it is.
    #[serde(default)]
    pub case: BTreeMap<Word, Wording>,
}

/// One code of `clearway device`.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceEntry {
    /// The code.
    pub id: DeviceCode,
    /// Its weight.
    pub severity: Severity,
    /// Who fixes it.
    pub owner: Owner,
    /// How well it is known that this is in the way.
    pub confidence: Confidence,
    /// Source tags.
    #[serde(default)]
    pub sources: Vec<Word>,
    /// Pages of others, where no source tag says it.
    #[serde(default)]
    pub references: Vec<Word>,
    /// One sentence; placeholders in braces.
    pub summary: Word,
    /// The instruction; empty where there is nothing to do.
    #[serde(default)]
    pub remedy: Word,
    /// Findings of a run that it explains.
    #[serde(default)]
    pub explains: Vec<Code>,
    /// Of these programs alone; of every one without.
    #[serde(default)]
    pub explains_for: Vec<Actor>,
    /// What is different where the evidence says which kind of the code it is.
    #[serde(default)]
    pub case: BTreeMap<Word, DeviceCase>,
}

/// A kind of a code of `clearway device`.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceCase {
    /// Its weight, where it is another.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// One sentence.
    pub summary: Word,
    /// The instruction; empty where there is nothing to do.
    #[serde(default)]
    pub remedy: Word,
}

/// A sentence and an instruction.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// One sentence.
    pub summary: Word,
    /// The instruction; empty where it is the code's own, by owner.
    #[serde(default)]
    pub remedy: Word,
}

/// Why a proxy refuses, as its answer's headers have it.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyReason {
    /// What the value of a header holds, in lower case.
    pub word: Word,
    /// What it means: a clause about the proxy.
    pub says: Word,
    /// It asked for less: the same may succeed when less is asked for.
    #[serde(default)]
    pub limit: bool,
    /// It is the list of the app's own sandbox that refuses, and no proxy of the network.
    #[serde(default)]
    pub sandbox: bool,
    /// Where the meaning of the word is documented.
    pub source: Word,
}

/// The headers in which proxies name their reason.
const REASON_HEADERS: [&str; 3] = ["x-squid-error", "proxy-status", "x-proxy-error"];

/// Wording of a cause that explains hosts with different findings.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseEntry {
    /// Identifier, such as `no-route`.
    pub id: Word,
    /// One sentence.
    pub summary: Word,
    /// The instruction.
    pub remedy: Word,
}

/// Wording of something that a run does not speak for.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct NotTestedEntry {
    /// Identifier, such as `credential`.
    pub id: Word,
    /// Plain words.
    pub text: Word,
}

/// The wording of everything.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// Every placeholder, and what stands in its place where a fact is missing.
    placeholder: BTreeMap<Word, Word>,
    code: Vec<CodeEntry>,
    cause: Vec<CauseEntry>,
    #[serde(default)]
    proxy_reason: Vec<ProxyReason>,
    not_tested: Vec<NotTestedEntry>,
    /// What is found on a device itself.
    #[serde(default)]
    device: Vec<DeviceEntry>,
    /// What this device reaches and the sandbox's own machine does not.
    #[serde(default)]
    machine: Option<Wording>,
}

impl Codes {
    /// The wording built into the program.
    pub fn embedded() -> Result<Self, DataError> {
        compiled::read(rules_compiled!("codes"))
    }

    pub(super) fn load(files: &Files) -> Result<Self, DataError> {
        let file = files.get("codes.toml");
        Self::parse(file.text, file.shown)
    }

    /// Reads and checks a text; messages call it `file`.
    ///
    /// # Errors
    /// Names the file and what is wrong in it.
    pub fn parse<'a>(text: impl Into<Text<'a>>, file: &str) -> Result<Self, DataError> {
        let codes: Self = text.into().read_as(file)?;
        let bad = |reason: String| DataError::Content { file: file.to_owned(), reason };
        for code in Code::ALL {
            match codes.code.iter().filter(|e| e.id == *code).count() {
                1 => {}
                0 => return Err(bad(format!("code `{code}` is missing"))),
                _ => return Err(bad(format!("code `{code}` is there twice"))),
            }
        }
        for entry in &codes.code {
            if entry.severity == Severity::Error && (entry.remedy.is_empty() || entry.owner == Owner::None) {
                return Err(bad(format!("code `{}` needs a `remedy` and an `owner`", entry.id)));
            }
        }
        codes.check_device().map_err(bad)?;
        let sentences = codes
            .code
            .iter()
            .flat_map(|e| {
                let warning = e.warning.iter().flat_map(|w| [&w.summary, &w.remedy]);
                let own = [&e.summary, &e.remedy].into_iter().chain(warning);
                let cases = e.case.values().flat_map(|w| [&w.summary, &w.remedy]);
                own.chain(cases).chain(e.remedy_for.values()).chain(e.summary_for.values())
            })
            .chain(codes.cause.iter().flat_map(|c| [&c.summary, &c.remedy]))
            .chain(codes.machine.iter().flat_map(|w| [&w.summary, &w.remedy]))
            .chain(codes.not_tested.iter().map(|n| &n.text))
            .chain(codes.device.iter().flat_map(|e| {
                let cases = e.case.values().flat_map(|c| [&c.summary, &c.remedy]);
                [&e.summary, &e.remedy].into_iter().chain(cases)
            }));
        for sentence in sentences {
            for name in template::names(sentence) {
                if !codes.placeholder.contains_key(name) {
                    return Err(bad(format!("`{{{name}}}` is not in [placeholder]: {sentence}")));
                }
            }
        }
        for (code, case) in CASES {
            if !codes.code.iter().any(|e| e.id == code && e.case.contains_key(case)) {
                return Err(bad(format!("code `{code}` needs wording for the case `{case}`")));
            }
        }
        if codes.machine.is_none() {
            return Err(bad("[machine] is missing".to_owned()));
        }
        for id in CAUSES {
            if codes.cause(id).is_none() {
                return Err(bad(format!("cause `{id}` is missing")));
            }
        }
        Ok(codes)
    }

    /// Whether every code of a device has its entry, with a source and with what it needs.
    fn check_device(&self) -> Result<(), String> {
        for code in DeviceCode::ALL {
            match self.device.iter().filter(|e| e.id == *code).count() {
                1 => {}
                0 => return Err(format!("[[device]] `{code}` is missing")),
                _ => return Err(format!("[[device]] `{code}` is there twice")),
            }
        }
        for entry in &self.device {
            if entry.sources.is_empty() && entry.references.is_empty() {
                return Err(format!("[[device]] `{}` has neither `sources` nor `references`", entry.id));
            }
            let cases = entry.case.values().map(|c| (c.severity.unwrap_or(entry.severity), &c.remedy));
            let bare = cases.chain([(entry.severity, &entry.remedy)]);
            if bare.into_iter().any(|(severity, remedy)| severity != Severity::Info && remedy.is_empty()) {
                return Err(format!("[[device]] `{}` needs a `remedy`", entry.id));
            }
        }
        Ok(())
    }

    /// The entry of a code of `clearway device`. The embedded file has one for each.
    pub fn device(&self, code: DeviceCode) -> Option<&DeviceEntry> {
        self.device.iter().find(|e| e.id == code)
    }

    /// The entry of a code. The embedded file has one for each; a default table (no file read) has
    /// none.
    pub fn get(&self, code: Code) -> Option<&CodeEntry> {
        self.code.iter().find(|e| e.id == code)
    }

    /// Why a proxy refuses, from the headers of its answer (names in lower case); none where it does not say, or
    /// says nothing that is known.
    pub fn proxy_reason(&self, headers: &[(String, String)]) -> Option<&ProxyReason> {
        let mut said = headers.iter().filter(|(n, _)| REASON_HEADERS.contains(&n.as_str()));
        said.find_map(|(_, value)| {
            let value = value.to_ascii_lowercase();
            self.proxy_reason.iter().find(|reason| value.contains(reason.word.as_str()))
        })
    }

    /// The words in which a proxy names its reason.
    pub fn proxy_word(&self, headers: &[(String, String)]) -> Option<String> {
        let mut said = headers.iter().filter(|(n, _)| REASON_HEADERS.contains(&n.as_str()));
        said.find_map(|(_, value)| (!value.is_empty()).then(|| value.clone()))
    }

    /// The wording of what this device reaches and the sandbox's own machine does not.
    pub const fn of_machine(&self) -> Option<&Wording> {
        self.machine.as_ref()
    }

    /// The wording of a cause.
    pub fn cause(&self, id: &str) -> Option<&CauseEntry> {
        self.cause.iter().find(|c| c.id == id)
    }

    /// The wording of something not tested.
    pub fn not_tested(&self, id: &str) -> Option<&str> {
        self.not_tested.iter().find(|n| n.id == id).map(|n| n.text.as_str())
    }

    /// Fills in a sentence: each placeholder by what `value` gives, else by its stand-in.
    pub fn fill(&self, sentence: &str, value: impl Fn(&str) -> Option<String>) -> String {
        template::fill(sentence, |name| value(name).or_else(|| self.placeholder.get(name).map(String::from)))
    }
}

/// The causes that `diagnose` finds by itself.
const CAUSES: [&str; 12] = [
    "no-route",
    "resolver-dead",
    "resolver-denies",
    "all-dropped",
    "clock-off",
    "resolver-limit",
    "connection-limit",
    "tunnel-limit",
    "tunnel-limit-kept",
    "tunnel-queue",
    "line-slow",
    "line-silent",
];

/// Kinds of a code that `diagnose` tells apart.
const CASES: [(Code, &str); 29] = [
    (Code::TcpTimeout, "loopback"),
    (Code::TcpRefused, "loopback"),
    (Code::TcpUnreachable, "loopback"),
    (Code::ProxyDenied, "limit"),
    (Code::ProxyDenied, "sandbox"),
    (Code::TcpUnreachable, "nat64"),
    (Code::McpSignIn, "unknown"),
    (Code::TlsInterceptedUntrusted, "renewed"),
    (Code::TlsInterceptedUntrusted, "engine"),
    (Code::TlsUnknownIssuer, "renewed"),
    (Code::TlsUnknownIssuer, "engine"),
    (Code::DnsNxdomain, "alias"),
    (Code::DnsNxdomain, "search"),
    (Code::DnsNoAddress, "alias"),
    (Code::DnsTimeout, "tcp"),
    (Code::DnsSinkhole, "device"),
    (Code::DnsSlow, "dead-server"),
    (Code::DnsSlow, "one-kind"),
    (Code::DnsSlow, "tcp"),
    (Code::DnsSlow, "hung"),
    (Code::TcpTimeout, "device"),
    (Code::TcpRefused, "device"),
    (Code::TcpUnreachable, "device"),
    (Code::HttpSlow, "line"),
    (Code::HttpSlow, "proxy"),
    (Code::HttpSlow, "tunnel"),
    (Code::ProxyTimeout, "connect"),
    (Code::ProxyUpstream, "reason"),
    (Code::ProxyUpstream, "limit"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn every_code_is_there_exactly_once() {
        let codes = Codes::embedded().unwrap();
        assert_eq!(codes.code.len(), Code::ALL.len());
        let text = crate::rules::files::built_in("codes.toml");
        let doubled = format!(
            "{text}\n[[code]]\nid = \"ok\"\nseverity = \"info\"\nverdict = \"reachable\"\nowner = \"none\"\nsummary = \"x\"\n"
        );
        assert!(Codes::parse(&doubled, "c").unwrap_err().to_string().contains("twice"));
        let lacking = text.replacen("id = \"dns/slow\"", "id = \"dns/timeout\"", 1);
        assert!(Codes::parse(&lacking, "c").is_err());
    }

    #[test]
    fn an_unknown_placeholder_is_refused() {
        let text = crate::rules::files::built_in("codes.toml").replacen("{host} was", "{hots} was", 1);
        assert!(Codes::parse(&text, "c").is_err_and(|e| e.to_string().contains("hots")));
    }

    #[test]
    fn a_missing_fact_reads_as_its_stand_in() {
        let codes = Codes::embedded().unwrap();
        let text = codes.fill("{host} says {resolver}", |n| (n == "host").then(|| "a.example".to_owned()));
        assert_eq!(text, format!("a.example says {}", codes.placeholder["resolver"]));
        assert_eq!(codes.fill("a { b", |_| None), "a { b");
    }
}
