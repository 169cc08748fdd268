//! Which response headers are kept with their values (`rules/headers.toml`).

use std::borrow::Cow;
use std::collections::BTreeSet;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::compiled;
use super::data::DataError;
use super::files::{Files, Text};
use crate::rules::Word;

/// `headers.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Headers {
    /// Addresses, kept without fragment, and of their query only the names in `sign_in_query`.
    without_query: BTreeSet<Word>,
    /// Names in the query of an address by which it asks for a sign-in, in lower case.
    sign_in_query: BTreeSet<Word>,
    /// Answers of services.
    service: BTreeSet<Word>,
    /// Answers of proxies and filters.
    proxy: BTreeSet<Word>,
}

impl Headers {
    /// The list built into the program.
    ///
    /// # Errors
    /// When the file does not hold together; a test makes sure that it does.
    pub fn embedded() -> Result<Self, DataError> {
        compiled::read(rules_compiled!("headers"))
    }

    pub(super) fn load(files: &Files) -> Result<Self, DataError> {
        let file = files.get("headers.toml");
        Self::parse(file.text, file.shown)
    }

    fn parse<'a>(text: impl Into<Text<'a>>, file: &str) -> Result<Self, DataError> {
        let headers: Self = text.into().read_as(file)?;
        let all = headers.without_query.iter().chain(&headers.service).chain(&headers.proxy);
        for name in all.chain(&headers.sign_in_query) {
            let content = |reason: String| DataError::Content { file: file.to_owned(), reason };
            if name.is_empty() || *name != name.to_ascii_lowercase() {
                return Err(content(format!("`{name}` is not in lower case; write names so")));
            }
            if SECRET.contains(&name.as_str()) {
                return Err(content(format!("`{name}` carries secrets; take it off the list")));
            }
        }
        Ok(headers)
    }

    /// Their names, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.without_query.iter().chain(&self.service).chain(&self.proxy).map(Word::as_str)
    }

    /// What of the value of a header, by its lower-case name, is kept; none when only its name is.
    pub fn kept<'v>(&self, name: &str, value: &'v str) -> Option<Cow<'v, str>> {
        if self.without_query.contains(name) {
            return Some(self.address(value));
        }
        (self.service.contains(name) || self.proxy.contains(name)).then_some(Cow::Borrowed(value))
    }

    /// An address without its fragment; what its query asks for is told by names of the list alone, because the
    /// values hold tokens. `/a?state=1&redirect_uri=%2F` is `/a?redirect_uri=`.
    fn address<'v>(&self, value: &'v str) -> Cow<'v, str> {
        let value = value.split('#').next().unwrap_or_default();
        let Some((place, query)) = value.split_once('?') else { return Cow::Borrowed(value) };
        let names = query.split(['&', ';']).filter_map(|pair| {
            let name = pair.split_once('=').map_or(pair, |(name, _)| name).to_ascii_lowercase();
            self.sign_in_query.get(name.as_str())
        });
        // In the order of the list, once each: a long query stays short.
        let names: BTreeSet<&Word> = names.collect();
        if names.is_empty() {
            return Cow::Borrowed(place);
        }
        let names: Vec<String> = names.into_iter().map(|name| format!("{name}=")).collect();
        Cow::Owned(format!("{place}?{}", names.join("&")))
    }
}

/// Headers that are never kept, whatever the list says.
const SECRET: [&str; 7] = [
    "set-cookie",
    "set-cookie2",
    "cookie",
    "authorization",
    "proxy-authorization",
    "mcp-session-id",
    "authentication-info",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_embedded_list_keeps_what_diagnosis_reads() {
        let headers = Headers::embedded().unwrap();
        for name in ["server", "date", "www-authenticate", "proxy-authenticate", "x-squid-error"] {
            assert_eq!(headers.kept(name, "v?w").as_deref(), Some("v?w"), "{name}");
        }
        for secret in SECRET {
            assert_eq!(headers.kept(secret, "v"), None, "{secret}");
        }
        let location = |value| headers.kept("location", value).unwrap().into_owned();
        assert_eq!(location("https://a.example/b?code=1#x"), "https://a.example/b");
        assert_eq!(location("/b#token=1"), "/b");
    }

    #[test]
    fn of_a_query_the_names_of_the_list_stay_and_no_value() {
        let headers = Headers::embedded().unwrap();
        for (value, kept) in [
            (
                "https://id.example/start?state=s3cret&redirect_uri=https%3A%2F%2Fa.example%2Fb&client_id=c",
                "https://id.example/start?redirect_uri=",
            ),
            ("/go?SAMLRequest=fZJN&RelayState=1#x", "/go?samlrequest="),
            ("/go?redirect_uri=1&redirect_uri=2", "/go?redirect_uri="),
            ("/go?redirect_uri", "/go?redirect_uri="),
            ("/go?redirect_uri=1&Code_Challenge=2", "/go?code_challenge=&redirect_uri="),
            ("/blocked?client_id=17&next=%2Fv1", "/blocked"),
            ("/go?token=redirect_uri=", "/go"),
            ("/go?#redirect_uri=1", "/go"),
        ] {
            assert_eq!(headers.kept("location", value).unwrap(), kept, "{value}");
        }
    }

    #[test]
    fn a_secret_on_the_list_is_refused() {
        for name in ["Set-Cookie", "set-cookie", ""] {
            let text = format!("without_query = []\nsign_in_query = []\nservice = ['{name}']\nproxy = []");
            assert!(Headers::parse(&text, "headers.toml").is_err(), "{name}");
        }
    }
}
