//! Reading one data file of the rules directory.

use std::path::Path;

/// A data file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It cannot be read.
    #[error("{path}: {source}; --rules DIR needs the files of the `rules` folder, {path} among them")]
    Read {
        /// The file.
        path: String,
        /// What the operating system says.
        source: std::io::Error,
    },
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

/// Reads a data file of the rules directory.
pub(super) fn read(dir: &Path, name: &str) -> Result<(String, String), DataError> {
    let path = dir.join(name);
    let shown = path.display().to_string();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((text, shown)),
        Err(source) => Err(DataError::Read { path: shown, source }),
    }
}
