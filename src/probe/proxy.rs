//! The conversation with an HTTP proxy: CONNECT, without any credential, and its answer.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::observation::{Proxy, ProxyOutcome, TlsOutcome, Trust};
use crate::rules::headers::Headers;

use super::metered::{BoxedIo, End, Prefixed};
use super::{USER_AGENT, headers, millis, sanitise, tls, trust};

/// Largest answer head that is read.
const HEAD: usize = 16 * 1024;

/// A proxy as the route names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer<'a> {
    /// Its name or address.
    pub(super) host: &'a str,
    /// Whether the connection to it is TLS.
    pub(super) tls: bool,
}

/// Asks for a tunnel to `authority` (`host:port`). Gives the record, and the tunnel if it stands.
/// `patience`: how long the device's trust store is waited for, where the proxy speaks TLS.
pub(super) async fn connect(
    client: &tls::Client,
    stock: &trust::Stock,
    io: BoxedIo,
    peer: Peer<'_>,
    authority: &str,
    patience: Duration,
    allowed: &Headers,
) -> (Proxy, Option<BoxedIo>) {
    let io = if peer.tls {
        match secure(client, stock, io, peer.host, patience).await {
            Ok(io) => io,
            Err(Insecure { error, unknown_issuer }) => {
                let outcome = ProxyOutcome::Tls { error, unknown_issuer };
                return (Proxy { outcome, headers: Vec::new(), ms: 0.0 }, None);
            }
        }
    } else {
        io
    };
    let began = Instant::now();
    let (outcome, headers, tunnel) = ask(io, authority, allowed).await;
    (Proxy { outcome, headers, ms: millis(began.elapsed()) }, tunnel)
}

/// The record of a proxy that did not answer within the stage.
pub(super) fn silent(stage: Duration) -> Proxy {
    Proxy { outcome: ProxyOutcome::Timeout, headers: Vec::new(), ms: millis(stage) }
}

/// Why TLS to a proxy, or to a server that something is fetched from, does not stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Insecure {
    /// In words.
    pub(super) error: String,
    /// The device does not trust the issuer of its certificate.
    pub(super) unknown_issuer: bool,
}

impl Insecure {
    fn because(error: impl Into<String>) -> Self {
        Self { error: error.into(), unknown_issuer: false }
    }
}

/// TLS to the proxy itself. Its certificate must hold on this
/// device: the app would refuse it.
pub(super) async fn secure(
    client: &tls::Client,
    stock: &trust::Stock,
    io: BoxedIo,
    host: &str,
    patience: Duration,
) -> Result<BoxedIo, Insecure> {
    let name = tls::server_name(host).ok_or_else(|| Insecure::because("its name cannot be verified"))?;
    let (io, chain) =
        client.handshake_unrecorded(io, name.clone()).await.map_err(|o| Insecure::because(describe(&o)))?;
    accepted(stock.device.judge(chain.into(), name, patience).await).map(|()| io)
}

/// Whether a chain holds, from what the device's store says of it.
pub(super) fn accepted(trust: Trust) -> Result<(), Insecure> {
    match trust {
        // A store that cannot be asked proves nothing against the server.
        Trust::Accepted | Trust::Unavailable { .. } => Ok(()),
        Trust::UnknownIssuer => Err(Insecure {
            error: "certificate of an issuer this device does not trust".to_owned(),
            unknown_issuer: true,
        }),
        Trust::Expired => Err(Insecure::because("certificate expired")),
        Trust::NotYetValid => Err(Insecure::because("certificate not valid yet")),
        Trust::NameMismatch => Err(Insecure::because("certificate for another name")),
        Trust::Revoked => Err(Insecure::because("certificate revoked")),
        Trust::Rejected { error } => Err(Insecure::because(error)),
    }
}

fn describe(outcome: &TlsOutcome) -> String {
    match outcome {
        TlsOutcome::Reset => "handshake reset".to_owned(),
        TlsOutcome::Closed => "closed during the handshake".to_owned(),
        TlsOutcome::Timeout => "no answer to the handshake".to_owned(),
        TlsOutcome::Alert { alert } => format!("alert {alert}"),
        TlsOutcome::Version => "only versions of TLS that are not spoken any more".to_owned(),
        TlsOutcome::NotTls { first } => format!("does not speak TLS (answered `{first}`)"),
        TlsOutcome::Faulty { error } => error.clone(),
        TlsOutcome::Completed | TlsOutcome::Abandoned => "handshake not finished".to_owned(),
    }
}

