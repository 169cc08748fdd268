//! A CONNECT proxy with a limit or with delay, as real ones have: so many tunnels of a client at a time, or
//! a while before each is opened.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::Outcome;
use crate::outcome::Context;

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tunnels {
    /// Tunnels at a time; what is more is answered 503.
    #[serde(default)]
    pub most: Option<usize>,
    /// Milliseconds before each is opened.
    #[serde(default)]
    pub delay_ms: u64,
}

/// Runs until standard input closes. Prints `ready` when it listens.
pub fn run(tunnels: Tunnels, address: &str) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("runtime")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.context("proxy")?;
        tokio::spawn(accept(listener, tunnels));
        let mut out = std::io::stdout();
        writeln!(out, "ready").and_then(|()| out.flush()).context("standard output")?;
        tokio::task::spawn_blocking(crate::server::wait_for_end_of_input).await.context("standard input")
    })
}

async fn accept(listener: TcpListener, tunnels: Tunnels) {
    let open = Arc::new(AtomicUsize::new(0));
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let open = Arc::clone(&open);
        tokio::spawn(async move {
            let number = open.fetch_add(1, Ordering::SeqCst);
            let is_over = tunnels.most.is_some_and(|most| number >= most);
            // Errors are either side's doing.
            let _ = serve(stream, tunnels, is_over).await;
            open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn serve(mut stream: TcpStream, tunnels: Tunnels, is_over: bool) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < 8_192 {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let to = head.split_ascii_whitespace().nth(1).unwrap_or_default().to_owned();
    if is_over {
        let refusal = "HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_TOO_MANY_CONNECTIONS 0\r\nContent-Length: 0\r\n\r\n";
        return stream.write_all(refusal.as_bytes()).await;
    }
    tokio::time::sleep(Duration::from_millis(tunnels.delay_ms)).await;
    let Ok(mut onward) = TcpStream::connect(&to).await else {
        let refusal = "HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\nContent-Length: 0\r\n\r\n";
        return stream.write_all(refusal.as_bytes()).await;
    };
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut onward).await.map(|_| ())
}
