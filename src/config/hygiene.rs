//! Keeps credentials out of everything that can be shown, and tells placeholders from values.

use std::collections::BTreeMap;

use super::secret::{NOT_INCLUDED, Secret};
use super::value::{Configuration, Value};
use crate::text::token::{HIDDEN, without_tokens, without_tokens_of};

/// Turns everything at the dotted `pattern` into secrets; `*` stands for any member or element. An
/// empty pattern means the whole value.
///
/// Text in the place of the object that the pattern would open is a secret too when only `*`
/// remains: a map of headers written as one line of text is as secret as the map.
pub(crate) fn hide(value: Value, pattern: &str) -> Value {
    let segments: Vec<&str> = pattern.split('.').filter(|s| !s.is_empty()).collect();
    hide_at(value, &segments)
}

fn hide_at(value: Value, pattern: &[&str]) -> Value {
    if pattern.iter().all(|s| *s == "*") && !matches!(value, Value::List(_) | Value::Map(_)) {
        return secret(value);
    }
    let Some((first, rest)) = pattern.split_first() else { return hide_all(value) };
    match value {
        Value::Map(map) => Value::Map(
            map.into_iter()
                .map(|(name, inner)| {
                    let hit = *first == "*" || first.eq_ignore_ascii_case(&name);
                    let inner = if hit { hide_at(inner, rest) } else { inner };
                    (name, inner)
                })
                .collect(),
        ),
        Value::List(items) if *first == "*" => {
            Value::List(items.into_iter().map(|i| hide_at(i, rest)).collect())
        }
        // A list where the pattern expects an object: every element may be that object.
        Value::List(items) => Value::List(items.into_iter().map(|i| hide_at(i, pattern)).collect()),
        other => other,
    }
}

fn hide_all(value: Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(hide_all).collect()),
        Value::Map(map) => {
            Value::Map(map.into_iter().map(|(k, v)| (k, hide_all(v))).collect::<BTreeMap<_, _>>())
        }
        other => secret(other),
    }
}

fn secret(value: Value) -> Value {
    match value {
        Value::Text(text) => Value::Secret(Secret::new(text)),
        Value::Integer(number) => Value::Secret(Secret::new(number.to_string())),
        Value::Number(text) => Value::Secret(Secret::new(text)),
        other => other,
    }
}

/// Turns text that gives itself away as a credential into a secret, wherever it stands: a token by
/// its beginning, a header's value, what follows a flag such as `--api-key`, a member whose name says
/// so.
pub(crate) fn hide_lookalikes(value: Value) -> Value {
    match value {
        Value::Text(text) if looks_secret(&text) => Value::Secret(Secret::new(text)),
        Value::List(items) => {
            let mut flagged = false;
            let hidden = items.into_iter().map(|item| {
                let now = std::mem::replace(&mut flagged, matches!(&item, Value::Text(t) if is_flag(t)));
                if now { hide_all(item) } else { hide_lookalikes(item) }
            });
            Value::List(hidden.collect())
        }
        Value::Map(map) => {
            let hidden = map.into_iter().map(|(name, inner)| {
                let word = matches!(&inner, Value::Text(t) if t.len() > 12 || t.bytes().any(|b| !matches!(b, b'a'..=b'z' | b'-')));
                let inner = if word && names_secret(&name) { secret(inner) } else { hide_lookalikes(inner) };
                (name, inner)
            });
            Value::Map(hidden.collect())
        }
        other => other,
    }
}

/// Whether some part of the value is a secret.
pub(crate) fn has_secret(value: &Value) -> bool {
    match value {
        Value::Secret(_) => true,
        Value::List(items) => items.iter().any(has_secret),
        Value::Map(map) => map.values().any(has_secret),
        _ => false,
    }
}

/// Beginnings of tokens that well-known issuers give out.
const TOKENS: [&str; 14] = [
    "sk-",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "ASIA",
    "AIza",
    "hf_",
    "tvly-",
];

/// Whether a text gives itself away as a credential.
pub(crate) fn looks_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let scheme = ["bearer ", "basic "].iter().any(|s| {
        lower.split_once(s).is_some_and(|(before, rest)| {
            let begins = before.is_empty() || before.ends_with(|c: char| !c.is_alphanumeric());
            begins && rest.split_whitespace().next().is_some_and(|w| w.len() >= 6)
        })
    });
    let token = |word: &str| {
        let known = TOKENS.iter().any(|t| word.strip_prefix(t).is_some_and(|rest| rest.len() >= 12))
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        let jwt = word.len() >= 30 && word.starts_with("eyJ") && word.contains('.');
        known || jwt
    };
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | ':' | ',' | ';'));
    let assigned = text.split_once(['=', ':']).is_some_and(|(name, rest)| {
        !name.contains(char::is_whitespace)
            && !rest.trim().is_empty()
            && !rest.starts_with("//")
            && names_secret(name)
    });
    text == NOT_INCLUDED || scheme || words.into_iter().any(token) || assigned
}

