//! Finds a secret in bytes: as it is, and in every encoding that HTTP clients use.

use crate::Outcome;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const FOR_URLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What to look for: bytes, and a name for a message.
pub struct Needles(Vec<(Vec<u8>, String)>);

impl Needles {
    /// Secrets: plain, hexadecimal, and base64 in both alphabets at whatever place inside a longer text.
    /// Percent-encoding is undone in what is searched.
    pub fn new(secrets: &[&str]) -> Self {
        let mut needles = Vec::new();
        for secret in secrets {
            let mut add = |bytes: Vec<u8>, how: &str| {
                needles.push((bytes.to_ascii_lowercase(), format!("the secret ({how})")));
            };
            add(secret.as_bytes().to_vec(), "plain");
            add(secret.bytes().map(|b| format!("{b:02x}")).collect::<String>().into_bytes(), "hexadecimal");
            for (alphabet, how) in [(STANDARD, "base64"), (FOR_URLS, "base64url")] {
                for before in 0..3 {
                    add(core_of_base64(secret.as_bytes(), before, alphabet), how);
                }
            }
        }
        Self(needles)
    }

    /// A text that only something secret has beside it.
    #[must_use]
    pub fn and_text(mut self, text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        self.0.push((lower.clone().into_bytes(), format!("`{}`", lower.trim())));
        self
    }

    /// What of it these bytes hold.
    pub fn in_bytes(&self, bytes: &[u8]) -> Option<&str> {
        let lower = |bytes: &[u8]| bytes.to_ascii_lowercase();
        let texts = [lower(bytes), lower(&without_percent(bytes)), lower(&without_backslashes(bytes))];
        let holds = |needle: &[u8]| {
            texts.iter().any(|text| text.windows(needle.len()).any(|window| window == needle))
        };
        self.0.iter().find(|(needle, _)| holds(needle)).map(|(_, what)| what.as_str())
    }
}

/// The characters of base64 that depend on the secret alone, where `before` bytes (modulo 3) come before it
/// and anything may follow.
fn core_of_base64(secret: &[u8], before: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let bytes = [&vec![0; before][..], secret].concat();
    let bits: Vec<bool> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1 == 1)).collect();
    let sextet = |bits: &[bool]| bits.iter().fold(0usize, |value, bit| value << 1 | usize::from(*bit));
    let whole = bits.chunks_exact(6).map(|bits| alphabet[sextet(bits)]);
    whole.skip((before * 8).div_ceil(6)).collect()
}

fn without_percent(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = digits.filter(|_| bytes[at] == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    out
}

fn without_backslashes(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte != b'\\').collect()
}

/// Shows that the search finds what it must, and nothing else.
pub fn self_check() -> Outcome<()> {
    let needles = Needles::new(&["k/e+y=~12345"]).and_text("\nauthorization:");
    // The base64 texts were made with another program, of `k/e+y=~12345` after 0, 1 and 2 bytes.
    let held = [
        "GET /?a=k/e+y=~12345 HTTP/1.1",
        "GET /?a=k%2Fe%2by%3D%7E12345 HTTP/1.1",
        "{\"key\":\"k\\/e+y=~12345\"}",
        "Basic ay9lK3k9fjEyMzQ1",
        "Basic OmsvZSt5PX4xMjM0NQ==",
        "Basic dTprL2UreT1-MTIzNDU6",
        "Basic dTprL2UreT1+MTIzNDU6",
        "6b2f652b793d7e3132333435",
        "GET / HTTP/1.1\r\nAuthorization: Bearer x",
    ];
    for text in held {
        needles.in_bytes(text.as_bytes()).ok_or_else(|| format!("the search finds no secret in {text}"))?;
    }
    for text in ["k/e+y=~1234", "ay9lK3k9fjEyMz", "the authorization: none", ""] {
        if let Some(what) = needles.in_bytes(text.as_bytes()) {
            return Err(format!("the search finds {what} in {text}"));
        }
    }
    Ok(())
}
