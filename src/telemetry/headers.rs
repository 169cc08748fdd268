//! The headers that a collector asks for: `OTEL_EXPORTER_OTLP_HEADERS`, as every program with OpenTelemetry reads it
//! (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables>).
//! Their values are credentials.

use percent_encoding::percent_decode_str;

use super::Signal;
use crate::contract::secret::Secret;

/// Most headers that are taken.
const MOST: usize = 32;
/// Headers that belong to the request itself.
const NEVER: [&str; 9] = [
    "host",
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
];

/// Why the variable cannot be used. The text does not repeat its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{variable}: entry {number} {why}; write NAME=VALUE,NAME=VALUE, with characters of a URL escaped (%20)"
)]
pub struct BadHeaders {
    /// The variable.
    pub variable: &'static str,
    /// Which entry, from 1.
    pub number: usize,
    why: &'static str,
}

/// Headers of the requests, by what they carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    metrics: Vec<(String, Secret)>,
    logs: Vec<(String, Secret)>,
}

impl Headers {
    /// Reads the headers out of environment variables: the one of a signal, else the one for all.
    ///
    /// # Errors
    /// When an entry cannot be read: without it the collector would refuse, or worse, take the data as somebody else's.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BadHeaders> {
        let of = |own: &'static str| {
            let set = |name: &'static str| variable(name).filter(|v| !v.trim().is_empty()).map(|v| (name, v));
            let found = set(own).or_else(|| set("OTEL_EXPORTER_OTLP_HEADERS"));
            found.map_or(Ok(Vec::new()), |(name, value)| read(name, &value))
        };
        Ok(Self {
            metrics: of("OTEL_EXPORTER_OTLP_METRICS_HEADERS")?,
            logs: of("OTEL_EXPORTER_OTLP_LOGS_HEADERS")?,
        })
    }

    /// The headers of one kind of data.
    pub fn of(&self, signal: Signal) -> &[(String, Secret)] {
        match signal {
            Signal::Metrics => &self.metrics,
            Signal::Logs => &self.logs,
        }
    }

    /// Whether there is any.
    pub fn is_empty(&self) -> bool {
        self.metrics.is_empty() && self.logs.is_empty()
    }
}

fn read(variable: &'static str, text: &str) -> Result<Vec<(String, Secret)>, BadHeaders> {
    let mut headers = Vec::new();
    for (number, entry) in (1..).zip(text.split(',')) {
        let bad = |why| BadHeaders { variable, number, why };
        let entry = entry.trim();
        // A comma at the end is usual.
        if entry.is_empty() {
            continue;
        }
        if headers.len() == MOST {
            return Err(bad("is one too many (32 are taken)"));
        }
        let (name, value) = entry.split_once('=').ok_or_else(|| bad("has no `=`"))?;
        let name = name.trim().to_ascii_lowercase();
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(is_token) {
            return Err(bad("has no header's name before the `=`"));
        }
        if NEVER.contains(&name.as_str()) {
            return Err(bad("names a header that belongs to the request itself"));
        }
        let value = percent_decode_str(value.trim()).decode_utf8().map_err(|_| bad("is not UTF-8"))?;
        if !value.chars().all(|c| c == '\t' || (' '..='~').contains(&c)) {
            return Err(bad("has a value that no header can carry"));
        }
        headers.push((name, Secret::new(value)));
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Headers, BadHeaders> {
        Headers::from_variables(|name| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn plain(headers: &[(String, Secret)]) -> Vec<(&str, &str)> {
        headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect()
    }

    #[test]
    fn the_variable_is_read_as_elsewhere() {
        let read =
            of(&[("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20a=b, x-scope = 1 ,")]).unwrap();
        let both = [("authorization", "Bearer a=b"), ("x-scope", "1")];
        assert_eq!(plain(read.of(Signal::Metrics)), both);
        assert_eq!(plain(read.of(Signal::Logs)), both);
        let own =
            of(&[("OTEL_EXPORTER_OTLP_HEADERS", "a=1"), ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "b=2")]).unwrap();
        assert_eq!(plain(own.of(Signal::Metrics)), [("a", "1")]);
        assert_eq!(plain(own.of(Signal::Logs)), [("b", "2")]);
        assert!(of(&[]).unwrap().is_empty());
        assert!(of(&[("OTEL_EXPORTER_OTLP_HEADERS", " ")]).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_said_without_its_value() {
        for (value, number) in [
            ("quarrybox", 1),
            ("a=1,quarrybox", 2),
            ("=quarrybox", 1),
            ("a b=quarrybox", 1),
            ("a=quarrybox%0d%0aHost: x", 1),
            ("a=quarrybox%ff", 1),
            ("Host=quarrybox", 1),
            ("a=1,Content-Length=quarrybox", 2),
        ] {
            let error = of(&[("OTEL_EXPORTER_OTLP_HEADERS", value)]).unwrap_err();
            assert_eq!(error.number, number, "{value}");
            assert!(!error.to_string().to_lowercase().contains("quarrybox"), "{error}");
        }
        let many = "a=1,".repeat(33);
        assert_eq!(of(&[("OTEL_EXPORTER_OTLP_HEADERS", &many)]).unwrap_err().number, 33);
    }

    #[test]
    fn a_value_is_never_shown() {
        let read = of(&[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=quarrybox")]).unwrap();
        assert!(!format!("{read:?}").contains("quarrybox"));
    }
}
