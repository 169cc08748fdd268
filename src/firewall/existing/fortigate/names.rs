//! Which objects and groups a FortiOS configuration has, and the commands that take some of them out.

use std::collections::{BTreeMap, BTreeSet};

use super::tree;

/// An address section and the section of its groups.
const SECTIONS: [(&str, &str); 2] =
    [("firewall address", "firewall addrgrp"), ("firewall address6", "firewall addrgrp6")];

/// An address section and the name of an object of it.
pub type Object = (&'static str, String);

/// Objects and groups by their names.
#[derive(Debug, Default)]
pub struct FortigateObjects {
    /// Lines of an object, with the object.
    lines: BTreeMap<usize, Object>,
    /// Members of each group, with the section of its members.
    groups: BTreeMap<(&'static str, String), Vec<String>>,
}

impl FortigateObjects {
    /// What `text` has.
    pub fn of(text: &str) -> Self {
        let mut found = Self::default();
        for domain in tree::parse(text).0.values() {
            for (plain, group) in SECTIONS {
                for object in domain.section(plain) {
                    let own = object.sets.values().map(|(line, _)| *line).chain([object.line]);
                    found.lines.extend(own.map(|line| (line, (plain, object.name.clone()))));
                }
                for object in domain.section(group) {
                    found.groups.insert((plain, object.name.clone()), object.values("member").to_vec());
                }
            }
        }
        found
    }

    /// Whether there is an address group of that name, of either family.
    pub fn has_group(&self, name: &str) -> bool {
        self.groups.keys().any(|(_, group)| group == name)
    }

    /// The object that has this line.
    pub fn object_at(&self, line: usize) -> Option<Object> {
        self.lines.get(&line).cloned()
    }

    /// The commands that take these objects out of their groups and delete them. An object without which a group
    /// would be empty stays, since FortiOS keeps no empty group: its group is named in a comment.
    pub fn removal(&self, objects: &[Object]) -> String {
        let gone: BTreeSet<&Object> = objects.iter().collect();
        let mut kept: BTreeSet<Object> = BTreeSet::new();
        let mut out = String::new();
        for (section, kind) in SECTIONS {
            let mut edits = String::new();
            for ((of, group), members) in self.groups.iter().filter(|((of, _), _)| *of == section) {
                let leave: Vec<&String> =
                    members.iter().filter(|m| gone.contains(&(*of, (*m).clone()))).collect();
                if leave.is_empty() {
                    continue;
                }
                if leave.len() == members.len() {
                    out.push_str(&format!(
                        "# Nothing needs group {group} any more: delete its policy, then the group, then its members.\n"
                    ));
                    kept.extend(leave.into_iter().map(|m| (*of, m.clone())));
                    continue;
                }
                let names: Vec<String> = leave.iter().map(|m| format!("\"{m}\"")).collect();
                edits.push_str(&format!(
                    "    edit \"{group}\"\n        unselect member {}\n    next\n",
                    names.join(" ")
                ));
            }
            if !edits.is_empty() {
                out.push_str(&format!("config {kind}\n{edits}end\n"));
            }
        }
        for (section, _) in SECTIONS {
            let names: Vec<&Object> =
                gone.iter().copied().filter(|o| o.0 == section && !kept.contains(*o)).collect();
            if !names.is_empty() {
                let lines: String = names.iter().map(|(_, n)| format!("    delete \"{n}\"\n")).collect();
                out.push_str(&format!("config {section}\n{lines}end\n"));
            }
        }
        out
    }
}
