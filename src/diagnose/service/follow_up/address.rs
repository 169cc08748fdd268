//! Where an answer's URL leads: only to where an answer may send this program.

use url::{Host, Url};

use crate::contract::{HostPattern, Transport};
use crate::plan::Target;

/// Characters of a path that an answer names.
const PATH: usize = 512;

/// Where an answer's URL leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: HostPattern,
    pub(crate) port: u16,
    pub(crate) path: String,
}

impl Address {
    /// Only https, only names, nothing of this device's: an answer must not make this program talk
    /// to whatever it likes.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let Some(Host::Domain(name)) = url.host() else { return None };
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let host: HostPattern = name.trim_end_matches('.').parse().ok()?;
        // A query is no part of where documents stand, and could ask for anything.
        let path = url.path().trim_end_matches('/').to_owned();
        let fits = path.len() <= PATH && path.bytes().all(|b| b.is_ascii_graphic());
        let named = host.name().is_some_and(|n| n.contains('.'));
        (fits && named && !host.is_loopback() && !host.is_link_local()).then_some(Self {
            host,
            port: url.port().unwrap_or(443),
            path,
        })
    }

    pub(crate) fn is(&self, target: &Target) -> bool {
        target.probed == self.host.to_string()
            && target.port() == self.port
            && target.transport() == Transport::Https
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_answer_cannot_send_this_program_anywhere() {
        for (text, expected) in [
            ("https://idp.example/t/", Some(("idp.example", 443, "/t"))),
            ("https://IDP.example.:8443/a?b=c", Some(("idp.example", 8443, "/a"))),
            ("http://idp.example/", None),
            ("https://10.0.0.1/", None),
            ("https://[fe80::1]/", None),
            ("https://169.254.169.254/latest", None),
            ("https://0x7f000001/", None),
            ("https://localhost:8080/", None),
            ("https://a.localhost/", None),
            ("https://intranet/", None),
            ("https://u:p@idp.example/", None),
            ("file:///etc/passwd", None),
            ("nonsense", None),
        ] {
            let read = Address::of(text);
            let shown = read.as_ref().map(|a| (a.host.name().unwrap(), a.port, a.path.as_str()));
            assert_eq!(shown, expected, "{text}");
        }
        assert_eq!(Address::of(&format!("https://a.example/{}", "x".repeat(PATH))), None);
    }
}
