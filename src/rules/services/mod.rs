//! Service fingerprints (`rules/services.toml`): which request is sent to a host, and how the real
//! service answers it. Only data and its checks; answers are recognised by `diagnose`.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

mod shape;

pub use shape::{
    Answer, AnswerKind, Ask, AskWhen, BodyShape, Download, JsonCheck, JsonKind, Naming, Own, Protocol,
    PublishedChecksum, Shared, Speak, StatusRange,
};

use super::addresses::Addresses;
use super::compiled;
pub use super::data::DataError;
use super::files::{Files, Text};
use super::filters::Filters;
use super::inference::Calls;
use super::trust::ActorTrust;
use crate::contract::{Confidence, Keep, Request};
use crate::rules::{Word, word};
use crate::text::answer;
use crate::text::template;

/// The request as written, with placeholders.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
struct RequestTemplate {
    method: Word,
    path: Word,
    #[serde(default)]
    headers: Vec<(Word, Word)>,
    #[serde(default)]
    body: Word,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Identifier, such as `gateway`.
    pub id: Word,
    /// Name for people.
    pub title: Word,
    /// Who runs it; empty where the host's own domain says so.
    #[serde(default)]
    pub operator: Word,
    /// Host patterns; empty where a rule names the service.
    pub hosts: Vec<Word>,
    /// How well the fingerprint is known.
    pub confidence: Confidence,
    /// Where it comes from.
    pub source: Vec<Word>,
    /// The service answers in JSON: HTML comes from something else.
    #[serde(default)]
    pub json: bool,
    /// The app follows redirects of this service.
    #[serde(default = "yes")]
    pub follows_redirects: bool,
    /// A private address is normal for it.
    #[serde(default)]
    pub private_endpoint: bool,
    /// What is spoken, where one answer is not enough to judge.
    #[serde(default)]
    pub protocol: Option<Protocol>,
    /// Members of its JSON document that are kept, joined by dots.
    #[serde(default)]
    pub document: Vec<Word>,
    /// Members that its document must have to be of use.
    #[serde(default)]
    pub required: Vec<Word>,
    /// The `issuer` in its document must be the address that it was looked for below.
    #[serde(default)]
    pub issuer: bool,
    /// Its document may hold secrets: only the names of members are kept.
    #[serde(default)]
    pub secret: bool,
    /// Further requests.
    #[serde(default, rename = "ask")]
    pub asks: Vec<Ask>,
    /// Members of its document that name hosts.
    #[serde(default, rename = "names")]
    pub names: Vec<Naming>,
    /// A large object for the opt-in download.
    #[serde(default)]
    pub download: Option<Download>,
    /// The shared answers that it gives too, by identifier.
    #[serde(default)]
    pub shared: Vec<Word>,
    /// What stands before services may refuse in its place; not so where no fingerprint is known.
    #[serde(default = "yes")]
    pub refusals: bool,
    /// Headers that its own answers bear, and those of nobody in between.
    #[serde(skip)]
    pub marks: Vec<Word>,
    request: RequestTemplate,
    /// The answers by which it is known, the shared ones among them; the first that fits wins.
    #[serde(default, rename = "answer")]
    pub answers: Vec<Answer>,
}

/// Headers that any server may send.
const COMMON: [&str; 3] = ["www-authenticate", "retry-after", "location"];

const fn yes() -> bool {
    true
}

/// A service found by host name.
#[derive(Debug, Clone, PartialEq)]
pub struct Match<'a> {
    /// The service.
    pub service: &'a Service,
    /// The text of the pattern's first wildcard; empty without one.
    pub capture: String,
}

/// All fingerprints, and the addresses no public service can have.
#[derive(Debug, Clone, Default, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Services {
    #[borsh(deserialize_with = "compiled::list")]
    services: Vec<Service>,
    addresses: Addresses,
    block_titles: Vec<Word>,
    own: Own,
    filters: Filters,
    calls: Calls,
    trust: ActorTrust,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    block_titles: Vec<Word>,
    #[serde(default)]
    own: Own,
    #[serde(default)]
    shared: Vec<Shared>,
    service: Vec<Service>,
}

