//! XML property lists: every value is text, as the documentation has it.

use super::{WriteError, as_text};
use crate::config::value::Value;
use crate::rules::keys::Key;
use crate::text::visible::is_unseen;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
    <plist version=\"1.0\">\n";

/// The settings as the root of a managed-preferences file.
pub(super) fn preferences(pairs: &[(&Key, &Value)], secrets: bool) -> Result<String, WriteError> {
    Ok(format!("{HEAD}<dict>\n{}</dict>\n</plist>\n", settings(pairs, secrets, 1)?))
}

/// A profile with one payload. Its identifiers are made from its content, so that the same content is
/// the same profile, and another content replaces it.
pub(super) fn profile(pairs: &[(&Key, &Value)], secrets: bool, domain: &str) -> Result<String, WriteError> {
    let body = settings(pairs, secrets, 4)?;
    let mut out = String::from(HEAD);
    let line = |out: &mut String, depth: usize, text: &str| {
        out.push_str(&"\t".repeat(depth));
        out.push_str(text);
        out.push('\n');
    };
    let pair = |out: &mut String, depth: usize, name: &str, value: &str| {
        line(out, depth, &format!("<key>{name}</key>"));
        line(out, depth, value);
    };
    line(&mut out, 1, "<dict>");
    line(&mut out, 2, "<key>PayloadContent</key>");
    line(&mut out, 2, "<array>");
    line(&mut out, 3, "<dict>");
    pair(&mut out, 4, "PayloadType", &format!("<string>{domain}</string>"));
    pair(&mut out, 4, "PayloadIdentifier", &format!("<string>{domain}.settings</string>"));
    pair(&mut out, 4, "PayloadUUID", &format!("<string>{}</string>", uuid("payload", &body)));
    pair(&mut out, 4, "PayloadVersion", "<integer>1</integer>");
    pair(&mut out, 4, "PayloadDisplayName", "<string>Claude Desktop</string>");
    out.push_str(&body);
    line(&mut out, 3, "</dict>");
    line(&mut out, 2, "</array>");
    pair(&mut out, 2, "PayloadDisplayName", "<string>Claude Desktop Third-Party Inference</string>");
    pair(&mut out, 2, "PayloadIdentifier", &format!("<string>{domain}.profile</string>"));
    pair(&mut out, 2, "PayloadType", "<string>Configuration</string>");
    pair(&mut out, 2, "PayloadUUID", &format!("<string>{}</string>", uuid("profile", &body)));
    pair(&mut out, 2, "PayloadVersion", "<integer>1</integer>");
    pair(&mut out, 2, "PayloadScope", "<string>User</string>");
    line(&mut out, 1, "</dict>");
    out.push_str("</plist>\n");
    Ok(out)
}

fn settings(pairs: &[(&Key, &Value)], secrets: bool, depth: usize) -> Result<String, WriteError> {
    let indent = "\t".repeat(depth);
    let mut out = String::new();
    for (key, value) in pairs {
        let text = escaped(&as_text(value, secrets)).ok_or_else(|| WriteError::NotRepresentable {
            key: key.name.to_string(),
            format: "a property list",
        })?;
        out.push_str(&format!("{indent}<key>{}</key>\n{indent}<string>{text}</string>\n", key.name));
    }
    Ok(out)
}

/// Text between tags, or nothing when XML has no way to write it.
fn escaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A reader would turn it into a line feed.
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(c),
            c if u32::from(c) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => return None,
            // Not seen where the file is shown; a reader takes the reference for the character.
            c if is_unseen(c) => out.push_str(&format!("&#x{:X};", u32::from(c))),
            c => out.push(c),
        }
    }
    Some(out)
}

/// A UUID (version 8, RFC 9562) from the SHA-256 of the content.
fn uuid(role: &str, content: &str) -> String {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    context.update(role.as_bytes());
    context.update(&[0]);
    context.update(content.as_bytes());
    let digest = context.finish();
    let mut hex = String::with_capacity(36);
    for (at, byte) in digest.as_ref().iter().take(16).enumerate() {
        let byte = match at {
            6 => byte & 0x0f | 0x80,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        if matches!(at, 4 | 6 | 8 | 10) {
            hex.push('-');
        }
        hex.push_str(&format!("{byte:02X}"));
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_follow_from_the_content() {
        let one = uuid("payload", "a");
        assert_eq!(one, uuid("payload", "a"));
        assert_ne!(one, uuid("payload", "b"));
        assert_ne!(one, uuid("profile", "a"));
        assert_eq!(one.len(), 36);
        assert_eq!(one.chars().nth(14), Some('8'));
    }

    #[test]
    fn what_xml_cannot_hold_is_refused() {
        assert_eq!(escaped("a<b>&\r\n").as_deref(), Some("a&lt;b&gt;&amp;&#13;\n"));
        assert_eq!(escaped("a\u{1}"), None);
        assert_eq!(escaped("a\u{202e}b\u{e0041}").as_deref(), Some("a&#x202E;b&#xE0041;"));
    }
}
