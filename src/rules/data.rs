//! What can be wrong with a data file of the pack: one that is not read into the [`Pack`](super::Pack).

/// A data file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It is not what TOML or the file's own form allows.
    #[error("{file}: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// Line, column and reason.
        reason: String,
    },
    /// It can be read, but what it says does not hold together.
    #[error("{file}: {reason}")]
    Content {
        /// The file.
        file: String,
        /// Which entry, and what to write instead.
        reason: String,
    },
}
