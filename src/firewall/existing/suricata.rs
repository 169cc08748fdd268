//! Rule groups of AWS Network Firewall with Suricata rules, as CloudFormation or Terraform JSON. In strict order the first
//! rule that matches decides.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::intent::Names;
use super::access::Test;
use super::build::{Builder, Ports, blocks, destination, https, json, strange_key};
use super::read::{Dialect, Ignored, Listing, Pattern, Unread, brief, network, plain};
use crate::text::visible;

/// Reads a CloudFormation template.
///
/// # Errors
/// When something in it decides and is not read.
pub(super) fn template(text: &str) -> Result<Listing, Unread> {
    let file = json(text)?;
    let (mut groups, mut others) = (Vec::new(), BTreeSet::new());
    if file.get("Transform").is_some() {
        return Err(Unread::whole("a template with `Transform` becomes another one: give what was deployed"));
    }
    for (name, resource) in file.get("Resources").and_then(Value::as_object).into_iter().flatten() {
        if name.starts_with("Fn::") || !resource.is_object() {
            return Err(Unread::whole(&format!(
                "resources are made by `{}`, which is not worked out: give what was deployed",
                visible::message(name)
            )));
        }
        match resource.get("Type").and_then(Value::as_str).unwrap_or("") {
            "AWS::NetworkFirewall::RuleGroup" => {
                let group = resource.get("Properties").unwrap_or(&Value::Null);
                if group.get("Type").and_then(Value::as_str) != Some("STATEFUL") {
                    return Err(Unread::whole(
                        "a stateless rule group decides before these rules, and is not read",
                    ));
                }
                if resource.get("Condition").is_some() {
                    return Err(Unread::whole(
                        "a rule group is made under a condition: give what was deployed",
                    ));
                }
                let group = group.get("RuleGroup").unwrap_or(&Value::Null);
                let source = group.get("RulesSource").unwrap_or(&Value::Null);
                if strange_key(group, &["RulesSource", "StatefulRuleOptions", "RuleVariables"]).is_some()
                    || strange_key(source, &["RulesString"]).is_some()
                {
                    return Err(Unread::whole(
                        "a rule group has something else than rule strings: give its domains as lines with --against-as aws",
                    ));
                }
                if group.get("RuleVariables").is_some_and(|v| v.to_string().contains("\"EXTERNAL_NET\"")) {
                    return Err(Unread::whole(
                        "a rule group gives EXTERNAL_NET another meaning, which is not worked out",
                    ));
                }
                let rules = match source.get("RulesString") {
                    Some(Value::String(rules)) => rules.clone(),
                    Some(chosen) => by_default(&file, chosen)?,
                    None => return Err(Unread::whole("a rule group has no rule strings")),
                };
                let options = group.get("StatefulRuleOptions").unwrap_or(&Value::Null);
                let order = options.get("RuleOrder");
                let order = match order.and_then(|o| o.get("Ref")).and_then(Value::as_str) {
                    Some(name) => file.pointer(&format!("/Parameters/{name}/Default")),
                    None => order,
                };
                let order = if options.is_null() {
                    Order::Actions
                } else if strange_key(options, &["RuleOrder", "StreamExceptionPolicy"]).is_some() {
                    Order::Unknown
                } else {
                    // A reference that leads to nothing is no absence.
                    Order::of(order.or(options.get("RuleOrder")))
                };
                groups.push((rules, order));
            }
            kind if kind.starts_with("AWS::CloudFormation::") => {
                return Err(Unread::whole(
                    "resources of another template (AWS::CloudFormation) are not read, and may decide: give the rule groups alone",
                ));
            }
            "AWS::NetworkFirewall::FirewallPolicy" => {
                return Err(Unread::whole(
                    "a firewall policy with its stateless actions and the order of groups is not read: give the rule group alone",
                ));
            }
            kind if HARMLESS.iter().any(|own| kind.starts_with(own)) => {}
            kind => _ = others.insert(kind),
        }
    }
    let mut listing = read(Dialect::AwsTemplate, text, &groups)?;
    let mut builder = Builder::new(Dialect::AwsTemplate, text);
    for kind in others {
        let shown = visible::message(kind);
        builder.beside(kind, format!("what the resource of the type {shown} blocks, which is not read"));
    }
    listing.gates.append(&mut builder.listing.gates);
    Ok(listing)
}

