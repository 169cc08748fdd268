//! The operating system's own proxy settings: on macOS `scutil --proxy`, on Windows the registry
//! and WinHTTP (`netsh.exe`), asked at run time and read by pure functions. Linux has no
//! settings that the app reads but the environment.

mod anchors;
mod macos;
pub mod program;
mod resolvers;
mod windows;

pub(super) use anchors::{of_device as anchors, of_engine as engine_anchors};
pub(super) use resolvers::{of_device as resolvers, search_of_device as search};

use super::sanitise;
use crate::registry;

/// Characters of a setting that are kept.
const LONGEST: usize = 2048;

/// What the system's settings say. Addresses bear no user name and no password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SystemProxies {
    /// Where they stand, in plain words, such as `macOS network settings`.
    pub origin: String,
    /// Proxy for TLS connections, `host:port`.
    pub https: Option<String>,
    /// Proxy for plain HTTP, `host:port`.
    pub http: Option<String>,
    /// SOCKS proxy, `host:port`. Whether the app uses one is not documented.
    pub socks: Option<String>,
    /// Hosts that are exempt, in the system's own grammar.
    pub exempt: Vec<String>,
    /// Address of a proxy script.
    pub script: Option<String>,
    /// A script is looked for in the network (WPAD).
    pub discovers: bool,
    /// Proxy of WinHTTP, which services take, not the app: `host:port`.
    pub services: Option<String>,
    /// Why the settings, or a part of them, could not be read.
    pub unread: Option<String>,
}

/// Reads the settings of the user who runs this; nothing where there are none but the environment.
pub fn read() -> Option<SystemProxies> {
    match std::env::consts::OS {
        "macos" => Some(match program::output("/usr/sbin/scutil", &["--proxy"]) {
            Ok(text) => macos::read(&text),
            Err(error) => unread(macos::ORIGIN, error),
        }),
        "windows" => Some(windows::ask(&|key| registry::query(key, false), &|| {
            program::output(&program::of_windows("netsh.exe"), &["winhttp", "show", "proxy"])
        })),
        _ => None,
    }
}

fn unread(origin: &str, error: String) -> SystemProxies {
    SystemProxies { origin: origin.to_owned(), unread: Some(error), ..SystemProxies::default() }
}

/// A setting as one line without user name and password; nothing when it is empty.
fn setting(text: &str) -> Option<String> {
    let text = sanitise::line(text.trim(), LONGEST);
    let (kept, _) = crate::config::of_proxy(&text);
    (!kept.is_empty()).then_some(kept)
}

/// What `scutil --proxy` printed.
pub fn of_scutil(text: &str) -> SystemProxies {
    macos::read(text)
}

/// What `reg query` of the internet settings printed.
pub fn of_registry(text: &str) -> SystemProxies {
    windows::settings(text)
}

/// The proxy that `netsh winhttp show proxy` printed, `host:port`.
pub fn of_winhttp(text: &str) -> Option<String> {
    windows::winhttp(text)
}

/// Name and value of each line of what `reg query` printed for a key.
pub fn registry_values(text: &str) -> Vec<(&str, &str)> {
    windows::values(text).map(|(name, _, value)| (name, value)).collect()
}
