//! Base64 (RFC 4648): what AWS streams wrap their messages in, and what Google's tokens are made of.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The standard alphabet, with padding.
#[cfg(test)]
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = url(bytes).replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// The alphabet for URLs, without padding.
pub(super) fn url(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0_u8; 3];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        let number = u32::from_be_bytes([0, word[0], word[1], word[2]]);
        for n in 0..=chunk.len() {
            let index = (number >> (18 - 6 * n)) & 63;
            out.push(match ALPHABET.get(index as usize) {
                Some(b'+') | None => '-',
                Some(b'/') => '_',
                Some(c) => char::from(*c),
            });
        }
    }
    out
}

/// Decodes either alphabet, with or without padding; nothing where a character is neither.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut number, mut bits) = (0_u32, 0_u32);
    for c in text.trim_end_matches('=').bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        number = (number << 6 | u32::from(value)) & 0xff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((number >> bits) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_standard() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded).as_deref(), Some(plain.as_bytes()));
        }
        assert_eq!(url(&[0xff, 0xfe]), "__4");
        assert_eq!(decode("a b"), None);
    }
}
