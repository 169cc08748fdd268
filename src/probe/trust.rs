//! The two trust stores: the device's own, asked the way the operating system's clients ask it,
//! and the public roots. Each judges every chain by itself.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::config::{self, ConfigError};
use crate::observation::{Certificate, Trust};

use super::later::Later;
use super::{certificate, sanitise, signatures, system};

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
const PEM_LIMIT: u64 = config::MAX_FILE_BYTES;

/// Reads the certificates of a PEM file; each is checked to be usable as a trust anchor.
///
/// # Errors
/// When the file cannot be read, is too large, holds none or one that cannot be used.
pub fn read_pem(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let read = |source| PemError::Read { path: path.to_owned(), source };
    std::fs::metadata(path).map_err(read)?;
    // Bounded in size and, for a pipe, in time: the length that the system tells is nothing for a device.
    let bytes = config::file(path, &path.display().to_string()).map_err(|error| match error {
        ConfigError::TooLarge { .. } => PemError::TooLarge { path: path.to_owned(), limit: PEM_LIMIT },
        ConfigError::Unreadable { cause, .. } => read(std::io::Error::other(cause)),
        other => read(std::io::Error::other(other.to_string())),
    })?;
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

/// A chain as sent, leaf first.
pub(super) type Chain = Arc<[CertificateDer<'static>]>;

/// One store, read on a thread of its own when it is first asked for: reading it may block for as long as the operating
/// system likes, and nothing may wait for it but judgements.
#[derive(Debug, Clone)]
pub(super) struct Store {
    reading: Arc<Later>,
    loaded: watch::Receiver<Option<Verifier>>,
    /// Its authorities one by one, where they are known.
    own: Option<Anchors>,
}

/// Authorities, and what reads them.
#[derive(Debug, Clone)]
struct Anchors {
    reading: Arc<Later>,
    known: watch::Receiver<Option<Arc<[CertificateDer<'static>]>>>,
}

impl Anchors {
    /// Them, once they are read; nothing where they cannot be.
    async fn get(&self) -> Option<Arc<[CertificateDer<'static>]>> {
        self.reading.begin();
        self.known.clone().wait_for(Option::is_some).await.ok()?.clone()
    }
}

impl Store {
    /// A store that `make` reads.
    fn new(name: &'static str, make: impl FnOnce() -> Verifier + Send + 'static) -> Self {
        let (tell, loaded) = watch::channel(None);
        let reading = Later::new(name, move || {
            // Nobody listens any more when the run is over already.
            tell.send(Some(make())).ok();
        });
        Self { reading, loaded, own: None }
    }

    /// Begins to read it, if that has not begun. Does not wait.
    pub(super) fn begin(&self) {
        self.reading.begin();
    }

    /// The same with its authorities, one by one.
    fn with(self, own: &Anchors) -> Self {
        Self { own: Some(own.clone()), ..self }
    }

    /// A store of these anchors and no others.
    pub(super) fn of(anchors: Vec<CertificateDer<'static>>) -> Self {
        Self::new("expected-authorities", move || {
            public_verifier(&Arc::new(signatures::provider()), Some(anchors))
        })
    }

    /// Whether it has been read with success; false also while it is still being read, or before.
    pub(super) fn is_readable(&self) -> bool {
        matches!(&*self.loaded.borrow(), Some(Ok(_)))
    }

    /// What it says of a chain, leaf first, for `name` at the device's clock. Waits at most
    /// `patience`: the operating system may go to the network for revocation, so this runs on a
    /// thread that may block.
    pub(super) async fn judge(&self, chain: Chain, name: ServerName<'static>, patience: Duration) -> Trust {
        self.judge_at(chain, name, UnixTime::now(), patience).await
    }

    /// As [`Store::judge`], at another time than now.
    pub(super) async fn judge_at(
        &self,
        chain: Chain,
        name: ServerName<'static>,
        at: UnixTime,
        patience: Duration,
    ) -> Trust {
        timeout(patience, self.ask(chain, name, at)).await.unwrap_or_else(|_| unanswered(patience))
    }

    /// As [`Store::judge`], on this thread, which it holds up for at most `patience`.
    pub(super) fn judge_here(&self, chain: Chain, name: ServerName<'static>, patience: Duration) -> Trust {
        let store = self.clone();
        let (tell, told) = std::sync::mpsc::channel();
        let judging = std::thread::Builder::new().name("judgement".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            if let Ok(runtime) = runtime {
                // Nobody listens any more when the patience is over.
                tell.send(runtime.block_on(store.judge(chain, name, patience))).ok();
                runtime.shutdown_background();
            }
        });
        match judging {
            Ok(_) => told.recv_timeout(patience).unwrap_or_else(|_| unanswered(patience)),
            Err(error) => Trust::Unavailable { error: error.to_string() },
        }
    }

    async fn ask(&self, chain: Chain, name: ServerName<'static>, at: UnixTime) -> Trust {
        let unavailable = |error: &str| Trust::Unavailable { error: error.to_owned() };
        self.begin();
        let mut loaded = self.loaded.clone();
        let verifier = match loaded.wait_for(Option::is_some).await {
            Ok(verifier) => verifier.clone(),
            Err(_) => None,
        };
        let verifier = match verifier {
            Some(Ok(verifier)) => verifier,
            Some(Err(error)) => return Trust::Unavailable { error },
            None => return unavailable("the trust store could not be loaded"),
        };
        let (asked, of) = (Arc::clone(&chain), name.clone());
        let judged = tokio::task::spawn_blocking(move || ask(&*verifier, &asked, &of, at)).await;
        let Ok(judged) = judged else { return unavailable("the judgement was interrupted") };
        // Without `own` the word stands as it is.
        let (Trust::Rejected { error }, Some(own)) = (&judged, &self.own) else { return judged };
        if !error.contains(AUTHORITY_IN_PLACE) {
            return judged;
        }
        let by_itself = own.get().await.and_then(|known| trusted_by_itself(&chain, &known, &name, at));
        by_itself.unwrap_or(judged)
    }
}

/// The verifier's word for a server that shows the certificate of an authority as its own.
const AUTHORITY_IN_PLACE: &str = "CaUsedAsEndEntity";

/// What is said of a server's certificate that is itself one of the authorities of a store, as `openssl req -x509`
/// makes them: systems, browsers and OpenSSL accept what was installed so; the verifier here refuses it for the
/// mark of an authority alone. Nothing where the store does not hold it.
fn trusted_by_itself(
    chain: &[CertificateDer<'static>],
    known: &[CertificateDer<'static>],
    name: &ServerName<'_>,
    at: UnixTime,
) -> Option<Trust> {
    let leaf = chain.first().filter(|leaf| known.contains(leaf))?;
    let record = certificate::read_chain(std::slice::from_ref(leaf)).pop()?;
    let at = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    if at < record.not_before {
        return Some(Trust::NotYetValid);
    }
    if at > record.not_after {
        return Some(Trust::Expired);
    }
    let parsed = rustls::server::ParsedCertificate::try_from(leaf).ok()?;
    Some(match rustls::client::verify_server_name(&parsed, name) {
        Ok(()) => Trust::Accepted,
        Err(_) => Trust::NameMismatch,
    })
}

/// The judgement that did not come in time.
fn unanswered(patience: Duration) -> Trust {
    Trust::Unavailable { error: format!("no answer within {} ms", patience.as_millis()) }
}

/// What is judged by the engine's store, or why it cannot be.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    store: Store,
    /// Why what the store says may not be what the engine says.
    doubt: Option<String>,
}

impl Engine {
    /// As [`Store::judge`], of a chain that the public roots do not accept.
    pub(super) async fn judge(&self, chain: Chain, name: ServerName<'static>, patience: Duration) -> Trust {
        let trust = self.store.judge(chain, name, patience).await;
        match &self.doubt {
            Some(doubt) => Trust::Unavailable { error: doubt.clone() },
            None => trust,
        }
    }
}

/// The system of which this is a build keeps its authorities in files, and its clients judge by what they read there: what
/// lists them makes the device's store, too, and they are read once.
const IN_FILES: bool = cfg!(all(unix, not(target_vendor = "apple")));

/// The stores. The public roots are at hand at once; the others may take their time.
#[derive(Debug)]
pub(super) struct Stock {
    /// The public roots.
    pub(super) public: Store,
    /// The device's own.
    pub(super) device: Store,
    /// What the engine trusts: the public roots and the system's.
    pub(super) engine: Engine,
    /// The device's authorities, one by one.
    anchors: Anchors,
}

impl Stock {
    /// The stores, none of which is read yet. `doubts`: variables that change what the engine trusts in a way that is not
    /// tested here.
    pub(super) fn new(
        provider: Arc<CryptoProvider>,
        device_ca: Vec<CertificateDer<'static>>,
        public_roots: Option<Vec<CertificateDer<'static>>>,
        doubts: &[String],
    ) -> Self {
        let set = doubts.iter().find(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()));
        let doubt = match set {
            Some(name) => Some(format!("{name} is set here, and what the engine makes of it is not tested")),
            None if device_ca.is_empty() => None,
            None => Some("what --device-ca names may not be in the engine's store".to_owned()),
        };
        let (tell, known) = watch::channel(None);
        let (tell_engine, engine_known) = watch::channel(None);
        let listed = Arc::<OnceLock<Vec<CertificateDer<'static>>>>::default();
        let (for_public, for_engine) = (Arc::clone(&provider), Arc::clone(&provider));
        let (extra, public, of_system) = (device_ca.clone(), public_roots.clone(), Arc::clone(&listed));
        let engine = Store::new("engine-store", move || {
            let mut own = of_system.get_or_init(system::anchors).clone();
            let system = system::engine_anchors(&own);
            own.extend(extra);
            // Nobody listens any more when the run is over already.
            tell.send(Some(own.into())).ok();
            let system = system?;
            tell_engine.send(Some(system.clone().into())).ok();
            roots_verifier(&for_engine, public, system)
        });
        let anchors = Anchors { reading: Arc::clone(&engine.reading), known };
        // What the engine reads may be less than what the device has.
        let of_engine = Anchors { reading: Arc::clone(&engine.reading), known: engine_known };
        let device = Store::new("device-store", move || {
            if IN_FILES {
                files_verifier(&provider, device_ca, listed.get_or_init(system::anchors))
            } else {
                device_verifier(provider, device_ca)
            }
        });
        Self {
            device: device.with(&anchors),
            public: Store::new("public-roots", move || public_verifier(&for_public, public_roots)),
            engine: Engine { store: engine.with(&of_engine), doubt },
            anchors,
        }
    }

    /// Begins to read all of them, if that has not begun. Does not wait.
    pub(super) fn begin(&self) {
        self.public.begin();
        self.device.begin();
        self.engine.store.begin();
    }

    /// The device's authorities that bear the name of one of the chain and are not in it; nothing where they
    /// are not known within `patience`.
    pub(super) async fn namesakes(&self, chain: Chain, patience: Duration) -> Vec<Certificate> {
        let Some(known) = timeout(patience, self.anchors.get()).await.ok().flatten() else {
            return Vec::new();
        };
        let read = tokio::task::spawn_blocking(move || certificate::namesakes(&known, &chain));
        read.await.unwrap_or_default()
    }
}

fn device_verifier(provider: Arc<CryptoProvider>, extra: Vec<CertificateDer<'static>>) -> Verifier {
    // On Windows the other form makes a second engine, for which an empty set of roots is not a valid parameter.
    let made = if extra.is_empty() {
        rustls_platform_verifier::Verifier::new(provider)
    } else {
        rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider)
    };
    made.map(|v| Arc::new(v) as Arc<dyn ServerCertVerifier>).map_err(|e| sanitise::line(&e.to_string(), 200))
}

/// The store of a system that has its authorities in files, as its verifier makes it: what was given for it must be
/// usable, and what cannot be used of its own is passed over.
fn files_verifier(
    provider: &Arc<CryptoProvider>,
    extra: Vec<CertificateDer<'static>>,
    own: &[CertificateDer<'static>],
) -> Verifier {
    let mut roots = RootCertStore::empty();
    for certificate in extra {
        roots.add(certificate).map_err(|e| sanitise::line(&e.to_string(), 200))?;
    }
    roots.add_parsable_certificates(own.iter().cloned());
    if roots.is_empty() {
        return Err("no certificate of an authority could be read from this system".to_owned());
    }
    verifier_of(provider, roots)
}

fn public_verifier(
    provider: &Arc<CryptoProvider>,
    instead: Option<Vec<CertificateDer<'static>>>,
) -> Verifier {
    roots_verifier(provider, instead, Vec::new())
}

/// The public roots, or what stands in their place, and `more`.
fn roots_verifier(
    provider: &Arc<CryptoProvider>,
    instead: Option<Vec<CertificateDer<'static>>>,
    more: Vec<CertificateDer<'static>>,
) -> Verifier {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(more);
    match instead {
        Some(certificates) => {
            roots.add_parsable_certificates(certificates);
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    verifier_of(provider, roots)
}

fn verifier_of(provider: &Arc<CryptoProvider>, roots: RootCertStore) -> Verifier {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map(|v| v as Arc<dyn ServerCertVerifier>)
        .map_err(|e| e.to_string())
}

fn ask(
    verifier: &dyn ServerCertVerifier,
    chain: &[CertificateDer<'static>],
    name: &ServerName<'_>,
    now: UnixTime,
) -> Trust {
    let Some((leaf, rest)) = chain.split_first() else {
        return Trust::Rejected { error: "no certificate was sent".to_owned() };
    };
    match verifier.verify_server_cert(leaf, rest, name, &[], now) {
        Ok(_) => Trust::Accepted,
        Err(rustls::Error::InvalidCertificate(error)) => match translate(&error) {
            // Windows has one number for both ends of a validity.
            Trust::Expired if certificate::begins_later(chain, now) => Trust::NotYetValid,
            trust => trust,
        },
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
        CertificateError::Other(error) => of_windows(&error.to_string()),
        other => Trust::Rejected { error: sanitise::line(&other.to_string(), 300) },
    }
}

/// What Windows says in a number that the verifier has no word for (`winerror.h`).
fn of_windows(error: &str) -> Trust {
    /// CERT_E_CHAINING: no chain leads to an authority.
    const CHAINING: u32 = 0x800b_010a;
    /// CRYPT_E_NO_REVOCATION_CHECK, CRYPT_E_REVOCATION_OFFLINE, CERT_E_REVOCATION_FAILURE: nothing is said of the rest.
    const REVOCATION: [u32; 3] = [0x8009_2012, 0x8009_2013, 0x800b_010e];
    let is = |number: &u32| error.ends_with(&format!("(os error {})", number.cast_signed()));
    let text = sanitise::line(error, 300);
    if is(&CHAINING) {
        Trust::UnknownIssuer
    } else if REVOCATION.iter().any(is) {
        Trust::Unavailable { error: format!("whether it was revoked could not be found out: {text}") }
    } else {
        Trust::Rejected { error: text }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified};
    use rustls::{DigitallySignedStruct, SignatureScheme};

    use super::*;

    /// Says nothing for a while, as the operating system does when revocation cannot be fetched, and then this.
    #[derive(Debug)]
    struct Says(Duration, Option<CertificateError>);

    impl ServerCertVerifier for Says {
        fn verify_server_cert(
            &self,
            _end_entity: &CertificateDer<'_>,
            _intermediates: &[CertificateDer<'_>],
            _name: &ServerName<'_>,
            _ocsp: &[u8],
            _now: UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            std::thread::sleep(self.0);
            match &self.1 {
                Some(error) => Err(rustls::Error::InvalidCertificate(error.clone())),
                None => Ok(ServerCertVerified::assertion()),
            }
        }

        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _cert: &CertificateDer<'_>,
            _dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _message: &[u8],
            _cert: &CertificateDer<'_>,
            _dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            Vec::new()
        }
    }

    async fn judged(store: &Store, patience: u64) -> Trust {
        let chain: Chain = Arc::new([CertificateDer::from(vec![0])]);
        let name = ServerName::try_from("service.example").unwrap();
        store.judge(chain, name, Duration::from_millis(patience)).await
    }

    fn late(trust: &Trust) -> bool {
        matches!(trust, Trust::Unavailable { error } if error == "no answer within 50 ms")
    }

    #[tokio::test]
    async fn a_store_that_takes_its_time_is_unavailable() {
        let slow: Arc<dyn ServerCertVerifier> = Arc::new(Says(Duration::from_millis(300), None));
        let store = Store::new("slow", move || Ok(slow));
        assert!(late(&judged(&store, 50).await));
        assert_eq!(judged(&store, 10_000).await, Trust::Accepted);
    }

    #[tokio::test]
    async fn a_store_that_is_never_read_blocks_nobody() {
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let store = Store::new("stuck", move || {
            ended.recv().ok();
            Err("given up".to_owned())
        });
        assert!(!store.is_readable());
        assert!(late(&judged(&store, 50).await));
        drop(end);
        assert_eq!(judged(&store, 10_000).await, Trust::Unavailable { error: "given up".to_owned() });
        assert!(!store.is_readable());
    }

    #[test]
    fn a_validity_that_has_not_begun_has_not_ended() {
        let issued = rcgen::generate_simple_self_signed(["service.example".to_owned()]).unwrap();
        let chain = [issued.cert.der().clone()];
        let name = ServerName::try_from("service.example").unwrap();
        // As Windows says of every time outside of the validity.
        let outside = Says(Duration::ZERO, Some(CertificateError::Expired));
        let at =
            |seconds| ask(&outside, &chain, &name, UnixTime::since_unix_epoch(Duration::from_secs(seconds)));
        // Its validity begins in 1975.
        assert_eq!(at(1_000_000), Trust::NotYetValid);
        assert_eq!(at(1_000_000_000_000), Trust::Expired);
    }

    #[tokio::test]
    async fn a_server_may_show_what_the_store_holds() {
        let mut params = rcgen::CertificateParams::new(vec!["service.example".to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let shown = params.self_signed(&key).unwrap().der().clone();
        let other = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().clone();
        let store = |held: &CertificateDer<'static>| {
            let held = vec![held.clone()];
            let (_, known) = watch::channel(Some(Arc::from(held.clone())));
            Store::of(held).with(&Anchors { reading: Later::new("nothing", || ()), known })
        };
        let says = async |store: Store, name: &str, at: u64| {
            let name = ServerName::try_from(name.to_owned()).unwrap();
            let at = UnixTime::since_unix_epoch(Duration::from_secs(at));
            store.judge_at(Arc::new([shown.clone()]), name, at, Duration::from_secs(10)).await
        };
        const NOW: u64 = 1_800_000_000;
        assert_eq!(says(store(&shown), "service.example", NOW).await, Trust::Accepted);
        assert_eq!(says(store(&shown), "elsewhere.example", NOW).await, Trust::NameMismatch);
        assert_eq!(says(store(&shown), "service.example", 1_000_000).await, Trust::NotYetValid);
        assert_eq!(says(store(&shown), "service.example", 1_000_000_000_000).await, Trust::Expired);
        // One of the same name and another key is not it.
        let trust = says(store(&other), "service.example", NOW).await;
        assert!(matches!(&trust, Trust::Rejected { .. } | Trust::UnknownIssuer), "{trust:?}");
        // One that is in another list than the store's own, as the engine's is another than the device's.
        let none: Arc<[CertificateDer<'static>]> = Arc::new([]);
        let (_, known) = watch::channel(Some(none));
        let of_another =
            Store::of(vec![shown.clone()]).with(&Anchors { reading: Later::new("nothing", || ()), known });
        assert!(matches!(says(of_another, "service.example", NOW).await, Trust::Rejected { .. }));
        // Without the list of its authorities nothing is added to what the verifier says.
        let alone = says(Store::of(vec![shown.clone()]), "service.example", NOW).await;
        assert!(
            matches!(&alone, Trust::Rejected { error } if error.contains(AUTHORITY_IN_PLACE)),
            "{alone:?}"
        );
    }

    #[test]
    fn numbers_of_windows_are_told_apart() {
        assert_eq!(of_windows("A chain. (os error -2146762486)"), Trust::UnknownIssuer);
        for number in [-2146885614, -2146885613, -2146762482] {
            let trust = of_windows(&format!("Sperrung unbekannt. (os error {number})"));
            assert!(
                matches!(&trust, Trust::Unavailable { error } if error.contains("Sperrung")),
                "{trust:?}"
            );
        }
        let rejected = of_windows("Kein Zertifikat. (os error -2146762485)");
        assert_eq!(rejected, Trust::Rejected { error: "Kein Zertifikat. (os error -2146762485)".to_owned() });
    }

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
