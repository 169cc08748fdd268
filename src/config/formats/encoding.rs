//! Bytes into text: UTF-8 and UTF-16, with and without byte order marks.

use std::borrow::Cow;

use crate::config::error::{ConfigError, Place};

/// Text, and whether bytes that are no UTF-8 had to be replaced.
pub(crate) struct Decoded<'a> {
    pub text: Cow<'a, str>,
    /// One-based line of the first replaced byte.
    pub replaced: Option<u32>,
}

/// Decodes `bytes`. A registry file in a legacy code page keeps its ASCII part; any other file that
/// is no text is an error.
///
/// # Errors
/// [`ConfigError::Encoding`] with the line of the first bad byte, or
/// [`ConfigError::NotConfiguration`] when the bytes are no text at all.
pub(crate) fn decode<'a>(bytes: &'a [u8], file: &str) -> Result<Decoded<'a>, ConfigError> {
    let whole = |text: Cow<'a, str>| Ok(Decoded { text, replaced: None });
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return utf8(rest, file);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return whole(Cow::Owned(utf16(rest, u16::from_le_bytes, file)?));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return whole(Cow::Owned(utf16(rest, u16::from_be_bytes, file)?));
    }
    // Every format begins with ASCII, so a zero beside it tells UTF-16 without a mark.
    match bytes {
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => {
            whole(Cow::Owned(utf16(bytes, u16::from_le_bytes, file)?))
        }
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => {
            whole(Cow::Owned(utf16(bytes, u16::from_be_bytes, file)?))
        }
        _ => utf8(bytes, file),
    }
}

fn utf8<'a>(bytes: &'a [u8], file: &str) -> Result<Decoded<'a>, ConfigError> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => return Ok(Decoded { text: Cow::Borrowed(text), replaced: None }),
        Ok(_) => return Err(not_text(file)),
        Err(error) => error,
    };
    let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
    let start = String::from_utf8_lossy(good);
    let line = u32::try_from(start.matches('\n').count() + 1).unwrap_or(u32::MAX);
    if bytes.contains(&0) {
        return Err(not_text(file));
    }
    let head = start.trim_start();
    if head.starts_with("Windows Registry")
        || head.starts_with("REGEDIT4")
        || head.starts_with("[HKEY")
        || head.starts_with("HKEY_")
    {
        return Ok(Decoded {
            text: Cow::Owned(String::from_utf8_lossy(bytes).into_owned()),
            replaced: Some(line),
        });
    }
    if !head.starts_with(['{', '[', '<', '"', '-', '#']) {
        return Err(not_text(file));
    }
    let column = start.rsplit('\n').next().map_or(0, |t| t.chars().count()) + 1;
    Err(ConfigError::Encoding {
        place: Place { file: file.to_owned(), line: Some(line), column: u32::try_from(column).ok() },
        what: "a byte that is no UTF-8".to_owned(),
    })
}

fn not_text(file: &str) -> ConfigError {
    ConfigError::NotConfiguration {
        place: Place::file(file),
        what: "this is not text, and no binary format that is known here".to_owned(),
        next: super::sniff::ACCEPTED.to_owned(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, file: &str) -> Result<String, ConfigError> {
    let odd = bytes.len() % 2 == 1;
    let units = bytes.chunks_exact(2).map(|c| unit([c[0], c[1]]));
    let mut text = String::with_capacity(bytes.len() / 2);
    let bad = |text: &str, what: &str| ConfigError::Encoding {
        place: Place {
            file: file.to_owned(),
            line: u32::try_from(text.matches('\n').count() + 1).ok(),
            column: None,
        },
        what: what.to_owned(),
    };
    for c in char::decode_utf16(units) {
        match c {
            Ok('\0') => return Err(not_text(file)),
            Ok(c) => text.push(c),
            Err(_) => return Err(bad(&text, "half a UTF-16 character")),
        }
    }
    if odd {
        return Err(bad(&text, "UTF-16 with an odd number of bytes, so the file is cut off"));
    }
    // Concatenated files leave a second mark.
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}
