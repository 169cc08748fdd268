//! What of an address is kept when a configuration is read. An address with a user name and password loses
//! both; one that is not written as addresses are is kept only as far as it can be told that nothing of a
//! password is in it.

use std::net::Ipv6Addr;

use super::secret::NOT_INCLUDED;
use crate::text::token::{HIDDEN, is_token, without_tokens_of};

/// What became of an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It stays as it is.
    Whole,
    /// A user name, a password or what may be one was before this.
    Rest(String),
    /// Where in it a password could be cannot be told: nothing is kept.
    Nothing,
}

impl Kept {
    /// The text in the place of the one that was read; nothing where that stays.
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::Rest(rest) => Some(rest),
            Self::Nothing => Some(HIDDEN.to_owned()),
        }
    }
}

/// Signs that end a user name and password: the one of URLs, what is taken for it, and both escaped, once
/// or more often.
const AT: [&str; 5] = ["@", "＠", "﹫", "%40", "%2540"];

/// What is kept of the text in the place of an address.
pub(super) fn kept(text: &str) -> Kept {
    if text == HIDDEN || is_plain(text) || is_of_git(text) {
        return Kept::Whole;
    }
    if let Some(rest) = without_user(text).filter(|rest| !rest.trim().is_empty() && is_plain(rest)) {
        // `u:pass/word@host`, or a path with the sign in it: what is the host cannot be told.
        let path = rest.get(scheme(&rest)..).unwrap_or_default().split(['?', '#']).next().unwrap_or_default();
        let is_clear =
            path.match_indices('@').all(|(at, _)| path.get(..at).is_some_and(|p| p.ends_with('/')));
        return if is_clear { Kept::Rest(rest) } else { Kept::Nothing };
    }
    let rest = behind_user(text).unwrap_or_default();
    if !rest.trim().is_empty() && is_plain(rest) { Kept::Rest(rest.to_owned()) } else { Kept::Nothing }
}

/// What stands behind the last sign that may end a user name and password.
fn behind_user(text: &str) -> Option<&str> {
    let end = AT.iter().filter_map(|at| Some(text.rfind(at)? + at.len())).max()?;
    text.get(end..)
}

/// The address of a proxy as a setting writes it, as others may read it, and whether a user name, a password or what may
/// be one was in it.
pub(crate) fn of_proxy(text: &str) -> (String, bool) {
    // It has no path: all up to the last sign is what may be a password.
    let host = behind_user(text);
    let name = text.split_once("://").map_or("", |(name, _)| name);
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let bare = match host {
        Some(host) if is_name => format!("{name}://{host}"),
        Some(host) => host.to_owned(),
        None => text.to_owned(),
    };
    let kept = kept(&bare);
    let had_credentials = host.is_some() || kept != Kept::Whole;
    let address = kept.text().unwrap_or(bare);
    // No proxy has a query.
    let address = address.split(['?', '#']).next().unwrap_or_default();
    (without_tokens_of(address, HIDDEN), had_credentials)
}

/// `text` without the user information of the one URL that it is, where that ends before the path.
fn without_user(text: &str) -> Option<String> {
    let start = scheme(text);
    let (head, rest) = text.split_at(start);
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (_, host) = authority.rsplit_once('@')?;
    Some(format!("{head}{host}{tail}"))
}

/// Where the host begins: behind a scheme and what stands for its `://`, else at the beginning.
fn scheme(text: &str) -> usize {
    let signs = |c: char| matches!(c, ':' | '/' | '\\' | ';');
    let word = text.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(text.len());
    let (name, rest) = text.split_at(word);
    let known = SCHEMES.iter().any(|s| s.eq_ignore_ascii_case(name));
    if !(known && rest.starts_with(signs) || rest.starts_with("://") || name.is_empty()) {
        return 0;
    }
    text.len() - rest.trim_start_matches(signs).len()
}

/// Schemes that are told from a host or a user name although what follows is not `://`.
const SCHEMES: [&str; 7] = ["http", "https", "ws", "wss", "ftp", "ssh", "git"];

/// Whether the text is an address as they are written, with or without a scheme: a host, a port that is a
/// number, a path without white space. Spaces around it do no harm.
fn is_plain(text: &str) -> bool {
    // What a file that was written without its secrets has in their places is no part of an address.
    let written = filled(&text.trim().replace(NOT_INCLUDED, ""));
    let text = written.as_str();
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return false;
    }
    // A script can be written into its address, and a file has no host.
    if let Some((name, _)) = text.split_once(':').filter(|(name, _)| ["data", "file"].contains(name)) {
        return name == "data" || text.starts_with("file:///") && !text.contains(['@', '\\', '%']);
    }
    let rest = text.get(scheme(text)..).unwrap_or_default();
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    is_authority(authority) && !path.contains(['\\', '"', '＠', '﹫'])
}

