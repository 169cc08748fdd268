//! The calls that are made with a credential, and what the answers to them mean
//! (`rules/calls.toml`).

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::data::DataError;
use super::files::{Files, Text};
use super::services::{StatusRange, fit, is_pattern, placeholder};
use crate::contract::{Code, Confidence, Owner};
use crate::rules::Word;
use crate::text::answer::plain;

/// How a stream is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// AWS event stream.
    Aws,
}

/// Where a provider lists its models.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Discovery {
    /// The fingerprint of the host it is on, where that is not the inference host.
    #[serde(default)]
    pub service: Option<Word>,
    /// Its path, with placeholders.
    pub path: Word,
    /// The member that holds the list.
    pub list: Word,
    /// The member of an entry that names the model.
    pub id: Word,
}

/// The calls of one provider.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The value of `inferenceProvider`.
    pub id: Word,
    /// The fingerprint of its inference hosts.
    pub service: Word,
    /// Where the shapes come from.
    pub sources: Vec<Word>,
    /// Headers without a secret.
    #[serde(default)]
    pub headers: Vec<(Word, Word)>,
    /// Path of the streamed request.
    pub stream: Word,
    /// The body names the model and asks for a stream.
    #[serde(default)]
    pub names_model: bool,
    /// The body asks for a stream, the path names the model.
    #[serde(default)]
    pub stream_member: bool,
    /// Further members of the body.
    #[serde(default)]
    pub body: BTreeMap<Word, Word>,
    /// How the answer is framed.
    pub framing: Framing,
    /// The model list, where there is one.
    #[serde(default)]
    pub discovery: Option<Discovery>,
    /// The key that chooses the scheme.
    #[serde(default)]
    pub scheme_key: Option<Word>,
    /// Name, header, and the text before the credential; the first is the usual one.
    pub schemes: Vec<(Word, Word, Word)>,
    /// Signing name, where requests may be signed.
    #[serde(default)]
    pub signed: Option<Word>,
    /// The key of the region.
    #[serde(default)]
    pub region_key: Option<Word>,
    /// The key of the project.
    #[serde(default)]
    pub project_key: Option<Word>,
    /// Where a refresh token is exchanged.
    #[serde(default)]
    pub token_url: Option<Word>,
    /// What a token is asked for.
    #[serde(default)]
    pub token_scope: Option<Word>,
    /// The key that holds the credential, by kind.
    pub credential: BTreeMap<Word, Word>,
}

/// What a credential of the device is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// It goes onto a call.
    Call,
    /// It is exchanged for a token.
    Token,
}

/// Hosts that belong to a provider itself, so that a credential of the device may go there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Home {
    /// The provider.
    pub provider: Word,
    /// What the credential is sent for.
    #[serde(rename = "for")]
    pub purpose: Use,
    /// Patterns as in `services.toml`.
    pub hosts: Vec<Word>,
    /// How well that is known.
    pub confidence: Confidence,
    /// Where it comes from.
    pub source: Vec<Word>,
}

/// What one kind of answer to a call means.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct CallAnswer {
    /// In words.
    pub name: Word,
    /// The providers it holds for; none for all.
    #[serde(default)]
    pub providers: Vec<Word>,
    /// The status codes.
    pub status: Vec<StatusRange>,
    /// Places of the error and the words of which one stands there; one place is enough.
    #[serde(default)]
    pub any: BTreeMap<Word, Vec<Word>>,
    /// Texts of which the error's message holds one, in any case. Of a message nothing else is kept.
    #[serde(default)]
    pub says: Vec<Word>,
    /// Whether another call with the same credential succeeded.
    #[serde(default)]
    pub accepted: Option<bool>,
    /// Whether the same host refuses requests without a credential, so that accepting one means
    /// something.
    #[serde(default)]
    pub guarded: bool,
    /// Whether the model is on the list that was read.
    #[serde(default)]
    pub listed: Option<bool>,
    /// Whether the request was signed with keys, in place of bringing a token.
    #[serde(default)]
    pub signed: Option<bool>,
    /// Whether the model's geography does not fit the region.
    #[serde(default)]
    pub foreign: bool,
    /// What it is.
    pub code: Code,
    /// The owner, where that is not the usual one.
    #[serde(default)]
    pub owner: Option<Owner>,
    /// The shape leaves no other explanation.
    #[serde(default)]
    pub proven: bool,
}

