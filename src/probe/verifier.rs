//! The certificate verifiers of this program, for `rustls`: each says what it makes of a chain, and all of them
//! verify that the server holds the key of its certificate.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

/// What is made of a chain.
pub(super) trait ChainVerifier: std::fmt::Debug + Send + Sync {
    /// Takes the chain that was sent for `name`, or ends the handshake.
    fn chain<'a>(
        &self,
        chain: impl Iterator<Item = &'a CertificateDer<'a>>,
        name: &ServerName<'_>,
    ) -> Result<(), Error>;
}

/// A verifier for `rustls`.
#[derive(Debug)]
pub(super) struct Verifier<V> {
    chain: Arc<V>,
    provider: Arc<CryptoProvider>,
}

impl<V> Verifier<V> {
    /// `chain` decides about chains; signatures are verified by `provider`.
    pub(super) fn new(chain: &Arc<V>, provider: &Arc<CryptoProvider>) -> Arc<Self> {
        Arc::new(Self { chain: Arc::clone(chain), provider: Arc::clone(provider) })
    }
}

impl<V: ChainVerifier> ServerCertVerifier for Verifier<V> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.chain.chain(std::iter::once(end_entity).chain(intermediates), name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
