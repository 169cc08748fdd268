//! When a credential may leave, decided on the very connection that is to carry it and before a
//! byte of the request is written:
//!
//! - the public roots accept the connection's chain, or
//! - it is a customer host, and an authority named with `--expect-ca` signed the chain, or a
//!   private issuer that this device trusts and that signed no public host in this run, where
//!   such a host was reached to compare it with, or
//! - it is a loopback address, or
//! - the device trusts the chain and the command line says `--trust-interception`.
//!
//! Never otherwise, and never without TLS to anything but a loopback address.

use std::net::IpAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;

use crate::observation::{Certificate, Permission, Trust};
use crate::plan::Route;

use super::super::certificate;
use super::super::trust::{Chain, Stock, Store};
use super::CallSettings;

/// A connection as far as the decision looks at it.
pub(super) struct Seen<'a> {
    /// The name or address that was dialled.
    pub(super) host: &'a str,
    /// The way there.
    pub(super) route: &'a Route,
    /// The chain as the server sent it, and the name it must be for; none without TLS.
    pub(super) tls: Option<(Chain, ServerName<'static>)>,
    /// The host is the customer's own.
    pub(super) customer: bool,
}

/// The decision, and the issuer of the connection's certificate.
pub(super) struct Decision {
    /// Why it may leave, or why not.
    pub(super) permission: Result<Permission, String>,
    /// The leaf's issuer.
    pub(super) issuer: Option<String>,
}

/// Decides. `patience` bounds each trust store.
pub(super) async fn decide(
    seen: Seen<'_>,
    settings: &CallSettings,
    stock: &Stock,
    expected: Option<&Store>,
    patience: Duration,
) -> Decision {
    let literal = seen.host.parse::<IpAddr>().is_ok_and(|a| a.to_canonical().is_loopback());
    let loopback = literal && *seen.route == Route::Direct;
    let Some((chain, name)) = seen.tls else {
        let permission = if loopback {
            Ok(Permission::Loopback)
        } else {
            Err("the connection is not encrypted; a credential goes without TLS only to a loopback address such as 127.0.0.1".to_owned())
        };
        return Decision { permission, issuer: None };
    };
    let read = std::sync::Arc::clone(&chain);
    let certificates =
        tokio::task::spawn_blocking(move || certificate::read_chain(&read)).await.unwrap_or_default();
    let issuer = certificates.first().map(|c| c.issuer.clone());
    let allowed = |permission| Decision { permission: Ok(permission), issuer: issuer.clone() };
    if loopback {
        return allowed(Permission::Loopback);
    }
    if stock.public.judge(Chain::clone(&chain), name.clone(), patience).await == Trust::Accepted {
        return allowed(Permission::PublicRoots);
    }
    if seen.customer
        && let Some(store) = expected
        && store.judge(Chain::clone(&chain), name.clone(), patience).await == Trust::Accepted
    {
        return allowed(Permission::ExpectedCa);
    }
    let device = stock.device.judge(chain, name, patience).await;
    let inspects = is_inspector(&certificates, settings);
    if device == Trust::Accepted {
        if seen.customer && settings.compared && !inspects {
            return allowed(Permission::PrivateIssuer);
        }
        if settings.trust_interception {
            return allowed(Permission::TrustInterception);
        }
    }
    let who = issuer.clone().unwrap_or_else(|| "an unknown issuer".to_owned());
    let reason = match (device == Trust::Accepted, seen.customer) {
        (false, _) => format!("this device does not trust the certificate (issuer {who})"),
        (true, true) if !inspects => format!(
            "no public host was reached to compare its issuer, {who}, with; if it is the host's own authority name it with --expect-ca"
        ),
        (true, true) => format!(
            "an authority of its chain (issuer {who}) also signed a public host in this run: TLS is inspected; if it is the host's own authority name it with --expect-ca, if the inspection may see the credential say --trust-interception"
        ),
        (true, false) => format!(
            "TLS is inspected by {who}; if the inspection may see the credential say --trust-interception"
        ),
    };
    Decision { permission: Err(reason), issuer }
}

/// An issuer of this chain, at any height of it, by its name or by its certificate, signed a public
/// host.
fn is_inspector(chain: &[Certificate], settings: &CallSettings) -> bool {
    let names = chain.iter().map(|c| &c.issuer);
    let certificates = chain.iter().skip(1).map(|c| &c.sha256);
    names.chain(certificates).any(|known| settings.inspectors.contains(known))
}
