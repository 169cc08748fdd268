//! Authorities that a company added: whether the engine's store has them (source NP), whether they ended, and whether
//! one was renewed under its old name.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Check, nothing_more, said, tool};
use crate::contract::{DeviceCode, Platform};
use crate::device::seen::{Root, Roots};
use crate::device::{Answers, Context, Found, Seen, Want};
use crate::probe::system;
use crate::text::{english, line};

const ID: &str = "authorities";
/// Certificates of one store that are looked at.
const MOST: usize = 2_000;
/// The property of a certificate's entry in the registry that holds the certificate itself (CERT_CERT_PROP_ID).
const CERTIFICATE: u32 = 32;

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "authorities that a company added",
    wanted,
    then: nothing_more,
    read,
    judge,
    was_run: |seen| seen.roots.is_some(),
    decides: true,
};

fn wanted(context: &Context<'_>) -> Vec<Want> {
    match context.platform {
        Platform::Macos => {
            let login = vec!["{home}/Library/Keychains/login.keychain-db".to_owned()];
            let mut wants: Vec<Want> =
                ["keychain-system", "trust-admin", "trust-user"].map(tool).into_iter().collect();
            wants.push(Want::Tool("keychain-login".to_owned(), login));
            wants
        }
        Platform::Windows => ["roots-policy", "roots-enterprise"].map(tool).into_iter().collect(),
        Platform::Linux => {
            let places = context.facts.authorities.iter().flat_map(|a| [&a.added, &a.bundle]);
            places.map(|p| Want::Text(p.to_string())).collect()
        }
    }
}

fn read(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    match context.platform {
        Platform::Macos => macos(answers, context, seen),
        Platform::Windows => {
            let mut found = Roots::default();
            let ids = ["roots-policy", "roots-enterprise"];
            if !super::asked(answers, ID, "authorities that a company added", &ids, seen) {
                return;
            }
            for (id, store) in ids.into_iter().zip(["policy", "enterprise"]) {
                let Some(text) = said(answers, context, ID, id, seen) else { continue };
                let values = system::registry_values(text);
                let blobs = values.iter().filter(|(n, _)| n.eq_ignore_ascii_case("Blob")).take(MOST);
                found.added.extend(blobs.filter_map(|(_, hex)| root(&certificate(hex)?, store)));
            }
            seen.roots = Some(found);
        }
        Platform::Linux => linux(answers, context, seen),
    }
}

fn macos(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    let Some(text) = said(answers, context, ID, "keychain-system", seen) else { return };
    let system = pem(text);
    let mut found = Roots {
        added: system.iter().filter_map(|der| root(der, "System keychain")).collect(),
        ..Roots::default()
    };
    // Without settings of its own an authority of a keychain is not trusted; the tool then fails.
    let trusted = said(answers, context, ID, "trust-user", seen).map(settings).unwrap_or_default();
    if let Some(text) = said(answers, context, ID, "keychain-login", seen) {
        let login = pem(text).into_iter().filter(|der| !system.contains(der));
        let login = login.filter_map(|der| root(&der, "login keychain"));
        let is_trusted = |r: &Root| trusted.iter().any(|(name, t)| *t != Trust::None && is_called(r, name));
        found.not_for_engine.extend(login.filter(is_trusted));
    }
    if let Some(text) = said(answers, context, ID, "trust-admin", seen) {
        // The settings of a server's own certificate, or of one that is gone, say nothing of an authority.
        let is_authority = |name: &str| found.added.iter().any(|r| is_called(r, name));
        let restricted =
            settings(text).into_iter().filter(|(name, t)| *t == Trust::TlsAlone && is_authority(name));
        found.tls_alone = restricted.map(|(name, _)| line::line(&name, line::SHORT)).collect();
    }
    seen.roots = Some(found);
}

/// How far a certificate is trusted by the settings of macOS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// For everything, or for more than TLS.
    Full,
    /// For TLS alone.
    TlsAlone,
    /// Not at all: denied, or left to the system.
    None,
}

/// Whether an authority has this name, whole: the common name, or without one any part of its subject.
fn is_called(root: &Root, name: &str) -> bool {
    let parts: Vec<(&str, &str)> = root.subject.split(", ").filter_map(|p| p.split_once('=')).collect();
    let common: Vec<&(&str, &str)> = parts.iter().filter(|(n, _)| *n == "CN").collect();
    if common.is_empty() {
        parts.iter().any(|(_, v)| *v == name)
    } else {
        common.iter().any(|(_, v)| *v == name)
    }
}