/// Everything about calls.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// What the model is asked.
    pub prompt: Word,
    /// Output tokens at the most.
    pub max_tokens: u32,
    /// Parts of the names of models that are taken first.
    pub prefer: Vec<Word>,
    /// Parts of the names of models that are not asked.
    pub avoid: Vec<Word>,
    /// Geographic prefixes of model names, with the beginnings of the regions that they are for.
    prefixes: BTreeMap<Word, Vec<Word>>,
    #[serde(rename = "provider")]
    providers: Vec<Provider>,
    #[serde(default, rename = "home")]
    homes: Vec<Home>,
    #[serde(rename = "answer")]
    answers: Vec<CallAnswer>,
}

impl Calls {
    /// The calls built into the program.
    ///
    /// # Errors
    /// When the file is wrong, which a test excludes.
    pub fn embedded() -> Result<Self, DataError> {
        Self::load(&Files::embedded())
    }

    pub(super) fn load(files: &Files) -> Result<Self, DataError> {
        let file = files.get("calls.toml");
        Self::parse(file.text, file.shown)
    }

    /// Reads and checks a text; messages call it `file`.
    ///
    /// # Errors
    /// Names the file and what is wrong in it.
    pub fn parse<'a>(text: impl Into<Text<'a>>, file: &str) -> Result<Self, DataError> {
        let mut calls: Self = text.into().read_as(file)?;
        let bad = |reason: String| Err(DataError::Content { file: file.to_owned(), reason });
        if !(1..=64).contains(&calls.max_tokens) {
            return bad(format!("max_tokens is {}; a call spends between 1 and 64", calls.max_tokens));
        }
        for p in &calls.providers {
            if p.schemes.is_empty() || p.sources.is_empty() {
                return bad(format!("provider `{}` needs `sources` and at least one of `schemes`", p.id));
            }
            let names = p.schemes.iter().map(|s| &s.1).chain(p.headers.iter().map(|h| &h.0));
            if let Some(name) = names.into_iter().find(|n| n.chars().any(|c| c.is_ascii_uppercase())) {
                return bad(format!("provider `{}`: write the header `{name}` in lower case", p.id));
            }
            let paths = p.discovery.iter().map(|d| &d.path).chain([&p.stream]);
            if let Some(path) =
                paths.into_iter().find(|p| !(p.starts_with('/') || p.starts_with("{base_path")))
            {
                return bad(format!(
                    "provider `{}`: the path `{path}` must begin with / or {{base_path}}",
                    p.id
                ));
            }
        }
        for phrase in calls.answers.iter_mut().flat_map(|a| &mut a.says) {
            *phrase = plain(phrase).into();
        }
        for home in &calls.homes {
            if calls.provider(&home.provider).is_none() {
                return bad(format!("home: `{}` is no provider", home.provider));
            }
            if home.hosts.is_empty() || home.source.is_empty() {
                return bad(format!("home of `{}` needs `hosts` and a `source`", home.provider));
            }
            if let Some(host) = home.hosts.iter().find(|h| !is_pattern(&h.replace(REGION, "x"))) {
                return bad(format!("home of `{}`: `{host}` is no host pattern", home.provider));
            }
        }
        for a in &calls.answers {
            if let Some(id) = a.providers.iter().find(|id| calls.provider(id).is_none()) {
                return bad(format!("answer `{}`: `{id}` is no provider", a.name));
            }
            if a.status.is_empty() {
                return bad(format!("answer `{}` needs a `status`", a.name));
            }
        }
        Ok(calls)
    }

    /// The calls of a provider.
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|p| p.id == id)
    }

    /// Every provider.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The texts that are looked for in the messages of errors.
    pub fn phrases(&self) -> impl Iterator<Item = &str> {
        self.answers.iter().flat_map(|a| &a.says).map(Word::as_str)
    }

    /// Whether `host` belongs to the provider itself, so that a credential of the device may go
    /// there for this purpose.
    pub fn is_home(&self, provider: &str, purpose: Use, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let mine = self.homes.iter().filter(|h| h.provider == provider && h.purpose == purpose);
        mine.flat_map(|h| &h.hosts).any(|pattern| is_at(pattern, &host))
    }

    /// What answers mean, in order.
    pub fn answers(&self) -> &[CallAnswer] {
        &self.answers
    }

    /// Whether the geographic prefix of `model` does not fit `region`. A name without a known
    /// prefix fits everywhere.
    pub fn is_foreign(&self, model: &str, region: &str) -> bool {
        model
            .split_once('.')
            .and_then(|(prefix, _)| self.prefixes.get(prefix))
            .is_some_and(|regions| !regions.iter().any(|r| region.starts_with(r.as_str())))
    }

    /// The model to ask, of a list that was discovered: one of the preferred, else the first.
    pub fn choose<'a>(&self, models: &'a [String]) -> Option<&'a String> {
        let has = |m: &str, parts: &[Word]| {
            let lower = m.to_ascii_lowercase();
            parts.iter().any(|p| lower.contains(p.as_str()))
        };
        let mut usable = models.iter().filter(|m| !has(m, &self.avoid));
        let first = usable.clone().next();
        usable.find(|m| has(m, &self.prefer)).or(first)
    }
}

