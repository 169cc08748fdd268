//! Collectors: which streams are taken, in which encoding, and what else the port speaks. The app
//! shows no error when a collector refuses; batches are dropped.

use crate::contract::{Actor, Transport};
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::finding::Code;
use crate::diagnose::service::fingerprint::is_html;
use crate::diagnose::service::{Judged, follow_ups};
use crate::observation::{Http, HttpOutcome};
use crate::plan::Request;
use crate::rules::services::Protocol;

/// What a collector says to an export of nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Taken {
    /// Accepted.
    Yes,
    /// It wants a credential first, so the encoding was not judged.
    Credential,
    /// An answer that tells neither.
    Unclear(u16),
    /// Refused with this status.
    Refused(u16),
    /// The port does not speak this protocol.
    OtherProtocol,
}

/// One stream of data: its path's last part, its encoding, and the answer.
struct Stream {
    name: String,
    json: bool,
    taken: Taken,
}

pub(crate) fn judge(view: &View<'_>, http: &Http, walk: &mut Walk) -> Judged {
    if view.target.transport().is_grpc() { grpc(view, http, walk) } else { over_http(view, http, walk) }
}

/// What an answer over HTTP says; none where it is a matter of the usual judgement.
fn taken(http: &Http) -> Option<Taken> {
    match &http.outcome {
        HttpOutcome::Answered => {}
        HttpOutcome::Malformed { .. }
        | HttpOutcome::Closed
        | HttpOutcome::Reset
        | HttpOutcome::StreamReset { .. } => return Some(Taken::OtherProtocol),
        _ => return None,
    }
    if is_grpc_answer(http) {
        return Some(Taken::OtherProtocol);
    }
    match http.status? {
        _ if is_html(http) => None,
        200 | 202 | 204 => Some(Taken::Yes),
        401 | 403 => Some(Taken::Credential),
        status @ (404 | 405 | 406 | 415 | 501) => Some(Taken::Refused(status)),
        status @ (400 | 413 | 422) => Some(Taken::Unclear(status)),
        _ => None,
    }
}

/// Whether a gRPC server answered, whatever it was asked.
fn is_grpc_answer(http: &Http) -> bool {
    // The status alone may be a translator's, which has taken the export.
    http.header("content-type").is_some_and(|t| t.to_ascii_lowercase().starts_with("application/grpc"))
}

fn stream(request: &Request, http: &Http) -> Option<Stream> {
    let json = request.headers.iter().any(|(n, v)| n == "content-type" && v.contains("json"));
    let name = request.path.rsplit('/').next().unwrap_or_default().to_owned();
    Some(Stream { name, json, taken: taken(http)? })
}

impl Stream {
    fn words(&self) -> String {
        format!("{} as {}", self.name, if self.json { "http/json" } else { "http/protobuf" })
    }
}