/// Beginnings of types of resources that decide nothing about connections. Any other type may.
const HARMLESS: [&str; 9] = [
    "AWS::NetworkFirewall::Firewall",
    "AWS::NetworkFirewall::LoggingConfiguration",
    "AWS::CloudWatch::",
    "AWS::Logs::",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::S3::Bucket",
    "AWS::SNS::",
    "AWS::SQS::",
];

/// In which order the rules of a group are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// As they stand.
    Strict,
    /// Every rule that passes before every one that drops, which is what no order stands for.
    Actions,
    /// Another word, or one that is worked out elsewhere.
    Unknown,
}

impl Order {
    fn of(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Actions,
            Some(Value::String(word)) if word == "STRICT_ORDER" => Self::Strict,
            Some(Value::String(word)) if word == "DEFAULT_ACTION_ORDER" => Self::Actions,
            Some(_) => Self::Unknown,
        }
    }
}

/// The rules that `Fn::If` gives where a parameter keeps its default.
fn by_default(file: &Value, chosen: &Value) -> Result<String, Unread> {
    let unread =
        || Unread::whole("the rules are made by a function that is not worked out: give what was deployed");
    let parts = chosen.get("Fn::If").and_then(Value::as_array).ok_or_else(unread)?;
    let [Value::String(condition), Value::String(yes), Value::String(no)] = parts.as_slice() else {
        return Err(unread());
    };
    let equals = file
        .pointer(&format!("/Conditions/{condition}/Fn::Equals"))
        .and_then(Value::as_array)
        .ok_or_else(unread)?;
    let [reference, Value::String(value)] = equals.as_slice() else { return Err(unread()) };
    let name = reference.get("Ref").and_then(Value::as_str).ok_or_else(unread)?;
    let default =
        file.pointer(&format!("/Parameters/{name}/Default")).and_then(Value::as_str).ok_or_else(unread)?;
    Ok(if default == value { yes } else { no }.clone())
}

/// Reads Terraform JSON of the provider aws.
///
/// # Errors
/// When something in it decides and is not read.
pub(super) fn terraform(text: &str, file: &Value) -> Result<Listing, Unread> {
    let mut groups = Vec::new();
    let all = file.pointer("/resource/aws_networkfirewall_rule_group").and_then(Value::as_object);
    for group in all.into_iter().flat_map(|g| g.values()).flat_map(|g| blocks(Some(g))) {
        let known = [
            "name",
            "description",
            "type",
            "capacity",
            "rule_group",
            "tags",
            "lifecycle",
            "encryption_configuration",
        ];
        let only = |value: Option<&Value>, known: &[&str]| match blocks(value).as_slice() {
            [one] if strange_key(one, known).is_none() => Some((*one).clone()),
            _ => None,
        };
        let inner =
            only(group.get("rule_group"), &["rules_source", "stateful_rule_options", "rule_variables"]);
        if inner.as_ref().is_some_and(|g| g.to_string().contains("\"EXTERNAL_NET\"")) {
            return Err(Unread::whole(
                "a rule group gives EXTERNAL_NET another meaning, which is not worked out",
            ));
        }
        let source = inner.as_ref().and_then(|g| only(g.get("rules_source"), &["rules_string"]));
        let is_known = strange_key(group, &known).is_none()
            && group.get("type").and_then(Value::as_str) == Some("STATEFUL");
        let (true, Some(inner), Some(source)) = (is_known, inner, source) else {
            return Err(Unread::whole(
                "a rule group has something else than rule strings, or is made by an expression: give the plan or an export",
            ));
        };
        let rules = source
            .get("rules_string")
            .and_then(Value::as_str)
            .ok_or_else(|| Unread::whole("a rule group has no rule strings"))?;
        let rules = chosen(file, rules)?;
        let order = match blocks(inner.get("stateful_rule_options")).as_slice() {
            [] => Order::Actions,
            [one] if strange_key(one, &["rule_order"]).is_none() => {
                let order = one.get("rule_order");
                let name =
                    order.and_then(Value::as_str).and_then(|o| o.strip_prefix("${var.")?.strip_suffix('}'));
                let default = name.and_then(|n| file.pointer(&format!("/variable/{n}/default")));
                Order::of(default.or(order))
            }
            _ => Order::Unknown,
        };
        groups.push((rules, order));
    }
    read(Dialect::TerraformAws, text, &groups)
}

