//! Windows registry files (`.reg`) and saved output of `reg query`: the values below the app's
//! policy key.

use std::collections::{BTreeSet, HashMap};

use crate::config::error::{ConfigError, Place, shown};
use crate::config::names::Names;
use crate::contract::ids::LintId;
use crate::contract::{Platform, Severity};
use crate::rules::places::{Hive, Places};

use super::doubt::Doubt;
use super::reg_text::{Content, Data, Item, parse};
use super::tree::{MAX_VALUES, Raw};
use super::{Document, Encoding, Entry, LostTo, Note, another_product};
use super::{powershell, reg_policy, reg_query, reg_script};

/// Reads a registry file, or the saved output of `reg query`. `text` is decoded already.
///
/// # Errors
/// When no value stands below the app's policy key.
pub(crate) fn read(text: &str, file: &str, names: &Names, places: &Places) -> Result<Document, ConfigError> {
    let (mut doc, policy, elsewhere) = gather(text, file, places)?;
    if !policy.seen {
        return Err(not_ours(file, &elsewhere, places));
    }
    policy.finish(&mut doc, names.since(&places.registry.machine_silences_since));
    Ok(doc)
}

/// Reads one hive of a device; nothing when the app's policy key is not in it. Also a remark for each key
/// in it that guides name by mistake.
///
/// # Errors
/// When the text has more values than any registry key.
pub(crate) fn hive(
    text: &str,
    file: &str,
    hive: Hive,
    places: &Places,
) -> Result<(Option<Document>, Vec<String>), ConfigError> {
    let (mut doc, mut policy, elsewhere) = gather(text, file, places)?;
    let mut mistaken = Vec::new();
    for (key, _) in &elsewhere {
        let wrong =
            places.registry.mistaken.iter().any(|k| matches!(Section::of(key, k).within, Within::Policy));
        if wrong && mistaken.len() < 20 {
            let place = format!("HKEY_LOCAL_MACHINE\\{}", places.registry.key);
            mistaken.push(format!(
                "{}: the app does not read this key; put the values below {place}",
                shown(key)
            ));
        }
    }
    match hive {
        Hive::Machine => policy.user.clear(),
        Hive::User => policy.machine.clear(),
    }
    let seen = policy.seen;
    policy.finish(&mut doc, false);
    // An export that deletes values is no state of a device, so its remarks about the file go.
    doc.notes.retain(|n| n.id != LintId::FRAGMENT);
    Ok((seen.then_some(doc), mistaken))
}

type Gathered = (Document, Policy, Vec<(String, u32)>);

fn gather(text: &str, file: &str, places: &Places) -> Result<Gathered, ConfigError> {
    let output = reg_query::is_output(text);
    let items = if output { reg_query::parse(text) } else { parse(text) };
    let format = if output { "reg-query" } else { "reg" };
    let (mut doc, policy, elsewhere) = collect(items, format, file, places)?;
    if !output && !has_header(text) {
        doc.notes.insert(
            0,
            Note::whole(
                LintId::FRAGMENT.as_str(),
                Severity::Warning,
                "the file does not begin with `Windows Registry Editor Version 5.00`; regedit refuses it, so add that line".to_owned(),
            ),
        );
    }
    Ok((doc, policy, elsewhere))
}

