//! The TLS handshake: offered as the app's own stack offers it, recorded whatever comes of it.
//! It accepts every chain, since judging is done afterwards by two stores; that the server holds
//! the key of its certificate is verified all the same.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::{ClientConnection, ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, ClientConfig, NamedGroup, ProtocolVersion, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::observation::{TlsOutcome, TlsParameters};

use super::errno;
use super::later::Later;
use super::metered::{BoxedIo, End, Meter, Metered, Passed};
use super::record::Recorder;
use super::sanitise;
use super::trust::Chain;
use super::verifier::{ChainVerifier, Verifier};

/// Sees what the server shows of itself in one handshake, and shows it nothing in return.
#[derive(Debug, Default)]
pub(super) struct Witness {
    chain: Mutex<Vec<CertificateDer<'static>>>,
    requested: AtomicBool,
}

impl Witness {
    /// The chain as sent, leaf first; empty when the handshake did not come that far.
    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the server asked for a client certificate.
    pub(super) fn certificate_requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }
}

impl ChainVerifier for Witness {
    fn chain<'a>(
        &self,
        chain: impl Iterator<Item = &'a CertificateDer<'a>>,
        _name: &ServerName<'_>,
    ) -> Result<(), rustls::Error> {
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) =
            chain.take(32).map(|c| c.clone().into_owned()).collect();
        Ok(())
    }
}

impl ResolvesClientCert for Witness {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.requested.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Application protocols to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// `h2` and `http/1.1`, as browsers and the app offer them.
    Https,
    /// `h2` alone: gRPC speaks nothing else.
    Grpc,
    /// `http/1.1` alone: CONNECT to a proxy, and servers that ask for it.
    Http1,
}

impl Offer {
    fn protocols(self) -> Vec<Vec<u8>> {
        match self {
            Self::Https => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Self::Grpc => vec![b"h2".to_vec()],
            Self::Http1 => vec![b"http/1.1".to_vec()],
        }
    }
}

/// In what the ClientHello of an experiment differs from the app's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hello {
    /// Classical key shares only, so that it fits one packet.
    pub(super) small: bool,
    /// No server name is sent.
    pub(super) nameless: bool,
}

/// Key exchange groups of a small ClientHello.
const SMALL_GROUPS: [NamedGroup; 3] = [NamedGroup::X25519, NamedGroup::secp256r1, NamedGroup::secp384r1];

