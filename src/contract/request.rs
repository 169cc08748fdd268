//! What is asked of a server: a request without a credential, and what of its answer is kept.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

/// What of an answer is kept beside its head.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Keep {
    /// The beginning of the body, sanitised.
    #[default]
    Beginning,
    /// That, and of a JSON document these members: their names joined by dots.
    Members {
        /// The members; all others are dropped where they are read.
        members: Vec<String>,
    },
    /// Of a JSON document the names of its top-level members alone: the values may be secret.
    Names,
    /// No content: only how many bytes came, their SHA-256 and the longest pause.
    Digest {
        /// Bytes that are read, at the most.
        bytes: u64,
        /// For how long they are read, ms, at the most; absent for a part of a file, which is
        /// wanted whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ms: Option<u64>,
    },
    /// Of a JSON document the checksum that is published for a file, and the file's length.
    Checksum {
        /// The member with the checksum.
        member: String,
        /// The member with the length in bytes; empty where there is none.
        size: String,
    },
}

impl Keep {
    /// Whether it is the usual.
    pub fn is_beginning(&self) -> bool {
        *self == Self::Beginning
    }
}

/// The one HTTP request that is sent, without any credential.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// Method, such as `GET`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers beside Host, User-Agent and Accept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Body; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// What of the answer is kept.
    #[serde(default, skip_serializing_if = "Keep::is_beginning")]
    pub keep: Keep,
}

/// A plain HTTP request beside the list, asked after failures to find a sign-in page of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Whose operating system asks it.
    pub of: String,
    /// The name, dialled directly on port 80.
    pub host: String,
    /// Path of the GET request.
    pub path: String,
    /// The status that an open network gives.
    pub status: u16,
    /// How the body begins there; empty for none.
    pub body: String,
    /// Where this is documented.
    pub source: String,
}
