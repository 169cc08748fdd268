//! Lines of at most so many columns, with a hanging indent, and colour where it is wanted.

use crate::text::line::laid_out;
use crate::text::page::{columns, pad, wrap};

/// How a text report is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours. Every colour repeats what a word or a symbol says.
    pub color: bool,
    /// Every host with its stages, not only the ones that need attention.
    pub verbose: bool,
    /// Only the verdict and the things to do.
    pub quiet: bool,
    /// A person looks at it on a terminal: short unless more is asked for, and what is to be done stands last.
    pub terminal: bool,
    /// Columns of a line.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, verbose: false, quiet: false, terminal: false, width: 80 }
    }
}

/// A colour with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    None,
    Bold,
    Good,
    Bad,
    Attention,
    Faint,
}

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Bold => "1",
            Self::Good => "32",
            Self::Bad => "1;31",
            Self::Attention => "33",
            Self::Faint => "2",
        }
    }
}

/// A text report being written. Every text that comes in is made safe to show here, whatever was done with it before;
/// escape sequences are of this page's own colours alone.
pub(super) struct Page<'a> {
    out: String,
    pub(super) style: &'a Style,
}

impl<'a> Page<'a> {
    pub(super) fn new(style: &'a Style) -> Self {
        Self { out: String::with_capacity(4096), style }
    }

    pub(super) fn into_text(self) -> String {
        self.out
    }

    /// Lines written so far.
    pub(super) fn lines(&self) -> usize {
        self.out.lines().count()
    }

    /// Columns of a line; a terminal too narrow to lay anything out is given lines it must break itself.
    pub(super) fn width(&self) -> usize {
        self.style.width.max(40)
    }

    /// One line of painted parts, however long it is.
    pub(super) fn line(&mut self, parts: &[(Paint, &str)]) {
        let line: String = parts.iter().map(|(paint, text)| self.paint(*paint, &laid_out(text))).collect();
        self.push(&line);
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.style.color || paint == Paint::None || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{}m{text}\u{1b}[0m", paint.code())
    }

    /// An empty line, unless the page begins or one is there already.
    pub(super) fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading: an empty line, then the line.
    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        self.line(&[(Paint::Bold, text)]);
    }

    /// Text after a prefix, wrapped; further lines begin below the first letter after the prefix.
    pub(super) fn hang(&mut self, prefix: &str, paint: Paint, text: &str) {
        let indent = " ".repeat(columns(&laid_out(prefix)));
        self.hang_with(prefix, paint, &indent, text);
    }

    /// The same behind two prefixes, of which the first alone is painted.
    pub(super) fn hang_after(&mut self, prefix: &str, paint: Paint, second: &str, text: &str) {
        let (prefix, second, text) = (&*laid_out(prefix), &*laid_out(second), &*laid_out(text));
        let indent = " ".repeat(columns(prefix) + columns(second));
        let room = self.width().saturating_sub(columns(&indent)).max(1);
        for (i, line) in wrap(text, room, room).iter().enumerate() {
            if i > 0 {
                self.push(&format!("{indent}{line}"));
            } else {
                self.push(&format!("{}{second}{line}", self.painted(prefix, paint)));
            }
        }
    }

    /// A prefix whose letters are painted, and not the space around them.
    fn painted(&self, prefix: &str, paint: Paint) -> String {
        let inner = prefix.trim();
        match prefix.find(inner) {
            Some(at) if !inner.is_empty() => {
                format!("{}{}{}", &prefix[..at], self.paint(paint, inner), &prefix[at + inner.len()..])
            }
            _ => prefix.to_owned(),
        }
    }

    /// The same with a prefix of its own for the further lines.
    pub(super) fn hang_with(&mut self, prefix: &str, paint: Paint, rest: &str, text: &str) {
        let (prefix, rest, text) = (&*laid_out(prefix), &*laid_out(rest), &*laid_out(text));
        let room = |p: &str| self.width().saturating_sub(columns(p)).max(1);
        let lines = wrap(text, room(prefix), room(rest));
        for (i, line) in lines.iter().enumerate() {
            if i > 0 {
                self.push(&format!("{rest}{line}"));
            } else {
                self.push(&format!("{}{line}", self.painted(prefix, paint)));
            }
        }
    }

    /// A row that is laid out already: one line when it fits, else the cells after the first below
    /// it, behind the same prefix.
    pub(super) fn row(&mut self, prefix: &str, paint: Paint, first: &str, first_width: usize, rest: &str) {
        let (prefix, first, rest) = (&*laid_out(prefix), &*laid_out(first), &*laid_out(rest));
        let one = format!("{}  {rest}", pad(first, first_width));
        if columns(prefix) + columns(one.trim_end()) <= self.width() {
            let mark = prefix.trim();
            let painted = prefix.replacen(mark, &self.paint(paint, mark), usize::from(!mark.is_empty()));
            self.push(&format!("{painted}{one}"));
            return;
        }
        self.hang(prefix, paint, first);
        if !rest.trim().is_empty() {
            self.hang(&" ".repeat(columns(prefix)), Paint::None, rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_adds_nothing_but_colour() {
        let render = |color| {
            let style = Style { color, ..Style::default() };
            let mut page = Page::new(&style);
            page.heading("HEAD");
            page.hang("  x blocked  ", Paint::Bad, "word ".repeat(30).trim());
            page.row("  + ok  ", Paint::Good, "host.example", 20, "12 ms");
            page.into_text()
        };
        let mut stripped = render(true);
        for code in ["1", "32", "1;31", "0"] {
            stripped = stripped.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(stripped, render(false));
        assert!(render(false).lines().all(|l| l.len() <= 80));
    }

    #[test]
    fn whatever_comes_in_is_seen() {
        let hostile = "a\u{1b}[31m\u{1b}]0;t\u{7}\u{202e}b\u{200b}\u{9b}2J\nc";
        let style = Style::default();
        let mut page = Page::new(&style);
        page.heading(hostile);
        page.line(&[(Paint::Bold, hostile), (Paint::None, hostile)]);
        page.hang(hostile, Paint::Bad, hostile);
        page.hang_after(hostile, Paint::Bad, hostile, hostile);
        page.hang_with(hostile, Paint::Bad, hostile, &[hostile; 40].join(" "));
        page.row(hostile, Paint::Good, hostile, 4, hostile);
        page.row(hostile, Paint::Good, hostile, 4, &[hostile; 40].join(" "));
        let text = page.into_text();
        assert!(text.chars().all(|c| c == '\n' || !crate::text::visible::is_unseen(c)), "{text:?}");
        assert!(text.starts_with("ab c\nab cab c\n"), "{text:?}");
    }

    #[test]
    fn a_row_that_does_not_fit_breaks_before_its_cells() {
        let style = Style { width: 40, ..Style::default() };
        let mut page = Page::new(&style);
        page.row("  ", Paint::None, "a-host-name.of.some.length.example", 10, "tcp/timeout  4000 ms");
        assert_eq!(page.into_text(), "  a-host-name.of.some.length.example\n  tcp/timeout 4000 ms\n");
    }
}
