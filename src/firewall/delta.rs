//! What an existing list lacks, in the product's own form, and what of it can go.
//!
//! Only what is missing is written, so that what stands on the firewall and is right is not touched. What can go is
//! written as commands of the product where they touch objects of this list's own name only; everything else that
//! nothing here needs is named, since others may need it.

use std::collections::BTreeSet;

use super::existing::{Comparison, Dialect, FortigateObjects};
use super::intent::{HostRule, Kind, List};
use super::{Format, Output, compose, text};
use crate::rules::firewalls::Product;

/// The list that exists, and how it compares.
#[derive(Debug, Clone, Copy)]
pub struct Existing<'a> {
    /// What was held against it.
    pub comparison: &'a Comparison,
    /// Its text.
    pub text: &'a str,
    /// Whether everything that is needed was held against it. A part of the list says nothing about what can go.
    pub whole: bool,
}

/// Why no delta can be written in a format.
const fn refused(format: Format) -> Option<&'static str> {
    match format {
        Format::DnsmasqNftset | Format::DnsmasqNftsetSets => Some(
            "dnsmasq takes the longest match only, so that a line repeats what stands above it, and loading the sets \
             empties them: a part means something else than the whole. Write the whole list, which replaces what is there",
        ),
        Format::Pac => {
            Some("a device takes one PAC file, so that a second one replaces the first: write the whole one")
        }
        Format::PrometheusBlackbox | Format::PrometheusScrape => {
            Some("this file has no hosts: it is the same for every list")
        }
        _ => None,
    }
}

/// Products in which a second load replaces the objects of that name: what their text has where it has such objects, and
/// what the objects are called.
fn replaced(format: Format, list: &List) -> Option<(String, String)> {
    let name = list.name.as_str();
    let lower = name.to_ascii_lowercase();
    Some(match format {
        Format::AzureFirewall
        | Format::AwsNetworkFirewall
        | Format::TerraformAzure
        | Format::TerraformAws
        | Format::TerraformPaloalto
        | Format::CiscoFmc
        | Format::Cloudflare => (format!("\"{name}-"), format!("{name}-...")),
        Format::NetskopeApi => (format!("\"name\": \"{name}\""), name.to_owned()),
        Format::Sophos => (format!("<Name>{name}-"), format!("{name}-...")),
        Format::WindowsFirewall => (format!("'{name}-"), format!("{name}-...")),
        Format::GcpSwp | Format::Cilium => (format!("\"{lower}-"), format!("{lower}-...")),
        _ => return None,
    })
}

/// The format in which a list of that dialect is written, where it is one of a product.
pub const fn format_of(dialect: Dialect) -> Option<Format> {
    Some(match dialect {
        Dialect::UrlList => Format::PaloaltoUrls,
        Dialect::Squid => Format::Squid,
        Dialect::Fortigate => Format::Fortigate,
        Dialect::Paloalto => Format::Paloalto,
        Dialect::Zscaler => Format::Zscaler,
        Dialect::Umbrella => Format::Umbrella,
        Dialect::Aws => Format::AwsNetworkFirewall,
        Dialect::Dnsmasq => Format::DnsmasqNftset,
        Dialect::Prometheus => Format::Prometheus,
        Dialect::Azure => Format::AzureFirewall,
        Dialect::AwsTemplate => Format::AwsNetworkFirewall,
        Dialect::TerraformAzure => Format::TerraformAzure,
        Dialect::TerraformAws => Format::TerraformAws,
        Dialect::TerraformPaloalto => Format::TerraformPaloalto,
        Dialect::Gcp => Format::GcpSwp,
        Dialect::Cloudflare => Format::Cloudflare,
        Dialect::Cilium => Format::Cilium,
        Dialect::Netskope => Format::Netskope,
        Dialect::NetskopeApi => Format::NetskopeApi,
        Dialect::Fmc => Format::CiscoFmc,
        Dialect::Sophos => Format::Sophos,
        Dialect::Checkpoint => Format::Checkpoint,
        Dialect::Pac => Format::Pac,
        Dialect::Windows => Format::WindowsFirewall,
        Dialect::Plain | Dialect::Csv | Dialect::Dns | Dialect::Hosts => return None,
    })
}

/// How lists of a product are read where their lines do not say whose they are.
pub const fn dialect_of(format: Format) -> Option<Dialect> {
    match format {
        Format::PaloaltoUrls => Some(Dialect::UrlList),
        Format::Zscaler => Some(Dialect::Zscaler),
        Format::Umbrella => Some(Dialect::Umbrella),
        Format::Netskope => Some(Dialect::Netskope),
        _ => None,
    }
}