/// The text with a word in the place of each that is still to be filled in, such as `<your gateway>`.
fn filled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let name = after.split_once('>').filter(|(name, _)| {
            name.len() <= 50 && name.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, ' ' | '-' | '_'))
        });
        match name {
            Some((_, behind)) => {
                out.push('x');
                rest = behind;
            }
            None => {
                out.push('<');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether the text is a host with or without a port, and not a token in the place of one.
fn is_authority(text: &str) -> bool {
    if text.is_empty() || text.parse::<Ipv6Addr>().is_ok() {
        return true;
    }
    let digits = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    if let Some((address, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
            && (port.is_empty() || port.strip_prefix(':').is_some_and(digits));
    }
    // A name that is still to be filled in stands in brackets.
    let open = |c: char| c.is_alphanumeric() || "-._*{}<>$".contains(c);
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    let numbered = digits(port) || port.starts_with(['{', '$', '<']) && port.chars().all(open);
    let mixed =
        |label: &str| label.len() >= 16 && label.bytes().any(|b| b.is_ascii_uppercase()) && is_token(label);
    let token = if host.contains('.') { host.split('.').any(mixed) } else { is_token(host) };
    numbered && !host.is_empty() && host.chars().all(open) && !token
}

/// Whether the text is `git@host:path`, as git writes an address, or `user@host` with the name of a person
/// or an account.
fn is_of_git(text: &str) -> bool {
    let Some((user, rest)) = text.split_once('@') else { return false };
    let (host, path) = rest.split_once(':').unwrap_or((rest, ""));
    let named = (1..=32).contains(&user.len())
        && user.starts_with(|c: char| c.is_ascii_lowercase())
        && user.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
    let is_path = path.contains('/') || !rest.contains(':');
    named && !is_token(user) && !host.is_empty() && is_authority(host) && is_path && is_plain(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_as_they_are_written_is_kept() {
        for whole in [
            "",
            "https://host",
            " https://host.example ",
            "https://host.example:8443/v1/messages",
            "HTTPS://host.example/a:b@c",
            "https://host.example/@scope/server",
            "https://host.example/path%40x",
            "https://host:{PORT}/x",
            "https://<your-host>/x",
            "https://<your own host>:8443/x",
            "<App id from step one>",
            "https://{TENANT}.example",
            "https://*.example/*",
            "*.example",
            "https://[::1]:80/a",
            "2001:db8::1",
            "10.0.0.1:8080",
            "host.example:443",
            "host.example/v1",
            "owner/repository",
            "https:/host.example",
            "https:host.example",
            "http//host.example/v1",
            "https;//host.example",
            r"https:\\host.example",
            "//host.example/x",
            "https:///host",
            "https://gäteway.example",
            "https://host/v1?key=a@b#c",
            "ssh://host.example:22/x",
            "git@host.example:owner/repository.git",
            "ann@host.example",
            "file:///etc/proxy.pac",
            "data:application/x-ns-proxy-autoconfig,hunter2",
            HIDDEN,
        ] {
            assert_eq!(kept(whole), Kept::Whole, "{whole}");
        }
    }

    #[test]
    fn nothing_of_a_password_is_kept() {
        for (given, rest) in [
            ("https://u:p@host/x", "https://host/x"),
            ("https://u@host", "https://host"),
            ("https://u:p@p2@host/@x/y", "https://host/@x/y"),
            ("https:///u:p@host", "https:///host"),
            (r"https:\\u:p@host", r"https:\\host"),
            ("https:u:p@host", "https:host"),
            ("u:p@host:8080", "host:8080"),
            ("http//ann:S3cret@proxy.example:8080", "http//proxy.example:8080"),
            ("PROXY ann:S3cret@proxy.example:8080", "proxy.example:8080"),
            ("https://PROXY ann:S3cret@proxy.example", "https://proxy.example"),
            ("https://ann:S3/cret@host", "host"),
            ("https://ann:S3#cret@host", "host"),
            ("https://ann:S3 cret@host", "https://host"),
            ("ann:S3/cret@host", "host"),
            ("https://ann:S3cret＠host", "host"),
            ("http//ann：S3cret＠host", "host"),
            ("https:ann:S3/cret@host", "host"),
            ("http//ann:S3cret%40host", "host"),
            ("https://ann%3AS3cret%40host/v1", "host/v1"),
            ("https://ann:S3cret%2540host", "host"),
            ("http//S3cret@host", "http//host"),
            (r"dom\ann:S3cret@host", "host"),
            (r"https://dom\ann:S3cret@host", "host"),
            ("https://ann:S3cret@\thost.example", "\thost.example"),
        ] {
            assert_eq!(kept(given), Kept::Rest(rest.to_owned()), "{given}");
            assert_eq!(kept(rest), Kept::Whole, "{rest}");
        }
        for nothing in [
            "https://u:p@p2@host/x@y",
            "https://ann:S3@cr/et@host",
            "ann:S3cret:host:8443",
            "https://ann:S3cret:host:8443",
            "p.example:8080:ann:S3cret",
            "http://p.example:8080:ann:S3cret",
            "https://host.example ann:S3cret",
            "https://host.example\tS3cret",
            "https://host.example\u{1}S3cret",
            "https://ann%3AS3cret",
            "http//ann%3AS3cret/x",
            "ann:S3cret@",
            "ann:S3cret@ho st",
            r"https://host\S3cret",
            "PROXY host.example:80/S3cret",
            "S3cret word",
            "AbCdEf0123456789GhIjKlMnOp",
            "https://AbCdEf0123456789GhIjKlMnOp",
            "https://AbCdEf0123456789GhIjKlMnOp.x",
            "ann=S3cret",
            "https://host.example,S3cret",
        ] {
            assert_eq!(kept(nothing), Kept::Nothing, "{nothing}");
        }
    }
}
