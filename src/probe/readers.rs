//! The readers of remote bytes, apart from the connections that the bytes come from: for fuzzing,
//! which must reach each of them without a network.

use hickory_resolver::proto::op::Message;
use rustls::pki_types::CertificateDer;

use crate::observation::{Certificate, DnsAnswer, Document};
use crate::plan::Keep;
use crate::rules::headers::Headers;

use super::system::SystemProxies;
use super::{body, certificate, headers, inference, proxy, query, sanitise, system};

/// What is recorded of a chain, leaf first; each certificate in DER.
pub fn certificates(chain: &[&[u8]]) -> Vec<Certificate> {
    let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| CertificateDer::from(*der)).collect();
    certificate::read_chain(&chain)
}

/// What `keep` asks for of a body; `event_stream`: it came as one, `more`: it was longer than what was read.
pub fn document(keep: &Keep, bytes: &[u8], event_stream: bool, more: bool) -> Option<Document> {
    body::read(keep, bytes, event_stream, more)
}

/// Whether a token could be asked for with a Google credentials file.
///
/// # Errors
/// Why it is none.
pub fn google_file(text: &str) -> Result<(), String> {
    inference::google_file(text)
}

/// Whether the output of a credential helper is a credential.
///
/// # Errors
/// Why it is none.
pub fn helper_output(text: &str) -> Result<(), String> {
    inference::helper_output(text)
}

/// The words of a command line, as a profile of AWS has it.
pub fn command_words(text: &str) -> Vec<String> {
    inference::command_words(text)
}

/// What `scutil --proxy` printed.
pub fn scutil(text: &str) -> SystemProxies {
    system::of_scutil(text)
}

/// What `reg query` of the internet settings printed.
pub fn windows_settings(text: &str) -> SystemProxies {
    system::of_registry(text)
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
    Message::from_vec(bytes).ok().map(|message| query::read(&message, &message))
}

/// What is recorded of the error in an answer to a call, from the headers that are kept and the body;
/// of its message only those of `phrases` that it holds.
pub fn call_error(headers: &[(String, String)], body: &str, phrases: &[String]) -> Vec<(String, String)> {
    inference::error_words(headers, body, phrases)
}