/// A setting of a certificate: it is for TLS alone, and what it comes to.
type Setting<'a> = (bool, Option<&'a str>);

/// `security dump-trust-settings`: names, and how far each is trusted. Settings without a result trust, as no setting does.
fn settings(text: &str) -> Vec<(String, Trust)> {
    let mut all: Vec<(String, Vec<Setting<'_>>)> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some((_, name)) = line.strip_prefix("Cert ").and_then(|rest| rest.split_once(": ")) {
            all.push((name.trim().to_owned(), Vec::new()));
        } else if let Some((_, settings)) = all.last_mut() {
            if line.starts_with("Trust Setting ") {
                settings.push((false, None));
            } else if let (Some((name, value)), Some(last)) = (line.split_once(':'), settings.last_mut()) {
                match name.trim() {
                    "Policy OID" => last.0 = value.trim().eq_ignore_ascii_case("SSL"),
                    "Result Type" => last.1 = Some(value.trim()),
                    _ => {}
                }
            }
        }
    }
    let trusts = |result: &Option<&str>| {
        result.is_none_or(|r| r.ends_with("ResultTrustRoot") || r.ends_with("ResultTrustAsRoot"))
    };
    let far = |settings: &[Setting<'_>]| {
        let granted: Vec<bool> = settings.iter().filter(|(_, r)| trusts(r)).map(|(tls, _)| *tls).collect();
        match (settings.is_empty(), granted.is_empty()) {
            (true, _) => Trust::Full,
            (false, true) => Trust::None,
            (false, false) if granted.iter().all(|tls| *tls) => Trust::TlsAlone,
            (false, false) => Trust::Full,
        }
    };
    all.iter().map(|(name, settings)| (name.clone(), far(settings))).collect()
}

fn linux(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    let mut found = Roots::default();
    let mut any = false;
    for place in &context.facts.authorities {
        let bundles: Vec<&str> =
            answers.texts(&place.bundle).iter().filter_map(|f| f.text.as_deref().ok()).collect();
        if bundles.is_empty() {
            continue;
        }
        any = true;
        let bundle: Vec<CertificateDer<'static>> = bundles.iter().flat_map(|t| pem(t)).collect();
        for file in answers.texts(&place.added) {
            let Ok(text) = &file.text else { continue };
            for der in pem(text) {
                let Some(root) = root(&der, &file.path) else { continue };
                if bundle.contains(&der) {
                    found.added.push(root);
                } else {
                    found.not_in_bundle.push(root);
                }
            }
        }
    }
    if any {
        seen.roots = Some(found);
    } else {
        seen.missed(ID, "the system's authorities", "no bundle of authorities is at the usual places");
    }
}

fn pem(text: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(text.as_bytes()).filter_map(Result::ok).take(MOST).collect()
}

/// The certificate in an entry of the registry: properties of a number, a reserved word, a length and data each.
fn certificate(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Vec<u8> = digits.as_chunks::<2>().0.iter().map(|p| byte(p)).collect::<Option<_>>()?;
    let mut rest = bytes.as_slice();
    loop {
        let word = |at: usize| Some(u32::from_le_bytes(rest.get(at..at + 4)?.try_into().ok()?));
        let (property, length) = (word(0)?, usize::try_from(word(8)?).ok()?);
        let data = rest.get(12..12_usize.checked_add(length)?)?;
        if property == CERTIFICATE {
            return Some(data.to_vec());
        }
        rest = rest.get(12 + length..)?;
    }
}

/// What is kept of a certificate that is an authority.
fn root(der: &[u8], store: &str) -> Option<Root> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let issues_itself = certificate.subject().as_raw() == certificate.issuer().as_raw();
    (certificate.is_ca() && issues_itself).then(|| Root {
        subject: line::line(&certificate.subject().to_string(), line::SHORT),
        key: STANDARD
            .encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.public_key().raw)),
        ends: certificate.validity().not_after.timestamp(),
        store: store.to_owned(),
    })
}

