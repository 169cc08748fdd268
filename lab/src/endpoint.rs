//! What a server of the laboratory is: where it listens, what it answers, what goes wrong.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::dns::DnsSpec;
use crate::pki::Certificate;

/// Everything one server process does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServeSpec {
    /// Folder of the authorities.
    pub pki: PathBuf,
    /// The DNS servers that this process runs.
    #[serde(default)]
    pub dns: Vec<DnsSpec>,
    /// The hosts.
    pub endpoints: Vec<Endpoint>,
}

/// One host.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name, for the certificate.
    pub name: String,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// What it speaks.
    pub speaks: Speaks,
    /// What it answers.
    pub answer: Answer,
    /// What it answers to other requests; these are looked at first.
    #[serde(default)]
    pub more: Vec<Answer>,
    /// What goes wrong, if anything does.
    #[serde(default)]
    pub fault: Option<ServerFault>,
    /// The certificate it shows.
    #[serde(default)]
    pub certificate: Certificate,
}

/// What a server speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Speaks {
    /// TLS 1.3 and 1.2, HTTP/2 and HTTP/1.1.
    #[default]
    Https,
    /// The same without HTTP/2.
    Http1,
    /// The same without ALPN: HTTP/1.1 by silence.
    NoAlpn,
    /// TLS 1.2 only.
    Tls12,
    /// HTTP in the clear.
    Http,
    /// A server that speaks first, in the clear (the answer's body).
    Banner,
}

impl Speaks {
    /// Whether a certificate is shown.
    pub const fn is_tls(self) -> bool {
        !matches!(self, Self::Http | Self::Banner)
    }
}

/// The answer to a request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Only requests whose path begins so are answered like this, others with 404.
    #[serde(default)]
    pub path: String,
    /// Only requests with this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only requests with the laboratory's credential.
    #[serde(default)]
    pub credential: bool,
    /// Only requests with a body.
    #[serde(default)]
    pub filled: bool,
    /// The answer is a message, streamed event by event.
    #[serde(default)]
    pub stream: bool,
    /// How the events of the stream are framed.
    #[serde(default)]
    pub framing: Framing,
    /// Status code.
    #[serde(default)]
    pub status: u16,
    /// Response headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Body; `{host}` stands for the host's name.
    #[serde(default)]
    pub body: String,
}

/// How the events of a stream are framed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// Server-sent events.
    #[default]
    Sse,
    /// AWS event stream.
    Aws,
}

/// How a server, or a box in front of it, goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerFault {
    /// Nothing listens: the kernel answers with RST.
    Closed,
    /// Connections are accepted, and nothing more comes.
    Silent,
    /// RST after the ClientHello.
    ResetAfterHello,
    /// FIN after the ClientHello.
    CloseAfterHello,
    /// The fatal alert `handshake_failure` after the ClientHello.
    AlertHandshakeFailure,
    /// The fatal alert `protocol_version` after the ClientHello.
    AlertProtocolVersion,
    /// The fatal alert `access_denied` after the ClientHello.
    AlertAccessDenied,
    /// An HTTP answer in the clear where TLS was expected.
    PlainText,
    /// A client certificate is demanded; without one, the alert says so.
    ClientCertificate,
    /// RST at the first POST.
    ResetPost,
    /// What is read is answered, and a POST never.
    SilentPost,
    /// A POST is answered after two and a half seconds, what is read at once.
    SlowPost,
    /// 503.
    ServerError,
    /// The request is read and never answered.
    HttpSilent,
    /// The body is cut off in the middle.
    HttpCut,
    /// The first connection of each client is left unanswered; later ones are served.
    SecondTry,
    /// A page that is not the service's, on its own certificate.
    StrangePage,
    /// RST after the first bytes, whatever they are.
    ResetAfterRequest,
    /// Every answer begins after a second and a half.
    HttpSlow,
    /// The first answer begins after a second and a half, later ones at once.
    HttpSlowOnce,
    /// 429.
    RateLimited,
    /// A redirect to a sign-in page.
    Redirect,
    /// A filter's page with status 200.
    #[serde(rename = "block-page-200")]
    BlockPage200,
    /// A filter's page with status 403.
    #[serde(rename = "block-page-403")]
    BlockPage403,
    /// A redirect to a filter's page on a host of the customer's.
    BlockRedirect,
    /// A redirect to a filter's page where a known product has it.
    BlockRedirectKnown,
    /// HTML where JSON must be, with status 200.
    HtmlPage,
    /// The credential is refused.
    KeyRefused,
    /// The model call is refused: no such model.
    NoModel,
    /// The model call is refused: no credit.
    NoQuota,
    /// The model call is refused: not from this address.
    NotFromHere,
    /// The model call is refused as Bedrock refuses a model of another geography.
    OtherRegion,
    /// The stream comes as a whole, at its end.
    StreamBuffered,
    /// The stream falls silent after a few events, for longer than any box is patient.
    StreamPauses,
    /// The metadata that the server names is not there.
    NoMetadata,
    /// A call with the credential is redirected to another host.
    CallsElsewhere,
    /// Every export is refused as one that speaks another protocol.
    OtherProtocol,
}
