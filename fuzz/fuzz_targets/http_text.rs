//! Text of servers and proxies: what is stored and shown of it can do nothing to a terminal, a
//! spreadsheet or a page.
#![no_main]

use std::sync::LazyLock;

use clearway::rules::headers::Headers;
use clearway::probe::readers;
use clearway::report::sanitise;
use clearway_fuzz::{assert_safe, memory};
use libfuzzer_sys::fuzz_target;

static ALLOWED: LazyLock<Headers> =
    LazyLock::new(|| Headers::embedded().expect("the built-in list is sound"));

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let cap = 1 + usize::from(*first) * 4;
    let text = String::from_utf8_lossy(bytes);
    memory::bounded(bytes.len(), || recorded(bytes, &text, cap));
    shown(&text, cap);
});

fn recorded(bytes: &[u8], text: &str, cap: usize) {
    let line = readers::line(text, cap);
    assert_safe(&line, false, "a recorded line");
    assert!(line.chars().count() <= cap);
    assert_eq!(readers::line(&line, cap), line, "a recorded line changes when it is read again");
    let block = readers::block(bytes, cap);
    assert_safe(&block.replace('\t', " "), true, "a recorded block");
    assert!(block.chars().count() <= cap);
    let ascii = readers::ascii(bytes, cap);
    assert!(ascii.len() <= cap && ascii.bytes().all(|b| b == b' ' || b.is_ascii_graphic()));

    if let Some((end, status, headers)) = readers::proxy_answer(&ALLOWED, bytes) {
        assert!(end <= bytes.len() && (100..=999).contains(&status));
        assert_headers(&headers);
    }
    let fields = text.lines().filter_map(|l| l.split_once(':')).map(|(n, v)| (n, v.as_bytes()));
    let (kept, names) = readers::headers(&ALLOWED, fields);
    assert_headers(&kept);
    assert!(kept.len() <= 64 && names.len() <= 100);
    for name in names {
        assert_safe(&name, false, "a header's name");
        assert!(name.chars().count() <= 64);
    }
}

fn assert_headers(headers: &[(String, String)]) {
    for (name, value) in headers {
        assert_safe(name, false, "a header's name");
        assert_safe(value, false, "a header's value");
        assert!(value.chars().count() <= 512);
        assert!(!matches!(name.as_str(), "set-cookie" | "cookie" | "authorization"), "{name} is kept");
    }
}

fn shown(text: &str, cap: usize) {
    let line = sanitise::line(text, cap);
    assert_safe(&line, false, "a shown line");
    assert!(line.chars().count() <= cap.max(3), "{} characters, {cap} allowed", line.chars().count());
    assert_safe(&sanitise::block(text).replace('\t', " "), true, "a shown block");
    let cell = sanitise::csv(text);
    assert_safe(&cell, false, "a cell");
    let inner =
        cell.strip_prefix('"').map_or(cell.as_str(), |c| c.strip_suffix('"').expect("a closed quote"));
    assert!(!inner.starts_with(sanitise::is_formula_start), "{cell}");
    assert!(!inner.replace("\"\"", "").contains('"'), "{cell}");
    let page = sanitise::markdown(text);
    assert_safe(&page, false, "Markdown");
    assert!(!page.contains(['<', '>', '@']) && !page.contains("://"), "{page}");
    let code = sanitise::markdown_code(text);
    assert_safe(&code, false, "Markdown code");
    assert!(!code.replace("\\|", "").contains('|'), "{code}");
}
