//! One thing to try, and in what it differs from what the app would do.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Route;
use crate::contract::{Request, Transport};

/// One thing to try: a walk down the ladder of one path of one target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Experiment {
    /// The target's `id`.
    pub target: u32,
    /// Index into the target's `paths`.
    pub path: usize,
    /// Why.
    pub purpose: Purpose,
    /// In what it differs from the app's own walk.
    pub variation: Option<Variation>,
}

/// Why an attempt was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// The first wave.
    First,
    /// An immediate failure, tried once more after the first wave.
    Repeat,
    /// Once more what the first wave itself may have silenced, a few a second: a resolver, a firewall
    /// or a proxy that limits what one client asks for at a time.
    Paced,
    /// An experiment: something that the app would not do, to find out what is in the way. The
    /// attempt's `variation` says what; such an attempt never counts as the host's own.
    Experiment,
}

/// In what an experiment differs from the walk that the app would make. Saved as [`Changes`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Changes", into = "Changes")]
pub enum Variation {
    /// The name is looked up once more, to measure that.
    Lookup,
    /// The same walk once more, to measure its answer.
    Request,
    /// The same walk at the addresses that the system's DNS servers give, asked directly.
    Servers,
    /// A connection to one more address of the name.
    Address {
        /// The address that is dialled.
        address: IpAddr,
    },
    /// The handshake in small TCP segments.
    SmallSegments {
        /// The address that is dialled.
        address: IpAddr,
        /// Largest segment, bytes.
        bytes: u16,
    },
    /// The handshake with a small ClientHello.
    SmallHello {
        /// The address that is dialled; none through a proxy.
        address: Option<IpAddr>,
    },
    /// The handshake with the name of another host of the list, which was reached in this run.
    OtherName {
        /// The address that is dialled; none through a proxy.
        address: Option<IpAddr>,
        /// The other host's name.
        name: String,
    },
    /// The handshake without a server name.
    Nameless {
        /// The address that is dialled.
        address: IpAddr,
    },
    /// The handshake with the host's own name at the address of another host.
    Elsewhere {
        /// That address.
        address: IpAddr,
    },
    /// The same walk by another route.
    OtherRoute(Route),
    /// Another request than the plan's.
    FollowUp(FollowUp),
    /// Changes that no experiment of this version makes together: a report of another version may
    /// hold them, and nothing is concluded from them.
    Other(Box<Changes>),
}

impl Variation {
    /// What the prober does in another way.
    pub fn changes(&self) -> Changes {
        let none = Changes::default();
        let handshake = Changes { until: LastStage::Tls, ..Changes::default() };
        match self.clone() {
            Self::Lookup => Changes { until: LastStage::Dns, ..none },
            Self::Request => none,
            Self::Servers => Changes { servers: true, ..none },
            Self::Address { address } => {
                Changes { address: Some(address), until: LastStage::Tcp, ..Changes::default() }
            }
            Self::SmallSegments { address, bytes } => {
                Changes { address: Some(address), segment: Some(bytes), ..handshake }
            }
            Self::SmallHello { address } => Changes { address, small_hello: true, ..handshake },
            Self::OtherName { address, name } => {
                Changes { address, server_name: ServerName::Of(name), ..handshake }
            }
            Self::Nameless { address } => {
                Changes { address: Some(address), server_name: ServerName::Absent, ..handshake }
            }
            Self::Elsewhere { address } => Changes { address: Some(address), ..handshake },
            Self::OtherRoute(route) => Changes { route: Some(route), ..none },
            Self::FollowUp(follow_up) => Changes { follow_up: Some(follow_up), ..none },
            Self::Other(changes) => *changes,
        }
    }
}

impl From<Variation> for Changes {
    fn from(variation: Variation) -> Self {
        variation.changes()
    }
}

impl From<Changes> for Variation {
    /// The experiment that makes exactly these changes.
    fn from(changes: Changes) -> Self {
        let variation = match changes.clone() {
            Changes { follow_up: Some(follow_up), .. } => Self::FollowUp(follow_up),
            Changes { route: Some(route), .. } => Self::OtherRoute(route),
            Changes { segment: Some(bytes), address: Some(address), .. } => {
                Self::SmallSegments { address, bytes }
            }
            Changes { small_hello: true, address, .. } => Self::SmallHello { address },
            Changes { server_name: ServerName::Of(name), address, .. } => Self::OtherName { address, name },
            Changes { server_name: ServerName::Absent, address: Some(address), .. } => {
                Self::Nameless { address }
            }
            Changes { address: Some(address), until: LastStage::Tcp, .. } => Self::Address { address },
            Changes { address: Some(address), .. } => Self::Elsewhere { address },
            Changes { servers: true, .. } => Self::Servers,
            Changes { until: LastStage::Dns, .. } => Self::Lookup,
            _ => Self::Request,
        };
        if variation.changes() == changes { variation } else { Self::Other(Box::new(changes)) }
    }
}

