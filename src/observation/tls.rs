//! What handshakes came to, and what was shown in them.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// One TLS handshake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tls {
    /// The remote end of the connection underneath.
    pub remote: SocketAddr,
    /// Server name sent; absent for address literals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sni: Option<String>,
    /// When it started.
    pub at_ms: u64,
    /// Whether this is the second socket of the stage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
    /// Bytes of the ClientHello flight.
    pub hello_bytes: usize,
    /// Bytes that came back before it ended.
    pub received_bytes: usize,
    /// How it ended.
    pub outcome: TlsOutcome,
    /// Negotiated parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<TlsParameters>,
    /// The chain as the server sent it, leaf first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Certificate>,
    /// The chain judged by the device's trust store, for this name, at the device's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_trust: Option<Trust>,
    /// The chain judged by the bundled public roots, for this name, at the device's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_trust: Option<Trust>,
    /// The chain judged by what the engine trusts, for this name, at the device's clock; absent where the
    /// public roots accept it, and in reports of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_trust: Option<Trust>,
    /// Authorities in the device's store that bear the name of one of the chain and are not part of it; only
    /// of a chain that the device does not accept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namesakes: Vec<Certificate>,
    /// The same at the date of the answer on this connection; only where that is over a minute from the
    /// device's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_trust_at_date: Option<Trust>,
    /// Whether the server asked for a client certificate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_certificate_requested: bool,
    /// Time to the outcome.
    pub ms: f64,
}

/// How a TLS handshake ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum TlsOutcome {
    /// It completed, and the server proved that it holds the leaf's key. Says nothing about trust.
    Completed,
    /// Nothing, or not enough, within the stage.
    Timeout,
    /// The connection was reset.
    Reset,
    /// The connection was closed without an alert.
    Closed,
    /// The peer sent an alert.
    Alert {
        /// Its name in RFC 8446, such as `handshake_failure`.
        alert: String,
    },
    /// The peer speaks only versions we do not.
    Version,
    /// The bytes that came back are not TLS.
    NotTls {
        /// The first of them, printable ASCII only.
        first: String,
    },
    /// The handshake itself was faulty (bad signature, broken message).
    Faulty {
        /// What the TLS library says of it.
        error: String,
    },
    /// Given up because the other socket of the stage finished first, or the run ended.
    Abandoned,
}

/// What was negotiated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsParameters {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: String,
    /// Cipher suite.
    pub cipher: String,
    /// Key exchange group, such as `X25519MLKEM768`.
    pub group: String,
    /// Application protocol: `h2`, `http/1.1` or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
}

/// One certificate of a chain. All text is sanitised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Subject, RFC 4514-like.
    pub subject: String,
    /// Issuer, RFC 4514-like.
    pub issuer: String,
    /// Start of validity, Unix seconds.
    pub not_before: i64,
    /// End of validity, Unix seconds.
    pub not_after: i64,
    /// DNS names and addresses it is for (at most 20 are kept).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How many names it has.
    pub name_count: usize,
    /// SHA-256 of the DER encoding, lower-case hexadecimal.
    pub sha256: String,
    /// Whether it names itself as issuer.
    pub self_issued: bool,
    /// Whether it is a certificate authority.
    pub ca: bool,
    /// URL of the issuer's certificate (AIA), which an incomplete chain leaves to the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_url: Option<String>,
    /// Hosts that it names for asking whether it was revoked: CRL distribution points (RFC 5280, 4.2.1.13) and OCSP
    /// (4.2.2.1), at most four.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocation: Vec<String>,
    /// Identifier of its key (RFC 5280, 4.2.1.2), lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// Identifier of the key that signed it (RFC 5280, 4.2.1.1), lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_key_id: Option<String>,
}

/// A trust store's judgement of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "trust")]
pub enum Trust {
    /// Accepted.
    Accepted,
    /// The issuer is not known to this store.
    UnknownIssuer,
    /// Expired at the device's clock.
    Expired,
    /// Not valid yet at the device's clock.
    NotYetValid,
    /// Not for this name.
    NameMismatch,
    /// Revoked.
    Revoked,
    /// The store could not be asked.
    Unavailable {
        /// Why.
        error: String,
    },
    /// Rejected for another reason.
    Rejected {
        /// What the verifier says.
        error: String,
    },
}
