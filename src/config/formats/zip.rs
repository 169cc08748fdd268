//! One file out of a ZIP archive: enough for the app's own diagnostic report. Sizes are checked
//! before and while unpacking, so that a crafted archive costs no more than the limit.

/// Largest unpacked file; a real report has a few kilobytes.
pub(crate) const MAX_UNPACKED: usize = 1024 * 1024;

/// Most entries that are looked at.
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
    /// No such file; some of the names that are there.
    Missing(Vec<String>),
}

/// Whether the bytes begin as an archive does.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The content of the first file whose name, without its folders, is `wanted` in any letter case,
/// and its full name.
pub(crate) fn file(bytes: &[u8], wanted: &str) -> Result<(String, Vec<u8>), Problem> {
    let end = end_of_directory(bytes).ok_or(Problem::Damaged)?;
    let count = u16_at(bytes, end + 10).ok_or(Problem::Damaged)?;
    let mut at = u32_at(bytes, end + 16).ok_or(Problem::Damaged)? as usize;
    let mut names = Vec::new();
    for _ in 0..usize::from(count).min(MAX_ENTRIES) {
        let entry = Entry::read(bytes, at).ok_or(Problem::Damaged)?;
        at = entry.next;
        let base = entry.name.rsplit(['/', '\\']).next().unwrap_or_default();
        if base.eq_ignore_ascii_case(wanted) {
            let content = entry.unpack(bytes)?;
            return Ok((entry.name, content));
        }
        if names.len() < 3 && !base.is_empty() {
            names.push(entry.name);
        }
    }
    Err(Problem::Missing(names))
}

/// Where the end-of-directory record begins: it is last, before a comment of at most 64 KiB.
fn end_of_directory(bytes: &[u8]) -> Option<usize> {
    const RECORD: usize = 22;
    let last = bytes.len().checked_sub(RECORD)?;
    (last.saturating_sub(0xffff)..=last).rev().find(|at| {
        bytes.get(*at..*at + 4) == Some(b"PK\x05\x06")
            && u16_at(bytes, at + 20).is_some_and(|comment| at + RECORD + usize::from(comment) <= bytes.len())
    })
}

struct Entry {
    name: String,
    encrypted: bool,
    method: u16,
    packed: usize,
    unpacked: usize,
    local: usize,
    next: usize,
}

impl Entry {
    /// Reads the directory's entry at `at`.
    fn read(bytes: &[u8], at: usize) -> Option<Self> {
        if bytes.get(at..at.checked_add(4)?)? != b"PK\x01\x02" {
            return None;
        }
        let length = |offset| u16_at(bytes, at + offset).map(usize::from);
        let size = |offset| u32_at(bytes, at + offset).map(|n| n as usize);
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        Some(Self {
            name: String::from_utf8_lossy(bytes.get(at + 46..at + 46 + name)?).into_owned(),
            encrypted: u16_at(bytes, at + 8)? & 1 != 0,
            method: u16_at(bytes, at + 10)?,
            packed: size(20)?,
            unpacked: size(24)?,
            local: size(42)?,
            next: at + 46 + name + extra + comment,
        })
    }

    fn unpack(&self, bytes: &[u8]) -> Result<Vec<u8>, Problem> {
        if self.encrypted {
            return Err(Problem::Unsupported("it is encrypted"));
        }
        if self.unpacked > MAX_UNPACKED {
            return Err(Problem::TooLarge);
        }
        let data = self.data(bytes).ok_or(Problem::Damaged)?;
        match self.method {
            0 if data.len() <= MAX_UNPACKED => Ok(data.to_vec()),
            0 => Err(Problem::TooLarge),
            8 => miniz_oxide::inflate::decompress_to_vec_with_limit(data, MAX_UNPACKED).map_err(|e| {
                if e.status == miniz_oxide::inflate::TINFLStatus::HasMoreOutput {
                    Problem::TooLarge
                } else {
                    Problem::Damaged
                }
            }),
            _ => Err(Problem::Unsupported("it is packed in an unusual way")),
        }
    }

    /// The packed bytes, behind the local header.
    fn data<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let local = self.local;
        if bytes.get(local..local.checked_add(4)?)? != b"PK\x03\x04" {
            return None;
        }
        let start =
            local + 30 + usize::from(u16_at(bytes, local + 26)?) + usize::from(u16_at(bytes, local + 28)?);
        bytes.get(start..start.checked_add(self.packed)?)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}
