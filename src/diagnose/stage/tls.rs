//! The TLS handshake: how it ended. Whether the certificate proves the host is judged in `trust`.

use crate::contract::Stage;
use crate::contract::ids::Feature;
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Step, Walk};
use crate::diagnose::experiment::handshake;
use crate::diagnose::finding::{Code, Owner, Verdict};
use crate::diagnose::service::otlp;
use crate::diagnose::stage::trust;
use crate::observation::{HttpOutcome, Tls, TlsOutcome};

/// Alerts by which a server says that it wants a client certificate, once it has asked for one.
const WANTS_CERTIFICATE: [&str; 5] =
    ["certificate_required", "handshake_failure", "bad_certificate", "access_denied", "certificate_unknown"];

/// Judges the handshake that counts: the one that completed, else the last that ended.
pub(crate) fn judge(view: &View<'_>, walk: &mut Walk) -> Step {
    if !view.target.transport().has_tls() {
        return Step::Continue(());
    }
    let Some(tls) = view.attempt.handshake() else {
        walk.push(plain(view, Code::TlsTimeout, "connected, and no handshake ended".to_owned()));
        return Step::Break(());
    };
    walk.timings.set(Stage::Tls, tls.ms);
    if tls.outcome == TlsOutcome::Completed {
        return trust::judge(view, tls, walk);
    }
    let found = failure(view, tls);
    walk.push(handshake::read(view, tls, found));
    Step::Break(())
}

fn failure(view: &View<'_>, tls: &Tls) -> Draft {
    let end = tls.remote;
    let found = match &tls.outcome {
        TlsOutcome::Reset => {
            plain(view, Code::TlsReset, format!("{end}: connection reset after the ClientHello"))
        }
        TlsOutcome::Closed => plain(view, Code::TlsClosed, format!("{end}: connection closed, no alert")),
        TlsOutcome::Alert { alert } => {
            return otlp::without_h2(view, alert).unwrap_or_else(|| alerted(view, tls, alert));
        }
        TlsOutcome::Version => version(view, format!("{end}: no common TLS version")),
        TlsOutcome::NotTls { first } => {
            plain(view, Code::TlsNotTls, format!("{end}: first bytes are no TLS: {first:?}"))
                .fact("error", format!("{first:?}"))
        }
        TlsOutcome::Faulty { error } => {
            plain(view, Code::TlsAlert, format!("{end}: the handshake is faulty ({error})"))
                .fact("alert", format!("a fault ({error})"))
        }
        TlsOutcome::Timeout | TlsOutcome::Abandoned | TlsOutcome::Completed => {
            let back = if tls.received_bytes == 0 {
                "nothing came back".to_owned()
            } else {
                format!("{} bytes came back, not enough", tls.received_bytes)
            };
            plain(view, Code::TlsTimeout, format!("{end}: {back} in {:.0} ms", tls.ms))
        }
    };
    found.fact("hello_bytes", tls.hello_bytes).fact("received_bytes", tls.received_bytes)
}

/// A handshake that ended badly, whatever the name: the box in the way or the customer's service.
fn plain(view: &View<'_>, code: Code, line: String) -> Draft {
    // What hosts of several operators get is no fault of the customer's own.
    let outside = view.attempt.handshake().filter(|_| !view.target.requirement.loopback);
    let boxed = outside.and_then(|t| view.context.run.boxes.of_end(view.attempt, t));
    let (owner, key) = match boxed {
        Some(_) => view.way(),
        None => (view.path_owner(), view.path_key()),
    };
    let mut found = Draft::new(code, line).owner(owner).key(key);
    if let Some(hosts) = boxed.filter(|_| view.is_customer()) {
        found.line.push_str(&format!("; {hosts} hosts of several operators end so"));
    }
    let ends = crate::diagnose::evidence::addresses(view.attempt.tcp.iter().map(|t| t.remote));
    if view.proxy().is_none() {
        found = found.fact("address", ends.first().cloned().unwrap_or_default()).fact("addresses", ends);
    }
    match view.proxy() {
        Some(proxy) => found.fact("proxy", proxy),
        None if view.context.run.accepts_locally => {
            found.line.push_str(LOCALLY);
            found.fact("tcp_accepted_locally", true)
        }
        None => found,
    }
}

/// Added where connections prove nothing.
const LOCALLY: &str = "; that the connection stood says nothing: something on or next to this device accepts every connection at once";

fn version(view: &View<'_>, line: String) -> Draft {
    let found = plain(view, Code::TlsVersion, line);
    // The providers speak TLS 1.3; what does not is a box in between.
    if found.owner == Some(Owner::Firewall) { found.owner(Owner::TlsInspection) } else { found }
}

fn alerted(view: &View<'_>, tls: &Tls, alert: &str) -> Draft {
    let end = tls.remote;
    if tls.client_certificate_requested && WANTS_CERTIFICATE.contains(&alert) {
        return client_certificate(
            view,
            format!("{end}: asked for a client certificate, then alert {alert}"),
            true,
        );
    }
    if alert == "protocol_version" {
        return version(view, format!("{end}: alert protocol_version"));
    }
    let found =
        plain(view, Code::TlsAlert, format!("{end}: alert {alert}")).fact("alert", format!("alert {alert}"));
    let key = format!("{} {alert}", found.key);
    found.key(key)
}

/// A demand for a client certificate that ended the connection. The app offers the device's on the
/// inference gateway, so there it is only a warning.
fn client_certificate(view: &View<'_>, line: String, certain: bool) -> Draft {
    let requirement = &view.target.requirement;
    let inference = requirement.reasons.iter().any(|r| r.feature == Feature::INFERENCE);
    let gateway = view.target.service.as_deref() == Some("gateway") || inference && view.is_customer();
    let mut found = Draft::new(Code::TlsClientCertificate, line).key(view.target.probed.as_str());
    if gateway {
        found = found.verdict(Verdict::Warning);
    }
    if certain { found.proven() } else { found }
}

/// The demand as it shows after the handshake: an alert in place of the answer (TLS 1.3), or the
/// server's own 4xx for it. A server that asked and then answered normally demanded nothing.
pub(crate) fn late_client_certificate(
    view: &View<'_>,
    status: Option<u16>,
    outcome: &HttpOutcome,
) -> Option<Draft> {
    let tls = view.attempt.handshake()?;
    if let HttpOutcome::Alert { alert } = outcome {
        let demanded = alert == "certificate_required"
            || tls.client_certificate_requested && WANTS_CERTIFICATE.contains(&alert.as_str());
        return demanded.then(|| {
            client_certificate(view, format!("{}: alert {alert} after the request", tls.remote), true)
        });
    }
    let status = status.filter(|s| tls.client_certificate_requested && matches!(s, 400 | 403 | 495 | 496))?;
    let line = format!("{}: asked for a client certificate, then status {status}", tls.remote);
    Some(client_certificate(view, line, matches!(status, 495 | 496)).fact("status", status))
}

/// An alert in place of an answer that is about something else.
pub(crate) fn late_alert(view: &View<'_>, alert: &str) -> Draft {
    plain(view, Code::TlsAlert, format!("alert {alert} after the request"))
        .fact("alert", format!("alert {alert}"))
}
