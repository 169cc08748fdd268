//! Reads what the script printed: copied from a terminal or a chat, so wrapped, quoted, between prompts, perhaps cut.

use std::collections::BTreeMap;

use super::{MAX_BYTES, VERSION};
use crate::text::line;

/// What every line of the script begins with.
const MARK: &str = "cw1 ";
/// What every line of the script ends with.
const END: &str = "~;";
/// Longest line, with what a terminal made of it.
const LONGEST: usize = 2_500;
/// Lines that a terminal may make of one.
const PIECES: usize = 90;
/// Most lines that are kept of a host.
const OF_HOST: usize = 64;
/// Most hosts that are kept.
const HOSTS: usize = 512;

/// A file that holds no results.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadResults {
    /// Not a line of the script is in it.
    #[error(
        "no line of it was printed by the script of `clearway check --vm-script`; run the script in a session and copy all that it prints"
    )]
    None,
    /// Another version wrote it.
    #[error(
        "it is `{0}`, and this version reads `clearway-vm/1`; print the script anew with `clearway check --vm-script`"
    )]
    Version(String),
    /// Beyond the limit.
    #[error("it is larger than 1 MiB, and what the script prints never is")]
    TooLarge,
}

/// What the script printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Results {
    /// `curl`, `node` or `none`.
    pub tool: String,
    /// The clock of the machine, Unix seconds.
    pub clock: Option<i64>,
    /// The name servers of its resolv.conf.
    pub resolvers: Vec<String>,
    /// Its proxy variables: name, and value without user name and password.
    pub proxies: Vec<(String, String)>,
    /// Of each host.
    pub hosts: Vec<HostResult>,
    /// The script ran to its end.
    pub ended: bool,
    /// Lines that were cut or damaged.
    pub damaged: usize,
}

/// What was seen of one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostResult {
    /// The scheme that was used.
    pub scheme: String,
    /// Its name, as it was asked.
    pub name: String,
    /// Its port.
    pub port: u16,
    /// Word and rest of each line.
    pub said: Vec<(String, String)>,
}

impl HostResult {
    /// The rest of the last line with this word.
    pub fn said(&self, word: &str) -> Option<&str> {
        self.said.iter().rev().find(|(w, _)| w == word).map(|(_, rest)| rest.as_str())
    }
}

/// Reads results. Of two runs in one file the last counts.
///
/// # Errors
/// When no line of the script is in it, or another version wrote it.
pub fn read(bytes: &[u8]) -> Result<Results, BadResults> {
    if bytes.len() > MAX_BYTES {
        return Err(BadResults::TooLarge);
    }
    // PowerShell's `>` writes UTF-16; what the script prints is ASCII, so the zero bytes go.
    let text: String = String::from_utf8_lossy(bytes).chars().filter(|c| *c != '\0').collect();
    let mut damaged = 0;
    let mut results: Option<Results> = None;
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for record in records(&text, &mut damaged) {
        let (word, rest) = record.split_once(' ').unwrap_or((&record, ""));
        if word == "version" {
            let (version, tool) = rest.split_once(' ').unwrap_or((rest, "none"));
            if version != VERSION {
                return Err(BadResults::Version(line::seen(version, 40)));
            }
            results = Some(Results { tool: line::seen(tool, 20), ..Results::default() });
            numbers.clear();
            continue;
        }
        let Some(results) = &mut results else {
            damaged += 1;
            continue;
        };
        match word {
            "clock" => results.clock = rest.parse().ok().filter(|t| (0..=253_402_300_799).contains(t)),
            "resolver" if results.resolvers.len() < 8 => results.resolvers.push(line::seen(rest, 60)),
            "proxy" if results.proxies.len() < 16 => {
                let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
                results.proxies.push((line::seen(name, 20), without_user(value)));
            }
            "end" => results.ended = true,
            number if number.bytes().all(|b| b.is_ascii_digit()) => {
                let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                if word == "host" {
                    match host(rest).filter(|_| results.hosts.len() < HOSTS) {
                        Some(host) => {
                            numbers.insert(number.to_owned(), results.hosts.len());
                            results.hosts.push(host);
                        }
                        None => damaged += 1,
                    }
                    continue;
                }
                let host = numbers.get(number).and_then(|n| results.hosts.get_mut(*n));
                match host.filter(|h| h.said.len() < OF_HOST) {
                    Some(host) => {
                        let rest = match word {
                            "error" | "why" | "node" | "curl" => quiet(rest),
                            _ => rest.to_owned(),
                        };
                        host.said.push((line::seen(word, 20), line::seen(&rest, 1_200)));
                    }
                    None => damaged += 1,
                }
            }
            _ => damaged += 1,
        }
    }
    let results = results.ok_or(BadResults::None)?;
    Ok(Results { damaged, ..results })
}