/// What stands in a home's pattern for the name of an AWS region.
const REGION: &str = "{region}";

/// Whether `host` fits a home's pattern.
fn is_at(pattern: &str, host: &str) -> bool {
    let mut labels = pattern.split('.').zip(host.split('.'));
    labels.all(|(wanted, label)| wanted != REGION || is_region(label))
        && fit(&pattern.replace(REGION, "*"), host).is_some()
}

/// Whether a label has the form of an AWS region: `us-east-1`, `us-gov-west-1`.
fn is_region(label: &str) -> bool {
    let mut parts: Vec<&str> = label.split('-').collect();
    let number = parts.pop().unwrap_or_default();
    let all = |part: &str, kind: fn(&u8) -> bool| !part.is_empty() && part.bytes().all(|b| kind(&b));
    (2..=3).contains(&parts.len())
        && parts.iter().all(|part| all(part, u8::is_ascii_lowercase))
        && all(number, u8::is_ascii_digit)
}

/// Fills a path in; every value but the base path is percent-encoded.
pub fn fill_path(template: &str, base_path: &str, values: &[(&str, &str)]) -> String {
    let mut path = placeholder(template, "base_path", base_path);
    for (name, value) in values {
        path = placeholder(&path, name, &encoded(value));
    }
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    path
}

