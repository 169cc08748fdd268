//! A value that must never be shown.

use std::fmt;

/// What stands in the place of a secret in a file that was written without its secrets. Read back,
/// it is a secret that is set, so that the same hosts follow, and that nothing may use.
pub const NOT_INCLUDED: &str = "[secret not included]";

/// Text that no output, log, error or `Debug` may show: keys, tokens, passwords, header values.
///
/// It has no `Display` and no `Serialize`; [`Secret::expose`] is the only way to the text, and a
/// search for its callers is a complete list of the places that handle a credential.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that must send it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is any text at all (an empty key counts as not set).
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Whether this is the secret itself, not the mark of a file written without its secrets.
    pub fn is_included(&self) -> bool {
        self.0 != NOT_INCLUDED
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