/// Reads the items of another carrier of registry values.
///
/// # Errors
/// When no value stands below the app's policy key.
pub(crate) fn carried(
    carrier: Carrier,
    file: &str,
    names: &Names,
    places: &Places,
) -> Result<Document, ConfigError> {
    let (mut doc, policy, elsewhere) = collect(carrier.items, carrier.format, file, places)?;
    if !policy.seen {
        if let Some(line) = carrier.unknown.first() {
            return Err(ConfigError::NotConfiguration {
                place: Place { file: file.to_owned(), line: Some(*line), column: None },
                what: format!(
                    "the registry key or the name comes from a variable or a command, which is not evaluated here, and no value below …\\{} stands in plain text",
                    places.registry.key
                ),
                next: format!(
                    "Run the script on a device and pass `reg export HKLM\\{} claude.reg`",
                    places.registry.key
                ),
            });
        }
        return Err(not_ours(file, &elsewhere, places));
    }
    policy.finish(&mut doc, names.since(&places.registry.machine_silences_since));
    if let Some(first) = carrier.unknown.first() {
        doc.notes.push(Note::at(
            "script-not-evaluated",
            Severity::Warning,
            format!(
                "{} lines set a value whose key or name comes from a variable or a command, which is not evaluated here: lines {}; write them out, or pass `reg export` of a device on which the script ran",
                carrier.unknown.len(),
                carrier.unknown.iter().take(6).map(u32::to_string).collect::<Vec<_>>().join(", ")
            ),
            None,
            *first,
            String::new(),
        ));
    }
    super::doubt::say(&mut doc, &carrier.doubts);
    doc.notes.extend(carrier.notes);
    Ok(doc)
}

/// Registry values in something else than a registry file.
pub(crate) struct Carrier {
    pub format: &'static str,
    pub(super) items: Vec<Item>,
    /// Lines whose key is not known.
    pub unknown: Vec<u32>,
    /// Values that not every device gets.
    pub doubts: Vec<Doubt>,
    pub notes: Vec<Note>,
}

impl Carrier {
    /// A script of `reg add` lines.
    pub(crate) fn script(text: &str) -> Self {
        let script = reg_script::parse(text);
        Self {
            format: "reg-script",
            items: script.items,
            unknown: script.unknown,
            doubts: Doubt::conditions(script.conditional),
            notes: Vec::new(),
        }
    }

    /// A PowerShell script.
    pub(crate) fn powershell(text: &str) -> Self {
        let script = powershell::parse(text);
        Self {
            format: "powershell",
            items: script.items,
            unknown: script.unknown,
            doubts: Doubt::conditions(script.conditional),
            notes: Vec::new(),
        }
    }

    /// Registry items of Group Policy preferences.
    ///
    /// # Errors
    /// Broken XML.
    pub(crate) fn preferences(text: &str, file: &str) -> Result<Self, ConfigError> {
        let found = reg_policy::parse_preferences(text).map_err(|at| ConfigError::Syntax {
            place: Place {
                file: file.to_owned(),
                line: u32::try_from(text.get(..at).unwrap_or_default().matches('\n').count() + 1).ok(),
                column: None,
            },
            format: "XML",
            what: "the registry items break off".to_owned(),
            next: "Copy Registry.xml of the policy again".to_owned(),
        })?;
        let notes = found.off.first().map(|line| {
            Note::at(
                "preference-off",
                Severity::Info,
                format!(
                    "{} registry items are switched off in the policy, so they are not read",
                    found.off.len()
                ),
                None,
                *line,
                String::new(),
            )
        });
        Ok(Self {
            format: "group-policy-preferences",
            items: found.items,
            unknown: Vec::new(),
            doubts: found.targeted,
            notes: notes.into_iter().collect(),
        })
    }

    /// A policy file. Its folder says for which hive it is.
    ///
    /// # Errors
    /// A damaged file.
    pub(crate) fn pol(bytes: &[u8], file: &str) -> Result<Self, ConfigError> {
        let folder = file.rsplit(['/', '\\']).nth(1).unwrap_or_default();
        let (hive, told) = match folder.to_ascii_lowercase().as_str() {
            "user" => ("HKEY_CURRENT_USER", true),
            "machine" => ("HKEY_LOCAL_MACHINE", true),
            _ => ("HKEY_LOCAL_MACHINE", false),
        };
        let items = reg_policy::parse_pol(bytes, hive).map_err(|at| ConfigError::Syntax {
            place: Place::file(file),
            format: "policy file (Registry.pol)",
            what: format!("the record at byte {at} is damaged or cut off"),
            next: "Copy Registry.pol again".to_owned(),
        })?;
        let note = (!told).then(|| {
            Note::whole(
                "policy-hive",
                Severity::Info,
                "a policy file does not say whether it is the machine's or a user's; it is read as the machine's, because its folder is called neither Machine nor User".to_owned(),
            )
        });
        Ok(Self {
            format: "registry-pol",
            items,
            unknown: Vec::new(),
            doubts: Vec::new(),
            notes: note.into_iter().collect(),
        })
    }
}

