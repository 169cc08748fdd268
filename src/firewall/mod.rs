//! Requirements × product → the text that the product loads. Pure: no network, no files, no clock.
//!
//! One intent ([`HostRule`]) says which names, which port, which transport. What a product can
//! express is data (`rules/firewalls.toml`); `place` compares the two, and one file per product
//! writes its syntax. Nothing is approximated silently: an entry that would allow more than was
//! asked is in [`Output::widened`], one that cannot be written at all in [`Output::unsupported`],
//! and the caller decides whether the text may be used then.

mod aws;
mod azure;
mod checkpoint;
mod cilium;
mod cloudflare;
pub mod delta;
mod dnsmasq;
pub mod existing;
mod fmc;
mod fortigate;
mod gcp_swp;
pub mod hosted;
pub mod intent;
mod netskope;
mod pac;
mod paloalto;
mod place;
mod plain_lines;
mod prometheus;
mod sophos;
mod squid;
pub mod text;
mod windows;

pub use intent::{HostRule, Inspection, Kind, List, Names};

use crate::contract::words;
use crate::rules::firewalls::Product;
use place::Placed;

words! {
    /// What can be written. Each is one text that its product loads as it is.
    Format {
        /// PAN-OS configuration commands.
        Paloalto = "paloalto",
        /// PAN-OS external dynamic list of type URL.
        PaloaltoUrls = "paloalto-urls",
        /// Lines of a custom URL category.
        Zscaler = "zscaler",
        /// FortiOS configuration script.
        Fortigate = "fortigate",
        /// Lines for squid.conf.
        Squid = "squid",
        /// Azure Resource Manager template.
        AzureFirewall = "azure-firewall",
        /// CloudFormation template.
        AwsNetworkFirewall = "aws-network-firewall",
        /// Lines of a destination list.
        Umbrella = "umbrella",
        /// Shell script of management API calls.
        Checkpoint = "checkpoint",
        /// Terraform JSON.
        GcpSwp = "gcp-swp",
        /// Terraform JSON for PAN-OS.
        TerraformPaloalto = "terraform-paloalto",
        /// Terraform JSON for Azure Firewall.
        TerraformAzure = "terraform-azure-firewall",
        /// Terraform JSON for AWS Network Firewall.
        TerraformAws = "terraform-aws-network-firewall",
        /// Policies of Kubernetes with Cilium.
        Cilium = "cilium",
        /// Lines of a URL list.
        Netskope = "netskope",
        /// The body of the call that makes a URL list.
        NetskopeApi = "netskope-api",
        /// Bodies of the REST API of Cisco's management center.
        CiscoFmc = "cisco-fmc",
        /// A request of Sophos Firewall's XML API.
        Sophos = "sophos",
        /// Terraform JSON for Cloudflare Gateway.
        Cloudflare = "cloudflare-gateway",
        /// PowerShell script for Windows Firewall.
        WindowsFirewall = "windows-firewall",
        /// dnsmasq configuration.
        DnsmasqNftset = "dnsmasq-nftset",
        /// nft script with the sets that dnsmasq fills.
        DnsmasqNftsetSets = "dnsmasq-nftset-sets",
        /// Proxy auto-configuration file.
        Pac = "pac",
        /// Targets for file_sd_configs.
        Prometheus = "prometheus",
        /// Modules of blackbox_exporter.
        PrometheusBlackbox = "prometheus-blackbox",
        /// The scrape job.
        PrometheusScrape = "prometheus-scrape",
    }
}

impl Format {
    /// Identifier of the product in `rules/firewalls.toml`.
    pub const fn product(self) -> &'static str {
        match self {
            Self::PaloaltoUrls | Self::TerraformPaloalto => "paloalto",
            Self::TerraformAzure => "azure-firewall",
            Self::NetskopeApi => "netskope",
            Self::TerraformAws => "aws-network-firewall",
            Self::DnsmasqNftsetSets => "dnsmasq-nftset",
            Self::PrometheusBlackbox | Self::PrometheusScrape => "prometheus",
            other => other.as_str(),
        }
    }

    /// Whether the text opens something; otherwise it watches.
    const fn opens(self) -> bool {
        !matches!(self, Self::Prometheus | Self::PrometheusBlackbox | Self::PrometheusScrape)
    }

    /// Whether the text can say that the list is incomplete: in a remark, a description or a label.
    const fn can_be_marked(self) -> bool {
        self.has_comments() || matches!(self, Self::Paloalto | Self::Prometheus)
    }

    /// Whether the text itself can carry remarks (as comments, or as metadata of a template).
    pub const fn has_comments(self) -> bool {
        !matches!(
            self,
            Self::Paloalto
                | Self::PaloaltoUrls
                | Self::Zscaler
                | Self::Umbrella
                | Self::NetskopeApi
                | Self::Prometheus
        )
    }
}

