//! The authorities of this device, one by one: the verifiers of operating systems judge a chain, and do not say
//! which authorities they know.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::program;

/// Authorities that are read at most; systems have some 150.
const MOST: usize = 2000;
/// The keychain that the engine reads on macOS; the user's own is not read.
const KEYCHAIN: &str = "/Library/Keychains/System.keychain";

/// The authorities that this device trusts, as far as they can be listed; nothing where they cannot.
pub(in crate::probe) fn of_device() -> Vec<CertificateDer<'static>> {
    let mut found = rustls_native_certs::load_native_certs().certs;
    found.truncate(MOST);
    found
}

/// Those beside the public roots that the engine trusts, of `device`, the device's own: on macOS what is in the
/// System keychain, elsewhere the system's roots.
///
/// # Errors
/// Why they are not known, in plain words.
pub(in crate::probe) fn of_engine(
    device: &[CertificateDer<'static>],
) -> Result<Vec<CertificateDer<'static>>, String> {
    if std::env::consts::OS == "macos" {
        return program::output("/usr/bin/security", &["find-certificate", "-a", "-p", KEYCHAIN])
            .map(|text| read(&text));
    }
    if device.is_empty() {
        return Err("the system's authorities could not be listed".to_owned());
    }
    Ok(device.to_vec())
}

/// The certificates in what `security find-certificate -p` prints; what is not one is passed over.
fn read(text: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(text.as_bytes()).filter_map(Result::ok).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_keychain_is_read_as_pem() {
        let one = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n";
        assert_eq!(read(&format!("keychain: x\n{one}{one}")).len(), 2);
        assert_eq!(read("").len(), 0);
        // As `security find-certificate -a -p` prints it, with one that is damaged and one that is cut off.
        let bad = "-----BEGIN CERTIFICATE-----\n\u{1b}[31m not base64 \u{fffd}\n-----END CERTIFICATE-----\n";
        let cut = "-----BEGIN CERTIFICATE-----\nAAEC";
        for text in [format!("{one}{bad}{one}{cut}"), format!("{one}{bad}{one}{cut}").replace('\n', "\r\n")] {
            let found = read(&text);
            assert_eq!(found.len(), 2, "a damaged certificate hides none after it");
            assert!(found.iter().all(|der| der.as_ref() == [0, 1, 2]));
        }
        assert_eq!(read(&one.repeat(MOST + 500)).len(), MOST);
    }

    #[test]
    fn without_a_list_the_engine_is_not_tested() {
        if std::env::consts::OS != "macos" {
            assert!(of_engine(&[]).unwrap_err().contains("could not be listed"));
            assert_eq!(of_engine(&[CertificateDer::from(vec![0])]).unwrap().len(), 1);
        }
    }
}