/// Text without what may be a token in its addresses: part of a path, a query, a fragment.
pub(crate) fn masked(text: &str) -> String {
    without_tokens(text, HIDDEN)
}

/// The value of the key `name` as others may read it: beside the secrets, nothing of an argument of a
/// program but bare options, and nothing of an address that may be a token.
pub(crate) fn for_readers(name: &str, value: &Value) -> Value {
    concealed(name, value, HIDDEN)
}

/// The value of the key `name` for a file that is written without its secrets.
pub(crate) fn for_file(name: &str, value: &Value) -> Value {
    concealed(name, value, NOT_INCLUDED)
}

fn concealed(name: &str, value: &Value, mark: &str) -> Value {
    match value {
        Value::List(items) if names_arguments(name) => Value::List(items.iter().map(argument).collect()),
        // One line of arguments instead of a list.
        Value::Text(text) if names_arguments(name) && !text.is_empty() => {
            Value::Secret(Secret::new(text.clone()))
        }
        Value::Text(text) if names_url(name) => Value::Text(without_tokens_of(text, mark)),
        Value::Text(text) => Value::Text(without_tokens(text, mark)),
        Value::List(items) => Value::List(items.iter().map(|item| concealed("", item, mark)).collect()),
        Value::Map(map) => {
            Value::Map(map.iter().map(|(name, inner)| (name.clone(), concealed(name, inner, mark))).collect())
        }
        Value::Bool(_) | Value::Integer(_) | Value::Number(_) | Value::Secret(_) => value.clone(),
    }
}

/// Whether a key or member of this name holds the arguments of a program.
fn names_arguments(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with("args") || lower.ends_with("arguments")
}

/// Whether something of the value is an argument that is not shown.
pub(crate) fn has_arguments(name: &str, value: &Value) -> bool {
    match value {
        Value::Text(_) => names_arguments(name),
        Value::List(items) => names_arguments(name) || items.iter().any(|i| has_arguments("", i)),
        Value::Map(map) => map.iter().any(|(name, inner)| has_arguments(name, inner)),
        _ => false,
    }
}

/// An argument of a program: a bare option says what is passed, anything else may be what must not be seen.
fn argument(item: &Value) -> Value {
    match item {
        Value::Text(text) if is_bare_option(text) => item.clone(),
        Value::List(_) | Value::Map(_) => hide_all(item.clone()),
        Value::Bool(_) | Value::Secret(_) => item.clone(),
        other => secret(other.clone()),
    }
}

/// `-x` or `--some-option`, in small letters as options are written, without a value.
fn is_bare_option(text: &str) -> bool {
    let word = |w: &str| {
        (2..=32).contains(&w.len())
            && w.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()))
    };
    match text.strip_prefix("--") {
        Some(name) => name.is_empty() || word(name),
        None => {
            text.strip_prefix('-').is_some_and(|x| x.len() == 1 && x.bytes().all(|b| b.is_ascii_alphabetic()))
        }
    }
}

/// Whether the next element of a list is the value of this flag, and secret.
fn is_flag(text: &str) -> bool {
    text.starts_with('-') && !text.contains('=') && names_secret(text)
}

/// Whether a name says that a secret stands behind it.
fn names_secret(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    [
        "secret",
        "password",
        "passwd",
        "token",
        "apikey",
        "accesskey",
        "secretkey",
        "privatekey",
        "authorization",
    ]
    .iter()
    .any(|w| plain.ends_with(w))
}

/// Signs that end a user name and password: the one of URLs, and what is taken for it.
const AT: [char; 3] = ['@', '＠', '﹫'];

/// Whether a member of this name holds a URL.
fn names_url(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["url", "uri", "endpoint"].iter().any(|end| lower.ends_with(end))
}

/// Removes `user:password@` from every URL in `value`; true when there was one.
///
/// `is_url` says that the value itself is a URL, so that spellings browsers accept without `://`
/// are cleaned as well.
pub(crate) fn strip_credentials(value: &mut Value, is_url: bool) -> bool {
    match value {
        Value::Text(text) => match stripped(text, is_url) {
            Some(clean) => {
                *text = clean;
                true
            }
            None => false,
        },
        // Counted, not `any`: every element must be cleaned.
        Value::List(items) => {
            items.iter_mut().filter_map(|i| strip_credentials(i, is_url).then_some(())).count() > 0
        }
        Value::Map(map) => {
            let each = map.iter_mut();
            each.filter_map(|(n, v)| strip_credentials(v, is_url || names_url(n)).then_some(())).count() > 0
        }
        Value::Bool(_) | Value::Integer(_) | Value::Number(_) | Value::Secret(_) => false,
    }
}

