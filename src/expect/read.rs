//! The file of `--expect`: TOML with `[[expect]]` tables. Every fault is told with its line and its key, all of them at
//! once, and a word that is nearly right with the one that is meant.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Addresses, Entry, Expectations, Hosts, Reach, Way};
use crate::contract::{Actor, HostPattern};
use crate::rules::networks::Block;
use crate::text::english;
use crate::text::line;

/// Largest file that is read: as long as what `--format expect` makes of the largest run, which names 5,000 hosts of 270
/// characters at most.
pub const MAX_BYTES: usize = 2048 * 1024;
/// Entries that a file may have.
const MAX_ENTRIES: usize = 500;
/// Hosts, issuers or routes in one list.
pub(super) const MAX_LIST: usize = 500;
/// Characters of a text.
const MAX_TEXT: usize = 300;
/// Faults that are told of one file.
const MAX_FAULTS: usize = 20;

/// The keys of an entry, as the documentation has them.
const KEYS: [&str; 10] =
    ["hosts", "except", "actors", "note", "reach", "address", "inspected", "issuer", "route", "within"];
/// Those that promise something.
const PROMISES: [&str; 6] = ["reach", "address", "inspected", "issuer", "route", "within"];

/// A file that cannot be used. Displays as one line for each fault, with the line and the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ExpectError(pub Vec<String>);

/// Reads the bytes of a file that messages name `source`.
///
/// # Errors
/// Everything that is wrong with it: each fault with line, key and what to write.
pub fn read(bytes: &[u8], source: &str) -> Result<Expectations, ExpectError> {
    let source = line::line(source, line::SHORT);
    let whole = |reason: String| ExpectError(vec![format!("{source}: {reason}")]);
    if bytes.len() > MAX_BYTES {
        return Err(whole(format!(
            "the file is over {} KiB; write hosts that are promised the same as one entry, with patterns",
            MAX_BYTES / 1024
        )));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|e| whole(format!("not UTF-8 at byte {}; save it as UTF-8", e.valid_up_to())))?;
    let mut reader = Reader { text, source: &source, faults: Vec::new(), more: 0 };
    let entries = reader.file();
    if reader.more > 0 {
        let more = english::count(reader.more, "further fault", "further faults");
        reader.faults.push(format!("{source}: and {more}"));
    }
    if !reader.faults.is_empty() {
        return Err(ExpectError(reader.faults));
    }
    Ok(Expectations { source, entries })
}

