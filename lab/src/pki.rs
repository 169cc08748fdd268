//! The laboratory's certificate authorities and the certificates its servers show, right or wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, PKCS_RSA_SHA256,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::outcome::Context;

/// The name in the one certificate of a box.
const BOX: &str = "box.guest.example";
/// The customer's gateway, as `lab/world.toml` names it.
const GATEWAY: &str = "llm.corp.example";

const DAY: Duration = Duration::from_secs(86_400);

/// An authority of the laboratory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// Stands for the public roots of the world outside.
    Public,
    /// A second public root, of another operator.
    Second,
    /// The customer's own authority, for servers inside.
    Corporate,
    /// The authority of a box that inspects TLS.
    Inspector,
    /// The same by its name, before its key was renewed.
    InspectorBefore,
    /// The certificate that a server of the customer's made for itself, installed on the device.
    Itself,
}

impl Authority {
    /// Those that issue certificates.
    const ALL: [Self; 5] =
        [Self::Public, Self::Second, Self::Corporate, Self::Inspector, Self::InspectorBefore];

    const fn stem(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Second => "second",
            Self::Corporate => "corporate",
            Self::Inspector => "inspector",
            Self::InspectorBefore => "inspector-before",
            Self::Itself => "itself",
        }
    }

    const fn organisation(self) -> &'static str {
        match self {
            Self::Public => "Laboratory Public Trust",
            Self::Second => "Second Laboratory Trust",
            Self::Corporate | Self::Itself => "Example Corporation",
            Self::Inspector | Self::InspectorBefore => "Example Corporation Web Gateway",
        }
    }
}

/// What is right or wrong with the certificate a server shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificate {
    /// Valid, from a public root, with its intermediate.
    #[default]
    Public,
    /// The same from the second public root.
    Second,
    /// Ended ten days ago.
    Expired,
    /// Begins in ten days.
    NotYetValid,
    /// Valid, but for another name.
    WrongName,
    /// Signed by its own key.
    SelfSigned,
    /// From the customer's own authority.
    PrivateCa,
    /// From a box that inspects TLS.
    Inspected,
    /// Valid, from a public root, but the intermediate is not sent.
    Incomplete,
    /// The one certificate of a box, which signs itself: the same for every host.
    BoxSelfSigned,
    /// The one certificate of a box, from a public root and for its own name.
    BoxOtherName,
    /// Signed by its own key and marked as an authority, as `openssl req -x509` does: for the customer's gateway.
    Itself,
    /// From a box that inspects TLS, ended ten days ago.
    InspectedExpired,
    /// From the customer's own authority, signed with RSA and SHA-1.
    #[serde(rename = "sha-1")]
    Sha1,
    /// From the customer's own authority, with the name in the subject alone.
    CommonName,
    /// From an authority below the customer's that may issue for other names only.
    Constrained,
    /// Valid, from a public root, which is sent as well, signed by an older root that ended.
    CrossSigned,
    /// The same, from a root that no store has yet: only the certificate that ended leads to a public root.
    CrossSignedAlone,
}

/// A certificate chain and its key, as PEM.
pub struct Issued {
    /// The leaf, then what signed it; never the root.
    pub chain_pem: String,
    /// PKCS#8.
    pub key_pem: String,
}

impl Issued {
    /// The same in the types of the TLS library.
    pub fn der(&self) -> Outcome<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let chain = CertificateDer::pem_slice_iter(self.chain_pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .context("certificate chain")?;
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).context("private key")?;
        Ok((chain, key))
    }
}

/// A folder with the authorities' certificates and keys, shared by every process of one run.
#[derive(Debug, Clone)]
pub struct Pki {
    folder: PathBuf,
}