fn over_http(view: &View<'_>, http: &Http, walk: &mut Walk) -> Judged {
    let own = view.target.request.as_ref().and_then(|request| stream(request, http));
    let Some(own) = own else { return Judged::Usual };
    let others = follow_ups(view).filter(|(i, _)| i.over.is_none());
    let mut streams: Vec<Stream> = others.filter_map(|(i, http)| stream(&i.request, http)).collect();
    let refused_by_own = matches!(own.taken, Taken::Refused(_) | Taken::OtherProtocol);
    streams.insert(0, own);
    if refused_by_own && let Some(found) = other_protocol(view, http) {
        return Judged::Obstacle(found);
    }
    // Over HTTP/2 a gRPC server answers whatever comes, and says 200 where it means no.
    if is_grpc_answer(http) {
        let said = http.header("grpc-status").map(|s| format!(", grpc-status {s}")).unwrap_or_default();
        let line = format!(
            "a gRPC answer (status {}{said}) to OTLP over HTTP: this is a port for OTLP/gRPC",
            http.status.unwrap_or_default()
        );
        return Judged::Obstacle(grpc_port(view, line));
    }
    if streams.iter().any(|s| s.taken == Taken::Credential) {
        walk.sign_in = true;
        walk.proof.push(format!("{}, the collector wants a credential", http.status.unwrap_or_default()));
        return Judged::Healthy;
    }
    let words = |wanted: &dyn Fn(&Taken) -> bool| -> Vec<String> {
        streams.iter().filter(|s| wanted(&s.taken)).map(Stream::words).collect()
    };
    let accepted = words(&|t| *t == Taken::Yes);
    let refused: Vec<String> = streams
        .iter()
        .filter_map(|s| match s.taken {
            Taken::Refused(status) => Some(format!("{} ({status})", s.words())),
            _ => None,
        })
        .collect();
    // Nothing is known of a port where the very protocol failed and no other works.
    if streams.iter().all(|s| s.taken == Taken::OtherProtocol) {
        return Judged::Usual;
    }
    if refused.is_empty() {
        if accepted.is_empty() {
            let unclear = streams.iter().find_map(|s| match s.taken {
                Taken::Unclear(status) => Some(status),
                _ => None,
            });
            let Some(unclear) = unclear else { return Judged::Usual };
            walk.proof.push(format!(
                "{unclear} to an export of nothing: reached, whether a stream is taken was not judged"
            ));
            return Judged::Healthy;
        }
        walk.fact("accepted", accepted.clone());
        walk.proof.push(format!("an export of nothing was accepted: {}", accepted.join(", ")));
        return Judged::Healthy;
    }
    let all_absent = streams.iter().all(|s| s.taken == Taken::Refused(404));
    let line = if all_absent {
        format!("no stream has a place there: {}", refused.join(", "))
    } else if accepted.is_empty() {
        format!("refused: {}", refused.join(", "))
    } else {
        format!("refused: {}; accepted: {}", refused.join(", "), accepted.join(", "))
    };
    let what = if all_absent {
        "nothing at these paths: the address must be the base to which /v1/logs is added".to_owned()
    } else if accepted.is_empty() {
        "no stream of the app".to_owned()
    } else {
        accepted.join(", ")
    };
    let mut found = found(view, line).fact("refused", refused).fact("accepted", accepted).fact("what", what);
    if let Some(actors) = concerned(view, &streams) {
        found = found.actors(actors);
    }
    Judged::Obstacle(found)
}

/// Whom a refused encoding concerns, where it is one only: JSON is the application's own stream, the
/// other the engine's.
fn concerned(view: &View<'_>, streams: &[Stream]) -> Option<Vec<Actor>> {
    let refused = |json: bool| streams.iter().any(|s| s.json == json && matches!(s.taken, Taken::Refused(_)));
    if view.target.service.as_deref().and_then(|id| view.context.services.by_id(id))?.asks.is_empty() {
        return None;
    }
    let of = |wanted: &dyn Fn(Actor) -> bool| -> Option<Vec<Actor>> {
        let actors: Vec<Actor> = view.path.actors.iter().copied().filter(|a| wanted(*a)).collect();
        (!actors.is_empty()).then_some(actors)
    };
    match (refused(false), refused(true)) {
        (true, false) => of(&|a| a != Actor::App),
        _ => None,
    }
}

/// What the port speaks in place of the HTTP that was spoken to it.
fn other_protocol(view: &View<'_>, http: &Http) -> Option<Draft> {
    for (follow_up, answer) in follow_ups(view) {
        match follow_up.over {
            Some(Transport::Grpc | Transport::GrpcTls) if is_grpc_answer(answer) => {
                let line = format!(
                    "{} to OTLP over HTTP, and a gRPC answer to a gRPC call: this is a port for OTLP/gRPC",
                    ended(http)
                );
                return Some(grpc_port(view, line));
            }
            Some(Transport::Https) if !view.target.transport().has_tls() && taken(answer).is_some() => {
                let line =
                    format!("{} without TLS, and an answer with TLS: this port speaks TLS", ended(http));
                let found = found(view, line).proven().fact("works", "https");
                return Some(found.fact("what", "TLS: write https:// in the address"));
            }
            _ => {}
        }
    }
    None
}

