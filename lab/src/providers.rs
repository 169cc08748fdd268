//! The fault table of the providers (`providers.toml`): each fault with each provider is a scenario
//! like any other, or is said not to exist there, with the reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::json;

use crate::Outcome;
use crate::middlebox::Does;
use crate::outcome::Context;
use crate::scenario::{Expectation, Fault, FirewallFault, MitmMode, Mitmproxy, Scenario};
use crate::server::{Answer, ServerFault};

const TABLE: &str = include_str!("../providers.toml");

/// What stands in a file's text for the JSON of a service account, its key made for this run.
const SERVICE_ACCOUNT: &str = "{service-account}";

/// The table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultTable {
    /// What every configuration sets.
    common: toml::Table,
    /// The columns.
    provider: Vec<Provider>,
    /// The rows.
    fault: Vec<Row>,
}

/// One provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Provider {
    name: String,
    /// The inference host.
    host: String,
    /// Other hosts that get the credential.
    #[serde(default)]
    credential_hosts: Vec<String>,
    /// Its configuration.
    config: toml::Table,
    /// The keys of the configuration that hold the credential.
    credential_keys: Vec<String>,
    /// Files that the configuration names.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// What is reported of other hosts, whatever the fault.
    #[serde(default)]
    beside: BTreeMap<String, Expectation>,
    /// It has only these rows.
    #[serde(default)]
    only: Vec<String>,
    /// How a fault changes the configuration.
    #[serde(default)]
    change: BTreeMap<String, toml::Table>,
    /// How the service answers under a fault.
    #[serde(default)]
    answer: Vec<Given>,
    /// Where a fault comes to something else than its row says.
    #[serde(default)]
    except: BTreeMap<String, Exception>,
}

/// An answer of a service under a fault.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    fault: String,
    /// The inference host, unless another is named.
    host: Option<String>,
    answer: Answer,
}

/// Where a provider differs from the row of a fault.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    /// Why.
    reason: String,
    /// The fault does not exist there.
    #[serde(default)]
    not_applicable: bool,
    host: Option<String>,
    run: Option<String>,
    code: Option<String>,
    verdict: Option<String>,
    owner: Option<String>,
    confidence: Option<String>,
    credential_arrives: Option<bool>,
    says: Option<Vec<String>>,
}

/// One fault.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    about: String,
    /// Arguments of `check`.
    args: Vec<String>,
    run: String,
    /// What is reported of the inference host; nothing stands for `ok`.
    #[serde(default)]
    expect: Option<Expectation>,
    #[serde(default)]
    says: Vec<String>,
    credential_arrives: bool,
    #[serde(default)]
    server: Option<ServerFault>,
    #[serde(default)]
    firewall: Option<FirewallFault>,
    #[serde(default)]
    middlebox: Option<Does>,
    /// The service's own answer: each provider must have one, or a changed configuration.
    #[serde(default)]
    answered: bool,
    /// The configuration holds no credential.
    #[serde(default)]
    no_key: bool,
    /// A real mitmproxy takes the connections to the provider and to one host of the vendor.
    #[serde(default)]
    inspected: Option<Inspected>,
    #[serde(default)]
    sleeps: bool,
    #[serde(default)]
    needs_steady_network: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Inspected {
    Trusted,
    Untrusted,
}

/// The vendor's host that is inspected along with a provider's: a box that inspects is known by what
/// it does to the hosts of others.
const INSPECTED_BESIDE: &str = "downloads.claude.ai";

impl FaultTable {
    /// Reads the built-in table; an inconsistent one is refused.
    pub fn read() -> Outcome<Self> {
        let table: Self = toml::from_str(TABLE).context("providers.toml")?;
        let rows: Vec<&str> = table.fault.iter().map(|row| row.name.as_str()).collect();
        for provider in &table.provider {
            let given = provider.answer.iter().map(|given| &given.fault);
            let mut named =
                given.chain(&provider.only).chain(provider.change.keys()).chain(provider.except.keys());
            if let Some(unknown) = named.find(|name| !rows.contains(&name.as_str())) {
                return Err(format!("providers.toml: {}: no fault is called {unknown}", provider.name));
            }
            for row in table.fault.iter().filter(|row| row.answered && provider.has(row)) {
                let changed = provider.change.contains_key(&row.name);
                if !changed && !provider.answer.iter().any(|given| given.fault == row.name) {
                    return Err(format!("providers.toml: {} has no answer for {}", provider.name, row.name));
                }
            }
        }
        // The check value of the polynomial: the frames of the event stream carry it.
        if crate::aws::crc32(b"123456789") != 0xcbf4_3926 {
            return Err("the checksum of the AWS event stream is wrong".into());
        }
        Ok(table)
    }

