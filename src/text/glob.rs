//! Patterns in which `*` is any text.

/// Whether `text` is what `pattern` describes: `*` is any text, also none, everything else itself.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// Whether `text` has one of `shapes`, in which `a` is one or more letters, `1` one or more digits, and
/// everything else itself; case does not matter.
pub fn has_shape(shapes: &[impl AsRef<str>], text: &str) -> bool {
    let mut shape = String::new();
    for c in text.chars() {
        let kind = match c {
            c if c.is_ascii_alphabetic() => 'a',
            c if c.is_ascii_digit() => '1',
            c => c,
        };
        if !(matches!(kind, 'a' | '1') && shape.ends_with(kind)) {
            shape.push(kind);
        }
    }
    shapes.iter().map(AsRef::as_ref).any(|s| *s == shape || s.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::{glob, has_shape};

    #[test]
    fn a_star_is_any_text() {
        for (pattern, text, holds) in [
            ("*", "", true),
            ("https://*.x.example/*", "https://a.x.example/*", true),
            ("https://x.example/*", "https://x.example/", true),
            ("https://x.example/*", "https://y.example/", false),
            ("https://x.example/", "https://x.example/*", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b", "ab", true),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), holds, "{pattern} {text}");
        }
    }

    #[test]
    fn a_shape_is_letters_and_digits() {
        let shapes: Vec<String> = ["a-a-1", "a-a-a-1", "global"].map(String::from).to_vec();
        for text in ["us-east-1", "US-EAST-1", "us-gov-west-1", "eusc-de-east-1", "ap-southeast-12", "Global"]
        {
            assert!(has_shape(&shapes, text), "{text}");
        }
        for text in ["us-east1", "us-east", "useast1", "east-1", "us-east-1a", "", "eu", "us_east_1"] {
            assert!(!has_shape(&shapes, text), "{text}");
        }
    }
}
