//! Continuous monitoring on the team's own Prometheus: targets, blackbox_exporter modules, a job.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::{Value, json};

use super::Sheet;
use super::intent::{HostRule, Names};
use super::text::{comments, json as render};
use crate::contract::Transport;

const MODULES: &str = "\
modules:
  # TCP and a TLS handshake whose certificate is proven for the name.
  clearway_tls:
    prober: tcp
    timeout: 5s
    tcp:
      tls: true
      preferred_ip_protocol: ip4
      ip_protocol_fallback: true
  # An SSH banner.
  clearway_ssh:
    prober: tcp
    timeout: 5s
    tcp:
      preferred_ip_protocol: ip4
      ip_protocol_fallback: true
      query_response:
        - expect: \"^SSH-2[.]0-\"
  # A TCP connection only.
  clearway_tcp:
    prober: tcp
    timeout: 5s
    tcp:
      preferred_ip_protocol: ip4
      ip_protocol_fallback: true
";

const JOB: &str = "\
scrape_configs:
  - job_name: clearway
    metrics_path: /probe
    scrape_interval: 1m
    scrape_timeout: 10s
    file_sd_configs:
      - files:
          - clearway-targets.json
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - source_labels: [__param_module]
        target_label: module
      - target_label: __address__
        replacement: 127.0.0.1:9115
";

/// The targets, in groups with the same labels.
pub(super) fn targets(sheet: &Sheet<'_>) -> String {
    let mut groups: BTreeMap<(&str, &str, &str, String), BTreeSet<String>> = BTreeMap::new();
    for placed in &sheet.placed {
        let rule = placed.rule;
        let key =
            (rule.need.as_str(), rule.network.as_str(), module(rule.transport), rule.features.join(","));
        groups.entry(key).or_default().insert(target(rule));
    }
    let groups: Vec<Value> = groups
        .iter()
        .map(|((need, network, module, features), targets)| {
            let mut labels = json!({
                "__param_module": module,
                "need": need,
                "network": network,
                "feature": features,
            });
            if sheet.incomplete {
                labels["list"] = json!("INCOMPLETE");
            }
            json!({ "targets": targets, "labels": labels })
        })
        .collect();
    render(&Value::Array(groups))
}

const fn module(transport: Transport) -> &'static str {
    match transport {
        Transport::Https | Transport::GrpcTls => "clearway_tls",
        Transport::Ssh => "clearway_ssh",
        Transport::Http | Transport::Grpc | Transport::Tcp => "clearway_tcp",
    }
}

fn target(rule: &HostRule) -> String {
    match &rule.names {
        Names::Address(IpAddr::V6(a)) => format!("[{a}]:{}", rule.port),
        names => format!("{names}:{}", rule.port),
    }
}

/// The modules that the targets name.
pub(super) fn modules(sheet: &Sheet<'_>) -> String {
    comments("#", &sheet.remarks) + MODULES
}

/// The scrape job, as a file that `promtool check config` reads.
pub(super) fn job(sheet: &Sheet<'_>) -> String {
    comments("#", &sheet.remarks) + JOB
}
