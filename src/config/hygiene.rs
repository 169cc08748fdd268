//! Keeps credentials out of everything that can be shown, and tells placeholders from values.

use std::collections::BTreeMap;

use super::address::{self, Kept};
use super::secret::{NOT_INCLUDED, Secret};
use super::value::{Configuration, Value};
use crate::rules::{Key, KeyKind};
use crate::text::token::{
    HIDDEN, names_address, names_fields, names_file, names_program, names_secret, shown_field, shown_path,
    without_arguments, without_assigned, without_tokens, without_tokens_of,
};

/// The value as it is kept: whatever may be a credential is a secret, and addresses have no user name and
/// password. Also whether an address had one.
///
/// Of an object only the members on the key's lists can be read: an unknown name says nothing about what
/// stands behind it.
pub(crate) fn cleaned(key: &Key, value: Value) -> (Value, bool) {
    if key.secret {
        return (hide_all(value), false);
    }
    let mut paths: Vec<(Vec<&str>, Class)> = Vec::new();
    let lists = [(&key.open, Class::Open), (&key.addresses, Class::Address), (&key.hidden, Class::Hidden)];
    for (list, class) in lists {
        paths.extend(list.iter().map(|path| (path.split('.').collect(), class)));
    }
    match key.kind {
        KeyKind::Object | KeyKind::ObjectList => {}
        _ if key.url => paths.push((Vec::new(), Class::Address)),
        _ if paths.is_empty() => paths.push((Vec::new(), Class::Open)),
        _ => {}
    }
    let paths: Vec<Path<'_>> = paths.iter().map(|(path, class)| (path.as_slice(), *class)).collect();
    let mut had_credentials = false;
    let value = exposed(hide_lookalikes(value), &paths, &mut had_credentials);
    (value, had_credentials)
}

/// What others may read of a member.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// All of it.
    Open,
    /// An address, without what may be a password in it.
    Address,
    /// Nothing: it is a secret, or holds some.
    Hidden,
}