impl Services {
    /// The fingerprints built into the program.
    ///
    /// # Errors
    /// When a file is wrong, which a test excludes.
    pub fn embedded() -> Result<Self, DataError> {
        compiled::read(rules_compiled!("services"))
    }

    /// Reads `services.toml`, `addresses.toml`, `networks.toml`, `filters.toml`, `trust.toml` and
    /// `calls.toml`; what is wrong in any of them goes to `wrong`, and then there are none.
    pub(super) fn load(files: &Files, wrong: &mut Vec<DataError>) -> Option<Self> {
        let pair = |name| {
            let file = files.get(name);
            (file.text, file.shown)
        };
        let mut note = |error: DataError| wrong.push(error);
        let read = Self::parse(pair("services.toml"), pair("addresses.toml"), pair("networks.toml"));
        let read = read.map_err(&mut note).ok();
        let filters = Filters::load(files).map_err(&mut note).ok();
        let trust = ActorTrust::load(files).map_err(&mut note).ok();
        let calls = Calls::load(files).map_err(&mut note).ok();
        Some(Self { filters: filters?, trust: trust?, calls: calls?, ..read? })
    }

    /// Reads and checks the two texts, each with the name that messages call it by.
    ///
    /// # Errors
    /// Names the file and what is wrong in it.
    pub fn parse<'a>(
        services: (impl Into<Text<'a>>, &str),
        addresses: (impl Into<Text<'a>>, &str),
        networks: (impl Into<Text<'a>>, &str),
    ) -> Result<Self, DataError> {
        let (text, file) = services;
        let mut read: File = text.into().read_as(file)?;
        let bad = |reason: String| DataError::Content { file: file.to_owned(), reason };
        if let Some(shared) = read.shared.iter().find(|s| s.source.is_empty() || s.answers.is_empty()) {
            let id = &shared.id;
            return Err(bad(format!("shared `{id}` needs a `source` and at least one `answer`")));
        }
        for service in &mut read.service {
            service.complete(&read.shared).map_err(bad)?;
        }
        for (n, service) in read.service.iter().enumerate() {
            let id = &service.id;
            if read.service.iter().take(n).any(|s| s.id == *id) {
                return Err(bad(format!("service `{id}` is there twice")));
            }
            if service.source.is_empty() {
                return Err(bad(format!("service `{id}` needs a `source` and at least one `answer`")));
            }
            if let Some(host) = service.hosts.iter().find(|h| !is_pattern(h)) {
                return Err(bad(format!("service `{id}`: `{host}` is no host pattern")));
            }
            if let Some(reason) = service.request.fault() {
                return Err(bad(format!("service `{id}`: {reason}")));
            }
            if let Some(checksum) = service.download.as_ref().and_then(|d| d.checksum.as_ref())
                && (!checksum.path.starts_with('/')
                    || checksum.member.is_empty()
                    || checksum.source.is_empty())
            {
                return Err(bad(format!(
                    "service `{id}`: a `checksum` needs a `path`, a `member` and a `source`"
                )));
            }
            let others =
                service.asks.iter().map(|a| &a.service).chain(service.names.iter().map(|n| &n.service));
            for other in others {
                if !read.service.iter().any(|s| s.id == *other) {
                    return Err(bad(format!("service `{id}` refers to `{other}`, which is not there")));
                }
            }
            let kept = service.required.iter().chain(service.names.iter().map(|n| &n.member));
            for member in kept {
                if !service.document.contains(member) {
                    return Err(bad(format!(
                        "service `{id}`: write `{member}` into its `document`, or it is not kept"
                    )));
                }
            }
            for answer in &service.answers {
                if answer.status.is_empty() || answer.name.is_empty() {
                    return Err(bad(format!("service `{id}`: every answer needs a `name` and a `status`")));
                }
                let names =
                    answer.header_present.iter().chain(&answer.header_any).chain(&answer.header_absent);
                let names = names.chain(answer.values());
                if let Some(name) = names.into_iter().find(|n| n.chars().any(|c| c.is_ascii_uppercase())) {
                    return Err(bad(format!("service `{id}`: write the header `{name}` in lower case")));
                }
            }
        }
        let block_titles = read.block_titles.iter().map(|t| t.to_lowercase().into()).collect();
        let addresses = Addresses::parse((addresses.0.into(), addresses.1), (networks.0.into(), networks.1))?;
        Ok(Self {
            services: read.service,
            addresses,
            block_titles,
            own: read.own,
            filters: Filters::default(),
            calls: Calls::default(),
            trust: ActorTrust::default(),
        })
    }

    /// What each of the app's programs trusts.
    pub fn trust(&self) -> &ActorTrust {
        &self.trust
    }

    /// The service of a host name: an exact name first, then the longest pattern that fits.
    pub fn for_host(&self, host: &str) -> Option<Match<'_>> {
        let host = host.to_ascii_lowercase();
        self.services
            .iter()
            .flat_map(|service| service.hosts.iter().map(move |pattern| (service, pattern)))
            .filter_map(|(service, pattern)| {
                let capture = fit(pattern, &host)?;
                Some((!pattern.contains('*'), pattern.len(), Match { service, capture }))
            })
            .max_by_key(|(exact, length, _)| (*exact, *length))
            .map(|(_, _, found)| found)
    }

    /// The service with this identifier.
    pub fn by_id(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.id == id)
    }