fn collect(
    items: Vec<Item>,
    format: &'static str,
    file: &str,
    places: &Places,
) -> Result<Gathered, ConfigError> {
    if items.len() > MAX_VALUES {
        return Err(ConfigError::TooMany { place: Place::file(file), limit: MAX_VALUES });
    }
    let mut doc = Document::new(format, Some(Platform::Windows), Encoding::Registry);
    doc.certain = true;
    let mut policy = Policy::default();
    let mut section: Option<Section> = None;
    let mut elsewhere: Vec<(String, u32)> = Vec::new();
    for item in items {
        match item.content {
            Content::Section { key, delete } => {
                let here = Section::of(&key, &places.registry.key);
                match (&here.within, delete) {
                    (Within::Policy | Within::Subkey(_), true) => {
                        policy.delete_all(&here);
                        doc.notes.push(Note::at(
                            "registry-deletion",
                            Severity::Info,
                            format!("importing the file deletes the key {}", shown(&key)),
                            None,
                            item.line,
                            key,
                        ));
                        section = None;
                    }
                    (Within::Elsewhere, _) => {
                        elsewhere.push((key, item.line));
                        section = Some(here);
                    }
                    _ => {
                        policy.seen = true;
                        section = Some(here);
                    }
                }
            }
            Content::Value { name, data } => match &section {
                Some(s) if !matches!(s.within, Within::Elsewhere) => {
                    policy.value(s, name, data, item.line, &mut doc)
                }
                _ => {}
            },
        }
    }
    Ok((doc, policy, elsewhere))
}

/// Why a file without the app's key is refused.
fn not_ours(file: &str, elsewhere: &[(String, u32)], places: &Places) -> ConfigError {
    let expected = format!(
        "Export HKEY_LOCAL_MACHINE\\{0} or HKEY_CURRENT_USER\\{0}, for example with `reg export HKLM\\{0} claude.reg`",
        places.registry.key
    );
    for (key, line) in elsewhere {
        for other in &places.other {
            if other.registry.iter().any(|k| !matches!(Section::of(key, k).within, Within::Elsewhere)) {
                return another_product(
                    file,
                    Some(*line),
                    other,
                    format!("its key {}", shown(key)),
                    &expected,
                );
            }
        }
        if places.registry.mistaken.iter().any(|k| !matches!(Section::of(key, k).within, Within::Elsewhere)) {
            return ConfigError::NotConfiguration {
                place: Place { file: file.to_owned(), line: Some(*line), column: None },
                what: format!(
                    "the key {} is one that some guides name and the app does not read",
                    shown(key)
                ),
                next: format!("Put the values below HKEY_LOCAL_MACHINE\\{}", places.registry.key),
            };
        }
    }
    let first = elsewhere.first();
    ConfigError::NotConfiguration {
        place: Place { file: file.to_owned(), line: first.map(|(_, line)| *line), column: None },
        what: match first {
            Some((key, _)) => format!(
                "this registry file has no value below …\\{} (it has {})",
                places.registry.key,
                shown(key)
            ),
            None => "this is a registry file without any key".to_owned(),
        },
        next: expected,
    }
}

/// Why the user hive does not count, as a clause; `name` is a value of the machine hive.
pub(crate) fn silenced(name: &str) -> String {
    format!("`{}` stands under HKEY_LOCAL_MACHINE, which silences HKEY_CURRENT_USER", shown(name))
}

fn has_header(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or_default();
    first.starts_with("Windows Registry Editor Version") || first.starts_with("REGEDIT4")
}

/// Where a key of the file stands, seen from the policy key.
struct Section {
    /// The key as written.
    key: String,
    machine: bool,
    within: Within,
}

