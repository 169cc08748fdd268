//! What a user sees of the readers: every format and value shape, and every bad input.

mod admin;
mod bad_input;
mod carriers;
mod corpus;
mod device;
mod formats;
mod library;
mod nested;
mod registry;
mod reports;
mod secrets;
mod served;
mod signed;

use std::path::{Path, PathBuf};

use clearway::config::{self, ConfigError, Configuration, Input, ReadOptions};
use clearway::rules::Pack;
use clearway::rules::keys::KeyCatalogue;

fn keys() -> &'static KeyCatalogue {
    static KEYS: std::sync::LazyLock<KeyCatalogue> =
        std::sync::LazyLock::new(|| toml::from_str(include_str!("../../config/keys.toml")).unwrap());
    &KEYS
}

/// Writes `bytes` as `name` into a folder of its own and reads it.
fn read_as(name: &str, bytes: impl AsRef<[u8]>) -> Result<Configuration, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    read_path(&path)
}

fn read_path(path: &Path) -> Result<Configuration, ConfigError> {
    match config::read(path.to_str().unwrap(), keys())?.into_iter().next().unwrap() {
        Input::Configuration(config) => Ok(config),
        Input::HostsDocument { .. } => panic!("a hosts document"),
    }
}

/// A committed binary file.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/fixtures").join(name)
}

/// Every key of the real catalogue.
fn catalogue() -> &'static KeyCatalogue {
    static KEYS: std::sync::LazyLock<KeyCatalogue> =
        std::sync::LazyLock::new(|| Pack::embedded().unwrap().keys);
    &KEYS
}

/// Options for an app version.
fn at(version: &str) -> ReadOptions {
    ReadOptions { app_version: Some(version.parse().unwrap()), ..ReadOptions::default() }
}

/// Writes `bytes` as `name` and reads it as `options` say, with the real catalogue.
fn read_at(name: &str, bytes: impl AsRef<[u8]>, options: &ReadOptions) -> Result<Configuration, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    match config::read_with(path.to_str().unwrap(), catalogue(), options)?.into_iter().next().unwrap() {
        Input::Configuration(config) => Ok(config),
        Input::HostsDocument { .. } => panic!("a hosts document"),
    }
}

/// A shadowed value of the key, by what it lost.
fn lost<'a>(config: &'a Configuration, key: &str) -> Vec<&'a config::ShadowedBy> {
    config.shadowed.iter().filter(|s| s.key == key).map(|s| &s.by).collect()
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
