//! What every firewall writer must hold: its golden file, its grammar, what it refuses, and that no
//! text of a configuration reaches a product's syntax.

mod against;
mod against_clients;
mod against_forms;
mod against_fortios;
mod against_hostile;
mod against_kept;
mod against_narrowed;
mod against_order;
mod against_panos;
mod against_squid;
mod beside;
mod commands;
mod delta;
mod grammar;
mod networks;
mod properties;

use std::path::{Path, PathBuf};

use clearway::derive::Requirements;
use clearway::document::hosts as document;
use clearway::firewall::existing::{As, Dialect, compare, read_as};
use clearway::firewall::{Format, Kind, List, Output, write};
use clearway::rules::firewalls::Firewalls;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/firewall")
}

/// The list that has every kind of entry.
fn office() -> Requirements {
    let text = std::fs::read_to_string(folder().join("office.json")).unwrap();
    document::from_json(serde_json::from_str(&text).unwrap(), "office.json", "00ff").unwrap()
}

/// A list with one endpoint, `https` unless the port says otherwise.
fn one(host: &str, port: u16, transport: &str) -> Requirements {
    let json = serde_json::json!({
        "schema": "clearway.hosts/1", "clearway": "0.1.0", "rules_date": "2026-11-22",
        "app_version": "2.19675.0", "platform": "linux",
        "groups": [{ "feature": "inference", "title": "Inference", "hosts": [
            { "host": host, "port": port, "transport": transport, "need": "required", "purpose": "p" }
        ] }],
    });
    document::from_json(json, "one.json", "").unwrap()
}

fn written(format: Format, list: &List) -> Output {
    let firewalls = Firewalls::embedded().unwrap();
    write(format, list, firewalls.by_id(format.product()).unwrap()).unwrap()
}

/// How a list that stands for `host` is judged: `covered`, `missing`, `conditional`, or `unread`.
fn judged(text: &str, dialect: Option<Dialect>, host: &str, port: u16, transport: &str) -> &'static str {
    let list = List::allow(&one(host, port, transport));
    let how = As { dialect, port: None };
    match read_as(text, how).and_then(|listing| compare(&list, listing)) {
        Err(_) => "unread",
        Ok(result) if !result.missing.is_empty() => "missing",
        Ok(result) if !result.conditional.is_empty() => "conditional",
        Ok(_) => "covered",
    }
}

/// The same for HTTPS on port 443, in a list whose content says what it is.
fn https(text: &str, host: &str) -> &'static str {
    judged(text, None, host, 443, "https")
}

/// The commands for a rule of PAN-OS with these settings, and with `any` for what they leave out.
fn pan_os_rule(name: &str, settings: &[&str]) -> String {
    let any = ["from", "to", "source", "destination", "application", "service", "category"];
    let of = |setting: &str, own: &str| setting.split(' ').next() == Some(own);
    any.iter()
        .filter(|own| !settings.iter().any(|s| of(s, own)))
        .map(|own| format!("{own} any"))
        .chain(settings.iter().map(|&s| s.to_owned()))
        .map(|s| format!("set rulebase security rules \"{name}\" {s}\n"))
        .collect()
}

/// The version of the program is not what a golden file is about.
fn stable(text: &str) -> String {
    text.replace(&format!("Clearway {}", env!("CARGO_PKG_VERSION")), "Clearway VERSION")
}

fn hold(name: &str, text: &str) {
    let path = folder().join("golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; make it with UPDATE_GOLDEN=1", path.display()));
    assert!(golden == text, "{name} differs; look at it after UPDATE_GOLDEN=1\n{text}");
}

#[test]
fn every_format_writes_its_golden_file() {
    let list = List::allow(&office());
    for format in Format::ALL {
        hold(&format!("{format}.txt"), &stable(&written(*format, &list).text));
    }
}

#[test]
fn every_exemption_has_its_golden_file() {
    let list = List { kind: Kind::Inspection, ..List::allow(&tested()) };
    for format in Format::ALL {
        let firewalls = Firewalls::embedded().unwrap();
        match write(*format, &list, firewalls.by_id(format.product()).unwrap()) {
            Ok(output) => {
                grammar::check(*format, &output.text);
                hold(&format!("inspection-{format}.txt"), &stable(&output.text));
            }
            Err(reason) => assert!(reason.contains("TLS") && reason.contains("no such list"), "{reason}"),
        }
    }
}

