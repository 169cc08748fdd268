//! How web filters and TLS inspectors show themselves (`rules/filters.toml`), and the plain HTTP
//! addresses by which a sign-in page of the network is found (`rules/controls.toml`).

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;

use super::data::DataError;
use super::files::{Files, Text};
use crate::contract::Control;
use crate::rules::Word;
use crate::text::answer;

/// The signs of filters and inspectors.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    words: Vec<Word>,
    /// Parts of the place of a redirect to a sign-in.
    #[serde(default)]
    sign_in_places: Vec<Word>,
    /// First labels of hosts that are there for sign-ins.
    #[serde(default)]
    sign_in_hosts: Vec<Word>,
    /// What pages that ask for a sign-in hold.
    #[serde(default)]
    sign_in_pages: Vec<Word>,
    #[serde(default)]
    page: Vec<Page>,
    /// What asks for a sign-in in a browser before a service.
    #[serde(default)]
    access: Vec<Page>,
    #[serde(default)]
    issuer: Vec<Issuer>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    product: Word,
    #[serde(default)]
    name: Vec<Word>,
    #[serde(default)]
    location: Vec<Word>,
    #[serde(default)]
    place: Vec<Word>,
    #[serde(default)]
    server: Vec<Word>,
    #[serde(default)]
    header: Vec<Word>,
    #[serde(default)]
    body: Vec<Word>,
    #[serde(default)]
    authenticate: Vec<Word>,
    #[serde(default)]
    refuses: Vec<Word>,
    source: Word,
}

#[derive(Debug, Clone, PartialEq, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
struct Issuer {
    text: Word,
    product: Word,
}

/// What an answer shows of itself to be held against the signs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs<'a> {
    /// Host of the redirect's place.
    pub location: Option<&'a str>,
    /// The redirect's place as it was written, without query and fragment.
    pub place: Option<&'a str>,
    /// The header `server`.
    pub server: Option<&'a str>,
    /// Names of all response headers.
    pub headers: &'a [String],
    /// The page, where it is HTML.
    pub page: Option<&'a str>,
}

impl Filters {
    /// The signs built into the program.
    ///
    /// # Errors
    /// Names the file and what is wrong in it.
    pub fn embedded() -> Result<Self, DataError> {
        Self::load(&Files::embedded())
    }

    pub(super) fn load(files: &Files) -> Result<Self, DataError> {
        let file = files.get("filters.toml");
        Self::parse(file.text, file.shown)
    }

    fn parse<'a>(text: impl Into<Text<'a>>, file: &str) -> Result<Self, DataError> {
        let mut filters: Self = text.into().read_as(file)?;
        for page in filters.page.iter_mut().chain(&mut filters.access) {
            let signs = [
                &mut page.location,
                &mut page.place,
                &mut page.server,
                &mut page.header,
                &mut page.body,
                &mut page.authenticate,
                &mut page.refuses,
            ];
            let mut empty = true;
            for sign in signs.into_iter().flatten() {
                empty &= sign.is_empty();
                *sign = sign.to_lowercase().into();
            }
            if empty || page.source.trim().is_empty() {
                let reason = format!("page of {:?} needs a sign and a `source`", page.product);
                return Err(DataError::Content { file: file.to_owned(), reason });
            }
        }
        let texts = filters.sign_in_places.iter_mut().chain(&mut filters.sign_in_pages);
        for word in texts.chain(&mut filters.words).chain(filters.issuer.iter_mut().map(|i| &mut i.text)) {
            *word = word.to_lowercase().into();
        }
        Ok(filters)
    }

    /// What messages call the filters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.page.iter().flat_map(|p| &p.name).map(Word::as_str)
    }

    /// The product whose page the answer is.
    pub fn page_of(&self, signs: &Signs<'_>) -> Option<&str> {
        first(&self.page, signs)
    }

    /// The access product that asks for a sign-in in a browser.
    pub fn access_of(&self, signs: &Signs<'_>) -> Option<&str> {
        first(&self.access, signs)
    }

    /// The access product that says of an answer, whatever its form, that it is its own.
    pub fn refusing(&self, headers: &[String], authenticate: Option<&str>) -> Option<&str> {
        let asks = authenticate.unwrap_or_default().trim().to_lowercase();
        let own = |p: &&Page| {
            p.refuses.iter().any(|h| headers.iter().any(|n| n.eq_ignore_ascii_case(h)))
                || p.authenticate.iter().any(|a| asks.starts_with(a.as_str()))
        };
        self.access.iter().find(own).map(|p| p.product.as_str())
    }

    /// Whether a redirect leads to a sign-in, by its place.
    pub fn is_sign_in_place(&self, place: &str) -> bool {
        let place = place.to_lowercase();
        self.sign_in_places.iter().any(|part| place.contains(part.as_str()))
    }

    /// Whether the address of a redirect, as it was recorded, asks for a sign-in by its query: names of
    /// `sign_in_query` in `headers.toml` are all that is recorded of one.
    pub fn asks_by_query(&self, address: &str) -> bool {
        let names = address.split_once('?').map(|(_, query)| query);
        names.is_some_and(|names| names.split('&').all(|name| name.ends_with('=')))
    }

    /// Whether a host is there for sign-ins, by the first label of its name.
    pub fn is_sign_in_host(&self, host: &str) -> bool {
        let first = host.split('.').next().unwrap_or_default();
        self.sign_in_hosts.iter().any(|label| label.eq_ignore_ascii_case(first))
    }

    /// Whether an HTML page asks for a sign-in.
    pub fn is_sign_in_page(&self, page: &str) -> bool {
        let page = answer::plain(page);
        self.sign_in_pages.iter().any(|part| page.contains(part.as_str()))
    }

    /// Whether an HTML page speaks as pages of filters do.
    pub fn speaks_of_blocking(&self, page: &str) -> bool {
        let page = answer::plain(page);
        self.words.iter().any(|w| page.contains(w.as_str()))
    }

    /// The inspection product behind one of these issuer names.
    pub fn inspector<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<&str> {
        names.into_iter().find_map(|name| {
            let name = name.to_lowercase();
            self.issuer.iter().find(|i| name.contains(i.text.as_str())).map(|i| i.product.as_str())
        })
    }
}