/// An entry that is not written exactly as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The entry, such as `*.host.example:8443`.
    pub entry: String,
    /// What the product makes of it, or why it cannot be written.
    pub reason: String,
}

/// What was written, and everything that must be said about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    /// The text that the product loads.
    pub text: String,
    /// Entries that allow more than was asked.
    pub widened: Vec<Entry>,
    /// Entries that are not in the text.
    pub unsupported: Vec<Entry>,
    /// What this product needs besides.
    pub steps: Vec<String>,
    /// Of a delta: what of the existing list can go and is not in the text as a command.
    pub gone: Vec<String>,
}

/// What a writer is given.
struct Sheet<'a> {
    kind: Kind,
    /// What the names of objects begin with.
    name: &'a str,
    /// The table of nftables.
    table: &'a str,
    /// Where the list comes from, for a description.
    origin: String,
    placed: Vec<Placed<'a>>,
    /// A required host is missing, which the text must say.
    incomplete: bool,
    /// Remarks, one paragraph each, one line each; empty ones are blank lines.
    remarks: Vec<String>,
}

/// Writes `list` for the product of `format`.
///
/// The text holds every entry that can be written, widened ones included; [`Output`] says which
/// those are. The same list gives the same bytes.
///
/// # Errors
/// The reason when the product has no such list at all (an exemption from TLS inspection in a
/// product that inspects none), or when an incomplete list could not be told from a whole one.
pub fn write(format: Format, list: &List, product: &Product) -> Result<Output, String> {
    compose(format, list, &list.rules, &[], product)
}

/// Writes `rules`, which are all or a part of `list`; what is widened is judged over the whole list. `more` are remarks
/// that the text carries besides.
fn compose(
    format: Format,
    list: &List,
    rules: &[HostRule],
    more: &[String],
    product: &Product,
) -> Result<Output, String> {
    if let (Kind::Inspection, Some(reason)) = (list.kind, &product.no_inspection) {
        return Err(format!("{reason}: there is no such list for {}", product.title));
    }
    if !list.incomplete.is_empty() && !format.can_be_marked() {
        return Err(format!(
            "{format} has no place for a mark, so an incomplete list is not written for it: correct the configuration, or take \
             another format, such as txt"
        ));
    }
    let mut placed = Vec::new();
    let mut widened = Vec::new();
    let mut unsupported = Vec::new();
    let rules: Vec<HostRule> = rules.iter().flat_map(|r| place::writable(r, list, format, product)).collect();
    for rule in &rules {
        match place::place(rule, list, format, product) {
            Ok(found) => {
                if let Some(reason) = &found.widened {
                    widened.push(Entry { entry: rule.to_string(), reason: reason.clone() });
                }
                placed.push(found);
            }
            Err(reason) => unsupported.push(Entry { entry: rule.to_string(), reason }),
        }
    }
    let steps = match list.kind {
        Kind::Allow => {
            let own = product.steps_of.get(format.as_str()).unwrap_or(&product.steps);
            [own.as_slice(), std::slice::from_ref(&product.quic)].concat()
        }
        Kind::Inspection => {
            product.inspection_steps_of.get(format.as_str()).unwrap_or(&product.inspection_steps).clone()
        }
    };
    // The steps name the objects as they are called here.
    let steps: Vec<String> = steps.iter().filter(|s| !s.is_empty()).map(|s| named(s, list)).collect();
    let remarks = remarks(list, product, more, [&widened, &unsupported], &steps);
    let sheet = Sheet {
        kind: list.kind,
        name: &list.name,
        table: &list.table,
        origin: text::description(&origin(&list.head), 160),
        placed,
        incomplete: !list.incomplete.is_empty(),
        remarks,
    };
    let text = match format {
        Format::Paloalto => paloalto::commands(&sheet),
        Format::PaloaltoUrls => paloalto::urls(&sheet),
        Format::Zscaler | Format::Umbrella => plain_lines::lines(&sheet, product),
        Format::Fortigate => fortigate::script(&sheet),
        Format::Squid => squid::conf(&sheet),
        Format::AzureFirewall => azure::template(&sheet),
        Format::AwsNetworkFirewall => aws::template(&sheet),
        Format::Checkpoint => checkpoint::script(&sheet),
        Format::GcpSwp => gcp_swp::terraform(&sheet),
        Format::TerraformPaloalto => paloalto::terraform(&sheet),
        Format::TerraformAzure => azure::terraform(&sheet),
        Format::TerraformAws => aws::terraform(&sheet),
        Format::Cilium => cilium::policies(&sheet),
        Format::Netskope => netskope::lines(&sheet),
        Format::NetskopeApi => netskope::body(&sheet),
        Format::CiscoFmc => fmc::objects(&sheet),
        Format::Sophos => sophos::request(&sheet),
        Format::Cloudflare => cloudflare::terraform(&sheet),
        Format::WindowsFirewall => windows::script(&sheet),
        Format::DnsmasqNftset => dnsmasq::conf(&sheet),
        Format::DnsmasqNftsetSets => dnsmasq::sets(&sheet),
        Format::Pac => pac::script(&sheet),
        Format::Prometheus => prometheus::targets(&sheet),
        Format::PrometheusBlackbox => prometheus::modules(&sheet),
        Format::PrometheusScrape => prometheus::job(&sheet),
    };
    Ok(Output { text, widened, unsupported, steps, gone: Vec::new() })
}

