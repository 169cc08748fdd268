//! The calls with the credential: which model answered, how soon, at what cost.

use crate::observation::{Call, CallKind, CallOutcome, Permission, StreamEnd};
use crate::report::layout::{Page, Paint};
use crate::report::sanitise;
use crate::report::words;
use crate::run::Run;
use crate::text::english;

/// A section on the calls; nothing where none were asked for.
pub(in crate::report) fn section(page: &mut Page<'_>, run: &Run) {
    let calls = &run.observations.calls;
    if calls.is_empty() {
        return;
    }
    let credential = calls.iter().any(|c| c.kind != CallKind::Idle);
    page.heading(if credential { "CALLS WITH THE CREDENTIAL" } else { "QUIET CONNECTION" });
    let mut last = None;
    for call in calls {
        if last != Some(call.target) {
            last = Some(call.target);
            if let Some(target) = run.plan.target(call.target) {
                page.hang("  ", Paint::Bold, &words::endpoint_of(&target.requirement));
            }
        }
        let (label, text) = line(call);
        page.hang(&format!("    {label:<12}"), Paint::Faint, &sanitise::line(&text, sanitise::LONG));
    }
    let sent = calls.iter().find(|c| c.permission.is_some_and(|p| p != Permission::NoCredential));
    if let Some(call) = sent {
        let why = permission(call);
        page.hang(
            "    Credential  ",
            Paint::Faint,
            &sanitise::line(&format!("{} ({why})", call.credential), sanitise::LONG),
        );
    }
}

fn line(call: &Call) -> (&'static str, String) {
    let label = match call.kind {
        CallKind::Token => "Token",
        CallKind::Models => "Model list",
        CallKind::Stream => "Stream",
        CallKind::Idle => "Quiet",
    };
    (label, said(call))
}

fn said(call: &Call) -> String {
    let ms = |ms: f64| words::duration(ms.max(0.0).round() as u64);
    match &call.outcome {
        CallOutcome::NotSent { reason } => return format!("not made: {reason}"),
        CallOutcome::NotConnected { stage } => return format!("not made: no connection ({stage})"),
        CallOutcome::Cut { .. } if call.status.is_none() => {
            return "not finished: the run ended first".to_owned();
        }
        _ => {}
    }
    let Some(status) = call.status else {
        let quiet = call.quiet.as_ref().map(|q| format!(" after {} of silence", ms(q.quiet_ms as f64)));
        let how = match (&call.outcome, call.quiet.as_ref().is_some_and(|q| q.closed)) {
            (_, true) => "closed in an orderly way by the other side, so not judged,",
            (CallOutcome::Reset, _) => "reset",
            (CallOutcome::Timeout, _) => "no answer",
            _ => "ended without an answer",
        };
        return format!("{how}{}", quiet.unwrap_or_default());
    };
    match call.kind {
        CallKind::Token => format!("status {status} after {}", ms(call.ms)),
        CallKind::Models if call.succeeded() => {
            format!("{} after {}", english::count(call.models.len(), "model", "models"), ms(call.ms))
        }
        CallKind::Models => format!("status {status} after {}", ms(call.ms)),
        CallKind::Idle => {
            let quiet = call.quiet.as_ref().map_or(0, |q| q.quiet_ms);
            format!("survived {} of silence (status {status} afterwards)", ms(quiet as f64))
        }
        CallKind::Stream => stream(call, status),
    }
}

fn stream(call: &Call, status: u16) -> String {
    let ms = |ms: f64| words::duration(ms.max(0.0).round() as u64);
    let model = call.model.as_deref().unwrap_or("the model");
    if !call.succeeded() {
        return format!("{model}: status {status} after {}", ms(call.ms));
    }
    let tokens =
        call.usage.map(|u| format!("; tokens spent: {} in, {} out", u.input, u.output)).unwrap_or_default();
    let end = match call.stream {
        Some(StreamEnd::Complete) => "complete",
        Some(StreamEnd::Whole) => {
            return format!(
                "{model} answered after {}, as one document instead of a stream{tokens}",
                ms(call.ms)
            );
        }
        Some(StreamEnd::Error) => "ended with an error",
        Some(StreamEnd::Early) => "broke off",
        Some(StreamEnd::Other) | None => return format!("{model}: status {status}, but no message"),
    };
    let first =
        call.events_ms.first().map(|f| format!("time to first token {}, ", ms(*f))).unwrap_or_default();
    format!(
        "{model}: {first}{} pieces in {}, {end}{tokens}",
        call.events,
        ms(call.last_byte_ms.unwrap_or(call.ms))
    )
}

const fn permission(call: &Call) -> &'static str {
    match call.permission {
        Some(Permission::PublicRoots) => "allowed: the public roots accept the certificate",
        Some(Permission::PrivateIssuer) => {
            "allowed: the host's own authority, trusted by this device and seen on no public host"
        }
        Some(Permission::ExpectedCa) => "allowed: signed by the authority of --expect-ca",
        Some(Permission::Loopback) => "allowed: a loopback address",
        Some(Permission::TrustInterception) => "allowed by --trust-interception: the inspection saw it",
        Some(Permission::NoCredential) | None => "not sent",
    }
}