    /// Every fault with every provider.
    pub fn scenarios(&self) -> Outcome<Vec<Scenario>> {
        let pairs = self.provider.iter().flat_map(|p| self.fault.iter().map(move |row| (p, row)));
        pairs.filter(|(p, row)| p.has(row)).map(|(p, row)| self.scenario(p, row)).collect()
    }

    fn scenario(&self, provider: &Provider, row: &Row) -> Outcome<Scenario> {
        let except = provider.except.get(&row.name);
        let mut head = toml::Table::new();
        let mut set = |key: &str, value: &str| head.insert(key.into(), value.into());
        set("name", &provider.scenario(row));
        set("about", &format!("{}: {}", provider.name, row.about));
        set("run", except.and_then(|e| e.run.as_deref()).unwrap_or(&row.run));
        let mut scenario = Scenario::deserialize(head).context("providers.toml")?;
        scenario.args.clone_from(&row.args);
        scenario.sleeps = row.sleeps;
        scenario.within_s = if row.sleeps { 50.0 } else { scenario.within_s };
        scenario.needs_steady_network.clone_from(&row.needs_steady_network);
        scenario.says = except.and_then(|e| e.says.clone()).unwrap_or_else(|| row.says.clone());
        let arrives = except.and_then(|e| e.credential_arrives).unwrap_or(row.credential_arrives);
        scenario.credential_arrives = Some(arrives);
        scenario.files.clone_from(&provider.files);
        scenario.configuration = Some(self.configuration(provider, row));

        let host = except.and_then(|e| e.host.clone()).unwrap_or_else(|| provider.host.clone());
        scenario.expect.clone_from(&provider.beside);
        if let Some(expected) = &row.expect {
            let mut expected = expected.clone();
            if let Some(except) = except {
                let replace = |field: &mut String, by: &Option<String>| {
                    if let Some(by) = by {
                        field.clone_from(by);
                    }
                };
                replace(&mut expected.code, &except.code);
                replace(&mut expected.verdict, &except.verdict);
                replace(&mut expected.owner, &except.owner);
                if except.confidence.is_some() {
                    expected.confidence.clone_from(&except.confidence);
                }
            }
            scenario.expect.insert(host, expected);
        }
        let broken = Fault {
            from_s: None,
            until_s: None,
            hosts: vec![provider.host.clone()],
            firewall: row.firewall,
            middlebox: row.middlebox,
            server: row.server,
            resolves_to: None,
            client: None,
            dns: None,
            certificate: None,
        };
        if row.firewall.is_some() || row.server.is_some() {
            scenario.fault.push(Fault { middlebox: None, ..broken.clone() });
        }
        if row.middlebox.is_some() {
            scenario.fault.push(Fault { firewall: None, server: None, ..broken });
        }
        for given in provider.answer.iter().filter(|given| given.fault == row.name) {
            let host = given.host.as_ref().unwrap_or(&provider.host);
            scenario.answers.entry(host.clone()).or_default().push(given.answer.clone());
        }
        if let Some(inspected) = row.inspected {
            let mut hosts = vec![provider.host.clone(), INSPECTED_BESIDE.to_owned()];
            hosts.extend(provider.credential_hosts.iter().cloned());
            for host in hosts.iter().filter(|host| **host != provider.host) {
                scenario
                    .expect
                    .insert(host.clone(), row.expect.clone().ok_or("an inspection expects something")?);
            }
            let trusted = inspected == Inspected::Trusted;
            scenario.mitmproxy = Some(Mitmproxy { mode: MitmMode::Transparent, trusted, hosts });
        }
        Ok(scenario)
    }