/// Writes what `existing` lacks of `list`. [`Output::gone`] names what can go and is not in the text.
///
/// # Errors
/// Why this product takes no delta, or not this one.
pub fn write(
    format: Format,
    list: &List,
    existing: &Existing<'_>,
    product: &Product,
) -> Result<Output, String> {
    if list.kind == Kind::Inspection {
        return Err("an exemption from TLS inspection is short: write it whole".into());
    }
    if existing.comparison.missing.is_empty()
        && (refused(format).is_some() || replaced(format, list).is_some())
    {
        // A file without entries would replace what is there with nothing.
        let gone = Gone::of(format, list, existing, "");
        return Ok(Output { gone: gone.named, ..Output::default() });
    }
    if let Some(reason) = refused(format) {
        return Err(format!("{format} takes no delta: {reason}"));
    }
    if let Some((mark, called)) = replaced(format, list)
        && existing.text.contains(&mark)
    {
        return Err(format!(
            "the existing list has objects called `{called}`, and a second load replaces them: give the delta a name of its own \
             (--name), or write the whole list, which replaces them with what is right"
        ));
    }
    let missing: Vec<HostRule> = existing.comparison.missing.iter().map(|m| m.rule.clone()).collect();
    let mut part = list.part(missing);
    if format == Format::Checkpoint {
        // The tags of an object are set together.
        let names: BTreeSet<_> = part.rules.iter().map(|r| r.names.clone()).collect();
        part = list.part(list.rules.iter().filter(|r| names.contains(&r.names)).cloned().collect());
    }
    let script = |text: &str| match format {
        Format::Fortigate => appended(text, &FortigateObjects::of(existing.text)),
        _ => text.to_owned(),
    };
    let added = script(&compose(format, list, &part.rules, &[], product)?.text);
    let gone = Gone::of(format, list, existing, &added);
    let mut remarks = vec![match part.rules.len() {
        0 => "Nothing is missing in the existing list.".to_owned(),
        n => format!("Only what the existing list lacks, {n} of {}.", list.rules.len()),
    }];
    remarks.extend(replaced(format, list).map(|_| {
        "A list of its own beside the existing one: its names must not be those of that one, or it replaces it.".to_owned()
    }));
    let missing = &existing.comparison.missing;
    let denied = missing.iter().filter_map(|m| m.denied.as_ref().map(|why| format!("{}: {why}", m.rule)));
    remarks.extend(section("Denied by what is there:", denied.collect()));
    let near = missing.iter().flat_map(|m| m.near.iter().map(|n| format!("{}: {n}", m.rule)));
    remarks.extend(section("Lines that look right and are not:", near.collect()));
    remarks.extend(section("Can go, for nothing here needs it (others may):", gone.named.clone()));
    let mut output = compose(format, list, &part.rules, &remarks, product)?;
    output.text = script(&output.text);
    output.text.push_str(&gone.commands);
    output.gone = gone.named;
    Ok(output)
}

fn section(title: &str, items: Vec<String>) -> Vec<String> {
    if items.is_empty() {
        return Vec::new();
    }
    [String::new(), title.to_owned()].into_iter().chain(items.into_iter().map(|i| format!("- {i}"))).collect()
}

/// `set member` replaces what a group holds; a group that exists is added to.
fn appended(script: &str, objects: &FortigateObjects) -> String {
    let mut exists = false;
    let mut out = String::new();
    for line in script.lines() {
        if let Some(name) = line.trim().strip_prefix("edit ") {
            exists = objects.has_group(name.trim_matches('"'));
        }
        match line.split_once("set member ") {
            Some((indent, members)) if exists => out.push_str(&format!("{indent}append member {members}\n")),
            _ => out.push_str(&format!("{line}\n")),
        }
    }
    out
}

/// What can go.
#[derive(Default)]
struct Gone {
    /// Commands of the product.
    commands: String,
    /// What is named only.
    named: Vec<String>,
}

impl Gone {
    fn of(format: Format, list: &List, existing: &Existing<'_>, script: &str) -> Self {
        let mut gone = Self::default();
        if !existing.whole {
            return gone;
        }
        let own = format!("{}-", list.name);
        let unneeded = &existing.comparison.unneeded;
        match format {
            Format::Paloalto => {
                let lines: Vec<&str> = existing.text.lines().map(str::trim).collect();
                let mut deleted = BTreeSet::new();
                for entry in unneeded {
                    let line = entry.line.checked_sub(1).and_then(|at| lines.get(at)).copied().unwrap_or("");
                    match deletions(line, &lines, &own) {
                        Some(commands) => deleted.extend(commands),
                        None => gone.named.push(named(entry.line, &entry.text)),
                    }
                }
                // An object of a group is taken out of the group first: `address-group` would come after `address`.
                let (groups, others): (Vec<&String>, Vec<&String>) =
                    deleted.iter().partition(|c| c.starts_with("delete address-group "));
                gone.commands = groups.into_iter().chain(others).map(|c| format!("{c}\n")).collect();
            }
            Format::Fortigate => {
                // With what is added, for a group that only gets new members is not left empty.
                let objects = FortigateObjects::of(&format!("{}\n{script}", existing.text));
                let own = |line: usize| objects.object_at(line).filter(|(_, name)| name.starts_with(&own));
                let mine: Vec<_> = unneeded.iter().filter_map(|e| own(e.line)).collect();
                gone.commands = objects.removal(&mine);
                let others = unneeded.iter().filter(|e| own(e.line).is_none());
                gone.named = others.map(|e| named(e.line, &e.text)).collect();
            }
            _ => gone.named = unneeded.iter().map(|e| named(e.line, &e.text)).collect(),
        }
        gone.named.dedup();
        gone
    }
}

fn named(line: usize, entry: &str) -> String {
    format!("line {line}, `{}`", text::line(entry))
}

/// The commands that take an entry of an own object out, for the set command that put it in.
fn deletions(line: &str, lines: &[&str], own: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    // Quotes and brackets hold more than one word: such a line is named, not taken apart.
    if line.contains(['"', '\'', '[', ']']) {
        return None;
    }
    match words.as_slice() {
        ["set", "profiles", "custom-url-category", name, "list", _] if name.starts_with(own) => {
            Some(vec![line.replacen("set ", "delete ", 1)])
        }
        ["set", "address", name, "fqdn" | "ip-netmask", _] if name.starts_with(own) => {
            let member = |l: &&&str| {
                let words: Vec<&str> = l.split_whitespace().collect();
                matches!(words.as_slice(), ["set", "address-group", group, "static", n] if group.starts_with(own) && n == name)
            };
            let groups = lines.iter().filter(member).map(|l| l.replacen("set ", "delete ", 1));
            Some(groups.chain([format!("delete address {name}")]).collect())
        }
        _ => None,
    }
}
