//! The first bytes of servers that speak first.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};

use crate::observation::Banner;

use super::metered::BoxedIo;
use super::{millis, sanitise};

/// Characters that are kept; an SSH identification has at most 255 (RFC 4253, 4.2).
const KEPT: usize = 256;
/// Bytes that are read of an SSH server.
const BYTES: usize = 1024;
/// Lines that are read of an SSH server: it may say others before its version (RFC 4253, 4.2).
const LINES: usize = 10;
/// How the version line begins.
const VERSION: &[u8] = b"SSH-";

/// Waits at most `patience` for the first line. Nothing is sent. None when nothing came.
pub(super) async fn any(io: &mut BoxedIo, patience: Duration) -> Option<Banner> {
    let (bytes, ms) = read(io, patience, KEPT, |bytes| bytes.contains(&b'\n')).await?;
    Some(Banner { text: sanitise::ascii(&bytes, KEPT), ms })
}

/// Waits at most `patience` for the version line of an SSH server, which may follow others.
/// Nothing is sent. The text begins with that line if it came, and with the first line if not.
pub(super) async fn ssh(io: &mut BoxedIo, patience: Duration) -> Option<Banner> {
    let complete = |bytes: &[u8]| {
        let (ended, _) = lines(bytes);
        ended.len() >= LINES || ended.iter().any(|l| l.starts_with(VERSION))
    };
    let (bytes, ms) = read(io, patience, BYTES, complete).await?;
    Some(Banner { text: version_first(&bytes), ms })
}

/// Whole lines, and the beginning of the next.
fn lines(bytes: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut all: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    let rest = all.pop().unwrap_or_default();
    (all, rest)
}

fn version_first(bytes: &[u8]) -> String {
    let (mut all, rest) = lines(bytes);
    all.push(rest);
    all.truncate(LINES);
    let text = |line: &[u8]| sanitise::ascii(line, KEPT).trim().to_owned();
    let version = all.iter().position(|l| l.starts_with(VERSION));
    let (first, others) = match version {
        Some(at) => (all.get(at).copied(), all.get(..at).unwrap_or_default()),
        None => (None, all.as_slice()),
    };
    let said = first.into_iter().chain(others.iter().copied()).map(text).filter(|t| !t.is_empty());
    sanitise::line(&said.collect::<Vec<_>>().join(" / "), KEPT)
}

async fn read(
    io: &mut BoxedIo,
    patience: Duration,
    limit: usize,
    enough: impl Fn(&[u8]) -> bool,
) -> Option<(Vec<u8>, f64)> {
    let began = Instant::now();
    let end = began + patience;
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; BYTES];
    let mut ms = 0.0;
    while bytes.len() < limit && !enough(&bytes) {
        let Ok(Ok(n @ 1..)) = timeout_at(end, io.read(&mut buffer)).await else { break };
        if bytes.is_empty() {
            ms = millis(began.elapsed());
        }
        let room = limit - bytes.len();
        bytes.extend_from_slice(buffer.get(..n.min(room)).unwrap_or_default());
    }
    (!bytes.is_empty()).then_some((bytes, ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_line_comes_first_wherever_it_stood() {
        for (said, kept) in [
            (&b"SSH-2.0-x\r\n\x00\x1b"[..], "SSH-2.0-x"),
            (b"Welcome\r\nto this\r\nSSH-2.0-x\r\nmore\r\n", "SSH-2.0-x / Welcome / to this"),
            (b"SSH-2.0-unended", "SSH-2.0-unended"),
            (b"220 mail\r\n250 ok", "220 mail / 250 ok"),
            (b"see SSH-2.0\n", "see SSH-2.0"),
        ] {
            assert_eq!(version_first(said), kept);
        }
        let late = [b"x\n".repeat(LINES), b"SSH-2.0-x\n".to_vec()].concat();
        assert!(!version_first(&late).contains("SSH-"));
    }
}