impl Pki {
    /// Makes new authorities in `folder`.
    pub fn create(folder: &Path) -> Outcome<Self> {
        fs::create_dir_all(folder).context("certificate folder")?;
        for authority in Authority::ALL {
            let (root, root_key) = authority_params(authority, "Root CA")?;
            let (issuing, issuing_key) = authority_params(authority, "Issuing CA 1")?;
            let root_certificate = root.self_signed(&root_key).context("root certificate")?;
            let write = |what: &str, text: String| {
                fs::write(folder.join(format!("{}-{what}.pem", authority.stem())), text).context(what)
            };
            if authority == Authority::Public {
                let (mut older, older_key) = authority_params(authority, "Root CA of before")?;
                older.not_after = (SystemTime::now() - 10 * DAY).into();
                write("cross", crossed(&root, &root_key, &Issuer::new(older, older_key))?)?;
            }
            write("root-key", root_key.serialize_pem())?;
            let root_issuer = Issuer::new(root, root_key);
            let issuing_certificate =
                issuing.signed_by(&issuing_key, &root_issuer).context("issuing certificate")?;
            write("root", root_certificate.pem())?;
            write("issuing", issuing_certificate.pem())?;
            write("issuing-key", issuing_key.serialize_pem())?;
        }
        let pki = Self { folder: folder.to_owned() };
        // Every process shows the same ones.
        for (of, name, from) in [
            (Certificate::BoxSelfSigned, BOX, Certificate::SelfSigned),
            (Certificate::BoxOtherName, BOX, Certificate::Public),
            (Certificate::Itself, GATEWAY, Certificate::SelfSigned),
        ] {
            let issued = pki.issue_as(name, from, of == Certificate::Itself)?;
            let (chain, key) = pki.of_box(of);
            fs::write(chain, issued.chain_pem).context("the box's certificate")?;
            fs::write(key, issued.key_pem).context("the box's key")?;
        }
        Ok(pki)
    }

    /// Opens what [`Pki::create`] made, from another process.
    pub fn open(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The public roots, all of them: what stands for the bundled set, and a device's usual store.
    pub fn public_roots(&self) -> Outcome<String> {
        [Authority::Public, Authority::Second]
            .map(|authority| self.root_file(authority))
            .iter()
            .map(|file| fs::read_to_string(file).with_context(|| file.display().to_string()))
            .collect()
    }

    /// The file with the root of an authority.
    pub fn root_file(&self, authority: Authority) -> PathBuf {
        self.folder.join(format!("{}-root.pem", authority.stem()))
    }

    /// Where a certificate that is made once for all processes and its key are.
    fn of_box(&self, certificate: Certificate) -> (PathBuf, PathBuf) {
        let (file, key) = match certificate {
            Certificate::BoxSelfSigned => ("box-self-signed.pem", "box-self-signed-key.pem"),
            Certificate::Itself => ("itself-root.pem", "itself-key.pem"),
            _ => ("box-other-name.pem", "box-other-name-key.pem"),
        };
        (self.folder.join(file), self.folder.join(key))
    }

    /// Issues what a server of this name shows.
    pub fn issue(&self, name: &str, certificate: Certificate) -> Outcome<Issued> {
        self.issue_as(name, certificate, false)
    }

    /// The same, marked as an authority where it is said so.
    fn issue_as(&self, name: &str, certificate: Certificate, authority: bool) -> Outcome<Issued> {
        if matches!(certificate, Certificate::BoxSelfSigned | Certificate::BoxOtherName | Certificate::Itself)
        {
            let (chain, key) = self.of_box(certificate);
            let read = |path: PathBuf| fs::read_to_string(&path).with_context(|| path.display().to_string());
            return Ok(Issued { chain_pem: read(chain)?, key_pem: read(key)? });
        }
        let key = KeyPair::generate().context("leaf key")?;
        let shown = if certificate == Certificate::WrongName { "elsewhere.example" } else { name };
        let names = if certificate == Certificate::CommonName { Vec::new() } else { vec![shown.to_owned()] };
        let mut params = CertificateParams::new(names).context("leaf name")?;
        params.distinguished_name.push(DnType::CommonName, shown);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        if authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        }
        let now = SystemTime::now();
        let (from, until) = match certificate {
            Certificate::Expired | Certificate::InspectedExpired => (now - 100 * DAY, now - 10 * DAY),
            Certificate::NotYetValid => (now + 10 * DAY, now + 100 * DAY),
            _ => (now - 2 * DAY, now + 80 * DAY),
        };
        params.not_before = from.into();
        params.not_after = until.into();
        let key_pem = key.serialize_pem();
        let authority = match certificate {
            Certificate::SelfSigned => {
                let leaf = params.self_signed(&key).context("self-signed leaf")?;
                return Ok(Issued { chain_pem: leaf.pem(), key_pem });
            }
            Certificate::PrivateCa
            | Certificate::Sha1
            | Certificate::CommonName
            | Certificate::Constrained => Authority::Corporate,
            Certificate::Inspected | Certificate::InspectedExpired => Authority::Inspector,
            Certificate::Second => Authority::Second,
            _ => Authority::Public,
        };
        let read = |what: &str| {
            let path = self.folder.join(format!("{}-{what}.pem", authority.stem()));
            fs::read_to_string(&path).with_context(|| path.display().to_string())
        };
        let issuing_pem = read("issuing")?;
        let issuing_key = KeyPair::from_pem(&read("issuing-key")?).context("issuing key")?;
        let issuer = Issuer::from_ca_cert_pem(&issuing_pem, issuing_key).context("issuing certificate")?;
        let chain_pem = match certificate {
            Certificate::Incomplete => params.signed_by(&key, &issuer).context("leaf")?.pem(),
            Certificate::Constrained => {
                let (mut below, below_key) = authority_params(authority, "Issuing CA for others")?;
                let permitted_subtrees = vec![GeneralSubtree::DnsName("elsewhere.example".to_owned())];
                below.name_constraints =
                    Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
                let certificate = below.signed_by(&below_key, &issuer).context("constrained authority")?;
                let leaf = params.signed_by(&key, &Issuer::new(below, below_key)).context("leaf")?;
                leaf.pem() + &certificate.pem() + &issuing_pem
            }
            Certificate::CrossSigned => {
                params.signed_by(&key, &issuer).context("leaf")?.pem() + &issuing_pem + &read("cross")?
            }
            Certificate::CrossSignedAlone => {
                let (young, young_key) = authority_params(authority, "Root CA of tomorrow")?;
                let root_key = KeyPair::from_pem(&read("root-key")?).context("root key")?;
                let root = Issuer::from_ca_cert_pem(&read("root")?, root_key).context("root certificate")?;
                let crossed = crossed(&young, &young_key, &root)?;
                let leaf = params.signed_by(&key, &Issuer::new(young, young_key)).context("leaf")?;
                leaf.pem() + &crossed
            }
            Certificate::Sha1 => {
                // No library here signs with SHA-1. A verifier looks at the algorithm before it looks at the
                // signature, so the name of the algorithm is enough.
                let rsa = KeyPair::generate_for(&PKCS_RSA_SHA256).context("RSA key")?;
                let issuer = Issuer::from_ca_cert_pem(&issuing_pem, rsa).context("issuing certificate")?;
                let leaf = params.signed_by(&key, &issuer).context("leaf")?;
                pem_of(&with_sha_1(leaf.der())?) + &issuing_pem
            }
            _ => params.signed_by(&key, &issuer).context("leaf")?.pem() + &issuing_pem,
        };
        Ok(Issued { chain_pem, key_pem })
    }
}

