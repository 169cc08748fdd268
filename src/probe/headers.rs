//! Which response headers are kept with their values: a list of names in `rules/headers.toml`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::sanitise;

/// Characters of a value that are kept.
const VALUE: usize = 512;
/// Headers with values that are kept.
const KEPT: usize = 64;
/// Header names that are kept.
const NAMES: usize = 100;

static ALLOWED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    // Embedded and held by a test, so this cannot fail; were it to, only names would be kept.
    let table: toml::Table = include_str!("../../rules/headers.toml").parse().unwrap_or_default();
    table
        .values()
        .filter_map(toml::Value::as_array)
        .flatten()
        .filter_map(toml::Value::as_str)
        .map(str::to_owned)
        .collect()
});

/// The allow-listed ones among these headers (lower-case names, sanitised values), and the names
/// of all of them.
pub(super) fn keep<'a>(
    headers: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> (Vec<(String, String)>, Vec<String>) {
    let (mut kept, mut names) = (Vec::new(), Vec::new());
    for (name, value) in headers {
        let name = sanitise::line(&name.to_ascii_lowercase(), 64);
        if kept.len() < KEPT && ALLOWED.contains(&name) {
            kept.push((name.clone(), sanitise::line(&String::from_utf8_lossy(value), VALUE)));
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
    fn the_embedded_list_is_complete_and_lower_case() {
        assert!(ALLOWED.len() > 30);
        assert!(ALLOWED.iter().all(|n| !n.is_empty() && *n == n.to_ascii_lowercase()));
        for name in ["server", "date", "www-authenticate", "proxy-authenticate", "x-squid-error"] {
            assert!(ALLOWED.contains(name), "{name}");
        }
        for secret in ["set-cookie", "authorization", "cookie"] {
            assert!(!ALLOWED.contains(secret), "{secret}");
        }
    }

    #[test]
    fn values_of_other_headers_are_not_kept() {
        let headers: [(&str, &[u8]); 2] = [("Set-Cookie", b"session=1"), ("Server", b"x\x1b[31m\r\ny")];
        let (kept, names) = keep(headers.into_iter());
        assert_eq!(kept, [("server".to_owned(), "x  y".to_owned())]);
        assert_eq!(names, ["set-cookie", "server"]);
    }
}
