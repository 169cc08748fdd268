//! What a trust store says, in words.

use time::OffsetDateTime;

use crate::observation::Trust;

/// Whether a verifier knows an authority of the name, whose key did not sign the certificate: its signature
/// does not fit, or was made with another kind of key.
pub(super) fn is_other_key(error: &str) -> bool {
    ["BadSignature", "InvalidSignature", "AlgorithmForPublicKey"].iter().any(|word| error.contains(word))
}

pub(super) fn words(trust: Option<&Trust>) -> String {
    match trust {
        None => "nothing".into(),
        Some(Trust::Accepted) => "accepted".into(),
        Some(Trust::UnknownIssuer) => "unknown issuer".into(),
        Some(Trust::Expired) => "expired".into(),
        Some(Trust::NotYetValid) => "not valid yet".into(),
        Some(Trust::NameMismatch) => "wrong name".into(),
        Some(Trust::Revoked) => "revoked".into(),
        Some(Trust::Unavailable { error }) => error.clone(),
        Some(Trust::Rejected { error }) => fault(error),
    }
}

/// A verifier's word for what is wrong with a certificate, in a sentence. Those of operating systems
/// are sentences already.
pub(super) fn fault(error: &str) -> String {
    const SAID: [(&str, &str); 13] = [
        ("NameConstraintViolation", "its authority may not issue for this name (name constraint)"),
        ("CaUsedAsEndEntity", "it is the certificate of an authority, not of a server"),
        ("EndEntityUsedAsCa", "a certificate in its chain is not an authority's"),
        ("PathLenConstraint", "its authority may not have another authority below it (path length)"),
        ("ExtendedKeyUsage", "it is not for servers (extended key usage)"),
        ("RequiredEku", "it is not for servers (extended key usage)"),
        ("InvalidPurpose", "it is not for servers (extended key usage)"),
        ("UnsupportedCriticalExtension", "it has a critical extension that is not understood"),
        ("UnhandledCriticalExtension", "it has a critical extension that is not understood"),
        ("UnsupportedCertVersion", "it is not an X.509 certificate of version 3"),
        ("InvalidSerialNumber", "its serial number is not valid"),
        ("BadEncoding", "it is not encoded as certificates are"),
        ("BadDer", "it is not encoded as certificates are"),
    ];
    if is_other_key(error) {
        return "its signature was made with another key than that of the authority it names".to_owned();
    }
    // The end of the object identifier of sha1WithRSAEncryption, and that of ecdsa-with-SHA1.
    const SHA_1: [&str; 2] = ["13, 1, 1, 5", "206, 61, 4, 1]"];
    if error.contains("SignatureAlgorithm") {
        return if SHA_1.iter().any(|id| error.contains(id)) {
            "signed with SHA-1, which no client accepts any more".to_owned()
        } else {
            "signed with an algorithm that no client accepts, such as SHA-1".to_owned()
        };
    }
    if let Some((_, said)) = SAID.iter().find(|(word, _)| error.contains(word)) {
        return (*said).to_owned();
    }
    let debug = |c: char| matches!(c, '(' | '{' | '[');
    if !error.contains(debug) || error.split(debug).next().is_some_and(|head| head.contains(' ')) {
        return error.to_owned();
    }
    // The innermost name of a nested one, as words.
    let inner =
        error.split(debug).map(str::trim).take_while(|part| part.starts_with(char::is_alphabetic)).last();
    let inner = inner.unwrap_or_default().trim_end_matches([')', '}', ']', ' ']);
    let mut out = String::new();
    for c in inner.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    if out.is_empty() { "it is not as certificates must be".to_owned() } else { out }
}

pub(super) fn day(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds)
        .map_or_else(|_| seconds.to_string(), |t| t.date().to_string())
}