/// The certificate of a root that another root signed, ended ten days ago.
fn crossed(root: &CertificateParams, key: &KeyPair, by: &Issuer<'_, KeyPair>) -> Outcome<String> {
    let mut params = root.clone();
    params.not_after = (SystemTime::now() - 10 * DAY).into();
    Ok(params.signed_by(key, by).context("cross-signed root")?.pem())
}

/// The certificate, whose signature is said to be sha1WithRSAEncryption instead of sha256WithRSAEncryption
/// (RFC 8017, A.2.4): the identifiers differ in their last byte.
fn with_sha_1(der: &[u8]) -> Outcome<Vec<u8>> {
    const SHA_256: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    let mut der = der.to_vec();
    let places: Vec<usize> =
        der.windows(SHA_256.len()).enumerate().filter(|(_, w)| *w == SHA_256).map(|(at, _)| at).collect();
    if places.len() != 2 {
        return Err(format!("the algorithm stands {} times in the certificate, not twice", places.len()));
    }
    for at in places {
        der[at + SHA_256.len() - 1] = 5;
    }
    Ok(der)
}

fn pem_of(der: &[u8]) -> String {
    let text = crate::aws::base64(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|l| std::str::from_utf8(l).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn authority_params(authority: Authority, role: &str) -> Outcome<(CertificateParams, KeyPair)> {
    let mut params = CertificateParams::new(Vec::<String>::new()).context("authority")?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.distinguished_name.push(DnType::OrganizationName, authority.organisation());
    params.distinguished_name.push(DnType::CommonName, format!("{} {role}", authority.organisation()));
    let now = SystemTime::now();
    params.not_before = (now - 1000 * DAY).into();
    params.not_after = (now + 3000 * DAY).into();
    Ok((params, KeyPair::generate().context("authority key")?))
}
