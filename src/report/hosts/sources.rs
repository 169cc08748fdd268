//! The pages behind hosts, as every rendering of a list names them.

use maud::{Markup, html};

use crate::derive::{Requirements, Source};
use crate::report::sanitise;

/// The pages behind `tags`, in the list's order; of several copies of one page the newest.
pub(super) fn pages<'a>(list: &'a Requirements, tags: &[&str]) -> Vec<&'a Source> {
    let mut pages: Vec<&Source> = Vec::new();
    for source in list.sources.iter().filter(|s| tags.contains(&s.tag.as_str())) {
        match pages.iter_mut().find(|p| p.page == source.page) {
            Some(older) => *older = source,
            None => pages.push(source),
        }
    }
    pages
}

/// `telemetry and egress, Oct 2026, https://… (read 2026-11-22)`.
pub(super) fn text(source: &Source) -> String {
    let address = source.url.as_deref().unwrap_or("address unknown");
    sanitise::line(&format!("{}, {address}{}", name(source), read(source)), sanitise::LONG)
}

/// [`text`] of the pages behind `tags`, one after the other; empty when none is known.
pub(super) fn texts(list: &Requirements, tags: &[&str]) -> String {
    pages(list, tags).into_iter().map(text).collect::<Vec<_>>().join("; ")
}

/// The pages behind `tags` as links.
pub(super) fn links(list: &Requirements, tags: &[&str]) -> String {
    let link = |source: &Source| {
        let name = sanitise::markdown(&name(source));
        let read = match sanitise::markdown(&read(source)) {
            text if text.is_empty() => text,
            text => format!(" {text}"),
        };
        // An address that could end the link is shown as text.
        match source.url.as_deref().filter(|url| is_plain(url)) {
            Some(url) => format!("[{name}]({url}){read}"),
            None => format!("{name}, address unknown{read}"),
        }
    };
    pages(list, tags).into_iter().map(link).collect::<Vec<_>>().join("; ")
}

/// A page as a link of HTML.
pub(super) fn anchor(source: &Source) -> Markup {
    let name = sanitise::line(&name(source), sanitise::LONG);
    html! {
        @match source.url.as_deref().filter(|url| is_plain(url)) {
            Some(url) => a href=(url) rel="noreferrer" { (name) },
            None => { (name) ", address unknown" }
        }
        " " (sanitise::line(&read(source), sanitise::SHORT))
    }
}

fn name(source: &Source) -> String {
    [source.page.as_str(), source.date.as_str()]
        .into_iter()
        .filter(|t| !t.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn read(source: &Source) -> String {
    if source.read.is_empty() { String::new() } else { format!(" (read {})", source.read) }
}

fn is_plain(url: &str) -> bool {
    url.starts_with("https://")
        && url.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#@&=+%".contains(&b))
}
