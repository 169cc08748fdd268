//! The features of the app, as outputs name them.

/// What a rendering must know of a feature; the rule pack has it, in report order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureInfo {
    /// Identifier, such as `inference`.
    pub id: String,
    /// Title of the group.
    pub title: String,
    /// What the user loses without it: a short sentence.
    pub stops: String,
}

impl FeatureInfo {
    /// The title of feature `id`, or the id itself when the pack does not know it.
    pub fn title_of<'a>(features: &'a [Self], id: &'a str) -> &'a str {
        features.iter().find(|f| f.id == id).map_or(id, |f| f.title.as_str())
    }

    /// The features of `list` in the order of `features`; unknown ones follow in their own order.
    pub fn order<'a>(features: &'a [Self], list: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let mut present: Vec<&str> = Vec::new();
        for id in list {
            if !present.contains(&id) {
                present.push(id);
            }
        }
        present.sort_by_key(|id| features.iter().position(|f| f.id == *id).unwrap_or(usize::MAX));
        present
    }
}