/// Two hosts, as a report would have proved them.
fn tested() -> Requirements {
    let mut list = office();
    list.hosts
        .retain(|r| ["api.vendor.example", "packages.corp.example"].contains(&r.host.to_string().as_str()));
    assert_eq!(list.hosts.len(), 2);
    list
}

/// Every writer has something that it must not write as if it were exact.
#[test]
fn every_product_refuses_what_it_cannot_express() {
    use Format::*;
    for (format, host, port, transport, widened, reason) in [
        (Paloalto, "*.lab.example", 22, "ssh", false, "a wildcard has none"),
        (Paloalto, "2001:db8::1", 443, "https", false, "IPv6 literals"),
        (PaloaltoUrls, "a.example", 8443, "https", false, "--port 8443"),
        (PaloaltoUrls, "a.example", 22, "ssh", false, "SSH is on no URL list"),
        (Zscaler, "a.example", 22, "ssh", false, "SSH is neither"),
        (Zscaler, "x.bad_name.example", 443, "https", false, "no underscore"),
        (Zscaler, "*.com", 443, "https", false, "top-level domain"),
        (Zscaler, "localonly", 443, "https", false, "one label"),
        (Zscaler, "_.a.example", 443, "https", false, "underscore"),
        (AzureFirewall, "*.a.example", 65000, "https", false, "64000"),
        (Zscaler, "*.a.example", 443, "https", true, "a.example itself"),
        (Squid, "a.example", 4317, "grpc", false, "plain gRPC is neither"),
        (AzureFirewall, "*.lab.example", 22, "ssh", false, "a wildcard has none"),
        (AwsNetworkFirewall, "a.example", 22, "ssh", false, "SSH is neither"),
        (Umbrella, "a.example", 443, "https", true, "every name below a.example"),
        (Checkpoint, "*.a.example", 22, "ssh", false, "a wildcard has none"),
        (TerraformPaloalto, "*.lab.example", 22, "ssh", false, "a wildcard has none"),
        (TerraformAzure, "*.a.example", 65000, "https", false, "64000"),
        (TerraformAws, "a.example", 22, "ssh", false, "SSH is neither"),
        (GcpSwp, "192.0.2.1", 443, "https", false, "address literals"),
        (DnsmasqNftset, "a.example", 443, "https", true, "every name below a.example"),
        (DnsmasqNftsetSets, "*.a.example", 443, "https", true, "a.example itself"),
        (Pac, "a.example", 22, "ssh", false, "SSH is neither"),
        (Netskope, "*.a.example", 443, "https", true, "a.example itself"),
        (Netskope, "x_y.a.example", 443, "https", false, "no underscore"),
        (NetskopeApi, "a.example", 22, "ssh", false, "SSH is neither"),
        (NetskopeApi, "2001:db8::1", 443, "https", false, "IPv6 literals"),
        (CiscoFmc, "*.a.example", 443, "https", true, "no page says that its match ends"),
        (CiscoFmc, "*.a.example", 22, "ssh", false, "a wildcard has none"),
        (Cloudflare, "a.example", 80, "http", false, "HTTP is neither"),
        (Cloudflare, "a.example", 22, "ssh", false, "SSH is neither"),
        (Prometheus, "*.a.example", 443, "https", false, "no address to probe"),
    ] {
        let output = written(format, &List::allow(&one(host, port, transport)));
        let found = if widened { &output.widened } else { &output.unsupported };
        assert_eq!(found.len(), 1, "{format} {host}: {output:?}");
        assert!(found[0].reason.contains(reason), "{format} {host}: {}", found[0].reason);
        let other = if widened { &output.unsupported } else { &output.widened };
        assert!(other.is_empty(), "{format} {host}: {other:?}");
    }
}