enum Within {
    Policy,
    Subkey(String),
    Elsewhere,
}

impl Section {
    fn of(key: &str, policy: &str) -> Self {
        let lower = key.to_ascii_lowercase();
        let hives = [
            ("hkey_local_machine\\", true),
            ("hklm\\", true),
            ("hkey_current_user\\", false),
            ("hkcu\\", false),
        ];
        let (machine, mut rest) = hives
            .iter()
            .find_map(|(hive, machine)| lower.strip_prefix(hive).map(|rest| (*machine, rest)))
            .unwrap_or((false, ""));
        if rest.is_empty() {
            // A loaded user hive: HKEY_USERS\<security identifier>\…
            rest = lower.strip_prefix("hkey_users\\").and_then(|r| r.split_once('\\')).map_or("", |(_, r)| r);
        }
        let within = match rest.strip_prefix(policy.to_ascii_lowercase().as_str()) {
            Some("" | "\\") => Within::Policy,
            Some(below) if below.starts_with('\\') => {
                Within::Subkey(key.get(key.len() - below.len() + 1..).unwrap_or_default().to_owned())
            }
            _ => Within::Elsewhere,
        };
        Self { key: key.to_owned(), machine, within }
    }
}

/// What was gathered below the policy key.
#[derive(Default)]
struct Policy {
    seen: bool,
    machine: Vec<Entry>,
    user: Vec<Entry>,
    /// A value under the machine hive that makes the app ignore the user hive, by name.
    silencer: Option<(String, u32)>,
    as_dword: Vec<String>,
    subkeys: BTreeSet<String>,
    /// Up to which entry a later line deletes a name, by hive and folded name.
    deleted: HashMap<(bool, String), usize>,
}

impl Policy {
    fn delete_all(&mut self, section: &Section) {
        if matches!(section.within, Within::Policy) {
            // What was to be deleted one by one is gone as well.
            self.deleted.retain(|(machine, _), _| *machine != section.machine);
            if section.machine { self.machine.clear() } else { self.user.clear() }
        }
    }

    fn value(&mut self, section: &Section, name: Option<String>, data: Data, line: u32, doc: &mut Document) {
        let path = match &name {
            Some(name) => format!("{}\\{name}", section.key),
            None => format!("{}\\(default)", section.key),
        };
        let mut note = |id, severity, message: String, key: Option<&String>| {
            doc.notes.push(Note::at(id, severity, message, key.cloned(), line, path.clone()));
        };
        if let Within::Subkey(sub) = &section.within {
            if self.subkeys.len() < 20 && self.subkeys.insert(sub.to_ascii_lowercase()) {
                note(
                    "registry-subkey",
                    Severity::Error,
                    format!(
                        "the app never reads subkeys; write one value `{}` holding a JSON object, not a key of that name",
                        shown(sub)
                    ),
                    None,
                );
            }
            return;
        }
        if section.machine && matches!(data, Data::Text(_) | Data::Dword(_) | Data::Expand) {
            let name = name.clone().unwrap_or_else(|| "(default)".to_owned());
            if self.silencer.is_none() {
                self.silencer = Some((name.clone(), line));
            }
            doc.machine_values.push(name);
        }
        let Some(name) = name else {
            note(
                "registry-default-value",
                Severity::Warning,
                "the app does not read the key's default value; under HKEY_LOCAL_MACHINE it still makes HKEY_CURRENT_USER ignored, so remove it".to_owned(),
                None,
            );
            return;
        };
        let entries = if section.machine { &mut self.machine } else { &mut self.user };
        let raw = match data {
            Data::Text(text) => Raw::Text(text),
            Data::Dword(number) => {
                self.as_dword.push(name.clone());
                Raw::Integer(i64::from(number))
            }
            Data::Delete => {
                self.deleted.insert((section.machine, name.to_ascii_lowercase()), entries.len());
                note(
                    "registry-deletion",
                    Severity::Info,
                    format!("importing the file deletes `{}`", shown(&name)),
                    Some(&name),
                );
                return;
            }
            Data::Expand => {
                let message = format!(
                    "`{}` is REG_EXPAND_SZ, which the app cannot read although it counts as set; write REG_SZ",
                    shown(&name)
                );
                note("registry-type", Severity::Error, message, Some(&name));
                doc.unreadable.push(name.clone());
                doc.touched.push(name);
                return;
            }
            Data::Invisible(kind) => {
                let message =
                    format!("`{}` is {kind}, which the app does not see; write REG_SZ", shown(&name));
                note("registry-type", Severity::Error, message, Some(&name));
                doc.touched.push(name);
                return;
            }
            Data::Bad(what) => {
                note("registry-line", Severity::Error, format!("`{}`: {what}", shown(&name)), Some(&name));
                doc.touched.push(name);
                return;
            }
        };
        entries.push(Entry { name, raw, line: Some(line), path });
    }

