//! Asks a device for what the checks need: the only part of this room that touches files, variables and programs.
//! Everything is bounded in size and time, nothing is written, and no program is run with further rights.
//!
//! Of a collected copy the files are read where they lie below its root, and what a tool prints from `tools/ID.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use super::answers::{Answers, FileFact, Missing, Printed, TextFile, Want};
use crate::config::device::Device;
use crate::config::device::paths::User;
use crate::config::open;
use crate::contract::Platform;
use crate::probe::system::program::{self, Ended, RunError};
use crate::registry;
use crate::rules::device::{DeviceFacts, Tool};

/// Bytes of a text file that are read.
const TEXT: u64 = 1024 * 1024;
/// How long a tool may take where the rules do not say.
const PATIENCE: Duration = Duration::from_secs(3);
/// Tools that run at a time.
const AT_ONCE: usize = 6;
/// Files that one tool is asked about.
const PATHS: usize = 16;
/// Variables that are looked at, and bytes of a value.
const VARIABLES: usize = 2_000;
/// The folder of a copy that holds what tools printed.
const SAVED: &str = "tools";
/// The file in it that holds the variables, in lines `NAME=value`.
const ENVIRONMENT: &str = "environment.txt";

/// Asks for everything that is wanted.
pub(super) fn gather(wants: &BTreeSet<Want>, device: &Device, user: &User, facts: &DeviceFacts) -> Answers {
    let here = Here { device, user };
    let mut answers = Answers { denied: here.denied(), ..Answers::default() };
    let mut tools: Vec<(&Tool, Vec<String>)> = Vec::new();
    for want in wants {
        match want {
            Want::Text(path) => {
                answers.texts.insert(path.clone(), here.texts(path));
            }
            Want::Files(path) => {
                answers.files.insert(path.clone(), here.files(path));
            }
            Want::Variables => answers.variables = here.variables(),
            Want::Tool(id, paths) => {
                let Some(tool) = facts.tool(id, device.platform) else { continue };
                let found = paths.iter().flat_map(|p| here.paths(p)).map(|p| here.shown(&p)).take(PATHS);
                let found: Vec<String> = found.collect();
                // A tool that is asked about files has nothing to say where there are none.
                if device.root.is_none() && found.is_empty() && !paths.is_empty() {
                    let why = answers.denied.clone().map_or(Missing::Absent, Missing::Unknown);
                    answers.tools.insert(id.clone(), Err(why));
                    continue;
                }
                tools.push((tool, found));
            }
        }
    }
    answers.tools.extend(run_all(&here, &tools));
    answers
}