/// Where the list comes from, in a sentence; what follows in the head is not about that.
fn origin(head: &[String]) -> String {
    let about = head.iter().filter(|l| l.starts_with("Configuration: ") || l.starts_with("App "));
    about.cloned().collect::<Vec<_>>().join(". ")
}

/// A step with the names of this list's objects and table.
fn named(step: &str, list: &List) -> String {
    step.replace("NAME", &list.name)
        .replace("TABLE", &list.table)
        .replace("CHAIN", &dnsmasq::chain(&list.name))
}

/// What the remarks of a list begin with, before the product that it is for.
const HEAD: &str = "Hosts that Claude Desktop needs, for ";

/// The remarks that a text carries where its format lets it.
fn remarks(
    list: &List,
    product: &Product,
    more: &[String],
    [widened, unsupported]: [&[Entry]; 2],
    steps: &[String],
) -> Vec<String> {
    let mut lines: Vec<String> = list.first.iter().map(|l| text::line(l)).collect();
    lines.extend(list.incomplete.iter().map(|l| text::line(l)));
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(match list.kind {
        Kind::Allow => format!("{HEAD}{}", product.title),
        Kind::Inspection => {
            format!("Hosts that TLS inspection breaks for Claude Desktop: exempt them, {}", product.title)
        }
    });
    lines.extend(list.head.iter().map(|l| text::line(l)));
    lines.extend(more.iter().map(|l| text::line(l)));
    let mut section = |title: &str, items: &mut dyn Iterator<Item = String>| {
        let mut items = items.peekable();
        if items.peek().is_some() {
            lines.push(String::new());
            lines.push(title.to_owned());
            lines.extend(items.map(|i| format!("- {}", text::line(&i))));
        }
    };
    let entries = |list: &[Entry]| -> Vec<String> {
        list.iter().map(|e| format!("{}: {}", e.entry, e.reason)).collect()
    };
    section("WIDENED, allows more than was asked:", &mut entries(widened).into_iter());
    section("LEFT OUT, cannot be written for this product:", &mut entries(unsupported).into_iter());
    section("Cannot be listed in any firewall:", &mut list.unlisted.iter().cloned());
    section("Besides this list:", &mut steps.iter().cloned());
    section(
        "Inferred, no page of the vendor was found to say it:",
        &mut product.inferred.iter().map(String::from),
    );
    lines
}