fn judge(seen: &Seen, _: &Context<'_>) -> Vec<Found> {
    let Some(roots) = &seen.roots else { return Vec::new() };
    let mut found = Vec::new();
    let names = |of: &[&Root]| -> String {
        let all: Vec<String> = of.iter().map(|r| r.subject.clone()).collect();
        english::first(&all, 4)
    };
    let one = |code, of: &[&Root]| {
        let stores: Vec<String> = of.iter().map(|r| format!("{} in {}", r.subject, r.store)).collect();
        Found::new(code, english::first(&stores, 4))
            .with("names", names(of))
            .with("count", of.len().to_string())
    };
    let all = |list: &'_ [Root]| -> Vec<Root> { list.to_vec() };
    let login = all(&roots.not_for_engine);
    if !login.is_empty() {
        found.push(one(DeviceCode::RootNotForEngine, &login.iter().collect::<Vec<_>>()));
    }
    if !roots.tls_alone.is_empty() {
        let names = english::first(&roots.tls_alone, 4);
        let evidence = format!("trusted for SSL alone: {names}");
        found.push(Found::new(DeviceCode::RootNotForEngine, evidence).case("tls-alone").with("names", names));
    }
    if !roots.not_in_bundle.is_empty() {
        found.push(one(DeviceCode::RootNotInstalled, &roots.not_in_bundle.iter().collect::<Vec<_>>()));
    }
    // One that ended is of no concern where another of the same name is there.
    let ended = |r: &&Root| {
        r.ends < seen.at && !roots.added.iter().any(|o| o.subject == r.subject && o.ends >= seen.at)
    };
    let ended: Vec<&Root> = roots.added.iter().filter(ended).collect();
    if !ended.is_empty() {
        found.push(one(DeviceCode::RootExpired, &ended));
    }
    let mut keys: BTreeMap<&str, Vec<&Root>> = BTreeMap::new();
    for root in roots.added.iter().filter(|r| r.ends >= seen.at) {
        let same = keys.entry(&root.subject).or_default();
        if !same.iter().any(|r| r.key == root.key) {
            same.push(root);
        }
    }
    for same in keys.values().filter(|same| same.len() > 1) {
        found.push(one(DeviceCode::RootRenewed, same));
    }
    if !roots.added.is_empty() {
        let mut of: Vec<&Root> = Vec::new();
        for root in &roots.added {
            if !of.iter().any(|o| o.subject == root.subject) {
                of.push(root);
            }
        }
        found.push(one(DeviceCode::CompanyRoots, &of));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_found_among_the_properties_of_an_entry() {
        assert_eq!(
            certificate("030000000100000002000000AABB200000000100000003000000010203"),
            Some(vec![1, 2, 3])
        );
        for bad in ["", "zz", "2000000001000000FF0000000102", "0300000001000000FFFFFFFF"] {
            assert_eq!(certificate(bad), None, "{bad}");
        }
    }

    #[test]
    fn trust_for_tls_alone_is_told_from_full_trust_and_from_none() {
        let one = |policy: &str, result: &str| {
            format!(
                "   Trust Setting 0:\n      Policy OID            : {policy}\n      Result Type           : kSecTrustSettingsResult{result}\n"
            )
        };
        let text = format!(
            "Number of trusted certs = 5\nCert 0: Corp Root\n   Number of trust settings : 1\n{}Cert 1: Full Root\n   Number of trust settings : 0\nCert 2: Both\n   Number of trust settings : 2\n{}{}Cert 3: Denied\n{}Cert 4: Left\n{}",
            one("SSL", "TrustRoot"),
            one("SSL", "TrustRoot"),
            one("Apple X509 Basic", "TrustAsRoot"),
            one("SSL", "Deny"),
            one("SSL", "Unspecified"),
        );
        let read = settings(&text);
        assert_eq!(
            read.iter().map(|(n, t)| (n.as_str(), *t)).collect::<Vec<_>>(),
            [
                ("Corp Root", Trust::TlsAlone),
                ("Full Root", Trust::Full),
                ("Both", Trust::Full),
                ("Denied", Trust::None),
                ("Left", Trust::None)
            ]
        );
    }

    #[test]
    fn a_name_is_the_whole_name() {
        let root = Root {
            subject: "C=DE, O=Corp, CN=Corp Root CA".to_owned(),
            key: String::new(),
            ends: 0,
            store: String::new(),
        };
        assert!(is_called(&root, "Corp Root CA"));
        assert!(!is_called(&root, "Corp Root") && !is_called(&root, "Corp") && !is_called(&root, ""));
    }
}
