//! Bytes into lines: bounded, whatever their encoding, and whether they have line ends or not.

use std::io::{self, BufRead, BufReader, Read};

/// Bytes of a line that are handed on at a time; longer lines come in pieces.
const PIECE: u64 = 16 * 1024;
/// Pieces of one line that are looked at.
const PIECES: u32 = 64;
/// The end of a piece that the next one begins with, so that nothing is cut in two.
const OVERLAP: usize = 256;
/// Bytes that are read at a time.
const CHUNK: usize = 256 * 1024;

/// A line, or a piece of one.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Its bytes, without the line end.
    pub bytes: &'a [u8],
    /// Its number, from 1.
    pub number: u64,
    /// It goes on with the line of the piece before.
    pub goes_on: bool,
}

/// What was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Lines so long that their end was passed over.
    pub cut: u64,
    /// The encoding, where it is not UTF-8 or a code page above ASCII.
    pub encoding: Option<&'static str>,
}

/// Why bytes could not be read as lines.
#[derive(Debug, thiserror::Error)]
pub enum LinesError {
    /// They are no text.
    #[error("it is not text")]
    NotText,
    /// The operating system's reason.
    #[error("{0}")]
    Read(#[from] io::Error),
}

/// Hands every line of `input` to `take`.
///
/// # Errors
/// Bytes that are no text; what the input answers. Lines before the error were handed on.
pub fn read(input: impl Read, mut take: impl FnMut(Line<'_>)) -> Result<Totals, LinesError> {
    let mut input = BufReader::with_capacity(CHUNK, input);
    let start = input.fill_buf()?;
    let (skip, order, encoding) = match start {
        [0xef, 0xbb, 0xbf, ..] => (3, None, None),
        [0xff, 0xfe, ..] => (2, Some(Order::Little), Some("UTF-16")),
        [0xfe, 0xff, ..] => (2, Some(Order::Big), Some("UTF-16")),
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => (0, Some(Order::Little), Some("UTF-16")),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => (0, Some(Order::Big), Some("UTF-16")),
        _ => (0, None, None),
    };
    if order.is_none() && !is_text(start) {
        return Err(LinesError::NotText);
    }
    input.consume(skip);
    let mut totals = Totals { encoding, bytes: skip as u64, ..Totals::default() };
    match order {
        None => split(input, &mut totals, &mut take)?,
        Some(order) => {
            let decoder = Utf16 { input, order, pending: None, odd: None, out: Vec::new(), at: 0 };
            split(BufReader::with_capacity(CHUNK, decoder), &mut totals, &mut take)?;
        }
    }
    Ok(totals)
}

/// A few bytes that no text has, such as those of a log after a crash, are passed over.
fn is_text(start: &[u8]) -> bool {
    let start = start.get(..start.len().min(8192)).unwrap_or_default();
    let odd = |b: &&u8| **b < 0x20 && !matches!(**b, b'\t' | b'\n' | b'\r' | 0x1b | 0x08 | 0x0c);
    start.iter().filter(odd).count() * 20 <= start.len()
}

fn split(
    mut input: impl BufRead,
    totals: &mut Totals,
    take: &mut impl FnMut(Line<'_>),
) -> Result<(), io::Error> {
    let mut line: Vec<u8> = Vec::with_capacity(4096);
    // Pieces of the line that is being read.
    let mut pieces = 0_u32;
    loop {
        if pieces == 0 {
            line.clear();
        }
        let read = input.by_ref().take(PIECE).read_until(b'\n', &mut line)?;
        totals.bytes += read as u64;
        if read == 0 {
            return Ok(());
        }
        if pieces == 0 {
            totals.lines += 1;
        }
        let ends = line.last() == Some(&b'\n');
        let mut bytes = line.as_slice();
        if ends {
            bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        }
        if pieces < PIECES {
            take(Line { bytes, number: totals.lines, goes_on: pieces > 0 });
        } else if pieces == PIECES {
            totals.cut += 1;
        }
        if ends {
            pieces = 0;
        } else {
            pieces = pieces.saturating_add(1);
            let keep = if pieces < PIECES { line.len().saturating_sub(OVERLAP) } else { line.len() };
            line.drain(..keep);
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Little,
    Big,
}

/// UTF-16 as UTF-8, unit by unit.
struct Utf16<R> {
    input: R,
    order: Order,
    /// The first half of a character.
    pending: Option<u16>,
    /// The first byte of a unit.
    odd: Option<u8>,
    out: Vec<u8>,
    at: usize,
}

impl<R: BufRead> Utf16<R> {
    fn push(&mut self, unit: u16) {
        let units = self.pending.take().into_iter().chain([unit]);
        for decoded in char::decode_utf16(units) {
            let c = match decoded {
                Ok(c) => c,
                Err(half) if half.unpaired_surrogate() == unit && (0xd800..0xdc00).contains(&unit) => {
                    self.pending = Some(unit);
                    continue;
                }
                Err(_) => char::REPLACEMENT_CHARACTER,
            };
            let mut buffer = [0_u8; 4];
            self.out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        }
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() {
            self.out.clear();
            self.at = 0;
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                // An odd byte at the end says nothing.
                return Ok(0);
            }
            let used = chunk.len();
            let bytes: Vec<u8> = self.odd.take().into_iter().chain(chunk.iter().copied()).collect();
            self.input.consume(used);
            let pairs = bytes.chunks_exact(2);
            self.odd = pairs.remainder().first().copied();
            for pair in pairs {
                let pair = [pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)];
                self.push(match self.order {
                    Order::Little => u16::from_le_bytes(pair),
                    Order::Big => u16::from_be_bytes(pair),
                });
            }
        }
        let rest = self.out.get(self.at..).unwrap_or_default();
        let length = rest.len().min(target.len());
        if let (Some(to), Some(from)) = (target.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lines(bytes: &[u8]) -> (Vec<(u64, bool, String)>, Totals) {
        let mut found = Vec::new();
        let totals = read(bytes, |line| {
            found.push((line.number, line.goes_on, String::from_utf8_lossy(line.bytes).into_owned()));
        });
        (found, totals.unwrap())
    }

    #[test]
    fn every_encoding_and_line_end_is_read() {
        let plain = |text: &str| -> Vec<(u64, bool, String)> {
            text.lines().zip(1..).map(|(line, n)| (n, false, line.to_owned())).collect()
        };
        let text = "first\r\nsecond \u{1f600}\n\nlast";
        assert_eq!(lines(text.as_bytes()).0, plain(text));
        assert_eq!(lines(&[b"\xef\xbb\xbf", text.as_bytes()].concat()).0, plain(text));
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|u| u.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|u| u.to_be_bytes()).collect();
        for bytes in
            [[b"\xff\xfe".as_slice(), &little].concat(), [b"\xfe\xff".as_slice(), &big].concat(), little, big]
        {
            let (found, totals) = lines(&bytes);
            assert_eq!((found, totals.encoding), (plain(text), Some("UTF-16")));
        }
        assert_eq!(lines(b"caf\xe9 x\n").0, plain("caf\u{fffd} x"));
        assert_eq!(lines(b"").0, plain(""));
        // Half a character, half a unit.
        assert_eq!(lines(b"\xff\xfea\0\x3d\xd8b\0c").0, plain("a\u{fffd}b"));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(matches!(read(&[0_u8; 9000][..], |_| ()), Err(LinesError::NotText)));
        assert!(matches!(read(&b"\x7fELF\x02\x01\x01\0\0\0"[..], |_| ()), Err(LinesError::NotText)));
        assert!(read(&b"\x1b[31mred\x1b[0m\n"[..], |_| ()).is_ok());
    }

    #[test]
    fn a_line_without_an_end_comes_in_pieces_and_is_cut() {
        let long = io::repeat(b'x').take(40 * 1024 * 1024).chain(&b"\nnext\n"[..]);
        let (mut pieces, mut most, mut last) = (0, 0, 0);
        let totals = read(long, |line| {
            pieces += 1;
            most = most.max(line.bytes.len());
            last = line.number;
        })
        .unwrap();
        assert_eq!((pieces, last), (PIECES + 1, 2));
        assert!(most <= 16 * 1024 + OVERLAP);
        assert_eq!((totals.lines, totals.cut), (2, 1));
    }
}
