//! Value types that every room shares: one enum for each closed set of words of the public contract,
//! and the decoded values of a configuration.
//!
//! Each enum serialises to exactly the word that the JSON documents and the command line use.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// Declares a closed set of words: the enum, its list, its text and its parser, from one table.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, borsh::BorshSerialize, borsh::BorshDeserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every word of the set, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as the contract spells it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::contract::UnknownWord;
            fn from_str(s: &str) -> Result<Self, $crate::contract::UnknownWord> {
                Self::ALL.iter().copied().find(|w| w.as_str() == s).ok_or_else(|| $crate::contract::UnknownWord {
                    found: s.to_owned(),
                    expected: Self::ALL.iter().map(|w| w.as_str()).collect(),
                })
            }
        }
    };
}
pub(crate) use words;

mod code;
mod device_code;
mod download;
pub mod endpoint;
mod engine_store;
mod feature;
pub mod host;
pub mod ids;
mod request;
pub mod secret;
mod stage;
pub mod value;
mod verdict;
mod versions;

pub use code::Code;
pub use device_code::DeviceCode;
pub use download::{DownloadTest, SLOW};
pub use endpoint::Endpoint;
pub use engine_store::EngineStore;
pub use feature::FeatureInfo;
pub use host::{BadHost, HostPattern};
pub use request::{Control, Keep, Request};
pub use stage::{Stage, TOTAL, Timings};
pub use verdict::{Certainty, Owner, RunVerdict, RunWord, Verdict};
pub use versions::{Position, Versions};

/// A word outside a closed set; names the words that would have been right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not one of: {}", expected.join(", "))]
pub struct UnknownWord {
    /// What was read.
    pub found: String,
    /// What is allowed.
    pub expected: Vec<&'static str>,
}

words! {
    /// How badly a host is needed. Ordered: the maximum of several needs is the need of the host.
    Need {
        /// Supportability or cosmetics suffer, or only the app's own list names it.
        Optional = "optional",
        /// One feature stops.
        Feature = "feature",
        /// The app's core function stops.
        Required = "required",
    }
}

words! {
    /// Who dials a host. Actors differ in proxy and trust (source NP).
    Actor {
        /// The desktop app itself.
        App = "app",
        /// The bundled agent engine.
        Engine = "engine",
        /// The workspace virtual machine.
        Vm = "vm",
        /// The auto-updater.
        Updater = "updater",
        /// The user's own browser.
        Browser = "browser",
        /// The operating system's sign-in broker.
        Broker = "broker",
        /// A remote host the user connects to over SSH.
        Remote = "remote",
    }
}

impl Actor {
    /// Whether this machine's own network stack, as this program sees it, carries the actor's
    /// traffic in the app's way. Browser, broker and remote hosts have routes of their own.
    pub const fn is_probed(self) -> bool {
        matches!(self, Self::App | Self::Engine | Self::Vm | Self::Updater)
    }
}

words! {
    /// What is spoken on a port.
    Transport {
        /// HTTP over TLS.
        Https = "https",
        /// HTTP in the clear (loopback gateways, collectors).
        Http = "http",
        /// gRPC in the clear.
        Grpc = "grpc",
        /// gRPC over TLS.
        GrpcTls = "grpc-tls",
        /// Secure Shell.
        Ssh = "ssh",
        /// Only a TCP connection can be tested.
        Tcp = "tcp",
    }
}

impl Transport {
    /// Whether a TLS handshake is part of the transport.
    pub const fn has_tls(self) -> bool {
        matches!(self, Self::Https | Self::GrpcTls)
    }

    /// Whether calls of gRPC are what is spoken.
    pub const fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc | Self::GrpcTls)
    }

    /// Whether an HTTP request is part of the probe.
    pub const fn has_http(self) -> bool {
        matches!(self, Self::Https | Self::Http)
    }
}

words! {
    /// How well a fact is known. Ordered from best to weakest.
    Confidence {
        /// The vendor's documentation says so.
        Documented = "documented",
        /// Third parties saw it.
        Observed = "observed",
        /// Our own conclusion.
        Inferred = "inferred",
    }
}

words! {
    /// On which side of the perimeter a host lives.
    Network {
        /// Reached across the internet perimeter.
        Internet = "internet",
        /// Reached inside the organisation's own network.
        Internal = "internal",
    }
}

words! {
    /// The operating system the app runs on.
    Platform {
        /// macOS.
        Macos = "macos",
        /// Windows.
        Windows = "windows",
        /// Linux.
        Linux = "linux",
    }
}

impl Platform {
    /// The platform this program runs on (anything unknown counts as Linux).
    pub fn here() -> Self {
        match std::env::consts::OS {
            "macos" => Self::Macos,
            "windows" => Self::Windows,
            _ => Self::Linux,
        }
    }
}

words! {
    /// Weight of a finding or of a lint message.
    Severity {
        /// For the record.
        Info = "info",
        /// Works, but.
        Warning = "warning",
        /// Does not work.
        Error = "error",
    }
}

/// A version of the desktop app, such as `1.19367.0`; compared number by number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct AppVersion([u32; 4]);

impl FromStr for AppVersion {
    type Err = BadVersion;
    fn from_str(s: &str) -> Result<Self, BadVersion> {
        let bad = || BadVersion(s.to_owned());
        let text = s.strip_prefix('v').unwrap_or(s);
        let mut parts = [0; 4];
        let mut given = 0;
        for part in text.split('.') {
            let place = parts.get_mut(given).ok_or_else(bad)?;
            if part.is_empty() || part.len() > 9 || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(bad());
            }
            *place = part.parse().map_err(|_| bad())?;
            given += 1;
        }
        if given < 2 {
            return Err(bad());
        }
        Ok(Self(parts))
    }
}

impl fmt::Display for AppVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, last] = self.0;
        f.pad(&match last {
            0 => format!("{first}.{second}.{third}"),
            _ => format!("{first}.{second}.{third}.{last}"),
        })
    }
}

impl Serialize for AppVersion {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AppVersion {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        <String as Deserialize>::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Text that is no app version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an app version; write it like 2.19675.0")]
pub struct BadVersion(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_are_ordered_so_that_the_maximum_wins() {
        assert!(Need::Required > Need::Feature && Need::Feature > Need::Optional);
    }

    #[test]
    fn versions_compare_by_number_not_by_text() {
        let v = |s: &str| s.parse::<AppVersion>().map_err(|e| e.to_string());
        assert!(v("2.110.0") > v("1.52386.0"));
        assert!(v("1.9255.0") < v("1.10628.0"));
        assert_eq!(v("2.110"), v("2.110.0"));
        assert_eq!(v("v2.110.0").map(|v| v.to_string()), Ok("2.110.0".into()));
        for bad in ["", "2", "a.b", "2..1", "2.99999999999.0", "1.2.3.4.5"] {
            assert!(v(bad).is_err(), "{bad}");
        }
    }
}
