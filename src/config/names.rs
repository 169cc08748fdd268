//! Key names: an index over the catalogue, and the nearest known name to one that is not known.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::contract::AppVersion;
use crate::rules::keys::{Family, Key, KeyCatalogue, OldName};

/// The catalogue, ready for many look-ups. Most configurations are flat and spell every key as it is, so what serves
/// other spellings and nested documents is made when it is first asked for.
pub(crate) struct Names<'a> {
    current: HashMap<&'a str, &'a Key>,
    old: HashMap<&'a str, (&'a Key, &'a OldName)>,
    folded: OnceCell<HashMap<String, &'a Key>>,
    nested: OnceCell<Nested<'a>>,
    keys: &'a [Key],
    families: &'a [Family],
    up_to: String,
    version: Option<AppVersion>,
}

/// Where keys stand in the nested document.
#[derive(Default)]
struct Nested<'a> {
    /// By the path that the version asked about reads.
    here: HashMap<&'a str, Vec<&'a Key>>,
    /// By a path that other versions read.
    moved: HashMap<&'a str, &'a Key>,
}

/// What a name turned out to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Known<'a> {
    /// A key under its current name.
    Current(&'a Key),
    /// A key under a name that newer builds no longer read.
    Old(&'a Key),
    /// A key under an older name that the version asked about still reads, and how long that goes on.
    StillRead(&'a Key, &'a OldName),
    /// A key in other letter case.
    Case(&'a Key),
    /// `name.member`: a key with something the app never reads behind it.
    Dotted(&'a Key),
    /// Nothing known.
    No,
}

impl<'a> Names<'a> {
    /// Indexes `catalogue` for the newest app version.
    #[cfg(test)]
    pub(crate) fn new(catalogue: &'a KeyCatalogue) -> Self {
        Self::for_version(catalogue, None)
    }

    /// The families of keys that share paths.
    pub(crate) const fn families(&self) -> &'a [Family] {
        self.families
    }

    /// Indexes `catalogue` as `version` reads it; the newest version when there is none.
    pub(crate) fn for_version(catalogue: &'a KeyCatalogue, version: Option<&AppVersion>) -> Self {
        let old = |key: &'a Key| key.old_names.iter().map(move |old| (old.name.as_str(), (key, old)));
        Self {
            current: catalogue.keys.iter().map(|key| (key.name.as_str(), key)).collect(),
            old: catalogue.keys.iter().flat_map(old).collect(),
            folded: OnceCell::new(),
            nested: OnceCell::new(),
            keys: &catalogue.keys,
            families: &catalogue.families,
            up_to: catalogue.known_up_to(),
            version: version.cloned(),
        }
    }

    /// The names, current and old, without what [`fold`] takes away.
    fn folded(&self) -> &HashMap<String, &'a Key> {
        self.folded.get_or_init(|| {
            let mut folded: HashMap<String, &'a Key> =
                self.keys.iter().map(|key| (fold(&key.name), key)).collect();
            for key in self.keys {
                for old in &key.old_names {
                    folded.entry(fold(&old.name)).or_insert(key);
                }
            }
            folded
        })
    }

    fn nested(&self) -> &Nested<'a> {
        self.nested.get_or_init(|| {
            let mut nested = Nested::default();
            for key in self.keys {
                let here = key.nested_at(self.version());
                if let Some(path) = here {
                    nested.here.entry(path).or_default().push(key);
                }
                let paths = key.nested.as_deref().into_iter();
                for path in paths.chain(key.nested_earlier.as_ref().map(|e| e.path.as_str())) {
                    // A flat name at the root is told by its name.
                    if Some(path) != here && path != key.name {
                        nested.moved.insert(path, key);
                    }
                }
            }
            nested
        })
    }

    /// Looks `name` up.
    pub(crate) fn know(&self, name: &str) -> Known<'a> {
        if let Some(key) = self.current.get(name) {
            return Known::Current(key);
        }
        if let Some((key, old)) = self.old.get(name) {
            let read = old.is_read_by(self.version());
            return if read { Known::StillRead(key, old) } else { Known::Old(key) };
        }
        // A leading underscore makes a comment out of a key on purpose.
        if let Some(key) = self.folded().get(&fold(name)).filter(|_| !name.starts_with('_')) {
            return Known::Case(key);
        }
        if let Some((key, _)) = name.split_once('.')
            && let Some(key) = self.current.get(key)
        {
            return Known::Dotted(key);
        }
        Known::No
    }

    /// Whether the name shows that the document belongs to the app.
    pub(crate) fn ours(&self, name: &str) -> bool {
        !matches!(self.know(name), Known::No)
    }

    /// The keys that stand at `path` of the nested document.
    pub(crate) fn at(&self, path: &str) -> &[&'a Key] {
        self.nested().here.get(path).map_or(&[], Vec::as_slice)
    }

    /// The keys that stand at `path` of the nested document when letter case does not count.
    pub(crate) fn path_in_other_case(&self, path: &str) -> Vec<&'a str> {
        let same = |p: &&str| path.contains('.') && p.eq_ignore_ascii_case(path);
        self.paths().filter(same).flat_map(|p| self.at(p)).map(|k| k.name.as_str()).collect()
    }

    /// The key that other app versions read at `path` of the nested document, and this one elsewhere.
    pub(crate) fn moved(&self, path: &str) -> Option<&'a Key> {
        self.nested().moved.get(path).copied()
    }

    /// The app version that is asked about; the newest when there is none.
    pub(crate) const fn version(&self) -> Option<&AppVersion> {
        self.version.as_ref()
    }

    /// How far the catalogue goes, such as `app 2.26454.0`.
    pub(crate) fn known_up_to(&self) -> &str {
        &self.up_to
    }

    /// Whether the app version that is asked about is `version` or later.
    pub(crate) fn since(&self, version: &AppVersion) -> bool {
        self.version.as_ref().is_none_or(|v| v >= version)
    }

    /// Whether the key `name` belongs to the app-behaviour set of the version.
    pub(crate) fn is_behaviour(&self, name: &str) -> bool {
        self.current.get(name).is_some_and(|k| k.is_behaviour(self.version()))
    }

    /// Whether the key belongs to that set, or is one of which a source says so.
    pub(crate) fn may_be_behaviour(&self, name: &str) -> bool {
        self.is_behaviour(name) || self.current.get(name).is_some_and(|k| k.app_behaviour_disputed)
    }

    /// Whether the version reads the key `name` at all.
    pub(crate) fn is_read(&self, name: &str) -> bool {
        self.current.get(name).is_some_and(|k| k.versions().contains_or_newest(self.version()))
    }

    /// Whether some key stands below `path` of the nested document.
    pub(crate) fn has_below(&self, path: &str) -> bool {
        let nested = self.nested();
        nested
            .here
            .keys()
            .chain(nested.moved.keys())
            .any(|p| p.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Every path of the nested document.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.nested().here.keys().copied()
    }

    /// Up to three known names that `name` may have meant, best first.
    pub(crate) fn nearest(&self, name: &str) -> Vec<&'a str> {
        if name.len() > 80 {
            return Vec::new();
        }
        let wanted = name.to_ascii_lowercase();
        let limit = (name.chars().count() / 5).clamp(1, 4);
        let parts = words(name);
        let mut found: Vec<(usize, &str)> = Vec::new();
        for key in self.keys {
            let distance = distance(&wanted, &key.name.to_ascii_lowercase(), limit);
            if let Some(distance) = distance {
                found.push((distance, &key.name));
            } else if parts.len() >= 2 && leaves_out_one(&parts, &words(&key.name)) {
                // A word left out, as in a region without its provider.
                found.push((limit + 1, &key.name));
            }
        }
        found.sort();
        let best = found.first().map_or(0, |f| f.0);
        found.into_iter().filter(|f| f.0 <= best + 1).map(|f| f.1).take(3).collect()
    }
}

fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// The words of a camelCase name, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for c in name.chars() {
        match words.last_mut() {
            Some(word) if !c.is_uppercase() => word.push(c),
            _ => words.push(c.to_lowercase().collect()),
        }
    }
    words
}

/// Whether `short` is `long` with one or two words left out.
fn leaves_out_one(short: &[String], long: &[String]) -> bool {
    if long.len() <= short.len() || long.len() > short.len() + 2 {
        return false;
    }
    let mut rest = long.iter();
    short.iter().all(|w| rest.any(|l| l == w))
}

/// Edit distance of two ASCII-folded names, or `None` when it is over `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    // The difference in length is a lower bound, and cheaper.
    let far = a.chars().count().abs_diff(b.chars().count()) > limit;
    (!far).then(|| strsim::levenshtein(a, b)).filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn catalogue() -> KeyCatalogue {
        let mut text = String::new();
        for name in ["disableAutoUpdates", "inferenceBedrockRegion", "inferenceVertexRegion", "bootstrapOidc"]
        {
            text.push_str(&format!("[[key]]\nname = \"{name}\"\nkind = \"string\"\neffect = \"\"\n"));
        }
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn the_nearest_name_is_found_by_letters_and_by_words() {
        let catalogue = catalogue();
        let names = Names::new(&catalogue);
        assert_eq!(names.nearest("disableAutoUpdate"), ["disableAutoUpdates"]);
        assert_eq!(names.nearest("inferenceRegion"), ["inferenceBedrockRegion", "inferenceVertexRegion"]);
        assert_eq!(names.nearest("databricksProfile"), [] as [&str; 0]);
        assert_eq!(distance("kitten", "sitting", 3), Some(3));
        assert_eq!(distance("kitten", "sitting", 2), None);
    }

    #[test]
    fn case_and_dots_are_recognised() {
        let catalogue = catalogue();
        let names = Names::new(&catalogue);
        assert!(matches!(names.know("BootstrapOIDC"), Known::Case(k) if k.name == "bootstrapOidc"));
        assert!(
            matches!(names.know("bootstrapOidc.clientId"), Known::Dotted(k) if k.name == "bootstrapOidc")
        );
        assert_eq!(names.know("x.clientId"), Known::No);
    }
}