    /// Every service, in the file's order.
    pub fn all(&self) -> &[Service] {
        &self.services
    }

    /// Words in the title of a page, in lower case, that filters use and healthy services hardly.
    pub fn block_titles(&self) -> &[Word] {
        &self.block_titles
    }

    /// What shows that a refusal is the own one of a service of the customer's.
    pub const fn own(&self) -> &Own {
        &self.own
    }

    /// How filters and inspectors show themselves.
    pub const fn filters(&self) -> &Filters {
        &self.filters
    }

    /// The calls that are made with a credential, and what the answers to them mean.
    pub const fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The addresses no public service can have.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }
}

impl Service {
    /// Puts the shared answers with its own, and texts into the form in which bodies are compared.
    fn complete(&mut self, shared: &[Shared]) -> Result<(), String> {
        if self.answers.is_empty() && self.shared.is_empty() {
            return Err(format!("service `{}` needs a `source` and at least one `answer`", self.id));
        }
        let own = shared.iter().filter(|s| self.shared.contains(&s.id)).flat_map(|s| &s.answers);
        for name in self.answers.iter().chain(own).flat_map(|a| a.header_present.iter().chain(&a.header_any))
        {
            if !COMMON.contains(&name.as_str()) && !self.marks.contains(name) {
                self.marks.push(name.clone());
            }
        }
        let mut answers: Vec<Answer> = Vec::new();
        for one in shared.iter().filter(|s| s.everywhere && self.refusals) {
            answers.extend(one.answers.iter().cloned());
        }
        answers.append(&mut self.answers);
        for id in &self.shared {
            let Some(one) = shared.iter().find(|s| s.id == *id) else {
                return Err(format!("service `{}`: `{id}` is not the `id` of a [[shared]] entry", self.id));
            };
            answers.extend(one.answers.iter().cloned());
        }
        for answer in &mut answers {
            for text in answer.body_any.iter_mut().chain(&mut answer.body_all) {
                *text = answer::plain(text).into();
            }
        }
        self.answers = answers;
        Ok(())
    }

    /// The request for `host`, with the placeholders filled in. `base_path` is the path of the
    /// configured URL without a trailing slash.
    pub fn request(&self, host: &str, base_path: &str) -> Request {
        let host = host.to_ascii_lowercase();
        let capture = self.hosts.iter().find_map(|p| fit(p, &host)).unwrap_or_default();
        let path = placeholder(&self.request.path, "base_path", base_path);
        let mut path = placeholder(&path, "1", &capture);
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        Request {
            method: self.request.method.to_string(),
            path,
            headers: self.request.headers.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            body: placeholder(&self.request.body, "clearway", env!("CARGO_PKG_VERSION")),
            keep: match (self.secret, self.document.is_empty()) {
                (true, _) => Keep::Names,
                (false, true) => Keep::Beginning,
                (false, false) => Keep::Members { members: word::texts(&self.document) },
            },
        }
    }

