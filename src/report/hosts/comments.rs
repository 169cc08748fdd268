//! The file of comments and lines that `txt` and `networks` are: any text in it stays behind its `#`.

use crate::report::sanitise;
use crate::text::page::wrap;

const WIDTH: usize = 80;

/// A file that is being written.
pub(super) struct File {
    pub(super) out: String,
}

impl File {
    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    pub(super) fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A comment, wrapped; further lines are indented like the text after `label`.
    pub(super) fn comment(&mut self, label: &str, text: &str) {
        let prefix = format!("# {label}");
        let rest = format!("#{}", " ".repeat(prefix.chars().count() - 1));
        // What follows `#` is sanitised and wrapped, so no text can end the comment.
        let text = sanitise::line(text, sanitise::LONG);
        let room = WIDTH.saturating_sub(prefix.chars().count()).max(20);
        for (i, line) in wrap(&text, room, room).iter().enumerate() {
            let start = if i == 0 { &prefix } else { &rest };
            self.out.push_str(format!("{start}{line}").trim_end());
            self.out.push('\n');
        }
    }
}