struct Reader<'a> {
    text: &'a str,
    source: &'a str,
    faults: Vec<String>,
    more: usize,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl<'a> Reader<'a> {
    /// The line of a byte, from 1.
    fn line_of(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        before.iter().filter(|b| **b == b'\n').count() + 1
    }

    fn fault(&mut self, span: Range<usize>, key: &str, reason: impl Into<String>) {
        if self.faults.len() >= MAX_FAULTS {
            self.more += 1;
            return;
        }
        let key = if key.is_empty() { String::new() } else { format!(", {}", line::line(key, 60)) };
        let reason = line::line(&reason.into(), line::LONG);
        self.faults.push(format!("{}: line {}{key}: {reason}", self.source, self.line_of(span.start)));
    }

    fn file(&mut self) -> Vec<Entry> {
        let root = match DeTable::parse(self.text) {
            Ok(root) => root,
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                self.fault(span, "", format!("not TOML: {}", error.message()));
                return Vec::new();
            }
        };
        let span = root.span();
        let mut entries = Vec::new();
        let mut has_any = false;
        for (key, value) in root.into_inner() {
            if key.get_ref() != "expect" {
                let near = near(key.get_ref(), ["expect"]);
                let reason = format!("no such key{near}; a file has [[expect]] tables and nothing else");
                self.fault(key.span(), key.get_ref(), reason);
                continue;
            }
            has_any = true;
            let at = value.span();
            let DeValue::Array(list) = value.into_inner() else {
                self.fault(at, "expect", "not a list of tables; write [[expect]], with two brackets");
                continue;
            };
            if list.len() > MAX_ENTRIES {
                let reason = format!("{} entries, and {MAX_ENTRIES} are read; use patterns", list.len());
                self.fault(at, "expect", reason);
                continue;
            }
            for one in list {
                let at = one.span();
                match one.into_inner() {
                    DeValue::Table(table) => entries.extend(self.entry(at, table)),
                    _ => self.fault(at, "expect", "not a table; write [[expect]] and the keys below it"),
                }
            }
        }
        if !has_any && self.faults.is_empty() {
            self.fault(span, "", "no [[expect]] in it; `clearway check --format expect` makes a first file");
        }
        entries
    }

    fn entry(&mut self, at: Range<usize>, table: DeTable<'a>) -> Option<Entry> {
        let before = self.faults.len() + self.more;
        let mut entry = Entry { line: self.line_of(at.start), ..Entry::default() };
        let (mut has_hosts, mut has_promise) = (false, false);
        for (key, value) in table {
            let (span, key) = (key.span(), key.into_inner());
            has_hosts |= key == "hosts";
            has_promise |= PROMISES.contains(&key.as_ref());
            let key = key.as_ref();
            match key {
                "hosts" => entry.hosts = self.list(key, &value, hosts),
                "except" => entry.except = self.list(key, &value, hosts),
                "actors" => entry.actors = self.list(key, &value, actor),
                "note" => entry.note = self.one(key, &value, |text| Ok(text.to_owned())).unwrap_or_default(),
                "reach" => entry.reach = self.one(key, &value, |text| word(text, Reach::ALL, Reach::as_str)),
                "address" => entry.address = self.address(&value),
                "inspected" => match value.get_ref().as_bool() {
                    Some(yes) => entry.inspected = Some(yes),
                    None => self.fault(value.span(), key, "write true or false, without quotes"),
                },
                "issuer" => entry.issuer = self.list(key, &value, |text| Ok(text.to_owned())),
                "route" => entry.route = self.list(key, &value, way),
                "within" => entry.within_ms = self.one(key, &value, within),
                other => {
                    let near = near(other, KEYS);
                    self.fault(
                        span,
                        other,
                        format!("no such key{near}; the keys are {}", english::and(&KEYS)),
                    );
                }
            }
        }
        if !has_hosts {
            self.fault(
                at.clone(),
                "hosts",
                "missing; name the hosts, such as hosts = [\"*.example.com\"], or \"*\"",
            );
        }
        if !has_promise {
            let reason = format!("nothing is promised; add one of {}", english::and(&PROMISES));
            self.fault(at, "", reason);
        }
        (before == self.faults.len() + self.more).then_some(entry)
    }

    /// A text, read by `read`.
    fn one<T>(
        &mut self,
        key: &str,
        value: &Value<'a>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let found = match value.get_ref().as_str() {
            None => Err(format!("{}, and a text in quotes is read here", kind(value.get_ref()))),
            Some(text) if text.trim().is_empty() => Err("the text is empty".to_owned()),
            Some(text) if text.chars().count() > MAX_TEXT => {
                Err(format!("the text is over {MAX_TEXT} characters"))
            }
            Some(text) => read(text.trim()),
        };
        found.map_err(|reason| self.fault(value.span(), key, reason)).ok()
    }

    /// A text or a list of them.
    fn list<T>(&mut self, key: &str, value: &Value<'a>, read: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let Some(list) = value.get_ref().as_array() else {
            return self.one(key, value, read).into_iter().collect();
        };
        if list.is_empty() {
            self.fault(value.span(), key, "the list is empty; write a text, or leave the key out");
        }
        if list.len() > MAX_LIST {
            self.fault(value.span(), key, format!("{} texts, and {MAX_LIST} are read", list.len()));
            return Vec::new();
        }
        list.iter().filter_map(|one| self.one(key, one, &read)).collect()
    }

    fn address(&mut self, value: &Value<'a>) -> Option<Addresses> {
        match value.get_ref().as_str() {
            Some("public") => return Some(Addresses::Public),
            Some("private") => return Some(Addresses::Private),
            _ => {}
        }
        let blocks = self.list("address", value, network);
        (!blocks.is_empty()).then_some(Addresses::Networks(blocks))
    }
}

fn kind(value: &DeValue<'_>) -> String {
    format!("this is of the kind {}", value.type_str())
}

/// `, did you mean X?` where one of the words is near.
fn near<'w>(text: &str, words: impl IntoIterator<Item = &'w str>) -> String {
    let lower = text.chars().take(40).collect::<String>().to_lowercase();
    let scored = words.into_iter().map(|word| (strsim::jaro_winkler(&lower, word), word));
    let best = scored.filter(|(how, _)| *how > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or_else(String::new, |(_, word)| format!("; did you mean `{word}`?"))
}

fn word<T: Copy>(text: &str, all: &[T], as_str: fn(T) -> &'static str) -> Result<T, String> {
    all.iter().copied().find(|one| as_str(*one) == text).ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|one| as_str(*one)).collect();
        let near = near(text, words.iter().copied());
        format!("`{text}` is not one of {}{near}", english::and(&words))
    })
}

fn actor(text: &str) -> Result<Actor, String> {
    let actor = word(text, Actor::ALL, Actor::as_str)?;
    if actor.is_probed() {
        return Ok(actor);
    }
    Err(format!("this device cannot say how `{text}` reaches a host; leave it out"))
}

