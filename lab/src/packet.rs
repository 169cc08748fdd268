//! IP packets with TCP inside: read, and written where a box answers in somebody's place.

use std::net::IpAddr;

/// Flag of the last segment.
pub const FIN: u8 = 1;
/// Flag of the first segment.
pub const SYN: u8 = 2;
/// Flag of a reset.
pub const RST: u8 = 4;
/// Flag of a segment that acknowledges.
pub const ACK: u8 = 16;

/// A TCP segment as it stands in an IP packet.
#[derive(Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Sender.
    pub source: IpAddr,
    /// Receiver.
    pub destination: IpAddr,
    /// Sender's port.
    pub source_port: u16,
    /// Receiver's port.
    pub destination_port: u16,
    /// Place of the first byte.
    pub sequence: u32,
    /// The next byte wanted.
    pub acknowledgement: u32,
    flags: u8,
    /// The bytes.
    pub payload: &'a [u8],
}

impl<'a> Segment<'a> {
    /// Reads a packet; none when it is not TCP directly over IP.
    pub fn read(packet: &'a [u8]) -> Option<Self> {
        let (source, destination, tcp) = match packet.first()? >> 4 {
            4 => {
                let header = usize::from(packet.first()? & 15) * 4;
                let total = usize::from(word(packet, 2)?);
                let fragment = word(packet, 6)? & 0x3fff;
                if *packet.get(9)? != 6 || fragment != 0 {
                    return None;
                }
                let source: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
                let destination: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
                (IpAddr::from(source), IpAddr::from(destination), packet.get(header..total)?)
            }
            6 => {
                if *packet.get(6)? != 6 {
                    return None;
                }
                let source: [u8; 16] = packet.get(8..24)?.try_into().ok()?;
                let destination: [u8; 16] = packet.get(24..40)?.try_into().ok()?;
                let total = 40 + usize::from(word(packet, 4)?);
                (IpAddr::from(source), IpAddr::from(destination), packet.get(40..total)?)
            }
            _ => return None,
        };
        let header = usize::from(tcp.get(12)? >> 4) * 4;
        Some(Self {
            source,
            destination,
            source_port: word(tcp, 0)?,
            destination_port: word(tcp, 2)?,
            sequence: double_word(tcp, 4)?,
            acknowledgement: double_word(tcp, 8)?,
            flags: *tcp.get(13)?,
            payload: tcp.get(header..)?,
        })
    }

    /// Whether a flag is set.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn double_word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A RST from one end to the other.
pub fn reset(
    from: (IpAddr, u16),
    to: (IpAddr, u16),
    sequence: u32,
    acknowledgement: u32,
    flags: u8,
) -> Vec<u8> {
    build(from, to, sequence, acknowledgement, flags, &[])
}

/// A packet with checksums. Both ends are of one family.
pub fn build(
    from: (IpAddr, u16),
    to: (IpAddr, u16),
    sequence: u32,
    acknowledgement: u32,
    flags: u8,
    payload: &[u8],
) -> Vec<u8> {
    let mut tcp = Vec::with_capacity(20 + payload.len());
    tcp.extend(from.1.to_be_bytes());
    tcp.extend(to.1.to_be_bytes());
    tcp.extend(sequence.to_be_bytes());
    tcp.extend(acknowledgement.to_be_bytes());
    // Five words of header, a window, no checksum yet, no urgent data.
    tcp.extend([5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend(payload);
    let length = u16::try_from(tcp.len()).unwrap_or(u16::MAX);
    let mut addresses = Vec::with_capacity(32);
    for address in [from.0, to.0] {
        match address {
            IpAddr::V4(v4) => addresses.extend(v4.octets()),
            IpAddr::V6(v6) => addresses.extend(v6.octets()),
        }
    }
    let sum = checksum(&[&addresses, &[0, 6], &length.to_be_bytes(), &tcp]);
    tcp[16..18].copy_from_slice(&sum.to_be_bytes());
    let mut packet = Vec::with_capacity(40 + tcp.len());
    if from.0.is_ipv4() {
        packet.extend([0x45, 0]);
        packet.extend((20 + length).to_be_bytes());
        // No identification, do not fragment, 64 hops, TCP, no checksum yet.
        packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        packet.extend(&addresses);
        let sum = checksum(&[&packet]);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
    } else {
        packet.extend([0x60, 0, 0, 0]);
        packet.extend(length.to_be_bytes());
        packet.extend([6, 64]);
        packet.extend(&addresses);
    }
    packet.extend(tcp);
    packet
}

/// The internet checksum over parts, of which all but the last have an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0u64;
    for part in parts {
        for pair in part.chunks(2) {
            sum += u64::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
        }
    }
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The name in a ClientHello; `record` is its whole TLS record (RFC 8446 4.1.2, RFC 6066 3).
pub fn server_name(record: &[u8]) -> Option<String> {
    let hello = record.get(5..)?;
    if *hello.first()? != 1 {
        return None;
    }
    // Header, version, random.
    let mut at = 4 + 2 + 32;
    at += 1 + usize::from(*hello.get(at)?);
    at += 2 + usize::from(word(hello, at)?);
    at += 1 + usize::from(*hello.get(at)?);
    let end = at + 2 + usize::from(word(hello, at)?);
    at += 2;
    while at + 4 <= end {
        let (kind, length) = (word(hello, at)?, usize::from(word(hello, at + 2)?));
        if kind == 0 {
            // A list with one entry: its length, the kind of name, the name's length, the name.
            let name = usize::from(word(hello, at + 7)?);
            return Some(String::from_utf8_lossy(hello.get(at + 9..at + 9 + name)?).into_owned());
        }
        at += 4 + length;
    }
    None
}

/// Whether a segment that begins with a TLS record holds an encrypted one. The change of cipher that
/// a client may send in the middle of the handshake is none (RFC 8446, D.4).
pub fn has_data_record(payload: &[u8]) -> bool {
    let mut at = 0;
    while let Some(&kind) = payload.get(at) {
        if kind == 23 {
            return true;
        }
        let Some(length) = word(payload, at + 3) else { return false };
        at += 5 + usize::from(length);
    }
    false
}

/// A small ClientHello with this name.
pub fn sample_hello(name: &str) -> Vec<u8> {
    let length = |n: usize| u16::try_from(n).unwrap_or_default().to_be_bytes();
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    // No session, one cipher suite, no compression.
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    let mut extension = vec![0, 0];
    extension.extend(length(name.len() + 5));
    extension.extend(length(name.len() + 3));
    extension.push(0);
    extension.extend(length(name.len()));
    extension.extend(name.as_bytes());
    body.extend(length(extension.len()));
    body.extend(extension);
    let mut record = vec![22, 3, 1];
    record.extend(length(body.len() + 4));
    record.extend([1, 0]);
    record.extend(length(body.len()));
    record.extend(body);
    record
}