/// `text` without the user information of its URLs, or `None` when there is none. Of a URL that is misspelt, everything
/// before the last sign that may end a password.
fn stripped(text: &str, is_url: bool) -> Option<String> {
    let clean = without_user(text, is_url);
    if is_url {
        let left = clean.as_deref().unwrap_or(text);
        if let Some(rest) = after_password(left).or_else(|| before_password(left)) {
            return Some(rest.to_owned());
        }
    }
    clean
}

/// What stands behind the last sign that may end a password in a text that is no URL as they are written.
fn after_password(text: &str) -> Option<&str> {
    if is_spelled(text) {
        return None;
    }
    let signs = text.match_indices(AT).chain(text.match_indices("%40"));
    let (at, sign) = signs.max_by_key(|(at, _)| *at)?;
    let (before, rest) = (text.get(..at)?, text.get(at + sign.len()..)?);
    // `git@host:path` and a mail address have no password.
    let colon = before.contains([':', '：', '﹕']) || before.to_ascii_lowercase().contains("%3a");
    (colon || before.contains("//")).then_some(rest)
}

/// An address of the form `host:port:user:password`, in which proxies are sold, up to the port.
fn before_password(text: &str) -> Option<&str> {
    let host = text.split_once("//").map_or(text, |(_, host)| host);
    let mut parts = host.split(':');
    let (name, port) = (parts.next()?, parts.next()?);
    let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let is_more =
        is_port && !name.contains(['[', '/', ' ']) && parts.next().is_some() && parts.next().is_some();
    // An IPv6 address without brackets has colons as well.
    let is_address = host.parse::<std::net::Ipv6Addr>().is_ok();
    let end = text.len() - host.len() + name.len() + 1 + port.len();
    (is_more && !is_address).then(|| text.get(..end)).flatten()
}

/// Whether the text is one URL whose host ends where a path, a query or a fragment begins.
fn is_spelled(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let authority =
        rest.trim_start_matches(['/', '\\']).split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    let numbered = port.ends_with(']') || port.ends_with('}') || port.bytes().all(|b| b.is_ascii_digit());
    named && numbered && !rest.contains(char::is_whitespace)
}

/// `text` without the user information of URLs in the spellings that programs accept.
fn without_user(text: &str, is_url: bool) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let slashes = tail.len() - tail.trim_start_matches(['/', '\\']).len();
        let (lead, tail) = tail.split_at(slashes);
        out.push_str(lead);
        let end = tail.find(['/', '\\', '?', '#', '"', ' ', ',']).unwrap_or(tail.len());
        let (authority, after) = tail.split_at(end);
        match authority.rsplit_once(AT) {
            Some((_, host)) => {
                found = true;
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = after;
    }
    out.push_str(rest);
    if found {
        return Some(out);
    }
    if is_url && !text.contains("://") {
        // `https:user:pw@host`, `https:\\user:pw@host`, `user:pw@host:8080`.
        let scheme = text.find(':').filter(|at| {
            matches!(
                text.get(..*at).map(str::to_ascii_lowercase).as_deref(),
                Some("http" | "https" | "ws" | "wss" | "ftp")
            )
        });
        let start = scheme.map_or(0, |at| at + 1);
        let (head, tail) = text.split_at(start);
        let slashes = tail.len() - tail.trim_start_matches(['/', '\\']).len();
        let (lead, tail) = tail.split_at(slashes);
        let end = tail.find(['/', '\\', '?', '#', ' ', '"', '{']).unwrap_or(tail.len());
        let (authority, after) = tail.split_at(end);
        let (user, host) = authority.rsplit_once(AT)?;
        // A mail address is no URL with a password.
        if scheme.is_some() || user.contains(':') {
            return Some(format!("{head}{lead}{host}{after}"));
        }
    }
    None
}

/// Whether some text of the value is a placeholder that nobody filled in.
pub(crate) fn has_placeholder(value: &Value) -> bool {
    match value {
        Value::Text(text) => is_placeholder(text),
        Value::Secret(secret) => is_placeholder(secret.expose()),
        Value::List(items) => items.iter().any(has_placeholder),
        Value::Map(map) => map.values().any(has_placeholder),
        Value::Bool(_) | Value::Integer(_) | Value::Number(_) => false,
    }
}

fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    // Long text is prose, and prose may hold any bracket.
    if text.is_empty() || text.len() > 200 || text.contains('\n') {
        return false;
    }
    if matches!(
        text.to_ascii_lowercase().as_str(),
        "..." | "…" | "[...]" | "[redacted]" | "redacted" | "todo" | "changeme"
    ) {
        return true;
    }
    let host = text.split_once("://").map_or(text, |(_, host)| host);
    if host.len() >= 3 && host.chars().all(|c| matches!(c, 'x' | 'X')) {
        return true;
    }
    let upper = text.to_ascii_uppercase();
    if ["REPLACE_", "REPLACE-", "CHANGE_ME", "CHANGE-ME", "YOUR_", "YOUR-", "PASTE_", "INSERT_"]
        .iter()
        .any(|m| starts_word(&upper, m))
    {
        return true;
    }
    if text
        .strip_prefix('$')
        .is_some_and(|n| n.len() > 1 && n.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    {
        return true;
    }
    bracketed(text, '<', '>') || bracketed(text, '{', '}')
}

/// Whether `mark` stands at the beginning of a word.
fn starts_word(text: &str, mark: &str) -> bool {
    text.match_indices(mark).any(|(at, _)| {
        text.get(..at).and_then(|t| t.chars().next_back()).is_none_or(|c| !c.is_alphanumeric())
    })
}

/// Whether a name stands in brackets, such as `<tenant-id>` or `{{ACCOUNT}}`.
fn bracketed(text: &str, open: char, close: char) -> bool {
    text.match_indices(open).any(|(at, _)| {
        let inner = text.get(at + 1..).unwrap_or_default();
        let Some(end) = inner.find(close) else { return false };
        let name = inner.get(..end).unwrap_or_default().trim_start_matches(open);
        (1..=50).contains(&name.len())
            && name.chars().next().is_some_and(char::is_alphabetic)
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.'))
    })
}