/// The lines of the script, each whole again.
fn records(text: &str, damaged: &mut usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut open: Option<(String, usize)> = None;
    for raw in text.split(['\n', '\r']) {
        let begins = start(raw);
        if let Some(at) = begins {
            *damaged += usize::from(open.is_some());
            open = Some((String::new(), 0));
            add(&mut open, raw.get(at..).unwrap_or_default(), &mut all, damaged);
        } else if open.is_some() && !raw.is_empty() {
            // A quote's mark, or the frame that a program draws around what it ran.
            let inner = raw.trim_start_matches(['>', '|', '\u{2502}']);
            add(&mut open, inner, &mut all, damaged);
        }
    }
    *damaged += usize::from(open.is_some());
    all
}

fn add(open: &mut Option<(String, usize)>, piece: &str, all: &mut Vec<String>, damaged: &mut usize) {
    let Some((text, pieces)) = open else { return };
    let ended = piece.trim_end().trim_end_matches(['|', '\u{2502}']).trim_end().strip_suffix(END);
    text.push_str(ended.unwrap_or(piece));
    *pieces += 1;
    if ended.is_some() {
        all.push(text.trim().to_owned());
        *open = None;
    } else if text.len() > LONGEST || *pieces > PIECES {
        *damaged += 1;
        *open = None;
    }
}

/// Where the rest of a line of the script begins: only marks of quotes, frames and line numbers may stand before it.
fn start(raw: &str) -> Option<usize> {
    let at = raw.find(MARK)?;
    let before = raw.get(..at)?;
    (before.chars().count() < 24 && !before.chars().any(char::is_alphabetic)).then_some(at + MARK.len())
}

/// `https name:port`.
fn host(text: &str) -> Option<HostResult> {
    let (scheme, authority) = text.split_once(' ')?;
    let (name, port) = authority.rsplit_once(':')?;
    let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    let fits = !name.is_empty()
        && name.len() <= 255
        && name.chars().all(plain)
        && matches!(scheme, "https" | "http");
    let port = port.trim().parse().ok().filter(|p| *p > 0)?;
    fits.then(|| HostResult { scheme: scheme.to_owned(), name, port, said: Vec::new() })
}

/// A proxy variable without what stands before its last `@`.
fn without_user(value: &str) -> String {
    let shown = match value.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map(|(s, _)| format!("{s}://")).unwrap_or_default();
            format!("{scheme}{host}")
        }
        None => value.to_owned(),
    };
    line::seen(&shown, 200)
}

