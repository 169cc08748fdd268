//! Binary property lists (`bplist00`) into the common tree.
//!
//! A reader of our own: objects refer to each other freely in this format, so a small file can name
//! the same list a million times or contain itself; every reference is followed within fixed limits.

use super::tree::{MAX_DEPTH, MAX_VALUES, Member, Raw};
use crate::config::error::{Fault, FaultKind};

/// Most text, in bytes, that is copied out of one document beyond twice the document itself; shared
/// text counts each time.
const MAX_SHARED_TEXT: usize = 1024 * 1024;

/// Reads a binary property list.
pub(crate) fn parse(bytes: &[u8]) -> Result<Raw, Fault> {
    let trailer_at = bytes.len().checked_sub(32).filter(|at| *at >= 8).ok_or_else(broken)?;
    let trailer = bytes.get(trailer_at..).ok_or_else(broken)?;
    let size = |at: usize| {
        trailer.get(at).copied().map(usize::from).filter(|n| (1..=8).contains(n)).ok_or_else(broken)
    };
    let number = |at: usize| trailer.get(at..at + 8).and_then(int).ok_or_else(broken);
    let offset_size = size(6)?;
    let mut plist = Plist {
        body: bytes.get(..trailer_at).ok_or_else(broken)?,
        offset_size,
        ref_size: size(7)?,
        count: number(8)?,
        table: number(24)?,
        values: 0,
        text: 0,
    };
    let table_len = plist.count.checked_mul(offset_size).ok_or_else(broken)?;
    let table_end = plist.table.checked_add(table_len).ok_or_else(broken)?;
    if table_end > trailer_at {
        return Err(broken());
    }
    plist.object(number(16)?, 0)
}

fn broken() -> Fault {
    fault(FaultKind::Syntax {
        what: "its offsets point outside the file".to_owned(),
        next: "The file is cut off or damaged; copy it again, or convert it with `plutil -convert xml1`"
            .to_owned(),
    })
}

fn fault(kind: FaultKind) -> Fault {
    Fault { kind, line: None, column: None }
}

/// A big-endian number of up to eight bytes.
fn int(bytes: &[u8]) -> Option<usize> {
    let mut value: u64 = 0;
    for b in bytes {
        value = value.checked_mul(256)?.checked_add(u64::from(*b))?;
    }
    usize::try_from(value).ok()
}

struct Plist<'a> {
    /// Everything before the trailer.
    body: &'a [u8],
    offset_size: usize,
    ref_size: usize,
    count: usize,
    table: usize,
    values: usize,
    text: usize,
}

impl<'a> Plist<'a> {
    fn slice(&self, at: usize, len: usize) -> Result<&'a [u8], Fault> {
        at.checked_add(len).and_then(|end| self.body.get(at..end)).ok_or_else(broken)
    }

    fn object(&mut self, index: usize, depth: usize) -> Result<Raw, Fault> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(fault(FaultKind::TooMany(MAX_VALUES)));
        }
        if index >= self.count {
            return Err(broken());
        }
        let at =
            int(self.slice(self.table + index * self.offset_size, self.offset_size)?).ok_or_else(broken)?;
        let marker = *self.slice(at, 1)?.first().ok_or_else(broken)?;
        let low = usize::from(marker & 0x0f);
        Ok(match marker >> 4 {
            0x0 => match low {
                0x8 => Raw::Bool(false),
                0x9 => Raw::Bool(true),
                _ => Raw::Null,
            },
            0x1 => {
                let bytes = self.slice(at + 1, 1 << low.min(4))?;
                integer(bytes)
            }
            0x2 => match low {
                2 => {
                    Raw::Number(self.slice(at + 1, 4)?.try_into().map_or(0.0, f32::from_be_bytes).to_string())
                }
                3 => {
                    Raw::Number(self.slice(at + 1, 8)?.try_into().map_or(0.0, f64::from_be_bytes).to_string())
                }
                _ => Raw::Other("a number of unknown size"),
            },
            0x3 => Raw::Other("a date"),
            0x4 => Raw::Other("binary data"),
            0x5 => {
                let (len, start) = self.length(at, low)?;
                let text = self.slice(start, len)?;
                self.count_text(len)?;
                Raw::Text(String::from_utf8_lossy(text).into_owned())
            }
            0x6 => {
                let (len, start) = self.length(at, low)?;
                let bytes = self.slice(start, len.checked_mul(2).ok_or_else(broken)?)?;
                self.count_text(bytes.len())?;
                let units = bytes.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]]));
                Raw::Text(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect())
            }
            0xa..=0xc => {
                let (len, start) = self.length(at, low)?;
                let refs = self.refs(start, len, depth)?;
                let mut items = Vec::new();
                for r in refs.chunks_exact(self.ref_size) {
                    items.push(self.object(int(r).ok_or_else(broken)?, depth + 1)?);
                }
                Raw::List(items)
            }
            0xd => {
                let (len, start) = self.length(at, low)?;
                let refs = self.refs(start, len.checked_mul(2).ok_or_else(broken)?, depth)?;
                let (keys, values) = refs.split_at(refs.len() / 2);
                let mut members = Vec::new();
                for (k, v) in keys.chunks_exact(self.ref_size).zip(values.chunks_exact(self.ref_size)) {
                    let Raw::Text(name) = self.object(int(k).ok_or_else(broken)?, depth + 1)? else {
                        return Err(fault(FaultKind::Syntax {
                            what: "a dictionary key that is no text".to_owned(),
                            next: "Convert the file with `plutil -convert xml1` to see its content"
                                .to_owned(),
                        }));
                    };
                    let value = self.object(int(v).ok_or_else(broken)?, depth + 1)?;
                    members.push(Member { name, line: 0, value });
                }
                Raw::Map(members)
            }
            0x8 => Raw::Other("an identifier"),
            _ => Raw::Other("a value of unknown type"),
        })
    }

    fn refs(&self, start: usize, count: usize, depth: usize) -> Result<&'a [u8], Fault> {
        if depth >= MAX_DEPTH {
            return Err(fault(FaultKind::TooDeep));
        }
        self.slice(start, count.checked_mul(self.ref_size).ok_or_else(broken)?)
    }

    /// Length of a sized object and where its content begins.
    fn length(&self, at: usize, low: usize) -> Result<(usize, usize), Fault> {
        if low != 0xf {
            return Ok((low, at + 1));
        }
        let marker = *self.slice(at + 1, 1)?.first().ok_or_else(broken)?;
        if marker >> 4 != 1 || marker & 0x0f > 3 {
            return Err(broken());
        }
        let width = 1usize << (marker & 0x0f);
        Ok((int(self.slice(at + 2, width)?).ok_or_else(broken)?, at + 2 + width))
    }

    fn count_text(&mut self, len: usize) -> Result<(), Fault> {
        self.text = self.text.saturating_add(len);
        if self.text <= MAX_SHARED_TEXT + 2 * self.body.len() {
            return Ok(());
        }
        Err(fault(FaultKind::Syntax {
            what: "the same long text stands in it many times".to_owned(),
            next: "No configuration of the app needs that; export the file again".to_owned(),
        }))
    }
}