/// A port that stands after the last colon, and what is before it.
fn port(text: &str) -> Result<(&str, Option<u16>), String> {
    let bad = |port: &str| format!("`{port}` is not a port; write a number from 1 to 65535");
    let number = |port: &str| match port.parse::<u16>() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err(bad(port)),
    };
    if let Some((host, rest)) = text.strip_prefix('[').and_then(|t| t.split_once(']')) {
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(number(port)?))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(format!("after `]` stands `{rest}`; write [2001:db8::1]:8443")),
        };
    }
    match text.split_once(':') {
        // An IPv6 literal without brackets has no port.
        Some((_, rest)) if rest.contains(':') => Ok((text, None)),
        Some((host, port)) => Ok((host, Some(number(port)?))),
        None => Ok((text, None)),
    }
}

fn hosts(text: &str) -> Result<Hosts, String> {
    if text.contains("://") {
        return Err(format!("`{text}` is a URL; write the host alone, such as {}", without_scheme(text)));
    }
    let (host, port) = port(text)?;
    let host: HostPattern = host.parse().map_err(|e: crate::contract::BadHost| {
        format!("{e}; write a name, *.name, an address or *, with :PORT where one port is meant")
    })?;
    Ok(Hosts { host, port })
}

fn without_scheme(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

fn way(text: &str) -> Result<Way, String> {
    match text {
        "direct" => return Ok(Way::Direct),
        "proxy" => return Ok(Way::AnyProxy),
        _ => {}
    }
    if text.contains("://") || text.contains('@') {
        return Err(format!(
            "write the proxy as NAME:PORT, such as {}",
            without_scheme(text.rsplit('@').next().unwrap_or(text))
        ));
    }
    let (host, port) = port(text)?;
    let known: HostPattern = host.parse().map_err(|e: crate::contract::BadHost| {
        format!("{e}; write \"direct\", \"proxy\", or NAME:PORT of the proxy")
    })?;
    if known.is_wildcard() {
        return Err("name the proxy whole; \"proxy\" stands for any".to_owned());
    }
    Ok(Way::Proxy(known.to_string(), port))
}

fn network(text: &str) -> Result<(String, Block), String> {
    let whole = match text.parse::<std::net::IpAddr>() {
        Ok(address) => format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 }),
        Err(_) => text.to_owned(),
    };
    let near = near(text, ["public", "private"]);
    let block = Block::try_from(whole).map_err(|_| {
        format!("`{text}` is not an address; write \"public\", \"private\", or networks such as [\"10.0.0.0/8\"]{near}")
    })?;
    Ok((text.to_owned(), block.canonical()))
}

