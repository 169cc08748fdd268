//! Which response headers are kept with their values (`rules/headers.toml`).

use std::collections::BTreeSet;

use serde::Deserialize;

use super::data::DataError;
use super::files::{Files, Text};

/// `headers.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headers {
    /// Addresses, kept without query and fragment.
    without_query: BTreeSet<String>,
    /// Answers of services.
    service: BTreeSet<String>,
    /// Answers of proxies and filters.
    proxy: BTreeSet<String>,
}

impl Headers {
    /// The list built into the program.
    ///
    /// # Errors
    /// When the file does not hold together; a test makes sure that it does.
    pub fn embedded() -> Result<Self, DataError> {
        Self::load(&Files::embedded())
    }

    pub(super) fn load(files: &Files) -> Result<Self, DataError> {
        let file = files.get("headers.toml");
        Self::parse(file.text, file.shown)
    }

    fn parse<'a>(text: impl Into<Text<'a>>, file: &str) -> Result<Self, DataError> {
        let headers: Self = text.into().read_as(file)?;
        let all = headers.without_query.iter().chain(&headers.service).chain(&headers.proxy);
        for name in all {
            let content = |reason: String| DataError::Content { file: file.to_owned(), reason };
            if name.is_empty() || *name != name.to_ascii_lowercase() {
                return Err(content(format!("`{name}` is not in lower case; write header names so")));
            }
            if SECRET.contains(&name.as_str()) {
                return Err(content(format!("`{name}` carries secrets; take it off the list")));
            }
        }
        Ok(headers)
    }

    /// Their names, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.without_query.iter().chain(&self.service).chain(&self.proxy).map(String::as_str)
    }

    /// What of the value of a header, by its lower-case name, is kept; none when only its name is.
    pub fn kept<'v>(&self, name: &str, value: &'v str) -> Option<&'v str> {
        if self.without_query.contains(name) {
            return value.split(['?', '#']).next();
        }
        (self.service.contains(name) || self.proxy.contains(name)).then_some(value)
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
            assert_eq!(headers.kept(name, "v?w"), Some("v?w"), "{name}");
        }
        for secret in SECRET {
            assert_eq!(headers.kept(secret, "v"), None, "{secret}");
        }
        assert_eq!(headers.kept("location", "https://a.example/b?code=1#x"), Some("https://a.example/b"));
        assert_eq!(headers.kept("location", "/b#token=1"), Some("/b"));
    }

    #[test]
    fn a_secret_on_the_list_is_refused() {
        for name in ["Set-Cookie", "set-cookie", ""] {
            let text = format!("without_query = []\nservice = ['{name}']\nproxy = []");
            assert!(Headers::parse(&text, "headers.toml").is_err(), "{name}");
        }
    }
}
