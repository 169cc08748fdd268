//! Records of calls: requests that carry a credential, and connections that were left quiet. They
//! hold nothing of what was sent but its kind, its path and where the credential came from.

use serde::{Deserialize, Serialize};

use super::Stopped;

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The inference host's target.
    pub target: u32,
    /// Index of the target's path.
    pub path: usize,
    /// The target that was dialled, where it is another one (model list, token endpoint).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialled: Option<u32>,
    /// What it was for.
    pub kind: CallKind,
    /// The provider, as in `inferenceProvider`; empty for a quiet connection.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// Where the credential came from and how it was sent, in words; never the credential.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub credential: String,
    /// Whether the request is signed with keys, in place of bringing a token; reports of earlier
    /// versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<bool>,
    /// When it began.
    pub at_ms: u64,
    /// Method and path; empty when no request was made up.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request: String,
    /// The model that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The region of the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Why the credential was allowed onto this very connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<Permission>,
    /// Issuer of the connection's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// How it ended.
    pub outcome: CallOutcome,
    /// `HTTP/1.1` or `HTTP/2`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Status code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Allow-listed response headers, lower-case names, sanitised values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Types, codes and reasons of an error answer, each with its place: the names of JSON members
    /// joined by dots, or a header. No message texts. Capped and sanitised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error: Vec<(String, String)>,
    /// Names of the models that were listed (capped).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Time to the response head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<f64>,
    /// Time to the first event of a stream, whatever it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_event_ms: Option<f64>,
    /// When the events with text came, from the request on (the first 256 are kept).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events_ms: Vec<f64>,
    /// How many events with text there were.
    #[serde(default)]
    pub events: usize,
    /// Tokens, as the service counted them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// How the stream ended; absent where the answer was no stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamEnd>,
    /// Of a connection that was left quiet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// When the last byte of the answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_byte_ms: Option<f64>,
    /// From the request on to the end; of a call that was not sent, all of it.
    pub ms: f64,
}

impl Call {
    /// The value of an allow-listed response header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Whether the service answered with success.
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|s| (200..300).contains(&s))
    }
}

/// What a call was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallKind {
    /// A token was fetched for the calls that follow.
    Token,
    /// The models were listed.
    Models,
    /// One short request whose answer is streamed.
    Stream,
    /// A connection was left quiet and then used.
    Idle,
}

/// Why a credential was allowed onto a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// The public roots accept its chain.
    PublicRoots,
    /// A customer host with a private issuer that this device trusts, and that signed no public
    /// host in this run.
    PrivateIssuer,
    /// An authority named on the command line signed the customer host's chain.
    ExpectedCa,
    /// A loopback address: nothing leaves this device.
    Loopback,
    /// The command line trusts the inspection of TLS.
    TrustInterception,
    /// The request carries no credential.
    NoCredential,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum CallOutcome {
    /// Nothing was sent.
    NotSent {
        /// Why, in words.
        reason: String,
    },
    /// No connection came about.
    NotConnected {
        /// The last stage that was tried: `dns`, `tcp`, `proxy` or `tls`.
        stage: String,
    },
    /// A head, and the body to its end or cap.
    Answered,
    /// No answer in time, or none to its end.
    Timeout,
    /// The connection was reset.
    Reset,
    /// The connection was closed before the answer was complete.
    Closed,
    /// The peer sent a TLS alert.
    Alert {
        /// Its name in RFC 8446.
        alert: String,
    },
    /// The peer ended the HTTP/2 stream with an error code.
    StreamReset {
        /// Its name in RFC 9113, 7.
        code: String,
    },
    /// Not HTTP, or broken HTTP.
    Malformed {
        /// What the HTTP library says of it.
        error: String,
    },
    /// The run ended while it was under way.
    Cut {
        /// Why.
        stopped: Stopped,
    },
}

/// How a stream ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "end")]
pub enum StreamEnd {
    /// With its last event.
    Complete,
    /// With an error event.
    Error,
    /// Before its last event.
    Early,
    /// What came was no stream: one whole document.
    Whole,
    /// What came was neither events nor a message.
    Other,
}

/// Tokens, as the service counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Of the request.
    pub input: u64,
    /// Of the answer.
    pub output: u64,
}

/// What became of a connection that was left quiet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quiet {
    /// How long it was to be quiet.
    pub wanted_ms: u64,
    /// How long it was.
    pub quiet_ms: u64,
    /// Whether the other side closed it in an orderly way meanwhile.
    pub closed: bool,
}

impl Call {
    /// A call of which nothing has come back yet.
    pub fn begun(target: u32, path: usize, kind: CallKind, request: String) -> Self {
        Self {
            target,
            path,
            dialled: None,
            kind,
            provider: String::new(),
            credential: String::new(),
            signed: None,
            at_ms: 0,
            request,
            model: None,
            region: None,
            permission: None,
            issuer: None,
            outcome: CallOutcome::Timeout,
            version: String::new(),
            status: None,
            headers: Vec::new(),
            error: Vec::new(),
            models: Vec::new(),
            first_byte_ms: None,
            first_event_ms: None,
            events_ms: Vec::new(),
            events: 0,
            usage: None,
            stream: None,
            quiet: None,
            last_byte_ms: None,
            ms: 0.0,
        }
    }
}