/// `800ms`, `2s` or `1.5s`, in milliseconds.
fn within(text: &str) -> Result<u64, String> {
    let help = || format!("`{text}` is not a length of time; write \"800ms\" or \"2s\"");
    let (number, factor) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1.0),
        (None, Some(number)) => (number, 1000.0),
        (None, None) => return Err(help()),
    };
    let ms = number.trim().parse::<f64>().map_err(|_| help())? * factor;
    if !(1.0..=600_000.0).contains(&ms) {
        return Err(format!("`{text}` is not between 1ms and 600s"));
    }
    // In the range above nothing is cut off.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(ms.round() as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn faults(text: &str) -> String {
        read(text.as_bytes(), "net.toml").unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_read_whole() {
        let text = r#"
# change 4711
[[expect]]
hosts = ["api.vendor.example", "*.cdn.example:8443", "2001:db8::1", "[2001:db8::2]:22"]
except = "old.cdn.example"
actors = ["app", "engine"]
note = "change 4711"
reach = "reachable"
address = ["10.20.0.0/16", "2001:db8::7"]
inspected = false
issuer = "Example CA*"
route = ["direct", "proxy.example:8080", "proxy"]
within = "1.5s"

[[expect]]
hosts = "*"
reach = "blocked"
"#;
        let read = read(text.as_bytes(), "net.toml").unwrap();
        let [first, second] = &read.entries[..] else { panic!("two entries") };
        assert_eq!((first.line, second.line), (3, 15));
        let ports: Vec<_> = first.hosts.iter().map(|h| (h.host.to_string(), h.port)).collect();
        assert_eq!(
            ports,
            [
                ("api.vendor.example".to_owned(), None),
                ("*.cdn.example".to_owned(), Some(8443)),
                ("2001:db8::1".to_owned(), None),
                ("2001:db8::2".to_owned(), Some(22))
            ]
        );
        assert_eq!(first.actors, [Actor::App, Actor::Engine]);
        assert_eq!(
            (first.reach, first.inspected, first.within_ms),
            (Some(Reach::Reachable), Some(false), Some(1500))
        );
        assert_eq!(first.route, [Way::Direct, Way::Proxy("proxy.example".into(), Some(8080)), Way::AnyProxy]);
        assert!(matches!(&first.address, Some(Addresses::Networks(n)) if n.len() == 2));
        assert_eq!(second.hosts[0].host, HostPattern::Any);
        assert_eq!(
            read.entries.len(),
            super::read(b"\xef\xbb\xbf[[expect]]\nhosts=\"a.example\"\nreach=\"blocked\"\n", "x")
                .unwrap()
                .entries
                .len()
                + 1
        );
    }

    #[test]
    fn a_fault_has_its_line_its_key_and_what_to_write() {
        for (text, wanted) in [
            (
                "[[expect]]\nhosts = \"a.example\"\nreech = \"reachable\"\n",
                "net.toml: line 3, reech: no such key; did you mean `reach`?",
            ),
            (
                "[[expect]]\nhosts = \"a.example\"\nreach = \"reachible\"\n",
                "line 3, reach: `reachible` is not one of reachable and blocked; did you mean `reachable`?",
            ),
            (
                "[[expect]]\nhosts = \"a.example\"\ninspected = \"no\"\n",
                "line 3, inspected: write true or false",
            ),
            ("[[expect]]\nhosts = 7\nreach = \"blocked\"\n", "line 2, hosts: this is of the kind integer"),
            ("[[expect]]\nhosts = []\nreach = \"blocked\"\n", "line 2, hosts: the list is empty"),
            (
                "[[expect]]\nhosts = \"https://a.example/x\"\nreach = \"blocked\"\n",
                "write the host alone, such as a.example",
            ),
            (
                "[[expect]]\nhosts = [\"a.example\",\n\"b..example\"]\nreach = \"blocked\"\n",
                "line 3, hosts: `b..example` is not a host",
            ),
            ("[[expect]]\nhosts = \"a.example:99999\"\nreach = \"blocked\"\n", "`99999` is not a port"),
            ("[[expect]]\nhosts = \"a.example\"\naddress = \"privat\"\n", "did you mean `private`?"),
            ("[[expect]]\nhosts = \"a.example\"\naddress = \"10.0.0.0/99\"\n", "is not an address"),
            ("[[expect]]\nhosts = \"a.example\"\nwithin = \"2\"\n", "is not a length of time"),
            ("[[expect]]\nhosts = \"a.example\"\nwithin = \"0ms\"\n", "is not between 1ms and 600s"),
            (
                "[[expect]]\nhosts = \"a.example\"\nroute = \"http://u:p@proxy.example:80\"\n",
                "such as proxy.example:80",
            ),
            (
                "[[expect]]\nhosts = \"a.example\"\nactors = [\"browser\"]\nreach = \"blocked\"\n",
                "this device cannot say",
            ),
            ("[[expect]]\nhosts = \"a.example\"\n", "line 1: nothing is promised"),
            ("[[expect]]\nreach = \"blocked\"\n", "line 1, hosts: missing"),
            ("[expect]\nhosts = \"a.example\"\n", "write [[expect]], with two brackets"),
            ("[[expects]]\nhosts = \"a.example\"\n", "did you mean `expect`?"),
            ("[[expect]\n", "line 1: not TOML"),
            ("[[expect]]\nhosts = \"a.example\"\nhosts = \"b.example\"\n", "line 3: not TOML"),
            ("", "makes a first file"),
        ] {
            let said = faults(text);
            assert!(said.contains(wanted), "{text}\n{said}");
        }
    }

    #[test]
    fn all_faults_are_told_at_once_and_never_more_than_so_many() {
        let said = faults("[[expect]]\nhosts = \"a b\"\nreach = \"no\"\n[[expect]]\nhosts = \"a.example\"\n");
        assert_eq!(said.lines().count(), 3, "{said}");
        let many = "[[expect]]\nhosts = \"a.example\"\n".repeat(400);
        let said = faults(&many);
        assert_eq!(said.lines().count(), MAX_FAULTS + 1, "{said}");
        assert!(said.ends_with("and 380 further faults"), "{said}");
        assert!(faults(&"#".repeat(MAX_BYTES + 1)).contains("over 2048 KiB"));
        assert!(read(b"\xff", "x").unwrap_err().to_string().contains("not UTF-8 at byte 0"));
    }

    #[test]
    fn what_a_file_holds_moves_no_cursor() {
        let said =
            faults("[[expect]]\n\"\\u001b[2Jhosts\" = \"a\\u001b]0;x\\u0007\"\nreach = \"\\u202eno\"\n");
        assert!(!said.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}'), "{said:?}");
    }
}