/// The rules themselves, or `${var.x ? local.a : local.b}` with the default of that variable.
fn chosen(file: &Value, rules: &str) -> Result<String, Unread> {
    if !rules.contains("${") && !rules.contains("%{") {
        return Ok(rules.to_owned());
    }
    let unread = || {
        Unread::whole(
            "the rules are made by an expression that is not worked out: give the plan or an export",
        )
    };
    let inner = rules.strip_prefix("${").and_then(|r| r.strip_suffix('}')).ok_or_else(unread)?;
    let words: Vec<&str> = inner.split(' ').collect();
    let [variable, "?", yes, ":", no] = words.as_slice() else { return Err(unread()) };
    let variable = variable.strip_prefix("var.").ok_or_else(unread)?;
    let default =
        file.pointer(&format!("/variable/{variable}/default")).and_then(Value::as_bool).ok_or_else(unread)?;
    let local = if default { yes } else { no }.strip_prefix("local.").ok_or_else(unread)?;
    let text = file.pointer(&format!("/locals/{local}")).and_then(Value::as_str).ok_or_else(unread)?;
    if text.contains("${") {
        return Err(unread());
    }
    Ok(text.to_owned())
}

/// Whether a rule drops UDP to the port of name lookups, or may.
fn denies_lookups(rule: &str) -> bool {
    let head: Vec<&str> = rule.split_whitespace().take(7).collect();
    let [action, "udp", _, _, _, _, port] = head.as_slice() else { return false };
    let is_53 = *port == "any" || port.contains("53") || port.contains(['!', ':', '$']);
    is_53 && (*action == "drop" || action.starts_with("reject"))
}

fn read(dialect: Dialect, text: &str, groups: &[(String, Order)]) -> Result<Listing, Unread> {
    let mut builder = Builder::new(dialect, text);
    let mut rules: Vec<Rule> = Vec::new();
    let (mut handshakes, mut lookups) = (false, false);
    for (strings, _) in groups {
        for raw in strings.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            match Rule::of(raw) {
                Ok(Some(rule)) => rules.push(rule),
                Ok(None) => {
                    handshakes |= raw.starts_with("pass ") && raw.contains("not_established");
                    lookups = lookups || denies_lookups(raw);
                }
                Err(reason) => {
                    return Err(Unread::lines(
                        format!("read as {}: a rule is not understood", dialect.title()),
                        vec![Ignored::new(1, raw, &reason)],
                    ));
                }
            }
        }
    }
    if lookups {
        let what = "whether names can be looked up: a rule drops what goes to port 53 over UDP";
        builder.beside("RulesString", what.into());
    }
    let denies = rules.iter().any(|r| !r.allows);
    if denies && groups.iter().any(|(_, order)| *order == Order::Unknown) {
        return Err(Unread::whole(
            "a rule denies, and the rule order (RuleOrder, rule_order) is neither STRICT_ORDER nor DEFAULT_ACTION_ORDER: write which, or \
             give what was deployed",
        ));
    }
    let strict = groups.iter().all(|(_, order)| *order == Order::Strict);
    if denies && groups.len() > 1 {
        return Err(Unread::whole(
            "several rule groups, of which one denies: their order stands in the policy, which is not read",
        ));
    }
    if !strict {
        // Without strict order every rule that passes comes before every rule that drops.
        rules.sort_by_key(|r| !r.allows);
    }
    if !handshakes {
        // What drops the first packet comes before every rule that has to see a name, whatever the order.
        rules = packets_first(rules, |r| r.drops_packets, |r| r.allows && r.sees_names);
    }
    for rule in rules {
        let line = rule.value.as_deref().map_or(1, |v| builder.line_of(v));
        let mut tests = rule.tests;
        if let Some((pattern, value)) = rule.destination {
            let ports = rule.ports.clone();
            tests.push(builder.values([value.as_str()], |_| pattern.clone(), &ports));
        } else {
            builder.listing.understood += 1;
        }
        builder.access(line, &rule.text, rule.allows, tests);
    }
    builder.done()
}

/// The rules up to the last one that drops, those that are late behind the others; then the rest.
fn packets_first<T>(mut rules: Vec<T>, drops: impl Fn(&T) -> bool, is_late: impl Fn(&T) -> bool) -> Vec<T> {
    let Some(last) = rules.iter().rposition(drops) else { return rules };
    let rest = rules.split_off(last + 1);
    let (late, early): (Vec<T>, Vec<T>) = rules.into_iter().partition(is_late);
    early.into_iter().chain(late).chain(rest).collect()
}

/// A rule that decides.
struct Rule {
    text: String,
    allows: bool,
    /// It matches only what comes after the handshake of TCP.
    sees_names: bool,
    /// It denies, and matches the first packet of a connection.
    drops_packets: bool,
    ports: Ports,
    value: Option<String>,
    destination: Option<(Result<Pattern, String>, String)>,
    tests: Vec<Test>,
}