/// What every handshake has in common.
fn template(provider: &Arc<CryptoProvider>) -> Result<ClientConfig, super::ProbeError> {
    let verifier = Verifier::new(&Arc::<Witness>::default(), provider);
    let mut config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(super::ProbeError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    // Every handshake is a measurement; a resumed one would show no chain.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// What every handshake of a run shares.
#[derive(Debug)]
pub(super) struct Client {
    provider: Arc<CryptoProvider>,
    template: ClientConfig,
    /// The same without the post-quantum key shares: its ClientHello fits one packet.
    small: ClientConfig,
    /// Warms the random generator.
    warming: Arc<Later>,
    warm: watch::Receiver<bool>,
}

impl Client {
    /// The cryptography that every handshake of the run uses.
    pub(super) const fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    /// Prepares the shared configuration. The random generator is warmed on a thread, see [`Client::begin`]: its first
    /// use costs tens of milliseconds where the library was built to seed it by timing the processor (`.cargo/config.toml`
    /// says not to), which would otherwise stop every other host's handshake.
    pub(super) fn new(provider: Arc<CryptoProvider>) -> Result<Self, super::ProbeError> {
        let template = template(&provider)?;
        let mut classical = CryptoProvider::clone(&provider);
        classical.kx_groups.retain(|g| SMALL_GROUPS.contains(&g.name()));
        let small = self::template(&Arc::new(classical))?;
        let (tell, warm) = watch::channel(false);
        let cold = Arc::clone(&provider);
        let warming = Later::new("random-generator", move || {
            let mut buffer = [0_u8; 32];
            // A failure here comes back in the first handshake, where it is recorded.
            cold.secure_random.fill(&mut buffer).ok();
            if let Some(group) = cold.kx_groups.first() {
                group.start().ok();
            }
            tell.send(true).ok();
        });
        Ok(Self { provider, template, small, warming, warm })
    }

    /// Begins to warm the random generator, if that has not begun. Does not wait.
    pub(super) fn begin(&self) {
        self.warming.begin();
    }

    /// One handshake's own configuration: a copy of the shared one with its own witness.
    fn config(&self, offer: Offer, hello: Hello) -> (Arc<ClientConfig>, Arc<Witness>) {
        let witness = Arc::<Witness>::default();
        let mut config = if hello.small { self.small.clone() } else { self.template.clone() };
        config.enable_sni = !hello.nameless;
        config.alpn_protocols = offer.protocols();
        config.dangerous().set_certificate_verifier(Verifier::new(&witness, &self.provider));
        config.client_auth_cert_resolver = Arc::<Witness>::clone(&witness);
        (Arc::new(config), witness)
    }

    /// A handshake that is not part of the record (TLS to a proxy). Gives the stream and the
    /// chain, or how it ended.
    pub(super) async fn handshake_unrecorded(
        &self,
        io: BoxedIo,
        name: ServerName<'static>,
    ) -> Result<(BoxedIo, Vec<CertificateDer<'static>>), TlsOutcome> {
        self.ready().await;
        let (config, witness) = self.config(Offer::Http1, Hello::default());
        let (io, meter) = Metered::new(io);
        match TlsConnector::from(config).connect(name, io).await {
            Ok(stream) => Ok((Box::new(stream), witness.chain())),
            Err(error) => Err(outcome(&error, &meter.read())),
        }
    }

    /// A handshake that is not part of the record, on a stream that stays the caller's: how it ended, and whether a
    /// hop said that the limit of hops was reached, as far as the system passes that on.
    pub(super) async fn shake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        io: S,
        name: ServerName<'static>,
        (offer, hello): (Offer, Hello),
        meter: impl FnOnce(Meter),
    ) -> (TlsOutcome, bool) {
        let (config, _witness) = self.config(offer, hello);
        let (io, passed) = Metered::new(io);
        meter(passed.clone());
        match TlsConnector::from(config).connect(name, io).await {
            Ok(_) => (TlsOutcome::Completed, false),
            Err(error) => (outcome(&error, &passed.read()), errno::is_unreachable(&error)),
        }
    }

    /// Waits until handshakes no longer wait for the random generator.
    pub(super) async fn ready(&self) {
        self.begin();
        self.warm.clone().wait_for(|warm| *warm).await.ok();
    }

    /// One recorded handshake. Gives nothing when it failed; the record says how.
    pub(super) async fn handshake(
        &self,
        recorder: &Recorder,
        io: BoxedIo,
        remote: SocketAddr,
        name: ServerName<'static>,
        (offer, hello): (Offer, Hello),
        confirm: bool,
    ) -> Option<Secured> {
        self.ready().await;
        let (config, witness) = self.config(offer, hello);
        let (io, meter) = Metered::new(io);
        let sni = match &name {
            ServerName::DnsName(n) if !hello.nameless => Some(n.as_ref().to_owned()),
            _ => None,
        };
        let number = recorder.tls_begin(remote, sni, confirm, meter.clone(), Arc::clone(&witness));
        match TlsConnector::from(config).connect(name, io).await {
            Ok(stream) => {
                recorder.tls_end(number, TlsOutcome::Completed, Some(parameters(stream.get_ref().1)));
                Some(Secured { number, chain: witness.chain().into(), stream })
            }
            Err(error) => {
                recorder.tls_end(number, outcome(&error, &meter.read()), None);
                None
            }
        }
    }
}

/// A completed handshake.
pub(super) struct Secured {
    /// Number of its record.
    pub(super) number: usize,
    /// The chain as sent, leaf first.
    pub(super) chain: Chain,
    /// The stream.
    pub(super) stream: TlsStream<Metered<BoxedIo>>,
}

impl Secured {
    /// Whether HTTP/2 was agreed on.
    pub(super) fn is_h2(&self) -> bool {
        self.stream.get_ref().1.alpn_protocol() == Some(b"h2")
    }
}

/// The name a certificate must be for: a DNS name, sent as SNI, or an address, which is not sent.
pub(super) fn server_name(host: &str) -> Option<ServerName<'static>> {
    match host.parse::<IpAddr>() {
        Ok(address) => Some(ServerName::IpAddress(address.into())),
        Err(_) => ServerName::try_from(host.to_owned()).ok(),
    }
}

