//! What a user sees of the readers: every format and value shape, and every bad input.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "config/bad_input.rs"]
mod bad_input;
#[path = "config/formats.rs"]
mod formats;
#[path = "config/secrets.rs"]
mod secrets;

use std::path::Path;

use clearway::config::{self, ConfigError, Configuration, Input};
use clearway::rules::keys::KeyCatalogue;

fn keys() -> KeyCatalogue {
    toml::from_str(include_str!("config/keys.toml")).unwrap()
}

/// Writes `bytes` as `name` into a folder of its own and reads it.
fn read_as(name: &str, bytes: impl AsRef<[u8]>) -> Result<Configuration, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    read_path(&path)
}

fn read_path(path: &Path) -> Result<Configuration, ConfigError> {
    match config::read(path.to_str().unwrap(), &keys())?.into_iter().next().unwrap() {
        Input::Configuration(config) => Ok(config),
        Input::HostsDocument { .. } => panic!("a hosts document"),
    }
}

/// The ids of a configuration's remarks, sorted.
fn ids(config: &Configuration) -> Vec<&str> {
    let mut ids: Vec<&str> = config.lint.iter().map(|l| l.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

fn utf16le(text: &str) -> Vec<u8> {
    [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

fn utf16be(text: &str) -> Vec<u8> {
    [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect()
}

fn profile(payload_type: &str, pairs: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\n<key>PayloadType</key><string>Configuration</string>\n\
         <key>PayloadContent</key><array>\n<dict><key>PayloadType</key><string>example.other</string><key>x</key><true/></dict>\n\
         <dict><key>PayloadType</key><string>{payload_type}</string><key>PayloadUUID</key><string>1</string>\n{pairs}</dict>\n\
         </array></dict></plist>\n"
    )
}

fn reg(lines: &str) -> String {
    format!(
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n{lines}\r\n"
    )
}
