//! What requests came to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::PrimitiveDateTime;
use time::macros::format_description;

/// One HTTP exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Http {
    /// When the request was sent.
    pub at_ms: u64,
    /// Whether this is a second socket of the stage: the first had no answer by half-time, or its
    /// server asked for HTTP/1.1.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm: bool,
    /// `HTTP/1.1` or `HTTP/2`.
    pub version: String,
    /// How it ended.
    pub outcome: HttpOutcome,
    /// Status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Allow-listed response headers, lower-case names, sanitised values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The names of all response headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub header_names: Vec<String>,
    /// The beginning of the body, sanitised and capped.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Bytes of the body that were read (reading stops at the cap).
    pub body_bytes: usize,
    /// What was kept of a document, where the request asked for more than its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// How a part of a file came, where the request asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Transfer>,
    /// Time to the response head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<f64>,
    /// Time to the end of what was read.
    pub ms: f64,
}

impl Http {
    /// The value of an allow-listed response header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The date in the answer, Unix seconds.
    pub fn date(&self) -> Option<i64> {
        unix_seconds(self.header("date")?)
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7) as Unix seconds.
fn unix_seconds(text: &str) -> Option<i64> {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    PrimitiveDateTime::parse(text.trim(), &format).ok().map(|t| t.assume_utc().unix_timestamp())
}

/// What was kept of a JSON document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// What the body is as a whole.
    pub kind: DocumentKind,
    /// The members asked for that were there, by name; names of members are joined by dots. Texts
    /// are sanitised and capped, lists are cut.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, serde_json::Value>,
    /// The names of its top-level members, where the request asked for those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Why no configuration of the app can be read from it, where that was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unusable: Option<String>,
}

/// Names by which members are kept whose names differ from file to file.
pub mod document {
    /// The published SHA-256 of a file.
    pub const SHA256: &str = "sha256";
    /// The published length of a file in bytes.
    pub const SIZE: &str = "size";
}

impl Document {
    /// The text of a member.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.members.get(member)?.as_str()
    }
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// A JSON object, or an event stream whose first event is one.
    Object,
    /// A JSON array.
    Array,
    /// Another JSON value.
    Scalar,
    /// Nothing.
    Empty,
    /// Something else than JSON.
    Other,
    /// JSON as far as it was read, but longer than that.
    TooLong,
}

/// How a part of a file came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// Bytes that came.
    pub bytes: u64,
    /// SHA-256 of them, lower-case hexadecimal; absent while they are still coming.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The longest time without a byte, after the head.
    pub longest_pause_ms: f64,
    /// Why reading ended, where nothing broke it off; absent in older reports, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<TransferEnd>,
}

/// Why the reading of a file ended, where nothing broke it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransferEnd {
    /// The answer was at its end.
    File,
    /// As many bytes came as were asked for, and more would have come.
    Amount,
    /// The time that it was held for was over.
    Time,
}

/// How an HTTP exchange ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum HttpOutcome {
    /// A complete head, and a body up to the cap or its end.
    Answered,
    /// No head within the stage.
    Timeout,
    /// A head, but the body did not end within the stage.
    BodyTimeout,
    /// The connection was reset.
    Reset,
    /// The connection was closed before the head, or inside the body.
    Closed,
    /// The peer sent a TLS alert instead (`certificate_required` comes here in TLS 1.3).
    Alert {
        /// Its name in RFC 8446.
        alert: String,
    },
    /// The peer ended the HTTP/2 stream, or the connection, with an error code.
    StreamReset {
        /// Its name in RFC 9113, 7, such as `HTTP_1_1_REQUIRED`, which is answered by a second
        /// request over HTTP/1.1.
        code: String,
    },
    /// Not HTTP, or broken HTTP.
    Malformed {
        /// What the HTTP library says of it.
        error: String,
    },
    /// Given up because the other socket of the stage finished first, or the run ended.
    Abandoned,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_servers_are_read_and_rubbish_is_not() {
        assert_eq!(unix_seconds("Sun, 22 Nov 2026 12:00:00 GMT"), Some(1_795_348_800));
        for bad in ["", "now", "Sun, 99 Nov 2026 12:00:00 GMT", "2026-11-22T12:00:00Z"] {
            assert_eq!(unix_seconds(bad), None, "{bad}");
        }
    }
}