impl Rule {
    /// Nothing for a rule that decides nothing.
    fn of(raw: &str) -> Result<Option<Self>, String> {
        let (head, options) = raw.split_once('(').ok_or("it has no options in parentheses")?;
        let options = options.trim_end().strip_suffix(')').ok_or("its options do not end")?;
        let words: Vec<&str> = head.split_whitespace().collect();
        let [action, protocol, source, source_port, "->", target, port] = words.as_slice() else {
            return Err("its head is not ACTION PROTOCOL FROM PORT -> TO PORT".into());
        };
        let allows = match *action {
            "pass" => true,
            "drop" | "reject" | "rejectsrc" | "rejectdst" | "rejectboth" => false,
            "alert" => return Ok(None),
            other => return Err(format!("the action `{other}` is not known")),
        };
        let mut tests = match *protocol {
            "tls" => vec![https()],
            "http" => vec![Test::Clear],
            "tcp" | "ip" => Vec::new(),
            // A name whose lookup is dropped is not reached.
            "dns" if !allows => return Err("a rule on lookups is not compared".into()),
            "udp" | "icmp" | "dns" | "quic" | "ntp" | "tftp" | "dhcp" => return Ok(None),
            other => return Err(format!("the protocol `{other}` is not compared")),
        };
        let ports = ports(port)?;
        if !ports.is_empty() {
            tests.push(Test::Ports(ports.clone()));
        }
        if *source_port != "any" {
            return Err("it names ports of the client".into());
        }
        if !["any", "$HOME_NET"].contains(source) {
            let text = format!("the client's address ({source})");
            tests.push(if source.contains('!') {
                Test::client(text)
            } else {
                let each = source.trim_matches(['[', ']']).split(',');
                Test::within("source", each.map(|s| s.trim().to_owned()), text)
            });
        }
        let mut destination_of = None;
        match *target {
            "any" => {}
            "$EXTERNAL_NET" => {
                let inside = Test::Other("whether the host's address is outside HOME_NET".into());
                tests.push(Test::Any(vec![Test::Internal.negated(), inside]));
            }
            address if network(address).is_some() || address.parse::<std::net::IpAddr>().is_ok() => {
                destination_of = Some((destination(address), address.to_owned()));
            }
            other => return Err(format!("the destination `{other}` is not worked out")),
        }
        let mut sees_names = ["tls", "http"].contains(protocol);
        let mut established = false;
        let mut buffer = "";
        let (mut dotted, mut contents): (bool, Vec<Content>) = (false, Vec::new());
        for option in split(options) {
            let (key, value) =
                option.split_once(':').map_or((option.as_str(), ""), |(k, v)| (k.trim(), v.trim()));
            match key {
                "msg" | "sid" | "rev" | "gid" | "classtype" | "metadata" | "reference" | "fast_pattern"
                | "noalert" => {}
                "nocase" => contents.last_mut().ok_or("nocase without a content")?.folded = true,
                "flow" => match value {
                    v if v
                        .split(',')
                        .all(|p| ["to_server", "established", "from_client"].contains(&p.trim())) =>
                    {
                        established |= v.split(',').any(|p| p.trim() == "established");
                    }
                    // It lets the handshake of TCP through and decides nothing about what follows.
                    v if allows && v.contains("not_established") => return Ok(None),
                    other => return Err(format!("the condition flow:{other} is not compared")),
                },
                "tls.sni" | "http.host" => buffer = if key == "tls.sni" { "name" } else { "host" },
                "dotprefix" => dotted = true,
                "content" => {
                    if buffer.is_empty() {
                        return Err("content outside the server name is not compared".into());
                    }
                    let text = value
                        .strip_prefix('"')
                        .and_then(|v| v.strip_suffix('"'))
                        .ok_or("a content is negated or has no quotes")?;
                    contents.push(Content { text: text.to_owned(), ..Content::default() });
                }
                "startswith" | "endswith" => {
                    let last = contents.last_mut().ok_or("an end without a content")?;
                    if key == "startswith" { last.starts = true } else { last.ends = true }
                }
                other => return Err(format!("the option `{other}` is not compared")),
            }
        }
        let mut value = None;
        for content in &contents {
            value = Some(content.text.clone());
            let found = content.pattern(dotted, allows);
            if destination_of.is_none() {
                destination_of = Some((found, content.text.clone()));
            } else {
                tests.push(match found {
                    Ok(pattern) => Test::Names(pattern),
                    Err(reason) => Test::Unknown(Ignored::new(1, raw, &reason)),
                });
            }
        }
        sees_names |= !contents.is_empty();
        Ok(Some(Self {
            text: brief(head.trim()),
            allows,
            sees_names,
            drops_packets: !allows && !sees_names && !established,
            ports,
            value,
            destination: destination_of,
            tests,
        }))
    }
}

