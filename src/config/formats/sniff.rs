//! What a file is, by its first characters; and what to say about files that are none of ours.

use crate::config::error::{ConfigError, Place};
use crate::rules::places::Places;

/// What can be passed instead, for messages.
pub(crate) const ACCEPTED: &str = "Pass a .mobileconfig profile, a property list, a .reg file, a script of `reg add`, PowerShell or `defaults write` lines, Group Policy's Registry.pol or Registry.xml, an export of Intune, a JSON configuration, the app's diagnostic report (.zip) or a configLibrary folder";

/// A text format that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    /// JSON members without the braces.
    JsonFragment,
    Xml,
    /// A registry file, or the output of `reg query`.
    Reg,
    /// A signed message between BEGIN and END lines.
    PemMessage,
    /// A script of `reg add` lines.
    RegScript,
    /// A PowerShell script that writes the registry.
    PowerShell,
    /// Registry items of Group Policy preferences.
    Preferences,
    /// A shell script of `defaults write` lines.
    DefaultsScript,
}

/// Formats told by their bytes that cannot be read as text.
///
/// # Errors
/// Names the format and how to get at the content.
pub(crate) fn refuse_binary(bytes: &[u8], file: &str) -> Result<(), ConfigError> {
    let refuse = |what: &str, next: &str| {
        Err(ConfigError::NotConfiguration {
            place: Place::file(file),
            what: what.to_owned(),
            next: next.to_owned(),
        })
    };
    match bytes {
        [0x1f, 0x8b, ..] => {
            refuse("this is a gzip archive", "Unpack it and pass the configuration file inside")
        }
        [b'r', b'e', b'g', b'f', ..] => {
            refuse("this is a registry hive", "Export the key as a .reg file with `reg export`")
        }
        [b'%', b'P', b'D', b'F', ..] => refuse("this is a PDF document", ACCEPTED),
        _ => Ok(()),
    }
}

/// Recognises a text.
///
/// # Errors
/// When it looks like something that is not read; says what it looks like and what to pass.
pub(crate) fn kind(text: &str, file: &str, places: &Places) -> Result<Kind, ConfigError> {
    let head = text.trim_start();
    let refuse = |what: &str, next: &str| {
        Err(ConfigError::NotConfiguration {
            place: Place::file(file),
            what: what.to_owned(),
            next: next.to_owned(),
        })
    };
    if head.starts_with("Windows Registry Editor Version")
        || head.starts_with("REGEDIT4")
        || super::reg_query::is_output(head)
    {
        return Ok(Kind::Reg);
    }
    let fenced = text.lines().any(|l| l.trim_start().starts_with("```"));
    if head.starts_with('<') && !head.starts_with("<#") {
        return Ok(if super::reg_policy::is_preferences(head) { Kind::Preferences } else { Kind::Xml });
    }
    if !fenced && is_ansible(text) {
        return refuse(
            "these look like Ansible tasks (YAML), which are not read: variables, templates and conditions decide what they write",
            &format!(
                "Run the play on one device and pass what it wrote: for win_regedit `reg export HKLM\\{} claude.reg`, for osx_defaults `defaults export {} claude.plist`, for copy and template the file itself",
                places.registry.key, places.plist.domain
            ),
        );
    }
    // A script may begin like anything else, with a comment or a table of values.
    if !fenced && !head.starts_with(['{', '"']) && !head.starts_with("//") {
        if super::powershell::is_script(text) {
            return Ok(Kind::PowerShell);
        }
        if super::reg_script::is_script(text) {
            return Ok(Kind::RegScript);
        }
        if super::defaults_script::is_script(text) {
            return Ok(Kind::DefaultsScript);
        }
    }
    let first_line = significant_line(head, &["//", ";"]);
    if first_line.starts_with("[HKEY_") || first_line.starts_with("[-HKEY_") {
        return Ok(Kind::Reg);
    }
    if head.starts_with(['{', '[']) {
        return Ok(Kind::Json);
    }
    if head.starts_with("//") || head.starts_with("/*") {
        // The JSON reader names the comment's place.
        return Ok(Kind::Json);
    }
    if head.starts_with('"') && after_quoted(head).trim_start().starts_with(':') {
        return Ok(Kind::JsonFragment);
    }
    if head.starts_with("-----BEGIN PKCS7") || head.starts_with("-----BEGIN CMS") {
        return Ok(Kind::PemMessage);
    }
    if head.starts_with("-----BEGIN ") {
        return refuse("this is a PEM file (a certificate or key), not a configuration", ACCEPTED);
    }
    if is_markdown(head) {
        return refuse(
            "this looks like a Markdown document",
            "Copy the configuration block itself, without the fence, into a file of its own and pass that",
        );
    }
    if is_yaml(head) {
        return refuse(
            "this looks like YAML, which the app does not read; it is another tool's template",
            "Let that tool write its .mobileconfig, .reg or JSON file and pass that",
        );
    }
    if is_terraform(head) {
        return refuse("this looks like Terraform", "Pass the profile or JSON file that it deploys");
    }
    refuse("this is no format that is known here", ACCEPTED)
}

/// The first line that is neither empty nor a comment.
fn significant_line<'a>(text: &'a str, comments: &[&str]) -> &'a str {
    text.lines()
        .map(str::trim)
        .find(|l| !l.is_empty() && !comments.iter().any(|c| l.starts_with(c)))
        .unwrap_or_default()
}

fn after_quoted(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1).take(400) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return text.get(at + 1..).unwrap_or_default(),
            '\n' => break,
            _ => escaped = false,
        }
    }
    ""
}

fn is_markdown(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    let heading = line.trim_start_matches('#').starts_with(' ') && line.starts_with('#');
    line.starts_with("```")
        || text.lines().take(200).any(|l| l.starts_with("```"))
        || heading && !is_yaml(text.trim_start_matches(line))
}

/// Whether a YAML text has tasks of Ansible that write settings or files.
fn is_ansible(text: &str) -> bool {
    const MODULES: [&str; 9] = [
        "win_regedit",
        "win_reg_stat",
        "win_copy",
        "win_template",
        "osx_defaults",
        "copy",
        "template",
        "blockinfile",
        "lineinfile",
    ];
    let module = |line: &str| {
        let name = line.trim().trim_start_matches("- ").split(':').next().unwrap_or_default().trim();
        let short = name.rsplit('.').next().unwrap_or_default();
        line.contains(':') && MODULES.contains(&short)
    };
    let task = |line: &str| {
        let line = line.trim_start();
        [
            "- name:",
            "- hosts:",
            "tasks:",
            "- ansible.",
            "- community.",
            "- win_",
            "- osx_",
            "- copy:",
            "- block:",
        ]
        .iter()
        .any(|begin| line.starts_with(begin))
    };
    let mut lines = text.lines().take(2000).filter(|l| !l.trim_start().starts_with('#'));
    let first = significant_line(text, &["#"]);
    (first.starts_with("---") || first.starts_with("- ")) && lines.clone().any(task) && lines.any(module)
}

fn is_yaml(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("%YAML") {
        return true;
    }
    let line = significant_line(text, &["#"]);
    let name = line.split(':').next().unwrap_or_default();
    line.contains(':')
        && (line.ends_with(':') || line.contains(": "))
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\''))
}

fn is_terraform(text: &str) -> bool {
    let line = significant_line(text, &["#", "//"]);
    ["resource \"", "module \"", "variable \"", "terraform {", "provider \""]
        .iter()
        .any(|p| line.starts_with(p))
}
