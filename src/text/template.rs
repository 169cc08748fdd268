//! Text with `{placeholder}`s: the one reader of braces.

/// A piece of such a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Fixed text.
    Text(&'a str),
    /// The name between two braces.
    Name(&'a str),
    /// An opening brace without a closing one of its own, and what follows it: as in JSON.
    Open(&'a str),
}

/// The pieces of `text`, in order; none of them is empty fixed text. A closing brace alone is text.
pub fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, after) = match rest.find('{') {
            None if rest.is_empty() => return None,
            None => (Piece::Text(rest), ""),
            Some(0) => {
                let inside = rest.get(1..).unwrap_or_default();
                match inside.find(['{', '}']) {
                    Some(end) if inside[end..].starts_with('}') => {
                        (Piece::Name(&inside[..end]), &inside[end + 1..])
                    }
                    Some(next) => (Piece::Open(&rest[..next + 1]), &inside[next..]),
                    None => (Piece::Open(rest), ""),
                }
            }
            Some(at) => {
                let (before, after) = rest.split_at(at);
                (Piece::Text(before), after)
            }
        };
        rest = after;
        Some(piece)
    })
}

/// The names of the placeholders of `text`.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Name(name) => Some(name),
        _ => None,
    })
}

/// `text` with what `value` gives in the place of each placeholder; a placeholder that it does not know
/// is replaced by its name. What is filled in is not looked at again.
pub fn fill(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) | Piece::Open(text) => out.push_str(text),
            Piece::Name(name) => match value(name) {
                Some(text) => out.push_str(&text),
                None => out.push_str(name),
            },
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn braces_are_read_once() {
        let read: Vec<Piece<'_>> = pieces("a {b}{c} d} {e").collect();
        let expected =
            [Piece::Text("a "), Piece::Name("b"), Piece::Name("c"), Piece::Text(" d} "), Piece::Open("{e")];
        assert_eq!(read, expected);
        let body = fill("{\"a\":{\"b\":\"{x}\"}}", |n| (n == "x").then(|| "1".to_owned()));
        assert_eq!(body, "{\"a\":{\"b\":\"1\"}}");
        assert_eq!(names("{a} {b").collect::<Vec<_>>(), ["a"]);
        assert_eq!(fill("{host} {x} {", |n| (n == "host").then(|| "{x}".to_owned())), "{x} x {");
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text in "[{}ab ]{0,40}") {
            let whole: String = pieces(&text)
                .map(|piece| match piece {
                    Piece::Text(text) | Piece::Open(text) => text.to_owned(),
                    Piece::Name(name) => format!("{{{name}}}"),
                })
                .collect();
            prop_assert_eq!(&whole, &text);
            prop_assert_eq!(fill(&text, |name| Some(format!("{{{name}}}"))), text);
        }
    }
}
