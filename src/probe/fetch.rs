//! Plain fetches: a document that is wanted for what it says, and not for how it came. They are made by
//! `reqwest`, with this program's own rules around it: the addresses are looked up and chosen here, what
//! may not be dialled is refused before anything is sent, the server must hold on this device, no
//! redirect is followed, no proxy is taken from the environment, no credential and no cookie is sent,
//! nothing is unpacked, and the caller bounds size and time.
//!
//! Proxy scripts are fetched so, and the result of a run is sent so to a collector (`collector`). Everything else that looks like a fetch is an observation, and
//! stays on the connection whose stages were measured (`http`, `inference/exchange`): a bootstrap document is
//! judged by DNS, TCP, proxy and TLS of its own attempt; a token, like every call, goes out only after
//! the certificates of that very connection were looked at (`inference/credential_policy`), which no client that opens its
//! own connections can be asked to wait for.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::ACCEPT;
use reqwest::{Client, Response, redirect, retry};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig};
use url::{Host, Url};

use super::dns::{self, Names};
use super::tcp::{Dial, Reach};
use super::trust::Store;
use super::verifier::{ChainVerifier, Verifier};
use super::{Prober, proxy};

/// Addresses that are tried.
const ADDRESSES: usize = 4;

impl Prober {
    /// Asks for `url`, directly. `reach`: how far it may lead. Gives the answer, with its body still to be read, and
    /// how far what it names may lead: no further than to where it came from.
    ///
    /// # Errors
    /// Why there is no answer, in plain words.
    pub(super) async fn fetch(&self, url: &Url, reach: Reach) -> Result<(Response, Reach), String> {
        let fetcher = self.fetcher(url, reach, self.shared.settings.stage_timeout / 4).await?;
        let mut plain = url.clone();
        // A name and a password inside the address would be sent as a credential.
        plain.set_username("").ok();
        plain.set_password(None).ok();
        match fetcher.client.get(plain).header(ACCEPT, "*/*").send().await {
            Ok(response) => {
                let from = response.remote_addr().map_or(Reach::Public, |a| Reach::of(a.ip()));
                Ok((response, reach.min(from)))
            }
            Err(error) => Err(fetcher.why(&error)),
        }
    }

    /// What sends requests to the host of `url`, directly, once it is looked up and may be dialled. `reach`: how far
    /// it may lead. `patience`: how long the device's trust store may take for a chain.
    ///
    /// # Errors
    /// Why nothing can be sent, in plain words.
    pub(super) async fn fetcher(
        &self,
        url: &Url,
        reach: Reach,
        patience: Duration,
    ) -> Result<Fetcher, String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("{} addresses are not read, only http and https", url.scheme()));
        }
        let (host, port) = match (url.host(), url.port_or_known_default()) {
            (Some(host), Some(port)) => (host.to_owned(), port),
            _ => return Err("its address has no host".to_owned()),
        };
        if url.scheme() == "https" {
            self.shared.client.begin();
            self.shared.stock.device.begin();
        }
        let addresses = self.allowed(&host, port, reach).await?;
        let judge = Arc::new(Judge {
            store: self.shared.stock.device.clone(),
            provider: Arc::clone(self.shared.client.provider()),
            patience,
            refused: Mutex::default(),
        });
        let each = self.shared.settings.stage_timeout / 2;
        let count = u32::try_from(addresses.len()).unwrap_or(1);
        let client = Client::builder()
            .user_agent(super::USER_AGENT)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .pool_max_idle_per_host(0)
            // Shared out evenly among the addresses.
            .connect_timeout(each * count)
            .dns_resolver(Chosen(addresses.clone()))
            .tls_backend_preconfigured(judge.config()?)
            .build()
            .map_err(|e| innermost(&e))?;
        Ok(Fetcher { client, judge, host, port, addresses })
    }

    pub(super) fn names(&self) -> Names {
        let shared = &self.shared;
        let stage = shared.settings.stage_timeout;
        Names::new(shared.settings.resolver, Arc::clone(&shared.servers), stage)
    }

    /// The addresses of `host` that may be dialled.
    async fn allowed(&self, host: &Host<String>, port: u16, reach: Reach) -> Result<Vec<SocketAddr>, String> {
        let addresses = match host {
            Host::Ipv4(a) => vec![IpAddr::V4(*a)],
            Host::Ipv6(a) => vec![IpAddr::V6(*a)],
            Host::Domain(name) => dns::addresses(&self.names().look_up(name).await),
        };
        let dial = Dial { never: &self.shared.settings.never, reach, closed: None, segment: None };
        let mut refused = format!("{host} does not resolve");
        let mut allowed = Vec::new();
        for address in addresses.into_iter().take(ADDRESSES) {
            match dial.refusal(address) {
                Some(why) => refused = format!("{address}: {why}"),
                None => allowed.push(SocketAddr::new(address, port)),
            }
        }
        if allowed.is_empty() { Err(refused) } else { Ok(allowed) }
    }
}

/// What sends requests to one host, and tells why one failed.
pub(super) struct Fetcher {
    pub(super) client: Client,
    judge: Arc<Judge>,
    host: Host<String>,
    port: u16,
    addresses: Vec<SocketAddr>,
}

