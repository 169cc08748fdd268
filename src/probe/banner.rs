//! The first bytes of servers that speak first.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};

use crate::observation::Banner;

use super::wire::BoxedIo;
use super::{millis, sanitise};

/// Bytes that are read; an SSH identification has at most 255 (RFC 4253, 4.2).
const BANNER: usize = 256;

/// Waits at most `patience` for the first line. Nothing is sent. None when nothing came.
pub(super) async fn read(io: &mut BoxedIo, patience: Duration) -> Option<Banner> {
    let began = Instant::now();
    let end = began + patience;
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; BANNER];
    let mut ms = 0.0;
    while bytes.len() < BANNER && !bytes.contains(&b'\n') {
        let Ok(Ok(n @ 1..)) = timeout_at(end, io.read(&mut buffer)).await else { break };
        if bytes.is_empty() {
            ms = millis(began.elapsed());
        }
        bytes.extend_from_slice(buffer.get(..n).unwrap_or_default());
    }
    (!bytes.is_empty()).then(|| Banner { text: sanitise::ascii(&bytes, BANNER), ms })
}
