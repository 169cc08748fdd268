//! The collector that `--otlp` names, and the sentence that announces what goes there.

use std::net::IpAddr;

use url::{Host, Url};

use crate::plan::{Announcement, Sent};

/// The two kinds of data that are sent, each to a path of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Samples.
    Metrics,
    /// Log records.
    Logs,
}

impl Signal {
    /// Both, in the order in which they are sent.
    pub const ALL: [Self; 2] = [Self::Metrics, Self::Logs];

    /// What stands behind the base URL, as the protocol has it
    /// (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp>).
    pub const fn path(self) -> &'static str {
        match self {
            Self::Metrics => "/v1/metrics",
            Self::Logs => "/v1/logs",
        }
    }

    /// What is sent, for a sentence.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }
}

/// Why a URL names no collector. The text does not repeat the URL, which may hold a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--otlp: {0}")]
pub struct BadCollector(&'static str);

/// A collector of metrics and logs, by its base URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Collector {
    base: Url,
}

/// The path of the URL may be a key, as that of a hook.
impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Collector({})", self.shown())
    }
}

impl Collector {
    /// Reads a base URL: `https`, or `http` to this device, without user name, query and fragment.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn parse(text: &str) -> Result<Self, BadCollector> {
        let url = Url::parse(text.trim()).map_err(|_| {
            BadCollector(
                "this is not a URL; write the collector's base URL, such as https://otlp.example.com:4318",
            )
        })?;
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(BadCollector("only https and http URLs are taken (OTLP/HTTP, not gRPC)"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadCollector(
                "the URL holds a user name or a password; leave them out, and give the credential as a header in \
                 OTEL_EXPORTER_OTLP_HEADERS",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadCollector(
                "the URL has a query or a fragment; write the base URL alone, such as https://otlp.example.com:4318",
            ));
        }
        let path = url.path().trim_end_matches('/');
        if Signal::ALL.iter().any(|signal| path.ends_with(signal.path())) {
            return Err(BadCollector("leave /v1/metrics or /v1/logs out: each is added to the base URL"));
        }
        let this = Self { base: url };
        if this.base.scheme() == "http" && !this.is_named_here() {
            return Err(BadCollector(
                "http is taken only to a loopback address of this device; write https, for the report names hosts and \
                 this device",
            ));
        }
        Ok(this)
    }

    /// Whether the URL itself says that the collector is on this device.
    fn is_named_here(&self) -> bool {
        match self.base.host() {
            Some(Host::Ipv4(a)) => a.is_loopback(),
            Some(Host::Ipv6(a)) => a.is_loopback(),
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            None => false,
        }
    }

    /// Whether data may go to an address that the collector's name has: without TLS, only to this device.
    pub fn may_be_at(&self, address: IpAddr) -> bool {
        self.base.scheme() == "https" || address.is_loopback()
    }

    /// Where one kind of data goes.
    pub fn url(&self, signal: Signal) -> Url {
        let mut url = self.base.clone();
        let path = format!("{}{}", self.base.path().trim_end_matches('/'), signal.path());
        url.set_path(&path);
        url
    }

    /// The path of the base URL without a slash at its end; it may be a key.
    pub(super) fn path(&self) -> &str {
        self.base.path().trim_end_matches('/')
    }

    /// Scheme, host and port.
    pub fn shown(&self) -> String {
        self.base.origin().ascii_serialization()
    }
}

/// What the option sends, in general and to this collector.
pub fn announce(collector: Option<&Collector>) -> Announcement {
    Announcement::new(
        Sent::Telemetry,
        "With `--otlp URL` the result of the run to that collector, by two POST requests (OTLP/HTTP): metrics as \
         `--format prometheus` has them, and a log record for the verdict and for each thing to do, with device, label, \
         tags and hosts; with `--share` masked. They go directly, without a proxy, within 5 seconds, with the headers of \
         `OTEL_EXPORTER_OTLP_HEADERS`. `docs/fleet.md` says more.",
    )
    .with(collector.map(|collector| {
        format!(
            "After the run its result goes to {} by POST to {} and {} below the path that you gave: verdicts, times and \
             findings with the names of hosts and of this device, label and tags, and the headers of \
             OTEL_EXPORTER_OTLP_HEADERS where it is set. Directly, without a proxy.",
            collector.shown(),
            Signal::Metrics.path(),
            Signal::Logs.path(),
        )
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_signal_has_its_path_below_the_base() {
        for (base, metrics) in [
            ("https://otlp.example", "https://otlp.example/v1/metrics"),
            ("https://otlp.example/", "https://otlp.example/v1/metrics"),
            ("https://otlp.example:4318/otlp", "https://otlp.example:4318/otlp/v1/metrics"),
            ("https://otlp.example:4318/otlp/", "https://otlp.example:4318/otlp/v1/metrics"),
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/metrics"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/metrics"),
            ("http://localhost:4318", "http://localhost:4318/v1/metrics"),
            ("http://0x7f.1:4318", "http://127.0.0.1:4318/v1/metrics"),
        ] {
            let collector = Collector::parse(base).unwrap();
            assert_eq!(collector.url(Signal::Metrics).as_str(), metrics);
            assert_eq!(collector.url(Signal::Logs).as_str(), metrics.replace("metrics", "logs"));
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_repeating_it() {
        for (bad, words) in [
            ("otlp.example:4318", "only https and http"),
            ("", "not a URL"),
            ("grpc://otlp.example", "OTLP/HTTP"),
            ("file:///etc/passwd", "only https and http"),
            ("http://otlp.example:4318", "write https"),
            ("http://10.0.0.1:4318", "write https"),
            ("http://localhost.example", "write https"),
            ("http://[::ffff:10.0.0.1]", "write https"),
            ("https://quarrybox@otlp.example", "user name"),
            ("https://a:quarrybox@otlp.example", "OTEL_EXPORTER_OTLP_HEADERS"),
            ("https://otlp.example/?key=quarrybox", "query"),
            ("https://otlp.example/#quarrybox", "fragment"),
            ("https://otlp.example/v1/metrics", "leave /v1/metrics"),
            ("https://otlp.example/a/v1/logs/", "leave /v1/metrics"),
        ] {
            let said = Collector::parse(bad).unwrap_err().to_string();
            assert!(said.contains(words), "{bad}: {said}");
            assert!(!said.contains("quarrybox"), "{said}");
        }
    }

    #[test]
    fn neither_debug_nor_a_message_shows_the_path() {
        let collector = Collector::parse("https://otlp.example/quarrybox").unwrap();
        assert_eq!(
            format!("{collector:?} {}", collector.shown()),
            "Collector(https://otlp.example) https://otlp.example"
        );
        let said = announce(Some(&collector));
        assert!(said.here[0].contains("https://otlp.example by POST") && !said.here[0].contains("quarrybox"));
        assert!(announce(None).here.is_empty());
    }

    #[test]
    fn without_tls_nothing_leaves_this_device() {
        let plain = Collector::parse("http://localhost:4318").unwrap();
        let safe = Collector::parse("https://localhost:4318").unwrap();
        for (address, here) in [("127.0.0.1", true), ("::1", true), ("10.0.0.1", false), ("0.0.0.0", false)] {
            let address = address.parse().unwrap();
            assert_eq!(plain.may_be_at(address), here, "{address}");
            assert!(safe.may_be_at(address));
        }
    }
}
