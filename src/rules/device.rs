//! What is asked of a device itself (`rules/device.toml`): programs of the system, files, variables, and the
//! products of others that are recognised by their running programs.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::compiled;
use super::data::DataError;
use super::files::Files;
use crate::contract::{Confidence, Platform};
use crate::rules::Word;

/// `device.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceFacts {
    /// Who signs the vendor's programs.
    pub identity: Identity,
    /// Where the agent helper is.
    pub helper: Vec<HelperPlace>,
    /// Where the hosts file is.
    pub hosts_file: Vec<Place>,
    /// Programs of the system that are run for their output.
    pub tool: Vec<Tool>,
    /// Logs of what was kept from starting.
    #[serde(default)]
    pub block_log: Vec<BlockLog>,
    /// Products of others.
    pub product: Vec<Product>,
    /// Variables of the environment that concern trust.
    pub variable: Vec<Variable>,
    /// How the app is installed.
    pub app: Vec<AppPlace>,
    /// What the sandbox needs.
    pub sandbox: Sandbox,
    /// Linux: what shows that another system keeps the clock.
    #[serde(default)]
    pub clock_host: Vec<ClockHost>,
    /// Linux: where authorities are added, and the bundle that is made of them.
    pub authorities: Vec<Authorities>,
}

/// A way in which the app is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppKind {
    /// A package of the system, such as MSIX.
    Package,
    /// An installer of its own.
    Installer,
    /// A bundle of macOS.
    Bundle,
}

/// A place that shows how the app is installed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct AppPlace {
    /// Where.
    pub platform: Platform,
    /// The way.
    pub kind: AppKind,
    /// The path, with parts to fill in and `*`.
    pub path: Word,
    /// How well that is known.
    pub confidence: Confidence,
}

/// What the sandbox needs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// Below so much room on the disk the workspace does not fit, MiB.
    pub least_mib: u64,
    /// Above so much it does, with what sessions write, MiB.
    pub enough_mib: u64,
    /// The beginnings of the names of the machine's own interfaces.
    pub interfaces: Vec<Word>,
    /// Windows: the process of each virtual machine, which shows that they may log on as a service.
    pub worker: Word,
    /// Linux: settings of the kernel.
    pub settings: Vec<KernelSetting>,
    /// Linux: programs.
    pub programs: Vec<SandboxProgram>,
}

/// A setting of the kernel that can forbid namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelSetting {
    /// Its file.
    pub path: Word,
    /// The value that forbids them.
    pub forbids: Word,
    /// Files with `*` that allow them to the sandbox all the same.
    #[serde(default)]
    pub unless: Vec<Word>,
}

/// A program that the sandbox is made with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxProgram {
    /// Its name.
    pub name: Word,
    /// Where it may be.
    pub paths: Vec<Word>,
}

/// Where authorities are added on Linux.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Authorities {
    /// Files that somebody added, with `*`.
    pub added: Word,
    /// The bundle that the system makes of them and its own.
    pub bundle: Word,
    /// The system's folder of the same.
    pub folder: Word,
}

impl Authorities {
    /// Whether a path is the system's own bundle or folder.
    pub fn is_own(&self, path: &str) -> bool {
        let plain = |p: &str| p.trim_end_matches('/').to_owned();
        [&self.bundle, &self.folder].iter().any(|own| plain(own) == plain(path))
    }
}

/// Who signs the vendor's programs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// macOS: the team.
    pub team_id: Word,
    /// macOS: the program.
    pub signing_id: Word,
    /// Windows: the publisher.
    pub publisher: Word,
    /// The rule that allows the helper on macOS, the end of a sentence.
    pub allow_macos: Word,
    /// macOS: beginnings of what `codesign --verify` says of a file that was changed after it was signed.
    pub damage_macos: Vec<Word>,
    /// macOS: the end of the path of the app's program.
    pub app_program: Word,
    /// The same on Windows.
    pub allow_windows: Word,
    /// The same on Linux.
    pub allow_linux: Word,
    /// Source tags.
    pub sources: Vec<Word>,
}

