//! A value that must never be shown.

use std::fmt;

use borsh::io;
use borsh::{BorshDeserialize, BorshSerialize};

/// What stands in the place of a secret in a file that was written without its secrets. Read back,
/// it is a secret that is set, so that the same hosts follow, and that nothing may use.
pub const NOT_INCLUDED: &str = "[secret not included]";

/// Text that no output, log, error or `Debug` may show: keys, tokens, passwords, header values.
///
/// It has no `Display` and no `Serialize`; [`Secret::expose`] is the only way to the text, and a
/// search for its callers is a complete list of the places that handle a credential.
#[derive(Clone)]
pub struct Secret {
    text: String,
    is_unknown: bool,
}

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_unknown: false }
    }

    /// Wraps `text` that nothing is known about: it is hidden as a secret is, and nobody says that it is one.
    pub fn unknown(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_unknown: true }
    }

    /// Whether it is hidden only because nothing is known about it.
    pub const fn is_unknown(&self) -> bool {
        self.is_unknown
    }

    /// The text itself, for the one place that must send it.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Whether there is any text at all (an empty key counts as not set).
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Whether this is the secret itself, not the mark of a file written without its secrets.
    pub fn is_included(&self) -> bool {
        self.text != NOT_INCLUDED
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Secret {}

/// The rules are compiled into the program, and a secret among them would be in every copy of it: none is written.
impl BorshSerialize for Secret {
    fn serialize<W: io::Write>(&self, _: &mut W) -> io::Result<()> {
        Err(io::Error::other("rules hold no secrets"))
    }
}

impl BorshDeserialize for Secret {
    fn deserialize_reader<R: io::Read>(_: &mut R) -> io::Result<Self> {
        Err(io::Error::other("rules hold no secrets"))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