/// The product of the first entry that a sign fits.
fn first<'p>(pages: &'p [Page], signs: &Signs<'_>) -> Option<&'p str> {
    let server = signs.server.unwrap_or_default().to_lowercase();
    let body = answer::plain(signs.page.unwrap_or_default());
    let location = signs.location.unwrap_or_default().to_lowercase();
    let place = signs.place.unwrap_or_default().to_lowercase();
    let leads = |l: &Word| {
        location.strip_suffix(l.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let known = |p: &&Page| {
        p.location.iter().any(leads)
            || p.place.iter().any(|l| place.contains(l.as_str()))
            || p.server.iter().any(|s| server.starts_with(s.as_str()))
            || p.header.iter().any(|h| signs.headers.iter().any(|n| n.eq_ignore_ascii_case(h)))
            || p.body.iter().any(|b| body.contains(b.as_str()))
    };
    pages.iter().find(known).map(|p| p.product.as_str())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlFile {
    control: Vec<Control>,
}

/// The addresses that find a sign-in page of the network (`controls.toml`).
pub(super) fn controls(files: &Files) -> Result<Vec<Control>, DataError> {
    let source = files.get("controls.toml");
    let (text, file) = (source.text, source.shown.to_owned());
    let read: ControlFile = text.read_as(&file)?;
    match read.control.iter().find(|c| c.source.trim().is_empty() || !c.path.starts_with('/')) {
        Some(bad) => {
            let reason = format!("control {:?} needs a `path` and a `source`", bad.host);
            Err(DataError::Content { file, reason })
        }
        None => Ok(read.control),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn pages_are_told_by_one_sign() {
        let filters = Filters::embedded().unwrap();
        let headers = ["X-Squid-Error".to_owned()];
        let none = Signs::default();
        for (signs, product) in [
            (Signs { location: Some("gateway.zscalertwo.net"), ..none }, Some("Zscaler Internet Access")),
            (Signs { headers: &headers, ..none }, Some("Squid")),
            (Signs { page: Some("<p>Powered by FortiGuard</p>"), ..none }, Some("FortiGuard web filter")),
            (Signs { location: Some("notzscaler.net"), ..none }, None),
            (
                Signs { place: Some("https://11.0.0.9:6083/php/urlblock.php"), ..none },
                Some("Palo Alto Networks URL filtering"),
            ),
            (Signs { page: Some("<html>hello"), server: Some("nginx"), ..none }, None),
            (none, None),
        ] {
            assert_eq!(filters.page_of(&signs), product, "{signs:?}");
        }
        assert!(filters.speaks_of_blocking("<h1>This page has been BLOCKED</h1>"));
        assert!(filters.speaks_of_blocking("<h1>Diese Seite wurde\n gesperrt</h1>"));
        assert!(filters.speaks_of_blocking("<h1>Acc&egrave;s refus&eacute;</h1>"));
        assert_eq!(filters.inspector(["CN=x", "CN=Zscaler Root CA,O=Zscaler Inc."]), Some("Zscaler"));
        assert_eq!(filters.inspector(["CN=Corp CA"]), None);
    }

    #[test]
    fn controls_are_plain_and_sourced() {
        assert!(controls(&Files::embedded()).unwrap().len() >= 3);
    }
}
