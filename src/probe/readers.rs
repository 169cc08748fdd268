//! The readers of remote bytes, apart from the connections that the bytes come from: for fuzzing,
//! which must reach each of them without a network.

use hickory_resolver::proto::op::Message;
use rustls::pki_types::CertificateDer;

use crate::observation::{Certificate, DnsAnswer};
use crate::rules::headers::Headers;

use super::{certificate, headers, inference, proxy, query, sanitise};

/// What is recorded of a chain, leaf first; each certificate in DER.
pub fn certificates(chain: &[&[u8]]) -> Vec<Certificate> {
    let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| CertificateDer::from(*der)).collect();
    certificate::read_chain(&chain)
}

/// Remote text as one line of at most `cap` characters.
pub fn line(text: &str, cap: usize) -> String {
    sanitise::line(text, cap)
}

/// Remote bytes as a block of text of at most `cap` characters.
pub fn block(bytes: &[u8], cap: usize) -> String {
    sanitise::block(bytes, cap)
}

/// The printable ASCII of remote bytes, at most `cap` characters.
pub fn ascii(bytes: &[u8], cap: usize) -> String {
    sanitise::ascii(bytes, cap)
}

/// What is recorded of response headers: the allow-listed ones with values, the names of all.
pub fn headers<'a>(
    allowed: &Headers,
    headers: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> (Vec<(String, String)>, Vec<String>) {
    headers::keep(allowed, headers)
}

/// Where the head of a proxy's answer ends, its status, and the headers that are kept.
pub type ProxyAnswer = (usize, u16, Vec<(String, String)>);

/// What is recorded of the head of a proxy's answer.
pub fn proxy_answer(allowed: &Headers, bytes: &[u8]) -> Option<ProxyAnswer> {
    let end = proxy::find_end(bytes)?;
    let (status, headers) = proxy::parse(allowed, bytes.get(..end)?)?;
    Some((end, status, headers))
}

/// What is recorded of a DNS server's datagram, were it the answer to the question; nothing when
/// it is no DNS message.
pub fn dns_answer(bytes: &[u8]) -> Option<DnsAnswer> {
    Message::from_vec(bytes).ok().map(|message| query::read(&message))
}

/// What is recorded of the error in an answer to a call, from the headers that are kept and the body;
/// of its message only those of `phrases` that it holds.
pub fn call_error(headers: &[(String, String)], body: &str, phrases: &[String]) -> Vec<(String, String)> {
    inference::error_words(headers, body, phrases)
}
