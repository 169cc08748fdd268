//! Reads a certificate into a record. Every text of it is the peer's, so all of it is sanitised
//! and bounded.

use std::net::{Ipv4Addr, Ipv6Addr};

use rustls::SupportedCipherSuite;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::pki_types::{CertificateDer, UnixTime};
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::oid_registry::{OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS, OID_PKIX_ACCESS_DESCRIPTOR_OCSP};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::observation::Certificate;

use super::sanitise;

/// Certificates of a chain that are kept; real chains have two to four.
const CHAIN: usize = 10;
/// Names of a certificate that are kept.
const NAMES: usize = 20;
/// Authorities of one name that are kept.
const NAMESAKES: usize = 4;
/// Hosts of a certificate that say whether it was revoked, and are kept.
const REVOCATION: usize = 4;
/// Characters of a subject, an issuer, a name.
const TEXT: usize = 256;

/// Reads a chain, leaf first.
pub(super) fn read_chain(chain: &[CertificateDer<'_>]) -> Vec<Certificate> {
    chain.iter().take(CHAIN).map(|der| read(der.as_ref())).collect()
}

/// Whether the validity of one of a chain begins after `now`.
pub(super) fn begins_later(chain: &[CertificateDer<'_>], now: UnixTime) -> bool {
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    read_chain(chain).iter().any(|certificate| certificate.not_before > now)
}

/// Reads one certificate; what cannot be read is left empty, the hash is always there.
fn read(der: &[u8]) -> Certificate {
    let mut record = Certificate {
        subject: String::new(),
        issuer: String::new(),
        not_before: 0,
        not_after: 0,
        names: Vec::new(),
        name_count: 0,
        sha256: sha256(der),
        self_issued: false,
        ca: false,
        issuer_url: None,
        revocation: Vec::new(),
        key_id: None,
        issuer_key_id: None,
    };
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        record.subject = "(not readable)".to_owned();
        return record;
    };
    record.subject = sanitise::line(&certificate.subject().to_string(), TEXT);
    record.issuer = sanitise::line(&certificate.issuer().to_string(), TEXT);
    record.not_before = certificate.validity().not_before.timestamp();
    record.not_after = certificate.validity().not_after.timestamp();
    record.self_issued = certificate.subject().as_raw() == certificate.issuer().as_raw();
    record.ca = certificate.is_ca();
    for extension in certificate.iter_extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(san) => {
                for name in san.general_names.iter().filter_map(name) {
                    record.name_count += 1;
                    if record.names.len() < NAMES {
                        record.names.push(name);
                    }
                }
            }
            ParsedExtension::AuthorityInfoAccess(aia) => {
                record.issuer_url = aia
                    .accessdescs
                    .iter()
                    .filter(|d| d.access_method == OID_PKIX_ACCESS_DESCRIPTOR_CA_ISSUERS)
                    .find_map(|d| match d.access_location {
                        GeneralName::URI(uri) => Some(sanitise::line(uri, TEXT)),
                        _ => None,
                    });
                let ocsp =
                    aia.accessdescs.iter().filter(|d| d.access_method == OID_PKIX_ACCESS_DESCRIPTOR_OCSP);
                revocation(&mut record, ocsp.map(|d| &d.access_location));
            }
            ParsedExtension::CRLDistributionPoints(points) => {
                for point in points.iter() {
                    if let Some(DistributionPointName::FullName(names)) = &point.distribution_point {
                        revocation(&mut record, names.iter());
                    }
                }
            }
            ParsedExtension::SubjectKeyIdentifier(id) => record.key_id = hexadecimal(id.0),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                record.issuer_key_id = id.key_identifier.as_ref().and_then(|id| hexadecimal(id.0));
            }
            _ => {}
        }
    }
    record
}

/// Reads those of `anchors` that bear the name of an authority of the chain, leaf first, and are not in it.
pub(super) fn namesakes(
    anchors: &[CertificateDer<'static>],
    chain: &[CertificateDer<'static>],
) -> Vec<Certificate> {
    let mut wanted: Vec<Vec<u8>> = Vec::new();
    for (n, der) in chain.iter().take(CHAIN).enumerate() {
        let Ok((_, certificate)) = X509Certificate::from_der(der) else { continue };
        wanted.push(certificate.issuer().as_raw().to_vec());
        if n > 0 {
            wanted.push(certificate.subject().as_raw().to_vec());
        }
    }
    let is_wanted = |der: &&CertificateDer<'static>| {
        X509Certificate::from_der(der).is_ok_and(|(_, c)| wanted.iter().any(|w| w == c.subject().as_raw()))
    };
    let others = anchors.iter().filter(|der| !chain.contains(der)).filter(is_wanted);
    others.take(NAMESAKES).map(|der| read(der.as_ref())).collect()
}

/// Keeps the hosts of the addresses at which an authority says what it revoked.
fn revocation<'a>(record: &mut Certificate, addresses: impl Iterator<Item = &'a GeneralName<'a>>) {
    for address in addresses {
        let GeneralName::URI(uri) = address else { continue };
        // Directories (ldap) are asked by domain members alone.
        let host = url::Url::parse(uri).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(host) = host.as_ref().and_then(url::Url::host_str).map(|host| sanitise::line(host, TEXT))
        else {
            continue;
        };
        if record.revocation.len() < REVOCATION && !record.revocation.contains(&host) {
            record.revocation.push(host);
        }
    }
}