type Answer = (ProxyOutcome, Vec<(String, String)>, Option<BoxedIo>);

async fn ask(mut io: BoxedIo, authority: &str, allowed: &Headers) -> Answer {
    let request =
        format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {USER_AGENT}\r\n\r\n");
    let ended = |end: End| {
        let outcome = match end {
            End::Closed => ProxyOutcome::Closed,
            End::Reset => ProxyOutcome::Reset,
            End::TimedOut => ProxyOutcome::Timeout,
            End::Alert(alert) => ProxyOutcome::Tls { error: format!("alert {alert}"), unknown_issuer: false },
            End::Other(error) => {
                ProxyOutcome::Tls { error: sanitise::line(&error, 200), unknown_issuer: false }
            }
        };
        (outcome, Vec::new(), None)
    };
    let sent = match io.write_all(request.as_bytes()).await {
        Ok(()) => io.flush().await,
        Err(e) => Err(e),
    };
    if let Err(error) = sent {
        return ended(End::of(&error));
    }
    let mut head: Vec<u8> = Vec::new();
    let mut buffer = [0_u8; 2048];
    loop {
        if let Some(end) = find_end(&head) {
            let rest = head.split_off(end);
            let Some((status, headers)) = parse(allowed, &head) else {
                return (ProxyOutcome::NotHttp, Vec::new(), None);
            };
            return match status {
                // An interim answer; the real one follows.
                100..=199 => {
                    head = rest;
                    continue;
                }
                200..=299 => (ProxyOutcome::Tunnel, headers, Some(Box::new(Prefixed::new(rest, io)))),
                status => (ProxyOutcome::Status { status }, headers, None),
            };
        }
        let begins_well = head.iter().zip(b"HTTP/1.").all(|(got, want)| got == want);
        if !begins_well || head.len() > HEAD {
            return (ProxyOutcome::NotHttp, Vec::new(), None);
        }
        match io.read(&mut buffer).await {
            Ok(0) => return ended(End::Closed),
            Ok(n) => head.extend_from_slice(buffer.get(..n).unwrap_or_default()),
            Err(error) => return ended(End::of(&error)),
        }
    }
}

/// Where the head ends: after its empty line. A bare line feed ends a line too (RFC 9112, 2.2).
pub(super) fn find_end(head: &[u8]) -> Option<usize> {
    let crlf = head.windows(4).position(|w| w == b"\r\n\r\n").map(|p| p + 4);
    let lf = head.windows(2).position(|w| w == b"\n\n").map(|p| p + 2);
    match (crlf, lf) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Status and allow-listed headers; the status line stands first, under the name `status-line`.
pub(super) fn parse(allowed: &Headers, head: &[u8]) -> Option<(u16, Vec<(String, String)>)> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let status_line = lines.next()?;
    let rest = status_line.strip_prefix("HTTP/1.")?;
    let status: u16 = rest.split_ascii_whitespace().nth(1)?.parse().ok()?;
    if !(100..=999).contains(&status) {
        return None;
    }
    let fields = lines.filter_map(|l| l.split_once(':')).map(|(n, v)| (n.trim(), v.trim().as_bytes()));
    let mut kept = vec![("status-line".to_owned(), sanitise::line(status_line, 128))];
    kept.extend(headers::keep(allowed, fields).0);
    Some((status, kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_read_and_its_secrets_left() {
        let head =
            b"HTTP/1.1 407 Sign in\x1b[1m first\r\nProxy-Authenticate: Negotiate\r\nSet-Cookie: a=b\r\n\r\n";
        assert_eq!(find_end(head), Some(head.len()));
        let (status, headers) = parse(&Headers::embedded().unwrap_or_default(), head).unwrap_or_default();
        assert_eq!(status, 407);
        assert_eq!(
            headers,
            [
                ("status-line".to_owned(), "HTTP/1.1 407 Sign in first".to_owned()),
                ("proxy-authenticate".to_owned(), "Negotiate".to_owned())
            ]
        );
    }

    #[test]
    fn what_is_no_status_line_is_refused() {
        for bad in ["HTTP/1.1\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 99\r\n\r\n", "ICY 200\r\n\r\n"] {
            assert_eq!(parse(&Headers::default(), bad.as_bytes()), None, "{bad}");
        }
    }
}
