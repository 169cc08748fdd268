//! A window of app versions.

use super::AppVersion;

/// The app versions from `since` on and before `until`; open where a bound is absent. Something in the
/// rules that only some versions have (a rule, a key, a value, a lint) gives its window as this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions<'a> {
    /// The first version inside.
    pub since: Option<&'a AppVersion>,
    /// The first version behind it.
    pub until: Option<&'a AppVersion>,
}

/// Where a version lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position<'a> {
    /// Before the window, which begins with this version.
    Before(&'a AppVersion),
    /// In it.
    Inside,
    /// After the window, which ended with this version.
    After(&'a AppVersion),
}

impl<'a> Versions<'a> {
    /// The window between two optional bounds.
    pub const fn new(since: &'a Option<AppVersion>, until: &'a Option<AppVersion>) -> Self {
        Self { since: since.as_ref(), until: until.as_ref() }
    }

    /// Where `version` lies.
    pub fn position(self, version: &AppVersion) -> Position<'a> {
        match (self.since, self.until) {
            (Some(since), _) if version < since => Position::Before(since),
            (_, Some(until)) if version >= until => Position::After(until),
            _ => Position::Inside,
        }
    }

    /// Whether `version` is inside.
    pub fn contains(self, version: &AppVersion) -> bool {
        self.position(version) == Position::Inside
    }

    /// Whether `version` is inside; none is the newest one, which is behind every end.
    pub fn contains_or_newest(self, version: Option<&AppVersion>) -> bool {
        version.map_or(self.until.is_none(), |version| self.contains(version))
    }

    /// Whether no version at all is inside.
    pub fn is_empty(self) -> bool {
        matches!((self.since, self.until), (Some(since), Some(until)) if since >= until)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_first_bound_is_inside_and_the_second_is_not() {
        let [one, two, three] = ["1.0.0", "2.0.0", "3.0.0"].map(|v| Some(v.parse::<AppVersion>().unwrap()));
        let window = Versions::new(&one, &two);
        assert_eq!(window.position(one.as_ref().unwrap()), Position::Inside);
        assert_eq!(window.position(two.as_ref().unwrap()), Position::After(two.as_ref().unwrap()));
        assert!(window.contains(&"1.9.9".parse().unwrap()));
        assert!(!window.contains_or_newest(None) && Versions::new(&one, &None).contains_or_newest(None));
        let later = Versions::new(&two, &three);
        assert_eq!(later.position(one.as_ref().unwrap()), Position::Before(two.as_ref().unwrap()));
        assert!(Versions::new(&two, &two).is_empty() && !window.is_empty());
        assert!(Versions::new(&None, &None).contains(one.as_ref().unwrap()));
    }
}
