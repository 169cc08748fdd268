//! Windows Firewall: a PowerShell script with dynamic keywords, which hold names, and a rule for each need and port.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Sheet;
use super::intent::Names;
use super::text::comments;
use crate::contract::Need;

/// Makes a keyword unless it is there; its number is made of its name, so that it is the same every time.
pub(super) const FUNCTION: &str = "function Set-Keyword([string]$Id, [string]$Keyword) {\n  if (-not (Get-NetFirewallDynamicKeywordAddress -Id $Id -ErrorAction SilentlyContinue)) {\n    New-NetFirewallDynamicKeywordAddress -Id $Id -Keyword $Keyword -AutoResolve $true | Out-Null\n  }\n}\n";

/// What one rule leads to.
#[derive(Default)]
struct Remote {
    /// Numbers of keywords.
    names: BTreeSet<String>,
    addresses: BTreeSet<String>,
}

/// The script.
pub(super) fn script(sheet: &Sheet<'_>) -> String {
    let prefix = sheet.name;
    let mut out = comments("#", &sheet.remarks);
    out.push_str("$ErrorActionPreference = 'Stop'\n");
    out.push_str(FUNCTION);
    let mut keywords: BTreeMap<String, String> = BTreeMap::new();
    let mut rules: BTreeMap<(u16, Reverse<Need>), Remote> = BTreeMap::new();
    for placed in &sheet.placed {
        let remote = rules.entry((placed.rule.port, Reverse(placed.rule.need))).or_default();
        for name in placed.rule.names.spelled() {
            let id = guid(prefix, &name);
            keywords.insert(name, id.clone());
            remote.names.insert(id);
        }
        if let Names::Address(a) = &placed.rule.names {
            remote.addresses.insert(a.to_string());
        }
    }
    // Keywords come first: a script that ends there, for want of a version of Windows that has them, has taken nothing away.
    for (name, id) in &keywords {
        out.push_str(&format!("Set-Keyword '{id}' '{name}'\n"));
    }
    // The rules are made anew, so that what left the list is closed.
    out.push_str(&format!(
        "Get-NetFirewallRule -Group '{prefix}' -ErrorAction SilentlyContinue | Remove-NetFirewallRule\n"
    ));
    for ((port, Reverse(need)), remote) in &rules {
        for (kind, option, values) in [
            ("names", "-RemoteDynamicKeywordAddresses", &remote.names),
            ("addresses", "-RemoteAddress", &remote.addresses),
        ] {
            if values.is_empty() {
                continue;
            }
            let values: Vec<String> = values.iter().map(|v| format!("'{v}'")).collect();
            let name = format!("{prefix}-{need}-tcp-{port}-{kind}");
            out.push_str(&format!(
                "New-NetFirewallRule -Name '{name}' -DisplayName '{name}' -Group '{prefix}' -Direction Outbound \
                 -Action Allow -Protocol TCP -RemotePort {port} {option} {} | Out-Null\n",
                values.join(",")
            ));
        }
    }
    out
}

/// A number made of the list's name and the keyword, in the form of a UUID of version 8.
fn guid(prefix: &str, keyword: &str) -> String {
    let hash = |seed: u64| {
        let bytes = prefix.bytes().chain([0]).chain(keyword.bytes());
        bytes.fold(seed, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
    };
    let (a, b) = (hash(0xcbf2_9ce4_8422_2325), hash(0x9ae1_6a3b_2f90_404f));
    format!(
        "{{{:08x}-{:04x}-8{:03x}-a{:03x}-{:012x}}}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        (b >> 52) & 0xfff,
        b & 0xffff_ffff_ffff
    )
}