#[test]
fn what_a_product_says_exactly_is_not_called_widened() {
    for format in [
        Format::Paloalto,
        Format::Squid,
        Format::Fortigate,
        Format::AzureFirewall,
        Format::AwsNetworkFirewall,
        Format::Checkpoint,
        Format::GcpSwp,
        Format::TerraformPaloalto,
        Format::TerraformAzure,
        Format::TerraformAws,
        Format::Cilium,
        Format::Sophos,
        Format::Cloudflare,
        Format::WindowsFirewall,
        Format::Pac,
    ] {
        for host in ["a.example", "*.a.example"] {
            let output = written(format, &List::allow(&one(host, 443, "https")));
            assert!(output.widened.is_empty() && output.unsupported.is_empty(), "{format} {host}");
        }
    }
}

#[test]
fn every_product_is_documented_and_has_its_steps() {
    let documentation =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/firewalls.md")).unwrap();
    for product in Firewalls::embedded().unwrap().all() {
        assert!(documentation.contains(&format!("### `{}`", product.id)), "{}", product.id);
        assert!(!product.steps.is_empty());
    }
    for format in Format::ALL {
        assert!(documentation.contains(&format!("`{format}`")), "{format}");
    }
}

/// Each format says what is done with its own text: steps of one form are none of another.
#[test]
fn the_steps_of_a_format_are_its_own() {
    for product in Firewalls::embedded().unwrap().all() {
        for word in product.steps_of.keys().chain(product.inspection_steps_of.keys()) {
            let format = Format::ALL.iter().find(|f| f.as_str() == word).unwrap_or_else(|| panic!("{word}"));
            assert!(format.product() == product.id && *word != product.id, "{word} of {}", product.id);
        }
    }
    let list = List::allow(&office());
    let exempt = List { kind: Kind::Inspection, ..List::allow(&tested()) };
    let steps = |format, list| written(format, list).steps.join("\n");
    for list in [&list, &exempt] {
        assert!(!steps(Format::Paloalto, list).contains("external dynamic list"));
        let urls = steps(Format::PaloaltoUrls, list);
        assert!(urls.contains("external dynamic list of type URL List"), "{urls}");
        for other in ["NAME", "clearway-", "Loading again only adds", "delete profiles", "Panorama"] {
            assert!(!urls.contains(other), "{other}: {urls}");
        }
    }
    assert!(!steps(Format::Netskope, &list).contains("/api/v2/"));
    let api = steps(Format::NetskopeApi, &list);
    assert!(api.contains("POST /api/v2/policy/urllist") && !api.contains("Import the lines"), "{api}");
    assert!(steps(Format::TerraformAzure, &list).starts_with("A Terraform file"));
}

/// The table of the document and the script that verifies are one list: each program that a row names is run on that format,
/// and each that is run stands in its row. The script itself compares the table with what it ran.
#[test]
fn the_table_says_what_is_verified_and_the_script_does_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documentation = std::fs::read_to_string(root.join("docs/firewalls.md")).unwrap();
    let script = std::fs::read_to_string(folder().join("verify.sh")).unwrap();
    let table = documentation.split_once("| format | verified by |").unwrap().1;
    let rows: Vec<Vec<&str>> = table
        .lines()
        .take_while(|l| !l.is_empty())
        .filter(|l| l.starts_with("| `"))
        .map(|l| l.split('|').map(str::trim).collect())
        .collect();
    let mut said = Vec::new();
    for format in Format::ALL {
        let name = format!("`{format}`");
        let row = rows.iter().find(|r| r[1] == name).unwrap_or_else(|| panic!("{format} has no row"));
        assert!(!row[2].is_empty() && !row[3].is_empty(), "{format}");
        let programs: Vec<&str> = row[2].split('`').skip(1).step_by(2).collect();
        assert_eq!(programs.is_empty(), row[2].starts_with("nothing: "), "{format}");
        for program in programs {
            let terraform = program.starts_with("terraform ");
            let run = if terraform {
                format!("ran \"$format\" \"{program}\"")
            } else {
                format!("ran {format} \"{program}\"")
            };
            assert!(script.contains(&run), "{run}");
            let formats = script.lines().find(|l| l.starts_with("terraform_formats=")).unwrap();
            assert!(!terraform || formats.contains(format.as_str()), "{format}");
            said.push(run);
        }
    }
    for line in script.lines().map(str::trim).filter(|l| l.starts_with("ran ") && !l.contains("(")) {
        assert!(said.iter().any(|s| s == line), "{line} is run and not in the table");
    }
}
