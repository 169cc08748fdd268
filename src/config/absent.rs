//! What to say of a name under which no file stands: most often it is a host, a misspelt name or an unset variable.

use std::path::Path;

use super::error::shown_file;
use super::open;
use crate::contract::HostPattern;

/// Endings of files that are given as configurations, so that `policy.json` is no host.
const ENDINGS: [&str; 22] = [
    "admx",
    "bin",
    "cer",
    "conf",
    "csv",
    "htm",
    "html",
    "json",
    "jsonc",
    "log",
    "mobileconfig",
    "p7m",
    "plist",
    "pol",
    "ps1",
    "reg",
    "sh",
    "txt",
    "xml",
    "yaml",
    "yml",
    "zip",
];
/// Entries of a folder that are compared.
const MOST_NAMES: usize = 2000;

/// The message for a name that leads nowhere.
pub(super) fn message(file: &str) -> String {
    if file.trim().is_empty() {
        return "the file name is empty; is it a variable that is not set?".to_owned();
    }
    // Of a web address only the host is shown: the rest may hold a key.
    let shown = shown_file(file.split_once("://").map_or(file, |(scheme, _)| scheme));
    if let Some(host) = host(file) {
        return format!(
            "{host}: there is no such file or folder, and it reads like a host. To test it: clearway check --host \
             {host}; why it is on a list: clearway explain {host} CONFIG"
        );
    }
    let near = near(Path::new(file));
    let next = if near.is_empty() {
        "Check the spelling, or pass `-` to read from standard input".to_owned()
    } else {
        let near: Vec<String> = near.iter().map(|name| format!("`{}`", shown_file(name))).collect();
        format!("Near it there is {}", near.join(" and "))
    };
    format!("{shown}: there is no such file or folder. {next}")
}

/// The message for a file without content.
pub(super) fn empty(file: &str) -> String {
    if file == "-" {
        return "standard input is empty; did the command before the pipe fail?".to_owned();
    }
    format!(
        "{}: the file is empty. Export the configuration again; an interrupted copy often leaves an empty file",
        shown_file(file)
    )
}

/// Whether a name is written like a path or ends like a file that is given as a configuration.
pub fn ends_like_a_file(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    name.contains(['/', '\\']) || ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The host that a name or a web address is.
fn host(text: &str) -> Option<String> {
    let address = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let host = address.unwrap_or(text).split(['/', '?', '#']).next()?;
    // What is written like a path or ends like a file is no host.
    if address.is_none() && (ends_like_a_file(text) || ends_like_a_file(host)) {
        return None;
    }
    let host = host.rsplit('@').next()?;
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return None;
    }
    let pattern: HostPattern = name.parse().ok()?;
    (name.contains('.') && !pattern.is_wildcard()).then(|| host.to_owned())
}

/// At most two names of the same folder that differ little.
fn near(path: &Path) -> Vec<String> {
    let Some(wanted) = path.file_name().and_then(|n| n.to_str()) else { return Vec::new() };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let lower = wanted.to_lowercase();
    let limit = (lower.chars().count() / 4).clamp(1, 3);
    let mut found: Vec<(usize, String)> =
        open::names(folder.unwrap_or_else(|| Path::new(".")), None, MOST_NAMES)
            .into_iter()
            .map(|name| (strsim::osa_distance(&name.to_lowercase(), &lower), name))
            .filter(|(far, _)| *far <= limit)
            .collect();
    found.sort();
    found.truncate(2);
    found
        .into_iter()
        .map(|(_, name)| folder.map_or(name.clone(), |f| f.join(&name).display().to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_host_in_place_of_a_file_is_known() {
        for (text, is) in [
            ("https://claude.example", Some("claude.example")),
            ("https://gw.example.com:8443/v1?x", Some("gw.example.com:8443")),
            ("https://user:secret@x.example/p?token=other", Some("x.example")),
            ("https://x.example:secret/p", None),
            ("gateway.example.com", Some("gateway.example.com")),
            ("gateway.example.com:8443", Some("gateway.example.com:8443")),
            ("192.0.2.7", Some("192.0.2.7")),
            ("policy.json", None),
            ("rollout.MOBILECONFIG", None),
            ("policies/gateway.example.com", None),
            ("policy", None),
            ("*.example.com", None),
        ] {
            assert_eq!(host(text).as_deref(), is, "{text}");
        }
    }

    #[test]
    fn names_that_differ_little_are_offered() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["gateway.json", "bedrock.json"] {
            std::fs::write(dir.path().join(name), "{}").unwrap();
        }
        let path = |name: &str| dir.path().join(name).display().to_string();
        assert!(message(&path("gatway.json")).contains("gateway.json"));
        assert!(message(&path("Gateway.JSON")).contains("gateway.json"));
        assert!(message(&path("other.json")).contains("Check the spelling"));
        assert!(!message("https://x.example:s3cret/p?s3cret").contains("s3cret"));
        assert!(message("").contains("variable"));
        assert!(empty("-").contains("pipe"));
    }
}
