//! Just enough of BER for a signed message, with definite and indefinite lengths. Every step is bounded
//! by the bytes at hand, by a depth and by a count.
//!
//! Tags and lengths are read by `asn1-rs`. Its readers of whole elements are not used: they look for the
//! end of an indefinite length by recursion and do not count, so that each of fifty levels costs a walk
//! over all of a crafted file.

use x509_parser::asn1_rs::{FromBer, Header, Length};
use x509_parser::nom;

/// Deepest nesting that is followed; a signed message needs a handful.
pub(super) const MAX_DEPTH: usize = 32;

/// Most element headers of one message that are read. A streamed message of 16 MiB comes in some
/// sixteen thousand parts, and each level of an indefinite length walks over them again.
const MAX_ELEMENTS: usize = 1_000_000;

/// Most elements side by side that are kept.
const MAX_SIBLINGS: usize = 10_000;

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
pub(super) const OID: u8 = 0x06;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
const OCTETS_IN_PARTS: u8 = 0x24;
/// `[0]`, constructed.
pub(super) const CONTEXT_0: u8 = 0xa0;

/// Why bytes are no BER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The bytes end inside an element.
    CutOff,
    /// A length or tag that no writer makes.
    Malformed,
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// More than [`MAX_ELEMENTS`] elements.
    TooMany,
}

/// One element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    /// The tag's single byte.
    pub tag: u8,
    /// Its content, without an indefinite length's end mark.
    pub content: &'a [u8],
    /// The element with its header, and its end mark where it has one.
    pub whole: &'a [u8],
}

/// Reads elements one after the other, and counts them.
pub(super) struct Reader {
    left: usize,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { left: MAX_ELEMENTS }
    }

    /// The first element of `bytes` and what follows it.
    pub(super) fn element<'a>(&mut self, bytes: &'a [u8]) -> Result<(Element<'a>, &'a [u8]), Broken> {
        // The end of a definite element needs no search; an indefinite one ends at the mark on its level.
        let mut depth = 0;
        let (header, length) = self.header(bytes)?;
        let tag = *bytes.first().ok_or(Broken::CutOff)?;
        if let Some(length) = length {
            let end = header.checked_add(length).ok_or(Broken::Malformed)?;
            let content = bytes.get(header..end).ok_or(Broken::CutOff)?;
            let whole = bytes.get(..end).ok_or(Broken::CutOff)?;
            return Ok((Element { tag, content, whole }, bytes.get(end..).unwrap_or_default()));
        }
        let mut at = header;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            if let [0, 0, ..] = rest {
                at += 2;
                if depth == 0 {
                    let content = bytes.get(header..at - 2).unwrap_or_default();
                    let whole = bytes.get(..at).unwrap_or_default();
                    return Ok((Element { tag, content, whole }, bytes.get(at..).unwrap_or_default()));
                }
                depth -= 1;
                continue;
            }
            let (header, length) = self.header(rest)?;
            match length {
                Some(length) => {
                    at = at
                        .checked_add(header)
                        .and_then(|at| at.checked_add(length))
                        .ok_or(Broken::Malformed)?;
                    if at > bytes.len() {
                        return Err(Broken::CutOff);
                    }
                }
                None => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Err(Broken::TooDeep);
                    }
                    at += header;
                }
            }
        }
    }

    /// The length of a header, and of the content where it is definite.
    fn header(&mut self, bytes: &[u8]) -> Result<(usize, Option<usize>), Broken> {
        self.left = self.left.checked_sub(1).ok_or(Broken::TooMany)?;
        let (rest, header) = Header::from_ber(bytes).map_err(|error| match error {
            nom::Err::Incomplete(_) => Broken::CutOff,
            _ => Broken::Malformed,
        })?;
        // Tags of several bytes stand in no signed message, and an end mark only where it ends something.
        if matches!(bytes.first(), None | Some(0)) || header.raw_tag().is_none_or(|tag| tag.len() != 1) {
            return Err(Broken::Malformed);
        }
        let length = match header.length() {
            Length::Definite(length) => Some(length),
            Length::Indefinite if header.is_constructed() => None,
            Length::Indefinite => return Err(Broken::Malformed),
        };
        Ok((bytes.len() - rest.len(), length))
    }

    /// The elements of `content`, in order.
    pub(super) fn all<'a>(&mut self, mut content: &'a [u8]) -> Result<Vec<Element<'a>>, Broken> {
        let mut elements = Vec::new();
        while !content.is_empty() {
            let (element, rest) = self.element(content)?;
            if elements.len() >= MAX_SIBLINGS {
                return Err(Broken::TooMany);
            }
            elements.push(element);
            content = rest;
        }
        Ok(elements)
    }

    /// The bytes of an octet string, whole or in parts.
    pub(super) fn octets(&mut self, element: &Element<'_>, out: &mut Vec<u8>) -> Result<(), Broken> {
        self.octets_at(element, out, 0)
    }

    fn octets_at(&mut self, element: &Element<'_>, out: &mut Vec<u8>, depth: usize) -> Result<(), Broken> {
        if depth > MAX_DEPTH {
            return Err(Broken::TooDeep);
        }
        match element.tag {
            OCTETS => out.extend_from_slice(element.content),
            OCTETS_IN_PARTS => {
                let mut rest = element.content;
                while !rest.is_empty() {
                    let (part, after) = self.element(rest)?;
                    self.octets_at(&part, out, depth + 1)?;
                    rest = after;
                }
            }
            _ => return Err(Broken::Malformed),
        }
        Ok(())
    }
}
