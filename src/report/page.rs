//! What every page shares: a shell that loads nothing, and the style. A page is one file that is opened from anywhere,
//! so all that it needs stands in it, and its own policy forbids the rest.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, Render, html};

use super::sanitise;
use super::words;
use crate::contract::RunVerdict;
use crate::diagnose::Verdict;

const STYLE: &str = include_str!("page.css");
/// What pages of many reports and of a list have beside it: bars, and tables of numbers.
pub(super) const TABLES: &str = include_str!("tables.css");

/// A page, around what its subject says.
#[derive(Default)]
pub(super) struct Shell<'a> {
    /// What the window is called.
    pub title: String,
    /// The schema of the report that stands in the page, where one does.
    pub report: Option<&'a str>,
    /// The id of a section that a keyboard may skip to, and its name.
    pub skip: Option<(&'a str, &'a str)>,
    /// Style of the program's own beside what every page has.
    pub style: &'a str,
    /// A script of the program's own.
    pub script: Option<&'a str>,
}

impl Shell<'_> {
    /// The page, ending in a line feed. `body` is a header, a `main`, and a footer.
    pub fn page(&self, body: &Markup) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    @if let Some(schema) = self.report { meta name="clearway-report" content=(schema); }
                    meta http-equiv="Content-Security-Policy" content=(self.policy());
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    title { (line(&self.title)) }
                    style { (PreEscaped(STYLE)) (PreEscaped(self.style)) }
                }
                body {
                    @if let Some((id, name)) = self.skip { a.skip href={ "#" (id) } { "Skip to the " (name) } }
                    (body)
                    @if let Some(script) = self.script { script { (PreEscaped(script)) } }
                }
            }
        };
        page.into_string() + "\n"
    }

    /// Nothing may be loaded, and only the style and the script of this program run.
    fn policy(&self) -> String {
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())));
        let script = self.script.map(|text| format!("; script-src {}", hash(text))).unwrap_or_default();
        let style = hash(&[STYLE, self.style].concat());
        format!("default-src 'none'; style-src {style}{script}; base-uri 'none'; form-action 'none'")
    }
}

/// Text from elsewhere, as one line. The template escapes it.
pub(super) fn line(text: &str) -> String {
    sanitise::line(text, sanitise::LONG)
}

/// The sign and the class of a run's verdict: a colour never stands alone.
pub(super) const fn band(verdict: RunVerdict) -> (&'static str, &'static str) {
    match verdict {
        RunVerdict::Ready => ("+", "ok"),
        RunVerdict::Degraded => ("!", "warning"),
        RunVerdict::Unknown => ("?", "untested"),
        RunVerdict::Blocked => ("x", "blocked"),
    }
}

/// The class of a host's verdict.
pub(super) const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Reachable => "ok",
        Verdict::Warning => "warning",
        Verdict::Blocked => "blocked",
        Verdict::Untested => "untested",
    }
}

/// A verdict as sign and word.
pub(super) fn verdict(verdict: Verdict) -> Markup {
    let (sign, word) = words::verdict(verdict);
    html! { span class=(format!("v {}", class(verdict))) { (sign) " " (word) } }
}

/// A table that scrolls by itself where it is wider than the window, with the keyboard too.
pub(super) fn wide(name: &str, table: &impl Render) -> Markup {
    html! { div.wide role="region" aria-label={ (name) " (table)" } tabindex="0" { (table) } }
}

/// A section under a heading of its own.
pub(super) fn section(id: &str, title: &str, inside: &impl Render) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) }
            (inside)
        }
    }
}

/// What stands below every page.
pub(super) fn foot(more: &impl Render) -> Markup {
    html! {
        footer {
            p { "Made by Clearway " (env!("CARGO_PKG_VERSION")) ". This page loads nothing and sends nothing. " (more) }
        }
    }
}
