//! What was seen on a device: plain records without judgement, which a saved report holds.

use serde::{Deserialize, Serialize};

use crate::contract::{Platform, Severity};

/// Everything that was kept of what came back. A part that is absent was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The device's platform.
    pub platform: Platform,
    /// When, Unix seconds by the device's clock.
    #[serde(default)]
    pub at: i64,
    /// Entries of the hosts file for names of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts_file: Option<Vec<HostsEntry>>,
    /// The proxy settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxies: Option<Proxies>,
    /// Variables that concern trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<Vec<TrustVariable>>,
    /// The agent helper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helper: Option<Helpers>,
    /// Products of others that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Vec<Running>>,
    /// The app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<App>,
    /// What the sandbox needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// How names are looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
    /// Clients of tunnels, and default routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ways: Option<Ways>,
    /// What keeps the clock right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    /// Authorities that a company added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<Roots>,
    /// What was not run.
    #[serde(default)]
    pub not_run: Vec<NotRun>,
}

impl Seen {
    /// Nothing seen yet. `at`: the time, Unix seconds.
    pub const fn of(platform: Platform, at: i64) -> Self {
        Self {
            platform,
            at,
            app: None,
            machine: None,
            names: None,
            ways: None,
            clock: None,
            roots: None,
            hosts_file: None,
            proxies: None,
            variables: None,
            helper: None,
            security: None,
            not_run: Vec::new(),
        }
    }

    /// Notes what a check could not look at.
    pub(super) fn missed(&mut self, check: &str, what: &str, why: impl Into<String>) {
        self.noted(check, what, why, super::check::gap(check));
    }

    /// Notes what a check could not look at, and what that means.
    pub(super) fn noted(&mut self, check: &str, what: &str, why: impl Into<String>, gap: Gap) {
        let one = NotRun { check: check.to_owned(), what: what.to_owned(), why: why.into(), gap };
        if !self.not_run.contains(&one) {
            self.not_run.push(one);
        }
    }
}

/// A part of a check that was not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRun {
    /// The check.
    pub check: String,
    /// What it would have looked at.
    pub what: String,
    /// Why it did not.
    pub why: String,
    /// What that means.
    #[serde(default = "decides")]
    pub gap: Gap,
}

/// A report without the member does not say that anything may be passed over.
const fn decides() -> Gap {
    Gap::Decides
}

crate::contract::words! {
    /// What it means that a part of a check was not run.
    Gap {
        /// Something in the way of the app may be there and was not seen.
        Decides = "decides",
        /// What is there is for information.
        Informs = "informs",
        /// A tool ended with a failure, as it does where the device has nothing of what it is asked for.
        Usual = "usual",
    }
}

/// An entry of the hosts file for a name of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostsEntry {
    /// The file.
    pub path: String,
    /// Its line.
    pub line: usize,
    /// The name.
    pub name: String,
    /// The address.
    pub address: String,
    /// The name is required.
    pub required: bool,
    /// The name belongs to the company.
    pub customer: bool,
    /// A private address is normal for it.
    pub private: bool,
}

/// A proxy setting of one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxySetting {
    /// Where it stands.
    pub origin: String,
    /// Proxy for TLS connections, `host:port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https: Option<String>,
    /// SOCKS proxy, `host:port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socks: Option<String>,
    /// Address of a proxy script, without what could be a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// The script is at an address that macOS refuses to the sandbox's shell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub script_refused: bool,
    /// A script is looked for in the network.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discovers: bool,
}

impl ProxySetting {
    /// Whether it leads anything to a proxy.
    pub const fn is_set(&self) -> bool {
        self.https.is_some() || self.socks.is_some() || self.script.is_some()
    }
}

/// The proxy settings of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxies {
    /// The settings that the app takes; nothing on Linux, where it takes the environment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<ProxySetting>,
    /// Windows: the user's own settings where a policy makes the machine's count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_user: Option<ProxySetting>,
    /// Windows: the proxy of services. Nothing inside: direct.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Services>,
    /// Variables of the environment.
    #[serde(default)]
    pub environment: Vec<ProxyVariable>,
    /// The same of programs that are started from the desktop, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Vec<ProxyVariable>>,
}

/// The proxy of services.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Services {
    /// `host:port`; nothing where they connect directly.
    pub proxy: Option<String>,
}

/// A variable with a proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyVariable {
    /// The name.
    pub name: String,
    /// The value, without user and password.
    pub value: String,
    /// Where it is set.
    pub origin: String,
}