/// One, two and four bytes are unsigned, eight are signed, sixteen hold an unsigned 64-bit number.
fn integer(bytes: &[u8]) -> Raw {
    match bytes.len() {
        8 => Raw::Integer(bytes.try_into().map_or(0, i64::from_be_bytes)),
        16 => {
            let value = bytes.try_into().map_or(0, i128::from_be_bytes);
            i64::try_from(value).map_or_else(|_| Raw::Number(value.to_string()), Raw::Integer)
        }
        _ => Raw::Integer(int(bytes).and_then(|n| i64::try_from(n).ok()).unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    fn write(value: &plist::Value) -> Vec<u8> {
        let mut out = Vec::new();
        value.to_writer_binary(&mut out).unwrap();
        out
    }

    fn arbitrary() -> impl Strategy<Value = plist::Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(plist::Value::Boolean),
            any::<i64>().prop_map(|n| plist::Value::Integer(n.into())),
            "[a-zA-Zäöü€𝄞 ]{0,40}".prop_map(plist::Value::String),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..20).prop_map(plist::Value::Array),
                prop::collection::btree_map("[a-z]{1,8}", inner, 0..20)
                    .prop_map(|m| plist::Value::Dictionary(m.into_iter().collect())),
            ]
        })
    }

    fn same(raw: &Raw, value: &plist::Value) -> bool {
        match (raw, value) {
            (Raw::Bool(a), plist::Value::Boolean(b)) => a == b,
            (Raw::Integer(a), plist::Value::Integer(b)) => b.as_signed() == Some(*a),
            (Raw::Text(a), plist::Value::String(b)) => a == b,
            (Raw::List(a), plist::Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Raw::Map(a), plist::Value::Dictionary(b)) => {
                a.len() == b.len() && a.iter().all(|m| b.get(&m.name).is_some_and(|v| same(&m.value, v)))
            }
            _ => false,
        }
    }

    /// A file of `depth` one-element lists, or of lists that all hold the next one `width` times.
    fn lists(depth: usize, width: usize, own: bool) -> Vec<u8> {
        let mut out = b"bplist00".to_vec();
        let mut offsets = Vec::new();
        for i in 0..depth {
            offsets.push(out.len());
            let next = if own { i } else { (i + 1).min(depth - 1) };
            out.push(if i + 1 == depth && !own { 0xa0 } else { 0xa0 | u8::try_from(width).unwrap() });
            if i + 1 < depth || own {
                for _ in 0..width {
                    out.extend(u32::try_from(next).unwrap().to_be_bytes());
                }
            }
        }
        let table = out.len();
        for o in &offsets {
            out.extend(u32::try_from(*o).unwrap().to_be_bytes());
        }
        out.extend([0, 0, 0, 0, 0, 0, 4, 4]);
        for n in [depth, 0, table] {
            out.extend((n as u64).to_be_bytes());
        }
        out
    }

    #[test]
    fn bombs_and_cycles_end_at_a_limit() {
        assert!(parse(&lists(10, 1, false)).is_ok());
        assert_eq!(parse(&lists(100_000, 1, false)).unwrap_err().kind, FaultKind::TooDeep);
        assert_eq!(parse(&lists(40, 10, false)).unwrap_err().kind, FaultKind::TooMany(MAX_VALUES));
        assert_eq!(parse(&lists(1, 1, true)).unwrap_err().kind, FaultKind::TooDeep);
    }

    proptest! {
        #[test]
        fn reads_what_another_writer_wrote(value in arbitrary()) {
            prop_assert!(same(&parse(&write(&value)).unwrap(), &value));
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
            bytes.splice(0..0, *b"bplist00");
            let _ = parse(&bytes);
        }

        #[test]
        fn damaged_files_are_read_or_refused(value in arbitrary(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = write(&value);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = parse(&bytes);
        }
    }
}
