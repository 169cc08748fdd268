//! Holds every rule against one configuration.

use super::address::{self, Endpoint, Problem};
use super::facts::Facts;
use super::merge::{Contribution, List};
use super::options::Options;
use super::requirement::{Missing, NOT_LISTED, Note, ProbeHints, Reason, Requirement};
use crate::config::{Lint, Value, masked};
use crate::contract::HostPattern;
use crate::contract::endpoint::authority;
use crate::contract::ids::{LintId, NoteId};
use crate::contract::{Need, Severity, Transport};
use crate::rules::condition::Scope;
use crate::rules::word;
use crate::rules::{Condition, HostName, HostSource, KeyPath, Rule};
use crate::text::glob::has_shape;
use crate::text::line;

/// Applies every rule of the pack, in order.
pub(super) fn apply_all(facts: &Facts<'_>, options: &Options, config: Option<&str>, list: &mut List<'_>) {
    for rule in &facts.pack.rules {
        if !rule.holds_for(facts.version) || (rule.unlisted && !options.include_observed) {
            continue;
        }
        let mut pass = Pass { facts, rule, config, need: rule.need, entry: None };
        match &rule.each {
            None => pass.apply(options, list),
            Some(each) => {
                for entry in facts.raw(each, None).and_then(Value::as_list).unwrap_or_default() {
                    if matches!(entry, Value::Map(_)) {
                        pass.entry = Some(entry);
                        pass.need = rule.need;
                        pass.apply(options, list);
                    }
                }
            }
        }
    }
}

/// The endpoints that `rule` would name here if its conditions held and every app version had it:
/// what the values of the configuration say, whatever decides whether they count.
pub(crate) fn regardless(facts: &Facts<'_>, rule: &Rule) -> Vec<Requirement> {
    let open = Rule { when: Condition::All(Vec::new()), exact: None, ..rule.clone() };
    let mut list = List::new(&facts.pack.networks);
    let options = Options::default();
    match &open.each {
        None => {
            Pass { facts, rule: &open, config: None, need: open.need, entry: None }.apply(&options, &mut list)
        }
        Some(each) => {
            for entry in facts.raw(each, None).and_then(Value::as_list).unwrap_or_default() {
                Pass { facts, rule: &open, config: None, need: open.need, entry: Some(entry) }
                    .apply(&options, &mut list);
            }
        }
    }
    list.finish().0
}

/// One rule on one configuration, and on one entry where it iterates.
struct Pass<'a> {
    facts: &'a Facts<'a>,
    rule: &'a Rule,
    config: Option<&'a str>,
    need: Need,
    entry: Option<&'a Value>,
}

