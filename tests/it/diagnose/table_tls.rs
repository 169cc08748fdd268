//! The part of the table that is about handshakes and certificates.

use clearway::contract::Actor;
use clearway::diagnose::Owner;
use clearway::observation::*;
use clearway::plan::Target;

use crate::diagnose::scene::*;
use crate::diagnose::table::{BLOCKED, Case, LIKELY, PROVEN, WARNING, case};

pub fn handshakes() -> Vec<Case> {
    let ends = |outcome: TlsOutcome| move |t: &Target| tls_fails(t, outcome);
    let alert = |name: &str| TlsOutcome::Alert { alert: name.into() };
    vec![
        case(
            "silent",
            world1(),
            ends(TlsOutcome::Timeout),
            ("tls/timeout", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case("reset", world1(), ends(TlsOutcome::Reset), ("tls/reset", BLOCKED, Owner::Firewall, LIKELY)),
        case(
            "reset by the customer's server",
            gateway(1, "llm.corp.example"),
            ends(TlsOutcome::Reset),
            ("tls/reset", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "reset beyond the proxy",
            proxied(world1()),
            ends(TlsOutcome::Reset),
            ("tls/reset", BLOCKED, Owner::Proxy, LIKELY),
        ),
        case("closed", world1(), ends(TlsOutcome::Closed), ("tls/closed", BLOCKED, Owner::Firewall, LIKELY)),
        case(
            "alert",
            world1(),
            ends(alert("unrecognized_name")),
            ("tls/alert", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "faulty",
            world1(),
            ends(TlsOutcome::Faulty { error: "bad signature".into() }),
            ("tls/alert", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "old version",
            world1(),
            ends(alert("protocol_version")),
            ("tls/version", BLOCKED, Owner::TlsInspection, LIKELY),
        ),
        case(
            "old version of the customer's",
            customer(1, "mcp.corp.example"),
            ends(TlsOutcome::Version),
            ("tls/version", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "no TLS",
            world1(),
            ends(TlsOutcome::NotTls { first: "HTTP/1.1 403".into() }),
            ("tls/not-tls", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "client certificate, TLS 1.2",
            customer(1, "mcp.corp.example"),
            |t| {
                edit(tls_fails(t, alert("handshake_failure")), |a| {
                    a.tls[0].client_certificate_requested = true
                })
            },
            ("tls/client-certificate", BLOCKED, Owner::Service, PROVEN),
        ),
        case(
            "client certificate, TLS 1.3",
            customer(1, "mcp.corp.example"),
            |t| {
                edit(http_ends(t, HttpOutcome::Alert { alert: "certificate_required".into() }), |a| {
                    a.tls[0].client_certificate_requested = true
                })
            },
            ("tls/client-certificate", BLOCKED, Owner::Service, PROVEN),
        ),
        case(
            "client certificate on the gateway",
            gateway(1, "llm.corp.example"),
            |t| {
                edit(http_ends(t, HttpOutcome::Alert { alert: "certificate_required".into() }), |a| {
                    a.tls[0].client_certificate_requested = true
                })
            },
            ("tls/client-certificate", WARNING, Owner::Service, PROVEN),
        ),
        case(
            "client certificate said in HTML",
            gateway(1, "llm.corp.example"),
            |t| {
                edit(status(t, 400, &[("content-type", "text/html")], "<html>"), |a| {
                    a.tls[0].client_certificate_requested = true
                })
            },
            ("tls/client-certificate", WARNING, Owner::Service, LIKELY),
        ),
        case(
            "client certificate, refused by the server's policy",
            customer(1, "mcp.corp.example"),
            |t| {
                edit(status(t, 403, &[("content-type", "text/html")], "<html>"), |a| {
                    a.tls[0].client_certificate_requested = true
                })
            },
            ("tls/client-certificate", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "an alert about something else",
            world1(),
            |t| http_ends(t, HttpOutcome::Alert { alert: "internal_error".into() }),
            ("tls/alert", BLOCKED, Owner::Firewall, LIKELY),
        ),
    ]
}

pub fn certificates() -> Vec<Case> {
    let by = |trust: Trust| move |t: &Target| chain(t, public_leaf(&t.probed), false, trust.clone(), trust);
    let own = |t: &Target| {
        let mut leaf = leaf_by(&t.probed, &format!("CN={}", t.probed));
        leaf.self_issued = true;
        leaf
    };
    let from = |issuer: &'static str, alone: bool, device: Trust| {
        move |t: &Target| chain(t, leaf_by(&t.probed, issuer), alone, device, Trust::UnknownIssuer)
    };
    let with_url = |t: &Target| Certificate {
        issuer_url: Some("http://ca.example/1.crt".into()),
        ..leaf_by(&t.probed, "CN=Public CA 2")
    };
    vec![
        case("expired", world1(), by(Trust::Expired), ("tls/expired", BLOCKED, Owner::Firewall, LIKELY)),
        case(
            "expired on the customer's host",
            customer(1, "mcp.corp.example"),
            by(Trust::Expired),
            ("tls/expired", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "neither store could be asked",
            world1(),
            by(Trust::Unavailable { error: "not readable".into() }),
            ("device/trust-store", WARNING, Owner::Device, LIKELY),
        ),
        case(
            "private authority, the device could not be asked",
            gateway(1, "llm.corp.example"),
            from("CN=Corp CA", false, Trust::Unavailable { error: "not readable".into() }),
            ("device/trust-store", WARNING, Owner::Device, LIKELY),
        ),
        case(
            "inspected, the device could not be asked",
            world1(),
            from(INSPECTOR, false, Trust::Unavailable { error: "not readable".into() }),
            ("tls/intercepted", WARNING, Owner::TlsInspection, LIKELY),
        ),
        case(
            "rejected for its form",
            customer(1, "mcp.corp.example"),
            |t| {
                let rejected = Trust::Rejected { error: "unsupported signature".into() };
                chain(t, leaf_by(&t.probed, "CN=Corp CA"), false, rejected.clone(), rejected)
            },
            ("tls/unknown-issuer", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "self-signed authority as a leaf",
            customer(1, "mcp.corp.example"),
            |t| {
                let rejected = Trust::Rejected { error: "CA used as end entity".into() };
                let leaf = Certificate { ca: true, ..own(t) };
                chain(t, leaf, true, rejected.clone(), rejected)
            },
            ("tls/self-signed", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "not yet valid",
            customer(1, "mcp.corp.example"),
            by(Trust::NotYetValid),
            ("tls/not-yet-valid", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "another name in the vendor's place",
            world1(),
            by(Trust::NameMismatch),
            ("tls/name-mismatch", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "another name on the customer's host",
            customer(1, "mcp.corp.example"),
            by(Trust::NameMismatch),
            ("tls/name-mismatch", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "self-signed customer",
            customer(1, "mcp.corp.example"),
            |t| chain(t, own(t), true, Trust::UnknownIssuer, Trust::UnknownIssuer),
            ("tls/self-signed", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "self-signed in the vendor's place",
            world1(),
            |t| chain(t, own(t), true, Trust::UnknownIssuer, Trust::UnknownIssuer),
            ("tls/self-signed", BLOCKED, Owner::TlsInspection, LIKELY),
        ),
        case(
            "private issuer not installed",
            gateway(1, "llm.corp.example"),
            from("CN=Corp CA", false, Trust::UnknownIssuer),
            ("tls/unknown-issuer", BLOCKED, Owner::Device, LIKELY),
        ),
        case(
            "leaf alone of an issuer that may be private",
            customer(1, "mcp.corp.example"),
            |t| chain(t, with_url(t), true, Trust::UnknownIssuer, Trust::UnknownIssuer),
            ("tls/unknown-issuer", BLOCKED, Owner::Device, LIKELY),
        ),
        case(
            "no intermediate, the device knows it",
            world1(),
            |t| chain(t, with_url(t), true, Trust::Accepted, Trust::UnknownIssuer),
            ("tls/incomplete-chain", WARNING, Owner::Firewall, LIKELY),
        ),
        case(
            "inspected, trusted",
            world1(),
            from(INSPECTOR, false, Trust::Accepted),
            ("tls/intercepted", WARNING, Owner::TlsInspection, PROVEN),
        ),
        case(
            "inspected, leaf alone",
            world1(),
            from(INSPECTOR, true, Trust::Accepted),
            ("tls/intercepted", WARNING, Owner::TlsInspection, PROVEN),
        ),
        case(
            "inspected, the engine's store not tested",
            {
                let mut t = world1();
                t.paths[0].actors = vec![Actor::App, Actor::Engine];
                t
            },
            from(INSPECTOR, false, Trust::Accepted),
            ("tls/intercepted", WARNING, Owner::TlsInspection, LIKELY),
        ),
        case(
            "inspected, not trusted",
            world1(),
            from(INSPECTOR, false, Trust::UnknownIssuer),
            ("tls/intercepted-untrusted", BLOCKED, Owner::TlsInspection, LIKELY),
        ),
        case(
            "inspected, the root that is sent has ended",
            world1(),
            |t| {
                edit(chain(t, leaf_by(&t.probed, INSPECTOR), false, Trust::Accepted, Trust::Expired), |a| {
                    a.tls[0].chain.push(ended(INSPECTOR))
                })
            },
            ("tls/intercepted", WARNING, Owner::TlsInspection, PROVEN),
        ),
        case(
            "inspected and not trusted, the root that is sent has ended",
            world1(),
            |t| {
                edit(chain(t, leaf_by(&t.probed, INSPECTOR), false, Trust::Expired, Trust::Expired), |a| {
                    a.tls[0].chain.push(ended(INSPECTOR))
                })
            },
            ("tls/intercepted-untrusted", BLOCKED, Owner::TlsInspection, LIKELY),
        ),
        case(
            "an intermediate of the vendor's that has ended",
            world1(),
            |t| {
                edit(chain(t, public_leaf(&t.probed), false, Trust::Expired, Trust::Expired), |a| {
                    a.tls[0].chain[1].not_after = NOW - 86_400
                })
            },
            ("tls/expired", BLOCKED, Owner::Firewall, LIKELY),
        ),
        case(
            "inspected, renewed under the old name",
            world1(),
            |t| chain(t, leaf_by(&t.probed, INSPECTOR), false, other_key(), Trust::UnknownIssuer),
            ("tls/intercepted-untrusted", BLOCKED, Owner::TlsInspection, LIKELY),
        ),
        case(
            "inspected, renewed, the old one is in the device's store",
            world1(),
            |t| {
                edit(chain(t, leaf_by(&t.probed, INSPECTOR), false, other_key(), Trust::UnknownIssuer), |a| {
                    a.tls[0].chain[0].issuer_key_id = Some("b2".into());
                    a.tls[0]
                        .namesakes
                        .push(Certificate { key_id: Some("a1".into()), ..intermediate(INSPECTOR) });
                })
            },
            ("tls/intercepted-untrusted", BLOCKED, Owner::TlsInspection, PROVEN),
        ),
        case(
            "private issuer, renewed under the old name",
            gateway(1, "llm.corp.example"),
            |t| chain(t, leaf_by(&t.probed, "CN=Corp CA"), false, other_key(), Trust::UnknownIssuer),
            ("tls/unknown-issuer", BLOCKED, Owner::Device, LIKELY),
        ),
        case(
            "a signature that no authority of the name made",
            customer(1, "mcp.corp.example"),
            |t| chain(t, leaf_by(&t.probed, "CN=Corp CA"), false, other_key(), other_key()),
            ("tls/unknown-issuer", BLOCKED, Owner::Service, LIKELY),
        ),
        case(
            "device lacks a root",
            world1(),
            |t| chain(t, public_leaf(&t.probed), false, Trust::UnknownIssuer, Trust::Accepted),
            ("device/trust-store", BLOCKED, Owner::Device, PROVEN),
        ),
        case(
            "revoked",
            world1(),
            |t| chain(t, public_leaf(&t.probed), false, Trust::Revoked, Trust::Accepted),
            ("device/trust-store", BLOCKED, Owner::Service, LIKELY),
        ),
    ]
}

/// A root that was sent although it has ended.
fn ended(name: &str) -> Certificate {
    let root = intermediate(name);
    Certificate { issuer: name.into(), self_issued: true, not_after: NOW - 86_400, ..root }
}

fn other_key() -> Trust {
    Trust::Rejected { error: "BadSignature".into() }
}