    /// Whether its request is a call of gRPC.
    pub fn is_grpc(&self) -> bool {
        self.protocol == Some(Protocol::OtlpGrpc)
    }
}

impl RequestTemplate {
    fn fault(&self) -> Option<String> {
        if self.method.is_empty() || !self.method.bytes().all(|b| b.is_ascii_uppercase()) {
            return Some(format!("`{}` is no HTTP method", self.method));
        }
        if !(self.path.starts_with('/')
            || self.path.starts_with("{base_path}")
            || self.path.starts_with("{base_path|/"))
        {
            return Some(format!("the path `{}` must begin with / or {{base_path}}", self.path));
        }
        self.headers
            .iter()
            .find(|(name, _)| {
                matches!(name.to_ascii_lowercase().as_str(), "authorization" | "x-api-key" | "cookie")
            })
            .map(|(name, _)| format!("a request carries no credential, so no `{name}` header"))
    }
}

/// Puts `value` in the place of `{name}`, and in that of `{name|default}` where it is not empty.
pub(super) fn placeholder(text: &str, name: &str, value: &str) -> String {
    template::fill(text, |inside| {
        let (wanted, default) = inside.split_once('|').unwrap_or((inside, ""));
        let value = if value.is_empty() { default } else { value };
        Some(if wanted == name { value.to_owned() } else { format!("{{{inside}}}") })
    })
}