/// Runs tools, some at a time.
fn run_all(here: &Here<'_>, tools: &[(&Tool, Vec<String>)]) -> BTreeMap<String, Result<Printed, Missing>> {
    let next = Mutex::new(tools.iter());
    let done = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(tools.len()) {
            scope.spawn(|| {
                loop {
                    // A thread that panicked leaves nothing half done here.
                    let job = next.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
                    let Some((tool, paths)) = job else { break };
                    let answer = here.tool(tool, paths);
                    done.lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .insert(tool.id.to_string(), answer);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Here<'a> {
    device: &'a Device,
    user: &'a User,
}

impl Here<'_> {
    fn root(&self) -> Option<&Path> {
        self.device.root.as_deref()
    }

    /// The existing paths that a template stands for.
    fn paths(&self, template: &str) -> Vec<PathBuf> {
        let Some(path) = self.user.path(self.device, template) else { return Vec::new() };
        let mut found = open::matching(&path, self.root());
        found.retain(|p| p.symlink_metadata().is_ok());
        found
    }

    /// What the device calls a path.
    fn shown(&self, path: &Path) -> String {
        let Some(inner) = self.root().and_then(|root| path.strip_prefix(root).ok()) else {
            return path.display().to_string();
        };
        let inner = inner.display().to_string();
        match self.device.platform {
            Platform::Windows => format!(r"C:\{}", inner.replace('/', r"\")),
            Platform::Macos | Platform::Linux => format!("/{inner}"),
        }
    }

    fn texts(&self, template: &str) -> Vec<TextFile> {
        if self.user.filled(template).is_none() {
            let why = "it is not known here whose it would be".to_owned();
            return vec![TextFile { path: template.to_owned(), text: Err(Missing::Unknown(why)) }];
        }
        let read = |path: &PathBuf| {
            let bytes = open::content(path, self.root(), TEXT).map_err(|e| Missing::Unknown(e.to_string()));
            TextFile { path: self.shown(path), text: bytes.map(|b| String::from_utf8_lossy(&b).into_owned()) }
        };
        self.paths(template).iter().map(read).collect()
    }

    fn files(&self, template: &str) -> Vec<FileFact> {
        let of = |path: PathBuf| {
            // A link of a copy may lead to a file of the machine that this runs on.
            let meta = match self.root() {
                Some(_) => path.symlink_metadata(),
                None => path.metadata(),
            };
            let meta = meta.ok()?;
            let executable = self.root().is_none().then(|| executable(&meta)).flatten();
            let (folder, bytes) = (meta.is_dir(), meta.len());
            Some(FileFact { path: self.shown(&path), folder, bytes, executable })
        };
        self.paths(template).into_iter().filter_map(of).collect()
    }

    /// Why the user's home cannot be looked into.
    fn denied(&self) -> Option<String> {
        let home = self.user.path(self.device, "{home}").filter(|_| self.root().is_none())?;
        match std::fs::read_dir(&home) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                Some(format!("{} may not be read by the user who runs this", home.display()))
            }
            _ => None,
        }
    }

    fn variables(&self) -> Result<BTreeMap<String, String>, Missing> {
        let Some(root) = self.root() else {
            if self.device.platform != Platform::here() {
                return Err(self.elsewhere());
            }
            if self.user.is_another(self.device) {
                let why = "the environment here is that of the user who runs this, and of another user's none is known";
                return Err(Missing::Unknown(why.to_owned()));
            }
            let all = std::env::vars_os()
                .take(VARIABLES)
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
            return Ok(all.collect());
        };
        let file = root.join(SAVED).join(ENVIRONMENT);
        let bytes = open::content(&file, Some(root), TEXT).map_err(|error| {
            let shown = format!("{SAVED}/{ENVIRONMENT}");
            Missing::Unknown(match error.is_absent() {
                true => format!("the copy has no {shown}"),
                false => format!("{shown}: {error}"),
            })
        })?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let pairs = text.lines().take(VARIABLES).filter_map(|line| line.trim_end().split_once('='));
        Ok(pairs.map(|(name, value)| (name.trim().to_owned(), value.to_owned())).collect())
    }

    fn elsewhere(&self) -> Missing {
        Missing::Unknown(format!("this machine is not one of {}", self.device.platform))
    }

    fn tool(&self, tool: &Tool, paths: &[String]) -> Result<Printed, Missing> {
        if let Some(root) = self.root() {
            let file = root.join(SAVED).join(format!("{}.txt", tool.id));
            return match open::content(&file, Some(root), TEXT) {
                Ok(bytes) => Ok(Printed { output: decoded(&bytes), errors: String::new(), succeeded: true }),
                Err(error) if error.is_absent() && tool.optional => Err(Missing::Absent),
                Err(error) if error.is_absent() => {
                    Err(Missing::Unknown(format!("the copy has no {SAVED}/{}.txt", tool.id)))
                }
                Err(error) => Err(Missing::Unknown(format!("{SAVED}/{}.txt: {error}", tool.id))),
            };
        }
        if let Some(why) = &tool.saved_only {
            return Err(Missing::Unknown(why.to_string()));
        }
        if self.device.platform != Platform::here() {
            return Err(self.elsewhere());
        }
        let windows = self.device.platform == Platform::Windows;
        let program = if windows { program::of_windows(&tool.program) } else { tool.program.to_string() };
        let unsafe_path =
            || Missing::Unknown("a path has a character that cannot be passed on safely".to_owned());
        let other = tool.other_user.as_ref().filter(|_| self.user.is_another(self.device));
        let arguments = match other {
            None => arguments(&tool.args, paths, windows).ok_or_else(unsafe_path)?,
            Some(other) => {
                let own = self.user.account(self.device);
                let args: Option<Vec<String>> = other.args.iter().map(|a| own.filled(a)).collect();
                let args = args.filter(|a| !a.is_empty());
                let args = args.ok_or_else(|| Missing::Unknown(other.needs.to_string()))?;
                arguments(&args, paths, windows).ok_or_else(unsafe_path)?
            }
        };
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let patience = tool.patience_s.map_or(PATIENCE, Duration::from_secs);
        let ended = match registry_key(&tool.program, &arguments).filter(|_| windows) {
            // As reg.exe would say it.
            Some((key, below)) => {
                let text = registry::query(key, below).map_err(Missing::Unknown)?;
                let succeeded = text.is_some();
                Ok(Ended { output: text.unwrap_or_default(), errors: String::new(), succeeded })
            }
            None => program::run(&program, &arguments, patience),
        };
        match ended {
            // What a failure means of the user who runs this, it does not mean of another.
            Ok(ended) if !ended.succeeded && other.is_some() => {
                Err(Missing::Unknown(other.map(|o| o.needs.to_string()).unwrap_or_default()))
            }
            Ok(ended) => {
                Ok(Printed { output: ended.output, errors: ended.errors, succeeded: ended.succeeded })
            }
            Err(RunError::Absent(_)) if tool.optional => Err(Missing::Absent),
            Err(error) => Err(Missing::Unknown(error.to_string())),
        }
    }
}

/// The key that these arguments ask the registry for, and whether for all below it: this program then asks itself.
/// What stands in the rules is how a person asks for the same.
fn registry_key<'a>(program: &str, arguments: &[&'a str]) -> Option<(&'a str, bool)> {
    match (program, arguments) {
        ("reg.exe", ["query", key]) => Some((key, false)),
        ("reg.exe", ["query", key, "/s"]) => Some((key, true)),
        _ => None,
    }
}

/// The arguments of a tool with its files in them: each as an argument of its own, or inside a line of
/// PowerShell in quotes. Nothing where a path could end its quotes.
fn arguments(args: &[impl AsRef<str>], paths: &[String], powershell: bool) -> Option<Vec<String>> {
    const MARK: &str = "{paths}";
    let mut all = Vec::new();
    for argument in args.iter().map(AsRef::as_ref) {
        if argument == MARK {
            // A path is never an option.
            all.extend(paths.iter().filter(|p| !p.starts_with('-')).cloned());
        } else if argument.contains(MARK) {
            let ends = |p: &String| {
                p.contains(['\'', '"', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}', '`', '$'])
            };
            if !powershell || paths.iter().any(|p| ends(p) || p.chars().any(char::is_control)) {
                return None;
            }
            let quoted: Vec<String> = paths.iter().map(|p| format!("'{p}'")).collect();
            all.push(argument.replace(MARK, &quoted.join(",")));
        } else {
            all.push(argument.to_string());
        }
    }
    Some(all)
}

/// Saved output, as UTF-8 or, as PowerShell writes it, UTF-16 with a mark.
fn decoded(bytes: &[u8]) -> String {
    let wide = |rest: &[u8], of: fn([u8; 2]) -> u16| {
        let (pairs, _) = rest.as_chunks::<2>();
        String::from_utf16_lossy(&pairs.iter().map(|p| of(*p)).collect::<Vec<u16>>())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(unix)]
fn executable(meta: &std::fs::Metadata) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;
    Some(meta.mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn executable(_meta: &std::fs::Metadata) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::device::paths::Account;

    fn tool(args: &[&str]) -> Vec<String> {
        args.iter().map(|a| (*a).to_owned()).collect()
    }

    #[test]
    fn keys_of_the_registry_are_told_from_other_tools() {
        assert_eq!(registry_key("reg.exe", &["query", "HKCU\\A"]), Some(("HKCU\\A", false)));
        assert_eq!(registry_key("reg.exe", &["query", "HKCU\\A", "/s"]), Some(("HKCU\\A", true)));
        assert_eq!(registry_key("reg.exe", &["query", "HKCU\\A", "/v"]), None);
        assert_eq!(registry_key("netsh.exe", &["query", "HKCU\\A"]), None);
    }

    #[test]
    fn a_path_stays_one_argument_and_inside_its_quotes() {
        let paths = ["C:\\Users\\Ann Lee\\a".to_owned(), "b".to_owned()];
        let plain = arguments(&tool(&["-d", "{paths}"]), &paths, true).unwrap();
        assert_eq!(plain, ["-d", "C:\\Users\\Ann Lee\\a", "b"]);
        let inside = arguments(&tool(&["Get-X {paths} | Y"]), &paths, true).unwrap();
        assert_eq!(inside, ["Get-X 'C:\\Users\\Ann Lee\\a','b' | Y"]);
        for bad in ["it's", "a\u{2019}b", "$(x)", "a`b", "a\nb"] {
            assert_eq!(arguments(&tool(&["Get-X {paths}"]), &[bad.to_owned()], true), None, "{bad}");
        }
        assert_eq!(arguments(&tool(&["{paths}"]), &["-rf".to_owned()], false).unwrap(), Vec::<String>::new());
    }

    /// A tool that speaks of its caller is asked otherwise about another user, or not at all; on every platform.
    #[test]
    fn every_tool_of_a_users_own_knows_how_another_is_asked_about() {
        let facts = DeviceFacts::embedded().unwrap();
        let of = |id: &str, platform| facts.tool(id, platform).unwrap().other_user.clone().unwrap();
        let filled = |id: &str, platform, sid: Option<&str>, uid| -> Option<Vec<String>> {
            let account = Account { user: Some("ann"), sid, uid };
            of(id, platform).args.iter().map(|a| account.filled(a)).collect()
        };
        let hive = filled("environment-user", Platform::Windows, Some("S-1-5-21-7"), None).unwrap();
        assert_eq!(hive, ["query", r"HKU\S-1-5-21-7\Environment"]);
        let proxy = filled("proxy-user", Platform::Windows, Some("S-1-5-21-7"), None).unwrap();
        assert!(proxy[1].starts_with(r"HKU\S-1-5-21-7\Software"), "{proxy:?}");
        assert_eq!(filled("proxy-user", Platform::Windows, None, None), None);
        let launchd = filled("launchd-ca", Platform::Macos, None, Some(502)).unwrap();
        assert_eq!(launchd[..3], ["asuser", "502", "/bin/launchctl"]);
        let session = filled("environment-session", Platform::Linux, None, None).unwrap();
        assert!(session.contains(&"--machine=ann@.host".to_owned()), "{session:?}");
        assert!(of("trust-user", Platform::Macos).args.is_empty());
        // What a program says of its caller is known by its words; a further one needs its line here.
        let own = ["HKCU", "getenv", "--user"];
        let speaks = |t: &&Tool| t.args.iter().any(|a| own.iter().any(|o| a.starts_with(o)));
        for tool in facts.tool.iter().filter(speaks) {
            assert!(tool.other_user.is_some(), "{}", tool.id);
        }
    }

    #[test]
    fn saved_output_is_read_in_the_encodings_of_windows() {
        assert_eq!(decoded(b"\xff\xfea\0b\0"), "ab");
        assert_eq!(decoded(b"\xfe\xff\0a\0b"), "ab");
        assert_eq!(decoded(b"\xef\xbb\xbfab"), "ab");
        assert_eq!(decoded(b"ab"), "ab");
    }
}