impl Identity {
    /// The rule that allows the helper, for a sentence.
    pub fn allow(&self, platform: Platform) -> &str {
        match platform {
            Platform::Macos => &self.allow_macos,
            Platform::Windows => &self.allow_windows,
            Platform::Linux => &self.allow_linux,
        }
    }
}

/// A folder with one folder for each version of the agent helper.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct HelperPlace {
    /// Where.
    pub platform: Platform,
    /// The app's own folder, with parts to fill in and `*`.
    pub data: Word,
    /// Below it the folder of versions.
    pub versions: Word,
    /// Below a version the program.
    pub program: Word,
    /// It is that of the ordinary mode.
    #[serde(default)]
    pub ordinary: bool,
    /// How well that is known.
    pub confidence: Confidence,
    /// Source tags.
    #[serde(default)]
    pub sources: Vec<Word>,
}

/// Something by which a Linux shows that another system keeps its clock.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockHost {
    /// The file.
    pub path: Word,
    /// What stands in it, in lower case; nothing where the file alone shows it.
    #[serde(default)]
    pub holds: Word,
    /// Who keeps the clock, for a sentence.
    pub title: Word,
}

/// A file of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Where.
    pub platform: Platform,
    /// The path.
    pub path: Word,
}

/// A program of the system.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name here, and that of the saved output in a copy of a device.
    pub id: Word,
    /// Where it exists.
    pub platform: Platform,
    /// Its path; on Windows a name below the system's own folder.
    pub program: Word,
    /// Its arguments; `{paths}` stands for the files it is asked about.
    pub args: Vec<Word>,
    /// What it is asked for, for a sentence.
    pub asks: Word,
    /// Devices without it are usual: its absence is no gap.
    #[serde(default)]
    pub optional: bool,
    /// Why it is never run here: its output is read from a copy alone.
    #[serde(default)]
    pub saved_only: Option<Word>,
    /// What the system may use the network for on its behalf, a sentence; nothing for a tool that looks at this device alone.
    #[serde(default)]
    pub network: Option<Word>,
    /// Seconds that it may take; few without.
    #[serde(default)]
    pub patience_s: Option<u64>,
    /// It ends with a failure where the device has nothing of what it is asked for.
    #[serde(default)]
    pub none_fails: bool,
    /// It speaks of the user who runs it, and so must be asked otherwise about another.
    #[serde(default)]
    pub other_user: Option<OtherUser>,
}

/// How a tool that speaks of the user who runs it is asked about another user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherUser {
    /// Its arguments then, with `{sid}`, `{uid}` and `{user}`; none where it tells nothing of others.
    #[serde(default)]
    pub args: Vec<Word>,
    /// What it lacks where it tells nothing, the end of a sentence.
    pub needs: Word,
}

/// A log of what was kept from starting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockLog {
    /// The tool that prints it.
    pub tool: Word,
    /// Who kept it, for a sentence.
    pub product: Word,
    /// Events that tell it.
    pub event: Vec<BlockEvent>,
}

/// An event that tells what was kept from starting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockEvent {
    /// Its number.
    pub id: Word,
    /// The fields that may name what was blocked; the one who acted stands in others.
    pub object: Vec<Word>,
    /// The field that says what was done; without, the event itself is a block.
    #[serde(default)]
    pub action: Option<Word>,
    /// Its values that stop a program.
    #[serde(default)]
    pub stops: Vec<Word>,
}

/// What a product of others does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProductKind {
    /// Keeps programs from starting or looks at what they do.
    Security,
    /// Allows programs by a list.
    Authorization,
    /// Leads packets or names through a tunnel.
    Tunnel,
}

