//! Signed profiles (CMS, RFC 5652): the content inside, and the signer's name. Nothing is verified:
//! the device's management does that, and a report must not suggest that this program did.

use super::ber::{Broken, CONTEXT_0, Element, INTEGER, OCTETS, OID, Reader, SEQUENCE, SET};
use crate::config::error::{ConfigError, Place, shown};

/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.7.3
const ENVELOPED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];

/// Whether the bytes can only be an ASN.1 message: a SEQUENCE with a long or an indefinite length.
pub(crate) fn is_message(bytes: &[u8]) -> bool {
    matches!(bytes, [SEQUENCE, 0x80..=0x84, ..])
}

/// What a signed message holds.
#[derive(Debug)]
pub(crate) struct Signed {
    /// The content, as it was signed.
    pub content: Vec<u8>,
    /// The name in the signer's certificate, fit to be printed; nothing when the message does not
    /// carry that certificate. It is what the file claims.
    pub signer: Option<String>,
}

/// The content of a signed message, DER or BER.
///
/// # Errors
/// A message that is cut off or broken, an encrypted one, one without content, and DER that is
/// something else.
pub(crate) fn read(bytes: &[u8], file: &str) -> Result<Signed, ConfigError> {
    message(bytes).map_err(|problem| problem.at(file))
}

/// Decodes `-----BEGIN …-----` and reads the message inside.
///
/// # Errors
/// As [`read`], and text between the lines that is no Base64.
pub(crate) fn read_pem(text: &str, file: &str) -> Result<Signed, ConfigError> {
    match x509_parser::pem::parse_x509_pem(text.trim_start().as_bytes()) {
        Ok((_, pem)) => read(&pem.contents, file),
        Err(_) => Err(ConfigError::Syntax {
            place: Place::file(file),
            format: "PEM",
            what: "the text between the BEGIN and END lines is no Base64, or a line is missing".to_owned(),
            next: "Export the signed profile again; mail programs and editors break such files".to_owned(),
        }),
    }
}

enum Problem {
    Broken(Broken),
    Encrypted,
    Detached,
    Other,
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl Problem {
    fn at(self, file: &str) -> ConfigError {
        let place = Place::file(file);
        let unsigned = "or pass the profile as it was before it was signed";
        let (what, next) = match self {
            Self::Broken(broken) => {
                let what = match broken {
                    Broken::CutOff => "the signed message (CMS) ends too early",
                    Broken::Malformed => "the signed message (CMS) is damaged",
                    Broken::TooDeep => "the signed message (CMS) is nested deeper than any real one",
                    Broken::TooMany => "the signed message (CMS) has more parts than any real one",
                };
                return ConfigError::Syntax {
                    place,
                    format: "signed profile",
                    what: what.to_owned(),
                    next: format!("Export it again, {unsigned}"),
                };
            }
            Self::Encrypted => (
                "this is an encrypted profile, which only the device it was made for can open",
                format!("Export it without encryption, {unsigned}"),
            ),
            Self::Detached => (
                "this is a signature without the profile that it signs",
                "Pass the profile that came with it".to_owned(),
            ),
            Self::Other => (
                "this is ASN.1, but no signed profile (a certificate or a key looks like this)",
                super::sniff::ACCEPTED.to_owned(),
            ),
        };
        ConfigError::NotConfiguration { place, what: what.to_owned(), next }
    }
}

fn message(bytes: &[u8]) -> Result<Signed, Problem> {
    let mut reader = Reader::new();
    let (outer, _) = reader.element(bytes)?;
    let (kind, rest) = reader.element(outer.content)?;
    if kind.tag != OID {
        return Err(Problem::Other);
    }
    match kind.content {
        SIGNED_DATA => {}
        ENVELOPED_DATA => return Err(Problem::Encrypted),
        _ => return Err(Problem::Other),
    }
    let (explicit, _) = reader.element(rest)?;
    let (signed, _) = reader.element(explicit.content)?;
    if explicit.tag != CONTEXT_0 || signed.tag != SEQUENCE {
        return Err(Problem::Broken(Broken::Malformed));
    }
    let mut content = None;
    let mut certificates: &[u8] = &[];
    let mut signers: &[u8] = &[];
    let mut sets = 0;
    for part in reader.all(signed.content)? {
        match part.tag {
            SEQUENCE => content = inner(&mut reader, &part)?,
            CONTEXT_0 => certificates = part.content,
            // The first set names digests, the last one holds the signers.
            SET => {
                sets += 1;
                if sets == 2 {
                    signers = part.content;
                }
            }
            _ => {}
        }
    }
    let content = content.ok_or(Problem::Detached)?;
    // A name that cannot be read is no reason to refuse the profile.
    let signer = signer(&mut reader, certificates, signers).unwrap_or_default();
    Ok(Signed { content, signer })
}

/// The octets of an EncapsulatedContentInfo; nothing when it has none.
fn inner(reader: &mut Reader, info: &Element<'_>) -> Result<Option<Vec<u8>>, Broken> {
    let (_, rest) = reader.element(info.content)?;
    if rest.is_empty() {
        return Ok(None);
    }
    let (explicit, _) = reader.element(rest)?;
    let (octets, _) = reader.element(explicit.content)?;
    let mut content = Vec::with_capacity(if octets.tag == OCTETS { octets.content.len() } else { 0 });
    reader.octets(&octets, &mut content)?;
    Ok(Some(content))
}

/// The subject of the first signer's certificate.
fn signer(reader: &mut Reader, certificates: &[u8], signers: &[u8]) -> Result<Option<String>, Broken> {
    if signers.is_empty() {
        return Ok(None);
    }
    let (info, _) = reader.element(signers)?;
    let parts = reader.all(info.content)?;
    let Some(id) = parts.get(1) else { return Ok(None) };
    let mut rest = certificates;
    while !rest.is_empty() {
        let (certificate, after) = reader.element(rest)?;
        rest = after;
        let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate.whole) else { continue };
        if !is_of(reader, id, &parsed)? {
            continue;
        }
        let name = parsed.subject().iter_common_name().next().and_then(|n| n.as_str().ok());
        let name = name.map_or_else(|| parsed.subject().to_string(), str::to_owned);
        return Ok(Some(shown(&name)).filter(|n| !n.is_empty()));
    }
    Ok(None)
}

/// Whether a SignerIdentifier means the certificate: by issuer and serial number, or by key.
fn is_of(
    reader: &mut Reader,
    id: &Element<'_>,
    certificate: &x509_parser::certificate::X509Certificate<'_>,
) -> Result<bool, Broken> {
    if id.tag == SEQUENCE {
        let parts = reader.all(id.content)?;
        return Ok(match parts.as_slice() {
            [issuer, serial, ..] if serial.tag == INTEGER => {
                issuer.whole == certificate.issuer().as_raw() && serial.content == certificate.raw_serial()
            }
            _ => false,
        });
    }
    let key = certificate.extensions().iter().find_map(|e| match e.parsed_extension() {
        x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier(key) => Some(key.0),
        _ => None,
    });
    Ok(key == Some(id.content))
}
