//! An authority that was renewed under its old name: the device trusts one of that name, whose key did not sign
//! what is shown.
//!
//! Three things tell it, the surest first: the device's own list of authorities, another host of the run whose
//! authority of that name the device trusts, and a verifier that found the name and not the key. A public
//! authority's name under a foreign key is not among them: that is somebody who imitates it.

use super::trust_words::{day, is_other_key};
use crate::diagnose::context::View;
use crate::diagnose::evidence::Draft;
use crate::observation::{Certificate, Tls, Trust};

/// What tells that the authority was renewed.
pub(super) struct Renewed<'a> {
    issuer: &'a str,
    /// What the device trusts.
    installed: Option<String>,
    /// What is shown instead.
    shown: Option<String>,
    proven: bool,
}

/// Whether the device trusts another authority of the name that issued the chain of this handshake.
pub(super) fn of<'a>(view: &View<'_>, tls: &'a Tls) -> Option<Renewed<'a>> {
    let other_key = |t: &Option<Trust>| matches!(t, Some(Trust::Rejected { error }) if is_other_key(error));
    let refused = other_key(&tls.device_trust) || tls.device_trust == Some(Trust::UnknownIssuer);
    if !refused || other_key(&tls.public_trust) || tls.public_trust == Some(Trust::Accepted) {
        return None;
    }
    let by_store = tls.namesakes.iter().find_map(|known| {
        let below = tls.chain.iter().find(|c| c.issuer == known.subject)?;
        let signer = below.issuer_key_id.as_ref().or(below.key_id.as_ref().filter(|_| below.self_issued));
        let differs = match (signer, &known.key_id) {
            (Some(signer), Some(key)) => signer != key,
            _ => other_key(&tls.device_trust),
        };
        differs.then_some((known, below))
    });
    if let Some((known, below)) = by_store {
        let above = tls.chain.iter().find(|c| c.ca && c.subject == known.subject);
        return Some(Renewed {
            issuer: &below.issuer,
            installed: Some(fingerprint(known)),
            shown: above.map(fingerprint).or_else(|| key(below)),
            proven: true,
        });
    }
    let leaf = tls.chain.first()?;
    let mine = authority(tls);
    let elsewhere = view.context.observations.plain().flat_map(|a| &a.tls).find_map(|other| {
        let (theirs, mine) = (authority(other)?, mine?);
        // One key may have several certificates.
        let another = match (&theirs.key_id, &mine.key_id) {
            (Some(theirs), Some(mine)) => theirs != mine,
            _ => theirs.sha256 != mine.sha256 && other_key(&tls.device_trust),
        };
        let trusted = other.device_trust == Some(Trust::Accepted) && theirs.subject == mine.subject;
        (trusted && another).then_some(theirs)
    });
    if let Some(known) = elsewhere {
        return Some(Renewed {
            issuer: &leaf.issuer,
            installed: Some(fingerprint(known)),
            shown: mine.map(fingerprint),
            proven: false,
        });
    }
    other_key(&tls.device_trust).then(|| Renewed {
        issuer: tls.chain.last().map_or(leaf.issuer.as_str(), |top| top.issuer.as_str()),
        installed: None,
        shown: mine.filter(|c| c.self_issued).map(fingerprint).or_else(|| tls.chain.last().and_then(key)),
        proven: false,
    })
}

/// The certificate of the authority that issued the leaf, where it was sent.
fn authority(tls: &Tls) -> Option<&Certificate> {
    let leaf = tls.chain.first()?;
    tls.chain.iter().skip(1).find(|c| c.ca && c.subject == leaf.issuer)
}

fn fingerprint(certificate: &Certificate) -> String {
    format!("SHA-256 {}, valid to {}", certificate.sha256, day(certificate.not_after))
}

/// The key that signed it, where the certificate names it.
fn key(below: &Certificate) -> Option<String> {
    below.issuer_key_id.as_ref().map(|id| format!("key identifier {id}"))
}

impl Renewed<'_> {
    /// The finding with what is known of the two authorities.
    pub(super) fn said(self, mut found: Draft) -> Draft {
        found.line.push_str(&format!("; this device trusts another authority named {}", self.issuer));
        found.line.push_str(", whose key did not sign this certificate: renewed under its old name");
        let found = found
            .case("renewed")
            .fact("authority", self.issuer)
            .fact("installed", self.installed)
            .fact("shown", self.shown);
        if self.proven { found.proven() } else { found }
    }
}
