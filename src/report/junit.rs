//! The parts of a JUnit document that build servers read the same whatever was tested: cases with a result, and text
//! that XML 1.0 can hold.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::sanitise;

/// Where a document is written to.
pub(super) type Out = Writer<Vec<u8>>;

/// A document, ending in a line feed.
pub(super) fn document(inside: impl FnOnce(&mut Out) -> io::Result<()>) -> String {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    // A vector takes whatever is written, and what is written is UTF-8.
    let _ = out
        .write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))
        .and_then(|()| inside(&mut out));
    let mut text = String::from_utf8(out.into_inner()).unwrap_or_default();
    text.push('\n');
    text
}

/// Cases of a suite, counted as its head says them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    /// All of them.
    pub tests: usize,
    /// Those that failed.
    pub failures: usize,
    /// Those that were not run.
    pub skipped: usize,
    /// What they took.
    pub seconds: f64,
}

impl Counts {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.skipped += other.skipped;
        self.seconds += other.seconds;
    }

    /// As the head of a suite says them.
    pub fn attributes(&self) -> [(&'static str, String); 5] {
        [
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", "0".to_owned()),
            ("skipped", self.skipped.to_string()),
            ("time", time(self.seconds)),
        ]
    }
}

/// A `failure` or a `skipped`: the sentence, and below it the lines.
pub(super) fn result(
    out: &mut Out,
    kind: &str,
    code: Option<&str>,
    message: &str,
    lines: &[String],
) -> io::Result<()> {
    let message = clean(message);
    let element = out.create_element(kind).with_attribute(("message", message.as_str()));
    let element = element.with_attributes(code.map(|code| ("type", code)));
    match lines {
        [] => element.write_empty()?,
        lines => element.write_text_content(BytesText::new(&text(lines)))?,
    };
    Ok(())
}

/// An element with lines in it.
pub(super) fn block(out: &mut Out, name: &str, lines: &[String]) -> io::Result<()> {
    out.create_element(name).write_text_content(BytesText::new(&text(lines)))?;
    Ok(())
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|l| clean(l)).collect::<Vec<_>>().join("\n")
}

/// One line, of characters that XML 1.0 has; the writer escapes what has a meaning.
pub(super) fn clean(text: &str) -> String {
    let line = sanitise::line(text, sanitise::LONG);
    line.chars().filter(|c| !matches!(c, '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')).collect()
}

/// Seconds, as the format writes them.
pub(super) fn time(seconds: f64) -> String {
    format!("{seconds:.3}")
}
