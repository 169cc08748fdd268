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
    /// An experiment: something that the app would not do, to find out what is in the way. The
    /// attempt's `variation` says what; such an attempt never counts as the host's own.
    Experiment,
}

/// In what an experiment differs from the walk that the app would make.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Variation {
    /// The address that is dialled; the name is then not looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
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
    pub inquiry: Option<Inquiry>,
}

/// A further request to a host: another encoding, the document that an answer named, a part of a
/// file. Without any credential, as the plan's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Inquiry {
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

/// How far an experiment goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