/// What the prober does in another way than the app would; the form in which a [`Variation`] is
/// saved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// The address that is dialled; the name is then not looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The system's DNS servers are asked for the name, and not the system itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub servers: bool,
    /// The server name in the handshake.
    #[serde(skip_serializing_if = "ServerName::is_own")]
    pub server_name: ServerName,
    /// A classical, small ClientHello that fits one packet, in place of the app's large one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub small_hello: bool,
    /// Largest TCP segment, bytes; none for the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<u16>,
    /// Another way than the path's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// The last stage that is tried.
    #[serde(skip_serializing_if = "LastStage::is_whole")]
    pub until: LastStage,
    /// Another request than the plan's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "inquiry")]
    pub follow_up: Option<FollowUp>,
}

/// A further request to a host: another encoding, the document that an answer named, a part of a
/// file. Without any credential, as the plan's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FollowUp {
    /// The fingerprint that the answer is held against.
    pub service: String,
    /// The path of the address it was made for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base_path: String,
    /// The request.
    pub request: Request,
    /// What is spoken, where that is not the target's own transport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Transport>,
}

/// The server name that an experiment sends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "name")]
pub enum ServerName {
    /// The host's own.
    #[default]
    Own,
    /// None at all.
    Absent,
    /// That of another host of this list, which was reached in this run.
    Of(String),
}

impl ServerName {
    fn is_own(&self) -> bool {
        *self == Self::Own
    }
}

/// How far an experiment goes. Ordered: one that ends earlier is less.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LastStage {
    /// The name lookup.
    Dns,
    /// The connection.
    Tcp,
    /// The handshake: no request is sent.
    Tls,
    /// The request, where the transport has one.
    #[default]
    Whole,
}

impl LastStage {
    fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_experiment_is_read_as_it_was_saved() {
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let follow_up = r#"{"inquiry":{"service":"mcp","request":{"method":"GET","path":"/"}}}"#;
        for (variation, saved) in [
            (Variation::Lookup, r#"{"until":"dns"}"#),
            (Variation::Request, "{}"),
            (Variation::Servers, r#"{"servers":true}"#),
            (Variation::Address { address }, r#"{"address":"192.0.2.1","until":"tcp"}"#),
            (
                Variation::SmallSegments { address, bytes: 536 },
                r#"{"address":"192.0.2.1","segment":536,"until":"tls"}"#,
            ),
            (Variation::SmallHello { address: None }, r#"{"small_hello":true,"until":"tls"}"#),
            (
                Variation::OtherName { address: Some(address), name: "a.example".into() },
                r#"{"address":"192.0.2.1","server_name":{"kind":"of","name":"a.example"},"until":"tls"}"#,
            ),
            (
                Variation::Nameless { address },
                r#"{"address":"192.0.2.1","server_name":{"kind":"absent"},"until":"tls"}"#,
            ),
            (Variation::Elsewhere { address }, r#"{"address":"192.0.2.1","until":"tls"}"#),
            (Variation::OtherRoute(Route::Direct), r#"{"route":{"kind":"direct"}}"#),
        ] {
            assert_eq!(serde_json::to_string(&variation).unwrap(), saved);
            assert_eq!(serde_json::from_str::<Variation>(saved).unwrap(), variation);
        }
        let read: Variation = serde_json::from_str(follow_up).unwrap();
        assert!(matches!(read, Variation::FollowUp(_)), "{read:?}");
    }

    #[test]
    fn what_no_experiment_does_is_kept_and_means_nothing() {
        for saved in [
            r#"{"address":"192.0.2.1","small_hello":true,"segment":536,"until":"tls"}"#,
            r#"{"until":"tcp"}"#,
            r#"{"server_name":{"kind":"absent"},"until":"tls"}"#,
            r#"{"segment":536,"until":"tls"}"#,
        ] {
            let read: Variation = serde_json::from_str(saved).unwrap();
            assert!(matches!(read, Variation::Other(_)), "{read:?}");
            let again = serde_json::to_value(&read).unwrap();
            assert_eq!(again, serde_json::from_str::<serde_json::Value>(saved).unwrap());
        }
    }
}
