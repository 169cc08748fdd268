//! Who runs a host: the customer or somebody on the public internet, as the rules and the
//! configuration have it.

use crate::contract::Network;
use crate::plan::Target;
use crate::rules::services::Services;

/// The name is one that only the organisation's own resolver knows.
pub(crate) fn is_internal(target: &Target, services: &Services) -> bool {
    target.requirement.network == Network::Internal || services.addresses().is_internal_name(&target.probed)
}

/// The host is the customer's own. One that the configuration names, and whose name is known as a
/// provider's or the vendor's, is not: nobody there is the customer's to ask. What listens on this device itself is
/// the customer's, however it was named.
pub(crate) fn is_customer(target: &Target, services: &Services) -> bool {
    (target.requirement.hints.customer || target.requirement.loopback)
        && services.for_host(&target.probed).is_none()
}

/// The host must chain to the public roots.
pub(crate) fn must_be_public(target: &Target, services: &Services) -> bool {
    let known = target.requirement.hints.customer && services.for_host(&target.probed).is_some();
    let own = target.requirement.hints.customer || target.requirement.loopback;
    known || target.requirement.hints.public_roots && !own
}

/// Who runs a host: as the rules have it, else the registrable part of its name, roughly.
pub(crate) fn operator(target: &Target, services: &Services) -> String {
    let named = target
        .service
        .as_deref()
        .and_then(|id| services.by_id(id))
        .filter(|s| !s.operator.is_empty())
        .map(|s| s.operator.clone());
    named.unwrap_or_else(|| site(&target.probed).into()).into()
}

/// The registrable part of a name, roughly: its last two labels.
pub(crate) fn site(name: &str) -> String {
    let labels: Vec<&str> = name.rsplit('.').take(2).collect();
    if name.parse::<std::net::IpAddr>().is_ok() || labels.len() < 2 {
        return name.to_owned();
    }
    labels.into_iter().rev().collect::<Vec<_>>().join(".")
}