impl Fetcher {
    /// The addresses that it dials.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().map(SocketAddr::ip)
    }

    /// Why a request had no answer, in plain words.
    pub(super) fn why(&self, error: &reqwest::Error) -> String {
        self.failed(error).1
    }

    /// The same, and how far it came.
    pub(super) fn failed(&self, error: &reqwest::Error) -> (Failed, String) {
        let Self { host, port, .. } = self;
        if let Some(why) = self.judge.refused() {
            return (Failed::Tls, format!("TLS failed: {why}"));
        }
        if !error.is_connect() {
            return (Failed::Unanswered, format!("no HTTP answer: {}", innermost(error)));
        }
        if let Some(why) = of_handshake(error) {
            return (Failed::Tls, format!("TLS failed: {why}"));
        }
        let why = if error.is_timeout() { "no answer".to_owned() } else { innermost(error) };
        (Failed::Unreached, format!("{host}:{port}: {why}"))
    }
}

/// How far a request came that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// No connection.
    Unreached,
    /// A connection, and no TLS that holds.
    Tls,
    /// No answer that is HTTP.
    Unanswered,
}

/// What ended a handshake, where that is what failed.
fn of_handshake(error: &reqwest::Error) -> Option<String> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(cause) = next {
        let io = cause.downcast_ref::<std::io::Error>();
        let within = io.and_then(|e| e.get_ref()).and_then(|e| e.downcast_ref::<rustls::Error>());
        if let Some(tls) = within.or_else(|| cause.downcast_ref::<rustls::Error>()) {
            return Some(match tls {
                rustls::Error::AlertReceived(alert) => {
                    format!("the other side refused it (alert {})", super::tls::alert_name(*alert))
                }
                rustls::Error::InvalidMessage(_) => "the other side does not speak TLS".to_owned(),
                rustls::Error::PeerIncompatible(_) => {
                    "the other side speaks no version or cipher that is accepted".to_owned()
                }
                rustls::Error::InvalidCertificate(_) => "its certificate is not accepted".to_owned(),
                _ => "the handshake is faulty".to_owned(),
            });
        }
        // A connection that did not come about never ends so.
        if io.is_some_and(|e| e.kind() == std::io::ErrorKind::UnexpectedEof) {
            return Some("the other side ended the connection in the handshake".to_owned());
        }
        next = cause.source();
    }
    None
}

/// The cause at the bottom of an error: the ones above it say only that something failed.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// What a trust store says of a chain, without the identifiers of its library.
fn in_words(why: String) -> String {
    let known = [
        ("CaUsedAsEndEntity", "the certificate of an authority stands in the place of the server's own"),
        ("EndEntityUsedAsCa", "a certificate that is no authority's signed the server's"),
        ("RequiredEkuNotFound", "the certificate is not meant for servers"),
        ("InvalidPurpose", "the certificate is not meant for servers"),
        ("BadEncoding", "the certificate is damaged"),
        ("BadSignature", "a signature among the certificates is wrong"),
    ];
    if let Some((_, words)) = known.iter().find(|(name, _)| why.contains(name)) {
        return (*words).to_owned();
    }
    // `UnsupportedSignatureAlgorithm`, `OtherError(…)`: a word with a capital inside it is an identifier.
    let inside = |word: &str| {
        word.chars().zip(word.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase())
    };
    match why.split(|c: char| !c.is_alphanumeric()).any(inside) {
        true => "a certificate that this device does not accept".to_owned(),
        false => why,
    }
}

/// Answers every question for a name with the addresses that were allowed.
struct Chosen(Vec<SocketAddr>);

impl Resolve for Chosen {
    fn resolve(&self, _name: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

/// The device's trust store, asked during the handshake, so that nothing is sent to a server that it
/// refuses.
#[derive(Debug)]
struct Judge {
    store: Store,
    provider: Arc<CryptoProvider>,
    patience: Duration,
    refused: Mutex<Option<String>>,
}

impl Judge {
    fn config(self: &Arc<Self>) -> Result<ClientConfig, String> {
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Verifier::new(self, &self.provider))
            .with_no_client_auth();
        Ok(config)
    }

    fn refused(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ChainVerifier for Judge {
    fn chain<'a>(
        &self,
        chain: impl Iterator<Item = &'a CertificateDer<'a>>,
        name: &ServerName<'_>,
    ) -> Result<(), rustls::Error> {
        let chain = chain.map(|c| c.clone().into_owned());
        // Fetches come before or between the waves of a run, so no measurement waits for this.
        proxy::accepted(self.store.judge_here(chain.collect(), name.to_owned(), self.patience)).map_err(
            |insecure| {
                let why = in_words(insecure.error);
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
                CertificateError::ApplicationVerificationFailure.into()
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn no_identifier_of_a_library_stands_for_a_reason() {
        for (why, words) in [
            ("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))", "of an authority stands"),
            ("certificate not meant for this purpose: InvalidPurpose", "not meant for servers"),
            ("Other(OtherError(UnsupportedCriticalExtension))", "does not accept"),
            ("certificate expired", "certificate expired"),
            ("no certificate was sent", "no certificate was sent"),
        ] {
            assert!(in_words(why.to_owned()).contains(words), "{why}");
            assert!(!in_words(why.to_owned()).contains("Other"), "{why}");
        }
    }
}