/// A variable that concerns trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustVariable {
    /// The name.
    pub name: String,
    /// The value: a path, or a switch.
    pub value: String,
    /// Where it is set.
    pub origin: String,
    /// Whether what it names is there; nothing where that was not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// It is set for programs that are started from the Dock or the desktop.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub session: bool,
}

/// The agent helpers of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Helpers {
    /// The app's folder that is looked at; nothing where the app has none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Where versions would be.
    pub place: String,
    /// Each version.
    pub versions: Vec<Helper>,
    /// What was kept from starting, by logs of the device.
    #[serde(default)]
    pub blocks: Vec<Block>,
}

/// One version of the agent helper.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Helper {
    /// The version: the name of its folder.
    pub version: String,
    /// Its program.
    pub path: String,
    /// Length of the program, bytes; nothing where it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Whether it may be executed; nothing where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<bool>,
    /// Where it is mounted without the right to execute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noexec: Option<String>,
    /// Who signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// Whether it carries the mark of a downloaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<bool>,
}

/// A signature.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// There is one.
    pub signed: bool,
    /// Whether the file is as it was signed; nothing where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// macOS: the team. Windows: the publisher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// macOS: the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// What the system says of it, where it is not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// Something that was kept from starting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Who kept it.
    pub product: String,
    /// The version whose program it was, where the path says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What is said of it.
    pub said: String,
    /// When, Unix seconds; nothing where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
}

/// A product of others that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its name.
    pub product: String,
    /// The process that shows it.
    pub process: String,
}

/// The app on a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// The installed version, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The newest version that the rules know.
    pub newest: String,
    /// Releases that are newer than the installed one.
    pub newer: usize,
    /// The configuration switches updates off.
    pub updates_off: bool,
    /// How it is installed: kind and path.
    pub packages: Vec<String>,
    /// macOS: the program that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_from: Option<String>,
    /// What the reading of the configuration says of the device.
    pub remarks: Vec<Remark>,
}

/// A remark of the reading of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Its identifier, such as `wrong-place`.
    pub id: String,
    /// Its weight.
    pub severity: Severity,
    /// A sentence.
    pub message: String,
}

/// What the sandbox needs of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Windows: the feature Virtual Machine Platform is enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<bool>,
    /// A hypervisor runs, or can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypervisor: Option<bool>,
    /// Windows: virtualization is on in the firmware. Not told where a hypervisor runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<bool>,
    /// Windows: services that the machine needs.
    #[serde(default)]
    pub services: Vec<Service>,
    /// Windows: virtual machines may log on as a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logon_right: Option<bool>,
    /// Windows: they are denied it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logon_denied: Option<bool>,
    /// Linux: settings of the kernel that forbid namespaces.
    #[serde(default)]
    pub restricted: Vec<String>,
    /// Linux: programs that are not there.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// The machine's network, and the route that claims it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<String>,
    /// Room on the disk of the user's data, MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_mib: Option<u64>,
}

/// A service of Windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// `Running`, `Stopped` …
    pub status: String,
    /// `Automatic`, `Manual`, `Disabled`.
    pub start: String,
}

/// How names are looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The servers; nothing where they were not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<Vec<String>>,
    /// The search list.
    #[serde(default)]
    pub search: Vec<String>,
    /// Linux: a name with fewer dots goes through the search list first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dots: Option<u32>,
    /// Rules that concern names of the list.
    #[serde(default)]
    pub rules: Vec<NameRule>,
}

/// A rule that sends names to other servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRule {
    /// For this name and those below it.
    pub domain: String,
    /// The servers.
    pub servers: Vec<String>,
    /// All of the names are the company's own, or have private endpoints.
    pub customer: bool,
    /// The names of the list.
    pub names: Vec<String>,
}

/// Who else decides where packets go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ways {
    /// VPN and zero-trust clients that run.
    pub clients: Vec<Running>,
    /// The interfaces of the default routes that are taken first.
    pub default_routes: Vec<String>,
}

/// What keeps the clock right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Why nothing does; absent where something does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<String>,
}

/// Authorities that a company added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roots {
    /// Those that the device trusts.
    pub added: Vec<Root>,
    /// macOS: those in a user's keychain alone.
    #[serde(default)]
    pub not_for_engine: Vec<Root>,
    /// macOS: names of those that are trusted for TLS alone.
    #[serde(default)]
    pub tls_alone: Vec<String>,
    /// Linux: those that were put in place and are not in the system's bundle.
    #[serde(default)]
    pub not_in_bundle: Vec<Root>,
}

/// An authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Its name.
    pub subject: String,
    /// SHA-256 of its key, base64.
    pub key: String,
    /// When it ends, Unix seconds.
    pub ends: i64,
    /// Where it is.
    pub store: String,
}
