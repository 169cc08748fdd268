//! Configurations made up from the key catalogue: every key with values of its own type, drawn from
//! small pools, so that they are plausible often enough to reach every rule.

use clearway::rules::Word;
use std::collections::BTreeMap;

use clearway::config::{Configuration, Origin, Secret, Setting, Value};
use clearway::rules::{Key, KeyCatalogue, KeyKind};

const REGIONS: [&str; 8] =
    ["us-west-2", "eu-west-1", "us-gov-west-1", "cn-north-1", "eu", "global", "europe-west4", "not a label"];
const URLS: [&str; 8] = [
    "https://gw.aurora-mills.example",
    "https://gw.aurora-mills.example:8443/anthropic",
    "http://127.0.0.1:8080",
    "https://[2001:db8::1]/x",
    "https://{TENANT}.example",
    "http://gw.corp",
    "not a url",
    "https://login.aurora-mills.example/oauth2",
];
const PRESETS: [&str; 4] = [
    "https://microsoft365.mcp.claude.com/mcp",
    "https://mcp.box.com",
    "https://bigquery.googleapis.com/mcp",
    "https://api.salesforce.com/platform/mcp",
];
const HOSTS: [&str; 8] = [
    "pkgs.aurora-mills.example",
    "*.docs.aurora-mills.example",
    "mirror.aurora-mills.example:8443",
    "10.0.0.7",
    "*",
    "https://wrong.example",
    "localhost",
    "169.254.169.254",
];
const TOOLS: [&str; 3] = ["WebFetch", "WebSearch", "Bash"];

fn pick<T: Copy>(pool: &[T], n: u8) -> T {
    pool[usize::from(n) % pool.len()]
}

fn text(t: &str) -> Value {
    Value::Text(t.to_owned())
}

fn map(members: &[(&str, Value)]) -> Value {
    Value::Map(members.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
}

fn oidc(n: u8) -> Value {
    if n.is_multiple_of(3) {
        map(&[("tokenUrl", text(pick(&URLS, n))), ("authorizationUrl", text(pick(&URLS, n / 3)))])
    } else {
        map(&[("issuer", text(pick(&URLS, n))), ("clientId", text("c"))])
    }
}

fn entry(key: &str, n: u8) -> Value {
    let url = || text(pick(&URLS, n / 8));
    match (key, n % 8) {
        ("allowedPluginMarketplaces", 0..4) => map(&[("source", text("github")), ("repo", text("o/r"))]),
        ("allowedPluginMarketplaces", 4..6) => map(&[("source", text("git")), ("url", url())]),
        ("allowedPluginMarketplaces", _) => map(&[("source", text("url")), ("url", url())]),
        ("allowedPluginMcpServers", _) => map(&[("serverUrl", url())]),
        (_, 0) => map(&[("name", text("a")), ("transport", text("stdio")), ("command", text("/opt/a"))]),
        (_, 1) => {
            let cloud = pick(&["global", "us-gov-high", "us-gov-dod"], n / 8);
            map(&[("name", text("m")), ("server", text("microsoft365")), ("azureCloud", text(cloud))])
        }
        (_, 2) if n >= 128 => map(&[("name", text("g")), ("server", text("github")), ("host", url())]),
        (_, 2) => map(&[("name", text("g")), ("server", text("github"))]),
        (_, 3) => {
            let provider = pick(&["brave", "tavily", "exa", "custom"], n / 8);
            map(&[
                ("name", text("w")),
                ("server", text("websearch")),
                ("provider", text(provider)),
                ("customUrl", url()),
            ])
        }
        (_, 4) => map(&[("name", text("o")), ("url", url()), ("oauth", map(&[("tenantId", text("t"))]))]),
        (_, 5) => {
            let mut issuers = vec![text(pick(&URLS, n)), text(pick(&URLS, n / 3))];
            let mut oauth = Vec::new();
            if n >= 128 {
                issuers.push(text("https://accounts.google.com"));
                oauth.push(("mode", text("hosted")));
            }
            oauth.push(("authorizationServer", Value::List(issuers)));
            map(&[("name", text("i")), ("url", url()), ("oauth", map(&oauth))])
        }
        (_, 6) => map(&[("name", text("p")), ("url", text(pick(&PRESETS, n / 8)))]),
        _ => {
            let oauth = map(&[("clientId", text("c")), ("tokenUrl", url()), ("authorizationUrl", url())]);
            let helper = ("headersHelper", text("/opt/h"));
            map(&[("name", text("u")), ("url", url()), ("oauth", oauth), helper])
        }
    }
}

/// A value of the key's type.
pub fn value(key: &Key, n: u8) -> Value {
    match key.kind {
        KeyKind::Boolean => Value::Bool(n.is_multiple_of(2)),
        KeyKind::Integer => Value::Integer(i64::from(n)),
        KeyKind::Number => text("1.5"),
        KeyKind::String if key.secret => Value::Secret(Secret::new("k")),
        KeyKind::String if !key.values.is_empty() => {
            text(key.values.get(usize::from(n) % (key.values.len() + 1)).map_or("unheard-of", Word::as_str))
        }
        KeyKind::String if key.url => text(pick(&URLS, n)),
        KeyKind::String if key.name.ends_with("Region") => text(pick(&REGIONS, n)),
        KeyKind::String => text(pick(&["aurora", "/opt/helper", "x", ""], n)),
        KeyKind::StringList => {
            let pool = if key.name == "disabledBuiltinTools" { &TOOLS[..] } else { &HOSTS[..] };
            Value::List((0..n % 4).map(|i| text(pick(pool, n.wrapping_add(i)))).collect())
        }
        KeyKind::ObjectList => Value::List(
            (0..n % 5).map(|i| entry(&key.name, n.wrapping_mul(31).wrapping_add(i * 7))).collect(),
        ),
        KeyKind::Object if key.addresses.iter().any(|a| a == "issuer") => oidc(n),
        KeyKind::Object => map(&[
            ("enabled", Value::Bool(n.is_multiple_of(2))),
            ("allowedOrganizationUuids", Value::List(vec![text("u"); usize::from(n % 4 / 2)])),
        ]),
    }
}

/// A configuration with some of the catalogue's keys: `(position of the key, which value)`.
pub fn configuration(name: &str, keys: &KeyCatalogue, settings: &[(usize, u8)]) -> Configuration {
    let mut all: BTreeMap<String, Setting> = BTreeMap::new();
    for (at, n) in settings {
        let key = &keys.keys[at % keys.keys.len()];
        let origin = Origin { source: name.to_owned(), line: None, path: key.name.to_string() };
        all.insert(key.name.to_string(), Setting { value: value(key, *n), origin, raw: None });
    }
    Configuration { name: name.to_owned(), settings: all, ..Configuration::default() }
}

/// Numbers that are the same in every run (xorshift).
pub struct Random(u64);

impl Random {
    /// Starts a sequence; each seed has its own.
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A byte.
    pub fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }

    /// Up to `most` settings for [`configuration`].
    pub fn settings(&mut self, most: u64) -> Vec<(usize, u8)> {
        (0..self.next() % most).map(|_| ((self.next() >> 16) as usize, self.byte())).collect()
    }
}