    fn finish(mut self, doc: &mut Document, silences: bool) {
        let deleted = std::mem::take(&mut self.deleted);
        for (machine, entries) in [(true, &mut self.machine), (false, &mut self.user)] {
            let mut at = 0;
            entries.retain(|e| {
                at += 1;
                deleted.get(&(machine, e.name.to_ascii_lowercase())).is_none_or(|up_to| at > *up_to)
            });
        }
        let silencer = self.silencer.as_ref().filter(|_| silences);
        if let (Some((name, line)), false) = (silencer, self.user.is_empty()) {
            doc.notes.push(Note::at(
                "hkcu-ignored",
                Severity::Error,
                format!(
                    "{} values under HKEY_CURRENT_USER are ignored, because `{}` stands under HKEY_LOCAL_MACHINE (app 1.19367.0 and later); keep all values in one hive",
                    self.user.len(),
                    shown(name)
                ),
                None,
                *line,
                name.clone(),
            ));
            let rule = LostTo::Rule(silenced(name));
            let user = std::mem::take(&mut self.user);
            doc.lost.extend(user.into_iter().map(|e| (e, rule.clone())));
            doc.entries = self.machine;
        } else {
            let machine: HashMap<&str, &Entry> = self.machine.iter().map(|e| (e.name.as_str(), e)).collect();
            let mut kept = Vec::new();
            for entry in self.user {
                match machine.get(entry.name.as_str()) {
                    Some(winner) => {
                        let by = LostTo::Key { line: winner.line, path: winner.path.clone() };
                        doc.lost.push((entry, by));
                    }
                    None => kept.push(entry),
                }
            }
            doc.entries = self.machine;
            doc.entries.extend(kept);
        }
        if let Some(first) = self.as_dword.first() {
            let names: Vec<String> =
                self.as_dword.iter().take(6).map(|n| format!("`{}`", shown(n))).collect();
            let more = self.as_dword.len().saturating_sub(6);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            doc.notes.push(Note {
                key: Some(first.clone()),
                ..Note::whole(
                    "registry-dword",
                    Severity::Warning,
                    format!(
                        "REG_DWORD used for {}{more}: sources disagree whether every app version reads it; write REG_SZ \"true\", \"false\" or decimal text",
                        names.join(", ")
                    ),
                )
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_match_in_any_letter_case() {
        let policy = r"SOFTWARE\Policies\App";
        for (key, machine, ours) in [
            (r"HKEY_LOCAL_MACHINE\Software\POLICIES\app", true, true),
            (r"HKEY_CURRENT_USER\SOFTWARE\Policies\App", false, true),
            (r"HKEY_USERS\S-1-5-21-1\SOFTWARE\Policies\App", false, true),
            (r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\AppCode", true, false),
            (r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies", true, false),
        ] {
            let s = Section::of(key, policy);
            assert_eq!((s.machine, matches!(s.within, Within::Policy)), (machine, ours), "{key}");
        }
        assert!(
            matches!(Section::of(r"HKLM\Software\Policies\App\Oidc", policy).within, Within::Subkey(s) if s == "Oidc")
        );
    }
}