fn parameters(connection: &ClientConnection) -> TlsParameters {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
        other => format!("{other:?}"),
    };
    TlsParameters {
        version,
        cipher: connection
            .negotiated_cipher_suite()
            .and_then(|s| s.suite().as_str())
            .unwrap_or_default()
            .to_owned(),
        group: connection
            .negotiated_key_exchange_group()
            .and_then(|g| g.name().as_str())
            .unwrap_or_default()
            .to_owned(),
        alpn: connection.alpn_protocol().map(|p| sanitise::ascii(p, 32)),
    }
}

/// The first bytes as text, when they cannot be the beginning of a TLS record: content types are
/// 20 to 23, the version's first byte is 3 (RFC 8446, 5.1).
pub(super) fn not_tls(first: &[u8]) -> Option<String> {
    let is_tls = match first {
        [] => true,
        [kind] => (20..=23).contains(kind),
        [kind, major, ..] => (20..=23).contains(kind) && *major == 3,
    };
    (!is_tls).then(|| sanitise::ascii(first, 64))
}

fn outcome(error: &io::Error, passed: &Passed) -> TlsOutcome {
    if let Some(first) = not_tls(&passed.first) {
        return TlsOutcome::NotTls { first };
    }
    if let Some(tls) = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
        return match tls {
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => TlsOutcome::Version,
            rustls::Error::PeerIncompatible(reason) if is_version(reason) => TlsOutcome::Version,
            rustls::Error::AlertReceived(alert) => TlsOutcome::Alert { alert: alert_name(*alert) },
            other => TlsOutcome::Faulty { error: sanitise::line(&other.to_string(), 300) },
        };
    }
    match End::of(error) {
        End::Closed => TlsOutcome::Closed,
        End::Reset => TlsOutcome::Reset,
        End::TimedOut => TlsOutcome::Timeout,
        End::Alert(alert) => TlsOutcome::Alert { alert },
        End::Other(error) => TlsOutcome::Faulty { error: sanitise::line(&error, 300) },
    }
}

fn is_version(reason: &rustls::PeerIncompatible) -> bool {
    use rustls::PeerIncompatible as P;
    matches!(
        reason,
        P::ServerDoesNotSupportTls12Or13 | P::ServerTlsVersionIsDisabledByOurConfig | P::Tls12NotOffered
    )
}

/// The name of an alert in RFC 8446 and its predecessors.
pub(super) fn alert_name(alert: AlertDescription) -> String {
    use AlertDescription as A;
    match alert {
        A::UnknownCA => "unknown_ca".to_owned(),
        A::UnrecognisedName => "unrecognized_name".to_owned(),
        A::UserCanceled => "user_canceled".to_owned(),
        A::UnknownPSKIdentity => "unknown_psk_identity".to_owned(),
        A::EncryptedClientHelloRequired => "ech_required".to_owned(),
        A::Unknown(number) => format!("alert {number}"),
        other => {
            let mut name = String::new();
            for c in other.as_str().unwrap_or_default().chars() {
                if c.is_ascii_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.push(c.to_ascii_lowercase());
            }
            name
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_their_names_of_the_standard() {
        for (alert, name) in [
            (AlertDescription::HandshakeFailure, "handshake_failure"),
            (AlertDescription::CertificateRequired, "certificate_required"),
            (AlertDescription::UnrecognisedName, "unrecognized_name"),
            (AlertDescription::UnknownCA, "unknown_ca"),
            (AlertDescription::NoApplicationProtocol, "no_application_protocol"),
            (AlertDescription::Unknown(200), "alert 200"),
        ] {
            assert_eq!(alert_name(alert), name);
        }
    }

    #[test]
    fn a_tls_record_is_told_from_other_bytes() {
        assert_eq!(not_tls(&[]), None);
        assert_eq!(not_tls(&[21]), None);
        assert_eq!(not_tls(&[22, 3, 3, 0, 0]), None);
        assert_eq!(not_tls(b"HTTP/1.1 400"), Some("HTTP/1.1 400".to_owned()));
        assert_eq!(not_tls(&[22, 9]), Some(String::new()));
    }
}
