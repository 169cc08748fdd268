//! Signatures on certificates, each verified once: the stores that judge a chain have most of them in common, and so have
//! the chains of hosts that one authority signed.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

/// Signatures that are kept; those of a long list of hosts.
const MOST: usize = 512;
/// Longer certificates are verified each time.
const LONGEST: usize = 8 * 1024;

/// What was signed, whose key signed it, and the signature.
type Signed = (usize, Vec<u8>, Vec<u8>, Vec<u8>);

/// An algorithm that remembers what it verified.
#[derive(Debug)]
struct Remembering {
    /// Its place among all.
    number: usize,
    algorithm: &'static dyn SignatureVerificationAlgorithm,
}

static VERIFIED: LazyLock<Mutex<HashMap<Signed, Arc<OnceLock<bool>>>>> = LazyLock::new(Mutex::default);

static REMEMBERING: LazyLock<Vec<Remembering>> = LazyLock::new(|| {
    let all = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.all;
    all.iter().enumerate().map(|(number, algorithm)| Remembering { number, algorithm: *algorithm }).collect()
});

static ALL: LazyLock<Vec<&'static dyn SignatureVerificationAlgorithm>> =
    LazyLock::new(|| REMEMBERING.iter().map(|a| a as &dyn SignatureVerificationAlgorithm).collect());

impl SignatureVerificationAlgorithm for Remembering {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        if key.len() + message.len() + signature.len() > LONGEST {
            return self.algorithm.verify_signature(key, message, signature);
        }
        let signed = (self.number, key.to_vec(), message.to_vec(), signature.to_vec());
        let known = {
            let mut verified = VERIFIED.lock().unwrap_or_else(PoisonError::into_inner);
            if verified.len() >= MOST {
                verified.clear();
            }
            Arc::clone(verified.entry(signed).or_default())
        };
        // Beside the lock: who asks for the same meanwhile waits for it, and nobody else does.
        let is_good = known.get_or_init(|| self.algorithm.verify_signature(key, message, signature).is_ok());
        if *is_good { Ok(()) } else { Err(InvalidSignature) }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }

    fn fips(&self) -> bool {
        self.algorithm.fips()
    }
}

/// The cryptographic provider for stores: it verifies each signature on a certificate once.
pub(super) fn provider() -> CryptoProvider {
    let own = rustls::crypto::aws_lc_rs::default_provider();
    let mapping = own.signature_verification_algorithms.mapping;
    let signature_verification_algorithms = WebPkiSupportedAlgorithms { all: &ALL, mapping };
    CryptoProvider { signature_verification_algorithms, ..own }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static ASKED: AtomicUsize = AtomicUsize::new(0);

    #[derive(Debug)]
    struct Counting;

    impl SignatureVerificationAlgorithm for Counting {
        fn verify_signature(&self, _: &[u8], _: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
            ASKED.fetch_add(1, Ordering::SeqCst);
            if signature == b"good" { Ok(()) } else { Err(InvalidSignature) }
        }

        fn public_key_alg_id(&self) -> AlgorithmIdentifier {
            rustls::pki_types::alg_id::ECDSA_P256
        }

        fn signature_alg_id(&self) -> AlgorithmIdentifier {
            rustls::pki_types::alg_id::ECDSA_SHA256
        }
    }

    #[test]
    fn a_signature_is_verified_once_and_no_other_passes_for_it() {
        let once = Remembering { number: usize::MAX, algorithm: &Counting };
        for (key, message, signature, is_good, asked) in [
            (&b"key"[..], &b"text"[..], &b"good"[..], true, 1),
            (b"key", b"text", b"good", true, 1),
            // The same bytes in other places.
            (b"keyt", b"ext", b"good", true, 2),
            (b"key", b"text", b"bad", false, 3),
            (b"key", b"text", b"bad", false, 3),
            (b"key", b"text!", b"bad", false, 4),
        ] {
            assert_eq!(once.verify_signature(key, message, signature).is_ok(), is_good);
            assert_eq!(ASKED.load(Ordering::SeqCst), asked);
        }
        // Another algorithm shares nothing, and what is long is not kept.
        let other = Remembering { number: usize::MAX - 1, algorithm: &Counting };
        assert!(other.verify_signature(b"key", b"text", b"good").is_ok());
        let long = vec![0; LONGEST];
        for _ in 0..2 {
            assert!(once.verify_signature(b"key", &long, b"good").is_ok());
        }
        assert_eq!(ASKED.load(Ordering::SeqCst), 7);
    }

    #[test]
    fn every_algorithm_is_there_and_the_store_has_them() {
        let own = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        let all = provider().signature_verification_algorithms.all;
        assert_eq!(all.len(), own.all.len());
        for (own, remembering) in own.all.iter().zip(all) {
            assert_eq!(own.signature_alg_id(), remembering.signature_alg_id());
            assert_eq!(own.public_key_alg_id(), remembering.public_key_alg_id());
        }
    }
}
