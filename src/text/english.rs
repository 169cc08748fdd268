//! Lists and numbers in English sentences.

/// `1 host`, `2 hosts`.
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
pub fn and<S: AsRef<str>>(parts: &[S]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [init @ .., last] => format!("{} and {}", commas(init), last.as_ref()),
    }
}

/// For a sentence: as [`and`] up to `shown` parts, else the first `shown` and how many more there are.
pub fn few<S: AsRef<str>>(parts: &[S], shown: usize) -> String {
    if parts.len() <= shown { and(parts) } else { cut(parts, shown) }
}

/// For a row: the first `shown` parts, and how many more there are. One more part takes no more room than
/// "and 1 more", so it is shown.
pub fn first<S: AsRef<str>>(parts: &[S], shown: usize) -> String {
    if parts.len() <= shown.saturating_add(1) { commas(parts) } else { cut(parts, shown) }
}

fn cut<S: AsRef<str>>(parts: &[S], shown: usize) -> String {
    format!("{} and {} more", commas(parts.get(..shown).unwrap_or(parts)), parts.len().saturating_sub(shown))
}

fn commas<S: AsRef<str>>(parts: &[S]) -> String {
    parts.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

/// Texts joined with `; `, each once, in order, empty ones left out. A text that is itself made of
/// several parts counts by its parts.
pub fn joined<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for part in texts.into_iter().flat_map(|text| text.split("; ")) {
        if !part.is_empty() && !seen.contains(&part) {
            seen.push(part);
        }
    }
    seen.join("; ")
}

/// Sentences one after the other, each once.
pub fn once<'a>(sentences: impl IntoIterator<Item = &'a str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for sentence in sentences {
        if !sentence.is_empty() && !seen.contains(&sentence) {
            seen.push(sentence);
        }
    }
    seen.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("k{i}")).collect()
    }

    #[test]
    fn names_are_listed_as_a_person_writes_them() {
        assert_eq!(and(&names(0)), "");
        assert_eq!(and(&names(1)), "k0");
        assert_eq!(and(&names(2)), "k0 and k1");
        assert_eq!(few(&names(3), 6), "k0, k1 and k2");
        assert_eq!(few(&names(8), 6), "k0, k1, k2, k3, k4, k5 and 2 more");
        assert_eq!(first(&names(4), 3), "k0, k1, k2, k3");
        assert_eq!(first(&names(5), 3), "k0, k1, k2 and 2 more");
        assert_eq!(
            (count(1, "host", "hosts"), count(0, "host", "hosts")),
            ("1 host".into(), "0 hosts".into())
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost(n in 0_usize..40, shown in 1_usize..12) {
            for text in [few(&names(n), shown), first(&names(n), shown)] {
                let more = text.strip_suffix(" more").and_then(|t| t.rsplit(' ').next()?.parse::<usize>().ok());
                prop_assert_eq!(text.matches('k').count() + more.unwrap_or(0), n);
            }
        }
    }
}
