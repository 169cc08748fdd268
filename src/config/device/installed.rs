//! Which version of the app is installed on a device.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::Device;
use crate::config::formats::tree::{Raw, find};
use crate::config::formats::{plist_binary, plist_xml};
use crate::config::open::{content, regular};
use crate::contract::AppVersion;
use crate::rules::places::{Installed, Places};

/// The longest property list that is read, bytes.
const PLIST: u64 = 1024 * 1024;
/// The longest package database that is read, bytes: one of a full desktop has some ten million.
const DATABASE: u64 = 256 * 1024 * 1024;
/// So much of it is read at a time, bytes.
const CHUNK: usize = 64 * 1024;

/// The version of the app that is installed, and the file that says so. None where the app is not
/// installed, or its version cannot be read: then nothing is known, which is no error.
pub fn version(device: &Device, places: &Places) -> Option<(AppVersion, String)> {
    let within = device.root.as_deref();
    places.installed.iter().filter(|place| place.platform == device.platform).find_map(|place| {
        let (path, text) = match place {
            Installed { plist: Some(path), key: Some(key), .. } => {
                (path, bundle(&device.path(path), within, key)?)
            }
            Installed { dpkg: Some(path), package: Some(package), .. } => {
                (path, package_version(&device.path(path), within, package)?)
            }
            _ => return None,
        };
        Some((text.parse().ok()?, path.to_string()))
    })
}

fn bundle(path: &Path, within: Option<&Path>, key: &str) -> Option<String> {
    let bytes = content(path, within, PLIST).ok()?;
    let list: Raw = if bytes.starts_with(b"bplist") {
        plist_binary::parse(&bytes).ok()?
    } else {
        match plist_xml::parse(std::str::from_utf8(&bytes).ok()?).ok()? {
            plist_xml::Xml::Plist(root) => root,
            _ => return None,
        }
    };
    Some(find(list.members()?, key)?.value.text()?.to_owned())
}

/// The upstream version of an installed package: without epoch and revision.
fn package_version(path: &Path, within: Option<&Path>, package: &str) -> Option<String> {
    let mut reader = BufReader::with_capacity(CHUNK, regular(path, within).ok()?.take(DATABASE));
    let (mut ours, mut installed, mut version) = (false, false, None);
    // One buffer for all of its lines, and bytes: a database has ten thousands, and three of them matter.
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).ok()? > 0 {
        let text = line.trim_ascii_end();
        if text.is_empty() {
            if ours && installed {
                return version;
            }
            (ours, installed, version) = (false, false, None);
        } else if let Some(name) = text.strip_prefix(b"Package: ") {
            ours = name.trim_ascii() == package.as_bytes();
        } else if let Some(status) = text.strip_prefix(b"Status: ") {
            installed = status.split(u8::is_ascii_whitespace).next_back() == Some(b"installed");
        } else if let Some(text) = text.strip_prefix(b"Version: ").filter(|_| ours) {
            let text = String::from_utf8_lossy(text);
            let text = text.trim();
            let text = text.split_once(':').map_or(text, |(_, rest)| rest);
            version = Some(text.split_once(['-', '+', '~']).map_or(text, |(front, _)| front).to_owned());
        }
        line.clear();
    }
    (ours && installed).then_some(version).flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::contract::Platform;

    fn device(platform: Platform, files: &[(&str, &str)]) -> (tempfile::TempDir, Device) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let device = Device { platform, root: Some(root.path().to_owned()), user: None };
        (root, device)
    }

    fn read(platform: Platform, files: &[(&str, &str)]) -> Option<String> {
        let (_root, device) = device(platform, files);
        version(&device, &Places::built_in()).map(|(version, _)| version.to_string())
    }

    #[test]
    fn a_bundle_says_its_version() {
        let list = |version: &str| {
            format!(
                "<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>CFBundleShortVersionString</key>\
                 <string>{version}</string></dict></plist>"
            )
        };
        let path = "Applications/Claude.app/Contents/Info.plist";
        assert_eq!(read(Platform::Macos, &[(path, &list("2.110.0"))]).as_deref(), Some("2.110.0"));
        assert_eq!(read(Platform::Macos, &[(path, &list("nightly"))]), None);
        assert_eq!(read(Platform::Macos, &[(path, "<plist><dict>")]), None);
        assert_eq!(read(Platform::Macos, &[]), None);
        assert_eq!(read(Platform::Windows, &[(path, &list("2.110.0"))]), None);
    }

    #[test]
    fn a_package_counts_only_when_it_is_installed() {
        let database = |status: &str| {
            format!(
                "Package: claude-desktop-tools\nStatus: install ok installed\nVersion: 9.9.9\n\n\
                 Package: claude-desktop\nStatus: {status}\nVersion: 1:2.16120.0-1~deb12\n\nPackage: z\nVersion: 1\n"
            )
        };
        let read = |text: &str| read(Platform::Linux, &[("var/lib/dpkg/status", text)]);
        assert_eq!(read(&database("install ok installed")).as_deref(), Some("2.16120.0"));
        assert_eq!(read(&database("deinstall ok config-files")), None);
        assert_eq!(read(""), None);
    }
}