pub(super) fn is_pattern(text: &str) -> bool {
    let plain = text.strip_prefix("*.").unwrap_or(text).replace('*', "x");
    plain.contains('.')
        && plain.split('.').all(|l| {
            !l.is_empty() && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
}

/// Whether `host` fits `pattern`, and the text of the first wildcard. `*.` at the start takes any
/// number of labels (at least one); any other `*` stays inside one label.
pub(super) fn fit(pattern: &str, host: &str) -> Option<String> {
    if let Some(suffix) = pattern.strip_prefix("*.").filter(|s| !s.contains('*')) {
        let rest = host.strip_suffix(suffix)?.strip_suffix('.')?;
        return (!rest.is_empty()).then(|| rest.to_owned());
    }
    let mut capture = None;
    let mut labels = host.split('.');
    for part in pattern.split('.') {
        let label = labels.next()?;
        match part.split_once('*') {
            None if part == label => {}
            None => return None,
            Some((head, tail)) => {
                let middle = label.strip_prefix(head)?.strip_suffix(tail)?;
                if middle.is_empty() {
                    return None;
                }
                capture.get_or_insert_with(|| middle.to_owned());
            }
        }
    }
    labels.next().is_none().then(|| capture.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn patterns_take_one_label_inside_and_any_depth_in_front() {
        assert_eq!(fit("api.*.cloud.example", "api.eu-1.cloud.example").as_deref(), Some("eu-1"));
        assert_eq!(fit("*-api.cloud.example", "eu-1-api.cloud.example").as_deref(), Some("eu-1"));
        assert_eq!(fit("x-*.api.*.cloud.example", "x-07.api.eu.cloud.example").as_deref(), Some("07"));
        assert_eq!(fit("*.cloud.example", "a.b.cloud.example").as_deref(), Some("a.b"));
        assert_eq!(fit("cloud.example", "cloud.example").as_deref(), Some(""));
        for (pattern, host) in [
            ("api.*.cloud.example", "api.eu.1.cloud.example"),
            ("api.*.cloud.example", "api.cloud.example"),
            ("*-api.cloud.example", "-api.cloud.example"),
            ("*.cloud.example", "cloud.example"),
            ("*.cloud.example", "evilcloud.example"),
            ("cloud.example", "cloud.example.evil.example"),
            ("api.*.cloud.example", "api.eu.cloud.example.evil.example"),
        ] {
            assert_eq!(fit(pattern, host), None, "{pattern} {host}");
        }
    }

    #[test]
    fn no_answer_is_there_that_could_never_fit() {
        let text = include_str!("../../../rules/services.toml");
        let parse = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            let text = text.replacen(from, to, 1);
            Services::parse(
                (&text, "x.toml"),
                (include_str!("../../../rules/addresses.toml"), "addresses.toml"),
                (include_str!("../../../rules/networks.toml"), "networks.toml"),
            )
        };
        // The probe keeps the values of listed headers only.
        let headers = crate::rules::headers::Headers::embedded().unwrap();
        let services = Services::embedded().unwrap();
        for name in services.all().iter().flat_map(|s| &s.answers).flat_map(Answer::values) {
            assert!(headers.kept(name, "x").is_some(), "write `{name}` into headers.toml");
        }
        let error = parse("shared = [\"aws-api\"", "shared = [\"aws-apis\"").unwrap_err().to_string();
        assert!(error.starts_with("x.toml: ") && error.contains("`aws-apis`"), "{error}");
    }

    #[test]
    fn the_embedded_file_holds_together() {
        let services = Services::embedded().unwrap();
        for id in [
            "gateway",
            "gateway-auth-server",
            "oidc-issuer",
            "mcp",
            "otlp-http",
            "bootstrap",
            "generic-https",
        ] {
            assert!(services.by_id(id).is_some_and(|s| s.hosts.is_empty()), "{id}");
        }
        for service in services.all() {
            for host in &service.hosts {
                let name = host.replace('*', "x");
                let found = services.for_host(&name).unwrap_or_else(|| panic!("{name}"));
                assert_eq!(found.service.id, service.id, "{name}");
            }
        }
    }

    #[test]
    fn requests_are_filled_in() {
        let services = Services::embedded().unwrap();
        let gateway = services.by_id("gateway").unwrap();
        assert_eq!(gateway.request("llm.example", "/anthropic").path, "/anthropic/v1/models");
        assert_eq!(gateway.request("llm.example", "").path, "/v1/models");
        assert_eq!(services.by_id("mcp").unwrap().request("mcp.example", "").path, "/");
        let vertex = services.by_id("vertex").unwrap();
        let path = |captured: &str| {
            let host = vertex.hosts.iter().find(|h| h.starts_with('*')).unwrap().replace('*', captured);
            vertex.request(&host, "").path
        };
        assert!(path("europe-west1").contains("/locations/europe-west1/"));
        assert!(vertex.request("psc.example", "").path.starts_with("/v1/projects/"));
        assert!(vertex.request("psc.example", "").path.contains("/locations/global/"));
        let foundry = services.by_id("foundry").unwrap();
        assert_eq!(foundry.request("apim.example", "").path, "/anthropic/v1/messages");
        assert_eq!(foundry.request("apim.example", "/llm/x").path, "/llm/x/v1/messages");
    }

    #[test]
    fn a_file_that_does_not_hold_together_is_refused_with_its_name() {
        let addresses = (crate::rules::files::built_in("addresses.toml"), "addresses.toml");
        let networks = (crate::rules::files::built_in("networks.toml"), "networks.toml");
        let good = r#"
            [[service]]
            id = "a"
            title = "A"
            hosts = ["a.example"]
            confidence = "inferred"
            source = ["s"]
            [service.request]
            method = "GET"
            path = "/"
            [[service.answer]]
            name = "n"
            kind = "ok"
            status = [200]
        "#;
        assert!(Services::parse((good, "x.toml"), addresses, networks).is_ok());
        for (from, to) in [
            ("method = \"GET\"", "method = \"get\""),
            ("path = \"/\"", "path = \"v1\""),
            ("a.example", "https://a.example"),
            ("[200]", "[\"700-800\"]"),
            ("[200]", "[]"),
            ("source = [\"s\"]", "source = []"),
            ("kind = \"ok\"", "kind = \"fine\""),
            ("path = \"/\"", "path = \"/\"\nheaders = [[\"Authorization\", \"Bearer x\"]]"),
            ("status = [200]", "status = [200]\nheader_present = [\"X-Id\"]"),
        ] {
            let error =
                Services::parse((&good.replacen(from, to, 1), "x.toml"), addresses, networks).unwrap_err();
            assert!(error.to_string().starts_with("x.toml: "), "{error}");
        }
    }
}
