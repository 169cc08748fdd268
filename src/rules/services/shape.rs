//! What a fingerprint is written in: answers, further requests, and the hosts that documents name.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use crate::contract::{Actor, Confidence, Need, words};
use crate::rules::Word;

words! {
    /// What a recognised answer means.
    AnswerKind {
        /// The real service, and healthy.
        Ok = "ok",
        /// A bot check by the service's own CDN: reached.
        Challenge = "challenge",
        /// The real service, which has had enough requests.
        RateLimited = "rate-limited",
        /// The real service, which refuses this address, network or country.
        Policy = "policy",
    }
}

words! {
    /// Type of a JSON value.
    JsonKind {
        /// `{}`
        Object = "object",
        /// `[]`
        Array = "array",
        /// Either of the two.
        Container = "container",
        /// Text.
        String = "string",
        /// Number.
        Number = "number",
        /// True or false.
        Boolean = "boolean",
    }
}

words! {
    /// A shape of a body that is not JSON.
    BodyShape {
        /// A version number, such as `1.2.3`.
        Version = "version",
    }
}

words! {
    /// What a service speaks, where more than one answer must be looked at to judge it.
    Protocol {
        /// Sign-in metadata: OpenID Connect discovery, RFC 8414.
        Metadata = "metadata",
        /// Metadata of a protected resource (RFC 9728).
        Resource = "resource",
        /// Model Context Protocol.
        Mcp = "mcp",
        /// OTLP over HTTP.
        OtlpHttp = "otlp-http",
        /// OTLP over gRPC.
        OtlpGrpc = "otlp-grpc",
        /// A bootstrap server of the app.
        Bootstrap = "bootstrap",
    }
}

words! {
    /// When a further request is made, by the answer to the one before.
    AskWhen {
        /// It was answered, whatever the answer.
        Answered = "answered",
        /// The answer is none of the service's.
        Unrecognised = "unrecognised",
        /// The answer is the one that the service gives to this request.
        Recognised = "recognised",
    }
}

/// A further request to the same host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The service whose request it is, and against whose answers it is held.
    pub service: Word,
    /// When.
    pub when: AskWhen,
    /// Only after one of these status codes; empty for any answer, or none that could be read.
    #[serde(default)]
    pub status: Vec<StatusRange>,
    /// Only to a host that is on the list for this feature, or was named by hand.
    #[serde(default)]
    pub feature: Option<Word>,
    /// What is spoken, where that is not the host's own transport.
    #[serde(default)]
    pub over: Option<Speak>,
}

words! {
    /// What a further request is spoken in.
    Speak {
        /// gRPC: HTTP/2 from the first byte, or by ALPN where the host has TLS.
        Grpc = "grpc",
        /// HTTP, to a host that is dialled as gRPC otherwise.
        Http = "http",
        /// HTTP over TLS, to a host that is dialled without.
        Tls = "tls",
    }
}

/// A member of a document that names a host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    /// The member: a URL, or a list of URLs.
    pub member: Word,
    /// The fingerprint of the host that it names.
    pub service: Word,
    /// Who dials it.
    pub actors: Vec<Actor>,
    /// How badly, where that is not as badly as the host whose document it is.
    #[serde(default)]
    pub need: Option<Need>,
    /// What for.
    pub purpose: Word,
    /// What the user sees when it is blocked.
    pub breaks: Word,
}

/// A large object of a host, for the opt-in download.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// Its path; `{version}` is the version number that the service's own answer gives.
    pub path: Word,
    /// Where the host publishes its checksum; absent where none is known.
    #[serde(default)]
    pub checksum: Option<PublishedChecksum>,
}

/// Where a host publishes the SHA-256 of a large object: a JSON document beside it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedChecksum {
    /// Path of the document; `{version}` as in the object's.
    pub path: Word,
    /// The member with the checksum, 64 hexadecimal digits; names are joined by dots.
    pub member: Word,
    /// The member with the length in bytes; empty where there is none.
    #[serde(default)]
    pub size: Word,
    /// How well the place is known.
    pub confidence: Confidence,
    /// From where.
    pub source: Vec<Word>,
}

/// A status code, or a range of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StatusRange {
    first: u16,
    last: u16,
}

impl StatusRange {
    /// Whether `status` is in it.
    pub const fn contains(self, status: u16) -> bool {
        self.first <= status && status <= self.last
    }
}

