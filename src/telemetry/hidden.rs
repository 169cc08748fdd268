//! What of a collector's own words is not repeated: the credentials that were sent to it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::{Collector, Headers, Signal};
use crate::contract::secret::Secret;
use crate::text::token::HIDDEN;

/// Fewer characters are no secret, and would make holes in every text.
const LEAST: usize = 4;
/// Fewer characters of a path's part are a word rather than a key.
const LEAST_OF_PATH: usize = 8;

/// Texts that are never shown, the longest first.
#[derive(Debug, Clone, Default)]
pub struct Hidden(Vec<Secret>);

impl Hidden {
    /// The values of headers, whole and without the scheme before them, what `Basic` holds, and the path of the URL.
    pub fn of(collector: &Collector, headers: &Headers) -> Self {
        let mut texts: Vec<String> = Vec::new();
        for (_, secret) in Signal::ALL.iter().flat_map(|signal| headers.of(*signal)) {
            // As a text that was made safe to show has it.
            let value = secret.expose().replace('\t', " ").trim().to_owned();
            if let Some((scheme, rest)) = value.split_once(' ') {
                texts.push(rest.trim().to_owned());
                if scheme.eq_ignore_ascii_case("basic")
                    && let Some(pair) =
                        STANDARD.decode(rest.trim()).ok().and_then(|b| String::from_utf8(b).ok())
                {
                    texts.extend(pair.split_once(':').map(|(_, password)| password.to_owned()));
                    texts.push(pair);
                }
            }
            texts.push(value);
        }
        texts.retain(|text| text.chars().count() >= LEAST);
        let path = collector.path();
        if path.len() > 1 {
            let parts = path.split('/').filter(|part| part.len() >= LEAST_OF_PATH);
            for text in parts.chain([path]) {
                texts.push(text.to_owned());
                texts.push(percent_decode_str(text).decode_utf8_lossy().into_owned());
            }
        }
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self(texts.into_iter().map(Secret::new).collect())
    }

    /// The text without them.
    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), HIDDEN))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_sent_is_not_repeated() {
        let headers = "authorization=Bearer%20quarrybox,x-key=stonework,x-scope=1,proxy-authorization=Basic%20dXNlcjpzZXNhbWU=";
        let headers = Headers::from_variables(|name| {
            (name == "OTEL_EXPORTER_OTLP_HEADERS").then(|| headers.to_owned())
        })
        .unwrap();
        let of = |url: &str| Hidden::of(&Collector::parse(url).unwrap(), &headers);
        let hidden = of("https://otlp.example/hooks/granite%20yard/");
        for (text, shown) in [
            ("bad token: Bearer quarrybox", "bad token: [hidden]"),
            ("bad token quarrybox, key stonework", "bad token [hidden], key [hidden]"),
            ("dXNlcjpzZXNhbWU= is user:sesame, sesame", "[hidden] is [hidden], [hidden]"),
            ("no /hooks/granite%20yard/v1/metrics", "no [hidden]/v1/metrics"),
            ("no /hooks/granite yard, no granite yard", "no [hidden], no [hidden]"),
            ("1 of 1 hooks", "1 of 1 hooks"),
        ] {
            assert_eq!(hidden.hide(text), shown);
        }
        assert_eq!(of("https://otlp.example/").hide("no /v1/metrics"), "no /v1/metrics");
        assert!(!format!("{hidden:?}").contains("quarrybox"));
    }
}
