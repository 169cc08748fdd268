//! A report inside a page of `check --format html`.

use super::read::{ReadError, invalid};

/// The `id` of the element of a page that holds the report.
pub const EMBEDDED: &str = "clearway-report";

/// The JSON of a saved report: the bytes themselves, or of a page the report that stands in it.
///
/// A page writes every `<` of the report's texts and of its own as something else, so the first element of that kind is
/// the report, and the first end of a script after it is its end.
///
/// # Errors
/// [`ReadError`] where the bytes are a page and no report is in it.
pub fn embedded(bytes: &[u8]) -> Result<&[u8], ReadError> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let is_page = [&b"<!doctype html"[..], b"<html", b"<!--"]
        .iter()
        .any(|mark| start.get(..mark.len()).is_some_and(|s| s.eq_ignore_ascii_case(mark)));
    if !is_page {
        return Ok(bytes);
    }
    let none = |reason: &str| invalid("the page", reason);
    let mark = format!("<script type=\"application/json\" id=\"{EMBEDDED}\">");
    let from = find(start, mark.as_bytes()).ok_or_else(|| {
        none("no report of `clearway check` stands in it; save one with `clearway check --format html=FILE`")
    })?;
    let rest = start.get(from + mark.len()..).unwrap_or_default();
    let to = find(rest, b"</script>").ok_or_else(|| none("the report in it has no end; save it again"))?;
    Ok(rest.get(..to).unwrap_or_default())
}

/// Where `what` first stands.
fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|part| part == what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_report_is_found_in_a_page_and_nowhere_else() {
        let page = |inside: &str| format!("\u{feff} <!DOCTYPE html><html><p>x{inside}");
        let script = "<script type=\"application/json\" id=\"clearway-report\">";
        let whole = page(&format!("{script}{{\"a\":1}}</script><script>2</script>"));
        assert_eq!(embedded(whole.as_bytes()).unwrap(), b"{\"a\":1}");
        assert_eq!(embedded(b" {}").unwrap(), b" {}");
        assert_eq!(embedded(b"").unwrap(), b"");
        for (page, says) in [(page(""), "no report"), (page(&format!("{script}{{")), "no end")] {
            let error = embedded(page.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