/// A product of others, recognised by what runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its name.
    pub title: Word,
    /// What it does.
    pub kind: ProductKind,
    /// Names of its processes on macOS, whole, in any letter case.
    #[serde(default)]
    pub macos: Vec<Word>,
    /// The same on Windows, without `.exe`.
    #[serde(default)]
    pub windows: Vec<Word>,
    /// The same on Linux; the system keeps 15 characters of a name.
    #[serde(default)]
    pub linux: Vec<Word>,
    /// How well that is known.
    pub confidence: Confidence,
    /// Where the names are from.
    pub references: Vec<Word>,
}

impl Product {
    /// Its processes on a platform.
    pub fn processes(&self, platform: Platform) -> &[Word] {
        match platform {
            Platform::Macos => &self.macos,
            Platform::Windows => &self.windows,
            Platform::Linux => &self.linux,
        }
    }
}

/// What a variable that concerns trust does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VariableKind {
    /// Names a file of authorities.
    Authorities,
    /// Names a folder of authorities.
    Folder,
    /// Switches checks off when it has this value: `off`.
    Check,
}

/// A variable of the environment that concerns trust.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name.
    pub name: Word,
    /// What it does.
    pub kind: VariableKind,
    /// The value that switches checks off.
    #[serde(default)]
    pub off: Word,
    /// Who reads it, for a sentence.
    pub readers: Word,
    /// The engine reads it, on these platforms.
    #[serde(default)]
    pub engine: Vec<Platform>,
    /// How well that is known.
    pub confidence: Confidence,
    /// Source tags.
    #[serde(default)]
    pub sources: Vec<Word>,
    /// Pages of others.
    #[serde(default)]
    pub references: Vec<Word>,
}

impl DeviceFacts {
    /// The file built into the program.
    ///
    /// # Errors
    /// When it does not hold together; a test makes sure that it does.
    pub fn embedded() -> Result<Self, DataError> {
        compiled::read(rules_compiled!("device"))
    }

    pub(super) fn load(files: &Files) -> Result<Self, DataError> {
        let file = files.get("device.toml");
        let facts: Self = file.text.read_as(file.shown)?;
        let content = |reason: String| DataError::Content { file: file.shown.to_owned(), reason };
        for platform in Platform::ALL {
            if !facts.helper.iter().any(|h| h.platform == *platform) {
                return Err(content(format!("there is no `helper` of platform {platform}")));
            }
            if !facts.hosts_file.iter().any(|h| h.platform == *platform) {
                return Err(content(format!("there is no `hosts_file` of platform {platform}")));
            }
        }
        for (n, tool) in facts.tool.iter().enumerate() {
            let same = |other: &Tool| other.id == tool.id && other.platform == tool.platform;
            if facts.tool.iter().take(n).any(same) {
                return Err(content(format!("tool `{}` of {} is there twice", tool.id, tool.platform)));
            }
            // The caller's hive would be reported as that of the user who is named.
            if tool.args.iter().any(|a| a.starts_with("HKCU")) && tool.other_user.is_none() {
                return Err(content(format!("tool `{}` asks for a user's hive: say `other_user`", tool.id)));
            }
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if tool.id.is_empty() || !tool.id.chars().all(plain) {
                return Err(content(format!(
                    "tool `{}`: an id has lower-case letters, digits and -",
                    tool.id
                )));
            }
        }
        if let Some(log) = facts.block_log.iter().find(|l| !facts.tool.iter().any(|t| t.id == l.tool)) {
            return Err(content(format!("block_log: there is no tool `{}`", log.tool)));
        }
        if let Some(product) = facts.product.iter().find(|p| p.references.is_empty()) {
            return Err(content(format!("product {}: name at least one reference", product.title)));
        }
        let bare = |v: &&Variable| v.sources.is_empty() && v.references.is_empty();
        if let Some(variable) = facts.variable.iter().find(bare) {
            return Err(content(format!("variable {}: name a source or a reference", variable.name)));
        }
        Ok(facts)
    }

    /// A tool of a platform.
    pub fn tool(&self, id: &str, platform: Platform) -> Option<&Tool> {
        self.tool.iter().find(|t| t.id == id && t.platform == platform)
    }
}