/// What a tool says of a failure, without the address of a proxy: it may hold a user name and a password, in which any
/// character may stand.
fn quiet(text: &str) -> String {
    const BEFORE_ADDRESS: [&str; 3] = ["proxy syntax", "proxy scheme", "resolve proxy"];
    let lower = text.to_ascii_lowercase();
    let end = BEFORE_ADDRESS.iter().filter_map(|w| Some(lower.find(w)? + w.len())).min();
    let text = end.and_then(|end| text.get(..end)).unwrap_or(text);
    let Some((before, after)) = text.rsplit_once('@') else { return text.to_owned() };
    let begins = [before.find("://").map(|at| at + 3), before.find(['\'', '"']).map(|at| at + 1)];
    let kept = begins.into_iter().flatten().min().and_then(|at| before.get(..at)).unwrap_or_default();
    format!("{kept}***@{after}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const PRINTED: &str = "cw1 version clearway-vm/1 curl ~;\ncw1 clock 1790000000 ~;\ncw1 resolver 10.0.2.3 ~;\ncw1 proxy https_proxy \
        http://***@10.1.1.1:3128 ~;\ncw1 1 host https pypi.example:443 ~;\ncw1 1 lookup 2 0  ~;\ncw1 1 curl exit=6 code=000 ~;\n\
        cw1 1 error Could not resolve host: pypi.example ~;\ncw1 end ~;\n";

    #[test]
    fn what_the_script_printed_is_read() {
        let read = read(PRINTED.as_bytes()).unwrap();
        assert!(read.ended && read.damaged == 0 && read.tool == "curl" && read.clock == Some(1_790_000_000));
        assert_eq!(read.proxies, [("https_proxy".to_owned(), "http://10.1.1.1:3128".to_owned())]);
        let host = &read.hosts[0];
        assert_eq!((host.name.as_str(), host.port), ("pypi.example", 443));
        assert_eq!(host.said("curl"), Some("exit=6 code=000"));
    }

    #[test]
    fn what_terminals_and_chats_do_to_it_changes_nothing() {
        let whole = read(PRINTED.as_bytes()).unwrap();
        let noise = format!("user@vm:~$ sh probe.sh\n{PRINTED}user@vm:~$ exit\n");
        let quoted = PRINTED.lines().map(|l| format!("> {l}\n")).collect::<String>();
        let framed = PRINTED.lines().map(|l| format!("\u{2502} {l} \u{2502}\n")).collect::<String>();
        let numbered =
            PRINTED.lines().enumerate().map(|(n, l)| format!("{:>4}  {l}\n", n + 1)).collect::<String>();
        let wide = PRINTED.lines().map(wrapped).collect::<String>();
        let twice = format!("{}{PRINTED}", PRINTED.replace("exit=6", "exit=7"));
        let utf16: String = PRINTED.chars().flat_map(|c| [c, '\0']).collect();
        for text in [PRINTED.replace('\n', "\r\n"), noise, quoted, framed, numbered, wide, twice, utf16] {
            assert_eq!(read(text.as_bytes()).unwrap(), whole, "{text}");
        }
    }

    /// As a terminal of 30 columns wraps it.
    fn wrapped(line: &str) -> String {
        let chars: Vec<char> = line.chars().collect();
        chars.chunks(30).map(|c| c.iter().collect::<String>() + "\n").collect()
    }

    #[test]
    fn what_is_cut_or_foreign_is_said() {
        assert_eq!(read(b"curl: (6) Could not resolve host"), Err(BadResults::None));
        assert_eq!(read(include_bytes!("probe.sh")), Err(BadResults::None));
        assert!(
            matches!(read(b"cw1 version clearway-vm/2 curl ~;"), Err(BadResults::Version(v)) if v == "clearway-vm/2")
        );
        assert_eq!(read(&vec![b'x'; MAX_BYTES + 1]), Err(BadResults::TooLarge));
        let cut = read(&PRINTED.as_bytes()[..PRINTED.len() - 40]).unwrap();
        assert!(!cut.ended && cut.damaged == 1);
    }

    #[test]
    fn a_password_that_was_left_in_goes() {
        assert_eq!(without_user("http://u:p@ss@proxy.example:3128"), "http://proxy.example:3128");
        assert_eq!(without_user("u:p@proxy.example:3128"), "proxy.example:3128");
    }

    #[test]
    fn what_a_tool_says_of_a_proxy_loses_its_user() {
        for said in [
            "Unsupported proxy syntax in 'http://user:pa#ss3cret@127.0.0.1:9'",
            "Unsupported proxy scheme for 'foo://user:pa ss3cret@127.0.0.1:9'",
            "Could not resolve proxy: ss3cret",
            "URL rejected: 'http://user:pa/ss3cret@x@127.0.0.1:9': Port number was not a decimal number",
            "something about user:pa ss3cret@127.0.0.1",
        ] {
            for word in ["error", "why", "node"] {
                let printed = PRINTED
                    .replace("1 error Could not resolve host: pypi.example", &format!("1 {word} {said}"));
                let host = read(printed.as_bytes()).unwrap().hosts.remove(0);
                let left = host.said(word).unwrap();
                assert!(!left.contains("ss3cret") && !left.contains("user"), "{left}");
            }
        }
        assert_eq!(quiet("Connection refused"), "Connection refused");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_within_bounds(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), lines in proptest::collection::vec("(> )?cw1 ([0-9]{1,2} )?[a-z]{1,8} [ -~]{0,80}( ~;)?", 0..40)) {
            let mut text = format!("cw1 version {VERSION} curl ~;\n{}\n", lines.join("\n")).into_bytes();
            text.extend(bytes);
            if let Ok(read) = read(&text) {
                prop_assert!(read.hosts.len() <= HOSTS);
                for host in &read.hosts {
                    prop_assert!(host.said.len() <= OF_HOST);
                    for (word, rest) in &host.said {
                        prop_assert!(word.chars().count() <= 21 && rest.chars().count() <= 1_201);
                        prop_assert!(!rest.chars().any(crate::text::visible::is_unseen));
                    }
                }
            }
        }
    }
}
