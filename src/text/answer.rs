//! How the text of an answer is read: its words, and the number by which a content network refuses.

/// Names of character references that pages use for letters of Western languages.
const NAMED: [(&str, char); 31] = [
    ("amp", '&'),
    ("apos", '\''),
    ("quot", '"'),
    ("rsquo", '\''),
    ("lsquo", '\''),
    ("nbsp", ' '),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("agrave", 'à'),
    ("aring", 'å'),
    ("atilde", 'ã'),
    ("auml", 'ä'),
    ("ccedil", 'ç'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("egrave", 'è'),
    ("euml", 'ë'),
    ("iacute", 'í'),
    ("icirc", 'î'),
    ("igrave", 'ì'),
    ("ntilde", 'ñ'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("ograve", 'ò'),
    ("oslash", 'ø'),
    ("otilde", 'õ'),
    ("ouml", 'ö'),
    ("szlig", 'ß'),
    ("uacute", 'ú'),
    ("ugrave", 'ù'),
    ("uuml", 'ü'),
];
/// Longest reference, without the ampersand.
const REFERENCE: usize = 9;

/// A body for comparison: lower case, character references read, blanks and line ends one blank.
pub fn plain(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let (meant, length) = (c == '&').then(|| reference(after)).flatten().unwrap_or((c, 0));
        rest = after.get(length..).unwrap_or_default();
        match meant {
            '\u{2019}' | '\u{2018}' => out.push('\''),
            blank if blank.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            other => out.extend(other.to_lowercase()),
        }
    }
    out
}

/// The character that a reference stands for, and its length with the semicolon.
fn reference(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(REFERENCE).position(|b| b == b';')?;
    let name = text.get(..end)?;
    let meant = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
        None => NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1,
    };
    Some((meant, end + 1))
}

/// The number by which a content network says why it refuses, in any of its forms: a page, plain
/// text, Markdown or JSON.
pub fn cdn_error(body: &str) -> Option<u16> {
    const BEFORE: [&str; 6] =
        ["error code", "error_code", "cf-error-code", "error reference number", "error-", "error "];
    let lower = plain(body);
    let number = |at: usize| {
        let rest = lower.get(at..)?.trim_start_matches([' ', '"', '\'', ':', '=', '>', '#']);
        let code: u16 = rest.get(..4)?.parse().ok()?;
        let longer = rest.as_bytes().get(4).is_some_and(u8::is_ascii_digit);
        (!longer && (1000..2000).contains(&code)).then_some(code)
    };
    BEFORE.iter().find_map(|before| lower.match_indices(before).find_map(|(at, _)| number(at + before.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_compared_without_case_references_and_line_ends() {
        assert_eq!(plain("Acc&egrave;s  REFUS&Eacute;\n&#35;18&#x2e;x"), "accès refusé #18.x");
        assert_eq!(plain("We can’t &amp; &unknown; a&b"), "we can't & &unknown; a&b");
        assert_eq!(plain("&#1114112;&#xd800;&"), "&#1114112;&#xd800;&");
    }

    #[test]
    fn the_number_of_a_refusal_is_read_in_every_form() {
        for body in [
            "error code: 1009",
            "{\"status\":403,\"error_code\": 1009}",
            "<span class=\"cf-error-code\">1009</span>",
            "<li>Error reference number: 1009</li>",
            "<h1>Error\n1009 Ray ID: 1</h1>",
            "{\"type\":\"https://d.example/cloudflare-1xxx-errors/error-1009/\"}",
            "---\nerror_code: 1009\n---",
        ] {
            assert_eq!(cdn_error(body), Some(1009), "{body}");
        }
        for body in ["error 403", "error code: 10091", "error code: ", "Error 502: 1009 bytes", ""] {
            assert_eq!(cdn_error(body), None, "{body}");
        }
    }
}