impl Pass<'_> {
    fn apply(&mut self, options: &Options, list: &mut List<'_>) {
        let rule = self.rule;
        if !self.facts.holds(&rule.when, self.entry) {
            return;
        }
        if let Some(exact) = &rule.exact
            && !self.facts.holds(exact, self.entry)
        {
            if options.minimal {
                return;
            }
            self.need = Need::Optional;
        }
        match &rule.source {
            HostSource::Names(names) => names.iter().for_each(|name| self.name(name, list)),
            HostSource::Url(path) => {
                if let Some(value) = self.facts.raw(path, self.entry) {
                    self.url(value, path, list);
                }
            }
            HostSource::Urls(path) => match self.facts.raw(path, self.entry) {
                Some(Value::List(values)) => values.iter().for_each(|v| self.url(v, path, list)),
                Some(value) => self.url(value, path, list),
                None => {}
            },
            HostSource::Patterns(path) => self.each_text(path, list, Self::pattern),
            HostSource::PatternUrl(path) => self.each_text(path, list, Self::pattern_url),
            HostSource::Ssh(path) => self.each_text(path, list, Self::ssh),
            HostSource::Note(template) => {
                let text = template.render(|key| {
                    let name = self.facts.value(key, self.entry).and_then(Value::as_str);
                    Some(name.map_or_else(|| "(without a name)".to_owned(), readable))
                });
                list.note(Note {
                    id: rule.id.to_string(),
                    text: text.unwrap_or_default(),
                    keys: word::texts(&rule.keys),
                });
            }
            HostSource::Unbounded(text) => self.unbounded(text, list),
        }
    }

    /// A host that the rule names, perhaps with values in it.
    fn name(&self, name: &HostName, list: &mut List<'_>) {
        let rule = self.rule;
        let (host, name_key) = match name {
            HostName::Fixed(host) => (host.clone(), None),
            HostName::Made(template) => {
                let mut bad: Option<(&KeyPath, String)> = None;
                let text = template.render(|key| {
                    let value = self.facts.value(key, self.entry)?.as_str()?;
                    if is_label(value) && self.has_form(key, value) {
                        return Some(value.to_owned());
                    }
                    bad = Some((key, value.to_owned()));
                    None
                });
                if let Some((key, value)) = bad {
                    self.bad_label(key, &value, list);
                }
                let Some(Ok(host)) = text.map(|t| t.parse::<HostPattern>()) else { return };
                (host, template.first_key().map(|k| k.key.clone()))
            }
        };
        let hints = ProbeHints {
            member: rule.member.clone().filter(|_| host.is_wildcard()).map(String::from),
            name_key: name_key.map(String::from),
            ..self.hints(&host, String::new())
        };
        let transport = rule.transport.unwrap_or(Transport::Https);
        let port = rule.port.unwrap_or(443);
        list.add(self.contribution(host, port, transport, None, hints));
    }

    /// Whether the value has a form that the key's catalogue allows; in any other its host does not exist.
    fn has_form(&self, path: &KeyPath, value: &str) -> bool {
        let key = self.facts.pack.keys.get(&path.key).filter(|_| path.scope == Scope::Configuration);
        key.is_none_or(|k| k.shapes.is_empty() || has_shape(&k.shapes, value))
    }

    /// The host of an address in a value.
    fn url(&self, value: &Value, path: &KeyPath, list: &mut List<'_>) {
        let Some(text) = value.as_str() else {
            let message =
                format!("{} holds no text where an address is expected; write a URL", path_text(path));
            self.costs("bad-url", message, path, list);
            return;
        };
        let endpoint = match address::of_url(text, &self.facts.pack.networks) {
            Ok(endpoint) => endpoint,
            Err(problem) => return self.problem("bad-url", problem, path, list),
        };
        if endpoint.placeholder_path {
            let message = format!(
                "the path of {} still holds a placeholder; fill it in (the host {} is listed)",
                path_text(path),
                endpoint.host
            );
            self.lint(LintId::PLACEHOLDER.as_str(), Severity::Warning, message, path, list);
        }
        let refused = self.rule.refuses_http;
        if (self.rule.https_only || refused)
            && endpoint.transport == Transport::Http
            && !endpoint.host.is_loopback()
        {
            let message = format!(
                "{} is http to {}, which is not this device; the app accepts https only there{}",
                path_text(path),
                endpoint.host,
                if refused { " and refuses the value, so no host is listed" } else { "" }
            );
            self.lint("plain-http", Severity::Error, message, path, list);
            if refused {
                return;
            }
        }
        self.endpoint(endpoint, path, list);
    }

    fn endpoint(&self, endpoint: Endpoint, path: &KeyPath, list: &mut List<'_>) {
        let rule = self.rule;
        let Endpoint { host, port, port_given, transport, base_path, .. } = endpoint;
        if self.never_listed(&host, path, list) {
            return;
        }
        let port = if port_given { port } else { rule.port.unwrap_or(port) };
        let transport = rule.transport.unwrap_or_else(|| self.protocol(transport));
        if host.is_loopback() {
            let shown = authority(&host.to_string(), port);
            list.note(Note {
                id: NoteId::LOOPBACK.into(),
                text: format!(
                    "{} points at this device ({shown}), so no firewall rule is needed for it; `check` probes it.",
                    path_text(path)
                ),
                keys: vec![path.key.to_string()],
            });
        }
        let hints = ProbeHints { name_key: Some(path.key.to_string()), ..self.hints(&host, base_path) };
        list.add(self.contribution(host, port, transport, None, hints));
    }

    /// gRPC where the key that decides it says so; with TLS where the address has it.
    fn protocol(&self, scheme: Transport) -> Transport {
        let key = self.rule.transport_by.as_ref();
        let word = key.and_then(|k| self.facts.value(k, self.entry)).and_then(Value::as_str);
        match (word, scheme) {
            (Some("grpc"), Transport::Https) => Transport::GrpcTls,
            (Some("grpc"), Transport::Http) => Transport::Grpc,
            _ => scheme,
        }
    }

    /// Calls `read` with every text of a list, or of a value that is one text.
    fn each_text(&self, path: &KeyPath, list: &mut List<'_>, read: fn(&Self, &str, &KeyPath, &mut List<'_>)) {
        match self.facts.raw(path, self.entry) {
            Some(Value::List(values)) => {
                for value in values {
                    match value.as_str() {
                        Some(text) => read(self, text, path, list),
                        None => {
                            let message = format!("{} holds an entry that is no text", path_text(path));
                            self.costs("bad-host", message, path, list);
                        }
                    }
                }
            }
            Some(Value::Text(text)) => read(self, text, path, list),
            _ => {}
        }
    }

    fn pattern(&self, text: &str, path: &KeyPath, list: &mut List<'_>) {
        match address::of_pattern(text, &self.facts.pack.networks) {
            Ok((host, port)) => {
                let port = port.or(self.rule.port).unwrap_or(443);
                self.listed(host, port, self.rule.transport.unwrap_or(Transport::Https), path, list);
            }
            Err(problem) => self.problem("bad-host", problem, path, list),
        }
    }

    fn pattern_url(&self, text: &str, path: &KeyPath, list: &mut List<'_>) {
        if self.rule.denied_by.as_ref().is_some_and(|denied| self.is_denied(text, path, denied)) {
            return;
        }
        match address::of_pattern_url(text, &self.facts.pack.networks) {
            Ok(to) => self.listed(to.host, to.port, to.transport, path, list),
            Err(problem) => self.problem("bad-host", problem, path, list),
        }
    }

    /// Whether the list under `denied` takes every address of the pattern `text` away again. A list that
    /// cannot be read denies all (domain: deniedPluginMcpServers).
    fn is_denied(&self, text: &str, path: &KeyPath, denied: &KeyPath) -> bool {
        if self.facts.is_denying_all(denied) {
            return true;
        }
        match self.facts.raw(denied, None) {
            None => false,
            Some(Value::List(entries)) => {
                let patterns: Vec<&str> = entries.iter().filter_map(|e| e.at(&path.path)?.as_str()).collect();
                let is_unreadable = patterns.is_empty() && !entries.is_empty();
                is_unreadable || patterns.iter().any(|p| address::pattern_covers(p, text))
            }
            Some(_) => true,
        }
    }

    fn ssh(&self, text: &str, path: &KeyPath, list: &mut List<'_>) {
        match address::of_ssh(text, &self.facts.pack.networks) {
            Ok(host) => {
                self.listed(
                    host,
                    self.rule.port.unwrap_or(22),
                    self.rule.transport.unwrap_or(Transport::Ssh),
                    path,
                    list,
                );
            }
            Err(problem) => self.problem("bad-host", problem, path, list),
        }
    }

    /// A host that a list in the configuration names.
    fn listed(
        &self,
        host: HostPattern,
        port: u16,
        transport: Transport,
        path: &KeyPath,
        list: &mut List<'_>,
    ) {
        if host == HostPattern::Any {
            let text = self.rule.unbounded_text.as_deref().unwrap_or("any host");
            return self.unbounded(text, list);
        }
        if self.never_listed(&host, path, list) {
            return;
        }
        let hints = ProbeHints { name_key: Some(path.key.to_string()), ..self.hints(&host, String::new()) };
        list.add(self.contribution(host, port, transport, None, hints));
    }

    fn unbounded(&self, text: &str, list: &mut List<'_>) {
        let hints = ProbeHints { customer: true, ..ProbeHints::default() };
        let transport = self.rule.transport.unwrap_or(Transport::Https);
        list.add(self.contribution(HostPattern::Any, 0, transport, Some(text.to_owned()), hints));
    }

    /// Link-local addresses, metadata services and addresses of no host stay off the list.
    fn never_listed(&self, host: &HostPattern, path: &KeyPath, list: &mut List<'_>) -> bool {
        if self.facts.pack.networks.is_metadata(host) {
            let message = format!(
                "{} names {host}, a link-local address or a cloud machine's metadata service; it is not listed and never probed. Write the host that is meant",
                path_text(path)
            );
            self.lint("link-local", Severity::Error, message, path, list);
            return true;
        }
        if let HostPattern::Address(a) = host
            && (a.is_unspecified() || a.is_multicast())
        {
            let message = format!(
                "{} names {host}, an address that no host has; write the host that is meant",
                path_text(path)
            );
            self.lint("bad-host", Severity::Error, message, path, list);
            return true;
        }
        false
    }

    fn hints(&self, host: &HostPattern, base_path: String) -> ProbeHints {
        let private = self.facts.pack.networks.is_private_endpoint(host);
        let word = self.rule.transport_by.as_ref().and_then(|k| self.facts.value(k, self.entry));
        let own = word.and_then(Value::as_str).and_then(|word| self.rule.service_for.get(word));
        ProbeHints {
            service: own.or(self.rule.service.as_ref()).map(String::from),
            base_path,
            member: None,
            public_roots: self.rule.public_roots,
            customer: self.rule.customer,
            private_endpoint: self.rule.private_endpoint || private,
            name_key: None,
            signs_in: (!self.rule.signs_in.is_empty())
                .then(|| self.rule.signs_in.iter().any(|key| self.facts.raw(key, self.entry).is_some())),
            discovered_from: None,
            with_wildcard: false,
        }
    }

    fn contribution(
        &self,
        host: HostPattern,
        port: u16,
        transport: Transport,
        unbounded: Option<String>,
        hints: ProbeHints,
    ) -> Contribution {
        let rule = self.rule;
        let reason = Reason {
            rule: rule.id.to_string(),
            feature: rule.feature.to_string(),
            need: self.need,
            actors: rule.actors.clone(),
            purpose: rule.purpose.to_string(),
            breaks: rule.breaks.to_string(),
            sends: rule.sends.to_string(),
            confidence: rule.confidence,
            keys: word::texts(&rule.keys),
            removed_by: rule.off.as_ref().map(|o| o.text.to_string()),
            config: self.config.map(str::to_owned),
            source: word::texts(&rule.sources),
            since: rule.since.clone(),
            until: rule.until.clone(),
        };
        Contribution { host, port, transport, unbounded, hints, reason }
    }

    fn bad_label(&self, key: &KeyPath, value: &str, list: &mut List<'_>) {
        if self.facts.pack.networks.is_placeholder(value) {
            return self.problem(
                LintId::PLACEHOLDER.as_str(),
                Problem::Placeholder(address::shown(value)),
                key,
                list,
            );
        }
        if is_label(value) {
            let message = format!(
                "{} is `{}`, which does not have the form of a region of this provider; correct the spelling{NOT_LISTED}",
                path_text(key),
                readable(value)
            );
            return self.costs("region-form", message, key, list);
        }
        let message = format!(
            "{} is `{}`, which cannot be part of a host name (letters, digits and hyphens only){NOT_LISTED}",
            path_text(key),
            readable(value)
        );
        self.costs("bad-label", message, key, list);
    }

    fn problem(&self, id: &str, problem: Problem, path: &KeyPath, list: &mut List<'_>) {
        match problem {
            Problem::Placeholder(text) => {
                let message = format!(
                    "{} still holds the placeholder `{text}`; fill it in{NOT_LISTED}",
                    path_text(path)
                );
                self.costs(LintId::PLACEHOLDER.as_str(), message, path, list);
            }
            Problem::NoScheme { why, rest } => {
                // A proxy is mostly spoken to in the clear, whatever it leads to.
                let write = if path_text(path) == PROXY_KEY {
                    format!("write http://{rest} (or https:// where the proxy itself speaks TLS)")
                } else {
                    format!("write https://{rest}")
                };
                let message = format!("{}: {why}; {write}{NOT_LISTED}", path_text(path));
                self.costs(id, message, path, list);
            }
            Problem::Unreadable(text) => {
                let message = format!("{}: {text}{NOT_LISTED}", path_text(path));
                self.costs(id, message, path, list);
            }
        }
    }

    /// An error for which a host of this rule is not on the list.
    fn costs(&self, id: &str, message: String, path: &KeyPath, list: &mut List<'_>) {
        let lint = self.remark(id, Severity::Error, message, path);
        let config = self.config.map(str::to_owned);
        list.lacks(Missing { config, ..Missing::new(&self.rule.feature, self.need, &lint) });
        list.lint(lint);
    }

    fn lint(&self, id: &str, severity: Severity, message: String, path: &KeyPath, list: &mut List<'_>) {
        list.lint(self.remark(id, severity, message, path));
    }

    fn remark(&self, id: &str, severity: Severity, message: String, path: &KeyPath) -> Lint {
        let origin = self.facts.configuration.settings.get(path.key.as_str()).map(|s| s.origin.clone());
        Lint { id: id.to_owned(), severity, message, key: Some(path.key.to_string()), origin }
    }
}

/// One DNS label: what a region or a resource name must be.
fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The key that names a proxy by its address; that of a proxy script names a page.
const PROXY_KEY: &str = "egressProxyUrl";

/// How a path is written in messages.
fn path_text(path: &KeyPath) -> String {
    if path.path.is_empty() { path.key.to_string() } else { format!("{}.{}", path.key, path.path) }
}

/// Text of a configuration as it may stand in a message: one line, short.
fn readable(text: &str) -> String {
    line::seen(&masked(text), 60)
}
