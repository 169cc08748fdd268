//! The laboratory's certificate authorities and the certificates its servers show, right or wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::outcome::Context;

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
}

impl Authority {
    const ALL: [Self; 4] = [Self::Public, Self::Second, Self::Corporate, Self::Inspector];

    const fn stem(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Second => "second",
            Self::Corporate => "corporate",
            Self::Inspector => "inspector",
        }
    }

    const fn organisation(self) -> &'static str {
        match self {
            Self::Public => "Laboratory Public Trust",
            Self::Second => "Second Laboratory Trust",
            Self::Corporate => "Example Corporation",
            Self::Inspector => "Example Corporation Web Gateway",
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
            let root_issuer = Issuer::new(root, root_key);
            let issuing_certificate =
                issuing.signed_by(&issuing_key, &root_issuer).context("issuing certificate")?;
            let write = |what: &str, text: String| {
                fs::write(folder.join(format!("{}-{what}.pem", authority.stem())), text).context(what)
            };
            write("root", root_certificate.pem())?;
            write("issuing", issuing_certificate.pem())?;
            write("issuing-key", issuing_key.serialize_pem())?;
        }
        Ok(Self { folder: folder.to_owned() })
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

    /// Issues what a server of this name shows.
    pub fn issue(&self, name: &str, certificate: Certificate) -> Outcome<Issued> {
        let key = KeyPair::generate().context("leaf key")?;
        let shown = if certificate == Certificate::WrongName { "elsewhere.example" } else { name };
        let mut params = CertificateParams::new(vec![shown.to_owned()]).context("leaf name")?;
        params.distinguished_name.push(DnType::CommonName, shown);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let now = SystemTime::now();
        let (from, until) = match certificate {
            Certificate::Expired => (now - 100 * DAY, now - 10 * DAY),
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
            Certificate::PrivateCa => Authority::Corporate,
            Certificate::Inspected => Authority::Inspector,
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
        let leaf = params.signed_by(&key, &issuer).context("leaf")?;
        let chain_pem = match certificate {
            Certificate::Incomplete => leaf.pem(),
            _ => leaf.pem() + &issuing_pem,
        };
        Ok(Issued { chain_pem, key_pem })
    }
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
