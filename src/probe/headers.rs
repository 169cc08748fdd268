//! Which response headers are kept with their values: a list of names in `rules/headers.toml`.

use crate::rules::headers::Headers;

use super::sanitise;

/// Characters of a value that are kept.
const VALUE: usize = 512;
/// Headers with values that are kept.
const KEPT: usize = 64;
/// Header names that are kept.
const NAMES: usize = 100;

/// The allow-listed ones among these headers (lower-case names, sanitised values), and the names
/// of all of them.
pub(super) fn keep<'a>(
    allowed: &Headers,
    headers: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> (Vec<(String, String)>, Vec<String>) {
    let (mut kept, mut names) = (Vec::new(), Vec::new());
    for (name, value) in headers {
        let name = sanitise::line(&name.to_ascii_lowercase(), 64);
        let value = String::from_utf8_lossy(value);
        if kept.len() < KEPT
            && let Some(value) = allowed.kept(&name, &value)
        {
            kept.push((name.clone(), sanitise::line(&value, VALUE)));
        }
        if names.len() < NAMES && !names.contains(&name) {
            names.push(name);
        }
    }
    (kept, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_other_headers_are_not_kept() {
        let headers: [(&str, &[u8]); 3] = [
            ("Set-Cookie", b"session=1"),
            ("Server", b"x\x1b[31m\r\ny"),
            ("Location", b"/login?code=1#token"),
        ];
        let (kept, names) = keep(&Headers::embedded().unwrap_or_default(), headers.into_iter());
        let expected = [("server", "x  y"), ("location", "/login")];
        assert_eq!(kept, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert_eq!(names, ["set-cookie", "server", "location"]);
    }
}