/// A segment of a path: everything but unreserved characters is percent-encoded (RFC 3986, 2.3).
fn encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").ok();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_embedded_file_holds_together() {
        let calls = Calls::embedded().unwrap();
        for crate::rules::credentials::Provider { id, .. } in
            &crate::rules::Pack::embedded().unwrap().credentials.providers
        {
            let provider = calls.provider(id).unwrap_or_else(|| panic!("no calls of the provider `{id}`"));
            assert!(!provider.credential.is_empty(), "{id}");
        }
        let text = crate::rules::files::built_in("calls.toml");
        for (from, to) in [
            ("max_tokens = 64", "max_tokens = 65"),
            ("providers = [\"vertex\"]", "providers = [\"vortex\"]"),
            ("\"x-api-key\", \"x-api-key\"", "\"x-api-key\", \"X-Api-Key\""),
            ("stream = \"/v1/messages\"", "stream = \"v1/messages\""),
        ] {
            assert!(text.contains(from), "{from}");
            let error = Calls::parse(&text.replacen(from, to, 1), "x.toml").unwrap_err();
            assert!(error.to_string().starts_with("x.toml: "), "{error}");
        }
    }

    #[test]
    fn a_provider_s_own_hosts_are_told_from_those_of_its_customers() {
        let calls = Calls::embedded().unwrap();
        let own = |provider, host| calls.is_home(provider, Use::Call, host);
        for (provider, host) in [
            ("anthropic", "api.anthropic.com"),
            ("bedrock", "bedrock-runtime.us-gov-west-1.amazonaws.com"),
            ("bedrock", "bedrock-runtime-fips.us-east-1.amazonaws.com"),
            ("bedrock", "Bedrock-Runtime.cn-north-1.amazonaws.com.cn."),
            ("bedrock", "bedrock-runtime.eusc-de-east-1.amazonaws.eu"),
            ("bedrock", "vpce-0a1b-2c3d.bedrock-runtime.eu-west-1.vpce.amazonaws.com"),
            ("mantle", "bedrock-mantle.us-east-1.api.aws"),
            ("bedrock", "bedrock-runtime.us-isob-east-1.sc2s.sgov.gov"),
            ("vertex", "us-east5-aiplatform.googleapis.com"),
            ("vertex", "aiplatform.eu.rep.googleapis.com"),
            ("foundry", "mill.services.ai.azure.com"),
            ("foundry", "mill.services.ai.azure.us"),
        ] {
            assert!(own(provider, host), "{provider} {host}");
        }
        for (provider, host) in [
            ("bedrock", "x.execute-api.us-east-1.amazonaws.com"),
            ("bedrock", "bedrock-runtime.s3.us-east-1.amazonaws.com"),
            ("bedrock", "bedrock-runtime.s3.amazonaws.com"),
            ("bedrock", "bedrock-runtime.s3-us-west-2.amazonaws.com"),
            ("bedrock", "bedrock.s3-accelerate.amazonaws.com"),
            ("bedrock", "vpce-1.bedrock-runtime.evil.vpce.amazonaws.com"),
            ("bedrock", "bedrock-runtime.s3.amazonaws.com.cn"),
            ("mantle", "bedrock-mantle.s3.api.aws"),
            ("bedrock", "bedrock-runtime.us-east-1.amazonaws.com.evil.example"),
            ("bedrock", "us-east5-aiplatform.googleapis.com"),
            ("vertex", "evil.attacker.example"),
            ("vertex", "storage.googleapis.com"),
            ("vertex", "aiplatform.googleapis.com.evil.example"),
            ("vertex", "evil-aiplatform-googleapis.com"),
            ("vertex", "a.b-aiplatform.googleapis.com"),
            ("foundry", "mill.azurewebsites.net"),
            ("foundry", "services.ai.azure.com.evil.example"),
            ("gateway", "api.anthropic.com"),
            ("anthropic", "evil.anthropic.com"),
        ] {
            assert!(!own(provider, host), "{provider} {host}");
        }
        assert!(calls.is_home("vertex", Use::Token, "oauth2.googleapis.com"));
        assert!(!calls.is_home("vertex", Use::Token, "us-east5-aiplatform.googleapis.com"));
        assert!(!calls.is_home("vertex", Use::Call, "oauth2.googleapis.com"));
    }

    #[test]
    fn values_cannot_leave_their_segment_of_a_path() {
        let path = fill_path("{base_path}/model/{model}/invoke", "/x", &[("model", "us.a-v1:0/../b?c#d")]);
        assert_eq!(path, "/x/model/us.a-v1%3A0%2F..%2Fb%3Fc%23d/invoke");
    }

    #[test]
    fn geography_is_held_against_the_region() {
        let calls = Calls::embedded().unwrap();
        assert!(calls.is_foreign("eu.maker.model-v1:0", "us-east-1"));
        assert!(!calls.is_foreign("eu.maker.model-v1:0", "eu-central-1"));
        assert!(!calls.is_foreign("maker.model-v1:0", "us-east-1"));
        assert!(!calls.is_foreign("global.maker.model-v1:0", "us-east-1"));
    }

    #[test]
    fn a_cheap_model_is_preferred_and_an_embedding_avoided() {
        let calls = Calls::embedded().unwrap();
        let list = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(calls.choose(&list(&["embed-1", "big", "X-Haiku-9"])).unwrap(), "X-Haiku-9");
        assert_eq!(calls.choose(&list(&["embed-1", "big"])).unwrap(), "big");
        assert_eq!(calls.choose(&list(&["embed-1"])), None);
    }
}
