//! One file out of a ZIP archive: enough for the app's own diagnostic report. Nothing is ever written
//! to a disk, so a name is only text. The sizes that an archive states are not believed: entries are
//! counted before its directory is read, and unpacking ends at the limit.

use std::io::{Cursor, Read};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// Largest unpacked file; a real report has a few kilobytes.
pub(crate) const MAX_UNPACKED: usize = 1024 * 1024;

/// Most entries of an archive that is opened. The reader keeps some hundred bytes of each.
const MAX_ENTRIES: usize = 4096;

/// Why a file cannot be had from an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The archive's directory or the file is cut off or inconsistent.
    Damaged,
    /// Encrypted, or packed in a way that is not read here.
    Unsupported(&'static str),
    /// Over [`MAX_UNPACKED`].
    TooLarge,
    /// Over [`MAX_ENTRIES`].
    TooMany,
    /// No such file; some of the names that are there.
    Missing(Vec<String>),
}

impl From<ZipError> for Problem {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
                Self::Unsupported("it is encrypted")
            }
            ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
                Self::Unsupported("it is packed in an unusual way")
            }
            _ => Self::Damaged,
        }
    }
}

/// Whether the bytes begin as an archive does.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The content of the first file whose name, without its folders, is `wanted` in any letter case,
/// and its full name.
pub(crate) fn file(bytes: &[u8], wanted: &str) -> Result<(String, Vec<u8>), Problem> {
    // Each entry of a directory begins with this mark, so there are no more entries than marks.
    if bytes.windows(4).filter(|w| w == b"PK\x01\x02").nth(MAX_ENTRIES).is_some() {
        return Err(Problem::TooMany);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let names: Vec<String> =
        archive.file_names_raw().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let base = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let Some(index) = names.iter().position(|n| base(n).eq_ignore_ascii_case(wanted)) else {
        return Err(Problem::Missing(names.into_iter().filter(|n| !base(n).is_empty()).take(3).collect()));
    };
    let file = archive.by_index(index)?;
    // The reader would find that out only while unpacking, and call it an error of reading.
    if !matches!(file.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(Problem::Unsupported("it is packed in an unusual way"));
    }
    if file.size() > MAX_UNPACKED as u64 {
        return Err(Problem::TooLarge);
    }
    let mut content = Vec::new();
    // One byte more than the limit tells a file of that size from a larger one.
    file.take(MAX_UNPACKED as u64 + 1).read_to_end(&mut content).map_err(|error| {
        // The reader stops where a file outgrows the size that the archive states, and has no kind of
        // error for that.
        let outgrown = error.to_string().contains("larger than its declared");
        if outgrown { Problem::TooLarge } else { Problem::Damaged }
    })?;
    if content.len() > MAX_UNPACKED {
        return Err(Problem::TooLarge);
    }
    Ok((names.get(index).cloned().unwrap_or_default(), content))
}
