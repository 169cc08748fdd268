//! What proxies and proxy scripts said.

use serde::{Deserialize, Serialize};

/// A proxy script: how it was fetched, and what came of asking it. The routes are in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProxyScript {
    /// Where the setting came from, such as `egressProxyPacUrl`.
    pub origin: String,
    /// Its address without what may be a secret (`text::token::public_address`).
    pub url: String,
    /// What came of it.
    pub outcome: ScriptOutcome,
    /// Status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Length of the script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// SHA-256 of the script, lower-case hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Names that it had looked up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Questions that it has no answer to because it failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed: usize,
    /// What it said of the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Fetching and asking.
    pub ms: f64,
}

/// What came of a proxy script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "error")]
pub enum ScriptOutcome {
    /// It was asked.
    Asked,
    /// It could not be fetched.
    Unfetched(String),
    /// What was fetched is no proxy script.
    NoScript(String),
    /// It took too much time or memory.
    Stopped(String),
}

const fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// The conversation with a proxy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proxy {
    /// What CONNECT came to.
    pub outcome: ProxyOutcome,
    /// The status line, under the name `status-line`, and selected headers in lower case
    /// (`proxy-authenticate`, `via`, `server`, `x-squid-error`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Time from sending CONNECT to its answer.
    pub ms: f64,
}

/// What CONNECT came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum ProxyOutcome {
    /// 2xx: the tunnel stands.
    Tunnel,
    /// Another status.
    Status {
        /// The status code.
        status: u16,
    },
    /// No answer within the stage.
    Timeout,
    /// The connection was reset.
    Reset,
    /// The connection was closed.
    Closed,
    /// Something that is not HTTP.
    NotHttp,
    /// TLS to the proxy itself failed.
    Tls {
        /// How.
        error: String,
        /// The device does not trust the issuer of the proxy's certificate.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unknown_issuer: bool,
    },
}