impl<'de> Deserialize<'de> for StatusRange {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            One(u16),
            Range(String),
        }
        let (first, last) = match Written::deserialize(d)? {
            Written::One(code) => (code, code),
            Written::Range(text) => text
                .split_once('-')
                .and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)))
                .ok_or_else(|| serde::de::Error::custom("write a status as 401 or \"400-499\""))?,
        };
        if first < 100 || last > 599 || first > last {
            return Err(serde::de::Error::custom(format!("{first}-{last} is no range of HTTP status codes")));
        }
        Ok(Self { first, last })
    }
}

/// What shows that a refusal is the own one of a service of the customer's, whatever its words.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// Beginnings of the names of response headers.
    pub header: Vec<Word>,
    /// Beginnings of the header `server`.
    pub server: Vec<Word>,
    /// Parts of the header `via`.
    pub via: Vec<Word>,
    /// The forms of its errors, each by checks that all hold.
    pub forms: Vec<Vec<JsonCheck>>,
    /// Where they come from.
    pub source: Vec<Word>,
}

/// A check on one place of a JSON body. Without any condition the place must exist.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonCheck {
    /// Member names joined by dots; empty for the whole document.
    pub path: Word,
    /// Its type.
    #[serde(default)]
    pub is: Option<JsonKind>,
    /// Its text.
    #[serde(default)]
    pub equals: Option<Word>,
    /// One of these texts.
    #[serde(default)]
    pub one_of: Vec<Word>,
    /// The beginning of its text.
    #[serde(default)]
    pub prefix: Option<Word>,
}

/// One answer by which the real service is known. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What the answer says, in words.
    pub name: Word,
    /// What it means.
    pub kind: AnswerKind,
    /// The status codes it may have.
    pub status: Vec<StatusRange>,
    /// Headers that are all present.
    #[serde(default)]
    pub header_present: Vec<Word>,
    /// Headers of which at least one is present.
    #[serde(default)]
    pub header_any: Vec<Word>,
    /// Headers that are all absent.
    #[serde(default)]
    pub header_absent: Vec<Word>,
    /// Headers and the beginning of their values, in any case.
    #[serde(default)]
    pub header_prefix: BTreeMap<Word, Word>,
    /// Headers and a part of their values, in any case.
    #[serde(default)]
    pub header_contains: BTreeMap<Word, Word>,
    /// The beginning of the media type.
    #[serde(default)]
    pub content_type: Option<Word>,
    /// Checks on the JSON body.
    #[serde(default)]
    pub json: Vec<JsonCheck>,
    /// For each, a word of the body begins with it.
    #[serde(default)]
    pub body_tokens: Vec<Word>,
    /// The body contains one of these texts, in any case.
    #[serde(default)]
    pub body_any: Vec<Word>,
    /// The body contains all of these texts, in any case.
    #[serde(default)]
    pub body_all: Vec<Word>,
    /// The name of the error, of an interface that names them, is one of these; written without
    /// `Exception` at its end.
    #[serde(default)]
    pub error: Vec<Word>,
    /// The number by which a content network refuses is one of these.
    #[serde(default)]
    pub cdn_error: Vec<u16>,
    /// The shape of the body.
    #[serde(default)]
    pub body_is: Option<BodyShape>,
    /// The answer is no HTML page.
    #[serde(default)]
    pub not_html: bool,
    /// Holds only for a host of the customer's own that stands in for the service.
    #[serde(default)]
    pub customer: bool,
}

/// Answers that several services give: of what stands before them, or of one provider's interfaces.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Shared {
    /// Identifier.
    pub id: Word,
    /// Where they come from.
    pub source: Vec<Word>,
    /// They hold for every service that has a fingerprint, and come before its own.
    #[serde(default)]
    pub everywhere: bool,
    /// The answers.
    #[serde(rename = "answer")]
    pub answers: Vec<Answer>,
}

impl Answer {
    /// The headers whose values it is held against.
    pub fn values(&self) -> impl Iterator<Item = &Word> {
        self.header_prefix.keys().chain(self.header_contains.keys())
    }

    /// Whether any server would answer so: nothing but the status is looked at.
    pub fn is_open(&self) -> bool {
        self.header_present.is_empty()
            && self.header_any.is_empty()
            && self.header_prefix.is_empty()
            && self.header_contains.is_empty()
            && self.content_type.is_none()
            && self.json.is_empty()
            && self.body_tokens.is_empty()
            && self.body_any.is_empty()
            && self.body_all.is_empty()
            && self.error.is_empty()
            && self.cdn_error.is_empty()
            && self.body_is.is_none()
    }
}
