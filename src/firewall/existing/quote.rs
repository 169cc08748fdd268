//! What is quoted of the file of a firewall: without the secrets that stand beside its rules. What it decides is worked out
//! from the file itself.

use crate::config::looks_secret;
use crate::text::token::{HIDDEN, is_token, without_tokens};

/// What a setting whose name holds one of these is: a secret.
const HOLDS: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "presharedkey",
    "apikey",
    "privatekey",
    "sharedkey",
    "securestring",
    "credential",
    "authorization",
    "phash",
];

/// The same of a part of a name, between `-` and `_`.
const PARTS: [&str; 11] =
    ["key", "psk", "pw", "pwd", "pass", "token", "auth", "community", "bearer", "enc", "psksecret"];

/// The same where a value is put beside it with `=` or `:`.
const ASSIGNED: [&str; 4] = ["login", "user", "username", "userpw"];

/// Options of programs that a secret follows.
const OPTIONS: [&str; 4] = ["-p", "-w", "-W", "-P"];

/// A line as it may be quoted: nothing after a word that names a secret, no user of an address, and no word that
/// looks like a token.
pub(super) fn concealed(text: &str) -> String {
    let (mut shown, mut rest, mut is_first) = (String::with_capacity(text.len()), text, true);
    while !rest.is_empty() {
        let at = rest.find(is_of_word).unwrap_or(rest.len());
        let (between, after) = rest.split_at(at);
        shown.push_str(between);
        let (word, after) = after.split_at(after.find(|c: char| !is_of_word(c)).unwrap_or(after.len()));
        // The values of a name are of the rest of the line.
        let begin = after.find(char::is_alphanumeric).unwrap_or(after.len());
        let (separator, values) = after.split_at(begin);
        let is_assigned = separator.starts_with(['=', ':']) && !separator.starts_with("://");
        // An action of a rule, not a password.
        let is_action = is_first && word == "pass";
        if !values.is_empty() && !is_action && (names_secret(word) || is_assigned && is_user(word)) {
            shown.push_str(word);
            let kept: String = separator.chars().take_while(|c| "=:> ,\"'".contains(*c)).collect();
            return without_users(&(shown + &kept)) + HIDDEN;
        }
        let is_mixed = word.bytes().all(|b| b.is_ascii_alphanumeric()) && is_token(word);
        shown.push_str(if is_mixed || looks_secret(word) { HIDDEN } else { word });
        is_first &= word.is_empty();
        rest = after;
    }
    without_users(&shown)
}

/// A sentence about a file, in which only what stands between backquotes is of the file.
pub(super) fn sentence(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let shown: Vec<String> =
        parts.map(|(at, part)| if at % 2 == 1 { concealed(part) } else { part.to_owned() }).collect();
    shown.join("`")
}

/// Whether what follows this word, or stands in a column of this name, is a secret. A word with a dot is a host.
pub(super) fn names_secret(word: &str) -> bool {
    if word.contains('.') {
        return false;
    }
    let lower = word.to_ascii_lowercase();
    let bare: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    OPTIONS.contains(&word)
        || HOLDS.iter().any(|own| bare.contains(own))
        || lower.split(['-', '_', ' ']).any(|part| PARTS.contains(&part))
}

fn is_user(word: &str) -> bool {
    ASSIGNED.contains(&word.to_ascii_lowercase().as_str())
}

const fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// Without `user:password@`, and without the parts of addresses that may be tokens.
fn without_users(text: &str) -> String {
    let one = |word: &str| {
        let begin = word.find("://").map_or(0, |at| at + 3);
        let (scheme, rest) = word.split_at(begin);
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match authority.rsplit_once('@') {
            Some((user, host)) if begin > 0 || user.contains(':') => {
                format!("{scheme}{HIDDEN}@{host}{path}")
            }
            _ => word.to_owned(),
        }
    };
    let shown: String = text.split_inclusive(char::is_whitespace).map(one).collect();
    without_tokens(&shown, HIDDEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of every kind with a secret, which is the mark.
    const LINES: &str = "
        enable password MARK encrypted|enable secret 5 MARK|snmp-server community MARK RO| ikev1 pre-shared-key MARK|key MARK
        username a password 7 MARK|crypto isakmp key MARK address 0.0.0.0|set password ENC MARK
        set psksecret MARK|set auth-secret ENC MARK|set mgt-config users admin phash MARK|set comments \"password MARK\"
        set shared ldap bind-password MARK|set a snmp-community-string MARK|url https://u:MARK@x.example/list
        cachemgr_passwd MARK all|cache_peer 10.0.0.1 parent 3128 0 login=user:MARK|acl l external l -p MARK
        external_acl_type l %SRC /usr/bin/ldap -w MARK|acl h req_header Authorization Bearer MARK|acl p proxy_auth MARK
        include /x?pw=MARK|url_rewrite_program /usr/bin/x --pw MARK|ftp_user a:MARK@x|icap_service s r icap://u:MARK@x/
        dhcp-option=tag:x,option:pw,MARK|addn-hosts=/x?password=MARK|password: MARK|a.example token=MARK|a.example key MARK
        <Password>MARK</Password>|<pre-shared-key>MARK</pre-shared-key>|$pw = 'MARK'|ConvertTo-SecureString 'MARK' -AsPlainText
        net use x /user:a MARK|mgmt_cli login user admin password 'MARK'|\"api_key\": \"MARK\"|\"sharedKey\":\"MARK\"
        https://x.example/key/MARK|https://x.example/?a=MARK|psk = MARK";

    #[test]
    fn no_secret_of_a_line_is_quoted() {
        for line in LINES.split(['|', '\n']).map(str::trim).filter(|l| !l.is_empty()) {
            for mark in ["Tr0ub4dorXyz", "tr0ub", "hunter-2"] {
                let line = line.replace("MARK", mark);
                let shown = concealed(&line);
                assert!(!shown.contains(mark), "{shown}");
                assert!(!sentence(&format!("it says `{line}`")).contains(mark), "{shown}");
                assert_eq!(concealed(&shown), shown, "twice is as once");
            }
        }
        for token in ["ghp_0123456789abcdefghij", "sk-ant-REDACTED", "Tr0ub4dor9AbCdEf"] {
            assert!(!concealed(&format!("a.example {token} deny")).contains(token));
        }
    }

    #[test]
    fn what_is_no_secret_is_quoted_as_it_stands() {
        for line in [
            "pass tls $HOME_NET any -> $EXTERNAL_NET 443",
            "secretsmanager.mill.example:443 deny",
            "https://auth.mill.example/*",
            "http_access deny CONNECT !SSL_ports",
            "nftset=/claude.ai/4#inet#fw#claude_tcp_443",
            "set policy-expiry enable",
            "clearway-required-tcp-8443-2",
            "dropbox.com, 443, deny",
            "a.example key",
        ] {
            assert_eq!(concealed(line), line);
        }
        assert_eq!(concealed("set password ENC abc"), format!("set password {HIDDEN}"));
        assert_eq!(
            sentence("the key of this rule is `password=x`"),
            format!("the key of this rule is `password={HIDDEN}`")
        );
    }
}