/// What is left of a path below the value that is looked at.
type Path<'a> = (&'a [&'a str], Class);

/// `value` with secrets in the place of all that no path leads to.
fn exposed(value: Value, paths: &[Path<'_>], had_credentials: &mut bool) -> Value {
    let here = || paths.iter().filter(|(path, _)| path.is_empty()).map(|(_, class)| *class);
    if here().any(|class| class == Class::Hidden) {
        return hide_all(value);
    }
    match value {
        Value::Map(map) => Value::Map(
            map.into_iter()
                .map(|(name, inner)| {
                    let hits = |first: &str| first == "*" || first.eq_ignore_ascii_case(&name);
                    let below: Vec<Path<'_>> = paths
                        .iter()
                        .filter_map(|(path, class)| Some((path.split_first()?, *class)))
                        .filter(|((first, _), _)| hits(first))
                        .map(|((_, rest), class)| (rest, class))
                        .collect();
                    let inner = exposed(inner, &below, had_credentials);
                    (name, inner)
                })
                .collect(),
        ),
        Value::List(items) => {
            // A list in the place of one text, or of an object: every element may be it.
            let below: Vec<Path<'_>> = paths
                .iter()
                .map(|(path, class)| (path.strip_prefix(&["*"]).unwrap_or(path), *class))
                .collect();
            Value::List(items.into_iter().map(|item| exposed(item, &below, had_credentials)).collect())
        }
        leaf => match here().next() {
            Some(class) => kept(leaf, class, had_credentials),
            None => unknown(leaf),
        },
    }
}

/// A value of which nothing is known. A number of few digits, or with a fraction, is no secret.
fn unknown(value: Value) -> Value {
    match value {
        Value::Text(text) => Value::Secret(Secret::unknown(text)),
        Value::Integer(number) if number.unsigned_abs() >= 1_000 => {
            Value::Secret(Secret::unknown(number.to_string()))
        }
        Value::Number(text) if !text.contains('.') || text.len() > 8 => Value::Secret(Secret::unknown(text)),
        other => other,
    }
}

/// One value that others may read, without what may be a password in its addresses.
fn kept(value: Value, class: Class, had_credentials: &mut bool) -> Value {
    let Value::Text(text) = value else { return value };
    let clean = match class {
        Class::Open | Class::Hidden => without_users(&text),
        Class::Address => {
            let kept = address::kept(&text);
            *had_credentials |= matches!(kept, Kept::Rest(_));
            return Value::Text(kept.text().unwrap_or(text));
        }
    };
    *had_credentials |= clean.is_some();
    Value::Text(clean.unwrap_or(text))
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

/// Text without what may be a token in its addresses (part of a path, a query, a fragment), and without what follows
/// a word for a secret.
pub(crate) fn masked(text: &str) -> String {
    marked(text, HIDDEN)
}

fn marked(text: &str, mark: &str) -> String {
    without_assigned(&without_tokens(text, mark), mark)
}

/// A text that somebody typed or pasted, as others may read it: the same, without users and passwords of its addresses
/// and without the words that give themselves away as a credential.
pub(crate) fn retold(text: &str) -> String {
    let bare = without_users(text).unwrap_or_else(|| text.to_owned());
    let words: Vec<&str> =
        bare.split(' ').map(|word| if looks_secret(word) { HIDDEN } else { word }).collect();
    masked(&words.join(" "))
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
        // A list instead of a program: what follows it is its arguments.
        Value::List(items) if names_program(name) => {
            let shown = |(at, item): (usize, &Value)| match item {
                Value::Text(_) if at == 0 => concealed(name, item, mark),
                _ => argument(item),
            };
            Value::List(items.iter().enumerate().map(shown).collect())
        }
        // One line of arguments instead of a list.
        Value::Text(text) if names_arguments(name) && !text.is_empty() => {
            Value::Secret(Secret::new(text.clone()))
        }
        Value::Text(text) if names_program(name) => Value::Text(without_arguments(text, mark)),
        Value::Text(text) if names_address(name) => {
            Value::Text(without_assigned(&without_tokens_of(text, mark), mark))
        }
        Value::Text(text) if names_file(name) => Value::Text(shown_path(text, mark).to_owned()),
        Value::Text(text) => Value::Text(marked(text, mark)),
        Value::List(items) => Value::List(items.iter().map(|item| concealed(name, item, mark)).collect()),
        Value::Map(map) => {
            let holds_fields = names_fields(name);
            let shown = |(name, inner): (&String, &Value)| {
                let own = if is_line(name, inner) {
                    mark
                } else if holds_fields {
                    shown_field(name, mark)
                } else {
                    name
                };
                (own.to_owned(), concealed(name, inner, mark))
            };
            Value::Map(map.iter().map(shown).collect())
        }
        Value::Bool(_) | Value::Integer(_) | Value::Number(_) | Value::Secret(_) => value.clone(),
    }
}

/// Whether a whole header or assignment stands in the place of a member's name: names of either have no such signs.
fn is_line(name: &str, value: &Value) -> bool {
    let signs = |c: char| matches!(c, ':' | '=') || c.is_whitespace();
    matches!(value, Value::Secret(_)) && name.contains(signs) || looks_secret(name)
}

/// Whether a key or member of this name holds the arguments of a program.
fn names_arguments(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with("args") || lower.ends_with("arguments")
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

/// `text` without the user information of the URLs in it, or `None` when there is none.
fn without_users(text: &str) -> Option<String> {
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
        let host = authority.rsplit_once(['@', '＠', '﹫']).map(|(_, host)| host);
        // A password may have the signs that end a host: then no number stands behind the colon.
        let is_user = host.is_none()
            && authority.split_once(':').is_some_and(|(user, port)| {
                !user.starts_with('[')
                    && port.starts_with(|c: char| !(c.is_ascii_digit() || "{$<*".contains(c)))
            });
        found |= host.is_some() || is_user;
        rest = after;
        match (is_user, tail.split_once(['@', '＠', '﹫'])) {
            (true, Some((_, behind))) => rest = behind,
            (true, None) => out.push_str(HIDDEN),
            (false, _) => out.push_str(host.unwrap_or(authority)),
        }
    }
    out.push_str(rest);
    found.then_some(out)
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
    use std::sync::LazyLock;

    use super::*;
    use crate::rules::Pack;

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
        let line = Value::List(vec![text("npx -y"), text("srv"), text("--key"), text("s")]);
        let shown = Value::List(vec![text("npx [hidden]"), hidden("srv"), text("--key"), hidden("s")]);
        assert_eq!(for_readers("command", &line), shown);
        assert_eq!(for_readers("envHelper", &text("/opt/h s")), text("/opt/h [hidden]"));
        let server = map(&[("args", args.clone()), ("url", text("https://h.example/x?t=1#f"))]);
        let shown = for_readers("servers", &Value::List(vec![server.clone()]));
        let url = text("https://h.example/x?[hidden]");
        assert_eq!(shown, Value::List(vec![map(&[("args", expected.clone()), ("url", url)])]));
        assert_eq!(for_readers("hosts", &text("--x")), text("--x"));
    }

    fn key(name: &str) -> &'static Key {
        static KEYS: LazyLock<Pack> = LazyLock::new(|| Pack::embedded().unwrap());
        KEYS.keys.get(name).unwrap()
    }

    #[test]
    fn of_an_object_only_known_members_are_read() {
        let key = key("managedMcpServers");
        let entry = |name: &str, value: Value| Value::List(vec![map(&[(name, value)])]);
        let hidden = |name: &str, value: Value| {
            let (kept, _) = cleaned(key, entry(name, value));
            !format!("{kept:?}").contains("regen") && !format!("{kept:?}").contains("7351")
        };
        for name in
            ["headers", "env", "environment", "cookies", "pin", "auth", "x", "Headers", "connectionString"]
        {
            for value in [
                text("regen"),
                Value::Integer(7351),
                Value::List(vec![text("regen")]),
                map(&[("x", text("regen"))]),
                map(&[("url", text("https://regen.example"))]),
            ] {
                assert!(hidden(name, value.clone()), "{name}: {value:?}");
            }
        }
        for name in ["name", "url", "Transport", "host", "scopes"] {
            assert!(!hidden(name, text("regen")), "{name}");
        }
        assert!(hidden("url", map(&[("name", text("regen"))])), "an object in the place of a text");
        assert!(hidden("oauth", text("regen")));
        let oauth = map(&[("clientId", text("regen")), ("clientSecret", text("s"))]);
        let (kept, _) = cleaned(key, entry("oauth", oauth));
        let expected = map(&[("clientId", text("regen")), ("clientSecret", Value::Secret(Secret::new("s")))]);
        assert_eq!(kept, entry("oauth", expected));
        let on = entry("unheardOf", Value::Bool(true));
        assert_eq!(cleaned(key, on.clone()), (on, false));
    }

    #[test]
    fn what_may_be_a_password_leaves_addresses_and_is_reported() {
        for (name, given, kept, had) in [
            ("inferenceGatewayBaseUrl", text("https://u:p@h/x"), text("https://h/x"), true),
            ("inferenceGatewayBaseUrl", text("https://h/x"), text("https://h/x"), false),
            ("inferenceGatewayBaseUrl", text("https://h x"), text(HIDDEN), false),
            ("organizationInstructions", text("see https://u:p@h x"), text("see https://h x"), true),
            (
                "coworkEgressAllowedHosts",
                Value::List(vec![text("a.example"), text("ann:S3cret@p.example:80")]),
                Value::List(vec![text("a.example"), text("p.example:80")]),
                true,
            ),
            (
                "inferenceIdpOidc",
                map(&[("issuer", text("https://u:p@h")), ("scopes", text("a b"))]),
                map(&[("issuer", text("https://h")), ("scopes", text("a b"))]),
                true,
            ),
            ("otlpHeaders", map(&[("a", text("b"))]), map(&[("a", Value::Secret(Secret::new("b")))]), false),
        ] {
            assert_eq!(cleaned(key(name), given), (kept, had), "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_password_before_the_sign_is_never_shown(
            before in "(https?:?/{0,3}|[a-z]{0,4}[:/\\\\ ;.]{0,3}|PROXY |//|\\PC{0,3})",
            user in "(ann|dom\\\\ann|ann\\.x|)",
            sign in "(:|%3A|%3a|：|/| |;|,|::|\\t|\u{1}|#|\\?)",
            after in "(|[/#? :%;\\\\]|x/y|\u{202e})",
            at in "(@|＠|%40|@@|%2540|@\\\\)",
            host in "(host\\.example|10\\.1\\.2\\.3|\\[::1\\]|h)",
            tail in "(|:8080|/v1|:8080/v1\\?x=1|/a b|\\?q@r|:x)",
        ) {
            let given = format!("{before}{user}{sign}zoe9S3cretPw{after}{at}{host}{tail}");
            for name in ["inferenceGatewayBaseUrl", "egressProxyUrl", "coworkEgressAllowedHosts"] {
                let value = if name.ends_with("Hosts") { Value::List(vec![text(&given)]) } else { text(&given) };
                let (kept, _) = cleaned(key(name), value);
                for shown in [for_readers(name, &kept), for_file(name, &kept)] {
                    let shown = format!("{shown:?}");
                    proptest::prop_assert!(!shown.contains("zoe9") && !shown.contains("S3cretPw"), "{given}: {shown}");
                }
            }
        }
    }

    #[test]
    fn the_names_of_addresses_are_known() {
        for key in &Pack::embedded().unwrap().keys.keys {
            for path in &key.addresses {
                let named = path.rsplit('.').find(|part| *part != "*").unwrap_or(&key.name);
                assert!(names_address(named), "{}: {path}", key.name);
            }
            assert!(!key.url || names_address(&key.name), "{}", key.name);
        }
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