#[derive(Default)]
struct Content {
    text: String,
    starts: bool,
    ends: bool,
    /// Compared without regard to case.
    folded: bool,
}

impl Content {
    /// What names it stands for; for a rule that allows at least, for one that denies at most.
    fn pattern(&self, dotted: bool, allows: bool) -> Result<Pattern, String> {
        // Names stand in lower case in what the app sends, which no other case is equal to.
        if !self.folded && self.text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(format!("the content `{}` has upper case and no nocase", self.text));
        }
        // Bytes in hexadecimal, or escaped, are other ones than those that stand there.
        if self.text.is_empty() || self.text.contains(['|', '\\', '"', '$']) {
            return Err(format!("the content `{}` is not worked out", self.text));
        }
        let text = self.text.to_ascii_lowercase();
        let name = |text: &str| plain(text).map_err(|_| format!("`{text}` is not a name"));
        match (self.starts, self.ends, text.strip_prefix('.')) {
            (true, true, None) if !dotted => Ok(Pattern::Names(Names::Exact(name(&text)?))),
            (false, true, Some(base)) if dotted => Ok(Pattern::Names(Names::ApexAndSubdomains(name(base)?))),
            (false, true, Some(base)) => Ok(Pattern::Names(Names::Subdomains(name(base)?))),
            // Names that merely end in it match too.
            (false, true, None) if allows && !dotted => {
                Ok(Pattern::Names(Names::ApexAndSubdomains(name(&text)?)))
            }
            (false, false, _) if !dotted => Ok(Pattern::Holds(text.clone())),
            _ => Err(format!("the content `{}` is anchored in a way that is not compared", self.text)),
        }
    }
}

/// `443`, `[80,443]`, `8000:8100`, `any`.
fn ports(text: &str) -> Result<Ports, String> {
    if text == "any" {
        return Ok(Vec::new());
    }
    let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    inner
        .split(',')
        .map(|part| {
            let (from, to) = part.trim().split_once(':').unwrap_or((part.trim(), part.trim()));
            let to = if to.is_empty() { "65535" } else { to };
            match (from.parse::<u16>(), to.parse::<u16>()) {
                (Ok(from), Ok(to)) if from <= to => Ok((from, to)),
                _ => Err(format!("the port `{text}` is not worked out")),
            }
        })
        .collect()
}

/// Options at the semicolons that stand outside quotes.
fn split(options: &str) -> Vec<String> {
    let (mut all, mut one, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for c in options.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                one.push(c);
            }
            '\\' => {
                escaped = true;
                one.push(c);
            }
            ';' if !quoted => all.push(std::mem::take(&mut one).trim().to_owned()),
            c => {
                quoted ^= c == '"';
                one.push(c);
            }
        }
    }
    all.push(one.trim().to_owned());
    all.retain(|o| !o.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    /// The same, one rule that drops after the other.
    fn one_by_one(rules: &[(usize, u8)]) -> Vec<(usize, u8)> {
        let mut seen: Vec<(usize, u8)> = Vec::new();
        for rule in rules {
            if rule.1 == 1 {
                let (late, mut early): (Vec<_>, Vec<_>) = seen.into_iter().partition(|r| r.1 == 2);
                early.push(*rule);
                early.extend(late);
                seen = early;
            } else {
                seen.push(*rule);
            }
        }
        seen
    }

    proptest! {
        #[test]
        fn what_drops_packets_comes_first(kinds in proptest::collection::vec(0_u8..3, 0..12)) {
            let rules: Vec<(usize, u8)> = kinds.into_iter().enumerate().collect();
            let asked = Cell::new(0);
            let count = |holds| { asked.set(asked.get() + 1); holds };
            let found = packets_first(rules.clone(), |r| count(r.1 == 1), |r| count(r.1 == 2));
            prop_assert_eq!(found, one_by_one(&rules));
            // Each rule is looked at twice at most, however many drop.
            prop_assert!(asked.get() <= 2 * rules.len());
        }
    }
}
