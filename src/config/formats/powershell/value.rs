//! A value of a script, as far as it is known without running anything.

/// A value, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
    Bool(bool),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
    Unknown,
}

impl Value {
    /// How many values it holds, itself included; counting ends above `limit`.
    pub(super) fn weight(&self, limit: usize) -> usize {
        let sum = |values: &mut dyn Iterator<Item = &Self>| {
            let mut sum = 1_usize;
            for value in values {
                if sum > limit {
                    break;
                }
                sum = sum.saturating_add(value.weight(limit - sum.min(limit)));
            }
            sum
        };
        match self {
            Self::List(items) => sum(&mut items.iter()),
            Self::Map(members) => sum(&mut members.iter().map(|(_, v)| v)),
            _ => 1,
        }
    }

    /// Bytes of all its texts.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(Self::bytes).sum(),
            Self::Map(members) => members.iter().map(|(name, value)| name.len() + value.bytes()).sum(),
            _ => 0,
        }
    }

    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(t) => Some(t.clone()),
            Self::Number(n) => Some(n.to_string()),
            Self::Bool(b) => Some(if *b { "True".to_owned() } else { "False".to_owned() }),
            _ => None,
        }
    }

    pub(super) fn json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Self::Text(t) => t.as_str().into(),
            Self::Number(n) => (*n).into(),
            Self::Bool(b) => (*b).into(),
            Self::List(items) => items.iter().map(Self::json).collect::<Option<Vec<_>>>()?.into(),
            Self::Map(members) => {
                let members = members.iter().map(|(k, v)| Some((k.clone(), v.json()?)));
                serde_json::Value::Object(members.collect::<Option<_>>()?)
            }
            Self::Unknown => return None,
        })
    }

    /// The element that a key or a number names.
    pub(super) fn element(&self, key: &Self) -> Self {
        match (self, key) {
            (Self::List(items), Self::Number(n)) => {
                usize::try_from(*n).ok().and_then(|n| items.get(n).cloned()).unwrap_or(Self::Unknown)
            }
            _ => key.text().map_or(Self::Unknown, |k| self.member(&k)),
        }
    }

    pub(super) fn member(&self, name: &str) -> Self {
        match self {
            Self::Map(members) => {
                let found = members.iter().find(|(k, _)| k.eq_ignore_ascii_case(name));
                match (found, name.to_lowercase().as_str()) {
                    (Some((_, value)), _) => value.clone(),
                    (None, "keys") => {
                        Self::List(members.iter().map(|(k, _)| Self::Text(k.clone())).collect())
                    }
                    (None, "getenumerator") => Self::List(
                        members
                            .iter()
                            .map(|(k, v)| {
                                let key = Self::Text(k.clone());
                                Self::Map(vec![
                                    ("key".into(), key.clone()),
                                    ("name".into(), key),
                                    ("value".into(), v.clone()),
                                ])
                            })
                            .collect(),
                    ),
                    _ => Self::Unknown,
                }
            }
            Self::List(_) if name.eq_ignore_ascii_case("getenumerator") => self.clone(),
            Self::Text(_) if name.eq_ignore_ascii_case("tostring") => self.clone(),
            _ => Self::Unknown,
        }
    }
}
