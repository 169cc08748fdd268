//! The two trust stores: the device's own, asked the way the operating system's clients ask it,
//! and the public roots. Each judges every chain by itself.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};
use tokio::sync::watch;

use crate::observation::Trust;

use super::sanitise;

/// Why a file of certificates could not be used.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// It could not be read.
    #[error("cannot read certificates from {}: {source}; give a readable PEM file", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// It is larger than any set of certificates.
    #[error("{} is larger than {limit} bytes; give a PEM file that holds only certificates", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// Something in it is no certificate.
    #[error("{}: certificate {number} cannot be used: {reason}; export it again as PEM (Base64)", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no certificate in it.
    #[error("{} holds no certificate; a PEM file has lines `-----BEGIN CERTIFICATE-----`", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Largest PEM file that is read; every public root together takes 250 kB.
const PEM_LIMIT: u64 = 16 * 1024 * 1024;

/// Reads the certificates of a PEM file; each is checked to be usable as a trust anchor.
///
/// # Errors
/// When the file cannot be read, is too large, holds none or one that cannot be used.
pub fn read_pem(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let read = |source| PemError::Read { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(read)?.len() > PEM_LIMIT {
        return Err(PemError::TooLarge { path: path.to_owned(), limit: PEM_LIMIT });
    }
    let bytes = std::fs::read(path).map_err(read)?;
    let mut store = RootCertStore::empty();
    let mut certificates = Vec::new();
    for (n, item) in CertificateDer::pem_slice_iter(&bytes).enumerate() {
        let bad = |reason: String| PemError::Certificate { path: path.to_owned(), number: n + 1, reason };
        let certificate = item.map_err(|e| bad(e.to_string()))?;
        store.add(certificate.clone()).map_err(|e| bad(e.to_string()))?;
        certificates.push(certificate);
    }
    if certificates.is_empty() {
        return Err(PemError::Empty { path: path.to_owned() });
    }
    Ok(certificates)
}

type Verifier = Result<Arc<dyn ServerCertVerifier>, String>;

/// Both stores, loaded.
#[derive(Debug)]
struct Stores {
    device: Verifier,
    public: Verifier,
}

/// Both stores, loading on a thread of their own while the first names are looked up.
#[derive(Debug)]
pub(super) struct Stock {
    stores: Arc<OnceLock<Stores>>,
    loaded: watch::Receiver<bool>,
}

impl Stock {
    /// Starts loading.
    pub(super) fn load(
        provider: Arc<CryptoProvider>,
        device_ca: Vec<CertificateDer<'static>>,
        public_roots: Option<Vec<CertificateDer<'static>>>,
    ) -> std::io::Result<Self> {
        let stores = Arc::new(OnceLock::new());
        let (tell, loaded) = watch::channel(false);
        let slot = Arc::clone(&stores);
        std::thread::Builder::new().name("trust-stores".to_owned()).spawn(move || {
            slot.get_or_init(|| Stores {
                public: public_verifier(&provider, public_roots),
                device: device_verifier(provider, device_ca),
            });
            // Nobody listens any more when the run is over already.
            tell.send(true).ok();
        })?;
        Ok(Self { stores, loaded })
    }

    /// Whether the device's store could be read. Waits until it is loaded.
    pub(super) fn device_readable(&self) -> bool {
        self.stores.wait().device.is_ok()
    }

    /// What both stores say of a chain, leaf first, for `name` at the device's clock: device,
    /// public. The operating system may go to the network for revocation, so this runs on a
    /// thread that may block.
    pub(super) async fn judge(
        &self,
        chain: Vec<CertificateDer<'static>>,
        name: ServerName<'static>,
    ) -> (Trust, Trust) {
        let unavailable = |error: &str| {
            let trust = Trust::Unavailable { error: error.to_owned() };
            (trust.clone(), trust)
        };
        if self.loaded.clone().wait_for(|loaded| *loaded).await.is_err() {
            return unavailable("the trust stores could not be loaded");
        }
        let stores = Arc::clone(&self.stores);
        let judged = tokio::task::spawn_blocking(move || {
            let stores = stores.wait();
            let now = UnixTime::now();
            (ask(&stores.device, &chain, &name, now), ask(&stores.public, &chain, &name, now))
        });
        judged.await.unwrap_or_else(|_| unavailable("the judgement was interrupted"))
    }
}

fn device_verifier(provider: Arc<CryptoProvider>, extra: Vec<CertificateDer<'static>>) -> Verifier {
    rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider)
        .map(|v| Arc::new(v) as Arc<dyn ServerCertVerifier>)
        .map_err(|e| sanitise::line(&e.to_string(), 200))
}

fn public_verifier(
    provider: &Arc<CryptoProvider>,
    instead: Option<Vec<CertificateDer<'static>>>,
) -> Verifier {
    let mut roots = RootCertStore::empty();
    match instead {
        Some(certificates) => {
            roots.add_parsable_certificates(certificates);
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map(|v| v as Arc<dyn ServerCertVerifier>)
        .map_err(|e| e.to_string())
}

fn ask(
    verifier: &Verifier,
    chain: &[CertificateDer<'static>],
    name: &ServerName<'_>,
    now: UnixTime,
) -> Trust {
    let verifier = match verifier {
        Ok(v) => v,
        Err(error) => return Trust::Unavailable { error: error.clone() },
    };
    let Some((leaf, rest)) = chain.split_first() else {
        return Trust::Rejected { error: "no certificate was sent".to_owned() };
    };
    match verifier.verify_server_cert(leaf, rest, name, &[], now) {
        Ok(_) => Trust::Accepted,
        Err(rustls::Error::InvalidCertificate(error)) => translate(&error),
        Err(error) => Trust::Rejected { error: sanitise::line(&error.to_string(), 300) },
    }
}

/// The verifier's typed reason, in the record's words.
fn translate(error: &CertificateError) -> Trust {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Trust::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Trust::NotYetValid,
        CertificateError::UnknownIssuer => Trust::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Trust::NameMismatch
        }
        CertificateError::Revoked => Trust::Revoked,
        other => Trust::Rejected { error: sanitise::line(&other.to_string(), 300) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_twins_of_a_reason_mean_the_same() {
        let now = UnixTime::now();
        assert_eq!(translate(&CertificateError::Expired), Trust::Expired);
        assert_eq!(
            translate(&CertificateError::ExpiredContext { time: now, not_after: now }),
            Trust::Expired
        );
        assert_eq!(
            translate(&CertificateError::NotValidYetContext { time: now, not_before: now }),
            Trust::NotYetValid
        );
        assert!(matches!(translate(&CertificateError::BadEncoding), Trust::Rejected { .. }));
    }
}