/// A port for gRPC where a stream over HTTP was to arrive.
fn grpc_port(view: &View<'_>, line: String) -> Draft {
    let found = found(view, line).proven().fact("works", "grpc");
    found.fact("what", "gRPC, and streams over HTTP never arrive")
}

fn grpc(view: &View<'_>, http: &Http, walk: &mut Walk) -> Judged {
    let status = http.header("grpc-status").and_then(|s| s.parse::<u16>().ok());
    match (&http.outcome, status) {
        (HttpOutcome::Answered, Some(0)) => {
            walk.fact("accepted", "logs as grpc");
            walk.proof.push("an export of nothing was accepted over gRPC".to_owned());
            return Judged::Healthy;
        }
        (HttpOutcome::Answered, Some(7 | 16)) => {
            walk.sign_in = true;
            walk.proof.push("gRPC answer: the collector wants a credential".to_owned());
            return Judged::Healthy;
        }
        (HttpOutcome::Answered, Some(12)) => {
            let line = "the port answers gRPC, and takes no logs there (UNIMPLEMENTED)".to_owned();
            return Judged::Obstacle(
                found(view, line).proven().fact("what", "gRPC without a receiver of logs"),
            );
        }
        (HttpOutcome::Answered, Some(other)) => {
            walk.fact("grpc_status", other);
            walk.proof.push(format!("gRPC answer, status {other}"));
            return Judged::Healthy;
        }
        _ => {}
    }
    let over_http = follow_ups(view).find(|(i, answer)| {
        let by = view.context.services.by_id(&i.service);
        by.is_some_and(|s| s.protocol == Some(Protocol::OtlpHttp))
            && !matches!(taken(answer), None | Some(Taken::OtherProtocol))
    });
    let Some((_, answer)) = over_http else { return Judged::Usual };
    let line = format!(
        "{} to a gRPC call, and status {} to OTLP over HTTP: this is a port for OTLP/HTTP",
        ended(http),
        answer.status.unwrap_or_default()
    );
    let found = found(view, line).proven().fact("works", "http");
    Judged::Obstacle(
        found.fact("what", "OTLP over HTTP: set otlpProtocol to http/protobuf, or name the gRPC port"),
    )
}

/// The alert of a server that speaks no HTTP/2, which is all that gRPC speaks.
pub(crate) const NO_H2: &str = "no_application_protocol";

/// A collector that ends a handshake for gRPC so, and answers OTLP over HTTP on the same port.
pub(crate) fn without_h2(view: &View<'_>, alert: &str) -> Option<Draft> {
    if alert != NO_H2 || !view.target.transport().is_grpc() {
        return None;
    }
    let (_, answer) = follow_ups(view).find(|(i, answer)| {
        i.over == Some(Transport::Https) && matches!(taken(answer), Some(t) if t != Taken::OtherProtocol)
    })?;
    let line = format!(
        "alert {NO_H2} to a gRPC client, and status {} to OTLP over HTTP: this is a port for OTLP/HTTP",
        answer.status.unwrap_or_default()
    );
    let found = found(view, line).proven().fact("works", "http");
    Some(found.fact("what", "OTLP over HTTP: set otlpProtocol to http/protobuf, or name the gRPC port"))
}

/// How an exchange ended, in words.
fn ended(http: &Http) -> String {
    match (&http.outcome, http.status) {
        (HttpOutcome::Answered, Some(status)) => format!("status {status}"),
        (HttpOutcome::Closed, _) => "the connection was closed".to_owned(),
        (HttpOutcome::Reset, _) => "the connection was reset".to_owned(),
        (HttpOutcome::StreamReset { code }, _) => format!("the HTTP/2 stream ended with {code}"),
        (HttpOutcome::Timeout, _) => "no answer".to_owned(),
        _ => "an answer that is no HTTP".to_owned(),
    }
}

fn found(view: &View<'_>, line: String) -> Draft {
    Draft::new(Code::OtlpProtocol, line)
        .fact("key", view.target.requirement.hints.name_key.clone())
        .key(view.target.probed.as_str())
}