    fn configuration(&self, provider: &Provider, row: &Row) -> toml::Table {
        let mut all = self.common.clone();
        all.extend(provider.config.clone());
        all.extend(provider.change.get(&row.name).cloned().unwrap_or_default());
        if row.no_key {
            all.retain(|key, _| !provider.credential_keys.iter().any(|secret| secret == key));
        }
        all
    }

    /// The faults that do not exist for a provider, each with the reason.
    pub fn not_applicable(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for provider in &self.provider {
            for (fault, except) in provider.except.iter().filter(|(_, except)| except.not_applicable) {
                let name = format!("table-{}-{fault}", provider.name);
                lines.push(format!("{name:<28} not applicable: {}", except.reason));
            }
        }
        lines
    }

    /// Faults by providers, with the code that was reported of the inference host; nothing where no
    /// scenario of the table was played.
    pub fn grid(&self, said: &BTreeMap<String, BTreeMap<String, (String, String)>>) -> Option<String> {
        let (mut played, mut missing) = (0, Vec::new());
        let mut rows = Vec::new();
        for row in &self.fault {
            let mut cells = vec![row.name.clone()];
            for provider in &self.provider {
                let except = provider.except.get(&row.name);
                let host = except.and_then(|e| e.host.as_ref()).unwrap_or(&provider.host);
                let cell = said.get(&provider.scenario(row)).and_then(|hosts| hosts.get(host));
                cells.push(match cell {
                    Some((code, _)) => {
                        played += 1;
                        code.clone()
                    }
                    None if except.is_some_and(|e| e.not_applicable) => "not applicable".into(),
                    None => "-".into(),
                });
            }
            rows.push(cells);
        }
        if played == 0 {
            return None;
        }
        let head: Vec<String> = std::iter::once("fault")
            .chain(self.provider.iter().map(|p| p.name.as_str()))
            .map(str::to_owned)
            .collect();
        rows.insert(0, head);
        let widths: Vec<usize> = (0..=self.provider.len())
            .map(|column| rows.iter().map(|cells| cells[column].len()).max().unwrap_or_default())
            .collect();
        let mut text = String::new();
        for cells in &rows {
            let line: Vec<String> =
                cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            let _ = writeln!(text, "{}", line.join("  ").trim_end());
        }
        missing.extend(self.not_applicable());
        let _ = writeln!(text, "{played} of the fault table played, {} not applicable:", missing.len());
        for line in missing {
            let _ = writeln!(text, "  {line}");
        }
        Some(text)
    }
}

impl Provider {
    /// Whether the fault exists for it.
    fn has(&self, row: &Row) -> bool {
        let excluded = self.except.get(&row.name).is_some_and(|except| except.not_applicable);
        !excluded && (self.only.is_empty() || self.only.contains(&row.name))
    }

    fn scenario(&self, row: &Row) -> String {
        format!("table-{}-{}", self.name, row.name)
    }
}

/// Writes the scenario's configuration and the files that it names. Gives the configuration's path.
pub fn write_configuration(scenario: &Scenario, folder: &Path) -> Outcome<String> {
    let here = folder.display().to_string();
    for (name, text) in &scenario.files {
        let file = folder.join(name);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        let text = if text == SERVICE_ACCOUNT { service_account()? } else { text.clone() };
        fs::write(&file, text).with_context(|| file.display().to_string())?;
    }
    let text = serde_json::to_string_pretty(&scenario.configuration).context("configuration")?;
    let file = folder.join("configuration.json");
    fs::write(&file, text.replace("{folder}", &here)).context("configuration")?;
    Ok(file.display().to_string())
}

/// A service account's credentials file, with a key that is made once in a run and never kept.
fn service_account() -> Outcome<String> {
    static KEY: OnceLock<String> = OnceLock::new();
    let key = match KEY.get() {
        Some(key) => key,
        None => {
            let made =
                rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).context("service account's key")?;
            KEY.get_or_init(|| made.serialize_pem())
        }
    };
    let file = json!({
        "type": "service_account",
        "project_id": "laboratory-1",
        "client_email": "clearway@laboratory-1.iam.gserviceaccount.com",
        "private_key_id": "laboratory",
        "private_key": key,
        "token_uri": "https://oauth2.googleapis.com/token",
    });
    Ok(file.to_string())
}