impl Configuration {
    /// Leaves out of every value what others should not read; what the keys mean is no longer to be derived
    /// from it then.
    pub fn conceal(&mut self) {
        for (name, setting) in &mut self.settings {
            setting.value = for_readers(name, &setting.value);
            setting.raw = setting.raw.as_deref().map(masked);
        }
        for lost in &mut self.shadowed {
            lost.value = for_readers(&lost.key, &lost.value);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn text(t: &str) -> Value {
        Value::Text(t.into())
    }

    fn map(pairs: &[(&str, Value)]) -> Value {
        Value::Map(pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
    }

    #[test]
    fn only_bare_options_of_arguments_are_shown() {
        let args =
            Value::List(["--password", "A", "-k", "-kB", "--key=B", "--", "-", "7"].map(text).to_vec());
        let hidden = |t: &str| Value::Secret(Secret::new(t));
        let expected = Value::List(vec![
            text("--password"),
            hidden("A"),
            text("-k"),
            hidden("-kB"),
            hidden("--key=B"),
            text("--"),
            hidden("-"),
            hidden("7"),
        ]);
        assert_eq!(for_readers("someHelperArgs", &args), expected);
        let server = map(&[("args", args.clone()), ("url", text("https://h.example/x?t=1#f"))]);
        let shown = for_readers("servers", &Value::List(vec![server.clone()]));
        let url = text("https://h.example/x?[hidden]");
        assert_eq!(shown, Value::List(vec![map(&[("args", expected.clone()), ("url", url)])]));
        assert!(has_arguments("servers", &server) && !has_arguments("hosts", &text("--x")));
        assert_eq!(for_readers("hosts", &text("--x")), text("--x"));
    }

    #[test]
    fn credentials_leave_urls_in_every_spelling() {
        for (given, clean) in [
            ("https://u:p@host/x", "https://host/x"),
            ("https://u@host", "https://host"),
            ("https://u:p@p2@host/x@y", "https://host/x@y"),
            (
                "run https://a:b@one.example https://two.example",
                "run https://one.example https://two.example",
            ),
            ("https:///u:p@host", "https:///host"),
            (r"https:\\u:p@host", r"https:\\host"),
            ("https:u:p@host", "https:host"),
            ("u:p@host:8080", "host:8080"),
        ] {
            assert_eq!(stripped(given, true).as_deref(), Some(clean), "{given}");
        }
        for (given, clean) in [
            ("http//ann:S3cret@proxy.example:8080", "proxy.example:8080"),
            ("PROXY ann:S3cret@proxy.example:8080", "proxy.example:8080"),
            ("https://PROXY ann:S3cret@proxy.example", "proxy.example"),
            ("http//ann:S3cret@p.example/?x=https://y.example", "p.example/?x=https://y.example"),
            ("https://ann:S3/cret@host", "host"),
            ("https://ann:S3#cret@host", "host"),
            ("https://ann:S3 cret@host", "host"),
            ("ann:S3/cret@host", "host"),
            ("https://ann:S3cret＠host", "https://host"),
            ("http//ann：S3cret＠host", "host"),
            ("https:ann:S3/cret@host", "host"),
            ("http//ann:S3cret%40host", "host"),
            ("http//ann%3AS3cret@host", "host"),
            ("http//ann/S3cret@host", "host"),
            ("http//S3cret@host", "host"),
            ("p.example:8080:ann:S3cret", "p.example:8080"),
            ("http://p.example:8080:ann:S3cret", "http://p.example:8080"),
        ] {
            assert_eq!(stripped(given, true).as_deref(), Some(clean), "{given}");
            assert_eq!(stripped(clean, true), None, "{clean}");
        }
        let mut servers =
            Value::List(vec![map(&[("url", text("http//ann:S3cret@h")), ("name", text("a:b @c"))])]);
        assert!(strip_credentials(&mut servers, false));
        assert_eq!(servers, Value::List(vec![map(&[("url", text("h")), ("name", text("a:b @c"))])]));
        for kept in [
            "https://host/a:b@c",
            "https://host:{PORT}/a:b@c",
            "https://[::1]:80/a@b",
            "2001:db8::1",
            "https://host:443/a:b:c",
            "host.example:8080",
            "https://host/path@x",
            "user@host.example",
            "https://host",
            "git@host.example:a/b",
        ] {
            assert_eq!(stripped(kept, true), None, "{kept}");
        }
    }

    #[test]
    fn hidden_paths_reach_members_elements_and_text_in_their_place() {
        let headers = |v: Value| Value::List(vec![map(&[("headers", v), ("url", text("u"))]), text("plain")]);
        let hidden = hide(headers(map(&[("a", text("s"))])), "*.headers.*");
        assert_eq!(hidden, headers(map(&[("a", Value::Secret(Secret::new("s")))])));
        let hidden = hide(headers(text("a=s")), "*.headers.*");
        assert_eq!(hidden, headers(Value::Secret(Secret::new("a=s"))));
        let other_case = Value::List(vec![map(&[("Headers", map(&[("a", text("s"))]))])]);
        assert!(format!("{:?}", hide(other_case, "*.headers.*")).contains("[secret]"));
        assert_eq!(hide(text("s"), ""), Value::Secret(Secret::new("s")));
        assert_eq!(hide(text("s"), "*"), Value::Secret(Secret::new("s")));
        assert_eq!(hide(text("s"), "clientSecret"), text("s"));
    }

    #[test]
    fn what_looks_like_a_credential_is_one() {
        for yes in [
            "Authorization: Bearer abcdef123456",
            "sk-ant-api03-abcdefghijkl",
            "--api-key=abc",
            "TOKEN=abc",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        ] {
            assert!(looks_secret(yes), "{yes}");
        }
        for no in [
            "sk-telecom-hosts.example.com",
            "https://host.example/token",
            "the basics of it",
            "bearer token",
            "x=1",
            "tokens",
            "id_token",
        ] {
            assert!(!looks_secret(no), "{no}");
        }
        let args =
            Value::List(vec![text("--token"), text("plain"), text("--url"), text("https://h.example")]);
        let hidden = format!("{:?}", hide_lookalikes(args));
        assert!(hidden.contains("[secret]") && hidden.contains("h.example"), "{hidden}");
        let policy = map(&[("get_token", text("allow")), ("api_key", text("hunter2"))]);
        let hidden = format!("{:?}", hide_lookalikes(policy));
        assert!(hidden.contains("allow") && !hidden.contains("hunter2"), "{hidden}");
    }

    #[test]
    fn placeholders_are_told_from_values() {
        for yes in [
            "https://<your-host>/x",
            "{TENANT}",
            "{{ACCOUNT}}",
            "${HOST}",
            "$TOKEN",
            "YOUR_KEY",
            "https://your-proxy.example",
            "...",
            "[redacted]",
            "REPLACE_ME",
            "https://xxxxx",
            "<App id from step 1>",
        ] {
            assert!(is_placeholder(yes), "{yes}");
        }
        for no in [
            "https://gateway.example/v1",
            "arn:aws:bedrock:us-east-1:123:x/y",
            "a < b > c",
            "{\"a\":1}",
            "",
            "yourself",
        ] {
            assert!(!is_placeholder(no), "{no}");
        }
    }
}