/// An identifier of a key: 20 bytes as a rule, at most 32 are kept.
fn hexadecimal(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| bytes.iter().take(32).map(|b| format!("{b:02x}")).collect())
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(n) => Some(sanitise::line(n, TEXT)),
        GeneralName::IPAddress(bytes) => {
            if let Ok(v4) = <[u8; 4]>::try_from(*bytes) {
                Some(Ipv4Addr::from(v4).to_string())
            } else {
                <[u8; 16]>::try_from(*bytes).ok().map(|v6| Ipv6Addr::from(v6).to_string())
            }
        }
        _ => None,
    }
}

/// SHA-256 in lower-case hexadecimal, by the TLS library's own implementation.
fn sha256(bytes: &[u8]) -> String {
    let SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256 else { return String::new() };
    suite.common.hash_provider.hash(bytes).as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_hash_is_sha_256() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn authorities_of_the_same_name_are_found_and_told_by_their_keys() {
        use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
        let authority = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
        };
        let (old, new, other) = (authority("Corp CA"), authority("Corp CA"), authority("Other CA"));
        let mut params = CertificateParams::new(vec!["service.example".to_owned()]).unwrap();
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&KeyPair::generate().unwrap(), &new).unwrap();
        let anchors = [old.der().clone(), other.der().clone(), new.der().clone()];
        let alone = namesakes(&anchors, &[leaf.der().clone()]);
        assert_eq!(
            alone.iter().map(|c| c.sha256.as_str()).collect::<Vec<_>>(),
            [sha256(old.der()), sha256(new.der())]
        );
        let whole = namesakes(&anchors, &[leaf.der().clone(), new.der().clone()]);
        assert_eq!(whole.iter().map(|c| c.sha256.clone()).collect::<Vec<_>>(), [sha256(old.der())]);
        let signer = read(leaf.der()).issuer_key_id.unwrap();
        assert_eq!(Some(&signer), read(new.der()).key_id.as_ref());
        assert_ne!(Some(&signer), whole[0].key_id.as_ref());
    }

    #[test]
    fn the_hosts_that_say_what_was_revoked_are_kept_without_path_and_directory() {
        use rcgen::{CertificateParams, CrlDistributionPoint, CustomExtension, KeyPair};
        let mut params = CertificateParams::new(vec!["service.example".to_owned()]).unwrap();
        let point =
            |uris: &[&str]| CrlDistributionPoint { uris: uris.iter().map(|u| (*u).to_owned()).collect() };
        params.crl_distribution_points = vec![
            point(&[
                "ldap://dc.corp.example/cn=ca",
                "http://CRL.ca.example/1.crl?x",
                "http://crl.ca.example/2.crl",
            ]),
            point(&[
                "http://a.example/",
                "http://b.example/",
                "http://c.example/",
                "http://d.example/",
                "no address",
            ]),
        ];
        // Authority information access with one OCSP responder (RFC 5280, 4.2.2.1).
        let uri = b"http://ocsp.ca.example/";
        let mut access =
            vec![0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x86, uri.len() as u8];
        access.extend(uri);
        let inner = [vec![0x30, access.len() as u8], access].concat();
        let content = [vec![0x30, inner.len() as u8], inner].concat();
        params
            .custom_extensions
            .push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content));
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let mut found = read(der.der()).revocation;
        assert_eq!(found.len(), REVOCATION, "{found:?}");
        found.sort();
        assert!(found.contains(&"crl.ca.example".to_owned()), "{found:?}");
        assert!(!found.iter().any(|host| host.contains("dc.corp") || host.contains('/')), "{found:?}");
    }

    #[test]
    fn rubbish_is_recorded_as_unreadable() {
        let record = read(b"not a certificate");
        assert_eq!((record.subject.as_str(), record.sha256.len()), ("(not readable)", 64));
    }
}
